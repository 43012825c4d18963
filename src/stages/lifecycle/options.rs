//! What may be written for `lifecycle`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::document::{OneOrMany, Spanned};
use crate::stages::{Expression, Input, Template};

/// Says, period by period, at which level of the relationship each customer stands, and who moved.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// The column that names the customer, in every table that does not say otherwise.
    pub key: Spanned<String>,
    /// The customers to count, one row each. Omitted: everybody who is in the table of a measure.
    #[serde(default)]
    pub from: Option<Input>,
    /// A column of `from` with the day from which somebody is there to be counted: no level before it.
    /// Omitted: from the first period on.
    #[serde(default)]
    pub since: Option<Spanned<String>>,
    /// Columns of `from` to carry along; rules may use them.
    #[serde(default)]
    pub keep: Vec<Spanned<String>>,
    /// The periods that are compared.
    pub periods: Periods,
    /// The day up to which the data is complete, as `2026-11-22` or `{variable}`; later rows are left
    /// out, and a period that ends later is unfinished. Omitted: the latest day of all measures, never
    /// today.
    #[serde(default)]
    pub as_of: Option<Template>,
    /// What is known of a customer in a period: the columns that rules are made of.
    pub measures: Vec<Measure>,
    /// The levels, the lowest first.
    pub levels: Vec<Level>,
    /// Whether a level needs all levels below it.
    #[serde(default)]
    pub climb: Climb,
    /// Columns of `from`: the side tables count within each combination of their values, and everyone.
    #[serde(default)]
    pub by: OneOrMany<Spanned<String>>,
}

/// The periods that are compared.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Periods {
    /// How long a period is.
    pub every: Spanned<Every>,
    /// A day of the first period, as `2026-11-22` or `{variable}`. What happened before it counts for
    /// measures that look back. Omitted: the earliest day of all measures.
    #[serde(default)]
    pub first: Option<Template>,
}

/// How long a period is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// A calendar month.
    Month,
    /// Three calendar months, from January.
    Quarter,
    /// Six calendar months, from January.
    HalfYear,
    /// A calendar year.
    Year,
    /// So many days, counted from the day of `first`.
    Days(Spanned<u32>),
}

/// One number of each customer in each period.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// What the measure is called: a column of the result, for rules to use.
    pub name: Spanned<String>,
    /// The table it is read from.
    pub from: Input,
    /// The column that names the customer in this table, if it is called otherwise here.
    #[serde(default)]
    pub key: Option<Spanned<String>>,
    /// Only rows for which this holds.
    #[serde(default, rename = "where")]
    pub condition: Option<Expression>,
    /// The column with the day (a date, or a date with time) that puts a row into a period. Omitted:
    /// the table says what holds in every period.
    #[serde(default)]
    pub date: Option<Spanned<String>>,
    /// The value: a column, or an expression over columns. Yes and no count as 1 and 0. May be left out
    /// where rows are counted.
    #[serde(default)]
    pub value: Option<Expression>,
    /// What is made of the rows of a customer. Omitted: a table without `date` has one row per
    /// customer, and more are an error.
    #[serde(default)]
    pub aggregate: Option<Spanned<Summary>>,
    /// Which rows count in a period, in a table with `date`. Omitted: those of the period.
    #[serde(default)]
    pub over: Option<Spanned<Over>>,
    /// The value of a customer without a row that counts. Omitted: 0 for `count` and `sum`, otherwise
    /// the value is missing.
    #[serde(default)]
    pub absent: Option<Spanned<f64>>,
}

/// What is made of several rows of a customer. Rows without a value are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// The number of rows.
    Count,
    /// The sum, exact to a billionth.
    Sum,
    /// The mean, from the exact sum.
    Mean,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// The value of the latest day; of several on that day, the largest.
    Last,
}

/// Which rows count in a period.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Those of the period itself.
    Period,
    /// Those of so many periods, this one the last of them.
    Periods(Spanned<u32>),
    /// All up to the end of the period.
    ToDate,
}

/// A level of the relationship.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// What the level is called.
    pub name: Spanned<String>,
    /// Who stands at it: a condition over measures, columns kept, `period`, `period_start` and
    /// `period_end`. A condition that cannot be decided because a value is missing does not hold.
    #[serde(rename = "where")]
    pub condition: Expression,
    /// What to do with those who stand at it. Omitted everywhere, four levels are called to `retain`,
    /// `expand`, `grow` and `leverage`.
    #[serde(default)]
    pub action: Option<Spanned<String>>,
}

/// Whether a level needs all levels below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Climb {
    /// A customer stands at the last level up to which every rule holds.
    #[default]
    Every,
    /// A customer stands at the highest level whose rule holds.
    Highest,
}

impl Lifecycle {
    /// Levels over measures in calendar quarters. What else there is, is added by setting the fields.
    pub fn new(
        key: &str,
        measures: impl IntoIterator<Item = Measure>,
        levels: impl IntoIterator<Item = Level>,
    ) -> Self {
        Self {
            key: key.into(),
            from: None,
            since: None,
            keep: Vec::new(),
            periods: Periods { every: Every::Quarter.into(), first: None },
            as_of: None,
            measures: measures.into_iter().collect(),
            levels: levels.into_iter().collect(),
            climb: Climb::default(),
            by: OneOrMany::default(),
        }
    }
}

impl Measure {
    /// How many rows of a table fall into the period.
    pub fn count(name: &str, from: &str, date: &str) -> Self {
        Self {
            name: name.into(),
            from: from.into(),
            key: None,
            condition: None,
            date: Some(date.into()),
            value: None,
            aggregate: Some(Summary::Count.into()),
            over: None,
            absent: None,
        }
    }
}

impl Level {
    /// A level without an action.
    pub fn new(name: &str, condition: &str) -> Self {
        Self { name: name.into(), condition: condition.into(), action: None }
    }
}
