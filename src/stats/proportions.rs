//! Shares of survey columns: standard errors, intervals, and tests of two shares, also where the two
//! columns have people in common. A share's errors follow from the number of equally weighted answers
//! that it is taken to rest on; how many those are is the caller's choice of method:
//! the weighted base (weights are frequencies), the effective base, or, from the standard error of a
//! sample design, [`answers`]. Knows no table.

use super::contingency;
use super::significance::{Test, Untested, critical};
use super::weights::Base;

/// The share that an answer has of a column.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Share {
    /// Weighted count of the answer in the column.
    pub part: f64,
    /// The base of the column.
    pub base: Base,
}

impl Share {
    /// The share, 0–1. No base: none.
    pub fn estimate(&self) -> Option<f64> {
        contingency::share(self.part, self.base.weighted).map(settle)
    }
}

/// Which shares take part in tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// Smallest unweighted base that is tested.
    pub min_base: u64,
    /// Whether columns whose share is 0 or 1 take no part in that row, the rule of IBM SPSS Custom
    /// Tables.
    pub skip_zero_or_one: bool,
}

impl Admission {
    /// Whether a share takes part.
    ///
    /// # Errors
    ///
    /// The reason for which it does not.
    pub fn admit(self, share: &Share) -> Result<(), Untested> {
        let p = share.estimate().ok_or(Untested::NoBase)?;
        if share.base.n < self.min_base {
            Err(Untested::SmallBase)
        } else if self.skip_zero_or_one && (p == 0.0 || p == 1.0) {
            Err(Untested::ZeroOrOne)
        } else {
            Ok(())
        }
    }
}

/// Standard error of a share that rests on so many equally weighted answers: `√(p (1 − p) / n)`. No
/// answers: none.
pub fn std_error(share: f64, answers: f64) -> Option<f64> {
    (answers > 0.0).then(|| (share * (1.0 - share) / answers).sqrt())
}

/// The number of equally weighted answers with the same precision as a share of the given standard
/// error, `p (1 − p) / SE²`. None where the error is zero, as it is for shares of 0 and 1.
pub fn answers(share: f64, std_error: f64) -> Option<f64> {
    let answers = share * (1.0 - share) / (std_error * std_error);
    (answers.is_finite() && answers > 0.0).then_some(answers)
}

/// The interval that holds a share with the given confidence (0–1), lower bound first. It stays
/// within 0 and 1 and is never of no width. No answers, or a confidence outside 0–1: none.
///
/// With `z` the normal quantile: `(p + z²/2n ± z √(p (1 − p)/n + z²/4n²)) / (1 + z²/n)`.
///
/// Sources: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
/// *Journal of the American Statistical Association* 22, 1927; on the effective number of answers of
/// a sample design: C. Franco and others, "Comparative Study of Confidence Intervals for Proportions
/// in Complex Sample Surveys", *Journal of Survey Statistics and Methodology* 7, 2019.
pub fn interval(share: f64, answers: f64, confidence: f64) -> Option<(f64, f64)> {
    if !(answers > 0.0 && (0.0..=1.0).contains(&share)) {
        return None;
    }
    let z = critical(confidence, None)?;
    let part = z * z / answers;
    let centre = share + part / 2.0;
    let half = (part * share * (1.0 - share) + part * part / 4.0).sqrt();
    // The bounds of shares of 0 and 1 miss these by rounding.
    Some((((centre - half) / (1.0 + part)).max(0.0), ((centre + half) / (1.0 + part)).min(1.0)))
}

/// Pooled test of two shares whose weights are frequencies, or are all one: z with
/// `P (1 − P) (1/n₁ + 1/n₂ − 2 n₁₂/(n₁ n₂))` as the squared error, where `n` are weighted bases, `P` is
/// the share in both columns together and `n₁₂` the weighted base of the people in both: nobody, or a
/// part of overlapping columns, or all of a column that is compared with its total. No correction for
/// continuity.
///
/// Equal shares are tested like any others, with z = 0.
///
/// # Errors
///
/// No base, or no spread: nobody or everybody gives the answer, or the columns are the same people.
///
/// Source: *IBM SPSS Statistics 20 Algorithms*, p. 263.
pub fn frequency_test(a: &Share, b: &Share, both: &Base) -> Result<Test, Untested> {
    let (difference, pooled) = compare(a, b)?;
    let factor = overlap_factor(a.base.weighted, b.base.weighted, both.weighted)?;
    Test::of(difference, (pooled * factor).sqrt(), None)
}

/// Test of two weighted shares on effective bases `e`: Student's t with
/// `P (1 − P) (1/e₁ + 1/e₂ − 2 e₁₂/(e₁ e₂))` as the squared error and `e₁ + e₂ − e₁₂ − 2` degrees of
/// freedom, where `P` is the weighted share in both columns together and `e₁₂` the effective base of
/// the people in both.
///
/// The source does not test equal shares; here they are tested with t = 0, so that rounding cannot
/// decide how many pairs a correction for several tests counts.
///
/// # Errors
///
/// No base; at most one degree of freedom; no spread, also where a part with even weights has a larger
/// effective base than the whole that it is compared with, so that the squared error is negative.
///
/// Source: UNICOM Intelligence Reporter, "Statistical formula for the column proportions test".
pub fn effective_base_test(a: &Share, b: &Share, both: &Base) -> Result<Test, Untested> {
    let (difference, pooled) = compare(a, b)?;
    let (first, second, both) = (a.base.effective(), b.base.effective(), both.effective());
    let factor = overlap_factor(first, second, both)?;
    let df = first + second - both - 2.0;
    if df <= 1.0 {
        return Err(Untested::NoFreedom);
    }
    Test::of(difference, (pooled * factor).sqrt(), Some(df))
}

/// `1/n₁ + 1/n₂ − 2 n₁₂/(n₁ n₂)`: by how much the variance of one answer is multiplied in the variance
/// of the difference of two means that have `n₁₂` answers in common.
///
/// # Errors
///
/// No base where one of the first two is not above zero; no spread where nothing is left of it.
pub fn overlap_factor(first: f64, second: f64, both: f64) -> Result<f64, Untested> {
    if !(first > 0.0 && second > 0.0) {
        return Err(Untested::NoBase);
    }
    let apart = 1.0 / first + 1.0 / second;
    let factor = apart - 2.0 * both / (first * second);
    // The same people counted in another order leave some units in the last places.
    if factor > apart * 1e-12 { Ok(factor) } else { Err(Untested::NoSpread) }
}

/// The difference of two shares, and the variance of one answer when both columns share one share.
fn compare(a: &Share, b: &Share) -> Result<(f64, f64), Untested> {
    let difference = a.estimate().ok_or(Untested::NoBase)? - b.estimate().ok_or(Untested::NoBase)?;
    let pooled = settle((a.part + b.part) / (a.base.weighted + b.base.weighted));
    Ok((difference, pooled * (1.0 - pooled)))
}

/// A share within rounding of 0 or 1 is that: sums of the same weights in another order miss it by
/// some units in the last places, and would leave a spread where there is none.
fn settle(share: f64) -> f64 {
    if share < 1e-12 {
        0.0
    } else if share > 1.0 - 1e-12 {
        1.0
    } else {
        share
    }
}

#[cfg(test)]
mod tests {
    use super::super::chi_square::{ChiSquare, adjusted_residual};
    use super::*;

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-9 * expected.abs(), "{actual}, not {expected}");
    }

    fn of(part: u64, n: u64) -> Share {
        Share { part: part as f64, base: Base::unweighted(n) }
    }

    const NOBODY: Base = Base { n: 0, weighted: 0.0, squared: 0.0 };

    /// Columns of twelve made-up people, four of them in both.
    fn overlapping() -> (Share, Share, Base) {
        (
            Share { part: 5.6, base: Base { n: 8, weighted: 10.3, squared: 15.63 } },
            Share { part: 4.3, base: Base { n: 8, weighted: 9.3, squared: 13.63 } },
            Base { n: 4, weighted: 6.0, squared: 10.48 },
        )
    }

    #[test]
    fn by_hand() {
        // 8 of 10 and 4 of 10: P = 0.6, squared error 0.24 · 0.2.
        let test = frequency_test(&of(8, 10), &of(4, 10), &NOBODY).unwrap();
        close(test.difference, 0.4);
        close(test.statistic, 0.4 / 0.048_f64.sqrt());
        assert_eq!(test.df, None);
        // Five of them in both: 0.24 · (0.2 − 0.1).
        let test = frequency_test(&of(8, 10), &of(4, 10), &Base::unweighted(5)).unwrap();
        close(test.statistic, 0.4 / 0.024_f64.sqrt());
        let test = effective_base_test(&of(8, 10), &of(4, 10), &Base::unweighted(5)).unwrap();
        close(test.statistic, 0.4 / 0.024_f64.sqrt());
        assert_eq!(test.df, Some(13.0));
        // A part against its total: P = 14/30, squared error P (1 − P) (1/10 − 1/20).
        let test = frequency_test(&of(8, 10), &of(6, 20), &Base::unweighted(10)).unwrap();
        close(test.statistic, 0.5 / (14.0 / 30.0 * 16.0 / 30.0 * 0.05_f64).sqrt());
        close(std_error(0.2, 100.0).unwrap(), 0.04);
        close(answers(0.2, 0.04).unwrap(), 100.0);
    }

    /// Of R 4.2.2, `prop.test(c(30, 45), c(80, 90), correct = FALSE)`, and of the formula in numpy with
    /// scipy's t (`tests/oracles/statistics.R` and `.py`).
    #[test]
    fn by_another_program() {
        let test = frequency_test(&of(30, 80), &of(45, 90), &NOBODY).unwrap();
        close(test.statistic, -1.638_356_043_818_251);
        close(test.p_value, 0.101_347_442_960_611_4);
        let (a, b, both) = overlapping();
        let test = effective_base_test(&a, &b, &both).unwrap();
        close(test.difference, 0.081_323_728_990_500_11);
        close(test.statistic, 0.426_554_185_449_336_7);
        close(test.df.unwrap(), 7.698_034_729_954_447);
        close(test.p_value, 0.681_381_221_176_648_9);
        // R: prop.test(30, 80, correct = FALSE), prop.test(0, 25, correct = FALSE, conf.level = 0.9).
        let (low, high) = interval(0.375, 80.0, 0.95).unwrap();
        close(low, 0.276_941_787_015_311_8);
        close(high, 0.484_512_745_368_57);
        let (low, high) = interval(0.0, 25.0, 0.9).unwrap();
        assert_eq!(low, 0.0);
        close(high, 0.097_653_506_006_050_91);
    }

    /// R. G. Newcombe, "Two-sided confidence intervals for the single proportion", *Statistics in
    /// Medicine* 17, 1998, table I, method 3: four digits.
    #[test]
    fn published() {
        for (part, n, low, high) in [
            (81.0, 263.0, 0.2553, 0.3662),
            (15.0, 148.0, 0.0624, 0.1605),
            (0.0, 20.0, 0.0, 0.1611),
            (1.0, 29.0, 0.0061, 0.1718),
        ] {
            let (ours_low, ours_high) = interval(part / n, n, 0.95).unwrap();
            assert!((ours_low - low).abs() < 5e-5 && (ours_high - high).abs() < 5e-5, "{part} of {n}");
        }
    }

    #[test]
    fn against_the_rest_it_is_chi_square_and_the_residual() {
        let z = frequency_test(&of(12, 40), &of(55, 110), &NOBODY).unwrap().statistic;
        let table = [12.0, 55.0, 28.0, 55.0];
        close(z * z, ChiSquare::of(2, &table).unwrap().pearson);
        close(z, adjusted_residual(12.0, 67.0, 40.0, 150.0).unwrap());
    }

    #[test]
    fn the_scale_of_weights_does_not_matter_on_effective_bases() {
        let (a, b, both) = overlapping();
        let scale =
            |of: Base| Base { n: of.n, weighted: of.weighted * 250.0, squared: of.squared * 62_500.0 };
        let share = |of: &Share| Share { part: of.part * 250.0, base: scale(of.base) };
        let plain = effective_base_test(&a, &b, &both).unwrap();
        let scaled = effective_base_test(&share(&a), &share(&b), &scale(both)).unwrap();
        close(scaled.statistic, plain.statistic);
        close(scaled.p_value, plain.p_value);
        let turned = effective_base_test(&b, &a, &both).unwrap();
        close(turned.statistic, -plain.statistic);
        close(turned.p_value, plain.p_value);
    }

    #[test]
    fn without_weights_the_two_tests_have_one_statistic() {
        let both = Base::unweighted(7);
        let z = frequency_test(&of(30, 80), &of(45, 90), &both).unwrap();
        let t = effective_base_test(&of(30, 80), &of(45, 90), &both).unwrap();
        close(t.statistic, z.statistic);
        assert_eq!(t.df, Some(161.0));
    }

    #[test]
    fn degenerate() {
        let tests = |a: &Share, b: &Share, both: &Base| {
            [frequency_test(a, b, both).err(), effective_base_test(a, b, both).err()]
        };
        assert_eq!(tests(&of(0, 0), &of(3, 9), &NOBODY), [Some(Untested::NoBase); 2]);
        // Nobody or everybody gives the answer; only one of the columns does: tested.
        assert_eq!(tests(&of(0, 9), &of(0, 8), &NOBODY), [Some(Untested::NoSpread); 2]);
        assert_eq!(tests(&of(9, 9), &of(8, 8), &NOBODY), [Some(Untested::NoSpread); 2]);
        assert_eq!(tests(&of(9, 9), &of(0, 8), &NOBODY), [None; 2]);
        // The column is the whole total.
        assert_eq!(tests(&of(3, 9), &of(3, 9), &Base::unweighted(9)), [Some(Untested::NoSpread); 2]);
        // Equal shares of different people: no difference, and tested.
        let equal = effective_base_test(&of(3, 9), &of(3, 9), &NOBODY).unwrap();
        assert_eq!((equal.statistic, equal.p_value), (0.0, 1.0));
        // Two answers each leave two degrees; one and two leave one.
        assert_eq!(tests(&of(1, 2), &of(2, 2), &NOBODY), [None; 2]);
        assert_eq!(tests(&of(1, 1), &of(1, 2), &NOBODY), [None, Some(Untested::NoFreedom)]);
        // An even part within a total with one huge weight has the larger effective base.
        let part = Share { part: 40.0, base: Base::unweighted(100) };
        let total = Share { part: 1040.0, base: Base { n: 101, weighted: 1100.0, squared: 1_000_100.0 } };
        assert_eq!(effective_base_test(&part, &total, &part.base), Err(Untested::NoSpread));

        assert_eq!(of(0, 0).estimate(), None);
        assert_eq!(std_error(0.5, 0.0), None);
        assert_eq!(answers(1.0, 0.0), None);
        assert_eq!(answers(0.5, 0.0), None);
        assert_eq!(interval(0.5, 0.0, 0.95), None);
        assert_eq!(interval(0.5, 10.0, 1.0), None);
        assert_eq!(interval(1.5, 10.0, 0.9), None);
        assert_eq!(interval(1.0, 10.0, 0.9).unwrap().1, 1.0);
    }

    #[test]
    fn rounding_makes_no_spread() {
        // Ten times 0.1 is not 1: everybody gives the answer all the same.
        let part: f64 = std::iter::repeat_n(0.1, 10).sum();
        assert_ne!(part, 1.0);
        let all = Share { part, base: Base { n: 10, weighted: 1.0, squared: 0.1 } };
        assert_eq!(all.estimate(), Some(1.0));
        let others = Share { part: 2.0, base: Base::unweighted(2) };
        assert_eq!(effective_base_test(&all, &others, &NOBODY), Err(Untested::NoSpread));
    }

    #[test]
    fn admission() {
        let rule = Admission { min_base: 30, skip_zero_or_one: true };
        assert_eq!(rule.admit(&of(0, 0)), Err(Untested::NoBase));
        assert_eq!(rule.admit(&of(5, 29)), Err(Untested::SmallBase));
        assert_eq!(rule.admit(&of(0, 30)), Err(Untested::ZeroOrOne));
        assert_eq!(rule.admit(&of(30, 30)), Err(Untested::ZeroOrOne));
        assert_eq!(rule.admit(&of(29, 30)), Ok(()));
        assert_eq!(Admission { skip_zero_or_one: false, ..rule }.admit(&of(30, 30)), Ok(()));
    }
}
