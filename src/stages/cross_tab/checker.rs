//! Checks one entry of `questions`: every mistake that needs no row is found and placed here. Knows
//! columns and their types, not their values.

use polars::prelude::DataType;

use super::listing::box_name;
use super::options::{Answer, CrossTab, Question, Several, Sort};
use super::questions::{Asked, Source, categories, condition};
use crate::diagnostic::{Code, nearest};
use crate::document::{Span, Spanned};
use crate::number;
use crate::stages::{Check, Column};

/// Checks one entry of `questions`, telling every mistake of it.
pub(super) struct Checker<'a> {
    stage: &'a CrossTab,
    name: &'a Spanned<String>,
    question: &'a Question,
    fine: bool,
}

impl<'a> Checker<'a> {
    pub(super) fn new(stage: &'a CrossTab, name: &'a Spanned<String>, question: &'a Question) -> Self {
        Self { stage, name, question, fine: true }
    }

    fn refuse(&mut self, cx: &mut Check<'_>, span: Span, message: &str, label: &str, help: &str) {
        cx.invalid(span, Code::InvalidOption, message, label, help);
        self.fine = false;
    }

    /// The question, if it has no mistake that needs no row to be found.
    pub(super) fn check(mut self, cx: &mut Check<'_>) -> Option<Asked> {
        let question = self.question;
        let source = self.source(cx);
        let filter = question.filter.as_ref().map(|text| condition(&self.stage.from, text, cx));
        let asked = question.asked.as_ref().map(|text| cx.predicate(&self.stage.from, text));
        let title = question.title.as_ref().map(|text| cx.fill(text));
        let base_text = question.base_text.as_ref().map(|text| cx.fill(text));
        if let Some(source) = &source {
            match source {
                Source::One(column) => self.single(column, cx),
                _ => self.multiple(source, cx),
            }
        }
        self.shown(cx);
        self.idle(cx);
        let source = source?;
        let number = matches!(&source, Source::One(column) if column.dtype.is_numeric())
            || matches!(&source, Source::Codes(columns) if columns.iter().all(|c| c.dtype.is_numeric()));
        let code = |text: &str| if number { plain(text) } else { text.to_owned() };
        let codes =
            |answers: &[Spanned<Answer>]| answers.iter().map(|answer| code(&answer.value.0)).collect();
        let mut labels: Vec<(String, String)> =
            question.labels.iter().map(|(value, label)| (code(value), label.0.clone())).collect();
        if let Some(Several::Flags(flags)) = &question.columns {
            labels = flags.iter().map(|(column, label)| (column.value.clone(), label.0.clone())).collect();
        }
        let made = Asked {
            name: self.name.value.clone(),
            title: given(title)?,
            base_text: given(base_text)?,
            source,
            filter: given(filter)?,
            asked: given(asked)?,
            base: question.base.unwrap_or(self.stage.base),
            missing: values_of(codes(&question.missing), &labels),
            labels,
            nets: question.nets.iter().map(|(name, of)| (name.value.clone(), codes(of))).collect(),
            top_box: question.top_box.as_ref().map(|top| top.value as usize),
            bottom_box: question.bottom_box.as_ref().map(|bottom| bottom.value as usize),
            statistics: question.statistics.iter().map(|statistic| statistic.value).collect(),
            scores: question.scores.iter().map(|(value, score)| (code(value), *score)).collect(),
            off_scale: codes(&question.off_scale),
            sort: question.sort,
            last: codes(&question.last),
            none_of_these: question.none_of_these.as_ref().map(|answer| code(&answer.value.0)),
            hide_answers: question.hide_answers,
        };
        self.fine.then_some(made)
    }

    /// The columns of the question.
    fn source(&mut self, cx: &mut Check<'_>) -> Option<Source> {
        let question = self.question;
        let from = &self.stage.from;
        if let (Some(column), Some(_)) = (&question.column, &question.columns) {
            let help = "`column` is for one column, `columns` for several";
            self.refuse(cx, column.span, "has a question with `column` and `columns`", "one of them", help);
            return None;
        }
        let name = question.column.as_ref().unwrap_or(self.name);
        match (&question.columns, &question.separator) {
            (Some(_), Some(separator)) => {
                let message = "has a separator for answers in several columns";
                self.refuse(cx, separator.span, message, "there is no one text to split", "leave it out");
                None
            }
            (None, Some(separator)) if separator.trim().is_empty() && separator.len() != 1 => {
                let message = "has an empty separator";
                self.refuse(cx, separator.span, message, "answers cannot be told apart", "such as `;`");
                None
            }
            (None, Some(separator)) => {
                cx.text(from, name).map(|column| Source::Delimited(column, separator.value.clone()))
            }
            (None, None) => {
                let column = cx.column(from, name)?;
                categories(&column, name.span, cx).then_some(Source::One(column))
            }
            (Some(Several::Flags(flags)), None) => {
                let names: Vec<Spanned<String>> = flags.iter().map(|(name, _)| name.clone()).collect();
                self.some(&names, cx)?;
                let columns = cx.columns(from, &names)?;
                for (column, name) in columns.iter().zip(&names) {
                    if !(column.dtype.is_numeric() || column.dtype == DataType::Boolean) {
                        let label = format!("`{}` is not a yes or no", column.name);
                        let help = "columns of 0 and 1, or of true and false; a list of columns holds one answer each";
                        cx.invalid(name.span, Code::ColumnType, "needs a column per answer", &label, help);
                        self.fine = false;
                    }
                }
                Some(Source::Flags(columns))
            }
            (Some(Several::Codes(names)), None) => {
                self.some(names, cx)?;
                let columns = cx.columns(from, names)?;
                for (column, name) in columns.iter().zip(names) {
                    self.fine &= categories(column, name.span, cx);
                }
                Some(Source::Codes(columns))
            }
        }
    }

    fn some(&mut self, names: &[Spanned<String>], cx: &mut Check<'_>) -> Option<()> {
        if names.is_empty() {
            let span = self.name.span;
            self.refuse(
                cx,
                span,
                "has a question without a column",
                "`columns` is empty",
                "name its columns",
            );
            return None;
        }
        Some(())
    }

    /// What makes sense only where a person may give several answers.
    fn single(&mut self, column: &Column, cx: &mut Check<'_>) {
        if let Some(none) = &self.question.none_of_these {
            let help = "leave it out: one answer excludes the others anyway";
            self.refuse(
                cx,
                none.span,
                "has `none_of_these` for a question with one answer",
                "only one answer is given",
                help,
            );
        }
        let counts = column.dtype.is_numeric() || !self.question.scores.is_empty();
        let first = self.question.statistics.first().map(|statistic| statistic.span);
        let boxes = [&self.question.top_box, &self.question.bottom_box];
        let wanting = first.or(boxes.into_iter().flatten().map(|of| of.span).next());
        if let (false, Some(span)) = (counts, wanting) {
            let label = format!("the answers in `{}` are no numbers", column.name);
            self.refuse(
                cx,
                span,
                "cannot rank or average answers",
                &label,
                "say with `scores` what each counts",
            );
        }
        if let (Some((score, _)), None) = (self.question.scores.first(), wanting) {
            let help = "ask for `statistics`, `top_box` or `bottom_box`";
            self.refuse(cx, score.span, "has scores that nothing uses", "nothing is made of them", help);
        }
        if let (Some(off), None) = (self.question.off_scale.first(), wanting) {
            let help = "ask for `statistics`, `top_box` or `bottom_box`, or leave it out";
            let label = "no box and no statistic could have it";
            self.refuse(cx, off.span, "leaves an answer off a scale that nothing uses", label, help);
        }
        let scored =
            |off: &&Spanned<Answer>| self.question.scores.iter().any(|(code, _)| **code == off.value.0);
        if let Some(off) = self.question.off_scale.iter().find(scored) {
            let help = "an answer without a score is in no statistic; leave one of them out";
            let label = "has a score and is off the scale";
            self.refuse(cx, off.span, "scores an answer that is no point of the scale", label, help);
        }
    }

    /// What makes no sense where a person may give several answers.
    fn multiple(&mut self, source: &Source, cx: &mut Check<'_>) {
        let question = self.question;
        let statistic = question.statistics.first().map(|statistic| statistic.span);
        let boxes = [&question.top_box, &question.bottom_box].into_iter().flatten().map(|of| of.span).next();
        let score = question.scores.first().map(|(value, _)| value.span);
        let off = question.off_scale.first().map(|answer| answer.span);
        if let Some(span) = statistic.or(boxes).or(score).or(off) {
            let label = "people give several answers here";
            self.refuse(cx, span, "cannot rank or average several answers", label, "leave it out");
        }
        if let (Source::Flags(columns), Some((label, _))) = (source, question.labels.first()) {
            let help = format!("label them in `columns`: `{}: …`", columns[0].name);
            self.refuse(
                cx,
                label.span,
                "labels the answers of a question twice",
                "`columns` has the labels",
                &help,
            );
        }
        if let (Source::Flags(_), Some(missing)) = (source, question.missing.first()) {
            let label = "every column is an answer here";
            let help = "a person for whom all columns are empty gave none";
            self.refuse(cx, missing.span, "has a missing value in columns of yes and no", label, help);
        }
        if let Source::Flags(columns) = source {
            let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let labels: Vec<&str> = match &question.columns {
                Some(Several::Flags(flags)) => flags.iter().map(|(_, label)| label.0.as_str()).collect(),
                _ => Vec::new(),
            };
            let nets = question.nets.iter().flat_map(|(_, of)| of.iter());
            for answer in nets.chain(&question.none_of_these).chain(question.last.iter()) {
                let text = answer.value.0.as_str();
                if !known.contains(&text) && !labels.contains(&text) {
                    let label = format!("`{}` has no answer `{text}`", self.name.value);
                    let near = nearest(text, known.iter().copied());
                    let help = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                    self.refuse(
                        cx,
                        answer.span,
                        "asks for an answer that its question does not have",
                        &label,
                        &help,
                    );
                }
            }
        }
    }

    /// What is for rows of the question's own, where it only makes columns or the outer rows of others. A
    /// title stands above columns too, nets are columns, and a condition holds for nested rows.
    fn idle(&mut self, cx: &mut Check<'_>) {
        let is_this = |name: &Spanned<String>| name.value == self.name.value;
        let stage = self.stage;
        let in_rows = stage.rows.iter().flat_map(|names| names.iter()).any(is_this);
        let in_columns = stage.columns.iter().flat_map(|names| names.iter()).any(is_this);
        if stage.rows.iter().filter_map(|names| names.last()).any(is_this) || !(in_rows || in_columns) {
            return;
        }
        let is_idle = |(option, written): &(&str, bool)| match *option {
            "title" | "nets" => *written && !in_columns,
            "where" => *written && !in_rows,
            _ => *written,
        };
        let idle: Vec<String> = of_rows(self.question)
            .into_iter()
            .filter(is_idle)
            .map(|(option, _)| format!("`{option}`"))
            .collect();
        if idle.is_empty() {
            return;
        }
        let makes = if in_columns { "makes columns" } else { "makes outer rows" };
        let message = format!("has options that do nothing where a question only {makes}");
        let label = format!("{} of `{}`", idle.join(", "), self.name.value);
        let help = "leave them out, or name the question among `rows` too";
        self.refuse(cx, self.name.span, &message, &label, help);
    }

    /// What is shown, whatever the source.
    fn shown(&mut self, cx: &mut Check<'_>) {
        let question = self.question;
        for of in [&question.top_box, &question.bottom_box].into_iter().flatten() {
            if of.value == 0 {
                self.refuse(cx, of.span, "has a box of no answers", "wanted is a number from 1", "");
            }
        }
        for (name, of) in question.nets.iter() {
            if of.is_empty() {
                self.refuse(cx, name.span, "has a net of no answers", "nothing is in it", "list its answers");
            }
            let boxes = [("Top", &question.top_box), ("Bottom", &question.bottom_box)];
            let is_box = |(end, of): &(&str, &Option<Spanned<u64>>)| {
                of.as_ref().is_some_and(|of| name.value == box_name(end, of.value as usize))
            };
            if boxes.iter().any(is_box) {
                let message = "has a net called like one of its boxes";
                self.refuse(cx, name.span, message, "a row of this name is there already", "rename the net");
            }
        }
        for (at, statistic) in question.statistics.iter().enumerate() {
            if question.statistics[..at].iter().any(|earlier| earlier.value == statistic.value) {
                self.refuse(
                    cx,
                    statistic.span,
                    "asks for a statistic twice",
                    "a second time here",
                    "remove it",
                );
            }
        }
        let nothing = question.statistics.is_empty()
            && question.nets.is_empty()
            && question.top_box.is_none()
            && question.bottom_box.is_none();
        if question.hide_answers && nothing {
            let help = "ask for `statistics`, `nets` or a box";
            self.refuse(cx, self.name.span, "hides all of a question", "nothing of it is left to show", help);
        }
    }
}

/// The options that say what stands in a question's own rows, and whether they are written.
fn of_rows(question: &Question) -> [(&'static str, bool); 13] {
    [
        ("title", question.title.is_some()),
        ("base_text", question.base_text.is_some()),
        ("where", question.filter.is_some()),
        ("base", question.base.is_some()),
        ("nets", !question.nets.is_empty()),
        ("top_box", question.top_box.is_some()),
        ("bottom_box", question.bottom_box.is_some()),
        ("statistics", !question.statistics.is_empty()),
        ("scores", !question.scores.is_empty()),
        ("off_scale", !question.off_scale.is_empty()),
        ("sort", question.sort != Sort::default()),
        ("last", !question.last.is_empty()),
        ("hide_answers", question.hide_answers),
    ]
}

/// Values that may be given by the labels that the question has for them.
fn values_of(given: Vec<String>, labels: &[(String, String)]) -> Vec<String> {
    let is_value = |text: &String| labels.iter().any(|(value, _)| value == text);
    let values = |text: String| -> Vec<String> {
        let labelled: Vec<String> =
            labels.iter().filter(|(_, label)| *label == text).map(|(value, _)| value.clone()).collect();
        if is_value(&text) || labelled.is_empty() { vec![text] } else { labelled }
    };
    given.into_iter().flat_map(values).collect()
}

/// The text of a number as counted values show it, so that `1.0` is the answer `1`.
fn plain(text: &str) -> String {
    text.parse::<f64>().map_or_else(|_| text.to_owned(), |value| number::plain(value + 0.0))
}

/// What was written, if it was right: none where something is wrong.
fn given<T>(written: Option<Option<T>>) -> Option<Option<T>> {
    written.map_or(Some(None), |right| right.map(Some))
}
