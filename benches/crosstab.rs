//! Makes every stub by banner table of a Parquet file of `crosstab_peers.py`, the file read anew, and
//! says how long that took: `crosstab FILE [--read] [--dump RESULT.json]`.
//!
//! `--read` only reads the columns, with the same engine. `--dump` writes the tables for a check.

use std::error::Error;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use growthring::engine::tabulate::{Cells, Dimension, NULL, TableSpec, tabulate};
use growthring::stats::weights::Base;
use polars::prelude::{Engine, LazyFrame, PlRefPath, PlanCallback, col};
use serde_json::{Map, Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo bench` adds an argument of its own.
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let file = arguments.next().ok_or("which file?")?;
    let (mut only_read, mut dump) = (false, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--read" => only_read = true,
            "--dump" => dump = Some(arguments.next().ok_or("dump where?")?),
            other => return Err(format!("what is {other}?").into()),
        }
    }

    let start = Instant::now();
    let mut rows = LazyFrame::scan_parquet(PlRefPath::new(file.as_str()), Default::default())?;
    let schema = rows.collect_schema()?;
    let named = |first: char| -> Vec<String> {
        schema.iter_names().filter(|name| name.starts_with(first)).map(|name| name.to_string()).collect()
    };
    let (stubs, banners) = (named('s'), named('b'));
    if only_read {
        let columns: Vec<_> = stubs.iter().chain(&banners).map(col).chain([col("w")]).collect();
        let height = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&height);
        let callback = PlanCallback::new(move |frame: polars::prelude::DataFrame| {
            seen.fetch_add(frame.height(), Ordering::Relaxed);
            Ok(false)
        });
        rows.select(columns).sink_batches(callback, true, None)?.collect_with_engine(Engine::Streaming)?;
        report("read", start, height.load(Ordering::Relaxed))?;
        return Ok(());
    }

    let pairs: Vec<(&String, &String)> =
        stubs.iter().flat_map(|stub| banners.iter().map(move |banner| (stub, banner))).collect();
    let dimensions =
        |(stub, banner): &(&String, &String)| [*stub, *banner].map(Dimension::leave_out).to_vec();
    let specs: Vec<TableSpec> = pairs
        .iter()
        .map(|pair| TableSpec { dimensions: dimensions(pair), weight: Some("w".into()) })
        .collect();
    let counted = tabulate(rows, &specs)?;
    let tables: Vec<Table> = counted.iter().map(Table::new).collect();
    report("tables", start, tables.len())?;
    if let Some(dump) = dump {
        let all: Map<String, Value> = pairs
            .iter()
            .zip(counted.iter().zip(&tables))
            .map(|((stub, banner), (cells, table))| (format!("{stub}|{banner}"), table.json(cells)))
            .collect();
        fs::write(dump, serde_json::to_vec(&all)?)?;
    }
    Ok(())
}

/// A table as its readers want it: cells with column shares, and the bases of the columns.
struct Table {
    cells: Vec<([u32; 2], Base, f64)>,
    columns: Vec<Base>,
}

impl Table {
    fn new(cells: &Cells) -> Self {
        let mut columns = vec![Base::default(); cells.dimensions[1].values.len()];
        let used = || cells.iter().filter(|(_, cell)| cell.base.n > 0).map(|(key, cell)| (key, cell.base));
        for (key, base) in used() {
            columns[key[1] as usize] += base;
        }
        let share = |(key, base): (&[u32], Base)| {
            ([key[0], key[1]], base, 100.0 * base.weighted / columns[key[1] as usize].weighted)
        };
        Self { cells: used().map(share).collect(), columns }
    }

    fn json(&self, cells: &Cells) -> Value {
        let text = |at: usize, place: u32| cells.dimensions[at].text(place);
        let cell = |(key, base, share): &([u32; 2], Base, f64)| {
            assert!(!key.contains(&NULL));
            let name = format!("{}|{}", text(0, key[0]), text(1, key[1]));
            (name, json!([base.n, base.weighted, share]))
        };
        let base = |(place, base): (usize, &Base)| {
            (text(1, place as u32), json!([base.n, base.weighted, base.effective()]))
        };
        let used = |(_, base): &(usize, &Base)| base.n > 0;
        json!({
            "cell": self.cells.iter().map(cell).collect::<Map<_, _>>(),
            "base": self.columns.iter().enumerate().filter(used).map(base).collect::<Map<_, _>>(),
        })
    }
}

/// Prints seconds since the start, processor seconds and the largest resident size.
fn report(what: &str, start: Instant, made: usize) -> Result<(), Box<dyn Error>> {
    let seconds = start.elapsed().as_secs_f64();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    let peak: f64 = peak.unwrap_or("NaN").parse()?;
    // After the name in parentheses: the 12th and 13th are ticks, a hundred a second.
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let processor = ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0;
    let told = json!({
        "did": what, "made": made, "seconds": seconds, "processor": processor, "peak_mib": peak / 1024.0,
    });
    println!("{told}");
    Ok(())
}
