//! What tells one setting of a stage from another. Knows no option by name.

use crate::document::{Node, Value};

/// The same for the same meaning: places, comments and quotes do not count. The order of keys does:
/// the columns of `derive` come out in it.
pub(super) fn fingerprint(kind: &str, body: &Node) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind.as_bytes());
    hash(body, &mut hasher);
    hasher.finalize().to_hex()[..16].to_owned()
}

fn hash(node: &Node, into: &mut blake3::Hasher) {
    match &node.value {
        Value::Null => into.update(b"n"),
        Value::Bool(value) => into.update(if *value { b"t" } else { b"f" }),
        Value::Integer(value) => into.update(b"i").update(&value.to_le_bytes()),
        Value::Float(value) => into.update(b"d").update(&value.to_le_bytes()),
        Value::Text(text) => {
            into.update(b"s").update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes())
        }
        Value::List(items) => {
            into.update(b"l").update(&(items.len() as u64).to_le_bytes());
            items.iter().for_each(|item| hash(item, into));
            into
        }
        Value::Map(entries) => {
            into.update(b"m").update(&(entries.len() as u64).to_le_bytes());
            for entry in entries {
                into.update(&(entry.key.value.len() as u64).to_le_bytes()).update(entry.key.value.as_bytes());
                hash(&entry.value, into);
            }
            into
        }
    };
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::document::Document;

    fn of(yaml: &str) -> String {
        let (document, found) = Document::parse(Path::new("t.yaml"), yaml);
        assert!(found.is_empty(), "{found:?}");
        fingerprint("sql", &document.expect("a document").root)
    }

    #[test]
    fn meaning_counts_and_writing_does_not() {
        assert_eq!(of("{ a: [1, x], b: true }"), of("# words\na:\n- 1\n- 'x'\nb: true\n"));
        for other in ["{ a: ['1', x], b: true }", "{ b: true, a: [1, x] }", "{ a: [1], x: b, c: true }"] {
            assert_ne!(of("{ a: [1, x], b: true }"), of(other), "{other}");
        }
    }
}
