//! What moved a score, as it is written in a pipeline file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::document::{OneOrMany, Spanned};
use crate::stages::Template;
use crate::stages::chart::roles::Roles;

/// What moved a score between two waves: of each segment its answers (rate) and its size (mix). Made
/// for the side table `change` of a `net_promoter` stage.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The segment.
    pub label: OneOrMany<Spanned<String>>,
    /// A column of true and false: the row of everyone, drawn on top. Omitted: `is_total`, where the
    /// input has it, else a row without a label.
    #[serde(default)]
    pub total: Option<Spanned<String>>,
    /// The score before. Omitted: `score_before`.
    #[serde(default)]
    pub before: Option<Spanned<String>>,
    /// The score after. Omitted: `score_after`.
    #[serde(default)]
    pub after: Option<Spanned<String>>,
    /// Points that the size of the segment added to the change of everyone. Omitted: `mix`.
    #[serde(default)]
    pub mix: Option<Spanned<String>>,
    /// Points that its answers added. Omitted: `rate`.
    #[serde(default)]
    pub rate: Option<Spanned<String>>,
    /// Both together. Omitted: `change`, where the input has it.
    #[serde(default)]
    pub change: Option<Spanned<String>>,
    /// The segment's share of everyone before, 0–1. Omitted: `share_before`, where the input has it.
    #[serde(default)]
    pub share_before: Option<Spanned<String>>,
    /// The same after. Omitted: `share_after`, where the input has it.
    #[serde(default)]
    pub share_after: Option<Spanned<String>>,
    /// The number of answers before. Omitted: `n_before`, where the input has it.
    #[serde(default)]
    pub n_before: Option<Spanned<String>>,
    /// The number of answers after. Omitted: `n_after`, where the input has it.
    #[serde(default)]
    pub n_after: Option<Spanned<String>>,
    /// The earlier wave, in words. Omitted: before.
    #[serde(default)]
    pub from: Option<Template>,
    /// The later wave, in words. Omitted: after.
    #[serde(default)]
    pub to: Option<Template>,
}

impl Change {
    /// The mark with its columns found.
    pub(super) fn find(&self, roles: &mut Roles<'_, '_>) -> Option<chart::Change> {
        let label = roles.labels(&self.label, true);
        let total = roles.flag(&self.total, Some("is_total"));
        let before = roles.usual(&self.before, "score_before");
        let after = roles.usual(&self.after, "score_after");
        let mix = roles.usual(&self.mix, "mix");
        let rate = roles.usual(&self.rate, "rate");
        let both = roles.optional(&self.change, Some("change"));
        let share_before = roles.optional(&self.share_before, Some("share_before"));
        let share_after = roles.optional(&self.share_after, Some("share_after"));
        let n_before = roles.optional(&self.n_before, Some("n_before"));
        let n_after = roles.optional(&self.n_after, Some("n_after"));
        let (from, to) = (roles.words(&self.from), roles.words(&self.to));
        Some(chart::Change {
            label: label?,
            total: total?,
            before: before?,
            after: after?,
            mix: mix?,
            rate: rate?,
            change: both?,
            share_before: share_before?,
            share_after: share_after?,
            n_before: n_before?,
            n_after: n_after?,
            waves: (from?.unwrap_or_else(|| "before".into()), to?.unwrap_or_else(|| "after".into())),
        })
    }
}
