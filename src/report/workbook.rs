//! A table as an Excel workbook of one sheet. Numbers stay numbers, text stays text whatever it looks
//! like, and the same table gives the same bytes.

use polars::prelude::{Column, DataFrame, DataType, PolarsError, TimeUnit};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::listing;
use crate::number;

/// Rows a sheet has below its header.
pub const MOST_ROWS: usize = 1_048_575;
/// Columns a sheet has.
pub const MOST_COLUMNS: usize = 16_384;
/// Signs (UTF-16 units) a cell holds.
const LONGEST_TEXT: usize = 32_767;
/// 1970-01-01 as Excel counts days.
const EPOCH: f64 = 25_569.0;
/// The first day that Excel can show as a date and counts rightly: 1 March 1900.
const FIRST_DAY: f64 = 61.0;
/// The day after the last that Excel can show.
const PAST_DAYS: f64 = 2_958_466.0;
/// Rows that are looked at to find the width of a column.
const MEASURED: usize = 1_000;

/// Why a table cannot become a workbook.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// The table has more rows than a sheet.
    #[error("a sheet holds {} rows below its header, and the table has more", number::count(MOST_ROWS as f64))]
    TooManyRows,
    /// The table has more columns than a sheet.
    #[error("a sheet holds {} columns, and the table has {}", number::count(MOST_COLUMNS as f64), number::count(*.0 as f64))]
    TooManyColumns(usize),
    /// A text does not fit into a cell.
    #[error("a cell holds {} signs, and row {row} of column `{column}` has more", number::count(LONGEST_TEXT as f64))]
    TooLongText {
        /// The column.
        column: String,
        /// The row, the first below the header being 1.
        row: usize,
    },
    /// A column cannot be read.
    #[error(transparent)]
    Table(#[from] PolarsError),
    /// The workbook cannot be put together.
    #[error(transparent)]
    Workbook(#[from] XlsxError),
}

/// A table as a workbook: one sheet, a bold header that stays in place, a filter, columns as wide as
/// their content. `kind` is the kind of stage that made the table; number formats follow from the
/// meaning of the columns.
///
/// # Errors
///
/// The table is too large for a sheet, or a text for a cell.
pub fn sheet(frame: &DataFrame, name: &str, kind: &str) -> Result<Vec<u8>, WorkbookError> {
    if frame.height() > MOST_ROWS {
        return Err(WorkbookError::TooManyRows);
    }
    if frame.width() > MOST_COLUMNS {
        return Err(WorkbookError::TooManyColumns(frame.width()));
    }
    let mut workbook = Workbook::new();
    // Without a date of its own a workbook carries the time at which it was written.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let sheet = workbook.add_worksheet();
    sheet.set_name(sheet_name(name))?;
    // Both numbers are within the bounds checked above.
    for (at, column) in frame.columns().iter().enumerate() {
        write_column(sheet, at as u16, column, kind)?;
    }
    if frame.width() > 0 {
        sheet.set_freeze_panes(1, 0)?;
        sheet.autofilter(0, 0, frame.height() as u32, frame.width() as u16 - 1)?;
        sheet.set_repeat_rows(0, 0)?;
    }
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    Ok(workbook.save_to_buffer()?)
}

fn write_column(sheet: &mut Worksheet, at: u16, column: &Column, kind: &str) -> Result<(), WorkbookError> {
    let name = column.name().as_str();
    let values = Values::read(column)?;
    let align = if matches!(values, Values::Texts(_)) { FormatAlign::Left } else { FormatAlign::Right };
    let header = Format::new().set_bold().set_border_bottom(FormatBorder::Thin).set_align(align);
    sheet.write_string_with_format(0, at, name, &header)?;
    let shape = match &values {
        Values::Days(_) => "yyyy-mm-dd".to_owned(),
        Values::Moments(_) => "yyyy-mm-dd hh:mm:ss".to_owned(),
        _ => listing::format(name, column.dtype(), kind).excel(None),
    };
    let format = Format::new().set_num_format(&shape);
    // The filter's button takes the room of three letters.
    let mut width = name.chars().count() + 3;
    for row in 0..column.len() {
        let cell = row as u32 + 1;
        let wide = match &values {
            Values::Texts(texts) => {
                let Some(text) = texts.get(row).and_then(Option::as_deref) else { continue };
                if text.encode_utf16().count() > LONGEST_TEXT {
                    return Err(WorkbookError::TooLongText { column: name.to_owned(), row: row + 1 });
                }
                // An empty text is no cell: Excel knows no difference.
                sheet.write_string(cell, at, text)?;
                text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
            }
            Values::Flags(flags) => {
                let Some(flag) = flags.get(row).copied().flatten() else { continue };
                sheet.write_boolean(cell, at, flag)?;
                5
            }
            Values::Numbers(numbers) | Values::Days(numbers) | Values::Moments(numbers) => {
                let Some(number) = numbers.get(row).copied().flatten() else { continue };
                sheet.write_number_with_format(cell, at, number, &format)?;
                match &values {
                    Values::Numbers(_) => {
                        listing::format(name, column.dtype(), kind).text(number).chars().count()
                    }
                    _ => shape.len(),
                }
            }
        };
        if row < MEASURED {
            width = width.max(wide);
        }
    }
    sheet.set_column_width(at, (width + 2).clamp(8, 60) as f64)?;
    Ok(())
}

/// The values of a column as Excel can hold them.
enum Values {
    Texts(Vec<Option<String>>),
    Flags(Vec<Option<bool>>),
    Numbers(Vec<Option<f64>>),
    /// Days as Excel counts them.
    Days(Vec<Option<f64>>),
    /// The same, with the time of day as a fraction.
    Moments(Vec<Option<f64>>),
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

/// A name that a sheet may have: no more than 31 signs, none of those that Excel reserves.
fn sheet_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|sign| if "[]:*?/\\'".contains(sign) || sign.is_control() { '-' } else { sign })
        .take(31)
        .collect();
    if plain.trim().is_empty() || plain.eq_ignore_ascii_case("history") { "Table".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    #[test]
    fn the_same_table_gives_the_same_bytes() {
        let frame =
            df!("partner" => ["=1+1", "@x"], "nps" => [12.5, -3.0], "listed" => [true, false]).unwrap();
        let once = sheet(&frame, "partners", "net_promoter").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1100));
        assert_eq!(once, sheet(&frame, "partners", "net_promoter").unwrap());
    }

    /// A part of a workbook, which is a zip archive: its directory stands at the end.
    fn part(workbook: &[u8], wanted: &str) -> String {
        use std::io::Read;
        let short = |at: usize| usize::from(u16::from_le_bytes([workbook[at], workbook[at + 1]]));
        let long = |at: usize| short(at) + (short(at + 2) << 16);
        let mut at = long(workbook.len() - 22 + 16);
        while workbook[at..].starts_with(b"PK\x01\x02") {
            let name = at + 46..at + 46 + short(at + 28);
            if &workbook[name.clone()] == wanted.as_bytes() {
                let local = long(at + 42);
                let data = local + 30 + short(local + 26) + short(local + 28);
                let mut text = String::new();
                let mut unpacked = flate2::read::DeflateDecoder::new(&workbook[data..data + long(at + 20)]);
                unpacked.read_to_string(&mut text).unwrap();
                return text;
            }
            at = name.end + short(at + 30) + short(at + 32);
        }
        panic!("no part {wanted}");
    }

    #[test]
    fn what_looks_like_a_formula_stays_text_and_numbers_stay_numbers() {
        let frame =
            df!("partner" => ["=1+1", "@SUM(A1)", "-2"], "nps" => [Some(12.5), Some(-3.0), None]).unwrap();
        let made = sheet(&frame, "partners", "net_promoter").unwrap();
        let cells = part(&made, "xl/worksheets/sheet1.xml");
        assert!(!cells.contains("<f>"), "{cells}");
        assert!(cells.contains("<v>12.5</v>") && cells.contains("<v>-3</v>"), "{cells}");
        assert_eq!(cells.matches(" t=\"s\"").count(), 5, "two headings and three names are texts: {cells}");
        assert!(
            cells.contains("state=\"frozen\"") && cells.contains("<autoFilter ref=\"A1:B4\"/>"),
            "{cells}"
        );
        assert!(part(&made, "xl/sharedStrings.xml").contains("<t>=1+1</t>"));
    }

    #[test]
    fn a_table_too_large_is_told_before_anything_is_written() {
        let long = df!("n" => vec![1i32; MOST_ROWS + 1]).unwrap();
        let told = sheet(&long, "long", "").unwrap_err().to_string();
        assert_eq!(told, "a sheet holds 1,048,575 rows below its header, and the table has more");
        let text = df!("comment" => ["ok".to_owned(), "x".repeat(LONGEST_TEXT + 1)]).unwrap();
        let told = sheet(&text, "text", "").unwrap_err().to_string();
        assert_eq!(told, "a cell holds 32,767 signs, and row 2 of column `comment` has more");
    }

    #[test]
    fn sheets_have_names_that_excel_takes() {
        assert_eq!(sheet_name("a/b:c"), "a-b-c");
        assert_eq!(sheet_name("ä".repeat(40).as_str()).chars().count(), 31);
        assert_eq!(sheet_name("History"), "Table");
        assert!(sheet(&DataFrame::empty(), "", "").is_ok());
    }

    #[test]
    fn long_identifiers_and_far_dates_stay_whole() {
        let frame = df!("id" => [9_007_199_254_740_993i64]).unwrap();
        let values = Values::read(frame.column("id").unwrap()).unwrap();
        assert!(matches!(values, Values::Texts(texts) if texts == [Some("9007199254740993".to_owned())]));
        let days = frame.column("id").unwrap().cast(&DataType::Int32).unwrap();
        assert!(days.null_count() == 1, "out of range");
        let old = polars::prelude::Column::new("day".into(), [-40_000i32, 0]).cast(&DataType::Date).unwrap();
        assert!(matches!(Values::read(&old).unwrap(), Values::Texts(_)));
        let new = polars::prelude::Column::new("day".into(), [0i32, 20_000]).cast(&DataType::Date).unwrap();
        assert!(
            matches!(Values::read(&new).unwrap(), Values::Days(days) if days == [Some(25_569.0), Some(45_569.0)])
        );
    }
}
