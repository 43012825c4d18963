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
    assert_eq!(codes("segments: [{ name: a, where: paid }]"), [Code::ExpressionType]);
    assert_eq!(codes("column: who, segments: [{ name: a, where: 1 = 1 }]"), [Code::DuplicateColumn]);
}
