//! What counting a table gives: the cells that occur, in order, and the rows that were left out.

use std::ops::AddAssign;

use polars::prelude::{AnyValue, IdxCa, IdxSize, NewChunkedArray, PolarsResult, Series};

use crate::number;
use crate::stats::weights::Base;

/// The place of null in a [`Cells`] key: after all values.
pub const NULL: u32 = u32::MAX;

/// A counted table.
#[derive(Debug, Clone)]
pub struct Cells {
    /// The values of each dimension, in the order of the spec.
    pub dimensions: Vec<Levels>,
    /// The rows that are in no cell's base.
    pub left_out: LeftOut,
    /// All rows that were read.
    pub rows: u64,
    keys: Vec<u32>,
    cells: Vec<Cell>,
}

/// The values of a dimension: every value that occurs in the column in any row that was read,
/// whether or not the row counts in this table.
#[derive(Debug, Clone)]
pub struct Levels {
    /// The values in order, without null, in the column's type and under its name. Text is ordered
    /// by code points, numbers and dates by size, false before true.
    pub values: Series,
}

/// A cell that occurs: at least one row has its values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cell {
    /// The usable rows. Without a weight, each counts one.
    pub base: Base,
    /// The rows whose weight cannot be used.
    pub unusable: Unusable,
}

/// Rows whose weight cannot be used, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unusable {
    /// Null, not a number, or infinite.
    pub missing: u64,
    /// Zero.
    pub zero: u64,
    /// Below zero.
    pub negative: u64,
}

/// Rows left out of a table, each counted once, under the first reason that applies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// Null in this dimension; always 0 where null is a category.
    pub null: Vec<u64>,
    /// No null that leaves the row out, but a weight that cannot be used.
    pub weight: Unusable,
}

impl Cells {
    pub(super) fn new(
        dimensions: Vec<Levels>,
        sorted: Vec<(Vec<u32>, Cell)>,
        left_out: LeftOut,
        rows: u64,
    ) -> Self {
        let keys = sorted.iter().flat_map(|(key, _)| key.iter().copied()).collect();
        let cells = sorted.into_iter().map(|(_, cell)| cell).collect();
        Self { dimensions, left_out, rows, keys, cells }
    }

    /// The cells in the order of their values, the first dimension slowest, null last. A key has,
    /// for each dimension, the place of the value in [`Levels::values`], or [`NULL`].
    pub fn iter(&self) -> impl Iterator<Item = (&[u32], &Cell)> {
        let width = self.dimensions.len();
        self.cells.iter().enumerate().map(move |(at, cell)| (&self.keys[at * width..][..width], cell))
    }
}

impl Levels {
    /// The values at these places, as a column of the type and the name of the dimension.
    pub fn at(&self, places: impl IntoIterator<Item = u32>) -> PolarsResult<Series> {
        let places = places.into_iter().map(|place| (place != NULL).then_some(place as IdxSize));
        self.values.take(&IdxCa::from_iter_options("".into(), places))
    }

    /// The value at a place as text: numbers at 12 significant digits, dates as in ISO 8601, null
    /// as `null`.
    pub fn text(&self, place: u32) -> String {
        match self.values.get(place as usize).unwrap_or(AnyValue::Null) {
            AnyValue::Null => "null".into(),
            // Adding zero makes a negative zero a plain one.
            AnyValue::Float64(value) => number::plain(value + 0.0),
            AnyValue::Float32(value) => number::plain(f64::from(value) + 0.0),
            value => value.str_value().into_owned(),
        }
    }
}

impl Unusable {
    /// Rows of all reasons.
    pub fn total(&self) -> u64 {
        self.missing + self.zero + self.negative
    }
}

impl AddAssign for Unusable {
    fn add_assign(&mut self, other: Self) {
        self.missing += other.missing;
        self.zero += other.zero;
        self.negative += other.negative;
    }
}

impl LeftOut {
    /// Rows of all reasons.
    pub fn total(&self) -> u64 {
        self.null.iter().sum::<u64>() + self.weight.total()
    }
}
