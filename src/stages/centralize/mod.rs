#![doc = include_str!("page.md")]

mod check;
mod convert;
mod lower;
mod options;

use std::collections::BTreeMap;

use polars::prelude::*;

pub use options::{Centralize, Constant, Detail, ExactDuplicates, Keep, Mapping, Source};

use super::{Check, Input, Lowered, Promise, Ready, Side, Spec, Stage, Table};
use crate::dataset::{ColumnType, ROW, SOURCE, provenance_schema, refused_schema};
use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError};
use crate::document::Span;
use crate::number;
use convert::Conversion;
use lower::Fitted;

/// A mapping of sources that passed its check.
#[derive(Debug)]
pub struct Checked {
    stage: String,
    columns: Vec<(String, ColumnType)>,
    sources: Vec<Silo>,
    duplicates: Option<Duplicates>,
}

/// A source whose columns exist.
#[derive(Debug)]
struct Silo {
    id: String,
    /// Where it is named.
    span: Span,
    /// Whether no earlier source reads the same table: refused records are told once.
    is_first: bool,
    condition: Option<Expr>,
    /// One for each column of the table.
    values: Vec<Value>,
}

/// Where the values of a column come from, and how they get there.
#[derive(Debug)]
struct Value {
    raw: Expr,
    /// Texts of a source are cleaned; a constant is taken as it is written.
    cleaning: Option<Cleaning>,
    conversion: Conversion,
}

#[derive(Debug)]
struct Cleaning {
    trim: bool,
    null_words: Vec<String>,
}

/// How duplicates are found and which row is kept.
#[derive(Debug)]
struct Duplicates {
    /// Places of the columns that are compared.
    columns: Vec<usize>,
    /// Whether a row needs a value in each of them.
    needs_values: bool,
    keep: Kept,
    /// Where the rule is written.
    span: Span,
}

#[derive(Debug)]
enum Kept {
    First,
    Last,
    Newest(usize),
    Error,
}

impl Stage for Centralize {
    const SPEC: Spec = Spec {
        kind: "centralize",
        summary: "Brings several sources into one table of named and typed columns, and sets aside what does not fit.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        self.sources.iter().map(|source| &source.from).collect()
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        check::check(&self, cx)
    }
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        let mut quarantine = Schema::default();
        quarantine.with_column("source".into(), DataType::String);
        quarantine.extend(refused_schema());
        let mut duplicates = self.main();
        duplicates.with_column("kept_source".into(), DataType::String);
        duplicates.with_column("kept_row".into(), DataType::Int64);
        let numbers = ["rows_in", "rows_out", "filtered", "duplicates", "quarantined"];
        let mut counts = Schema::default();
        counts.with_column("source".into(), DataType::String);
        counts.extend(numbers.map(|name| Field::new(name.into(), DataType::Int64)));
        let side = |name, meaning, schema, brief| Side { name, meaning, schema, brief };
        Promise {
            main: self.main(),
            sides: vec![
                side("counts", "A source and what became of its rows.", counts, true),
                side("quarantine", "A row that was set aside, with the reason.", quarantine, false),
                side("duplicates", "A row that was dropped, with the row that was kept.", duplicates, false),
            ],
        }
    }

    fn fit(&self, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        self.fits(inputs)
    }

    fn lower(&self, inputs: &[Table], fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let fitted = Fitted::of(self, fitted);
        self.refuse_duplicates(&fitted)?;
        let sides = vec![
            ("counts", apart(self.counts(inputs, &fitted)?)),
            ("quarantine", apart(self.quarantine(inputs, &fitted)?)),
            ("duplicates", apart(self.dropped(inputs, &fitted)?)),
        ];
        Ok(Lowered::Rows { main: apart(self.kept(inputs, &fitted)?), sides })
    }

    /// A source of which every row was set aside was described wrongly: publishing the rest would
    /// replace a good version by one without it.
    fn refuse(&self, brief: &BTreeMap<String, DataFrame>) -> Option<Diagnostic> {
        let counts = brief.get("counts")?;
        let (rows_in, quarantined) = (numbers(counts, "rows_in"), numbers(counts, "quarantined"));
        let mut lost = self.sources.iter().zip(rows_in).zip(quarantined);
        let ((silo, all), _) = lost.find(|((_, all), n)| *all > 1 && all == n)?;
        let told = Diagnostic::error(
            Code::UnusableData,
            format!(
                "not one of the {} rows of `{}` fits its description",
                number::count(all as f64),
                silo.id
            ),
        );
        Some(
            told.primary(silo.span, "every row of this source was set aside")
                .help("the side table `quarantine` says why; `growthring show FILE STAGE.quarantine --run last` prints it")
                .help("most often a `format`, a `decimal` mark or a key column is not what the file has"),
        )
    }

    fn cautions(&self, brief: &BTreeMap<String, DataFrame>) -> Vec<Caution> {
        let Some(counts) = brief.get("counts") else { return Vec::new() };
        let (rows_in, rows_out, quarantined) =
            (numbers(counts, "rows_in"), numbers(counts, "rows_out"), numbers(counts, "quarantined"));
        let mut cautions: Vec<Caution> = Vec::new();
        for ((silo, &n), &all) in
            self.sources.iter().zip(&quarantined).zip(&rows_in).filter(|((_, n), _)| **n > 0)
        {
            let (set_aside, of) = (number::count(n as f64), number::count(all as f64));
            let rows = if all == 1 { "row" } else { "rows" };
            let were = if n == 1 { "was" } else { "were" };
            cautions.push(Caution {
                stage: String::new(),
                code: CautionCode::QuarantinedRows,
                key: format!("source={}", silo.id),
                figure: Some(n as f64),
                message: format!(
                    "{set_aside} of {of} {rows} of `{}` {were} set aside; the side table `quarantine` says why",
                    silo.id
                ),
            });
        }
        if rows_out.iter().sum::<i64>() == 0 {
            cautions.push(Caution {
                stage: String::new(),
                code: CautionCode::NoRows,
                key: String::new(),
                figure: None,
                message: "no row is left of any source; the side table `counts` says where they went"
                    .to_owned(),
            });
        }
        cautions
    }
}

/// A column of the counts, one number for each source.
fn numbers(counts: &DataFrame, name: &str) -> Vec<i64> {
    let column = counts.column(name).ok().and_then(|column| column.i64().ok());
    column.map(|column| column.iter().map(Option::unwrap_or_default).collect()).unwrap_or_default()
}

/// Reads a source once for each table that is made of it.
///
/// Shared reading would hold rows back in memory: the main table takes the second source after the
/// first, while the counts want both at once, so all of the second source would wait. Two sources of
/// 350 MB took 0.8 GB more than one did.
fn apart(plan: LazyFrame) -> LazyFrame {
    plan.with_comm_subplan_elim(false)
}

impl Checked {
    /// The columns of the one table, and where each row came from.
    fn main(&self) -> Schema {
        let own = self.columns.iter().map(|(name, kind)| Field::new(name.as_str().into(), kind.dtype()));
        let mut schema: Schema = own.collect();
        schema.extend(provenance_schema());
        schema
    }
}
