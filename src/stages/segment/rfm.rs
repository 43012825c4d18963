//! Scores for recency, frequency and monetary value from transactions. Cut points are type-7
//! quantiles fitted on the customers (`stats::quantile`) and applied to them as expressions; equal
//! values are never parted. Knows nothing of lifetime value or of clusters.

use std::collections::BTreeMap;

use jiff::civil::Date;
use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::rules::{self, Rules};
use super::{counted, integers, share_of, times, words};
use crate::diagnostic::{Caution, CautionCode, Code, RunError};
use crate::document::Spanned;
use crate::number;
use crate::stages::{Check, Column, Input, Lowered, Promise, Ready, Side, Table, Template, exact};
use crate::stats::quantile::Position;

/// Recency, frequency and monetary value of each customer, from a table of transactions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rfm {
    /// The column that says whose transaction it is.
    pub key: Spanned<String>,
    /// The column with the day of the transaction (a date, or a date with time).
    pub date: Spanned<String>,
    /// The column with its amount. Refunds are negative amounts.
    pub amount: Spanned<String>,
    /// The day from which recency is counted back, as `2026-11-22` or `{variable}`; later transactions
    /// are left out. Omitted: the day of the latest transaction, never today.
    #[serde(default)]
    pub as_of: Option<Template>,
    /// Number of groups, and so the best score: 2 to 20.
    #[serde(default = "five")]
    pub groups: Spanned<u32>,
    /// Named segments by conditions over the columns of the result (`r`, `f`, `m`, `recency_days`,
    /// `frequency`, `monetary` …). Omitted: scores only.
    #[serde(default)]
    pub rules: Option<Rules>,
}

fn five() -> Spanned<u32> {
    5.into()
}

/// What is measured of a customer: its name in the tables, the score's, and which end is good.
struct Measure {
    name: &'static str,
    score: &'static str,
    fewer_is_better: bool,
}

const MEASURES: [Measure; 3] = [
    Measure { name: "recency_days", score: "r", fewer_is_better: true },
    Measure { name: "frequency", score: "f", fewer_is_better: false },
    Measure { name: "monetary", score: "m", fewer_is_better: false },
];

/// Why a transaction does not count, in the order of being asked.
const REASONS: [&str; 4] = ["no key", "no date", "no usable amount", "after as_of"];

/// RFM over columns that exist.
#[derive(Debug)]
pub struct Checked {
    key: Column,
    date: String,
    amount: String,
    as_of: Option<i32>,
    groups: u32,
    rules: Option<rules::Compiled>,
}

pub(super) fn check(from: &Input, rfm: &Rfm, cx: &mut Check<'_>) -> Option<Checked> {
    let key = cx.column(from, &rfm.key);
    let date = cx.temporal(from, &rfm.date);
    let amount = cx.numeric(from, &rfm.amount);
    let as_of = match &rfm.as_of {
        None => Some(None),
        Some(day) => cx.fill(day).and_then(|text| match text.parse::<Date>() {
            Ok(day) => Some(Some(days_since_1970(day))),
            Err(_) => {
                let label = format!("`{text}` is not a day");
                let help = "write the day as year-month-day: `2026-11-22`";
                cx.invalid(day.span(), Code::InvalidOption, "cannot read `as_of`", &label, help);
                None
            }
        }),
    };
    let groups = cx.between(&Spanned::new(f64::from(*rfm.groups), rfm.groups.span), 2.0, 20.0, "`groups`");
    if let Some(key) = &key
        && (columns().any(|(name, _)| name == key.name))
    {
        cx.duplicate_column(&key.name, rfm.key.span, None);
        return None;
    }
    let scores = key.as_ref().map(schema);
    let rules = match &rfm.rules {
        None => Some(None),
        Some(rules) => rules::compile(rules, scores.as_ref(), cx).map(Some),
    };
    Some(Checked {
        key: key?,
        date: date?.name,
        amount: amount?.name,
        as_of: as_of?,
        groups: groups? as u32,
        rules: rules?,
    })
}

fn days_since_1970(day: Date) -> i32 {
    // 1970-01-01 and every civil date of jiff are less than 2^31 days apart.
    let span = day - Date::constant(1970, 1, 1);
    span.get_days()
}

/// The columns after the key.
fn columns() -> impl Iterator<Item = (&'static str, DataType)> {
    [
        ("recency_days", DataType::Int64),
        ("frequency", DataType::Int64),
        ("monetary", DataType::Float64),
        ("r", DataType::Int64),
        ("f", DataType::Int64),
        ("m", DataType::Int64),
        ("rfm", DataType::String),
        ("as_of", DataType::Date),
    ]
    .into_iter()
}

fn schema(key: &Column) -> Schema {
    let key = Field::new(key.name.as_str().into(), key.dtype.clone());
    Schema::from_iter([key].into_iter().chain(columns().map(|(name, dtype)| Field::new(name.into(), dtype))))
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        let mut main = schema(&self.key);
        let mut sides = vec![
            Side {
                name: "cuts",
                meaning: "One row per measure and score: which values get it, and how many customers do.",
                schema: Schema::from_iter([
                    Field::new("measure".into(), DataType::String),
                    Field::new("score".into(), DataType::Int64),
                    Field::new("above".into(), DataType::Float64),
                    Field::new("up_to".into(), DataType::Float64),
                    Field::new("n".into(), DataType::Int64),
                    Field::new("share".into(), DataType::Float64),
                ]),
                brief: true,
            },
            Side {
                name: "left_out",
                meaning: "One row per reason: how many transactions did not count.",
                schema: Schema::from_iter([
                    Field::new("reason".into(), DataType::String),
                    Field::new("n".into(), DataType::Int64),
                ]),
                brief: true,
            },
        ];
        if let Some(rules) = &self.rules {
            main.with_column(rules.column.as_str().into(), DataType::String);
            sides.push(rules.side());
        }
        Promise { main, sides }
    }

    fn fit(&self, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        Ok(vec![self.order_statistics(self.customers(&inputs[0].rows))?])
    }

    fn lower(&self, inputs: &[Table], fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let fitted = fitted.first().map(Fitted::read).transpose()?.unwrap_or_default();
        let as_of = self.as_of.or(fitted.latest());
        let cuts = fitted.cuts(self.groups, as_of);
        // Every table starts from the sorted one, so that the engine makes it once.
        let main = self
            .scored(self.customers(&inputs[0].rows), &cuts, as_of)
            .sort([self.key.name.as_str()], SortMultipleOptions::default());
        let mut sides = vec![
            ("cuts", self.cut_table(main.clone(), &cuts)?),
            ("left_out", self.left_out(&inputs[0].rows)?),
        ];
        let main = match &self.rules {
            None => main,
            Some(rules) => {
                sides.push(("coverage", rules.coverage(main.clone())?));
                main.with_column(rules.segment())
            }
        };
        Ok(Lowered::Rows { main, sides })
    }

    fn cautions(&self, brief: &BTreeMap<String, DataFrame>) -> Vec<Caution> {
        let mut cautions = Vec::new();
        if let Some(left_out) = brief.get("left_out") {
            cautions.extend(missing(left_out));
        }
        if let Some(cuts) = brief.get("cuts") {
            cautions.extend(self.ties(cuts));
        }
        if let (Some(rules), Some(coverage)) = (&self.rules, brief.get("coverage")) {
            cautions.extend(rules.cautions(coverage));
        }
        cautions
    }
}

impl Checked {
    /// The transactions as `key`, `day` (days since 1970), `amount` and `reason` (its place among
    /// [`REASONS`]), none where it counts.
    fn transactions(&self, rows: &LazyFrame) -> LazyFrame {
        let late = match self.as_of {
            Some(as_of) => col("day").gt(lit(as_of)),
            None => lit(false),
        };
        let refused = [col("key").is_null(), col("day").is_null(), col("amount").is_null(), late];
        // By number: a word for each of many million rows would cost more than the sums.
        let reason = (0..REASONS.len()).rev().fold(lit(NULL).cast(DataType::Int8), |rest, at| {
            when(refused[at].clone()).then(lit(at as i8)).otherwise(rest)
        });
        rows.clone()
            .select([
                col(self.key.name.as_str()).alias("key"),
                // The day of a date with time is the day on its own clock.
                col(self.date.as_str()).dt().date().cast(DataType::Int32).alias("day"),
                exact::number(col(self.amount.as_str())).alias("amount"),
            ])
            .with_column(reason.alias("reason"))
    }

    /// One row per customer: `key`, `last` (days since 1970), `frequency`, `monetary`.
    fn customers(&self, rows: &LazyFrame) -> LazyFrame {
        self.transactions(rows).filter(col("reason").is_null()).group_by([col("key")]).agg([
            col("day").max().alias("last"),
            len().cast(DataType::Int64).alias("frequency"),
            exact::sum(col("amount")).alias("monetary"),
        ])
    }

    /// The values on both sides of every cut point: `measure` (its place in [`MEASURES`]), `at` (position among its sorted values,
    /// from 0), `n` (how many there are) and `value`; the days since the last transaction stand as
    /// minus the day, because `as_of` may be known only from the first of them.
    ///
    /// Positions are whole numbers, as in [`Position::of_cut`], so that a cut point that falls on a
    /// value is that value.
    fn order_statistics(&self, customers: LazyFrame) -> PolarsResult<LazyFrame> {
        let groups = i64::from(self.groups);
        let wanted = (1..groups).fold(col("at").eq(lit(0i64)), |wanted, cut| {
            let scaled = || (col("n") - lit(1i64)) * lit(cut);
            let lower = scaled().floor_div(lit(groups));
            let upper = (scaled() + lit(groups - 1)).floor_div(lit(groups));
            wanted.or(col("at").eq(lower)).or(col("at").eq(upper))
        });
        let values = [lit(0i32) - col("last"), col("frequency"), col("monetary")];
        let value = (values.into_iter().enumerate()).fold(lit(NULL), |rest, (at, value)| {
            when(col("measure").eq(lit(at as i64))).then(value.cast(DataType::Float64)).otherwise(rest)
        });
        // One row per customer and measure, from one pass over the customers.
        let long = customers
            .cross_join(df!("measure" => (0..MEASURES.len() as i64).collect::<Vec<_>>())?.lazy(), None)
            .select([col("measure"), value.alias("value")]);
        // Each measure has a value for every customer: the positions start again after `n` rows.
        Ok(long
            .sort(["measure", "value"], SortMultipleOptions::default())
            .with_row_index("row", None)
            .with_column(len().cast(DataType::Int64).floor_div(lit(MEASURES.len() as i64)).alias("n"))
            .with_column((col("row").cast(DataType::Int64) % col("n")).alias("at"))
            .filter(wanted)
            .select([col("measure"), col("at"), col("n"), col("value")]))
    }

    /// The main table before sorting and naming.
    fn scored(&self, customers: LazyFrame, cuts: &[Vec<f64>], as_of: Option<i32>) -> LazyFrame {
        let as_of = as_of.map_or(lit(NULL), lit).cast(DataType::Int32);
        let scores = MEASURES.iter().enumerate().map(|(at, measure)| {
            let above = cuts.get(at).into_iter().flatten().fold(lit(0i64), |count, cut| {
                count + col(measure.name).cast(DataType::Float64).gt(lit(*cut)).cast(DataType::Int64)
            });
            let score = match measure.fewer_is_better {
                true => lit(i64::from(self.groups)) - above,
                false => lit(1i64) + above,
            };
            // Without customers there are no cuts, and a bare literal would be a narrower integer.
            score.cast(DataType::Int64).alias(measure.score)
        });
        let digits = MEASURES.map(|measure| col(measure.score).cast(DataType::String));
        let between = if self.groups > 9 { "-" } else { "" };
        let mut names = vec![col("key").alias(self.key.name.as_str())];
        names.extend(columns().map(|(name, _)| col(name)));
        customers
            .with_column(as_of.alias("as_of"))
            .with_column((col("as_of") - col("last")).cast(DataType::Int64).alias("recency_days"))
            .with_columns(scores.collect::<Vec<_>>())
            .with_columns([
                concat_str(digits, between, false).alias("rfm"),
                col("as_of").cast(DataType::Date),
            ])
            .select(names)
    }

    /// The side table `cuts`: the range of each score and its customers.
    fn cut_table(&self, main: LazyFrame, cuts: &[Vec<f64>]) -> PolarsResult<LazyFrame> {
        let groups = self.groups as usize;
        let (mut measures, mut scores) = (Vec::new(), Vec::new());
        let (mut above, mut up_to) = (Vec::new(), Vec::new());
        let (mut n, mut total) = (Vec::new(), Vec::new());
        for (at, measure) in MEASURES.iter().enumerate() {
            for score in 1..=groups {
                // Groups of values count upwards from 1; the best score has the fewest days.
                let group = if measure.fewer_is_better { groups + 1 - score } else { score };
                let edge = |cut: usize| cuts.get(at)?.get(cut.checked_sub(1)?).copied();
                measures.push(measure.name);
                scores.push(score as i64);
                above.push(edge(group - 1));
                up_to.push(edge(group));
                n.push(times(col(measure.score).eq(lit(score as i64))));
                total.push(len().cast(DataType::Int64));
            }
        }
        let labels = df!("measure" => measures, "score" => scores, "above" => above, "up_to" => up_to)?;
        Ok(counted(labels, main, &[("n", n), ("total", total)])
            .with_column(share_of(col("n"), col("total")).alias("share"))
            .select([col("measure"), col("score"), col("above"), col("up_to"), col("n"), col("share")]))
    }

    /// The side table `left_out`.
    fn left_out(&self, rows: &LazyFrame) -> PolarsResult<LazyFrame> {
        let n = (0..REASONS.len()).map(|at| times(col("reason").eq(lit(at as i8)))).collect();
        let labels = df!("reason" => REASONS.as_slice())?;
        Ok(counted(labels, self.transactions(rows).select([col("reason")]), &[("n", n)]))
    }

    /// Scores that nobody has, or that far more have than an equal part.
    fn ties(&self, cuts: &DataFrame) -> Vec<Caution> {
        let (measures, scores, n) = (words(cuts, "measure"), integers(cuts, "score"), integers(cuts, "n"));
        let mut cautions = Vec::new();
        for measure in &MEASURES {
            let here: Vec<(i64, i64)> = measures
                .iter()
                .zip(scores.iter().zip(&n))
                .filter(|(name, _)| *name == measure.name)
                .map(|(_, (score, n))| (*score, *n))
                .collect();
            let all: i64 = here.iter().map(|(_, n)| n).sum();
            let Some((score, most)) = here.iter().copied().max_by_key(|(score, n)| (*n, -*score)) else {
                continue;
            };
            let empty: Vec<String> =
                here.iter().filter(|(_, n)| *n == 0).map(|(score, _)| score.to_string()).collect();
            // Fewer customers than scores leave scores empty without any tie.
            let uneven = most as f64 > 1.5 * all as f64 / f64::from(self.groups);
            if all < i64::from(self.groups) || (empty.is_empty() && !uneven) {
                continue;
            }
            let share = most as f64 / all as f64;
            let nobody = match empty.len() {
                0 => String::new(),
                1 => format!("; nobody has score {}", empty[0]),
                _ => format!("; nobody has the scores {}", empty.join(", ")),
            };
            cautions.push(Caution {
                stage: String::new(),
                code: CautionCode::TiesAtTheCut,
                key: format!("measure={}", measure.name),
                figure: Some(share),
                message: format!(
                    "equal values of `{}` were kept together: {} of {} customers ({}) have score {score}{nobody}",
                    measure.name,
                    number::count(most as f64),
                    number::count(all as f64),
                    number::percent(share, 0),
                ),
            });
        }
        cautions
    }
}

/// The order statistics that were fitted.
#[derive(Default)]
struct Fitted {
    customers: u64,
    /// By the measure's place and the position among its sorted values.
    values: BTreeMap<(u64, u64), f64>,
}

impl Fitted {
    fn read(table: &DataFrame) -> PolarsResult<Self> {
        let whole = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
        let (measure, at) = (table.column("measure")?.i64()?, table.column("at")?.i64()?);
        let (n, value) = (table.column("n")?.i64()?, table.column("value")?.f64()?);
        let values = (measure.iter().zip(at.iter()).zip(value.iter()))
            .filter_map(|((measure, at), value)| Some(((whole(measure)?, whole(at)?), value?)))
            .collect();
        Ok(Self { customers: n.iter().find_map(whole).unwrap_or(0), values })
    }

    /// The day of the latest transaction, in days since 1970.
    fn latest(&self) -> Option<i32> {
        // Whole days of a date that had 32 bits.
        self.values.get(&(0, 0)).map(|day| -day as i32)
    }

    /// The cut points of each measure, smallest first; none without customers.
    fn cuts(&self, groups: u32, as_of: Option<i32>) -> [Vec<f64>; 3] {
        std::array::from_fn(|measure| {
            let origin = match MEASURES[measure].fewer_is_better {
                true => as_of.map_or(0.0, f64::from),
                false => 0.0,
            };
            let value = |at| Some(origin + self.values.get(&(measure as u64, at))?);
            (1..u64::from(groups))
                .filter_map(|cut| {
                    let place = Position::of_cut(self.customers, cut, u64::from(groups))?;
                    Some(place.interpolate(value(place.lower)?, value(place.upper)?))
                })
                .collect()
        })
    }
}

/// Transactions left out because something is missing. Those after `as_of` were meant to be.
fn missing(left_out: &DataFrame) -> Vec<Caution> {
    words(left_out, "reason")
        .into_iter()
        .zip(integers(left_out, "n"))
        .filter(|(reason, n)| *n > 0 && reason != REASONS[3])
        .map(|(reason, n)| Caution {
            stage: String::new(),
            code: CautionCode::MissingValues,
            key: format!("reason={reason}"),
            figure: Some(n as f64),
            message: match n {
                1 => format!("1 transaction was left out: {reason}"),
                n => format!("{} transactions were left out: {reason}", number::count(n as f64)),
            },
        })
        .collect()
}
