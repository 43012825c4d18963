//! What a reader can add up: linear forms over the counts of all tables of a stage. Knows which people
//! a count is of, not what is hidden.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::Known;
use super::layout::flags;
use super::options::{BaseRule, Statistic};
use super::questions::Questions;
use super::tables::{Crossed, Header, HeaderPart, Item, Kind};

/// A count: table, row, column (the total is 0). After the rows come the base of the column and then,
/// never shown, those who gave any answer within each of the rows outside.
pub(super) type Count = (usize, usize, usize);

/// Counts that add up to nothing, each with its sign.
pub(super) type Form = BTreeMap<Count, f64>;

/// Places of answers.
pub(super) type Answers = BTreeSet<u32>;

/// The people of a count by what they answered: conditions, of which none is told twice.
type People = Vec<u32>;

/// Statistics of the same people's answers to the same question, in whichever tables they stand.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub statistics: Vec<Count>,
    /// The counts of these answers, and which answers.
    pub counts: Vec<(Answers, Count)>,
}

/// Everything that adds up in the tables, and what statistics are made of. A statistic stands in forms as
/// the sum over its people does, which anyone has who knows it: this too adds up over columns, and over
/// rows outside.
pub(super) fn forms(known: &[Known], tables: &[Crossed<'_>]) -> (Vec<Form>, Vec<Measured>) {
    let mut sums = Sums { known, tables, forms: Vec::new() };
    for table in 0..tables.len() {
        sums.across(table);
        sums.down(table);
    }
    let measured = sums.between();
    (sums.forms, measured)
}

/// Whether the row is of somebody by its name: a net of no answers and a statistic of no numbers are not.
pub(super) fn is_of_people(item: &Item) -> bool {
    !item.keys.is_empty()
}

/// Whether the row has a count that means something: a net of no answers is nobody by its name.
pub(super) fn is_counted(item: &Item) -> bool {
    !item.kind.is_statistic() && is_of_people(item)
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

/// A row or a column with its answers to one question.
struct Line {
    at: usize,
    kind: Kind,
    answers: Answers,
}

/// Rows, or columns, that differ in their answers to one question only.
struct Lines {
    table: usize,
    lines: Vec<Line>,
    /// The row or column of all who gave an answer, if the table has one.
    whole: Option<usize>,
    /// Whether that one is never shown.
    is_unseen: bool,
    is_columns: bool,
    /// The columns that rows go across, or the rows.
    across: Vec<usize>,
    /// Whether people may give several answers, and which exclude all others.
    several: bool,
    excluding: Answers,
}

impl Lines {
    fn count(&self, at: usize, across: usize) -> Count {
        if self.is_columns { (self.table, across, at) } else { (self.table, at, across) }
    }
}

impl Sums<'_, '_> {
    /// Adds the sum, if it is one.
    fn add_if_true(&mut self, parts: &[Count], whole: Count) {
        let n = |count: &Count| n(self.tables, *count);
        if parts.iter().map(n).sum::<u64>() == n(&whole) {
            self.forms.push(sum(parts.iter().copied(), whole));
        }
    }

    /// Columns add up to the total and to their nets, those of several answers if nobody is in two.
    fn across(&mut self, table: usize) {
        let crossed = &self.tables[table];
        let base = crossed.items.len();
        let rows: Vec<usize> =
            (0..base).filter(|row| is_of_people(&crossed.items[*row])).chain([base]).collect();
        let variable = &crossed.checked.questions.columns[crossed.plan.column];
        if variable.len() > 1 {
            let plain: Vec<usize> =
                (1..=crossed.headers.len()).filter(|at| !crossed.headers[at - 1].is_net()).collect();
            let people: u64 = plain.iter().map(|at| crossed.bases[*at].n).sum();
            if !crossed.has_several_columns() || people == crossed.bases[0].n {
                let whole =
                    |row: &usize| sum(plain.iter().map(|column| (table, *row, *column)), (table, *row, 0));
                self.forms.extend(rows.iter().map(whole));
            }
        }
        for (part, question) in variable.iter().enumerate() {
            // By what they answered to the other questions.
            let mut groups: BTreeMap<Vec<&Answers>, Vec<Line>> = BTreeMap::new();
            for (at, header) in crossed.headers.iter().enumerate().filter(|(_, header)| !header.is_nobody()) {
                let own = &header.parts[part];
                let others = header.parts.iter().enumerate().filter(|(other, _)| *other != part);
                let kind = if own.is_net { Kind::Net } else { Kind::Answer };
                let line = Line { at: at + 1, kind, answers: own.answers.clone() };
                groups.entry(others.map(|(_, other)| &other.answers).collect()).or_default().push(line);
            }
            for lines in groups.into_values() {
                self.group(Lines {
                    table,
                    lines,
                    whole: (variable.len() == 1).then_some(0),
                    is_unseen: false,
                    is_columns: true,
                    across: rows.clone(),
                    several: crossed.checked.questions.asked[*question].source.is_multiple(),
                    excluding: self.excluding(crossed, *question),
                });
            }
        }
    }

    /// Rows add up to nets and to those who gave an answer, within each of the rows outside.
    fn down(&mut self, table: usize) {
        let crossed = &self.tables[table];
        let base = crossed.items.len();
        let mut groups: BTreeMap<usize, Vec<Line>> = BTreeMap::new();
        for (row, item) in crossed.items.iter().enumerate().filter(|(_, item)| is_counted(item)) {
            let answers = self.answers(crossed, item);
            groups.entry(item.outer).or_default().push(Line { at: row, kind: item.kind, answers });
        }
        let answered = crossed.asked.base == BaseRule::Answered;
        let alone = groups.len() == 1 && answered;
        let questions = &crossed.checked.questions;
        let (question, outside) = questions.rows[crossed.plan.row].split_last().unwrap_or((&0, &[]));
        let excluding = self.excluding(crossed, *question);
        let outers: Vec<usize> = groups.keys().copied().collect();
        for (outer, lines) in groups {
            self.group(Lines {
                table,
                lines,
                whole: Some(if alone { base } else { base + 1 + outer }),
                is_unseen: !alone,
                is_columns: false,
                across: columns(crossed),
                several: crossed.asked.source.is_multiple(),
                excluding: excluding.clone(),
            });
        }
        let overlap = outside.iter().any(|part| questions.asked[*part].source.is_multiple());
        if answered && !alone && !overlap && !outers.is_empty() {
            for column in columns(crossed) {
                let parts = outers.iter().map(|outer| (table, base + 1 + outer, column));
                self.forms.push(sum(parts, (table, base, column)));
            }
        }
    }

    /// The sums among rows or columns of one question.
    fn group(&mut self, of: Lines) {
        let all: Answers = of
            .lines
            .iter()
            .filter(|line| line.kind == Kind::Answer)
            .flat_map(|line| &line.answers)
            .copied()
            .collect();
        let nets = of.lines.iter().filter(|line| line.kind == Kind::Net).map(|line| (line.at, &line.answers));
        let targets: Vec<(usize, &Answers)> = nets.chain(of.whole.map(|whole| (whole, &all))).collect();
        for (target, wanted) in targets {
            let is_whole = of.whole == Some(target);
            let is_seen = !(is_whole && of.is_unseen);
            let is_part = |line: &&Line| line.at != target && line.answers.is_subset(wanted);
            let parts: Vec<&Line> = of.lines.iter().filter(is_part).collect();
            let answers: Vec<usize> =
                parts.iter().filter(|line| line.kind == Kind::Answer).map(|line| line.at).collect();
            for across in &of.across {
                let counts: Vec<Count> = answers.iter().map(|at| of.count(*at, *across)).collect();
                if !of.several {
                    self.forms.push(sum(counts, of.count(target, *across)));
                } else if is_seen {
                    self.add_if_true(&counts, of.count(target, *across));
                }
            }
            if !of.several {
                continue;
            }
            for (place, a) in parts.iter().enumerate() {
                // Two names of the same people.
                if a.answers == *wanted && (is_whole || a.at < target) {
                    let same = |across: &usize| sum([of.count(a.at, *across)], of.count(target, *across));
                    self.forms.extend(of.across.iter().map(same));
                }
                for b in &parts[place + 1..] {
                    let parted = a.answers.is_disjoint(&b.answers);
                    if !parted || a.answers.len() + b.answers.len() != wanted.len() {
                        continue;
                    }
                    // Nobody should be in both. A reader may take the few who are for none.
                    let excludes = a.answers == of.excluding || b.answers == of.excluding;
                    for across in &of.across {
                        let (parts, whole) =
                            ([a.at, b.at].map(|at| of.count(at, *across)), of.count(target, *across));
                        if excludes {
                            self.forms.push(sum(parts, whole));
                        } else if is_seen {
                            self.add_if_true(&parts, whole);
                        }
                    }
                }
            }
        }
    }

    /// The answers to a question that exclude all others.
    fn excluding(&self, crossed: &Crossed<'_>, question: usize) -> Answers {
        let none = crossed.checked.questions.asked[question].none_of_these.as_ref();
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
    /// leave nobody out. Returns what is told of the same answers of the same people.
    fn between(&mut self) -> Vec<Measured> {
        let Some(questions) = self.tables.first().map(|crossed| &crossed.checked.questions) else {
            return Vec::new();
        };
        let mut conditions = Conditions::new(questions);
        let tables: Vec<Vec<(Count, Vec<Condition>)>> =
            (0..self.tables.len()).map(|table| self.people(table, &mut conditions)).collect();
        let asked = |people: &[Condition]| people.iter().map(|one| one.question).collect::<Vec<_>>();
        let ids = |people: &[Condition]| people.iter().map(|one| one.id).collect::<People>();
        let mut kinds: BTreeSet<Vec<usize>> = BTreeSet::new();
        let mut same: BTreeMap<(People, u64), Vec<Count>> = BTreeMap::new();
        for (count, people) in tables.iter().flatten() {
            kinds.insert(asked(people));
            same.entry((ids(people), n(self.tables, *count))).or_default().push(*count);
        }
        for counts in same.values() {
            self.forms.extend(counts.windows(2).map(|pair| sum([pair[0]], pair[1])));
        }
        // Who sees two tables of the same rows with equal bases takes them for the same people.
        let mut alike: BTreeMap<(Vec<usize>, u64, &People), Vec<Count>> = BTreeMap::new();
        for ((people, _), counts) in &same {
            for count in counts.iter().filter(|count| count.2 == 0) {
                let crossed = &self.tables[count.0];
                let rows = questions.rows[crossed.plan.row].iter();
                let rows = rows.map(|question| conditions.answered_as[*question]).collect();
                let key = (rows, crossed.bases[0].n, people);
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
        self.measured(&tables, &conditions)
    }

    /// Statistics with the counts, each once, of answers to their question within the same people.
    fn measured(&self, tables: &[Vec<(Count, Vec<Condition>)>], conditions: &Conditions) -> Vec<Measured> {
        // Answers to the question at a place, among those who meet the other conditions.
        let within = |people: &[Condition], at: usize| -> (usize, People) {
            let others = people.iter().enumerate().filter(|(other, _)| *other != at);
            (people[at].question, others.map(|(_, one)| one.id).collect())
        };
        let mut measured: BTreeMap<(usize, People), Measured> = BTreeMap::new();
        for (count, people) in tables.iter().flatten() {
            if let Some(at) = people.iter().position(|one| conditions.is_statistic(one)) {
                measured.entry(within(people, at)).or_default().statistics.push(*count);
            }
        }
        let mut told = BTreeSet::new();
        for (count, people) in tables.iter().flatten() {
            if people.iter().any(|one| conditions.is_statistic(one)) {
                continue;
            }
            for at in 0..people.len() {
                let place = within(people, at);
                let of = (place.clone(), people[at].id, n(self.tables, *count));
                if let (Some(measured), true) = (measured.get_mut(&place), told.insert(of)) {
                    measured.counts.push((conditions.answers(&people[at]), *count));
                }
            }
        }
        measured.into_values().collect()
    }

    /// All counts of a table with the conditions that their people meet.
    fn people(&self, table: usize, conditions: &mut Conditions) -> Vec<(Count, Vec<Condition>)> {
        let crossed = &self.tables[table];
        let base = crossed.items.len();
        let counted = (0..base).filter(|row| is_of_people(&crossed.items[*row]));
        let mut all = Vec::new();
        for row in counted.chain([base]) {
            let of_row = crossed.items.get(row).map(|item| self.of_row(crossed, item, conditions));
            for column in columns(crossed) {
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
            let condition = match item.kind {
                Kind::Statistic(statistic) => conditions.statistic(*question, statistic),
                _ => conditions.id(*question, self.answers(crossed, item)),
            };
            *inner = Condition { adds_up, ..condition };
        }
        people
    }
}

fn of_column(crossed: &Crossed<'_>, header: &Header, conditions: &mut Conditions) -> Vec<Condition> {
    let questions = &crossed.checked.questions;
    let variable = &questions.columns[crossed.plan.column];
    let condition = |(question, part): (&usize, &HeaderPart)| {
        let adds_up = !part.is_net && !questions.asked[*question].source.is_multiple();
        Condition { adds_up, ..conditions.id(*question, part.answers.clone()) }
    };
    variable.iter().zip(&header.parts).map(condition).collect()
}

/// The columns of a table that have people by their names, the total being 0.
fn columns(crossed: &Crossed<'_>) -> Vec<usize> {
    let named = |at: &usize| *at == 0 || !crossed.headers[at - 1].is_nobody();
    (0..=crossed.headers.len()).filter(named).collect()
}

/// That one of some answers to a question was given.
#[derive(Debug, Clone, Copy)]
struct Condition {
    /// The first of those that are answered as this one.
    question: usize,
    id: u32,
    /// Whether it is one answer of a question to which people give one.
    adds_up: bool,
}

/// What a condition is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    /// One of these answers was given.
    Answers(Answers),
    /// The answer is a number, as the first question with the same numbers has it. A net promoter score is
    /// a figure of its own; all others are taken as one, since each helps to compute the next.
    Number(usize, bool),
}

/// Numbers for conditions.
struct Conditions {
    /// By question: the first that is answered as it, and the first that is scored as it.
    answered_as: Vec<usize>,
    scored_as: Vec<usize>,
    ids: BTreeMap<(usize, Meaning), u32>,
    meanings: Vec<Meaning>,
}

impl Conditions {
    fn new(questions: &Questions) -> Self {
        let all = || 0..questions.asked.len();
        Self {
            answered_as: all().map(|at| questions.first_answered_as(at)).collect(),
            scored_as: all().map(|at| questions.first_scored_as(at)).collect(),
            ids: BTreeMap::new(),
            meanings: Vec::new(),
        }
    }

    fn id(&mut self, question: usize, answers: Answers) -> Condition {
        self.meaning(question, Meaning::Answers(answers))
    }

    fn statistic(&mut self, question: usize, statistic: Statistic) -> Condition {
        let number = Meaning::Number(self.scored_as[question], statistic == Statistic::Nps);
        self.meaning(question, number)
    }

    fn meaning(&mut self, question: usize, meaning: Meaning) -> Condition {
        let question = self.answered_as[question];
        let meanings = &mut self.meanings;
        let id = *self.ids.entry((question, meaning)).or_insert_with_key(|(_, meaning)| {
            meanings.push(meaning.clone());
            meanings.len() as u32 - 1
        });
        Condition { question, id, adds_up: false }
    }

    fn is_statistic(&self, condition: &Condition) -> bool {
        matches!(self.meanings[condition.id as usize], Meaning::Number(..))
    }

    fn answers(&self, condition: &Condition) -> Answers {
        match &self.meanings[condition.id as usize] {
            Meaning::Answers(answers) => answers.clone(),
            Meaning::Number(..) => Answers::new(),
        }
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
