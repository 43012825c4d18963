//! Values that are known before a row is read: what is written in an expression, and variables.

use jiff::civil::Date;
use polars::prelude::{AnyValue, DataType, Expr, Scalar, lit};

/// A typed value: a variable of the pipeline, or a literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A day.
    Date(Date),
}

impl Value {
    /// The value as an expression of its own type.
    pub fn expr(&self) -> Expr {
        match self {
            Self::Text(text) => lit(text.clone()),
            Self::Integer(number) => integer(*number),
            Self::Float(number) => lit(Scalar::from(*number)),
            Self::Boolean(truth) => lit(*truth),
            Self::Date(date) => lit(Scalar::new(DataType::Date, AnyValue::Date(days(*date)))),
        }
    }

    /// The type of [`Value::expr`].
    pub fn dtype(&self) -> DataType {
        match self {
            Self::Text(_) => DataType::String,
            Self::Integer(_) => DataType::Int64,
            Self::Float(_) => DataType::Float64,
            Self::Boolean(_) => DataType::Boolean,
            Self::Date(_) => DataType::Date,
        }
    }
}

impl std::fmt::Display for Value {
    /// As text in titles and file names.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => f.write_str(&crate::number::plain(*number)),
            Self::Boolean(truth) => write!(f, "{truth}"),
            Self::Date(date) => write!(f, "{date}"),
        }
    }
}

/// An integer of 64 bits; `lit` would leave the width to the engine.
pub(super) fn integer(number: i64) -> Expr {
    lit(Scalar::from(number))
}

/// Days since 1970-01-01, the engine's way to hold a date.
pub(super) fn days(date: Date) -> i32 {
    // jiff's dates span the years -9999 to 9999: the count fits easily.
    (date - Date::constant(1970, 1, 1)).get_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_1970() {
        assert_eq!(days(Date::constant(1970, 1, 1)), 0);
        assert_eq!(days(Date::constant(2024, 2, 29)), 19_782);
        assert_eq!(days(Date::constant(1969, 12, 31)), -1);
    }
}
