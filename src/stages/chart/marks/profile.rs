//! What sets segments apart, as it is written in a pipeline file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::document::Spanned;
use crate::stages::chart::roles::Roles;

/// What sets segments apart: of each segment the strongest attributes, as an index against everybody. Made
/// for the side table `profile` of a `segment` stage.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What segments are compared in. Omitted: `attribute`.
    #[serde(default)]
    pub attribute: Option<Spanned<String>>,
    /// The category of an attribute that has some; empty for numbers. Omitted: `category`, where the input
    /// has it.
    #[serde(default)]
    pub category: Option<Spanned<String>>,
    /// The segment. Omitted: `segment`.
    #[serde(default)]
    pub segment: Option<Spanned<String>>,
    /// The mean of the segment, of a category its share (0–1). Omitted: `mean`.
    #[serde(default)]
    pub mean: Option<Spanned<String>>,
    /// The same of everybody. Omitted: `mean_all`.
    #[serde(default)]
    pub mean_all: Option<Spanned<String>>,
    /// 100 times the one over the other. Omitted: `mean_index`.
    #[serde(default)]
    pub index: Option<Spanned<String>>,
    /// How far the segment is from the rest, by which attributes are ordered. Omitted: `effect`.
    #[serde(default)]
    pub effect: Option<Spanned<String>>,
    /// The number of rows behind a mean. Omitted: `n`, where the input has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
}

impl Profile {
    /// The mark with its columns found.
    pub(super) fn find(&self, roles: &mut Roles<'_, '_>) -> Option<chart::Profile> {
        let attribute = roles.label(&roles.named(&self.attribute, "attribute"));
        let category = roles.optional_text(&self.category, "category");
        let segment = roles.label(&roles.named(&self.segment, "segment"));
        let mean = roles.usual(&self.mean, "mean");
        let mean_all = roles.usual(&self.mean_all, "mean_all");
        let index = roles.usual(&self.index, "mean_index");
        let effect = roles.usual(&self.effect, "effect");
        let n = roles.optional(&self.n, Some("n"));
        Some(chart::Profile {
            attribute: attribute?,
            category: category?,
            segment: segment?,
            mean: mean?,
            mean_all: mean_all?,
            index: index?,
            effect: effect?,
            n: n?,
        })
    }
}
