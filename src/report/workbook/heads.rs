//! The columns of a banner: which stand side by side, in which columns of the sheet, and the lines of
//! headings over them. It places words; the figures below are laid out elsewhere.

use super::crossed::Crossed;
use super::options::{Layout, Letters};
use super::sheet::{Align, Line, Sheet, Style, Value, lines};
use crate::crossing::{self, TOTAL};
use crate::number;
use crate::report::{Datum, parts};

/// Behind headings.
const HEAD: u32 = 0xECEFF1;
/// The narrowest and the widest a column of figures may be, in signs.
const FIGURE: (usize, usize) = (10, 16);
/// The same for what tests found.
const FINDINGS: (usize, usize) = (4, 12);

/// The smallest a sheet may be printed, and how large it is printed on several pages side by side: letters
/// of 11 points, of which less than 7 cannot be read.
const LEAST_SCALE: f64 = 0.63;
const PAGE_SCALE: f64 = 0.7;

/// The columns that are printed side by side.
#[derive(Debug, PartialEq)]
pub(super) struct Banner {
    /// The groups that it has, in order.
    pub groups: Vec<usize>,
    /// Its columns from left to right.
    pub slots: Vec<Slot>,
    /// Whether one column of everyone serves all groups.
    pub shared: bool,
    /// Columns of the sheet left of the figures: the answers and, where there are several figures,
    /// what each of them is.
    pub stub: u16,
}

/// A printed column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slot {
    /// The group of the cross-tab.
    pub group: usize,
    /// The column in it; 0 is everyone.
    pub column: usize,
    /// The column of the sheet that has its figures.
    pub at: u16,
    /// The column of the sheet that has what tests found, where it has one of its own.
    pub findings: Option<u16>,
    /// The widths of both, in signs.
    pub widths: (usize, usize),
    /// Its heading.
    pub label: String,
    /// The values that it is nested in, outermost first.
    pub outer: Vec<String>,
}

impl Slot {
    /// The last column of the sheet that belongs to it.
    pub fn last(&self) -> u16 {
        self.findings.unwrap_or(self.at)
    }

    /// How its figures stand: against what tests found, or under the middle of the heading.
    pub fn figures(&self, style: Style) -> Style {
        let align = if self.findings.is_some() { Align::Right } else { Align::Centre };
        Style { align, ..style }
    }
}

/// The words of a question down the side: as the layout says, else as the cross-tab tells.
pub(super) fn question(crossed: &Crossed, layout: &Layout, stub: usize) -> String {
    let groups: Vec<usize> = (0..crossed.groups.len()).collect();
    let title = crossed.about(stub, &groups, "title").and_then(Datum::text);
    crossing::heading(&crossed.stubs[stub].variable, title.as_deref(), |name| given(layout, name))
}

/// The words over a group of columns.
pub(super) fn heading(crossed: &Crossed, layout: &Layout, group: usize) -> String {
    let title =
        (0..crossed.stubs.len()).find_map(|stub| crossed.about(stub, &[group], "column_title")?.text());
    crossing::heading(&crossed.groups[group].variable, title.as_deref(), |name| given(layout, name))
}

/// The words that a layout gives a variable.
pub(super) fn given(layout: &Layout, name: &str) -> Option<String> {
    layout.labels.iter().find(|(of, _)| of == name).map(|(_, label)| label.clone())
}

impl Banner {
    /// The banners of a cross-tab: groups side by side as far as the width goes, each group whole.
    pub fn all(crossed: &Crossed, layout: &Layout, stub: u16) -> Vec<Self> {
        let shared = crossed.shares_total();
        let mut packed: Vec<Vec<usize>> = Vec::new();
        let mut used = 0;
        for (group, each) in crossed.groups.iter().enumerate() {
            let room = each.columns.len();
            match packed.last_mut() {
                Some(last) if used + room <= layout.widest => last.push(group),
                _ => {
                    packed.push(vec![group]);
                    used = 0;
                }
            }
            used += room;
        }
        packed.into_iter().map(|groups| Self::of(crossed, layout, groups, shared, stub)).collect()
    }

    fn of(crossed: &Crossed, layout: &Layout, groups: Vec<usize>, shared: bool, stub: u16) -> Self {
        let mut slots: Vec<Slot> = Vec::new();
        let mut at = stub;
        for (place, &group) in groups.iter().enumerate() {
            let variable = &crossed.groups[group].variable;
            for (column, value) in crossed.groups[group].columns.iter().enumerate() {
                if column == 0 && shared && place > 0 {
                    continue;
                }
                let longest = longest_finding(crossed, group, column);
                let apart = longest > 0 && layout.letters == Letters::Beside;
                let (label, outer) = if column == 0 { (TOTAL, Vec::new()) } else { parted(variable, value) };
                let room = FINDINGS.0.max(longest + 1).min(FINDINGS.1);
                let word = label.split(' ').map(|word| word.chars().count()).max().unwrap_or(0) + 2;
                let beside = if apart { room } else { 0 };
                let least = if apart { FIGURE.0 - 3 } else { FIGURE.0 };
                let least = least.max(longest_base(crossed, group, column) + 3);
                let widths = (word.saturating_sub(beside).clamp(least, FIGURE.1.max(least)), beside);
                let findings = apart.then_some(at + 1);
                slots.push(Slot { group, column, at, findings, widths, label: label.to_owned(), outer });
                at += 1 + u16::from(apart);
            }
        }
        Self { groups, slots, shared, stub }
    }

    /// The last column of the sheet that the banner needs.
    pub fn last(&self) -> u16 {
        self.slots.last().map_or(self.stub.saturating_sub(1), Slot::last)
    }

    /// Sets the widths of the columns of figures.
    pub fn widths(&self, sheet: &mut Sheet) {
        for slot in &self.slots {
            sheet.widths.insert(slot.at, slot.widths.0 as f64);
            if let Some(findings) = slot.findings {
                sheet.widths.insert(findings, slot.widths.1 as f64);
            }
        }
    }

    /// Breaks a sheet that would be too small to read on the width of a page into pages that repeat the
    /// answers and the column of everyone: between groups of columns where it can be.
    pub fn paginate(&self, sheet: &mut Sheet) {
        let repeats = usize::from(self.shared && !self.slots.is_empty());
        let last = match repeats {
            0 => self.stub.saturating_sub(1),
            _ => self.slots[0].last(),
        };
        let widths: Vec<f64> = self.slots.iter().map(|slot| sheet.points(slot.at, slot.last())).collect();
        if sheet.scale(self.last()) >= LEAST_SCALE {
            return;
        }
        let depth = self.slots.iter().map(|slot| slot.outer.len()).max().unwrap_or(0);
        let levels: Vec<Vec<usize>> = (0..=depth).map(|level| self.together(level)).collect();
        let room = Sheet::room(PAGE_SCALE) - sheet.points(0, last);
        let pages = parts::split(&levels, &widths, repeats, room);
        sheet.breaks = pages.iter().skip(1).filter_map(|page| Some(self.slots.get(page.start)?.at)).collect();
        let widest = pages.iter().map(|page| widths[page.clone()].iter().sum()).fold(0.0, f64::max);
        sheet.shrunk = Some((Sheet::room(1.0) / (sheet.points(0, last) + widest)).min(PAGE_SCALE));
        sheet.repeated_columns = Some((0, last));
    }

    /// How many slots stand together on a level of headings, see [`Banner::spanning`].
    fn together(&self, level: usize) -> Vec<usize> {
        let mut runs = Vec::new();
        for (at, slot) in self.slots.iter().enumerate() {
            let alike = |other: &Slot| {
                other.group == slot.group
                    && (level == 0 || other.outer.get(..level) == slot.outer.get(..level))
            };
            match (runs.last_mut(), at > 0 && alike(&self.slots[at - 1])) {
                (Some(run), true) => *run += 1,
                _ => runs.push(1),
            }
        }
        runs
    }

    /// Whether a slot begins a group, and has a line on its left.
    pub fn begins(&self, at: usize) -> bool {
        let other_group = at > 0 && self.slots[at - 1].group != self.slots[at].group;
        other_group || (at == 1 && self.shared && self.slots[0].column == 0)
    }

    /// Puts the headings down from row `top` and gives the row after them. `last_line` has a word for
    /// each slot: the letter and the mark of its base; without any, there is no such line.
    pub fn put(
        &self,
        sheet: &mut Sheet,
        top: u32,
        crossed: &Crossed,
        layout: &Layout,
        last_line: &[String],
    ) -> u32 {
        let depth = self.slots.iter().map(|slot| slot.outer.len()).max().unwrap_or(0);
        let mut row = top;
        for level in 0..=depth {
            self.spanning(sheet, row, level, crossed, layout);
            row += 1;
        }
        let style = Style { bold: true, wrap: true, ..head() };
        let mut highest = 1;
        for (at, slot) in self.slots.iter().enumerate() {
            let style = Style { before: self.before(at), ..style.clone() };
            sheet.across(row, slot.at, slot.last(), Value::text(&slot.label), style);
            highest = highest.max(lines(&slot.label, sheet.width(slot.at, slot.last()) - 1.0));
        }
        sheet.heights.insert(row, 15.0 * highest as f64);
        row += 1;
        if last_line.iter().any(|word| !word.is_empty()) {
            for ((at, slot), word) in self.slots.iter().enumerate().zip(last_line) {
                let style = Style { before: self.before(at), ..head() };
                sheet.across(row, slot.at, slot.last(), Value::text(word), style);
            }
            row += 1;
        }
        for line in top..row {
            for column in 0..self.stub {
                sheet.put(line, column, Value::Blank, Style { fill: Some(HEAD), ..Style::default() });
            }
        }
        for column in 0..=self.last() {
            if let Some(cell) = sheet.cells.get_mut(&(row - 1, column)) {
                cell.style.below = Line::Thin;
            }
        }
        row
    }

    /// The line on the left of a slot.
    pub fn before(&self, at: usize) -> Line {
        if self.begins(at) { Line::Thin } else { Line::None }
    }

    /// A line of headings over neighbouring columns: level 0 has the variables, the levels below it
    /// the values that columns are nested in.
    fn spanning(&self, sheet: &mut Sheet, row: u32, level: usize, crossed: &Crossed, layout: &Layout) {
        let mut at = 0;
        let mut highest = 1;
        while at < self.slots.len() {
            let first = &self.slots[at];
            let alone = self.shared && first.column == 0;
            let same = |slot: &Slot| {
                slot.group == first.group
                    && (self.shared && slot.column == 0) == alone
                    && (level == 0
                        || (slot.outer.get(..level).is_some()
                            && slot.outer.get(..level) == first.outer.get(..level)))
            };
            let mut end = at + 1;
            while end < self.slots.len()
                && same(&self.slots[end])
                && !sheet.breaks.contains(&self.slots[end].at)
            {
                end += 1;
            }
            let words = match level {
                _ if alone => String::new(),
                0 => heading(crossed, layout, first.group),
                _ => first.outer.get(level - 1).cloned().unwrap_or_default(),
            };
            let right = self.slots[end - 1].last();
            let below = if words.is_empty() { Line::None } else { Line::Thin };
            let style = Style { bold: true, wrap: true, below, before: self.before(at), ..head() };
            highest = highest.max(lines(&words, sheet.width(first.at, right) - 1.0));
            sheet.across(row, first.at, right, Value::text(words), style);
            at = end;
        }
        sheet.heights.insert(row, 15.0 * highest as f64);
    }
}

fn head() -> Style {
    Style { align: Align::Centre, fill: Some(HEAD), ..Style::default() }
}

/// The last part of a nested value and those before it.
fn parted<'v>(variable: &str, value: &'v str) -> (&'v str, Vec<String>) {
    let mut parts = crossing::parts(variable, value);
    let last = parts.pop().unwrap_or(value);
    (last, parts.into_iter().map(str::to_owned).collect())
}

/// Signs of the largest base of a column, as it is printed.
fn longest_base(crossed: &Crossed, group: usize, column: usize) -> usize {
    let heads = (0..crossed.stubs.len()).filter_map(|stub| crossed.head(stub, group, column));
    let bases = heads
        .flat_map(|head| ["base", "base_weighted"].into_iter().filter_map(|name| head.numbers.get(name)));
    bases.map(|base| number::count(*base).len()).max().unwrap_or(0)
}

/// Signs of the longest finding of a column; 0 where nothing was tested. A column with a letter was.
fn longest_finding(crossed: &Crossed, group: usize, column: usize) -> usize {
    let cells = (0..crossed.stubs.len()).flat_map(|stub| {
        (0..crossed.stubs[stub].rows.len()).filter_map(move |row| crossed.cell(stub, row, group, column))
    });
    cells
        .map(|cell| cell.findings.chars().count().max(usize::from(!cell.letter.is_empty())))
        .max()
        .unwrap_or(0)
}
