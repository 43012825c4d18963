//! A cross-tab as a table of numbers, each cell shaded by its index: how far the column departs from
//! the whole. What tests found stands beside the figures as letters and signs, never as a colour.

mod cells;
mod draw;
mod heads;
mod told;

use std::collections::BTreeMap;

use super::base::{self, Base};
use super::finding;
use super::page::Page;
use super::records::Records;
use super::{DataTable, Drawn, FigureError, Spec};
use cells::{Cell, Kind, side};

pub(super) use cells::Cells;

/// The columns that fill the roles of a heat map: one record for each cell.
#[derive(Debug, Clone)]
pub struct HeatMap {
    /// The question a row belongs to; rows of one question stand together.
    pub row_group: Option<String>,
    /// The row.
    pub row: String,
    /// The question a column belongs to.
    pub column_group: Option<String>,
    /// The column.
    pub column: String,
    /// The number in the cell.
    pub value: String,
    /// The shade: 100 is the whole.
    pub index: String,
    /// True for the cells of the whole, which are shown once where they are the same for all questions.
    pub total: Option<String>,
    /// The base of the cell's column.
    pub base: Option<String>,
    /// `*` and `**` for columns of small bases; none: told from `base`.
    pub base_mark: Option<String>,
    /// What a row is: `answer`, `net`, or the statistic that it shows. None: all are answers.
    pub kind: Option<String>,
    /// The net that an answer stands under, which indents it. None: all stand alone.
    pub net: Option<String>,
    /// The value of rows that show a statistic.
    pub estimate: Option<String>,
    /// The letter of the cell's column.
    pub letter: Option<String>,
    /// The letters of the columns that the cell is significantly larger than.
    pub letters: Option<String>,
    /// Columns of `higher` and `lower`; the first that has any is drawn.
    pub findings: Vec<String>,
    /// Why a cell is hidden; null where it is not.
    pub suppressed: Option<String>,
    /// The words of questions, where their names do not do.
    pub titles: BTreeMap<String, String>,
}

impl HeatMap {
    pub(in crate::chart) fn read(&self, records: &Records<'_>) -> Result<Cells<'_>, FigureError> {
        let optional = |column: &Option<String>| match column {
            Some(column) => records.texts(column),
            None => Ok(vec![None; records.len()]),
        };
        let (row_groups, column_groups) = (optional(&self.row_group)?, optional(&self.column_group)?);
        let (row_names, column_names) = (records.texts(&self.row)?, records.texts(&self.column)?);
        let values = records.numbers(&self.value)?;
        let indices = records.numbers(&self.index)?;
        let n = records.optional_numbers(self.base.as_deref())?;
        let bases = base::read(records, self.base_mark.as_deref(), &n)?;

        let totals = match &self.total {
            Some(column) => records.flags(column)?,
            None => vec![false; records.len()],
        };
        let kinds: Vec<Kind> =
            optional(&self.kind)?.iter().map(|kind| Kind::from_word(kind.as_deref())).collect();
        let nets = optional(&self.net)?;
        let estimates = records.optional_numbers(self.estimate.as_deref())?;
        let letter = optional(&self.letter)?;
        let letters = optional(&self.letters)?;
        let hidden = optional(&self.suppressed)?;
        let (findings, compared) = finding::read(records, &self.findings)?;
        let cell = |record: usize| Cell {
            value: if kinds[record].counts() { values[record] } else { estimates[record] },
            index: indices[record].filter(|_| kinds[record].counts()),
            n: n[record],
            base: bases[record],
            letters: letters[record].clone().filter(|_| hidden[record].is_none()).unwrap_or_default(),
            finding: findings[record].filter(|_| hidden[record].is_none()),
            hidden: hidden[record].is_some(),
        };

        // The whole stands once, at the left, unless the questions of the columns disagree about it.
        let mut wholes: BTreeMap<(&Option<String>, &Option<String>), Cell> = BTreeMap::new();
        let mut agreed = true;
        for record in (0..records.len()).filter(|&record| totals[record]) {
            let whole =
                wholes.entry((&row_groups[record], &row_names[record])).or_insert_with(|| cell(record));
            agreed &= whole.shows_as(&cell(record));
        }

        let mut cells = Cells { roles: self, rows: vec![], columns: vec![], cells: vec![], compared };
        for record in 0..records.len() {
            let row =
                side(&mut cells.rows, &row_groups[record], &row_names[record], (false, kinds[record]), None);
            cells.rows[row].is_part |= nets[record].is_some();
            let group = if totals[record] && agreed { &None } else { &column_groups[record] };
            let kind = (totals[record], Kind::Answer);
            let column =
                side(&mut cells.columns, group, &column_names[record], kind, letter[record].as_deref());
            cells.cells.resize_with(cells.rows.len(), Vec::new);
            let line = &mut cells.cells[row];
            line.resize(line.len().max(column + 1), None);
            line[column] = Some(cell(record));
        }
        for line in &mut cells.cells {
            line.resize(cells.columns.len(), None);
        }
        cells.gather();
        cells.keep_letters();
        if self.base.is_none() {
            // Without a row of bases the mark of a small one stands at the name of its column.
            let bases: Vec<Base> = cells.small_columns().collect();
            for (column, base) in cells.columns.iter_mut().zip(bases) {
                column.name.push_str(base.mark());
            }
        }
        Ok(cells)
    }
}

impl Drawn for Cells<'_> {
    fn is_empty(&self) -> bool {
        Cells::is_empty(self)
    }

    fn width(&self, spec: &Spec) -> f64 {
        draw::width(self, spec)
    }

    fn alt(&self, spec: &Spec) -> String {
        told::alt(self, spec)
    }

    fn data(&self, spec: &Spec) -> DataTable {
        told::data(self, spec)
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        draw::draw(self, spec, page)
    }
}
