//! Many tables over the same rows in one pass: every column is turned into dense codes once, then
//! every table adds up its cells. Knows columns, weights and counts; not what a table is for.
//!
//! | module | does |
//! | --- | --- |
//! | `blocks` | the rows in order, in blocks of a fixed length |
//! | `scan` | which columns are those of Parquet files as they are |
//! | `parquet`, `pages` | such columns as codes, from the dictionaries in the files |
//! | `encode`, `memo` | a column's values as dense codes, the same in every block |
//! | `weights` | a column's weights, and the few rows whose weight cannot be used |
//! | `plan` | which tables are counted together, as margins of a larger one |
//! | `pack`, `sparse` | the cells: all that are possible, or those that occur |
//! | `count`, `tally`, `cells` | who counts what from block to block, and the tables by value |
//!
//! # The order of sums
//!
//! A cell's weights are added up in row order within a block, and the sums of the blocks in block
//! order, in plain double precision. A table that is counted together with others is a margin of
//! their common cells: its cell is the sum of theirs, in the order of codes, which is the order in
//! which values first occur. Which tables are counted together follows from the tables asked for and
//! from the values in the blocks so far. So the result is the same to the last bit whatever the
//! number of threads and whatever frames the rows come in; with other tables beside it, a table's
//! counts are the same and its sums agree but for rounding.
//!
//! Memory is bounded by the cells, the distinct values of the columns, a few blocks, and a compressed
//! chunk of each column that is read as codes or what the engine reads ahead of the others; not by the
//! rows.

mod blocks;
mod cells;
mod count;
mod encode;
mod memo;
mod pack;
mod pages;
mod parquet;
mod plan;
mod scan;
mod sparse;
mod tally;
mod weights;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use polars::prelude::{
    DataFrame, DataType, Expr, LazyFrame, PlSmallStr, PolarsResult, Schema, Series, col, lit, polars_ensure,
};
use rayon::prelude::*;

pub use cells::{Cell, Cells, LeftOut, Levels, NULL, Unusable};

use blocks::for_each_block;
use count::{Block, Counters};
use encode::Encoder;
use parquet::Files;
use scan::Scan;
use weights::Weights;

/// Rows in a block. Part of the meaning of the sums (see above): changing it may change their last
/// digits. Codes of a block of some forty columns stay within a few megabytes, and fetching a pack's
/// cells is little beside adding to them so many times.
const BLOCK: NonZeroUsize = NonZeroUsize::new(1 << 16).unwrap();

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
pub fn tabulate(mut rows: LazyFrame, tables: &[TableSpec]) -> PolarsResult<Vec<Cells>> {
    let schema = rows.collect_schema()?;
    if let Some(coded) = Coded::of(&rows, &schema, tables) {
        match count(rows.clone(), &schema, tables, coded) {
            Ok(cells) => return Ok(cells),
            // Whatever it is, the engine reads it or has the words for it.
            Err(error) => tracing::debug!(%error, "the engine reads what was to be read as codes"),
        }
    }
    count(rows, &schema, tables, Coded::default())
}

/// The columns that files hold as codes.
#[derive(Default)]
struct Coded {
    columns: BTreeMap<String, parquet::Column>,
    /// The rows of the files.
    rows: usize,
}

impl Coded {
    /// The dimensions that can be read so; none if there are none.
    fn of(rows: &LazyFrame, schema: &Schema, tables: &[TableSpec]) -> Option<Self> {
        let dimensions = dimensions(tables);
        let scan = Scan::of(&rows.logical_plan, &dimensions)?;
        if scan.columns.iter().all(Option::is_none) {
            return None;
        }
        let files = Arc::new(Files::open(scan.files).ok()?);
        let column = |(name, source): (&&str, Option<PlSmallStr>)| {
            Some((name.to_string(), files.column(&source?, schema.get(name)?)?))
        };
        let columns: BTreeMap<_, _> = dimensions.iter().zip(scan.columns).filter_map(column).collect();
        (!columns.is_empty()).then_some(Self { columns, rows: files.rows })
    }
}

/// Counts the tables, with some columns read as codes and the others by the engine.
fn count(
    rows: LazyFrame,
    schema: &Schema,
    tables: &[TableSpec],
    mut coded: Coded,
) -> PolarsResult<Vec<Cells>> {
    let columns = dimensions(tables);
    let weights = distinct(tables.iter().filter_map(|table| table.weight.as_deref()));
    let encoder = |column: &&str| Encoder::new(column, schema.try_get(column)?);
    let mut encoders = columns.iter().map(encoder).collect::<PolarsResult<Vec<_>>>()?;
    for weight in &weights {
        schema.try_get(weight)?;
    }
    let place_of = |table: &TableSpec| {
        let dimensions = table.dimensions.iter().map(|d| place(&columns, &d.column)).collect();
        (dimensions, table.weight.as_ref().map(|weight| place(&weights, weight)))
    };
    let mut counters = Counters::new(tables.iter().map(place_of).collect());
    let mut weighed: Vec<Weights> = weights.iter().map(|_| Weights::default()).collect();

    let is_coded = !coded.columns.is_empty();
    let mut sources: Vec<Option<parquet::Column>> =
        columns.iter().map(|column| coded.columns.remove(*column)).collect();
    let by_engine = columns.iter().zip(&sources).filter(|(_, source)| source.is_none());
    let wanted = distinct(by_engine.map(|(column, _)| *column).chain(weights.iter().copied()));
    let mut total = 0;
    let mut work = |frames: &[DataFrame], height: usize| {
        let columns = encoders.par_iter_mut().zip(&mut sources).zip(&columns);
        columns.try_for_each(|((encoder, source), column)| {
            encoder.clear();
            match source {
                Some(source) => source.encode(height, encoder),
                None => frames.iter().try_for_each(|frame| encoder.encode(series(frame, column)?)),
            }
        })?;
        weighed.par_iter_mut().zip(&weights).try_for_each(|(weights, column)| {
            weights.clear();
            frames.iter().try_for_each(|frame| weights.read(series(frame, column)?))
        })?;
        counters.count(&Block {
            height,
            codes: encoders.iter().map(Encoder::codes).collect(),
            sizes: encoders.iter().map(Encoder::size).collect(),
            weights: &weighed,
        });
        total += height;
        Ok(())
    };
    if is_coded && wanted.is_empty() {
        let heights = (0..coded.rows).step_by(BLOCK.get()).map(|start| BLOCK.get().min(coded.rows - start));
        for height in heights {
            work(&[], height)?;
        }
    } else {
        let height = |frames: &[DataFrame]| frames.iter().map(DataFrame::height).sum();
        for_each_block(only(rows, schema, &wanted), BLOCK, |frames| work(frames, height(frames)))?;
    }
    polars_ensure!(!is_coded || total == coded.rows, ComputeError: "the files have other rows than the plan");
    let sorted = encoders.par_iter().map(Encoder::sorted).collect::<PolarsResult<Vec<_>>>()?;
    Ok(counters.finish(tables, &sorted, total as u64))
}

/// The names of the columns that span the tables, sorted.
fn dimensions(tables: &[TableSpec]) -> Vec<&str> {
    distinct(tables.iter().flat_map(|table| &table.dimensions).map(|d| d.column.as_str()))
}

/// The wanted columns; without any, one that keeps the number of rows.
///
/// They stay in the order of the rows and under their names: then the engine has nothing to do after
/// reading a file, and holds fewer frames than it does where its threads share work.
fn only(rows: LazyFrame, schema: &Schema, wanted: &[&str]) -> LazyFrame {
    if wanted.is_empty() {
        return rows.with_column(lit(true).alias("row")).select([col("row")]);
    }
    let names = schema.iter_names().filter(|name| wanted.contains(&name.as_str()));
    // Not `col`, which takes some names for patterns.
    rows.select(names.map(|name| Expr::Column(name.clone())).collect::<Vec<_>>())
}

fn series<'a>(frame: &'a DataFrame, column: &str) -> PolarsResult<&'a Series> {
    Ok(frame.column(column)?.as_materialized_series())
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
