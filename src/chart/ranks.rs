//! Rank intervals: where each partner stands, and where else it could as well stand.

use super::axis::{self, Scale};
use super::bar::widest;
use super::font::{Face, Lines};
use super::page::{LABEL, Page, SMALL};
use super::palette::{AXIS, GRID, INK, MUTED, WHITE};
use super::ranking::{RANK, Ranking, TIER, first_of_each, has_ties, in_order, peers};
use super::records::{Records, heading};
use super::scene::Anchor;
use super::{DataTable, Drawn, FigureError, Number, Spec, cut_note};
use crate::number;

/// The columns that fill the roles of rank intervals: a record for each partner, with the columns
/// `score`, `rank` and `tier`.
#[derive(Debug, Clone)]
pub struct Ranks {
    /// What a partner is called.
    pub label: Vec<String>,
    /// Partners are ranked among those who have the same value in it.
    pub within: Option<String>,
    /// The lower end of the interval of a rank.
    pub low: String,
    /// The upper end.
    pub high: String,
    /// The middle rank of the draws.
    pub median: Option<String>,
    /// The part of the draws in the best tier.
    pub top_share: Option<String>,
    /// All partners that were ranked; none: those of the records.
    pub ranking: Option<Ranking>,
}

pub(super) struct Intervals<'a> {
    roles: &'a Ranks,
    ranking: Ranking,
    partners: Vec<Partner>,
}

struct Partner {
    label: String,
    group: Option<String>,
    rank: Option<f64>,
    tier: Option<usize>,
    low: Option<f64>,
    high: Option<f64>,
    median: Option<f64>,
    top_share: Option<f64>,
}

const NAME_LIMIT: f64 = 200.0;
const NAME_LINES: usize = 2;
const ROW: f64 = 24.0;
const DOT: f64 = 5.5;
const LINE: f64 = 5.0;
/// The widest the heading of the shares may make its column.
const SHARE_LIMIT: f64 = 84.0;

impl Ranks {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Intervals<'_>, FigureError> {
        let ranking = match &self.ranking {
            Some(ranking) => ranking.clone(),
            None => Ranking::read(records.0, self.within.as_deref())?,
        };
        let labels = records.labels(&self.label)?;
        let groups = peers(records, self.within.as_deref())?;
        let (ranks, tiers) = (records.numbers(RANK)?, records.texts(TIER)?);
        let (low, high) = (records.numbers(&self.low)?, records.numbers(&self.high)?);
        let median = records.optional_numbers(self.median.as_deref())?;
        let top_share = records.optional_numbers(self.top_share.as_deref())?;
        let mut partners: Vec<Partner> = (0..records.len())
            .map(|row| Partner {
                label: labels[row].clone().unwrap_or_else(|| "(none)".into()),
                group: groups[row].clone(),
                rank: ranks[row],
                tier: ranking.tier(tiers[row].as_deref()),
                low: low[row],
                high: high[row],
                median: median[row],
                top_share: top_share[row],
            })
            .collect();
        in_order(&mut partners, |partner| partner.group.as_deref(), |partner| partner.rank);
        Ok(Intervals { roles: self, ranking, partners })
    }
}

impl Partner {
    fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }
}

impl Intervals<'_> {
    fn shown(&self, spec: &Spec) -> Vec<&Partner> {
        first_of_each(&self.partners, |partner| partner.group.as_deref(), spec.limit)
    }

    /// Whether the interval reaches over the end of a tier.
    fn is_open(&self, partner: &Partner) -> bool {
        let cuts = self.ranking.peers(partner.group.as_deref()).map_or(&[][..], |peers| &peers.cuts);
        partner.interval().is_some_and(|(low, high)| cuts.iter().any(|cut| low < *cut && *cut < high))
    }

    /// How many intervals reach over the end of a tier, and how many there are; none without tiers.
    fn open(&self, partners: &[&Partner]) -> Option<(usize, usize)> {
        let open = partners.iter().filter(|partner| self.is_open(partner)).count();
        let all = partners.iter().filter(|partner| partner.interval().is_some()).count();
        (self.ranking.tiers.len() > 1 && all > 0).then_some((open, all))
    }

    fn share_head(&self) -> String {
        self.ranking.tiers.first().map_or_else(|| "Draws".into(), |best| format!("Draws in “{best}”"))
    }

    /// Ranks under or over the plot, and light lines at them.
    fn draw_ticks(&self, page: &mut Page, scale: Scale, ticks: &[f64], top: bool) {
        let y = if top { page.y } else { page.y + 4.0 };
        for tick in ticks {
            page.scene.lines(scale.at(*tick), y, &[number::count(*tick)], SMALL, Anchor::Middle);
        }
        page.y = y + SMALL.line() + if top { 4.0 } else { 0.0 };
    }

    fn draw_row(&self, page: &mut Page, row: &Partner, scale: Scale, middle: f64) {
        let color = self.ranking.color(row.tier);
        let Some(rank) = row.rank else {
            let (left, _) = scale.ends();
            page.scene.halo(left, middle, "no score", SMALL, Anchor::Start);
            page.scene.centred(left, middle, "no score", SMALL, Anchor::Start);
            return;
        };
        if let Some((low, high)) = row.interval() {
            let (low, high) = (scale.at(low), scale.at(high));
            page.scene.horizontal(low - 1.0, high + 1.0, middle, LINE + 3.0, WHITE);
            page.scene.horizontal(low, high, middle, LINE, color);
            // An end under the point would peep out of it.
            let dot = scale.at(rank);
            for end in [low, high].into_iter().filter(|end| (end - dot).abs() > DOT + 2.5) {
                page.scene.vertical(end, middle - 5.0, middle + 5.0, 2.0, color);
            }
        }
        let x = scale.at(rank);
        page.scene.circle(x, middle, DOT + 1.5, WHITE);
        page.scene.circle(x, middle, DOT, color);
        if let Some(median) = row.median.filter(|median| *median != rank) {
            let x = scale.at(median);
            page.scene.vertical(x, middle - 7.0, middle + 7.0, 4.0, WHITE);
            page.scene.vertical(x, middle - 7.0, middle + 7.0, 2.0, INK);
        }
    }
}

/// The first rank, the last, and round ones between them, each `apart` from the next.
fn ticks(most: usize, scale: Scale) -> Vec<f64> {
    let last = most.max(1) as f64;
    let half = |tick: f64| SMALL.width(&number::count(tick)) / 2.0;
    let apart = |a: f64, b: f64| scale.at(b) - half(b) - scale.at(a) - half(a) >= 14.0;
    let mut chosen = vec![1.0];
    let round = axis::ticks((1.0, last), 8);
    for tick in round.into_iter().filter(|tick| tick.fract() == 0.0 && *tick > 1.0 && *tick < last) {
        if chosen.last().is_some_and(|before| apart(*before, tick)) && apart(tick, last) {
            chosen.push(tick);
        }
    }
    if last > 1.0 && chosen.last().is_some_and(|before| apart(*before, last)) {
        chosen.push(last);
    }
    chosen
}

impl Drawn for Intervals<'_> {
    fn is_empty(&self) -> bool {
        self.partners.is_empty()
    }

    fn alt(&self, _: &Spec) -> String {
        let count = self.partners.len();
        let partners =
            if count == 1 { "1 partner".into() } else { format!("{} partners", number::count(count as f64)) };
        let mut alt = format!("Rank intervals of {partners}: where nine tenths of the draws put them.");
        let tell = |row: &Partner| {
            let rank = row.rank.map(number::count).unwrap_or_default();
            let ends = row
                .interval()
                .map(|(low, high)| format!(", interval {} to {}", number::count(low), number::count(high)));
            let group = row.group.as_ref().map(|group| format!(" in {group}")).unwrap_or_default();
            format!("{} (rank {rank}{group}{})", row.label, ends.unwrap_or_default())
        };
        let ranked: Vec<&Partner> = self.partners.iter().filter(|row| row.rank.is_some()).collect();
        match ranked.as_slice() {
            [] => alt.push_str(" None of them has a rank."),
            [only] => alt.push_str(&format!(" {}.", tell(only))),
            [first, .., last] => {
                alt.push_str(&format!(" First: {}; last: {}.", tell(first), tell(last)));
                let width = |row: &&&Partner| row.interval().map_or(-1.0, |(low, high)| high - low);
                // Of equally wide ones the first.
                let widest = ranked.iter().rev().max_by(|a, b| width(a).total_cmp(&width(b)));
                if let Some(widest) = widest.filter(|row| row.interval().is_some()) {
                    alt.push_str(&format!(" Least certain: {}.", tell(widest)));
                }
            }
        }
        if let Some((open, all)) = self.open(&ranked) {
            let (open, all) = (number::count(open as f64), number::count(all as f64));
            alt.push_str(&format!(" Reaching into another tier: {open} of {all} intervals."));
        }
        match count - ranked.len() {
            0 => {}
            1 => alt.push_str(" One partner has no score."),
            more => alt.push_str(&format!(" {} partners have no score.", number::count(more as f64))),
        }
        alt
    }

    fn data(&self, _: &Spec) -> DataTable {
        let roles = self.roles;
        let mut header: Vec<String> = roles.within.iter().map(|within| heading(within)).collect();
        header.extend(["Rank".into(), heading(&roles.label.join(" · ")), "Tier".into()]);
        header.extend(["Lowest rank of nine draws in ten".to_owned(), "Highest".into()]);
        header.extend(roles.median.is_some().then(|| "Middle rank".to_owned()));
        header.extend(roles.top_share.is_some().then(|| self.share_head()));
        let whole = |value: Option<f64>| value.map(number::count).unwrap_or_default();
        let rows = (self.partners.iter())
            .map(|row| {
                let mut cells: Vec<String> =
                    roles.within.iter().map(|_| row.group.clone().unwrap_or_default()).collect();
                let tier = row.tier.and_then(|tier| self.ranking.tiers.get(tier).cloned());
                cells.extend([whole(row.rank), row.label.clone(), tier.unwrap_or_default()]);
                cells.extend([whole(row.low), whole(row.high)]);
                cells.extend(roles.median.is_some().then(|| whole(row.median)));
                let share = row.top_share.map(|share| Number::Percent.show(share)).unwrap_or_default();
                cells.extend(roles.top_share.is_some().then_some(share));
                cells
            })
            .collect();
        DataTable { header, rows }
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let shown = self.shown(spec);
        let bold = LABEL.face(Face::Bold);
        let names: Vec<Lines> =
            shown.iter().map(|row| LABEL.wrap(&row.label, NAME_LIMIT, NAME_LINES)).collect();
        let name_width =
            widest(names.iter().flat_map(|name| name.lines.iter().map(|line| LABEL.width(line))))
                .max(SMALL.width("Partner"));
        let rank = |row: &Partner| row.rank.map_or_else(|| "–".into(), number::count);
        let rank_width = widest(shown.iter().map(|row| bold.width(&rank(row)))).max(SMALL.width("Rank"));
        let head = SMALL.face(Face::Bold).color(INK);
        let has_share = self.roles.top_share.is_some();
        let share_lines = head.wrap(&self.share_head(), SHARE_LIMIT, 3).lines;
        let share_width = widest(share_lines.iter().map(|line| head.width(line))).max(LABEL.width("100%"));
        let share_width = if has_share { share_width + 18.0 } else { 0.0 };

        let (left, right) = (page.left(), page.right());
        let (rank_right, name_left) = (left + rank_width, left + rank_width + 12.0);
        let (from, to) = (name_left + name_width + 24.0, right - share_width - 12.0);
        let most = self.ranking.longest().max(1);
        let highest = self.partners.iter().filter_map(|row| row.high.or(row.rank));
        let last = highest.fold(most as f64, f64::max);
        let (low, high) = spec.range.unwrap_or((1.0, last));
        let scale = if low < high {
            Scale::new((low, high), (from, to))
        } else {
            Scale::new((low - 1.0, low + 1.0), (from, to))
        };
        let ticks: Vec<f64> = ticks(high as usize, scale).into_iter().filter(|tick| *tick >= low).collect();

        self.ranking.legend(page);
        page.y += 4.0;
        let lines = if has_share { share_lines.len() } else { 1 };
        let bottom = page.y + head.line() * lines as f64;
        let top = bottom - head.line();
        page.scene.lines(left, top, &["Rank".into()], head, Anchor::Start);
        page.scene.lines(name_left, top, &["Partner".into()], head, Anchor::Start);
        if has_share {
            let top = bottom - head.line() * share_lines.len() as f64;
            page.scene.lines(right, top, &share_lines, head, Anchor::End);
        }
        page.y = top;
        self.draw_ticks(page, scale, &ticks, true);

        let mut group: Option<&str> = None;
        let mut panel = page.y;
        let heights: Vec<f64> =
            (names.iter()).map(|name| (LABEL.line() * name.lines.len() as f64 + 6.0).max(ROW)).collect();
        let mut at = 0;
        while at < shown.len() {
            let own = shown[at].group.as_deref();
            let until =
                (at..shown.len()).find(|&row| shown[row].group.as_deref() != own).unwrap_or(shown.len());
            if let Some(name) = own {
                page.y += if group.is_none() { 4.0 } else { 14.0 };
                let words = bold.shorten(name, page.inner());
                page.scene.lines(left, page.y, &[words], bold, Anchor::Start);
                page.y += bold.line() + 4.0;
                panel = page.y;
            }
            group = own;
            let end = panel + heights[at..until].iter().sum::<f64>();
            for tick in &ticks {
                page.scene.vertical(scale.at(*tick), panel, end, 1.0, GRID);
            }
            let cuts = self.ranking.peers(own).map_or(&[][..], |peers| &peers.cuts);
            for cut in cuts.iter().filter(|cut| (low..=high).contains(*cut)) {
                page.scene.dashed((scale.at(*cut), panel), (scale.at(*cut), end), 1.5, AXIS);
            }
            for row in at..until {
                let (partner, lines) = (shown[row], &names[row].lines);
                let middle = page.y + heights[row] / 2.0;
                let known = partner.rank.is_some();
                let style = if known { bold } else { LABEL.color(MUTED) };
                page.scene.centred(rank_right, middle, rank(partner), style, Anchor::End);
                let style = if known { LABEL } else { LABEL.color(MUTED) };
                let block = LABEL.line() * lines.len() as f64;
                page.scene.lines(name_left, middle - block / 2.0, lines, style, Anchor::Start);
                self.draw_row(page, partner, scale, middle);
                if let Some(share) = partner.top_share {
                    page.scene.centred(right, middle, Number::Percent.show(share), LABEL, Anchor::End);
                }
                page.y += heights[row];
            }
            panel = page.y;
            at = until;
        }
        self.draw_ticks(page, scale, &ticks, false);
        self.notes(spec, &shown)
    }
}

impl Intervals<'_> {
    /// What the signs in these rows mean.
    fn notes(&self, spec: &Spec, shown: &[&Partner]) -> Vec<String> {
        let mut notes = vec![
            "Points: ranks. Lines: where nine tenths of the ranks lie when the ranking is drawn again and again \
             with weights, scales and values that could as well have been taken."
                .to_owned(),
        ];
        if shown.iter().any(|row| row.median.is_some() && row.median != row.rank) {
            notes.push("Upright strokes: the middle rank of the draws, where it is another.".into());
        }
        if let Some(best) = self.ranking.tiers.first().filter(|_| self.roles.top_share.is_some()) {
            notes.push(format!(
                "{}: the part of the draws that put the partner into the tier “{best}”.",
                self.share_head()
            ));
        }
        if let Some((open, all)) = self.open(shown) {
            let (some, all) = (number::count(open as f64), number::count(all as f64));
            let told = match open {
                0 => "No interval reaches over one.".to_owned(),
                1 => format!("1 of {all} intervals reaches over one: that tier is not sure."),
                _ => format!("{some} of {all} intervals reach over one: those tiers are not sure."),
            };
            notes.push(format!("Dashed lines: the ends of tiers. {told}"));
        }
        if has_ties(shown.iter().map(|row| (row.group.as_deref(), row.rank))) {
            notes.push("Equal scores share the better rank.".into());
        }
        if shown.iter().any(|row| row.rank.is_none()) {
            notes.push("“no score”: too little is known of the partner to be ranked.".into());
        }
        let out = |row: &&Partner| {
            let (low, high) = spec.range.unwrap_or((f64::MIN, f64::MAX));
            row.interval().is_some_and(|(from, to)| from < low || to > high)
        };
        if shown.iter().any(out) {
            notes.push("What lies beyond the ends of the axis is drawn at its end.".into());
        }
        notes.extend(self.ranking.note(self.partners.iter().filter(|row| row.rank.is_some()).count()));
        let what = "partners; all are in the data of this chart";
        notes.extend(cut_note(shown.len(), self.partners.len(), what));
        notes
    }
}
