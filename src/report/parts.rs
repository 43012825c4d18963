//! Splits a table that is too wide for a page into parts of columns that fit, each with the names of the rows
//! and the column of everyone. It measures words by their number of signs; it knows no font and no page.

use std::ops::Range;

use super::grid::{Cell, Grid};

/// How wide a table may be, in widths of a figure: a wide window, and a page of A4 on its side in small
/// letters.
const WIDEST: f64 = 152.0;
/// What goes onto the width of the text of a page, and of A4 on end in small letters.
pub(super) const TEXT: f64 = 106.0;
/// White beside a column.
const BESIDE: f64 = 1.6;
/// The room that names of rows are given; longer ones are broken.
const NAMES: (f64, f64) = (16.0, 26.0);

/// The table in parts, from left to right; as a whole where it fits or is not to be split.
pub(super) fn of(grid: &Grid) -> Vec<Grid> {
    let widths = widths(grid);
    let repeated = grid.repeated.min(widths.len());
    if repeated == 0 || widths.iter().sum::<f64>() <= WIDEST {
        return vec![grid.clone()];
    }
    let levels: Vec<Vec<usize>> =
        grid.spanners.iter().map(|row| row.iter().map(|spanner| spanner.width).collect()).collect();
    let room = WIDEST - widths[..repeated].iter().sum::<f64>();
    let part = |range: &Range<usize>| (0..repeated).chain(range.clone()).collect::<Vec<usize>>();
    let ranges = split(&levels, &widths, repeated, room);
    ranges.iter().map(|range| grid.with_columns(&part(range))).collect()
}

/// Columns after the first `skipped` in as few parts as fit into a room, none of them much narrower than the
/// others. `levels` has the widths in columns of the headings over them, the outermost first: columns
/// under one heading stay together where they can.
pub(super) fn split(levels: &[Vec<usize>], widths: &[f64], skipped: usize, room: f64) -> Vec<Range<usize>> {
    let pack = |room: f64| {
        let mut units = Vec::new();
        together(levels, skipped..widths.len(), widths, room, &mut units);
        packed(units, widths, room)
    };
    let few = pack(room.max(0.0));
    let even = (1..room.max(1.0) as usize).map_while(|less| {
        let parts = pack(room - less as f64);
        (parts.len() == few.len()).then_some(parts)
    });
    even.last().unwrap_or(few)
}

/// How wide a table is, in widths of a figure.
pub(super) fn width(grid: &Grid) -> f64 {
    widths(grid).iter().sum()
}

/// The room of what tests found beside the figures of each column, so that figures stand one below the
/// other; none where nothing was found.
pub(super) fn rooms(grid: &Grid) -> Vec<Option<f64>> {
    let rows = || grid.blocks.iter().flat_map(|block| &block.rows);
    // In hundredths of a figure: a capital letter is wider, a space or a bracket narrower.
    let width = |found: &str| -> u32 {
        found.chars().map(|sign| if sign.is_alphabetic() || sign.len_utf8() > 1 { 115 } else { 65 }).sum()
    };
    let widest = |at: usize| {
        let found = rows().filter_map(|row| row.cells.get(at)).map(|cell| width(cell.found()));
        found.max().unwrap_or_default()
    };
    let room = |hundredths: u32| (hundredths > 0).then(|| f64::from(hundredths) / 100.0);
    (0..grid.columns.len()).map(|at| room(widest(at))).collect()
}

/// The width of each column.
fn widths(grid: &Grid) -> Vec<f64> {
    let signs = |text: &str| text.chars().count() as f64;
    let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
    let rows = || grid.blocks.iter().flat_map(|block| &block.rows);
    let width = |(at, room): (usize, Option<f64>)| {
        let cells = rows().filter_map(|row| row.cells.get(at)).map(Cell::text);
        if at + 1 == grid.name_column {
            return widest(&mut cells.map(|text| signs(&text))).clamp(NAMES.0, NAMES.1) + BESIDE;
        }
        let mut words = grid.columns[at].label.split([' ', '-', '/']).map(signs);
        // What tests found is set smaller than figures.
        let figures = widest(&mut cells.map(|text| signs(&text))) + room.map_or(0.0, |room| 0.8 * room + 0.3);
        widest(&mut words).max(figures) + BESIDE
    };
    rooms(grid).into_iter().enumerate().map(width).collect()
}

/// Neighbouring columns, and whether they are a heading's all or a piece of one that had to be broken.
#[derive(Debug, Clone)]
struct Unit {
    columns: Range<usize>,
    /// The number of the broken heading.
    piece_of: Option<usize>,
}

/// Columns that stay together: those under one heading, or where these are too wide those under one of the
/// headings below it, else each by itself.
fn together(levels: &[Vec<usize>], range: Range<usize>, widths: &[f64], room: f64, units: &mut Vec<Unit>) {
    let (tops, below) =
        levels.split_first().map_or((&[][..], levels), |(row, below)| (row.as_slice(), below));
    for (number, own) in headed(tops, &range).into_iter().enumerate() {
        if fits(&own, widths, room) {
            units.push(Unit { columns: own, piece_of: None });
        } else {
            let pieces = pieces(below, own, widths, room);
            units.extend(pieces.into_iter().map(|columns| Unit { columns, piece_of: Some(number) }));
        }
    }
}

/// A heading that is too wide, in pieces.
fn pieces(levels: &[Vec<usize>], range: Range<usize>, widths: &[f64], room: f64) -> Vec<Range<usize>> {
    let Some((row, below)) = levels.split_first() else { return range.map(|at| at..at + 1).collect() };
    let broken = |own: Range<usize>| match fits(&own, widths, room) {
        true => vec![own],
        false => pieces(below, own, widths, room),
    };
    headed(row, &range).into_iter().flat_map(broken).collect()
}

fn fits(columns: &Range<usize>, widths: &[f64], room: f64) -> bool {
    widths[columns.clone()].iter().sum::<f64>() <= room
}

/// The columns of a range under each of the headings of a row.
fn headed(row: &[usize], range: &Range<usize>) -> Vec<Range<usize>> {
    let mut start = 0;
    let each = row.iter().map(|many| {
        let own = range.start.max(start)..range.end.min(start + many);
        start += many;
        own
    });
    each.filter(|own| !own.is_empty()).collect()
}

/// Neighbouring units side by side as far as the room goes. Pieces of a broken heading begin a part of
/// their own: its column of everyone would else stand apart from the others.
fn packed(units: Vec<Unit>, widths: &[f64], room: f64) -> Vec<Range<usize>> {
    let mut parts: Vec<Unit> = Vec::new();
    for unit in units {
        match parts.last_mut() {
            Some(last)
                if (unit.piece_of.is_none() || unit.piece_of == last.piece_of)
                    && fits(&(last.columns.start..unit.columns.end), widths, room) =>
            {
                last.columns.end = unit.columns.end;
            }
            _ => parts.push(unit),
        }
    }
    parts.into_iter().map(|part| part.columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::grid::{Align, Column, Format, Role, Row, Rows, Spanner};

    /// A table of names, everyone, and groups of so many columns of a width.
    fn table(groups: &[usize], signs: usize) -> Grid {
        let many: usize = groups.iter().sum();
        let column = |label: String| Column { label, align: Align::Right };
        let labels = (0..many).map(|at| column(format!("{at:0>signs$}")));
        let cells = (0..many).map(|_| Cell::number(0.5, Format::Share));
        let names = [Cell::Text("Yes".into()), Cell::number(0.5, Format::Share)];
        let row = Row { role: Role::Body, cells: names.into_iter().chain(cells).collect() };
        let spanner = |label: &str, width: usize| Spanner { label: label.into(), width };
        let heads = groups.iter().enumerate().map(|(at, width)| spanner(&format!("G{at}"), *width));
        Grid {
            spanners: vec![std::iter::once(spanner("", 2)).chain(heads).collect()],
            columns: [column(String::new()), column("Total".into())].into_iter().chain(labels).collect(),
            name_column: 1,
            repeated: 2,
            blocks: vec![Rows { title: "Q".into(), rows: vec![row] }],
            ..Grid::default()
        }
    }

    fn heads(parts: &[Grid]) -> Vec<String> {
        let row = |grid: &Grid| {
            let row = grid.spanners[0].iter().map(|each| format!("{}×{}", each.label, each.width));
            row.collect::<Vec<_>>().join("|")
        };
        parts.iter().map(row).collect()
    }

    #[test]
    fn a_table_that_fits_stays_whole() {
        assert_eq!(of(&table(&[6, 6], 6)).len(), 1);
        assert_eq!(of(&Grid { repeated: 0, ..table(&[9, 9, 9], 9) }).len(), 1, "not to be split");
    }

    #[test]
    fn wide_tables_are_split_between_groups_and_repeat_names_and_everyone() {
        let parts = of(&table(&[6, 6, 6], 8));
        assert_eq!(heads(&parts), ["×2|G0×6|G1×6", "×2|G2×6"]);
        for part in &parts {
            assert_eq!(part.columns[1].label, "Total");
            assert_eq!(part.blocks[0].rows[0].cells.len(), part.columns.len());
            assert!(width(part) <= WIDEST, "{}", width(part));
        }
        let labels: Vec<&str> =
            parts.iter().flat_map(|part| &part.columns[2..]).map(|column| column.label.as_str()).collect();
        assert_eq!(labels.len(), 18, "every column once");
    }

    #[test]
    fn a_group_wider_than_a_page_is_split_evenly() {
        assert_eq!(heads(&of(&table(&[2, 14], 9))), ["×2|G0×2", "×2|G1×7", "×2|G1×7"]);
    }
}
