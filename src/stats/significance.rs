//! What a two-sided test of a difference says, the reasons for which there is none, and the levels
//! at which it is called significant. Knows neither what is compared nor how the error of the
//! difference was estimated.

use statrs::distribution::{ContinuousCDF, Normal};

use super::tails;

/// A two-sided test of one difference against zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// The first figure less the second, in their units.
    pub difference: f64,
    /// The difference over its standard error: z, or t where there are degrees of freedom.
    pub statistic: f64,
    /// Degrees of freedom of t; none for z.
    pub df: Option<f64>,
    /// Probability of a statistic at least as far from zero if there is no difference.
    pub p_value: f64,
}

/// Why two figures were not tested against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Untested {
    /// One of them rests on no answers, or on weights that add up to nothing.
    NoBase,
    /// One of them rests on fewer answers than the smallest base that is tested.
    SmallBase,
    /// One of the shares is 0 or 1, and such are left out on request.
    ZeroOrOne,
    /// Nothing varies, so that the difference has no error: everybody answered alike, or the two
    /// figures are of the same people.
    NoSpread,
    /// No degrees of freedom are left for the error.
    NoFreedom,
}

impl Untested {
    /// The reason as it stands in the column `note`.
    pub fn note(self) -> &'static str {
        match self {
            Self::NoBase => "no base",
            Self::SmallBase => "small base",
            Self::ZeroOrOne => "zero or one",
            Self::NoSpread => "no spread",
            Self::NoFreedom => "no degrees of freedom",
        }
    }
}

impl Test {
    /// Tests a difference that has the given standard error: z, or Student's t with `df` degrees of
    /// freedom.
    ///
    /// # Errors
    ///
    /// [`Untested::NoSpread`] where the error is not above zero, [`Untested::NoFreedom`] where `df`
    /// is not.
    pub fn of(difference: f64, std_error: f64, df: Option<f64>) -> Result<Self, Untested> {
        if !(std_error > 0.0 && std_error.is_finite() && difference.is_finite()) {
            return Err(Untested::NoSpread);
        }
        let statistic = difference / std_error;
        let p_value = p_value(statistic, df).ok_or(Untested::NoFreedom)?;
        Ok(Self { difference, statistic, df, p_value })
    }
}

/// The two-sided p-value of a statistic: of the normal distribution, or of Student's t with `df`
/// degrees of freedom. None where the degrees of freedom are not above zero.
pub fn p_value(statistic: f64, df: Option<f64>) -> Option<f64> {
    match df {
        None => Some(2.0 * Normal::standard().sf(statistic.abs())),
        Some(df) => tails::student(statistic, df),
    }
}

/// How many standard errors either side of an estimate hold it with the given confidence (0–1):
/// the two-sided quantile of the normal distribution, or of Student's t. None where the confidence
/// is outside 0–1 or the degrees of freedom are not above zero.
pub fn critical(confidence: f64, df: Option<f64>) -> Option<f64> {
    match df {
        None => (confidence > 0.0 && confidence < 1.0)
            .then(|| Normal::standard().inverse_cdf(0.5 + confidence / 2.0)),
        Some(df) => tails::student_quantile(confidence, df),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z_and_t() {
        // 1.96 and 2.228 with ten degrees are the bounds of 95 %.
        let z = Test::of(0.3, 0.3 / 1.959_963_984_540_054, None).unwrap();
        assert!((z.p_value - 0.05).abs() < 1e-10);
        let t = Test::of(-2.228, 1.0, Some(10.0)).unwrap();
        assert!((t.p_value - 0.05).abs() < 1e-4);
        assert_eq!((t.difference, t.statistic, t.df), (-2.228, -2.228, Some(10.0)));
        assert_eq!(Test::of(0.0, 1.0, None).unwrap().p_value, 1.0);
        assert!((critical(0.95, None).unwrap() - 1.959_963_984_540_054).abs() < 1e-9);
        assert!((critical(0.95, Some(1e9)).unwrap() - 1.959_963_984_540_054).abs() < 1e-8);
    }

    #[test]
    fn degenerate() {
        for error in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Test::of(1.0, error, None), Err(Untested::NoSpread));
        }
        assert_eq!(Test::of(f64::NAN, 1.0, None), Err(Untested::NoSpread));
        assert_eq!(Test::of(1.0, 1.0, Some(0.0)), Err(Untested::NoFreedom));
        assert_eq!(critical(1.0, None), None);
        assert_eq!(critical(f64::NAN, None), None);
        assert_eq!(critical(0.9, Some(-1.0)), None);
    }
}
