//! From the syntax tree to one engine expression. Every part is looked at even when its neighbour is
//! wrong, so that all mistakes are told at once. The walk is here; what a part means is in the module of
//! its kind: names, operators, comparisons, patterns, choices, casts, calls.

use std::collections::BTreeMap;
use std::ops::Range;

use polars::prelude::*;
use sqlparser::ast::{BinaryOperator, Expr as Tree, Spanned};

use super::Typed;
use super::dialect::Parsed;
use super::literal::Value;
use super::mistake::{Mistake, MistakeKind};
use super::operand::{Class, Operand};

/// Deeper expressions are refused before they exhaust the stack; a chain of operators is one level.
/// The parser has a limit of its own, so that this one is seldom met.
const DEEPEST: usize = 60;

pub(super) fn lower(
    parsed: &Parsed,
    schema: &Schema,
    vars: &BTreeMap<String, Value>,
) -> Result<Typed, Vec<Mistake>> {
    let mut cx = Lowering { parsed, schema, vars, mistakes: Vec::new(), depth: 0 };
    let made = cx.operand(&parsed.tree);
    if let Some(made) = &made
        && made.class() == Class::Null
    {
        let help = "give it one: CAST(NULL AS text)";
        cx.say(MistakeKind::TypeMismatch, &made.range, "NULL alone has no type", "only NULL", Some(help));
    }
    match made {
        Some(made) if cx.mistakes.is_empty() => Ok(Typed { expr: made.expr, dtype: made.dtype }),
        _ => {
            cx.mistakes.sort_by_key(|mistake| (mistake.range.start, mistake.range.end));
            Err(cx.mistakes)
        }
    }
}

/// The walk over the tree.
pub(super) struct Lowering<'a> {
    pub parsed: &'a Parsed,
    pub schema: &'a Schema,
    pub vars: &'a BTreeMap<String, Value>,
    mistakes: Vec<Mistake>,
    depth: usize,
}

impl<'a> Lowering<'a> {
    /// Notes a mistake.
    pub fn say(
        &mut self,
        kind: MistakeKind,
        range: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<&str>,
    ) {
        self.mistakes.push(Mistake {
            range: range.clone(),
            kind,
            message: message.into(),
            label: label.into(),
            help: help.map(str::to_owned),
        });
    }

    /// Where a part is written, all of it.
    pub fn range(&self, tree: &Tree) -> Range<usize> {
        // The parser's own answer descends one level for each operator of a long chain.
        let (mut first, mut last) = (tree, tree);
        while let Tree::BinaryOp { left, .. } = first {
            first = left;
        }
        while let Tree::BinaryOp { right, .. } = last {
            last = right;
        }
        let range = self.parsed.range(first.span()).start..self.parsed.range(last.span()).end;
        match last {
            Tree::Function(_) => {
                let start = self.parsed.range(last.span()).start;
                self.parsed.call_range(start).map_or(range.clone(), |call| range.start..call.end)
            }
            _ => range,
        }
    }

    /// Understands one part.
    pub fn operand(&mut self, tree: &'a Tree) -> Option<Operand> {
        if self.depth >= DEEPEST {
            let range = self.range(tree);
            let help = "derive the inner parts as columns of their own first";
            self.say(MistakeKind::NotSupported, &range, "nested too deeply", "too deep", Some(help));
            return None;
        }
        self.depth += 1;
        let made = self.part(tree);
        self.depth -= 1;
        let range = self.range(tree);
        made.map(|made| made.at(range))
    }

    fn part(&mut self, tree: &'a Tree) -> Option<Operand> {
        match tree {
            Tree::Identifier(name) => self.column(&name.value, name.quote_style, self.range(tree)),
            Tree::CompoundIdentifier(names) => self.compound(names, self.range(tree)),
            Tree::Nested(inner) => self.operand(inner),
            Tree::Value(value) => self.literal(value),
            Tree::TypedString(typed) => self.typed_string(typed),
            Tree::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                self.logic(tree, op)
            }
            Tree::BinaryOp { op: BinaryOperator::StringConcat, .. } => self.joined(tree),
            Tree::BinaryOp { .. } => self.binary(tree),
            Tree::UnaryOp { op, expr } => self.unary(tree, op, expr),
            Tree::IsNull(inner) => Some(boolean(self.operand(inner)?.expr.is_null())),
            Tree::IsNotNull(inner) => Some(boolean(self.operand(inner)?.expr.is_not_null())),
            Tree::IsTrue(inner) => Some(boolean(self.truth(inner, "IS TRUE")?.eq_missing(lit(true)))),
            Tree::IsNotTrue(inner) => Some(boolean(self.truth(inner, "IS TRUE")?.neq_missing(lit(true)))),
            Tree::IsFalse(inner) => Some(boolean(self.truth(inner, "IS FALSE")?.eq_missing(lit(false)))),
            Tree::IsNotFalse(inner) => Some(boolean(self.truth(inner, "IS FALSE")?.neq_missing(lit(false)))),
            Tree::IsDistinctFrom(left, right) => self.distinct(tree, left, right, true),
            Tree::IsNotDistinctFrom(left, right) => self.distinct(tree, left, right, false),
            Tree::Between { expr, negated, low, high } => self.between(tree, expr, *negated, low, high),
            Tree::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Tree::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_ref(), *negated, false)
            }
            Tree::ILike { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_ref(), *negated, true)
            }
            Tree::Case { operand, conditions, else_result, .. } => {
                self.case(tree, operand.as_deref(), conditions, else_result.as_deref())
            }
            Tree::Cast { kind, expr, data_type, format: None, .. } => self.cast(tree, kind, expr, data_type),
            Tree::Floor { expr, field } => self.floor_or_ceil("FLOOR", tree, expr, field),
            Tree::Ceil { expr, field } => self.floor_or_ceil("CEIL", tree, expr, field),
            Tree::Substring { expr, substring_from, substring_for, .. } => {
                let rest = [substring_from, substring_for].into_iter().flatten().map(|part| &**part);
                self.call("SUBSTR", self.range(tree), std::iter::once(&**expr).chain(rest).collect())
            }
            Tree::Trim { expr, trim_where: None, trim_what: None, trim_characters } => {
                let rest = trim_characters.iter().flatten();
                self.call("TRIM", self.range(tree), std::iter::once(&**expr).chain(rest).collect())
            }
            Tree::Extract { field, expr, .. } => self.extract(tree, field, expr),
            Tree::Function(function) => self.function(tree, function),
            Tree::Interval(_) => {
                let help = "an interval is added to a date: `ordered + INTERVAL 30 DAY`";
                self.refuse(tree, "an interval stands alone", "not added to a date", Some(help))
            }
            Tree::InSubquery { .. } | Tree::Exists { .. } | Tree::Subquery(_) => {
                let help = "`enrich` looks up in another table; the `sql` stage takes any SELECT";
                self.refuse(tree, "an expression looks at one row of one table", "a query", Some(help))
            }
            Tree::Position { .. } => self.refuse(
                tree,
                "POSITION is not supported",
                "not supported",
                Some("use CONTAINS(text, part)"),
            ),
            Tree::RLike { .. } | Tree::SimilarTo { .. } => {
                let help = "use LIKE, ILIKE, STARTS_WITH or CONTAINS";
                self.refuse(tree, "regular expressions are not supported", "not supported", Some(help))
            }
            Tree::Trim { .. } => {
                let help = "TRIM(text) takes the blanks from both ends; use REPLACE for other letters";
                self.refuse(tree, "this form of TRIM is not supported", "not supported", Some(help))
            }
            Tree::Tuple(_) => {
                let help = "compare the columns one by one, joined by AND";
                self.refuse(tree, "a list of values is not a value", "a list", Some(help))
            }
            other => {
                let help = "`growthring explain expressions` lists what is";
                self.refuse(other, "this form of SQL is not supported", "not supported", Some(help))
            }
        }
    }

    /// Tells that a form is not supported.
    pub fn refuse(&mut self, tree: &Tree, message: &str, label: &str, help: Option<&str>) -> Option<Operand> {
        let range = self.range(tree);
        self.say(MistakeKind::NotSupported, &range, message, label, help);
        None
    }
}

/// How a text becomes a number, for help lines.
pub(super) const NUMBER_FROM_TEXT: &str =
    "TRY_CAST(… AS float) makes a number of a text; better, declare the column's type where it is read";

/// How a text becomes a date, for help lines.
pub(super) const TEXT_TO_DATE: &str =
    "CAST(… AS date) reads 2026-01-31, TO_DATE(…, '%d.%m.%Y') other forms; better, declare the column's type";

pub(super) fn boolean(expr: Expr) -> Operand {
    Operand::computed(expr, DataType::Boolean)
}

/// Joins the parts pairwise, so that a long chain is no deep tree.
pub(super) fn balanced(mut parts: Vec<Expr>, join: &dyn Fn(Expr, Expr) -> Expr) -> Option<Expr> {
    if parts.len() < 2 {
        return parts.pop();
    }
    let right = parts.split_off(parts.len() / 2);
    Some(join(balanced(parts, join)?, balanced(right, join)?))
}
