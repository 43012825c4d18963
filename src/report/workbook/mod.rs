//! Tables as an Excel workbook: one table as it is, or a tab book as research agencies deliver it.
//! What stands where is a value ([`Book`]) computed from the tables; writing the file is a second step.
//! Numbers stay numbers, text stays text whatever it looks like, and the same tables give the same bytes.

mod book;
mod contents;
mod crossed;
mod footnotes;
mod heads;
mod list;
mod options;
mod pictures;
mod sheet;
mod table;
#[cfg(test)]
mod tests;
mod write;

use polars::prelude::PolarsError;
use rust_xlsxwriter::XlsxError;

use crate::number;

pub use book::{Beside, Part};
pub use contents::{Data, Origin};
pub use list::{List, Listed, Values};
pub use options::{Figure, Layout, Letters, Shade, Sheets};
pub use sheet::{Align, Area, Book, Cell, Chart, Line, Page, Series, Sheet, Style, Value};

/// Rows a sheet has below its header.
pub const MOST_ROWS: usize = 1_048_575;
/// Columns a sheet has.
pub const MOST_COLUMNS: usize = 16_384;
/// Signs (UTF-16 units) a cell holds.
const LONGEST_TEXT: usize = 32_767;

/// Why a table cannot become a workbook.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// The table has more rows than a sheet.
    #[error("a sheet holds {} rows below its header, and the table has more", number::count(MOST_ROWS as f64))]
    TooManyRows,
    /// The table has more columns than a sheet.
    #[error("a sheet holds {} columns, and the table has {}", number::count(MOST_COLUMNS as f64), number::count(*.0 as f64))]
    TooManyColumns(usize),
    /// A text does not fit into a cell.
    #[error("a cell holds {} signs, and row {row} of column `{column}` has more", number::count(LONGEST_TEXT as f64))]
    TooLongText {
        /// The column, or the sheet.
        column: String,
        /// The row, the first below the header being 1.
        row: usize,
    },
    /// A column cannot be read.
    #[error(transparent)]
    Table(#[from] PolarsError),
    /// The workbook cannot be put together.
    #[error(transparent)]
    Workbook(#[from] XlsxError),
}
