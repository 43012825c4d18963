//! How a dataset is written in a pipeline file, and the settings that follow from it.

use std::borrow::Cow;
use std::fmt;

use encoding_rs::Encoding;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::error::DatasetError;
use super::value::ColumnType;
use crate::document::Spanned;
use crate::pipeline::Template;

/// A named source of rows: one file, or many files with the same columns.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetOptions {
    /// The file, relative to the pipeline file. `*`, `?`, `[…]` and `**` name many files, read in the
    /// order of their names; `{var}` is a variable.
    pub path: Template,
    /// The form of the file. Omitted: from its extension (`.csv`, `.tsv`, `.txt`, `.ndjson`, `.jsonl`,
    /// `.parquet`; text also with `.gz`).
    pub format: Option<Format>,
    /// The character between fields. Omitted: a tab in `.tsv` files, a comma otherwise.
    pub delimiter: Option<Spanned<String>>,
    /// The character around fields that hold a delimiter or a line break. Omitted: `"`. An empty text
    /// means that no character quotes.
    pub quote: Option<Spanned<String>>,
    /// The encoding of the text, by any name of the WHATWG list (`utf-8`, `windows-1252`, `latin1`,
    /// `utf-16le`, `shift_jis`, …). Omitted: UTF-8. A byte order mark wins over it.
    pub encoding: Option<Spanned<String>>,
    /// Whether the first record of every file holds the column names.
    #[serde(default = "yes")]
    pub header: bool,
    /// Column names to use instead of those in the header line, or where there is none.
    #[serde(default)]
    pub columns: Vec<Spanned<String>>,
    /// The types of columns; those not listed are text in CSV files, and what the first objects hold in
    /// NDJSON files. `auto` guesses from the first 1,000 records, with a caution.
    #[serde(default)]
    pub types: Types,
    /// Texts that stand for a missing value. An empty cell always does.
    #[serde(default)]
    pub null_words: Vec<String>,
    /// What to do with records that cannot be read: too many or too few fields, bytes outside the
    /// encoding, values outside the declared type.
    #[serde(default)]
    pub bad_rows: BadRows,
}

fn yes() -> bool {
    true
}

impl DatasetOptions {
    /// A file, or many by a pattern, with every other option left out.
    pub fn at(path: Template) -> Self {
        Self {
            path,
            format: None,
            delimiter: None,
            quote: None,
            encoding: None,
            header: true,
            columns: Vec::new(),
            types: Types::default(),
            null_words: Vec::new(),
            bad_rows: BadRows::default(),
        }
    }
}

/// Forms of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Delimited text.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

/// What to do with records that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BadRows {
    /// The run stops and names the first of them.
    #[default]
    Fail,
    /// They are set aside with the reason; `centralize` lists them in its side table `quarantine`.
    Quarantine,
}

/// The types of a dataset's columns.
#[derive(Debug, Clone)]
pub enum Types {
    /// As declared; other columns are text.
    Declared(Vec<(Spanned<String>, ColumnType)>),
    /// Guessed from the first records.
    Auto,
}

impl Default for Types {
    fn default() -> Self {
        Self::Declared(Vec::new())
    }
}

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TypesVisitor;
        impl<'de> Visitor<'de> for TypesVisitor {
            type Value = Types;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`auto`, or a map of columns and their types")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Types, E> {
                match text {
                    "auto" => Ok(Types::Auto),
                    other => Err(E::custom(format!("`{other}` is neither `auto` nor a map of columns"))),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Types, A::Error> {
                let mut declared: Vec<(Spanned<String>, ColumnType)> = Vec::new();
                while let Some((column, kind)) = map.next_entry::<Spanned<String>, ColumnType>()? {
                    if declared.iter().any(|(other, _)| **other == *column) {
                        return Err(A::Error::custom(format!("`{}` is declared twice", *column)));
                    }
                    declared.push((column, kind));
                }
                Ok(Types::Declared(declared))
            }
        }
        deserializer.deserialize_any(TypesVisitor)
    }
}

impl JsonSchema for Types {
    fn schema_name() -> Cow<'static, str> {
        "Types".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "const": "auto" },
                { "type": "object", "additionalProperties": generator.subschema_for::<ColumnType>() },
            ]
        })
    }
}

/// The settings of a text reader: options checked, defaults filled in.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub delimiter: u8,
    /// Whether the delimiter was written down, so that it is not second-guessed.
    pub delimiter_given: bool,
    pub quote: Option<u8>,
    pub encoding: Option<&'static Encoding>,
    pub header: bool,
    pub columns: Vec<String>,
    pub types: Types,
    pub null_words: Vec<String>,
    pub bad_rows: BadRows,
}

impl DatasetOptions {
    /// The form of a file of this name: as written, else by the extension.
    pub(super) fn format_of(&self, name: &str) -> Option<Format> {
        self.format.or_else(|| {
            let name = name.to_ascii_lowercase();
            let plain = name.strip_suffix(".gz").unwrap_or(&name);
            match plain.rsplit_once('.')?.1 {
                "csv" | "tsv" | "txt" => Some(Format::Csv),
                "ndjson" | "jsonl" => Some(Format::Ndjson),
                "parquet" | "pq" => Some(Format::Parquet),
                _ => None,
            }
        })
    }

    /// Checks the options against the form of the files.
    pub(super) fn reading(&self, format: Format, name: &str) -> Result<Reading, DatasetError> {
        self.refuse_what_does_not_apply(format)?;
        let name = name.to_ascii_lowercase();
        let tabs = name.strip_suffix(".gz").unwrap_or(&name).ends_with(".tsv");
        let delimiter = match &self.delimiter {
            Some(written) => one_byte(written, "delimiter")?,
            None if tabs => b'\t',
            None => b',',
        };
        let quote = match &self.quote {
            Some(written) if written.is_empty() => None,
            Some(written) => Some(one_byte(written, "quote")?),
            None => Some(b'"'),
        };
        if let Some(written) = self.quote.as_ref().filter(|_| quote == Some(delimiter)) {
            let message = "`quote` and `delimiter` are the same character";
            return Err(DatasetError::option(written.span, message, "also the delimiter"));
        }
        let encoding = match &self.encoding {
            None => None,
            Some(label) => Some(Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
                let message = format!("`{}` is not the name of an encoding", **label);
                DatasetError::option(label.span, message, "not an encoding")
                    .help("common ones: utf-8, windows-1252 (also for latin1), utf-16le, shift_jis, gb18030")
            })?),
        };
        for (i, column) in self.columns.iter().enumerate() {
            if self.columns[..i].iter().any(|other| **other == **column) {
                let message = format!("`columns` names `{}` twice", **column);
                return Err(DatasetError::option(column.span, message, "named before"));
            }
        }
        Ok(Reading {
            delimiter,
            delimiter_given: self.delimiter.is_some(),
            quote,
            encoding,
            header: self.header,
            columns: self.columns.iter().map(|c| c.value.clone()).collect(),
            types: self.types.clone(),
            null_words: self.null_words.clone(),
            bad_rows: self.bad_rows,
        })
    }

    fn refuse_what_does_not_apply(&self, format: Format) -> Result<(), DatasetError> {
        let delimited = [("delimiter", &self.delimiter), ("quote", &self.quote)];
        let text = [("encoding", &self.encoding)];
        let misplaced = match format {
            Format::Csv => None,
            Format::Ndjson => {
                delimited.iter().find_map(|(name, option)| Some((*name, option.as_ref()?.span)))
            }
            Format::Parquet => {
                let mut options = delimited.iter().chain(&text);
                options.find_map(|(name, option)| Some((*name, option.as_ref()?.span)))
            }
        };
        let columns = self.columns.first().filter(|_| format != Format::Csv).map(|c| ("columns", c.span));
        let types = match (&self.types, format) {
            (Types::Declared(declared), Format::Parquet) => declared.first().map(|(c, _)| ("types", c.span)),
            _ => None,
        };
        let Some((name, span)) = misplaced.or(columns).or(types) else { return Ok(()) };
        let form = if format == Format::Parquet { "Parquet files" } else { "NDJSON files" };
        let message = format!("`{name}` does not apply to {form}");
        Err(DatasetError::option(span, message, "has no effect here").help("leave it out"))
    }
}

/// The one ASCII character that an option must be. Letters, digits and line breaks delimit nothing.
fn one_byte(written: &Spanned<String>, option: &str) -> Result<u8, DatasetError> {
    match written.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'\r' | b'\n' | 0) => {
            Ok(*byte)
        }
        _ => {
            let message = format!("`{option}` is one character, and no letter, digit or line break");
            Err(DatasetError::option(written.span, message, "not such a character")
                .help("for example \",\", \";\", \"|\" or \"\\t\""))
        }
    }
}
