//! Lines over time as they are written in a pipeline file.

use polars::prelude::DataType;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::document::{OneOrMany, Spanned};
use crate::stages::chart::roles::Roles;

/// Lines over time, with the interval as a ribbon.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The moment: dates and numbers stand at their distance, texts (waves) in the order of the table.
    pub x: Spanned<String>,
    /// The value.
    pub y: Spanned<String>,
    /// One line for each value of these columns. Omitted: a single line.
    #[serde(default)]
    pub series: OneOrMany<Spanned<String>>,
    /// The lower end of the interval. Omitted: `conf_low`, where the value is `estimate`.
    #[serde(default)]
    pub low: Option<Spanned<String>>,
    /// The upper end of the interval. Omitted: `conf_high`, where the value is `estimate`.
    #[serde(default)]
    pub high: Option<Spanned<String>>,
    /// The number of answers behind a value. Omitted: `n`, where the input has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
    /// `*` and `**` for small bases. Omitted: `base_mark`, where the input has it, else told from `n`.
    #[serde(default)]
    pub base_mark: Option<Spanned<String>>,
    /// A column of `higher` and `lower`: values that changed significantly are marked by signs.
    /// Omitted: `change_mark`, where the value is `estimate` and the input has it.
    #[serde(default)]
    pub mark: Option<Spanned<String>>,
}

impl Line {
    /// The mark with its columns found.
    pub(super) fn find(&self, roles: &mut Roles<'_, '_>) -> Option<chart::Line> {
        let x = roles.label(&self.x);
        let y = roles.cx.numeric(roles.from, &self.y);
        let series = roles.labels(&self.series, false);
        let ends = roles.interval(&self.low, &self.high, self.y.value == "estimate");
        let base = roles.base(&self.n, "n", &self.base_mark);
        let usual: &[&str] = if self.y.value == "estimate" { &["change_mark"] } else { &[] };
        let findings = roles.findings(&self.mark, usual);
        let ((low, high), (n, base_mark)) = (ends?, base?);
        let (x, y, series, findings) = (x?, y?.name, series?, findings?);
        // What changes were tested against is told beside them.
        let told = !findings.is_empty() && roles.schema.get("compared_with") == Some(&DataType::String);
        let compared_with = told.then(|| "compared_with".to_owned());
        Some(chart::Line { x, y, series, low, high, n, base_mark, findings, compared_with })
    }
}
