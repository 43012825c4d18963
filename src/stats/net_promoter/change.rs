//! What moved a score between two waves: that segments grew or shrank (mix), or that their people
//! answered otherwise (rate).

/// A segment in two waves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Share (0–1) of the earlier wave.
    pub share_before: f64,
    /// Share (0–1) of the later wave.
    pub share_after: f64,
    /// Score in the earlier wave; none where nobody answered.
    pub score_before: Option<f64>,
    /// Score in the later wave; none where nobody answered.
    pub score_after: Option<f64>,
}

/// What a segment adds to the change, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved {
    /// By its size: of a segment that grew, how far it is above the whole.
    pub mix: f64,
    /// By its score.
    pub rate: f64,
}

/// The change of the whole score, taken apart by segments, which together are the whole.
///
/// With shares `a`, scores `x` and the scores `X` of the whole, before and after:
///
/// - mix: `(a₁ − a₀) ((x₀ + x₁)/2 − (X₀ + X₁)/2)`
/// - rate: `(x₁ − x₀) (a₀ + a₁)/2`
///
/// Each difference is weighted by the mean of before and after, so that nothing is left over and
/// the waves may change places. All `mix + rate` add up to `X₁ − X₀`, since the shares add up to
/// one: taking the whole's score away in `mix` adds nothing to the sum, and a segment below the
/// whole that grows counts as a loss. A segment that nobody answered for in one wave has no change
/// of score: all of it is mix.
///
/// Source: E. Kitagawa, "Components of a Difference Between Two Rates", *Journal of the American
/// Statistical Association* 50, 1955; the mean of two weights is the rule of Marshall and Edgeworth
/// for index numbers.
pub fn split(parts: &[Part]) -> Vec<Moved> {
    let scores = |part: &Part| {
        let before = part.score_before.or(part.score_after).unwrap_or(0.0);
        (before, part.score_after.unwrap_or(before))
    };
    let sum: f64 = parts
        .iter()
        .map(|part| {
            let (before, after) = scores(part);
            part.share_before * before + part.share_after * after
        })
        .sum();
    let whole = sum / 2.0;
    let moved = |part: &Part| {
        let (before, after) = scores(part);
        Moved {
            mix: (part.share_after - part.share_before) * (f64::midpoint(before, after) - whole),
            rate: (after - before) * f64::midpoint(part.share_before, part.share_after),
        }
    };
    parts.iter().map(moved).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(share: (f64, f64), score: (Option<f64>, Option<f64>)) -> Part {
        Part { share_before: share.0, share_after: share.1, score_before: score.0, score_after: score.1 }
    }

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{actual} is not {expected}");
    }

    #[test]
    fn by_hand() {
        // Web: half of the people, then 3/4, 40 then 60 points; shop: the rest, −20 then −40. The
        // whole: 10, then 45 − 10 = 35; mean 22.5. Mix: ¼ (50 − 22.5) and −¼ (−30 − 22.5). Rate:
        // 20 × 5/8 and −20 × 3/8.
        let parts =
            [part((0.5, 0.75), (Some(40.0), Some(60.0))), part((0.5, 0.25), (Some(-20.0), Some(-40.0)))];
        let moved = split(&parts);
        close(moved[0].mix, 6.875);
        close(moved[1].mix, 13.125);
        close(moved[0].rate, 12.5);
        close(moved[1].rate, -7.5);
        close(moved.iter().map(|moved| moved.mix + moved.rate).sum(), 25.0);
    }

    /// Kitagawa's two terms for a difference between rates, here of shares 0.2, 0.8 and 0.6, 0.4 and
    /// rates 10, 30 and 20, 50: composition Σ Δa x̄ = 0.4·15 − 0.4·40 = −10, rates Σ Δx ā = 10·0.4 +
    /// 20·0.6 = 16, together 6 = 32 − 26.
    #[test]
    fn the_sums_are_those_of_kitagawa() {
        let moved =
            split(&[part((0.2, 0.6), (Some(10.0), Some(20.0))), part((0.8, 0.4), (Some(30.0), Some(50.0)))]);
        close(moved.iter().map(|moved| moved.mix).sum(), -10.0);
        close(moved.iter().map(|moved| moved.rate).sum(), 16.0);
    }

    #[test]
    fn a_segment_that_came_or_went_is_all_mix() {
        let moved = split(&[
            part((1.0, 0.5), (Some(20.0), Some(20.0))),
            part((0.0, 0.25), (None, Some(100.0))),
            part((0.0, 0.25), (None, Some(-20.0))),
            part((0.0, 0.0), (None, None)),
        ]);
        assert!(moved.iter().all(|moved| moved.rate == 0.0));
        // The whole goes from 20 to 10 + 25 − 5 = 30.
        close(moved.iter().map(|moved| moved.mix).sum(), 10.0);
        assert_eq!(moved[3].mix, 0.0);
    }

    #[test]
    fn nothing() {
        assert!(split(&[]).is_empty());
    }
}
