#![doc = include_str!("page.md")]

mod estimate;
mod options;

use polars::prelude::*;

pub use options::{Aggregate, Better, Indicator, Normalise, ScorePartners, Summary, Tier};

use super::{
    Check, Column, Context, Estimates, Input, Lowered, Promise, Ready, Reduced, Side, Spec, Stage, Table,
    exact, type_name,
};
use crate::diagnostic::{Code, RunError};
use crate::document::Spanned;
use crate::stats::composite::{Direction, Mean, Normalisation};

/// Columns of the main table beside the key and the columns kept.
const SCORES: [&str; 4] = ["score", "rank", "tier", "weight_share"];
/// Columns of the side table beside the key.
const PARTS: [&str; 6] = ["indicator", "value", "n", "normalised", "weight", "contribution"];

/// A score card that passed its check.
#[derive(Debug)]
pub struct Checked {
    key: Column,
    /// The list of partners and the columns kept of it; none: everybody who is in an indicator's table.
    listed: Option<(Spanned<String>, Vec<Column>)>,
    indicators: Vec<Measured>,
    /// The normalisations, one applied to the result of the other.
    steps: Vec<Normalisation>,
    mean: Mean,
    tiers: Vec<(String, f64)>,
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
            None => self.keep_without_list(cx).then_some(None),
            Some(from) => {
                let key = cx.column(from, &self.key);
                let keep = cx.columns(from, &self.keep);
                let clear = self.keep_is_clear(cx);
                key.zip(keep).filter(|_| clear).map(|(key, keep)| Some((from, key, keep)))
            }
        };
        let named = self.names_are_clear(cx);
        let measured: Vec<_> =
            self.indicators.iter().map(|indicator| check_indicator(indicator, &self.key, cx)).collect();
        let steps = self.steps(cx);
        let tiers = self.check_tiers(cx);

        let measured: Vec<(Measured, Column)> = measured.into_iter().collect::<Option<_>>()?;
        let (listed, tiers, steps) = (listed?, tiers?, steps?);
        let first = match &listed {
            Some((_, key, _)) => key,
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
            listed: listed.map(|(from, _, keep)| (from.spanned().clone(), keep)),
            indicators: measured.into_iter().map(|(indicator, _)| indicator).collect(),
            steps,
            mean: match self.aggregate {
                Aggregate::Arithmetic => Mean::Arithmetic,
                Aggregate::Geometric => Mean::Geometric,
            },
            tiers,
        };
        (named && same).then_some(ready)
    }
}

impl ScorePartners {
    fn keep_without_list(&self, cx: &mut Check<'_>) -> bool {
        let Some(first) = self.keep.first() else { return true };
        let help = "name the table of partners with `from`";
        cx.invalid(first.span, Code::InvalidOption, "keeps columns of no table", "kept from where?", help);
        false
    }

    fn keep_is_clear(&self, cx: &mut Check<'_>) -> bool {
        let taken = |name: &Spanned<String>| SCORES.contains(&name.as_str()) || name.value == self.key.value;
        let twice: Vec<_> = self.keep.iter().filter(|name| taken(name)).collect();
        for name in &twice {
            cx.duplicate_column(&name.value, name.span, None);
        }
        twice.is_empty()
    }

    fn names_are_clear(&self, cx: &mut Check<'_>) -> bool {
        let mut clear = true;
        if SCORES.contains(&self.key.as_str()) || PARTS.contains(&self.key.as_str()) {
            cx.duplicate_column(&self.key.value, self.key.span, None);
            clear = false;
        }
        if self.indicators.is_empty() {
            let help = "add at least one: `indicators: [{ name: sales, from: orders, value: amount }]`";
            cx.invalid(self.key.span, Code::InvalidOption, "has no indicators", "scored by what?", help);
            clear = false;
        }
        for (at, indicator) in self.indicators.iter().enumerate() {
            let name = &indicator.name;
            if self.indicators[..at].iter().any(|earlier| earlier.name.value == name.value) {
                let label = "an earlier indicator has this name";
                cx.invalid(name.span, Code::InvalidOption, "names two indicators alike", label, "");
                clear = false;
            }
        }
        clear
    }

    fn steps(&self, cx: &mut Check<'_>) -> Option<Vec<Normalisation>> {
        let (low, high) = match self.aggregate {
            Aggregate::Arithmetic => (0.0, 100.0),
            // A zero would make the product zero whatever the other indicators say.
            Aggregate::Geometric => (1.0, 100.0),
        };
        let scale = Normalisation::MinMax { low, high };
        match (self.normalise.value, self.aggregate) {
            (Normalise::MinMax, _) => Some(vec![scale]),
            (Normalise::Z, Aggregate::Arithmetic) => Some(vec![Normalisation::Z]),
            (Normalise::Rank, Aggregate::Arithmetic) => Some(vec![Normalisation::Rank]),
            (Normalise::Rank, Aggregate::Geometric) => Some(vec![Normalisation::Rank, scale]),
            (Normalise::Z, Aggregate::Geometric) => {
                let message = "cannot take a geometric mean of z-scores";
                let label = "half of all z-scores are below zero";
                let help = "use `normalise: min_max`, which keeps the same distances on a scale of 1 to 100";
                cx.invalid(self.normalise.span, Code::InvalidOption, message, label, help);
                None
            }
        }
    }

    fn check_tiers(&self, cx: &mut Check<'_>) -> Option<Vec<(String, f64)>> {
        let mut sum = 0.0f64;
        let mut tiers = Vec::new();
        let mut sound = true;
        for (at, tier) in self.tiers.iter().enumerate() {
            let last = at + 1 == self.tiers.len();
            let share = match &tier.share {
                Some(share) => cx.between(share, 0.0, 1.0, "the share of a tier"),
                None if last => Some((1.0 - sum).max(0.0)),
                None => {
                    let help = "only the last tier may do without: it takes the rest";
                    let message = "has a tier without a share";
                    cx.invalid(tier.name.span, Code::InvalidOption, message, "this tier", help);
                    None
                }
            };
            if self.tiers[..at].iter().any(|earlier| earlier.name.value == tier.name.value) {
                let label = "an earlier tier has this name";
                cx.invalid(tier.name.span, Code::InvalidOption, "names two tiers alike", label, "");
                sound = false;
            }
            sum += share.unwrap_or(0.0);
            sound &= share.is_some();
            tiers.push((tier.name.value.clone(), share.unwrap_or(0.0)));
        }
        let Some(last) = self.tiers.last() else {
            let help = "leave `tiers` out for the default, or name at least one";
            cx.invalid(self.key.span, Code::InvalidOption, "has an empty list of tiers", "this stage", help);
            return None;
        };
        if sound && (sum - 1.0).abs() > 1e-9 {
            let span = last.share.as_ref().map_or(last.name.span, |share| share.span);
            let label = format!("with this one the shares add up to {}", crate::number::plain(sum));
            let help = "shares add up to 1; the last tier may leave its share out and takes the rest";
            cx.invalid(span, Code::InvalidOption, "has tiers that do not add up", &label, help);
            sound = false;
        }
        sound.then_some(tiers)
    }
}

fn check_indicator(
    indicator: &Indicator,
    key: &Spanned<String>,
    cx: &mut Check<'_>,
) -> Option<(Measured, Column)> {
    let column = cx.column(&indicator.from, indicator.key.as_ref().unwrap_or(key));
    let condition = match &indicator.condition {
        None => Some(None),
        Some(condition) => cx.predicate(&indicator.from, condition).map(Some),
    };
    let value = cx.expression(&indicator.from, &indicator.value).and_then(|typed| {
        if typed.dtype.is_primitive_numeric() || typed.dtype.is_decimal() || typed.dtype == DataType::Boolean
        {
            return Some(exact::number(typed.expr));
        }
        if indicator.aggregate == Some(Summary::Count) {
            return Some(when(typed.expr.is_not_null()).then(lit(1.0)).otherwise(lit(NULL)));
        }
        let label = format!("this is {}", type_name(&typed.dtype));
        let message = "needs a number for an indicator";
        let help = "give a column of numbers, or count the rows with `aggregate: count`";
        cx.invalid(indicator.value.span(), Code::ExpressionType, message, &label, help);
        None
    });
    let weight =
        (indicator.weight.value > 0.0 && indicator.weight.value.is_finite()).then_some(&indicator.weight);
    if weight.is_none() {
        let help = "leave an indicator out that should not count";
        let message = "has a weight out of range";
        cx.invalid(indicator.weight.span, Code::OutOfRange, message, "wants a number above 0", help);
    }
    let column = column?;
    let measured = Measured {
        name: indicator.name.value.clone(),
        from: indicator.from.spanned().clone(),
        key: column.name.clone(),
        condition: condition?,
        value: value?,
        aggregate: indicator.aggregate,
        absent: indicator.absent,
        direction: match indicator.direction {
            Better::Higher => Direction::Higher,
            Better::Lower => Direction::Lower,
        },
        weight: weight?.value,
    };
    Some((measured, column))
}

/// The type in which keys of several tables meet: whole numbers of any width are one type.
fn common(dtype: &DataType) -> DataType {
    match dtype {
        dtype if dtype.is_integer() => DataType::Int64,
        DataType::Categorical(..) | DataType::Enum(..) => DataType::String,
        dtype => dtype.clone(),
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
        let meaning = "One row per partner and indicator: the raw value, the normalised value, the weight \
                       and what it adds to the score.";
        let side = Side { name: "indicators", meaning, schema: parts, brief: false };
        Promise { main, sides: vec![side] }
    }

    fn lower(&self, inputs: &[Table], _fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let (list, tables) = match &self.listed {
            Some(_) => (inputs.first(), &inputs[1..]),
            None => (None, inputs),
        };
        let list = list.map(|table| {
            let mut columns = vec![col(self.key.name.as_str()).cast(self.key.dtype.clone()).alias("key")];
            columns.extend(
                self.kept().enumerate().map(|(at, kept)| col(kept.name.as_str()).alias(keep_name(at))),
            );
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
        self.listed.iter().flat_map(|(_, keep)| keep)
    }

    /// The rows of an indicator as `key` and `value`, missing where it is not a usable number.
    fn keyed(&self, indicator: &Measured, table: &Table) -> LazyFrame {
        let rows = match &indicator.condition {
            Some(condition) => table.rows.clone().filter(condition.clone()),
            None => table.rows.clone(),
        };
        rows.select([
            col(indicator.key.as_str()).cast(self.key.dtype.clone()).alias("key"),
            indicator.value.clone().alias("value"),
        ])
    }
}

/// One row per partner: `key`, `value`, `n` (rows with a value) and `rows`.
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

#[cfg(test)]
mod tests;
