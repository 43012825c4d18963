//! Where rows of the data stand in a table: the keys of counted cells, read back. Knows places of
//! values, not what they are called.

use super::layout::Shape;
use super::lower::{ANSWERED, NO_ANSWER};
use crate::engine::tabulate::{Levels, NULL, Unusable};
use crate::stats::weights::Base;

/// Where a row of the data stands in a table.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub state: i8,
    pub row: Vec<u32>,
    pub column: Vec<u32>,
    /// Whether it is in some column.
    pub any: bool,
    /// Whether it has the flags of the row that was asked about.
    pub row_in: bool,
    /// Whether it has the flags of each column that was asked about.
    pub column_in: Vec<bool>,
}

/// Rows of the data with one key, in one unit of the design.
pub(super) struct Entry {
    pub key: Key,
    pub base: Base,
    pub unusable: Unusable,
    /// Places of stratum, cluster and population, as far as there are.
    pub unit: Vec<u32>,
}

impl Entry {
    /// Its rows, whether or not their weight can be used.
    pub(super) fn all(&self) -> u64 {
        self.base.n + self.unusable.total()
    }

    /// A row without a stratum or cluster is not in the sample.
    pub(super) fn is_in_design(&self) -> bool {
        !self.unit.contains(&NULL)
    }
}

/// Reads the places of a counted cell's values.
pub(super) fn read_key(
    places: &[u32],
    levels: &[Levels],
    shape: &Shape,
    row_flags: &[usize],
    column_flags: &[Vec<usize>],
) -> Key {
    let truth = |at: usize| {
        levels[at].values.bool().ok().and_then(|values| values.get(places[at] as usize)).unwrap_or(false)
    };
    let mut at = usize::from(shape.has_state);
    let row = places[at..at + shape.row_values].to_vec();
    at += shape.row_values;
    let column = places[at..at + shape.column_values].to_vec();
    at += shape.column_values;
    let any = (at..at + shape.any).all(truth) && !column.contains(&NULL);
    at += shape.any;
    let state = if shape.has_state {
        let states = levels[0].values.i8().ok();
        states.and_then(|states| states.get(places[0] as usize)).unwrap_or(NO_ANSWER)
    } else if row.contains(&NULL) {
        NO_ANSWER
    } else {
        ANSWERED
    };
    Key {
        state,
        row,
        column,
        any,
        row_in: row_flags.iter().all(|flag| truth(at + flag)),
        column_in: column_flags.iter().map(|flags| flags.iter().all(|flag| truth(at + flag))).collect(),
    }
}
