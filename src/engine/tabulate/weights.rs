//! A column's weights, those that can be used told from those that cannot. Knows no table.

use polars::prelude::{DataType, PolarsResult, Series};

use super::cells::Unusable;

/// The weights of a block's rows.
#[derive(Default)]
pub(super) struct Weights {
    /// The weight of each row, 0 where it cannot be used.
    pub values: Vec<f64>,
    /// The rows whose weight cannot be used, in order, and why.
    pub refused: Vec<(usize, Reason)>,
}

/// Why a weight cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Missing,
    Zero,
    Negative,
}

impl Weights {
    /// Turns to the next block.
    pub(super) fn clear(&mut self) {
        self.values.clear();
        self.refused.clear();
    }

    /// Reads further rows of the block at hand, of any numeric type.
    pub(super) fn read(&mut self, rows: &Series) -> PolarsResult<()> {
        let weights = rows.cast(&DataType::Float64)?;
        for weight in weights.f64()?.iter() {
            let reason = match weight {
                Some(w) if w > 0.0 && w.is_finite() => {
                    self.values.push(w);
                    continue;
                }
                Some(0.0) => Reason::Zero,
                Some(w) if w < 0.0 && w.is_finite() => Reason::Negative,
                _ => Reason::Missing,
            };
            self.refused.push((self.values.len(), reason));
            self.values.push(0.0);
        }
        Ok(())
    }
}

impl Unusable {
    pub(super) fn add(&mut self, reason: Reason) {
        match reason {
            Reason::Missing => self.missing += 1,
            Reason::Zero => self.zero += 1,
            Reason::Negative => self.negative += 1,
        }
    }
}
