#![doc = include_str!("page.md")]

mod card;
mod cautions;
mod checks;
mod estimate;
mod further;
mod high_low;
mod options;
mod scales;

use polars::prelude::*;

use checks::KeysTold;
pub use options::{
    Aggregate, Better, Compare, Goalposts, Indicator, Normalise, Scales, ScorePartners, Stability, Summary,
    Tier, WeightDraws, Weighting,
};

use super::{
    Check, Column, Context, Estimates, Input, Lowered, Promise, Ready, Reduced, Side, Spec, Stage, Table,
    exact, type_name,
};
use crate::diagnostic::{Code, RunError};
use crate::document::Spanned;
use crate::stages::keys::common;
use crate::stages::named::named;
use crate::stats::composite::{Aggregation, Direction, Normalisation};
use crate::stats::rank_stability::Plan;

/// Columns of the main table beside the key and the columns kept.
const SCORES: [&str; 4] = ["score", "rank", "tier", "weight_share"];
/// Columns of the side table beside the key.
const PARTS: [&str; 6] = ["indicator", "value", "n", "normalised", "weight", "contribution"];
/// Columns of the main table where ranks are put to the test.
const STABILITY: [&str; 4] = ["rank_low", "rank_median", "rank_high", "top_share"];
/// Columns that other side tables have beside the key, or that are there on request.
const BESIDE: [&str; 4] = ["std_error", "shrunk_by", "rank_change", "share"];

/// A score card that passed its check.
#[derive(Debug)]
pub struct Checked {
    key: Column,
    /// None: everybody who is in an indicator's table.
    listed: Option<Listed>,
    indicators: Vec<Measured>,
    aggregation: Aggregation,
    weights: Spanned<Weighting>,
    min_share: f64,
    tiers: Vec<(String, f64)>,
    stability: Option<Plan>,
}

/// The list of partners.
#[derive(Debug)]
struct Listed {
    from: Spanned<String>,
    /// The columns kept, that of the peer groups among them.
    keep: Vec<Column>,
    /// Which of the columns kept sets peer groups apart.
    within: Option<usize>,
    /// The columns compared; none where nothing is.
    attributes: Option<Vec<Column>>,
}

/// An indicator whose columns exist.
#[derive(Debug)]
struct Measured {
    name: String,
    from: Spanned<String>,
    key: String,
    condition: Option<Expr>,
    value: Expr,
    aggregate: Option<Summary>,
    absent: Option<f64>,
    direction: Direction,
    weight: f64,
    /// The scale of the stage, and those to be drawn beside it, in steps.
    scales: Vec<Vec<Normalisation>>,
    std_error: Option<Expr>,
    n: Option<Expr>,
    shrink: Option<f64>,
}

impl Stage for ScorePartners {
    const SPEC: Spec = Spec {
        kind: "score_partners",
        summary: "Scores, ranks and tiers partners on several weighted indicators.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        self.from.iter().chain(self.indicators.iter().map(|indicator| &indicator.from)).collect()
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        let listed = match &self.from {
            None => self.nothing_of_the_list(cx).then_some(None),
            Some(from) => self.check_list(from, cx).map(Some),
        };
        let mut told = KeysTold::default();
        if let Some(from) = &self.from {
            told.is_told(from, &self.key, cx);
        }
        let named = self.names_are_clear(cx);
        let measured: Vec<_> =
            self.indicators.iter().map(|indicator| self.check_indicator(indicator, &mut told, cx)).collect();
        let scaled = self.scale_is_sound(cx);
        let min_share = cx.between(&self.min_share, 0.0, 1.0, "the smallest share of the weight");
        let tiers = self.check_tiers(cx);
        let stability = self.check_stability(tiers.as_deref(), cx);

        let measured: Vec<(Measured, Column)> = measured.into_iter().collect::<Option<_>>()?;
        let (listed, tiers) = (listed?, tiers?);
        let first = match &listed {
            Some((key, _)) => key,
            None => &measured.first()?.1,
        };
        let dtype = common(&first.dtype);
        for (indicator, (_, key)) in self.indicators.iter().zip(&measured) {
            if common(&key.dtype) != dtype {
                let label = format!("here `{}` is {}", key.name, type_name(&key.dtype));
                let message = "has partner keys of different types";
                let help = format!("make every key {}, as it is in the first table", type_name(&dtype));
                cx.invalid(indicator.from.span(), Code::ColumnType, message, &label, &help);
            }
        }
        let same = measured.iter().all(|(_, key)| common(&key.dtype) == dtype);
        let ready = Checked {
            key: Column { name: self.key.value.clone(), dtype },
            listed: listed.map(|(_, listed)| listed),
            indicators: measured.into_iter().map(|(indicator, _)| indicator).collect(),
            aggregation: self.aggregation(),
            weights: self.weights.clone(),
            min_share: min_share?,
            tiers,
            stability: stability?,
        };
        (named && same && scaled).then_some(ready)
    }
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        let key = || Field::new(self.key.name.as_str().into(), self.key.dtype.clone());
        let mut main = Schema::from_iter([key()]);
        for column in self.kept() {
            main.with_column(column.name.as_str().into(), column.dtype.clone());
        }
        let types = [DataType::Float64, DataType::Int64, DataType::String, DataType::Float64];
        for (name, dtype) in SCORES.iter().zip(types) {
            main.with_column((*name).into(), dtype);
        }
        if self.stability.is_some() {
            let types = [DataType::Int64, DataType::Int64, DataType::Int64, DataType::Float64];
            for (name, dtype) in STABILITY.iter().zip(types) {
                main.with_column((*name).into(), dtype);
            }
        }
        let mut parts = Schema::from_iter([key()]);
        let types = [
            DataType::String,
            DataType::Float64,
            DataType::Int64,
            DataType::Float64,
            DataType::Float64,
            DataType::Float64,
        ];
        for (name, dtype) in PARTS.iter().zip(types) {
            parts.with_column((*name).into(), dtype);
        }
        for (name, there) in [("std_error", self.has_errors()), ("shrunk_by", self.shrinks())] {
            if there {
                parts.with_column(name.into(), DataType::Float64);
            }
        }
        let meaning = "One row per partner and indicator: the raw value, the normalised value, the weight \
                       and what it adds to the score.";
        let mut sides = vec![Side { name: "indicators", meaning, schema: parts, brief: false }];
        sides.extend(further::promised(self));
        Promise { main, sides }
    }

    fn lower(&self, inputs: &[Table], _fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let (list, tables) = match &self.listed {
            Some(_) => (inputs.first(), &inputs[1..]),
            None => (None, inputs),
        };
        let list = list.map(|table| {
            let mut columns = vec![named(&self.key.name).cast(self.key.dtype.clone()).alias("key")];
            columns.extend(self.kept().enumerate().map(|(at, kept)| named(&kept.name).alias(keep_name(at))));
            let attributes = self.attributes().iter().enumerate();
            columns.extend(attributes.map(|(at, column)| named(&column.name).alias(attribute_name(at))));
            table.rows.clone().select(columns)
        });
        let keyless = |rows: &LazyFrame| {
            rows.clone().select([col("key").is_null().cast(DataType::Int64).sum().alias("n")])
        };
        let mut notes: Vec<LazyFrame> =
            list.iter().map(|list| note(None, estimate::KEYLESS, keyless(list))).collect();
        let list = list.map(|list| list.filter(col("key").is_not_null()));
        let measured: Vec<LazyFrame> = self
            .indicators
            .iter()
            .zip(tables)
            .map(|(indicator, table)| self.keyed(indicator, table))
            .collect();
        let reduced: Vec<LazyFrame> =
            self.indicators.iter().zip(&measured).map(|(indicator, rows)| reduce(indicator, rows)).collect();

        let partners = match &list {
            Some(list) => list.clone(),
            None => {
                let keys: Vec<LazyFrame> =
                    reduced.iter().map(|table| table.clone().select([col("key")])).collect();
                concat(keys, UnionArgs::default())?.unique(None, UniqueKeepStrategy::Any)
            }
        };
        let wide = reduced.iter().enumerate().fold(partners, |wide, (at, table)| {
            let named = table.clone().select([
                col("key"),
                col("value").alias(value_name(at)),
                col("n").alias(n_name(at)),
                col("rows").alias(rows_name(at)),
                col("std_error").alias(error_name(at)),
                col("base").alias(base_name(at)),
            ]);
            wide.left_join(named, col("key"), col("key"))
        });
        let mut frames = vec![wide.sort(["key"], SortMultipleOptions::default())];

        for (at, (rows, table)) in measured.iter().zip(&reduced).enumerate() {
            notes.push(note(Some(at), estimate::KEYLESS, keyless(rows)));
            if let Some(list) = &list {
                let strangers =
                    table
                        .clone()
                        .anti_join(list.clone(), col("key"), col("key"))
                        .select([col("rows").sum().cast(DataType::Int64).alias("n")]);
                notes.push(note(Some(at), estimate::UNLISTED, strangers));
            }
        }
        frames.push(concat(notes, UnionArgs::default())?);
        if let Some(list) = list {
            let repeated = list
                .group_by([col("key")])
                .agg([len().cast(DataType::Int64).alias("rows")])
                .filter(col("rows").gt(lit(1i64)))
                .sort(["key"], SortMultipleOptions::default());
            frames.push(repeated.limit(estimate::SHOWN as IdxSize));
        }
        Ok(Lowered::Reduce(frames))
    }

    fn estimate(&self, reduced: Reduced, _cx: &Context<'_>) -> Result<Estimates, RunError> {
        match reduced {
            Reduced::Frames(frames) => estimate::estimate(self, &frames),
            Reduced::Cells(_) => Ok(Estimates::default()),
        }
    }
}

impl Checked {
    fn kept(&self) -> impl Iterator<Item = &Column> {
        self.listed.iter().flat_map(|listed| &listed.keep)
    }

    fn attributes(&self) -> &[Column] {
        self.listed.as_ref().and_then(|listed| listed.attributes.as_deref()).unwrap_or_default()
    }

    fn has_errors(&self) -> bool {
        self.indicators.iter().any(|indicator| indicator.std_error.is_some())
    }

    fn shrinks(&self) -> bool {
        self.indicators.iter().any(|indicator| indicator.shrink.is_some())
    }

    /// The rows of an indicator as `key` and `value`, missing where it is not a usable number.
    fn keyed(&self, indicator: &Measured, table: &Table) -> LazyFrame {
        let rows = match &indicator.condition {
            Some(condition) => table.rows.clone().filter(condition.clone()),
            None => table.rows.clone(),
        };
        rows.select([
            named(&indicator.key).cast(self.key.dtype.clone()).alias("key"),
            indicator.value.clone().alias("value"),
            indicator.std_error.clone().unwrap_or_else(none).alias("std_error"),
            indicator.n.clone().unwrap_or_else(none).alias("base"),
        ])
    }
}

fn none() -> Expr {
    lit(NULL).cast(DataType::Float64)
}

/// One row per partner: `key`, `value`, `n` (rows with a value), `rows`, `std_error` and `base`.
fn reduce(indicator: &Measured, rows: &LazyFrame) -> LazyFrame {
    let n = || col("value").count().cast(DataType::Int64);
    let some = |value: Expr| when(n().gt(lit(0i64))).then(value).otherwise(lit(NULL));
    let value = match indicator.aggregate {
        // One row per partner is demanded, so that any aggregate gives the value itself.
        None | Some(Summary::Max) => col("value").max(),
        Some(Summary::Min) => col("value").min(),
        Some(Summary::Median) => col("value").median(),
        Some(Summary::Sum) => some(exact::sum(col("value"))),
        Some(Summary::Mean) => some(exact::sum(col("value")) / n().cast(DataType::Float64)),
        Some(Summary::Count) => n().cast(DataType::Float64),
    };
    rows.clone().filter(col("key").is_not_null()).group_by([col("key")]).agg([
        value.cast(DataType::Float64).alias("value"),
        n().alias("n"),
        len().cast(DataType::Int64).alias("rows"),
        // Of one row, as the value is.
        col("std_error").max().cast(DataType::Float64),
        col("base").max().cast(DataType::Float64),
    ])
}

/// A count to be told, as a row: which indicator (none: the list of partners), what, how many.
fn note(indicator: Option<usize>, what: &str, n: LazyFrame) -> LazyFrame {
    let at = indicator.map_or(lit(NULL), |at| lit(at as i64)).cast(DataType::Int64);
    n.select([at.alias("at"), lit(what).alias("what"), col("n")])
}

fn keep_name(at: usize) -> String {
    format!("keep_{at}")
}

fn value_name(at: usize) -> String {
    format!("value_{at}")
}

fn n_name(at: usize) -> String {
    format!("n_{at}")
}

fn rows_name(at: usize) -> String {
    format!("rows_{at}")
}

fn error_name(at: usize) -> String {
    format!("std_error_{at}")
}

fn base_name(at: usize) -> String {
    format!("base_{at}")
}

fn attribute_name(at: usize) -> String {
    format!("attribute_{at}")
}

#[cfg(test)]
mod tests;
