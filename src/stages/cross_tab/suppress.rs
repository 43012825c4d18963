//! What is hidden because few people are behind it, and what must be hidden with it: a number that
//! could be found by adding and subtracting what is still shown. Knows counts and sums, no weights.
//!
//! Everything that a reader can add up is there as linear forms over the counts. As long as the forms determine a hidden count, one more count is hidden.

use std::collections::{BTreeMap, BTreeSet};

use super::Checked;
use super::answers::Known;
use super::sums::{self, Count, Form, is_counted};
use super::tables::Crossed;

/// What is hidden of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Hidden {
    cells: BTreeMap<(usize, usize), Reason>,
    bases: BTreeSet<usize>,
    /// Cells of answers and nets, by column, that are hidden.
    columns: BTreeSet<usize>,
}

/// Why a number is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Small,
    Complementary,
}

impl Reason {
    /// The word in the column `suppressed`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Complementary => "complementary",
        }
    }
}

impl Hidden {
    /// Why the cell is hidden, if it is. The total column is 0.
    pub(super) fn cell(&self, item: usize, column: usize) -> Option<Reason> {
        self.cells.get(&(item, column)).copied()
    }

    /// Whether the base of the column is hidden.
    pub(super) fn base(&self, column: usize) -> bool {
        self.bases.contains(&column)
    }

    /// Whether some answer of the column is hidden, so that figures over all of its answers would give
    /// it away.
    pub(super) fn in_column(&self, column: usize) -> bool {
        self.columns.contains(&column)
    }

    /// Whether anything of the table is hidden.
    pub(super) fn is_any(&self) -> bool {
        !self.cells.is_empty() || !self.bases.is_empty()
    }
}

/// What each table hides.
pub(super) fn suppress(checked: &Checked, known: &[Known], tables: &[Crossed<'_>]) -> Vec<Hidden> {
    let mut hidden = vec![Hidden::default(); tables.len()];
    let Some(below) = checked.suppress else { return hidden };
    let mut search = Search::new(tables, below, sums::forms(known, tables));
    (0..tables.len()).for_each(|table| search.hide_small(table));
    search.complete();
    for ((table, row, column), reason) in search.unknown {
        let Some(reason) = reason else { continue };
        let of = &mut hidden[table];
        if row == tables[table].items.len() {
            of.bases.insert(column);
        } else {
            of.cells.insert((row, column), reason);
            of.columns.insert(column);
        }
    }
    for (crossed, hidden) in tables.iter().zip(&mut hidden) {
        hide_statistics(crossed, hidden, below);
    }
    hidden
}

/// Statistics of few people, and those over answers some of which are hidden; nets of nobody whose base is
/// hidden.
fn hide_statistics(crossed: &Crossed<'_>, hidden: &mut Hidden, below: u64) {
    for (at, item) in crossed.items.iter().enumerate() {
        if !item.kind.is_statistic() && !item.keys.is_empty() {
            continue;
        }
        for column in 0..=crossed.headers.len() {
            let n = crossed.cells[at][column].n;
            let reason = if (1..below).contains(&n) || hidden.bases.contains(&column) {
                Some(Reason::Small)
            } else if !item.kind.is_statistic() {
                None
            } else {
                let same = |(row, other): &(usize, usize)| {
                    *other == column && crossed.items[*row].outer == item.outer
                };
                hidden.cells.keys().any(same).then_some(Reason::Complementary)
            };
            if let Some(reason) = reason {
                hidden.cells.entry((at, column)).or_insert(reason);
            }
        }
    }
}

/// The search for what must be hidden.
struct Search<'a, 'c> {
    tables: &'a [Crossed<'c>],
    below: u64,
    /// Counts that a reader does not see: hidden with a reason, or (none) never shown at all.
    unknown: BTreeMap<Count, Option<Reason>>,
    forms: Vec<Form>,
    /// The forms that a count is in.
    places: BTreeMap<Count, Vec<usize>>,
    /// Counts that nothing is left to hide with.
    lost: BTreeSet<Count>,
}

impl<'a, 'c> Search<'a, 'c> {
    fn new(tables: &'a [Crossed<'c>], below: u64, forms: Vec<Form>) -> Self {
        let (mut unknown, mut places) = (BTreeMap::new(), BTreeMap::<Count, Vec<usize>>::new());
        for (at, form) in forms.iter().enumerate() {
            for count in form.keys() {
                places.entry(*count).or_default().push(at);
                if count.1 > tables[count.0].items.len() {
                    unknown.insert(*count, None);
                }
            }
        }
        Self { tables, below, unknown, forms, places, lost: BTreeSet::new() }
    }

    fn n(&self, count: Count) -> u64 {
        sums::n(self.tables, count)
    }

    fn base_row(&self, table: usize) -> usize {
        self.tables[table].items.len()
    }

    fn is_counted(&self, table: usize, row: usize) -> bool {
        is_counted(&self.tables[table].items[row])
    }

    fn hide_small(&mut self, table: usize) {
        let tables = self.tables;
        let crossed = &tables[table];
        let rows: Vec<usize> = (0..crossed.items.len()).filter(|row| self.is_counted(table, *row)).collect();
        for column in 0..=crossed.headers.len() {
            for row in rows.iter().copied() {
                if !crossed.items[row].shown {
                    self.unknown.insert((table, row, column), None);
                } else if (1..self.below).contains(&crossed.cells[row][column].n) {
                    self.unknown.insert((table, row, column), Some(Reason::Small));
                }
            }
            if (1..self.below).contains(&crossed.bases[column].n) {
                self.hide_column(table, column, Reason::Small);
            }
        }
    }

    /// Hides a base and with it everything in its column, which shares would give away.
    fn hide_column(&mut self, table: usize, column: usize, reason: Reason) {
        let rows = (0..self.base_row(table))
            .filter(|row| self.is_counted(table, *row) && self.tables[table].items[*row].shown);
        for row in rows.collect::<Vec<_>>() {
            self.unknown.entry((table, row, column)).or_insert(Some(reason));
        }
        self.unknown.insert((table, self.base_row(table), column), Some(reason));
    }

    /// Hides one count after the other until none that is hidden can be found out.
    fn complete(&mut self) {
        let mut open: Vec<Count> = self.unknown.keys().copied().collect();
        let mut safe: BTreeSet<Count> = BTreeSet::new();
        while let Some(start) = open.pop() {
            if safe.contains(&start) {
                continue;
            }
            let (counts, forms) = self.together_with(start);
            let found = self.found_out(&forms);
            if found.is_empty() {
                safe.extend(counts);
                continue;
            }
            let mut touched: BTreeSet<usize> = BTreeSet::new();
            for (found, form) in found {
                // Perhaps what was hidden for another one serves this one too: looked at again.
                if self.places[&found].iter().any(|form| touched.contains(form)) {
                    continue;
                }
                let Some(companion) = self.companion(found, form, &forms) else {
                    self.lost.insert(found);
                    continue;
                };
                let before: BTreeSet<Count> = self.unknown.keys().copied().collect();
                let (table, row, column) = companion;
                if row == self.base_row(table) {
                    self.hide_column(table, column, Reason::Complementary);
                } else {
                    self.unknown.insert(companion, Some(Reason::Complementary));
                }
                let hidden = self.unknown.keys().filter(|count| !before.contains(*count)).copied();
                for count in hidden.collect::<Vec<_>>() {
                    touched.extend(self.places.get(&count).into_iter().flatten());
                    open.push(count);
                }
            }
            open.push(start);
        }
    }

    /// The unknown counts that forms connect with this one, and these forms.
    fn together_with(&self, start: Count) -> (BTreeSet<Count>, BTreeSet<usize>) {
        let (mut counts, mut forms) = (BTreeSet::from([start]), BTreeSet::new());
        let mut open = vec![start];
        while let Some(count) = open.pop() {
            for form in self.places.get(&count).into_iter().flatten() {
                if forms.insert(*form) {
                    let unknown = self.forms[*form].keys().filter(|count| self.unknown.contains_key(*count));
                    open.extend(unknown.filter(|count| counts.insert(**count)));
                }
            }
        }
        (counts, forms)
    }

    /// Hidden counts that what is shown determines, each with a form that does so alone, if one does.
    fn found_out(&self, forms: &BTreeSet<usize>) -> Vec<(Count, Option<usize>)> {
        let is_hidden =
            |count: &Count| matches!(self.unknown.get(count), Some(Some(_))) && !self.lost.contains(count);
        let unknown = |form: &Form| -> Form {
            let open = form.iter().filter(|(count, _)| self.unknown.contains_key(*count));
            open.map(|(count, sign)| (*count, *sign)).collect()
        };
        let open: Vec<(usize, Form)> = forms.iter().map(|at| (*at, unknown(&self.forms[*at]))).collect();
        let mut found: BTreeMap<Count, Option<usize>> = BTreeMap::new();
        for (at, form) in &open {
            if let Some(count) = form.keys().find(|count| is_hidden(count))
                && (form.len() == 1 || self.is_at_its_limits(form))
            {
                found.entry(*count).or_insert(Some(*at));
            }
        }
        if !found.is_empty() {
            return found.into_iter().collect();
        }
        // Forms together: reduced as far as they go, one that is left with a single count tells it.
        let mut reduced: Vec<(Count, Form)> = Vec::new();
        for (_, mut form) in open {
            for (pivot, other) in &reduced {
                eliminate(&mut form, *pivot, other);
            }
            let Some(pivot) = form.keys().next().copied() else { continue };
            let scale = form[&pivot];
            form.values_mut().for_each(|value| *value /= scale);
            for (_, other) in &mut reduced {
                eliminate(other, pivot, &form);
            }
            reduced.push((pivot, form));
        }
        let single = reduced.iter().filter(|(pivot, form)| form.len() == 1 && is_hidden(pivot));
        single.map(|(pivot, _)| (*pivot, None)).collect()
    }

    /// Whether the sum of hidden counts leaves each only one value, from what their reasons say: a small
    /// one is at least 1, one hidden with it at least the limit.
    fn is_at_its_limits(&self, form: &Form) -> bool {
        let signs: BTreeSet<bool> = form.values().map(|sign| *sign > 0.0).collect();
        let reasons: Option<Vec<Reason>> = form.keys().map(|count| self.unknown[count]).collect();
        let (Some(reasons), 1) = (reasons, signs.len()) else { return false };
        let sum: u64 = form.keys().map(|count| self.n(*count)).sum();
        let least = |reason: &Reason| if *reason == Reason::Small { 1 } else { self.below };
        let lowest: u64 = reasons.iter().map(least).sum();
        let highest = (self.below - 1) * reasons.len() as u64;
        sum <= lowest || (reasons.iter().all(|reason| *reason == Reason::Small) && sum >= highest)
    }

    /// The count to hide with one that would be found out: the smallest of the sum that gives it away,
    /// somebody in it, in the body of the table if possible.
    fn companion(&self, found: Count, form: Option<usize>, together: &BTreeSet<usize>) -> Option<Count> {
        let all = |places: &mut dyn Iterator<Item = &usize>| -> Vec<&Form> {
            places.map(|at| &self.forms[*at]).collect()
        };
        let own = all(&mut form.iter());
        let of_found = all(&mut self.places[&found].iter());
        let others = all(&mut together.iter());
        let candidates = |forms: &[&Form]| {
            let counts = forms.iter().flat_map(|form| form.keys().copied());
            let visible = counts.filter(|count| !self.unknown.contains_key(count));
            visible.min_by_key(|count| {
                let (table, row, column) = *count;
                let n = self.n(*count);
                let outside = u8::from(row == self.base_row(table)) + u8::from(column == 0);
                (n == 0, outside, n, *count)
            })
        };
        candidates(&own).or_else(|| candidates(&of_found)).or_else(|| candidates(&others))
    }
}

/// Takes a pivot out of a form with the help of the form that has it, scaled to 1.
fn eliminate(form: &mut Form, pivot: Count, by: &Form) {
    let Some(factor) = form.get(&pivot).copied() else { return };
    for (count, value) in by {
        let left = form.entry(*count).or_insert(0.0);
        *left -= factor * value;
        if left.abs() < 1e-9 {
            form.remove(count);
        }
    }
}
