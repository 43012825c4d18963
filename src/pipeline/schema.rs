//! The JSON Schema of a pipeline file, made from the same types that read it.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json, json};

use super::declared::VarForm;
use super::stage::StageForm;
use crate::dataset::DatasetOptions;
use crate::stages::STAGES;

/// The schema of a whole file, for editors.
pub fn json_schema() -> Json {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let dataset = generator.subschema_for::<DatasetOptions>().to_value();
    let var = generator.subschema_for::<VarForm>().to_value();
    let around = generator.subschema_for::<StageForm>().to_value();
    let mut stage = around.get("properties").and_then(Json::as_object).cloned().unwrap_or_default();
    let mut one_kind = Vec::new();
    for kind in STAGES {
        let spec = kind.spec();
        let mut body = kind.schema(&mut generator).to_value();
        if let Some(body) = body.as_object_mut() {
            body.insert("description".into(), spec.summary.into());
        }
        stage.insert(spec.kind.into(), body);
        one_kind.push(json!({ "required": [spec.kind] }));
    }
    let definitions = generator.take_definitions(true);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "growthring pipeline",
        "type": "object",
        "additionalProperties": false,
        "required": ["version", "name", "stages"],
        "properties": {
            "version": { "const": 1, "description": "The version of the file format." },
            "name": { "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]*$", "description": "The pipeline's name; it names the folder of the output." },
            "vars": { "type": "object", "description": "Typed variables: `$name` in expressions, `{name}` in paths and titles.", "additionalProperties": var },
            "variants": { "type": "object", "description": "Named settings of the variables; one run each.", "additionalProperties": { "type": "object" } },
            "datasets": { "type": "object", "description": "Named sources.", "additionalProperties": dataset },
            "stages": {
                "type": "object",
                "description": "The steps, by id. The order of writing does not matter.",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": stage,
                    "oneOf": one_kind,
                },
            },
        },
        "$defs": definitions,
    });
    forget_empty_defaults(&mut schema);
    schema
}

/// A default that stands for the option being left out says nothing, and editors would write it.
fn forget_empty_defaults(schema: &mut Json) {
    match schema {
        Json::Object(entries) => {
            entries.retain(|key, value| key != "default" || !(value.is_null() || *value == json!([])));
            entries.values_mut().for_each(forget_empty_defaults);
        }
        Json::Array(items) => items.iter_mut().for_each(forget_empty_defaults),
        _ => {}
    }
}

/// The schemas of all stages' options under `properties`, with shared definitions: what the reader
/// checks bodies against.
pub(crate) fn stage_schemas() -> Json {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let stages: Map<String, Json> = STAGES
        .iter()
        .map(|kind| (kind.spec().kind.to_owned(), kind.schema(&mut generator).to_value()))
        .collect();
    json!({ "properties": stages, "$defs": generator.take_definitions(true) })
}
