//! Cross-tables as numbers: margins, shares and index of a table of bases. Knows neither the names
//! of rows and columns nor where the counts came from.

use super::weights::Base;

/// A table of rows × columns, each cell the base of the answers in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Contingency {
    columns: usize,
    cells: Vec<Base>,
    row_totals: Vec<Base>,
    column_totals: Vec<Base>,
    total: Base,
}

impl Contingency {
    /// A table from its cells, row by row; either side may be empty. Cells that are missing at the end
    /// are empty.
    pub fn new(rows: usize, columns: usize, mut cells: Vec<Base>) -> Self {
        cells.resize(rows * columns, Base::default());
        let row_totals: Vec<Base> =
            (0..rows).map(|row| cells[row * columns..][..columns].iter().copied().sum()).collect();
        let column_totals =
            (0..columns).map(|column| (0..rows).map(|row| cells[row * columns + column]).sum()).collect();
        let total = row_totals.iter().copied().sum();
        Self { columns, cells, row_totals, column_totals, total }
    }

    /// Number of rows and of columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.row_totals.len(), self.columns)
    }

    /// The base of one cell; `None` as the column is the total column.
    pub fn cell(&self, row: usize, column: Option<usize>) -> Base {
        match column {
            Some(column) => self.cells[row * self.columns + column],
            None => self.row_totals[row],
        }
    }

    /// The base of one column; `None` is the total column, which is the whole table.
    pub fn column(&self, column: Option<usize>) -> Base {
        column.map_or(self.total, |column| self.column_totals[column])
    }

    /// The base of the whole table.
    pub fn total(&self) -> Base {
        self.total
    }

    /// The cell's weighted count as a share of its row. Empty row: none.
    pub fn row_share(&self, row: usize, column: Option<usize>) -> Option<f64> {
        share(self.cell(row, column).weighted, self.row_totals[row].weighted)
    }

    /// The cell's weighted count as a share of its column. Empty column: none.
    pub fn column_share(&self, row: usize, column: Option<usize>) -> Option<f64> {
        share(self.cell(row, column).weighted, self.column(column).weighted)
    }

    /// The cell's weighted count as a share of the table. Empty table: none.
    pub fn total_share(&self, row: usize, column: Option<usize>) -> Option<f64> {
        share(self.cell(row, column).weighted, self.total.weighted)
    }

    /// The column share against that of the total column, see [`index`].
    pub fn index(&self, row: usize, column: Option<usize>) -> Option<f64> {
        index(self.column_share(row, column)?, self.column_share(row, None)?)
    }
}

/// A part of a whole, 0–1. An empty whole has no shares: none, never 0.
pub fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// A share against the same share in the whole, the part included: 100 is as in the whole, 200
/// twice as frequent. None where the whole has none of it.
pub fn index(share: f64, share_of_whole: f64) -> Option<f64> {
    (share_of_whole > 0.0).then(|| 100.0 * share / share_of_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unweighted(columns: usize, counts: &[u64]) -> Contingency {
        Contingency::new(
            counts.len() / columns,
            columns,
            counts.iter().map(|n| Base::unweighted(*n)).collect(),
        )
    }

    #[test]
    fn by_hand() {
        // Rows (30, 10) and (20, 40): columns of 50 and 50, rows of 40 and 60.
        let table = unweighted(2, &[30, 10, 20, 40]);
        assert_eq!(table.shape(), (2, 2));
        assert_eq!(table.total().n, 100);
        assert_eq!(table.row_share(0, Some(0)), Some(0.75));
        assert_eq!(table.column_share(0, Some(0)), Some(0.6));
        assert_eq!(table.total_share(0, Some(0)), Some(0.3));
        // 60 % against 40 % of everybody.
        assert!((table.index(0, Some(0)).unwrap() - 150.0).abs() < 1e-12);
        assert_eq!(table.index(1, None), Some(100.0));
    }

    /// Hair (rows: black, brown, red, blond) by eye colour (R. D. Snee, *The American
    /// Statistician* 28, 1974), 592 students; 94 blond and blue-eyed of 127 blond.
    #[test]
    fn published() {
        #[rustfmt::skip]
        let table = unweighted(4, &[
            68, 20, 15, 5,
            119, 84, 54, 29,
            26, 17, 14, 14,
            7, 94, 10, 16,
        ]);
        assert_eq!(table.total().n, 592);
        assert!((table.row_share(3, Some(1)).unwrap() - 94.0 / 127.0).abs() < 1e-15);
        assert!((table.column_share(3, Some(1)).unwrap() - 94.0 / 215.0).abs() < 1e-15);
    }

    #[test]
    fn empty_margins_have_no_shares() {
        let table = unweighted(2, &[3, 0, 1, 0]);
        assert_eq!(table.column_share(0, Some(1)), None);
        assert_eq!(table.index(0, Some(1)), None);
        assert_eq!(table.row_share(0, Some(1)), Some(0.0));
        let empty = unweighted(2, &[0, 0]);
        assert_eq!(empty.total_share(0, Some(0)), None);
        // Rows without columns, and columns without rows.
        let rows = Contingency::new(2, 0, Vec::new());
        assert_eq!((rows.shape(), rows.row_share(1, None), rows.total().n), ((2, 0), None, 0));
        let columns = Contingency::new(0, 3, Vec::new());
        assert_eq!((columns.shape(), columns.column(Some(2)).n), ((0, 3), 0));
    }
}
