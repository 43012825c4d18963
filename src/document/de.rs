//! A tree to typed options, through serde. The shape was checked before by [`super::conform`], so an
//! error here is rare; it still has its place.

use std::fmt::Display;

use serde::de::value::{StrDeserializer, UsizeDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

use super::collections::ONE_OR_MANY;
use super::span::{SPANNED, SPANNED_FIELDS};
use super::{Entry, Node, Span, Spanned, Value};

/// Reads a value of type `T` from a node.
pub fn from_node<T: DeserializeOwned>(node: &Node) -> Result<T, ReadError> {
    T::deserialize(NodeDeserializer { node })
}

/// A value that does not have the form its type wants.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    /// What is wrong.
    pub message: String,
    /// Where, if known.
    pub span: Option<Span>,
}

impl de::Error for ReadError {
    fn custom<T: Display>(message: T) -> Self {
        Self { message: message.to_string(), span: None }
    }
}

impl ReadError {
    fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

struct NodeDeserializer<'n> {
    node: &'n Node,
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items { items: items.iter() }),
            Value::Map(entries) => visitor.visit_map(Pairs { entries: entries.iter(), value: None }),
        }
        .map_err(|error| error.at(self.node.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if name == SPANNED {
            return visitor.visit_map(WithPlace { node: self.node, step: 0 });
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if name == ONE_OR_MANY {
            let items = match &self.node.value {
                Value::List(items) => items.iter(),
                _ => std::slice::from_ref(self.node).iter(),
            };
            return visitor.visit_seq(Items { items });
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let span = self.node.span;
        match &self.node.value {
            Value::Text(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            Value::Map(entries) if entries.len() == 1 => visitor.visit_enum(Choice { entry: &entries[0] }),
            _ => Err(de::Error::custom("wants a word, or a mapping with one key")),
        }
        .map_err(|error: ReadError| error.at(span))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'n> {
    items: std::slice::Iter<'n, Node>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ReadError;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        self.items.next().map(|node| seed.deserialize(NodeDeserializer { node })).transpose()
    }
}

struct Pairs<'n> {
    entries: std::slice::Iter<'n, Entry>,
    value: Option<&'n Node>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = ReadError;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.value = Some(&entry.value);
        seed.deserialize(KeyDeserializer { key: &entry.key }).map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let node =
            self.value.take().ok_or_else(|| <ReadError as de::Error>::custom("a value before its key"))?;
        seed.deserialize(NodeDeserializer { node })
    }
}

/// The three entries that [`Spanned`] reads: start, end, value.
struct WithPlace<'n> {
    node: &'n Node,
    step: usize,
}

impl<'de> MapAccess<'de> for WithPlace<'_> {
    type Error = ReadError;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let Some(field) = SPANNED_FIELDS.get(self.step) else { return Ok(None) };
        seed.deserialize(StrDeserializer::new(field)).map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        self.step += 1;
        match self.step {
            1 => seed.deserialize(UsizeDeserializer::new(self.node.span.start)),
            2 => seed.deserialize(UsizeDeserializer::new(self.node.span.end)),
            _ => seed.deserialize(NodeDeserializer { node: self.node }),
        }
    }
}

struct KeyDeserializer<'n> {
    key: &'n Spanned<String>,
}

impl<'de> Deserializer<'de> for KeyDeserializer<'_> {
    type Error = ReadError;
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_str(&self.key.value).map_err(|error: ReadError| error.at(self.key.span))
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if name == SPANNED {
            let node = Node { span: self.key.span, value: Value::Text(self.key.value.clone()) };
            return visitor.visit_map(WithPlace { node: &node, step: 0 });
        }
        self.deserialize_any(visitor)
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// An externally tagged enum: the key is the variant, the value its content.
struct Choice<'n> {
    entry: &'n Entry,
}

impl<'de, 'n> EnumAccess<'de> for Choice<'n> {
    type Error = ReadError;
    type Variant = Content<'n>;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'n>), ReadError> {
        let variant = seed.deserialize(KeyDeserializer { key: &self.entry.key })?;
        Ok((variant, Content { node: &self.entry.value }))
    }
}

struct Content<'n> {
    node: &'n Node,
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = ReadError;
    fn unit_variant(self) -> Result<(), ReadError> {
        match self.node.value {
            Value::Null => Ok(()),
            _ => Err(<ReadError as de::Error>::custom("takes no options").at(self.node.span)),
        }
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ReadError> {
        seed.deserialize(NodeDeserializer { node: self.node })
    }
    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, ReadError> {
        NodeDeserializer { node: self.node }.deserialize_any(visitor)
    }
    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        NodeDeserializer { node: self.node }.deserialize_any(visitor)
    }
}
