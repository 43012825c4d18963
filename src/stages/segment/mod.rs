#![doc = include_str!("page.md")]

mod k_means;
mod lifetime;
mod profile;
mod rfm;
mod rules;

use std::collections::BTreeMap;

use jiff::civil::Date;
use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Check, Context, Estimates, Input, Lowered, Promise, Ready, Reduced, Spec, Stage, Table, Template,
};
use crate::diagnostic::{Caution, Code, RunError};
use crate::stages::named::named;

pub use k_means::{KMeans, Scale};
pub use lifetime::{Given, Lifetime, Model, Summary, Unit};
pub use rfm::{Edges, Rfm, Ties};
pub use rules::{Rule, Rules};

/// Puts every customer, or every row, into a segment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The table to segment: for `rules` and `k_means` any rows, for `rfm` and `lifetime` the transactions (for
    /// `lifetime` also one row per customer).
    pub from: Input,
    /// How segments are found: `rules`, `rfm`, `lifetime` or `k_means`.
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
    /// What each customer will still be worth, from transactions or from one row per customer.
    Lifetime(Lifetime),
    /// Clusters of rows that are alike in some numbers.
    KMeans(KMeans),
}

impl Stage for Segment {
    const SPEC: Spec = Spec {
        kind: "segment",
        summary: "Puts customers into segments: by named rules, by recency, frequency and monetary value, by lifetime value, or by likeness.",
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
            Method::Lifetime(lifetime) => lifetime::check(&self.from, &lifetime, cx).map(Checked::Lifetime),
            Method::KMeans(options) => k_means::check(&self.from, &options, cx).map(Checked::KMeans),
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
    /// By what they will still be worth.
    Lifetime(lifetime::Checked),
    /// By likeness.
    KMeans(k_means::Checked),
}

impl Checked {
    fn method(&self) -> &dyn Ready {
        match self {
            Checked::Rules(rules) => rules,
            Checked::Rfm(rfm) => rfm,
            Checked::Lifetime(lifetime) => lifetime,
            Checked::KMeans(clusters) => clusters,
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

    fn estimate(&self, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
        self.method().estimate(reduced, cx)
    }

    fn cautions(&self, brief: &BTreeMap<String, DataFrame>) -> Vec<Caution> {
        self.method().cautions(brief)
    }
}

/// The day that an option says, in days since 1970; none where it says none.
pub(super) fn day(option: Option<&Template>, name: &str, cx: &mut Check<'_>) -> Option<Option<i32>> {
    let Some(template) = option else { return Some(None) };
    let text = cx.fill(template)?;
    if let Ok(day) = text.parse::<Date>() {
        // 1970-01-01 and every civil date of jiff are less than 2^31 days apart.
        return Some(Some((day - Date::constant(1970, 1, 1)).get_days()));
    }
    let (message, label) = (format!("cannot read `{name}`"), format!("`{text}` is not a day"));
    let help = "write the day as year-month-day: `2026-11-22`";
    cx.invalid(template.span(), Code::InvalidOption, &message, &label, help);
    None
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
