//! From the pipeline to the plan: dataset schemas flow down the graph, each stage checks itself and
//! promises its columns, and the engine resolves what the stage asks of it on tables without rows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use polars::prelude::{DataFrame, IntoLazy, LazyFrame, Schema};

use super::{Plan, Source, Step, table_id};
use crate::dataset::{self, DatasetError, Trouble};
use crate::diagnostic::{Code, Diagnostic, RunError, listed, nearest};
use crate::pipeline::{Dataset, Pipeline, Setting, StageEntry, Vars};
use crate::stages::{Check, Known, Lowered, Promise, Ready, Table, Traced};

/// Checks a pipeline for one setting of its variables. The plan is there where no stage failed.
pub fn check(
    pipeline: Pipeline,
    base: &Path,
    variant: Option<&str>,
    settings: &[Setting],
) -> (Option<Plan>, Vec<Diagnostic>) {
    let vars = match pipeline.variables(variant, settings) {
        Ok(vars) => vars,
        Err(found) => return (None, found),
    };
    let descriptions = (pipeline.stages.iter())
        .filter_map(|stage| Some((stage.id.value.clone(), stage.description.clone()?)))
        .collect();
    let mut walk =
        Walk { pipeline: &pipeline, vars: &vars, descriptions, tables: BTreeMap::new(), found: Vec::new() };
    let sources: Vec<Option<Source>> =
        pipeline.datasets.iter().map(|dataset| walk.source(dataset, base)).collect();
    let steps: Vec<Option<Step>> = pipeline.stages.iter().map(|stage| walk.stage(stage)).collect();
    walk.same_files(&steps);
    let found = walk.found;
    let (sources, steps) = (sources.into_iter().collect(), steps.into_iter().collect());
    let (Some(sources), Some(steps)) = (sources, steps) else { return (None, found) };
    let name = pipeline.name.value.clone();
    let plan = Plan {
        base: base.to_owned(),
        name,
        variant: variant.map(str::to_owned),
        vars,
        sources,
        steps,
        warnings: Vec::new(),
        document: Arc::new(pipeline.document),
    };
    (Some(plan), found)
}

struct Walk<'a> {
    pipeline: &'a Pipeline,
    vars: &'a Vars,
    /// What the stages are for, by id, where it is written.
    descriptions: BTreeMap<String, String>,
    /// Every table so far, by its name.
    tables: BTreeMap<String, Known>,
    found: Vec<Diagnostic>,
}

impl Walk<'_> {
    /// Two stages that write one file: the second would overwrite the first.
    fn same_files(&mut self, steps: &[Option<Step>]) {
        let mut written: BTreeMap<String, &Step> = BTreeMap::new();
        for step in steps.iter().flatten() {
            for file in step.ready.files(&step.id) {
                // Not every file system tells `a` from `A`.
                let Some(first) = written.insert(file.to_lowercase(), step) else { continue };
                self.found.push(
                    Diagnostic::error(Code::InvalidOption, format!("two stages write the file `{file}`"))
                        .primary(step.span, format!("`{}` would overwrite it", step.id))
                        .context(first.span, format!("`{}` writes it", first.id))
                        .help("give one of them another name"),
                );
            }
        }
    }

    fn source(&mut self, dataset: &Dataset, base: &Path) -> Option<Source> {
        let id = dataset.id.value.clone();
        let checked = self.locate(dataset, base);
        let known = checked.as_ref().filter(|_| !dataset.guessed);
        let schema = known.map(|source| source.schema.clone());
        self.tables.insert(id, Known { kind: "dataset".into(), schema });
        checked
    }

    fn locate(&mut self, dataset: &Dataset, base: &Path) -> Option<Source> {
        // A path is filled in with the same words as any other text of the file.
        let nothing = BTreeMap::new();
        let mut cx = Check::new(&dataset.id.value, Some(&self.pipeline.document), &nothing, self.vars, false);
        let path = cx.fill(&dataset.options.path);
        self.found.extend(cx.finish());
        let located = dataset::find(&dataset.options, &path?, base)
            .map(|found| match self.absolute(dataset.options.path.text()) {
                Some((folder, placeholder)) => found.called(&folder, placeholder),
                None => found,
            })
            .and_then(|found| Ok((dataset::schema(&found)?, found)));
        match located {
            Ok((schema, found)) => Some(Source { dataset: dataset.clone(), found, schema }),
            // Where an option is at fault, only what does not depend on it is told beside it.
            Err(error) if dataset.guessed && !matches!(error.kind, Trouble::Missing | Trouble::EmptyGlob) => {
                None
            }
            Err(error) => {
                self.found.push(place(dataset, error));
                None
            }
        }
    }

    /// The variable that a path begins with, where its value is an absolute path, and its place.
    fn absolute<'t>(&self, path: &'t str) -> Option<(String, &'t str)> {
        let name = path.strip_prefix('{')?.split_once('}')?.0;
        let value = self.vars.get(name.trim())?.to_string();
        Path::new(&value).is_absolute().then(|| (value, &path[..name.len() + 2]))
    }

    fn stage(&mut self, stage: &StageEntry) -> Option<Step> {
        let checked = self.checked(stage);
        let id = &stage.id.value;
        let kind = stage.kind.value.clone();
        let main = checked.as_ref().map(|step| step.promise.main.clone());
        self.tables.insert(id.clone(), Known { kind: kind.clone(), schema: main });
        for side in checked.iter().flat_map(|step| &step.promise.sides) {
            let known = Known { kind: kind.clone(), schema: Some(side.schema.clone()) };
            self.tables.insert(format!("{id}.{}", side.name), known);
        }
        checked
    }

    fn checked(&mut self, stage: &StageEntry) -> Option<Step> {
        let id = stage.id.value.as_str();
        let mut inputs = stage.options.inputs();
        inputs.extend(stage.options.beside(&self.tables));
        let mut known = BTreeMap::new();
        let mut missing = false;
        for input in &inputs {
            match self.tables.get(input.text()) {
                Some(table) => {
                    known.insert(input.text().to_owned(), table.clone());
                }
                None => {
                    missing = true;
                    self.unknown_side(id, input);
                    known.insert(input.text().to_owned(), Known { kind: String::new(), schema: None });
                }
            }
        }
        let has_variants = !self.pipeline.variants.is_empty();
        let mut cx = Check::new(id, Some(&self.pipeline.document), &known, self.vars, has_variants)
            .described(&self.descriptions);
        let ready = caught(|| stage.options.check(&mut cx));
        let mut mistakes = cx.finish();
        if stage.guessed {
            // What was left out may be what an option without a partner lacks; a name or an expression
            // that is wrong is wrong all the same.
            mistakes.retain(|told| is_about_what_is_written(told.code));
        }
        let ready = ready.unwrap_or_else(|told| {
            self.found.push(refused(stage, told));
            None
        });
        let clean = !mistakes.iter().any(Diagnostic::is_error);
        self.found.extend(mistakes);
        let ready = ready.filter(|_| clean && !missing && !stage.guessed)?;
        let promise = ready.output();
        if let Some(name) = pattern(&promise) {
            self.found.push(self.pattern_named(stage, name));
            return None;
        }
        let schemas: Option<Vec<(Schema, bool)>> = inputs
            .iter()
            .map(|input| {
                let known = known.get(input.text())?;
                Some((known.schema.clone()?, known.kind == "dataset"))
            })
            .collect();
        let schemas = schemas?;
        if let Err(told) = caught(|| rehearse(ready.as_ref(), &promise, &schemas)).and_then(|told| told) {
            self.found.push(refused(stage, told));
            return None;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(stage.fingerprint.as_bytes());
        for (name, value) in self.vars {
            let value = value.to_string();
            hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
            hasher.update(&(value.len() as u64).to_le_bytes()).update(value.as_bytes());
        }
        Some(Step {
            id: id.to_owned(),
            span: stage.id.span,
            kind: stage.kind.value.clone(),
            owner: stage.owner.as_ref().map(|owner| owner.value.clone()),
            description: stage.description.clone(),
            publish: stage.publish,
            accept: stage.accept.clone(),
            inputs: inputs.iter().map(|input| input.text().to_owned()).collect(),
            ready,
            promise,
            fingerprint: hasher.finalize().to_hex()[..16].to_owned(),
        })
    }

    /// A column that no later stage could ask for alone.
    fn pattern_named(&self, stage: &StageEntry, name: &str) -> Diagnostic {
        let written = self.pipeline.document.root.get("stages").and_then(|all| all.get(&stage.id.value));
        let place = written.and_then(|stage| stage.place_of(name)).unwrap_or(stage.kind.span);
        let message = format!("stage `{}` would make a column `{name}`", stage.id.value);
        Diagnostic::error(Code::InvalidOption, message)
            .primary(place, "reads as a pattern of names, not as a name")
            .help("give the column another name")
    }

    /// The stage or dataset exists, or that was told before; its side table does not.
    fn unknown_side(&mut self, stage: &str, input: &crate::pipeline::Input) {
        let Some(side) = input.side() else { return };
        let id = table_id(input.text());
        let Some(known) = self.tables.get(id) else { return };
        if known.schema.is_none() && known.kind != "dataset" {
            return;
        }
        let prefix = format!("{id}.");
        let sides: Vec<&str> = self.tables.keys().filter_map(|name| name.strip_prefix(&prefix)).collect();
        let told = Diagnostic::error(
            Code::UnknownInput,
            format!("stage `{stage}` reads `{}`, which does not exist", input.text()),
        )
        .primary(input.span(), format!("`{id}` has no side table `{side}`"));
        self.found.push(match (nearest(side, sides.iter().copied()), sides.is_empty()) {
            (_, true) => told.help(format!("`{id}` has no side tables")),
            (Some(near), _) => told.help(format!("did you mean `{id}.{near}`?")),
            (None, _) if sides.len() == 1 => told.help(format!("its side table is {}", listed(sides))),
            (None, _) => told.help(format!("its side tables are {}", listed(sides))),
        });
    }
}

/// A column of a table whose name the engine would take for a pattern of names.
fn pattern(promise: &Promise) -> Option<&str> {
    let sides = promise.sides.iter().flat_map(|side| side.schema.iter_names());
    promise.main.iter_names().chain(sides).map(|name| name.as_str()).find(|name| dataset::is_pattern(name))
}

/// Whether a mistake stands whatever else the stage says.
fn is_about_what_is_written(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownColumn
            | Code::ColumnType
            | Code::DuplicateColumn
            | Code::UnknownVariable
            | Code::UnknownFunction
            | Code::ExpressionSyntax
            | Code::ExpressionType
            | Code::Template
            | Code::Sql
    )
}

fn refused(stage: &StageEntry, told: String) -> Diagnostic {
    Diagnostic::error(Code::PlanRefused, format!("the engine cannot carry out stage `{}`", stage.id.value))
        .primary(stage.kind.span, "this stage")
        .note(told)
        .help("check the types of the columns that it uses")
}

/// The engine's planner may panic on what it did not expect: a mistake in the plan, not the end of it.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it broke off").to_owned()
    })
}

/// Lowers a stage on tables without rows: what the engine will not plan is told before the night,
/// and a stage that breaks its promise is found here rather than by the stage after it.
fn rehearse(ready: &dyn Ready, promise: &Promise, inputs: &[(Schema, bool)]) -> Result<(), String> {
    let tables: Vec<Table> = inputs.iter().map(|(schema, traced)| empty_table(schema, *traced)).collect();
    let text = |error: polars::error::PolarsError| error.to_string();
    let fitted: Vec<DataFrame> = ready
        .fit(&tables)
        .map_err(text)?
        .into_iter()
        .map(|mut plan| plan.collect_schema().map(|schema| DataFrame::empty_with_schema(&schema)))
        .collect::<Result<_, _>>()
        .map_err(text)?;
    let lowered = ready.lower(&tables, &fitted).map_err(|error| match error {
        RunError::Data(told) => told.into_iter().map(|told| told.message).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    })?;
    match lowered {
        Lowered::Rows { main, sides } => {
            keeps(main, &promise.main, "its table")?;
            for (name, plan) in sides {
                let side = promise.sides.iter().find(|side| side.name == name);
                let side =
                    side.ok_or_else(|| format!("it gives a side table `{name}` that it did not promise"))?;
                keeps(plan, &side.schema, name)?;
            }
        }
        Lowered::Reduce(plans) => {
            for mut plan in plans {
                plan.collect_schema().map_err(text)?;
            }
        }
        Lowered::Tabulate { mut rows, .. } | Lowered::Copy { mut rows, .. } => {
            rows.collect_schema().map_err(text)?;
        }
    }
    Ok(())
}

fn keeps(mut plan: LazyFrame, promised: &Schema, what: &str) -> Result<(), String> {
    let given = plan.collect_schema().map_err(|error| error.to_string())?;
    if given.as_ref() == promised {
        return Ok(());
    }
    let differs = promised
        .iter()
        .zip(given.iter())
        .find(|(wanted, got)| wanted != got)
        .map(|((name, dtype), (other, found))| format!("`{name}` ({dtype}) against `{other}` ({found})"))
        .unwrap_or_else(|| format!("{} columns against {}", promised.len(), given.len()));
    Err(format!("{what} would not have the promised columns: {differs}"))
}

/// A table of these columns without a row.
pub(crate) fn empty_table(schema: &Schema, traced: bool) -> Table {
    let rows = DataFrame::empty_with_schema(schema).lazy();
    let traced = traced.then(|| {
        let mut with_source = schema.clone();
        with_source.extend(dataset::provenance_schema());
        Traced {
            rows: DataFrame::empty_with_schema(&with_source).lazy(),
            refused: DataFrame::empty_with_schema(&dataset::refused_schema()).lazy(),
        }
    });
    Table { rows, traced }
}

/// A dataset's trouble in its place in the file.
pub(crate) fn place(dataset: &Dataset, error: DatasetError) -> Diagnostic {
    let span = error.at.unwrap_or(dataset.options.path.span());
    let mut told =
        Diagnostic::error(error.kind.code(), format!("dataset `{}`: {}", dataset.id.value, error.message))
            .primary(span, error.label);
    told.help.extend(error.help);
    told
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataType, Expr, col};

    use super::*;

    /// A stage that promises `n` as a whole number and makes it with an expression.
    #[derive(Debug)]
    struct Careless(Expr);

    impl Ready for Careless {
        fn output(&self) -> Promise {
            Promise::main(Schema::from_iter([("n".into(), DataType::Int64)]))
        }
        fn lower(&self, inputs: &[Table], _fitted: &[DataFrame]) -> Result<Lowered, RunError> {
            Ok(Lowered::Rows { main: inputs[0].rows.clone().select([self.0.clone()]), sides: Vec::new() })
        }
    }

    fn told(made: Expr) -> Result<(), String> {
        let stage = Careless(made);
        let input = Schema::from_iter([("n".into(), DataType::Int64), ("t".into(), DataType::String)]);
        rehearse(&stage, &stage.output(), &[(input, false)])
    }

    #[test]
    fn a_broken_promise_is_told_before_the_night() {
        assert_eq!(told(col("n")), Ok(()));
        let told_type = told(col("n").cast(DataType::Float64)).unwrap_err();
        assert_eq!(told_type, "its table would not have the promised columns: `n` (i64) against `n` (f64)");
    }

    #[test]
    fn a_planner_that_breaks_off_is_told() {
        assert_eq!(caught(|| -> u8 { panic!("index out of bounds") }), Err("index out of bounds".to_owned()));
        assert_eq!(caught(|| 1), Ok(1));
    }

    #[test]
    fn what_the_engine_will_not_plan_is_told_before_the_night() {
        let missing = told(col("nowhere")).unwrap_err();
        assert!(missing.contains("nowhere"), "{missing}");
        assert!(told(col("t").cast(DataType::Int64).dt().year().alias("n")).is_err());
    }
}
