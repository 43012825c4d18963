//! Levels from measures, and moves from levels. A customer without a level is told apart by whether
//! there was one before: `NOT_YET` or `AWAY`.

use polars::prelude::*;

use super::measures::{AT, P, SINCE};
use super::periods::Calendar;
use super::{AFTER_MEASURES, BEFORE_MEASURES, Checked, Climb, Rung};
use crate::stages::named::named;

/// Where a customer stands: the number of the level, or one of the two below.
pub(super) const STATE: &str = "lifecycle state";
/// The same in the period before; missing in the first.
pub(super) const BEFORE: &str = "lifecycle before";
const THERE: &str = "lifecycle there";
const LEVEL: &str = "level_number";

/// No level, after having had one.
pub(super) const AWAY: i64 = 0;
/// No level, and none in any period before.
pub(super) const NOT_YET: i64 = -1;

/// The name of the column that tells whether a condition of a level's rule holds.
fn met(level: usize, condition: usize) -> Expr {
    col(format!("lifecycle met {level} {condition}"))
}

/// Whether it does not, be it for a missing value.
fn unmet(level: usize, condition: usize) -> Expr {
    met(level, condition).fill_null(lit(false)).not()
}

impl Rung {
    /// Whether the rule holds; missing where that cannot be decided.
    fn holds(&self, level: usize) -> Expr {
        let all = (0..self.conditions.len()).map(|at| met(level, at)).reduce(Expr::and);
        all.unwrap_or_else(|| lit(true))
    }

    /// How many of the conditions do not hold.
    fn lacking(&self, level: usize) -> Expr {
        let unmet = (0..self.conditions.len()).map(|at| unmet(level, at).cast(DataType::Int64));
        unmet.reduce(|sum, next| sum + next).unwrap_or_else(|| lit(0i64))
    }
}

impl Checked {
    /// Levels with their numbers, from 1.
    fn rungs(&self) -> impl DoubleEndedIterator<Item = (usize, &Rung)> {
        self.levels.iter().enumerate().map(|(at, rung)| (at + 1, rung))
    }

    /// Every customer in every period, in order, with measures, level, state and the state before; kept for
    /// both of its readers, the main table and the counts.
    pub(super) fn stood(
        &self,
        customers: &LazyFrame,
        placed: &[LazyFrame],
        calendar: &Calendar,
    ) -> PolarsResult<LazyFrame> {
        let conditions = self.rungs().flat_map(|(level, rung)| {
            let met = move |at: usize| format!("lifecycle met {level} {at}");
            let parts = rung.conditions.iter().enumerate();
            parts.map(move |(at, (_, holds))| holds.clone().cast(DataType::Boolean).alias(met(at)))
        });
        let mut columns: Vec<Expr> = conditions.collect();
        let there = col(SINCE).is_null().or(col(SINCE).lt_eq(col("period_end")));
        columns.push(there.alias(THERE));
        // Rows are in the order of their places, so that the place is the number of the row.
        let last_level = when(col(LEVEL).gt(lit(0i64))).then(col(AT)).otherwise(lit(-1i64));
        let had_one = last_level.cum_max(false).shift(lit(1)).fill_null(lit(-1i64)).gt_eq(col(AT) - col(P));
        let state = when(col(LEVEL).gt(lit(0i64)))
            .then(col(LEVEL))
            .otherwise(when(had_one).then(lit(AWAY)).otherwise(lit(NOT_YET)));
        let before = when(col(P).gt(lit(0i64))).then(col(STATE).shift(lit(1))).otherwise(lit(NULL));
        Ok(self
            .measured(customers, placed, calendar)?
            .with_columns(columns)
            .with_column(self.level_number().cast(DataType::Int64).alias(LEVEL))
            .with_column(state.cast(DataType::Int64).alias(STATE))
            .with_column(before.cast(DataType::Int64).alias(BEFORE))
            .select(self.read_again())
            .cache())
    }

    /// What the main table and the counts read.
    fn read_again(&self) -> Vec<Expr> {
        let mut columns = vec![named(&self.key.name)];
        columns.extend(self.kept().map(|kept| named(&kept.name)));
        columns.extend(["period", "period_start", "period_end", LEVEL, P, STATE, BEFORE, THERE].map(col));
        columns.extend(self.measures.iter().map(|measure| named(&measure.name)));
        columns.extend(self.mets());
        columns
    }

    /// Whether the conditions hold, level by level.
    fn mets(&self) -> impl Iterator<Item = Expr> {
        self.rungs().flat_map(|(level, rung)| (0..rung.conditions.len()).map(move |at| met(level, at)))
    }

    fn level_number(&self) -> Expr {
        let holds = |(level, rung): (usize, &Rung)| rung.holds(level).fill_null(lit(false)).and(col(THERE));
        match self.climb {
            Climb::Every => {
                let mut so_far = lit(true);
                let mut sum = lit(0i64);
                for rung in self.rungs() {
                    so_far = so_far.and(holds(rung));
                    sum = sum + so_far.clone().cast(DataType::Int64);
                }
                sum
            }
            Climb::Highest => self
                .rungs()
                .fold(lit(0i64), |lower, rung| when(holds(rung)).then(lit(rung.0 as i64)).otherwise(lower)),
        }
    }

    /// The main table.
    pub(super) fn main(&self, stood: LazyFrame) -> LazyFrame {
        let none = || lit(NULL).cast(DataType::String);
        let of_level = |word: fn(&Rung) -> Option<&str>| {
            self.rungs().fold(none(), |rest, (level, rung)| match word(rung) {
                Some(word) => {
                    when(col(LEVEL).eq(lit(level as i64))).then(lit(word.to_owned())).otherwise(rest)
                }
                None => rest,
            })
        };
        // What is asked of those who stand one below a level.
        let below = |level: usize| col(THERE).and(col(LEVEL).eq(lit(level as i64 - 1)));
        let next = self.rungs().fold(none(), |rest, (level, rung)| {
            when(below(level)).then(lit(rung.name.clone())).otherwise(rest)
        });
        let lacking = self.rungs().fold(lit(NULL).cast(DataType::Int64), |rest, (level, rung)| {
            when(below(level)).then(rung.lacking(level)).otherwise(rest)
        });
        let missing = self.rungs().fold(none(), |rest, (level, rung)| {
            let words = rung.conditions.iter().enumerate().map(|(at, (text, _))| {
                let unknown = format!("{text} (unknown)");
                when(met(level, at).is_null())
                    .then(lit(unknown))
                    .when(unmet(level, at))
                    .then(lit(text.clone()))
                    .otherwise(none())
            });
            when(below(level)).then(concat_str(words.collect::<Vec<_>>(), "; ", true)).otherwise(rest)
        });
        let [period, start, end, number, level, action, moved] = BEFORE_MEASURES;
        let [next_level, lacks, misses] = AFTER_MEASURES;
        let mut columns = vec![named(&self.key.name)];
        columns.extend(self.kept().map(|kept| named(&kept.name)));
        columns.extend([period, start, end, number].map(col));
        columns.extend([
            of_level(|rung| Some(&rung.name)).alias(level),
            of_level(|rung| rung.action.as_deref()).alias(action),
            moved_by(col(BEFORE), col(STATE)).alias(moved),
        ]);
        columns.extend(self.measures.iter().map(|measure| named(&measure.name)));
        columns.extend([next.alias(next_level), lacking.alias(lacks), missing.alias(misses)]);
        stood.select(columns)
    }

    /// How many customers went from which state to which, in which period and group; and for each rule
    /// what it did there: the columns [`matched`], [`undecided`], and of each condition [`tally`]. Small,
    /// and kept for all the side tables.
    pub(super) fn counted(&self, stood: &LazyFrame) -> LazyFrame {
        let by = self.by();
        let groups = by.iter().enumerate().map(|(at, column)| named(&column.name).alias(group(at)));
        let mut alike: Vec<Expr> = groups.collect();
        alike.extend([P, BEFORE, STATE, THERE].map(col));
        alike.extend(self.mets());
        // Rows that are alike in all that is asked of them are few: they are counted once, and only the
        // counts go through the many sums.
        let alike = stood.clone().group_by(alike).agg([len().cast(DataType::Int64).alias("n")]);
        let mut keys: Vec<Expr> = (0..by.len()).map(|at| col(group(at))).collect();
        keys.extend([P, BEFORE, STATE].map(col));
        let there = || col(THERE);
        let mut counts = vec![col("n").sum(), people(there()).alias("there")];
        for (level, rung) in self.rungs() {
            counts.push(people(rung.holds(level).and(there())).alias(matched(level)));
            counts.push(people(rung.holds(level).is_null().and(there())).alias(undecided(level)));
            for at in 0..rung.conditions.len() {
                let alone = rung.lacking(level).eq(lit(1i64));
                let cells = [
                    unmet(level, at).and(there()),
                    unmet(level, at).and(alone).and(there()),
                    met(level, at).is_null().and(there()),
                ];
                let named = cells.into_iter().zip(TALLIES);
                counts.extend(named.map(|(cell, name)| people(cell).alias(tally(name, level, at))));
            }
        }
        alike.group_by(keys).agg(counts).cache()
    }
}

/// What is counted of each condition among those who stand one level below.
pub(super) const TALLIES: [&str; 3] = ["lacking", "one_away", "undecided"];

/// The name of a group's column.
pub(super) fn group(at: usize) -> String {
    format!("by {at}")
}

/// The customers of whom a condition holds.
pub(super) fn people(condition: Expr) -> Expr {
    when(condition).then(col("n")).otherwise(lit(0i64)).sum()
}

/// The count of a rule that holds.
pub(super) fn matched(level: usize) -> String {
    format!("matched {level}")
}

/// The count of a rule that cannot be decided.
pub(super) fn undecided(level: usize) -> String {
    format!("undecided {level}")
}

/// A count of one of a rule's conditions.
pub(super) fn tally(name: &str, level: usize, condition: usize) -> String {
    format!("{name} {level} {condition}")
}

/// The word for a move.
fn moved_by(before: Expr, state: Expr) -> Expr {
    let word = |word: &str| lit(word.to_owned());
    let stands = || state.clone().gt(lit(AWAY));
    let stood = || before.clone().gt(lit(AWAY));
    when(before.clone().is_null())
        .then(lit(NULL).cast(DataType::String))
        .when(stands().and(stood()).and(state.clone().gt(before.clone())))
        .then(word("advanced"))
        .when(stands().and(stood()).and(state.clone().eq(before.clone())))
        .then(word("stayed"))
        .when(stands().and(stood()))
        .then(word("regressed"))
        .when(stands().and(before.clone().eq(lit(AWAY))))
        .then(word("returned"))
        .when(stands())
        .then(word("entered"))
        .when(stood())
        .then(word("left"))
        .when(before.clone().eq(lit(AWAY)))
        .then(word("dormant"))
        .otherwise(word("not_yet"))
}

/// The same for two numbers.
pub(super) fn move_word(before: i64, state: i64) -> &'static str {
    match (before, state) {
        (NOT_YET, NOT_YET) => "not_yet",
        (NOT_YET, _) => "entered",
        (AWAY, AWAY) => "dormant",
        (AWAY, _) => "returned",
        (_, AWAY) => "left",
        _ if state > before => "advanced",
        _ if state < before => "regressed",
        _ => "stayed",
    }
}
