//! Columns by their very names. Knows expressions, not what a column holds.

use polars::prelude::Expr;

/// The column of this name, whatever it looks like: `col` takes `*` for all columns and `^…$` for a
/// pattern.
pub(super) fn named(column: &str) -> Expr {
    Expr::Column(column.into())
}
