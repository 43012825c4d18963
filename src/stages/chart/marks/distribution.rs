//! How often each answer was given, as it is written in a pipeline file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::diagnostic::Code;
use crate::document::{OneOrMany, Spanned};
use crate::stages::chart::roles::Roles;

/// How often each answer from 0 to 10 was given. Made for the side table `distribution` of a
/// `net_promoter` stage.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// One panel for each group. A row without any of these is of everyone. Omitted: a single panel.
    #[serde(default)]
    pub label: OneOrMany<Spanned<String>>,
    /// The answer. Omitted: `answer`.
    #[serde(default)]
    pub answer: Option<Spanned<String>>,
    /// The share of the group that gave it, 0–1. Omitted: `share`.
    #[serde(default)]
    pub share: Option<Spanned<String>>,
    /// How many gave it, from which the base of the group is added up. Omitted: `n`, where the input
    /// has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
}

/// The column that a distribution adds: how many answers its group gave.
pub(in crate::stages::chart) const GROUP_BASE: &str = "group_n";

impl Distribution {
    /// The mark with its columns found.
    pub(super) fn find(&self, roles: &mut Roles<'_, '_>) -> Option<chart::Distribution> {
        let label = roles.labels(&self.label, false);
        let answer = roles.usual(&self.answer, "answer");
        let share = roles.usual(&self.share, "share");
        let n = roles.optional(&self.n, Some("n"));
        if roles.schema.contains(GROUP_BASE) {
            let message = format!("a distribution makes a column `{GROUP_BASE}`, which is there already");
            let help = "choose other columns in a stage before this one";
            roles.cx.invalid(roles.from.span(), Code::InvalidOption, &message, "this input has it", help);
            return None;
        }
        let n = n?;
        Some(chart::Distribution {
            label: label?,
            answer: answer?,
            share: share?,
            base: n.is_some().then(|| GROUP_BASE.to_owned()),
            n,
        })
    }
}
