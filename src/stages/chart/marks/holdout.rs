//! A forecast against what came, as it is written in a pipeline file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::document::Spanned;
use crate::stages::chart::roles::Roles;

/// What was forecast against what came, by how often customers had bought before. Made for the side table
/// `holdout` of a `segment` stage by lifetime.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Holdout {
    /// How often they had bought before; the row of everybody is `all`. Omitted: `repeats_before`.
    #[serde(default)]
    pub label: Option<Spanned<String>>,
    /// What came, of one on average. Omitted: `actual_mean`.
    #[serde(default)]
    pub actual_mean: Option<Spanned<String>>,
    /// What was forecast, of one on average. Omitted: `expected_mean`.
    #[serde(default)]
    pub expected_mean: Option<Spanned<String>>,
    /// What came, of all together. Omitted: `actual`.
    #[serde(default)]
    pub actual: Option<Spanned<String>>,
    /// What was forecast, of all together. Omitted: `expected`.
    #[serde(default)]
    pub expected: Option<Spanned<String>>,
    /// How many customers. Omitted: `n`, where the input has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
}

impl Holdout {
    /// The mark with its columns found.
    pub(super) fn find(&self, roles: &mut Roles<'_, '_>) -> Option<chart::Holdout> {
        let label = roles.label(&roles.named(&self.label, "repeats_before"));
        let actual_mean = roles.usual(&self.actual_mean, "actual_mean");
        let expected_mean = roles.usual(&self.expected_mean, "expected_mean");
        let actual = roles.usual(&self.actual, "actual");
        let expected = roles.usual(&self.expected, "expected");
        let n = roles.optional(&self.n, Some("n"));
        Some(chart::Holdout {
            label: label?,
            actual_mean: actual_mean?,
            expected_mean: expected_mean?,
            actual: actual?,
            expected: expected?,
            n: n?,
        })
    }
}
