//! From counted cells to the tables of the output: counts, what is hidden of them, errors, tests.

use super::association::associate;
use super::compare::compare;
use super::figures::Figures;
use super::layout::Layout;
use super::output::{self, Made};
use super::suppress::suppress;
use super::tables::Crossed;
use super::{Checked, answers, cautions};
use crate::diagnostic::RunError;
use crate::engine::tabulate::Cells;
use crate::stages::{Context, Estimates};

pub(super) fn estimate(
    checked: &Checked,
    counted: &[Cells],
    cx: &Context<'_>,
) -> Result<Estimates, RunError> {
    let known = answers::known(checked, cx.fitted);
    let layout = Layout::new(checked, &known);
    let tables: Vec<Crossed<'_>> =
        layout.tables.iter().map(|plan| Crossed::new(checked, &known, plan, counted, cx.stage)).collect();
    let hidden = suppress(checked, &known, &tables);
    let mut made = Vec::with_capacity(tables.len());
    for (crossed, hidden) in tables.iter().zip(&hidden) {
        let figures = Figures::new(crossed)?;
        let columns = 0..=crossed.headers.len();
        let estimates = (0..crossed.items.len())
            .map(|at| match crossed.items[at].shown {
                true => columns.clone().map(|column| figures.estimate(at, column)).collect(),
                false => Vec::new(),
            })
            .collect();
        let (comparisons, shown) = compare(&figures, hidden);
        let association = associate(crossed)?;
        made.push(Made { crossed, hidden, estimates, comparisons, shown, association });
    }
    Ok(Estimates {
        main: output::cells(&made)?,
        sides: vec![
            ("tables", output::tables(&made)?),
            ("tests", output::tests(&made)?),
            ("excluded", output::excluded(&made)?),
        ],
        cautions: cautions::cautions(checked, &known, &layout, counted, &tables, &hidden, cx.stage),
        ..Estimates::default()
    })
}
