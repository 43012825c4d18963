//! YAML events to a tree with places.
//!
//! The event parser is used, and not a deserializer on top of it, since a deserializer stops at the
//! first duplicate key and tells only where values begin.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Span as YamlSpan, StructureStyle};

use super::{Entry, Node, Span, Spanned, Value};
use crate::diagnostic::{Code, Diagnostic};

/// Deeper than any pipeline is; keeps a hostile file from exhausting the stack.
const DEEPEST: usize = 64;
/// The key by which other YAML schemas paste one mapping into another.
const MERGE: &str = "<<";
/// More nodes than any pipeline has; keeps aliases of aliases from exhausting memory.
const MOST_NODES: usize = 200_000;

/// The tree of a text, as far as it could be understood, and every mistake of form.
pub(super) fn tree(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let mut builder = Builder {
        text,
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        nodes: 0,
        found: Vec::new(),
    };
    let root = match builder.document() {
        Ok(root) => root,
        Err(stop) => {
            builder.found.push(stop);
            None
        }
    };
    (root, builder.found)
}

struct Builder<'t> {
    text: &'t str,
    parser: Parser<'t, granit_parser::StrInput<'t>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    found: Vec<Diagnostic>,
}

type Stop = Diagnostic;

impl<'t> Builder<'t> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, Stop> {
        loop {
            match self.parser.next() {
                None => return Ok(None),
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok((event, span))) => return Ok(Some((event, self.place(span)))),
                Some(Err(error)) => {
                    let at = error.marker().byte_offset().unwrap_or(self.text.len()).min(self.text.len());
                    let end = self.text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
                    let (label, help) = words(error.kind());
                    return Err(Diagnostic::error(Code::YamlSyntax, "the file is not valid YAML")
                        .primary(Span { start: at, end }, label)
                        .help(help));
                }
            }
        }
    }

    fn place(&self, span: YamlSpan) -> Span {
        let start = span.start.byte_offset().unwrap_or(0).min(self.text.len());
        let end = span.end.byte_offset().unwrap_or(start).clamp(start, self.text.len());
        Span { start, end }
    }

    fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => {}
                _ if root.is_some() => {
                    self.found.push(
                        Diagnostic::error(Code::YamlSyntax, "the file holds more than one YAML document")
                            .primary(span, "a second document starts here")
                            .help("a pipeline is one document: split the file"),
                    );
                    return Ok(root);
                }
                event => root = Some(self.node(event, span, 0)?),
            }
        }
        Ok(root)
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Stop> {
        self.nodes += 1;
        if depth > DEEPEST || self.nodes > MOST_NODES {
            return Err(Diagnostic::error(Code::YamlSyntax, "the file is nested too deeply or too large")
                .primary(span, "reading stopped here"));
        }
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let value = match style {
                    ScalarStyle::Plain => scalar(&text),
                    _ => Value::Text(text.into_owned()),
                };
                (anchor, Node { span: self.trimmed(span), value })
            }
            Event::SequenceStart(style, anchor, _) => {
                let (items, end) = self.items(span, depth).map_err(|stop| opened(stop, style, span, "["))?;
                let end = end_of(style, items.last(), end);
                let span = self.trimmed(Span { start: span.start, end });
                (anchor, Node { span, value: Value::List(items) })
            }
            Event::MappingStart(style, anchor, _) => {
                let (entries, end) =
                    self.entries(span, depth).map_err(|stop| opened(stop, style, span, "{"))?;
                let start =
                    entries.first().map_or(span.start, |entry: &Entry| entry.key.span.start.min(span.start));
                let end = end_of(style, entries.last().map(|entry| &entry.value), end);
                let span = self.trimmed(Span { start, end });
                (anchor, Node { span, value: Value::Map(entries) })
            }
            Event::Alias(id) => {
                let mut node = self.anchors.get(&id).cloned().ok_or_else(|| {
                    Diagnostic::error(Code::YamlSyntax, "an alias refers to itself")
                        .primary(span, "this alias stands inside the value it names")
                })?;
                self.nodes += size(&node);
                node.span = span;
                (0, node)
            }
            _ => (0, Node { span, value: Value::Null }),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn items(&mut self, start: Span, depth: usize) -> Result<(Vec<Node>, usize), Stop> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                None => return Ok((items, start.end)),
                Some((Event::SequenceEnd, end)) => return Ok((items, end.end)),
                Some((event, at)) => items.push(self.node(event, at, depth + 1)?),
            }
        }
    }

    fn entries(&mut self, start: Span, depth: usize) -> Result<(Vec<Entry>, usize), Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merges: Vec<(Span, Node)> = Vec::new();
        let end = loop {
            let (event, at) = match self.next()? {
                None => break start.end,
                Some((Event::MappingEnd, end)) => break end.end,
                Some(other) => other,
            };
            let key = self.node(event, at, depth + 1)?;
            let value = match self.next()? {
                Some((event, at)) => self.node(event, at, depth + 1)?,
                None => Node { span: key.span, value: Value::Null },
            };
            let name = match key.value {
                Value::Text(text) => text,
                Value::List(_) | Value::Map(_) => {
                    self.found.push(
                        Diagnostic::error(Code::YamlSyntax, "a key must be a word")
                            .primary(key.span, "this is a list or a mapping")
                            .help("a value that starts with `{` needs quotes when it is text"),
                    );
                    continue;
                }
                _ => self.text[key.span.range()].to_owned(),
            };
            // Quoted it is a name like any other.
            if name == MERGE && &self.text[key.span.range()] == MERGE {
                merges.push((key.span, value));
                continue;
            }
            match entries.iter().find(|entry| entry.key.value == name) {
                Some(first) => self.found.push(
                    Diagnostic::error(Code::DuplicateKey, format!("`{name}` is written twice"))
                        .primary(key.span, "a second time here")
                        .context(first.key.span, "first written here")
                        .help("rename or remove one of them; nothing is overwritten silently"),
                ),
                None => entries.push(Entry { key: Spanned::new(name, key.span), value }),
            }
        };
        for (at, value) in merges {
            self.merge(at, value, &mut entries);
        }
        Ok((entries, end))
    }

    /// Tells that merge keys are not of the core schema, and goes on as if they were, so that nothing is
    /// missing because of it.
    fn merge(&mut self, at: Span, value: Node, into: &mut Vec<Entry>) {
        self.found.push(
            Diagnostic::error(Code::YamlSyntax, "merge keys (`<<`) are not read")
                .primary(at, "would paste the keys of another mapping here")
                .help("write these keys out; a whole value may be repeated by an alias: `by: &groups [region]`, then `by: *groups`"),
        );
        let maps = match value.value {
            Value::List(items) => items,
            _ => vec![value],
        };
        let mut merged: Vec<Entry> = Vec::new();
        for map in maps {
            let Value::Map(entries) = map.value else { continue };
            for Entry { key, value } in entries {
                if into.iter().chain(&merged).all(|own| own.key.value != key.value) {
                    let value = Node { span: at, value: value.value };
                    merged.push(Entry { key: Spanned::new(key.value, at), value });
                }
            }
        }
        // What is written here stays last: a mapping ends where its last entry does.
        into.splice(0..0, merged);
    }

    /// Spans of block values reach over the line ends after them; a caret should not.
    fn trimmed(&self, span: Span) -> Span {
        let text = &self.text[span.range()];
        Span { start: span.start, end: span.start + text.trim_end().len() }
    }
}

/// Without brackets a value ends with its last part; the parser lets it reach over comments to the next.
fn end_of(style: StructureStyle, last: Option<&Node>, end: usize) -> usize {
    match (style, last) {
        (StructureStyle::Block, Some(last)) => last.span.end,
        _ => end,
    }
}

/// Where the text stops making sense inside brackets, the bracket that was opened last is the other end.
fn opened(stop: Stop, style: StructureStyle, span: Span, bracket: &str) -> Stop {
    if style != StructureStyle::Flow || stop.labels.len() > 1 {
        return stop;
    }
    stop.context(Span { start: span.start, end: span.start + 1 }, format!("this `{bracket}` is open"))
}

/// The parser's mistakes in plain words: what is wrong at the place, and what to look at.
fn words(kind: &ErrorKind) -> (String, &'static str) {
    const BRACKETS: &str = "close the bracket, or put a comma between its parts";
    const QUOTES: &str = "text that holds `: ` or ` #`, or starts with one of {}[]*&!|>'\"%@`, needs quotes";
    let (label, help) = match kind {
        ErrorKind::ExpectedFlowMappingSeparator => ("`,` or `}` is missing before this", BRACKETS),
        ErrorKind::ExpectedFlowSequenceSeparator => ("`,` or `]` is missing before this", BRACKETS),
        ErrorKind::UnclosedFlowCollection { .. } => ("a bracket is not closed", BRACKETS),
        ErrorKind::InvalidFlowScalarIndent => ("this stands too far to the left inside brackets", BRACKETS),
        ErrorKind::MappingValueNotAllowed => (
            "a `key: value` cannot stand here",
            "indent keys of one mapping alike; text that holds `: ` needs quotes",
        ),
        ErrorKind::UnexpectedCharacter { .. } => ("a value cannot start like this", QUOTES),
        ErrorKind::UnclosedQuotedScalar => ("a quote is not closed before the end of the file", "close it"),
        ErrorKind::UnknownAnchor => ("this alias names nothing", "text that starts with `*` needs quotes"),
        ErrorKind::ExpectedBlockMappingKey => (
            "not a key of the mapping around it",
            "indent keys of one mapping alike; a list item starts with `- `",
        ),
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => {
            ("a tab", "indent with spaces")
        }
        other => return (other.to_string(), "check indentation, colons and quotes around this place"),
    };
    (label.to_owned(), help)
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
        _ => 0,
    }
}

/// The core schema of YAML 1.2, section 10.3.2, but for whole numbers with `0o` and `0x`, which are text.
fn scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    let numeric = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        && text.bytes().any(|b| b.is_ascii_digit());
    if numeric {
        if let Ok(whole) = text.parse::<i64>() {
            return Value::Integer(whole);
        }
        if let Ok(number) = text.parse::<f64>() {
            return Value::Float(number);
        }
    }
    Value::Text(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Node {
        let (root, found) = tree(text);
        assert!(found.is_empty(), "{found:?}");
        root.expect("a tree")
    }

    #[test]
    fn places_cover_what_was_written() {
        let text = "a: hello\nlist: [x, 'y z']\nmap:\n  k: 1.5 # note\n";
        let tree = root(text);
        let at = |node: &Node| &text[node.span.range()];
        assert_eq!(at(tree.get("a").unwrap()), "hello");
        assert_eq!(at(tree.get("list").unwrap()), "[x, 'y z']");
        assert_eq!(at(tree.get("map").unwrap()), "k: 1.5");
        let Value::List(items) = &tree.get("list").unwrap().value else { panic!() };
        assert_eq!(at(&items[1]), "'y z'");
    }

    #[test]
    fn scalars_follow_the_core_schema() {
        let tree = root("a: no\nb: 1\nc: 1.5\nd: '1'\ne: ~\nf: true\ng: 2026-01-01\nh: 1e3\n");
        assert!(matches!(&tree.get("a").unwrap().value, Value::Text(t) if t == "no"));
        assert!(matches!(tree.get("b").unwrap().value, Value::Integer(1)));
        assert!(matches!(tree.get("c").unwrap().value, Value::Float(_)));
        assert!(matches!(tree.get("d").unwrap().value, Value::Text(_)));
        assert!(matches!(tree.get("e").unwrap().value, Value::Null));
        assert!(matches!(tree.get("f").unwrap().value, Value::Bool(true)));
        assert!(matches!(tree.get("g").unwrap().value, Value::Text(_)));
        assert!(matches!(tree.get("h").unwrap().value, Value::Float(_)));
    }

    #[test]
    fn a_key_written_twice_is_told_with_both_places() {
        let (_, found) = tree("a: 1\nb: 2\na: 3\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].code, Code::DuplicateKey);
        assert_eq!(found[0].labels.len(), 2);
    }

    #[test]
    fn a_merge_key_is_told_once_and_an_alias_is_a_value() {
        let text = "base: &base { from: a, by: b }\nown:\n  <<: *base\n  by: c\n'<<': x\n";
        let (tree, found) = tree(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(&text[found[0].labels[0].span.range()], "<<");
        let tree = tree.unwrap();
        let own = tree.get("own").unwrap();
        assert!(
            matches!(&own.get("from").unwrap().value, Value::Text(from) if from == "a"),
            "nothing is missing"
        );
        assert!(tree.get("<<").is_some(), "in quotes it is a name");
        let aliased = root("a: &groups [x, y]\nb: *groups\n");
        assert!(matches!(&aliased.get("b").unwrap().value, Value::List(items) if items.len() == 2));
    }

    #[test]
    fn trouble_is_told_and_never_panics() {
        for text in
            ["a: [1, 2", "a: b: c", "a:\n\tb: 1", "&a [*a]", "? [x]\n: y", "--- 1\n--- 2\n", "a: 'ü", "{"]
        {
            let (_, found) = tree(text);
            assert!(!found.is_empty(), "{text:?}");
        }
        let deep = "[".repeat(5000);
        assert!(!tree(&deep).1.is_empty());
    }
}
