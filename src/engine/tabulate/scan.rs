//! Which columns of a plan are columns of Parquet files as they are, rows and all. Knows plans, not
//! what is in the files; whatever it does not know by sight is left to the engine.

use std::fs;
use std::path::PathBuf;

use polars::prelude::{
    DslPlan, Expr, ExtraColumnsPolicy, FileScanDsl, HiveOptions, MissingColumnsPolicy, ParquetOptions,
    PlSmallStr, ScanSources, UnifiedScanArgs,
};

/// Local Parquet files, one after the other.
pub(super) struct Scan {
    /// The files in order.
    pub files: Vec<PathBuf>,
    /// For each column that was asked for, its name in the files if it is one of theirs.
    pub columns: Vec<Option<PlSmallStr>>,
}

impl Scan {
    /// The files whose rows are exactly those of the plan, in their order: the plan reads files whole
    /// and then at most selects.
    pub(super) fn of(plan: &DslPlan, columns: &[&str]) -> Option<Self> {
        follow(plan, columns.iter().map(|name| Some((*name).into())).collect())
    }
}

fn follow(plan: &DslPlan, columns: Vec<Option<PlSmallStr>>) -> Option<Scan> {
    match plan {
        DslPlan::IR { dsl, .. } => follow(dsl, columns),
        DslPlan::Select { expr, input, .. } => {
            let source = |name: PlSmallStr| expr.iter().find_map(|expr| selected(expr, &name));
            follow(input, columns.into_iter().map(|name| name.and_then(source)).collect())
        }
        DslPlan::Scan { sources, unified_scan_args, scan_type, .. } => {
            let FileScanDsl::Parquet { options: ParquetOptions { schema: None, .. } } = scan_type.as_ref()
            else {
                return None;
            };
            Some(Scan { files: files(sources, unified_scan_args)?, columns })
        }
        _ => None,
    }
}

/// The column that an expression selects under this name, unchanged.
fn selected(expr: &Expr, name: &PlSmallStr) -> Option<PlSmallStr> {
    match expr {
        Expr::Column(column) => (column == name).then(|| column.clone()),
        Expr::Alias(expr, alias) if alias == name => match expr.as_ref() {
            Expr::Column(column) => Some(column.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The files of a scan that changes nothing in them.
fn files(sources: &ScanSources, args: &UnifiedScanArgs) -> Option<Vec<PathBuf>> {
    // In full, so that an option to come is not overlooked.
    let UnifiedScanArgs {
        schema: None,
        cloud_options: None,
        hive_options: HiveOptions { enabled, schema: None, .. },
        rechunk: _,
        cache: _,
        glob,
        hidden_file_prefix: None,
        projection: None,
        column_mapping: None,
        default_values: None,
        row_index: None,
        pre_slice: None,
        cast_columns_policy: _,
        missing_columns_policy: MissingColumnsPolicy::Raise,
        extra_columns_policy: ExtraColumnsPolicy::Raise,
        include_file_paths: None,
        deletion_files: None,
        table_statistics: None,
        row_count: None,
    } = args
    else {
        return None;
    };
    let file = |path: &str| {
        let is_pattern = *glob && path.contains(['*', '?', '[']);
        let is_partition = *enabled != Some(false) && path.contains('=');
        let is_file = fs::metadata(path).is_ok_and(|file| file.is_file());
        (is_file && !is_pattern && !is_partition).then(|| PathBuf::from(path))
    };
    sources.as_paths()?.iter().map(|path| file(path.as_str())).collect()
}
