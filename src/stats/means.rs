//! Means of survey columns: moments of a histogram, spreads, standard errors, and tests of two
//! means, also where the two columns have people in common. The net promoter score is a mean too, of
//! 100, 0 and −100. What a sample design makes of a mean is in [`super::linearization`].

use super::proportions::overlap_factor;
use super::significance::{Test, Untested};
use super::weights::Base;

/// Mean and spread of the answers of one column, from how often each value was given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// The answers that have a value.
    pub base: Base,
    /// Weighted mean.
    pub mean: f64,
    /// Weighted sum of the squared deviations from the mean, `Σ w (y − m)²`.
    pub squares: f64,
}

impl Moments {
    /// The moments of values, each with the base of those who gave it; a value may come more than
    /// once. No answers: none. Values that are all equal have exactly that mean and no spread.
    pub fn of(histogram: &[(f64, Base)]) -> Option<Self> {
        let base: Base = histogram.iter().map(|(_, base)| *base).sum();
        if base.weighted <= 0.0 {
            return None;
        }
        let given = || histogram.iter().filter(|(_, base)| base.weighted > 0.0);
        let first = given().next()?.0;
        if given().all(|(value, _)| *value == first) {
            return Some(Self { base, mean: first, squares: 0.0 });
        }
        // Deviations from a value near by lose no digits when values are large and close together.
        let shift = given().map(|(value, base)| base.weighted * (value - first)).sum::<f64>() / base.weighted;
        let mean = first + shift;
        let squares = given().map(|(value, base)| base.weighted * (value - mean).powi(2)).sum();
        Some(Self { base, mean, squares })
    }

    /// Standard deviation with weights as frequencies, `√(Σ w (y − m)² / (Σw − 1))`. It changes with
    /// the scale of the weights. None where they add up to one or less.
    pub fn frequency_std_dev(&self) -> Option<f64> {
        positive(self.base.weighted - 1.0).map(|freedom| (self.squares / freedom).sqrt())
    }

    /// Standard deviation that does not depend on the scale of the weights,
    /// `√(Σ w (y − m)² / Σw · n / (n − 1))`. None for one answer.
    pub fn std_dev(&self) -> Option<f64> {
        let n = self.base.n as f64;
        positive(n - 1.0).map(|freedom| (self.squares / self.base.weighted * n / freedom).sqrt())
    }

    /// Standard error of the mean with weights as frequencies: the standard deviation of
    /// [`Self::frequency_std_dev`] over `√Σw`.
    pub fn frequency_std_error(&self) -> Option<f64> {
        Some(self.frequency_std_dev()? / self.base.weighted.sqrt())
    }

    /// Standard error of the mean on the effective base `e`: `√(s² / e)` with the variance
    /// `s² = Σ w (y − m)² / (Σw − Σw²/Σw)`, which is unbiased for weights that have nothing to do with
    /// the answers, and does not depend on their scale. It is the error behind
    /// [`effective_base_test`]. None for one answer.
    pub fn effective_std_error(&self) -> Option<f64> {
        let variance = self.squares / positive(self.effective_freedom())?;
        Some((variance / self.base.effective()).sqrt())
    }

    /// `Σw − Σw²/Σw`, that is `Σw (1 − 1/e)`: 0 for a single answer.
    fn effective_freedom(&self) -> f64 {
        let effective = self.base.effective();
        if effective <= 1.0 + 1e-12 { 0.0 } else { self.base.weighted * (1.0 - 1.0 / effective) }
    }
}

/// Welch's test of two means of different people with weights as frequencies (or all one):
/// `t = (m₁ − m₂) / √(v₁ + v₂)` with `v = s²/n`, and
/// `(v₁ + v₂)² / (v₁²/(n₁ − 1) + v₂²/(n₂ − 1))` degrees of freedom.
///
/// # Errors
///
/// No degrees of freedom where a column has at most one answer; no spread where both have none.
///
/// Source: B. L. Welch, "The Generalization of 'Student's' Problem when Several Different Population
/// Variances are Involved", *Biometrika* 34, 1947.
pub fn welch_test(a: &Moments, b: &Moments) -> Result<Test, Untested> {
    let error = |of: &Moments| of.frequency_std_error().ok_or(Untested::NoFreedom);
    let (first, second) = (error(a)?.powi(2), error(b)?.powi(2));
    let variance = first + second;
    let part = |variance: f64, of: &Moments| variance * variance / (of.base.weighted - 1.0);
    let df = variance * variance / (part(first, a) + part(second, b));
    Test::of(a.mean - b.mean, variance.sqrt(), Some(df))
}

/// Pooled t test of two means with weights as frequencies (or all one), whose columns may have
/// answers in common: the variance within both columns times `1/n₁ + 1/n₂ − 2 n₁₂/(n₁ n₂)`, with
/// `n₁ + n₂ − n₁₂ − 2` degrees of freedom. `both` is the base of the answers in both columns; without
/// any it is Student's test, IBM SPSS Custom Tables' with the variance of the tested columns.
///
/// # Errors
///
/// No degrees of freedom; no spread.
///
/// Sources: Student, "The Probable Error of a Mean", *Biometrika* 6, 1908; the overlap as in
/// [`effective_base_test`].
pub fn pooled_test(a: &Moments, b: &Moments, both: &Base) -> Result<Test, Untested> {
    let (first, second, both) = (a.base.weighted, b.base.weighted, both.weighted);
    let variance = (a.squares + b.squares) / positive(first + second - 2.0).ok_or(Untested::NoFreedom)?;
    let factor = overlap_factor(first, second, both)?;
    Test::of(a.mean - b.mean, (variance * factor).sqrt(), Some(first + second - both - 2.0))
}

/// Pooled t test of two means of different people, with the variance within all `columns` of the
/// group (the two among them) and `N − K` degrees of freedom, weights as frequencies (or all one). It
/// is the test of IBM SPSS Custom Tables by default, and of R's `pairwise.t.test`.
///
/// # Errors
///
/// No degrees of freedom; no spread.
pub fn pooled_over_all_test(a: &Moments, b: &Moments, columns: &[Moments]) -> Result<Test, Untested> {
    let answers: f64 = columns.iter().map(|column| column.base.weighted).sum();
    let df = positive(answers - columns.len() as f64).ok_or(Untested::NoFreedom)?;
    let variance = columns.iter().map(|column| column.squares).sum::<f64>() / df;
    let factor = overlap_factor(a.base.weighted, b.base.weighted, 0.0)?;
    Test::of(a.mean - b.mean, (variance * factor).sqrt(), Some(df))
}

/// Test of two weighted means on effective bases `e`, whose columns may have answers in common:
/// Student's t with the squared error `s² (1/e₁ + 1/e₂ − 2 e₁₂/(e₁ e₂))`, where `s²` is the weighted
/// squares of both columns over `Σw₁ − Σw₁²/Σw₁ + Σw₂ − Σw₂²/Σw₂`, and `e₁ + e₂ − e₁₂ − 2` degrees of
/// freedom. The scale of the weights does not matter.
///
/// Equal means are tested with t = 0, see [`super::proportions::effective_base_test`].
///
/// # Errors
///
/// At most one degree of freedom; no spread.
///
/// Source: UNICOM Intelligence Reporter, "Statistical formula for the column means test".
pub fn effective_base_test(a: &Moments, b: &Moments, both: &Base) -> Result<Test, Untested> {
    let (first, second, both) = (a.base.effective(), b.base.effective(), both.effective());
    let factor = overlap_factor(first, second, both)?;
    let df = first + second - both - 2.0;
    if df <= 1.0 {
        return Err(Untested::NoFreedom);
    }
    let freedom = positive(a.effective_freedom() + b.effective_freedom()).ok_or(Untested::NoFreedom)?;
    let variance = (a.squares + b.squares) / freedom;
    Test::of(a.mean - b.mean, (variance * factor).sqrt(), Some(df))
}

fn positive(number: f64) -> Option<f64> {
    (number > 0.0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-9 * expected.abs(), "{actual}, not {expected}");
    }

    fn of(values: &[f64]) -> Moments {
        Moments::of(&values.iter().map(|value| (*value, Base::unweighted(1))).collect::<Vec<_>>()).unwrap()
    }

    fn weighted(values: &[(f64, f64)]) -> Moments {
        let one = |w: f64| Base { n: 1, weighted: w, squared: w * w };
        Moments::of(&values.iter().map(|(value, w)| (*value, one(*w))).collect::<Vec<_>>()).unwrap()
    }

    const NOBODY: Base = Base { n: 0, weighted: 0.0, squared: 0.0 };

    /// Twelve made-up people: weight, in column A, in column B, value.
    #[rustfmt::skip]
    const PEOPLE: [(f64, bool, bool, f64); 12] = [
        (1.5, true, false, 3.0), (0.5, true, false, 5.0), (1.0, true, true, 4.0), (2.0, true, true, 1.0),
        (0.8, true, true, 2.0), (1.2, true, false, 2.0), (0.7, false, true, 5.0), (1.3, false, true, 4.0),
        (2.2, true, true, 3.0), (0.4, false, true, 1.0), (1.1, true, false, 5.0), (0.9, false, true, 2.0),
    ];

    #[test]
    fn by_hand() {
        let moments = weighted(&[(1.0, 1.0), (3.0, 2.0), (4.0, 1.0)]);
        // (1 + 6 + 4) / 4; squares 1.75² + 2·0.25² + 1.25².
        close(moments.mean, 2.75);
        close(moments.squares, 4.75);
        close(moments.frequency_std_dev().unwrap(), (4.75_f64 / 3.0).sqrt());
        close(moments.std_dev().unwrap(), (4.75_f64 / 4.0 * 1.5).sqrt());
        close(moments.frequency_std_error().unwrap(), (4.75_f64 / 12.0).sqrt());
        // e = 16/6; s² = 4.75 / (4 − 6/4).
        close(moments.effective_std_error().unwrap(), (4.75 / 2.5 * 6.0 / 16.0_f64).sqrt());
    }

    /// Of R 4.2.2 (`tests/oracles/statistics.R`): `t.test(a, b)`, the same with `var.equal = TRUE`, and `pairwise.t.test(…, "none",
    /// pool.sd = TRUE)` over three columns.
    #[test]
    fn by_another_program() {
        let a = of(&[4.0, 7.0, 6.0, 9.0, 3.0, 8.0, 8.0]);
        let b = of(&[5.0, 2.0, 4.0, 6.0, 1.0]);
        let c = of(&[9.0, 9.0, 7.0, 10.0]);
        close(a.mean, 6.428_571_428_571_429);
        close(a.std_dev().unwrap(), 2.225_394_561_056_747);
        close(a.effective_std_error().unwrap(), 0.841_120_082_507_414);
        let test = welch_test(&a, &b).unwrap();
        close(test.statistic, 2.259_257_493_785_769);
        close(test.df.unwrap(), 9.156_918_369_019_172);
        close(test.p_value, 0.049_754_220_176_259_25);
        for test in [pooled_test(&a, &b, &NOBODY).unwrap(), effective_base_test(&a, &b, &NOBODY).unwrap()] {
            close(test.statistic, 2.230_272_837_697_772);
            assert_eq!(test.df, Some(10.0));
            close(test.p_value, 0.049_819_417_891_858_23);
        }
        let all = [a, b, c];
        close(pooled_over_all_test(&a, &b, &all).unwrap().p_value, 0.030_720_979_204_088_12);
        close(pooled_over_all_test(&a, &c, &all).unwrap().p_value, 0.085_977_776_698_613_66);
        close(pooled_over_all_test(&b, &c, &all).unwrap().p_value, 0.002_003_595_982_246_353);
    }

    /// The formula in numpy, with scipy's t (`tests/oracles/statistics.py`).
    #[test]
    fn overlapping_columns_by_another_program() {
        let column = |member: fn(&(f64, bool, bool, f64)) -> bool| {
            weighted(&PEOPLE.iter().filter(|row| member(row)).map(|row| (row.3, row.0)).collect::<Vec<_>>())
        };
        let (a, b) = (column(|row| row.1), column(|row| row.2));
        let both = column(|row| row.1 && row.2).base;
        close(a.mean, 2.825_242_718_446_602);
        close(b.mean, 2.698_924_731_182_795_5);
        close(a.frequency_std_dev().unwrap(), 1.355_412_760_732_835_7);
        close(a.std_dev().unwrap(), 1.376_861_972_911_521_5);
        let test = effective_base_test(&a, &b, &both).unwrap();
        close(test.statistic, 0.236_348_979_313_526_89);
        close(test.df.unwrap(), 7.698_034_729_954_447);
        close(test.p_value, 0.819_328_763_557_861_4);
        // The scale of the weights does not matter.
        let scaled = |of: &Moments| Moments {
            base: Base { n: of.base.n, weighted: of.base.weighted * 9.0, squared: of.base.squared * 81.0 },
            mean: of.mean,
            squares: of.squares * 9.0,
        };
        let both = Base { n: both.n, weighted: both.weighted * 9.0, squared: both.squared * 81.0 };
        let again = effective_base_test(&scaled(&a), &scaled(&b), &both).unwrap();
        close(again.statistic, test.statistic);
        close(scaled(&a).effective_std_error().unwrap(), a.effective_std_error().unwrap());
        close(scaled(&a).std_dev().unwrap(), a.std_dev().unwrap());
    }

    /// Student's (1908) hours of sleep gained with two drugs, taken as different people: t −1.8608,
    /// 17.776 degrees of freedom, p 0.07939 in the manual of R's `t.test`.
    #[test]
    fn published() {
        let first = of(&[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
        let second = of(&[1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
        let test = welch_test(&first, &second).unwrap();
        assert!((test.statistic + 1.8608).abs() < 5e-5);
        assert!((test.df.unwrap() - 17.776).abs() < 5e-4);
        assert!((test.p_value - 0.07939).abs() < 5e-6);
    }

    #[test]
    fn the_net_promoter_score_is_a_mean() {
        // 5 promoters, 3 passives, 2 detractors: 30; variance (0.7 − 0.09) · 100² over n − 1.
        let counts = [(100.0, 5), (0.0, 3), (-100.0, 2)].map(|(score, n)| (score, Base::unweighted(n)));
        let score = Moments::of(&counts).unwrap();
        close(score.mean, 30.0);
        close(score.frequency_std_error().unwrap(), 100.0 * (0.61_f64 / 9.0).sqrt());
        let others = Moments::of(&[(100.0, Base::unweighted(2)), (-100.0, Base::unweighted(8))]).unwrap();
        let test = pooled_test(&score, &others, &NOBODY).unwrap();
        close(test.difference, 90.0);
        // Squares 10·0.61 and 10·0.64 in units of 100².
        close(test.statistic, 0.9 / (12.5 / 18.0 * 0.2_f64).sqrt());
    }

    #[test]
    fn a_part_against_its_total() {
        let part = of(&[1.0, 2.0, 4.0]);
        let total = of(&[1.0, 2.0, 4.0, 7.0, 9.0, 3.0]);
        let test = pooled_test(&part, &total, &part.base).unwrap();
        assert_eq!(test.df, Some(4.0));
        let variance = (part.squares + total.squares) / 7.0;
        close(test.statistic, test.difference / (variance * (1.0 / 3.0 - 1.0 / 6.0)).sqrt());
        assert_eq!(pooled_test(&total, &total, &total.base), Err(Untested::NoSpread));
    }

    #[test]
    fn large_values_close_together_lose_no_digits() {
        let near: Vec<f64> = (0..100).map(|i| f64::from(i % 7)).collect();
        let far: Vec<f64> = near.iter().map(|value| value + 1e9).collect();
        close(of(&far).squares, of(&near).squares);
    }

    #[test]
    fn degenerate() {
        assert_eq!(Moments::of(&[]), None);
        assert_eq!(Moments::of(&[(3.0, NOBODY)]), None);
        let one = of(&[3.0]);
        assert_eq!((one.mean, one.squares), (3.0, 0.0));
        assert_eq!(one.std_dev(), None);
        assert_eq!(one.frequency_std_dev(), None);
        assert_eq!(one.effective_std_error(), None);
        // Thirds do not add up to whole values; equal ones have no spread all the same.
        let alike = weighted(&[(0.1, 1.0 / 3.0), (0.1, 1.0 / 3.0), (0.1, 1.0 / 3.0)]);
        assert_eq!((alike.mean, alike.std_dev()), (0.1, Some(0.0)));
        let flat = of(&[2.0, 2.0, 2.0]);
        let other = of(&[5.0, 5.0, 5.0]);
        let spread = of(&[1.0, 2.0, 6.0]);
        assert_eq!(welch_test(&flat, &other), Err(Untested::NoSpread));
        assert_eq!(pooled_test(&flat, &other, &NOBODY), Err(Untested::NoSpread));
        assert_eq!(effective_base_test(&flat, &other, &NOBODY), Err(Untested::NoSpread));
        assert_eq!(pooled_over_all_test(&flat, &other, &[flat, other]), Err(Untested::NoSpread));
        assert!(pooled_over_all_test(&flat, &other, &[flat, other, spread]).is_ok());
        assert!(welch_test(&flat, &spread).is_ok());
        // One answer has no spread of its own, but a pooled variance can be had from the other.
        assert_eq!(welch_test(&one, &spread), Err(Untested::NoFreedom));
        assert!(pooled_test(&one, &spread, &NOBODY).is_ok());
        assert_eq!(pooled_test(&one, &one, &NOBODY), Err(Untested::NoFreedom));
        assert_eq!(effective_base_test(&one, &of(&[1.0, 2.0]), &NOBODY), Err(Untested::NoFreedom));
        assert_eq!(pooled_over_all_test(&one, &one, &[one, one]), Err(Untested::NoFreedom));
        let equal = effective_base_test(&spread, &spread, &NOBODY).unwrap();
        assert_eq!((equal.statistic, equal.p_value), (0.0, 1.0));
    }
}
