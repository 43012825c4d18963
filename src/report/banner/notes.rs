//! What is said under a cross-tab: whom it is about, how errors were found and figures tested, what
//! the signs mean. The words about tests come with the table; the rest follows from what it shows.

use super::Measure;
use super::crossed::Crossed;
use super::words::Words;
use crate::crossing::quoted;
use crate::report::grid::{Cell, Footnote, Grid, HIDDEN, Topic};
use crate::report::records::{Datum, Records};
use crate::report::{test_notes, wording};
use crate::sign::{Against, Difference};

/// The footnotes, in the order in which they are printed.
pub(super) fn of(
    words: &Words<'_>,
    measures: &[Measure],
    crossed: &Crossed<'_>,
    grid: &Grid,
    whole: bool,
) -> Vec<Footnote> {
    if grid.is_empty() {
        return Vec::new();
    }
    let tables = words.tables.filter(|tables| !tables.is_empty());
    let about = tables.map(|tables| About { words, crossed, tables });
    let mut notes: Vec<Footnote> = Vec::new();
    let on = |topic: Topic| move |text: String| Footnote { topic: Some(topic), text };
    if let Some(about) = &about {
        // Where questions differ in it, it stands with each of them.
        let base = words.common_base().map(|text| sentence(&format!("Base: {}", lower_first(&text))));
        let filter = about.said("filter", |text| format!("Only where {text}"));
        let weight = about.said("weight", |text| format!("Weighted by “{text}”"));
        notes.extend(base.into_iter().chain(filter).chain(weight).map(Footnote::from));
    }
    notes.extend(signs(grid).into_iter().map(on(Topic::Signs)));
    let cells = || grid.blocks.iter().flat_map(|block| &block.rows).flat_map(|row| &row.cells);
    if cells().any(|cell| *cell == Cell::Hidden) {
        notes.push(on(Topic::Signs)(format!("“{HIDDEN}”: {}.", wording::HIDDEN)));
    }
    if let Some(about) = &about {
        let weighted = !about.said("weight", |text| text).is_empty();
        let errors = about.said("variance", |method| wording::variance(&method, weighted));
        notes.extend(errors.into_iter().map(on(Topic::Errors)));
        let tests = test_notes::of_tables(about.tables, |_, _| true, |variable| words.heading(variable));
        notes.extend(tests.into_iter().map(on(Topic::Tests)));
        if whole {
            notes.extend(about.association().into_iter().map(Footnote::from));
        }
    }
    let mut figures = Vec::new();
    let several = (0..crossed.records.len())
        .any(|line| matches!(crossed.records.get(line, "response_share"), Datum::Number(_)));
    if several {
        figures.push("Several answers were possible: shares of a column may add up to more than 100 %.");
    }
    if measures.contains(&Measure::Index) {
        figures.push("Index: the share of the column against that of everyone, which is 100.");
    }
    if measures.contains(&Measure::Expected) {
        figures
            .push("Expected count: as many as there would be if the answers did not depend on the columns.");
    }
    let of_shares =
        |measure: &Measure| !matches!(measure, Measure::Count | Measure::Index | Measure::Expected);
    if measures.iter().any(of_shares) {
        figures.push("Shares are rounded and may add up to 99 or 101 %. –: nobody; empty: not asked.");
    }
    notes.extend(figures.into_iter().map(str::to_owned).map(on(Topic::Rounding)));
    notes
}

/// What the signs beside figures mean, as far as they occur. What letters mean is told with the tests.
fn signs(grid: &Grid) -> Vec<String> {
    let found: Vec<&str> = (grid.blocks.iter().flat_map(|block| &block.rows))
        .flat_map(|row| row.cells.iter().map(Cell::found))
        .flat_map(|found| found.split(' '))
        .filter(|found| !found.is_empty())
        .collect();
    let mut notes = Vec::new();
    let is_sign = |text: &str| {
        Against::ALL.iter().any(|against| Difference::ALL.iter().any(|found| against.sign(*found) == text))
    };
    let mut letters = found.iter().filter(|text| !is_sign(text)).peekable();
    if letters.peek().is_some() {
        let small = letters.any(|text| text.chars().any(char::is_lowercase));
        let levels = if small { ", small letters at the looser level" } else { "" };
        notes.push(format!(
            "A letter beside a figure: significantly larger than in the column of that letter{levels}."
        ));
    }
    notes.extend(Against::ALL.iter().filter_map(|against| against.legend(|sign| found.contains(&sign))));
    notes
}

/// A cross-tab and what its stage tells of each of its tables.
struct About<'a> {
    words: &'a Words<'a>,
    crossed: &'a Crossed<'a>,
    tables: &'a Records,
}

impl About<'_> {
    fn text(&self, line: usize, column: &str) -> Option<String> {
        self.tables.get(line, column).text().filter(|text| !text.is_empty())
    }

    /// What all tables say once; where they differ, each sentence with the questions that it is about.
    fn said(&self, column: &str, word: impl Fn(String) -> String) -> Vec<String> {
        let mut said: Vec<(String, Vec<String>)> = Vec::new();
        let mut silent = false;
        for line in 0..self.tables.len() {
            let Some(text) = self.text(line, column) else {
                silent = true;
                continue;
            };
            let question = self.text(line, "row_variable").unwrap_or_default();
            let of = self.words.question(&question);
            match said.iter_mut().find(|(known, _)| *known == text) {
                Some((_, about)) if about.contains(&of) => {}
                Some((_, about)) => about.push(of),
                None => said.push((text, vec![of])),
            }
        }
        let alike = said.len() == 1 && !silent;
        said.into_iter()
            .map(|(text, about)| {
                let sentence = sentence(&word(text));
                if alike {
                    return sentence;
                }
                let questions = about.iter().map(|title| format!("“{title}”")).collect::<Vec<_>>().join(", ");
                format!("{} ({questions}).", sentence.trim_end_matches('.'))
            })
            .collect()
    }

    /// Whether the answers to the questions depend on the columns: a sentence for each question.
    fn association(&self) -> Vec<String> {
        let mut questions: Vec<(String, Vec<String>)> = Vec::new();
        let mut is_rao_scott = false;
        for line in 0..self.tables.len() {
            let number = |name: &str| match self.tables.get(line, name) {
                Datum::Number(value) => Some(*value),
                _ => None,
            };
            let Some(found) = wording::association(number) else { continue };
            let question = self.text(line, "row_variable").unwrap_or_default();
            let columns = self.text(line, "column_variable").unwrap_or_default();
            is_rao_scott |= found.is_rao_scott;
            let found = format!("by {}: {}", quoted(&self.words.heading(&columns)), found.found);
            match questions.iter_mut().find(|(known, _)| *known == question) {
                Some((_, all)) => all.push(found),
                None => questions.push((question, vec![found])),
            }
        }
        if questions.is_empty() {
            return Vec::new();
        }
        let named = questions.iter().map(|(question, found)| {
            let of = match self.crossed.stubs.len() {
                1 => String::new(),
                _ => format!("“{}” ", self.words.question(question)),
            };
            sentence(&format!("{of}{}", found.join("; ")))
        });
        std::iter::once(sentence(&wording::association_lead(is_rao_scott))).chain(named).collect()
    }
}

fn sentence(text: &str) -> String {
    let mut signs = text.chars();
    let mut out: String =
        signs.next().map_or_else(String::new, |first| first.to_uppercase().chain(signs).collect());
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}

/// A phrase inside a sentence; an abbreviation stays as it is.
fn lower_first(text: &str) -> String {
    let mut signs = text.chars();
    match (signs.next(), signs.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(signs).collect(),
        _ => text.to_owned(),
    }
}
