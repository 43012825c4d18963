//! All tables of a run, counted block by block: which are packed together, and what becomes of that
//! when a column turns out to have more values. Knows codes, not values.

use rayon::prelude::*;

use super::cells::{Cell, Cells, LeftOut, Levels, NULL, Unusable};
use super::encode::{Codes, Sorted};
use super::pack::Pack;
use super::plan::{self, Margin};
use super::sparse::Sparse;
use super::tally::Tally;
use super::weights::Weights;
use super::{Nulls, TableSpec};
use crate::stats::weights::Base;

/// Rows as codes and weights.
pub(super) struct Block<'a> {
    /// Rows.
    pub height: usize,
    /// The codes of each column.
    pub codes: Vec<&'a Codes>,
    /// One more than the largest code of each column so far.
    pub sizes: Vec<u32>,
    /// Each weight column.
    pub weights: &'a [Weights],
}

/// Counts all tables.
pub(super) struct Counters {
    /// What each table is a margin over.
    margins: Vec<Margin>,
    /// For each table, where each of its dimensions is among the margin's columns.
    places: Vec<Vec<usize>>,
    /// Who counts at present; none before the first block. Every table is in exactly one.
    counters: Vec<Counter>,
    /// For each table, the cells of earlier counters.
    settled: Vec<Tally>,
}

enum Counter {
    Pack(Pack),
    Sparse(Sparse),
}

impl Counters {
    /// Tables given by the places of their dimensions and of their weight in the blocks.
    pub(super) fn new(tables: Vec<(Vec<usize>, Option<usize>)>) -> Self {
        let margin = |(dimensions, weight): &(Vec<usize>, Option<usize>)| {
            let mut columns = dimensions.clone();
            columns.sort_unstable();
            columns.dedup();
            Margin { columns, weight: *weight }
        };
        let margins: Vec<Margin> = tables.iter().map(margin).collect();
        let places = |((dimensions, _), margin): (&(Vec<usize>, _), &Margin)| {
            dimensions.iter().map(|at| margin.columns.partition_point(|column| column < at)).collect()
        };
        Self {
            places: tables.iter().zip(&margins).map(places).collect(),
            settled: margins.iter().map(|_| Tally::default()).collect(),
            counters: Vec::new(),
            margins,
        }
    }

    /// Adds a block.
    pub(super) fn count(&mut self, block: &Block<'_>) {
        self.replan(&block.sizes);
        self.counters.par_iter_mut().for_each_init(Vec::new, |sums: &mut Vec<Base>, counter| match counter {
            Counter::Pack(pack) => pack.count(block, sums),
            Counter::Sparse(sparse) => sparse.count(block),
        });
    }

    /// Takes apart the packs that cannot hold the columns any more, and packs their tables anew.
    ///
    /// Depends on the sizes at the ends of blocks only, so the rows alone decide about it.
    fn replan(&mut self, sizes: &[u32]) {
        let is_held = |counter: &Counter| match counter {
            Counter::Pack(pack) => pack.can_hold(sizes),
            Counter::Sparse(_) => true,
        };
        let mut wanted: Vec<usize> = Vec::new();
        if self.counters.is_empty() {
            wanted.extend(0..self.margins.len());
        } else {
            let (held, broken) = std::mem::take(&mut self.counters).into_iter().partition(is_held);
            self.counters = held;
            for counter in &broken {
                counter.settle(&self.margins, &mut self.settled);
                wanted.extend(counter.tables());
            }
            wanted.sort_unstable();
        }
        for group in plan::plan(&wanted, &self.margins, sizes) {
            let weight = group.tables.first().and_then(|table| self.margins[*table].weight);
            let is_sparse = plan::possible(&group.columns, sizes) > plan::limit(group.tables.len());
            self.counters.push(if is_sparse {
                Counter::Sparse(Sparse::new(group, weight))
            } else {
                Counter::Pack(Pack::new(group, weight, sizes))
            });
        }
    }

    /// The tables by value, sorted, with the rows left out told apart.
    pub(super) fn finish(mut self, tables: &[TableSpec], sorted: &[Sorted], rows: u64) -> Vec<Cells> {
        for counter in &self.counters {
            counter.settle(&self.margins, &mut self.settled);
        }
        let Self { settled, margins, places, .. } = self;
        let tallies = settled.into_par_iter().zip(&margins).zip(&places);
        tallies
            .zip(tables)
            .map(|(((tally, margin), places), table)| {
                let sorted: Vec<&Sorted> = places.iter().map(|at| &sorted[margin.columns[*at]]).collect();
                by_value(tally, places, table, &sorted, rows)
            })
            .collect()
    }
}

impl Counter {
    fn tables(&self) -> &[usize] {
        match self {
            Self::Pack(pack) => pack.tables(),
            Self::Sparse(sparse) => sparse.tables(),
        }
    }

    fn settle(&self, margins: &[Margin], settled: &mut [Tally]) {
        for table in self.tables() {
            settled[*table].add(match self {
                Self::Pack(pack) => pack.margin(&margins[*table]),
                Self::Sparse(sparse) => sparse.cells(),
            });
        }
    }
}

/// A table's cells from codes to values. `places` and `sorted` are those of its dimensions.
fn by_value(tally: Tally, places: &[usize], table: &TableSpec, sorted: &[&Sorted], rows: u64) -> Cells {
    let mut left_out = LeftOut { null: vec![0; places.len()], weight: Unusable::default() };
    let mut found = Vec::new();
    for (codes, Cell { mut base, unusable }) in tally.into_cells() {
        if table.weight.is_none() {
            base = Base::unweighted(base.n);
        }
        let is_left_out =
            |at: &usize| codes[places[*at]] == 0 && table.dimensions[*at].nulls == Nulls::LeaveOut;
        if let Some(at) = (0..places.len()).find(is_left_out) {
            left_out.null[at] += base.n + unusable.total();
            continue;
        }
        left_out.weight += unusable;
        let rank = |(place, sorted): (&usize, &&Sorted)| match codes[*place] {
            0 => NULL,
            code => sorted.ranks[code as usize - 1],
        };
        found.push((places.iter().zip(sorted).map(rank).collect(), Cell { base, unusable }));
    }
    found.sort_unstable_by(|(a, _): &(Vec<u32>, Cell), (b, _)| a.cmp(b));
    let dimensions = sorted.iter().map(|sorted| Levels { values: sorted.values.clone() }).collect();
    Cells::new(dimensions, found, left_out, rows)
}
