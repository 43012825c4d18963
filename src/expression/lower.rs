//! From the syntax tree to one engine expression: names, literals, operators. Every part is looked at
//! even when its neighbour is wrong, so that all mistakes are told at once.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use polars::prelude::*;
use sqlparser::ast::{
    self, BinaryOperator, CastKind, CeilFloorKind, DateTimeField, Expr as Tree, FunctionArg, FunctionArgExpr,
    FunctionArguments, Spanned, UnaryOperator, ValueWithSpan,
};

use super::dialect::Parsed;
use super::functions::{self, Call};
use super::literal::{Value, integer};
use super::mistake::{Mistake, MistakeKind};
use super::operand::{Class, Operand, common, word_of};
use super::{Typed, rules};
use crate::diagnostic::nearest;

/// Deeper expressions are refused before they exhaust the stack; a chain of operators is one level.
/// The parser has a limit of its own, so that this one is seldom met.
const DEEPEST: usize = 60;

/// The engine's expression becomes one level deeper with each operator.
const LONGEST: usize = 400;

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
    parsed: &'a Parsed,
    schema: &'a Schema,
    vars: &'a BTreeMap<String, Value>,
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

    fn range(&self, tree: &Tree) -> Range<usize> {
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

    fn refuse(&mut self, tree: &Tree, message: &str, label: &str, help: Option<&str>) -> Option<Operand> {
        let range = self.range(tree);
        self.say(MistakeKind::NotSupported, &range, message, label, help);
        None
    }

    // ---- names and literals ----

    fn column(&mut self, name: &str, quote: Option<char>, range: Range<usize>) -> Option<Operand> {
        if let Some(dtype) = self.schema.get(name) {
            // `col` would read `^…$` as a pattern and `*` as all columns.
            return Some(Operand::computed(Expr::Column(name.into()), dtype.clone()));
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

    fn compound(&mut self, names: &[ast::Ident], range: Range<usize>) -> Option<Operand> {
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

    fn literal(&mut self, value: &ValueWithSpan) -> Option<Operand> {
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

    fn typed_string(&mut self, typed: &ast::TypedString) -> Option<Operand> {
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

    // ---- operators ----

    /// A chain of operators from left to right, without descending one level for each.
    fn binary(&mut self, tree: &'a Tree) -> Option<Operand> {
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
    fn logic(&mut self, tree: &'a Tree, op: &'a BinaryOperator) -> Option<Operand> {
        let word = if *op == BinaryOperator::And { "AND" } else { "OR" };
        let parts: Vec<_> = chain(tree, op).into_iter().map(|part| self.truth(part, word)).collect();
        let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        Some(boolean(balanced(parts, &|a, b| match op {
            BinaryOperator::And => a.and(b),
            _ => a.or(b),
        })?))
    }

    /// A boolean; NULL is one of unknown truth.
    fn truth(&mut self, tree: &'a Tree, asked_by: &str) -> Option<Expr> {
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
    fn joined(&mut self, tree: &'a Tree) -> Option<Operand> {
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
    pub fn text_of(&mut self, part: &Operand, asked_by: &str) -> Option<Expr> {
        if part.class() == Class::Text {
            return Some(part.expr.clone());
        }
        let message = format!("{asked_by} takes text");
        let label = format!("this is {}", part.word());
        let help = (part.class() != Class::Null).then_some("CAST(… AS text) makes text of it");
        self.say(MistakeKind::TypeMismatch, &part.range, message, label, help);
        None
    }

    fn unary(&mut self, tree: &'a Tree, op: &UnaryOperator, inner: &'a Tree) -> Option<Operand> {
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
            let not_zero = match right.constant {
                Some(Value::Integer(number)) => number != 0,
                Some(Value::Float(number)) => number != 0.0,
                _ => false,
            };
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
                BinaryOperator::Divide if not_zero => Operand::computed(a.true_div(b), DataType::Float64),
                BinaryOperator::Divide => Operand::computed(rules::divide(a, b), DataType::Float64),
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
            "TRY_CAST(… AS float) makes a number of a text; better, declare the column's type where it is read"
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

    /// Two parts brought to one type and compared; null where one of them is.
    fn compare(
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

    fn aligned(
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

    fn distinct(
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

    fn between(
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

    fn in_list(&mut self, part: &'a Tree, list: &'a [Tree], negated: bool) -> Option<Operand> {
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

    fn like(
        &mut self,
        part: &'a Tree,
        pattern: &'a Tree,
        escape: Option<&ValueWithSpan>,
        negated: bool,
        any_case: bool,
    ) -> Option<Operand> {
        let word = if any_case { "ILIKE" } else { "LIKE" };
        let (part, pattern) = (self.operand(part), self.operand(pattern));
        let (part, pattern) = (part?, pattern?);
        let text = self.text_of(&part, word);
        let Some(Value::Text(pattern_text)) = &pattern.constant else {
            let message = format!("{word} takes a pattern that is known beforehand");
            let help = "write the pattern as 'Part%', or use CONTAINS, STARTS_WITH, ENDS_WITH";
            let label = if pattern.constant.is_some() { pattern.word() } else { "not a fixed text".into() };
            self.say(MistakeKind::TypeMismatch, &pattern.range, message, label, Some(help));
            return None;
        };
        let escape = match escape.map(|escape| (&escape.value, escape.span)) {
            None => None,
            Some((ast::Value::SingleQuotedString(text), _)) if text.chars().count() == 1 => {
                text.chars().next()
            }
            Some((_, span)) => {
                let range = self.parsed.range(span);
                let message = "ESCAPE takes a single character";
                self.say(MistakeKind::TypeMismatch, &range, message, "not one character", None);
                return None;
            }
        };
        let Some(pieces) = pieces(pattern_text, escape) else {
            let message = "the pattern ends in its escape character";
            self.say(MistakeKind::Syntax, &pattern.range, message, "nothing is escaped", None);
            return None;
        };
        let matches = matching(text?, &pieces, any_case);
        Some(boolean(if negated { matches.not() } else { matches }))
    }

    fn case(
        &mut self,
        tree: &'a Tree,
        subject: Option<&'a Tree>,
        whens: &'a [ast::CaseWhen],
        otherwise: Option<&'a Tree>,
    ) -> Option<Operand> {
        let subject = match subject {
            Some(subject) => Some(self.operand(subject)?),
            None => None,
        };
        let mut conditions = Vec::new();
        let mut results = Vec::new();
        for when in whens {
            conditions.push(match &subject {
                None => self.truth(&when.condition, "WHEN"),
                Some(subject) => {
                    let value = self.operand(&when.condition);
                    value.and_then(|value| {
                        self.compare(subject, &value, &BinaryOperator::Eq, &value.range.clone())
                    })
                }
            });
            results.push(self.operand(&when.result));
        }
        let otherwise = match otherwise {
            Some(otherwise) => self.operand(otherwise)?,
            None => Operand::null(self.range(tree)),
        };
        let conditions = conditions.into_iter().collect::<Option<Vec<_>>>();
        let results = results.into_iter().collect::<Option<Vec<_>>>()?;
        let range = self.range(tree);
        let dtype = self.one_type(results.iter().chain([&otherwise]), "CASE", &range)?;
        let last = otherwise.to(&dtype);
        let chosen =
            conditions?.into_iter().zip(&results).rev().fold(last, |rest, (condition, result)| {
                when(condition).then(result.to(&dtype)).otherwise(rest)
            });
        Some(Operand::computed(chosen, dtype))
    }

    /// The type that all branches of a choice can have.
    pub fn one_type<'o>(
        &mut self,
        parts: impl Iterator<Item = &'o Operand> + Clone,
        asked_by: &str,
        range: &Range<usize>,
    ) -> Option<DataType> {
        if let Some(shared) = common(parts.clone()) {
            return Some(shared);
        }
        let mut words: Vec<String> = Vec::new();
        for word in parts.filter(|part| part.class() != Class::Null).map(Operand::word) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let message = format!("{asked_by} chooses between values of one type");
        let help = "CAST(… AS text) makes text of any value";
        self.say(MistakeKind::TypeMismatch, range, message, words.join(" and "), Some(help));
        None
    }

    fn cast(
        &mut self,
        tree: &'a Tree,
        kind: &CastKind,
        inner: &'a Tree,
        to: &ast::DataType,
    ) -> Option<Operand> {
        let part = self.operand(inner);
        let Some(to) = cast_target(to) else {
            let message = format!("CAST to {to} is not supported");
            let help = "types are integer, float, text, boolean and date";
            return self.refuse(tree, &message, "no such type", Some(help));
        };
        let part = part?;
        let loud = matches!(kind, CastKind::Cast | CastKind::DoubleColon);
        let made = super::functions::cast(&part, to, loud);
        if made.is_none() {
            let range = self.range(tree);
            let message = format!("{} cannot become {to}", part.word());
            self.say(MistakeKind::TypeMismatch, &range, message, format!("this is {}", part.word()), None);
        }
        made
    }

    // ---- functions ----

    fn floor_or_ceil(
        &mut self,
        name: &str,
        tree: &'a Tree,
        inner: &'a Tree,
        field: &CeilFloorKind,
    ) -> Option<Operand> {
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => {
                self.call(name, self.range(tree), vec![inner])
            }
            _ => {
                let message = format!("{name} takes one argument");
                let help = "ROUND(x, n) rounds at n places; DATE_TRUNC('month', d) goes to the month's start";
                let range = self.range(tree);
                self.say(MistakeKind::ArgumentCount, &range, message, "two are given", Some(help));
                None
            }
        }
    }

    fn extract(&mut self, tree: &'a Tree, field: &DateTimeField, inner: &'a Tree) -> Option<Operand> {
        let name = match field {
            DateTimeField::Year | DateTimeField::Years => "YEAR",
            DateTimeField::Quarter => "QUARTER",
            DateTimeField::Month | DateTimeField::Months => "MONTH",
            DateTimeField::Week(None) | DateTimeField::Weeks | DateTimeField::IsoWeek => "WEEK",
            DateTimeField::Isodow => "WEEKDAY",
            DateTimeField::Day | DateTimeField::Days => "DAY",
            other => {
                let message = format!("EXTRACT({other} FROM …) is not supported");
                let help = "parts are YEAR, QUARTER, MONTH, WEEK, ISODOW and DAY";
                return self.refuse(tree, &message, "no such part", Some(help));
            }
        };
        self.call(name, self.range(tree), vec![inner])
    }

    fn function(&mut self, tree: &'a Tree, function: &'a ast::Function) -> Option<Operand> {
        let name = function.name.to_string();
        let range = self.range(tree);
        let name_range = self.parsed.range(function.name.span());
        let plain = function.over.is_none()
            && function.filter.is_none()
            && function.null_treatment.is_none()
            && function.within_group.is_empty()
            && matches!(function.parameters, FunctionArguments::None);
        let trees: Option<Vec<&Tree>> = match &function.args {
            FunctionArguments::None => Some(Vec::new()),
            FunctionArguments::Subquery(_) => None,
            FunctionArguments::List(list) => list
                .args
                .iter()
                .map(|arg| match arg {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(tree)) => Some(tree),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()
                .filter(|_| list.duplicate_treatment.is_none() && list.clauses.is_empty()),
        };
        if functions::find(&name).is_none() {
            for tree in trees.iter().flatten() {
                self.operand(tree);
            }
            self.unknown_function(&name, &name_range, trees.map_or(0, |trees| trees.len()));
            return None;
        }
        match trees {
            Some(trees) if plain => self.call(&name, range, trees),
            _ => {
                let help = "its arguments are plain expressions";
                let message = format!("this form of {} is not supported", name.to_uppercase());
                self.say(MistakeKind::NotSupported, &range, message, "not supported", Some(help));
                None
            }
        }
    }

    fn unknown_function(&mut self, name: &str, range: &Range<usize>, given: usize) {
        let upper = name.to_uppercase();
        if let Some(help) = functions::aggregate_help(&upper, given) {
            let message = format!("{upper} looks at many rows, an expression at one");
            self.say(MistakeKind::NotSupported, range, message, "not in an expression", Some(help));
            return;
        }
        let message = format!("there is no function `{name}`");
        let names = || functions::functions().iter().map(functions::Function::name);
        let help = functions::elsewhere(&upper).map(str::to_owned).or_else(|| {
            nearest(&upper, names())
                .map(|similar| format!("a function with a similar name exists: {similar}"))
        });
        let help =
            help.unwrap_or_else(|| format!("functions are {}", names().collect::<Vec<_>>().join(", ")));
        self.say(MistakeKind::UnknownFunction, range, message, "no such function", Some(&help));
    }

    fn call(&mut self, name: &str, range: Range<usize>, trees: Vec<&'a Tree>) -> Option<Operand> {
        let given = trees.len();
        let args: Vec<_> = trees.into_iter().map(|tree| self.operand(tree)).collect();
        let function = functions::find(name)?;
        if !function.takes(given) {
            let message = format!("{} takes {}", function.name(), function.arity());
            let label = match given {
                0 => "none is given".to_owned(),
                1 => "one is given".to_owned(),
                given => format!("{given} are given"),
            };
            let help = format!("it is written {}", function.form);
            self.say(MistakeKind::ArgumentCount, &range, message, label, Some(&help));
            return None;
        }
        let args = args.into_iter().collect::<Option<Vec<_>>>()?;
        function.lower(Call { cx: self, function, range, args })
    }
}

/// How a text becomes a date, for help lines.
pub(super) const TEXT_TO_DATE: &str =
    "CAST(… AS date) reads 2026-01-31, TO_DATE(…, '%d.%m.%Y') other forms; better, declare the column's type";

pub(super) fn boolean(expr: Expr) -> Operand {
    Operand::computed(expr, DataType::Boolean)
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

fn number(digits: &str) -> Option<Value> {
    if digits.bytes().all(|digit| digit.is_ascii_digit())
        && let Ok(number) = digits.parse()
    {
        return Some(Value::Integer(number));
    }
    digits.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float)
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

/// Joins the parts pairwise, so that a long chain is no deep tree.
fn balanced(mut parts: Vec<Expr>, join: &dyn Fn(Expr, Expr) -> Expr) -> Option<Expr> {
    if parts.len() < 2 {
        return parts.pop();
    }
    let right = parts.split_off(parts.len() / 2);
    Some(join(balanced(parts, join)?, balanced(right, join)?))
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
            (Value::Date(date), DataType::Date) => Some(AnyValue::Date(super::literal::days(*date))),
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
        (None, Class::Integer | Class::Float) => Some(
            "TRY_CAST(… AS float) makes a number of a text; better, declare the column's type where it is read"
                .into(),
        ),
        _ => None,
    }
}

fn cast_target(to: &ast::DataType) -> Option<&'static str> {
    use ast::DataType as T;
    match to {
        T::Int(None) | T::Integer(None) | T::BigInt(None) | T::Int64 | T::Int8(None) => Some("integer"),
        T::Float(ast::ExactNumberInfo::None)
        | T::Double(ast::ExactNumberInfo::None)
        | T::DoublePrecision
        | T::Real
        | T::Float64
        | T::Float8 => Some("float"),
        T::Text | T::String(None) | T::Varchar(None) => Some("text"),
        T::Boolean | T::Bool => Some("boolean"),
        T::Date => Some("date"),
        _ => None,
    }
}

/// A piece of a LIKE pattern.
#[derive(Debug, PartialEq)]
enum Piece {
    Text(String),
    /// `_`
    One,
    /// `%`
    Any,
}

/// `None` if the pattern ends in its escape character.
fn pieces(pattern: &str, escape: Option<char>) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        let plain = match letter {
            letter if Some(letter) == escape => letters.next()?,
            '%' => {
                pieces.push(Piece::Any);
                continue;
            }
            '_' => {
                pieces.push(Piece::One);
                continue;
            }
            letter => letter,
        };
        match pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(plain),
            _ => pieces.push(Piece::Text(plain.into())),
        }
    }
    Some(pieces)
}

fn matching(text: Expr, pieces: &[Piece], any_case: bool) -> Expr {
    if !any_case {
        match pieces {
            [] => return text.eq(lit("")),
            [Piece::Text(whole)] => return text.eq(lit(whole.clone())),
            [Piece::Text(start), Piece::Any] => return text.str().starts_with(lit(start.clone())),
            [Piece::Any, Piece::Text(end)] => return text.str().ends_with(lit(end.clone())),
            [Piece::Any, Piece::Text(part), Piece::Any] => {
                return text.str().contains_literal(lit(part.clone()));
            }
            _ => {}
        }
    }
    let mut pattern = String::from(if any_case { "(?is)^" } else { "(?s)^" });
    for piece in pieces {
        match piece {
            Piece::Text(text) => pattern.push_str(&regex::escape(text)),
            Piece::One => pattern.push('.'),
            Piece::Any => pattern.push_str(".*"),
        }
    }
    pattern.push('$');
    text.str().contains(lit(pattern), true)
}
