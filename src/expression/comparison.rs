//! Comparisons: two parts, or a part and a list, brought to one type. Knows no arithmetic and no pattern.

use std::ops::Range;

use polars::prelude::*;
use sqlparser::ast::{BinaryOperator, Expr as Tree};

use super::literal::{Value, days};
use super::lower::{Lowering, NUMBER_FROM_TEXT, TEXT_TO_DATE, balanced, boolean};
use super::mistake::MistakeKind;
use super::names::iso_date;
use super::operand::{Class, Operand, common};

impl<'a> Lowering<'a> {
    /// Two parts brought to one type and compared; null where one of them is.
    pub(super) fn compare(
        &mut self,
        left: &Operand,
        right: &Operand,
        op: &BinaryOperator,
        range: &Range<usize>,
    ) -> Option<Expr> {
        let (a, b) = self.aligned(left, right, &format!("`{op}`"), range)?;
        Some(match op {
            BinaryOperator::Eq => a.eq(b),
            BinaryOperator::NotEq => a.neq(b),
            BinaryOperator::Lt => a.lt(b),
            BinaryOperator::LtEq => a.lt_eq(b),
            BinaryOperator::Gt => a.gt(b),
            _ => a.gt_eq(b),
        })
    }

    pub(super) fn aligned(
        &mut self,
        left: &Operand,
        right: &Operand,
        asked_by: &str,
        range: &Range<usize>,
    ) -> Option<(Expr, Expr)> {
        if left.class() == Class::Null || right.class() == Class::Null {
            let message = "a comparison with NULL is never true";
            let help = "write IS NULL or IS NOT NULL";
            self.say(MistakeKind::TypeMismatch, range, message, "compares with NULL", Some(help));
            return None;
        }
        if let Some(narrow) = right.narrowed(&left.dtype) {
            return Some((left.expr.clone(), narrow));
        }
        if let Some(narrow) = left.narrowed(&right.dtype) {
            return Some((narrow, right.expr.clone()));
        }
        if let Some(shared) = common([left, right]) {
            return Some((left.to(&shared), right.to(&shared)));
        }
        let message = format!("{asked_by} compares {} with {}", left.word(), right.word());
        let label = format!("{} and {}", left.word(), right.word());
        let help = comparison_help(left, right);
        self.say(MistakeKind::TypeMismatch, range, message, label, help.as_deref());
        None
    }

    pub(super) fn distinct(
        &mut self,
        tree: &'a Tree,
        left: &'a Tree,
        right: &'a Tree,
        differs: bool,
    ) -> Option<Operand> {
        let (left, right) = (self.operand(left), self.operand(right));
        let (left, right) = (left?, right?);
        let range = self.range(tree);
        let (a, b) = match common([&left, &right]) {
            Some(shared) => (left.to(&shared), right.to(&shared)),
            None => self.aligned(&left, &right, "IS DISTINCT FROM", &range)?,
        };
        Some(boolean(if differs { a.neq_missing(b) } else { a.eq_missing(b) }))
    }

    pub(super) fn between(
        &mut self,
        tree: &'a Tree,
        part: &'a Tree,
        negated: bool,
        low: &'a Tree,
        high: &'a Tree,
    ) -> Option<Operand> {
        let (part, low, high) = (self.operand(part), self.operand(low), self.operand(high));
        let (part, low, high) = (part?, low?, high?);
        let range = self.range(tree);
        let from = self.compare(&part, &low, &BinaryOperator::GtEq, &range);
        let to = self.compare(&part, &high, &BinaryOperator::LtEq, &range);
        let inside = from?.and(to?);
        Some(boolean(if negated { inside.not() } else { inside }))
    }

    pub(super) fn in_list(&mut self, part: &'a Tree, list: &'a [Tree], negated: bool) -> Option<Operand> {
        let part = self.operand(part);
        let items: Vec<_> = list.iter().map(|item| self.operand(item)).collect();
        let part = part?;
        let items = items.into_iter().collect::<Option<Vec<_>>>()?;
        let mut fits = true;
        for item in &items {
            let range = item.range.clone();
            if item.class() == Class::Null {
                let message = "IN never finds NULL";
                let help = if negated { "add `AND … IS NOT NULL`" } else { "add `OR … IS NULL`" };
                self.say(MistakeKind::TypeMismatch, &range, message, "NULL in the list", Some(help));
                fits = false;
            } else if common([&part, item]).is_none() {
                fits &= self.aligned(&part, item, "IN", &range).is_some();
            }
        }
        if !fits {
            return None;
        }
        if part.class() == Class::Null {
            let help = "write IS NULL or IS NOT NULL";
            let message = "a comparison with NULL is never true";
            self.say(MistakeKind::TypeMismatch, &part.range, message, "NULL", Some(help));
            return None;
        }
        let shared = common(std::iter::once(&part).chain(&items))?;
        let found = match constants(&items, &shared) {
            Some(values) => {
                let list = DataType::List(Box::new(shared.clone()));
                part.to(&shared).is_in(lit(Scalar::new(list, AnyValue::List(values))), false)
            }
            None => {
                let value = part.to(&shared);
                let tests = items.iter().map(|item| value.clone().eq(item.to(&shared))).collect();
                balanced(tests, &|a, b| a.or(b))?
            }
        };
        Some(boolean(if negated { found.not() } else { found }))
    }
}

/// The values as a column of `dtype`, if all are known.
fn constants(items: &[Operand], dtype: &DataType) -> Option<Series> {
    let values = items.iter().map(|item| item.constant.as_ref()).collect::<Option<Vec<_>>>()?;
    let values: Vec<AnyValue> = values
        .into_iter()
        .map(|value| match (value, dtype) {
            (Value::Text(text), DataType::String) => Some(AnyValue::String(text)),
            (Value::Integer(number), DataType::Int64) => Some(AnyValue::Int64(*number)),
            (Value::Integer(number), DataType::Float64) => Some(AnyValue::Float64(*number as f64)),
            (Value::Float(number), DataType::Float64) => Some(AnyValue::Float64(*number)),
            (Value::Boolean(truth), DataType::Boolean) => Some(AnyValue::Boolean(*truth)),
            (Value::Date(date), DataType::Date) => Some(AnyValue::Date(days(*date))),
            _ => None,
        })
        .collect::<Option<_>>()?;
    Series::from_any_values_and_dtype(PlSmallStr::EMPTY, &values, dtype, true).ok()
}

fn comparison_help(left: &Operand, right: &Operand) -> Option<String> {
    let text = [left, right].into_iter().find(|part| part.class() == Class::Text)?;
    let other = if text.range == left.range { right } else { left };
    match (&text.constant, other.class()) {
        (Some(Value::Text(written)), Class::Date | Class::Datetime) => Some(match iso_date(written) {
            Some(_) => format!("write DATE '{written}'"),
            None => "a date is written DATE '2026-01-31'".into(),
        }),
        (Some(_), Class::Integer | Class::Float) => Some("a number stands without quotes".into()),
        (Some(_), Class::Boolean) => Some("a boolean is TRUE or FALSE, without quotes".into()),
        (None, Class::Date | Class::Datetime) => Some(TEXT_TO_DATE.into()),
        (None, Class::Integer | Class::Float) => Some(NUMBER_FROM_TEXT.into()),
        _ => None,
    }
}
