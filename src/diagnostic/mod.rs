//! What goes wrong, as data: diagnostics that point into the pipeline file, cautions that travel with
//! a number, errors of a run. Rendered for people and as JSON from one value.

mod caution;
mod code;
mod render;
mod run_error;

use std::path::PathBuf;

use crate::document::Span;

pub use caution::{Caution, CautionCode};
pub use code::Code;
pub use render::{Source, json, text};
pub use run_error::RunError;

/// A mistake in the pipeline file, or data that is not what the file says.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Diagnostic {
    /// What kind of mistake; `growthring explain CODE` has its page.
    pub code: Code,
    /// Whether the file can still be run.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The places, the primary one first.
    pub labels: Vec<Label>,
    /// Ways out.
    pub help: Vec<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// Whether a diagnostic stops the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be run.
    Error,
    /// The file can be run, but this is probably not what was meant.
    Warning,
}

/// A place and what is to be said about it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is said there.
    pub text: String,
    /// Whether this is the place of the mistake; other labels show what it relates to.
    pub primary: bool,
}

impl Diagnostic {
    /// A mistake that stops the run.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Something that is probably not what was meant.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Points at the place of the mistake.
    pub fn primary(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), primary: true });
        self
    }

    /// Points at what the mistake relates to.
    pub fn context(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), primary: false });
        self
    }

    /// Adds a way out.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds what else is worth knowing.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Whether it stops the run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Where it stands in the file, for sorting.
    pub fn position(&self) -> usize {
        self.labels.iter().find(|label| label.primary).map_or(0, |label| label.span.start)
    }
}

/// The candidate nearest to `word` by edits, if it is near enough to be a slip of the fingers.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let folded = word.to_lowercase();
    // A third of the letters may differ: `recomend` finds `recommend`, `x` finds nothing.
    let most = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = match lower == folded {
                true => 0,
                false => strsim::damerau_levenshtein(&folded, &lower),
            };
            (distance, candidate)
        })
        .filter(|(distance, candidate)| *distance <= most && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Names in backticks, for help that lists them.
pub(crate) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The mistakes of one file, which cannot be run because of them.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} in {}", counted(.diagnostics.len()), .path.display())]
pub struct Rejected {
    /// The file.
    pub path: PathBuf,
    /// Its text, to show the places.
    pub text: String,
    /// The mistakes in file order.
    pub diagnostics: Vec<Diagnostic>,
}

fn counted(n: usize) -> String {
    if n == 1 { "1 mistake".into() } else { format!("{n} mistakes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_earned() {
        let columns = ["recommend", "region", "n"];
        assert_eq!(nearest("recomend", columns), Some("recommend"));
        assert_eq!(nearest("Region", columns), Some("region"));
        assert_eq!(nearest("weight", columns), None);
        assert_eq!(nearest("x", columns), None);
    }
}
