//! The change of a score between two waves, taken apart: of each segment what its answers (rate) and
//! its size (mix) added, as bars to both sides of zero, the whole on top.

use super::axis::{self, Scale};
use super::bar::widest;
use super::base::{self, Base};
use super::font::Face;
use super::page::{Key, LABEL, Page, SMALL, Swatch};
use super::palette::{AXIS, BAND, BLUE, Color, INK, OUTLINE, SKY};
use super::records::{Records, heading};
use super::scene::{Anchor, Style};
use super::{DataTable, Drawn, FigureError, Number, Spec, arrange, cut_note};
use crate::number;

/// The columns that fill the roles of a change: one record for each segment, one for everyone.
#[derive(Debug, Clone)]
pub struct Change {
    /// The segment.
    pub label: Vec<String>,
    /// True for the row of everyone; none: the rows without a label are.
    pub total: Option<String>,
    /// The score in the earlier wave.
    pub before: String,
    /// The score in the later wave.
    pub after: String,
    /// Points that the size of the segment added.
    pub mix: String,
    /// Points that the answers of the segment added.
    pub rate: String,
    /// Both together.
    pub change: Option<String>,
    /// Share of everyone in the earlier wave, 0–1.
    pub share_before: Option<String>,
    /// Share of everyone in the later wave, 0–1.
    pub share_after: Option<String>,
    /// The number of answers in the earlier wave.
    pub n_before: Option<String>,
    /// The number of answers in the later wave.
    pub n_after: Option<String>,
    /// The earlier and the later wave, in words.
    pub waves: (String, String),
}

pub(super) struct Changes<'a> {
    roles: &'a Change,
    rows: Vec<Row>,
}

#[derive(Clone)]
struct Row {
    label: String,
    everyone: bool,
    score: (Option<f64>, Option<f64>),
    share: (Option<f64>, Option<f64>),
    n: (Option<f64>, Option<f64>),
    mix: Option<f64>,
    rate: Option<f64>,
    change: Option<f64>,
    /// Of the smaller of the two bases.
    base: Base,
}

const LABEL_LIMIT: f64 = 170.0;
const LABEL_LINES: usize = 3;
const THICKNESS: f64 = 13.0;
/// Between the bars of rate and mix.
const SPLIT: f64 = 4.0;
const RATE: Color = BLUE;
const MIX: Color = SKY;
/// The head of the column of rate and mix together.
const SUM: &str = "together";
const FIGURE: Style = SMALL.color(INK);

impl Change {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Changes<'_>, FigureError> {
        let labels = records.labels(&self.label)?;
        let totals = match &self.total {
            Some(column) => records.flags(column)?,
            None => labels.iter().map(Option::is_none).collect(),
        };
        let (before, after) = (records.numbers(&self.before)?, records.numbers(&self.after)?);
        let (mix, rate) = (records.numbers(&self.mix)?, records.numbers(&self.rate)?);
        let optional = |column: &Option<String>| records.optional_numbers(column.as_deref());
        let change = optional(&self.change)?;
        let shares = (optional(&self.share_before)?, optional(&self.share_after)?);
        let n = (optional(&self.n_before)?, optional(&self.n_after)?);
        let rows = (0..records.len())
            .map(|row| Row {
                label: match &labels[row] {
                    Some(label) => label.clone(),
                    None if totals[row] => "All".into(),
                    None => "(none)".into(),
                },
                everyone: totals[row],
                score: (before[row], after[row]),
                share: (shares.0[row], shares.1[row]),
                n: (n.0[row], n.1[row]),
                mix: mix[row],
                rate: rate[row],
                change: change[row],
                base: Base::of(n.0[row]).max(Base::of(n.1[row])),
            })
            .collect();
        Ok(Changes { roles: self, rows })
    }
}

/// Parts of a change with their sign, with as many decimals as they need to be told apart.
#[derive(Debug, Clone, Copy)]
struct Points(usize);

impl Points {
    fn show(self, value: f64) -> String {
        let sign = if number::round_half_away(value, self.0) > 0.0 { "+" } else { "" };
        format!("{sign}{}", number::fixed(value, self.0)).replace('-', "−")
    }
}

/// From one value to another: `+18 → +23`.
fn passage(number: Number, (before, after): (Option<f64>, Option<f64>)) -> Option<String> {
    let show = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| number.show(value));
    (before.is_some() || after.is_some()).then(|| format!("{} to {}", show(before), show(after)))
}

impl Row {
    /// What is told of the segment below its name: scores, sizes, bases.
    fn told(&self) -> Vec<String> {
        let score = passage(Number::Score, self.score).map(|score| format!("{score} points"));
        let share = passage(Number::Percent, self.share).filter(|_| !self.everyone);
        let based = |n: Option<f64>| base::n_with_mark(n, Base::of(n));
        let n = match self.n {
            (Some(_), Some(_)) => Some(format!("n = {} and {}", based(self.n.0), based(self.n.1))),
            _ => None,
        };
        let share = share.map(|share| format!("{share} of all"));
        [score, share, n].into_iter().flatten().collect()
    }

    /// How much the segment moved the whole, by which segments are ordered.
    fn moved(&self) -> Option<f64> {
        self.change.or(match (self.rate, self.mix) {
            (None, None) => None,
            (rate, mix) => Some(rate.unwrap_or(0.0) + mix.unwrap_or(0.0)),
        })
    }
}

impl Changes<'_> {
    /// Everyone first, then the segments in the wanted order.
    fn sorted(&self, spec: &Spec) -> Vec<Row> {
        let (mut rows, mut others): (Vec<Row>, Vec<Row>) =
            self.rows.iter().cloned().partition(|row| row.everyone);
        arrange(&mut others, spec.sort, Row::moved, |row| &row.label);
        rows.extend(others);
        rows
    }

    fn points(&self) -> Points {
        let parts = self.rows.iter().flat_map(|row| [row.rate, row.mix, row.change]).flatten();
        Points(if parts.fold(0.0, |most: f64, part| most.max(part.abs())) < 2.0 { 2 } else { 1 })
    }

    fn span(&self) -> String {
        format!("from {} to {}", self.roles.waves.0, self.roles.waves.1)
    }
}

impl Drawn for Changes<'_> {
    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn alt(&self, _: &Spec) -> String {
        let segments = self.rows.iter().filter(|row| !row.everyone).count();
        let plural = if segments == 1 { "" } else { "s" };
        let mut alt = format!(
            "Change of the net promoter score {}, {segments} segment{plural}, each split into rate (other \
             answers) and mix (another size).",
            self.span()
        );
        let points = self.points();
        for row in self.rows.iter().filter(|row| row.everyone) {
            if let Some(score) = passage(Number::Score, row.score) {
                alt.push_str(&format!(" All: {score}"));
                let parts = [("change", row.change), ("rate", row.rate), ("mix", row.mix)];
                for (name, value) in parts {
                    if let Some(value) = value {
                        alt.push_str(&format!(", {name} {}", points.show(value)));
                    }
                }
                alt.push('.');
            }
        }
        let mut known: Vec<(&str, &str, f64)> = (self.rows.iter().filter(|row| !row.everyone))
            .flat_map(|row| [("rate", row.rate), ("mix", row.mix)].map(|(what, value)| (row, what, value)))
            .filter_map(|(row, what, value)| Some((row.label.as_str(), what, value?)))
            .collect();
        known.sort_by(|a, b| b.2.total_cmp(&a.2));
        let tell =
            |(label, what, value): &(&str, &str, f64)| format!("{label} {what} {}", points.show(*value));
        match known.as_slice() {
            [] => {}
            [only] => alt.push_str(&format!(" {}.", tell(only))),
            [highest, .., lowest] => {
                alt.push_str(&format!(" Highest: {}; lowest: {}.", tell(highest), tell(lowest)));
            }
        }
        alt.push_str(&base::alt(self.rows.iter().map(|row| row.base), false));
        alt
    }

    fn data(&self, spec: &Spec) -> DataTable {
        let roles = self.roles;
        let (earlier, later) = (&roles.waves.0, &roles.waves.1);
        let mut header: Vec<String> = vec![heading(&roles.label.join(" · "))];
        header.extend([format!("Score {earlier}"), format!("Score {later}")]);
        header.extend(roles.share_before.is_some().then(|| format!("Share {earlier}")));
        header.extend(roles.share_after.is_some().then(|| format!("Share {later}")));
        header.extend(roles.n_before.is_some().then(|| format!("n {earlier}")));
        header.extend(roles.n_after.is_some().then(|| format!("n {later}")));
        header.extend(["Rate", "Mix"].map(String::from));
        header.extend(roles.change.is_some().then(|| "Rate and mix".to_owned()));
        let show =
            |value: Option<f64>, number: Number| value.map(|value| number.show(value)).unwrap_or_default();
        let points = self.points();
        let part = |value: Option<f64>| value.map(|value| points.show(value)).unwrap_or_default();
        let rows = self
            .sorted(spec)
            .iter()
            .map(|row| {
                let mut cells = vec![row.label.clone()];
                cells.extend([show(row.score.0, Number::Score), show(row.score.1, Number::Score)]);
                cells.extend(roles.share_before.is_some().then(|| show(row.share.0, Number::Percent)));
                cells.extend(roles.share_after.is_some().then(|| show(row.share.1, Number::Percent)));
                let based = |n: Option<f64>| base::n_with_mark(n, Base::of(n));
                cells.extend(roles.n_before.is_some().then(|| based(row.n.0)));
                cells.extend(roles.n_after.is_some().then(|| based(row.n.1)));
                cells.extend([part(row.rate), part(row.mix)]);
                cells.extend(roles.change.is_some().then(|| part(row.change)));
                cells
            })
            .collect();
        DataTable { header, rows }
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let mut rows = self.sorted(spec);
        rows.truncate(spec.limit.unwrap_or(usize::MAX));
        let style = |row: &Row| match row {
            row if row.everyone => LABEL.face(Face::Bold),
            row if row.base == Base::Small => LABEL.face(Face::Italic),
            _ => LABEL,
        };
        let labels: Vec<Vec<String>> =
            rows.iter().map(|row| style(row).wrap(&row.label, LABEL_LIMIT, LABEL_LINES).lines).collect();
        let told: Vec<Vec<String>> = rows.iter().map(Row::told).collect();
        let told_width = widest(told.iter().flatten().map(|line| SMALL.width(line)));
        let label_width = widest(rows.iter().zip(&labels).flat_map(|(row, lines)| {
            let style = style(row);
            lines.iter().map(move |line| style.width(line))
        }))
        .max(told_width);

        let points = self.points();
        let values = || rows.iter().flat_map(|row| [row.rate, row.mix]).flatten();
        let room = widest(values().map(|value| FIGURE.width(&points.show(value)))) + 14.0;
        let given = spec.range.map_or([0.0, 0.0], |(low, high)| [low, high]);
        let (low, high) = axis::range(values().chain(given).chain([0.0])).unwrap_or((-1.0, 1.0));
        let from = page.left() + label_width + 20.0 + if low < 0.0 { room } else { 8.0 };
        let bold = LABEL.face(Face::Bold);
        let known = |row: &Row| row.change.map_or_else(|| "–".to_owned(), |value| points.show(value));
        let summed = |row: &Row| if self.roles.change.is_some() { known(row) } else { String::new() };
        let sums: Vec<String> = rows.iter().map(summed).collect();
        let sum_width = widest(sums.iter().map(|sum| bold.width(sum)));
        let summed = if sum_width > 0.0 { sum_width.max(SMALL.width(SUM)) + 12.0 } else { 0.0 };
        let to = page.right() - summed - if high > 0.0 { room } else { 8.0 };
        let scale = Scale::new((low, high), (from, to));

        let words = [
            (RATE, format!("Rate (upper bar): other answers {}", self.span())),
            (MIX, "Mix (lower bar): more or fewer of them".to_owned()),
        ];
        page.legend(&words.map(|(fill, words)| Key { swatch: Swatch::Fill(fill), words }));
        page.y += 8.0;
        if summed > 0.0 {
            page.scene.lines(page.right(), page.y, &[SUM.into()], SMALL, Anchor::End);
            page.y += SMALL.line() + 4.0;
        }

        let top = page.y;
        let mut bands = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let names = LABEL.line() * labels[at].len() as f64;
            let block = names + SMALL.line() * told[at].len() as f64;
            let height = block.max(2.0 * THICKNESS + SPLIT) + 14.0;
            bands.push((page.y, height));
            page.y += height + if row.everyone { 8.0 } else { 0.0 };
        }
        for (_, (y, height)) in rows.iter().zip(&bands).filter(|(row, _)| row.everyone) {
            let (left, width) = (page.left() - 10.0, page.inner() + 20.0);
            page.scene.rectangle(left, *y, width, *height, BAND);
        }
        page.scene.vertical(scale.at(0.0), top, page.y, 1.0, AXIS);
        for (at, (row, (y, height))) in rows.iter().zip(bands).enumerate() {
            let left = page.left();
            let names = LABEL.line() * labels[at].len() as f64;
            let block = names + SMALL.line() * told[at].len() as f64;
            let first = y + (height - block) / 2.0;
            page.scene.lines(left, first, &labels[at], style(row), Anchor::Start);
            page.scene.lines(left, first + names, &told[at], SMALL, Anchor::Start);
            let (middle, right) = (y + height / 2.0, page.right());
            page.scene.centred(right, middle, sums[at].clone(), bold, Anchor::End);
            let offset = (THICKNESS + SPLIT) / 2.0;
            draw_bar(page, scale, (row.rate, points), row, (RATE, middle - offset));
            draw_bar(page, scale, (row.mix, points), row, (MIX, middle + offset));
        }
        let explained = "Rate and mix are in points of the net promoter score; those of all segments add up \
                         to the change of all.";
        std::iter::once(explained.to_owned())
            .chain(base::note(rows.iter().map(|row| row.base), base::HOLLOW_BARS, false))
            .chain(cut_note(rows.len(), self.rows.len(), "rows; all are in the data of this chart"))
            .collect()
    }
}

fn draw_bar(
    page: &mut Page,
    scale: Scale,
    (value, points): (Option<f64>, Points),
    row: &Row,
    (fill, middle): (Color, f64),
) {
    let Some(value) = value else { return };
    let (zero, tip) = (scale.at(0.0), scale.at(value));
    let (from, to) = (zero.min(tip), zero.max(tip));
    let top = middle - THICKNESS / 2.0;
    let ground = if row.base == Base::Small { super::palette::WHITE } else { fill };
    let edge = if row.base == Base::Small && fill == RATE { RATE } else { OUTLINE };
    if fill == RATE && ground == RATE {
        page.scene.rectangle(from, top, to - from, THICKNESS, RATE);
    } else {
        page.scene.outlined(from, top, to - from, THICKNESS, ground, 1.5, edge);
    }
    let style = if row.everyone { FIGURE.face(Face::Bold) } else { FIGURE };
    let (x, anchor) = if value < 0.0 { (from - 6.0, Anchor::End) } else { (to + 6.0, Anchor::Start) };
    page.scene.centred(x, middle, points.show(value), style, anchor);
}
