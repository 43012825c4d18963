//! Net promoter scores that R (NPS, survey, contingencytables, `t.test`) and svy computed, through the
//! public stage: classes, answers, scores, errors, intervals and differences, at relative 1e-9. The
//! files give more digits than some peers print, hence the whole of each figure is compared, tighter
//! than the tolerance that the files allow.

use std::path::Path;

use growthring::stages::net_promoter::{Compare, Variance};
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
            for (interval, theirs) in [
                (Interval::Wald, "wald"),
                (Interval::AdjustedWald, "adjusted_wald"),
                (Interval::Score, "score_tango"),
            ] {
                let mut stage = NetPromoter::new(case["spec"]["score"].as_str().unwrap())
                    .confidence(confidence)
                    .interval(interval);
                if let Some(filter) = case["spec"]["filter"].as_str() {
                    stage = stage.filter(filter);
                }
                let made = apply(stage, rows.clone()).unwrap();
                let check = |ours: &str, scale: f64, theirs: &Value| {
                    close(value(&made, ours) * scale, theirs, &format!("{name}: {ours}"));
                };
                check("n", 1.0, &expected["n"]);
                check("n_weighted", 1.0, &expected["n"]);
                check("n_effective", 1.0, &expected["n"]);
                check("promoters", 1.0, &expected["promoters"]);
                check("passives", 1.0, &expected["passives"]);
                check("detractors", 1.0, &expected["detractors"]);
                check("promoters_share", 100.0, &expected["promoter_pct"]);
                check("passives_share", 100.0, &expected["passive_pct"]);
                check("detractors_share", 100.0, &expected["detractor_pct"]);
                check("estimate", 1.0, &expected["nps"]);
                check("std_error", 1.0, &expected["se_points"]);
                for (bound, at) in [("conf_low", 0), ("conf_high", 1)] {
                    let what = format!("{name}: {bound} of {theirs} at {confidence}");
                    close(value(&made, bound), &ci[theirs][at], &what);
                }
                let goodman = &ci["goodman_wilson_detractor_passive_promoter"];
                for (at, class) in ["detractors", "passives", "promoters"].into_iter().enumerate() {
                    let (low, high) = (format!("{class}_low"), format!("{class}_high"));
                    check(&low, 100.0, &goodman["lower"][at]);
                    check(&high, 100.0, &goodman["upper"][at]);
                }
                let answers = made.sides["distribution"].column("n").unwrap().i64().unwrap().clone();
                let theirs: Vec<i64> = expected["score_counts_0_to_10"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|n| n.as_i64().unwrap())
                    .collect();
                assert_eq!(answers.into_no_null_iter().collect::<Vec<_>>(), theirs, "{name}");
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
        let kish =
            NetPromoter::new(score).weight("w").variance(Variance::EffectiveBase).interval(Interval::Wald);
        let made = apply(kish, rows.clone()).unwrap();
        close(value(&made, "std_error"), &expected["kish_se"], name);
        close(value(&made, "conf_low"), &expected["kish_ci95"][0], name);
        close(value(&made, "conf_high"), &expected["kish_ci95"][1], name);
        // Every row a stratum's only kind of unit: the design of simple random sampling is the same error.
        let designed = NetPromoter::new(score).weight("w").strata("one");
        let made = apply(designed, rows.clone().with_column(lit(1).alias("one"))).unwrap();
        close(value(&made, "std_error"), &expected["taylor_se"], name);
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
        for (interval, theirs) in [
            (Interval::Wald, "wald_ci95"),
            (Interval::AdjustedWald, "adjusted_wald_ci95"),
            (Interval::Score, "score_ci95"),
        ] {
            let made = apply(NetPromoter::new("score").interval(interval), rows.clone()).unwrap();
            close(value(&made, "n"), &expected["n"], name);
            close(value(&made, "estimate"), &expected["nps"], name);
            close(value(&made, "std_error"), &expected["se_points"], name);
            close(value(&made, "conf_low"), &expected[theirs][0], &format!("{name}: low of {theirs}"));
            close(value(&made, "conf_high"), &expected[theirs][1], &format!("{name}: high of {theirs}"));
        }
    }
}

/// A figure of the last row: the later wave, or the later group.
fn last(made: &Applied, column: &str) -> f64 {
    let column = made.table.column(column).unwrap().cast(&DataType::Float64).unwrap();
    column.f64().unwrap().last().unwrap()
}

/// What the stage says of a difference, under the names of its columns.
fn differs(made: &Applied, prefix: &str, expected: &Value, adjusted: bool, name: &str) {
    let check = |ours: f64, theirs: &Value| close(ours, theirs, &format!("{name}: {prefix}"));
    let figure = |what: &str| last(made, &format!("{prefix}_{what}"));
    let (low, high) = (figure("low"), figure("high"));
    check(low, &expected["ci"][0]);
    check(high, &expected["ci"][1]);
    check(figure("std_error"), &expected["se"]);
    check(figure("p_value"), &expected["p"]);
    // The stage's difference is that of the scores; the adjusted one is the centre of the interval.
    let difference = if prefix == "change" { last(made, "change") } else { figure("difference") };
    check(if adjusted { f64::midpoint(low, high) } else { difference }, &expected["difference"]);
    if prefix == "change" {
        check(figure("statistic"), &expected["z"]);
    }
}

const METHODS: [(Interval, &str); 2] = [(Interval::Wald, "wald"), (Interval::AdjustedWald, "adjusted_wald")];

#[test]
fn waves_and_segments_differ_as_in_r() {
    let halves = (col("resp_id").gt(lit(151)), "np03_two_waves_apple");
    let quality = (col("high_quality__apple").eq(lit(1)), "np06_apple_by_segment_high_quality");
    for (later, name) in [halves.clone(), (halves.0, "np03_two_waves_samsung"), quality] {
        let Some(case) = case(name) else { return };
        let Some(rows) = answers(&case) else { return };
        let rows = rows.with_column(later.cast(DataType::Int32).alias("side"));
        let expected = &case["expected"];
        let score = case["spec"]["score"].as_str().unwrap();
        for (interval, theirs) in METHODS {
            let waves = NetPromoter::new(score).wave("side").interval(interval);
            let made = apply(waves, rows.clone()).unwrap();
            close(value(&made, "estimate"), &expected["nps_1"], name);
            close(value(&made, "n"), &expected["n_1"], name);
            close(last(&made, "estimate"), &expected["nps_2"], name);
            close(last(&made, "n"), &expected["n_2"], name);
            differs(&made, "change", &expected[theirs], theirs == "adjusted_wald", name);
            assert_eq!(made.table.column("change_df").unwrap().null_count(), 2, "{name}: z, not t");
            let rest = NetPromoter::new(score).by(["side"]).compare(Compare::Rest).interval(interval);
            let made = apply(rest, rows.clone()).unwrap();
            close(last(&made, "rest_estimate"), &expected["nps_1"], name);
            differs(&made, "rest", &expected[theirs], theirs == "adjusted_wald", name);
        }
    }
}

#[test]
fn people_who_answered_twice_are_paired_as_in_r() {
    for name in ["np04_paired_google_minus_apple", "np04_paired_yahoo_minus_microsoft"] {
        let Some(case) = case(name) else { return };
        let Some(rows) = answers(&case) else { return };
        let half = |wave: i32, spec: &str| {
            let score = case["spec"][spec].as_str().unwrap();
            rows.clone().select([col("resp_id"), lit(wave).alias("wave"), col(score).alias("score")])
        };
        // The later wave first and turned round: the order of the rows means nothing.
        let both = concat([half(2, "score_2").reverse(), half(1, "score_1")], UnionArgs::default()).unwrap();
        let stage = NetPromoter::new("score").wave("wave").respondent("resp_id");
        let made = apply(stage, both).unwrap();
        let expected = &case["expected"];
        for (ours, theirs) in [
            ("change", &expected["difference"]),
            ("change_std_error", &expected["se_points_n_minus_1"]),
            ("change_statistic", &expected["t"]),
            ("change_df", &expected["df"]),
            ("change_p_value", &expected["p"]),
            ("change_low", &expected["ci95"][0]),
            ("change_high", &expected["ci95"][1]),
        ] {
            close(last(&made, ours), theirs, &format!("{name}: {ours}"));
        }
        assert_eq!(last(&made, "n_pairs"), 302.0);
    }
}

/// Column shares of a designed sample by R survey, as scores: the answer that is counted makes a
/// promoter, any other a passive, so the score is the share in points. Columns are domains.
#[test]
fn designed_samples_have_the_errors_of_survey() {
    for name in [
        "rs01_api_schwide_by_compimp_weights_only",
        "rs02_api_awards_by_yrrnd_strata_fpc",
        "rs03_api_clus1_stype_by_schwide_cluster",
    ] {
        let Some(case) = case(name) else { return };
        let Some(rows) = answers(&case) else { return };
        let (spec, expected) = (&case["spec"], &case["expected"]);
        let column = |key: &str| spec[key].as_str().unwrap().to_owned();
        let (stub, banner) = (column("stub"), column("banner"));
        for (at, answer) in spec["stub_order"].as_array().unwrap().iter().enumerate() {
            let promoter = col(stub.as_str()).eq(lit(answer.as_str().unwrap()));
            let rows = rows.clone().with_columns([
                when(promoter).then(lit(10)).otherwise(lit(8)).alias("score"),
                lit("all").alias("everybody"),
            ]);
            let mut stage = NetPromoter::new("score").by([banner.as_str()]).weight(&column("weight"));
            // Weights alone are a design of one stratum.
            stage = match (spec["strata"].as_str(), spec["psu"].as_str()) {
                (Some(strata), _) => stage.strata(strata),
                (None, Some(psu)) => stage.cluster(psu),
                (None, None) => stage.strata("everybody"),
            };
            if let Some(population) = spec["fpc"].as_str() {
                stage = stage.population(population);
            }
            let made = apply(stage, rows).unwrap();
            let ours = |column: &str| made.table.column(column).unwrap().f64().unwrap().clone();
            for place in 0..spec["banner_order"].as_array().unwrap().len() {
                let figure = |column: &str| ours(column).get(place).unwrap() / 100.0;
                close(figure("estimate"), &expected["col_proportion"][at][place], name);
                close(figure("std_error"), &expected["col_proportion_se"][at][place], name);
            }
        }
    }
}
