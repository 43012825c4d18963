//! The form of a value against the JSON Schema of its type: unknown keys, missing keys, wrong types,
//! unknown words, all at once and each in its place.
//!
//! The schema is the one that editors get, so that editor and program cannot disagree. Only what
//! the option types of this crate can say is understood: objects, arrays, scalars, `const`, `enum`,
//! `anyOf`, `oneOf`, `$ref`, bounds.

use serde_json::Value as Json;

use super::{Entry, Node, Span, Value};
use crate::diagnostic::{Code, Diagnostic, listed, nearest};

/// Checks a node against a schema. `root` holds the `$defs`, `what` names the thing in messages
/// (`stage `nps``), `key` is the place of the key that the node is the value of. What comes back is
/// the node without its unknown keys, so that reading can go on.
pub fn conform<'a>(
    node: &Node,
    key: Span,
    schema: &'a Json,
    root: &'a Json,
    what: &'a str,
    found: &'a mut Vec<Diagnostic>,
) -> Node {
    Conformer { root, what, found, path: Vec::new(), keys: vec![Some(key)] }.node(node, schema)
}

struct Conformer<'a> {
    root: &'a Json,
    what: &'a str,
    found: &'a mut Vec<Diagnostic>,
    /// The options around the node, from the outermost; items of lists are not counted.
    path: Vec<String>,
    /// The places of the keys around the node, from the outermost; none for an item of a list.
    keys: Vec<Option<Span>>,
}

impl<'a> Conformer<'a> {
    fn node(&mut self, node: &Node, schema: &'a Json) -> Node {
        let schema = self.resolve(schema);
        if let Some(choices) = choices(schema) {
            return self.choose(node, choices);
        }
        if let Some(wanted) = schema.get("const") {
            return self.word(node, &[wanted]);
        }
        if let Some(Json::Array(words)) = schema.get("enum") {
            return self.word(node, &words.iter().collect::<Vec<_>>());
        }
        if !fits(node, schema) {
            self.wrong_type(node, &wanted(schema));
            return node.clone();
        }
        match &node.value {
            Value::Map(entries) => self.map(node, entries, schema),
            Value::List(items) => {
                let Some(item) = schema.get("items") else { return node.clone() };
                let items = items.iter().map(|child| self.item(child, item)).collect();
                Node { span: node.span, value: Value::List(items) }
            }
            Value::Integer(value) => {
                self.bounds(node.span, *value as f64, schema);
                node.clone()
            }
            Value::Float(value) => {
                self.bounds(node.span, *value, schema);
                node.clone()
            }
            _ => node.clone(),
        }
    }

    fn resolve(&self, mut schema: &'a Json) -> &'a Json {
        while let Some(Json::String(reference)) = schema.get("$ref") {
            match reference.strip_prefix('#').and_then(|path| self.root.pointer(path)) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }

    fn map(&mut self, node: &Node, entries: &[Entry], schema: &'a Json) -> Node {
        let properties = schema.get("properties").and_then(Json::as_object);
        let rest = schema.get("additionalProperties");
        let mut kept = Vec::with_capacity(entries.len());
        for entry in entries {
            let known = properties.and_then(|all| all.get(&entry.key.value));
            match (known, rest) {
                (Some(property), _) => {
                    kept.push(Entry { key: entry.key.clone(), value: self.below(entry, property) });
                }
                (None, Some(Json::Bool(false))) => {
                    let allowed: Vec<&str> =
                        properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                    self.unknown_option(entry, &allowed);
                }
                (None, Some(rest @ Json::Object(_))) => {
                    kept.push(Entry { key: entry.key.clone(), value: self.below(entry, rest) });
                }
                (None, _) => kept.push(entry.clone()),
            }
        }
        for name in schema.get("required").and_then(Json::as_array).into_iter().flatten() {
            let Some(name) = name.as_str() else { continue };
            if !entries.iter().any(|entry| entry.key.value == name) {
                let meaning = properties
                    .and_then(|all| all.get(name))
                    .map(|property| self.resolve(property))
                    .and_then(|property| property.get("description"))
                    .and_then(Json::as_str)
                    .map(|text| text.split("\n\n").next().unwrap_or(text).replace('\n', " "));
                let mut missing = Diagnostic::error(
                    Code::MissingOption,
                    format!("{} lacks the option `{}`", self.what, self.below_path(name)),
                )
                .primary(self.inside(node), format!("`{name}` is missing here"));
                if let Some(meaning) = meaning {
                    missing = missing.help(format!("`{name}`: {meaning}"));
                }
                self.found.push(missing);
            }
        }
        Node { span: node.span, value: Value::Map(kept) }
    }

    fn choose(&mut self, node: &Node, choices: &'a [Json]) -> Node {
        let mut flat = Vec::new();
        self.flatten(choices, &mut flat);
        match &node.value {
            Value::Null if flat.iter().any(|choice| has_type(choice, "null")) => node.clone(),
            Value::Text(text) => {
                let words: Vec<&str> = flat.iter().copied().flat_map(words).collect();
                if words.contains(&text.as_str()) {
                    return node.clone();
                }
                if let Some(free) = flat.iter().copied().find(|choice| is_free_text(choice)) {
                    return self.node(node, free);
                }
                let variants: Vec<&str> = flat.iter().copied().filter_map(variant).collect();
                if variants.contains(&text.as_str()) {
                    self.found.push(
                        Diagnostic::error(
                            Code::WrongType,
                            format!("{} has a value of the wrong type", self.subject()),
                        )
                        .primary(node.span, format!("this is a word, but `{text}` has options"))
                        .help(format!("write `{text}: {{ … }}` with its options")),
                    );
                    return node.clone();
                }
                match words.is_empty() && variants.is_empty() {
                    true => self.wrong_type(node, &all_wanted(&flat)),
                    false => {
                        let mut allowed = words;
                        allowed.extend(variants);
                        self.unknown_value(text, node.span, &allowed);
                    }
                }
                node.clone()
            }
            Value::Map(entries) => {
                let variants: Vec<(&str, &'a Json)> =
                    flat.iter().copied().filter_map(|choice| Some((variant(choice)?, choice))).collect();
                if !variants.is_empty() {
                    if let [entry] = entries.as_slice() {
                        return match variants.iter().find(|(name, _)| *name == entry.key.value) {
                            Some((_, choice)) => self.node(node, choice),
                            None if flat.iter().any(|c| has_type(c, "object") && variant(c).is_none()) => {
                                self.plain(node, &flat)
                            }
                            None => {
                                let allowed: Vec<&str> = variants.iter().map(|(name, _)| *name).collect();
                                self.unknown_option(entry, &allowed);
                                node.clone()
                            }
                        };
                    }
                    if !flat.iter().any(|c| has_type(c, "object") && variant(c).is_none()) {
                        let allowed: Vec<&str> = variants.iter().map(|(name, _)| *name).collect();
                        self.found.push(
                            Diagnostic::error(
                                Code::WrongType,
                                format!("{} wants exactly one key", self.subject()),
                            )
                            .primary(self.inside(node), format!("{} keys are written here", entries.len()))
                            .help(format!("choose one of {}", listed(allowed.iter().copied()))),
                        );
                        return node.clone();
                    }
                }
                self.plain(node, &flat)
            }
            _ => self.plain(node, &flat),
        }
    }

    /// The first choice whose type fits; choices of one type are written so that the first is right.
    fn plain(&mut self, node: &Node, flat: &[&'a Json]) -> Node {
        match flat.iter().copied().find(|choice| {
            fits(node, choice) && choice.get("const").is_none() && choice.get("enum").is_none()
        }) {
            Some(choice) => self.node(node, choice),
            None => {
                self.wrong_type(node, &all_wanted(flat));
                node.clone()
            }
        }
    }

    fn flatten(&self, choices: &'a [Json], into: &mut Vec<&'a Json>) {
        for choice in choices {
            let choice = self.resolve(choice);
            match self::choices(choice) {
                Some(inner) => self.flatten(inner, into),
                None => into.push(choice),
            }
        }
    }

    fn word(&mut self, node: &Node, words: &[&Json]) -> Node {
        let allowed: Vec<&str> = words.iter().filter_map(|word| word.as_str()).collect();
        match &node.value {
            Value::Text(text) if allowed.contains(&text.as_str()) => {}
            Value::Text(text) => self.unknown_value(text, node.span, &allowed),
            Value::Integer(value) if words.iter().any(|word| word.as_i64() == Some(*value)) => {}
            _ => self.wrong_type(node, &format!("one of {}", listed(allowed.iter().copied()))),
        }
        node.clone()
    }

    fn bounds(&mut self, span: Span, value: f64, schema: &Json) {
        let bound = |name: &str| schema.get(name).and_then(Json::as_f64);
        let problem = match () {
            _ if bound("minimum").is_some_and(|low| value < low) => {
                format!("at least {}", bound("minimum").unwrap_or_default())
            }
            _ if bound("exclusiveMinimum").is_some_and(|low| value <= low) => {
                format!("more than {}", bound("exclusiveMinimum").unwrap_or_default())
            }
            _ if bound("maximum").is_some_and(|high| value > high) => {
                format!("at most {}", bound("maximum").unwrap_or_default())
            }
            _ if bound("exclusiveMaximum").is_some_and(|high| value >= high) => {
                format!("less than {}", bound("exclusiveMaximum").unwrap_or_default())
            }
            _ => return,
        };
        self.found.push(
            Diagnostic::error(Code::OutOfRange, format!("{} has a number out of range", self.subject()))
                .primary(span, format!("wanted is {problem}")),
        );
    }

    fn wrong_type(&mut self, node: &Node, wanted: &str) {
        let mut wrong =
            Diagnostic::error(Code::WrongType, format!("{} has a value of the wrong type", self.subject()))
                .primary(head(node), format!("this is {}, wanted is {wanted}", node.kind()));
        let scalar = matches!(node.value, Value::Integer(_) | Value::Float(_) | Value::Bool(_));
        if scalar && wanted.contains("text") {
            wrong = wrong.help("put it in quotes to make it text");
        }
        self.found.push(wrong);
    }

    fn unknown_option(&mut self, entry: &Entry, allowed: &[&str]) {
        let key = entry.key.value.as_str();
        let mut unknown = Diagnostic::error(
            Code::UnknownOption,
            format!("{} has no option `{}`", self.what, self.below_path(key)),
        )
        .primary(entry.key.span, "not an option here");
        if let Some(Some(key)) = self.keys.last() {
            unknown = unknown.context(*key, "inside this");
        }
        let joined = key.split_once(' ').filter(|(first, _)| allowed.contains(first));
        self.found.push(match (joined, nearest(key, allowed.iter().copied())) {
            (Some((first, rest)), _) => unknown.help(format!("is a colon missing? `{first}: {rest}`")),
            (None, Some(near)) => unknown.help(format!("an option with a similar name exists: `{near}`")),
            (None, None) => unknown.help(format!("its options are {}", listed(allowed.iter().copied()))),
        });
    }

    fn unknown_value(&mut self, value: &str, span: Span, allowed: &[&str]) {
        let unknown = Diagnostic::error(
            Code::UnknownValue,
            format!("{} does not know the word `{value}`", self.subject()),
        )
        .primary(span, "not one of the words allowed here");
        self.found.push(match nearest(value, allowed.iter().copied()) {
            Some(near) => unknown
                .help(format!("did you mean `{near}`? allowed are {}", listed(allowed.iter().copied()))),
            None => unknown.help(format!("allowed are {}", listed(allowed.iter().copied()))),
        });
    }

    /// The value of an entry.
    fn below(&mut self, entry: &Entry, schema: &'a Json) -> Node {
        self.path.push(entry.key.value.clone());
        self.keys.push(Some(entry.key.span));
        let node = self.node(&entry.value, schema);
        self.path.pop();
        self.keys.pop();
        node
    }

    /// The thing in messages, with the option that is looked at: `` stage `nps`: `interval` ``.
    fn subject(&self) -> String {
        match self.path.as_slice() {
            [] => self.what.to_owned(),
            path => format!("{}: `{}`", self.what, path.join(".")),
        }
    }

    fn below_path(&self, name: &str) -> String {
        self.path.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(".")
    }

    /// The value of an item of a list.
    fn item(&mut self, item: &Node, schema: &'a Json) -> Node {
        self.keys.push(None);
        let node = self.node(item, schema);
        self.keys.pop();
        node
    }

    /// Where something is missing: the key whose value it is missing from, or the item of a list.
    fn inside(&self, node: &Node) -> Span {
        self.keys.last().copied().flatten().unwrap_or_else(|| head(node))
    }
}

/// The place to point at for a whole value: its first line, which for a mapping is its first key.
fn head(node: &Node) -> Span {
    match &node.value {
        Value::Map(entries) => entries.first().map_or(node.span, |entry| entry.key.span),
        _ => node.span,
    }
}

fn choices(schema: &Json) -> Option<&[Json]> {
    ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)).and_then(Json::as_array).map(Vec::as_slice)
}

fn words(schema: &Json) -> Vec<&str> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(Json::String(word)), _) => vec![word],
        (_, Some(Json::Array(words))) => words.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_free_text(schema: &Json) -> bool {
    has_type(schema, "string") && schema.get("const").is_none() && schema.get("enum").is_none()
}

/// The key of an externally tagged variant: an object of exactly one, required, property.
fn variant(schema: &Json) -> Option<&str> {
    let properties = schema.get("properties")?.as_object()?;
    let required = schema.get("required")?.as_array()?;
    let closed = schema.get("additionalProperties") == Some(&Json::Bool(false));
    match (properties.len(), required.as_slice()) {
        (1, [name]) if closed => name.as_str(),
        _ => None,
    }
}

fn has_type(schema: &Json, name: &str) -> bool {
    match schema.get("type") {
        Some(Json::String(one)) => one == name,
        Some(Json::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

fn fits(node: &Node, schema: &Json) -> bool {
    if schema.get("type").is_none() {
        return true;
    }
    match node.value {
        Value::Null => has_type(schema, "null"),
        Value::Bool(_) => has_type(schema, "boolean"),
        Value::Integer(_) => has_type(schema, "integer") || has_type(schema, "number"),
        Value::Float(_) => has_type(schema, "number"),
        Value::Text(_) => has_type(schema, "string"),
        Value::List(_) => has_type(schema, "array"),
        Value::Map(_) => has_type(schema, "object"),
    }
}

fn wanted(schema: &Json) -> String {
    all_wanted(&[schema])
}

fn all_wanted(choices: &[&Json]) -> String {
    const NAMES: [(&str, &str); 6] = [
        ("string", "text"),
        ("integer", "a whole number"),
        ("number", "a number"),
        ("boolean", "true or false"),
        ("array", "a list"),
        ("object", "a mapping"),
    ];
    let mut names: Vec<&str> = Vec::new();
    for choice in choices {
        for (key, name) in NAMES {
            if has_type(choice, key) && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    match names.split_last() {
        None => "something else".into(),
        Some((only, [])) => (*only).into(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
