//! How often a customer comes back, and whether they still are one: the models BG/NBD, MBG/NBD and
//! Pareto/NBD, given their parameters. Knows neither money nor how parameters are found.
//!
//! Everybody buys at random with a rate of their own, gamma distributed (shape `r`, rate `alpha`),
//! until they leave for good. BG/NBD: after each repeat purchase with a probability of their own,
//! beta distributed (`a`, `b`) (Fader, Hardie and Lee 2005, *Marketing Science* 24, 275–284). MBG/NBD:
//! after each purchase, the first too (Batislam, Denizel and Filiztekin 2007, *International Journal
//! of Research in Marketing* 24, 201–209). Pareto/NBD: at any time, with a rate gamma distributed
//! (`s`, `beta`) (Schmittlein, Morrison and Colombo 1987, *Management Science* 33, 1–24).

use rayon::prelude::*;
use statrs::function::gamma::{digamma, ln_gamma};

use super::{Histories, History};

/// Rows that one thread adds up at a time.
const BLOCK: usize = 4096;

/// A model of buying and leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Beta-geometric / negative binomial: customers leave after a repeat purchase.
    BgNbd,
    /// The same, where they may leave after the first purchase too.
    MbgNbd,
    /// Pareto / negative binomial: customers leave at any time.
    ParetoNbd,
}

impl Model {
    /// The names of its parameters.
    pub fn parameters(self) -> [&'static str; 4] {
        match self {
            Model::BgNbd | Model::MbgNbd => ["r", "alpha", "a", "b"],
            Model::ParetoNbd => ["r", "alpha", "s", "beta"],
        }
    }

    /// The logarithm of the likelihood of all histories, and its derivatives by the logarithm of each
    /// parameter. `alpha` (and `beta`) are in the unit of time of the histories.
    pub fn log_likelihood(self, parameters: &[f64; 4], histories: &Histories) -> (f64, [f64; 4]) {
        // Blocks of fixed size, summed in their order: the threads cannot be seen in the sum.
        let blocks: Vec<(f64, [f64; 4])> =
            histories.rows().par_chunks(BLOCK).map(|rows| self.block(parameters, rows)).collect();
        blocks.into_iter().fold((0.0, [0.0; 4]), |(sum, by), (value, derivatives)| {
            (sum + value, std::array::from_fn(|i| by[i] + derivatives[i] * parameters[i]))
        })
    }

    /// The same of some rows, with derivatives by the parameters themselves.
    fn block(self, parameters: &[f64; 4], rows: &[(History, f64)]) -> (f64, [f64; 4]) {
        let mut sum = 0.0;
        let mut by = [0.0; 4];
        // What depends on the number of purchases alone is the same in a whole run of rows.
        let mut same: Option<(u32, f64, [f64; 4])> = None;
        for (history, count) in rows {
            let (value, derivatives) = match same {
                Some((repeats, value, derivatives)) if repeats == history.repeats => (value, derivatives),
                _ => {
                    let (value, derivatives) = self.counted(parameters, f64::from(history.repeats));
                    same = Some((history.repeats, value, derivatives));
                    (value, derivatives)
                }
            };
            let (timed, timed_by) = match self {
                Model::ParetoNbd => pareto_times(parameters, history),
                Model::BgNbd | Model::MbgNbd => self.geometric_times(parameters, history),
            };
            sum += count * (value + timed);
            for i in 0..4 {
                by[i] += count * (derivatives[i] + timed_by[i]);
            }
        }
        (sum, by)
    }

    /// The part of the log-likelihood without times.
    fn counted(self, &[r, alpha, a, b]: &[f64; 4], x: f64) -> (f64, [f64; 4]) {
        let (rising, by_r) = rising(r, x);
        // α^r/(α+T)^(r+x) is α^−x (1 + T/α)^−(r+x), which keeps its digits where r and α are large.
        let (value, by_alpha) = (rising - x * alpha.ln(), -x / alpha);
        match self {
            Model::ParetoNbd => (value, [by_r, by_alpha, 0.0, 0.0]),
            Model::BgNbd | Model::MbgNbd => {
                let stays = self.chances(x);
                let ((stayed, by_b), (all, by_all)) = (self::rising(b, stays), self::rising(a + b, stays));
                (value + stayed - all, [by_r, by_alpha, -by_all, by_b - by_all])
            }
        }
    }

    /// How often a customer with `x` repeat purchases could have left, and did not if still there.
    fn chances(self, x: f64) -> f64 {
        if self == Model::MbgNbd { x + 1.0 } else { x }
    }

    /// The part with times: the logarithm of (1 + T/α)^−(r+x) + odds·(1 + t_x/α)^−(r+x), the first for
    /// those who stayed.
    fn geometric_times(self, parameters: &[f64; 4], history: &History) -> (f64, [f64; 4]) {
        let &[r, alpha, a, b] = parameters;
        let shape = r + f64::from(history.repeats);
        let (late, early) = (alpha + history.age, alpha + history.recency);
        let watched = (history.age / alpha).ln_1p();
        let (stayed, by_alpha) = (-shape * watched, shape * (history.age / late) / alpha);
        let stays = self.chances(f64::from(history.repeats));
        if stays == 0.0 {
            return (stayed, [-watched, by_alpha, 0.0, 0.0]);
        }
        let longer = ((history.age - history.recency) / early).ln_1p();
        let odds = (a / (b + stays - 1.0)).ln() + shape * longer;
        let left = 1.0 / (1.0 + (-odds).exp());
        let more = if odds > 0.0 { odds + (-odds).exp().ln_1p() } else { odds.exp().ln_1p() };
        let by = [
            -watched + left * longer,
            by_alpha - left * shape * ((history.age - history.recency) / late) / early,
            left / a,
            -left / (b + stays - 1.0),
        ];
        (stayed + more, by)
    }

    /// The probability that the customer has not left for good at the end of the period.
    ///
    /// With BG/NBD it is 1 for whoever bought once, because nobody leaves before a repeat purchase.
    pub fn p_alive(self, parameters: &[f64; 4], history: &History) -> f64 {
        let &[r, alpha, a, b] = parameters;
        match self {
            Model::ParetoNbd => {
                let shape = r + f64::from(history.repeats);
                let stayed = -shape * (history.age / alpha).ln_1p() - a * (history.age / b).ln_1p();
                let (all, _) = pareto_times(parameters, history);
                (stayed - all).exp().min(1.0)
            }
            Model::BgNbd | Model::MbgNbd => {
                let stays = self.chances(f64::from(history.repeats));
                if stays == 0.0 {
                    return 1.0;
                }
                let longer = ((history.age - history.recency) / (alpha + history.recency)).ln_1p();
                let odds = (a / (b + stays - 1.0)).ln() + (r + f64::from(history.repeats)) * longer;
                1.0 / (1.0 + odds.exp())
            }
        }
    }

    /// Purchases expected in the next `time` of somebody who is still a customer: multiplied with
    /// [`p_alive`](Self::p_alive) it is what to expect of everybody. 0 for no time.
    ///
    /// Of the history only the number of purchases and the age count here.
    pub fn expected_if_alive(self, parameters: &[f64; 4], repeats: u32, age: f64, time: f64) -> f64 {
        let &[r, alpha, a, b] = parameters;
        let shape = r + f64::from(repeats);
        if time.is_nan() || time <= 0.0 {
            return 0.0;
        }
        match self {
            Model::ParetoNbd => {
                // (r+x)(β+T)/((α+T)(s−1)) · (1 − ((β+T)/(β+T+t))^(s−1)), finite at s = 1 as well.
                let (s, beta) = (a, b);
                let longer = (time / (beta + age)).ln_1p();
                let y = (s - 1.0) * longer;
                let curve = if y.abs() < 1e-12 { 1.0 } else { -(-y).exp_m1() / y };
                shape * (beta + age) / (alpha + age) * longer * curve
            }
            Model::BgNbd | Model::MbgNbd => {
                let stays = self.chances(f64::from(repeats));
                geometric_expectation(shape, time / (alpha + age), a, b + stays)
            }
        }
    }

    /// Purchases expected in the next `time`: E[N(t) | x, t_x, T].
    pub fn expected(self, parameters: &[f64; 4], history: &History, time: f64) -> f64 {
        self.p_alive(parameters, history)
            * self.expected_if_alive(parameters, history.repeats, history.age, time)
    }

    /// Repeat purchases expected of a new customer in the `time` after the first purchase.
    pub fn expected_of_new(self, parameters: &[f64; 4], time: f64) -> f64 {
        self.expected(parameters, &History { repeats: 0, recency: 0.0, age: 0.0 }, time)
    }
}

/// Purchases expected of a customer there now: gamma shape `shape`, `z` = time over the gamma's rate,
/// chance to leave after each purchase beta(`a`, `c`).
///
/// Without leaving, the number K of purchases would be negative binomial with shape `shape` and
/// success `w = z/(1+z)`; the j-th of them is made by whoever stayed j − 1 times. So
/// `E = Σₖ P(K = k) Σ_{j<k} (c)ⱼ/(a+c)ⱼ`. It is the ₂F₁ of the papers summed the other way: all terms
/// are positive, nothing cancels, and a = 1 is a value like any other. Where the series would be long
/// [`geometric_integral`] takes its place.
fn geometric_expectation(shape: f64, z: f64, a: f64, c: f64) -> f64 {
    if (shape + 40.0) * z > LONG {
        geometric_integral(shape, z, a, c)
    } else {
        geometric_series(shape, z, a, c)
    }
}

/// Terms of a series that are not worth summing.
const LONG: f64 = 3000.0;

fn geometric_series(shape: f64, z: f64, a: f64, c: f64) -> f64 {
    let w = z / (1.0 + z);
    let mut log_scale = -shape * z.ln_1p();
    let (mut term, mut sum) = (1.0f64, 0.0f64);
    let (mut stays, mut made) = (1.0f64, 0.0f64);
    let mut k = 0.0f64;
    loop {
        let ratio = w * (shape + k) / (k + 1.0);
        term *= ratio;
        made += stays;
        stays *= (c + k) / (a + c + k);
        sum += term * made;
        k += 1.0;
        // What follows is at most a geometric series with the next ratio, the purchases growing by one.
        let next = w * (shape + k) / (k + 1.0);
        let bound = if shape >= 1.0 { next } else { w };
        if bound < 1.0 && term * bound * (made + stays / (1.0 - bound)) < 1e-16 * sum * (1.0 - bound) {
            break;
        }
        if term > 1e200 {
            term *= 1e-200;
            sum *= 1e-200;
            log_scale += 200.0 * std::f64::consts::LN_10;
        }
        if k > 100.0 * LONG {
            break;
        }
    }
    sum * log_scale.exp()
}

/// The same as an integral: who leaves after a purchase with probability p makes `(1 − e^(−λpt))/p` of them on
/// average, over the gamma of λ `(1 − (1 + zp)^−shape)/p`, and this is averaged over the beta of p.
///
/// On the logit of p the beta has one peak. From there, or from where the beta is a power of p or of 1 − p and
/// what is averaged no longer changes, it is summed both ways in pieces short enough for ten points, over its
/// own sum, and beyond those ends added in closed form. So the work is bounded whatever the numbers.
fn geometric_integral(shape: f64, z: f64, a: f64, c: f64) -> f64 {
    let (a, c, z) = (a.max(1e-300), c.max(1e-300), z.min(1e250));
    let logistic = |y: f64| 1.0 / (1.0 + (-y).exp());
    let made = |p: f64| -(-shape * (z * p).ln_1p()).exp_m1() / p;
    let (low, high) = (-39.0 - (1.0 + (shape + 1.0) * z + c).ln(), 39.0 + (1.0 + a).ln());
    let peak = (a.ln() - c.ln()).clamp(low, high);
    // The density over that at the peak, from whichever of p and 1 − p is small there and keeps its digits.
    let (smaller, nearer) = if peak < 0.0 { (logistic(peak), a) } else { (logistic(-peak), c) };
    let density = |away: f64| {
        let away = if peak < 0.0 { away } else { -away };
        (nearer * away - (a + c) * (smaller * away.exp_m1()).ln_1p()).exp()
    };
    let (mut sum, mut all) = (0.0, 0.0);
    for (side, end, shrinks) in [(-1.0, peak - low, a), (1.0, high - peak, c)] {
        let mut from = 0.0;
        for _ in 0..PIECES {
            let rest = end - from;
            if rest.is_nan() || rest <= 0.0 {
                let edge = density(side * end) / shrinks;
                sum += edge * if side < 0.0 { shape * z } else { made(1.0) };
                all += edge;
                break;
            }
            // As long as the logarithm of the density changes by four, straight or curved.
            let width = |y: f64| {
                let (p, q) = (logistic(y), logistic(-y));
                (4.0 / (a * q - c * p).abs()).min(2.0 / ((a + c) * p * q).sqrt())
            };
            let first = rest.min(0.5).min(width(peak + side * from));
            let width = first.min(width(peak + side * (from + first)));
            let mut here = 0.0;
            for (node, weight) in GAUSS {
                for node in [-node, node] {
                    let away = side * (from + width / 2.0 * (1.0 + node));
                    let part = weight * width / 2.0 * density(away);
                    here += part;
                    sum += part * made(logistic(peak + away));
                }
            }
            all += here;
            from = if width < rest { from + width } else { end };
            // Towards p = 0 what is averaged grows, at most as 1/p does.
            if here < 1e-18 * all && (side > 0.0 || a > 2.0) {
                break;
            }
        }
    }
    sum / all
}

/// Nodes and weights of Gauss–Legendre quadrature with ten points on −1…1 (the positive half).
const GAUSS: [(f64, f64); 5] = [
    (0.148_874_338_981_631_2, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];

/// Pieces of an integral at most. Fewer do for any parameters that can be written down (see
/// [`pareto_times`]).
const PIECES: usize = 1000;

/// The part of the Pareto/NBD log-likelihood with times and its derivatives: the logarithm of
/// `(α+T)^−(r+x) (β+T)^−s + s ∫ (α+τ)^−(r+x) (β+τ)^−(s+1) dτ`, τ from the last purchase to the end,
/// times `α^(r+x) β^s`.
///
/// The integral (over when the customer left) is the difference of two ₂F₁ in the paper, which loses
/// its digits where they are close and overflows where they are not. As an integral it is smooth
/// and positive: it is summed over v = ln((m + τ)/(m + t_x)), m the smaller of α and β, relative to its
/// start, in pieces short enough for ten points to give fourteen digits. A piece is as long as the
/// integrand there allows, so their number is bounded whatever the parameters: no more than the
/// logarithm of the longest over the shortest time, and some dozens where the integrand falls.
fn pareto_times(&[r, alpha, s, beta]: &[f64; 4], history: &History) -> (f64, [f64; 4]) {
    let shape = r + f64::from(history.repeats);
    let (end, start) = (history.age, history.recency.min(history.age));
    let (near_a, near_b, near) = (alpha + start, beta + start, alpha.min(beta) + start);
    let (late, fades, silent) = (alpha + end, beta + end, end - start);
    // Everything is relative to the integrand where the customer would have left at once.
    let (rest_a, rest_b) = ((silent / near_a).ln_1p(), (silent / near_b).ln_1p());
    let stayed = (-shape * rest_a - s * rest_b).exp();
    let mut by = [-stayed * rest_a, stayed * shape * end / late, -stayed * rest_b, stayed * s * end / fades];
    let mut left = 0.0;
    let length = (silent / near).ln_1p();
    // How fast the logarithm of the integrand can change with v; it grows with v, e-fold at most in a piece.
    let steep = |v: f64| {
        let (reached, passed) = (near * v.exp(), near * v.exp_m1());
        1.0 + shape * reached / (near_a + passed) + (s + 1.0) * reached / (near_b + passed)
    };
    let mut from = 0.0;
    for _ in 0..PIECES {
        let rest = length - from;
        if rest.is_nan() || rest <= 0.0 {
            break;
        }
        let first = rest.min(1.0).min(4.0 / steep(from));
        let width = first.min(4.0 / steep(from + first));
        let (half, middle) = (width / 2.0, from + width / 2.0);
        let mut here = 0.0;
        for (node, weight) in GAUSS {
            for node in [-node, node] {
                let v = middle + half * node;
                let (reached, passed) = (near * v.exp(), near * v.exp_m1());
                let (now_a, now_b) = (near_a + passed, near_b + passed);
                let (ln_a, ln_b) = ((passed / near_a).ln_1p(), (passed / near_b).ln_1p());
                let density = weight * half * s * (-shape * ln_a - s * ln_b).exp() * reached / now_b;
                here += density;
                by[0] -= density * ln_a;
                by[1] += density * shape * (start + passed) / now_a;
                by[2] += density * (1.0 / s - ln_b);
                by[3] += density * (s * (start + passed) - beta) / now_b;
            }
        }
        left += here;
        from = if width < rest { from + width } else { length };
        if here < 1e-17 * left {
            break;
        }
    }
    let all = stayed + left;
    let (before_a, before_b) = ((start / alpha).ln_1p(), (start / beta).ln_1p());
    let by = by.map(|by| by / all);
    let by = [by[0] - before_a, by[1] / alpha, by[2] - before_b, by[3] / beta];
    (all.ln() - shape * before_a - s * before_b, by)
}

/// The logarithm of y (y + 1) … (y + x − 1) = Γ(y + x)/Γ(y), and its derivative by y: by Stirling's series
/// where y is large, since the difference of two large logarithms would be none.
fn rising(y: f64, x: f64) -> (f64, f64) {
    if y < 100.0 {
        return (ln_gamma(y + x) - ln_gamma(y), digamma(y + x) - digamma(y));
    }
    let tail = |y: f64| {
        let square = 1.0 / (y * y);
        (1.0 / 12.0 - square * (1.0 / 360.0 - square / 1260.0)) / y
    };
    let slope = |y: f64| {
        let square = 1.0 / (y * y);
        0.5 / y + square * (1.0 / 12.0 - square * (1.0 / 120.0 - square / 252.0))
    };
    let longer = (x / y).ln_1p();
    let value = (y - 0.5) * longer - x + x * (y + x).ln() + tail(y + x) - tail(y);
    (value, longer + slope(y) - slope(y + x))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOMER_1: History = History { repeats: 2, recency: 30.43, age: 38.86 };
    const BG: [f64; 4] = [0.242592907189, 4.41353156083, 0.792886148347, 2.42575343734];
    const MBG: [f64; 4] = [0.524837982077, 6.18299201465, 0.891356154918, 1.61399933818];
    const PARETO: [f64; 4] = [0.553275520536, 10.5776126357, 0.606213457392, 11.6679082616];
    const MODELS: [(Model, [f64; 4]); 3] =
        [(Model::BgNbd, BG), (Model::MbgNbd, MBG), (Model::ParetoNbd, PARETO)];

    fn close(ours: f64, theirs: f64, digits: f64) {
        assert!((ours - theirs).abs() <= digits * theirs.abs(), "{ours} is not {theirs}");
    }

    #[test]
    fn customer_one_as_published() {
        // Fader, Hardie and Lee's worked spreadsheet: 1.226 purchases in 39 weeks.
        assert!((Model::BgNbd.expected(&BG, &CUSTOMER_1, 39.0) - 1.226).abs() < 5e-4);
    }

    #[test]
    fn customer_one_in_lifetimes() {
        let theirs = [
            (0.726609151537, 1.22591045207),
            (0.706126247016, 1.26267078939),
            (0.869118732585, 1.45511300945),
        ];
        for ((model, parameters), (alive, expected)) in MODELS.into_iter().zip(theirs) {
            close(model.p_alive(&parameters, &CUSTOMER_1), alive, 1e-9);
            close(model.expected(&parameters, &CUSTOMER_1, 39.0), expected, 1e-9);
        }
    }

    /// In closed form by hand: r = 1, z = 1, a = c = 1. K is geometric (½, ¼, …), the j-th purchase is
    /// made with 1/(j + 1), so E = Σⱼ ½^(j+1)/(j+1) = ln 2.
    #[test]
    fn a_of_one_is_a_value_like_any_other() {
        close(geometric_expectation(1.0, 1.0, 1.0, 1.0), 2f64.ln(), 1e-14);
        let [low, high] = [1.0 - 1e-7, 1.0 + 1e-7].map(|a| geometric_expectation(1.0, 1.0, a, 1.0));
        assert!(low > 2f64.ln() && 2f64.ln() > high && low - high < 1e-6);
        // Nobody leaves: shape times time.
        close(geometric_expectation(2.5, 30.0, 1e-300, 3.0), 75.0, 1e-12);
        close(geometric_expectation(5e3, 2.0, 1e-300, 3.0), 1e4, 1e-11);
        // Everybody leaves after one: the chance of any purchase at all, 1 − (1+z)^−shape.
        close(geometric_expectation(0.5, 3.0, 1e12, 1.0), 0.5, 1e-9);
        // Very short times keep their digits.
        close(geometric_expectation(0.5, 1e-14, 0.8, 2.4), 0.5e-14, 1e-12);
    }

    #[test]
    fn a_long_series_is_an_integral() {
        for (shape, z, a, c) in [
            (0.5, 3.0, 0.8, 2.4),
            (2.0, 40.0, 1.0, 1.0),
            (30.0, 5.0, 1e-6, 3.0),
            (30.0, 5.0, 3.0, 0.02),
            (1e9, 2e-8, 1e9, 5e10),
            (1e6, 1e-4, 0.3, 1e4),
            (0.01, 60.0, 1e3, 1e-3),
            (7.0, 12.0, 1e-300, 1.0),
        ] {
            close(geometric_integral(shape, z, a, c), geometric_series(shape, z, a, c), 1e-11);
        }
        // The chance to leave is ⅓ in all but name, and time without end: three purchases.
        close(geometric_expectation(1e9, 1.0, 1e9, 2e9), 3.0, 1e-8);
        // a = 2, c = 1, no end of time: the mean of 1/p under the density 2p is 2.
        close(geometric_expectation(3.0, 1e12, 2.0, 1.0), 2.0, 1e-9);
        for z in [1e-300, 1e4, 1e100, 1e300, f64::INFINITY] {
            for (shape, a, c) in [(1e-9, 1e-9, 1e-9), (1e9, 1e9, 1e9), (1.0, 1e9, 1e-9), (1e9, 1e-9, 1e9)] {
                let some = geometric_expectation(shape, z, a, c);
                assert!(some.is_finite() && some >= 0.0, "{shape} {z} {a} {c}: {some}");
            }
        }
    }

    /// Γ(y + x)/Γ(y) is a product of x numbers, its derivative a sum of as many.
    #[test]
    fn rising_factorials() {
        for y in [0.3, 99.9, 100.0, 1e4, 1e9, 1e13] {
            for x in [0u32, 1, 7, 300] {
                let (value, slope) = rising(y, f64::from(x));
                close(value, (0..x).map(|k| (y + f64::from(k)).ln()).sum(), 2e-13);
                close(slope, (0..x).map(|k| 1.0 / (y + f64::from(k))).sum(), 2e-12);
            }
        }
    }

    #[test]
    fn pareto_at_s_of_one() {
        let at = |s: f64| Model::ParetoNbd.expected_if_alive(&[0.5, 10.0, s, 12.0], 2, 30.0, 40.0);
        close(at(1.0), 2.5 * 42.0 / 40.0 * (82.0f64 / 42.0).ln(), 1e-13);
        close(at(1.0 + 1e-9), at(1.0), 1e-8);
    }

    /// The integral in closed form by hand: α = β, so it is s/(R+s) · [(α+t)^−(R+s) − (α+T)^−(R+s)].
    #[test]
    fn pareto_with_equal_rates() {
        for (x, start, end) in [(0u32, 0.0, 38.0), (3, 20.0, 38.0), (40, 1.0, 400.0), (2, 30.0, 30.0)] {
            let (r, alpha, s) = (0.6, 5.0, 0.7);
            let history = History { repeats: x, recency: start, age: end };
            let shape = r + f64::from(x);
            let all = shape + s;
            let part = (alpha + start).powf(-all) - (alpha + end).powf(-all);
            let hand = ((alpha + end).powf(-all) + s / all * part).ln() + all * alpha.ln();
            close(pareto_times(&[r, alpha, s, alpha], &history).0, hand, 1e-13);
        }
    }

    #[test]
    fn derivatives_are_those_of_the_likelihood() {
        let rows = [(0, 0.0, 38.0), (2, 30.43, 38.86), (7, 10.0, 31.5), (1, 0.14, 27.0), (30, 38.0, 38.0)];
        let histories = Histories::new(
            rows.map(|(repeats, recency, age)| Some(History { repeats, recency, age })).into_iter(),
        );
        for (model, parameters) in MODELS {
            let (_, by) = model.log_likelihood(&parameters, &histories);
            for i in 0..4 {
                let at = |log: f64| {
                    let mut moved = parameters;
                    moved[i] *= log.exp();
                    model.log_likelihood(&moved, &histories).0
                };
                close(by[i], (at(1e-5) - at(-1e-5)) / 2e-5, 1e-6);
            }
        }
    }

    #[test]
    fn probabilities_of_all_counts_sum_to_what_is_expected() {
        // A new customer's expected purchases grow at the rate of E[λ] from the first day.
        for (model, parameters) in MODELS {
            let [r, alpha, a, b] = parameters;
            let stays = if model == Model::MbgNbd { b / (a + b) } else { 1.0 };
            close(model.expected_of_new(&parameters, 1e-9) / 1e-9, stays * r / alpha, 1e-6);
            assert_eq!(model.expected_of_new(&parameters, 0.0), 0.0);
            assert_eq!(model.expected_of_new(&parameters, f64::NAN), 0.0);
        }
    }

    #[test]
    fn long_silence_and_no_silence() {
        for (model, parameters) in MODELS {
            let silent = History { repeats: 20, recency: 1.0, age: 3000.0 };
            let fresh = History { repeats: 20, recency: 60.0, age: 60.0 };
            let (gone, here) = (model.p_alive(&parameters, &silent), model.p_alive(&parameters, &fresh));
            assert!((0.0..1e-9).contains(&gone) && here > 0.9 && here <= 1.0, "{model:?} {gone} {here}");
            let huge = History { repeats: 100_000, recency: 59.0, age: 60.0 };
            assert!(model.expected(&parameters, &huge, 500.0).is_finite());
        }
        assert_eq!(Model::BgNbd.p_alive(&BG, &History { repeats: 0, recency: 0.0, age: 90.0 }), 1.0);
    }
}
