//! The cells of a cross-tab by their places, with the questions of rows and columns, and what may be said of
//! them. It reads and orders; it does not draw.

use std::ops::Range;

use super::HeatMap;
use crate::chart::base::{self, Base};
use crate::chart::finding::Finding;
use crate::chart::{Number, Spec};
use crate::{crossing, number};

pub(in crate::chart) struct Cells<'a> {
    pub(super) roles: &'a HeatMap,
    pub(super) rows: Vec<Side>,
    pub(super) columns: Vec<Side>,
    /// By row, then by column.
    pub(super) cells: Vec<Vec<Option<Cell>>>,
    /// The column that the findings were read from.
    pub(super) compared: Option<&'a str>,
}

pub(super) struct Side {
    pub(super) group: Option<String>,
    /// Its own name; of a nested column the innermost.
    pub(super) name: String,
    /// The values that it is nested in, outermost first.
    pub(super) outer: Vec<String>,
    /// The whole, not a part of it.
    pub(super) total: bool,
    pub(super) kind: Kind,
    /// Whether it stands under a net.
    pub(super) is_part: bool,
    /// By which cells of other columns speak of this one.
    pub(super) letter: String,
}

/// What a row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kind {
    /// Those who gave an answer.
    #[default]
    Answer,
    /// Those who gave one of several.
    Net,
    /// A figure made of the answers, and how it is written.
    Statistic(Number),
}

#[derive(Clone, Default)]
pub(super) struct Cell {
    pub(super) value: Option<f64>,
    pub(super) index: Option<f64>,
    pub(super) n: Option<f64>,
    pub(super) base: Base,
    pub(super) letters: String,
    pub(super) finding: Option<Finding>,
    pub(super) hidden: bool,
}

impl Kind {
    pub(super) fn from_word(word: Option<&str>) -> Self {
        match word {
            None | Some("answer") => Kind::Answer,
            Some("net") => Kind::Net,
            Some("nps") => Kind::Statistic(Number::Score),
            Some(_) => Kind::Statistic(Number::Hundredths),
        }
    }

    pub(super) fn counts(self) -> bool {
        !matches!(self, Kind::Statistic(_))
    }
}

impl Cell {
    /// Whether nobody could tell it from another: sums in another order differ in their last digits.
    pub(super) fn shows_as(&self, other: &Cell) -> bool {
        let digits = |value: Option<f64>| value.map(|value| number::significant(value, 9));
        let shown =
            |cell: &Cell| (digits(cell.value), digits(cell.index), digits(cell.n), cell.base, cell.hidden);
        shown(self) == shown(other)
    }
}

/// Where a row or column stands, after adding it where it is new.
pub(super) fn side(
    sides: &mut Vec<Side>,
    group: &Option<String>,
    name: &Option<String>,
    (total, kind): (bool, Kind),
    letter: Option<&str>,
) -> usize {
    let value = name.as_deref().unwrap_or("(none)");
    let mut outer = match group {
        Some(group) => crossing::parts(group, value),
        None => vec![value],
    };
    let name = outer.pop().unwrap_or(value);
    let known = sides.iter().position(|side| {
        let named = side.name == name && side.outer == outer;
        side.group == *group && named && side.total == total && side.kind == kind
    });
    known.unwrap_or_else(|| {
        let letter = letter.unwrap_or_default().to_owned();
        let outer = outer.into_iter().map(str::to_owned).collect();
        let (group, name) = (group.clone(), name.to_owned());
        sides.push(Side { group, name, outer, total, kind, is_part: false, letter });
        sides.len() - 1
    })
}

impl Cells<'_> {
    /// Puts rows and columns of one question together, in the order in which each first appears.
    pub(super) fn gather(&mut self) {
        let order = |sides: &[Side]| {
            let first = |side: &Side| sides.iter().position(|other| other.group == side.group);
            let mut order: Vec<usize> = (0..sides.len()).collect();
            order.sort_by_key(|&at| first(&sides[at]));
            order
        };
        let (rows, columns) = (order(&self.rows), order(&self.columns));
        let mut old: Vec<Option<Vec<Option<Cell>>>> =
            std::mem::take(&mut self.cells).into_iter().map(Some).collect();
        self.cells = rows
            .iter()
            .filter_map(|&row| old[row].take())
            .map(|line| columns.iter().map(|&column| line[column].clone()).collect())
            .collect();

        self.rows = pick(std::mem::take(&mut self.rows), &rows);
        self.columns = pick(std::mem::take(&mut self.columns), &columns);
    }

    /// Leaves out letters of columns that the picture does not have: a report for one region has the
    /// column of that region only.
    pub(super) fn keep_letters(&mut self) {
        type Named<'a> = (&'a Option<String>, &'a [String], char);
        let letters: Vec<Named<'_>> = (self.columns.iter())
            .filter_map(|column| {
                Some((&column.group, column.outer.as_slice(), column.letter.chars().next()?))
            })
            .collect();
        for line in &mut self.cells {
            for (column, cell) in self.columns.iter().zip(line) {
                if let Some(cell) = cell {
                    let known = |letter: char| {
                        let capital = letter.to_uppercase().next();
                        letters.iter().any(|(group, outer, known)| {
                            **group == column.group
                                && *outer == column.outer
                                && known.to_uppercase().next() == capital
                        })
                    };
                    cell.letters.retain(known);
                }
            }
        }
    }

    pub(super) fn number(&self, spec: &Spec) -> Number {
        let rows = self.rows.iter().zip(&self.cells).filter(|(row, _)| row.kind.counts());
        let cells: Vec<f64> =
            rows.flat_map(|(_, line)| line.iter().flatten().filter_map(|cell| cell.value)).collect();
        let values = || cells.iter().copied();
        let shares = || values().all(|value| (0.0..=1.0).contains(&value));
        spec.number.unwrap_or_else(|| if shares() { Number::Percent } else { Number::fitting(values()) })
    }

    /// What a question is called.
    pub(super) fn title(&self, group: &str) -> String {
        let named = || crossing::heading(group, None, |_| None);
        self.roles.titles.get(group).cloned().unwrap_or_else(named)
    }

    /// The rows of each question.
    pub(super) fn questions(&self) -> Vec<Range<usize>> {
        let starts: Vec<usize> = (0..self.rows.len()).filter(|&at| Self::starts(&self.rows, at)).collect();
        let ends = starts.iter().skip(1).copied().chain([self.rows.len()]);
        starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
    }

    /// The base of each column in some rows, and how small it is.
    pub(super) fn bases(&self, rows: Range<usize>) -> Vec<(Option<f64>, Base)> {
        (0..self.columns.len())
            .map(|column| {
                let cells = || self.cells[rows.clone()].iter().filter_map(|line| line[column].as_ref());
                let base = cells().map(|cell| cell.base).max().unwrap_or_default();
                (cells().find_map(|cell| cell.n), base)
            })
            .collect()
    }

    /// The same in words: the number of answers with its mark, or that it is hidden.
    pub(super) fn base_words(&self, rows: Range<usize>) -> Vec<String> {
        let hidden = |column: usize| {
            let mut cells = self.cells[rows.clone()].iter().filter_map(|line| line[column].as_ref());
            cells.any(|cell| cell.hidden)
        };
        let bases = self.bases(rows.clone()).into_iter().enumerate();
        let words = bases.map(|(column, (n, base))| match n {
            None if hidden(column) => HIDDEN.to_owned(),
            n => base::n_with_mark(n, base),
        });
        words.collect()
    }

    /// The rows that share a line of bases: all of them, or each question's where bases differ.
    pub(super) fn based(&self) -> Vec<Range<usize>> {
        let questions = self.questions();
        let mut bases = questions.iter().map(|rows| self.bases(rows.clone()));
        let first = bases.next();
        if bases.all(|other| Some(&other) == first.as_ref()) {
            std::iter::once(0..self.rows.len()).collect()
        } else {
            questions
        }
    }

    pub(super) fn small_columns(&self) -> impl Iterator<Item = Base> {
        (0..self.columns.len()).map(|column| {
            let cells = self.cells.iter().filter_map(|line| line[column].as_ref());
            cells.map(|cell| cell.base).max().unwrap_or_default()
        })
    }

    /// Where a new question starts: before this row or column.
    pub(super) fn starts(sides: &[Side], at: usize) -> bool {
        at == 0 || sides[at].group != sides[at - 1].group
    }

    pub(super) fn findings(&self) -> impl Iterator<Item = Finding> {
        self.cells.iter().flatten().flatten().filter_map(|cell| cell.finding)
    }

    /// What stands in a cell, in words: the figure, then what tests found.
    pub(super) fn told(&self, cell: &Cell) -> String {
        let mut words: Vec<String> = Vec::new();
        words.extend((!cell.letters.is_empty()).then(|| cell.letters.clone()));
        words.extend(cell.finding.map(|finding| finding.word().to_owned()));
        words.join("; ")
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

impl Side {
    /// Its whole name, with the values it is nested in.
    pub(super) fn value(&self) -> String {
        let all: Vec<&str> = self.outer.iter().map(String::as_str).chain([self.name.as_str()]).collect();
        all.join(crossing::NESTED)
    }
}

impl Cell {
    /// The figure as it is written, or the word in its place: a share as in tables, `–` for nobody and
    /// `<0.5%` where rounding would say none. Empty where nobody was asked.
    pub(super) fn figure(&self, kind: Kind, number: Number) -> String {
        let number = if let Kind::Statistic(number) = kind { number } else { number };
        match self.value {
            _ if self.hidden => HIDDEN.to_owned(),
            Some(0.0) if number == Number::Percent => "–".to_owned(),
            Some(value) => number.show(value),
            None => String::new(),
        }
    }
}

/// What stands in a cell that is not shown.
pub(super) const HIDDEN: &str = "hidden";

fn pick<T>(items: Vec<T>, order: &[usize]) -> Vec<T> {
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.iter().filter_map(|&at| items[at].take()).collect()
}
