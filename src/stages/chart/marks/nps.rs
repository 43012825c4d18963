//! Net promoter bars as they are written in a pipeline file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::document::{OneOrMany, Spanned};
use crate::stages::Input;
use crate::stages::chart::roles::Roles;

/// Net promoter bars: detractors, passives and promoters, the score and its interval.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nps {
    /// Whom a bar stands for. A row without any of these is everyone and stays on top.
    #[serde(default)]
    pub label: OneOrMany<Spanned<String>>,
    /// A table with one row for everyone, drawn on top: the `total` of a `net_promoter` stage.
    #[serde(default)]
    pub total: Option<Input>,
    /// Share of promoters, 0–1. Omitted: `promoters_share`.
    #[serde(default)]
    pub promoters: Option<Spanned<String>>,
    /// Share of passives, 0–1. Omitted: `passives_share`.
    #[serde(default)]
    pub passives: Option<Spanned<String>>,
    /// Share of detractors, 0–1. Omitted: `detractors_share`.
    #[serde(default)]
    pub detractors: Option<Spanned<String>>,
    /// The score. Omitted: `estimate`.
    #[serde(default)]
    pub estimate: Option<Spanned<String>>,
    /// The lower end of its interval. Omitted: `conf_low`, where the input has it.
    #[serde(default)]
    pub low: Option<Spanned<String>>,
    /// The upper end of its interval. Omitted: `conf_high`, where the input has it.
    #[serde(default)]
    pub high: Option<Spanned<String>>,
    /// The number of answers. Omitted: `n`, where the input has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
    /// `*` and `**` for small bases. Omitted: `base_mark`, where the input has it, else told from `n`.
    #[serde(default)]
    pub base_mark: Option<Spanned<String>>,
    /// A column of `higher` and `lower`: scores that differ significantly are marked by signs.
    /// Omitted: `rest_mark` or `change_mark`, the first the input has that is filled.
    #[serde(default)]
    pub mark: Option<Spanned<String>>,
}

impl Nps {
    /// The mark with its columns found.
    pub(super) fn find(&self, roles: &mut Roles<'_, '_>) -> Option<chart::NetPromoter> {
        let label = roles.labels(&self.label, false);
        let promoters = roles.usual(&self.promoters, "promoters_share");
        let passives = roles.usual(&self.passives, "passives_share");
        let detractors = roles.usual(&self.detractors, "detractors_share");
        let estimate = roles.usual(&self.estimate, "estimate");
        let ends = roles.interval(&self.low, &self.high, true);
        let base = roles.base(&self.n, "n", &self.base_mark);
        let findings = roles.findings(&self.mark, &["rest_mark", "change_mark"]);
        let ((low, high), (n, base_mark)) = (ends?, base?);
        Some(chart::NetPromoter {
            label: label?,
            promoters: promoters?,
            passives: passives?,
            detractors: detractors?,
            estimate: estimate?,
            low,
            high,
            n,
            base_mark,
            findings: findings?,
        })
    }
}
