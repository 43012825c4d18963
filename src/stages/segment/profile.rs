//! What sets segments apart: each attribute of a segment against everybody's and against the rest.
//! Knows nothing of how the segments came about.

use polars::prelude::*;

use super::named;
use crate::diagnostic::Code;
use crate::stages::{Check, Expression, Side, exact, type_name};

/// What segments are compared in.
#[derive(Debug)]
pub(super) struct Profile(Vec<Attribute>);

#[derive(Debug)]
struct Attribute {
    /// As it was written.
    name: String,
    value: Expr,
    /// Whether it has categories rather than numbers.
    is_word: bool,
}

/// Reads the attributes over the columns of `schema`; none where none are asked for.
pub(super) fn compile(
    written: &[Expression],
    schema: &Schema,
    cx: &mut Check<'_>,
) -> Option<Option<Profile>> {
    let attributes: Vec<Option<Attribute>> = written
        .iter()
        .map(|text| {
            let typed = cx.expression_over(schema, text)?;
            let dtype = &typed.dtype;
            let is_number = dtype.is_primitive_numeric() || dtype.is_decimal();
            let is_word = matches!(
                dtype,
                DataType::String | DataType::Boolean | DataType::Categorical(..) | DataType::Enum(..)
            );
            if !is_number && !is_word {
                let label = format!("this is {}", type_name(dtype));
                let message = "compares segments in something that is neither a number nor a category";
                let help = "make it a number, or words, by an expression";
                cx.invalid(text.spanned().span, Code::ExpressionType, message, &label, help);
                return None;
            }
            Some(Attribute { name: text.text().to_owned(), value: typed.expr, is_word })
        })
        .collect();
    let attributes: Vec<Attribute> = attributes.into_iter().collect::<Option<_>>()?;
    Some((!attributes.is_empty()).then_some(Profile(attributes)))
}

impl Profile {
    /// The promise of [`table`](Self::table).
    pub(super) fn side() -> Side {
        use DataType::{Float64, Int64, String};
        let columns = [
            ("attribute", String),
            ("category", String),
            ("segment", String),
            ("n", Int64),
            ("mean", Float64),
            ("mean_all", Float64),
            ("mean_index", Float64),
            ("effect", Float64),
        ];
        Side {
            name: "profile",
            meaning: "One row per attribute (and category) and segment: its mean or share against everybody's, \
                      and how far it is from the rest.",
            schema: columns.into_iter().map(|(name, dtype)| Field::new(name.into(), dtype)).collect(),
            brief: false,
        }
    }

    /// Each attribute of each segment of `rows`; rows without segment or value do not count.
    pub(super) fn table(&self, rows: &LazyFrame, segment: &str) -> PolarsResult<LazyFrame> {
        let parts: Vec<LazyFrame> = self
            .0
            .iter()
            .enumerate()
            .map(|(at, attribute)| {
                let part = match attribute.is_word {
                    true => categories(rows, segment, attribute),
                    false => numbers(rows, segment, attribute),
                };
                part.with_columns([
                    lit(at as i64).alias("at"),
                    lit(attribute.name.clone()).alias("attribute"),
                ])
            })
            .collect();
        // A category is a number as well: 1 for those who have it, 0 for the others.
        let over = |name: &str| col(name).sum().over([col("at"), col("category")]);
        let (n, sum, square) = (col("n").cast(DataType::Float64), col("sum"), col("square"));
        let rest = || col("n_all") - col("n").cast(DataType::Float64);
        let off = |square: Expr, sum: Expr, n: Expr| square - sum.clone() * sum / n;
        let within = off(square, sum.clone(), n.clone())
            + off(col("square_all") - col("square"), col("sum_all") - col("sum"), rest());
        let deviation = (within / (col("n_all") - lit(2.0))).sqrt();
        let missing = || lit(NULL).cast(DataType::Float64);
        let apart = (col("mean") - (col("sum_all") - col("sum")) / rest()) / col("deviation");
        Ok(concat(parts, UnionArgs::default())?
            .sort(["at", "category", "_segment"], SortMultipleOptions::default())
            .with_columns([
                over("n")?.cast(DataType::Float64).alias("n_all"),
                over("sum")?.alias("sum_all"),
                over("square")?.alias("square_all"),
            ])
            .with_columns([
                (sum / n).alias("mean"),
                (col("sum_all") / col("n_all")).alias("mean_all"),
                deviation.alias("deviation"),
            ])
            .select([
                col("attribute"),
                col("category"),
                col("_segment").cast(DataType::String).alias("segment"),
                col("n"),
                col("mean"),
                col("mean_all"),
                when(col("mean_all").gt(lit(0.0)))
                    .then(lit(100.0) * col("mean") / col("mean_all"))
                    .otherwise(missing())
                    .alias("mean_index"),
                // What rounding leaves of no variation is none.
                when(rest().gt(lit(0.0)).and(col("deviation").gt(lit(1e-9) * col("mean_all").abs())))
                    .then(apart)
                    .otherwise(missing())
                    .alias("effect"),
            ]))
    }
}

fn numbers(rows: &LazyFrame, segment: &str, attribute: &Attribute) -> LazyFrame {
    rows.clone()
        .select([named(segment).alias("_segment"), exact::number(attribute.value.clone()).alias("x")])
        .with_column(exact::number(col("x") * col("x")).alias("square"))
        .filter(col("_segment").is_not_null().and(col("square").is_not_null()))
        .group_by([col("_segment")])
        .agg([
            len().cast(DataType::Int64).alias("n"),
            exact::sum(col("x")).alias("sum"),
            exact::sum(col("square")).alias("square"),
        ])
        .select([
            col("_segment"),
            lit(NULL).cast(DataType::String).alias("category"),
            col("n"),
            col("sum"),
            col("square"),
        ])
}

fn categories(rows: &LazyFrame, segment: &str, attribute: &Attribute) -> LazyFrame {
    let rows = rows
        .clone()
        .select([
            named(segment).alias("_segment"),
            attribute.value.clone().cast(DataType::String).alias("category"),
        ])
        .filter(col("_segment").is_not_null().and(col("category").is_not_null()));
    let cells = rows
        .clone()
        .group_by([col("_segment"), col("category")])
        .agg([len().cast(DataType::Float64).alias("sum")]);
    let words = cells.clone().select([col("category")]).unique(None, UniqueKeepStrategy::Any);
    // Every segment has a row for every category, also where nobody has it.
    rows.group_by([col("_segment")])
        .agg([len().cast(DataType::Int64).alias("n")])
        .cross_join(words, None)
        .join(
            cells,
            [col("_segment"), col("category")],
            [col("_segment"), col("category")],
            JoinArgs::new(JoinType::Left),
        )
        .with_column(col("sum").fill_null(lit(0.0)))
        .select([col("_segment"), col("category"), col("n"), col("sum"), col("sum").alias("square")])
}
