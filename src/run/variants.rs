//! The variants of a pipeline side by side: which of them ran, and one page that leads to the reports of
//! all. Knows the folders of runs, not what is in the pages.

use std::fs;
use std::path::{Path, PathBuf};

use super::publish::{attempts, current};
use crate::diagnostic::RunError;
use crate::report::{self, Entry, Index};

/// The variants that have an attempt on record in this folder, in the order given.
pub fn ran_variants<'v>(folder: &Path, variants: &[&'v str]) -> Vec<&'v str> {
    variants.iter().copied().filter(|variant| !attempts(&folder.join(variant)).is_empty()).collect()
}

/// Writes `index.html` into the folder above the variants: a list of the reports that readers see now, in
/// the order of the variants. Returns its path; none, and no page, where no variant has a report.
///
/// # Errors
/// The page cannot be made or written; the one before stands then.
pub fn index_variants(folder: &Path, pipeline: &str, variants: &[&str]) -> Result<Option<PathBuf>, RunError> {
    let mut entries = Vec::new();
    for variant in variants {
        let Some(published) = current(&folder.join(variant)) else { continue };
        for report in pages(&published.folder.join("reports")) {
            entries.push(Entry {
                label: (*variant).to_owned(),
                href: format!("{variant}/_versions/{}/reports/{report}.html", published.version),
                detail: report,
            });
        }
    }
    if entries.is_empty() {
        return Ok(None);
    }
    let program = concat!("growthring ", env!("CARGO_PKG_VERSION"));
    let index = Index {
        kicker: "By variant".to_owned(),
        title: pipeline.to_owned(),
        entries,
        made: format!("Index of the variants of pipeline {pipeline}, made by {program}."),
        program: program.to_owned(),
        ..Index::default()
    };
    let page = report::index(&index).map_err(|error| RunError::Publish(error.to_string()))?;
    let path = folder.join("index.html");
    let next = folder.join("index.html.next");
    let at = |source| RunError::File { path: path.clone(), source };
    fs::write(&next, page).map_err(at)?;
    fs::rename(&next, &path).map_err(at)?;
    Ok(Some(path))
}

/// The names of the pages in a folder, without their ending.
fn pages(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok()?.strip_suffix(".html").map(str::to_owned))
        .collect();
    names.sort();
    names
}
