#![doc = include_str!("page.md")]

mod cautions;
mod checks;
mod ladder;
mod measures;
mod options;
mod periods;
mod sides;

use std::collections::BTreeMap;

use polars::prelude::*;

pub use options::{Climb, Every, Level, Lifecycle, Measure, Over, Periods, Summary};

use super::{Check, Column, Input, Lowered, Promise, Ready, Spec, Stage, Table};
use crate::diagnostic::{Caution, Code, Diagnostic, RunError};
use crate::document::Spanned;
use periods::{Calendar, Grid};

/// Columns of the main table before the measures, and after them.
const BEFORE_MEASURES: [&str; 7] =
    ["period", "period_start", "period_end", "level_number", "level", "action", "move"];
const AFTER_MEASURES: [&str; 3] = ["next_level", "lacking", "missing"];

/// More periods than this are a mistaken date.
const MOST_PERIODS: usize = 1_000;
/// How many keys an error names before it says "and more".
const SHOWN: usize = 5;

/// A lifecycle that passed its check.
#[derive(Debug)]
pub struct Checked {
    key: Column,
    /// None: everybody who is in a measure's table.
    listed: Option<Listed>,
    grid: Spanned<Grid>,
    first: Option<i32>,
    as_of: Option<i32>,
    measures: Vec<Measured>,
    levels: Vec<Rung>,
    climb: Climb,
}

/// The list of customers.
#[derive(Debug)]
struct Listed {
    from: Spanned<String>,
    since: Option<String>,
    /// The columns kept, those of the breakdown among them.
    keep: Vec<Column>,
    /// Which of the columns kept break the side tables down.
    by: Vec<usize>,
}

/// A measure whose columns exist.
#[derive(Debug)]
struct Measured {
    name: String,
    from: Spanned<String>,
    key: String,
    condition: Option<Expr>,
    date: Option<String>,
    /// A number, missing where the row does not count.
    value: Expr,
    /// None: one row per customer is demanded.
    aggregate: Option<Summary>,
    reach: Reach,
    absent: Option<f64>,
}

/// In which periods a row counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// In its own and in so many after it.
    Further(usize),
    /// In its own and in all after it.
    Always,
}

/// A level whose rule is understood.
#[derive(Debug)]
struct Rung {
    name: String,
    action: Option<String>,
    /// What must hold, part by part, each as it is written.
    conditions: Vec<(String, Expr)>,
}

impl Stage for Lifecycle {
    const SPEC: Spec = Spec {
        kind: "lifecycle",
        summary: "The level of the relationship at which each customer stands in each period, and who moved up, down, in and out.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        self.from.iter().chain(self.measures.iter().map(|measure| &measure.from)).collect()
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        self.checked(cx)
    }
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        Promise { main: self.main_schema(), sides: self.sides() }
    }

    /// The days of each measure with a date, then the keys that stand twice where they must not: in the
    /// list, and in each table that has one row per customer.
    fn fit(&self, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        let (list, tables) = self.split(inputs);
        let rows: Vec<LazyFrame> =
            self.measures.iter().zip(tables).map(|(measure, table)| measure.rows(&self.key, table)).collect();
        let dated = self.measures.iter().zip(&rows).filter(|(measure, _)| measure.date.is_some());
        let days: Vec<LazyFrame> = dated.map(|(_, rows)| measures::days(rows)).collect();
        let mut fits = match days.is_empty() {
            true => Vec::new(),
            false => vec![concat(days, UnionArgs::default())?],
        };
        fits.extend(list.map(|list| repeated(self.keys(list))));
        let single = self.measures.iter().zip(rows).filter(|(measure, _)| measure.aggregate.is_none());
        fits.extend(single.map(|(_, rows)| repeated(rows)));
        Ok(fits)
    }

    fn lower(&self, inputs: &[Table], fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let mut fitted = fitted.iter();
        let dated = self.measures.iter().any(|measure| measure.date.is_some());
        let days = if dated { fitted.next() } else { None };
        self.refuse_repeated(fitted)?;
        let calendar = self.calendar(days)?;

        let (list, tables) = self.split(inputs);
        let rows: Vec<LazyFrame> =
            self.measures.iter().zip(tables).map(|(measure, table)| measure.rows(&self.key, table)).collect();
        let customers = self.customers(list, &rows)?;
        let placed: Vec<LazyFrame> = (self.measures.iter().zip(&rows))
            .map(|(measure, rows)| measure.placed(rows, &customers, &calendar))
            .collect();
        // Every table starts from the sorted one, so that the engine makes it once.
        let stood = self.stood(&customers, &placed, &calendar)?;
        let counted = self.counted(&stood);
        let sides = vec![
            ("levels", self.level_table(&counted, &calendar)?),
            ("moves", self.move_table(&counted, &calendar)?),
            ("balance", self.balance_table(&counted, &calendar)?),
            ("next", self.next_table(&counted, &calendar)?),
            ("periods", self.period_table(&counted, &calendar)?),
            ("coverage", self.coverage_table(&counted)?),
            ("measures", self.measure_table(list, &customers, &placed)?),
        ];
        Ok(Lowered::Rows { main: self.main(stood), sides })
    }

    fn cautions(&self, brief: &BTreeMap<String, DataFrame>) -> Vec<Caution> {
        cautions::of(self, brief)
    }
}

impl Checked {
    /// The list of customers, where there is one, and the tables of the measures.
    fn split<'t>(&self, inputs: &'t [Table]) -> (Option<&'t Table>, &'t [Table]) {
        match &self.listed {
            Some(_) => (inputs.first(), inputs.get(1..).unwrap_or_default()),
            None => (None, inputs),
        }
    }

    fn kept(&self) -> impl Iterator<Item = &Column> {
        self.listed.iter().flat_map(|listed| &listed.keep)
    }

    /// The columns that break the side tables down.
    fn by(&self) -> Vec<&Column> {
        self.listed.iter().flat_map(|listed| listed.by.iter().map(|at| &listed.keep[*at])).collect()
    }

    fn main_schema(&self) -> Schema {
        use DataType::{Date, Int64, String};
        let mut main = Schema::default();
        let columns = std::iter::once(&self.key).chain(self.kept());
        main.extend(columns.map(|column| Field::new(column.name.as_str().into(), column.dtype.clone())));
        for (name, dtype) in BEFORE_MEASURES.iter().zip([String, Date, Date, Int64, String, String, String]) {
            main.insert((*name).into(), dtype);
        }
        for measure in &self.measures {
            main.insert(measure.name.as_str().into(), measure.dtype());
        }
        for (name, dtype) in AFTER_MEASURES.iter().zip([String, Int64, String]) {
            main.insert((*name).into(), dtype);
        }
        main
    }

    /// The periods, from the days that were found where the options do not say them.
    fn calendar(&self, days: Option<&DataFrame>) -> Result<Calendar, RunError> {
        let found = |column: &str| -> PolarsResult<Vec<i32>> {
            let Some(days) = days else { return Ok(Vec::new()) };
            Ok(days.column(column)?.cast(&DataType::Int32)?.i32()?.iter().flatten().collect())
        };
        let as_of = self.as_of.or(found("last_on")?.into_iter().max());
        let first = self.first.or(found("first_on")?.into_iter().min());
        let (Some(first), Some(as_of)) = (first, as_of) else {
            return Ok(Calendar::empty(self.grid.value));
        };
        let calendar = Calendar::new(self.grid.value, first, as_of);
        if calendar.len > MOST_PERIODS {
            let message = format!(
                "{} periods lie between the first and the last day",
                crate::number::count(calendar.len as f64)
            );
            let label = format!("from {} to {}", periods::date(first), periods::date(as_of));
            let told = Diagnostic::error(Code::UnusableData, message)
                .primary(self.grid.span, label)
                .help("say where the periods begin with `first`, and up to which day the data is complete with `as_of`");
            return Err(RunError::data(told));
        }
        Ok(calendar)
    }

    fn keys(&self, list: &Table) -> LazyFrame {
        list.rows.clone().select([measures::key(&self.key.name, &self.key)])
    }

    fn refuse_repeated<'f>(&self, repeated: impl Iterator<Item = &'f DataFrame>) -> Result<(), RunError> {
        let list = self.listed.iter().map(|listed| (&listed.from, None));
        let single = self.measures.iter().filter(|measure| measure.aggregate.is_none());
        let single = single.map(|measure| (&measure.from, Some(measure.name.as_str())));
        for ((from, measure), repeated) in list.chain(single).zip(repeated) {
            if repeated.height() == 0 {
                continue;
            }
            let keys = shown(repeated)?;
            let (message, help) = match measure {
                None => (
                    "the list of customers has a customer more than once".to_owned(),
                    "give a table with one row per customer",
                ),
                Some(name) => (
                    format!("the table of measure `{name}` has several rows for a customer"),
                    "say what is made of them: `aggregate: sum`, `mean`, `min`, `max` or `count`",
                ),
            };
            let told = Diagnostic::error(Code::DuplicateRecord, message)
                .primary(from.span, format!("`{}` repeats {keys}", from.value))
                .help(help);
            return Err(RunError::data(told));
        }
        Ok(())
    }
}

/// Keys that stand more than once, a few of them.
fn repeated(rows: LazyFrame) -> LazyFrame {
    rows.filter(col(measures::KEY).is_not_null())
        .group_by([col(measures::KEY)])
        .agg([len().alias("n")])
        .filter(col("n").gt(lit(1)))
        .sort([measures::KEY], SortMultipleOptions::default())
        .limit(SHOWN as IdxSize + 1)
}

/// `A, B, …`
fn shown(repeated: &DataFrame) -> PolarsResult<String> {
    let keys = repeated.column(measures::KEY)?.cast(&DataType::String)?;
    let mut shown: Vec<&str> = keys.str()?.iter().flatten().take(SHOWN).collect();
    if repeated.height() > SHOWN {
        shown.push("…");
    }
    Ok(shown.join(", "))
}

#[cfg(test)]
mod tests;
