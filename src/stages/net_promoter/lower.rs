//! What is counted, and from which rows: every option becomes a derived column and a table of
//! counts. Knows no statistics.

use polars::prelude::{
    DataFrame, DataType, Expr, JoinType, LazyFrame, MaintainOrderJoin, NULL, PolarsResult,
    SortMultipleOptions, UniqueKeepStrategy, lit, when,
};

use super::{Baseline, Checked, Wave};
use crate::diagnostic::{Code, Diagnostic, RunError};
use crate::engine::tabulate::{Dimension, TableSpec};
use crate::stages::named::named;

/// An answer as it is counted: 0 to 10, [`INVALID`], [`OUTSIDE`], or null where there is none.
const ANSWER: &str = "answer";
/// Stands for every answer that is not a whole number from 0 to 10.
pub(super) const INVALID: i64 = -1;
/// Stands for the answers that the condition leaves out and that only the design of the sample needs.
pub(super) const OUTSIDE: i64 = -2;
/// 1 for promoters, 0 for passives, −1 for detractors, null for all else.
const CLASS: &str = "class";
/// How many classes a person moved up since the wave compared with; null without an answer there.
const SWING: &str = "swing";
const WAVE: &str = "wave";
const SEGMENT: &str = "segment";
const WEIGHT: &str = "weight";
const RESPONDENT: &str = "respondent";
const STRATUM: &str = "stratum";
const CLUSTER: &str = "cluster";
const POPULATION: &str = "population";

/// The tables that are counted. Groups are the columns of `by`, then the wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Groups, then answers.
    Answers,
    /// Groups, segments, answers.
    Segments,
    /// The design's strata and clusters, groups, swings.
    Swings,
    /// The design's strata and clusters, groups, classes.
    Units,
    /// Strata, populations.
    Populations,
}

impl Checked {
    /// The tables that these options need, in the order of counting.
    pub(super) fn parts(&self) -> Vec<Part> {
        let mut parts = vec![Part::Answers];
        if self.change_by.is_some() {
            parts.push(Part::Segments);
        }
        if self.respondent().is_some() {
            parts.push(Part::Swings);
        }
        if let Some(design) = &self.design {
            parts.push(Part::Units);
            if design.population.is_some() {
                parts.push(Part::Populations);
            }
        }
        parts
    }

    /// The rows that are counted, under names of our own: a column may have any name and serve twice.
    pub(super) fn rows(&self, rows: LazyFrame) -> LazyFrame {
        let mut answer = answer(&self.score);
        let rows = match (&self.filter, &self.design) {
            (None, _) => rows,
            (Some(filter), None) => rows.filter(filter.clone()),
            // Every unit of the sample counts in its error, also where nobody fulfils the condition.
            (Some(filter), Some(_)) => {
                answer = when(filter.clone()).then(answer).otherwise(lit(OUTSIDE).cast(DataType::Int8));
                rows
            }
        };
        let mut columns = vec![answer.clone().alias(ANSWER), class(answer).alias(CLASS)];
        let group =
            |(at, column): (usize, &super::Column)| group(&column.name, &column.dtype).alias(name(at));
        columns.extend(self.by.iter().enumerate().map(group));
        if let Some(wave) = &self.wave {
            columns.push(group_by(&wave.column).alias(WAVE));
            columns.extend(wave.respondent.as_ref().map(|who| named(&who.value).alias(RESPONDENT)));
        }
        columns.extend(self.change_by.as_ref().map(|column| group_by(column).alias(SEGMENT)));
        columns
            .extend(self.weight.as_ref().map(|weight| named(weight).cast(DataType::Float64).alias(WEIGHT)));
        if let Some(design) = &self.design {
            columns.extend(design.strata.as_ref().map(|strata| group_by(strata).alias(STRATUM)));
            columns.extend(design.cluster.as_ref().map(|cluster| group_by(cluster).alias(CLUSTER)));
            let population = design.population.as_ref();
            columns.extend(
                population.map(|units| named(&units.value).cast(DataType::Float64).alias(POPULATION)),
            );
        }
        rows.select(columns)
    }

    /// The tables over [`rows`](Self::rows), with the swings of people where they are asked for.
    pub(super) fn tables(&self, rows: LazyFrame) -> PolarsResult<(LazyFrame, Vec<TableSpec>)> {
        let rows = match &self.wave {
            Some(wave) if wave.respondent.is_some() => self.with_swings(rows, wave)?,
            _ => rows,
        };
        let table = |part: Part| {
            let keep = |names: &[String]| names.iter().map(Dimension::keep).collect::<Vec<_>>();
            let dimensions = match part {
                Part::Answers => [keep(&self.groups()), vec![Dimension::keep(ANSWER)]].concat(),
                Part::Segments => {
                    [keep(&self.groups()), vec![Dimension::keep(SEGMENT), Dimension::keep(ANSWER)]].concat()
                }
                Part::Swings => {
                    [keep(&self.units()), keep(&self.groups()), vec![Dimension::leave_out(SWING)]].concat()
                }
                Part::Units => {
                    [keep(&self.units()), keep(&self.groups()), vec![Dimension::keep(CLASS)]].concat()
                }
                Part::Populations => {
                    let strata = self.design.as_ref().and_then(|design| design.strata.as_ref());
                    let strata = strata.map(|_| Dimension::keep(STRATUM));
                    strata.into_iter().chain([Dimension::keep(POPULATION)]).collect()
                }
            };
            TableSpec { dimensions, weight: self.weight.as_ref().map(|_| WEIGHT.to_owned()) }
        };
        Ok((rows, self.parts().into_iter().map(table).collect()))
    }

    /// The columns of [`rows`](Self::rows) that make the groups.
    fn groups(&self) -> Vec<String> {
        let wave = self.wave.as_ref().map(|_| WAVE.to_owned());
        (0..self.by.len()).map(name).chain(wave).collect()
    }

    /// The columns of [`rows`](Self::rows) that tell the units of the sample apart.
    fn units(&self) -> Vec<String> {
        let design = self.design.as_ref();
        let strata = design.and_then(|design| design.strata.as_ref()).map(|_| STRATUM.to_owned());
        let cluster = design.and_then(|design| design.cluster.as_ref()).map(|_| CLUSTER.to_owned());
        strata.into_iter().chain(cluster).collect()
    }

    /// The rows with a usable answer that belongs to a wave.
    fn answered(&self, rows: &LazyFrame) -> LazyFrame {
        let mut usable = named(CLASS).is_not_null().and(named(WAVE).is_not_null());
        if self.weight.is_some() {
            let finite = named(WEIGHT).lt(lit(f64::INFINITY));
            usable = usable.and(named(WEIGHT).gt(lit(0.0)).and(finite).fill_null(lit(false)));
        }
        rows.clone().filter(usable)
    }

    /// People with more than one usable answer in a wave, in one row: how many, and one of them.
    pub(super) fn repeated(&self, rows: &LazyFrame) -> LazyFrame {
        let keys = || [named(WAVE), named(RESPONDENT)];
        let text = |column: &str| named(column).first().cast(DataType::String).alias(column);
        self.answered(rows)
            .filter(named(RESPONDENT).is_not_null())
            .group_by(keys())
            .agg([polars::prelude::len().cast(DataType::Int64).alias("times")])
            .filter(named("times").gt(lit(1)))
            .sort([WAVE, RESPONDENT], SortMultipleOptions::default())
            .select([
                polars::prelude::len().cast(DataType::Int64).alias("people"),
                text(WAVE),
                text(RESPONDENT),
                named("times").first().alias("times"),
            ])
    }

    /// Each answer beside that of the same person, in the same group, in the wave that the group's
    /// wave is compared with. The rows stay as many as they are and in their order.
    fn with_swings(&self, rows: LazyFrame, wave: &Wave) -> PolarsResult<LazyFrame> {
        let groups: Vec<String> = (0..self.by.len()).map(name).collect();
        let by = || groups.iter().map(|name| named(name)).collect::<Vec<_>>();
        let with = |other: &[&str]| by().into_iter().chain(other.iter().map(|name| named(name))).collect();
        let answered = self.answered(&rows);
        // The waves of each group and the one that each is compared with.
        let (against, before) = ("against", "class before");
        let within = |value: Expr| if groups.is_empty() { Ok(value) } else { value.over(by()) };
        let baseline = match &wave.against {
            Baseline::Previous => within(named(WAVE).shift(lit(1)))?,
            Baseline::First => within(named(WAVE).min())?,
            Baseline::Named(named) => named.value.clone(),
        };
        let names: Vec<String> = groups.iter().cloned().chain([WAVE.to_owned()]).collect();
        let waves = answered
            .clone()
            .select(with(&[WAVE]))
            .unique(None, UniqueKeepStrategy::Any)
            .sort(names, SortMultipleOptions::default())
            .with_column(baseline.alias(against))
            .filter(named(against).lt(named(WAVE)));
        let earlier = answered
            .filter(named(RESPONDENT).is_not_null())
            .select([with(&[WAVE, RESPONDENT]), vec![named(CLASS).alias(before)]].concat());
        let join = |rows: LazyFrame, other: LazyFrame, left: Vec<Expr>, right: Vec<Expr>| {
            rows.join_builder()
                .with(other)
                .left_on(left)
                .right_on(right)
                .how(JoinType::Left)
                // A missing group is a group; waves and people are never missing on the right.
                .join_nulls(true)
                .maintain_order(MaintainOrderJoin::Left)
                .finish()
        };
        let rows = join(rows, waves, with(&[WAVE]), with(&[WAVE]));
        let rows = join(rows, earlier, with(&[against, RESPONDENT]), with(&[WAVE, RESPONDENT]));
        Ok(rows.with_column((named(CLASS) - named(before)).alias(SWING)))
    }

    /// Refuses people who answered more than once in a wave, as [`repeated`](Self::repeated) found.
    pub(super) fn refuse_repeated(&self, found: &DataFrame) -> Result<(), RunError> {
        let Some(who) = self.respondent() else { return Ok(()) };
        // While the plan is rehearsed there is no row, and while nobody answered twice there is a zero.
        let people = found.column("people")?.i64()?.iter().flatten().next().unwrap_or(0);
        if people == 0 {
            return Ok(());
        }
        let text = |column: &str| -> Result<String, RunError> {
            Ok(found.column(column)?.str()?.get(0).unwrap_or("null").to_owned())
        };
        let times = found.column("times")?.i64()?.get(0).unwrap_or(0);
        let others = match people {
            1 => String::new(),
            2 => ", and one more does".to_owned(),
            _ => format!(", and {} more do", people - 1),
        };
        let message = "somebody answers more than once in a wave, so waves cannot be compared by people";
        let label = format!("{} answers {times} times in {}{others}", text(RESPONDENT)?, text(WAVE)?);
        let told = Diagnostic::error(Code::DuplicateRecord, message)
            .primary(who.span, label)
            .help("leave one answer per person and wave, or compare the waves without `respondent`");
        Err(RunError::data(told))
    }
}

fn name(at: usize) -> String {
    format!("group {at}")
}

/// A column whose values make groups. What is not a number is a missing one, as in the counting.
fn group(name: &str, dtype: &DataType) -> Expr {
    if dtype.is_float() { named(name).fill_nan(lit(NULL)) } else { named(name) }
}

fn group_by(column: &super::Column) -> Expr {
    group(&column.name, &column.dtype)
}

/// 0 to 10 as they are, [`INVALID`] for other numbers, null for none.
fn answer(score: &str) -> Expr {
    let score = named(score).cast(DataType::Float64);
    let whole = score.clone().eq(score.clone().cast(DataType::Int64).cast(DataType::Float64));
    let valid = score.clone().gt_eq(lit(0.0)).and(score.clone().lt_eq(lit(10.0))).and(whole);
    when(score.clone().is_null().or(score.clone().is_nan()))
        .then(lit(NULL).cast(DataType::Int8))
        .when(valid.fill_null(lit(false)))
        .then(score.cast(DataType::Int8))
        .otherwise(lit(INVALID).cast(DataType::Int8))
}

/// The class of an answer: 1 for promoters, 0 for passives, −1 for detractors, null for no answer.
fn class(answer: Expr) -> Expr {
    let number = |value: i64| lit(value).cast(DataType::Int8);
    when(answer.clone().gt_eq(lit(9)))
        .then(number(1))
        .when(answer.clone().gt_eq(lit(7)))
        .then(number(0))
        .when(answer.gt_eq(lit(0)))
        .then(number(-1))
        .otherwise(lit(NULL).cast(DataType::Int8))
}
