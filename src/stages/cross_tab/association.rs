//! Whether the answers of a table depend on its columns at all: which counts are tested, and with which
//! correction for weights and design. The tests are in `stats`.

use std::collections::BTreeMap;

use super::design::design;
use super::keys::{Entry, Key};
use super::layout::Ask;
use super::lower::ANSWERED;
use super::options::Variance;
use super::tables::{Crossed, Kind};
use crate::diagnostic::RunError;
use crate::stats::chi_square::{self, ChiSquare};
use crate::stats::linearization::{Design, LonelyUnit, Rows, Stratum};
use crate::stats::rao_scott::RaoScott;
use crate::stats::weights::Base;

/// The tests of a table as a whole.
#[derive(Default)]
pub(super) struct Association {
    pub table: Option<ChiSquare>,
    /// With weights that are no frequencies, or a design.
    pub rao_scott: Option<RaoScott>,
    /// By item and column: the count if rows and columns were independent, as the test counts.
    pub expected: BTreeMap<(usize, usize), f64>,
    /// Whether the statistic follows chi-square as it is, so that it has a p-value.
    pub plain: bool,
}

/// # Errors
/// Where the sample's design gives no standard errors.
pub(super) fn associate(crossed: &Crossed<'_>) -> Result<Association, RunError> {
    let checked = crossed.checked;
    let single = !crossed.rows_overlap() && !crossed.has_several_columns();
    if !checked.chi_square || !single || crossed.asked.hide_answers {
        return Ok(Association::default());
    }
    let answers: Vec<usize> =
        (0..crossed.items.len()).filter(|at| crossed.items[*at].kind == Kind::Answer).collect();
    // The people of a net are in the columns of its answers.
    let places: Vec<usize> =
        (0..crossed.headers.len()).filter(|at| !crossed.headers[*at].is_net()).map(|at| at + 1).collect();
    let columns = places.len();
    let bases: Vec<Base> =
        answers.iter().flat_map(|at| places.iter().map(|column| crossed.cells[*at][*column])).collect();
    let counts: Vec<f64> = bases.iter().map(|base| base.weighted).collect();
    let frequencies = checked.variance == Variance::Frequency
        || (checked.weight.is_none() && checked.variance == Variance::EffectiveBase);
    let expected = |table: &Option<ChiSquare>, counts: &[f64]| match table {
        None => BTreeMap::new(),
        Some(_) => {
            let cells = answers.iter().flat_map(|at| places.iter().map(|column| (*at, *column)));
            let expected = cells.zip(chi_square::expected_counts(columns, counts));
            expected.filter_map(|(cell, count)| Some((cell, count?))).collect()
        }
    };
    if frequencies {
        let table = ChiSquare::of(columns, &counts);
        let expected = expected(&table, &counts);
        return Ok(Association { table, rao_scott: None, expected, plain: true });
    }
    let whole: Base = bases.iter().copied().sum();
    let scale = if whole.weighted > 0.0 { whole.n as f64 / whole.weighted } else { 0.0 };
    let scaled: Vec<f64> = counts.iter().map(|count| count * scale).collect();
    let table = ChiSquare::of(columns, &scaled);
    let design = if checked.is_taylor() {
        let entries = crossed.entries(&Ask { row: None, columns: Vec::new() });
        of_sample(crossed, &entries, &answers, &places)?
    } else {
        let rows = bases.iter().copied().enumerate().filter(|(_, base)| base.n > 0).collect();
        let stratum = Stratum { units: whole.n, population: None, rows: Rows::Single(rows) };
        Design::new(bases.len(), &[stratum], LonelyUnit::Centre).ok()
    };
    let rao_scott = design.and_then(|design| RaoScott::of(answers.len(), columns, whole.n, &design));
    let expected = expected(&table, &scaled);
    Ok(Association { table, rao_scott, expected, plain: false })
}

/// The design with the table's cells first, row by row, and everybody else in one more.
fn of_sample(
    crossed: &Crossed<'_>,
    entries: &[Entry],
    answers: &[usize],
    places: &[usize],
) -> Result<Option<Design>, RunError> {
    let columns = places.len();
    let outside = answers.len() * columns;
    let cell = |key: &Key| {
        let row = answers.iter().position(|at| crossed.in_item(key, &crossed.items[*at]).is_some());
        let is_in = |column: &usize| crossed.headers[column - 1].keys.contains(&key.column);
        let column = places.iter().position(is_in);
        match (row, column) {
            (Some(row), Some(column)) if key.state == ANSWERED && key.any => row * columns + column,
            _ => outside,
        }
    };
    design(crossed, entries, outside + 1, cell)
}
