//! The stages: what may be written, how it is checked, what it asks of the engine, what it makes of
//! the answer. A stage prints nothing, opens no file and names no engine.
pub mod bases;
pub mod centralize;
pub mod chart;
mod check;
pub mod cross_tab;
pub mod enrich;
mod exact;
pub mod export;
mod keys;
pub mod lifecycle;
pub mod match_partners;
mod named;
pub mod net_promoter;
pub mod page;
mod refusal;
pub mod report;
mod sample;
pub mod score_partners;
pub mod segment;
pub mod sql;

use std::collections::BTreeMap;
use std::fmt::Debug;

use polars::prelude::{DataFrame, DataType, Field, LazyFrame, PolarsResult, Schema};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::diagnostic::{Caution, Diagnostic, RunError};
use crate::engine::tabulate::{Cells, TableSpec};

pub use crate::pipeline::{Expression, Input, Template};
use crate::pipeline::{Kind, kind};
pub use check::{Check, Column, Known, type_name};
pub use cross_tab::CrossTab;
pub use net_promoter::{Interval, NetPromoter};

/// Every stage, in the order of the manual. Adding a stage is adding a folder and a line here.
pub static STAGES: &[&dyn Kind] = &[
    &kind::<centralize::Centralize>(),
    &kind::<enrich::Enrich>(),
    &kind::<segment::Segment>(),
    &kind::<lifecycle::Lifecycle>(),
    &kind::<score_partners::ScorePartners>(),
    &kind::<match_partners::MatchPartners>(),
    &kind::<net_promoter::NetPromoter>(),
    &kind::<cross_tab::CrossTab>(),
    &kind::<sql::Sql>(),
    &kind::<export::Export>(),
    &kind::<chart::Chart>(),
    &kind::<report::Report>(),
];

/// What a kind of stage is called and where its documentation is.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The word in the pipeline file.
    pub kind: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// The stage's page, in Markdown; its fences are run as tests.
    pub page: &'static str,
}

/// A kind of stage, as it is written in a pipeline file: the struct is the options.
pub trait Stage: DeserializeOwned + JsonSchema + Clone + Send + Sync + 'static {
    /// Kind, one-sentence summary, page.
    const SPEC: Spec;
    /// What checking produces. Owning one is the proof that the check passed.
    type Ready: Ready + 'static;
    /// The tables this one reads, in the order `lower` receives them.
    fn inputs(&self) -> Vec<&Input>;
    /// Further tables this one reads, named once it is known what stands behind its inputs: side tables
    /// of theirs, by the names in `known`. `lower` receives them after the inputs.
    fn beside(&self, known: &BTreeMap<String, Known>) -> Vec<Input> {
        let _ = known;
        Vec::new()
    }
    /// Reports every problem it can find, not only the first: all look-ups first, all `?` last.
    fn check(self, cx: &mut Check<'_>) -> Option<Self::Ready>;
}

/// A stage that passed its check.
pub trait Ready: Debug + Send + Sync {
    /// The tables this stage promises: column names, types and order are kept exactly.
    fn output(&self) -> Promise;

    /// The files beside its tables that this stage writes, called `stage`, as far as they are known
    /// before a row is read, relative to the folder of the run. `<column>` stands for a name made of
    /// each value of the column.
    fn files(&self, stage: &str) -> Vec<String> {
        let _ = stage;
        Vec::new()
    }

    /// Small reductions of the inputs (cut points, duplicate keys) that are collected before
    /// [`lower`](Ready::lower) and handed to it.
    fn fit(&self, _inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        Ok(Vec::new())
    }

    /// The heavy half: rows to other rows, or to a smaller table, as a description for the engine.
    fn lower(&self, inputs: &[Table], fitted: &[DataFrame]) -> Result<Lowered, RunError>;

    /// The light half: what was reduced or tabulated becomes statistics, in the house.
    /// Called only where `lower` asked for it.
    fn estimate(&self, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
        let _ = (reduced, cx);
        Ok(Estimates::default())
    }

    /// What the `brief` side tables show to be wrong with the data as a whole: the stage then fails, and
    /// what it wrote stays with the attempt.
    fn refuse(&self, brief: &BTreeMap<String, DataFrame>) -> Option<Diagnostic> {
        let _ = brief;
        None
    }

    /// What a reader should know, told from the `brief` side tables of a stage that only reshapes.
    fn cautions(&self, brief: &BTreeMap<String, DataFrame>) -> Vec<Caution> {
        let _ = brief;
        Vec::new()
    }
}

/// The tables a stage promises.
#[derive(Debug, Clone)]
pub struct Promise {
    /// The main table, addressed by the stage's id.
    pub main: Schema,
    /// What it tells beside: addressed `stage.side`.
    pub sides: Vec<Side>,
}

impl Promise {
    /// Only a main table.
    pub fn main(main: Schema) -> Self {
        Self { main, sides: Vec::new() }
    }
}

/// A promised side table.
#[derive(Debug, Clone)]
pub struct Side {
    /// The name after the dot.
    pub name: &'static str,
    /// One sentence: what a row is.
    pub meaning: &'static str,
    /// Its columns.
    pub schema: Schema,
    /// Bounded by the options, not by the data: small enough to be read back for cautions.
    pub brief: bool,
}

/// An input as the engine hands it over.
#[derive(Clone)]
pub struct Table {
    /// The rows, with the promised columns in the promised order.
    pub rows: LazyFrame,
    /// For datasets: the same rows with where each came from, and the rows that could not be read.
    pub traced: Option<Traced>,
}

/// A dataset's rows with their provenance.
#[derive(Clone)]
pub struct Traced {
    /// The dataset's columns and `_source` (text: file, relative to the pipeline file) and `_row`
    /// (integer: 1-based number of the record in that file, the header not counted).
    pub rows: LazyFrame,
    /// Refused records: `_source`, `_row`, `column` (null: the whole record), `value`, `reason`.
    pub refused: LazyFrame,
}

/// What `lower` asks of the engine.
pub enum Lowered {
    /// Rows to rows: the main table and the side tables (all that were promised), as lazy frames.
    /// An unpublished one stays part of the plan of the stages after it.
    Rows {
        /// The main table.
        main: LazyFrame,
        /// Each promised side table.
        sides: Vec<(&'static str, LazyFrame)>,
    },
    /// Smaller tables that are collected and handed to `estimate` in this order.
    Reduce(Vec<LazyFrame>),
    /// Many tables over the same rows, in one pass.
    Tabulate {
        /// The rows.
        rows: LazyFrame,
        /// The tables.
        tables: Vec<TableSpec>,
    },
    /// The input's rows go to a file as they are (the `export` stage).
    Copy {
        /// The rows.
        rows: LazyFrame,
        /// File name, relative to the run's folder of exports.
        name: String,
        /// CSV or Parquet; other forms are [`File`]s made in `estimate`.
        format: CopyFormat,
    },
}

/// Files the engine writes without holding the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyFormat {
    /// Comma separated, UTF-8, header line.
    Csv,
    /// Parquet.
    Parquet,
}

/// The main table of a stage that asked for a [`Lowered::Copy`]: one row with `file`, `format` and
/// `rows`.
pub fn copied_schema() -> Schema {
    Schema::from_iter([
        Field::new("file".into(), DataType::String),
        Field::new("format".into(), DataType::String),
        Field::new("rows".into(), DataType::Int64),
    ])
}

/// What came back from the engine.
pub enum Reduced {
    /// The collected frames of [`Lowered::Reduce`].
    Frames(Vec<DataFrame>),
    /// The counted cells of [`Lowered::Tabulate`], one per spec.
    Cells(Vec<Cells>),
}

/// What a stage makes of the answer.
#[derive(Default)]
pub struct Estimates {
    /// The main table.
    pub main: DataFrame,
    /// Each promised side table.
    pub sides: Vec<(&'static str, DataFrame)>,
    /// What a reader should know.
    pub cautions: Vec<Caution>,
    /// The picture of a chart stage: its records are the main table.
    pub chart: Option<crate::chart::Spec>,
    /// Files to write, relative to the version's folder (`charts/…`, `packs/<value>/…`, `exports/…`).
    pub files: Vec<File>,
}

/// A file a stage made.
pub struct File {
    /// Relative path with `/`; every component came through [`crate::run::file_name`].
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What `estimate` may know about the run around it.
pub struct Context<'a> {
    /// The stage's id.
    pub stage: &'a str,
    /// The pipeline's name.
    pub pipeline: &'a str,
    /// The variant that runs, and the values of all variables as text.
    pub variant: Option<&'a str>,
    /// Variables as text.
    pub vars: &'a BTreeMap<String, String>,
    /// The charts of stages that ran before, by id.
    pub charts: &'a BTreeMap<String, crate::chart::Spec>,
    /// The cautions of stages that ran before, by id, their inputs' included.
    pub cautions: &'a BTreeMap<String, Vec<Caution>>,
    /// Where each table came from, by id.
    pub lineage: &'a BTreeMap<String, Lineage>,
    /// What the stage's [`fit`](Ready::fit) found, as [`lower`](Ready::lower) had it.
    pub fitted: &'a [DataFrame],
}

/// Where a table came from. The same for the same inputs, whenever and wherever it ran.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Lineage {
    /// Kind of the stage, or `dataset`.
    pub kind: String,
    /// The ids it was made from.
    pub inputs: Vec<String>,
    /// Rows of all inputs together, where known.
    pub rows_in: Option<u64>,
    /// Rows in the table.
    pub rows_out: Option<u64>,
    /// For a dataset: files and their fingerprint; for a stage: the fingerprint of its options.
    pub fingerprint: String,
    /// For a dataset: the files read, relative to the pipeline file.
    pub files: Vec<String>,
}
