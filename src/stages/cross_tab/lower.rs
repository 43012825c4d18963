//! The columns that the tables count: answers, flags and states, as plain expressions over the input's
//! columns. Knows no counts.

use std::collections::BTreeSet;

use polars::prelude::{DataType, Expr, LazyFrame, NULL, lit, when};

use super::Checked;
use super::answers::Known;
use super::layout::{WEIGHT, any, contradiction, flag, flags, state, value};
use super::questions::{Asked, Source};
use crate::stages::Column;
use crate::stages::named::named;

/// Where a person stands with a question, in the column of states.
pub(super) const ANSWERED: i8 = 0;
/// Was asked and gave no answer.
pub(super) const NO_ANSWER: i8 = 1;
/// Was not asked.
pub(super) const NOT_ASKED: i8 = 2;
/// Is not in the tables of the question.
pub(super) const FILTERED: i8 = 3;
/// Is in no table, and yet in the sample: for the errors of a design.
pub(super) const OUTSIDE: i8 = 4;

fn clean(question: usize) -> String {
    format!("cross_tab: text of {question}")
}

impl Checked {
    /// The rows with the columns that the tables count, and nothing else.
    pub(super) fn derive(&self, rows: &LazyFrame, known: &[Known]) -> LazyFrame {
        let mut rows = rows.clone();
        if let (Some(filter), false) = (&self.filter, self.is_taylor()) {
            rows = rows.filter(filter.expr.clone());
        }
        let questions = &self.questions;
        let texts: Vec<Expr> = questions
            .asked
            .iter()
            .enumerate()
            .filter_map(|(at, asked)| normalised(at, &asked.source))
            .collect();
        if !texts.is_empty() {
            rows = rows.with_columns(texts);
        }
        let mut columns: Vec<Expr> = Vec::new();
        let used: BTreeSet<usize> =
            questions.rows.iter().chain(&questions.columns).flatten().copied().collect();
        for at in used {
            columns.extend(self.of_question(at, &known[at]));
        }
        for (at, row) in questions.rows.iter().enumerate() {
            if self.has_state(row) {
                columns.push(self.state(row, known).alias(state(at)));
            }
        }
        columns.extend(self.weight.as_ref().map(|weight| named(weight).alias(WEIGHT)));
        if self.is_taylor() {
            columns.extend(self.design_columns().map(|(name, column)| named(column).alias(name)));
        }
        rows.select(columns)
    }

    /// The columns of one question.
    fn of_question(&self, at: usize, known: &Known) -> Vec<Expr> {
        let asked = &self.questions.asked[at];
        let among = |expr: Expr| match &asked.asked {
            Some(condition) => when(condition.clone()).then(expr).otherwise(lit(NULL)),
            None => expr,
        };
        if let Source::One(column) = &asked.source {
            return vec![among(given(asked, column)).alias(value(at))];
        }
        let flagged: Vec<Expr> =
            known.answers.iter().map(|answer| gives(at, &asked.source, answer)).collect();
        let either = |of: &[usize]| {
            let flags = of.iter().map(|at| flagged[*at].clone()).reduce(Expr::or);
            among(flags.unwrap_or_else(|| lit(false)).fill_null(lit(false))).fill_null(lit(false))
        };
        let all: Vec<usize> = (0..flagged.len()).collect();
        let mut columns: Vec<Expr> = flags(asked, known)
            .iter()
            .enumerate()
            .map(|(place, of)| either(of).alias(flag(at, place)))
            .collect();
        columns.push(either(&all).alias(any(at)));
        if let Some(none) = &asked.none_of_these {
            let (excluding, others): (Vec<usize>, Vec<usize>) =
                all.iter().partition(|place| known.means(none, &known.answers[**place]));
            columns.push(either(&excluding).and(either(&others)).alias(contradiction(at)));
        }
        columns
    }

    /// Where a person stands with the questions of a row, the worst of its parts.
    fn state(&self, row: &[usize], known: &[Known]) -> Expr {
        let number = |state: i8| lit(state);
        let parts: Vec<&Asked> = row.iter().map(|part| &self.questions.asked[*part]).collect();
        let mut filters: Vec<Expr> = parts
            .iter()
            .filter_map(|asked| asked.filter.as_ref())
            .map(|filter| filter.expr.clone())
            .collect();
        let not = |condition: Expr| condition.fill_null(lit(false)).not();
        let any_of =
            |conditions: Vec<Expr>| conditions.into_iter().reduce(Expr::or).unwrap_or_else(|| lit(false));
        let outside = match (&self.filter, self.is_taylor()) {
            (Some(filter), true) => not(filter.expr.clone()),
            _ => lit(false),
        };
        let filtered = any_of(filters.drain(..).map(not).collect());
        let not_asked = any_of(parts.iter().map(|asked| was_not_asked(asked)).collect());
        let missing = any_of(row.iter().map(|at| self.is_missing(*at, &known[*at])).collect());
        when(outside)
            .then(number(OUTSIDE))
            .when(filtered)
            .then(number(FILTERED))
            .when(not_asked)
            .then(number(NOT_ASKED))
            .when(missing)
            .then(number(NO_ANSWER))
            .otherwise(number(ANSWERED))
            .cast(DataType::Int8)
    }

    fn is_missing(&self, at: usize, known: &Known) -> Expr {
        let asked = &self.questions.asked[at];
        match &asked.source {
            Source::One(column) => given(asked, column).is_null(),
            source => {
                let given = known.answers.iter().map(|answer| gives(at, source, answer)).reduce(Expr::or);
                given.unwrap_or_else(|| lit(false)).fill_null(lit(false)).not()
            }
        }
    }
}

/// Who was not asked: by the condition, or, of several columns, those for whom all are empty.
fn was_not_asked(asked: &Asked) -> Expr {
    if let Some(condition) = &asked.asked {
        return condition.clone().fill_null(lit(false)).not();
    }
    let empty = |columns: &[Column]| {
        let nulls = columns.iter().map(|column| answer(column).is_null()).reduce(Expr::and);
        nulls.unwrap_or_else(|| lit(false))
    };
    match &asked.source {
        Source::One(_) => lit(false),
        Source::Flags(columns) | Source::Codes(columns) => empty(columns),
        Source::Delimited(column, _) => named(&column.name).is_null(),
    }
}

/// Whether the person gave this answer; null counts as no.
fn gives(at: usize, source: &Source, answer: &str) -> Expr {
    match source {
        Source::One(column) => is(column, answer),
        Source::Flags(columns) => {
            let column = columns.iter().find(|column| column.name == answer);
            column.map_or_else(
                || lit(false),
                |column| named(&column.name).cast(DataType::Float64).eq(lit(1.0)).fill_null(lit(false)),
            )
        }
        Source::Codes(columns) => {
            columns.iter().map(|column| is(column, answer)).reduce(Expr::or).unwrap_or_else(|| lit(false))
        }
        Source::Delimited(_, separator) => {
            let wanted = format!("{separator}{answer}{separator}");
            named(&clean(at)).str().contains_literal(lit(wanted)).fill_null(lit(false))
        }
    }
}

/// Whether a column has the value that is shown as this text.
fn is(column: &Column, text: &str) -> Expr {
    let value = named(&column.name);
    let same = match (column.dtype.is_numeric(), text.parse::<f64>()) {
        (true, Ok(number)) => value.cast(DataType::Float64).eq(lit(number)),
        _ => value.cast(DataType::String).eq(lit(text.to_owned())),
    };
    same.fill_null(lit(false))
}

/// A delimited text with the separator before, between and after its answers, and no blanks around it.
fn normalised(at: usize, source: &Source) -> Option<Expr> {
    let Source::Delimited(column, separator) = source else { return None };
    let pattern = format!(r"\s*{}\s*", regex::escape(separator));
    let text = named(&column.name).cast(DataType::String).str().strip_chars(lit(NULL));
    let text = text.str().replace_all(lit(pattern), lit(separator.replace('$', "$$")), false);
    let around = lit(separator.clone());
    Some((around.clone() + text + around).alias(clean(at)))
}

/// The one answer to a question; values that stand for none are null.
fn given(asked: &Asked, column: &Column) -> Expr {
    let missing = asked.missing.iter().map(|value| is(column, value)).reduce(Expr::or);
    missing.map_or_else(|| answer(column), |missing| when(missing).then(lit(NULL)).otherwise(answer(column)))
}

/// The answer in a column; what is not a number is none.
fn answer(column: &Column) -> Expr {
    if column.dtype.is_float() { named(&column.name).fill_nan(lit(NULL)) } else { named(&column.name) }
}
