//! A table as a reader sees it: header rows with spanners, columns, rows of formatted cells.
//!
//! HTML pages and Excel sheets are written from this one form, so that they cannot disagree. It
//! knows how a value is shown, not where it came from; it computes nothing.

use crate::number;

/// A displayed table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grid {
    /// Header rows above the column labels, outermost first. Each covers all columns.
    pub spanners: Vec<Vec<Spanner>>,
    /// The columns, left to right.
    pub columns: Vec<Column>,
    /// The letter of each column, by which tests speak of it, in a header row of their own; empty
    /// without tests.
    pub letters: Vec<String>,
    /// Which column names the row, counted from 1; 0 for none.
    pub name_column: usize,
    /// Columns, from the first, that every part of the table begins with where it is too wide to be
    /// shown at once; 0 where it is never split.
    pub repeated: usize,
    /// The rows in blocks; a block that has a title is announced by a line of its own.
    pub blocks: Vec<Rows>,
    /// Rows the table has beyond those shown.
    pub more: usize,
    /// What is to be known of the figures: how they were tested, what the signs mean.
    pub footnotes: Vec<Footnote>,
}

/// Something to be known of the figures of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footnote {
    /// What it is about, where another table may refer to it; none for what is said of every table anew.
    pub topic: Option<Topic>,
    /// What it says, in whole sentences.
    pub text: String,
}

/// What a footnote is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// The letters and signs beside figures.
    Signs,
    /// What margins of error rest on.
    Errors,
    /// How figures were tested.
    Tests,
    /// What figures are and how they are rounded.
    Rounding,
}

impl Topic {
    /// What it is called inside a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Signs => "signs",
            Self::Errors => "margins of error",
            Self::Tests => "tests",
            Self::Rounding => "rounding",
        }
    }
}

impl<T: Into<String>> From<T> for Footnote {
    fn from(text: T) -> Self {
        Self { topic: None, text: text.into() }
    }
}

/// A heading over neighbouring columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanner {
    /// What it says; empty over columns that have no heading.
    pub label: String,
    /// How many columns it covers.
    pub width: usize,
}

/// A displayed column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub label: String,
    /// Numbers stand right, words left.
    pub align: Align,
}

/// Where the content of a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows that belong together, such as the answers to one question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// The line above them; empty for none.
    pub title: String,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A displayed row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What the row is.
    pub role: Role,
    /// One cell per column.
    pub cells: Vec<Cell>,
}

/// What a row is, for its looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A row of the table.
    Body,
    /// A base: how many answers the figures below rest on.
    Base,
    /// A figure that goes with the row above it, such as its index.
    Detail,
    /// Several answers taken together.
    Net,
    /// One of the answers of the net above it.
    Part,
    /// A figure made of the answers, such as their mean.
    Statistic,
}

/// A displayed value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing to show: the value is missing, or the question was not asked.
    Blank,
    /// Words.
    Text(String),
    /// A number, how to show it, and whether its base is small.
    Number {
        /// The number, unrounded.
        value: f64,
        /// How to show it.
        format: Format,
        /// The mark of a small base.
        mark: Option<BaseMark>,
    },
    /// A number that was tested, with what was found.
    Tested {
        /// The number, unrounded.
        value: f64,
        /// How to show it.
        format: Format,
        /// Letters of other columns and signs; empty where nothing was found.
        found: String,
    },
    /// A number that is not shown, because few people are behind it or behind another one.
    Hidden,
}

/// What stands in the place of a number that is not shown.
pub const HIDDEN: &str = "hidden";

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As it is, at twelve significant digits: years, codes.
    Plain,
    /// Whole, thousands set apart.
    Count,
    /// With this many decimals, thousands set apart.
    Fixed(u8),
    /// A share of 0–1 as a percentage with this many decimals.
    Percent(u8),
    /// A share in a cross-tab: a percentage without decimals, `–` for none at all and `<0.5%` where
    /// rounding would say 0%.
    Share,
    /// A score in points, whole, with its sign.
    Score,
}

/// The mark of a figure that rests on few answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BaseMark {
    /// 30 to 99 answers: read with care.
    Small,
    /// Fewer than 30 answers: an indication only.
    VerySmall,
}

impl BaseMark {
    /// The mark of a base of `n` unweighted answers; none from 100 on.
    pub fn of(n: f64) -> Option<Self> {
        if n < 30.0 {
            Some(Self::VerySmall)
        } else if n < 100.0 {
            Some(Self::Small)
        } else {
            None
        }
    }

    /// The mark that a table gives by its sign.
    pub fn from_sign(sign: &str) -> Option<Self> {
        [Self::Small, Self::VerySmall].into_iter().find(|mark| mark.sign() == sign.trim())
    }

    /// The sign printed after the number.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Small => "*",
            Self::VerySmall => "**",
        }
    }

    /// What the sign means, for a footnote.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Small => "* Small base, as a rule under 100 answers: read with care.",
            Self::VerySmall => "** Very small base, as a rule under 30 answers: an indication only.",
        }
    }
}

impl Grid {
    /// The number of rows shown.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.rows.len()).sum()
    }

    /// Whether no row is shown.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The table with some of its columns only.
    pub fn with_columns(&self, columns: &[usize]) -> Self {
        let spanners = self.spanners.iter().map(|row| {
            let covers: Vec<usize> =
                row.iter().enumerate().flat_map(|(at, each)| vec![at; each.width]).collect();
            let mut kept: Vec<(usize, Spanner)> = Vec::new();
            for at in columns.iter().filter_map(|column| covers.get(*column)) {
                match kept.last_mut() {
                    Some((last, spanner)) if last == at => spanner.width += 1,
                    _ => kept.push((*at, Spanner { label: row[*at].label.clone(), width: 1 })),
                }
            }
            kept.into_iter().map(|(_, spanner)| spanner).collect()
        });
        let rows = |row: &Row| Row { role: row.role, cells: pick(&row.cells, columns) };
        let blocks = self
            .blocks
            .iter()
            .map(|block| Rows { title: block.title.clone(), rows: block.rows.iter().map(rows).collect() });
        Self {
            spanners: spanners.collect(),
            columns: pick(&self.columns, columns),
            letters: pick(&self.letters, columns),
            blocks: blocks.collect(),
            ..self.clone()
        }
    }

    /// The marks that occur, so that they can be explained under the table.
    pub fn marks(&self) -> Vec<BaseMark> {
        let mut marks: Vec<BaseMark> = (self.blocks.iter().flat_map(|block| &block.rows))
            .flat_map(|row| &row.cells)
            .filter_map(Cell::mark)
            .collect();
        marks.sort();
        marks.dedup();
        marks
    }
}

fn pick<T: Clone>(all: &[T], columns: &[usize]) -> Vec<T> {
    columns.iter().filter_map(|column| all.get(*column)).cloned().collect()
}

impl Cell {
    /// A number without a mark.
    pub fn number(value: f64, format: Format) -> Self {
        Self::Number { value, format, mark: None }
    }

    /// What a reader sees, without the mark. A missing value is a dash, never a zero.
    pub fn text(&self) -> String {
        match self {
            Self::Blank => "–".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Number { value, format, .. } | Self::Tested { value, format, .. } => format.text(*value),
            Self::Hidden => HIDDEN.to_owned(),
        }
    }

    /// What a test found, to stand beside the number.
    pub fn found(&self) -> &str {
        match self {
            Self::Tested { found, .. } => found,
            _ => "",
        }
    }

    /// The mark of a small base.
    pub fn mark(&self) -> Option<BaseMark> {
        match self {
            Self::Number { mark, .. } => *mark,
            Self::Blank | Self::Text(_) | Self::Tested { .. } | Self::Hidden => None,
        }
    }
}

impl Format {
    /// The number as text, with a minus sign rather than a hyphen.
    pub fn text(self, value: f64) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        let text = match self {
            Self::Plain => number::plain(value),
            Self::Count => number::count(value),
            Self::Fixed(decimals) => number::fixed(value, usize::from(decimals)),
            Self::Percent(decimals) => number::percent(value, usize::from(decimals)),
            Self::Share if value == 0.0 => "–".to_owned(),
            Self::Share if value > 0.0 && number::round_half_away(value, 2) == 0.0 => "<0.5%".to_owned(),
            Self::Share => number::percent(value, 0),
            Self::Score => number::score(value),
        };
        match text.strip_prefix('-') {
            Some(digits) => format!("−{digits}"),
            None => text,
        }
    }

    /// The same as an Excel number format; `mark` is shown after the number, which stays a number.
    pub fn excel(self, mark: Option<BaseMark>) -> String {
        let sign = mark.map_or(String::new(), |mark| format!("\"{}\"", mark.sign()));
        let decimals = |count: u8| match count {
            0 => String::new(),
            count => format!(".{}", "0".repeat(usize::from(count))),
        };
        match self {
            Self::Plain if sign.is_empty() => "General".to_owned(),
            Self::Plain => format!("0.###########{sign}"),
            Self::Count => format!("#,##0{sign}"),
            Self::Fixed(count) => format!("#,##0{}{sign}", decimals(count)),
            Self::Percent(count) => format!("0{}%{sign}", decimals(count)),
            Self::Share => format!("[=0]\"–\"{sign};[<0.005]\"<0.5%\"{sign};0%{sign}"),
            Self::Score => format!("+#,##0{sign};-#,##0{sign};0{sign}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_survey_tables_show_them() {
        assert_eq!(Format::Share.text(0.0), "–");
        assert_eq!(Format::Share.text(0.0049), "<0.5%");
        assert_eq!(Format::Share.text(0.005), "1%");
        assert_eq!(Format::Share.text(0.125), "13%");
        assert_eq!(Format::Score.text(17.5), "+18");
        assert_eq!(Format::Score.text(-4.0), "−4");
        assert_eq!(Format::Score.text(f64::NAN), "–");
        assert_eq!(Format::Plain.text(2025.0), "2025");
        assert_eq!(Format::Count.text(2025.0), "2,025");
    }

    #[test]
    fn small_bases_are_marked_at_the_limits() {
        assert_eq!(BaseMark::of(0.0), Some(BaseMark::VerySmall));
        assert_eq!(BaseMark::of(29.0), Some(BaseMark::VerySmall));
        assert_eq!(BaseMark::of(30.0), Some(BaseMark::Small));
        assert_eq!(BaseMark::of(99.0), Some(BaseMark::Small));
        assert_eq!(BaseMark::of(100.0), None);
        let cell = Cell::Number { value: 9.0, format: Format::Count, mark: BaseMark::of(9.0) };
        assert_eq!((cell.text().as_str(), cell.mark().map(BaseMark::sign)), ("9", Some("**")));
    }

    #[test]
    fn a_marked_number_stays_a_number_in_excel() {
        assert_eq!(Format::Count.excel(Some(BaseMark::VerySmall)), "#,##0\"**\"");
        assert_eq!(Format::Score.excel(None), "+#,##0;-#,##0;0");
        assert_eq!(Format::Fixed(2).excel(None), "#,##0.00");
    }
}
