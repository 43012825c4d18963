//! The listed functions: how each is written, what it means, what the engine is asked. Documentation
//! and machine are one table; what is not in it does not exist.

mod call;
mod choice;
mod dates;
mod numbers;
mod text;

use polars::prelude::*;

use super::operand::Operand;

pub(super) use call::Call;
use choice::{coalesce_of, greatest, least, nullif};
use dates::{date_diff, date_trunc, day, month, quarter, to_date, try_to_date, week, weekday, year};
use numbers::{abs, ceil, exp, floor, ln, power, round, sqrt};
use text::{
    concat, contains, ends_with, left, length, lower, normalise, replace, right, split_part, starts_with,
    strip_accents, substr, trim, upper,
};

/// A form of expression that is no function.
#[derive(Debug, Clone, Copy)]
pub struct Operator {
    /// How it is written.
    pub form: &'static str,
    /// What it means, and what happens to null.
    pub meaning: &'static str,
}

/// A function of expressions.
#[derive(Debug)]
pub struct Function {
    /// How it is written, with its arguments.
    pub form: &'static str,
    /// What it means, where it is null.
    pub meaning: &'static str,
    fewest: usize,
    most: usize,
    make: fn(&mut Call<'_, '_>) -> Option<Operand>,
}

impl Function {
    /// Its name, in capitals.
    pub fn name(&self) -> &'static str {
        self.form.split_once('(').map_or(self.form, |(name, _)| name)
    }

    pub(super) fn takes(&self, given: usize) -> bool {
        (self.fewest..=self.most).contains(&given)
    }

    pub(super) fn arity(&self) -> String {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        match (self.fewest, self.most) {
            (fewest, usize::MAX) => format!("at least {fewest} argument{}", plural(fewest)),
            (fewest, most) if fewest == most => format!("{most} argument{}", plural(most)),
            (fewest, most) => format!("{fewest} or {most} arguments"),
        }
    }

    pub(super) fn lower(&self, mut call: Call<'_, '_>) -> Option<Operand> {
        (self.make)(&mut call)
    }
}

/// Every form of expression that is no function, in reading order.
pub const OPERATORS: &[Operator] = &[
    Operator {
        form: "a + b, a - b, a * b",
        meaning: "Integers give an integer, null beyond ±9.2e18; with a float the result is a float.",
    },
    Operator {
        form: "a / b",
        meaning: "True division: `7 / 2` is 3.5. Always a float, null if `b` is zero.",
    },
    Operator {
        form: "a % b",
        meaning: "The remainder, with the sign of `a`: `-7 % 3` is -1. Null if `b` is zero.",
    },
    Operator { form: "a || b", meaning: "Texts joined; null if either is null." },
    Operator {
        form: "a = b, a <> b, a < b, a <= b, a > b, a >= b",
        meaning: "Comparison within one type; null if either is null. Text is compared exactly, letter by letter.",
    },
    Operator {
        form: "a AND b, a OR b, NOT a",
        meaning: "Three-valued logic: `FALSE AND NULL` is false, `TRUE AND NULL` is null.",
    },
    Operator { form: "a IS NULL, a IS NOT NULL", meaning: "Never null. An empty text is not null." },
    Operator { form: "a IS TRUE, a IS NOT TRUE, a IS FALSE, a IS NOT FALSE", meaning: "Never null." },
    Operator {
        form: "a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b",
        meaning: "Comparison in which null equals null. Never null.",
    },
    Operator { form: "a IN (x, y, …), a NOT IN (…)", meaning: "One of the values; null if `a` is null." },
    Operator { form: "a BETWEEN low AND high", meaning: "Both ends included; also NOT BETWEEN." },
    Operator {
        form: "a LIKE 'pattern', a ILIKE 'pattern'",
        meaning: "`%` is any text, `_` one character; ILIKE ignores case; `ESCAPE '!'` names an escape character.",
    },
    Operator {
        form: "CASE WHEN a THEN x … ELSE y END, CASE a WHEN v THEN x … END",
        meaning: "The first branch whose condition is true; without ELSE, null.",
    },
    Operator {
        form: "CAST(a AS type), a::type",
        meaning: "To integer, float, text, boolean or date. A value that cannot be converted stops the run, in whatever branch it stands.",
    },
    Operator {
        form: "TRY_CAST(a AS type)",
        meaning: "The same; a value that cannot be converted becomes null.",
    },
    Operator { form: "DATE '2026-01-31'", meaning: "A date." },
    Operator {
        form: "d + INTERVAL 3 MONTH, d - INTERVAL n DAY",
        meaning: "A date moved by DAY, WEEK, MONTH, QUARTER or YEAR; a day that the month lacks becomes its last: January 31 plus a month is February 28.",
    },
    Operator { form: "d - e", meaning: "Days from date `e` to date `d`, an integer." },
    Operator { form: "EXTRACT(YEAR FROM d)", meaning: "The same as YEAR(d), and so on." },
    Operator { form: "$name", meaning: "A variable of the pipeline, as a value of its type." },
    Operator {
        form: "name, \"name with blanks\"",
        meaning: "A column; names are compared exactly, case included.",
    },
    Operator {
        form: "'text', 12, 1.5, TRUE, FALSE, NULL",
        meaning: "Literals; a quote within a text is doubled: 'it''s'.",
    },
];

/// Every function, in reading order.
pub fn functions() -> &'static [Function] {
    FUNCTIONS
}

const MANY: usize = usize::MAX;

const FUNCTIONS: &[Function] = &[
    // Choice.
    function("COALESCE(a, b, …)", 1, MANY, coalesce_of, "The first that is not null."),
    function("NULLIF(a, b)", 2, 2, nullif, "`a`, or null where it equals `b`."),
    function("LEAST(a, b, …)", 2, MANY, least, "The smallest; nulls are passed over, null if all are."),
    function("GREATEST(a, b, …)", 2, MANY, greatest, "The largest; nulls are passed over, null if all are."),
    // Numbers.
    function("ABS(x)", 1, 1, abs, "Without its sign."),
    function(
        "ROUND(x, n)",
        1,
        2,
        round,
        "Half away from zero at `n` places (none: whole), at 15 significant digits: `ROUND(2.5)` is 3, `ROUND(-2.5)` is -3, `ROUND(0.285, 2)` is 0.29.",
    ),
    function("FLOOR(x)", 1, 1, floor, "The whole number below, of the type of `x`."),
    function("CEIL(x)", 1, 1, ceil, "The whole number above, of the type of `x`."),
    function("SQRT(x)", 1, 1, sqrt, "The square root; null below zero."),
    function("POWER(x, y)", 2, 2, power, "`x` to the power of `y`, a float; null where there is no number."),
    function("EXP(x)", 1, 1, exp, "e to the power of `x`; null where it is too large."),
    function("LN(x)", 1, 1, ln, "The natural logarithm; null at zero and below."),
    // Text.
    function("UPPER(s)", 1, 1, upper, "In capitals, in any script (`ß` becomes `SS`)."),
    function("LOWER(s)", 1, 1, lower, "In small letters."),
    function("TRIM(s)", 1, 1, trim, "Without white space at both ends, of any kind."),
    function("LENGTH(s)", 1, 1, length, "Characters, not bytes: `LENGTH('Zoë')` is 3."),
    function("LEFT(s, n)", 2, 2, left, "The first `n` characters."),
    function("RIGHT(s, n)", 2, 2, right, "The last `n` characters."),
    function(
        "SUBSTR(s, start, n)",
        2,
        3,
        substr,
        "`n` characters from the one numbered `start`, counted from 1; without `n`, to the end. Positions before 1 are empty.",
    ),
    function("REPLACE(s, part, by)", 3, 3, replace, "Every `part`, a fixed text, replaced by another."),
    function("CONCAT(a, b, …)", 1, MANY, concat, "Texts joined; unlike `||`, null counts as empty."),
    function("STARTS_WITH(s, part)", 2, 2, starts_with, "Whether it begins so; case matters."),
    function("ENDS_WITH(s, part)", 2, 2, ends_with, "Whether it ends so; case matters."),
    function("CONTAINS(s, part)", 2, 2, contains, "Whether `part` is in it; case matters."),
    function(
        "SPLIT_PART(s, separator, n)",
        3,
        3,
        split_part,
        "The `n`th piece between separators, from 1, or from the end if negative; null if there are fewer.",
    ),
    function(
        "STRIP_ACCENTS(s)",
        1,
        1,
        strip_accents,
        "`Müller` becomes `Muller`; letters of their own stay (`ß`, `ø`).",
    ),
    function(
        "NORMALISE(s)",
        1,
        1,
        normalise,
        "Made comparable, as `enrich` matches: accents stripped, small letters (`ß` as `ss`), runs of blanks one, none at the ends.",
    ),
    // Dates.
    function("YEAR(d)", 1, 1, year, "The year of a date or datetime."),
    function("QUARTER(d)", 1, 1, quarter, "1 to 4."),
    function("MONTH(d)", 1, 1, month, "1 to 12."),
    function("WEEK(d)", 1, 1, week, "The ISO week, 1 to 53: weeks begin on Monday, week 1 holds January 4."),
    function("WEEKDAY(d)", 1, 1, weekday, "1 (Monday) to 7 (Sunday)."),
    function("DAY(d)", 1, 1, day, "The day of the month."),
    function(
        "DATE_TRUNC('month', d)",
        2,
        2,
        date_trunc,
        "The first day of the 'week' (Monday), 'month', 'quarter' or 'year', a date; 'day' drops the time.",
    ),
    function(
        "DATE_DIFF('day', start, end)",
        3,
        3,
        date_diff,
        "How many borders of 'day', 'week' (Monday), 'month', 'quarter' or 'year' lie between; negative if `end` is earlier.",
    ),
    function(
        "TO_DATE(s, format)",
        2,
        2,
        to_date,
        "A date from text such as `'%d.%m.%Y'`; a value that does not fit stops the run.",
    ),
    function(
        "TRY_TO_DATE(s, format)",
        2,
        2,
        try_to_date,
        "The same; a value that does not fit becomes null.",
    ),
];

const fn function(
    form: &'static str,
    fewest: usize,
    most: usize,
    make: fn(&mut Call<'_, '_>) -> Option<Operand>,
    meaning: &'static str,
) -> Function {
    Function { form, meaning, fewest, most, make }
}

fn text(expr: Expr) -> Option<Operand> {
    Some(Operand::computed(expr, DataType::String))
}

fn double(expr: Expr) -> Option<Operand> {
    Some(Operand::computed(expr, DataType::Float64))
}

fn small(expr: Expr, most: u64) -> Option<Operand> {
    Some(Operand::integer(expr.cast(DataType::Int64), most))
}
