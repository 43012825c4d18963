//! A text with its figures filled in. A missing value stays missing through arithmetic, equals
//! nothing, is neither smaller nor larger than anything, and is shown as a dash.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

use minijinja::machinery::ast::{BinOpKind, Call, CallArg, CompareOpKind, Expr, Filter, Stmt, UnaryOpKind};
use minijinja::machinery::parse;
use minijinja::value::Value;

use super::outline::{range, syntax};
use crate::number;
use crate::report::{Datum, Format, Records, escape, listing};

/// Why a text cannot be filled in with these tables.
#[derive(Debug)]
pub(super) struct Trouble {
    /// Where in the text.
    pub range: Range<usize>,
    /// Why.
    pub label: String,
}

/// Fills in a text that passed its check.
pub(super) fn fill(
    text: &str,
    tables: &BTreeMap<String, Records>,
    names: &BTreeMap<String, Datum>,
) -> Result<String, Trouble> {
    let tree = parse(text, "text", syntax())
        .map_err(|error| Trouble { range: 0..text.len(), label: error.to_string() })?;
    let mut filler = Filler { tables, names: names.clone(), out: String::new() };
    filler.statement(&tree)?;
    Ok(filler.out)
}

struct Filler<'a> {
    tables: &'a BTreeMap<String, Records>,
    names: BTreeMap<String, Datum>,
    out: String,
}

impl Filler<'_> {
    fn statement(&mut self, statement: &Stmt<'_>) -> Result<(), Trouble> {
        match statement {
            Stmt::Template(template) => self.statements(&template.children)?,
            Stmt::EmitRaw(words) => self.out.push_str(words.raw),
            Stmt::EmitExpr(emit) => {
                let text = self.shown(&emit.expr)?;
                self.out.push_str(&escape(&text));
            }
            Stmt::IfCond(branch) => {
                let body =
                    if truth(&self.value(&branch.expr)?) { &branch.true_body } else { &branch.false_body };
                self.statements(body)?;
            }
            Stmt::Set(set) => {
                let value = self.value(&set.expr)?;
                if let Expr::Var(name) = &set.target {
                    self.names.insert(name.id.to_owned(), value);
                }
            }
            // Refused when the text was checked.
            _ => {}
        }
        Ok(())
    }

    fn statements(&mut self, statements: &[Stmt<'_>]) -> Result<(), Trouble> {
        statements.iter().try_for_each(|statement| self.statement(statement))
    }

    /// A value as it stands in a sentence. A number to which no filter gave a form is shown by the
    /// meaning of its column, as it was written, or with one decimal where it was computed.
    fn shown(&self, expression: &Expr<'_>) -> Result<String, Trouble> {
        let value = self.value(expression)?;
        let Datum::Number(number) = value else {
            return Ok(value.text().unwrap_or_else(|| "–".to_owned()));
        };
        let format = match expression {
            Expr::Const(_) | Expr::Var(_) => Format::Plain,
            Expr::Call(call) => self.format(call),
            _ if number.fract() == 0.0 => Format::Count,
            _ => Format::Fixed(1),
        };
        Ok(format.text(number))
    }

    fn format(&self, call: &Call<'_>) -> Format {
        let mut words = call.args.iter().filter_map(|arg| match arg {
            CallArg::Pos(Expr::Const(word)) => word.value.as_str(),
            _ => None,
        });
        let records = words.next().and_then(|table| self.tables.get(table));
        let field = words.next().and_then(|column| records?.field(column));
        field.map_or(Format::Count, |field| listing::format(&field.name, &field.dtype, ""))
    }

    fn value(&self, expression: &Expr<'_>) -> Result<Datum, Trouble> {
        let at = || range(expression.span());
        Ok(match expression {
            Expr::Const(constant) => datum(&constant.value),
            Expr::Var(name) => self.names.get(name.id).cloned().unwrap_or(Datum::Missing),
            Expr::UnaryOp(node) => {
                let value = self.value(&node.expr)?;
                match node.op {
                    UnaryOpKind::Not => Datum::Flag(!truth(&value)),
                    UnaryOpKind::Neg => arithmetic(&[value], at(), |numbers| -numbers[0])?,
                }
            }
            Expr::BinOp(node) => match node.op {
                BinOpKind::ScAnd if !truth(&self.value(&node.left)?) => Datum::Flag(false),
                BinOpKind::ScOr if truth(&self.value(&node.left)?) => Datum::Flag(true),
                BinOpKind::ScAnd | BinOpKind::ScOr => Datum::Flag(truth(&self.value(&node.right)?)),
                op => binary(op, self.value(&node.left)?, self.value(&node.right)?, at())?,
            },
            Expr::Compare(node) => {
                let mut left = self.value(&node.expr)?;
                for operand in &node.ops {
                    let right = self.value(&operand.expr)?;
                    if !compared(operand.op, &left, &right) {
                        return Ok(Datum::Flag(false));
                    }
                    left = right;
                }
                Datum::Flag(true)
            }
            Expr::IfExpr(node) if truth(&self.value(&node.test_expr)?) => self.value(&node.true_expr)?,
            Expr::IfExpr(node) => {
                node.false_expr.as_ref().map_or(Ok(Datum::Text(String::new())), |e| self.value(e))?
            }
            Expr::Filter(node) => self.filtered(node, at())?,
            Expr::Test(node) => Datum::Flag(self.value(&node.expr)? == Datum::Missing),
            Expr::Call(call) => self.looked_up(call, at())?,
            // Refused when the text was checked.
            _ => Datum::Missing,
        })
    }

    fn filtered(&self, filter: &Filter<'_>, at: Range<usize>) -> Result<Datum, Trouble> {
        let value = match &filter.expr {
            Some(inner) => self.value(inner)?,
            None => Datum::Missing,
        };
        let number = match value {
            Datum::Number(number) => number,
            Datum::Missing => return Ok(Datum::Missing),
            other => return Err(no_number(&other, at)),
        };
        let decimals = match filter.args.first() {
            Some(CallArg::Pos(Expr::Const(decimals))) => usize::try_from(decimals.value.clone()).unwrap_or(0),
            _ => 0,
        };
        let words = match filter.name {
            "abs" => return Ok(Datum::Number(number.abs())),
            "score" => number::score(number),
            "percent" => number::percent(number, decimals),
            "fixed" => number::fixed(number, decimals),
            _ => number::count(number),
        };
        Ok(Datum::Text(words.replace('-', "−")))
    }

    fn looked_up(&self, call: &Call<'_>, at: Range<usize>) -> Result<Datum, Trouble> {
        let mut words = Vec::new();
        let mut wanted = Vec::new();
        let mut nowhere = false;
        for arg in &call.args {
            match arg {
                CallArg::Pos(Expr::Const(word)) => words.extend(word.value.as_str()),
                CallArg::Kwarg(key, value) => {
                    let found = self.value(value)?;
                    // `none` as it is written asks for the row without a value; a figure that turned out
                    // missing equals nothing.
                    nowhere |= found == Datum::Missing && !matches!(value, Expr::Const(_));
                    wanted.push((*key, found));
                }
                _ => {}
            }
        }
        let records = words.first().and_then(|table| self.tables.get(*table));
        let Some(records) = records else { return Ok(Datum::Missing) };
        let rows = if nowhere { Vec::new() } else { records.matching(&wanted) };
        let Some(column) = words.get(1) else { return Ok(Datum::Number(rows.len() as f64)) };
        match rows.as_slice() {
            [] => Ok(Datum::Missing),
            [row] => Ok(records.get(*row, column).clone()),
            many => Err(Trouble {
                range: at,
                label: format!("this finds {} rows; name columns that pick one", many.len()),
            }),
        }
    }
}

fn datum(value: &Value) -> Datum {
    if let Some(text) = value.as_str() {
        return Datum::Text(text.to_owned());
    }
    match bool::try_from(value.clone()) {
        Ok(flag) => Datum::Flag(flag),
        Err(_) => f64::try_from(value.clone()).map_or(Datum::Missing, Datum::Number),
    }
}

fn truth(value: &Datum) -> bool {
    match value {
        Datum::Missing => false,
        Datum::Flag(flag) => *flag,
        Datum::Number(number) => *number != 0.0,
        Datum::Text(text) => !text.is_empty(),
    }
}

fn binary(op: BinOpKind, left: Datum, right: Datum, at: Range<usize>) -> Result<Datum, Trouble> {
    let compare = |op| Ok(Datum::Flag(compared(op, &left, &right)));
    match op {
        BinOpKind::Eq => return compare(CompareOpKind::Eq),
        BinOpKind::Ne => return compare(CompareOpKind::Ne),
        BinOpKind::Lt => return compare(CompareOpKind::Lt),
        BinOpKind::Lte => return compare(CompareOpKind::Lte),
        BinOpKind::Gt => return compare(CompareOpKind::Gt),
        BinOpKind::Gte => return compare(CompareOpKind::Gte),
        BinOpKind::Concat => {
            let text = |value: &Datum| value.text().unwrap_or_else(|| "–".to_owned());
            return Ok(Datum::Text(text(&left) + &text(&right)));
        }
        _ => {}
    }
    arithmetic(&[left, right], at, |numbers| match op {
        BinOpKind::Add => numbers[0] + numbers[1],
        BinOpKind::Sub => numbers[0] - numbers[1],
        BinOpKind::Mul => numbers[0] * numbers[1],
        _ => numbers[0] / numbers[1],
    })
}

/// Numbers to a number. One that is missing, or a division by zero, gives a missing one.
fn arithmetic(values: &[Datum], at: Range<usize>, compute: impl Fn(&[f64]) -> f64) -> Result<Datum, Trouble> {
    let mut numbers = Vec::with_capacity(values.len());
    for value in values {
        match value {
            Datum::Number(number) => numbers.push(*number),
            Datum::Missing => return Ok(Datum::Missing),
            other => return Err(no_number(other, at)),
        }
    }
    let result = compute(&numbers);
    Ok(if result.is_finite() { Datum::Number(result) } else { Datum::Missing })
}

fn compared(op: CompareOpKind, left: &Datum, right: &Datum) -> bool {
    let order = match (left, right) {
        (Datum::Number(left), Datum::Number(right)) => left.partial_cmp(right),
        (Datum::Text(left), Datum::Text(right)) => Some(left.cmp(right)),
        (Datum::Flag(left), Datum::Flag(right)) => Some(left.cmp(right)),
        _ => None,
    };
    match op {
        CompareOpKind::Eq => order == Some(Ordering::Equal),
        CompareOpKind::Ne => order.is_some_and(Ordering::is_ne),
        CompareOpKind::Lt => order.is_some_and(Ordering::is_lt),
        CompareOpKind::Lte => order.is_some_and(Ordering::is_le),
        CompareOpKind::Gt => order.is_some_and(Ordering::is_gt),
        CompareOpKind::Gte => order.is_some_and(Ordering::is_ge),
        // Refused when the text was checked.
        CompareOpKind::In | CompareOpKind::NotIn => false,
    }
}

fn no_number(value: &Datum, range: Range<usize>) -> Trouble {
    Trouble { range, label: format!("`{}` is not a number", value.text().unwrap_or_default()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    fn filled(text: &str) -> String {
        let loyalty = df!(
            "region" => ["EMEA", "AMER", "**APAC**"],
            "n" => [1240i64, 640, 0],
            "estimate" => [Some(22.5), Some(-8.2), None],
            "share" => [Some(0.425), Some(0.31), None],
        )
        .unwrap();
        let tables = [("loyalty".to_owned(), Records::read(&loyalty).unwrap())].into();
        let names = [("region".to_owned(), Datum::Text("EMEA".into()))].into();
        fill(text, &tables, &names).unwrap_or_else(|trouble| format!("! {}", trouble.label))
    }

    #[test]
    fn figures_come_out_of_tables() {
        assert_eq!(filled(r#"NPS {{ value("loyalty", "estimate", region="EMEA") | score }}"#), "NPS +23");
        assert_eq!(filled(r#"{{ value("loyalty", "estimate", region="AMER") | fixed(1) }}"#), "−8.2");
        assert_eq!(filled(r#"{{ value("loyalty", "share", region=region) | percent }}"#), "43%");
        assert_eq!(filled(r#"{{ value("loyalty", "share", region=region) | percent(1) }}"#), "42.5%");
        assert_eq!(
            filled(r#"{{ value("loyalty", "n", region=region) | count }} of {{ rows("loyalty") }}"#),
            "1,240 of 3"
        );
        assert_eq!(filled(r#"{{ value("loyalty", "region", n=0) }}"#), r"\*\*APAC\*\*");
    }

    #[test]
    fn a_missing_value_stays_missing() {
        for text in [
            r#"{{ value("loyalty", "estimate", region="Mars") | score }}"#,
            r#"{{ value("loyalty", "estimate", n=0) | score }}"#,
            r#"{{ (value("loyalty", "estimate", n=0) - 5) | fixed(1) }}"#,
            r#"{{ value("loyalty", "n", region="EMEA") / 0 }}"#,
        ] {
            assert_eq!(filled(text), "–", "{text}");
        }
        let both = r#"{% set v = value("loyalty", "estimate", n=0) %}{% if v > 0 %}up{% elif v <= 0 %}down{% else %}unknown{% endif %}"#;
        assert_eq!(filled(both), "unknown");
        assert_eq!(filled(r#"{{ "none" if value("loyalty", "share", n=0) is none else "some" }}"#), "none");
    }

    #[test]
    fn a_key_that_turned_out_missing_picks_no_row() {
        let nowhere = r#"value("loyalty", "region", n=7)"#;
        assert_eq!(filled(&format!(r#"{{{{ value("loyalty", "n", estimate={nowhere}) }}}}"#)), "–");
        assert_eq!(filled(&format!(r#"{{{{ rows("loyalty", estimate={nowhere}) }}}}"#)), "0");
        assert_eq!(filled(r#"{{ value("loyalty", "n", estimate=none) }}"#), "0", "asked for as it is");
    }

    #[test]
    fn words_depend_on_figures() {
        let text =
            r#"{% if value("loyalty", "estimate", region="EMEA") > 0 and 1 < 2 %}more promoters{% endif %}"#;
        assert_eq!(filled(text), "more promoters");
        assert_eq!(
            filled(r#"{{ (3 - 5) | abs }} {{ "a" ~ 1 }} {{ 1000 / 3 }} {{ 2025 }}"#),
            "2 a1 333.3 2025"
        );
        assert_eq!(
            filled(
                r#"{{ value("loyalty", "n", region="EMEA") }}, {{ value("loyalty", "share", region="EMEA") }}"#
            ),
            "1,240, 43%"
        );
    }

    #[test]
    fn lines_of_statements_leave_no_empty_lines() {
        let text = "Up.\n{% set n = 3 %}\n  {% if n > 2 %}\nMore.\n{% else %}\nLess.\n{% endif %}\nEnd.";
        assert_eq!(filled(text), "Up.\nMore.\nEnd.");
    }

    #[test]
    fn more_than_one_row_and_arithmetic_on_words_are_told() {
        assert_eq!(
            filled(r#"{{ value("loyalty", "n") }}"#),
            "! this finds 3 rows; name columns that pick one"
        );
        assert_eq!(filled(r#"{{ region - 1 }}"#), "! `EMEA` is not a number");
    }
}
