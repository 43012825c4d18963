//! Which scales an indicator may be brought to, and what of it goes together.

use super::{Aggregate, Check, Indicator, Normalise, Scales, ScorePartners};
use crate::diagnostic::Code;
use crate::stats::composite::{Aggregation, Mean, Normalisation};

impl ScorePartners {
    pub(super) fn aggregation(&self) -> Aggregation {
        match self.aggregate {
            Aggregate::Arithmetic => Aggregation::Mean(Mean::Arithmetic),
            Aggregate::Geometric => Aggregation::Mean(Mean::Geometric),
            Aggregate::Harmonic => Aggregation::Mean(Mean::Harmonic),
            Aggregate::Copeland => Aggregation::Copeland,
            Aggregate::Topsis => Aggregation::Topsis,
        }
    }

    /// Values must be above zero: a zero would make the mean zero whatever the others say.
    fn wants_positive(&self) -> Option<&'static str> {
        match self.aggregate {
            Aggregate::Geometric => Some("geometric"),
            Aggregate::Harmonic => Some("harmonic"),
            Aggregate::Arithmetic | Aggregate::Copeland | Aggregate::Topsis => None,
        }
    }

    /// Whether the scale suits the aggregate.
    pub(super) fn scale_is_sound(&self, cx: &mut Check<'_>) -> bool {
        let Some(mean) = self.wants_positive() else { return true };
        let (what, label) = match self.normalise.value {
            Normalise::Z => ("z-scores", "half of all z-scores are below zero"),
            Normalise::Vector => ("vector scales", "these can be zero and below"),
            Normalise::MinMax | Normalise::Rank | Normalise::PercentileRank => return true,
        };
        let message = format!("cannot take a {mean} mean of {what}");
        let help = "use `normalise: min_max`, which keeps the same distances on a scale of 1 to 100";
        cx.invalid(self.normalise.span, Code::InvalidOption, &message, label, help);
        false
    }

    /// The stage's own scale for an indicator and then those to be drawn beside it: each in steps.
    pub(super) fn scales(&self, indicator: &Indicator) -> Vec<Vec<Normalisation>> {
        let positive = self.wants_positive().is_some();
        let (low, high) = (if positive { 1.0 } else { 0.0 }, 100.0);
        let scale = Normalisation::MinMax { low, high };
        let steps = |normalise| match normalise {
            Normalise::MinMax => vec![scale],
            Normalise::Z => vec![Normalisation::Z],
            Normalise::Rank if positive => vec![Normalisation::Rank, scale],
            Normalise::Rank => vec![Normalisation::Rank],
            Normalise::PercentileRank => vec![Normalisation::Percentile { low, high }],
            Normalise::Vector => vec![Normalisation::Vector],
        };
        let own = match &indicator.goalposts {
            Some(posts) => {
                vec![Normalisation::Goalposts { worst: posts.worst.value, best: posts.best.value, low, high }]
            }
            None => steps(self.normalise.value),
        };
        let varied = self.stability.as_ref().is_some_and(|stability| stability.normalise == Scales::Varied);
        // Copeland only asks who is better, which no scale alters.
        let others = if varied && self.aggregate != Aggregate::Copeland {
            [Normalise::MinMax, Normalise::Z, Normalise::Rank].as_slice()
        } else {
            &[]
        };
        let others = others
            .iter()
            .filter(|other| **other != self.normalise.value && !(positive && **other == Normalise::Z));
        std::iter::once(own).chain(others.map(|other| steps(*other))).collect()
    }
}

/// Whether an indicator's posts can be used.
pub(super) fn posts_are_sound(indicator: &Indicator, normalise: Normalise, cx: &mut Check<'_>) -> bool {
    let Some(posts) = &indicator.goalposts else { return true };
    let (worst, best) = (posts.worst.value, posts.best.value);
    if normalise != Normalise::MinMax {
        let message = "has goalposts on a scale without ends";
        let label = "these are the ends of `normalise: min_max`";
        cx.invalid(posts.worst.span, Code::InvalidOption, message, label, "leave one of the two out");
        return false;
    }
    let lower = indicator.direction == super::Better::Lower;
    let sound = worst.is_finite() && best.is_finite() && if lower { best < worst } else { worst < best };
    if !sound {
        let (label, help) = if lower {
            ("the smaller is the better: the best must be below the worst", "exchange the posts")
        } else {
            (
                "the larger is the better: the best must be above the worst",
                "exchange the posts, or say `direction: lower`",
            )
        };
        cx.invalid(posts.best.span, Code::InvalidOption, "has goalposts the wrong way round", label, help);
    }
    sound
}
