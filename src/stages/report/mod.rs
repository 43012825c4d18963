#![doc = include_str!("page.md")]

mod briefs;
mod check;
mod compose;
mod narrative;
mod options;
mod packs;

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{
    DataFrame, DataType, Expr, Field, IdxSize, NULL, Schema, SortMultipleOptions, len, lit, when,
};

use super::{Check, Context, Estimates, Input, Known, Lowered, Promise, Ready, Reduced, Spec, Stage, Table};
use crate::diagnostic::RunError;
use crate::document::{Span, Spanned};
use crate::report::Datum;
use crate::report::banner::Banner;
use crate::report::listing::{self, Listing};
use crate::run::file_name;

pub use narrative::Narrative;
pub use options::{
    BriefOptions, BriefOrder, ChartOptions, CrossTabOptions, FigureOptions, FormatName, Item, MeasureName,
    Order, Report, SectionOptions, TableOptions,
};

/// Columns by which small bases are marked.
const MARKING: [&str; 6] = ["n", "base", listing::MARK, "estimate", "share", "conf_low"];

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
                item.tables().into_iter().chain(item.narratives().into_iter().flat_map(Narrative::tables))
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

    fn beside(&self, known: &BTreeMap<String, Known>) -> Vec<Input> {
        let named = self.inputs();
        let mut sides: Vec<Input> = Vec::new();
        let crossed = self.crossed().map(|from| (from, "cross_tab", about_tables(from.text())));
        for (from, kind, side) in crossed.chain(self.briefs().flat_map(briefs::beside)) {
            let side = Input::from(Spanned::new(side, from.span()));
            let is_new = |input: &Input| input.text() != side.text();
            if known.get(from.text()).is_some_and(|known| known.kind == kind)
                && known.contains_key(side.text())
                && named.iter().copied().all(is_new)
                && sides.iter().all(is_new)
            {
                sides.push(side);
            }
        }
        sides
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        check::report(&self, cx)
    }
}

/// The side table in which a cross-tab tells of each of its tables.
fn about_tables(id: &str) -> String {
    format!("{id}.tables")
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
    Brief(briefs::Brief),
}

#[derive(Debug)]
struct Headline {
    label: narrative::Checked,
    value: narrative::Checked,
    note: Words,
}

/// The tables of a page.
#[derive(Default)]
struct Tables {
    frames: BTreeMap<String, DataFrame>,
    /// Rows of a table that were left where they are.
    beyond: BTreeMap<String, usize>,
    /// What is taken of all partners before a page of one is made.
    peers: BTreeMap<briefs::PeersOf, briefs::Peers>,
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
    /// What the stages of the pipeline are for, by id: notes call them by it.
    descriptions: BTreeMap<String, String>,
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
            let rows = input
                .rows
                .clone()
                .select(needed.iter().map(|name| Expr::Column((*name).into())).collect::<Vec<_>>());
            match self.listed_once(source) {
                // Only what fits onto the page is brought here, and how many rows there are.
                Some(listing) => {
                    let ordered = match &listing.order {
                        Some((name, descending)) => {
                            let options = SortMultipleOptions::default()
                                .with_order_descending(*descending)
                                .with_nulls_last(true)
                                .with_maintain_order(true);
                            // What is no number is shown as missing, and missing values come last.
                            let value = Expr::Column(name.as_str().into());
                            let is_float = source.columns.get(name).is_some_and(DataType::is_float);
                            let value = match is_float {
                                true => when(value.clone().is_finite()).then(value).otherwise(lit(NULL)),
                                false => value,
                            };
                            rows.clone().sort_by_exprs([value], options)
                        }
                        None => rows.clone(),
                    };
                    plans.push(ordered.limit(listing.limit.unwrap_or(usize::MAX) as IdxSize));
                    plans.push(rows.select([len().cast(DataType::Int64).alias("rows")]));
                }
                None => plans.push(rows),
            }
        }
        let rows = |id: &str| {
            let at = self.sources.iter().position(|source| source.id == id)?;
            inputs.get(at).map(|table| table.rows.clone())
        };
        plans.extend(self.peers().iter().flat_map(|of| of.plans(rows)));
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
        for of in self.peers() {
            let peers =
                briefs::Peers::of(frames.next().unwrap_or_default(), frames.next().unwrap_or_default())?;
            tables.peers.insert(of, peers);
        }
        for brief in self.briefs() {
            brief.refuse(&tables.frames)?;
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
                Shown::CrossTab { id, .. } => whole |= *id == source.id || about_tables(id) == source.id,
                Shown::Chart { id, .. } => whole |= *id == source.id,
                Shown::Brief(brief) => whole |= brief.reads(&source.id),
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
            Shown::Brief(brief) => brief.reads(&source.id),
            Shown::Text(_) | Shown::Figures(_) => false,
        });
        match (uses.next(), uses.next()) {
            (Some(Shown::Table { listing, .. }), None) if self.per.is_none() && !named => Some(listing),
            _ => None,
        }
    }

    fn briefs(&self) -> impl Iterator<Item = &briefs::Brief> {
        self.sections.iter().flat_map(|part| &part.items).filter_map(|item| match item {
            Shown::Brief(brief) => Some(brief),
            _ => None,
        })
    }

    /// The scorecards whose partners are held against their peers, and the peers.
    fn peers(&self) -> BTreeSet<briefs::PeersOf> {
        self.briefs().filter_map(briefs::Brief::peers).collect()
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
                    Shown::Table { .. } | Shown::CrossTab { .. } | Shown::Chart { .. } | Shown::Brief(_) => {}
                }
            }
        }
        texts
    }
}

#[cfg(test)]
mod tests;
