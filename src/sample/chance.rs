//! Reproducible chance: every draw is made of integer and correctly rounded operations only, so that
//! a seed gives the same numbers on every machine. Knows nothing of customers or files.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random draws.
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// Stream number `stream` of a seed. Streams do not overlap, so each file has one of its own and
    /// a change to one file leaves the others as they were.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Uniform on [0, 1), 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number from 0 to `n` - 1.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    /// True with probability `p`.
    pub fn happens(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of the items, each as likely as the next.
    pub fn pick<T: Copy, const N: usize>(&mut self, items: &[T; N]) -> T {
        items[self.below(N)]
    }

    /// A position, in proportion to the weights.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (at, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return at;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// Mean 0, standard deviation 1, nearly normal: the sum of twelve uniforms, because the exact
    /// methods need a logarithm, whose last digit differs between machines.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// Exponential with mean 1 by von Neumann's comparisons of uniforms (1951), exact and without a
    /// logarithm: a descending run of odd length is accepted with probability e^-x.
    pub fn exponential(&mut self) -> f64 {
        let mut whole = 0.0;
        loop {
            let first = self.unit();
            let (mut last, mut length) = (first, 1);
            loop {
                let next = self.unit();
                if next >= last {
                    break;
                }
                last = next;
                length += 1;
            }
            if length % 2 == 1 {
                return whole + first;
            }
            whole += 1.0;
        }
    }
}

/// e^x to about three digits for small x, by squaring: plain arithmetic, the same everywhere.
pub fn exp(x: f64) -> f64 {
    (0..10).fold(1.0 + x / 1024.0, |y, _| y * y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(draw: impl Fn(&mut Chance) -> f64) -> (f64, f64) {
        let mut chance = Chance::new(1, 1);
        let n = 20_000;
        let draws: Vec<f64> = (0..n).map(|_| draw(&mut chance)).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        (mean, draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64)
    }

    // Five standard errors of the mean and of the variance at 20,000 draws.
    #[test]
    fn draws_have_their_mean_and_variance() {
        let (mean, variance) = moments(Chance::unit);
        assert!((mean - 0.5).abs() < 0.011 && (variance - 1.0 / 12.0).abs() < 0.003);
        let (mean, variance) = moments(Chance::normal);
        assert!(mean.abs() < 0.036 && (variance - 1.0).abs() < 0.05);
        let (mean, variance) = moments(Chance::exponential);
        assert!((mean - 1.0).abs() < 0.036 && (variance - 1.0).abs() < 0.1);
        let (mean, _) = moments(|c| c.weighted(&[1.0, 0.0, 3.0]) as f64);
        assert!((mean - 1.5).abs() < 0.031);
    }

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |stream| Chance::new(7, stream).below(1_000_000);
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn exponent_is_close() {
        for x in [-1.0f64, -0.1, 0.0, 0.5, 1.5] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 2e-3, "{x}");
        }
    }
}
