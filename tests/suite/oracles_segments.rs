//! RFM scores of the CDNOW customers against NumPy's type-7 quantiles, DuckDB's sums and `ntile`, pandas'
//! `rank` and `qcut` and R's `rfm`; clusters against scikit-learn's.
//!
//! Every value of `golden/attribution-clv/segments` is met here, but for versions and descriptions.

use std::collections::BTreeMap;
use std::path::Path;

use growthring::stages::segment::{Edges, KMeans, Method, Rfm, Rule, Rules, Scale, Segment, Ties};
use growthring::stats::clustering::{Points, Start, calinski_harabasz, davies_bouldin, k_means, silhouette};
use growthring::stats::quantile::quantile;
use growthring::{Applied, apply};
use polars::prelude::*;

/// Expected segments come as pairs of a name and a condition of Python's; these are theirs in SQL.
const RULES: [(&str, &str); 5] = [
    ("champions", "r >= 4 AND f >= 4 AND m >= 4"),
    ("loyal", "r >= 3 AND f >= 3"),
    ("new", "r >= 4 AND f <= 2"),
    ("at_risk", "r <= 2 AND f >= 3"),
    ("lost", "r = 1"),
];

fn read(path: &Path) -> DataFrame {
    LazyCsvReader::new(PlRefPath::try_from_path(path).unwrap())
        .with_try_parse_dates(true)
        .finish()
        .unwrap()
        .collect()
        .unwrap()
}

fn cdnow(rules: bool) -> Option<Applied> {
    cdnow_with(rules, Ties::Together, None)
}

fn cdnow_with(rules: bool, ties: Ties, edges: Option<Edges>) -> Option<Applied> {
    let transactions = read(&crate::shared("golden/attribution-clv/clv/cdnow_transactions.csv")?);
    let rule =
        |(name, condition): &(&str, &str)| Rule { name: (*name).into(), condition: (*condition).into() };
    let rfm = Rfm {
        key: "customer_id".into(),
        date: "date".into(),
        amount: "amount".into(),
        as_of: Some("1998-07-01".into()),
        groups: 5.into(),
        ties,
        edges,
        rules: rules.then(|| Rules {
            segments: RULES.iter().map(rule).collect(),
            otherwise: "rest".into(),
            column: "segment".into(),
            profile: Vec::new(),
        }),
    };
    let stage = Segment { from: "transactions".into(), method: Method::Rfm(rfm) };
    Some(apply(stage, transactions.lazy()).unwrap())
}

fn floats(table: &DataFrame, column: &str) -> Vec<Option<f64>> {
    let column = table.column(column).unwrap().cast(&DataType::Float64).unwrap();
    column.f64().unwrap().iter().collect()
}

fn words(table: &DataFrame, column: &str) -> Vec<String> {
    table.column(column).unwrap().str().unwrap().iter().map(|word| word.unwrap().to_owned()).collect()
}

fn same(ours: &[Option<f64>], theirs: &[Option<f64>], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (row, pair) in ours.iter().zip(theirs).enumerate() {
        match pair {
            (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-9 * b.abs(), "{what}, row {row}: {a}, not {b}"),
            (a, b) => assert_eq!(a, b, "{what}, row {row}"),
        }
    }
}

#[test]
fn every_customer_has_numpys_scores() {
    let Some(path) = crate::shared("golden/attribution-clv/segments/expected_rfm.csv") else { return };
    let Some(made) = cdnow(false) else { return };
    let theirs = read(&path);
    assert_eq!(theirs.height(), 2357);
    for (ours, column) in [
        ("customer_id", "customer_id"),
        ("recency_days", "recency_days"),
        ("frequency", "frequency"),
        ("monetary", "monetary"),
        ("r", "r_edge"),
        ("f", "f_edge"),
        ("m", "m_edge"),
    ] {
        same(&floats(&made.table, ours), &floats(&theirs, column), column);
    }
    assert_eq!(floats(&made.sides["left_out"], "n"), vec![Some(0.0); 4]);
}

#[test]
fn edges_counts_and_segments_are_theirs() {
    let Some(path) = crate::shared("golden/attribution-clv/segments/expected_rfm.json") else { return };
    let Some(made) = cdnow(true) else { return };
    let theirs: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();

    let cuts = &made.sides["cuts"];
    let (measures, n) = (words(cuts, "measure"), floats(cuts, "n"));
    let (scores, up_to) = (floats(cuts, "score"), floats(cuts, "up_to"));
    for (measure, counts) in [("recency_days", "r_edge"), ("frequency", "f_edge"), ("monetary", "m_edge")] {
        let rows: Vec<usize> = (0..measures.len()).filter(|row| measures[*row] == measure).collect();
        let mut edges: Vec<Option<f64>> =
            rows.iter().map(|row| up_to[*row]).filter(Option::is_some).collect();
        edges.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let expected: Vec<Option<f64>> =
            theirs["edges"][measure].as_array().unwrap().iter().map(serde_json::Value::as_f64).collect();
        same(&edges, &expected, measure);
        for row in rows {
            let score = scores[row].unwrap().to_string();
            // A score that nobody has is not in their counts.
            let expected = theirs["score_counts"][counts][&score].as_f64().unwrap_or(0.0);
            assert_eq!(n[row], Some(expected), "{counts} {score}");
        }
    }

    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for segment in words(&made.table, "segment") {
        *counted.entry(segment).or_default() += 1;
    }
    let expected: BTreeMap<String, u64> = serde_json::from_value(theirs["segment_counts"].clone()).unwrap();
    assert_eq!(counted, expected);

    // `new` matches customers, but none that is not taken by an earlier rule or none at all: told.
    let told: Vec<&str> = made.cautions.iter().map(|caution| caution.key.as_str()).collect();
    assert!(told.contains(&"segment=new"), "{told:?}");
    assert!(told.contains(&"measure=frequency"), "{told:?}");
}

/// DuckDB's `ntile` over the value and then the customer, and pandas' average ranks.
#[test]
fn every_customer_has_the_scores_of_other_rules_for_ties() {
    let Some(path) = crate::shared("golden/attribution-clv/segments/expected_rfm.csv") else { return };
    let theirs = read(&path);
    for (ties, suffix) in [(Ties::Ntile, "ntile"), (Ties::AverageRank, "rank_avg")] {
        let Some(made) = cdnow_with(false, ties, None) else { return };
        for score in ["r", "f", "m"] {
            let column = format!("{score}_{suffix}");
            same(&floats(&made.table, score), &floats(&theirs, &column), &column);
        }
    }
}

/// How many customers have each score, under every rule for ties, and how often two rules disagree.
#[test]
fn counts_and_disagreements_are_theirs() {
    let (Some(rows), Some(told)) = (
        crate::shared("golden/attribution-clv/segments/expected_rfm.csv"),
        crate::shared("golden/attribution-clv/segments/expected_rfm.json"),
    ) else {
        return;
    };
    let rows = read(&rows);
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(told).unwrap()).unwrap();
    let mut scores: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
    for (ties, suffix) in [(Ties::Together, "edge"), (Ties::Ntile, "ntile"), (Ties::AverageRank, "rank_avg")]
    {
        let Some(made) = cdnow_with(false, ties, None) else { return };
        for score in ["r", "f", "m"] {
            scores.insert(format!("{score}_{suffix}"), floats(&made.table, score));
        }
    }
    for (score, column) in [("r", "recency_days"), ("f", "frequency"), ("m", "monetary")] {
        let made = by_pandas(&floats(&rows, column), score == "r");
        let name = format!("{score}_qcut_rank_first");
        same(&made, &floats(&rows, &name), &name);
        scores.insert(name, made);
    }
    let counted: BTreeMap<&str, BTreeMap<String, u64>> = scores
        .iter()
        .map(|(name, scores)| {
            let mut counts = BTreeMap::new();
            scores.iter().for_each(|score| *counts.entry(score.unwrap().to_string()).or_default() += 1);
            (name.as_str(), counts)
        })
        .collect();
    let expected = serde_json::to_value(counted).unwrap();
    assert_eq!(told["score_counts"], expected);
    let shares = told["disagreement_share"].as_object().unwrap();
    assert_eq!(shares.len(), 9);
    for (pair, share) in shares {
        let (score, rules) = pair.split_once(": ").unwrap();
        let (one, other) = rules.split_once(" vs ").unwrap();
        let [one, other] = [one, other].map(|rule| &scores[&format!("{score}_{rule}")]);
        let apart = one.iter().zip(other).filter(|(one, other)| one != other).count();
        same(&[Some(apart as f64 / one.len() as f64)], &[share.as_f64()], pair);
    }
}

/// pandas' `qcut(rank('first'))` splits equal customers by the order of the rows, which no rule of the stage
/// does (`ntile` splits them by the key, so that a table in another order has the same scores). It is our
/// edges over the places of the rows.
fn by_pandas(values: &[Option<f64>], flipped: bool) -> Vec<Option<f64>> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| {
        let by_value = values[*a].unwrap().total_cmp(&values[*b].unwrap());
        if flipped { by_value.reverse() } else { by_value }
    });
    let places: Vec<f64> = (1..=values.len()).map(|place| place as f64).collect();
    let edges: Vec<f64> = (1..5).map(|cut| quantile(&places, f64::from(cut) / 5.0).unwrap()).collect();
    let mut scores = vec![None; values.len()];
    for (place, at) in places.iter().zip(order) {
        scores[at] = Some(1.0 + edges.iter().filter(|edge| *edge < place).count() as f64);
    }
    scores
}

/// R's `rfm` adds 1 to every edge and counts who reaches it: own edges a hair below.
#[test]
fn own_edges_give_the_scores_of_r() {
    let (Some(rows), Some(told)) = (
        crate::shared("golden/attribution-clv/segments/peer_r_rfm.csv"),
        crate::shared("golden/attribution-clv/segments/expected_rfm.json"),
    ) else {
        return;
    };
    let theirs = read(&rows);
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(told).unwrap()).unwrap();
    let edges = |measure: &str| -> Vec<f64> {
        let edges = told["edges"][measure].as_array().unwrap().iter();
        edges.map(|edge| (edge.as_f64().unwrap() + 1.0).next_down()).collect()
    };
    let mut frequency = edges("frequency");
    // Two edges of frequency are the same, and edges of one's own must rise.
    frequency[0] = frequency[0].next_down();
    let edges = Edges {
        recency_days: edges("recency_days").into(),
        frequency: frequency.into(),
        monetary: edges("monetary").into(),
    };
    let Some(own) = cdnow_with(false, Ties::Together, Some(edges)) else { return };
    same(&floats(&own.table, "customer_id"), &floats(&theirs, "customer_id"), "customer");
    for (ours, column) in [("r", "recency_score"), ("f", "frequency_score"), ("m", "monetary_score")] {
        same(&floats(&own.table, ours), &floats(&theirs, column), column);
    }
}

/// Their edges, given as one's own, give their scores.
#[test]
fn own_edges_give_the_same_scores() {
    let Some(path) = crate::shared("golden/attribution-clv/segments/expected_rfm.json") else { return };
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let edges = |measure: &str| -> Vec<f64> {
        told["edges"][measure].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    // Two edges of frequency are the same; a hair below the second leaves group 2 as empty.
    let mut frequency = edges("frequency");
    assert_eq!(frequency[..2], [1.0, 1.0]);
    frequency[0] = 0.999;
    let edges = Edges {
        recency_days: edges("recency_days").into(),
        frequency: frequency.into(),
        monetary: edges("monetary").into(),
    };
    let Some(own) = cdnow_with(false, Ties::Together, Some(edges)) else { return };
    let Some(fitted) = cdnow(false) else { return };
    for score in ["r", "m"] {
        assert_eq!(floats(&own.table, score), floats(&fitted.table, score), "{score}");
    }
    let lifted = |x: &Option<f64>| if *x == Some(1.0) { Some(2.0) } else { *x };
    let expected: Vec<Option<f64>> = floats(&fitted.table, "f").iter().map(lifted).collect();
    assert_eq!(floats(&own.table, "f"), expected);
}

fn centroids_of(told: &serde_json::Value, name: &str) -> Vec<Vec<f64>> {
    let rows = told[name].as_array().unwrap().iter();
    rows.map(|row| row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()).collect()
}

/// scikit-learn's clusters from the same first centroids: inertia, rounds, middles, labels, silhouette.
#[test]
fn k_means_is_scikit_learns() {
    let (Some(rows), Some(told)) = (
        crate::shared("golden/attribution-clv/segments/expected_kmeans.csv"),
        crate::shared("golden/attribution-clv/segments/expected_kmeans.json"),
    ) else {
        return;
    };
    let rows = read(&rows);
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(told).unwrap()).unwrap();
    let columns = ["x1", "x2", "x3"].map(|name| floats(&rows, name));
    let coordinates = (0..rows.height()).flat_map(|at| columns.each_ref().map(|x| x[at].unwrap()));
    let points = Points::new(3, coordinates.collect()).unwrap();
    let found = k_means(&points, Start::Given(&centroids_of(&told, "initial_centroids"))).unwrap();

    // The inputs were written with ten digits.
    let near = |ours: f64, theirs: f64| {
        assert!((ours - theirs).abs() < 1e-8 * theirs.abs().max(1.0), "{ours} {theirs}")
    };
    near(found.inertia, told["inertia"].as_f64().unwrap());
    near(silhouette(&points, &found.labels, 5000).unwrap(), told["silhouette"].as_f64().unwrap());
    near(calinski_harabasz(&points, &found).unwrap(), told["calinski_harabasz"].as_f64().unwrap());
    near(davies_bouldin(&points, &found).unwrap(), told["davies_bouldin"].as_f64().unwrap());
    // Theirs are from one start drawn at random: the best of ten of k-means++ is as tight, but for a
    // thousandth (a neighbouring optimum of four).
    for (k, inertia) in told["other_k_inertia_random_init_for_shape_only"].as_object().unwrap() {
        let start = Start::Drawn { k: k.parse().unwrap(), seed: 1, times: 10 };
        let ours = k_means(&points, start).unwrap().inertia;
        assert!(ours < inertia.as_f64().unwrap() * 1.001, "{k}: {ours}, not {inertia}");
    }
    assert_eq!(found.rounds as u64, told["n_iter"].as_u64().unwrap());
    assert!(found.converged && found.refilled == 0);
    // Theirs keep the order of the first centroids, ours are by size.
    let sizes: Vec<f64> = told["sizes"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    let centroids = centroids_of(&told, "centroids");
    let ours: Vec<usize> =
        sizes.iter().map(|size| found.sizes.iter().position(|other| other == size).unwrap()).collect();
    for (theirs, ours) in ours.iter().enumerate() {
        found.centroids[*ours].iter().zip(&centroids[theirs]).for_each(|(a, b)| near(*a, *b));
    }
    for (label, theirs) in found.labels.iter().zip(floats(&rows, "label")) {
        assert_eq!(*label, ours[theirs.unwrap() as usize]);
    }
}

/// The stage from the measures themselves: its scale is theirs, so every customer gets their cluster.
#[test]
fn the_stage_applies_scikit_learns_clusters_to_every_row() {
    let (Some(measures), Some(labels), Some(told)) = (
        crate::shared("golden/attribution-clv/segments/expected_rfm.csv"),
        crate::shared("golden/attribution-clv/segments/expected_kmeans.csv"),
        crate::shared("golden/attribution-clv/segments/expected_kmeans.json"),
    ) else {
        return;
    };
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(told).unwrap()).unwrap();
    let options = KMeans {
        features: vec!["recency_days".into(), "frequency".into(), "monetary".into()],
        scale: Scale::LogZ,
        k: None,
        k_range: None,
        centroids: Some(centroids_of(&told, "initial_centroids").into()),
        seed: 1,
        sample: 20_000.into(),
        column: "cluster".into(),
        profile: Vec::new(),
    };
    let stage = Segment { from: "measures".into(), method: Method::KMeans(options) };
    let made = apply(stage, read(&measures).lazy()).unwrap();
    let sizes: Vec<f64> = told["sizes"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    let mut by_size = sizes.clone();
    by_size.sort_by(|a, b| b.total_cmp(a));
    let expected: Vec<Option<f64>> = floats(&read(&labels), "label")
        .iter()
        .map(|label| {
            let size = sizes[label.unwrap() as usize];
            Some(by_size.iter().position(|other| *other == size).unwrap() as f64 + 1.0)
        })
        .collect();
    assert_eq!(floats(&made.table, "cluster"), expected);
    let counted: Vec<Option<f64>> = by_size.iter().copied().map(Some).chain([Some(0.0)]).collect();
    assert_eq!(floats(&made.sides["clusters"], "n"), counted);
    for measure in ["inertia", "calinski_harabasz", "davies_bouldin"] {
        same(&floats(&made.sides["fit"], measure), &[told[measure].as_f64()], measure);
    }
    // The scale: middles in years and money are exp(mean + sd · middle) − 1.
    let middles = &made.sides["centroids"];
    let (scaled, value, all) =
        (floats(middles, "scaled"), floats(middles, "value"), floats(middles, "everybody"));
    for row in 0..middles.height() {
        let log = |x: Option<f64>| x.unwrap().ln_1p();
        let [mean, sd] = ["feature_mean", "feature_sd"].map(|name| told[name][row % 3].as_f64());
        same(&[Some(log(all[row]))], &[mean], "mean");
        same(&[Some((log(value[row]) - log(all[row])) / scaled[row].unwrap())], &[sd], "sd");
    }
}
