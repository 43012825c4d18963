//! RFM scores of the CDNOW customers against NumPy's type-7 quantiles and DuckDB's sums: edges,
//! measures, scores and first-match segments.

use std::collections::BTreeMap;
use std::path::Path;

use growthring::stages::segment::{Method, Rfm, Rule, Rules, Segment};
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
    let transactions = read(&crate::shared("golden/attribution-clv/clv/cdnow_transactions.csv")?);
    let rule =
        |(name, condition): &(&str, &str)| Rule { name: (*name).into(), condition: (*condition).into() };
    let rfm = Rfm {
        key: "customer_id".into(),
        date: "date".into(),
        amount: "amount".into(),
        as_of: Some("1998-07-01".into()),
        groups: 5.into(),
        rules: rules.then(|| Rules {
            segments: RULES.iter().map(rule).collect(),
            otherwise: "rest".into(),
            column: "segment".into(),
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
