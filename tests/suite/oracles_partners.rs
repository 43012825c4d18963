//! Partner scores against COINr 1.1.14, pymcdm 1.4.0 and scipy 1.17.1: normalised values, means, Copeland,
//! TOPSIS, ranks, weights from data, components, alpha, ranks without an indicator, the best quarter beside
//! the last; thirty partners with ties, gaps and an indicator that is the same for everybody.
//!
//! Every value of `golden/attribution-clv/partners` is met here, but for versions and descriptions. Scales
//! that the stage does not have are straight lines of those it has: `zscore_50_10` of z, `borda` of ranks,
//! `dist2max` of min-max.

use growthring::stages::score_partners::{
    Aggregate, Better, Compare, Indicator, Normalise, ScorePartners, Tier, Weighting,
};
use growthring::stats::correlation::spearman;
use growthring::stats::multicriteria::{Weighted, critic_weights, outranking};
use growthring::{Applied, apply};
use polars::prelude::*;
use serde_json::Value;

struct Golden {
    partners: DataFrame,
    metrics: DataFrame,
    coinr: Value,
    mcdm: Value,
}

fn golden() -> Option<Golden> {
    let file = |name: &str| crate::shared(&format!("golden/attribution-clv/partners/{name}"));
    let read = |name: &str| {
        let path = PlRefPath::try_from_path(&file(name)?).unwrap();
        Some(LazyCsvReader::new(path).finish().unwrap().collect().unwrap())
    };
    let json = |name: &str| Some(serde_json::from_slice(&std::fs::read(file(name)?).unwrap()).unwrap());
    let (coinr, mcdm) = (json("expected_composite_coinr.json")?, json("expected_mcdm.json")?);
    Some(Golden { partners: read("partners.csv")?, metrics: read("metrics.csv")?, coinr, mcdm })
}

fn floats(table: &DataFrame, column: &str) -> Vec<Option<f64>> {
    let column = table.column(column).unwrap().cast(&DataType::Float64).unwrap();
    column.f64().unwrap().iter().collect()
}

fn words(table: &DataFrame, column: &str) -> Vec<String> {
    table.column(column).unwrap().str().unwrap().iter().map(|word| word.unwrap().to_owned()).collect()
}

fn scorecard(golden: &Golden, normalise: Normalise, aggregate: Aggregate) -> ScorePartners {
    let (names, weights) = (words(&golden.metrics, "metric"), floats(&golden.metrics, "weight"));
    let directions = floats(&golden.metrics, "direction");
    let indicators = (0..names.len()).map(|at| Indicator {
        direction: if directions[at] == Some(1.0) { Better::Higher } else { Better::Lower },
        weight: weights[at].unwrap().into(),
        ..Indicator::new(&names[at], "partners", &names[at])
    });
    ScorePartners {
        normalise: normalise.into(),
        aggregate,
        tiers: vec![Tier { name: "all".into(), share: None }],
        ..ScorePartners::new("partner_id", indicators)
    }
}

fn scored(golden: &Golden, normalise: Normalise, aggregate: Aggregate) -> Applied {
    apply(scorecard(golden, normalise, aggregate), golden.partners.clone().lazy()).unwrap()
}

/// The 28 partners without a missing value.
fn complete(golden: &Golden) -> LazyFrame {
    golden.partners.clone().lazy().drop_nulls(None)
}

/// A column by partner against a list in the order of `ids`.
fn same_by_partner(table: &DataFrame, column: &str, ids: &Value, expected: &Value) {
    let ids: Vec<&str> = ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(table.height(), ids.len());
    for (partner, value) in words(table, "partner_id").iter().zip(floats(table, column)) {
        let at = ids.iter().position(|id| id == partner).unwrap();
        same(value, &expected[at], &format!("{column} of {partner}"));
    }
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

/// The distance to the best is min-max from 0 to 1; z about 50 with 10; Borda's points are ranks less one.
#[test]
fn other_scales_are_straight_lines_of_ours() {
    let Some(golden) = golden() else { return };
    type Line = fn(f64) -> f64;
    let lines: [(Normalise, &str, Line); 3] = [
        (Normalise::MinMax, "dist2max", |x| x / 100.0),
        (Normalise::Z, "zscore_50_10", |x| 50.0 + 10.0 * x),
        (Normalise::Rank, "borda", |x| x - 1.0),
    ];
    for (normalise, name, line) in lines {
        let made = scored(&golden, normalise, Aggregate::Arithmetic);
        let parts = &made.sides["indicators"];
        let (partners, indicators) = (words(parts, "partner_id"), words(parts, "indicator"));
        for (row, value) in floats(parts, "normalised").into_iter().enumerate() {
            if indicators[row] != "training" {
                let at: usize = partners[row].trim_start_matches('P').parse().unwrap();
                let theirs = &golden.coinr["normalised"][name][&indicators[row]][at];
                same(value.map(line), theirs, &format!("{name} of {}", partners[row]));
            }
        }
    }
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

#[test]
fn harmonic_on_min_max() {
    let Some(golden) = golden() else { return };
    let made = scored(&golden, Normalise::MinMax, Aggregate::Harmonic);
    same_as(&golden, &made, "minmax_1_100", "harmonic_on_1_100");
}

#[test]
fn equal_weights() {
    let Some(golden) = golden() else { return };
    let mut stage = scorecard(&golden, Normalise::MinMax, Aggregate::Arithmetic);
    stage.weights = Weighting::Equal.into();
    let made = apply(stage, golden.partners.clone().lazy()).unwrap();
    same_as(&golden, &made, "minmax_0_100", "arithmetic_equal");
}

/// Theirs is the part from 0 to 1; ours is on the scale of 0 to 100.
#[test]
fn percentile_ranks() {
    let Some(golden) = golden() else { return };
    let made = scored(&golden, Normalise::PercentileRank, Aggregate::Arithmetic);
    let parts = &made.sides["indicators"];
    let (partners, indicators) = (words(parts, "partner_id"), words(parts, "indicator"));
    let mut compared = 0;
    for (row, value) in floats(parts, "normalised").into_iter().enumerate() {
        if indicators[row] != "training" {
            let at: usize = partners[row].trim_start_matches('P').parse().unwrap();
            let theirs = &golden.coinr["normalised"]["prank"][&indicators[row]][at];
            same(value.map(|value| value / 100.0), theirs, &partners[row]);
            compared += 1;
        }
    }
    assert_eq!(compared, 150);
}

/// COINr takes the lower triangle as one minus the upper, which holds for complete rows alone.
#[test]
fn copeland_on_complete_rows() {
    let Some(golden) = golden() else { return };
    let stage = scorecard(&golden, Normalise::MinMax, Aggregate::Copeland);
    let made = apply(stage, complete(&golden)).unwrap();
    let ids = &golden.coinr["outranking"]["partners"];
    let expected: Vec<Value> = golden.coinr["copeland_complete_rows_only"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|score| !score.is_null())
        .cloned()
        .collect();
    assert_eq!(expected.len(), 28);
    same_by_partner(&made.table, "score", ids, &expected.into());

    let rows = complete(&golden).collect().unwrap();
    let columns: Vec<Vec<Option<f64>>> = ["revenue", "deals", "nps", "retention", "followup_hours"]
        .map(|name| {
            let sign = if name == "followup_hours" { -1.0 } else { 1.0 };
            floats(&rows, name).into_iter().map(|value| value.map(|value| sign * value)).collect()
        })
        .to_vec();
    let weights = [0.3, 0.15, 0.3, 0.15, 0.1];
    let indicators: Vec<Weighted> =
        columns.iter().zip(weights).map(|(values, weight)| Weighted { values, weight }).collect();
    for i in 0..28 {
        for j in (0..28).filter(|j| *j != i) {
            let theirs = &golden.coinr["outranking"]["matrix"][i][j];
            same(outranking(&indicators, i, j), theirs, &format!("{i} against {j}"));
        }
    }
    // The pairs in which one is the better in everything.
    let pairs = (0..28).flat_map(|i| (i + 1..28).map(move |j| (i, j)));
    let clear = pairs.filter(|(i, j)| matches!(outranking(&indicators, *i, *j), Some(0.0 | 1.0))).count();
    same(
        Some(clear as f64 / (28.0 * 27.0 / 2.0)),
        &golden.coinr["outranking"]["fraction_dominant"],
        "dominant",
    );
}

#[test]
fn components_of_complete_rows() {
    let Some(golden) = golden() else { return };
    let mut stage = scorecard(&golden, Normalise::MinMax, Aggregate::Arithmetic);
    stage.weights = Weighting::Pca.into();
    // Two partners have gaps: their rows are left out of the components.
    let made = apply(stage, golden.partners.clone().lazy()).unwrap();
    let theirs = &golden.coinr["pca_complete_zscored"];
    let table = &made.sides["components"];
    assert_eq!(table.height(), 25);
    let (component, values) = (floats(table, "component"), floats(table, "eigenvalue"));
    let (explained, loadings) = (floats(table, "explained"), floats(table, "loading"));
    for row in 0..25 {
        let at = component[row].unwrap() as usize - 1;
        same(values[row], &theirs["eigenvalues"][at], "eigenvalue");
        same(values[row].map(f64::sqrt), &theirs["sdev"][at], "sdev");
        same(explained[row], &theirs["explained"][at], "explained");
        if at == 0 {
            same(loadings[row].map(f64::abs), &theirs["abs_loadings_pc1"][row], "loading");
        }
    }
    let weights = &made.sides["weights"];
    for column in ["weight", "weight_pca"] {
        for (at, weight) in floats(weights, column).into_iter().enumerate() {
            // The last one is the same for everybody.
            same(weight, &theirs["weights_sq_loadings_pc1"][at], column);
        }
    }
    let told: Vec<&str> = made.cautions.iter().map(|caution| caution.key.as_str()).collect();
    assert!(told.contains(&"weights=pca"), "{told:?}");
}

/// Theirs is of the z-scores of all thirty, for the 28 without a gap.
#[test]
fn alpha_of_complete_rows() {
    let Some(golden) = golden() else { return };
    let made = scored(&golden, Normalise::Z, Aggregate::Arithmetic);
    let table = &made.sides["reliability"];
    assert_eq!(floats(table, "n")[0], Some(28.0));
    same(floats(table, "alpha")[0], &golden.coinr["cronbach_alpha_complete"], "alpha");
}

#[test]
fn topsis_on_complete_rows() {
    let Some(golden) = golden() else { return };
    for (normalise, name) in
        [(Normalise::MinMax, "topsis_minmax"), (Normalise::Vector, "topsis_vector_textbook")]
    {
        let made = apply(scorecard(&golden, normalise, Aggregate::Topsis), complete(&golden)).unwrap();
        for whose in ["values", "pymcdm"] {
            same_by_partner(&made.table, "score", &golden.mcdm["partner_id"], &golden.mcdm[name][whose]);
        }
        // The largest difference between theirs and a computation by hand is rounding.
        assert!(golden.mcdm[name]["max_abs_diff"].as_f64().unwrap() < 1e-12);
    }
    let scores = ["topsis_minmax", "topsis_vector_textbook"].map(|name| -> Vec<Option<f64>> {
        golden.mcdm[name]["values"].as_array().unwrap().iter().map(Value::as_f64).collect()
    });
    let told = &golden.mcdm["rank_correlation_spearman"]["topsis_minmax vs topsis_vector"];
    same(spearman(&scores[0], &scores[1]).0, told, "rank correlation");
}

/// Entropy wants values above zero: their net promoter scores were moved by 101.
#[test]
fn weights_from_the_data() {
    let Some(golden) = golden() else { return };
    let mut stage = scorecard(&golden, Normalise::MinMax, Aggregate::Arithmetic);
    stage.weights = Weighting::Critic.into();
    let nps = stage.indicators.iter_mut().find(|indicator| indicator.name.value == "nps").unwrap();
    nps.value = "nps + 101".into();
    let made = apply(stage, complete(&golden)).unwrap();
    let weights = &made.sides["weights"];
    let names = words(weights, "indicator");
    for (column, values) in [
        ("weight_entropy", &golden.mcdm["entropy_weights"]["values"]),
        ("weight_critic", &golden.mcdm["critic_weights"]["values"]),
        ("weight", &golden.mcdm["critic_weights"]["values"]),
        ("weight_given", &golden.mcdm["weights"]),
    ] {
        for (at, value) in floats(weights, column).into_iter().enumerate() {
            let expected = if names[at] == "training" { &Value::Null } else { &values[at] };
            same(value, expected, &format!("{column} of {}", names[at]));
        }
    }
    let entropy = &golden.mcdm["entropy_weights"];
    for at in 0..5 {
        same(entropy["values"][at].as_f64(), &entropy["pymcdm"][at], "entropy");
    }
    // pymcdm takes the correlations without turning an indicator of which less is better.
    let rows = complete(&golden).collect().unwrap();
    let columns = ["revenue", "deals", "nps", "retention", "followup_hours"].map(|name| floats(&rows, name));
    let raw = critic_weights(&columns.each_ref().map(Vec::as_slice)).unwrap();
    for (at, weight) in raw.into_iter().enumerate() {
        same(Some(weight), &golden.mcdm["critic_weights"]["pymcdm_raw_no_direction"][at], "critic");
    }
}

#[test]
fn correlations_of_complete_rows() {
    let Some(golden) = golden() else { return };
    let made =
        apply(scorecard(&golden, Normalise::MinMax, Aggregate::Arithmetic), complete(&golden)).unwrap();
    let table = &made.sides["correlations"];
    let used: Vec<&str> =
        golden.coinr["metrics_used"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let (one, other) = (words(table, "indicator"), words(table, "other_indicator"));
    let (linear, ranked) = (floats(table, "correlation"), floats(table, "rank_correlation"));
    let mut compared = 0;
    let rows = one.iter().zip(&other).zip(linear.into_iter().zip(ranked));
    for ((one, other), (linear, ranked)) in rows {
        let place = |name: &String| used.iter().position(|used| used == name);
        let what = format!("{one} and {other}");
        let Some((a, b)) = place(one).zip(place(other)) else {
            assert_eq!((linear, ranked), (None, None), "{what}");
            continue;
        };
        same(linear, &golden.coinr["correlation_complete"][a][b], &what);
        same(ranked, &golden.coinr["correlation_spearman_complete"][a][b], &what);
        compared += 1;
    }
    assert_eq!(compared, 10);
}

#[test]
fn ranks_without_an_indicator() {
    let Some(golden) = golden() else { return };
    let made = scored(&golden, Normalise::MinMax, Aggregate::Arithmetic);
    let table = &made.sides["drop_one"];
    assert_eq!(table.height(), 5 * 30);
    let (indicators, partners) = (words(table, "indicator"), words(table, "partner_id"));
    let (ranks, changes) = (floats(table, "rank"), floats(table, "rank_change"));
    let rows = indicators.iter().zip(&partners).zip(ranks.into_iter().zip(changes));
    for ((indicator, partner), (rank, change)) in rows {
        let at: usize = partner.trim_start_matches('P').parse().unwrap();
        let what = format!("{partner} without {indicator}");
        let without = &golden.coinr["leave_one_metric_out_rank"][indicator][at];
        same(rank, without, &what);
        let with = &golden.coinr["rank_desc_min"]["arithmetic"][at];
        assert_eq!(change, Some(without.as_f64().unwrap() - with.as_f64().unwrap()), "{what}");
    }
}

#[test]
fn z_within_regions() {
    let Some(golden) = golden() else { return };
    let mut stage = scorecard(&golden, Normalise::Z, Aggregate::Arithmetic);
    stage.from = Some("partners".into());
    stage.within = Some("region".into());
    let made = apply(stage, golden.partners.clone().lazy()).unwrap();
    let parts = &made.sides["indicators"];
    let (partners, indicators) = (words(parts, "partner_id"), words(parts, "indicator"));
    let regions = &golden.mcdm["within_region_z_revenue"]["regions"];
    let mut compared = 0;
    for (row, value) in floats(parts, "normalised").into_iter().enumerate() {
        if indicators[row] == "revenue" {
            let (region, at) = regions
                .as_object()
                .unwrap()
                .values()
                .find_map(|region| {
                    let ids = region["partner_id"].as_array().unwrap();
                    Some((region, ids.iter().position(|id| id.as_str() == Some(&partners[row]))?))
                })
                .unwrap();
            same(value, &region["z_revenue"][at], &partners[row]);
            compared += 1;
        }
    }
    assert_eq!(compared, 30);
    for (name, region) in regions.as_object().unwrap() {
        let here = words(&made.table, "region");
        let of_region = |id: &String| {
            let at = words(&made.table, "partner_id").iter().position(|other| other == id).unwrap();
            here[at] == *name
        };
        let values: Vec<f64> = floats(parts, "value")
            .into_iter()
            .enumerate()
            .filter(|(row, _)| indicators[*row] == "revenue" && of_region(&partners[*row]))
            .map(|(_, value)| value.unwrap())
            .collect();
        assert_eq!(values.len() as u64, region["n"].as_u64().unwrap(), "{name}");
        same(Some(values.iter().sum::<f64>() / values.len() as f64), &region["mean"], name);
    }
    // Ranks begin anew in every region; the only partner of the islands has none.
    let ranks = floats(&made.table, "rank");
    assert_eq!(ranks.iter().filter(|rank| **rank == Some(1.0)).count(), 3);
    assert_eq!(ranks.iter().filter(|rank| rank.is_none()).count(), 1);
}

/// Theirs takes those above the third quartile of the score: seven of 28, as a tier of a quarter does.
#[test]
fn the_best_quarter_beside_the_last() {
    let Some(golden) = golden() else { return };
    let mut stage = scorecard(&golden, Normalise::MinMax, Aggregate::Arithmetic);
    let tier = |name: &str, share: f64| Tier { name: name.into(), share: Some(share.into()) };
    stage.tiers = vec![tier("high", 0.25), tier("middle", 0.5), tier("low", 0.25)];
    stage.from = Some("partners".into());
    let attributes = ["revenue", "deals", "nps", "retention", "followup_hours", "training"];
    stage.compare = Some(Compare { attributes: attributes.map(Into::into).to_vec() });
    let made = apply(stage, complete(&golden)).unwrap();
    let table = &made.sides["high_low"];
    let names = words(table, "attribute");
    assert_eq!(names, attributes);
    // Their score is from 0 to 1.
    for (partner, score) in words(&made.table, "partner_id").iter().zip(floats(&made.table, "score")) {
        let ids = golden.mcdm["partner_id"].as_array().unwrap();
        let at = ids.iter().position(|id| id.as_str() == Some(partner)).unwrap();
        let theirs = &golden.mcdm["high_vs_low_quartile"]["score"][at];
        same(score.map(|score| score / 100.0), theirs, partner);
    }
    let theirs = &golden.mcdm["high_vs_low_quartile"]["metrics"];
    for (ours, field) in [
        ("n_high", "n_high"),
        ("n_low", "n_low"),
        ("mean_high", "mean_high"),
        ("mean_low", "mean_low"),
        ("ratio", "ratio"),
        ("statistic", "welch_t"),
        ("df", "dof"),
        ("p_value", "p"),
        ("cohens_d", "cohens_d"),
        ("mann_whitney_u", "mann_whitney_u"),
        ("p_mann_whitney", "mann_whitney_p"),
    ] {
        for (name, value) in names.iter().zip(floats(table, ours)).take(5) {
            same(value, &theirs[name][field], &format!("{ours} of {name}"));
        }
    }
    // What is the same for everybody has means and a ratio, and nothing to test.
    for column in ["statistic", "p_value", "p_adjusted", "cohens_d", "hedges_g", "p_mann_whitney"] {
        assert_eq!(floats(table, column)[5], None, "{column}");
    }
    assert_eq!(floats(table, "ratio")[5], Some(1.0));
    // Holm over the five that were tested, by hand: the smallest five times, and so on.
    let (p, adjusted) = (floats(table, "p_value"), floats(table, "p_adjusted"));
    let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12);
    close(adjusted[3].unwrap(), 5.0 * p[3].unwrap());
    close(adjusted[2].unwrap(), 4.0 * p[2].unwrap());
    close(adjusted[4].unwrap(), p[4].unwrap());
}
