//! Whether a table is a cross-tab, and the part of it that belongs to one value of a variable.

use polars::prelude::{BooleanChunked, DataFrame, PolarsResult, Schema};

use crate::crossing::NESTED;
use crate::report::records::{Datum, Records};

/// The columns that make a table a cross-tab.
const NEEDED: [&str; 5] = ["row_variable", "row_value", "column_variable", "column_value", "is_total"];

/// Whether a table is the long table of a cross-tab.
pub fn is_crossed(columns: &Schema) -> bool {
    NEEDED.iter().all(|name| columns.contains(name))
}

/// Whether a column is one of the variables of a cross-tab.
///
/// # Errors
///
/// The engine's, for a table that is no cross-tab.
pub fn crosses(frame: &DataFrame, variable: &str) -> PolarsResult<bool> {
    let records = Records::read(&frame.select(["row_variable", "column_variable"])?)?;
    let named = |row: usize, name: &str| {
        let variables = records.get(row, name).text().unwrap_or_default();
        variables.split(NESTED).any(|name| name == variable)
    };
    Ok((0..records.len()).any(|row| named(row, "row_variable") || named(row, "column_variable")))
}

/// The part of a cross-tab that belongs to one value of a variable: of that variable's rows and
/// columns only this value, and the totals; other variables whole.
///
/// # Errors
///
/// The engine's, for a table that is no cross-tab.
pub fn only(frame: &DataFrame, variable: &str, value: &str) -> PolarsResult<DataFrame> {
    let records = Records::read(&frame.select(NEEDED)?)?;
    let text = |row: usize, name: &str| records.get(row, name).text().unwrap_or_default();
    let belongs = |variables: &str, values: &str| belongs((variables, values), variable, value);
    let mask: BooleanChunked = (0..records.len())
        .map(|row| {
            let total = records.get(row, "is_total") == &Datum::Flag(true);
            belongs(&text(row, "row_variable"), &text(row, "row_value"))
                && (total || belongs(&text(row, "column_variable"), &text(row, "column_value")))
        })
        .collect();
    frame.filter(&mask)
}

/// Whether values of (nested) variables are of one value of a variable, or of other variables only.
pub fn belongs((variables, values): (&str, &str), variable: &str, value: &str) -> bool {
    let names: Vec<&str> = variables.split(NESTED).collect();
    match names.iter().position(|name| *name == variable) {
        None => true,
        Some(_) if names.len() == 1 => values == value,
        // A value that contains the separator cannot be told apart: better left out than handed on.
        Some(at) => {
            let parts: Vec<&str> = values.split(NESTED).collect();
            parts.len() == names.len() && parts[at] == value
        }
    }
}
