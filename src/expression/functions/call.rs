//! A call and its arguments, each taken as what its function wants or refused in its place. Knows no
//! function by name.

use std::ops::Range;

use polars::prelude::*;

use super::Function;
use crate::expression::literal::Value;
use crate::expression::lower::{Lowering, NUMBER_FROM_TEXT, TEXT_TO_DATE};
use crate::expression::mistake::MistakeKind;
use crate::expression::operand::{Class, Operand};

/// A call whose arguments were understood.
pub(in crate::expression) struct Call<'c, 'a> {
    pub cx: &'c mut Lowering<'a>,
    pub function: &'static Function,
    pub range: Range<usize>,
    pub args: Vec<Operand>,
}

/// A unit of the calendar.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Call<'_, '_> {
    pub(super) fn mismatch(&mut self, at: usize, takes: &str, help: Option<&str>) {
        let message = format!("{} takes {takes}", self.function.form);
        let label = match &self.args[at] {
            arg if arg.constant.is_none() => format!("this is {}", arg.word()),
            arg => format!("this is {} {}", article(&arg.word()), arg.word()),
        };
        let range = self.args[at].range.clone();
        self.cx.say(MistakeKind::TypeMismatch, &range, message, label, help);
    }

    pub(super) fn text(&mut self, at: usize) -> Option<Expr> {
        let arg = self.args[at].clone();
        self.cx.text_of(&arg, self.function.name())
    }

    pub(super) fn is_number(&mut self, at: usize) -> Option<Class> {
        let class = self.args[at].class();
        if class.is_number() {
            return Some(class);
        }
        let help = (class == Class::Text).then_some(NUMBER_FROM_TEXT);
        self.mismatch(at, "a number", help);
        None
    }

    pub(super) fn float(&mut self, at: usize) -> Option<Expr> {
        self.is_number(at).map(|_| self.args[at].float())
    }

    pub(super) fn integer(&mut self, at: usize) -> Option<Expr> {
        if self.args[at].class() == Class::Integer {
            return Some(self.args[at].int());
        }
        self.mismatch(at, "a whole number", None);
        None
    }

    pub(super) fn date(&mut self, at: usize) -> Option<Expr> {
        match self.args[at].class() {
            Class::Date | Class::Datetime => Some(self.args[at].day()),
            class => {
                let help = (class == Class::Text).then_some(TEXT_TO_DATE);
                self.mismatch(at, "a date", help);
                None
            }
        }
    }

    pub(super) fn fixed_text(&mut self, at: usize, takes: &str) -> Option<String> {
        if let Some(Value::Text(text)) = &self.args[at].constant {
            return Some(text.clone());
        }
        self.mismatch(at, takes, Some("it is the same for every row: a text in single quotes or a variable"));
        None
    }

    pub(super) fn fixed_integer(
        &mut self,
        at: usize,
        takes: &str,
        allowed: std::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        match self.args[at].constant {
            Some(Value::Integer(number)) if allowed.contains(&number) => Some(number),
            _ => {
                self.mismatch(at, takes, None);
                None
            }
        }
    }

    /// One of the calendar's units.
    pub(super) fn unit(&mut self, at: usize) -> Option<Unit> {
        let takes = "'day', 'week', 'month', 'quarter' or 'year'";
        let text = self.fixed_text(at, takes)?;
        let unit = match text.to_lowercase().as_str() {
            "day" => Unit::Day,
            "week" => Unit::Week,
            "month" => Unit::Month,
            "quarter" => Unit::Quarter,
            "year" => Unit::Year,
            _ => {
                self.mismatch(at, takes, None);
                return None;
            }
        };
        Some(unit)
    }

    /// All arguments in the type that all can have.
    pub(super) fn alike(&mut self) -> Option<(Vec<Expr>, DataType)> {
        let (range, name) = (self.range.clone(), self.function.name());
        let dtype = self.cx.one_type(self.args.iter(), name, &range)?;
        Some((self.args.iter().map(|arg| arg.to(&dtype)).collect(), dtype))
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
