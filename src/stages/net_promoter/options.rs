//! What may be written of the stage, in a pipeline file or in code.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::document::{OneOrMany, Spanned};
pub use crate::stages::bases::{LonelyPsu, Variance};
use crate::stages::{Expression, Input, bases};

/// Reports the net promoter score of each group.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetPromoter {
    /// The answers to report on.
    pub from: Input,
    /// Likelihood to recommend, a whole number from 0 to 10.
    pub score: Spanned<String>,
    /// Report the score within each combination of values of these columns. Omitted: one row for
    /// everyone.
    #[serde(default)]
    pub by: OneOrMany<Spanned<String>>,
    /// The survey wave of an answer: text, whole numbers or dates that sort in order of time. Groups
    /// are reported wave by wave, and each wave is compared with an earlier one of its group.
    #[serde(default)]
    pub wave: Option<Spanned<String>>,
    /// The wave that each one is compared with. Omitted: the previous one.
    #[serde(default)]
    pub against: Option<Spanned<Against>>,
    /// Who answered. With it waves are compared by the people who answered in both, each with their
    /// own earlier answer.
    #[serde(default)]
    pub respondent: Option<Spanned<String>>,
    /// Split the change between two waves: how much of it comes from segments that grew or shrank
    /// and how much from their scores. The segments are the values of this column.
    #[serde(default)]
    pub change_by: Option<Spanned<String>>,
    /// Compare each group also with everyone else.
    #[serde(default)]
    pub compare: Option<Spanned<Compare>>,
    /// How much each answer counts. Omitted: all the same.
    #[serde(default)]
    pub weight: Option<Spanned<String>>,
    /// Count only the rows for which this is true.
    #[serde(default, rename = "where")]
    pub filter: Option<Expression>,
    /// What standard errors take the answers for. Omitted: `frequency` without a weight, `taylor` with
    /// one or with a design.
    #[serde(default)]
    pub variance: Option<Spanned<Variance>>,
    /// The stratum of the sample that a row was drawn in (Taylor only).
    #[serde(default)]
    pub strata: Option<Spanned<String>>,
    /// The primary sampling unit that a row was drawn with (Taylor only). Units are told apart within
    /// their strata.
    #[serde(default)]
    pub cluster: Option<Spanned<String>>,
    /// The number of primary sampling units (clusters, or rows without clusters) in the population of
    /// the row's stratum, for the finite population correction (Taylor only). Omitted: no correction.
    #[serde(default)]
    pub population: Option<Spanned<String>>,
    /// What becomes of a stratum with a single primary sampling unit (Taylor only). Omitted: `fail`.
    #[serde(default)]
    pub lonely_psu: Option<Spanned<LonelyPsu>>,
    /// How often, from 0.5 to 0.9999, the interval holds the score if the survey were repeated. What
    /// is `higher` or `lower` is so at this level.
    #[serde(default = "usual_confidence")]
    pub confidence: Spanned<f64>,
    /// How intervals are made, of scores and of independent differences.
    #[serde(default)]
    pub interval: Interval,
    /// Groups with fewer answers than this (weights aside) are marked `**`, told of in a caution, and
    /// not called higher or lower.
    #[serde(default = "bases::usual_min_base")]
    pub min_base: Spanned<u64>,
    /// Groups with fewer answers than this (weights aside) are marked `*`.
    #[serde(default = "bases::usual_small_base")]
    pub small_base: Spanned<u64>,
}

/// How an interval is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Adjusted Wald, on the effective base where there are weights: right on small bases too.
    #[default]
    AdjustedWald,
    /// Score ± quantile × standard error.
    Wald,
    /// Score interval after Tango: never beside the score, never beyond −100 and 100.
    Score,
}

/// The wave that a wave is compared with.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The last one before it in which the group answered.
    #[default]
    Previous,
    /// The first one in which the group answered.
    First,
    /// A named one: all later waves are compared with it.
    Wave(Spanned<String>),
}

/// What a group is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// Everyone in the other groups, in the same wave where there are waves.
    Rest,
}

fn usual_confidence() -> Spanned<f64> {
    0.95.into()
}

impl NetPromoter {
    /// The score of everyone, from the answers in a column. Groups, weights and the rest are added
    /// with the methods below, or by setting the fields.
    pub fn new(score: &str) -> Self {
        Self {
            from: "rows".into(),
            score: score.into(),
            by: OneOrMany::default(),
            wave: None,
            against: None,
            respondent: None,
            change_by: None,
            compare: None,
            weight: None,
            filter: None,
            variance: None,
            strata: None,
            cluster: None,
            population: None,
            lonely_psu: None,
            confidence: usual_confidence(),
            interval: Interval::default(),
            min_base: bases::usual_min_base(),
            small_base: bases::usual_small_base(),
        }
    }

    /// Within each combination of values of these columns.
    pub fn by<'a>(mut self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.by = columns.into_iter().collect();
        self
    }

    /// Wave by wave, each compared with the previous one unless [`against`](Self::against) says
    /// otherwise.
    pub fn wave(mut self, column: &str) -> Self {
        self.wave = Some(column.into());
        self
    }

    /// Comparing waves with this one.
    pub fn against(mut self, against: Against) -> Self {
        self.against = Some(against.into());
        self
    }

    /// Comparing waves by the people who answered in both, told by a column.
    pub fn respondent(mut self, column: &str) -> Self {
        self.respondent = Some(column.into());
        self
    }

    /// Splitting the change between waves by the segments in a column.
    pub fn change_by(mut self, column: &str) -> Self {
        self.change_by = Some(column.into());
        self
    }

    /// Comparing each group with everyone else.
    pub fn compare(mut self, with: Compare) -> Self {
        self.compare = Some(with.into());
        self
    }

    /// Weighted by a column.
    pub fn weight(mut self, column: &str) -> Self {
        self.weight = Some(column.into());
        self
    }

    /// Only of the rows for which an SQL expression is true.
    pub fn filter(mut self, expression: &str) -> Self {
        self.filter = Some(expression.into());
        self
    }

    /// With standard errors of this kind.
    pub fn variance(mut self, variance: Variance) -> Self {
        self.variance = Some(variance.into());
        self
    }

    /// From a sample drawn in the strata of a column.
    pub fn strata(mut self, column: &str) -> Self {
        self.strata = Some(column.into());
        self
    }

    /// From a sample drawn in the clusters of a column.
    pub fn cluster(mut self, column: &str) -> Self {
        self.cluster = Some(column.into());
        self
    }

    /// From strata with as many primary sampling units as a column says.
    pub fn population(mut self, column: &str) -> Self {
        self.population = Some(column.into());
        self
    }

    /// With this done about strata of a single primary sampling unit.
    pub fn lonely_psu(mut self, lonely: LonelyPsu) -> Self {
        self.lonely_psu = Some(lonely.into());
        self
    }

    /// With intervals and marks of this confidence, 0.95 if not called.
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence.into();
        self
    }

    /// With intervals made this way.
    pub fn interval(mut self, interval: Interval) -> Self {
        self.interval = interval;
        self
    }

    /// Calling no group higher or lower that has fewer answers than this, 30 if not called.
    pub fn min_base(mut self, answers: u64) -> Self {
        self.min_base = answers.into();
        self
    }
}
