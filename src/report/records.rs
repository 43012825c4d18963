//! The rows of a table as plain values, for pages and for sentences. The only part of a report that
//! knows a data frame.

use polars::prelude::{BooleanChunked, Column, DataFrame, DataType, PolarsResult};

use crate::number;

/// A table, column by column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    height: usize,
    fields: Vec<Field>,
}

/// A column and its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type in the table.
    pub dtype: DataType,
    /// One value per row.
    pub values: Vec<Datum>,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// No value.
    Missing,
    /// True or false.
    Flag(bool),
    /// A number.
    Number(f64),
    /// Words, dates, and whole numbers too long for a double.
    Text(String),
}

/// Whole numbers beyond this are not all doubles.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Records {
    /// Reads a table.
    ///
    /// # Errors
    ///
    /// The engine's, for a column that has no text form (lists, structs, binary).
    pub fn read(frame: &DataFrame) -> PolarsResult<Self> {
        let fields = frame.columns().iter().map(Field::read).collect::<PolarsResult<_>>()?;
        Ok(Self { height: frame.height(), fields })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.height
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.height == 0
    }

    /// The columns.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// A column by name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The value in a row of a column; missing where there is no such row or column.
    pub fn get(&self, row: usize, name: &str) -> &Datum {
        self.field(name).and_then(|field| field.values.get(row)).unwrap_or(&Datum::Missing)
    }

    /// The rows whose values equal all the wanted ones.
    pub fn matching(&self, wanted: &[(&str, Datum)]) -> Vec<usize> {
        (0..self.height)
            .filter(|row| wanted.iter().all(|(name, value)| self.get(*row, name).is(value)))
            .collect()
    }
}

impl Field {
    fn read(column: &Column) -> PolarsResult<Self> {
        let dtype = column.dtype().clone();
        let values = match &dtype {
            DataType::Boolean => {
                column.bool()?.iter().map(|value| value.map_or(Datum::Missing, Datum::Flag)).collect()
            }
            DataType::Null => vec![Datum::Missing; column.len()],
            numeric if numeric.is_primitive_numeric() || numeric.is_decimal() => numbers(column)?,
            _ => {
                let texts = column.cast(&DataType::String)?;
                texts
                    .str()?
                    .iter()
                    .map(|text| text.map_or(Datum::Missing, |text| Datum::Text(text.into())))
                    .collect()
            }
        };
        Ok(Self { name: column.name().to_string(), dtype, values })
    }
}

fn numbers(column: &Column) -> PolarsResult<Vec<Datum>> {
    let doubles = column.cast(&DataType::Float64)?;
    let mut values: Vec<Datum> = (doubles.f64()?.iter())
        .map(|value| value.filter(|value| value.is_finite()).map_or(Datum::Missing, Datum::Number))
        .collect();
    let long = |value: &Datum| matches!(value, Datum::Number(number) if number.abs() >= EXACT);
    if column.dtype().is_integer() && values.iter().any(long) {
        let texts = column.cast(&DataType::String)?;
        for (value, text) in values.iter_mut().zip(texts.str()?.iter()) {
            if long(value) {
                *value = text.map_or(Datum::Missing, |text| Datum::Text(text.to_owned()));
            }
        }
    }
    Ok(values)
}

impl Datum {
    /// The value as people write it; none where it is missing.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Missing => None,
            Self::Flag(flag) => Some(if *flag { "yes" } else { "no" }.to_owned()),
            Self::Number(value) => Some(number::plain(*value)),
            Self::Text(text) => Some(text.clone()),
        }
    }

    /// Whether two values are the same; a number is the same as its text, so that a key read from a
    /// sentence finds it.
    fn is(&self, other: &Self) -> bool {
        self == other
            || (matches!((self, other), (Self::Number(_), Self::Text(_)) | (Self::Text(_), Self::Number(_)))
                && self.text() == other.text())
    }
}

/// The rows of a table whose value in a column reads as `value`.
///
/// # Errors
///
/// The engine's, for a column that does not exist or has no text form.
pub fn only(frame: &DataFrame, column: &str, value: &str) -> PolarsResult<DataFrame> {
    let field = Field::read(frame.column(column)?)?;
    let mask: BooleanChunked =
        field.values.iter().map(|each| each.text().as_deref() == Some(value)).collect();
    frame.filter(&mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    #[test]
    fn values_keep_what_they_mean() {
        let frame = df!(
            "region" => [Some("EMEA"), None],
            "n" => [412i64, 9_007_199_254_740_993],
            "nps" => [Some(12.5), Some(f64::NAN)],
            "listed" => [true, false],
        )
        .unwrap();
        let records = Records::read(&frame).unwrap();
        assert_eq!(records.get(1, "region"), &Datum::Missing);
        assert_eq!(records.get(1, "n"), &Datum::Text("9007199254740993".into()));
        assert_eq!(records.get(1, "nps"), &Datum::Missing, "what is no number is not shown as one");
        assert_eq!(records.get(0, "listed").text().as_deref(), Some("yes"));
        assert_eq!(
            records.matching(&[("region", Datum::Text("EMEA".into())), ("n", Datum::Number(412.0))]),
            [0]
        );
        assert_eq!(records.matching(&[("n", Datum::Text("412".into()))]), [0]);
    }

    #[test]
    fn only_keeps_the_rows_of_one_value() {
        let frame = df!("wave" => [Some(2025i64), Some(2026), None], "n" => [1i64, 2, 3]).unwrap();
        let kept = Records::read(&only(&frame, "wave", "2026").unwrap()).unwrap();
        assert_eq!((kept.len(), kept.get(0, "n")), (1, &Datum::Number(2.0)));
    }
}
