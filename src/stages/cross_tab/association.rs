//! Whether the answers of a table depend on its columns at all: which counts are tested, and with which
//! correction for weights and design. The tests are in `stats`.

use super::design::design;
use super::keys::{Entry, Key};
use super::layout::Ask;
use super::lower::ANSWERED;
use super::options::Variance;
use super::tables::{Crossed, Kind};
use crate::diagnostic::RunError;
use crate::stats::chi_square::ChiSquare;
use crate::stats::linearization::{Design, LonelyUnit, Rows, Stratum};
use crate::stats::rao_scott::RaoScott;
use crate::stats::weights::Base;

/// The tests of a table as a whole.
#[derive(Default)]
pub(super) struct Association {
    pub table: Option<ChiSquare>,
    /// With weights that are no frequencies, or a design.
    pub rao_scott: Option<RaoScott>,
    /// Whether the statistic follows chi-square as it is, so that it has a p-value.
    pub plain: bool,
}

/// # Errors
/// Where the sample's design gives no standard errors.
pub(super) fn associate(crossed: &Crossed<'_>) -> Result<Association, RunError> {
    let checked = crossed.checked;
    let single = !crossed.rows_overlap() && !crossed.columns_overlap();
    if !checked.chi_square || !single || crossed.asked.hide_answers {
        return Ok(Association::default());
    }
    let answers: Vec<usize> =
        (0..crossed.items.len()).filter(|at| crossed.items[*at].kind == Kind::Answer).collect();
    let columns = crossed.headers.len();
    let bases: Vec<Base> = answers.iter().flat_map(|at| crossed.cells[*at][1..].iter().copied()).collect();
    let counts: Vec<f64> = bases.iter().map(|base| base.weighted).collect();
    let frequencies = checked.variance == Variance::Frequency
        || (checked.weight.is_none() && checked.variance == Variance::EffectiveBase);
    if frequencies {
        return Ok(Association { table: ChiSquare::of(columns, &counts), rao_scott: None, plain: true });
    }
    let whole: Base = bases.iter().copied().sum();
    let scale = if whole.weighted > 0.0 { whole.n as f64 / whole.weighted } else { 0.0 };
    let scaled: Vec<f64> = counts.iter().map(|count| count * scale).collect();
    let table = ChiSquare::of(columns, &scaled);
    let design = if checked.is_taylor() {
        let entries = crossed.entries(&Ask { row: None, columns: Vec::new() });
        of_sample(crossed, &entries, &answers)?
    } else {
        let rows = bases.iter().copied().enumerate().filter(|(_, base)| base.n > 0).collect();
        let stratum = Stratum { units: whole.n, population: None, rows: Rows::Single(rows) };
        Design::new(bases.len(), &[stratum], LonelyUnit::Centre).ok()
    };
    let rao_scott = design.and_then(|design| RaoScott::of(answers.len(), columns, whole.n, &design));
    Ok(Association { table, rao_scott, plain: false })
}

/// The design with the table's cells first, row by row, and everybody else in one more.
fn of_sample(
    crossed: &Crossed<'_>,
    entries: &[Entry],
    answers: &[usize],
) -> Result<Option<Design>, RunError> {
    let columns = crossed.headers.len();
    let outside = answers.len() * columns;
    let cell = |key: &Key| {
        let row = answers.iter().position(|at| crossed.in_item(key, &crossed.items[*at]).is_some());
        let column = crossed.headers.iter().position(|header| header.key == key.column);
        match (row, column) {
            (Some(row), Some(column)) if key.state == ANSWERED && key.any => row * columns + column,
            _ => outside,
        }
    };
    design(crossed, entries, outside + 1, cell)
}
