//! The folder of the output while a run writes to it: one lock, one fresh version, nothing that a
//! reader can see before all of it is there.
//!
//! ```text
//! out/
//!   _current.json        {"version": "<run>"}: what readers follow; swapped by rename
//!   _versions/<run>/     tables/ charts/ packs/ reports/ exports/: whole versions only
//!   runs/<run>/          manifest.json of each attempt; version/ where it was not published
//!   _work/<run>/         what a run is writing; swept away by the next run if it died
//!   _lock                held while a run writes
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, IntoLazy, NamedFrom, Series};

use super::Manifest;
use super::publish::{self, Pointer};
use crate::diagnostic::{Caution, RunError};
use crate::engine::{Embedded, Engine, Format, Target};

pub(super) struct Store {
    out: PathBuf,
    id: String,
    /// Held until the store is dropped.
    _lock: File,
}

impl Store {
    /// Takes the lock, sweeps away what a run that died left behind, and starts a fresh version.
    pub(super) fn open(out: &Path) -> Result<Self, RunError> {
        make_dir(out)?;
        let lock_path = out.join("_lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(at(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RunError::Locked(out.to_owned())),
            Err(TryLockError::Error(error)) => return Err(at(&lock_path)(error)),
        }
        let work = out.join("_work");
        match fs::remove_dir_all(&work) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&work)(error)),
            _ => {}
        }
        publish::settle(out);
        let id = fresh_id(out);
        let store = Self { out: out.to_owned(), id, _lock: lock };
        make_dir(&store.version().join("tables"))?;
        Ok(store)
    }

    /// The id of this run.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn work(&self) -> PathBuf {
        self.out.join("_work").join(&self.id)
    }

    /// The folder of the version that is being written.
    pub(super) fn version(&self) -> PathBuf {
        self.work().join("version")
    }

    /// The file of a table.
    pub(super) fn table(&self, name: &str) -> PathBuf {
        self.version().join("tables").join(format!("{name}.parquet"))
    }

    /// The folder for what is landed of a dataset, not made yet; gone after the run.
    pub(super) fn landing(&self, dataset: &str) -> PathBuf {
        self.work().join("landing").join(dataset)
    }

    /// The file of a table that is not published; gone after the run.
    pub(super) fn aside(&self, name: &str) -> Result<PathBuf, RunError> {
        let folder = self.work().join("aside");
        make_dir(&folder)?;
        Ok(folder.join(format!("{name}.parquet")))
    }

    /// The path of a file of the version, its folder made. Refuses names that lead out of it.
    pub(super) fn file(&self, name: &str) -> Result<PathBuf, RunError> {
        let inside = !name.is_empty()
            && name.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':']));
        if !inside {
            return Err(RunError::Publish(format!(
                "`{name}` is not the name of a file inside the run's folder"
            )));
        }
        let path = self.version().join(name);
        if let Some(folder) = path.parent() {
            make_dir(folder)?;
        }
        Ok(path)
    }

    /// Writes a file of the version.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let path = self.file(name)?;
        write_synced(&path, bytes).map_err(at(&path))
    }

    /// Writes the cautions of the run as a table.
    pub(super) fn write_cautions(&self, cautions: &[Caution]) -> Result<(), RunError> {
        let text = |of: fn(&Caution) -> String| cautions.iter().map(of).collect::<Vec<String>>();
        let table = DataFrame::new(
            cautions.len(),
            vec![
                Series::new("stage".into(), text(|caution| caution.stage.clone())).into(),
                Series::new("code".into(), text(|caution| caution.code.word().to_owned())).into(),
                Series::new("key".into(), text(|caution| caution.key.clone())).into(),
                Series::new(
                    "figure".into(),
                    cautions.iter().map(|caution| caution.figure).collect::<Vec<_>>(),
                )
                .into(),
                Series::new("message".into(), text(|caution| caution.message.clone())).into(),
            ],
        )?;
        let path = self.table("_cautions");
        Embedded.write(vec![(table.lazy(), Target { path, format: Format::Parquet })])?;
        Ok(())
    }

    /// Makes the version what readers see. Until the last rename they see the old one, whole.
    /// The record says `published` only once they see the new one.
    pub(super) fn publish(&self, manifest: &mut Manifest, keep: usize) -> Result<PathBuf, RunError> {
        manifest.status = publish::PUBLISHING;
        self.record(manifest)?;
        let versions = self.out.join("_versions");
        make_dir(&versions)?;
        let target = versions.join(&self.id);
        fs::rename(self.version(), &target).map_err(at(&target))?;
        sync_dir(&versions)?;
        let pointer = self.out.join("_current.json");
        let text = serde_json::to_vec(&Pointer { version: self.id.clone() })
            .map_err(|error| RunError::Publish(error.to_string()))?;
        let next = self.out.join("_current.json.next");
        write_synced(&next, &text).map_err(at(&next))?;
        fs::rename(&next, &pointer).map_err(at(&pointer))?;
        // Readers see the new version from here on, so nothing below may say that it failed. A record
        // that could not be rewritten is put right by the next run.
        manifest.status = publish::PUBLISHED;
        let _ = self.record(manifest);
        self.sweep();
        // Before the pointer is safe on disk, the old version is what a crash leads back to.
        if sync_dir(&self.out).is_ok() {
            publish::drop_old_versions(&self.out, &self.id, keep);
        }
        Ok(target)
    }

    /// Keeps what was made with the record of the attempt; readers go on with the old version.
    pub(super) fn keep_attempt(&self, manifest: &Manifest) -> Result<PathBuf, RunError> {
        self.record(manifest)?;
        let target = self.out.join("runs").join(&self.id).join("version");
        fs::rename(self.version(), &target).map_err(at(&target))?;
        self.sweep();
        Ok(target)
    }

    /// Keeps only the record.
    pub(super) fn abandon(self, manifest: &Manifest) -> Result<(), RunError> {
        self.record(manifest)?;
        self.sweep();
        Ok(())
    }

    /// Records that the results could not be kept, as far as the disk still takes it, and leaves nothing
    /// half made behind.
    pub(super) fn give_up(&self, manifest: &mut Manifest, error: &RunError) {
        manifest.status = "failed";
        manifest.reason = Some(error.to_string());
        let _ = self.record(manifest);
        let _ = fs::remove_dir_all(self.out.join("_versions").join(&self.id));
        let _ = fs::remove_file(self.out.join("_current.json.next"));
        self.sweep();
    }

    fn record(&self, manifest: &Manifest) -> Result<(), RunError> {
        let folder = self.out.join("runs").join(&self.id);
        make_dir(&folder)?;
        let path = folder.join("manifest.json");
        let text =
            serde_json::to_vec_pretty(manifest).map_err(|error| RunError::Publish(error.to_string()))?;
        write_synced(&path, &text).map_err(at(&path))
    }

    fn sweep(&self) {
        // What stays behind here is swept by the next run; the result of this one stands.
        let _ = fs::remove_dir_all(self.out.join("_work"));
    }
}

/// Sorts by time, and is new even when two runs follow within a millisecond.
fn fresh_id(out: &Path) -> String {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ").to_string();
    (0u32..)
        .map(|n| if n == 0 { now.clone() } else { format!("{now}-{n}") })
        .find(|id| !out.join("runs").join(id).exists() && !out.join("_versions").join(id).exists())
        .unwrap_or(now)
}

fn make_dir(path: &Path) -> Result<(), RunError> {
    fs::create_dir_all(path).map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> RunError {
    let path = path.to_owned();
    move |source| RunError::File { path, source }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A rename is only safe on disk once its folder is.
fn sync_dir(path: &Path) -> Result<(), RunError> {
    #[cfg(unix)]
    File::open(path).and_then(|folder| folder.sync_all()).map_err(at(path))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
