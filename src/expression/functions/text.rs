//! Functions of text. Characters are counted, never bytes.

use polars::prelude::*;

use super::{Call, small, text};
use crate::expression::literal::integer;
use crate::expression::lower::boolean;
use crate::expression::operand::{Class, Operand};
use crate::expression::rules;

pub(super) fn upper(call: &mut Call<'_, '_>) -> Option<Operand> {
    text(call.text(0)?.str().to_uppercase())
}

pub(super) fn lower(call: &mut Call<'_, '_>) -> Option<Operand> {
    text(call.text(0)?.str().to_lowercase())
}

pub(super) fn trim(call: &mut Call<'_, '_>) -> Option<Operand> {
    text(call.text(0)?.str().strip_chars(lit(NULL)))
}

pub(super) fn length(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.text(0)?.str().len_chars(), 1 << 32)
}

pub(super) fn left(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (value, count) = (call.text(0), call.integer(1));
    let count = count?;
    text(known(&[&count], value?.str().head(at_least_zero(count.clone()))))
}

pub(super) fn right(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (value, count) = (call.text(0), call.integer(1));
    let count = count?;
    text(known(&[&count], value?.str().tail(at_least_zero(count.clone()))))
}

pub(super) fn substr(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (value, start) = (call.text(0), call.integer(1));
    let count = if call.args.len() > 2 { Some(call.integer(2)?) } else { None };
    let (value, start) = (value?, start?);
    // Characters before the first are as if they were there and empty: they use up the count.
    let offset = at_least_zero(start.clone() - integer(1));
    let skipped = at_least_zero(integer(1) - start.clone());
    let length = match &count {
        Some(count) => at_least_zero(count.clone() - skipped),
        // No text has more characters.
        None => integer(1 << 40),
    };
    let numbers: Vec<&Expr> = std::iter::once(&start).chain(&count).collect();
    text(known(&numbers, value.str().slice(offset, length.cast(DataType::UInt64))))
}

pub(super) fn replace(call: &mut Call<'_, '_>) -> Option<Operand> {
    let value = call.text(0);
    let part = call.fixed_text(1, "a fixed text to replace");
    let by = call.fixed_text(2, "a fixed text to put there");
    let part = part?;
    if part.is_empty() {
        call.mismatch(1, "a text to replace that is not empty", None);
        return None;
    }
    text(value?.str().replace_all(lit(part), lit(by?), true))
}

pub(super) fn concat(call: &mut Call<'_, '_>) -> Option<Operand> {
    let parts: Vec<_> = (0..call.args.len())
        .map(|at| match call.args[at].class() {
            Class::Null => Some(lit("")),
            _ => call.text(at).map(|part| coalesce(&[part, lit("")])),
        })
        .collect();
    text(concat_str(parts.into_iter().collect::<Option<Vec<_>>>()?, "", false))
}

pub(super) fn starts_with(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (value, part) = (call.text(0), call.text(1));
    Some(boolean(value?.str().starts_with(part?)))
}

pub(super) fn ends_with(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (value, part) = (call.text(0), call.text(1));
    Some(boolean(value?.str().ends_with(part?)))
}

pub(super) fn contains(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (value, part) = (call.text(0), call.text(1));
    Some(boolean(value?.str().contains_literal(part?)))
}

pub(super) fn split_part(call: &mut Call<'_, '_>) -> Option<Operand> {
    let value = call.text(0);
    let separator = call.fixed_text(1, "a fixed separator");
    let takes = "the number of a piece, from 1, or from -1 at the end";
    let number = call.fixed_integer(2, takes, -1_000_000..=1_000_000);
    let (separator, number) = (separator?, number?);
    if separator.is_empty() {
        call.mismatch(1, "a separator that is not empty", None);
        return None;
    }
    let index = match number {
        1.. => number - 1,
        0 => {
            call.mismatch(2, takes, None);
            return None;
        }
        _ => number,
    };
    text(value?.str().split(lit(separator)).list().get(integer(index), true))
}

pub(super) fn strip_accents(call: &mut Call<'_, '_>) -> Option<Operand> {
    text(rules::strip_accents(call.text(0)?))
}

pub(super) fn normalise(call: &mut Call<'_, '_>) -> Option<Operand> {
    text(rules::normalise(call.text(0)?))
}

/// Null where one of the numbers is: the engine takes a missing count as no limit.
fn known(numbers: &[&Expr], result: Expr) -> Expr {
    let known = numbers.iter().map(|number| (*number).clone().is_not_null()).reduce(Expr::and);
    match known {
        Some(known) => when(known).then(result).otherwise(lit(NULL)),
        None => result,
    }
}

fn at_least_zero(count: Expr) -> Expr {
    when(count.clone().lt(integer(0))).then(integer(0)).otherwise(count)
}
