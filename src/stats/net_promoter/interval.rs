//! Intervals of one score and of the three shares.

use super::{Classes, Score, multinomial_error};
use crate::stats::significance::critical;
use crate::stats::weights::Variance;

/// How an interval is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Three answers spread over the classes are added before the error is computed: keeps its
    /// promise on small bases and where everybody answers alike.
    AdjustedWald,
    /// Score ± quantile × standard error. Of no width where everybody answers alike.
    Wald,
    /// Every score that a test with the error under that score does not refuse. Holds the score
    /// that it belongs to and stays within −100 and 100.
    Score,
}

impl Classes {
    /// The interval of the score, see [`Score::interval`], as for [`Variance::Taylor`]. No answers:
    /// none.
    pub fn interval(&self, method: Method, confidence: f64) -> Option<(f64, f64)> {
        self.score(Variance::Taylor)?.interval(method, confidence)
    }
}

impl Score {
    /// The interval that holds the score with the given confidence (0–1), in points, lower bound
    /// first, within −100 and 100. Without a standard error Wald has none; a confidence outside 0–1
    /// has none.
    ///
    /// With `e` the base:
    ///
    /// - Wald: the score ± quantile × standard error.
    /// - Adjusted Wald: with `e' = e + 3`, `P' = (P e + ¾) / e'` and `D'` likewise, `P' − D'` ±
    ///   quantile × multinomial error on `e'`. Its centre is not the score, and on one or two
    ///   answers it may not hold it. Source: B. Rocks, "Interval Estimation for the Net Promoter
    ///   Score", *The American Statistician* 70(4), 2016.
    /// - Score: promoters less detractors over all is a difference of paired proportions, so
    ///   Tango's interval holds as it is. Source: T. Tango, "Equivalence Test and Confidence
    ///   Interval for the Difference in Proportions for the Paired-Sample Design", *Statistics in
    ///   Medicine* 17, 1998.
    ///
    /// The quantile is the normal one, with degrees of freedom Student's.
    pub fn interval(&self, method: Method, confidence: f64) -> Option<(f64, f64)> {
        let (low, high) = self.reach(method, critical(confidence, self.df)?)?;
        Some((low.max(-100.0), high.min(100.0)))
    }

    /// The bounds that a quantile leads to.
    pub(super) fn reach(&self, method: Method, quantile: f64) -> Option<(f64, f64)> {
        let (centre, error) = match method {
            Method::Wald => (self.estimate, self.std_error?),
            Method::AdjustedWald => self.adjusted(),
            Method::Score => {
                let (p, d) = (self.promoters * self.base, self.detractors * self.base);
                let high = tango_upper(p, d, self.base, quantile);
                let low = -tango_upper(d, p, self.base, quantile);
                return Some((100.0 * low, 100.0 * high));
            }
        };
        Some((centre - quantile * error, centre + quantile * error))
    }

    /// Centre and error of adjusted Wald, in points.
    pub(super) fn adjusted(&self) -> (f64, f64) {
        let e = self.base + 3.0;
        let (p, d) = ((self.promoters * self.base + 0.75) / e, (self.detractors * self.base + 0.75) / e);
        (100.0 * (p - d), 100.0 * multinomial_error(p, d, e))
    }
}

/// The largest difference `k` between the probabilities of two opposed answers, of which `b` and
/// `c` of `n` were given, for which `b − c` is not further from `n k` than `quantile` errors. The
/// error is that of the most likely probabilities with the difference `k`.
fn tango_upper(b: f64, c: f64, n: f64, quantile: f64) -> f64 {
    // How far `b − c` stays within the reach of the hypothesis: above zero outside the interval.
    let outside = |k: f64| {
        // For k below zero the two answers change places, so that nothing cancels below.
        let (b, c, k, distance) = if k < 0.0 { (c, b, -k, b - c - n * k) } else { (b, c, k, b - c - n * k) };
        let linear = (2.0 * n - b + c) * k - b - c;
        let root = (linear * linear + 8.0 * n * c * k * (1.0 - k)).sqrt();
        let smaller = if linear > 0.0 {
            2.0 * c * k * (1.0 - k) / (root + linear)
        } else {
            (root - linear) / (4.0 * n)
        };
        distance * distance - quantile * quantile * n * (2.0 * smaller + k * (1.0 - k))
    };
    let (mut inside, mut beyond) = ((b - c) / n, 1.0);
    loop {
        let middle = f64::midpoint(inside, beyond);
        if middle <= inside || middle >= beyond {
            return middle;
        }
        if outside(middle) > 0.0 { beyond = middle } else { inside = middle }
    }
}

/// Simultaneous intervals for the shares of `k` classes that make a whole, of which `share` (0–1)
/// is one: together they hold all shares with the given confidence (0–1). `base` is the number of
/// answers, the effective one where there are weights. No answers, no classes, a confidence outside
/// 0–1: none.
///
/// `(χ² + 2 n s ± √(χ² (χ² + 4 n s (1 − s)))) / (2 (n + χ²))` with the quantile of χ² with one
/// degree of freedom that leaves `(1 − confidence) / k`.
///
/// Source: L. Goodman, "On Simultaneous Confidence Intervals for Multinomial Proportions",
/// *Technometrics* 7, 1965.
pub fn goodman(share: f64, base: f64, k: usize, confidence: f64) -> Option<(f64, f64)> {
    if base <= 0.0 || k == 0 {
        return None;
    }
    let outside = (1.0 - confidence) / k as f64;
    let chi_square = critical(1.0 - outside, None)?.powi(2);
    let count = share * base;
    let root = (chi_square * (chi_square + 4.0 * count * (1.0 - share))).max(0.0).sqrt();
    let whole = 2.0 * (base + chi_square);
    let (low, high) = ((2.0 * count + chi_square - root) / whole, (2.0 * count + chi_square + root) / whole);
    Some((low.clamp(0.0, 1.0), high.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::weights::Base;

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

    fn both((low, high): (f64, f64), (expected_low, expected_high): (f64, f64)) {
        close(low, expected_low);
        close(high, expected_high);
    }

    /// R contingencytables 3.0.1, NPS 1.1 on 302 answers about one brand: 99, 73, 130; and on its
    /// first 12: 2, 4, 6.
    #[test]
    fn published() {
        let apple = counts(99, 73, 130);
        let of = |method| apple.interval(method, 0.95).unwrap();
        both(of(Method::Wald), (-20.017498408764, -0.512302915739267));
        both(of(Method::AdjustedWald), (-19.8532912135897, -0.47457763886936));
        both(of(Method::Score), (-19.8680641769077, -0.444859541493382));
        let twelve = counts(2, 4, 6).interval(Method::Score, 0.99).unwrap();
        both(twelve, (-73.575735829185, 27.0583926036165));
        let shares = apple.shares().unwrap();
        let of = |at: usize| goodman(shares[at], 302.0, 3, 0.95).unwrap();
        both(of(0), (0.266880155554129, 0.395162495564397));
        both(of(1), (0.187908205092387, 0.305155771585413));
        both(of(2), (0.364174679155111, 0.499342545335063));
    }

    #[test]
    fn one_class_only() {
        let all = counts(3, 0, 0);
        assert_eq!(all.interval(Method::Wald, 0.95), Some((100.0, 100.0)));
        let (low, high) = all.interval(Method::AdjustedWald, 0.95).unwrap();
        close(low, -6.57928670380857);
        assert_eq!(high, 100.0);
        // Everybody agrees: the bound is (n − z²) / (n + z²), Wilson's for a share of one, doubled.
        let (low, high) = all.interval(Method::Score, 0.95).unwrap();
        let z2 = 1.959_963_984_540_054_f64.powi(2);
        close(low, 100.0 * (3.0 - z2) / (3.0 + z2));
        assert_eq!(high, 100.0);
        let passive = counts(0, 2, 0).interval(Method::Score, 0.95).unwrap();
        both(passive, (-65.7619772493346, 65.7619772493346));
        // On one answer the adjusted interval misses the score; that is known of the method.
        both(
            counts(1, 0, 0).interval(Method::AdjustedWald, 0.95).unwrap(),
            (-48.498649420252, 98.498649420252),
        );
        assert_eq!(counts(0, 0, 4).interval(Method::Score, 0.95).unwrap().0, -100.0);
    }

    /// Promoters and detractors change places: the interval turns round.
    #[test]
    fn the_score_interval_is_symmetrical() {
        for (p, q, d) in [(1, 0, 0), (4, 1, 2), (0, 5, 3), (40, 2, 17), (3, 0, 3)] {
            let (low, high) = counts(p, q, d).interval(Method::Score, 0.9).unwrap();
            let (turned_low, turned_high) = counts(d, q, p).interval(Method::Score, 0.9).unwrap();
            assert_eq!((low, high), (-turned_high, -turned_low));
            let estimate = counts(p, q, d).estimate().unwrap();
            assert!(-100.0 <= low && low <= estimate && estimate <= high && high <= 100.0);
        }
    }

    /// Student's t takes the place of the normal distribution: 2.776445 is its quantile on 4 degrees
    /// of freedom.
    #[test]
    fn by_design() {
        let score = counts(30, 40, 30).score_by_design(Some(10.0), 4.0).unwrap();
        let (low, high) = score.interval(Method::Wald, 0.95).unwrap();
        both((low, high), (-27.764_451_051_977_98, 27.764_451_051_977_98));
        // Variance 0.6 × 100², over 10²: 60 answers instead of 100.
        close(score.base, 60.0);
        let alike = counts(3, 0, 0).score_by_design(Some(0.0), 4.0).unwrap();
        assert_eq!(alike.base, 3.0);
        let unknown = counts(2, 0, 1).score_by_design(None, 4.0).unwrap();
        assert_eq!((unknown.base, unknown.interval(Method::Wald, 0.95)), (3.0, None));
        assert!(unknown.interval(Method::Score, 0.95).is_some());
    }

    #[test]
    fn nothing() {
        assert_eq!(Classes::default().interval(Method::Score, 0.95), None);
        assert_eq!(counts(1, 1, 1).interval(Method::Wald, 1.0), None);
        assert_eq!(goodman(0.5, 0.0, 3, 0.95), None);
        assert_eq!(goodman(0.5, 10.0, 0, 0.95), None);
        let (low, high) = goodman(0.0, 10.0, 3, 0.95).unwrap();
        assert!(low == 0.0 && high > 0.0 && high < 1.0);
    }
}
