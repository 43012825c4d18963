//! Input that is thin, odd or at the edge. Ordinary results stand on the page.

use std::path::Path;

use super::*;
use crate::diagnostic::CautionCode;
use crate::document::{Document, from_node};
use crate::{Applied, ApplyError, apply, apply_with};

fn written(options: &str) -> ScorePartners {
    let (document, mistakes) = Document::parse(Path::new("test"), options);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    from_node(&document.unwrap().root).unwrap()
}

fn rows(partners: &[Option<&str>], x: &[Option<f64>]) -> LazyFrame {
    df!("p" => partners, "x" => x).unwrap().lazy()
}

fn plain(more: &str) -> ScorePartners {
    written(&format!("{{ key: p, indicators: [{{ name: x, from: rows, value: x{more} }}] }}"))
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
fn nobody() {
    let made = apply(plain(""), rows(&[], &[])).unwrap();
    assert_eq!((made.table.height(), made.sides["indicators"].height()), (0, 0));
    assert_eq!(told(&made), [CautionCode::NoRows]);
}

#[test]
fn alone_there_is_no_better() {
    let made = apply(plain(""), rows(&[Some("A")], &[Some(7.0)])).unwrap();
    assert_eq!(column(&made.table, "score"), "-");
    assert_eq!(column(&made.table, "rank"), "-");
    assert_eq!(column(&made.table, "tier"), "-");
    assert_eq!(column(&made.sides["indicators"], "value"), "7.0");
    assert_eq!(told(&made), [CautionCode::ConstantIndicator, CautionCode::MissingValues]);
}

#[test]
fn no_values_at_all() {
    let made = apply(plain(""), rows(&[Some("A"), Some("B")], &[None, Some(f64::NAN)])).unwrap();
    assert_eq!(column(&made.table, "score"), "- -");
    assert_eq!(told(&made), [CautionCode::MissingValues; 2]);
}

#[test]
fn several_rows_want_an_aggregate() {
    let twice = || rows(&[Some("A"), Some("A"), Some("B"), Some("B")], &[Some(1.0), Some(4.0), None, None]);
    assert_eq!(refused(apply(plain(""), twice())), [Code::DuplicateRecord]);
    for (aggregate, values) in [
        ("sum", "5.0 -"),
        ("mean", "2.5 -"),
        ("median", "2.5 -"),
        ("min", "1.0 -"),
        ("max", "4.0 -"),
        ("count", "2.0 0.0"),
    ] {
        let made = apply(plain(&format!(", aggregate: {aggregate}")), twice()).unwrap();
        assert_eq!(column(&made.sides["indicators"], "value"), values, "{aggregate}");
        assert_eq!(column(&made.sides["indicators"], "n"), "2 0", "{aggregate}");
    }
}

#[test]
fn text_can_be_counted_only() {
    let table = df!("p" => ["A", "A", "B"], "x" => [Some("won"), None, Some("lost")]).unwrap().lazy();
    assert_eq!(refused(apply(plain(""), table.clone())), [Code::ExpressionType]);
    let made = apply(plain(", aggregate: count"), table.clone()).unwrap();
    assert_eq!(column(&made.sides["indicators"], "value"), "1.0 1.0");
    let stage =
        written("{ key: p, indicators: [{ name: won, from: rows, value: x = 'won', aggregate: mean }] }");
    let made = apply(stage, table).unwrap();
    assert_eq!(column(&made.sides["indicators"], "value"), "1.0 0.0");
}

#[test]
fn a_list_is_the_whole_truth() {
    let stage = || {
        written(
            "{ key: p, from: list, keep: [land],
               indicators: [{ name: x, from: rows, key: who, value: x, aggregate: sum, absent: 0 }] }",
        )
    };
    let sold = df!("who" => [Some("A"), Some("Z"), None], "x" => [5.0, 6.0, 7.0]).unwrap().lazy();
    let list = df!("p" => [Some("B"), Some("A"), None], "land" => ["ES", "DE", "FR"]).unwrap().lazy();
    let made = apply_with(stage(), &[("list", list), ("rows", sold.clone())]).unwrap();
    assert_eq!(column(&made.table, "p"), "A B");
    assert_eq!(column(&made.table, "land"), "DE ES");
    assert_eq!(column(&made.table, "score"), "100.0 0.0");
    assert_eq!(
        told(&made),
        [CautionCode::MissingValues, CautionCode::MissingValues, CautionCode::UnmatchedRows]
    );

    let twice = df!("p" => ["A", "A"], "land" => ["DE", "ES"]).unwrap().lazy();
    let made = apply_with(stage(), &[("list", twice), ("rows", sold)]);
    assert_eq!(refused(made), [Code::DuplicateRecord]);
}

#[test]
fn keys_of_different_types_do_not_meet() {
    let stage = || {
        written(
            "{ key: p, indicators: [{ name: x, from: a, value: x, weight: 3 }, { name: y, from: b, value: y }] }",
        )
    };
    let a = df!("p" => [1i32, 2], "x" => [1.0, 2.0]).unwrap().lazy();
    let text = df!("p" => ["1", "2"], "y" => [5.0, 4.0]).unwrap().lazy();
    assert_eq!(refused(apply_with(stage(), &[("a", a.clone()), ("b", text)])), [Code::ColumnType]);

    let wide = df!("p" => [1i64, 3], "y" => [5.0, 4.0]).unwrap().lazy();
    let made = apply_with(stage(), &[("a", a), ("b", wide)]).unwrap();
    // 2 has x = 100 alone, 1 has (3·0 + 100)/4, 3 has y = 0 alone.
    assert_eq!(column(&made.table, "p"), "2 1 3");
    assert_eq!(column(&made.table, "score"), "100.0 25.0 0.0");
    assert_eq!(column(&made.table, "weight_share"), "0.75 1.0 0.25");
}

#[test]
fn ranks_under_a_geometric_mean_go_from_one_to_a_hundred() {
    let stage = written(
        "{ key: p, normalise: rank, aggregate: geometric, indicators: [{ name: x, from: rows, value: x, direction: lower }] }",
    );
    let made =
        apply(stage, rows(&[Some("A"), Some("B"), Some("C")], &[Some(9.0), Some(8.0), Some(-1.0)])).unwrap();
    assert_eq!(column(&made.table, "p"), "C B A");
    assert_eq!(column(&made.sides["indicators"], "normalised"), "100.0 50.5 1.0");
}

#[test]
fn tiers_must_add_up() {
    let tiers = |tiers: &str| {
        let stage = written(&format!(
            "{{ key: p, tiers: {tiers}, indicators: [{{ name: x, from: rows, value: x }}] }}"
        ));
        refused(apply(stage, rows(&[Some("A"), Some("B")], &[Some(1.0), Some(2.0)])))
    };
    assert_eq!(tiers("[{ name: a, share: 0.2 }, { name: b }]"), []);
    assert_eq!(tiers("[{ name: a, share: 0.2 }, { name: b, share: 0.7 }]"), [Code::InvalidOption]);
    assert_eq!(
        tiers("[{ name: a, share: 0.7 }, { name: b, share: 0.7 }, { name: c }]"),
        [Code::InvalidOption]
    );
    assert_eq!(tiers("[{ name: a }, { name: b }]"), [Code::InvalidOption]);
    assert_eq!(tiers("[{ name: a, share: 1.5 }, { name: b }]"), [Code::OutOfRange]);
    assert_eq!(tiers("[{ name: a, share: 0.5 }, { name: a }]"), [Code::InvalidOption]);
    assert_eq!(tiers("[]"), [Code::InvalidOption]);
}

#[test]
fn mistakes_come_together() {
    let stage = written(
        "{ key: score, keep: [land], normalise: z, aggregate: geometric,
           indicators: [{ name: x, from: rows, value: y, weight: -1 }, { name: x, from: rows, value: x, where: x }] }",
    );
    let mut codes = refused(apply(stage, rows(&[], &[])));
    codes.sort();
    let mut expected = [
        Code::InvalidOption,   // keep without from
        Code::DuplicateColumn, // the key is called as a column of the result
        Code::InvalidOption,   // two indicators x
        Code::UnknownColumn,   // key
        Code::UnknownColumn,   // y
        Code::OutOfRange,      // weight
        Code::ExpressionType,  // where
        Code::InvalidOption,   // z and geometric
    ];
    expected.sort();
    assert_eq!(codes, expected);
}

#[test]
fn what_holds_of_a_table_is_told_once() {
    let slip = |key: &str, list: &str| {
        let stage = written(&format!(
            "{{ key: {key}, {list} indicators: [{{ name: x, from: rows, value: x }}, {{ name: y, from: rows, \
             value: x }}, {{ name: z, from: other, value: x }}] }}"
        ));
        let other = df!("q" => ["A"], "x" => [1.0]).unwrap().lazy();
        refused(apply_with(stage, &[("rows", rows(&[Some("A")], &[Some(1.0)])), ("other", other)]))
    };
    assert_eq!(slip("ps", "from: rows,"), [Code::UnknownColumn]);
    assert_eq!(slip("ps", ""), [Code::UnknownColumn]);
    // A key that is called otherwise in one table is no slip.
    assert_eq!(slip("p", "from: rows,"), [Code::UnknownColumn]);
    assert_eq!(slip("q", "from: other,"), [Code::UnknownColumn]);

    let stage = written(
        "{ key: p, from: rows, indicators: [{ name: x, from: rows, value: x }, { name: y, from: rows, value: -x }] }",
    );
    let made = apply(stage, rows(&[Some("A"), Some("B"), None], &[Some(1.0), Some(2.0), Some(3.0)])).unwrap();
    let messages: Vec<&str> = made.cautions.iter().map(|told| told.message.as_str()).collect();
    assert_eq!(
        messages.iter().filter(|told| told.contains("no partner is named")).count(),
        1,
        "{messages:?}"
    );
}

#[test]
fn standard_errors_of_no_use_are_counted() {
    let messages = |errors: [Option<f64>; 4], more: &str| {
        let table = df!(
            "p" => ["A", "B", "C", "D"], "x" => [Some(4.0), Some(3.0), Some(2.0), None], "se" => errors
        );
        let stage = written(&format!(
            "{{ key: p, indicators: [{{ name: x, from: rows, value: x, std_error: se }}] {more} }}"
        ));
        let made = apply(stage, table.unwrap().lazy()).unwrap();
        let told = made.cautions.iter().filter(|told| told.message.contains("standard error"));
        (
            told.map(|told| told.message.clone()).collect::<Vec<_>>().join("; "),
            column(&made.sides["indicators"], "std_error"),
        )
    };
    let made = messages([Some(-3.0), None, Some(1.0), None], ", stability: { draws: 100 }");
    assert_eq!(
        made.0,
        "2 of 3 partners have no usable standard error for indicator `x` (1 missing, 1 below zero): the value \
         counts as exact, and intervals of ranks are too narrow"
    );
    assert_eq!(made.1, "- - 1.0 -");
    assert_eq!(
        messages([Some(0.0), Some(2e20), Some(1.0), None], "").0,
        "1 of 3 partners has no usable standard error for indicator `x` (missing): the value counts as exact"
    );
    assert_eq!(messages([Some(1.0), Some(0.0), Some(1.0), Some(-1.0)], "").0, "");
}

#[test]
fn names_that_are_empty_or_odd() {
    let empty = written(
        "{ key: p, indicators: [{ name: '', from: rows, value: x }], tiers: [{ name: ' ', share: 1.0 }] }",
    );
    let found = refused(apply(empty, rows(&[Some("A")], &[Some(1.0)])));
    assert_eq!(found, [Code::InvalidOption, Code::InvalidOption]);

    let odd = written("{ key: '*', indicators: [{ name: x, from: rows, value: x }] }");
    let made = apply(odd, df!("*" => ["A", "B"], "x" => [1.0, 2.0]).unwrap().lazy()).unwrap();
    assert_eq!(column(&made.table, "*"), "B A");
}

fn three(more: &str) -> ScorePartners {
    written(&format!(
        "{{ key: p, from: rows, indicators: [{{ name: x, from: rows, value: x }}, {{ name: y, from: rows, value: y }}], {more} }}"
    ))
}

fn pairs(x: [f64; 4], y: [f64; 4]) -> LazyFrame {
    df!("p" => ["A", "B", "C", "D"], "g" => [Some("n"), Some("n"), Some("s"), None], "x" => x, "y" => y)
        .unwrap()
        .lazy()
}

#[test]
fn peers_alone_and_strays_have_no_score() {
    let rows = || pairs([1.0, 2.0, 9.0, 9.0], [5.0, 5.0, 5.0, 5.0]);
    let made = apply(three("within: g"), rows()).unwrap();
    assert_eq!(column(&made.table, "p"), "B A C D");
    assert_eq!(column(&made.table, "g"), "n n s -");
    assert_eq!(column(&made.table, "score"), "100.0 0.0 - -");
    assert_eq!(column(&made.table, "rank"), "1 2 - -");
    let cautions: Vec<&str> = made.cautions.iter().map(|told| told.message.as_str()).collect();
    assert_eq!(
        cautions,
        [
            "1 of 4 partners has no peer group, and no score",
            "1 peer group has a single partner, who can be compared with nobody",
            "indicator `y` is 5 for every partner of `n` who has a value, so it tells nobody apart: it is left \
             out of the scores there",
            "1 of 4 partners has no score, for want of an indicator that can be used",
        ]
    );
}

#[test]
fn entropy_wants_no_negative_values() {
    let rows = || pairs([1.0, 2.0, 3.0, 4.0], [-1.0, 1.0, 2.0, 0.0]);
    assert_eq!(refused(apply(three("weights: entropy"), rows())), [Code::UnusableData]);
    let made = apply(three("weights: critic"), rows()).unwrap();
    assert_eq!(column(&made.sides["weights"], "weight_entropy"), "- -");
    assert_eq!(column(&made.sides["weights"], "weight_given"), "0.5 0.5");
    let made = apply(three("weights: equal"), rows()).unwrap();
    assert_eq!(column(&made.sides["weights"], "weight"), "0.5 0.5");
}

#[test]
fn ranks_put_to_the_test() {
    let rows = || pairs([4.0, 3.0, 2.0, 0.0], [0.0, 1.0, 2.0, 4.0]);
    let made = || apply(three("stability: { draws: 200 }"), rows()).unwrap();
    let (one, other) = (made(), made());
    assert!(
        one.table.equals_missing(&other.table) && one.sides["ranks"].equals_missing(&other.sides["ranks"])
    );
    // All are level: whichever weight is drawn the larger turns the order round.
    assert_eq!(column(&one.table, "rank"), "1 1 1 1");
    assert_eq!(column(&one.table, "rank_low"), "1 2 2 1");
    assert_eq!(column(&one.table, "rank_high"), "4 3 3 4");
    assert!(told(&one).contains(&CautionCode::UncertainRanks));
    let shares: f64 = one.sides["ranks"].column("share").unwrap().f64().unwrap().iter().flatten().sum();
    assert!((shares - 4.0).abs() < 1e-9);
    assert_eq!(column(&one.sides["drop_one"], "rank"), "4 3 2 1 1 2 3 4");

    let fixed = "stability: { draws: 200, weights: fixed, normalise: fixed }";
    let made = apply(three(fixed), pairs([4.0, 3.0, 2.0, 0.0], [5.0, 1.0, 2.0, 4.0])).unwrap();
    assert_eq!(column(&made.table, "rank"), column(&made.table, "rank_low"));
    assert_eq!(column(&made.table, "rank"), column(&made.table, "rank_high"));
    assert!(!told(&made).contains(&CautionCode::UncertainRanks));
    for aggregate in ["geometric", "harmonic", "copeland", "topsis"] {
        let stage =
            three(&format!("aggregate: {aggregate}, stability: {{ draws: 100, weights: dirichlet }}"));
        let made = apply(stage, rows()).unwrap();
        assert_eq!(made.table.column("rank_median").unwrap().null_count(), 0, "{aggregate}");
    }
}

#[test]
fn every_aggregate_and_scale_meets_nobody_and_one() {
    let scales = ["min_max", "z", "rank", "percentile_rank", "vector"];
    for aggregate in ["arithmetic", "geometric", "harmonic", "copeland", "topsis"] {
        for scale in scales {
            let stage = || {
                three(&format!(
                    "aggregate: {aggregate}, normalise: {scale}, stability: {{}}, compare: {{ attributes: [x, g] }}"
                ))
            };
            let below_zero = ["z", "vector"].contains(&scale);
            if below_zero && ["geometric", "harmonic"].contains(&aggregate) {
                let rows = pairs([1.0; 4], [1.0; 4]);
                assert_eq!(refused(apply(stage(), rows)), [Code::InvalidOption], "{aggregate} {scale}");
                continue;
            }
            for n in [0, 1] {
                let made = apply(stage(), pairs([1.0; 4], [1.0; 4]).limit(n)).unwrap();
                assert_eq!(made.table.height(), n as usize);
                assert_eq!(made.table.column("score").unwrap().null_count(), n as usize);
                assert_eq!(made.sides["ranks"].height(), 0);
            }
        }
    }
}

#[test]
fn further_mistakes_come_together() {
    let stage = written(
        "{ key: p, keep: [g], within: score, min_share: 2, normalise: rank,
           stability: { draws: 5, spread: 1.5 }, compare: { attributes: [] },
           indicators: [
             { name: x, from: rows, value: x, goalposts: { worst: 1, best: 2 }, shrink: 0 },
             { name: y, from: rows, value: y, aggregate: sum, std_error: x, n: g },
           ] }",
    );
    let mut codes = refused(apply(stage, pairs([1.0; 4], [1.0; 4])));
    codes.sort();
    let mut expected = [
        Code::InvalidOption,  // keep without from
        Code::InvalidOption,  // within without from
        Code::OutOfRange,     // min_share
        Code::OutOfRange,     // draws
        Code::OutOfRange,     // spread
        Code::InvalidOption,  // goalposts and rank
        Code::OutOfRange,     // shrink
        Code::InvalidOption,  // std_error of a sum
        Code::ExpressionType, // n is text
    ];
    expected.sort();
    assert_eq!(codes, expected);

    let compared = |more: &str| refused(apply(three(more), pairs([1.0; 4], [1.0; 4])));
    assert_eq!(compared("compare: { attributes: [] }"), [Code::InvalidOption]);
    let one_tier = "tiers: [{ name: all }], compare: { attributes: [x] }";
    assert_eq!(compared(one_tier), [Code::InvalidOption]);
    assert_eq!(compared("compare: { attributes: [x, x] }"), [Code::DuplicateColumn]);
    assert_eq!(compared("keep: [x], within: p"), [Code::DuplicateColumn]);
}
