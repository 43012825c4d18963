//! Operators: arithmetic with our division and overflow, three-valued logic, joined texts, dates moved by
//! intervals. Comparisons are in [`super::comparison`].

use std::ops::Range;

use polars::prelude::*;
use sqlparser::ast::{self, BinaryOperator, Expr as Tree, UnaryOperator};

use super::literal::{Value, integer};
use super::lower::{Lowering, NUMBER_FROM_TEXT, TEXT_TO_DATE, balanced, boolean};
use super::mistake::MistakeKind;
use super::operand::{Class, Operand};
use super::rules;

/// The engine's expression becomes one level deeper with each operator.
const LONGEST: usize = 400;

impl<'a> Lowering<'a> {
    /// A chain of operators from left to right, without descending one level for each.
    pub(super) fn binary(&mut self, tree: &'a Tree) -> Option<Operand> {
        let mut links = Vec::new();
        let mut first = tree;
        while let Tree::BinaryOp { left, op, right } = first
            && !matches!(op, BinaryOperator::And | BinaryOperator::Or | BinaryOperator::StringConcat)
        {
            links.push((first, op, &**right));
            first = left;
        }
        if links.len() > LONGEST {
            let help = "sum fewer columns at a time, in several `derive` columns";
            return self.refuse(tree, "too many operators in a row", "too long", Some(help));
        }
        let mut made = self.operand(first);
        for (tree, op, right) in links.into_iter().rev() {
            let range = self.range(tree);
            made = match (op, right) {
                (BinaryOperator::Plus | BinaryOperator::Minus, Tree::Interval(interval)) => {
                    self.shifted(made, op, interval)
                }
                _ => {
                    let right = self.operand(right);
                    made.zip(right).and_then(|(left, right)| self.operation(&left, op, &right, &range))
                }
            }
            .map(|made| made.at(range));
        }
        made
    }

    fn operation(
        &mut self,
        left: &Operand,
        op: &BinaryOperator,
        right: &Operand,
        range: &Range<usize>,
    ) -> Option<Operand> {
        match op {
            BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo => self.arithmetic(left, op, right, range),
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => self.compare(left, right, op, range).map(boolean),
            other => {
                let message = format!("the operator `{other}` is not supported");
                let help = match other {
                    BinaryOperator::PGOverlap => "write AND",
                    BinaryOperator::Xor => "write `<>` between two booleans",
                    BinaryOperator::BitwiseXor | BinaryOperator::PGExp => "write POWER(base, exponent)",
                    BinaryOperator::DuckIntegerDivide | BinaryOperator::MyIntegerDivide => {
                        "write FLOOR(a / b)"
                    }
                    BinaryOperator::PGRegexMatch | BinaryOperator::PGRegexIMatch => {
                        "use LIKE, ILIKE, STARTS_WITH or CONTAINS"
                    }
                    BinaryOperator::Spaceship => "write IS NOT DISTINCT FROM",
                    _ => "`growthring explain expressions` lists the operators",
                };
                self.say(MistakeKind::NotSupported, range, message, "not supported", Some(help));
                None
            }
        }
    }

    /// AND and OR, a whole chain at once.
    pub(super) fn logic(&mut self, tree: &'a Tree, op: &'a BinaryOperator) -> Option<Operand> {
        let word = if *op == BinaryOperator::And { "AND" } else { "OR" };
        let parts: Vec<_> = chain(tree, op).into_iter().map(|part| self.truth(part, word)).collect();
        let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        Some(boolean(balanced(parts, &|a, b| match op {
            BinaryOperator::And => a.and(b),
            _ => a.or(b),
        })?))
    }

    /// A boolean; NULL is one of unknown truth.
    pub(super) fn truth(&mut self, tree: &'a Tree, asked_by: &str) -> Option<Expr> {
        let part = self.operand(tree)?;
        match part.class() {
            Class::Boolean | Class::Null => Some(part.to(&DataType::Boolean)),
            _ => {
                let message = format!("{asked_by} takes a boolean");
                let label = format!("this is {}", part.word());
                let help = "compare it with something: `quantity > 0`, `name <> ''`";
                self.say(MistakeKind::TypeMismatch, &part.range, message, label, Some(help));
                None
            }
        }
    }

    /// `||`, a whole chain at once.
    pub(super) fn joined(&mut self, tree: &'a Tree) -> Option<Operand> {
        let parts: Vec<_> = chain(tree, &BinaryOperator::StringConcat)
            .into_iter()
            .map(|part| {
                let part = self.operand(part)?;
                self.text_of(&part, "`||`")
            })
            .collect();
        let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Operand::computed(concat_str(parts, "", false), DataType::String))
    }

    /// The part as text, or a mistake in the name of whoever wants it.
    pub(super) fn text_of(&mut self, part: &Operand, asked_by: &str) -> Option<Expr> {
        if part.class() == Class::Text {
            return Some(part.expr.clone());
        }
        let message = format!("{asked_by} takes text");
        let label = format!("this is {}", part.word());
        let help = (part.class() != Class::Null).then_some("CAST(… AS text) makes text of it");
        self.say(MistakeKind::TypeMismatch, &part.range, message, label, help);
        None
    }

    pub(super) fn unary(&mut self, tree: &'a Tree, op: &UnaryOperator, inner: &'a Tree) -> Option<Operand> {
        match op {
            UnaryOperator::Not => Some(boolean(self.truth(inner, "NOT")?.not())),
            UnaryOperator::Minus | UnaryOperator::Plus => {
                let part = self.operand(inner)?;
                if !part.class().is_number() {
                    let message = format!("`{op}` takes a number");
                    let label = format!("this is {}", part.word());
                    self.say(MistakeKind::TypeMismatch, &part.range, message, label, None);
                    return None;
                }
                Some(match (op, &part.constant) {
                    (UnaryOperator::Plus, _) => part,
                    (_, Some(Value::Integer(number))) => {
                        Operand::constant(Value::Integer(number.wrapping_neg()), part.range)
                    }
                    (_, Some(Value::Float(number))) => Operand::constant(Value::Float(-number), part.range),
                    _ if part.class() == Class::Float => {
                        Operand::computed(lit(0.0) - part.float(), DataType::Float64)
                    }
                    _ => whole(integer(0) - part.int(), lit(0.0) - part.float(), u128::from(part.most)),
                })
            }
            other => {
                let message = format!("the operator `{other}` is not supported");
                self.refuse(tree, &message, "not supported", None)
            }
        }
    }

    fn arithmetic(
        &mut self,
        left: &Operand,
        op: &BinaryOperator,
        right: &Operand,
        range: &Range<usize>,
    ) -> Option<Operand> {
        let both_whole = left.class() == Class::Integer && right.class() == Class::Integer;
        if left.class().is_number() && right.class().is_number() {
            let divisor = match right.constant {
                Some(Value::Integer(number)) => Some(number as f64),
                Some(Value::Float(number)) => Some(number),
                _ => None,
            }
            .filter(|number| *number != 0.0);
            let not_zero = divisor.is_some();
            let constant_zero = !not_zero && right.constant.is_some();
            if constant_zero && matches!(op, BinaryOperator::Divide | BinaryOperator::Modulo) {
                let message = "division by zero is null for every row";
                self.say(MistakeKind::TypeMismatch, &right.range, message, "zero", None);
                return None;
            }
            let (a, b) = (left.float(), right.float());
            let (most_a, most_b) = (u128::from(left.most), u128::from(right.most));
            return Some(match op {
                BinaryOperator::Plus if both_whole => whole(left.int() + right.int(), a + b, most_a + most_b),
                BinaryOperator::Minus if both_whole => {
                    whole(left.int() - right.int(), a - b, most_a + most_b)
                }
                BinaryOperator::Multiply if both_whole => {
                    whole(left.int() * right.int(), a * b, most_a * most_b)
                }
                BinaryOperator::Plus => Operand::computed(a + b, DataType::Float64),
                BinaryOperator::Minus => Operand::computed(a - b, DataType::Float64),
                BinaryOperator::Multiply => Operand::computed(a * b, DataType::Float64),
                BinaryOperator::Divide => {
                    let quotient = match divisor {
                        Some(number) => rules::divide_by(a, number),
                        None => rules::divide(a, b),
                    };
                    Operand::computed(quotient, DataType::Float64)
                }
                _ => {
                    let (a, b) = if both_whole { (left.int(), right.int()) } else { (a, b) };
                    let rest = rules::remainder(a, b.clone());
                    let rest = match not_zero {
                        true => rest,
                        false => when(b.neq(lit(0))).then(rest).otherwise(lit(NULL)),
                    };
                    match both_whole {
                        true => Operand::integer(rest, right.most),
                        false => Operand::computed(rest, DataType::Float64),
                    }
                }
            });
        }
        if *op == BinaryOperator::Minus && left.class() == Class::Date && right.class() == Class::Date {
            return Some(days_between(right.expr.clone(), left.expr.clone()));
        }
        self.no_arithmetic(left, op, right, range);
        None
    }

    fn no_arithmetic(&mut self, left: &Operand, op: &BinaryOperator, right: &Operand, range: &Range<usize>) {
        let (a, b) = (left.class(), right.class());
        let dated = |class| matches!(class, Class::Date | Class::Datetime);
        let help = if a == Class::Null || b == Class::Null {
            "with NULL the result is null for every row"
        } else if a == Class::Text && b == Class::Text && *op == BinaryOperator::Plus {
            "texts are joined with `||`"
        } else if dated(a) && dated(b) && *op == BinaryOperator::Minus {
            "DATE_DIFF('day', start, end) counts the days between"
        } else if dated(a) && b.is_number() {
            "write the unit: `+ INTERVAL 30 DAY`"
        } else if a == Class::Text || b == Class::Text {
            NUMBER_FROM_TEXT
        } else {
            "`+ - * / %` take numbers; a date takes an interval"
        };
        let message = format!("`{op}` does not go with {} and {}", left.word(), right.word());
        let label = format!("{} {op} {}", left.word(), right.word());
        self.say(MistakeKind::TypeMismatch, range, message, label, Some(help));
    }

    /// A date plus or minus an interval.
    fn shifted(
        &mut self,
        date: Option<Operand>,
        op: &BinaryOperator,
        interval: &'a ast::Interval,
    ) -> Option<Operand> {
        let amount = self.operand(&interval.value);
        let (date, amount) = (date?, amount?);
        let kind = MistakeKind::TypeMismatch;
        if !matches!(date.class(), Class::Date | Class::Datetime) {
            let message = "an interval is added to a date";
            let label = format!("this is {}", date.word());
            let help = (date.class() == Class::Text).then_some(TEXT_TO_DATE);
            self.say(kind, &date.range, message, label, help);
            return None;
        }
        // `INTERVAL '3 months'` has its unit inside.
        let (constant, unit) = match (&amount.constant, &interval.leading_field) {
            (Some(Value::Text(text)), None) => {
                let (count, unit) = text.trim().split_once(' ').unwrap_or((text, ""));
                (count.parse::<i64>().ok(), unit.trim().to_uppercase())
            }
            (Some(Value::Text(text)), Some(field)) => (text.trim().parse().ok(), field.to_string()),
            (Some(Value::Integer(number)), field) => {
                (Some(*number), field.as_ref().map(ToString::to_string).unwrap_or_default())
            }
            (_, field) => (None, field.as_ref().map(ToString::to_string).unwrap_or_default()),
        };
        let hours = date.class() == Class::Datetime;
        let unit = match unit.to_uppercase().trim_end_matches('S') {
            "DAY" => "d",
            "WEEK" => "w",
            "MONTH" => "mo",
            "QUARTER" => "q",
            "YEAR" => "y",
            "HOUR" if hours => "h",
            "MINUTE" if hours => "m",
            "SECOND" if hours => "s",
            _ => {
                let message = "an interval has a unit";
                let label = "DAY, WEEK, MONTH, QUARTER or YEAR is missing";
                self.say(kind, &amount.range, message, label, Some("write `INTERVAL 30 DAY`"));
                return None;
            }
        };
        let back = *op == BinaryOperator::Minus;
        let by = match constant {
            // Millions of years would leave the calendar and stop the run.
            Some(count) if count.unsigned_abs() <= 1_000_000 => {
                let signed = if back { -count } else { count };
                lit(format!("{signed}{unit}"))
            }
            None if amount.class() == Class::Integer => {
                let signed = if back { integer(0) - amount.int() } else { amount.int() };
                concat_str([signed.cast(DataType::String), lit(unit)], "", false)
            }
            _ => {
                let label = format!("this is {}", amount.word());
                self.say(kind, &amount.range, "an interval counts whole units", label, None);
                return None;
            }
        };
        Some(Operand::computed(date.expr.dt().offset_by(by), date.dtype))
    }
}

/// Whole days from `start` to `end`.
pub(super) fn days_between(start: Expr, end: Expr) -> Operand {
    let days = |date: Expr| date.cast(DataType::Int32).cast(DataType::Int64);
    Operand::integer(days(end) - days(start), 1 << 32)
}

/// An integer result with its test for overflow, where one is needed.
pub(super) fn whole(exact: Expr, approximate: Expr, most: u128) -> Operand {
    match u64::try_from(most) {
        Ok(most) if most <= i64::MAX as u64 => Operand::integer(exact, most),
        _ => Operand::integer(rules::checked_integer(exact, approximate), 1 << 63),
    }
}

/// `a OR b OR c` as its parts, without descending one level for each.
fn chain<'t>(tree: &'t Tree, op: &BinaryOperator) -> Vec<&'t Tree> {
    let mut parts = Vec::new();
    let mut rest = tree;
    while let Tree::BinaryOp { left, op: here, right } = rest
        && here == op
    {
        parts.push(&**right);
        rest = left;
    }
    parts.push(rest);
    parts.reverse();
    parts
}
