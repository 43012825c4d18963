//! The tables that the stage promises, by their columns.

use polars::prelude::{DataType, Field, Schema};

use crate::stages::{Promise, Side};

const I: DataType = DataType::Int64;

const F: DataType = DataType::Float64;

const S: DataType = DataType::String;

/// The columns of the main table: a row is a cell.
const CELLS: [(&str, DataType); 33] = [
    ("table", I),
    ("row_variable", S),
    ("row_value", S),
    ("row_kind", S),
    ("net", S),
    ("column_variable", S),
    ("column_value", S),
    ("column_kind", S),
    ("is_total", DataType::Boolean),
    ("letter", S),
    ("n", I),
    ("n_weighted", F),
    ("n_effective", F),
    ("row_share", F),
    ("column_share", F),
    ("total_share", F),
    ("response_share", F),
    ("estimate", F),
    ("std_error", F),
    ("conf_low", F),
    ("conf_high", F),
    ("index", F),
    ("expected", F),
    ("residual", F),
    ("letters", S),
    ("vs_total", S),
    ("vs_rest", S),
    ("vs_previous", S),
    ("base", I),
    ("base_weighted", F),
    ("base_effective", F),
    ("base_mark", S),
    ("suppressed", S),
];

/// The columns of `tables`: a row is a table.
const TABLES: [(&str, DataType); 28] = [
    ("table", I),
    ("row_variable", S),
    ("column_variable", S),
    ("title", S),
    ("column_title", S),
    ("base_text", S),
    ("filter", S),
    ("weight", S),
    ("base_rule", S),
    ("variance", S),
    ("test_note", S),
    ("n_read", I),
    ("n", I),
    ("n_weighted", F),
    ("n_effective", F),
    ("design_effect", F),
    ("chi_square", F),
    ("df", I),
    ("p_value", F),
    ("likelihood_ratio", F),
    ("p_likelihood_ratio", F),
    ("cramers_v", F),
    ("cells_below_5", I),
    ("min_expected", F),
    ("rao_scott", F),
    ("rao_scott_df1", F),
    ("rao_scott_df2", F),
    ("rao_scott_p", F),
];

/// The columns of `tests`: a row is a comparison.
const TESTS: [(&str, DataType); 15] = [
    ("table", I),
    ("row_variable", S),
    ("row_value", S),
    ("row_kind", S),
    ("column_variable", S),
    ("column_value", S),
    ("against", S),
    ("against_value", S),
    ("difference", F),
    ("statistic", F),
    ("df", F),
    ("p_value", F),
    ("p_adjusted", F),
    ("level", F),
    ("note", S),
];

/// The columns of `excluded`: a row is a reason to leave rows out of a table.
const EXCLUDED: [(&str, DataType); 5] =
    [("table", I), ("row_variable", S), ("column_variable", S), ("reason", S), ("n", I)];

fn schema(columns: &[(&str, DataType)]) -> Schema {
    columns.iter().map(|(name, dtype)| Field::new((*name).into(), dtype.clone())).collect()
}

pub(super) fn promise() -> Promise {
    let side = |name, meaning, schema, brief| Side { name, meaning, schema, brief };
    Promise {
        main: schema(&CELLS),
        sides: vec![
            side(
                "tables",
                "One row per table: what it shows, its bases, and its test as a whole.",
                schema(&TABLES),
                true,
            ),
            side("tests", "One row per comparison of two figures of a row.", schema(&TESTS), false),
            side("excluded", "How many rows each table leaves out, by reason.", schema(&EXCLUDED), true),
        ],
    }
}
