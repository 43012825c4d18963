//! What sets segments apart: one panel for each segment with the attributes in which it differs most from
//! the rest, as bars from the index of everybody, 100, to its own.

use std::collections::BTreeMap;

use super::axis::{self, Scale};
use super::bar::widest;
use super::base::{self, Base};
use super::font::Face;
use super::page::{Key, LABEL, Page, SMALL, Swatch};
use super::palette::{AXIS, BAND, BLUE, Color, INK, OUTLINE, VERMILLION, WHITE};
use super::records::{Records, words};
use super::scene::{Anchor, Style};
use super::{DataTable, Drawn, FigureError, Number, Spec};
use crate::number;

/// The columns that fill the roles of a profile: one record for each attribute (and category) and segment.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What segments are compared in.
    pub attribute: String,
    /// The category of an attribute that has some; null for numbers.
    pub category: Option<String>,
    /// The segment.
    pub segment: String,
    /// The mean of the segment; of a category its share, 0–1.
    pub mean: String,
    /// The same of everybody.
    pub mean_all: String,
    /// 100 times the one over the other.
    pub index: String,
    /// How far the segment is from the rest, in standard deviations.
    pub effect: String,
    /// The number of rows behind the mean.
    pub n: Option<String>,
}

pub(super) struct Panels<'a> {
    roles: &'a Profile,
    panels: Vec<Panel>,
}

struct Panel {
    segment: String,
    n: Option<f64>,
    /// The strongest first.
    traits: Vec<Trait>,
}

#[derive(Clone)]
struct Trait {
    attribute: String,
    category: Option<String>,
    mean: Option<f64>,
    mean_all: Option<f64>,
    index: Option<f64>,
    effect: Option<f64>,
    n: Option<f64>,
    base: Base,
    /// Whether it says of another trait of the panel what that says already.
    mirrored: bool,
}

/// As many attributes of a segment are drawn where nothing else is asked for.
const USUAL: usize = 5;
/// Effects below this are small (Cohen 1988), and their bars are pale.
const SMALL_EFFECT: f64 = 0.2;
/// Bars of a larger index are cut off, or nobody would see the others.
const CUT: f64 = 400.0;
const LABEL_LIMIT: f64 = 220.0;
const LABEL_LINES: usize = 3;
const THICKNESS: f64 = 14.0;
const MORE: Color = BLUE;
const LESS: Color = VERMILLION;
/// The colours of small effects, drawn with an outline.
const PALE_MORE: Color = Color(0xCC, 0xE0, 0xF0);
const PALE_LESS: Color = Color(0xF8, 0xDC, 0xC4);
const FIGURE: Style = SMALL.color(INK);
/// The heads of the columns of figures.
const HEADS: [&str; 2] = ["segment", "all"];

impl Profile {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Panels<'_>, FigureError> {
        let attributes = records.texts(&self.attribute)?;
        let categories = match &self.category {
            Some(column) => records.texts(column)?,
            None => vec![None; records.len()],
        };
        let segments = records.texts(&self.segment)?;
        let (means, all) = (records.numbers(&self.mean)?, records.numbers(&self.mean_all)?);
        let (indices, effects) = (records.numbers(&self.index)?, records.numbers(&self.effect)?);
        let n = records.optional_numbers(self.n.as_deref())?;
        let mut panels: Vec<Panel> = Vec::new();
        for row in 0..records.len() {
            let segment = segments[row].clone().unwrap_or_else(|| "(none)".into());
            let at = panels.iter().position(|panel| panel.segment == segment).unwrap_or_else(|| {
                panels.push(Panel { segment, n: None, traits: Vec::new() });
                panels.len() - 1
            });
            panels[at].n = n[row].map_or(panels[at].n, |n| Some(panels[at].n.map_or(n, |most| most.max(n))));
            panels[at].traits.push(Trait {
                attribute: attributes[row].clone().unwrap_or_else(|| "(none)".into()),
                category: categories[row].clone(),
                mean: means[row],
                mean_all: all[row],
                index: indices[row],
                effect: effects[row],
                n: n[row],
                base: Base::of(n[row]),
                mirrored: false,
            });
        }
        panels.iter_mut().for_each(Panel::arrange);
        // The largest segment first.
        panels.sort_by(|a, b| b.n.unwrap_or(0.0).total_cmp(&a.n.unwrap_or(0.0)));
        Ok(Panels { roles: self, panels })
    }
}

impl Panel {
    /// The strongest first; of an attribute with two categories the rarer one is what the other is not.
    fn arrange(&mut self) {
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, one) in self.traits.iter().enumerate().filter(|(_, one)| one.category.is_some()) {
            places.entry(one.attribute.clone()).or_default().push(at);
        }
        for pair in places.values().filter(|places| places.len() == 2) {
            let effect = |at: usize| self.traits[at].effect.unwrap_or(f64::NEG_INFINITY);
            let mirrored = if effect(pair[1]) > effect(pair[0]) { pair[0] } else { pair[1] };
            self.traits[mirrored].mirrored = true;
        }
        let strength = |one: &Trait| one.effect.map_or(-1.0, f64::abs);
        self.traits.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    }

    /// What the segment is called; clusters have numbers.
    fn name(&self) -> String {
        let numbered = !self.segment.is_empty() && self.segment.chars().all(|digit| digit.is_ascii_digit());
        if numbered { format!("Segment {}", self.segment) } else { self.segment.clone() }
    }

    fn drawn(&self, limit: usize) -> Vec<&Trait> {
        self.traits.iter().filter(|one| !one.mirrored && one.index.is_some()).take(limit).collect()
    }
}

impl Trait {
    fn name(&self) -> String {
        match &self.category {
            Some(category) => format!("{}: {category}", words(&self.attribute)),
            None => words(&self.attribute),
        }
    }

    /// A mean of theirs, as it is written.
    fn show(&self, value: Option<f64>) -> String {
        let number = match self.category {
            Some(_) => Number::Percent,
            // By the mean of all, so that it is written the same in every panel.
            None => Number::fitting(self.mean_all),
        };
        value.map_or_else(|| "–".to_owned(), |value| number.show(value))
    }

    fn is_strong(&self) -> bool {
        self.effect.is_some_and(|effect| effect.abs() >= SMALL_EFFECT)
    }
}

impl Panels<'_> {
    fn limit(spec: &Spec) -> usize {
        spec.limit.unwrap_or(USUAL)
    }
}

impl Drawn for Panels<'_> {
    fn is_empty(&self) -> bool {
        self.panels.is_empty()
    }

    fn alt(&self, spec: &Spec) -> String {
        let count = self.panels.len();
        let plural = if count == 1 { "" } else { "s" };
        let mut alt = format!(
            "What sets {count} segment{plural} apart: bars of an index against everybody, who are 100, the \
             strongest differences first."
        );
        const TOLD: usize = 2;
        for panel in &self.panels {
            let n = panel.n.map(|n| format!(" (n = {})", number::count(n))).unwrap_or_default();
            let told: Vec<String> = (panel.drawn(TOLD.min(Self::limit(spec))).iter())
                .map(|one| {
                    let index = one.index.map(|index| number::fixed(index, 0)).unwrap_or_default();
                    format!(
                        "{} {} against {}, index {index}",
                        one.name(),
                        one.show(one.mean),
                        one.show(one.mean_all)
                    )
                })
                .collect();
            let told = if told.is_empty() { "nothing to compare".to_owned() } else { told.join("; ") };
            alt.push_str(&format!(" {}{n}: {told}.", panel.name()));
        }
        alt.push_str(&base::alt(self.panels.iter().map(|panel| Base::of(panel.n)), false));
        alt
    }

    fn data(&self, _: &Spec) -> DataTable {
        let mut header = vec!["Segment".to_owned(), "Attribute".to_owned()];
        header.extend(["Segment mean or share", "All", "Index", "Effect"].map(String::from));
        header.extend(self.roles.n.is_some().then(|| "n".to_owned()));
        let mut rows = Vec::new();
        for panel in &self.panels {
            for one in &panel.traits {
                let mut cells = vec![panel.name(), one.name(), one.show(one.mean), one.show(one.mean_all)];
                cells.push(one.index.map(|index| number::fixed(index, 0)).unwrap_or_default());
                cells.push(one.effect.map(|effect| Number::Hundredths.show(effect)).unwrap_or_default());
                cells.extend(self.roles.n.is_some().then(|| base::n_with_mark(one.n, one.base)));
                rows.push(cells);
            }
        }
        DataTable { header, rows }
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let limit = Self::limit(spec);
        let drawn: Vec<Vec<&Trait>> = self.panels.iter().map(|panel| panel.drawn(limit)).collect();
        let all = || drawn.iter().flatten();
        let cells = |of: fn(&Trait) -> Option<f64>| all().map(move |one| FIGURE.width(&one.show(of(one))));
        let own_width = widest(cells(|one| one.mean)).max(SMALL.width(HEADS[0]));
        let all_width = widest(cells(|one| one.mean_all)).max(SMALL.width(HEADS[1]));
        let columns = (page.right() - all_width - 14.0, page.right());

        let labels: Vec<Vec<Vec<String>>> = (drawn.iter())
            .map(|traits| {
                let wrapped = |one: &&Trait| FIGURE.wrap(&one.name(), LABEL_LIMIT, LABEL_LINES).lines;
                traits.iter().map(wrapped).collect()
            })
            .collect();
        let label_width = widest(labels.iter().flatten().flatten().map(|line| FIGURE.width(line)));
        let written = |index: f64| number::fixed(index, 0);
        let indices = || all().filter_map(|one| one.index);
        let room = widest(indices().map(|index| FIGURE.width(&written(index)))) + 12.0;
        let given = spec.range.map_or([100.0, 100.0], |(low, high)| [low, high]);
        let seen = indices().map(|index| index.min(CUT)).chain(given).chain([50.0, 150.0]);
        let ends = spec.range.or_else(|| axis::range(seen)).unwrap_or((50.0, 150.0));
        let from = page.left() + label_width + 16.0 + room;
        let to = columns.0 - own_width - 14.0 - room;
        let scale = Scale::new(ends, (from, to.max(from + 40.0)));

        page.legend(&[
            Key { swatch: Swatch::Fill(MORE), words: "More than everybody".into() },
            Key { swatch: Swatch::Fill(LESS), words: "Less".into() },
            Key { swatch: Swatch::Fill(PALE_MORE), words: "Pale: a small difference".into() },
        ]);
        page.y += 6.0;
        for (x, head) in [(columns.0, HEADS[0]), (columns.1, HEADS[1])] {
            page.scene.lines(x, page.y, &[head.into()], SMALL, Anchor::End);
        }
        page.scene.lines(scale.at(100.0), page.y, &["100 = all".into()], SMALL, Anchor::Middle);
        page.y += SMALL.line() + 4.0;
        for ((panel, traits), labels) in self.panels.iter().zip(&drawn).zip(&labels) {
            draw_head(page, panel);
            if traits.is_empty() {
                page.scene.lines(page.left(), page.y, &["Nothing to compare".into()], SMALL, Anchor::Start);
                page.y += SMALL.line() + 8.0;
            }
            for (one, label) in traits.iter().zip(labels) {
                let height = (FIGURE.line() * label.len() as f64).max(THICKNESS) + 8.0;
                let middle = page.y + height / 2.0;
                let first = middle - FIGURE.line() * label.len() as f64 / 2.0;
                page.scene.vertical(scale.at(100.0), page.y, page.y + height, 1.0, AXIS);
                let style = if one.base == Base::Small { FIGURE.face(Face::Italic) } else { FIGURE };
                page.scene.lines(page.left(), first, label, style, Anchor::Start);
                draw_bar(page, scale, one, middle);
                for (x, value) in [(columns.0, one.mean), (columns.1, one.mean_all)] {
                    page.scene.centred(x, middle, one.show(value), style, Anchor::End);
                }
                page.y += height;
            }
            page.y += 8.0;
        }
        let hidden = self
            .panels
            .iter()
            .zip(&drawn)
            .any(|(panel, drawn)| drawn.len() < panel.traits.iter().filter(|one| !one.mirrored).count());
        let cut = indices().any(|index| index > ends.1 || index < ends.0);
        let explained = "Index: the mean or share of the segment over that of everybody, times 100; ordered by the \
                         difference from the rest in standard deviations, pale below 0.2.";
        std::iter::once(explained.to_owned())
            .chain(cut.then(|| format!("Bars are cut off at {} and {}.", written(ends.0), written(ends.1))))
            .chain(base::note(all().map(|one| one.base), base::HOLLOW_BARS, false))
            .chain(hidden.then(|| "Weaker differences are in the data of this chart.".to_owned()))
            .collect()
    }
}

/// The name of a segment and how many it is.
fn draw_head(page: &mut Page, panel: &Panel) {
    let n = panel.n.map(|_| format!("n = {}", base::n_with_mark(panel.n, Base::of(panel.n))));
    let n = n.unwrap_or_default();
    let style = LABEL.face(Face::Bold);
    let lines = style.wrap(&panel.name(), page.inner() - SMALL.width(&n) - 16.0, 2).lines;
    let height = style.line() * lines.len().max(1) as f64 + 6.0;
    page.scene.rectangle(page.left() - 10.0, page.y, page.inner() + 20.0, height, BAND);
    page.scene.lines(page.left(), page.y + 3.0, &lines, style, Anchor::Start);
    page.scene.lines(page.right(), page.y + 4.0, &[n], SMALL, Anchor::End);
    page.y += height + 4.0;
}

fn draw_bar(page: &mut Page, scale: Scale, one: &Trait, middle: f64) {
    let Some(index) = one.index else { return };
    let (all, tip) = (scale.at(100.0), scale.at(index));
    let (from, to) = (all.min(tip), all.max(tip));
    let top = middle - THICKNESS / 2.0;
    let (fill, pale) = if index >= 100.0 { (MORE, PALE_MORE) } else { (LESS, PALE_LESS) };
    if one.base == Base::Small {
        page.scene.outlined(from, top, to - from, THICKNESS, WHITE, 2.0, fill);
    } else if one.is_strong() {
        page.scene.rectangle(from, top, to - from, THICKNESS, fill);
    } else {
        page.scene.outlined(from, top, to - from, THICKNESS, pale, 1.0, OUTLINE);
    }
    let (x, anchor) = if index < 100.0 { (from - 5.0, Anchor::End) } else { (to + 5.0, Anchor::Start) };
    page.scene.centred(x, middle, number::fixed(index, 0), FIGURE, anchor);
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;

    use super::super::*;
    use super::Profile;

    #[test]
    fn the_strongest_come_first_and_a_mirror_is_left_out() {
        let records = df! {
            "attribute" => ["age", "city", "city", "age", "city", "city"],
            "category" => [None, Some("Bergen"), Some("Oslo"), None, Some("Bergen"), Some("Oslo")],
            "segment" => ["other", "other", "other", "1", "1", "1"],
            "n" => [300, 300, 300, 20, 20, 20],
            "mean" => [45.3, 0.7, 0.3, 32.0, 0.0, 1.0],
            "mean_all" => [40.0, 0.4, 0.6, 40.0, 0.4, 0.6],
            "mean_index" => [113.0, 167.0, 56.0, 80.0, 0.0, 167.0],
            "effect" => [0.1, 1.4, -1.4, -2.5, -1.4, 1.4],
        };
        let name = |name: &str| name.to_owned();
        let mark = Profile {
            attribute: name("attribute"),
            category: Some(name("category")),
            segment: name("segment"),
            mean: name("mean"),
            mean_all: name("mean_all"),
            index: name("mean_index"),
            effect: name("effect"),
            n: Some(name("n")),
        };
        let figure = Spec::new(Mark::Profile(mark)).figure(&records.unwrap()).unwrap();
        assert_eq!(
            figure.alt(),
            "What sets 2 segments apart: bars of an index against everybody, who are 100, the strongest \
             differences first. other (n = 300): city: Bergen 70% against 40%, index 167; age 45 against 40, \
             index 113. Segment 1 (n = 20): age 32 against 40, index 80; city: Oslo 100% against 60%, index 167. \
             One value rests on fewer than 30 answers."
        );
        let rows: Vec<String> = figure.data().rows.iter().map(|row| row[..2].join(" ")).collect();
        assert_eq!(rows[..3], ["other city: Bergen", "other city: Oslo", "other age"]);
        assert_eq!(figure.data().rows[3], ["Segment 1", "age", "32", "40", "80", "−2.50", "20**"]);
    }
}
