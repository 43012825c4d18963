//! The figure of a cell with its error: shares, means, medians and net promoter scores, by the chosen
//! variance. Picks the people; the formulas are in `stats`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::design::design;
use super::keys::Key;
use super::layout::Ask;
use super::options::{Statistic, Variance};
use super::tables::{Crossed, Header, Item, Kind, nps_class};
use crate::diagnostic::RunError;
use crate::stats::linearization::{Design, Figure};
use crate::stats::means::Moments;
use crate::stats::net_promoter::{Class, Classes, Method};
use crate::stats::proportions::{self, Share};
use crate::stats::quantile::weighted_median;
use crate::stats::significance::critical;
use crate::stats::weights::Base;

/// People that a figure is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side<'h> {
    /// Everyone in the table.
    Total,
    /// A column, by its place.
    Column(usize, &'h Header),
    /// Everyone but a column.
    Rest(usize, &'h Header),
}

impl<'h> Side<'h> {
    /// A column of the table, the total being 0.
    pub(super) fn of(crossed: &'h Crossed<'_>, column: usize) -> Self {
        match column {
            0 => Self::Total,
            _ => Self::Column(column, &crossed.headers[column - 1]),
        }
    }

    /// Its column, the total being 0, and whether it is everyone else.
    fn place(&self) -> (usize, bool) {
        match self {
            Self::Total => (0, false),
            Self::Column(at, _) => (*at, false),
            Self::Rest(at, _) => (*at, true),
        }
    }

    fn choice(&self) -> Option<usize> {
        match self {
            Self::Total => None,
            Self::Column(_, header) | Self::Rest(_, header) => header.choice,
        }
    }
}

impl Crossed<'_> {
    /// Whether two sides may have people in common.
    pub(super) fn may_overlap(&self, a: Side<'_>, b: Side<'_>) -> bool {
        match (a, b) {
            (Side::Total, _) | (_, Side::Total) => true,
            (Side::Column(_, a), Side::Column(_, b)) => !a.keys.is_disjoint(&b.keys),
            _ => false,
        }
    }
}

/// A figure and how sure it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Estimate {
    /// The value of a statistic; of answers the column share.
    pub value: Option<f64>,
    pub std_error: Option<f64>,
    pub interval: Option<(f64, f64)>,
}

/// The figures of one table.
pub(super) struct Figures<'a> {
    pub crossed: &'a Crossed<'a>,
    designs: BTreeMap<Ask, Designed>,
    /// The people that two columns have in common, each found once.
    overlaps: RefCell<BTreeMap<(usize, usize), Base>>,
    /// The linearised figures of the row that was asked about last: each is compared with many.
    row: RefCell<Row>,
}

/// Linearised figures of one row, by side.
#[derive(Default)]
struct Row {
    item: usize,
    figures: BTreeMap<(usize, bool), Made>,
}

/// A linearised figure; none where nobody is.
pub(super) type Made = Option<Rc<Figure>>;

/// A design over the cells of one counted table.
struct Designed {
    design: Design,
    keys: Vec<Key>,
}

impl<'a> Figures<'a> {
    /// # Errors
    /// Where the sample's design gives no standard errors.
    pub(super) fn new(crossed: &'a Crossed<'a>) -> Result<Self, RunError> {
        let mut designs = BTreeMap::new();
        if crossed.checked.is_taylor() {
            for ask in crossed.plan.asks.keys() {
                let entries = crossed.entries(ask);
                let mut places = BTreeMap::new();
                let mut keys = Vec::new();
                for entry in &entries {
                    let key = &entry.key;
                    let id = (key.state, &key.row, &key.column, key.any, key.row_in, &key.column_in);
                    places.entry(id).or_insert_with(|| {
                        keys.push(key.clone());
                        keys.len() - 1
                    });
                }
                let cell = |key: &Key| {
                    places[&(key.state, &key.row, &key.column, key.any, key.row_in, &key.column_in)]
                };
                if let Some(design) = design(crossed, &entries, keys.len(), cell)? {
                    designs.insert(ask.clone(), Designed { design, keys });
                }
            }
        }
        Ok(Self { crossed, designs, overlaps: RefCell::default(), row: RefCell::default() })
    }

    /// A share of these people as an answer's count and base.
    pub(super) fn share(&self, item: usize, side: Side<'_>) -> Share {
        let (cells, bases) = (&self.crossed.cells[item], &self.crossed.bases);
        match side {
            Side::Total => Share { part: cells[0].weighted, base: bases[0] },
            Side::Column(at, _) => Share { part: cells[at].weighted, base: bases[at] },
            Side::Rest(at, _) => {
                Share { part: less(cells[0], cells[at]).weighted, base: less(bases[0], bases[at]) }
            }
        }
    }

    /// The moments of a statistic among these people; of a net promoter score those of 100, 0 and −100.
    pub(super) fn moments(&self, at: usize, side: Side<'_>) -> Option<Moments> {
        Moments::of(&self.histogram(at, side))
    }

    fn histogram(&self, at: usize, side: Side<'_>) -> Vec<(f64, Base)> {
        let item = &self.crossed.items[at];
        let Some(columns) = self.crossed.histograms.get(&at) else { return Vec::new() };
        let base = |place: usize| match side {
            Side::Total => columns[0][place],
            Side::Column(column, _) => columns[column][place],
            Side::Rest(column, _) => less(columns[0][place], columns[column][place]),
        };
        let value = |place: usize| score(item, place);
        (0..item.keys.len()).filter_map(|place| Some((value(place)?, base(place)))).collect()
    }

    /// The people whom two sides have in common, of those whom the row's figure is about.
    pub(super) fn both(&self, item: usize, a: Side<'_>, b: Side<'_>) -> Base {
        let statistic = self.crossed.items[item].kind.is_statistic();
        let of = |column: usize| match self.crossed.histograms.get(&item) {
            Some(columns) if statistic => columns[column].iter().copied().sum(),
            _ => self.crossed.bases[column],
        };
        match (a, b) {
            (Side::Total, Side::Column(at, _)) | (Side::Column(at, _), Side::Total) => of(at),
            (Side::Column(..), Side::Column(..)) if !self.crossed.may_overlap(a, b) => Base::default(),
            (Side::Column(_, first), Side::Column(_, second)) if statistic => {
                self.overlap(Some(item), first, second)
            }
            (Side::Column(one, first), Side::Column(other, second)) => {
                let known = self.overlaps.borrow().get(&(one, other)).copied();
                known.unwrap_or_else(|| {
                    let both = self.overlap(None, first, second);
                    self.overlaps.borrow_mut().insert((one, other), both);
                    both
                })
            }
            _ => Base::default(),
        }
    }

    /// The people of two columns, of a statistic those who have a value.
    fn overlap(&self, statistic: Option<usize>, first: &Header, second: &Header) -> Base {
        let item = statistic.map(|at| &self.crossed.items[at]);
        let row = item.and_then(|item| item.choice);
        let ask = Ask { row, columns: chosen(&[first.choice, second.choice]) };
        let place = |header: &Header| {
            ask.columns.iter().position(|choice| Some(*choice) == header.choice).unwrap_or(0)
        };
        let (a, b) = (place(first), place(second));
        let crossed = self.crossed;
        let counts = |entry: &&super::keys::Entry| {
            entry.is_in_design()
                && crossed.in_base(&entry.key, Some((first, a)))
                && crossed.in_base(&entry.key, Some((second, b)))
                && item.is_none_or(|item| crossed.in_item(&entry.key, item).is_some())
        };
        crossed.entries(&ask).iter().filter(counts).map(|entry| entry.base).sum()
    }

    /// The figures of several sides in one design, and the design.
    pub(super) fn designed(&self, at: usize, sides: &[Side<'_>]) -> Option<(&Design, Vec<Made>)> {
        let item = &self.crossed.items[at];
        let choices: Vec<Option<usize>> = sides.iter().map(Side::choice).collect();
        let ask = Ask { row: item.choice, columns: chosen(&choices) };
        let designed = self.designs.get(&ask)?;
        let figure = |side: &Side<'_>| -> Made {
            let place =
                side.choice().and_then(|choice| ask.columns.iter().position(|other| *other == choice));
            let value = |cell: usize| self.value(&designed.keys[cell], item, *side, place.unwrap_or(0));
            designed.design.mean(value).map(Rc::new)
        };
        let known = |side: &Side<'_>| {
            // What is counted for these columns alone serves no other pair.
            if !ask.columns.is_empty() {
                return figure(side);
            }
            let mut row = self.row.borrow_mut();
            if row.item != at {
                *row = Row { item: at, ..Row::default() };
            }
            row.figures.entry(side.place()).or_insert_with(|| figure(side)).clone()
        };
        Some((&designed.design, sides.iter().map(known).collect()))
    }

    /// What rows of this key count in the figure of a side: none outside of it.
    fn value(&self, key: &Key, item: &Item, side: Side<'_>, place: usize) -> Option<f64> {
        let inside = match side {
            Side::Total => self.crossed.in_base(key, None),
            Side::Column(_, header) => self.crossed.in_base(key, Some((header, place))),
            Side::Rest(_, header) => {
                self.crossed.in_base(key, None) && !self.crossed.in_base(key, Some((header, place)))
            }
        };
        let row = self.crossed.in_item(key, item);
        match item.kind {
            _ if !inside => None,
            Kind::Answer | Kind::Net => Some(if row.is_some() { 1.0 } else { 0.0 }),
            Kind::Statistic(_) => score(item, row?),
        }
    }

    /// The figure of a cell, the total column being 0.
    pub(super) fn estimate(&self, at: usize, column: usize) -> Estimate {
        let side = Side::of(self.crossed, column);
        match self.crossed.items[at].kind {
            Kind::Answer | Kind::Net => self.share_estimate(at, side),
            Kind::Statistic(statistic) => self.statistic(at, side, statistic).unwrap_or_default(),
        }
    }

    fn share_estimate(&self, at: usize, side: Side<'_>) -> Estimate {
        let share = self.share(at, side);
        let Some(value) = share.estimate() else { return Estimate::default() };
        let checked = self.crossed.checked;
        let (std_error, answers) = match checked.variance {
            Variance::Frequency => {
                (proportions::std_error(value, share.base.weighted), Some(share.base.weighted))
            }
            Variance::EffectiveBase => {
                (proportions::std_error(value, share.base.effective()), Some(share.base.effective()))
            }
            Variance::Taylor => {
                let error = self.linearised(at, side).map(|(error, _)| error);
                (
                    error,
                    error
                        .and_then(|error| proportions::answers(value, error))
                        .or(Some(share.base.effective())),
                )
            }
        };
        let interval = answers.and_then(|answers| proportions::interval(value, answers, checked.confidence));
        Estimate { value: Some(value), std_error, interval }
    }

    /// The standard error of a figure in the design, and its degrees of freedom.
    fn linearised(&self, at: usize, side: Side<'_>) -> Option<(f64, f64)> {
        let (design, figures) = self.designed(at, &[side])?;
        let figure = figures.into_iter().next()??;
        Some((design.std_error(&figure), design.degrees_of_freedom(&figure)))
    }

    fn statistic(&self, at: usize, side: Side<'_>, statistic: Statistic) -> Option<Estimate> {
        let checked = self.crossed.checked;
        let histogram = self.histogram(at, side);
        let moments = Moments::of(&histogram)?;
        let (std_error, df) = match checked.variance {
            Variance::Frequency => (moments.frequency_std_error(), moments.base.weighted - 1.0),
            Variance::EffectiveBase => (moments.effective_std_error(), moments.base.effective() - 1.0),
            Variance::Taylor => {
                let (error, df) = self.linearised(at, side).unzip();
                (error, df.unwrap_or_default())
            }
        };
        let alone = |value: Option<f64>| Some(Estimate { value, ..Estimate::default() });
        match statistic {
            Statistic::Mean => {
                let reach = critical(checked.confidence, Some(df)).zip(std_error).map(|(t, error)| t * error);
                let interval = reach.map(|reach| (moments.mean - reach, moments.mean + reach));
                Some(Estimate { value: Some(moments.mean), std_error, interval })
            }
            Statistic::StdDev if checked.variance == Variance::Frequency => {
                alone(moments.frequency_std_dev())
            }
            Statistic::StdDev => alone(moments.std_dev()),
            Statistic::StdError => alone(std_error),
            Statistic::Median => alone(weighted_median(&weighted(&histogram))),
            Statistic::Nps => self.net_promoter(at, side, std_error, df),
        }
    }

    /// The net promoter score: its error from the shares of the classes, its interval adjusted Wald on
    /// the number of answers that the variance takes for it; in a design ± t standard errors.
    fn net_promoter(&self, at: usize, side: Side<'_>, linearised: Option<f64>, df: f64) -> Option<Estimate> {
        let checked = self.crossed.checked;
        let mut classes = Classes::default();
        for (value, base) in self.histogram(at, side) {
            let class = match value {
                v if v > 0.0 => &mut classes.promoters,
                v if v < 0.0 => &mut classes.detractors,
                _ => &mut classes.passives,
            };
            *class += base;
        }
        let value = classes.estimate()?;
        if checked.variance == Variance::Taylor {
            let reach = critical(checked.confidence, Some(df)).zip(linearised).map(|(t, error)| t * error);
            let interval = reach.map(|reach| ((value - reach).max(-100.0), (value + reach).min(100.0)));
            return Some(Estimate { value: Some(value), std_error: linearised, interval });
        }
        let base = classes.base();
        let answers = if checked.variance == Variance::Frequency { base.weighted } else { base.effective() };
        let scale = answers / base.weighted;
        let even = |base: Base| {
            let weighted = base.weighted * scale;
            Base { n: answers.ceil() as u64, weighted, squared: weighted }
        };
        let classes = Classes {
            promoters: even(classes.promoters),
            passives: even(classes.passives),
            detractors: even(classes.detractors),
        };
        let [p, _, d] = classes.shares()?;
        let std_error = 100.0 * ((p + d - (p - d).powi(2)).max(0.0) / answers).sqrt();
        let interval = classes.interval(Method::AdjustedWald, checked.confidence);
        Some(Estimate { value: Some(value), std_error: Some(std_error), interval })
    }
}

/// What the value at a place among an item's keys counts: in a net promoter score 100, 0 or −100.
fn score(item: &Item, place: usize) -> Option<f64> {
    let value = item.keys.get(place)?.1;
    match item.kind {
        Kind::Statistic(Statistic::Nps) => Some(match nps_class(value)? {
            Class::Promoter => 100.0,
            Class::Passive => 0.0,
            Class::Detractor => -100.0,
        }),
        _ => Some(value),
    }
}

/// Values upwards, each with its weight.
fn weighted(histogram: &[(f64, Base)]) -> Vec<(f64, f64)> {
    let mut weighted: Vec<(f64, f64)> =
        histogram.iter().map(|(value, base)| (*value, base.weighted)).collect();
    weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
    weighted
}

/// The choices among these, each once, in order.
fn chosen(choices: &[Option<usize>]) -> Vec<usize> {
    let mut chosen: Vec<usize> = choices.iter().copied().flatten().collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// The people of a whole who are not in its part.
fn less(whole: Base, part: Base) -> Base {
    let n = whole.n.saturating_sub(part.n);
    // Sums in another order leave a hair of nobody.
    if n == 0 {
        return Base::default();
    }
    Base { n, weighted: whole.weighted - part.weighted, squared: whole.squared - part.squared }
}
