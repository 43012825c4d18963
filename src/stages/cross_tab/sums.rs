//! What a reader can add up: linear forms over the counts of all tables of a stage. Knows which people
//! a count is of, not what is hidden.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::Known;
use super::layout::flags;
use super::options::BaseRule;
use super::tables::{Crossed, Header, Item, Kind};

/// A count: table, row, column (the total is 0). After the rows come the base of the column and then,
/// never shown, those who gave any answer within each of the rows outside.
pub(super) type Count = (usize, usize, usize);

/// Counts that add up to nothing, each with its sign.
pub(super) type Form = BTreeMap<Count, f64>;

/// Places of answers.
type Answers = BTreeSet<u32>;

/// The people of a count by what they answered: conditions, of which none is told twice.
type People = Vec<u32>;

/// Everything that adds up in the tables.
pub(super) fn forms(known: &[Known], tables: &[Crossed<'_>]) -> Vec<Form> {
    let mut sums = Sums { known, tables, forms: Vec::new() };
    for table in 0..tables.len() {
        sums.across(table);
        sums.down(table);
    }
    sums.between();
    sums.forms
}

/// Whether the row has a count that means something: a net of no answers is nobody by its name.
pub(super) fn is_counted(item: &Item) -> bool {
    !item.kind.is_statistic() && !item.keys.is_empty()
}

/// The number of people in a count that is not one of the never shown.
pub(super) fn n(tables: &[Crossed<'_>], (table, row, column): Count) -> u64 {
    let crossed = &tables[table];
    crossed.cells.get(row).unwrap_or(&crossed.bases)[column].n
}

struct Sums<'a, 'c> {
    known: &'a [Known],
    tables: &'a [Crossed<'c>],
    forms: Vec<Form>,
}

/// A row with its answers to the innermost question.
struct Line {
    row: usize,
    kind: Kind,
    answers: Answers,
}

impl Sums<'_, '_> {
    /// Adds the sum, if it is one.
    fn add_if_true(&mut self, parts: &[Count], whole: Count) {
        let n = |count: &Count| n(self.tables, *count);
        if parts.iter().map(n).sum::<u64>() == n(&whole) {
            self.forms.push(sum(parts.iter().copied(), whole));
        }
    }

    /// Columns add up to the total, those of several answers if nobody is in two.
    fn across(&mut self, table: usize) {
        let crossed = &self.tables[table];
        let base = crossed.items.len();
        let people: u64 = crossed.bases[1..].iter().map(|base| base.n).sum();
        if crossed.columns_overlap() && people != crossed.bases[0].n {
            return;
        }
        let rows = (0..base).filter(|row| is_counted(&crossed.items[*row])).chain([base]);
        for row in rows {
            let parts = (1..=crossed.headers.len()).map(|column| (table, row, column));
            self.forms.push(sum(parts, (table, row, 0)));
        }
    }

    /// Rows add up to nets and to those who gave an answer, within each of the rows outside.
    fn down(&mut self, table: usize) {
        let crossed = &self.tables[table];
        let base = crossed.items.len();
        let mut groups: BTreeMap<usize, Vec<Line>> = BTreeMap::new();
        for (row, item) in crossed.items.iter().enumerate().filter(|(_, item)| is_counted(item)) {
            let answers = self.answers(crossed, item);
            groups.entry(item.outer).or_default().push(Line { row, kind: item.kind, answers });
        }
        let answered = crossed.asked.base == BaseRule::Answered;
        let alone = groups.len() == 1 && answered;
        for (outer, lines) in &groups {
            let whole = if alone { base } else { base + 1 + outer };
            self.group(table, lines, whole);
        }
        let questions = &crossed.checked.questions;
        let (_, outside) = questions.rows[crossed.plan.row].split_last().unwrap_or((&0, &[]));
        let overlap = outside.iter().any(|part| questions.asked[*part].source.is_multiple());
        if answered && !alone && !overlap && !groups.is_empty() {
            for column in 0..=crossed.headers.len() {
                let parts = groups.keys().map(|outer| (table, base + 1 + outer, column));
                self.forms.push(sum(parts, (table, base, column)));
            }
        }
    }

    /// The sums within one of the rows outside; `whole` is the row of all who gave an answer.
    fn group(&mut self, table: usize, lines: &[Line], whole: usize) {
        let crossed = &self.tables[table];
        let base = crossed.items.len();
        let columns = 0..=crossed.headers.len();
        let all: Answers = lines
            .iter()
            .filter(|line| line.kind == Kind::Answer)
            .flat_map(|line| &line.answers)
            .copied()
            .collect();
        let nets = lines.iter().filter(|line| line.kind == Kind::Net).map(|line| (line.row, &line.answers));
        let targets: Vec<(usize, &Answers)> = nets.chain([(whole, &all)]).collect();
        let several = crossed.asked.source.is_multiple();
        let excluding = self.excluding(crossed);
        for (target, wanted) in targets {
            let is_part = |line: &&Line| line.row != target && line.answers.is_subset(wanted);
            let parts: Vec<&Line> = lines.iter().filter(is_part).collect();
            let answers: Vec<usize> =
                parts.iter().filter(|line| line.kind == Kind::Answer).map(|line| line.row).collect();
            for column in columns.clone() {
                let counts: Vec<Count> = answers.iter().map(|row| (table, *row, column)).collect();
                if !several {
                    self.forms.push(sum(counts, (table, target, column)));
                } else if target <= base {
                    self.add_if_true(&counts, (table, target, column));
                }
            }
            if !several {
                continue;
            }
            for (place, a) in parts.iter().enumerate() {
                // Two names of the same people.
                if a.answers == *wanted && (target >= base || a.row < target) {
                    let same =
                        columns.clone().map(|column| sum([(table, a.row, column)], (table, target, column)));
                    self.forms.extend(same);
                }
                for b in &parts[place + 1..] {
                    let parted = a.answers.is_disjoint(&b.answers);
                    if !parted || a.answers.len() + b.answers.len() != wanted.len() {
                        continue;
                    }
                    // Nobody should be in both. A reader may take the few who are for none.
                    let excludes = a.answers == excluding || b.answers == excluding;
                    for column in columns.clone() {
                        let (parts, whole) =
                            ([a.row, b.row].map(|row| (table, row, column)), (table, target, column));
                        if excludes {
                            self.forms.push(sum(parts, whole));
                        } else if target <= base {
                            self.add_if_true(&parts, whole);
                        }
                    }
                }
            }
        }
    }

    /// The answers to the innermost question of the rows that exclude all others.
    fn excluding(&self, crossed: &Crossed<'_>) -> Answers {
        let questions = &crossed.checked.questions;
        let question = questions.rows[crossed.plan.row].last().copied().unwrap_or_default();
        let none = questions.asked[question].none_of_these.as_ref();
        let of = none.map(|none| super::layout::members(&self.known[question], std::slice::from_ref(none)));
        of.unwrap_or_default().into_iter().map(|at| at as u32).collect()
    }

    /// The answers to the innermost question that a row shows.
    fn answers(&self, crossed: &Crossed<'_>, item: &Item) -> Answers {
        let questions = &crossed.checked.questions;
        let question = questions.rows[crossed.plan.row].last().copied().unwrap_or_default();
        let asked = &questions.asked[question];
        if !asked.source.is_multiple() {
            return item.keys.iter().filter_map(|(key, _)| key.last().copied()).collect();
        }
        let choice = item.choice.and_then(|choice| crossed.plan.row_choices.get(choice));
        let Some((_, flag)) = choice.and_then(|choice| choice.last()) else { return Answers::new() };
        let of = flags(asked, &self.known[question]);
        of[*flag].iter().map(|at| *at as u32).collect()
    }

    /// What tables say of the same people: the same count twice, and counts by one question more that
    /// leave nobody out.
    fn between(&mut self) {
        let mut conditions = Conditions::default();
        let tables: Vec<Vec<(Count, Vec<Condition>)>> =
            (0..self.tables.len()).map(|table| self.people(table, &mut conditions)).collect();
        let questions = |people: &[Condition]| people.iter().map(|one| one.question).collect::<Vec<_>>();
        let ids = |people: &[Condition]| people.iter().map(|one| one.id).collect::<People>();
        let mut kinds: BTreeSet<Vec<usize>> = BTreeSet::new();
        let mut same: BTreeMap<(People, u64), Vec<Count>> = BTreeMap::new();
        for (count, people) in tables.iter().flatten() {
            kinds.insert(questions(people));
            same.entry((ids(people), n(self.tables, *count))).or_default().push(*count);
        }
        for counts in same.values() {
            self.forms.extend(counts.windows(2).map(|pair| sum([pair[0]], pair[1])));
        }
        // Who sees two tables of the same rows with equal bases takes them for the same people.
        let mut alike: BTreeMap<(usize, u64, &People), Vec<Count>> = BTreeMap::new();
        for ((people, _), counts) in &same {
            for count in counts.iter().filter(|count| count.2 == 0) {
                let crossed = &self.tables[count.0];
                let key = (crossed.plan.row, crossed.bases[0].n, people);
                alike.entry(key).or_default().push(*count);
            }
        }
        for counts in alike.values() {
            self.forms.extend(counts.windows(2).map(|pair| sum([pair[0]], pair[1])));
        }
        for people in &tables {
            for kind in &kinds {
                let mut wholes: BTreeMap<(Vec<usize>, People), BTreeMap<People, Count>> = BTreeMap::new();
                for (count, people) in people {
                    let (kept, left): (Vec<&Condition>, Vec<&Condition>) =
                        people.iter().partition(|one| kind.contains(&one.question));
                    let is_kind = kept.iter().map(|one| &one.question).eq(kind);
                    if !is_kind || left.is_empty() || !left.iter().all(|one| one.adds_up) {
                        continue;
                    }
                    let key = (
                        left.iter().map(|one| one.question).collect(),
                        kept.iter().map(|one| one.id).collect(),
                    );
                    wholes.entry(key).or_default().entry(ids(people)).or_insert(*count);
                }
                for ((_, whole), parts) in wholes {
                    let people: u64 = parts.values().map(|part| n(self.tables, *part)).sum();
                    let Some(counts) = same.get(&(whole, people)) else { continue };
                    let elsewhere = counts.iter().find(|count| parts.values().all(|part| part.0 != count.0));
                    if let Some(whole) = elsewhere {
                        self.forms.push(sum(parts.into_values(), *whole));
                    }
                }
            }
        }
    }

    /// All counts of a table with the conditions that their people meet.
    fn people(&self, table: usize, conditions: &mut Conditions) -> Vec<(Count, Vec<Condition>)> {
        let crossed = &self.tables[table];
        let base = crossed.items.len();
        let counted = (0..base).filter(|row| is_counted(&crossed.items[*row]));
        let mut all = Vec::new();
        for row in counted.chain([base]) {
            let of_row = crossed.items.get(row).map(|item| self.of_row(crossed, item, conditions));
            for column in 0..=crossed.headers.len() {
                let header = column.checked_sub(1).map(|at| &crossed.headers[at]);
                let mut people = of_row.clone().unwrap_or_default();
                people
                    .extend(header.map(|header| of_column(crossed, header, conditions)).unwrap_or_default());
                people.sort_by_key(|one| (one.question, one.id, one.adds_up));
                people.dedup_by_key(|one| one.id);
                all.push(((table, row, column), people));
            }
        }
        all
    }

    fn of_row(&self, crossed: &Crossed<'_>, item: &Item, conditions: &mut Conditions) -> Vec<Condition> {
        let key = item.keys.first().map(|(key, _)| key.as_slice()).unwrap_or_default();
        let choice =
            item.choice.map(|choice| crossed.plan.row_choices[choice].as_slice()).unwrap_or_default();
        let variable = &crossed.checked.questions.rows[crossed.plan.row];
        let mut people = conditions.of(crossed, variable, key, choice);
        if let (Some(inner), Some(question)) = (people.last_mut(), variable.last()) {
            let adds_up = inner.adds_up && item.kind == Kind::Answer;
            *inner = Condition { adds_up, ..conditions.id(*question, self.answers(crossed, item)) };
        }
        people
    }
}

fn of_column(crossed: &Crossed<'_>, header: &Header, conditions: &mut Conditions) -> Vec<Condition> {
    let choice =
        header.choice.map(|choice| crossed.plan.column_choices[choice].as_slice()).unwrap_or_default();
    conditions.of(crossed, &crossed.checked.questions.columns[crossed.plan.column], &header.key, choice)
}

/// That one of some answers to a question was given.
#[derive(Debug, Clone, Copy)]
struct Condition {
    question: usize,
    id: u32,
    /// Whether it is one answer of a question to which people give one.
    adds_up: bool,
}

/// Numbers for conditions.
#[derive(Default)]
struct Conditions(BTreeMap<(usize, Answers), u32>);

impl Conditions {
    fn id(&mut self, question: usize, answers: Answers) -> Condition {
        let next = self.0.len() as u32;
        let id = *self.0.entry((question, answers)).or_insert(next);
        Condition { question, id, adds_up: false }
    }

    /// One answer to each question of a variable, in its order.
    fn of(
        &mut self,
        crossed: &Crossed<'_>,
        variable: &[usize],
        key: &[u32],
        choice: &[(usize, usize)],
    ) -> Vec<Condition> {
        let (mut values, mut flags) = (key.iter(), choice.iter());
        let mut people = Vec::new();
        for question in variable {
            let single = !crossed.checked.questions.asked[*question].source.is_multiple();
            let answer =
                if single { values.next().copied() } else { flags.next().map(|(_, flag)| *flag as u32) };
            let condition = self.id(*question, answer.into_iter().collect());
            people.push(Condition { adds_up: single, ..condition });
        }
        people
    }
}

/// The parts add up to the whole.
fn sum(parts: impl IntoIterator<Item = Count>, whole: Count) -> Form {
    let mut form: Form = parts.into_iter().map(|part| (part, 1.0)).collect();
    form.insert(whole, -1.0);
    form
}
