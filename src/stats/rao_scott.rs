//! What weights and a sample design make of the chi-square test of a table. Knows the design only as
//! the covariance of the cells' totals.

use super::chi_square::{ChiSquare, Margins, upper_tail};
use super::linearization::Design;
use super::tails::fisher;

/// The test of a weighted table for independence of its rows and columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RaoScott {
    /// Pearson's statistic of the weighted shares on the number of rows: uncorrected.
    pub pearson: f64,
    /// Mean design effect of the contrasts, by which the first-order correction divides.
    pub design_effect: f64,
    /// Degrees of freedom of the table: contrasts that have an error.
    pub df: f64,
    /// p-value of the first-order correction.
    pub p_first_order: f64,
    /// The second-order corrected statistic, an F.
    pub statistic: f64,
    /// Degrees of freedom of the numerator of F.
    pub df1: f64,
    /// Degrees of freedom of the denominator of F.
    pub df2: f64,
    /// p-value of the second-order correction: the one to report.
    pub p_value: f64,
}

/// Degrees of freedom up to which a table is tested: memory and work grow with the square of its cells,
/// and a table with more of them than this says nothing as a whole.
pub const MAX_DF: u64 = 2000;

impl RaoScott {
    /// Tests a table of `columns` columns whose cells, row by row, are the first cells of the design;
    /// further cells are rows of the sample outside the table. `n` is the number of rows in the table.
    /// Empty rows and columns are left out. None where fewer than two rows or two columns are left,
    /// where no degrees of freedom are, and for tables of more than [`MAX_DF`] degrees of freedom.
    ///
    /// With weighted shares `p` and the products `p₀` of their margins `X² = n Σ (p − p₀)² / p₀`. With
    /// the design's covariance `V` of the shares, `D = diag(1/p)` (0 for empty cells) and the contrasts
    /// `C` of the interaction, `Δ = (C′DC/n)⁻¹ (C′DVDC)`; its trace is the sum of the contrasts' design
    /// effects. First order: `X²` over the mean of these is chi-square with as many degrees of freedom
    /// as there are contrasts, `(rows − 1)(columns − 1)` unless so many cells are empty that some have
    /// no error. Second order: `F = X² / tr Δ` with `d = (tr Δ)² / tr Δ²` and `d (units − strata)`
    /// degrees of freedom.
    ///
    /// The contrasts span, scaled by `√D`, all that is orthogonal to the main effects scaled by `√p`.
    /// So the traces of `Δ` are those of `n S` with `S = √D V √D` once the main effects, of which there
    /// are few, are projected out: nothing as large as the number of contrasts is solved.
    ///
    /// Sources: J. N. K. Rao and A. J. Scott, "On Chi-Squared Tests for Multiway Contingency Tables
    /// with Cell Proportions Estimated from Survey Data", *Annals of Statistics* 12, 1984;
    /// D. R. Thomas and J. N. K. Rao, "Small-Sample Comparisons of Level and Power for Simple
    /// Goodness-of-Fit Statistics under Cluster Sampling", *Journal of the American Statistical
    /// Association* 82, 1987; shares as observed in `D`, as R survey's `svychisq` has them.
    pub fn of(rows: usize, columns: usize, n: u64, design: &Design) -> Option<Self> {
        let totals: Vec<f64> = (0..rows * columns).map(|cell| design.total(cell)).collect();
        let weight: f64 = totals.iter().sum();
        let n = n as f64;
        // The same table with weights that add up to the number of rows.
        let scaled: Vec<f64> = totals.iter().map(|total| total * n / weight).collect();
        let table = ChiSquare::of(columns, &scaled).filter(|table| table.df <= MAX_DF)?;
        let (covariance, freedom) = design.covariance_of_totals(rows * columns);
        if freedom <= 0.0 {
            return None;
        }

        // The linearised share of a cell is its indicator less the share, over the weight of the table.
        let cells = totals.len();
        let held: Vec<usize> = (0..cells).filter(|cell| totals[*cell] > 0.0).collect();
        let share: Vec<f64> = totals.iter().map(|total| total / weight).collect();
        let root: Vec<f64> = share.iter().map(|p| p.sqrt()).collect();
        let against_all: Vec<f64> = covariance.chunks_exact(cells).map(|row| row.iter().sum()).collect();
        let all: f64 = against_all.iter().sum();
        let spread = |a: usize, b: usize| {
            let of_shares = covariance[a * cells + b] - share[a] * against_all[b] - share[b] * against_all[a]
                + share[a] * share[b] * all;
            n / (weight * weight) * of_shares / (root[a] * root[b])
        };

        let effects = Effects::of(rows, columns, &totals);
        let mut gram = Matrix::new(effects.count, effects.count);
        let mut spread_of_effects = Matrix::new(effects.count, effects.count);
        // S times the effects, transposed.
        let mut products = Matrix::new(effects.count, held.len());
        let (mut trace, mut squares) = (0.0, 0.0);
        for (at, a) in held.iter().enumerate() {
            trace += spread(*a, *a);
            for b in &held {
                let s = spread(*a, *b);
                squares += s * s;
                for (effect, sign) in effects.in_cell(*b) {
                    *products.at(effect, at) += sign * s * root[*b];
                }
            }
            for (first, sign) in effects.in_cell(*a) {
                for (second, other) in effects.in_cell(*a) {
                    *gram.at(first, second) += sign * other * share[*a];
                }
                for second in 0..effects.count {
                    *spread_of_effects.at(first, second) +=
                        sign * share[*a].sqrt() * *products.at(second, at);
                }
            }
        }
        let factor = gram.factor()?;
        let half = factor.solve(spread_of_effects);
        let projected = factor.solve(half.transposed());
        let trace = trace - (0..effects.count).map(|i| projected.cells[i * effects.count + i]).sum::<f64>();
        let trace_of_square =
            squares - 2.0 * factor.solve(products).sum_of_squares() + projected.sum_of_squares();

        let df = (held.len() - effects.count) as f64;
        let df1 = trace * trace / trace_of_square;
        // No covariance at all: a sample that is the whole population.
        if !(trace > df * 1e-12 && df1.is_finite() && df > 0.0) {
            return None;
        }
        let df2 = df1 * freedom;
        let statistic = table.pearson / trace;
        Some(Self {
            pearson: table.pearson,
            design_effect: trace / df,
            df,
            p_first_order: upper_tail(table.pearson * df / trace, df),
            statistic,
            df1,
            df2,
            p_value: fisher(statistic, df1, df2)?,
        })
    }
}

/// The main effects of a table that are zero in its empty cells. Without these they are the rows' and
/// the columns' but for one; an empty cell ties the effect of its row to that of its column with the
/// other sign. So the effects are the parts that hang together when rows and columns are tied by empty
/// cells, but for one, as their sum is zero.
struct Effects {
    columns: usize,
    /// Number of effects.
    count: usize,
    /// The effect of each row, then of each column: none of those that are empty and of the last part.
    part: Vec<Option<usize>>,
}

impl Effects {
    fn of(rows: usize, columns: usize, totals: &[f64]) -> Self {
        let (kept_rows, kept_columns) = Margins::of(columns, totals).kept();
        let lines: Vec<usize> =
            kept_rows.iter().copied().chain(kept_columns.iter().map(|column| rows + column)).collect();
        let mut part = vec![None; rows + columns];
        let mut parts = 0_usize;
        for start in &lines {
            if part[*start].is_some() {
                continue;
            }
            part[*start] = Some(parts);
            let mut reached = vec![*start];
            while let Some(line) = reached.pop() {
                for other in &lines {
                    let tied = match (line < rows, *other < rows) {
                        (true, false) => totals[line * columns + other - rows] <= 0.0,
                        (false, true) => totals[other * columns + line - rows] <= 0.0,
                        _ => false,
                    };
                    if tied && part[*other].is_none() {
                        part[*other] = Some(parts);
                        reached.push(*other);
                    }
                }
            }
            parts += 1;
        }
        let count = parts.saturating_sub(1);
        let part = part.into_iter().map(|part| part.filter(|part| *part < count)).collect();
        Self { columns, count, part }
    }

    /// The effects in a cell, with their signs; where both are one they add up to nothing.
    fn in_cell(&self, cell: usize) -> impl Iterator<Item = (usize, f64)> {
        let rows = self.part.len() - self.columns;
        let of_row = self.part[cell / self.columns].map(|effect| (effect, 1.0));
        let of_column = self.part[rows + cell % self.columns].map(|effect| (effect, -1.0));
        of_row.into_iter().chain(of_column)
    }
}

/// A matrix, row by row.
struct Matrix {
    columns: usize,
    cells: Vec<f64>,
}

impl Matrix {
    fn new(rows: usize, columns: usize) -> Self {
        Self { columns, cells: vec![0.0; rows * columns] }
    }

    fn at(&mut self, row: usize, column: usize) -> &mut f64 {
        &mut self.cells[row * self.columns + column]
    }

    /// Cholesky's lower factor of a symmetric positive definite matrix. None where it is not definite
    /// as far as doubles can tell.
    fn factor(mut self) -> Option<Self> {
        let size = self.columns;
        let largest = (0..size).map(|i| self.cells[i * size + i]).fold(0.0, f64::max);
        for i in 0..size {
            let (above, from_here) = self.cells.split_at_mut(i * size);
            let row = &mut from_here[..size];
            for j in 0..i {
                let other = &above[j * size..][..=j];
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            let left = row[i] - dot(&row[..i], &row[..i]);
            if left <= largest * 1e-14 {
                return None;
            }
            row[i] = left.sqrt();
            row[i + 1..].fill(0.0);
        }
        Some(self)
    }

    /// The solution `X` of `self X = right` for a lower triangular `self`, row by row.
    fn solve(&self, mut right: Self) -> Self {
        for i in 0..self.columns {
            let (above, from_here) = right.cells.split_at_mut(i * right.columns);
            let row = &mut from_here[..right.columns];
            let factors = &self.cells[i * self.columns..][..=i];
            for (known, factor) in above.chunks_exact(right.columns).zip(factors) {
                for (cell, known) in row.iter_mut().zip(known) {
                    *cell -= factor * known;
                }
            }
            for cell in row {
                *cell /= factors[i];
            }
        }
        right
    }

    /// The transposed of a square matrix.
    fn transposed(&self) -> Self {
        let size = self.columns;
        let cells = (0..size * size).map(|at| self.cells[at % size * size + at / size]).collect();
        Self { columns: size, cells }
    }

    fn sum_of_squares(&self) -> f64 {
        self.cells.iter().map(|cell| cell * cell).sum()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::super::linearization::tests::{Drawn, Row, sample_by};
    use super::super::linearization::{LonelyUnit, Rows, Stratum};
    use super::super::weights::Base;
    use super::*;

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-9 * expected.abs(), "{actual}, not {expected}");
    }

    fn cell(row: &Row) -> usize {
        (row.3 as usize - 'a' as usize) * 2 + usize::from(row.4 == 'y')
    }

    /// Of R survey 4.1.1 (`tests/oracles/statistics.R`) on the made-up sample of
    /// [`super::super::linearization`]:
    /// `svychisq(~a+g, design, statistic = "F")` with its degrees of freedom and p-value, and the
    /// p-value of `statistic = "Chisq"`.
    #[test]
    fn by_another_program() {
        let cases = [
            (
                Drawn::Weights,
                0,
                20,
                [0.158_055_724_218_150_3, 1.970_208_352_219_713, 37.433_958_692_174_54],
                [0.851_366_051_270_805, 0.853_802_203_182_621_2],
            ),
            (
                Drawn::StrataOfRows,
                0,
                20,
                [0.223_047_154_759_627_6, 1.936_826_712_203_968, 32.926_054_107_467_46],
                [0.794_398_089_249_246_8, 0.800_077_120_960_703_5],
            ),
            (
                Drawn::Clusters,
                0,
                20,
                [0.177_376_719_283_113_6, 1.898_596_620_074_344, 11.391_579_720_446_07],
                [0.829_302_560_102_993_9, 0.837_464_236_163_469],
            ),
            (
                Drawn::ClustersOfFew,
                0,
                20,
                [0.243_735_907_638_599_8, 1.911_546_285_146_461, 11.469_277_710_878_77],
                [0.778_219_531_276_761_7, 0.783_694_574_686_812_7],
            ),
            (
                Drawn::ClustersOfFew,
                9,
                17,
                [0.557_115_436_320_385_3, 1.932_945_356_142_056, 9.664_726_780_710_279],
                [0.584_565_707_199_593_4, 0.572_859_131_486_303_9],
            ),
        ];
        for (drawn, without, n, [f, df1, df2], [p, p_first]) in cases {
            let design = sample_by(6, cell, drawn, without, LonelyUnit::Centre).unwrap();
            let made = RaoScott::of(3, 2, n, &design).unwrap();
            close(made.statistic, f);
            close(made.df1, df1);
            close(made.df2, df2);
            close(made.p_value, p);
            close(made.p_first_order, p_first);
            assert_eq!(made.df, 2.0);
        }
    }

    /// The same without unit 8, the only one with an answer in one of the cells.
    #[test]
    fn an_empty_cell_by_another_program() {
        let design = sample_by(6, cell, Drawn::Weights, 8, LonelyUnit::Fail).unwrap();
        assert_eq!(design.total(5), 0.0);
        let made = RaoScott::of(3, 2, 18, &design).unwrap();
        close(made.statistic, 1.227_615_917_250_628);
        close(made.df1, 1.991_057_702_103_433);
        close(made.df2, 33.847_980_935_758_36);
        close(made.p_value, 0.305_569_654_847_292_9);
        close(made.pearson, 2.867_806_498_107_456);
        close(made.p_first_order, 0.292_990_258_707_268_1);
    }

    /// 120 rows by formula, four answers in three columns: weights alone, and twelve clusters in three
    /// strata. R survey 4.1.1 as above.
    #[test]
    fn a_larger_table_by_another_program() {
        let all: Vec<(usize, f64, usize)> = (0..120)
            .map(|i| {
                let (answer, column) = ((i * i + i / 7) % 4, (i * 3 + i / 5) % 3);
                (answer * 3 + column, 0.5 + ((i * 11) % 7) as f64 / 4.0, i % 12)
            })
            .collect();
        let one = |w: f64| Base { n: 1, weighted: w, squared: w * w };
        let single = Stratum {
            units: 120,
            population: None,
            rows: Rows::Single(all.iter().map(|(cell, w, _)| (*cell, one(*w))).collect()),
        };
        let stratum = |h: usize| {
            let unit = |j: usize| all.iter().filter(|row| row.2 == j).map(|row| (row.0, row.1)).collect();
            let units = (0..12).filter(|j| j % 3 == h).map(unit).collect();
            Stratum { units: 4, population: None, rows: Rows::Clustered(units) }
        };
        let cases: [(Vec<Stratum>, _, _); 2] = [
            (
                vec![single],
                [0.537_842_628_855_653_7, 5.654_328_638_171_664, 672.865_107_942_428],
                [0.769_288_922_971_999_5, 0.779_856_676_174_071_7],
            ),
            (
                (0..3).map(stratum).collect(),
                [0.565_705_255_424_099_3, 3.200_695_784_579_878, 28.806_262_061_218_902],
                [0.652_796_570_771_634_3, 0.757_984_386_101_118_6],
            ),
        ];
        for (strata, [f, df1, df2], [p, p_first]) in cases {
            let design = Design::new(12, &strata, LonelyUnit::Fail).unwrap();
            let made = RaoScott::of(4, 3, 120, &design).unwrap();
            close(made.pearson, 3.509_430_559_829_236);
            close(made.statistic, f);
            close(made.df1, df1);
            close(made.df2, df2);
            close(made.p_value, p);
            close(made.p_first_order, p_first);
        }
    }

    fn rows(counts: &[u64]) -> Design {
        let bases = counts.iter().map(|n| Base::unweighted(*n)).enumerate().collect();
        let stratum = Stratum { units: counts.iter().sum(), population: None, rows: Rows::Single(bases) };
        Design::new(counts.len(), &[stratum], LonelyUnit::Fail).unwrap()
    }

    /// Without weights the observed covariance is the multinomial one but for `n/(n − 1)`: the
    /// design effect is just that, whatever the counts.
    #[test]
    fn without_weights_nothing_is_corrected() {
        let counts = [12, 5, 9, 20, 7, 11];
        let n = 64;
        let made = RaoScott::of(3, 2, n, &rows(&counts)).unwrap();
        let plain = ChiSquare::of(2, &counts.map(|n| n as f64)).unwrap();
        close(made.pearson, plain.pearson);
        close(made.design_effect, 64.0 / 63.0);
        close(made.statistic, plain.pearson * 63.0 / 64.0 / 2.0);
        close(made.df1, 2.0);
        close(made.df2, 2.0 * 63.0);
    }

    #[test]
    fn empty_rows_and_columns_change_nothing() {
        let made = RaoScott::of(3, 2, 64, &rows(&[12, 5, 9, 20, 7, 11])).unwrap();
        let with_empty = rows(&[12, 0, 5, 0, 0, 0, 9, 0, 20, 7, 0, 11]);
        let again = RaoScott::of(4, 3, 64, &with_empty).unwrap();
        close(again.statistic, made.statistic);
        close(again.p_value, made.p_value);
        assert_eq!(again.df, 2.0);
    }

    /// Two tables that have neither rows nor columns in common, where R finds a singular matrix.
    #[test]
    fn many_empty_cells() {
        let counts = [6, 3, 0, 0, 2, 7, 0, 0, 0, 0, 4, 5, 0, 0, 8, 1];
        let made = RaoScott::of(4, 4, 36, &rows(&counts)).unwrap();
        // Eight cells with people, less the one main effect that is zero in all others.
        assert_eq!(made.df, 7.0);
        // One of the contrasts is the sum of all shares, which does not vary; the others vary as in a
        // multinomial sample.
        close(made.design_effect * 7.0, 6.0 * 36.0 / 35.0);
        close(made.df1, 6.0);
        let plain = ChiSquare::of(4, &counts.map(|n| n as f64)).unwrap();
        close(made.statistic, plain.pearson * 35.0 / 36.0 / 6.0);
    }

    #[test]
    fn rows_outside_the_table_count_for_the_error_only() {
        let made = RaoScott::of(2, 2, 40, &rows(&[12, 5, 9, 14])).unwrap();
        let with_others = rows(&[12, 5, 9, 14, 60]);
        let again = RaoScott::of(2, 2, 40, &with_others).unwrap();
        close(again.pearson, made.pearson);
        // n/(n − 1) of 100 rows, not of 40; the degrees of freedom stay those of the 40.
        close(again.design_effect / made.design_effect, (100.0 / 99.0) / (40.0 / 39.0));
        close(again.df2, made.df2);
    }

    #[test]
    fn degenerate() {
        assert_eq!(RaoScott::of(2, 2, 0, &rows(&[0, 0, 0, 0])), None);
        assert_eq!(RaoScott::of(2, 2, 9, &rows(&[4, 5, 0, 0])), None);
        assert_eq!(RaoScott::of(0, 0, 0, &rows(&[])), None);
        // All answers in two opposite cells: nothing varies in the contrast.
        assert_eq!(RaoScott::of(2, 2, 9, &rows(&[0, 0, 0, 9])), None);
        // More degrees of freedom than are worth the work.
        assert_eq!(RaoScott::of(60, 40, 2400, &rows(&[1; 2400])), None);
        let drawn_whole = Stratum {
            units: 9,
            population: Some(9.0),
            rows: Rows::Single((0..4).map(|cell| (cell, Base::unweighted(2))).collect()),
        };
        let design = Design::new(4, &[drawn_whole], LonelyUnit::Fail).unwrap();
        assert_eq!(RaoScott::of(2, 2, 8, &design), None);
    }
}
