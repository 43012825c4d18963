//! What is hidden because few people are behind it, and what must be hidden with it: a number that
//! could be found by adding and subtracting what is still shown. Knows counts and sums, no weights.
//!
//! Everything that a reader can add up is there as linear forms over the counts. As long as the forms determine a hidden count, one more count is hidden.

use std::collections::{BTreeMap, BTreeSet};

use super::Checked;
use super::answers::Known;
use super::options::Statistic;
use super::sums::{self, Answers, Count, Form, Measured, is_counted, is_of_people};
use super::tables::{Crossed, Item, Kind, nps_class};

/// What is hidden of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Hidden {
    cells: BTreeSet<(usize, usize)>,
    bases: BTreeSet<usize>,
    /// Cells of answers and nets, by column, that are hidden.
    columns: BTreeSet<usize>,
}

impl Hidden {
    /// Whether the cell is hidden. The total column is 0.
    pub(super) fn cell(&self, item: usize, column: usize) -> bool {
        self.cells.contains(&(item, column))
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
    let (forms, measured) = sums::forms(known, tables);
    let mut search = Search::new(tables, below, forms);
    (0..tables.len()).for_each(|table| search.hide_small(table));
    search.hide_measures(&measured);
    search.complete();
    // What was hidden for another's sake may be told by a statistic.
    while search.hide_measures(&measured) {
        search.complete();
    }
    let published = search.unknown.into_iter().filter(|(_, why)| *why == Unknown::Hidden);
    for ((table, row, column), _) in published {
        let of = &mut hidden[table];
        if row == tables[table].items.len() {
            of.bases.insert(column);
        } else {
            of.cells.insert((row, column));
            if is_counted(&tables[table].items[row]) {
                of.columns.insert(column);
            }
        }
    }
    let telling = telling(tables, below);
    for (crossed, hidden) in tables.iter().zip(&mut hidden) {
        hide_nobody(crossed, hidden);
        let tells = |item: &Item| telling.contains(&(crossed.question(), item.kind.word()));
        for at in (0..crossed.items.len()).filter(|at| tells(&crossed.items[*at])) {
            hidden.cells.extend((0..=crossed.headers.len()).map(|column| (at, column)));
        }
    }
    hidden
}

/// Statistics, by question, that nobody may see. Where no row shows the answers, the number of those in a
/// statistic, less than the base or another statistic has, tells how many gave an answer that it leaves
/// out, and sums over columns, rows and tables tell more of them: if these are few anywhere, the statistic
/// is told nowhere.
fn telling(tables: &[Crossed<'_>], below: u64) -> BTreeSet<(usize, &'static str)> {
    let few = |n: u64| (1..below).contains(&n);
    let mut telling = BTreeSet::new();
    for crossed in tables.iter().filter(|crossed| crossed.asked.hide_answers) {
        let statistics: Vec<usize> =
            (0..crossed.items.len()).filter(|at| crossed.items[*at].kind.is_statistic()).collect();
        for column in 0..=crossed.headers.len() {
            for at in &statistics {
                let (item, n) = (&crossed.items[*at], crossed.cells[*at][column].n);
                let answered = crossed.answered[*at][column];
                let others = statistics.iter().filter(|other| crossed.items[**other].outer == item.outer);
                let mut larger = others.map(|other| crossed.cells[*other][column].n).chain([answered]);
                if n < answered && (few(n) || larger.any(|more| few(more.saturating_sub(n)))) {
                    telling.insert((crossed.question(), item.kind.word()));
                }
            }
        }
    }
    telling
}

/// Nets of nobody and statistics of no numbers whose base is hidden.
fn hide_nobody(crossed: &Crossed<'_>, hidden: &mut Hidden) {
    for at in (0..crossed.items.len()).filter(|at| crossed.items[*at].keys.is_empty()) {
        hidden.cells.extend(hidden.bases.iter().map(|column| (at, *column)));
    }
}

/// Why a reader does not see a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unknown {
    /// It is marked as hidden.
    Hidden,
    /// It is never shown.
    Unseen,
}

/// The search for what must be hidden.
struct Search<'a, 'c> {
    tables: &'a [Crossed<'c>],
    below: u64,
    /// Counts that a reader does not see.
    unknown: BTreeMap<Count, Unknown>,
    forms: Vec<Form>,
    /// The forms that a count is in.
    places: BTreeMap<Count, Vec<usize>>,
    /// Of each form: how many of its counts a reader does not see, and how many people are in these.
    open: Vec<(usize, u64)>,
    /// Counts that nothing is left to hide with.
    lost: BTreeSet<Count>,
}

impl<'a, 'c> Search<'a, 'c> {
    fn new(tables: &'a [Crossed<'c>], below: u64, forms: Vec<Form>) -> Self {
        let mut places = BTreeMap::<Count, Vec<usize>>::new();
        for (at, form) in forms.iter().enumerate() {
            form.keys().for_each(|count| places.entry(*count).or_default().push(at));
        }
        let unseen = |count: &&Count| count.1 > tables[count.0].items.len();
        let never: Vec<Count> = places.keys().filter(unseen).copied().collect();
        let open = vec![(0, 0); forms.len()];
        let (unknown, lost) = (BTreeMap::new(), BTreeSet::new());
        let mut search = Self { tables, below, unknown, forms, places, open, lost };
        never.into_iter().for_each(|count| _ = search.mark(count, Unknown::Unseen));
        search
    }

    /// Takes a count out of sight. Returns whether it was seen before.
    fn mark(&mut self, count: Count, why: Unknown) -> bool {
        if self.unknown.insert(count, why).is_some() {
            return false;
        }
        // Those that are never shown have no people that a reader could count.
        let n = if count.1 > self.base_row(count.0) { 0 } else { self.n(count) };
        for form in self.places.get(&count).into_iter().flatten() {
            let (counts, people) = &mut self.open[*form];
            (*counts, *people) = (*counts + 1, *people + n);
        }
        true
    }

    fn n(&self, count: Count) -> u64 {
        sums::n(self.tables, count)
    }

    fn base_row(&self, table: usize) -> usize {
        self.tables[table].items.len()
    }

    fn hide_small(&mut self, table: usize) {
        let tables = self.tables;
        let crossed = &tables[table];
        let rows: Vec<usize> =
            (0..crossed.items.len()).filter(|row| is_of_people(&crossed.items[*row])).collect();
        for column in 0..=crossed.headers.len() {
            for row in rows.iter().copied() {
                if !crossed.items[row].shown {
                    self.mark((table, row, column), Unknown::Unseen);
                } else if (1..self.below).contains(&crossed.cells[row][column].n) {
                    self.hide((table, row, column));
                }
            }
            if (1..self.below).contains(&crossed.bases[column].n) {
                self.hide((table, crossed.items.len(), column));
            }
        }
    }

    /// Hides statistics that tell a count that is hidden, or few people behind an answer that no row
    /// shows. Returns whether there were any.
    fn hide_measures(&mut self, measured: &[Measured]) -> bool {
        let mut found = false;
        for measured in measured {
            let is_hidden = |count: &Count| self.unknown.get(count) == Some(&Unknown::Hidden);
            let over_hidden = measured.counts.iter().any(|(_, count)| is_hidden(count));
            let telling: Vec<Count> = (measured.statistics.iter())
                .filter(|statistic| over_hidden || self.tells_few(**statistic, measured))
                .copied()
                .collect();
            for statistic in telling {
                found |= !self.hide(statistic).is_empty();
            }
        }
        found
    }

    /// Whether few gave one of the answers that a statistic is made of, and it helps to tell how many: a
    /// net promoter score does if they make up one of its classes, or what is left of one beside nets;
    /// others do if there are no more scores than figures. The base is a figure, each net and a median;
    /// a mean or its deviation are two, since there is an error or a mean beside it.
    fn tells_few(&self, (table, row, column): Count, measured: &Measured) -> bool {
        let crossed = &self.tables[table];
        let (item, histogram) = (&crossed.items[row], &crossed.histograms[&row][column]);
        let few = |n: u64| (1..self.below).contains(&n);
        let is_net = |count: &Count| {
            let item = &self.tables[count.0].items[count.1];
            item.kind == Kind::Net && item.shown
        };
        let nets: Vec<&Answers> = (measured.counts.iter())
            .filter(|(answers, count)| answers.len() > 1 || is_net(count))
            .map(|(answers, _)| answers)
            .collect();
        let mut scores: BTreeMap<u64, u64> = BTreeMap::new();
        let mut parts: BTreeMap<(Option<u8>, Vec<bool>), u64> = BTreeMap::new();
        for ((key, score), base) in item.keys.iter().zip(histogram).filter(|(_, base)| base.n > 0) {
            // Zero has two signs.
            *scores.entry((score + 0.0).to_bits()).or_default() += base.n;
            let is_in = |net: &&Answers| key.last().is_some_and(|answer| net.contains(answer));
            let class = nps_class(*score).map(|class| class as u8);
            *parts.entry((class, nets.iter().map(is_in).collect())).or_default() += base.n;
        }
        let is_nps = item.kind == Kind::Statistic(Statistic::Nps);
        let kinds: BTreeSet<u8> = (measured.statistics.iter())
            .filter_map(|(table, row, _)| match self.tables[*table].items[*row].kind {
                Kind::Statistic(Statistic::Nps) => Some(2),
                Kind::Statistic(Statistic::Median) => Some(1),
                Kind::Statistic(_) => Some(0),
                _ => None,
            })
            .collect();
        let figures = 1 + nets.len() + kinds.iter().map(|kind| if *kind == 1 { 1 } else { 2 }).sum::<usize>();
        (is_nps && parts.values().any(|n| few(*n)))
            || (scores.len() <= figures && histogram.iter().any(|base| few(base.n)))
    }

    /// Hides a count, and with a base everything in its column, which shares would give away. Returns
    /// what was not hidden before.
    fn hide(&mut self, count: Count) -> Vec<Count> {
        let (table, row, column) = count;
        let mut hidden = vec![count];
        if row == self.base_row(table) {
            let items = &self.tables[table].items;
            let is_shown = |row: &usize| is_of_people(&items[*row]) && items[*row].shown;
            hidden.extend((0..row).filter(is_shown).map(|row| (table, row, column)));
        }
        hidden.retain(|count| self.mark(*count, Unknown::Hidden));
        hidden
    }

    /// Hides one count after the other until none that is hidden can be found out: by one form, which is
    /// looked at again whenever something of it was hidden, and by those that are connected together.
    fn complete(&mut self) {
        let mut dirty: BTreeSet<usize> = (0..self.forms.len()).collect();
        let mut open: Vec<Count> = self.unknown.keys().copied().collect();
        let mut safe: BTreeSet<Count> = BTreeSet::new();
        loop {
            while let Some(form) = dirty.pop_first() {
                let Some(found) = self.told_by(form) else { continue };
                match self.companion(found, Some(form)) {
                    Some(companion) => {
                        for count in self.hide(companion) {
                            dirty.extend(self.places.get(&count).into_iter().flatten());
                            open.push(count);
                        }
                    }
                    None => {
                        self.lost.insert(found);
                        // It may tell another one.
                        dirty.insert(form);
                    }
                }
            }
            let Some(start) = open.pop() else { break };
            if safe.contains(&start) {
                continue;
            }
            let (counts, forms) = self.together_with(start);
            let found = self.told_together(&forms);
            if found.is_empty() {
                safe.extend(counts);
                continue;
            }
            open.push(start);
            let mut touched: BTreeSet<usize> = BTreeSet::new();
            for found in found {
                // Perhaps what was hidden for another one serves this one too: looked at again.
                if self.places[&found].iter().any(|form| touched.contains(form)) {
                    continue;
                }
                let Some(companion) = self.companion(found, None) else {
                    self.lost.insert(found);
                    continue;
                };
                for count in self.hide(companion) {
                    touched.extend(self.places.get(&count).into_iter().flatten());
                    open.push(count);
                }
            }
            dirty.extend(touched);
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

    /// Whether nobody may find out the count, and it is not given up.
    fn is_secret(&self, count: &Count) -> bool {
        let secret = match self.unknown.get(count) {
            Some(Unknown::Hidden) => true,
            // Few people behind an answer that no row shows are nobody's business either.
            Some(Unknown::Unseen) => {
                count.1 < self.base_row(count.0) && (1..self.below).contains(&self.n(*count))
            }
            None => false,
        };
        secret && !self.lost.contains(count)
    }

    /// What a reader does not see of a form.
    fn unseen(&self, form: usize) -> Form {
        let open = self.forms[form].iter().filter(|(count, _)| self.unknown.contains_key(*count));
        open.map(|(count, sign)| (*count, *sign)).collect()
    }

    /// A secret count that a form alone gives away.
    fn told_by(&self, form: usize) -> Option<Count> {
        let (counts, people) = self.open[form];
        if counts == 0 || (counts > 1 && people > counts as u64) {
            return None;
        }
        let form = self.unseen(form);
        let count = form.keys().find(|count| self.is_secret(count)).copied()?;
        (form.len() == 1 || self.is_at_its_limits(&form)).then_some(count)
    }

    /// Secret counts that forms give away together: reduced as far as they go, one that is left with a
    /// single count tells it.
    fn told_together(&self, forms: &BTreeSet<usize>) -> Vec<Count> {
        let mut reduced = Reduced::default();
        forms.iter().for_each(|form| reduced.add(self.unseen(*form)));
        reduced.determined().filter(|count| self.is_secret(count)).collect()
    }

    /// Whether the sum of hidden counts leaves each only one value, since nobody hides an empty cell
    /// without need.
    fn is_at_its_limits(&self, form: &Form) -> bool {
        let signs: BTreeSet<bool> = form.values().map(|sign| *sign > 0.0).collect();
        let sum: u64 = form.keys().map(|count| self.n(*count)).sum();
        let hidden = form.keys().all(|count| self.unknown[count] == Unknown::Hidden);
        hidden && signs.len() == 1 && sum <= form.len() as u64
    }

    /// The count to hide with one that would be found out: the smallest of the sum that gives it away,
    /// somebody in it, in the body of the table if possible.
    fn companion(&self, found: Count, form: Option<usize>) -> Option<Count> {
        let visible = |form: &usize| {
            let counts = self.forms[*form].keys().filter(|count| !self.unknown.contains_key(*count));
            counts.copied().collect::<Vec<_>>()
        };
        let least = |forms: &mut dyn Iterator<Item = usize>| {
            forms.flat_map(|form| visible(&form)).min_by_key(|count| {
                let (table, row, column) = *count;
                let n = self.n(*count);
                let outside = u8::from(row == self.base_row(table)) + u8::from(column == 0);
                (n == 0, outside, n, *count)
            })
        };
        least(&mut form.into_iter())
            .or_else(|| least(&mut self.places[&found].iter().copied()))
            .or_else(|| least(&mut self.together_with(found).1.into_iter()))
    }
}

/// Forms reduced as by Gauss and Jordan: each has a count of its own that no other has. Work goes with the
/// counts that forms have in common, not with the number of forms.
#[derive(Default)]
struct Reduced {
    forms: Vec<Form>,
    /// The form that a count is the own one of.
    own: BTreeMap<Count, usize>,
    /// The forms that have a count that is nobody's own.
    shared: BTreeMap<Count, BTreeSet<usize>>,
}

impl Reduced {
    fn add(&mut self, mut form: Form) {
        let owned: Vec<(Count, usize)> =
            form.keys().filter_map(|count| Some((*count, *self.own.get(count)?))).collect();
        for (count, at) in owned {
            eliminate(&mut form, count, &self.forms[at]);
        }
        let crowd = |count: &Count| self.shared.get(count).map_or(0, BTreeSet::len);
        let Some(own) = form.keys().min_by_key(|count| (crowd(count), **count)).copied() else { return };
        let scale = form[&own];
        form.values_mut().for_each(|value| *value /= scale);
        for at in self.shared.remove(&own).unwrap_or_default() {
            eliminate(&mut self.forms[at], own, &form);
            for count in form.keys().filter(|count| **count != own) {
                let holders = self.shared.entry(*count).or_default();
                if self.forms[at].contains_key(count) {
                    holders.insert(at);
                } else {
                    holders.remove(&at);
                }
            }
        }
        let at = self.forms.len();
        for count in form.keys().filter(|count| **count != own) {
            self.shared.entry(*count).or_default().insert(at);
        }
        self.own.insert(own, at);
        self.forms.push(form);
    }

    /// The counts of which forms are left with nothing else.
    fn determined(&self) -> impl Iterator<Item = Count> {
        let alone = self.own.iter().filter(|(_, at)| self.forms[**at].len() == 1);
        alone.map(|(count, _)| *count)
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
