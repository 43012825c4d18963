//! Lands the datasets of a run before its stages, several at once: most are one file, which one thread
//! reads. Knows datasets and who watches, no stages.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::step::{WATCHED, caught};
use super::{Event, Watch};
use crate::dataset::{self, DatasetError, Found, Landed};
use crate::diagnostic::RunError;

/// Datasets landed at the same time, at most: each holds some batches of rows.
const AT_ONCE: usize = 4;

/// A dataset, and the folder that takes what is landed of it.
pub(super) struct Job {
    pub dataset: String,
    pub found: Found,
    pub folder: PathBuf,
}

/// What landing gave; outside, a failure that is no fault of the data.
type Reading = Result<Result<Landed, DatasetError>, RunError>;

/// What landing gave, by dataset.
pub(super) type Readings = BTreeMap<String, Reading>;

/// Lands every dataset; that each was landed is told in their order. A dataset that cannot be landed
/// leaves the others alone.
///
/// # Errors
/// Only an interruption. The threads then go on until the process ends, which is what it does next.
pub(super) fn land(jobs: Vec<Job>, watch: &dyn Watch) -> Result<Readings, RunError> {
    // The place of a dataset when it is begun, and once more with what became of it.
    let (send, receive) = channel::<(usize, Option<(Reading, Duration)>)>();
    let (jobs, next) = (Arc::new(jobs), Arc::new(AtomicUsize::new(0)));
    for _ in 0..rayon::current_num_threads().clamp(1, AT_ONCE).min(jobs.len()) {
        let (jobs, next, send) = (Arc::clone(&jobs), Arc::clone(&next), send.clone());
        std::thread::spawn(move || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(at) else { return };
                let begun = Instant::now();
                // Nobody listens any more after an interruption.
                if send.send((at, None)).is_err() {
                    return;
                }
                let read = caught(|| dataset::land(&job.found, &job.folder));
                if send.send((at, Some((read, begun.elapsed())))).is_err() {
                    return;
                }
            }
        });
    }
    drop(send);
    let mut ended = BTreeMap::new();
    let mut readings = Readings::new();
    while readings.len() < jobs.len() {
        match receive.recv_timeout(WATCHED) {
            Ok((at, None)) => watch.event(Event::Landing { dataset: &jobs[at].dataset }),
            Ok((at, Some(reading))) => {
                ended.insert(at, reading);
            }
            Err(_) if watch.interrupted() => return Err(RunError::Interrupted),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        while let Some((read, took)) = ended.remove(&readings.len()) {
            let dataset = jobs[readings.len()].dataset.as_str();
            if let Ok(Ok(landed)) = &read {
                let rows = landed.rows_out();
                watch.event(Event::Landed { dataset, rows, refused: landed.rows_in() - rows, took });
            }
            readings.insert(dataset.to_owned(), read);
        }
    }
    Ok(readings)
}
