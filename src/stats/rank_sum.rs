//! The Mann–Whitney test: does one of two groups tend to have the larger values?

use statrs::distribution::{ContinuousCDF, Normal};

use super::correlation::mid_ranks;

/// Groups of fewer than so many, without ties, are tested exactly.
const EXACT_BELOW: usize = 50;

/// What the test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankSum {
    /// Of all pairs of one of the first group and one of the second, those in which the first is
    /// larger; ties count one half.
    pub u: f64,
    /// Two-sided. None where all values are equal.
    pub p_value: Option<f64>,
}

/// Mann and Whitney's U of two groups of different people, with its two-sided p-value.
///
/// Without ties and with fewer than fifty in each group the p-value is exact (twice the smaller tail of
/// the distribution of U, at most 1); otherwise normal, with variance
/// `n₁n₂/12 · (N + 1 − Σ(t³ − t)/(N(N − 1)))` and half a unit taken off the distance: R's `wilcox.test`.
/// None where a group is empty.
///
/// Source: H. B. Mann and D. R. Whitney, "On a Test of Whether one of Two Random Variables is
/// Stochastically Larger than the Other", *Annals of Mathematical Statistics* 18, 1947.
pub fn mann_whitney(first: &[f64], second: &[f64]) -> Option<RankSum> {
    let (n1, n2) = (first.len(), second.len());
    if n1 == 0 || n2 == 0 {
        return None;
    }
    let all: Vec<f64> = first.iter().chain(second).copied().collect();
    let ranks = mid_ranks(&all);
    let u = ranks[..n1].iter().sum::<f64>() - (n1 * (n1 + 1)) as f64 / 2.0;
    let mut sorted = all;
    sorted.sort_by(f64::total_cmp);
    let ties: f64 = sorted
        .chunk_by(|a, b| a == b)
        .map(|equal| {
            let t = equal.len() as f64;
            t * t * t - t
        })
        .sum();
    let p_value = if ties == 0.0 && n1 < EXACT_BELOW && n2 < EXACT_BELOW {
        let counts = exact_counts(n1, n2);
        // U and n₁n₂ − U have the same distribution: the smaller tail is counted from 0.
        let tail = (u.min((n1 * n2) as f64 - u)) as usize;
        let all: f64 = counts.iter().sum();
        Some((2.0 * counts[..=tail].iter().sum::<f64>() / all).min(1.0))
    } else {
        let (pairs, n) = ((n1 * n2) as f64, (n1 + n2) as f64);
        let variance = pairs / 12.0 * (n + 1.0 - ties / (n * (n - 1.0)));
        let distance = ((u - pairs / 2.0).abs() - 0.5).max(0.0);
        (variance > 0.0).then(|| (2.0 * Normal::standard().sf(distance / variance.sqrt())).min(1.0))
    };
    Some(RankSum { u, p_value })
}

/// In how many of the `(n₁ + n₂)! / (n₁! n₂!)` orders U is 0, 1, …, n₁n₂: the coefficients of the
/// Gaussian binomial, by multiplying with `1 − qⁿ²⁺ⁱ` and dividing by `1 − qⁱ`.
fn exact_counts(n1: usize, n2: usize) -> Vec<f64> {
    let most = n1 * n2;
    let mut counts = vec![0.0; most + 1];
    counts[0] = 1.0;
    for i in 1..=n1 {
        for at in (n2 + i..=most).rev() {
            counts[at] -= counts[at - n2 - i];
        }
        for at in i..=most {
            counts[at] += counts[at - i];
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // All three above both: 6 pairs; 2 of the 10 orders are as far out.
        let made = mann_whitney(&[3.0, 4.0, 5.0], &[1.0, 2.0]).unwrap();
        assert_eq!(made.u, 6.0);
        assert!((made.p_value.unwrap() - 0.2).abs() < 1e-12);
        assert_eq!(exact_counts(3, 2), [1.0, 1.0, 2.0, 2.0, 2.0, 1.0, 1.0]);
        // 2 against 2: (0 + 0 + ½ + 1 …): pairs (1,2) 0, (1,2) 0, (2,2) ½, (2,2) ½.
        let tied = mann_whitney(&[1.0, 2.0], &[2.0, 2.0]).unwrap();
        assert_eq!(tied.u, 1.0);
        // Variance 4/12·(5 − 24/12) = 1; (|1 − 2| − ½)/1 = 0.5.
        assert!((tied.p_value.unwrap() - 2.0 * Normal::standard().sf(0.5)).abs() < 1e-12);
    }

    /// The middle of the distribution is reached without more than 1, and the largest exact case
    /// keeps its digits: 98 over 49 orders.
    #[test]
    fn exact_is_whole() {
        let counts = exact_counts(49, 49);
        let sum: f64 = counts.iter().sum();
        assert!((sum / 2.547_761_225_898_086e28 - 1.0).abs() < 1e-9, "{sum:e}");
        let alternating: Vec<f64> = (0..8).map(f64::from).collect();
        let (even, odd): (Vec<f64>, Vec<f64>) = alternating.iter().partition(|x| **x % 2.0 == 0.0);
        let made = mann_whitney(&even, &odd).unwrap();
        assert!(made.p_value.unwrap() > 0.6);
        assert_eq!(mann_whitney(&[1.0, 4.0], &[2.0, 3.0]).unwrap().p_value, Some(1.0));
    }

    #[test]
    fn degenerate() {
        assert_eq!(mann_whitney(&[], &[1.0]), None);
        assert_eq!(mann_whitney(&[2.0; 3], &[2.0; 4]), Some(RankSum { u: 6.0, p_value: None }));
        assert_eq!(mann_whitney(&[1.0], &[2.0]).unwrap().p_value, Some(1.0));
    }
}
