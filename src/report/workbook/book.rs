//! A tab book: a table of contents, notes, the tables of cross-tabs, other tables as they are, and the
//! figures behind the charts. It decides which sheets there are; their insides are laid out elsewhere.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsResult};

use super::WorkbookError;
use super::contents::{self, Account, COUNTED, Entry, Origin};
use super::crossed::Crossed;
use super::footnotes;
use super::heads::{Banner, given};
use super::list::List;
use super::options::{Layout, Sheets};
use super::pictures::Picture;
use super::sheet::{Book, Chart, Names, Page, Sheet};
use super::table::{Printer, way_back};
use crate::crossing::{self, NESTED};
use crate::number;
use crate::report::{Datum, Records};

/// A table that goes into a workbook.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Its name: the stage, or the stage and its side table.
    pub name: &'a str,
    /// The kind of stage that made it.
    pub kind: &'a str,
    /// The table.
    pub frame: &'a DataFrame,
    /// For a cross-tab that is to be printed as one: what it tells beside its table.
    pub crossed: Option<Beside<'a>>,
}

/// What a cross-tab tells beside its table, as far as it is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// A row for each table: title, base, filter, weight, tests.
    pub tables: Option<&'a DataFrame>,
    /// How many rows each table leaves out, by reason.
    pub excluded: Option<&'a DataFrame>,
    /// A row for each comparison; it gets a sheet of its own.
    pub tests: Option<&'a DataFrame>,
}

impl Book {
    /// A workbook of one sheet: the table as it is.
    ///
    /// # Errors
    ///
    /// The table is too large for a sheet.
    pub fn list(frame: &DataFrame, name: &str, kind: &str) -> Result<Self, WorkbookError> {
        let name = Names::default().take(name);
        Ok(Self { pages: vec![Page::List(List::new(frame, &name, kind)?)] })
    }

    /// A tab book of several tables.
    ///
    /// # Errors
    ///
    /// A table is too large for a sheet.
    pub fn of(
        title: &str,
        parts: &[Part<'_>],
        origin: &Origin,
        layout: &Layout,
    ) -> Result<Self, WorkbookError> {
        let mut names = Names::default();
        let front = (names.take("Contents"), names.take("Notes"));
        let mut binder = Binder {
            names,
            front,
            layout,
            pages: Vec::new(),
            entries: Vec::new(),
            printed: 0,
            pictures: Vec::new(),
        };
        let mut accounts = Vec::new();
        for part in parts {
            match part.crossed {
                Some(beside) => {
                    let crossed = Crossed::read(part.frame, beside.tables)?;
                    binder.crossed(part.name, &crossed);
                    accounts.push(account(part.name, &crossed, beside, layout)?);
                }
                None => {
                    let stage = part.name.split('.').next().unwrap_or(part.name);
                    binder.list(part.frame, part.name, part.kind, stage)?;
                }
            }
        }
        let tests = parts.iter().filter_map(|part| Some((part.name, part.crossed?.tests?)));
        for (stage, tests) in tests.filter(|(_, tests)| tests.height() > 0) {
            binder.list(tests, &format!("{stage} tests"), "cross_tab", stage)?;
        }
        binder.charts();
        let Binder { front, entries, pages, .. } = binder;
        let contents = contents::contents(&front.0, title, &front.1, &entries);
        let notes = contents::notes(&front.1, &front.0, title, origin, &accounts, layout);
        let front = [Page::Sheet(contents), Page::Sheet(notes)];
        Ok(Self { pages: front.into_iter().chain(pages).collect() })
    }
}

/// The sheets as they come together.
struct Binder<'a> {
    names: Names,
    /// The names of the table of contents and of the notes.
    front: (String, String),
    layout: &'a Layout,
    pages: Vec<Page>,
    entries: Vec<Entry>,
    /// How many tables were printed.
    printed: usize,
    /// What the charts show, and their page and row.
    pictures: Vec<(Picture, usize, u32)>,
}

impl Binder<'_> {
    fn crossed(&mut self, stage: &str, crossed: &Crossed) {
        let printer = Printer::new(crossed, self.layout);
        let banners = printer.banners();
        let stubs: Vec<usize> = (0..crossed.stubs.len()).collect();
        match self.layout.sheets {
            Sheets::Table => {
                for &stub in &stubs {
                    for banner in &banners {
                        self.table(stage, &printer, stub, banner);
                    }
                }
            }
            Sheets::Banner => banners.iter().for_each(|banner| self.banner(stage, &printer, &stubs, banner)),
        }
    }

    /// A table on a sheet of its own.
    fn table(&mut self, stage: &str, printer: &Printer<'_>, stub: usize, banner: &Banner) {
        let number = self.printed + 1;
        let mut sheet = Sheet::new(self.names.take(&format!("Table {number}")));
        way_back(&mut sheet, &self.front.0, contents::FIRST + self.entries.len() as u32);
        printer.widths(&mut sheet, banner, &[stub]);
        banner.paginate(&mut sheet);
        let (printed, row) = printer.top(&mut sheet, 1, number, stub, banner);
        let last_line = printer.last_line(banner, &[stub]);
        let below = banner.put(&mut sheet, row, printer.crossed, self.layout, &last_line);
        sheet.frozen = (below, banner.stub);
        sheet.repeated = Some((row, below - 1));
        let row = printer.rows(&mut sheet, below, stub, banner) + 1;
        let row = printer.footnotes(&mut sheet, row, stub, banner) + 1;
        self.printed = number;
        self.entries.push(Entry::of(&printed, stage));
        self.chart(printer, stub, banner, &printed.title, row);
        self.pages.push(Page::Sheet(sheet));
    }

    /// All questions below each other.
    fn banner(&mut self, stage: &str, printer: &Printer<'_>, stubs: &[usize], banner: &Banner) {
        let mut sheet = Sheet::new(self.names.take(stage));
        way_back(&mut sheet, &self.front.0, contents::FIRST + self.entries.len() as u32);
        printer.widths(&mut sheet, banner, stubs);
        banner.paginate(&mut sheet);
        let last_line = printer.last_line(banner, stubs);
        let below = banner.put(&mut sheet, 1, printer.crossed, self.layout, &last_line);
        sheet.frozen = (below, banner.stub);
        sheet.repeated = Some((1, below - 1));
        let mut row = below;
        for &stub in stubs {
            self.printed += 1;
            let (printed, top) = printer.top(&mut sheet, row + 1, self.printed, stub, banner);
            row = printer.rows(&mut sheet, top, stub, banner) + 1;
            row = printer.footnotes(&mut sheet, row, stub, banner) + 1;
            self.entries.push(Entry::of(&printed, stage));
            row += self.chart(printer, stub, banner, &printed.title, row);
        }
        self.pages.push(Page::Sheet(sheet));
    }

    /// Keeps what a chart below a table will show, and tells how many rows it covers.
    fn chart(&mut self, printer: &Printer<'_>, stub: usize, banner: &Banner, title: &str, row: u32) -> u32 {
        let picture = printer.picture(stub, banner, title);
        if !self.layout.charts || !picture.is_worth_it() {
            return 0;
        }
        let rows = picture.rows();
        self.pictures.push((picture, self.pages.len(), row));
        rows + 1
    }

    fn list(&mut self, frame: &DataFrame, name: &str, kind: &str, stage: &str) -> Result<(), WorkbookError> {
        let mut list = List::new(frame, &self.names.take(name), kind)?;
        list.back = Some((self.front.0.clone(), contents::FIRST + self.entries.len() as u32));
        if self.layout.charts && kind == "net_promoter" {
            let picture = Picture::classes(&list).filter(Picture::is_worth_it);
            self.pictures.extend(picture.map(|picture| (picture, self.pages.len(), 0)));
        }
        self.entries.push(Entry {
            number: String::new(),
            title: name.to_owned(),
            columns: String::new(),
            base_text: String::new(),
            n: None,
            stage: stage.to_owned(),
            place: (list.name.clone(), 0),
        });
        self.pages.push(Page::List(list));
        Ok(())
    }

    /// Puts down the figures behind the charts on a sheet of their own, one below the other, and the
    /// charts below their tables, and decides what is printed on one page.
    fn charts(&mut self) {
        let mut drawn: BTreeMap<usize, Vec<(u32, Chart)>> = BTreeMap::new();
        if !self.pictures.is_empty() {
            let mut data = Sheet::new(self.names.take("Chart data"));
            way_back(&mut data, &self.front.0, 0);
            data.widths.extend([(0, 42.0), (1, 12.0), (2, 12.0), (3, 12.0)]);
            let mut row = 2;
            for (picture, page, at) in std::mem::take(&mut self.pictures) {
                let (chart, below) = picture.put(&mut data, row);
                drawn.entry(page).or_default().push((at, chart));
                row = below;
            }
            self.pages.push(Page::Sheet(data));
        }
        for (at, page) in self.pages.iter_mut().enumerate() {
            let charts = drawn.remove(&at).unwrap_or_default();
            match page {
                Page::Sheet(sheet) => {
                    // A table that has a sheet of its own goes on one page as far as it can be read then.
                    if self.layout.sheets == Sheets::Table {
                        sheet.fit(charts.first().map(|(_, chart)| chart));
                    }
                    charts.into_iter().for_each(|(row, chart)| sheet.chart(row, chart));
                }
                Page::List(list) => list.chart = charts.into_iter().next().map(|(_, chart)| chart),
            }
        }
    }
}

/// What the notes tell of a cross-tab.
fn account(stage: &str, crossed: &Crossed, beside: Beside<'_>, layout: &Layout) -> PolarsResult<Account> {
    let name = |variable: &str| crossing::heading(variable, None, |name| given(layout, name));
    let named = |row: &str, column: &str| format!("{} by {}", name(row), name(column));
    let mut excluded: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    if let Some(frame) = beside.excluded {
        let records = Records::read(frame)?;
        for line in 0..records.len() {
            let text = |name: &str| records.get(line, name).text().unwrap_or_default();
            if let Datum::Number(n) = records.get(line, "n")
                && *n > 0.0
            {
                let reason = format!("{} {}", text("reason").replace('_', " "), number::count(*n));
                excluded.entry((text("row_variable"), text("column_variable"))).or_default().push(reason);
            }
        }
    }
    let mut tables = Vec::new();
    for (stub, question) in crossed.stubs.iter().enumerate() {
        for (group, columns) in crossed.groups.iter().enumerate() {
            let Some(head) = crossed.head(stub, group, 0) else { continue };
            // Without the side table the bases of everyone stand in the cells.
            let base = |name: &str| {
                let name = match name {
                    "n" => "base",
                    "n_weighted" => "base_weighted",
                    "n_effective" => "base_effective",
                    _ => return Datum::Missing,
                };
                head.numbers.get(name).map_or(Datum::Missing, |value| Datum::Number(*value))
            };
            let about = crossed.tables.get(&(stub, group));
            let figures = COUNTED.iter().map(|(name, _)| match about.and_then(|about| about.get(*name)) {
                Some(Datum::Missing) if head.hidden => Datum::Text(footnotes::HIDDEN.to_owned()),
                Some(known) => known.clone(),
                None => base(name),
            });
            let left_out = excluded.remove(&(question.variable.clone(), columns.variable.clone()));
            let left_out = left_out.unwrap_or_default().join("; ");
            tables.push((named(&question.variable, &columns.variable), figures.collect(), left_out));
        }
    }
    let said = |name: &str| {
        let mut said: Vec<String> = Vec::new();
        for sentence in crossed.tables.values().filter_map(|about| about.get(name)?.text()) {
            if !said.contains(&sentence) {
                said.push(sentence);
            }
        }
        said
    };
    let variables = |names: Vec<&str>| {
        names.iter().map(|name| name.replace(NESTED, " by ")).collect::<Vec<_>>().join(", ")
    };
    let mut methods = vec![
        (
            "Questions".to_owned(),
            variables(crossed.stubs.iter().map(|stub| stub.variable.as_str()).collect()),
        ),
        (
            "Columns".to_owned(),
            variables(crossed.groups.iter().map(|group| group.variable.as_str()).collect()),
        ),
    ];
    let banner: Vec<usize> = (0..crossed.groups.len()).collect();
    let mut tests: Vec<String> = Vec::new();
    for note in (0..crossed.stubs.len()).flat_map(|stub| footnotes::tests(crossed, layout, stub, &banner)) {
        if !tests.contains(&note) {
            tests.push(note);
        }
    }
    methods.extend(contents::methods(said, tests));
    Ok(Account { stage: stage.to_owned(), tables, methods })
}
