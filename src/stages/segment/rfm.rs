//! Scores for recency, frequency and monetary value from transactions. Cut points are type-7
//! quantiles fitted on the customers (`stats::quantile`) and applied to them as expressions; equal
//! values are never parted. Knows nothing of lifetime value or of clusters.

use std::collections::BTreeMap;

use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::rules::{self, Rules};
use super::{counted, day, integers, named, share_of, times, words};
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
    /// What happens to equal values where a cut would part them.
    #[serde(default)]
    pub ties: Ties,
    /// Cut points of your own instead of equal groups.
    #[serde(default)]
    pub edges: Option<Edges>,
    /// Named segments by conditions over the columns of the result (`r`, `f`, `m`, `recency_days`,
    /// `frequency`, `monetary` …). Omitted: scores only.
    #[serde(default)]
    pub rules: Option<Rules>,
}

/// What happens to equal values where a cut would part them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// They stay together: cut points are quantiles, and groups may be uneven or empty.
    #[default]
    Together,
    /// They are parted in the order of the key, so that groups are equally large: as SQL's `ntile`.
    Ntile,
    /// They stay together and share the average of their ranks, which tells the group.
    AverageRank,
}

/// Cut points: one fewer than `groups` for each measure, upwards. A value at a cut point stays below it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Edges {
    /// Of the days since the last transaction.
    pub recency_days: Spanned<Vec<f64>>,
    /// Of the number of transactions.
    pub frequency: Spanned<Vec<f64>>,
    /// Of the sum of amounts.
    pub monetary: Spanned<Vec<f64>>,
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
pub(super) const REASONS: [&str; 4] = ["no key", "no date", "no usable amount", "after as_of"];

/// RFM over columns that exist.
#[derive(Debug)]
pub struct Checked {
    key: Column,
    date: String,
    amount: String,
    as_of: Option<i32>,
    groups: u32,
    ties: Ties,
    edges: Option<[Vec<f64>; 3]>,
    rules: Option<rules::Compiled>,
}

pub(super) fn check(from: &Input, rfm: &Rfm, cx: &mut Check<'_>) -> Option<Checked> {
    let key = cx.column(from, &rfm.key);
    let date = cx.temporal(from, &rfm.date);
    let amount = cx.numeric(from, &rfm.amount);
    let as_of = day(rfm.as_of.as_ref(), "as_of", cx);
    let groups = cx.between(&Spanned::new(f64::from(*rfm.groups), rfm.groups.span), 2.0, 20.0, "`groups`");
    let edges = match &rfm.edges {
        None => Some(None),
        Some(edges) => own_edges(edges, rfm, cx).map(Some),
    };
    let taken = key.as_ref().filter(|key| columns().any(|(name, _)| name == key.name));
    if let Some(key) = taken {
        cx.duplicate_column(&key.name, rfm.key.span, None);
    }
    let is_clear = taken.is_none();
    let scores = key.as_ref().map(schema);
    let rules = match &rfm.rules {
        None => Some(None),
        Some(rules) => rules::compile(rules, scores.as_ref(), cx).map(Some),
    };
    let key = key.filter(|_| is_clear);
    Some(Checked {
        key: key?,
        date: date?.name,
        amount: amount?.name,
        as_of: as_of?,
        groups: groups? as u32,
        ties: rfm.ties,
        edges: edges?,
        rules: rules?,
    })
}

/// Cut points as written: as many as the groups ask for, growing, and no rule for ties beside them.
fn own_edges(edges: &Edges, rfm: &Rfm, cx: &mut Check<'_>) -> Option<[Vec<f64>; 3]> {
    let wanted = (*rfm.groups as usize).saturating_sub(1);
    let mut sound = true;
    let mut refuse = |span, message: &str, label: &str, help: &str| {
        cx.invalid(span, Code::InvalidOption, message, label, help);
        sound = false;
    };
    for written in [&edges.recency_days, &edges.frequency, &edges.monetary] {
        let grows = written.iter().all(|x| x.is_finite()) && written.windows(2).all(|two| two[0] < two[1]);
        if written.len() != wanted {
            let label = format!("{} cut points for {} groups", written.len(), *rfm.groups);
            let help = format!("write {wanted}, or change `groups`");
            refuse(written.span, "has another number of edges than its groups need", &label, &help);
        } else if !grows {
            refuse(written.span, "has edges that do not grow", "each wants to be above the one before", "");
        }
    }
    if rfm.ties != Ties::Together {
        let help = "leave `ties` out: with edges of your own, equal values are never parted";
        let message = "has edges and a rule for ties";
        refuse(edges.recency_days.span, message, "these say who belongs where", help);
    }
    let cuts = [&edges.recency_days, &edges.frequency, &edges.monetary].map(|written| written.value.clone());
    sound.then_some(cuts)
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
            sides.extend(rules.sides());
        }
        Promise { main, sides }
    }

    fn fit(&self, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        Ok(vec![self.order_statistics(self.customers(&inputs[0].rows))?])
    }

    fn lower(&self, inputs: &[Table], fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let fitted = fitted.first().map(Fitted::read).transpose()?.unwrap_or_default();
        let as_of = self.as_of.or(fitted.latest());
        let cuts = self.edges.clone().unwrap_or_else(|| fitted.cuts(self.groups, as_of));
        // Every table starts from the sorted one, so that the engine makes it once.
        let main = self
            .scored(self.customers(&inputs[0].rows), &cuts, as_of)
            .sort_by_exprs([named(&self.key.name)], SortMultipleOptions::default());
        let mut sides = vec![
            ("cuts", self.cut_table(main.clone(), &cuts)?),
            ("left_out", self.left_out(&inputs[0].rows)?),
        ];
        let main = match &self.rules {
            None => main,
            Some(rules) => {
                sides.extend(rules.tables(&main)?);
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
        let by_value = self.edges.is_none() && self.ties != Ties::Ntile;
        if let Some(cuts) = brief.get("cuts").filter(|_| by_value) {
            cautions.extend(self.uneven(cuts));
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
                named(&self.key.name).alias("key"),
                // The day of a date with time is the day on its own clock.
                named(&self.date).dt().date().cast(DataType::Int32).alias("day"),
                exact::number(named(&self.amount)).alias("amount"),
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
        // Ordinal ranks of equal values follow the order of the rows: that of the key.
        let customers = match self.ties {
            Ties::Ntile => customers.sort(["key"], SortMultipleOptions::default()),
            Ties::Together | Ties::AverageRank => customers,
        };
        let scores = MEASURES.iter().enumerate().map(|(at, measure)| {
            let above = match self.ties {
                Ties::Together => cuts.get(at).into_iter().flatten().fold(lit(0i64), |count, cut| {
                    count + col(measure.name).cast(DataType::Float64).gt(lit(*cut)).cast(DataType::Int64)
                }),
                Ties::Ntile => self.above_by_position(measure),
                Ties::AverageRank => self.above_by_average(measure),
            };
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

    /// How many groups are below the one of a customer when customers in order fill groups of equal
    /// size, the first ones one larger where they do not divide.
    fn above_by_position(&self, measure: &Measure) -> Expr {
        let groups = lit(i64::from(self.groups));
        let options = RankOptions { method: RankMethod::Ordinal, descending: false };
        let at = col(measure.name).rank(options, None).cast(DataType::Int64) - lit(1i64);
        let n = || len().cast(DataType::Int64);
        let (size, larger) = (n().floor_div(groups.clone()), n() % groups);
        let in_larger = larger.clone() * (size.clone() + lit(1i64));
        when(at.clone().lt(in_larger.clone()))
            .then(at.clone().floor_div(size.clone() + lit(1i64)))
            .otherwise(larger + (at - in_larger).floor_div(size))
    }

    /// The same by the average rank of equal values: ⌈groups · rank / n⌉ − 1, counted from the worst.
    fn above_by_average(&self, measure: &Measure) -> Expr {
        let groups = f64::from(self.groups);
        let options = RankOptions { method: RankMethod::Average, descending: measure.fewer_is_better };
        let rank = col(measure.name).rank(options, None).cast(DataType::Float64);
        let score = (lit(groups) * rank / len().cast(DataType::Float64)).ceil().cast(DataType::Int64);
        match measure.fewer_is_better {
            true => lit(i64::from(self.groups)) - score,
            false => score - lit(1i64),
        }
    }

    /// The side table `cuts`: the range of each score and its customers.
    fn cut_table(&self, main: LazyFrame, cuts: &[Vec<f64>]) -> PolarsResult<LazyFrame> {
        let groups = self.groups as usize;
        let (mut measures, mut scores) = (Vec::new(), Vec::new());
        let (mut above, mut up_to) = (Vec::new(), Vec::new());
        let (mut n, mut total) = (Vec::new(), Vec::new());
        let (mut seen_below, mut seen_here) = (Vec::new(), Vec::new());
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
                // By ranks, the edges are the values seen on both sides.
                let largest = |below: Expr| col(measure.name).cast(DataType::Float64).filter(below).max();
                let worse = |than: i64| match measure.fewer_is_better {
                    true => col(measure.score).gt_eq(lit(than)),
                    false => col(measure.score).lt_eq(lit(than)),
                };
                let lower = if measure.fewer_is_better { score as i64 + 1 } else { score as i64 - 1 };
                seen_below.push(largest(worse(lower)));
                let last = group == groups;
                seen_here.push(largest(if last { lit(false) } else { worse(score as i64) }));
            }
        }
        if self.ties != Ties::Together {
            let labels = df!("measure" => measures, "score" => scores)?;
            let counts = [("n", n), ("total", total), ("above", seen_below), ("up_to", seen_here)];
            return Ok(counted(labels, main, &counts)
                .with_column(share_of(col("n"), col("total")).alias("share"))
                .select([
                    col("measure"),
                    col("score"),
                    col("above").cast(DataType::Float64),
                    col("up_to").cast(DataType::Float64),
                    col("n"),
                    col("share"),
                ]));
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
    fn uneven(&self, cuts: &DataFrame) -> Vec<Caution> {
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
pub(super) fn missing(left_out: &DataFrame) -> Vec<Caution> {
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
