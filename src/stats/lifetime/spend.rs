//! What a customer spends at a time, by the Gamma–Gamma model, and what is to come of it, discounted.
//! Knows nothing of when customers buy.
//!
//! Amounts vary around a mean of the customer's own with gamma shape `p`; the means vary between
//! customers (`q`, `gamma`), and independently of how often they buy (Fader, Hardie and Lee 2005,
//! *Journal of Marketing Research* 42, 415–430; Fader and Hardie 2013, note 025).

use statrs::function::gamma::{digamma, ln_gamma};

/// The names of the parameters.
pub const PARAMETERS: [&str; 3] = ["p", "q", "gamma"];

/// What one customer spent: `count` amounts above zero with this mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spend {
    /// How many amounts.
    pub count: f64,
    /// Their mean.
    pub mean: f64,
}

impl Spend {
    /// Checked: at least one amount, finite, the mean above zero. `None` otherwise.
    pub fn new(count: f64, mean: f64) -> Option<Self> {
        let sound = count > 0.0 && count.is_finite() && mean > 0.0 && mean.is_finite();
        sound.then_some(Self { count, mean })
    }
}

/// The logarithm of the likelihood of all means, and its derivatives by the logarithm of each
/// parameter.
pub fn log_likelihood(&[p, q, gamma]: &[f64; 3], spends: &[Spend]) -> (f64, [f64; 3]) {
    let (whole, whole_by) = (q * gamma.ln() - ln_gamma(q), gamma.ln() - digamma(q));
    let mut sum = 0.0;
    let mut by = [0.0; 3];
    for Spend { count, mean } in spends {
        let (shape, total) = (p * count, gamma + count * mean);
        let (ln_total, ln_spent) = (total.ln(), (count * mean).ln());
        sum += ln_gamma(shape + q) - ln_gamma(shape) + whole + shape * ln_spent
            - mean.ln()
            - (shape + q) * ln_total;
        let joint = digamma(shape + q);
        by[0] += count * (joint - digamma(shape) + ln_spent - ln_total);
        by[1] += joint + whole_by - ln_total;
        by[2] += q / gamma - (shape + q) / total;
    }
    (sum, [by[0] * p, by[1] * q, by[2] * gamma])
}

/// What the customer is expected to spend at a time: their own mean drawn to everybody's, the more
/// the fewer amounts it rests on. Without any it is everybody's, `pγ/(q−1)`. `None` where it is infinite:
/// `px + q ≤ 1` with x amounts, so that where everybody's mean is infinite (`q ≤ 1`) those who spent enough
/// times have one all the same.
pub fn expected(&[p, q, gamma]: &[f64; 3], spend: Option<Spend>) -> Option<f64> {
    let (count, mean) = spend.map_or((0.0, 0.0), |spend| (spend.count, spend.mean));
    let spread = p * count + q - 1.0;
    (spread > 0.0).then(|| p * (gamma + count * mean) / spread)
}

/// The value today of purchases to come: `Σₘ value · (N(m) − N(m−1)) / (1+d)^m` over the months,
/// where `cumulated` are the purchases expected up to the end of each month and `discount` is the
/// rate of a month.
pub fn discounted(value: f64, cumulated: impl IntoIterator<Item = f64>, discount: f64) -> f64 {
    let (mut before, mut factor, mut sum) = (0.0, 1.0, 0.0);
    for n in cumulated {
        factor /= 1.0 + discount;
        sum += (n - before) * factor;
        before = n;
    }
    value * sum
}

/// Pearson's correlation between how often and how much customers buy, which the model takes to be
/// none. `None` with fewer than two customers or without variation.
pub fn correlation(spends: &[Spend]) -> Option<f64> {
    let n = spends.len() as f64;
    let count = spends.iter().map(|spend| spend.count).sum::<f64>() / n;
    let mean = spends.iter().map(|spend| spend.mean).sum::<f64>() / n;
    let product = |f: fn(f64, f64) -> f64| {
        spends.iter().map(|spend| f(spend.count - count, spend.mean - mean)).sum::<f64>()
    };
    let (both, a, b) = (product(|x, y| x * y), product(|x, _| x * x), product(|_, y| y * y));
    (spends.len() > 1 && a > 0.0 && b > 0.0).then(|| both / (a * b).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CDNOW: [f64; 3] = [6.2488024931, 3.74458845248, 15.4477479955];

    #[test]
    fn published() {
        // Note 025 prints 6.25, 3.74, 15.44 and a population mean of about 35.2 dollars.
        assert!((expected(&CDNOW, None).unwrap() - 35.1710020859).abs() < 1e-8);
        let one = expected(&CDNOW, Spend::new(2.0, 22.35)).unwrap();
        assert!((one - 24.6586161723).abs() < 1e-8);
    }

    #[test]
    fn worked_by_hand() {
        // p = q = 2, γ = 3, two amounts with mean 4: 2·(3 + 8)/(4 + 1) = 4.4; everybody 2·3/1 = 6.
        assert!((expected(&[2.0, 2.0, 3.0], Spend::new(2.0, 4.0)).unwrap() - 4.4).abs() < 1e-14);
        assert!((expected(&[2.0, 2.0, 3.0], None).unwrap() - 6.0).abs() < 1e-14);
        // 10 · (1/1.25 + 0.5/1.25²) = 11.2
        assert!((discounted(10.0, [1.0, 1.5], 0.25) - 11.2).abs() < 1e-14);
        // One amount of 1 under p = q = γ = 1: 1·1·1/(1 + 1)² = ¼.
        let one = [Spend::new(1.0, 1.0).unwrap()];
        assert!((log_likelihood(&[1.0; 3], &one).0 - 0.25f64.ln()).abs() < 1e-13);
    }

    #[test]
    fn derivatives_are_those_of_the_likelihood() {
        let spends: Vec<Spend> =
            [(1.0, 20.0), (3.0, 35.5), (12.0, 8.25)].map(|(n, m)| Spend::new(n, m).unwrap()).into();
        let (_, by) = log_likelihood(&CDNOW, &spends);
        for i in 0..3 {
            let at = |log: f64| {
                let mut moved = CDNOW;
                moved[i] *= log.exp();
                log_likelihood(&moved, &spends).0
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((by[i] - slope).abs() < 1e-6 * slope.abs().max(1.0), "{i}: {} {slope}", by[i]);
        }
    }

    #[test]
    fn degenerate() {
        assert_eq!(expected(&[2.0, 1.0, 3.0], None), None);
        // q = ½: one amount of 4 has 0.25·(3 + 4)/(0.25 − 0.5) < 0 and so none, three have 0.25·15/0.25.
        assert_eq!(expected(&[0.25, 0.5, 3.0], Spend::new(1.0, 4.0)), None);
        assert_eq!(expected(&[0.25, 0.5, 3.0], Spend::new(3.0, 4.0)), Some(15.0));
        assert_eq!(discounted(10.0, [], 0.1), 0.0);
        for (count, mean) in [(0.0, 5.0), (1.0, 0.0), (1.0, -3.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            assert_eq!(Spend::new(count, mean), None);
        }
        let same = vec![Spend { count: 2.0, mean: 5.0 }; 3];
        assert_eq!(correlation(&same), None);
        assert_eq!(correlation(&same[..1]), None);
        assert_eq!(correlation(&[]), None);
        let line = [Spend { count: 1.0, mean: 2.0 }, Spend { count: 2.0, mean: 4.0 }];
        assert!((correlation(&line).unwrap() - 1.0).abs() < 1e-14);
    }
}
