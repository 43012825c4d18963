//! The embedded engine: Polars, with its streaming engine, so that data larger than memory works.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use polars::polars_utils::compression::ZstdLevel;
use polars::prelude::*;

use super::tabulate::{self, Cells, TableSpec};
use super::{Format, Target, in_order};

/// Polars in this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Embedded;

/// Small enough that a reader skips what it does not need, large enough to compress.
const ROW_GROUP: usize = 250_000;
/// The lowest level: a tenth larger than the usual third, and a sixth less time for a whole table.
const ZSTD: i32 = 1;

impl super::Engine for Embedded {
    fn collect(&self, plans: Vec<LazyFrame>) -> PolarsResult<Vec<DataFrame>> {
        let plans: Vec<LazyFrame> = plans.into_iter().map(in_order).collect();
        let flags = plans.first().map(LazyFrame::get_current_optimizations).unwrap_or_default();
        let plans = plans.into_iter().map(|plan| plan.logical_plan).collect();
        LazyFrame::collect_all_with_engine(plans, polars::prelude::Engine::Streaming, flags)
    }

    fn write(&self, plans: Vec<(LazyFrame, Target)>) -> PolarsResult<()> {
        let sinks = plans
            .into_iter()
            .map(|(plan, target)| {
                let destination = SinkDestination::File {
                    target: SinkTarget::Path(PlRefPath::try_from_path(&target.path)?),
                };
                let parquet = |compression| {
                    let row_group_size = Some(ROW_GROUP);
                    let options = ParquetWriteOptions { compression, row_group_size, ..Default::default() };
                    FileWriteFormat::Parquet(Arc::new(options))
                };
                let format = match target.format {
                    Format::Parquet => parquet(ParquetCompression::Zstd(Some(ZstdLevel::try_new(ZSTD)?))),
                    Format::Working => parquet(ParquetCompression::Lz4Raw),
                    Format::Csv => FileWriteFormat::Csv(CsvWriterOptions::default()),
                };
                let sync_on_close = match target.format {
                    Format::Working => sync_on_close::SyncOnCloseType::None,
                    Format::Parquet | Format::Csv => sync_on_close::SyncOnCloseType::All,
                };
                let args = UnifiedSinkArgs {
                    mkdir: true,
                    maintain_order: true,
                    sync_on_close,
                    ..Default::default()
                };
                plan.sink(destination, format, args)
            })
            .collect::<PolarsResult<Vec<LazyFrame>>>()?;
        super::Engine::collect(self, sinks).map(drop)
    }

    fn tabulate(&self, rows: LazyFrame, tables: &[TableSpec]) -> PolarsResult<Vec<Cells>> {
        tabulate::tabulate(rows, tables)
    }

    fn scan(&self, path: &Path) -> PolarsResult<LazyFrame> {
        let args = ScanArgsParquet { glob: false, ..Default::default() };
        LazyFrame::scan_parquet(PlRefPath::try_from_path(path)?, args)
    }

    fn rows(&self, path: &Path) -> PolarsResult<u64> {
        let mut reader = ParquetReader::new(File::open(path)?);
        Ok(reader.get_metadata()?.num_rows as u64)
    }
}
