//! What numbers and texts do, the same on every engine: rounding, division, overflow, remainders,
//! and text made comparable. Only plain expressions, so that a plan stays readable and translatable.

use polars::prelude::*;

use super::literal::integer;

/// Integers beyond this magnitude count as overflowed: a little inside the range of 64 bits, so that
/// the test can be made on the nearest double.
const MOST_INTEGER: f64 = 9.223_372_036_854e18;

/// From here on a double has no more than 15 digits before the point, and none behind.
const FIFTEEN_DIGITS: f64 = 1e15;

/// A double rounded half away from zero at `decimals` places (left of the point if negative).
///
/// The value is taken at 15 significant digits, as spreadsheets take it: 0.285 is `0.29` at two
/// places although the nearest double lies below it.
pub fn round_half_away(value: Expr, decimals: i32) -> Expr {
    let scale = 10f64.powi(decimals.abs());
    let (scaled, limit) = match decimals {
        0 => (value.clone(), FIFTEEN_DIGITS),
        1.. => (value.clone() * lit(scale), FIFTEEN_DIGITS / scale),
        _ => (divide_by(value.clone(), scale), FIFTEEN_DIGITS * scale),
    };
    let whole = scaled.clone().round_sig_figs(15).round(0, RoundMode::HalfAwayFromZero);
    let back = |whole: Expr| match decimals {
        0 => whole,
        1.. => divide_by(whole, scale),
        _ => whole * lit(scale),
    };
    let huge = match decimals {
        0.. => value.clone().round(decimals.unsigned_abs(), RoundMode::HalfAwayFromZero),
        _ => back(scaled.round(0, RoundMode::HalfAwayFromZero)),
    };
    when(value.abs().lt(lit(limit))).then(back(whole)).otherwise(huge)
}

/// A 64-bit integer rounded half away from zero to a multiple of ten to the power of `zeros`.
pub fn round_integer(value: Expr, zeros: u32) -> Expr {
    let step = 10i64.saturating_pow(zeros);
    let rest = remainder(value.clone(), integer(step));
    let whole = value.clone() - rest.clone();
    // Twice the rest is compared with the step without doubling, which could overflow.
    let up = rest.clone().gt_eq(integer(step - step / 2));
    let down = rest.lt_eq(integer(step / 2 - step));
    let rounded = when(up)
        .then(whole.clone() + integer(step))
        .otherwise(when(down).then(whole.clone() - integer(step)).otherwise(whole));
    checked_integer(rounded, value.cast(DataType::Float64).abs() + lit(step as f64))
}

/// `a / b` of doubles; null where `b` is zero.
pub fn divide(a: Expr, b: Expr) -> Expr {
    when(b.clone().neq(lit(0.0))).then(a.true_div(b)).otherwise(lit(NULL))
}

/// `a / number` of a double by a constant that is not zero, correctly rounded.
///
/// By a plain constant the engine multiplies with its reciprocal, which is off in the last digit (35 / 100
/// becomes 0.35000000000000003), except in blocks of one row. So the constant is made a column.
pub fn divide_by(a: Expr, number: f64) -> Expr {
    // Where this adds something, the quotient is null anyway.
    let column = lit(number) + a.clone().is_null().cast(DataType::Float64);
    a.true_div(column)
}

/// The remainder with the sign of `a`, as SQL has it. The caller sees to `b` not being zero.
pub fn remainder(a: Expr, b: Expr) -> Expr {
    // Polars takes the sign of `b`.
    let rest = a.clone() % b.clone();
    let wrong_side = rest.clone().neq(lit(0)).and(rest.clone().lt(lit(0)).neq(a.lt(lit(0))));
    when(wrong_side).then(rest.clone() - b).otherwise(rest)
}

/// `exact`, or null where `approximate`, the same computed in doubles, leaves the range of 64 bits.
pub fn checked_integer(exact: Expr, approximate: Expr) -> Expr {
    when(approximate.abs().lt(lit(MOST_INTEGER))).then(exact).otherwise(lit(NULL))
}

/// Null where the result is no number (logarithm of zero, root of a negative, too large).
pub fn finite(value: Expr) -> Expr {
    when(value.clone().is_finite()).then(value).otherwise(lit(NULL))
}

/// Text without its accents and other marks: `Müller` → `Muller`. Letters that are no letter with a
/// mark stay (`ß`, `ø`, `ł`).
pub fn strip_accents(text: Expr) -> Expr {
    let bare = text.str().normalize(UnicodeForm::NFD).str().replace_all(lit(r"\p{M}+"), lit(""), false);
    bare.str().normalize(UnicodeForm::NFC)
}

/// Text made comparable: compatibility forms unified, accents stripped, case folded, runs of blanks
/// one blank, none at the ends. `" ÉCOLE  Straße"` → `ecole strasse`.
pub fn normalise(text: Expr) -> Expr {
    let bare = text.str().normalize(UnicodeForm::NFKD).str().replace_all(lit(r"\p{M}+"), lit(""), false);
    // Upper case first: it alone makes `ß` and `SS` one.
    let folded = bare.str().to_uppercase().str().to_lowercase();
    folded.str().replace_all(lit(r"\s+"), lit(" "), false).str().strip_chars(lit(NULL))
}

/// A double as text: whole numbers without a point, others at 15 significant digits.
pub fn float_text(value: Expr) -> Expr {
    let whole = value.clone().floor().eq(value.clone()).and(value.clone().abs().lt(lit(FIFTEEN_DIGITS)));
    when(whole)
        .then(value.clone().cast(DataType::Int64).cast(DataType::String))
        .otherwise(value.round_sig_figs(15).cast(DataType::String))
}
