//! Why a row is left out: the first of several reasons, as a number. Knows no reason.

use polars::prelude::{DataType, Expr, NULL, lit, when};

/// The place of the first of these conditions that holds; null where none does.
pub(super) fn reason<const N: usize>(refused: [Expr; N]) -> Expr {
    refused.into_iter().enumerate().rev().fold(lit(NULL).cast(DataType::Int8), |rest, (at, refused)| {
        when(refused).then(lit(at as i8)).otherwise(rest)
    })
}
