//! Customers who come summed up, one row each: which rows can be believed, and why others cannot. Knows
//! nothing of transactions and no formula.

use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError};
use crate::document::Spanned;
use crate::number;
use crate::stages::named::named;
use crate::stages::refusal;
use crate::stages::segment::{integers, words};
use crate::stages::{Check, Input, exact};

/// Columns of a table of one row per customer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Purchases after the first: a whole number.
    pub repeats: Spanned<String>,
    /// Time from the first purchase to the last, in `unit`; 0 without repeats.
    pub recency: Spanned<String>,
    /// Time from the first purchase to the last day of watching, in `unit`.
    pub age: Spanned<String>,
    /// The mean amount of the repeat purchases. Omitted: purchases only, no money.
    #[serde(default)]
    pub mean_amount: Option<Spanned<String>>,
}

/// A summary over columns that exist.
#[derive(Debug)]
pub(super) struct Columns {
    pub from: Spanned<String>,
    pub key: String,
    pub repeats: String,
    pub recency: String,
    pub age: String,
    pub mean_amount: Option<String>,
}

/// Why the row of a customer does not count.
pub(super) const REASONS: [&str; 5] = [
    "no key",
    "no repeats, recency or age",
    "repeats not a whole number from 0 up",
    "recency below 0 or above age",
    "recency without repeats, or repeats without recency",
];
/// Repeat purchases that no customer has.
const MOST: f64 = 4e9;
/// How many keys an error names before it says "and more".
const SHOWN: usize = 5;

pub(super) fn check(from: &Input, key: &str, options: &Summary, cx: &mut Check<'_>) -> Option<Columns> {
    let repeats = cx.numeric(from, &options.repeats);
    let recency = cx.numeric(from, &options.recency);
    let age = cx.numeric(from, &options.age);
    let mean_amount = cx.optional_numeric(from, &options.mean_amount);
    let named = [&options.repeats, &options.recency, &options.age];
    let mut named: Vec<&Spanned<String>> = named.into_iter().chain(&options.mean_amount).collect();
    named.sort_by_key(|name| name.span.start);
    let twice = (1..named.len()).find(|at| named[..*at].iter().any(|name| name.value == named[*at].value));
    if let Some(at) = twice {
        let (message, label) = ("takes two figures from one column", "another figure is this column too");
        cx.invalid(named[at].span, Code::InvalidOption, message, label, "");
    }
    let columns = Columns {
        from: from.spanned().clone(),
        key: key.to_owned(),
        repeats: repeats?.name,
        recency: recency?.name,
        age: age?.name,
        mean_amount: mean_amount?.map(|column| column.name),
    };
    twice.is_none().then_some(columns)
}

impl Columns {
    /// One row per customer that counts (`key`, `repeats`, `recency`, `age`, `mean_amount`, by key); how many
    /// do not, by reason; and keys that come more than once.
    pub(super) fn lower(&self, rows: &LazyFrame) -> Vec<LazyFrame> {
        let (repeats, recency, age) = (|| col("repeats"), || col("recency"), || col("age"));
        let zero = || lit(0.0);
        let whole = repeats().gt_eq(zero()).and(repeats().lt(lit(MOST))).and(repeats().eq(repeats().floor()));
        let refused = [
            col("key").is_null(),
            repeats().is_null().or(recency().is_null()).or(age().is_null()),
            whole.not(),
            recency().lt(zero()).or(recency().gt(age())),
            repeats().gt(zero()).neq(recency().gt(zero())),
        ];
        let reason = refusal::reason(refused);
        let mean = match &self.mean_amount {
            Some(mean) => exact::number(named(mean)),
            None => lit(NULL).cast(DataType::Float64),
        };
        let all = rows
            .clone()
            .select([
                named(&self.key).alias("key"),
                exact::number(named(&self.repeats)).alias("repeats"),
                exact::number(named(&self.recency)).alias("recency"),
                exact::number(named(&self.age)).alias("age"),
                mean.alias("mean_amount"),
            ])
            .with_column(reason.alias("reason"));
        let customers = all
            .clone()
            .filter(col("reason").is_null())
            .select([
                col("key"),
                repeats().cast(DataType::Int64),
                recency(),
                age(),
                when(repeats().gt(zero())).then(col("mean_amount")).otherwise(lit(NULL)).alias("mean_amount"),
            ])
            .sort(["key"], SortMultipleOptions::default());
        let counts: Vec<Expr> = (0..REASONS.len())
            .map(|at| {
                let here = col("reason").eq(lit(at as i8)).fill_null(lit(false));
                here.cast(DataType::Int64).sum().alias(REASONS[at])
            })
            .collect();
        let repeated = all
            .clone()
            .filter(col("key").is_not_null())
            .group_by([col("key")])
            .agg([len().alias("rows")])
            .filter(col("rows").gt(lit(1)))
            .sort(["key"], SortMultipleOptions::default())
            .limit(SHOWN as IdxSize + 1);
        vec![customers, all.select(counts), repeated]
    }

    /// Refuses a table in which a customer has several rows.
    pub(super) fn refuse_repeated(&self, repeated: &DataFrame) -> Result<(), RunError> {
        if repeated.height() == 0 {
            return Ok(());
        }
        let keys = repeated.column("key")?.cast(&DataType::String)?;
        let mut shown: Vec<&str> = keys.str()?.iter().flatten().take(SHOWN).collect();
        if repeated.height() > SHOWN {
            shown.push("…");
        }
        let message = "the summary has several rows for a customer";
        let label = format!("`{}` repeats {}", self.from.value, shown.join(", "));
        let told = Diagnostic::error(Code::DuplicateRecord, message).primary(self.from.span, label);
        Err(RunError::data(told.help("give one row per customer, or transactions with `date`")))
    }
}

/// How many rows were left out, reason by reason.
pub(super) fn left_out(counts: &DataFrame) -> PolarsResult<DataFrame> {
    let n = REASONS.iter().map(|reason| Ok(counts.column(reason)?.i64()?.get(0).unwrap_or(0)));
    df!("reason" => REASONS, "n" => n.collect::<PolarsResult<Vec<i64>>>()?)
}

/// Customers left out, and customers who came back for nobody knows how much.
pub(super) fn cautions(left_out: &DataFrame, without_amount: usize) -> Vec<Caution> {
    let customers = |n: i64| match n {
        1 => "1 customer".to_owned(),
        n => format!("{} customers", number::count(n as f64)),
    };
    let reasons = words(left_out, "reason").into_iter().zip(integers(left_out, "n"));
    let mut cautions: Vec<Caution> = reasons
        .filter(|(_, n)| *n > 0)
        .map(|(reason, n)| {
            let verb = if n == 1 { "was" } else { "were" };
            let message = format!("{} {verb} left out: {reason}", customers(n));
            Caution::new(CautionCode::MissingValues, format!("reason={reason}"), Some(n as f64), message)
        })
        .collect();
    if without_amount > 0 {
        let n = without_amount as f64;
        let message = format!(
            "{} came back without a mean amount above 0: taken to spend what everybody does",
            customers(without_amount as i64)
        );
        cautions.push(Caution::new(CautionCode::MissingValues, "column=mean_amount", Some(n), message));
    }
    cautions
}
