//! `growthring check`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Exit, FAILED, OK, Variables, exit_of, out, say, unreadable};
use crate::diagnostic::{self, Diagnostic, Source};
use crate::plan::{Plan, read_pipeline, read_text};

/// Find every mistake in pipeline files without reading a row
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The pipeline files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    variables: Variables,
    /// How mistakes are printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people, on stderr
    Text,
    /// For programs, on stdout
    Json,
}

impl Check {
    pub(super) fn execute(self) -> Exit {
        let mut worst = OK;
        let mut values = Vec::new();
        for file in &self.files {
            let text = match read_text(file) {
                Ok(text) => text,
                Err(error) => {
                    worst = worse(worst, unreadable(file, &error));
                    continue;
                }
            };
            let found = self.mistakes(file, &text);
            worst = worse(worst, exit_of(&found));
            let path = file.display().to_string();
            let source = Source { path: &path, text: &text };
            match self.format {
                Format::Json => {
                    values.extend(diagnostic::json(&found, source).as_array().cloned().unwrap_or_default())
                }
                Format::Text => {
                    super::say_diagnostics(&found, file, &text);
                    let errors = found.iter().filter(|told| told.is_error()).count();
                    match errors {
                        0 => say(&format!("{path}: ok")),
                        1 => say(&format!("1 mistake in {path}")),
                        n => say(&format!("{n} mistakes in {path}")),
                    }
                }
            }
        }
        if self.format == Format::Json {
            let text = serde_json::to_string_pretty(&values).unwrap_or_default();
            if out(&format!("{text}\n")) != OK {
                return FAILED;
            }
        }
        worst
    }

    /// The mistakes of a file for the chosen variant, or for its defaults and every variant.
    fn mistakes(&self, file: &Path, text: &str) -> Vec<Diagnostic> {
        let mut settings: Vec<Option<String>> = vec![self.variables.variant.clone()];
        if self.variables.variant.is_none()
            && let Some(pipeline) = read_pipeline(file, text).0
        {
            let names: Vec<Option<String>> =
                pipeline.variant_names().into_iter().map(|name| Some(name.to_owned())).collect();
            // A variable without a default has a value only in the variants.
            let needs_variant = pipeline.variables(None, &self.variables.vars).is_err() && !names.is_empty();
            if needs_variant {
                settings.clear();
            }
            settings.extend(names);
        }
        let base = file.parent().unwrap_or(Path::new(""));
        let mut found: Vec<Diagnostic> = Vec::new();
        for variant in settings {
            let more = match Plan::of_text(file, text, base, variant.as_deref(), &self.variables.vars) {
                Ok(plan) => plan.warnings,
                Err(rejected) => rejected.diagnostics,
            };
            for told in more {
                if !found.contains(&told) {
                    found.push(told);
                }
            }
        }
        found.sort_by_key(Diagnostic::position);
        found
    }
}

fn worse(a: Exit, b: Exit) -> Exit {
    match (a, b) {
        (OK, b) => b,
        (2, _) | (_, 2) => 2,
        (a, _) => a,
    }
}
