use std::collections::BTreeMap;

use jiff::civil::Date;

use super::*;
use crate::document::{Document, from_node};
use crate::expression::Value;
use crate::stages::Known;

fn orders() -> DataFrame {
    df!("id" => [1i64, 2, 3, 4], "region" => ["EMEA", "AMER", "EMEA", "O'Hara"], "amount" => [1.5, 2.0, 3.0, 1.0]).unwrap()
}

fn regions() -> DataFrame {
    df!("region" => ["EMEA", "AMER"], "head" => ["Zoë", "Bo"]).unwrap()
}

fn check(yaml: &str) -> Result<Checked, Vec<String>> {
    let (document, mistakes) = Document::parse("pipeline.yaml".as_ref(), yaml);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let document = document.unwrap();
    let stage: Sql = from_node(&document.root).unwrap();
    let vars = BTreeMap::from([
        ("name".to_owned(), Value::Text("O'Hara".into())),
        ("least".to_owned(), Value::Integer(-2)),
        ("day".to_owned(), Value::Date(Date::constant(2026, 1, 31))),
    ]);
    let known =
        |table: DataFrame| Known { kind: "dataset".into(), schema: Some(table.schema().as_ref().clone()) };
    let inputs = BTreeMap::from([
        ("orders".to_owned(), known(orders())),
        ("regions".to_owned(), known(regions())),
        ("orders.bad".to_owned(), known(orders())),
    ]);
    let mut cx = Check::new("asked", Some(&document), &inputs, &vars, false);
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

#[track_caller]
fn gives(from: &str, query: &str, expected: DataFrame) {
    let ready = check(&format!("from: {from}\nquery: |\n  {query}\n")).unwrap();
    let table = |frame: DataFrame| Table { rows: frame.lazy(), traced: None };
    let inputs: Vec<Table> =
        ready.tables.iter().map(|name| table(if name == "regions" { regions() } else { orders() })).collect();
    let Lowered::Rows { main, .. } = ready.lower(&inputs, &[]).unwrap() else { panic!("rows") };
    let given = main.collect().unwrap();
    assert_eq!(given.schema().as_ref(), &ready.output().main, "{query}");
    assert!(given.equals_missing(&expected), "{query}\n{given}");
}

#[test]
fn queries() {
    gives(
        "orders",
        "SELECT region, SUM(amount) AS total FROM orders GROUP BY region HAVING SUM(amount) > 1.5",
        df!("region" => ["AMER", "EMEA"], "total" => [2.0, 4.5]).unwrap(),
    );
    gives(
        "[orders, regions]",
        "WITH big AS (SELECT * FROM orders WHERE amount >= 2) SELECT r.head, big.id FROM big JOIN regions AS r ON big.region = r.region",
        df!("head" => ["Bo", "Zoë"], "id" => [2i64, 3]).unwrap(),
    );
    gives(
        "orders",
        "SELECT id FROM orders WHERE region = $name OR id < $least",
        df!("id" => [4i64]).unwrap(),
    );
    gives(
        "orders",
        "SELECT region FROM orders ORDER BY amount DESC LIMIT 2",
        df!("region" => ["EMEA", "AMER"]).unwrap(),
    );
    gives(
        "orders",
        "SELECT DISTINCT region FROM orders UNION SELECT 'x' AS region FROM orders LIMIT 3",
        df!("region" => ["AMER", "EMEA", "O'Hara"]).unwrap(),
    );
    gives(
        "['orders.bad']",
        "SELECT COUNT(*) AS n FROM \"orders.bad\" WHERE $day > CAST('2026-01-30' AS DATE)",
        df!("n" => [4 as IdxSize]).unwrap(),
    );
}

/// A block of rows is not multiplied with the reciprocal, which gives 1.6666666666666665 for five thirds.
#[test]
fn constants_divide() {
    gives(
        "orders",
        "SELECT (id + 4) / 3.0 AS a, SUM(amount) OVER (PARTITION BY id) / -7 AS b FROM orders",
        df!("a" => [5.0 / 3.0, 2.0, 7.0 / 3.0, 8.0 / 3.0], "b" => [1.5 / -7.0, 2.0 / -7.0, 3.0 / -7.0, 1.0 / -7.0])
            .unwrap(),
    );
    gives(
        "orders",
        "SELECT region, SUM(id) / 3.0 AS a FROM orders GROUP BY region",
        df!("region" => ["AMER", "EMEA", "O'Hara"], "a" => [2.0 / 3.0, 4.0 / 3.0, 4.0 / 3.0]).unwrap(),
    );
    gives(
        "orders",
        "SELECT region, SUM(id + 4) / 3.0 AS a FROM orders GROUP BY region HAVING SUM(id + 4) / 3 < 3",
        df!("region" => ["AMER", "O'Hara"], "a" => [2.0, 8.0 / 3.0]).unwrap(),
    );
}

#[test]
fn refusals() {
    let told = |query: &str| check(&format!("from: [orders, regions]\nquery: {query}")).unwrap_err();
    assert_eq!(told("SELECT (id FROM orders"), ["sql at `FROM`: `)` is expected before `FROM`"]);
    assert_eq!(told("DROP TABLE orders"), ["sql at `DROP TABLE orders`: not a SELECT"]);
    assert_eq!(
        told("SELECT * FROM read_csv('/etc/passwd')")[..1],
        ["sql at `read_csv`: `read_csv` would read something else"]
    );
    assert_eq!(
        told("SELECT id FROM ordres CROSS JOIN regions"),
        ["unknown-input at `ordres`: not one of the tables of `from`"]
    );
    assert_eq!(told("SELECT id FROM orders"), ["invalid-option at `regions`: the query does not read it"]);
    assert_eq!(
        told("SELECT id FROM orders CROSS JOIN regions WHERE id = $least1"),
        ["unknown-variable at `$least1`: not declared under `vars`"]
    );
    let refused = told("SELECT idd FROM orders CROSS JOIN regions");
    assert!(refused[0].starts_with("sql at `idd`: "), "{refused:?}");
    let refused = told("SELECT id, CURRENT_DATE AS today FROM orders CROSS JOIN regions");
    assert!(refused[0].starts_with("sql at `CURRENT_DATE`: "), "{refused:?}");
}

/// What the page says of the dialect, asked of the engine.
#[test]
fn the_dialect_is_as_the_page_says() {
    gives(
        "orders",
        "SELECT 7 / 2 AS quotient, (id - 8) % 3 AS remainder, ROUND(2.5, 0) AS even, 9223372036854775807 + id AS wrapped FROM orders WHERE id = 1",
        df!("quotient" => [3.5], "remainder" => [2i64], "even" => [2.0], "wrapped" => [i64::MIN]).unwrap(),
    );
    gives(
        "orders",
        "SELECT amount / 0 AS endless, amount + NULL AS missing FROM orders WHERE id = 1",
        df!("endless" => [f64::INFINITY], "missing" => [None::<f64>]).unwrap(),
    );
    gives(
        "[orders, regions]",
        "SELECT orders.id FROM orders LEFT JOIN regions ON orders.region = regions.region ORDER BY regions.head",
        df!("id" => [2i64, 1, 3, 4]).unwrap(),
    );
}
