//! Every page is run: its tables go in, its tables and messages come out.
//!
//! `gives` is compared at the precision that the page prints, on the columns it names. `says` is the
//! exact text of the diagnostics, or the cautions line by line. `GROWTHRING_UPDATE=1` prints what
//! came out for a page that differs; a person puts it into the page.

use std::fmt::Write as _;
use std::path::Path;

use growthring::diagnostic::{self, Source};
use growthring::run::{Options, Unwatched};
use growthring::stages::STAGES;
use growthring::stages::page::{Example, examples};
use growthring::{Plan, Run};
use polars::prelude::{AnyValue, DataFrame};

#[test]
fn every_page_does_what_it_says() {
    let mut wrong = String::new();
    for kind in STAGES {
        let spec = kind.spec();
        for example in examples(spec.page) {
            if let Err(differs) = run_example(&example) {
                let _ = writeln!(
                    wrong,
                    "== src/stages/{}/page.md:{} ({})\n{differs}",
                    spec.kind, example.line, example.title
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_page_that_is_wrong_is_found_out() {
    let page = "```csv table a\nx\n1\n```\n```yaml pipeline\nstages:\n  nps: { net_promoter: { from: a, score: x } }\n```\n```csv gives nps\nn\n2\n```\n";
    let example = examples(page).remove(0);
    let differs = run_example(&example).expect_err("1 is not 2");
    assert!(differs.contains("row 1, column `n`"), "{differs}");
}

/// The README's pipeline runs, and its mistake is told as the README shows it.
#[test]
fn the_readme_is_true() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let after = |mark: &str| readme.split_once(mark).unwrap().1.split_once("```").unwrap().0.to_owned();
    let text = after("```yaml\n");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("answers.csv"), "region,recommend,weight\nEMEA,9,1.5\nAMER,3,1\n")
        .unwrap();
    let path = Path::new("loyalty.yaml");
    Plan::of_text(path, &text, folder.path(), None, &[]).expect("a plan");
    let slip = text.replace("score: recommend", "score: recomend");
    let rejected = Plan::of_text(path, &slip, folder.path(), None, &[]).err().expect("a mistake");
    let told = diagnostic::text(&rejected.diagnostics, Source { path: "loyalty.yaml", text: &slip }, false);
    assert_eq!(told.trim(), after("```text\n").trim());
}

fn run_example(example: &Example) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (name, csv) in &example.tables {
        std::fs::write(folder.path().join(format!("{name}.csv")), csv).map_err(|error| error.to_string())?;
    }
    let whole = example.file("page");
    let before = whole.len() - example.pipeline.len();
    let outcome = Plan::of_text(Path::new("pipeline.yaml"), &whole, folder.path(), None, &[]);
    let plan = match outcome {
        Ok(plan) => plan,
        Err(rejected) => return said(example, &rejected.diagnostics, before),
    };
    let options = Options { out: folder.path().join("out"), keep: 1, select: None, deny_cautions: false };
    let run = growthring::run(&plan, &options, &Unwatched).map_err(|error| error.to_string())?;
    let data: Vec<_> = run.diagnostics().into_iter().cloned().collect();
    if !data.is_empty() {
        return said(example, &data, before);
    }
    if let Some((stage, error)) = run.failures.first() {
        return Err(format!("stage `{stage}` failed: {error}"));
    }
    for (table, wanted) in &example.gives {
        let given = run.table(table).map_err(|error| format!("no table `{table}`: {error}"))?;
        same(table, wanted, &given)?;
    }
    cautions(example, &run)
}

/// Compares diagnostics, with places as if the page's fence were the whole file.
fn said(example: &Example, found: &[diagnostic::Diagnostic], before: usize) -> Result<(), String> {
    let mut found = found.to_vec();
    for label in found.iter_mut().flat_map(|told| &mut told.labels) {
        label.span.start = label.span.start.saturating_sub(before);
        label.span.end = label.span.end.saturating_sub(before);
    }
    let source = Source { path: "pipeline.yaml", text: &example.pipeline };
    let given = diagnostic::text(&found, source, false);
    compare(example, &given)
}

fn cautions(example: &Example, run: &Run) -> Result<(), String> {
    if example.says.is_none() {
        return Ok(());
    }
    let given: String = run
        .cautions
        .iter()
        .map(|caution| format!("caution[{}]: {}\n", caution.code.word(), caution.message))
        .collect();
    compare(example, &given)
}

fn compare(example: &Example, given: &str) -> Result<(), String> {
    let clean = |text: &str| {
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n").trim().to_owned()
    };
    let wanted = example.says.as_deref().unwrap_or_default();
    if clean(wanted) == clean(given) {
        return Ok(());
    }
    Err(format!("-- the page says\n{wanted}\n-- it was\n{given}"))
}

/// Compares the columns that the page names, row by row.
fn same(table: &str, wanted: &str, given: &DataFrame) -> Result<(), String> {
    let mut reader = csv::Reader::from_reader(wanted.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let rows: Vec<csv::StringRecord> =
        reader.records().collect::<Result<_, _>>().map_err(|error| format!("`gives {table}`: {error}"))?;
    if rows.len() != given.height() {
        return Err(format!("`{table}` has {} rows, the page gives {}\n{given}", given.height(), rows.len()));
    }
    for (column, name) in header.iter().enumerate() {
        let values = given.column(name).map_err(|error| format!("`{table}`: {error}"))?;
        for (row, record) in rows.iter().enumerate() {
            let value = values.get(row).map_err(|error| error.to_string())?;
            let cell = &record[column];
            if !shows(cell, &value) {
                return Err(format!(
                    "`{table}`, row {}, column `{name}`: {value}, the page gives {cell:?}\n{given}",
                    row + 1
                ));
            }
        }
    }
    Ok(())
}

/// Whether a value, at the precision of the cell, is what the cell shows.
fn shows(cell: &str, value: &AnyValue<'_>) -> bool {
    match value {
        AnyValue::Null => cell.is_empty(),
        AnyValue::String(text) => cell == *text,
        AnyValue::StringOwned(text) => cell == text.as_str(),
        AnyValue::Boolean(truth) => cell == truth.to_string(),
        AnyValue::Float64(number) => {
            let decimals = cell.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            // Half a unit of the last place shown, and a little for the decimal text itself.
            let half = 0.5 * 10f64.powi(-(decimals as i32));
            cell.parse::<f64>().is_ok_and(|shown| (shown - number).abs() <= half * (1.0 + 1e-9))
        }
        value => cell == value.to_string(),
    }
}
