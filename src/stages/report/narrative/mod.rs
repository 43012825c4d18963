//! Words of a report that take their figures out of tables: `{{ value("loyalty", "estimate",
//! region="EMEA") | score }}`. Read when the file is read, so that the tables they name become
//! inputs; checked against the columns; filled in when the tables are there.
//!
//! The language has the syntax of Jinja and a small part of its words: values, arithmetic,
//! comparison, `if`, `set`, two functions and a few filters. There is no loop, so a text always ends.

mod fill;
mod outline;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::document::{Span, Spanned};
use crate::report::{Datum, Records};
use crate::stages::{Check, Input, type_name};

use outline::{Lookup, Outline};

/// A text with figures out of tables, as it is written.
#[derive(Debug, Clone)]
pub struct Narrative {
    text: Spanned<String>,
    tables: Vec<Input>,
    outline: Outline,
}

/// A text whose tables, columns and names exist.
#[derive(Debug, Clone)]
pub struct Checked {
    text: String,
    span: Span,
    /// The places where it computes, in the text and in the file.
    places: Vec<(Range<usize>, Span)>,
    /// Tables and the columns it looks at.
    columns: Vec<(String, Vec<String>)>,
}

impl Narrative {
    /// Reads a text. A mistake in it is told by [`check`](Self::check).
    pub fn new(text: Spanned<String>) -> Self {
        let outline = Outline::read(&text.value);
        let mut tables: Vec<Input> = Vec::new();
        for lookup in &outline.lookups {
            if !tables.iter().any(|table| table.text() == lookup.table.0) {
                tables.push(Spanned::new(lookup.table.0.clone(), text.span).into());
            }
        }
        Self { text, tables, outline }
    }

    /// The tables it takes figures from.
    pub fn tables(&self) -> &[Input] {
        &self.tables
    }

    /// Checks tables, columns, filters and names; `own` are names the report itself defines.
    pub fn check(&self, cx: &mut Check<'_>, own: &[&str]) -> Option<Checked> {
        let mut good = true;
        for mistake in &self.outline.mistakes {
            good = false;
            let span = cx.inside(&self.text, mistake.range.clone());
            cx.invalid(
                span,
                Code::Template,
                "has a text that cannot be filled in",
                &mistake.label,
                mistake.help,
            );
        }
        for (name, range) in &self.outline.names {
            let known = own.iter().copied().chain(cx.vars().keys().map(String::as_str));
            if known.clone().any(|known| known == name) {
                continue;
            }
            good = false;
            let near = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
            let span = cx.inside(&self.text, range.clone());
            let message = format!("stage `{}` has a text with a name that stands for nothing", cx.stage());
            let told = Diagnostic::error(Code::UnknownVariable, message)
                .primary(span, format!("there is no variable `{name}`"));
            cx.report(told.help(near.unwrap_or_else(|| "declare it under `vars:`".to_owned())));
        }
        for lookup in &self.outline.lookups {
            good &= self.check_lookup(cx, lookup).is_some();
        }
        let ranges =
            self.outline.places.iter().chain(self.outline.lookups.iter().map(|lookup| &lookup.range));
        let places = ranges.map(|range| (range.clone(), cx.inside(&self.text, range.clone()))).collect();
        let columns = self.outline.lookups.iter().map(|lookup| {
            let named = lookup.column.iter().chain(&lookup.keys).map(|(name, _)| name.clone());
            (lookup.table.0.clone(), named.collect())
        });
        let columns = columns.collect();
        good.then(|| Checked { text: self.text.value.clone(), span: self.text.span, places, columns })
    }

    fn check_lookup(&self, cx: &mut Check<'_>, lookup: &Lookup) -> Option<()> {
        let at = cx.inside(&self.text, lookup.table.1.clone());
        let input = Input::from(Spanned::new(lookup.table.0.clone(), at));
        let column = lookup.column.as_ref().map(|(name, range)| {
            let name = Spanned::new(name.clone(), cx.inside(&self.text, range.clone()));
            let column = cx.column(&input, &name)?;
            let numeric = column.dtype.is_primitive_numeric() || column.dtype.is_decimal();
            if lookup.number && !numeric {
                let label = format!("`{}` is {}", name.value, type_name(&column.dtype));
                let help = "take the filter away, or name a column of numbers";
                cx.invalid(name.span, Code::Template, "shows as a number what is none", &label, help);
                return None;
            }
            Some(())
        });
        let mut keys = Some(());
        for (name, range) in &lookup.keys {
            let name = Spanned::new(name.clone(), cx.inside(&self.text, range.clone()));
            keys = cx.column(&input, &name).and(keys);
        }
        column.unwrap_or(Some(())).and(keys)
    }
}

impl Checked {
    /// Whether it takes anything out of a table.
    pub fn looks_at(&self, table: &str) -> bool {
        self.columns.iter().any(|(id, _)| id == table)
    }

    /// The columns of a table that it looks at.
    pub fn columns(&self, table: &str) -> impl Iterator<Item = &str> {
        let of_table = self.columns.iter().filter(move |(id, _)| id == table);
        of_table.flat_map(|(_, columns)| columns).map(String::as_str)
    }

    /// The text with its figures, values kept from being read as Markdown. `names` are the variables
    /// and what the report itself defines.
    ///
    /// # Errors
    ///
    /// A `value` that finds more than one row, or arithmetic on what is no number.
    pub fn fill(
        &self,
        tables: &BTreeMap<String, Records>,
        names: &BTreeMap<String, Datum>,
    ) -> Result<String, Diagnostic> {
        fill::fill(&self.text, tables, names).map_err(|trouble| {
            let around = |place: &&(Range<usize>, Span)| {
                place.0.start <= trouble.range.start && trouble.range.end <= place.0.end
            };
            let place = self.places.iter().filter(around).min_by_key(|(range, _)| range.len());
            let span = place.map_or(self.span, |(_, span)| *span);
            Diagnostic::error(Code::UnusableData, "a text of the report cannot be filled in")
                .primary(span, trouble.label)
        })
    }
}

impl<'de> Deserialize<'de> for Narrative {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::<String>::deserialize(deserializer).map(Self::new)
    }
}

impl JsonSchema for Narrative {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Narrative".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}
