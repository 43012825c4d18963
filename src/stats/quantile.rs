//! Quantiles, the cut points of equally full groups, and scores from cut points.
//!
//! The method is type 7 of Hyndman and Fan (1996), *Sample quantiles in statistical packages*, The
//! American Statistician 50, 361–365: the default of R, NumPy and spreadsheets. Positions of cut
//! points are whole-number arithmetic, so that a value which *is* a cut point is found equal to it.
//! Nothing here knows where the sorted values came from.

/// Where a type-7 quantile lies among `n` sorted values: between two neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Index of the lower neighbour, counted from 0.
    pub lower: u64,
    /// Index of the upper neighbour: the same where the quantile falls on a value.
    pub upper: u64,
    /// How far the quantile is from the lower neighbour, in parts of `groups`.
    pub part: u64,
    /// Number of groups the values are cut into.
    pub groups: u64,
}

impl Position {
    /// The place of the cut point below which `cut` of `groups` equal groups lie, among `n` values.
    ///
    /// `h = (n − 1) · cut / groups`, in whole numbers. `None` without values, without groups, or
    /// when `cut` is not below `groups`.
    pub fn of_cut(n: u64, cut: u64, groups: u64) -> Option<Self> {
        if n == 0 || cut >= groups {
            return None;
        }
        let scaled = u128::from(n - 1) * u128::from(cut);
        // Both are below `n`, because `cut < groups`.
        let lower = (scaled / u128::from(groups)) as u64;
        let part = (scaled % u128::from(groups)) as u64;
        Some(Self { lower, upper: lower + u64::from(part > 0), part, groups })
    }

    /// The quantile itself, from the values found at `lower` and at `upper`.
    ///
    /// Equal neighbours give exactly that value.
    pub fn interpolate(self, lower: f64, upper: f64) -> f64 {
        if self.part == 0 || lower == upper {
            return lower;
        }
        lower + (upper - lower) * (self.part as f64 / self.groups as f64)
    }
}

/// The quantile at share `p` (0–1) of values sorted upwards, type 7: `x₍ₕ₎` at
/// `h = (n − 1)p`, straight between neighbours.
///
/// `None` without values or when `p` is outside 0–1. NaN must not be among the values.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    if !(0.0..=1.0).contains(&p) {
        return None;
    }
    let h = last as f64 * p;
    let lower = (h.floor() as usize).min(last);
    let (a, b) = (sorted[lower], sorted[(lower + 1).min(last)]);
    Some(if a == b { a } else { a + (b - a) * (h - lower as f64) })
}

/// The `groups − 1` cut points that divide values sorted upwards into equally full groups (type 7).
///
/// Empty without values or with fewer than two groups. Cut points repeat where a value fills more
/// than one group.
pub fn cut_points(sorted: &[f64], groups: u64) -> Vec<f64> {
    let value = |at: u64| sorted.get(usize::try_from(at).ok()?).copied();
    (1..groups)
        .filter_map(|cut| {
            let place = Position::of_cut(sorted.len() as u64, cut, groups)?;
            Some(place.interpolate(value(place.lower)?, value(place.upper)?))
        })
        .collect()
}

/// The group of a value, from 1 to the number of cut points and one: `1 + #{cut < value}`.
///
/// A value equal to a cut point stays below it, so equal values are never parted. Groups between
/// repeated cut points stay empty.
pub fn group(value: f64, cuts: &[f64]) -> usize {
    1 + cuts.iter().filter(|cut| **cut < value).count()
}

/// The weighted median of values sorted upwards, each with its weight: the value at which the weights
/// up to and with it pass half of their sum; where they meet the half exactly, the middle between this
/// value and the next. With equal weights it is the usual median, and a whole-number weight is as so
/// many rows. Values of no weight count for nothing. None without weight.
///
/// Source: type 2 of Hyndman and Fan (1996), with the weights as the distribution.
pub fn weighted_median(sorted: &[(f64, f64)]) -> Option<f64> {
    let half = sorted.iter().map(|(_, weight)| weight.max(0.0)).sum::<f64>() / 2.0;
    let mut given = sorted.iter().filter(|(_, weight)| *weight > 0.0);
    let mut up_to = 0.0;
    while let Some((value, weight)) = given.next() {
        up_to += weight;
        // Sums of equal weights such as 0.1 miss the half by some units in the last places.
        if up_to >= half * (1.0 - 1e-12) {
            let meets = up_to <= half * (1.0 + 1e-12);
            let next = given.next().filter(|_| meets).map_or(*value, |(next, _)| *next);
            return Some(if next == *value { next } else { value + (next - value) / 2.0 });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{a} is not {b}");
    }

    #[test]
    fn worked_by_hand() {
        // Four values, five groups: h = 3i/5 = 0.6, 1.2, 1.8, 2.4.
        let cuts = cut_points(&[10.0, 20.0, 40.0, 80.0], 5);
        for (cut, hand) in cuts.iter().zip([16.0, 24.0, 36.0, 56.0]) {
            close(*cut, hand);
        }
        assert_eq!(cuts.len(), 4);
        assert_eq!([16.0, 16.1, 10.0, 80.0].map(|x| group(x, &cuts)), [1, 2, 1, 5]);
    }

    #[test]
    fn published_type_seven() {
        // R's `quantile(1:10)`, as printed in its manual's examples: 1.00 3.25 5.50 7.75 10.00.
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        for (p, r) in [(0.0, 1.0), (0.25, 3.25), (0.5, 5.5), (0.75, 7.75), (1.0, 10.0)] {
            close(quantile(&ten, p).unwrap(), r);
        }
    }

    #[test]
    fn a_cut_point_on_a_value_is_that_value() {
        // (n − 1)·i/groups is whole for every i; in floating point 49 · (1/49) is not 1.
        let values: Vec<f64> = (0..50).map(|i| f64::from(i) * 0.1).collect();
        let cuts = cut_points(&values, 49);
        assert_eq!(cuts, values[1..49]);
        for (at, value) in values.iter().enumerate().skip(1) {
            assert_eq!(group(*value, &cuts), at);
        }
    }

    #[test]
    fn degenerate() {
        assert_eq!(cut_points(&[], 5), Vec::<f64>::new());
        assert_eq!(cut_points(&[3.0], 4), vec![3.0; 3]);
        assert_eq!(cut_points(&[2.0; 9], 3), vec![2.0; 2]);
        assert_eq!(cut_points(&[1.0, 2.0], 1), Vec::<f64>::new());
        assert_eq!(cut_points(&[1.0, 2.0], 0), Vec::<f64>::new());
        assert_eq!(group(2.0, &[2.0, 2.0]), 1);
        assert_eq!(group(2.1, &[2.0, 2.0]), 3);
        assert_eq!(group(7.0, &[]), 1);
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[1.0], 1.5), None);
        assert_eq!(quantile(&[1.0], f64::NAN), None);
        assert_eq!(Position::of_cut(3, 2, 2), None);
        assert_eq!(Position::of_cut(0, 0, 2), None);
    }

    #[test]
    fn weighted_medians() {
        let plain =
            |values: &[f64]| weighted_median(&values.iter().map(|value| (*value, 1.0)).collect::<Vec<_>>());
        // Without weights it is the usual one.
        assert_eq!(plain(&[1.0, 2.0, 7.0]), quantile(&[1.0, 2.0, 7.0], 0.5));
        assert_eq!(plain(&[1.0, 2.0, 7.0, 9.0]), Some(4.5));
        // By hand: weights 1, 3, 2 make a half of 3, passed at the second; 1, 2, 3 meet it there.
        assert_eq!(weighted_median(&[(10.0, 1.0), (20.0, 3.0), (40.0, 2.0)]), Some(20.0));
        assert_eq!(weighted_median(&[(10.0, 1.0), (20.0, 2.0), (40.0, 3.0)]), Some(30.0));
        // A weight of two is a row twice.
        assert_eq!(weighted_median(&[(1.0, 2.0), (5.0, 2.0)]), plain(&[1.0, 1.0, 5.0, 5.0]));
        // The scale of weights does not matter, nor that three times 0.1 is not 0.3.
        assert_eq!(weighted_median(&[(1.0, 0.1), (2.0, 0.1), (3.0, 0.1), (4.0, 0.3)]), Some(3.5));
        assert_eq!(weighted_median(&[(1.0, 0.0), (2.0, 1.0), (3.0, 0.0), (4.0, 1.0)]), Some(3.0));
        assert_eq!(weighted_median(&[(1.0, 0.0)]), None);
        assert_eq!(weighted_median(&[]), None);
    }

    #[test]
    fn cdnow_first_cuts() {
        // Half of the CDNOW customers bought once: quintile cuts 1, 1, 2, 4 leave group 2 empty.
        let cuts = [1.0, 1.0, 2.0, 4.0];
        assert_eq!([1.0, 2.0, 3.0, 4.0, 5.0].map(|x| group(x, &cuts)), [1, 3, 4, 4, 5]);
    }
}
