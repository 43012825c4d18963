//! What readers of an output folder see: the current version, and the attempts.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The status of a run whose results readers see, or saw.
pub(super) const PUBLISHED: &str = "published";
/// The status of a run that is about to show its results.
pub(super) const PUBLISHING: &str = "publishing";

/// What `_current.json` holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pointer {
    pub version: String,
}

/// The version that readers see.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its name, the id of the run that made it.
    pub version: String,
    /// Its folder.
    pub folder: PathBuf,
}

/// One attempt to run.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The id of the run.
    pub id: String,
    /// The folder of its tables, where they are still there.
    pub folder: Option<PathBuf>,
}

/// The current version of an output folder, if anything was published there.
pub fn current(out: &Path) -> Option<Published> {
    let text = fs::read(out.join("_current.json")).ok()?;
    let Pointer { version } = serde_json::from_slice(&text).ok()?;
    let folder = out.join("_versions").join(&version);
    folder.is_dir().then_some(Published { version, folder })
}

/// Every attempt that is on record, the last one first.
pub fn attempts(out: &Path) -> Vec<Attempt> {
    let mut ids = names(&out.join("runs"));
    ids.reverse();
    ids.into_iter()
        .map(|id| {
            let own = out.join("runs").join(&id).join("version");
            let published = out.join("_versions").join(&id);
            let folder = [own, published].into_iter().find(|folder| folder.is_dir());
            Attempt { id, folder }
        })
        .collect()
}

/// Puts right what a run left that died while it published: a version that readers see was published,
/// one that they never saw goes. What cannot be done now is tried again by the next run.
pub(super) fn settle(out: &Path) {
    let seen = current(out).map(|current| current.version);
    for id in names(&out.join("_versions")) {
        let path = out.join("runs").join(&id).join("manifest.json");
        // Without a record nobody knows what the folder is; then it stays.
        let Some(mut record) =
            fs::read(&path).ok().and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok())
        else {
            continue;
        };
        if record["status"] == PUBLISHED {
            continue;
        }
        let is_seen = seen.as_ref() == Some(&id);
        if !is_seen && fs::remove_dir_all(out.join("_versions").join(&id)).is_err() {
            continue;
        }
        record["status"] = if is_seen { PUBLISHED } else { "failed" }.into();
        if !is_seen {
            record["reason"] = "the run ended while it published".into();
        }
        if let Ok(text) = serde_json::to_vec_pretty(&record) {
            let _ = fs::write(&path, text);
        }
    }
}

/// Removes the oldest versions, and the tables of the oldest unpublished attempts, beyond `keep`. The
/// records stay. What cannot be removed now is tried again by the next run.
pub(super) fn drop_old_versions(out: &Path, current: &str, keep: usize) {
    let versions = out.join("_versions");
    let mut old = names(&versions);
    old.retain(|name| name != current);
    let spare = keep.max(1) - 1;
    for name in old.iter().rev().skip(spare) {
        let _ = fs::remove_dir_all(versions.join(name));
    }
    let unpublished = names(&out.join("runs"))
        .into_iter()
        .rev()
        .map(|id| out.join("runs").join(id).join("version"))
        .filter(|folder| folder.is_dir());
    for folder in unpublished.skip(keep) {
        let _ = fs::remove_dir_all(folder);
    }
}

/// The folders inside a folder, by name: ids sort by time.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
