//! What is said under a cross-tab: whom it is about, how errors were found and figures tested, what
//! the signs mean. The words about tests come with the table; the rest follows from what it shows.

use super::super::grid::{Cell, Grid, HIDDEN};
use super::super::records::{Datum, Records};
use super::{Banner, Crossed, Measure};
use crate::number;
use crate::sign::{Against, Difference};

/// The footnotes, in the order in which they are printed.
pub(super) fn of(
    banner: &Banner,
    crossed: &Crossed<'_>,
    grid: &Grid,
    tables: Option<&Records>,
    whole: bool,
) -> Vec<String> {
    if grid.is_empty() {
        return Vec::new();
    }
    let about = tables.filter(|tables| !tables.is_empty()).map(|tables| About { banner, crossed, tables });
    let mut notes = Vec::new();
    if let Some(about) = &about {
        notes.extend(about.said("base_text", |text| format!("Base: {}", lower_first(&text))));
        notes.extend(about.said("filter", |text| format!("Only where {text}")));
        notes.extend(about.said("weight", |text| format!("Weighted by “{text}”")));
    }
    notes.extend(signs(grid));
    let cells = || grid.blocks.iter().flat_map(|block| &block.rows).flat_map(|row| &row.cells);
    if cells().any(|cell| *cell == Cell::Hidden) {
        let why = "too few people, or a figure from which such a one could be worked out";
        notes.push(format!("“{HIDDEN}”: {why}."));
    }
    if let Some(about) = &about {
        let weighted = !about.said("weight", |text| text).is_empty();
        let words =
            |method: String| format!("Standard errors, intervals and tests: {}", variance(&method, weighted));
        notes.extend(about.said("variance", words));
        notes.extend(tested(about.tables, |_, _| true, |variable| banner.heading(variable)));
        if whole {
            notes.extend((0..about.tables.len()).filter_map(|line| about.chi_square(line)));
        }
    }
    let several = (0..crossed.records.len())
        .any(|line| matches!(crossed.records.get(line, "response_share"), Datum::Number(_)));
    if several {
        let shares = "Several answers were possible: shares of a column may add up to more than 100 %.";
        notes.push(shares.to_owned());
    }
    let of_shares = |measure: &Measure| !matches!(measure, Measure::Count | Measure::Index);
    if banner.measures.is_empty() || banner.measures.iter().any(of_shares) {
        notes.push("Shares are rounded and may add up to 99 or 101 %. –: none.".to_owned());
    }
    notes
}

/// How the figures of a cross-tab were tested, from what its stage tells of each of its tables:
/// one sentence where the tables differ only in the columns that were compared. `of` chooses tables
/// by the variables of their rows and columns, `heading` names a variable.
pub fn tested(
    tables: &Records,
    of: impl Fn(&str, &str) -> bool,
    heading: impl Fn(&str) -> String,
) -> Vec<String> {
    let text = |line: usize, column: &str| tables.get(line, column).text().unwrap_or_default();
    // By the variable of the columns; of its tables the fullest, which also tells how means were tested.
    let mut said: Vec<(String, String)> = Vec::new();
    for line in 0..tables.len() {
        let (rows, columns) = (text(line, "row_variable"), text(line, "column_variable"));
        let note = text(line, "test_note");
        if note.is_empty() || !of(&rows, &columns) {
            continue;
        }
        match said.iter_mut().find(|(known, _)| *known == columns) {
            Some((_, known)) if known.chars().count() >= note.chars().count() => {}
            Some((_, known)) => *known = note,
            None => said.push((columns, note)),
        }
    }
    const COMPARED: &str = "Compared: ";
    let parts: Option<Vec<(&str, &str, &str)>> = (said.iter())
        .map(|(_, note)| {
            let (before, after) = note.split_once(COMPARED)?;
            let (columns, after) = after.split_once(';')?;
            Some((before, columns, after))
        })
        .collect();
    match parts.as_deref() {
        None | Some([]) => {}
        Some([(before, first, after), others @ ..]) => {
            if others.iter().all(|(_, columns, _)| columns == first) {
                return vec![said[0].1.clone()];
            }
            if others.iter().all(|part| (part.0, part.2) == (*before, *after)) {
                let all = said.iter().zip(std::iter::once(first).chain(others.iter().map(|part| &part.1)));
                let all: Vec<String> =
                    all.map(|((variable, _), columns)| format!("{} {columns}", heading(variable))).collect();
                return vec![format!("{before}{COMPARED}{};{after}", all.join(", "))];
            }
        }
    }
    said.into_iter().map(|(variable, note)| format!("{}: {note}", heading(&variable))).collect()
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
    banner: &'a Banner,
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
            let of = self.banner.title(&question, Some(self.tables));
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

    /// Whether the answers of a table depend on its columns.
    fn chi_square(&self, line: usize) -> Option<String> {
        let number = |name: &str| match self.tables.get(line, name) {
            Datum::Number(value) => Some(*value),
            _ => None,
        };
        let degrees = |value: f64| match value {
            many if many >= 100.0 => number::count(many),
            few => number::plain(number::round_half_away(few, 1)),
        };
        let mut parts = Vec::new();
        if let (Some(statistic), Some(df), Some(p)) = (number("chi_square"), number("df"), number("p_value"))
        {
            let of =
                format!("chi-square {} on {} degrees of freedom", number::fixed(statistic, 2), degrees(df));
            parts.push(format!("{of}, {}", probability(p)));
        }
        if let (Some(f), Some(df1), Some(df2), Some(p)) =
            (number("rao_scott"), number("rao_scott_df1"), number("rao_scott_df2"), number("rao_scott_p"))
        {
            let of = format!(
                "F {} on {} and {} degrees of freedom",
                number::fixed(f, 2),
                degrees(df1),
                degrees(df2)
            );
            parts.push(format!("test of Rao and Scott {of}, {}", probability(p)));
        }
        if parts.is_empty() {
            return None;
        }
        parts.extend(number("cramers_v").map(|v| format!("Cramér’s V {}", number::fixed(v, 2))));
        parts.extend(number("cells_below_5").filter(|few| *few > 0.0).map(|few| match few as u64 {
            1 => "1 cell with fewer than 5 expected".to_owned(),
            few => format!("{} cells with fewer than 5 expected", number::count(few as f64)),
        }));
        let stub = self.banner.title(&self.text(line, "row_variable")?, Some(self.tables));
        let columns = self.banner.heading(&self.text(line, "column_variable")?);
        let shown = self.crossed.stubs.len() * self.crossed.banners.len() > 1;
        let of = if shown { format!("“{stub}” by {columns}: ") } else { String::new() };
        Some(sentence(&format!("{of}{}", parts.join("; "))))
    }
}

/// How errors were found, in words: the `variance` of a cross-tab with or without weights.
pub fn variance(method: &str, weighted: bool) -> &str {
    match (method, weighted) {
        ("frequency", false) => "each answer is one person",
        ("frequency", true) => "a weight is a number of people (frequency)",
        ("effective_base", _) => "on effective bases",
        ("taylor", _) => "by Taylor linearisation of the design of the sample",
        (other, _) => other,
    }
}

fn probability(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {}", number::fixed(p, 3)) }
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
