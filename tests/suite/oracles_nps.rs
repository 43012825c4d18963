//! Net promoter scores that R (NPS, survey, contingencytables) and svy computed, through the public
//! stage: classes, score, error and interval, at relative 1e-9. Plain and adjusted intervals are given
//! with more digits than the peers print, hence the whole of them is compared.

use std::path::Path;

use growthring::stages::{Interval, NetPromoter};
use growthring::{Applied, apply};
use polars::prelude::*;
use serde_json::Value;

/// A file of golden data with types found by the engine, empty fields null.
pub fn csv(path: &Path) -> LazyFrame {
    LazyCsvReader::new(PlRefPath::try_from_path(path).unwrap())
        .with_infer_schema_length(None)
        .finish()
        .unwrap()
}

fn case(name: &str) -> Option<Value> {
    let path = crate::shared(&format!("golden/crosstab-nps/expected/{name}.json"))?;
    Some(serde_json::from_reader(std::fs::File::open(path).unwrap()).unwrap())
}

fn answers(case: &Value) -> Option<LazyFrame> {
    let input = case["input"].as_str().unwrap();
    Some(csv(&crate::shared(&format!("golden/crosstab-nps/{input}"))?))
}

fn value(made: &Applied, column: &str) -> f64 {
    made.table.column(column).unwrap().cast(&DataType::Float64).unwrap().f64().unwrap().get(0).unwrap()
}

fn close(actual: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((actual - expected).abs() <= 1e-9 * expected.abs(), "{what}: {actual}, not {expected}");
}

const UNWEIGHTED: [&str; 9] = [
    "np01_apple",
    "np01_dell",
    "np01_google",
    "np01_ibm",
    "np01_microsoft",
    "np01_panasonic",
    "np01_samsung",
    "np01_yahoo",
    "np02_apple_first_12_rows",
];

#[test]
fn scores_and_intervals_are_those_of_r() {
    for name in UNWEIGHTED {
        let Some(case) = case(name) else { return };
        let Some(rows) = answers(&case) else { return };
        let expected = &case["expected"];
        for ci in expected["ci"].as_array().unwrap() {
            let confidence = ci["conf"].as_f64().unwrap();
            for (interval, theirs) in [(Interval::Wald, "wald"), (Interval::AdjustedWald, "adjusted_wald")] {
                let mut stage = NetPromoter::new(case["spec"]["score"].as_str().unwrap())
                    .confidence(confidence)
                    .interval(interval);
                if let Some(filter) = case["spec"]["filter"].as_str() {
                    stage = stage.filter(filter);
                }
                let made = apply(stage, rows.clone()).unwrap();
                let check = |ours: &str, scale: f64, theirs: &str| {
                    close(value(&made, ours) * scale, &expected[theirs], &format!("{name}: {theirs}"));
                };
                check("n", 1.0, "n");
                check("n_weighted", 1.0, "n");
                check("n_effective", 1.0, "n");
                check("promoters", 1.0, "promoters");
                check("passives", 1.0, "passives");
                check("detractors", 1.0, "detractors");
                check("promoters_share", 100.0, "promoter_pct");
                check("passives_share", 100.0, "passive_pct");
                check("detractors_share", 100.0, "detractor_pct");
                check("estimate", 1.0, "nps");
                check("std_error", 1.0, "se_points");
                for (bound, at) in [("conf_low", 0), ("conf_high", 1)] {
                    let what = format!("{name}: {bound} of {theirs} at {confidence}");
                    close(value(&made, bound), &ci[theirs][at], &what);
                }
            }
        }
    }
}

#[test]
fn weighted_scores_have_the_errors_of_survey() {
    for name in ["np05_weighted_apple", "np05_weighted_nokia"] {
        let Some(case) = case(name) else { return };
        let Some(rows) = answers(&case) else { return };
        let id = || col("resp_id");
        let rows = rows.with_column((lit(0.5) + ((id() * lit(37)) % lit(101)) / lit(50.0)).alias("w"));
        let score = case["spec"]["score"].as_str().unwrap();
        let wald = NetPromoter::new(score).weight("w").interval(Interval::Wald);
        let made = apply(wald, rows.clone()).unwrap();
        let expected = &case["expected"];
        let check = |ours: &str, scale: f64, theirs: &Value| {
            close(value(&made, ours) * scale, theirs, &format!("{name}: {ours}"));
        };
        check("n", 1.0, &expected["n"]);
        check("n_weighted", 1.0, &expected["base_weighted"]);
        check("n_effective", 1.0, &expected["base_effective"]);
        check("promoters_share", 100.0, &expected["promoter_pct"]);
        check("passives_share", 100.0, &expected["passive_pct"]);
        check("detractors_share", 100.0, &expected["detractor_pct"]);
        check("estimate", 1.0, &expected["nps"]);
        check("std_error", 1.0, &expected["taylor_se"]);
        check("conf_low", 1.0, &expected["taylor_ci95"][0]);
        check("conf_high", 1.0, &expected["taylor_ci95"][1]);
        // No peer prints the adjusted interval on the effective base; by the formula of the page.
        let made = apply(NetPromoter::new(score).weight("w"), rows).unwrap();
        let share = |name: &str| expected[name].as_f64().unwrap() / 100.0;
        let effective = expected["base_effective"].as_f64().unwrap();
        let adjusted = |p: f64| (p * effective + 0.75) / (effective + 3.0);
        let (p, d) = (adjusted(share("promoter_pct")), adjusted(share("detractor_pct")));
        let reach = 1.959_963_984_540_054 * ((p + d - (p - d).powi(2)) / (effective + 3.0)).sqrt();
        close(value(&made, "conf_low"), &(100.0 * (p - d - reach)).into(), name);
        close(value(&made, "conf_high"), &(100.0 * (p - d + reach)).into(), name);
    }
}

#[test]
fn answers_off_the_scale_are_left_out_and_counted() {
    let Some(case) = case("ed02_edge_nps_valid_values") else { return };
    let Some(rows) = answers(&case) else { return };
    let made = apply(NetPromoter::new("score"), rows).unwrap();
    let expected = &case["expected"];
    for (ours, theirs) in [
        ("n", "n"),
        ("n_missing", "n_null"),
        ("promoters", "promoters"),
        ("passives", "passives"),
        ("detractors", "detractors"),
        ("estimate", "nps"),
        ("std_error", "se_points"),
    ] {
        close(value(&made, ours), &expected[theirs], ours);
    }
    let invalid = expected["n_out_of_range"].as_f64().unwrap() + expected["n_not_whole"].as_f64().unwrap();
    assert_eq!(value(&made, "n_invalid"), invalid);
}

#[test]
fn a_class_of_its_own_has_a_score_and_an_interval() {
    let Some(case) = case("ed03_edge_nps_zero_variance") else { return };
    let scores = case["spec"]["scores"].as_object().unwrap();
    for (name, scores) in scores {
        let scores: Vec<i64> =
            scores.as_array().unwrap().iter().map(|score| score.as_i64().unwrap()).collect();
        let rows = df!("score" => scores).unwrap().lazy();
        let expected = &case["expected"][name];
        for (interval, theirs) in
            [(Interval::Wald, "wald_ci95"), (Interval::AdjustedWald, "adjusted_wald_ci95")]
        {
            let made = apply(NetPromoter::new("score").interval(interval), rows.clone()).unwrap();
            close(value(&made, "n"), &expected["n"], name);
            close(value(&made, "estimate"), &expected["nps"], name);
            close(value(&made, "std_error"), &expected["se_points"], name);
            close(value(&made, "conf_low"), &expected[theirs][0], &format!("{name}: low of {theirs}"));
            close(value(&made, "conf_high"), &expected[theirs][1], &format!("{name}: high of {theirs}"));
        }
    }
}
