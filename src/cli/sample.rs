//! `growthring sample`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, FAILED, OK, USAGE, say};
use crate::sample;

/// Make the sample data of one company
#[derive(Debug, Args)]
pub(super) struct Sample {
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How much: 1 is a few thousand customers
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    scale: f64,
    /// Another seed makes another company
    #[arg(long, value_name = "S", default_value_t = sample::Sample::default().seed)]
    seed: u64,
}

impl Sample {
    pub(super) fn execute(self) -> Exit {
        if let Some(name) = foreign(&self.out) {
            say(&format!(
                "error: {} holds something else, such as {name}; name a new folder, so that nothing is overwritten",
                self.out.display()
            ));
            return USAGE;
        }
        match sample::generate(&self.out, sample::Sample { scale: self.scale, seed: self.seed }) {
            Ok(summary) => {
                say(&format!(
                    "{} files of {} customers and {} partners in {}",
                    summary.files.len(),
                    crate::number::count(summary.customers as f64),
                    summary.partners,
                    self.out.display()
                ));
                OK
            }
            Err(error) => {
                say(&format!("error: {}: {error}", self.out.display()));
                if error.kind() == std::io::ErrorKind::InvalidInput { USAGE } else { FAILED }
            }
        }
    }
}

/// A file of a folder that is not a sample; an earlier sample may be made anew.
fn foreign(folder: &Path) -> Option<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let is_sample = folder.join("truth").is_dir()
        && std::fs::read_to_string(folder.join("README.md")).is_ok_and(|text| text == sample::README);
    names.into_iter().next().filter(|_| !is_sample)
}
