//! `growthring show`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use polars::prelude::IdxSize;

use super::{Exit, FAILED, MISSING, OK, USAGE, out, out_folder, say, setting, table, unreadable};
use crate::diagnostic::{Code, nearest};
use crate::engine::{Embedded, Engine};
use crate::pipeline::{Pipeline, Setting};
use crate::plan::{read_pipeline, read_text};
use crate::run::{attempts, current, ran_variants};

/// Print a table of a run
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The pipeline file
    file: PathBuf,
    /// The table: a stage, or a side table such as customers.quarantine; omitted: list the tables
    table: Option<String>,
    /// The variant that ran
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// As for `run`, so that its arguments can be kept; the table of the last run is shown, whatever they were
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = setting)]
    vars: Vec<Setting>,
    /// The folder of the output; a variant has a folder of its name in it [default: out/<pipeline>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The published version, the last attempt (`last`), or the id of a run
    #[arg(long, value_name = "RUN", default_value = "published")]
    run: String,
    /// How the table is printed
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Print at most so many rows [default: 50 as a table, all of them as CSV or JSON]
    #[arg(long, value_name = "N")]
    rows: Option<IdxSize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns
    Table,
    /// Comma separated
    Csv,
    /// One JSON object a row
    Json,
}

impl Show {
    pub(super) fn execute(self) -> Exit {
        let folder = match self.folder() {
            Ok(folder) => folder,
            Err(exit) => return exit,
        };
        let tables = names(&folder.join("tables"));
        let Some(name) = &self.table else {
            return out(&tables.iter().map(|name| format!("{name}\n")).collect::<String>());
        };
        if !tables.contains(name) {
            let hint = nearest(name, tables.iter().map(String::as_str)).map_or_else(
                || format!("there are {}", tables.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            say(&format!("error: this run wrote no table `{name}`; {hint}"));
            return USAGE;
        }
        match self.print(&folder.join("tables").join(format!("{name}.parquet"))) {
            Ok(exit) => exit,
            Err(error) => {
                say(&format!("error: the table `{name}` cannot be read: {error}"));
                FAILED
            }
        }
    }

    /// The folder of the run to show.
    fn folder(&self) -> Result<PathBuf, Exit> {
        let (name, variants) = match (&self.out, &self.variant) {
            // Whoever names the folder needs no file.
            (Some(_), None) => {
                let pipeline = read_text(&self.file).ok().and_then(|text| read_pipeline(&self.file, &text).0);
                (String::new(), pipeline.map_or_else(Vec::new, |pipeline| variant_names(&pipeline)))
            }
            _ => {
                let text = read_text(&self.file).map_err(|error| unreadable(&self.file, &error))?;
                let (pipeline, found) = read_pipeline(&self.file, &text);
                let Some(pipeline) = pipeline else {
                    super::say_diagnostics(&found, &self.file, &text);
                    return Err(USAGE);
                };
                let mut unknown =
                    pipeline.variables(self.variant.as_deref(), &self.vars).err().unwrap_or_default();
                unknown.retain(|told| matches!(told.code, Code::UnknownVariant | Code::UnknownVariable));
                if !unknown.is_empty() {
                    super::say_diagnostics(&unknown, &self.file, &text);
                    return Err(USAGE);
                }
                (pipeline.name.value.clone(), variant_names(&pipeline))
            }
        };
        let out = out_folder(&name, self.variant.as_deref(), self.out.as_ref());
        let missing = |what: &str| {
            say(&format!("error: {what} in {}", out.display()));
            let names: Vec<&str> = variants.iter().map(String::as_str).collect();
            let ran = if self.variant.is_none() { ran_variants(&out, &names) } else { Vec::new() };
            match &self.variant {
                _ if !ran.is_empty() => {
                    say(&format!("help: these variants ran; choose one with --variant: {}", ran.join(", ")));
                }
                Some(variant) => {
                    say(&format!("help: growthring run {} --variant {variant}", self.file.display()));
                }
                None => say(&format!("help: growthring run {}", self.file.display())),
            }
            MISSING
        };
        match self.run.as_str() {
            "published" => match current(&out) {
                Some(version) => Ok(version.folder),
                None if attempts(&out).is_empty() => Err(missing("nothing was published")),
                None => Err(missing("nothing was published, but `--run last` shows the last attempt,")),
            },
            wanted => {
                let found = attempts(&out)
                    .into_iter()
                    .find(|attempt| (wanted == "last" || attempt.id == wanted) && attempt.folder.is_some());
                found.and_then(|attempt| attempt.folder).ok_or_else(|| missing("there is no such run"))
            }
        }
    }

    fn print(&self, path: &Path) -> polars::prelude::PolarsResult<Exit> {
        const SHOWN: IdxSize = 50;
        let all = Embedded.rows(path)?;
        let limit = self.rows.or((self.format == Format::Table).then_some(SHOWN));
        let plan = Embedded.scan(path)?;
        let plan = limit.map_or(plan.clone(), |rows| plan.limit(rows));
        let rows = Embedded.collect(vec![plan])?.pop().unwrap_or_default();
        let more = all.saturating_sub(rows.height() as u64);
        let exit = match self.format {
            Format::Table => out(&table::aligned(&rows)),
            Format::Csv => out(&table::csv(&rows)),
            Format::Json => out(&table::json_lines(&rows)),
        };
        if more > 0 {
            say(&format!("… and {more} more rows; `--rows {all}` prints them all"));
        }
        Ok(if exit == OK { OK } else { FAILED })
    }
}

fn variant_names(pipeline: &Pipeline) -> Vec<String> {
    pipeline.variant_names().into_iter().map(str::to_owned).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok()?.strip_suffix(".parquet").map(str::to_owned))
        .collect();
    names.sort();
    names
}
