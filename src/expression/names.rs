//! Columns, variables and literals: what a single word of an expression stands for. Knows no operator.

use std::ops::Range;

use jiff::civil::Date;
use polars::prelude::*;
use sqlparser::ast::{self, ValueWithSpan};

use super::literal::Value;
use super::lower::Lowering;
use super::mistake::MistakeKind;
use super::operand::{Operand, word_of};
use crate::diagnostic::nearest;

impl Lowering<'_> {
    pub(super) fn column(&mut self, name: &str, quote: Option<char>, range: Range<usize>) -> Option<Operand> {
        if let Some(dtype) = self.schema.get(name) {
            // `col` would read `^…$` as a pattern and `*` as all columns.
            let column = Expr::Column(name.into());
            return Some(match dtype {
                // Categories are a way to store texts: everything that asks for a text may have them.
                DataType::Categorical(..) | DataType::Enum(..) => {
                    Operand::computed(column.cast(DataType::String), DataType::String)
                }
                dtype => Operand::computed(column, dtype.clone()),
            });
        }
        let similar = nearest(name, self.schema.iter_names().map(|name| name.as_str()));
        let help = match similar {
            Some(similar) => {
                let dtype = self.schema.get(similar).map(word_of).unwrap_or_default();
                Some(format!("a column with a similar name exists: `{similar}` ({dtype})"))
            }
            None => {
                let meant = if quote == Some('"') { "" } else { "if a text is meant: " };
                Some(format!("{meant}a text goes in single quotes: '{}'", name.replace('\'', "''")))
            }
        };
        let message = format!("`{name}` is not a column here");
        self.say(MistakeKind::UnknownColumn, &range, message, "no such column", help.as_deref());
        None
    }

    pub(super) fn compound(&mut self, names: &[ast::Ident], range: Range<usize>) -> Option<Operand> {
        let joined = names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(".");
        if self.schema.contains(&joined) {
            let help = format!("a name with a point goes in double quotes: \"{joined}\"");
            let message = format!("`{joined}` reads as a column of a table");
            self.say(MistakeKind::UnknownColumn, &range, message, "needs quotes", Some(&help));
            return None;
        }
        let last = names.last().map(|name| name.value.clone()).unwrap_or_default();
        let help = match self.schema.contains(&last) {
            true => format!("there is one table here: write `{last}`"),
            false => "there is one table here: write the column's name alone".to_owned(),
        };
        let message = format!("`{joined}` names a table and a column");
        self.say(MistakeKind::UnknownColumn, &range, message, "no such column", Some(&help));
        None
    }

    pub(super) fn literal(&mut self, value: &ValueWithSpan) -> Option<Operand> {
        let range = self.parsed.range(value.span);
        let constant = match &value.value {
            ast::Value::Number(digits, _) => number(digits),
            ast::Value::SingleQuotedString(text) => Some(Value::Text(text.clone())),
            ast::Value::Boolean(truth) => Some(Value::Boolean(*truth)),
            ast::Value::Null => return Some(Operand::null(range)),
            ast::Value::Placeholder(name) => return self.variable(name, range),
            _ => None,
        };
        let Some(constant) = constant else {
            let help = "a text goes in single quotes, a number is written with digits and a point";
            let kind = MistakeKind::NotSupported;
            self.say(kind, &range, "this kind of literal is not supported", "not supported", Some(help));
            return None;
        };
        Some(Operand::constant(constant, range))
    }

    fn variable(&mut self, placeholder: &str, range: Range<usize>) -> Option<Operand> {
        let name = placeholder.trim_start_matches('$');
        if let Some(value) = self.vars.get(name) {
            return Some(Operand::constant(value.clone(), range));
        }
        let help = match nearest(name, self.vars.keys().map(String::as_str)) {
            Some(similar) => format!("a variable with a similar name exists: `${similar}`"),
            None if self.vars.is_empty() => "this pipeline declares no variables (`vars:`)".to_owned(),
            None => {
                let names: Vec<_> = self.vars.keys().map(|name| format!("`${name}`")).collect();
                format!("variables are {}", names.join(", "))
            }
        };
        let message = format!("`{placeholder}` is not a variable of this pipeline");
        self.say(MistakeKind::UnknownVariable, &range, message, "no such variable", Some(&help));
        None
    }

    pub(super) fn typed_string(&mut self, typed: &ast::TypedString) -> Option<Operand> {
        let range = self.parsed.range(typed.value.span);
        let text = match (&typed.data_type, &typed.value.value) {
            (ast::DataType::Date, ast::Value::SingleQuotedString(text)) => text,
            _ => {
                let message = format!("a literal of type {} is not supported", typed.data_type);
                let help = "dates are written DATE '2026-01-31'; anything else with CAST";
                self.say(MistakeKind::NotSupported, &range, message, "not supported", Some(help));
                return None;
            }
        };
        match iso_date(text) {
            Some(date) => Some(Operand::constant(Value::Date(date), range)),
            None => {
                let message = format!("'{text}' is not a date");
                let help = "a date is written DATE '2026-01-31'";
                self.say(MistakeKind::TypeMismatch, &range, message, "not a date", Some(help));
                None
            }
        }
    }
}

/// `2026-01-31`, and nothing else.
pub(super) fn iso_date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shape.then(|| text.parse().ok()).flatten()
}

fn number(digits: &str) -> Option<Value> {
    if digits.bytes().all(|digit| digit.is_ascii_digit())
        && let Ok(number) = digits.parse()
    {
        return Some(Value::Integer(number));
    }
    digits.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float)
}
