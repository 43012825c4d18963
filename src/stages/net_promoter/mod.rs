#![doc = include_str!("page.md")]

mod estimate;

use polars::prelude::{DataFrame, DataType, Expr, Field, Schema, SchemaExt, lit, when};
use schemars::JsonSchema;
use serde::Deserialize;

use super::bases;
use super::{
    Check, Column, Context, Estimates, Expression, Input, Lowered, Promise, Ready, Reduced, Side, Spec,
    Stage, Table,
};
use crate::diagnostic::{Code, RunError};
use crate::document::{OneOrMany, Spanned};
use crate::engine::tabulate::{Dimension, TableSpec, has_categories};
use crate::stats::net_promoter::Method;

/// Reports the net promoter score of each group.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetPromoter {
    /// The answers to report on.
    pub from: Input,
    /// Likelihood to recommend, a whole number from 0 to 10.
    pub score: Spanned<String>,
    /// Report the score within each combination of values of these columns. Omitted: one row for
    /// everyone.
    #[serde(default)]
    pub by: OneOrMany<Spanned<String>>,
    /// How much each answer counts. Omitted: all the same.
    #[serde(default)]
    pub weight: Option<Spanned<String>>,
    /// Count only the rows for which this is true.
    #[serde(default, rename = "where")]
    pub filter: Option<Expression>,
    /// How often, from 0.5 to 0.9999, the interval holds the score if the survey were repeated.
    #[serde(default = "usual_confidence")]
    pub confidence: Spanned<f64>,
    /// How the interval is made.
    #[serde(default)]
    pub interval: Interval,
    /// Groups with fewer answers than this (weights aside) are marked `**` and told of in a caution.
    #[serde(default = "bases::usual_min_base")]
    pub min_base: Spanned<u64>,
    /// Groups with fewer answers than this (weights aside) are marked `*`.
    #[serde(default = "bases::usual_small_base")]
    pub small_base: Spanned<u64>,
}

/// How an interval is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Adjusted Wald, on the effective base where there are weights: right on small bases too.
    #[default]
    AdjustedWald,
    /// Score ± quantile × standard error.
    Wald,
}

fn usual_confidence() -> Spanned<f64> {
    0.95.into()
}

impl NetPromoter {
    /// The score of everyone, from the answers in a column. Groups, weights and the rest are added
    /// with the methods below, or by setting the fields.
    pub fn new(score: &str) -> Self {
        Self {
            from: "rows".into(),
            score: score.into(),
            by: OneOrMany::default(),
            weight: None,
            filter: None,
            confidence: usual_confidence(),
            interval: Interval::default(),
            min_base: bases::usual_min_base(),
            small_base: bases::usual_small_base(),
        }
    }

    /// Within each combination of values of these columns.
    pub fn by<'a>(mut self, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.by = columns.into_iter().collect();
        self
    }

    /// Weighted by a column.
    pub fn weight(mut self, column: &str) -> Self {
        self.weight = Some(column.into());
        self
    }

    /// Only of the rows for which an SQL expression is true.
    pub fn filter(mut self, expression: &str) -> Self {
        self.filter = Some(expression.into());
        self
    }

    /// With intervals of this confidence, 0.95 if not called.
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence.into();
        self
    }

    /// With intervals made this way.
    pub fn interval(mut self, interval: Interval) -> Self {
        self.interval = interval;
        self
    }
}

impl Stage for NetPromoter {
    const SPEC: Spec = Spec {
        kind: "net_promoter",
        summary: "Net promoter score of each group, with its error and interval.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        vec![&self.from]
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        let score = cx.numeric(&self.from, &self.score);
        let by = cx.columns(&self.from, &self.by);
        let weight = cx.optional_numeric(&self.from, &self.weight);
        let filter = self.filter.as_ref().map(|filter| cx.predicate(&self.from, filter));
        let confidence = cx.between(&self.confidence, 0.5, 0.9999, "a confidence");
        let groups = self.groups(by.as_deref().unwrap_or_default(), cx);
        let ordered = bases::ordered(&self.min_base, &self.small_base, cx);
        groups.and(ordered)?;
        Some(Checked {
            score: score?.name,
            by: by?,
            weight: weight?.map(|weight| weight.name),
            filter: match filter {
                None => None,
                Some(filter) => Some(filter?),
            },
            confidence: confidence?,
            method: match self.interval {
                Interval::AdjustedWald => Method::AdjustedWald,
                Interval::Wald => Method::Wald,
            },
            min_base: self.min_base.value,
            small_base: self.small_base.value,
        })
    }
}

impl NetPromoter {
    /// Group columns have categories, and none is called like a column of the output.
    fn groups(&self, by: &[Column], cx: &mut Check<'_>) -> Option<()> {
        let mut fine = Some(());
        for (column, written) in by.iter().zip(self.by.iter()) {
            if !has_categories(&column.dtype) {
                let message = "cannot group by a column of this type";
                let label = format!("`{}` has no categories", column.name);
                cx.invalid(
                    written.span,
                    Code::ColumnType,
                    message,
                    &label,
                    "group by text, numbers or dates",
                );
                fine = None;
            }
            if figures().contains(&column.name) {
                let figure = (self.score.span, "the score makes a column of that name");
                cx.duplicate_column(&column.name, written.span, Some(figure));
                fine = None;
            }
        }
        fine
    }
}

/// What the stage needs to run.
#[derive(Debug)]
pub struct Checked {
    score: String,
    by: Vec<Column>,
    weight: Option<String>,
    filter: Option<Expr>,
    confidence: f64,
    method: Method,
    min_base: u64,
    small_base: u64,
}

/// The answers are counted under this name: 0 to 10, [`INVALID`], or null where there is none.
const ANSWER: &str = "answer";
/// Stands for every answer that is not a whole number from 0 to 10.
const INVALID: i8 = -1;

impl Ready for Checked {
    fn output(&self) -> Promise {
        let groups =
            self.by.iter().map(|column| Field::new(column.name.as_str().into(), column.dtype.clone()));
        let main = groups.chain(figures().iter_fields()).collect();
        let total = Side {
            name: "total",
            meaning: "The same figures for everyone, in one row.",
            schema: figures(),
            brief: true,
        };
        Promise { main, sides: vec![total] }
    }

    fn lower(&self, inputs: &[Table], _fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let mut rows = inputs[0].rows.clone();
        if let Some(filter) = &self.filter {
            rows = rows.filter(filter.clone());
        }
        // Under names of our own: a column may have any name and serve twice.
        let mut columns = vec![answer(&self.score).alias(ANSWER)];
        let mut dimensions = Vec::new();
        for (at, column) in self.by.iter().enumerate() {
            let name = format!("group {at}");
            columns.push(exactly(&column.name).alias(name.as_str()));
            dimensions.push(Dimension::keep(name));
        }
        dimensions.push(Dimension::keep(ANSWER));
        let weight = self.weight.as_ref().map(|weight| {
            columns.push(exactly(weight).alias("weight"));
            "weight".to_owned()
        });
        Ok(Lowered::Tabulate { rows: rows.select(columns), tables: vec![TableSpec { dimensions, weight }] })
    }

    fn estimate(&self, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
        estimate::estimate(self, reduced, cx)
    }
}

/// A column by its name, which may look like a pattern.
fn exactly(name: &str) -> Expr {
    Expr::Column(name.into())
}

/// 0 to 10 as they are, [`INVALID`] for other numbers, null for none.
fn answer(score: &str) -> Expr {
    let score = exactly(score).cast(DataType::Float64);
    let whole = score.clone().eq(score.clone().cast(DataType::Int64).cast(DataType::Float64));
    let valid = score.clone().gt_eq(lit(0.0)).and(score.clone().lt_eq(lit(10.0))).and(whole);
    when(score.clone().is_null().or(score.clone().is_nan()))
        .then(lit(polars::prelude::NULL).cast(DataType::Int8))
        .when(valid.fill_null(lit(false)))
        .then(score.cast(DataType::Int8))
        .otherwise(lit(INVALID).cast(DataType::Int8))
}

/// The columns after those of the groups.
fn figures() -> Schema {
    let columns = [
        ("n", DataType::Int64),
        ("n_weighted", DataType::Float64),
        ("n_effective", DataType::Float64),
        ("promoters", DataType::Int64),
        ("passives", DataType::Int64),
        ("detractors", DataType::Int64),
        ("promoters_share", DataType::Float64),
        ("passives_share", DataType::Float64),
        ("detractors_share", DataType::Float64),
        ("estimate", DataType::Float64),
        ("std_error", DataType::Float64),
        ("conf_low", DataType::Float64),
        ("conf_high", DataType::Float64),
        ("base_mark", DataType::String),
        ("n_missing", DataType::Int64),
        ("n_invalid", DataType::Int64),
        ("n_unusable_weight", DataType::Int64),
    ];
    Schema::from_iter(columns.map(|(name, dtype)| Field::new(name.into(), dtype)))
}

#[cfg(test)]
mod tests {
    use polars::prelude::{IntoLazy, LazyFrame, df};

    use super::*;
    use crate::diagnostic::CautionCode;
    use crate::{Applied, ApplyError, apply};

    fn answers() -> LazyFrame {
        df!(
            "^re.*$" => [Some(9.0), Some(10.0), Some(0.0), Some(7.0), Some(f64::NAN), Some(1e300)],
            "year" => [Some(2026), None, Some(2025), Some(2026), Some(2025), None],
            "n" => ["a", "b", "c", "d", "e", "f"],
            "w" => [1.0, 1.0, 1.0, 90.0, 1.0, 1.0],
        )
        .unwrap()
        .lazy()
    }

    fn codes(stage: NetPromoter) -> Vec<&'static str> {
        match apply(stage, answers()) {
            Err(ApplyError::Check(found)) => found.iter().map(|told| told.code.word()).collect(),
            _ => panic!("the options fit"),
        }
    }

    fn told(made: &Applied) -> Vec<(CautionCode, &str)> {
        made.cautions.iter().map(|caution| (caution.code, caution.key.as_str())).collect()
    }

    #[test]
    fn groups_keep_their_type_and_the_missing_one_is_last() {
        let made = apply(NetPromoter::new("^re.*$").by(["year"]), answers()).unwrap();
        let year = made.table.column("year").unwrap().i32().unwrap();
        assert_eq!(year.iter().collect::<Vec<_>>(), [Some(2025), Some(2026), None]);
        let n =
            |name: &str| made.table.column(name).unwrap().i64().unwrap().iter().flatten().collect::<Vec<_>>();
        assert_eq!((n("n"), n("n_missing"), n("n_invalid")), (vec![1, 2, 1], vec![1, 0, 0], vec![0, 0, 1]));
        let keys = ["year=2025", "year=2026", "year=null"].map(|key| (CautionCode::SmallBase, key));
        assert_eq!(told(&made)[..3], keys);
    }

    #[test]
    fn heavy_weights_are_told_of() {
        let made = apply(NetPromoter::new("^re.*$").weight("w"), answers()).unwrap();
        assert!(told(&made).contains(&(CautionCode::HeavyWeights, "")), "{:?}", made.cautions);
    }

    #[test]
    fn without_rows_there_is_no_score() {
        let made = apply(NetPromoter::new("^re.*$").filter("year > 3000"), answers()).unwrap();
        assert_eq!((made.table.height(), told(&made)), (1, vec![(CautionCode::NoRows, "")]));
        assert_eq!(made.table.column("estimate").unwrap().null_count(), 1);
        let made = apply(NetPromoter::new("^re.*$").by(["year"]).filter("year > 3000"), answers()).unwrap();
        assert_eq!((made.table.height(), made.sides["total"].height()), (0, 1));
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let mut stage = NetPromoter::new("score").by(["n"]).weight("v").confidence(95.0);
        stage.min_base = 200.into();
        let expected =
            ["unknown-column", "unknown-column", "out-of-range", "duplicate-column", "invalid-option"];
        assert_eq!(codes(stage), expected);
    }
}
