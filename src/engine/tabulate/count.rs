//! The cells of one table, added up block by block. Knows codes and weights, not values: what a
//! code stands for is looked up when the counting is done.

use polars::prelude::{Float64Chunked, PlHashMap};

use super::cells::{Cell, Cells, LeftOut, Levels, NULL, Unusable};
use super::encode::Sorted;
use super::{Nulls, TableSpec};
use crate::stats::weights::Base;

/// Above this many possible cells only those that occur are kept.
const DENSE: u64 = 1 << 14;

/// Rows as codes and weights.
pub(super) struct Block {
    /// Rows.
    pub height: usize,
    /// The codes of each column.
    pub codes: Vec<Vec<u32>>,
    /// One more than the largest code of each column so far.
    pub sizes: Vec<u32>,
    /// Each weight column.
    pub weights: Vec<Weights>,
}

/// A block's weights.
pub(super) struct Weights {
    /// The weight, 0 where it cannot be used.
    values: Vec<f64>,
    /// Where some cannot be used: 0, or one more than the place in `Unusable`'s reasons.
    refused: Option<Vec<u8>>,
}

impl Weights {
    pub(super) fn read(column: &Float64Chunked) -> Self {
        let mut values = Vec::with_capacity(column.len());
        let mut refused = Vec::new();
        for (at, weight) in column.iter().enumerate() {
            let reason = match weight {
                Some(w) if w > 0.0 && w.is_finite() => {
                    values.push(w);
                    continue;
                }
                Some(0.0) => ZERO,
                Some(w) if w < 0.0 => NEGATIVE,
                _ => MISSING,
            };
            values.push(0.0);
            refused.resize(column.len(), 0);
            refused[at] = reason;
        }
        Self { values, refused: (!refused.is_empty()).then_some(refused) }
    }
}

const MISSING: u8 = 1;
const ZERO: u8 = 2;
const NEGATIVE: u8 = 3;

/// Adds up the cells of one table.
pub(super) struct Counter {
    /// Places of its columns in the blocks.
    dimensions: Vec<usize>,
    /// Place of its weight in the blocks.
    weight: Option<usize>,
    layout: Layout,
    cells: Vec<Base>,
    unusable: Vec<Unusable>,
    /// The sums of the block at hand, empty between blocks.
    block: Vec<Base>,
    /// The cell of each row of the block at hand.
    ids: Vec<u32>,
}

impl Counter {
    pub(super) fn new(dimensions: Vec<usize>, weight: Option<usize>) -> Self {
        let capacities = vec![1; dimensions.len()];
        Self {
            dimensions,
            weight,
            layout: Layout::Dense { capacities },
            cells: vec![Base::default()],
            unusable: vec![Unusable::default()],
            block: Vec::new(),
            ids: Vec::new(),
        }
    }

    /// Adds a block.
    pub(super) fn count(&mut self, block: &Block) {
        self.make_room(block);
        self.identify(block);
        match self.weight.map(|weight| &block.weights[weight]) {
            None => self.add_unweighted(),
            Some(weights) => self.add(weights),
        }
    }

    /// Moves the cells apart where a column has more values than there is room for.
    fn make_room(&mut self, block: &Block) {
        let Layout::Dense { capacities } = &self.layout else { return };
        let sizes: Vec<u32> = self.dimensions.iter().map(|at| block.sizes[*at]).collect();
        if sizes.iter().zip(capacities).all(|(size, capacity)| size <= capacity) {
            return;
        }
        // Powers of two, so that growing column by column does not move the cells again and again.
        let capacities: Vec<u32> = sizes.iter().map(|size| size.next_power_of_two()).collect();
        let possible = capacities.iter().fold(1u64, |product, c| product.saturating_mul(u64::from(*c)));
        let mut layout = if possible <= DENSE || capacities.len() < 2 {
            Layout::Dense { capacities }
        } else {
            Layout::Sparse { pairs: vec![Pairs::default(); capacities.len() - 1] }
        };
        let (mut cells, mut unusable) = (Vec::new(), Vec::new());
        for id in (0..self.cells.len()).filter(|id| self.is_used(*id)) {
            let new = layout.id(&self.layout.codes(id as u32, self.dimensions.len())) as usize;
            if cells.len() <= new {
                cells.resize(new + 1, Base::default());
                unusable.resize(new + 1, Unusable::default());
            }
            cells[new] = self.cells[id];
            unusable[new] = self.unusable[id];
        }
        let size = layout.size().max(cells.len());
        cells.resize(size, Base::default());
        unusable.resize(size, Unusable::default());
        (self.layout, self.cells, self.unusable) = (layout, cells, unusable);
    }

    /// Finds the cell of each row.
    fn identify(&mut self, block: &Block) {
        let ids = &mut self.ids;
        ids.clear();
        let Some((first, rest)) = self.dimensions.split_first() else {
            ids.resize(block.height, 0);
            return;
        };
        ids.extend_from_slice(&block.codes[*first]);
        match &mut self.layout {
            Layout::Dense { capacities } => {
                for (at, capacity) in rest.iter().zip(&capacities[1..]) {
                    for (id, code) in ids.iter_mut().zip(&block.codes[*at]) {
                        *id = *id * capacity + code;
                    }
                }
            }
            Layout::Sparse { pairs } => {
                for (at, pairs) in rest.iter().zip(pairs) {
                    for (id, code) in ids.iter_mut().zip(&block.codes[*at]) {
                        *id = pairs.id(*id, *code);
                    }
                }
            }
        }
        let size = self.layout.size().max(self.cells.len());
        self.cells.resize(size, Base::default());
        self.unusable.resize(size, Unusable::default());
    }

    fn add_unweighted(&mut self) {
        // Whole numbers: their sums are exact in any order.
        for id in &self.ids {
            self.cells[*id as usize].n += 1;
        }
    }

    fn add(&mut self, weights: &Weights) {
        self.block.resize(self.cells.len(), Base::default());
        let sums = &mut self.block;
        let mut add = |id: u32, w: f64| {
            let sum = &mut sums[id as usize];
            sum.n += 1;
            sum.weighted += w;
            sum.squared += w * w;
        };
        match &weights.refused {
            None => {
                for (id, w) in self.ids.iter().zip(&weights.values) {
                    add(*id, *w);
                }
            }
            Some(refused) => {
                for ((id, w), reason) in self.ids.iter().zip(&weights.values).zip(refused) {
                    if *reason == 0 {
                        add(*id, *w);
                    } else {
                        let unusable = &mut self.unusable[*id as usize];
                        match *reason {
                            ZERO => unusable.zero += 1,
                            NEGATIVE => unusable.negative += 1,
                            _ => unusable.missing += 1,
                        }
                    }
                }
            }
        }
        let merge = |(cell, sum): (&mut Base, &mut Base)| {
            let sum = std::mem::take(sum);
            if sum.n > 0 {
                *cell += sum;
            }
        };
        match self.layout {
            Layout::Dense { .. } => self.cells.iter_mut().zip(&mut self.block).for_each(merge),
            // A cell may come several times; its sum is empty from the second time on.
            Layout::Sparse { .. } => self
                .ids
                .iter()
                .for_each(|id| merge((&mut self.cells[*id as usize], &mut self.block[*id as usize]))),
        }
    }

    fn is_used(&self, id: usize) -> bool {
        self.cells[id].n > 0 || self.unusable[id] != Unusable::default()
    }

    /// The cells by value, sorted, with the rows left out told apart.
    pub(super) fn finish(self, table: &TableSpec, sorted: &[Sorted], rows: u64) -> Cells {
        let ranks: Vec<&[u32]> = self.dimensions.iter().map(|at| sorted[*at].ranks.as_slice()).collect();
        let mut left_out = LeftOut { null: vec![0; ranks.len()], weight: Unusable::default() };
        let mut found = Vec::new();
        for id in (0..self.cells.len()).filter(|id| self.is_used(*id)) {
            let codes = self.layout.codes(id as u32, ranks.len());
            let unusable = self.unusable[id];
            let mut base = self.cells[id];
            if self.weight.is_none() {
                base = Base::unweighted(base.n);
            }
            let is_left_out = |at: &usize| codes[*at] == 0 && table.dimensions[*at].nulls == Nulls::LeaveOut;
            if let Some(at) = (0..codes.len()).find(is_left_out) {
                left_out.null[at] += base.n + unusable.total();
                continue;
            }
            left_out.weight += unusable;
            let rank =
                |(code, ranks): (&u32, &&[u32])| if *code == 0 { NULL } else { ranks[*code as usize - 1] };
            let key: Vec<u32> = codes.iter().zip(&ranks).map(rank).collect();
            found.push((key, Cell { base, unusable }));
        }
        found.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let dimensions =
            self.dimensions.iter().map(|at| Levels { values: sorted[*at].values.clone() }).collect();
        Cells::new(dimensions, found, left_out, rows)
    }
}

/// Which cell belongs to which codes.
enum Layout {
    /// A cell for every combination of codes below the capacities, the last dimension fastest.
    Dense { capacities: Vec<u32> },
    /// A cell for every combination that occurs: the first two codes are numbered as pairs, that
    /// number and the third code as pairs again, and so on.
    Sparse { pairs: Vec<Pairs> },
}

impl Layout {
    /// Cells there must be room for.
    fn size(&self) -> usize {
        match self {
            Self::Dense { capacities } => capacities.iter().map(|c| *c as usize).product(),
            Self::Sparse { pairs } => pairs.last().map_or(0, |pairs| pairs.pairs.len()),
        }
    }

    /// The cell of these codes.
    fn id(&mut self, codes: &[u32]) -> u32 {
        let Some((first, rest)) = codes.split_first() else { return 0 };
        match self {
            Self::Dense { capacities } => {
                rest.iter().zip(&capacities[1..]).fold(*first, |id, (code, capacity)| id * capacity + code)
            }
            Self::Sparse { pairs } => {
                rest.iter().zip(pairs).fold(*first, |id, (code, pairs)| pairs.id(id, *code))
            }
        }
    }

    /// The codes of a cell.
    fn codes(&self, mut id: u32, dimensions: usize) -> Vec<u32> {
        let mut codes = vec![0; dimensions];
        match self {
            Self::Dense { capacities } => {
                for (code, capacity) in codes.iter_mut().zip(capacities).rev() {
                    *code = id % capacity;
                    id /= capacity;
                }
            }
            Self::Sparse { pairs } => {
                for (at, pairs) in pairs.iter().enumerate().rev() {
                    (id, codes[at + 1]) = pairs.pairs[id as usize];
                }
                codes[0] = id;
            }
        }
        codes
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
