//! Tail probabilities of Student's t and of F, and quantiles of t, for the degrees of freedom of
//! surveys: a few, or millions. statrs, whose normal and chi-square distributions are used elsewhere,
//! loses digits of these as the degrees of freedom grow, and does not return from the quantile of t
//! with a hundred million.

use std::f64::consts::PI;

use statrs::distribution::{Continuous, ContinuousCDF, Normal, StudentsT};
use statrs::function::gamma::ln_gamma;

/// Probability that Student's t with `df` degrees of freedom is at least as far from zero, on either
/// side. None where the degrees of freedom are not above zero.
///
/// It is the incomplete beta function `I(df/2, 1/2)` at `df / (df + t²)`. From ten thousand degrees on
/// it is the normal tail at G. W. Hill's transformation of t (Algorithm 395, *Communications of the
/// ACM* 13, 1970), whose error falls with the fourth power of the degrees.
pub fn student(t: f64, df: f64) -> Option<f64> {
    if df.is_nan() || df <= 0.0 || t.is_nan() {
        return None;
    }
    let squared = t * t;
    if df < 1e4 {
        let whole = df + squared;
        return Some(incomplete_beta(df / 2.0, 0.5, df / whole, squared / whole));
    }
    let shrunk = df - 0.5;
    let b = 48.0 * shrunk * shrunk;
    let y = shrunk * (squared / df).ln_1p();
    let third = ((((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b) + y + 3.0) / b;
    Some(2.0 * Normal::standard().sf((third + 1.0) * y.sqrt()))
}

/// How far from zero, on either side, Student's t with `df` degrees of freedom stays with the given
/// probability (0–1). None where the probability is not between 0 and 1, or the degrees of freedom
/// are not above zero.
pub fn student_quantile(probability: f64, df: f64) -> Option<f64> {
    let outside = 1.0 - probability;
    if !(outside > 0.0 && outside < 1.0 && df > 0.0) {
        return None;
    }
    // Tails of t are the heavier: the normal quantile is too small, and the bracket grows from there.
    let mut low = Normal::standard().inverse_cdf(1.0 - outside / 2.0);
    let mut high = 2.0 * low + 1.0;
    while student(high, df)? > outside && high.is_finite() {
        (low, high) = (high, 2.0 * high);
    }
    let density = StudentsT::new(0.0, 1.0, df).ok()?;
    let mut t = low;
    // Newton's step, and halving where it leaves the bracket.
    for _ in 0..200 {
        let excess = student(t, df)? - outside;
        if excess > 0.0 {
            low = t;
        } else {
            high = t;
        }
        let step = excess / (2.0 * density.pdf(t));
        let next = if low < t + step && t + step < high { t + step } else { low + (high - low) / 2.0 };
        if (next - t).abs() <= 1e-13 * t {
            return Some(next);
        }
        t = next;
    }
    Some(t)
}

/// Probability that F with `df1` and `df2` degrees of freedom is at least as large. None where
/// degrees of freedom are not above zero.
pub fn fisher(f: f64, df1: f64, df2: f64) -> Option<f64> {
    if !(df1 > 0.0 && df2 > 0.0) || f.is_nan() {
        return None;
    }
    if f <= 0.0 {
        return Some(1.0);
    }
    let whole = df2 + df1 * f;
    Some(incomplete_beta(df2 / 2.0, df1 / 2.0, df2 / whole, df1 * f / whole))
}

/// The value below which a beta variable with parameters `a` and `b` lies with the given probability
/// (0–1). None where the probability is not between 0 and 1, or a parameter is not above zero.
pub fn beta_quantile(probability: f64, a: f64, b: f64) -> Option<f64> {
    let sound = probability > 0.0 && probability < 1.0 && a > 0.0 && b > 0.0 && (a + b).is_finite();
    if !sound {
        return None;
    }
    // From the end at which the bulk lies, where neither `x` nor `1 − x` is rounded away.
    if a > b {
        return beta_quantile(1.0 - probability, b, a).map(|x| 1.0 - x);
    }
    // In logarithms the lower tail is nearly a straight line, and Newton's steps are long.
    let (mut low, mut high) = (f64::MIN_POSITIVE.ln(), 0.0);
    let mut log = (a / (a + b)).ln();
    for _ in 0..400 {
        let x = log.exp();
        let y = -log.exp_m1();
        let below = incomplete_beta(a, b, x, y);
        if below > probability {
            high = log;
        } else {
            low = log;
        }
        let slope = power_over_beta(a, b, x, y) / y / below;
        let next = log + (probability / below).ln() / slope;
        let next = if low < next && next < high { next } else { low + (high - low) / 2.0 };
        // Steps square their error: after one as short as this nothing is left of it.
        let settled = (next - log).abs() <= 1e-12 * log.abs().max(1.0);
        log = next;
        if settled {
            break;
        }
    }
    Some(log.exp())
}

/// The regularised incomplete beta function `I_x(a, b)`, with `y = 1 − x` given beside `x` because one
/// of them is too small to be had from the other: the continued fraction of DLMF 8.17.22 by Lentz's
/// method.
fn incomplete_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, y, x);
    }
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..100_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        fraction *= c * d;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    power_over_beta(a, b, x, y) / a * fraction
}

/// `xᵃ yᵇ / B(a, b)` with `x + y = 1`, by way of the binomial probability that it is a multiple of, in
/// which nothing large cancels.
///
/// Source: C. Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000.
fn power_over_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let exponent =
        stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) - deviance(b, n * y);
    (a * b / (2.0 * PI * n)).sqrt() * exponent.exp()
}

/// By how much Stirling's formula misses `ln Γ(z + 1)`.
fn stirling_error(z: f64) -> f64 {
    if z < 16.0 {
        return ln_gamma(z + 1.0) - (z + 0.5) * z.ln() + z - 0.5 * (2.0 * PI).ln();
    }
    let squared = z * z;
    (1.0 / 12.0
        - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / squared) / squared) / squared)
            / squared)
        / z
}

/// `k ln(k / mean) + mean − k`, also where the two are so close that it cancels.
fn deviance(k: f64, mean: f64) -> f64 {
    let apart = k - mean;
    if apart.abs() > 0.1 * (k + mean) {
        return k * (k / mean).ln() - apart;
    }
    // ln(k / mean) = 2 artanh(v).
    let v = apart / (k + mean);
    let mut sum = apart * v;
    let mut term = 2.0 * k * v;
    for odd in (3..1000).step_by(2) {
        term *= v * v;
        let next = sum + term / f64::from(odd);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-9 * expected.abs(), "{actual:e}, not {expected:e}");
    }

    #[test]
    fn by_hand() {
        // One degree: Cauchy, 1 − 2 arctan(t)/π. Two degrees: 1 − t/√(2 + t²).
        for t in [0.01, 1.0, 3.0, 500.0_f64] {
            close(student(t, 1.0).unwrap(), 2.0 * (1.0 / t).atan() / PI);
            close(student(t, 2.0).unwrap(), 2.0 / ((2.0 + t * t).sqrt() * ((2.0 + t * t).sqrt() + t)));
        }
        // F with two degrees in the numerator: (1 + 2 f/df2)^(−df2/2).
        for (f, df2) in [(0.3, 4.0), (7.0, 12.0), (3.0, 250.0_f64)] {
            close(fisher(f, 2.0, df2).unwrap(), (1.0 + 2.0 * f / df2).powf(-df2 / 2.0));
        }
        // Its square is F with one degree in the numerator.
        close(fisher(4.41, 1.0, 33.0).unwrap(), student(2.1, 33.0).unwrap());
    }

    /// Of the tables in textbooks: t at 95 % with 1 and 10 degrees, and F at 95 % with 3 and 20.
    #[test]
    fn published() {
        assert!((student_quantile(0.95, 1.0).unwrap() - 12.706).abs() < 5e-4);
        assert!((student_quantile(0.95, 10.0).unwrap() - 2.228).abs() < 5e-4);
        // Printed as 3.10, where its slope is −0.04.
        assert!((fisher(3.10, 3.0, 20.0).unwrap() - 0.05).abs() < 0.04 * 0.005);
    }

    /// Of scipy 1.17.1: `2 * t.sf`, `t.ppf(0.5 + p / 2)`, `f.sf` (`tests/oracles/statistics.py`).
    #[test]
    fn by_another_program() {
        for (t, df, p) in [
            (0.5, 3.0, 0.651_447_964_848_151),
            (1.96, 12.7, 0.072_311_000_057_325_7),
            (3.1, 250.0, 0.002_156_740_203_381_359),
            // Either side of where the method changes.
            (4.2, 9_999.0, 2.692_298_117_790_253_4e-5),
            (4.2, 10_001.0, 2.692_293_473_909_510_4e-5),
            (2.5, 2e6, 0.012_419_410_076_760_826),
        ] {
            close(student(t, df).unwrap(), p);
            close(student(-t, df).unwrap(), p);
        }
        for (confidence, df, t) in [
            (0.95, 1.0, 12.706_204_736_174_694),
            (0.9, 7.5, 1.875_747_479_211_287_8),
            (0.95, 1e5, 1.959_987_707_534_609_5),
            (0.99, 1e8, 2.575_829_352_714_377_4),
        ] {
            close(student_quantile(confidence, df).unwrap(), t);
        }
        for (f, df1, df2, p) in [
            (5.1, 1.5, 20.9, 0.022_861_817_492_328_542),
            (2.2, 12.0, 3e5, 0.009_420_279_810_612_126),
            (0.4, 6.0, 14.0, 0.866_879_350_080_778_4),
            (3.0, 1.0, 199.0, 0.084_814_043_479_267_99),
        ] {
            close(fisher(f, df1, df2).unwrap(), p);
        }
    }

    /// Of scipy 1.17.1: `beta.ppf` (`tests/oracles/match_partners.py`).
    #[test]
    fn beta_by_another_program() {
        for (probability, a, b, x) in [
            (0.025, 3.5, 9.25, 0.077_695_944_993_890_11),
            (0.975, 3.5, 9.25, 0.537_757_627_066_298_9),
            (0.5, 1.0, 1.0, 0.5),
            (0.025, 0.3, 14.0, 2.333_356_059_964_052e-07),
            (0.975, 80.2, 2.5, 0.994_878_861_135_622_4),
            (0.1, 1500.5, 3200.0, 0.310_524_390_052_964_1),
            (0.9, 500000.0, 1000000.0, 0.333_826_650_266_953_13),
            (0.975, 0.05, 0.4, 0.977_784_663_518_954_4),
            (0.025, 0.5, 0.5, 0.001_541_333_133_436_012),
        ] {
            close(beta_quantile(probability, a, b).unwrap(), x);
        }
        // A power by hand: I_x(a, 1) = xᵃ, also where it is too small to be told from zero.
        close(beta_quantile(0.2, 0.01, 1.0).unwrap(), 0.2f64.powi(100));
        assert!(beta_quantile(0.025, 0.001, 9.0).unwrap() < 1e-300);
        for (probability, a, b) in [(0.0, 1.0, 1.0), (1.0, 1.0, 1.0), (0.5, 0.0, 1.0), (0.5, 1.0, f64::NAN)] {
            assert_eq!(beta_quantile(probability, a, b), None);
        }
    }

    #[test]
    fn quantiles_and_tails_are_inverse() {
        for df in [0.7, 1.0, 3.3, 40.0, 9_999.0, 10_001.0, 1e6, 1e12] {
            for confidence in [1e-6, 0.3, 0.9, 0.999_999] {
                let t = student_quantile(confidence, df).unwrap();
                let back = 1.0 - student(t, df).unwrap();
                assert!((back - confidence).abs() < 1e-12, "{confidence} of {df}: {back}");
            }
        }
    }

    #[test]
    fn degenerate() {
        assert_eq!(student(0.0, 5.0), Some(1.0));
        assert_eq!(student(0.0, 1e9), Some(1.0));
        assert_eq!(student(f64::INFINITY, 5.0), Some(0.0));
        for df in [0.0, -1.0, f64::NAN] {
            assert_eq!(student(1.0, df), None);
            assert_eq!(student_quantile(0.9, df), None);
            assert_eq!(fisher(1.0, df, 3.0), None);
            assert_eq!(fisher(1.0, 3.0, df), None);
        }
        assert_eq!(student(f64::NAN, 5.0), None);
        assert_eq!(student_quantile(1.0, 5.0), None);
        assert_eq!(student_quantile(0.0, 5.0), None);
        assert_eq!(fisher(0.0, 3.0, 5.0), Some(1.0));
        assert_eq!(fisher(f64::INFINITY, 3.0, 5.0), Some(0.0));
    }
}
