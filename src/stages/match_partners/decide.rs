//! From what is known to what is recommended: desired segments, lifts, and the reason for each.

use super::Checked;
use super::evidence::{Cell, Evidence, Sum};
use crate::stats::credibility::{self, Group, Kind, Lift, Spread};

/// What was decided.
pub(super) struct Decided {
    /// By segment.
    pub segments: Vec<Judged>,
    /// By partner and segment.
    pub cells: Vec<Vec<Verdict>>,
    /// What a segment is measured against, in value and loyalty.
    pub thresholds: [Option<f64>; 2],
    /// Customers of each partner, and the good ones.
    pub n: Vec<u64>,
    pub good: Vec<u64>,
    /// All customers.
    pub all: u64,
}

/// A segment.
pub(super) struct Judged {
    pub desired: bool,
    /// None where neither value nor loyalty is known of anybody.
    pub quadrant: Option<&'static str>,
    /// Everybody's rate or mean.
    pub estimate: Option<f64>,
    pub spread: Spread,
    /// Partners of the list who have customers here.
    pub compared: usize,
    /// What a customer brings: its value, of good customers only where these are told by a condition.
    pub worth: Option<f64>,
}

/// A partner in a segment.
pub(super) struct Verdict {
    pub lift: Option<Lift>,
    pub reason: Reason,
}

/// Why a partner is recommended for a segment or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Better, beyond chance.
    Recommended,
    /// Better, though chance could explain it.
    Leaning,
    /// Not enough better.
    NotBetter,
    /// Worse, beyond chance.
    Worse,
    /// Nothing shows that partners differ in the segment.
    NoDifference,
    /// No other partner has customers in the segment.
    NoComparison,
    NotDesired,
    FewCustomers,
    NoCustomers,
    /// Everybody's rate is nothing to be compared with.
    NoRate,
}

impl Reason {
    pub fn code(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::Leaning => "leaning",
            Self::NotBetter => "not_better",
            Self::Worse => "worse",
            Self::NoDifference => "no_difference",
            Self::NoComparison => "no_comparison",
            Self::NotDesired => "not_desired",
            Self::FewCustomers => "few_customers",
            Self::NoCustomers => "no_customers",
            Self::NoRate => "no_rate",
        }
    }

    pub fn recommends(self) -> bool {
        matches!(self, Self::Recommended | Self::Leaning)
    }
}

pub(super) fn decide(ready: &Checked, found: &Evidence) -> Decided {
    let mut whole = Cell::default();
    found.segments.iter().for_each(|segment| whole.add(&segment.all));
    let [value, loyalty] = ready.thresholds;
    let thresholds = [value.or(whole.value.mean()), loyalty.or(whole.loyalty.mean())];
    let segments: Vec<Judged> =
        (0..found.segments.len()).map(|at| judge(ready, found, at, thresholds)).collect();
    let verdict = |cell: &Cell, segment: &Judged| verdict(ready, cell, segment);
    let cells = found
        .cells
        .iter()
        .map(|row| row.iter().zip(&segments).map(|(cell, segment)| verdict(cell, segment)).collect())
        .collect();
    let count = |of: fn(&Cell) -> u64| found.cells.iter().map(|row| row.iter().map(of).sum()).collect();
    Decided {
        segments,
        cells,
        thresholds,
        n: count(|cell| cell.group.n),
        good: count(|cell| cell.good),
        all: whole.group.n,
    }
}

fn judge(ready: &Checked, found: &Evidence, at: usize, thresholds: [Option<f64>; 2]) -> Judged {
    let segment = &found.segments[at];
    let above = |mean: Sum, threshold: Option<f64>| {
        threshold.map(|threshold| mean.mean().is_some_and(|mean| mean > threshold))
    };
    let [value, loyalty] = thresholds;
    let sides = (above(segment.all.value, value), above(segment.all.loyalty, loyalty));
    let quadrant = match sides {
        (None, None) => None,
        (Some(true), Some(true)) => Some("profitable and loyal"),
        (Some(true), _) => Some("profitable"),
        (_, Some(true)) => Some("loyal"),
        _ => Some("neither"),
    };
    let desired = match &ready.desired {
        Some(names) => names.contains(&segment.name),
        // Above in all that is asked for; a value that nobody has is above nothing.
        None => {
            let asked = [ready.customers.value.is_some(), ready.customers.loyalty.is_some()];
            let is = |(asked, above): (bool, Option<bool>)| !asked || above == Some(true);
            asked.into_iter().zip([sides.0, sides.1]).all(is)
        }
    };
    let groups: Vec<Group> = found.cells.iter().map(|row| row[at].group).collect();
    let spread = credibility::spread(&groups);
    let all = segment.all.group;
    Judged {
        desired,
        quadrant,
        estimate: (all.n > 0).then(|| all.sum / all.n as f64),
        spread: ready.prior.map_or(spread, |prior| spread.with_prior(prior)),
        compared: groups.iter().filter(|group| group.n > 0).count(),
        worth: segment.all.worth.mean(),
    }
}

fn verdict(ready: &Checked, cell: &Cell, segment: &Judged) -> Verdict {
    let n = cell.group.n;
    let lift = segment.estimate.and_then(|all| {
        credibility::lift(cell.group, all, ready.customers.kind, segment.spread, ready.confidence)
    });
    let reason = match lift {
        _ if n == 0 => Reason::NoCustomers,
        _ if !segment.desired => Reason::NotDesired,
        _ if n < ready.min_n => Reason::FewCustomers,
        None => Reason::NoRate,
        Some(_) if !segment.spread.differs && segment.compared < 2 => Reason::NoComparison,
        Some(_) if !segment.spread.differs => Reason::NoDifference,
        Some(Lift { shrunk, interval, .. }) if shrunk >= ready.min_lift => {
            let sure = interval.is_some_and(|(low, _)| low > 1.0);
            if sure { Reason::Recommended } else { Reason::Leaning }
        }
        Some(Lift { interval: Some((_, high)), .. }) if high < 1.0 => Reason::Worse,
        Some(_) => Reason::NotBetter,
    };
    Verdict { lift, reason }
}

/// What one more customer of a segment brings at a partner beyond what it brings elsewhere.
pub(super) fn gain(segment: &Judged, verdict: &Verdict) -> Option<f64> {
    Some((verdict.lift?.shrunk - 1.0) * segment.worth?)
}

/// Whether good customers are told by a condition.
pub(super) fn is_rate(ready: &Checked) -> bool {
    ready.customers.kind == Kind::Rate
}
