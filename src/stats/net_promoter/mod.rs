//! The net promoter score: classes of answers, the score, its standard error and interval, what
//! sets two scores apart, and what moved one. Scores and errors are points, −100 to 100; what goes
//! in is the base of each class. Knows no table.

mod change;
mod difference;
mod interval;

pub use change::{Moved, Part, split};
pub use difference::{Difference, Pairs, difference};
pub use interval::{Method, goodman};

use std::ops::Add;

use super::contingency::share;
use super::weights::{Base, Variance};

/// What an answer to "how likely are you to recommend us", 0 to 10, makes of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// 9 or 10.
    Promoter,
    /// 7 or 8.
    Passive,
    /// 0 to 6.
    Detractor,
}

impl Class {
    /// The class of an answer; none where it is outside 0–10.
    ///
    /// Source: F. Reichheld, "The One Number You Need to Grow", *Harvard Business Review*, 2003.
    pub fn of(answer: i64) -> Option<Self> {
        match answer {
            9..=10 => Some(Self::Promoter),
            7..=8 => Some(Self::Passive),
            0..=6 => Some(Self::Detractor),
            _ => None,
        }
    }
}

/// The answers of a group by class.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Classes {
    /// Answers 9 and 10.
    pub promoters: Base,
    /// Answers 7 and 8.
    pub passives: Base,
    /// Answers 0 to 6.
    pub detractors: Base,
}

/// A score, and what intervals and comparisons need of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The score in points.
    pub estimate: f64,
    /// Its standard error in points. None: the sample does not tell.
    pub std_error: Option<f64>,
    /// Share of promoters, 0–1.
    pub promoters: f64,
    /// Share of detractors, 0–1.
    pub detractors: f64,
    /// The number of equally weighted answers that are as precise as these.
    pub base: f64,
    /// Degrees of freedom of the standard error: Student's t instead of the normal distribution.
    pub df: Option<f64>,
}

impl Add for Classes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            promoters: self.promoters + other.promoters,
            passives: self.passives + other.passives,
            detractors: self.detractors + other.detractors,
        }
    }
}

impl Classes {
    /// The class's base, to add to.
    pub fn of_mut(&mut self, class: Class) -> &mut Base {
        match class {
            Class::Promoter => &mut self.promoters,
            Class::Passive => &mut self.passives,
            Class::Detractor => &mut self.detractors,
        }
    }

    /// The base of all three classes.
    pub fn base(&self) -> Base {
        self.promoters + self.passives + self.detractors
    }

    /// Shares of promoters, passives and detractors, 0–1. No answers: none.
    pub fn shares(&self) -> Option<[f64; 3]> {
        let whole = self.base().weighted;
        Some([
            share(self.promoters.weighted, whole)?,
            share(self.passives.weighted, whole)?,
            share(self.detractors.weighted, whole)?,
        ])
    }

    /// The score, `100 (P − D)` with the shares of promoters and detractors. No answers: none.
    pub fn estimate(&self) -> Option<f64> {
        let whole = self.base().weighted;
        share(100.0 * (self.promoters.weighted - self.detractors.weighted), whole)
    }

    /// The score's standard error in points. No answers: none.
    ///
    /// Equal weights: `100 √((P + D − (P − D)²) / n)`, the multinomial variance. Other weights:
    /// Taylor linearisation of the weighted mean of 100, 0, −100,
    /// `√(n/(n−1) Σ w² (x − NPS)²) / Σw`, as for a sample drawn with unequal probabilities.
    ///
    /// Sources: B. Rocks, "Interval Estimation for the Net Promoter Score", *The American
    /// Statistician* 70(4), 2016; R. Woodruff, "A Simple Method for Approximating the Variance of a
    /// Complicated Estimate", *Journal of the American Statistical Association* 66, 1971.
    pub fn std_error(&self) -> Option<f64> {
        let base = self.base();
        let estimate = self.estimate()?;
        if base.is_equally_weighted() {
            let [p, _, d] = self.shares()?;
            return Some(100.0 * multinomial_error(p, d, base.n as f64));
        }
        let squares = self.promoters.squared * (100.0 - estimate).powi(2)
            + self.passives.squared * estimate.powi(2)
            + self.detractors.squared * (-100.0 - estimate).powi(2);
        let n = base.n as f64;
        // Unequal weights: n is at least 2.
        Some((n / (n - 1.0) * squares).sqrt() / base.weighted)
    }

    /// The score with its error. No answers: none.
    ///
    /// With [`Variance::Taylor`] the error is [`std_error`](Self::std_error) and intervals count on
    /// the effective base.
    pub fn score(&self, variance: Variance) -> Option<Score> {
        let [promoters, _, detractors] = self.shares()?;
        let base = match variance {
            Variance::Frequency => self.base().weighted,
            Variance::EffectiveBase | Variance::Taylor => self.base().effective(),
        };
        let std_error = match variance {
            Variance::Taylor => self.std_error()?,
            _ => 100.0 * multinomial_error(promoters, detractors, base),
        };
        let estimate = self.estimate()?;
        Some(Score { estimate, std_error: Some(std_error), promoters, detractors, base, df: None })
    }

    /// The score with an error that was estimated from the sample's design, none where the design
    /// does not tell. Intervals then count on the number of answers from a simple random sample
    /// that would have this error; where the error is nought or unknown, on the effective base.
    ///
    /// Source: E. Korn and B. Graubard, "Confidence Intervals for Proportions with Small Expected
    /// Number of Positive Counts Estimated from Survey Data", *Survey Methodology* 24, 1998.
    pub fn score_by_design(&self, std_error: Option<f64>, df: f64) -> Option<Score> {
        let score = self.score(Variance::EffectiveBase)?;
        let variance = (100.0 * multinomial_error(score.promoters, score.detractors, 1.0)).powi(2);
        let base = match std_error {
            Some(error) if error > 0.0 && variance > 0.0 => variance / error.powi(2),
            _ => score.base,
        };
        Some(Score { std_error, base, df: Some(df), ..score })
    }
}

/// `√((p + d − (p − d)²) / n)`, the standard error of p − d.
fn multinomial_error(p: f64, d: f64, n: f64) -> f64 {
    // Rounding may leave a hair below zero where everybody is in one class.
    ((p + d - (p - d).powi(2)).max(0.0) / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{actual} is not {expected}");
    }

    fn counts(promoters: u64, passives: u64, detractors: u64) -> Classes {
        Classes {
            promoters: Base::unweighted(promoters),
            passives: Base::unweighted(passives),
            detractors: Base::unweighted(detractors),
        }
    }

    fn weighted(answers: &[(i64, f64)]) -> Classes {
        let mut classes = Classes::default();
        for (answer, w) in answers {
            *classes.of_mut(Class::of(*answer).unwrap()) += Base { n: 1, weighted: *w, squared: w * w };
        }
        classes
    }

    #[test]
    fn classes_of_answers() {
        use Class::{Detractor, Passive, Promoter};
        let of: Vec<_> = (-1..=11).map(Class::of).collect();
        let (d, p) = (Some(Detractor), Some(Passive));
        assert_eq!(of[..10], [None, d, d, d, d, d, d, d, p, p]);
        assert_eq!(of[10..], [Some(Promoter), Some(Promoter), None]);
    }

    #[test]
    fn by_hand() {
        // 2 promoters, 1 passive, 1 detractor: P − D = 1/4, variance 3/4 − 1/16 = 11/16, over 4.
        let four = counts(2, 1, 1);
        close(four.estimate().unwrap(), 25.0);
        close(four.std_error().unwrap(), 100.0 * (11.0f64 / 64.0).sqrt());
    }

    #[test]
    fn weights_by_hand() {
        // A promoter of weight 3 and a detractor of weight 1: (300 − 100) / 4 = 50. Squares:
        // 9 × 50² + 1 × 150² = 45000, times 2/1 = 90000; its root 300 over 4.
        let two = weighted(&[(10, 3.0), (2, 1.0)]);
        close(two.estimate().unwrap(), 50.0);
        close(two.std_error().unwrap(), 75.0);
        close(two.base().effective(), 1.6);
    }

    /// R contingencytables 3.0.1 and R NPS 1.1 on 302 answers about one brand: 99, 73, 130.
    #[test]
    fn published() {
        let apple = counts(99, 73, 130);
        close(apple.estimate().unwrap(), -10.2649006622517);
        close(apple.std_error().unwrap(), 4.97590661024368);
        let (low, high) = apple.interval(Method::Wald, 0.95).unwrap();
        close(low, -20.017498408764);
        close(high, -0.512302915739267);
        let (low, high) = apple.interval(Method::AdjustedWald, 0.95).unwrap();
        close(low, -19.8532912135897);
        close(high, -0.47457763886936);
    }

    #[test]
    fn one_class_only() {
        let all = counts(3, 0, 0);
        assert_eq!(all.estimate(), Some(100.0));
        assert_eq!(all.std_error(), Some(0.0));
        assert_eq!(all.interval(Method::Wald, 0.95), Some((100.0, 100.0)));
        let (low, high) = all.interval(Method::AdjustedWald, 0.95).unwrap();
        close(low, -6.57928670380857);
        assert_eq!(high, 100.0);
        // On one answer the interval misses the score; that is known of the method.
        let (low, high) = counts(1, 0, 0).interval(Method::AdjustedWald, 0.95).unwrap();
        close(low, -48.498649420252);
        close(high, 98.498649420252);
    }

    #[test]
    fn equal_weights_are_no_weights() {
        let plain = counts(2, 1, 1);
        let tenths = weighted(&[(10, 0.1), (9, 0.1), (8, 0.1), (0, 0.1)]);
        close(tenths.std_error().unwrap(), plain.std_error().unwrap());
        let (a, b) = (tenths.interval(Method::AdjustedWald, 0.9), plain.interval(Method::AdjustedWald, 0.9));
        close(a.unwrap().0, b.unwrap().0);
    }

    #[test]
    fn nothing() {
        let none = Classes::default();
        assert_eq!(none.estimate(), None);
        assert_eq!(none.std_error(), None);
        assert_eq!(none.interval(Method::AdjustedWald, 0.95), None);
        assert_eq!(counts(1, 1, 1).interval(Method::Wald, 1.0), None);
    }
}
