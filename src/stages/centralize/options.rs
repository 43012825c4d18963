//! What may be written of a `centralize` stage.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::dataset::ColumnType;
use crate::document::{Entries, OneOrMany, Spanned};
use crate::stages::{Expression, Input};

/// Brings several sources into one table of named and typed columns, and sets aside what does not fit.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Centralize {
    /// The columns of the one table, in their order, each with its type: `integer`, `float`, `text`,
    /// `boolean`, `date` or `datetime`.
    pub columns: Entries<ColumnType>,
    /// Where rows come from. Their order counts: it is the order of the rows, and decides which of
    /// several duplicates is kept.
    pub sources: Vec<Source>,
    /// The columns that say which record a row is. Rows without a value in one of them are set aside,
    /// and of rows with the same values one is kept.
    #[serde(default)]
    pub key: OneOrMany<Spanned<String>>,
    /// Which of several rows with one key is kept. Omitted: `first`.
    pub keep: Option<Spanned<Keep>>,
    /// What to do, where there is no `key`, with a row that is equal to an earlier one in every column.
    #[serde(default)]
    pub exact_duplicates: Spanned<ExactDuplicates>,
    /// Texts that stand for a missing value, after trimming: `[n/a, "-"]`. An empty text always does.
    #[serde(default)]
    pub null_words: Vec<String>,
    /// Whether blanks around texts are cut off.
    #[serde(default = "yes")]
    pub trim: bool,
}

fn yes() -> bool {
    true
}

/// A table that rows come from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// A dataset or the table of another stage.
    pub from: Input,
    /// For each of the one table's columns where its values come from: a column of this source, or
    /// more exactly `{ column: …, format: … }`, `{ expression: … }`, `{ constant: … }`; `null` where this
    /// source has no such values. A column that is not mentioned comes from the column of the same name.
    #[serde(default)]
    pub columns: Entries<Spanned<Mapping>>,
    /// Which rows of this source take part, as a condition over its columns. Others are counted as
    /// `filtered`.
    #[serde(rename = "where")]
    pub condition: Option<Expression>,
    /// The decimal mark of numbers written as text in this source. Omitted: `.`.
    pub decimal: Option<Spanned<String>>,
    /// The mark between thousands of numbers written as text in this source. Omitted: none is allowed.
    pub thousands: Option<Spanned<String>>,
}

/// Which of several rows with one key is kept. Rows are in the order of the sources, of the files, of
/// the records.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The first.
    First,
    /// The last.
    Last,
    /// The one with the largest value in this column; a missing value is the smallest, and of equals the
    /// first is kept.
    Newest(Spanned<String>),
    /// None: a key that comes twice is an error.
    Error,
}

/// What to do with rows that are equal in every column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExactDuplicates {
    /// Two equal rows are two records.
    #[default]
    Keep,
    /// The first is kept.
    Drop,
}

/// Where the values of a column come from.
#[derive(Debug, Clone)]
pub enum Mapping {
    /// The column of this name.
    Column(String),
    /// Described in detail.
    Detail(Box<Detail>),
    /// From nowhere: this source has no such values.
    Missing,
}

/// Where the values of a column come from, in detail.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// The column of the source. Omitted: the one of the same name.
    pub column: Option<Spanned<String>>,
    /// An expression over the source's columns instead.
    pub expression: Option<Expression>,
    /// The same value for every row instead; `{var}` is a variable.
    pub constant: Option<Spanned<Constant>>,
    /// How dates are written, as in `%d.%m.%Y %H:%M`. Several forms are tried in this order.
    #[serde(default)]
    pub format: OneOrMany<Spanned<String>>,
    /// The decimal mark of numbers. Omitted: the source's.
    pub decimal: Option<Spanned<String>>,
    /// The mark between thousands. Omitted: the source's.
    pub thousands: Option<Spanned<String>>,
}

/// A text, number or truth value that stands in the pipeline file.
#[derive(Debug, Clone)]
pub struct Constant(pub String);

impl<'de> Deserialize<'de> for Constant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ConstantVisitor;
        impl Visitor<'_> for ConstantVisitor {
            type Value = Constant;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, true or false")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Constant, E> {
                Ok(Constant(text.to_owned()))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Constant, E> {
                Ok(Constant(value.to_string()))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Constant, E> {
                Ok(Constant(value.to_string()))
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Constant, E> {
                Ok(Constant(value.to_string()))
            }
        }
        deserializer.deserialize_any(ConstantVisitor)
    }
}

impl JsonSchema for Constant {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Constant".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl<'de> Deserialize<'de> for Mapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MappingVisitor;
        impl<'de> Visitor<'de> for MappingVisitor {
            type Value = Mapping;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column, a mapping that describes it, or null")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Mapping, E> {
                Ok(Mapping::Column(text.to_owned()))
            }
            fn visit_unit<E: Error>(self) -> Result<Mapping, E> {
                Ok(Mapping::Missing)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mapping, A::Error> {
                let detail = Detail::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Mapping::Detail(Box::new(detail)))
            }
        }
        deserializer.deserialize_any(MappingVisitor)
    }
}

impl JsonSchema for Mapping {
    fn schema_name() -> Cow<'static, str> {
        "Mapping".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let detail = generator.subschema_for::<Detail>();
        json_schema!({ "anyOf": [{ "type": "string" }, detail, { "type": "null" }] })
    }
}
