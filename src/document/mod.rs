//! Text as a tree in which every key and value knows its place. Knows YAML; has never heard of a
//! stage.

mod collections;
mod de;
mod form;
mod parse;
mod shape;
mod span;

use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;

pub use collections::{Entries, OneOrMany};
pub use de::{ReadError, from_node};
pub use shape::{Conformed, conform};
pub use span::{Span, Spanned};

/// A pipeline file as a tree.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file, as it was named.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
    /// The tree.
    pub root: Node,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where the value stands.
    pub span: Span,
    /// The value.
    pub value: Value,
}

/// What YAML can say, with the scalars of its core schema: `no` and `on` are text.
#[derive(Debug, Clone)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of writing.
    Map(Vec<Entry>),
}

/// One `key: value` of a mapping.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key and its place.
    pub key: Spanned<String>,
    /// The value.
    pub value: Node,
}

impl Document {
    /// Reads a text. The second half holds every mistake of form; the tree is there where the text
    /// could be understood at all.
    pub fn parse(path: &Path, text: &str) -> (Option<Document>, Vec<Diagnostic>) {
        let (root, diagnostics) = parse::tree(text);
        let document = root.map(|root| Document { path: path.to_owned(), text: text.to_owned(), root });
        (document, diagnostics)
    }

    /// The place of a range of bytes inside a text value, for messages that point into an
    /// expression. Falls back to the whole value where the text was written with escapes or folded
    /// lines and the part occurs more than once.
    pub fn inside(&self, value: &Spanned<String>, range: std::ops::Range<usize>) -> Span {
        let written = self.text.get(value.span.range()).unwrap_or_default();
        let text = value.value.as_str();
        let range = range.start.min(text.len())..range.end.min(text.len()).max(range.start.min(text.len()));
        let place = |at: usize| {
            let start = value.span.start + at;
            Span { start, end: start + range.len() }
        };
        if let Some(offset) = written.find(text) {
            return place(offset + range.start);
        }
        let part = text.get(range.clone()).unwrap_or_default();
        if let Some(at) = in_block(written, text, range.start)
            && written[at..].starts_with(part)
        {
            return place(at);
        }
        let mut places = written.match_indices(part);
        match (places.next(), places.next()) {
            (Some((at, _)), None) if !part.is_empty() => place(at),
            _ => value.span,
        }
    }
}

/// Where a byte of a literal block (`|`) was written: its lines are those of the value behind a margin.
fn in_block(written: &str, text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    let line = before.matches('\n').count();
    let column = at - before.rfind('\n').map_or(0, |newline| newline + 1);
    let content = text.lines().nth(line)?;
    let start: usize = written.split_inclusive('\n').take(line).map(str::len).sum();
    let margin = written.get(start..)?.lines().next()?.find(content)?;
    Some(start + margin + column)
}

impl Node {
    /// The value of a key, where this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|entry| entry.key.value == key).map(|entry| &entry.value)
    }

    /// The entries, where this is a mapping.
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Where a text stands in this value, as a key or as a text of its own: the first such place.
    pub fn place_of(&self, text: &str) -> Option<Span> {
        match &self.value {
            Value::Text(own) => (own == text).then_some(self.span),
            Value::List(items) => items.iter().find_map(|item| item.place_of(text)),
            Value::Map(entries) => entries.iter().find_map(|entry| {
                if entry.key.value == text { Some(entry.key.span) } else { entry.value.place_of(text) }
            }),
            _ => None,
        }
    }

    /// What kind of value this is, in words for people.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(yaml: &str, part: &str) -> String {
        let (document, found) = Document::parse(Path::new("t.yaml"), yaml);
        assert!(found.is_empty(), "{found:?}");
        let document = document.expect("a document");
        let node = document.root.get("q").expect("q");
        let Value::Text(text) = &node.value else { panic!("not text") };
        let at = text.rfind(part).expect("the part");
        let span = document.inside(&Spanned::new(text.clone(), node.span), at..at + part.len());
        format!("{}@{}", &yaml[span.range()], yaml[..span.start].matches('\n').count() + 1)
    }

    #[test]
    fn a_part_of_a_text_has_its_place() {
        assert_eq!(inside("q: a + b\n", "b"), "b@1");
        assert_eq!(inside("q: 'x = ''y'' + b'\n", "b"), "b@1");
        // The last of two, on the third line of a block.
        assert_eq!(inside("k: 1\nq: |\n  SELECT b\n  FROM b\n", "b"), "b@4");
        assert_eq!(inside("q: |\n  é\n    deeper b\n", "b"), "b@3");
        assert_eq!(inside("q: >\n  SELECT a\n  FROM t\n", "FROM t"), "FROM t@3");
        // Folded, and the part stands twice: the whole value.
        assert!(inside("q: >\n  b\n  b\n", "b").starts_with("b\n  b@"));
    }
}
