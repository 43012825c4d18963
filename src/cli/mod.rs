//! The command line: one file per command. Only here is anything printed: what was asked for to
//! stdout, everything else to stderr.

mod check;
mod example;
mod explain;
mod plan;
mod progress;
mod run;
mod sample;
mod schema;
mod show;
mod stages;
mod table;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use serde_json::{Value as Json, json as object};

use crate::diagnostic::{self, Diagnostic, Rejected, Source};
use crate::pipeline::Setting;
use crate::plan::Plan;

/// What a command returns: an exit code of the documented list.
type Exit = u8;

/// Nothing went wrong.
const OK: Exit = 0;
/// Nothing can be written or read.
const FAILED: Exit = 1;
/// The file or the usage is wrong.
const USAGE: Exit = 2;
/// The file is not there.
const MISSING: Exit = 6;

const AFTER_HELP: &str = "\
Start here:
  growthring sample --out sample-data      make the data of a company to play with
  growthring example net_promoter          print a pipeline that runs
  growthring check pipelines/nightly.yaml  every mistake at once, before the night
  growthring plan  pipelines/nightly.yaml  what will be read, computed and written
  growthring run   pipelines/nightly.yaml  run it, and publish all of it or nothing
  growthring show  pipelines/nightly.yaml loyalty
  growthring explain unknown-column        a stage, a code, an output column

Exit codes: 0 ok; 1 a stage failed or nothing can be written; 2 the file or the usage is wrong;
3 the data contradicts the file; 4 cautions under --deny-cautions; 5 another run holds the lock;
6 an input is missing, empty or corrupt; 130 interrupted.";

/// Turns customer data that lies in many silos into insight: a pipeline file chains stages that
/// centralize, enrich, segment, score, tabulate and report.
#[derive(Debug, Parser)]
#[command(name = "growthring", version, about, long_about = None, after_help = AFTER_HELP, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How progress, diagnostics and cautions are told on stderr.
    #[arg(long, global = true, value_enum, default_value = "human")]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// Bars on a terminal, plain lines otherwise.
    Human,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a pipeline and publish its results, all of them or none
    Run(run::Run),
    /// Find every mistake in pipeline files without reading a row
    Check(check::Check),
    /// Tell what a run would read, compute and write, and why
    Plan(plan::PlanCommand),
    /// Print a table of a run
    Show(show::Show),
    /// Explain a stage, a diagnostic, a caution, an output column, or expressions
    Explain(explain::Explain),
    /// List the kinds of stage
    Stages,
    /// Print a pipeline that runs, or write it with its data
    Example(example::Example),
    /// Print the JSON Schema of pipeline files, for editors
    Schema,
    /// Make the sample data of one company
    Sample(sample::Sample),
    /// Print the completions of a shell
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// The variables of a run.
#[derive(Debug, Clone, Args)]
struct Variables {
    /// Run one variant of the pipeline
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Set a variable; may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = setting)]
    vars: Vec<Setting>,
}

/// Runs the program with these arguments and returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    // A panic is told once, by the error that it becomes, not by a trace on the user's terminal.
    std::panic::set_hook(Box::new(|panic| tracing::debug!(%panic, "panic")));
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { USAGE } else { OK };
        }
    };
    JSON_LINES.store(cli.log_format == LogFormat::Json, Ordering::Relaxed);
    progress::start(cli.log_format);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| execute(cli))).unwrap_or_else(|_| {
        say("error: growthring failed inside, which is its own mistake; RUST_LOG=growthring=debug shows where");
        FAILED
    })
}

fn execute(cli: Cli) -> Exit {
    let log = cli.log_format;
    match cli.command {
        Command::Run(command) => command.execute(log),
        Command::Check(command) => command.execute(),
        Command::Plan(command) => command.execute(),
        Command::Show(command) => command.execute(),
        Command::Explain(command) => command.execute(),
        Command::Stages => stages::execute(),
        Command::Example(command) => command.execute(),
        Command::Schema => schema::execute(),
        Command::Sample(command) => command.execute(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "growthring", &mut script);
            out(&String::from_utf8_lossy(&script))
        }
    }
}

fn setting(text: &str) -> Result<Setting, String> {
    let (name, value) = text.split_once('=').ok_or("wanted is NAME=VALUE, such as region=EMEA")?;
    Ok(Setting { name: name.trim().to_owned(), value: value.to_owned() })
}

/// Prints what was asked for. A reader that went away, such as `head`, is no failure.
fn out(text: &str) -> Exit {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => OK,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => OK,
        Err(error) => {
            say(&format!("error: stdout cannot be written: {error}"));
            FAILED
        }
    }
}

/// Whether stderr is for programs: one JSON object a line, nothing else. Set once, by [`run`].
static JSON_LINES: AtomicBool = AtomicBool::new(false);

fn is_json() -> bool {
    JSON_LINES.load(Ordering::Relaxed)
}

/// Says something to the person at the terminal; to a program, as an event `message`.
fn say(text: &str) {
    if is_json() {
        return emit("message", object!({ "text": text }));
    }
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Tells a program of an event.
fn emit(event: &str, mut fields: Json) {
    fields["event"] = event.into();
    fields["timestamp"] = jiff::Timestamp::now().to_string().into();
    let _ = writeln!(std::io::stderr().lock(), "{fields}");
}

/// Whether stderr takes colours.
fn colors() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Reads and checks a pipeline, or says what is wrong with it.
fn read_plan(path: &Path, variables: &Variables) -> Result<Plan, Exit> {
    match Plan::read(path, variables.variant.as_deref(), &variables.vars) {
        Ok(Ok(plan)) => Ok(plan),
        Ok(Err(rejected)) => {
            say_rejected(&rejected);
            Err(exit_of(&rejected.diagnostics))
        }
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Exit {
    say(&format!("error: the pipeline file {} cannot be read: {error}", path.display()));
    match error.kind() {
        std::io::ErrorKind::NotFound => MISSING,
        std::io::ErrorKind::InvalidData => USAGE,
        _ => FAILED,
    }
}

fn say_rejected(rejected: &Rejected) {
    say_diagnostics(&rejected.diagnostics, &rejected.path, &rejected.text);
    let errors = rejected.diagnostics.iter().filter(|told| told.is_error()).count();
    let mistakes = if errors == 1 { "1 mistake".to_owned() } else { format!("{errors} mistakes") };
    say(&format!("{mistakes} in {}", rejected.path.display()));
}

fn say_diagnostics(diagnostics: &[Diagnostic], path: &Path, text: &str) {
    let path = path.display().to_string();
    if is_json() {
        let values = diagnostic::json(diagnostics, Source { path: &path, text });
        for value in values.as_array().into_iter().flatten() {
            emit("diagnostic", value.clone());
        }
        return;
    }
    let shown = diagnostic::text(diagnostics, Source { path: &path, text }, colors());
    let _ = write!(std::io::stderr().lock(), "{shown}");
}

/// A wrong file outweighs wrong data, which outweighs a missing input.
fn exit_of(diagnostics: &[Diagnostic]) -> Exit {
    let codes: Vec<Exit> =
        diagnostics.iter().filter(|told| told.is_error()).map(|told| told.code.exit()).collect();
    [USAGE, 3, MISSING, FAILED].into_iter().find(|code| codes.contains(code)).unwrap_or(OK)
}

/// The folder of a pipeline's output: the one that was named or `out/<pipeline>`, and in it one for the
/// variant, where there is one. The same rule for `run`, `plan` and `show`.
fn out_folder(pipeline: &str, variant: Option<&str>, named: Option<&PathBuf>) -> PathBuf {
    let base = named.cloned().unwrap_or_else(|| Path::new("out").join(pipeline));
    variant.map_or(base.clone(), |variant| base.join(variant))
}
