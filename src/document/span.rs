//! Places in a pipeline file, and values that know theirs.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::{Deref, Range};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// A range of bytes of the pipeline file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The place as a range, to slice the text with.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A value and the place where it was written.
///
/// Read from a [`Node`](super::Node) it carries the node's place; made in code it has the empty
/// place at the start of the file.
#[derive(Debug, Clone, Default)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> From<T> for Spanned<T> {
    fn from(value: T) -> Self {
        Self { value, span: Span::default() }
    }
}

impl From<&str> for Spanned<String> {
    fn from(value: &str) -> Self {
        value.to_owned().into()
    }
}

// The deserializer of `Node` recognises this struct by its name and hands over the place.
pub(super) const SPANNED: &str = "$growthring::Spanned";
pub(super) const SPANNED_FIELDS: [&str; 3] = ["$start", "$end", "$value"];

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpannedVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
            type Value = Spanned<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value with its place")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Spanned<T>, A::Error> {
                let missing = || de::Error::custom("a spanned value comes with its place");
                let _: String = map.next_key()?.ok_or_else(missing)?;
                let start = map.next_value()?;
                let _: String = map.next_key()?.ok_or_else(missing)?;
                let end = map.next_value()?;
                let _: String = map.next_key()?.ok_or_else(missing)?;
                Ok(Spanned { value: map.next_value()?, span: Span { start, end } })
            }
        }
        deserializer.deserialize_struct(SPANNED, &SPANNED_FIELDS, SpannedVisitor(PhantomData))
    }
}

/// As what was written: a place means nothing outside its file. Schemas show defaults by it.
impl<T: Serialize> Serialize for Spanned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
