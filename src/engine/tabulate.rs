//! Many tables over the same rows in one pass: every column is turned into dense codes once, then
//! every table adds up its cells. Knows columns, weights and counts; not what a table is for.
//!
//! The rows come in blocks of a fixed length and in order. A cell's weights are added up in row
//! order within a block, and the sums of the blocks in block order, in plain double precision. So
//! the result is the same to the last bit whatever the number of threads, and memory is bounded by
//! the cells, the distinct values of the columns and a few blocks, not by the rows.

mod cells;
mod count;
mod encode;

use std::num::NonZeroUsize;
use std::sync::mpsc::sync_channel;

use polars::prelude::{
    DataFrame, DataType, Engine, Expr, LazyFrame, PlanCallback, PolarsError, PolarsResult, col, lit,
};
use rayon::prelude::*;

pub use cells::{Cell, Cells, LeftOut, Levels, NULL, Unusable};

use count::{Block, Counter, Weights};
use encode::Encoder;

/// Rows in a block. Part of the meaning of the sums (see above): changing it may change their last
/// digits. Codes of a block of some forty columns stay within a few megabytes.
const BLOCK: NonZeroUsize = NonZeroUsize::new(1 << 15).unwrap();

/// Blocks that may wait while the one before is counted.
const AHEAD: usize = 2;

/// One table: the cells are the combinations of values of its dimensions that occur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSpec {
    /// The columns whose values span the table: text, numbers, booleans, dates, categories. Without
    /// any, the table is one cell. A number that is not a number (NaN) is null.
    pub dimensions: Vec<Dimension>,
    /// A numeric column that says how much each row counts. Without one, every row counts one.
    pub weight: Option<String>,
}

/// A column that spans a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// Its name.
    pub column: String,
    /// What becomes of rows where it is null.
    pub nulls: Nulls,
}

impl Dimension {
    /// A dimension in which null is a category of its own, the last.
    pub fn keep(column: impl Into<String>) -> Self {
        Self { column: column.into(), nulls: Nulls::Keep }
    }

    /// A dimension that leaves rows with null out and counts them.
    pub fn leave_out(column: impl Into<String>) -> Self {
        Self { column: column.into(), nulls: Nulls::LeaveOut }
    }
}

/// What becomes of rows without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// Null is a category, after all values.
    Keep,
    /// The rows are left out of the table and counted.
    LeaveOut,
}

/// Whether a column of this type can span a table: all types but decimals and nested or binary ones.
pub fn has_categories(dtype: &DataType) -> bool {
    match dtype {
        DataType::Decimal(..) | DataType::Int128 | DataType::UInt128 => false,
        DataType::Null | DataType::Boolean | DataType::String => true,
        dtype => dtype.to_physical().is_primitive_numeric(),
    }
}

/// Counts all tables in one pass over the rows. The result has one entry per spec, in their order.
///
/// Fails where a column does not exist, has a type without categories (see [`has_categories`]), or
/// where reading the rows fails.
pub fn tabulate(rows: LazyFrame, tables: &[TableSpec]) -> PolarsResult<Vec<Cells>> {
    let columns = distinct(tables.iter().flat_map(|table| &table.dimensions).map(|d| d.column.as_str()));
    let weights = distinct(tables.iter().filter_map(|table| table.weight.as_deref()));
    let mut rows = select(rows, &columns, &weights);
    let schema = rows.collect_schema()?;
    let mut encoders = columns
        .iter()
        .zip(schema.iter_values())
        .map(|(column, dtype)| Encoder::new(column, dtype))
        .collect::<PolarsResult<Vec<_>>>()?;
    let mut counters: Vec<Counter> = tables
        .iter()
        .map(|table| {
            let place = |d: &Dimension| place(&columns, &d.column);
            Counter::new(
                table.dimensions.iter().map(place).collect(),
                table.weight.as_ref().map(|weight| self::place(&weights, weight)),
            )
        })
        .collect();

    let mut total = 0;
    for_each_block(rows, |frame| {
        let (coded, weighed) = frame.columns().split_at(columns.len());
        let codes = encoders
            .par_iter_mut()
            .zip(coded)
            .map(|(encoder, column)| encoder.encode(column.as_materialized_series()))
            .collect::<PolarsResult<Vec<_>>>()?;
        let weights = weighed[..weights.len()]
            .par_iter()
            .map(|column| Ok(Weights::read(column.f64()?)))
            .collect::<PolarsResult<Vec<_>>>()?;
        let sizes = encoders.iter().map(Encoder::size).collect();
        let block = Block { height: frame.height(), codes, sizes, weights };
        counters.par_iter_mut().for_each(|counter| counter.count(&block));
        total += frame.height() as u64;
        Ok(())
    })?;

    let sorted = encoders.par_iter().map(Encoder::sorted).collect::<PolarsResult<Vec<_>>>()?;
    Ok(tables
        .par_iter()
        .zip(counters)
        .map(|(table, counter)| counter.finish(table, &sorted, total))
        .collect())
}

/// The dimension columns, then the weights as doubles, under names by position: a column may be
/// both. Without any column, one that keeps the number of rows.
fn select(rows: LazyFrame, columns: &[&str], weights: &[&str]) -> LazyFrame {
    if columns.is_empty() && weights.is_empty() {
        return rows.with_column(lit(true).alias("row")).select([col("row")]);
    }
    // Not `col`, which takes some names for patterns.
    let exactly = |name: &str| Expr::Column(name.into());
    let dimensions =
        columns.iter().enumerate().map(|(at, name)| exactly(name).alias(format!("dimension {at}")));
    let weights = weights
        .iter()
        .enumerate()
        .map(|(at, name)| exactly(name).cast(DataType::Float64).alias(format!("weight {at}")));
    rows.select(dimensions.chain(weights).collect::<Vec<_>>())
}

/// Runs the plan on the streaming engine and hands over its rows in order, in blocks of [`BLOCK`]
/// rows (the last may be shorter). Reading goes on while a block is worked on.
fn for_each_block(rows: LazyFrame, mut work: impl FnMut(DataFrame) -> PolarsResult<()>) -> PolarsResult<()> {
    let (send, receive) = sync_channel(AHEAD);
    let end = send.clone();
    // The callback's answer says whether to stop: yes when nobody listens any more.
    let callback = PlanCallback::new(move |block: DataFrame| Ok(send.send(Some(block)).is_err()));
    let plan = rows.sink_batches(callback, true, Some(BLOCK))?;
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let read = plan.collect_with_engine(Engine::Streaming);
            // An error means that nobody listens any more, which is fine.
            let _ = end.send(None);
            read.map(drop)
        });
        let worked = (|| {
            while let Ok(Some(block)) = receive.recv() {
                work(block)?;
            }
            Ok(())
        })();
        drop(receive);
        let read = reader.join().unwrap_or_else(|_| {
            Err(PolarsError::ComputeError("the engine stopped while it read the rows".into()))
        });
        worked.and(read)
    })
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut distinct: Vec<&str> = names.collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

/// Where the name stands in the sorted names, which hold it.
fn place(names: &[&str], name: &str) -> usize {
    names.partition_point(|other| *other < name)
}

#[cfg(test)]
mod tests;
