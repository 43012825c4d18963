//! A score card as a table with bars: rank, name, score, and of each indicator the figure as measured
//! with a bar of what it counts.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::UniqueKeepStrategy;

use super::axis::{self, Scale};
use super::bar::widest;
use super::base::{self, Base};
use super::font::{Face, Lines};
use super::page::{LABEL, MARGIN, Page, SMALL, WIDTH};
use super::palette::{AXIS, BAND, Color, GRID, INK, MUTED, STEEL, WHITE};
use super::ranking::{RANK, Ranking, SCORE, TIER, first_of_each, has_ties, in_order, peers};
use super::records::{Records, heading};
use super::scene::Anchor;
use super::{DataTable, Drawn, FigureError, Number, Spec, cut_note};
use crate::number;

/// The columns that fill the roles of a score card: a record for each partner and indicator, with the
/// columns `score`, `rank`, `tier`, `indicator`, `value`, `n`, `normalised` and `indicator_weight`.
#[derive(Debug, Clone)]
pub struct Scorecard {
    /// What a partner is called.
    pub label: Vec<String>,
    /// What tells partners apart, since names may repeat.
    pub key: String,
    /// Partners are ranked among those who have the same value in it.
    pub within: Option<String>,
    /// Both ends of the interval of a rank.
    pub ranks: Option<(String, String)>,
    /// How far a value was drawn towards the mean.
    pub shrunk_by: Option<String>,
    /// How indicators are shown, by name.
    pub looks: BTreeMap<String, Look>,
    /// All partners that were ranked; none: those of the records.
    pub ranking: Option<Ranking>,
    /// The smallest and the largest normalised value; none: those of the records.
    pub normalised: Option<(f64, f64)>,
}

/// How an indicator or an attribute is shown.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Its heading; none: its name.
    pub title: Option<String>,
    /// How its values are written.
    pub number: Option<Number>,
    /// Of an indicator, whether `n` counts answers, so that small bases are marked; none: where values
    /// were shrunk.
    pub answers: Option<bool>,
}

pub(super) struct Card<'a> {
    roles: &'a Scorecard,
    ranking: Ranking,
    indicators: Vec<Indicator>,
    partners: Vec<Partner>,
}

struct Indicator {
    title: String,
    number: Number,
    /// Its part of all weight; none where it is in no score.
    weight: Option<f64>,
    /// Whether `n` counts answers.
    answers: bool,
    /// Whether values of it were drawn towards the mean.
    shrunk: bool,
    normalised: (f64, f64),
}

struct Partner {
    label: String,
    group: Option<String>,
    score: Option<f64>,
    rank: Option<f64>,
    tier: Option<usize>,
    /// Between them are nine tenths of the ranks that were drawn.
    ends: Option<(f64, f64)>,
    /// By indicator.
    cells: Vec<Cell>,
}

#[derive(Clone, Default)]
struct Cell {
    value: Option<f64>,
    n: Option<f64>,
    base: Base,
    normalised: Option<f64>,
    shrunk_by: Option<f64>,
}

const NAME_LIMIT: f64 = 180.0;
const NAME_LINES: usize = 2;
const ROW: f64 = 27.0;
/// Between columns.
const GAP: f64 = 16.0;
/// Between a figure and its bar.
const BESIDE: f64 = 7.0;
/// The strip in the colour of the tier.
const STRIP: f64 = 5.0;
/// The shortest and the longest bar of an indicator, and of the score.
const BAR: (f64, f64) = (36.0, 92.0);
const SCORE_BAR: (f64, f64) = (60.0, 130.0);
/// The widest a heading makes its column.
const HEAD_LIMIT: f64 = 124.0;
const HEAD_LINES: usize = 4;
const NO_VALUE: &str = "–";
const NO_SCORE: &str = "no score";

impl Scorecard {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Card<'_>, FigureError> {
        let ranking = match &self.ranking {
            Some(ranking) => ranking.clone(),
            None => {
                let of_partners = records.0.unique_stable(
                    Some(std::slice::from_ref(&self.key)),
                    UniqueKeepStrategy::First,
                    None,
                )?;
                Ranking::read(&of_partners, self.within.as_deref())?
            }
        };
        let (labels, keys) = (records.labels(&self.label)?, records.texts(&self.key)?);
        let groups = peers(records, self.within.as_deref())?;
        let (scores, ranks) = (records.numbers(SCORE)?, records.numbers(RANK)?);
        let tiers = records.texts(TIER)?;
        let ends = match &self.ranks {
            Some((low, high)) => Some((records.numbers(low)?, records.numbers(high)?)),
            None => None,
        };
        let names = records.texts("indicator")?;
        let (values, n) = (records.numbers("value")?, records.numbers("n")?);
        let (normalised, weights) = (records.numbers("normalised")?, records.numbers("indicator_weight")?);
        let shrunk = records.optional_numbers(self.shrunk_by.as_deref())?;

        let mut order: Vec<&str> = Vec::new();
        let mut partners: Vec<Partner> = Vec::new();
        let mut place_of: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for row in 0..records.len() {
            let at = *place_of.entry(keys[row].as_deref()).or_insert(partners.len());
            if at == partners.len() {
                partners.push(Partner {
                    label: labels[row].clone().unwrap_or_else(|| "(none)".into()),
                    group: groups[row].clone(),
                    score: scores[row],
                    rank: ranks[row],
                    tier: ranking.tier(tiers[row].as_deref()),
                    ends: ends.as_ref().and_then(|(low, high)| low[row].zip(high[row])),
                    cells: Vec::new(),
                });
            }
            let Some(name) = names[row].as_deref() else { continue };
            let column = order.iter().position(|known| *known == name).unwrap_or_else(|| {
                order.push(name);
                order.len() - 1
            });
            let cells = &mut partners[at].cells;
            cells.resize(cells.len().max(column + 1), Cell::default());
            cells[column] = Cell {
                value: values[row],
                n: n[row],
                base: Base::Sound,
                normalised: normalised[row],
                shrunk_by: shrunk[row],
            };
        }
        let scale = self.normalised.or_else(|| axis::range(normalised.iter().flatten().copied()));
        let mut indicators = Vec::with_capacity(order.len());
        for (column, name) in order.iter().enumerate() {
            partners.iter_mut().for_each(|partner| {
                partner.cells.resize(partner.cells.len().max(order.len()), Cell::default());
            });
            let cells = || partners.iter().map(|partner| &partner.cells[column]);
            let look = self.looks.get(*name).cloned().unwrap_or_default();
            let shrunk = cells().any(|cell| cell.shrunk_by.is_some_and(|by| by != 0.0));
            let fitting = || Number::fitting(cells().filter_map(|cell| cell.value));
            let answers = look.answers.unwrap_or(shrunk);
            indicators.push(Indicator {
                title: look.title.unwrap_or_else(|| heading(name)),
                number: look.number.unwrap_or_else(fitting),
                weight: (0..records.len())
                    .find(|row| names[*row].as_deref() == Some(name))
                    .and_then(|row| weights[row]),
                answers,
                shrunk,
                normalised: scale.map_or((0.0, 1.0), |(low, high)| (low.min(0.0), high.max(0.0))),
            });
            for partner in partners.iter_mut().filter(|_| answers) {
                let cell = &mut partner.cells[column];
                // An indicator without a value has no base that could be small.
                cell.base = Base::of(cell.n.filter(|_| cell.value.is_some()));
            }
        }
        in_order(&mut partners, |partner| partner.group.as_deref(), |partner| partner.rank);
        Ok(Card { roles: self, ranking, indicators, partners })
    }
}

impl Cell {
    /// The figure as measured; the mark of its base stands beside it.
    fn words(&self, number: Number) -> String {
        self.value.map_or_else(|| NO_VALUE.into(), |value| number.show(value))
    }

    fn style(&self) -> super::scene::Style {
        match (self.value, self.base) {
            (None, _) => LABEL.color(MUTED),
            (_, Base::Small) => LABEL.face(Face::Italic),
            _ => LABEL,
        }
    }
}

impl Partner {
    fn rank(&self) -> String {
        self.rank.map_or_else(|| NO_VALUE.into(), number::count)
    }

    /// `2–5`.
    fn ends(&self) -> String {
        self.ends
            .map_or_else(String::new, |(low, high)| format!("{}–{}", number::count(low), number::count(high)))
    }
}

/// Where the columns of the table stand, from the left edge.
struct Layout {
    names: Vec<Lines>,
    /// The right edge of ranks, the left edge of their intervals and of names.
    rank: f64,
    ends: f64,
    name: f64,
    /// The right edge of the figures of the score; its bar.
    score: f64,
    score_bar: (f64, f64),
    /// Of each indicator its left edge, the right edge of its figures, and its bar.
    cells: Vec<(f64, f64, (f64, f64))>,
    /// How much of the room of its figures the marks of bases take.
    marks: Vec<f64>,
    width: f64,
}

impl Card<'_> {
    fn score_number(&self, spec: &Spec) -> Number {
        spec.number.unwrap_or_else(|| Number::fitting(self.partners.iter().filter_map(|row| row.score)))
    }

    fn shown(&self, spec: &Spec) -> Vec<&Partner> {
        first_of_each(&self.partners, |partner| partner.group.as_deref(), spec.limit)
    }

    fn score_head(&self, spec: &Spec) -> String {
        spec.measure.clone().unwrap_or_else(|| "Score".into())
    }

    fn has_ends(&self) -> bool {
        self.roles.ranks.is_some()
    }

    /// Places the columns; what room is left over makes the bars longer.
    fn layout(&self, spec: &Spec, shown: &[&Partner], inner: f64) -> Layout {
        let bold = LABEL.face(Face::Bold);
        let names: Vec<Lines> =
            shown.iter().map(|row| LABEL.wrap(&row.label, NAME_LIMIT, NAME_LINES)).collect();
        let name_width =
            widest(names.iter().flat_map(|name| name.lines.iter().map(|line| LABEL.width(line))))
                .max(SMALL.width("Partner"));
        let rank_width = widest(shown.iter().map(|row| bold.width(&row.rank()))).max(SMALL.width("Rank"));
        let ends_width = widest(shown.iter().map(|row| SMALL.width(&row.ends())));
        let score = self.score_number(spec);
        let score_words = |row: &&Partner| row.score.map_or_else(String::new, |value| score.show(value));
        let score_width = widest(shown.iter().map(|row| bold.width(&score_words(row))));
        let marks: Vec<f64> = (0..self.indicators.len())
            .map(|at| {
                let cells = shown.iter().map(|row| &row.cells[at]);
                widest(cells.map(|cell| cell.style().width(cell.base.mark())))
            })
            .collect();
        let figures: Vec<f64> = (self.indicators.iter().enumerate())
            .map(|(at, indicator)| {
                let cells = shown.iter().map(|row| &row.cells[at]);
                let figure = widest(cells.map(|cell| cell.style().width(&cell.words(indicator.number))));
                figure + marks[at]
            })
            .collect();
        let heads: Vec<f64> = (self.indicators.iter())
            .map(|indicator| {
                let head = SMALL.face(Face::Bold);
                let words = indicator.title.split_whitespace().map(|word| head.width(word));
                widest(words).min(HEAD_LIMIT).max(SMALL.width(&indicator.weight()))
            })
            .collect();
        let score_head = SMALL.face(Face::Bold);
        let score_head = widest(self.score_head(spec).split_whitespace().map(|word| score_head.width(word)));
        let score_head = score_head.min(HEAD_LIMIT).max(SMALL.width(NO_SCORE));

        // The room between figure and bar that a heading of that width takes at least.
        let least = |figure: f64, head: f64, bar: f64| (head - figure - BESIDE).max(bar);
        let fixed = STRIP
            + 8.0
            + rank_width
            + if ends_width > 0.0 { 8.0 + ends_width } else { 0.0 }
            + 14.0
            + name_width
            + GAP
            + score_width
            + BESIDE
            + figures.iter().map(|figure| GAP + figure + BESIDE).sum::<f64>();
        let score_least = least(score_width, score_head, SCORE_BAR.0);
        let bars: Vec<f64> = figures.iter().zip(&heads).map(|(f, h)| least(*f, *h, BAR.0)).collect();
        let spare = (inner - fixed - score_least - bars.iter().sum::<f64>()).max(0.0);
        let more = spare / (bars.len() + 1) as f64;
        let longer = |bar: f64, most: f64| (bar + more).min(most.max(bar));

        let rank = STRIP + 8.0 + rank_width;
        let ends = rank + 8.0;
        let name = rank + if ends_width > 0.0 { 8.0 + ends_width } else { 0.0 } + 14.0;
        let score = name + name_width + GAP + score_width;
        let score_bar = (score + BESIDE, score + BESIDE + longer(score_least, SCORE_BAR.1));
        let mut x = score_bar.1;
        let mut cells = Vec::with_capacity(bars.len());
        for (figure, bar) in figures.iter().zip(bars) {
            let left = x + GAP;
            let bar_left = left + figure + BESIDE;
            x = bar_left + longer(bar, BAR.1);
            cells.push((left, left + figure, (bar_left, x)));
        }
        Layout { names, rank, ends, name, score, score_bar, cells, marks, width: x }
    }

    fn draw_head(&self, spec: &Spec, page: &mut Page, layout: &Layout) {
        let (left, bold) = (page.left(), SMALL.face(Face::Bold).color(INK));
        let score_left = layout.name + widest_line(&layout.names).max(SMALL.width("Partner")) + GAP;
        let mut heads: Vec<(f64, Vec<String>, String)> = vec![
            (left + STRIP + 8.0, vec!["Rank".into()], String::new()),
            (left + layout.name, vec!["Partner".into()], String::new()),
            (
                left + score_left,
                bold.wrap(&self.score_head(spec), layout.score_bar.1 - score_left, HEAD_LINES).lines,
                String::new(),
            ),
        ];
        for (indicator, (from, _, (_, to))) in self.indicators.iter().zip(&layout.cells) {
            let lines = bold.wrap(&indicator.title, to - from, HEAD_LINES).lines;
            heads.push((left + from, lines, indicator.weight()));
        }
        let height = |lines: &[String], below: &str| {
            bold.line() * lines.len() as f64 + if below.is_empty() { 0.0 } else { SMALL.line() }
        };
        let bottom = page.y + widest(heads.iter().map(|(_, lines, below)| height(lines, below)));
        for (x, lines, below) in heads {
            let top = bottom - height(&lines, &below);
            page.scene.lines(x, top, &lines, bold, Anchor::Start);
            page.scene.lines(x, bottom - SMALL.line(), &[below], SMALL, Anchor::Start);
        }
        page.y = bottom + 6.0;
        page.scene.horizontal(left, left + layout.width, page.y, 1.0, AXIS);
        page.y += 3.0;
    }

    /// The name of a tier over its partners, where there are several.
    fn draw_tier(&self, page: &mut Page, tier: Option<usize>) {
        let Some(name) = tier.and_then(|tier| self.ranking.tiers.get(tier)) else { return };
        if self.ranking.tiers.len() < 2 {
            return;
        }
        let (left, style) = (page.left(), SMALL.face(Face::Bold).color(INK));
        let words = style.shorten(name, page.inner() - STRIP - 8.0);
        page.y += 4.0;
        page.scene.rectangle(left, page.y, STRIP, style.line() + 2.0, self.ranking.color(tier));
        page.scene.lines(left + STRIP + 8.0, page.y, &[words], style, Anchor::Start);
        page.y += style.line() + 1.0;
    }

    fn draw_row(&self, spec: &Spec, page: &mut Page, layout: &Layout, row: &Partner, name: &Lines) {
        let height = (LABEL.line() * name.lines.len() as f64 + 8.0).max(ROW);
        let (left, middle) = (page.left(), page.y + height / 2.0);
        let color = self.ranking.color(row.tier);
        if row.tier.is_some() {
            page.scene.rectangle(left, page.y + 1.0, STRIP, height - 2.0, color);
        }
        let bold = LABEL.face(Face::Bold);
        let style = if row.rank.is_some() { bold } else { LABEL.color(MUTED) };
        page.scene.centred(left + layout.rank, middle, row.rank(), style, Anchor::End);
        page.scene.centred(left + layout.ends, middle, row.ends(), SMALL, Anchor::Start);
        let style = if row.score.is_some() { LABEL } else { LABEL.color(MUTED) };
        let block = LABEL.line() * name.lines.len() as f64;
        page.scene.lines(left + layout.name, middle - block / 2.0, &name.lines, style, Anchor::Start);

        let (from, to) = (left + layout.score_bar.0, left + layout.score_bar.1);
        match row.score {
            Some(score) => {
                let words = self.score_number(spec).show(score);
                page.scene.centred(left + layout.score, middle, words, bold, Anchor::End);
                // A full track is a round score, not the best partner's.
                let range = axis::rounded(self.ranking.scores.unwrap_or((0.0, 1.0)), 4);
                let range = spec.range.map_or(range, |given| (given.0.min(0.0), given.1.max(0.0)));
                draw_bar(page, Scale::new(range, (from, to)), Some(score), middle, (13.0, color, false));
            }
            None => {
                page.scene.centred(to, middle, NO_SCORE, SMALL, Anchor::End);
            }
        }
        let cells = self.indicators.iter().zip(&row.cells).zip(&layout.cells).zip(&layout.marks);
        for (((indicator, cell), (_, figure, (from, to))), marks) in cells {
            // Figures stand one below the other, whether they have a mark or not.
            let figure = left + figure - marks;
            page.scene.centred(figure, middle, cell.words(indicator.number), cell.style(), Anchor::End);
            page.scene.centred(figure, middle, cell.base.mark(), cell.style(), Anchor::Start);
            let scale = Scale::new(indicator.normalised, (left + from, left + to));
            let counts = cell.normalised.filter(|_| indicator.weight.is_some());
            draw_bar(page, scale, counts, middle, (8.0, STEEL, cell.base == Base::Small));
        }
        page.y += height;
        page.scene.horizontal(left + STRIP + 4.0, left + layout.width, page.y, 1.0, GRID);
    }

    /// What the signs in these rows mean.
    fn notes(&self, shown: &[&Partner]) -> Vec<String> {
        let mut notes = vec![
            "Figures are as measured; the longer the bar beside one, the better. Below the names of \
             indicators: their part of the weight."
                .to_owned(),
        ];
        if shown.iter().any(|row| row.ends.is_some()) {
            notes.push(
                "Small figures beside a rank: nine tenths of the ranks of the partner lie between them when the \
                 ranking is drawn again and again with weights, scales and values that could as well have been \
                 taken."
                    .into(),
            );
        }
        if has_ties(shown.iter().map(|row| (row.group.as_deref(), row.rank))) {
            notes.push("Equal scores share the better rank.".into());
        }
        let shrunk: Vec<&str> = (self.indicators.iter())
            .filter(|indicator| indicator.shrunk)
            .map(|indicator| indicator.title.as_str())
            .collect();
        if !shrunk.is_empty() {
            notes.push(format!(
                "{}: the bars count what is left after values of few answers are drawn towards the mean.",
                shrunk.join(", ")
            ));
        }
        let unknown = |row: &&Partner| row.cells.iter().any(|cell| cell.value.is_none());
        if shown.iter().any(|row| row.score.is_some() && unknown(row)) {
            notes.push(format!("“{NO_VALUE}”: no value; the other indicators make the score."));
        } else if shown.iter().any(unknown) {
            notes.push(format!("“{NO_VALUE}”: no value."));
        }
        if shown.iter().any(|row| row.score.is_none()) {
            notes.push(format!("“{NO_SCORE}”: too little is known of the partner to be ranked."));
        }
        if self.indicators.iter().any(|indicator| indicator.weight.is_none()) {
            notes.push(format!(
                "“{NOT_COUNTED}”: in no score, because it is the same for all partners, or of none known."
            ));
        }
        let bases = shown.iter().flat_map(|row| row.cells.iter().map(|cell| cell.base));
        notes.extend(base::note(bases, base::HOLLOW_BARS, false));
        notes.extend(self.ranking.note(self.partners.iter().filter(|row| row.rank.is_some()).count()));
        let what = "partners; all are in the data of this chart";
        notes.extend(cut_note(shown.len(), self.partners.len(), what));
        notes
    }
}

const NOT_COUNTED: &str = "not counted";

impl Indicator {
    /// Its part of the weight, as it stands under its name.
    fn weight(&self) -> String {
        self.weight.map_or_else(
            || NOT_COUNTED.to_owned(),
            |weight| format!("weight {}", Number::Percent.show(weight)),
        )
    }
}

fn widest_line(names: &[Lines]) -> f64 {
    widest(names.iter().flat_map(|name| name.lines.iter().map(|line| LABEL.width(line))))
}

/// A bar from zero on its track; `hollow` for small bases.
fn draw_bar(
    page: &mut Page,
    scale: Scale,
    value: Option<f64>,
    middle: f64,
    (thickness, fill, hollow): (f64, Color, bool),
) {
    let Some(value) = value else { return };
    let (start, end) = scale.ends();
    let top = middle - thickness / 2.0;
    page.scene.rectangle(start, top, end - start, thickness, BAND);
    let (zero, tip) = (scale.at(0.0), scale.at(value));
    let (from, to) = (zero.min(tip), zero.max(tip));
    // The worst value is a bar without length; its place is shown all the same.
    let (from, to) =
        if to - from < 1.5 { (from.min(end - 1.5), from.min(end - 1.5) + 1.5) } else { (from, to) };
    if hollow && to - from > 4.0 {
        page.scene.outlined(from, top, to - from, thickness, WHITE, 1.5, fill);
    } else {
        page.scene.rectangle(from, top, to - from, thickness, fill);
    }
    if zero > start + 0.5 {
        page.scene.vertical(zero, top - 3.0, top + thickness + 3.0, 1.0, AXIS);
    }
}

impl Drawn for Card<'_> {
    fn is_empty(&self) -> bool {
        self.partners.is_empty()
    }

    fn alt(&self, spec: &Spec) -> String {
        let count = self.partners.len();
        let partners =
            if count == 1 { "1 partner".into() } else { format!("{} partners", number::count(count as f64)) };
        let titles: Vec<String> = (self.indicators.iter())
            .map(|indicator| format!("{} ({})", indicator.title, indicator.weight()))
            .collect();
        let indicators = match titles.len() {
            1 => "1 indicator".to_owned(),
            several => format!("{several} indicators"),
        };
        let mut alt = format!("Score card of {partners} by {indicators}: {}.", titles.join(", "));
        let score = self.score_number(spec);
        let tell = |row: &Partner| {
            let value = row.score.map(|value| score.show(value)).unwrap_or_default();
            let ends = row.ends.map(|_| format!(", between ranks {}", row.ends())).unwrap_or_default();
            format!("{} (rank {}, score {value}{ends})", row.label, row.rank())
        };
        let ranked: Vec<&Partner> = self.partners.iter().filter(|row| row.rank.is_some()).collect();
        let groups: BTreeSet<Option<&str>> = ranked.iter().map(|row| row.group.as_deref()).collect();
        match ranked.as_slice() {
            [] => alt.push_str(" None of them has a score."),
            [only] => alt.push_str(&format!(" {}.", tell(only))),
            [first, .., last] if groups.len() == 1 => {
                alt.push_str(&format!(" First: {}; last: {}.", tell(first), tell(last)));
            }
            _ => {
                let firsts = first_of_each(&self.partners, |row| row.group.as_deref(), Some(1));
                let firsts = firsts.iter().filter(|row| row.rank.is_some()).take(8);
                let told =
                    firsts.map(|row| format!("{} {}", row.group.as_deref().unwrap_or_default(), tell(row)));
                alt.push_str(&format!(" First of each group: {}.", told.collect::<Vec<_>>().join("; ")));
            }
        }
        alt.push_str(&self.ranking.told(self.partners.iter().map(|row| row.tier)));
        match count - ranked.len() {
            0 => {}
            1 => alt.push_str(" One partner has no score."),
            more => alt.push_str(&format!(" {} partners have no score.", number::count(more as f64))),
        }
        let bases = self.partners.iter().flat_map(|row| row.cells.iter().map(|cell| cell.base));
        alt.push_str(&base::alt(bases, false));
        alt
    }

    fn data(&self, spec: &Spec) -> DataTable {
        let mut header: Vec<String> = self.roles.within.iter().map(|within| heading(within)).collect();
        header.push("Rank".into());
        header.extend(self.has_ends().then(|| "Ranks of nine draws in ten".to_owned()));
        header.extend([heading(&self.roles.label.join(" · ")), "Tier".into(), self.score_head(spec)]);
        for indicator in &self.indicators {
            header.push(indicator.title.clone());
            header.push("Normalised".into());
            header.extend(indicator.shrunk.then(|| "Drawn towards the mean by".to_owned()));
            header.extend(indicator.answers.then(|| "n".to_owned()));
        }
        let score = self.score_number(spec);
        let all = || self.partners.iter().flat_map(|row| row.cells.iter().filter_map(|cell| cell.normalised));
        let normalised = Number::fitting(all());
        let show =
            |value: Option<f64>, number: Number| value.map(|value| number.show(value)).unwrap_or_default();
        let rows = (self.partners.iter())
            .map(|row| {
                let mut cells: Vec<String> =
                    self.roles.within.iter().map(|_| row.group.clone().unwrap_or_default()).collect();
                cells.push(row.rank.map(number::count).unwrap_or_default());
                cells.extend(self.has_ends().then(|| row.ends()));
                let tier = row.tier.and_then(|tier| self.ranking.tiers.get(tier).cloned());
                cells.extend([row.label.clone(), tier.unwrap_or_default(), show(row.score, score)]);
                for (indicator, cell) in self.indicators.iter().zip(&row.cells) {
                    cells.push(show(cell.value, indicator.number));
                    cells.push(show(cell.normalised, normalised));
                    cells.extend(indicator.shrunk.then(|| show(cell.shrunk_by, Number::Hundredths)));
                    cells.extend(indicator.answers.then(|| base::n_with_mark(cell.n, cell.base)));
                }
                cells
            })
            .collect();
        DataTable { header, rows }
    }

    fn width(&self, spec: &Spec) -> f64 {
        let least = self.layout(spec, &self.shown(spec), 0.0).width;
        (least + 2.0 * MARGIN).ceil().max(WIDTH)
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let shown = self.shown(spec);
        let layout = self.layout(spec, &shown, page.inner());
        self.draw_head(spec, page, &layout);
        let (mut group, mut tier) = (None, None);
        for (row, name) in shown.iter().zip(&layout.names) {
            if let Some(own) = row.group.as_deref().filter(|own| group != Some(*own)) {
                let bold = LABEL.face(Face::Bold);
                page.y += if group.is_none() { 6.0 } else { 16.0 };
                let words = bold.shorten(own, page.inner());
                let left = page.left();
                page.scene.lines(left, page.y, &[words], bold, Anchor::Start);
                page.y += bold.line() + 4.0;
                (group, tier) = (Some(own), None);
            }
            if row.tier != tier {
                self.draw_tier(page, row.tier);
                tier = row.tier;
            }
            self.draw_row(spec, page, &layout, row, name);
        }
        self.notes(&shown)
    }
}
