//! The tables beside: levels, moves, their balance, what is missing for the next level, periods, rules
//! and measures. All are made from one small count of who went from where to where.

use polars::prelude::*;

use super::ladder::{
    AWAY, BEFORE, NOT_YET, STATE, TALLIES, group, matched, move_word, people, tally, undecided,
};
use super::measures::{BEFORE_SINCE, KEY, P, REASONS, count};
use super::periods::Calendar;
use super::{Checked, Table};
use crate::stages::Side;

/// The place of a row among the rows of its group and period.
const LABEL: &str = "lifecycle label";
const IS_TOTAL: &str = "is_total";

impl Checked {
    /// The side tables and their columns.
    pub(super) fn sides(&self) -> Vec<Side> {
        use DataType::{Boolean, Date, Float64, Int64, String};
        let by = self.by();
        let broken_down = |columns: &[(&str, DataType)]| -> Schema {
            let mut schema = Schema::from_iter([Field::new("period".into(), String)]);
            if !by.is_empty() {
                schema.extend(
                    by.iter().map(|column| Field::new(column.name.as_str().into(), column.dtype.clone())),
                );
                schema.insert(IS_TOTAL.into(), Boolean);
            }
            schema.extend(columns.iter().map(|(name, dtype)| Field::new((*name).into(), dtype.clone())));
            schema
        };
        let plain = |columns: &[(&str, DataType)]| -> Schema {
            columns.iter().map(|(name, dtype)| Field::new((*name).into(), dtype.clone())).collect()
        };
        let side = |name, meaning, schema, brief| Side { name, meaning, schema, brief };
        let mut measures = vec![("measure", String), ("n", Int64), ("first_on", Date), ("last_on", Date)];
        measures.extend(REASONS.into_iter().chain([BEFORE_SINCE]).map(|column| (column, Int64)));
        vec![
            side(
                "levels",
                "One row per period and level: how many customers stand there, and what to do with them.",
                broken_down(&[
                    ("level_number", Int64),
                    ("level", String),
                    ("action", String),
                    ("n", Int64),
                    ("share", Float64),
                    ("is_complete", Boolean),
                ]),
                false,
            ),
            side(
                "moves",
                "One row per period and way from one level to another (none: no level): how many customers went it.",
                broken_down(&[
                    ("from_level", String),
                    ("to_level", String),
                    ("move", String),
                    ("n", Int64),
                    ("share", Float64),
                ]),
                false,
            ),
            side(
                "balance",
                "One row per period and level: how many customers stood there, came, went, and stand there now.",
                broken_down(&[
                    ("previous_period", String),
                    ("level_number", Int64),
                    ("level", String),
                    ("action", String),
                    ("n_before", Int64),
                    ("entered", Int64),
                    ("returned", Int64),
                    ("from_below", Int64),
                    ("from_above", Int64),
                    ("to_above", Int64),
                    ("to_below", Int64),
                    ("left", Int64),
                    ("n_after", Int64),
                    ("is_complete", Boolean),
                ]),
                false,
            ),
            side(
                "next",
                "One row per period and condition of a level's rule: how many customers one level below do not meet it.",
                broken_down(&[
                    ("level_number", Int64),
                    ("level", String),
                    ("next_level", String),
                    ("condition", String),
                    ("n", Int64),
                    ("lacking", Int64),
                    ("one_away", Int64),
                    ("undecided", Int64),
                ]),
                false,
            ),
            side(
                "periods",
                "One row per period: its first and last day, whether it is over, and how many customers have a level.",
                plain(&[
                    ("period", String),
                    ("period_start", Date),
                    ("period_end", Date),
                    ("days", Int64),
                    ("days_seen", Int64),
                    ("is_complete", Boolean),
                    ("n", Int64),
                    ("n_in", Int64),
                    ("n_not_yet", Int64),
                    ("n_away", Int64),
                ]),
                true,
            ),
            side(
                "coverage",
                "One row per level, over all customers and periods: how often its rule holds, and what became of it.",
                plain(&[
                    ("level_number", Int64),
                    ("level", String),
                    ("matched", Int64),
                    ("n", Int64),
                    ("beyond", Int64),
                    ("held_back", Int64),
                    ("undecided", Int64),
                    ("cases", Int64),
                ]),
                true,
            ),
            side(
                "measures",
                "One row per measure, and one for the list of customers: how many rows count, and why others do not.",
                plain(&measures),
                true,
            ),
        ]
    }

    fn numbers(&self) -> impl Iterator<Item = i64> + Clone + use<> {
        1..=self.levels.len() as i64
    }

    /// What a state is called; none without a level.
    fn name_of(&self, state: i64) -> Option<&str> {
        let at = usize::try_from(state).ok()?.checked_sub(1)?;
        self.levels.get(at).map(|rung| rung.name.as_str())
    }

    fn names(&self) -> Vec<&str> {
        self.levels.iter().map(|rung| rung.name.as_str()).collect()
    }

    fn actions(&self) -> Vec<Option<&str>> {
        self.levels.iter().map(|rung| rung.action.as_deref()).collect()
    }

    /// The counts of each group and of everyone, with the columns of the groups.
    fn groups(&self, counted: &LazyFrame) -> PolarsResult<LazyFrame> {
        let by = self.by();
        if by.is_empty() {
            return Ok(counted.clone());
        }
        let mut cells = vec!["n".to_owned(), "there".to_owned()];
        for (level, rung) in self.levels.iter().enumerate() {
            let conditions =
                (0..rung.conditions.len()).flat_map(|at| TALLIES.map(|name| tally(name, level + 1, at)));
            cells.extend(conditions);
        }
        let keys = [P, BEFORE, STATE];
        let named = |missing: bool| -> Vec<Expr> {
            let groups = by.iter().enumerate().map(|(at, column)| match missing {
                true => lit(NULL).cast(column.dtype.clone()).alias(group(at)),
                false => col(group(at)),
            });
            let total = lit(missing).alias(IS_TOTAL);
            groups.chain([total]).chain(keys.map(col)).chain(cells.iter().map(col)).collect()
        };
        let sums: Vec<Expr> = cells.iter().map(|cell| col(cell).sum()).collect();
        let everyone = counted.clone().group_by(keys.map(col)).agg(sums).select(named(true));
        concat([everyone, counted.clone().select(named(false))], UnionArgs::default())
    }

    /// A table of a row for every label, in each period and group. Each entry of `counts` is a column and
    /// its aggregates over the counts of the group, one for every label.
    fn broken_down(
        &self,
        counted: &LazyFrame,
        calendar: &Calendar,
        labels: DataFrame,
        counts: &[(&str, Vec<Expr>)],
    ) -> PolarsResult<LazyFrame> {
        let by = self.by();
        let mut keys: Vec<Expr> = vec![col(P)];
        let mut sorted = vec![P.to_owned()];
        let mut falling = vec![false];
        if !by.is_empty() {
            // Everyone comes first.
            keys.push(col(IS_TOTAL));
            sorted.push(IS_TOTAL.to_owned());
            falling.push(true);
            for at in 0..by.len() {
                keys.push(col(group(at)));
                sorted.push(group(at));
                falling.push(false);
            }
        }
        sorted.push(LABEL.to_owned());
        falling.push(false);
        let order = SortMultipleOptions::default().with_order_descending_multi(falling).with_nulls_last(true);
        let periods = calendar.table()?;
        let before = periods.column("period")?.shift(1).with_name("previous_period".into());
        let periods = periods.hstack(&[before])?.lazy();
        let rows = spread(self.groups(counted)?, keys, labels, counts);
        let mut named: Vec<Expr> = vec![col("*")];
        named.extend(by.iter().enumerate().map(|(at, column)| col(group(at)).alias(column.name.as_str())));
        Ok(rows.inner_join(periods, col(P), col("p")).sort(sorted, order).select(named))
    }

    fn promised(&self, name: &str, table: LazyFrame) -> LazyFrame {
        let schema = self.sides().into_iter().find(|side| side.name == name).map(|side| side.schema);
        let columns: Vec<Expr> = schema
            .iter()
            .flat_map(|schema| schema.iter())
            .map(|(name, dtype)| Expr::Column(name.clone()).cast(dtype.clone()))
            .collect();
        table.select(columns)
    }

    pub(super) fn level_table(&self, counted: &LazyFrame, calendar: &Calendar) -> PolarsResult<LazyFrame> {
        let labels = df!(
            "level_number" => self.numbers().collect::<Vec<_>>(),
            "level" => self.names(),
            "action" => self.actions()
        )?;
        let n = self.numbers().map(|level| people(col(STATE).eq(lit(level)))).collect();
        let of = self.numbers().map(|_| people(col(STATE).gt(lit(AWAY)))).collect();
        let made = self.broken_down(counted, calendar, labels, &[("n", n), ("of", of)])?;
        Ok(self.promised("levels", made.with_column(share(col("n"), col("of")).alias("share"))))
    }

    pub(super) fn move_table(&self, counted: &LazyFrame, calendar: &Calendar) -> PolarsResult<LazyFrame> {
        // Nobody goes from a level to never having had one, nor from never to having lost it.
        let states = || [NOT_YET, AWAY].into_iter().chain(self.numbers());
        let possible = |(before, state): &(i64, i64)| match *state {
            NOT_YET => *before == NOT_YET,
            AWAY => *before != NOT_YET,
            _ => true,
        };
        let ways: Vec<(i64, i64)> =
            states().flat_map(|before| states().map(move |now| (before, now))).filter(possible).collect();
        let labels = df!(
            "from_level" => ways.iter().map(|(before, _)| self.name_of(*before)).collect::<Vec<_>>(),
            "to_level" => ways.iter().map(|(_, state)| self.name_of(*state)).collect::<Vec<_>>(),
            "move" => ways.iter().map(|(before, state)| move_word(*before, *state)).collect::<Vec<_>>()
        )?;
        let from = |before: i64| col(BEFORE).eq(lit(before));
        let n = ways.iter().map(|(before, state)| people(from(*before).and(col(STATE).eq(lit(*state)))));
        let of = ways.iter().map(|(before, _)| people(from(*before)));
        let counts = [("n", n.collect()), ("of", of.collect())];
        let made = self.broken_down(&later(counted), calendar, labels, &counts)?;
        Ok(self.promised("moves", made.with_column(share(col("n"), col("of")).alias("share"))))
    }

    pub(super) fn balance_table(&self, counted: &LazyFrame, calendar: &Calendar) -> PolarsResult<LazyFrame> {
        let labels = df!(
            "level_number" => self.numbers().collect::<Vec<_>>(),
            "level" => self.names(),
            "action" => self.actions()
        )?;
        let before = || col(BEFORE);
        let state = || col(STATE);
        let stood = |level: i64| before().eq(lit(level));
        let stands = |level: i64| state().eq(lit(level));
        let cells: [(&str, &dyn Fn(i64) -> Expr); 9] = [
            ("n_before", &stood),
            ("entered", &|level| stands(level).and(before().eq(lit(NOT_YET)))),
            ("returned", &|level| stands(level).and(before().eq(lit(AWAY)))),
            ("from_below", &|level| stands(level).and(before().gt(lit(AWAY))).and(before().lt(lit(level)))),
            ("from_above", &|level| stands(level).and(before().gt(lit(level)))),
            ("to_above", &|level| stood(level).and(state().gt(lit(level)))),
            ("to_below", &|level| stood(level).and(state().gt(lit(AWAY))).and(state().lt(lit(level)))),
            ("left", &|level| stood(level).and(state().eq(lit(AWAY)))),
            ("n_after", &stands),
        ];
        let counts: Vec<(&str, Vec<Expr>)> = cells
            .iter()
            .map(|(name, condition)| (*name, self.numbers().map(|level| people(condition(level))).collect()))
            .collect();
        let made = self.broken_down(&later(counted), calendar, labels, &counts)?;
        Ok(self.promised("balance", made))
    }

    pub(super) fn next_table(&self, counted: &LazyFrame, calendar: &Calendar) -> PolarsResult<LazyFrame> {
        let parts: Vec<(usize, usize)> = (self.levels.iter().enumerate())
            .flat_map(|(at, rung)| (0..rung.conditions.len()).map(move |condition| (at, condition)))
            .collect();
        let labels = df!(
            "level_number" => parts.iter().map(|(at, _)| *at as i64).collect::<Vec<_>>(),
            "level" => parts.iter().map(|(at, _)| self.name_of(*at as i64)).collect::<Vec<_>>(),
            "next_level" => parts.iter().map(|(at, _)| self.levels[*at].name.as_str()).collect::<Vec<_>>(),
            "condition" => parts.iter().map(|(at, part)| self.levels[*at].conditions[*part].0.as_str()).collect::<Vec<_>>()
        )?;
        // Who has no level is below the first one, whatever was before.
        let here = |at: usize| match at {
            0 => col(STATE).lt_eq(lit(AWAY)),
            at => col(STATE).eq(lit(at as i64)),
        };
        let sum = |name: String, at: usize| when(here(at)).then(col(name)).otherwise(lit(0i64)).sum();
        let mut counts =
            vec![("n", parts.iter().map(|(at, _)| sum("there".to_owned(), *at)).collect::<Vec<_>>())];
        for name in TALLIES {
            counts
                .push((name, parts.iter().map(|(at, part)| sum(tally(name, at + 1, *part), *at)).collect()));
        }
        let made = self.broken_down(counted, calendar, labels, &counts)?;
        Ok(self.promised("next", made))
    }

    pub(super) fn period_table(&self, counted: &LazyFrame, calendar: &Calendar) -> PolarsResult<LazyFrame> {
        let counts = counted.clone().group_by([col(P)]).agg([
            col("n").sum(),
            people(col(STATE).gt(lit(AWAY))).alias("n_in"),
            people(col(STATE).eq(lit(NOT_YET))).alias("n_not_yet"),
            people(col(STATE).eq(lit(AWAY))).alias("n_away"),
        ]);
        let filled = ["n", "n_in", "n_not_yet", "n_away"].map(|name| col(name).fill_null(lit(0i64)));
        let made = calendar.table()?.lazy().left_join(counts, col("p"), col(P));
        Ok(self.promised("periods", made.sort(["p"], SortMultipleOptions::default()).with_columns(filled)))
    }

    pub(super) fn coverage_table(&self, counted: &LazyFrame) -> PolarsResult<LazyFrame> {
        let labels = df!("level_number" => self.numbers().collect::<Vec<_>>(), "level" => self.names())?;
        let sum = |name: String| col(name).sum();
        let where_ =
            |condition: Expr, name: String| when(condition).then(col(name)).otherwise(lit(0i64)).sum();
        let levels = || self.numbers().map(|level| (level, level as usize));
        let matching = levels().map(|(_, at)| sum(matched(at))).collect();
        let n = levels().map(|(level, _)| people(col(STATE).eq(lit(level)))).collect();
        let beyond = levels().map(|(level, at)| where_(col(STATE).gt(lit(level)), matched(at))).collect();
        let held_back = levels().map(|(level, at)| where_(col(STATE).lt(lit(level)), matched(at))).collect();
        let open = levels().map(|(_, at)| sum(undecided(at))).collect();
        let cases = levels().map(|_| sum("there".to_owned())).collect();
        let counts = [
            ("matched", matching),
            ("n", n),
            ("beyond", beyond),
            ("held_back", held_back),
            ("undecided", open),
            ("cases", cases),
        ];
        let made = spread(counted.clone(), Vec::new(), labels, &counts);
        Ok(self.promised("coverage", made.sort([LABEL], SortMultipleOptions::default())))
    }

    pub(super) fn measure_table(
        &self,
        list: Option<&Table>,
        customers: &LazyFrame,
        placed: &[LazyFrame],
    ) -> PolarsResult<LazyFrame> {
        let mut rows: Vec<LazyFrame> =
            self.measures.iter().zip(placed).map(|(measure, placed)| measure.told(placed)).collect();
        if let Some(list) = list {
            let known = customers.clone().select([len().cast(DataType::Int64).alias("n")]);
            let unknown = self.keys(list).select([count(col(KEY).is_null()).alias("no_key")]);
            let none = |name: &str| lit(0i64).cast(DataType::Int64).alias(name);
            let first = known.cross_join(unknown, None).select([
                lit(NULL).cast(DataType::String).alias("measure"),
                col("n"),
                lit(NULL).cast(DataType::Date).alias("first_on"),
                lit(NULL).cast(DataType::Date).alias("last_on"),
                col("no_key"),
                none(REASONS[1]),
                none(REASONS[2]),
                none(REASONS[3]),
                none(REASONS[4]),
                none(BEFORE_SINCE),
            ]);
            rows.insert(0, first);
        }
        let made = concat(rows, UnionArgs { maintain_order: true, ..UnionArgs::default() })?;
        Ok(self.promised("measures", made))
    }
}

/// All but the first period, of which is not known what was before.
fn later(counted: &LazyFrame) -> LazyFrame {
    counted.clone().filter(col(BEFORE).is_not_null())
}

/// A part of a whole, 0–1; missing where there is no whole.
fn share(part: Expr, of: Expr) -> Expr {
    let float = |count: Expr| count.cast(DataType::Float64);
    when(of.clone().gt(lit(0i64))).then(float(part) / float(of)).otherwise(lit(NULL))
}

/// Counts by group, and of each a row for every label. Beside the counts there are the keys, the columns
/// of the labels and [`LABEL`].
fn spread(counted: LazyFrame, keys: Vec<Expr>, labels: DataFrame, counts: &[(&str, Vec<Expr>)]) -> LazyFrame {
    let cell = |name: &str, at: usize| format!("cell {name} {at}");
    let wide: Vec<Expr> = counts
        .iter()
        .flat_map(|(name, cells)| {
            cells.iter().enumerate().map(move |(at, count)| count.clone().alias(cell(name, at)))
        })
        .collect();
    let picked: Vec<Expr> = counts
        .iter()
        .map(|(name, cells)| {
            let none = lit(NULL).cast(DataType::Int64);
            let pick = (0..cells.len()).rev().fold(none, |rest, at| {
                when(col(LABEL).eq(lit(at as u32))).then(col(cell(name, at))).otherwise(rest)
            });
            pick.alias(*name)
        })
        .collect();
    let groups = match keys.is_empty() {
        true => counted.select(wide),
        false => counted.group_by(keys).agg(wide),
    };
    groups.cross_join(labels.lazy().with_row_index(LABEL, None), None).with_columns(picked)
}
