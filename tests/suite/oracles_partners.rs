//! Partner scores against COINr 1.1.14: normalised values, arithmetic and geometric means, ranks;
//! thirty partners with ties, gaps and an indicator that is the same for everybody.

use growthring::stages::score_partners::{Aggregate, Better, Indicator, Normalise, ScorePartners, Tier};
use growthring::{Applied, apply};
use polars::prelude::*;
use serde_json::Value;

struct Golden {
    partners: DataFrame,
    metrics: DataFrame,
    coinr: Value,
}

fn golden() -> Option<Golden> {
    let file = |name: &str| crate::shared(&format!("golden/attribution-clv/partners/{name}"));
    let read = |name: &str| {
        let path = PlRefPath::try_from_path(&file(name)?).unwrap();
        Some(LazyCsvReader::new(path).finish().unwrap().collect().unwrap())
    };
    let coinr =
        serde_json::from_slice(&std::fs::read(file("expected_composite_coinr.json")?).unwrap()).unwrap();
    Some(Golden { partners: read("partners.csv")?, metrics: read("metrics.csv")?, coinr })
}

fn floats(table: &DataFrame, column: &str) -> Vec<Option<f64>> {
    let column = table.column(column).unwrap().cast(&DataType::Float64).unwrap();
    column.f64().unwrap().iter().collect()
}

fn words(table: &DataFrame, column: &str) -> Vec<String> {
    table.column(column).unwrap().str().unwrap().iter().map(|word| word.unwrap().to_owned()).collect()
}

fn scored(golden: &Golden, normalise: Normalise, aggregate: Aggregate) -> Applied {
    let (names, weights) = (words(&golden.metrics, "metric"), floats(&golden.metrics, "weight"));
    let directions = floats(&golden.metrics, "direction");
    let indicators = (0..names.len()).map(|at| Indicator {
        name: names[at].as_str().into(),
        from: "partners".into(),
        key: None,
        condition: None,
        value: names[at].as_str().into(),
        aggregate: None,
        absent: None,
        direction: if directions[at] == Some(1.0) { Better::Higher } else { Better::Lower },
        weight: weights[at].unwrap().into(),
    });
    let stage = ScorePartners {
        key: "partner_id".into(),
        from: None,
        keep: Vec::new(),
        indicators: indicators.collect(),
        normalise: normalise.into(),
        aggregate,
        tiers: vec![Tier { name: "all".into(), share: None }],
    };
    apply(stage, golden.partners.clone().lazy()).unwrap()
}

/// Compares normalised values, scores and ranks with those under the given names.
fn same_as(golden: &Golden, made: &Applied, normalised: &str, aggregated: &str) {
    let ids: Vec<&str> =
        golden.coinr["partner_id"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let at = |id: &str| ids.iter().position(|known| *known == id).unwrap();

    let parts = &made.sides["indicators"];
    let (partners, indicators) = (words(parts, "partner_id"), words(parts, "indicator"));
    assert_eq!(parts.height(), 30 * 6);
    for (row, value) in floats(parts, "normalised").into_iter().enumerate() {
        let expected = match indicators[row].as_str() {
            // The same for everybody: COINr has NaN, or the rank 1 for each, and leaves it out.
            "training" => &Value::Null,
            indicator => &golden.coinr["normalised"][normalised][indicator][at(&partners[row])],
        };
        same(value, expected, &format!("{} of {}", indicators[row], partners[row]));
    }

    let (partners, ranks) = (words(&made.table, "partner_id"), floats(&made.table, "rank"));
    assert_eq!(partners.len(), 30);
    for (row, score) in floats(&made.table, "score").into_iter().enumerate() {
        let id = &partners[row];
        same(score, &golden.coinr["aggregated"][aggregated][at(id)], id);
        same(ranks[row], &golden.coinr["rank_desc_min"][aggregated][at(id)], id);
    }
}

/// Their numbers are printed at twelve digits.
fn same(ours: Option<f64>, theirs: &Value, what: &str) {
    match (ours, theirs.as_f64()) {
        (Some(a), Some(b)) => {
            assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-3), "{what}: {a}, not {b}")
        }
        (a, b) => assert_eq!(a, b, "{what}"),
    }
}

#[test]
fn arithmetic_on_min_max() {
    let Some(golden) = golden() else { return };
    let made = scored(&golden, Normalise::MinMax, Aggregate::Arithmetic);
    same_as(&golden, &made, "minmax_0_100", "arithmetic");

    let told: Vec<(&str, String)> =
        made.cautions.iter().map(|told| (told.key.as_str(), format!("{:?}", told.code))).collect();
    let missing = |key| (key, "MissingValues".to_owned());
    assert_eq!(
        told,
        [
            missing("indicator=nps"),
            missing("indicator=retention"),
            missing("indicator=followup_hours"),
            ("indicator=training", "ConstantIndicator".to_owned()),
        ]
    );
}

#[test]
fn geometric_on_min_max() {
    let Some(golden) = golden() else { return };
    let made = scored(&golden, Normalise::MinMax, Aggregate::Geometric);
    same_as(&golden, &made, "minmax_1_100", "geometric_on_1_100");
}

#[test]
fn arithmetic_on_z() {
    let Some(golden) = golden() else { return };
    let made = scored(&golden, Normalise::Z, Aggregate::Arithmetic);
    same_as(&golden, &made, "zscore", "arithmetic_zscore");
}

#[test]
fn ranks_share_the_lower_number() {
    let Some(golden) = golden() else { return };
    let made = scored(&golden, Normalise::Rank, Aggregate::Arithmetic);
    let ranked = &golden.coinr["normalised"]["rank_min"];
    let parts = &made.sides["indicators"];
    let (partners, indicators) = (words(parts, "partner_id"), words(parts, "indicator"));
    let mut compared = 0;
    for (row, value) in floats(parts, "normalised").into_iter().enumerate() {
        if indicators[row] != "training" {
            let at: usize = partners[row].trim_start_matches('P').parse().unwrap();
            same(value, &ranked[&indicators[row]][at], &partners[row]);
            compared += 1;
        }
    }
    assert_eq!(compared, 150);
}
