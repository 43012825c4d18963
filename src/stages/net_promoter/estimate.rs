//! From counted answers to scores: one line per group, in the order of the groups, what sets groups
//! apart, and what a reader should know. The arithmetic is in `stats`.

use polars::prelude::DataFrame;

use super::compare::{self, Comparisons};
use super::design::Errors;
use super::lower::{INVALID, OUTSIDE, Part};
use super::{Checked, tables};
use crate::diagnostic::{Caution, CautionCode, RunError};
use crate::engine::tabulate::{Cell, Cells, Levels, NULL};
use crate::stages::{Context, Estimates, Reduced, bases};
use crate::stats::net_promoter::{Class, Classes, Score};
use crate::stats::weights::Base;

pub(super) fn estimate(checked: &Checked, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
    let Reduced::Cells(counted) = reduced else { return Ok(Estimates::default()) };
    let counted = Counted { parts: checked.parts(), cells: counted };
    // `lower` always asks for the answers.
    let Some(cells) = counted.of(Part::Answers) else { return Ok(Estimates::default()) };
    let mut groups = groups(cells);
    let total = groups.iter().fold(Group::default(), |total, group| total.with(group));
    if groups.is_empty() && checked.group_columns().next().is_none() {
        // Everyone is a group even if nobody is there.
        groups.push(Group::default());
    }
    let levels = &cells.dimensions;
    let errors = Errors::read(checked, &counted, &groups, cx.stage)?;
    let score = |(at, group): (usize, &Group)| errors.score_of(checked, group.classes, |other| other == at);
    let scores: Vec<Option<Score>> = groups.iter().enumerate().map(score).collect();
    let whole = errors.score_of(checked, total.classes, |_| true);
    let compared = Comparisons { checked, groups: &groups, levels, scores: &scores, errors: &errors };
    let (changes, gaps) = compared.with_earlier_waves(&counted, cx.stage)?;

    let scored = |group, score| Scored { group, score };
    let lines: Vec<Scored<'_>> =
        groups.iter().zip(&scores).map(|(group, score)| scored(group, *score)).collect();
    let mut main = tables::keys(checked, levels, groups.iter().map(|group| group.places.as_slice()))?;
    main.extend(tables::scores(checked, &lines));
    if checked.wave.is_some() {
        main.extend(tables::changes(checked, &changes));
    }
    if checked.against_rest {
        main.extend(tables::rests(checked, &compared.with_the_rest()));
    }
    let mut sides = vec![
        ("total", DataFrame::new(1, tables::scores(checked, &[scored(&total, whole)]))?),
        ("distribution", tables::distributions(checked, levels, &groups)?),
    ];
    if let Some(cells) = counted.of(Part::Segments) {
        let segments = &cells.dimensions[levels.len() - 1];
        let lines = compare::parted(cells, &groups, &changes);
        sides.push(("change", tables::parts(checked, levels, segments, &lines)?));
    }
    let mut told = cautions(checked, &groups, &total, levels, cx.stage);
    told.extend(gaps);
    Ok(Estimates { main: DataFrame::new(groups.len(), main)?, sides, cautions: told, ..Estimates::default() })
}

/// What was counted, by what it is for.
pub(super) struct Counted {
    parts: Vec<Part>,
    cells: Vec<Cells>,
}

impl Counted {
    pub(super) fn of(&self, part: Part) -> Option<&Cells> {
        self.cells.get(self.parts.iter().position(|other| *other == part)?)
    }
}

/// A group with its score; none without answers.
pub(super) struct Scored<'a> {
    pub(super) group: &'a Group,
    pub(super) score: Option<Score>,
}

/// What is known of a group.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    /// Its values in the columns of `by` and its wave, as places.
    pub(super) places: Vec<u32>,
    pub(super) classes: Classes,
    /// The usable answers of 0 to 10.
    pub(super) answers: [Base; 11],
    pub(super) missing: u64,
    pub(super) invalid: u64,
    pub(super) unusable: u64,
}

/// The groups in the order of their values. The answer is the last dimension of the cells.
fn groups(cells: &Cells) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (key, cell) in cells.iter() {
        let Some((answer, places)) = key.split_last() else { continue };
        let answer = answer_at(cells, *answer);
        if answer == Some(OUTSIDE) {
            continue;
        }
        if groups.last().is_none_or(|group| group.places != places) {
            groups.push(Group { places: places.to_vec(), ..Group::default() });
        }
        if let Some(group) = groups.last_mut() {
            group.add(answer, cell);
        }
    }
    groups
}

/// The number at a place of the last dimension; none where it is missing.
pub(super) fn answer_at(cells: &Cells, place: u32) -> Option<i64> {
    let answers = &cells.dimensions.last()?.values;
    if place == NULL { None } else { answers.get(place as usize).ok()?.extract() }
}

impl Group {
    fn add(&mut self, answer: Option<i64>, cell: &Cell) {
        let rows = cell.base.n + cell.unusable.total();
        match answer {
            None => self.missing += rows,
            Some(INVALID) => self.invalid += rows,
            Some(answer) => {
                if let Some(class) = Class::of(answer) {
                    *self.classes.of_mut(class) += cell.base;
                    self.answers[answer as usize] += cell.base;
                    self.unusable += cell.unusable.total();
                }
            }
        }
    }

    /// Both together, without a key.
    pub(super) fn with(&self, other: &Group) -> Group {
        let mut both = Group {
            places: Vec::new(),
            classes: self.classes + other.classes,
            answers: self.answers,
            missing: self.missing + other.missing,
            invalid: self.invalid + other.invalid,
            unusable: self.unusable + other.unusable,
        };
        for (sum, more) in both.answers.iter_mut().zip(other.answers) {
            *sum += more;
        }
        both
    }

    pub(super) fn base(&self) -> Base {
        self.classes.base()
    }

    /// Usable answers and all others.
    fn rows(&self) -> u64 {
        self.base().n + self.missing + self.invalid + self.unusable
    }
}

fn cautions(
    checked: &Checked,
    groups: &[Group],
    total: &Group,
    levels: &[Levels],
    stage: &str,
) -> Vec<Caution> {
    if total.rows() == 0 {
        return vec![bases::no_rows(stage)];
    }
    let mut told = Vec::new();
    for group in groups {
        let n = group.base().n;
        let key = key(checked, &group.places, levels);
        let of = if key.is_empty() { String::new() } else { format!(" for {key}") };
        if n == 0 {
            let message = format!("`{stage}` has no usable answer{of}, so there is no score");
            told.push(Caution::new(CautionCode::EmptyBase, key, Some(0.0), message));
        } else if n < checked.min_base {
            let message = format!(
                "`{stage}` rests on {}{of}; below {} a handful of people can turn the score",
                bases::count(n, "answer"),
                checked.min_base
            );
            told.push(Caution::new(CautionCode::SmallBase, key, Some(n as f64), message));
        }
    }
    if total.invalid > 0 {
        let are = if total.invalid == 1 { "is not a whole number" } else { "are not whole numbers" };
        let message =
            format!("`{stage}` leaves out {} that {are} from 0 to 10", bases::count(total.invalid, "answer"));
        told.push(Caution::new(CautionCode::InvalidAnswers, "", Some(total.invalid as f64), message));
    }
    told.extend(bases::unusable_weights(stage, total.unusable, "answer"));
    told.extend(bases::heavy_weights(total.base(), &format!("`{stage}`")));
    told
}

/// `region=EMEA, wave=2025-Q1`; empty where there are no groups.
pub(super) fn key(checked: &Checked, places: &[u32], levels: &[Levels]) -> String {
    let values = places.iter().zip(levels).map(|(place, levels)| levels.text(*place));
    let parts = checked.group_columns().zip(values).map(|(column, value)| format!("{}={value}", column.name));
    parts.collect::<Vec<_>>().join(", ")
}
