//! growthring's part of `value_peers.py`: `value WHAT INPUT.csv [--given CENTROIDS.csv] [--repeat N]` reads
//! numbers, computes N times in memory and prints seconds of each turn and the result as JSON.
//!
//! WHAT is `bg_nbd`, `mbg_nbd`, `pareto_nbd` (repeats, recency, age), `k_means` (points), `arithmetic`,
//! `topsis` (one indicator a column, the last row its weights) or `ranks` (the same, a thousand draws).

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::time::Instant;

use growthring::stats::clustering::{Points, Start, k_means};
use growthring::stats::composite::{Aggregation, Direction, Mean, Normalisation, normalise, scores};
use growthring::stats::lifetime::{Histories, History, Model, fit_purchases};
use growthring::stats::rank_stability::{Indicator, Plan, Weights, ranks};
use serde_json::{Value, json};

const SCALE: Normalisation = Normalisation::MinMax { low: 0.0, high: 100.0 };

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo bench` adds an argument of its own.
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let what = arguments.next().ok_or("what?")?;
    let rows = numbers(&arguments.next().ok_or("which file?")?)?;
    let (mut given, mut repeat) = (Vec::new(), 1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--given" => given = numbers(&arguments.next().ok_or("which centroids?")?)?,
            "--repeat" => repeat = arguments.next().ok_or("how often?")?.parse()?,
            other => return Err(format!("what is {other}?").into()),
        }
    }
    let (seconds, result) = match what.as_str() {
        "bg_nbd" => timed(repeat, || fit(Model::BgNbd, &rows)),
        "mbg_nbd" => timed(repeat, || fit(Model::MbgNbd, &rows)),
        "pareto_nbd" => timed(repeat, || fit(Model::ParetoNbd, &rows)),
        "k_means" => {
            let dimensions = rows.first().map_or(0, Vec::len);
            let points = Points::new(dimensions, rows.concat()).ok_or("points of different sizes")?;
            timed(repeat, || clusters(&points, &given))
        }
        "arithmetic" => timed(repeat, || scored(&rows, Aggregation::Mean(Mean::Arithmetic))),
        "topsis" => timed(repeat, || scored(&rows, Aggregation::Topsis)),
        "ranks" => timed(repeat, || ranked(&rows)),
        other => return Err(format!("what is {other}?").into()),
    };
    println!("{}", json!({ "seconds": seconds, "result": result.ok_or("nothing came out")? }));
    Ok(())
}

/// The rows of a file of numbers without a header.
fn numbers(file: &str) -> Result<Vec<Vec<f64>>, Box<dyn Error>> {
    let text = fs::read_to_string(file)?;
    let row = |line: &str| line.split(',').map(str::parse).collect::<Result<Vec<f64>, _>>();
    Ok(text.lines().map(row).collect::<Result<_, _>>()?)
}

fn timed(repeat: usize, mut make: impl FnMut() -> Option<Value>) -> (Vec<f64>, Option<Value>) {
    let mut seconds = Vec::new();
    let mut made = None;
    for _ in 0..repeat.max(1) {
        let start = Instant::now();
        made = black_box(make());
        seconds.push(start.elapsed().as_secs_f64());
    }
    (seconds, made)
}

fn fit(model: Model, rows: &[Vec<f64>]) -> Option<Value> {
    let history = |row: &Vec<f64>| History::new(row[0] as u32, row[1], row[2]);
    let fit = fit_purchases(model, &Histories::new(rows.iter().map(history)))?;
    Some(
        json!({ "parameters": fit.parameters, "log_likelihood": fit.log_likelihood, "converged": fit.converged }),
    )
}

fn clusters(points: &Points, given: &[Vec<f64>]) -> Option<Value> {
    let found = k_means(points, Start::Given(given))?;
    Some(json!({
        "inertia": found.inertia, "rounds": found.rounds, "sizes": found.sizes, "centroids": found.centroids,
    }))
}

/// Values by column; a missing one is none.
type Columns = Vec<Vec<Option<f64>>>;

/// Columns of values and their weights.
fn columns(rows: &[Vec<f64>]) -> Option<(Columns, Vec<f64>)> {
    let (weights, units) = rows.split_last()?;
    let column = |at: usize| units.iter().map(|row| Some(row[at])).collect();
    Some(((0..weights.len()).map(column).collect(), weights.clone()))
}

fn scored(rows: &[Vec<f64>], aggregation: Aggregation) -> Option<Value> {
    let (values, weights) = columns(rows)?;
    let normal: Vec<Vec<Option<f64>>> = values
        .iter()
        .map(|column| normalise(column, Direction::Higher, SCALE).ok())
        .collect::<Option<_>>()?;
    let normal: Vec<&[Option<f64>]> = normal.iter().map(Vec::as_slice).collect();
    let made = scores(&normal, &weights, aggregation, rows.len() - 1);
    Some(json!(made.iter().map(|score| score.score).collect::<Vec<_>>()))
}

fn ranked(rows: &[Vec<f64>]) -> Option<Value> {
    let (values, weights) = columns(rows)?;
    let indicator = |(values, weight): (Vec<Option<f64>>, f64)| Indicator {
        values,
        std_errors: Vec::new(),
        direction: Direction::Higher,
        weight,
        scales: vec![vec![SCALE]],
    };
    let indicators: Vec<Indicator> = values.into_iter().zip(weights).map(indicator).collect();
    let plan = Plan {
        draws: 1000,
        seed: 1,
        stream: 0,
        weights: Weights::Uniform(0.25),
        aggregation: Aggregation::Mean(Mean::Arithmetic),
        top: 0.25,
    };
    let made = ranks(&indicators, &vec![true; rows.len() - 1], &plan);
    let three = |ranks: Option<growthring::stats::rank_stability::Ranks>| {
        let ranks = ranks?;
        Some([ranks.low, ranks.median, ranks.high])
    };
    Some(json!(made.into_iter().map(three).collect::<Option<Vec<_>>>()?))
}
