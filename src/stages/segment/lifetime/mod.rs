//! What customers will still be worth, from transactions or from a summary: the engine makes one row per
//! customer, the models of `stats::lifetime` do the rest. Knows no formula.

mod estimate;
mod summary;

use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

pub use summary::Summary;

use super::{day, named};
use crate::diagnostic::{Code, RunError};
use crate::document::Spanned;
use crate::stages::refusal;
use crate::stages::{
    Check, Column, Context, Estimates, Input, Lowered, Promise, Ready, Reduced, Side, Table, Template, exact,
};
use crate::stats::lifetime as model;

/// Lifetime value of each customer, from a table of transactions or from one row per customer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lifetime {
    /// The column that says whose transaction it is, or which customer.
    pub key: Spanned<String>,
    /// The column with the day of the transaction (a date, or a date with time). Transactions of one day
    /// are one purchase. Omitted: the table has one row per customer, see `summary`.
    #[serde(default)]
    pub date: Option<Spanned<String>>,
    /// The columns of a table that has one row per customer, in the place of `date`, `amount` and `as_of`;
    /// nothing can then be held out.
    #[serde(default)]
    pub summary: Option<Summary>,
    /// The column with its amount; refunds are negative. Omitted: purchases only, no money.
    #[serde(default)]
    pub amount: Option<Spanned<String>>,
    /// The last day of watching, as `2026-11-22` or `{variable}`; later transactions are left out.
    /// Omitted: the day of the latest transaction, never today.
    #[serde(default)]
    pub as_of: Option<Template>,
    /// How customers buy and leave.
    #[serde(default)]
    pub model: Model,
    /// The unit of `recency`, `age` and the parameters.
    #[serde(default)]
    pub unit: Unit,
    /// How many months ahead to look: 1 to 120.
    #[serde(default = "twelve")]
    pub horizon: Spanned<u32>,
    /// What money loses in value in a month, as a share: 0 to 1.
    #[serde(default = "one_percent")]
    pub discount: Spanned<f64>,
    /// A day before `as_of`: the model is also fitted on what was known then, and its forecast compared
    /// with what came.
    #[serde(default)]
    pub holdout: Option<Template>,
    /// Customers are profitable whose lifetime value is above that of this share of customers (0–1).
    #[serde(default = "three_quarters")]
    pub profitable: Spanned<f64>,
    /// Customers are loyal who are still customers with a probability above this (0–1).
    #[serde(default = "half")]
    pub loyal: Spanned<f64>,
    /// Parameters known from elsewhere, instead of fitting.
    #[serde(default)]
    pub given: Option<Given>,
}

/// Parameters of the models.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// `[r, alpha, a, b]`, for `pareto_nbd` `[r, alpha, s, beta]`; `alpha` and `beta` in `unit`.
    pub purchases: Spanned<Vec<f64>>,
    /// `[p, q, gamma]` of the amounts. Omitted: they are fitted.
    #[serde(default)]
    pub spend: Option<Spanned<Vec<f64>>>,
}

/// How customers buy and leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// They may leave after every repeat purchase; whoever bought once is still a customer for sure.
    BgNbd,
    /// They may leave after every purchase, the first too.
    #[default]
    MbgNbd,
    /// They may leave at any time.
    ParetoNbd,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Days.
    Day,
    /// Seven days.
    #[default]
    Week,
    /// A twelfth of 365.25 days.
    Month,
}

impl Unit {
    /// How many days it has.
    fn days(self) -> f64 {
        match self {
            Unit::Day => 1.0,
            Unit::Week => 7.0,
            Unit::Month => 365.25 / 12.0,
        }
    }
}

impl Model {
    fn formulas(self) -> model::Model {
        match self {
            Model::BgNbd => model::Model::BgNbd,
            Model::MbgNbd => model::Model::MbgNbd,
            Model::ParetoNbd => model::Model::ParetoNbd,
        }
    }

    /// The word for it in the file.
    fn word(self) -> &'static str {
        match self {
            Model::BgNbd => "bg_nbd",
            Model::MbgNbd => "mbg_nbd",
            Model::ParetoNbd => "pareto_nbd",
        }
    }
}

fn twelve() -> Spanned<u32> {
    12.into()
}

fn one_percent() -> Spanned<f64> {
    0.01.into()
}

fn three_quarters() -> Spanned<f64> {
    0.75.into()
}

fn half() -> Spanned<f64> {
    0.5.into()
}

/// Why a transaction does not count; the last is asked of whole days.
const REASONS: [&str; 5] =
    ["no key", "no date", "no usable amount", "after as_of", "more returned than bought that day"];

/// Lifetime value over columns that exist.
#[derive(Debug)]
pub struct Checked {
    key: Column,
    source: Source,
    holdout: Option<Spanned<i32>>,
    model: Model,
    unit: Unit,
    horizon: u32,
    discount: f64,
    profitable: f64,
    loyal: f64,
    purchases: Option<[f64; 4]>,
    spend: Option<[f64; 3]>,
}

/// What the rows are.
#[derive(Debug)]
enum Source {
    Transactions(Transactions),
    Summary(summary::Columns),
}

/// Columns of transactions that exist.
#[derive(Debug)]
struct Transactions {
    key: String,
    date: String,
    amount: Option<String>,
    as_of: Option<i32>,
    holdout: Option<i32>,
}

impl Source {
    /// Whether there are amounts.
    fn has_money(&self) -> bool {
        match self {
            Source::Transactions(rows) => rows.amount.is_some(),
            Source::Summary(columns) => columns.mean_amount.is_some(),
        }
    }

    /// Whether days are known.
    fn is_dated(&self) -> bool {
        matches!(self, Source::Transactions(_))
    }
}

/// Whether the rows are transactions or customers, and the columns of either.
fn check_source(from: &Input, options: &Lifetime, cx: &mut Check<'_>) -> Option<Source> {
    if let Some(summary) = &options.summary {
        let columns = summary::check(from, &options.key.value, summary, cx);
        let help = "a table of transactions has `date`; one of customers has `summary`, and neither days nor \
                    amounts of its own";
        let others = [
            ("date", options.date.as_ref().map(|name| name.span)),
            ("amount", options.amount.as_ref().map(|name| name.span)),
            ("as_of", options.as_of.as_ref().map(|day| day.span())),
        ];
        let mut alone = true;
        for (name, span) in others.into_iter().filter_map(|(name, span)| Some((name, span?))) {
            let message = format!("has `summary` and `{name}`");
            cx.invalid(span, Code::InvalidOption, &message, "of transactions", help);
            alone = false;
        }
        if let Some(holdout) = &options.holdout {
            let message = "holds out part of a summary";
            let help = "leave `holdout` out, or give the transactions: what came when is not in a summary";
            cx.invalid(holdout.span(), Code::InvalidOption, message, "which purchases came after it?", help);
            alone = false;
        }
        return columns.filter(|_| alone).map(Source::Summary);
    }
    let Some(date) = &options.date else {
        let help = "name the column with the day of a transaction, `date: ordered_on`, or those of one row per \
                    customer, `summary: { repeats: …, recency: …, age: … }`";
        let message = "needs `date` or `summary`";
        cx.invalid(options.key.span, Code::MissingOption, message, "bought when?", help);
        return None;
    };
    let date = cx.temporal(from, date);
    let amount = cx.optional_numeric(from, &options.amount);
    let as_of = day(options.as_of.as_ref(), "as_of", cx);
    let holdout = day(options.holdout.as_ref(), "holdout", cx);
    if let (Some(Some(as_of)), Some(Some(holdout)), Some(written)) = (as_of, holdout, &options.holdout)
        && holdout >= as_of
    {
        let help = "the model is fitted on what came up to `holdout`, and compared with what came after it";
        let label = "not before `as_of`";
        cx.invalid(written.span(), Code::InvalidOption, "has no time to hold out", label, help);
        return None;
    }
    Some(Source::Transactions(Transactions {
        key: options.key.value.clone(),
        date: date?.name,
        amount: amount?.map(|column| column.name),
        as_of: as_of?,
        holdout: holdout?,
    }))
}

pub(super) fn check(from: &Input, options: &Lifetime, cx: &mut Check<'_>) -> Option<Checked> {
    let key = cx.column(from, &options.key);
    let source = check_source(from, options, cx);
    let months = Spanned::new(f64::from(*options.horizon), options.horizon.span);
    let horizon = cx.between(&months, 1.0, 120.0, "`horizon`");
    let discount = cx.between(&options.discount, 0.0, 1.0, "`discount`");
    let profitable = cx.between(&options.profitable, 0.0, 1.0, "`profitable`");
    let loyal = cx.between(&options.loyal, 0.0, 1.0, "`loyal`");
    let purchases = match &options.given {
        None => Some(None),
        Some(given) => parameters(&given.purchases, options.model.formulas().parameters(), cx).map(Some),
    };
    let spend = match options.given.as_ref().and_then(|given| given.spend.as_ref()) {
        None => Some(None),
        Some(given) => parameters(given, model::spend::PARAMETERS, cx).map(Some),
    };
    let mut clear = true;
    if let Some(key) = &key
        && columns(true, true).iter().any(|(name, _)| *name == key.name)
    {
        cx.duplicate_column(&key.name, options.key.span, None);
        clear = false;
    }
    let source = source?;
    let holdout = match (&source, &options.holdout) {
        (Source::Transactions(rows), Some(written)) => {
            rows.holdout.map(|day| Spanned::new(day, written.span()))
        }
        _ => None,
    };
    let checked = Checked {
        key: key?,
        source,
        holdout,
        model: options.model,
        unit: options.unit,
        horizon: horizon? as u32,
        discount: discount?,
        profitable: profitable?,
        loyal: loyal?,
        purchases: purchases?,
        spend: spend?,
    };
    clear.then_some(checked)
}

/// As many numbers above zero as there are names.
fn parameters<const N: usize>(
    given: &Spanned<Vec<f64>>,
    names: [&str; N],
    cx: &mut Check<'_>,
) -> Option<[f64; N]> {
    let found: Option<[f64; N]> = given.value.clone().try_into().ok();
    let found = found.filter(|found| found.iter().all(|x| x.is_finite() && *x > 0.0));
    if found.is_none() {
        let label = format!("wanted are {N} numbers above 0: {}", names.join(", "));
        let message = "has parameters that cannot be used";
        cx.invalid(given.span, Code::InvalidOption, message, &label, "");
    }
    found
}

/// The columns after the key; those of money where there are amounts, and that of days where those are known.
fn columns(money: bool, dated: bool) -> Vec<(&'static str, DataType)> {
    let mut columns = vec![("repeats", DataType::Int64), ("recency", DataType::Float64)];
    columns.push(("age", DataType::Float64));
    if money {
        columns.push(("mean_amount", DataType::Float64));
    }
    columns.extend([("p_alive", DataType::Float64), ("expected_n", DataType::Float64)]);
    if money {
        columns.extend([
            ("expected_value", DataType::Float64),
            ("clv", DataType::Float64),
            ("segment", DataType::String),
        ]);
    }
    if dated {
        columns.push(("as_of", DataType::Date));
    }
    columns
}

fn schema(columns: &[(&str, DataType)]) -> Schema {
    columns.iter().map(|(name, dtype)| Field::new((*name).into(), dtype.clone())).collect()
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        use DataType::{Boolean, Float64, Int64, String};
        let mut main = Schema::from_iter([Field::new(self.key.name.as_str().into(), self.key.dtype.clone())]);
        for (name, dtype) in columns(self.source.has_money(), self.source.is_dated()) {
            main.with_column(name.into(), dtype);
        }
        let side = |name, meaning, columns: &[(&str, DataType)]| Side {
            name,
            meaning,
            schema: schema(columns),
            brief: true,
        };
        let mut sides = vec![
            side(
                "parameters",
                "One row per parameter of each model: its most likely value and how sure it is.",
                &[("model", String), ("parameter", String), ("estimate", Float64), ("std_error", Float64)],
            ),
            side(
                "fit",
                "One row per model: how well it was fitted, and on how many customers.",
                &[
                    ("model", String),
                    ("n", Int64),
                    ("log_likelihood", Float64),
                    ("gradient", Float64),
                    ("converged", Boolean),
                    ("limit", String),
                ],
            ),
            side(
                "left_out",
                "One row per reason: how many transactions, or customers of a summary, did not count.",
                &[("reason", String), ("n", Int64)],
            ),
        ];
        if self.source.has_money() {
            sides.push(side(
                "value_by_loyalty",
                "Profitable or not by loyal or not: customers, and the lifetime value that is theirs.",
                &[
                    ("profitable", Boolean),
                    ("loyal", Boolean),
                    ("segment", String),
                    ("n", Int64),
                    ("share", Float64),
                    ("clv", Float64),
                    ("clv_share", Float64),
                ],
            ));
        }
        if self.holdout.is_some() {
            sides.push(side(
                "holdout",
                "Customers by the repeat purchases they had made: what they did afterwards, and what was forecast.",
                &[
                    ("repeats_before", String),
                    ("n", Int64),
                    ("actual", Float64),
                    ("expected", Float64),
                    ("actual_mean", Float64),
                    ("expected_mean", Float64),
                ],
            ));
        }
        Promise { main, sides }
    }

    fn lower(&self, inputs: &[Table], _fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let rows = match &self.source {
            Source::Transactions(rows) => rows,
            Source::Summary(columns) => return Ok(Lowered::Reduce(columns.lower(&inputs[0].rows))),
        };
        let transactions = rows.transactions(&inputs[0].rows);
        let counts: Vec<Expr> = (0..REASONS.len() - 1)
            .map(|at| {
                let here = col("reason").eq(lit(at as i8)).fill_null(lit(false));
                here.cast(DataType::Int64).sum().alias(REASONS[at])
            })
            .collect();
        let days = transactions
            .clone()
            .filter(col("reason").is_null())
            .group_by([col("key"), col("day")])
            .agg([exact::sum(col("amount")).alias("amount"), len().cast(DataType::Int64).alias("rows")]);
        let returned = days
            .clone()
            .filter(col("amount").lt(lit(0.0)))
            .select([col("rows").sum().alias(REASONS[REASONS.len() - 1])]);
        Ok(Lowered::Reduce(vec![rows.customers(days), transactions.select(counts), returned]))
    }

    fn estimate(&self, reduced: Reduced, _cx: &Context<'_>) -> Result<Estimates, RunError> {
        match reduced {
            Reduced::Frames(frames) => estimate::estimate(self, &frames),
            Reduced::Cells(_) => Ok(Estimates::default()),
        }
    }
}

impl Transactions {
    /// The transactions as `key`, `day` (days since 1970), `amount` and `reason` (its place among
    /// [`REASONS`]), none where it counts.
    fn transactions(&self, rows: &LazyFrame) -> LazyFrame {
        let late = match self.as_of {
            Some(as_of) => col("day").gt(lit(as_of)),
            None => lit(false),
        };
        let amount = match &self.amount {
            Some(amount) => exact::number(named(amount)),
            None => lit(0.0),
        };
        let refused = [col("key").is_null(), col("day").is_null(), col("amount").is_null(), late];
        let reason = refusal::reason(refused);
        rows.clone()
            .select([
                named(&self.key).alias("key"),
                // The day of a date with time is the day on its own clock.
                named(&self.date).dt().date().cast(DataType::Int32).alias("day"),
                amount.alias("amount"),
            ])
            .with_column(reason.alias("reason"))
    }

    /// One row per customer: `key`, `first` and `last` (days since 1970), `purchases` (days), `total`, and
    /// `first_amount`; with a hold-out day `last_before` and `purchases_before` up to it.
    fn customers(&self, days: LazyFrame) -> LazyFrame {
        let mut columns = vec![
            col("day").min().alias("first"),
            col("day").max().alias("last"),
            len().cast(DataType::Int64).alias("purchases"),
        ];
        if self.amount.is_some() {
            // A customer has one row for the first day, so this sum adds nothing up.
            let on_first = col("amount").filter(col("day").eq(col("day").min())).sum();
            columns.extend([exact::sum(col("amount")).alias("total"), on_first.alias("first_amount")]);
        }
        if let Some(holdout) = self.holdout {
            let before = || col("day").lt_eq(lit(holdout));
            columns.extend([
                col("day").filter(before()).max().alias("last_before"),
                before().cast(DataType::Int64).sum().alias("purchases_before"),
            ]);
        }
        days.filter(col("amount").gt_eq(lit(0.0)))
            .group_by([col("key")])
            .agg(columns)
            .sort(["key"], SortMultipleOptions::default())
    }
}
