//! Where to steer: the segments a partner could serve, by how well it does with each.

use super::super::grid::{BaseMark, Format};
use super::super::records::Datum;
use super::scale::{Scale, Whisker};
use super::{Rows, mark, number, shown, text};

/// As good as with everybody.
const EVEN: f64 = 1.0;

/// The segments of a partner.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Steering {
    /// The segments: those recommended first, led by the one that the advice begins with, then by lift.
    pub segments: Vec<Segment>,
    /// Whether customers were assigned.
    pub assigned: bool,
}

/// A segment, as a partner serves it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Segment {
    /// What it is called.
    pub name: String,
    /// Whether we want customers of it.
    pub desired: bool,
    /// Whether customers of it should be steered to the partner.
    pub recommended: bool,
    /// Whether that is no more than a leaning, because chance could explain it.
    pub leaning: bool,
    /// Why, or why not.
    pub reason: String,
    /// Customers of the partner in the segment.
    pub n: String,
    /// The mark of few of them.
    pub mark: Option<BaseMark>,
    /// The outcome against that of everybody in the segment.
    pub lift: String,
    /// Its interval.
    pub interval: String,
    /// Both as a picture.
    pub whisker: Option<Whisker>,
    /// Customers assigned now.
    pub assigned: String,
}

/// `first` is the segment that the advice begins with.
pub(super) fn of(table: &Rows<'_>, key: &str, first: Option<&str>) -> Steering {
    let records = table.records;
    let of = |row: usize, column: &str| number(records, row, column);
    let is = |row: usize, column: &str| *records.get(row, column) == Datum::Flag(true);
    let mut rows: Vec<usize> = table.of(key).to_vec();
    let lift = |row: usize| of(row, "lift_shrunk").unwrap_or(f64::NEG_INFINITY);
    let leads = |row: usize| first.is_some() && text(records, row, "segment").as_deref() == first;
    rows.sort_by(|a, b| {
        is(*b, "recommended")
            .cmp(&is(*a, "recommended"))
            .then_with(|| leads(*b).cmp(&leads(*a)))
            .then(lift(*b).total_cmp(&lift(*a)))
            .then(a.cmp(b))
    });
    let ends = |row: usize| of(row, "conf_low").zip(of(row, "conf_high"));
    let all =
        rows.iter().flat_map(|row| ends(*row).map_or([None, None], |(low, high)| [Some(low), Some(high)]));
    let scale = Scale::over(all.flatten(), EVEN).with_room();
    let segment = |row: &usize| {
        let row = *row;
        let ends = ends(row);
        Some(Segment {
            name: text(records, row, "segment")?,
            desired: is(row, "desired"),
            recommended: is(row, "recommended"),
            leaning: is(row, "recommended")
                && text(records, row, "reason_code").as_deref() == Some("leaning"),
            reason: text(records, row, "reason").unwrap_or_default(),
            n: shown(of(row, "n"), Format::Count),
            mark: mark(records, row),
            lift: shown(of(row, "lift_shrunk"), Format::Fixed(2)),
            interval: ends.map_or(String::new(), |(low, high)| {
                format!("{} to {}", Format::Fixed(2).text(low), Format::Fixed(2).text(high))
            }),
            whisker: of(row, "lift_shrunk").zip(ends).map(|(lift, ends)| scale.whisker(lift, ends, EVEN)),
            assigned: shown(of(row, "assigned"), Format::Count),
        })
    };
    Steering {
        segments: rows.iter().filter_map(segment).collect(),
        assigned: rows.iter().any(|row| of(*row, "assigned").is_some()),
    }
}
