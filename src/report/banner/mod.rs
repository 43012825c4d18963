//! The long table of a cross-tab as agencies print it: answers down the side (the stub), groups of
//! columns across the top (the banners), Total first, bases above the figures.
//!
//! It knows the columns that a cross-tab gives and how they are laid out; every figure stands in them.

mod notes;

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{BooleanChunked, DataFrame, PolarsResult, Schema};

use super::grid::{Align, BaseMark, Cell, Column, Format, Grid, Role, Row, Rows, Spanner};
use super::listing;
use super::records::{Datum, Records};
use crate::number;
use crate::sign::{Against, Difference};
pub use notes::{tested, variance};

/// Between the columns, and the values, of a nested variable.
const NESTED: &str = " / ";
/// What the column of everyone is called.
const TOTAL: &str = "Total";
/// The columns that make a table a cross-tab.
const NEEDED: [&str; 5] = ["row_variable", "row_value", "column_variable", "column_value", "is_total"];

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
}

impl Measure {
    fn column(self) -> &'static str {
        match self {
            Self::ColumnShare => "column_share",
            Self::RowShare => "row_share",
            Self::TotalShare => "total_share",
            Self::Count => "n_weighted",
            Self::Index => "index",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::ColumnShare => "Column %",
            Self::RowShare => "Row %",
            Self::TotalShare => "Total %",
            Self::Count => "Count",
            Self::Index => "Index",
        }
    }

    fn format(self) -> Format {
        match self {
            Self::ColumnShare | Self::RowShare | Self::TotalShare => Format::Share,
            Self::Count | Self::Index => Format::Count,
        }
    }
}

/// Whether a table is the long table of a cross-tab.
pub fn is_crossed(columns: &Schema) -> bool {
    NEEDED.iter().all(|name| columns.contains(name))
}

/// Whether a column is one of the variables of a cross-tab.
///
/// # Errors
///
/// The engine's, for a table that is no cross-tab.
pub fn crosses(frame: &DataFrame, variable: &str) -> PolarsResult<bool> {
    let records = Records::read(&frame.select(["row_variable", "column_variable"])?)?;
    let named = |row: usize, name: &str| {
        let variables = records.get(row, name).text().unwrap_or_default();
        variables.split(NESTED).any(|name| name == variable)
    };
    Ok((0..records.len()).any(|row| named(row, "row_variable") || named(row, "column_variable")))
}

/// The part of a cross-tab that belongs to one value of a variable: of that variable's rows and
/// columns only this value, and the totals; other variables whole.
///
/// # Errors
///
/// The engine's, for a table that is no cross-tab.
pub fn only(frame: &DataFrame, variable: &str, value: &str) -> PolarsResult<DataFrame> {
    let records = Records::read(&frame.select(NEEDED)?)?;
    let text = |row: usize, name: &str| records.get(row, name).text().unwrap_or_default();
    let belongs = |variables: &str, values: &str| belongs((variables, values), variable, value);
    let mask: BooleanChunked = (0..records.len())
        .map(|row| {
            let total = records.get(row, "is_total") == &Datum::Flag(true);
            belongs(&text(row, "row_variable"), &text(row, "row_value"))
                && (total || belongs(&text(row, "column_variable"), &text(row, "column_value")))
        })
        .collect();
    frame.filter(&mask)
}

/// Whether values of (nested) variables are of one value of a variable, or of other variables only.
pub fn belongs((variables, values): (&str, &str), variable: &str, value: &str) -> bool {
    let names: Vec<&str> = variables.split(NESTED).collect();
    match names.iter().position(|name| *name == variable) {
        None => true,
        Some(_) if names.len() == 1 => values == value,
        // A value that contains the separator cannot be told apart: better left out than handed on.
        Some(at) => {
            let parts: Vec<&str> = values.split(NESTED).collect();
            parts.len() == names.len() && parts[at] == value
        }
    }
}

/// A column of the layout: a value of a banner, or everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot<'a> {
    banner: &'a str,
    value: Option<&'a str>,
}

/// A row of a question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Answer {
    label: String,
    /// `answer`, `net`, or the name of the statistic.
    kind: String,
    /// Whether it stands under a net.
    is_part: bool,
}

impl Answer {
    /// How a figure made of the answers is shown; none for rows that count people.
    fn statistic(&self) -> Option<Format> {
        match self.kind.as_str() {
            "answer" | "net" => None,
            "nps" => Some(Format::Score),
            _ => Some(Format::Fixed(2)),
        }
    }
}

/// The long table by its places.
struct Crossed<'a> {
    records: &'a Records,
    /// Row variables and their rows, in the order of the table.
    stubs: Vec<(String, Vec<Answer>)>,
    /// Column variables and their values, in the order of the table, the total apart.
    banners: Vec<(String, Vec<String>)>,
    /// The line of a cell; none for the value of a column is everyone.
    lines: BTreeMap<(String, Answer, String, Option<String>), usize>,
    /// The first line of a column of a row variable, for its bases.
    heads: BTreeMap<(String, String, Option<String>), usize>,
}

impl<'a> Crossed<'a> {
    fn read(records: &'a Records) -> Self {
        let mut crossed = Self {
            records,
            stubs: Vec::new(),
            banners: Vec::new(),
            lines: BTreeMap::new(),
            heads: BTreeMap::new(),
        };
        for line in 0..records.len() {
            let text = |name: &str| records.get(line, name).text().unwrap_or_default();
            let (stub, banner, value) = (text("row_variable"), text("column_variable"), text("column_value"));
            let kind = records.get(line, "row_kind").text().unwrap_or_else(|| "answer".to_owned());
            let answer = Answer { label: text("row_value"), kind, is_part: !text("net").is_empty() };
            let total = records.get(line, "is_total") == &Datum::Flag(true);
            place(&mut crossed.stubs, &stub, Some(&answer));
            place(&mut crossed.banners, &banner, (!total).then_some(&value));
            let value = (!total).then_some(value);
            crossed.heads.entry((stub.clone(), banner.clone(), value.clone())).or_insert(line);
            crossed.lines.entry((stub, answer, banner, value)).or_insert(line);
        }
        crossed
    }

    fn head(&self, stub: &str, slot: &Slot<'_>) -> Option<usize> {
        self.heads.get(&(stub.to_owned(), slot.banner.to_owned(), slot.value.map(str::to_owned))).copied()
    }

    fn line(&self, stub: &str, answer: &Answer, slot: &Slot<'_>) -> Option<usize> {
        let value = slot.value.map(str::to_owned);
        self.lines.get(&(stub.to_owned(), answer.clone(), slot.banner.to_owned(), value)).copied()
    }

    fn text(&self, line: usize, column: &str) -> String {
        self.records.get(line, column).text().unwrap_or_default()
    }

    fn number(&self, line: Option<usize>, column: &str) -> Option<f64> {
        match self.records.get(line?, column) {
            Datum::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A sum of weights, as far as two tables that added them up in another order agree on it.
    fn sum(&self, line: Option<usize>, column: &str) -> Option<f64> {
        self.number(line, column).map(|sum| number::significant(sum, 9))
    }

    /// Whether everyone is the same people under every banner, so that one column shows them. They
    /// are not where some gave no answer to the question of a banner.
    fn shares_total(&self) -> bool {
        let everyone = |banner| Slot { banner, value: None };
        self.stubs.iter().all(|(stub, _)| {
            let bases = self.banners.iter().map(|(banner, _)| {
                let head = self.head(stub, &everyone(banner));
                (self.sum(head, "base"), self.sum(head, "base_weighted"))
            });
            let bases: Vec<_> = bases.collect();
            bases.windows(2).all(|pair| pair[0] == pair[1])
        })
    }

    fn weighted(&self) -> bool {
        (0..self.records.len()).any(|line| {
            let (n, weighted) = (self.sum(Some(line), "base"), self.sum(Some(line), "base_weighted"));
            n != weighted
        })
    }

    fn hidden(&self, line: usize) -> bool {
        !self.text(line, "suppressed").is_empty()
    }
}

fn place<T: PartialEq + Clone>(groups: &mut Vec<(String, Vec<T>)>, group: &str, value: Option<&T>) {
    let at = groups.iter().position(|(name, _)| name == group).unwrap_or_else(|| {
        groups.push((group.to_owned(), Vec::new()));
        groups.len() - 1
    });
    let values = &mut groups[at].1;
    if let Some(value) = value.filter(|value| !values.contains(value)) {
        values.push(value.clone());
    }
}

/// The columns that have letters on the page: banner, the outer values of a nested one, letter.
type Lettered = BTreeSet<(String, String, String)>;

impl Banner {
    /// The cross-tab as it is shown. `tables` is what its stage tells of each table; `whole` is
    /// whether figures of whole tables may be told, or only of the part that is shown.
    pub fn grid(&self, records: &Records, tables: Option<&Records>, whole: bool) -> Grid {
        let crossed = Crossed::read(records);
        let shared = crossed.shares_total();
        let mut slots: Vec<Slot<'_>> = Vec::new();
        for (at, (banner, values)) in crossed.banners.iter().enumerate() {
            if at == 0 || !shared {
                slots.push(Slot { banner, value: None });
            }
            slots.extend(values.iter().map(|value| Slot { banner, value: Some(value) }));
        }
        let mut columns = vec![Column { label: String::new(), align: Align::Left }];
        columns.extend(slots.iter().map(|slot| {
            Column {
                label: slot
                    .value
                    .map_or(TOTAL, |value| self.parts(slot.banner, value).last().copied().unwrap_or(value))
                    .to_owned(),
                align: Align::Right,
            }
        }));
        let (letters, lettered) = self.letters(&crossed, &slots);
        let bases: Vec<Vec<Row>> =
            crossed.stubs.iter().map(|(stub, _)| bases(&crossed, stub, &slots)).collect();
        let common = bases.windows(2).all(|pair| pair[0] == pair[1]);
        let mut blocks = Vec::new();
        if common {
            blocks.extend(bases.first().map(|rows| Rows { title: String::new(), rows: rows.clone() }));
        }
        for ((stub, answers), own) in crossed.stubs.iter().zip(bases) {
            let mut rows = if common { Vec::new() } else { own };
            for answer in answers {
                let role = match answer.kind.as_str() {
                    "net" => Role::Net,
                    "answer" if answer.is_part => Role::Part,
                    "answer" => Role::Body,
                    _ => Role::Statistic,
                };
                rows.extend(self.rows(&crossed, stub, (answer, role), &slots, &lettered));
            }
            blocks.push(Rows { title: self.title(stub, tables), rows });
        }
        let mut grid = Grid {
            spanners: self.spanners(&slots, shared),
            columns,
            letters,
            name_column: 1,
            blocks,
            ..Grid::default()
        };
        grid.footnotes = notes::of(self, &crossed, &grid, tables, whole);
        grid
    }

    /// What a question is called: as the report says, else as the cross-tab does.
    fn title(&self, stub: &str, tables: Option<&Records>) -> String {
        let told = || {
            let tables = tables?;
            let line = (0..tables.len())
                .find(|&line| tables.get(line, "row_variable").text().as_deref() == Some(stub))?;
            tables.get(line, "title").text().filter(|title| title != stub && !title.is_empty())
        };
        if self.labels.contains_key(stub) {
            return self.heading(stub);
        }
        told().unwrap_or_else(|| self.heading(stub))
    }

    /// The header row of letters, empty where no column has one, and the columns that have.
    fn letters(&self, crossed: &Crossed<'_>, slots: &[Slot<'_>]) -> (Vec<String>, Lettered) {
        let letter = |slot: &Slot<'_>| {
            let heads = crossed.stubs.iter().filter_map(|(stub, _)| crossed.head(stub, slot));
            heads
                .map(|line| crossed.text(line, "letter"))
                .find(|letter| !letter.is_empty())
                .unwrap_or_default()
        };
        let letters: Vec<String> = std::iter::once(String::new()).chain(slots.iter().map(letter)).collect();
        let named = letters.iter().skip(1).zip(slots).filter(|(letter, _)| !letter.is_empty());
        let lettered: Lettered = named
            .map(|(letter, slot)| (slot.banner.to_owned(), self.outer(slot), letter.to_uppercase()))
            .collect();
        (if lettered.is_empty() { Vec::new() } else { letters }, lettered)
    }

    /// The outer values of a column of a nested banner: columns are compared within them.
    fn outer(&self, slot: &Slot<'_>) -> String {
        let parts = slot.value.map(|value| self.parts(slot.banner, value)).unwrap_or_default();
        parts[..parts.len().saturating_sub(1)].join(NESTED)
    }

    /// What tests found of a cell: letters of columns that the page shows, then signs.
    fn found(&self, crossed: &Crossed<'_>, line: usize, slot: &Slot<'_>, lettered: &Lettered) -> String {
        let outer = self.outer(slot);
        let shown = |letter: &char| {
            let capital = letter.to_uppercase().to_string();
            lettered.contains(&(slot.banner.to_owned(), outer.clone(), capital))
        };
        let letters: String = crossed.text(line, "letters").chars().filter(shown).collect();
        let signs = Against::ALL.into_iter().filter_map(|against| {
            let difference = Difference::from_word(&crossed.text(line, against.column()))?;
            Some(against.sign(difference).to_owned())
        });
        let all = std::iter::once(letters).chain(signs).filter(|found| !found.is_empty());
        all.collect::<Vec<_>>().join(" ")
    }

    fn rows(
        &self,
        crossed: &Crossed<'_>,
        stub: &str,
        (answer, role): (&Answer, Role),
        slots: &[Slot<'_>],
        lettered: &Lettered,
    ) -> Vec<Row> {
        let measures = if self.measures.is_empty() { &[Measure::ColumnShare][..] } else { &self.measures };
        let statistic = answer.statistic();
        // A statistic is one figure, whatever is shown of the answers.
        let measures = if statistic.is_some() { &measures[..1] } else { measures };
        let row = |(at, measure): (usize, &Measure)| {
            let cells = slots.iter().map(|slot| {
                let Some(line) = crossed.line(stub, answer, slot) else { return Cell::Text(String::new()) };
                if crossed.hidden(line) {
                    return Cell::Hidden;
                }
                if crossed.number(Some(line), "base") == Some(0.0) {
                    return Cell::Text(String::new());
                }
                let (column, format) = match statistic {
                    Some(format) => ("estimate", format),
                    None => (measure.column(), measure.format()),
                };
                let found = if at == 0 { self.found(crossed, line, slot, lettered) } else { String::new() };
                match crossed.number(Some(line), column) {
                    None => Cell::Blank,
                    Some(value) if found.is_empty() => Cell::number(value, format),
                    Some(value) => Cell::Tested { value, format, found },
                }
            });
            let (role, label) = match at {
                0 => (role, answer.label.as_str()),
                _ => (Role::Detail, measure.label()),
            };
            Row { role, cells: std::iter::once(Cell::Text(label.to_owned())).chain(cells).collect() }
        };
        measures.iter().enumerate().map(row).collect()
    }

    /// Headings over the columns: the banner, and the outer values of one that is nested.
    fn spanners(&self, slots: &[Slot<'_>], shared: bool) -> Vec<Vec<Spanner>> {
        let depth = slots
            .iter()
            .filter_map(|slot| Some(self.parts(slot.banner, slot.value?).len()))
            .max()
            .unwrap_or(1);
        (0..depth)
            .map(|level| {
                let mut row = vec![(String::new(), Spanner { label: String::new(), width: 1 })];
                for slot in slots {
                    let (key, label) = match slot.value {
                        // Everyone, once for all banners, stands under none of them.
                        None if shared => (String::new(), String::new()),
                        _ if level == 0 => (format!("={}", slot.banner), self.heading(slot.banner)),
                        None => (format!("={}", slot.banner), String::new()),
                        Some(value) => {
                            let parts = self.parts(slot.banner, value);
                            let outer = parts.len().saturating_sub(1).min(level);
                            let label =
                                if outer == level { parts[level - 1].to_owned() } else { String::new() };
                            (format!("={}={}", slot.banner, parts[..outer].join(NESTED)), label)
                        }
                    };
                    match row.last_mut() {
                        Some((last, spanner)) if *last == key => spanner.width += 1,
                        _ => row.push((key, Spanner { label, width: 1 })),
                    }
                }
                row.into_iter().map(|(_, spanner)| spanner).collect()
            })
            .collect()
    }

    /// The parts of a nested value; the whole value where its parts cannot be told apart.
    fn parts<'v>(&self, banner: &str, value: &'v str) -> Vec<&'v str> {
        let parts: Vec<&str> = value.split(NESTED).collect();
        if parts.len() == banner.split(NESTED).count() { parts } else { vec![value] }
    }

    fn heading(&self, variable: &str) -> String {
        let one =
            |name: &str| self.labels.get(name).cloned().unwrap_or_else(|| listing::label(name, "cross_tab"));
        match self.labels.get(variable) {
            Some(label) => label.clone(),
            None => variable.split(NESTED).map(one).collect::<Vec<_>>().join(" by "),
        }
    }
}

/// The rows of bases of a row variable: unweighted, and where there are weights, weighted and effective.
fn bases(crossed: &Crossed<'_>, stub: &str, slots: &[Slot<'_>]) -> Vec<Row> {
    let row = |label: &str, column: &str, marked: bool| {
        let cells = slots.iter().map(|slot| {
            let head = crossed.head(stub, slot);
            let mark = match head.filter(|_| marked).map(|line| crossed.records.get(line, listing::MARK)) {
                Some(Datum::Text(sign)) if sign.trim() == "**" => Some(BaseMark::VerySmall),
                Some(Datum::Text(sign)) if sign.trim() == "*" => Some(BaseMark::Small),
                _ => None,
            };
            match crossed.sum(head, column) {
                Some(value) => Cell::Number { value, format: Format::Count, mark },
                None if head.is_some_and(|line| crossed.hidden(line)) => Cell::Hidden,
                None => Cell::Blank,
            }
        });
        Row { role: Role::Base, cells: std::iter::once(Cell::Text(label.to_owned())).chain(cells).collect() }
    };
    if !crossed.weighted() {
        return vec![row("Base", "base", true)];
    }
    vec![
        row("Unweighted base", "base", true),
        row("Weighted base", "base_weighted", false),
        row("Effective base", "base_effective", false),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    type Line<'a> = (&'a str, &'a str, &'a str, &'a str, f64, f64, f64);

    /// Lines of row variable and value, column variable and value, share, base, weighted base.
    fn long(lines: &[Line<'_>]) -> DataFrame {
        let of = |pick: fn(&Line<'_>) -> f64| lines.iter().map(pick).collect::<Vec<f64>>();
        df!(
            "row_variable" => lines.iter().map(|l| l.0).collect::<Vec<_>>(),
            "row_value" => lines.iter().map(|l| l.1).collect::<Vec<_>>(),
            "column_variable" => lines.iter().map(|l| l.2).collect::<Vec<_>>(),
            "column_value" => lines.iter().map(|l| l.3).collect::<Vec<_>>(),
            "is_total" => lines.iter().map(|l| l.3 == TOTAL).collect::<Vec<_>>(),
            "n_weighted" => of(|l| l.4 * l.6),
            "column_share" => of(|l| l.4),
            "index" => of(|l| l.4 * 200.0),
            "base" => of(|l| l.5),
            "base_weighted" => of(|l| l.6),
            "base_effective" => of(|l| l.6 * 0.8),
            "base_mark" => lines.iter().map(|l| if l.5 < 30.0 { "**" } else { "" }).collect::<Vec<_>>(),
        )
        .unwrap()
    }

    fn shown(grid: &Grid) -> Vec<String> {
        let line = |cells: Vec<String>| cells.join("|");
        let mut out: Vec<String> = (grid.spanners.iter())
            .map(|row| {
                line(row.iter().map(|spanner| format!("{}×{}", spanner.label, spanner.width)).collect())
            })
            .collect();
        out.push(line(grid.columns.iter().map(|column| column.label.clone()).collect()));
        for block in &grid.blocks {
            if !block.title.is_empty() {
                out.push(format!("# {}", block.title));
            }
            out.extend(block.rows.iter().map(|row| {
                let cells = row.cells.iter();
                line(cells.map(|cell| cell.text() + cell.mark().map_or("", BaseMark::sign)).collect())
            }));
        }
        out
    }

    #[test]
    fn banners_stand_side_by_side_behind_one_total() {
        let frame = long(&[
            ("phase", "Attention", "persona", TOTAL, 0.5, 200.0, 210.0),
            ("phase", "Attention", "persona", "Buyer", 0.4, 20.0, 20.5),
            ("phase", "Attention", "region", TOTAL, 0.5, 200.0, 210.0 + 1e-12),
            ("phase", "Attention", "region", "EMEA", 0.004, 180.0, 189.5),
            ("phase", "Exchange", "persona", TOTAL, 0.5, 200.0, 210.0),
            ("phase", "Exchange", "persona", "Buyer", 0.6, 20.0, 20.5),
            ("phase", "Exchange", "region", TOTAL, 0.5, 200.0, 210.0),
            ("phase", "Exchange", "region", "EMEA", 0.0, 180.0, 189.5),
        ]);
        let labels = [("phase".to_owned(), "Where they are".to_owned())].into();
        let banner = Banner { measures: vec![Measure::ColumnShare, Measure::Index], labels };
        assert_eq!(
            shown(&banner.grid(&Records::read(&frame).unwrap(), None, true)),
            [
                "×2|Persona×1|Region×1",
                "|Total|Buyer|EMEA",
                "Unweighted base|200|20**|180",
                "Weighted base|210|21|190",
                "Effective base|168|16|152",
                "# Where they are",
                "Attention|50%|40%|<0.5%",
                "Index|100|80|1",
                "Exchange|50%|60%|–",
                "Index|100|120|0",
            ]
        );
    }

    #[test]
    fn totals_and_bases_that_differ_stand_where_they_apply() {
        let frame = long(&[
            ("phase", "A", "persona", TOTAL, 1.0, 190.0, 190.0),
            ("phase", "A", "persona", "Buyer", 1.0, 190.0, 190.0),
            ("phase", "A", "region", TOTAL, 1.0, 200.0, 200.0),
            ("phase", "A", "region", "EMEA", 1.0, 200.0, 200.0),
            ("source", "B", "persona", TOTAL, 1.0, 150.0, 150.0),
            ("source", "B", "persona", "Buyer", 1.0, 150.0, 150.0),
            ("source", "B", "region", TOTAL, 1.0, 160.0, 160.0),
            ("source", "B", "region", "EMEA", 1.0, 160.0, 160.0),
        ]);
        assert_eq!(
            shown(&Banner::default().grid(&Records::read(&frame).unwrap(), None, true)),
            [
                "×1|Persona×2|Region×2",
                "|Total|Buyer|Total|EMEA",
                "# Phase",
                "Base|190|190|200|200",
                "A|100%|100%|100%|100%",
                "# Source",
                "Base|150|150|160|160",
                "B|100%|100%|100%|100%",
            ]
        );
    }

    #[test]
    fn nested_banners_have_a_line_of_outer_values() {
        let name = "region / gender";
        let frame = long(&[
            ("phase", "A", name, TOTAL, 1.0, 400.0, 400.0),
            ("phase", "A", name, "AMER / f", 0.3, 100.0, 100.0),
            ("phase", "A", name, "AMER / m", 0.3, 100.0, 100.0),
            ("phase", "A", name, "EMEA / f", 0.2, 200.0, 200.0),
        ]);
        let grid = Banner::default().grid(&Records::read(&frame).unwrap(), None, true);
        assert_eq!(shown(&grid)[..3], ["×2|Region by Gender×3", "×2|AMER×2|EMEA×1", "|Total|f|m|f"]);
        let emea = only(&frame, "region", "EMEA").unwrap();
        let kept = shown(&Banner::default().grid(&Records::read(&emea).unwrap(), None, true));
        assert_eq!(kept[2], "|Total|f");
    }

    #[test]
    fn nothing_crossed_is_an_empty_grid() {
        let grid = Banner::default().grid(&Records::read(&long(&[]).head(Some(0))).unwrap(), None, true);
        assert!(grid.is_empty());
    }

    /// A question with two columns: a net and its two answers, another answer, a mean.
    fn tested() -> DataFrame {
        let rows = ["Good", "4", "5", "Bad", "Mean"];
        let kinds = ["net", "answer", "answer", "answer", "mean"];
        let nets = [None, Some("Good"), Some("Good"), None, None];
        let columns = [TOTAL, "Buyer", "User"];
        let cells: Vec<(usize, usize)> =
            (0..5).flat_map(|row| (0..3).map(move |column| (row, column))).collect();
        let of =
            |value: fn(usize, usize) -> f64| cells.iter().map(|&(r, c)| value(r, c)).collect::<Vec<f64>>();
        let words = |value: fn(usize, usize) -> Option<&'static str>| {
            cells.iter().map(|&(r, c)| value(r, c)).collect::<Vec<_>>()
        };
        df!(
            "row_variable" => vec!["satisfaction"; 15],
            "row_value" => cells.iter().map(|&(row, _)| rows[row]).collect::<Vec<_>>(),
            "row_kind" => cells.iter().map(|&(row, _)| kinds[row]).collect::<Vec<_>>(),
            // The two answers were given by the same people: no sum would tell them.
            "net" => cells.iter().map(|&(row, _)| nets[row]).collect::<Vec<_>>(),
            "column_variable" => vec!["persona"; 15],
            "column_value" => cells.iter().map(|&(_, column)| columns[column]).collect::<Vec<_>>(),
            "is_total" => cells.iter().map(|&(_, column)| column == 0).collect::<Vec<_>>(),
            "letter" => words(|_, column| [None, Some("A"), Some("B")][column]),
            "n" => of(|row, _| [70.0, 60.0, 40.0, 30.0, 100.0][row]),
            "n_weighted" => of(|row, _| [70.0, 30.0, 40.0, 30.0, 100.0][row]),
            "column_share" => of(|row, _| [0.7, 0.3, 0.4, 0.3, 0.0][row]),
            "estimate" => of(|_, column| [3.333, 3.5, 3.0][column]),
            "letters" => words(|row, column| (row != 3 && column == 1).then_some("Bc")),
            "vs_rest" => words(|row, column| match (row, column) {
                (0, 1) => Some("higher"),
                (0, 2) => Some("slightly lower"),
                (_, 0) => None,
                _ => Some("same"),
            }),
            "suppressed" => words(|row, column| (row == 3 && column == 2).then_some("small")),
            "base" => of(|_, _| 100.0),
            "base_weighted" => of(|_, _| 100.0),
            "base_effective" => of(|_, _| 100.0),
        )
        .unwrap()
    }

    fn about(notes: &[(&str, &str, &str)]) -> Records {
        let frame = df!(
            "row_variable" => notes.iter().map(|note| note.0).collect::<Vec<_>>(),
            "column_variable" => notes.iter().map(|note| note.1).collect::<Vec<_>>(),
            "title" => vec!["How satisfied are you?"; notes.len()],
            "base_text" => vec!["All who answered"; notes.len()],
            "variance" => vec!["frequency"; notes.len()],
            "test_note" => notes.iter().map(|note| note.2).collect::<Vec<_>>(),
            "chi_square" => vec![12.345; notes.len()],
            "df" => vec![3i64; notes.len()],
            "p_value" => vec![0.0004; notes.len()],
        );
        Records::read(&frame.unwrap()).unwrap()
    }

    #[test]
    fn findings_stand_beside_the_figures_and_are_explained() {
        let records = Records::read(&tested()).unwrap();
        let about = about(&[("satisfaction", "persona", "z tests at 95 %. Compared: A/B; no others.")]);
        let grid = Banner::default().grid(&records, Some(&about), true);
        assert_eq!(grid.letters, ["", "", "A", "B"]);
        let block = &grid.blocks[1];
        assert_eq!(block.title, "How satisfied are you?");
        let roles: Vec<Role> = block.rows.iter().map(|row| row.role).collect();
        assert_eq!(roles, [Role::Net, Role::Part, Role::Part, Role::Body, Role::Statistic]);
        let told = |row: usize, cell: usize| {
            let cell = &block.rows[row].cells[cell];
            format!("{} {}", cell.text(), cell.found())
        };
        // The letter of a column that is not on the page is left out.
        assert_eq!([told(0, 1), told(0, 2), told(0, 3)], ["70% ", "70% B +", "70% (–)"]);
        assert_eq!([told(3, 2), told(3, 3), told(4, 2)], ["30% ", "hidden ", "3.50 B"]);
        assert_eq!(
            grid.footnotes,
            [
                "Base: all who answered.",
                "A letter beside a figure: significantly larger than in the column of that letter.",
                "Significantly different from all others: + higher, (–) lower at the looser level.",
                "“hidden”: too few people, or a figure from which such a one could be worked out.",
                "Standard errors, intervals and tests: each answer is one person.",
                "z tests at 95 %. Compared: A/B; no others.",
                "Chi-square 12.35 on 3 degrees of freedom, p < 0.001.",
                "Shares are rounded and may add up to 99 or 101 %. –: none.",
            ]
        );
        let part = Banner::default().grid(&records, Some(&about), false);
        assert!(part.footnotes.iter().all(|note| !note.contains("Chi-square")), "figures of the whole");
    }

    #[test]
    fn tables_that_differ_in_the_columns_compared_share_a_sentence() {
        let note = |letters: &str| format!("z tests. Compared: {letters}; each with the rest.");
        let (persona, region) = (note("A/B"), note("A/B/C"));
        let tables = about(&[
            ("satisfaction", "persona", persona.as_str()),
            ("satisfaction", "region", region.as_str()),
        ]);
        let told = |tables: &Records| tested_in(tables);
        assert_eq!(told(&tables), ["z tests. Compared: PERSONA A/B, REGION A/B/C; each with the rest."]);
        let other = about(&[("a", "persona", persona.as_str()), ("a", "region", "Not tested.")]);
        assert_eq!(told(&other), [format!("PERSONA: {persona}"), "REGION: Not tested.".to_owned()]);
        assert!(told(&about(&[("a", "persona", "")])).is_empty());
    }

    fn tested_in(tables: &Records) -> Vec<String> {
        super::tested(tables, |_, _| true, |variable| variable.to_uppercase())
    }
}
