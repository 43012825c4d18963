//! Input that is thin, odd or at the edge. Ordinary results stand on the page.

use std::path::Path;

use super::*;
use crate::diagnostic::CautionCode;
use crate::document::{Document, from_node};
use crate::{Applied, ApplyError, apply, apply_with};

fn written(options: &str) -> Lifecycle {
    let (document, mistakes) = Document::parse(Path::new("test"), options);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    from_node(&document.unwrap().root).unwrap()
}

/// One measure of `orders` by quarter, one level, and what is written beside.
fn plain(more: &str) -> Lifecycle {
    written(&format!(
        "{{ key: who, periods: {{ every: quarter }}, measures: [{{ name: n, from: orders, date: day, aggregate: count }}],
            levels: [{{ name: customer, where: n > 0 }}]{more} }}"
    ))
}

fn orders(rows: &[(Option<&str>, Option<i32>)]) -> LazyFrame {
    let who: Vec<_> = rows.iter().map(|row| row.0).collect();
    let day: Vec<_> = rows.iter().map(|row| row.1).collect();
    df!("who" => who, "day" => day).unwrap().lazy().with_column(col("day").cast(DataType::Date))
}

/// A column as text, rows joined by blanks; missing values are `-`.
fn column(table: &DataFrame, name: &str) -> String {
    let column = table.column(name).unwrap().cast(&DataType::String).unwrap();
    column.str().unwrap().iter().map(|cell| cell.unwrap_or("-")).collect::<Vec<_>>().join(" ")
}

fn told(made: &Applied) -> Vec<CautionCode> {
    made.cautions.iter().map(|told| told.code).collect()
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
fn nobody_and_nothing() {
    for rows in [&[][..], &[(None, Some(3)), (Some("A"), None)]] {
        let made = apply(plain(""), orders(rows)).unwrap();
        assert_eq!(made.table.height(), 0);
        assert_eq!(made.sides["periods"].height(), 0);
        assert_eq!(made.sides["levels"].height(), 0);
        assert_eq!(column(&made.sides["coverage"], "n"), "0");
        assert_eq!(made.cautions[0].code, CautionCode::NoRows);
    }
}

#[test]
fn rows_that_do_not_count_are_told_by_the_first_reason() {
    let rows =
        [(None, None), (Some("A"), None), (Some("A"), Some(0)), (Some("A"), Some(400)), (Some("Z"), Some(0))];
    let list = df!("who" => [Some("A"), Some("B"), None]).unwrap().lazy();
    let stage = plain(", from: people, as_of: 1970-03-31");
    let made = apply_with(stage, &[("people", list), ("orders", orders(&rows))]).unwrap();
    let measures = &made.sides["measures"];
    assert_eq!(column(measures, "n"), "2 1");
    assert_eq!(column(measures, "no_key"), "1 1");
    assert_eq!(column(measures, "unlisted"), "0 1");
    assert_eq!(column(measures, "no_date"), "0 1");
    assert_eq!(column(measures, "no_value"), "0 0");
    assert_eq!(column(measures, "after_as_of"), "0 1");
    assert_eq!(column(&made.table, "who"), "A B");
    assert_eq!(column(&made.table, "level"), "customer -");
    use CautionCode::{MissingValues, UnmatchedRows};
    assert_eq!(told(&made), [MissingValues, MissingValues, UnmatchedRows, MissingValues]);
}

#[test]
fn one_who_left_is_told_from_one_who_never_came() {
    // Quarters 1 to 4 of 1970; B's only order is of the third.
    let rows = [(Some("A"), Some(0)), (Some("A"), Some(300)), (Some("B"), Some(200))];
    let made = apply(plain(", as_of: 1970-12-31"), orders(&rows)).unwrap();
    assert_eq!(column(&made.table, "move"), "- left dormant returned - not_yet entered left");
    assert_eq!(column(&made.sides["periods"], "n_not_yet"), "1 1 0 0");
    assert_eq!(column(&made.sides["periods"], "n_away"), "0 1 1 1");
    // Nobody has a level before the day from which they are there, and nothing is missing of it.
    let list = df!("who" => ["A", "B"], "since" => [Some(100), None]).unwrap().lazy();
    let list = list.with_column(col("since").cast(DataType::Date));
    let stage = plain(", from: people, since: since, as_of: 1970-12-31");
    let made = apply_with(stage, &[("people", list), ("orders", orders(&rows))]).unwrap();
    assert_eq!(column(&made.table, "level_number"), "0 0 0 1 0 0 1 0");
    assert_eq!(column(&made.table, "move"), "- not_yet not_yet entered - not_yet entered left");
    assert_eq!(column(&made.table, "lacking"), "- 1 1 - 1 1 - 1");
    assert_eq!(column(&made.sides["coverage"], "cases"), "7");
    // A's first order is of a day before, and counts.
    let measures = &made.sides["measures"];
    assert_eq!((column(measures, "n"), column(measures, "before_since")), ("2 3".into(), "0 1".into()));
    assert_eq!(column(&made.table, "n"), "1 0 0 1 0 0 1 0");
    let early: Vec<_> = made.cautions.iter().filter(|told| told.code == CautionCode::EarlyRows).collect();
    assert_eq!((early.len(), early[0].figure, early[0].key.as_str()), (1, Some(1.0), "measure=n"));
}

#[test]
fn the_hour_does_not_count() {
    let rows = [(Some("A"), Some(89)), (Some("A"), Some(90))];
    let late = orders(&rows).with_column(
        col("day").cast(DataType::Datetime(TimeUnit::Milliseconds, None))
            + lit(23 * 3_600_000i64).cast(DataType::Duration(TimeUnit::Milliseconds)),
    );
    let made = apply(plain(""), late).unwrap();
    assert_eq!(column(&made.table, "period"), "1970-Q1 1970-Q2");
    assert_eq!(column(&made.table, "n"), "1 1");
    assert_eq!(told(&made), [CautionCode::UnfinishedPeriod]);
}

#[test]
fn windows_look_back_before_the_first_period() {
    let rows =
        [(Some("A"), Some(-400)), (Some("A"), Some(-40)), (Some("A"), Some(10)), (Some("A"), Some(11))];
    let stage = |over: &str| {
        written(&format!(
            "{{ key: who, periods: {{ every: month, first: 1970-01-01 }}, as_of: 1970-04-30,
                measures: [{{ name: n, from: orders, date: day, aggregate: count, over: {over} }}],
                levels: [{{ name: customer, where: n > 0 }}] }}"
        ))
    };
    let n = |over: &str| column(&apply(stage(over), orders(&rows)).unwrap().table, "n");
    assert_eq!(n("period"), "2 0 0 0");
    assert_eq!(n("{ periods: 1 }"), "2 0 0 0");
    assert_eq!(n("{ periods: 3 }"), "3 2 2 0");
    // Its rows begin long before; without the earliest it would not see three months in January.
    let told = |rows| {
        let cautions = apply(stage("{ periods: 3 }"), orders(rows)).unwrap().cautions;
        cautions
            .into_iter()
            .map(|told| told.message)
            .filter(|told| told.contains("looks back"))
            .collect::<Vec<_>>()
    };
    assert!(told(&rows).is_empty());
    let message = "measure `n` looks back over 3 periods, and its rows begin on 1969-12-02: \
                   in the first period it sees less";
    assert_eq!(told(&[(Some("A"), Some(-30)), (Some("A"), Some(119))]), [message]);
}

#[test]
fn every_way_to_sum_up() {
    let rows = df!(
        "who" => ["A", "A", "A", "A", "B"], "day" => [1, 5, 5, 95, 95],
        "x" => [Some(4.0), Some(1.0), Some(2.5), Some(f64::NAN), None], "yes" => [true, false, true, true, false]
    );
    let rows = rows.unwrap().lazy().with_column(col("day").cast(DataType::Date));
    let kinds = ["count", "sum", "mean", "min", "max", "last"];
    let measure = |kind: &str, over: &str| {
        format!(
            "{{ name: {kind}_{over}, from: orders, date: day, value: x, aggregate: {kind}, over: {over} }}"
        )
    };
    let measures: Vec<String> =
        ["period", "to_date"].iter().flat_map(|over| kinds.map(|kind| measure(kind, over))).collect();
    let stage = written(&format!(
        "{{ key: who, periods: {{ every: quarter }}, as_of: 1970-06-30, measures: [{},
            {{ name: agreed, from: orders, value: yes, aggregate: sum }}],
            levels: [{{ name: customer, where: agreed > 0 }}] }}",
        measures.join(", ")
    ));
    let made = apply(stage, rows).unwrap();
    let of = |kind: &str| column(&made.table, kind);
    assert_eq!((of("count_period"), of("count_to_date")), ("3 0 0 0".into(), "3 3 0 0".into()));
    assert_eq!((of("sum_period"), of("sum_to_date")), ("7.5 0.0 0.0 0.0".into(), "7.5 7.5 0.0 0.0".into()));
    assert_eq!((of("mean_period"), of("mean_to_date")), ("2.5 - - -".into(), "2.5 2.5 - -".into()));
    assert_eq!((of("min_period"), of("min_to_date")), ("1.0 - - -".into(), "1.0 1.0 - -".into()));
    assert_eq!((of("max_period"), of("max_to_date")), ("4.0 - - -".into(), "4.0 4.0 - -".into()));
    // Of two values of the last day, the larger.
    assert_eq!((of("last_period"), of("last_to_date")), ("2.5 - - -".into(), "2.5 2.5 - -".into()));
    assert_eq!(of("agreed"), "3.0 3.0 0.0 0.0");
}

#[test]
fn what_stands_twice_is_refused() {
    let people = || df!("who" => ["A", "A", "B"], "x" => [1.0, 2.0, 3.0]).unwrap().lazy();
    let inputs = [("people", people()), ("orders", orders(&[(Some("A"), Some(0))]))];
    assert_eq!(refused(apply_with(plain(", from: people"), &inputs)), [Code::DuplicateRecord]);
    let profile = |more: &str| {
        written(&format!(
            "{{ key: who, periods: {{ every: quarter }}, measures: [{{ name: n, from: orders, date: day, aggregate: count }},
                {{ name: x, from: people, value: x{more} }}], levels: [{{ name: customer, where: x > 1 }}] }}"
        ))
    };
    assert_eq!(refused(apply_with(profile(""), &inputs)), [Code::DuplicateRecord]);
    assert_eq!(refused(apply_with(profile(", aggregate: max"), &inputs)), []);
}

#[test]
fn centuries_are_a_mistake() {
    let rows = [(Some("A"), Some(-900_000)), (Some("A"), Some(20_000))];
    assert_eq!(refused(apply(plain(""), orders(&rows))), [Code::UnusableData]);
}

#[test]
fn what_cannot_be_asked() {
    let told = |options: &str| refused(apply(written(options), orders(&[])));
    let stage = |periods: &str, measure: &str, level: &str, more: &str| {
        told(&format!(
            "{{ key: who, periods: {{ {periods} }}, measures: [{{ name: n, from: orders, {measure} }}],
                levels: [{{ name: customer, where: {level} }}]{more} }}"
        ))
    };
    let count = "date: day, aggregate: count";
    use Code::{DuplicateColumn, ExpressionType, InvalidOption, OutOfRange, UnknownColumn};
    assert_eq!(stage("every: month", count, "n > 0", ""), []);
    assert_eq!(stage("every: { days: 0 }", count, "n > 0", ""), [OutOfRange]);
    assert_eq!(stage("every: month, first: soon", count, "n > 0", ""), [InvalidOption]);
    assert_eq!(
        stage("every: month, first: 1970-02-01", count, "n > 0", ", as_of: 1970-01-31"),
        [InvalidOption]
    );
    assert_eq!(stage("every: month", "date: day", "n > 0", ""), [InvalidOption]);
    assert_eq!(stage("every: month", "value: who, aggregate: max", "n > 0", ""), [ExpressionType]);
    assert_eq!(stage("every: month", "value: 1, aggregate: last", "n > 0", ""), [InvalidOption]);
    assert_eq!(stage("every: month", "value: 1, over: to_date", "n > 0", ""), [InvalidOption]);
    let window = "date: day, aggregate: count, over: { periods: 0 }";
    assert_eq!(stage("every: month", window, "n > 0", ""), [OutOfRange]);
    assert_eq!(stage("every: month", count, "n", ""), [ExpressionType]);
    assert_eq!(stage("every: month", count, "m > 0", ""), [UnknownColumn]);
    assert_eq!(stage("every: month", count, "n > 0", ", by: region"), [InvalidOption]);
    assert_eq!(stage("every: month", count, "n > 0", ", keep: [region], since: day"), [InvalidOption; 2]);
    let twice = "{ key: who, periods: { every: month }, measures: [{ name: level, from: orders, date: day, aggregate: count }], levels: [] }";
    assert_eq!(told(twice), [DuplicateColumn]);
    let nothing = "{ key: who, periods: { every: month }, measures: [], levels: [] }";
    assert_eq!(told(nothing), [InvalidOption]);
}

/// Without `action`, four levels have those of the story; others have none.
#[test]
fn four_levels_are_called_to_something() {
    let stage = |levels: &[&str]| {
        let levels: Vec<String> = levels
            .iter()
            .enumerate()
            .map(|(at, more)| format!("{{ name: l{at}, where: n > {at}{more} }}"))
            .collect();
        written(&format!(
            "{{ key: who, periods: {{ every: quarter }}, measures: [{{ name: n, from: orders, date: day, aggregate: count }}],
                levels: [{}] }}",
            levels.join(", ")
        ))
    };
    let rows = [(Some("A"), Some(0))];
    let actions =
        |levels: &[&str]| column(&apply(stage(levels), orders(&rows)).unwrap().sides["levels"], "action");
    assert_eq!(actions(&["", "", "", ""]), "retain expand grow leverage");
    assert_eq!(actions(&["", ""]), "- -");
    assert_eq!(actions(&["", "", "", ", action: thank"]), "- - - thank");
}
