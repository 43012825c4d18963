//! Centralize on more rows than fit a batch: no row is lost, none is out of order, and the rows that
//! are kept are those that a plain loop over the same files keeps.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use growthring::run::{Options, Unwatched};
use growthring::{Plan, Run};
use polars::prelude::*;

const ROWS: usize = 40_000;

/// Numbers that look random and are the same everywhere (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// A row as it is written, before anybody knows whether it is any good.
struct Written {
    source: String,
    row: i64,
    id: String,
    seen: i64,
    amount: String,
    fields: usize,
}

fn write(folder: &Path, name: &str, seed: u64) -> Vec<Written> {
    let mut dice = Dice(seed);
    let mut text = "id,seen,amount\n".to_owned();
    let rows: Vec<Written> = (1..=ROWS as i64)
        .map(|row| {
            let id = match dice.roll(50) {
                0 => "  ".to_owned(),
                _ => format!("K{}", dice.roll(30_000)),
            };
            let amount = match dice.roll(40) {
                0 => "lots".to_owned(),
                1 => String::new(),
                n => format!("{n},5"),
            };
            let fields = if dice.roll(500) == 0 { 2 } else { 3 };
            Written { source: name.to_owned(), row, id, seen: dice.roll(1000) as i64, amount, fields }
        })
        .collect();
    for row in &rows {
        match row.fields {
            3 => writeln!(text, "{},{},\"{}\"", row.id, row.seen, row.amount).unwrap(),
            _ => writeln!(text, "{},{}", row.id, row.seen).unwrap(),
        }
    }
    std::fs::write(folder.join(name), text).unwrap();
    rows
}

fn run(folder: &Path, keep: &str) -> Run {
    let text = format!(
        "version: 1
name: test
datasets:
  many: {{ path: many*.csv, bad_rows: quarantine }}
  more: {{ path: more.csv, bad_rows: quarantine }}
stages:
  all:
    centralize:
      columns: {{ id: text, seen: integer, amount: float }}
      sources:
        - from: many
          decimal: ','
        - from: more
          decimal: ','
          where: seen <> '7'
      key: id
      keep: {keep}
"
    );
    let plan = Plan::of_text(Path::new("pipeline.yaml"), &text, folder, None, &[]);
    let plan = plan.unwrap_or_else(|rejected| panic!("{:?}", rejected.diagnostics));
    let options = Options { out: folder.join("out"), keep: 1, select: None, deny_cautions: false };
    let run = growthring::run(&plan, &options, &Unwatched).unwrap();
    assert!(run.failures.is_empty(), "{:?}", run.failures);
    run
}

fn places(table: &DataFrame) -> Vec<(String, i64)> {
    let (source, row) = (table.column("_source").unwrap().str().unwrap(), table.column("_row").unwrap());
    source.iter().zip(row.i64().unwrap().iter()).map(|(s, r)| (s.unwrap().to_owned(), r.unwrap())).collect()
}

#[test]
fn the_rows_that_stay_are_those_that_a_plain_loop_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["many-1.csv", "many-2.csv", "more.csv"];
    let files: Vec<Vec<Written>> =
        names.iter().enumerate().map(|(i, name)| write(folder.path(), name, 7 + i as u64)).collect();

    for keep in ["first", "last", "{ newest: seen }"] {
        let mut kept: BTreeMap<String, (usize, i64)> = BTreeMap::new();
        let (mut wrong, mut filtered, mut fitting) = (0, 0, 0);
        let all: Vec<&Written> = files.iter().flatten().collect();
        for (at, row) in all.iter().enumerate() {
            if row.fields == 3 && row.source == "more.csv" && row.seen == 7 {
                filtered += 1;
            } else if row.fields != 3 || row.amount == "lots" || row.id.trim().is_empty() {
                wrong += 1;
            } else {
                fitting += 1;
                let better = |old: &(usize, i64)| match keep {
                    "first" => false,
                    "last" => true,
                    _ => row.seen > old.1,
                };
                if kept.get(&row.id).is_none_or(better) {
                    kept.insert(row.id.clone(), (at, row.seen));
                }
            }
        }
        let mut stay: Vec<usize> = kept.values().map(|(at, _)| *at).collect();
        stay.sort_unstable();
        let expected: Vec<(String, i64)> =
            stay.iter().map(|&at| (all[at].source.clone(), all[at].row)).collect();

        let run = run(folder.path(), keep);
        assert_eq!(places(&run.table("all").unwrap()), expected, "keep: {keep}");

        let counts = run.table("all.counts").unwrap();
        let total = |column: &str| counts.column(column).unwrap().i64().unwrap().sum().unwrap();
        assert_eq!(total("rows_in"), 3 * ROWS as i64);
        assert_eq!(total("rows_out"), expected.len() as i64);
        assert_eq!(total("filtered"), filtered);
        assert_eq!(total("quarantined"), wrong);
        assert_eq!(total("duplicates"), fitting - expected.len() as i64);

        // Each side table holds the rows that the counts tell of.
        let quarantine = run.table("all.quarantine").unwrap();
        assert_eq!(quarantine.height() as i64, wrong);
        let duplicates = run.table("all.duplicates").unwrap();
        assert_eq!(duplicates.height() as i64, total("duplicates"));

        // Who was dropped was dropped for the row with its key.
        let by_place: BTreeMap<(&str, i64), &str> =
            all.iter().map(|row| ((row.source.as_str(), row.row), row.id.as_str())).collect();
        let kept_source = duplicates.column("kept_source").unwrap().str().unwrap();
        let kept_row = duplicates.column("kept_row").unwrap().i64().unwrap();
        let ids = duplicates.column("id").unwrap().str().unwrap();
        for ((id, source), row) in ids.iter().zip(kept_source.iter()).zip(kept_row.iter()) {
            assert_eq!(by_place.get(&(source.unwrap(), row.unwrap())).copied(), id);
        }
    }
}

#[test]
fn the_identity_holds_for_each_source() {
    let folder = tempfile::tempdir().unwrap();
    for (i, name) in ["many-1.csv", "many-2.csv", "more.csv"].iter().enumerate() {
        write(folder.path(), name, 99 + i as u64);
    }
    let counts = run(folder.path(), "last").table("all.counts").unwrap();
    let column =
        |name: &str| counts.column(name).unwrap().i64().unwrap().iter().flatten().collect::<Vec<i64>>();
    let parts = ["rows_out", "filtered", "duplicates", "quarantined"].map(column);
    for (at, rows_in) in column("rows_in").into_iter().enumerate() {
        assert_eq!(rows_in, parts.iter().map(|part| part[at]).sum::<i64>());
        assert!(parts[0][at] > 0 && parts[2][at] > 0 && parts[3][at] > 0);
    }
}
