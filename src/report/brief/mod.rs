//! Briefs: one page a partner, for the conversation with it. What is on the page, in words and places
//! of bars, is made here from the tables of a match, a scorecard and net promoter scores.
//!
//! It knows the columns that those give and how they are laid out; every figure stands in them.

mod card;
mod head;
pub(super) mod html;
mod loyalty;
mod profile;
mod scale;
mod steering;

use std::collections::BTreeMap;

use super::document::KeyFigure;
use super::grid::{BaseMark, Format};
use super::listing;
use super::records::{Datum, Records};

pub use card::{Indicator, Scorecard};
pub use loyalty::{Answers, Loyalty};
pub use profile::{Of, Profile, Trait};
pub use scale::{Bar, Whisker};
pub use steering::{Segment, Steering};

/// The briefs of a report, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Briefs {
    /// One a partner.
    pub list: Vec<Brief>,
    /// Partners beyond those shown.
    pub more: usize,
}

/// The page of a partner.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Brief {
    /// What names the partner in its tables.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What is known of it: label and value.
    pub facts: Vec<(String, String)>,
    /// Rank, score, customers.
    pub figures: Vec<KeyFigure>,
    /// Its rank as it is listed; empty without one.
    pub rank: String,
    /// Its tier; empty without one.
    pub tier: String,
    /// What to do, in a sentence or two; empty where nothing is recommended.
    pub advice: String,
    /// How it is doing; none where there is no scorecard.
    pub scorecard: Option<Scorecard>,
    /// What its customers say; none where nobody asked.
    pub loyalty: Option<Loyalty>,
    /// Whom it serves well; none where customers are not described.
    pub profile: Option<Profile>,
    /// Whom to send to it.
    pub steering: Steering,
    /// What is to be known of the figures of the page.
    pub footnotes: Vec<String>,
}

/// How briefs are to be laid out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    /// The column that names a partner, in every table.
    pub key: String,
    /// The column with what it is called.
    pub name: String,
    /// The columns told under the name.
    pub facts: Vec<String>,
    /// The column of the scorecard by which partners are peers; none: all are.
    pub peers: Option<String>,
    /// The order of the pages.
    pub order: Order,
    /// How many pages there are at most.
    pub limit: usize,
    /// How many lines a profile has at most.
    pub traits: usize,
    /// Words in the place of names of columns, indicators and attributes.
    pub labels: BTreeMap<String, String>,
    /// How the values of indicators are shown, where the usual way does not do.
    pub formats: BTreeMap<String, Format>,
}

/// The order of the pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// That of the table.
    #[default]
    Listed,
    /// The best score first; partners without one come last.
    Rank,
    /// By what partners are called.
    Name,
}

/// The tables behind briefs.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// One row a partner and segment.
    pub segments: &'a Records,
    /// One row a partner.
    pub partners: &'a Records,
    /// One row a partner, attribute and value, if customers are described.
    pub profile: Option<&'a Records>,
    /// The scorecard, if there is one.
    pub card: Option<Card<'a>>,
    /// Net promoter scores, one row a partner.
    pub loyalty: Option<&'a Records>,
}

/// The tables of a scorecard.
#[derive(Debug, Clone, Copy)]
pub struct Card<'a> {
    /// One row a partner.
    pub scores: &'a Records,
    /// One row a partner and indicator.
    pub indicators: &'a Records,
    /// One row a peer group and indicator: medians, and the ends of the scale.
    pub peers: &'a Records,
    /// One row a peer group: how many its ranks are given out among; missing where that is not known.
    pub ranked: &'a Records,
}

impl Layout {
    /// The briefs of all partners listed.
    pub fn briefs(&self, sources: &Sources<'_>) -> Briefs {
        let key = |records| Rows::by(records, &self.key);
        let tables = Tables {
            segments: key(sources.segments),
            profile: sources.profile.map(key),
            scores: sources.card.map(|card| key(card.scores)),
            indicators: sources.card.map(|card| key(card.indicators)),
            loyalty: sources.loyalty.map(key),
        };
        let partners = sources.partners;
        let mut rows: Vec<usize> =
            (0..partners.len()).filter(|row| text(partners, *row, &self.key).is_some()).collect();
        match self.order {
            Order::Listed => {}
            Order::Name => rows.sort_by_key(|row| self.called(partners, *row)),
            Order::Rank => rows.sort_by(|a, b| {
                let rank = |row: &usize| {
                    let scores = tables.scores.as_ref()?;
                    number(scores.records, scores.first(&text(partners, *row, &self.key)?)?, "rank")
                };
                let rank = |row| rank(row).unwrap_or(f64::INFINITY);
                rank(a).total_cmp(&rank(b))
            }),
        }
        let more = rows.len().saturating_sub(self.limit);
        rows.truncate(self.limit);
        let list = rows.into_iter().filter_map(|row| self.brief(sources, &tables, row)).collect();
        Briefs { list, more }
    }

    fn brief(&self, sources: &Sources<'_>, tables: &Tables<'_>, row: usize) -> Option<Brief> {
        let key = text(sources.partners, row, &self.key)?;
        let mut brief = Brief {
            name: self.called(sources.partners, row),
            facts: head::facts(self, sources.partners, row),
            advice: text(sources.partners, row, "recommendation").unwrap_or_default(),
            profile: tables.profile.as_ref().map(|table| profile::of(self, table, &key)),
            steering: steering::of(&tables.segments, &key, text(sources.partners, row, "segment").as_deref()),
            ..Brief::default()
        };
        if let (Some(card), Some(scores), Some(indicators)) =
            (sources.card, &tables.scores, &tables.indicators)
        {
            let own = scores.first(&key);
            let group = self.peers.as_ref().and_then(|peers| text(card.scores, own?, peers));
            head::standing(&mut brief, card, own, group.as_deref());
            brief.scorecard = Some(card::of(self, card, indicators, &key, group.as_deref()));
        }
        head::customers(&mut brief, sources.partners, row);
        if let Some(table) = &tables.loyalty {
            brief.loyalty = Some(loyalty::of(table, &key));
            brief.figures.extend(brief.loyalty.as_ref().and_then(Loyalty::figure));
        }
        brief.key = key;
        Some(brief)
    }

    fn called(&self, partners: &Records, row: usize) -> String {
        text(partners, row, &self.name).or_else(|| text(partners, row, &self.key)).unwrap_or_default()
    }

    /// What a column, an indicator or an attribute is called.
    fn label(&self, name: &str) -> String {
        self.labels.get(name).cloned().unwrap_or_else(|| listing::label(name, ""))
    }
}

impl Brief {
    /// Whether the page speaks of the net promoter score.
    pub fn names_net_promoter(&self) -> bool {
        let named = |text: &str| text.contains("NPS") || text.to_lowercase().contains("net promoter");
        let indicators = || self.scorecard.iter().flat_map(|card| &card.indicators);
        self.loyalty.is_some() || indicators().any(|indicator| named(&indicator.name)) || named(&self.advice)
    }
}

/// A table by the partner that its rows are of.
struct Rows<'a> {
    records: &'a Records,
    of: BTreeMap<String, Vec<usize>>,
}

struct Tables<'a> {
    segments: Rows<'a>,
    profile: Option<Rows<'a>>,
    scores: Option<Rows<'a>>,
    indicators: Option<Rows<'a>>,
    loyalty: Option<Rows<'a>>,
}

impl<'a> Rows<'a> {
    fn by(records: &'a Records, key: &str) -> Self {
        let mut of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for row in 0..records.len() {
            if let Some(value) = text(records, row, key) {
                of.entry(value).or_default().push(row);
            }
        }
        Self { records, of }
    }

    fn of(&self, key: &str) -> &[usize] {
        self.of.get(key).map_or(&[], Vec::as_slice)
    }

    fn first(&self, key: &str) -> Option<usize> {
        self.of(key).first().copied()
    }
}

fn text(records: &Records, row: usize, column: &str) -> Option<String> {
    records.get(row, column).text().filter(|text| !text.trim().is_empty())
}

fn number(records: &Records, row: usize, column: &str) -> Option<f64> {
    match records.get(row, column) {
        Datum::Number(value) => Some(*value),
        _ => None,
    }
}

/// A figure as it is shown, a dash where it is missing.
fn shown(value: Option<f64>, format: Format) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format.text(value))
}

/// The mark of a small base that a row carries.
fn mark(records: &Records, row: usize) -> Option<BaseMark> {
    BaseMark::from_sign(&text(records, row, listing::MARK)?)
}

#[cfg(test)]
mod tests;
