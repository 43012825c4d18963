//! Sums of decimal numbers that do not depend on the order of adding, so that the same rows give the
//! same bytes whatever the number of threads.
//!
//! Adding floats in another order changes their last digits. Here every value is rounded to a
//! billionth (10⁻⁹), added as a whole number of billionths, and turned back: the sum is exact to a
//! billionth of a unit per value, and the order cannot be seen. Knows expressions, no tables.

use polars::prelude::{DataType, Expr, lit, when};

/// The largest magnitude that takes part: below it, a thousand million values sum without overflow.
const MOST: f64 = 1e20;

/// A value as a float; null where it is missing, not finite, or beyond 10²⁰.
pub(crate) fn number(value: Expr) -> Expr {
    let value = value.cast(DataType::Float64);
    let usable = value.clone().gt(lit(-MOST)).and(value.clone().lt(lit(MOST)));
    when(usable).then(value).otherwise(lit(polars::prelude::NULL))
}

/// The sum of values that came from [`number`], as a float; nulls are left out, no value sums to 0.
pub(crate) fn sum(value: Expr) -> Expr {
    value.cast(DataType::Decimal(38, 9)).sum().cast(DataType::Float64)
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;

    use super::{number, sum};

    /// Sums by group on the streaming engine.
    fn sums(rows: &DataFrame, value: Expr) -> Vec<Option<f64>> {
        let plan = rows
            .clone()
            .lazy()
            .group_by([col("group")])
            .agg([value.alias("sum")])
            .sort(["group"], SortMultipleOptions::default());
        let made = plan.collect_with_engine(Engine::Streaming).unwrap().unwrap_single();
        made.column("sum").unwrap().f64().unwrap().iter().collect()
    }

    #[test]
    fn order_cannot_be_seen() {
        // Magnitudes from 10⁻³ to 10⁸: plain floats sum to other last digits in another order.
        let n = 100_000u64;
        let value = |i: u64| ((i * 7919) % 1_000_003) as f64 / 997.0 * 10f64.powi((i % 12) as i32 - 3);
        let values: Vec<f64> = (0..n).map(value).collect();
        let groups: Vec<i64> = (0..n).map(|i| (i % 7) as i64).collect();
        let rows = df!("group" => groups, "x" => values).unwrap();
        let turned = rows.reverse();
        assert_eq!(sums(&rows, sum(number(col("x")))), sums(&turned, sum(number(col("x")))));
        assert_ne!(sums(&rows, col("x").sum()), sums(&turned, col("x").sum()), "the test would show nothing");
    }

    #[test]
    fn exact_to_a_billionth() {
        let rows = df!("group" => [1i64; 10], "x" => [0.1; 10]).unwrap();
        assert_eq!(sums(&rows, sum(number(col("x")))), [Some(1.0)]);
        let rows = df!("group" => [1i64, 1, 1], "x" => [1e15, 0.000_000_001, -1e15]).unwrap();
        assert_eq!(sums(&rows, sum(number(col("x")))), [Some(0.000_000_001)]);
    }

    #[test]
    fn unusable_values_are_missing() {
        let x = [Some(f64::NAN), Some(f64::INFINITY), Some(f64::NEG_INFINITY), Some(1e20), None, Some(2.5)];
        let rows = df!("group" => [1i64; 6], "x" => x).unwrap();
        assert_eq!(sums(&rows, sum(number(col("x")))), [Some(2.5)]);
        assert_eq!(sums(&rows, number(col("x")).count().cast(DataType::Float64)), [Some(1.0)]);
        let rows = df!("group" => [1i64], "x" => [None::<f64>]).unwrap();
        assert_eq!(sums(&rows, sum(number(col("x")))), [Some(0.0)]);
    }
}
