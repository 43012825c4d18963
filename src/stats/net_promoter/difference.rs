//! Two scores against each other: of different people, or of the same people twice.

use super::{Method, Score};
use crate::stats::significance::{critical, p_value};
use crate::stats::weights::Base;
use crate::stats::weights::Variance;

/// A later score less an earlier one, or a group's less that of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The difference in points.
    pub estimate: f64,
    /// The standard error that test and interval rest on. None: the sample does not tell.
    pub std_error: Option<f64>,
    /// Lower bound, at least −200.
    pub low: Option<f64>,
    /// Upper bound, at most 200.
    pub high: Option<f64>,
    /// How many standard errors from no difference; of Student's t where there are degrees of
    /// freedom. None where the error is nought or unknown.
    pub statistic: Option<f64>,
    /// Degrees of freedom of Student's t; none: normal.
    pub df: Option<f64>,
    /// Two-sided p value of no difference.
    pub p_value: Option<f64>,
}

/// What sets one score apart from another, of other people: `one` less `other`.
///
/// `correlation` is that of the two estimates: 0 for samples of their own, other than 0 where both
/// come from one clustered or stratified sample. `df` are the degrees of freedom of both together.
///
/// - Wald: the difference of the scores, `√(s₁² + s₂² − 2 r s₁ s₂)`.
/// - Adjusted Wald: the same with the centres and errors of adjusted Wald. The interval lies around
///   the difference of the centres, and the statistic is that difference over its error; the
///   estimate stays the difference of the scores. Source: J. Lewis and J. Sauro, "How to
///   Statistically Compare Two Net Promoter Scores", MeasuringU 2021.
/// - Score: bounds recovered from the bounds of either score,
///   `θ₁ − θ₂ ∓ √(a² + b² − 2 r a b)` with a and b the distances from the scores to their bounds on
///   that side. The statistic is the quantile at which the interval touches zero. Sources:
///   R. Newcombe, "Interval Estimation for the Difference between Independent Proportions",
///   *Statistics in Medicine* 17, 1998; G. Zou and A. Donner, "Construction of Confidence Limits
///   about Effect Measures", *Statistics in Medicine* 27, 2008.
pub fn difference(
    one: &Score,
    other: &Score,
    correlation: f64,
    df: Option<f64>,
    method: Method,
    confidence: f64,
) -> Difference {
    let estimate = one.estimate - other.estimate;
    let together = |a: f64, b: f64| (a * a + b * b - 2.0 * correlation * a * b).max(0.0).sqrt();
    let plain = one.std_error.zip(other.std_error).map(|(a, b)| together(a, b));
    let quantile = critical(confidence, df);
    let none =
        Difference { estimate, std_error: None, low: None, high: None, statistic: None, df, p_value: None };
    match method {
        Method::Wald => match plain {
            Some(error) => none.around(estimate, error, quantile),
            None => none,
        },
        Method::AdjustedWald => {
            let ((centre, error), (other_centre, other_error)) = (one.adjusted(), other.adjusted());
            none.around(centre - other_centre, together(error, other_error), quantile)
        }
        Method::Score => {
            let bounds = |quantile: f64| {
                let (low, high) = one.reach(method, quantile)?;
                let (other_low, other_high) = other.reach(method, quantile)?;
                let below = together(one.estimate - low, other_high - other.estimate);
                let above = together(high - one.estimate, other.estimate - other_low);
                Some((estimate - below, estimate + above))
            };
            let statistic = touches_zero(estimate, bounds);
            let (low, high) = quantile.and_then(bounds).unzip();
            Difference {
                std_error: plain,
                low: low.map(|low: f64| low.max(-200.0)),
                high: high.map(|high: f64| high.min(200.0)),
                statistic,
                p_value: statistic.and_then(|statistic| p_value(statistic, df)),
                ..none
            }
        }
    }
}

/// The quantile at which the bound on the side of zero is zero, with the sign of the difference.
fn touches_zero(estimate: f64, bounds: impl Fn(f64) -> Option<(f64, f64)>) -> Option<f64> {
    if estimate == 0.0 {
        return Some(0.0);
    }
    let holds_zero = |quantile: f64| bounds(quantile).map(|(low, high)| low <= 0.0 && high >= 0.0);
    let (mut apart, mut held) = (0.0, 1.0);
    while !holds_zero(held)? {
        // Beyond any test, whatever the number of answers.
        if held > 1e12 {
            return None;
        }
        (apart, held) = (held, 2.0 * held);
    }
    loop {
        let middle = f64::midpoint(apart, held);
        if middle <= apart || middle >= held {
            return Some(middle.copysign(estimate));
        }
        if holds_zero(middle)? { held = middle } else { apart = middle }
    }
}

impl Difference {
    /// With an interval around a centre, and the test of that centre against zero.
    fn around(self, centre: f64, error: f64, quantile: Option<f64>) -> Self {
        let statistic = (error > 0.0).then(|| centre / error);
        Self {
            std_error: Some(error),
            low: quantile.map(|quantile| (centre - quantile * error).max(-200.0)),
            high: quantile.map(|quantile| (centre + quantile * error).min(200.0)),
            statistic,
            p_value: statistic.and_then(|statistic| p_value(statistic, self.df)),
            ..self
        }
    }
}

/// People who answered twice, by how far they moved: from detractor to promoter is two classes up.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pairs {
    /// Two down, one down, stayed, one up, two up.
    swings: [Base; 5],
}

impl Pairs {
    /// The base of those who moved so many classes up, −2 to 2, to add to; none for other numbers.
    pub fn of_mut(&mut self, classes: i64) -> Option<&mut Base> {
        self.swings.get_mut(usize::try_from(classes + 2).ok()?)
    }

    /// All pairs.
    pub fn base(&self) -> Base {
        self.swings.iter().copied().sum()
    }

    /// The mean swing in points, −200 to 200. No pairs: none.
    pub fn estimate(&self) -> Option<f64> {
        let base = self.base();
        let sum: f64 = self.points().map(|(points, swing)| points * swing.weighted).sum();
        (base.n > 0).then(|| sum / base.weighted)
    }

    /// The swing against none: the paired t test on the answers as −100, 0 and 100. No pairs: none;
    /// from a single one, no error.
    ///
    /// - Taylor: `√(n/(n−1) Σ w² (x − x̄)²) / Σw` on n − 1 degrees of freedom, which for equal
    ///   weights is `s / √n`.
    /// - Effective base: `√(s²/e)` with `s² = n/(n−1) Σ w (x − x̄)² / Σw`, on e − 1.
    /// - Frequency: `√(s²/W)` with `W = Σw` and `s² = Σ w (x − x̄)² / (W − 1)`, on W − 1.
    ///
    /// Source of the test: Student, "The Probable Error of a Mean", *Biometrika* 6, 1908.
    pub fn difference(&self, variance: Variance, confidence: f64) -> Option<Difference> {
        let (base, estimate) = (self.base(), self.estimate()?);
        let n = base.n as f64;
        let (square, df) = match variance {
            Variance::Taylor => {
                let squares: f64 =
                    self.points().map(|(points, swing)| swing.squared * (points - estimate).powi(2)).sum();
                (n / (n - 1.0) * squares / base.weighted.powi(2), n - 1.0)
            }
            Variance::EffectiveBase => {
                let effective = base.effective();
                (n / (n - 1.0) * self.spread(estimate) / base.weighted / effective, effective - 1.0)
            }
            Variance::Frequency => {
                (self.spread(estimate) / (base.weighted - 1.0) / base.weighted, base.weighted - 1.0)
            }
        };
        let known = base.n > 1 && df > 0.0;
        Some(Difference::of_mean(estimate, known.then(|| square.sqrt()), known.then_some(df), confidence))
    }

    /// `Σ w (x − x̄)²`.
    fn spread(&self, estimate: f64) -> f64 {
        self.points().map(|(points, swing)| swing.weighted * (points - estimate).powi(2)).sum()
    }

    /// Each swing in points, with its base.
    fn points(&self) -> impl Iterator<Item = (f64, &Base)> {
        [-200.0, -100.0, 0.0, 100.0, 200.0].into_iter().zip(&self.swings)
    }
}

impl Difference {
    /// A mean against zero, with an error that was estimated elsewhere.
    pub fn of_mean(estimate: f64, std_error: Option<f64>, df: Option<f64>, confidence: f64) -> Self {
        let none =
            Self { estimate, std_error: None, low: None, high: None, statistic: None, df, p_value: None };
        match std_error {
            Some(error) => none.around(estimate, error, critical(confidence, df)),
            None => none,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::net_promoter::Classes;

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-9 * expected.abs().max(1e-6), "{actual} is not {expected}");
    }

    fn score(promoters: u64, passives: u64, detractors: u64) -> Score {
        let classes = Classes {
            promoters: Base::unweighted(promoters),
            passives: Base::unweighted(passives),
            detractors: Base::unweighted(detractors),
        };
        classes.score(Variance::Frequency).unwrap()
    }

    fn independent(one: &Score, other: &Score, method: Method) -> Difference {
        difference(one, other, 0.0, None, method, 0.95)
    }

    /// By hand: 25 − 0 points; variances 11/16 over 4 and 1/2 over 4, so 19/64.
    #[test]
    fn by_hand() {
        let told = independent(&score(2, 1, 1), &score(1, 2, 1), Method::Wald);
        let error = 100.0 * (19.0f64 / 64.0).sqrt();
        close(told.estimate, 25.0);
        close(told.std_error.unwrap(), error);
        close(told.statistic.unwrap(), 25.0 / error);
        close(told.high.unwrap(), 25.0 + 1.959_963_984_540_054 * error);
    }

    /// By hand: 3 promoters and a passive against 2 passives and 2 detractors.
    #[test]
    fn adjusted_by_hand() {
        let told = independent(&score(3, 1, 0), &score(0, 2, 2), Method::AdjustedWald);
        // Seven answers each: 3.75 and 0.75, then 0.75 and 2.75.
        let variance = |p: f64, d: f64| ((p + d) / 7.0 - ((p - d) / 7.0).powi(2)) / 7.0;
        let error = 100.0 * (variance(3.75, 0.75) + variance(0.75, 2.75)).sqrt();
        close(told.estimate, 125.0);
        close(told.std_error.unwrap(), error);
        close(told.statistic.unwrap(), 500.0 / 7.0 / error);
    }

    /// R NPS 1.1, `nps.test`, on two halves of 302 answers about one brand; adjusted by the formula of
    /// Rocks.
    #[test]
    fn published() {
        let (later, earlier) = (score(49, 40, 62), score(28, 47, 76));
        let told = independent(&later, &earlier, Method::Wald);
        close(told.estimate, 23.1788079470199);
        close(told.std_error.unwrap(), 9.33334442569378);
        close(told.statistic.unwrap(), 2.48344075712141);
        close(told.p_value.unwrap(), 0.0130119976227262);
        close(told.low.unwrap(), 4.88578901735238);
        close(told.high.unwrap(), 41.4718268766874);
        let told = independent(&later, &earlier, Method::AdjustedWald);
        close(told.p_value.unwrap(), 0.0137800008802976);
        close(told.low.unwrap(), 4.64136869959838);
        close(told.high.unwrap(), 40.8131767549471);
    }

    /// R 4.2.2, `t.test(paired = TRUE)` on the recodes of 302 people about two brands.
    #[test]
    fn published_pairs() {
        let mut pairs = Pairs::default();
        for (moved, n) in [(-2, 13), (-1, 32), (0, 172), (1, 47), (2, 38)] {
            *pairs.of_mut(moved).unwrap() = Base::unweighted(n);
        }
        let told = pairs.difference(Variance::Taylor, 0.95).unwrap();
        close(told.estimate, 21.523178807947);
        close(told.std_error.unwrap(), 5.43998170957493);
        close(told.statistic.unwrap(), 3.95647999515586);
        close(told.p_value.unwrap(), 9.49249588170926e-05);
        close(told.low.unwrap(), 10.8179664710511);
        close(told.high.unwrap(), 32.228391144843);
    }

    /// The interval of the difference touches zero at the quantile that is the statistic, and leaves
    /// it out exactly where the test is significant.
    #[test]
    fn score_interval_and_test_agree() {
        for (one, other) in [((40, 30, 30), (20, 30, 50)), ((3, 1, 0), (0, 2, 2)), ((0, 5, 0), (1, 4, 0))] {
            let (one, other) = (score(one.0, one.1, one.2), score(other.0, other.1, other.2));
            let told = independent(&one, &other, Method::Score);
            let p = told.p_value.unwrap();
            let touching = difference(&one, &other, 0.0, None, Method::Score, 1.0 - p);
            let nearest = if told.estimate > 0.0 { touching.low } else { touching.high };
            // The way from p to the quantile and back costs digits.
            assert!(nearest.unwrap().abs() < 1e-7, "{nearest:?}");
        }
    }

    /// By hand, square and add on Wilson's bounds: everyone a promoter of 3 against everyone a
    /// detractor of 3. The bound of either is (3 − z²)/(3 + z²) away from the other end.
    #[test]
    fn square_and_add() {
        let told = independent(&score(3, 0, 0), &score(0, 0, 3), Method::Score);
        let z2 = 1.959_963_984_540_054_f64.powi(2);
        let bound = 100.0 * (3.0 - z2) / (3.0 + z2);
        close(told.low.unwrap(), 200.0 - 2.0f64.sqrt() * (100.0 - bound));
        assert_eq!((told.high, told.estimate), (Some(200.0), 200.0));
    }

    #[test]
    fn turning_round_changes_the_sign() {
        for method in [Method::Wald, Method::AdjustedWald, Method::Score] {
            let (one, other) = (score(5, 2, 3), score(9, 9, 12));
            let (there, back) = (independent(&one, &other, method), independent(&other, &one, method));
            close(there.estimate, -back.estimate);
            close(there.low.unwrap(), -back.high.unwrap());
            close(there.statistic.unwrap(), -back.statistic.unwrap());
            close(there.p_value.unwrap(), back.p_value.unwrap());
        }
    }

    #[test]
    fn people_in_common() {
        // Fully correlated scores with the same error differ without error.
        let one = score(5, 2, 3);
        let told = difference(&one, &one, 1.0, None, Method::Wald, 0.95);
        assert_eq!((told.std_error, told.statistic, told.p_value), (Some(0.0), None, None));
    }

    #[test]
    fn pairs_by_hand() {
        let mut pairs = Pairs::default();
        for moved in [2, 1, 0, 0, -1] {
            *pairs.of_mut(moved).unwrap() += Base::unweighted(1);
        }
        // Mean 40; squares 160² + 60² + 40² + 40² + 140² = 52000, over 4 × 5 = 2600.
        let told = pairs.difference(Variance::Taylor, 0.95).unwrap();
        close(told.estimate, 40.0);
        close(told.std_error.unwrap(), 2600.0f64.sqrt());
        close(told.statistic.unwrap(), 40.0 / 2600.0f64.sqrt());
        assert_eq!(told.df, Some(4.0));
        // Student's t on 4 degrees of freedom has a closed form: with sin² = t² / (4 + t²) it is
        // 1 − sin (1 + cos² / 2). t² is 8/13, so sin² is 2/15.
        let sine = (2.0f64 / 15.0).sqrt();
        close(told.p_value.unwrap(), 1.0 - sine * (1.0 + 13.0 / 30.0));
        for variance in [Variance::Frequency, Variance::EffectiveBase] {
            let other = pairs.difference(variance, 0.95).unwrap();
            close(other.std_error.unwrap(), told.std_error.unwrap());
            assert_eq!(other.df, told.df);
        }
        assert_eq!(pairs.of_mut(3), None);
    }

    #[test]
    fn weighted_pairs_by_hand() {
        let mut pairs = Pairs::default();
        *pairs.of_mut(1).unwrap() += Base { n: 1, weighted: 3.0, squared: 9.0 };
        *pairs.of_mut(-1).unwrap() += Base { n: 1, weighted: 1.0, squared: 1.0 };
        // Mean 50. Taylor: 2/1 (9 × 50² + 150²) = 90000, its root 300 over 4.
        close(pairs.difference(Variance::Taylor, 0.95).unwrap().std_error.unwrap(), 75.0);
        // Effective base 1.6: 2/1 × (3 × 50² + 150²) / 4 = 15000, over 1.6.
        let effective = pairs.difference(Variance::EffectiveBase, 0.95).unwrap();
        close(effective.std_error.unwrap(), 9375.0f64.sqrt());
        close(effective.df.unwrap(), 0.6);
        // Four people: 30000 / 3 over 4, on 3.
        let frequency = pairs.difference(Variance::Frequency, 0.95).unwrap();
        close(frequency.std_error.unwrap(), 50.0);
        close(frequency.df.unwrap(), 3.0);
    }

    #[test]
    fn too_few_pairs() {
        assert_eq!(Pairs::default().difference(Variance::Taylor, 0.95), None);
        let mut one = Pairs::default();
        *one.of_mut(2).unwrap() += Base::unweighted(1);
        let told = one.difference(Variance::Taylor, 0.95).unwrap();
        assert_eq!((told.estimate, told.std_error, told.p_value, told.df), (200.0, None, None, None));
        // Everybody moved alike: no error, so no test.
        *one.of_mut(2).unwrap() += Base::unweighted(4);
        let told = one.difference(Variance::Taylor, 0.95).unwrap();
        assert_eq!((told.std_error, told.statistic, told.low), (Some(0.0), None, Some(200.0)));
    }
}
