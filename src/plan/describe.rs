//! A plan in words and as JSON: what will be read, computed and written, and why. Describes the same
//! value that a run carries out.

use std::fmt::Write as _;

use polars::prelude::Schema;
use serde_json::{Value as Json, json as object};

use super::{Plan, Source, Step, table_id};
use crate::stages::type_name;

/// The plan for people. `steps` is the selection that would run.
pub fn text(plan: &Plan, steps: &[&Step], out: &str) -> String {
    let mut text = String::new();
    // Writing into a String cannot fail.
    let _ = write(&mut text, plan, steps, out);
    text
}

fn write(text: &mut String, plan: &Plan, steps: &[&Step], out: &str) -> std::fmt::Result {
    write!(text, "pipeline {}", plan.name)?;
    if let Some(variant) = &plan.variant {
        write!(text, ", variant {variant}")?;
    }
    writeln!(text)?;
    for (name, value) in &plan.vars {
        writeln!(text, "  {name} = {value}")?;
    }
    writeln!(text, "\nread")?;
    for source in used_sources(plan, steps) {
        let files = source.found.names();
        let shown = match files.as_slice() {
            [one] => one.clone(),
            [first, .., last] => format!("{} files, {first} … {last}", files.len()),
            [] => String::new(),
        };
        writeln!(text, "  {}  {shown} ({})", source.dataset.id.value, source.found.how())?;
        writeln!(text, "      {}", columns(&source.schema))?;
    }
    writeln!(text, "\ncompute")?;
    for step in steps {
        write!(text, "  {}  {}", step.id, step.kind)?;
        if !step.inputs.is_empty() {
            write!(text, " of {}", step.inputs.join(", "))?;
        }
        if let Some(owner) = &step.owner {
            write!(text, "  [{owner}]")?;
        }
        writeln!(text)?;
        if let Some(description) = &step.description {
            writeln!(text, "      {description}")?;
        }
        writeln!(text, "      {}", columns(&step.promise.main))?;
        for side in &step.promise.sides {
            writeln!(text, "      .{}  {}", side.name, columns(&side.schema))?;
        }
        writeln!(text, "      {}", why(plan, step))?;
        if !step.accept.is_empty() {
            let words: Vec<&str> = step.accept.iter().map(|code| code.word()).collect();
            writeln!(text, "      accepts {}", words.join(", "))?;
        }
        for (from, to, input) in hand_offs(plan, step) {
            writeln!(text, "      hand-off of `{input}` from {from} to {to}")?;
        }
    }
    writeln!(text, "\nwrite to {out}")?;
    for file in written(steps) {
        writeln!(text, "  {file}")?;
    }
    Ok(())
}

/// Every file of a run, relative to its folder. Side tables are written even where their stage is not
/// published, and so are the files that it makes.
fn written(steps: &[&Step]) -> Vec<String> {
    let mut files = Vec::new();
    for step in steps {
        if step.publish {
            files.push(format!("tables/{}.parquet", step.id));
        }
        files.extend(
            step.promise.sides.iter().map(|side| format!("tables/{}.{}.parquet", step.id, side.name)),
        );
        files.extend(step.ready.files(&step.id));
    }
    files.push("tables/_cautions.parquet".to_owned());
    files
}

/// The plan as JSON: the same content as the text.
pub fn json(plan: &Plan, steps: &[&Step], out: &str) -> Json {
    let read: Vec<Json> = used_sources(plan, steps)
        .map(|source| {
            object!({
                "dataset": source.dataset.id.value,
                "files": source.found.names(),
                "how": source.found.how(),
                "columns": columns_json(&source.schema),
            })
        })
        .collect();
    let compute: Vec<Json> = steps
        .iter()
        .map(|step| {
            let sides: Vec<Json> = step
                .promise
                .sides
                .iter()
                .map(|side| object!({ "name": side.name, "meaning": side.meaning, "columns": columns_json(&side.schema) }))
                .collect();
            let hand_offs: Vec<Json> = hand_offs(plan, step)
                .into_iter()
                .map(|(from, to, table)| object!({ "from": from, "to": to, "table": table }))
                .collect();
            object!({
                "stage": step.id, "kind": step.kind, "owner": step.owner, "description": step.description,
                "inputs": step.inputs, "published": step.publish, "columns": columns_json(&step.promise.main),
                "accept": step.accept, "side_tables": sides, "hand_offs": hand_offs, "why": why(plan, step), "fingerprint": step.fingerprint,
            })
        })
        .collect();
    object!({
        "pipeline": plan.name, "variant": plan.variant, "vars": plan.vars_text(), "out": out,
        "read": read, "compute": compute, "write": written(steps),
    })
}

fn used_sources<'p>(plan: &'p Plan, steps: &'p [&Step]) -> impl Iterator<Item = &'p Source> {
    plan.sources
        .iter()
        .filter(|source| steps.iter().any(|step| step.inputs.contains(&source.dataset.id.value)))
}

fn columns(schema: &Schema) -> String {
    let columns: Vec<String> =
        schema.iter().map(|(name, dtype)| format!("{name} {}", type_name(dtype))).collect();
    columns.join(", ")
}

fn columns_json(schema: &Schema) -> Json {
    schema.iter().map(|(name, dtype)| object!({ "name": name.as_str(), "type": type_name(dtype) })).collect()
}

/// Why a stage is a step of its own, or none.
fn why(plan: &Plan, step: &Step) -> String {
    let readers: Vec<&str> = plan
        .steps
        .iter()
        .filter(|other| other.inputs.iter().any(|input| table_id(input) == step.id))
        .map(|other| other.id.as_str())
        .collect();
    match (step.publish, readers.is_empty()) {
        (true, true) => "written: a result".into(),
        (true, false) => format!("written once, read by {}", readers.join(", ")),
        (false, false) => format!(
            "not published: where it only reshapes rows it stays part of the plan of {}",
            readers.join(", ")
        ),
        (false, true) => "not published and read by nobody".into(),
    }
}

/// Edges where the owner changes.
fn hand_offs<'p>(plan: &'p Plan, step: &'p Step) -> Vec<(&'p str, &'p str, &'p str)> {
    let Some(to) = step.owner.as_deref() else { return Vec::new() };
    step.inputs
        .iter()
        .filter_map(|input| {
            let from = plan.step(table_id(input))?.owner.as_deref()?;
            (from != to).then_some((from, to, input.as_str()))
        })
        .collect()
}
