//! Laws of cross-tabs that hold whatever the data: tests, statistics, several answers, hidden cells.

use std::collections::{BTreeMap, BTreeSet};

use growthring::stages::cross_tab::{
    Against, Answer, BaseRule, CrossTab, Question, Statistic, Tests, Variance,
};
use growthring::{Applied, apply};
use polars::prelude::*;
use proptest::prelude::*;

use crate::identities::{Row, close, config, frame, numbers, rows, words};

const VARIANCES: [Variance; 3] = [Variance::Frequency, Variance::EffectiveBase, Variance::Taylor];

/// A stage with everything that has a number: two stubs, nets, boxes, statistics, tests, chi-square.
fn rich(variance: Variance) -> CrossTab {
    let answer = Question::column("answer").net("low", ["0", "1", "2"]).boxes(3, 2).statistics([
        Statistic::Mean,
        Statistic::StdDev,
        Statistic::StdError,
        Statistic::Median,
        Statistic::Nps,
    ]);
    let compare = [Against::Columns, Against::Total, Against::Rest].into_iter().collect();
    CrossTab::new([["score"], ["persona"]], [["region"]])
        .question("score", answer)
        .variance(variance)
        .bases(2, 100)
        .chi_square()
        .tests(Tests { compare, confidence: [0.8, 0.6].into_iter().collect(), ..Tests::default() })
}

/// The names of the tables' columns of numbers.
fn floats(table: &DataFrame) -> Vec<String> {
    let is_float = |column: &&Column| column.dtype() == &DataType::Float64;
    table.columns().iter().filter(is_float).map(|column| column.name().to_string()).collect()
}

/// Every figure of both, but those named.
fn same(a: &Applied, b: &Applied, but: &[&str]) -> Result<(), TestCaseError> {
    let sides = ["tables", "tests"].map(|side| (&a.sides[side], &b.sides[side]));
    for (a, b) in std::iter::once((&a.table, &b.table)).chain(sides) {
        for column in floats(a).iter().filter(|name| !but.contains(&name.as_str())) {
            close(&numbers(a, column), &numbers(b, column))
                .map_err(|told| TestCaseError::fail(format!("{column}: {told}\n{a}{b}")))?;
        }
    }
    for column in ["row_value", "column_value", "letters", "vs_total", "vs_rest"] {
        prop_assert_eq!(words(&a.table, column), words(&b.table, column));
    }
    Ok(())
}

/// Weights whose tests do not hang by a rounding: usable ones only.
fn weighted(rows: &[Row]) -> Vec<Row> {
    rows.iter().map(|row| (row.0, row.1, row.2, row.3.map(|w| w.clamp(1, 8)).or(Some(4)))).collect()
}

/// One flag per persona, all empty where there is none.
fn flagged(frame: DataFrame) -> LazyFrame {
    let flag = |at: usize| {
        col("persona").eq(lit(format!("persona {at}"))).cast(DataType::Int64).alias(format!("p{at}"))
    };
    frame.lazy().with_columns((0..4).map(flag).collect::<Vec<_>>())
}

fn flags() -> Question {
    Question::flags([("p0", "persona 0"), ("p1", "persona 1"), ("p2", "persona 2"), ("p3", "persona 3")])
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn row_order_can_be_seen_nowhere(rows in rows(60), variance in 0..3usize) {
        let mut turned = rows.clone();
        turned.reverse();
        let made = |rows: &[Row]| apply(rich(VARIANCES[variance]).weight("w"), frame(rows).lazy()).unwrap();
        let (a, b) = (made(&rows), made(&turned));
        prop_assert!(a.table.equals_missing(&b.table));
        for side in ["tables", "tests", "excluded"] {
            prop_assert!(a.sides[side].equals_missing(&b.sides[side]), "{}", side);
        }
        prop_assert_eq!(&a.cautions, &b.cautions);
    }

    /// Weights that are all one are no weights, for every figure of every variance.
    #[test]
    fn weights_of_one_change_no_figure(rows in rows(60), variance in 0..3usize) {
        let ones = frame(&rows).lazy().with_column(lit(1.0).alias("w"));
        let with = apply(rich(VARIANCES[variance]).weight("w"), ones.clone()).unwrap();
        let without = apply(rich(VARIANCES[variance]), ones).unwrap();
        // Weighted tables are tested by Rao and Scott, unweighted ones by chi-square alone.
        same(&with, &without, &["p_value", "p_likelihood_ratio", "rao_scott", "rao_scott_df1", "rao_scott_df2", "rao_scott_p"])?;
        close(&numbers(&with.sides["tests"], "p_value"), &numbers(&without.sides["tests"], "p_value"))?;
    }

    /// Weights times a constant change nothing but the weighted counts.
    #[test]
    fn the_scale_of_weights_changes_no_figure(rows in rows(60), scale in 0.01..100.0f64, variance in 1..3usize) {
        let plain = frame(&weighted(&rows));
        let scaled = plain.clone().lazy().with_column(col("w") * lit(scale));
        let made = |rows| apply(rich(VARIANCES[variance]).weight("w"), rows).unwrap();
        let (a, b) = (made(plain.lazy()), made(scaled));
        let but = ["n_weighted", "base_weighted"];
        for column in floats(&a.table).iter().filter(|name| !but.contains(&name.as_str())) {
            close(&numbers(&a.table, column), &numbers(&b.table, column))?;
        }
        for column in ["difference", "statistic", "df", "p_value", "p_adjusted"] {
            close(&numbers(&a.sides["tests"], column), &numbers(&b.sides["tests"], column))?;
        }
    }

    /// A weight of two counts like the row twice: for shares, means, medians and scores, and where
    /// weights are frequencies for errors and tests too.
    #[test]
    fn weight_two_is_the_row_twice_for_estimates(rows in rows(40)) {
        let plain = frame(&weighted(&rows));
        let twos = plain.clone().lazy().with_column(col("w") * lit(2.0));
        let twice = concat([plain.clone().lazy(), plain.lazy()], Default::default()).unwrap();
        for variance in VARIANCES {
            let made = |rows| apply(rich(variance).weight("w").bases(0, 0), rows).unwrap().table;
            let (a, b) = (made(twos.clone()), made(twice.clone()));
            let mut columns = vec!["n_weighted", "row_share", "column_share", "total_share", "index"];
            if variance == Variance::Frequency {
                columns.extend(["std_error", "conf_low", "conf_high", "residual"]);
            }
            for column in columns {
                close(&numbers(&a, column), &numbers(&b, column))?;
            }
            let kinds = words(&a, "row_kind");
            let (first, second) = (numbers(&a, "estimate"), numbers(&b, "estimate"));
            for at in (0..kinds.len()).filter(|at| {
                matches!(kinds[*at].as_deref(), Some("mean" | "median" | "nps"))
            }) {
                close(&first[at..=at], &second[at..=at])?;
            }
        }
    }

    /// Several answers of which everybody gives one are one answer, as rows and as columns.
    #[test]
    fn one_of_several_answers_is_one_answer(rows in rows(60), variance in 0..3usize) {
        let rows = flagged(frame(&rows));
        let stage = |row: &'static str, column: &'static str, question: Question| {
            let compare = [Against::Columns, Against::Total, Against::Rest].into_iter().collect();
            CrossTab::new([[row]], [[column]])
                .question("who", question)
                .weight("w")
                .variance(VARIANCES[variance])
                .bases(2, 100)
                .tests(Tests { compare, ..Tests::default() })
        };
        // Labels keep the personas that do not occur.
        let single = || Question::column("persona").labels([
            ("persona 0", "persona 0"), ("persona 1", "persona 1"), ("persona 2", "persona 2"), ("persona 3", "persona 3"),
        ]);
        for (row, column) in [("who", "region"), ("region", "who")] {
            let several = apply(stage(row, column, flags()), rows.clone()).unwrap();
            let one = apply(stage(row, column, single()), rows.clone()).unwrap();
            same(&several, &one, &["response_share"])?;
            let excluded = |made: &Applied| numbers(&made.sides["excluded"], "n").into_iter().flatten().sum::<f64>();
            prop_assert_eq!(excluded(&several), excluded(&one));
        }
    }

    /// Of two columns at most one carries the letter of the other, and only where the test says so.
    #[test]
    fn letters_are_antisymmetric(rows in rows(60), variance in 0..3usize) {
        let made = apply(rich(VARIANCES[variance]).weight("w"), frame(&weighted(&rows)).lazy()).unwrap();
        let table = &made.table;
        let key = |at: usize| (words(table, "table")[at].clone(), words(table, "row_value")[at].clone());
        let (own, shown) = (words(table, "letter"), words(table, "letters"));
        let mut carried: BTreeSet<(String, String, String, String)> = BTreeSet::new();
        for at in 0..table.height() {
            let (Some(letter), Some(letters)) = (&own[at], &shown[at]) else { continue };
            for other in letters.chars() {
                let (table, row) = key(at);
                carried.insert((table.unwrap_or_default(), row.unwrap_or_default(), letter.clone(), other.to_uppercase().to_string()));
            }
        }
        for (table, row, a, b) in &carried {
            prop_assert_ne!(a, b);
            prop_assert!(!carried.contains(&(table.clone(), row.clone(), b.clone(), a.clone())));
        }
        let tests = &made.sides["tests"];
        let (against, levels) = (words(tests, "against"), numbers(tests, "level"));
        let found = (0..tests.height()).filter(|at| against[*at].as_deref() == Some("column") && levels[*at].is_some());
        prop_assert_eq!(found.count(), carried.len());
    }

    /// Everyone who was asked is answered plus unanswered, and everyone is in all.
    #[test]
    fn bases_hold_each_other(rows in rows(60)) {
        let rows = flagged(frame(&rows));
        let base = |rule| {
            let question = Question { base: Some(rule), ..flags() }.asked("answer >= 0");
            let made = apply(CrossTab::new([["who"]], [["region"]]).question("who", question), rows.clone()).unwrap();
            let excluded: f64 = numbers(&made.sides["excluded"], "n").into_iter().flatten().sum();
            let n = numbers(&made.sides["tables"], "n")[0].unwrap();
            let read = numbers(&made.sides["tables"], "n_read")[0].unwrap();
            (n, n + excluded == read, numbers(&made.table, "n"))
        };
        let [answered, asked, all] = [BaseRule::Answered, BaseRule::Asked, BaseRule::All].map(base);
        prop_assert!(answered.0 <= asked.0 && asked.0 <= all.0);
        prop_assert!(answered.1 && asked.1 && all.1);
        prop_assert_eq!(&answered.2, &asked.2);
    }

    /// No count that is hidden follows from those that are shown.
    #[test]
    fn nothing_hidden_can_be_computed(rows in rows(200), below in 3..7u64) {
        let question = Question::column("answer").net("low", ["0", "1", "2"]).net("high", ["9", "10"]).boxes(2, 2).statistics([Statistic::Mean]);
        let stage = CrossTab::new([vec!["score"], vec!["persona"]], [vec!["region"], vec!["region", "persona"], vec!["persona"]])
            .question("score", question)
            .chi_square()
            .tests(Tests::default())
            .suppress(below);
        let made = apply(stage, frame(&rows).lazy()).unwrap();
        let published = Published::new(&made);
        published.hides_small(below)?;
        published.hides_what_depends()?;
        published.determines_nothing(published.sums())?;
        // What is computed over a hidden answer is hidden too.
        let (table, kinds) = (words(&made.table, "table"), words(&made.table, "row_kind"));
        let (columns, hidden) = (words(&made.table, "column_value"), words(&made.table, "suppressed"));
        let of = |at: usize| (table[at].clone(), columns[at].clone());
        let some: BTreeSet<_> = (0..hidden.len()).filter(|at| hidden[*at].is_some()).map(of).collect();
        let estimates = numbers(&made.table, "estimate");
        for at in (0..hidden.len()).filter(|at| kinds[*at].as_deref() == Some("mean")) {
            prop_assert!(!some.contains(&of(at)) || estimates[at].is_none());
        }
        let chi_squares = numbers(&made.sides["tables"], "chi_square");
        let expected = numbers(&made.table, "expected");
        for (at, number) in table.iter().enumerate() {
            let touched = some.iter().any(|(other, _)| other == number);
            prop_assert!(!touched || expected[at].is_none());
        }
        for (at, chi_square) in chi_squares.iter().enumerate() {
            let touched = some.iter().any(|(table, _)| table.as_deref() == Some((at + 1).to_string().as_str()));
            prop_assert!(!touched || chi_square.is_none());
        }
    }

    /// Nor of questions with several answers, of which one excludes the others and nets hold the rest.
    #[test]
    fn nothing_hidden_of_several_answers_can_be_computed(rows in rows(200), below in 3..7u64) {
        let persona = |at: usize| col("persona").eq(lit(format!("persona {at}"))).fill_null(lit(false));
        let answer = |low: i64, high: i64| {
            col("answer").gt_eq(lit(low)).and(col("answer").lt_eq(lit(high))).fill_null(lit(false))
        };
        let any = || persona(0).or(answer(7, 10));
        let fair = || persona(1).or(answer(6, 8));
        let rows = frame(&rows).lazy().with_columns([
            any().alias("web"), fair().alias("fair"), persona(2).and(any().or(fair()).not()).alias("none"),
        ]);
        let question = Question {
            none_of_these: Some(Answer("none".into()).into()),
            ..Question::flags([("web", "Web"), ("fair", "Fair"), ("none", "None")])
                .net("Any", ["web", "fair"]).net("Outside", ["fair"])
        };
        let made = apply(CrossTab::new([["q"]], [["region"]]).question("q", question).suppress(below), rows).unwrap();
        let published = Published::new(&made);
        published.hides_small(below)?;
        published.hides_what_depends()?;
        let columns: BTreeSet<String> = published.counts.keys().map(|place| place.2.clone()).collect();
        let at = |row: &str, column: &String| (1, row.to_owned(), column.clone());
        let mut sums = Vec::new();
        for column in &columns {
            sums.push(vec![(at("Any", column), 1.0), (at("None", column), 1.0), (at("base", column), -1.0)]);
            sums.push(vec![(at("Outside", column), 1.0), (at("Fair", column), -1.0)]);
        }
        for row in ["Web", "Fair", "None", "Any", "Outside", "base"] {
            let sign = |column: &String| if column == "Total" { -1.0 } else { 1.0 };
            sums.push(columns.iter().map(|column| (at(row, column), sign(column))).collect());
        }
        published.determines_nothing(sums)?;
    }

    /// Nor by rows beside the rows that they nest in, or by rows that are columns elsewhere.
    #[test]
    fn nothing_hidden_can_be_computed_from_other_rows(rows in rows(200), below in 3..7u64) {
        let complete = col("region").is_not_null().and(col("persona").is_not_null()).and(col("answer").is_not_null());
        let rows = frame(&rows).lazy().filter(complete).with_column(col("answer").gt(lit(5)).alias("fond"));
        let stage = CrossTab::new([vec!["persona"], vec!["fond", "persona"], vec!["region"]], [["region"], ["persona"]]);
        let published = Published::new(&apply(stage.suppress(below), rows).unwrap());
        published.hides_small(below)?;
        let places = |table: i64| published.counts.keys().filter(move |place| place.0 == table);
        // Tables: persona by region and persona, nested the same, region the same.
        let mut sums = published.sums();
        for (whole, nested) in [(1, 3), (2, 4)] {
            for place in places(whole) {
                let ending = format!(" / {}", place.1);
                let is_part = |of: &&Place| of.2 == place.2 && (of.1.ends_with(&ending) || (place.1 == "base" && of.1 == "base"));
                let mut sum: Vec<(Place, f64)> = places(nested).filter(is_part).map(|of| (of.clone(), 1.0)).collect();
                sum.push((place.clone(), -1.0));
                sums.push(sum);
            }
        }
        for place in places(1) {
            let turn = |name: &str, from: &str, to: &str| if name == from { to.to_owned() } else { name.to_owned() };
            let turned = (6, turn(&place.2, "Total", "base"), turn(&place.1, "base", "Total"));
            sums.push(vec![(place.clone(), 1.0), (turned, -1.0)]);
        }
        published.determines_nothing(sums)?;
    }
}

/// Three personas put together in two nets that have one in common.
fn put_together() -> Question {
    Question::column("persona").net("Low", ["persona 0", "persona 1"]).net("Mid", ["persona 1", "persona 2"])
}

proptest! {
    #![proptest_config(config())]

    /// A net among the columns is the column that its answers would be if they were one.
    #[test]
    fn a_net_of_columns_is_its_answers_as_one(rows in rows(60), variance in 0..3usize) {
        let is = |name: &str| col("persona").eq(lit(name));
        let recoded = when(is("persona 0").or(is("persona 1"))).then(lit("Low")).otherwise(col("persona"));
        let rows = frame(&rows).lazy().with_column(recoded.alias("recoded"));
        let made = |column: &str, question: Question| {
            let columns = CrossTab::new([["score"]], [["who"]]).columns;
            let stage = CrossTab { columns, ..rich(VARIANCES[variance]).weight("w") };
            let question = Question { column: Some(column.into()), ..question };
            apply(stage.question("who", question), rows.clone()).unwrap()
        };
        let nets = made("persona", Question::default().net("Low", ["persona 0", "persona 1"]));
        let plain = made("recoded", Question::default());
        let columns = words(&plain.table, "column_value");
        prop_assume!(columns.contains(&Some("Low".into())));
        // Lines of the same columns, in tests on both sides.
        let same = |table: &DataFrame, names: &[&str]| -> Vec<usize> {
            let names: Vec<_> = names.iter().map(|name| words(table, name)).collect();
            let known = |text: &String| {
                let of = text.strip_prefix("not ").unwrap_or(text);
                columns.contains(&Some(of.to_owned()))
            };
            let is_known = |at: &usize| names.iter().all(|name| name[*at].as_ref().is_some_and(known));
            (0..table.height()).filter(is_known).collect()
        };
        let compare = |ours: &DataFrame, theirs: &DataFrame, names: &[&str], figures: Vec<String>| {
            let (places, all) = (same(ours, names), same(theirs, names));
            for figure in figures {
                let (ours, theirs) = (numbers(ours, &figure), numbers(theirs, &figure));
                let pick = |of: Vec<Option<f64>>, places: &[usize]| places.iter().map(|at| of[*at]).collect::<Vec<_>>();
                close(&pick(ours, &places), &pick(theirs, &all)).map_err(|told| TestCaseError::fail(format!("{figure}: {told}")))?;
            }
            Ok::<(), TestCaseError>(())
        };
        // Expected counts are of the table's answers, which are others.
        let figures = floats(&plain.table).into_iter().filter(|name| name != "expected").collect();
        compare(&nets.table, &plain.table, &["column_value"], figures)?;
        let figures = ["difference", "statistic", "df", "p_value"].map(str::to_owned).to_vec();
        compare(&nets.sides["tests"], &plain.sides["tests"], &["column_value", "against_value"], figures)?;
        // The table as a whole is tested as if it had no net.
        let alone = made("persona", Question::default());
        for figure in ["chi_square", "likelihood_ratio", "min_expected", "rao_scott", "rao_scott_p"] {
            close(&numbers(&nets.sides["tables"], figure), &numbers(&alone.sides["tables"], figure))?;
        }
    }

    /// A net has letters of no answer of its own, and its answers none of it.
    #[test]
    fn no_net_is_tested_against_its_own(rows in rows(60), variance in 0..3usize) {
        let columns = CrossTab::new([["score"]], [vec!["who"], vec!["region", "who"]]).columns;
        let stage = CrossTab { columns, ..rich(VARIANCES[variance]) }.question("who", put_together());
        let made = apply(stage.bases(0, 0), frame(&rows).lazy()).unwrap();
        let tests = &made.sides["tests"];
        let own = |text: &str| text.rsplit(" / ").next().unwrap().to_owned();
        let (columns, others) = (words(tests, "column_value"), words(tests, "against_value"));
        for (at, against) in words(tests, "against").iter().enumerate().filter(|(_, against)| against.as_deref() == Some("column")) {
            let pair = [own(columns[at].as_deref().unwrap()), own(others[at].as_deref().unwrap())];
            let is = |a: &str, b: &str| pair == [a, b] || pair == [b, a];
            prop_assert!(!is("Low", "persona 0") && !is("Low", "persona 1") && !is("Mid", "persona 1") && !is("Mid", "persona 2"), "{:?} {:?}", pair, against);
        }
    }

    /// Nothing hidden can be computed with the help of nets among the columns, nested or not.
    #[test]
    fn nothing_hidden_can_be_computed_from_nets_of_columns(rows in rows(200), below in 3..7u64) {
        let stage = CrossTab::new([["score"]], [vec!["who"], vec!["region", "who"], vec!["who", "region"], vec!["region"]])
            .question("score", Question::column("answer").net("low", ["0", "1", "2"]).net("high", ["9", "10"]))
            .question("who", put_together())
            .suppress(below);
        let published = Published::new(&apply(stage, frame(&rows).lazy()).unwrap());
        published.hides_small(below)?;
        published.hides_what_depends()?;
        let mut sums = published.sums();
        for (table, column) in &published.nets {
            let names: Vec<&str> = column.split(" / ").collect();
            let answers = |name: &&str| if *name == "Low" { Some(["persona 0", "persona 1"]) } else if *name == "Mid" { Some(["persona 1", "persona 2"]) } else { None };
            let at = names.iter().position(|name| answers(name).is_some()).unwrap();
            let members: Vec<String> = answers(&names[at]).unwrap().iter().map(|answer| {
                let mut names = names.clone();
                names[at] = answer;
                names.join(" / ")
            }).collect();
            let rows: BTreeSet<&String> = published.counts.keys().filter(|place| place.0 == *table).map(|place| &place.1).collect();
            for row in rows {
                let place = |column: &String| (*table, row.clone(), column.clone());
                let there = members.iter().map(place).filter(|place| published.counts.contains_key(place));
                let mut sum: Vec<(Place, f64)> = there.map(|place| (place, 1.0)).collect();
                sum.push((place(column), -1.0));
                sums.push(sum);
            }
        }
        published.determines_nothing(sums)?;
    }

    /// Nor of several answers that make the columns.
    #[test]
    fn nothing_hidden_of_several_columns_can_be_computed(rows in rows(200), below in 3..7u64) {
        let persona = |at: usize| col("persona").eq(lit(format!("persona {at}"))).fill_null(lit(false));
        let answer = |low: i64, high: i64| {
            col("answer").gt_eq(lit(low)).and(col("answer").lt_eq(lit(high))).fill_null(lit(false))
        };
        let any = || persona(0).or(answer(7, 10));
        let fair = || persona(1).or(answer(6, 8));
        let rows = frame(&rows).lazy().with_columns([
            any().alias("web"), fair().alias("fair"), persona(2).and(any().or(fair()).not()).alias("none"),
        ]);
        let question = Question {
            none_of_these: Some(Answer("none".into()).into()),
            ..Question::flags([("web", "Web"), ("fair", "Fair"), ("none", "None")])
                .net("Any", ["web", "fair"]).net("Outside", ["fair"])
        };
        let made = apply(CrossTab::new([["region"]], [["q"]]).question("q", question).suppress(below), rows).unwrap();
        let published = Published::new(&made);
        published.hides_small(below)?;
        published.hides_what_depends()?;
        let rows: BTreeSet<String> = published.counts.keys().map(|place| place.1.clone()).collect();
        let at = |row: &String, column: &str| (1, row.clone(), column.to_owned());
        let mut sums = Vec::new();
        for row in &rows {
            sums.push(vec![(at(row, "Any"), 1.0), (at(row, "None"), 1.0), (at(row, "Total"), -1.0)]);
            sums.push(vec![(at(row, "Outside"), 1.0), (at(row, "Fair"), -1.0)]);
        }
        for column in ["Web", "Fair", "None", "Any", "Outside", "Total"] {
            let sign = |row: &String| if row == "base" { -1.0 } else { 1.0 };
            sums.push(rows.iter().map(|row| (at(row, column), sign(row))).collect());
        }
        published.determines_nothing(sums)?;
    }

    /// Of answers that no row shows, base and statistics tell no small number, in any column.
    #[test]
    fn statistics_of_unseen_answers_tell_no_few(rows in rows(200), below in 3..7u64, rule in 0..2usize) {
        let answer = Question { hide_answers: true, ..Question::column("answer") }
            .net("low", ["0", "1", "2"]).statistics([Statistic::Mean, Statistic::Nps]);
        let answer = match rule {
            0 => answer.off_scale(["5", "11"]),
            _ => Question { scores: (0..9).map(|at| (["0", "1", "2", "3", "4", "6", "7", "8", "9"][at], at as f64)).collect(), ..answer },
        };
        let stage = CrossTab::new([["score"]], [["region"], ["persona"]]).question("score", answer).suppress(below);
        let made = apply(stage, frame(&rows).lazy()).unwrap().table;
        let (n, base, kinds) = (numbers(&made, "n"), numbers(&made, "base"), words(&made, "row_kind"));
        let key = |at: usize| (words(&made, "table")[at].clone(), words(&made, "column_value")[at].clone());
        let mut told: BTreeMap<_, Vec<f64>> = BTreeMap::new();
        for at in (0..n.len()).filter(|at| matches!(kinds[*at].as_deref(), Some("mean" | "nps"))) {
            if let (Some(n), Some(base)) = (n[at], base[at]) {
                told.entry(key(at)).or_default().push(base - n);
            }
        }
        let few = |n: f64| n >= 1.0 && n < below as f64;
        for ((table, column), left) in &told {
            prop_assert!(!left.iter().any(|n| few(*n)), "{:?} {:?}: {:?}", table, column, left);
            prop_assert!(left.len() < 2 || !few((left[0] - left[1]).abs()), "{:?} {:?}: {:?}", table, column, left);
        }
    }
}

proptest! {
    #![proptest_config(config())]

    /// Nor with the help of another question of the same column: nets of it, its mean, columns put together.
    #[test]
    fn nothing_hidden_can_be_computed_from_a_second_question(rows in rows(200), below in 3..7u64) {
        let made = apply(twins().suppress(below), in_three(&rows)).unwrap();
        let published = Published::new(&made);
        published.hides_small(below)?;
        let mut sums = published.sums();
        for place in published.counts.keys() {
            let first = (1, place.1.clone(), place.2.clone());
            if place.0 > 1 && published.counts.contains_key(&first) {
                sums.push(vec![(first, 1.0), (place.clone(), -1.0)]);
            }
            let parts: Vec<Place> = match (place.1.as_str(), place.2.as_str()) {
                ("Some", column) => ["1", "2"].map(|row| (place.0, row.to_owned(), column.to_owned())).into(),
                (row, "Ends") => ["region 0", "region 2"].map(|column| (place.0, row.to_owned(), column.to_owned())).into(),
                _ => continue,
            };
            let known = parts.into_iter().filter(|part| published.counts.contains_key(part));
            let sum: Vec<(Place, f64)> = known.map(|part| (part, 1.0)).chain([(place.clone(), -1.0)]).collect();
            // A net of nobody is nobody by its name.
            if sum.len() > 1 {
                sums.push(sum);
            }
        }
        published.determines_nothing(sums)?;
        // A mean beside an answer that is hidden elsewhere tells it.
        let hidden: BTreeSet<&String> = published.counts.iter().filter(|(_, n)| n.is_none()).map(|(place, _)| &place.2).collect();
        for (column, n) in by_table(&made.table, "mean").into_values().flatten() {
            prop_assert!(n.is_none() || !hidden.contains(&column), "the mean of {} is told", column);
        }
    }

    /// Answers that no row shows, of whom few gave one, are told by no statistic of as few points.
    #[test]
    fn statistics_of_few_scores_tell_no_few(rows in rows(200), below in 3..7u64, kind in 0..2usize) {
        let (statistic, word) = [(Statistic::Mean, "mean"), (Statistic::Nps, "nps")][kind];
        let question = || Question::column("reco").statistics([statistic]);
        let stage = |question| CrossTab::new([["q"]], [["region"], ["persona"]]).question("q", question);
        let rows = in_three(&rows);
        let truth = apply(stage(question()), rows.clone()).unwrap().table;
        let mut few: BTreeSet<(i64, String)> = BTreeSet::new();
        for (row, columns) in by_table(&truth, "answer") {
            few.extend(columns.into_iter().filter(|(_, n)| n.is_some_and(|n| n >= 1.0 && n < below as f64)).map(|(column, _)| (row, column)));
        }
        let hiding = Question { hide_answers: true, ..question() };
        let made = apply(stage(hiding).suppress(below), rows).unwrap();
        let told = by_table(&made.table, word);
        for (table, columns) in &told {
            for (column, n) in columns {
                prop_assert!(n.is_none() || !few.contains(&(*table, column.clone())), "{} is told", column);
            }
            // Everyone is in both tables, so that either total is the total.
            let is_total = |(column, n): &(String, Option<f64>)| column == "Total" && n.is_some();
            let total = told.values().flatten().any(is_total);
            let open = columns.iter().filter(|(column, n)| column != "Total" && n.is_none()).count();
            prop_assert!(!total || open != 1, "the rest tells one of {:?}", columns);
        }
    }
}

/// People of a region and a persona, with an answer of three points, and one of each class of promoters.
fn in_three(rows: &[Row]) -> LazyFrame {
    let complete = ["region", "persona", "answer"].map(|name| col(name).is_not_null());
    let complete = complete.into_iter().reduce(Expr::and).unwrap();
    let points = (col("answer") + lit(1)).floor_div(lit(5));
    let reco = points.clone() * lit(2) + lit(6);
    frame(rows).lazy().filter(complete).with_columns([points.alias("three"), reco.alias("reco")])
}

/// Answers, the same with a net, and their mean; regions, the same with a net.
fn twins() -> CrossTab {
    CrossTab::new([["three"], ["boxes"], ["means"]], [["region"], ["area"]])
        .question("boxes", Question::column("three").net("Some", ["1", "2"]))
        .question("means", Question::column("three").statistics([Statistic::Mean]).hide_answers())
        .question("area", Question::column("region").net("Ends", ["region 0", "region 2"]))
}

/// By table the columns of rows of a kind, each with its people if they are told.
fn by_table(table: &DataFrame, kind: &str) -> BTreeMap<i64, Vec<(String, Option<f64>)>> {
    let (kinds, columns) = (words(table, "row_kind"), words(table, "column_value"));
    let (tables, n) = (numbers(table, "table"), numbers(table, "n"));
    let mut found: BTreeMap<i64, Vec<(String, Option<f64>)>> = BTreeMap::new();
    for at in (0..table.height()).filter(|at| kinds[*at].as_deref() == Some(kind)) {
        found.entry(tables[at].unwrap() as i64).or_default().push((columns[at].clone().unwrap(), n[at]));
    }
    found
}

/// The counts of a table as a reader sees them: by table, row and column; rows end with the base.
struct Published {
    counts: BTreeMap<Place, Option<f64>>,
    /// Of the cells: whether every other number is gone too.
    silent: BTreeMap<Place, bool>,
    shares_of_total: BTreeMap<Place, bool>,
    kinds: BTreeMap<(i64, String), String>,
    /// Columns that are nets.
    nets: BTreeSet<(i64, String)>,
    columns: BTreeMap<i64, String>,
    rows: BTreeMap<i64, String>,
}

/// Table, row (`base`), column.
type Place = (i64, String, String);

impl Published {
    fn new(made: &Applied) -> Self {
        let table = &made.table;
        let text =
            |name: &str| words(table, name).into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>();
        let tables: Vec<i64> = numbers(table, "table").into_iter().map(|at| at.unwrap() as i64).collect();
        let (rows, columns, kinds) = (text("row_value"), text("column_value"), text("row_kind"));
        let (n, base) = (numbers(table, "n"), numbers(table, "base"));
        let figures: Vec<Vec<Option<f64>>> = [
            "n_weighted",
            "n_effective",
            "row_share",
            "column_share",
            "total_share",
            "response_share",
            "estimate",
            "std_error",
            "conf_low",
            "conf_high",
            "index",
            "expected",
            "residual",
        ]
        .iter()
        .map(|name| numbers(table, name))
        .collect();
        let of_total = ["row_share", "index", "residual"].map(|name| numbers(table, name));
        let column_kinds = text("column_kind");
        let mut made = Self {
            counts: BTreeMap::new(),
            silent: BTreeMap::new(),
            shares_of_total: BTreeMap::new(),
            kinds: BTreeMap::new(),
            nets: BTreeSet::new(),
            columns: tables.iter().copied().zip(text("column_variable")).collect(),
            rows: tables.iter().copied().zip(text("row_variable")).collect(),
        };
        for at in (0..table.height()).filter(|at| matches!(kinds[*at].as_str(), "answer" | "net")) {
            let place = (tables[at], rows[at].clone(), columns[at].clone());
            made.counts.insert(place.clone(), n[at]);
            made.counts.insert((tables[at], "base".into(), columns[at].clone()), base[at]);
            made.silent.insert(place.clone(), figures.iter().all(|figure| figure[at].is_none()));
            made.shares_of_total.insert(place, of_total.iter().any(|figure| figure[at].is_some()));
            made.kinds.insert((tables[at], rows[at].clone()), kinds[at].clone());
            if column_kinds[at] == "net" {
                made.nets.insert((tables[at], columns[at].clone()));
            }
        }
        made
    }

    fn hides_small(&self, below: u64) -> Result<(), TestCaseError> {
        for (place, n) in &self.counts {
            prop_assert!(n.is_none_or(|n| n == 0.0 || n >= below as f64), "{:?} shows {:?}", place, n);
        }
        Ok(())
    }

    fn hides_what_depends(&self) -> Result<(), TestCaseError> {
        for (place, silent) in &self.silent {
            prop_assert!(self.counts[place].is_some() || *silent, "{:?} tells a number", place);
            let total = (place.0, place.1.clone(), "Total".to_owned());
            prop_assert!(
                self.counts[&total].is_some() || !self.shares_of_total[place],
                "{:?} tells its total",
                place
            );
        }
        Ok(())
    }

    /// Every sum that can be formed, as signed places that add up to nothing.
    fn sums(&self) -> Vec<Vec<(Place, f64)>> {
        let tables: BTreeSet<i64> = self.counts.keys().map(|place| place.0).collect();
        let names = |table: i64, of: fn(&Place) -> &String| -> BTreeSet<String> {
            self.counts.keys().filter(|place| place.0 == table).map(|place| of(place).clone()).collect()
        };
        let mut sums = Vec::new();
        for table in &tables {
            let (rows, columns) = (names(*table, |place| &place.1), names(*table, |place| &place.2));
            let at = |row: &String, column: &String| (*table, row.clone(), column.clone());
            let total = "Total".to_owned();
            for row in &rows {
                let mut sum: Vec<(Place, f64)> = columns
                    .iter()
                    .filter(|column| **column != total && !self.nets.contains(&(*table, (*column).clone())))
                    .map(|column| (at(row, column), 1.0))
                    .collect();
                sum.push((at(row, &total), -1.0));
                sums.push(sum);
            }
            for column in &columns {
                let answers = rows.iter().filter(|row| {
                    self.kinds.get(&(*table, (*row).clone())).is_some_and(|kind| kind == "answer")
                });
                let mut sum: Vec<(Place, f64)> = answers.clone().map(|row| (at(row, column), 1.0)).collect();
                sum.push((at(&"base".into(), column), -1.0));
                sums.push(sum);
                let mut scale: Vec<(f64, &String)> =
                    answers.filter_map(|row| Some((row.parse().ok()?, row))).collect();
                scale.sort_by(|a, b| a.0.total_cmp(&b.0));
                let low = |row: &f64| (0.0..=2.0).contains(row);
                let high = |row: &f64| (9.0..=10.0).contains(row);
                let nets: [(&str, Vec<&String>); 4] = [
                    ("low", scale.iter().filter(|(value, _)| low(value)).map(|(_, row)| *row).collect()),
                    ("high", scale.iter().filter(|(value, _)| high(value)).map(|(_, row)| *row).collect()),
                    ("Bottom 2 box", scale.iter().take(2).map(|(_, row)| *row).collect()),
                    ("Top 2 box", scale.iter().rev().take(2).map(|(_, row)| *row).collect()),
                ];
                for (net, of) in nets.into_iter().filter(|(net, of)| rows.contains(*net) && !of.is_empty()) {
                    let mut sum: Vec<(Place, f64)> =
                        of.into_iter().map(|row| (at(row, column), 1.0)).collect();
                    sum.push((at(&net.to_owned(), column), -1.0));
                    sums.push(sum);
                }
            }
        }
        for a in &tables {
            for b in &tables {
                if a == b || self.rows[a] != self.rows[b] {
                    continue;
                }
                let base = |table: &i64, column: &str| {
                    self.counts.get(&(*table, "base".to_owned(), column.to_owned())).copied().flatten()
                };
                let rows: Vec<String> =
                    names(*a, |place| &place.1).intersection(&names(*b, |place| &place.1)).cloned().collect();
                if base(a, "Total") == base(b, "Total") && base(a, "Total").is_some() {
                    for row in &rows {
                        let place = |table: &i64| (*table, row.clone(), "Total".to_owned());
                        sums.push(vec![(place(a), 1.0), (place(b), -1.0)]);
                    }
                }
                if self.columns[a] == "region" && self.columns[b] == "region / persona" {
                    for whole in names(*a, |place| &place.2).iter().filter(|column| *column != "Total") {
                        let parts: Vec<String> = names(*b, |place| &place.2)
                            .into_iter()
                            .filter(|part| part.starts_with(&format!("{whole} / ")))
                            .collect();
                        let known: Option<f64> = parts.iter().map(|part| base(b, part)).sum();
                        if known.is_none() || known != base(a, whole) {
                            continue;
                        }
                        for row in &rows {
                            let mut sum: Vec<(Place, f64)> =
                                parts.iter().map(|part| ((*b, row.clone(), part.clone()), 1.0)).collect();
                            sum.push(((*a, row.clone(), whole.clone()), -1.0));
                            sums.push(sum);
                        }
                    }
                }
            }
        }
        sums
    }

    /// Solves for what is hidden, by Gauss and Jordan on the hidden places alone.
    fn determines_nothing(&self, sums: Vec<Vec<(Place, f64)>>) -> Result<(), TestCaseError> {
        let hidden: Vec<&Place> =
            self.counts.iter().filter(|(_, n)| n.is_none()).map(|(place, _)| place).collect();
        let place: BTreeMap<&Place, usize> =
            hidden.iter().enumerate().map(|(at, place)| (*place, at)).collect();
        let mut rows: Vec<Vec<f64>> = Vec::new();
        for sum in sums {
            let mut row = vec![0.0; hidden.len()];
            let mut open = false;
            for (at, sign) in &sum {
                if let Some(at) = place.get(at) {
                    row[*at] += sign;
                    open = true;
                }
            }
            if open {
                rows.push(row);
            }
        }
        let mut rank = 0;
        for column in 0..hidden.len() {
            let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column].abs() > 1e-9) else {
                continue;
            };
            rows.swap(rank, pivot);
            let scale = rows[rank][column];
            rows[rank].iter_mut().for_each(|value| *value /= scale);
            let pivot = rows[rank].clone();
            for (at, row) in rows.iter_mut().enumerate() {
                let factor = row[column];
                if at != rank && factor.abs() > 1e-9 {
                    row.iter_mut().zip(&pivot).for_each(|(value, by)| *value -= factor * by);
                }
            }
            rank += 1;
        }
        for row in &rows[..rank] {
            let open: Vec<usize> = (0..row.len()).filter(|at| row[*at].abs() > 1e-9).collect();
            prop_assert!(open.len() != 1, "{:?} can be computed", hidden[open[0]]);
        }
        Ok(())
    }
}
