//! Carries out a plan: lands what must be landed, runs each stage on the engine, keeps what a reader
//! must know, and publishes the whole or nothing.

mod apply;
mod files;
mod landing;
mod manifest;
mod publish;
mod step;
mod store;
mod variants;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use polars::prelude::{DataFrame, PolarsResult};

use crate::diagnostic::{Caution, Diagnostic, RunError};
use crate::engine::{Embedded, Engine};
use crate::plan::{Plan, Step, table_id};
use crate::stages::Lineage;

pub use apply::{Applied, ApplyError, apply, apply_with};
pub use files::{file_name, file_names};
pub use manifest::Manifest;
pub use publish::{Attempt, Published, attempts, current};
use step::Stepper;
use store::Store;
pub use variants::{index_variants, ran_variants};

/// How a run is to be done.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the output.
    pub out: PathBuf,
    /// How many published versions are kept.
    pub keep: usize,
    /// Only these stages and what they need. Such a run is not published: a version is whole.
    pub select: Option<Vec<String>>,
    /// Do not publish where any figure comes with a caution that its stage does not accept.
    pub deny_cautions: bool,
}

/// What happens during a run, for whoever watches.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// A dataset is landed.
    Landing {
        /// Its id.
        dataset: &'a str,
    },
    /// A dataset was landed.
    Landed {
        /// Its id.
        dataset: &'a str,
        /// The rows that were read.
        rows: u64,
        /// The records that could not be read and were set aside.
        refused: u64,
        /// How long it took.
        took: Duration,
    },
    /// A stage begins.
    Started {
        /// Its id.
        stage: &'a str,
        /// Its kind.
        kind: &'a str,
        /// Its place among the stages of this run, from 1.
        number: usize,
        /// The number of stages of this run.
        of: usize,
    },
    /// A stage is done.
    Finished {
        /// Its id.
        stage: &'a str,
        /// The rows of its table; none where it stays part of a later plan.
        rows: Option<u64>,
        /// How many cautions it told.
        cautions: usize,
        /// How long it took.
        took: Duration,
    },
    /// A stage failed.
    Failed {
        /// Its id.
        stage: &'a str,
        /// Why.
        error: &'a RunError,
    },
    /// A stage waits for one that failed.
    Skipped {
        /// Its id.
        stage: &'a str,
        /// The stage that failed or was itself skipped, or the dataset that could not be read.
        because: &'a str,
    },
    /// The new version is what readers see.
    Published {
        /// Its name.
        version: &'a str,
    },
}

/// Who watches a run, and may stop it.
pub trait Watch: Sync {
    /// Told of every event, in order.
    fn event(&self, event: Event<'_>) {
        let _ = event;
    }
    /// Whether the run should stop as soon as it can.
    fn interrupted(&self) -> bool {
        false
    }
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;
impl Watch for Unwatched {}

/// A run that ended, well or not.
#[derive(Debug)]
pub struct Run {
    /// Its id, also the name of its version.
    pub id: String,
    /// The folder with its tables, charts, packs and exports.
    pub folder: PathBuf,
    /// Whether it is what readers see now.
    pub published: bool,
    /// What a reader should know, in the order of the stages.
    pub cautions: Vec<Caution>,
    /// How many of them kept the run from being published: none unless cautions were to deny it.
    pub denied: usize,
    /// Where each table came from, by id.
    pub lineage: BTreeMap<String, Lineage>,
    /// The stages that failed, and why.
    pub failures: Vec<(String, RunError)>,
    /// The stages that waited for one that failed.
    pub skipped: Vec<String>,
}

impl Run {
    /// A table of the run: a stage, or a side table as `stage.side`.
    ///
    /// # Errors
    /// No such table was written, or it cannot be read.
    pub fn table(&self, name: &str) -> PolarsResult<DataFrame> {
        let plan = Embedded.scan(&self.folder.join("tables").join(format!("{name}.parquet")))?;
        let mut tables = Embedded.collect(vec![plan])?;
        Ok(tables.pop().unwrap_or_default())
    }

    /// The exit code of a command that ends with this run.
    pub fn exit(&self) -> u8 {
        self.failures.first().map_or(0, |(_, error)| error.exit())
    }

    /// The mistakes in the data that point into the pipeline file.
    pub fn diagnostics(&self) -> Vec<&Diagnostic> {
        let mut found: Vec<&Diagnostic> = Vec::new();
        for (_, error) in &self.failures {
            let RunError::Data(diagnostics) = error else { continue };
            for told in diagnostics {
                // Two stages may have met the same mistake.
                if !found.contains(&told) {
                    found.push(told);
                }
            }
        }
        found
    }
}

/// Runs a plan and publishes its results if every stage succeeded.
///
/// # Errors
/// A selected stage does not exist, the lock is held, the output folder cannot be written, or the run
/// was interrupted: nothing was published. A stage that failed is not an error here but part of the [`Run`].
pub fn run(plan: &Plan, options: &Options, watch: &dyn Watch) -> Result<Run, RunError> {
    let steps = plan.selected(options.select.as_deref()).map_err(|unknown| {
        RunError::Publish(format!("there is no stage {}", crate::diagnostic::listed(names(&unknown))))
    })?;
    let store = Store::open(&options.out)?;
    let started = jiff::Timestamp::now();
    let mut manifest = Manifest::start(plan, store.id(), started);
    let mut stepper = Stepper::new(plan, Arc::new(Embedded), &store, watch);
    let outcome = carry_out(&steps, &mut stepper, watch, &mut manifest);
    let (cautions, lineage) = stepper.finish();
    let mut run = Run {
        id: store.id().to_owned(),
        folder: store.version(),
        published: false,
        denied: if options.deny_cautions { denying(plan, &cautions) } else { 0 },
        cautions,
        lineage,
        failures: Vec::new(),
        skipped: Vec::new(),
    };
    match outcome {
        Ok((failures, skipped)) => (run.failures, run.skipped) = (failures, skipped),
        Err(error) => {
            manifest.end("interrupted", &run);
            store.abandon(&manifest)?;
            return Err(error);
        }
    }
    let status = match (run.failures.is_empty(), run.denied > 0, &options.select) {
        (false, ..) => "failed",
        (true, true, _) => "denied",
        (true, false, Some(_)) => "selected",
        (true, false, None) => "published",
    };
    let whole = status == "published";
    manifest.end(status, &run);
    let kept = store.write_cautions(&run.cautions).and_then(|()| match whole {
        true => store.publish(&mut manifest, options.keep),
        false => store.keep_attempt(&manifest),
    });
    run.folder = match kept {
        Ok(folder) => folder,
        Err(error) => {
            store.give_up(&mut manifest, &error);
            return Err(error);
        }
    };
    run.published = whole;
    if whole {
        watch.event(Event::Published { version: &run.id });
    }
    Ok(run)
}

/// The cautions that no stage said to expect of it.
fn denying(plan: &Plan, cautions: &[Caution]) -> usize {
    let expected = |caution: &&Caution| {
        plan.step(&caution.stage).is_some_and(|step| step.accept.contains(&caution.code))
    };
    cautions.len() - cautions.iter().filter(expected).count()
}

fn names(ids: &[String]) -> impl Iterator<Item = &str> {
    ids.iter().map(String::as_str)
}

type Outcome = (Vec<(String, RunError)>, Vec<String>);

fn carry_out(
    steps: &[&Step],
    stepper: &mut Stepper<'_>,
    watch: &dyn Watch,
    manifest: &mut Manifest,
) -> Result<Outcome, RunError> {
    let mut failures: Vec<(String, RunError)> = Vec::new();
    let mut skipped: Vec<String> = Vec::new();
    stepper.land(steps)?;
    for (at, step) in steps.iter().enumerate() {
        if watch.interrupted() {
            return Err(RunError::Interrupted);
        }
        let broken = step.inputs.iter().map(|input| table_id(input)).find(|id| {
            failures.iter().any(|(failed, _)| failed == id)
                || skipped.iter().any(|skipped| skipped == id)
                || stepper.is_unread(id)
        });
        if let Some(because) = broken {
            watch.event(Event::Skipped { stage: &step.id, because });
            manifest.stage(step, "skipped", None, Duration::ZERO);
            skipped.push(step.id.clone());
            continue;
        }
        watch.event(Event::Started { stage: &step.id, kind: &step.kind, number: at + 1, of: steps.len() });
        let begun = std::time::Instant::now();
        match stepper.run(step) {
            Ok(done) => {
                manifest.stage(step, "done", done.rows, begun.elapsed());
                watch.event(Event::Finished {
                    stage: &step.id,
                    rows: done.rows,
                    cautions: done.cautions,
                    took: begun.elapsed(),
                });
            }
            Err(RunError::Interrupted) => return Err(RunError::Interrupted),
            Err(error) => {
                manifest.stage(step, "failed", None, begun.elapsed());
                watch.event(Event::Failed { stage: &step.id, error: &error });
                failures.push((step.id.clone(), error));
            }
        }
    }
    Ok((failures, skipped))
}
