//! What a workbook will hold, as values: which cell has which content and which looks. Tests read it;
//! writing it to a file is another matter. It knows nothing of tables or surveys.

use std::collections::{BTreeMap, BTreeSet};

use super::list::List;

/// Signs that the name of a sheet may have.
const LONGEST_NAME: usize = 31;

/// The pages of a workbook in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    /// Each with a name of its own.
    pub pages: Vec<Page>,
}

/// A page of a workbook.
#[derive(Debug, Clone, PartialEq)]
pub enum Page {
    /// Cells that were placed one by one.
    Sheet(Sheet),
    /// A table as it is, column by column.
    List(List),
}

/// A sheet of placed cells. Rows and columns are counted from 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// Its name, one of its own in the workbook.
    pub name: String,
    /// The cells by row and column.
    pub cells: BTreeMap<(u32, u16), Cell>,
    /// Cells that are shown as one; the content and looks are those of the first.
    pub merged: Vec<Area>,
    /// Widths of columns, in signs.
    pub widths: BTreeMap<u16, f64>,
    /// Heights of rows, in points, where they are not the usual one.
    pub heights: BTreeMap<u32, f64>,
    /// The first row and column that move when one scrolls.
    pub frozen: (u32, u16),
    /// Whether all of it is printed on one page; otherwise on as many as it needs, one page wide.
    pub on_one_page: bool,
    /// The rows, both included, that every printed page repeats.
    pub repeated: Option<(u32, u32)>,
    /// The columns, both included, that every printed page repeats.
    pub repeated_columns: Option<(u16, u16)>,
    /// The columns that begin a printed page; none where the sheet is one page wide.
    pub breaks: Vec<u16>,
    /// The rows that begin a printed page, beside those that do when one is full.
    pub row_breaks: Vec<u32>,
    /// How large it is printed, where it is not made to fit the width of a page; 1 is as on the screen.
    pub shrunk: Option<f64>,
    /// The charts, by the cell of their upper left corner.
    pub charts: Vec<(u32, u16, Chart)>,
}

/// A rectangle of cells, both corners included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// The first row.
    pub top: u32,
    /// The first column.
    pub left: u16,
    /// The last row.
    pub bottom: u32,
    /// The last column.
    pub right: u16,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// What it holds.
    pub value: Value,
    /// How it looks.
    pub style: Style,
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Blank,
    /// Words, whatever they look like.
    Text(String),
    /// A number, unrounded.
    Number(f64),
    /// Words that lead to another sheet of the workbook.
    Link {
        /// The words.
        text: String,
        /// The name of the sheet.
        sheet: String,
        /// The row to show.
        row: u32,
    },
}

/// How a cell looks.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Style {
    /// The number format, in Excel's words; empty for the usual one.
    pub number: String,
    /// Heavy letters.
    pub bold: bool,
    /// Slanted letters.
    pub italic: bool,
    /// The size of the letters, in points; 0 for the usual one.
    pub size: u8,
    /// The colour of the letters, as red, green and blue.
    pub ink: Option<u32>,
    /// The colour behind them.
    pub fill: Option<u32>,
    /// Where the content stands.
    pub align: Align,
    /// Steps to the right.
    pub indent: u8,
    /// Whether long words go on in the next line.
    pub wrap: bool,
    /// Whether the content stands at the upper edge; otherwise at the lower.
    pub upper: bool,
    /// The line above.
    pub above: Line,
    /// The line below.
    pub below: Line,
    /// The line on the left.
    pub before: Line,
}

/// Where the content of a cell stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Align {
    /// Numbers right, words left.
    #[default]
    Natural,
    /// Left.
    Left,
    /// In the middle.
    Centre,
    /// Right.
    Right,
}

/// A line at the edge of a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// None.
    #[default]
    None,
    /// Pale, between rows that belong together.
    Faint,
    /// Thin.
    Thin,
}

/// A native chart over cells of the workbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What it says to those who cannot see it.
    pub description: String,
    /// Whether the bars are parts of 100 %.
    pub stacked: bool,
    /// The number format of its labels.
    pub number: String,
    /// The sheet that has the figures.
    pub sheet: String,
    /// The names of the bars.
    pub names: Area,
    /// The bars, or the parts of bars.
    pub series: Vec<Series>,
}

/// A series of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// What it is called.
    pub name: String,
    /// Its figures.
    pub figures: Area,
    /// The colour of its bars.
    pub fill: u32,
    /// The colour of the figures on them.
    pub ink: u32,
}

impl Sheet {
    /// A sheet without cells.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Puts a cell down; an empty one without looks leaves its place empty.
    pub fn put(&mut self, row: u32, column: u16, value: Value, style: Style) {
        if value != Value::Blank || style != Style::default() {
            self.cells.insert((row, column), Cell { value, style });
        }
    }

    /// Puts words down.
    pub fn text(&mut self, row: u32, column: u16, text: impl Into<String>, style: Style) {
        self.put(row, column, Value::text(text), style);
    }

    /// Puts words down over several columns of a row, from `left` to `right`.
    pub fn across(&mut self, row: u32, left: u16, right: u16, value: Value, style: Style) {
        if right > left {
            for column in left + 1..=right {
                self.put(row, column, Value::Blank, style.clone());
            }
            self.merged.push(Area { top: row, left, bottom: row, right });
        }
        self.put(row, left, value, style);
    }

    /// The cell of a place.
    pub fn cell(&self, row: u32, column: u16) -> Option<&Cell> {
        self.cells.get(&(row, column))
    }

    /// How many rows there are, up to the last that has a cell.
    pub fn rows(&self) -> u32 {
        self.cells.keys().next_back().map_or(0, |(row, _)| row + 1)
    }

    /// The width of neighbouring columns together, in signs.
    pub fn width(&self, left: u16, right: u16) -> f64 {
        (left..=right).map(|column| self.widths.get(&column).copied().unwrap_or(8.43)).sum()
    }
}

impl Value {
    /// Words; without any, nothing.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Blank } else { Self::Text(text) }
    }
}

/// The room on a page of A4 on its side, in points.
const PAGE: (f64, f64) = (780.0, 500.0);
/// The points of a sign, and of the white in a column.
const SIGN: f64 = 5.4;
const WHITE: f64 = 3.75;
/// The smallest a sheet is printed to bring it on one page.
const LEAST: f64 = 0.55;

impl Sheet {
    /// The width of neighbouring columns together, in points.
    pub fn points(&self, left: u16, right: u16) -> f64 {
        (left..=right).map(|column| SIGN * self.width(column, column) + WHITE).sum()
    }

    /// The points that stand side by side on a printed page, at a scale.
    pub fn room(scale: f64) -> f64 {
        PAGE.0 / scale
    }

    /// How large it is printed if it is one page wide, up to a column.
    pub fn scale(&self, last: u16) -> f64 {
        (Self::room(1.0) / self.points(0, last)).min(1.0)
    }

    /// The last column of what stands above a table up to column `last`: on a sheet of several printed pages
    /// side by side the last that all of them repeat, so that each has it whole.
    pub fn above(&self, last: u16) -> u16 {
        match self.repeated_columns {
            Some((_, repeated)) if !self.breaks.is_empty() => repeated,
            _ => last,
        }
    }

    /// The first and the last column of what stands below a table up to column `last`: on a sheet of several
    /// printed pages side by side those of the first page that others do not repeat.
    pub fn below(&self, last: u16) -> (u16, u16) {
        match (self.repeated_columns, self.breaks.first()) {
            (Some((_, repeated)), Some(next)) => (repeated + 1, last.min(next.saturating_sub(1))),
            _ => (0, last),
        }
    }

    /// Puts a chart down below a table, on a printed page of its own where it would be cut.
    pub fn chart(&mut self, row: u32, chart: Chart) {
        let last = self.cells.keys().map(|(_, column)| *column).max().unwrap_or(0);
        let page = PAGE.1 / self.shrunk.unwrap_or_else(|| self.scale(last));
        let above = self.high(0..row) % page;
        let high = chart.height() * 0.75;
        if !self.on_one_page && above + high > page {
            self.row_breaks.push(row);
        }
        self.charts.push((row, self.below(last).0, chart));
    }

    /// The height of rows together, in points.
    fn high(&self, rows: std::ops::Range<u32>) -> f64 {
        rows.map(|row| self.heights.get(&row).copied().unwrap_or(15.0)).sum()
    }

    /// Prints the sheet, with the chart that it will have, on one page where that makes it little smaller
    /// than its width does anyway.
    pub fn fit(&mut self, chart: Option<&Chart>) {
        if !self.breaks.is_empty() {
            return;
        }
        let last = self.cells.keys().map(|(_, column)| *column).max().unwrap_or(0);
        let scale = self.scale(last);
        let high = self.high(0..self.rows()) + chart.map_or(0.0, |chart| 0.75 * chart.height());
        self.on_one_page = high * scale <= 1.4 * PAGE.1 && (high * LEAST <= PAGE.1);
    }
}

impl Chart {
    /// Its height, in pixels.
    pub fn height(&self) -> f64 {
        chart_height((self.names.bottom - self.names.top) as usize + 1)
    }
}

/// The height of a chart with so many bars, in pixels.
pub(super) fn chart_height(bars: usize) -> f64 {
    (90.0 + 30.0 * bars as f64).min(900.0)
}

/// Signs of running words that fit where ten digits would.
pub const WORDS: f64 = 1.15;

/// The height of a row, in points, whose text is broken into lines of a width.
pub fn height(text: &str, width: f64) -> f64 {
    15.0 * lines(text, width) as f64
}

/// How many lines a text needs, broken between words; at least one.
pub fn lines(text: &str, width: f64) -> usize {
    let width = (width.floor() as usize).max(1);
    let broken = |line: &str| {
        let mut lines = 1;
        let mut used = 0;
        for word in line.split(' ') {
            let long = word.chars().count();
            if used > 0 && used + 1 + long > width {
                lines += 1;
                used = 0;
            }
            used += long + usize::from(used > 0);
            // A word that is too long is broken inside.
            lines += used.saturating_sub(1) / width;
            used -= used.saturating_sub(1) / width * width;
        }
        lines
    };
    text.split('\n').map(broken).sum()
}

/// Names of sheets: no two alike, none that Excel refuses.
#[derive(Debug, Default)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// A name for a sheet as near to the wanted one as may be.
    pub fn take(&mut self, wanted: &str) -> String {
        let plain: String = wanted
            .chars()
            .map(|sign| if "[]:*?/\\'".contains(sign) || sign.is_control() { '-' } else { sign })
            .take(LONGEST_NAME)
            .collect();
        let plain = match plain.trim() {
            "" => "Table",
            // Excel keeps this one for itself.
            name if name.eq_ignore_ascii_case("history") => "Table",
            name => name,
        };
        let numbered = (2..).map(|number| {
            let end = format!(" {number}");
            plain.chars().take(LONGEST_NAME - end.len()).chain(end.chars()).collect()
        });
        let free = |name: &String| !self.0.contains(&name.to_lowercase());
        let name = std::iter::once(plain.to_owned()).chain(numbered).find(free).unwrap_or_default();
        self.0.insert(name.to_lowercase());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_have_names_that_excel_takes() {
        let mut names = Names::default();
        assert_eq!(names.take("a/b:c"), "a-b-c");
        assert_eq!(names.take("A-B-C"), "A-B-C 2", "Excel does not tell `a` from `A`");
        assert_eq!(names.take("ä".repeat(40).as_str()).chars().count(), 31);
        assert_eq!(names.take("ä".repeat(40).as_str()), format!("{} 2", "ä".repeat(29)));
        assert_eq!(names.take("History"), "Table");
        assert_eq!(names.take(" "), "Table 2");
    }

    #[test]
    fn texts_are_broken_between_words() {
        assert_eq!(lines("", 10.0), 1);
        assert_eq!(lines("Trade fair", 10.0), 1);
        assert_eq!(lines("Trade fair", 9.0), 2);
        assert_eq!(lines("a bb ccc dddd", 8.0), 2);
        assert_eq!(lines("Entscheidungsvorlage", 8.0), 3);
        assert_eq!(lines("one\ntwo", 10.0), 2);
    }
}
