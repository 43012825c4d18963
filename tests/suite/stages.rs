//! Rules about all stages: folder, list, page, options and columns agree.

use std::collections::BTreeSet;
use std::path::Path;

use growthring::pipeline::json_schema;
use growthring::stages::STAGES;
use growthring::stages::page::examples;
use growthring::{Plan, stats};
use serde_json::Value as Json;

#[test]
fn folders_and_the_list_agree() {
    let folders: BTreeSet<String> = std::fs::read_dir("src/stages")
        .expect("the sources")
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    let listed: BTreeSet<String> = STAGES.iter().map(|kind| kind.spec().kind.to_owned()).collect();
    assert_eq!(folders, listed);
}

#[test]
fn summaries_are_one_sentence() {
    for kind in STAGES {
        let summary = kind.spec().summary;
        assert!(summary.ends_with('.') && summary.matches(". ").count() == 0, "{summary}");
        assert!(summary.starts_with(|c: char| c.is_uppercase()), "{summary}");
    }
}

#[test]
fn pages_have_their_parts() {
    for kind in STAGES {
        let spec = kind.spec();
        for heading in ["How it is computed", "When a value is missing", "When not to use it"] {
            assert!(spec.page.contains(heading), "the page of `{}` lacks \"{heading}\"", spec.kind);
        }
        let examples = examples(spec.page);
        assert!(examples.iter().any(|example| !example.gives.is_empty()), "`{}` shows no result", spec.kind);
        let refusal = |says: &str| says.contains("error[");
        assert!(
            examples.iter().any(|example| example.says.as_deref().is_some_and(refusal)),
            "`{}` shows no refusal",
            spec.kind
        );
    }
}

#[test]
fn every_option_is_documented() {
    let schema = json_schema();
    let stages = schema.pointer("/properties/stages/additionalProperties/properties").expect("stages");
    for kind in STAGES {
        let name = kind.spec().kind;
        let mut bare = Vec::new();
        undocumented(&stages[name], &schema, &mut vec![name.to_owned()], &mut bare, 0);
        assert!(bare.is_empty(), "options without a sentence: {bare:?}");
    }
}

fn undocumented(schema: &Json, root: &Json, path: &mut Vec<String>, bare: &mut Vec<String>, depth: usize) {
    if depth > 12 {
        return;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).expect("a definition");
        return undocumented(target, root, path, bare, depth + 1);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        path.push(name.clone());
        if property["description"].as_str().is_none_or(str::is_empty) && schema["description"].is_null() {
            bare.push(path.join("."));
        }
        undocumented(property, root, path, bare, depth + 1);
        path.pop();
    }
    for inner in ["anyOf", "oneOf"].iter().flat_map(|key| schema[*key].as_array().into_iter().flatten()) {
        undocumented(inner, root, path, bare, depth + 1);
    }
    undocumented(&schema["items"], root, path, bare, depth + 1);
}

/// Promised columns are named by the user or stand in the glossary.
#[test]
fn output_columns_are_explained() {
    for kind in STAGES {
        let spec = kind.spec();
        for example in examples(spec.page).iter().filter(|example| !example.gives.is_empty()) {
            let folder = tempfile::tempdir().expect("a folder");
            for (name, csv) in &example.tables {
                std::fs::write(folder.path().join(format!("{name}.csv")), csv).expect("a table");
            }
            let text = example.file("page");
            let plan = Plan::of_text(Path::new("p.yaml"), &text, folder.path(), None, &[]).expect("a plan");
            let named: BTreeSet<String> = text
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .map(str::to_owned)
                .chain(
                    plan.sources
                        .iter()
                        .flat_map(|source| source.schema.iter_names().map(|name| name.to_string())),
                )
                .collect();
            for step in &plan.steps {
                let sides = step.promise.sides.iter().map(|side| &side.schema);
                for schema in std::iter::once(&step.promise.main).chain(sides) {
                    for column in schema.iter_names() {
                        let known =
                            stats::column_meaning(column).is_some() || named.contains(column.as_str());
                        assert!(known, "`{}` makes the column `{column}`, which nobody explains", step.kind);
                    }
                }
            }
        }
    }
}

/// The committed schema is the one the types make. `GROWTHRING_UPDATE=1` writes it.
#[test]
fn the_committed_schema_is_true() {
    let path = "pipelines/pipeline.schema.json";
    let made = format!("{}\n", serde_json::to_string_pretty(&json_schema()).expect("JSON"));
    if std::env::var_os("GROWTHRING_UPDATE").is_some() {
        std::fs::write(path, &made).expect("the schema");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(made == committed, "{path} is out of date: GROWTHRING_UPDATE=1 cargo test --release");
}
