//! The listed functions: how each is written, what it means, what the engine is asked. Documentation
//! and machine are one table; what is not in it does not exist.

use std::ops::Range;

use polars::prelude::*;

use super::literal::{Value, integer};
use super::lower::{Lowering, TEXT_TO_DATE, boolean, days_between, iso_date, whole};
use super::mistake::MistakeKind;
use super::operand::{Class, Operand};
use super::rules;

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

/// The function of this name, in any case, or by the other name that SQL has for it.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    let upper = name.to_uppercase();
    let listed = match upper.as_str() {
        "SUBSTRING" => "SUBSTR",
        "CEILING" => "CEIL",
        "NORMALIZE" => "NORMALISE",
        other => other,
    };
    FUNCTIONS.iter().find(|function| function.name() == listed)
}

/// What to write for a function that other dialects have.
pub(super) fn elsewhere(upper: &str) -> Option<&'static str> {
    Some(match upper {
        "IFNULL" | "NVL" | "ISNULL" => "write COALESCE(a, b)",
        "IF" | "IIF" => "write CASE WHEN condition THEN a ELSE b END",
        "LEN" | "CHAR_LENGTH" | "CHARACTER_LENGTH" => "write LENGTH(s)",
        "POW" => "write POWER(x, y)",
        "LOG" | "LOG10" | "LOG2" => "write LN(x), divided by LN(10) for the decimal logarithm",
        "TRUNC" | "TRUNCATE" => "write FLOOR(x), or DATE_TRUNC('month', d) for a date",
        "DATEDIFF" => "write DATE_DIFF('day', start, end), or `end - start`",
        "DATE_ADD" | "DATEADD" | "ADD_MONTHS" => "write `d + INTERVAL 3 MONTH`",
        "DATE_SUB" | "DATESUB" => "write `d - INTERVAL 3 MONTH`",
        "DAYOFWEEK" | "DOW" | "ISODOW" => "write WEEKDAY(d): 1 is Monday",
        "STR_TO_DATE" | "STRPTIME" => "write TO_DATE(s, '%d.%m.%Y')",
        "INSTR" | "STRPOS" | "LOCATE" | "CHARINDEX" => "write CONTAINS(s, part)",
        "REGEXP_LIKE" | "REGEXP_MATCHES" => "write LIKE, ILIKE, STARTS_WITH or CONTAINS",
        "UNACCENT" => "write STRIP_ACCENTS(s)",
        "INITCAP" | "LTRIM" | "RTRIM" | "LPAD" | "RPAD" | "REGEXP_REPLACE" => {
            "the `sql` stage has more functions"
        }
        "NOW" | "TODAY" | "GETDATE" | "CURRENT_DATE" | "CURRENT_TIMESTAMP" | "CURRENT_TIME" => {
            "the clock is not read, so that a run can be repeated: declare a variable (`vars: { as_of: … }`)"
        }
        _ => return None,
    })
}

/// Where to aggregate, for a function that does.
pub(super) fn aggregate_help(upper: &str, given: usize) -> Option<&'static str> {
    match upper {
        "MAX" if given > 1 => Some("the largest of several columns is GREATEST(a, b)"),
        "MIN" if given > 1 => Some("the smallest of several columns is LEAST(a, b)"),
        "SUM" | "MIN" | "MAX" | "AVG" | "MEAN" | "COUNT" | "MEDIAN" | "MODE" | "FIRST" | "LAST"
        | "STDDEV" | "STDDEV_POP" | "STDDEV_SAMP" | "VARIANCE" | "VAR_POP" | "VAR_SAMP" | "QUANTILE"
        | "PERCENTILE_CONT" | "PERCENTILE_DISC" | "CORR" | "STRING_AGG" | "ARRAY_AGG" | "LISTAGG"
        | "COUNTIF" | "COUNT_IF" => {
            Some("`cross_tab`, `net_promoter` and `score_partners` aggregate; the `sql` stage has GROUP BY")
        }
        "ROW_NUMBER" | "RANK" | "DENSE_RANK" | "PERCENT_RANK" | "NTILE" | "LAG" | "LEAD" | "FIRST_VALUE"
        | "LAST_VALUE" => Some("`segment` and `score_partners` rank; the `sql` stage has window functions"),
        _ => None,
    }
}

/// A call whose arguments were understood.
pub(super) struct Call<'c, 'a> {
    pub cx: &'c mut Lowering<'a>,
    pub function: &'static Function,
    pub range: Range<usize>,
    pub args: Vec<Operand>,
}

impl Call<'_, '_> {
    fn mismatch(&mut self, at: usize, takes: &str, help: Option<&str>) {
        let message = format!("{} takes {takes}", self.function.form);
        let label = match &self.args[at] {
            arg if arg.constant.is_none() => format!("this is {}", arg.word()),
            arg => format!("this is {} {}", article(&arg.word()), arg.word()),
        };
        let range = self.args[at].range.clone();
        self.cx.say(MistakeKind::TypeMismatch, &range, message, label, help);
    }

    fn text(&mut self, at: usize) -> Option<Expr> {
        let arg = self.args[at].clone();
        self.cx.text_of(&arg, self.function.name())
    }

    fn is_number(&mut self, at: usize) -> Option<Class> {
        let class = self.args[at].class();
        if class.is_number() {
            return Some(class);
        }
        let help = (class == Class::Text).then_some(
            "TRY_CAST(… AS float) makes a number of a text; better, declare the column's type where it is read",
        );
        self.mismatch(at, "a number", help);
        None
    }

    fn float(&mut self, at: usize) -> Option<Expr> {
        self.is_number(at).map(|_| self.args[at].float())
    }

    fn integer(&mut self, at: usize) -> Option<Expr> {
        if self.args[at].class() == Class::Integer {
            return Some(self.args[at].int());
        }
        self.mismatch(at, "a whole number", None);
        None
    }

    fn date(&mut self, at: usize) -> Option<Expr> {
        match self.args[at].class() {
            Class::Date | Class::Datetime => Some(self.args[at].day()),
            class => {
                let help = (class == Class::Text).then_some(TEXT_TO_DATE);
                self.mismatch(at, "a date", help);
                None
            }
        }
    }

    fn fixed_text(&mut self, at: usize, takes: &str) -> Option<String> {
        if let Some(Value::Text(text)) = &self.args[at].constant {
            return Some(text.clone());
        }
        self.mismatch(at, takes, Some("it is the same for every row: a text in single quotes or a variable"));
        None
    }

    fn fixed_integer(
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
    fn unit(&mut self, at: usize) -> Option<Unit> {
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
    fn alike(&mut self) -> Option<(Vec<Expr>, DataType)> {
        let (range, name) = (self.range.clone(), self.function.name());
        let dtype = self.cx.one_type(self.args.iter(), name, &range)?;
        Some((self.args.iter().map(|arg| arg.to(&dtype)).collect(), dtype))
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
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

// ---- choice ----

fn coalesce_of(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (args, dtype) = call.alike()?;
    Some(Operand::computed(coalesce(&args), dtype))
}

fn nullif(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (args, dtype) = call.alike()?;
    let same = args[0].clone().eq(args[1].clone());
    Some(Operand::computed(when(same).then(lit(NULL)).otherwise(args[0].clone()), dtype))
}

fn least(call: &mut Call<'_, '_>) -> Option<Operand> {
    extreme(call, |best, next| next.lt(best))
}

fn greatest(call: &mut Call<'_, '_>) -> Option<Operand> {
    extreme(call, |best, next| next.gt(best))
}

/// Built from comparisons, which know every type and one order.
fn extreme(call: &mut Call<'_, '_>, better: fn(Expr, Expr) -> Expr) -> Option<Operand> {
    let (args, dtype) = call.alike()?;
    let best = args.into_iter().reduce(|best, next| {
        let takes_over = best.clone().is_null().or(better(best.clone(), next.clone()));
        when(takes_over).then(next).otherwise(best)
    })?;
    Some(Operand::computed(best, dtype))
}

// ---- numbers ----

fn abs(call: &mut Call<'_, '_>) -> Option<Operand> {
    let arg = call.args[0].clone();
    match call.is_number(0)? {
        Class::Integer => Some(whole(arg.int().abs(), arg.float(), u128::from(arg.most))),
        _ => double(arg.float().abs()),
    }
}

fn round(call: &mut Call<'_, '_>) -> Option<Operand> {
    let class = call.is_number(0);
    let places = match call.args.len() {
        1 => Some(0),
        _ => call.fixed_integer(1, "a number of places between -15 and 15", -15..=15),
    };
    let (class, places) = (class?, places?);
    let arg = &call.args[0];
    // -15..=15 fits.
    let places = places as i32;
    match class {
        Class::Integer if places >= 0 => Some(Operand::integer(arg.int(), arg.most)),
        Class::Integer => {
            let rounded = rules::round_integer(arg.int(), places.unsigned_abs());
            Some(Operand::integer(rounded, 1 << 63))
        }
        _ => double(rules::round_half_away(arg.float(), places)),
    }
}

fn floor(call: &mut Call<'_, '_>) -> Option<Operand> {
    match call.is_number(0)? {
        Class::Integer => Some(Operand::integer(call.args[0].int(), call.args[0].most)),
        _ => double(call.args[0].float().floor()),
    }
}

fn ceil(call: &mut Call<'_, '_>) -> Option<Operand> {
    match call.is_number(0)? {
        Class::Integer => Some(Operand::integer(call.args[0].int(), call.args[0].most)),
        _ => double(call.args[0].float().ceil()),
    }
}

fn sqrt(call: &mut Call<'_, '_>) -> Option<Operand> {
    double(rules::finite(call.float(0)?.sqrt()))
}

fn power(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (base, exponent) = (call.float(0), call.float(1));
    double(rules::finite(base?.pow(exponent?)))
}

fn exp(call: &mut Call<'_, '_>) -> Option<Operand> {
    double(rules::finite(call.float(0)?.exp()))
}

fn ln(call: &mut Call<'_, '_>) -> Option<Operand> {
    double(rules::finite(call.float(0)?.log(lit(std::f64::consts::E))))
}

// ---- text ----

fn upper(call: &mut Call<'_, '_>) -> Option<Operand> {
    text(call.text(0)?.str().to_uppercase())
}

fn lower(call: &mut Call<'_, '_>) -> Option<Operand> {
    text(call.text(0)?.str().to_lowercase())
}

fn trim(call: &mut Call<'_, '_>) -> Option<Operand> {
    text(call.text(0)?.str().strip_chars(lit(NULL)))
}

fn length(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.text(0)?.str().len_chars(), 1 << 32)
}

fn left(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (value, count) = (call.text(0), call.integer(1));
    let count = count?;
    text(known(&[&count], value?.str().head(at_least_zero(count.clone()))))
}

fn right(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (value, count) = (call.text(0), call.integer(1));
    let count = count?;
    text(known(&[&count], value?.str().tail(at_least_zero(count.clone()))))
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

fn substr(call: &mut Call<'_, '_>) -> Option<Operand> {
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

fn replace(call: &mut Call<'_, '_>) -> Option<Operand> {
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

fn concat(call: &mut Call<'_, '_>) -> Option<Operand> {
    let parts: Vec<_> = (0..call.args.len())
        .map(|at| match call.args[at].class() {
            Class::Null => Some(lit("")),
            _ => call.text(at).map(|part| coalesce(&[part, lit("")])),
        })
        .collect();
    text(concat_str(parts.into_iter().collect::<Option<Vec<_>>>()?, "", false))
}

fn starts_with(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (value, part) = (call.text(0), call.text(1));
    Some(boolean(value?.str().starts_with(part?)))
}

fn ends_with(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (value, part) = (call.text(0), call.text(1));
    Some(boolean(value?.str().ends_with(part?)))
}

fn contains(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (value, part) = (call.text(0), call.text(1));
    Some(boolean(value?.str().contains_literal(part?)))
}

fn split_part(call: &mut Call<'_, '_>) -> Option<Operand> {
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

fn strip_accents(call: &mut Call<'_, '_>) -> Option<Operand> {
    text(rules::strip_accents(call.text(0)?))
}

fn normalise(call: &mut Call<'_, '_>) -> Option<Operand> {
    text(rules::normalise(call.text(0)?))
}

// ---- dates ----

#[derive(Clone, Copy)]
enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

fn year(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().year(), 1 << 31)
}

fn quarter(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().quarter(), 4)
}

fn month(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().month(), 12)
}

fn week(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().week(), 53)
}

fn weekday(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().weekday(), 7)
}

fn day(call: &mut Call<'_, '_>) -> Option<Operand> {
    small(call.date(0)?.dt().day(), 31)
}

fn date_trunc(call: &mut Call<'_, '_>) -> Option<Operand> {
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

fn date_diff(call: &mut Call<'_, '_>) -> Option<Operand> {
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

fn to_date(call: &mut Call<'_, '_>) -> Option<Operand> {
    parsed_date(call, true)
}

fn try_to_date(call: &mut Call<'_, '_>) -> Option<Operand> {
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
pub fn is_date_format(format: &str) -> bool {
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

// ---- types ----

/// A value of another type; `None` where there is no way. `loud`: what cannot be converted stops the
/// run, otherwise it becomes null.
pub(super) fn cast(part: &Operand, to: &str, loud: bool) -> Option<Operand> {
    let convert = |expr: Expr, dtype: DataType| match loud {
        true => expr.strict_cast(dtype),
        false => expr.cast(dtype),
    };
    let trimmed = || part.expr.clone().str().strip_chars(lit(NULL));
    let dtype = match to {
        "integer" => DataType::Int64,
        "float" => DataType::Float64,
        "text" => DataType::String,
        "boolean" => DataType::Boolean,
        _ => DataType::Date,
    };
    let expr = match (part.class(), to) {
        (Class::Null, _) => part.to(&dtype),
        (Class::Integer, "integer") => return Some(Operand::integer(part.int(), part.most)),
        (Class::Integer | Class::Float, "float")
        | (Class::Text, "text")
        | (Class::Boolean, "boolean")
        | (Class::Date, "date") => part.to(&dtype),
        (Class::Float, "integer") => convert(rules::round_half_away(part.float(), 0), dtype.clone()),
        (Class::Text, "integer") => convert(trimmed(), dtype.clone()),
        (Class::Text, "float") => rules::finite(convert(trimmed(), dtype.clone())),
        (Class::Boolean, "integer") => return small(part.expr.clone(), 1),
        (Class::Integer, "text") => part.int().cast(DataType::String),
        (Class::Float, "text") => rules::float_text(part.float()),
        (Class::Boolean, "text") => part.expr.clone().cast(DataType::String),
        (Class::Date, "text") => part.expr.clone().dt().to_string("%Y-%m-%d"),
        (Class::Datetime, "text") => part.expr.clone().dt().to_string("%Y-%m-%dT%H:%M:%S"),
        (Class::Integer, "boolean") => part.int().neq(integer(0)),
        (Class::Text, "boolean") => text_to_boolean(trimmed(), loud),
        (Class::Text, "date") => {
            let options =
                StrptimeOptions { format: Some("%Y-%m-%d".into()), strict: loud, exact: true, cache: true };
            trimmed().str().to_date(options)
        }
        (Class::Datetime, "date") => part.day(),
        _ => return None,
    };
    let made = Operand::computed(expr, dtype);
    // `CAST('2026-01-31' AS date)` is as good as a literal.
    if let (Some(Value::Text(written)), "date") = (&part.constant, to)
        && let Some(date) = iso_date(written.trim())
    {
        return Some(Operand::constant(Value::Date(date), part.range.clone()));
    }
    Some(made)
}

fn text_to_boolean(trimmed: Expr, loud: bool) -> Expr {
    let word = trimmed.clone().str().to_lowercase();
    let says = |words: &[&str]| {
        let list = Series::new(PlSmallStr::EMPTY, words);
        let dtype = DataType::List(Box::new(DataType::String));
        word.clone().is_in(lit(Scalar::new(dtype, AnyValue::List(list))), false)
    };
    let (yes, no) = (says(&["true", "t", "yes", "y", "1"]), says(&["false", "f", "no", "n", "0"]));
    if !loud {
        return when(yes).then(lit(true)).otherwise(when(no).then(lit(false)).otherwise(lit(NULL)));
    }
    // There is no strict conversion to boolean: digits have one, and a text that is neither fails there
    // under its own name.
    let digit = when(yes).then(lit("1")).otherwise(when(no).then(lit("0")).otherwise(concat_str(
        [lit("not true or false: "), trimmed],
        "",
        false,
    )));
    digit.strict_cast(DataType::Int8).eq(lit(1i8))
}
