//! What may be written: the options of the stage, of its questions and of its tests, and the methods
//! that set them in code. Knows neither columns nor counts.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::document::{Entries, OneOrMany, Spanned};
pub use crate::stages::bases::{LonelyPsu, Variance};
use crate::stages::{Expression, Input, Template, bases};

/// Crosses questions with each other: counts, bases, shares, statistics and tests of every cell.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrossTab {
    /// The answers to cross.
    pub from: Input,
    /// The questions whose answers become the rows of the tables (the stubs): columns of the input, or
    /// names under `questions`. Several are tabulated one below the other; a list inside the list nests.
    pub rows: Vec<OneOrMany<Spanned<String>>>,
    /// The questions whose answers become the columns of the tables (the banners). Several stand side by
    /// side; a list inside the list nests: `[persona, [region, gender]]`.
    pub columns: Vec<OneOrMany<Spanned<String>>>,
    /// How much each person counts. Omitted: all the same.
    #[serde(default)]
    pub weight: Option<Spanned<String>>,
    /// Count only the rows for which this is true.
    #[serde(default, rename = "where")]
    pub filter: Option<Expression>,
    /// Whom shares are shares of. A question may have its own.
    #[serde(default)]
    pub base: BaseRule,
    /// What was asked and how it is shown, by name. A column without an entry is a question of its own,
    /// whose answers are its values.
    #[serde(default)]
    pub questions: Entries<Question>,
    /// A table with the columns `question`, `value` and `label`: labels of answers in the order of its
    /// lines. `labels` of a question go before it.
    #[serde(default)]
    pub codebook: Option<Input>,
    /// How the error of a share or a mean is found. Omitted: `frequency` without a weight,
    /// `effective_base` with one.
    #[serde(default)]
    pub variance: Option<Spanned<Variance>>,
    /// The strata the sample was drawn in. For `variance: taylor`.
    #[serde(default)]
    pub strata: Option<Spanned<String>>,
    /// The clusters (first-stage units) that were drawn. For `variance: taylor`; omitted: every person.
    #[serde(default)]
    pub cluster: Option<Spanned<String>>,
    /// How many units the stratum has in the population, for the finite population correction. For
    /// `variance: taylor`; omitted: without end.
    #[serde(default)]
    pub population: Option<Spanned<String>>,
    /// What to do with a stratum of which only one unit was drawn. For `variance: taylor`; omitted:
    /// `fail`.
    #[serde(default)]
    pub lonely_psu: Option<Spanned<LonelyPsu>>,
    /// Which figures are tested against which. Omitted: none.
    #[serde(default)]
    pub tests: Option<Tests>,
    /// Whether the answers depend on the columns at all, table by table: chi-square, likelihood ratio,
    /// Cramér's V; with weights or a design Rao and Scott's test.
    #[serde(default)]
    pub chi_square: Spanned<bool>,
    /// Hide what rests on few people, before anything is written.
    #[serde(default)]
    pub suppress: Option<Suppress>,
    /// How often, from 0.5 to 0.9999, the intervals hold the figure if the survey were repeated.
    #[serde(default = "usual_confidence")]
    pub confidence: Spanned<f64>,
    /// Columns with fewer people than this (weights aside) are marked `**`, told of in a caution and
    /// not tested.
    #[serde(default = "bases::usual_min_base")]
    pub min_base: Spanned<u64>,
    /// Columns with fewer people than this (weights aside) are marked `*`.
    #[serde(default = "bases::usual_small_base")]
    pub small_base: Spanned<u64>,
}

/// Whom the shares of a question are shares of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BaseRule {
    /// Those who gave an answer.
    #[default]
    Answered,
    /// Those who were asked, whether or not they answered.
    Asked,
    /// Everyone, asked or not.
    All,
}

/// A question: where its answers are and how they are shown.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// The column with the answer. Omitted, with `columns` too: the column that is called like the
    /// question.
    pub column: Option<Spanned<String>>,
    /// The column holds several answers, with this between them.
    pub separator: Option<Spanned<String>>,
    /// The columns of a question with several answers: a mapping gives one column per answer (1 or true:
    /// given) and its label; a list gives columns that hold one answer each.
    pub columns: Option<Several>,
    /// The words of the question.
    pub title: Option<Template>,
    /// Who the base is, in words.
    pub base_text: Option<Template>,
    /// Only these rows are in the tables of this question.
    #[serde(rename = "where")]
    pub filter: Option<Expression>,
    /// Who was asked. Omitted: everyone; with several answers those for whom not all columns are empty.
    pub asked: Option<Expression>,
    /// Whom the shares are shares of, if not as for the other questions.
    pub base: Option<BaseRule>,
    /// Labels of answers, in the order in which they are shown. Other answers come after them.
    pub labels: Entries<Answer>,
    /// Answers put together under a name: `{ Good: [4, 5] }`. A row, and where the question makes columns
    /// a column, before its answers.
    pub nets: Entries<OneOrMany<Spanned<Answer>>>,
    /// The share of the so many highest answers together.
    pub top_box: Option<Spanned<u64>>,
    /// The share of the so many lowest answers together.
    pub bottom_box: Option<Spanned<u64>>,
    /// Figures of the values, each a row.
    pub statistics: Vec<Spanned<Statistic>>,
    /// What answers count in statistics. Omitted: their own value. An answer without a score has none.
    pub scores: Entries<f64>,
    /// Answers that are no point of the scale, such as *don't know*: shown and counted like any other,
    /// and in no box, mean, deviation, median or net promoter score.
    pub off_scale: OneOrMany<Spanned<Answer>>,
    /// Values that are no answer, such as a code for *refused*: as if the field were empty, also where the
    /// question makes columns. Such people were asked. By value, or by the label that `labels` gives it.
    pub missing: OneOrMany<Spanned<Answer>>,
    /// The order of the answers.
    pub sort: Sort,
    /// Answers that stay last when sorted.
    pub last: OneOrMany<Spanned<Answer>>,
    /// The answer that excludes the others. Those who gave both are counted in a caution.
    pub none_of_these: Option<Spanned<Answer>>,
    /// Show nets, boxes and statistics only, as for an amount with a thousand values.
    pub hide_answers: bool,
}

/// The columns of a question with several answers.
#[derive(Debug, Clone)]
pub enum Several {
    /// One column per answer, with the answer's label.
    Flags(Entries<Answer>),
    /// Columns that hold one answer each.
    Codes(Vec<Spanned<String>>),
}

/// An answer or a label as text; a number or a truth value is the answer of that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer(pub String);

/// A figure of the values of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// The mean.
    Mean,
    /// The standard deviation.
    StdDev,
    /// The standard error of the mean.
    StdError,
    /// The median.
    Median,
    /// The net promoter score of answers from 0 to 10.
    Nps,
}

/// The order of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// As labels list them, then by value.
    #[default]
    AsListed,
    /// The most frequent first.
    ByTotal,
}

/// Which figures are tested against which, and how.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tests {
    /// What a column is compared with.
    pub compare: OneOrMany<Spanned<Against>>,
    /// One or two levels, from 0.5 to 0.9999: capital letters tell of the stricter, small ones of the
    /// looser.
    pub confidence: OneOrMany<Spanned<f64>>,
    /// How p-values are corrected for the number of comparisons within a row of a table.
    pub correction: Correction,
    /// Which test compares means, for `variance: frequency`. Omitted: `welch`.
    pub means: Option<Spanned<Means>>,
    /// Leave columns out of a row in which their share is 0 or 1, as SPSS does.
    pub skip_zero_or_one: bool,
    /// The questions among the columns that are waves, in the order of time: for `previous`.
    pub waves: OneOrMany<Spanned<String>>,
}

impl Default for Tests {
    fn default() -> Self {
        Self {
            compare: [Against::Columns].into_iter().collect(),
            confidence: [0.95].into_iter().collect(),
            correction: Correction::default(),
            means: None,
            skip_zero_or_one: false,
            waves: OneOrMany::default(),
        }
    }
}

/// What a column is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The other columns of its group, with letters.
    Columns,
    /// The total, of which it is a part.
    Total,
    /// Everyone who is in the total and not in the column.
    Rest,
    /// The last wave before it that has answers.
    Previous,
}

/// How p-values are corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Not at all.
    #[default]
    None,
    /// Bonferroni: the chance of one false finding in a row.
    Bonferroni,
    /// Benjamini and Hochberg: the share of false ones among the findings of a row.
    BenjaminiHochberg,
}

/// The test of two means with `variance: frequency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// Welch: each column has its own spread.
    #[default]
    Welch,
    /// Student, with the spread of the two columns pooled.
    PooledPair,
    /// Student, with the spread of all columns of the group pooled; of both groups where the two columns
    /// are in different ones, of all columns against the rest. Columns of several answers: of the two.
    PooledAll,
}

/// What is hidden.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suppress {
    /// Cells and bases with fewer people than this, but somebody, are hidden; so is what would give them
    /// away by subtraction.
    #[schemars(range(min = 3))]
    pub below: Spanned<u64>,
}

pub(super) fn usual_confidence() -> Spanned<f64> {
    0.95.into()
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnswerVisitor;
        impl Visitor<'_> for AnswerVisitor {
            type Value = Answer;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a number, true or false")
            }
            fn visit_str<E>(self, text: &str) -> Result<Answer, E> {
                Ok(Answer(text.to_owned()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Answer, E> {
                Ok(Answer(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Answer, E> {
                Ok(Answer(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Answer, E> {
                Ok(Answer(crate::number::plain(value)))
            }
        }
        deserializer.deserialize_any(AnswerVisitor)
    }
}

impl JsonSchema for Answer {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Answer".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl<'de> Deserialize<'de> for Several {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SeveralVisitor;
        impl<'de> Visitor<'de> for SeveralVisitor {
            type Value = Several;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of columns to labels, or a list of columns")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Several, A::Error> {
                Entries::deserialize(MapAccessDeserializer::new(map)).map(Several::Flags)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Several, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(Several::Codes)
            }
        }
        deserializer.deserialize_any(SeveralVisitor)
    }
}

impl JsonSchema for Several {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Several".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let labels = generator.subschema_for::<Entries<Answer>>();
        let columns = generator.subschema_for::<Vec<Spanned<String>>>();
        json_schema!({ "anyOf": [labels, columns] })
    }
}
