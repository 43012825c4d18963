//! Partners by volume and score, split at the medians: who leads, who is at risk. Names stand where
//! they do not meet; those of highlighted partners always.

use super::axis::{self, Scale};
use super::base::{self, Base};
use super::font::{self, Face};
use super::page::{Page, SMALL};
use super::palette::{AXIS, BLUE, GRID, INK, MUTED, VERMILLION, WHITE};
use super::ranking::{Ranking, TIER};
use super::records::{Records, heading};
use super::scene::{Anchor, Shape, Style};
use super::{DataTable, Drawn, FigureError, Number, Spec};
use crate::number;

/// The columns that fill the roles of a quadrant chart.
#[derive(Debug, Clone)]
pub struct Quadrant {
    /// Whom a point stands for.
    pub label: Vec<String>,
    /// To the right: volume.
    pub x: String,
    /// Upwards: score.
    pub y: String,
    /// True for points that are named in any case.
    pub highlight: Option<String>,
    /// The number of answers behind the score.
    pub n: Option<String>,
    /// `*` and `**` for small bases; none: told from `n`.
    pub base_mark: Option<String>,
    /// A column that holds the median of `x` in every record.
    pub x_median: String,
    /// A column that holds the median of `y` in every record.
    pub y_median: String,
    /// Words for the horizontal axis; none: the column's name.
    pub x_title: Option<String>,
    /// Equal distances to the right are equal factors, not equal amounts.
    pub log_x: bool,
    /// What the four fields are called.
    pub names: FieldNames,
    /// Points have the colours of the tiers of this ranking, which the records name in `tier`; none:
    /// highlighted ones stand out.
    pub tiers: Option<Ranking>,
}

/// What the four fields of a quadrant chart are called.
#[derive(Debug, Clone)]
pub struct FieldNames {
    /// Much of `x`, much of `y`.
    pub high_high: String,
    /// Little of `x`, much of `y`.
    pub low_high: String,
    /// Much of `x`, little of `y`.
    pub high_low: String,
    /// Little of both.
    pub low_low: String,
}

impl Default for FieldNames {
    fn default() -> Self {
        Self {
            high_high: "Leaders".into(),
            low_high: "Hidden gems".into(),
            high_low: "Repair first".into(),
            low_low: "Watch".into(),
        }
    }
}

pub(super) struct Points<'a> {
    roles: &'a Quadrant,
    points: Vec<Point>,
    /// Records without a place in the picture, by label.
    without: Vec<String>,
    x_median: Option<f64>,
    y_median: Option<f64>,
}

#[derive(Clone)]
struct Point {
    label: String,
    x: f64,
    y: f64,
    n: Option<f64>,
    base: Base,
    highlight: bool,
    tier: Option<usize>,
}

const PLOT: f64 = 420.0;
/// Room inside the plot, above and below the points, for the names of the fields.
const FIELD: f64 = 30.0;
const RADIUS: f64 = 5.0;
const LABEL_LIMIT: f64 = 150.0;
const HIGHLIGHT_LIMIT: f64 = 190.0;
/// How often names are placed anew for the sake of highlighted points without one.
const ATTEMPTS: usize = 6;

impl Quadrant {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Points<'_>, FigureError> {
        let labels = records.labels(&self.label)?;
        let (xs, ys) = (records.numbers(&self.x)?, records.numbers(&self.y)?);
        let n = records.optional_numbers(self.n.as_deref())?;
        let bases = base::read(records, self.base_mark.as_deref(), &n)?;
        let highlight = match &self.highlight {
            Some(column) => records.flags(column)?,
            None => vec![false; records.len()],
        };
        let tiers = match &self.tiers {
            Some(ranking) => records.texts(TIER)?.iter().map(|tier| ranking.tier(tier.as_deref())).collect(),
            None => vec![None; records.len()],
        };
        let median =
            |column: &str| Ok::<_, FigureError>(records.numbers(column)?.into_iter().flatten().next());
        let mut points = Vec::new();
        let mut without = Vec::new();
        for row in 0..records.len() {
            let label = labels[row].clone().unwrap_or_else(|| "(none)".into());
            match (xs[row].filter(|x| !self.log_x || *x > 0.0), ys[row]) {
                (Some(x), Some(y)) => {
                    points.push(Point {
                        label,
                        x,
                        y,
                        n: n[row],
                        base: bases[row],
                        highlight: highlight[row],
                        tier: tiers[row],
                    });
                }
                _ => without.push(label),
            }
        }
        let (x_median, y_median) = (median(&self.x_median)?, median(&self.y_median)?);
        let x_median = x_median.filter(|x| !self.log_x || *x > 0.0);
        Ok(Points { roles: self, points, without, x_median, y_median })
    }
}

impl Points<'_> {
    fn x_number(&self) -> Number {
        Number::fitting(self.points.iter().map(|point| point.x))
    }

    fn y_number(&self, spec: &Spec) -> Number {
        spec.number.unwrap_or_else(|| Number::fitting(self.points.iter().map(|point| point.y)))
    }

    fn x_title(&self) -> String {
        self.roles.x_title.clone().unwrap_or_else(|| heading(&self.roles.x))
    }

    fn y_title(&self, spec: &Spec) -> String {
        spec.measure.clone().unwrap_or_else(|| heading(&self.roles.y))
    }

    /// Where `x` stands on its axis.
    fn axis_x(&self, x: f64) -> f64 {
        if self.roles.log_x { x.log10() } else { x }
    }

    fn field(&self, point: &Point) -> &str {
        let names = &self.roles.names;
        let right = self.x_median.is_none_or(|median| point.x >= median);
        let upper = self.y_median.is_none_or(|median| point.y >= median);
        match (right, upper) {
            (true, true) => &names.high_high,
            (false, true) => &names.low_high,
            (true, false) => &names.high_low,
            (false, false) => &names.low_low,
        }
    }
}

impl Drawn for Points<'_> {
    fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    fn alt(&self, spec: &Spec) -> String {
        let (x_number, y_number) = (self.x_number(), self.y_number(spec));
        let count =
            if self.points.len() == 1 { "1 point".into() } else { format!("{} points", self.points.len()) };
        let mut alt =
            format!("Quadrant chart, {count}: {} across, {} up", self.x_title(), self.y_title(spec));
        if let (Some(x), Some(y)) = (self.x_median, self.y_median) {
            alt.push_str(&format!(", split at the medians {} and {}", x_number.show(x), y_number.show(y)));
        }
        alt.push('.');
        let names = &self.roles.names;
        let counts: Vec<String> = [&names.high_high, &names.low_high, &names.high_low, &names.low_low]
            .into_iter()
            .map(|name| {
                let count = self.points.iter().filter(|point| self.field(point) == name).count();
                format!("{name} {count}")
            })
            .collect();
        alt.push_str(&format!(" {}.", counts.join(", ")));
        let told: Vec<String> = self
            .points
            .iter()
            .filter(|point| point.highlight)
            .take(8)
            .map(|point| format!("{} ({}, {})", point.label, x_number.show(point.x), y_number.show(point.y)))
            .collect();
        if !told.is_empty() {
            alt.push_str(&format!(" Highlighted: {}.", told.join("; ")));
        }
        if let Some(ranking) = &self.roles.tiers {
            alt.push_str(&ranking.told(self.points.iter().map(|point| point.tier)));
        }
        alt.push_str(&base::alt(self.points.iter().map(|point| point.base), self.roles.base_mark.is_some()));
        alt
    }

    fn data(&self, spec: &Spec) -> DataTable {
        let (x_number, y_number) = (self.x_number(), self.y_number(spec));
        let mut header = vec![heading(&self.roles.label.join(" · ")), self.x_title(), self.y_title(spec)];
        header.extend(self.roles.n.is_some().then(|| "n".to_owned()));
        header.push("Field".into());
        header.extend(self.roles.tiers.is_some().then(|| "Tier".to_owned()));
        let with_n = self.roles.n.is_some();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for point in &self.points {
            let mut cells = vec![point.label.clone(), x_number.show(point.x), y_number.show(point.y)];
            cells.extend(with_n.then(|| base::n_with_mark(point.n, point.base)));
            cells.push(self.field(point).to_owned());
            let tier = |ranking: &Ranking| {
                point.tier.and_then(|tier| ranking.tiers.get(tier).cloned()).unwrap_or_default()
            };
            cells.extend(self.roles.tiers.as_ref().map(tier));
            rows.push(cells);
        }
        for label in &self.without {
            let mut cells = vec![label.clone()];
            cells.resize(header.len(), String::new());
            rows.push(cells);
        }
        DataTable { header, rows }
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let (x_number, y_number) = (self.x_number(), self.y_number(spec));
        let padded = |range: Option<(f64, f64)>| {
            let (low, high) = range.unwrap_or((0.0, 1.0));
            let room = (high - low) * 0.05;
            (low - room, high + room)
        };
        let xs = self.points.iter().map(|point| point.x).chain(self.x_median);
        let x_range = padded(axis::range(xs.map(|x| self.axis_x(x))));
        let ys = self.points.iter().map(|point| point.y).chain(self.y_median);
        let y_range = padded(spec.range.or_else(|| axis::range(ys)));

        if let Some(ranking) = &self.roles.tiers {
            ranking.legend(page);
        }
        let y_title = SMALL.shorten(&self.y_title(spec), page.inner());
        let left_edge = page.left();
        page.scene.lines(left_edge, page.y, &[y_title], SMALL, Anchor::Start);
        page.y += SMALL.line() + 6.0;

        let y_ticks = axis::ticks(y_range, 5);
        let ticks_width = super::bar::widest(y_ticks.iter().map(|&tick| SMALL.width(&y_number.tick(tick))));
        let (left, right) = (page.left() + ticks_width + 10.0, page.right());
        let (top, bottom) = (page.y, page.y + PLOT);
        let x = Scale::new(x_range, (left + 12.0, right - 12.0));
        let y = Scale::new(y_range, (bottom - FIELD, top + FIELD));

        for &tick in &y_ticks {
            page.scene.horizontal(left, right, y.at(tick), 1.0, GRID);
            page.scene.centred(left - 10.0, y.at(tick), y_number.tick(tick), SMALL, Anchor::End);
        }
        self.draw_x_ticks(page, x, x_range, (top, bottom));
        if let Some(median) = self.x_median {
            page.scene.dashed(
                (x.at(self.axis_x(median)), top),
                (x.at(self.axis_x(median)), bottom),
                1.5,
                AXIS,
            );
        }
        if let Some(median) = self.y_median {
            page.scene.dashed((left, y.at(median)), (right, y.at(median)), 1.5, AXIS);
        }
        let frame = Room { left, top, right, bottom };
        let mut taken = self.draw_fields(page, &frame);
        let places: Vec<(f64, f64)> =
            self.points.iter().map(|point| (x.at(self.axis_x(point.x)), y.at(point.y))).collect();
        self.draw_points(page, &places);
        taken.extend(places.iter().map(|&(x, y)| Room::around(x, y, RADIUS + 1.0)));
        let inside = Room { left: left + 2.0, top: top + 2.0, right: right - 2.0, bottom: bottom - 2.0 };
        // Names stand clear of the median lines where they can.
        let x_line = self.x_median.map(|median| x.at(self.axis_x(median)));
        let y_line = self.y_median.map(|median| y.at(median));
        let lines: Vec<Room> = x_line
            .map(|x| Room { left: x - 1.0, right: x + 1.0, ..frame })
            .into_iter()
            .chain(y_line.map(|y| Room { top: y - 1.0, bottom: y + 1.0, ..frame }))
            .collect();
        let unnamed = self.draw_labels(page, &places, taken, &lines, &inside);

        page.y = bottom + 6.0 + SMALL.line() + 4.0;
        let x_title = SMALL.shorten(&self.x_title(), page.inner());
        page.scene.lines(right, page.y, &[x_title], SMALL, Anchor::End);
        page.y += SMALL.line();

        let mut notes = Vec::new();
        if let (Some(x), Some(y)) = (self.x_median, self.y_median) {
            let (x, y) = (x_number.show(x), y_number.show(y));
            notes.push(format!("Dashed lines: medians, {x} across and {y} up."));
        }
        let (mut named, mut others) = (Vec::new(), 0);
        for at in unnamed {
            let point = &self.points[at];
            match point.highlight {
                true => named.push(format!(
                    "{} ({}, {})",
                    point.label,
                    x_number.show(point.x),
                    y_number.show(point.y)
                )),
                false => others += 1,
            }
        }
        if !named.is_empty() {
            notes.push(format!("Also highlighted: {}.", named.join("; ")));
        }
        if others > 0 {
            let (count, verb) = (number::count(f64::from(others)), if others == 1 { "is" } else { "are" });
            let points = if others == 1 { "point" } else { "points" };
            notes.push(format!("{count} {points} without a name {verb} in the data of this chart."));
        }
        if !self.without.is_empty() {
            let count = number::count(self.without.len() as f64);
            notes.push(format!("Not drawn, for lack of a value: {count}; see the data of this chart."));
        }
        let small = self.points.iter().map(|point| point.base).filter(|base| *base == Base::Small);
        notes.extend(base::note(small, base::HOLLOW_POINTS, self.roles.base_mark.is_some()));
        notes
    }
}

impl Points<'_> {
    fn draw_x_ticks(&self, page: &mut Page, x: Scale, range: (f64, f64), (top, bottom): (f64, f64)) {
        let number = self.x_number();
        // On a logarithmic axis 1, 2 and 5 of each power of ten, where they stand.
        let candidates = |wanted: usize| -> Vec<f64> {
            if !self.roles.log_x {
                return axis::ticks(range, wanted);
            }
            let steps: &[f64] = if wanted > 4 { &[1.0, 2.0, 5.0] } else { &[1.0] };
            let (low, high) = (range.0.floor() as i32, range.1.ceil() as i32);
            (low..=high)
                .step_by(if wanted > 2 { 1 } else { 3 })
                .flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)))
                .filter(|tick| (range.0..=range.1).contains(&tick.log10()))
                .collect()
        };
        let fits = |ticks: &[f64]| {
            let ends: Vec<(f64, f64)> = ticks
                .iter()
                .map(|&tick| {
                    let (at, half) = (x.at(self.axis_x(tick)), SMALL.width(&number.tick(tick)) / 2.0);
                    (at - half, at + half)
                })
                .collect();
            ends.windows(2).all(|pair| pair[0].1 + 12.0 <= pair[1].0)
        };
        let chosen = (1..=6).rev().map(candidates).find(|ticks| fits(ticks)).unwrap_or_default();
        for tick in chosen {
            let (at, words) = (x.at(self.axis_x(tick)), number.tick(tick));
            page.scene.vertical(at, top, bottom, 1.0, GRID);
            let half = SMALL.width(&words) / 2.0;
            if at - half >= 4.0 && at + half <= page.scene.width - 4.0 {
                page.scene.lines(at, bottom + 6.0, &[words], SMALL, Anchor::Middle);
            }
        }
    }

    fn draw_points(&self, page: &mut Page, places: &[(f64, f64)]) {
        // Highlighted points lie above the others.
        for highlight in [false, true] {
            let points = self.points.iter().zip(places).filter(|(point, _)| point.highlight == highlight);
            for (point, &(x, y)) in points {
                let color = match &self.roles.tiers {
                    Some(ranking) => ranking.color(point.tier),
                    None if highlight => VERMILLION,
                    None => BLUE,
                };
                page.scene.circle(x, y, RADIUS + 1.0, WHITE);
                page.scene.circle(x, y, RADIUS, color);
                if point.base == Base::Small {
                    page.scene.circle(x, y, RADIUS - 2.0, WHITE);
                }
            }
        }
    }

    /// Writes the names of the fields into the corners; returns the room they take.
    fn draw_fields(&self, page: &mut Page, frame: &Room) -> Vec<Room> {
        let names = &self.roles.names;
        let style = SMALL.face(Face::Bold).color(MUTED);
        let (upper, lower) = (frame.top + FIELD / 2.0 - 2.0, frame.bottom - FIELD / 2.0 + 2.0);
        let corners = [
            (&names.low_high, frame.left + 8.0, upper, Anchor::Start),
            (&names.high_high, frame.right - 8.0, upper, Anchor::End),
            (&names.low_low, frame.left + 8.0, lower, Anchor::Start),
            (&names.high_low, frame.right - 8.0, lower, Anchor::End),
        ];
        let limit = (frame.right - frame.left) / 2.0 - 24.0;
        corners
            .into_iter()
            .map(|(name, x, middle, anchor)| {
                let words = style.shorten(name, limit);
                let width = style.width(&words);
                let left = if anchor == Anchor::End { x - width } else { x };
                let half = style.line() / 2.0;
                // White behind the name, where a median line would run through it.
                page.scene.rectangle(left - 4.0, middle - half, width + 8.0, 2.0 * half, WHITE);
                page.scene.centred(x, middle, words, style, anchor);
                Room {
                    left: left - 2.0,
                    top: middle - half,
                    right: left + width + 2.0,
                    bottom: middle + half,
                }
            })
            .collect()
    }

    /// Names points where there is room: highlighted ones first and by a leader if need be, then those
    /// far from the medians. Returns the points left without a name.
    fn draw_labels(
        &self,
        page: &mut Page,
        places: &[(f64, f64)],
        taken: Vec<Room>,
        lines: &[Room],
        frame: &Room,
    ) -> Vec<usize> {
        let spread =
            |values: &mut dyn Iterator<Item = f64>| axis::range(values).map_or(1.0, |(low, high)| high - low);
        let middle = (
            places.iter().map(|place| place.0).sum::<f64>() / places.len() as f64,
            places.iter().map(|place| place.1).sum::<f64>() / places.len() as f64,
        );
        let (wide, high) = (
            spread(&mut places.iter().map(|place| place.0)),
            spread(&mut places.iter().map(|place| place.1)),
        );
        let outlying = |at: usize| {
            let (x, y) = places[at];
            ((x - middle.0) / wide).powi(2) + ((y - middle.1) / high).powi(2)
        };
        let mut order: Vec<usize> = (0..self.points.len()).collect();
        order.sort_by(|&a, &b| {
            let (first, second) = (&self.points[a], &self.points[b]);
            second.highlight.cmp(&first.highlight).then(outlying(b).total_cmp(&outlying(a))).then(a.cmp(&b))
        });

        let mut best = self.arrange(&order, places, taken.clone(), lines, frame);
        // A highlighted point that found no place has the first choice in another attempt.
        for _ in 0..ATTEMPTS {
            let left_out = |names: &Names| {
                names.unnamed.iter().copied().filter(|at| self.points[*at].highlight).collect::<Vec<usize>>()
            };
            let without = left_out(&best);
            let Some(first) = without.first() else { break };
            let before = order.iter().position(|at| at == first).unwrap_or(0);
            order[..=before].rotate_right(1);
            let names = self.arrange(&order, places, taken.clone(), lines, frame);
            if left_out(&names).len() < without.len() {
                best = names;
            }
        }
        for (at, words, Placed { room, leader }) in best.placed {
            let style = label_style(&self.points[at]);
            let (wide, height) = (room.right - room.left, room.bottom - room.top);
            page.scene.rectangle(room.left - 1.0, room.top + 2.0, wide + 2.0, height - 4.0, WHITE);
            let baseline = room.top + style.size * font::ASCENT;
            page.scene.text(room.left, baseline, words, style, Anchor::Start);
            if let Some((from, to)) = leader {
                page.scene.shapes.push(Shape::Path { points: vec![from, to], width: 1.0, stroke: AXIS });
            }
        }
        best.unnamed.sort_unstable();
        best.unnamed
    }

    /// Finds places for names, one point after the other.
    fn arrange(
        &self,
        order: &[usize],
        places: &[(f64, f64)],
        mut taken: Vec<Room>,
        lines: &[Room],
        frame: &Room,
    ) -> Names {
        let mut names = Names { placed: Vec::new(), unnamed: Vec::new() };
        for &at in order {
            let point = &self.points[at];
            let style = label_style(point);
            let (limit, reach): (f64, &[f64]) = if point.highlight {
                (HIGHLIGHT_LIMIT, &[0.0, 14.0, 26.0, 40.0, 60.0, 85.0, 115.0, 150.0])
            } else {
                (LABEL_LIMIT, &[0.0, 16.0])
            };
            let words = style.shorten(&point.label, limit);
            let clear: Vec<Room> = taken.iter().chain(lines).copied().collect();
            let others = places.iter().enumerate().filter(|(other, _)| *other != at);
            let others: Vec<(f64, f64)> = others.map(|(_, place)| *place).collect();
            let placed = place(places[at], style, &words, &reach[..1], (&clear, &others), frame)
                .or_else(|| place(places[at], style, &words, reach, (&taken, &others), frame));
            match placed {
                Some(placed) => {
                    let leader = placed.leader.into_iter().flat_map(|(from, to)| along(from, to));
                    taken.extend(leader.map(|(x, y)| Room::around(x, y, 2.0)));
                    taken.push(placed.room);
                    names.placed.push((at, words, placed));
                }
                None => names.unnamed.push(at),
            }
        }
        names
    }
}

/// Where the names of points stand, and which points have none.
struct Names {
    placed: Vec<(usize, String, Placed)>,
    unnamed: Vec<usize>,
}

fn label_style(point: &Point) -> Style {
    match point {
        point if point.highlight => SMALL.face(Face::Bold).color(INK),
        point if point.base == Base::Small => SMALL.face(Face::Italic).color(INK),
        _ => SMALL.color(INK),
    }
}

/// A rectangle of the picture, from its left upper to its right lower corner.
#[derive(Debug, Clone, Copy)]
struct Room {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Room {
    fn around(x: f64, y: f64, half: f64) -> Self {
        Self { left: x - half, top: y - half, right: x + half, bottom: y + half }
    }

    fn meets(&self, other: &Room) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// How far a point is from it.
    fn gap(&self, (x, y): (f64, f64)) -> f64 {
        let wide = (self.left - x).max(x - self.right).max(0.0);
        let high = (self.top - y).max(y - self.bottom).max(0.0);
        wide.hypot(high)
    }

    fn holds(&self, other: &Room) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && self.right >= other.right
            && self.bottom >= other.bottom
    }
}

/// Points of a line, close enough together that nothing slips between them.
fn along(from: (f64, f64), to: (f64, f64)) -> impl Iterator<Item = (f64, f64)> {
    let steps = ((to.0 - from.0).hypot(to.1 - from.1) / 3.0).ceil().max(1.0);
    (0..=steps as usize).map(move |step| {
        let part = step as f64 / steps;
        (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
    })
}

struct Placed {
    room: Room,
    /// From the point to its name, where they are apart.
    leader: Option<((f64, f64), (f64, f64))>,
}

/// The first free place for a name around its point, nearest first.
fn place(
    (x, y): (f64, f64),
    style: Style,
    words: &str,
    reach: &[f64],
    (taken, others): (&[Room], &[(f64, f64)]),
    frame: &Room,
) -> Option<Placed> {
    let (width, height) = (style.width(words), style.size * (font::ASCENT + font::DESCENT));
    for &far in reach {
        for (dx, dy) in [
            (1.0, 0.0),
            (-1.0, 0.0),
            (0.0, -1.0),
            (0.0, 1.0),
            (1.0, -1.0),
            (-1.0, -1.0),
            (1.0, 1.0),
            (-1.0, 1.0),
            (1.0, -0.5),
            (-1.0, -0.5),
            (1.0, 0.5),
            (-1.0, 0.5),
            (0.5, -1.0),
            (-0.5, -1.0),
            (0.5, 1.0),
            (-0.5, 1.0),
        ] {
            let distance = RADIUS + 3.0 + far;
            let (end_x, end_y) = (x + dx * distance, y + dy * distance);
            // The name grows away from its point.
            let left = end_x
                + width
                    * if dx == 0.0 {
                        -0.5
                    } else if dx > 0.0 {
                        0.0
                    } else {
                        -1.0
                    };
            let top = end_y
                + height
                    * if dy == 0.0 {
                        -0.5
                    } else if dy > 0.0 {
                        0.0
                    } else {
                        -1.0
                    };
            let room = Room { left, top, right: left + width, bottom: top + height };
            let wide =
                Room { left: left - 2.0, top: top - 1.0, right: room.right + 2.0, bottom: room.bottom + 1.0 };
            let from = (x + dx * (RADIUS + 1.0), y + dy * (RADIUS + 1.0));
            // A leader ends a little before its name.
            let to = (end_x - dx * 3.0, end_y - dy * 3.0);
            let leads = far > 0.0;
            let crosses = || {
                let meets = |at: Room| taken.iter().any(|other| other.meets(&at));
                along(from, to).skip(1).any(|(x, y)| meets(Room::around(x, y, 1.5)))
            };
            // Without a leader a name belongs to the point that is nearest to it.
            let is_told_apart =
                || leads || others.iter().all(|other| room.gap(*other) >= room.gap((x, y)) + 4.0);
            if frame.holds(&room)
                && !taken.iter().any(|other| other.meets(&wide))
                && is_told_apart()
                && !(leads && crosses())
            {
                return Some(Placed { room, leader: leads.then_some((from, to)) });
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::page::LABEL;

    const FRAME: Room = Room { left: 0.0, top: 0.0, right: 400.0, bottom: 300.0 };

    #[test]
    fn a_name_stands_to_the_right_where_it_can() {
        let placed = place((100.0, 100.0), LABEL, "Nord", &[0.0], (&[], &[]), &FRAME).unwrap();
        assert!(placed.leader.is_none() && placed.room.left > 100.0);
        // At the right edge it turns to the left.
        let placed = place((395.0, 100.0), LABEL, "Nord", &[0.0], (&[], &[]), &FRAME).unwrap();
        assert!(placed.room.right < 395.0);
    }

    #[test]
    fn a_name_stands_by_no_other_point() {
        // The neighbour at the right is as near to a name there as its own point.
        let (point, neighbour) = ((100.0, 100.0), (140.0, 100.0));
        let taken = [Room::around(140.0, 100.0, RADIUS + 1.0)];
        let placed = place(point, LABEL, "Nord", &[0.0], (&taken, &[neighbour]), &FRAME).unwrap();
        assert!(placed.room.right < 100.0, "to the left: {:?}", placed.room);
        let surrounded = [(100.0, 70.0), (100.0, 130.0), (60.0, 100.0), neighbour];
        assert!(place(point, LABEL, "Nord", &[0.0], (&[], &surrounded), &FRAME).is_none());
    }

    #[test]
    fn a_name_without_room_is_led_away_or_left_out() {
        let crowd =
            [Room { left: 60.0, top: 80.0, right: 93.0, bottom: 120.0 }, Room::around(150.0, 100.0, 40.0)];
        let above = [Room::around(100.0, 84.0, 6.0), Room::around(100.0, 116.0, 6.0)];
        let taken: Vec<Room> = crowd.into_iter().chain(above).collect();
        assert!(
            place((100.0, 100.0), LABEL, "A long name of a partner", &[0.0], (&taken, &[]), &FRAME).is_none()
        );
    }
}
