//! A heat map as it is drawn: the room of each column, legend, rows, cells and bases.

use std::ops::Range;

use super::cells::{Cell, Cells, HIDDEN, Kind, Side};
use crate::chart::bar::widest;
use crate::chart::base::{self, Base};
use crate::chart::font::Face;
use crate::chart::page::{self, Key, LABEL, Page, SMALL, Swatch};
use crate::chart::palette::{AXIS, Color, GRID, INDEX_STEPS, INK, MUTED, WHITE, text_on};
use crate::chart::scene::{Anchor, Style};
use crate::chart::{Number, Spec, cut_note, finding};

const LABEL_LIMIT: f64 = 200.0;
const LABEL_LINES: usize = 3;
/// How far the answers of a net stand to the right of it.
const INDENT: f64 = 12.0;
const CELL: f64 = 30.0;
const NARROWEST: f64 = 48.0;
const WIDEST: f64 = 116.0;
/// White between the columns of two questions.
const BETWEEN: f64 = 12.0;
pub(super) const HEAD: Style = SMALL.color(INK);
/// Letters longer than this are broken into lines.
const LETTERS_LIMIT: f64 = 52.0;
/// Between a figure and what a test found.
const APART: f64 = 5.0;
/// The ends of the steps of shade.
const STEPS: [f64; 4] = [80.0, 90.0, 110.0, 120.0];
const STEP_WORDS: [&str; 5] = ["below 80", "80 to 90", "90 to 110: as the whole", "110 to 120", "above 120"];

pub(super) fn width(cells: &Cells<'_>, spec: &Spec) -> f64 {
    let figures = narrowest(cells, cells.number(spec)) * cells.columns.len() as f64;
    (2.0 * page::MARGIN + label_width(cells) + 12.0 + figures + gaps(cells)).max(page::WIDTH).ceil()
}

pub(super) fn draw(cells: &Cells<'_>, spec: &Spec, page: &mut Page) -> Vec<String> {
    let number = cells.number(spec);
    let shown = cells.rows.len().min(spec.limit.unwrap_or(usize::MAX));
    let from = page.left() + label_width(cells) + 12.0;
    let room = (page.right() - from - gaps(cells)) / cells.columns.len() as f64;
    let width = room.clamp(narrowest(cells, number), WIDEST.max(narrowest(cells, number)));
    let mut lefts = Vec::with_capacity(cells.columns.len());
    let mut x = from;
    for at in 0..cells.columns.len() {
        if at > 0 && Cells::starts(&cells.columns, at) {
            x += BETWEEN;
        }
        lefts.push(x);
        x += width;
    }

    let title = Key { swatch: Swatch::None, words: "Index".into() };
    let steps = INDEX_STEPS.iter().zip(STEP_WORDS);
    let keys = steps.map(|(fill, words)| Key { swatch: Swatch::Fill(*fill), words: words.into() });
    page.legend(&std::iter::once(title).chain(keys).collect::<Vec<_>>());
    let found = cells
        .compared
        .map(|column| finding::keys(cells.findings(), finding::compared(column)))
        .unwrap_or_default();
    if !found.is_empty() {
        page.y += 4.0;
        page.legend(&found);
    }
    page.y += 12.0;
    cells.draw_questions(page, &lefts, width);
    cells.draw_heads(page, &lefts, width);

    let based = cells.based();
    let blocks: Vec<Block> = (0..cells.columns.len()).map(|at| block(cells, at, number)).collect();
    for at in 0..shown {
        if let Some(group) = cells.rows[at].group.as_deref().filter(|_| Cells::starts(&cells.rows, at)) {
            page.y += if at == 0 { 4.0 } else { 12.0 };
            let bold = LABEL.face(Face::Bold);
            let (left, lines) = (page.left(), bold.wrap(&cells.title(group), page.inner(), 3).lines);
            page.scene.lines(left, page.y, &lines, bold, Anchor::Start);
            page.y += bold.line() * lines.len() as f64 + 4.0;
        }
        let (row, left) = (&cells.rows[at], page.left());
        if !row.kind.counts() && at > 0 && cells.rows[at - 1].kind.counts() {
            // Statistics stand apart from the answers they are made of.
            page.y += 3.0;
            let right = lefts.last().copied().unwrap_or(left) + width;
            page.scene.horizontal(left, right, page.y, 1.0, GRID);
            page.y += 3.0;
        }
        let lines = row.style().wrap(&row.name, LABEL_LIMIT, LABEL_LINES).lines;
        let block = LABEL.line() * lines.len() as f64;
        let letters = cells.cells[at].iter().flatten().map(|cell| cell.letter_lines().len());
        let letters = HEAD.line() * letters.max().unwrap_or(0) as f64;
        let height = (block.max(letters) + 8.0).max(CELL);
        let (x, top) = (left + row.indent(), page.y + (height - block) / 2.0);
        page.scene.lines(x, top, &lines, row.style(), Anchor::Start);
        for (column, cell) in cells.cells[at].iter().enumerate() {
            let place = (lefts[column], page.y, width, height);
            draw_cell(page, place, cell.as_ref(), row, (number, blocks[column]), &cells.columns[column]);
        }
        page.y += height;
        let last = |rows: &&Range<usize>| at + 1 == rows.end.min(shown);
        if let Some(rows) = based.iter().find(last).filter(|_| cells.roles.base.is_some()) {
            draw_bases(cells, page, rows.clone(), &lefts, width);
        }
    }
    let all = || cells.cells.iter().flatten().flatten();
    let small = all().any(|cell| cell.letters.chars().any(char::is_lowercase));
    let lettered = all().any(|cell| !cell.letters.is_empty()).then(|| {
        let levels =
            if small { " (capital letters: at the strict level, small ones: at the looser)" } else { "" };
        format!("Letters: significantly larger than the column of that letter{levels}.")
    });
    let hidden = all()
        .any(|cell| cell.hidden)
        .then(|| format!("“{HIDDEN}”: not shown, to protect the answers of few people."));
    base::note(cells.small_columns(), base::NO_SHADE, cells.roles.base_mark.is_some())
        .into_iter()
        .chain(lettered)
        .chain(hidden)
        .chain(cut_note(shown, cells.rows.len(), "rows; all are in the data of this chart"))
        .collect()
}

fn label_width(cells: &Cells<'_>) -> f64 {
    let rows = cells.rows.iter().map(|row| {
        let style = row.style();
        let lines = style.wrap(&row.name, LABEL_LIMIT, LABEL_LINES).lines;
        row.indent() + widest(lines.iter().map(|line| style.width(line)))
    });
    widest(rows).max(SMALL.width("Base (n)"))
}

/// The room for gaps between questions.
fn gaps(cells: &Cells<'_>) -> f64 {
    let questions = (1..cells.columns.len()).filter(|&at| Cells::starts(&cells.columns, at)).count();
    questions as f64 * BETWEEN
}

fn narrowest(cells: &Cells<'_>, number: Number) -> f64 {
    let bases = cells.cells.iter().flatten().flatten().map(|cell| base::n_with_mark(cell.n, cell.base));
    let blocks = (0..cells.columns.len()).map(|column| block(cells, column, number).width());
    widest(blocks.chain(bases.map(|text| SMALL.width(&text)))).max(NARROWEST - 10.0) + 10.0
}

/// How wide the figures of a column are, and what stands beside them.
fn block(cells: &Cells<'_>, column: usize, number: Number) -> Block {
    let mut block = Block::default();
    for (row, line) in cells.rows.iter().zip(&cells.cells) {
        let Some(cell) = &line[column] else { continue };
        let (words, style) = (cell.figure(row.kind, number), cell.style());
        block.figure = block.figure.max(style.face(row.style().face).width(&words));
        let letters = widest(cell.letter_lines().iter().map(|line| HEAD.width(line)));
        block.letters = block.letters.max(letters);
        block.sign |= cell.finding.is_some();
    }
    block
}

/// The parts of a cell, side by side, as wide as the widest of a column.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    figure: f64,
    sign: bool,
    letters: f64,
}

impl Block {
    fn width(self) -> f64 {
        let sign = if self.sign { APART + finding::WIDTH } else { 0.0 };
        let letters = if self.letters > 0.0 { APART + self.letters } else { 0.0 };
        self.figure + sign + letters
    }
}

impl Side {
    fn style(&self) -> Style {
        LABEL.face(if self.kind == Kind::Net { Face::Bold } else { Face::Regular })
    }

    fn indent(&self) -> f64 {
        if self.is_part { INDENT } else { 0.0 }
    }
}

impl Cell {
    /// How the figure looks on white.
    fn style(&self) -> Style {
        match self.value {
            _ if self.hidden => SMALL.face(Face::Italic),
            Some(_) => LABEL,
            None => LABEL.color(MUTED),
        }
    }

    fn letter_lines(&self) -> Vec<String> {
        HEAD.wrap(&self.letters, LETTERS_LIMIT, usize::MAX).lines
    }
}

/// The bases of some rows, below a line.
fn draw_bases(cells: &Cells<'_>, page: &mut Page, rows: Range<usize>, lefts: &[f64], width: f64) {
    let (left, right) = (page.left(), lefts.last().copied().unwrap_or(page.left()) + width);
    page.y += 6.0;
    page.scene.horizontal(left, right, page.y, 1.0, AXIS);
    page.y += 5.0;
    page.scene.lines(left, page.y, &["Base (n)".into()], SMALL, Anchor::Start);
    for (&column, words) in lefts.iter().zip(cells.base_words(rows)) {
        page.scene.lines(column + width / 2.0, page.y, &[words], SMALL, Anchor::Middle);
    }
    page.y += SMALL.line();
}

fn draw_cell(
    page: &mut Page,
    (x, y, width, height): (f64, f64, f64, f64),
    cell: Option<&Cell>,
    row: &Side,
    (number, block): (Number, Block),
    column: &Side,
) {
    let nothing = Cell::default();
    let cell = cell.unwrap_or(&nothing);
    let small = cell.base == Base::Small;
    // The whole is the measure of the others and has no shade of its own.
    let shade = match cell.index {
        Some(index) if !small && !column.total && !cell.hidden => INDEX_STEPS[step(index)],
        _ => WHITE,
    };
    let (x, y, width, height) = (x + 1.0, y + 1.0, width - 2.0, height - 2.0);
    page.scene.rectangle(x, y, width, height, shade);
    let (words, style) = (cell.figure(row.kind, number), cell.style());
    let ink: Color = text_on(shade);
    let style = match cell.value {
        _ if cell.hidden => style,
        Some(_) if small => style.face(Face::Italic).color(ink),
        Some(_) => style.face(row.style().face).color(ink),
        None => style,
    };
    // Figures of a column stand one below the other, what tests found to the right of them.
    let middle = y + height / 2.0;
    let right = x + (width - block.width()) / 2.0 + block.figure;
    if cell.value.is_some() && !cell.hidden {
        page.scene.centred(right, middle, words, style, Anchor::End);
    } else {
        page.scene.centred(right - block.figure / 2.0, middle, words, style, Anchor::Middle);
    }
    let mut beside = right + APART;
    if let Some(finding) = cell.finding {
        finding.draw(&mut page.scene, beside + finding::WIDTH / 2.0, middle, ink);
    }
    if block.sign {
        beside += finding::WIDTH + APART;
    }
    let lines = cell.letter_lines();
    let top = middle - HEAD.line() * lines.len() as f64 / 2.0;
    page.scene.lines(beside, top, &lines, HEAD.color(ink), Anchor::Start);
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
