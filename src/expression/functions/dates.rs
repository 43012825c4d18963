//! Functions of dates. Weeks begin on Monday and are those of ISO 8601; the clock is not read.

use polars::prelude::*;

use super::call::Unit;
use super::{Call, small};
use crate::expression::literal::integer;
use crate::expression::operand::Operand;
use crate::expression::operators::days_between;

pub(super) fn year(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().year(), 1 << 31)
}

pub(super) fn quarter(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().quarter(), 4)
}

pub(super) fn month(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().month(), 12)
}

pub(super) fn week(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().week(), 53)
}

pub(super) fn weekday(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().weekday(), 7)
}

pub(super) fn day(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().day(), 31)
}

pub(super) fn date_trunc(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (unit, date) = (call.unit(0), call.date(1));
    let (unit, date) = (unit?, date?);
    let start = match unit {
        Unit::Day => date,
        Unit::Week => date.dt().truncate(lit("1w")),
        Unit::Month => date.dt().truncate(lit("1mo")),
        Unit::Quarter => date.dt().truncate(lit("1q")),
        Unit::Year => date.dt().truncate(lit("1y")),
    };
    Some(Operand::computed(start, DataType::Date))
}

pub(super) fn date_diff(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (unit, start, end) = (call.unit(0), call.date(1), call.date(2));
    let (unit, start, end) = (unit?, start?, end?);
    let years = |date: Expr| date.dt().year().cast(DataType::Int64);
    let months = |date: Expr| years(date.clone()) * integer(12) + date.dt().month().cast(DataType::Int64);
    let quarters = |date: Expr| years(date.clone()) * integer(4) + date.dt().quarter().cast(DataType::Int64);
    let count = match unit {
        Unit::Day => return Some(days_between(start, end)),
        Unit::Week => {
            let monday = |date: Expr| date.dt().truncate(lit("1w"));
            let days = days_between(monday(start), monday(end)).expr;
            // Mondays are whole weeks apart.
            days.floor_div(integer(7))
        }
        Unit::Month => months(end) - months(start),
        Unit::Quarter => quarters(end) - quarters(start),
        Unit::Year => years(end) - years(start),
    };
    Some(Operand::integer(count, 1 << 40))
}

pub(super) fn to_date(call: &mut Call<'_, '_>) -> Option<Operand> {
    parsed_date(call, true)
}

pub(super) fn try_to_date(call: &mut Call<'_, '_>) -> Option<Operand> {
    parsed_date(call, false)
}

fn parsed_date(call: &mut Call<'_, '_>, strict: bool) -> Option<Operand> {
    let value = call.text(0);
    let takes = "a format with a day, a month and a year, such as '%d.%m.%Y'";
    let format = call.fixed_text(1, takes)?;
    if !is_date_format(&format) {
        let help = "parts are %Y %y (year), %m %b %B (month: number, Jan, January), %d (day), %j (day of the year), %% (%)";
        call.mismatch(1, takes, Some(help));
        return None;
    }
    let options = StrptimeOptions { format: Some(format.into()), strict, exact: true, cache: true };
    Some(Operand::computed(value?.str().strip_chars(lit(NULL)).str().to_date(options), DataType::Date))
}

/// Whether a format names a day completely, with the listed parts alone.
fn is_date_format(format: &str) -> bool {
    let (mut year, mut month, mut day, mut day_of_year) = (false, false, false, false);
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            continue;
        }
        match letters.next() {
            Some('Y' | 'y') => year = true,
            Some('m' | 'b' | 'B') => month = true,
            Some('d') => day = true,
            Some('j') => day_of_year = true,
            Some('%') => {}
            _ => return false,
        }
    }
    year && ((month && day) || day_of_year)
}
