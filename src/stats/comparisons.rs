//! Many tests at once: corrections for their number, levels of significance, and the marks and
//! letters that survey tables show. Knows the tests only by their p-values.

/// How p-values of one family are corrected for their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Correction {
    /// Not at all.
    #[default]
    None,
    /// [`bonferroni`].
    Bonferroni,
    /// [`benjamini_hochberg`].
    BenjaminiHochberg,
}

impl Correction {
    /// The corrected p-values of a family, in the order given. The family is the tests that were
    /// made: what was not tested is not among them.
    pub fn adjust(self, p_values: &[f64]) -> Vec<f64> {
        match self {
            Self::None => p_values.to_vec(),
            Self::Bonferroni => bonferroni(p_values),
            Self::BenjaminiHochberg => benjamini_hochberg(p_values),
        }
    }
}

/// `min(1, m p)` for `m` tests: the chance of any false alarm in the family stays below the level.
///
/// Source: O. J. Dunn, "Multiple Comparisons among Means", *Journal of the American Statistical
/// Association* 56, 1961.
pub fn bonferroni(p_values: &[f64]) -> Vec<f64> {
    p_values.iter().map(|p| (p * p_values.len() as f64).min(1.0)).collect()
}

/// With p-values sorted upwards, the largest `(m − j + 1) p₍ⱼ₎` of this and of all smaller ones, at most
/// 1: the chance of any false alarm stays below the level, as with [`bonferroni`], and never is the
/// corrected p-value larger.
///
/// Source: S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", *Scandinavian Journal
/// of Statistics* 6, 1979.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (place, at) in order.iter().enumerate() {
        largest = largest.max(p_values[*at] * (p_values.len() - place) as f64).min(1.0);
        adjusted[*at] = largest;
    }
    adjusted
}

/// With p-values sorted upwards, the smallest `m p₍ⱼ₎ / j` of this and of all larger ones, at most 1:
/// the expected part of false alarms among all alarms stays below the level.
///
/// Source: Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate", *Journal of the
/// Royal Statistical Society B* 57, 1995.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (place, at) in order.iter().enumerate().rev() {
        smallest = smallest.min(p_values[*at] * p_values.len() as f64 / (place + 1) as f64);
        adjusted[*at] = smallest;
    }
    adjusted
}

/// The level at which a difference is significant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// At the higher of two confidences, or at the only one.
    Strict,
    /// At the lower confidence only.
    Loose,
}

/// One or two confidences at which differences are called significant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    strict: f64,
    loose: Option<f64>,
}

impl Levels {
    /// From one or two confidences between 0 and 1, such as 0.95 and 0.9, in any order. Others than
    /// that: none.
    pub fn new(confidences: &[f64]) -> Option<Self> {
        if !confidences.iter().all(|c| *c > 0.0 && *c < 1.0) {
            return None;
        }
        match *confidences {
            [only] => Some(Self { strict: only, loose: None }),
            [a, b] if a != b => Some(Self { strict: a.max(b), loose: Some(a.min(b)) }),
            _ => None,
        }
    }

    /// The strictest level at which a p-value is significant: below one less the confidence.
    pub fn of(&self, p_value: f64) -> Option<Level> {
        if p_value < 1.0 - self.strict {
            Some(Level::Strict)
        } else {
            self.loose.filter(|loose| p_value < 1.0 - loose).map(|_| Level::Loose)
        }
    }

    /// The confidence of a level.
    pub fn confidence(&self, level: Level) -> f64 {
        match level {
            Level::Strict => self.strict,
            Level::Loose => self.loose.unwrap_or(self.strict),
        }
    }
}

/// What a tested difference says of the first figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Significantly higher than the second.
    Higher(Level),
    /// Significantly lower than the second.
    Lower(Level),
    /// Tested, and no difference found.
    Same,
}

impl Mark {
    /// The mark of a difference with its p-value, corrected or not.
    pub fn of(difference: f64, p_value: f64, levels: &Levels) -> Self {
        match levels.of(p_value) {
            Some(level) if difference > 0.0 => Self::Higher(level),
            Some(level) if difference < 0.0 => Self::Lower(level),
            _ => Self::Same,
        }
    }

    /// The mark of the second figure against the first.
    pub fn reversed(self) -> Self {
        match self {
            Self::Higher(level) => Self::Lower(level),
            Self::Lower(level) => Self::Higher(level),
            Self::Same => Self::Same,
        }
    }

    /// The word for it in the columns `vs_total`, `vs_rest` and `vs_previous`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Higher(Level::Strict) => "higher",
            Self::Higher(Level::Loose) => "slightly higher",
            Self::Lower(Level::Strict) => "lower",
            Self::Lower(Level::Loose) => "slightly lower",
            Self::Same => "same",
        }
    }
}

/// The letter of a column by its place within its banner group, from 0: A to Z, then AA, AB, …
pub fn letter(place: usize) -> String {
    let mut letters = Vec::new();
    let mut left = place + 1;
    while left > 0 {
        left -= 1;
        letters.push(b'A' + (left % 26) as u8);
        left /= 26;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

/// What a cell shows of the columns that it was compared with, each with its place within the banner
/// group and the cell's mark against it: the letters of those that the cell is significantly higher
/// than, capitals at the strict level and small ones at the loose. Letters of two or more characters
/// are set apart by blanks.
pub fn letters(compared: &[(usize, Mark)]) -> String {
    let mut shown: Vec<(usize, String)> = compared
        .iter()
        .filter_map(|(place, mark)| match mark {
            Mark::Higher(Level::Strict) => Some((*place, letter(*place))),
            Mark::Higher(Level::Loose) => Some((*place, letter(*place).to_lowercase())),
            Mark::Lower(_) | Mark::Same => None,
        })
        .collect();
    shown.sort_by_key(|(place, _)| *place);
    let long = shown.iter().any(|(_, letter)| letter.len() > 1);
    let words: Vec<String> = shown.into_iter().map(|(_, letter)| letter).collect();
    words.join(if long { " " } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_close(actual: &[f64], expected: &[f64]) {
        assert_eq!(actual.len(), expected.len());
        for (a, e) in actual.iter().zip(expected) {
            assert!((a - e).abs() <= 1e-9 * e.abs(), "{actual:?}, not {expected:?}");
        }
    }

    /// Of R 4.2.2 (`tests/oracles/statistics.R`), `p.adjust(p, "bonferroni" | "BH")`; statsmodels 0.15.0 `multipletests` agrees.
    #[test]
    fn by_another_program() {
        let p = [0.012, 0.03, 0.2, 0.0004, 0.03, 1.0];
        all_close(&Correction::Bonferroni.adjust(&p), &[0.072, 0.18, 1.0, 0.0024, 0.18, 1.0]);
        all_close(&Correction::BenjaminiHochberg.adjust(&p), &[0.036, 0.045, 0.24, 0.0024, 0.045, 1.0]);
        assert_eq!(Correction::None.adjust(&p), p);
    }

    /// The example of Benjamini and Hochberg (1995): at 0.05 their procedure rejects four of these
    /// hypotheses, Bonferroni's three.
    #[test]
    fn published() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0,
        ];
        let rejected = |adjusted: &[f64]| adjusted.iter().filter(|p| **p <= 0.05).count();
        assert_eq!(rejected(&benjamini_hochberg(&p)), 4);
        assert_eq!(rejected(&bonferroni(&p)), 3);
    }

    #[test]
    fn by_hand() {
        // Sorted 0.01, 0.02, 0.03, 0.5: 4·0.01/1, 4·0.02/2, 4·0.03/3 are all 0.04.
        all_close(&benjamini_hochberg(&[0.5, 0.03, 0.01, 0.02]), &[0.5, 0.04, 0.04, 0.04]);
        // The larger p-value's 2·0.011/2 is below the smaller one's 2·0.01.
        all_close(&benjamini_hochberg(&[0.01, 0.011]), &[0.011, 0.011]);
        assert_eq!(benjamini_hochberg(&[]), Vec::<f64>::new());
        assert_eq!(bonferroni(&[0.7]), [0.7]);
    }

    #[test]
    fn levels() {
        let two = Levels::new(&[0.9, 0.95]).unwrap();
        assert_eq!(two.of(0.049), Some(Level::Strict));
        assert_eq!(two.of(0.051), Some(Level::Loose));
        assert_eq!(two.of(0.11), None);
        assert_eq!((two.confidence(Level::Strict), two.confidence(Level::Loose)), (0.95, 0.9));
        let one = Levels::new(&[0.95]).unwrap();
        assert_eq!((one.of(0.02), one.of(0.06)), (Some(Level::Strict), None));
        for refused in [&[][..], &[0.9, 0.9], &[0.9, 0.95, 0.99], &[0.0], &[1.0], &[f64::NAN]] {
            assert_eq!(Levels::new(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn marks() {
        let levels = Levels::new(&[0.95, 0.9]).unwrap();
        let word = |difference: f64, p: f64| Mark::of(difference, p, &levels).word();
        assert_eq!(word(0.1, 0.01), "higher");
        assert_eq!(word(-0.1, 0.01), "lower");
        assert_eq!(word(0.1, 0.07), "slightly higher");
        assert_eq!(word(-0.1, 0.07), "slightly lower");
        assert_eq!(word(0.1, 0.5), "same");
        assert_eq!(word(0.0, 0.0), "same");
        assert_eq!(Mark::Higher(Level::Loose).reversed(), Mark::Lower(Level::Loose));
        assert_eq!(Mark::Same.reversed(), Mark::Same);
    }

    #[test]
    fn letters_of_columns() {
        let names = [0, 1, 25, 26, 27, 51, 52, 701, 702].map(letter);
        assert_eq!(names, ["A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]);
        let (strict, loose) = (Mark::Higher(Level::Strict), Mark::Higher(Level::Loose));
        let compared =
            [(3, loose), (1, strict), (2, strict), (0, Mark::Lower(Level::Strict)), (4, Mark::Same)];
        assert_eq!(letters(&compared), "BCd");
        assert_eq!(letters(&[]), "");
        // Without the blanks it could be A and AB, or AA and B.
        assert_eq!(letters(&[(0, strict), (27, strict), (26, loose)]), "A aa AB");
    }

    /// By hand, and as R's `p.adjust(c(0.01, 0.04, 0.03, 0.5), "holm")` has it.
    #[test]
    fn holm_steps_down() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.5]);
        for (ours, hand) in adjusted.iter().zip([0.04, 0.09, 0.09, 0.5]) {
            assert!((ours - hand).abs() < 1e-12, "{adjusted:?}");
        }
        assert_eq!(holm(&[]), Vec::<f64>::new());
        assert_eq!(holm(&[0.7, 0.8]), [1.0, 1.0]);
    }
}
