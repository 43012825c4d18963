//! The stage through the library: order, texts, bases, refusals.

use polars::prelude::{DataFrame, DataType, IntoLazy, LazyFrame, NamedFrom, Series, df};

use super::*;
use crate::diagnostic::CautionCode;
use crate::{ApplyError, apply};

fn answers() -> LazyFrame {
    df!(
        "^source$" => ["web", "fair", "web"],
        "date" => [Some(20_000), None, Some(10_000)],
        "share" => [0.25, -0.0, 1.0 / 3.0],
        "w" => [100.0, 1.0, 1.0],
    )
    .unwrap()
    .lazy()
    .with_column(polars::prelude::col("date").cast(DataType::Date))
}

fn words(table: &DataFrame, column: &str) -> Vec<String> {
    table.column(column).unwrap().str().unwrap().iter().flatten().map(str::to_owned).collect()
}

#[test]
fn values_are_shown_as_text_in_the_order_of_values() {
    let stage = CrossTab::new([["share"]], [["date"], ["^source$"]]);
    let made = apply(stage, answers()).unwrap();
    let first = made.table.slice(0, 3);
    assert_eq!(words(&first, "row_value"), ["0"; 3]);
    assert_eq!(words(&first, "column_value"), ["Total", "1997-05-19", "2024-10-04"]);
    let rows = words(&made.table.slice(9, 9), "row_value");
    assert_eq!([&rows[0], &rows[3], &rows[6]], ["0", "0.25", "0.333333333333"]);
}

#[test]
fn heavy_weights_and_missing_rows_are_told_of() {
    let stage = || CrossTab::new([["share"]], [["^source$"]]).weight("w");
    let made = apply(stage(), answers()).unwrap();
    assert!(made.cautions.iter().any(|caution| caution.code == CautionCode::HeavyWeights));
    let made = apply(stage().filter("w > 1000"), answers()).unwrap();
    assert_eq!(made.cautions.len(), 1);
    assert_eq!(made.cautions[0].code, CautionCode::NoRows);
    assert_eq!((made.table.height(), made.sides["excluded"].height()), (0, 8));
}

#[test]
fn a_table_that_nobody_is_in_keeps_its_rows() {
    let made = apply(CrossTab::new([["share"]], [["date"]]).filter("share = 0"), answers()).unwrap();
    assert_eq!(words(&made.table, "column_value"), ["Total"]);
    assert_eq!(made.table.column("column_share").unwrap().null_count(), 1);
    let told = &made.cautions[0];
    assert_eq!((told.code, told.key.as_str()), (CautionCode::EmptyBase, "table=1"));
}

#[test]
fn parts_of_a_nested_value_can_be_told_apart() {
    let frame =
        df!("share" => [1, 1, 1], "sex" => ["m / w", "m / w", "d"], "mood" => ["so / so", "up", "up"]);
    let stage = CrossTab::new([["share"]], [vec!["sex", "mood"], vec!["mood"]]);
    let made = apply(stage, frame.unwrap().lazy()).unwrap();
    let columns = words(&made.table, "column_value");
    let expected = ["Total", "d / up", "m/w / so/so", "m/w / up", "Total", "so / so", "up"];
    assert_eq!(columns, expected, "alone an answer stays as it is");
}

#[test]
fn every_mistake_is_told_at_once() {
    let nested = Series::new("list".into(), [Series::new("".into(), [1])]);
    let frame = df!("list" => nested, "w" => ["1"]).unwrap().lazy();
    let mut stage = CrossTab::new([vec!["list"], vec!["w", "w"]], [Vec::<&str>::new()]).weight("w");
    stage.small_base = 10.into();
    let found = match apply(stage, frame) {
        Err(ApplyError::Check(found)) => found,
        _ => panic!("the options fit"),
    };
    let codes: Vec<&str> = found.iter().map(|told| told.code.word()).collect();
    let expected = ["column-type", "duplicate-column", "invalid-option", "column-type", "invalid-option"];
    assert_eq!(codes, expected);
}

/// The texts of a column of the main table, null as `-`.
fn texts(table: &DataFrame, column: &str) -> Vec<String> {
    let column = table.column(column).unwrap().cast(&DataType::String).unwrap();
    column.str().unwrap().iter().map(|text| text.unwrap_or("-").to_owned()).collect()
}

fn codes(told: Result<crate::Applied, ApplyError>) -> Vec<String> {
    match told {
        Err(ApplyError::Check(found)) => found.iter().map(|told| told.message.clone()).collect(),
        Err(ApplyError::Run(RunError::Data(found))) => {
            found.iter().map(|told| told.message.clone()).collect()
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the options fit"),
    }
}

fn people() -> LazyFrame {
    df!(
        "region" => ["n", "n", "n", "s", "s", "s", "s"],
        "wave" => ["1", "1", "2", "1", "2", "2", "2"],
        "code" => [Some(1i64), Some(2), Some(9), Some(2), Some(3), Some(3), None],
        "text" => ["a|b", "b", "c | a", "", "b", "a", "b"],
        "web" => [1i64, 0, 1, 1, 0, 1, 0],
        "fair" => [true, true, false, false, false, true, false],
        "w" => [1.0, 2.0, 1.0, 1.0, 3.0, 1.0, 1.0],
        "school" => [1i64, 1, 2, 3, 3, 4, 5],
        "many" => [4.0, 4.0, 4.0, 9.0, 9.0, 9.0, 9.0],
    )
    .unwrap()
    .lazy()
}

#[test]
fn mistakes_in_questions_are_told() {
    let question = |question: Question| {
        let stage = CrossTab::new([["q"]], [["region"]]).question("q", question);
        codes(apply(stage, people()))
    };
    let of = |messages: &[&str]| {
        messages.iter().map(|text| format!("stage `cross_tab` {text}")).collect::<Vec<_>>()
    };
    let text = Question::column("text").statistics([Statistic::Mean]);
    assert_eq!(question(text), of(&["cannot rank or average answers"]));
    let both = Question { columns: Question::codes(["web"]).columns, ..Question::column("web") };
    assert_eq!(question(both), of(&["has a question with `column` and `columns`"]));
    let several = Question::codes(["web", "code"]).boxes(2, 2);
    assert_eq!(question(several), of(&["cannot rank or average several answers"]));
    let dates = Question::flags([("text", "Text")]);
    assert_eq!(question(dates), of(&["needs a column per answer"]));
    let net = Question::flags([("web", "Web")]).net("Any", ["web", "fare"]);
    assert_eq!(question(net), of(&["asks for an answer that its question does not have"]));
    assert_eq!(question(Question::delimited("text", "")), of(&["has an empty separator"]));
    assert_eq!(question(Question::column("code").hide_answers()), of(&["hides all of a question"]));
    assert_eq!(question(Question::column("code").net("None", [])), of(&["has a net of no answers"]));
    let none = Question { none_of_these: Some(Answer("9".into()).into()), ..Question::column("code") };
    assert_eq!(question(none), of(&["has `none_of_these` for a question with one answer"]));
    let twice = Question::column("code").boxes(0, 1).statistics([Statistic::Mean, Statistic::Mean]);
    assert_eq!(question(twice), of(&["has a box of no answers", "asks for a statistic twice"]));
    let scored =
        Question { scores: [("1", 1.0), ("9", 0.0)].into_iter().collect(), ..Question::column("code") };
    let scored = scored.off_scale(["9"]).statistics([Statistic::Mean]);
    assert_eq!(question(scored), of(&["scores an answer that is no point of the scale"]));
    let no_scale = Question::column("code").off_scale(["9"]);
    assert_eq!(question(no_scale), of(&["leaves an answer off a scale that nothing uses"]));
    let unused = Question { scores: [("1", 10.0)].into_iter().collect(), ..Question::column("code") };
    assert_eq!(question(unused), of(&["has scores that nothing uses"]));
}

#[test]
fn mistakes_in_tests_are_told() {
    let tests = |tests: Tests| codes(apply(CrossTab::new([["code"]], [["wave"]]).tests(tests), people()));
    let levels = Tests { confidence: [0.9, 0.9].into_iter().collect(), ..Tests::default() };
    assert_eq!(tests(levels), ["stage `cross_tab` wants one or two levels of confidence"]);
    let previous = Tests { compare: [Against::Previous].into_iter().collect(), ..Tests::default() };
    assert_eq!(tests(previous.clone()), ["stage `cross_tab` compares waves and knows none"]);
    let idle = Tests { waves: ["wave"].into_iter().collect(), ..Tests::default() };
    assert_eq!(tests(idle), ["stage `cross_tab` knows waves and does not compare them"]);
    let elsewhere = Tests { waves: ["region"].into_iter().collect(), ..previous };
    assert_eq!(tests(elsewhere), ["stage `cross_tab` names a wave that makes no columns"]);
}

/// Designs that give no errors stop the stage, in words of the data.
#[test]
fn a_design_that_the_data_contradicts_is_told() {
    let stage = || CrossTab::new([["code"]], [["wave"]]).weight("w");
    let lonely = codes(apply(stage().design(Some("school"), None, None), people()));
    assert_eq!(lonely, ["stage `cross_tab` has a stratum that does not show how much it varies"]);
    let mut centred = stage().design(Some("school"), None, None);
    centred.lonely_psu = Some(LonelyPsu::Centre.into());
    assert!(apply(centred, people()).is_ok());
    let few = codes(apply(stage().design(Some("region"), None, Some("w")), people()));
    assert_eq!(few, ["stage `cross_tab` needs one size of population for each stratum"]);
    let small = people().with_column(polars::prelude::lit(2.0).alias("many"));
    let small = codes(apply(stage().design(Some("region"), None, Some("many")), small));
    assert_eq!(small, ["stage `cross_tab` has a sample larger than its population"]);
    assert!(apply(stage().design(Some("region"), None, Some("many")), people()).is_ok());
}

#[test]
fn labels_order_answers_and_unknown_ones_are_told_of() {
    let question = Question {
        sort: Sort::ByTotal,
        last: [Spanned::from(Answer("Don't know".into()))].into_iter().collect(),
        ..Question::column("code")
            .labels([("9", "Don't know"), ("1", "One"), ("4", "Four")])
            .net("Two or three", ["2", "3"])
            .net("Typo", ["33"])
    };
    let made =
        apply(CrossTab::new([["q"]], [["region"]]).question("q", question).bases(0, 0), people()).unwrap();
    let rows: Vec<String> = texts(&made.table, "row_value").into_iter().step_by(3).collect();
    assert_eq!(rows, ["Two or three", "2", "3", "One", "Four", "Typo", "Don't know"]);
    let told: Vec<&str> = made.cautions.iter().map(|told| told.message.as_str()).collect();
    assert_eq!(told, ["`cross_tab`: nobody gave the answers `4`, `33` of q"]);
}

#[test]
fn answers_of_one_name_are_told_apart() {
    let question = Question::column("code").labels([("1", "Low"), ("2", "Low")]);
    let made = apply(CrossTab::new([["q"]], [["region"]]).question("q", question), people()).unwrap();
    let rows: Vec<String> = texts(&made.table, "row_value").into_iter().step_by(3).collect();
    assert_eq!(rows, ["Low", "Low (2)", "3", "9"]);
}

/// Several answers nested in one, on both sides, and letters within each group only.
#[test]
fn several_answers_nest() {
    let visits = Question::flags([("web", "Web"), ("fair", "Fair")]);
    let topics = Question::delimited("text", "|");
    let tests = Tests { confidence: [0.5].into_iter().collect(), ..Tests::default() };
    let stage = CrossTab::new([["region", "topics"]], [["wave", "visits"]])
        .question("visits", visits)
        .question("topics", topics)
        .bases(0, 0)
        .tests(tests);
    let made = apply(stage, people()).unwrap();
    let table = &made.table;
    let columns = texts(&table.slice(0, 5), "column_value");
    assert_eq!(columns, ["Total", "1 / Web", "1 / Fair", "2 / Web", "2 / Fair"]);
    assert_eq!(texts(&table.slice(0, 5), "letter"), ["-", "A", "B", "A", "B"]);
    let rows: Vec<String> = texts(table, "row_value").into_iter().step_by(5).collect();
    assert_eq!(rows, ["n / a", "n / b", "n / c", "s / a", "s / b", "s / c"]);
    let n: Vec<String> = texts(table, "n");
    // In the north and wave 1: `a|b` with web and fair, `b` with fair.
    assert_eq!(n[..10], ["2", "1", "1", "1", "0", "2", "1", "2", "0", "0"]);
    let tests = &made.sides["tests"];
    for (column, other) in texts(tests, "column_value").iter().zip(texts(tests, "against_value")) {
        assert_eq!(column[..1], other[..1], "{column} against {other}");
    }
}

#[test]
fn a_wave_without_answers_is_passed_over() {
    let tests = Tests {
        compare: [Against::Previous].into_iter().collect(),
        waves: ["wave"].into_iter().collect(),
        ..Tests::default()
    };
    let question = Question::column("wave").labels([("1", "First"), ("x", "Never"), ("2", "Last")]);
    let stage = CrossTab::new([["code"]], [vec!["region", "wave"], vec!["wave"]]).question("wave", question);
    let made = apply(stage.tests(tests).bases(0, 0), people()).unwrap();
    let tests = &made.sides["tests"];
    let mut pairs: Vec<(String, String)> =
        texts(tests, "column_value").into_iter().zip(texts(tests, "against_value")).collect();
    pairs.sort();
    pairs.dedup();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let wanted = [
        pair("Last", "First"),
        pair("Never", "First"),
        pair("n / Last", "n / First"),
        pair("s / Last", "s / First"),
    ];
    assert_eq!(pairs, wanted);
}

/// The conditions of questions and of the stage, and who was asked.
#[test]
fn rows_are_left_out_under_the_first_reason() {
    let question =
        Question { filter: Some("wave = '2'".into()), ..Question::column("code").asked("region = 's'") };
    let stage = CrossTab::new([["q"]], [["web"]]).question("q", question);
    let count = |stage: CrossTab| {
        let made = apply(stage, people()).unwrap();
        let excluded =
            made.sides["excluded"].column("n").unwrap().i64().unwrap().iter().flatten().collect::<Vec<_>>();
        let tables = &made.sides["tables"];
        (excluded, texts(tables, "n_read")[0].clone(), texts(tables, "filter")[0].clone())
    };
    let expected = vec![3, 1, 1, 0, 0, 0, 0, 0];
    assert_eq!(count(stage.clone()), (expected, "7".into(), "wave = '2'".into()));
    let expected = vec![2, 1, 1, 0, 0, 0, 0, 0];
    let both = "(w < 2) AND (wave = '2')".into();
    assert_eq!(count(stage.filter("w < 2")), (expected, "5".into(), both));
}

#[test]
fn answers_of_several_that_nobody_gave_are_told_of() {
    let question = Question {
        none_of_these: Some(Answer("none".into()).into()),
        ..Question::delimited("text", "|").labels([("b", "Bee"), ("d", "Dee")]).net("Both", ["a", "z"])
    };
    let made =
        apply(CrossTab::new([["q"]], [["region"]]).question("q", question).bases(0, 0), people()).unwrap();
    let rows: Vec<String> = texts(&made.table, "row_value").into_iter().step_by(3).collect();
    assert_eq!(rows, ["Bee", "Dee", "Both", "a", "c"]);
    let told: Vec<&str> = made.cautions.iter().map(|told| told.message.as_str()).collect();
    assert_eq!(told, ["`cross_tab`: nobody gave the answers `d`, `z`, `none` of q"]);
}

#[test]
fn a_question_that_is_nearly_one_is_guessed() {
    let stage = CrossTab::new([["visits"]], [["region"]]).question("visit", Question::column("web"));
    let Err(ApplyError::Check(found)) = apply(stage, people()) else { panic!("there is no `visits`") };
    assert_eq!(found[0].help, ["did you mean `visit`?"]);
}

/// A question by itself: everyone is on the diagonal; of several answers also beside it.
#[test]
fn a_question_can_be_crossed_with_itself() {
    let visits = Question::flags([("web", "Web"), ("fair", "Fair")]);
    let stage = CrossTab::new([["region"], ["visits"]], [["region"], ["visits"]]).question("visits", visits);
    let made = apply(stage.bases(0, 0), people()).unwrap();
    let table = |number: usize| {
        let tables = texts(&made.table, "table");
        let n = texts(&made.table, "n");
        let of = |at: &usize| tables[*at] == number.to_string();
        (0..n.len()).filter(of).map(|at| n[at].clone()).collect::<Vec<_>>()
    };
    assert_eq!(table(1), ["3", "3", "0", "4", "0", "4"]);
    // Web: rows 1, 3, 4, 6; fair: rows 1, 2, 6.
    assert_eq!(table(4), ["4", "4", "2", "3", "2", "3"]);
}

/// Without rows every table is still there, with nobody in it.
#[test]
fn nobody_is_counted_where_nobody_is() {
    let topics = Question::delimited("text", "|").net("Any", ["a", "b"]);
    let stage = CrossTab::new([["topics"], ["code"]], [["region"], ["topics"]]).question("topics", topics);
    let made =
        apply(stage.filter("w > 100").chi_square().suppress(5).tests(Tests::default()), people()).unwrap();
    assert_eq!(made.sides["tables"].height(), 4);
    assert_eq!(made.cautions.len(), 1);
    assert!(texts(&made.table, "n").iter().all(|n| n == "0"));
}

fn figure(table: &DataFrame, line: usize, column: &str) -> f64 {
    table.column(column).unwrap().cast(&DataType::Float64).unwrap().f64().unwrap().get(line).unwrap()
}

/// Worked by hand: two answers in each of six columns, with squares of 2, 8, 2, 8, 0 and 0. Wave 2 is
/// compared on 20 over 8 − 4, wave 3 on 10 over 8 − 4; a column with the rest on 20 over 12 − 6.
#[test]
fn the_pooled_spread_holds_both_columns() {
    let frame = df!(
        "wave" => ["1", "1", "1", "1", "2", "2", "2", "2", "3", "3", "3", "3"],
        "sex" => ["m", "m", "f", "f", "m", "m", "f", "f", "m", "m", "f", "f"],
        "points" => [1i64, 3, 2, 6, 4, 6, 5, 9, 8, 8, 7, 7],
    )
    .unwrap()
    .lazy();
    let stage = |against: Against, waves: &[&str]| {
        CrossTab::new([["points"]], [["wave", "sex"]])
            .question(
                "points",
                Question { hide_answers: true, ..Question::default() }.statistics([Statistic::Mean]),
            )
            .bases(0, 0)
            .tests(Tests {
                compare: [against].into_iter().collect(),
                waves: waves.iter().copied().collect(),
                means: Some(Means::PooledAll.into()),
                ..Tests::default()
            })
    };
    let close = |ours: f64, theirs: f64| assert!((ours - theirs).abs() < 1e-12, "{ours} {theirs}");
    let previous = apply(stage(Against::Previous, &["wave"]), frame.clone()).unwrap();
    let tests = &previous.sides["tests"];
    let pairs: Vec<String> = texts(tests, "column_value");
    assert_eq!(pairs, ["2 / f", "2 / m", "3 / f", "3 / m"]);
    for (line, t) in [3.0 / 5f64.sqrt(), 3.0 / 5f64.sqrt(), 0.0, 3.0 / 2.5f64.sqrt()].into_iter().enumerate()
    {
        close(figure(tests, line, "statistic"), t);
        close(figure(tests, line, "df"), 4.0);
    }
    // 1 / m has the mean 2, the ten others 6.2.
    let rest = apply(stage(Against::Rest, &[]), frame).unwrap();
    let tests = &rest.sides["tests"];
    assert_eq!(texts(tests, "column_value")[1], "1 / m");
    close(figure(tests, 1, "statistic"), -4.2 / (20.0f64 / 6.0 * 0.6).sqrt());
    close(figure(tests, 1, "df"), 6.0);
}

/// The note names the test that was made: Welch's knows no people in both columns.
#[test]
fn the_note_tells_which_test_of_means_was_made() {
    let visits = Question::flags([("web", "Web"), ("fair", "Fair")]);
    let code = Question::column("code").statistics([Statistic::Mean]);
    let note = |column: &str, compare: &[Against], means: Means, code: &Question| {
        let stage = CrossTab::new([["q"]], [[column]]).question("q", code.clone());
        let stage = match column {
            "visits" => stage.question("visits", visits.clone()),
            _ => stage,
        };
        let stage = stage.bases(0, 0).tests(Tests {
            compare: compare.iter().copied().collect(),
            means: Some(means.into()),
            ..Tests::default()
        });
        let note = texts(&apply(stage, people()).unwrap().sides["tables"], "test_note")[0].clone();
        let (_, after) = note.split_once(": ").unwrap();
        after.split_once(';').unwrap().0.to_owned()
    };
    let (columns, total) = (&[Against::Columns][..], &[Against::Total][..]);
    let pair = "t test with the spread of the two columns and a correction for people in both";
    assert_eq!(
        note("wave", columns, Means::Welch, &code),
        "shares by pooled z test, means and NPS by Welch's t test"
    );
    for (column, compare) in [("visits", columns), ("wave", total)] {
        let expected =
            format!("shares by pooled z test with a correction for people in both, means and NPS by {pair}");
        assert_eq!(note(column, compare, Means::Welch, &code), expected);
    }
    let hidden = code.clone().hide_answers();
    let both = [Against::Columns, Against::Total];
    let expected = format!("means and NPS by Welch's t test or, where people are in both, by {pair}");
    assert_eq!(note("wave", &both, Means::Welch, &hidden), expected);
    let expected = "means and NPS by t test with the spread of all columns of the group";
    assert_eq!(note("wave", columns, Means::PooledAll, &hidden), expected);
}

/// By its label, in a net promoter score and in nested rows: it is neither on the scale nor told of.
#[test]
fn an_answer_off_the_scale_is_in_no_score() {
    let frame = df!(
        "region" => ["n", "n", "n", "n", "s", "s"],
        "likely" => [10i64, 8, 3, 99, 9, 99],
        "w" => [1.0, 1.0, 1.0, 5.0, 1.0, 5.0],
    )
    .unwrap()
    .lazy();
    for variance in [Variance::Frequency, Variance::EffectiveBase, Variance::Taylor] {
        let question = Question::column("likely")
            .labels([("99", "Don't know")])
            .off_scale(["Don't know"])
            .boxes(1, 1)
            .statistics([Statistic::Nps, Statistic::Mean])
            .hide_answers();
        let stage = CrossTab::new([["region", "q"]], [["region"]]).question("q", question);
        let made = apply(stage.weight("w").variance(variance).bases(0, 0), frame.clone()).unwrap();
        assert!(!made.cautions.iter().any(|told| told.code == CautionCode::InvalidAnswers));
        let table = made.table.lazy().filter(polars::prelude::col("is_total")).collect().unwrap();
        let rows = texts(&table, "row_value");
        let at = |row: &str| rows.iter().position(|other| other == row).unwrap();
        assert_eq!(texts(&table, "n")[at("n / Top box")], "1");
        assert_eq!(texts(&table, "n")[at("n / NPS")], "3");
        assert_eq!(figure(&table, at("n / NPS"), "estimate"), 0.0);
        assert_eq!(figure(&table, at("n / Mean"), "estimate"), 7.0);
        assert_eq!(figure(&table, at("s / NPS"), "estimate"), 100.0);
    }
}

#[test]
fn options_without_effect_are_refused() {
    let told = |stage: CrossTab| {
        let Err(ApplyError::Check(found)) = apply(stage, people()) else { panic!("the options fit") };
        found.into_iter().map(|told| told.message).collect::<Vec<_>>()
    };
    let only = |what: &str| {
        [format!("stage `cross_tab` has options that do nothing where a question only makes {what}")]
    };
    let scored = Question { sort: Sort::ByTotal, ..Question::column("code").statistics([Statistic::Mean]) };
    let banner = CrossTab::new([["region"]], [["q"]]).question("q", scored.clone());
    assert_eq!(told(banner), only("columns"));
    let outer = CrossTab::new([["q", "region"]], [["wave"]]).question("q", scored.clone());
    assert_eq!(told(outer), only("outer rows"));
    let filtered = Question { filter: Some("w > 1".into()), ..Question::column("code") };
    let banner = CrossTab::new([["region"]], [["q"]]).question("q", filtered.clone());
    assert_eq!(told(banner), only("columns"));
    // In the outer rows a condition holds, and where a question has rows of its own everything does.
    let outer = CrossTab::new([["q", "region"]], [["wave"]]).question("q", filtered);
    assert!(apply(outer, people()).is_ok());
    let both = CrossTab::new([["q"], ["region"]], [["q"]]).question("q", scored.clone());
    assert!(apply(both, people()).is_ok());

    let chosen = Tests { means: Some(Means::Welch.into()), ..Tests::default() };
    let stage = CrossTab::new([["q"]], [["wave"]]).question("q", scored.clone()).tests(chosen);
    let unused = "stage `cross_tab` chooses a test of means and does not use it";
    assert_eq!(told(stage.clone().weight("w")), [unused]);
    assert!(apply(stage.weight("w").variance(Variance::Frequency), people()).is_ok());

    let hidden = CrossTab::new([["q"]], [["wave"]]).question("q", scored.hide_answers()).chi_square();
    assert_eq!(told(hidden), ["stage `cross_tab` asks for `chi_square` and has no table for it"]);
    let several = Question::flags([("web", "Web"), ("fair", "Fair")]);
    let several = CrossTab::new([["code"]], [["q"]]).question("q", several).chi_square();
    assert_eq!(told(several.clone()), ["stage `cross_tab` asks for `chi_square` and has no table for it"]);
    let beside = CrossTab { columns: CrossTab::new([["code"]], [["q"], ["wave"]]).columns, ..several };
    assert!(apply(beside, people()).is_ok());
}

#[test]
fn columns_have_the_words_of_their_questions() {
    let visits = Question { title: Some("Where did you look?".into()), ..Question::flags([("web", "Web")]) };
    let stage = CrossTab::new([["code"]], [vec!["wave", "visits"], vec!["wave"]]).question("visits", visits);
    let tables = &apply(stage, people()).unwrap().sides["tables"];
    assert_eq!(texts(tables, "column_title"), ["wave / Where did you look?", "wave"]);
}

/// A base that is hidden for another's sake is not told by a caution either.
#[test]
fn cautions_tell_no_hidden_base() {
    let many = |region: &str, n: usize| vec![region.to_owned(); n];
    let region: Vec<String> =
        [("A", 3), ("B", 12), ("C", 300), ("D", 300)].map(|(at, n)| many(at, n)).concat();
    let phase: Vec<i64> = (0..region.len() as i64).map(|at| at % 2).collect();
    let rows = df!("region" => region, "phase" => phase).unwrap().lazy();
    for min_base in [0, 2, 30] {
        let stage = CrossTab::new([["phase"]], [["region"]]).suppress(5).bases(min_base, 100);
        let made = apply(stage, rows.clone()).unwrap();
        let told: Vec<&str> = made.cautions.iter().map(|told| told.message.as_str()).collect();
        assert!(told.iter().all(|text| !text.contains("12") && !text.contains("rests on 3")), "{told:?}");
        assert!(made.cautions.iter().all(|told| told.figure.is_none()), "{told:?}");
        assert_eq!(told.is_empty(), min_base == 0);
        let at = texts(&made.table, "column_value").iter().position(|column| column == "B").unwrap();
        assert_eq!(texts(&made.table, "base")[at], "-");
        assert_eq!(texts(&made.table, "base_mark")[at], "-");
    }
}

#[test]
fn a_question_that_no_table_uses_is_told() {
    let unused = |name: &str| {
        let stage = CrossTab::new([["code"]], [["region"]]).question(name, Question::column("web"));
        let Err(ApplyError::Check(found)) = apply(stage, people()) else { panic!("`{name}` is not used") };
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "stage `cross_tab` has a question that no table uses");
        found[0].help.clone()
    };
    assert_eq!(unused("CODE"), ["did you mean `code`?"]);
    assert_eq!(unused("regoin"), ["did you mean `region`?"]);
    assert_eq!(unused("sat"), ["name it in `rows` or `columns`, or leave it out"]);
}

/// The name that makes one answer distinct may be that of another.
#[test]
fn answers_of_one_name_stay_apart() {
    let frame = df!("code" => ["1", "2", "3"], "region" => ["N", "N", "N"]).unwrap().lazy();
    let labels = [("1", "a"), ("2", "a"), ("3", "a (2)")];
    let stage =
        CrossTab::new([["code"]], [["region"]]).question("code", Question::column("code").labels(labels));
    let made = apply(stage, frame).unwrap();
    let total = made.table.column("is_total").unwrap().bool().unwrap().clone();
    let rows = made.table.filter(&total).unwrap();
    assert_eq!(texts(&rows, "row_value"), ["a", "a (2) (2)", "a (2)"]);
}

#[test]
fn a_net_is_not_called_like_a_box() {
    let question = || Question::column("code").boxes(2, 2);
    let stage = CrossTab::new([["code"]], [["region"]]).question("code", question().net("Top 2 box", ["1"]));
    let Err(ApplyError::Check(found)) = apply(stage, people()) else { panic!("two rows of one name") };
    assert_eq!(found[0].message, "stage `cross_tab` has a net called like one of its boxes");
    let stage = CrossTab::new([["code"]], [["region"]]).question("code", question().net("Top 3 box", ["1"]));
    assert!(apply(stage, people()).is_ok());
}

/// Expected counts by hand, with weights that are no frequencies scaled to people: margins of 4, 2 and of
/// 3, 3 among 6 people.
#[test]
fn cells_have_expected_counts_on_the_scale_of_the_test() {
    let frame = df!(
        "region" => ["n", "n", "n", "s", "s", "s", "s"],
        "code" => [Some(1i64), Some(1), Some(2), Some(1), Some(1), Some(2), None],
    )
    .unwrap()
    .lazy()
    .with_column(polars::prelude::lit(10.0).alias("w"));
    let question = || {
        let labels = [("1", "One"), ("3", "Three"), ("2", "Two")];
        Question::column("code").labels(labels).net("Some", ["1", "2"]).statistics([Statistic::Mean])
    };
    let expected = |stage: CrossTab| {
        let made = apply(stage.question("q", question()).bases(0, 0), frame.clone()).unwrap();
        let total = texts(&made.table, "is_total");
        let (rows, expected) = (texts(&made.table, "row_value"), texts(&made.table, "expected"));
        let cells = (0..rows.len()).filter(|at| expected[*at] != "-");
        cells.map(|at| (total[at].clone(), rows[at].clone(), expected[at].clone())).collect::<Vec<_>>()
    };
    let cell = |row: &str, count: &str| ("false".to_owned(), row.to_owned(), count.to_owned());
    let wanted = [cell("One", "2.0"), cell("One", "2.0"), cell("Two", "1.0"), cell("Two", "1.0")];
    let stage = CrossTab::new([["q"]], [["region"]]).chi_square();
    assert_eq!(expected(stage.clone()), wanted);
    assert_eq!(expected(stage.clone().weight("w")), wanted);
    let wanted = [cell("One", "20.0"), cell("One", "20.0"), cell("Two", "10.0"), cell("Two", "10.0")];
    assert_eq!(expected(stage.clone().weight("w").variance(Variance::Frequency)), wanted);
    assert_eq!(expected(stage.clone().suppress(5)), []);
    assert_eq!(expected(CrossTab::new([["q"]], [["region"]])), []);
}

/// Nets stand before their answers, have letters within their group, and hold what their answers hold; in
/// outer parts too. As in rows an answer stands under its first net. An answer of a net's name keeps it; a
/// net of nobody is an empty column.
#[test]
fn nets_make_columns() {
    let region = Question::column("region")
        .labels([("s", "South"), ("n", "North"), ("e", "East")])
        .net("Poles", ["North", "South"])
        .net("North", ["n"])
        .net("Typo", ["x"]);
    let stage = CrossTab::new([["code"]], [vec!["q"], vec!["q", "wave"]])
        .question("q", region)
        .bases(0, 0)
        .tests(Tests { confidence: [0.5].into_iter().collect(), ..Tests::default() });
    let made = apply(stage, people()).unwrap();
    let first = made.table.slice(0, 7);
    let columns = ["Total", "Poles", "South", "North", "North (net)", "East", "Typo"];
    assert_eq!(texts(&first, "column_value"), columns);
    let kinds = ["total", "net", "answer", "answer", "net", "answer", "net"];
    assert_eq!(texts(&first, "column_kind"), kinds);
    assert_eq!(texts(&first, "letter"), ["-", "A", "B", "C", "D", "E", "F"]);
    assert_eq!(texts(&first, "base"), ["6", "6", "3", "3", "3", "0", "0"]);
    let nested = made.table.slice(28, 9);
    let columns = [
        "Total",
        "Poles / 1",
        "Poles / 2",
        "South / 1",
        "South / 2",
        "North / 1",
        "North / 2",
        "North (net) / 1",
        "North (net) / 2",
    ];
    assert_eq!(texts(&nested, "column_value"), columns);
    assert_eq!(texts(&nested, "base"), ["6", "3", "3", "1", "2", "2", "1", "2", "1"]);
    let tests = &made.sides["tests"];
    let pairs: Vec<(String, String)> =
        texts(tests, "column_value").into_iter().zip(texts(tests, "against_value")).collect();
    let has = |a: &str, b: &str| pairs.contains(&(a.to_owned(), b.to_owned()));
    assert!(has("South", "North (net)") && has("South", "North") && has("Poles / 1", "Poles / 2"));
    assert!(!has("Poles", "South") && !has("Poles", "North") && !has("North (net)", "North"));
    assert!(!has("Poles", "North (net)"), "a net within a net");
}

/// Several answers too: whoever gave one of them counts once, and a comparison knows who gave both.
#[test]
fn nets_of_several_answers_make_columns() {
    let visits = Question::flags([("web", "Web"), ("fair", "Fair")]).net("Any", ["web", "fair"]);
    let stage = |columns: &[&str]| {
        CrossTab::new([["region"]], [columns.to_vec()])
            .question("visits", visits.clone())
            .bases(0, 0)
            .tests(Tests::default())
    };
    let made = apply(stage(&["visits"]), people()).unwrap();
    let first = made.table.slice(0, 4);
    assert_eq!(texts(&first, "column_value"), ["Total", "Any", "Web", "Fair"]);
    // Web: rows 1, 3, 4, 6; fair: rows 1, 2, 6.
    assert_eq!(texts(&first, "base"), ["5", "5", "4", "3"]);
    let tests = &made.sides["tests"];
    assert_eq!(texts(tests, "against_value"), ["Fair", "Fair"], "only the two answers");
    let refused = codes(apply(stage(&["wave", "visits"]).suppress(5), people()));
    assert_eq!(refused, ["stage `cross_tab` cannot hide people in nested nets of several answers"]);
    assert!(apply(stage(&["wave", "visits"]), people()).is_ok());
    assert!(apply(stage(&["visits"]).suppress(5), people()).is_ok());
}

/// A net of waves is no wave, neither the one compared nor the one before.
#[test]
fn waves_put_together_are_no_wave() {
    let waves = Question::column("code").net("Both", ["2", "3"]);
    let tests = Tests {
        compare: [Against::Previous].into_iter().collect(),
        waves: ["q"].into_iter().collect(),
        ..Tests::default()
    };
    let stage = CrossTab::new([["region"]], [["q"]]).question("q", waves).tests(tests);
    let made = apply(stage.bases(0, 0), people()).unwrap();
    let tests = made.sides["tests"].slice(0, 3);
    assert_eq!(texts(&tests, "column_value"), ["2", "3", "9"]);
    assert_eq!(texts(&tests, "against_value"), ["1", "2", "3"]);
}

/// Of answers that nobody sees, base less those in the score would tell the two who gave 99: in one
/// column, in the total less the other column, and in other tables. The mean, which has all and more
/// points than it tells of, stays.
#[test]
fn a_statistic_tells_no_few_whom_it_leaves_out() {
    let many = |code: i64, n: usize| vec![code; n];
    let spread: Vec<i64> = (0..20).map(|at| 5 + at % 5).collect();
    let codes = [spread, many(99, 2), many(5, 20), many(9, 20)].concat();
    let region = [vec!["n"; 22], vec!["s"; 40]].concat();
    let frame = df!("code" => codes, "region" => region).unwrap().lazy();
    let question = Question::column("code").statistics([Statistic::Nps, Statistic::Mean]).hide_answers();
    let stage = |question| CrossTab::new([["q"]], [["region"]]).question("q", question).suppress(5);
    let made = apply(stage(question.clone()), frame.clone()).unwrap().table;
    assert_eq!(texts(&made, "row_kind"), ["nps", "nps", "nps", "mean", "mean", "mean"]);
    assert_eq!(texts(&made, "n"), ["-", "-", "-", "62", "22", "40"]);
    assert_eq!(texts(&made, "suppressed")[..3], ["suppressed"; 3]);
    let told = apply(stage(question.clone().off_scale(["99"])), frame.clone()).unwrap().table;
    assert_eq!(texts(&told, "n"), ["-"; 6]);
    // Nets of all others tell of them, too.
    let netted = question.net("Others", ["5", "6", "7", "8", "9"]);
    let made = apply(stage(netted), frame).unwrap().table;
    assert_eq!(texts(&made, "n")[..3], ["-", "-", "40"]);
}

/// Values that are no answer, in columns of one answer each and in one text; the person was asked.
#[test]
fn missing_values_are_no_answers() {
    let made = |question: Question| {
        let question = Question { base: Some(BaseRule::Asked), ..question };
        let made = apply(CrossTab::new([["q"]], [["region"]]).question("q", question).bases(0, 0), people());
        let table = made.unwrap().table;
        let total = table.column("is_total").unwrap().bool().unwrap().clone();
        let total = table.filter(&total).unwrap();
        (texts(&total, "row_value"), texts(&total, "n"), texts(&total, "base")[0].clone())
    };
    let wanted = |rows: &[&str], n: &[&str], base: &str| {
        let owned = |of: &[&str]| of.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        (owned(rows), owned(n), base.to_owned())
    };
    let code = || Question::column("code").labels([("9", "Refused")]).missing(["9.0"]);
    assert_eq!(made(code()), wanted(&["1", "2", "3"], &["1", "2", "2"], "7"));
    let several = Question { columns: Question::codes(["code"]).columns, ..Question::default() };
    assert_eq!(made(several.missing(["9"])), wanted(&["1", "2", "3"], &["1", "2", "2"], "6"));
    assert_eq!(made(code().missing(["Refused"])), wanted(&["1", "2", "3"], &["1", "2", "2"], "7"));
    let text = Question::delimited("text", "|").labels([("c", "Refused")]).missing(["c"]);
    assert_eq!(made(text), wanted(&["a", "b"], &["3", "4"], "7"));
    let flags = Question::flags([("web", "Web")]).missing(["web"]);
    let stage = CrossTab::new([["q"]], [["region"]]).question("q", flags);
    let told = codes(apply(stage, people()));
    assert_eq!(told, ["stage `cross_tab` has a missing value in columns of yes and no"]);
}

#[test]
fn boxes_wider_than_the_scale_are_told_of() {
    let told = |top: u64, bottom: u64| {
        let stage = CrossTab::new([["q"]], [["region"], ["wave"]]);
        let stage = stage.question("q", Question::column("code").boxes(top, bottom)).bases(0, 0);
        apply(stage, people()).unwrap().cautions.into_iter().map(|told| told.message).collect::<Vec<_>>()
    };
    assert!(told(4, 1).is_empty());
    assert_eq!(told(9, 4), ["`cross_tab`: the scale of q has 4 answers, so that all are in its Top 9 box"]);
}

/// Percent where a share is wanted.
#[test]
fn a_confidence_in_percent_is_understood() {
    let mut stage = CrossTab::new([["code"]], [["region"]]);
    stage.confidence = 95.0.into();
    let Err(ApplyError::Check(found)) = apply(stage.clone(), people()) else { panic!("95 is no share") };
    assert_eq!(found[0].help, ["for 95 % write `0.95`"]);
    stage.confidence = 7.0.into();
    let Err(ApplyError::Check(found)) = apply(stage, people()) else { panic!("7 is no share") };
    assert!(found[0].help.is_empty());
}

/// Counts by region and answer, small ones in A and B.
fn with_few() -> LazyFrame {
    let cells = [("A", [2, 30, 25]), ("B", [12, 40, 3]), ("C", [50, 60, 33])];
    let (mut region, mut three) = (Vec::new(), Vec::new());
    for (name, counts) in cells {
        for (at, n) in counts.into_iter().enumerate() {
            region.extend(vec![name; n]);
            three.extend(vec![at as i64 + 1; n]);
        }
    }
    // 6, 8 and 10: one of each class.
    let reco = polars::prelude::col("three") * polars::prelude::lit(2) + polars::prelude::lit(4);
    df!("region" => region, "three" => three).unwrap().lazy().with_column(reco.alias("reco"))
}

/// Answers in one table, their mean in another, or columns put together elsewhere: 57 people with a mean of
/// 2.4035, of whom 30 gave a 2, and 52 less 50 people.
#[test]
fn questions_of_one_column_are_of_the_same_people() {
    let means = Question::column("three").statistics([Statistic::Mean]).hide_answers();
    let stage = CrossTab::new([["three"], ["means"]], [["region"]]).question("means", means).suppress(5);
    let made = apply(stage, with_few()).unwrap().table;
    assert_eq!(texts(&made, "n")[4..8], ["130", "30", "40", "60"]);
    assert_eq!(texts(&made, "row_kind")[12..], ["mean"; 4]);
    assert_eq!(texts(&made, "n")[12..], ["255", "-", "-", "143"]);
    let area = Question::column("region").net("AC", ["A", "C"]);
    let stage = CrossTab::new([["three"]], [["region"], ["area"]]).question("area", area).suppress(5);
    let made = apply(stage, with_few()).unwrap().table;
    // 1 in A is hidden: not both of 1 in C and 1 in AC may be seen, nor may A elsewhere.
    let (columns, n) = (texts(&made, "column_value"), texts(&made, "n"));
    let seen = |column: &str| {
        let mut first =
            (0..n.len()).filter(|at| texts(&made, "row_value")[*at] == "1" && columns[*at] == column);
        first.any(|at| n[at] != "-")
    };
    assert!(!seen("A"));
    assert!(!seen("C") || !seen("AC"));
}

#[test]
fn questions_of_one_column_must_leave_out_the_same_people() {
    let refused = "stage `cross_tab` cannot hide people whom two questions count differently";
    let made = |question: Question| {
        let stage = CrossTab::new([["three"], ["valid"]], [["region"]]).question("valid", question);
        assert!(apply(stage.clone(), with_few()).is_ok());
        apply(stage.suppress(5), with_few())
    };
    let three = || Question::column("three");
    let filtered = Question { filter: Some("three <> 1".into()), ..three() };
    for question in [three().missing(["1"]), filtered, three().asked("three > 1"), Question::codes(["three"])]
    {
        assert_eq!(codes(made(question)), [refused]);
    }
    assert!(made(three().missing([])).is_ok());
    let several = Question::codes(["three", "region"]);
    let stage = CrossTab::new([["a"], ["b"]], [["three"]]).suppress(5);
    let stage = stage.question("a", Question::codes(["region"])).question("b", several);
    // Both share a column with the third question or with each other.
    assert_eq!(codes(apply(stage, with_few())), [refused]);
}

/// Three points have a mean and a deviation that tell all three counts; a score and its error tell two
/// detractors.
#[test]
fn statistics_of_few_points_are_hidden() {
    let n = |question: Question| {
        let stage = CrossTab::new([["q"]], [["region"]]).question("q", question.hide_answers()).suppress(5);
        texts(&apply(stage, with_few()).unwrap().table, "n")
    };
    let three = || Question::column("three");
    assert_eq!(n(three().statistics([Statistic::Mean])), ["255", "-", "-", "143"]);
    let nps = Question { column: Some("reco".into()), ..three() };
    assert_eq!(n(nps.statistics([Statistic::Nps])), ["255", "-", "-", "143"]);
}
