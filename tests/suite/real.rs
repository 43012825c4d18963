//! Published data of strangers. The pipelines of `tests/real/` run on it, and their main figures are
//! those that the script beside each of them computed with other programs.

use std::path::Path;

use growthring::pipeline::Setting;
use growthring::run::{Options, Unwatched};
use growthring::{Plan, Run};
use polars::prelude::*;
use serde_json::Value;

#[test]
fn airport_survey_is_what_pandas_found() {
    let Some(made) = Made::by("sfo_survey") else { return };
    made.compare(&[
        "loyalty",
        "loyalty.total",
        "loyalty_by_airline",
        "loyalty_by_airline_and_region",
        "airline_figures",
        "travellers",
    ]);
    // Every respondent of both years is there, and every destination and airline was recognised.
    let counts = made.table("responses.counts");
    assert_eq!(integers(&counts, "rows_in"), [3087, 2831]);
    assert_eq!(integers(&counts, "rows_out"), [3087, 2831]);
    let found = made.table("passengers.match_rate");
    assert_eq!(integers(&found, "matched"), [5918, 5918]);
    // Everybody is in some region's page; the total of a picture belongs to none, and is not missed.
    assert!(!made.run.cautions.iter().any(|told| told.message.contains("in no report")));
    made.has_written(&["reports/overview.html", "packs/Asia/pack.html", "charts/airline_chart.svg"]);
}

#[test]
fn a_year_of_orders_is_what_duckdb_found() {
    let Some(made) = Made::by("online_retail") else { return };
    made.compare(&["lines.counts", "by_country", "by_region", "by_month", "value.cuts", "segments"]);
    let counts = made.table("lines.counts");
    let [rows_in, out, filtered, duplicates, quarantined] =
        ["rows_in", "rows_out", "filtered", "duplicates", "quarantined"]
            .map(|name| integers(&counts, name)[0]);
    assert_eq!(rows_in, 541_909);
    assert_eq!(rows_in, out + filtered + duplicates + quarantined);
    assert!(filtered > 0 && duplicates > 0 && quarantined > 0);
    // The sides hold the rows that the counts speak of.
    assert_eq!(made.table("lines").height() as i64, out);
    assert_eq!(made.table("lines.duplicates").height() as i64, duplicates);
    assert_eq!(made.table("lines.quarantine").height() as i64, quarantined);
    made.has_written(&["reports/page.html", "charts/month_chart.png"]);
}

#[test]
fn sales_of_the_offices_are_what_pandas_found() {
    let Some(made) = Made::by("maven_crm") else { return };
    made.compare(&["by_office", "by_manager"]);
    // `GTXPro` of 1,480 deals is the `GTX Pro` of the price list; open deals often have no account yet.
    let found = made.table("deals.match_rate");
    assert_eq!(integers(&found, "matched"), [8800, 8800, 7375]);
    made.has_written(&["reports/page.html"]);
}

/// A run of one of the pipelines, and what its script says.
struct Made {
    run: Run,
    expected: Value,
    _folder: tempfile::TempDir,
}

impl Made {
    fn by(name: &str) -> Option<Self> {
        let real = crate::shared("real")?.canonicalize().unwrap();
        let file = format!("tests/real/{name}.yaml");
        let setting = Setting { name: "shared".into(), value: real.to_str().unwrap().to_owned() };
        let plan = Plan::read(Path::new(&file), None, &[setting])
            .unwrap()
            .unwrap_or_else(|rejected| panic!("{rejected}"));
        let folder = tempfile::tempdir().unwrap();
        let options = Options { out: folder.path().join("out"), keep: 1, select: None, deny_cautions: false };
        let run = growthring::run(&plan, &options, &Unwatched).unwrap();
        assert!(run.published, "{:?}", run.failures);
        let text = std::fs::read_to_string(format!("tests/real/{name}.expected.json")).unwrap();
        Some(Self { run, expected: serde_json::from_str(&text).unwrap(), _folder: folder })
    }

    fn table(&self, name: &str) -> DataFrame {
        self.run.table(name).unwrap()
    }

    /// Every row that the script wrote is in the table of that name, once, with the same figures, and
    /// there is no other; the tables are these.
    fn compare(&self, names: &[&str]) {
        let tables = self.expected["tables"].as_object().unwrap();
        assert_eq!(sorted(tables.keys().map(String::as_str)), sorted(names.iter().copied()));
        for name in names {
            let ours = self.table(name);
            let key: Vec<&str> = words(&tables[*name]["key"]);
            let rows = tables[*name]["rows"].as_array().unwrap();
            assert_eq!(ours.height(), rows.len(), "rows of {name}");
            for theirs in rows {
                let at: Vec<usize> = (0..ours.height())
                    .filter(|row| key.iter().all(|column| same(&cell(&ours, column, *row), &theirs[*column])))
                    .collect();
                assert_eq!(at.len(), 1, "rows of {name} like {theirs}");
                for (column, value) in theirs.as_object().unwrap() {
                    let found = cell(&ours, column, at[0]);
                    assert!(same(&found, value), "{name}, {column} of {theirs}: {found}");
                }
            }
        }
    }

    fn has_written(&self, files: &[&str]) {
        for file in files {
            let length =
                std::fs::metadata(self.run.folder.join(file)).unwrap_or_else(|e| panic!("{file}: {e}")).len();
            assert!(length > 1000, "{file} has {length} bytes");
        }
    }
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

fn integers(table: &DataFrame, column: &str) -> Vec<i64> {
    let column = table.column(column).unwrap().cast(&DataType::Int64).unwrap();
    column.i64().unwrap().iter().flatten().collect()
}

/// A cell as JSON has it; dates as text.
fn cell(table: &DataFrame, column: &str, row: usize) -> Value {
    let column = table.column(column).unwrap_or_else(|e| panic!("{e}"));
    match column.get(row).unwrap() {
        AnyValue::Null => Value::Null,
        value if value.is_primitive_numeric() => value.extract::<f64>().unwrap().into(),
        value => value.str_value().into_owned().into(),
    }
}

/// Equal, numbers at a relative 1e-9 (near zero, at an absolute 1e-9).
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours.as_f64(), theirs.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
        _ => ours == theirs,
    }
}
