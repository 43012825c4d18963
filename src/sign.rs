//! The signs of significant differences: one for each comparison, the same in pages, workbooks and
//! pictures. Knows the words and columns of tables; neither tests nor draws.

/// A difference that a test found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Higher rather than lower.
    pub higher: bool,
    /// At the stricter of two levels, or at the only one.
    pub strict: bool,
}

/// What a figure is held against beside those of the other columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// Everyone, itself among them.
    Total,
    /// All others.
    Rest,
    /// The wave before.
    Previous,
}

impl Difference {
    /// All four, in the order in which they are explained.
    pub const ALL: [Self; 4] = [
        Self { higher: true, strict: true },
        Self { higher: false, strict: true },
        Self { higher: true, strict: false },
        Self { higher: false, strict: false },
    ];

    /// From the word of a table: `higher`, `lower`, `slightly higher`, `slightly lower`. Any other is
    /// no difference.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|difference| difference.word() == word.trim())
    }

    /// The word of a table.
    pub fn word(self) -> &'static str {
        match (self.strict, self.higher) {
            (true, true) => "higher",
            (true, false) => "lower",
            (false, true) => "slightly higher",
            (false, false) => "slightly lower",
        }
    }

    /// What its sign means.
    pub fn meaning(self) -> &'static str {
        match (self.strict, self.higher) {
            (true, true) => "higher",
            (true, false) => "lower",
            (false, true) => "higher at the looser level",
            (false, false) => "lower at the looser level",
        }
    }
}

impl Against {
    /// All of them, in the order in which their signs stand.
    pub const ALL: [Self; 3] = [Self::Total, Self::Rest, Self::Previous];

    /// The column of a cross-tab that tells the differences.
    pub fn column(self) -> &'static str {
        match self {
            Self::Total => "vs_total",
            Self::Rest => "vs_rest",
            Self::Previous => "vs_previous",
        }
    }

    /// From a column of a cross-tab or of net promoter scores; none where the name does not tell.
    pub fn from_column(name: &str) -> Option<Self> {
        match name {
            "rest_mark" => Some(Self::Rest),
            "change_mark" => Some(Self::Previous),
            name => Self::ALL.into_iter().find(|against| against.column() == name),
        }
    }

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Total => "everyone",
            Self::Rest => "all others",
            Self::Previous => "the wave before",
        }
    }

    /// The sign of a difference.
    pub fn sign(self, difference: Difference) -> &'static str {
        let signs = match self {
            Self::Total => ["▲", "▼", "△", "▽"],
            Self::Rest => ["+", "–", "(+)", "(–)"],
            Self::Previous => ["↑", "↓", "↗", "↘"],
        };
        signs[usize::from(!difference.higher) + 2 * usize::from(!difference.strict)]
    }

    /// What the signs mean that occur, in a sentence; none where none does.
    pub fn legend(self, occurs: impl Fn(&str) -> bool) -> Option<String> {
        let signs = Difference::ALL.into_iter().map(|difference| (self.sign(difference), difference));
        let told: Vec<String> = signs
            .filter(|(sign, _)| occurs(sign))
            .map(|(sign, difference)| format!("{sign} {}", difference.meaning()))
            .collect();
        let told = (!told.is_empty()).then(|| told.join(", "));
        told.map(|told| format!("Significantly different from {}: {told}.", self.words()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for difference in Difference::ALL {
            assert_eq!(Difference::from_word(difference.word()), Some(difference));
        }
        for word in ["same", "", "slightly", "Higher!"] {
            assert_eq!(Difference::from_word(word), None, "{word:?}");
        }
    }

    #[test]
    fn no_sign_means_two_things() {
        let signs = Against::ALL.into_iter().flat_map(|against| Difference::ALL.map(|of| against.sign(of)));
        let signs: std::collections::BTreeSet<&str> = signs.collect();
        assert_eq!(signs.len(), 12);
        let rest = |found: &'static [&str]| Against::Rest.legend(move |sign| found.contains(&sign));
        assert_eq!(
            rest(&["(–)", "+", "▲"]).as_deref(),
            Some("Significantly different from all others: + higher, (–) lower at the looser level.")
        );
        assert_eq!(rest(&["▲"]), None);
    }
}
