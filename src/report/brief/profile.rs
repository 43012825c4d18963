//! What the good customers of a partner look like: the values that set them apart from everyone.

use std::collections::BTreeMap;

use super::super::grid::Format;
use super::scale::{Bar, Scale};
use super::{Layout, Rows, number, shown, text};

/// Values that fewer of the good customers have are no picture of them.
const LEAST_SHARE: f64 = 0.1;
/// Values of one attribute that are told, so that there is room for others.
const MOST_OF_ONE: usize = 3;
/// Everyone has index 100.
const EVERYONE: f64 = 100.0;

/// A picture of good customers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// Whose good customers it shows.
    pub of: Of,
    /// How many these are.
    pub base: String,
    /// What they have more often than everyone, attribute by attribute.
    pub traits: Vec<Trait>,
    /// What was looked through for it.
    pub values: usize,
}

/// Whose good customers a profile shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Of {
    /// Nobody was described.
    #[default]
    Nobody,
    /// The partner's own.
    Own,
    /// Those of its peers, because it has too few itself.
    Peers,
}

/// A value that good customers have more often than everyone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trait {
    /// What it is a value of; empty below another value of the same.
    pub attribute: String,
    /// The value.
    pub value: String,
    /// The share of good customers, marked at that of everyone.
    pub bar: Option<Bar>,
    /// The share of good customers.
    pub share: String,
    /// The share of everyone.
    pub share_all: String,
    /// The one against the other; 100: the same.
    pub index: String,
}

pub(super) fn of(layout: &Layout, table: &Rows<'_>, key: &str) -> Profile {
    let (records, own) = (table.records, table.of(key));
    let Some(first) = own.first() else { return Profile::default() };
    let of = |row: usize, column: &str| number(records, row, column);
    let index = |row: &usize| of(*row, "index").unwrap_or_default();
    let mut told: Vec<usize> = (own.iter().copied())
        .filter(|row| of(*row, "share").is_some_and(|share| share >= LEAST_SHARE) && index(row) > EVERYONE)
        .collect();
    // What stands out most is told; in which order it is told does not depend on the partner.
    told.sort_by(|a, b| index(b).total_cmp(&index(a)).then(a.cmp(b)));
    let attributes: Vec<Option<String>> = own.iter().map(|row| text(records, *row, "attribute")).collect();
    let place = |row: &usize| {
        let attribute = text(records, *row, "attribute");
        attributes.iter().position(|other| *other == attribute)
    };
    let mut of_each = BTreeMap::new();
    told.retain(|row| {
        let told = of_each.entry(place(row)).or_insert(0);
        *told += 1;
        *told <= MOST_OF_ONE
    });
    told.truncate(layout.traits);
    told.sort_by_key(place);
    let shares = told.iter().flat_map(|row| [of(*row, "share"), of(*row, "share_all")]);
    let scale = Scale::over(shares.flatten(), 0.0);
    let mut before = None;
    let traits = told.iter().map(|row| {
        let attribute = text(records, *row, "attribute");
        let again = attribute == before;
        before.clone_from(&attribute);
        Trait {
            attribute: attribute.filter(|_| !again).map_or(String::new(), |name| layout.label(&name)),
            value: text(records, *row, "value").unwrap_or_else(|| "–".to_owned()),
            bar: of(*row, "share").map(|share| scale.bar(share, of(*row, "share_all"))),
            share: shown(of(*row, "share"), Format::Percent(0)),
            share_all: shown(of(*row, "share_all"), Format::Percent(0)),
            index: shown(of(*row, "index"), Format::Count),
        }
    });
    Profile {
        traits: traits.collect(),
        of: if text(records, *first, "of").as_deref() == Some("peers") { Of::Peers } else { Of::Own },
        base: shown(of(*first, "base"), Format::Count),
        values: own.len(),
    }
}
