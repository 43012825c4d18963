//! Input that is thin, odd or at the edge. Ordinary results stand on the page.

use std::path::Path;

use super::*;
use crate::diagnostic::{CautionCode, Code};
use crate::document::{Document, from_node};
use crate::{Applied, ApplyError, apply};

fn written(options: &str) -> Segment {
    let (document, mistakes) = Document::parse(Path::new("test"), options);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    from_node(&document.unwrap().root).unwrap()
}

fn rfm(more: &str) -> Segment {
    written(&format!("{{ from: rows, method: {{ rfm: {{ key: who, date: day, amount: paid{more} }} }} }}"))
}

fn transactions(rows: &[(Option<&str>, Option<i32>, Option<f64>)]) -> LazyFrame {
    let who: Vec<_> = rows.iter().map(|row| row.0).collect();
    let day: Vec<_> = rows.iter().map(|row| row.1).collect();
    let paid: Vec<_> = rows.iter().map(|row| row.2).collect();
    let frame = df!("who" => who, "day" => day, "paid" => paid).unwrap();
    frame.lazy().with_column(col("day").cast(DataType::Date))
}

/// A column as text, rows joined by blanks; missing values are `-`.
fn column(table: &DataFrame, name: &str) -> String {
    let column = table.column(name).unwrap().cast(&DataType::String).unwrap();
    column.str().unwrap().iter().map(|cell| cell.unwrap_or("-")).collect::<Vec<_>>().join(" ")
}

fn refused(made: Result<Applied, ApplyError>) -> Vec<Code> {
    match made {
        Err(ApplyError::Check(found)) => found.iter().map(|told| told.code).collect(),
        Err(ApplyError::Run(RunError::Data(found))) => found.iter().map(|told| told.code).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => Vec::new(),
    }
}

#[test]
fn nobody_bought() {
    for rows in [&[][..], &[(Some("A"), None, Some(1.0)), (Some("B"), Some(3), None)]] {
        let made = apply(rfm(""), transactions(rows)).unwrap();
        assert_eq!(made.table.height(), 0);
        assert_eq!(column(&made.sides["cuts"], "n"), "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0");
        assert_eq!(made.sides["cuts"].column("share").unwrap().null_count(), 15);
        assert_eq!(made.sides["cuts"].column("up_to").unwrap().null_count(), 15);
        assert_eq!(made.cautions.len(), rows.len());
    }
}

#[test]
fn one_customer_has_the_middle_of_nothing() {
    // Every cut point is the only value, and a value at a cut point stays below it.
    let made = apply(rfm(""), transactions(&[(Some("A"), Some(3), Some(1.0))])).unwrap();
    assert_eq!(column(&made.table, "rfm"), "511");
    assert_eq!(column(&made.table, "recency_days"), "0");
    assert!(made.cautions.is_empty(), "{:?}", made.cautions);
}

#[test]
fn every_reason_is_counted_once() {
    let rows = [
        (None, None, None),
        (Some("A"), None, None),
        (Some("A"), Some(1), Some(f64::NAN)),
        (Some("A"), Some(9), Some(1.0)),
        (Some("A"), Some(5), Some(2.0)),
        (Some("A"), Some(4), Some(-0.5)),
    ];
    let made = apply(rfm(", as_of: 1970-01-07"), transactions(&rows)).unwrap();
    assert_eq!(column(&made.sides["left_out"], "reason"), "no key no date no usable amount after as_of");
    assert_eq!(column(&made.sides["left_out"], "n"), "1 1 1 1");
    assert_eq!(column(&made.table, "frequency"), "2");
    assert_eq!(column(&made.table, "monetary"), "1.5");
    assert_eq!(column(&made.table, "recency_days"), "1");
    assert_eq!(column(&made.table, "as_of"), "1970-01-07");
    // Later transactions were meant to be left out; that needs no caution.
    let codes: Vec<CautionCode> = made.cautions.iter().map(|told| told.code).collect();
    assert_eq!(codes, [CautionCode::MissingValues; 3]);
}

#[test]
fn the_hour_does_not_count() {
    let rows = transactions(&[(Some("A"), Some(3), Some(1.0)), (Some("B"), Some(2), Some(1.0))]);
    let late = rows.with_column(
        col("day").cast(DataType::Datetime(TimeUnit::Milliseconds, None))
            + lit(23 * 3_600_000i64).cast(DataType::Duration(TimeUnit::Milliseconds)),
    );
    let made = apply(rfm(""), late).unwrap();
    assert_eq!(column(&made.table, "recency_days"), "0 1");
}

#[test]
fn many_groups_are_told_apart() {
    let rows: Vec<_> =
        (0..12).map(|i| (Some("ABCDEFGHIJKL".get(i..=i).unwrap()), Some(i as i32), Some(i as f64))).collect();
    let made = apply(rfm(", groups: 12"), transactions(&rows)).unwrap();
    assert_eq!(made.table.column("rfm").unwrap().str().unwrap().get(11), Some("12-1-12"));
    assert_eq!(refused(apply(rfm(", groups: 1"), transactions(&rows))), [Code::OutOfRange]);
    assert_eq!(refused(apply(rfm(", groups: 21"), transactions(&rows))), [Code::OutOfRange]);
}

#[test]
fn mistakes_come_together() {
    let stage = written(
        "{ from: rows, method: { rfm: { key: nobody, date: who, amount: day, as_of: soon, groups: 0 } } }",
    );
    let codes = refused(apply(stage, transactions(&[])));
    use Code::{ColumnType, InvalidOption, OutOfRange, UnknownColumn};
    assert_eq!(codes, [UnknownColumn, ColumnType, ColumnType, InvalidOption, OutOfRange]);

    let key = "{ from: rows, method: { rfm: { key: r, date: day, amount: paid } } }";
    let rows = transactions(&[]).rename(["who"], ["r"], true);
    assert_eq!(refused(apply(written(key), rows)), [Code::DuplicateColumn]);
}

#[test]
fn rules_over_scores_know_the_scores_only() {
    let stage = rfm(", rules: { segments: [{ name: x, where: paid > 1 }, { name: x, where: m = 1 }] }");
    let codes = refused(apply(stage, transactions(&[])));
    assert_eq!(codes, [Code::InvalidOption, Code::UnknownColumn]);
}

#[test]
fn constant_conditions_and_empty_tables() {
    let stage = || {
        written(
            "{ from: rows, method: { rules: { segments: [{ name: all, where: 1 = 1 }, { name: none, where: 1 = 2 }] } } }",
        )
    };
    let made = apply(stage(), transactions(&[(None, None, None), (None, None, None)])).unwrap();
    assert_eq!(column(&made.table, "segment"), "all all");
    assert_eq!(column(&made.sides["coverage"], "n"), "2 0 0");
    assert_eq!(column(&made.sides["coverage"], "matched"), "2 0 0");

    let made = apply(stage(), transactions(&[])).unwrap();
    assert_eq!(made.table.height(), 0);
    assert_eq!(column(&made.sides["coverage"], "n"), "0 0 0");
    assert_eq!(column(&made.sides["coverage"], "share"), "- - -");
}

#[test]
fn rules_that_cannot_be_used() {
    let rules = |inside: &str| written(&format!("{{ from: rows, method: {{ rules: {{ {inside} }} }} }}"));
    let codes = |inside: &str| refused(apply(rules(inside), transactions(&[])));
    assert_eq!(codes("segments: []"), [Code::InvalidOption]);
    assert_eq!(codes("segments: [{ name: ' ', where: 1 = 1 }]"), [Code::InvalidOption]);
    assert_eq!(codes("segments: [{ name: other, where: 1 = 1 }]"), [Code::InvalidOption]);
    let told = |inside: &str| match apply(rules(inside), transactions(&[])) {
        Err(ApplyError::Check(found)) => format!("{found:?}"),
        _ => panic!("refused"),
    };
    // The rule is pointed at, not `otherwise`, which nobody wrote; a rule twice is a rule twice.
    let otherwise = "rows that no rule matches are called this, by `otherwise`";
    assert!(told("segments: [{ name: other, where: 1 = 1 }]").contains(otherwise));
    let twice = told("segments: [{ name: a, where: 1 = 1 }, { name: a, where: 1 = 2 }]");
    assert!(twice.contains("an earlier segment has this name") && !twice.contains(otherwise));
    assert_eq!(codes("segments: [{ name: a, where: paid }]"), [Code::ExpressionType]);
    assert_eq!(codes("column: who, segments: [{ name: a, where: 1 = 1 }]"), [Code::DuplicateColumn]);
}

/// `*` is a name like any other here, and a mistake in the key hides none in the rules.
#[test]
fn odd_names_and_several_mistakes() {
    let frame = df!("*" => ["A", "B"], "^d$" => [1i32, 2], "x" => [1.0, 2.0]).unwrap().lazy();
    let frame = frame.with_column(Expr::Column("^d$".into()).cast(DataType::Date));
    let stage = "{ from: rows, method: { rfm: { key: '*', date: '^d$', amount: x } } }";
    let made = apply(written(stage), frame).unwrap();
    assert_eq!(column(&made.table, "*"), "A B");

    let rules = ", rules: { segments: [{ name: a, where: recency > 3 }] }";
    let stage = written(&format!(
        "{{ from: rows, method: {{ rfm: {{ key: rfm, date: day, amount: paid{rules} }} }} }}"
    ));
    let frame = df!("rfm" => ["A"], "day" => [1i32], "paid" => [1.0]).unwrap().lazy();
    let found = refused(apply(stage, frame.with_column(col("day").cast(DataType::Date))));
    assert_eq!(found, [Code::DuplicateColumn, Code::UnknownColumn]);
}

fn lifetime(more: &str) -> Segment {
    let inside = "key: who, date: day, amount: paid";
    written(&format!("{{ from: rows, method: {{ lifetime: {{ {inside}{more} }} }} }}"))
}

#[test]
fn nobody_bought_and_nothing_is_to_come() {
    for rows in [&[][..], &[(Some("A"), None, Some(1.0)), (None, Some(3), None)]] {
        let made = apply(lifetime(", holdout: 1970-01-02"), transactions(rows)).unwrap();
        assert_eq!(made.table.height(), 0);
        assert_eq!(column(&made.sides["value_by_loyalty"], "n"), "0 0 0 0");
        assert_eq!(column(&made.sides["holdout"], "n"), "0 0 0 0 0 0 0 0 0");
        assert_eq!(made.sides["holdout"].column("expected").unwrap().null_count(), 9);
        assert_eq!(column(&made.sides["parameters"], "estimate"), "- - - - - - -");
        assert_eq!(column(&made.sides["fit"], "n"), "0 0");
    }
}

/// With q = ½ and p = ¼ the mean of everybody is infinite, and so is that of A, who came back once:
/// ¼ + ½ ≤ 1. B came back three times for 4: ¼·(3 + 12)/(¾ + ½ − 1) = 15.
#[test]
fn some_have_a_value_where_everybody_has_no_mean() {
    let mut rows = vec![(Some("C"), Some(0), Some(9.0)), (Some("A"), Some(0), Some(4.0))];
    rows.push((Some("A"), Some(7), Some(4.0)));
    rows.extend([0, 3, 8, 15].map(|day| (Some("B"), Some(day), Some(4.0))));
    let given = ", as_of: 1970-01-22, given: { purchases: [1, 1, 1, 1], spend: [0.25, 0.5, 3] }";
    let made = apply(lifetime(given), transactions(&rows)).unwrap();
    let values: Vec<Option<f64>> =
        made.table.column("expected_value").unwrap().f64().unwrap().iter().collect();
    assert_eq!(values, [None, Some(15.0), None]);
    assert_eq!(made.table.column("expected_n").unwrap().null_count(), 0);
    assert_eq!(made.cautions.len(), 1);
    let told = &made.cautions[0].message;
    assert!(told.ends_with("too few to have one, 2 times"), "{told}");
    assert_eq!(column(&made.sides["value_by_loyalty"], "n").split(' ').filter(|n| *n != "0").count(), 1);
}

/// Two purchases of a day are one; a day after `as_of` and a returned one are none.
#[test]
fn a_purchase_is_a_day() {
    let rows = [
        (Some("A"), Some(0), Some(5.0)),
        (Some("A"), Some(7), Some(2.0)),
        (Some("A"), Some(7), Some(4.0)),
        (Some("A"), Some(9), Some(-1.0)),
        (Some("A"), Some(14), Some(8.0)),
        (Some("A"), Some(99), Some(8.0)),
    ];
    let given = ", as_of: 1970-01-22, given: { purchases: [1, 1, 1, 1], spend: [1, 2, 3] }";
    let made = apply(lifetime(given), transactions(&rows)).unwrap();
    assert_eq!(column(&made.table, "repeats"), "2");
    assert_eq!(column(&made.table, "recency"), "2.0");
    assert_eq!(column(&made.table, "age"), "3.0");
    assert_eq!(column(&made.table, "mean_amount"), "7.0");
    // (3 + 2·7)/(2 + 2 − 1)
    let value = made.table.column("expected_value").unwrap().f64().unwrap().get(0).unwrap();
    assert!((value - 17.0 / 3.0).abs() < 1e-14);
    assert_eq!(column(&made.sides["left_out"], "n"), "0 0 0 1 1");
}

#[test]
fn without_amounts_there_is_no_money() {
    let stage = "{ from: rows, method: { lifetime: { key: who, date: day, unit: day, given: { purchases: [1, 1, 1, 1] } } } }";
    let made = apply(written(stage), transactions(&[(Some("A"), Some(3), None), (Some("A"), Some(5), None)]));
    let made = made.unwrap();
    let names: Vec<&str> = made.table.get_column_names().into_iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["who", "repeats", "recency", "age", "p_alive", "expected_n", "as_of"]);
    assert_eq!(column(&made.table, "recency"), "2.0");
    assert!(!made.sides.contains_key("value_by_loyalty"));
}

#[test]
fn lifetimes_that_cannot_be_asked_for() {
    let codes = |more: &str| refused(apply(lifetime(more), transactions(&[])));
    use Code::{InvalidOption, OutOfRange};
    assert_eq!(codes(", horizon: 0, discount: 2, profitable: -1, loyal: 3"), [OutOfRange; 4]);
    assert_eq!(codes(", as_of: 2026-01-01, holdout: 2026-01-01"), [InvalidOption]);
    assert_eq!(codes(", given: { purchases: [1, 2, 3, -4], spend: [1] }"), [InvalidOption; 2]);
    assert_eq!(codes(", as_of: never, holdout: ever"), [InvalidOption; 2]);
    // Only the rows tell that nothing came after it.
    let rows = transactions(&[(Some("A"), Some(3), Some(1.0)), (Some("A"), Some(5), Some(1.0))]);
    assert_eq!(refused(apply(lifetime(", holdout: 1970-01-20"), rows)), [Code::UnusableData]);
    let rows = transactions(&[]).rename(["who"], ["clv"], true);
    let stage = written("{ from: rows, method: { lifetime: { key: clv, date: day } } }");
    assert_eq!(refused(apply(stage, rows)), [Code::DuplicateColumn]);
}

#[test]
fn a_summary_is_one_row_per_customer() {
    let stage = |more: &str| {
        let summary = "summary: { repeats: x, recency: t, age: a }";
        written(&format!("{{ from: rows, method: {{ lifetime: {{ key: who, {summary}{more} }} }} }}"))
    };
    let rows = |names: &[&str]| {
        let n = names.len();
        df!("who" => names, "x" => vec![1i64; n], "t" => vec![2.0; n], "a" => vec![5i64; n]).unwrap().lazy()
    };
    let given = ", given: { purchases: [1, 1, 1, 1] }";
    let made = apply(stage(given), rows(&["B", "A"])).unwrap();
    let names: Vec<&str> = made.table.get_column_names().into_iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["who", "repeats", "recency", "age", "p_alive", "expected_n"]);
    assert_eq!(column(&made.table, "who"), "A B");
    assert_eq!(apply(stage(given), rows(&[])).unwrap().table.height(), 0);
    assert_eq!(refused(apply(stage(given), rows(&["A", "B", "A"]))), [Code::DuplicateRecord]);
    assert_eq!(refused(apply(stage(", amount: x, as_of: 2026-01-01"), rows(&[]))), [Code::InvalidOption; 2]);
    let once =
        "{ from: rows, method: { lifetime: { key: who, summary: { repeats: x, recency: t, age: t } } } }";
    assert_eq!(refused(apply(written(once), rows(&[]))), [Code::InvalidOption]);
    let neither = "{ from: rows, method: { lifetime: { key: who } } }";
    assert_eq!(refused(apply(written(neither), rows(&[]))), [Code::MissingOption]);
}

#[test]
fn clusters_of_thin_tables() {
    let clusters = |more: &str| {
        written(&format!("{{ from: rows, method: {{ k_means: {{ features: [paid], {more} }} }} }}"))
    };
    for rows in [&[][..], &[(None, None, Some(1.0)), (None, None, Some(1.0)), (None, None, None)]] {
        let made = apply(clusters("k: 2"), transactions(rows)).unwrap();
        assert_eq!(made.table.column("cluster").unwrap().null_count(), rows.len());
        assert_eq!(made.sides["centroids"].height(), 0);
        let codes: Vec<CautionCode> = made.cautions.iter().map(|told| told.code).collect();
        assert!(codes.is_empty() == rows.is_empty() && codes.iter().all(|c| *c == CautionCode::EmptyBase));
    }
    // Four values: no more than four clusters can be tried.
    let rows: Vec<_> = (0..20).map(|i| (None, None, Some(f64::from(i % 4) * 10.0))).collect();
    let made = apply(clusters("k_range: [2, 9], scale: log_z"), transactions(&rows)).unwrap();
    assert_eq!(column(&made.sides["fit"], "k"), "2 3 4");
    assert_eq!(column(&made.sides["fit"], "is_taken"), "false false true");
    let told: Vec<&str> = made.cautions.iter().map(|told| told.message.as_str()).collect();
    let untried =
        "more than 4 clusters were not tried, though `k_range` goes to 9: there are 4 different rows";
    assert!(told.contains(&untried), "{told:?}");
    let made = apply(clusters("k_range: [2, 4]"), transactions(&rows)).unwrap();
    assert!(made.cautions.is_empty(), "{:?}", made.cautions);
    let again = apply(clusters("k_range: [2, 9], scale: log_z"), transactions(&rows)).unwrap();
    assert!(made.table.equals_missing(&again.table));
    let codes = |more: &str| refused(apply(clusters(more), transactions(&[])));
    use Code::{DuplicateColumn, InvalidOption, OutOfRange};
    assert_eq!(codes("seed: 2"), [InvalidOption]);
    assert_eq!(codes("k: 2, k_range: [2, 3]"), [InvalidOption]);
    assert_eq!(codes("k_range: [3, 2]"), [InvalidOption]);
    assert_eq!(codes("k: 1, k_range: [5, 2]"), [OutOfRange, InvalidOption, InvalidOption]);
    let both = apply(clusters("k: 2, k_range: [2, 3]"), transactions(&[]));
    let Err(ApplyError::Check(both)) = both else { panic!("refused") };
    assert_eq!(
        both[0].message,
        "stage `segment` takes one of `k`, `k_range` and `centroids`, and has several"
    );
    let texts = "{ from: rows, method: { k_means: { features: [paid, paid, who], k: 1 } } }";
    let all = refused(apply(written(texts), transactions(&[])));
    assert!(all.len() == 3 && all.contains(&Code::ColumnType) && all.contains(&OutOfRange), "{all:?}");
    assert_eq!(codes("centroids: [[1, 2], [3, 4]]"), [InvalidOption]);
    assert_eq!(codes("k: 1, sample: 3, column: day"), [OutOfRange, OutOfRange, DuplicateColumn]);
    let none = written("{ from: rows, method: { k_means: { features: [], k: 2 } } }");
    assert_eq!(refused(apply(none, transactions(&[]))), [InvalidOption]);
}

/// A sample of every second row finds the same two clouds, and every row gets its cluster.
#[test]
fn clusters_from_a_sample_reach_every_row() {
    let rows: Vec<_> = (0..200)
        .map(|i| (None, None, Some(f64::from(i % 5) + if i % 3 == 0 { 100.0 } else { 0.0 })))
        .collect();
    let stage =
        "{ from: rows, method: { k_means: { features: [paid], k: 2, sample: 100, profile: [paid, day] } } }";
    assert_eq!(refused(apply(written(stage), transactions(&rows))), [Code::ExpressionType]);
    let made = apply(written(&stage.replace(", day]", "]")), transactions(&rows)).unwrap();
    assert_eq!(column(&made.sides["fit"], "n"), "100");
    assert_eq!(column(&made.sides["clusters"], "n"), "133 67 0");
    assert_eq!(column(&made.sides["profile"], "n"), "133 67");
    let expected: Vec<String> = (0..200).map(|i| if i % 3 == 0 { "2" } else { "1" }.to_owned()).collect();
    assert_eq!(column(&made.table, "cluster"), expected.join(" "));
}

#[test]
fn own_edges_that_cannot_be_used() {
    let edges = |recency: &str, more: &str| {
        let edges = format!(
            ", groups: 3, edges: {{ recency_days: {recency}, frequency: [1, 2], monetary: [1, 2] }}{more}"
        );
        refused(apply(rfm(&edges), transactions(&[])))
    };
    assert_eq!(edges("[1, 2]", ""), []);
    assert_eq!(edges("[1]", ""), [Code::InvalidOption]);
    assert_eq!(edges("[2, 2]", ""), [Code::InvalidOption]);
    assert_eq!(edges("[1, 2]", ", ties: ntile"), [Code::InvalidOption]);
}
