//! Lines over time, one for each series, with the interval as a ribbon and a gap where there is no
//! value.

use super::axis::{self, Scale};
use super::bar::widest;
use super::base::{self, Base};
use super::finding::{self, Finding};
use super::font::{self, Face};
use super::page::{LABEL, Page, SMALL};
use super::palette::{AXIS, Color, GRID, OTHER_SERIES, SERIES, WHITE};
use super::records::{Records, heading};
use super::scene::{Anchor, Shape};
use super::{DataTable, Drawn, FigureError, Number, Spec};

/// The columns that fill the roles of a line chart.
#[derive(Debug, Clone)]
pub struct Line {
    /// The moment or wave: dates and numbers stand at their distance, texts in the order of the table.
    pub x: String,
    /// The value.
    pub y: String,
    /// One line for each value of these columns; none: a single line.
    pub series: Vec<String>,
    /// The lower end of the interval.
    pub low: Option<String>,
    /// The upper end of the interval.
    pub high: Option<String>,
    /// The number of answers behind a value.
    pub n: Option<String>,
    /// `*` and `**` for small bases; none: told from `n`.
    pub base_mark: Option<String>,
    /// Columns of `higher` and `lower`; the first that has any is drawn at the points.
    pub findings: Vec<String>,
    /// The place that a value was compared with, in the words of `x`.
    pub compared_with: Option<String>,
}

pub(super) struct Lines<'a> {
    roles: &'a Line,
    /// The places on the horizontal axis in their order.
    xs: Vec<Place>,
    series: Vec<Series>,
    /// The column that the findings were read from.
    compared: Option<&'a str>,
    /// What values were compared with, as far as one phrase tells it.
    against: Option<String>,
}

struct Place {
    /// As the table has it.
    name: String,
    label: String,
    position: f64,
}

struct Series {
    name: Option<String>,
    /// One for each place.
    points: Vec<Option<Point>>,
}

#[derive(Clone, Copy)]
struct Point {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    n: Option<f64>,
    base: Base,
    finding: Option<Finding>,
}

const PLOT: f64 = 300.0;
const NAME_LIMIT: f64 = 150.0;
const NAME_LINES: usize = 2;
const TICK_LIMIT: f64 = 120.0;
/// With more points than this only the hollow ones are marked.
const MARKED: usize = 40;
/// With more lines than this their bases are told in a sentence.
const BASES: usize = 6;
/// The ribbons of more lines than this hide each other.
const RIBBONS: usize = 4;

impl Line {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Lines<'_>, FigureError> {
        let texts = records.texts(&self.x)?;
        let positions = records.positions(&self.x)?;
        let values = records.numbers(&self.y)?;
        let low = records.optional_numbers(self.low.as_deref())?;
        let high = records.optional_numbers(self.high.as_deref())?;
        let n = records.optional_numbers(self.n.as_deref())?;
        let bases = base::read(records, self.base_mark.as_deref(), &n)?;
        let (findings, compared) = finding::read(records, &self.findings)?;
        let names = records.labels(&self.series)?;
        let others = match &self.compared_with {
            Some(column) => records.texts(column)?,
            None => vec![None; records.len()],
        };

        let mut xs: Vec<Place> = Vec::new();
        let mut series: Vec<Series> = Vec::new();
        let mut placed = Vec::new();
        for row in 0..records.len() {
            let Some(label) = &texts[row] else { continue };
            let place = xs.iter().position(|x| x.name == *label).unwrap_or_else(|| {
                let position = match &positions {
                    Some(positions) => positions[row].unwrap_or_default(),
                    None => xs.len() as f64,
                };
                xs.push(Place { name: label.clone(), label: label.clone(), position });
                xs.len() - 1
            });
            let name = &names[row];
            let line = series.iter().position(|line| line.name == *name).unwrap_or_else(|| {
                series.push(Series { name: name.clone(), points: Vec::new() });
                series.len() - 1
            });
            if let Some(value) = values[row] {
                let (low, high, n) = (low[row], high[row], n[row]);
                let point = Point { value, low, high, n, base: bases[row], finding: findings[row] };
                placed.push((row, line, place, point));
            }
        }
        // Places in the order of the axis; points refer to them by that order.
        let mut order: Vec<usize> = (0..xs.len()).collect();
        order.sort_by(|&a, &b| xs[a].position.total_cmp(&xs[b].position));
        let mut rank = vec![0; xs.len()];
        for (at, &place) in order.iter().enumerate() {
            rank[place] = at;
        }
        for line in &mut series {
            line.points = vec![None; xs.len()];
        }
        let mut compared_places = Vec::new();
        for (row, line, place, point) in placed {
            series[line].points[rank[place]] = Some(point);
            if let (Some(other), Some(_)) = (&others[row], point.finding) {
                let other = xs.iter().position(|x| x.name == *other).map(|other| rank[other]);
                compared_places.push((line, rank[place], other));
            }
        }
        xs.sort_by(|a, b| a.position.total_cmp(&b.position));
        let labels = dates_in_words(xs.iter().map(|x| x.label.as_str()));
        if let Some(labels) = labels {
            for (x, label) in xs.iter_mut().zip(labels) {
                x.label = label;
            }
        }
        let against = against(&compared_places, &series, &xs);
        Ok(Lines { roles: self, xs, series, compared, against })
    }
}

/// What the marked values were compared with: each with the one before it on its line, all with the same
/// place, or else only some earlier one. None where the table does not tell.
fn against(compared: &[(usize, usize, Option<usize>)], series: &[Series], xs: &[Place]) -> Option<String> {
    let (_, _, first) = compared.first()?;
    let before = |line: usize, place: usize| (0..place).rev().find(|&at| series[line].points[at].is_some());
    if compared.iter().all(|&(line, place, other)| other.is_some() && other == before(line, place)) {
        return Some("the value before it".to_owned());
    }
    match first {
        Some(one) if compared.iter().all(|(_, _, other)| other == first) => Some(xs[*one].label.clone()),
        _ => Some("an earlier value".to_owned()),
    }
}

impl Lines<'_> {
    /// What marked values are significantly different from.
    fn against(&self) -> Option<&str> {
        self.against.as_deref().or_else(|| finding::compared(self.compared?))
    }

    /// The ends of what is drawn, intervals included.
    pub(super) fn range(&self) -> Option<(f64, f64)> {
        let ends = |point: &Point| [Some(point.value), point.low, point.high];
        axis::range(self.points().flat_map(ends).flatten())
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(|line| line.points.iter().flatten())
    }

    /// What the values are.
    fn measure(&self, spec: &Spec) -> String {
        spec.measure.clone().unwrap_or_else(|| heading(&self.roles.y))
    }

    /// The findings in a sentence: how many there are, the first few with their places.
    fn told_findings(&self) -> String {
        const TOLD: usize = 6;
        if self.compared.is_none() {
            return String::new();
        }
        let than = self.against().map_or(String::new(), |than| format!(" from {than}"));
        let found: Vec<String> = (self.series.iter())
            .flat_map(|line| line.points.iter().zip(&self.xs).map(move |(point, x)| (line, point, x)))
            .filter_map(|(line, point, x)| {
                let finding = (*point)?.finding?;
                let name = line.name.as_deref().map(|name| format!("{name} ")).unwrap_or_default();
                Some(format!("{name}{} in {}", finding.word(), x.label))
            })
            .collect();
        match found.len() {
            0 => format!(" No value differs significantly{than}."),
            count if count > TOLD => {
                format!(
                    " Significantly different{than}: {}, and {} more.",
                    found[..TOLD].join(", "),
                    count - TOLD
                )
            }
            _ => format!(" Significantly different{than}: {}.", found.join(", ")),
        }
    }

    fn number(&self, spec: &Spec) -> Number {
        spec.number.unwrap_or_else(|| Number::fitting(self.points().map(|point| point.value)))
    }
}

impl Drawn for Lines<'_> {
    fn is_empty(&self) -> bool {
        self.points().next().is_none()
    }

    fn alt(&self, spec: &Spec) -> String {
        let number = self.number(spec);
        let lines =
            if self.series.len() == 1 { "1 line".into() } else { format!("{} lines", self.series.len()) };
        let (first, last) = (&self.xs[0].label, &self.xs[self.xs.len() - 1].label);
        let span = if self.xs.len() == 1 { first.clone() } else { format!("{first} to {last}") };
        let mut alt = format!("Line chart, {lines}: {}, {span}.", self.measure(spec));
        let shown = if self.series.len() <= 8 { self.series.len() } else { 0 };
        for line in &self.series[..shown] {
            let known: Vec<(usize, &Point)> = line
                .points
                .iter()
                .enumerate()
                .filter_map(|(at, point)| Some((at, point.as_ref()?)))
                .collect();
            let name = line.name.as_deref().map(|name| format!("{name} ")).unwrap_or_default();
            match known.as_slice() {
                [] => alt.push_str(&format!(" {name}without values.")),
                [(at, only)] => {
                    alt.push_str(&format!(" {name}{} in {}.", number.show(only.value), self.xs[*at].label));
                }
                [(_, first), .., (at, last)] => {
                    let (from, to) = (number.show(first.value), number.show(last.value));
                    alt.push_str(&format!(" {name}from {from} to {to} in {}.", self.xs[*at].label));
                }
            }
        }
        alt.push_str(&self.told_findings());
        alt.push_str(&base::alt(self.points().map(|point| point.base), self.roles.base_mark.is_some()));
        alt
    }

    fn data(&self, spec: &Spec) -> DataTable {
        let number = self.number(spec);
        let show = |value: Option<f64>| value.map(|value| number.show(value)).unwrap_or_default();
        let roles = self.roles;
        let named = !roles.series.is_empty();
        let mut header = Vec::new();
        header.extend(named.then(|| heading(&roles.series.join(" · "))));
        header.extend([heading(&roles.x), self.measure(spec)]);
        header
            .extend([&roles.low, &roles.high, &roles.n].into_iter().flatten().map(|column| heading(column)));
        header.extend(self.compared.is_some().then(|| "Significant".to_owned()));
        let mut rows = Vec::new();
        for line in &self.series {
            for (x, point) in self.xs.iter().zip(&line.points) {
                let mut cells = Vec::new();
                cells.extend(named.then(|| line.name.clone().unwrap_or_else(|| "All".into())));
                cells.extend([x.label.clone(), show(point.map(|point| point.value))]);
                cells.extend(roles.low.is_some().then(|| show(point.and_then(|point| point.low))));
                cells.extend(roles.high.is_some().then(|| show(point.and_then(|point| point.high))));
                let n = || point.map(|point| base::n_with_mark(point.n, point.base)).unwrap_or_default();
                cells.extend(roles.n.is_some().then(n));
                let found =
                    || point.and_then(|point| point.finding).map_or(String::new(), |f| f.word().into());
                cells.extend(self.compared.is_some().then(found));
                rows.push(cells);
            }
        }
        DataTable { header, rows }
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let number = self.number(spec);
        let range = spec.range.or_else(|| self.range()).unwrap_or((0.0, 1.0));
        let range = axis::rounded(range, 6);
        let ticks = axis::ticks(range, 6);

        let keys = finding::keys(self.points().filter_map(|point| point.finding), self.against());
        if !keys.is_empty() {
            page.legend(&keys);
            page.y += 12.0;
        }
        let names = self.names(number);
        let names_height: f64 = names.iter().map(|name| name.height + 2.0).sum();
        let names_width = widest(names.iter().map(|name| name.width));
        let ticks_width = widest(ticks.iter().map(|&tick| SMALL.width(&number.tick(tick))));
        let (left, right) = (page.left() + ticks_width + 10.0, page.right() - names_width - 30.0);
        let (top, bottom) = (page.y + 8.0, page.y + 8.0 + PLOT.max(names_height));
        let y = Scale::new(range, (bottom, top));
        let span = axis::range(self.xs.iter().map(|x| x.position)).unwrap_or((0.0, 1.0));
        let x = Scale::new(span, (left + 10.0, right - 10.0));

        for &tick in &ticks {
            let at = y.at(tick);
            let color = if tick == 0.0 { AXIS } else { GRID };
            page.scene.horizontal(left, right, at, 1.0, color);
            page.scene.centred(left - 10.0, at, number.tick(tick), SMALL, Anchor::End);
        }
        let ribbons = self.series.len() <= RIBBONS;
        for (at, line) in self.series.iter().enumerate().filter(|_| ribbons) {
            self.draw_ribbon(page, line, color_of(at), x, y);
        }
        // The first line lies on top, and coloured ones above grey ones.
        for (at, line) in self.series.iter().enumerate().rev() {
            self.draw_line(page, line, color_of(at), x, y);
        }
        self.draw_names(page, &names, x, y, (top, bottom), right);
        page.y = bottom + 10.0;
        let all_named = self.draw_places(page, x, bottom);
        let bases_shown = all_named && self.draw_bases(page, x);

        // `*` is written only beside the last value of a line.
        let ends = self.series.iter().filter_map(|line| line.points.iter().flatten().next_back());
        let low = ends.map(|point| point.base).filter(|base| *base == Base::Low);
        let small = self.points().map(|point| point.base).filter(|base| *base == Base::Small);
        let hidden = !ribbons && self.points().any(|point| point.low.is_some() && point.high.is_some());
        let hidden =
            hidden.then(|| "The intervals of so many lines are in the data of this chart only.".to_owned());
        let bands = ribbons && self.points().any(|point| point.low.is_some() && point.high.is_some());
        let bands = bands.then(|| {
            "Bands: confidence intervals, in which the value of all, not only of those asked, is expected to lie."
                .to_owned()
        });
        let bases = if bases_shown { None } else { self.told_bases() };
        base::note(low.chain(small), base::HOLLOW_POINTS, self.roles.base_mark.is_some())
            .into_iter()
            .chain(bands)
            .chain(bases)
            .chain(hidden)
            .collect()
    }
}

/// The name of a line, to be written at its end.
struct Name {
    series: usize,
    place: usize,
    value: f64,
    lines: Vec<String>,
    score: String,
    width: f64,
    height: f64,
}

impl Lines<'_> {
    fn names(&self, number: Number) -> Vec<Name> {
        let ends = self.series.iter().enumerate().filter_map(|(at, line)| {
            let (place, point) =
                line.points.iter().enumerate().rev().find_map(|(at, point)| Some((at, (*point)?)))?;
            Some((at, line, place, point))
        });
        ends.map(|(series, line, place, point)| {
            let score =
                format!("{}{}", number.show(point.value), if point.base == Base::Low { "*" } else { "" });
            let bold = LABEL.face(Face::Bold);
            let name = match &line.name {
                Some(name) => name.as_str(),
                None if self.series.len() > 1 => "All",
                None => "",
            };
            let lines = LABEL.wrap(name, NAME_LIMIT, NAME_LINES).lines;
            let last = lines.last().map_or(0.0, |line| LABEL.width(line) + 7.0) + bold.width(&score);
            // The value follows the name where it fits on the same line.
            let own_line = last > NAME_LIMIT && !lines.is_empty();
            let names_width = widest(lines.iter().map(|line| LABEL.width(line)));
            let width = names_width.max(if own_line { bold.width(&score) } else { last });
            let count = lines.len().max(1) + usize::from(own_line);
            Name {
                series,
                place,
                value: point.value,
                lines,
                score,
                width,
                height: LABEL.line() * count as f64,
            }
        })
        .collect()
    }

    fn draw_ribbon(&self, page: &mut Page, line: &Series, color: Color, x: Scale, y: Scale) {
        let bounded = |at: usize| {
            let point = line.points[at]?;
            Some((x.at(self.xs[at].position), y.at(point.low?), y.at(point.high?)))
        };
        let mut run: Vec<(f64, f64, f64)> = Vec::new();
        for at in 0..=self.xs.len() {
            if let Some(ends) = (at < self.xs.len()).then(|| bounded(at)).flatten() {
                run.push(ends);
                continue;
            }
            if let [(x, low, high)] = run.as_slice() {
                page.scene.vertical(*x, *high, *low, 1.5, color);
            } else if !run.is_empty() {
                let upper = run.iter().map(|&(x, _, high)| (x, high));
                let lower = run.iter().rev().map(|&(x, low, _)| (x, low));
                let points = upper.chain(lower).collect();
                page.scene.shapes.push(Shape::Area { points, fill: color, opacity: 0.14 });
            }
            run.clear();
        }
    }

    fn draw_line(&self, page: &mut Page, line: &Series, color: Color, x: Scale, y: Scale) {
        let place = |at: usize, point: &Point| (x.at(self.xs[at].position), y.at(point.value));
        let mut run: Vec<(f64, f64)> = Vec::new();
        let mut runs = Vec::new();
        for (at, point) in line.points.iter().enumerate() {
            match point {
                Some(point) => run.push(place(at, point)),
                None => runs.push(std::mem::take(&mut run)),
            }
        }
        runs.push(run);
        let known = line.points.iter().flatten().count();
        for points in runs.into_iter().filter(|run| !run.is_empty()) {
            if let [(x, y)] = points.as_slice()
                && known > MARKED
            {
                page.scene.circle(*x, *y, 2.5, color);
            }
            page.scene.shapes.push(Shape::Path { points, width: 2.0, stroke: color });
        }
        for (at, point) in line.points.iter().enumerate() {
            let Some(point) = point else { continue };
            let (x, y) = place(at, point);
            if point.base == Base::Small {
                page.scene.circle(x, y, 4.5, color);
                page.scene.circle(x, y, 2.5, WHITE);
            } else if known <= MARKED {
                page.scene.circle(x, y, 4.5, WHITE);
                page.scene.circle(x, y, 3.5, color);
            }
            if let Some(finding) = point.finding {
                let away = if finding.is_higher() { -13.0 } else { 13.0 };
                finding.draw(&mut page.scene, x, y + away, color);
            }
        }
    }

    /// Writes each line's name at its end, moved apart where two would meet.
    fn draw_names(
        &self,
        page: &mut Page,
        names: &[Name],
        x: Scale,
        y: Scale,
        (top, bottom): (f64, f64),
        right: f64,
    ) {
        let mut order: Vec<&Name> = names.iter().collect();
        order.sort_by(|a, b| y.at(a.value).total_cmp(&y.at(b.value)).then(a.series.cmp(&b.series)));
        let wanted: Vec<(f64, f64)> =
            order.iter().map(|name| (y.at(name.value) - name.height / 2.0, name.height + 2.0)).collect();
        let tops = apart(&wanted, top - 8.0, bottom + 8.0);
        let text = right + 30.0;
        for (name, at) in order.into_iter().zip(tops) {
            let color = color_of(name.series);
            let (end_x, end_y) = (x.at(self.xs[name.place].position), y.at(name.value));
            let middle = at + name.height / 2.0;
            if (middle - end_y).abs() > 3.0 || end_x < right - 12.0 {
                let points = vec![(end_x + 7.0, end_y), (right + 4.0, end_y), (right + 14.0, middle)];
                page.scene.shapes.push(Shape::Path { points, width: 1.0, stroke: AXIS });
            }
            page.scene.horizontal(right + 14.0, right + 24.0, middle, 3.0, color);
            page.scene.lines(text, at, &name.lines, LABEL, Anchor::Start);
            let bold = LABEL.face(Face::Bold);
            let rows = (name.height / LABEL.line()).round() as usize;
            let beside = rows == name.lines.len();
            let indent = match name.lines.last() {
                Some(line) if beside => LABEL.width(line) + 7.0,
                _ => 0.0,
            };
            let row = at + LABEL.line() * (rows - 1) as f64;
            page.scene.lines(text + indent, row, std::slice::from_ref(&name.score), bold, Anchor::Start);
        }
    }

    /// Writes as many places under the axis as there is room for, evenly chosen, and tells whether these
    /// are all of them.
    fn draw_places(&self, page: &mut Page, x: Scale, bottom: f64) -> bool {
        let style = SMALL;
        let edges = (page.left(), page.scene.width - 8.0);
        let labels: Vec<font::Lines> = self.xs.iter().map(|x| style.wrap(&x.label, TICK_LIMIT, 2)).collect();
        let boxed = |at: usize| {
            let half = widest(labels[at].lines.iter().map(|line| style.width(line))) / 2.0;
            let middle =
                x.at(self.xs[at].position).clamp(edges.0 + half, (edges.1 - half).max(edges.0 + half));
            (middle - half, middle, middle + half)
        };
        let chosen = (1..=self.xs.len())
            .map(|step| (0..self.xs.len()).step_by(step).collect::<Vec<_>>())
            .find(|chosen| chosen.windows(2).all(|pair| boxed(pair[0]).2 + 12.0 <= boxed(pair[1]).0))
            .unwrap_or_default();
        let mut rows = 0;
        for &at in &chosen {
            page.scene.vertical(x.at(self.xs[at].position), bottom, bottom + 5.0, 1.0, AXIS);
            page.scene.lines(boxed(at).1, page.y, &labels[at].lines, style, Anchor::Middle);
            rows = rows.max(labels[at].lines.len());
        }
        page.y += style.line() * rows as f64;
        chosen.len() == self.xs.len()
    }

    /// Writes how many answers are behind each value, a row for each line, and tells whether there was
    /// room for it.
    fn draw_bases(&self, page: &mut Page, x: Scale) -> bool {
        let words = |point: &Option<Point>| {
            point.map(|point| base::n_with_mark(point.n, point.base)).unwrap_or_default()
        };
        let rows: Vec<Vec<String>> =
            self.series.iter().map(|line| line.points.iter().map(words).collect()).collect();
        let wide = |row: &Vec<String>| {
            let half = |at: usize| SMALL.width(&row[at]) / 2.0 + 3.0;
            (1..row.len()).all(|at| {
                x.at(self.xs[at - 1].position) + half(at - 1) <= x.at(self.xs[at].position) - half(at)
            })
        };
        let known = self.points().any(|point| point.n.is_some());
        if !known || rows.len() > BASES || !rows.iter().all(wide) {
            return false;
        }
        page.y += 6.0;
        for (at, row) in rows.iter().enumerate() {
            let middle = page.y + SMALL.line() / 2.0;
            if rows.len() > 1 {
                page.scene.horizontal(page.left(), page.left() + 10.0, middle, 3.0, color_of(at));
            }
            let left = page.left() + if rows.len() > 1 { 14.0 } else { 0.0 };
            page.scene.lines(left, page.y, &["n".to_owned()], SMALL, Anchor::Start);
            for (place, words) in self.xs.iter().zip(row) {
                page.scene.lines(
                    x.at(place.position),
                    page.y,
                    std::slice::from_ref(words),
                    SMALL,
                    Anchor::Middle,
                );
            }
            page.y += SMALL.line() + 1.0;
        }
        true
    }

    /// How many answers are behind the values, where there is no room for each of them.
    fn told_bases(&self) -> Option<String> {
        let bases = || self.points().filter_map(|point| point.n);
        let (low, high) = axis::range(bases())?;
        let (low, high) = (crate::number::count(low), crate::number::count(high));
        Some(match low == high {
            true => format!("Answers behind each value: {low}."),
            false => format!("Answers behind a value: {low} to {high}; each in the data of this chart."),
        })
    }
}

/// Tops of boxes `(wanted top, height)`, in their order, moved apart as little as it takes and kept
/// between two edges where they fit.
fn apart(wanted: &[(f64, f64)], from: f64, to: f64) -> Vec<f64> {
    let mut tops = Vec::with_capacity(wanted.len());
    let mut free = from;
    for &(top, height) in wanted {
        let top = top.max(free);
        tops.push(top);
        free = top + height;
    }
    let mut end = to;
    for (top, &(_, height)) in tops.iter_mut().zip(wanted).rev() {
        *top = top.min(end - height);
        end = *top;
    }
    // Boxes that do not fit together start at the upper edge.
    let over = (from - tops.first().copied().unwrap_or(from)).max(0.0);
    tops.iter().map(|top| top + over).collect()
}

fn color_of(series: usize) -> Color {
    SERIES.get(series).copied().unwrap_or(OTHER_SERIES)
}

/// ISO dates as people write them, where all of them are the first of a month or of a year.
fn dates_in_words<'a>(labels: impl Iterator<Item = &'a str>) -> Option<Vec<String>> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<(&str, usize)> = labels
        .map(|label| {
            let (year, rest) = label.split_once('-')?;
            let month = rest.get(..2)?.parse().ok()?;
            (rest.len() == 5 && rest.ends_with("-01") && (1..=12).contains(&month)).then_some((year, month))
        })
        .collect::<Option<_>>()?;
    let years = parts.len() > 1 && parts.iter().all(|&(_, month)| month == 1);
    Some(
        parts
            .into_iter()
            .map(
                |(year, month)| if years { year.to_owned() } else { format!("{} {year}", MONTHS[month - 1]) },
            )
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_moved_apart_and_kept_inside() {
        assert_eq!(apart(&[(0.0, 10.0), (2.0, 10.0), (50.0, 10.0)], 0.0, 60.0), [0.0, 10.0, 50.0]);
        assert_eq!(apart(&[(50.0, 10.0), (55.0, 10.0)], 0.0, 60.0), [40.0, 50.0]);
        assert_eq!(apart(&[(5.0, 10.0), (5.0, 10.0)], 0.0, 12.0), [0.0, 10.0]);
        assert!(apart(&[], 0.0, 1.0).is_empty());
    }

    #[test]
    fn months_are_named_where_all_dates_are_months() {
        let words = |labels: &[&str]| dates_in_words(labels.iter().copied());
        assert_eq!(words(&["2026-01-01", "2026-02-01"]).unwrap(), ["Jan 2026", "Feb 2026"]);
        assert_eq!(words(&["2025-01-01", "2026-01-01"]).unwrap(), ["2025", "2026"]);
        assert_eq!(words(&["2026-01-01", "2026-02-03"]), None);
        assert_eq!(words(&["Wave 1"]), None);
    }
}
