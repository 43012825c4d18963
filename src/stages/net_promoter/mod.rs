#![doc = include_str!("page.md")]

mod check;
mod compare;
mod design;
mod estimate;
mod lower;
mod options;
mod tables;

use polars::prelude::{DataFrame, DataType, Expr, Field, LazyFrame, PolarsResult, Schema, SchemaExt};

use super::sample::SampleDesign;
use super::{
    Check, Column, Context, Estimates, Input, Lowered, Promise, Ready, Reduced, Side, Spec, Stage, Table,
};
use crate::diagnostic::RunError;
use crate::document::Spanned;
use crate::stats::net_promoter as stats;

pub use options::{Against, Compare, Interval, LonelyPsu, NetPromoter, Variance};

impl Stage for NetPromoter {
    const SPEC: Spec = Spec {
        kind: "net_promoter",
        summary: "Net promoter score of each group, with its error, its interval and what it is compared with.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        vec![&self.from]
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        check::check(self, cx)
    }
}

/// What the stage needs to run.
#[derive(Debug)]
pub struct Checked {
    score: String,
    by: Vec<Column>,
    wave: Option<Wave>,
    change_by: Option<Column>,
    against_rest: bool,
    weight: Option<String>,
    filter: Option<Expr>,
    variance: Variance,
    design: Option<SampleDesign>,
    confidence: f64,
    method: stats::Method,
    min_base: u64,
    small_base: u64,
}

/// Waves, and what each is compared with.
#[derive(Debug)]
struct Wave {
    column: Column,
    against: Baseline,
    respondent: Option<Spanned<String>>,
}

/// The wave that waves are compared with.
#[derive(Debug)]
enum Baseline {
    Previous,
    First,
    Named(Named),
}

/// A named wave: as it is written, and as a value of the column.
#[derive(Debug)]
struct Named {
    text: Spanned<String>,
    value: Expr,
}

impl Checked {
    /// The column that tells people apart, where waves are compared by people.
    fn respondent(&self) -> Option<&Spanned<String>> {
        self.wave.as_ref()?.respondent.as_ref()
    }

    /// The columns that make the groups: those of `by`, then the wave.
    fn group_columns(&self) -> impl Iterator<Item = &Column> {
        self.by.iter().chain(self.wave.as_ref().map(|wave| &wave.column))
    }
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        let groups: Vec<Field> = self.group_columns().map(field).collect();
        let after_groups =
            |columns: Schema| -> Schema { groups.iter().cloned().chain(columns.iter_fields()).collect() };
        let mut columns = tables::figures();
        let people = self.respondent().is_some();
        columns.extend(tables::comparisons(self.wave.is_some(), people, self.against_rest).iter_fields());
        let mut sides = vec![
            Side {
                name: "total",
                meaning: "The same figures for everyone, in one row, without comparisons.",
                schema: tables::figures(),
                brief: true,
            },
            Side {
                name: "distribution",
                meaning: "A row for each answer from 0 to 10 in each group.",
                schema: after_groups(tables::distribution()),
                brief: false,
            },
        ];
        if let Some(segment) = &self.change_by {
            sides.push(Side {
                name: "change",
                meaning: "For each group and wave that is compared: what each segment adds to the change.",
                schema: after_groups(tables::change(field(segment))),
                brief: false,
            });
        }
        Promise { main: after_groups(columns), sides }
    }

    fn fit(&self, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        let rows = || self.rows(inputs[0].rows.clone());
        Ok(self.respondent().map(|_| self.repeated(&rows())).into_iter().collect())
    }

    fn lower(&self, inputs: &[Table], fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        if let Some(repeated) = fitted.first() {
            self.refuse_repeated(repeated)?;
        }
        let (rows, tables) = self.tables(self.rows(inputs[0].rows.clone()))?;
        Ok(Lowered::Tabulate { rows, tables })
    }

    fn estimate(&self, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
        estimate::estimate(self, reduced, cx)
    }
}

fn field(column: &Column) -> Field {
    Field::new(column.name.as_str().into(), column.dtype.clone())
}

/// A schema of these columns.
fn schema<const N: usize>(columns: [(&str, DataType); N]) -> Schema {
    Schema::from_iter(columns.map(|(name, dtype)| Field::new(name.into(), dtype)))
}

#[cfg(test)]
mod tests;
