#![doc = include_str!("page.md")]

mod rfm;
mod rules;

use std::collections::BTreeMap;

use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Check, Input, Lowered, Promise, Ready, Spec, Stage, Table};
use crate::diagnostic::{Caution, RunError};

pub use rfm::Rfm;
pub use rules::{Rule, Rules};

/// Puts every customer, or every row, into a segment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The table to segment: for `rules` any rows, for `rfm` the transactions.
    pub from: Input,
    /// How segments are found: `rules` or `rfm`.
    pub method: Method,
}

/// How segments are found.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// Named segments by conditions; the first that holds wins.
    Rules(Rules),
    /// Scores for recency, frequency and monetary value of each customer, from transactions.
    Rfm(Rfm),
}

impl Stage for Segment {
    const SPEC: Spec = Spec {
        kind: "segment",
        summary: "Puts customers into segments: by named rules, or by recency, frequency and monetary value.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        vec![&self.from]
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        match self.method {
            Method::Rules(rules) => rules::check(&self.from, &rules, cx).map(Checked::Rules),
            Method::Rfm(rfm) => rfm::check(&self.from, &rfm, cx).map(Checked::Rfm),
        }
    }
}

/// A segmentation that passed its check.
#[derive(Debug)]
pub enum Checked {
    /// By rules.
    Rules(rules::Checked),
    /// By recency, frequency and monetary value.
    Rfm(rfm::Checked),
}

impl Checked {
    fn method(&self) -> &dyn Ready {
        match self {
            Checked::Rules(rules) => rules,
            Checked::Rfm(rfm) => rfm,
        }
    }
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        self.method().output()
    }

    fn fit(&self, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        self.method().fit(inputs)
    }

    fn lower(&self, inputs: &[Table], fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        self.method().lower(inputs, fitted)
    }

    fn cautions(&self, brief: &BTreeMap<String, DataFrame>) -> Vec<Caution> {
        self.method().cautions(brief)
    }
}

/// A small table with counts over the rows beside its labels, read in one pass over the rows.
///
/// Each entry of `counts` is a column and its aggregates over `rows`, one for every row of `labels`.
fn counted(labels: DataFrame, rows: LazyFrame, counts: &[(&str, Vec<Expr>)]) -> LazyFrame {
    const AT: &str = "_label";
    let mut names: Vec<Expr> = labels.get_column_names().into_iter().map(|name| col(name.clone())).collect();
    names.extend(counts.iter().map(|(name, _)| col(*name)));
    let cell = |name: &str, at: usize| format!("_{name}_{at}");
    let wide: Vec<Expr> = counts
        .iter()
        .flat_map(|(name, cells)| {
            cells.iter().enumerate().map(|(at, count)| count.clone().alias(cell(name, at)))
        })
        .collect();
    let picked: Vec<Expr> = counts
        .iter()
        .map(|(name, cells)| {
            (0..cells.len())
                .rev()
                .fold(lit(NULL).cast(DataType::Int64), |rest, at| {
                    when(col(AT).eq(lit(at as u32))).then(col(cell(name, at))).otherwise(rest)
                })
                .alias(*name)
        })
        .collect();
    labels
        .lazy()
        .with_row_index(AT, None)
        .cross_join(rows.select(wide), None)
        .with_columns(picked)
        .sort([AT], SortMultipleOptions::default())
        .select(names)
}

/// How often a condition holds.
fn times(condition: Expr) -> Expr {
    condition.fill_null(lit(false)).cast(DataType::Int64).sum()
}

/// A count over a total of rows as a share of 0–1; missing where there are no rows.
fn share_of(count: Expr, total: Expr) -> Expr {
    let total = total.cast(DataType::Float64);
    when(total.clone().gt(lit(0.0))).then(count.cast(DataType::Float64) / total).otherwise(lit(NULL))
}

/// The whole numbers of a column of a brief side table, missing ones as 0.
fn integers(table: &DataFrame, column: &str) -> Vec<i64> {
    let read = || Some(table.column(column).ok()?.i64().ok()?.iter().map(|x| x.unwrap_or(0)).collect());
    read().unwrap_or_default()
}

/// The words of a column of a brief side table, missing ones as empty text.
fn words(table: &DataFrame, column: &str) -> Vec<String> {
    let read = || {
        let words = table.column(column).ok()?.str().ok()?.iter();
        Some(words.map(|x| x.unwrap_or_default().to_owned()).collect())
    };
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests;
