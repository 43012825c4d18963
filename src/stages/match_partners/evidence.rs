//! What the engine answered, as numbers: partners, segments, cells of both, scores, leads. Refuses keys
//! that occur twice where one is wanted. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use super::Checked;
use super::profile::Words;
use crate::diagnostic::{Code, Diagnostic, RunError};
use crate::document::Spanned;
use crate::stats::credibility::Group;

/// Everything that is known.
pub(super) struct Evidence {
    /// One row a partner, as `lower` made it, without those who have no key.
    pub list: DataFrame,
    /// By partner.
    pub partners: Vec<Partner>,
    /// By name.
    pub segments: Vec<Segment>,
    /// By partner and segment.
    pub cells: Vec<Vec<Cell>>,
    /// Leads by segment and where they are, if there are any to assign.
    pub demand: Option<Demand>,
    /// For each attribute, customers by value and partner.
    pub words: Vec<Words>,
    /// Rows that do not count, or not fully.
    pub left_out: LeftOut,
}

/// A partner of the list.
#[derive(Default)]
pub(super) struct Partner {
    /// How many more customers it takes; none where that is not asked.
    pub capacity: Option<u64>,
    /// Where it is, as leads are.
    pub within: Option<String>,
    /// Whose good customers stand in for its own.
    pub peers: Option<String>,
    pub score: Option<f64>,
}

/// A segment, with everybody in it.
#[derive(Default)]
pub(super) struct Segment {
    pub name: String,
    pub all: Cell,
}

/// Customers of a partner, or everybody, in a segment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    pub group: Group,
    pub good: u64,
    pub value: Sum,
    pub loyalty: Sum,
    pub worth: Sum,
}

/// A sum and how many made it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub n: u64,
    pub sum: f64,
}

impl Sum {
    /// The mean; none of nobody.
    pub fn mean(self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }

    fn add(&mut self, other: Self) {
        self.n += other.n;
        self.sum += other.sum;
    }
}

impl Cell {
    pub fn add(&mut self, other: &Self) {
        self.group.n += other.group.n;
        self.group.sum += other.group.sum;
        self.group.square += other.group.square;
        self.good += other.good;
        self.value.add(other.value);
        self.loyalty.add(other.loyalty);
        self.worth.add(other.worth);
    }
}

/// Leads to be assigned.
#[derive(Default)]
pub(super) struct Demand {
    /// How many, by where they are and position of their segment.
    pub groups: BTreeMap<(String, usize), u64>,
    /// By segment, those without a place as well.
    pub by_segment: Vec<u64>,
    /// With a key: the leads as `lower` made them, without those who have no key.
    pub leads: Option<DataFrame>,
}

/// Rows that do not count, or not fully.
#[derive(Default)]
pub(super) struct LeftOut {
    pub partners_without_key: u64,
    pub without_segment: u64,
    pub without_outcome: u64,
    pub of_strangers: u64,
    pub without_capacity: u64,
    pub leads_without_segment: u64,
    pub leads_without_place: u64,
    pub leads_without_key: u64,
}

pub(super) fn read(ready: &Checked, frames: &[DataFrame]) -> Result<Evidence, RunError> {
    let mut frames = frames.iter();
    let empty = DataFrame::default();
    let mut next = || frames.next().unwrap_or(&empty);
    let (list, cells, left_out) = (next(), next(), next());

    let keyed = list.column("id")?.is_not_null();
    let partners_without_key = list.height() as u64 - u64::from(keyed.sum().unwrap_or(0));
    let list = list.filter(&keyed)?;
    let ids: Vec<String> = texts(&list, "id")?.into_iter().flatten().collect();
    let once = "match a table with one row per partner";
    refuse_repeated(&ids, &ready.from, "the list of partners has a partner more than once", once)?;
    let places: BTreeMap<&str, usize> = ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let (within, peers) = (texts(&list, "within")?, texts(&list, "peers")?);
    let mut without_capacity = 0;
    let mut partners: Vec<Partner> = (within.into_iter().zip(peers))
        .zip(list.column("capacity")?.f64()?.iter())
        .map(|((within, peers), room)| {
            let known = room.filter(|room| *room >= 0.0);
            without_capacity += u64::from(ready.capacity.is_some() && known.is_none());
            // Whole customers: half of one cannot be sent.
            let capacity = ready.capacity.is_some().then(|| known.unwrap_or(0.0).floor() as u64);
            Partner { capacity, within, peers, score: None }
        })
        .collect();

    if let Some(score) = &ready.score {
        let table = next();
        let scored: Vec<String> = texts(table, "id")?.into_iter().flatten().collect();
        let help = "give a table with one row per partner";
        refuse_repeated(&scored, &score.from, "the table of scores has a partner more than once", help)?;
        for (id, score) in scored.iter().zip(table.column("score")?.f64()?.iter()) {
            if let Some(at) = places.get(id.as_str()) {
                partners[*at].score = score;
            }
        }
    }
    let leads = ready.demand.as_ref().map(|_| next());
    let words = (0..ready.customers.describe.len())
        .map(|_| Words::read(next(), &places))
        .collect::<PolarsResult<Vec<_>>>()?;

    let by_segment = texts(cells, "segment")?;
    let mut names: BTreeSet<String> = by_segment.iter().flatten().cloned().collect();
    names.extend(ready.desired.iter().flatten().cloned());
    if let Some(leads) = leads {
        names.extend(texts(leads, "segment")?.into_iter().flatten());
    }
    let mut segments: Vec<Segment> =
        names.into_iter().map(|name| Segment { name, ..Segment::default() }).collect();
    let at: BTreeMap<String, usize> =
        segments.iter().enumerate().map(|(at, segment)| (segment.name.clone(), at)).collect();

    let mut grid = vec![vec![Cell::default(); segments.len()]; partners.len()];
    let mut of_strangers = 0;
    for ((id, segment), cell) in texts(cells, "id")?.iter().zip(&by_segment).zip(read_cells(cells)?) {
        let Some(segment) = segment.as_ref().and_then(|segment| at.get(segment)) else { continue };
        segments[*segment].all.add(&cell);
        match id.as_deref().map(|id| places.get(id)) {
            Some(Some(partner)) => grid[*partner][*segment].add(&cell),
            Some(None) => of_strangers += cell.group.n,
            None => {}
        }
    }
    let whole = |name: &str| -> PolarsResult<u64> {
        Ok(left_out.column(name)?.cast(&DataType::Int64)?.i64()?.iter().next().flatten().unwrap_or(0) as u64)
    };
    let mut told = LeftOut {
        partners_without_key,
        without_segment: whole("no_segment")?,
        without_outcome: whole("no_outcome")?,
        of_strangers,
        without_capacity,
        ..LeftOut::default()
    };
    let demand = match (leads, &ready.demand) {
        (Some(leads), Some(wanted)) => {
            let keyed = wanted.key.is_some();
            Some(read_demand(leads, keyed, &wanted.from, &at, &mut told)?)
        }
        _ => None,
    };
    Ok(Evidence { list, partners, segments, cells: grid, demand, words, left_out: told })
}

fn read_cells(cells: &DataFrame) -> PolarsResult<Vec<Cell>> {
    let whole = |name: &str| counts(cells, name);
    let float = |name: &str| -> PolarsResult<Vec<f64>> {
        Ok(cells.column(name)?.f64()?.iter().map(|x| x.unwrap_or(0.0)).collect())
    };
    let sums = |n: &str, sum: &str| -> PolarsResult<Vec<Sum>> {
        Ok(whole(n)?.into_iter().zip(float(sum)?).map(|(n, sum)| Sum { n, sum }).collect())
    };
    let (n, good, sum, square) = (whole("n")?, whole("good")?, float("sum")?, float("square")?);
    let (value, loyalty) = (sums("value_n", "value")?, sums("loyalty_n", "loyalty")?);
    let worth = sums("worth_n", "worth")?;
    Ok((0..cells.height())
        .map(|at| Cell {
            group: Group { n: n[at], sum: sum[at], square: square[at] },
            good: good[at],
            value: value[at],
            loyalty: loyalty[at],
            worth: worth[at],
        })
        .collect())
}

fn read_demand(
    leads: &DataFrame,
    keyed: bool,
    from: &Spanned<String>,
    at: &BTreeMap<String, usize>,
    told: &mut LeftOut,
) -> Result<Demand, RunError> {
    let mut leads = leads.clone();
    if keyed {
        let known = leads.column("lead")?.is_not_null();
        told.leads_without_key = leads.height() as u64 - u64::from(known.sum().unwrap_or(0));
        leads = leads.filter(&known)?;
        let keys = leads.column("lead")?.cast(&DataType::String)?;
        let keys: Vec<String> = keys.str()?.iter().flatten().map(str::to_owned).collect();
        let help = "assign a table with one row per lead, or leave `key` out to assign numbers only";
        refuse_repeated(&keys, from, "the table of leads has a lead more than once", help)?;
    }
    let mut demand = Demand { by_segment: vec![0; at.len()], ..Demand::default() };
    let (segments, within, n) = (texts(&leads, "segment")?, texts(&leads, "within")?, counts(&leads, "n")?);
    for ((segment, within), n) in segments.iter().zip(within).zip(n) {
        let Some(segment) = segment.as_ref().and_then(|segment| at.get(segment)) else {
            told.leads_without_segment += n;
            continue;
        };
        demand.by_segment[*segment] += n;
        match within {
            Some(within) => *demand.groups.entry((within, *segment)).or_default() += n,
            None => told.leads_without_place += n,
        }
    }
    demand.leads = keyed.then_some(leads);
    Ok(demand)
}

/// How many keys an error names before it says that there are more.
const SHOWN: usize = 5;

/// Keys that were sorted stand beside their like.
fn refuse_repeated(
    keys: &[String],
    from: &Spanned<String>,
    message: &str,
    help: &str,
) -> Result<(), RunError> {
    let mut repeated: Vec<&str> =
        keys.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0].as_str()).collect();
    repeated.dedup();
    if repeated.is_empty() {
        return Ok(());
    }
    if repeated.len() > SHOWN {
        repeated.truncate(SHOWN);
        repeated.push("…");
    }
    let told = Diagnostic::error(Code::DuplicateRecord, message)
        .primary(from.span, format!("`{}` repeats {}", from.value, repeated.join(", ")))
        .help(help);
    Err(RunError::data(told))
}

pub(super) fn texts(table: &DataFrame, column: &str) -> PolarsResult<Vec<Option<String>>> {
    Ok(table.column(column)?.str()?.iter().map(|text| text.map(str::to_owned)).collect())
}

pub(super) fn counts(table: &DataFrame, column: &str) -> PolarsResult<Vec<u64>> {
    Ok(table.column(column)?.i64()?.iter().map(|n| n.unwrap_or(0) as u64).collect())
}
