//! The chi-square test of a table of counts: whether its rows and columns have to do with each
//! other, how strongly, and which cells say so. Knows no weights: what weights and a sample design
//! make of the test is in [`super::rao_scott`].

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The chi-square test of one table, over its rows and columns that are not empty.
#[derive(Debug, Clone, PartialEq)]
pub struct ChiSquare {
    /// Sum of the counts.
    pub n: f64,
    /// Rows and columns that are not empty.
    pub shape: (usize, usize),
    /// Pearson's `X² = Σ (O − E)² / E`.
    pub pearson: f64,
    /// The likelihood ratio `G² = 2 Σ O ln(O / E)`, where an empty cell adds nothing.
    pub likelihood_ratio: f64,
    /// Degrees of freedom, `(rows − 1)(columns − 1)`.
    pub df: u64,
    /// Number of expected counts below 5: with more than a fifth of them the p-values are poor.
    pub cells_below_5: u64,
    /// The smallest expected count.
    pub min_expected: f64,
}

impl ChiSquare {
    /// Tests a table of counts, given row by row. Empty rows and columns are left out. None where
    /// fewer than two rows or two columns are left.
    ///
    /// Sources: K. Pearson, *Philosophical Magazine* 50, 1900; R. R. Sokal and F. J. Rohlf,
    /// *Biometry*, 1995, for `G²`.
    pub fn of(columns: usize, counts: &[f64]) -> Option<Self> {
        let table = Margins::of(columns, counts);
        let (kept_rows, kept_columns) = table.kept();
        if kept_rows.len() < 2 || kept_columns.len() < 2 {
            return None;
        }
        let mut made = Self {
            n: table.total,
            shape: (kept_rows.len(), kept_columns.len()),
            pearson: 0.0,
            likelihood_ratio: 0.0,
            df: (kept_rows.len() as u64 - 1) * (kept_columns.len() as u64 - 1),
            cells_below_5: 0,
            min_expected: f64::INFINITY,
        };
        for row in kept_rows {
            for column in &kept_columns {
                let observed = counts[row * columns + column];
                let expected = expected(table.rows[row], table.columns[*column], table.total);
                made.pearson += (observed - expected).powi(2) / expected;
                if observed > 0.0 {
                    made.likelihood_ratio += 2.0 * observed * (observed / expected).ln();
                }
                made.cells_below_5 += u64::from(expected < 5.0);
                made.min_expected = made.min_expected.min(expected);
            }
        }
        // Counts in exact proportion leave rounding on either side of zero.
        made.likelihood_ratio = made.likelihood_ratio.max(0.0);
        Some(made)
    }

    /// Probability of a Pearson statistic at least as large if rows and columns are independent.
    pub fn p_value(&self) -> f64 {
        upper_tail(self.pearson, self.df as f64)
    }

    /// Probability of a likelihood ratio at least as large if rows and columns are independent.
    pub fn p_likelihood_ratio(&self) -> f64 {
        upper_tail(self.likelihood_ratio, self.df as f64)
    }

    /// Pearson's `φ = √(X² / n)`; with two rows or two columns it is Cramér's V.
    pub fn phi(&self) -> f64 {
        (self.pearson / self.n).sqrt()
    }

    /// Cramér's `V = √(X² / (n (k − 1)))` with the smaller number `k` of rows or columns: 0 where
    /// these are independent, 1 where one determines the other.
    ///
    /// Source: H. Cramér, *Mathematical Methods of Statistics*, 1946, section 21.9.
    pub fn cramers_v(&self) -> f64 {
        let smaller = self.shape.0.min(self.shape.1);
        (self.pearson / (self.n * (smaller - 1) as f64)).sqrt()
    }

    /// Pearson's contingency coefficient `C = √(X² / (X² + n))`.
    pub fn contingency_coefficient(&self) -> f64 {
        (self.pearson / (self.pearson + self.n)).sqrt()
    }
}

/// The counts that the cells would have if rows and columns were independent, row by row; none in empty
/// rows and columns, which have no part in the test.
pub fn expected_counts(columns: usize, counts: &[f64]) -> Vec<Option<f64>> {
    let table = Margins::of(columns, counts);
    let cell =
        |row: f64, column: f64| (row > 0.0 && column > 0.0).then(|| expected(row, column, table.total));
    let of_row = |row: &f64| table.columns.iter().map(|column| cell(*row, *column)).collect::<Vec<_>>();
    table.rows.iter().flat_map(of_row).collect()
}

/// The count that a cell would have if rows and columns were independent.
pub fn expected(row: f64, column: f64, total: f64) -> f64 {
    row * column / total
}

/// Adjusted residual of a cell, `(O − E) / √(E (1 − row share)(1 − column share))`: standard normal
/// where rows and columns are independent, and the pooled z of the column against all others. None
/// where row or column is empty or is the whole table.
///
/// Source: S. J. Haberman, "The Analysis of Residuals in Cross-Classified Tables", *Biometrics* 29,
/// 1973.
pub fn adjusted_residual(observed: f64, row: f64, column: f64, total: f64) -> Option<f64> {
    if !(row > 0.0 && column > 0.0 && total > 0.0) {
        return None;
    }
    let (outside_row, outside_column) = (1.0 - row / total, 1.0 - column / total);
    // The whole table summed in another order misses 1 by rounding.
    if outside_row < 1e-12 || outside_column < 1e-12 {
        return None;
    }
    let expected = expected(row, column, total);
    Some((observed - expected) / (expected * outside_row * outside_column).sqrt())
}

/// Probability that a chi-square variable with `df` degrees of freedom is at least as large.
pub fn upper_tail(statistic: f64, df: f64) -> f64 {
    if statistic <= 0.0 {
        return 1.0;
    }
    ChiSquared::new(df).map_or(f64::NAN, |distribution| distribution.sf(statistic))
}

/// Sums of a table of counts.
pub(super) struct Margins {
    rows: Vec<f64>,
    columns: Vec<f64>,
    total: f64,
}

impl Margins {
    pub(super) fn of(columns: usize, counts: &[f64]) -> Self {
        let rows: Vec<f64> = if columns == 0 {
            Vec::new()
        } else {
            counts.chunks_exact(columns).map(|row| row.iter().sum()).collect()
        };
        let column = |at: usize| (0..rows.len()).map(|row| counts[row * columns + at]).sum();
        Self { columns: (0..columns).map(column).collect(), total: rows.iter().sum(), rows }
    }

    /// The rows and the columns that are not empty.
    pub(super) fn kept(&self) -> (Vec<usize>, Vec<usize>) {
        let kept = |sums: &[f64]| (0..sums.len()).filter(|at| sums[*at] > 0.0).collect();
        (kept(&self.rows), kept(&self.columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-9 * expected.abs(), "{actual}, not {expected}");
    }

    #[test]
    fn by_hand() {
        // Rows (30, 10) and (20, 40): expected 20, 20, 30, 30, each missed by 10.
        let table = ChiSquare::of(2, &[30.0, 10.0, 20.0, 40.0]).unwrap();
        close(table.pearson, 100.0 / 20.0 * 2.0 + 100.0 / 30.0 * 2.0);
        assert_eq!((table.n, table.df, table.shape), (100.0, 1, (2, 2)));
        assert_eq!((table.cells_below_5, table.min_expected), (0, 20.0));
        close(table.phi(), (table.pearson / 100.0).sqrt());
        close(table.cramers_v(), table.phi());
        close(table.contingency_coefficient(), (table.pearson / (100.0 + table.pearson)).sqrt());
        close(
            table.likelihood_ratio,
            2.0 * (30.0 * 1.5_f64.ln()
                + 10.0 * 0.5_f64.ln()
                + 20.0 * (2.0_f64 / 3.0).ln()
                + 40.0 * (4.0_f64 / 3.0).ln()),
        );
        let expected = [20.0, 20.0, 30.0, 30.0].map(Some);
        assert_eq!(expected_counts(2, &[30.0, 10.0, 20.0, 40.0]), expected);
        // An empty row and an empty column are no part of the table.
        let beside = [30.0, 0.0, 10.0, 0.0, 0.0, 0.0, 20.0, 0.0, 40.0];
        let [a, b, c, d] = expected;
        assert_eq!(expected_counts(3, &beside), [a, None, b, None, None, None, c, None, d]);
        assert_eq!(expected_counts(0, &[]), []);
        // In a table of four the residuals are z, and their square is Pearson's statistic.
        close(adjusted_residual(30.0, 40.0, 50.0, 100.0).unwrap(), table.pearson.sqrt());
    }

    /// Of R 4.2.2 (`tests/oracles/statistics.R`): `chisq.test(m, correct = FALSE)` with `$expected` and `$stdres`; G² by its formula.
    #[test]
    fn by_another_program() {
        let counts = [12.0, 5.0, 9.0, 20.0, 7.0, 11.0, 3.0, 4.0, 16.0];
        let table = ChiSquare::of(3, &counts).unwrap();
        close(table.pearson, 12.050_176_863_563_59);
        close(table.p_value(), 0.016_982_011_733_169_16);
        close(table.likelihood_ratio, 12.859_921_486_506_34);
        close(table.p_likelihood_ratio(), 0.011_980_916_723_244_74);
        assert_eq!((table.df, table.cells_below_5), (4, 2));
        close(table.min_expected, 4.229_885_057_471_265);
        close(adjusted_residual(16.0, 23.0, 36.0, 87.0).unwrap(), 3.199_989_010_531_002_3);
        close(adjusted_residual(20.0, 38.0, 35.0, 87.0).unwrap(), 2.077_389_588_637_714);
        close(expected(26.0, 35.0, 87.0), 10.459_770_114_942_53);
    }

    /// Hair by eye colour (R. D. Snee, *The American Statistician* 28, 1974): 138.29 with 9 degrees of
    /// freedom, G² 146.44, V 0.279 (M. Friendly, *Visualizing Categorical Data*, 2000).
    #[test]
    fn published() {
        #[rustfmt::skip]
        let table = ChiSquare::of(4, &[
            68.0, 20.0, 15.0, 5.0,
            119.0, 84.0, 54.0, 29.0,
            26.0, 17.0, 14.0, 14.0,
            7.0, 94.0, 10.0, 16.0,
        ]).unwrap();
        assert_eq!(table.df, 9);
        assert!((table.pearson - 138.29).abs() < 5e-3);
        assert!((table.likelihood_ratio - 146.44).abs() < 5e-3);
        assert!((table.cramers_v() - 0.279).abs() < 5e-4);
    }

    #[test]
    fn empty_rows_and_columns_change_nothing() {
        let plain = ChiSquare::of(2, &[3.0, 8.0, 9.0, 2.0]).unwrap();
        let with_empty = ChiSquare::of(3, &[0.0, 0.0, 0.0, 3.0, 0.0, 8.0, 9.0, 0.0, 2.0]).unwrap();
        assert_eq!(plain, with_empty);
    }

    #[test]
    fn an_empty_cell_adds_nothing_to_the_likelihood_ratio() {
        let table = ChiSquare::of(2, &[0.0, 5.0, 5.0, 0.0]).unwrap();
        close(table.pearson, 10.0);
        close(table.likelihood_ratio, 2.0 * 10.0 * 2.0_f64.ln());
        close(table.cramers_v(), 1.0);
        assert_eq!(table.cells_below_5, 4);
    }

    #[test]
    fn independence() {
        let table = ChiSquare::of(3, &[0.1, 0.2, 0.3, 0.2, 0.4, 0.6]).unwrap();
        assert!(table.pearson < 1e-30 && table.likelihood_ratio < 1e-15);
        assert!(table.p_value() > 1.0 - 1e-12 && table.p_likelihood_ratio() > 1.0 - 1e-12);
    }

    #[test]
    fn degenerate() {
        assert_eq!(ChiSquare::of(2, &[3.0, 4.0]), None);
        assert_eq!(ChiSquare::of(1, &[3.0, 4.0]), None);
        assert_eq!(ChiSquare::of(2, &[3.0, 4.0, 0.0, 0.0]), None);
        assert_eq!(ChiSquare::of(2, &[0.0; 4]), None);
        assert_eq!(ChiSquare::of(0, &[]), None);
        assert_eq!(ChiSquare::of(2, &[]), None);
        assert_eq!(adjusted_residual(0.0, 0.0, 5.0, 9.0), None);
        assert_eq!(adjusted_residual(5.0, 9.0, 5.0, 9.0), None);
        assert_eq!(adjusted_residual(0.0, 0.0, 0.0, 0.0), None);
        // A row that nobody of the column gave is far from expected, not unknown.
        assert!(adjusted_residual(0.0, 4.0, 5.0, 9.0).unwrap() < -1.0);
    }
}
