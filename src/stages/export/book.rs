//! The options of a tab book, and what it says of where its tables come from.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{Check, Context, Lineage, Template};
use crate::document::{Entries, OneOrMany, Spanned};
use crate::plan::table_id;
use crate::report::workbook::{Data, Figure, Layout, Letters, Origin, Shade, Sheets};

/// Signs of a fingerprint: enough to tell two versions of the data apart, and to find the one in the
/// record of a run.
const FINGERPRINT: usize = 16;

/// How a workbook of several sheets looks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BookOptions {
    /// The title over the table of contents. Omitted: the name of the file.
    #[serde(default)]
    pub title: Option<Template>,
    /// What a sheet has: a `table` (one question with all its columns), or a `banner` (all questions
    /// below each other, under headings that stay in place).
    #[serde(default)]
    pub sheets: Sheets,
    /// The figures of an answer, from top to bottom. Omitted: `[count, column_share]`, or
    /// `[weighted_count, column_share]` where there are weights.
    #[serde(default)]
    pub cells: OneOrMany<Figure>,
    /// Where the findings of tests stand: `beside` the figures in narrow columns, or `below` them in a
    /// line. The figures stay numbers.
    #[serde(default)]
    pub letters: Letters,
    /// Decimals of percentages, 0 to 2.
    #[serde(default = "none")]
    #[schemars(default)]
    pub decimals: Spanned<u32>,
    /// What the colour behind column shares says: `index`, `significance` or `none`. A sign or a letter
    /// always says the same.
    #[serde(default)]
    pub shade: Shade,
    /// How many columns stand side by side at most, 1 to 200; more are a second banner. A group of
    /// columns stays whole.
    #[serde(default = "usual_columns")]
    #[schemars(default)]
    pub banner_columns: Spanned<u32>,
    /// Headings of variables, where their names do not do: `{ buying_phase: Where they are }`.
    #[serde(default)]
    pub labels: Entries<Template>,
    /// Another sheet for each cross-tab, with every comparison that was tested.
    #[serde(default)]
    pub tests: bool,
    /// Excel charts: for a table of a cross-tab bars of everyone's answers, for net promoter scores
    /// stacked bars of detractors, passives and promoters.
    #[serde(default)]
    pub charts: bool,
}

impl Default for BookOptions {
    fn default() -> Self {
        Self {
            title: None,
            sheets: Sheets::default(),
            cells: OneOrMany::default(),
            letters: Letters::default(),
            decimals: none(),
            shade: Shade::default(),
            banner_columns: usual_columns(),
            labels: Entries::default(),
            tests: false,
            charts: false,
        }
    }
}

fn none() -> Spanned<u32> {
    0.into()
}

fn usual_columns() -> Spanned<u32> {
    24.into()
}

impl BookOptions {
    /// The layout that is meant.
    pub(super) fn layout(&self, cx: &mut Check<'_>) -> Option<Layout> {
        let decimals = self.number(&self.decimals, 0, 2, "`decimals`", cx);
        let widest = self.number(&self.banner_columns, 1, 200, "`banner_columns`", cx);
        let labels: Vec<Option<(String, String)>> =
            self.labels.iter().map(|(name, label)| Some((name.value.clone(), cx.fill(label)?))).collect();
        Some(Layout {
            sheets: self.sheets,
            letters: self.letters,
            cells: self.cells.to_vec(),
            decimals: decimals? as u8,
            shade: self.shade,
            charts: self.charts,
            widest: widest? as usize,
            labels: labels.into_iter().collect::<Option<_>>()?,
        })
    }

    fn number(
        &self,
        written: &Spanned<u32>,
        low: u32,
        high: u32,
        what: &str,
        cx: &mut Check<'_>,
    ) -> Option<u32> {
        let number = Spanned::new(f64::from(written.value), written.span);
        cx.between(&number, f64::from(low), f64::from(high), what).map(|_| written.value)
    }
}

/// Where the tables of a book come from, as far as the run knows it.
pub(super) fn origin<'a>(tables: impl Iterator<Item = &'a str>, cx: &Context<'_>) -> Origin {
    let mut behind: Vec<&str> = Vec::new();
    for table in tables.map(table_id) {
        if !behind.contains(&table) {
            behind.push(table);
        }
    }
    let wanted = behind.clone();
    let mut at = 0;
    while let Some(id) = behind.get(at) {
        for input in cx.lineage.get(*id).into_iter().flat_map(|lineage| &lineage.inputs) {
            if !behind.contains(&table_id(input)) {
                behind.push(table_id(input));
            }
        }
        at += 1;
    }
    let datasets =
        cx.lineage.iter().filter(|(id, lineage)| is_dataset(lineage) && behind.contains(&id.as_str()));
    let data = datasets.map(|(id, lineage)| Data {
        name: id.clone(),
        files: lineage.files.join(", "),
        fingerprint: lineage.fingerprint.chars().take(FINGERPRINT).collect(),
        rows_read: lineage.rows_in,
        rows_kept: lineage.rows_out,
    });
    let mut made_by = vec![("Pipeline".to_owned(), cx.pipeline.to_owned())];
    made_by.extend(cx.variant.map(|variant| ("Variant".to_owned(), variant.to_owned())));
    made_by.push(("Stage".to_owned(), cx.stage.to_owned()));
    made_by.extend(cx.vars.iter().map(|(name, value)| (format!("Variable {name}"), value.clone())));
    let mut cautions: Vec<(String, String)> = Vec::new();
    for caution in wanted.iter().filter_map(|id| cx.cautions.get(*id)).flatten() {
        let told = (caution.stage.clone(), caution.message.clone());
        if !cautions.contains(&told) {
            cautions.push(told);
        }
    }
    let software = format!("growthring {}", env!("CARGO_PKG_VERSION"));
    Origin { software, made_by, data: data.collect(), cautions }
}

fn is_dataset(lineage: &Lineage) -> bool {
    lineage.kind == "dataset"
}
