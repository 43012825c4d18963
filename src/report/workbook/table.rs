//! A table of a tab book on its sheet: what stands above it, bases, answers, nets, statistics and
//! footnotes. It arranges what the long table holds and computes nothing.

use super::crossed::{Crossed, Figures, Row};
use super::footnotes;
use super::heads::{self, Banner, heading};
use super::options::{Figure, Layout, Letters, Shade, Sheets, statistic, statistic_label};
use super::pictures::Picture;
use super::sheet::{Align, Line, Sheet, Style, Value, WORDS, height};
use super::write::BACK;
use crate::report::{BaseMark, Datum, Format};

/// Letters of what goes with a figure.
const PALE: u32 = 0x5F6B73;
/// Behind what is above and below, strongly and less so.
const ABOVE: [u32; 2] = [0x9CC3E0, 0xDCEAF5];
const BELOW: [u32; 2] = [0xF3BE90, 0xFBE6D3];
/// From which index a figure is shaded, strongly and less so.
pub(super) const HIGH: [f64; 2] = [150.0, 120.0];
pub(super) const LOW: [f64; 2] = [50.0, 80.0];
/// The narrowest and the widest the answers may be, in signs.
const ANSWERS: (usize, usize) = (18, 42);

/// A cross-tab on its way into a workbook.
#[derive(Debug)]
pub(super) struct Printer<'a> {
    pub crossed: &'a Crossed,
    pub layout: &'a Layout,
    /// The figures of an answer.
    pub figures: Vec<Figure>,
    /// Whether answers count differently much.
    pub weighted: bool,
    /// Whether anything was tested.
    pub tested: bool,
}

/// Where a table stands and what it is, for the table of contents.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Printed {
    pub number: usize,
    pub title: String,
    pub columns: String,
    pub base_text: String,
    /// How many people everyone is.
    pub n: Option<f64>,
    pub sheet: String,
    pub row: u32,
}

impl<'a> Printer<'a> {
    pub fn new(crossed: &'a Crossed, layout: &'a Layout) -> Self {
        let weighted = crossed.weighted();
        let usual = [if weighted { Figure::WeightedCount } else { Figure::Count }, Figure::ColumnShare];
        let figures = if layout.cells.is_empty() { usual.to_vec() } else { layout.cells.clone() };
        let groups: Vec<usize> = (0..crossed.groups.len()).collect();
        let tested = (0..crossed.stubs.len()).any(|stub| {
            crossed.of(stub, &groups).any(|cell| !cell.letter.is_empty() || !cell.findings.is_empty())
        });
        Self { crossed, layout, figures, weighted, tested }
    }

    /// The banners of the cross-tab.
    pub fn banners(&self) -> Vec<Banner> {
        let below = self.tested && self.layout.letters == Letters::Below;
        Banner::all(self.crossed, self.layout, if self.figures.len() > 1 || below { 2 } else { 1 })
    }

    /// Sets the widths of a sheet for some questions under a banner.
    pub fn widths(&self, sheet: &mut Sheet, banner: &Banner, stubs: &[usize]) {
        let labels = stubs.iter().flat_map(|stub| &self.crossed.stubs[*stub].rows);
        let longest = labels.map(|row| row.label.chars().count() + 4).max().unwrap_or(0);
        sheet.widths.insert(0, longest.clamp(ANSWERS.0, ANSWERS.1) as f64);
        if banner.stub > 1 {
            sheet.widths.insert(1, 12.0);
        }
        banner.widths(sheet);
    }

    /// The last line of the headings over some questions: letters and marks, as far as they are the same
    /// for all of them.
    pub fn last_line(&self, banner: &Banner, stubs: &[usize]) -> Vec<String> {
        let common = |words: Vec<String>| match words.split_first() {
            Some((first, rest)) if rest.iter().all(|word| word == first) => first.clone(),
            _ => String::new(),
        };
        let word = |group, column, of: fn(&Figures) -> String| {
            let heads = stubs.iter().filter_map(|stub| self.crossed.head(*stub, group, column));
            common(heads.map(of).collect())
        };
        let slots = banner.slots.iter().map(|slot| {
            let letter = word(slot.group, slot.column, |head| head.letter.clone());
            let mark = word(slot.group, slot.column, |head| head.mark.map_or("", BaseMark::sign).to_owned());
            [letter, mark].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        });
        slots.collect()
    }

    /// Who is described.
    fn base_text(&self, stub: usize, banner: &Banner) -> String {
        let given = self.crossed.about(stub, &banner.groups, "base_text").and_then(Datum::text);
        let text = given.unwrap_or_else(|| "all who answered".to_owned());
        if text.to_lowercase().starts_with("base") { text } else { format!("Base: {text}") }
    }

    /// Puts down what stands above a table and gives the row after it.
    pub fn top(
        &self,
        sheet: &mut Sheet,
        top: u32,
        number: usize,
        stub: usize,
        banner: &Banner,
    ) -> (Printed, u32) {
        let right = sheet.above(banner.last());
        let title = heads::question(self.crossed, self.layout, stub);
        let base_text = self.base_text(stub, banner);
        let about = |name: &str| self.crossed.about(stub, &banner.groups, name).and_then(Datum::text);
        let mut row = top;
        let mut line = |words: String, style: Style| {
            sheet.heights.insert(
                row,
                height(&words, WORDS * sheet.width(0, right) * 11.0 / f64::from(style.size.max(11))),
            );
            sheet.across(row, 0, right, Value::text(words), Style { wrap: true, upper: true, ..style });
            row += 1;
        };
        line(format!("Table {number}. {title}"), Style { bold: true, size: 12, ..Style::default() });
        line(base_text.clone(), Style::default());
        if let Some(filter) = about("filter") {
            line(format!("Filter: {filter}"), Style::default());
        }
        if let Some(weight) = about("weight") {
            line(format!("Weight: {weight}"), Style::default());
        }
        let everyone = banner.slots.first().and_then(|slot| self.crossed.head(stub, slot.group, 0));
        let columns: Vec<String> =
            banner.groups.iter().map(|group| heading(self.crossed, self.layout, *group)).collect();
        let printed = Printed {
            number,
            title,
            columns: columns.join(", "),
            base_text,
            n: everyone.and_then(|head| head.numbers.get("base").copied()),
            sheet: sheet.name.clone(),
            row: top,
        };
        (printed, row)
    }

    /// Puts down the rows of a table and gives the row after them.
    pub fn rows(&self, sheet: &mut Sheet, top: u32, stub: usize, banner: &Banner) -> u32 {
        let mut row = top;
        if self.layout.sheets == Sheets::Banner {
            row = self.own_letters(sheet, row, stub, banner);
        }
        row = self.bases(sheet, row, stub, banner);
        let rows = &self.crossed.stubs[stub].rows;
        for (at, each) in rows.iter().enumerate() {
            let first = at == 0 || rows[at - 1].counts() != each.counts();
            let line = match (first, self.figures.len() > 1 && each.counts()) {
                (true, _) => Line::Thin,
                (false, true) => Line::Faint,
                (false, false) => Line::None,
            };
            row = self.row(sheet, row, (stub, at), banner, line);
        }
        for column in 0..=banner.last() {
            if let Some(cell) = sheet.cells.get_mut(&(row - 1, column)) {
                cell.style.below = Line::Thin;
            }
        }
        row
    }

    /// Under a banner that serves several questions: the letters of this one, where they are others
    /// than elsewhere.
    fn own_letters(&self, sheet: &mut Sheet, row: u32, stub: usize, banner: &Banner) -> u32 {
        let stubs: Vec<usize> = (0..self.crossed.stubs.len()).collect();
        let letter = |stub: usize, slot: &super::heads::Slot| {
            self.crossed.head(stub, slot.group, slot.column).map_or("", |head| head.letter.as_str())
        };
        let differ = |slot| stubs.iter().any(|other| letter(*other, slot) != letter(stub, slot));
        if !banner.slots.iter().any(differ) {
            return row;
        }
        for (at, slot) in banner.slots.iter().enumerate() {
            let style = Style { align: Align::Centre, before: banner.before(at), ..Style::default() };
            sheet.across(row, slot.at, slot.last(), Value::text(letter(stub, slot)), style);
        }
        row + 1
    }

    fn bases(&self, sheet: &mut Sheet, top: u32, stub: usize, banner: &Banner) -> u32 {
        let all = [
            ("Unweighted base", "base", true),
            ("Weighted base", "base_weighted", false),
            ("Effective base", "base_effective", false),
        ];
        let only = [("Base", "base", true)];
        let rows = if self.weighted { &all[..] } else { &only[..] };
        for (row, (label, name, marked)) in (top..).zip(rows) {
            self.label(sheet, row, banner, label, "", &Style { bold: *marked, ..Style::default() });
            for (at, slot) in banner.slots.iter().enumerate() {
                let head = self.crossed.head(stub, slot.group, slot.column);
                let value = head.and_then(|head| head.numbers.get(name).copied());
                let mark = head.and_then(|head| head.mark).filter(|_| *marked);
                let style = Style {
                    number: Format::Count.excel(mark),
                    bold: *marked,
                    before: banner.before(at),
                    ..Style::default()
                };
                let hidden = value.is_none() && head.is_some_and(|head| head.hidden);
                let missing = if hidden { Value::text(footnotes::HIDDEN) } else { Value::Blank };
                sheet.put(row, slot.at, value.map_or(missing, Value::Number), slot.figures(style));
            }
        }
        top + rows.len() as u32
    }

    fn label(&self, sheet: &mut Sheet, row: u32, banner: &Banner, label: &str, figure: &str, style: &Style) {
        sheet.text(
            row,
            0,
            label,
            Style { wrap: !label.is_empty(), upper: true, align: Align::Left, ..style.clone() },
        );
        if banner.stub > 1 {
            let style =
                Style { ink: Some(PALE), size: 9, above: style.above, upper: true, ..Style::default() };
            sheet.text(row, 1, figure, style);
        }
        let lines = height(label, WORDS * (sheet.width(0, 0) - 2.0 * f64::from(style.indent)) - 1.0);
        if lines > 15.0 {
            sheet.heights.insert(row, lines);
        }
    }

    /// A row of the long table: a line for each figure, and one for findings where they stand below.
    fn row(&self, sheet: &mut Sheet, top: u32, at: (usize, usize), banner: &Banner, above: Line) -> u32 {
        let each = &self.crossed.stubs[at.0].rows[at.1];
        let style = Style { bold: each.kind == "net", indent: u8::from(each.is_part), ..Style::default() };
        let label = statistic_label(&each.kind).filter(|_| each.label == each.kind).unwrap_or(&each.label);
        let figures: Vec<Option<Figure>> =
            if each.counts() { self.figures.iter().copied().map(Some).collect() } else { vec![None] };
        // What was tested are the shares, whatever else is shown.
        let tested = figures.iter().position(|figure| *figure == Some(Figure::ColumnShare)).unwrap_or(0);
        let mut row = top;
        for (line, figure) in figures.iter().enumerate() {
            let above = if line == 0 { above } else { Line::None };
            let words = if line == 0 { label } else { "" };
            let name = figure.map_or("", Figure::label);
            self.label(sheet, row, banner, words, name, &Style { above, ..style.clone() });
            for (place, slot) in banner.slots.iter().enumerate() {
                let cell = self.crossed.cell(at.0, at.1, slot.group, slot.column);
                let before = banner.before(place);
                let look = Style { above, before, bold: style.bold, upper: true, ..Style::default() };
                let (value, look) = self.figure(each, cell, *figure, slot.column == 0, look);
                sheet.put(row, slot.at, value, slot.figures(look));
                if let Some(column) = slot.findings {
                    let words = cell.filter(|_| line == tested).map_or("", |cell| cell.findings.as_str());
                    let fill = sheet.cell(row, slot.at).and_then(|cell| cell.style.fill);
                    let look =
                        Style { above, fill, size: 9, align: Align::Left, upper: true, ..Style::default() };
                    sheet.text(row, column, words, look);
                }
            }
            row += 1;
        }
        if self.tested && self.layout.letters == Letters::Below {
            self.label(sheet, row, banner, "", "Tests", &Style::default());
            for (place, slot) in banner.slots.iter().enumerate() {
                let cell = self.crossed.cell(at.0, at.1, slot.group, slot.column);
                let style = Style { size: 9, before: banner.before(place), ..Style::default() };
                let words = cell.map_or("", |cell| cell.findings.as_str());
                sheet.text(row, slot.at, words, slot.figures(style));
            }
            row += 1;
        }
        row
    }

    fn figure(
        &self,
        row: &Row,
        cell: Option<&Figures>,
        figure: Option<Figure>,
        everyone: bool,
        look: Style,
    ) -> (Value, Style) {
        let Some(cell) = cell else { return (Value::Blank, look) };
        if cell.hidden {
            let look = Style { italic: true, size: 9, ink: Some(PALE), ..look };
            return (Value::text(footnotes::HIDDEN), look);
        }
        // Nobody was asked, or nobody is left.
        if cell.numbers.get("base") == Some(&0.0) {
            return (Value::Blank, look);
        }
        let Some(figure) = figure else {
            let value = cell.numbers.get("estimate").copied();
            let tested = self.layout.shade == Shade::Significance && !everyone;
            let fill = self.shade(cell).filter(|_| tested).map(|(fill, _)| fill);
            let look = Style { fill, ..look };
            return (
                value.map_or(Value::Blank, Value::Number),
                Style { number: statistic(&row.kind).into(), ..look },
            );
        };
        let value = cell.numbers.get(figure.column()).copied();
        let (fill, sign) = match self.shade(cell).filter(|_| figure == Figure::ColumnShare && !everyone) {
            Some((fill, sign)) => (Some(fill), sign),
            None => (None, ""),
        };
        let ink = if figure == Figure::ColumnShare { None } else { look.ink };
        let number = figure.number(self.layout.decimals, sign);
        (value.map_or(Value::Blank, Value::Number), Style { number, fill, ink, ..look })
    }

    /// The colour behind a share, and the sign that says the same.
    fn shade(&self, cell: &Figures) -> Option<(u32, &'static str)> {
        let above = |strong: bool| (ABOVE[usize::from(!strong)], if strong { "»" } else { "›" });
        let below = |strong: bool| (BELOW[usize::from(!strong)], if strong { "«" } else { "‹" });
        match self.layout.shade {
            Shade::None => None,
            Shade::Index => {
                let index = *cell.numbers.get("index")?;
                // On a very small base an index says nothing.
                if cell.mark == Some(BaseMark::VerySmall) {
                    None
                } else if index >= HIGH[1] {
                    Some(above(index >= HIGH[0]))
                } else if index <= LOW[1] {
                    Some(below(index <= LOW[0]))
                } else {
                    None
                }
            }
            Shade::Significance => match cell.leaning {
                // The sign already stands among the findings.
                Some(leaning) if leaning.higher => Some((above(leaning.strict).0, "")),
                Some(leaning) => Some((below(leaning.strict).0, "")),
                None if cell.findings.starts_with(char::is_alphabetic) => {
                    let letters = cell.findings.split(' ').next().unwrap_or_default();
                    Some((above(letters.contains(char::is_uppercase)).0, ""))
                }
                None => None,
            },
        }
    }

    /// Puts the footnotes down and gives the row after them.
    pub fn footnotes(&self, sheet: &mut Sheet, top: u32, stub: usize, banner: &Banner) -> u32 {
        let notes = footnotes::of(self, stub, banner);
        let (left, right) = sheet.below(banner.last());
        let width = WORDS * sheet.width(left, right) * 11.0 / 9.0;
        for (row, note) in (top..).zip(&notes) {
            sheet.heights.insert(row, (height(note, width) * 0.85).max(12.75));
            let style = Style { size: 9, ink: Some(PALE), wrap: true, upper: true, ..Style::default() };
            sheet.across(row, left, right, Value::text(note), style);
        }
        top + notes.len() as u32
    }

    /// What a chart below the table shows: the answers and the shares of everyone.
    pub fn picture(&self, stub: usize, banner: &Banner, title: &str) -> Picture {
        let rows = self.crossed.stubs[stub].rows.iter().enumerate().filter(|(_, row)| row.kind == "answer");
        let (rows, names): (Vec<usize>, Vec<String>) = rows.map(|(at, row)| (at, row.label.clone())).unzip();
        let everyone = banner.slots.first().map_or(0, |slot| slot.group);
        let share =
            |row: &usize| self.crossed.cell(stub, *row, everyone, 0)?.numbers.get("column_share").copied();
        Picture::shares(title, names, rows.iter().map(share).collect(), self.layout.decimals)
    }
}

/// The way back to the table of contents.
pub(super) fn way_back(sheet: &mut Sheet, contents: &str, row: u32) {
    let to = Value::Link { text: BACK.to_owned(), sheet: contents.to_owned(), row };
    sheet.put(0, 0, to, Style { size: 9, ..Style::default() });
}
