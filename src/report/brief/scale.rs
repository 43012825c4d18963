//! Places on a line of bars, in percent of its length. Knows no table.

/// What values a line of bars covers, from end to end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
}

/// A bar from where bars begin to a value, with a mark at another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Where it begins, in percent of the line.
    pub from: f64,
    /// How long it is.
    pub width: f64,
    /// Where the mark is.
    pub tick: Option<f64>,
}

/// A point and the interval around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Whisker {
    /// Where the point is, in percent of the line.
    pub at: f64,
    /// Where the interval begins.
    pub from: f64,
    /// How long it is.
    pub width: f64,
    /// Where the line is that the point is held against.
    pub zero: f64,
}

impl Scale {
    /// From the smallest to the largest value, and `always`.
    pub fn over(values: impl Iterator<Item = f64>, always: f64) -> Self {
        let (low, high) =
            values.fold((always, always), |(low, high), value| (low.min(value), high.max(value)));
        Self { low, high }
    }

    /// Between two ends.
    pub fn between(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// The same with some room at both ends.
    pub fn with_room(self) -> Self {
        let room = (self.high - self.low) * 0.04;
        Self { low: self.low - room, high: self.high + room }
    }

    /// Where a value is; what lies beyond is at the end. In the middle where there is no length.
    pub fn at(self, value: f64) -> f64 {
        if self.high > self.low {
            ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0) * 100.0
        } else {
            50.0
        }
    }

    /// A bar from zero.
    pub fn bar(self, value: f64, tick: Option<f64>) -> Bar {
        let (zero, end) = (self.at(0.0), self.at(value));
        Bar { from: zero.min(end), width: (end - zero).abs(), tick: tick.map(|tick| self.at(tick)) }
    }

    /// A point in its interval, against a line at `zero`.
    pub fn whisker(self, value: f64, (low, high): (f64, f64), zero: f64) -> Whisker {
        let (from, to) = (self.at(low), self.at(high));
        Whisker { at: self.at(value), from, width: to - from, zero: self.at(zero) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_begin_at_zero_on_either_side() {
        let scale = Scale::over([-1.0, 3.0].into_iter(), 0.0);
        assert_eq!(scale.bar(3.0, Some(1.0)), Bar { from: 25.0, width: 75.0, tick: Some(50.0) });
        assert_eq!(scale.bar(-1.0, None), Bar { from: 0.0, width: 25.0, tick: None });
        assert_eq!(scale.bar(9.0, None).width, 75.0, "what lies beyond the scale ends with it");
    }

    #[test]
    fn a_scale_without_length_has_its_values_in_the_middle() {
        let scale = Scale::over([0.0].into_iter(), 0.0);
        assert_eq!((scale.at(0.0), scale.bar(0.0, None).width), (50.0, 0.0));
        assert_eq!(Scale::over(std::iter::empty(), 0.0), scale);
    }

    #[test]
    fn a_point_stands_in_its_interval() {
        let whisker = Scale::between(0.0, 2.0).whisker(1.2, (1.0, 1.5), 1.0);
        assert_eq!(whisker, Whisker { at: 60.0, from: 50.0, width: 25.0, zero: 50.0 });
    }
}
