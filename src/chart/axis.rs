//! Scales: from values to pixels, and round numbers to write beside them.

use crate::number;

/// A straight scale from values to pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// `low` is drawn at pixel `from`, `high` at pixel `to`.
    pub(super) fn new((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        Self { low, high, from, to }
    }

    /// The pixels of both ends.
    pub(super) fn ends(self) -> (f64, f64) {
        (self.from, self.to)
    }

    pub(super) fn at(self, value: f64) -> f64 {
        let span = self.high - self.low;
        let part = if span == 0.0 { 0.5 } else { (value - self.low) / span };
        self.from + (self.to - self.from) * part.clamp(0.0, 1.0)
    }
}

/// The range, widened where it is a single value and cleared of what is not a number.
pub(super) fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return None;
    }
    if low < high {
        return Some((low, high));
    }
    let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
    Some((low - room, high + room))
}

/// Round numbers (1, 2 or 5 times a power of ten apart) inside a range, about `wanted` of them.
pub(super) fn ticks((low, high): (f64, f64), wanted: usize) -> Vec<f64> {
    let step = step((low, high), wanted);
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    // `+ 0.0`: zero has no sign on an axis.
    (0..=((last - first).max(0.0) as usize)).map(|k| (first + k as f64) * step + 0.0).collect()
}

/// The range widened to the next round numbers.
pub(super) fn rounded((low, high): (f64, f64), wanted: usize) -> (f64, f64) {
    let step = step((low, high), wanted);
    ((low / step + 1e-9).floor() * step + 0.0, (high / step - 1e-9).ceil() * step + 0.0)
}

fn step((low, high): (f64, f64), wanted: usize) -> f64 {
    let raw = (high - low) / wanted.max(1) as f64;
    if raw <= 0.0 || !raw.is_finite() {
        return 1.0;
    }
    let power = 10f64.powi(raw.log10().floor() as i32);
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| times * power >= raw * 0.999_999);
    number::significant(times.unwrap_or(10.0) * power, 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks((0.0, 97.0), 5), [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(ticks((-30.0, 42.0), 4), [-20.0, 0.0, 20.0, 40.0]);
        let small = ticks((0.0, 0.3), 3);
        assert_eq!(small.len(), 4);
        assert!((small[3] - 0.3).abs() < 1e-12);
    }

    #[test]
    fn rounding_takes_the_range_in() {
        assert_eq!(rounded((-31.0, 42.0), 4), (-40.0, 60.0));
        assert_eq!(rounded((0.0, 100.0), 5), (0.0, 100.0));
    }

    #[test]
    fn one_value_is_a_range_too() {
        assert_eq!(range([5.0, f64::NAN]), Some((4.5, 5.5)));
        assert_eq!(range([0.0]), Some((-1.0, 1.0)));
        assert_eq!(range([]), None);
        assert_eq!(Scale::new((4.5, 5.5), (0.0, 100.0)).at(5.0), 50.0);
    }
}
