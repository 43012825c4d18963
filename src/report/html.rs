//! A report as one HTML page that needs no network and no script.
//!
//! Everything that is not our own template is escaped; the only exception is the drawing of a
//! picture, which comes from the chart module. It decides looks, never content.

use minijinja::{AutoEscape, Environment, Value, context};

use super::brief;
use super::document::{Block, Document, KeyFigure, Note, Picture, Source, Table};
use super::grid::{Align, BaseMark, Cell, Footnote, Grid, Role, Row};
use super::parts;
use super::prose::{Line, Passage, Prose, Style};
use crate::number;

/// Sections from which on a report has a list of contents.
const CONTENTS_FROM: usize = 4;

/// Rows that go onto one printed page with room to spare; a longer table may be split between rows.
const PAGEFUL: usize = 30;

/// Pictures are this wide, in pixels, unless they need more, with this much white at their left.
const USUAL_WIDTH: f64 = 720.0;
const MARGIN: f64 = 24.0;
/// Columns beyond which a table is set smaller.
const MANY: usize = 8;
/// Columns beyond which it is set as small as can be read.
const TOO_MANY: usize = 18;
/// The width, in figures, beyond which a table that is split into parts is set smaller.
const ROOMY: f64 = 88.0;

/// A page that leads to others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// The line above the title.
    pub kicker: String,
    /// The title.
    pub title: String,
    /// The line under the title.
    pub subtitle: String,
    /// A paragraph before the list.
    pub lead: Prose,
    /// The pages, in order.
    pub entries: Vec<Entry>,
    /// The line at the foot.
    pub made: String,
    /// The program and its version.
    pub program: String,
}

/// A page in an index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// What it is called.
    pub label: String,
    /// Where it is, relative to the index.
    pub href: String,
    /// What to know before opening it.
    pub detail: String,
}

/// A report as a page.
///
/// # Errors
///
/// The template engine's, which would be a fault of the program's own templates.
pub fn page(document: &Document) -> Result<String, minijinja::Error> {
    let mut backs: Vec<Vec<Value>> = vec![Vec::new(); document.notes.len()];
    let mut told = Told::default();
    let sections: Vec<Value> = (document.sections.iter().zip(document.numbered()).enumerate())
        .map(|(at, (section, blocks))| {
            // Under the heading of the section, or under the title of the page.
            let level = if section.title.is_empty() { 2 } else { 3 };
            let blocks = blocks.iter().enumerate().map(|(place, numbered)| {
                let anchor = format!("brief-{}-{}", at + 1, place + 1);
                block(numbered.block, numbered.number, (level, &anchor), &mut backs, &mut told)
            });
            let blocks: Vec<Value> = blocks.collect();
            context! { title => &section.title, anchor => format!("section-{}", at + 1), blocks => blocks }
        })
        .collect();
    let notes: Vec<Value> = (document.notes.iter().zip(backs).enumerate())
        .map(|(at, (text, backs))| context! { anchor => anchor_of(Note(at)), text => text, backs => backs })
        .collect();
    let titled = document.sections.iter().filter(|section| !section.title.is_empty()).count();
    let general: Vec<Value> = if document.names_net_promoter() {
        vec![Value::from(NET_PROMOTER_DEFINITION), Value::from(NET_PROMOTER_TRADEMARK)]
    } else {
        Vec::new()
    };
    let provenance = &document.provenance;
    let sources: Vec<Value> = provenance.sources.iter().map(source).collect();
    let page_title = match document.kicker.as_str() {
        "" => document.title.clone(),
        kicker => format!("{} · {kicker}", document.title),
    };
    let made = match (provenance.pipeline.as_str(), provenance.stage.as_str()) {
        ("", _) => provenance.program.clone(),
        (pipeline, stage) => {
            format!("Report {stage} of pipeline {pipeline}, made by {}.", provenance.program)
        }
    };
    // Only pages that have briefs need to know how these look.
    let styles = [style(), if document.has_briefs() { brief::html::STYLE } else { "" }];
    environment()?.get_template("report.html")?.render(context! {
        style => styles.concat(),
        program => &provenance.program,
        page_title, made,
        kicker => &document.kicker,
        title => &document.title,
        subtitle => &document.subtitle,
        lead => prose(&document.lead),
        contents => titled >= CONTENTS_FROM,
        sections, notes, general, sources,
        about => document.about.iter().map(Value::from).collect::<Vec<Value>>(),
    })
}

/// A page that leads to others.
///
/// # Errors
///
/// As for [`page`].
pub fn index(index: &Index) -> Result<String, minijinja::Error> {
    let entries: Vec<Value> = (index.entries.iter())
        .map(|entry| context! { label => &entry.label, href => href(&entry.href), detail => &entry.detail })
        .collect();
    environment()?.get_template("index.html")?.render(context! {
        style => style(),
        program => &index.program,
        page_title => &index.title,
        made => &index.made,
        kicker => &index.kicker,
        title => &index.title,
        subtitle => &index.subtitle,
        lead => prose(&index.lead),
        entries,
    })
}

const NET_PROMOTER_DEFINITION: &str = "Net Promoter Score (NPS): of the answers from 0 to 10 to the question how \
     likely one is to recommend, the share of promoters (9 and 10) minus the share of detractors (0 to 6), in \
     points from −100 to +100.";
const NET_PROMOTER_TRADEMARK: &str = "Net Promoter, NPS and Net Promoter Score are trademarks of Bain & Company, \
     NICE Systems (Satmetrix) and Fred Reichheld.";

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, _, value| {
        let text = value.to_string();
        let done = if value.is_none() || value.is_undefined() {
            Ok(())
        } else if value.is_safe() {
            out.write_str(&text)
        } else {
            out.write_str(&escaped(&text))
        };
        done.map_err(minijinja::Error::from)
    });
    environment.add_template("base.html", include_str!("base.html"))?;
    environment.add_template("parts.html", include_str!("parts.html"))?;
    environment.add_template(brief::html::TEMPLATE.0, brief::html::TEMPLATE.1)?;
    environment.add_template("report.html", include_str!("report.html"))?;
    environment.add_template("index.html", include_str!("index.html"))?;
    Ok(environment)
}

/// Text as it may stand between tags and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(sign),
        }
    }
    out
}

/// The style sheet on one line per rule, as it stands in the file.
fn style() -> &'static str {
    include_str!("report.css")
}

/// `place` is the level of headings in the block, and an anchor of its own.
fn block(
    block: &Block,
    number: usize,
    place: (usize, &str),
    backs: &mut [Vec<Value>],
    told: &mut Told,
) -> Value {
    match block {
        Block::Text(words) => context! { kind => "text", prose => prose(words) },
        Block::Figures(figures) => {
            let figure = |figure: &KeyFigure| context! { label => &figure.label, value => &figure.value, detail => &figure.detail };
            context! { kind => "figures", figures => figures.iter().map(figure).collect::<Vec<Value>>() }
        }
        Block::Table(table) => table_block(table, number, backs, told),
        Block::Picture(picture) => picture_block(picture, number, backs),
        Block::Briefs(briefs) => brief::html::briefs(briefs, place.0, place.1),
    }
}

fn table_block(table: &Table, number: usize, backs: &mut [Vec<Value>], told: &mut Told) -> Value {
    let name = format!("Table {number}");
    let anchor = format!("table-{number}");
    let parts = parts::of(&table.grid);
    let of_many = |at: usize| {
        let words = || format!("{} of {}", at + 1, parts.len());
        (parts.len() > 1).then(|| context! { words => words(), first => at == 0 })
    };
    // Parts of one table look alike.
    let width = parts.iter().map(parts::width).fold(0.0, f64::max);
    let shown = |(at, part): (usize, &Grid)| context! { grid => grid(part, width), part => of_many(at) };
    let grids = parts.iter().enumerate().map(shown);
    context! {
        kind => "table",
        notes => refs(&table.notes, &name, &anchor, backs),
        title => &table.title,
        base => &table.base,
        parts => grids.collect::<Vec<Value>>(),
        short => table.grid.len() <= PAGEFUL,
        marks => marks(&table.grid),
        footnotes => told.footnotes(&table.grid.footnotes, &name),
        more => more(&table.grid),
        source => &table.source,
        name, anchor,
    }
}

/// What was said under the tables so far: what is said of several alike is said once.
#[derive(Default)]
struct Told(Vec<(Footnote, String)>);

impl Told {
    /// The footnotes of a table; those that an earlier one has as well are referred to by what they are
    /// about.
    fn footnotes(&mut self, notes: &[Footnote], name: &str) -> Vec<String> {
        let mut shown = Vec::new();
        let mut earlier: Vec<(String, Vec<&str>)> = Vec::new();
        for note in notes {
            let known = self.0.iter().find(|(known, _)| known == note).map(|(_, table)| table);
            match (known, note.topic) {
                (Some(table), Some(topic)) => match earlier.iter_mut().find(|(of, _)| of == table) {
                    Some((_, topics)) if topics.contains(&topic.words()) => {}
                    Some((_, topics)) => topics.push(topic.words()),
                    None => earlier.push((table.clone(), vec![topic.words()])),
                },
                _ => {
                    shown.push(note.text.clone());
                    self.0.push((note.clone(), name.to_owned()));
                }
            }
        }
        for (table, topics) in earlier {
            let topics = match topics.split_last() {
                Some((last, [])) => (*last).to_owned(),
                Some((last, others)) => format!("{} and {last}", others.join(", ")),
                None => String::new(),
            };
            let mut signs = topics.chars();
            let first: String = signs.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
            shown.push(format!("{first}{}: as under {}.", signs.as_str(), table.to_lowercase()));
        }
        shown
    }
}

fn picture_block(picture: &Picture, number: usize, backs: &mut [Vec<Value>]) -> Value {
    let name = format!("Figure {number}");
    let anchor = format!("figure-{number}");
    let data = (!picture.data.columns.is_empty()).then(|| grid(&picture.data, parts::width(&picture.data)));
    context! {
        kind => "picture",
        notes => refs(&picture.notes, &name, &anchor, backs),
        data_caption => context! {
            name => format!("Data of figure {number}."),
            title => &picture.title,
            marks => marks(&picture.data),
            more => more(&picture.data),
        },
        name, anchor,
        title => &picture.title,
        base => &picture.base,
        svg => inline(&picture.svg),
        alt => &picture.alt,
        grid => data,
        source => &picture.source,
    }
}

/// The numbers of notes at a table or picture; each remembers the way back.
fn refs(notes: &[Note], name: &str, anchor: &str, backs: &mut [Vec<Value>]) -> Vec<Value> {
    let mut notes = notes.to_vec();
    notes.sort();
    notes.dedup();
    let mut out = Vec::new();
    for note in notes {
        // A note the document does not have cannot be followed, so it is not offered.
        if let Some(backs) = backs.get_mut(note.0) {
            let number = note.0 + 1;
            let here = format!("{anchor}-note-{number}");
            backs.push(context! { anchor => &here, name => name.to_lowercase() });
            out.push(context! { number, target => anchor_of(note), anchor => here });
        }
    }
    out
}

fn anchor_of(note: Note) -> String {
    format!("note-{}", note.0 + 1)
}

fn marks(grid: &Grid) -> Vec<Value> {
    grid.marks().into_iter().map(|mark| Value::from(mark.meaning())).collect()
}

fn more(grid: &Grid) -> String {
    match grid.more {
        0 => String::new(),
        1 => "And 1 more row.".to_owned(),
        more => format!("And {} more rows.", number::count(more as f64)),
    }
}

/// A table, or a part of one; `width` is that of the widest part, in figures.
fn grid(grid: &Grid, width: f64) -> Value {
    let spanners = grid.spanners.iter().map(|row| {
        let cells = row.iter().map(|cell| context! { label => &cell.label, width => cell.width });
        Value::from(cells.collect::<Vec<Value>>())
    });
    let rooms = parts::rooms(grid);
    let rooms: Vec<Option<String>> = rooms.into_iter().map(|room| room.map(number::plain)).collect();
    let columns = (grid.columns.iter().zip(&rooms)).map(|(column, room)| {
        let class = (column.align == Align::Right).then_some("number");
        // A heading may be broken after a stroke, as after a blank.
        context! { label => column.label.replace('/', "/\u{200b}"), class, room }
    });
    let letters = grid.letters.iter().zip(&rooms).map(|(letter, room)| context! { letter, room });
    let blocks = grid.blocks.iter().map(|block| {
        let rows = block.rows.iter().map(|each| row(grid, each, &rooms));
        let bases = block.rows.iter().all(|row| row.role == Role::Base);
        context! { title => &block.title, bases, rows => rows.collect::<Vec<Value>>() }
    });
    context! {
        spanners => spanners.collect::<Vec<Value>>(),
        columns => columns.collect::<Vec<Value>>(),
        letters => letters.collect::<Vec<Value>>(),
        blocks => blocks.collect::<Vec<Value>>(),
        empty => grid.is_empty(),
        short => grid.len() <= PAGEFUL,
        crossed => grid.repeated > 0,
        broad => grid.repeated > 0 && width > parts::TEXT,
        wide => match grid.columns.len() + rooms.iter().flatten().count() {
            _ if grid.repeated > 0 && width > ROOMY => "wide",
            _ if grid.repeated > 0 => "",
            // What tests found takes about as much room as a column.
            many if many > TOO_MANY => "wide widest",
            many if many > MANY => "wide",
            _ => "",
        },
    }
}

fn row(grid: &Grid, row: &Row, rooms: &[Option<String>]) -> Value {
    let cells = row.cells.iter().enumerate().map(|(at, cell)| {
        let right = grid.columns.get(at).is_some_and(|column| column.align == Align::Right);
        let class = right.then_some("number");
        let hidden = *cell == Cell::Hidden;
        let (mark, stub) = (cell.mark().map(BaseMark::sign), at + 1 == grid.name_column);
        context! { text => cell.text(), mark, stub, class, hidden, found => cell.found(), room => rooms.get(at) }
    });
    let class = match row.role {
        Role::Body => None,
        Role::Base => Some("base-row"),
        Role::Detail => Some("detail"),
        Role::Net => Some("net"),
        Role::Part => Some("part"),
        Role::Statistic => Some("statistic"),
    };
    context! { class, cells => cells.collect::<Vec<Value>>() }
}

fn prose(prose: &Prose) -> Vec<Value> {
    let run = |style: Style| match style {
        Style::Plain => "",
        Style::Emphasis => "em",
        Style::Strong => "strong",
    };
    let line = |line: &Line| {
        let runs = line.iter().map(|each| context! { tag => run(each.style), text => &each.text });
        Value::from(runs.collect::<Vec<Value>>())
    };
    let passage = |passage: &Passage| match passage {
        Passage::Paragraph(words) => context! { kind => "p", lines => vec![line(words)] },
        Passage::Bullets(items) => {
            context! { kind => "ul", lines => items.iter().map(line).collect::<Vec<Value>>() }
        }
        Passage::Numbers(items) => {
            context! { kind => "ol", lines => items.iter().map(line).collect::<Vec<Value>>() }
        }
    };
    prose.0.iter().map(passage).collect()
}

fn source(source: &Source) -> Value {
    let rows = |rows: Option<u64>| rows.map_or(String::new(), |rows| number::count(rows as f64));
    // Enough of a fingerprint to tell two versions apart, and to search the manifest for.
    let short: String = source.fingerprint.chars().take(12).collect();
    context! {
        id => &source.id,
        kind => &source.kind,
        from => source.from.join(", "),
        rows_in => rows(source.rows_in),
        rows_out => rows(source.rows_out),
        fingerprint => short,
    }
}

/// A drawing to stand inside a page: without the XML prologue, and without the name space, which
/// HTML implies.
fn inline(svg: &str) -> String {
    let from = svg.find("<svg").unwrap_or(svg.len());
    let drawn = svg[from..].replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1).trim_end().to_owned();
    // The white at the left of a picture that is scaled down to the page is scaled down with it.
    let width =
        drawn.split_once(" width=\"").and_then(|(_, rest)| rest.split('"').next()?.parse::<f64>().ok());
    match width.filter(|width| *width > USUAL_WIDTH) {
        Some(width) => {
            let edge = number::plain(number::round_half_away(100.0 * MARGIN / width, 2));
            drawn.replacen("<svg", &format!("<svg style=\"--edge:{edge}%\""), 1)
        }
        None => drawn,
    }
}

/// A relative address: signs that would end it or change its meaning are written as `%XX`.
fn href(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::grid::Topic;
    use crate::report::{Column, Format, Rows, Section};

    fn with_sections(titles: &[&str]) -> String {
        let section = |title: &&str| Section {
            title: (*title).to_owned(),
            blocks: vec![Block::Text(Prose::plain("Words."))],
        };
        let document = Document {
            title: "A < B".into(),
            sections: titles.iter().map(section).collect(),
            ..Document::default()
        };
        page(&document).unwrap()
    }

    #[test]
    fn contents_are_listed_when_there_are_more_than_a_few_sections() {
        assert!(!with_sections(&["One", "Two", "Three"]).contains("aria-label=\"Contents\""));
        let long = with_sections(&["One", "Two", "Three", "Four"]);
        assert!(
            long.contains("<li><a href=\"#section-4\">Four</a></li>")
                && long.contains("id=\"section-4\">Four</h2>")
        );
        assert!(long.contains("<h1>A &lt; B</h1>"));
    }

    #[test]
    fn the_trademark_is_told_where_its_name_is_used() {
        assert!(!with_sections(&["Sales"]).contains("trademarks"));
        assert!(with_sections(&["NPS of regions"]).contains("trademarks of Bain &amp; Company"));
    }

    #[test]
    fn values_stand_safely_in_attributes_and_drawings_without_their_prologue() {
        let index = Index {
            entries: vec![Entry {
                label: "\"><b>".into(),
                href: "../packs/a\"b c/p.html".into(),
                detail: "'x'".into(),
            }],
            ..Index::default()
        };
        let made = super::index(&index).unwrap();
        assert!(made.contains(
            "<a href=\"../packs/a%22b%20c/p.html\">&quot;&gt;&lt;b&gt;</a><span>&#39;x&#39;</span>"
        ));
        let picture = Picture {
            title: "Bars".into(),
            svg: "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\"><rect/></svg>\n".into(),
            alt: "One \"bar\"".into(),
            data: Grid { columns: vec![Column { label: "n".into(), align: Align::Right }], ..Grid::default() },
            ..Picture::default()
        };
        let sections = vec![Section { title: "S".into(), blocks: vec![Block::Picture(picture)] }];
        let made = page(&Document { sections, ..Document::default() }).unwrap();
        assert!(made.contains(
            "role=\"img\" aria-label=\"One &quot;bar&quot;\"><svg width=\"1\"><rect/></svg></div>"
        ));
        assert!(made.contains("<td class=\"empty\" colspan=\"1\">No rows.</td>"));
    }

    #[test]
    fn findings_stand_beside_numbers_that_stay_below_each_other() {
        let tested = |found: &str| Cell::Tested { value: 0.5, format: Format::Share, found: found.into() };
        let row = |role, cells| Row { role, cells };
        let rows = vec![
            row(
                Role::Net,
                vec![Cell::Text("<Good>".into()), tested("BC ▲"), Cell::number(0.25, Format::Share)],
            ),
            row(Role::Part, vec![Cell::Text("Fair".into()), Cell::Hidden, Cell::number(0.25, Format::Share)]),
        ];
        let column = |label: &str, align| Column { label: label.into(), align };
        let grid = Grid {
            columns: vec![
                column("", Align::Left),
                column("Buyer", Align::Right),
                column("User", Align::Right),
            ],
            letters: vec![String::new(), "A".into(), "B".into()],
            name_column: 1,
            blocks: vec![Rows { title: String::new(), rows }],
            footnotes: vec![Footnote::from("A < B")],
            ..Grid::default()
        };
        let table = Table { title: "T".into(), grid, ..Table::default() };
        let sections = vec![Section { title: "S".into(), blocks: vec![Block::Table(table)] }];
        let made = page(&Document { sections, ..Document::default() }).unwrap();
        for part in [
            "<tr class=\"net\"><th scope=\"row\">&lt;Good&gt;</th>",
            "<td class=\"number\">50%<i style=\"width:4.1ch\">BC ▲</i></td><td class=\"number\">25%</td>",
            "<td class=\"number\"><em>hidden</em><i style=\"width:4.1ch\"></i></td>",
            "<td class=\"number tested\">A</td><td class=\"number\">B</td>",
            "<span>A &lt; B</span>",
        ] {
            assert!(made.contains(part), "{part} is not in {made}");
        }
    }

    #[test]
    fn what_is_said_of_several_tables_is_said_once() {
        let note = |topic, text: &str| Footnote { topic: Some(topic), text: text.into() };
        let own = |text: &str| Footnote::from(text);
        let mut told = Told::default();
        let first = [own("Base: all."), note(Topic::Tests, "z tests."), note(Topic::Rounding, "Rounded.")];
        assert_eq!(told.footnotes(&first, "Table 1"), ["Base: all.", "z tests.", "Rounded."]);
        let second = [own("Base: all."), note(Topic::Tests, "t tests."), note(Topic::Rounding, "Rounded.")];
        assert_eq!(
            told.footnotes(&second, "Table 2"),
            ["Base: all.", "t tests.", "Rounding: as under table 1."]
        );
        let third = [note(Topic::Tests, "t tests."), note(Topic::Rounding, "Rounded.")];
        assert_eq!(
            told.footnotes(&third, "Table 3"),
            ["Tests: as under table 2.", "Rounding: as under table 1."]
        );
    }

    #[test]
    fn a_picture_that_is_scaled_down_starts_where_the_text_does() {
        let drawn = |width: u32| inline(&format!("<svg width=\"{width}\" height=\"9\"></svg>"));
        assert_eq!(drawn(720), "<svg width=\"720\" height=\"9\"></svg>");
        assert_eq!(drawn(1000), "<svg style=\"--edge:2.4%\" width=\"1000\" height=\"9\"></svg>");
    }

    #[test]
    fn letters_can_be_read_on_their_ground() {
        let colour = |name: &str| {
            let at = style().find(&format!("--{name}:#")).unwrap_or_else(|| panic!("no colour {name}"));
            let hex = &style()[at + name.len() + 4..][..6];
            [0, 2, 4].map(|from| u8::from_str_radix(&hex[from..from + 2], 16).unwrap())
        };
        // Relative luminance and contrast as WCAG 2.2 defines them.
        let luminance = |rgb: [u8; 3]| {
            let [r, g, b] = rgb.map(|part| {
                let part = f64::from(part) / 255.0;
                if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        for ground in [[255; 3], colour("wash")] {
            for ink in ["ink", "soft", "accent"] {
                let contrast = (luminance(ground) + 0.05) / (luminance(colour(ink)) + 0.05);
                assert!(contrast >= 4.5, "{ink} on {ground:?}: {contrast:.2}");
            }
        }
    }
}
