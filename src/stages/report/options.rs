//! What may be written of a report: sections and the items that they show. Knows no table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Narrative;
use crate::document::{Entries, OneOrMany, Spanned};
use crate::report::Format;
use crate::report::banner::Measure;
use crate::stages::{Input, Template};

/// Writes tables, charts and words as one page that needs no network.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The title. With `per`, its column stands for the value: `Partners in {region}`.
    pub title: Template,
    /// The line under the title.
    #[serde(default)]
    pub subtitle: Option<Template>,
    /// The paragraph that a hurried reader reads. May take figures out of tables.
    #[serde(default)]
    pub lead: Option<Narrative>,
    /// One report per value of this column: tables and charts show the rows of that value only, and
    /// one without the column has to say `whole: true`. The column's name stands for the value:
    /// `{{ region }}` in texts that take figures out of tables, `{region}` in titles. Excludes variants, which are the same pipeline run once per region.
    #[serde(default)]
    pub per: Option<Spanned<String>>,
    /// The sections, in order.
    pub sections: Vec<SectionOptions>,
}

/// A part of the report.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionOptions {
    /// The heading. Omitted: the section goes on under the one before.
    #[serde(default)]
    pub title: Option<Template>,
    /// The first words of the section. May take figures out of tables.
    #[serde(default)]
    pub text: Option<Narrative>,
    /// What the section shows, in order.
    #[serde(default)]
    pub items: Vec<Item>,
}

/// Something a section shows.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// Words: paragraphs, `**bold**`, `*emphasis*`, lists with `-` or `1.`.
    Text(Narrative),
    /// Headline figures in a row.
    Figures(Vec<FigureOptions>),
    /// A table, listed.
    Table(TableOptions),
    /// A cross-tab as agencies print it: answers down the side, groups of columns across the top,
    /// Total first, bases above the figures.
    CrossTab(CrossTabOptions),
    /// A chart, with its description and its data.
    Chart(ChartOptions),
    /// A page for each partner: how it does, what its good customers look like, whom to steer to it.
    Brief(BriefOptions),
}

/// A headline figure.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FigureOptions {
    /// What is measured.
    pub label: Narrative,
    /// The figure: `{{ value("loyalty", "estimate") | score }}`.
    pub value: Narrative,
    /// What a reader needs beside it: interval, base, change.
    #[serde(default)]
    pub note: Option<Narrative>,
}

/// A listed table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableOptions {
    /// The table.
    pub from: Input,
    /// The title.
    pub title: Template,
    /// Who is described: `Base: customers who answered`.
    #[serde(default)]
    pub base: Option<Template>,
    /// The columns, left to right. Omitted: those that are read rather than checked.
    #[serde(default)]
    pub columns: Option<Vec<Spanned<String>>>,
    /// Headings of columns, where the usual ones do not do.
    #[serde(default)]
    pub labels: Entries<Template>,
    /// How the numbers of columns are shown, where the usual way does not do.
    #[serde(default)]
    pub formats: Entries<FormatName>,
    /// The column to sort by. Omitted: the order of the table.
    #[serde(default)]
    pub sort: Option<Spanned<String>>,
    /// Whether the smallest or the largest comes first; missing values come last either way.
    #[serde(default)]
    pub order: Order,
    /// How many rows are shown at most, from 1 to 10000; the page says how many more there are.
    #[serde(default = "usual_limit")]
    pub limit: Spanned<u32>,
    /// With `per`: shows the table in every report as it is, because it has no column to split it by
    /// and may be seen by all. The report says so under it.
    #[serde(default)]
    pub whole: Option<Spanned<bool>>,
}

fn usual_limit() -> Spanned<u32> {
    50.into()
}

/// The direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The smallest first.
    Ascending,
    /// The largest first.
    #[default]
    Descending,
}

/// How numbers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormatName {
    /// As it is: `2026`.
    Plain,
    /// Whole, thousands set apart: `12,345`.
    Count,
    /// One decimal: `1,234.5`.
    Tenths,
    /// Two decimals: `1,234.50`.
    Hundredths,
    /// A share of 0–1 as `43%`.
    Percent,
    /// A share of 0–1 as `42.5%`.
    PercentTenths,
    /// A score in points: `+18`.
    Score,
}

impl FormatName {
    pub(super) fn format(self) -> Format {
        match self {
            Self::Plain => Format::Plain,
            Self::Count => Format::Count,
            Self::Tenths => Format::Fixed(1),
            Self::Hundredths => Format::Fixed(2),
            Self::Percent => Format::Percent(0),
            Self::PercentTenths => Format::Percent(1),
            Self::Score => Format::Score,
        }
    }
}

/// A cross-tab in a report.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrossTabOptions {
    /// The cross-tab stage.
    pub from: Input,
    /// The title.
    pub title: Template,
    /// Who is described: `Base: all respondents`.
    #[serde(default)]
    pub base: Option<Template>,
    /// The figures of a cell: the first stands in the row of the answer, others in rows below it.
    /// Omitted: the column share.
    #[serde(default)]
    pub show: OneOrMany<MeasureName>,
    /// Headings of variables, where their names do not do: `{ buying_phase: Where they are }`.
    #[serde(default)]
    pub labels: Entries<Template>,
    /// With `per`: shows the table in every report as it is, because no variable of it is the
    /// column of `per` and it may be seen by all. The report says so under it.
    #[serde(default)]
    pub whole: Option<Spanned<bool>>,
}

/// A figure of a cell of a cross-tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureName {
    /// The share of the column that gave the answer.
    ColumnShare,
    /// The share of those who gave the answer that is in the column.
    RowShare,
    /// The share of everyone that is in the cell.
    TotalShare,
    /// Answers, weighted where there are weights.
    Count,
    /// The column share against that of everyone, which is 100.
    Index,
    /// The count that there would be if the answers did not depend on the columns.
    Expected,
}

impl MeasureName {
    pub(super) fn measure(self) -> Measure {
        match self {
            Self::ColumnShare => Measure::ColumnShare,
            Self::RowShare => Measure::RowShare,
            Self::TotalShare => Measure::TotalShare,
            Self::Count => Measure::Count,
            Self::Index => Measure::Index,
            Self::Expected => Measure::Expected,
        }
    }
}

/// A chart in a report.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChartOptions {
    /// The chart stage.
    pub from: Input,
    /// The title. Omitted: the chart's own.
    #[serde(default)]
    pub title: Option<Template>,
    /// With `per`: shows the chart in every report as it is, because it has no column to split it by
    /// and may be seen by all. The report says so under it.
    #[serde(default)]
    pub whole: Option<Spanned<bool>>,
}

/// Pages for partners in a report.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BriefOptions {
    /// The stage of kind `match_partners`: its list has a page for each partner.
    pub from: Input,
    /// The column of the list with what a partner is called. Omitted: the key.
    #[serde(default)]
    pub name: Option<Spanned<String>>,
    /// The columns of the list that are told under the name. Omitted: all that the list keeps.
    #[serde(default)]
    pub facts: Option<Vec<Spanned<String>>>,
    /// The stage of kind `score_partners` that says how each does.
    #[serde(default)]
    pub scorecard: Option<Input>,
    /// The column of the scorecard by which partners are peers, as its `within`. Omitted: all are.
    #[serde(default)]
    pub peers: Option<Spanned<String>>,
    /// The stage of kind `net_promoter` that says what customers say, by the key of the partners.
    #[serde(default)]
    pub loyalty: Option<Input>,
    /// The order of the pages. Omitted: `rank` with a scorecard, else `listed`.
    #[serde(default)]
    pub order: Option<Spanned<BriefOrder>>,
    /// How many pages there are at most, from 1 to 1000; the list of partners says how many more.
    #[serde(default = "usual_pages")]
    pub limit: Spanned<u32>,
    /// How many lines the picture of the good customers has at most, from 1 to 20.
    #[serde(default = "usual_traits")]
    pub traits: Spanned<u32>,
    /// Words for columns, indicators and attributes, where their names do not do.
    #[serde(default)]
    pub labels: Entries<Template>,
    /// How the values of indicators are shown, by the name of the indicator, where the usual way does
    /// not do.
    #[serde(default)]
    pub formats: Entries<FormatName>,
}

fn usual_pages() -> Spanned<u32> {
    100.into()
}

fn usual_traits() -> Spanned<u32> {
    8.into()
}

/// The order of the pages for partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BriefOrder {
    /// As the list has them.
    Listed,
    /// The best score first; partners without one come last.
    Rank,
    /// By what partners are called.
    Name,
}

impl Report {
    /// The briefs.
    pub(super) fn briefs(&self) -> impl Iterator<Item = &BriefOptions> {
        self.sections.iter().flat_map(|section| &section.items).filter_map(|item| match item {
            Item::Brief(options) => Some(options),
            _ => None,
        })
    }

    /// The tables that are laid out as cross-tabs.
    pub(super) fn crossed(&self) -> impl Iterator<Item = &Input> {
        self.sections.iter().flat_map(|section| &section.items).filter_map(|item| match item {
            Item::CrossTab(options) => Some(&options.from),
            _ => None,
        })
    }
}

impl Item {
    pub(super) fn narratives(&self) -> Vec<&Narrative> {
        match self {
            Self::Text(text) => vec![text],
            Self::Figures(figures) => figures
                .iter()
                .flat_map(|figure| [&figure.label, &figure.value].into_iter().chain(&figure.note))
                .collect(),
            Self::Table(_) | Self::CrossTab(_) | Self::Chart(_) | Self::Brief(_) => Vec::new(),
        }
    }

    /// The tables that it names.
    pub(super) fn tables(&self) -> Vec<&Input> {
        match self {
            Self::Table(options) => vec![&options.from],
            Self::CrossTab(options) => vec![&options.from],
            Self::Chart(options) => vec![&options.from],
            Self::Brief(options) => {
                [&options.from].into_iter().chain(&options.scorecard).chain(&options.loyalty).collect()
            }
            Self::Text(_) | Self::Figures(_) => Vec::new(),
        }
    }
}
