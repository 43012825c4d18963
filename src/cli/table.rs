//! Tables as text: aligned for a terminal, CSV, JSON lines. Numbers have at most 12 significant
//! digits.

use polars::prelude::{AnyValue, DataFrame};
use serde_json::{Map, Value as Json};

use crate::number;

/// Aligned columns, numbers to the right, a line under the header.
pub(super) fn aligned(table: &DataFrame) -> String {
    let header: Vec<String> = table.get_column_names().iter().map(|name| name.to_string()).collect();
    let numeric: Vec<bool> = table.dtypes().iter().map(|dtype| dtype.is_numeric()).collect();
    let rows: Vec<Vec<String>> = (0..table.height())
        .map(|row| {
            table.columns().iter().map(|column| shown(&column.get(row).unwrap_or(AnyValue::Null))).collect()
        })
        .collect();
    let width = |text: &str| text.chars().count();
    let widths: Vec<usize> = header
        .iter()
        .enumerate()
        .map(|(at, name)| rows.iter().map(|row| width(&row[at])).chain([width(name)]).max().unwrap_or(0))
        .collect();
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(at, cell)| {
                let space = " ".repeat(widths[at] - width(cell));
                if numeric[at] { format!("{space}{cell}") } else { format!("{cell}{space}") }
            })
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut text = line(&header);
    text.push_str(&line(&rule));
    rows.iter().for_each(|row| text.push_str(&line(row)));
    text
}

/// Comma separated, a header line, empty for null.
pub(super) fn csv(table: &DataFrame) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header: Vec<&str> = table.get_column_names().iter().map(|name| name.as_str()).collect();
    // Writing to memory fails only where a record has another length than the header, which a table's
    // has not.
    let _ = writer.write_record(&header);
    for row in 0..table.height() {
        let cells: Vec<String> =
            table.columns().iter().map(|column| text(&column.get(row).unwrap_or(AnyValue::Null))).collect();
        let _ = writer.write_record(&cells);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// One object a row.
pub(super) fn json_lines(table: &DataFrame) -> String {
    let mut lines = String::new();
    for row in 0..table.height() {
        let object: Map<String, Json> = table
            .columns()
            .iter()
            .map(|column| (column.name().to_string(), json(&column.get(row).unwrap_or(AnyValue::Null))))
            .collect();
        lines.push_str(&Json::Object(object).to_string());
        lines.push('\n');
    }
    lines
}

fn json(value: &AnyValue<'_>) -> Json {
    match value {
        AnyValue::Null => Json::Null,
        AnyValue::Boolean(value) => (*value).into(),
        AnyValue::Float64(value) => float(*value),
        AnyValue::Float32(value) => float(f64::from(*value)),
        AnyValue::UInt64(value) => (*value).into(),
        value if value.is_integer() => value.extract::<i64>().map_or_else(|| text(value).into(), Json::from),
        AnyValue::List(values) => values.iter().map(|value| json(&value)).collect(),
        value => text(value).into(),
    }
}

/// What is no finite number has no form in JSON but null.
fn float(value: f64) -> Json {
    serde_json::Number::from_f64(number::significant(value, 12)).map_or(Json::Null, Json::Number)
}

/// Control characters would let a value move the cursor of a terminal.
fn shown(value: &AnyValue<'_>) -> String {
    text(value).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn text(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        AnyValue::Float64(value) => number::plain(*value),
        AnyValue::Float32(value) => number::plain(f64::from(*value)),
        // The engine's own text leaves out the middle of a long list.
        AnyValue::List(_) => json(value).to_string(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{IntoSeries, NamedFrom, Series, df};

    use super::*;

    #[test]
    fn every_number_is_a_number_and_nothing_is_left_out() {
        let lists = Series::new("list".into(), [Series::new("".into(), (0..30).collect::<Vec<i64>>())]);
        let mut table = df!("small" => [0.5f32], "large" => [u64::MAX], "odd" => [f64::NAN]).unwrap();
        table.with_column(lists.into_series().into()).unwrap();
        let row: Json = serde_json::from_str(&json_lines(&table)).unwrap();
        assert_eq!((&row["small"], &row["large"], &row["odd"]), (&0.5.into(), &u64::MAX.into(), &Json::Null));
        assert_eq!(row["list"].as_array().unwrap().len(), 30);
        assert!(csv(&table).contains("28,29]"), "{}", csv(&table));
    }
}
