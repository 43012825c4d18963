//! The scorecard of a brief: each indicator as it was measured, beside its peers, and what it adds.

use super::super::grid::Format;
use super::super::records::Datum;
use super::scale::{Bar, Scale};
use super::{Card, Layout, Rows, number, shown, text};

/// How a partner is doing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scorecard {
    /// The indicators, in the order of the card.
    pub indicators: Vec<Indicator>,
    /// Who the peers are.
    pub peers: String,
    /// Whether what an indicator adds to the score is known of any.
    pub adds_up: bool,
    /// Whether ranks were put to the test.
    pub ranges: bool,
}

/// An indicator of a partner.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Indicator {
    /// What it is called.
    pub name: String,
    /// As it was measured.
    pub value: String,
    /// Its standard error; empty where none was given.
    pub error: String,
    /// The median of the peers.
    pub median: String,
    /// The normalised value, marked at the median of the peers; none where it is missing.
    pub bar: Option<Bar>,
    /// Its part of the weight.
    pub weight: String,
    /// What it adds to the score.
    pub contribution: String,
}

pub(super) fn of(
    layout: &Layout,
    card: Card<'_>,
    indicators: &Rows<'_>,
    key: &str,
    group: Option<&str>,
) -> Scorecard {
    let all = card.peers;
    let is_peer = |line: &usize| match (layout.peers.is_some(), group) {
        (false, _) => true,
        (true, group) => text(all, *line, "peers").as_deref() == group,
    };
    let lines: Vec<usize> = (0..all.len()).filter(is_peer).collect();
    let ends = lines.iter().flat_map(|line| [number(all, *line, "low"), number(all, *line, "high")]);
    let scale = Scale::over(ends.flatten(), 0.0);
    let records = indicators.records;
    let own = indicators.of(key);
    let indicator = |row: &usize| {
        let name = text(records, *row, "indicator")?;
        let line = lines.iter().find(|line| text(all, **line, "indicator").as_ref() == Some(&name));
        let median = |column: &str| number(all, *line?, column);
        let of = |column: &str| number(records, *row, column);
        let format =
            layout.formats.get(&name).copied().unwrap_or_else(|| usual(median("value").or(of("value"))));
        Some(Indicator {
            value: shown(of("value"), format),
            error: of("std_error")
                .map_or(String::new(), |error| format!("± {}", error_format(format).text(error))),
            median: shown(median("value"), format),
            bar: of("normalised").map(|value| scale.bar(value, median("normalised"))),
            weight: of("weight").map_or(String::new(), |weight| Format::Percent(0).text(weight)),
            contribution: shown(of("contribution"), Format::Fixed(1)),
            name: layout.label(&name),
        })
    };
    Scorecard {
        indicators: own.iter().filter_map(indicator).collect(),
        peers: match (&layout.peers, group) {
            (Some(_), Some(group)) => format!("peers in {group}"),
            _ => "all partners".to_owned(),
        },
        adds_up: own.iter().any(|row| *records.get(*row, "contribution") != Datum::Missing),
        ranges: card.scores.field("rank_low").is_some(),
    }
}

/// How values are shown where nothing is said of them: whole where they are large, with the more
/// decimals the smaller they are.
fn usual(typical: Option<f64>) -> Format {
    match typical.map_or(0.0, f64::abs) {
        large if large >= 100.0 => Format::Count,
        middle if middle >= 2.0 => Format::Fixed(1),
        _ => Format::Fixed(2),
    }
}

/// A standard error has no sign, and one decimal more than a score.
fn error_format(format: Format) -> Format {
    if format == Format::Score { Format::Fixed(1) } else { format }
}
