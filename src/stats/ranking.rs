//! Ranks with ties, and tiers cut from ranks by share. Knows only numbers, not whose they are.

use crate::number;

/// Rank of each value, 1 for the largest; equal values share the best rank and the next is skipped
/// (competition rank, `1 2 2 4`). A missing or NaN value has no rank.
///
/// Values are compared at 12 significant digits, as they are printed: two partners shown with the
/// same score never differ in rank by what the machine adds in the sixteenth digit.
pub fn competition(values: &[Option<f64>]) -> Vec<Option<usize>> {
    let shown: Vec<Option<f64>> = values
        .iter()
        .map(|value| value.filter(|x| !x.is_nan()).map(|x| number::significant(x, 12)))
        .collect();
    let mut sorted: Vec<f64> = shown.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    shown.iter().map(|value| value.map(|x| 1 + sorted.len() - sorted.partition_point(|y| *y <= x))).collect()
}

/// A tier's place in the list of tiers for each rank, 0 for the best tier.
///
/// `shares` are the tiers' parts of the ranked (0–1, best tier first); the last tier takes whoever
/// remains. With `n` ranked and `S` the summed shares of the tiers up to and with this one, rank `r`
/// belongs to the first tier with `r − 1 < n·S`: of ten partners a share of 0.25 takes three. Equal
/// ranks stay together in the better tier. Without a rank or without tiers there is no tier.
pub fn tiers(ranks: &[Option<usize>], shares: &[f64]) -> Vec<Option<usize>> {
    let Some(last) = shares.len().checked_sub(1) else {
        return vec![None; ranks.len()];
    };
    let n = ranks.iter().flatten().count() as f64;
    let ends: Vec<f64> = shares
        .iter()
        .scan(0.0, |sum, share| {
            *sum += share;
            // Three tenths of ten are three, although 0.1 + 0.2 is a little more than 0.3.
            Some(n * *sum - 1e-9 * n.max(1.0))
        })
        .collect();
    let tier = |rank: usize| ends.iter().position(|end| ((rank - 1) as f64) < *end).unwrap_or(last);
    ranks.iter().map(|rank| rank.filter(|rank| *rank > 0).map(tier)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        let ranks = competition(&[Some(5.0), Some(7.0), None, Some(5.0), Some(1.0), Some(f64::NAN)]);
        assert_eq!(ranks, [Some(2), Some(1), None, Some(2), Some(4), None]);
        // Four ranked. A quarter is one partner; the half after it ends at three; the tie stays up.
        assert_eq!(tiers(&ranks, &[0.25, 0.25, 0.5]), [Some(1), Some(0), None, Some(1), Some(2), None]);
    }

    #[test]
    fn noise_is_not_a_difference() {
        assert_eq!(competition(&[Some(0.1 + 0.2), Some(0.3), Some(0.3 - 1e-9)]), [Some(1), Some(1), Some(3)]);
    }

    #[test]
    fn shares_cut_where_the_decimal_says() {
        let ranks: Vec<Option<usize>> = (1..=10).map(Some).collect();
        let sizes = |shares: &[f64]| {
            let tiers = tiers(&ranks, shares);
            (0..shares.len()).map(|t| tiers.iter().filter(|x| **x == Some(t)).count()).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&[0.1, 0.2, 0.7]), [1, 2, 7]);
        assert_eq!(sizes(&[0.25, 0.5, 0.25]), [3, 5, 2]);
        assert_eq!(sizes(&[1.0]), [10]);
        // Shares that fall short of the whole: the last tier takes the rest.
        assert_eq!(sizes(&[0.1, 0.1]), [1, 9]);
    }

    #[test]
    fn degenerate() {
        assert_eq!(competition(&[]), Vec::<Option<usize>>::new());
        assert_eq!(competition(&[None, None]), [None, None]);
        assert_eq!(competition(&[Some(2.0); 3]), [Some(1); 3]);
        assert_eq!(competition(&[Some(0.0), Some(-0.0)]), [Some(1), Some(1)]);
        assert_eq!(tiers(&[Some(1)], &[]), [None]);
        assert_eq!(tiers(&[Some(1); 3], &[0.25, 0.75]), [Some(0); 3]);
        assert_eq!(tiers(&[None], &[0.5, 0.5]), [None]);
        assert_eq!(tiers(&[], &[0.5, 0.5]), Vec::<Option<usize>>::new());
    }
}
