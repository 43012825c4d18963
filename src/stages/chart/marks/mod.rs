//! The marks as they are written in a pipeline file, one module each: its options, and which columns
//! fill its roles. What a mark looks like is the business of [`crate::chart`].

mod bar;
mod change;
mod distribution;
mod heat_map;
mod holdout;
mod lifecycle;
mod line;
mod nps;
mod profile;
mod quadrant;

use schemars::JsonSchema;
use serde::Deserialize;

use super::partners::{Contrast, Ranks, Scorecard};
use super::roles::Roles;
use crate::chart;
use crate::stages::{Check, Input};

pub use bar::Bar;
pub use change::Change;
pub use distribution::Distribution;
pub use heat_map::HeatMap;
pub use holdout::Holdout;
pub use lifecycle::Lifecycle;
pub use line::Line;
pub use nps::Nps;
pub use profile::Profile;
pub use quadrant::{AxisScale, Fields, Quadrant};

pub(super) use distribution::GROUP_BASE;
pub(super) use quadrant::{X_MEDIAN, Y_MEDIAN};

/// The kind of picture, and the columns that fill its roles.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Horizontal bars, one for each row.
    Bar(Bar),
    /// Net promoter bars: detractors, passives and promoters, the score and its interval.
    Nps(Nps),
    /// Lines over time, with the interval as a ribbon.
    Line(Line),
    /// A cross-tab in which each cell is shaded by its index.
    HeatMap(HeatMap),
    /// Points by volume and score, split at the medians of both.
    Quadrant(Quadrant),
    /// What moved a score between two waves: of each segment its answers (rate) and its size (mix).
    Change(Change),
    /// How often each answer from 0 to 10 was given.
    Distribution(Distribution),
    /// What sets segments apart: of each segment the strongest attributes, as an index against everybody.
    Profile(Profile),
    /// What was forecast against what came, by how often customers had bought before.
    Holdout(Holdout),
    /// A score card as a table with bars.
    Scorecard(Scorecard),
    /// Ranks with the intervals that hold nine tenths of the draws.
    Ranks(Ranks),
    /// What sets the best tier of partners apart from the last.
    Contrast(Contrast),
    /// The funnel turned upside down: levels, and who came and went.
    Lifecycle(Lifecycle),
}

/// The options of a chart that some marks alone use, by the word of the mark.
const USED: &[(&str, &[&str])] = &[
    ("bar", &["sort", "limit", "range", "number", "measure"]),
    ("nps", &["sort", "limit"]),
    ("line", &["range", "number", "measure"]),
    ("heat_map", &["limit", "number"]),
    ("quadrant", &["range", "number", "measure"]),
    ("change", &["sort", "limit", "range"]),
    ("distribution", &["limit", "range"]),
    ("profile", &["limit", "range"]),
    ("holdout", &["range"]),
    ("scorecard", &["limit", "range", "number", "measure"]),
    ("ranks", &["limit", "range"]),
    ("contrast", &["sort", "limit", "range"]),
    ("lifecycle", &[]),
];

/// The marks that use an option, in words.
pub(super) fn that_use(option: &str) -> String {
    let marks = USED.iter().filter(|(_, options)| options.contains(&option));
    let marks: Vec<String> = marks.map(|(mark, _)| format!("`{mark}`")).collect();
    match marks.split_last() {
        Some((last, others @ [_, ..])) => format!("{} and {last}", others.join(", ")),
        _ => marks.concat(),
    }
}

impl Mark {
    /// Whether it has a use for an option of the chart.
    pub(super) fn uses(&self, option: &str) -> bool {
        USED.iter().any(|(mark, options)| *mark == self.word() && options.contains(&option))
    }

    /// The word in the file.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Mark::Bar(_) => "bar",
            Mark::Nps(_) => "nps",
            Mark::Line(_) => "line",
            Mark::HeatMap(_) => "heat_map",
            Mark::Quadrant(_) => "quadrant",
            Mark::Change(_) => "change",
            Mark::Distribution(_) => "distribution",
            Mark::Profile(_) => "profile",
            Mark::Holdout(_) => "holdout",
            Mark::Scorecard(_) => "scorecard",
            Mark::Ranks(_) => "ranks",
            Mark::Contrast(_) => "contrast",
            Mark::Lifecycle(_) => "lifecycle",
        }
    }

    /// How many rows a picture has where the file does not say: a table of all partners is long.
    pub(super) fn usual_limit(&self) -> Option<usize> {
        matches!(self, Mark::Scorecard(_) | Mark::Ranks(_)).then_some(100)
    }

    /// How many rows it can be given: pictures that grow with them end somewhere.
    pub(super) fn most(&self) -> Option<u32> {
        matches!(self, Mark::Scorecard(_) | Mark::Ranks(_)).then_some(500)
    }

    /// A second table that is drawn with the first.
    pub(super) fn total(&self) -> Option<&Input> {
        match self {
            Mark::Nps(nps) => nps.total.as_ref(),
            _ => None,
        }
    }

    /// The column whose values are written beside the mark.
    pub(super) fn value(&self) -> Option<&str> {
        match self {
            Mark::Bar(bar) => Some(&bar.value.value),
            Mark::Line(line) => Some(&line.y.value),
            Mark::Quadrant(quadrant) => Some(&quadrant.y.value),
            _ => None,
        }
    }

    /// The mark with all its columns found.
    pub(super) fn check(&self, from: &Input, cx: &mut Check<'_>) -> Option<chart::Mark> {
        let schema = cx.schema(from)?;
        let roles = &mut Roles { cx, from, schema };
        match self {
            Mark::Bar(bar) => bar.find(roles).map(chart::Mark::Bar),
            Mark::Nps(nps) => nps.find(roles).map(chart::Mark::NetPromoter),
            Mark::Line(line) => line.find(roles).map(chart::Mark::Line),
            Mark::HeatMap(map) => map.find(roles).map(chart::Mark::HeatMap),
            Mark::Quadrant(quadrant) => quadrant.find(roles).map(chart::Mark::Quadrant),
            Mark::Change(change) => change.find(roles).map(chart::Mark::Change),
            Mark::Distribution(shares) => shares.find(roles).map(chart::Mark::Distribution),
            Mark::Profile(profile) => profile.find(roles).map(chart::Mark::Profile),
            Mark::Holdout(holdout) => holdout.find(roles).map(chart::Mark::Holdout),
            Mark::Scorecard(card) => roles.scorecard(card).map(chart::Mark::Scorecard),
            Mark::Ranks(ranks) => roles.ranks(ranks).map(chart::Mark::Ranks),
            Mark::Contrast(contrast) => roles.contrast(contrast).map(chart::Mark::Contrast),
            Mark::Lifecycle(levels) => levels.find(roles).map(chart::Mark::Lifecycle),
        }
    }
}
