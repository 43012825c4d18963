//! The long table of a cross-tab as agencies print it: answers down the side (the stub), groups of
//! columns across the top (the banners), Total first, bases above the figures.
//!
//! It knows the columns that a cross-tab gives and how they are laid out; every figure stands in them.

mod crossed;
mod heads;
mod notes;
mod only;
mod rows;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use super::grid::{Format, Grid, Rows};
use super::records::Records;
use crossed::{Crossed, slots};
use heads::Heads;
use words::Words;

pub use only::{belongs, crosses, is_crossed, only};

/// How a cross-tab is to be laid out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Banner {
    /// The figures of a cell: the first in the row of the answer, others in rows below it. None: the
    /// column share.
    pub measures: Vec<Measure>,
    /// Headings of variables, where their names do not do.
    pub labels: BTreeMap<String, String>,
}

/// A figure of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The share of the column that gave the answer.
    ColumnShare,
    /// The share of those who gave the answer that is in the column.
    RowShare,
    /// The share of everyone that is in the cell.
    TotalShare,
    /// Answers, weighted where there are weights.
    Count,
    /// The column share against that of everyone, which is 100.
    Index,
    /// The count that there would be if the answers did not depend on the columns.
    Expected,
}

impl Measure {
    fn column(self) -> &'static str {
        match self {
            Self::ColumnShare => "column_share",
            Self::RowShare => "row_share",
            Self::TotalShare => "total_share",
            Self::Count => "n_weighted",
            Self::Index => "index",
            Self::Expected => "expected",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::ColumnShare => "Column %",
            Self::RowShare => "Row %",
            Self::TotalShare => "Total %",
            Self::Count => "Count",
            Self::Index => "Index",
            Self::Expected => "Expected count",
        }
    }

    fn format(self) -> Format {
        match self {
            Self::ColumnShare | Self::RowShare | Self::TotalShare => Format::Share,
            Self::Count | Self::Index => Format::Count,
            Self::Expected => Format::Fixed(1),
        }
    }
}

impl Banner {
    /// The cross-tab as it is shown. `tables` is what its stage tells of each table; `whole` is
    /// whether figures of whole tables may be told, or only of the part that is shown.
    pub fn grid(&self, records: &Records, tables: Option<&Records>, whole: bool) -> Grid {
        let words = Words { labels: &self.labels, tables };
        let crossed = Crossed::read(records);
        let shared = crossed.shares_total();
        let slots = slots(&crossed, shared);
        let heads = Heads::of(&crossed, &slots);
        let bases: Vec<_> =
            crossed.stubs.iter().map(|(stub, _)| rows::bases(&crossed, stub, &slots)).collect();
        let common = bases.windows(2).all(|pair| pair[0] == pair[1]);
        let mut blocks = Vec::new();
        if common {
            blocks.extend(bases.first().map(|rows| Rows { title: String::new(), rows: rows.clone() }));
        }
        for ((stub, answers), own) in crossed.stubs.iter().zip(bases) {
            let mut rows = if common { Vec::new() } else { own };
            for answer in answers {
                rows.extend(rows::of(&crossed, (stub, answer), &slots, &heads, self.measures()));
            }
            blocks.push(Rows { title: words.block(stub), rows });
        }
        let mut grid = Grid {
            spanners: heads::spanners(&words, &slots, shared),
            columns: heads::columns(&slots),
            letters: heads.letters,
            name_column: 1,
            repeated: 1 + usize::from(shared && !slots.is_empty()),
            blocks,
            ..Grid::default()
        };
        grid.footnotes = notes::of(&words, self.measures(), &crossed, &grid, whole);
        grid
    }

    fn measures(&self) -> &[Measure] {
        if self.measures.is_empty() { &[Measure::ColumnShare] } else { &self.measures }
    }
}
