//! The long table of a cross-tab by its places: which answers stand down the side, which columns
//! across the top, and what was counted where they meet. It reads; it neither lays out nor computes.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, PolarsResult};

use crate::crossing::TOTAL;
use crate::number;
use crate::report::{BaseMark, Datum, Records};
use crate::sign::{Against, Difference};

/// A cross-tab and what it tells beside its table.
#[derive(Debug, Default)]
pub(super) struct Crossed {
    /// The questions down the side, in the order of the table.
    pub stubs: Vec<Stub>,
    /// The groups of columns, in the order of the table.
    pub groups: Vec<Group>,
    /// The cells by question, row, group and column; the first column of a group is everyone.
    cells: BTreeMap<(usize, usize, usize, usize), Figures>,
    /// What is known of each table: by question and group.
    pub tables: BTreeMap<(usize, usize), About>,
}

/// A question down the side.
#[derive(Debug, PartialEq)]
pub(super) struct Stub {
    /// The variable's name.
    pub variable: String,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A row of a question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// The answer, the net, or the name of the statistic.
    pub label: String,
    /// `answer`, `net`, or the statistic.
    pub kind: String,
    /// Whether it stands under a net.
    pub is_part: bool,
}

/// A group of columns.
#[derive(Debug, PartialEq)]
pub(super) struct Group {
    /// The variable's name.
    pub variable: String,
    /// Its columns, everyone first.
    pub columns: Vec<String>,
}

/// What stands in a cell of the long table.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Figures {
    /// The numbers by the names of their columns, missing ones left out.
    pub numbers: BTreeMap<&'static str, f64>,
    /// The letter of the column.
    pub letter: String,
    /// What the tests found: letters of smaller columns, then signs.
    pub findings: String,
    /// Against everyone, else against the rest: whether it is higher or lower, and how surely.
    pub leaning: Option<Difference>,
    /// Whether its figures were hidden, because few people are behind them or behind another cell.
    pub hidden: bool,
    /// The mark of the column's base.
    pub mark: Option<BaseMark>,
}

/// What a table tells about itself: the columns of the side table `tables` by name.
pub(super) type About = BTreeMap<String, Datum>;

/// The columns of numbers that are read.
const NUMBERS: [&str; 18] = [
    "n",
    "n_weighted",
    "n_effective",
    "row_share",
    "column_share",
    "total_share",
    "response_share",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "index",
    "expected",
    "residual",
    "base",
    "base_weighted",
    "base_effective",
    "table",
];

impl Row {
    /// Whether the row counts people, rather than being a statistic of their answers.
    pub fn counts(&self) -> bool {
        matches!(self.kind.as_str(), "answer" | "net")
    }
}

impl Crossed {
    /// Reads a cross-tab and, where there is one, its side table `tables`.
    pub fn read(frame: &DataFrame, tables: Option<&DataFrame>) -> PolarsResult<Self> {
        let records = Records::read(frame)?;
        let mut crossed = Self::default();
        for line in 0..records.len() {
            let text = |name: &str| records.get(line, name).text().unwrap_or_default();
            let kind =
                Some(text("row_kind")).filter(|kind| !kind.is_empty()).unwrap_or_else(|| "answer".into());
            let row = Row { label: text("row_value"), kind, is_part: !text("net").is_empty() };
            let (stub, row) = crossed.row(&text("row_variable"), row);
            let everyone = records.get(line, "is_total") == &Datum::Flag(true);
            let value = text("column_value");
            let (group, column) = crossed.column(&text("column_variable"), (!everyone).then_some(value));
            crossed.cells.entry((stub, row, group, column)).or_insert_with(|| figures(&records, line));
        }
        if let Some(tables) = tables {
            let records = Records::read(tables)?;
            for line in 0..records.len() {
                let text = |name: &str| records.get(line, name).text().unwrap_or_default();
                let stub = crossed.stubs.iter().position(|stub| stub.variable == text("row_variable"));
                let group = crossed.groups.iter().position(|group| group.variable == text("column_variable"));
                let (Some(stub), Some(group)) = (stub, group) else { continue };
                let about = records.fields().iter().map(|field| {
                    (field.name.clone(), field.values.get(line).cloned().unwrap_or(Datum::Missing))
                });
                crossed.tables.insert((stub, group), about.collect());
            }
        }
        Ok(crossed)
    }

    fn row(&mut self, variable: &str, row: Row) -> (usize, usize) {
        let stub = self.stubs.iter().position(|stub| stub.variable == variable).unwrap_or_else(|| {
            self.stubs.push(Stub { variable: variable.to_owned(), rows: Vec::new() });
            self.stubs.len() - 1
        });
        let rows = &mut self.stubs[stub].rows;
        let at = rows.iter().position(|known| *known == row).unwrap_or_else(|| {
            rows.push(row);
            rows.len() - 1
        });
        (stub, at)
    }

    fn column(&mut self, variable: &str, value: Option<String>) -> (usize, usize) {
        let group = self.groups.iter().position(|group| group.variable == variable).unwrap_or_else(|| {
            self.groups.push(Group { variable: variable.to_owned(), columns: vec![TOTAL.to_owned()] });
            self.groups.len() - 1
        });
        let Some(value) = value else { return (group, 0) };
        // A value may be called as the column of everyone is.
        let columns = &mut self.groups[group].columns;
        let at = columns.iter().skip(1).position(|known| *known == value).map(|at| at + 1);
        let at = at.unwrap_or_else(|| {
            columns.push(value);
            columns.len() - 1
        });
        (group, at)
    }

    /// The cell where a row meets a column; none where the question was not asked there.
    pub fn cell(&self, stub: usize, row: usize, group: usize, column: usize) -> Option<&Figures> {
        self.cells.get(&(stub, row, group, column))
    }

    /// A cell of a column of a question, for what is the same in all of them: base, mark and letter.
    pub fn head(&self, stub: usize, group: usize, column: usize) -> Option<&Figures> {
        let rows = self.stubs.get(stub)?.rows.iter().enumerate();
        let cells = rows.filter_map(|(row, kind)| Some((kind, self.cell(stub, row, group, column)?)));
        // Bases of statistics may be those who have a value.
        let mut cells = cells.peekable();
        let first = cells.peek().map(|(_, cell)| *cell);
        cells.find(|(row, _)| row.counts()).map(|(_, cell)| cell).or(first)
    }

    /// Whether everyone is the same people under every group of columns, so that one column shows
    /// them. They are not where some gave no answer to the question of a group.
    pub fn shares_total(&self) -> bool {
        (0..self.stubs.len()).all(|stub| {
            let bases = (0..self.groups.len()).map(|group| {
                let sum = |name| self.head(stub, group, 0).and_then(|head| sum(head, name));
                (sum("base"), sum("base_weighted"))
            });
            let bases: Vec<_> = bases.collect();
            bases.windows(2).all(|pair| pair[0] == pair[1])
        })
    }

    /// Whether answers count differently much.
    pub fn weighted(&self) -> bool {
        self.cells.values().any(|cell| sum(cell, "base") != sum(cell, "base_weighted"))
    }

    /// Every cell of a question under some groups.
    pub fn of<'a>(&'a self, stub: usize, groups: &'a [usize]) -> impl Iterator<Item = &'a Figures> {
        let own = self.cells.range((stub, 0, 0, 0)..(stub + 1, 0, 0, 0));
        own.filter(move |(at, _)| groups.contains(&at.2)).map(|(_, cell)| cell)
    }

    /// What a question says of itself, under the first of the groups that says it.
    pub fn about(&self, stub: usize, groups: &[usize], name: &str) -> Option<&Datum> {
        let mut told = groups.iter().filter_map(|group| self.tables.get(&(stub, *group))?.get(name));
        told.find(|datum| **datum != Datum::Missing)
    }
}

/// A sum of weights, as far as two tables that added them up in another order agree on it.
fn sum(cell: &Figures, name: &str) -> Option<f64> {
    cell.numbers.get(name).map(|sum| number::significant(*sum, 9))
}

fn figures(records: &Records, line: usize) -> Figures {
    let text = |name: &str| records.get(line, name).text().unwrap_or_default();
    let found = |against: Against| Difference::from_word(&text(against.column()));
    let signs = Against::ALL.into_iter().filter_map(|against| Some(against.sign(found(against)?)));
    let findings: Vec<String> = std::iter::once(text("letters"))
        .chain(signs.map(str::to_owned))
        .filter(|each| !each.is_empty())
        .collect();
    let numbers = NUMBERS.iter().filter_map(|name| match records.get(line, name) {
        Datum::Number(value) => Some((*name, *value)),
        _ => None,
    });
    let mark = match text("base_mark").trim() {
        "**" => Some(BaseMark::VerySmall),
        "*" => Some(BaseMark::Small),
        _ => None,
    };
    Figures {
        numbers: numbers.collect(),
        letter: text("letter"),
        findings: findings.join(" "),
        leaning: found(Against::Total).or(found(Against::Rest)),
        hidden: !text("suppressed").is_empty(),
        mark,
    }
}
