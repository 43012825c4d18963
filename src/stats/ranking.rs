//! Ranks with ties, and tiers cut from ranks by share. Knows only numbers, not whose they are.

use crate::number;

/// Rank of each value, 1 for the largest; equal values share the best rank and the next is skipped
/// (competition rank, `1 2 2 4`). A missing or NaN value has no rank.
///
/// Values are compared at 12 significant digits, as they are printed: two partners shown with the
/// same score never differ in rank by what the machine adds in the sixteenth digit.
pub fn competition(values: &[Option<f64>]) -> Vec<Option<usize>> {
    let dense: Vec<f64> = values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
    let mut ranks = vec![0; values.len()];
    competition_into(&dense, &mut Order::default(), &mut ranks);
    ranks.into_iter().map(|rank| (rank > 0).then_some(rank as usize)).collect()
}

/// [`competition`] for those who rank many lists: NaN is missing, and a rank of 0 is none. Returns how
/// many have a rank.
pub(super) fn competition_into(values: &[f64], order: &mut Order, ranks: &mut [u32]) -> usize {
    ranks.fill(0);
    let upwards = order.upwards(values);
    let (mut rank, mut before) = (0, f64::NAN);
    for (place, at) in upwards.iter().rev().map(|at| *at as usize).enumerate() {
        if !shown_alike(values[at], before) {
            rank = place as u32 + 1;
        }
        (ranks[at], before) = (rank, values[at]);
    }
    upwards.len()
}

/// Whether two values are the same at 12 significant digits.
fn shown_alike(a: f64, b: f64) -> bool {
    // What is rounded to one number lies no further apart than its last digit, 1e-11 of it at most.
    let near = || (a - b).abs() <= 1.1e-11 * a.abs().max(b.abs());
    a == b || near() && number::significant(a, 12) == number::significant(b, 12)
}

/// Puts values in order, keeping its memory for the next time.
#[derive(Debug, Default)]
pub(super) struct Order {
    keyed: Vec<(u64, u32)>,
    places: Vec<u32>,
}

impl Order {
    /// The places of the values from the smallest to the largest; NaN has none.
    pub(super) fn upwards(&mut self, values: &[f64]) -> &[u32] {
        let known = values.iter().enumerate().filter(|(_, value)| !value.is_nan());
        self.keyed.clear();
        self.keyed.extend(known.map(|(at, value)| (ordered_bits(*value), at as u32)));
        self.keyed.sort_unstable();
        self.places.clear();
        self.places.extend(self.keyed.iter().map(|(_, at)| *at));
        &self.places
    }
}

/// The bits of a number such that larger numbers have larger bits.
fn ordered_bits(value: f64) -> u64 {
    // Adding zero makes −0 and 0 one number.
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
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
    let ends = ends(ranks.iter().flatten().count(), shares);
    let tier = |rank: usize| ends.iter().position(|end| ((rank - 1) as f64) < *end).unwrap_or(last);
    ranks.iter().map(|rank| rank.filter(|rank| *rank > 0).map(tier)).collect()
}

/// The ranks less one that lie before the end of each tier, for `n` ranked.
pub(super) fn ends(n: usize, shares: &[f64]) -> Vec<f64> {
    let n = n as f64;
    let sums = shares.iter().scan(0.0, |sum, share| {
        *sum += share;
        Some(*sum)
    });
    // Three tenths of ten are three, although 0.1 + 0.2 is a little more than 0.3.
    sums.map(|sum| n * sum - 1e-9 * n.max(1.0)).collect()
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
