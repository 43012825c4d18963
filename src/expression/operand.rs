//! A part of an expression that was understood: what the engine is asked, its type, and what is known
//! of its value. Knows the types that expressions compute with.

use std::ops::Range;

use polars::prelude::*;

use super::literal::{Value, integer};

/// The kinds of value that expressions tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Integer,
    Float,
    Text,
    Boolean,
    Date,
    Datetime,
    Null,
    /// Carried along and tested for null, nothing else.
    Other,
}

impl Class {
    pub fn of(dtype: &DataType) -> Self {
        match dtype {
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
            | DataType::UInt64 => Self::Integer,
            DataType::Float32 | DataType::Float64 | DataType::Decimal(..) => Self::Float,
            DataType::String | DataType::Categorical(..) | DataType::Enum(..) => Self::Text,
            DataType::Boolean => Self::Boolean,
            DataType::Date => Self::Date,
            DataType::Datetime(..) => Self::Datetime,
            DataType::Null => Self::Null,
            _ => Self::Other,
        }
    }

    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Float)
    }
}

/// An understood part.
#[derive(Debug, Clone)]
pub(super) struct Operand {
    pub expr: Expr,
    pub dtype: DataType,
    /// The value, if it is a literal or a variable.
    pub constant: Option<Value>,
    /// For integers: the largest magnitude it can have. Spares most sums the test for overflow.
    pub most: u64,
    /// Where it is written.
    pub range: Range<usize>,
}

impl Operand {
    /// A computed part of unknown value; its place is filled in by whoever asked for it.
    pub fn computed(expr: Expr, dtype: DataType) -> Self {
        let most = most_of(&dtype);
        Self { expr, dtype, constant: None, most, range: 0..0 }
    }

    /// A computed integer of 64 bits whose magnitude is bounded.
    pub fn integer(expr: Expr, most: u64) -> Self {
        Self { most, ..Self::computed(expr, DataType::Int64) }
    }

    pub fn constant(value: Value, range: Range<usize>) -> Self {
        let most = match value {
            Value::Integer(number) => number.unsigned_abs(),
            _ => 0,
        };
        Self { expr: value.expr(), dtype: value.dtype(), constant: Some(value), most, range }
    }

    pub fn null(range: Range<usize>) -> Self {
        Self { expr: lit(NULL), dtype: DataType::Null, constant: None, most: 0, range }
    }

    pub fn at(self, range: Range<usize>) -> Self {
        Self { range, ..self }
    }

    pub fn class(&self) -> Class {
        Class::of(&self.dtype)
    }

    /// The type in a word, for messages.
    pub fn word(&self) -> String {
        word_of(&self.dtype)
    }

    /// The part as a value of `dtype`, a type of the same class, or null of that type.
    pub fn to(&self, dtype: &DataType) -> Expr {
        match (&self.constant, dtype) {
            _ if self.dtype == *dtype => self.expr.clone(),
            (Some(Value::Integer(number)), DataType::Float64) => lit(*number as f64),
            _ => self.expr.clone().cast(dtype.clone()),
        }
    }

    pub fn float(&self) -> Expr {
        self.to(&DataType::Float64)
    }

    pub fn int(&self) -> Expr {
        self.to(&DataType::Int64)
    }

    /// A date, or the day of a datetime.
    pub fn day(&self) -> Expr {
        match self.class() {
            Class::Datetime => self.expr.clone().dt().date(),
            _ => self.expr.clone(),
        }
    }

    /// An integer literal in the type of the column it is compared with, so that the engine can skip
    /// what cannot match; none where it does not fit.
    pub fn narrowed(&self, dtype: &DataType) -> Option<Expr> {
        let Some(Value::Integer(number)) = self.constant else { return None };
        let fits = match dtype {
            DataType::Int8 => i8::try_from(number).is_ok(),
            DataType::Int16 => i16::try_from(number).is_ok(),
            DataType::Int32 => i32::try_from(number).is_ok(),
            DataType::UInt8 => u8::try_from(number).is_ok(),
            DataType::UInt16 => u16::try_from(number).is_ok(),
            DataType::UInt32 => u32::try_from(number).is_ok(),
            DataType::UInt64 => u64::try_from(number).is_ok(),
            _ => false,
        };
        fits.then(|| integer(number).cast(dtype.clone()))
    }
}

/// A type in a word, for messages.
pub(super) fn word_of(dtype: &DataType) -> String {
    match Class::of(dtype) {
        Class::Integer => "integer".into(),
        Class::Float => "float".into(),
        Class::Text => "text".into(),
        Class::Boolean => "boolean".into(),
        Class::Date => "date".into(),
        Class::Datetime => "datetime".into(),
        Class::Null => "NULL".into(),
        Class::Other => format!("{dtype}"),
    }
}

fn most_of(dtype: &DataType) -> u64 {
    match dtype {
        DataType::Int8 => 1 << 7,
        DataType::UInt8 => 1 << 8,
        DataType::Int16 => 1 << 15,
        DataType::UInt16 => 1 << 16,
        DataType::Int32 => 1 << 31,
        DataType::UInt32 => 1 << 32,
        _ => 1 << 63,
    }
}

/// The type that all of these can be brought to; `None` if there is none.
pub(super) fn common<'o>(operands: impl IntoIterator<Item = &'o Operand>) -> Option<DataType> {
    let mut shared: Option<DataType> = None;
    for operand in operands {
        let lifted = match operand.class() {
            Class::Null => continue,
            Class::Integer => DataType::Int64,
            Class::Float => DataType::Float64,
            _ => operand.dtype.clone(),
        };
        shared = Some(match (shared, lifted) {
            (None, lifted) => lifted,
            (Some(shared), lifted) if shared == lifted => shared,
            (Some(DataType::Int64 | DataType::Float64), DataType::Int64 | DataType::Float64) => {
                DataType::Float64
            }
            (Some(DataType::Date), DataType::Datetime(unit, None))
            | (Some(DataType::Datetime(unit, None)), DataType::Date) => DataType::Datetime(unit, None),
            (Some(DataType::Datetime(_, zone)), DataType::Datetime(_, other)) if zone == other => {
                DataType::Datetime(TimeUnit::Microseconds, zone)
            }
            _ => return None,
        });
    }
    Some(shared.unwrap_or(DataType::Null))
}
