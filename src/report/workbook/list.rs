//! A table as it is: one row a row, the header on top. Numbers stay numbers, text stays text, and the
//! form of a number follows from the meaning of its column.

use polars::prelude::{Column, DataFrame, DataType, PolarsError, TimeUnit};

use super::{MOST_COLUMNS, MOST_ROWS, WorkbookError};
use crate::number;
use crate::report::listing;
use crate::report::workbook::sheet::Chart;

/// 1970-01-01 as Excel counts days.
const EPOCH: f64 = 25_569.0;
/// The first day that Excel can show as a date and counts rightly: 1 March 1900.
const FIRST_DAY: f64 = 61.0;
/// The day after the last that Excel can show.
const PAST_DAYS: f64 = 2_958_466.0;
/// Rows that are looked at to find the width of a column.
const MEASURED: usize = 1_000;

/// How large a list is printed that is too wide for a page, in per cent.
pub(super) const SCALE: u16 = 65;
/// Signs that stand side by side on a page of A4 on its side.
const A_PAGE: f64 = 140.0;

/// A table on a sheet of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// The name of the sheet.
    pub name: String,
    /// In a workbook with a table of contents: the sheet that has it, and the row to go back to. The
    /// way back then stands in a row above the table.
    pub back: Option<(String, u32)>,
    /// The columns, left to right.
    pub columns: Vec<Listed>,
    /// How many rows there are below the header.
    pub height: u32,
    /// A chart of its figures.
    pub chart: Option<Chart>,
}

/// A column of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its heading, the name in the table.
    pub name: String,
    /// Its values.
    pub values: Values,
    /// The number format of its values, in Excel's words.
    pub number: String,
    /// Its width, in signs.
    pub width: f64,
}

/// The values of a column as Excel can hold them.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Words.
    Texts(Vec<Option<String>>),
    /// True or false.
    Flags(Vec<Option<bool>>),
    /// Numbers, at the fifteen digits of a cell.
    Numbers(Vec<Option<f64>>),
    /// Days as Excel counts them.
    Days(Vec<Option<f64>>),
    /// The same, with the time of day as a fraction.
    Moments(Vec<Option<f64>>),
}

impl List {
    /// A table as a list. `kind` is the kind of stage that made the table; number formats follow from
    /// the meaning of the columns.
    ///
    /// # Errors
    ///
    /// The table is too large for a sheet.
    pub fn new(frame: &DataFrame, name: &str, kind: &str) -> Result<Self, WorkbookError> {
        if frame.height() > MOST_ROWS {
            return Err(WorkbookError::TooManyRows);
        }
        if frame.width() > MOST_COLUMNS {
            return Err(WorkbookError::TooManyColumns(frame.width()));
        }
        let columns =
            frame.columns().iter().map(|column| Listed::new(column, kind)).collect::<Result<_, _>>()?;
        // Within the bounds checked above.
        let height = frame.height() as u32;
        Ok(Self { name: name.to_owned(), back: None, columns, height, chart: None })
    }

    /// How many columns, from the first, say what a row is about: those of words before the first
    /// number.
    pub fn stub(&self) -> usize {
        self.columns.iter().take_while(|column| matches!(column.values, Values::Texts(_))).count()
    }

    /// How many columns, from the first, every printed page repeats: those that say what a row is about, as
    /// long as they leave most of the page to the others.
    pub fn repeated(&self) -> usize {
        let mut used = 0.0;
        let fits = |column: &&Listed| {
            used += column.width;
            used <= 0.4 * A_PAGE * 100.0 / f64::from(SCALE)
        };
        self.columns[..self.stub()].iter().take_while(fits).count()
    }

    /// Whether its columns would be too small to read if they were all printed on the width of a page.
    pub fn is_wide(&self) -> bool {
        self.columns.iter().map(|column| column.width).sum::<f64>() > 1.6 * A_PAGE
    }

    /// The row of the header.
    pub fn header(&self) -> u32 {
        if self.back.is_some() { 2 } else { 0 }
    }
}

impl Listed {
    fn new(column: &Column, kind: &str) -> Result<Self, PolarsError> {
        let name = column.name().to_string();
        let values = Values::read(column)?;
        let form = listing::format(&name, column.dtype(), kind);
        let number = match &values {
            Values::Days(_) => "yyyy-mm-dd".to_owned(),
            Values::Moments(_) => "yyyy-mm-dd hh:mm:ss".to_owned(),
            _ => form.excel(None),
        };
        let long = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        let widest = match &values {
            Values::Texts(texts) => texts.iter().take(MEASURED).flatten().map(|text| long(text)).max(),
            Values::Flags(_) => Some(5),
            Values::Numbers(numbers) => {
                numbers.iter().take(MEASURED).flatten().map(|value| form.text(*value).chars().count()).max()
            }
            Values::Days(_) | Values::Moments(_) => Some(number.len()),
        };
        // The filter's button takes the room of three letters.
        let width = (name.chars().count() + 3).max(widest.unwrap_or(0)) + 2;
        Ok(Self { name, values, number, width: width.clamp(8, 60) as f64 })
    }
}

impl Values {
    fn read(column: &Column) -> Result<Self, PolarsError> {
        let doubles = |column: &Column| -> Result<Vec<Option<f64>>, PolarsError> {
            let doubles = column.cast(&DataType::Float64)?;
            Ok(doubles.f64()?.iter().map(|value| value.filter(|value| value.is_finite())).collect())
        };
        let on_the_calendar =
            |days: &[Option<f64>]| days.iter().flatten().all(|day| (FIRST_DAY..PAST_DAYS).contains(day));
        match column.dtype() {
            DataType::Boolean => return Ok(Self::Flags(column.bool()?.iter().collect())),
            DataType::Date => {
                let days = doubles(&column.cast(&DataType::Int32)?)?;
                let days: Vec<Option<f64>> = days.into_iter().map(|day| Some(day? + EPOCH)).collect();
                if on_the_calendar(&days) {
                    return Ok(Self::Days(days));
                }
            }
            // Excel knows no time zones: such a moment stays text, with its offset.
            DataType::Datetime(unit, None) => {
                let ticks = match unit {
                    TimeUnit::Milliseconds => 86_400e3,
                    TimeUnit::Microseconds => 86_400e6,
                    TimeUnit::Nanoseconds => 86_400e9,
                };
                let moments = doubles(&column.cast(&DataType::Int64)?)?;
                let moments: Vec<Option<f64>> =
                    moments.into_iter().map(|at| Some(at? / ticks + EPOCH)).collect();
                if on_the_calendar(&moments) {
                    return Ok(Self::Moments(moments));
                }
            }
            numeric if numeric.is_primitive_numeric() || numeric.is_decimal() => {
                let numbers = doubles(column)?;
                // A cell is a double with fifteen digits: longer identifiers stay whole as text.
                if !numeric.is_integer() || numbers.iter().flatten().all(|number| number.abs() < 1e15) {
                    let exact =
                        numbers.into_iter().map(|number| number.map(|value| number::significant(value, 15)));
                    return Ok(Self::Numbers(exact.collect()));
                }
            }
            _ => {}
        }
        let texts = column.cast(&DataType::String)?;
        Ok(Self::Texts(texts.str()?.iter().map(|text| text.map(str::to_owned)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_table_is_printed_on_several_pages_beside_each_other() {
        let table = |columns: usize| {
            let names = ["a".to_owned()].into_iter().chain((1..columns).map(|at| format!("n{at}")));
            let column = |(at, name): (usize, String)| match at {
                0 => Column::new(name.into(), ["x"]),
                _ => Column::new(name.into(), [1i64]),
            };
            let frame = DataFrame::new(1, names.enumerate().map(column).collect()).unwrap();
            List::new(&frame, "t", "").unwrap()
        };
        assert_eq!((table(28).is_wide(), table(29).is_wide(), table(29).repeated()), (false, true, 1));
    }

    #[test]
    fn long_identifiers_and_far_dates_stay_whole() {
        let id = Column::new("id".into(), [9_007_199_254_740_993i64]);
        let values = Values::read(&id).unwrap();
        assert_eq!(values, Values::Texts(vec![Some("9007199254740993".to_owned())]));
        let day = |days: [i32; 2]| Column::new("day".into(), days).cast(&DataType::Date).unwrap();
        assert!(matches!(Values::read(&day([-40_000, 0])).unwrap(), Values::Texts(_)));
        let new = Values::read(&day([0, 20_000])).unwrap();
        assert_eq!(new, Values::Days(vec![Some(25_569.0), Some(45_569.0)]));
    }
}
