//! Horizontal bars: one value for each label, with its interval and base where there are any.

use super::axis::{self, Scale};
use super::base::{self, Base};
use super::font::{Face, Lines};
use super::page::{LABEL, Page, SMALL};
use super::palette::{AXIS, BLUE, GRID, INK, WHITE};
use super::records::{Records, heading, words};
use super::scene::Anchor;
use super::{DataTable, Drawn, FigureError, Number, Spec, arrange, cut_note};
use crate::number;

/// The columns that fill the roles of a bar chart.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What a bar stands for; several columns are written one after the other.
    pub label: Vec<String>,
    /// The length of the bar.
    pub value: String,
    /// The lower end of the interval.
    pub low: Option<String>,
    /// The upper end of the interval.
    pub high: Option<String>,
    /// The number of answers behind the value.
    pub n: Option<String>,
    /// `*` and `**` for small bases; none: told from `n`.
    pub base_mark: Option<String>,
}

pub(super) struct Bars<'a> {
    roles: &'a Bar,
    rows: Vec<Row>,
}

#[derive(Clone)]
struct Row {
    label: String,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    n: Option<f64>,
    base: Base,
}

/// The widest a label may become before it is broken, and its lines.
const LABEL_LIMIT: f64 = 230.0;
const LABEL_LINES: usize = 3;
const THICKNESS: f64 = 18.0;
const ROW: f64 = 32.0;

impl Bar {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Bars<'_>, FigureError> {
        let labels = records.labels(&self.label)?;
        let values = records.numbers(&self.value)?;
        let low = records.optional_numbers(self.low.as_deref())?;
        let high = records.optional_numbers(self.high.as_deref())?;
        let n = records.optional_numbers(self.n.as_deref())?;
        let bases = base::read(records, self.base_mark.as_deref(), &n)?;
        let rows = (0..records.len())
            .map(|row| Row {
                label: labels[row].clone().unwrap_or_else(|| "(none)".into()),
                value: values[row],
                low: low[row],
                high: high[row],
                n: n[row],
                base: bases[row],
            })
            .collect();
        Ok(Bars { roles: self, rows })
    }
}

impl Bars<'_> {
    fn number(&self, spec: &Spec) -> Number {
        spec.number.unwrap_or_else(|| Number::fitting(self.rows.iter().filter_map(|row| row.value)))
    }

    /// What the values are.
    fn measure(&self, spec: &Spec) -> String {
        spec.measure.clone().unwrap_or_else(|| heading(&self.roles.value))
    }

    fn sorted(&self, spec: &Spec) -> Vec<Row> {
        let mut rows = self.rows.clone();
        arrange(&mut rows, spec.sort, |row| row.value, |row| &row.label);
        rows
    }
}

impl Drawn for Bars<'_> {
    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn alt(&self, spec: &Spec) -> String {
        let number = self.number(spec);
        let (what, of) = (self.measure(spec), words(&self.roles.label.join(" and ")));
        let bars = if self.rows.len() == 1 { "1 bar".into() } else { format!("{} bars", self.rows.len()) };
        let mut alt = format!("Bar chart, {bars}: {what} by {of}.");
        let tell = |row: &Row| {
            let value = row.value.map(|value| number.show(value)).unwrap_or_default();
            let n = row.n.map(|n| format!(" (n = {})", number::count(n))).unwrap_or_default();
            format!("{} {value}{n}", row.label)
        };
        let mut known: Vec<Row> = self.rows.iter().filter(|row| row.value.is_some()).cloned().collect();
        arrange(&mut known, super::Sort::Highest, |row| row.value, |row| &row.label);
        match known.as_slice() {
            [] => alt.push_str(" No bar has a value."),
            [only] => alt.push_str(&format!(" {}.", tell(only))),
            [highest, .., lowest] => {
                alt.push_str(&format!(" Highest: {}; lowest: {}.", tell(highest), tell(lowest)));
            }
        }
        alt.push_str(&base::alt(self.rows.iter().map(|row| row.base), self.roles.base_mark.is_some()));
        alt
    }

    fn data(&self, spec: &Spec) -> DataTable {
        let number = self.number(spec);
        let show = |value: Option<f64>| value.map(|value| number.show(value)).unwrap_or_default();
        let roles = self.roles;
        let mut header = vec![heading(&roles.label.join(" · ")), self.measure(spec)];
        header
            .extend([&roles.low, &roles.high, &roles.n].into_iter().flatten().map(|column| heading(column)));
        let rows = self
            .sorted(spec)
            .iter()
            .map(|row| {
                let mut cells = vec![row.label.clone(), show(row.value)];
                cells.extend(roles.low.is_some().then(|| show(row.low)));
                cells.extend(roles.high.is_some().then(|| show(row.high)));
                cells.extend(roles.n.is_some().then(|| base::n_with_mark(row.n, row.base)));
                cells
            })
            .collect();
        DataTable { header, rows }
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let number = self.number(spec);
        let mut rows = self.sorted(spec);
        rows.truncate(spec.limit.unwrap_or(usize::MAX));

        let face = |row: &Row| if row.base == Base::Small { Face::Italic } else { Face::Regular };
        let labels: Vec<Lines> =
            rows.iter().map(|row| LABEL.face(face(row)).wrap(&row.label, LABEL_LIMIT, LABEL_LINES)).collect();
        let label_width = widest(rows.iter().zip(&labels).flat_map(|(row, label)| {
            let style = LABEL.face(face(row));
            label.lines.iter().map(move |line| style.width(line))
        }));
        let bases: Vec<String> = rows.iter().map(|row| base::n_with_mark(row.n, row.base)).collect();
        let has_n = self.roles.n.is_some();
        let n_width =
            if has_n { widest(bases.iter().map(|n| SMALL.width(n))).max(SMALL.width("n")) } else { 0.0 };
        let values: Vec<String> = rows
            .iter()
            .map(|row| row.value.map_or_else(|| "no value".into(), |value| number.show(value)))
            .collect();
        let value_style = LABEL.face(Face::Bold);
        let value_width = widest(values.iter().map(|value| value_style.width(value)));

        // Bars grow from zero, which is always in the picture.
        let ends = rows.iter().flat_map(|row| [row.value, row.low, row.high].into_iter().flatten());
        let given = spec.range.map_or([0.0, 0.0], |(low, high)| [low, high]);
        let (low, high) = axis::range(ends.chain(given).chain([0.0])).unwrap_or((0.0, 1.0));
        let (low, high) =
            if low == -1.0 && high == 1.0 && rows.iter().all(|row| row.value.is_none_or(|v| v == 0.0)) {
                (0.0, 1.0)
            } else {
                (low, high)
            };

        let n_right = page.left() + label_width + if has_n { 14.0 + n_width } else { 0.0 };
        let room = value_width + 8.0;
        let from = n_right + 20.0 + if low < 0.0 { room } else { 0.0 };
        let to = page.right() - if high > 0.0 { room } else { 0.0 };
        let scale = Scale::new((low, high), (from, to));

        if has_n {
            page.scene.lines(n_right, page.y, &["n".into()], SMALL, Anchor::End);
            page.y += SMALL.line() + 2.0;
        }
        let heights: Vec<f64> =
            labels.iter().map(|label| (LABEL.line() * label.lines.len() as f64 + 10.0).max(ROW)).collect();
        let (top, bottom) = (page.y, page.y + heights.iter().sum::<f64>());
        let ticks = draw_ticks(page, scale, (low, high), (top, bottom), number);

        for (at, row) in rows.iter().enumerate() {
            let middle = page.y + heights[at] / 2.0;
            let lines = &labels[at].lines;
            let block = LABEL.line() * lines.len() as f64;
            let left = page.left();
            page.scene.lines(left, middle - block / 2.0, lines, LABEL.face(face(row)), Anchor::Start);
            if has_n {
                page.scene.centred(n_right, middle, bases[at].clone(), SMALL, Anchor::End);
            }
            self.draw_bar(page, scale, row, middle);
            let (tip, value) = (row.value.unwrap_or(0.0), &values[at]);
            let beyond = |end: Option<f64>| end.unwrap_or(tip);
            let (x, anchor) = if tip < 0.0 {
                (scale.at(tip.min(beyond(row.low))) - 8.0, Anchor::End)
            } else {
                (scale.at(tip.max(beyond(row.high))) + 8.0, Anchor::Start)
            };
            let style = if row.value.is_some() { value_style } else { SMALL };
            page.scene.halo(x, middle, value, style, anchor);
            page.scene.centred(x, middle, value.clone(), style, anchor);
            page.y += heights[at];
        }
        page.scene.vertical(scale.at(0.0), top, bottom, 1.0, AXIS);
        page.y = bottom + if ticks { 6.0 + SMALL.line() } else { 4.0 };

        base::note(rows.iter().map(|row| row.base), base::HOLLOW_BARS, self.roles.base_mark.is_some())
            .into_iter()
            .chain(cut_note(rows.len(), self.rows.len(), "bars; all are in the data of this chart"))
            .collect()
    }
}

impl Bars<'_> {
    fn draw_bar(&self, page: &mut Page, scale: Scale, row: &Row, middle: f64) {
        let Some(value) = row.value else { return };
        let (from, to) = (scale.at(0.0).min(scale.at(value)), scale.at(0.0).max(scale.at(value)));
        let top = middle - THICKNESS / 2.0;
        if row.base == Base::Small {
            page.scene.outlined(from, top, to - from, THICKNESS, WHITE, 2.0, BLUE);
        } else {
            page.scene.rectangle(from, top, to - from, THICKNESS, BLUE);
        }
        if let (Some(low), Some(high)) = (row.low, row.high) {
            let (low, high) = (scale.at(low), scale.at(high));
            // White around it keeps the whisker apart from its bar.
            page.scene.horizontal(low, high, middle, 3.5, WHITE);
            page.scene.horizontal(low, high, middle, 1.5, INK);
            for end in [low, high] {
                page.scene.vertical(end, middle - 4.5, middle + 4.5, 1.5, INK);
            }
        }
    }
}

/// Draws light lines at round values with the values below them; says whether there were any.
fn draw_ticks(
    page: &mut Page,
    scale: Scale,
    range: (f64, f64),
    (top, bottom): (f64, f64),
    number: Number,
) -> bool {
    let fits = |ticks: &[f64]| {
        let boxes: Vec<(f64, f64)> =
            ticks.iter().map(|&tick| around(scale.at(tick), &number.tick(tick))).collect();
        boxes.windows(2).all(|pair| pair[0].1 + 12.0 <= pair[1].0)
    };
    let Some(ticks) = (1..=6).rev().map(|wanted| axis::ticks(range, wanted)).find(|ticks| fits(ticks)) else {
        return false;
    };
    for tick in &ticks {
        let x = scale.at(*tick);
        page.scene.vertical(x, top, bottom, 1.0, GRID);
        let words = number.tick(*tick);
        let (left, right) = around(x, &words);
        if left >= page.left() && right <= page.right() {
            page.scene.lines(x, bottom + 6.0, &[words], SMALL, Anchor::Middle);
        }
    }
    true
}

fn around(x: f64, words: &str) -> (f64, f64) {
    let half = SMALL.width(words) / 2.0;
    (x - half, x + half)
}

pub(super) fn widest(widths: impl IntoIterator<Item = f64>) -> f64 {
    widths.into_iter().fold(0.0, f64::max)
}
