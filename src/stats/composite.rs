//! Composite scores: several indicators brought to one scale and averaged with weights.
//!
//! Formulas as in OECD/JRC (2008), *Handbook on Constructing Composite Indicators*, steps 5 and 6,
//! and in COINr (Becker et al. 2022, Journal of Open Source Software 7(78), 4567). Two rules of ours
//! are stated where they apply: what an indicator without differences does, and what a missing value
//! does. Nothing here knows whose the values are.

use super::multicriteria::{self, Weighted};
use super::ranking::Order;

/// Which end of an indicator is the good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The larger the better: revenue.
    Higher,
    /// The smaller the better: hours until an answer. Values are negated before anything else.
    Lower,
}

/// How an indicator is brought to the common scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Normalisation {
    /// `low + (high − low)(x − min)/(max − min)`: the worst gets `low`, the best `high`.
    MinMax {
        /// What the worst gets.
        low: f64,
        /// What the best gets.
        high: f64,
    },
    /// `(x − mean)/sd`, with the standard deviation of a sample (`n − 1`).
    Z,
    /// `1 + #{worse}`: 1 for the worst; equal values share the lower number.
    Rank,
    /// `low + (high − low) · #{worse}/(n − 1)`: the part of the others that is left behind; equal
    /// values share the lower part.
    Percentile {
        /// What the worst gets.
        low: f64,
        /// What one who leaves everybody behind gets.
        high: f64,
    },
    /// `low + (high − low)(x − worst)/(best − worst)`, cut off at both ends: a scale that does not
    /// move with the others. The posts are in the units of the indicator, `worst` above `best` where
    /// the smaller is the better.
    Goalposts {
        /// The value that gets `low`, as does all that is worse.
        worst: f64,
        /// The value that gets `high`, as does all that is better.
        best: f64,
        /// What `worst` gets.
        low: f64,
        /// What `best` gets.
        high: f64,
    },
    /// `x/√Σx²`, the scale of the textbook form of TOPSIS.
    Vector,
}

/// Why an indicator cannot be normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// Nobody has a value.
    Missing,
    /// Everybody who has a value has the same one (a single value included): it tells nobody apart,
    /// and every formula would divide by zero.
    Constant,
}

/// Brings an indicator to the common scale; missing and non-finite values stay missing and do not
/// take part in minimum, maximum, mean, standard deviation or ranks.
///
/// # Errors
/// [`Unusable`]: the caller leaves the indicator out of the score and says so. (COINr returns NaN
/// with a warning for a constant indicator, and its averages then leave it out as well; ranks, which
/// would put everybody first, are treated in the same way here.) Between goalposts a value says
/// something on its own, so that they are never [`Unusable::Constant`] unless both posts are one.
pub fn normalise(
    values: &[Option<f64>],
    direction: Direction,
    method: Normalisation,
) -> Result<Vec<Option<f64>>, Unusable> {
    let mut dense = directed(values, direction);
    bring_to_scale(&mut dense, direction, method, &mut Order::default())?;
    Ok(dense.into_iter().map(|value| (!value.is_nan()).then_some(value)).collect())
}

/// The values with the larger the better, NaN where one is missing or not finite.
pub(super) fn directed(values: &[Option<f64>], direction: Direction) -> Vec<f64> {
    let sign = if direction == Direction::Lower { -1.0 } else { 1.0 };
    let known = |value: &Option<f64>| value.filter(|x| x.is_finite()).map_or(f64::NAN, |x| sign * x);
    values.iter().map(known).collect()
}

/// [`normalise`] in place, for those who do it many times: of [`directed`] values, NaN is missing. What
/// cannot be used is left as it is.
pub(super) fn bring_to_scale(
    values: &mut [f64],
    direction: Direction,
    method: Normalisation,
    order: &mut Order,
) -> Result<(), Unusable> {
    // `min` and `max` pass over NaN.
    let min = values.iter().copied().fold(f64::NAN, f64::min);
    let max = values.iter().copied().fold(f64::NAN, f64::max);
    if min.is_nan() {
        return Err(Unusable::Missing);
    }
    let constant = match method {
        Normalisation::Goalposts { worst, best, .. } => worst == best,
        _ => min == max,
    };
    if constant {
        return Err(Unusable::Constant);
    }
    let present = |values: &[f64]| values.iter().filter(|x| !x.is_nan()).count() as f64;
    match method {
        Normalisation::MinMax { low, high } => {
            values.iter_mut().for_each(|x| *x = low + (high - low) * ((*x - min) / (max - min)));
        }
        Normalisation::Z => {
            let n = present(values);
            let known = || values.iter().filter(|x| !x.is_nan());
            let mean = known().sum::<f64>() / n;
            let deviation = (known().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
            values.iter_mut().for_each(|x| *x = (*x - mean) / deviation);
        }
        Normalisation::Rank => count_worse(values, order, |worse| 1.0 + worse),
        Normalisation::Percentile { low, high } => {
            let others = present(values) - 1.0;
            count_worse(values, order, |worse| low + (high - low) * (worse / others));
        }
        Normalisation::Goalposts { worst, best, low, high } => {
            let sign = if direction == Direction::Lower { -1.0 } else { 1.0 };
            let part = |x: f64| ((sign * x - worst) / (best - worst)).clamp(0.0, 1.0);
            values.iter_mut().for_each(|x| *x = low + (high - low) * part(*x));
        }
        Normalisation::Vector => {
            let length = values.iter().filter(|x| !x.is_nan()).map(|x| x * x).sum::<f64>().sqrt();
            values.iter_mut().for_each(|x| *x /= length);
        }
    }
    Ok(())
}

/// Replaces each value by a mark for how many are smaller.
fn count_worse(values: &mut [f64], order: &mut Order, mark: impl Fn(f64) -> f64) {
    let (mut worse, mut before) = (0, f64::NAN);
    for (place, at) in order.upwards(values).iter().map(|at| *at as usize).enumerate() {
        if values[at] != before {
            (worse, before) = (place, values[at]);
        }
        values[at] = mark(worse as f64);
    }
}

/// How normalised indicators become one score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mean {
    /// `Σwx / Σw`: strength in one indicator makes up for weakness in another.
    Arithmetic,
    /// `exp(Σw ln x / Σw)`: only for positive values; weakness anywhere pulls the score down.
    Geometric,
    /// `Σw / Σ(w/x)`: only for positive values; pulls down more than the geometric mean does.
    Harmonic,
}

impl Mean {
    /// The mean of values with weights above zero. None without any, and none where a value at or
    /// below zero meets a geometric or harmonic mean.
    pub fn of(self, items: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (x, w) in items {
            sum += match self {
                Self::Arithmetic => w * x,
                _ if x <= 0.0 => return None,
                Self::Geometric => w * x.ln(),
                Self::Harmonic => w / x,
            };
            weight += w;
        }
        (weight > 0.0).then(|| match self {
            Self::Arithmetic => sum / weight,
            Self::Geometric => (sum / weight).exp(),
            Self::Harmonic => weight / sum,
        })
    }
}

/// A score and what it is made of, in the order of the indicators.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The weighted mean of the indicators that are there; none without any, and none when a value
    /// below or at zero meets the geometric or the harmonic mean.
    pub score: Option<f64>,
    /// The part (0–1) of all weight that lies on indicators that are there.
    pub weight_share: f64,
    /// The weight with which each indicator entered: the given weight over the sum of those that are
    /// there, so that they add to 1. None where the value is missing.
    pub weights: Vec<Option<f64>>,
    /// What each indicator brings; the contributions add up to the score. Arithmetic: `wx / Σw`.
    /// Geometric: the score divided in proportion to `w ln x` (in proportion to `w` when every
    /// `ln x` is zero), which for values from 1 upwards is never negative. None where a score does not
    /// divide into parts: harmonic, Copeland, TOPSIS.
    pub contributions: Vec<Option<f64>>,
}

/// The weighted mean of one unit's normalised indicators, each with its weight.
///
/// Missing values are left out and the other weights are scaled up to their whole (as COINr does):
/// nobody is punished for an indicator that is not known, and `weight_share` tells how much is known.
/// A weight that is not above zero takes its indicator out.
pub fn score(indicators: &[(Option<f64>, f64)], mean: Mean) -> Score {
    let usable = |weight: f64| weight.is_finite() && weight > 0.0;
    let all: f64 = indicators.iter().map(|(_, w)| *w).filter(|w| usable(*w)).sum();
    let present: Vec<Option<(f64, f64)>> =
        indicators.iter().map(|(x, w)| x.filter(|x| x.is_finite() && usable(*w)).map(|x| (x, *w))).collect();
    let known: f64 = present.iter().flatten().map(|(_, w)| w).sum();
    if known <= 0.0 {
        let none = vec![None; indicators.len()];
        return Score { score: None, weight_share: 0.0, weights: none.clone(), contributions: none };
    }
    let weights: Vec<Option<f64>> = present.iter().map(|item| item.map(|(_, w)| w / known)).collect();
    let weight_share = known / all;
    let entered = || present.iter().zip(&weights).map(|(item, w)| Some((item.as_ref()?.0, (*w)?)));
    let (score, contributions) = match mean {
        Mean::Arithmetic => {
            let parts: Vec<Option<f64>> = entered().map(|item| item.map(|(x, w)| w * x)).collect();
            (Some(parts.iter().flatten().sum()), parts)
        }
        Mean::Geometric if present.iter().flatten().any(|(x, _)| *x <= 0.0) => {
            (None, vec![None; indicators.len()])
        }
        Mean::Geometric => {
            let logs: Vec<Option<f64>> = entered().map(|item| item.map(|(x, w)| w * x.ln())).collect();
            let log: f64 = logs.iter().flatten().sum();
            let score = log.exp();
            let part = |share: f64| score * share;
            let parts = if log == 0.0 {
                weights.iter().map(|w| w.map(part)).collect()
            } else {
                logs.iter().map(|x| x.map(|x| part(x / log))).collect()
            };
            (Some(score), parts)
        }
        Mean::Harmonic => {
            (Mean::Harmonic.of(present.iter().flatten().copied()), vec![None; indicators.len()])
        }
    };
    Score { score, weight_share, weights, contributions }
}

/// [`normalise`] in steps, each applied to the result of the one before: ranks brought to 1 to 100.
///
/// # Errors
/// As [`normalise`]; without a step nothing can be had.
pub fn normalise_by(
    values: &[Option<f64>],
    direction: Direction,
    steps: &[Normalisation],
) -> Result<Vec<Option<f64>>, Unusable> {
    let (first, others) = steps.split_first().ok_or(Unusable::Missing)?;
    let first = normalise(values, direction, *first)?;
    // The first step has turned the indicator the right way round.
    others.iter().try_fold(first, |values, step| normalise(&values, Direction::Higher, *step))
}

/// How normalised indicators become one score, means and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    /// A mean, which looks at one unit alone.
    Mean(Mean),
    /// [`multicriteria::copeland`].
    Copeland,
    /// [`multicriteria::topsis`].
    Topsis,
}

/// The score of each of `n` units from columns of normalised indicators with their weights, and what it
/// is made of. Missing values and weights as in [`score`].
pub fn scores(columns: &[&[Option<f64>]], weights: &[f64], aggregation: Aggregation, n: usize) -> Vec<Score> {
    let of_unit = |unit: usize, mean: Mean| {
        let items: Vec<(Option<f64>, f64)> =
            columns.iter().zip(weights).map(|(column, weight)| (column[unit], *weight)).collect();
        score(&items, mean)
    };
    match aggregation {
        Aggregation::Mean(mean) => (0..n).map(|unit| of_unit(unit, mean)).collect(),
        _ => (values(columns, weights, aggregation, n).into_iter().enumerate())
            .map(|(unit, score)| {
                let parts = vec![None; columns.len()];
                Score { score, contributions: parts, ..of_unit(unit, Mean::Arithmetic) }
            })
            .collect(),
    }
}

/// The scores of [`scores`] alone.
fn values(
    columns: &[&[Option<f64>]],
    weights: &[f64],
    aggregation: Aggregation,
    n: usize,
) -> Vec<Option<f64>> {
    let weighted = || -> Vec<Weighted<'_>> {
        columns.iter().zip(weights).map(|(values, weight)| Weighted { values, weight: *weight }).collect()
    };
    match aggregation {
        Aggregation::Mean(mean) => (0..n)
            .map(|unit| {
                let known = columns.iter().zip(weights).filter_map(|(column, w)| Some((column[unit]?, *w)));
                mean.of(known.filter(|(x, w)| x.is_finite() && w.is_finite() && *w > 0.0))
            })
            .collect(),
        Aggregation::Copeland => multicriteria::copeland(&weighted(), n),
        Aggregation::Topsis => multicriteria::topsis(&weighted(), n),
    }
}

/// The scores of [`scores`] alone, for those who need them many times: NaN is missing, in the columns and
/// in the scores. `known` is room for the weight that is known of each unit.
pub(super) fn dense_values<'a>(
    columns: impl Iterator<Item = (&'a [f64], f64)>,
    aggregation: Aggregation,
    scores: &mut [f64],
    known: &mut [f64],
) {
    let Aggregation::Mean(mean) = aggregation else {
        let (columns, weights): (Vec<Vec<Option<f64>>>, Vec<f64>) = columns
            .map(|(column, weight)| {
                (column.iter().map(|value| (!value.is_nan()).then_some(*value)).collect(), weight)
            })
            .unzip();
        let columns: Vec<&[Option<f64>]> = columns.iter().map(Vec::as_slice).collect();
        let made = values(&columns, &weights, aggregation, scores.len());
        scores.iter_mut().zip(made).for_each(|(score, made)| *score = made.unwrap_or(f64::NAN));
        return;
    };
    scores.fill(0.0);
    known.fill(0.0);
    for (column, weight) in columns.filter(|(_, weight)| weight.is_finite() && *weight > 0.0) {
        // A value at or below zero has no such mean, nor has a sum with it.
        match mean {
            Mean::Arithmetic => add(column, weight, scores, known, |x| weight * x),
            Mean::Geometric => {
                add(column, weight, scores, known, |x| if x > 0.0 { weight * x.ln() } else { f64::NAN });
            }
            Mean::Harmonic => {
                add(column, weight, scores, known, |x| if x > 0.0 { weight / x } else { f64::NAN });
            }
        }
    }
    for (score, known) in scores.iter_mut().zip(known.iter()) {
        *score = match mean {
            _ if *known <= 0.0 => f64::NAN,
            Mean::Arithmetic => *score / known,
            Mean::Geometric => (*score / known).exp(),
            Mean::Harmonic => known / *score,
        };
    }
}

/// Adds a column to the sums of those who have a value in it.
fn add(column: &[f64], weight: f64, sums: &mut [f64], known: &mut [f64], part: impl Fn(f64) -> f64) {
    for ((sum, known), x) in sums.iter_mut().zip(known).zip(column) {
        let there = !x.is_nan();
        *sum += if there { part(*x) } else { 0.0 };
        *known += if there { weight } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TO_100: Normalisation = Normalisation::MinMax { low: 0.0, high: 100.0 };
    const FROM_1: Normalisation = Normalisation::MinMax { low: 1.0, high: 100.0 };

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-3), "{a} is not {b}");
    }

    fn all_close(ours: &[Option<f64>], hand: &[Option<f64>]) {
        assert_eq!(ours.len(), hand.len());
        for (a, b) in ours.iter().zip(hand) {
            match (a, b) {
                (Some(a), Some(b)) => close(*a, *b),
                _ => assert_eq!(a, b),
            }
        }
    }

    #[test]
    fn normalised_by_hand() {
        let values = [Some(2.0), None, Some(4.0), Some(10.0), Some(4.0)];
        let with = |direction, method| normalise(&values, direction, method).unwrap();
        all_close(&with(Direction::Higher, TO_100), &[Some(0.0), None, Some(25.0), Some(100.0), Some(25.0)]);
        all_close(&with(Direction::Lower, FROM_1), &[Some(100.0), None, Some(75.25), Some(1.0), Some(75.25)]);
        all_close(
            &with(Direction::Higher, Normalisation::Rank),
            &[Some(1.0), None, Some(2.0), Some(4.0), Some(2.0)],
        );
        all_close(
            &with(Direction::Lower, Normalisation::Rank),
            &[Some(4.0), None, Some(2.0), Some(1.0), Some(2.0)],
        );
        // Mean 5, squares 9 + 1 + 25 + 1 = 36, variance 36/3 = 12.
        let z = |x: f64| Some((x - 5.0) / 12f64.sqrt());
        all_close(&with(Direction::Higher, Normalisation::Z), &[z(2.0), None, z(4.0), z(10.0), z(4.0)]);
    }

    #[test]
    fn many_at_once_are_the_same() {
        let (x, y) = ([Some(4.0), None, Some(-1.0), None], [Some(9.0), Some(2.0), Some(5.0), None]);
        let dense = [x, y].map(|column| column.map(|value| value.unwrap_or(f64::NAN)));
        let (mut scores, mut known) = ([0.0; 4], [0.0; 4]);
        for of in [
            Aggregation::Mean(Mean::Arithmetic),
            Aggregation::Mean(Mean::Geometric),
            Aggregation::Mean(Mean::Harmonic),
            Aggregation::Copeland,
            Aggregation::Topsis,
        ] {
            let columns = [(&dense[0][..], 2.0), (&dense[1][..], 1.0), (&dense[1][..], 0.0)];
            dense_values(columns.into_iter(), of, &mut scores, &mut known);
            let made: Vec<Option<f64>> = scores.iter().map(|x| (!x.is_nan()).then_some(*x)).collect();
            assert_eq!(made, values(&[&x, &y], &[2.0, 1.0], of, 4), "{of:?}");
        }
    }

    #[test]
    fn other_scales_by_hand() {
        let values = [Some(2.0), None, Some(4.0), Some(10.0), Some(4.0)];
        let with = |direction, method| normalise(&values, direction, method).unwrap();
        let part = Normalisation::Percentile { low: 0.0, high: 1.0 };
        let third = Some(1.0 / 3.0);
        all_close(&with(Direction::Higher, part), &[Some(0.0), None, third, Some(1.0), third]);
        all_close(&with(Direction::Lower, part), &[Some(1.0), None, third, Some(0.0), third]);
        let posts = |worst, best| Normalisation::Goalposts { worst, best, low: 0.0, high: 100.0 };
        let hand = [Some(0.0), None, Some(20.0), Some(100.0), Some(20.0)];
        all_close(&with(Direction::Higher, posts(3.0, 8.0)), &hand);
        let hand = [Some(100.0), None, Some(80.0), Some(0.0), Some(80.0)];
        all_close(&with(Direction::Lower, posts(8.0, 3.0)), &hand);
        // 4 + 16 + 100 + 16 = 136.
        let of = |x: f64| Some(x / 136f64.sqrt());
        all_close(
            &with(Direction::Higher, Normalisation::Vector),
            &[of(2.0), None, of(4.0), of(10.0), of(4.0)],
        );
        // Between posts one value says something; between one post and itself none does.
        let alone = normalise(&[Some(4.0)], Direction::Higher, posts(3.0, 8.0));
        assert_eq!(alone, Ok(vec![Some(20.0)]));
        assert_eq!(normalise(&[Some(4.0)], Direction::Higher, posts(3.0, 3.0)), Err(Unusable::Constant));
        let steps = [Normalisation::Rank, FROM_1];
        let hand = [Some(100.0), None, Some(34.0), Some(1.0), Some(34.0)];
        all_close(&normalise_by(&values, Direction::Lower, &steps).unwrap(), &hand);
        assert_eq!(normalise_by(&values, Direction::Lower, &[]), Err(Unusable::Missing));
    }

    #[test]
    fn harmonic_by_hand() {
        // 3/(2/4 + 1/16) = 16/3.
        let made = score(&[(Some(4.0), 2.0), (None, 5.0), (Some(16.0), 1.0)], Mean::Harmonic);
        close(made.score.unwrap(), 16.0 / 3.0);
        assert_eq!(made.contributions, [None; 3]);
        all_close(&made.weights, &[Some(2.0 / 3.0), None, Some(1.0 / 3.0)]);
        assert_eq!(score(&[(Some(0.0), 1.0)], Mean::Harmonic).score, None);
    }

    #[test]
    fn all_units_as_one_by_one() {
        let (x, y) = ([Some(4.0), None, Some(9.0)], [Some(16.0), Some(2.0), None]);
        for mean in [Mean::Arithmetic, Mean::Geometric, Mean::Harmonic] {
            let of = Aggregation::Mean(mean);
            let made = scores(&[&x, &y], &[1.0, 3.0], of, 3);
            let lean = values(&[&x, &y], &[1.0, 3.0], of, 3);
            for (unit, (made, lean)) in made.into_iter().zip(lean).enumerate() {
                close(lean.unwrap(), made.score.unwrap());
                assert_eq!(made, score(&[(x[unit], 1.0), (y[unit], 3.0)], mean));
            }
        }
        let made = scores(&[&x, &y], &[1.0, 3.0], Aggregation::Copeland, 3);
        // The first beats the second in y and loses to the third in x.
        assert_eq!(
            made.iter().map(|made| made.score).collect::<Vec<_>>(),
            [Some(0.0), Some(-1.0), Some(1.0)]
        );
        assert_eq!(made[2].contributions, [None, None]);
        assert_eq!(made[2].weight_share, 0.25);
    }

    #[test]
    fn unusable_indicators() {
        for method in [TO_100, Normalisation::Z, Normalisation::Rank] {
            for (values, why) in [
                (vec![], Unusable::Missing),
                (vec![None, Some(f64::NAN), Some(f64::INFINITY)], Unusable::Missing),
                (vec![Some(3.0)], Unusable::Constant),
                (vec![Some(3.0), None, Some(3.0)], Unusable::Constant),
            ] {
                assert_eq!(normalise(&values, Direction::Higher, method), Err(why));
            }
        }
    }

    #[test]
    fn scored_by_hand() {
        let three = [(Some(100.0), 2.0), (None, 5.0), (Some(1.0), 1.0)];
        let sum = score(&three, Mean::Arithmetic);
        close(sum.score.unwrap(), 67.0);
        close(sum.weight_share, 3.0 / 8.0);
        all_close(&sum.weights, &[Some(2.0 / 3.0), None, Some(1.0 / 3.0)]);
        all_close(&sum.contributions, &[Some(200.0 / 3.0), None, Some(1.0 / 3.0)]);

        // 100^(2/3) · 1^(1/3) = 21.54…; all of it comes from the first.
        let product = score(&three, Mean::Geometric);
        close(product.score.unwrap(), 10f64.powf(4.0 / 3.0));
        all_close(&product.contributions, &[product.score, None, Some(0.0)]);

        // ln 4 and ln 16 are 1 : 2; with weights 1 : 1 the mean is 8 and divides 1 : 2.
        let two = score(&[(Some(4.0), 1.0), (Some(16.0), 1.0)], Mean::Geometric);
        close(two.score.unwrap(), 8.0);
        all_close(&two.contributions, &[Some(8.0 / 3.0), Some(16.0 / 3.0)]);

        let worst = score(&[(Some(1.0), 3.0), (Some(1.0), 1.0)], Mean::Geometric);
        close(worst.score.unwrap(), 1.0);
        all_close(&worst.contributions, &[Some(0.75), Some(0.25)]);
    }

    #[test]
    fn degenerate_scores() {
        for mean in [Mean::Arithmetic, Mean::Geometric] {
            for items in [vec![], vec![(None, 1.0)], vec![(Some(5.0), 0.0)], vec![(Some(5.0), -1.0)]] {
                let none = score(&items, mean);
                assert_eq!((none.score, none.weight_share), (None, 0.0));
                assert_eq!(none.contributions, vec![None; items.len()]);
            }
        }
        let at_zero = score(&[(Some(0.0), 1.0), (Some(5.0), 1.0)], Mean::Geometric);
        assert_eq!(at_zero.score, None);
        assert_eq!(at_zero.contributions, [None, None]);
        close(at_zero.weight_share, 1.0);
    }

    proptest! {
        #[test]
        fn contributions_add_up(items in prop::collection::vec((prop::option::of(1.0..100.0f64), 0.01..10.0f64), 1..8)) {
            for mean in [Mean::Arithmetic, Mean::Geometric] {
                let made = score(&items, mean);
                let sum: f64 = made.contributions.iter().flatten().sum();
                prop_assert!((sum - made.score.unwrap_or(0.0)).abs() < 1e-9 * sum.max(1.0));
            }
        }

        #[test]
        fn the_other_direction_mirrors(values in prop::collection::vec(-1e6..1e6f64, 2..20)) {
            let values: Vec<Option<f64>> = values.into_iter().map(Some).collect();
            let up = normalise(&values, Direction::Higher, TO_100);
            let down = normalise(&values, Direction::Lower, TO_100);
            if let (Ok(up), Ok(down)) = (up, down) {
                for (a, b) in up.iter().flatten().zip(down.iter().flatten()) {
                    prop_assert!((a + b - 100.0).abs() < 1e-9);
                }
            }
        }
    }
}
