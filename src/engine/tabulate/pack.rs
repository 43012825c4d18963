//! The cells of several tables in one: a cell for every combination of codes of the tables' columns
//! together, of which each table is a margin. Knows codes and weights, not values.
//!
//! Each row adds to one cell. Rows whose weight cannot be used are few: they are sent to a cell of
//! their own behind the others, and counted by reason apart.

use std::ops::Range;

use super::cells::{Cell, Unusable};
use super::encode::Codes;
use super::plan::{self, Group};
use super::tally::is_used;
use super::{Block, plan::Margin};
use crate::stats::weights::Base;

/// Rows whose cells are found before they are added to: few enough for the first-level cache.
const STRIP: usize = 1 << 11;

/// Counts the tables of a group.
pub(super) struct Pack {
    /// Places of its columns in the blocks.
    columns: Vec<usize>,
    /// Place of its weight in the blocks.
    weight: Option<usize>,
    /// The places of its tables.
    tables: Vec<usize>,
    /// The codes there is room for in each column. The last column is the fastest.
    room: Vec<u32>,
    /// The cells; fewer than 2¹⁶.
    cells: Vec<Base>,
    /// The same for the rows whose weight cannot be used; empty until there are some.
    unusable: Vec<Unusable>,
}

impl Pack {
    /// No rows yet. The group's cells are within [`plan::limit`] for these sizes.
    pub(super) fn new(group: Group, weight: Option<usize>, sizes: &[u32]) -> Self {
        let room: Vec<u32> = group.columns.iter().map(|at| sizes[*at]).collect();
        let cells = vec![Base::default(); product(&room)];
        Self { columns: group.columns, weight, tables: group.tables, room, cells, unusable: Vec::new() }
    }

    pub(super) fn tables(&self) -> &[usize] {
        &self.tables
    }

    /// Whether columns with so many codes have room here, or can be given room.
    pub(super) fn can_hold(&self, sizes: &[u32]) -> bool {
        self.columns.iter().zip(&self.room).all(|(at, room)| sizes[*at] <= *room)
            || plan::possible(&self.columns, sizes) <= plan::limit(self.tables.len())
    }

    /// Adds a block whose columns it can hold. `sums` is scratch space.
    pub(super) fn count(&mut self, block: &Block<'_>, sums: &mut Vec<Base>) {
        self.make_room(&block.sizes);
        let mut ids = [0; STRIP];
        match self.weight.map(|weight| &block.weights[weight]) {
            None => {
                for rows in strips(block.height) {
                    // Whole numbers: their sums are exact in any order.
                    for id in self.identify(block, rows, &mut ids) {
                        self.cells[usize::from(*id)].n += 1;
                    }
                }
            }
            Some(weights) => {
                let nowhere = self.cells.len();
                sums.clear();
                sums.resize(nowhere + 1, Base::default());
                let mut refused = weights.refused.iter().peekable();
                for rows in strips(block.height) {
                    let Range { start, end } = rows;
                    let ids = self.identify(block, rows, &mut ids);
                    while let Some((row, reason)) = refused.next_if(|(row, _)| *row < end) {
                        let id = &mut ids[row - start];
                        self.unusable.resize(nowhere, Unusable::default());
                        self.unusable[usize::from(*id)].add(*reason);
                        *id = nowhere as u16;
                    }
                    for (id, weight) in ids.iter().zip(&weights.values[start..end]) {
                        let sum = &mut sums[usize::from(*id)];
                        sum.n += 1;
                        sum.weighted += weight;
                        sum.squared += weight * weight;
                    }
                }
                for (cell, sum) in self.cells.iter_mut().zip(sums) {
                    *cell += *sum;
                }
            }
        }
    }

    /// Finds the cell of each of some rows.
    fn identify<'a>(
        &self,
        block: &Block<'_>,
        rows: Range<usize>,
        ids: &'a mut [u16; STRIP],
    ) -> &'a mut [u16] {
        let ids = &mut ids[..rows.len()];
        let mut columns = self.columns.iter().zip(&self.room);
        match columns.next() {
            None => ids.fill(0),
            Some((first, _)) => each(ids, block.codes[*first], rows.clone(), |_, code| code),
        }
        for (at, room) in columns {
            // No overflow: the cell is one of fewer than 2¹⁶.
            let room = *room as u16;
            let further = |id: u16, code| id.wrapping_mul(room).wrapping_add(code);
            each(ids, block.codes[*at], rows.clone(), further);
        }
        ids
    }

    /// Moves the cells apart where a column has more codes than there is room for.
    fn make_room(&mut self, sizes: &[u32]) {
        if self.columns.iter().zip(&self.room).all(|(at, room)| sizes[*at] <= *room) {
            return;
        }
        let room: Vec<u32> =
            self.columns.iter().zip(&self.room).map(|(at, room)| sizes[*at].max(*room)).collect();
        let mut cells = vec![Base::default(); product(&room)];
        let mut unusable = vec![Unusable::default(); if self.unusable.is_empty() { 0 } else { cells.len() }];
        let mut codes = vec![0; room.len()];
        for (at, cell) in self.cells.iter().enumerate() {
            self.codes(at, &mut codes);
            let new = id(&codes, &room);
            cells[new] = *cell;
            if let Some(count) = self.unusable.get(at) {
                unusable[new] = *count;
            }
        }
        (self.room, self.cells, self.unusable) = (room, cells, unusable);
    }

    /// The cells of one of its tables by the codes of the table's columns.
    pub(super) fn margin(&self, table: &Margin) -> Vec<(Vec<u32>, Cell)> {
        let places: Vec<usize> =
            (0..self.columns.len()).filter(|at| table.columns.contains(&self.columns[*at])).collect();
        let room: Vec<u32> = places.iter().map(|at| self.room[*at]).collect();
        let mut margin = vec![Cell::default(); product(&room)];
        let mut all = vec![0; self.columns.len()];
        let mut codes = vec![0; places.len()];
        for (at, base) in self.cells.iter().enumerate() {
            let unusable = self.unusable.get(at).copied().unwrap_or_default();
            if is_used(base, &unusable) {
                self.codes(at, &mut all);
                codes.iter_mut().zip(&places).for_each(|(code, place)| *code = all[*place]);
                let cell = &mut margin[id(&codes, &room)];
                cell.base += *base;
                cell.unusable += unusable;
            }
        }
        let mut used = Vec::new();
        for (at, cell) in margin.into_iter().enumerate() {
            if is_used(&cell.base, &cell.unusable) {
                decode(at, &room, &mut codes);
                used.push((codes.clone(), cell));
            }
        }
        used
    }

    fn codes(&self, cell: usize, codes: &mut [u32]) {
        decode(cell, &self.room, codes);
    }
}

/// Changes the id of each of some rows by its code, which is below 2¹⁶ in a pack.
fn each(ids: &mut [u16], codes: &Codes, rows: Range<usize>, change: impl Fn(u16, u16) -> u16) {
    match codes {
        Codes::Narrow(codes) => {
            ids.iter_mut().zip(&codes[rows]).for_each(|(id, code)| *id = change(*id, *code));
        }
        Codes::Wide(codes) => {
            ids.iter_mut().zip(&codes[rows]).for_each(|(id, code)| *id = change(*id, *code as u16));
        }
    }
}

fn strips(height: usize) -> impl Iterator<Item = Range<usize>> {
    (0..height).step_by(STRIP).map(move |start| start..height.min(start + STRIP))
}

fn product(room: &[u32]) -> usize {
    room.iter().map(|room| *room as usize).product()
}

/// The cell of these codes, the last code fastest.
fn id(codes: &[u32], room: &[u32]) -> usize {
    codes.iter().zip(room).fold(0, |id, (code, room)| id * *room as usize + *code as usize)
}

/// The codes of a cell.
fn decode(mut cell: usize, room: &[u32], codes: &mut [u32]) {
    for (code, room) in codes.iter_mut().zip(room).rev() {
        *code = (cell % *room as usize) as u32;
        cell /= *room as usize;
    }
}
