//! How a run is followed on stderr: bars on a terminal, plain lines otherwise, JSON for programs.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::EnvFilter;

use super::{LogFormat, colors, say};
use crate::number::count;
use crate::run::{Event, Watch};

/// Starts the log of the program. `RUST_LOG` asks for more than errors.
pub(super) fn start(format: LogFormat) {
    let default = if format == LogFormat::Json { "growthring=info" } else { "off" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, as in tests, keeps the first.
    let _ = match format {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Human => log.with_ansi(colors()).try_init(),
    };
}

/// Follows a run until it is closed.
pub(super) trait Follow: Watch {
    /// Leaves the terminal as it was.
    fn close(&self) {}
}

/// Who follows a run on this terminal.
pub(super) fn watch(format: LogFormat, interrupted: Arc<AtomicBool>) -> Box<dyn Follow> {
    match format {
        LogFormat::Json => Box::new(Json { interrupted }),
        LogFormat::Human if std::io::stderr().is_terminal() => Box::new(Bars::new(interrupted)),
        LogFormat::Human => Box::new(Lines { interrupted }),
    }
}

struct Lines {
    interrupted: Arc<AtomicBool>,
}

impl Watch for Lines {
    fn event(&self, event: Event<'_>) {
        if let Some(line) = line(&event) {
            say(&line);
        }
    }
    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

impl Follow for Lines {}

struct Bars {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
}

impl Bars {
    fn new(interrupted: Arc<AtomicBool>) -> Self {
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
        let form = if colors() {
            "{bar:24.green} {pos}/{len} {wide_msg}"
        } else {
            "{bar:24} {pos}/{len} {wide_msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, interrupted }
    }
}

impl Watch for Bars {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Started { stage, number, of, .. } => {
                self.bar.set_length(of as u64);
                self.bar.set_position(number as u64 - 1);
                self.bar.set_message(stage.to_owned());
            }
            Event::Landing { dataset } => self.bar.set_message(format!("reading {dataset}")),
            event => {
                if let Some(line) = line(&event) {
                    self.bar.println(line);
                }
            }
        }
    }
    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

impl Follow for Bars {
    fn close(&self) {
        self.bar.finish_and_clear();
    }
}

struct Json {
    interrupted: Arc<AtomicBool>,
}

impl Watch for Json {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Landing { dataset } => tracing::info!(event = "landing", dataset),
            Event::Landed { dataset, rows, refused, took } => {
                tracing::info!(event = "landed", dataset, rows, refused, seconds = took.as_secs_f64());
            }
            Event::Started { stage, kind, number, of } => {
                tracing::info!(event = "started", stage, kind, number, of);
            }
            Event::Finished { stage, rows, cautions, took } => {
                tracing::info!(event = "finished", stage, rows, cautions, seconds = took.as_secs_f64());
            }
            Event::Failed { stage, error } => tracing::error!(event = "failed", stage, error = %error),
            Event::Skipped { stage, because } => tracing::warn!(event = "skipped", stage, because),
            Event::Published { version } => tracing::info!(event = "published", version),
        }
    }
    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

impl Follow for Json {}

fn line(event: &Event<'_>) -> Option<String> {
    Some(match event {
        Event::Landed { dataset, rows, refused, took } => {
            let refused = match refused {
                0 => String::new(),
                n => format!(", {} set aside", count(*n as f64)),
            };
            format!("  read     {dataset}: {} rows{refused} ({})", count(*rows as f64), seconds(*took))
        }
        Event::Finished { stage, rows, cautions, took } => {
            let rows = match rows {
                Some(1) => ": 1 row".to_owned(),
                Some(rows) => format!(": {} rows", count(*rows as f64)),
                None => ": part of the next plan".to_owned(),
            };
            let cautions = match cautions {
                0 => String::new(),
                1 => ", 1 caution".into(),
                n => format!(", {n} cautions"),
            };
            format!("  done     {stage}{rows}{cautions} ({})", seconds(*took))
        }
        Event::Failed { stage, error } => format!("  FAILED   {stage}: {error}"),
        Event::Skipped { stage, because } => format!("  skipped  {stage}: it needs `{because}`"),
        Event::Landing { .. } | Event::Started { .. } | Event::Published { .. } => return None,
    })
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}
