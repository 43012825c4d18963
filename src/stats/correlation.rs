//! How two columns of numbers go together. Rows without both values are left out.

/// The pairs in which both have a finite value.
fn pairs(x: &[Option<f64>], y: &[Option<f64>]) -> (Vec<f64>, Vec<f64>) {
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    x.iter().zip(y).filter_map(|(x, y)| Some((finite(*x)?, finite(*y)?))).unzip()
}

/// Pearson's correlation over the rows that have both values, and how many those are. None with fewer
/// than two such rows, or where one of the columns does not vary over them.
pub fn pearson(x: &[Option<f64>], y: &[Option<f64>]) -> (Option<f64>, usize) {
    let (x, y) = pairs(x, y);
    (product_moment(&x, &y), x.len())
}

/// Spearman's rank correlation: Pearson's of the ranks, equal values having the mean of their places.
/// Rows and missing values as in [`pearson`].
pub fn spearman(x: &[Option<f64>], y: &[Option<f64>]) -> (Option<f64>, usize) {
    let (x, y) = pairs(x, y);
    (product_moment(&mid_ranks(&x), &mid_ranks(&y)), x.len())
}

fn product_moment(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| f(x - mean_x, y - mean_y)).sum();
    let (xx, yy, xy): (f64, f64, f64) = (sum(&|x, _| x * x), sum(&|_, y| y * y), sum(&|x, y| x * y));
    let varies = |values: &[f64]| values.iter().any(|value| *value != values[0]);
    (varies(x) && varies(y) && xx > 0.0 && yy > 0.0).then(|| (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0))
}

/// The place of each value, 1 for the smallest; equal values have the mean of their places.
pub fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = |x: &f64| {
        let below = sorted.partition_point(|y| y < x);
        let up_to = sorted.partition_point(|y| y <= x);
        (below + 1 + up_to) as f64 / 2.0
    };
    values.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().map(|value| Some(*value)).collect()
    }

    #[test]
    fn by_hand() {
        // Deviations −1, 0, 1 and −2, 1, 1: 3 / √(2 · 6).
        let x = [Some(1.0), None, Some(2.0), Some(3.0), Some(9.0)];
        let y = [Some(0.0), Some(7.0), Some(3.0), Some(3.0), None];
        let (r, n) = pearson(&x, &y);
        assert!((r.unwrap() - 3.0 / 12f64.sqrt()).abs() < 1e-12);
        assert_eq!(n, 3);
        // Ranks 1, 2, 3 and 1, 2.5, 2.5: 1.5 / √(2 · 1.5).
        assert!((spearman(&x, &y).0.unwrap() - 1.5 / 3f64.sqrt()).abs() < 1e-12);
        assert_eq!(mid_ranks(&[5.0, 1.0, 5.0, 7.0]), [2.5, 1.0, 2.5, 4.0]);
        assert_eq!(spearman(&some(&[1.0, 2.0, 30.0]), &some(&[-1.0, -4.0, -5.0])).0, Some(-1.0));
    }

    #[test]
    fn degenerate() {
        for (x, y) in
            [(vec![], vec![]), (some(&[1.0]), some(&[2.0])), (some(&[0.1; 3]), some(&[1.0, 2.0, 3.0]))]
        {
            assert_eq!(pearson(&x, &y).0, None);
            assert_eq!(spearman(&x, &y).0, None);
        }
        assert_eq!(pearson(&[Some(f64::NAN), Some(1.0)], &some(&[1.0, 2.0])), (None, 1));
    }
}
