//! A stage on one's own frames, in memory: the library's front door.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use polars::prelude::{DataFrame, DataType, Expr, IntoLazy, LazyFrame, Schema, col, lit};

use super::Unwatched;
use super::step::{Around, Made, collect, kept, make};
use crate::dataset;
use crate::diagnostic::{Caution, Diagnostic, RunError};
use crate::engine::{Embedded, Engine};
use crate::pipeline::Vars;
use crate::stages::{Check, File, Known, Ready, Stage, Table, Traced};

/// What a stage made of one's own frames.
#[derive(Default)]
pub struct Applied {
    /// The main table.
    pub table: DataFrame,
    /// The side tables, by name.
    pub sides: BTreeMap<String, DataFrame>,
    /// What a reader should know.
    pub cautions: Vec<Caution>,
    /// The files it would publish: charts, pages.
    pub files: Vec<File>,
}

/// Why a stage could not be run on one's own frames.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The options do not fit the frames.
    #[error("{}", .0.iter().map(|told| format!("{}: {}", told.code, told.message)).collect::<Vec<_>>().join("\n"))]
    Check(Vec<Diagnostic>),
    /// The data contradicts the options, or the engine failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Runs a stage on one frame, which stands for every input that it names.
///
/// # Errors
/// [`ApplyError::Check`] lists everything that does not fit; nothing ran then.
pub fn apply<S: Stage>(stage: S, rows: LazyFrame) -> Result<Applied, ApplyError> {
    let names: Vec<String> = stage.inputs().iter().map(|input| input.text().to_owned()).collect();
    let inputs: Vec<(&str, LazyFrame)> = names.iter().map(|name| (name.as_str(), rows.clone())).collect();
    apply_with(stage, &inputs)
}

/// Runs a stage on several frames, by the names that its options use.
///
/// # Errors
/// [`ApplyError::Check`] lists everything that does not fit; nothing ran then.
pub fn apply_with<S: Stage>(stage: S, inputs: &[(&str, LazyFrame)]) -> Result<Applied, ApplyError> {
    let names: Vec<String> = stage.inputs().iter().map(|input| input.text().to_owned()).collect();
    let mut known = BTreeMap::new();
    let mut tables = Vec::new();
    for name in &names {
        let Some((_, rows)) = inputs.iter().find(|(given, _)| given == name) else {
            return Err(RunError::Publish(format!("no frame is called `{name}`")).into());
        };
        let schema = rows.clone().collect_schema().map_err(RunError::from)?;
        known.insert(name.clone(), Known { kind: "dataset".into(), schema: Some(schema.as_ref().clone()) });
        tables.push(traced(name, rows, &schema));
    }
    let vars = Vars::new();
    let mut cx = Check::new(S::SPEC.kind, None, &known, &vars, false);
    let ready = stage.check(&mut cx);
    let found = cx.finish();
    let ready = match ready {
        Some(ready) if !found.iter().any(Diagnostic::is_error) => ready,
        _ => return Err(ApplyError::Check(found)),
    };
    let ready: Arc<dyn Ready> = Arc::new(ready);
    let around = Around { stage: S::SPEC.kind.into(), pipeline: "library".into(), ..Around::default() };
    let engine: Arc<dyn Engine> = Arc::new(Embedded);
    let promise = ready.output();
    match make(&ready, tables, &engine, around, &Unwatched)? {
        Made::Estimates(estimates) => {
            kept(S::SPEC.kind, &promise, &estimates)?;
            let sides = estimates.sides.into_iter().map(|(name, table)| (name.to_owned(), table)).collect();
            Ok(Applied { table: estimates.main, sides, cautions: estimates.cautions, files: estimates.files })
        }
        Made::Plans { main, sides } => {
            let names: Vec<&str> = sides.iter().map(|(name, _)| *name).collect();
            let mut plans = vec![main];
            plans.extend(sides.iter().map(|(_, plan)| plan.clone()));
            let mut made = collect(&engine, plans, &Unwatched)?.into_iter();
            let table = made.next().unwrap_or_default();
            let sides: BTreeMap<String, DataFrame> = names.into_iter().map(str::to_owned).zip(made).collect();
            let brief = promise
                .sides
                .iter()
                .filter(|side| side.brief)
                .filter_map(|side| Some((side.name.to_owned(), sides.get(side.name)?.clone())))
                .collect();
            if let Some(refused) = ready.refuse(&brief) {
                return Err(RunError::data(refused).into());
            }
            let cautions = ready.cautions(&brief);
            Ok(Applied { table, sides, cautions, files: Vec::new() })
        }
        Made::Copy { name, .. } => Err(RunError::File {
            path: PathBuf::from(name),
            source: std::io::Error::other("a file is only written by a run of a pipeline"),
        }
        .into()),
    }
}

/// A frame as a dataset: each row knows its number, none was refused.
fn traced(name: &str, rows: &LazyFrame, schema: &Schema) -> Table {
    // Columns of these names give way, as those of a file do. `col` would read `*` as all of them.
    let data: Vec<Expr> = schema
        .iter_names()
        .filter(|column| *column != dataset::SOURCE && *column != dataset::ROW)
        .map(|column| Expr::Column(column.clone()))
        .collect();
    let numbered = rows.clone().select(data.clone()).with_row_index(dataset::ROW, Some(1));
    let place = [lit(name.to_owned()).alias(dataset::SOURCE), col(dataset::ROW).cast(DataType::Int64)];
    let columns: Vec<Expr> = data.into_iter().chain(place).collect();
    let refused = DataFrame::empty_with_schema(&dataset::refused_schema());
    let traced = Traced { rows: numbered.select(columns), refused: refused.lazy() };
    Table { rows: rows.clone(), traced: Some(traced) }
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;

    use super::*;

    /// A frame may have columns of the names that say where a row came from.
    #[test]
    fn columns_named_like_provenance_give_way() {
        let frame = df!("recommend" => [9i64, 3], "_row" => [7i64, 8], "_source" => ["x", "y"]).unwrap();
        let schema = frame.schema().clone();
        let traced = traced("answers", &frame.lazy(), &schema).traced.unwrap().rows.collect().unwrap();
        let expected =
            df!("recommend" => [9i64, 3], "_source" => ["answers", "answers"], "_row" => [1i64, 2]);
        assert_eq!(traced, expected.unwrap());
    }
}
