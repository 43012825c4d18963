//! Days and how each silo writes them. Knows no time zone: the company's clocks are local.

/// A day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i32);

/// 2024-01-01, the first day of the two years in which orders are told.
pub const START: Day = Day(19_723);
/// Days from [`START`] up to and including 2025-12-31.
pub const DAYS: i32 = 731;
/// Quarters in those days.
pub const QUARTERS: usize = 8;

impl Day {
    /// Year, month and day of the Gregorian calendar.
    pub fn civil(self) -> (i32, u32, u32) {
        // Years are counted from March so that the leap day is the last of its year.
        let shifted = i64::from(self.0) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year as i32, month as u32, day as u32)
    }

    /// `2025-03-07`
    pub fn iso(self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// `07.03.2025`
    pub fn german(self) -> String {
        let (year, month, day) = self.civil();
        format!("{day:02}.{month:02}.{year:04}")
    }

    /// `03/07/2025`
    pub fn american(self) -> String {
        let (year, month, day) = self.civil();
        format!("{month:02}/{day:02}/{year:04}")
    }

    /// Months since January 2024.
    pub fn month(self) -> usize {
        let (year, month, _) = self.civil();
        ((year - 2024) * 12) as usize + month as usize - 1
    }

    /// Quarters since the first of 2024.
    pub fn quarter(self) -> usize {
        self.month() / 3
    }

    /// This many days later.
    pub fn plus(self, days: i32) -> Day {
        Day(self.0 + days)
    }
}

/// The quarter as text: 0 is `2024-Q1`.
pub fn quarter_name(quarter: usize) -> String {
    format!("{}-Q{}", 2024 + quarter / 4, quarter % 4 + 1)
}

/// The first day of a quarter.
pub fn quarter_start(quarter: usize) -> Day {
    const OFFSETS: [i32; QUARTERS + 1] = [0, 91, 182, 274, 366, 456, 547, 639, DAYS];
    START.plus(OFFSETS[quarter.min(QUARTERS)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_three_ways() {
        assert_eq!(START.iso(), "2024-01-01");
        assert_eq!(START.plus(59).german(), "29.02.2024");
        assert_eq!(START.plus(DAYS - 1).american(), "12/31/2025");
        assert_eq!(Day(0).iso(), "1970-01-01");
        assert_eq!(Day(-1).iso(), "1969-12-31");
    }

    #[test]
    fn quarters_start_where_the_calendar_says() {
        for quarter in 0..QUARTERS {
            let (year, month, day) = quarter_start(quarter).civil();
            assert_eq!((year, month, day), (2024 + quarter as i32 / 4, quarter as u32 % 4 * 3 + 1, 1));
            assert_eq!(quarter_start(quarter).quarter(), quarter);
        }
        assert_eq!(quarter_start(QUARTERS).iso(), "2026-01-01");
    }
}
