//! From counted cells to tables: which rows and columns a table has, in which order, and how many
//! people are in each. Knows values, labels and bases; makes no statistics of them.

use std::collections::{BTreeMap, BTreeSet};

use super::Checked;
use super::answers::Known;
use super::keys::{Entry, Key, read_key};
use super::layout::{Ask, TablePlan};
use super::listing;
use super::lower::{ANSWERED, FILTERED, NO_ANSWER, NOT_ASKED, OUTSIDE};
use super::options::{BaseRule, Sort, Statistic};
use super::questions::Asked;
use crate::engine::tabulate::{Cells, Unusable};
use crate::stats::net_promoter::Class;
use crate::stats::weights::Base;

/// Between the columns, and the values, of a nested variable.
pub(super) const NESTED: &str = " / ";
/// What the total column is called.
pub(super) const TOTAL: &str = "Total";
/// Why a row is not in a table. A row counts once, under the first reason that applies.
pub(super) const REASONS: [&str; 8] = [
    "filtered",
    "not_asked",
    "row_missing",
    "column_missing",
    "design_missing",
    "weight_missing",
    "weight_zero",
    "weight_negative",
];

/// What a row of a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Answer,
    Net,
    Statistic(Statistic),
}

impl Kind {
    /// The word in the column `row_kind`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Net => "net",
            Self::Statistic(Statistic::Mean) => "mean",
            Self::Statistic(Statistic::StdDev) => "std_dev",
            Self::Statistic(Statistic::StdError) => "std_error",
            Self::Statistic(Statistic::Median) => "median",
            Self::Statistic(Statistic::Nps) => "nps",
        }
    }

    pub(super) fn is_statistic(self) -> bool {
        matches!(self, Self::Statistic(_))
    }
}

/// A row of a table: which people it is about.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub kind: Kind,
    pub label: String,
    /// Of an answer: the label of the net that it stands under.
    pub net: Option<String>,
    /// The flags it is counted under.
    pub choice: Option<usize>,
    /// The values of the row's single answers that it holds; of a statistic, with their scores.
    pub keys: Vec<(Vec<u32>, f64)>,
    /// The place of each of the keys.
    pub places: BTreeMap<Vec<u32>, usize>,
    /// Of a box: how many answers it should have.
    pub wanted: Option<usize>,
    /// Whether it is shown, or only counted for others.
    pub shown: bool,
    /// Answers of `none_of_these` are people, not mentions.
    pub is_mention: bool,
    /// Nested rows are sorted within the rows outside them.
    pub outer: usize,
    /// Stays behind when sorted: 0 no, 1 last answers, 2 boxes, 3 statistics.
    pub rank: u8,
    /// Where it stands: of an answer under a net, where the net's first answer stands.
    pub unit: usize,
}

/// A column of a table, the total not counted.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub label: String,
    /// The flags it is counted under.
    pub choice: Option<usize>,
    /// The values of single answers that it holds: one, of a net those of all its answers.
    pub keys: BTreeSet<Vec<u32>>,
    /// Its group: columns that differ in the innermost question only.
    pub group: usize,
    /// Its place in the group, for the letter.
    pub place: usize,
    pub parts: Vec<HeaderPart>,
}

/// What a column shows of one part of its variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeaderPart {
    /// Its place among the answers of the part, nets after them.
    pub place: usize,
    pub is_net: bool,
    /// The values of a single answer, or the places among several.
    pub answers: BTreeSet<u32>,
}

impl Header {
    /// Whether its people are in other columns too: those of the answers that it puts together.
    pub(super) fn is_net(&self) -> bool {
        self.parts.iter().any(|part| part.is_net)
    }

    /// Whether it is nobody by its name: a net of no answers.
    pub(super) fn is_nobody(&self) -> bool {
        self.parts.iter().any(|part| part.answers.is_empty())
    }

    /// Whether everyone in one of the two is in the other one: a net and its answer.
    pub(super) fn holds_or_is_in(&self, other: &Header) -> bool {
        let holds = |a: &Header, b: &Header| {
            a.parts.iter().zip(&b.parts).all(|(a, b)| a.answers.is_superset(&b.answers))
        };
        holds(self, other) || holds(other, self)
    }
}

/// A counted table.
pub(super) struct Crossed<'a> {
    pub checked: &'a Checked,
    /// The stage, by its name.
    pub stage: &'a str,
    pub plan: &'a TablePlan,
    pub counted: &'a [Cells],
    /// The innermost question of the rows.
    pub asked: &'a Asked,
    pub row_variable: String,
    pub column_variable: String,
    pub items: Vec<Item>,
    pub headers: Vec<Header>,
    /// By item, then by column, the total first.
    pub cells: Vec<Vec<Base>>,
    /// By column, the total first.
    pub bases: Vec<Base>,
    /// Of statistics: by item, by column, by place in the item's keys.
    pub histograms: BTreeMap<usize, Vec<Vec<Base>>>,
    /// By item, by column: of statistics, how many people gave any answer to the question. Those without
    /// a value are among them.
    pub answered: Vec<Vec<u64>>,
    pub excluded: [u64; REASONS.len()],
    /// Rows that were read, those outside the stage's condition not counted.
    pub read: u64,
    /// Rows whose weight cannot be used, whether or not they are in the table otherwise.
    pub unusable: u64,
    /// Answers that are no whole number from 0 to 10, where a net promoter score was asked for.
    pub off_scale: u64,
}

impl<'a> Crossed<'a> {
    pub(super) fn new(
        checked: &'a Checked,
        known: &[Known],
        plan: &'a TablePlan,
        counted: &'a [Cells],
        stage: &'a str,
    ) -> Self {
        let questions = &checked.questions;
        let (row, column) = (&questions.rows[plan.row], &questions.columns[plan.column]);
        let names = |variable: &[usize]| {
            variable.iter().map(|part| questions.asked[*part].name.as_str()).collect::<Vec<_>>().join(NESTED)
        };
        let asked = &questions.asked[row.last().copied().unwrap_or_default()];
        let mut crossed = Self {
            checked,
            stage,
            plan,
            counted,
            asked,
            row_variable: names(row),
            column_variable: names(column),
            items: Vec::new(),
            headers: Vec::new(),
            cells: Vec::new(),
            bases: Vec::new(),
            histograms: BTreeMap::new(),
            answered: Vec::new(),
            excluded: [0; REASONS.len()],
            read: 0,
            unusable: 0,
            off_scale: 0,
        };
        let everyone = crossed.entries(&Ask { row: None, columns: Vec::new() });
        crossed.exclude(&everyone);
        crossed.headers = listing::headers(&crossed, known, column, &everyone);
        crossed.items = listing::items(&crossed, known, row, &everyone);
        crossed.count();
        crossed.sort();
        crossed
    }

    /// The rows of the data as a counted table has them.
    pub(super) fn entries(&self, ask: &Ask) -> Vec<Entry> {
        let Some(spec) = self.plan.asks.get(ask) else { return Vec::new() };
        let cells = &self.counted[*spec];
        let shape = self.checked.shape(self.plan, ask);
        let flag_places = |flags: &[(usize, usize)]| -> Vec<usize> {
            flags.iter().filter_map(|flag| shape.flags.iter().position(|other| other == flag)).collect()
        };
        let row_flags = ask.row.map(|at| flag_places(&self.plan.row_choices[at])).unwrap_or_default();
        let column_flags: Vec<Vec<usize>> =
            ask.columns.iter().map(|at| flag_places(&self.plan.column_choices[*at])).collect();
        cells
            .iter()
            .map(|(key, cell)| Entry {
                key: read_key(key, &cells.dimensions, &shape, &row_flags, &column_flags),
                base: cell.base,
                unusable: cell.unusable,
                unit: key[key.len() - shape.design..].to_vec(),
            })
            .collect()
    }

    /// Whether rows of this key are in the base of a column; `asked` is the column's place in the ask.
    pub(super) fn in_base(&self, key: &Key, column: Option<(&Header, usize)>) -> bool {
        let most = match self.asked.base {
            BaseRule::Answered => ANSWERED,
            BaseRule::Asked => NO_ANSWER,
            BaseRule::All => NOT_ASKED,
        };
        key.state <= most
            && key.any
            && column.is_none_or(|(header, asked)| {
                header.keys.contains(&key.column)
                    && (header.choice.is_none() || key.column_in.get(asked).copied().unwrap_or(false))
            })
    }

    /// Whether rows of this key are in a row of the table, and with which place among its keys.
    pub(super) fn in_item(&self, key: &Key, item: &Item) -> Option<usize> {
        if key.state != ANSWERED || !(item.choice.is_none() || key.row_in) {
            return None;
        }
        item.places.get(&key.row).copied()
    }

    fn exclude(&mut self, everyone: &[Entry]) {
        let rule = self.asked.base;
        for entry in everyone.iter().filter(|entry| entry.key.state != OUTSIDE) {
            self.read += entry.all();
            self.unusable += entry.unusable.total();
            let reason = match entry.key.state {
                FILTERED => Some(0),
                NOT_ASKED if rule != BaseRule::All => Some(1),
                NO_ANSWER if rule == BaseRule::Answered => Some(2),
                _ if !entry.key.any => Some(3),
                _ if !entry.is_in_design() => Some(4),
                _ => None,
            };
            match reason {
                Some(reason) => self.excluded[reason] += entry.all(),
                None => {
                    let Unusable { missing, zero, negative } = entry.unusable;
                    for (count, n) in self.excluded[5..].iter_mut().zip([missing, zero, negative]) {
                        *count += n;
                    }
                }
            }
        }
    }

    fn count(&mut self) {
        let columns = 1 + self.headers.len();
        self.bases = vec![Base::default(); columns];
        self.cells = vec![vec![Base::default(); columns]; self.items.len()];
        self.answered = vec![vec![0; columns]; self.items.len()];
        let mut histograms: BTreeMap<usize, Vec<Vec<Base>>> = (0..self.items.len())
            .filter(|at| self.items[*at].kind.is_statistic())
            .map(|at| (at, vec![vec![Base::default(); self.items[at].keys.len()]; columns]))
            .collect();
        let single_answers = self.plan.column_choices.is_empty();
        for ask in self.plan.asks.keys().filter(|ask| ask.columns.len() < 2) {
            // Which items and columns this one counts, by their keys.
            let mut items: BTreeMap<&[u32], Vec<(usize, usize)>> = BTreeMap::new();
            let mut statistics: BTreeMap<&[u32], Vec<usize>> = BTreeMap::new();
            for (at, item) in self.items.iter().enumerate().filter(|(_, item)| item.choice == ask.row) {
                for (place, (key, _)) in item.keys.iter().enumerate() {
                    items.entry(key).or_default().push((at, place));
                }
                if let (true, Some((key, _))) = (item.kind.is_statistic(), item.keys.first()) {
                    statistics.entry(outside(key)).or_default().push(at);
                }
            }
            let mut headers: BTreeMap<&[u32], Vec<usize>> = BTreeMap::new();
            let asked = |header: &Header| header.choice == ask.columns.first().copied();
            for (at, header) in self.headers.iter().enumerate().filter(|(_, header)| asked(header)) {
                for key in &header.keys {
                    headers.entry(key).or_default().push(at + 1);
                }
            }
            let counts_base = ask.row.is_none();
            let counts_items = !items.is_empty();
            if !counts_base && !counts_items {
                continue;
            }
            for entry in self.entries(ask).iter().filter(|entry| entry.is_in_design()) {
                if !self.in_base(&entry.key, None) {
                    continue;
                }
                let total = ask.columns.is_empty().then_some(0);
                let counted = single_answers || entry.key.column_in.first().copied().unwrap_or(false);
                let columns = headers.get(entry.key.column.as_slice()).filter(|_| counted);
                for column in total.into_iter().chain(columns.into_iter().flatten().copied()) {
                    if counts_base {
                        self.bases[column] += entry.base;
                    }
                    if entry.key.state != ANSWERED || (ask.row.is_some() && !entry.key.row_in) {
                        continue;
                    }
                    for item in statistics.get(outside(&entry.key.row)).into_iter().flatten() {
                        self.answered[*item][column] += entry.base.n;
                    }
                    for (item, place) in items.get(entry.key.row.as_slice()).into_iter().flatten() {
                        self.cells[*item][column] += entry.base;
                        if let Some(histogram) = histograms.get_mut(item) {
                            histogram[column][*place] += entry.base;
                        }
                    }
                }
            }
        }
        self.histograms = histograms;
        for at in 0..self.items.len() {
            if self.items[at].kind == Kind::Statistic(Statistic::Nps) {
                self.leave_off_scale(at);
            }
        }
    }

    /// Answers outside 0 to 10 are no part of a net promoter score.
    fn leave_off_scale(&mut self, at: usize) {
        let off: Vec<usize> = (0..self.items[at].keys.len())
            .filter(|place| nps_class(self.items[at].keys[*place].1).is_none())
            .collect();
        let Some(histogram) = self.histograms.get_mut(&at) else { return };
        self.off_scale += off.iter().map(|place| histogram[0][*place].n).sum::<u64>();
        for (column, bases) in histogram.iter_mut().enumerate() {
            for place in &off {
                bases[*place] = Base::default();
            }
            self.cells[at][column] = bases.iter().copied().sum();
        }
    }

    /// The items in the order of showing.
    fn sort(&mut self) {
        let by_total = self.asked.sort == Sort::ByTotal;
        let total = |at: usize| if by_total { self.cells[at][0].weighted } else { 0.0 };
        // A net leads the answers that stand under it.
        let mut heads: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for (at, item) in self.items.iter().enumerate().filter(|(_, item)| item.rank == 0) {
            let head = heads.entry((item.outer, item.unit)).or_insert(total(at));
            if item.kind == Kind::Net {
                *head = total(at);
            }
        }
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.sort_by(|a, b| {
            let (first, second) = (&self.items[*a], &self.items[*b]);
            let head = |item: &Item| heads.get(&(item.outer, item.unit)).copied().unwrap_or_default();
            let outside = (first.outer, first.rank).cmp(&(second.outer, second.rank));
            if first.rank > 0 || second.rank > 0 {
                return outside.then_with(|| a.cmp(b));
            }
            outside
                .then_with(|| head(second).total_cmp(&head(first)))
                .then_with(|| first.unit.cmp(&second.unit))
                .then_with(|| (first.kind == Kind::Answer).cmp(&(second.kind == Kind::Answer)))
                .then_with(|| total(*b).total_cmp(&total(*a)))
                .then_with(|| a.cmp(b))
        });
        let place: BTreeMap<usize, usize> = order.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        self.items = order.iter().map(|at| self.items[*at].clone()).collect();
        self.cells = order.iter().map(|at| std::mem::take(&mut self.cells[*at])).collect();
        self.answered = order.iter().map(|at| std::mem::take(&mut self.answered[*at])).collect();
        self.histograms =
            std::mem::take(&mut self.histograms).into_iter().map(|(at, of)| (place[&at], of)).collect();
    }

    /// The columns in the order of the output, the total first under none.
    pub(super) fn columns(&self) -> impl Iterator<Item = (Option<&Header>, &str)> + Clone {
        let named = self.headers.iter().map(|header| (Some(header), header.label.as_str()));
        std::iter::once((None, TOTAL)).chain(named)
    }

    /// Whether people may be in several columns that are no nets.
    pub(super) fn has_several_columns(&self) -> bool {
        !self.plan.column_choices.is_empty()
    }

    /// The innermost question of the rows, by its place.
    pub(super) fn question(&self) -> usize {
        self.checked.questions.rows[self.plan.row].last().copied().unwrap_or_default()
    }

    /// Whether people may be in several rows.
    pub(super) fn rows_overlap(&self) -> bool {
        !self.plan.row_choices.is_empty()
    }
}

/// The values of the questions outside the innermost one.
fn outside(key: &[u32]) -> &[u32] {
    key.split_last().map_or(&[], |(_, outside)| outside)
}

/// The class of an answer that is a whole number from 0 to 10.
pub(super) fn nps_class(answer: f64) -> Option<Class> {
    if answer.fract() == 0.0 && (0.0..=10.0).contains(&answer) { Class::of(answer as i64) } else { None }
}
