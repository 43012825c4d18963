//! From counted cells to the long table of a cross-tab: which rows and columns a table has, their
//! order, and what a reader should know. The arithmetic is in `stats`.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, IntoColumn, NamedFrom, PolarsResult, Series};

use super::Checked;
use crate::diagnostic::{Caution, CautionCode, RunError};
use crate::engine::tabulate::{Cells, NULL, Unusable};
use crate::stages::bases;
use crate::stages::{Context, Estimates, Reduced};
use crate::stats::contingency::Contingency;
use crate::stats::weights::{Base, base_mark};

/// Between the columns, and the values, of a nested variable.
const NESTED: &str = " / ";

/// What the total column is called.
const TOTAL: &str = "Total";

pub(super) fn estimate(checked: &Checked, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
    let Reduced::Cells(cells) = reduced else { return Ok(Estimates::default()) };
    let tables: Vec<Crossed> =
        checked.pairs().zip(&cells).map(|((row, column), cells)| Crossed::new(row, column, cells)).collect();
    Ok(Estimates {
        main: cells_table(checked, &tables)?,
        sides: vec![("excluded", excluded_table(&tables)?)],
        cautions: cautions(checked, &tables, cx.stage),
        ..Estimates::default()
    })
}

/// One table, ready to be written down.
struct Crossed {
    row_variable: String,
    column_variable: String,
    row_values: Vec<String>,
    column_values: Vec<String>,
    counts: Contingency,
    /// Rows left out, by reason, in the order of [`REASONS`].
    excluded: [u64; REASONS.len()],
    /// All rows, whether or not they are in the table.
    read: u64,
    /// Rows whose weight cannot be used, whether or not they answered.
    unusable: u64,
}

/// Why a row is not in a table. A row counts once, under the first reason that applies.
const REASONS: [&str; 5] =
    ["row_missing", "column_missing", "weight_missing", "weight_zero", "weight_negative"];

impl Crossed {
    fn new(row: &[String], column: &[String], cells: &Cells) -> Self {
        // Every value that occurs is a row or a column of the table, even if all its answers are
        // left out. Keys are compared as places of values, so the order is that of the values.
        let mut rows: BTreeMap<&[u32], usize> = BTreeMap::new();
        let mut columns: BTreeMap<&[u32], usize> = BTreeMap::new();
        for (key, _) in cells.iter() {
            let (row, column) = key.split_at(row.len());
            if !row.contains(&NULL) {
                rows.insert(row, 0);
            }
            if !column.contains(&NULL) {
                columns.insert(column, 0);
            }
        }
        rows.values_mut().enumerate().for_each(|(place, at)| *at = place);
        columns.values_mut().enumerate().for_each(|(place, at)| *at = place);

        let mut counts = vec![Base::default(); rows.len() * columns.len()];
        let mut excluded = [0; REASONS.len()];
        let mut unusable = 0;
        for (key, cell) in cells.iter() {
            let (row, column) = key.split_at(row.len());
            unusable += cell.unusable.total();
            let all = cell.base.n + cell.unusable.total();
            match (rows.get(row), columns.get(column)) {
                (None, _) => excluded[0] += all,
                (_, None) => excluded[1] += all,
                (Some(row), Some(column)) => {
                    counts[row * columns.len() + column] += cell.base;
                    let Unusable { missing, zero, negative } = cell.unusable;
                    for (count, n) in excluded[2..].iter_mut().zip([missing, zero, negative]) {
                        *count += n;
                    }
                }
            }
        }
        let text = |key: &&[u32], first: usize| -> String {
            let parts = key.iter().zip(&cells.dimensions[first..]).map(|(place, levels)| levels.text(*place));
            parts.collect::<Vec<_>>().join(NESTED)
        };
        Self {
            row_variable: row.join(NESTED),
            column_variable: column.join(NESTED),
            row_values: rows.keys().map(|key| text(key, 0)).collect(),
            column_values: columns.keys().map(|key| text(key, row.len())).collect(),
            counts: Contingency::new(rows.len(), columns.len(), counts),
            excluded,
            read: cells.rows,
            unusable,
        }
    }

    /// The columns in the order of the output, the total first.
    fn columns(&self) -> impl Iterator<Item = (Option<usize>, &str)> + Clone {
        let values = self.column_values.iter().enumerate().map(|(at, value)| (Some(at), value.as_str()));
        std::iter::once((None, TOTAL)).chain(values)
    }
}

/// A cell of a table, by its row and its column.
struct Place<'a> {
    table: usize,
    crossed: &'a Crossed,
    row: usize,
    column: Option<usize>,
    column_value: &'a str,
}

impl Place<'_> {
    fn cell(&self) -> Base {
        self.crossed.counts.cell(self.row, self.column)
    }

    fn base(&self) -> Base {
        self.crossed.counts.column(self.column)
    }
}

/// One line per cell: table by table, row by row, the total column first.
fn cells_table(checked: &Checked, tables: &[Crossed]) -> PolarsResult<DataFrame> {
    let mut cells = Vec::new();
    for (table, crossed) in tables.iter().enumerate() {
        for row in 0..crossed.row_values.len() {
            let place =
                |(column, column_value)| Place { table: table + 1, crossed, row, column, column_value };
            cells.extend(crossed.columns().map(place));
        }
    }
    macro_rules! column {
        ($name:literal, |$at:ident: &Place<'_>| $value:expr) => {
            Series::new($name.into(), cells.iter().map(|$at: &Place<'_>| $value).collect::<Vec<_>>())
                .into_column()
        };
    }
    let columns = vec![
        column!("table", |at: &Place<'_>| at.table as i64),
        column!("row_variable", |at: &Place<'_>| at.crossed.row_variable.as_str()),
        column!("row_value", |at: &Place<'_>| at.crossed.row_values[at.row].as_str()),
        column!("column_variable", |at: &Place<'_>| at.crossed.column_variable.as_str()),
        column!("column_value", |at: &Place<'_>| at.column_value),
        column!("is_total", |at: &Place<'_>| at.column.is_none()),
        column!("n", |at: &Place<'_>| at.cell().n as i64),
        column!("n_weighted", |at: &Place<'_>| at.cell().weighted),
        column!("n_effective", |at: &Place<'_>| at.cell().effective()),
        column!("row_share", |at: &Place<'_>| at.crossed.counts.row_share(at.row, at.column)),
        column!("column_share", |at: &Place<'_>| at.crossed.counts.column_share(at.row, at.column)),
        column!("total_share", |at: &Place<'_>| at.crossed.counts.total_share(at.row, at.column)),
        column!("index", |at: &Place<'_>| at.crossed.counts.index(at.row, at.column)),
        column!("base", |at: &Place<'_>| at.base().n as i64),
        column!("base_weighted", |at: &Place<'_>| at.base().weighted),
        column!("base_effective", |at: &Place<'_>| at.base().effective()),
        column!("base_mark", |at: &Place<'_>| base_mark(at.base().n, checked.min_base, checked.small_base)),
    ];
    DataFrame::new(cells.len(), columns)
}

/// One line per table and reason.
fn excluded_table(tables: &[Crossed]) -> PolarsResult<DataFrame> {
    let reasons =
        || tables.iter().enumerate().flat_map(|at| REASONS.iter().enumerate().map(move |why| (at, why)));
    macro_rules! column {
        ($name:literal, $value:expr) => {
            Series::new($name.into(), reasons().map($value).collect::<Vec<_>>()).into_column()
        };
    }
    let columns = vec![
        column!("table", |((table, _), _)| table as i64 + 1),
        column!("row_variable", |((_, crossed), _)| crossed.row_variable.as_str()),
        column!("column_variable", |((_, crossed), _)| crossed.column_variable.as_str()),
        column!("reason", |(_, (_, reason))| *reason),
        column!("n", |((_, crossed), (why, _))| crossed.excluded[why] as i64),
    ];
    DataFrame::new(reasons().count(), columns)
}

fn cautions(checked: &Checked, tables: &[Crossed], stage: &str) -> Vec<Caution> {
    let Some(first) = tables.first() else { return Vec::new() };
    if first.read == 0 {
        return vec![bases::no_rows(stage)];
    }
    let mut told: Vec<Caution> = tables.iter().enumerate().filter_map(|at| nobody(at, stage)).collect();
    told.extend(small_bases(checked, tables, stage));
    told.extend(bases::unusable_weights(stage, first.unusable, "row"));
    let effect = |crossed: &&Crossed| crossed.counts.total().design_effect().unwrap_or(1.0);
    let heaviest = tables.iter().max_by(|a, b| effect(a).total_cmp(&effect(b)));
    told.extend(heaviest.and_then(|crossed| {
        let of = format!("{} by {} in `{stage}`", crossed.row_variable, crossed.column_variable);
        bases::heavy_weights(crossed.counts.total(), &of)
    }));
    told
}

/// A table in which no row is left.
fn nobody((at, crossed): (usize, &Crossed), stage: &str) -> Option<Caution> {
    let message = format!(
        "`{stage}`: every row is left out of the table of {} by {}",
        crossed.row_variable, crossed.column_variable
    );
    let empty = crossed.counts.total().n == 0;
    empty.then(|| Caution::new(CautionCode::EmptyBase, format!("table={}", at + 1), Some(0.0), message))
}

/// For each column of the tables that is empty or small in some of them, one caution of each kind.
fn small_bases(checked: &Checked, tables: &[Crossed], stage: &str) -> Vec<Caution> {
    let mut columns: Vec<((&str, &str), Vec<u64>)> = Vec::new();
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for crossed in tables.iter().filter(|crossed| crossed.counts.total().n > 0) {
        for (at, value) in crossed.columns().skip(1) {
            let n = crossed.counts.column(at).n;
            if n < checked.min_base {
                let key = (crossed.column_variable.as_str(), value);
                let place = *places.entry(key).or_insert_with(|| {
                    columns.push((key, Vec::new()));
                    columns.len() - 1
                });
                columns[place].1.push(n);
            }
        }
    }
    let mut told = Vec::new();
    for ((variable, value), small) in columns {
        let key = format!("column_variable={variable}, column_value={value}");
        let column = format!("`{stage}`: column {variable} = {value}");
        let (empty, few): (Vec<u64>, Vec<u64>) = small.into_iter().partition(|n| *n == 0);
        // Said only where there is more than one table to be meant.
        let within = |of: &[u64]| match tables.len() {
            1 => String::new(),
            _ => format!(" in {}", bases::count(of.len() as u64, "table")),
        };
        if !empty.is_empty() {
            let message = format!("{column} has no usable answer{}, so it has no shares", within(&empty));
            told.push(Caution::new(CautionCode::EmptyBase, key.clone(), Some(0.0), message));
        }
        if let Some(least) = few.iter().copied().min() {
            let only = if few.len() == 1 { "" } else { "as few as " };
            let message = format!(
                "{column} rests on {only}{}{}; below {} shares are only a hint",
                bases::count(least, "answer"),
                within(&few),
                checked.min_base
            );
            told.push(Caution::new(CautionCode::SmallBase, key, Some(least as f64), message));
        }
    }
    told
}
