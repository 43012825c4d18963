//! `growthring explain`: the pages behind the words.

use clap::Args;
use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

use super::{Exit, USAGE, out, say};
use crate::diagnostic::{CautionCode, Code, nearest};
use crate::stages::STAGES;
use crate::stats;

/// Explain a stage, a diagnostic, a caution, an output column, or expressions
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A kind of stage, a code such as unknown-column, an output column such as n_effective, or
    /// `expressions`
    name: String,
}

impl Explain {
    pub(super) fn execute(self) -> Exit {
        let name = self.name.as_str();
        if name == "expressions" {
            return out(crate::expression::PAGE);
        }
        if let Some(kind) = STAGES.iter().find(|kind| kind.spec().kind == name) {
            let mut generator = SchemaSettings::draft2020_12().into_generator();
            let schema = kind.schema(&mut generator).to_value();
            let definitions = generator.take_definitions(true);
            return out(&format!("{}\n{}", kind.spec().page.trim_end(), options(&schema, &definitions)));
        }
        if let Some(code) = Code::ALL.iter().find(|code| code.word() == name) {
            return out(code.page());
        }
        if let Some(code) = CautionCode::ALL.iter().find(|code| code.word() == name) {
            return out(code.page().1);
        }
        if let Some(meaning) = stats::column_meaning(name) {
            return out(&format!("{name}: {meaning}\n"));
        }
        let columns = stats::columns();
        let known = STAGES
            .iter()
            .map(|kind| kind.spec().kind)
            .chain(Code::ALL.iter().map(|code| code.word()))
            .chain(CautionCode::ALL.iter().map(|code| code.word()))
            .chain(columns.keys().map(String::as_str))
            .chain(["expressions"]);
        let hint = nearest(name, known).map_or_else(
            || "it is neither a stage, a code nor an output column".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        say(&format!("error: `{name}` is not known; {hint}"));
        USAGE
    }
}

/// The options of a stage, from the documentation of its type; those inside others are indented.
fn options(schema: &Json, definitions: &serde_json::Map<String, Json>) -> String {
    let mut text = String::from("\n## Options\n\n");
    list(schema, definitions, 0, &mut Vec::new(), &mut text);
    text
}

/// Lists the properties of a schema, of its choices and of its items. `open` holds the definitions on
/// the way here, so that one that holds itself ends.
fn list<'s>(
    schema: &'s Json,
    definitions: &'s serde_json::Map<String, Json>,
    depth: usize,
    open: &mut Vec<&'s str>,
    text: &mut String,
) {
    if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
        if !open.contains(&reference) {
            open.push(reference);
            list(resolve(schema, definitions), definitions, depth, open, text);
            open.pop();
        }
        return;
    }
    let required = schema.get("required").and_then(Json::as_array);
    for (name, property) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let described =
            property.get("description").or_else(|| resolve(property, definitions).get("description"));
        let meaning = described.and_then(Json::as_str).unwrap_or_default().replace('\n', " ");
        let is_required = required.is_some_and(|all| all.iter().any(|one| one == name.as_str()));
        let mark = if is_required { " (required)" } else { "" };
        let default = property.get("default").and_then(shown);
        let default = default.map_or_else(String::new, |value| format!(" [default: {value}]"));
        text.push_str(&format!("{}- `{name}`{mark}: {meaning}{default}\n", "  ".repeat(depth)));
        list(property, definitions, depth + 1, open, text);
    }
    let choices = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    let inner = ["items", "additionalProperties"].into_iter().filter_map(|key| schema.get(key));
    choices.chain(inner).for_each(|inner| list(inner, definitions, depth, open, text));
}

/// A default as it would be written; none where it stands for the option being left out.
fn shown(default: &Json) -> Option<String> {
    match default {
        Json::Null => None,
        Json::String(word) => Some(word.clone()),
        Json::Array(items) if items.is_empty() => None,
        Json::Object(entries) if entries.is_empty() => None,
        other => Some(other.to_string()),
    }
}

fn resolve<'s>(schema: &'s Json, definitions: &'s serde_json::Map<String, Json>) -> &'s Json {
    schema
        .get("$ref")
        .and_then(Json::as_str)
        .and_then(|reference| definitions.get(reference.rsplit('/').next()?))
        .unwrap_or(schema)
}
