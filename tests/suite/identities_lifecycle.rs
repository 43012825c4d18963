//! Laws of the lifecycle on generated data: everyone has one row a period, nobody is lost on the way
//! from one period to the next, and levels and moves are those of a count by hand.

use std::collections::BTreeMap;

use growthring::stages::lifecycle::{Climb, Every, Level, Lifecycle, Measure, Over, Summary};
use growthring::{Applied, apply_with};
use polars::prelude::{Column, DataFrame, DataType, IntoLazy, NamedFrom, Series, col};
use proptest::prelude::*;

use crate::identities::{config, numbers, words};

const PERIODS: usize = 6;
const DAYS: i32 = 10;
/// The day before the first period.
const START: i32 = 100;

/// A customer: region, the day they are there from, how complete the profile is; any may be missing.
type Customer = (Option<u8>, Option<i32>, Option<u8>);
/// An order: whose (some are nobody's or a stranger's), when, how much in quarters, and a score.
type Order = (Option<usize>, Option<i32>, Option<i16>);

fn people() -> impl Strategy<Value = Vec<Customer>> {
    let customer = (
        prop::option::weighted(0.8, 0..2u8),
        prop::option::weighted(0.7, START - 20..START + 80),
        prop::option::weighted(0.8, 0..5u8),
    );
    prop::collection::vec(customer, 1..12)
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
    let order = (
        prop::option::weighted(0.95, 0..13usize),
        prop::option::weighted(0.95, START - 30..START + 75),
        prop::option::weighted(0.9, -8..20i16),
    );
    prop::collection::vec(order, 0..60)
}

fn name(customer: usize) -> String {
    format!("c{customer:02}")
}

fn column<T>(name: &str, values: Vec<T>) -> Column
where
    Series: NamedFrom<Vec<T>, [T]>,
{
    Series::new(name.into(), values).into()
}

fn list(customers: &[Customer]) -> DataFrame {
    let since: Vec<Option<i32>> = customers.iter().map(|customer| customer.1).collect();
    let since = Series::new("since".into(), since).cast(&DataType::Date).unwrap();
    let columns = vec![
        Series::new("who".into(), (0..customers.len()).map(name).collect::<Vec<_>>()).into(),
        Series::new(
            "region".into(),
            customers.iter().map(|it| it.0.map(|r| format!("r{r}"))).collect::<Vec<_>>(),
        )
        .into(),
        since.into(),
        Series::new("profile".into(), customers.iter().map(|it| it.2.map(i64::from)).collect::<Vec<_>>())
            .into(),
    ];
    DataFrame::new(customers.len(), columns).unwrap()
}

fn bought(orders: &[Order]) -> DataFrame {
    let day: Vec<Option<i32>> = orders.iter().map(|order| order.1).collect();
    let day = Series::new("day".into(), day).cast(&DataType::Date).unwrap();
    let columns = vec![
        Series::new("who".into(), orders.iter().map(|order| order.0.map(name)).collect::<Vec<_>>()).into(),
        day.into(),
        column(
            "paid",
            orders.iter().map(|order| order.2.map(|paid| f64::from(paid) / 4.0)).collect::<Vec<_>>(),
        ),
    ];
    DataFrame::new(orders.len(), columns).unwrap()
}

const RULES: [(&str, &str); 3] = [
    ("customer", "orders > 0"),
    ("known", "profile >= 2 AND spent > 1"),
    ("advocate", "latest > 1 AND orders > 1"),
];

fn run(customers: &[Customer], orders: &[Order], climb: Climb) -> Applied {
    let day = |day: i32| {
        let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        date.to_string()
    };
    let mut counted = Measure::count("orders", "orders", "day");
    counted.over = Some(Over::Periods(2.into()).into());
    counted.value = Some("paid".into());
    let mut spent = Measure::count("spent", "orders", "day");
    (spent.value, spent.aggregate) = (Some("paid".into()), Some(Summary::Sum.into()));
    spent.over = Some(Over::ToDate.into());
    let mut latest = spent.clone();
    (latest.name, latest.aggregate) = ("latest".into(), Some(Summary::Last.into()));
    let mut profile = Measure::count("profile", "people", "day");
    (profile.date, profile.value, profile.aggregate) = (None, Some("profile".into()), None);
    let levels = RULES.map(|(name, rule)| Level::new(name, rule));
    let mut stage = Lifecycle::new("who", [counted, spent, latest, profile], levels);
    stage.from = Some("people".into());
    stage.since = Some("since".into());
    stage.by = ["region"].into_iter().collect();
    stage.periods.every = Every::Days((DAYS as u32).into()).into();
    stage.periods.first = Some(day(START).as_str().into());
    stage.as_of = Some(day(START + DAYS * PERIODS as i32 - 1).as_str().into());
    stage.climb = climb;
    let inputs = [("people", list(customers).lazy()), ("orders", bought(orders).lazy())];
    apply_with(stage, &inputs).unwrap()
}

/// The level of every customer in every period, counted by hand.
fn by_hand(customers: &[Customer], orders: &[Order], climb: Climb) -> Vec<Vec<i64>> {
    let level = |who: usize, period: usize| {
        let end = START + DAYS * (period as i32 + 1) - 1;
        if customers[who].1.is_some_and(|since| since > end) {
            return 0;
        }
        let own: Vec<(i32, f64)> = orders
            .iter()
            .filter(|order| order.0 == Some(who))
            .filter_map(|order| Some((order.1?, f64::from(order.2?) / 4.0)))
            .filter(|(day, _)| *day <= end)
            .collect();
        let n = own.iter().filter(|(day, _)| *day > end - 2 * DAYS).count();
        let spent: f64 = own.iter().map(|(_, paid)| paid).sum();
        let last = own.iter().map(|(day, _)| *day).max();
        let of_last_day = own.iter().filter(|(day, _)| Some(*day) == last).map(|(_, paid)| *paid);
        let latest = of_last_day.max_by(f64::total_cmp);
        let holds = [
            n > 0,
            customers[who].2.is_some_and(|profile| profile >= 2) && spent > 1.0,
            latest.is_some_and(|latest| latest > 1.0) && n > 1,
        ];
        match climb {
            Climb::Every => holds.iter().take_while(|holds| **holds).count() as i64,
            Climb::Highest => holds.iter().rposition(|holds| *holds).map_or(0, |at| at as i64 + 1),
        }
    };
    (0..customers.len()).map(|who| (0..PERIODS).map(|period| level(who, period)).collect()).collect()
}

fn moved(levels: &[i64], at: usize) -> Option<&'static str> {
    let (now, before) = (levels[at], *levels[..at].last()?);
    let ever = levels[..at].iter().any(|level| *level > 0);
    Some(match (before, now) {
        (0, 0) if ever => "dormant",
        (0, 0) => "not_yet",
        (0, _) if ever => "returned",
        (0, _) => "entered",
        (_, 0) => "left",
        _ if now > before => "advanced",
        _ if now < before => "regressed",
        _ => "stayed",
    })
}

/// Sums of a column by others.
fn sums(table: &DataFrame, by: &[&str], column: &str) -> BTreeMap<Vec<String>, f64> {
    let keys: Vec<Vec<Option<String>>> = by.iter().map(|by| words(table, by)).collect();
    let mut sums = BTreeMap::new();
    for (row, n) in numbers(table, column).into_iter().enumerate() {
        let key = keys.iter().map(|key| key[row].clone().unwrap_or_default()).collect();
        *sums.entry(key).or_default() += n.unwrap();
    }
    sums
}

fn everyone(table: &DataFrame) -> DataFrame {
    table.clone().lazy().filter(col("is_total")).collect().unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn everyone_is_where_a_count_by_hand_puts_them_and_nobody_is_lost(
        customers in people(), orders in orders(), every in any::<bool>()
    ) {
        let climb = if every { Climb::Every } else { Climb::Highest };
        let made = run(&customers, &orders, climb);
        let expected = by_hand(&customers, &orders, climb);
        // One row for each customer and period, in that order.
        prop_assert_eq!(made.table.height(), customers.len() * PERIODS);
        let who: Vec<Option<String>> =
            (0..customers.len()).flat_map(|who| (0..PERIODS).map(move |_| Some(name(who)))).collect();
        prop_assert_eq!(words(&made.table, "who"), who);
        let levels: Vec<Option<f64>> = expected.iter().flatten().map(|level| Some(*level as f64)).collect();
        prop_assert_eq!(numbers(&made.table, "level_number"), levels);
        let moves: Vec<Option<String>> = expected
            .iter()
            .flat_map(|levels| (0..PERIODS).map(|at| moved(levels, at).map(str::to_owned)))
            .collect();
        prop_assert_eq!(words(&made.table, "move"), moves);

        let all = customers.len() as f64;

        // Came and went account for the change of every level.
        let balance = &made.sides["balance"];
        let of = |column: &str| numbers(balance, column).into_iter().map(Option::unwrap).collect::<Vec<f64>>();
        let parts = [
            ("n_before", 1.0), ("entered", 1.0), ("returned", 1.0), ("from_below", 1.0), ("from_above", 1.0),
            ("to_above", -1.0), ("to_below", -1.0), ("left", -1.0),
        ];
        let mut sum = vec![0.0; balance.height()];
        for (column, sign) in parts {
            sum.iter_mut().zip(of(column)).for_each(|(sum, n)| *sum += sign * n);
        }
        prop_assert_eq!(sum, of("n_after"));

        // What one period ends with the next begins with, and it is what the table of levels says.
        let groups = ["region", "is_total", "level", "period"];
        let before = ["region", "is_total", "level", "previous_period"];
        let levels = sums(&made.sides["levels"], &groups, "n");
        for (key, n) in sums(balance, &groups, "n_after") {
            prop_assert_eq!(levels[&key], n);
        }
        for (key, n) in sums(balance, &before, "n_before") {
            prop_assert_eq!(levels[&key], n);
        }

        // Everyone moves, or stays, once a period; groups add up to everyone.
        let moves = &made.sides["moves"];
        prop_assert!(sums(&everyone(moves), &["period"], "n").values().all(|n| *n == all));
        for side in ["levels", "moves", "balance", "next"] {
            let n = if side == "balance" { "n_after" } else { "n" };
            for (period, sum) in sums(&made.sides[side], &["period"], n) {
                let total = sums(&everyone(&made.sides[side]), &["period"], n)[&period];
                prop_assert_eq!(sum, 2.0 * total);
            }
        }

        // Everyone has a level, had one, or never had one.
        let periods = &made.sides["periods"];
        let of = |column: &str| numbers(periods, column).into_iter().map(Option::unwrap);
        let parts = of("n_in").zip(of("n_not_yet")).zip(of("n_away"));
        prop_assert!(parts.map(|((a, b), c)| a + b + c).all(|n| n == all));
        let stand = sums(&everyone(&made.sides["levels"]), &["period"], "n");
        prop_assert_eq!(stand.into_values().collect::<Vec<_>>(), of("n_in").collect::<Vec<_>>());

        // A rule that holds puts a customer there, higher, or is held back by a lower one.
        let coverage = &made.sides["coverage"];
        let of = |column: &str| numbers(coverage, column).into_iter().map(Option::unwrap);
        let parts = of("n").zip(of("beyond")).zip(of("held_back")).map(|((a, b), c)| a + b + c);
        prop_assert_eq!(parts.collect::<Vec<_>>(), of("matched").collect::<Vec<_>>());
        prop_assert!(every || of("held_back").all(|n| n == 0.0));

        // The order of the rows can be seen nowhere.
        let mut turned = orders.clone();
        turned.reverse();
        let again = run(&customers, &turned, climb);
        prop_assert!(made.table.equals_missing(&again.table));
        for (name, side) in &made.sides {
            prop_assert!(side.equals_missing(&again.sides[name]), "{}", name);
        }
        prop_assert_eq!(made.cautions, again.cautions);
    }
}
