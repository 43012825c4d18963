//! The calendar of a lifecycle: which period a day falls into, where periods begin and end, what they
//! are called, and which of them is not over. Knows days, not what happened on them.

use jiff::civil::Date;
use polars::prelude::*;

/// The first day of the count.
const EPOCH: Date = Date::constant(1970, 1, 1);

/// How periods follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grid {
    /// So many calendar months, from January.
    Months(i64),
    /// So many days.
    Days(i64),
}

/// Periods that follow each other. Days are counted from 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Calendar {
    grid: Grid,
    /// The first day of the first period.
    origin: i32,
    /// The day up to which the data is complete.
    pub as_of: i32,
    /// How many there are; the last one has `as_of` in it.
    pub len: usize,
}

/// A period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    pub name: String,
    /// Its first day.
    pub start: i32,
    /// Its last day.
    pub end: i32,
}

impl Calendar {
    /// The periods from that of the day `first` to that of the day `as_of`; none where that is earlier.
    pub fn new(grid: Grid, first: i32, as_of: i32) -> Self {
        let origin = match grid {
            Grid::Days(_) => first,
            Grid::Months(months) => day_of_month(month(first).div_euclid(months) * months),
        };
        let mut calendar = Self { grid, origin, as_of, len: 0 };
        calendar.len = usize::try_from(calendar.index(as_of) + 1).unwrap_or(0);
        calendar
    }

    /// No periods, where there are no days.
    pub fn empty(grid: Grid) -> Self {
        Self { grid, origin: 0, as_of: i32::MAX, len: 0 }
    }

    /// The place of the period that a day falls into, from 0; negative before the first.
    pub fn index(&self, day: i32) -> i64 {
        match self.grid {
            Grid::Days(days) => (i64::from(day) - i64::from(self.origin)).div_euclid(days),
            Grid::Months(months) => (month(day) - month(self.origin)).div_euclid(months),
        }
    }

    /// The same for a column of dates.
    pub fn index_of(&self, date: Expr) -> Expr {
        match self.grid {
            Grid::Days(days) => {
                let day = date.cast(DataType::Int32).cast(DataType::Int64);
                (day - lit(i64::from(self.origin))).floor_div(lit(days))
            }
            Grid::Months(months) => {
                let whole = |part: Expr| part.cast(DataType::Int64);
                let count =
                    whole(date.clone().dt().year()) * lit(12i64) + whole(date.dt().month()) - lit(1i64);
                (count - lit(month(self.origin))).floor_div(lit(months))
            }
        }
    }

    /// The period at a place.
    fn period(&self, at: usize) -> Period {
        let at = at as i64;
        let start_of = |at: i64| match self.grid {
            Grid::Days(days) => self.origin + (at * days) as i32,
            Grid::Months(months) => day_of_month(month(self.origin) + at * months),
        };
        let (start, end) = (start_of(at), start_of(at + 1) - 1);
        let first = date(start);
        let year = first.year();
        let name = match self.grid {
            Grid::Days(_) => first.to_string(),
            Grid::Months(1) => format!("{year:04}-{:02}", first.month()),
            Grid::Months(3) => format!("{year:04}-Q{}", (first.month() + 2) / 3),
            Grid::Months(6) => format!("{year:04}-H{}", (first.month() + 5) / 6),
            Grid::Months(_) => format!("{year:04}"),
        };
        Period { name, start, end }
    }

    /// All of them, in order of time.
    pub fn periods(&self) -> Vec<Period> {
        (0..self.len).map(|at| self.period(at)).collect()
    }

    /// One row per period: `p` (its place, from 0), `period`, `period_start`, `period_end`, `days`,
    /// `days_seen` and `is_complete`.
    pub fn table(&self) -> PolarsResult<DataFrame> {
        let periods = self.periods();
        let seen = |period: &Period| i64::from(self.as_of.min(period.end) - period.start + 1);
        let whole = |period: &Period| i64::from(period.end - period.start + 1);
        let table = df!(
            "p" => (0..self.len as i64).collect::<Vec<_>>(),
            "period" => periods.iter().map(|period| period.name.as_str()).collect::<Vec<_>>(),
            "period_start" => periods.iter().map(|period| period.start).collect::<Vec<_>>(),
            "period_end" => periods.iter().map(|period| period.end).collect::<Vec<_>>(),
            "days" => periods.iter().map(whole).collect::<Vec<_>>(),
            "days_seen" => periods.iter().map(seen).collect::<Vec<_>>(),
            "is_complete" => periods.iter().map(|period| self.as_of >= period.end).collect::<Vec<_>>()
        )?;
        let mut columns = table.columns().to_vec();
        for column in columns.iter_mut().filter(|column| column.dtype() == &DataType::Int32) {
            *column = column.cast(&DataType::Date)?;
        }
        DataFrame::new(self.len, columns)
    }
}

/// A day as a date; days beyond the calendar are its ends.
pub(super) fn date(day: i32) -> Date {
    let span = jiff::Span::new().try_days(day);
    let end = if day < 0 { Date::MIN } else { Date::MAX };
    span.ok().and_then(|span| EPOCH.checked_add(span).ok()).unwrap_or(end)
}

/// The month of a day, counted from January of the year 0.
fn month(day: i32) -> i64 {
    let date = date(day);
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

/// The first day of a month.
fn day_of_month(month: i64) -> i32 {
    let year = i16::try_from(month.div_euclid(12)).unwrap_or(i16::MAX);
    // One to twelve.
    let first = Date::new(year, month.rem_euclid(12) as i8 + 1, 1).unwrap_or(Date::MAX);
    (first - EPOCH).get_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        (text.parse::<Date>().unwrap() - EPOCH).get_days()
    }

    fn told(calendar: &Calendar) -> Vec<String> {
        let told = |period: Period| format!("{} {} {}", period.name, date(period.start), date(period.end));
        calendar.periods().into_iter().map(told).collect()
    }

    #[test]
    fn calendar_periods_begin_with_their_month() {
        let quarters = Calendar::new(Grid::Months(3), day("2023-11-15"), day("2024-04-01"));
        assert_eq!(
            told(&quarters),
            [
                "2023-Q4 2023-10-01 2023-12-31",
                "2024-Q1 2024-01-01 2024-03-31",
                "2024-Q2 2024-04-01 2024-06-30",
            ]
        );
        let halves = Calendar::new(Grid::Months(6), day("2024-07-01"), day("2024-07-01"));
        assert_eq!(told(&halves), ["2024-H2 2024-07-01 2024-12-31"]);
        let months = Calendar::new(Grid::Months(1), day("2024-02-29"), day("2024-02-29"));
        assert_eq!(told(&months), ["2024-02 2024-02-01 2024-02-29"]);
        let years = Calendar::new(Grid::Months(12), day("2023-06-01"), day("2024-01-01"));
        assert_eq!(told(&years), ["2023 2023-01-01 2023-12-31", "2024 2024-01-01 2024-12-31"]);
    }

    #[test]
    fn periods_of_days_begin_with_the_first() {
        let made = Calendar::new(Grid::Days(30), day("2011-03-13"), day("2011-04-12"));
        assert_eq!(told(&made), ["2011-03-13 2011-03-13 2011-04-11", "2011-04-12 2011-04-12 2011-05-11"]);
    }

    #[test]
    fn nothing_before_the_first() {
        assert_eq!(Calendar::new(Grid::Months(1), day("2024-02-01"), day("2024-01-31")).len, 0);
        assert_eq!(Calendar::new(Grid::Days(7), 10, 9).len, 0);
        assert_eq!(Calendar::new(Grid::Days(7), 10, 10).len, 1);
    }

    #[test]
    fn the_engine_finds_the_same_periods() {
        let days: Vec<i32> = (-800..800).step_by(13).chain([0, 30, 31, 59, 364, 365, 19_782]).collect();
        let table = df!("day" => &days).unwrap().lazy().with_column(col("day").cast(DataType::Date));
        for grid in [Grid::Months(1), Grid::Months(3), Grid::Months(6), Grid::Months(12), Grid::Days(30)] {
            let calendar = Calendar::new(grid, 400, 900);
            let found = table.clone().select([calendar.index_of(col("day")).alias("p")]).collect().unwrap();
            let expected: Vec<i64> = days.iter().map(|day| calendar.index(*day)).collect();
            let found: Vec<i64> = found.column("p").unwrap().i64().unwrap().iter().flatten().collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_last_one_may_be_unfinished() {
        let table = Calendar::new(Grid::Months(3), day("2024-01-01"), day("2024-05-15")).table().unwrap();
        let bools: Vec<_> = table.column("is_complete").unwrap().bool().unwrap().iter().collect();
        assert_eq!(bools, [Some(true), Some(false)]);
        let seen: Vec<_> = table.column("days_seen").unwrap().i64().unwrap().iter().collect();
        assert_eq!(seen, [Some(91), Some(45)]);
        assert_eq!(table.column("period_start").unwrap().dtype(), &DataType::Date);
    }
}
