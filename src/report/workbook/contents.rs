//! The first two sheets of a tab book: what is in it and where, and what has to be known of it.

use super::footnotes::shaded;
use super::options::{Layout, least_percent};
use super::sheet::{Align, Line, Sheet, Style, Value, WORDS, height};
use super::table::{Printed, way_back};
use crate::report::Datum;
use crate::report::wording::{self, variance};

/// What a page of the workbook is called in the table of contents, and where it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Its number, for a table of a cross-tab.
    pub number: String,
    /// The question, or the name of the table.
    pub title: String,
    /// Which columns it has across the top.
    pub columns: String,
    /// Who is described.
    pub base_text: String,
    /// How many they are.
    pub n: Option<f64>,
    /// The stage that made it.
    pub stage: String,
    /// The sheet and the row where it begins.
    pub place: (String, u32),
}

impl Entry {
    /// The entry of a printed table.
    pub fn of(printed: &Printed, stage: &str) -> Self {
        Self {
            number: printed.number.to_string(),
            title: printed.title.clone(),
            columns: printed.columns.clone(),
            base_text: printed.base_text.strip_prefix("Base: ").unwrap_or(&printed.base_text).to_owned(),
            n: printed.n,
            stage: stage.to_owned(),
            place: (printed.sheet.clone(), printed.row),
        }
    }
}

/// The row of the first entry.
pub(super) const FIRST: u32 = 4;
const WIDTHS: [f64; 6] = [8.0, 52.0, 34.0, 44.0, 10.0, 22.0];
const HEADINGS: [&str; 6] = ["Table", "Question", "Columns", "Base", "n", "Stage"];

/// The table of contents.
pub(super) fn contents(name: &str, title: &str, notes: &str, entries: &[Entry]) -> Sheet {
    let mut sheet = Sheet::new(name);
    sheet.widths.extend((0..).zip(WIDTHS));
    let last = WIDTHS.len() as u16 - 1;
    sheet.across(0, 0, last, Value::text(title), Style { bold: true, size: 14, ..Style::default() });
    sheet.heights.insert(0, 20.0);
    let about =
        Value::Link { text: "Notes: data, weights, tests".to_owned(), sheet: notes.to_owned(), row: 0 };
    sheet.put(1, 0, about, Style::default());
    headings(&mut sheet, FIRST - 1, &HEADINGS);
    for (row, entry) in (FIRST..).zip(entries) {
        let link = |text: &str| Value::Link {
            text: text.to_owned(),
            sheet: entry.place.0.clone(),
            row: entry.place.1,
        };
        let style = Style { wrap: true, upper: true, align: Align::Left, ..Style::default() };
        sheet.put(
            row,
            0,
            if entry.number.is_empty() { Value::Blank } else { link(&entry.number) },
            style.clone(),
        );
        // Some programs break only words that lead nowhere into lines: a question may be long.
        let title = if entry.number.is_empty() { link(&entry.title) } else { Value::text(&entry.title) };
        sheet.put(row, 1, title, style.clone());
        sheet.text(row, 2, &entry.columns, style.clone());
        sheet.text(row, 3, &entry.base_text, style.clone());
        let count = Style { number: "#,##0".to_owned(), upper: true, ..Style::default() };
        sheet.put(row, 4, entry.n.map_or(Value::Blank, Value::Number), count);
        sheet.text(row, 5, &entry.stage, Style { indent: 1, ..style });
        let texts = [(&entry.title, 1), (&entry.columns, 2), (&entry.base_text, 3), (&entry.stage, 5)];
        let high =
            texts.iter().map(|(text, at)| height(text, WORDS * WIDTHS[*at] - 1.0)).fold(15.0, f64::max);
        sheet.heights.insert(row, high);
    }
    sheet.frozen = (FIRST, 0);
    sheet.repeated = Some((FIRST - 1, FIRST - 1));
    sheet
}

/// What is known of where a workbook comes from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origin {
    /// The program and its version.
    pub software: String,
    /// The pipeline, the stage that writes the workbook, the variant, the variables: name and value.
    pub made_by: Vec<(String, String)>,
    /// The data: name of the dataset, its files, their fingerprint, rows read.
    pub data: Vec<Data>,
    /// What a reader should know: stage and sentence.
    pub cautions: Vec<(String, String)>,
}

/// A dataset behind the tables.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Data {
    /// Its name.
    pub name: String,
    /// Its files.
    pub files: String,
    /// What the files were, whenever they were read.
    pub fingerprint: String,
    /// Records they hold.
    pub rows_read: Option<u64>,
    /// Records that could be read.
    pub rows_kept: Option<u64>,
}

/// The tables of a cross-tab as the notes tell of them.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// The stage.
    pub stage: String,
    /// For each table its question and columns, the figures of [`COUNTED`], and which rows are left out.
    pub tables: Vec<(String, Vec<Datum>, String)>,
    /// What is said of all its tables: name and sentence, each once.
    pub methods: Vec<(String, String)>,
}

/// The figures of a table that the notes list: column and heading.
pub(super) const COUNTED: [(&str, &str); 5] = [
    ("n_read", "Rows read"),
    ("n", "Counted"),
    ("n_weighted", "Weighted"),
    ("n_effective", "Effective base"),
    ("design_effect", "Design effect"),
];

const NOTE_WIDTHS: [f64; 8] = [30.0, 46.0, 12.0, 12.0, 12.0, 15.0, 14.0, 44.0];

/// The sheet of notes.
pub(super) fn notes(
    name: &str,
    contents: &str,
    title: &str,
    origin: &Origin,
    accounts: &[Account],
    layout: &Layout,
) -> Sheet {
    let mut sheet = Sheet::new(name);
    sheet.widths.extend((0..).zip(NOTE_WIDTHS));
    way_back(&mut sheet, contents, 0);
    let mut page = Page { row: 1, sheet: &mut sheet };
    page.title(&format!("Notes on {title}"));
    page.section("How it was made");
    page.pair("Software", &origin.software);
    for (name, value) in &origin.made_by {
        page.pair(name, value);
    }
    if !origin.data.is_empty() {
        page.section("Data");
        page.line(&["Dataset", "Files", "Rows read", "Rows kept", "Fingerprint", ""]);
        for data in &origin.data {
            let count = |n: Option<u64>| n.map_or(Value::Blank, |n| Value::Number(n as f64));
            page.record(vec![
                Value::text(&data.name),
                Value::text(&data.files),
                count(data.rows_read),
                count(data.rows_kept),
                Value::text(&data.fingerprint),
                Value::Blank,
            ]);
        }
    }
    for account in accounts {
        page.section(&format!("Tables of {}", account.stage));
        for (name, sentence) in &account.methods {
            page.pair(name, sentence);
        }
        if !account.tables.is_empty() {
            let figures = COUNTED.iter().map(|(_, heading)| *heading);
            let headings: Vec<&str> = ["Table", ""].into_iter().chain(figures).chain(["Left out"]).collect();
            page.line(&headings);
            for (table, figures, left_out) in &account.tables {
                let figures = figures.iter().map(value);
                let all = [Value::text(table), Value::Blank].into_iter().chain(figures);
                page.record(all.chain([Value::text(left_out)]).collect());
            }
        }
    }
    if !accounts.is_empty() {
        page.section("How to read the tables");
        page.pair("-", "none at all");
        page.pair(
            &format!("<{}%", least_percent(layout.decimals)),
            "some, but so few that the rounded share would say 0 %",
        );
        page.pair("empty", "not asked, or nobody to ask");
        page.pair("hidden", wording::HIDDEN);
        page.pair("Effective base", "as many answers without weights would be as precise as these with them");
        page.pair("Design effect", "the base divided by the effective base");
        if let Some(legend) = shaded(layout.shade) {
            page.pair("Colours", &legend);
        }
    }
    if !origin.cautions.is_empty() {
        page.section("Cautions");
        for (stage, sentence) in &origin.cautions {
            page.pair(stage, sentence);
        }
    }
    sheet.frozen = (2, 0);
    sheet
}

/// How a method is named and told in the notes: the columns of the side table `tables` that hold it.
pub(super) fn methods(said: impl Fn(&str) -> Vec<String>, tests: Vec<String>) -> Vec<(String, String)> {
    let mut told = Vec::new();
    let mut tell = |name: &str, sentences: Vec<String>| {
        told.extend(sentences.into_iter().map(|sentence| (name.to_owned(), sentence)));
    };
    tell("Weight", said("weight"));
    tell("Filter", said("filter"));
    tell("Who is in a base", said("base_rule").iter().map(|rule| base_words(rule).to_owned()).collect());
    let (methods, weighted) = (said("variance"), !said("weight").is_empty());
    tell("Margins of error", methods.iter().map(|method| variance(method, weighted)).collect());
    tell("Tests", if tests.is_empty() { vec!["none".to_owned()] } else { tests });
    told
}

/// A base rule in words.
fn base_words(rule: &str) -> &str {
    match rule {
        "answered" => "those who answered the question",
        "asked" => "those who were asked the question, whether they answered it or not",
        "all" => "everybody, whether asked or not",
        other => other,
    }
}

fn value(datum: &Datum) -> Value {
    match datum {
        Datum::Number(number) => Value::Number(*number),
        other => Value::text(other.text().unwrap_or_default()),
    }
}

fn headings(sheet: &mut Sheet, row: u32, words: &[&str]) {
    for (column, word) in (0..).zip(words) {
        let (align, indent) = match *word {
            "n" => (Align::Right, 0),
            word => (Align::Left, u8::from(word == "Stage")),
        };
        let style = Style { bold: true, below: Line::Thin, align, indent, ..Style::default() };
        sheet.text(row, column, *word, style);
    }
}

/// The notes as they are put down, line by line.
struct Page<'a> {
    row: u32,
    sheet: &'a mut Sheet,
}

impl Page<'_> {
    fn title(&mut self, words: &str) {
        let last = NOTE_WIDTHS.len() as u16 - 1;
        let style = Style { bold: true, size: 14, ..Style::default() };
        self.sheet.across(self.row, 0, last, Value::text(words), style);
        self.sheet.heights.insert(self.row, 20.0);
        self.row += 1;
    }

    fn section(&mut self, words: &str) {
        self.sheet.text(self.row + 1, 0, words, Style { bold: true, size: 12, ..Style::default() });
        self.row += 2;
    }

    fn pair(&mut self, name: &str, words: &str) {
        let style = Style { wrap: true, upper: true, ..Style::default() };
        let last = NOTE_WIDTHS.len() as u16 - 1;
        self.sheet.text(self.row, 0, name, style.clone());
        self.sheet.across(self.row, 1, last, Value::text(words), style);
        let wide = WORDS * self.sheet.width(1, last);
        let high = height(words, wide).max(height(name, WORDS * NOTE_WIDTHS[0] - 1.0));
        self.sheet.heights.insert(self.row, high);
        self.row += 1;
    }

    fn line(&mut self, words: &[&str]) {
        for (column, word) in (0..).zip(words) {
            let style = Style { bold: true, below: Line::Thin, ..place(column, word) };
            self.sheet.put(self.row, column, Value::text(*word), style);
        }
        self.row += 1;
    }

    fn record(&mut self, values: Vec<Value>) {
        let mut high: f64 = 15.0;
        for (column, value) in (0..).zip(&values) {
            // Words with nothing beside them have the room of both.
            let after = values[usize::from(column) + 1..].iter().take_while(|next| **next == Value::Blank);
            let words = matches!(value, Value::Text(_));
            let right = if words { column + after.count() as u16 } else { column };
            let style = match value {
                Value::Number(number) => {
                    let number = if number.fract() == 0.0 { "#,##0" } else { "#,##0.00" };
                    Style { number: number.to_owned(), upper: true, ..Style::default() }
                }
                _ => Style { wrap: words, upper: true, ..place(column, "Fingerprint") },
            };
            if let Value::Text(text) = value {
                high = high.max(height(text, WORDS * self.sheet.width(column, right) - 1.0));
            }
            if right > column {
                self.sheet.across(self.row, column, right, value.clone(), style);
            } else if *value != Value::Blank {
                self.sheet.put(self.row, column, value.clone(), style);
            }
        }
        self.sheet.heights.insert(self.row, high);
        self.row += 1;
    }
}

/// How a column of the notes stands: names left, counts right.
fn place(column: u16, heading: &str) -> Style {
    match (column, heading) {
        (0 | 1, _) => Style { align: Align::Left, ..Style::default() },
        (_, "Fingerprint" | "Left out") => Style { align: Align::Left, indent: 1, ..Style::default() },
        _ => Style { align: Align::Right, ..Style::default() },
    }
}
