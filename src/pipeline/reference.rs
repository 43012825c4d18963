//! The roles a text can have in an option: the id of a table, an expression, a text with variables.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::document::{Span, Spanned};

/// The id of a dataset, of a stage or, after a dot, of a stage's side table: `customers.quarantine`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Input(Spanned<String>);

/// An SQL expression over the columns of an input: `amount > 0 AND region = $region`. A bare `true` or
/// `1` is the expression of that text.
#[derive(Debug, Clone)]
pub struct Expression(Spanned<String>);

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value: Scalar(text), span } = Spanned::deserialize(deserializer)?;
        Ok(Self(Spanned { value: text, span }))
    }
}

impl JsonSchema for Expression {
    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An SQL expression over the columns of an input: `amount > 0 AND region = $region`.",
            "type": ["string", "number", "boolean"],
        })
    }
}

/// Any scalar as its text.
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;
        impl Visitor<'_> for ScalarVisitor {
            type Value = Scalar;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an expression")
            }
            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }
        }
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// Text in which `{name}` stands for the value of a variable.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Template(Spanned<String>);

macro_rules! role {
    ($name:ident) => {
        impl $name {
            /// The text as written.
            pub fn text(&self) -> &str {
                &self.0.value
            }

            /// Where it stands.
            pub fn span(&self) -> Span {
                self.0.span
            }

            /// The text with its place.
            pub fn spanned(&self) -> &Spanned<String> {
                &self.0
            }
        }

        impl<T: Into<Spanned<String>>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(text.into())
            }
        }
    };
}

role!(Input);
role!(Expression);
role!(Template);

impl Input {
    /// The id of the dataset or stage, without a side table.
    pub fn id(&self) -> &str {
        self.text().split_once('.').map_or(self.text(), |(id, _)| id)
    }

    /// The side table, where one is named.
    pub fn side(&self) -> Option<&str> {
        self.text().split_once('.').map(|(_, side)| side)
    }
}
