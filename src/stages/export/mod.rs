#![doc = include_str!("page.md")]

mod book;

use std::collections::BTreeMap;

use polars::prelude::{Column, DataFrame, DataType, LazyFrame, col};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Check, Context, CopyFormat, Estimates, File, Input, Known, Lowered, Promise, Ready, Reduced, Spec, Stage,
    Table, Template, copied_schema,
};
use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError};
use crate::document::{OneOrMany, Span, Spanned};
use crate::report::workbook::{self, Beside, Book, Layout, Part, WorkbookError};
use crate::run::file_name;

pub use book::BookOptions;

/// What a cross-tab tells beside its table, as a workbook shows it.
const SIDES: [&str; 2] = ["tables", "excluded"];
/// The comparisons of a cross-tab.
const TESTS: &str = "tests";

/// Writes a table as a file for other programs, or several as an Excel workbook.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The table; for Excel also several: `[where_they_look, loyalty]`. In Excel a cross-tab is laid
    /// out as agencies print it.
    pub from: OneOrMany<Input>,
    /// The name of the file in the folder `exports`. Its ending says the form: `.csv`, `.parquet` or
    /// `.xlsx`.
    pub file: Template,
    /// The columns of a single table, in order. Omitted: all of them. A cross-tab whose columns are
    /// named is written as the list that it is.
    #[serde(default)]
    pub columns: Option<Vec<Spanned<String>>>,
    /// How an Excel workbook of cross-tabs or of several tables looks: with it, or for such tables, there
    /// is a sheet of contents and one of notes.
    #[serde(default)]
    pub book: Option<Spanned<BookOptions>>,
}

impl Stage for Export {
    const SPEC: Spec = Spec {
        kind: "export",
        summary: "Tables as a CSV, Parquet or Excel file; cross-tabs as a tab book.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        self.from.iter().collect()
    }

    fn beside(&self, known: &BTreeMap<String, Known>) -> Vec<Input> {
        let kind = |input: &Input| known.get(input.text()).map(|known| known.kind.as_str());
        let crossed = self.from.iter().filter(|input| self.is_crossed(input, kind(input)));
        let named = crossed.flat_map(|input| self.sides(input));
        named.map(|(_, side)| side).filter(|side| known.contains_key(side.text())).collect()
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        let file = cx.fill(&self.file).and_then(|name| split(cx, &self.file, &name));
        let form = file.as_ref().map(|(_, form)| *form);
        let fits = self.fits(form, cx);
        let options = self.book.as_ref().map(|book| book.value.clone());
        let title = options.as_ref().and_then(|book| book.title.as_ref()).map(|title| cx.fill(title));
        let layout = options.as_ref().map_or(Some(Layout::default()), |options| options.layout(cx));
        let mut tables = Vec::new();
        // The side tables come after all the tables that are named.
        let mut beside = self.from.len();
        for input in self.from.iter() {
            let mut table = self.table(input, form, cx);
            if self.is_crossed(input, cx.kind(input)) {
                let sides = self.sides(input).into_iter().filter(|(_, side)| cx.schema(side).is_some());
                let sides = sides.map(|(name, _)| {
                    beside += 1;
                    (name, beside - 1)
                });
                let sides = sides.collect();
                table = table.map(|table| Exported { crossed: Some(sides), ..table });
            }
            tables.push(table);
        }
        let tables: Vec<Exported> = tables.into_iter().collect::<Option<_>>()?;
        let (stem, form) = file?;
        let title = match title {
            None => stem.clone(),
            Some(title) => title?,
        };
        let layout = layout?;
        fits?;
        let is_book =
            options.is_some() || tables.len() > 1 || tables.iter().any(|table| table.crossed.is_some());
        Some(Checked { tables, stem, form, book: is_book.then_some((title, layout)) })
    }
}

impl Export {
    /// Whether a table is laid out as a cross-tab, if a stage of this kind made it.
    fn is_crossed(&self, input: &Input, kind: Option<&str>) -> bool {
        let excel = self.file.text().to_lowercase().ends_with(".xlsx");
        excel && kind == Some("cross_tab") && input.side().is_none() && self.columns.is_none()
    }

    /// The side tables of a cross-tab that a workbook shows, whether or not it has them.
    fn sides(&self, input: &Input) -> Vec<(&'static str, Input)> {
        let tests = self.book.as_ref().is_some_and(|book| book.tests).then_some(TESTS);
        let name = |side: &str| Spanned::new(format!("{}.{side}", input.text()), input.span());
        SIDES.into_iter().chain(tests).map(|side| (side, Input::from(name(side)))).collect()
    }

    /// Refuses options that do not go with the number of tables or with the form of the file.
    fn fits(&self, form: Option<Form>, cx: &mut Check<'_>) -> Option<()> {
        let place = self.from.first().map_or(self.file.span(), Input::span);
        let mut fine = true;
        let mut refuse = |span, message: &str, label: &str, help: &str| {
            cx.invalid(span, Code::InvalidOption, message, label, help);
            fine = false;
        };
        if self.from.is_empty() {
            refuse(place, "writes nothing", "`from` is empty", "name the tables to write");
        }
        for (at, input) in self.from.iter().enumerate() {
            if self.from[..at].iter().any(|earlier| earlier.text() == input.text()) {
                refuse(input.span(), "names a table twice", "a second time here", "remove one of them");
            }
        }
        if let (Some(second), Some(columns)) = (self.from.get(1), &self.columns) {
            let place = columns.first().map_or(second.span(), |column| column.span);
            let help = "write each table with an `export` of its own, or leave `columns` out";
            refuse(place, "names columns of several tables", "columns of which table?", help);
        }
        let form = form?;
        if form != Form::Excel
            && let Some(second) = self.from.get(1)
        {
            let label = format!("a {} file has one table", form.name());
            let help = "end the name with `.xlsx`, or write each table with an `export` of its own";
            refuse(second.span(), "writes several tables into one file", &label, help);
        }
        if form != Form::Excel
            && let Some(book) = &self.book
        {
            let label = format!("a {} file has no sheets", form.name());
            refuse(book.span, "lays out a file that has no layout", &label, "end the name with `.xlsx`");
        }
        fine.then_some(())
    }

    fn table(&self, input: &Input, form: Option<Form>, cx: &mut Check<'_>) -> Option<Exported> {
        // Columns of several tables were refused.
        let named = match (&self.columns, self.from.len()) {
            (Some(columns), 1) => cx.columns(input, columns).map(Some),
            _ => Some(None),
        };
        let kind = cx.kind(input).unwrap_or_default().to_owned();
        let schema = cx.schema(input)?;
        let columns: Vec<(String, DataType)> = match named? {
            Some(named) => named.into_iter().map(|column| (column.name, column.dtype)).collect(),
            None => schema.iter().map(|(name, dtype)| (name.to_string(), dtype.clone())).collect(),
        };
        let form = form?;
        if let Some((name, _)) = columns.iter().find(|(_, dtype)| form != Form::Parquet && dtype.is_nested())
        {
            let label = format!("`{name}` holds lists or structures");
            let help = "write Parquet, or name the other columns in `columns`";
            let message = "writes what a plain table cannot hold";
            cx.invalid(input.span(), Code::ColumnType, message, &label, help);
            return None;
        }
        let columns = columns.into_iter().map(|(name, _)| name).collect();
        Some(Exported { from: input.span(), id: input.text().to_owned(), kind, columns, crossed: None })
    }
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Parquet,
    Excel,
}

impl Form {
    fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Excel => "xlsx",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Parquet => "Parquet",
            Self::Excel => "Excel",
        }
    }
}

/// A name without its ending, as a harmless file name, and the form that the ending says.
fn split(cx: &mut Check<'_>, written: &Template, name: &str) -> Option<(String, Form)> {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let form = [Form::Csv, Form::Parquet, Form::Excel]
        .into_iter()
        .find(|form| form.ending().eq_ignore_ascii_case(ending));
    if form.is_none() {
        let label = match ending {
            "" => "no ending".to_owned(),
            ending => format!("`.{ending}` is no form of a table"),
        };
        let help = "end the name with `.csv`, `.parquet` or `.xlsx`";
        cx.invalid(written.span(), Code::InvalidOption, "writes a file of an unknown form", &label, help);
    }
    if written.text().contains(['/', '\\']) {
        let help = "leave the folder out: every file of a run goes to its folder `exports`";
        cx.invalid(written.span(), Code::InvalidOption, "names a folder", "a file name has no slash", help);
        return None;
    }
    Some((file_name(stem), form?))
}

/// An export that passed its check.
#[derive(Debug)]
pub struct Checked {
    tables: Vec<Exported>,
    stem: String,
    form: Form,
    /// For a workbook of several sheets: its title and how it looks.
    book: Option<(String, Layout)>,
}

/// A table that is written.
#[derive(Debug)]
struct Exported {
    from: Span,
    id: String,
    kind: String,
    columns: Vec<String>,
    /// For a cross-tab that is laid out: its side tables, and which inputs they are.
    crossed: Option<Vec<(&'static str, usize)>>,
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        Promise::main(copied_schema())
    }

    fn files(&self, _stage: &str) -> Vec<String> {
        vec![format!("exports/{}.{}", self.stem, self.form.ending())]
    }

    fn lower(&self, inputs: &[Table], _fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let name = format!("{}.{}", self.stem, self.form.ending());
        let mut tables: Vec<LazyFrame> = inputs.iter().map(|input| input.rows.clone()).collect();
        for (rows, table) in tables.iter_mut().zip(&self.tables) {
            let columns: Vec<_> = table.columns.iter().map(|name| col(name.as_str())).collect();
            *rows = rows.clone().select(columns);
        }
        let format = match self.form {
            Form::Csv => CopyFormat::Csv,
            Form::Parquet => CopyFormat::Parquet,
            Form::Excel => {
                for (rows, table) in tables.iter_mut().zip(&self.tables) {
                    // One row more than a sheet holds tells that it is too much, whatever the size of
                    // the table. A cross-tab is laid out in fewer rows than its list has.
                    if table.crossed.is_none() {
                        *rows = rows.clone().limit(workbook::MOST_ROWS as u32 + 1);
                    }
                }
                return Ok(Lowered::Reduce(tables));
            }
        };
        let rows = tables.into_iter().next().unwrap_or_default();
        Ok(Lowered::Copy { rows, name, format })
    }

    fn estimate(&self, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
        let frames = match reduced {
            Reduced::Frames(frames) => frames,
            Reduced::Cells(_) => Vec::new(),
        };
        let bytes = self.write(&frames, cx)?;
        let path = format!("exports/{}.{}", self.stem, self.form.ending());
        let heights: Vec<usize> = frames.iter().take(self.tables.len()).map(DataFrame::height).collect();
        let main = DataFrame::new(
            1,
            vec![
                Column::new("file".into(), [path.as_str()]),
                Column::new("format".into(), ["xlsx"]),
                Column::new("rows".into(), [heights.iter().sum::<usize>() as i64]),
            ],
        )?;
        let empty = self.tables.iter().zip(&heights).filter(|(_, height)| **height == 0);
        let cautions = empty.map(|(table, _)| {
            let message = match self.tables.len() {
                1 => format!("`{}` writes a file without rows", cx.stage),
                _ => format!("`{}` writes `{}`, which has no rows", cx.stage, table.id),
            };
            Caution::new(CautionCode::NoRows, "", Some(0.0), message)
        });
        let cautions = cautions.collect();
        Ok(Estimates { main, cautions, files: vec![File { path, bytes }], ..Estimates::default() })
    }
}

impl Checked {
    /// The bytes of the workbook.
    fn write(&self, frames: &[DataFrame], cx: &Context<'_>) -> Result<Vec<u8>, RunError> {
        let tables = || self.tables.iter().zip(frames);
        let Some((title, layout)) = &self.book else {
            let Some((table, frame)) = tables().next() else { return Ok(Vec::new()) };
            let book = Book::list(frame, &self.stem, &table.kind);
            return book.and_then(|book| book.write()).map_err(|error| self.tell(error, Some(table)));
        };
        let parts: Vec<Part<'_>> = tables()
            .map(|(table, frame)| {
                let side = |name: &str, sides: &[(&str, usize)]| {
                    sides.iter().find(|(side, _)| *side == name).and_then(|(_, at)| frames.get(*at))
                };
                let crossed = table.crossed.as_ref().map(|sides| Beside {
                    tables: side("tables", sides),
                    excluded: side("excluded", sides),
                    tests: side(TESTS, sides),
                });
                Part { name: &table.id, kind: &table.kind, frame, crossed }
            })
            .collect();
        let origin = book::origin(self.tables.iter().map(|table| table.id.as_str()), cx);
        let book = Book::of(title, &parts, &origin, layout);
        let large = |frame: &DataFrame| {
            frame.height() > workbook::MOST_ROWS || frame.width() > workbook::MOST_COLUMNS
        };
        let meant = tables().find(|(_, frame)| large(frame)).or(tables().next()).map(|(table, _)| table);
        book.and_then(|book| book.write()).map_err(|error| self.tell(error, meant))
    }

    fn tell(&self, error: WorkbookError, table: Option<&Exported>) -> RunError {
        match (error, table) {
            (WorkbookError::Table(error), _) => error.into(),
            (WorkbookError::Workbook(error), _) => RunError::Publish(error.to_string()),
            (too_large, None) => RunError::Publish(too_large.to_string()),
            (too_large, Some(table)) => RunError::data(
                Diagnostic::error(
                    Code::UnusableData,
                    format!("`{}` does not fit into an Excel sheet", table.id),
                )
                .primary(table.from, too_large.to_string())
                .help("write CSV or Parquet, or take a part of the table with a `sql` stage first"),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
