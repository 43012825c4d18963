//! The cells of one table of which only those that occur are kept, for tables with more possible
//! cells than there should be room for. Knows codes and weights, not values.

use polars::prelude::PlHashMap;

use super::cells::{Cell, Unusable};
use super::encode::Codes;
use super::tally::is_used;
use super::{Block, plan::Group};
use crate::stats::weights::Base;

/// Counts one table.
pub(super) struct Sparse {
    /// Places of its columns in the blocks.
    columns: Vec<usize>,
    /// Place of its weight in the blocks.
    weight: Option<usize>,
    /// The place of the table, alone.
    tables: Vec<usize>,
    /// The first two codes are numbered as pairs, that number and the third code as pairs again, and
    /// so on: the last number is the cell.
    pairs: Vec<Pairs>,
    cells: Vec<Base>,
    unusable: Vec<Unusable>,
    /// The sums of the block at hand, all zero between blocks.
    sums: Vec<Base>,
    /// The cell of each row of the block at hand.
    ids: Vec<u32>,
}

impl Sparse {
    pub(super) fn new(group: Group, weight: Option<usize>) -> Self {
        Self {
            pairs: vec![Pairs::default(); group.columns.len().saturating_sub(1)],
            columns: group.columns,
            weight,
            tables: group.tables,
            cells: Vec::new(),
            unusable: Vec::new(),
            sums: Vec::new(),
            ids: Vec::new(),
        }
    }

    pub(super) fn tables(&self) -> &[usize] {
        &self.tables
    }

    /// Adds a block.
    pub(super) fn count(&mut self, block: &Block<'_>) {
        self.identify(block);
        let Some(weight) = self.weight else {
            for id in &self.ids {
                self.cells[*id as usize].n += 1;
            }
            return;
        };
        let weights = &block.weights[weight];
        let mut refused = weights.refused.iter().peekable();
        for (row, (id, weight)) in self.ids.iter().zip(&weights.values).enumerate() {
            if let Some((_, reason)) = refused.next_if(|(at, _)| *at == row) {
                self.unusable[*id as usize].add(*reason);
            } else {
                let sum = &mut self.sums[*id as usize];
                sum.n += 1;
                sum.weighted += weight;
                sum.squared += weight * weight;
            }
        }
        // A cell may come several times; its sum is zero from the second time on.
        for id in &self.ids {
            self.cells[*id as usize] += std::mem::take(&mut self.sums[*id as usize]);
        }
    }

    /// Finds the cell of each row.
    fn identify(&mut self, block: &Block<'_>) {
        let ids = &mut self.ids;
        ids.clear();
        ids.resize(block.height, 0);
        let mut columns = self.columns.iter();
        if let Some(first) = columns.next() {
            number(ids, block.codes[*first], |_, code| code);
        }
        for (at, pairs) in columns.zip(&mut self.pairs) {
            number(ids, block.codes[*at], |id, code| pairs.id(id, code));
        }
        let size = match self.pairs.last() {
            Some(pairs) => pairs.pairs.len(),
            None => self.columns.first().map_or(1, |at| block.sizes[*at] as usize),
        };
        self.cells.resize(size, Base::default());
        self.unusable.resize(size, Unusable::default());
        self.sums.resize(size, Base::default());
    }

    /// The cells by the codes of the table's columns.
    pub(super) fn cells(&self) -> Vec<(Vec<u32>, Cell)> {
        let used = |(_, (base, unusable)): &(usize, (&Base, &Unusable))| is_used(base, unusable);
        let cell = |(id, (base, unusable)): (usize, (&Base, &Unusable))| {
            (self.codes(id as u32), Cell { base: *base, unusable: *unusable })
        };
        self.cells.iter().zip(&self.unusable).enumerate().filter(used).map(cell).collect()
    }

    fn codes(&self, mut id: u32) -> Vec<u32> {
        let mut codes = vec![0; self.columns.len()];
        for (at, pairs) in self.pairs.iter().enumerate().rev() {
            (id, codes[at + 1]) = pairs.pairs[id as usize];
        }
        if let Some(first) = codes.first_mut() {
            *first = id;
        }
        codes
    }
}

fn number(ids: &mut [u32], codes: &Codes, mut new: impl FnMut(u32, u32) -> u32) {
    match codes {
        Codes::Narrow(codes) => {
            ids.iter_mut().zip(codes).for_each(|(id, code)| *id = new(*id, u32::from(*code)))
        }
        Codes::Wide(codes) => ids.iter_mut().zip(codes).for_each(|(id, code)| *id = new(*id, *code)),
    }
}

/// Numbers pairs in the order in which they are first met.
#[derive(Clone, Default)]
struct Pairs {
    ids: PlHashMap<(u32, u32), u32>,
    pairs: Vec<(u32, u32)>,
}

impl Pairs {
    fn id(&mut self, left: u32, right: u32) -> u32 {
        *self.ids.entry((left, right)).or_insert_with(|| {
            self.pairs.push((left, right));
            self.pairs.len() as u32 - 1
        })
    }
}
