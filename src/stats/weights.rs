//! Bases of weighted figures: how many answers there are, what they weigh, and how many equally
//! weighted answers would say as much. Knows no table; the sums come from whoever read the rows.

use std::ops::{Add, AddAssign};

use schemars::JsonSchema;
use serde::Deserialize;

/// What standard errors take answers and weights for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Variance {
    /// A weight is a number of people who answered the same.
    Frequency,
    /// A weight costs precision, whatever the answers: errors rest on the effective base.
    EffectiveBase,
    /// Taylor linearisation, by the design of the sample where one is given.
    Taylor,
}

impl Variance {
    /// The word for it, in options and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Frequency => "frequency",
            Self::EffectiveBase => "effective_base",
            Self::Taylor => "taylor",
        }
    }
}

/// What is known of a set of answers from its sums: enough for every base of a survey table.
///
/// Bases of disjoint sets add up, so margins are sums of cells.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Base {
    /// Answers.
    pub n: u64,
    /// Sum of the weights.
    pub weighted: f64,
    /// Sum of the squared weights.
    pub squared: f64,
}

impl Base {
    /// A base of `n` answers that all weigh one.
    pub fn unweighted(n: u64) -> Self {
        Self { n, weighted: n as f64, squared: n as f64 }
    }

    /// The effective base, see [`effective`].
    pub fn effective(&self) -> f64 {
        effective(self.n, self.weighted, self.squared)
    }

    /// The design effect of the weights, see [`design_effect`]. No answers: none.
    pub fn design_effect(&self) -> Option<f64> {
        design_effect(self.n, self.weighted, self.squared)
    }

    /// Whether all weights are equal, as far as doubles can tell: then weights say nothing.
    pub fn is_equally_weighted(&self) -> bool {
        self.effective() == self.n as f64
    }
}

impl Add for Base {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            weighted: self.weighted + other.weighted,
            squared: self.squared + other.squared,
        }
    }
}

impl AddAssign for Base {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Base {
    fn sum<I: Iterator<Item = Self>>(bases: I) -> Self {
        bases.fold(Self::default(), Add::add)
    }
}

/// Effective base `(Σw)² / Σw²`: the number of equally weighted answers with the same precision.
/// The scale of the weights does not matter. No answers: 0. Equal weights: exactly `n`.
///
/// Source: L. Kish, *Survey Sampling*, 1965, section 11.7.
pub fn effective(n: u64, weighted: f64, squared: f64) -> f64 {
    if n == 0 || squared <= 0.0 {
        return 0.0;
    }
    let effective = weighted * weighted / squared;
    // By Cauchy and Schwarz it never exceeds n. A value within rounding of n is n: sums of equal
    // weights such as 0.1 miss it by some units in the last places.
    if effective > n as f64 * (1.0 - 1e-12) { n as f64 } else { effective }
}

/// Design effect of the weights `n / effective base`: how many times more answers are needed than
/// without weights. Equal weights: 1. No answers: none.
///
/// Source: L. Kish, "Weighting for unequal Pi", *Journal of Official Statistics* 8, 1992.
pub fn design_effect(n: u64, weighted: f64, squared: f64) -> Option<f64> {
    let effective = effective(n, weighted, squared);
    (effective > 0.0).then(|| n as f64 / effective)
}

/// The mark of a small unweighted base, as survey tables print it: `**` below `min_base`, `*`
/// below `small_base`, else nothing.
pub fn base_mark(n: u64, min_base: u64, small_base: u64) -> &'static str {
    if n < min_base {
        "**"
    } else if n < small_base {
        "*"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(weights: &[f64]) -> Base {
        weights.iter().map(|w| Base { n: 1, weighted: *w, squared: w * w }).sum()
    }

    #[test]
    fn by_hand() {
        // Weights 1.5, 0.5, 1, 1: (4)² / (2.25 + 0.25 + 1 + 1) = 16 / 4.5.
        let base = of(&[1.5, 0.5, 1.0, 1.0]);
        assert!((base.effective() - 3.555_555_555_555_556).abs() < 1e-14);
        assert!((base.design_effect().unwrap() - 1.125).abs() < 1e-14);
    }

    #[test]
    fn equal_weights_are_no_weights() {
        for weight in [1.0, 0.1, 3.7, 1e-9, 1e9] {
            for n in [1, 2, 3, 7, 1000] {
                let base = of(&vec![weight; n]);
                assert_eq!(base.effective(), n as f64, "{n} times {weight}");
                assert_eq!(base.design_effect(), Some(1.0));
            }
        }
        assert!(!of(&[1.0, 1.001]).is_equally_weighted());
    }

    #[test]
    fn the_scale_does_not_matter() {
        let weights = [0.2, 1.4, 3.0];
        let scaled = weights.map(|w| w * 250.0);
        assert!((of(&weights).effective() - of(&scaled).effective()).abs() < 1e-12);
    }

    #[test]
    fn nothing_has_an_effective_base_of_zero() {
        assert_eq!(Base::default().effective(), 0.0);
        assert_eq!(Base::default().design_effect(), None);
        assert_eq!(of(&[5.0]).effective(), 1.0);
    }

    #[test]
    fn marks() {
        let marks = [0, 1, 29, 30, 99, 100].map(|n| base_mark(n, 30, 100));
        assert_eq!(marks, ["**", "**", "**", "*", "*", ""]);
    }
}
