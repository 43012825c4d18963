//! Types from a sample of cells, for `types: auto`.

use super::value::{self, ColumnType};

/// Narrows the type of one column, cell by cell.
#[derive(Debug, Clone)]
pub struct Guess {
    candidates: Vec<ColumnType>,
    seen: bool,
}

impl Guess {
    /// Nothing seen yet.
    pub fn new() -> Self {
        use ColumnType::{Boolean, Date, Datetime, Float, Integer};
        Self { candidates: vec![Integer, Float, Boolean, Date, Datetime], seen: false }
    }

    /// Takes one cell into account; an empty one says nothing.
    pub fn see(&mut self, cell: &str) {
        let cell = cell.trim();
        if !cell.is_empty() {
            self.seen = true;
            self.candidates.retain(|kind| fits(*kind, cell));
        }
    }

    /// The narrowest type that holds every cell seen; text where there is none.
    pub fn kind(&self) -> ColumnType {
        let first = self.candidates.first().filter(|_| self.seen);
        first.copied().unwrap_or(ColumnType::Text)
    }
}

fn fits(kind: ColumnType, cell: &str) -> bool {
    match kind {
        // A leading zero belongs to a code (postcode, account number), which is no number.
        ColumnType::Integer => cell.parse::<i64>().is_ok() && !is_code(cell),
        ColumnType::Float => value::float(cell).is_some() && !is_code(cell),
        // 0 and 1 are numbers until somebody says otherwise.
        ColumnType::Boolean => cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false"),
        ColumnType::Date => value::date(cell).is_some(),
        ColumnType::Datetime => value::datetime(cell).is_some(),
        ColumnType::Text => true,
    }
}

fn is_code(cell: &str) -> bool {
    let digits = cell.trim_start_matches(['+', '-']).as_bytes();
    cell.starts_with('+') || (digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(cells: &[&str]) -> ColumnType {
        let mut guess = Guess::new();
        cells.iter().for_each(|cell| guess.see(cell));
        guess.kind()
    }

    #[test]
    fn the_narrowest_type_wins() {
        assert_eq!(guess(&["1", "", "-2"]), ColumnType::Integer);
        assert_eq!(guess(&["1", "2.5"]), ColumnType::Float);
        assert_eq!(guess(&["true", "False"]), ColumnType::Boolean);
        assert_eq!(guess(&["2026-11-22", "2026-01-01"]), ColumnType::Date);
        assert_eq!(guess(&["2026-11-22", "2026-01-01T10:00"]), ColumnType::Datetime);
    }

    #[test]
    fn codes_and_mixtures_stay_text() {
        assert_eq!(guess(&["01234", "99999"]), ColumnType::Text);
        assert_eq!(guess(&["+49170123"]), ColumnType::Text);
        assert_eq!(guess(&["1", "x"]), ColumnType::Text);
        assert_eq!(guess(&["", ""]), ColumnType::Text);
        assert_eq!(guess(&[]), ColumnType::Text);
    }

    #[test]
    fn zero_and_one_are_numbers() {
        assert_eq!(guess(&["0", "1"]), ColumnType::Integer);
        assert_eq!(guess(&["0.5", "0"]), ColumnType::Float);
    }
}
