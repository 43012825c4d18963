//! All integration tests, in one binary: each binary would link the engine again. `tests/README.md`
//! says what each module shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on stops")]

mod bad_input;
mod centralize;
mod charts;
mod cli;
mod diagnostics;
mod house;
mod identities;
mod identities_crosstab;
mod identities_lifecycle;
mod landing;
mod oracles_comparisons;
mod oracles_crosstab;
mod oracles_expressions;
mod oracles_lifecycle;
mod oracles_lifetime;
mod oracles_nps;
mod oracles_partners;
mod oracles_segments;
mod oracles_tests;
mod pages;
mod pipelines;
mod real;
mod recovery;
mod sample;
mod stages;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

static SKIPPED: AtomicUsize = AtomicUsize::new(0);

/// A file of the shared folder of golden and real data (`GROWTHRING_SHARED`, default `../shared`).
///
/// Where it is absent the test that asked is skipped and says so with a count; with
/// `GROWTHRING_REQUIRE_SHARED=1` a missing file is a failure.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root =
        std::env::var_os("GROWTHRING_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(
        std::env::var("GROWTHRING_REQUIRE_SHARED").as_deref() != Ok("1"),
        "{} is missing and GROWTHRING_REQUIRE_SHARED=1",
        file.display()
    );
    let skipped = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    eprintln!("skipped ({skipped} so far): {} is not there", file.display());
    None
}
