//! Means of small groups drawn towards the mean of all, by how little they rest on.

/// A mean and the answers it rests on, drawn towards the mean of its peers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shrunk {
    /// `m + n/(n + k) · (x − m)`.
    pub value: f64,
    /// The shrunken value less the one measured.
    pub by: f64,
    /// `n/(n + k)`: how much of the distance from the mean is believed.
    pub kept: f64,
}

/// Draws each mean `x` of `n` answers towards `m`, the mean of all answers (`Σ n x / Σ n`), keeping
/// `n/(n + k)` of the distance: with `n = k` half of it, with `k = 0` all.
///
/// It is the estimate with the smallest expected squared error where `k` is the variance of one answer
/// over the variance of the groups' true means. A value without answers (`n` missing or not above
/// zero) becomes the mean; a missing value stays missing. None for all where nobody has answers.
///
/// Source: H. Bühlmann, "Experience Rating and Credibility", *ASTIN Bulletin* 4, 1967.
pub fn towards_the_mean(means: &[(Option<f64>, Option<f64>)], k: f64) -> Vec<Option<Shrunk>> {
    let base = |n: Option<f64>| n.filter(|n| *n > 0.0 && n.is_finite()).unwrap_or(0.0);
    let usable = |x: Option<f64>| x.filter(|x| x.is_finite());
    let known = || means.iter().filter_map(|(x, n)| Some((usable(*x)?, base(*n))));
    let answers: f64 = known().map(|(_, n)| n).sum();
    if answers <= 0.0 {
        return vec![None; means.len()];
    }
    let mean = known().map(|(x, n)| n * x).sum::<f64>() / answers;
    let shrink = |(x, n): &(Option<f64>, Option<f64>)| {
        let (x, n) = (usable(*x)?, base(*n));
        let kept = if n > 0.0 { n / (n + k.max(0.0)) } else { 0.0 };
        let value = if kept == 1.0 { x } else { mean + kept * (x - mean) };
        Some(Shrunk { value, by: value - x, kept })
    };
    means.iter().map(shrink).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // (90·10 + 10·60)/100 = 15; 90/(90 + 10) = 0.9 and 10/20 = 0.5.
        let made = towards_the_mean(
            &[(Some(10.0), Some(90.0)), (Some(60.0), Some(10.0)), (None, Some(5.0)), (Some(-40.0), None)],
            10.0,
        );
        let first = made[0].unwrap();
        assert!((first.value - 10.5).abs() < 1e-12 && (first.by - 0.5).abs() < 1e-12);
        let second = made[1].unwrap();
        assert!((second.value - 37.5).abs() < 1e-12 && (second.kept - 0.5).abs() < 1e-12);
        assert_eq!(made[2], None);
        assert_eq!(made[3], Some(Shrunk { value: 15.0, by: 55.0, kept: 0.0 }));
    }

    #[test]
    fn nothing_is_shrunk_by_nothing() {
        let made = towards_the_mean(&[(Some(0.1), Some(3.0)), (Some(0.7), Some(4.0))], 0.0);
        assert_eq!(made[0], Some(Shrunk { value: 0.1, by: 0.0, kept: 1.0 }));
        assert_eq!(towards_the_mean(&[(Some(1.0), Some(0.0))], 5.0), [None]);
        assert_eq!(towards_the_mean(&[], 5.0), []);
    }
}
