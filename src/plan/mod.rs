//! What will be done. Only schemas were read: file footers and header lines, never a row. Owning a
//! [`Plan`] means that the file has no mistake left that can be found before the night.

mod check;
mod describe;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::Schema;

use crate::dataset::Found;
use crate::diagnostic::{CautionCode, Diagnostic, Rejected};
use crate::document::{Document, Span};
use crate::pipeline::{self, Dataset, Pipeline, Setting, Vars};
use crate::stages::{Promise, Ready};

pub use check::check;
pub(crate) use check::place;
pub use describe::{json, text};

/// A pipeline that was checked for one setting of its variables.
pub struct Plan {
    /// The file.
    pub document: Arc<Document>,
    /// Its folder: paths in the file are relative to it.
    pub base: PathBuf,
    /// The pipeline's name.
    pub name: String,
    /// The variant, where one was chosen.
    pub variant: Option<String>,
    /// The variables.
    pub vars: Vars,
    /// The sources that are read.
    pub sources: Vec<Source>,
    /// The stages, each after those it reads.
    pub steps: Vec<Step>,
    /// What is probably not what was meant.
    pub warnings: Vec<Diagnostic>,
}

/// A dataset whose files were found and whose columns are known.
pub struct Source {
    /// As written.
    pub dataset: Dataset,
    /// Its files.
    pub found: Found,
    /// Its columns.
    pub schema: Schema,
}

/// A stage that passed its check.
pub struct Step {
    /// Its id, and where it stands.
    pub id: String,
    /// Where the id is written.
    pub span: Span,
    /// Its kind.
    pub kind: String,
    /// The team it belongs to.
    pub owner: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether its table is written.
    pub publish: bool,
    /// Cautions that are expected of it and deny nothing.
    pub accept: Vec<CautionCode>,
    /// The tables it reads, `stage`, `dataset` or `stage.side`, in the order it wants them.
    pub inputs: Vec<String>,
    /// What it does.
    pub ready: Arc<dyn Ready>,
    /// The tables it promises.
    pub promise: Promise,
    /// Fingerprint of its options and of the variables.
    pub fingerprint: String,
}

impl Plan {
    /// Reads and checks a pipeline file: the whole walk from text to plan.
    ///
    /// # Errors
    /// Every mistake in the file, in file order; or, as an [`std::io::Error`], that it cannot be read.
    pub fn read(
        path: &Path,
        variant: Option<&str>,
        settings: &[Setting],
    ) -> std::io::Result<Result<Plan, Rejected>> {
        let text = read_text(path)?;
        let base = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self::of_text(path, &text, &base, variant, settings))
    }

    /// The same for a text that is not, or not yet, a file. `base` is the folder that its paths are
    /// relative to.
    ///
    /// # Errors
    /// Every mistake, in file order.
    pub fn of_text(
        path: &Path,
        text: &str,
        base: &Path,
        variant: Option<&str>,
        settings: &[Setting],
    ) -> Result<Plan, Rejected> {
        let (pipeline, mut found) = read_pipeline(path, text);
        let plan = pipeline.and_then(|pipeline| {
            let (plan, more) = check(pipeline, base, variant, settings);
            found.extend(more);
            plan
        });
        found.sort_by_key(Diagnostic::position);
        match plan {
            Some(mut plan) if !found.iter().any(Diagnostic::is_error) => {
                plan.warnings = found;
                Ok(plan)
            }
            _ => Err(Rejected { path: path.to_owned(), text: text.to_owned(), diagnostics: found }),
        }
    }

    /// The step of an id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The variables as text, for reports and manifests.
    pub fn vars_text(&self) -> std::collections::BTreeMap<String, String> {
        self.vars.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
    }

    /// The steps that `ids` need, themselves included; all of them without `ids`.
    ///
    /// # Errors
    /// The ids that are not stages.
    pub fn selected(&self, ids: Option<&[String]>) -> Result<Vec<&Step>, Vec<String>> {
        let Some(ids) = ids else { return Ok(self.steps.iter().collect()) };
        let unknown: Vec<String> = ids.iter().filter(|id| self.step(id).is_none()).cloned().collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let mut wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut at = 0;
        while let Some(id) = wanted.get(at) {
            for input in self.step(id).into_iter().flat_map(|step| &step.inputs) {
                let id = table_id(input);
                if !wanted.contains(&id) {
                    wanted.push(id);
                }
            }
            at += 1;
        }
        Ok(self.steps.iter().filter(|step| wanted.contains(&step.id.as_str())).collect())
    }
}

/// Reads the pipeline of a text: mistakes of form only.
pub fn read_pipeline(path: &Path, text: &str) -> (Option<Pipeline>, Vec<Diagnostic>) {
    let (document, mut found) = Document::parse(path, text);
    let pipeline = document.and_then(|document| {
        let (pipeline, more) = pipeline::read(document);
        found.extend(more);
        pipeline
    });
    if pipeline.is_none() && found.is_empty() {
        found.push(
            Diagnostic::error(crate::diagnostic::Code::NotAMapping, "the pipeline file is empty")
                .help("`growthring example net_promoter` prints a file that runs"),
        );
    }
    (pipeline, found)
}

/// The stage or dataset of a table's name.
pub(crate) fn table_id(table: &str) -> &str {
    table.split_once('.').map_or(table, |(id, _)| id)
}

/// The text of a pipeline file; bytes that are not UTF-8 are an error with their place.
pub(crate) fn read_text(path: &Path) -> std::io::Result<String> {
    let bytes = std::fs::read(path)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
        std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!("line {line} is not UTF-8: save the file as UTF-8"),
        )
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
