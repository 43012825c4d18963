//! The heads of the columns: the banners over them, the values they are nested in, their own, and the
//! letters by which tests speak of them.

use std::collections::BTreeSet;

use super::crossed::{Crossed, Slot};
use super::words::Words;
use crate::crossing::{NESTED, TOTAL};
use crate::report::grid::{Align, Column, Spanner};
use crate::sign::{Against, Difference};

/// The letters of the columns, and which of them a page shows.
pub(super) struct Heads {
    /// The header row of letters, empty where no column has one.
    pub letters: Vec<String>,
    /// The columns that have letters: banner, the outer values of a nested one, letter.
    lettered: BTreeSet<(String, String, String)>,
}

impl Heads {
    /// The letters of some columns.
    pub fn of(crossed: &Crossed<'_>, slots: &[Slot<'_>]) -> Self {
        let letter = |slot: &Slot<'_>| {
            let heads = crossed.stubs.iter().filter_map(|(stub, _)| crossed.head(stub, slot));
            heads
                .map(|line| crossed.text(line, "letter"))
                .find(|letter| !letter.is_empty())
                .unwrap_or_default()
        };
        let letters: Vec<String> = std::iter::once(String::new()).chain(slots.iter().map(letter)).collect();
        let named = letters.iter().skip(1).zip(slots).filter(|(letter, _)| !letter.is_empty());
        let lettered: BTreeSet<_> = named
            .map(|(letter, slot)| (slot.banner.to_owned(), slot.outer(), letter.to_uppercase()))
            .collect();
        Self { letters: if lettered.is_empty() { Vec::new() } else { letters }, lettered }
    }

    /// What tests found of a cell: letters of columns that the page shows, then signs.
    pub fn found(&self, crossed: &Crossed<'_>, line: usize, slot: &Slot<'_>) -> String {
        let outer = slot.outer();
        let shown = |letter: &char| {
            let capital = letter.to_uppercase().to_string();
            self.lettered.contains(&(slot.banner.to_owned(), outer.clone(), capital))
        };
        let letters: String = crossed.text(line, "letters").chars().filter(shown).collect();
        let signs = Against::ALL.into_iter().filter_map(|against| {
            let difference = Difference::from_word(&crossed.text(line, against.column()))?;
            Some(against.sign(difference).to_owned())
        });
        let all = std::iter::once(letters).chain(signs).filter(|found| !found.is_empty());
        all.collect::<Vec<_>>().join(" ")
    }
}

/// The columns of a page: the answers, then everyone and the values of the banners.
pub(super) fn columns(slots: &[Slot<'_>]) -> Vec<Column> {
    let stub = Column { label: String::new(), align: Align::Left };
    let figures = slots.iter().map(|slot| {
        let label = slot.parts().last().copied().unwrap_or(TOTAL).to_owned();
        Column { label, align: Align::Right }
    });
    std::iter::once(stub).chain(figures).collect()
}

/// Headings over the columns: the banner, and the outer values of one that is nested.
pub(super) fn spanners(words: &Words<'_>, slots: &[Slot<'_>], shared: bool) -> Vec<Vec<Spanner>> {
    let depth = slots.iter().filter_map(|slot| slot.value.map(|_| slot.parts().len())).max().unwrap_or(1);
    (0..depth)
        .map(|level| {
            let mut row = vec![(String::new(), Spanner { label: String::new(), width: 1 })];
            for slot in slots {
                let (key, label) = match slot.value {
                    // Everyone, once for all banners, stands under none of them.
                    None if shared => (String::new(), String::new()),
                    _ if level == 0 => (format!("={}", slot.banner), words.heading(slot.banner)),
                    None => (format!("={}", slot.banner), String::new()),
                    Some(_) => {
                        let parts = slot.parts();
                        let outer = parts.len().saturating_sub(1).min(level);
                        let label = if outer == level { parts[level - 1].to_owned() } else { String::new() };
                        (format!("={}={}", slot.banner, parts[..outer].join(NESTED)), label)
                    }
                };
                match row.last_mut() {
                    Some((last, spanner)) if *last == key => spanner.width += 1,
                    _ => row.push((key, Spanner { label, width: 1 })),
                }
            }
            row.into_iter().map(|(_, spanner)| spanner).collect()
        })
        .collect()
}
