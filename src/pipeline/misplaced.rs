//! Stages whose parts stand one level too high or too low: one slip of form, told once and in its own
//! words instead of once per key.

use serde_json::Value as Json;

use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Entry, Spanned, Value};
use crate::stages::STAGES;

/// The slip behind a stage's stray keys, if it is one of the usual ones. `own` are the keys that a
/// stage may have beside its kind.
pub(super) fn misplaced(
    id: &Spanned<String>,
    entries: &[Entry],
    own: &[&str],
    schema: &Json,
) -> Option<Diagnostic> {
    let (kinds, rest): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| is_kind(&entry.key.value));
    let strays: Vec<&Entry> =
        rest.into_iter().filter(|entry| !own.contains(&entry.key.value.as_str())).collect();
    let first = strays.first()?;
    let belong_to = |kind: &str| {
        let options = options(schema, kind);
        strays.iter().all(|stray| options.contains(&stray.key.value.as_str()))
    };
    if let Some((entry, kind)) = strays.iter().find_map(|entry| Some((entry, kind_as_value(entry)?))) {
        return Some(
            Diagnostic::error(Code::OneKind, format!("stage `{}` has its kind as a value", id.value))
                .primary(entry.key.span, "the kind itself is the key")
                .help(format!("write `{kind}:` in its place, and indent the options under it")),
        );
    }
    match kinds.as_slice() {
        [kind] if belong_to(&kind.key.value) => {
            let word = &kind.key.value;
            let message = format!("stage `{}` has options of `{word}` beside it", id.value);
            let told = Diagnostic::error(Code::UnknownOption, message)
                .primary(first.key.span, format!("an option of `{word}`"))
                .context(kind.key.span, "belongs inside this");
            Some(told.help(format!("indent the options under `{word}:`")))
        }
        [] if is_kind(&id.value) && belong_to(&id.value) => Some(
            Diagnostic::error(Code::OneKind, format!("`{}` stands where a stage has its name", id.value))
                .primary(id.span, "a kind, read as the name of a stage")
                .context(first.key.span, "an option, read as a kind")
                .help(format!("give the stage a name: `NAME: {{ {}: {{ … }} }}`", id.value)),
        ),
        _ => None,
    }
}

fn is_kind(word: &str) -> bool {
    STAGES.iter().any(|kind| kind.spec().kind == word)
}

/// `kind: net_promoter`, as other tools have it.
fn kind_as_value(entry: &Entry) -> Option<&str> {
    match &entry.value.value {
        Value::Text(word)
            if is_kind(word) && matches!(entry.key.value.as_str(), "kind" | "type" | "stage") =>
        {
            Some(word)
        }
        _ => None,
    }
}

/// The names of a kind's options.
fn options<'s>(schema: &'s Json, kind: &str) -> Vec<&'s str> {
    let mut form = schema.pointer(&format!("/properties/{kind}")).unwrap_or(&Json::Null);
    while let Some(target) =
        form.get("$ref").and_then(Json::as_str).and_then(|path| schema.pointer(path.trim_start_matches('#')))
    {
        form = target;
    }
    form.get("properties")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect()
}
