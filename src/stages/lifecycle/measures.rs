//! From the rows of a measure's table to one number for each customer and period. Knows periods by
//! their places; knows nothing of levels.

use polars::prelude::*;

use super::periods::Calendar;
use super::{Checked, Column, Measured, Reach, Summary, Table};
use crate::stages::exact;
use crate::stages::named::named;
use crate::stages::refusal;

// Columns of one's own beside the user's, which go by their names.
pub(super) const KEY: &str = "lifecycle key";
/// The place of a customer among the customers, from 0.
pub(super) const WHO: &str = "lifecycle who";
/// The place of a period among the periods, from 0.
pub(super) const P: &str = "lifecycle p";
/// The place of a customer's period: customers in order, each with all the periods.
pub(super) const AT: &str = "lifecycle at";
/// The day from which a customer is there.
pub(super) const SINCE: &str = "lifecycle since";
const DATE: &str = "lifecycle date";
const VALUE: &str = "lifecycle value";
const PART: &str = "lifecycle part";
const REASON: &str = "lifecycle reason";
/// Whether a row is dated before its customer is there.
const EARLY: &str = "lifecycle early";

/// Why a row does not count, in the order of being asked: the columns of the side table `measures`.
pub(super) const REASONS: [&str; 5] = ["no_key", "unlisted", "no_date", "no_value", "after_as_of"];
/// Rows that count though they are dated before their customer is there: a column of the same table.
pub(super) const BEFORE_SINCE: &str = "before_since";

/// The key of a customer in the type in which the keys of all tables meet.
pub(super) fn key(name: &str, key: &Column) -> Expr {
    named(name).cast(key.dtype.clone()).alias(KEY)
}

/// The first and the last day of the rows of a measure.
pub(super) fn days(rows: &LazyFrame) -> LazyFrame {
    rows.clone()
        .filter(col(KEY).is_not_null().and(col(VALUE).is_not_null()))
        .select([col(DATE).min().alias("first_on"), col(DATE).max().alias("last_on")])
}

impl Measured {
    pub(super) fn dtype(&self) -> DataType {
        if self.aggregate == Some(Summary::Count) { DataType::Int64 } else { DataType::Float64 }
    }

    /// The rows as customer, date and value.
    pub(super) fn rows(&self, key: &Column, table: &Table) -> LazyFrame {
        let rows = match &self.condition {
            Some(condition) => table.rows.clone().filter(condition.clone()),
            None => table.rows.clone(),
        };
        let date = match &self.date {
            // The day of a date with time is the day on its own clock.
            Some(date) => named(date).dt().date(),
            None => lit(NULL).cast(DataType::Date),
        };
        rows.select([self::key(&self.key, key), date.alias(DATE), self.value.clone().alias(VALUE)])
    }

    /// The rows with the customer they belong to and why they do not count, if so; kept for both of their
    /// readers.
    pub(super) fn placed(&self, rows: &LazyFrame, customers: &LazyFrame, calendar: &Calendar) -> LazyFrame {
        let refused = [
            col(KEY).is_null(),
            col(WHO).is_null(),
            if self.date.is_some() { col(DATE).is_null() } else { lit(false) },
            col(VALUE).is_null(),
            col(DATE).cast(DataType::Int32).gt(lit(calendar.as_of)).fill_null(lit(false)),
        ];
        let reason = refusal::reason(refused);
        let listed = customers.clone().select([col(KEY), col(WHO), col(SINCE)]);
        let early = col(DATE).lt(col(SINCE)).fill_null(lit(false));
        rows.clone()
            .left_join(listed, col(KEY), col(KEY))
            .select([col(WHO), col(DATE), col(VALUE), reason.alias(REASON), early.alias(EARLY)])
            .cache()
    }

    /// What the side table `measures` tells of the rows: how many count, from when to when, how many do not
    /// for which reason, and how many count though their customer is there only later.
    pub(super) fn told(&self, placed: &LazyFrame) -> LazyFrame {
        let counts = || col(REASON).is_null();
        let mut columns = vec![
            lit(self.name.clone()).alias("measure"),
            count(counts()).alias("n"),
            col(DATE).filter(counts()).min().alias("first_on"),
            col(DATE).filter(counts()).max().alias("last_on"),
        ];
        columns.extend((0..REASONS.len()).map(|at| {
            let here = col(REASON).eq(lit(at as i8)).fill_null(lit(false));
            count(here).alias(REASONS[at])
        }));
        columns.push(count(counts().and(col(EARLY))).alias(BEFORE_SINCE));
        placed.clone().select(columns)
    }

    /// One row for each customer, or each customer's period, in which rows count: its place ([`WHO`] without
    /// a date, otherwise [`AT`]) and the measure.
    pub(super) fn reduced(&self, placed: &LazyFrame, calendar: &Calendar) -> PolarsResult<LazyFrame> {
        let rows = placed.clone().filter(col(REASON).is_null());
        if self.date.is_none() {
            let made = rows.group_by([col(WHO)]).agg(self.parts());
            return Ok(made.select([col(WHO), self.whole()]));
        }
        let periods = calendar.len as i64;
        let at = |who: Expr, p: Expr| (who * lit(periods) + p).alias(AT);
        let p = calendar.index_of(col(DATE));
        let p = match self.reach {
            // All that was before the first period is alike.
            Reach::Always => when(p.clone().lt(lit(0i64))).then(lit(-1i64)).otherwise(p),
            Reach::Further(_) => p,
        };
        let rows = self.of_last_day(rows.with_column(p.alias(P)), &[WHO, P], DATE);
        let cells = rows.group_by([col(WHO), col(P)]).agg(self.parts());
        if self.reach == Reach::Further(0) {
            let inside = col(P).gt_eq(lit(0i64));
            return Ok(cells.filter(inside).select([at(col(WHO), col(P)), self.whole()]));
        }
        // Which periods a cell counts in, as a small table.
        let reached = cells
            .inner_join(self.counts_in(calendar.len)?, col(P), col(P))
            .with_column(at(col(WHO), col("q")));
        let reached = self.of_last_day(reached, &[AT], &part(1));
        let cells = reached.group_by([col(AT)]).agg(self.joined());
        Ok(cells.select([col(AT), self.whole()]))
    }

    /// Pairs of the period of a row and a period it counts in.
    fn counts_in(&self, periods: usize) -> PolarsResult<LazyFrame> {
        let len = periods as i64;
        let (earliest, further) = match self.reach {
            Reach::Always => (-1, len),
            Reach::Further(further) => (-(further as i64), further as i64),
        };
        let pairs = (earliest..len).flat_map(|p| (p.max(0)..len.min(p + further + 1)).map(move |q| (p, q)));
        let (p, q): (Vec<i64>, Vec<i64>) = pairs.unzip();
        Ok(df!(P => p, "q" => q)?.lazy())
    }

    /// For the last value, the rows of the last day of each group; otherwise all. A join, since a choice of rows
    /// within a group costs far more where groups are many.
    fn of_last_day(&self, rows: LazyFrame, group: &[&str], day: &str) -> LazyFrame {
        if self.aggregate != Some(Summary::Last) {
            return rows;
        }
        let keys: Vec<Expr> = group.iter().map(|name| col(*name)).collect();
        let last = rows.clone().group_by(keys.clone()).agg([col(day).max()]);
        let on: Vec<Expr> = keys.into_iter().chain([col(day)]).collect();
        rows.join(last, on.clone(), on, JoinArgs::new(JoinType::Inner))
    }

    /// What is kept of some rows, so that it can be joined to what is kept of others.
    fn parts(&self) -> Vec<Expr> {
        let value = || col(VALUE);
        match self.aggregate {
            // One row per customer is demanded, so that any aggregate gives the value itself.
            None | Some(Summary::Max) => vec![value().max().alias(part(0))],
            Some(Summary::Min) => vec![value().min().alias(part(0))],
            Some(Summary::Count) => vec![len().cast(DataType::Int64).alias(part(0))],
            Some(Summary::Sum) => vec![exact::sum(value()).alias(part(0))],
            Some(Summary::Mean) => {
                vec![exact::sum(value()).alias(part(0)), len().cast(DataType::Int64).alias(part(1))]
            }
            // Of rows of one day.
            Some(Summary::Last) => vec![value().max().alias(part(0)), col(DATE).max().alias(part(1))],
        }
    }

    fn joined(&self) -> Vec<Expr> {
        match self.aggregate {
            None | Some(Summary::Max) => vec![col(part(0)).max()],
            Some(Summary::Min) => vec![col(part(0)).min()],
            Some(Summary::Count) => vec![col(part(0)).sum()],
            Some(Summary::Sum) => vec![exact::sum(col(part(0)))],
            Some(Summary::Mean) => vec![exact::sum(col(part(0))), col(part(1)).sum()],
            Some(Summary::Last) => vec![col(part(0)).max()],
        }
    }

    /// The measure from its parts.
    fn whole(&self) -> Expr {
        let part = |at: usize| col(format!("{PART} {at}"));
        let whole = match self.aggregate {
            Some(Summary::Mean) => part(0) / part(1).cast(DataType::Float64),
            _ => part(0),
        };
        whole.cast(self.dtype()).alias(self.name.as_str())
    }

    /// The measure of a customer of whom no row counts.
    pub(super) fn filled(&self) -> Expr {
        let absent = match (self.absent, self.aggregate) {
            (Some(value), _) => Some(value),
            (None, Some(Summary::Count | Summary::Sum)) => Some(0.0),
            (None, _) => None,
        };
        let own = named(&self.name);
        match absent {
            Some(absent) => own.fill_null(lit(absent).cast(self.dtype())),
            None => own,
        }
    }
}

/// Joins to rows without changing their order.
fn in_order(rows: LazyFrame, other: LazyFrame, how: JoinType, on: &[&str]) -> LazyFrame {
    let on: Vec<Expr> = on.iter().map(|name| col(*name)).collect();
    let args = JoinArgs { maintain_order: MaintainOrderJoin::Left, ..JoinArgs::new(how) };
    rows.join(other, on.clone(), on, args)
}

/// The name of what is kept of some rows.
fn part(at: usize) -> String {
    format!("{PART} {at}")
}

/// How often a condition holds.
pub(super) fn count(condition: Expr) -> Expr {
    condition.cast(DataType::Int64).sum()
}

impl Checked {
    /// Everybody who is counted, in the order of their keys: [`WHO`], [`KEY`], the columns kept, [`SINCE`].
    /// Sorted once for all of their readers; the engine does not find out by itself that plans within a
    /// shared one begin alike.
    pub(super) fn customers(&self, list: Option<&Table>, rows: &[LazyFrame]) -> PolarsResult<LazyFrame> {
        let customers = match (&self.listed, list) {
            (Some(listed), Some(list)) => {
                let since = match &listed.since {
                    Some(since) => named(since).dt().date(),
                    None => lit(NULL).cast(DataType::Date),
                };
                let mut columns = vec![key(&self.key.name, &self.key), since.alias(SINCE)];
                columns.extend(self.kept().map(|kept| named(&kept.name)));
                list.rows.clone().select(columns)
            }
            _ => {
                let keys: Vec<LazyFrame> = rows.iter().map(|rows| rows.clone().select([col(KEY)])).collect();
                concat(keys, UnionArgs::default())?
                    .unique(None, UniqueKeepStrategy::Any)
                    .with_column(lit(NULL).cast(DataType::Date).alias(SINCE))
            }
        };
        Ok(customers
            .filter(col(KEY).is_not_null())
            .sort([KEY], SortMultipleOptions::default())
            .with_row_index(WHO, None)
            .with_column(col(WHO).cast(DataType::Int64))
            .cache())
    }

    /// Every customer in every period, in order, with the measures: [`AT`], [`P`], the columns kept, the
    /// period. Customers are in order, and no join disturbs it: sorting the wide rows would cost more than all
    /// else.
    pub(super) fn measured(
        &self,
        customers: &LazyFrame,
        placed: &[LazyFrame],
        calendar: &Calendar,
    ) -> PolarsResult<LazyFrame> {
        let steady = self.measures.iter().zip(placed).filter(|(measure, _)| measure.date.is_none());
        let dated = self.measures.iter().zip(placed).filter(|(measure, _)| measure.date.is_some());
        let mut rows = customers.clone();
        for (measure, placed) in steady {
            rows = in_order(rows, measure.reduced(placed, calendar)?, JoinType::Left, &[WHO]);
        }
        let periods = calendar.table()?.lazy().select([
            col("p").alias(P),
            col("period"),
            col("period_start"),
            col("period_end"),
        ]);
        let at = col(WHO) * lit(calendar.len as i64) + col(P);
        rows = in_order(rows, periods, JoinType::Cross, &[]).with_column(at.alias(AT));
        for (measure, placed) in dated {
            rows = in_order(rows, measure.reduced(placed, calendar)?, JoinType::Left, &[AT]);
        }
        let mut columns = vec![named(KEY).alias(self.key.name.as_str())];
        columns.extend(self.measures.iter().map(Measured::filled));
        Ok(rows.with_columns(columns))
    }
}
