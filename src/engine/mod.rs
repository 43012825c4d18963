//! Engines carry out plans: collect small tables, write large ones, count many tables in one pass.
//! They know no stage and no pipeline file.

mod embedded;
pub mod tabulate;

use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, LazyFrame, PolarsResult};

pub use embedded::Embedded;
use tabulate::{Cells, TableSpec};

/// What an engine can do. Kept to a handful of verbs, so that another engine owes little.
pub trait Engine: Send + Sync {
    /// Carries out several plans together, sharing what they have in common, and brings back the
    /// tables.
    fn collect(&self, plans: Vec<LazyFrame>) -> PolarsResult<Vec<DataFrame>>;

    /// Carries out several plans together and writes each to its file without holding the rows.
    fn write(&self, plans: Vec<(LazyFrame, Target)>) -> PolarsResult<()>;

    /// Counts many tables over the same rows in one pass.
    fn tabulate(&self, rows: LazyFrame, tables: &[TableSpec]) -> PolarsResult<Vec<Cells>>;

    /// A written Parquet file as a plan.
    fn scan(&self, path: &Path) -> PolarsResult<LazyFrame>;

    /// The number of rows of a written Parquet file, from its footer.
    fn rows(&self, path: &Path) -> PolarsResult<u64>;
}

/// The plan, its rows in the order that it says.
///
/// Polars 0.55 looks for orders that nobody can see, and takes a `CASE` of constants for a selection
/// without one: with that pass the rows of such a plan come in any order, another one each time.
fn in_order(plan: LazyFrame) -> LazyFrame {
    plan.with_check_order(false)
}

/// A file to write.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where.
    pub path: PathBuf,
    /// As what.
    pub format: Format,
}

/// The form of a written table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Parquet, zstd.
    Parquet,
    /// Parquet that only this run reads again: written sooner, larger, and gone if the machine stops.
    Working,
    /// Comma separated, UTF-8, header line.
    Csv,
}
