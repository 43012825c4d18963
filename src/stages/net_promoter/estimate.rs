//! From counted answers to scores: one line per group, in the order of the groups, and what a reader
//! should know. The arithmetic is in `stats`.

use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, PolarsResult, Series};

use super::Checked;
use crate::diagnostic::{Caution, CautionCode, RunError};
use crate::engine::tabulate::{Cell, Cells, Levels, NULL};
use crate::stages::{Context, Estimates, Reduced, bases};
use crate::stats::net_promoter::{Class, Classes};
use crate::stats::weights::{Base, base_mark};

pub(super) fn estimate(checked: &Checked, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
    let Reduced::Cells(tables) = reduced else { return Ok(Estimates::default()) };
    // `lower` asks for one table.
    let Some(cells) = tables.first() else { return Ok(Estimates::default()) };
    let mut groups = groups(cells);
    let total = groups.iter().fold(Group::default(), |total, group| total.with(group));
    if groups.is_empty() && checked.by.is_empty() {
        // Everyone is a group even if nobody is there.
        groups.push(Group::default());
    }
    let by = checked
        .by
        .iter()
        .zip(&cells.dimensions)
        .enumerate()
        .map(|(at, (column, levels))| {
            let values = levels.at(groups.iter().map(|group| group.places[at]))?;
            Ok(values.with_name(column.name.as_str().into()).into_column())
        })
        .collect::<PolarsResult<Vec<_>>>()?;
    Ok(Estimates {
        cautions: cautions(checked, &groups, &total, &cells.dimensions, cx.stage),
        main: table(checked, by, &groups)?,
        sides: vec![("total", table(checked, Vec::new(), &[total])?)],
        ..Estimates::default()
    })
}

/// What is known of a group.
#[derive(Debug, Clone, Default)]
struct Group {
    /// Its values in the columns of `by`, as places.
    places: Vec<u32>,
    classes: Classes,
    missing: u64,
    invalid: u64,
    unusable: u64,
}

/// The groups in the order of their values. The answer is the last dimension of the cells.
fn groups(cells: &Cells) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (key, cell) in cells.iter() {
        let Some((answer, places)) = key.split_last() else { continue };
        if groups.last().is_none_or(|group| group.places != places) {
            groups.push(Group { places: places.to_vec(), ..Group::default() });
        }
        if let Some(group) = groups.last_mut() {
            group.add(answer_at(cells, *answer), cell);
        }
    }
    groups
}

/// The answer at a place; none where it is missing.
fn answer_at(cells: &Cells, place: u32) -> Option<i64> {
    let answers = &cells.dimensions.last()?.values;
    if place == NULL { None } else { answers.get(place as usize).ok()?.extract() }
}

impl Group {
    fn add(&mut self, answer: Option<i64>, cell: &Cell) {
        let rows = cell.base.n + cell.unusable.total();
        match answer.map(Class::of) {
            None => self.missing += rows,
            Some(None) => self.invalid += rows,
            Some(Some(class)) => {
                *self.classes.of_mut(class) += cell.base;
                self.unusable += cell.unusable.total();
            }
        }
    }

    /// Both together, without a key.
    fn with(&self, other: &Group) -> Group {
        Group {
            places: Vec::new(),
            classes: Classes {
                promoters: self.classes.promoters + other.classes.promoters,
                passives: self.classes.passives + other.classes.passives,
                detractors: self.classes.detractors + other.classes.detractors,
            },
            missing: self.missing + other.missing,
            invalid: self.invalid + other.invalid,
            unusable: self.unusable + other.unusable,
        }
    }

    fn base(&self) -> Base {
        self.classes.base()
    }

    /// Usable answers and all others.
    fn rows(&self) -> u64 {
        self.base().n + self.missing + self.invalid + self.unusable
    }
}

/// The columns of the groups, then those of [`figures`](super::figures).
fn table(checked: &Checked, mut columns: Vec<Column>, groups: &[Group]) -> PolarsResult<DataFrame> {
    macro_rules! column {
        ($name:literal, $value:expr) => {
            Series::new($name.into(), groups.iter().map($value).collect::<Vec<_>>()).into_column()
        };
    }
    let share = |group: &Group, at: usize| group.classes.shares().map(|shares| shares[at]);
    let interval = |group: &Group| group.classes.interval(checked.method, checked.confidence);
    columns.extend([
        column!("n", |group| group.base().n as i64),
        column!("n_weighted", |group| group.base().weighted),
        column!("n_effective", |group| group.base().effective()),
        column!("promoters", |group| group.classes.promoters.n as i64),
        column!("passives", |group| group.classes.passives.n as i64),
        column!("detractors", |group| group.classes.detractors.n as i64),
        column!("promoters_share", |group| share(group, 0)),
        column!("passives_share", |group| share(group, 1)),
        column!("detractors_share", |group| share(group, 2)),
        column!("estimate", |group| group.classes.estimate()),
        column!("std_error", |group| group.classes.std_error()),
        column!("conf_low", |group| interval(group).map(|(low, _)| low)),
        column!("conf_high", |group| interval(group).map(|(_, high)| high)),
        column!("base_mark", |group| base_mark(group.base().n, checked.min_base, checked.small_base)),
        column!("n_missing", |group| group.missing as i64),
        column!("n_invalid", |group| group.invalid as i64),
        column!("n_unusable_weight", |group| group.unusable as i64),
    ]);
    DataFrame::new(groups.len(), columns)
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
        let key = key(checked, group, levels);
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

/// `region=EMEA, partner=B`; empty where there are no groups.
fn key(checked: &Checked, group: &Group, levels: &[Levels]) -> String {
    let values = group.places.iter().zip(levels).map(|(place, levels)| levels.text(*place));
    let parts = checked.by.iter().zip(values).map(|(column, value)| format!("{}={value}", column.name));
    parts.collect::<Vec<_>>().join(", ")
}
