//! Cells by the codes of their values, as they leave the counters. Knows no values and no rows.

use super::cells::{Cell, Unusable};
use crate::stats::weights::Base;

/// The cells of a table, in the order of their codes, each combination of codes once.
#[derive(Default)]
pub(super) struct Tally {
    cells: Vec<(Vec<u32>, Cell)>,
}

impl Tally {
    /// Adds cells in any order to those of earlier rows.
    pub(super) fn add(&mut self, later: Vec<(Vec<u32>, Cell)>) {
        self.cells.extend(later);
        // Stable: the sums of earlier rows come first.
        self.cells.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.cells.dedup_by(|(codes, later), (same, cell)| {
            let is_same = codes == same;
            if is_same {
                cell.base += later.base;
                cell.unusable += later.unusable;
            }
            is_same
        });
    }

    pub(super) fn into_cells(self) -> Vec<(Vec<u32>, Cell)> {
        self.cells
    }
}

/// Whether any row is in a cell.
pub(super) fn is_used(base: &Base, unusable: &Unusable) -> bool {
    base.n > 0 || *unusable != Unusable::default()
}
