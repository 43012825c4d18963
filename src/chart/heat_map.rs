//! A cross-tab as a table of numbers, each cell shaded by its index: how far the column departs from
//! the whole. What tests found stands beside the figures as letters and signs, never as a colour.

use std::collections::BTreeMap;
use std::ops::Range;

use super::bar::widest;
use super::base::{self, Base};
use super::finding::{self, Finding};
use super::font::{Face, Lines};
use super::page::{self, Key, LABEL, Page, SMALL, Swatch};
use super::palette::{AXIS, Color, GRID, INDEX_STEPS, INK, MUTED, WHITE, text_on};
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
    /// What a row is: `answer`, `net`, or the statistic that it shows. None: all are answers.
    pub kind: Option<String>,
    /// The net that an answer stands under, which indents it. None: all stand alone.
    pub net: Option<String>,
    /// The value of rows that show a statistic.
    pub estimate: Option<String>,
    /// The letter of the cell's column.
    pub letter: Option<String>,
    /// The letters of the columns that the cell is significantly larger than.
    pub letters: Option<String>,
    /// Columns of `higher` and `lower`; the first that has any is drawn.
    pub findings: Vec<String>,
    /// Why a cell is hidden; null where it is not.
    pub suppressed: Option<String>,
    /// The words of questions, where their names do not do.
    pub titles: BTreeMap<String, String>,
}

pub(super) struct Cells<'a> {
    roles: &'a HeatMap,
    rows: Vec<Side>,
    columns: Vec<Side>,
    /// By row, then by column.
    cells: Vec<Vec<Option<Cell>>>,
    /// The column that the findings were read from.
    compared: Option<&'a str>,
}

struct Side {
    group: Option<String>,
    name: String,
    /// The whole, not a part of it.
    total: bool,
    kind: Kind,
    /// Whether it stands under a net.
    is_part: bool,
    /// By which cells of other columns speak of this one.
    letter: String,
}

/// What a row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    /// Those who gave an answer.
    #[default]
    Answer,
    /// Those who gave one of several.
    Net,
    /// A figure made of the answers, and how it is written.
    Statistic(Number),
}

#[derive(Clone, Default)]
struct Cell {
    value: Option<f64>,
    index: Option<f64>,
    n: Option<f64>,
    base: Base,
    letters: String,
    finding: Option<Finding>,
    hidden: bool,
}

impl Kind {
    fn from_word(word: Option<&str>) -> Self {
        match word {
            None | Some("answer") => Kind::Answer,
            Some("net") => Kind::Net,
            Some("nps") => Kind::Statistic(Number::Score),
            Some(_) => Kind::Statistic(Number::Hundredths),
        }
    }

    fn counts(self) -> bool {
        !matches!(self, Kind::Statistic(_))
    }
}

impl Cell {
    /// Whether nobody could tell it from another: sums in another order differ in their last digits.
    fn shows_as(&self, other: &Cell) -> bool {
        let digits = |value: Option<f64>| value.map(|value| number::significant(value, 9));
        let shown =
            |cell: &Cell| (digits(cell.value), digits(cell.index), digits(cell.n), cell.base, cell.hidden);
        shown(self) == shown(other)
    }
}

const LABEL_LIMIT: f64 = 200.0;
const LABEL_LINES: usize = 3;
/// How far the answers of a net stand to the right of it.
const INDENT: f64 = 12.0;
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
/// Letters longer than this are broken into lines.
const LETTERS_LIMIT: f64 = 52.0;
/// Between a figure and what a test found.
const APART: f64 = 5.0;
/// What stands in a cell that is not shown.
const HIDDEN: &str = "hidden";
/// The ends of the steps of shade.
const STEPS: [f64; 4] = [80.0, 90.0, 110.0, 120.0];
const STEP_WORDS: [&str; 5] = ["below 80", "80 to 90", "90 to 110: as the whole", "110 to 120", "above 120"];

impl HeatMap {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Cells<'_>, FigureError> {
        let optional = |column: &Option<String>| match column {
            Some(column) => records.texts(column),
            None => Ok(vec![None; records.len()]),
        };
        let (row_groups, column_groups) = (optional(&self.row_group)?, optional(&self.column_group)?);
        let (row_names, column_names) = (records.texts(&self.row)?, records.texts(&self.column)?);
        let values = records.numbers(&self.value)?;
        let indices = records.numbers(&self.index)?;
        let n = records.optional_numbers(self.base.as_deref())?;
        let bases = base::read(records, self.base_mark.as_deref(), &n)?;

        let totals = match &self.total {
            Some(column) => records.flags(column)?,
            None => vec![false; records.len()],
        };
        let kinds: Vec<Kind> =
            optional(&self.kind)?.iter().map(|kind| Kind::from_word(kind.as_deref())).collect();
        let nets = optional(&self.net)?;
        let estimates = records.optional_numbers(self.estimate.as_deref())?;
        let letter = optional(&self.letter)?;
        let letters = optional(&self.letters)?;
        let hidden = optional(&self.suppressed)?;
        let (findings, compared) = finding::read(records, &self.findings)?;
        let cell = |record: usize| Cell {
            value: if kinds[record].counts() { values[record] } else { estimates[record] },
            index: indices[record].filter(|_| kinds[record].counts()),
            n: n[record],
            base: bases[record],
            letters: letters[record].clone().filter(|_| hidden[record].is_none()).unwrap_or_default(),
            finding: findings[record].filter(|_| hidden[record].is_none()),
            hidden: hidden[record].is_some(),
        };

        // The whole stands once, at the left, unless the questions of the columns disagree about it.
        let mut wholes: BTreeMap<(&Option<String>, &Option<String>), Cell> = BTreeMap::new();
        let mut agreed = true;
        for record in (0..records.len()).filter(|&record| totals[record]) {
            let whole =
                wholes.entry((&row_groups[record], &row_names[record])).or_insert_with(|| cell(record));
            agreed &= whole.shows_as(&cell(record));
        }

        let mut cells = Cells { roles: self, rows: vec![], columns: vec![], cells: vec![], compared };
        for record in 0..records.len() {
            let row =
                side(&mut cells.rows, &row_groups[record], &row_names[record], (false, kinds[record]), None);
            cells.rows[row].is_part |= nets[record].is_some();
            let group = if totals[record] && agreed { &None } else { &column_groups[record] };
            let kind = (totals[record], Kind::Answer);
            let column =
                side(&mut cells.columns, group, &column_names[record], kind, letter[record].as_deref());
            cells.cells.resize_with(cells.rows.len(), Vec::new);
            let line = &mut cells.cells[row];
            line.resize(line.len().max(column + 1), None);
            line[column] = Some(cell(record));
        }
        for line in &mut cells.cells {
            line.resize(cells.columns.len(), None);
        }
        cells.gather();
        cells.keep_letters();
        if self.base.is_none() {
            // Without a row of bases the mark of a small one stands at the name of its column.
            let bases: Vec<Base> = cells.small_columns().collect();
            for (column, base) in cells.columns.iter_mut().zip(bases) {
                column.name.push_str(base.mark());
            }
        }
        Ok(cells)
    }
}

/// Where a row or column stands, after adding it where it is new.
fn side(
    sides: &mut Vec<Side>,
    group: &Option<String>,
    name: &Option<String>,
    (total, kind): (bool, Kind),
    letter: Option<&str>,
) -> usize {
    let name = name.as_deref().unwrap_or("(none)");
    let known = sides.iter().position(|side| {
        side.group == *group && side.name == name && side.total == total && side.kind == kind
    });
    known.unwrap_or_else(|| {
        let letter = letter.unwrap_or_default().to_owned();
        sides.push(Side { group: group.clone(), name: name.to_owned(), total, kind, is_part: false, letter });
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
            .map(|line| columns.iter().map(|&column| line[column].clone()).collect())
            .collect();

        self.rows = pick(std::mem::take(&mut self.rows), &rows);
        self.columns = pick(std::mem::take(&mut self.columns), &columns);
    }

    /// Leaves out letters of columns that the picture does not have: a report for one region has the
    /// column of that region only.
    fn keep_letters(&mut self) {
        let letters: Vec<(&Option<String>, char)> = (self.columns.iter())
            .filter_map(|column| Some((&column.group, column.letter.chars().next()?)))
            .collect();
        for line in &mut self.cells {
            for (column, cell) in self.columns.iter().zip(line) {
                if let Some(cell) = cell {
                    let known = |letter: char| {
                        let capital = letter.to_uppercase().next();
                        letters.iter().any(|(group, known)| {
                            **group == column.group && known.to_uppercase().next() == capital
                        })
                    };
                    cell.letters.retain(known);
                }
            }
        }
    }

    fn number(&self, spec: &Spec) -> Number {
        let rows = self.rows.iter().zip(&self.cells).filter(|(row, _)| row.kind.counts());
        let cells: Vec<f64> =
            rows.flat_map(|(_, line)| line.iter().flatten().filter_map(|cell| cell.value)).collect();
        let values = || cells.iter().copied();
        let shares = || values().all(|value| (0.0..=1.0).contains(&value));
        spec.number.unwrap_or_else(|| if shares() { Number::Percent } else { Number::fitting(values()) })
    }

    /// What a question is called.
    fn title(&self, group: &str) -> String {
        self.roles.titles.get(group).cloned().unwrap_or_else(|| heading(group))
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
                let cells = || self.cells[rows.clone()].iter().filter_map(|line| line[column].as_ref());
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
            let cells = self.cells.iter().filter_map(|line| line[column].as_ref());
            cells.map(|cell| cell.base).max().unwrap_or_default()
        })
    }

    /// Where a new question starts: before this row or column.
    fn starts(sides: &[Side], at: usize) -> bool {
        at == 0 || sides[at].group != sides[at - 1].group
    }

    fn label_width(&self) -> f64 {
        let rows = self.rows.iter().map(|row| {
            let style = row.style();
            let lines = style.wrap(&row.name, LABEL_LIMIT, LABEL_LINES).lines;
            row.indent() + widest(lines.iter().map(|line| style.width(line)))
        });
        widest(rows).max(SMALL.width("Base (n)"))
    }

    /// The room for gaps between questions.
    fn gaps(&self) -> f64 {
        let questions = (1..self.columns.len()).filter(|&at| Self::starts(&self.columns, at)).count();
        questions as f64 * BETWEEN
    }

    fn narrowest(&self, number: Number) -> f64 {
        let bases = self.cells.iter().flatten().flatten().map(|cell| base::n_with_mark(cell.n, cell.base));
        let blocks = (0..self.columns.len()).map(|column| self.block(column, number).width());
        widest(blocks.chain(bases.map(|text| SMALL.width(&text)))).max(NARROWEST - 10.0) + 10.0
    }

    /// How wide the figures of a column are, and what stands beside them.
    fn block(&self, column: usize, number: Number) -> Block {
        let mut block = Block::default();
        for (row, line) in self.rows.iter().zip(&self.cells) {
            let Some(cell) = &line[column] else { continue };
            let (words, style) = cell.words(row.kind, number);
            block.figure = block.figure.max(style.face(row.style().face).width(&words));
            let letters = widest(cell.letter_lines().iter().map(|line| HEAD.width(line)));
            block.letters = block.letters.max(letters);
            block.sign |= cell.finding.is_some();
        }
        block
    }

    fn findings(&self) -> impl Iterator<Item = Finding> {
        self.cells.iter().flatten().flatten().filter_map(|cell| cell.finding)
    }

    /// What stands in a cell, in words: the figure, then what tests found.
    fn told(&self, cell: &Cell) -> String {
        let mut words: Vec<String> = Vec::new();
        words.extend((!cell.letters.is_empty()).then(|| cell.letters.clone()));
        words.extend(cell.finding.map(|finding| finding.word().to_owned()));
        words.join("; ")
    }
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
    /// The figure, or the word in its place, and how it looks on white.
    fn words(&self, kind: Kind, number: Number) -> (String, Style) {
        let number = if let Kind::Statistic(number) = kind { number } else { number };
        match self.value {
            _ if self.hidden => (HIDDEN.to_owned(), SMALL.face(Face::Italic)),
            Some(value) => (number.show(value), LABEL),
            None => ("–".to_owned(), LABEL.color(MUTED)),
        }
    }

    fn letter_lines(&self) -> Vec<String> {
        HEAD.wrap(&self.letters, LETTERS_LIMIT, usize::MAX).lines
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
                if let Some(Cell { value: Some(value), index: Some(index), base, hidden: false, .. }) = cell
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
        let found: Vec<Finding> = self.findings().collect();
        if let Some(column) = self.compared {
            let than = finding::compared(column).map_or(String::new(), |than| format!(" than {than}"));
            let higher = found.iter().filter(|finding| finding.is_higher()).count();
            let lower = found.len() - higher;
            alt.push_str(&format!(
                " Significantly higher{than}: {}; lower: {lower}.",
                plural(higher, "cell")
            ));
        }
        let lettered = self.cells.iter().flatten().flatten().filter(|cell| !cell.letters.is_empty()).count();
        match lettered {
            0 => {}
            1 => alt.push_str(" One cell is significantly larger than another column."),
            _ => alt.push_str(&format!(" {lettered} cells are significantly larger than another column.")),
        }
        alt.push_str(&base::alt(self.small_columns(), self.roles.base_mark.is_some()));
        alt
    }

    fn data(&self, spec: &Spec) -> DataTable {
        let number = self.number(spec);
        let titled = |side: &Side| match &side.group {
            Some(group) => format!("{}: {}", self.title(group), side.name),
            None => side.name.clone(),
        };
        let tested: Vec<bool> = (0..self.columns.len())
            .map(|column| {
                let mut cells = self.cells.iter().filter_map(|line| line[column].as_ref());
                cells.any(|cell| cell.finding.is_some() || !cell.letters.is_empty())
            })
            .collect();
        let mut header = vec![heading(&self.roles.row)];
        for (column, tested) in self.columns.iter().zip(&tested) {
            let letter =
                if column.letter.is_empty() { String::new() } else { format!(" ({})", column.letter) };
            header.push(titled(column) + &letter);
            header.push("Index".into());
            header.extend(tested.then(|| "Significant".to_owned()));
        }
        let based = self.based();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for (at, (row, line)) in self.rows.iter().zip(&self.cells).enumerate() {
            let mut cells = vec![titled(row)];
            for (cell, tested) in line.iter().zip(&tested) {
                let cell = cell.as_ref();
                let words = cell.filter(|cell| cell.value.is_some() || cell.hidden);
                cells.push(words.map(|cell| cell.words(row.kind, number).0).unwrap_or_default());
                let index = cell.filter(|cell| !cell.hidden).and_then(|cell| cell.index);
                cells.push(index.map(|index| Number::Whole.show(index)).unwrap_or_default());
                cells.extend(tested.then(|| cell.map(|cell| self.told(cell)).unwrap_or_default()));
            }
            rows.push(cells);
            if let Some(range) = based.iter().find(|range| range.end == at + 1 && self.roles.base.is_some()) {
                let bases = self.bases(range.clone()).into_iter().zip(&tested);
                let cells = bases.flat_map(|((n, base), tested)| {
                    let blank = 1 + usize::from(*tested);
                    std::iter::once(base::n_with_mark(n, base)).chain(vec![String::new(); blank])
                });
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
        let found = self.compared.map(|column| finding::keys(self.findings(), column)).unwrap_or_default();
        if !found.is_empty() {
            page.y += 4.0;
            page.legend(&found);
        }
        page.y += 12.0;
        self.draw_questions(page, &lefts, width);
        self.draw_heads(page, &lefts, width);

        let based = self.based();
        let blocks: Vec<Block> = (0..self.columns.len()).map(|column| self.block(column, number)).collect();
        for at in 0..shown {
            if let Some(group) = self.rows[at].group.as_deref().filter(|_| Self::starts(&self.rows, at)) {
                page.y += if at == 0 { 4.0 } else { 12.0 };
                let bold = LABEL.face(Face::Bold);
                let (left, lines) = (page.left(), bold.wrap(&self.title(group), page.inner(), 3).lines);
                page.scene.lines(left, page.y, &lines, bold, Anchor::Start);
                page.y += bold.line() * lines.len() as f64 + 4.0;
            }
            let (row, left) = (&self.rows[at], page.left());
            if !row.kind.counts() && at > 0 && self.rows[at - 1].kind.counts() {
                // Statistics stand apart from the answers they are made of.
                page.y += 3.0;
                let right = lefts.last().copied().unwrap_or(left) + width;
                page.scene.horizontal(left, right, page.y, 1.0, GRID);
                page.y += 3.0;
            }
            let lines = row.style().wrap(&row.name, LABEL_LIMIT, LABEL_LINES).lines;
            let block = LABEL.line() * lines.len() as f64;
            let letters = self.cells[at].iter().flatten().map(|cell| cell.letter_lines().len());
            let letters = HEAD.line() * letters.max().unwrap_or(0) as f64;
            let height = (block.max(letters) + 8.0).max(CELL);
            let (x, top) = (left + row.indent(), page.y + (height - block) / 2.0);
            page.scene.lines(x, top, &lines, row.style(), Anchor::Start);
            for (column, cell) in self.cells[at].iter().enumerate() {
                let place = (lefts[column], page.y, width, height);
                draw_cell(page, place, cell.as_ref(), row, (number, blocks[column]), &self.columns[column]);
            }
            page.y += height;
            let last = |rows: &&Range<usize>| at + 1 == rows.end.min(shown);
            if let Some(rows) = based.iter().find(last).filter(|_| self.roles.base.is_some()) {
                self.draw_bases(page, rows.clone(), &lefts, width);
            }
        }
        let cells = || self.cells.iter().flatten().flatten();
        let small = cells().any(|cell| cell.letters.chars().any(char::is_lowercase));
        let lettered = cells().any(|cell| !cell.letters.is_empty()).then(|| {
            let levels =
                if small { " (capital letters: at the strict level, small ones: at the looser)" } else { "" };
            format!("Letters: significantly larger than the column of that letter{levels}.")
        });
        let hidden = cells().any(|cell| cell.hidden).then(|| {
            format!("“{HIDDEN}”: too few people in this cell, or in one that could be worked out from it.")
        });
        base::note(self.small_columns(), base::NO_SHADE, self.roles.base_mark.is_some())
            .into_iter()
            .chain(lettered)
            .chain(hidden)
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
            blocks.push((span, style.wrap(&self.title(group), span.1 - span.0 - 4.0, 2).lines));
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

    /// The names of the columns, turned where one of them does not fit across, and their letters.
    fn draw_heads(&self, page: &mut Page, lefts: &[f64], width: f64) {
        self.draw_names(page, lefts, width);
        if self.columns.iter().all(|column| column.letter.is_empty()) {
            return;
        }
        page.y -= 3.0;
        let bold = HEAD.face(Face::Bold);
        for (column, left) in self.columns.iter().zip(lefts) {
            let letter = bold.shorten(&column.letter, width);
            page.scene.lines(left + width / 2.0, page.y, &[letter], bold, Anchor::Middle);
        }
        page.y += bold.line() + 4.0;
    }

    fn draw_names(&self, page: &mut Page, lefts: &[f64], width: f64) {
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
    let (words, style) = cell.words(row.kind, number);
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
