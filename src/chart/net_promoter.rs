//! Net promoter bars: detractors, passives and promoters stacked to the whole, the score and its
//! interval at the right edge, everyone on top.

use super::bar::widest;
use super::base::{self, Base};
use super::finding::{self, Finding};
use super::font::{Face, Lines};
use super::page::{Key, LABEL, Page, SMALL, Swatch};
use super::palette::{
    AXIS, BAND, Color, DETRACTORS, INK, MUTED, OUTLINE, PASSIVES, PROMOTERS, WHITE, text_on,
};
use super::records::{Records, heading};
use super::scene::Anchor;
use super::{DataTable, Drawn, FigureError, Number, Spec, arrange, cut_note, interval};
use crate::number;

/// The columns that fill the roles of net promoter bars.
#[derive(Debug, Clone)]
pub struct NetPromoter {
    /// Whom a bar stands for; a row in which all of these are null is everyone.
    pub label: Vec<String>,
    /// Share of promoters, 0–1.
    pub promoters: String,
    /// Share of passives, 0–1.
    pub passives: String,
    /// Share of detractors, 0–1.
    pub detractors: String,
    /// The score, −100 to 100.
    pub estimate: String,
    /// The lower end of its interval.
    pub low: Option<String>,
    /// The upper end of its interval.
    pub high: Option<String>,
    /// The number of answers.
    pub n: Option<String>,
    /// `*` and `**` for small bases; none: told from `n`.
    pub base_mark: Option<String>,
    /// Columns of `higher` and `lower`; the first that has any is drawn beside the score.
    pub findings: Vec<String>,
}

pub(super) struct NetPromoterBars<'a> {
    roles: &'a NetPromoter,
    rows: Vec<Row>,
    /// The column that the findings were read from.
    compared: Option<&'a str>,
}

#[derive(Clone)]
struct Row {
    label: String,
    everyone: bool,
    /// Detractors, passives, promoters; none without answers.
    shares: Option<[f64; 3]>,
    score: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    n: Option<f64>,
    base: Base,
    finding: Option<Finding>,
}

const LABEL_LIMIT: f64 = 190.0;
const LABEL_LINES: usize = 3;
const THICKNESS: f64 = 26.0;
const NUMBER: Number = Number::Score;
pub(super) const PARTS: [(Color, &str); 3] =
    [(DETRACTORS, "Detractors (0–6)"), (PASSIVES, "Passives (7–8)"), (PROMOTERS, "Promoters (9–10)")];

impl NetPromoter {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<NetPromoterBars<'_>, FigureError> {
        let labels = records.labels(&self.label)?;
        let parts = [&self.detractors, &self.passives, &self.promoters]
            .map(|column| records.numbers(column))
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        let score = records.numbers(&self.estimate)?;
        let low = records.optional_numbers(self.low.as_deref())?;
        let high = records.optional_numbers(self.high.as_deref())?;
        let n = records.optional_numbers(self.n.as_deref())?;
        let bases = base::read(records, self.base_mark.as_deref(), &n)?;
        let (findings, compared) = finding::read(records, &self.findings)?;
        let rows = (0..records.len())
            .map(|row| Row {
                label: labels[row].clone().unwrap_or_else(|| "All".into()),
                everyone: labels[row].is_none(),
                shares: match (parts[0][row], parts[1][row], parts[2][row]) {
                    (Some(detractors), Some(passives), Some(promoters)) => {
                        Some([detractors, passives, promoters])
                    }
                    _ => None,
                },
                score: score[row],
                low: low[row],
                high: high[row],
                n: n[row],
                base: bases[row],
                finding: findings[row],
            })
            .collect();
        Ok(NetPromoterBars { roles: self, rows, compared })
    }
}

impl NetPromoterBars<'_> {
    /// Everyone first, then the others in the wanted order.
    fn sorted(&self, spec: &Spec) -> Vec<Row> {
        let (mut rows, mut others): (Vec<Row>, Vec<Row>) =
            self.rows.iter().cloned().partition(|row| row.everyone);
        arrange(&mut others, spec.sort, |row| row.score, |row| &row.label);
        rows.extend(others);
        rows
    }
}

impl Drawn for NetPromoterBars<'_> {
    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn alt(&self, _: &Spec) -> String {
        let bars = if self.rows.len() == 1 { "1 row".into() } else { format!("{} rows", self.rows.len()) };
        let mut alt = format!("Stacked bars of detractors, passives and promoters, {bars}.");
        let tell = |row: &Row| {
            let score = row.score.map(|score| NUMBER.show(score)).unwrap_or_default();
            let n = row.n.map(|n| format!(" (n = {})", number::count(n))).unwrap_or_default();
            format!("{} {score}{n}", row.label)
        };
        for row in self.rows.iter().filter(|row| row.everyone && row.score.is_some()) {
            alt.push_str(&format!(" Net promoter score: {}.", tell(row)));
        }
        let mut known: Vec<Row> =
            self.rows.iter().filter(|row| row.score.is_some() && !row.everyone).cloned().collect();
        arrange(&mut known, super::Sort::Highest, |row| row.score, |row| &row.label);
        match known.as_slice() {
            [] => {}
            [only] => alt.push_str(&format!(" Net promoter score: {}.", tell(only))),
            [highest, .., lowest] => {
                alt.push_str(&format!(
                    " Highest net promoter score {}; lowest {}.",
                    tell(highest),
                    tell(lowest)
                ));
            }
        }
        if let Some(column) = self.compared {
            let found: Vec<Finding> = self.rows.iter().filter_map(|row| row.finding).collect();
            let than = finding::compared(column).map_or(String::new(), |than| format!(" than {than}"));
            let higher = found.iter().filter(|finding| finding.is_higher()).count();
            alt.push_str(&format!(" Significantly higher{than}: {higher}; lower: {}.", found.len() - higher));
        }
        alt.push_str(&base::alt(self.rows.iter().map(|row| row.base), self.roles.base_mark.is_some()));
        alt
    }

    fn data(&self, spec: &Spec) -> DataTable {
        let roles = self.roles;
        let share = |row: &Row, part: usize| {
            row.shares.map(|shares| Number::Percent.show(shares[part])).unwrap_or_default()
        };
        let mut header: Vec<String> = vec![heading(&roles.label.join(" · "))];
        header.extend(["Detractors", "Passives", "Promoters", "Net promoter score"].map(String::from));
        header.extend(roles.low.is_some().then(|| "Interval".to_owned()));
        header.extend(self.compared.is_some().then(|| "Significant".to_owned()));
        header.extend(roles.n.is_some().then(|| "n".to_owned()));
        let rows = self
            .sorted(spec)
            .iter()
            .map(|row| {
                let mut cells = vec![row.label.clone(), share(row, 0), share(row, 1), share(row, 2)];
                cells.push(row.score.map(|score| NUMBER.show(score)).unwrap_or_default());
                let ends = || interval(NUMBER, row.low, row.high).unwrap_or_default();
                cells.extend(roles.low.is_some().then(ends));
                let found = || row.finding.map(|finding| finding.word().to_owned()).unwrap_or_default();
                cells.extend(self.compared.is_some().then(found));
                cells.extend(roles.n.is_some().then(|| base::n_with_mark(row.n, row.base)));
                cells
            })
            .collect();
        DataTable { header, rows }
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let mut rows = self.sorted(spec);
        rows.truncate(spec.limit.unwrap_or(usize::MAX));

        let face = |row: &Row| match row {
            row if row.everyone => Face::Bold,
            row if row.base == Base::Small => Face::Italic,
            _ => Face::Regular,
        };
        let labels: Vec<Lines> =
            rows.iter().map(|row| LABEL.face(face(row)).wrap(&row.label, LABEL_LIMIT, LABEL_LINES)).collect();
        let bases: Vec<String> = rows
            .iter()
            .map(|row| {
                row.n.map_or_else(String::new, |_| format!("n = {}", base::n_with_mark(row.n, row.base)))
            })
            .collect();
        let label_width = widest(rows.iter().zip(&labels).flat_map(|(row, label)| {
            let style = LABEL.face(face(row));
            label.lines.iter().map(move |line| style.width(line))
        }))
        .max(widest(bases.iter().map(|n| SMALL.width(n))));

        let score_style = LABEL.face(Face::Bold);
        let scores: Vec<String> =
            rows.iter().map(|row| row.score.map_or_else(|| "–".into(), |score| NUMBER.show(score))).collect();
        let intervals: Vec<String> =
            rows.iter().map(|row| interval(NUMBER, row.low, row.high).unwrap_or_default()).collect();
        let score_width = widest(scores.iter().map(|score| score_style.width(score))).max(SMALL.width("NPS"));
        let interval_width = widest(intervals.iter().map(|interval| SMALL.width(interval)));
        let gap = if interval_width > 0.0 { 8.0 } else { 0.0 };
        let score_right = page.right() - interval_width - gap;
        let from = page.left() + label_width + 16.0;
        let found = rows.iter().any(|row| row.finding.is_some());
        // A sign stands between the bar and the score.
        let beside = if found { finding::WIDTH + 6.0 } else { 0.0 };
        let to = score_right - score_width - beside - 16.0;

        let keys = PARTS.map(|(fill, words)| Key { swatch: Swatch::Fill(fill), words: words.into() });
        let legend_top = page.y;
        let legend_right = page.legend(&keys);
        // The head of the score column stands beside the legend where there is room for both.
        let head_left = score_right - SMALL.width("NPS");
        let one_line = page.y - legend_top <= SMALL.line() + 1.0 && legend_right + 16.0 <= head_left;
        let head = if one_line { page.y - SMALL.line() } else { page.y + 4.0 };
        page.scene.lines(score_right, head, &["NPS".into()], SMALL.face(Face::Bold).color(INK), Anchor::End);
        if interval_width >= SMALL.width("interval") {
            page.scene.lines(page.right(), head, &["interval".into()], SMALL, Anchor::End);
        }
        page.y = head + SMALL.line() + 8.0;
        if let Some(column) = self.compared.filter(|_| found) {
            page.legend(&finding::keys(rows.iter().filter_map(|row| row.finding), finding::compared(column)));
            page.y += 8.0;
        }

        for (at, row) in rows.iter().enumerate() {
            let lines = &labels[at].lines;
            let below = if bases[at].is_empty() { 0.0 } else { SMALL.line() };
            let block = LABEL.line() * lines.len() as f64 + below;
            let height = (block + 12.0).max(THICKNESS + 14.0);
            if row.everyone {
                let (left, width) = (page.left() - 10.0, page.inner() + 20.0);
                page.scene.rectangle(left, page.y, width, height, BAND);
            }
            let middle = page.y + height / 2.0;
            let top = middle - block / 2.0;
            let left = page.left();
            page.scene.lines(left, top, lines, LABEL.face(face(row)), Anchor::Start);
            page.scene.lines(left, top + block - below, &bases[at..=at], SMALL, Anchor::Start);
            draw_bar(page, row, (from, to), middle);
            page.scene.centred(score_right, middle, scores[at].clone(), score_style, Anchor::End);
            page.scene.centred(page.right(), middle, intervals[at].clone(), SMALL, Anchor::End);
            if let Some(finding) = row.finding {
                let sign = score_right - score_width - beside + finding::WIDTH / 2.0;
                finding.draw(&mut page.scene, sign, middle, INK);
            }
            page.y += height;
            if row.everyone {
                page.y += 8.0;
            }
        }
        page.y += 2.0;

        base::note(rows.iter().map(|row| row.base), base::HOLLOW_BARS, self.roles.base_mark.is_some())
            .into_iter()
            .chain(cut_note(rows.len(), self.rows.len(), "rows; all are in the data of this chart"))
            .collect()
    }
}

fn draw_bar(page: &mut Page, row: &Row, (from, to): (f64, f64), middle: f64) {
    let whole: f64 = row.shares.map_or(0.0, |shares| shares.iter().sum());
    let Some(shares) = row.shares.filter(|_| whole > 0.0) else {
        page.scene.horizontal(from, to, middle, 1.0, AXIS);
        page.scene.centred(from, middle - 11.0, "no answers", SMALL.color(MUTED), Anchor::Start);
        return;
    };
    let top = middle - THICKNESS / 2.0;
    let hollow = row.base == Base::Small;
    page.scene.rectangle(from, top, to - from, THICKNESS, OUTLINE);
    let mut part_from = from;
    for ((color, _), share) in PARTS.into_iter().zip(shares) {
        let width = (to - from) * share / whole;
        let (x, y, height) = (part_from, top, THICKNESS);
        let ground = if hollow { WHITE } else { color };
        match (hollow, color == PASSIVES) {
            (_, true) => page.scene.rectangle(x, y + 1.0, width, height - 2.0, ground),
            (true, false) => page.scene.outlined(x, y, width, height, WHITE, 2.5, color),
            (false, false) => page.scene.rectangle(x, y, width, height, color),
        }
        let words = Number::Percent.show(share);
        let style = SMALL.color(text_on(ground));
        if style.width(&words) + 6.0 <= width {
            page.scene.centred(x + width / 2.0, middle, words, style, Anchor::Middle);
        }
        part_from += width;
    }
}
