//! The columns of a table of records, by role, as plain values. The only part of the drawing that
//! knows a table.

use polars::prelude::{Column, DataFrame, DataType};

use super::FigureError;
use crate::number;

/// A table of records.
pub(super) struct Records<'a>(pub &'a DataFrame);

impl Records<'_> {
    pub(super) fn len(&self) -> usize {
        self.0.height()
    }

    /// Each value as people read it; null stays null.
    pub(super) fn texts(&self, column: &str) -> Result<Vec<Option<String>>, FigureError> {
        let values = self.column(column)?;
        if values.dtype().is_float() {
            return Ok(self.numbers(column)?.into_iter().map(|value| value.map(number::plain)).collect());
        }
        let texts = values.cast(&DataType::String)?;
        Ok(texts.str()?.iter().map(|value| value.map(str::to_owned)).collect())
    }

    /// Each value as a number; null and what is not finite is none.
    pub(super) fn numbers(&self, column: &str) -> Result<Vec<Option<f64>>, FigureError> {
        let values = self.column(column)?;
        if !values.dtype().is_primitive_numeric() && !values.dtype().is_decimal() {
            return Err(FigureError::NotNumeric(column.to_owned()));
        }
        let numbers = values.cast(&DataType::Float64)?;
        Ok(numbers.f64()?.iter().map(|value| value.filter(|number| number.is_finite())).collect())
    }

    /// Each value as yes or no; null is no.
    pub(super) fn flags(&self, column: &str) -> Result<Vec<bool>, FigureError> {
        let values = self.column(column)?;
        let flags = values.bool().map_err(|_| FigureError::NotBoolean(column.to_owned()))?;
        Ok(flags.iter().map(|value| value.unwrap_or(false)).collect())
    }

    /// Numbers of an optional role: none for every record where the role is not filled.
    pub(super) fn optional_numbers(&self, column: Option<&str>) -> Result<Vec<Option<f64>>, FigureError> {
        column.map_or_else(|| Ok(vec![None; self.len()]), |column| self.numbers(column))
    }

    /// Where a record stands on a time axis or a number axis, in its own unit; none where the column is text.
    pub(super) fn positions(&self, column: &str) -> Result<Option<Vec<Option<f64>>>, FigureError> {
        let values = self.column(column)?;
        let placed = match values.dtype() {
            DataType::Date | DataType::Datetime(..) => {
                values.cast(&DataType::Int64)?.cast(&DataType::Float64)?
            }
            dtype if dtype.is_primitive_numeric() => values.cast(&DataType::Float64)?,
            _ => return Ok(None),
        };
        Ok(Some(placed.f64()?.iter().collect()))
    }

    /// One label from several columns; none where all of them are null.
    pub(super) fn labels(&self, columns: &[String]) -> Result<Vec<Option<String>>, FigureError> {
        let parts = columns.iter().map(|column| self.texts(column)).collect::<Result<Vec<_>, _>>()?;
        Ok((0..self.len())
            .map(|row| {
                let words: Vec<&str> = parts.iter().filter_map(|part| part[row].as_deref()).collect();
                (!words.is_empty()).then(|| words.join(" · "))
            })
            .collect())
    }

    fn column(&self, name: &str) -> Result<&Column, FigureError> {
        self.0.column(name).map_err(|_| FigureError::MissingColumn(name.to_owned()))
    }
}

/// A column's name as words: `net_revenue` is `net revenue`.
pub(super) fn words(column: &str) -> String {
    column.replace('_', " ")
}

/// A column's name as a heading: `buying_phase` is `Buying phase`.
pub(super) fn heading(column: &str) -> String {
    let words = words(column);
    if words.chars().count() == 1 {
        // A symbol, such as `n`.
        return words;
    }
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
