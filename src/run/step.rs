//! One stage at a time: its inputs as plans, its answer as written tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use polars::prelude::{DataFrame, IntoLazy, LazyFrame, NamedFrom, PolarsError, Schema, Series, all};

use super::Watch;
use super::landing::{self, Job, Readings};
use super::store::Store;
use crate::chart;
use crate::dataset::{DatasetError, Landed};
use crate::diagnostic::{Caution, CautionCode, RunError};
use crate::engine::{Engine, Format, Target};
use crate::number;
use crate::plan::{self, Plan, Source, Step, table_id};
use crate::stages::{
    Context, CopyFormat, Estimates, Lineage, Lowered, Promise, Ready, Reduced, Table, Traced, copied_schema,
};

/// What a stage made, before it is written.
pub(super) enum Made {
    /// Rows to rows: nothing has been carried out yet.
    Plans { main: LazyFrame, sides: Vec<(&'static str, LazyFrame)> },
    /// Estimates, small and in memory.
    Estimates(Box<Estimates>),
    /// Rows that go to a file as they are.
    Copy { rows: LazyFrame, name: String, format: CopyFormat },
}

/// The run around a stage, shared: a stage that is interrupted is not waited for and may still read it.
#[derive(Default)]
pub(super) struct Around {
    pub stage: String,
    pub pipeline: String,
    pub variant: Option<String>,
    pub vars: Arc<BTreeMap<String, String>>,
    pub charts: Arc<BTreeMap<String, chart::Spec>>,
    pub cautions: Arc<BTreeMap<String, Vec<Caution>>>,
    pub lineage: Arc<BTreeMap<String, Lineage>>,
}

impl Around {
    fn context<'a>(&'a self, fitted: &'a [DataFrame]) -> Context<'a> {
        Context {
            stage: &self.stage,
            pipeline: &self.pipeline,
            variant: self.variant.as_deref(),
            vars: &self.vars,
            charts: &self.charts,
            cautions: &self.cautions,
            lineage: &self.lineage,
            fitted,
        }
    }
}

/// Fits, lowers, and estimates where the stage wants it, each left where it stands by an interruption.
pub(super) fn make(
    ready: &Arc<dyn Ready>,
    inputs: Vec<Table>,
    engine: &Arc<dyn Engine>,
    around: Around,
    watch: &dyn Watch,
) -> Result<Made, RunError> {
    let inputs: Arc<[Table]> = inputs.into();
    let (stage, tables) = (Arc::clone(ready), Arc::clone(&inputs));
    let fits = guarded(watch, move || stage.fit(&tables))??;
    let fitted = if fits.is_empty() { Vec::new() } else { collect(engine, fits, watch)? };
    let fitted: Arc<[DataFrame]> = fitted.into();
    let (stage, found) = (Arc::clone(ready), Arc::clone(&fitted));
    let reduced = match guarded(watch, move || stage.lower(&inputs, &found))?? {
        Lowered::Rows { main, sides } => return Ok(Made::Plans { main, sides }),
        Lowered::Copy { rows, name, format } => return Ok(Made::Copy { rows, name, format }),
        Lowered::Reduce(plans) => Reduced::Frames(collect(engine, plans, watch)?),
        Lowered::Tabulate { rows, tables } => {
            let engine = Arc::clone(engine);
            Reduced::Cells(guarded(watch, move || engine.tabulate(rows, &tables))??)
        }
    };
    let stage = Arc::clone(ready);
    let estimates = guarded(watch, move || stage.estimate(reduced, &around.context(&fitted)))??;
    Ok(Made::Estimates(Box::new(estimates)))
}

/// Collects small tables, watched.
pub(super) fn collect(
    engine: &Arc<dyn Engine>,
    plans: Vec<LazyFrame>,
    watch: &dyn Watch,
) -> Result<Vec<DataFrame>, RunError> {
    let engine = Arc::clone(engine);
    Ok(guarded(watch, move || engine.collect(plans))??)
}

/// A table that later stages can read.
enum Slot {
    /// In a file of this run, published with it or not.
    Written(PathBuf),
    /// A plan, or a small table, that was not published.
    Plan(Box<LazyFrame>),
    /// A landed dataset.
    Dataset(Box<Table>),
}

/// Walks the steps of a plan, keeping what later ones need.
pub(super) struct Stepper<'a> {
    plan: &'a Plan,
    engine: Arc<dyn Engine>,
    store: &'a Store,
    watch: &'a dyn Watch,
    vars: Arc<BTreeMap<String, String>>,
    /// Datasets that no step has read yet.
    landed: Readings,
    tables: BTreeMap<String, Slot>,
    charts: Arc<BTreeMap<String, chart::Spec>>,
    /// By stage: its own and those of what it reads.
    cautions: Arc<BTreeMap<String, Vec<Caution>>>,
    lineage: Arc<BTreeMap<String, Lineage>>,
    /// In the order of the stages, each once.
    told: Vec<Caution>,
    /// Datasets that could not be landed: told once, not to each of their readers.
    unread: BTreeSet<String>,
}

/// What a step left.
pub(super) struct Done {
    pub rows: Option<u64>,
    pub cautions: usize,
}

impl<'a> Stepper<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        engine: Arc<dyn Engine>,
        store: &'a Store,
        watch: &'a dyn Watch,
    ) -> Self {
        Self {
            plan,
            engine,
            store,
            watch,
            vars: Arc::new(plan.vars_text()),
            landed: Readings::new(),
            tables: BTreeMap::new(),
            charts: Arc::default(),
            cautions: Arc::default(),
            lineage: Arc::default(),
            told: Vec::new(),
            unread: BTreeSet::new(),
        }
    }

    pub(super) fn finish(self) -> (Vec<Caution>, BTreeMap<String, Lineage>) {
        (self.told, Arc::unwrap_or_clone(self.lineage))
    }

    /// Whether this dataset could not be landed.
    pub(super) fn is_unread(&self, dataset: &str) -> bool {
        self.unread.contains(dataset)
    }

    pub(super) fn run(&mut self, step: &Step) -> Result<Done, RunError> {
        match self.carry_out(step) {
            Err(RunError::Engine(error)) => Err(self.damage(step).unwrap_or(RunError::Engine(error))),
            ended => ended,
        }
    }

    fn carry_out(&mut self, step: &Step) -> Result<Done, RunError> {
        let inputs = step.inputs.iter().map(|name| self.input(name)).collect::<Result<Vec<_>, _>>()?;
        let made = make(&step.ready, inputs, &self.engine, self.around(step), self.watch)?;
        let mut cautions = Vec::new();
        let rows = match made {
            Made::Plans { main, sides } => self.write_plans(step, main, sides, &mut cautions)?,
            Made::Copy { rows, name, format } => Some(self.copy(step, rows, &name, format, &mut cautions)?),
            Made::Estimates(estimates) => Some(self.write_estimates(step, *estimates, &mut cautions)?),
        };
        if rows == Some(0) && !cautions.iter().any(|caution| caution.code == CautionCode::NoRows) {
            cautions.push(self.no_rows(step));
        }
        for caution in &mut cautions {
            caution.stage = step.id.clone();
        }
        let done = Done { rows, cautions: cautions.len() };
        self.remember(step, rows, cautions);
        Ok(done)
    }

    /// A result without a row, where its stage did not tell so itself.
    fn no_rows(&self, step: &Step) -> Caution {
        let input = step.inputs.first();
        let had = input.and_then(|input| Some((input, self.lineage.get(input)?.rows_out?)));
        let message = match had {
            Some((input, 1)) => format!("`{}` has no rows; `{input}` has 1", step.id),
            Some((input, n)) if n > 0 => {
                format!("`{}` has no rows; `{input}` has {}", step.id, number::count(n as f64))
            }
            _ => format!("`{}` has no rows", step.id),
        };
        Caution::new(CautionCode::NoRows, "", Some(0.0), message)
    }

    /// The Parquet file behind a step that the engine could not carry out, if one cannot be read to its
    /// end. Such files are scanned where they lie, so that damage behind a whole footer shows only here.
    fn damage(&self, step: &Step) -> Option<RunError> {
        let mut tables: Vec<&str> = step.inputs.iter().map(|input| table_id(input)).collect();
        let mut at = 0;
        while let Some(id) = tables.get(at) {
            for input in self.plan.step(id).into_iter().flat_map(|step| &step.inputs) {
                if !tables.contains(&table_id(input)) {
                    tables.push(table_id(input));
                }
            }
            at += 1;
        }
        let sources = self.plan.sources.iter();
        for source in sources.filter(|source| tables.contains(&source.dataset.id.value.as_str())) {
            for file in source.found.scanned() {
                let read = self.engine.scan(&file.path).map_err(RunError::from).and_then(|rows| {
                    collect(&self.engine, vec![rows.select([all().as_expr().null_count()])], self.watch)
                });
                if read.is_err_and(|error| matches!(error, RunError::Engine(_))) {
                    return Some(RunError::data(plan::place(&source.dataset, DatasetError::damaged(file))));
                }
            }
        }
        None
    }

    fn around(&self, step: &Step) -> Around {
        Around {
            stage: step.id.clone(),
            pipeline: self.plan.name.clone(),
            variant: self.plan.variant.clone(),
            vars: Arc::clone(&self.vars),
            charts: Arc::clone(&self.charts),
            cautions: Arc::clone(&self.cautions),
            lineage: Arc::clone(&self.lineage),
        }
    }

    fn input(&mut self, name: &str) -> Result<Table, RunError> {
        if let Some(read) = self.landed.remove(name)
            && let Some(source) = self.plan.sources.iter().find(|source| source.dataset.id.value == name)
        {
            let table = read.and_then(|landed| self.dataset(source, landed)).inspect_err(|_| {
                self.unread.insert(name.to_owned());
            })?;
            self.tables.insert(name.to_owned(), Slot::Dataset(Box::new(table)));
        }
        match self.tables.get(name) {
            Some(Slot::Dataset(table)) => Ok(table.as_ref().clone()),
            Some(Slot::Plan(rows)) => Ok(Table { rows: rows.as_ref().clone(), traced: None }),
            Some(Slot::Written(path)) => Ok(Table { rows: self.engine.scan(path)?, traced: None }),
            // The steps are in order and those after a failure are skipped, so this is a stage that
            // gave less than it promised.
            None => Err(RunError::Publish(format!("there is no table `{name}`"))),
        }
    }

    /// Lands what these steps read, before the first of them runs.
    ///
    /// # Errors
    /// Only an interruption: a dataset that cannot be landed fails the first step that reads it.
    pub(super) fn land(&mut self, steps: &[&Step]) -> Result<(), RunError> {
        let mut jobs: Vec<Job> = Vec::new();
        for name in steps.iter().flat_map(|step| &step.inputs) {
            let source = self.plan.sources.iter().find(|source| source.dataset.id.value == *name);
            if let Some(source) = source.filter(|_| jobs.iter().all(|job| job.dataset != *name)) {
                let folder = self.store.landing(name);
                jobs.push(Job { dataset: name.clone(), found: source.found.clone(), folder });
            }
        }
        self.landed = landing::land(jobs, self.watch)?;
        Ok(())
    }

    /// A landed dataset as a table, and what there is to know about it.
    fn dataset(&mut self, source: &Source, landed: Result<Landed, DatasetError>) -> Result<Table, RunError> {
        let id = source.dataset.id.value.as_str();
        let landed = landed.map_err(|error| {
            match error.unwritten.clone() {
                // The disk, not the data.
                Some(path) => RunError::File { path, source: std::io::Error::other(error.message) },
                None => RunError::data(plan::place(&source.dataset, error)),
            }
        })?;
        let table = Table {
            rows: landed.plain()?,
            traced: Some(Traced { rows: landed.rows()?, refused: landed.refused()? }),
        };
        let mut cautions = landed.cautions();
        for caution in &mut cautions {
            caution.stage = id.to_owned();
        }
        let (rows, refused) = (landed.rows_out(), landed.rows_in() - landed.rows_out());
        let lineage = Lineage {
            kind: "dataset".into(),
            inputs: Vec::new(),
            rows_in: Some(rows + refused),
            rows_out: Some(rows),
            fingerprint: landed.fingerprint().to_owned(),
            files: source.found.names(),
        };
        Arc::make_mut(&mut self.lineage).insert(id.to_owned(), lineage);
        self.told.extend(cautions.iter().cloned());
        Arc::make_mut(&mut self.cautions).insert(id.to_owned(), cautions);
        Ok(table)
    }

    fn write_plans(
        &mut self,
        step: &Step,
        main: LazyFrame,
        sides: Vec<(&'static str, LazyFrame)>,
        cautions: &mut Vec<Caution>,
    ) -> Result<Option<u64>, RunError> {
        let mut writes = Vec::new();
        let main_path = self.store.table(&step.id);
        if step.publish {
            writes.push((main, parquet(&main_path)));
            self.tables.insert(step.id.clone(), Slot::Written(main_path.clone()));
        } else if sides.is_empty() {
            self.tables.insert(step.id.clone(), Slot::Plan(Box::new(main)));
        } else {
            // The rows go through for the side tables anyway; kept aside, no later stage makes them again.
            let path = self.store.aside(&step.id)?;
            writes.push((main, Target { path: path.clone(), format: Format::Working }));
            self.tables.insert(step.id.clone(), Slot::Written(path));
        }
        for (name, plan) in sides {
            let path = self.store.table(&format!("{}.{name}", step.id));
            writes.push((plan, parquet(&path)));
            self.tables.insert(format!("{}.{name}", step.id), Slot::Written(path));
        }
        if !writes.is_empty() {
            self.write(writes)?;
        }
        let brief = self.brief(step)?;
        if let Some(refused) = step.ready.refuse(&brief) {
            return Err(RunError::data(refused));
        }
        cautions.extend(step.ready.cautions(&brief));
        if !step.publish {
            return Ok(None);
        }
        Ok(Some(self.engine.rows(&main_path)?))
    }

    fn write(&self, writes: Vec<(LazyFrame, Target)>) -> Result<(), RunError> {
        let engine = Arc::clone(&self.engine);
        Ok(guarded(self.watch, move || engine.write(writes))??)
    }

    fn brief(&self, step: &Step) -> Result<BTreeMap<String, DataFrame>, RunError> {
        let names: Vec<&str> =
            step.promise.sides.iter().filter(|side| side.brief).map(|side| side.name).collect();
        let plans = names
            .iter()
            .map(|name| self.engine.scan(&self.store.table(&format!("{}.{name}", step.id))))
            .collect::<Result<Vec<_>, _>>()?;
        let tables = if plans.is_empty() { Vec::new() } else { collect(&self.engine, plans, self.watch)? };
        Ok(names.into_iter().map(str::to_owned).zip(tables).collect())
    }

    fn write_estimates(
        &mut self,
        step: &Step,
        estimates: Estimates,
        cautions: &mut Vec<Caution>,
    ) -> Result<u64, RunError> {
        kept(&step.id, &step.promise, &estimates)?;
        let Estimates { main, sides, cautions: told, chart, files } = estimates;
        let rows = main.height() as u64;
        let mut writes = Vec::new();
        let mut tables = vec![(step.id.clone(), main, step.publish)];
        // Side tables tell how a table came about; they are kept even where the table is not.
        tables.extend(sides.into_iter().map(|(name, table)| (format!("{}.{name}", step.id), table, true)));
        for (name, table, written) in tables {
            let path = self.store.table(&name);
            if written {
                writes.push((table.lazy(), parquet(&path)));
                self.tables.insert(name, Slot::Written(path));
            } else {
                self.tables.insert(name, Slot::Plan(Box::new(table.lazy())));
            }
        }
        if !writes.is_empty() {
            self.write(writes)?;
        }
        for file in files {
            self.store.write(&file.path, &file.bytes)?;
        }
        if let Some(spec) = chart {
            Arc::make_mut(&mut self.charts).insert(step.id.clone(), spec);
        }
        cautions.extend(told);
        Ok(rows)
    }

    fn copy(
        &mut self,
        step: &Step,
        rows: LazyFrame,
        name: &str,
        format: CopyFormat,
        cautions: &mut Vec<Caution>,
    ) -> Result<u64, RunError> {
        let path = self.store.file(&format!("exports/{name}"))?;
        let (form, word) = match format {
            CopyFormat::Csv => (Format::Csv, "csv"),
            CopyFormat::Parquet => (Format::Parquet, "parquet"),
        };
        let count = rows.clone().select([polars::prelude::len().alias("rows")]);
        // Written and counted together: the rows are made once.
        let counted = self.store.landing(&format!("{}.rows", step.id)).join("rows.parquet");
        self.write(vec![(rows, Target { path, format: form }), (count, parquet(&counted))])?;
        let counted = collect(&self.engine, vec![self.engine.scan(&counted)?], self.watch)?;
        let n = counted.first().and_then(|table| table.column("rows").ok()?.get(0).ok()?.extract::<u64>());
        if n == Some(0) {
            let message = format!("`{}` writes a file without rows", step.id);
            cautions.push(Caution::new(CautionCode::NoRows, "", Some(0.0), message));
        }
        let main = DataFrame::new(
            1,
            vec![
                Series::new("file".into(), [format!("exports/{name}")]).into(),
                Series::new("format".into(), [word]).into(),
                Series::new("rows".into(), [n.map(|n| n as i64)]).into(),
            ],
        )?;
        let estimates = Estimates { main, ..Default::default() };
        debug_assert_eq!(*estimates.main.schema().as_ref(), copied_schema());
        self.write_estimates(step, estimates, cautions)
    }

    fn remember(&mut self, step: &Step, rows: Option<u64>, own: Vec<Caution>) {
        let mut all: Vec<Caution> = Vec::new();
        for id in step.inputs.iter().map(|input| table_id(input)) {
            for caution in self.cautions.get(id).into_iter().flatten() {
                if !all.contains(caution) {
                    all.push(caution.clone());
                }
            }
        }
        all.extend(own.iter().cloned());
        self.told.extend(own);
        Arc::make_mut(&mut self.cautions).insert(step.id.clone(), all);
        // A stage may want one table in several places; it is one input all the same.
        let mut inputs: Vec<String> = Vec::with_capacity(step.inputs.len());
        for input in &step.inputs {
            if !inputs.contains(input) {
                inputs.push(input.clone());
            }
        }
        let rows_in = inputs.iter().map(|input| self.lineage.get(input)?.rows_out).sum();
        let lineage = Lineage {
            kind: step.kind.clone(),
            inputs,
            rows_in,
            rows_out: rows,
            fingerprint: step.fingerprint.clone(),
            files: Vec::new(),
        };
        Arc::make_mut(&mut self.lineage).insert(step.id.clone(), lineage);
    }
}

fn parquet(path: &std::path::Path) -> Target {
    Target { path: path.to_owned(), format: Format::Parquet }
}

/// A stage keeps its promise, or says so instead of handing on a table nobody expects.
pub(super) fn kept(stage: &str, promise: &Promise, estimates: &Estimates) -> Result<(), RunError> {
    let same = |promised: &Schema, given: &DataFrame, what: &str| match given.schema().as_ref() == promised {
        true => Ok(()),
        false => Err(RunError::Publish(format!(
            "stage `{stage}` made {what} with other columns than it promised: {:?} against {:?}; this is a mistake in growthring",
            given.schema(),
            promised
        ))),
    };
    same(&promise.main, &estimates.main, "its table")?;
    for side in &promise.sides {
        match estimates.sides.iter().find(|(name, _)| *name == side.name) {
            Some((name, table)) => same(&side.schema, table, name)?,
            None => {
                return Err(RunError::Publish(format!(
                    "stage `{stage}` did not make its side table `{}`; this is a mistake in growthring",
                    side.name
                )));
            }
        }
    }
    Ok(())
}

/// How often it is asked whether to stop.
pub(super) const WATCHED: Duration = Duration::from_millis(50);

/// The stack of a thread that works for a stage, in bytes: as much as the main thread of a program has.
const STACK: usize = 8 << 20;

/// Runs the engine, or a stage, on a thread of its own while watching for an interruption, and turns a
/// panic of theirs into an error: no panic reaches a user. After an interruption the thread goes on until
/// the process ends, which is what an interrupted program does next.
fn guarded<T: Send + 'static>(
    watch: &dyn Watch,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, RunError> {
    let (send, receive) = channel();
    let thread = std::thread::Builder::new().stack_size(STACK);
    let worker = thread
        .spawn(move || {
            // Nobody listens any more after an interruption.
            let _ = send.send(work());
        })
        .map_err(|error| broken(format!("no thread can be started: {error}")))?;
    loop {
        match receive.recv_timeout(WATCHED) {
            Ok(value) => return Ok(value),
            Err(RecvTimeoutError::Timeout) if watch.interrupted() => return Err(RunError::Interrupted),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let told = worker.join().err().map(|panic| panic_text(panic.as_ref()));
                return Err(broken(told.unwrap_or_else(|| "it ended without an answer".into())));
            }
        }
    }
}

/// The same promise for work that borrows: a panic becomes an error.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, RunError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .map_err(|panic| broken(panic_text(panic.as_ref())))
}

fn broken(what: String) -> RunError {
    RunError::Engine(PolarsError::ComputeError(what.into()))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        // Words of a programmer for a programmer; the log has them.
        .filter(|text| !text.contains("unwrap()") && !text.contains("JoinError"))
        .unwrap_or_else(|| "a failure inside it; RUST_LOG=growthring=debug shows more".into())
}
