//! Cautions: the number stands, but know this.

/// Something a reader of a table should know. It is a row of an output table: printed at the end
/// of a run, footnoted by reports, marked by charts.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Caution {
    /// The stage that says it. Filled in by the run.
    pub stage: String,
    /// What kind of caution.
    pub code: CautionCode,
    /// The row it is about, as `column=value, …`; empty: the whole table.
    pub key: String,
    /// The figure behind it (a base, a share), where there is one.
    pub figure: Option<f64>,
    /// One sentence for the reader of the report.
    pub message: String,
}

/// The kinds of caution. `growthring explain CODE` has a page for each.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CautionCode {
    /// Too few answers for the figure to be relied on.
    SmallBase,
    /// A group without a single usable answer.
    EmptyBase,
    /// Rows without a match in a lookup.
    UnmatchedRows,
    /// Rows that could not be converted were set aside.
    QuarantinedRows,
    /// Answers outside the scale were left out.
    InvalidAnswers,
    /// Answers that are named in the file and that nobody gave.
    UnknownAnswers,
    /// Answers that a codebook labels more than once.
    RepeatedLabels,
    /// Answers that exclude each other, given by the same person.
    ContradictoryAnswers,
    /// Rows left out because their weight is missing, zero or negative.
    UnusableWeights,
    /// The weights make the effective base much smaller than the base.
    HeavyWeights,
    /// An indicator is the same for everybody and cannot tell anyone apart.
    ConstantIndicator,
    /// Values are missing where a score needs them.
    MissingValues,
    /// Equal values at a cut point were kept together, so groups are of unequal size.
    TiesAtTheCut,
    /// A rule that no row reaches because earlier rules take them all.
    ShadowedRule,
    /// A table without a row.
    NoRows,
    /// Column types were guessed from a sample.
    GuessedTypes,
    /// A currency or date without a rate.
    MissingRate,
    /// Ranks that could as well be those of another tier.
    UncertainRanks,
    /// A wave in which a group did not answer was passed over in a comparison.
    WaveGap,
    /// A model has no most likely parameters for these data.
    NoMaximum,
    /// What a model takes for granted does not hold, or it foretold badly.
    DoubtfulModel,
    /// A cluster that is not found again when the rows change a little.
    UnstableCluster,
    /// A period that ends after the data does.
    UnfinishedPeriod,
    /// Rows dated before their customer was there.
    EarlyRows,
    /// Texts of a picture have letters that its font lacks.
    UnprintableLetters,
}

impl CautionCode {
    /// Every code.
    pub const ALL: &'static [CautionCode] = &[
        CautionCode::SmallBase,
        CautionCode::EmptyBase,
        CautionCode::UnmatchedRows,
        CautionCode::QuarantinedRows,
        CautionCode::InvalidAnswers,
        CautionCode::UnknownAnswers,
        CautionCode::RepeatedLabels,
        CautionCode::ContradictoryAnswers,
        CautionCode::UnusableWeights,
        CautionCode::HeavyWeights,
        CautionCode::ConstantIndicator,
        CautionCode::MissingValues,
        CautionCode::TiesAtTheCut,
        CautionCode::ShadowedRule,
        CautionCode::NoRows,
        CautionCode::GuessedTypes,
        CautionCode::MissingRate,
        CautionCode::UncertainRanks,
        CautionCode::WaveGap,
        CautionCode::NoMaximum,
        CautionCode::DoubtfulModel,
        CautionCode::UnstableCluster,
        CautionCode::UnfinishedPeriod,
        CautionCode::EarlyRows,
        CautionCode::UnprintableLetters,
    ];

    /// The word people see, and the page that `growthring explain` prints.
    pub fn page(self) -> (&'static str, &'static str) {
        macro_rules! page {
            ($word:literal) => {
                ($word, include_str!(concat!("cautions/", $word, ".md")))
            };
        }
        match self {
            CautionCode::SmallBase => page!("small-base"),
            CautionCode::EmptyBase => page!("empty-base"),
            CautionCode::UnmatchedRows => page!("unmatched-rows"),
            CautionCode::QuarantinedRows => page!("quarantined-rows"),
            CautionCode::InvalidAnswers => page!("invalid-answers"),
            CautionCode::UnknownAnswers => page!("unknown-answers"),
            CautionCode::RepeatedLabels => page!("repeated-labels"),
            CautionCode::ContradictoryAnswers => page!("contradictory-answers"),
            CautionCode::UnusableWeights => page!("unusable-weights"),
            CautionCode::HeavyWeights => page!("heavy-weights"),
            CautionCode::ConstantIndicator => page!("constant-indicator"),
            CautionCode::MissingValues => page!("missing-values"),
            CautionCode::TiesAtTheCut => page!("ties-at-the-cut"),
            CautionCode::ShadowedRule => page!("shadowed-rule"),
            CautionCode::NoRows => page!("no-rows"),
            CautionCode::GuessedTypes => page!("guessed-types"),
            CautionCode::MissingRate => page!("missing-rate"),
            CautionCode::UncertainRanks => page!("uncertain-ranks"),
            CautionCode::WaveGap => page!("wave-gap"),
            CautionCode::NoMaximum => page!("no-maximum"),
            CautionCode::DoubtfulModel => page!("doubtful-model"),
            CautionCode::UnstableCluster => page!("unstable-cluster"),
            CautionCode::UnfinishedPeriod => page!("unfinished-period"),
            CautionCode::EarlyRows => page!("early-rows"),
            CautionCode::UnprintableLetters => page!("unprintable-letters"),
        }
    }

    /// The word people see.
    pub fn word(self) -> &'static str {
        self.page().0
    }
}

impl Caution {
    /// A caution about a whole table or, with `key`, about one of its rows.
    pub fn new(
        code: CautionCode,
        key: impl Into<String>,
        figure: Option<f64>,
        message: impl Into<String>,
    ) -> Self {
        Self { stage: String::new(), code, key: key.into(), figure, message: message.into() }
    }
}
