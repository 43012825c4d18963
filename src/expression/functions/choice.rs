//! Functions that choose among their arguments.

use polars::prelude::*;

use super::Call;
use crate::expression::operand::Operand;

pub(super) fn coalesce_of(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (args, dtype) = call.alike()?;
    Some(Operand::computed(coalesce(&args), dtype))
}

pub(super) fn nullif(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (args, dtype) = call.alike()?;
    let same = args[0].clone().eq(args[1].clone());
    Some(Operand::computed(when(same).then(lit(NULL)).otherwise(args[0].clone()), dtype))
}

pub(super) fn least(call: &mut Call<'_, '_>) -> Option<Operand> {
    extreme(call, |best, next| next.lt(best))
}

pub(super) fn greatest(call: &mut Call<'_, '_>) -> Option<Operand> {
    extreme(call, |best, next| next.gt(best))
}

/// Built from comparisons, which know every type and one order.
fn extreme(call: &mut Call<'_, '_>, better: fn(Expr, Expr) -> Expr) -> Option<Operand> {
    let (args, dtype) = call.alike()?;
    let best = args.into_iter().reduce(|best, next| {
        let takes_over = best.clone().is_null().or(better(best.clone(), next.clone()));
        when(takes_over).then(next).otherwise(best)
    })?;
    Some(Operand::computed(best, dtype))
}
