//! Expressions that DuckDB computed (`tests/oracles/expressions.py`), where SQL and our rules agree.

use std::collections::BTreeMap;
use std::path::Path;

use growthring::expression::compile;
use polars::prelude::*;
use serde_json::Value as Json;

fn frame(rows: &[Json]) -> DataFrame {
    let cell = |row: &Json, at: usize| row[at].clone();
    let text =
        |at: usize| rows.iter().map(move |row| cell(row, at).as_str().map(str::to_owned)).collect::<Vec<_>>();
    let whole = |at: usize| rows.iter().map(move |row| cell(row, at).as_i64()).collect::<Vec<_>>();
    let float: Vec<_> = rows.iter().map(|row| row[2].as_f64()).collect();
    let truth: Vec<_> = rows.iter().map(|row| row[5].as_bool()).collect();
    let frame = df!("i" => whole(0), "k" => whole(1), "f" => float, "s" => text(3), "t" => text(4), "b" => truth,
        "d" => text(6), "e" => text(7));
    let dates = ["d", "e"].map(|name| col(name).str().to_date(StrptimeOptions::default()));
    frame.unwrap().lazy().with_columns(dates).collect().unwrap()
}

fn same(given: AnyValue<'_>, wanted: &Json) -> bool {
    match (given, wanted) {
        (AnyValue::Null, Json::Null) => true,
        (AnyValue::Boolean(given), Json::Bool(wanted)) => given == *wanted,
        (AnyValue::String(given), Json::String(wanted)) => given == wanted,
        (given @ AnyValue::Date(_), Json::String(wanted)) => given.to_string() == *wanted,
        (AnyValue::Int64(given), Json::Number(_)) => wanted.as_f64() == Some(given as f64),
        (AnyValue::Float64(given), Json::Number(wanted)) => {
            wanted.as_f64().is_some_and(|wanted| (given - wanted).abs() <= 1e-9 * wanted.abs())
        }
        _ => false,
    }
}

#[test]
fn expressions_are_as_duckdb_has_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/expressions.json");
    let oracle: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let frame = frame(oracle["rows"].as_array().unwrap());
    let mut differ = Vec::new();
    for case in oracle["cases"].as_array().unwrap() {
        let sql = case["sql"].as_str().unwrap();
        let typed =
            compile(sql, frame.schema(), &BTreeMap::new()).unwrap_or_else(|told| panic!("{sql}: {told:?}"));
        let made = frame.clone().lazy().select([typed.expr.alias("made")]).collect().unwrap();
        let made = made.column("made").unwrap();
        for (row, wanted) in case["gives"].as_array().unwrap().iter().enumerate() {
            let given = made.get(row).unwrap();
            if !same(given.clone(), wanted) {
                differ.push(format!("{sql}, row {row}: {given}, DuckDB has {wanted}"));
            }
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
