//! How often each answer from 0 to 10 was given: upright columns under the names of the three groups
//! that the net promoter score puts them into, one panel for each group of people.

use super::axis::{self, Scale};
use super::base::{self, Base};
use super::font::Face;
use super::net_promoter::PARTS;
use super::page::{LABEL, Page, SMALL};
use super::palette::{AXIS, Color, INK, OUTLINE, PASSIVES, WHITE};
use super::records::{Records, heading};
use super::scene::Anchor;
use super::{DataTable, Drawn, FigureError, Number, Spec, cut_note};
use crate::number;

/// The columns that fill the roles of a distribution: one record for each answer of each group.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// The group; a row in which all of these are null is everyone.
    pub label: Vec<String>,
    /// The answer, 0 to 10.
    pub answer: String,
    /// The share of the group that gave it, 0–1.
    pub share: String,
    /// How many gave it.
    pub n: Option<String>,
    /// How many answers the whole group gave.
    pub base: Option<String>,
}

pub(super) struct Panels<'a> {
    roles: &'a Distribution,
    panels: Vec<Panel>,
    /// Records whose answer is none of 0 to 10.
    strange: usize,
    /// Records whose group has a record for the answer already.
    again: usize,
}

struct Panel {
    label: Option<String>,
    /// The share of each answer.
    shares: [Option<f64>; ANSWERS],
    n: Option<f64>,
    base: Base,
}

const ANSWERS: usize = 11;
const PLOT: f64 = 110.0;
/// Which of the three groups an answer belongs to.
const GROUPS: [(usize, usize); 3] = [(0, 6), (7, 8), (9, 10)];
/// Between the groups.
const BETWEEN: f64 = 14.0;
const GAP: f64 = 4.0;

impl Distribution {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Panels<'_>, FigureError> {
        let labels = records.labels(&self.label)?;
        let (answers, shares) = (records.numbers(&self.answer)?, records.numbers(&self.share)?);
        let n = records.optional_numbers(self.base.as_deref())?;
        let bases = base::read(records, None, &n)?;
        let mut panels: Vec<Panel> = Vec::new();
        let (mut strange, mut again) = (0, 0);
        for row in 0..records.len() {
            let label = &labels[row];
            let at = panels.iter().position(|panel| panel.label == *label).unwrap_or_else(|| {
                let panel =
                    Panel { label: label.clone(), shares: [None; ANSWERS], n: n[row], base: bases[row] };
                panels.push(panel);
                panels.len() - 1
            });
            let answer = (0..ANSWERS).find(|&answer| answers[row] == Some(answer as f64));
            match answer {
                Some(answer) if panels[at].shares[answer].is_some() => again += 1,
                Some(answer) => panels[at].shares[answer] = shares[row],
                None => strange += 1,
            }
        }
        // Everyone on top.
        panels.sort_by_key(|panel| panel.label.is_some());
        Ok(Panels { roles: self, panels, strange, again })
    }
}

impl Panel {
    fn name(&self) -> &str {
        self.label.as_deref().unwrap_or("All")
    }
}

impl Panels<'_> {
    fn bases(&self) -> impl Iterator<Item = Base> {
        self.panels.iter().map(|panel| panel.base)
    }
}

impl Drawn for Panels<'_> {
    fn is_empty(&self) -> bool {
        self.panels.is_empty()
    }

    fn alt(&self, _: &Spec) -> String {
        let groups = match self.panels.len() {
            1 => String::new(),
            count => format!(", {count} groups"),
        };
        let mut alt = format!("Columns of the answers from 0 to 10{groups}.");
        const TOLD: usize = 4;
        for panel in self.panels.iter().take(TOLD) {
            let known = panel.shares.iter().enumerate().filter_map(|(at, share)| Some((at, (*share)?)));
            let n = panel.n.map(|n| format!(" (n = {})", number::count(n))).unwrap_or_default();
            if let Some((answer, share)) = known.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))) {
                let share = Number::Percent.show(share);
                alt.push_str(&format!(" {}{n}: most often {answer}, by {share}.", panel.name()));
            } else {
                alt.push_str(&format!(" {}{n}: no answers.", panel.name()));
            }
        }
        alt.push_str(&base::alt(self.bases(), false));
        alt
    }

    fn data(&self, _: &Spec) -> DataTable {
        let mut header = vec![match self.roles.label.as_slice() {
            [] => "Group".to_owned(),
            label => heading(&label.join(" · ")),
        }];
        header.extend((0..ANSWERS).map(|answer| answer.to_string()));
        header.extend(self.roles.base.is_some().then(|| "n".to_owned()));
        let rows = (self.panels.iter())
            .map(|panel| {
                let mut cells = vec![panel.name().to_owned()];
                let show = |share: &Option<f64>| share.map(|share| Number::Percent.show(share));
                cells.extend(panel.shares.iter().map(|share| show(share).unwrap_or_default()));
                cells.extend(self.roles.base.is_some().then(|| base::n_with_mark(panel.n, panel.base)));
                cells
            })
            .collect();
        DataTable { header, rows }
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let shown = self.panels.len().min(spec.limit.unwrap_or(usize::MAX));
        let shares = || self.panels[..shown].iter().flat_map(|panel| panel.shares).flatten();
        let given = spec.range.map_or([0.0, 0.0], |(low, high)| [low, high]);
        let (_, high) = axis::range(shares().chain(given).chain([0.0])).unwrap_or((0.0, 1.0));
        let room = page.inner() - 2.0 * BETWEEN;
        let column = room / ANSWERS as f64;
        let lefts: Vec<f64> = (0..ANSWERS)
            .map(|answer| {
                let before = GROUPS.iter().filter(|(_, last)| *last < answer).count();
                page.left() + column * answer as f64 + BETWEEN * before as f64
            })
            .collect();
        // The names of the groups stand once, over all panels.
        let style = SMALL.color(INK);
        let names: Vec<Vec<String>> = (GROUPS.iter().zip(PARTS))
            .map(|((first, last), (_, words))| {
                style.wrap(words, lefts[*last] + column - lefts[*first], 3).lines
            })
            .collect();
        let lines = names.iter().map(Vec::len).max().unwrap_or(0);
        let foot = page.y + style.line() * lines as f64;
        for (((first, last), (fill, _)), lines) in GROUPS.iter().zip(PARTS).zip(&names) {
            let (left, right) = (lefts[*first], lefts[*last] + column);
            let top = foot - style.line() * lines.len() as f64;
            page.scene.lines((left + right) / 2.0, top, lines, style, Anchor::Middle);
            page.scene.outlined(left + GAP / 2.0, foot + 4.0, right - left - GAP, 6.0, fill, 1.0, OUTLINE);
        }
        page.y = foot + 18.0;

        for (at, panel) in self.panels[..shown].iter().enumerate() {
            self.draw_panel(page, panel, (&lefts, column), high);
            page.y += if at + 1 < shown { 14.0 } else { 0.0 };
        }
        let left = [
            (self.strange, "no answer from 0 to 10"),
            (self.again, "another row of the group has the same answer"),
        ];
        let left = left.into_iter().filter(|(count, _)| *count > 0).map(|(count, why)| {
            let rows = if count == 1 { "row is" } else { "rows are" };
            format!("{} {rows} not drawn: {why}.", number::count(count as f64))
        });
        let bases = self.panels[..shown].iter().map(|panel| panel.base);
        base::note(bases, base::HOLLOW_BARS, false)
            .into_iter()
            .chain(left)
            .chain(cut_note(shown, self.panels.len(), "groups; all are in the data of this chart"))
            .collect()
    }
}

impl Panels<'_> {
    fn draw_panel(&self, page: &mut Page, panel: &Panel, (lefts, column): (&[f64], f64), high: f64) {
        let face = match panel {
            panel if panel.label.is_none() => Face::Bold,
            panel if panel.base == Base::Small => Face::Italic,
            _ => Face::Regular,
        };
        let n = panel.n.map(|_| format!("n = {}", base::n_with_mark(panel.n, panel.base)));
        let n = n.unwrap_or_default();
        if self.panels.len() > 1 || panel.label.is_some() || !n.is_empty() {
            let style = LABEL.face(face);
            let limit = page.inner() - SMALL.width(&n) - 16.0;
            let lines = style.wrap(panel.name(), limit, 2).lines;
            let (left, right) = (page.left(), page.right());
            page.scene.lines(left, page.y, &lines, style, Anchor::Start);
            page.scene.lines(right, page.y, &[n], SMALL, Anchor::End);
            page.y += style.line() * lines.len().max(1) as f64 + 4.0;
        }
        let figures: Vec<String> = (panel.shares.iter())
            .map(|share| share.map(|share| Number::Percent.show(share)).unwrap_or_default())
            .collect();
        let style = SMALL.color(INK);
        let top = page.y + style.line() + 2.0;
        let bottom = top + PLOT;
        let scale = Scale::new((0.0, if high > 0.0 { high } else { 1.0 }), (bottom, top));
        for (answer, share) in panel.shares.iter().enumerate() {
            let middle = lefts[answer] + column / 2.0;
            let at = share.map_or(bottom, |share| scale.at(share));
            let fill = color_of(answer);
            let (x, width) = (lefts[answer] + GAP, column - 2.0 * GAP);
            if panel.base == Base::Small {
                let edge = if fill == PASSIVES { OUTLINE } else { fill };
                page.scene.outlined(x, at, width, bottom - at, WHITE, 2.5, edge);
            } else if fill == PASSIVES {
                page.scene.outlined(x, at, width, bottom - at, fill, 1.0, OUTLINE);
            } else {
                page.scene.rectangle(x, at, width, bottom - at, fill);
            }
            let above = at - 2.0 - style.line();
            page.scene.lines(middle, above, &figures[answer..=answer], style, Anchor::Middle);
            page.scene.lines(middle, bottom + 4.0, &[answer.to_string()], style, Anchor::Middle);
        }
        let (from, to) = (page.left(), page.right());
        page.scene.horizontal(from, to, bottom, 1.0, AXIS);
        page.y = bottom + 4.0 + style.line();
    }
}

fn color_of(answer: usize) -> Color {
    let group = GROUPS.iter().position(|(first, last)| (*first..=*last).contains(&answer)).unwrap_or(0);
    PARTS[group].0
}
