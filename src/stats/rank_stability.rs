//! How sure is a rank? The score is made again many times, each time with weights, a scale and
//! measured values that could as well have been, and every unit's rank is kept.
//!
//! After M. Saisana, A. Saltelli and S. Tarantola, "Uncertainty and Sensitivity Analysis Techniques as
//! Tools for the Quality Assessment of Composite Indicators", *Journal of the Royal Statistical Society
//! A* 168, 2005. The draws come from a seed and are the same whatever the machine does beside.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::composite::{
    Aggregation, Direction, Normalisation, Unusable, bring_to_scale, dense_values, directed,
};
use super::ranking::{self, Order, competition_into};

/// An indicator as it was measured.
#[derive(Debug, Clone)]
pub struct Indicator {
    /// A value per unit.
    pub values: Vec<Option<f64>>,
    /// The standard error of each value; empty: all are exact. One that is missing or not above zero
    /// is taken as exact.
    pub std_errors: Vec<Option<f64>>,
    /// Which end is the good one.
    pub direction: Direction,
    /// The weight about which weights are drawn.
    pub weight: f64,
    /// The scales to choose from, each one or two steps, the same number for every indicator: a draw
    /// takes the first of all, or the second of all, …
    pub scales: Vec<Vec<Normalisation>>,
}

/// How weights are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weights {
    /// They are as given.
    Fixed,
    /// Each is multiplied by a number between `1 − s` and `1 + s`, all of them equally likely.
    Uniform(f64),
    /// From Dirichlet's distribution about the given ones, with the concentration
    /// `3(m − 1)/s² − 1`, with which one of `m` equal weights varies as much as with
    /// [`Weights::Uniform`].
    Dirichlet(f64),
}

/// What is drawn, and how often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// How many times the ranks are made.
    pub draws: usize,
    /// Where the draws come from.
    pub seed: u64,
    /// The stream of the seed: streams have nothing in common.
    pub stream: u64,
    /// How weights are drawn.
    pub weights: Weights,
    /// How indicators become a score.
    pub aggregation: Aggregation,
    /// The share (0–1) of units that make the top, cut as [`ranking::tiers`] does.
    pub top: f64,
}

/// The ranks of one unit over all draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranks {
    /// The best rank but for 5 % of the draws.
    pub low: usize,
    /// The middle rank.
    pub median: usize,
    /// The worst rank but for 5 % of the draws.
    pub high: usize,
    /// The part of the draws (0–1) in which the unit is in the top.
    pub top_share: f64,
    /// Each rank that came, best first, with its part of the draws.
    pub shares: Vec<(usize, f64)>,
}

/// As many ranks are held at a time, four bytes each; then they are counted.
const HELD: usize = 1 << 23;

/// The ranks of every unit over the draws of a plan. None for a unit that is not `scored` or never had
/// a score, and for all without draws.
///
/// `rank_low`, `median` and `rank_high` are the smallest ranks up to which lie 5 %, 50 % and 95 % of
/// the draws in which the unit had a rank (type 1 of Hyndman and Fan, so that they are whole).
pub fn ranks(indicators: &[Indicator], scored: &[bool], plan: &Plan) -> Vec<Option<Ranks>> {
    let n = scored.len();
    let scales = indicators.iter().map(|indicator| indicator.scales.len()).min().unwrap_or(0);
    if n == 0 || scales == 0 {
        return vec![None; n];
    }
    let study = Study::new(indicators, scored, scales, plan);
    let mut tallies = vec![Tally::default(); n];
    let mut drawn = vec![0u32; n * (HELD / n).clamp(1, plan.draws.max(1))];
    let at_once = drawn.len() / n;
    for first in (0..plan.draws).step_by(at_once) {
        let drawn = &mut drawn[..n * at_once.min(plan.draws - first)];
        // Every draw has random numbers of its own, so that it does not matter who makes it.
        let draws = drawn.par_chunks_mut(n).enumerate();
        draws
            .for_each_init(|| study.room(), |room, (at, ranks)| study.draw((first + at) as u64, room, ranks));
        count(drawn, &mut tallies);
    }
    tallies.iter().map(Tally::ranks).collect()
}

/// Adds draws to the tallies of the units.
fn count(drawn: &[u32], tallies: &mut [Tally]) {
    // As many units as ranks have room in a line of the cache.
    const UNITS: usize = 16;
    let n = tallies.len();
    tallies.par_chunks_mut(UNITS).enumerate().for_each_init(Vec::new, |columns, (at, tallies)| {
        let (first, draws) = (at * UNITS, drawn.len() / n);
        columns.resize(UNITS * draws, 0);
        for (draw, ranks) in drawn.chunks(n).enumerate() {
            for (unit, rank) in ranks[first..first + tallies.len()].iter().enumerate() {
                columns[unit * draws + draw] = *rank;
            }
        }
        for (tally, ranks) in tallies.iter_mut().zip(columns.chunks_mut(draws)) {
            ranks.sort_unstable();
            tally.add(ranks);
        }
    });
}

/// What is the same for all draws.
struct Study<'a> {
    indicators: &'a [Indicator],
    scored: &'a [bool],
    plan: &'a Plan,
    /// How many scales there are to choose from.
    scales: usize,
    /// By indicator: its values, the larger the better, if they are drawn.
    uncertain: Vec<Option<Vec<f64>>>,
    /// By indicator and scale: what has no error looks the same in every draw. None where it cannot be
    /// brought to that scale, and where values are drawn.
    exact: Vec<Vec<Option<Vec<f64>>>>,
    chance: Chance,
}

/// Memory for a draw, used again for the next one.
struct Room {
    weights: Vec<f64>,
    /// By indicator: the values drawn, on their scale.
    values: Vec<Vec<f64>>,
    scores: Vec<f64>,
    known: Vec<f64>,
    order: Order,
}

impl<'a> Study<'a> {
    fn new(indicators: &'a [Indicator], scored: &'a [bool], scales: usize, plan: &'a Plan) -> Self {
        let mut order = Order::default();
        let mut on_scales = |indicator: &Indicator| -> Vec<Option<Vec<f64>>> {
            let mut on = |steps: &Vec<Normalisation>| {
                let mut values = directed(&indicator.values, indicator.direction);
                bring_by(&mut values, indicator.direction, steps, &mut order).ok().map(|()| values)
            };
            indicator
                .scales
                .iter()
                .map(|steps| if indicator.is_uncertain() { None } else { on(steps) })
                .collect()
        };
        let values = |indicator: &Indicator| directed(&indicator.values, indicator.direction);
        Self {
            scored,
            plan,
            scales,
            uncertain: indicators.iter().map(|one| one.is_uncertain().then(|| values(one))).collect(),
            exact: indicators.iter().map(&mut on_scales).collect(),
            chance: Chance::new(plan.seed),
            indicators,
        }
    }

    fn room(&self) -> Room {
        let n = self.scored.len();
        let drawn = |values: &Option<Vec<f64>>| values.clone().unwrap_or_default();
        Room {
            weights: vec![0.0; self.indicators.len()],
            values: self.uncertain.iter().map(drawn).collect(),
            scores: vec![0.0; n],
            known: vec![0.0; n],
            order: Order::default(),
        }
    }

    /// The ranks of one draw, as [`Tally`] counts them.
    fn draw(&self, draw: u64, room: &mut Room, ranks: &mut [u32]) {
        let mut chance = self.chance.of_draw(self.plan.stream, draw);
        let scale = if self.scales == 1 { 0 } else { chance.below(self.scales) };
        chance.weights(self.indicators, self.plan.weights, &mut room.weights);
        for ((indicator, values), drawn) in self.indicators.iter().zip(&self.uncertain).zip(&mut room.values)
        {
            let Some(values) = values else { continue };
            for ((drawn, value), error) in drawn.iter_mut().zip(values).zip(&indicator.std_errors) {
                *drawn = match error {
                    Some(error) if *error > 0.0 && !value.is_nan() => value + error * chance.normal(),
                    _ => *value,
                };
            }
            let steps = &indicator.scales[scale];
            if bring_by(drawn, indicator.direction, steps, &mut room.order).is_err() {
                drawn.fill(f64::NAN);
            }
        }
        let columns = self.exact.iter().zip(&self.uncertain).zip(&room.values);
        let columns = columns.map(|((exact, uncertain), drawn)| match uncertain {
            Some(_) => Some(drawn.as_slice()),
            None => exact[scale].as_deref(),
        });
        let columns = columns.zip(&room.weights).filter_map(|(column, weight)| Some((column?, *weight)));
        dense_values(columns, self.plan.aggregation, &mut room.scores, &mut room.known);
        for (score, scored) in room.scores.iter_mut().zip(self.scored) {
            if !scored {
                *score = f64::NAN;
            }
        }
        let n = competition_into(&room.scores, &mut room.order, ranks);
        let top = ranking::ends(n, &[self.plan.top])[0];
        for rank in ranks.iter_mut().filter(|rank| **rank > 0) {
            *rank = *rank << 1 | u32::from(f64::from(*rank - 1) < top);
        }
    }
}

/// [`super::composite::normalise_by`] in place.
fn bring_by(
    values: &mut [f64],
    direction: Direction,
    steps: &[Normalisation],
    order: &mut Order,
) -> Result<(), Unusable> {
    let mut direction = direction;
    for step in steps {
        bring_to_scale(values, direction, *step, order)?;
        // The first step has turned the indicator the right way round.
        direction = Direction::Higher;
    }
    if steps.is_empty() { Err(Unusable::Missing) } else { Ok(()) }
}

/// How often a unit had each rank.
#[derive(Debug, Clone, Default)]
struct Tally {
    /// Ranks upwards, each with how often it came.
    counts: Vec<(u32, u32)>,
    in_top: u32,
}

impl Tally {
    /// Adds sorted ranks: twice the rank, and one more where it is in the top; 0 is none.
    fn add(&mut self, ranks: &[u32]) {
        let ranked = &ranks[ranks.partition_point(|rank| *rank == 0)..];
        self.in_top += ranked.iter().map(|rank| rank & 1).sum::<u32>();
        let runs = ranked.chunk_by(|a, b| a >> 1 == b >> 1).map(|run| (run[0] >> 1, run.len() as u32));
        if self.counts.is_empty() {
            self.counts.extend(runs);
            return;
        }
        for (rank, count) in runs {
            match self.counts.binary_search_by_key(&rank, |(rank, _)| *rank) {
                Ok(at) => self.counts[at].1 += count,
                Err(at) => self.counts.insert(at, (rank, count)),
            }
        }
    }

    fn ranks(&self) -> Option<Ranks> {
        let n: usize = self.counts.iter().map(|(_, count)| *count as usize).sum();
        // Hundredths, so that 5 % of 1000 is the 50th and not, by a rounding error, the 51st.
        let up_to = |percent: usize| {
            let place = (n * percent).div_ceil(100).max(1);
            let mut passed = 0;
            let found = self.counts.iter().find(|(_, count)| {
                passed += *count as usize;
                passed >= place
            });
            found.map(|(rank, _)| *rank as usize)
        };
        let share = |(rank, count): &(u32, u32)| (*rank as usize, f64::from(*count) / n as f64);
        Some(Ranks {
            low: up_to(5)?,
            median: up_to(50)?,
            high: up_to(95)?,
            top_share: f64::from(self.in_top) / n as f64,
            shares: self.counts.iter().map(share).collect(),
        })
    }
}

impl Indicator {
    fn is_uncertain(&self) -> bool {
        self.std_errors.iter().flatten().any(|error| *error > 0.0)
    }
}

/// Random numbers from a seed.
struct Chance(ChaCha8Rng);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The random numbers of one draw, which no other draw and no other stream has.
    fn of_draw(&self, stream: u64, draw: u64) -> Self {
        let mut rng = self.0.clone();
        // There are at most 100,000 draws, and no more streams than groups of partners.
        rng.set_stream(stream << 32 | draw);
        Self(rng)
    }

    /// Uniform on [0, 1), 53 bits.
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    /// Normal with mean 0 and variance 1, by Marsaglia's polar method (SIAM Review 6, 1964).
    fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let s = x * x + y * y;
            if s > 0.0 && s < 1.0 {
                return x * (-2.0 * s.ln() / s).sqrt();
            }
        }
    }

    /// Gamma with the given shape above 0 and scale 1, by G. Marsaglia and W. W. Tsang, "A Simple Method
    /// for Generating Gamma Variables" (ACM Transactions on Mathematical Software 26, 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            // 1 − u is never 0.
            let u = 1.0 - self.unit();
            return self.gamma(shape + 1.0) * u.powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            let u = 1.0 - self.unit();
            if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// One weight per indicator, into `drawn`.
    fn weights(&mut self, indicators: &[Indicator], how: Weights, drawn: &mut [f64]) {
        let usable = |weight: f64| weight > 0.0 && weight.is_finite();
        let given = || indicators.iter().map(|indicator| indicator.weight);
        let m = given().filter(|weight| usable(*weight)).count();
        let sum: f64 = given().filter(|weight| usable(*weight)).sum();
        for (drawn, weight) in drawn.iter_mut().zip(given()) {
            *drawn = match how {
                Weights::Uniform(spread) if spread > 0.0 => {
                    weight * (1.0 + spread * (2.0 * self.unit() - 1.0))
                }
                Weights::Dirichlet(spread) if spread > 0.0 && m > 1 => match usable(weight) {
                    true => self.gamma(concentration(m, spread) * weight / sum),
                    false => 0.0,
                },
                _ => weight,
            };
        }
    }
}

/// Of the relative variance `(m − 1)/(c + 1)` of one of `m` equal weights and `s²/3`, solved for `c`.
fn concentration(m: usize, spread: f64) -> f64 {
    (3.0 * (m as f64 - 1.0) / (spread * spread) - 1.0).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::super::composite::Mean;
    use super::*;

    const SCALE: Normalisation = Normalisation::MinMax { low: 0.0, high: 100.0 };

    fn indicator(values: &[f64], errors: &[f64], weight: f64) -> Indicator {
        Indicator {
            values: values.iter().map(|x| Some(*x)).collect(),
            std_errors: errors.iter().map(|x| Some(*x)).collect(),
            direction: Direction::Higher,
            weight,
            scales: vec![vec![SCALE]],
        }
    }

    fn plan(weights: Weights) -> Plan {
        let aggregation = Aggregation::Mean(Mean::Arithmetic);
        Plan { draws: 4000, seed: 1, stream: 0, weights, aggregation, top: 0.25 }
    }

    #[test]
    fn without_doubt_ranks_do_not_move() {
        let made = ranks(&[indicator(&[3.0, 1.0, 2.0, 0.0], &[], 1.0)], &[true; 4], &plan(Weights::Fixed));
        for (made, rank) in made.iter().zip([1, 3, 2, 4]) {
            let made = made.as_ref().unwrap();
            assert_eq!((made.low, made.median, made.high), (rank, rank, rank));
            assert_eq!(made.shares, [(rank, 1.0)]);
            assert_eq!(made.top_share, f64::from(u8::from(rank == 1)));
        }
        // One alone cannot move by its weight.
        let same =
            ranks(&[indicator(&[3.0, 1.0, 2.0, 0.0], &[], 1.0)], &[true; 4], &plan(Weights::Dirichlet(0.5)));
        assert_eq!(made, same);
    }

    /// Two values with standard error 1 that lie √2 apart change places with probability Φ(−1) = 0.1587:
    /// 4000 draws are within four standard deviations of it, 0.023.
    #[test]
    fn sampling_error_by_hand() {
        let far = indicator(&[2f64.sqrt(), 0.0, -100.0], &[1.0, 1.0, 0.0], 1.0);
        let made = ranks(&[far], &[true; 3], &plan(Weights::Fixed));
        let first = made[0].as_ref().unwrap();
        assert_eq!((first.low, first.median, first.high), (1, 1, 2));
        assert!((first.shares[0].1 - 0.8413).abs() < 0.023, "{:?}", first.shares);
        assert_eq!(first.top_share, first.shares[0].1);
        assert_eq!(made[2].as_ref().unwrap().shares, [(3, 1.0)]);
    }

    /// A is ahead by x, B by y. With weights w and 1 of ±s, A wins while its weight is the larger: for
    /// 1.1 against 1 and s = 0.25 the square of side 0.5 loses a triangle. 1.1(1+a) < 1+b.
    #[test]
    fn weights_by_hand() {
        let both = |w| [indicator(&[1.0, 0.0], &[], w), indicator(&[0.0, 1.0], &[], 1.0)];
        let share = |w, how| {
            let made = ranks(&both(w), &[true; 2], &plan(how));
            made[0]
                .as_ref()
                .unwrap()
                .shares
                .iter()
                .filter(|(rank, _)| *rank == 1)
                .map(|(_, share)| share)
                .sum::<f64>()
        };
        // b > 0.1 + 1.1a; legs (0.25 − 0.1 + 0.275) and that over 1.1, of a square of 0.25.
        let lost = 0.425 * 0.425 / 1.1 / 2.0 / 0.25;
        assert!((share(1.1, Weights::Uniform(0.25)) - (1.0 - lost)).abs() < 0.03);
        assert!((share(1.0, Weights::Dirichlet(0.25)) - 0.5).abs() < 0.032);
        assert_eq!(share(2.0, Weights::Uniform(0.25)), 1.0);
        assert_eq!(share(2.0, Weights::Fixed), 1.0);
    }

    /// Four of equal weight: mean ¼ and relative variance 0.25²/3 under both ways of drawing.
    #[test]
    fn both_ways_vary_alike() {
        let four: Vec<Indicator> = (0..4).map(|_| indicator(&[0.0, 1.0], &[], 1.0)).collect();
        for how in [Weights::Uniform(0.25), Weights::Dirichlet(0.25)] {
            let mut chance = Chance::new(3);
            let mut weights = vec![0.0; 4];
            let drawn: Vec<f64> = (0..20_000)
                .map(|_| {
                    chance.weights(&four, how, &mut weights);
                    if how == Weights::Uniform(0.25) {
                        weights[1] / 4.0
                    } else {
                        weights[1] / weights.iter().sum::<f64>()
                    }
                })
                .collect();
            let mean = drawn.iter().sum::<f64>() / 20_000.0;
            let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
            assert!((mean - 0.25).abs() < 0.0015, "{how:?}: {mean}");
            let expected = 0.25f64.powi(2) / 3.0 / 16.0;
            assert!((variance / expected - 1.0).abs() < 0.05, "{how:?}: {variance}");
        }
    }

    #[test]
    fn a_seed_repeats_and_streams_differ() {
        let errors = [1.0, 1.0, 1.0];
        let of = |seed, stream| {
            let few = Plan { draws: 200, seed, stream, ..plan(Weights::Uniform(0.25)) };
            ranks(&[indicator(&[0.0, 0.5, 1.0], &errors, 1.0)], &[true; 3], &few)
        };
        assert_eq!(of(5, 0), of(5, 0));
        assert_ne!(of(5, 0), of(6, 0));
        assert_ne!(of(5, 0), of(5, 1));
    }

    #[test]
    fn degenerate() {
        let none = Plan { draws: 0, ..plan(Weights::Fixed) };
        assert_eq!(ranks(&[indicator(&[1.0, 2.0], &[], 1.0)], &[true; 2], &none), [None, None]);
        assert_eq!(ranks(&[], &[true], &plan(Weights::Fixed)), [None]);
        assert_eq!(
            ranks(&[indicator(&[1.0, 1.0], &[], 1.0)], &[true; 2], &plan(Weights::Fixed)),
            [None, None]
        );
        let one_out = ranks(&[indicator(&[1.0, 2.0], &[], 1.0)], &[true, false], &plan(Weights::Fixed));
        assert_eq!(one_out[0].as_ref().unwrap().shares, [(1, 1.0)]);
        assert_eq!(one_out[1], None);
        let mut none = [1.0];
        Chance::new(1).weights(&[indicator(&[1.0], &[], 0.0)], Weights::Dirichlet(0.2), &mut none);
        assert_eq!(none, [0.0]);
    }
}
