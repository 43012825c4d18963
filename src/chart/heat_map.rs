//! A cross-tab as a table of numbers, each cell shaded by its index: how far the column departs from
//! the whole.

use std::collections::BTreeMap;
use std::ops::Range;

use super::bar::widest;
use super::base::{self, Base};
use super::font::{Face, Lines};
use super::page::{self, Key, LABEL, Page, SMALL, Swatch};
use super::palette::{AXIS, Color, INDEX_STEPS, INK, MUTED, WHITE, text_on};
use super::records::{Records, heading};
use super::scene::{Anchor, Style, Text};
use super::{DataTable, Drawn, FigureError, Number, Spec, cut_note};
use crate::number;

/// The columns that fill the roles of a heat map: one record for each cell.
#[derive(Debug, Clone)]
pub struct HeatMap {
    /// The question a row belongs to; rows of one question stand together.
    pub row_group: Option<String>,
    /// The row.
    pub row: String,
    /// The question a column belongs to.
    pub column_group: Option<String>,
    /// The column.
    pub column: String,
    /// The number in the cell.
    pub value: String,
    /// The shade: 100 is the whole.
    pub index: String,
    /// True for the cells of the whole, which are shown once where they are the same for all questions.
    pub total: Option<String>,
    /// The base of the cell's column.
    pub base: Option<String>,
    /// `*` and `**` for columns of small bases; none: told from `base`.
    pub base_mark: Option<String>,
}

pub(super) struct Cells<'a> {
    roles: &'a HeatMap,
    rows: Vec<Side>,
    columns: Vec<Side>,
    /// By row, then by column.
    cells: Vec<Vec<Option<Cell>>>,
}

#[derive(PartialEq)]
struct Side {
    group: Option<String>,
    name: String,
    /// The whole, not a part of it.
    total: bool,
}

#[derive(Clone, Copy)]
struct Cell {
    value: Option<f64>,
    index: Option<f64>,
    n: Option<f64>,
    base: Base,
}

impl Cell {
    /// Whether nobody could tell it from another: sums in another order differ in their last digits.
    fn shows_as(&self, other: &Cell) -> bool {
        let digits = |value: Option<f64>| value.map(|value| number::significant(value, 9));
        let shown = |cell: &Cell| (digits(cell.value), digits(cell.index), digits(cell.n), cell.base);
        shown(self) == shown(other)
    }
}

const LABEL_LIMIT: f64 = 200.0;
const LABEL_LINES: usize = 3;
const CELL: f64 = 30.0;
const NARROWEST: f64 = 48.0;
const WIDEST: f64 = 116.0;
/// White between the columns of two questions.
const BETWEEN: f64 = 12.0;
const HEAD_LINES: usize = 3;
/// How long a name that is turned may become, and its lines.
const TURNED: f64 = 150.0;
const TURNED_LINES: usize = 2;
const HEAD: Style = SMALL.color(INK);
/// The ends of the steps of shade.
const STEPS: [f64; 4] = [80.0, 90.0, 110.0, 120.0];
const STEP_WORDS: [&str; 5] = ["below 80", "80 to 90", "90 to 110: as the whole", "110 to 120", "above 120"];

impl HeatMap {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Cells<'_>, FigureError> {
        let group = |column: &Option<String>| match column {
            Some(column) => records.texts(column),
            None => Ok(vec![None; records.len()]),
        };
        let (row_groups, column_groups) = (group(&self.row_group)?, group(&self.column_group)?);
        let (row_names, column_names) = (records.texts(&self.row)?, records.texts(&self.column)?);
        let values = records.numbers(&self.value)?;
        let indices = records.numbers(&self.index)?;
        let n = records.optional_numbers(self.base.as_deref())?;
        let bases = base::read(records, self.base_mark.as_deref(), &n)?;

        let totals = match &self.total {
            Some(column) => records.flags(column)?,
            None => vec![false; records.len()],
        };
        let cell = |record: usize| Cell {
            value: values[record],
            index: indices[record],
            n: n[record],
            base: bases[record],
        };

        // The whole stands once, at the left, unless the questions of the columns disagree about it.
        let mut wholes: BTreeMap<(&Option<String>, &Option<String>), Cell> = BTreeMap::new();
        let mut agreed = true;
        for record in (0..records.len()).filter(|&record| totals[record]) {
            let whole = wholes.entry((&row_groups[record], &row_names[record])).or_insert(cell(record));
            agreed &= whole.shows_as(&cell(record));
        }

        let mut cells = Cells { roles: self, rows: vec![], columns: vec![], cells: vec![] };
        for record in 0..records.len() {
            let row = side(&mut cells.rows, &row_groups[record], &row_names[record], false);
            let group = if totals[record] && agreed { &None } else { &column_groups[record] };
            let column = side(&mut cells.columns, group, &column_names[record], totals[record]);
            cells.cells.resize_with(cells.rows.len(), Vec::new);
            let line = &mut cells.cells[row];
            line.resize(line.len().max(column + 1), None);
            line[column] = Some(cell(record));
        }
        for line in &mut cells.cells {
            line.resize(cells.columns.len(), None);
        }
        cells.gather();
        Ok(cells)
    }
}

/// Where a row or column stands, after adding it where it is new.
fn side(sides: &mut Vec<Side>, group: &Option<String>, name: &Option<String>, total: bool) -> usize {
    let name = name.clone().unwrap_or_else(|| "(none)".into());
    let wanted = Side { group: group.clone(), name, total };
    sides.iter().position(|side| *side == wanted).unwrap_or_else(|| {
        sides.push(wanted);
        sides.len() - 1
    })
}

impl Cells<'_> {
    /// Puts rows and columns of one question together, in the order in which each first appears.
    fn gather(&mut self) {
        let order = |sides: &[Side]| {
            let first = |side: &Side| sides.iter().position(|other| other.group == side.group);
            let mut order: Vec<usize> = (0..sides.len()).collect();
            order.sort_by_key(|&at| first(&sides[at]));
            order
        };
        let (rows, columns) = (order(&self.rows), order(&self.columns));
        let mut old: Vec<Option<Vec<Option<Cell>>>> =
            std::mem::take(&mut self.cells).into_iter().map(Some).collect();
        self.cells = rows
            .iter()
            .filter_map(|&row| old[row].take())
            .map(|line| columns.iter().map(|&column| line[column]).collect())
            .collect();

        self.rows = pick(std::mem::take(&mut self.rows), &rows);
        self.columns = pick(std::mem::take(&mut self.columns), &columns);
    }

    fn number(&self, spec: &Spec) -> Number {
        let values = || self.cells.iter().flatten().filter_map(|cell| cell.and_then(|cell| cell.value));
        let shares = || values().all(|value| (0.0..=1.0).contains(&value));
        spec.number.unwrap_or_else(|| if shares() { Number::Percent } else { Number::fitting(values()) })
    }

    /// The rows of each question.
    fn questions(&self) -> Vec<Range<usize>> {
        let starts: Vec<usize> = (0..self.rows.len()).filter(|&at| Self::starts(&self.rows, at)).collect();
        let ends = starts.iter().skip(1).copied().chain([self.rows.len()]);
        starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
    }

    /// The base of each column in some rows, and how small it is.
    fn bases(&self, rows: Range<usize>) -> Vec<(Option<f64>, Base)> {
        (0..self.columns.len())
            .map(|column| {
                let cells = || self.cells[rows.clone()].iter().filter_map(|line| line[column]);
                let base = cells().map(|cell| cell.base).max().unwrap_or_default();
                (cells().find_map(|cell| cell.n), base)
            })
            .collect()
    }

    /// The rows that share a line of bases: all of them, or each question's where bases differ.
    fn based(&self) -> Vec<Range<usize>> {
        let questions = self.questions();
        let mut bases = questions.iter().map(|rows| self.bases(rows.clone()));
        let first = bases.next();
        if bases.all(|other| Some(&other) == first.as_ref()) {
            std::iter::once(0..self.rows.len()).collect()
        } else {
            questions
        }
    }

    fn small_columns(&self) -> impl Iterator<Item = Base> {
        (0..self.columns.len()).map(|column| {
            let cells = self.cells.iter().filter_map(|line| line[column]);
            cells.map(|cell| cell.base).max().unwrap_or_default()
        })
    }

    /// Where a new question starts: before this row or column.
    fn starts(sides: &[Side], at: usize) -> bool {
        at == 0 || sides[at].group != sides[at - 1].group
    }

    fn label_width(&self) -> f64 {
        let rows = self.rows.iter().flat_map(|row| LABEL.wrap(&row.name, LABEL_LIMIT, LABEL_LINES).lines);
        let groups = self.rows.iter().filter_map(|row| row.group.as_deref());
        let bold = LABEL.face(Face::Bold);
        let group_lines = groups.flat_map(|group| bold.wrap(&heading(group), LABEL_LIMIT, 2).lines);
        widest(rows.map(|line| LABEL.width(&line)))
            .max(widest(group_lines.map(|line| bold.width(&line))))
            .max(SMALL.width("Base (n)"))
    }

    /// The room for gaps between questions.
    fn gaps(&self) -> f64 {
        let questions = (1..self.columns.len()).filter(|&at| Self::starts(&self.columns, at)).count();
        questions as f64 * BETWEEN
    }

    fn narrowest(&self, number: Number) -> f64 {
        let values = self.cells.iter().flatten().flatten().filter_map(|cell| cell.value);
        let cells = self.cells.iter().flatten().flatten();
        let bases = cells.map(|cell| base::n_with_mark(cell.n, cell.base));
        let texts = values.map(|value| LABEL.width(&number.show(value)));
        widest(texts.chain(bases.map(|text| SMALL.width(&text)))).max(NARROWEST - 10.0) + 10.0
    }
}

fn pick<T>(items: Vec<T>, order: &[usize]) -> Vec<T> {
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.iter().filter_map(|&at| items[at].take()).collect()
}

impl Drawn for Cells<'_> {
    fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    fn width(&self, spec: &Spec) -> f64 {
        let cells = self.narrowest(self.number(spec)) * self.columns.len() as f64;
        (2.0 * page::MARGIN + self.label_width() + 12.0 + cells + self.gaps()).max(page::WIDTH).ceil()
    }

    fn alt(&self, spec: &Spec) -> String {
        let number = self.number(spec);
        let (rows, columns) = (self.rows.len(), self.columns.len());
        let plural =
            |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let mut alt = format!(
            "Cross-tab, {} by {}, shaded by index (100 is the whole).",
            plural(rows, "row"),
            plural(columns, "column")
        );
        let mut known: Vec<(usize, usize, f64, f64)> = Vec::new();
        for (row, line) in self.cells.iter().enumerate() {
            for (column, cell) in line.iter().enumerate() {
                if let Some(Cell { value: Some(value), index: Some(index), base, .. }) = cell
                    && *base != Base::Small
                    && !self.columns[column].total
                {
                    known.push((row, column, *value, *index));
                }
            }
        }
        known.sort_by(|a, b| b.3.total_cmp(&a.3));
        let tell = |&(row, column, value, index): &(usize, usize, f64, f64)| {
            let (row, column) = (&self.rows[row].name, &self.columns[column].name);
            format!("{row} among {column} {} (index {})", number.show(value), Number::Whole.show(index))
        };
        match known.as_slice() {
            [] => {}
            [only] => alt.push_str(&format!(" {}.", tell(only))),
            [highest, .., lowest] => {
                alt.push_str(&format!(" Highest index: {}; lowest: {}.", tell(highest), tell(lowest)));
            }
        }
        alt.push_str(&base::alt(self.small_columns(), self.roles.base_mark.is_some()));
        alt
    }

    fn data(&self, spec: &Spec) -> DataTable {
        let number = self.number(spec);
        let titled = |side: &Side| match &side.group {
            Some(group) => format!("{}: {}", heading(group), side.name),
            None => side.name.clone(),
        };
        let mut header = vec![heading(&self.roles.row)];
        for column in &self.columns {
            header.push(titled(column));
            header.push("Index".into());
        }
        let based = self.based();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (at, (row, line)) in self.rows.iter().zip(&self.cells).enumerate() {
            let mut cells = vec![titled(row)];
            for cell in line {
                let show = |value: Option<f64>, number: Number| {
                    value.map(|value| number.show(value)).unwrap_or_default()
                };
                cells.push(show(cell.and_then(|cell| cell.value), number));
                cells.push(show(cell.and_then(|cell| cell.index), Number::Whole));
            }
            rows.push(cells);
            if let Some(range) = based.iter().find(|range| range.end == at + 1 && self.roles.base.is_some()) {
                let bases = self.bases(range.clone()).into_iter();
                let cells = bases.flat_map(|(n, base)| [base::n_with_mark(n, base), String::new()]);
                rows.push(std::iter::once("Base (n)".to_owned()).chain(cells).collect());
            }
        }
        DataTable { header, rows }
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let number = self.number(spec);
        let shown = self.rows.len().min(spec.limit.unwrap_or(usize::MAX));
        let from = page.left() + self.label_width() + 12.0;
        let room = (page.right() - from - self.gaps()) / self.columns.len() as f64;
        let width = room.clamp(self.narrowest(number), WIDEST.max(self.narrowest(number)));
        let mut lefts = Vec::with_capacity(self.columns.len());
        let mut x = from;
        for at in 0..self.columns.len() {
            if at > 0 && Self::starts(&self.columns, at) {
                x += BETWEEN;
            }
            lefts.push(x);
            x += width;
        }

        let title = Key { swatch: Swatch::None, words: "Index".into() };
        let steps = INDEX_STEPS.iter().zip(STEP_WORDS);
        let keys = steps.map(|(fill, words)| Key { swatch: Swatch::Fill(*fill), words: words.into() });
        page.legend(&std::iter::once(title).chain(keys).collect::<Vec<_>>());
        page.y += 12.0;
        self.draw_questions(page, &lefts, width);
        self.draw_heads(page, &lefts, width);

        let based = self.based();
        for at in 0..shown {
            if let Some(group) = self.rows[at].group.as_deref().filter(|_| Self::starts(&self.rows, at)) {
                page.y += if at == 0 { 4.0 } else { 12.0 };
                let bold = LABEL.face(Face::Bold);
                let lines = bold.wrap(&heading(group), LABEL_LIMIT, 2).lines;
                let left = page.left();
                page.scene.lines(left, page.y, &lines, bold, Anchor::Start);
                page.y += bold.line() * lines.len() as f64 + 4.0;
            }
            let lines = LABEL.wrap(&self.rows[at].name, LABEL_LIMIT, LABEL_LINES).lines;
            let block = LABEL.line() * lines.len() as f64;
            let height = (block + 8.0).max(CELL);
            let left = page.left();
            page.scene.lines(left, page.y + (height - block) / 2.0, &lines, LABEL, Anchor::Start);
            for (column, cell) in self.cells[at].iter().enumerate() {
                let place = (lefts[column], page.y, width, height);
                draw_cell(page, place, *cell, number, self.columns[column].total);
            }
            page.y += height;
            let last = |rows: &&Range<usize>| at + 1 == rows.end.min(shown);
            if let Some(rows) = based.iter().find(last).filter(|_| self.roles.base.is_some()) {
                self.draw_bases(page, rows.clone(), &lefts, width);
            }
        }
        base::note(self.small_columns(), base::NO_SHADE, self.roles.base_mark.is_some())
            .into_iter()
            .chain(cut_note(shown, self.rows.len(), "rows; all are in the data of this chart"))
            .collect()
    }
}

impl Cells<'_> {
    /// The questions of the columns, each over its own.
    fn draw_questions(&self, page: &mut Page, lefts: &[f64], width: f64) {
        let style = HEAD.face(Face::Bold);
        let starts: Vec<usize> = (0..lefts.len()).filter(|&at| Self::starts(&self.columns, at)).collect();
        let mut blocks = Vec::new();
        for (at, &start) in starts.iter().enumerate() {
            let end = starts.get(at + 1).copied().unwrap_or(lefts.len());
            let Some(group) = &self.columns[start].group else { continue };
            let span = (lefts[start], lefts[end - 1] + width);
            blocks.push((span, style.wrap(&heading(group), span.1 - span.0 - 4.0, 2).lines));
        }
        let rows = blocks.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
        if rows == 0 {
            return;
        }
        let bottom = page.y + style.line() * rows as f64;
        for ((left, right), lines) in blocks {
            let top = bottom - style.line() * lines.len() as f64;
            page.scene.lines((left + right) / 2.0, top, &lines, style, Anchor::Middle);
            page.scene.horizontal(left + 2.0, right - 2.0, bottom + 2.5, 1.0, AXIS);
        }
        page.y = bottom + 8.0;
    }

    /// The bases of some rows, below a line.
    fn draw_bases(&self, page: &mut Page, rows: Range<usize>, lefts: &[f64], width: f64) {
        let (left, right) = (page.left(), lefts.last().copied().unwrap_or(page.left()) + width);
        page.y += 6.0;
        page.scene.horizontal(left, right, page.y, 1.0, AXIS);
        page.y += 5.0;
        page.scene.lines(left, page.y, &["Base (n)".into()], SMALL, Anchor::Start);
        for (&column, (n, base)) in lefts.iter().zip(self.bases(rows)) {
            let words = base::n_with_mark(n, base);
            page.scene.lines(column + width / 2.0, page.y, &[words], SMALL, Anchor::Middle);
        }
        page.y += SMALL.line();
    }

    /// The names of the columns, turned where one of them does not fit across.
    fn draw_heads(&self, page: &mut Page, lefts: &[f64], width: f64) {
        let across: Vec<Lines> =
            self.columns.iter().map(|column| HEAD.wrap(&column.name, width - 8.0, HEAD_LINES)).collect();
        let words_fit =
            |column: &Side| column.name.split_whitespace().all(|word| HEAD.width(word) <= width - 8.0);
        if across.iter().all(|head| !head.cut) && self.columns.iter().all(words_fit) {
            let rows = across.iter().map(|head| head.lines.len()).max().unwrap_or(0);
            let bottom = page.y + HEAD.line() * rows as f64;
            for (head, left) in across.iter().zip(lefts) {
                let top = bottom - HEAD.line() * head.lines.len() as f64;
                page.scene.lines(left + width / 2.0, top, &head.lines, HEAD, Anchor::Middle);
            }
            page.y = bottom + 6.0;
            return;
        }
        let turned: Vec<Lines> =
            self.columns.iter().map(|column| HEAD.wrap(&column.name, TURNED, TURNED_LINES)).collect();
        let length = widest(turned.iter().flat_map(|head| head.lines.iter().map(|line| HEAD.width(line))));
        let bottom = page.y + length;
        for (head, left) in turned.into_iter().zip(lefts) {
            let count = head.lines.len() as f64;
            let first = left + width / 2.0 - HEAD.line() * (count - 1.0) / 2.0 + HEAD.size * 0.357;
            for (at, text) in head.lines.into_iter().enumerate() {
                let x = first + HEAD.line() * at as f64;
                let text = Text { x, y: bottom, text, style: HEAD, anchor: Anchor::Start, upright: true };
                page.scene.texts.push(text);
            }
        }
        page.y = bottom + 8.0;
    }
}

fn draw_cell(
    page: &mut Page,
    (x, y, width, height): (f64, f64, f64, f64),
    cell: Option<Cell>,
    number: Number,
    total: bool,
) {
    let value = cell.and_then(|cell| cell.value);
    let small = cell.is_some_and(|cell| cell.base == Base::Small);
    // The whole is the measure of the others and has no shade of its own.
    let shade = match cell.and_then(|cell| cell.index) {
        Some(index) if !small && !total => INDEX_STEPS[step(index)],
        _ => WHITE,
    };
    let (x, y, width, height) = (x + 1.0, y + 1.0, width - 2.0, height - 2.0);
    page.scene.rectangle(x, y, width, height, shade);
    let face = if small { Face::Italic } else { Face::Regular };
    let color: Color = if value.is_some() { text_on(shade) } else { MUTED };
    let words = value.map_or_else(|| "–".into(), |value| number.show(value));
    let style = LABEL.face(face).color(color);
    page.scene.centred(x + width / 2.0, y + height / 2.0, words, style, Anchor::Middle);
}

/// The step of shade of an index; the two ends of the middle step belong to it.
fn step(index: f64) -> usize {
    match index {
        _ if index < STEPS[0] => 0,
        _ if index < STEPS[1] => 1,
        _ if index <= STEPS[2] => 2,
        _ if index <= STEPS[3] => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_step_holds_both_its_ends() {
        let steps = [79.9, 80.0, 89.9, 90.0, 110.0, 110.1, 120.0, 120.1].map(step);
        assert_eq!(steps, [0, 1, 1, 2, 2, 3, 3, 4]);
    }
}
