//! From a checked report and its tables to a page: every item drawn from the rows it may show, with
//! the cautions of its tables as notes and the origin of all of it.

use std::collections::{BTreeMap, BTreeSet};

use super::narrative;
use super::{Checked, Heading, Headline, Part, Scope, Shown, Tables, about_tables};
use crate::diagnostic::{Caution, CautionCode, RunError};
use crate::report::{
    self, Align, Block, Cell, Column, Datum, Document, Grid, KeyFigure, Note, Picture, Prose, Provenance,
    Records, Role, Row, Rows, Section, Source, Table, banner, listing,
};
use crate::stages::{Context, Lineage};

/// Cautions of one kind that are told one by one; more are counted.
const TOLD: usize = 3;

/// The page of a report, and its headline figures in a line. `own` is the column and the value that the page is for; the tables hold only
/// its rows.
pub(super) fn page(
    plan: &Checked,
    tables: &Tables,
    own: Option<(&str, &str)>,
    cx: &Context<'_>,
) -> Result<(String, String), RunError> {
    let document = document(plan, tables, own, cx)?;
    let page = report::page(&document).map_err(|error| RunError::Publish(error.to_string()))?;
    Ok((page, headline(&document)))
}

/// The first headline figures of a report, or else its lead, to tell it from others in an index.
fn headline(document: &Document) -> String {
    const MOST: usize = 3;
    let mut blocks = document.sections.iter().flat_map(|section| &section.blocks);
    let figures = blocks.find_map(|block| match block {
        Block::Figures(figures) => Some((None, figures)),
        Block::Briefs(briefs) => match briefs.list.as_slice() {
            [brief] => Some((Some(&brief.name), &brief.figures)),
            _ => None,
        },
        _ => None,
    });
    let Some((name, figures)) = figures else { return document.lead.words() };
    let figures = figures.iter().take(MOST).map(|figure| format!("{} {}", figure.label, figure.value));
    name.cloned().into_iter().chain(figures).collect::<Vec<_>>().join(" · ")
}

/// The line at the foot of an index.
pub(super) fn made(cx: &Context<'_>) -> String {
    format!("Index of report {} of pipeline {}, made by {}.", cx.stage, pipeline(cx), program())
}

/// The program and its version.
pub(super) fn program() -> String {
    concat!("growthring ", env!("CARGO_PKG_VERSION")).to_owned()
}

fn pipeline(cx: &Context<'_>) -> String {
    match cx.variant {
        Some(variant) => format!("{} ({variant})", cx.pipeline),
        None => cx.pipeline.to_owned(),
    }
}

fn document(
    plan: &Checked,
    tables: &Tables,
    own: Option<(&str, &str)>,
    cx: &Context<'_>,
) -> Result<Document, RunError> {
    let mut names = plan.names.clone();
    names.extend(own.map(|(column, value)| (column.to_owned(), Datum::Text(value.to_owned()))));
    let records = tables
        .frames
        .iter()
        .map(|(id, table)| Ok((id.clone(), Records::read(table)?)))
        .collect::<Result<BTreeMap<String, Records>, RunError>>()?;
    let value = own.map_or("", |(_, value)| value);
    let document = Document {
        kicker: match own {
            Some((column, value)) => format!("{} · {value}", listing::label(column, "")),
            None => cx.variant.unwrap_or_default().to_owned(),
        },
        title: plan.title.of(value),
        subtitle: plan.subtitle.of(value),
        provenance: Provenance {
            pipeline: pipeline(cx),
            stage: cx.stage.to_owned(),
            program: program(),
            sources: sources(plan.sources.iter().map(|source| source.id.as_str()), cx.lineage),
        },
        ..Document::default()
    };
    let mut composer =
        Composer { tables, records, names, own, descriptions: &plan.descriptions, cx, document };
    composer.document.lead = composer.words(plan.lead.as_ref())?;
    for part in &plan.sections {
        let section = composer.section(part)?;
        composer.document.sections.push(section);
    }
    let mut document = composer.document;
    if let Some((column, value)) = own.filter(|_| !document.about.is_empty()) {
        let every = format!("These counts are of every {}, not only of {value}.", column.replace('_', " "));
        document.about.insert(0, every);
    }
    Ok(document)
}

/// A caution as a sentence.
pub(super) enum Told {
    /// It stands beside the table; the rows it is about, as the caution names them.
    Beside { text: String, key: String },
    /// It is about the data behind the page.
    Behind(String),
}

/// A page in the making.
pub(super) struct Composer<'a> {
    pub tables: &'a Tables,
    pub records: BTreeMap<String, Records>,
    names: BTreeMap<String, Datum>,
    pub own: Option<(&'a str, &'a str)>,
    /// What the stages are for, by id.
    descriptions: &'a BTreeMap<String, String>,
    cx: &'a Context<'a>,
    pub document: Document,
}

impl Composer<'_> {
    fn section(&mut self, part: &Part) -> Result<Section, RunError> {
        let mut blocks = Vec::with_capacity(part.items.len() + 1);
        let words = self.words(part.text.as_ref())?;
        if !words.is_empty() {
            blocks.push(Block::Text(words));
        }
        for item in &part.items {
            blocks.push(match item {
                Shown::Text(text) => Block::Text(self.words(Some(text))?),
                Shown::Figures(figures) => Block::Figures(
                    figures.iter().map(|figure| self.headline(figure)).collect::<Result<_, RunError>>()?,
                ),
                Shown::Table { id, title, base, scope, listing } => {
                    let mut grid =
                        self.records.get(id).map(|records| listing.grid(records)).unwrap_or_default();
                    grid.more += self.tables.beyond.get(id).copied().unwrap_or_default();
                    let mut notes = self.notes(id, !grid.marks().is_empty());
                    notes.extend(self.scoped(id, *scope));
                    let (title, base, source) = (self.heading(title), self.heading(base), self.origin(id));
                    Block::Table(Table { title, base, grid, source, notes })
                }
                Shown::CrossTab { id, title, base, scope, banner } => {
                    let tables = self.records.get(&about_tables(id));
                    // A page for one value does not tell figures of all of them.
                    let whole = self.own.is_none() || scope.whole;
                    let records = self.records.get(id);
                    let grid = records.map(|records| banner.grid(records, tables, whole)).unwrap_or_default();
                    let mut notes = self.notes(id, true);
                    notes.extend(self.scoped(id, *scope));
                    let (title, base, source) = (self.heading(title), self.heading(base), self.origin(id));
                    Block::Table(Table { title, base, grid, source, notes })
                }
                Shown::Chart { id, title, scope } => {
                    let mut picture = self.picture(id, &self.heading(title))?;
                    picture.notes.extend(self.scoped(id, *scope));
                    Block::Picture(picture)
                }
                Shown::Brief(brief) => Block::Briefs(brief.compose(self)),
            });
        }
        Ok(Section { title: self.heading(&part.title), blocks })
    }

    fn heading(&self, heading: &Heading) -> String {
        heading.of(self.own.map_or("", |(_, value)| value))
    }

    /// What a page for one value has to say of a table that is not of that value alone.
    fn scoped(&mut self, id: &str, scope: Scope) -> Option<Note> {
        let (column, _) = self.own?;
        let crossed =
            || self.records.get(id).is_some_and(|records| records.field("column_variable").is_some());
        let split = self.records.get(id).is_some_and(|records| records.field(column).is_some());
        let text = if scope.whole {
            format!("not split by `{column}`: the whole")
        } else if !split && crossed() {
            format!(
                "split by `{column}` only where `{column}` is crossed: totals and other groups are of the whole"
            )
        } else {
            return None;
        };
        Some(self.document.note(&sentence(&text)))
    }

    fn words(&self, text: Option<&narrative::Checked>) -> Result<Prose, RunError> {
        let Some(text) = text else { return Ok(Prose::default()) };
        text.fill(&self.records, &self.names).map(|text| Prose::parse(&text)).map_err(RunError::data)
    }

    fn headline(&self, figure: &Headline) -> Result<KeyFigure, RunError> {
        Ok(KeyFigure {
            label: self.words(Some(&figure.label))?.words(),
            value: self.words(Some(&figure.value))?.words(),
            detail: self.words(figure.note.as_ref())?.words(),
        })
    }

    fn picture(&mut self, id: &str, title: &str) -> Result<Picture, RunError> {
        let missing = || RunError::Publish(format!("there is no chart `{id}`"));
        let mut spec = self.cx.charts.get(id).ok_or_else(missing)?.clone();
        let frame = self.tables.frames.get(id).ok_or_else(missing)?;
        // The page prints title and subtitle above the picture, in its own letters.
        let own = spec.title.take().unwrap_or_else(|| listing::label(id, "chart"));
        let base = spec.subtitle.take().unwrap_or_default();
        let title = if title.is_empty() { own } else { title.to_owned() };
        let source = self.origin(id);
        let notes = self.notes(id, true);
        if frame.height() == 0 {
            let alt = "There is nothing to draw: the table behind this chart has no rows here.".to_owned();
            return Ok(Picture { title, base, alt, source, notes, ..Picture::default() });
        }
        let failed = |error: crate::chart::FigureError| RunError::Publish(format!("chart `{id}`: {error}"));
        let figure = spec.figure(frame).map_err(failed)?;
        let svg = figure.svg().map_err(failed)?;
        let data = text_grid(&figure.data().header, &figure.data().rows);
        Ok(Picture { title, base, svg, alt: figure.alt().to_owned(), data, source, notes })
    }

    /// The cautions of a table as notes. Small bases are told by marks where the table or the picture
    /// has them. Cautions of what it was made from concern the data behind the page.
    fn notes(&mut self, id: &str, marked: bool) -> Vec<Note> {
        let mut notes = Vec::new();
        for told in self.cautions(id, marked, self.own) {
            match told {
                Told::Beside { mut text, key } => {
                    if let Some((column, value)) = self.own.filter(|_| key.is_empty()) {
                        let every = column.replace('_', " ");
                        text.push_str(&format!(" This counts every {every}, not only {value}."));
                    }
                    notes.push(self.document.note(&text));
                }
                Told::Behind(text) => self.document.about(&text),
            }
        }
        notes
    }

    /// The cautions of a table as sentences, those of a kind together. `own` is the column and the value
    /// that they are told for.
    pub(super) fn cautions(&self, id: &str, marked: bool, own: Option<(&str, &str)>) -> Vec<Told> {
        let told: Vec<&Caution> = self.cx.cautions.get(stage_of(id)).into_iter().flatten().collect();
        let shown: Vec<&Caution> = (told.into_iter())
            // Pages hold the SVG, which a browser shows in whatever font has the letters.
            .filter(|caution| caution.code != CautionCode::UnprintableLetters)
            .filter(|caution| !(marked && caution.code == CautionCode::SmallBase && self.is_own(id, caution)))
            .filter(|caution| self.concerns(id, caution, own))
            .collect();
        let mut kinds: Vec<(&str, CautionCode)> = Vec::new();
        for caution in &shown {
            if !kinds.contains(&(&caution.stage, caution.code)) {
                kinds.push((&caution.stage, caution.code));
            }
        }
        let mut sentences = Vec::new();
        for (stage, code) in kinds {
            let alike: Vec<&Caution> = (shown.iter().copied())
                .filter(|caution| caution.stage == stage && caution.code == code)
                .collect();
            let is_own = alike.iter().any(|caution| self.is_own(id, caution));
            let most = if is_own { TOLD } else { 1 };
            let told = if alike.len() > most + 1 { most } else { alike.len() };
            let further = match alike.len() - told {
                0 => String::new(),
                further => format!(" The same holds for {further} more of its rows."),
            };
            for (at, caution) in alike[..told].iter().enumerate() {
                let last = if at + 1 == told { further.as_str() } else { "" };
                if !is_own {
                    let message = self.told(caution, &caution.message);
                    sentences.push(Told::Behind(sentence(&message) + last));
                    continue;
                }
                // What is said of several tables alike is one note.
                let message = caution.message.replace(&format!("`{stage}`"), "this analysis");
                let text = sentence(&self.told(caution, &message)) + last;
                sentences.push(Told::Beside { text, key: caution.key.clone() });
            }
        }
        sentences
    }

    /// Whether a caution is about the table itself, or about the table a chart was drawn from.
    fn is_own(&self, id: &str, caution: &Caution) -> bool {
        let id = stage_of(id);
        let drawn = self.cx.lineage.get(id).filter(|lineage| lineage.kind == "chart");
        caution.stage == id
            || drawn.is_some_and(|chart| chart.inputs.iter().any(|input| stage_of(input) == caution.stage))
    }

    /// Whether a caution may be told here: on a page for one value, what is about rows of another is
    /// not. A key that names no column of a table, such as a source or a lookup, is a part of the
    /// pipeline and so about the table as a whole.
    fn concerns(&self, id: &str, caution: &Caution, own: Option<(&str, &str)>) -> bool {
        let Some((column, value)) = own else { return true };
        let pairs = pairs(&caution.key);
        let told =
            |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, told)| told.as_str());
        if let Some(told) = told(column) {
            return told == value;
        }
        if let (Some(variables), Some(values)) = (told("column_variable"), told("column_value")) {
            return banner::belongs((variables, values), column, value);
        }
        // A table that does not have the column itself may stand beside one that does.
        let others = self.records.values().filter(|records| records.field(column).is_some());
        let mut known = false;
        for records in self.records.get(id).into_iter().chain(others) {
            let wanted: Vec<(&str, Datum)> = (pairs.iter())
                .filter(|(name, _)| records.field(name).is_some())
                .map(|(name, value)| (name.as_str(), Datum::Text(value.clone())))
                .collect();
            if wanted.is_empty() {
                continue;
            }
            if !records.matching(&wanted).is_empty() {
                return true;
            }
            known = true;
        }
        // Bases are those of rows, and whose rows these are cannot be told.
        let of_rows = matches!(caution.code, CautionCode::SmallBase | CautionCode::EmptyBase);
        !known && (pairs.is_empty() || !of_rows || told("table").is_some())
    }

    /// The message of a caution, with the tables it speaks of called by what they are for.
    fn told(&self, caution: &Caution, message: &str) -> String {
        let read = self.cx.lineage.get(&caution.stage).map_or(&[][..], |lineage| &lineage.inputs);
        let is_table = |id: &str| id == caution.stage || read.iter().any(|input| stage_of(input) == id);
        described(message, |id| self.descriptions.get(id).filter(|_| is_table(id)).map(String::as_str))
    }

    /// Where a table comes from, in a few words.
    fn origin(&self, id: &str) -> String {
        let Some(lineage) = self.cx.lineage.get(stage_of(id)) else { return id.to_owned() };
        match (lineage.kind.as_str(), lineage.inputs.as_slice()) {
            ("dataset", _) | (_, []) => id.to_owned(),
            ("chart", from) => {
                // What a picture reads beside a table is of the same stage.
                let stages = once(&from.iter().map(|from| stage_of(from).to_owned()).collect::<Vec<_>>());
                stages.iter().map(|from| self.origin(from)).collect::<Vec<_>>().join("; ")
            }
            (kind, from) => format!("{id} ({} of {})", kind_words(kind), once(from).join(", ")),
        }
    }
}

/// `region=EMEA, partner=Bell, Book` as pairs; a comma inside a value is no new pair.
pub(super) fn pairs(key: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for piece in key.split(", ") {
        match (piece.split_once('='), pairs.last_mut()) {
            (Some((name, value)), _) if is_name(name) => pairs.push((name.to_owned(), value.to_owned())),
            (_, Some((_, value))) => {
                value.push_str(", ");
                value.push_str(piece);
            }
            (_, None) => pairs.push((String::new(), piece.to_owned())),
        }
    }
    pairs
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|sign| sign.is_alphanumeric() || sign == '_')
}

/// A caution as a sentence of a report: names of tables in quotes, a capital first, a full stop. What
/// it says of side tables is for those who run the pipeline.
fn sentence(message: &str) -> String {
    let mut open = false;
    let clauses: Vec<&str> = message.split("; ").filter(|clause| !clause.contains("side table")).collect();
    let quoted: String = clauses
        .join("; ")
        .trim()
        .chars()
        .map(|sign| match sign {
            '`' => {
                open = !open;
                if open { '“' } else { '”' }
            }
            sign => sign,
        })
        .collect();
    let mut signs = quoted.chars();
    let mut text: String = match signs.next() {
        Some(first) => first.to_uppercase().chain(signs).collect(),
        None => return String::new(),
    };
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

/// A message with names in backticks, those that have a description called by it, and the id in brackets.
fn described<'d>(message: &str, description: impl Fn(&str) -> Option<&'d str>) -> String {
    let pieces: Vec<&str> = message.split('`').collect();
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        let is_name = at % 2 == 1 && at + 1 < pieces.len();
        match description(piece).filter(|_| is_name) {
            Some(words) => {
                text.push_str(&format!("`{}` [{piece}]", short(words)));
            }
            None if is_name => text.push_str(&format!("`{piece}`")),
            None if at % 2 == 1 => text.push_str(&format!("`{piece}")),
            None => text.push_str(piece),
        }
    }
    text
}

/// The first sentence of a description, and of a long one what stands before its first comma.
fn short(description: &str) -> &str {
    const LONG: usize = 60;
    let first = description.split(". ").next().unwrap_or(description).trim().trim_end_matches('.');
    match first.split_once(", ") {
        Some((head, _)) if first.chars().count() > LONG => head,
        _ => first,
    }
}

/// A kind of stage in words.
fn kind_words(kind: &str) -> String {
    if kind == "cross_tab" { "cross-tab".to_owned() } else { kind.replace('_', " ") }
}

/// A table of text, as a chart gives it: columns of numbers stand right.
fn text_grid(header: &[String], rows: &[Vec<String>]) -> Grid {
    let number = |text: &String| {
        text.is_empty() || text.starts_with(|sign: char| sign.is_ascii_digit() || "+-−–[<".contains(sign))
    };
    let columns = header.iter().enumerate().map(|(at, label)| {
        let right = at > 0 && rows.iter().all(|row| row.get(at).is_none_or(number));
        Column { label: label.clone(), align: if right { Align::Right } else { Align::Left } }
    });
    let cell = |text: &String| if text.is_empty() { Cell::Blank } else { Cell::Text(text.clone()) };
    let rows = rows.iter().map(|row| Row { role: Role::Body, cells: row.iter().map(cell).collect() });
    Grid {
        columns: columns.collect(),
        name_column: 1,
        blocks: vec![Rows { title: String::new(), rows: rows.collect() }],
        ..Grid::default()
    }
}

/// The tables and everything they were made from, each after its inputs.
fn sources<'a>(ids: impl Iterator<Item = &'a str>, lineage: &BTreeMap<String, Lineage>) -> Vec<Source> {
    let mut seen = BTreeSet::new();
    let mut sources = Vec::new();
    for id in ids {
        trace(id, lineage, &mut seen, &mut sources);
    }
    sources
}

/// The stage behind a table: a side table is told of with its stage.
fn stage_of(table: &str) -> &str {
    table.split('.').next().unwrap_or(table)
}

fn trace(
    table: &str,
    lineage: &BTreeMap<String, Lineage>,
    seen: &mut BTreeSet<String>,
    sources: &mut Vec<Source>,
) {
    let id = stage_of(table);
    if !seen.insert(id.to_owned()) {
        return;
    }
    let Some(own) = lineage.get(id) else { return };
    for input in &own.inputs {
        trace(input, lineage, seen, sources);
    }
    sources.push(Source {
        id: id.to_owned(),
        kind: kind_words(&own.kind),
        from: if own.inputs.is_empty() { files(&own.files) } else { once(&own.inputs) },
        // What a stage read stands with the tables it read.
        rows_in: own.rows_in.filter(|_| own.inputs.is_empty()),
        rows_out: own.rows_out,
        fingerprint: own.fingerprint.clone(),
    });
}

/// The files of a dataset; of many, the first and the last.
fn files(files: &[String]) -> Vec<String> {
    const MOST: usize = 3;
    match files {
        [first, .., last] if files.len() > MOST => vec![format!("{first} to {last} ({} files)", files.len())],
        few => few.to_vec(),
    }
}

/// Names in their order, each once: a stage may read a table in several ways.
fn once(names: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| seen.insert(name.as_str())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_commas_in_values_are_read_whole() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            pairs("region=EMEA, partner=Bell, Book"),
            [pair("region", "EMEA"), pair("partner", "Bell, Book")]
        );
        assert_eq!(pairs("partner=a=b"), [pair("partner", "a=b")]);
    }

    #[test]
    fn a_table_goes_by_what_it_is_for() {
        let words = |id: &str| (id == "leads").then_some("Every lead once. From two agencies.");
        assert_eq!(
            described("2 rows of `leads` without `region`", words),
            "2 rows of `Every lead once` [leads] without `region`"
        );
        let long = "Every order with what was paid for it, in its own currency, and with who bought.";
        assert_eq!(short(long), "Every order with what was paid for it");
        assert_eq!(short("Orders, all."), "Orders, all");
        assert_eq!(described("leads and an open ` tick", words), "leads and an open ` tick");
    }

    #[test]
    fn cautions_read_as_sentences() {
        assert_eq!(sentence("`loyalty` rests on 3 answers"), "“loyalty” rests on 3 answers.");
        assert_eq!(sentence("the weights of `loyalty`"), "The weights of “loyalty”.");
        assert_eq!(sentence(""), "");
        assert_eq!(
            sentence("2 of 9 rows of `web` were set aside; the side table `quarantine` says why"),
            "2 of 9 rows of “web” were set aside."
        );
    }
}
