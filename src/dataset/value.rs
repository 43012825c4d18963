//! Text to values: what counts as an integer, a number, a truth value, a date. The one place that
//! says so for landed files; knows nothing of columns or files.

use polars::prelude::{DataType, TimeUnit};
use schemars::JsonSchema;
use serde::Deserialize;

/// The type of a column, in the words of the pipeline file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Whole numbers (64 bits); `17850.0` is accepted, `17850.5` is not.
    Integer,
    /// Numbers with a decimal point and an optional exponent.
    Float,
    /// Text, as it stands in the file.
    Text,
    /// `true` or `false`, `yes` or `no`, `1` or `0`, in any case.
    Boolean,
    /// `2026-11-30`.
    Date,
    /// `2026-11-30T08:15:00`, also with a blank for the `T`, without seconds, with a fraction; a `Z`
    /// or an offset is converted to UTC.
    Datetime,
}

/// What a boolean may look like, in lower case: the words of true, then the words of false.
pub const BOOLEAN_WORDS: ([&str; 3], [&str; 3]) = (["true", "yes", "1"], ["false", "no", "0"]);

impl ColumnType {
    /// The type in the tables of the engine. Times are in microseconds and without a zone.
    pub fn dtype(self) -> DataType {
        match self {
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Text => DataType::String,
            Self::Boolean => DataType::Boolean,
            Self::Date => DataType::Date,
            Self::Datetime => DataType::Datetime(TimeUnit::Microseconds, None),
        }
    }

    /// The type with its article, for messages: "not {an integer}".
    pub fn noun(self) -> &'static str {
        match self {
            Self::Integer => "an integer",
            Self::Float => "a number",
            Self::Text => "text",
            Self::Boolean => "a boolean",
            Self::Date => "a date",
            Self::Datetime => "a date with a time",
        }
    }
}

/// Largest whole number up to which every whole number is a float exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a whole number: a sign, digits, and at most a fraction of zeros.
pub fn integer(text: &str) -> Option<i64> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    let (whole, fraction) = text.split_once('.')?;
    let zeros = fraction.bytes().all(|b| b == b'0');
    if zeros { whole.parse().ok() } else { None }
}

/// Reads a finite number.
pub fn float(text: &str) -> Option<f64> {
    // The standard parser also takes `inf`, `nan` and `infinity`: words, not numbers.
    let numeric = text.bytes().any(|b| b.is_ascii_digit());
    if numeric { text.parse().ok().filter(|value: &f64| value.is_finite()) } else { None }
}

/// Whether every whole number near this one is a float exactly.
pub fn is_exact(value: f64) -> bool {
    value.abs() <= EXACT
}

/// Reads a truth value ([`BOOLEAN_WORDS`]).
pub fn boolean(text: &str) -> Option<bool> {
    let (yes, no) = BOOLEAN_WORDS;
    if yes.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        Some(true)
    } else if no.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        Some(false)
    } else {
        None
    }
}

/// Reads `YYYY-MM-DD` as days since 1970-01-01.
pub fn date(text: &str) -> Option<i32> {
    let b = text.as_bytes();
    if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    let (year, month, day) = (digits(&b[..4])?, digits(&b[5..7])?, digits(&b[8..])?);
    let longest = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=longest).contains(&day).then(|| days_since_epoch(year, month, day))
}

/// Reads a date with an optional time as microseconds since 1970-01-01T00:00.
pub fn datetime(text: &str) -> Option<i64> {
    let days = i64::from(date(text.get(..10)?)?);
    let seconds = days * 86_400;
    let Some(clock) = text.get(10..).filter(|rest| !rest.is_empty()) else {
        return Some(seconds * 1_000_000);
    };
    let clock = clock.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = zone(clock)?;
    let b = clock.as_bytes();
    if b.len() < 5 || b[2] != b':' {
        return None;
    }
    let (hour, minute) = (digits(&b[..2])?, digits(&b[3..5])?);
    let (second, micros) = match &b[5..] {
        [] => (0, 0),
        [b':', rest @ ..] if rest.len() >= 2 => (digits(&rest[..2])?, micros(&rest[2..])?),
        _ => return None,
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let second_of_day = i64::from(hour * 3600 + minute * 60 + second) - offset;
    Some((seconds + second_of_day) * 1_000_000 + micros)
}

/// Splits `Z`, `+02:00` or `+0200` off the end; the offset in seconds.
fn zone(clock: &str) -> Option<(&str, i64)> {
    if let Some(clock) = clock.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = clock.rfind(['+', '-']) else {
        return Some((clock, 0));
    };
    let sign = if clock.as_bytes()[at] == b'-' { -1 } else { 1 };
    let (clock, offset) = (&clock[..at], &clock.as_bytes()[at + 1..]);
    let (hours, minutes) = match offset.len() {
        2 => (digits(offset)?, 0),
        4 => (digits(&offset[..2])?, digits(&offset[2..])?),
        5 if offset[2] == b':' => (digits(&offset[..2])?, digits(&offset[3..])?),
        _ => return None,
    };
    (hours <= 15 && minutes <= 59).then(|| (clock, sign * i64::from(hours * 3600 + minutes * 60)))
}

/// `.125` as microseconds; nothing is zero; digits beyond the sixth are cut.
fn micros(fraction: &[u8]) -> Option<i64> {
    let [b'.', places @ ..] = fraction else {
        return fraction.is_empty().then_some(0);
    };
    if places.is_empty() || places.len() > 9 || !places.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let place = |i: usize| places.get(i).map_or(0, |b| i64::from(b - b'0'));
    Some((0..6).fold(0, |sum, i| sum * 10 + place(i)))
}

fn digits(text: &[u8]) -> Option<i32> {
    text.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i32::from(b - b'0')))
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that begin
/// in March, so that the leap day is the last day of its year.
fn days_since_epoch(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        assert_eq!(integer("17850"), Some(17850));
        assert_eq!(integer("+5"), Some(5));
        assert_eq!(integer("17850.0"), Some(17850));
        assert_eq!(integer("-0.00"), Some(0));
        for text in ["", "1.5", "1e3", "0x1F", "1_000", "12 ", ".0", "9223372036854775808"] {
            assert_eq!(integer(text), None, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_finite() {
        assert_eq!(float("-1.5e3"), Some(-1500.0));
        assert_eq!(float(".5"), Some(0.5));
        for text in ["", "inf", "-inf", "NaN", "infinity", "1,5", "1e999", "."] {
            assert_eq!(float(text), None, "{text:?}");
        }
    }

    #[test]
    fn truth() {
        assert_eq!(boolean("Yes"), Some(true));
        assert_eq!(boolean("0"), Some(false));
        assert_eq!(boolean("y"), None);
    }

    #[test]
    fn dates_count_days() {
        // Checked with `date -d … +%s` divided by 86400.
        assert_eq!(date("1970-01-01"), Some(0));
        assert_eq!(date("2000-02-29"), Some(11_016));
        assert_eq!(date("2026-11-22"), Some(20_779));
        assert_eq!(date("1969-12-31"), Some(-1));
        for text in
            ["2026-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "26-01-01", "2026/01/01"]
        {
            assert_eq!(date(text), None, "{text:?}");
        }
    }

    #[test]
    fn times_are_utc_where_they_say_so() {
        let noon = datetime("2026-11-22T12:00");
        assert_eq!(noon, Some(20_779 * 86_400_000_000 + 43_200_000_000));
        assert_eq!(datetime("2026-11-22 12:00:00.000"), noon);
        assert_eq!(datetime("2026-11-22T12:00:00Z"), noon);
        assert_eq!(datetime("2026-11-22T14:00:00+02:00"), noon);
        assert_eq!(datetime("2026-11-22T08:30:00-0330"), noon);
        assert_eq!(datetime("2026-11-22"), Some(20_779 * 86_400_000_000));
        assert_eq!(datetime("2026-11-22T12:00:00.25").zip(noon).map(|(a, b)| a - b), Some(250_000));
        for text in
            ["2026-11-22T", "2026-11-22T24:00", "2026-11-22T12", "2026-11-22X12:00", "2026-11-22T12:00:", "ä"]
        {
            assert_eq!(datetime(text), None, "{text:?}");
        }
    }
}
