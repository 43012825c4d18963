//! What a JSON Schema of an option asks for: its words, its variants, its types, and a short example
//! of how it is written. Only what the option types of this crate can say is understood. Knows no
//! value and no place in a file.

use serde_json::Value as Json;

use crate::diagnostic::nearest;

/// The alternatives of a schema that has some.
pub(super) fn choices(schema: &Json) -> Option<&[Json]> {
    ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)).and_then(Json::as_array).map(Vec::as_slice)
}

/// The words that a schema allows, where it allows nothing else.
pub(super) fn words(schema: &Json) -> Vec<&str> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(Json::String(word)), _) => vec![word],
        (_, Some(Json::Array(words))) => words.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn is_free_text(schema: &Json) -> bool {
    has_type(schema, "string") && words(schema).is_empty()
}

/// The key of an externally tagged variant: an object of exactly one, required, property.
pub(super) fn variant(schema: &Json) -> Option<&str> {
    let properties = schema.get("properties")?.as_object()?;
    let required = schema.get("required")?.as_array()?;
    let closed = schema.get("additionalProperties") == Some(&Json::Bool(false));
    match (properties.len(), required.as_slice()) {
        (1, [name]) if closed => name.as_str(),
        _ => None,
    }
}

/// Whether the schema allows values of this type, by the name that JSON Schema has for it.
pub(super) fn has_type(schema: &Json, name: &str) -> bool {
    match schema.get("type") {
        Some(Json::String(one)) => one == name,
        Some(Json::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

/// The names of the options that must be written.
pub(super) fn required(schema: &Json) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

/// The schema behind a reference. `root` holds the `$defs`.
pub(super) fn resolve<'s>(mut schema: &'s Json, root: &'s Json) -> &'s Json {
    while let Some(Json::String(reference)) = schema.get("$ref") {
        match reference.strip_prefix('#').and_then(|path| root.pointer(path)) {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

/// A schema as its alternatives, those of alternatives included; itself where it has none.
pub(super) fn flat<'s>(schema: &'s Json, root: &'s Json) -> Vec<&'s Json> {
    let schema = resolve(schema, root);
    match choices(schema) {
        Some(inner) => inner.iter().flat_map(|choice| flat(choice, root)).collect(),
        None => vec![schema],
    }
}

/// The types of the alternatives in words for people.
pub(super) fn wanted(choices: &[&Json]) -> String {
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

/// How a value of this form is written on one line, with `…` for what the writer knows.
pub(super) fn example(schema: &Json, root: &Json) -> String {
    written(schema, root, 2)
}

fn written(schema: &Json, root: &Json, depth: usize) -> String {
    let flat = flat(schema, root);
    let Some(first) = flat.iter().find(|choice| !has_type(choice, "null")) else { return "…".into() };
    if let Some(word) = words(first).first() {
        return (*word).to_owned();
    }
    if has_type(first, "array") {
        let item = first.get("items").filter(|_| depth > 0);
        return item.map_or("[…]".into(), |item| format!("[{}]", written(item, root, depth - 1)));
    }
    if !has_type(first, "object") {
        return "…".into();
    }
    if depth == 0 {
        return "{ … }".into();
    }
    let properties = first.get("properties").and_then(serde_json::Value::as_object);
    let inner = |name: &str| {
        let property = properties.and_then(|all| all.get(name)).unwrap_or(&Json::Null);
        format!("{name}: {}", written(property, root, depth - 1))
    };
    let mut parts: Vec<String> = required(first).map(inner).collect();
    if parts.is_empty() {
        parts = match (properties.and_then(|all| all.keys().next()), first.get("additionalProperties")) {
            (Some(name), _) => vec![inner(name)],
            (None, Some(rest @ Json::Object(_))) => vec![format!("NAME: {}", written(rest, root, depth - 1))],
            _ => vec!["…".into()],
        };
    }
    format!("{{ {} }}", parts.join(", "))
}

/// The allowed word that was probably meant: one that is spelt alike, or the name that this file format
/// has for the same type.
pub(super) fn meant<'w>(word: &str, allowed: &[&'w str]) -> Option<&'w str> {
    const SAME: [&[&str]; 5] = [
        &["text", "string", "str", "varchar", "char"],
        &["integer", "int", "bigint", "long", "int64"],
        &["float", "number", "double", "decimal", "numeric", "real", "float64"],
        &["boolean", "bool", "logical"],
        &["datetime", "timestamp"],
    ];
    let lower = word.to_lowercase();
    nearest(word, allowed.iter().copied()).or_else(|| {
        let names = SAME.iter().find(|names| names.contains(&lower.as_str()))?;
        allowed.iter().copied().find(|allowed| names.contains(allowed))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_is_shown_on_one_line() {
        let root = json!({ "$defs": { "Item": {
            "type": "object", "required": ["from", "as"],
            "properties": { "from": { "type": "string" }, "as": { "type": ["integer", "null"] }, "at": {} },
        } } });
        let shown = |schema: Json| example(&schema, &root);
        assert_eq!(shown(json!({ "$ref": "#/$defs/Item" })), "{ from: …, as: … }");
        assert_eq!(
            shown(json!({ "type": "array", "items": { "$ref": "#/$defs/Item" } })),
            "[{ from: …, as: … }]"
        );
        assert_eq!(
            shown(json!({ "type": "object", "additionalProperties": { "enum": ["integer", "text"] } })),
            "{ NAME: integer }"
        );
        assert_eq!(shown(json!({ "anyOf": [{ "type": "null" }, { "type": "string" }] })), "…");
    }

    #[test]
    fn a_type_goes_by_many_names() {
        let types = ["integer", "float", "text", "boolean", "date", "datetime"];
        for (word, is) in [("int", "integer"), ("String", "text"), ("bool", "boolean"), ("double", "float")] {
            assert_eq!(meant(word, &types), Some(is));
        }
        assert_eq!(meant("text", &["string", "integer", "number"]), Some("string"));
        assert_eq!(meant("colour", &types), None);
    }
}
