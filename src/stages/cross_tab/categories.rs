//! The answers of a question as a table shows them: in which order, under which names, with which
//! values; nested or not. Knows values and labels, not how many people gave them.

use std::collections::BTreeSet;
use std::ops::Bound;

use polars::prelude::DataType;

use super::Checked;
use super::answers::Known;
use super::keys::Entry;
use super::layout::{Ask, Layout};
use super::questions::Asked;
use super::tables::{Crossed, NESTED};
use crate::engine::tabulate::{Cells, Levels, NULL};

/// An answer of one part of a variable.
pub(super) struct Category {
    pub label: String,
    /// The value as text.
    pub code: String,
    /// What it counts as a number.
    pub score: Option<f64>,
    /// The value as a number, whatever it counts.
    pub number: Option<f64>,
    pub at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// The place of a single answer among the values of its column.
    Value(u32),
    /// The place among the answers of a question with several.
    Flag(usize),
}

/// The answers of one part of a variable, in their order. `occurs` says which values of a single answer
/// are shown; labelled ones that nobody gave are shown only where the question stands alone.
fn categories(
    asked: &Asked,
    known: &Known,
    levels: Option<&Levels>,
    occurs: &BTreeSet<u32>,
    (alone, nested): (bool, bool),
) -> Vec<Category> {
    let score = |code: &str, number: Option<f64>| match asked.scores.is_empty() {
        true => number,
        false => asked.scores.iter().find(|(value, _)| value == code).map(|(_, score)| *score),
    };
    let mut found: Vec<Category> = match levels {
        None => known
            .answers
            .iter()
            .enumerate()
            .map(|(at, code)| Category {
                label: known.label(code).to_owned(),
                code: code.clone(),
                score: None,
                number: None,
                at: At::Flag(at),
            })
            .collect(),
        Some(levels) => {
            let numbers = levels
                .values
                .dtype()
                .is_numeric()
                .then(|| levels.values.cast(&DataType::Float64).ok())
                .flatten();
            occurs
                .iter()
                .map(|place| {
                    let code = levels.text(*place);
                    let number =
                        numbers.as_ref().and_then(|numbers| numbers.f64().ok()?.get(*place as usize));
                    Category {
                        label: known.label(&code).to_owned(),
                        score: score(&code, number),
                        number,
                        code,
                        at: At::Value(*place),
                    }
                })
                .collect()
        }
    };
    if let (Some(levels), true) = (levels, alone) {
        let numeric = levels.values.dtype().is_numeric();
        let given: BTreeSet<String> = found.iter().map(|category| category.code.clone()).collect();
        // The places after those of all values.
        let first = levels.values.len() as u32;
        for (at, (code, label)) in known.labels.iter().enumerate() {
            if !given.contains(code) {
                let number = if numeric { code.parse::<f64>().ok() } else { None };
                let at = At::Value(first + at as u32);
                found.push(Category {
                    label: label.clone(),
                    code: code.clone(),
                    score: score(code, number),
                    number,
                    at,
                });
            }
        }
    }
    found.sort_by_cached_key(|category| known.place(&category.code).unwrap_or(usize::MAX));
    if nested {
        found.iter_mut().for_each(|category| category.label = nested_label(&category.label));
    }
    make_distinct(&mut found);
    found
}

/// Two answers of one name could not be told apart: later ones carry their value, too.
fn make_distinct(categories: &mut [Category]) {
    let mut taken: BTreeSet<String> = categories.iter().map(|category| category.label.clone()).collect();
    let mut met = BTreeSet::new();
    for category in categories {
        if met.insert(category.label.clone()) {
            continue;
        }
        while taken.contains(&category.label) {
            category.label = format!("{} ({})", category.label, category.code);
        }
        taken.insert(category.label.clone());
        met.insert(category.label.clone());
    }
}

/// An answer as a part of a nested value, which tells its parts by the sign between them.
pub(super) fn nested_label(label: &str) -> String {
    label.replace(NESTED, "/")
}

/// Each part of a variable with its answers.
pub(super) fn parts<'k>(
    crossed: &Crossed<'_>,
    known: &'k [Known],
    variable: &[usize],
    everyone: &[Entry],
    first: usize,
    values: impl Fn(&Entry) -> Option<&Vec<u32>>,
) -> Vec<(Vec<Category>, &'k Known)> {
    let ask = Ask { row: None, columns: Vec::new() };
    let levels = crossed.plan.asks.get(&ask).map(|spec| &crossed.counted[*spec].dimensions);
    let nested = variable.len() > 1;
    let mut single = 0;
    variable
        .iter()
        .map(|part| {
            let asked = &crossed.checked.questions.asked[*part];
            let known = &known[*part];
            if asked.source.is_multiple() {
                return (categories(asked, known, None, &BTreeSet::new(), (false, nested)), known);
            }
            let at = single;
            single += 1;
            let occurs: BTreeSet<u32> = everyone
                .iter()
                .filter_map(|entry| values(entry)?.get(at).copied())
                .filter(|place| *place != NULL)
                .collect();
            let levels = levels.map(|levels| &levels[first + at]);
            (categories(asked, known, levels, &occurs, (!nested, nested)), known)
        })
        .collect()
}

/// An answer of one part of a variable, or a net of several.
pub(super) struct Choice {
    pub label: String,
    /// Its place among the answers, nets after them.
    pub place: usize,
    pub is_net: bool,
    /// Of single answers: the values it holds. None where a person may give several.
    pub values: Option<BTreeSet<u32>>,
    /// Of several answers: its place among the flags, and the answers it holds.
    pub flag: Option<(usize, BTreeSet<u32>)>,
}

impl Choice {
    fn answer(place: usize, category: &Category) -> Self {
        let (values, flag) = match category.at {
            At::Value(value) => (Some(BTreeSet::from([value])), None),
            At::Flag(flag) => (None, Some((flag, BTreeSet::from([flag as u32])))),
        };
        Self { label: category.label.clone(), place, is_net: false, values, flag }
    }

    /// The values or answers that it holds.
    pub(super) fn answers(&self) -> &BTreeSet<u32> {
        static NOTHING: BTreeSet<u32> = BTreeSet::new();
        self.values.as_ref().or(self.flag.as_ref().map(|(_, of)| of)).unwrap_or(&NOTHING)
    }
}

/// The answers of a part, in their order.
pub(super) fn answers(categories: &[Category]) -> Vec<Choice> {
    categories.iter().enumerate().map(|(place, category)| Choice::answer(place, category)).collect()
}

/// The answers and nets of a part, each net before its first answer and the others of it behind that one,
/// as in rows.
pub(super) fn answers_and_nets(
    asked: &Asked,
    known: &Known,
    categories: &[Category],
    nested: bool,
) -> Vec<Choice> {
    let nets: Vec<Vec<usize>> = asked.nets.iter().map(|(_, of)| members(known, categories, of)).collect();
    let unit = |at: usize| {
        nets.iter().find(|of| of.contains(&at)).and_then(|of| of.first()).map_or(at, |first| *first)
    };
    let mut taken: BTreeSet<String> = categories.iter().map(|category| category.label.clone()).collect();
    let mut choices: Vec<(usize, Choice)> = Vec::new();
    for (place, ((name, _), of)) in asked.nets.iter().zip(&nets).enumerate() {
        // Columns are told apart by their names alone.
        let mut label = if nested { nested_label(name) } else { name.clone() };
        while !taken.insert(label.clone()) {
            label.push_str(" (net)");
        }
        let held = |at: &usize| match categories[*at].at {
            At::Value(value) => value,
            At::Flag(flag) => flag as u32,
        };
        let held: BTreeSet<u32> = of.iter().map(held).collect();
        let several = asked.source.is_multiple();
        choices.push((
            of.first().copied().unwrap_or(usize::MAX),
            Choice {
                label,
                place: categories.len() + place,
                is_net: true,
                flag: several.then(|| (known.answers.len() + place, held.clone())),
                values: (!several).then_some(held),
            },
        ));
    }
    choices.extend(answers(categories).into_iter().map(|choice| (unit(choice.place), choice)));
    choices.sort_by_key(|(unit, _)| *unit);
    choices.into_iter().map(|(_, choice)| choice).collect()
}

/// The places of the answers that a written list means, by value or by label.
pub(super) fn members(known: &Known, categories: &[Category], written: &[String]) -> Vec<usize> {
    let codes: BTreeSet<&str> = written.iter().map(String::as_str).collect();
    // A label means an answer unless it is the value of another one.
    let by_label: BTreeSet<&str> =
        match categories.iter().any(|category| codes.contains(category.code.as_str())) {
            false => codes.clone(),
            true => {
                let values: BTreeSet<&str> =
                    categories.iter().map(|category| category.code.as_str()).collect();
                codes.difference(&values).copied().collect()
            }
        };
    let means = |category: &Category| {
        codes.contains(category.code.as_str()) || by_label.contains(known.label(&category.code))
    };
    (0..categories.len()).filter(|at| means(&categories[*at])).collect()
}

/// One choice of each part.
#[derive(Clone, Default)]
pub(super) struct Combination {
    /// Places among the parts' choices.
    pub choices: Vec<usize>,
    /// The values of the single answers that it holds, part by part.
    pub keys: BTreeSet<Vec<u32>>,
}

/// All combinations of the parts' choices, those of single answers as far as they occur together; with
/// `all` whether or not they occur.
pub(super) fn combinations(parts: &[Vec<Choice>], occur: &BTreeSet<&[u32]>, all: bool) -> Vec<Combination> {
    let occurs = |key: &[u32]| {
        let next = occur.range::<[u32], _>((Bound::Included(key), Bound::Unbounded)).next();
        all || next.is_some_and(|other| other.starts_with(key))
    };
    let mut found = vec![Combination { choices: Vec::new(), keys: BTreeSet::from([Vec::new()]) }];
    for choices in parts {
        let mut next = Vec::new();
        for before in &found {
            for (at, choice) in choices.iter().enumerate() {
                let keys: BTreeSet<Vec<u32>> = match &choice.values {
                    None => before.keys.clone(),
                    Some(values) => {
                        let longer = |key: &Vec<u32>, value: u32| [key.as_slice(), &[value]].concat();
                        let keys = before
                            .keys
                            .iter()
                            .flat_map(|key| values.iter().map(move |value| longer(key, *value)));
                        keys.filter(|key| occurs(key)).collect()
                    }
                };
                if all || !keys.is_empty() {
                    next.push(Combination {
                        choices: before.choices.iter().copied().chain([at]).collect(),
                        keys,
                    });
                }
            }
        }
        found = next;
    }
    found.retain(|combination| all || combination.keys.iter().any(|key| occurs(key)));
    found
}

/// The flags of a combination, as a choice of the plan.
pub(super) fn choice_of(
    parts: &[Vec<Choice>],
    questions: &[usize],
    combination: &Combination,
    choices: &[Vec<(usize, usize)>],
) -> Option<usize> {
    let flags = combination.choices.iter().zip(parts).zip(questions);
    let wanted: Vec<(usize, usize)> =
        flags.filter_map(|((at, of), question)| Some((*question, of[*at].flag.as_ref()?.0))).collect();
    choices.iter().position(|choice| *choice == wanted)
}

/// Which written answers of a question mean nothing in the data.
pub(super) fn unknown_answers(asked: &Asked, known: &Known, levels: Option<&Levels>) -> Vec<String> {
    let labelled = known.labels.iter().map(|(code, _)| code);
    let nets = asked.nets.iter().flat_map(|(_, of)| of);
    let named = nets.chain(&asked.last).chain(&asked.none_of_these).chain(&asked.off_scale);
    let scored = asked.scores.iter().map(|(code, _)| code);
    let written: Vec<&String> = labelled.chain(named).chain(scored).collect();
    if written.is_empty() {
        return Vec::new();
    }
    let found: BTreeSet<String> = match levels {
        Some(levels) => (0..levels.values.len() as u32).map(|place| levels.text(place)).collect(),
        None => known.answers.iter().filter(|answer| !known.unknown.contains(answer)).cloned().collect(),
    };
    let labels: BTreeSet<&String> = known.labels.iter().map(|(_, label)| label).collect();
    let mut told = BTreeSet::new();
    let unknown = written.into_iter().filter(|code| !found.contains(*code) && !labels.contains(code));
    unknown.filter(|code| told.insert(*code)).cloned().collect()
}

/// The counted values of a question with single answers, where a table has them.
pub(super) fn levels_of<'c>(
    checked: &Checked,
    layout: &Layout,
    counted: &'c [Cells],
    question: usize,
) -> Option<&'c Levels> {
    let ask = Ask { row: None, columns: Vec::new() };
    layout.tables.iter().find_map(|plan| {
        let questions = &checked.questions;
        let singles = |variable: &[usize]| -> Vec<usize> {
            variable.iter().copied().filter(|part| !questions.asked[*part].source.is_multiple()).collect()
        };
        let mut parts = singles(&questions.rows[plan.row]);
        parts.extend(singles(&questions.columns[plan.column]));
        let at = parts.iter().position(|part| *part == question)?;
        let first = usize::from(checked.shape(plan, &ask).has_state);
        Some(&counted[*plan.asks.get(&ask)?].dimensions[first + at])
    })
}
