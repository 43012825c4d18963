//! The tables as promised and as filled.

use polars::prelude::*;

use super::decide::Decided;
use super::evidence::{Evidence, texts};
use super::lower::keep_name;
use super::place::Placed;
use super::{Checked, decide, profile, words};
use crate::diagnostic::RunError;
use crate::stages::{Promise, Side};
use crate::stats::credibility::Lift;
use crate::stats::weights::base_mark;

use DataType::{Boolean, Float64, Int64, String as Text};

/// Columns of the main table behind the key and what is kept.
const MAIN: [(&str, DataType); 18] = [
    ("segment", Text),
    ("desired", Boolean),
    ("n", Int64),
    ("share", Float64),
    ("share_all", Float64),
    ("index", Float64),
    ("estimate", Float64),
    ("segment_estimate", Float64),
    ("lift", Float64),
    ("shrunk_by", Float64),
    ("lift_shrunk", Float64),
    ("conf_low", Float64),
    ("conf_high", Float64),
    ("base_mark", Text),
    ("recommended", Boolean),
    ("assigned", Int64),
    ("reason_code", Text),
    ("reason", Text),
];
/// Columns of `partners` behind the key and what is kept.
const PARTNERS: [(&str, DataType); 7] = [
    ("n", Int64),
    ("n_good", Int64),
    ("capacity", Int64),
    ("assigned", Int64),
    ("segment", Text),
    ("lift_shrunk", Float64),
    ("recommendation", Text),
];
const SEGMENTS: [(&str, DataType); 14] = [
    ("segment", Text),
    ("n", Int64),
    ("estimate", Float64),
    ("value", Float64),
    ("loyalty", Float64),
    ("value_threshold", Float64),
    ("loyalty_threshold", Float64),
    ("quadrant", Text),
    ("desired", Boolean),
    ("prior", Float64),
    ("worth", Float64),
    ("demand", Int64),
    ("assigned", Int64),
    ("unassigned", Int64),
];
/// Columns of `profile` behind the key.
const PROFILE: [(&str, DataType); 8] = [
    ("attribute", Text),
    ("value", Text),
    ("n", Int64),
    ("base", Int64),
    ("share", Float64),
    ("share_all", Float64),
    ("index", Float64),
    ("of", Text),
];
/// What `assignments` has beside the keys and the place.
pub(super) const ASSIGNED: [&str; 2] = ["segment", "gain"];

/// The columns that the stage names itself beside those of partners.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    MAIN.iter().chain(&PARTNERS).chain(&PROFILE).map(|(name, _)| *name)
}

pub(super) fn promise(ready: &Checked) -> Promise {
    let fields = |columns: &[(&str, DataType)]| -> Vec<Field> {
        columns.iter().map(|(name, dtype)| Field::new((*name).into(), dtype.clone())).collect()
    };
    let key = || Field::new(ready.key.name.as_str().into(), ready.key.dtype.clone());
    let kept = || ready.keep.iter().map(|kept| Field::new(kept.name.as_str().into(), kept.dtype.clone()));
    let mut sides = vec![
        Side {
            name: "partners",
            meaning: "One row per partner: what to steer to it, in words, and how many leads are assigned.",
            schema: [key()].into_iter().chain(kept()).chain(fields(&PARTNERS)).collect(),
            brief: false,
        },
        Side {
            name: "segments",
            meaning: "One row per segment: what its customers are worth, whether it is desired, and its leads.",
            schema: fields(&SEGMENTS).into_iter().collect(),
            brief: false,
        },
    ];
    if !ready.customers.describe.is_empty() {
        sides.push(Side {
            name: "profile",
            meaning: "One row per partner and value of an attribute: its good customers against all customers.",
            schema: [key()].into_iter().chain(fields(&PROFILE)).collect(),
            brief: false,
        });
    }
    let demand = ready.demand.as_ref();
    if let Some((lead, demand)) = demand.and_then(|demand| Some((demand.key.as_ref()?, demand))) {
        let place = demand.within.iter();
        let mut schema: Schema = [lead]
            .into_iter()
            .chain(place)
            .map(|column| Field::new(column.name.as_str().into(), column.dtype.clone()))
            .collect();
        schema.with_column("segment".into(), Text);
        schema.with_column(key().name, key().dtype);
        schema.with_column("gain".into(), Float64);
        let meaning = "One row per lead: the partner it goes to, and what that is expected to gain.";
        sides.push(Side { name: "assignments", meaning, schema, brief: false });
    }
    Promise { main: [key()].into_iter().chain(kept()).chain(fields(&MAIN)).collect(), sides }
}

/// The key and what is kept, of the partners at the given rows.
fn heads(ready: &Checked, found: &Evidence, rows: &[usize], keep: bool) -> PolarsResult<Vec<Column>> {
    let at = IdxCa::new("at".into(), rows.iter().map(|at| *at as IdxSize).collect::<Vec<_>>());
    let take = |column: &str, name: &str| -> PolarsResult<Column> {
        Ok(found.list.column(column)?.take(&at)?.with_name(name.into()))
    };
    let mut heads = vec![take("key", &ready.key.name)?];
    for (at, kept) in ready.keep.iter().enumerate().filter(|_| keep) {
        heads.push(take(&keep_name(at), &kept.name)?);
    }
    Ok(heads)
}

pub(super) fn main(
    ready: &Checked,
    found: &Evidence,
    made: &Decided,
    placed: Option<&Placed>,
) -> Result<DataFrame, RunError> {
    let segments = found.segments.len();
    let cells: Vec<(usize, usize)> =
        (0..found.partners.len()).flat_map(|partner| (0..segments).map(move |at| (partner, at))).collect();
    let rows: Vec<usize> = cells.iter().map(|(partner, _)| *partner).collect();
    let mut columns = heads(ready, found, &rows, true)?;
    let n = |(partner, segment): &(usize, usize)| found.cells[*partner][*segment].group.n;
    let share = |cell: &(usize, usize)| part(n(cell), made.n[cell.0]);
    let share_all = |cell: &(usize, usize)| part(found.segments[cell.1].all.group.n, made.all);
    let verdict = |cell: &(usize, usize)| &made.cells[cell.0][cell.1];
    let measured = |cell: &(usize, usize)| {
        let group = found.cells[cell.0][cell.1].group;
        (group.n > 0).then(|| group.sum / group.n as f64)
    };
    let lift = |of: fn(Lift) -> Option<f64>| move |cell: &(usize, usize)| verdict(cell).lift.and_then(of);
    let mark = |cell: &(usize, usize)| base_mark(n(cell), ready.min_n, ready.min_n.saturating_mul(3));
    let words = |cell: &(usize, usize)| words::reason(ready, found, made, cell.0, cell.1);
    let assigned = |cell: &(usize, usize)| placed.map(|placed| placed.assigned[cell.0][cell.1] as i64);
    columns.extend([
        column(&cells, "segment", |cell| found.segments[cell.1].name.as_str()),
        column(&cells, "desired", |cell| made.segments[cell.1].desired),
        column(&cells, "n", |cell| n(cell) as i64),
        column(&cells, "share", share),
        column(&cells, "share_all", share_all),
        column(&cells, "index", |cell| index(share(cell), share_all(cell))),
        column(&cells, "estimate", measured),
        column(&cells, "segment_estimate", |cell| made.segments[cell.1].estimate),
        column(&cells, "lift", lift(|lift| Some(lift.measured))),
        column(&cells, "shrunk_by", lift(|lift| Some(lift.shrunk - lift.measured))),
        column(&cells, "lift_shrunk", lift(|lift| Some(lift.shrunk))),
        column(&cells, "conf_low", lift(|lift| lift.interval.map(|(low, _)| low))),
        column(&cells, "conf_high", lift(|lift| lift.interval.map(|(_, high)| high))),
        column(&cells, "base_mark", mark),
        column(&cells, "recommended", |cell| verdict(cell).reason.recommends()),
        column(&cells, "assigned", assigned),
        column(&cells, "reason_code", |cell| verdict(cell).reason.code()),
        column(&cells, "reason", words),
    ]);
    Ok(DataFrame::new(cells.len(), columns)?)
}

pub(super) fn sides(
    ready: &Checked,
    found: &Evidence,
    made: &Decided,
    placed: Option<&Placed>,
) -> Result<Vec<(&'static str, DataFrame)>, RunError> {
    let mut sides = vec![
        ("partners", partners(ready, found, made, placed)?),
        ("segments", segments(found, made, placed)?),
    ];
    if !ready.customers.describe.is_empty() {
        sides.push(("profile", described(ready, found, made)?));
    }
    if let (Some(placed), Some(leads)) =
        (placed, found.demand.as_ref().and_then(|demand| demand.leads.as_ref()))
    {
        sides.push(("assignments", assignments(ready, found, made, placed, leads)?));
    }
    Ok(sides)
}

fn partners(
    ready: &Checked,
    found: &Evidence,
    made: &Decided,
    placed: Option<&Placed>,
) -> PolarsResult<DataFrame> {
    let rows: Vec<usize> = (0..found.partners.len()).collect();
    let mut columns = heads(ready, found, &rows, true)?;
    let best: Vec<Option<usize>> =
        rows.iter().map(|at| words::ranked(found, made, *at).first().copied()).collect();
    let lift = |at: &usize| made.cells[*at][best[*at]?].lift.map(|lift| lift.shrunk);
    let assigned = |at: &usize| placed.map(|placed| placed.assigned[*at].iter().sum::<u64>() as i64);
    columns.extend([
        column(&rows, "n", |at| made.n[*at] as i64),
        column(&rows, "n_good", |at| made.good[*at] as i64),
        column(&rows, "capacity", |at| found.partners[*at].capacity.map(|room| room as i64)),
        column(&rows, "assigned", assigned),
        column(&rows, "segment", |at| best[*at].map(|best| found.segments[best].name.as_str())),
        column(&rows, "lift_shrunk", lift),
        column(&rows, "recommendation", |at| words::recommendation(ready, found, made, *at, placed)),
    ]);
    DataFrame::new(rows.len(), columns)
}

fn segments(found: &Evidence, made: &Decided, placed: Option<&Placed>) -> PolarsResult<DataFrame> {
    let rows: Vec<usize> = (0..found.segments.len()).collect();
    let [value, loyalty] = made.thresholds;
    let all = |at: &usize| &found.segments[*at].all;
    let demand = |at: &usize| found.demand.as_ref().map(|demand| demand.by_segment[*at] as i64);
    let assigned =
        |at: &usize| placed.map(|placed| placed.assigned.iter().map(|row| row[*at]).sum::<u64>() as i64);
    let columns = vec![
        column(&rows, "segment", |at| found.segments[*at].name.as_str()),
        column(&rows, "n", |at| all(at).group.n as i64),
        column(&rows, "estimate", |at| made.segments[*at].estimate),
        column(&rows, "value", |at| all(at).value.mean()),
        column(&rows, "loyalty", |at| all(at).loyalty.mean()),
        column(&rows, "value_threshold", |_| value),
        column(&rows, "loyalty_threshold", |_| loyalty),
        column(&rows, "quadrant", |at| made.segments[*at].quadrant),
        column(&rows, "desired", |at| made.segments[*at].desired),
        column(&rows, "prior", |at| (all(at).group.n > 0).then_some(made.segments[*at].spread.k)),
        column(&rows, "worth", |at| made.segments[*at].worth),
        column(&rows, "demand", demand),
        column(&rows, "assigned", assigned),
        column(&rows, "unassigned", |at| Some(demand(at)? - assigned(at)?)),
    ];
    DataFrame::new(rows.len(), columns)
}

fn described(ready: &Checked, found: &Evidence, made: &Decided) -> PolarsResult<DataFrame> {
    let lines = profile::lines(found, &made.good, ready.min_n);
    let rows: Vec<usize> = lines.iter().map(|line| line.partner).collect();
    let mut columns = heads(ready, found, &rows, false)?;
    columns.extend([
        column(&lines, "attribute", |line| ready.customers.describe[line.attribute].as_str()),
        column(&lines, "value", |line| line.value.as_str()),
        column(&lines, "n", |line| line.n as i64),
        column(&lines, "base", |line| line.base as i64),
        column(&lines, "share", |line| part(line.n, line.base)),
        column(&lines, "share_all", |line| line.share_all),
        column(&lines, "index", |line| index(part(line.n, line.base), Some(line.share_all))),
        column(&lines, "of", |line| if line.own { "own" } else { "peers" }),
    ]);
    DataFrame::new(lines.len(), columns)
}

fn assignments(
    ready: &Checked,
    found: &Evidence,
    made: &Decided,
    placed: &Placed,
    leads: &DataFrame,
) -> PolarsResult<DataFrame> {
    let (segments, within) = (texts(leads, "segment")?, texts(leads, "within")?);
    let find = |name: &str| found.segments.binary_search_by(|segment| segment.name.as_str().cmp(name)).ok();
    let groups: Vec<Option<usize>> = segments.iter().map(|name| find(name.as_deref()?)).collect();
    let told = within.iter().zip(&groups).map(|(within, segment)| Some((within.as_deref()?, (*segment)?)));
    let partners = placed.partners(told);
    let rows: Vec<(Option<usize>, Option<usize>)> = partners.into_iter().zip(groups).collect();
    let at = rows.iter().map(|(partner, _)| partner.map(|at| at as IdxSize)).collect::<Vec<_>>();
    let key = found.list.column("key")?.take(&IdxCa::new("at".into(), at))?;
    let gain = |row: &(Option<usize>, Option<usize>)| {
        let (partner, segment) = (row.0?, row.1?);
        decide::gain(&made.segments[segment], &made.cells[partner][segment])
    };
    let mut columns = Vec::new();
    if let Some(demand) = &ready.demand {
        for (name, there) in [("lead", &demand.key), ("place", &demand.within)] {
            if let Some(there) = there {
                columns.push(leads.column(name)?.clone().with_name(there.name.as_str().into()));
            }
        }
    }
    columns.extend([
        Column::new("segment".into(), segments),
        key.with_name(ready.key.name.as_str().into()),
        column(&rows, "gain", gain),
    ]);
    DataFrame::new(rows.len(), columns)
}

/// A column of what is made of each row.
fn column<'a, R, T, P: ?Sized>(rows: &'a [R], name: &str, of: impl FnMut(&'a R) -> T) -> Column
where
    Series: NamedFrom<Vec<T>, P>,
    Vec<T>: AsRef<P>,
{
    Series::new(name.into(), rows.iter().map(of).collect::<Vec<_>>()).into_column()
}

/// A part of the whole; none of nothing.
fn part(n: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| n as f64 / whole as f64)
}

/// A share against that of everybody, 100 where they are the same.
fn index(share: Option<f64>, share_all: Option<f64>) -> Option<f64> {
    share.zip(share_all.filter(|all| *all > 0.0)).map(|(share, all)| 100.0 * share / all)
}
