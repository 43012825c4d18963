//! The answers of a question as a table shows them: in which order, under which names, with which
//! values; nested or not. Knows values and labels, not how many people gave them.

use std::collections::BTreeSet;

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

/// All combinations of the parts' answers, those of single answers as far as they occur together.
pub(super) fn combinations(parts: &[&[Category]], occur: &BTreeSet<&[u32]>, alone: bool) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for categories in parts {
        all = all
            .iter()
            .flat_map(|before| {
                (0..categories.len()).map(move |at| before.iter().copied().chain([at]).collect())
            })
            .collect();
    }
    all.retain(|combination| {
        let key = key_of(parts, combination);
        alone || occur.iter().any(|other| other.starts_with(&key))
    });
    all
}

pub(super) fn key_of(parts: &[&[Category]], combination: &[usize]) -> Vec<u32> {
    let value = |(at, categories): (&usize, &&[Category])| match categories[*at].at {
        At::Value(place) => Some(place),
        At::Flag(_) => None,
    };
    combination.iter().zip(parts).filter_map(value).collect()
}

/// The flags of a combination, as a choice of the plan.
pub(super) fn choice_of(
    parts: &[&[Category]],
    questions: &[usize],
    combination: &[usize],
    choices: &[Vec<(usize, usize)>],
) -> Option<usize> {
    let flag = |((at, categories), question): ((&usize, &&[Category]), &usize)| match categories[*at].at {
        At::Flag(place) => Some((*question, place)),
        At::Value(_) => None,
    };
    let wanted: Vec<(usize, usize)> = combination.iter().zip(parts).zip(questions).filter_map(flag).collect();
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
