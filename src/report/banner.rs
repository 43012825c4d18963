//! The long table of a cross-tab as agencies print it: answers down the side (the stub), groups of
//! columns across the top (the banners), Total first, bases above the figures.
//!
//! It knows the columns that a cross-tab gives and how they are laid out; every figure stands in them.

use std::collections::BTreeMap;

use polars::prelude::{BooleanChunked, DataFrame, PolarsResult, Schema};

use super::grid::{Align, BaseMark, Cell, Column, Format, Grid, Role, Row, Rows, Spanner};
use super::listing;
use super::records::{Datum, Records};
use crate::number;

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

/// The long table by its places.
struct Crossed<'a> {
    records: &'a Records,
    /// Row variables and their values, in the order of the table.
    stubs: Vec<(String, Vec<String>)>,
    /// Column variables and their values, in the order of the table, the total apart.
    banners: Vec<(String, Vec<String>)>,
    /// The line of a cell; none for the value of a column is everyone.
    lines: BTreeMap<(String, String, String, Option<String>), usize>,
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
            let (stub, answer, banner, value) =
                (text("row_variable"), text("row_value"), text("column_variable"), text("column_value"));
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

    fn line(&self, stub: &str, answer: &str, slot: &Slot<'_>) -> Option<usize> {
        let value = slot.value.map(str::to_owned);
        self.lines.get(&(stub.to_owned(), answer.to_owned(), slot.banner.to_owned(), value)).copied()
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
}

fn place(groups: &mut Vec<(String, Vec<String>)>, group: &str, value: Option<&String>) {
    let at = groups.iter().position(|(name, _)| name == group).unwrap_or_else(|| {
        groups.push((group.to_owned(), Vec::new()));
        groups.len() - 1
    });
    let values = &mut groups[at].1;
    if let Some(value) = value.filter(|value| !values.contains(value)) {
        values.push(value.clone());
    }
}

impl Banner {
    /// The cross-tab as it is shown.
    pub fn grid(&self, records: &Records) -> Grid {
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
        let bases: Vec<Vec<Row>> =
            crossed.stubs.iter().map(|(stub, _)| bases(&crossed, stub, &slots)).collect();
        let common = bases.windows(2).all(|pair| pair[0] == pair[1]);
        let mut blocks = Vec::new();
        if common {
            blocks.extend(bases.first().map(|rows| Rows { title: String::new(), rows: rows.clone() }));
        }
        for ((stub, answers), own) in crossed.stubs.iter().zip(bases) {
            let mut rows = if common { Vec::new() } else { own };
            rows.extend(answers.iter().flat_map(|answer| self.rows(&crossed, stub, answer, &slots)));
            blocks.push(Rows { title: self.heading(stub), rows });
        }
        Grid { spanners: self.spanners(&slots, shared), columns, name_column: 1, blocks, more: 0 }
    }

    fn rows(&self, crossed: &Crossed<'_>, stub: &str, answer: &str, slots: &[Slot<'_>]) -> Vec<Row> {
        let measures = if self.measures.is_empty() { &[Measure::ColumnShare][..] } else { &self.measures };
        let row = |(at, measure): (usize, &Measure)| {
            let cells = slots.iter().map(|slot| {
                let value = crossed.number(crossed.line(stub, answer, slot), measure.column());
                value.map_or(Cell::Blank, |value| Cell::number(value, measure.format()))
            });
            let (role, label) = match at {
                0 => (Role::Body, answer),
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
            shown(&banner.grid(&Records::read(&frame).unwrap())),
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
            shown(&Banner::default().grid(&Records::read(&frame).unwrap())),
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
        let grid = Banner::default().grid(&Records::read(&frame).unwrap());
        assert_eq!(shown(&grid)[..3], ["×2|Region by Gender×3", "×2|AMER×2|EMEA×1", "|Total|f|m|f"]);
        let emea = only(&frame, "region", "EMEA").unwrap();
        let kept = shown(&Banner::default().grid(&Records::read(&emea).unwrap()));
        assert_eq!(kept[2], "|Total|f");
    }

    #[test]
    fn nothing_crossed_is_an_empty_grid() {
        let grid = Banner::default().grid(&Records::read(&long(&[]).head(Some(0))).unwrap());
        assert!(grid.is_empty());
    }
}
