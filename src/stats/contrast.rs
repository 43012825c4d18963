//! Two groups compared in one attribute: a number, or yes and no. How large the difference is, and
//! whether chance alone makes such differences.

use statrs::function::gamma::ln_gamma;

use super::means::{Moments, welch_test};
use super::rank_sum::{RankSum, mann_whitney};
use super::significance::Test;
use super::weights::Base;

/// How far two groups are apart on a scale that numbers and shares have in common: 0.2 is small, 0.5
/// medium and 0.8 large (J. Cohen, *Statistical Power Analysis for the Behavioral Sciences*, 1988).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Hedges' g of numbers, Cohen's h of shares; above zero where the first group has more.
    pub size: f64,
    /// The lower end of its interval of 95 %.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The standard errors either side that hold 95 %.
const Z: f64 = 1.959_963_984_540_054;

impl Effect {
    fn of(size: f64, variance: f64) -> Self {
        let reach = Z * variance.sqrt();
        Self { size, low: size - reach, high: size + reach }
    }
}

/// The first group beside the second in a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// How many of each group have a value.
    pub n: [usize; 2],
    /// Their means; none for an empty group.
    pub mean: [Option<f64>; 2],
    /// First mean less second.
    pub difference: Option<f64>,
    /// First mean over second; none where the second is 0.
    pub ratio: Option<f64>,
    /// Welch's t test. None where a group has one value only, or neither varies.
    pub test: Option<Test>,
    /// Cohen's d: the difference over the pooled standard deviation. None where it is zero, or a group
    /// has one value only.
    pub cohens_d: Option<f64>,
    /// Hedges' g: d without its upward bias in small groups.
    pub hedges_g: Option<f64>,
    /// The same with its interval.
    pub effect: Option<Effect>,
    /// Mann and Whitney's test. None where a group is empty.
    pub rank_sum: Option<RankSum>,
}

/// Compares numbers. Missing and non-finite values are left out.
///
/// Sources: [`welch_test`], [`mann_whitney`]; J. Cohen, *Statistical Power Analysis for the Behavioral
/// Sciences*, 1988; L. V. Hedges, "Distribution Theory for Glass's Estimator of Effect Size", *Journal
/// of Educational Statistics* 6, 1981, with the exact factor `Γ(f/2) / (√(f/2) Γ((f − 1)/2))`. The interval
/// of g is g ± z·√(1/n₁ + 1/n₂ + g²/(2(n₁ + n₂))): L. V. Hedges and I. Olkin, *Statistical Methods for
/// Meta-Analysis*, 1985, chapter 5.
pub fn numbers(first: &[Option<f64>], second: &[Option<f64>]) -> Contrast {
    let there = |values: &[Option<f64>]| -> Vec<f64> {
        values.iter().flatten().copied().filter(|x| x.is_finite()).collect()
    };
    let (first, second) = (there(first), there(second));
    let moments = |values: &[f64]| {
        let rows: Vec<(f64, Base)> = values.iter().map(|x| (*x, Base::unweighted(1))).collect();
        Moments::of(&rows)
    };
    let n = [first.len(), second.len()];
    let (a, b) = (moments(&first), moments(&second));
    let mean = [a.map(|a| a.mean), b.map(|b| b.mean)];
    let (difference, ratio) = of_means(mean);
    let both = a.zip(b).filter(|_| n[0] > 1 && n[1] > 1);
    let test = both.and_then(|(a, b)| welch_test(&a, &b).ok());
    let cohens_d = both.and_then(|(a, b)| {
        let variance = (a.squares + b.squares) / (n[0] + n[1] - 2) as f64;
        (variance > 0.0).then(|| (a.mean - b.mean) / variance.sqrt())
    });
    let hedges_g = cohens_d.map(|d| d * small_sample_factor((n[0] + n[1]) as f64 - 2.0));
    let effect = hedges_g.map(|g| Effect::of(g, unit_variance(n) + g * g / (2.0 * (n[0] + n[1]) as f64)));
    let rank_sum = mann_whitney(&first, &second);
    Contrast { n, mean, difference, ratio, test, cohens_d, hedges_g, effect, rank_sum }
}

fn of_means(mean: [Option<f64>; 2]) -> (Option<f64>, Option<f64>) {
    let both = mean[0].zip(mean[1]);
    (both.map(|(a, b)| a - b), both.filter(|(_, b)| *b != 0.0).map(|(a, b)| a / b))
}

/// The variance of a difference of two means of unit variance.
fn unit_variance(n: [usize; 2]) -> f64 {
    1.0 / n[0] as f64 + 1.0 / n[1] as f64
}

fn small_sample_factor(freedom: f64) -> f64 {
    (ln_gamma(freedom / 2.0) - ln_gamma((freedom - 1.0) / 2.0)).exp() / (freedom / 2.0).sqrt()
}

/// The first group beside the second in a yes or no.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShareContrast {
    /// How many of each group have an answer.
    pub n: [usize; 2],
    /// The share (0–1) of yes; none for an empty group.
    pub share: [Option<f64>; 2],
    /// First share less second.
    pub difference: Option<f64>,
    /// First share over second; none where the second is 0.
    pub ratio: Option<f64>,
    /// Fisher's exact test, two-sided. None where a group is empty, or all have the same answer.
    pub p_value: Option<f64>,
    /// Cohen's h with its interval. None where a group is empty, or all have the same answer.
    pub effect: Option<Effect>,
}

/// Compares shares of yes. Missing answers are left out.
///
/// The p-value adds the probabilities of all tables with the same margins that are not more probable
/// than the one seen (within a ten-millionth, as in R's `fisher.test`).
///
/// Cohen's h is `2 asin √p₁ − 2 asin √p₂`, a difference whose variance `1/n₁ + 1/n₂` does not depend on
/// the shares, so that the interval is h ± z·√(1/n₁ + 1/n₂).
///
/// Sources: R. A. Fisher, *Statistical Methods for Research Workers*, 5th edition, 1934; J. Cohen,
/// *Statistical Power Analysis for the Behavioral Sciences*, 1988, chapter 6.
pub fn shares(first: &[Option<bool>], second: &[Option<bool>]) -> ShareContrast {
    let count = |values: &[Option<bool>]| {
        (values.iter().flatten().filter(|yes| **yes).count(), values.iter().flatten().count())
    };
    let ((yes1, n1), (yes2, n2)) = (count(first), count(second));
    let share = |yes: usize, n: usize| (n > 0).then(|| yes as f64 / n as f64);
    let mean = [share(yes1, n1), share(yes2, n2)];
    let (difference, ratio) = of_means(mean);
    let yes = yes1 + yes2;
    let varies = n1 > 0 && n2 > 0 && yes > 0 && yes < n1 + n2;
    let p_value = varies.then(|| fisher_exact(yes1, n1, yes2, n2));
    let arc = |yes: usize, n: usize| 2.0 * (yes as f64 / n as f64).sqrt().asin();
    let effect = varies.then(|| Effect::of(arc(yes1, n1) - arc(yes2, n2), unit_variance([n1, n2])));
    ShareContrast { n: [n1, n2], share: mean, difference, ratio, p_value, effect }
}

fn fisher_exact(yes1: usize, n1: usize, yes2: usize, n2: usize) -> f64 {
    let ln_choose = |n: usize, k: usize| {
        ln_gamma(n as f64 + 1.0) - ln_gamma(k as f64 + 1.0) - ln_gamma((n - k) as f64 + 1.0)
    };
    let yes = yes1 + yes2;
    let weight = |of_first: usize| ln_choose(n1, of_first) + ln_choose(n2, yes - of_first);
    let tables = yes.saturating_sub(n2)..=yes.min(n1);
    let seen = weight(yes1);
    // Relative to the table seen, so that nothing overflows.
    let (mut all, mut tail) = (0.0, 0.0);
    for of_first in tables {
        let ratio = (weight(of_first) - seen).exp();
        all += ratio;
        if ratio <= 1.0 + 1e-7 {
            tail += ratio;
        }
    }
    (tail / all).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().map(|value| Some(*value)).collect()
    }

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-3), "{a} is not {b}");
    }

    #[test]
    fn numbers_by_hand() {
        // Means 5 and 2, squares 8 and 2: variances 4 and 1; t = 3/√(4/3 + 1/3), d = 3/√(10/4).
        let made = numbers(&some(&[3.0, 5.0, 7.0]), &[Some(1.0), None, Some(2.0), Some(3.0)]);
        assert_eq!((made.n, made.mean), ([3, 3], [Some(5.0), Some(2.0)]));
        assert_eq!((made.difference, made.ratio), (Some(3.0), Some(2.5)));
        let test = made.test.unwrap();
        close(test.statistic, 3.0 / (5.0f64 / 3.0).sqrt());
        // (5/3)² / ((4/3)²/2 + (1/3)²/2) = 25/9 · 18/17.
        close(test.df.unwrap(), 50.0 / 17.0);
        close(made.cohens_d.unwrap(), 3.0 / 2.5f64.sqrt());
        // With four degrees: Γ(2)/(√2 Γ(1.5)) = 1/(√2 · √π/2).
        close(made.hedges_g.unwrap() / made.cohens_d.unwrap(), 2.0 / (2.0 * std::f64::consts::PI).sqrt());
        // 1/3 + 1/3 + g²/12 with g² = 3.6 · 2/π; z for 95 % from a table.
        let (effect, g) = (made.effect.unwrap(), made.hedges_g.unwrap());
        let reach = 1.959_963_984_540_054 * (2.0 / 3.0 + 0.6 / std::f64::consts::PI).sqrt();
        close(effect.size, g);
        close(effect.high, g + reach);
        close(effect.low, g - reach);
        // 8½ of nine pairs.
        assert_eq!(made.rank_sum.unwrap().u, 8.5);
    }

    #[test]
    fn degenerate_numbers() {
        let alone = numbers(&some(&[3.0]), &some(&[1.0, 2.0]));
        assert_eq!((alone.test, alone.cohens_d, alone.hedges_g), (None, None, None));
        assert_eq!(alone.effect, None);
        assert_eq!(alone.difference, Some(1.5));
        let flat = numbers(&some(&[3.0, 3.0]), &some(&[1.0, 1.0]));
        assert_eq!((flat.test, flat.cohens_d, flat.ratio), (None, None, Some(3.0)));
        let nobody = numbers(&[None, Some(f64::INFINITY)], &some(&[1.0]));
        assert_eq!((nobody.mean, nobody.difference, nobody.rank_sum), ([None, Some(1.0)], None, None));
        assert_eq!(numbers(&some(&[3.0]), &some(&[0.0])).ratio, None);
    }

    /// The lady tasting tea, three of four cups told: 34/70, as Fisher has it.
    #[test]
    fn shares_by_hand() {
        let group = |yes: usize, no: usize| -> Vec<Option<bool>> {
            let no = std::iter::repeat_n(Some(false), no);
            std::iter::repeat_n(Some(true), yes).chain(no).chain([None]).collect()
        };
        let tea = shares(&group(3, 1), &group(1, 3));
        assert_eq!((tea.n, tea.share), ([4, 4], [Some(0.75), Some(0.25)]));
        close(tea.p_value.unwrap(), 34.0 / 70.0);
        // √¾ is the sine of 60°, √¼ that of 30°: h is twice their distance, π/3.
        let reach = 1.959_963_984_540_054 * 0.5f64.sqrt();
        let effect = tea.effect.unwrap();
        close(effect.size, std::f64::consts::FRAC_PI_3);
        close(effect.high - effect.size, reach);
        close(effect.size - effect.low, reach);
        // All three against none of four: one of the 35 ways, and as far apart as can be.
        let apart = shares(&group(3, 0), &group(0, 4));
        close(apart.p_value.unwrap(), 1.0 / 35.0);
        close(apart.effect.unwrap().size, std::f64::consts::PI);
        let same = shares(&group(2, 0), &group(3, 0));
        assert_eq!((same.p_value, same.ratio, same.effect), (None, Some(1.0), None));
        assert_eq!(shares(&group(0, 0), &group(3, 0)).share, [None, Some(1.0)]);
        assert_eq!(shares(&group(1, 0), &group(0, 3)).ratio, None);
    }
}
