//! Sentences that pages and workbooks say alike under a cross-tab, in words of those who read surveys, not
//! of those who compute them. Knows what a cross-tab tells of its tables; computes nothing.

use crate::number;

/// Why a figure is not shown.
pub(super) const HIDDEN: &str = "not shown, to protect the answers of few people: theirs, or a figure from which theirs could be worked out";

/// What the margins of error and the tests rest on: the `variance` of a cross-tab, with or without weights.
pub(super) fn variance(method: &str, weighted: bool) -> String {
    match (method, weighted) {
        ("frequency", false) => "Margins of error and tests count every answer as one person drawn at random.".to_owned(),
        ("frequency", true) => {
            "Margins of error and tests take a weight as a number of people: an answer of weight 2 counts as two people."
                .to_owned()
        }
        ("effective_base", _) => {
            "Margins of error and tests allow for the weights: they rest on the effective base, the number of unweighted answers that would be as precise."
                .to_owned()
        }
        ("taylor", _) => {
            "Margins of error and tests allow for the weights and for how the sample was drawn, its strata and clusters (Taylor linearisation)."
                .to_owned()
        }
        (other, _) => format!("Margins of error and tests: {other}."),
    }
}

/// The test of a table as a whole.
pub(super) struct Association {
    /// What it found, the probability first.
    pub found: String,
    /// The test that allows for weights, rather than that of Pearson.
    pub is_rao_scott: bool,
}

/// What stands before the tests of whole tables.
pub(super) fn association_lead(is_rao_scott: bool) -> String {
    let test = if is_rao_scott { "chi-square for weighted samples, by Rao and Scott" } else { "chi-square" };
    format!(
        "Do the answers differ between the columns at all? A small p says that they do, V how much, from 0 to 1 ({test})"
    )
}

/// The test of a table as a whole, from the columns of the side table `tables`; none where it was not
/// tested.
pub(super) fn association(told: impl Fn(&str) -> Option<f64>) -> Option<Association> {
    let degrees = |value: f64| match value {
        many if many >= 100.0 => number::count(many),
        few => number::plain(number::round_half_away(few, 1)),
    };
    let plain = || {
        let (statistic, df, p) = (told("chi_square")?, told("df")?, told("p_value")?);
        Some((p, format!("{}, {} df", number::fixed(statistic, 2), degrees(df))))
    };
    let weighted = || {
        let (f, p) = (told("rao_scott")?, told("rao_scott_p")?);
        let (df1, df2) = (told("rao_scott_df1")?, told("rao_scott_df2")?);
        Some((p, format!("F {}, {} and {} df", number::fixed(f, 2), degrees(df1), degrees(df2))))
    };
    let rao_scott = weighted();
    let is_rao_scott = rao_scott.is_some();
    let (p, statistic) = rao_scott.or_else(plain)?;
    let v = told("cramers_v").map_or(String::new(), |v| format!(", V {}", number::fixed(v, 2)));
    let few = told("cells_below_5").filter(|few| *few > 0.0).map_or(String::new(), |few| match few as u64 {
        1 => "; 1 cell with fewer than 5 expected".to_owned(),
        few => format!("; {} cells with fewer than 5 expected", number::count(few as f64)),
    });
    Some(Association { found: format!("{}{v} ({statistic}{few})", probability(p)), is_rao_scott })
}

/// A probability as it is printed.
fn probability(p: f64) -> String {
    if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {}", number::fixed(p, 3)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_of_a_table_tells_its_finding_first() {
        let plain = |name: &str| match name {
            "chi_square" => Some(12.345),
            "df" => Some(3.0),
            "p_value" => Some(0.0004),
            "cramers_v" => Some(0.126),
            "cells_below_5" => Some(1.0),
            _ => None,
        };
        let made = association(plain).unwrap();
        assert_eq!(made.found, "p < 0.001, V 0.13 (12.35, 3 df; 1 cell with fewer than 5 expected)");
        assert!(!made.is_rao_scott);
        let weighted = |name: &str| match name {
            "rao_scott" => Some(1.449),
            "rao_scott_df1" => Some(46.68),
            "rao_scott_df2" => Some(121421.2),
            "rao_scott_p" => Some(0.0247),
            "chi_square" => Some(9.0),
            "df" => Some(3.0),
            _ => None,
        };
        let made = association(weighted).unwrap();
        assert_eq!(made.found, "p = 0.025 (F 1.45, 46.7 and 121,421 df)");
        assert!(made.is_rao_scott && association(|_| None).is_none());
    }
}
