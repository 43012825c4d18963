//! Values against the global figure: 100 is the whole, the part included.

use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Columns;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{OneOrMany, Spanned};
use crate::expression::rules;
use crate::stages::named::named;
use crate::stages::{Check, exact, type_name};

/// A column of numbers compared with its mean over all rows.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The numbers.
    pub value: Spanned<String>,
    /// Compare the mean of the rows that agree in these columns, such as the region's, instead of each
    /// row's own value.
    #[serde(default)]
    pub by: OneOrMany<Spanned<String>>,
    /// The name of the new column.
    pub into: Spanned<String>,
}

impl Index {
    /// Settles what is compared. The new column is added by the caller when all are settled: an index
    /// of an index says nothing.
    pub(super) fn check(&self, at: usize, columns: &Columns<'_>, cx: &mut Check<'_>) -> Option<Ready> {
        let value = columns.find(&self.value, cx).and_then(|dtype| {
            if dtype.is_primitive_numeric() || dtype.is_decimal() {
                return Some(self.value.value.clone());
            }
            let told = Diagnostic::error(
                Code::ColumnType,
                format!("stage `{}` needs numbers for an index", cx.stage()),
            )
            .primary(self.value.span, format!("`{}` is {}", self.value.value, type_name(&dtype)));
            cx.report(told);
            None
        });
        let mut by = Vec::new();
        for (place, name) in self.by.iter().enumerate() {
            if self.by[..place].iter().any(|earlier| earlier.value == name.value) {
                cx.duplicate_column(&name.value, name.span, None);
            }
            by.push(columns.find(name, cx).map(|_| name.value.clone()));
        }
        Some(Ready {
            at,
            value: value?,
            by: by.into_iter().collect::<Option<_>>()?,
            into: self.into.value.clone(),
        })
    }
}

/// An index that passed its check.
#[derive(Debug)]
pub(super) struct Ready {
    at: usize,
    value: String,
    by: Vec<String>,
    into: String,
}

impl Ready {
    fn named(&self, part: &str) -> String {
        format!("__index_{}_{part}", self.at)
    }

    /// What is compared, known before the rows go through: the mean of the whole and, with `by`, the
    /// mean of each part.
    pub(super) fn means(&self, rows: &LazyFrame) -> Vec<LazyFrame> {
        let value = exact::number(named(&self.value));
        let sums = [exact::sum(value.clone()).alias("total"), value.count().alias("count")];
        let mean = |name: String| rules::divide(col("total"), col("count")).alias(name);
        let whole = rows.clone().select(sums.clone()).select([mean(self.named("whole"))]);
        if self.by.is_empty() {
            return vec![whole];
        }
        let named: Vec<Expr> = self
            .by
            .iter()
            .enumerate()
            .map(|(at, name)| named(name).alias(self.named(&format!("by_{at}"))))
            .collect();
        let mut kept = self.keys();
        kept.push(mean(self.named("part")));
        vec![whole, rows.clone().group_by(named).agg(sums).select(kept)]
    }

    fn keys(&self) -> Vec<Expr> {
        (0..self.by.len()).map(|at| col(self.named(&format!("by_{at}")))).collect()
    }

    /// The rows with the new column; `means` goes on behind those of [`Self::means`].
    pub(super) fn compare<'m>(
        &self,
        rows: LazyFrame,
        mut means: impl Iterator<Item = &'m DataFrame>,
    ) -> PolarsResult<LazyFrame> {
        let whole = match means.next() {
            Some(whole) => whole.column(&self.named("whole"))?.f64()?.iter().next().flatten(),
            None => None,
        };
        let parts = if self.by.is_empty() { None } else { means.next() };
        let (rows, part) = match parts {
            None => (rows, exact::number(named(&self.value))),
            Some(parts) => {
                let here: Vec<Expr> = self.by.iter().map(|name| named(name)).collect();
                let join = rows
                    .join_builder()
                    .with(parts.clone().lazy())
                    .left_on(here)
                    .right_on(self.keys())
                    .how(JoinType::Left)
                    .join_nulls(true)
                    .maintain_order(MaintainOrderJoin::Left);
                (join.finish(), col(self.named("part")))
            }
        };
        let ratio = match whole.filter(|whole| *whole != 0.0) {
            Some(whole) => rules::divide_by(part, whole),
            None => lit(NULL).cast(DataType::Float64),
        };
        Ok(rows.with_column((lit(100.0) * ratio).alias(self.into.as_str())))
    }
}
