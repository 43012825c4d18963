//! The heat map of a cross-tab as it is written in a pipeline file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::document::Spanned;
use crate::stages::chart::roles::Roles;

/// A cross-tab in which each cell is shaded by its index.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatMap {
    /// The question of a row. Omitted: `row_variable`, where the input has it.
    #[serde(default)]
    pub row_group: Option<Spanned<String>>,
    /// The row. Omitted: `row_value`.
    #[serde(default)]
    pub row: Option<Spanned<String>>,
    /// The question of a column. Omitted: `column_variable`, where the input has it.
    #[serde(default)]
    pub column_group: Option<Spanned<String>>,
    /// The column. Omitted: `column_value`.
    #[serde(default)]
    pub column: Option<Spanned<String>>,
    /// The number in the cell. Omitted: `column_share`.
    #[serde(default)]
    pub value: Option<Spanned<String>>,
    /// What shades the cell; 100 is the whole. Omitted: `index`.
    #[serde(default)]
    pub index: Option<Spanned<String>>,
    /// A column of true and false: cells of the whole. Omitted: `is_total`, where the input has it.
    #[serde(default)]
    pub total: Option<Spanned<String>>,
    /// The number of answers of the cell's column. Omitted: `base`, where the input has it.
    #[serde(default)]
    pub base: Option<Spanned<String>>,
    /// `*` and `**` for columns of small bases. Omitted: `base_mark`, where the input has it, else
    /// told from `base`.
    #[serde(default)]
    pub base_mark: Option<Spanned<String>>,
    /// What a row is: `answer`, `net`, or the name of a statistic, whose rows have no shade. Omitted:
    /// `row_kind`, where the input has it.
    #[serde(default)]
    pub kind: Option<Spanned<String>>,
    /// The net that an answer stands under, which indents its name. Omitted: `net`, where the input
    /// has it.
    #[serde(default)]
    pub net: Option<Spanned<String>>,
    /// The number in the cells of statistics. Omitted: `estimate`, where the input has it.
    #[serde(default)]
    pub estimate: Option<Spanned<String>>,
    /// The letter of a column. Omitted: `letter`, where the input has it.
    #[serde(default)]
    pub letter: Option<Spanned<String>>,
    /// The letters of the columns that the cell is significantly larger than. Omitted: `letters`, where
    /// the input has it.
    #[serde(default)]
    pub letters: Option<Spanned<String>>,
    /// A column of `higher` and `lower`: cells that differ significantly are marked by signs.
    /// Omitted: `vs_total`, `vs_rest` or `vs_previous`, the first the input has that is filled.
    #[serde(default)]
    pub mark: Option<Spanned<String>>,
    /// Why a cell is hidden; empty where it is not. Omitted: `suppressed`, where the input has it.
    #[serde(default)]
    pub suppressed: Option<Spanned<String>>,
}

impl HeatMap {
    /// The mark with its columns found.
    pub(super) fn find(&self, roles: &mut Roles<'_, '_>) -> Option<chart::HeatMap> {
        let row_group = roles.usual_label(&self.row_group, "row_variable");
        let row = roles.label(&roles.named(&self.row, "row_value"));
        let column_group = roles.usual_label(&self.column_group, "column_variable");
        let column = roles.label(&roles.named(&self.column, "column_value"));
        let value = roles.usual(&self.value, "column_share");
        let index = roles.usual(&self.index, "index");
        let total = roles.flag(&self.total, Some("is_total"));
        let base = roles.base(&self.base, "base", &self.base_mark);
        let kind = roles.optional_text(&self.kind, "row_kind");
        let net = roles.optional_text(&self.net, "net");
        let estimate = roles.optional(&self.estimate, Some("estimate"));
        let letter = roles.optional_text(&self.letter, "letter");
        let letters = roles.optional_text(&self.letters, "letters");
        let findings = roles.findings(&self.mark, &["vs_total", "vs_rest", "vs_previous"]);
        let suppressed = roles.optional_text(&self.suppressed, "suppressed");
        let (base, base_mark) = base?;
        Some(chart::HeatMap {
            row_group: row_group?,
            row: row?,
            column_group: column_group?,
            column: column?,
            value: value?,
            index: index?,
            total: total?,
            base,
            base_mark,
            kind: kind?,
            net: net?,
            estimate: estimate?,
            letter: letter?,
            letters: letters?,
            findings: findings?,
            suppressed: suppressed?,
            titles: std::collections::BTreeMap::new(),
        })
    }
}
