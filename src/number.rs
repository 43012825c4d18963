//! How numbers are shown to people, in one place for tables, charts, reports and the terminal.
//!
//! Rounding is half away from zero (`12.5` is shown as `13`), as survey tables do it, not half to
//! even as the machine does. Nothing here is used before a number is compared or tested.

/// Rounds half away from zero at `decimals` places.
///
/// Works on the shortest decimal text of the value at 12 significant digits, so that `0.285` shown
/// at two places is `0.29` although the nearest double lies below it.
pub fn round_half_away(value: f64, decimals: usize) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let value = significant(value, 12);
    let scale = 10f64.powi(decimals as i32);
    let scaled = significant(value * scale, 12);
    // `f64::round` rounds half away from zero.
    scaled.round() / scale
}

/// The value at `digits` significant digits, through its decimal text.
pub fn significant(value: f64, digits: usize) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    format!("{:.*e}", digits.saturating_sub(1), value).parse().unwrap_or(value)
}

/// A number with a fixed number of decimals and thousands set apart by a comma: `1,234.50`.
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let rounded = round_half_away(value, decimals);
    let text = format!("{:.*}", decimals, rounded.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if rounded < 0.0 {
        out.push('-');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A whole number with thousands set apart: `12,345`.
pub fn count(value: f64) -> String {
    fixed(value, 0)
}

/// A score in points with its sign: `+18`, `-4`, `0`.
pub fn score(value: f64) -> String {
    let text = fixed(value, 0);
    if round_half_away(value, 0) > 0.0 { format!("+{text}") } else { text }
}

/// A share of 0–1 as a percentage: `0.425` is `43%` at no decimals.
pub fn percent(share: f64, decimals: usize) -> String {
    format!("{}%", fixed(share * 100.0, decimals))
}

/// A number as text at 12 significant digits, the way tables are printed and exported: no
/// thousands marks, no trailing zeros.
pub fn plain(value: f64) -> String {
    format!("{}", significant(value, 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!(fixed(0.285, 2), "0.29");
        assert_eq!(fixed(2.5, 0), "3");
        assert_eq!(fixed(-2.5, 0), "-3");
        assert_eq!(percent(0.125, 0), "13%");
        assert_eq!(fixed(-0.4, 0), "0");
    }

    #[test]
    fn thousands_and_signs() {
        assert_eq!(count(1234567.0), "1,234,567");
        assert_eq!(fixed(-1234.5, 1), "-1,234.5");
        assert_eq!(score(17.6), "+18");
        assert_eq!(score(-0.2), "0");
        assert_eq!(fixed(f64::NAN, 1), "–");
    }

    #[test]
    fn plain_has_twelve_digits() {
        assert_eq!(plain(0.1 + 0.2), "0.3");
        assert_eq!(plain(1e21), "1000000000000000000000");
    }
}
