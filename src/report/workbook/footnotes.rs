//! What is said under a table: how it was tested, which bases are small, what the signs mean, how
//! numbers were rounded. The words about tests come with the table; the rest follows from what it shows.

use std::collections::BTreeSet;

use super::crossed::Crossed;
use super::heads::{Banner, heading};
use super::options::{Figure, Layout, Shade};
use super::table::{HIGH, LOW, Printer};
use crate::number;
use crate::report::banner::variance as variance_words;
use crate::report::{BaseMark, Datum};
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
    notes.extend(variance.iter().map(|method| format!("Variance: {}.", variance_words(method, weighted))));
    notes.extend(banner.groups.iter().filter_map(|group| chi_square(printer, stub, *group)));
    let marks: BTreeSet<BaseMark> = cells().filter_map(|cell| cell.mark).collect();
    notes.extend(marks.iter().rev().map(|mark| mark.meaning().to_owned()));
    if cells().any(|cell| cell.hidden) {
        notes.push(format!("{HIDDEN}: too few people, or a cell from which such a one could be worked out."));
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

/// How a question was tested under some groups of columns. Sentences that differ in one place, such as
/// the columns that were compared, become one.
pub(super) fn tests(crossed: &Crossed, layout: &Layout, stub: usize, groups: &[usize]) -> Vec<String> {
    let mut ways: Vec<(String, Vec<String>)> = Vec::new();
    for &group in groups {
        let about = crossed.tables.get(&(stub, group));
        let Some(note) = about.and_then(|about| about.get("test_note")?.text()) else { continue };
        let variable = heading(layout, &crossed.groups[group].variable);
        match ways.iter_mut().find(|(known, _)| *known == note) {
            Some((_, groups)) => groups.push(variable),
            None => ways.push((note, vec![variable])),
        }
    }
    match ways.as_slice() {
        [(note, named)] if named.len() == groups.len() => vec![note.clone()],
        several => joined(several).map(|one| vec![one]).unwrap_or_else(|| {
            several.iter().map(|(note, named)| format!("{}: {note}", named.join(", "))).collect()
        }),
    }
}

/// Sentences that differ in one place as one sentence: what each has there, with the names that it is
/// said of. None where most of their words differ.
fn joined(ways: &[(String, Vec<String>)]) -> Option<String> {
    let (first, rest) = ways.split_first()?;
    let mut head = first.0.as_str();
    let mut tail = first.0.as_str();
    for (note, _) in rest {
        let same = head.char_indices().zip(note.chars()).find(|((_, a), b)| a != b);
        head = &head[..same.map_or(head.len().min(note.len()), |((at, _), _)| at)];
        let same = tail.char_indices().rev().zip(note.chars().rev()).find(|((_, a), b)| a != b);
        tail = &tail[same.map_or(0, |((at, sign), _)| at + sign.len_utf8())..];
    }
    // Whole words, and no word twice where the sentences are alike from both ends.
    let head = &head[..head.rfind(' ')? + 1];
    let tail = &tail[tail.find([' ', ';', ',', '.'])?..];
    let short = ways.iter().map(|(note, _)| note.len()).min()?;
    if rest.is_empty() || head.len() + tail.len() >= short || 2 * (head.len() + tail.len()) < short {
        return None;
    }
    let parts = ways
        .iter()
        .map(|(note, names)| format!("{} {}", names.join(", "), &note[head.len()..note.len() - tail.len()]));
    Some(format!("{head}{}{tail}", parts.collect::<Vec<_>>().join("; ")))
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

fn chi_square(printer: &Printer<'_>, stub: usize, group: usize) -> Option<String> {
    let about = printer.crossed.tables.get(&(stub, group))?;
    let number = |name: &str| match about.get(name) {
        Some(Datum::Number(value)) => Some(*value),
        _ => None,
    };
    let variable = heading(printer.layout, &printer.crossed.groups[group].variable);
    let mut parts = Vec::new();
    let whole = |value: f64| number::plain(number::round_half_away(value, 1));
    if let (Some(statistic), Some(df), Some(p)) = (number("chi_square"), number("df"), number("p_value")) {
        parts.push(format!(
            "chi-square {}, df {}, {}",
            number::fixed(statistic, 2),
            whole(df),
            probability(p)
        ));
    }
    if let (Some(f), Some(df1), Some(df2), Some(p)) =
        (number("rao_scott"), number("rao_scott_df1"), number("rao_scott_df2"), number("rao_scott_p"))
    {
        let of = format!("F {} on {} and {} df", number::fixed(f, 2), whole(df1), whole(df2));
        parts.push(format!("Rao-Scott {of}, {}", probability(p)));
    }
    if parts.is_empty() {
        return None;
    }
    parts.extend(number("cramers_v").map(|v| format!("Cramér's V {}", number::fixed(v, 2))));
    let few = number("cells_below_5").filter(|few| *few > 0.0);
    parts.extend(few.map(|few| match few as u64 {
        1 => "1 cell with fewer than 5 expected".to_owned(),
        few => format!("{few} cells with fewer than 5 expected"),
    }));
    Some(format!("{variable}: {}.", parts.join("; ")))
}

/// A probability as it is printed.
fn probability(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {}", number::fixed(p, 3)) }
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
        return "Rounded for display. - none; blank: not asked.".to_owned();
    }
    let least = match printer.layout.decimals {
        0 => "0.5".to_owned(),
        decimals => format!("0.{}5", "0".repeat(usize::from(decimals))),
    };
    format!(
        "Percentages are rounded for display, so that those of one answer each may add up to 99 or 101. - none; * in a cell: less than {least} %; blank: not asked."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_that_differ_in_one_place_become_one() {
        let way = |letters: &str, name: &str| {
            (format!("Two-sided tests at 95 %. Compared: {letters}; not corrected."), vec![name.to_owned()])
        };
        let one = joined(&[way("A/B/C", "Persona"), way("A/B", "Region")]);
        let wanted = "Two-sided tests at 95 %. Compared: Persona A/B/C; Region A/B; not corrected.";
        assert_eq!(one.as_deref(), Some(wanted));
        let other = ("Nothing was tested in this table.".to_owned(), vec!["Wave".to_owned()]);
        assert_eq!(joined(&[way("A/B", "Persona"), other]), None);
        assert_eq!(joined(&[way("A/B", "Persona")]), None);
    }
}
