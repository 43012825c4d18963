//! Groups of rows that are alike in some numbers. Centroids are fitted on a sample of the rows
//! (`stats::clustering`) and applied to all of them as an expression. Knows nothing of what the
//! numbers mean.

use std::collections::BTreeMap;

use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::profile::{self, Profile};
use super::{counted, integers, named, share_of, times};
use crate::diagnostic::{Caution, CautionCode, Code, RunError};
use crate::document::Spanned;
use crate::number;
use crate::stages::{Check, Column, Expression, Input, Lowered, Promise, Ready, Side, Table, exact};
use crate::stats::clustering::{
    Clusters, Points, Start, calinski_harabasz, davies_bouldin, k_means, silhouette, stability,
};

/// Clusters of rows by their distance in some numbers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KMeans {
    /// The columns of numbers that make rows alike or different.
    pub features: Vec<Spanned<String>>,
    /// What is done to the numbers, so that no column counts more for its unit.
    #[serde(default)]
    pub scale: Scale,
    /// How many clusters: 2 to 50. Give one of `k`, `k_range` and `centroids`.
    #[serde(default)]
    pub k: Option<Spanned<u32>>,
    /// The fewest and the most clusters, `[2, 8]`: the number with the largest silhouette is taken.
    #[serde(default)]
    pub k_range: Option<Spanned<Vec<u32>>>,
    /// Where the search begins: for each cluster one number per feature, on the scale of `scale`.
    #[serde(default)]
    pub centroids: Option<Spanned<Vec<Vec<f64>>>>,
    /// Seed of every draw: the same rows and seed give the same clusters.
    #[serde(default = "one")]
    pub seed: u64,
    /// Clusters are found on at most so many rows, evenly spread over the table: 100 to 200,000.
    #[serde(default = "twenty_thousand")]
    pub sample: Spanned<u32>,
    /// Name of the column that tells the cluster.
    #[serde(default = "cluster")]
    pub column: Spanned<String>,
    /// What to compare the clusters in: columns or expressions, numbers or categories. Omitted: no
    /// table `profile`.
    #[serde(default)]
    pub profile: Vec<Expression>,
}

/// What is done to the numbers before distances are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Nothing.
    None,
    /// Less the mean, over the standard deviation (with n below the line).
    #[default]
    Z,
    /// The same of ln(1 + x), for counts and amounts with a few very large ones.
    LogZ,
}

fn one() -> u64 {
    1
}

fn twenty_thousand() -> Spanned<u32> {
    20_000.into()
}

fn cluster() -> Spanned<String> {
    "cluster".into()
}

/// How often first centroids are drawn.
const DRAWS: usize = 10;
/// The most points whose silhouette is looked at: the work grows with its square.
const LOOKED_AT: usize = 2000;
/// Bootstrap samples for the stability of clusters.
const SAMPLES: usize = 50;
/// The most points of such a sample.
const DRAWN: usize = 5000;
/// Below this mean overlap a cluster is not found again (Hennig 2007).
const UNSTABLE: f64 = 0.6;

/// Where the search begins, checked.
#[derive(Debug)]
enum Begin {
    Given(Vec<Vec<f64>>),
    Drawn { from: usize, to: usize },
}

/// Clusters over columns that exist.
#[derive(Debug)]
pub struct Checked {
    input: Schema,
    features: Vec<Column>,
    scale: Scale,
    begin: Begin,
    seed: u64,
    sample: u32,
    column: String,
    profile: Option<Profile>,
}

pub(super) fn check(from: &Input, options: &KMeans, cx: &mut Check<'_>) -> Option<Checked> {
    let input = cx.schema(from);
    let known = cx.columns(from, &options.features);
    // A name that is wrong or repeated was told; the others are looked at all the same.
    let exists = |name: &str| input.as_ref().is_some_and(|schema| schema.contains(name));
    let features: Vec<Option<Column>> = options
        .features
        .iter()
        .enumerate()
        .filter(|(at, name)| {
            exists(name) && !options.features[..*at].iter().any(|earlier| earlier.value == name.value)
        })
        .map(|(_, name)| cx.numeric(from, name))
        .collect();
    let sample = Spanned::new(f64::from(*options.sample), options.sample.span);
    let sample = cx.between(&sample, 100.0, 200_000.0, "`sample`");
    let begin = begin(options, cx);
    let mut clear = true;
    if options.features.is_empty() {
        let help = "name the columns that make rows alike: `features: [visits, spend]`";
        cx.invalid(options.column.span, Code::InvalidOption, "has no features", "alike in what?", help);
        clear = false;
    }
    let taken = input.as_ref().is_some_and(|schema| schema.contains(&options.column.value));
    if taken {
        cx.duplicate_column(&options.column.value, options.column.span, None);
        clear = false;
    }
    let profile = match &input {
        Some(schema) => profile::compile(&options.profile, schema, cx),
        None => None,
    };
    let features: Vec<Column> = features.into_iter().collect::<Option<_>>()?;
    known?;
    let checked = Checked {
        input: input?,
        features,
        scale: options.scale,
        begin: begin?,
        seed: options.seed,
        sample: sample? as u32,
        column: options.column.value.clone(),
        profile: profile?,
    };
    clear.then_some(checked)
}

fn begin(options: &KMeans, cx: &mut Check<'_>) -> Option<Begin> {
    const MOST: u32 = 50;
    let mut places = Vec::new();
    let mut begins = Vec::new();
    if let Some(k) = &options.k {
        let known = cx.between(&Spanned::new(f64::from(k.value), k.span), 2.0, f64::from(MOST), "`k`");
        places.push(k.span);
        begins.push(known.map(|k| Begin::Drawn { from: k as usize, to: k as usize }));
    }
    if let Some(range) = &options.k_range {
        places.push(range.span);
        begins.push(match range.as_slice() {
            [from, to] if (2..=*to).contains(from) && *to <= MOST => {
                Some(Begin::Drawn { from: *from as usize, to: *to as usize })
            }
            _ => {
                let label = "wanted are the fewest and the most, from 2 to 50";
                let help = "write `k_range: [2, 8]`";
                cx.invalid(range.span, Code::InvalidOption, "cannot read `k_range`", label, help);
                None
            }
        });
    }
    if let Some(centroids) = &options.centroids {
        let fits = |one: &Vec<f64>| one.len() == options.features.len() && one.iter().all(|x| x.is_finite());
        let sound = (2..=MOST as usize).contains(&centroids.len()) && centroids.iter().all(fits);
        if !sound {
            let label = format!(
                "wanted are 2 to 50 lists of as many numbers as features: {}",
                options.features.len()
            );
            let message = "has centroids that cannot be used";
            cx.invalid(centroids.span, Code::InvalidOption, message, &label, "");
        }
        places.push(centroids.span);
        begins.push(sound.then(|| Begin::Given(centroids.value.clone())));
    }
    match places.as_slice() {
        [] => {
            let help = "write `k: 4`, or `k_range: [2, 8]` to take the number with the best silhouette";
            let span = options.features.first().map_or(options.column.span, |feature| feature.span);
            let message = "needs one of `k`, `k_range` and `centroids`";
            cx.invalid(span, Code::InvalidOption, message, "how many clusters?", help);
            None
        }
        [_] => begins.pop()?,
        [_, second, ..] => {
            let message = "takes one of `k`, `k_range` and `centroids`, and has several";
            let label = "the number of clusters is said above already";
            let help = "`k` is the number itself, `k_range` has it found, `centroids` say where to begin";
            cx.invalid(*second, Code::InvalidOption, message, label, help);
            None
        }
    }
}

/// What was found on the sample.
struct Found {
    /// Mean and standard deviation of each feature as it is measured (its logarithm for `log_z`).
    scales: Vec<(f64, f64)>,
    /// Of each number of clusters tried: what came out.
    tried: Vec<Tried>,
    /// The place among `tried` of the one taken.
    taken: usize,
    stability: Vec<Option<f64>>,
    /// Rows of the sample.
    n: usize,
}

/// What came out for a number of clusters, and how good it is.
struct Tried {
    k: usize,
    clusters: Clusters,
    silhouette: Option<f64>,
    calinski_harabasz: Option<f64>,
    davies_bouldin: Option<f64>,
}

impl Found {
    fn clusters(&self) -> &Clusters {
        &self.tried[self.taken].clusters
    }
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        use DataType::{Boolean, Float64, Int64, String};
        let mut main = self.input.clone();
        main.with_column(self.column.as_str().into(), Int64);
        let side = |name, meaning, columns: &[(&str, DataType)]| Side {
            name,
            meaning,
            schema: columns.iter().map(|(name, dtype)| Field::new((*name).into(), dtype.clone())).collect(),
            brief: true,
        };
        let mut sides = vec![
            side(
                "clusters",
                "One row per cluster, the largest first: its rows, and how surely it is found again.",
                &[("cluster", Int64), ("n", Int64), ("share", Float64), ("stability", Float64)],
            ),
            side(
                "centroids",
                "One row per cluster and feature: the middle of the cluster against everybody's.",
                &[
                    ("cluster", Int64),
                    ("feature", String),
                    ("scaled", Float64),
                    ("value", Float64),
                    ("everybody", Float64),
                ],
            ),
            side(
                "fit",
                "One row per number of clusters tried: how tight and how far apart they are.",
                &[
                    ("k", Int64),
                    ("n", Int64),
                    ("inertia", Float64),
                    ("silhouette", Float64),
                    ("calinski_harabasz", Float64),
                    ("davies_bouldin", Float64),
                    ("rounds", Int64),
                    ("is_taken", Boolean),
                ],
            ),
        ];
        sides.extend(self.profile.as_ref().map(|_| Profile::side()));
        Promise { main, sides }
    }

    fn fit(&self, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        let rows = inputs[0].rows.clone().select(self.measured()).drop_nulls(None);
        let some = rows
            .with_row_index("_at", None)
            .with_column(len().cast(DataType::Int64).alias("_n"))
            .with_column(
                (col("_n") + lit(i64::from(self.sample) - 1))
                    .floor_div(lit(i64::from(self.sample)))
                    .alias("_step"),
            )
            .filter((col("_at").cast(DataType::Int64) % col("_step")).eq(lit(0i64)))
            .sort(["_at"], SortMultipleOptions::default());
        Ok(vec![some.select((0..self.features.len()).map(|at| col(feature(at))).collect::<Vec<_>>())])
    }

    fn lower(&self, inputs: &[Table], fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let found = match fitted.first() {
            Some(sample) => self.found(sample)?,
            None => None,
        };
        let label = match &found {
            Some(found) => self.nearest(found),
            None => lit(NULL).cast(DataType::Int64),
        };
        let main = inputs[0].rows.clone().with_column(label.alias(self.column.as_str()));
        let labels = main.clone().select([named(&self.column).alias("cluster")]);
        let mut sides = vec![
            ("clusters", self.cluster_table(found.as_ref(), labels)?),
            ("centroids", self.centroid_table(found.as_ref())?),
            ("fit", fit_table(found.as_ref())?),
        ];
        if let Some(profile) = &self.profile {
            sides.push(("profile", profile.table(&main, &self.column)?));
        }
        Ok(Lowered::Rows { main, sides })
    }

    fn cautions(&self, brief: &BTreeMap<String, DataFrame>) -> Vec<Caution> {
        let Some(clusters) = brief.get("clusters") else { return Vec::new() };
        let labels = clusters.column("cluster").and_then(|c| c.i64().cloned());
        let stability = clusters.column("stability").and_then(|c| c.f64().cloned());
        let (Ok(labels), Ok(stability)) = (labels, stability) else { return Vec::new() };
        let n = integers(clusters, "n");
        let all: i64 = n.iter().sum();
        let mut cautions = Vec::new();
        cautions.extend(self.untried(brief));
        for ((label, stability), n) in labels.iter().zip(stability.iter()).zip(n) {
            match (label, stability) {
                (Some(label), Some(found)) if found < UNSTABLE => {
                    let message = format!(
                        "cluster {label} is not found again in samples of the rows: its mean overlap with what is found is {}",
                        number::fixed(found, 2)
                    );
                    let key = format!("cluster={label}");
                    cautions.push(Caution::new(CautionCode::UnstableCluster, key, Some(found), message));
                }
                (None, _) if n > 0 && n == all => {
                    let message = "no row has a cluster: there are fewer different rows than clusters";
                    cautions.push(Caution::new(CautionCode::EmptyBase, "", Some(n as f64), message));
                }
                (None, _) if n > 0 => {
                    let rows = match n {
                        1 => "1 row has".to_owned(),
                        n => format!("{} rows have", number::count(n as f64)),
                    };
                    let message =
                        format!("{rows} no cluster, because a feature is missing or has no logarithm");
                    cautions.push(Caution::new(CautionCode::MissingValues, "", Some(n as f64), message));
                }
                _ => {}
            }
        }
        cautions
    }
}

/// The name of a feature's column while it is worked with.
fn feature(at: usize) -> String {
    format!("_feature_{at}")
}

impl Checked {
    /// Numbers of clusters that were asked for and that the rows are too few for. That there are too few
    /// for any is told of the rows, which have no cluster then.
    fn untried(&self, brief: &BTreeMap<String, DataFrame>) -> Option<Caution> {
        let Begin::Drawn { to, .. } = self.begin else { return None };
        let most = *integers(brief.get("fit")?, "k").iter().max()?;
        let message = format!(
            "more than {most} clusters were not tried, though `k_range` goes to {to}: there are {most} different rows"
        );
        (most < to as i64).then(|| Caution::new(CautionCode::EmptyBase, "", Some(most as f64), message))
    }

    /// The features as they are measured: null where a row cannot be placed.
    fn measured(&self) -> Vec<Expr> {
        let features = self.features.iter().enumerate();
        let measured = features.map(|(at, column)| {
            let x = exact::number(named(&column.name));
            let x = match self.scale {
                Scale::LogZ => when(x.clone().gt(lit(-1.0))).then(x.log1p()).otherwise(lit(NULL)),
                Scale::None | Scale::Z => x,
            };
            x.alias(feature(at))
        });
        measured.collect()
    }

    fn found(&self, sample: &DataFrame) -> PolarsResult<Option<Found>> {
        let n = sample.height();
        if n == 0 {
            return Ok(None);
        }
        let dimensions = self.features.len();
        let columns = (0..dimensions)
            .map(|at| Ok(sample.column(&feature(at))?.f64()?.iter().flatten().collect()))
            .collect::<PolarsResult<Vec<Vec<f64>>>>()?;
        let scales: Vec<(f64, f64)> = columns.iter().map(|x| self.scale_of(x)).collect();
        let scaled = |row: usize| {
            let cells = columns.iter().zip(&scales);
            cells.map(move |(x, (mean, sd))| (x[row] - mean) / sd).collect::<Vec<f64>>()
        };
        let Some(points) = Points::new(dimensions, (0..n).flat_map(scaled).collect()) else {
            return Ok(None);
        };
        let mut tried = Vec::new();
        let mut attempt = |k: usize, start: Start<'_>| {
            if let Some(clusters) = k_means(&points, start) {
                tried.push(Tried {
                    k,
                    silhouette: silhouette(&points, &clusters.labels, LOOKED_AT),
                    calinski_harabasz: calinski_harabasz(&points, &clusters),
                    davies_bouldin: davies_bouldin(&points, &clusters),
                    clusters,
                });
            }
        };
        match &self.begin {
            Begin::Given(centroids) => attempt(centroids.len(), Start::Given(centroids)),
            Begin::Drawn { from, to } => {
                (*from..=*to).for_each(|k| attempt(k, Start::Drawn { k, seed: self.seed, times: DRAWS }))
            }
        }
        let apart = |at: usize| tried[at].silhouette.unwrap_or(f64::NEG_INFINITY);
        let best = (0..tried.len()).reduce(|best, at| if apart(at) > apart(best) { at } else { best });
        Ok(best.map(|taken| {
            let stability = stability(&points, &tried[taken].clusters, SAMPLES, DRAWN, self.seed);
            Found { scales, tried, taken, stability, n }
        }))
    }

    /// What is taken from a feature and what it is divided by. One that is the same for all is 0.
    fn scale_of(&self, x: &[f64]) -> (f64, f64) {
        if self.scale == Scale::None {
            return (0.0, 1.0);
        }
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let sd = (x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
        if sd > 0.0 { (mean, sd) } else { (mean, 1.0) }
    }

    /// The cluster of a row, from 1: that of the nearest centroid, of equally near ones the first.
    fn nearest(&self, found: &Found) -> Expr {
        let measured = self.measured();
        let distances: Vec<Expr> = found
            .clusters()
            .centroids
            .iter()
            .map(|centroid| {
                let parts =
                    measured.iter().zip(&found.scales).zip(centroid).map(|((x, (mean, sd)), middle)| {
                        let off = (x.clone() - lit(*mean)) / lit(*sd) - lit(*middle);
                        off.clone() * off
                    });
                parts.reduce(|sum, part| sum + part).unwrap_or_else(|| lit(NULL))
            })
            .collect();
        // A missing feature makes every comparison missing, and so no cluster.
        (0..distances.len()).rev().fold(lit(NULL).cast(DataType::Int64), |rest, at| {
            let others = (0..distances.len()).filter(|other| *other != at);
            let nearer = others
                .map(|other| distances[at].clone().lt_eq(distances[other].clone()))
                .reduce(Expr::and)
                .unwrap_or_else(|| distances[at].clone().is_not_null());
            when(nearer).then(lit(at as i64 + 1)).otherwise(rest)
        })
    }

    fn cluster_table(&self, found: Option<&Found>, labels: LazyFrame) -> PolarsResult<LazyFrame> {
        let k = found.map_or(0, |found| found.clusters().centroids.len());
        let names: Vec<Option<i64>> = (1..=k as i64).map(Some).chain([None]).collect();
        let stability: Vec<Option<f64>> = found
            .map(|found| found.stability.clone())
            .unwrap_or_default()
            .into_iter()
            .chain([None])
            .collect();
        let n: Vec<Expr> = names
            .iter()
            .map(|name| match name {
                Some(name) => times(col("cluster").eq(lit(*name))),
                None => times(col("cluster").is_null()),
            })
            .collect();
        let total = names.iter().map(|_| len().cast(DataType::Int64)).collect();
        let table = df!("cluster" => names, "stability" => stability)?;
        Ok(counted(table, labels, &[("n", n), ("total", total)])
            .with_column(share_of(col("n"), col("total")).alias("share"))
            .select([col("cluster"), col("n"), col("share"), col("stability")]))
    }

    fn centroid_table(&self, found: Option<&Found>) -> PolarsResult<LazyFrame> {
        let mut rows: Vec<(i64, &str, f64, f64, f64)> = Vec::new();
        let own = |x: f64| if self.scale == Scale::LogZ { x.exp_m1() } else { x };
        if let Some(found) = found {
            let n = found.n as f64;
            for (at, centroid) in found.clusters().centroids.iter().enumerate() {
                for (place, (scaled, (mean, sd))) in centroid.iter().zip(&found.scales).enumerate() {
                    // The middle of all rows is the weighted middle of the clusters.
                    let clusters = found.clusters();
                    let parts = clusters.centroids.iter().zip(&clusters.sizes);
                    let middle = parts.map(|(c, size)| c[place] * size / n).sum::<f64>();
                    let name = self.features[place].name.as_str();
                    rows.push((
                        at as i64 + 1,
                        name,
                        *scaled,
                        own(mean + sd * scaled),
                        own(mean + sd * middle),
                    ));
                }
            }
        }
        Ok(df!(
            "cluster" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
            "feature" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
            "scaled" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
            "value" => rows.iter().map(|row| row.3).collect::<Vec<_>>(),
            "everybody" => rows.iter().map(|row| row.4).collect::<Vec<_>>(),
        )?
        .lazy())
    }
}

fn fit_table(found: Option<&Found>) -> PolarsResult<LazyFrame> {
    let rows = || found.into_iter().flat_map(|found| &found.tried);
    let n = found.map_or(0, |found| found.n) as i64;
    let taken = found.map(|found| found.clusters().centroids.len());
    Ok(df!(
        "k" => rows().map(|one| one.k as i64).collect::<Vec<_>>(),
        "n" => rows().map(|_| n).collect::<Vec<_>>(),
        "inertia" => rows().map(|one| one.clusters.inertia).collect::<Vec<_>>(),
        "silhouette" => rows().map(|one| one.silhouette).collect::<Vec<_>>(),
        "calinski_harabasz" => rows().map(|one| one.calinski_harabasz).collect::<Vec<_>>(),
        "davies_bouldin" => rows().map(|one| one.davies_bouldin).collect::<Vec<_>>(),
        "rounds" => rows().map(|one| one.clusters.rounds as i64).collect::<Vec<_>>(),
        "is_taken" => rows().map(|one| Some(one.k) == taken).collect::<Vec<_>>(),
    )?
    .lazy())
}
