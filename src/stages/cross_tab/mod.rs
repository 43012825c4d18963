#![doc = include_str!("page.md")]

mod estimate;

use polars::prelude::{DataFrame, DataType, Expr, Field, Schema};
use schemars::JsonSchema;
use serde::Deserialize;

use super::bases;
use super::{
    Check, Context, Estimates, Expression, Input, Lowered, Promise, Ready, Reduced, Side, Spec, Stage, Table,
};
use crate::diagnostic::{Code, RunError};
use crate::document::{OneOrMany, Span, Spanned};
use crate::engine::tabulate::{Dimension, TableSpec, has_categories};

/// Crosses questions with each other: counts, bases, shares and index of every cell.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrossTab {
    /// The answers to cross.
    pub from: Input,
    /// The columns whose values become the rows of the tables (the stubs). Several are tabulated one
    /// below the other; a list inside the list nests its columns.
    pub rows: Vec<OneOrMany<Spanned<String>>>,
    /// The columns whose values become the columns of the tables (the banners). Several stand side by
    /// side; a list inside the list nests its columns: `[persona, [region, gender]]`.
    pub columns: Vec<OneOrMany<Spanned<String>>>,
    /// How much each answer counts. Omitted: all the same.
    #[serde(default)]
    pub weight: Option<Spanned<String>>,
    /// Count only the rows for which this is true.
    #[serde(default, rename = "where")]
    pub filter: Option<Expression>,
    /// Columns with fewer answers than this (weights aside) are marked `**` and told of in a caution.
    #[serde(default = "bases::usual_min_base")]
    pub min_base: Spanned<u64>,
    /// Columns with fewer answers than this (weights aside) are marked `*`.
    #[serde(default = "bases::usual_small_base")]
    pub small_base: Spanned<u64>,
}

impl CrossTab {
    /// Every one of the rows crossed with every one of the columns. An item names one column, or
    /// several that are nested: `["persona"]`, `["region", "gender"]`.
    pub fn new<'a, R, C>(rows: impl IntoIterator<Item = R>, columns: impl IntoIterator<Item = C>) -> Self
    where
        R: IntoIterator<Item = &'a str>,
        C: IntoIterator<Item = &'a str>,
    {
        Self {
            from: "rows".into(),
            rows: rows.into_iter().map(|names| names.into_iter().collect()).collect(),
            columns: columns.into_iter().map(|names| names.into_iter().collect()).collect(),
            weight: None,
            filter: None,
            min_base: bases::usual_min_base(),
            small_base: bases::usual_small_base(),
        }
    }

    /// Weighted by a column.
    pub fn weight(mut self, column: &str) -> Self {
        self.weight = Some(column.into());
        self
    }

    /// Only of the rows for which an SQL expression is true.
    pub fn filter(mut self, expression: &str) -> Self {
        self.filter = Some(expression.into());
        self
    }
}

impl Stage for CrossTab {
    const SPEC: Spec = Spec {
        kind: "cross_tab",
        summary: "Crosses questions with each other: counts, bases, shares and index of every cell.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        vec![&self.from]
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        let rows = variables(&self.from, &self.rows, "rows", cx);
        let columns = variables(&self.from, &self.columns, "columns", cx);
        let weight = cx.optional_numeric(&self.from, &self.weight);
        let filter = self.filter.as_ref().map(|filter| cx.predicate(&self.from, filter));
        bases::ordered(&self.min_base, &self.small_base, cx)?;
        Some(Checked {
            rows: rows?,
            columns: columns?,
            weight: weight?.map(|weight| weight.name),
            filter: match filter {
                None => None,
                Some(filter) => Some(filter?),
            },
            min_base: self.min_base.value,
            small_base: self.small_base.value,
        })
    }
}

/// The variables of one side, each a column or several nested ones; `side` is the option's name.
fn variables(
    from: &Input,
    written: &[OneOrMany<Spanned<String>>],
    side: &str,
    cx: &mut Check<'_>,
) -> Option<Vec<Vec<String>>> {
    if written.is_empty() || written.iter().any(|names| names.is_empty()) {
        let message = format!("has `{side}` without a column");
        let help = "name at least one column";
        cx.invalid(place(from, written), Code::InvalidOption, &message, "there is nothing to cross", help);
        return None;
    }
    let variables: Vec<_> = written.iter().map(|names| variable(from, names, cx)).collect();
    variables.into_iter().collect()
}

/// The first column written, or the input where there is none: an empty list has no place.
fn place(from: &Input, written: &[OneOrMany<Spanned<String>>]) -> Span {
    written.iter().flat_map(|names| names.iter()).next().map_or(from.span(), |name| name.span)
}

fn variable(from: &Input, names: &[Spanned<String>], cx: &mut Check<'_>) -> Option<Vec<String>> {
    let columns = cx.columns(from, names)?;
    let mut fine = true;
    for (column, written) in columns.iter().zip(names) {
        if !has_categories(&column.dtype) {
            let message = "cannot tabulate by a column of this type";
            let label = format!("`{}` has no categories", column.name);
            cx.invalid(written.span, Code::ColumnType, message, &label, "tabulate by text, numbers or dates");
            fine = false;
        }
    }
    fine.then(|| columns.into_iter().map(|column| column.name).collect())
}

/// A cross-tab that passed its check.
#[derive(Debug)]
pub struct Checked {
    rows: Vec<Vec<String>>,
    columns: Vec<Vec<String>>,
    weight: Option<String>,
    filter: Option<Expr>,
    min_base: u64,
    small_base: u64,
}

impl Checked {
    /// The tables in their order: the columns side by side within each of the rows.
    fn pairs(&self) -> impl Iterator<Item = (&[String], &[String])> {
        let columns = |row| self.columns.iter().map(move |column| (row, column.as_slice()));
        self.rows.iter().map(Vec::as_slice).flat_map(columns)
    }
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        let excluded = Side {
            name: "excluded",
            meaning: "How many rows each table leaves out, by reason.",
            schema: schema(&EXCLUDED),
            brief: true,
        };
        Promise { main: schema(&CELLS), sides: vec![excluded] }
    }

    fn lower(&self, inputs: &[Table], _fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let mut rows = inputs[0].rows.clone();
        if let Some(filter) = &self.filter {
            rows = rows.filter(filter.clone());
        }
        // Null is counted as a category here and left out in `estimate`: so a column whose answers
        // are all left out is still known to exist.
        let dimensions = |(row, column): (&[String], &[String])| {
            row.iter().chain(column).map(|name| Dimension::keep(name.as_str())).collect()
        };
        let table = |pair| TableSpec { dimensions: dimensions(pair), weight: self.weight.clone() };
        Ok(Lowered::Tabulate { rows, tables: self.pairs().map(table).collect() })
    }

    fn estimate(&self, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
        estimate::estimate(self, reduced, cx)
    }
}

/// The columns of the main table.
const CELLS: [(&str, DataType); 17] = [
    ("table", DataType::Int64),
    ("row_variable", DataType::String),
    ("row_value", DataType::String),
    ("column_variable", DataType::String),
    ("column_value", DataType::String),
    ("is_total", DataType::Boolean),
    ("n", DataType::Int64),
    ("n_weighted", DataType::Float64),
    ("n_effective", DataType::Float64),
    ("row_share", DataType::Float64),
    ("column_share", DataType::Float64),
    ("total_share", DataType::Float64),
    ("index", DataType::Float64),
    ("base", DataType::Int64),
    ("base_weighted", DataType::Float64),
    ("base_effective", DataType::Float64),
    ("base_mark", DataType::String),
];

/// The columns of the side table `excluded`.
const EXCLUDED: [(&str, DataType); 5] = [
    ("table", DataType::Int64),
    ("row_variable", DataType::String),
    ("column_variable", DataType::String),
    ("reason", DataType::String),
    ("n", DataType::Int64),
];

fn schema(columns: &[(&str, DataType)]) -> Schema {
    columns.iter().map(|(name, dtype)| Field::new((*name).into(), dtype.clone())).collect()
}

#[cfg(test)]
mod tests {
    use polars::prelude::{IntoLazy, LazyFrame, NamedFrom, Series, df};

    use super::*;
    use crate::diagnostic::CautionCode;
    use crate::{ApplyError, apply};

    fn answers() -> LazyFrame {
        df!(
            "^source$" => ["web", "fair", "web"],
            "date" => [Some(20_000), None, Some(10_000)],
            "share" => [0.25, -0.0, 1.0 / 3.0],
            "w" => [100.0, 1.0, 1.0],
        )
        .unwrap()
        .lazy()
        .with_column(polars::prelude::col("date").cast(DataType::Date))
    }

    fn words(table: &DataFrame, column: &str) -> Vec<String> {
        table.column(column).unwrap().str().unwrap().iter().flatten().map(str::to_owned).collect()
    }

    #[test]
    fn values_are_shown_as_text_in_the_order_of_values() {
        let stage = CrossTab::new([["share"]], [["date"], ["^source$"]]);
        let made = apply(stage, answers()).unwrap();
        let first = made.table.slice(0, 3);
        assert_eq!(words(&first, "row_value"), ["0"; 3]);
        assert_eq!(words(&first, "column_value"), ["Total", "1997-05-19", "2024-10-04"]);
        let rows = words(&made.table.slice(9, 9), "row_value");
        assert_eq!([&rows[0], &rows[3], &rows[6]], ["0", "0.25", "0.333333333333"]);
    }

    #[test]
    fn heavy_weights_and_missing_rows_are_told_of() {
        let stage = || CrossTab::new([["share"]], [["^source$"]]).weight("w");
        let made = apply(stage(), answers()).unwrap();
        assert!(made.cautions.iter().any(|caution| caution.code == CautionCode::HeavyWeights));
        let made = apply(stage().filter("w > 1000"), answers()).unwrap();
        assert_eq!(made.cautions.len(), 1);
        assert_eq!(made.cautions[0].code, CautionCode::NoRows);
        assert_eq!((made.table.height(), made.sides["excluded"].height()), (0, 5));
    }

    #[test]
    fn a_table_that_nobody_is_in_keeps_its_rows() {
        let made = apply(CrossTab::new([["share"]], [["date"]]).filter("share = 0"), answers()).unwrap();
        assert_eq!(words(&made.table, "column_value"), ["Total"]);
        assert_eq!(made.table.column("column_share").unwrap().null_count(), 1);
        let told = &made.cautions[0];
        assert_eq!((told.code, told.key.as_str()), (CautionCode::EmptyBase, "table=1"));
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let nested = Series::new("list".into(), [Series::new("".into(), [1])]);
        let frame = df!("list" => nested, "w" => ["1"]).unwrap().lazy();
        let mut stage = CrossTab::new([vec!["list"], vec!["w", "w"]], [Vec::<&str>::new()]).weight("w");
        stage.small_base = 10.into();
        let found = match apply(stage, frame) {
            Err(ApplyError::Check(found)) => found,
            _ => panic!("the options fit"),
        };
        let codes: Vec<&str> = found.iter().map(|told| told.code.word()).collect();
        let expected = ["column-type", "duplicate-column", "invalid-option", "column-type", "invalid-option"];
        assert_eq!(codes, expected);
    }
}
