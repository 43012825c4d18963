//! `growthring example`: the first example of a stage's page, which is known to run since pages are
//! tests.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, FAILED, OK, USAGE, out, say};
use crate::diagnostic::nearest;
use crate::stages::{STAGES, page};

/// Print a pipeline that runs, or write it with its data
#[derive(Debug, Args)]
pub(super) struct Example {
    /// The kind of stage
    kind: String,
    /// Write the pipeline and its data to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Example {
    pub(super) fn execute(self) -> Exit {
        let Some(kind) = STAGES.iter().find(|kind| kind.spec().kind == self.kind) else {
            let near = nearest(&self.kind, STAGES.iter().map(|kind| kind.spec().kind));
            let hint = near.map_or_else(
                || "`growthring stages` lists the kinds".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            say(&format!("error: there is no kind of stage `{}`; {hint}", self.kind));
            return USAGE;
        };
        let spec = kind.spec();
        // Every page has an example that gives something; a test keeps it so.
        let Some(example) = page::examples(spec.page).into_iter().find(|example| !example.gives.is_empty())
        else {
            say(&format!("error: the page of `{}` has no example", spec.kind));
            return FAILED;
        };
        let text = format!("# {}\n# {}\n{}", example.title, spec.summary, example.file(spec.kind));
        let Some(folder) = self.out else {
            say(&format!(
                "note: `growthring example {} --out DIR` writes this file and the data that it reads",
                spec.kind
            ));
            return out(&text);
        };
        let mut files = vec![(format!("{}.yaml", spec.kind), text)];
        let tables = example.tables.iter().filter(|(name, _)| example.mentions(name));
        files.extend(tables.map(|(name, csv)| (format!("{name}.csv"), csv.clone())));
        match write(&folder, &files) {
            Ok(()) => {
                say(&format!("now try: growthring run {}", folder.join(&files[0].0).display()));
                OK
            }
            Err(error) => {
                say(&format!("error: {}: {error}", folder.display()));
                FAILED
            }
        }
    }
}

/// Nothing that is there already is overwritten.
fn write(folder: &Path, files: &[(String, String)]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).exists()) {
        return Err(std::io::Error::new(
            std::io::ErrorKind::AlreadyExists,
            format!("{name} is there already"),
        ));
    }
    files.iter().try_for_each(|(name, text)| std::fs::write(folder.join(name), text))
}
