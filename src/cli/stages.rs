//! `growthring stages`

use super::{Exit, out};
use crate::stages::STAGES;

pub(super) fn execute() -> Exit {
    let width = STAGES.iter().map(|kind| kind.spec().kind.len()).max().unwrap_or(0);
    let lines: Vec<String> =
        STAGES.iter().map(|kind| format!("{:width$}  {}\n", kind.spec().kind, kind.spec().summary)).collect();
    out(&lines.concat())
}
