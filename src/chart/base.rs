//! Small bases: how they are marked in a picture and explained under it.

use super::FigureError;
use super::records::Records;
use crate::number;

/// How far a figure can be relied on, by the number of answers behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Base {
    #[default]
    Sound,
    /// 30 to 99 answers.
    Low,
    /// Below 30 answers.
    Small,
}

impl Base {
    /// From the mark a table carries: ``, `*` or `**`.
    pub(super) fn from_mark(mark: Option<&str>) -> Self {
        match mark.map(str::trim) {
            Some("**") => Base::Small,
            Some("*") => Base::Low,
            _ => Base::Sound,
        }
    }

    /// By the rule of the house, for tables that carry no mark.
    pub(super) fn of(n: Option<f64>) -> Self {
        match n {
            Some(n) if n < 30.0 => Base::Small,
            Some(n) if n < 100.0 => Base::Low,
            _ => Base::Sound,
        }
    }

    pub(super) fn mark(self) -> &'static str {
        match self {
            Base::Sound => "",
            Base::Low => "*",
            Base::Small => "**",
        }
    }
}

/// The footnote that explains the marks that occur; `small` says how a picture shows very small
/// bases. Marks that the table brought follow its own limits, which are not known here.
pub(super) fn note(bases: impl IntoIterator<Item = Base>, small: &str, marked: bool) -> Option<String> {
    let (mut has_low, mut has_small) = (false, false);
    for base in bases {
        has_low |= base == Base::Low;
        has_small |= base == Base::Small;
    }
    let (low_base, small_base) =
        if marked { ("small base", "very small base") } else { ("base of 30 to 99", "base under 30") };
    let mut words = Vec::new();
    if has_low {
        words.push(format!("* {low_base}: read with care."));
    }
    if has_small {
        words.push(format!("{small}: {small_base}, indicative only."));
    }
    (!words.is_empty()).then(|| words.join(" "))
}

/// How bars show a small base.
pub(super) const HOLLOW_BARS: &str = "** and hollow";
/// How points show a small base.
pub(super) const HOLLOW_POINTS: &str = "Hollow points";
/// How the columns of a cross-tab show a small base.
pub(super) const NO_SHADE: &str = "** and italics without shade";

/// The bases of records: from their marks where there is a column of marks, from `n` otherwise.
pub(super) fn read(
    records: &Records<'_>,
    mark: Option<&str>,
    n: &[Option<f64>],
) -> Result<Vec<Base>, FigureError> {
    match mark {
        Some(mark) => Ok(records.texts(mark)?.iter().map(|mark| Base::from_mark(mark.as_deref())).collect()),
        None => Ok(n.iter().map(|&n| Base::of(n)).collect()),
    }
}

/// The sentence of a text alternative about small bases.
pub(super) fn alt(bases: impl IntoIterator<Item = Base>, marked: bool) -> String {
    let base = if marked { "a very small base" } else { "fewer than 30 answers" };
    match bases.into_iter().filter(|base| *base == Base::Small).count() {
        0 => String::new(),
        1 => format!(" One value rests on {base}."),
        count => format!(" {count} values rest on {base}."),
    }
}

/// A base and its mark: `12**`.
pub(super) fn n_with_mark(n: Option<f64>, base: Base) -> String {
    n.map_or_else(String::new, |n| format!("{}{}", number::count(n), base.mark()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_answers_are_not_small() {
        let of = |n: f64| Base::of(Some(n));
        assert_eq!(
            [of(0.0), of(29.0), of(30.0), of(99.0), of(100.0)],
            [Base::Small, Base::Small, Base::Low, Base::Low, Base::Sound]
        );
        assert_eq!(Base::of(None), Base::Sound);
        assert_eq!(Base::from_mark(Some("**")), Base::Small);
    }

    #[test]
    fn only_marks_that_occur_are_explained() {
        assert_eq!(note([Base::Sound], HOLLOW_BARS, false), None);
        assert_eq!(note([Base::Low], HOLLOW_BARS, false).unwrap(), "* base of 30 to 99: read with care.");
        let small = note([Base::Small, Base::Sound], HOLLOW_BARS, false).unwrap();
        assert_eq!(small, "** and hollow: base under 30, indicative only.");
        // Limits that the table set itself are not put into numbers.
        assert_eq!(note([Base::Low], HOLLOW_BARS, true).unwrap(), "* small base: read with care.");
    }
}
