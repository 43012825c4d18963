//! Models of purchases whose likelihood has no maximum because customers do not differ: the spread of a rate
//! or of a chance runs to nothing, and two parameters run away with one ratio. What the likelihood tends to
//! there is a simpler model, and that has a maximum. Knows no table.

use super::maximum::{Maximum, Value, maximum};
use super::{Histories, Model};

/// What customers have in common where the likelihood of a model is greatest in a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// All buy at this rate: `r` and `alpha` grow without end, and this is `r/alpha`.
    pub rate: Option<f64>,
    /// All leave alike: with this probability after a purchase, `a` and `b` growing without end and
    /// `a/(a+b)` this; with Pareto/NBD at this rate, `s/beta`. 0 where nobody leaves, `a` or `s` shrinking
    /// to nothing.
    pub leaving: Option<f64>,
}

/// A limit, and a point near enough to it that nothing changes beyond.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    pub limit: Limit,
    pub parameters: [f64; 4],
    /// The mean log-likelihood of a customer.
    pub value: f64,
    pub gradient: f64,
    pub evaluations: usize,
}

/// What stands for a parameter without end: customers differ by 10⁻⁴·⁵ of what they have in common.
const ENDLESS: f64 = 1e9;
/// The same, less so: forecasts are compared at both.
const FAR: f64 = 1e6;
/// By how much forecasts may differ between the two, as a share.
const STABLE: f64 = 1e-3;
/// How much less likely than what was found a limit may be: a ratio of 1.01.
const LESS: f64 = 0.01;

/// How customers leave.
#[derive(Clone, Copy, PartialEq)]
enum Leaving {
    Apart,
    Alike,
    Never,
}

/// The first limit of a model that is as likely as `beside` (the mean log-likelihood where a search without
/// limits ended) and has a maximum of its own, if it foretells the same at two points on the way.
pub(super) fn reach(
    model: Model,
    histories: &Histories,
    age: f64,
    beside: f64,
    mean_of: &impl Fn(&Histories, &[f64; 4]) -> Value<4>,
) -> Option<Reached> {
    use Leaving::{Alike, Apart, Never};
    let some = histories.thinned();
    let some = some.as_ref().unwrap_or(histories);
    let search = Search { model, age, some, all: histories, mean_of };
    let n = histories.n as f64;
    let lowest = beside - LESS / n - 1e-9 * beside.abs();
    let enough = |reached: &Reached| reached.value >= lowest;
    // The first will do: none is more likely than the maximum without limits, and it runs away in the fewest
    // directions.
    let best = (search.corner::<3>(false, Alike).filter(enough))
        .or_else(|| search.corner::<3>(true, Apart).filter(enough))
        .or_else(|| search.corner::<2>(true, Alike).filter(enough))
        .or_else(|| search.corner::<2>(false, Never).filter(enough))
        .or_else(|| search.corner::<1>(true, Never).filter(enough))?;
    let forecast = |parameters: &[f64; 4]| -> f64 {
        let one = |(history, count): &(super::History, f64)| count * model.expected(parameters, history, age);
        some.rows.iter().map(one).sum()
    };
    let nearer = search.nearer(&best);
    let (there, here) = (forecast(&best.parameters), forecast(&nearer));
    ((there - here).abs() <= STABLE * there.abs()).then_some(best)
}

/// What to search for a limit.
struct Search<'a, F> {
    model: Model,
    age: f64,
    some: &'a Histories,
    all: &'a Histories,
    mean_of: &'a F,
}

/// Logarithms of the four parameters as sums: fixed ones, and for each free one by how much it counts.
struct Sums<const M: usize> {
    fixed: [f64; 4],
    free: [[f64; 4]; M],
}

impl<const M: usize> Sums<M> {
    fn parameters(&self, free: &[f64; M]) -> [f64; 4] {
        std::array::from_fn(|i| {
            let sum: f64 = free.iter().zip(&self.free).map(|(x, counts)| counts[i] * x.ln()).sum();
            (self.fixed[i] + sum).exp()
        })
    }

    fn value(&self, (value, by): Value<4>) -> Value<M> {
        (value, self.free.map(|counts| counts.iter().zip(&by).map(|(count, by)| count * by).sum()))
    }
}

impl<F: Fn(&Histories, &[f64; 4]) -> Value<4>> Search<'_, F> {
    /// The maximum in the limit where rates are alike or not, and leaving.
    fn corner<const M: usize>(&self, alike: bool, leaving: Leaving) -> Option<Reached> {
        let endless = ENDLESS.ln();
        let pareto = self.model == Model::ParetoNbd;
        let mut sums = Sums { fixed: [0.0; 4], free: [[0.0; 4]; M] };
        let mut starts = [[0.0; M]; 3];
        let mut next = 0;
        let mut add = |sums: &mut Sums<M>, counts: [f64; 4], values: [f64; 3]| {
            if let Some(free) = sums.free.get_mut(next) {
                *free = counts;
                for (start, value) in starts.iter_mut().zip(values) {
                    start[next] = value;
                }
            }
            next += 1;
        };
        let age = self.age;
        if alike {
            sums.fixed[0] = endless;
            sums.fixed[1] = endless;
            add(&mut sums, [0.0, -1.0, 0.0, 0.0], [1.0, 5.0, 25.0].map(|n| n / age));
        } else {
            add(&mut sums, [1.0, 0.0, 0.0, 0.0], [0.5, 2.0, 5.0]);
            add(&mut sums, [0.0, 1.0, 0.0, 0.0], [0.3, 2.0, 0.5].map(|n| n * age));
        }
        let unit = if pareto { age } else { 1.0 };
        match leaving {
            Leaving::Apart if pareto => {
                add(&mut sums, [0.0, 0.0, 1.0, 0.0], [0.5, 0.5, 2.0]);
                add(&mut sums, [0.0, 0.0, 0.0, 1.0], [0.3, 2.0, 5.0].map(|n| n * age));
            }
            Leaving::Apart => {
                add(&mut sums, [0.0, 0.0, 1.0, 0.0], [0.8, 0.3, 3.0]);
                add(&mut sums, [0.0, 0.0, 0.0, 1.0], [2.0, 3.0, 3.0]);
            }
            Leaving::Alike => {
                sums.fixed[2] = endless;
                sums.fixed[3] = endless;
                add(&mut sums, [0.0, 0.0, 0.0, -1.0], [0.3, 0.05, 1.0].map(|odds| odds / unit));
            }
            Leaving::Never => {
                sums.fixed[2] = -endless;
                sums.fixed[3] = unit.ln();
            }
        }
        let found: Maximum<M> = maximum(
            &starts,
            |at| sums.value((self.mean_of)(self.some, &sums.parameters(at))),
            |at| sums.value((self.mean_of)(self.all, &sums.parameters(at))),
        )?;
        if !found.converged() {
            return None;
        }
        let parameters = sums.parameters(&found.at);
        let [r, alpha, a, b] = parameters;
        let share = if pareto { a / b } else { a / (a + b) };
        let limit = Limit {
            rate: alike.then_some(r / alpha),
            leaving: match leaving {
                Leaving::Apart => None,
                Leaving::Alike => Some(share),
                Leaving::Never => Some(0.0),
            },
        };
        let (value, gradient) = (found.value, found.gradient);
        Some(Reached { limit, parameters, value, gradient, evaluations: found.evaluations })
    }

    /// A point less far on the way to a limit.
    fn nearer(&self, reached: &Reached) -> [f64; 4] {
        let back = FAR / ENDLESS;
        let [r, alpha, a, b] = reached.parameters;
        let (r, alpha) = if reached.limit.rate.is_some() { (r * back, alpha * back) } else { (r, alpha) };
        match reached.limit.leaving {
            None => [r, alpha, a, b],
            Some(0.0) => [r, alpha, a / back, b],
            Some(_) => [r, alpha, a * back, b * back],
        }
    }
}
