#![doc = include_str!("page.md")]

use polars::prelude::{Column, DataFrame, DataType, col};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Check, Context, CopyFormat, Estimates, File, Input, Lowered, Promise, Ready, Reduced, Spec, Stage, Table,
    Template, copied_schema,
};
use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError};
use crate::document::{Span, Spanned};
use crate::report::workbook::{self, WorkbookError};
use crate::run::file_name;

/// Writes a table as a file for other programs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The table.
    pub from: Input,
    /// The name of the file in the folder `exports`. Its ending says the form: `.csv`, `.parquet` or
    /// `.xlsx`.
    pub file: Template,
    /// The columns, in order. Omitted: all of them.
    #[serde(default)]
    pub columns: Option<Vec<Spanned<String>>>,
}

impl Stage for Export {
    const SPEC: Spec = Spec {
        kind: "export",
        summary: "A table as a CSV, Parquet or Excel file.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        vec![&self.from]
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        let file = cx.fill(&self.file).and_then(|name| split(cx, &self.file, &name));
        let named =
            self.columns.as_ref().map_or(Some(None), |columns| cx.columns(&self.from, columns).map(Some));
        let kind = cx.kind(&self.from).unwrap_or_default().to_owned();
        let schema = cx.schema(&self.from)?;
        let (stem, form) = file?;
        let columns: Vec<(String, DataType)> = match named? {
            Some(named) => named.into_iter().map(|column| (column.name, column.dtype)).collect(),
            None => schema.iter().map(|(name, dtype)| (name.to_string(), dtype.clone())).collect(),
        };
        if let Some((name, _)) = columns.iter().find(|(_, dtype)| form != Form::Parquet && dtype.is_nested())
        {
            let label = format!("`{name}` holds lists or structures");
            let help = "write Parquet, or name the other columns in `columns`";
            cx.invalid(
                self.from.span(),
                Code::ColumnType,
                "writes what a plain table cannot hold",
                &label,
                help,
            );
            return None;
        }
        let columns = columns.into_iter().map(|(name, _)| name).collect();
        Some(Checked { from: self.from.span(), id: self.from.text().to_owned(), kind, columns, stem, form })
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
    from: Span,
    id: String,
    kind: String,
    columns: Vec<String>,
    stem: String,
    form: Form,
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        Promise::main(copied_schema())
    }

    fn files(&self, _stage: &str) -> Vec<String> {
        vec![format!("exports/{}.{}", self.stem, self.form.ending())]
    }

    fn lower(&self, inputs: &[Table], _fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let columns: Vec<_> = self.columns.iter().map(|name| col(name.as_str())).collect();
        let rows = inputs.first().map(|input| input.rows.clone()).unwrap_or_default().select(columns);
        let name = format!("{}.{}", self.stem, self.form.ending());
        Ok(match self.form {
            Form::Csv => Lowered::Copy { rows, name, format: CopyFormat::Csv },
            Form::Parquet => Lowered::Copy { rows, name, format: CopyFormat::Parquet },
            // One row more than a sheet holds tells that it is too much, whatever the size of the table.
            Form::Excel => Lowered::Reduce(vec![rows.limit(workbook::MOST_ROWS as u32 + 1)]),
        })
    }

    fn estimate(&self, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
        let table = match reduced {
            Reduced::Frames(frames) => frames.into_iter().next().unwrap_or_default(),
            Reduced::Cells(_) => DataFrame::default(),
        };
        let bytes = workbook::sheet(&table, &self.stem, &self.kind).map_err(|error| self.tell(error))?;
        let path = format!("exports/{}.{}", self.stem, self.form.ending());
        let main = DataFrame::new(
            1,
            vec![
                Column::new("file".into(), [path.as_str()]),
                Column::new("format".into(), ["xlsx"]),
                Column::new("rows".into(), [table.height() as i64]),
            ],
        )?;
        let mut cautions = Vec::new();
        if table.height() == 0 {
            let message = format!("`{}` writes a file without rows", cx.stage);
            cautions.push(Caution::new(CautionCode::NoRows, "", Some(0.0), message));
        }
        Ok(Estimates { main, cautions, files: vec![File { path, bytes }], ..Estimates::default() })
    }
}

impl Checked {
    fn tell(&self, error: WorkbookError) -> RunError {
        match error {
            WorkbookError::Table(error) => error.into(),
            WorkbookError::Workbook(error) => RunError::Publish(error.to_string()),
            too_large => RunError::data(
                Diagnostic::error(
                    Code::UnusableData,
                    format!("`{}` does not fit into an Excel sheet", self.id),
                )
                .primary(self.from, too_large.to_string())
                .help("write CSV or Parquet, or take a part of the table with a `sql` stage first"),
            ),
        }
    }
}
