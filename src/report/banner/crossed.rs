//! The long table of a cross-tab by its places: which answers stand down the side, which columns
//! across the top, and the line of the table where they meet. It reads; it neither lays out nor computes.

use std::collections::BTreeMap;

use crate::crossing::{NESTED, parts};
use crate::number;
use crate::report::grid::Format;
use crate::report::records::{Datum, Records};

/// A column of the layout: a value of a banner, or everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot<'a> {
    pub banner: &'a str,
    pub value: Option<&'a str>,
}

/// A row of a question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Answer {
    pub label: String,
    /// `answer`, `net`, or the name of the statistic.
    pub kind: String,
    /// Whether it stands under a net.
    pub is_part: bool,
}

impl Slot<'_> {
    /// The parts of its value, the outermost first; none for everyone.
    pub fn parts(&self) -> Vec<&str> {
        self.value.map(|value| parts(self.banner, value)).unwrap_or_default()
    }

    /// The values it is nested in: columns are compared within them.
    pub fn outer(&self) -> String {
        let parts = self.parts();
        parts[..parts.len().saturating_sub(1)].join(NESTED)
    }
}

impl Answer {
    /// How a figure made of the answers is shown; none for rows that count people.
    pub fn statistic(&self) -> Option<Format> {
        match self.kind.as_str() {
            "answer" | "net" => None,
            "nps" => Some(Format::Score),
            _ => Some(Format::Fixed(2)),
        }
    }
}

/// The long table by its places.
pub(super) struct Crossed<'a> {
    pub records: &'a Records,
    /// Row variables and their rows, in the order of the table.
    pub stubs: Vec<(String, Vec<Answer>)>,
    /// Column variables and their values, in the order of the table, the total apart.
    pub banners: Vec<(String, Vec<String>)>,
    /// The line of a cell; none for the value of a column is everyone.
    lines: BTreeMap<(String, Answer, String, Option<String>), usize>,
    /// The first line of a column of a row variable, for its bases.
    heads: BTreeMap<(String, String, Option<String>), usize>,
}

impl<'a> Crossed<'a> {
    pub fn read(records: &'a Records) -> Self {
        let mut crossed = Self {
            records,
            stubs: Vec::new(),
            banners: Vec::new(),
            lines: BTreeMap::new(),
            heads: BTreeMap::new(),
        };
        for line in 0..records.len() {
            let text = |name: &str| records.get(line, name).text().unwrap_or_default();
            let (stub, banner, value) = (text("row_variable"), text("column_variable"), text("column_value"));
            let kind = records.get(line, "row_kind").text().unwrap_or_else(|| "answer".to_owned());
            let answer = Answer { label: text("row_value"), kind, is_part: !text("net").is_empty() };
            let total = records.get(line, "is_total") == &Datum::Flag(true);
            place(&mut crossed.stubs, &stub, Some(&answer));
            place(&mut crossed.banners, &banner, (!total).then_some(&value));
            let value = (!total).then_some(value);
            crossed.heads.entry((stub.clone(), banner.clone(), value.clone())).or_insert(line);
            crossed.lines.entry((stub, answer, banner, value)).or_insert(line);
        }
        crossed
    }

    pub fn head(&self, stub: &str, slot: &Slot<'_>) -> Option<usize> {
        self.heads.get(&(stub.to_owned(), slot.banner.to_owned(), slot.value.map(str::to_owned))).copied()
    }

    pub fn line(&self, stub: &str, answer: &Answer, slot: &Slot<'_>) -> Option<usize> {
        let value = slot.value.map(str::to_owned);
        self.lines.get(&(stub.to_owned(), answer.clone(), slot.banner.to_owned(), value)).copied()
    }

    pub fn text(&self, line: usize, column: &str) -> String {
        self.records.get(line, column).text().unwrap_or_default()
    }

    pub fn number(&self, line: Option<usize>, column: &str) -> Option<f64> {
        match self.records.get(line?, column) {
            Datum::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A sum of weights, as far as two tables that added them up in another order agree on it.
    pub fn sum(&self, line: Option<usize>, column: &str) -> Option<f64> {
        self.number(line, column).map(|sum| number::significant(sum, 9))
    }

    /// Whether everyone is the same people under every banner, so that one column shows them. They
    /// are not where some gave no answer to the question of a banner.
    pub fn shares_total(&self) -> bool {
        let everyone = |banner| Slot { banner, value: None };
        self.stubs.iter().all(|(stub, _)| {
            let bases = self.banners.iter().map(|(banner, _)| {
                let head = self.head(stub, &everyone(banner));
                (self.sum(head, "base"), self.sum(head, "base_weighted"))
            });
            let bases: Vec<_> = bases.collect();
            bases.windows(2).all(|pair| pair[0] == pair[1])
        })
    }

    pub fn weighted(&self) -> bool {
        (0..self.records.len()).any(|line| {
            let (n, weighted) = (self.sum(Some(line), "base"), self.sum(Some(line), "base_weighted"));
            n != weighted
        })
    }

    pub fn hidden(&self, line: usize) -> bool {
        !self.text(line, "suppressed").is_empty()
    }
}

/// The columns of the layout, left to right: everyone once where it is the same people under all
/// banners, which `shared` tells, else under each.
pub(super) fn slots<'c>(crossed: &'c Crossed<'_>, shared: bool) -> Vec<Slot<'c>> {
    let mut slots = Vec::new();
    for (at, (banner, values)) in crossed.banners.iter().enumerate() {
        if at == 0 || !shared {
            slots.push(Slot { banner, value: None });
        }
        slots.extend(values.iter().map(|value| Slot { banner, value: Some(value) }));
    }
    slots
}

fn place<T: PartialEq + Clone>(groups: &mut Vec<(String, Vec<T>)>, group: &str, value: Option<&T>) {
    let at = groups.iter().position(|(name, _)| name == group).unwrap_or_else(|| {
        groups.push((group.to_owned(), Vec::new()));
        groups.len() - 1
    });
    let values = &mut groups[at].1;
    if let Some(value) = value.filter(|value| !values.contains(value)) {
        values.push(value.clone());
    }
}
