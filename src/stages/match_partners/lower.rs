//! What is asked of the engine: the list, customers by partner and segment, the good ones by attribute,
//! scores and leads. The order of the frames is that in which `evidence` reads them.

use polars::prelude::*;

use super::{Checked, Known};
use crate::stages::named::named;
use crate::stages::{Table, exact};
use crate::stats::credibility::Kind;

/// The mean of all outcomes, which tells good customers where the outcome is a number.
pub(super) fn fit(ready: &Checked, inputs: &[Table]) -> Option<LazyFrame> {
    let known = &ready.customers;
    let rows = inputs.get(1).filter(|_| known.kind == Kind::Mean)?;
    let usable = usable(ready, &rows.rows, None);
    Some(usable.select([exact::sum(col("x")).alias("sum"), len().cast(DataType::Float64).alias("n")]))
}

pub(super) fn lower(ready: &Checked, inputs: &[Table], fitted: &[DataFrame]) -> PolarsResult<Vec<LazyFrame>> {
    let mut tables = inputs.iter();
    let mut next = || tables.next().map(|table| table.rows.clone()).unwrap_or_default();
    let (list, customers) = (next(), next());
    let known = &ready.customers;
    let mean = match fitted.first() {
        Some(fitted) => mean(fitted)?,
        None => None,
    };
    let usable = usable(ready, &customers, mean);

    let mut frames = vec![self::list(ready, list), cells(&usable), left_out(ready, &customers)];
    if let Some(score) = &ready.score {
        let rows = next().select([
            named(&score.key).cast(ready.key.dtype.clone()).cast(DataType::String).alias("id"),
            exact::number(named(&score.value)).alias("score"),
        ]);
        frames.push(rows.filter(col("id").is_not_null()).sort(["id"], SortMultipleOptions::default()));
    }
    if let Some(demand) = &ready.demand {
        let rows = match &demand.condition {
            Some(condition) => next().filter(condition.clone()),
            None => next(),
        };
        let word = |column: &str| named(column).cast(DataType::String);
        let mut columns = vec![
            word(&demand.segment).alias("segment"),
            demand.within.as_ref().map_or(lit(""), |within| word(&within.name)).alias("within"),
        ];
        frames.push(match &demand.key {
            Some(key) => {
                columns.push(named(&key.name).alias("lead"));
                columns.extend(demand.within.as_ref().map(|within| named(&within.name).alias("place")));
                columns.push(lit(1i64).cast(DataType::Int64).alias("n"));
                rows.select(columns).sort(["lead"], SortMultipleOptions::default())
            }
            None => {
                let groups = [col("segment"), col("within")];
                let counted = rows.select(columns).group_by(groups);
                let counted = counted.agg([len().cast(DataType::Int64).alias("n")]);
                counted.sort(["segment", "within"], SortMultipleOptions::default())
            }
        });
    }
    frames.extend((0..known.describe.len()).map(|at| described(&usable, at)));
    Ok(frames)
}

/// One row a partner: `key`, `id` (the key as text), what is kept, `capacity`, `within`, `peers`.
fn list(ready: &Checked, rows: LazyFrame) -> LazyFrame {
    let word = |column: Option<&str>| match column {
        Some(column) => named(column).cast(DataType::String),
        None => lit(""),
    };
    let key = named(&ready.key.name).cast(ready.key.dtype.clone());
    let mut columns = vec![key.clone().alias("key"), key.cast(DataType::String).alias("id")];
    columns.extend(ready.keep.iter().enumerate().map(|(at, kept)| named(&kept.name).alias(keep_name(at))));
    let missing = || lit(NULL).cast(DataType::Float64);
    let within = ready.demand.as_ref().and_then(|demand| demand.within.as_ref());
    columns.extend([
        ready.capacity.clone().unwrap_or_else(missing).cast(DataType::Float64).alias("capacity"),
        word(within.map(|within| within.name.as_str())).alias("within"),
        word(ready.peers.as_deref()).alias("peers"),
    ]);
    rows.select(columns).sort(["key"], SortMultipleOptions::default())
}

/// The customers that count: `id` of their partner, `segment`, `x` (the outcome), `good`, `value`,
/// `loyalty`, `worth`, and each attribute. Without the mean nobody is good by a number.
fn usable(ready: &Checked, rows: &LazyFrame, mean: Option<f64>) -> LazyFrame {
    let known = &ready.customers;
    let missing = || lit(NULL).cast(DataType::Float64);
    let good = match known.kind {
        Kind::Rate => col("x").gt(lit(0.5)),
        Kind::Mean => mean.map_or(lit(false), |mean| col("x").gt(lit(mean))),
    };
    // What a good customer is worth; without a value each is worth one, or the outcome itself.
    let worth = match (known.kind, known.value.is_some()) {
        (Kind::Rate, true) => col("value") * col("x"),
        (Kind::Mean, true) => col("value"),
        (_, false) => col("x"),
    };
    let mut columns = vec![
        named(&known.key).cast(ready.key.dtype.clone()).cast(DataType::String).alias("id"),
        named(&known.segment).cast(DataType::String).alias("segment"),
        known.outcome.clone().alias("x"),
        known.value.clone().unwrap_or_else(missing).alias("value"),
        known.loyalty.clone().unwrap_or_else(missing).alias("loyalty"),
    ];
    let words = known.describe.iter().enumerate();
    columns.extend(words.map(|(at, name)| named(name).cast(DataType::String).alias(word_name(at))));
    chosen(known, rows)
        .select(columns)
        .with_column(exact::number(col("x") * col("x")).alias("square"))
        .filter(col("segment").is_not_null().and(col("square").is_not_null()))
        .with_columns([good.cast(DataType::Int64).alias("good"), exact::number(worth).alias("worth")])
}

fn chosen(known: &Known, rows: &LazyFrame) -> LazyFrame {
    match &known.condition {
        Some(condition) => rows.clone().filter(condition.clone()),
        None => rows.clone(),
    }
}

/// Customers by partner (none: nobody's) and segment.
fn cells(usable: &LazyFrame) -> LazyFrame {
    let count = |name: &str| col(name).count().cast(DataType::Int64);
    usable
        .clone()
        .group_by([col("id"), col("segment")])
        .agg([
            len().cast(DataType::Int64).alias("n"),
            col("good").sum().alias("good"),
            exact::sum(col("x")).alias("sum"),
            exact::sum(col("square")).alias("square"),
            count("value").alias("value_n"),
            exact::sum(col("value")).alias("value"),
            count("loyalty").alias("loyalty_n"),
            exact::sum(col("loyalty")).alias("loyalty"),
            count("worth").alias("worth_n"),
            exact::sum(col("worth")).alias("worth"),
        ])
        .sort(["id", "segment"], SortMultipleOptions::default())
}

/// How many customers have no segment, and how many others no outcome.
fn left_out(ready: &Checked, rows: &LazyFrame) -> LazyFrame {
    let known = &ready.customers;
    let times = |condition: Expr| condition.cast(DataType::Int64).sum();
    let segment = || named(&known.segment);
    let usable = exact::number(known.outcome.clone() * known.outcome.clone());
    chosen(known, rows).select([
        times(segment().is_null()).alias("no_segment"),
        times(segment().is_not_null().and(usable.is_null())).alias("no_outcome"),
    ])
}

/// Customers, and the good ones among them, by partner and value of an attribute.
fn described(usable: &LazyFrame, at: usize) -> LazyFrame {
    usable
        .clone()
        .select([col("id"), col(word_name(at)).alias("value"), col("good")])
        .filter(col("value").is_not_null())
        .group_by([col("id"), col("value")])
        .agg([len().cast(DataType::Int64).alias("n"), col("good").sum().alias("good")])
        .sort(["id", "value"], SortMultipleOptions::default())
}

fn mean(fitted: &DataFrame) -> PolarsResult<Option<f64>> {
    let first = |name: &str| PolarsResult::Ok(fitted.column(name)?.f64()?.iter().next().flatten());
    Ok(first("sum")?.zip(first("n")?).filter(|(_, n)| *n > 0.0).map(|(sum, n)| sum / n))
}

pub(super) fn keep_name(at: usize) -> String {
    format!("keep_{at}")
}

fn word_name(at: usize) -> String {
    format!("word_{at}")
}
