//! What is said under a table: how it was tested, which bases are small, what the signs mean, how
//! numbers were rounded. The words about tests come with the table; the rest follows from what it shows.

use std::collections::BTreeSet;

use super::crossed::Crossed;
use super::heads::{Banner, heading};
use super::options::{Figure, Layout, Shade, least_percent};
use super::table::{HIGH, LOW, Printer};
use crate::crossing::quoted;
use crate::report::{BaseMark, Datum, test_notes, wording};
use crate::sign::Against;

/// What stands in a cell that was hidden.
pub(super) const HIDDEN: &str = "hidden";

/// The footnotes of a table, in order.
pub(super) fn of(printer: &Printer<'_>, stub: usize, banner: &Banner) -> Vec<String> {
    let crossed = printer.crossed;
    let cells = || crossed.of(stub, &banner.groups);
    let mut notes = tests(crossed, printer.layout, stub, &banner.groups);
    if notes.is_empty() {
        let none = "No significance tests.";
        let some = "Letters: the columns of the same group than which a figure is larger.";
        notes.push(if printer.tested { some } else { none }.to_owned());
    }
    notes.extend(Against::ALL.iter().filter_map(|against| {
        against.legend(|sign| cells().any(|cell| cell.findings.split(' ').any(|finding| finding == sign)))
    }));
    let variance = told(printer, stub, banner, "variance");
    let weighted = !told(printer, stub, banner, "weight").is_empty();
    notes.extend(variance.iter().map(|method| wording::variance(method, weighted)));
    notes.extend(association(printer, stub, banner));
    let marks: BTreeSet<BaseMark> = cells().filter_map(|cell| cell.mark).collect();
    notes.extend(marks.iter().rev().map(|mark| mark.meaning().to_owned()));
    if cells().any(|cell| cell.hidden) {
        notes.push(format!("{HIDDEN}: {}.", wording::HIDDEN));
    }
    let shade = printer.layout.shade;
    if let Some(legend) = shaded(shade).filter(|_| printer.tested || shade == Shade::Index) {
        notes.push(legend);
    }
    if cells().any(|cell| cell.numbers.contains_key("response_share")) {
        notes.push(
            "Several answers were possible: column percentages may add up to more than 100.".to_owned(),
        );
    }
    notes.push(rounding(printer));
    notes
}

/// How a question was tested under some groups of columns.
pub(super) fn tests(crossed: &Crossed, layout: &Layout, stub: usize, groups: &[usize]) -> Vec<String> {
    let told = groups.iter().filter_map(|group| {
        let note = crossed.tables.get(&(stub, *group))?.get("test_note")?.text()?;
        Some((heading(crossed, layout, *group), note))
    });
    test_notes::joined(&told.collect::<Vec<_>>())
}

/// What the tables of a question say, each sentence once.
fn told(printer: &Printer<'_>, stub: usize, banner: &Banner, name: &str) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for group in &banner.groups {
        let said = printer.crossed.tables.get(&(stub, *group)).and_then(|about| about.get(name)?.text());
        if let Some(said) = said.filter(|said| !told.contains(said)) {
            told.push(said);
        }
    }
    told
}

/// Whether the answers depend on the columns, for each group of them that was tested.
fn association(printer: &Printer<'_>, stub: usize, banner: &Banner) -> Option<String> {
    let mut is_rao_scott = false;
    let found = banner.groups.iter().filter_map(|group| {
        let about = printer.crossed.tables.get(&(stub, *group))?;
        let found = wording::association(|name| match about.get(name) {
            Some(Datum::Number(value)) => Some(*value),
            _ => None,
        })?;
        is_rao_scott |= found.is_rao_scott;
        let columns = quoted(&heading(printer.crossed, printer.layout, *group));
        Some(format!("by {columns}: {}", found.found))
    });
    let found: Vec<String> = found.collect();
    let lead = wording::association_lead(is_rao_scott);
    (!found.is_empty()).then(|| format!("{lead}. {}.", capital(&found.join("; "))))
}

fn capital(text: &str) -> String {
    let mut signs = text.chars();
    signs.next().map_or_else(String::new, |first| first.to_uppercase().chain(signs).collect())
}

/// What the colours mean.
pub(super) fn shaded(shade: Shade) -> Option<String> {
    match shade {
        Shade::None => None,
        Shade::Index => Some(format!(
            "Shaded by index, 100 is everyone: › from {}, » from {}, ‹ to {}, « to {}; not on very small bases.",
            HIGH[1], HIGH[0], LOW[1], LOW[0]
        )),
        Shade::Significance => Some(
            "Shaded: what the signs and letters say; strong at the stricter level, pale at the looser one."
                .to_owned(),
        ),
    }
}

/// How numbers are rounded, and what stands for nothing.
fn rounding(printer: &Printer<'_>) -> String {
    let shares = [Figure::ColumnShare, Figure::RowShare, Figure::TotalShare, Figure::ResponseShare];
    if !printer.figures.iter().any(|figure| shares.contains(figure)) {
        return "Rounded for display. -: nobody; empty: not asked.".to_owned();
    }
    let least = least_percent(printer.layout.decimals);
    format!(
        "Percentages are rounded for display, so that those of one answer each may add up to 99 or 101. -: nobody; <{least}%: some, but so few that it would say 0 %; empty: not asked."
    )
}
