#![doc = include_str!("page.md")]

mod cautions;
mod checks;
mod decide;
mod evidence;
mod lower;
mod options;
mod place;
mod profile;
mod tables;
mod words;

use polars::prelude::*;

pub use options::{Customers, Demand, MatchPartners, Score, Thresholds};

use super::{Check, Column, Context, Estimates, Input, Lowered, Promise, Ready, Reduced, Spec, Stage, Table};
use crate::diagnostic::RunError;
use crate::document::Spanned;
use crate::stats::credibility::Kind;

/// A match that passed its check.
#[derive(Debug)]
pub struct Checked {
    key: Column,
    from: Spanned<String>,
    keep: Vec<Column>,
    peers: Option<String>,
    capacity: Option<Expr>,
    customers: Known,
    desired: Option<Vec<String>>,
    thresholds: [Option<f64>; 2],
    score: Option<Scored>,
    prior: Option<f64>,
    min_n: u64,
    min_lift: f64,
    confidence: f64,
    demand: Option<Wanted>,
}

/// The table of customers.
#[derive(Debug)]
struct Known {
    from: String,
    key: String,
    segment: String,
    condition: Option<Expr>,
    kind: Kind,
    /// As a float: 1 and 0 for a condition.
    outcome: Expr,
    value: Option<Expr>,
    loyalty: Option<Expr>,
    describe: Vec<String>,
}

/// The table of scores.
#[derive(Debug)]
struct Scored {
    from: Spanned<String>,
    key: String,
    value: String,
}

/// The table of leads.
#[derive(Debug)]
struct Wanted {
    from: Spanned<String>,
    segment: String,
    within: Option<Column>,
    key: Option<Column>,
    condition: Option<Expr>,
}

impl Stage for MatchPartners {
    const SPEC: Spec = Spec {
        kind: "match_partners",
        summary: "Tells which segments of customers each partner should be steered to and why, and assigns leads.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        let score = self.score.iter().map(|score| &score.from);
        let demand = self.demand.iter().map(|demand| &demand.from);
        [&self.from, &self.customers.from].into_iter().chain(score).chain(demand).collect()
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        checks::check(&self, cx)
    }
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        tables::promise(self)
    }

    fn fit(&self, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        Ok(lower::fit(self, inputs).into_iter().collect())
    }

    fn lower(&self, inputs: &[Table], fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        Ok(Lowered::Reduce(lower::lower(self, inputs, fitted)?))
    }

    fn estimate(&self, reduced: Reduced, _cx: &Context<'_>) -> Result<Estimates, RunError> {
        let Reduced::Frames(frames) = reduced else { return Ok(Estimates::default()) };
        let found = evidence::read(self, &frames)?;
        let made = decide::decide(self, &found);
        let placed = place::place(self, &found, &made);
        Ok(Estimates {
            main: tables::main(self, &found, &made, placed.as_ref())?,
            sides: tables::sides(self, &found, &made, placed.as_ref())?,
            cautions: cautions::of(self, &found, &made, placed.as_ref()),
            ..Estimates::default()
        })
    }
}

#[cfg(test)]
mod tests;
