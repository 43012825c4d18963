//! Tests between columns, statistics, several answers and tables as a whole that R (survey, expss),
//! quantipy3, scipy and svy computed, through the public stage, at relative 1e-9.

use growthring::stages::cross_tab::{
    Against, BaseRule, Correction, CrossTab, Means, Question, Statistic, Tests, Variance,
};
use growthring::{Applied, apply};
use polars::prelude::*;
use serde_json::Value;

/// A golden case and its data.
struct Case {
    name: String,
    value: Value,
    rows: LazyFrame,
}

fn case(name: &str) -> Option<Case> {
    let path = crate::shared(&format!("golden/crosstab-nps/expected/{name}.json"))?;
    let value: Value = serde_json::from_reader(std::fs::File::open(path).unwrap()).unwrap();
    let rows = match value["input"].as_str() {
        Some(input) => crate::oracles_nps::csv(&crate::shared(&format!("golden/crosstab-nps/{input}"))?),
        None => DataFrame::empty().lazy(),
    };
    Some(Case { name: name.to_owned(), value, rows })
}

impl Case {
    fn spec(&self, key: &str) -> &Value {
        &self.value["spec"][key]
    }

    fn text(&self, key: &str) -> String {
        text(self.spec(key))
    }

    fn order(&self, key: &str) -> Vec<String> {
        self.spec(key).as_array().unwrap().iter().map(text).collect()
    }

    fn expected(&self, key: &str) -> &Value {
        let value = &self.value["expected"][key];
        assert!(!value.is_null(), "{}: no {key}", self.name);
        value
    }

    fn stage(&self) -> CrossTab {
        let stage = CrossTab::new([[self.text("stub").as_str()]], [[self.text("banner").as_str()]]);
        match self.spec("weight").as_str() {
            Some(weight) => stage.weight(weight).bases(2, 100),
            None => stage.bases(2, 100),
        }
    }

    fn apply(&self, stage: CrossTab) -> Applied {
        apply(stage, self.rows.clone()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The value of a column in the only row whose texts are these.
fn find(table: &DataFrame, keys: &[(&str, &str)], column: &str) -> Option<f64> {
    let mut mask = BooleanChunked::full("".into(), true, table.height());
    for (name, wanted) in keys {
        let texts = table.column(name).unwrap().cast(&DataType::String).unwrap();
        mask = mask & texts.str().unwrap().iter().map(|text| text == Some(*wanted)).collect();
    }
    let found = table.filter(&mask).unwrap();
    assert_eq!(found.height(), 1, "{keys:?}");
    found.column(column).unwrap().cast(&DataType::Float64).unwrap().f64().unwrap().get(0)
}

fn word(table: &DataFrame, keys: &[(&str, &str)], column: &str) -> String {
    let mut mask = BooleanChunked::full("".into(), true, table.height());
    for (name, wanted) in keys {
        let texts = table.column(name).unwrap().cast(&DataType::String).unwrap();
        mask = mask & texts.str().unwrap().iter().map(|text| text == Some(*wanted)).collect();
    }
    let found = table.filter(&mask).unwrap();
    found.column(column).unwrap().str().unwrap().get(0).unwrap_or_default().to_owned()
}

#[track_caller]
fn close(actual: Option<f64>, scale: f64, expected: &Value, what: &str) {
    match (actual, expected.as_f64()) {
        (Some(actual), Some(expected)) => {
            let actual = actual * scale;
            let most = 1e-9 * expected.abs().max(1e-3);
            assert!((actual - expected).abs() <= most, "{what}: {actual}, not {expected}");
        }
        (None, None) => {}
        (actual, expected) => panic!("{what}: {actual:?}, not {expected:?}"),
    }
}

fn all_tests(correction: Correction) -> Tests {
    Tests { correction, ..Tests::default() }
}

/// Compares the pairs of one row; `names` are ours and theirs, each a matrix of columns by columns.
fn pairs(case: &Case, made: &Applied, row: &[(&str, &str)], columns: &[String], names: &[(&str, &Value)]) {
    let tests = &made.sides["tests"];
    for (i, first) in columns.iter().enumerate() {
        for (j, second) in columns.iter().enumerate().skip(i + 1) {
            let mut keys = row.to_vec();
            keys.extend([("column_value", first.as_str()), ("against", "column"), ("against_value", second)]);
            for (ours, theirs) in names {
                let what = format!("{}: {ours} of {row:?}, {first} against {second}", case.name);
                close(find(tests, &keys, ours), 1.0, &theirs[i][j], &what);
            }
        }
    }
}

fn marks(case: &Case, made: &Applied, rows: &[String], columns: &[String], theirs: &Value) {
    for (r, row) in rows.iter().enumerate() {
        for (c, column) in columns.iter().enumerate() {
            let shown = word(&made.table, &[("row_value", row), ("column_value", column)], "letters");
            assert_eq!(shown, text(&theirs[r][c]), "{}: letters of {row} by {column}", case.name);
        }
    }
}

#[test]
fn shares_are_compared_as_by_expss_and_scipy() {
    for name in [
        "pz01_anes96_pid_by_educ_skip01",
        "pz02_anes96_vote_by_tvnews",
        "pz03_burger_household_by_region_unweighted",
        "pz05_burger_age_by_gender_two_columns",
        "pz06_burger_weekday_by_age_nulls",
    ] {
        let Some(case) = case(name) else { return };
        let (rows, columns) = (case.order("stub_order"), case.order("banner_order"));
        for (correction, p, shown) in [
            (Correction::None, "p", "marks_none"),
            (Correction::Bonferroni, "p_bonferroni", "marks_bonferroni"),
            (Correction::BenjaminiHochberg, "p_bh", "marks_bh"),
        ] {
            let skip_zero_or_one = case.spec("skip_zero_or_one").as_bool().unwrap();
            let made = case.apply(case.stage().tests(Tests { skip_zero_or_one, ..all_tests(correction) }));
            for (r, row) in rows.iter().enumerate() {
                let theirs = &case.expected("pairs")[r];
                let names =
                    [("statistic", &theirs["z"]), ("p_value", &theirs["p"]), ("p_adjusted", &theirs[p])];
                pairs(&case, &made, &[("row_value", row)], &columns, &names);
            }
            marks(&case, &made, &rows, &columns, case.expected(shown));
        }
    }
}

/// Shares of 0 and 1, a column without anybody and one with one person.
#[test]
fn columns_at_the_edge_are_compared_as_by_expss() {
    let Some(case) = case("ed04_edge_column_tests") else { return };
    let columns: Vec<String> = ["A", "B", "C", "D", "E"].map(str::to_owned).to_vec();
    let (mut seg, mut answer) = (Vec::new(), Vec::new());
    for (r, counts) in case.spec("counts").as_array().unwrap().iter().enumerate() {
        for (column, count) in columns.iter().zip(counts.as_array().unwrap()) {
            for _ in 0..count.as_u64().unwrap() {
                seg.push(Some(column.as_str()));
                answer.push(Some(["x", "y"][r]));
            }
        }
    }
    // Nobody in D answers.
    seg.push(Some("D"));
    answer.push(None);
    let rows = df!("seg" => seg, "answer" => answer).unwrap().lazy();
    for (correction, p) in [
        (Correction::None, "p"),
        (Correction::Bonferroni, "p_bonferroni"),
        (Correction::BenjaminiHochberg, "p_bh"),
    ] {
        let stage = CrossTab::new([["answer"]], [["seg"]]).bases(2, 100).tests(all_tests(correction));
        let made = apply(stage, rows.clone()).unwrap();
        for (r, row) in ["x", "y"].iter().enumerate() {
            let theirs = &case.expected("pairs")[r];
            let names = [("statistic", &theirs["z"]), ("p_value", &theirs["p"]), ("p_adjusted", &theirs[p])];
            pairs(&case, &made, &[("row_value", row)], &columns, &names);
        }
        marks(&case, &made, &["x".into(), "y".into()], &columns, case.expected("marks_none"));
    }
}

#[test]
fn a_cell_against_the_rest_is_its_adjusted_residual() {
    let Some(case) = case("pz04_anes96_vote_by_pid_cell_vs_rest") else { return };
    let tests = Tests { compare: [Against::Rest].into_iter().collect(), ..Tests::default() };
    let made = case.apply(case.stage().tests(tests));
    for (r, row) in case.order("stub_order").iter().enumerate() {
        for (c, column) in case.order("banner_order").iter().enumerate() {
            let keys = [("row_value", row.as_str()), ("column_value", column.as_str())];
            let what = format!("{row} by {column}");
            close(find(&made.sides["tests"], &keys, "statistic"), 1.0, &case.expected("z")[r][c], &what);
            close(find(&made.sides["tests"], &keys, "p_value"), 1.0, &case.expected("p")[r][c], &what);
            close(
                find(&made.table, &keys, "residual"),
                1.0,
                &case.expected("adjusted_residuals")[r][c],
                &what,
            );
        }
    }
}

#[test]
fn weighted_shares_are_compared_as_by_survey_reporter() {
    for name in [
        "pe01_burger_household_by_region_weighted",
        "pe02_burger_household_by_awareness_weighted_overlap",
        "pe03_burger_household_by_awareness_unweighted_overlap",
        "pe04_burger_age_by_quarter_weighted",
    ] {
        let Some(case) = case(name) else { return };
        let (rows, columns) = (case.order("stub_order"), case.order("banner_order"));
        let stub = case.text("stub");
        let mut stage = match case.spec("banner").as_str() {
            Some(banner) => CrossTab::new([[stub.as_str()]], [[banner]]),
            None => {
                let brands = columns.iter().map(|column| (column.as_str(), column.as_str()));
                CrossTab::new([[stub.as_str()]], [["aware"]]).question("aware", Question::flags(brands))
            }
        };
        if let Some(weight) = case.spec("weight").as_str() {
            stage = stage.weight(weight);
        }
        stage = stage.variance(Variance::EffectiveBase).bases(2, 100).tests(Tests::default());
        let made = case.apply(stage);
        for (r, row) in rows.iter().enumerate() {
            let theirs = &case.expected("pairs")[r];
            let names = [("statistic", &theirs["t"]), ("df", &theirs["df"]), ("p_value", &theirs["p"])];
            pairs(&case, &made, &[("row_value", row)], &columns, &names);
            for (c, column) in columns.iter().enumerate() {
                let keys = [("row_value", row.as_str()), ("column_value", column.as_str())];
                let what = format!("{name}: {row} by {column}");
                let ours = |column: &str| find(&made.table, &keys, column);
                close(ours("column_share"), 1.0, &case.expected("proportion")[r][c], &what);
                close(ours("base_weighted"), 1.0, &case.expected("base_weighted")[c], &what);
                close(ours("base_effective"), 1.0, &case.expected("base_effective")[c], &what);
            }
        }
        if let Some(theirs) = case.value["expected"].get("marks_none") {
            marks(&case, &made, &rows, &columns, theirs);
        }
    }
}

#[test]
fn means_are_compared_as_by_r() {
    let statistics = [Statistic::Mean, Statistic::StdDev, Statistic::StdError];
    for name in [
        "mt01_api_api00_by_stype",
        "mt02_api_acs46_by_stype_nulls",
        "mt03_anes96_selflr_by_vote",
        "mt04_anes96_age_by_pid_seven_columns",
        "mt05_api_api99_by_awards",
    ] {
        let Some(case) = case(name) else { return };
        let columns = case.order("banner_order");
        let variable = case.text("variable");
        let question = Question::column(&variable).statistics(statistics).hide_answers();
        let stage = |means: Means, correction| {
            CrossTab::new([["values"]], [[case.text("banner").as_str()]])
                .question("values", question.clone())
                .bases(2, 100)
                .tests(Tests { means: Some(means.into()), ..all_tests(correction) })
        };
        let mean = [("row_kind", "mean")];
        let made = case.apply(stage(Means::Welch, Correction::None));
        let names = [
            ("statistic", case.expected("welch_t")),
            ("df", case.expected("welch_df")),
            ("p_value", case.expected("welch_p")),
        ];
        pairs(&case, &made, &mean, &columns, &names);
        for (kind, theirs) in [("mean", "mean"), ("std_dev", "sd"), ("std_error", "se")] {
            for (c, column) in columns.iter().enumerate() {
                let keys = [("row_kind", kind), ("column_value", column.as_str())];
                let what = format!("{name}: {kind} of {column}");
                close(find(&made.table, &keys, "estimate"), 1.0, &case.expected(theirs)[c], &what);
                close(find(&made.table, &keys, "n"), 1.0, &case.expected("n")[c], &what);
            }
            let keys = [("row_kind", kind), ("is_total", "true")];
            close(find(&made.table, &keys, "estimate"), 1.0, &case.expected("total")[theirs], name);
        }
        let made = case.apply(stage(Means::PooledPair, Correction::None));
        let names =
            [("statistic", case.expected("pooled_pair_t")), ("p_value", case.expected("pooled_pair_p"))];
        pairs(&case, &made, &mean, &columns, &names);
        for (correction, theirs) in [
            (Correction::None, "pooled_all_p"),
            (Correction::Bonferroni, "pooled_all_p_bonferroni"),
            (Correction::BenjaminiHochberg, "pooled_all_p_bh"),
        ] {
            let made = case.apply(stage(Means::PooledAll, correction));
            pairs(&case, &made, &mean, &columns, &[("p_adjusted", case.expected(theirs))]);
        }
    }
}

#[test]
fn weighted_means_are_compared_as_by_survey_reporter_and_survey() {
    for name in [
        "mw01_burger_people_by_region_weighted",
        "mw02_api_api00_by_stype_weighted",
        "mw03_burger_people_by_age_weighted",
    ] {
        let Some(case) = case(name) else { return };
        let columns = case.order("banner_order");
        let question = Question::column(&case.text("variable"))
            .statistics([Statistic::Mean, Statistic::StdDev, Statistic::StdError])
            .hide_answers();
        let stage = |variance| {
            CrossTab::new([["values"]], [[case.text("banner").as_str()]])
                .question("values", question.clone())
                .weight(&case.text("weight"))
                .variance(variance)
                .bases(2, 100)
                .tests(Tests::default())
        };
        let mean = [("row_kind", "mean")];
        for (variance, theirs) in [(Variance::EffectiveBase, "survey_reporter"), (Variance::Taylor, "taylor")]
        {
            // The design of the golden values was made of the rows with an answer; ours has all rows that
            // it is given, of which these are a domain.
            let rows = case.rows.clone().filter(col(case.text("variable")).is_not_null());
            let made = apply(stage(variance), rows).unwrap();
            let theirs = case.expected(theirs);
            let names = [("statistic", &theirs["t"]), ("df", &theirs["df"]), ("p_value", &theirs["p"])];
            pairs(&case, &made, &mean, &columns, &names);
            for (c, column) in columns.iter().enumerate() {
                let of = |kind: &str, figure: &str| {
                    find(&made.table, &[("row_kind", kind), ("column_value", column)], figure)
                };
                let what = format!("{name}: {column}");
                close(of("mean", "estimate"), 1.0, &theirs["mean"][c], &what);
                close(of("std_dev", "estimate"), 1.0, &case.expected("sd_scale_free")[c], &what);
                if variance == Variance::Taylor {
                    close(of("mean", "std_error"), 1.0, &theirs["se"][c], &what);
                    close(of("std_error", "estimate"), 1.0, &theirs["se"][c], &what);
                } else {
                    close(of("mean", "n"), 1.0, &theirs["n"][c], &what);
                    close(of("mean", "n_weighted"), 1.0, &theirs["base_weighted"][c], &what);
                    close(of("mean", "n_effective"), 1.0, &theirs["base_effective"][c], &what);
                }
            }
            if variance == Variance::Taylor {
                let total = [("row_kind", "mean"), ("is_total", "true")];
                close(find(&made.table, &total, "estimate"), 1.0, &theirs["total_mean"], name);
                close(find(&made.table, &total, "std_error"), 1.0, &theirs["total_se"][0][0], name);
            }
        }
        // With weights as frequencies the standard deviation is Survey Reporter's.
        let made = case.apply(stage(Variance::Frequency));
        for (c, column) in columns.iter().enumerate() {
            let keys = [("row_kind", "std_dev"), ("column_value", column.as_str())];
            let theirs = &case.expected("survey_reporter")["sd_weighted"][c];
            close(find(&made.table, &keys, "estimate"), 1.0, theirs, name);
        }
    }
}

#[test]
fn boxes_and_statistics_of_a_scale_are_those_of_r() {
    let Some(case) = case("sc01_anes96_selflr_by_vote_boxes") else { return };
    let question = Question::column(&case.text("stub")).boxes(2, 2).net("top", ["6", "7"]).statistics([
        Statistic::Mean,
        Statistic::StdDev,
        Statistic::Median,
    ]);
    let stage = CrossTab::new([["scale"]], [[case.text("banner").as_str()]]).question("scale", question);
    let made = case.apply(stage);
    for (c, column) in case.order("banner_order").iter().enumerate() {
        let of = |row: &str, figure: &str| {
            find(&made.table, &[("row_value", row), ("column_value", column)], figure)
        };
        close(of("Mean", "base"), 1.0, &case.expected("base")[c], column);
        close(of("Top 2 box", "column_share"), 100.0, &case.expected("top2_pct")[c], column);
        close(of("top", "column_share"), 100.0, &case.expected("top2_pct")[c], column);
        close(of("Bottom 2 box", "column_share"), 100.0, &case.expected("bottom2_pct")[c], column);
        let net = of("Top 2 box", "column_share").zip(of("Bottom 2 box", "column_share"));
        let net = net.map(|(top, bottom)| top - bottom);
        close(net, 100.0, &case.expected("net_top2_minus_bottom2")[c], column);
        close(of("Mean", "estimate"), 1.0, &case.expected("mean")[c], column);
        close(of("Std. deviation", "estimate"), 1.0, &case.expected("sd")[c], column);
        close(of("Median", "estimate"), 1.0, &case.expected("median")[c], column);
    }
}

#[test]
fn several_answers_are_counted_as_by_expss() {
    for (name, respondents) in [
        ("mr01_product_test_likes_by_cell", "respondents"),
        ("mr02_burger_awareness_by_region_weighted", "respondents_unweighted"),
    ] {
        let Some(case) = case(name) else { return };
        let stub = case.order("stub_multiple_response");
        let rows = case.order("stub_order");
        let question = match case.spec("encoding").as_str().unwrap() {
            "each column holds one code" => Question::codes(stub.iter().map(String::as_str)),
            _ => Question::flags(stub.iter().map(|column| (column.as_str(), column.as_str()))),
        };
        let weight = case.spec("weight").as_str().map(str::to_owned);
        let stage = |base| {
            let stage = CrossTab::new([["items"]], [[case.text("banner").as_str()]])
                .question("items", Question { base: Some(base), ..question.clone() });
            weight.iter().fold(stage, |stage, weight| stage.weight(weight))
        };
        let answered = case.apply(stage(BaseRule::Answered));
        let all = case.apply(stage(BaseRule::All));
        for (r, row) in rows.iter().enumerate() {
            for (c, column) in case.order("banner_order").iter().enumerate() {
                let keys = [("row_value", row.as_str()), ("column_value", column.as_str())];
                let what = format!("{name}: {row} by {column}");
                let of = |made: &Applied, figure: &str| find(&made.table, &keys, figure);
                close(of(&answered, "n"), 1.0, &case.expected(respondents)[r][c], &what);
                close(of(&answered, "n_weighted"), 1.0, &case.expected("respondents")[r][c], &what);
                close(
                    of(&answered, "column_share"),
                    100.0,
                    &case.expected("pct_of_respondents")[r][c],
                    &what,
                );
                close(
                    of(&answered, "response_share"),
                    100.0,
                    &case.expected("pct_of_responses")[r][c],
                    &what,
                );
                close(of(&answered, "base_weighted"), 1.0, &case.expected("base_any")[c], &what);
                close(of(&all, "column_share"), 100.0, &case.expected("pct_of_all_rows")[r][c], &what);
                close(of(&all, "base_weighted"), 1.0, &case.expected("base_all")[c], &what);
                if let Some(theirs) = case.value["expected"].get("base_any_effective") {
                    close(of(&answered, "base_effective"), 1.0, &theirs[c], &what);
                    close(of(&answered, "base"), 1.0, &case.expected("base_any_unweighted")[c], &what);
                }
            }
        }
    }
}

#[test]
fn tables_as_a_whole_are_tested_as_by_r() {
    for name in
        ["chi01_anes96_vote_by_educ", "chi02_anes96_pid_by_educ_sparse", "chi03_burger_household_by_gender"]
    {
        let Some(case) = case(name) else { return };
        let made = case.apply(case.stage().chi_square());
        for (ours, theirs) in [
            ("n", "n"),
            ("chi_square", "chi2"),
            ("df", "df"),
            ("p_value", "p"),
            ("likelihood_ratio", "likelihood_ratio"),
            ("p_likelihood_ratio", "p_likelihood_ratio"),
            ("cramers_v", "cramers_v"),
            ("cells_below_5", "cells_expected_below_5"),
            ("min_expected", "min_expected"),
        ] {
            close(
                find(&made.sides["tables"], &[], ours),
                1.0,
                case.expected(theirs),
                &format!("{name}: {ours}"),
            );
        }
        for (r, row) in case.order("stub_order").iter().enumerate() {
            for (c, column) in case.order("banner_order").iter().enumerate() {
                let keys = [("row_value", row.as_str()), ("column_value", column.as_str())];
                for (ours, theirs) in [("residual", "adjusted_residuals"), ("expected", "expected_counts")] {
                    let theirs = &case.expected(theirs)[r][c];
                    close(
                        find(&made.table, &keys, ours),
                        1.0,
                        theirs,
                        &format!("{name}: {ours} of {row} by {column}"),
                    );
                }
            }
        }
    }
}

#[test]
fn designs_are_tested_as_by_survey() {
    for name in [
        "rs01_api_schwide_by_compimp_weights_only",
        "rs02_api_awards_by_yrrnd_strata_fpc",
        "rs03_api_clus1_stype_by_schwide_cluster",
    ] {
        let Some(case) = case(name) else { return };
        let of = |key: &str| case.spec(key).as_str();
        let made = case.apply(case.stage().design(of("strata"), of("psu"), of("fpc")).chi_square());
        let second = case.expected("F_second_order");
        for (ours, theirs) in [
            ("rao_scott", &second["statistic"]),
            ("rao_scott_df1", &second["ndf"]),
            ("rao_scott_df2", &second["ddf"]),
            ("rao_scott_p", &second["p"]),
            ("chi_square", &case.expected("Chisq_first_order")["statistic"]),
        ] {
            close(find(&made.sides["tables"], &[], ours), 1.0, theirs, &format!("{name}: {ours}"));
        }
        for (r, row) in case.order("stub_order").iter().enumerate() {
            for (c, column) in case.order("banner_order").iter().enumerate() {
                let keys = [("row_value", row.as_str()), ("column_value", column.as_str())];
                let what = format!("{name}: {row} by {column}");
                let figure = |name: &str| find(&made.table, &keys, name);
                close(figure("column_share"), 1.0, &case.expected("col_proportion")[r][c], &what);
                close(figure("std_error"), 1.0, &case.expected("col_proportion_se")[r][c], &what);
            }
        }
    }
}

/// With weights and no design the tests of the table are those of a design of weights alone.
#[test]
fn weights_alone_are_a_design() {
    let Some(case) = case("rs01_api_schwide_by_compimp_weights_only") else { return };
    let made = case.apply(case.stage().chi_square());
    let theirs = &case.expected("F_second_order")["statistic"];
    close(find(&made.sides["tables"], &[], "rao_scott"), 1.0, theirs, "effective base");
}

#[test]
fn waves_are_compared_as_by_survey_reporter() {
    let Some(case) = case("wv01_burger_visited_by_quarter_vs_previous") else { return };
    let items = case.order("items");
    let waves = case.order("wave_order");
    let question = Question {
        base: Some(BaseRule::All),
        ..Question::flags(items.iter().map(|item| (item.as_str(), item.as_str())))
    };
    let tests = Tests {
        compare: [Against::Previous].into_iter().collect(),
        waves: ["quarter"].into_iter().collect(),
        ..Tests::default()
    };
    let stage = CrossTab::new([["visited"]], [["quarter"]])
        .question("visited", question)
        .weight(&case.text("weight"))
        .tests(tests);
    let made = case.apply(stage);
    for (i, item) in items.iter().enumerate() {
        let theirs = &case.expected("items")[i];
        for (w, wave) in waves.iter().enumerate() {
            let keys = [("row_value", item.as_str()), ("column_value", wave.as_str())];
            let what = format!("{item} in {wave}");
            let figure = |name: &str| find(&made.table, &keys, name);
            close(figure("base"), 1.0, &case.expected("base_unweighted")[w], &what);
            close(figure("base_weighted"), 1.0, &case.expected("base_weighted")[w], &what);
            close(figure("base_effective"), 1.0, &case.expected("base_effective")[w], &what);
            close(figure("column_share"), 100.0, &theirs["pct"][w], &what);
            if w > 0 {
                let tests = &made.sides["tests"];
                assert_eq!(word(tests, &keys, "against_value"), waves[w - 1]);
                close(find(tests, &keys, "difference"), 100.0, &theirs["change_points"][w], &what);
                close(find(tests, &keys, "statistic"), 1.0, &theirs["t_vs_previous"][w], &what);
                close(find(tests, &keys, "p_value"), 1.0, &theirs["p_vs_previous"][w], &what);
            }
        }
    }
    assert_eq!(made.sides["tests"].height(), items.len() * (waves.len() - 1));
}

fn scored(
    case: &Case,
    score: &str,
    rows: LazyFrame,
    confidence: f64,
    with: impl Fn(CrossTab) -> CrossTab,
) -> Applied {
    let question = Question::column(score).statistics([Statistic::Nps]).hide_answers();
    let mut stage = with(CrossTab::new([["recommend"]], [["everyone"]]).question("recommend", question));
    stage.confidence = confidence.into();
    let rows = rows.with_column(lit("all").alias("everyone"));
    apply(stage, rows).unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

#[test]
fn rows_of_net_promoter_scores_are_those_of_r() {
    for name in [
        "np01_apple",
        "np01_dell",
        "np01_google",
        "np01_ibm",
        "np01_microsoft",
        "np01_panasonic",
        "np01_samsung",
        "np01_yahoo",
        "np02_apple_first_12_rows",
        "ed02_edge_nps_valid_values",
    ] {
        let Some(case) = case(name) else { return };
        let score = case.text("score");
        let rows = if name.starts_with("np02") { case.rows.clone().limit(12) } else { case.rows.clone() };
        let none = vec![serde_json::json!({ "conf": 0.95 })];
        let intervals = case.value["expected"]["ci"].as_array().unwrap_or(&none);
        for ci in intervals {
            let made = scored(&case, &score, rows.clone(), ci["conf"].as_f64().unwrap(), |stage| stage);
            let of = |figure: &str| find(&made.table, &[("is_total", "true")], figure);
            close(of("n"), 1.0, case.expected("n"), name);
            close(of("estimate"), 1.0, case.expected("nps"), name);
            close(of("std_error"), 1.0, case.expected("se_points"), name);
            if let Some(theirs) = ci.get("adjusted_wald") {
                close(of("conf_low"), 1.0, &theirs[0], name);
                close(of("conf_high"), 1.0, &theirs[1], name);
            }
        }
    }
}

/// Answers that are all of one class.
#[test]
fn scores_without_spread_are_those_of_r() {
    let Some(case) = case("ed03_edge_nps_zero_variance") else { return };
    for (name, scores) in case.spec("scores").as_object().unwrap() {
        let scores: Vec<i64> =
            scores.as_array().unwrap().iter().map(|score| score.as_i64().unwrap()).collect();
        let rows = df!("score" => scores).unwrap().lazy();
        let made = scored(&case, "score", rows, 0.95, |stage| stage);
        let of = |figure: &str| find(&made.table, &[("is_total", "true")], figure);
        let theirs = case.expected(name);
        close(of("n"), 1.0, &theirs["n"], name);
        close(of("estimate"), 1.0, &theirs["nps"], name);
        close(of("std_error"), 1.0, &theirs["se_points"], name);
        close(of("conf_low"), 1.0, &theirs["adjusted_wald_ci95"][0], name);
        close(of("conf_high"), 1.0, &theirs["adjusted_wald_ci95"][1], name);
    }
}

#[test]
fn weighted_rows_of_net_promoter_scores_have_both_errors() {
    for name in ["np05_weighted_apple", "np05_weighted_nokia"] {
        let Some(case) = case(name) else { return };
        let id = || col("resp_id").cast(DataType::Int64);
        let weight = lit(0.5) + ((id() * lit(37)) % lit(101)).cast(DataType::Float64) / lit(50.0);
        assert_eq!(case.text("weight"), "0.5 + ((resp_id * 37) mod 101) / 50");
        let rows = case.rows.clone().with_column(weight.alias("w"));
        for (variance, theirs) in [(Variance::EffectiveBase, "kish_se"), (Variance::Taylor, "taylor_se")] {
            let with = |stage: CrossTab| stage.weight("w").variance(variance);
            let made = scored(&case, &case.text("score"), rows.clone(), 0.95, with);
            let of = |figure: &str| find(&made.table, &[("is_total", "true")], figure);
            close(of("estimate"), 1.0, case.expected("nps"), name);
            close(of("std_error"), 1.0, case.expected(theirs), name);
            close(of("n_effective"), 1.0, case.expected("base_effective"), name);
        }
    }
}

/// The three ways to write several answers give the same tables.
#[test]
fn encodings_of_several_answers_agree() {
    let rows = df!(
        "region" => ["n", "n", "s", "s", "n"],
        "web" => [Some(1), Some(0), Some(1), None, Some(0)],
        "fair" => [Some(0), Some(1), Some(1), None, Some(0)],
        "first" => [Some("web"), Some("fair"), Some("fair"), None, None],
        "second" => [None, None, Some("web"), None, None],
        "text" => [Some("web"), Some(" fair "), Some("web; fair;"), None, Some("")],
    )
    .unwrap()
    .lazy();
    let labels = [("fair", "fair"), ("web", "web")];
    let flags = Question::flags([("fair", "fair"), ("web", "web")]);
    let made = |question: Question, name: &str| {
        let stage =
            CrossTab::new([[name]], [["region"]]).question(name, question.net("Any", ["fair", "web"]));
        apply(stage, rows.clone()).unwrap()
    };
    let first = made(flags, "q");
    assert_eq!(find(&first.table, &[("row_value", "Any"), ("is_total", "true")], "n"), Some(3.0));
    let excluded = |made: &Applied, reason: &str| find(&made.sides["excluded"], &[("reason", reason)], "n");
    assert_eq!((excluded(&first, "not_asked"), excluded(&first, "row_missing")), (Some(1.0), Some(1.0)));
    let text = made(Question::delimited("text", ";").labels(labels), "q");
    assert!(first.table.equals_missing(&text.table), "{}{}", first.table, text.table);
    assert!(first.sides["excluded"].equals_missing(&text.sides["excluded"]));
    // Where each column holds an answer, nobody's none cannot be told from not being asked.
    let codes = made(Question::codes(["first", "second"]).labels(labels), "q");
    assert!(first.table.equals_missing(&codes.table), "{}{}", first.table, codes.table);
}
