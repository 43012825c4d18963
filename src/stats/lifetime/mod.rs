//! Customer lifetime value: what customers did so far, the parameters of the models that are most
//! likely to have made them do it, and whether such a model foretells. Knows no table and no date:
//! times are numbers in one unit, whichever it is.

pub mod limit;
pub mod maximum;
pub mod purchases;
pub mod spend;

pub use limit::Limit;
use maximum::{Maximum, maximum};
pub use purchases::Model;
pub use spend::Spend;

/// About as many rows are enough to find out where a maximum is to be looked for.
const SKETCH: usize = 10_000;

/// What is known of a customer's buying: all times count from the first purchase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// Purchases after the first, `x`.
    pub repeats: u32,
    /// When the last of them was made, `t_x`; 0 without any.
    pub recency: f64,
    /// How long the customer has been watched, `T`.
    pub age: f64,
}

impl History {
    /// Checked: `0 ≤ recency ≤ age`, both finite; a recency above zero exactly when there are repeats.
    /// `None` otherwise. An age of 0 is sound and tells nothing: a customer of the last day.
    pub fn new(repeats: u32, recency: f64, age: f64) -> Option<Self> {
        let sound = age.is_finite() && (0.0..=age).contains(&recency);
        (sound && (repeats > 0) == (recency > 0.0)).then_some(Self { repeats, recency, age })
    }
}

/// Many customers' histories, equal ones counted together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histories {
    rows: Vec<(History, f64)>,
    n: u64,
    refused: u64,
}

impl Histories {
    /// Groups histories; `None`s are counted as refused. The order of coming does not matter.
    pub fn new(histories: impl Iterator<Item = Option<History>>) -> Self {
        let mut refused = 0;
        let mut all: Vec<History> = histories
            .filter_map(|history| {
                refused += u64::from(history.is_none());
                history
            })
            .collect();
        all.sort_unstable_by(|a, b| {
            (a.repeats.cmp(&b.repeats)).then(a.recency.total_cmp(&b.recency)).then(a.age.total_cmp(&b.age))
        });
        let n = all.len() as u64;
        let mut rows: Vec<(History, f64)> = Vec::new();
        for history in all {
            match rows.last_mut() {
                Some((last, count)) if *last == history => *count += 1.0,
                _ => rows.push((history, 1.0)),
            }
        }
        Self { rows, n, refused }
    }

    /// Each distinct history and how many customers have it, by repeats, recency and age upwards.
    pub fn rows(&self) -> &[(History, f64)] {
        &self.rows
    }

    /// Some of the rows, evenly spread; none where there are few anyway.
    fn thinned(&self) -> Option<Self> {
        let step = self.rows.len().div_ceil(SKETCH);
        if step < 2 {
            return None;
        }
        let rows: Vec<_> = self.rows.iter().skip(step / 2).step_by(step).copied().collect();
        let n = rows.iter().map(|(_, count)| count).sum::<f64>() as u64;
        Some(Self { rows, n, refused: 0 })
    }

    /// How many customers.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// How many were refused.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

/// The parameters of a model, as found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit<const N: usize> {
    /// The most likely parameters.
    pub parameters: [f64; N],
    /// Their standard errors, from the curvature of the likelihood; none where it has no maximum there.
    pub std_errors: Option<[f64; N]>,
    /// The logarithm of the likelihood.
    pub log_likelihood: f64,
    /// The largest derivative of the mean log-likelihood of a customer by the logarithm of a
    /// parameter: 0 at a maximum.
    pub gradient: f64,
    /// Whether this is a maximum: `gradient` below 10⁻⁶ and the likelihood curved downwards.
    pub converged: bool,
    /// Where it is none, the limit in which the likelihood is greatest, if it has a maximum of its own: the
    /// parameters are then a point so near to it that forecasts no longer change.
    pub limit: Option<Limit>,
    /// Customers it rests on.
    pub n: u64,
    /// Evaluations of the likelihood.
    pub evaluations: usize,
}

impl<const N: usize> Fit<N> {
    /// The parameters, if they foretell anything: those of a maximum, or of a limit.
    pub fn telling(&self) -> Option<[f64; N]> {
        (self.converged || self.limit.is_some()).then_some(self.parameters)
    }

    fn of(found: Maximum<N>, n: u64) -> Self {
        let customers = n as f64;
        // The curvature is of the mean by logarithms: n times it for the sum, and a parameter times
        // the error of its logarithm for its own (delta method).
        let std_errors = found
            .inverse
            .filter(|_| found.converged())
            .map(|inverse| std::array::from_fn(|i| found.at[i] * (inverse[i][i] / customers).sqrt()));
        Self {
            parameters: found.at,
            std_errors,
            log_likelihood: found.value * customers,
            gradient: found.gradient,
            converged: found.converged(),
            limit: None,
            n,
            evaluations: found.evaluations,
        }
    }
}

/// The most likely parameters of a model of purchases; several starts are tried, in units of the
/// mean age, so that the unit of time does not matter. `None` without customers.
///
/// Where customers do not differ in how often they buy or how readily they leave, the likelihood has no
/// maximum but a limit ([`Fit::limit`]). Without anybody who came back it has neither, and the fit says that
/// it did not converge.
pub fn fit_purchases(model: Model, histories: &Histories) -> Option<Fit<4>> {
    if histories.n == 0 {
        return None;
    }
    let n = histories.n as f64;
    let age = histories.rows.iter().map(|(history, count)| history.age * count).sum::<f64>() / n;
    let starts = match model {
        Model::BgNbd | Model::MbgNbd => {
            [[0.5, 0.3 * age, 0.8, 2.0], [2.0, 2.0 * age, 0.3, 3.0], [0.2, 0.1 * age, 3.0, 3.0]]
        }
        Model::ParetoNbd => [
            [0.5, 0.3 * age, 0.5, 0.3 * age],
            [2.0, 2.0 * age, 0.5, 2.0 * age],
            [0.5, 0.3 * age, 2.0, 5.0 * age],
        ],
    };
    let mean_of = |histories: &Histories, parameters: &[f64; 4]| {
        let n = histories.n as f64;
        let (sum, by) = model.log_likelihood(parameters, histories);
        (sum / n, by.map(|by| by / n))
    };
    let some = histories.thinned();
    let some = some.as_ref().unwrap_or(histories);
    let found = maximum(&starts, |at| mean_of(some, at), |at| mean_of(histories, at))?;
    let fit = Fit::of(found, histories.n);
    if fit.converged {
        return Some(fit);
    }
    Some(limit::reach(model, histories, age, found.value, &mean_of).map_or(fit, |reached| Fit {
        parameters: reached.parameters,
        log_likelihood: reached.value * n,
        gradient: reached.gradient,
        limit: Some(reached.limit),
        evaluations: fit.evaluations + reached.evaluations,
        ..fit
    }))
}

/// The most likely parameters of the Gamma–Gamma model. `None` without customers.
pub fn fit_spend(spends: &[Spend]) -> Option<Fit<3>> {
    if spends.is_empty() {
        return None;
    }
    let n = spends.len() as f64;
    let mean = spends.iter().map(|spend| spend.mean).sum::<f64>() / n;
    let starts = [[2.0, 3.0, mean], [8.0, 4.0, mean / 3.0], [1.0, 1.5, mean / 2.0]];
    let mean_of = |spends: &[Spend], parameters: &[f64; 3]| {
        let n = spends.len() as f64;
        let (sum, by) = spend::log_likelihood(parameters, spends);
        (sum / n, by.map(|by| by / n))
    };
    let some: Vec<Spend> = spends.iter().step_by(spends.len().div_ceil(SKETCH)).copied().collect();
    let found = maximum(&starts, |at| mean_of(&some, at), |at| mean_of(spends, at))?;
    Some(Fit::of(found, spends.len() as u64))
}

/// One line of a hold-out check: customers with as many repeat purchases before, and what they did
/// after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Held {
    /// Repeat purchases in the time the model was fitted on.
    pub repeats: u32,
    /// Whether those with more are in this line as well.
    pub or_more: bool,
    /// Customers.
    pub n: u64,
    /// Purchases they made afterwards, together.
    pub actual: f64,
    /// Purchases the model expected of them, together.
    pub expected: f64,
}

/// What came against what was expected, by the number of repeat purchases before: 0 up to `last`,
/// which takes those with more too. Every line is there, also one without customers.
///
/// `customers` are (repeats, purchases made afterwards, purchases expected).
pub fn held_out(customers: impl Iterator<Item = (u32, f64, f64)>, last: u32) -> Vec<Held> {
    let mut lines: Vec<Held> = (0..=last)
        .map(|repeats| Held { repeats, or_more: repeats == last, n: 0, actual: 0.0, expected: 0.0 })
        .collect();
    for (repeats, actual, expected) in customers {
        if let Some(line) = lines.get_mut(repeats.min(last) as usize) {
            line.n += 1;
            line.actual += actual;
            line.expected += expected;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn histories_are_counted_together() {
        let history = |repeats, recency, age| History::new(repeats, recency, age);
        let rows = [
            history(1, 2.0, 5.0),
            history(0, 0.0, 5.0),
            history(1, 2.0, 5.0),
            history(1, 6.0, 5.0),
            history(0, 1.0, 5.0),
            history(1, 0.0, 5.0),
            history(0, 0.0, 0.0),
            history(0, 0.0, f64::NAN),
        ];
        let histories = Histories::new(rows.into_iter());
        assert_eq!((histories.n(), histories.refused()), (4, 4));
        let counted: Vec<(u32, f64)> = histories.rows().iter().map(|(h, n)| (h.repeats, *n)).collect();
        assert_eq!(counted, [(0, 1.0), (0, 1.0), (1, 2.0)]);
        assert_eq!(
            histories,
            Histories { refused: 4, ..Histories::new(rows.into_iter().rev().flatten().map(Some)) }
        );
    }

    #[test]
    fn nobody_and_nobody_back() {
        assert_eq!(fit_purchases(Model::BgNbd, &Histories::default()), None);
        assert_eq!(fit_spend(&[]), None);
        let once = Histories::new((1..50).map(|age| History::new(0, 0.0, f64::from(age))));
        for model in [Model::BgNbd, Model::MbgNbd, Model::ParetoNbd] {
            let fit = fit_purchases(model, &once).unwrap();
            assert!(!fit.converged && fit.std_errors.is_none(), "{model:?} {fit:?}");
        }
        let alike = vec![Spend { count: 3.0, mean: 20.0 }; 20];
        assert!(!fit_spend(&alike).unwrap().converged);
    }

    /// Customers who buy and leave by chance: every eighth of the rates and chances to leave given.
    fn customers(n: u32, unit: f64) -> Histories {
        let mut chance = ChaCha8Rng::seed_from_u64(3);
        let mut share = move || (chance.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let mut one = |i: u32| {
            let rate = [0.01, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.6][(i % 8) as usize];
            let leaves = [0.02, 0.05, 0.1, 0.15, 0.25, 0.4, 0.6, 0.8][(i / 8 % 8) as usize];
            let age = f64::from(30 + i % 40);
            let (mut repeats, mut recency, mut now) = (0, 0.0, 0.0);
            loop {
                now -= (1.0 - share()).ln() / rate;
                if now > age {
                    return History::new(repeats, recency * unit, age * unit);
                }
                (repeats, recency) = (repeats + 1, now);
                if share() < leaves {
                    return History::new(repeats, recency * unit, age * unit);
                }
            }
        };
        Histories::new((0..n).map(&mut one))
    }

    /// Another unit of time changes α (and β) by its factor and nothing else.
    #[test]
    fn the_unit_of_time_does_not_matter() {
        for model in [Model::BgNbd, Model::MbgNbd, Model::ParetoNbd] {
            let [weeks, days] = [1.0, 7.0].map(|unit| fit_purchases(model, &customers(3000, unit)).unwrap());
            assert!(weeks.converged && days.converged, "{model:?} {weeks:?}");
            let factor = match model {
                Model::ParetoNbd => [1.0, 7.0, 1.0, 7.0],
                _ => [1.0, 7.0, 1.0, 1.0],
            };
            for (i, factor) in factor.into_iter().enumerate() {
                let ratio = days.parameters[i] / weeks.parameters[i] / factor;
                assert!((ratio - 1.0).abs() < 1e-6, "{model:?} {i} {ratio}");
            }
        }
    }

    /// The mean rate is 0.18 and the mean chance to leave 0.296: both lie within what is told of them.
    #[test]
    fn what_was_planted_is_found() {
        let fit = fit_purchases(Model::BgNbd, &customers(20_000, 1.0)).unwrap();
        let [r, alpha, a, b] = fit.parameters;
        assert!(fit.converged && fit.n == 20_000);
        assert!((r / alpha / 0.18 - 1.0).abs() < 0.05, "{}", r / alpha);
        assert!((a / (a + b) / 0.296_25 - 1.0).abs() < 0.05, "{}", a / (a + b));
        assert!(fit.std_errors.unwrap().iter().zip(fit.parameters).all(|(se, x)| *se > 0.0 && *se < 0.2 * x));
    }

    /// Customers whose rates differ and who leave with `leaves` after every purchase, watched for two times:
    /// what was known after the first, and how many purchases came in the second.
    fn watched(n: u32, leaves: f64, first: f64, second: f64) -> Vec<(History, f64)> {
        let mut chance = ChaCha8Rng::seed_from_u64(12);
        let mut wait = move || -(1.0 - (chance.next_u64() >> 11) as f64 / (1u64 << 53) as f64).ln();
        let mut one = |i: u32| {
            let rate = (wait() + wait()) / 10.0;
            let begun = f64::from(i % 40);
            let (mut known, mut recency, mut later, mut now) = (0, 0.0, 0.0, 0.0);
            loop {
                // Gone with this probability: an exponential waiting time is below −ln(1 − p).
                if wait() < -(1.0 - leaves).ln() {
                    break;
                }
                now += wait() / rate;
                if now > first + second - begun {
                    break;
                }
                if now <= first - begun {
                    (known, recency) = (known + 1, now);
                } else {
                    later += 1.0;
                }
            }
            (History::new(known, recency, first - begun).unwrap(), later)
        };
        (0..n).map(&mut one).collect()
    }

    /// All leave with one probability, so that MBG/NBD has no maximum; the forecast of the time held out is
    /// right to 5 % all the same, and to 10 % by the models that take them to leave otherwise. The seed is one
    /// whose customers show no spread in leaving; by chance others do.
    #[test]
    fn customers_who_leave_alike_are_foretold() {
        let customers = watched(2000, 0.04, 80.0, 26.0);
        let histories = Histories::new(customers.iter().map(|(history, _)| Some(*history)));
        let came: f64 = customers.iter().map(|(_, later)| later).sum();
        let fits = [Model::BgNbd, Model::MbgNbd, Model::ParetoNbd]
            .map(|model| (model, fit_purchases(model, &histories).unwrap()));
        for (model, fit) in &fits {
            let parameters = fit.telling().unwrap();
            let expected: f64 = customers.iter().map(|(one, _)| model.expected(&parameters, one, 26.0)).sum();
            let band = if *model == Model::MbgNbd { 0.05 } else { 0.10 };
            assert!((expected / came - 1.0).abs() < band, "{model:?} {expected} {came} {fit:?}");
        }
        let fit = fits[1].1;
        assert!(!fit.converged && fit.std_errors.is_none(), "{fit:?}");
        let limit = fit.limit.unwrap();
        assert_eq!(limit.rate, None);
        assert!((limit.leaving.unwrap() / 0.04 - 1.0).abs() < 0.15, "{limit:?}");
        let [r, alpha, ..] = fit.parameters;
        assert!((r / 2.0 - 1.0).abs() < 0.1 && (alpha / 10.0 - 1.0).abs() < 0.1, "{fit:?}");
    }

    /// Everybody is at it until the end, as often as everybody: Poisson, with the rate Σx/ΣT.
    #[test]
    fn customers_without_any_difference() {
        let rows = (1..40).map(|at| History::new(3, 20.0 + f64::from(at % 2), 20.0 + f64::from(at % 2)));
        let histories = Histories::new(rows);
        for model in [Model::BgNbd, Model::MbgNbd, Model::ParetoNbd] {
            let fit = fit_purchases(model, &histories).unwrap();
            let limit = fit.limit.unwrap();
            let rate = 39.0 * 3.0 / (39.0 * 20.0 + 20.0);
            assert!(
                (limit.rate.unwrap() / rate - 1.0).abs() < 1e-6 && limit.leaving == Some(0.0),
                "{limit:?}"
            );
            let expected = model.expected(&fit.parameters, &histories.rows()[0].0, 10.0);
            assert!((expected / (10.0 * rate) - 1.0).abs() < 1e-6, "{model:?} {expected}");
        }
    }

    /// Tables that no customers made: every fit ends soon, and what it tells is a number.
    #[test]
    fn any_table_is_done_soon() {
        let one = |repeats, recency, age| History::new(repeats, recency, age);
        type Row = Box<dyn Fn(u32) -> Option<History>>;
        let tables: [Row; 11] = [
            Box::new(move |_| one(0, 0.0, 0.0)),
            Box::new(move |_| one(3, 20.0, 50.0)),
            Box::new(move |i| one(i % 7 + 1, f64::from(i), f64::from(i))),
            Box::new(move |i| one(1 + i % 3, 1e-12, f64::from(i))),
            Box::new(move |i| if i % 2 == 0 { one(0, 0.0, 60.0) } else { one(1_000_000, 60.0, 60.0) }),
            Box::new(move |i| one(i % 4 + 1, f64::from(i) * 5e-10, f64::from(i) * 1e-9)),
            Box::new(move |i| one(i % 4 + 1, f64::from(i) * 5e11, f64::from(i) * 1e12)),
            Box::new(move |i| one(i % 4 + 1, f64::from(i) * 5e299, f64::from(i) * 1e300)),
            Box::new(move |i| one(i % 4 + 1, 0.7 * 10f64.powi(i as i32 - 12), 10f64.powi(i as i32 - 12))),
            Box::new(move |i| one(2u32.pow(i), 30.0 + f64::from(i), 60.0)),
            Box::new(move |i| one(u32::MAX, f64::from(i), 60.0)),
        ];
        for (at, row) in tables.iter().enumerate() {
            let histories = Histories::new((1..25).map(row));
            assert_eq!(histories.n(), 24);
            for model in [Model::BgNbd, Model::MbgNbd, Model::ParetoNbd] {
                let begun = std::time::Instant::now();
                let Some(fit) = fit_purchases(model, &histories) else { continue };
                for (history, _) in fit.telling().map_or(&[][..], |_| histories.rows()) {
                    for time in [1.0, 1e3, 1e6] {
                        let expected = model.expected(&fit.parameters, history, time);
                        assert!(expected.is_finite() && expected >= 0.0, "{at} {model:?} {expected} {fit:?}");
                    }
                }
                let took = begun.elapsed().as_secs_f64();
                assert!(took < 20.0, "{at} {model:?} took {took} s: {fit:?}");
            }
        }
    }

    #[test]
    fn held_out_by_hand() {
        let lines = held_out([(0, 1.0, 0.5), (2, 0.0, 1.0), (9, 3.0, 2.5), (2, 2.0, 1.5)].into_iter(), 3);
        let told: Vec<(u64, f64, f64)> = lines.iter().map(|l| (l.n, l.actual, l.expected)).collect();
        assert_eq!(told, [(1, 1.0, 0.5), (0, 0.0, 0.0), (2, 2.0, 2.5), (1, 3.0, 2.5)]);
        assert!(lines[3].or_more && !lines[2].or_more);
    }
}
