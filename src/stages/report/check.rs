//! A report against the columns of its tables: every text, every listed column, and how a table can be
//! shown where each page is of one value. Reads no row.

use std::collections::BTreeMap;

use polars::prelude::{DataType, Schema};

use super::options::{CrossTabOptions, FigureOptions, Item, Order, Report, SectionOptions, TableOptions};
use super::{Checked, Heading, Headline, Narrative, Part, Scope, Shown, Source, Words, briefs};
use crate::diagnostic::{Code, nearest};
use crate::document::Spanned;
use crate::expression::Value as Variable;
use crate::report::banner::{self, Banner};
use crate::report::listing::{self, Listed, Listing};
use crate::report::{Datum, Format};
use crate::stages::{Check, Input, Stage, Template};

/// Checks a report against the tables that it reads.
pub(super) fn report(asked: &Report, cx: &mut Check<'_>) -> Option<Checked> {
    let inputs: Vec<Input> = asked.inputs().into_iter().cloned().collect();
    let beside = asked.beside(cx.known());
    let sources: Vec<Option<Source>> =
        inputs.iter().chain(&beside).map(|input| Source::of(cx, input)).collect();
    let per = asked.per.as_ref().map_or(Some(None), |per| check_per(cx, per, &inputs).map(Some));
    let own = Own {
        name: asked.per.as_ref().map(|per| per.value.as_str()),
        split: per.as_ref().and_then(Option::as_ref).map(|per| per.value.as_str()),
    };
    let title = own.heading(cx, Some(&asked.title));
    let subtitle = own.heading(cx, asked.subtitle.as_ref());
    let lead = words(cx, asked.lead.as_ref(), own);
    let sections: Vec<Option<Part>> =
        asked.sections.iter().map(|section| check_section(cx, section, own)).collect();
    if asked.sections.is_empty() {
        let span = asked.title.span();
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
        descriptions: cx.descriptions(),
    })
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
        Item::Brief(options) => briefs::check(cx, options, own.split).map(Shown::Brief),
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
