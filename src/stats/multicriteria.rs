//! Scores and weights from decision analysis: Copeland's pairwise comparisons, TOPSIS, and weights
//! that follow from how much the indicators tell. Works on columns, one an indicator, that are already
//! on a common scale with the larger the better; knows nothing of whose they are.

use super::correlation::pearson;

/// One indicator over all units, with its weight.
#[derive(Debug, Clone, Copy)]
pub struct Weighted<'a> {
    /// A value per unit, the larger the better.
    pub values: &'a [Option<f64>],
    /// What it counts; an indicator that is not above zero does not.
    pub weight: f64,
}

fn counted<'a>(indicators: &'a [Weighted<'a>]) -> impl Iterator<Item = &'a Weighted<'a>> {
    indicators.iter().filter(|indicator| indicator.weight > 0.0 && indicator.weight.is_finite())
}

/// How far unit `i` outranks unit `j`: the part (0–1) of the weight of indicators known of both in
/// which `i` is the better, ties counted half. None where none is known of both.
///
/// Where values are missing each pair is compared on what it has in common, so that `j` outranks `i`
/// by one minus this. Source: OECD/JRC (2008), *Handbook on Constructing Composite Indicators*, step 6.
pub fn outranking(indicators: &[Weighted<'_>], i: usize, j: usize) -> Option<f64> {
    let (mut better, mut all) = (0.0, 0.0);
    for indicator in counted(indicators) {
        let (Some(a), Some(b)) = (indicator.values[i], indicator.values[j]) else { continue };
        all += indicator.weight;
        if a > b {
            better += indicator.weight;
        } else if a == b {
            better += indicator.weight / 2.0;
        }
    }
    (all > 0.0).then(|| better / all)
}

/// Copeland's score of each of `n` units: how many of the others it outranks by more than one half,
/// less how many outrank it. None for a unit that can be compared with nobody.
///
/// Source: A. H. Copeland, "A Reasonable Social Welfare Function", 1951, as in Munda and Nardo (2009).
pub fn copeland(indicators: &[Weighted<'_>], n: usize) -> Vec<Option<f64>> {
    let mut scores: Vec<Option<f64>> = vec![None; n];
    for i in 0..n {
        for j in i + 1..n {
            let Some(outranked) = outranking(indicators, i, j) else { continue };
            // Weights such as 0.3 + 0.2 miss one half by some units in the last place.
            let verdict = match outranked - 0.5 {
                apart if apart.abs() < 1e-9 => 0.0,
                apart => apart.signum(),
            };
            *scores[i].get_or_insert(0.0) += verdict;
            *scores[j].get_or_insert(0.0) -= verdict;
        }
    }
    scores
}

/// TOPSIS: the distance from the worst over the distances from the worst and from the best, 0–1, where
/// worst and best are made of the worst and best weighted values of each indicator.
///
/// A unit is measured in the indicators known of it. None for a unit without any, and for all where
/// nothing varies.
///
/// Source: C. L. Hwang and K. Yoon, *Multiple Attribute Decision Making*, 1981.
pub fn topsis(indicators: &[Weighted<'_>], n: usize) -> Vec<Option<f64>> {
    let ends: Vec<(&Weighted<'_>, f64, f64)> = counted(indicators)
        .filter_map(|indicator| {
            let present = || indicator.values.iter().flatten().copied();
            let worst = present().reduce(f64::min)?;
            Some((indicator, worst, present().reduce(f64::max)?))
        })
        .collect();
    (0..n)
        .map(|unit| {
            let (mut to_best, mut to_worst) = (0.0, 0.0);
            for (indicator, worst, best) in &ends {
                let Some(value) = indicator.values[unit] else { continue };
                to_best += (indicator.weight * (best - value)).powi(2);
                to_worst += (indicator.weight * (value - worst)).powi(2);
            }
            let (to_best, to_worst) = (f64::sqrt(to_best), f64::sqrt(to_worst));
            (to_best + to_worst > 0.0).then(|| to_worst / (to_best + to_worst))
        })
        .collect()
}

/// Entropy weights: `(1 − H) / Σ(1 − H)` with `H = −Σ p ln p / ln n` and `p` a unit's part of the sum of
/// the indicator as measured (direction does not matter). The more unequal an indicator is among the
/// units, the more it counts.
///
/// None where it cannot be had: a negative value, fewer than two values, nothing but zeros, or
/// indicators that are all perfectly even.
///
/// Source: M. Zeleny, *Multiple Criteria Decision Making*, 1982, after C. E. Shannon.
pub fn entropy_weights(indicators: &[&[Option<f64>]]) -> Option<Vec<f64>> {
    let spread = |values: &&[Option<f64>]| {
        let present: Vec<f64> = values.iter().flatten().copied().collect();
        let sum: f64 = present.iter().sum();
        let sound = present.len() > 1 && sum > 0.0 && sum.is_finite() && present.iter().all(|x| *x >= 0.0);
        let parts = || present.iter().map(|x| x / sum).filter(|p| *p > 0.0);
        sound.then(|| (1.0 + parts().map(|p| p * p.ln()).sum::<f64>() / (present.len() as f64).ln()).max(0.0))
    };
    to_one(indicators.iter().map(spread).collect::<Option<Vec<f64>>>()?)
}

/// CRITIC weights: `s Σ (1 − r)` over their sum, with the standard deviation `s` (`n − 1`) of each
/// indicator on a scale of 0 to 1 and its correlations `r` with the others: what varies and says
/// something of its own counts more. The larger must be the better in all.
///
/// Correlations are over the units that have both values; none (nothing in common) counts as 0. None
/// where an indicator has fewer than two different values.
///
/// Source: D. Diakoulaki, G. Mavrotas and L. Papayannakis, "Determining Objective Weights in Multiple
/// Criteria Problems: The CRITIC Method", *Computers & Operations Research* 22, 1995.
pub fn critic_weights(indicators: &[&[Option<f64>]]) -> Option<Vec<f64>> {
    let spread = |values: &&[Option<f64>]| {
        let present: Vec<f64> = values.iter().flatten().copied().collect();
        let (min, max) =
            (present.iter().copied().reduce(f64::min)?, present.iter().copied().reduce(f64::max)?);
        let n = present.len() as f64;
        let mean = present.iter().sum::<f64>() / n;
        let variance = present.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (max > min).then(|| variance.sqrt() / (max - min))
    };
    let told = indicators.iter().enumerate().map(|(at, values)| {
        let others = indicators.iter().enumerate().filter(|(other, _)| *other != at);
        let own: f64 = others.map(|(_, other)| 1.0 - pearson(values, other).0.unwrap_or(0.0)).sum();
        // One alone has nobody to say the same: its standard deviation is all there is.
        Some(spread(values)? * if indicators.len() == 1 { 1.0 } else { own })
    });
    to_one(told.collect::<Option<Vec<f64>>>()?)
}

fn to_one(parts: Vec<f64>) -> Option<Vec<f64>> {
    let sum: f64 = parts.iter().sum();
    (sum > 0.0 && sum.is_finite()).then(|| parts.iter().map(|part| part / sum).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(ours: &[f64], hand: &[f64]) {
        assert_eq!(ours.len(), hand.len());
        for (a, b) in ours.iter().zip(hand) {
            assert!((a - b).abs() < 1e-12, "{ours:?}, not {hand:?}");
        }
    }

    #[test]
    fn copeland_by_hand() {
        let (x, y) = ([Some(3.0), Some(2.0), Some(1.0), None], [Some(1.0), Some(2.0), Some(2.0), None]);
        let both = [Weighted { values: &x, weight: 0.4 }, Weighted { values: &y, weight: 0.6 }];
        assert_eq!(outranking(&both, 0, 1), Some(0.4));
        // 1 wins x and ties y: 0.4 + 0.3.
        assert!((outranking(&both, 1, 2).unwrap() - 0.7).abs() < 1e-12);
        // 0 loses both, 1 wins both, 2 beats 0 and loses to 1.
        assert_eq!(copeland(&both, 4), [Some(-2.0), Some(2.0), Some(0.0), None]);
        let z = [None, Some(1.0), Some(5.0), Some(3.0)];
        let three = [both[0], both[1], Weighted { values: &z, weight: 0.4 }];
        // With the third: 1 against 2 is 0.7 of 1.4, a tie; 3 beats 1 and loses to 2 in z alone.
        assert_eq!(copeland(&three, 4), [Some(-2.0), Some(0.0), Some(2.0), Some(0.0)]);
    }

    #[test]
    fn topsis_by_hand() {
        // Weighted 3·(0, 1, ½) and 4·(1, 0, ½): the last is 2.5 from either end.
        let (x, y) = ([Some(0.0), Some(1.0), Some(0.5), None], [Some(1.0), Some(0.0), Some(0.5), Some(0.25)]);
        let both = [Weighted { values: &x, weight: 3.0 }, Weighted { values: &y, weight: 4.0 }];
        let made: Vec<f64> = topsis(&both, 4).into_iter().flatten().collect();
        close(&made, &[4.0 / 7.0, 3.0 / 7.0, 0.5, 0.25]);
    }

    #[test]
    fn weights_by_hand() {
        // Even: H = 1. One has all: H = 0. (3/4, 1/4) of two: H = −(¾ log₂ ¾ + ¼ log₂ ¼) = 0.8113.
        let even = [Some(2.0), None, Some(2.0)];
        let (one, some) = ([Some(0.0), None, Some(9.0)], [Some(3.0), None, Some(1.0)]);
        let told = 1.0 + 0.75 * 0.75f64.log2() + 0.25 * 0.25f64.log2();
        let made = entropy_weights(&[&even, &one, &some]).unwrap();
        close(&made, &[0.0, 1.0 / (1.0 + told), told / (1.0 + told)]);
        // Standard deviations ½ and ½√(4/3) on 0 to 1; r = 0.
        let (x, y) =
            ([Some(0.0), Some(1.0), Some(2.0), Some(1.0)], [Some(0.0), Some(5.0), Some(0.0), Some(5.0)]);
        let (first, second) = ((2.0f64 / 3.0).sqrt() / 2.0, (1.0f64 / 3.0).sqrt());
        close(&critic_weights(&[&x, &y]).unwrap(), &[first / (first + second), second / (first + second)]);
        close(&critic_weights(&[&x]).unwrap(), &[1.0]);
    }

    #[test]
    fn degenerate() {
        assert_eq!(copeland(&[], 2), [None, None]);
        let flat = [Some(1.0), Some(1.0)];
        assert_eq!(topsis(&[Weighted { values: &flat, weight: 1.0 }], 2), [None, None]);
        assert_eq!(topsis(&[Weighted { values: &flat, weight: 0.0 }], 2), [None, None]);
        assert_eq!(entropy_weights(&[&[Some(-1.0), Some(2.0)]]), None);
        assert_eq!(entropy_weights(&[&flat]), None);
        assert_eq!(entropy_weights(&[]), None);
        assert_eq!(critic_weights(&[&flat]), None);
        assert_eq!(critic_weights(&[&[Some(1.0), None]]), None);
    }
}
