//! What stages that report on answers have in common: what standard errors take answers for, when a
//! base is small, and what is said of rows that were left out and of weights. Knows bases, not what is
//! computed from them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Check, Column, Input};
use crate::diagnostic::{Caution, CautionCode, Code};
use crate::document::{Span, Spanned};
use crate::engine::tabulate::has_categories;
use crate::number;
use crate::stats::weights::Base;
pub use crate::stats::weights::Variance;

/// What becomes of a stratum with a single primary sampling unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LonelyPsu {
    /// The stage fails, since the stratum does not show how much it varies.
    #[default]
    Fail,
    /// The unit is compared with the mean of the whole sample, on the safe side.
    Centre,
}

/// Below this many answers a figure is marked `**`, unless the pipeline says otherwise.
pub(super) fn usual_min_base() -> Spanned<u64> {
    30.into()
}

/// Below this many answers a figure is marked `*`, unless the pipeline says otherwise.
pub(super) fn usual_small_base() -> Spanned<u64> {
    100.into()
}

/// The base below which a figure is doubtful must not be above the one below which it is small.
pub(super) fn ordered(min: &Spanned<u64>, small: &Spanned<u64>, cx: &mut Check<'_>) -> Option<()> {
    if min.value <= small.value {
        return Some(());
    }
    // The usual value of the other one has no place in the file.
    let span = if min.span.end > 0 { min.span } else { small.span };
    let label = format!("`min_base` is {}, `small_base` {}", min.value, small.value);
    let help = "bases below `min_base` are marked `**`, those from there to `small_base` `*`";
    cx.invalid(span, Code::InvalidOption, "has a `min_base` above its `small_base`", &label, help);
    None
}

/// A column whose values make groups.
pub(super) fn category(from: &Input, name: &Spanned<String>, cx: &mut Check<'_>) -> Option<Column> {
    let column = cx.column(from, name)?;
    categorical(&column, name.span, cx)?;
    Some(column)
}

/// Refuses a column whose values make no groups.
pub(super) fn categorical(column: &Column, span: Span, cx: &mut Check<'_>) -> Option<()> {
    if has_categories(&column.dtype) {
        return Some(());
    }
    let label = format!("`{}` has no categories", column.name);
    let message = "cannot group by a column of this type";
    cx.invalid(span, Code::ColumnType, message, &label, "group by text, numbers or dates");
    None
}

/// Nothing was there to count.
pub(super) fn no_rows(stage: &str) -> Caution {
    Caution::new(CautionCode::NoRows, "", Some(0.0), format!("`{stage}` has no rows to count"))
}

/// Rows, called `what`, were left out for their weight. None: no caution.
pub(super) fn unusable_weights(stage: &str, n: u64, what: &str) -> Option<Caution> {
    let message =
        format!("`{stage}` leaves out {} whose weight is missing, zero or negative", count(n, what));
    (n > 0).then(|| Caution::new(CautionCode::UnusableWeights, "", Some(n as f64), message))
}

/// The weights more than double the variance: the effective base is less than half the base. `of`
/// names the answers.
pub(super) fn heavy_weights(base: Base, of: &str) -> Option<Caution> {
    let message = format!(
        "the weights make the {} of {of} as precise as {} without weights",
        count(base.n, "answer"),
        number::count(base.effective())
    );
    let heavy = base.design_effect().is_some_and(|effect| effect > 2.0);
    heavy.then(|| Caution::new(CautionCode::HeavyWeights, "", Some(base.effective()), message))
}

/// `1 answer`, `1,200 answers`.
pub(super) fn count(n: u64, what: &str) -> String {
    format!("{} {what}{}", number::count(n as f64), if n == 1 { "" } else { "s" })
}
