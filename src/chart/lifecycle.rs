//! The funnel turned upside down: the levels of a relationship as bars that narrow upwards, who came and
//! went since the period before, and how each level has grown. What is drawn is the bookkeeping of levels,
//! in which nobody is lost.

use super::axis::Scale;
use super::font::Face;
use super::page::{Key, LABEL, Page, SMALL, Swatch};
use super::palette::{AXIS, BAND, BLUE, Color, INK, OTHER_SERIES, SKY, VERMILLION, WHITE, text_on};
use super::records::Records;
use super::scene::{Anchor, Shape, Style};
use super::{DataTable, Drawn, FigureError, Number, Spec};
use crate::number;

/// What a lifecycle chart is about; its columns have the names that the stage gives them: `period`,
/// `previous_period`, `level_number`, `level`, `action`, `n_before`, `entered`, `returned`, `from_below`,
/// `from_above`, `to_above`, `to_below`, `left`, `n_after` and `is_complete`.
/// The last period is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Lifecycle;

/// The columns of text, of numbers, and of truth.
pub(crate) const TEXTS: [&str; 4] = ["period", "previous_period", "level", "action"];
pub(crate) const NUMBERS: [&str; 10] = [
    "level_number",
    "n_before",
    "entered",
    "returned",
    "from_below",
    "from_above",
    "to_above",
    "to_below",
    "left",
    "n_after",
];
pub(crate) const COMPLETE: &str = "is_complete";

pub(super) struct Ladder {
    period: String,
    previous: String,
    /// The highest first.
    rungs: Vec<Rung>,
    /// The periods of the small columns, in order of time.
    seen: Vec<String>,
    unfinished: bool,
    /// Records of a level and period that another record has too.
    again: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    before: f64,
    entered: f64,
    returned: f64,
    from_below: f64,
    from_above: f64,
    to_above: f64,
    to_below: f64,
    left: f64,
    after: f64,
}

struct Rung {
    number: f64,
    level: String,
    action: Option<String>,
    flow: Flow,
    /// How many stood there, by period.
    trend: Vec<Option<f64>>,
}

impl Flow {
    fn came(self) -> f64 {
        self.entered + self.returned + self.from_below + self.from_above
    }

    fn went(self) -> f64 {
        self.left + self.to_above + self.to_below
    }
}

impl Lifecycle {
    pub(super) fn read(self, records: &Records<'_>) -> Result<Ladder, FigureError> {
        let [periods, previous, levels, actions] = TEXTS.map(|name| records.texts(name));
        let (periods, previous, levels, actions) = (periods?, previous?, levels?, actions?);
        let numbers = NUMBERS.iter().map(|name| records.numbers(name)).collect::<Result<Vec<_>, _>>()?;
        let complete = records.flags(COMPLETE)?;
        let figure = |column: usize, row: usize| numbers[column][row].unwrap_or(0.0);

        // In the order of the table, which is that of time.
        let mut seen: Vec<String> = Vec::new();
        for name in previous.iter().zip(&periods).flat_map(|(before, now)| [before, now]).flatten() {
            if !seen.contains(name) {
                seen.push(name.clone());
            }
        }
        let mut ladder = Ladder {
            period: periods.iter().flatten().next_back().cloned().unwrap_or_default(),
            previous: String::new(),
            rungs: Vec::new(),
            seen,
            unfinished: false,
            again: 0,
        };
        let mut taken: Vec<(&str, &str)> = Vec::new();
        for row in 0..records.len() {
            let (Some(period), Some(level)) = (&periods[row], &levels[row]) else { continue };
            let Some(at) = ladder.seen.iter().position(|name| name == period) else { continue };
            if taken.contains(&(period, level)) {
                ladder.again += usize::from(*period == ladder.period);
                continue;
            }
            taken.push((period, level));
            let rung = ladder.rungs.iter().position(|rung| rung.level == *level).unwrap_or_else(|| {
                ladder.rungs.push(Rung {
                    number: figure(0, row),
                    level: level.clone(),
                    action: actions[row].clone(),
                    flow: Flow::default(),
                    trend: vec![None; ladder.seen.len()],
                });
                ladder.rungs.len() - 1
            });
            let rung = &mut ladder.rungs[rung];
            rung.trend[at] = Some(figure(9, row));
            let before = previous[row].as_ref().and_then(|name| ladder.seen.iter().position(|it| it == name));
            if let Some(before) = before {
                rung.trend[before] = rung.trend[before].or(Some(figure(1, row)));
            }
            if *period == ladder.period {
                ladder.previous = previous[row].clone().unwrap_or_default();
                ladder.unfinished |= !complete[row];
                rung.flow = Flow {
                    before: figure(1, row),
                    entered: figure(2, row),
                    returned: figure(3, row),
                    from_below: figure(4, row),
                    from_above: figure(5, row),
                    to_above: figure(6, row),
                    to_below: figure(7, row),
                    left: figure(8, row),
                    after: figure(9, row),
                };
            }
        }
        ladder.rungs.sort_by(|a, b| b.number.total_cmp(&a.number));
        Ok(ladder)
    }
}

/// The places of the four columns of the picture, from the left margin.
const NAMES: f64 = 126.0;
const FUNNEL: (f64, f64) = (134.0, 216.0);
const FLOWS: (f64, f64) = (364.0, 208.0);
const TREND: (f64, f64) = (590.0, 82.0);
/// A bar and what is between two.
const BAR: f64 = 44.0;
const GAP: f64 = 20.0;
/// Between a bar and its figure.
const SPACE: f64 = 6.0;
/// At most so many small columns.
const MOST: usize = 12;

/// Who came and who went, as they are coloured: in and out, up, down.
const KINDS: [(Color, &str); 3] =
    [(OTHER_SERIES, "new or back · left altogether"), (BLUE, "moved up"), (VERMILLION, "moved down")];

impl Ladder {
    fn sum(&self, of: impl Fn(Flow) -> f64) -> f64 {
        self.rungs.iter().map(|rung| of(rung.flow)).sum()
    }

    fn share(&self, rung: &Rung) -> Option<f64> {
        let all = self.sum(|flow| flow.after);
        (all > 0.0).then(|| rung.flow.after / all)
    }

    fn heads(&self, page: &mut Page) {
        let style = SMALL;
        let many = self.seen.len().saturating_sub(MOST);
        let trend = format!("{} to {}", self.seen[many], self.period);
        let heads = [
            (FUNNEL, vec![format!("Customers in {}", self.period), format!("(ticks: {})", self.previous)]),
            (FLOWS, vec![format!("Went and came since {}", self.previous)]),
            (TREND, vec![trend]),
        ];
        let left = page.left();
        let wrapped: Vec<(f64, Vec<String>)> = heads
            .into_iter()
            .map(|((at, width), words)| {
                let lines = words.iter().flat_map(|words| style.wrap(words, width, 3).lines);
                (left + at + width / 2.0, lines.collect())
            })
            .collect();
        let lines = wrapped.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
        let foot = page.y + style.line() * lines as f64;
        for (middle, lines) in wrapped {
            let top = foot - style.line() * lines.len() as f64;
            page.scene.lines(middle, top, &lines, style, Anchor::Middle);
        }
        page.y = foot + 10.0;
    }

    /// The level, its share, and what to do with those who stand there.
    fn name(&self, page: &mut Page, rung: &Rung, middle: f64) {
        let style = LABEL.face(Face::Bold);
        let lines = style.wrap(&rung.level, NAMES, 2).lines;
        let share = self.share(rung).map(|share| Number::Percent.show(share));
        let words: Vec<String> = share.into_iter().chain(rung.action.clone()).collect();
        let below = SMALL.shorten(&words.join(" · "), NAMES);
        let height = style.line() * lines.len() as f64 + if below.is_empty() { 0.0 } else { SMALL.line() };
        let (left, top) = (page.left(), middle - height / 2.0);
        page.scene.lines(left, top, &lines, style, Anchor::Start);
        page.scene.lines(left, top + style.line() * lines.len() as f64, &[below], SMALL, Anchor::Start);
    }

    /// The bar of a level, its figures, and ticks where it ended before. Returns its ends.
    fn bar(&self, page: &mut Page, rung: &Rung, top: f64, scale: Scale) -> (f64, f64) {
        const NOTCH: f64 = 6.0;
        let axis = page.left() + FUNNEL.0 + FUNNEL.1 / 2.0;
        let half = scale.at(rung.flow.after).max(1.0);
        let before = scale.at(rung.flow.before).max(1.0);
        let change = rung.flow.after - rung.flow.before;
        let (bold, small) = (LABEL.face(Face::Bold), SMALL);
        let lines = [(short(rung.flow.after), bold), (signed(change, change.abs()), small)];
        let wide = lines.iter().map(|(words, style)| style.width(words)).fold(0.0, f64::max);
        let inside = 2.0 * half >= wide + 2.0 * SPACE;

        page.scene.rectangle(axis - half, top, 2.0 * half, BAR, BLUE);
        // Through the figures no tick runs: there it is but a notch at both edges of the bar.
        let notched = inside && 2.0 * before < wide + SPACE;
        let ink = if before < half - 1.0 { WHITE } else { INK };
        let bottom = top + BAR;
        let strokes =
            if notched { vec![(top, top + NOTCH), (bottom - NOTCH, bottom)] } else { vec![(top, bottom)] };
        for end in [axis - before, axis + before] {
            for (from, to) in &strokes {
                page.scene.vertical(end, *from, *to, 1.5, ink);
            }
        }
        let (x, anchor) = match before.max(half) + SPACE {
            _ if inside => (axis, Anchor::Middle),
            beyond if axis + beyond + wide <= page.left() + FLOWS.0 => (axis + beyond, Anchor::Start),
            _ => (axis + half + SPACE, Anchor::Start),
        };
        let mut middle = top + BAR / 2.0 - small.line() / 2.0;
        for (words, style) in lines {
            if !inside {
                page.scene.halo(x, middle, &words, style, anchor);
            }
            let ink = if inside { text_on(BLUE) } else { style.color };
            page.scene.centred(x, middle, words, style.color(ink), anchor);
            middle += (bold.line() + small.line()) / 2.0;
        }
        (axis - half, axis + half)
    }

    fn flows(&self, page: &mut Page, flow: Flow, middle: f64, scale: Scale) {
        const HEIGHT: f64 = 20.0;
        let axis = page.left() + FLOWS.0 + FLOWS.1 / 2.0;
        let sides = [
            (-1.0, [flow.left, flow.to_above, flow.to_below], flow.went(), Anchor::End),
            (
                1.0,
                [flow.entered + flow.returned, flow.from_below, flow.from_above],
                flow.came(),
                Anchor::Start,
            ),
        ];
        for (turn, parts, all, anchor) in sides {
            let mut so_far = 0.0;
            for (part, (color, _)) in parts.into_iter().zip(KINDS) {
                let (from, to) = (scale.at(so_far), scale.at(so_far + part));
                let left = if turn < 0.0 { axis - to } else { axis + from };
                page.scene.rectangle(left, middle - HEIGHT / 2.0, to - from, HEIGHT, color);
                so_far += part;
            }
            let x = axis + turn * (scale.at(all) + SPACE);
            page.scene.centred(x, middle, signed(turn, all), SMALL.color(INK), anchor);
        }
        page.scene.vertical(axis, middle - BAR / 2.0, middle + BAR / 2.0, 1.5, INK);
    }

    fn trend(&self, page: &mut Page, rung: &Rung, top: f64) {
        let shown = &rung.trend[rung.trend.len().saturating_sub(MOST)..];
        let most = shown.iter().flatten().fold(0.0, |most: f64, n| most.max(*n));
        let scale = Scale::new((0.0, if most > 0.0 { most } else { 1.0 }), (0.0, BAR - 4.0));
        let step = (TREND.1 / shown.len().max(1) as f64).min(20.0);
        let left = page.left() + TREND.0 + (TREND.1 - step * shown.len() as f64) / 2.0;
        let bottom = top + BAR;
        for (at, n) in shown.iter().enumerate() {
            let height = n.map_or(0.0, |n| scale.at(n));
            let color = if at + 1 == shown.len() { BLUE } else { SKY };
            page.scene.rectangle(left + step * at as f64 + 1.0, bottom - height, step - 2.0, height, color);
        }
        page.scene.horizontal(left, left + step * shown.len() as f64, bottom, 1.0, AXIS);
    }

    /// Who has a level at all, and who came to one or lost it.
    fn foot(&self, page: &mut Page) {
        let style: Style = SMALL.color(INK);
        let words = format!(
            "At any level: {} → {} · new: {} · back: {} · left: {}",
            number::count(self.sum(|flow| flow.before)),
            number::count(self.sum(|flow| flow.after)),
            number::count(self.sum(|flow| flow.entered)),
            number::count(self.sum(|flow| flow.returned)),
            number::count(self.sum(|flow| flow.left)),
        );
        let height = style.line() + 10.0;
        let (left, width) = (page.left(), page.inner());
        page.scene.rectangle(left, page.y, width, height, BAND);
        let words = style.shorten(&words, width - 16.0);
        page.scene.centred(left + 8.0, page.y + height / 2.0, words, style, Anchor::Start);
        page.y += height;
    }
}

/// A count that has little room: `1.23 m` from a million on.
fn short(n: f64) -> String {
    if n < 999_950.0 { number::count(n) } else { format!("{} m", number::fixed(n / 1e6, 2)) }
}

/// The same with the sign of a direction.
fn signed(turn: f64, n: f64) -> String {
    match n {
        0.0 => "0".to_owned(),
        n if turn < 0.0 => format!("−{}", short(n)),
        n => format!("+{}", short(n)),
    }
}

impl Drawn for Ladder {
    fn is_empty(&self) -> bool {
        self.rungs.is_empty()
    }

    fn alt(&self, _: &Spec) -> String {
        let rungs: Vec<String> = self
            .rungs
            .iter()
            .map(|rung| {
                let share = self.share(rung).map(|share| format!(", {}", Number::Percent.show(share)));
                let net = Number::Score.show(rung.flow.after - rung.flow.before);
                let n = number::count(rung.flow.after);
                format!("{} {n}{} ({net})", rung.level, share.unwrap_or_default())
            })
            .collect();
        format!(
            "Upside-down funnel of {} levels, the highest first, {} against {}: {}. New {}, back {}, left {}; \
             moved up {}, down {}.",
            self.rungs.len(),
            self.period,
            self.previous,
            rungs.join("; "),
            number::count(self.sum(|flow| flow.entered)),
            number::count(self.sum(|flow| flow.returned)),
            number::count(self.sum(|flow| flow.left)),
            number::count(self.sum(|flow| flow.to_above)),
            number::count(self.sum(|flow| flow.to_below)),
        )
    }

    fn data(&self, _: &Spec) -> DataTable {
        let header = [
            "Level",
            "Action",
            "Before",
            "New",
            "Back",
            "From below",
            "From above",
            "To above",
            "To below",
            "Left",
            "Now",
            "Share",
        ];
        let rows = (self.rungs.iter())
            .map(|rung| {
                let flow = rung.flow;
                let figures = [
                    flow.before,
                    flow.entered,
                    flow.returned,
                    flow.from_below,
                    flow.from_above,
                    flow.to_above,
                    flow.to_below,
                    flow.left,
                    flow.after,
                ];
                let mut cells = vec![rung.level.clone(), rung.action.clone().unwrap_or_default()];
                cells.extend(figures.map(number::count));
                cells.push(self.share(rung).map(|share| Number::Percent.show(share)).unwrap_or_default());
                cells
            })
            .collect();
        DataTable { header: header.map(str::to_owned).to_vec(), rows }
    }

    fn draw(&self, _: &Spec, page: &mut Page) -> Vec<String> {
        let keys = KINDS.map(|(color, words)| Key { swatch: Swatch::Fill(color), words: words.to_owned() });
        page.legend(&keys);
        page.y += 12.0;
        self.heads(page);
        let most = self.rungs.iter().flat_map(|rung| [rung.flow.before, rung.flow.after]).fold(1.0, f64::max);
        let moved =
            self.rungs.iter().flat_map(|rung| [rung.flow.came(), rung.flow.went()]).fold(1.0, f64::max);
        let size = Scale::new((0.0, most), (0.0, FUNNEL.1 / 2.0));
        let figures = self.rungs.iter().flat_map(|rung| [rung.flow.came(), rung.flow.went()]);
        let figure = figures.map(|n| SMALL.width(&signed(-1.0, n))).fold(0.0, f64::max);
        let flow = Scale::new((0.0, moved), (0.0, FLOWS.1 / 2.0 - SPACE - figure));
        let mut above: Option<(f64, f64)> = None;
        for rung in &self.rungs {
            let top = page.y;
            // The outline of the funnel, from the bar above to this one.
            let axis = page.left() + FUNNEL.0 + FUNNEL.1 / 2.0;
            let half = size.at(rung.flow.after).max(1.0);
            if let Some((left, right)) = above {
                let points =
                    vec![(left, top - GAP), (right, top - GAP), (axis + half, top), (axis - half, top)];
                page.scene.shapes.push(Shape::Area { points, fill: BLUE, opacity: 0.13 });
            }
            above = Some(self.bar(page, rung, top, size));
            self.name(page, rung, top + BAR / 2.0);
            self.flows(page, rung.flow, top + BAR / 2.0, flow);
            self.trend(page, rung, top);
            page.y = top + BAR + GAP;
        }
        self.foot(page);
        let mut notes = Vec::new();
        if self.unfinished {
            notes.push(format!("{} is not over: its counts will still change.", self.period));
        }
        if self.again > 0 {
            let rows = if self.again == 1 { "row is" } else { "rows are" };
            notes.push(format!(
                "{} {rows} not drawn: another row has the same level and period.",
                number::count(self.again as f64)
            ));
        }
        notes
    }
}
