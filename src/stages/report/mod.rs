#![doc = include_str!("page.md")]

mod compose;
mod narrative;

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{Column, DataFrame, DataType, Field, IdxSize, Schema, SortMultipleOptions, col, len};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Check, Context, Estimates, File, Input, Lowered, Promise, Ready, Reduced, Spec, Stage, Table, Template,
};
use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError, nearest};
use crate::document::{Entries, OneOrMany, Span, Spanned};
use crate::expression::Value as Variable;
use crate::number;
use crate::report::banner::{self, Banner, Measure};
use crate::report::listing::{self, Listed, Listing};
use crate::report::{self, Datum, Entry, Format, Index, Records};
use crate::run::{file_name, file_names};

pub use narrative::Narrative;

/// Pages that one report makes at most.
const MOST_PAGES: usize = 10_000;

/// Columns by which small bases are marked.
const MARKING: [&str; 6] = ["n", "base", listing::MARK, "estimate", "share", "conf_low"];

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
    #[schemars(default)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
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
    fn format(self) -> Format {
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
}

impl MeasureName {
    fn measure(self) -> Measure {
        match self {
            Self::ColumnShare => Measure::ColumnShare,
            Self::RowShare => Measure::RowShare,
            Self::TotalShare => Measure::TotalShare,
            Self::Count => Measure::Count,
            Self::Index => Measure::Index,
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

impl Item {
    fn narratives(&self) -> Vec<&Narrative> {
        match self {
            Self::Text(text) => vec![text],
            Self::Figures(figures) => figures
                .iter()
                .flat_map(|figure| [&figure.label, &figure.value].into_iter().chain(&figure.note))
                .collect(),
            Self::Table(_) | Self::CrossTab(_) | Self::Chart(_) => Vec::new(),
        }
    }

    fn table(&self) -> Option<&Input> {
        match self {
            Self::Table(options) => Some(&options.from),
            Self::CrossTab(options) => Some(&options.from),
            Self::Chart(options) => Some(&options.from),
            Self::Text(_) | Self::Figures(_) => None,
        }
    }
}

impl Stage for Report {
    const SPEC: Spec = Spec {
        kind: "report",
        summary: "One self-contained page of tables, charts and words, or one per region.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        let mut inputs: Vec<&Input> = Vec::new();
        let words = self.sections.iter().flat_map(|section| {
            let own = section.text.iter().flat_map(Narrative::tables);
            let items = section.items.iter().flat_map(|item| {
                item.table().into_iter().chain(item.narratives().into_iter().flat_map(Narrative::tables))
            });
            own.chain(items)
        });
        for input in self.lead.iter().flat_map(Narrative::tables).chain(words) {
            if !inputs.iter().any(|known| known.text() == input.text()) {
                inputs.push(input);
            }
        }
        inputs
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        let inputs: Vec<Input> = self.inputs().into_iter().cloned().collect();
        let sources: Vec<Option<Source>> = inputs.iter().map(|input| Source::of(cx, input)).collect();
        let per = self.per.as_ref().map_or(Some(None), |per| check_per(cx, per, &inputs).map(Some));
        let own = Own {
            name: self.per.as_ref().map(|per| per.value.as_str()),
            split: per.as_ref().and_then(Option::as_ref).map(|per| per.value.as_str()),
        };
        let title = own.heading(cx, Some(&self.title));
        let subtitle = own.heading(cx, self.subtitle.as_ref());
        let lead = words(cx, self.lead.as_ref(), own);
        let sections: Vec<Option<Part>> =
            self.sections.iter().map(|section| check_section(cx, section, own)).collect();
        if self.sections.is_empty() {
            let span = self.title.span();
            cx.invalid(
                span,
                Code::InvalidOption,
                "has nothing to report",
                "only a title",
                "write at least one section",
            );
        }
        let names = cx.vars().iter().map(|(name, value)| (name.clone(), datum(value))).collect();
        Some(Checked {
            title: title?,
            subtitle: subtitle?,
            lead: lead?,
            per: per?,
            sections: sections.into_iter().collect::<Option<_>>()?,
            sources: sources.into_iter().collect::<Option<_>>()?,
            names,
        })
    }
}

/// A variable as a value of a text.
fn datum(value: &Variable) -> Datum {
    match value {
        Variable::Text(text) => Datum::Text(text.clone()),
        Variable::Integer(number) => Datum::Number(*number as f64),
        Variable::Float(number) => Datum::Number(*number),
        Variable::Boolean(flag) => Datum::Flag(*flag),
        Variable::Date(day) => Datum::Text(day.to_string()),
    }
}

/// A table that the report reads.
#[derive(Debug, Clone)]
struct Source {
    id: String,
    columns: Schema,
}

impl Source {
    fn of(cx: &Check<'_>, input: &Input) -> Option<Self> {
        Some(Self { id: input.text().to_owned(), columns: cx.schema(input)? })
    }
}

/// Words that passed their check.
type Words = Option<narrative::Checked>;

/// The column that sets reports apart, if any.
#[derive(Debug, Clone, Copy)]
struct Own<'a> {
    /// As it is written: a name that texts may use.
    name: Option<&'a str>,
    /// The same, where its own check found nothing: what tables are split by.
    split: Option<&'a str>,
}

impl Own<'_> {
    fn heading(self, cx: &mut Check<'_>, template: Option<&Template>) -> Option<Heading> {
        template
            .map_or(Some(vec![String::new()]), |template| cx.fill_around(template, self.name))
            .map(Heading)
    }

    /// How a table can be shown where each report is of one value.
    fn scope(self, cx: &mut Check<'_>, from: &Input, whole: Option<&Spanned<bool>>) -> Option<Scope> {
        let asked = whole.filter(|whole| whole.value);
        let Some(column) = self.split else {
            // A report whose `per` is at fault is told of that alone.
            if let Some(whole) = asked.filter(|_| self.name.is_none()) {
                let help = "take `whole` away, or name a column with `per`";
                let label = "a report without `per` shows every table whole";
                cx.invalid(
                    whole.span,
                    Code::InvalidOption,
                    "has `whole` where nothing is split",
                    label,
                    help,
                );
                return None;
            }
            return Some(Scope { from: from.span(), whole: false });
        };
        let schema = cx.schema(from)?;
        let has = schema.contains(column);
        match asked {
            Some(whole) if has => {
                let label = format!("`{}` has the column `{column}`", from.text());
                let help = "take `whole` away, or make a table that does not tell values apart and show that";
                cx.invalid(
                    whole.span,
                    Code::InvalidOption,
                    "would show all rows in every report",
                    &label,
                    help,
                );
                None
            }
            // Which variables are crossed is in the rows.
            None if !has && !banner::is_crossed(&schema) => {
                let label = format!("`{}` has no column `{column}`", from.text());
                let help = format!(
                    "add `{column}` to the table, or write `whole: true` if every report may show all of it"
                );
                cx.invalid(
                    from.span(),
                    Code::InvalidOption,
                    "shows in every report what cannot be split",
                    &label,
                    &help,
                );
                None
            }
            asked => Some(Scope { from: from.span(), whole: asked.is_some() }),
        }
    }
}

/// What a page of one value shows of a table.
#[derive(Debug, Clone, Copy)]
struct Scope {
    /// Where the table is named.
    from: Span,
    /// All of it, as the report says it may.
    whole: bool,
}

/// Words with places for the value that a page is for.
#[derive(Debug, Clone)]
struct Heading(Vec<String>);

impl Heading {
    fn of(&self, value: &str) -> String {
        self.0.join(value)
    }

    /// The title in a list of pages: one that does not name the value gets it added.
    fn listed(&self, value: &str) -> String {
        let title = self.of(value);
        if self.0.len() > 1 { title } else { format!("{title} · {value}") }
    }
}

/// A section that passed its check.
#[derive(Debug)]
struct Part {
    title: Heading,
    text: Words,
    items: Vec<Shown>,
}

/// An item that passed its check.
#[derive(Debug)]
enum Shown {
    Text(narrative::Checked),
    Figures(Vec<Headline>),
    Table { id: String, title: Heading, base: Heading, scope: Scope, listing: Listing },
    CrossTab { id: String, title: Heading, base: Heading, scope: Scope, banner: Banner },
    Chart { id: String, title: Heading, scope: Scope },
}

#[derive(Debug)]
struct Headline {
    label: narrative::Checked,
    value: narrative::Checked,
    note: Words,
}

fn words(cx: &mut Check<'_>, text: Option<&Narrative>, own: Own<'_>) -> Option<Words> {
    text.map_or(Some(None), |text| text.check(cx, own.name.as_slice()).map(Some))
}

/// The column by which reports are set apart: at least one table has it, and its values can name
/// things.
fn check_per(cx: &mut Check<'_>, per: &Spanned<String>, inputs: &[Input]) -> Option<Spanned<String>> {
    if cx.has_variants() {
        cx.invalid(
            per.span,
            Code::InvalidOption,
            "has `per` in a pipeline with variants",
            "one report per value of a column",
            "a variant already is a run of its own; take `per` or `variants` away",
        );
        return None;
    }
    let schemas: Vec<(&Input, Schema)> =
        inputs.iter().filter_map(|input| Some((input, cx.schema(input)?))).collect();
    // A table that failed its own check may be the one that has the column.
    let whole = schemas.len() == inputs.len();
    let Some((input, dtype)) =
        schemas.iter().find_map(|(input, schema)| Some((*input, schema.get(&per.value)?.clone())))
    else {
        if whole {
            let columns =
                schemas.iter().flat_map(|(_, schema)| schema.iter_names().map(|name| name.as_str()));
            let near = nearest(&per.value, columns).map(|near| format!("did you mean `{near}`?"));
            let help = near.unwrap_or_else(|| "add the column to the `by` of the stages it shows".to_owned());
            cx.invalid(
                per.span,
                Code::UnknownColumn,
                "makes pages per column that none of its tables has",
                &format!("no table or chart of the report has a column `{}`", per.value),
                &help,
            );
        }
        return None;
    };
    cx.typed(input, per, "names or whole numbers", "set reports apart by a column of names", |_| {
        matches!(dtype, DataType::String | DataType::Boolean | DataType::Date)
            || dtype.is_integer()
            || dtype.is_categorical()
            || dtype.is_enum()
    })
    .map(|column| Spanned::new(column.name, per.span))
}

fn check_section(cx: &mut Check<'_>, section: &SectionOptions, own: Own<'_>) -> Option<Part> {
    let title = own.heading(cx, section.title.as_ref());
    let text = words(cx, section.text.as_ref(), own);
    let items: Vec<Option<Shown>> = section.items.iter().map(|item| check_item(cx, item, own)).collect();
    Some(Part { title: title?, text: text?, items: items.into_iter().collect::<Option<_>>()? })
}

fn check_item(cx: &mut Check<'_>, item: &Item, own: Own<'_>) -> Option<Shown> {
    match item {
        Item::Text(text) => text.check(cx, own.name.as_slice()).map(Shown::Text),
        Item::Figures(figures) => {
            let mut headline = |figure: &FigureOptions| {
                let label = figure.label.check(cx, own.name.as_slice());
                let value = figure.value.check(cx, own.name.as_slice());
                let note = words(cx, figure.note.as_ref(), own);
                Some(Headline { label: label?, value: value?, note: note? })
            };
            let headlines: Vec<Option<Headline>> = figures.iter().map(&mut headline).collect();
            headlines.into_iter().collect::<Option<_>>().map(Shown::Figures)
        }
        Item::Table(options) => check_table(cx, options, own),
        Item::CrossTab(options) => check_cross_tab(cx, options, own),
        Item::Chart(options) => {
            let title = own.heading(cx, options.title.as_ref());
            if let Some(kind) = cx.kind(&options.from).filter(|kind| *kind != "chart" && !kind.is_empty()) {
                let label = format!("`{}` is a {kind}", options.from.text());
                let help = "name a stage of kind `chart`, or show the table with `table:`";
                cx.invalid(
                    options.from.span(),
                    Code::InvalidOption,
                    "shows as a chart what is none",
                    &label,
                    help,
                );
                return None;
            }
            let scope = own.scope(cx, &options.from, options.whole.as_ref());
            Some(Shown::Chart { id: options.from.text().to_owned(), title: title?, scope: scope? })
        }
    }
}

fn check_table(cx: &mut Check<'_>, options: &TableOptions, own: Own<'_>) -> Option<Shown> {
    let title = own.heading(cx, Some(&options.title));
    let base = own.heading(cx, options.base.as_ref());
    let named =
        options.columns.as_ref().map_or(Some(Vec::new()), |columns| cx.columns(&options.from, columns));
    let sort = options.sort.as_ref().map_or(Some(None), |sort| cx.column(&options.from, sort).map(Some));
    let labels: Vec<Option<(String, String)>> = (options.labels.iter())
        .map(|(name, label)| {
            let column = cx.column(&options.from, name);
            let label = cx.fill(label);
            Some((column?.name, label?))
        })
        .collect();
    let formats: Vec<Option<(String, Format)>> = (options.formats.iter())
        .map(|(name, format)| Some((cx.numeric(&options.from, name)?.name, format.format())))
        .collect();
    let scope = own.scope(cx, &options.from, options.whole.as_ref());
    let limit = options.limit.value;
    if !(1..=10_000).contains(&limit) {
        let label = "a number from 1 to 10000";
        let help = "a longer list is for `export`, not for a page";
        cx.invalid(options.limit.span, Code::OutOfRange, "has a list out of bounds", label, help);
        return None;
    }
    let kind = cx.kind(&options.from).unwrap_or_default().to_owned();
    let schema = cx.schema(&options.from)?;
    let labels: BTreeMap<String, String> = labels.into_iter().collect::<Option<_>>()?;
    let formats: BTreeMap<String, Format> = formats.into_iter().collect::<Option<_>>()?;
    let named = named?;
    let mut columns: Vec<Listed> = if options.columns.is_some() {
        named.iter().map(|column| Listed::of(&column.name, &schema, &kind)).collect()
    } else {
        (schema.iter_names())
            .filter(|name| listing::usual(name, &kind) && own.name != Some(name.as_str()))
            .map(|name| Listed::of(name, &schema, &kind))
            .collect()
    };
    for listed in &mut columns {
        if let Some(label) = labels.get(&listed.name) {
            listed.label.clone_from(label);
        }
        if let Some(format) = formats.get(&listed.name) {
            listed.format = *format;
        }
    }
    let order = sort?.map(|column| (column.name, options.order == Order::Descending));
    let listing = Listing { columns, order, limit: Some(limit as usize) };
    let id = options.from.text().to_owned();
    Some(Shown::Table { id, title: title?, base: base?, scope: scope?, listing })
}

fn check_cross_tab(cx: &mut Check<'_>, options: &CrossTabOptions, own: Own<'_>) -> Option<Shown> {
    let title = own.heading(cx, Some(&options.title));
    let base = own.heading(cx, options.base.as_ref());
    let labels: Vec<Option<(String, String)>> =
        options.labels.iter().map(|(name, label)| Some((name.value.clone(), cx.fill(label)?))).collect();
    if !banner::is_crossed(&cx.schema(&options.from)?) {
        let label = format!("`{}` is no cross-tab", options.from.text());
        let help = "name a stage of kind `cross_tab`, or list the table with `table:`";
        cx.invalid(
            options.from.span(),
            Code::InvalidOption,
            "lays out as a cross-tab what is none",
            &label,
            help,
        );
        return None;
    }
    let scope = own.scope(cx, &options.from, options.whole.as_ref());
    let banner = Banner {
        measures: options.show.iter().map(|measure| measure.measure()).collect(),
        labels: labels.into_iter().collect::<Option<_>>()?,
    };
    let id = options.from.text().to_owned();
    Some(Shown::CrossTab { id, title: title?, base: base?, scope: scope?, banner })
}

/// The tables of a page.
#[derive(Default)]
struct Tables {
    frames: BTreeMap<String, DataFrame>,
    /// Rows of a table that were left where they are.
    beyond: BTreeMap<String, usize>,
}

/// A report that passed its check.
#[derive(Debug)]
pub struct Checked {
    title: Heading,
    subtitle: Heading,
    lead: Words,
    per: Option<Spanned<String>>,
    sections: Vec<Part>,
    sources: Vec<Source>,
    /// Variables, for texts.
    names: BTreeMap<String, Datum>,
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        Promise::main(Schema::from_iter(
            ["value", "title", "file"].map(|name| Field::new(name.into(), DataType::String)),
        ))
    }

    fn files(&self, stage: &str) -> Vec<String> {
        let name = file_name(stage);
        let packs = self.per.as_ref().map(|per| format!("packs/<{}>/{name}.html", per.value));
        std::iter::once(format!("reports/{name}.html")).chain(packs).collect()
    }

    fn lower(&self, inputs: &[Table], _fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let mut plans = Vec::with_capacity(inputs.len());
        for (source, input) in self.sources.iter().zip(inputs) {
            let needed = self.needed(source);
            let rows = input.rows.clone().select(needed.iter().map(|name| col(*name)).collect::<Vec<_>>());
            match self.listed_once(source) {
                // Only what fits onto the page is brought here, and how many rows there are.
                Some(listing) => {
                    let ordered = match &listing.order {
                        Some((name, descending)) => {
                            let options = SortMultipleOptions::default()
                                .with_order_descending(*descending)
                                .with_nulls_last(true)
                                .with_maintain_order(true);
                            rows.clone().sort([name.as_str()], options)
                        }
                        None => rows.clone(),
                    };
                    plans.push(ordered.limit(listing.limit.unwrap_or(usize::MAX) as IdxSize));
                    plans.push(rows.select([len().cast(DataType::Int64).alias("rows")]));
                }
                None => plans.push(rows),
            }
        }
        Ok(Lowered::Reduce(plans))
    }

    fn estimate(&self, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
        let Reduced::Frames(frames) = reduced else {
            return Err(RunError::Publish("a report is made of tables".to_owned()));
        };
        let mut frames = frames.into_iter();
        let mut tables = Tables::default();
        for source in &self.sources {
            let table = frames.next().unwrap_or_default();
            if self.listed_once(source).is_some() {
                let all = frames.next().unwrap_or_default();
                let all = all.column("rows")?.i64()?.get(0).unwrap_or_default();
                let beyond = usize::try_from(all).unwrap_or_default().saturating_sub(table.height());
                tables.beyond.insert(source.id.clone(), beyond);
            }
            tables.frames.insert(source.id.clone(), table);
        }
        match &self.per {
            Some(per) => self.packs(per, &tables, cx),
            None => self.single(&tables, cx),
        }
    }
}

impl Checked {
    /// The columns of a table that the report shows or asks for, in the order of the table.
    fn needed<'a>(&self, source: &'a Source) -> Vec<&'a str> {
        let mut wanted: Vec<&str> = MARKING.to_vec();
        wanted.extend(self.per.as_ref().map(|per| per.value.as_str()));
        for text in self.texts() {
            wanted.extend(text.columns(&source.id));
        }
        let mut whole = false;
        for item in self.sections.iter().flat_map(|part| &part.items) {
            match item {
                Shown::Table { id, listing, .. } if *id == source.id => {
                    wanted.extend(listing.columns.iter().map(|column| column.name.as_str()));
                    wanted.extend(listing.order.iter().map(|(name, _)| name.as_str()));
                }
                Shown::Chart { id, .. } | Shown::CrossTab { id, .. } => whole |= *id == source.id,
                _ => {}
            }
        }
        // What a caution is about is told by columns that name things, and each page tells its own.
        let naming = source.columns.iter().filter(|(_, dtype)| self.per.is_some() && !dtype.is_float());
        wanted.extend(naming.map(|(name, _)| name.as_str()));
        let names: Vec<&str> = source.columns.iter_names().map(|name| name.as_str()).collect();
        let needed: Vec<&str> = names.iter().copied().filter(|name| whole || wanted.contains(name)).collect();
        // Rows are counted in a column, so there must be one.
        if needed.is_empty() { names.into_iter().take(1).collect() } else { needed }
    }

    /// The listing of a table that the page shows once and uses for nothing else: the rows beyond the
    /// listing are not needed then.
    fn listed_once(&self, source: &Source) -> Option<&Listing> {
        let named = self.texts().iter().any(|text| text.looks_at(&source.id));
        let mut uses = self.sections.iter().flat_map(|part| &part.items).filter(|item| match item {
            Shown::Table { id, .. } | Shown::CrossTab { id, .. } | Shown::Chart { id, .. } => {
                *id == source.id
            }
            Shown::Text(_) | Shown::Figures(_) => false,
        });
        match (uses.next(), uses.next()) {
            (Some(Shown::Table { listing, .. }), None) if self.per.is_none() && !named => Some(listing),
            _ => None,
        }
    }

    fn texts(&self) -> Vec<&narrative::Checked> {
        let mut texts: Vec<&narrative::Checked> = self.lead.iter().collect();
        for part in &self.sections {
            texts.extend(&part.text);
            for item in &part.items {
                match item {
                    Shown::Text(text) => texts.push(text),
                    Shown::Figures(figures) => {
                        texts.extend(
                            figures.iter().flat_map(|f| [&f.label, &f.value].into_iter().chain(&f.note)),
                        );
                    }
                    Shown::Table { .. } | Shown::CrossTab { .. } | Shown::Chart { .. } => {}
                }
            }
        }
        texts
    }

    fn single(&self, tables: &Tables, cx: &Context<'_>) -> Result<Estimates, RunError> {
        let (page, _) = compose::page(self, tables, None, cx)?;
        let path = format!("reports/{}.html", file_name(cx.stage));
        let main = listed(&[(None, self.title.of(""), path.clone())])?;
        Ok(Estimates { main, files: vec![File { path, bytes: page.into_bytes() }], ..Estimates::default() })
    }

    /// Refuses a cross-tab without the column among its variables: that is known from its rows alone.
    fn splits(&self, per: &str, tables: &Tables) -> Result<(), RunError> {
        let mut told = Vec::new();
        for item in self.sections.iter().flat_map(|part| &part.items) {
            let (Shown::Table { id, scope, .. }
            | Shown::CrossTab { id, scope, .. }
            | Shown::Chart { id, scope, .. }) = item
            else {
                continue;
            };
            let Some(table) = tables.frames.get(id).filter(|_| !scope.whole) else { continue };
            let plain = table.get_column_index(per).is_some() || !banner::is_crossed(table.schema());
            if plain || table.height() == 0 || banner::crosses(table, per)? {
                continue;
            }
            let message = format!("a cross-tab cannot be split by `{per}`");
            let told_here = Diagnostic::error(Code::UnusableData, message)
                .primary(scope.from, format!("no variable of `{id}` is `{per}`"));
            let help =
                format!("cross it by `{per}`, or write `whole: true` if every report may show all of it");
            told.push(told_here.help(help));
        }
        if told.is_empty() { Ok(()) } else { Err(RunError::Data(told)) }
    }

    /// A page for each value of a column, and one that leads to them. No row of another value gets
    /// into a pack, since the folder is what may be handed on: a table is split by the column, or is
    /// one that the report says may be shown whole.
    fn packs(&self, per: &Spanned<String>, tables: &Tables, cx: &Context<'_>) -> Result<Estimates, RunError> {
        let (per, written) = (per.value.as_str(), per.span);
        self.splits(per, tables)?;
        let tables = &tables.frames;
        let mut values: BTreeSet<String> = BTreeSet::new();
        let mut cautions = Vec::new();
        for (id, table) in tables.iter().filter(|(_, table)| table.get_column_index(per).is_some()) {
            let records = Records::read(&table.select([per])?)?;
            let texts: Vec<Option<String>> =
                (0..records.len()).map(|row| records.get(row, per).text()).collect();
            // What a picture has as its second input is the total: a row of nobody's, and left out rightly.
            let total = cx.lineage.get(id).is_some_and(|made| made.kind == "chart" && made.inputs.len() > 1);
            let nameless =
                texts.iter().filter(|text| text.is_none()).count().saturating_sub(usize::from(total));
            values.extend(texts.into_iter().flatten());
            if nameless > 0 {
                let (rows, are) = if nameless == 1 {
                    ("1 row".into(), "is")
                } else {
                    (format!("{} rows", number::count(nameless as f64)), "are")
                };
                let message =
                    format!("{rows} of `{id}` without `{per}` {are} in no report of `{}`", cx.stage);
                cautions.push(Caution::new(CautionCode::MissingValues, "", Some(nameless as f64), message));
            }
        }
        let values: Vec<String> = values.into_iter().collect();
        if values.len() > MOST_PAGES {
            let label = format!("`{per}` has {} values", number::count(values.len() as f64));
            let message =
                format!("`{}` would make more than {} pages", cx.stage, number::count(MOST_PAGES as f64));
            let told = Diagnostic::error(Code::UnusableData, message).primary(written, label);
            return Err(RunError::data(told.help("name a column of regions or partners, not of customers")));
        }
        let stage = file_name(cx.stage);
        let mut files = Vec::with_capacity(values.len() + 1);
        let mut rows = Vec::with_capacity(values.len());
        let mut entries = Vec::with_capacity(values.len());
        for (value, folder) in values.iter().zip(file_names(&values)) {
            let own = (tables.iter())
                .map(|(id, table)| {
                    let own = match table.get_column_index(per) {
                        Some(_) => report::only(table, per, value)?,
                        None if banner::is_crossed(table.schema()) => banner::only(table, per, value)?,
                        None => table.clone(),
                    };
                    Ok((id.clone(), own))
                })
                .collect::<Result<BTreeMap<String, DataFrame>, RunError>>()?;
            let own = Tables { frames: own, ..Tables::default() };
            let (page, detail) = compose::page(self, &own, Some((per, value)), cx)?;
            let path = format!("packs/{folder}/{stage}.html");
            let label = if value.trim().is_empty() { "(blank)".to_owned() } else { value.clone() };
            entries.push(Entry { label, href: format!("../{path}"), detail });
            rows.push((Some(value.clone()), self.title.listed(value), path.clone()));
            files.push(File { path, bytes: page.into_bytes() });
        }
        if values.is_empty() {
            let message = format!("`{}` finds no value of `{per}`, so it has no report", cx.stage);
            cautions.push(Caution::new(CautionCode::NoRows, "", Some(0.0), message));
        }
        let every = format!("every {}", per.replace('_', " "));
        let index = Index {
            kicker: format!("By {}", per.replace('_', " ")),
            title: self.title.of(&every),
            subtitle: self.subtitle.of(&every),
            entries,
            made: compose::made(cx),
            program: compose::program(),
            ..Index::default()
        };
        let index = report::index(&index).map_err(|error| RunError::Publish(error.to_string()))?;
        files.push(File { path: format!("reports/{stage}.html"), bytes: index.into_bytes() });
        Ok(Estimates { main: listed(&rows)?, files, cautions, ..Estimates::default() })
    }
}

/// The main table: one row per page.
fn listed(rows: &[(Option<String>, String, String)]) -> Result<DataFrame, RunError> {
    let column = |name: &str, texts: Vec<Option<&str>>| Column::new(name.into(), texts);
    let columns = vec![
        column("value", rows.iter().map(|(value, ..)| value.as_deref()).collect()),
        column("title", rows.iter().map(|(_, title, _)| Some(title.as_str())).collect()),
        column("file", rows.iter().map(|(.., file)| Some(file.as_str())).collect()),
    ];
    Ok(DataFrame::new(rows.len(), columns)?)
}

#[cfg(test)]
mod tests;
