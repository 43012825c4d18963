//! What may be written for `score_partners`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Where the weights come from.
    #[serde(default)]
    pub weights: Spanned<Weighting>,
    /// A column of `from`: partners are scaled, ranked and put into tiers among those who have the
    /// same value in it. Omitted: among all.
    #[serde(default)]
    pub within: Option<Spanned<String>>,
    /// Partners of whom less than this part (0–1) of the weight is known get no score.
    #[serde(default = "nothing")]
    pub min_share: Spanned<f64>,
    /// How sure are the ranks? They are made again many times, with other weights, other scales and
    /// other values that could as well have been measured. Omitted: not asked.
    #[serde(default)]
    pub stability: Option<Stability>,
    /// What sets the best tier apart from the last one? Omitted: not asked.
    #[serde(default)]
    pub compare: Option<Compare>,
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
    /// With `normalise: min_max`, fixed ends of the scale instead of the worst and the best partner.
    #[serde(default)]
    pub goalposts: Option<Goalposts>,
    /// The standard error of the value, for `stability`: a column, or an expression, in a table of
    /// one row per partner.
    #[serde(default)]
    pub std_error: Option<Expression>,
    /// The number of answers behind the value, for `shrink`: a column, or an expression, in a table
    /// of one row per partner. With `aggregate: mean` it is the number of rows.
    #[serde(default)]
    pub n: Option<Expression>,
    /// Values that rest on few answers are drawn towards the mean of the (peer) group: a partner of
    /// so many answers goes half the way. Omitted: values count as they are.
    #[serde(default)]
    pub shrink: Option<Spanned<f64>>,
}

/// The ends of a scale, in the units of the indicator.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Goalposts {
    /// The value that gets the lowest mark, as does all that is worse.
    pub worst: Spanned<f64>,
    /// The value that gets 100, as does all that is better.
    pub best: Spanned<f64>,
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The larger the better.
    #[default]
    Higher,
    /// The smaller the better.
    Lower,
}

/// How indicators are brought to one scale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalise {
    /// The worst partner gets 0 (1 for a geometric or harmonic mean), the best 100, the others in between.
    #[default]
    MinMax,
    /// Distance from the mean in standard deviations.
    Z,
    /// The place, counted from the worst: 1, 2, … (for a geometric or harmonic mean brought to 1 to
    /// 100).
    Rank,
    /// The part of the other partners that is left behind, on the scale of `min_max`.
    PercentileRank,
    /// The value over the length of all values, √Σx²: the textbook form of `topsis`.
    Vector,
}

/// How the indicators become one score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// The weighted mean: strength makes up for weakness.
    #[default]
    Arithmetic,
    /// The weighted geometric mean: weakness in one indicator pulls the score down.
    Geometric,
    /// The weighted harmonic mean: weakness pulls down even more.
    Harmonic,
    /// How many partners are beaten in most of the weight, less how many beat this one; distances do
    /// not matter.
    Copeland,
    /// The distance from the worst that was seen in every indicator, against that from the best: 0 to
    /// 1.
    Topsis,
}

/// Where the weights come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weighting {
    /// As written with each indicator.
    #[default]
    Given,
    /// All the same.
    Equal,
    /// The more unequal an indicator is among the partners, the more it counts.
    Entropy,
    /// What varies and says something that the other indicators do not counts more.
    Critic,
    /// What goes with most of the others counts more: the first principal component. Wants many partners
    /// for each indicator.
    Pca,
}

/// How ranks are put to the test.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stability {
    /// How many times the ranks are made, from 100 to 100,000.
    #[serde(default = "a_thousand")]
    pub draws: Spanned<u64>,
    /// Where the random numbers come from: the same seed gives the same draws.
    #[serde(default = "first_seed")]
    pub seed: u64,
    /// How weights are drawn.
    #[serde(default)]
    pub weights: WeightDraws,
    /// How far (0–0.99) weights are drawn from where they are: 0.25 is ±25 %.
    #[serde(default = "a_quarter")]
    pub spread: Spanned<f64>,
    /// Whether the scale is drawn too.
    #[serde(default)]
    pub normalise: Scales,
}

/// How weights are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeightDraws {
    /// Each on its own, evenly between 1 − spread and 1 + spread times what it is.
    #[default]
    Uniform,
    /// Together, from a Dirichlet distribution of the same spread.
    Dirichlet,
    /// They stay as they are.
    Fixed,
}

/// Whether the scale is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scales {
    /// Each draw takes the stage's own, min_max, z or rank (z not for a geometric or harmonic mean).
    #[default]
    Varied,
    /// Always the stage's own.
    Fixed,
}

/// What sets the best tier apart from the last.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// Columns of `from` to compare: numbers, yes and no, or text (each value by itself).
    pub attributes: Vec<Spanned<String>>,
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

impl ScorePartners {
    /// Partners named by a column, scored as the mean of indicators on a scale of 0 to 100, in three
    /// tiers. What else there is, is added by setting the fields.
    pub fn new(key: &str, indicators: impl IntoIterator<Item = Indicator>) -> Self {
        Self {
            key: key.into(),
            from: None,
            keep: Vec::new(),
            indicators: indicators.into_iter().collect(),
            normalise: Normalise::default().into(),
            aggregate: Aggregate::default(),
            weights: Weighting::default().into(),
            within: None,
            min_share: nothing(),
            stability: None,
            compare: None,
            tiers: quarters(),
        }
    }
}

impl Indicator {
    /// A column or an expression of a table of one row per partner, the larger the better, of weight 1.
    pub fn new(name: &str, from: &str, value: &str) -> Self {
        Self {
            name: name.into(),
            from: from.into(),
            key: None,
            condition: None,
            value: value.into(),
            aggregate: None,
            absent: None,
            direction: Better::default(),
            weight: one(),
            goalposts: None,
            std_error: None,
            n: None,
            shrink: None,
        }
    }
}

impl Default for Stability {
    fn default() -> Self {
        Self {
            draws: a_thousand(),
            seed: first_seed(),
            weights: WeightDraws::default(),
            spread: a_quarter(),
            normalise: Scales::default(),
        }
    }
}

fn one() -> Spanned<f64> {
    1.0.into()
}

fn nothing() -> Spanned<f64> {
    0.0.into()
}

fn a_quarter() -> Spanned<f64> {
    0.25.into()
}

fn a_thousand() -> Spanned<u64> {
    1000.into()
}

fn first_seed() -> u64 {
    1
}

fn quarters() -> Vec<Tier> {
    let tier = |name: &str, share: f64| Tier { name: name.into(), share: Some(share.into()) };
    vec![tier("high", 0.25), tier("middle", 0.5), tier("low", 0.25)]
}
