//! The record of one attempt. Times, hosts and run ids live here alone.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::Run;
use crate::plan::{Plan, Step};
use crate::stages::Lineage;

/// What one attempt did, as it is kept in `runs/<id>/manifest.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    /// The id of the run.
    pub run: String,
    /// The version of the program.
    pub program: &'static str,
    /// The pipeline.
    pub pipeline: String,
    /// The variant.
    pub variant: Option<String>,
    /// The variables.
    pub vars: BTreeMap<String, String>,
    /// `publishing` (died on the way), `published`, `selected` (only some stages ran), `denied` (because
    /// of cautions), `failed` or `interrupted`.
    pub status: &'static str,
    /// When it began.
    pub started: jiff::Timestamp,
    /// When it ended.
    pub ended: Option<jiff::Timestamp>,
    /// The machine.
    pub host: Option<String>,
    /// Each stage in the order of running.
    pub stages: Vec<StageRecord>,
    /// Where each table came from.
    pub lineage: BTreeMap<String, Lineage>,
    /// The number of cautions.
    pub cautions: usize,
    /// Why stages failed.
    pub failures: BTreeMap<String, String>,
    /// Why the results could not be kept, where every stage may have succeeded.
    pub reason: Option<String>,
}

/// One stage of one attempt.
#[derive(Debug, Clone, Serialize)]
pub struct StageRecord {
    /// Its id.
    pub stage: String,
    /// Its kind.
    pub kind: String,
    /// `done`, `failed` or `skipped`.
    pub status: &'static str,
    /// The rows of its table.
    pub rows: Option<u64>,
    /// How long it took.
    pub seconds: f64,
    /// The fingerprint of its options.
    pub fingerprint: String,
}

impl Manifest {
    pub(super) fn start(plan: &Plan, run: &str, started: jiff::Timestamp) -> Self {
        Self {
            run: run.to_owned(),
            program: env!("CARGO_PKG_VERSION"),
            pipeline: plan.name.clone(),
            variant: plan.variant.clone(),
            vars: plan.vars_text(),
            status: "running",
            started,
            ended: None,
            host: std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned()),
            stages: Vec::new(),
            lineage: BTreeMap::new(),
            cautions: 0,
            failures: BTreeMap::new(),
            reason: None,
        }
    }

    pub(super) fn stage(&mut self, step: &Step, status: &'static str, rows: Option<u64>, took: Duration) {
        self.stages.push(StageRecord {
            stage: step.id.clone(),
            kind: step.kind.clone(),
            status,
            rows,
            seconds: took.as_secs_f64(),
            fingerprint: step.fingerprint.clone(),
        });
    }

    pub(super) fn end(&mut self, status: &'static str, run: &Run) {
        self.status = status;
        self.ended = Some(jiff::Timestamp::now());
        self.lineage = run.lineage.clone();
        self.cautions = run.cautions.len();
        self.failures =
            run.failures.iter().map(|(stage, error)| (stage.clone(), error.to_string())).collect();
    }
}
