//! Laws that hold whatever the data: they need no expected values.

use std::collections::BTreeMap;

use growthring::engine::tabulate::{Dimension, TableSpec, tabulate};
use growthring::stages::net_promoter::{Compare, LonelyPsu};
use growthring::stages::{CrossTab, Interval, NetPromoter};
use growthring::{Applied, apply};
use polars::prelude::{Column, DataFrame, DataType, IntoLazy, NamedFrom, Series, col, concat, lit};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// One respondent: persona, region, answer, weight; any of them may be missing.
pub type Row = (Option<u8>, Option<u8>, Option<i64>, Option<i8>);

pub fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let row = (
        prop::option::weighted(0.9, 0..4u8),
        prop::option::weighted(0.9, 0..3u8),
        prop::option::weighted(0.9, -1..12i64),
        prop::option::weighted(0.9, -1..9i8),
    );
    prop::collection::vec(row, 0..most)
}

/// Weights are quarters, so that their sums are exact and laws can be tested to the last bit.
pub fn frame(rows: &[Row]) -> DataFrame {
    let word = |name: &str, value: Option<u8>| value.map(|v| format!("{name} {v}"));
    let columns: [Column; 4] = [
        text("persona", rows.iter().map(|row| word("persona", row.0))),
        text("region", rows.iter().map(|row| word("region", row.1))),
        Series::new("answer".into(), rows.iter().map(|row| row.2).collect::<Vec<_>>()).into(),
        Series::new("w".into(), rows.iter().map(|row| row.3.map(|w| f64::from(w) / 4.0)).collect::<Vec<_>>())
            .into(),
    ];
    DataFrame::new(rows.len(), columns.into()).unwrap()
}

fn text(name: &str, values: impl Iterator<Item = Option<String>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into()
}

fn crossed(frame: DataFrame) -> Applied {
    apply(CrossTab::new([["persona"]], [["region"]]).weight("w"), frame.lazy()).unwrap()
}

fn scored(frame: DataFrame) -> Applied {
    apply(NetPromoter::new("answer").by(["region"]).weight("w"), frame.lazy()).unwrap()
}

pub fn numbers(table: &DataFrame, column: &str) -> Vec<Option<f64>> {
    let column = table.column(column).unwrap().cast(&DataType::Float64).unwrap();
    column.f64().unwrap().iter().collect()
}

pub fn words(table: &DataFrame, column: &str) -> Vec<Option<String>> {
    let column = table.column(column).unwrap().cast(&DataType::String).unwrap();
    column.str().unwrap().iter().map(|word| word.map(str::to_owned)).collect()
}

pub fn close(ours: &[Option<f64>], theirs: &[Option<f64>]) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        match (a, b) {
            (Some(a), Some(b)) => {
                prop_assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{} is not {}", a, b)
            }
            (a, b) => prop_assert_eq!(a, b),
        }
    }
    Ok(())
}

/// Every float column of both tables, and the keys.
fn same_figures(a: &DataFrame, b: &DataFrame, columns: &[&str]) -> Result<(), TestCaseError> {
    for column in columns {
        close(&numbers(a, column), &numbers(b, column))?;
    }
    Ok(())
}

const SHARES: [&str; 5] = ["row_share", "column_share", "total_share", "index", "base_effective"];
const SCORES: [&str; 6] =
    ["estimate", "std_error", "conf_low", "conf_high", "promoters_share", "n_effective"];

/// The same cases in every run, and no file beside the tests when one fails.
pub fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 48,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_122),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    /// The order of the rows can be seen nowhere.
    #[test]
    fn row_order_never_matters(rows in rows(60)) {
        let mut turned = rows.clone();
        turned.reverse();
        let (a, b) = (frame(&rows), frame(&turned));
        let (crossed_a, crossed_b) = (crossed(a.clone()), crossed(b.clone()));
        prop_assert!(crossed_a.table.equals_missing(&crossed_b.table));
        prop_assert!(crossed_a.sides["excluded"].equals_missing(&crossed_b.sides["excluded"]));
        prop_assert_eq!(&crossed_a.cautions, &crossed_b.cautions);
        prop_assert!(scored(a).table.equals_missing(&scored(b).table));
    }

    /// Rows counted in two heaps and added are the rows counted at once.
    #[test]
    fn split_and_merge(rows in rows(60), at in 0..60usize) {
        let (left, right) = rows.split_at(at.min(rows.len()));
        let spec = TableSpec {
            dimensions: vec![Dimension::keep("persona"), Dimension::leave_out("region")],
            weight: Some("w".into()),
        };
        let count = |rows: &[Row]| {
            let counted = tabulate(frame(rows).lazy(), std::slice::from_ref(&spec)).unwrap().remove(0);
            let mut cells: BTreeMap<Vec<String>, (u64, f64, f64, u64)> = BTreeMap::new();
            for (key, cell) in counted.iter() {
                let key = key.iter().zip(&counted.dimensions).map(|(place, levels)| levels.text(*place)).collect();
                cells.insert(key, (cell.base.n, cell.base.weighted, cell.base.squared, cell.unusable.total()));
            }
            (cells, counted.left_out.total(), counted.rows)
        };
        let (mut cells, mut left_out, mut all) = count(left);
        let (more, more_left_out, more_rows) = count(right);
        for (key, (n, weighted, squared, unusable)) in more {
            let sum = cells.entry(key).or_default();
            *sum = (sum.0 + n, sum.1 + weighted, sum.2 + squared, sum.3 + unusable);
        }
        left_out += more_left_out;
        all += more_rows;
        prop_assert_eq!((cells, left_out, all), count(&rows));
    }

    /// Every cell is in its margins and every row is either in the table or left out for a reason.
    #[test]
    fn margins_are_the_sums_of_their_cells(rows in rows(60)) {
        let made = crossed(frame(&rows));
        let table = &made.table;
        let (row_values, columns) = (words(table, "row_value"), words(table, "column_value"));
        let total = words(table, "is_total");
        let is_total: Vec<bool> = total.iter().map(|word| word.as_deref() == Some("true")).collect();
        for (count, base) in [("n", "base"), ("n_weighted", "base_weighted")] {
            let (counts, bases) = (numbers(table, count), numbers(table, base));
            let mut by_row: BTreeMap<_, f64> = BTreeMap::new();
            let mut by_column: BTreeMap<_, f64> = BTreeMap::new();
            for at in 0..counts.len() {
                if !is_total[at] {
                    *by_row.entry(&row_values[at]).or_default() += counts[at].unwrap();
                }
                *by_column.entry((&columns[at], is_total[at])).or_default() += counts[at].unwrap();
            }
            for at in 0..counts.len() {
                prop_assert_eq!(by_column[&(&columns[at], is_total[at])], bases[at].unwrap());
                if is_total[at] {
                    prop_assert_eq!(by_row.get(&row_values[at]).copied().unwrap_or(0.0), counts[at].unwrap());
                }
            }
        }
        let base = is_total.iter().position(|total| *total).map_or(0.0, |at| numbers(table, "base")[at].unwrap());
        let excluded: f64 = numbers(&made.sides["excluded"], "n").into_iter().flatten().sum();
        prop_assert_eq!(base + excluded, rows.len() as f64);
        // Column shares of a column with a base add up to one.
        let shares = numbers(table, "column_share");
        let mut sums: BTreeMap<_, f64> = BTreeMap::new();
        for at in 0..shares.len() {
            if let Some(share) = shares[at] {
                *sums.entry((&columns[at], is_total[at])).or_default() += share;
            }
        }
        for sum in sums.values() {
            prop_assert!((sum - 1.0).abs() < 1e-12);
        }
    }

    /// Every answer is in a class or counted as left out, in every group and in all of them.
    #[test]
    fn no_answer_is_lost(rows in rows(60)) {
        let made = scored(frame(&rows));
        let parts = ["promoters", "passives", "detractors", "n_missing", "n_invalid", "n_unusable_weight"];
        let count = |table: &DataFrame| -> f64 {
            parts.iter().flat_map(|part| numbers(table, part)).flatten().sum()
        };
        prop_assert_eq!(count(&made.table), rows.len() as f64);
        prop_assert_eq!(count(&made.sides["total"]), rows.len() as f64);
    }

    /// A weight of two counts like the row twice: for counts and shares, which the number of people
    /// does not enter.
    #[test]
    fn weight_two_is_the_row_twice(rows in rows(40)) {
        let ones = frame(&rows).lazy().with_column(lit(1.0).alias("w")).collect().unwrap();
        let twos = ones.clone().lazy().with_column(lit(2.0).alias("w")).collect().unwrap();
        let twice = concat([ones.clone().lazy(), ones.lazy()], Default::default()).unwrap().collect().unwrap();
        let columns = ["n_weighted", "row_share", "column_share", "total_share", "index", "base_weighted"];
        same_figures(&crossed(twos.clone()).table, &crossed(twice.clone()).table, &columns)?;
        let columns = ["n_weighted", "promoters_share", "passives_share", "detractors_share", "estimate"];
        same_figures(&scored(twos).table, &scored(twice).table, &columns)?;
    }

    /// Weights that are all one are no weights, for every figure.
    #[test]
    fn weights_of_one_are_no_weights(rows in rows(60)) {
        let ones = frame(&rows).lazy().with_column(lit(1.0).alias("w")).collect().unwrap();
        let plain = apply(CrossTab::new([["persona"]], [["region"]]), ones.clone().lazy()).unwrap();
        prop_assert!(crossed(ones.clone()).table.equals_missing(&plain.table));
        let plain = apply(NetPromoter::new("answer").by(["region"]), ones.clone().lazy()).unwrap();
        // That their errors were linearised is told; it makes no difference.
        let figures = |table: DataFrame| table.drop("variance").unwrap();
        prop_assert!(figures(scored(ones).table).equals_missing(&figures(plain.table)));
    }

    /// Weights times a constant change nothing but the weighted counts.
    #[test]
    fn the_scale_of_weights_does_not_matter(rows in rows(60), scale in 0.001..1000.0f64) {
        let plain = frame(&rows);
        let scaled = plain.clone().lazy().with_column(col("w") * lit(scale)).collect().unwrap();
        same_figures(&crossed(plain.clone()).table, &crossed(scaled.clone()).table, &SHARES)?;
        same_figures(&scored(plain).table, &scored(scaled).table, &SCORES)?;
    }

    /// The sums do not depend on the number of threads, to the last bit.
    #[test]
    fn threads_change_no_bit(rows in rows(60), repeat in 1..2000usize) {
        let many: Vec<Row> = (0..repeat)
            .flat_map(|at| rows.iter().map(move |row| (row.0, row.1, row.2, row.3.map(|w| w ^ (at % 7) as i8))))
            .collect();
        let frame = frame(&many).lazy().with_column(col("w") / lit(3.0)).collect().unwrap();
        let dimensions = vec![Dimension::keep("persona"), Dimension::keep("region")];
        let tables = [TableSpec { dimensions, weight: Some("w".into()) }];
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let counted = pool.install(|| tabulate(frame.clone().lazy(), &tables).unwrap().remove(0));
            counted.iter().map(|(key, cell)| (key.to_vec(), *cell)).collect::<Vec<_>>()
        };
        prop_assert_eq!(on(1), on(4));
    }
}

// ---------------------------------------------------------------- net promoter: waves, rest, change

/// The rows as a panel: each has a wave, a person that answers at most once in it, and a store.
fn panel(rows: &[Row]) -> DataFrame {
    let place = |at: usize| (at % 3, at / 3);
    let mut frame = frame(rows);
    for (name, value) in [
        ("wave", Box::new(|at: usize| place(at).0 as i64) as Box<dyn Fn(usize) -> i64>),
        ("who", Box::new(|at: usize| place(at).1 as i64)),
        ("store", Box::new(|at: usize| (place(at).1 % 5) as i64)),
    ] {
        let values: Vec<i64> = (0..rows.len()).map(value).collect();
        frame.with_column(Series::new(name.into(), values).into()).unwrap();
    }
    frame
}

fn waves() -> NetPromoter {
    NetPromoter::new("answer").by(["region"]).wave("wave").weight("w").compare(Compare::Rest).min_base(1)
}

/// The same three ways of comparing: independent, people, clusters.
fn ways() -> [NetPromoter; 3] {
    [
        waves().change_by("persona"),
        waves().respondent("who"),
        NetPromoter::new("answer").wave("wave").cluster("store").lonely_psu(LonelyPsu::Centre),
    ]
}

fn applied(stage: &NetPromoter, frame: &DataFrame) -> Applied {
    apply(stage.clone(), frame.clone().lazy()).unwrap()
}

const COMPARED: [&str; 8] = [
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "promoters_low",
    "change",
    "change_std_error",
    "change_p_value",
];

const INTERVALS: [Interval; 3] = [Interval::AdjustedWald, Interval::Wald, Interval::Score];

proptest! {
    #![proptest_config(config())]

    /// The order of the rows can be seen nowhere, however waves are compared.
    #[test]
    fn row_order_never_matters_between_waves(rows in rows(60)) {
        let frame = panel(&rows);
        for stage in ways() {
            let (a, b) = (applied(&stage, &frame), applied(&stage, &frame.reverse()));
            prop_assert!(a.table.equals_missing(&b.table), "{:?}{:?}", a.table, b.table);
            prop_assert_eq!(a.sides.len(), b.sides.len());
            for (name, side) in &a.sides {
                prop_assert!(side.equals_missing(&b.sides[name]));
            }
            prop_assert_eq!(&a.cautions, &b.cautions);
        }
    }

    /// Weights that are all one are no weights, and only their proportions matter.
    #[test]
    fn weights_without_meaning_mean_nothing(rows in rows(60)) {
        let frame = panel(&rows);
        let ones = frame.clone().lazy().with_column(lit(1.0).alias("w")).collect().unwrap();
        let tenfold = frame.clone().lazy().with_column(col("w") * lit(10.0)).collect().unwrap();
        for stage in ways() {
            let mut unweighted = stage.clone();
            unweighted.weight = None;
            same_figures(&applied(&stage.clone().weight("w"), &ones).table, &applied(&unweighted, &ones).table, &COMPARED)?;
            let (plain, scaled) = (applied(&stage, &frame).table, applied(&stage, &tenfold).table);
            same_figures(&plain, &scaled, &COMPARED)?;
        }
    }

    /// Intervals hold what they are of, apart from adjusted Wald on one or two answers, and stay
    /// within the scale.
    #[test]
    fn intervals_stay_within_the_scale(rows in rows(60)) {
        let frame = panel(&rows);
        for interval in INTERVALS {
            let table = applied(&waves().interval(interval), &frame).table;
            for (name, most) in [("conf", 100.0), ("change", 200.0), ("rest", 200.0)] {
                let (low, high) =
                    (numbers(&table, &format!("{name}_low")), numbers(&table, &format!("{name}_high")));
                for (low, high) in low.into_iter().zip(high) {
                    let (Some(low), Some(high)) = (low, high) else { continue };
                    prop_assert!(-most <= low && low <= high && high <= most, "{} to {}", low, high);
                }
            }
            if interval == Interval::Score {
                let bounds = numbers(&table, "conf_low").into_iter().zip(numbers(&table, "conf_high"));
                for (estimate, (low, high)) in numbers(&table, "estimate").into_iter().zip(bounds) {
                    prop_assert!(low <= estimate && estimate <= high);
                }
            }
        }
    }

    /// Turning the waves round turns the change round.
    #[test]
    fn a_change_backwards_is_its_negative(rows in rows(60)) {
        let frame = panel(&rows).lazy().filter(col("wave").lt(lit(2))).collect().unwrap();
        let turned = frame.clone().lazy().with_column((lit(1) - col("wave")).alias("wave")).collect().unwrap();
        for interval in INTERVALS {
            let stage = NetPromoter::new("answer").wave("wave").weight("w").interval(interval);
            let (there, back) = (applied(&stage, &frame).table, applied(&stage, &turned).table);
            let last = |table: &DataFrame, column: &str| numbers(table, column).last().copied().flatten();
            for (ours, theirs, sign) in [
                ("change", "change", -1.0),
                ("change_low", "change_high", -1.0),
                ("change_statistic", "change_statistic", -1.0),
                ("change_std_error", "change_std_error", 1.0),
                ("change_p_value", "change_p_value", 1.0),
            ] {
                let turned = last(&back, theirs).map(|value| sign * value);
                close(&[last(&there, ours)], &[turned])?;
            }
        }
    }

    /// Mix and rate of all segments are the change, and their shares are all.
    #[test]
    fn mix_and_rate_are_the_change(rows in rows(60)) {
        let made = applied(&waves().change_by("persona"), &panel(&rows));
        let parts = &made.sides["change"];
        let changes: Vec<_> = numbers(&made.table, "change").into_iter().flatten().collect();
        let totals = parts.clone().lazy().filter(col("is_total")).collect().unwrap();
        prop_assert_eq!(totals.height(), changes.len());
        let changes: Vec<_> = changes.into_iter().map(Some).collect();
        close(&numbers(&totals, "change"), &changes)?;
        let segments = parts.clone().lazy().filter(col("is_total").not());
        let sum = |column: &str| col(column).sum();
        let summed = segments
            .group_by_stable([col("region"), col("wave")])
            .agg(["share_before", "share_after", "mix", "rate", "n_before", "n_after"].map(sum))
            .collect()
            .unwrap();
        for column in ["share_before", "share_after", "mix", "rate", "n_before", "n_after"] {
            let (ours, theirs) = (numbers(&summed, column), numbers(&totals, column));
            for (ours, theirs) in ours.iter().zip(&theirs) {
                prop_assert!((ours.unwrap() - theirs.unwrap()).abs() < 1e-9);
            }
        }
    }

    /// The answers of a group are its people, and a group with its rest is everybody in the wave.
    #[test]
    fn answers_and_rest_add_up(rows in rows(60)) {
        let made = applied(&waves(), &panel(&rows));
        let counted = made.sides["distribution"].clone().lazy();
        let counted = counted.group_by_stable([col("region"), col("wave")]).agg([col("n").sum()]).collect().unwrap();
        prop_assert_eq!(numbers(&counted, "n"), numbers(&made.table, "n"));
        let sums = made.table.clone().lazy().with_column((col("n") + col("rest_n")).alias("sum"));
        let spread = sums.group_by_stable([col("wave")]).agg([(col("sum").max() - col("sum").min()).alias("spread")]);
        prop_assert!(numbers(&spread.collect().unwrap(), "spread").iter().all(|spread| *spread == Some(0.0)));
    }
}
