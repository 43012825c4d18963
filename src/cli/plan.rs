//! `growthring plan`

use std::path::PathBuf;

use clap::Args;

use super::check::Format;
use super::{Exit, Variables, out, out_folder, read_plan};
use crate::plan;

/// Tell what a run would read, compute and write, and why
#[derive(Debug, Args)]
pub(super) struct PlanCommand {
    /// The pipeline file
    file: PathBuf,
    #[command(flatten)]
    variables: Variables,
    /// Only these stages and what they need
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    select: Option<Vec<String>>,
    /// The folder of the output; a variant has a folder of its name in it [default: out/<pipeline>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How the plan is printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl PlanCommand {
    pub(super) fn execute(self) -> Exit {
        let plan = match read_plan(&self.file, &self.variables) {
            Ok(plan) => plan,
            Err(exit) => return exit,
        };
        super::say_diagnostics(&plan.warnings, &plan.document.path, &plan.document.text);
        if let Err(exit) = super::run::known(&plan, self.select.as_deref()) {
            return exit;
        }
        let steps = plan.selected(self.select.as_deref()).unwrap_or_default();
        let folder = out_folder(&plan.name, plan.variant.as_deref(), self.out.as_ref()).display().to_string();
        match self.format {
            Format::Text => out(&plan::text(&plan, &steps, &folder)),
            Format::Json => {
                let value = plan::json(&plan, &steps, &folder);
                out(&format!("{}\n", serde_json::to_string_pretty(&value).unwrap_or_default()))
            }
        }
    }
}
