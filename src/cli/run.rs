//! `growthring run`

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use serde_json::json as object;

use super::{
    Exit, FAILED, LogFormat, OK, USAGE, Variables, emit, exit_of, is_json, out, out_folder, read_plan, say,
    say_rejected, unreadable,
};
use crate::diagnostic::{Caution, Diagnostic, Rejected, RunError, listed, nearest};
use crate::plan::{Plan, read_pipeline, read_text};
use crate::run::{Options, current, index_variants, run};

/// Run a pipeline and publish its results, all of them or none
#[derive(Debug, Args)]
pub(super) struct Run {
    /// The pipeline file
    file: PathBuf,
    #[command(flatten)]
    variables: Variables,
    /// Run every variant, one after the other
    #[arg(long, conflicts_with = "variant")]
    all_variants: bool,
    /// Only these stages and what they need; the result is kept with the run, not published
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    select: Option<Vec<String>>,
    /// The folder of the output; a variant has a folder of its name in it [default: out/<pipeline>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How many published versions are kept
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    /// Do not publish, and end with exit code 4, if any figure comes with a caution that its stage does
    /// not `accept`
    #[arg(long)]
    deny_cautions: bool,
}

impl Run {
    pub(super) fn execute(self, log: LogFormat) -> Exit {
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        let handler = ctrlc::set_handler(move || {
            // The second time, the user means it.
            if flag.swap(true, Ordering::Relaxed) {
                leave();
            }
            std::thread::spawn(|| {
                std::thread::sleep(GRACE);
                leave();
            });
        });
        if let Err(error) = handler {
            say(&format!("note: Ctrl-C will end the program at once: {error}"));
        }
        let mut worst = OK;
        let variants = match self.variants() {
            Ok(variants) => variants,
            Err(exit) => return exit,
        };
        for variant in variants {
            let exit = self.one(variant, log, &interrupted);
            worst = if worst == OK { exit } else { worst };
            if exit == 130 {
                return exit;
            }
        }
        match self.index() {
            Ok(()) => worst,
            Err(exit) if worst == OK => exit,
            Err(_) => worst,
        }
    }

    /// One page that leads to the reports of every variant, renewed with each of them: it leads to the
    /// versions that readers see now.
    fn index(&self) -> Result<(), Exit> {
        if !self.all_variants && self.variables.variant.is_none() {
            return Ok(());
        }
        let text = read_text(&self.file).map_err(|error| unreadable(&self.file, &error))?;
        // The mistakes of the file were told by the run.
        let Some(pipeline) = read_pipeline(&self.file, &text).0 else { return Ok(()) };
        let name = &pipeline.name.value;
        let folder = out_folder(name, None, self.out.as_ref());
        match index_variants(&folder, name, &pipeline.variant_names()) {
            Ok(Some(path)) => say(&format!("index of the variants: {}", path.display())),
            Ok(None) => {}
            Err(error) => {
                say(&format!("error: {}", told(&error)));
                return Err(FAILED);
            }
        }
        Ok(())
    }

    /// The variants to run; one run without a variant where none is asked for.
    fn variants(&self) -> Result<Vec<Option<String>>, Exit> {
        if !self.all_variants {
            return Ok(vec![self.variables.variant.clone()]);
        }
        let text = read_text(&self.file).map_err(|error| unreadable(&self.file, &error))?;
        let (pipeline, found) = read_pipeline(&self.file, &text);
        // Mistakes of form are those of every variant: told once, not with each.
        let Some(pipeline) = pipeline.filter(|_| !found.iter().any(Diagnostic::is_error)) else {
            let exit = exit_of(&found);
            say_rejected(&Rejected { path: self.file.clone(), text, diagnostics: found });
            return Err(exit);
        };
        let names: Vec<Option<String>> =
            pipeline.variant_names().into_iter().map(|name| Some(name.to_owned())).collect();
        if names.is_empty() {
            say(&format!("error: {} declares no variants", self.file.display()));
            return Err(USAGE);
        }
        Ok(names)
    }

    fn one(&self, variant: Option<String>, log: LogFormat, interrupted: &Arc<AtomicBool>) -> Exit {
        let variables = Variables { variant, vars: self.variables.vars.clone() };
        let plan = match read_plan(&self.file, &variables) {
            Ok(plan) => plan,
            Err(exit) => return exit,
        };
        super::say_diagnostics(&plan.warnings, &plan.document.path, &plan.document.text);
        if let Err(exit) = known(&plan, self.select.as_deref()) {
            return exit;
        }
        let options = Options {
            out: out_folder(&plan.name, plan.variant.as_deref(), self.out.as_ref()),
            keep: self.keep as usize,
            select: self.select.clone(),
            deny_cautions: self.deny_cautions,
        };
        let watch = super::progress::watch(log, Arc::clone(interrupted));
        let before = current(&options.out).is_some();
        let outcome = run(&plan, &options, watch.as_ref());
        watch.close();
        match outcome {
            Ok(ended) => report(&plan, &ended, &options, before),
            Err(error) => {
                say(&format!("error: {}", told(&error)));
                if is_json() {
                    let folder = options.out.display().to_string();
                    let status = if error.exit() == 130 { "interrupted" } else { "failed" };
                    emit("ended", object!({ "status": status, "exit": error.exit(), "folder": folder }));
                }
                error.exit()
            }
        }
    }
}

/// How long an interrupted run has to end in order. It leaves a stage where it stands and only writes its
/// record, so that more time than this means a disk that does not answer.
const GRACE: Duration = Duration::from_secs(2);

/// Ends the program where it stands. Readers keep a whole version at every moment, the system releases
/// the lock, and the next run sweeps away what was begun.
fn leave() -> ! {
    say("error: interrupted; what was begun is swept away by the next run");
    if is_json() {
        emit("ended", object!({ "status": "interrupted", "exit": 130 }));
    }
    std::process::exit(130);
}

/// Whether every selected stage exists.
pub(super) fn known(plan: &Plan, select: Option<&[String]>) -> Result<(), Exit> {
    let Err(unknown) = plan.selected(select) else { return Ok(()) };
    for id in unknown {
        let near = nearest(&id, plan.steps.iter().map(|step| step.id.as_str()));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        say(&format!("error: there is no stage `{id}`{hint}"));
    }
    say(&format!("help: the stages are {}", listed(plan.steps.iter().map(|step| step.id.as_str()))));
    Err(USAGE)
}

/// Tells how a run ended. `before` says whether readers have an earlier version.
fn report(plan: &Plan, ended: &crate::run::Run, options: &Options, before: bool) -> Exit {
    for caution in &ended.cautions {
        if is_json() {
            emit("caution", serde_json::to_value(caution).unwrap_or_default());
        } else {
            say(&caution_line(caution));
        }
    }
    let data: Vec<_> = ended.diagnostics().into_iter().cloned().collect();
    if !data.is_empty() {
        super::say_diagnostics(&data, &plan.document.path, &plan.document.text);
    }
    let (status, exit) = if !ended.failures.is_empty() {
        let exit = exit_of(&data);
        ("failed", if exit == OK { ended.exit() } else { exit })
    } else if ended.denied > 0 {
        ("denied", 4)
    } else if ended.published {
        ("published", OK)
    } else {
        ("selected", OK)
    };
    if is_json() {
        let folder = ended.folder.display().to_string();
        emit("ended", object!({ "status": status, "exit": exit, "folder": folder, "run": ended.id }));
    } else {
        summary(plan, ended, options, before, status);
    }
    if exit != OK {
        return exit;
    }
    let printed = out(&format!("{}\n", ended.folder.display()));
    if printed == OK { OK } else { FAILED }
}

/// A caution with its stage, unless it begins with the stage anyway.
fn caution_line(caution: &Caution) -> String {
    let (code, stage) = (caution.code.word(), format!("`{}`", caution.stage));
    if caution.message.starts_with(&stage) {
        return format!("caution[{code}]: {}", caution.message);
    }
    format!("caution[{code}] in {stage}: {}", caution.message)
}

/// The closing words for people.
fn summary(plan: &Plan, ended: &crate::run::Run, options: &Options, before: bool, status: &str) {
    for (stage, error) in &ended.failures {
        if !matches!(error, RunError::Data(_)) {
            say(&format!("error: stage `{stage}` failed: {}", told(error)));
        }
    }
    let readers = if before { ", readers go on with the version before" } else { "" };
    match status {
        "failed" => {
            let of = plan.selected(options.select.as_deref()).map_or(plan.steps.len(), |steps| steps.len());
            let (failed, skipped) = (ended.failures.len(), ended.skipped.len());
            let skips = match skipped {
                0 => String::new(),
                n => format!(", {n} skipped"),
            };
            let stages = if of == 1 { "stage" } else { "stages" };
            say(&format!("{failed} of {of} {stages} failed{skips}; nothing was published{readers}"));
            if failed + skipped < of {
                let variant =
                    plan.variant.as_ref().map_or_else(String::new, |name| format!(" --variant {name}"));
                say(&format!(
                    "what succeeded can be shown: growthring show {} TABLE{variant} --run last",
                    plan.document.path.display()
                ));
            }
        }
        "denied" => {
            let cautions = match ended.denied {
                1 => "1 caution is".to_owned(),
                n => format!("{n} cautions are"),
            };
            say(&format!("{cautions} denied; nothing was published{readers}"));
        }
        "published" => say(&format!("published in {}", options.out.display())),
        _ => say(&format!("kept, not published, in {}", options.out.display())),
    }
}

/// An error with its reasons.
fn told(error: &RunError) -> String {
    match error {
        RunError::Data(diagnostics) => {
            diagnostics.iter().map(|told| told.message.as_str()).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}
