//! The rows of a question: bases, answers with their figures, nets and statistics.

use super::Measure;
use super::crossed::{Answer, Crossed, Slot};
use super::heads::Heads;
use crate::report::grid::{BaseMark, Cell, Format, Role, Row};
use crate::report::listing;
use crate::report::records::Datum;

/// The rows of an answer, a net or a statistic: one for each figure that is shown.
pub(super) fn of(
    crossed: &Crossed<'_>,
    (stub, answer): (&str, &Answer),
    slots: &[Slot<'_>],
    heads: &Heads,
    measures: &[Measure],
) -> Vec<Row> {
    let role = match answer.kind.as_str() {
        "net" => Role::Net,
        "answer" if answer.is_part => Role::Part,
        "answer" => Role::Body,
        _ => Role::Statistic,
    };
    let statistic = answer.statistic();
    // A statistic is one figure, whatever is shown of the answers.
    let measures = if statistic.is_some() { &measures[..1] } else { measures };
    let row = |(at, measure): (usize, &Measure)| {
        let cells = slots.iter().map(|slot| {
            let Some(line) = crossed.line(stub, answer, slot) else { return Cell::Text(String::new()) };
            if crossed.hidden(line) {
                return Cell::Hidden;
            }
            if crossed.number(Some(line), "base") == Some(0.0) {
                return Cell::Text(String::new());
            }
            let (column, format) = match statistic {
                Some(format) => ("estimate", format),
                None => (measure.column(), measure.format()),
            };
            let found = if at == 0 { heads.found(crossed, line, slot) } else { String::new() };
            match crossed.number(Some(line), column) {
                None => Cell::Blank,
                Some(value) if found.is_empty() => Cell::number(value, format),
                Some(value) => Cell::Tested { value, format, found },
            }
        });
        let (role, label) = match at {
            0 => (role, answer.label.as_str()),
            _ => (Role::Detail, measure.label()),
        };
        Row { role, cells: std::iter::once(Cell::Text(label.to_owned())).chain(cells).collect() }
    };
    measures.iter().enumerate().map(row).collect()
}

/// The rows of bases of a row variable: unweighted, and where there are weights, weighted and effective.
pub(super) fn bases(crossed: &Crossed<'_>, stub: &str, slots: &[Slot<'_>]) -> Vec<Row> {
    let row = |label: &str, column: &str, marked: bool| {
        let cells = slots.iter().map(|slot| {
            let head = crossed.head(stub, slot);
            let mark = match head.filter(|_| marked).map(|line| crossed.records.get(line, listing::MARK)) {
                Some(Datum::Text(sign)) if sign.trim() == "**" => Some(BaseMark::VerySmall),
                Some(Datum::Text(sign)) if sign.trim() == "*" => Some(BaseMark::Small),
                _ => None,
            };
            match crossed.sum(head, column) {
                Some(value) => Cell::Number { value, format: Format::Count, mark },
                None if head.is_some_and(|line| crossed.hidden(line)) => Cell::Hidden,
                None => Cell::Blank,
            }
        });
        Row { role: Role::Base, cells: std::iter::once(Cell::Text(label.to_owned())).chain(cells).collect() }
    };
    if !crossed.weighted() {
        return vec![row("Base", "base", true)];
    }
    vec![
        row("Unweighted base", "base", true),
        row("Weighted base", "base_weighted", false),
        row("Effective base", "base_effective", false),
    ]
}
