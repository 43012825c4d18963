//! Newline-delimited JSON to objects: their keys and values in the order of the file.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use encoding_rs::Encoding;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::error::DatasetError;
use super::find::SourceFile;
use super::options::Reading;
use super::text::{self, Text};
use super::value::ColumnType;

const LARGEST_LINE: u64 = 256 << 20;
/// How much of a file is looked at for its keys and types, as the header line of a CSV file is.
const HEAD: usize = 64 * 1024;

/// Reads one NDJSON file line by line.
pub struct Lines {
    input: BufReader<Text>,
    line: Vec<u8>,
    number: u64,
    /// The encoding that was read.
    pub encoding: &'static Encoding,
}

impl Lines {
    /// Opens a file.
    pub fn open(file: &SourceFile, reading: &Reading) -> Result<Self, DatasetError> {
        let (text, encoding) =
            text::open(&file.path, reading.encoding).map_err(|e| DatasetError::unreadable(&file.name, e))?;
        Ok(Self { input: BufReader::with_capacity(1 << 16, text), line: Vec::new(), number: 0, encoding })
    }

    /// The next line that is not blank, and its number among them, from 1.
    pub fn next(&mut self, file: &SourceFile) -> Result<Option<(u64, &[u8])>, DatasetError> {
        loop {
            self.line.clear();
            let mut limited = (&mut self.input).take(LARGEST_LINE);
            let read = limited.read_until(b'\n', &mut self.line).map_err(|e| {
                DatasetError::unreadable(&file.name, format!("record {}: {e}", self.number + 1))
            })?;
            if read == 0 {
                return Ok(None);
            }
            if read as u64 == LARGEST_LINE {
                let what = format!("record {} is larger than 256 MiB", self.number + 1);
                return Err(
                    DatasetError::unreadable(&file.name, what).help("NDJSON is one JSON object a line")
                );
            }
            if !self.line.trim_ascii().is_empty() {
                self.number += 1;
                return Ok(Some((self.number, self.line.trim_ascii())));
            }
        }
    }
}

/// The columns that the objects in the first 64 KiB hold, in the order in which they appear.
pub fn head(file: &SourceFile, reading: &Reading) -> Result<Vec<(String, Option<ColumnType>)>, DatasetError> {
    let mut lines = Lines::open(file, reading)?;
    let mut columns: Vec<(String, Option<ColumnType>)> = Vec::new();
    let (mut seen, mut first) = (0, true);
    while let Some((_, line)) = lines.next(file)? {
        if first && line.first() == Some(&b'[') {
            return Err(DatasetError::unreadable(&file.name, "it is a JSON array, not one object a line")
                .help("write each element on a line of its own: `jq -c '.[]' file.json > file.ndjson`"));
        }
        first = false;
        seen += line.len();
        if let Ok(object) = serde_json::from_slice::<Object>(line) {
            for (key, value) in object.0 {
                let found = type_of(&value);
                match columns.iter_mut().find(|(name, _)| *name == key) {
                    Some((_, kind)) => *kind = merge(*kind, found),
                    None => columns.push((key, found)),
                }
            }
        }
        if seen >= HEAD {
            break;
        }
    }
    if first {
        return Err(DatasetError::empty(&file.name, "not one object"));
    }
    Ok(columns)
}

/// The type that holds both, where `None` is not known yet.
pub fn merge(one: Option<ColumnType>, other: Option<ColumnType>) -> Option<ColumnType> {
    use ColumnType::{Float, Integer, Text};
    match (one, other) {
        (None, kind) | (kind, None) => kind,
        (Some(a), Some(b)) if a == b => Some(a),
        (Some(Integer | Float), Some(Integer | Float)) => Some(Float),
        _ => Some(Text),
    }
}

fn type_of(value: &Value) -> Option<ColumnType> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some(ColumnType::Boolean),
        Value::Number(n) if n.is_i64() => Some(ColumnType::Integer),
        Value::Number(_) => Some(ColumnType::Float),
        _ => Some(ColumnType::Text),
    }
}

/// The members of a JSON object, in order. A key that comes twice is refused: one of the two values
/// would be lost.
pub struct Object(pub Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;
        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members: Vec<(String, Value)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    if members.iter().any(|(other, _)| *other == key) {
                        return Err(serde::de::Error::custom(format!("the key `{key}` comes twice")));
                    }
                    members.push((key, value));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(ObjectVisitor)
    }
}
