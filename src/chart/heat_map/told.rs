//! What a heat map shows, in words and as a table.

use super::cells::{Cell, Cells, Side};
use crate::chart::base::{self, Base};
use crate::chart::finding::{self, Finding};
use crate::chart::records::heading;
use crate::chart::{DataTable, Number, Spec};

pub(super) fn alt(cells: &Cells<'_>, spec: &Spec) -> String {
    let number = cells.number(spec);
    let (rows, columns) = (cells.rows.len(), cells.columns.len());
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let mut alt = format!(
        "Cross-tab, {} by {}, shaded by index (100 is the whole).",
        plural(rows, "row"),
        plural(columns, "column")
    );
    let mut known: Vec<(usize, usize, f64, f64)> = Vec::new();
    for (row, line) in cells.cells.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            if let Some(Cell { value: Some(value), index: Some(index), base, hidden: false, .. }) = cell
                && *base != Base::Small
                && !cells.columns[column].total
            {
                known.push((row, column, *value, *index));
            }
        }
    }
    known.sort_by(|a, b| b.3.total_cmp(&a.3));
    let tell = |&(row, column, value, index): &(usize, usize, f64, f64)| {
        let (row, column) = (&cells.rows[row].name, cells.columns[column].value());
        format!("{row} among {column} {} (index {})", number.show(value), Number::Whole.show(index))
    };
    match known.as_slice() {
        [] => {}
        [only] => alt.push_str(&format!(" {}.", tell(only))),
        [highest, .., lowest] => {
            alt.push_str(&format!(" Highest index: {}; lowest: {}.", tell(highest), tell(lowest)));
        }
    }
    let found: Vec<Finding> = cells.findings().collect();
    if let Some(column) = cells.compared {
        let than = finding::compared(column).map_or(String::new(), |than| format!(" than {than}"));
        let higher = found.iter().filter(|finding| finding.is_higher()).count();
        let lower = found.len() - higher;
        alt.push_str(&format!(" Significantly higher{than}: {}; lower: {lower}.", plural(higher, "cell")));
    }
    let lettered = cells.cells.iter().flatten().flatten().filter(|cell| !cell.letters.is_empty()).count();
    match lettered {
        0 => {}
        1 => alt.push_str(" One cell is significantly larger than another column."),
        _ => alt.push_str(&format!(" {lettered} cells are significantly larger than another column.")),
    }
    alt.push_str(&base::alt(cells.small_columns(), cells.roles.base_mark.is_some()));
    alt
}

pub(super) fn data(cells: &Cells<'_>, spec: &Spec) -> DataTable {
    let number = cells.number(spec);
    let titled = |side: &Side| match &side.group {
        Some(group) => format!("{}: {}", cells.title(group), side.value()),
        None => side.value(),
    };
    let tested: Vec<bool> = (0..cells.columns.len())
        .map(|column| {
            let mut of_column = cells.cells.iter().filter_map(|line| line[column].as_ref());
            of_column.any(|cell| cell.finding.is_some() || !cell.letters.is_empty())
        })
        .collect();
    let mut header = vec![heading(&cells.roles.row)];
    for (column, tested) in cells.columns.iter().zip(&tested) {
        let letter = if column.letter.is_empty() { String::new() } else { format!(" ({})", column.letter) };
        header.push(titled(column) + &letter);
        header.push("Index".into());
        header.extend(tested.then(|| "Significant".to_owned()));
    }
    let based = cells.based();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (at, (row, line)) in cells.rows.iter().zip(&cells.cells).enumerate() {
        let mut shown = vec![titled(row)];
        for (cell, tested) in line.iter().zip(&tested) {
            let cell = cell.as_ref();
            let words = cell.filter(|cell| cell.value.is_some() || cell.hidden);
            shown.push(words.map(|cell| cell.figure(row.kind, number)).unwrap_or_default());
            let index = cell.filter(|cell| !cell.hidden).and_then(|cell| cell.index);
            shown.push(index.map(|index| Number::Whole.show(index)).unwrap_or_default());
            shown.extend(tested.then(|| cell.map(|cell| cells.told(cell)).unwrap_or_default()));
        }
        rows.push(shown);
        if let Some(range) = based.iter().find(|range| range.end == at + 1 && cells.roles.base.is_some()) {
            let bases = cells.base_words(range.clone()).into_iter().zip(&tested);
            let figures = bases.flat_map(|(words, tested)| {
                let blank = 1 + usize::from(*tested);
                std::iter::once(words).chain(vec![String::new(); blank])
            });
            rows.push(std::iter::once("Base (n)".to_owned()).chain(figures).collect());
        }
    }
    DataTable { header, rows }
}
