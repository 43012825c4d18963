//! A ladder of five levels over 30-day periods against pandas, itself checked with DuckDB's window
//! functions: moves of every kind and the matrix of levels.

use std::collections::BTreeMap;

use growthring::stages::lifecycle::{Climb, Every, Level, Lifecycle, Measure, Summary};
use growthring::{Applied, apply};
use polars::prelude::*;
use serde_json::Value as Json;

const LEVELS: [&str; 5] = ["attention", "interaction", "permission", "engagement", "exchange"];

fn events() -> Option<LazyFrame> {
    let path = crate::shared("golden/attribution-clv/funnel/events.csv")?;
    let read = LazyCsvReader::new(PlRefPath::try_from_path(&path).unwrap()).finish().unwrap();
    let at = (col("ts").cast(DataType::Int64) * lit(1000i64))
        .cast(DataType::Datetime(TimeUnit::Milliseconds, None))
        .alias("at");
    Some(read.with_column(at))
}

/// The level of somebody in a period is the highest that an event of theirs touched.
fn ladder(climb: Climb) -> Lifecycle {
    let cases: Vec<String> =
        LEVELS.iter().enumerate().map(|(at, name)| format!("WHEN '{name}' THEN {}", at + 1)).collect();
    let mut touched = Measure::count("touched", "events", "at");
    touched.value = Some(format!("CASE event {} END", cases.join(" ")).as_str().into());
    touched.aggregate = Some(Summary::Max.into());
    touched.absent = Some(0.0.into());
    let levels =
        LEVELS.iter().enumerate().map(|(at, name)| Level::new(name, &format!("touched >= {}", at + 1)));
    let mut ladder = Lifecycle::new("user_id", [touched], levels);
    ladder.periods.every = Every::Days(30.into()).into();
    ladder.periods.first = Some("2011-03-13".into());
    // The last event of all is none of the five levels.
    ladder.as_of = Some("2011-06-10".into());
    ladder.climb = climb;
    ladder
}

fn counts(table: &DataFrame, column: &str) -> Vec<i64> {
    table.column(column).unwrap().i64().unwrap().iter().map(Option::unwrap).collect()
}

fn words<'t>(table: &'t DataFrame, column: &str) -> Vec<Option<&'t str>> {
    table.column(column).unwrap().str().unwrap().iter().collect()
}

fn agrees(made: &Applied, theirs: &Json) {
    let number = |level: Option<&str>| {
        level.map_or(0, |level| LEVELS.iter().position(|name| *name == level).unwrap() + 1)
    };
    let moves = &made.sides["moves"];
    let mut matrix: BTreeMap<&str, [[i64; 6]; 6]> = BTreeMap::new();
    let mut kinds: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let columns = (words(moves, "period"), words(moves, "move"), counts(moves, "n"));
    for (at, (from, to)) in words(moves, "from_level").into_iter().zip(words(moves, "to_level")).enumerate() {
        let (period, kind, n) = (columns.0[at].unwrap(), columns.1[at].unwrap(), columns.2[at]);
        matrix.entry(period).or_default()[number(from)][number(to)] += n;
        *kinds.entry((period, kind)).or_default() += n;
    }
    let expected = theirs["moves"].as_object().unwrap();
    assert_eq!(matrix.len(), expected.len());
    for ((period, ours), theirs) in matrix.iter().zip(expected.values()) {
        let rows: Vec<Vec<i64>> =
            serde_json::from_value(theirs["matrix_rows_from_0none_to_5"].clone()).unwrap();
        assert_eq!(ours.iter().map(|row| row.to_vec()).collect::<Vec<_>>(), rows, "{period}");
        // Who was never there and who is away are one kind with them.
        for (name, ours) in [
            ("entered", vec!["entered"]),
            ("reentered", vec!["returned"]),
            ("advanced", vec!["advanced"]),
            ("regressed", vec!["regressed"]),
            ("stayed", vec!["stayed"]),
            ("abandoned", vec!["left"]),
            ("dormant", vec!["dormant", "not_yet"]),
        ] {
            let ours: i64 = ours.iter().map(|kind| kinds[&(*period, *kind)]).sum();
            assert_eq!(ours, theirs["moves"][name].as_i64().unwrap(), "{period} {name}");
        }
    }
}

#[test]
fn the_ladder_is_theirs() {
    let Some(path) = crate::shared("golden/attribution-clv/funnel/expected_ladder.json") else { return };
    let theirs: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let Some(events) = events() else { return };
    let highest = apply(ladder(Climb::Highest), events.clone()).unwrap();
    assert_eq!(counts(&highest.sides["periods"], "n"), [400; 3]);
    agrees(&highest, &theirs);
    // Rules that hold each other need no other way to climb.
    agrees(&apply(ladder(Climb::Every), events).unwrap(), &theirs);
}
