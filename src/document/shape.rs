//! The form of a value against the JSON Schema of its type: unknown keys, missing keys, wrong types,
//! unknown words, all at once and each in its place.
//!
//! The schema is the one that editors get, so that editor and program cannot disagree. Knows no stage;
//! how a schema is read is in [`super::form`].

use serde_json::Value as Json;

use super::form::{
    choices, example, flat, has_type, is_free_text, meant, required, resolve, variant, wanted, words,
};
use super::{Entry, Node, Span, Value};
use crate::diagnostic::{Code, Diagnostic, listed, nearest};

/// What could be understood of a node.
#[derive(Debug)]
pub struct Conformed {
    /// The node without what cannot be read; none where too little is left to make a value of.
    pub node: Option<Node>,
    /// Whether something was left out or guessed: what the value leads to is not what was meant, and
    /// nothing may be concluded from it.
    pub guessed: bool,
}

/// Checks a node against a schema. `root` holds the `$defs`, `what` names the thing in messages
/// (`stage `nps``), `key` is the place of the key that the node is the value of. What comes back can
/// be read, so that everything else in it is checked as well: unknown keys are gone, a word that
/// does not exist is the one that was probably meant, an option of the wrong type is left out.
pub fn conform<'a>(
    node: &Node,
    key: Span,
    schema: &'a Json,
    root: &'a Json,
    what: &'a str,
    found: &'a mut Vec<Diagnostic>,
) -> Conformed {
    let mut conformer =
        Conformer { root, what, found, path: Vec::new(), keys: vec![Some(key)], guessed: false };
    let node = conformer.node(node, schema);
    Conformed { node, guessed: conformer.guessed }
}

struct Conformer<'a> {
    root: &'a Json,
    what: &'a str,
    found: &'a mut Vec<Diagnostic>,
    /// The options around the node, from the outermost; items of lists are not counted.
    path: Vec<String>,
    /// The places of the keys around the node, from the outermost; none for an item of a list.
    keys: Vec<Option<Span>>,
    guessed: bool,
}

impl<'a> Conformer<'a> {
    /// The readable part of a node. Where there is none, the mistake was told.
    fn node(&mut self, node: &Node, schema: &'a Json) -> Option<Node> {
        let schema = resolve(schema, self.root);
        if choices(schema).is_some() {
            return self.choose(node, &flat(schema, self.root));
        }
        if let Some(wanted) = schema.get("const") {
            return self.word(node, &[wanted]);
        }
        if let Some(Json::Array(words)) = schema.get("enum") {
            return self.word(node, &words.iter().collect::<Vec<_>>());
        }
        if !fits(node, schema) {
            self.wrong_type(node, &[schema]);
            return None;
        }
        match &node.value {
            Value::Map(entries) => self.map(node, entries, schema),
            Value::List(items) => {
                let Some(form) = schema.get("items") else { return Some(node.clone()) };
                let kept: Vec<Node> = items.iter().filter_map(|child| self.item(child, form)).collect();
                self.guessed |= kept.len() < items.len();
                (items.is_empty() || !kept.is_empty())
                    .then_some(Node { span: node.span, value: Value::List(kept) })
            }
            Value::Integer(value) => {
                self.bounds(node.span, *value as f64, schema);
                Some(node.clone())
            }
            // Of what is no number nothing else can be said.
            Value::Float(value) if !value.is_finite() => {
                self.out_of_range(node.span, "a finite number");
                None
            }
            Value::Float(value) => {
                self.bounds(node.span, *value, schema);
                Some(node.clone())
            }
            _ => Some(node.clone()),
        }
    }

    fn map(&mut self, node: &Node, entries: &[Entry], schema: &'a Json) -> Option<Node> {
        let properties = schema.get("properties").and_then(Json::as_object);
        let rest = schema.get("additionalProperties");
        let mut kept = Vec::with_capacity(entries.len());
        let mut readable = true;
        for entry in entries {
            let known = properties.and_then(|all| all.get(&entry.key.value));
            let (form, is_required) = match (known, rest) {
                (Some(property), _) => (property, required(schema).any(|name| name == entry.key.value)),
                (None, Some(Json::Bool(false))) => {
                    let allowed: Vec<&str> =
                        properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                    self.unknown_option(entry, &allowed);
                    continue;
                }
                (None, Some(rest @ Json::Object(_))) => (rest, false),
                (None, _) => {
                    kept.push(entry.clone());
                    continue;
                }
            };
            let value = self.below(entry, form).or_else(|| {
                self.guessed = true;
                if is_required { self.any_word(&entry.value, form) } else { None }
            });
            match value {
                Some(value) => kept.push(Entry { key: entry.key.clone(), value }),
                None => readable &= !is_required,
            }
        }
        for name in required(schema) {
            if !entries.iter().any(|entry| entry.key.value == name) {
                self.missing(node, name, properties.and_then(|all| all.get(name)));
                readable = false;
            }
        }
        readable.then_some(Node { span: node.span, value: Value::Map(kept) })
    }

    fn missing(&mut self, node: &Node, name: &str, property: Option<&'a Json>) {
        let meaning = property
            .and_then(|property| resolve(property, self.root).get("description"))
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

    fn choose(&mut self, node: &Node, flat: &[&'a Json]) -> Option<Node> {
        let is_plain_map = |choice: &&Json| has_type(choice, "object") && variant(choice).is_none();
        let variants: Vec<(&str, &'a Json)> =
            flat.iter().copied().filter_map(|choice| Some((variant(choice)?, choice))).collect();
        let names = || variants.iter().map(|(name, _)| *name);
        match &node.value {
            Value::Null if flat.iter().any(|choice| has_type(choice, "null")) => Some(node.clone()),
            Value::Text(text) => {
                let words: Vec<&str> = flat.iter().copied().flat_map(words).collect();
                if words.contains(&text.as_str()) {
                    return Some(node.clone());
                }
                if let Some(free) = flat.iter().copied().find(|choice| is_free_text(choice)) {
                    return self.node(node, free);
                }
                if names().any(|name| name == text) {
                    self.found.push(
                        Diagnostic::error(
                            Code::WrongType,
                            format!("{} has a value of the wrong type", self.subject()),
                        )
                        .primary(node.span, format!("this is a word, but `{text}` has options"))
                        .help(format!("write `{text}: {{ … }}` with its options")),
                    );
                    return None;
                }
                if words.is_empty() && variants.is_empty() {
                    self.wrong_type(node, flat);
                    return None;
                }
                let allowed: Vec<&str> = words.iter().copied().chain(names()).collect();
                let map = flat.iter().copied().find(is_plain_map);
                self.unknown_value(text, node.span, &allowed, map);
                let near = meant(text, &allowed).filter(|near| words.contains(near))?;
                Some(Node { span: node.span, value: Value::Text(near.to_owned()) })
            }
            Value::Map(entries) if !variants.is_empty() && !flat.iter().any(is_plain_map) => {
                let [entry] = entries.as_slice() else {
                    self.found.push(
                        Diagnostic::error(
                            Code::WrongType,
                            format!("{} wants exactly one key", self.subject()),
                        )
                        .primary(self.inside(node), format!("{} keys are written here", entries.len()))
                        .help(format!("choose one of {}", listed(names()))),
                    );
                    return None;
                };
                match variants.iter().find(|(name, _)| *name == entry.key.value) {
                    Some((_, choice)) => self.node(node, choice),
                    None => {
                        self.unknown_option(entry, &names().collect::<Vec<_>>());
                        None
                    }
                }
            }
            Value::Map(entries) => {
                let one = match entries.as_slice() {
                    [entry] => variants.iter().find(|(name, _)| *name == entry.key.value),
                    _ => None,
                };
                match one {
                    Some((_, choice)) => self.node(node, choice),
                    None => self.plain(node, flat),
                }
            }
            _ => self.plain(node, flat),
        }
    }

    /// The first choice whose type fits; choices of one type are written so that the first is right.
    fn plain(&mut self, node: &Node, flat: &[&'a Json]) -> Option<Node> {
        let fitting = flat.iter().copied().find(|choice| fits(node, choice) && words(choice).is_empty());
        match fitting {
            Some(choice) => self.node(node, choice),
            None => {
                self.wrong_type(node, flat);
                None
            }
        }
    }

    fn word(&mut self, node: &Node, words: &[&Json]) -> Option<Node> {
        let allowed: Vec<&str> = words.iter().filter_map(|word| word.as_str()).collect();
        match &node.value {
            Value::Text(text) if allowed.contains(&text.as_str()) => Some(node.clone()),
            Value::Text(text) => {
                self.unknown_value(text, node.span, &allowed, None);
                let near = meant(text, &allowed)?;
                Some(Node { span: node.span, value: Value::Text(near.to_owned()) })
            }
            Value::Integer(value) if words.iter().any(|word| word.as_i64() == Some(*value)) => {
                Some(node.clone())
            }
            _ => {
                self.not_wanted(node, &format!("one of {}", listed(allowed.iter().copied())), None);
                None
            }
        }
    }

    /// In the place of a word that cannot be left out and resembles none: any that is allowed.
    fn any_word(&self, node: &Node, schema: &'a Json) -> Option<Node> {
        let word = flat(schema, self.root).into_iter().find_map(|choice| words(choice).first().copied())?;
        Some(Node { span: node.span, value: Value::Text(word.to_owned()) })
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
        self.out_of_range(span, &problem);
    }

    fn out_of_range(&mut self, span: Span, wanted: &str) {
        self.found.push(
            Diagnostic::error(Code::OutOfRange, format!("{} has a number out of range", self.subject()))
                .primary(span, format!("wanted is {wanted}")),
        );
    }

    fn wrong_type(&mut self, node: &Node, choices: &[&Json]) {
        let structured = choices.iter().any(|choice| has_type(choice, "array") || has_type(choice, "object"));
        let key = self.path.last().filter(|_| self.keys.last().is_some_and(Option::is_some));
        let forms: Vec<String> = choices
            .iter()
            .filter(|choice| structured && !has_type(choice, "null"))
            .map(|choice| {
                let form = example(choice, self.root);
                key.map_or_else(|| format!("`{form}`"), |key| format!("`{key}: {form}`"))
            })
            .collect();
        let help = match forms.split_last() {
            None => None,
            Some((only, [])) => Some(format!("write {only}")),
            Some((last, rest)) => Some(format!("write {} or {last}", rest.join(", "))),
        };
        self.not_wanted(node, &wanted(choices), help);
    }

    fn not_wanted(&mut self, node: &Node, wanted: &str, help: Option<String>) {
        let mut wrong =
            Diagnostic::error(Code::WrongType, format!("{} has a value of the wrong type", self.subject()))
                .primary(head(node), format!("this is {}, wanted is {wanted}", node.kind()));
        let scalar = matches!(node.value, Value::Integer(_) | Value::Float(_) | Value::Bool(_));
        if scalar && wanted.contains("text") {
            wrong = wrong.help("put it in quotes to make it text");
        } else if let Some(help) = help {
            wrong = wrong.help(help);
        }
        self.found.push(wrong);
    }

    fn unknown_option(&mut self, entry: &Entry, allowed: &[&str]) {
        self.guessed = true;
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

    /// `map` is the form of the mapping that may stand in the place of a word.
    fn unknown_value(&mut self, value: &str, span: Span, allowed: &[&str], map: Option<&Json>) {
        let unknown = Diagnostic::error(
            Code::UnknownValue,
            format!("{} does not know the word `{value}`", self.subject()),
        )
        .primary(span, "not one of the words allowed here");
        let or = map.map_or_else(String::new, |map| {
            let key = self.path.last().map_or_else(String::new, |key| format!("{key}: "));
            format!(", or a mapping: `{key}{}`", example(map, self.root))
        });
        let near = meant(value, allowed).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        self.found.push(unknown.help(format!("{near}allowed are {}{or}", listed(allowed.iter().copied()))));
    }

    /// The value of an entry.
    fn below(&mut self, entry: &Entry, schema: &'a Json) -> Option<Node> {
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
    fn item(&mut self, item: &Node, schema: &'a Json) -> Option<Node> {
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
