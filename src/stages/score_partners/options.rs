//! What may be written for `score_partners`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::document::Spanned;
use crate::stages::{Expression, Input};

/// Scores, ranks and tiers partners on several weighted indicators.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScorePartners {
    /// The column that names the partner, in every table that does not say otherwise.
    pub key: Spanned<String>,
    /// The partners to score, one row each. Omitted: everybody who is in the table of an indicator.
    #[serde(default)]
    pub from: Option<Input>,
    /// Columns of `from` to carry along: name, region, …
    #[serde(default)]
    pub keep: Vec<Spanned<String>>,
    /// What the score is made of.
    pub indicators: Vec<Indicator>,
    /// How indicators are brought to one scale.
    #[serde(default)]
    pub normalise: Spanned<Normalise>,
    /// How the indicators become one score.
    #[serde(default)]
    pub aggregate: Aggregate,
    /// The tiers, best first, by their share of the partners. Omitted: `high` (the best quarter),
    /// `middle`, `low` (the last quarter).
    #[serde(default = "quarters")]
    pub tiers: Vec<Tier>,
}

/// One indicator of a score.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// What the indicator is called.
    pub name: Spanned<String>,
    /// The table it is read from.
    pub from: Input,
    /// The column that names the partner in this table, if it is called otherwise here.
    #[serde(default)]
    pub key: Option<Spanned<String>>,
    /// Only rows for which this holds.
    #[serde(default, rename = "where")]
    pub condition: Option<Expression>,
    /// The value: a column, or an expression over columns. Yes and no count as 1 and 0.
    pub value: Expression,
    /// What is made of the rows of a partner. Omitted: the table has one row per partner, and more
    /// are an error.
    #[serde(default)]
    pub aggregate: Option<Summary>,
    /// The value of a partner without a row in this table: `0` for sales or complaints. Omitted: the
    /// value is missing.
    #[serde(default)]
    pub absent: Option<f64>,
    /// Which end is the good one.
    #[serde(default)]
    pub direction: Better,
    /// How much it counts beside the others; weights need not add up to anything.
    #[serde(default = "one")]
    pub weight: Spanned<f64>,
}

/// What is made of several rows of a partner. Rows without a value are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// The sum, exact to a billionth.
    Sum,
    /// The mean, from the exact sum.
    Mean,
    /// The middle value; between two, their mean.
    Median,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// The number of rows that have a value.
    Count,
}

/// Which end of an indicator is the good one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The larger the better.
    #[default]
    Higher,
    /// The smaller the better.
    Lower,
}

/// How indicators are brought to one scale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// The worst partner gets 0 (1 for a geometric mean), the best 100, the others in between.
    #[default]
    MinMax,
    /// Distance from the mean in standard deviations.
    Z,
    /// The place, counted from the worst: 1, 2, … (for a geometric mean brought to 1 to 100).
    Rank,
}

/// How the indicators become one score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// The weighted mean: strength makes up for weakness.
    #[default]
    Arithmetic,
    /// The weighted geometric mean: weakness in one indicator pulls the score down.
    Geometric,
}

/// A tier and its size.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// What the tier is called.
    pub name: Spanned<String>,
    /// Its share (0–1) of the partners that have a score. The last tier may leave it out.
    #[serde(default)]
    pub share: Option<Spanned<f64>>,
}

fn one() -> Spanned<f64> {
    1.0.into()
}

fn quarters() -> Vec<Tier> {
    let tier = |name: &str, share: f64| Tier { name: name.into(), share: Some(share.into()) };
    vec![tier("high", 0.25), tier("middle", 0.5), tier("low", 0.25)]
}
