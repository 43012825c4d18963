//! What sets the best tier apart from the last: the size of each difference with its interval, on one
//! scale, filled where chance alone hardly makes such a difference.

use std::collections::BTreeMap;

use super::axis::{self, Scale};
use super::bar::widest;
use super::font::{Face, Lines};
use super::page::{LABEL, Page, SMALL};
use super::palette::{AXIS, BLUE, Color, GRID, INK, MUTED, VERMILLION, WHITE};
use super::records::{Records, heading};
use super::scene::{Anchor, Shape};
use super::scorecard::Look;
use super::{DataTable, Drawn, FigureError, Number, Spec, arrange, cut_note};
use crate::number;

/// The columns that fill the roles of a contrast: those of the side table `high_low` of a score card,
/// which has a record for each attribute, or for each value of a text.
#[derive(Debug, Clone, Default)]
pub struct Contrast {
    /// How attributes are shown, by their columns.
    pub looks: BTreeMap<String, Look>,
}

pub(super) struct Differences {
    rows: Vec<Row>,
    /// The best tier and the last one.
    tiers: [String; 2],
}

#[derive(Clone)]
struct Row {
    label: String,
    /// Shares of yes rather than means.
    share: bool,
    /// How means are written; none: by their size.
    number: Option<Number>,
    n: [Option<f64>; 2],
    mean: [Option<f64>; 2],
    effect: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    p_adjusted: Option<f64>,
}

const LABEL_LIMIT: f64 = 190.0;
const LABEL_LINES: usize = 3;
const ROW: f64 = 30.0;
const DOT: f64 = 6.0;
/// The widest a column of means becomes.
const MEAN_LIMIT: f64 = 92.0;
/// Differences with a smaller p-value after the correction are filled.
const LEVEL: f64 = 0.05;
/// Fewer partners in a tier are a small base.
const FEW: f64 = 5.0;
const SHARES: &str = "Cohen's h";
const NOTHING: &str = "no comparison";

impl Contrast {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Differences, FigureError> {
        let (attributes, categories) = (records.texts("attribute")?, records.texts("category")?);
        let both =
            |high: &str, low: &str| Ok::<_, FigureError>([records.numbers(high)?, records.numbers(low)?]);
        let (n, mean) = (both("n_high", "n_low")?, both("mean_high", "mean_low")?);
        let [low, high] = both("conf_low", "conf_high")?;
        let (effect, p_adjusted) = (records.numbers("effect_size")?, records.numbers("p_adjusted")?);
        let measures = records.texts("effect_measure")?;
        let first = |column: &str| {
            let names = records.texts(column)?;
            Ok::<_, FigureError>(names.into_iter().flatten().next().unwrap_or_default())
        };
        let rows = (0..records.len())
            .map(|row| {
                let attribute = attributes[row].clone().unwrap_or_default();
                let look = self.looks.get(&attribute).cloned().unwrap_or_default();
                let title = look.title.unwrap_or_else(|| heading(&attribute));
                Row {
                    label: match &categories[row] {
                        Some(category) => format!("{title}: {category}"),
                        None => title,
                    },
                    share: measures[row].as_deref() == Some(SHARES),
                    number: look.number,
                    n: [n[0][row], n[1][row]],
                    mean: [mean[0][row], mean[1][row]],
                    effect: effect[row],
                    low: low[row],
                    high: high[row],
                    p_adjusted: p_adjusted[row],
                }
            })
            .collect();
        Ok(Differences { rows, tiers: [first("tier_high")?, first("tier_low")?] })
    }
}

impl Row {
    fn is_significant(&self) -> bool {
        self.p_adjusted.is_some_and(|p| p < LEVEL)
    }

    fn is_small(&self) -> bool {
        self.n.iter().any(|n| n.is_some_and(|n| n < FEW))
    }

    /// The mean or the share of a tier.
    fn mean(&self, tier: usize) -> String {
        let number = match self.share {
            true => Number::Percent,
            false => self.number.unwrap_or_else(|| Number::fitting(self.mean.iter().flatten().copied())),
        };
        self.mean[tier].map_or_else(|| "–".into(), |mean| number.show(mean))
    }

    fn label(&self) -> String {
        format!("{}{}", self.label, if self.is_small() { "**" } else { "" })
    }

    fn style(&self) -> super::scene::Style {
        match self {
            row if row.is_significant() => LABEL.face(Face::Bold),
            row if row.is_small() => LABEL.face(Face::Italic),
            _ => LABEL,
        }
    }

    /// `0.012`, `< 0.001`.
    fn p(&self) -> String {
        self.p_adjusted.map_or_else(String::new, |p| match p {
            p if p < 0.001 => "< 0.001".into(),
            p => number::fixed(p, 3),
        })
    }
}

impl Differences {
    /// In the wanted order; of more than the limit those with the largest differences.
    fn sorted(&self, spec: &Spec, limit: Option<usize>) -> Vec<Row> {
        let mut rows = self.rows.clone();
        if let Some(limit) = limit {
            rows.sort_by(|a, b| {
                let size = |row: &Row| row.effect.map_or(-1.0, f64::abs);
                size(b).total_cmp(&size(a))
            });
            rows.truncate(limit);
            if spec.sort == super::Sort::Given {
                let place = |row: &Row| self.rows.iter().position(|own| own.label == row.label);
                rows.sort_by_key(place);
            }
        }
        arrange(&mut rows, spec.sort, |row| row.effect, |row| &row.label);
        rows
    }

    fn told(&self, row: &Row) -> String {
        let [high, low] = &self.tiers;
        let (mean_high, mean_low) = (row.mean(0), row.mean(1));
        format!("{} ({mean_high} in “{high}”, {mean_low} in “{low}”)", row.label)
    }

    /// The bases of both tiers, as far as they are the same for all attributes.
    fn bases(&self) -> String {
        let of = |tier: usize| {
            let known = || self.rows.iter().filter_map(|row| row.n[tier]);
            let (low, high) = (known().fold(f64::MAX, f64::min), known().fold(0.0, f64::max));
            let partners = if high == 1.0 { "partner" } else { "partners" };
            let name = &self.tiers[tier];
            if low < high {
                format!("{} to {} {partners} in “{name}”", number::count(low), number::count(high))
            } else {
                format!("{} {partners} in “{name}”", number::count(high))
            }
        };
        format!("Base: {}, {}.", of(0), of(1))
    }

    fn notes(&self, shown: &[Row]) -> Vec<String> {
        let kinds = match (shown.iter().any(|row| row.share), shown.iter().any(|row| !row.share)) {
            (true, true) => "means as Hedges' g, in standard deviations; shares as Cohen's h",
            (true, false) => "shares as Cohen's h",
            _ => "means as Hedges' g, in standard deviations",
        };
        let mut notes = vec![format!(
            "Points: how far the two tiers are apart ({kinds}): 0.2 is small, 0.5 medium, 0.8 large. Lines: \
             intervals of 95 %. Figures at both sides: means or shares."
        )];
        let tested = self.rows.iter().filter(|row| row.p_adjusted.is_some()).count();
        if tested > 0 {
            let all =
                if tested == 1 { "the one comparison".into() } else { format!("all {tested} comparisons") };
            notes.push(format!(
                "Filled and bold: p below 0.05 after Holm's correction for {all}. Hollow: chance alone could make \
                 such a difference, even where its own interval leaves 0 out."
            ));
        }
        notes.push(self.bases());
        if shown.iter().any(Row::is_small) {
            notes.push("** fewer than 5 partners in one of the two tiers, indicative only.".into());
        }
        if shown.iter().any(|row| row.effect.is_none()) {
            notes.push(format!(
                "“{NOTHING}”: all have the same value, or a tier has fewer than two partners with one."
            ));
        }
        notes.push("That tiers differ in something does not say that it made them what they are.".into());
        let what = "comparisons, those of the largest differences; all are in the data of this chart";
        notes.extend(cut_note(shown.len(), self.rows.len(), what));
        notes
    }
}

impl Drawn for Differences {
    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn alt(&self, spec: &Spec) -> String {
        let count = self.rows.len();
        let [high, low] = &self.tiers;
        let comparisons = if count == 1 { "1 comparison".into() } else { format!("{count} comparisons") };
        let mut alt = format!("What sets “{high}” apart from “{low}”, {comparisons}.");
        let rows = self.sorted(&Spec { sort: super::Sort::Highest, ..spec.clone() }, None);
        let significant: Vec<&Row> = rows.iter().filter(|row| row.is_significant()).collect();
        let tell = |rows: &[&Row]| {
            let told: Vec<String> = rows.iter().take(8).map(|row| self.told(row)).collect();
            let more = if rows.len() > 8 { format!("; and {} more", rows.len() - 8) } else { String::new() };
            format!("{}{more}", told.join("; "))
        };
        match significant.as_slice() {
            [] => {
                alt.push_str(" No difference is significant after Holm's correction.");
                let size = |row: &Row| row.effect.map_or(-1.0, f64::abs);
                let largest = rows.iter().rev().max_by(|a, b| size(a).total_cmp(&size(b)));
                if let Some(largest) = largest.filter(|row| row.effect.is_some()) {
                    alt.push_str(&format!(" The largest: {}.", self.told(largest)));
                }
            }
            some => alt.push_str(&format!(" Significant after Holm's correction: {}.", tell(some))),
        }
        alt.push_str(&format!(" {}", self.bases()));
        alt
    }

    fn data(&self, spec: &Spec) -> DataTable {
        let [high, low] = &self.tiers;
        let header = [
            "Attribute".to_owned(),
            heading(high),
            heading(low),
            "Difference".into(),
            "Interval of 95 %".into(),
            "p after Holm".into(),
            format!("n {high}"),
            format!("n {low}"),
        ];
        let show = |value: Option<f64>| value.map(|value| Number::Hundredths.show(value)).unwrap_or_default();
        let whole = |value: Option<f64>| value.map(number::count).unwrap_or_default();
        let rows = (self.sorted(spec, None).iter())
            .map(|row| {
                let ends = super::interval(Number::Hundredths, row.low, row.high).unwrap_or_default();
                vec![
                    row.label(),
                    row.mean(0),
                    row.mean(1),
                    show(row.effect),
                    ends,
                    row.p(),
                    whole(row.n[0]),
                    whole(row.n[1]),
                ]
            })
            .collect();
        DataTable { header: header.into(), rows }
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let rows = self.sorted(spec, spec.limit);
        let labels: Vec<Lines> =
            rows.iter().map(|row| row.style().wrap(&row.label(), LABEL_LIMIT, LABEL_LINES)).collect();
        let label_width = widest(
            rows.iter()
                .zip(&labels)
                .flat_map(|(row, label)| label.lines.iter().map(|line| row.style().width(line))),
        );
        let head = SMALL.face(Face::Bold).color(INK);
        let [high_name, low_name] = &self.tiers;
        let mean_width = |tier: usize| {
            let figures = widest(rows.iter().map(|row| LABEL.width(&row.mean(tier))));
            let words = self.tiers[tier].split_whitespace().map(|word| head.width(word));
            figures.max(widest(words).min(MEAN_LIMIT))
        };
        let (low_width, high_width) = (mean_width(1), mean_width(0));
        let p_width = widest(rows.iter().map(|row| SMALL.width(&row.p())).chain([head.width("p (Holm)")]));

        let (left, right) = (page.left(), page.right());
        let low_right = left + label_width + 16.0 + low_width;
        let high_right = right - p_width - 18.0;
        let (from, to) = (low_right + 18.0, high_right - high_width - 18.0);
        let ends = rows.iter().flat_map(|row| [row.effect, row.low, row.high].into_iter().flatten());
        let most = ends.fold(0.5, |most: f64, end| most.max(end.abs()));
        let range = spec.range.unwrap_or_else(|| axis::rounded((-most, most), 6));
        let scale = Scale::new(range, (from + DOT, to - DOT));

        // The words at the two ends stand over the plot, each on its side of the middle.
        let middle = scale.at(0.0).clamp(from, to);
        let more = |name: &str| format!("higher in “{name}”");
        let room = |width: f64| (width - 25.0).max(60.0);
        let lower = head.wrap(&more(low_name), room(middle - from), 3).lines;
        let upper = head.wrap(&more(high_name), room(to - middle), 3).lines;
        let heads = [
            head.wrap(low_name, low_width.max(40.0), 3).lines,
            head.wrap(high_name, high_width.max(40.0), 3).lines,
        ];
        let deepest = [&lower, &upper, &heads[0], &heads[1]].map(Vec::len).into_iter().max().unwrap_or(1);
        let bottom = page.y + head.line() * deepest as f64;
        let top_of = |lines: &[String]| bottom - head.line() * lines.len() as f64;
        page.scene.lines(low_right, top_of(&heads[0]), &heads[0], head, Anchor::End);
        page.scene.lines(high_right, top_of(&heads[1]), &heads[1], head, Anchor::End);
        page.scene.lines(right, bottom - head.line(), &["p (Holm)".into()], head, Anchor::End);
        page.scene.lines(middle - 25.0, top_of(&lower), &lower, head, Anchor::End);
        page.scene.lines(middle + 25.0, top_of(&upper), &upper, head, Anchor::Start);
        let arrow = bottom - head.line() / 2.0;
        draw_arrow(page, middle - 5.0, middle - 18.0, arrow, VERMILLION);
        draw_arrow(page, middle + 5.0, middle + 18.0, arrow, BLUE);
        page.y = bottom + 6.0;

        let heights: Vec<f64> =
            (labels.iter()).map(|label| (LABEL.line() * label.lines.len() as f64 + 10.0).max(ROW)).collect();
        let (top, end) = (page.y, page.y + heights.iter().sum::<f64>());
        let ticks = axis::ticks(range, 6);
        for tick in &ticks {
            page.scene.vertical(scale.at(*tick), top, end, 1.0, GRID);
        }
        page.scene.vertical(scale.at(0.0), top, end, 1.5, AXIS);
        for ((row, label), height) in rows.iter().zip(&labels).zip(heights) {
            let middle = page.y + height / 2.0;
            let block = LABEL.line() * label.lines.len() as f64;
            page.scene.lines(left, middle - block / 2.0, &label.lines, row.style(), Anchor::Start);
            page.scene.centred(low_right, middle, row.mean(1), LABEL, Anchor::End);
            page.scene.centred(high_right, middle, row.mean(0), LABEL, Anchor::End);
            page.scene.centred(right, middle, row.p(), SMALL, Anchor::End);
            draw_effect(page, row, scale, middle);
            page.y += height;
        }
        let words = |tick: f64| Number::Tenths.tick(tick);
        let mut before = f64::MIN;
        for tick in ticks {
            let (x, half) = (scale.at(tick), SMALL.width(&words(tick)) / 2.0);
            if x - half >= before {
                page.scene.lines(x, page.y + 4.0, &[words(tick)], SMALL, Anchor::Middle);
                before = x + half + 10.0;
            }
        }
        page.y += 4.0 + SMALL.line();
        self.notes(&rows)
    }
}

fn draw_effect(page: &mut Page, row: &Row, scale: Scale, middle: f64) {
    let Some(effect) = row.effect else {
        let x = scale.at(0.0);
        page.scene.halo(x, middle, NOTHING, SMALL.color(MUTED), Anchor::Middle);
        page.scene.centred(x, middle, NOTHING, SMALL.color(MUTED), Anchor::Middle);
        return;
    };
    let color = if effect < 0.0 { VERMILLION } else { BLUE };
    if let (Some(low), Some(high)) = (row.low, row.high) {
        let (low, high) = (scale.at(low), scale.at(high));
        page.scene.horizontal(low, high, middle, 2.5, color);
        for end in [low, high] {
            page.scene.vertical(end, middle - 4.5, middle + 4.5, 2.0, color);
        }
    }
    let x = scale.at(effect);
    page.scene.circle(x, middle, DOT + 1.5, WHITE);
    page.scene.circle(x, middle, DOT, color);
    if !row.is_significant() {
        page.scene.circle(x, middle, DOT - 2.0, WHITE);
    }
}

/// A short arrow, to the left or to the right.
fn draw_arrow(page: &mut Page, from: f64, to: f64, y: f64, color: Color) {
    const HEAD: f64 = 4.5;
    let back = if to > from { -HEAD } else { HEAD };
    for points in [vec![(from, y), (to, y)], vec![(to + back, y - HEAD), (to, y), (to + back, y + HEAD)]] {
        page.scene.shapes.push(Shape::Path { points, width: 1.8, stroke: color });
    }
}
