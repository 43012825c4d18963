//! Models of buying and leaving against `lifetimes` 0.11.3 and the published CDNOW figures: parameters,
//! likelihoods, single customers, spending, discounted value, and the hold-out check of the stage.
//!
//! Every value of `golden/attribution-clv/clv` is met here, but for versions, descriptions and the seconds
//! that a fit took.

use growthring::apply;
use growthring::stages::segment::{Lifetime, Method, Model as Named, Segment, Summary, Unit};
use growthring::stats::lifetime::{Fit, Histories, History, Model, Spend, fit_purchases, fit_spend, spend};
use polars::prelude::*;
use serde_json::Value;

const MODELS: [(Model, &str); 3] =
    [(Model::BgNbd, "bg_nbd"), (Model::MbgNbd, "mbg_nbd"), (Model::ParetoNbd, "pareto_nbd")];

/// The published summary: a row is customer, frequency, recency, T, monetary.
fn summary() -> Option<Vec<Vec<f64>>> {
    let text = crate::shared("golden/attribution-clv/clv/cdnow_summary_published.csv")?;
    let text = std::fs::read_to_string(text).unwrap();
    let cells = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect();
    Some(text.lines().skip(1).map(cells).collect())
}

fn told() -> Option<Value> {
    let path = crate::shared("golden/attribution-clv/clv/expected_clv.json")?;
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

fn history(row: &[f64]) -> History {
    History::new(row[1] as u32, row[2], row[3]).unwrap()
}

fn parameters<const N: usize>(told: &Value, names: [&str; N]) -> [f64; N] {
    names.map(|name| told["params"][name].as_f64().unwrap())
}

fn close(ours: f64, theirs: &Value, relative: f64, what: &str) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= relative * theirs.abs(), "{what}: {ours}, not {theirs}");
}

fn same_fit<const N: usize>(fit: &Fit<N>, told: &Value, names: [&str; N], what: &str) {
    assert!(fit.converged && fit.gradient < 1e-9, "{what}: {fit:?}");
    for (ours, theirs) in fit.parameters.iter().zip(parameters(told, names)) {
        assert!((ours / theirs - 1.0).abs() < 1e-3, "{what}: {ours}, not {theirs}");
    }
    let theirs = told["log_likelihood"].as_f64().unwrap();
    assert!((fit.log_likelihood - theirs).abs() < 1e-4, "{what}: {}, not {theirs}", fit.log_likelihood);
    // Ours is a maximum at least as high.
    assert!(fit.log_likelihood >= theirs - 1e-6, "{what}");
}

#[test]
fn every_model_finds_the_parameters_of_lifetimes() {
    let (Some(rows), Some(told)) = (summary(), told()) else { return };
    let histories = Histories::new(rows.iter().map(|row| Some(history(row))));
    assert_eq!(histories.n(), 2357);
    for (model, name) in MODELS {
        let fit = fit_purchases(model, &histories).unwrap();
        same_fit(&fit, &told["models"][name], model.parameters(), name);
    }
    let spends: Vec<Spend> = rows.iter().filter_map(|row| Spend::new(row[1], row[4])).collect();
    let told = &told["gamma_gamma"];
    assert_eq!(spends.len() as u64, told["n"].as_u64().unwrap());
    // Their `v` is `gamma`.
    same_fit(&fit_spend(&spends).unwrap(), told, ["p", "q", "v"], "gamma_gamma");
    close(spend::correlation(&spends).unwrap(), &told["corr_frequency_monetary"], 1e-9, "correlation");
}

/// Fader, Hardie and Lee (2005), table 2, to the digits printed.
#[test]
fn the_published_parameters_come_out() {
    let (Some(rows), Some(told)) = (summary(), told()) else { return };
    let histories = Histories::new(rows.iter().map(|row| Some(history(row))));
    for (model, name, digits) in [(Model::BgNbd, "bg_nbd", 0.0005), (Model::ParetoNbd, "pareto_nbd", 0.0015)]
    {
        let fit = fit_purchases(model, &histories).unwrap();
        let published = &told["published"][name];
        for (ours, name) in fit.parameters.iter().zip(model.parameters()) {
            assert!((ours - published[name].as_f64().unwrap()).abs() <= digits, "{name}: {ours}");
        }
        assert!((fit.log_likelihood - published["LL"].as_f64().unwrap()).abs() < 0.05);
    }
    let spends: Vec<Spend> = rows.iter().filter_map(|row| Spend::new(row[1], row[4])).collect();
    let fit = fit_spend(&spends).unwrap();
    for (ours, name) in fit.parameters.iter().zip(["p", "q", "gamma"]) {
        assert!(
            (ours - told["published"]["gamma_gamma"][name].as_f64().unwrap()).abs() < 0.01,
            "{name}: {ours}"
        );
    }
    // Customer 0001 of their spreadsheet.
    let example = &told["published"]["example"];
    let number = |name: &str| example[name].as_f64().unwrap();
    let customer = History::new(number("x") as u32, number("t_x"), number("T")).unwrap();
    let parameters = parameters(&told["models"]["bg_nbd"], Model::BgNbd.parameters());
    let expected = Model::BgNbd.expected(&parameters, &customer, number("t"));
    assert!((expected - number("expected")).abs() < 0.0005, "{expected}");
    close(expected, &example["lifetimes"], 1e-8, "example");
}

#[test]
fn formulas_are_theirs_given_their_parameters() {
    let (Some(rows), Some(told)) = (summary(), told()) else { return };
    let row = |customer: u64| rows.iter().find(|row| row[0] == customer as f64).unwrap();
    for (model, name) in MODELS {
        let told = &told["models"][name];
        let parameters = parameters(told, model.parameters());
        for (time, theirs) in told["expected_purchases_new_customer"].as_object().unwrap() {
            close(model.expected_of_new(&parameters, time.parse().unwrap()), theirs, 1e-8, name);
        }
        let sum: f64 = rows.iter().map(|row| model.expected(&parameters, &history(row), 39.0)).sum();
        close(sum, &told["sum_conditional_expected_39"], 1e-8, name);
        let customers = told["sample_customers"].as_array().unwrap();
        assert_eq!(customers.len(), 60);
        for customer in customers {
            let history = history(row(customer["customer_id"].as_u64().unwrap()));
            close(model.p_alive(&parameters, &history), &customer["p_alive"], 1e-8, name);
            for time in [1.0, 13.0, 39.0, 52.0] {
                let theirs = &customer[format!("t={time}")];
                close(model.expected(&parameters, &history, time), theirs, 1e-8, name);
            }
        }
    }
}

/// Twelve months of 4.345 weeks, as `lifetimes` has them.
#[test]
fn spending_and_discounted_value_are_theirs() {
    let (Some(rows), Some(told)) = (summary(), told()) else { return };
    let buying = parameters(&told["models"]["bg_nbd"], Model::BgNbd.parameters());
    let told = &told["gamma_gamma"];
    let spending = parameters(told, ["p", "q", "v"]);
    close(spend::expected(&spending, None).unwrap(), &told["population_mean_spend"], 1e-8, "everybody");
    for (at, customer) in told["customer_id"].as_array().unwrap().iter().enumerate() {
        let row = rows.iter().find(|row| Some(row[0]) == customer.as_f64()).unwrap();
        let value = spend::expected(&spending, Spend::new(row[1], row[4])).unwrap();
        close(value, &told["expected_average_value"][at], 1e-8, "value");
        for discount in ["0.01", "0.0", "0.02"] {
            let cumulated =
                (1..=12).map(|m| Model::BgNbd.expected(&buying, &history(row), f64::from(m) * 4.345));
            let clv = spend::discounted(value, cumulated, discount.parse().unwrap());
            close(clv, &told["clv_12_months"][format!("discount={discount}")][at], 1e-8, "clv");
        }
    }
}

fn floats(table: &DataFrame, column: &str) -> Vec<f64> {
    let column = table.column(column).unwrap().cast(&DataType::Float64).unwrap();
    column.f64().unwrap().iter().map(|x| x.unwrap_or(f64::NAN)).collect()
}

fn cdnow(as_of: &str, holdout: Option<&str>, model: Named) -> Option<growthring::Applied> {
    let path = crate::shared("golden/attribution-clv/clv/cdnow_transactions.csv")?;
    let transactions = LazyCsvReader::new(PlRefPath::try_from_path(&path).unwrap())
        .with_try_parse_dates(true)
        .finish()
        .unwrap();
    let options = Lifetime {
        key: "customer_id".into(),
        date: Some("date".into()),
        summary: None,
        amount: Some("amount".into()),
        as_of: Some(as_of.into()),
        model,
        unit: Unit::Week,
        horizon: 12.into(),
        discount: 0.01.into(),
        holdout: holdout.map(Into::into),
        profitable: 0.75.into(),
        loyal: 0.5.into(),
        given: None,
    };
    let stage = Segment { from: "transactions".into(), method: Method::Lifetime(options) };
    Some(apply(stage, transactions).unwrap())
}

/// One row a customer from the transactions, as their summary has it.
#[test]
fn the_stage_sums_transactions_up_as_lifetimes_does() {
    let (Some(told), Some(made)) = (told(), cdnow("1997-09-30", None, Named::BgNbd)) else { return };
    let told = &told["summary_from_transactions"];
    let sum = |column: &str| floats(&made.table, column).iter().sum::<f64>();
    close(sum("repeats"), &told["sum_frequency"], 1e-11, "frequency");
    close(sum("recency"), &told["sum_recency"], 1e-11, "recency");
    close(sum("age"), &told["sum_T"], 1e-11, "T");
    for row in told["first_rows"].as_array().unwrap() {
        let at = floats(&made.table, "customer_id").iter().position(|x| Some(*x) == row[0].as_f64()).unwrap();
        for (column, place) in [("repeats", 1), ("recency", 2), ("age", 3)] {
            close(floats(&made.table, column)[at], &row[place], 1e-9, column);
        }
        // Where nobody came back theirs is 0, ours is missing.
        let mean = floats(&made.table, "mean_amount")[at];
        assert!(mean.is_nan() || (mean - row[4].as_f64().unwrap()).abs() < 1e-9 * mean.abs().max(1.0));
    }
    let repeats = floats(&made.table, "repeats");
    assert_eq!(
        repeats.iter().filter(|n| **n == 0.0).count() as u64,
        told["zero_frequency"].as_u64().unwrap()
    );
    let means: Vec<f64> = floats(&made.table, "mean_amount").into_iter().filter(|x| !x.is_nan()).collect();
    let mean = means.iter().sum::<f64>() / repeats.iter().filter(|n| **n > 0.0).count() as f64;
    close(mean, &told["mean_monetary_of_repeaters"], 1e-9, "mean");
    // The parameters of days that are whole, not rounded to hundredths of a week: nearly the published.
    let estimates = floats(&made.sides["parameters"], "estimate");
    for (ours, published) in estimates.iter().zip([0.243, 4.414, 0.793, 2.426]) {
        assert!((ours / published - 1.0).abs() < 2e-3, "{ours} {published}");
    }
    let n: f64 = floats(&made.sides["value_by_loyalty"], "n").iter().sum();
    assert_eq!(n, 2357.0);
    let parts: f64 = floats(&made.sides["value_by_loyalty"], "clv").iter().sum();
    assert!((parts / sum("clv") - 1.0).abs() < 1e-12);
    let later = floats(&made.sides["left_out"], "n");
    assert!(later[3] > 0.0 && later.iter().sum::<f64>() == later[3], "{later:?}");
}

#[test]
fn the_hold_out_check_is_theirs() {
    let (Some(told), Some(made)) = (told(), cdnow("1998-06-30", Some("1997-09-30"), Named::BgNbd)) else {
        return;
    };
    let told = &told["holdout_check"];
    let held = &made.sides["holdout"];
    let (n, actual) = (floats(held, "n"), floats(held, "actual_mean"));
    let expected = floats(held, "expected_mean");
    for (at, line) in told["by_frequency"].as_array().unwrap().iter().enumerate() {
        close(n[at], &line[1], 0.0, "n");
        close(actual[at], &line[2], 1e-9, "actual");
        close(expected[at], &line[3], 1e-4, "expected");
    }
    // The model behind it is the one that is fitted on what was known that day.
    let Some(then) = cdnow("1997-09-30", None, Named::BgNbd) else { return };
    for (ours, name) in floats(&then.sides["parameters"], "estimate").iter().zip(Model::BgNbd.parameters()) {
        close(*ours, &told["bg_nbd_params"][name], 1e-3, name);
    }
    let later = |day: &str| day.parse::<jiff::civil::Date>().unwrap();
    let held_days = later("1998-06-30") - later("1997-09-30");
    close(f64::from(held_days.get_days()) / 7.0, &told["duration_holdout"], 1e-12, "duration");
    close(floats(held, "actual")[8], &told["actual_holdout_purchases"], 1e-12, "actual");
    close(floats(held, "expected")[8], &told["predicted"], 1e-4, "predicted");
}

/// The published summary itself: one row a customer goes in, the published parameters come out, and with
/// them every customer's figures.
#[test]
fn the_published_summary_goes_through_the_stage() {
    let path = crate::shared("golden/attribution-clv/clv/cdnow_summary_published.csv");
    let (Some(path), Some(told)) = (path, told()) else { return };
    let rows = LazyCsvReader::new(PlRefPath::try_from_path(&path).unwrap()).finish().unwrap();
    for (model, named, name) in [
        (Model::BgNbd, Named::BgNbd, "bg_nbd"),
        (Model::MbgNbd, Named::MbgNbd, "mbg_nbd"),
        (Model::ParetoNbd, Named::ParetoNbd, "pareto_nbd"),
    ] {
        let summary = Summary {
            repeats: "frequency".into(),
            recency: "recency".into(),
            age: "T".into(),
            mean_amount: Some("monetary".into()),
        };
        let options = Lifetime {
            key: "customer_id".into(),
            date: None,
            summary: Some(summary),
            amount: None,
            as_of: None,
            model: named,
            unit: Unit::Week,
            horizon: 12.into(),
            discount: 0.01.into(),
            holdout: None,
            profitable: 0.75.into(),
            loyal: 0.5.into(),
            given: None,
        };
        let stage = Segment { from: "summary".into(), method: Method::Lifetime(options) };
        let made = apply(stage, rows.clone()).unwrap();
        let estimates = floats(&made.sides["parameters"], "estimate");
        for (ours, parameter) in estimates.iter().zip(model.parameters()) {
            close(*ours, &told["models"][name]["params"][parameter], 1e-3, parameter);
            if let Some(published) = told["published"][name][parameter].as_f64() {
                assert!((ours - published).abs() <= 0.0015, "{parameter}: {ours}");
            }
        }
        for (ours, parameter) in estimates[4..].iter().zip(["p", "q", "v"]) {
            close(*ours, &told["gamma_gamma"]["params"][parameter], 1e-3, parameter);
        }
        assert_eq!(floats(&made.sides["fit"], "n"), [2357.0, 946.0]);
        assert_eq!(made.cautions, []);
        assert_eq!(floats(&made.sides["left_out"], "n"), [0.0; 5]);
        assert!(made.table.column("as_of").is_err());
        let ids = floats(&made.table, "customer_id");
        let (alive, values) = (floats(&made.table, "p_alive"), floats(&made.table, "expected_value"));
        for customer in told["models"][name]["sample_customers"].as_array().unwrap() {
            let at = ids.iter().position(|id| Some(*id) == customer["customer_id"].as_f64()).unwrap();
            close(alive[at], &customer["p_alive"], 1e-3, "p_alive");
        }
        for (at, customer) in told["gamma_gamma"]["customer_id"].as_array().unwrap().iter().enumerate() {
            let row = ids.iter().position(|id| Some(*id) == customer.as_f64()).unwrap();
            close(values[row], &told["gamma_gamma"]["expected_average_value"][at], 1e-3, "value");
        }
    }
}

#[test]
fn every_model_runs_on_the_transactions() {
    for model in [Named::MbgNbd, Named::ParetoNbd] {
        let Some(made) = cdnow("1998-06-30", Some("1997-09-30"), model) else { return };
        for column in ["p_alive", "expected_n", "expected_value", "clv"] {
            assert!(floats(&made.table, column).iter().all(|x| x.is_finite() && *x >= 0.0), "{column}");
        }
    }
}
