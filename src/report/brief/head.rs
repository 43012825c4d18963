//! The head of a brief: who the partner is, where it stands, how many customers it has.

use super::super::document::KeyFigure;
use super::super::grid::Format;
use super::super::records::{Datum, Records};
use super::{Brief, Card, Layout, number, shown, text};

/// What is known of a partner, where it is known.
pub(super) fn facts(layout: &Layout, partners: &Records, row: usize) -> Vec<(String, String)> {
    let fact = |name: &String| {
        let value = match partners.get(row, name) {
            Datum::Number(value) => {
                let dtype = &partners.field(name)?.dtype;
                Some(super::listing::format(name, dtype, "").text(*value))
            }
            _ => text(partners, row, name),
        };
        Some((layout.label(name), value?))
    };
    layout.facts.iter().filter_map(fact).collect()
}

/// Rank and score, and how sure they are.
pub(super) fn standing(brief: &mut Brief, card: Card<'_>, own: Option<usize>, group: Option<&str>) {
    let of = |column: &str| number(card.scores, own?, column);
    let tier = own.and_then(|row| text(card.scores, row, "tier")).unwrap_or_default();
    let Some(rank) = of("rank") else {
        let detail = "too little is known for a score".to_owned();
        brief.figures.push(KeyFigure { label: "Rank".into(), value: "–".into(), detail });
        return;
    };
    let group = group.map_or(Datum::Missing, |group| Datum::Text(group.to_owned()));
    let ranked = card.ranked.matching(&[("peers", group)]);
    let ranked = ranked.first().and_then(|row| number(card.ranked, *row, "n"));
    let mut detail: Vec<String> = ranked.iter().map(|n| format!("of {}", Format::Count.text(*n))).collect();
    if let (Some(low), Some(high)) = (of("rank_low"), of("rank_high")) {
        let (low, high) = (Format::Count.text(low), Format::Count.text(high));
        // The interval holds the middle nine tenths of the draws.
        detail.push(if low == high { "a sure place".to_owned() } else { format!("likely {low} to {high}") });
    }
    brief.rank = Format::Count.text(rank);
    brief.figures.push(KeyFigure {
        label: "Rank".into(),
        value: brief.rank.clone(),
        detail: detail.join(", "),
    });
    let detail = if tier.is_empty() { String::new() } else { format!("tier {tier}") };
    brief.figures.push(KeyFigure {
        label: "Score".into(),
        value: shown(of("score"), Format::Fixed(1)),
        detail,
    });
    brief.tier = tier;
}

/// Customers, good ones among them, and how many more there is room for.
pub(super) fn customers(brief: &mut Brief, partners: &Records, row: usize) {
    let of = |column: &str| number(partners, row, column);
    let count = |value: f64| Format::Count.text(value);
    let detail = of("n_good").map_or(String::new(), |good| format!("{} of them good", count(good)));
    brief.figures.push(KeyFigure { label: "Customers".into(), value: shown(of("n"), Format::Count), detail });
    if let Some(assigned) = of("assigned") {
        let room = of("capacity").map_or(String::new(), |room| format!("room for {}", count(room)));
        brief.figures.push(KeyFigure { label: "Assigned now".into(), value: count(assigned), detail: room });
    }
}
