//! Columns here and columns there: `[country]`, or `{ country: code }` where the names differ.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::document::Spanned;

/// Columns by the name they have here, each with the name it has in the other table.
#[derive(Debug, Clone, Default)]
pub struct Pairs(pub Vec<Pair>);

/// A column here and there.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Its name here.
    pub here: Spanned<String>,
    /// Its name in the other table.
    pub there: Spanned<String>,
}

/// What may be written.
enum Form {
    One(String),
    Many(Vec<Spanned<String>>),
    Named(Vec<(Spanned<String>, Spanned<String>)>),
}

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FormVisitor;
        impl<'de> Visitor<'de> for FormVisitor {
            type Value = Form;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a column, a list of columns, or a mapping of columns here to columns there")
            }
            fn visit_str<E>(self, name: &str) -> Result<Form, E> {
                Ok(Form::One(name.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Form, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                Ok(Form::Many(names))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Form, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Form::Named(pairs))
            }
        }
        deserializer.deserialize_any(FormVisitor)
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Spanned::<Form>::deserialize(deserializer)?;
        let same = |name: Spanned<String>| Pair { here: name.clone(), there: name };
        Ok(Self(match form.value {
            Form::One(name) => vec![same(Spanned::new(name, form.span))],
            Form::Many(names) => names.into_iter().map(same).collect(),
            Form::Named(pairs) => pairs.into_iter().map(|(here, there)| Pair { here, there }).collect(),
        }))
    }
}

impl JsonSchema for Pairs {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Pairs".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" } },
            { "type": "object", "additionalProperties": { "type": "string" } },
        ] })
    }
}
