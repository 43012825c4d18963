//! Questions as they were understood: where the answers are, and what is shown of them; and which of
//! them make the rows and columns. Knows columns and their types, not their values.

use std::collections::BTreeSet;

use polars::prelude::Expr;

use super::checker::Checker;
use super::options::{BaseRule, CrossTab, Sort, Statistic};
use crate::diagnostic::{Code, nearest};
use crate::document::{OneOrMany, Span, Spanned};
use crate::engine::tabulate::has_categories;
use crate::stages::{Check, Column, Expression, Input};

/// A question that passed its check.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub name: String,
    pub title: Option<String>,
    pub base_text: Option<String>,
    pub source: Source,
    pub filter: Option<Condition>,
    pub asked: Option<Expr>,
    pub base: BaseRule,
    /// Answers and their labels, as written with the question.
    pub labels: Vec<(String, String)>,
    pub nets: Vec<(String, Vec<String>)>,
    pub top_box: Option<usize>,
    pub bottom_box: Option<usize>,
    pub statistics: Vec<Statistic>,
    pub scores: Vec<(String, f64)>,
    /// Answers that are in no box and no statistic.
    pub off_scale: Vec<String>,
    /// Values that are no answer.
    pub missing: Vec<String>,
    pub sort: Sort,
    pub last: Vec<String>,
    pub none_of_these: Option<String>,
    pub hide_answers: bool,
}

/// A condition, and its text for the reader of the table.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub expr: Expr,
    pub text: String,
}

/// Where the answers are.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// One answer per person.
    One(Column),
    /// One column per answer.
    Flags(Vec<Column>),
    /// Columns that hold one answer each.
    Codes(Vec<Column>),
    /// One text with the answers in it.
    Delimited(Column, String),
}

impl Source {
    /// Whether a person may give several answers.
    pub(super) fn is_multiple(&self) -> bool {
        !matches!(self, Self::One(_))
    }
}

impl Asked {
    /// Whether some of its answers are shown together.
    pub(super) fn has_parts(&self) -> bool {
        !self.nets.is_empty() || self.top_box.is_some() || self.bottom_box.is_some()
    }

    /// The columns that the answers are in.
    pub(super) fn columns(&self) -> Vec<&str> {
        match &self.source {
            Source::One(column) | Source::Delimited(column, _) => vec![&column.name],
            Source::Flags(columns) | Source::Codes(columns) => {
                columns.iter().map(|column| column.name.as_str()).collect()
            }
        }
    }

    /// Whether the same people give the same single answer, whatever is shown of it.
    pub(super) fn is_answered_as(&self, other: &Self) -> bool {
        let condition = |of: &Self| of.filter.as_ref().map(|filter| filter.text.clone());
        let missing = |of: &Self| of.missing.iter().cloned().collect::<BTreeSet<_>>();
        !self.source.is_multiple()
            && !other.source.is_multiple()
            && self.columns() == other.columns()
            && condition(self) == condition(other)
            && self.asked == other.asked
            && missing(self) == missing(other)
    }

    /// Whether statistics of both are of the same numbers.
    fn is_scored_as(&self, other: &Self) -> bool {
        self.is_answered_as(other) && self.scores == other.scores && self.off_scale == other.off_scale
    }

    /// A column that is a question of its own.
    fn plain(column: Column, base: BaseRule) -> Self {
        Self {
            name: column.name.clone(),
            title: None,
            base_text: None,
            source: Source::One(column),
            filter: None,
            asked: None,
            base,
            labels: Vec::new(),
            nets: Vec::new(),
            top_box: None,
            bottom_box: None,
            statistics: Vec::new(),
            scores: Vec::new(),
            off_scale: Vec::new(),
            missing: Vec::new(),
            sort: Sort::AsListed,
            last: Vec::new(),
            none_of_these: None,
            hide_answers: false,
        }
    }
}

/// All questions that the tables use, and the rows and columns as places among them.
#[derive(Debug)]
pub(super) struct Questions {
    pub asked: Vec<Asked>,
    pub rows: Vec<Vec<usize>>,
    pub columns: Vec<Vec<usize>>,
}

impl Questions {
    /// The first question that is answered as this one.
    pub(super) fn first_answered_as(&self, question: usize) -> usize {
        let asked = &self.asked[question];
        self.asked.iter().position(|other| other.is_answered_as(asked)).unwrap_or(question)
    }

    /// The first question whose statistics are of the same numbers as those of this one.
    pub(super) fn first_scored_as(&self, question: usize) -> usize {
        let asked = &self.asked[question];
        self.asked.iter().position(|other| other.is_scored_as(asked)).unwrap_or(question)
    }
}

/// Understands all questions of the stage.
pub(super) fn check(stage: &CrossTab, cx: &mut Check<'_>) -> Option<Questions> {
    let written: Vec<Option<Asked>> = stage
        .questions
        .iter()
        .map(|(name, question)| Checker::new(stage, name, question).check(cx))
        .collect();
    let mut asked = Vec::new();
    let mut places = vec![None; written.len()];
    for (at, question) in written.iter().enumerate() {
        if let Some(question) = question {
            places[at] = Some(asked.len());
            asked.push(question.clone());
        }
    }
    let mut side = |written: &[OneOrMany<Spanned<String>>], side: &str| {
        if written.is_empty() || written.iter().any(|names| names.is_empty()) {
            let message = format!("has `{side}` without a column");
            let help = "name at least one column";
            let span = first_place(&stage.from, written);
            cx.invalid(span, Code::InvalidOption, &message, "there is nothing to cross", help);
            return None;
        }
        let variables: Vec<_> =
            written.iter().map(|names| variable(stage, names, &places, &mut asked, cx)).collect();
        variables.into_iter().collect::<Option<Vec<_>>>()
    };
    let rows = side(&stage.rows, "rows");
    let columns = side(&stage.columns, "columns");
    all_used(stage, cx)?;
    if written.iter().any(Option::is_none) {
        return None;
    }
    Some(Questions { rows: rows?, columns: columns?, asked })
}

/// A question that is in no table says nothing; perhaps its name is written differently there.
fn all_used(stage: &CrossTab, cx: &mut Check<'_>) -> Option<()> {
    let variables = || stage.rows.iter().chain(&stage.columns).flat_map(|names| names.iter());
    let crossed: Vec<&str> = variables().map(|name| name.value.as_str()).collect();
    let written: Vec<&str> = stage.questions.iter().map(|(name, _)| name.value.as_str()).collect();
    // Names that have their own question are not meant by another one.
    let free: Vec<&str> = crossed.iter().filter(|name| !written.contains(name)).copied().collect();
    // Of a name that is nothing else, it was told that this question is meant.
    let schema = cx.schema(&stage.from)?;
    let told: Vec<&str> = (free.iter().filter(|name| !schema.contains(name)))
        .filter_map(|name| nearest(name, written.iter().copied()))
        .collect();
    let mut fine = true;
    for (name, _) in stage.questions.iter().filter(|(name, _)| !crossed.contains(&name.value.as_str())) {
        if told.contains(&name.value.as_str()) {
            continue;
        }
        let lower = name.value.to_lowercase();
        let same = free.iter().find(|other| other.to_lowercase() == lower).copied();
        let help = match same.or_else(|| nearest(&name.value, free.iter().copied())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name it in `rows` or `columns`, or leave it out".to_owned(),
        };
        let label = format!("`{}` is in neither `rows` nor `columns`", name.value);
        cx.invalid(name.span, Code::InvalidOption, "has a question that no table uses", &label, &help);
        fine = false;
    }
    fine.then_some(())
}

/// The first column written, or the input where there is none: an empty list has no place.
fn first_place(from: &Input, written: &[OneOrMany<Spanned<String>>]) -> Span {
    written.iter().flat_map(|names| names.iter()).next().map_or(from.span(), |name| name.span)
}

/// The questions that are nested in one item of `rows` or `columns`.
fn variable(
    stage: &CrossTab,
    names: &[Spanned<String>],
    places: &[Option<usize>],
    asked: &mut Vec<Asked>,
    cx: &mut Check<'_>,
) -> Option<Vec<usize>> {
    let place =
        |name: &Spanned<String>| stage.questions.iter().position(|(other, _)| other.value == name.value);
    let plain: Vec<Spanned<String>> = names.iter().filter(|name| place(name).is_none()).cloned().collect();
    let schema = cx.schema(&stage.from)?;
    for name in plain.iter().filter(|name| !schema.contains(&name.value)) {
        let questions = stage.questions.iter().map(|(name, _)| name.value.as_str());
        if let Some(near) = nearest(&name.value, questions) {
            let message = "asks for a question that it does not have";
            let label = format!("`{}` is neither under `questions` nor a column", name.value);
            cx.invalid(name.span, Code::UnknownColumn, message, &label, &format!("did you mean `{near}`?"));
            return None;
        }
    }
    let mut columns = cx.columns(&stage.from, &plain)?.into_iter();
    let mut parts = Vec::new();
    let mut fine = true;
    for name in names {
        match place(name) {
            Some(at) => match places[at] {
                Some(place) if parts.contains(&place) => {
                    let label = format!("`{}` is nested within itself", name.value);
                    cx.invalid(name.span, Code::InvalidOption, "names a question twice", &label, "");
                    fine = false;
                }
                Some(place) => parts.push(place),
                // What is wrong with it was told.
                None => fine = false,
            },
            None => {
                let column = columns.next()?;
                if !categories(&column, name.span, cx) {
                    fine = false;
                }
                // The same column in several tables is the same question.
                let known =
                    asked.iter().skip(stage.questions.len()).position(|other| other.name == column.name);
                parts.push(known.map(|at| at + stage.questions.len()).unwrap_or_else(|| {
                    asked.push(Asked::plain(column, stage.base));
                    asked.len() - 1
                }));
            }
        }
    }
    fine.then_some(parts)
}

pub(super) fn categories(column: &Column, span: Span, cx: &mut Check<'_>) -> bool {
    if has_categories(&column.dtype) {
        return true;
    }
    let label = format!("`{}` has no categories", column.name);
    let message = "cannot tabulate by a column of this type";
    cx.invalid(span, Code::ColumnType, message, &label, "tabulate by text, numbers or dates");
    false
}

/// A condition with its text, in one line.
pub(super) fn condition(from: &Input, text: &Expression, cx: &mut Check<'_>) -> Option<Condition> {
    let expr = cx.predicate(from, text)?;
    Some(Condition { expr, text: text.text().split_whitespace().collect::<Vec<_>>().join(" ") })
}
