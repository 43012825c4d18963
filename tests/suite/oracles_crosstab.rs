//! Cross-tabs that R, pandas, DuckDB and Polars computed, through the public stage: every count,
//! base, effective base and share, at relative 1e-9.

use std::collections::BTreeMap;

use growthring::apply;
use growthring::stages::CrossTab;
use polars::prelude::*;
use serde_json::Value;

const CASES: [&str; 8] = [
    "ct01_api_awards_by_stype_weighted",
    "ct02_burger_weekday_by_region_weighted_nulls",
    "ct03_burger_household_by_region_unweighted",
    "ct04_burger_age_by_region_x_gender_weighted_nested",
    "ct05_burger_household_by_age_weighted_filter_female",
    "ct06_anes96_vote_by_income_24_columns",
    "ct07_burger_gender_by_month_weighted_30_columns",
    "ed01_edge_crosstab",
];

/// One cell as the stage gave it.
struct Cell {
    numbers: BTreeMap<&'static str, Option<f64>>,
}

const NUMBERS: [&str; 10] = [
    "n",
    "n_weighted",
    "n_effective",
    "row_share",
    "column_share",
    "total_share",
    "index",
    "base",
    "base_weighted",
    "base_effective",
];

/// The cells by row and column, the total column under none, and the rows left out.
/// The cells by row and column (none: the total), and the number of rows left out.
type Crossed = (BTreeMap<(String, Option<String>), Cell>, i64);

fn crossed(case: &Value) -> Option<Crossed> {
    let spec = &case["spec"];
    let path = crate::shared(&format!("golden/crosstab-nps/{}", text(&case["input"])))?;
    let rows = crate::oracles_nps::csv(&path);
    // The nested banner of these cases is written as one key of two columns.
    let banner = match text(&spec["banner"]).as_str() {
        "region_gender" => vec!["region".to_owned(), "gender".to_owned()],
        banner => vec![banner.to_owned()],
    };
    let stub = text(&spec["stub"]);
    let mut stage = CrossTab::new([[stub.as_str()]], [banner.iter().map(String::as_str)]);
    if let Some(weight) = spec["weight"].as_str() {
        stage = stage.weight(weight);
    }
    if let Some(filter) = spec["filter"].as_str() {
        // Written in R; SQL has one equals sign.
        stage = stage.filter(&filter.replace("==", "="));
    }
    let made = apply(stage, rows).unwrap();
    let word =
        |name: &str, row: usize| made.table.column(name).unwrap().str().unwrap().get(row).unwrap().to_owned();
    let total = made.table.column("is_total").unwrap().bool().unwrap().clone();
    let numbers: Vec<(&str, Column)> = NUMBERS
        .iter()
        .map(|name| (*name, made.table.column(name).unwrap().cast(&DataType::Float64).unwrap()))
        .collect();
    let cells = (0..made.table.height())
        .map(|row| {
            let column = (!total.get(row).unwrap()).then(|| word("column_value", row).replace(" / ", " | "));
            let values = numbers.iter().map(|(name, values)| (*name, values.f64().unwrap().get(row)));
            ((word("row_value", row), column), Cell { numbers: values.collect() })
        })
        .collect();
    let left_out = made.sides["excluded"].column("n").unwrap().i64().unwrap().sum().unwrap();
    Some((cells, left_out))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn close(actual: Option<f64>, expected: &Value, scale: f64, what: &str) {
    match (actual, expected.as_f64()) {
        (Some(actual), Some(expected)) => {
            let actual = actual * scale;
            assert!((actual - expected).abs() <= 1e-9 * expected.abs(), "{what}: {actual}, not {expected}");
        }
        (None, None) => {}
        (actual, expected) => panic!("{what}: {actual:?}, not {expected:?}"),
    }
}

#[test]
fn cells_bases_and_shares_are_those_of_r() {
    for name in CASES {
        let Some(path) = crate::shared(&format!("golden/crosstab-nps/expected/{name}.json")) else { return };
        let case: Value = serde_json::from_reader(std::fs::File::open(path).unwrap()).unwrap();
        let Some((cells, left_out)) = crossed(&case) else { return };
        let expected = &case["expected"];
        let rows: Vec<String> = expected["rows"].as_array().unwrap().iter().map(text).collect();
        let columns: Vec<String> = expected["cols"].as_array().unwrap().iter().map(text).collect();
        assert_eq!(cells.len(), rows.len() * (columns.len() + 1), "{name}: cells and total column");
        assert_eq!(left_out, expected["n_dropped"].as_i64().unwrap(), "{name}: rows left out");

        for (r, row) in rows.iter().enumerate() {
            for (c, column) in columns.iter().enumerate() {
                let cell = &cells[&(row.clone(), Some(column.clone()))].numbers;
                let check = |ours: &str, scale: f64, theirs: &str| {
                    let what = format!("{name}: {theirs} of {row} by {column}");
                    close(cell[ours], &expected[theirs][r][c], scale, &what);
                };
                check("n", 1.0, "count_unweighted");
                check("n_weighted", 1.0, "count_weighted");
                check("n_effective", 1.0, "cell_effective");
                check("column_share", 100.0, "col_pct");
                check("row_share", 100.0, "row_pct");
                check("total_share", 100.0, "total_pct");
                let check = |ours: &str, theirs: &str| {
                    close(cell[ours], &expected[theirs][c], 1.0, &format!("{name}: {theirs} of {column}"));
                };
                check("base", "base_unweighted");
                check("base_weighted", "base_weighted");
                check("base_effective", "base_effective");
                // The index from their percentages, to the digits that they print.
                let part = expected["col_pct"][r][c].as_f64();
                let index = part.map(|part| 100.0 * part / expected["total_col_pct"][r].as_f64().unwrap());
                match (cell["index"], index) {
                    (Some(ours), Some(theirs)) => {
                        assert!((ours - theirs).abs() <= 1e-9 * theirs, "{name}: index")
                    }
                    (ours, theirs) => assert_eq!(ours, theirs, "{name}: index of {row} by {column}"),
                }
            }
            let total = &cells[&(row.clone(), None)].numbers;
            let check = |ours: &str, scale: f64, theirs: &Value| {
                close(total[ours], theirs, scale, &format!("{name}: {ours} of {row} in the total"));
            };
            check("n", 1.0, &expected["row_base_unweighted"][r]);
            check("n_weighted", 1.0, &expected["row_base_weighted"][r]);
            check("n_effective", 1.0, &expected["row_base_effective"][r]);
            check("column_share", 100.0, &expected["total_col_pct"][r]);
            check("base", 1.0, &expected["total_unweighted"]);
            check("base_weighted", 1.0, &expected["total_weighted"]);
            check("base_effective", 1.0, &expected["total_effective"]);
        }
    }
}
