use std::collections::BTreeMap;

use polars::prelude::Schema;

use super::*;
use crate::pipeline::Vars;

fn known(names: &[(&str, &str)]) -> BTreeMap<String, Known> {
    let known = |kind: &str| Known {
        kind: kind.to_owned(),
        schema: Some(Schema::from_iter([("n".into(), DataType::Int64)])),
    };
    names.iter().map(|(name, kind)| ((*name).to_owned(), known(kind))).collect()
}

fn export(from: &[&str], file: &str) -> Export {
    let from = from.iter().map(|name| Input::from(*name)).collect();
    Export { from: OneOrMany(from), file: file.into(), columns: None, book: None }
}

fn codes(stage: Export, known: &BTreeMap<String, Known>) -> Vec<String> {
    let vars = Vars::new();
    let mut cx = Check::new("book", None, known, &vars, false);
    assert!(stage.check(&mut cx).is_none());
    cx.finish().into_iter().map(|told| told.message).collect()
}

#[test]
fn a_workbook_reads_what_a_cross_tab_tells_beside_its_table() {
    let all = known(&[
        ("crossed", "cross_tab"),
        ("crossed.tables", "cross_tab"),
        ("crossed.excluded", "cross_tab"),
        ("crossed.tests", "cross_tab"),
        ("scores", "net_promoter"),
        ("scores.total", "net_promoter"),
    ]);
    let beside = |stage: &Export| -> Vec<String> {
        stage.beside(&all).iter().map(|input| input.text().to_owned()).collect()
    };
    let mut stage = export(&["crossed", "scores"], "book.xlsx");
    assert_eq!(beside(&stage), ["crossed.tables", "crossed.excluded"]);
    stage.book = Some(Spanned::from(BookOptions { tests: true, ..BookOptions::default() }));
    assert_eq!(beside(&stage), ["crossed.tables", "crossed.excluded", "crossed.tests"]);
    stage.columns = Some(vec!["n".into()]);
    assert!(beside(&stage).is_empty(), "the list that it is");
    assert!(beside(&export(&["crossed"], "long.csv")).is_empty());
    assert!(beside(&export(&["crossed.tables"], "tables.xlsx")).is_empty());
}

#[test]
fn a_cross_tab_is_given_its_side_tables_in_their_places() {
    let all = known(&[("crossed", "cross_tab"), ("crossed.excluded", "cross_tab"), ("plain", "sql")]);
    let vars = Vars::new();
    let mut cx = Check::new("book", None, &all, &vars, false);
    let ready = export(&["plain", "crossed"], "book.xlsx").check(&mut cx).unwrap();
    assert!(ready.book.is_some() && ready.tables[0].crossed.is_none());
    assert_eq!(ready.tables[1].crossed.as_deref(), Some(&[("excluded", 2)][..]));
    let single = export(&["plain"], "plain.xlsx").check(&mut cx).unwrap();
    assert!(single.book.is_none(), "one table is one sheet");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let all = known(&[("a", "sql"), ("b", "sql")]);
    let told = codes(export(&["a", "a"], "a.xlsx"), &all);
    assert_eq!(told, ["stage `book` names a table twice"]);
    let told = codes(Export { columns: Some(vec!["n".into()]), ..export(&["a", "b"], "a.xlsx") }, &all);
    assert_eq!(told, ["stage `book` names columns of several tables"]);
    let told = codes(export(&[], "a.xlsx"), &all);
    assert_eq!(told, ["stage `book` writes nothing"]);
    let options = BookOptions { decimals: 3.into(), banner_columns: 0.into(), ..BookOptions::default() };
    let told = codes(Export { book: Some(options.into()), ..export(&["a"], "a.csv") }, &all);
    assert_eq!(
        told,
        [
            "stage `book` lays out a file that has no layout",
            "stage `book` has `decimals` out of range",
            "stage `book` has `banner_columns` out of range",
        ]
    );
}
