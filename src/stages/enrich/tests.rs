use polars::prelude::Engine;

use super::*;
use crate::diagnostic::Code;
use crate::document::{Document, from_node};
use crate::expression::Value;
use crate::stages::Known;

fn countries() -> DataFrame {
    df!("code" => ["DE", "FR"], "region" => ["EMEA", "EMEA"], "n" => [1i32, 2]).unwrap()
}

fn orders() -> DataFrame {
    df!("id" => [1i64, 2, 3], "country" => [Some("de"), Some("FR"), None], "amount" => [1.0, 2.0, 3.0])
        .unwrap()
}

fn inputs() -> BTreeMap<String, Known> {
    [("orders", orders()), ("countries", countries())]
        .into_iter()
        .map(|(id, table)| {
            let schema = Some(table.schema().as_ref().clone());
            (id.to_owned(), Known { kind: "dataset".into(), schema })
        })
        .collect()
}

fn check(yaml: &str) -> Result<Checked, Vec<String>> {
    let (document, mistakes) = Document::parse("pipeline.yaml".as_ref(), yaml);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let document = document.unwrap();
    let stage: Enrich = from_node(&document.root).unwrap();
    let vars = [("region".to_owned(), Value::Text("EMEA".into()))].into();
    let inputs = inputs();
    let mut cx = Check::new("regional", Some(&document), &inputs, &vars, false);
    let ready = stage.check(&mut cx);
    let told: Vec<String> = cx
        .finish()
        .into_iter()
        .map(|told| {
            let label = told.labels.iter().find(|label| label.primary).unwrap();
            format!("{} at `{}`: {}", told.code, &yaml[label.span.range()], label.text)
        })
        .collect();
    if told.is_empty() { Ok(ready.unwrap()) } else { Err(told) }
}

fn run(ready: &Checked) -> Result<(DataFrame, BTreeMap<String, DataFrame>), RunError> {
    let table = |frame: DataFrame| Table { rows: frame.lazy(), traced: None };
    let inputs = [table(orders()), table(countries())];
    let fitted: Vec<DataFrame> = ready.fit(&inputs)?.into_iter().map(|fit| fit.collect().unwrap()).collect();
    let Lowered::Rows { main, sides } = ready.lower(&inputs, &fitted)? else { panic!("rows to rows") };
    let sides = sides.into_iter().map(|(name, side)| (name.to_owned(), side.collect().unwrap())).collect();
    Ok((main.collect()?, sides))
}

#[test]
fn tables_are_as_promised() {
    let ready = check(
        "{ from: orders, lookups: [{ table: countries, on: { country: code }, match: normalised,
           take: { zone: region, size: n }, default: { size: '0' } }],
           derive: { double: amount * 2, big: double > 3 },
           index: { value: double, by: zone, into: idx }, where: zone = $region OR id = 3 }",
    )
    .unwrap();
    let promise = ready.output();
    let (main, sides) = run(&ready).unwrap();
    assert_eq!(main.schema().as_ref(), &promise.main);
    for side in &promise.sides {
        assert_eq!(sides[side.name].schema().as_ref(), &side.schema, "{}", side.name);
    }
    assert_eq!(main.height(), 3);
    let sizes: Vec<_> = main.column("size").unwrap().i32().unwrap().iter().collect();
    assert_eq!(sizes, [Some(1), Some(2), Some(0)]);
    // Mean of all doubled amounts: 4; of the zone EMEA: 3; of no zone: 6.
    let index: Vec<_> = main.column("idx").unwrap().f64().unwrap().into_no_null_iter().collect();
    assert_eq!(index, [75.0, 75.0, 150.0]);
    let cautions = ready.cautions(&sides);
    assert_eq!(cautions.len(), 1);
    assert_eq!(cautions[0].figure, Some(1.0 / 3.0));
}

#[test]
fn every_mistake_at_once() {
    let told = check(
        "{ from: orders, lookups: [{ table: countries, on: { cuntry: code, id: region }, take: { amount: region, zone: rgion },
           default: { other: '1' } }],
           derive: { double: amount * country, more: double + 1 },
           index: [{ value: country, into: idx }, { value: idx, into: again }], where: zone = 'x' AND nowhere }",
    )
    .unwrap_err();
    assert_eq!(
        told,
        [
            "unknown-column at `cuntry`: `orders` has no column `cuntry`",
            "column-type at `id`: `id` is integer",
            "duplicate-column at `amount`: this makes it a second time",
            "unknown-column at `rgion`: `countries` has no column `rgion`",
            "invalid-option at `other`: `other` is not a column that is taken over",
            "expression-type at `amount * country`: float * text",
            "column-type at `country`: `country` is text",
            "unknown-column at `idx`: `orders` has no column `idx`",
        ]
    );
}

#[test]
fn keys_that_differ_in_case_alone_are_one_when_normalised() {
    let ready =
        check("{ from: orders, lookups: [{ table: countries, on: { country: region }, take: n }] }").unwrap();
    let Err(RunError::Data(refused)) = run(&ready) else { panic!("EMEA stands twice") };
    assert_eq!(refused[0].code, Code::DuplicateLookupKey);
    assert_eq!(refused[0].labels[0].text, "more than once: `EMEA` (2 rows)");
}

/// Many rows, several threads, the engine that a run uses: every row stays, once, in its place, and the
/// figures do not depend on how the rows were shared out.
#[test]
fn rows_stay_and_keep_their_order() {
    let n = 300_000i64;
    let ids: Vec<i64> = (0..n).collect();
    let names = ["de", "FR", "xx", "Dé"];
    let country: Vec<Option<&str>> = ids.iter().map(|id| names.get((id * 7 % 5) as usize).copied()).collect();
    let amount: Vec<f64> = ids.iter().map(|id| (id % 1000) as f64 / 7.0).collect();
    let orders = df!("id" => ids, "country" => country, "amount" => amount).unwrap();
    let ready = check(
        "{ from: orders, lookups: [{ table: countries, on: { country: code }, match: normalised, take: region }],
           index: [{ value: amount, by: region, into: part }, { value: amount, into: own }] }",
    )
    .unwrap();
    let mut results = Vec::new();
    for rows in [orders.clone(), orders.sort(["amount"], Default::default()).unwrap()] {
        let table = |frame: &DataFrame| Table { rows: frame.clone().lazy(), traced: None };
        let inputs = [table(&rows), table(&countries())];
        let stream = |plan: LazyFrame| plan.collect_with_engine(Engine::Streaming).unwrap().unwrap_single();
        let fitted: Vec<DataFrame> = ready.fit(&inputs).unwrap().into_iter().map(stream).collect();
        let Lowered::Rows { main, sides } = ready.lower(&inputs, &fitted).unwrap() else { panic!("rows") };
        let made = stream(main);
        assert_eq!(made.column("id").unwrap(), rows.column("id").unwrap());
        let rate = stream(sides.into_iter().find(|(name, _)| *name == "match_rate").unwrap().1);
        assert_eq!(rate.column("matched").unwrap().get(0).unwrap(), AnyValue::Int64(180_000));
        results.push(made.sort(["id"], Default::default()).unwrap());
    }
    assert!(results[0].equals_missing(&results[1]));
}
