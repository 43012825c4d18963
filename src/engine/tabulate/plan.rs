//! Which tables are counted together. Knows how many codes columns have, not the rows.
//!
//! A table is a margin of every larger table over its columns. So a few large tables, each over some
//! four columns, stand for many small ones, and a row updates one cell where it had updated six. What
//! limits them is the cache: past it an update costs more than it saves.

use std::cmp::Reverse;

/// Cells of several tables that are counted together: with their sums, they stay within a small
/// part of a core's second-level cache.
pub(super) const PACKED: u64 = 1 << 12;

/// Cells of a table that is counted by itself, with room for all that are possible.
pub(super) const DENSE: u64 = 1 << 14;

/// What the planner has to know of a table.
#[derive(Debug, Clone)]
pub(super) struct Margin {
    /// Its columns, each once, in order.
    pub columns: Vec<usize>,
    /// Its weight. Tables with different weights are not counted together.
    pub weight: Option<usize>,
}

/// Tables that are counted together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Their columns, each once, in order.
    pub columns: Vec<usize>,
    /// The places of the tables: each has only columns and the weight of the group.
    pub tables: Vec<usize>,
}

/// The cells that are possible over these columns.
pub(super) fn possible(columns: &[usize], sizes: &[u32]) -> u64 {
    columns.iter().fold(1, |product, at| product.saturating_mul(u64::from(sizes[*at])))
}

/// The most cells a group of this many tables may have.
pub(super) fn limit(tables: usize) -> u64 {
    if tables > 1 { PACKED } else { DENSE }
}

/// Puts every one of `wanted` (places in `tables`) into one group. A group of several tables has at
/// most [`PACKED`] possible cells.
///
/// Greedy: a group starts with a table of most columns and takes the column that brings in most
/// further tables, of several the one with most codes, until none fits. With stubs and banners it
/// so grows on both sides by turns.
pub(super) fn plan(wanted: &[usize], tables: &[Margin], sizes: &[u32]) -> Vec<Group> {
    let mut left = wanted.to_vec();
    left.sort_by_key(|table| Reverse(tables[*table].columns.len()));
    let mut groups = Vec::new();
    while let Some(first) = left.first() {
        let Margin { mut columns, weight } = tables[*first].clone();
        let mut is_in = vec![false; sizes.len()];
        columns.iter().for_each(|at| is_in[*at] = true);
        let mut cells = possible(&columns, sizes);
        if cells > PACKED {
            groups.push(Group { columns, tables: vec![left.remove(0)] });
            continue;
        }
        while let Some(column) = next(&left, tables, sizes, weight, &is_in, PACKED / cells) {
            columns.push(column);
            is_in[column] = true;
            cells *= u64::from(sizes[column]);
        }
        columns.sort_unstable();
        let is_margin = |table: &usize| {
            tables[*table].weight == weight && tables[*table].columns.iter().all(|at| is_in[*at])
        };
        let (margins, others) = left.into_iter().partition(is_margin);
        groups.push(Group { columns, tables: margins });
        left = others;
    }
    groups
}

/// The column that brings in most tables, among those with at most `room` codes.
fn next(
    left: &[usize],
    tables: &[Margin],
    sizes: &[u32],
    weight: Option<usize>,
    is_in: &[bool],
    room: u64,
) -> Option<usize> {
    let mut gains = vec![0; sizes.len()];
    for table in left.iter().map(|table| &tables[*table]).filter(|table| table.weight == weight) {
        let mut missing = table.columns.iter().filter(|at| !is_in[**at]);
        if let (Some(at), None) = (missing.next(), missing.next()) {
            gains[*at] += 1;
        }
    }
    let fits = |at: &usize| gains[*at] > 0 && u64::from(sizes[*at]) <= room;
    (0..sizes.len()).filter(fits).max_by_key(|at| (gains[*at], sizes[*at], Reverse(*at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn margin(columns: &[usize], weight: Option<usize>) -> Margin {
        Margin { columns: columns.to_vec(), weight }
    }

    #[test]
    fn stubs_by_banners_share_updates() {
        let tables: Vec<Margin> =
            (0..30).flat_map(|s| (30..40).map(move |b| margin(&[s, b], Some(0)))).collect();
        let wanted: Vec<usize> = (0..tables.len()).collect();
        let groups = plan(&wanted, &tables, &[7; 40]);
        // 7⁴ cells fit: two by two columns, four tables a group.
        assert_eq!(groups.len(), 75);
        let mut found: Vec<usize> = groups.iter().flat_map(|group| group.tables.clone()).collect();
        found.sort_unstable();
        assert_eq!(found, wanted);
        for group in &groups {
            assert!(possible(&group.columns, &[7; 40]) <= PACKED);
            assert!(
                group.tables.iter().all(|t| tables[*t].columns.iter().all(|c| group.columns.contains(c)))
            );
        }
    }

    #[test]
    fn weights_and_large_tables_stay_apart() {
        let tables = [
            margin(&[], None),
            margin(&[0], Some(0)),
            margin(&[0], None),
            margin(&[0, 1], None),
            margin(&[0, 2], None),
        ];
        let groups = plan(&[0, 1, 2, 3, 4], &tables, &[3, 4, 5000]);
        let expected = [(vec![0, 1], vec![3, 2, 0]), (vec![0, 2], vec![4]), (vec![0], vec![1])];
        let expected = expected.map(|(columns, tables)| Group { columns, tables });
        assert!(groups.len() == 3 && expected.iter().all(|group| groups.contains(group)), "{groups:?}");
    }
}
