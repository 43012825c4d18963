//! A table as it is listed: which columns, under which headings, in which order and form.
//!
//! The form follows from the meaning of a column, by the names of the output glossary; a report may
//! say otherwise. Nothing is computed.

use std::cmp::Ordering;

use polars::prelude::{DataType, Schema};

use super::grid::{Align, BaseMark, Cell, Column, Format, Grid, Role, Row, Rows, Spanner};
use super::records::{Datum, Field, Records};

/// The column that carries the marks of small bases.
pub const MARK: &str = "base_mark";

/// How a table is to be listed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The columns, left to right.
    pub columns: Vec<Listed>,
    /// The column to sort by, and whether the largest comes first; without one the rows stay as they are.
    pub order: Option<(String, bool)>,
    /// How many rows are shown at most.
    pub limit: Option<usize>,
}

/// A listed column.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its name in the table.
    pub name: String,
    /// Its heading.
    pub label: String,
    /// The heading over it and its neighbours of the same heading; empty for none.
    pub group: String,
    /// How its numbers are shown.
    pub format: Format,
}

impl Listed {
    /// A column under the heading and in the form that follow from its meaning among the columns of
    /// its table. `kind` is the kind of stage that made the table.
    pub fn of(name: &str, columns: &Schema, kind: &str) -> Self {
        let dtype = columns.get(name).unwrap_or(&DataType::Null);
        // Where the base has a column of its own, `n` counts those in the row.
        let label = if name == "n" && columns.contains("base") { "Count".into() } else { label(name, kind) };
        Self {
            name: name.to_owned(),
            label,
            group: group(name, kind).to_owned(),
            format: format(name, dtype, kind),
        }
    }
}

impl Listing {
    /// The table as it is shown. A column that the table does not have is left out.
    pub fn grid(&self, records: &Records) -> Grid {
        let listed: Vec<(&Listed, &Field)> =
            self.columns.iter().filter_map(|listed| Some((listed, records.field(&listed.name)?))).collect();
        let rows = self.rows(records);
        let limit = self.limit.unwrap_or(rows.len()).min(rows.len());
        let marks = Marks::of(records, &listed);
        let shown = rows[..limit].iter().map(|&row| Row {
            role: Role::Body,
            cells: listed
                .iter()
                .map(|(listed, field)| cell(listed, field, row, marks.at(records, listed, row)))
                .collect(),
        });
        let columns = listed.iter().map(|(listed, field)| Column {
            label: listed.label.clone(),
            align: if is_number(&field.dtype) && !names_things(&listed.name) {
                Align::Right
            } else {
                Align::Left
            },
        });
        let columns: Vec<Column> = columns.collect();
        // A rank before a name does not name the row.
        let name_column =
            columns.iter().position(|column| column.align == Align::Left).map_or(1, |at| at + 1);
        Grid {
            spanners: spanners(&listed),
            columns,
            name_column,
            blocks: vec![Rows { title: String::new(), rows: shown.collect() }],
            more: rows.len() - limit,
            ..Grid::default()
        }
    }

    fn rows(&self, records: &Records) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..records.len()).collect();
        if let Some((name, descending)) = &self.order {
            rows.sort_by(|a, b| compare(records.get(*a, name), records.get(*b, name), *descending));
        }
        rows
    }
}

/// The row of headings over neighbours; none where no heading covers two columns.
fn spanners(listed: &[(&Listed, &Field)]) -> Vec<Vec<Spanner>> {
    let mut row: Vec<Spanner> = Vec::new();
    for (listed, _) in listed {
        match row.last_mut() {
            Some(last) if last.label == listed.group => last.width += 1,
            _ => row.push(Spanner { label: listed.group.clone(), width: 1 }),
        }
    }
    for spanner in row.iter_mut().filter(|spanner| spanner.width == 1) {
        spanner.label.clear();
    }
    if row.iter().any(|spanner| !spanner.label.is_empty()) { vec![row] } else { Vec::new() }
}

/// Values in order, missing ones last either way.
fn compare(a: &Datum, b: &Datum, descending: bool) -> Ordering {
    let rank = |value: &Datum| match value {
        Datum::Flag(_) => 0,
        Datum::Number(_) => 1,
        Datum::Text(_) => 2,
        Datum::Missing => 3,
    };
    let order = match (a, b) {
        (Datum::Number(a), Datum::Number(b)) => a.total_cmp(b),
        (Datum::Text(a), Datum::Text(b)) => a.cmp(b),
        (Datum::Flag(a), Datum::Flag(b)) => a.cmp(b),
        _ => return rank(a).cmp(&rank(b)),
    };
    if descending { order.reverse() } else { order }
}

/// Where the marks of small bases are put: at the base where it is shown, else at the estimate.
struct Marks {
    column: Option<&'static str>,
    base: &'static str,
    written: bool,
}

impl Marks {
    fn of(records: &Records, listed: &[(&Listed, &Field)]) -> Self {
        // A count is a base only where a figure rests on it.
        let rests = ["estimate", "share", "conf_low"].iter().any(|name| records.field(name).is_some());
        let written = records.field(MARK).is_some();
        let base = if records.field("base").is_some() { "base" } else { "n" };
        let known = written || (rests && records.field(base).is_some());
        let column =
            [base, "estimate", "share"].into_iter().find(|name| listed.iter().any(|(l, _)| l.name == *name));
        Self { column: column.filter(|_| known), base, written }
    }

    fn at(&self, records: &Records, listed: &Listed, row: usize) -> Option<BaseMark> {
        self.column.filter(|column| *column == listed.name)?;
        if self.written {
            return BaseMark::from_sign(&records.get(row, MARK).text()?);
        }
        match records.get(row, self.base) {
            Datum::Number(n) => BaseMark::of(*n),
            _ => None,
        }
    }
}

fn cell(listed: &Listed, field: &Field, row: usize, mark: Option<BaseMark>) -> Cell {
    match field.values.get(row) {
        None | Some(Datum::Missing) => Cell::Blank,
        Some(Datum::Number(value)) => Cell::Number { value: *value, format: listed.format, mark },
        Some(other) => other.text().map_or(Cell::Blank, Cell::Text),
    }
}

fn is_number(dtype: &DataType) -> bool {
    dtype.is_primitive_numeric() || dtype.is_decimal()
}

/// Numbers that are names: years, identifiers, codes.
fn names_things(name: &str) -> bool {
    let name = name.to_lowercase();
    name.ends_with("number") || ends_with(&name, &["id", "year", "code", "key", "no", "zip", "row", "wave"])
}

/// How the numbers of a column are shown where a report does not say: by the meaning of its name, and
/// by its type. `kind` is the kind of stage that made the table.
pub fn format(name: &str, dtype: &DataType, kind: &str) -> Format {
    let points = kind == "net_promoter";
    match name {
        "n" | "n_weighted" | "n_effective" | "rank" | "tier" | "index" => Format::Count,
        "estimate" | "conf_low" | "conf_high" | "rest_estimate" | "score_before" | "score_after"
            if points =>
        {
            Format::Score
        }
        "std_error" | "mix" | "rate" | "change" | "rest_difference" if points => Format::Fixed(1),
        "p_value" | "p_adjusted" => Format::Fixed(3),
        _ if names_things(name) => Format::Plain,
        _ if ends_with(name, &["share", "rate"]) => Format::Percent(0),
        _ if points && is_share_bound(name) => Format::Percent(0),
        _ if dtype.is_integer() => Format::Count,
        _ if ends_with(name, &["weight", "normalised", "contribution"]) => Format::Fixed(2),
        _ => Format::Fixed(1),
    }
}

fn ends_with(name: &str, words: &[&str]) -> bool {
    words.iter().any(|word| name == *word || name.strip_suffix(word).is_some_and(|rest| rest.ends_with('_')))
}

/// Whether a column of net promoter scores is an end of the interval of a share.
fn is_share_bound(name: &str) -> bool {
    let classes = ["promoters_", "passives_", "detractors_"];
    classes.iter().any(|class| matches!(name.strip_prefix(class), Some("low" | "high")))
}

/// The heading of a column where a report does not give one: the field's own word, or the name
/// with its underscores taken out.
pub fn label(name: &str, kind: &str) -> String {
    let known = match name {
        "n" => "Base (n)",
        "n_weighted" => "Weighted base",
        "n_effective" => "Effective base",
        "estimate" if kind == "net_promoter" => "NPS",
        "promoters_share" => "Promoters",
        "passives_share" => "Passives",
        "detractors_share" => "Detractors",
        "std_error" => "Std. error",
        "conf_low" => "Low",
        "conf_high" => "High",
        "p_value" => "p",
        "p_adjusted" => "p (adjusted)",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let words = name.replace('_', " ");
    let mut signs = words.trim().chars();
    match signs.next() {
        Some(first) => first.to_uppercase().chain(signs).collect(),
        None => name.to_owned(),
    }
}

/// The heading over a column and its neighbours.
fn group(name: &str, kind: &str) -> &'static str {
    match name {
        "conf_low" | "conf_high" => "Interval",
        "promoters_share" | "passives_share" | "detractors_share" if kind == "net_promoter" => {
            "Share of answers"
        }
        _ => "",
    }
}

/// Whether a column is listed where a report does not choose: what serves to check a figure rather
/// than to read it is left to those who look at the table itself.
pub fn usual(name: &str, kind: &str) -> bool {
    let checking = [MARK, "std_error", "n_missing", "n_invalid", "n_unusable_weight"];
    let doubled = ["n_weighted", "n_effective", "promoters", "passives", "detractors"];
    // What a comparison rests on; its difference and its mark are read.
    let behind = ["variance", "rest_n", "n_pairs"];
    let behind = |name: &str| {
        behind.contains(&name)
            || ["promoters_", "passives_", "detractors_", "rest_", "change_"].iter().any(|start| {
                let end = name.strip_prefix(start).unwrap_or_default();
                ["low", "high", "std_error", "statistic", "df", "p_value"].contains(&end)
            })
    };
    !(checking.contains(&name)
        || name.starts_with('_')
        || (kind == "net_promoter" && (doubled.contains(&name) || behind(name))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    fn listed(name: &str, dtype: &DataType) -> Listed {
        Listed::of(name, &Schema::from_iter([(name.into(), dtype.clone())]), "net_promoter")
    }

    fn listing(records: &Records) -> Listing {
        let columns = records.fields().iter().map(|field| listed(&field.name, &field.dtype)).collect();
        Listing { columns, ..Listing::default() }
    }

    fn texts(grid: &Grid) -> Vec<Vec<String>> {
        let rows = grid.blocks.iter().flat_map(|block| &block.rows);
        rows.map(|row| row.cells.iter().map(Cell::text).collect()).collect()
    }

    #[test]
    fn columns_are_shown_by_their_meaning() {
        let frame = df!(
            "partner_id" => [7i64, 8], "n" => [1412i64, 12], "promoters_share" => [0.525, 0.5],
            "estimate" => [Some(31.5), None], "conf_low" => [Some(20.0), None], "conf_high" => [Some(40.5), None],
        )
        .unwrap();
        let records = Records::read(&frame).unwrap();
        let grid = listing(&records).grid(&records);
        let labels: Vec<&str> = grid.columns.iter().map(|column| column.label.as_str()).collect();
        assert_eq!(labels, ["Partner id", "Base (n)", "Promoters", "NPS", "Low", "High"]);
        assert_eq!(
            texts(&grid),
            [["7", "1,412", "53%", "+32", "+20", "+41"], ["8", "12", "50%", "–", "–", "–"]]
        );
        let spanned: Vec<(&str, usize)> =
            grid.spanners[0].iter().map(|s| (s.label.as_str(), s.width)).collect();
        assert_eq!(spanned, [("", 2), ("", 1), ("", 1), ("Interval", 2)]);
        assert_eq!(grid.marks(), [BaseMark::VerySmall]);
        assert_eq!(grid.columns[0].align, Align::Left);
        assert_eq!(format("promoters_low", &DataType::Float64, "net_promoter"), Format::Percent(0));
    }

    #[test]
    fn a_limit_says_what_it_leaves_out_and_missing_values_come_last() {
        let frame =
            df!("name" => ["a", "b", "c", "d"], "sales" => [Some(1.0), None, Some(3.0), Some(2.0)]).unwrap();
        let records = Records::read(&frame).unwrap();
        let order = |descending| Listing {
            order: Some(("sales".into(), descending)),
            limit: Some(3),
            ..listing(&records)
        };
        let names = |grid: &Grid| texts(grid).iter().map(|row| row[0].clone()).collect::<String>();
        assert_eq!(names(&order(true).grid(&records)), "cda");
        assert_eq!(names(&order(false).grid(&records)), "adc");
        assert_eq!(order(true).grid(&records).more, 1);
    }

    #[test]
    fn a_base_of_its_own_carries_the_marks() {
        let frame = df!("answer" => ["yes"], "n" => [7i64], "base" => [12i64], "share" => [0.583]).unwrap();
        let records = Records::read(&frame).unwrap();
        let columns =
            frame.schema().iter_names().map(|name| Listed::of(name, frame.schema(), "sql")).collect();
        let grid = Listing { columns, ..Listing::default() }.grid(&records);
        let labels: Vec<&str> = grid.columns.iter().map(|column| column.label.as_str()).collect();
        assert_eq!(labels, ["Answer", "Count", "Base", "Share"]);
        let marks: Vec<Option<BaseMark>> = grid.blocks[0].rows[0].cells.iter().map(Cell::mark).collect();
        assert_eq!(marks, [None, None, Some(BaseMark::VerySmall), None]);
    }

    #[test]
    fn numbers_that_are_names_have_no_thousands() {
        for name in
            ["id", "customer_id", "Customer_ID", "customer_number", "Kundennumber", "order_no", "year"]
        {
            assert_eq!(format(name, &DataType::Int64, "dataset"), Format::Plain, "{name}");
        }
        for name in ["customers", "paid", "casino", "n"] {
            assert_eq!(format(name, &DataType::Int64, "dataset"), Format::Count, "{name}");
        }
    }

    #[test]
    fn a_count_without_a_figure_on_it_is_not_a_base() {
        let frame = df!("segment" => ["gold"], "n" => [3i64]).unwrap();
        let records = Records::read(&frame).unwrap();
        assert!(listing(&records).grid(&records).marks().is_empty());
    }
}
