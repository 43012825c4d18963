//! The net promoter score: classes of answers, the score, its standard error and interval, from
//! the base of each class. Scores and errors are points, −100 to 100. Knows no table.

use statrs::distribution::{ContinuousCDF, Normal};

use super::contingency::share;
use super::weights::Base;

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

/// How an interval is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Three answers spread over the classes are added before the error is computed: keeps its
    /// promise on small bases and where everybody answers alike.
    AdjustedWald,
    /// Score ± quantile × standard error. Of no width where everybody answers alike.
    Wald,
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

    /// The interval that holds the score with the given confidence (0–1), in points, lower bound
    /// first, within −100 and 100. No answers, or a confidence outside 0–1: none.
    ///
    /// Adjusted Wald takes the effective base `e` for the number of answers: with `e' = e + 3`,
    /// `P' = (P e + ¾) / e'` and `D'` likewise it is `P' − D'` ± quantile × multinomial error on
    /// `e'`. Its centre is not the score, and on one or two answers it may not hold it.
    pub fn interval(&self, method: Method, confidence: f64) -> Option<(f64, f64)> {
        let (centre, error) = match method {
            Method::Wald => (self.estimate()?, self.std_error()?),
            Method::AdjustedWald => {
                let [p, _, d] = self.shares()?;
                let effective = self.base().effective();
                let e = effective + 3.0;
                let (p, d) = ((p * effective + 0.75) / e, (d * effective + 0.75) / e);
                (100.0 * (p - d), 100.0 * multinomial_error(p, d, e))
            }
        };
        let reach = two_sided_quantile(confidence)? * error;
        Some(((centre - reach).max(-100.0), (centre + reach).min(100.0)))
    }
}

/// `√((p + d − (p − d)²) / n)`, the standard error of p − d.
fn multinomial_error(p: f64, d: f64, n: f64) -> f64 {
    // Rounding may leave a hair below zero where everybody is in one class.
    ((p + d - (p - d).powi(2)).max(0.0) / n).sqrt()
}

/// The standard normal quantile that leaves `1 − confidence` outside on both sides together.
fn two_sided_quantile(confidence: f64) -> Option<f64> {
    (confidence > 0.0 && confidence < 1.0).then(|| -Normal::standard().inverse_cdf((1.0 - confidence) / 2.0))
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
