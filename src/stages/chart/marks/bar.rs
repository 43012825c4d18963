//! Horizontal bars as they are written in a pipeline file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::document::{OneOrMany, Spanned};
use crate::stages::chart::roles::Roles;

/// Horizontal bars, one for each row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    /// What a bar stands for.
    pub label: OneOrMany<Spanned<String>>,
    /// The length of the bar.
    pub value: Spanned<String>,
    /// The lower end of the interval. Omitted: `conf_low`, where the value is `estimate`.
    #[serde(default)]
    pub low: Option<Spanned<String>>,
    /// The upper end of the interval. Omitted: `conf_high`, where the value is `estimate`.
    #[serde(default)]
    pub high: Option<Spanned<String>>,
    /// The number of answers behind the value. Omitted: `n`, where the input has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
    /// `*` and `**` for small bases. Omitted: `base_mark`, where the input has it, else told from `n`.
    #[serde(default)]
    pub base_mark: Option<Spanned<String>>,
}

impl Bar {
    /// The mark with its columns found.
    pub(super) fn find(&self, roles: &mut Roles<'_, '_>) -> Option<chart::Bar> {
        let label = roles.labels(&self.label, true);
        let value = roles.cx.numeric(roles.from, &self.value);
        let ends = roles.interval(&self.low, &self.high, self.value.value == "estimate");
        let base = roles.base(&self.n, "n", &self.base_mark);
        let ((low, high), (n, base_mark)) = (ends?, base?);
        Some(chart::Bar { label: label?, value: value?.name, low, high, n, base_mark })
    }
}
