//! Functions of numbers. Where there is no number to give they give null.

use polars::prelude::*;

use super::{Call, double};
use crate::expression::operand::{Class, Operand};
use crate::expression::operators::whole;
use crate::expression::rules;

pub(super) fn abs(call: &mut Call<'_, '_>) -> Option<Operand> {
    let arg = call.args[0].clone();
    match call.is_number(0)? {
        Class::Integer => Some(whole(arg.int().abs(), arg.float(), u128::from(arg.most))),
        _ => double(arg.float().abs()),
    }
}

pub(super) fn round(call: &mut Call<'_, '_>) -> Option<Operand> {
    let class = call.is_number(0);
    let places = match call.args.len() {
        1 => Some(0),
        _ => call.fixed_integer(1, "a number of places between -15 and 15", -15..=15),
    };
    let (class, places) = (class?, places?);
    let arg = &call.args[0];
    // -15..=15 fits.
    let places = places as i32;
    match class {
        Class::Integer if places >= 0 => Some(Operand::integer(arg.int(), arg.most)),
        Class::Integer => {
            let rounded = rules::round_integer(arg.int(), places.unsigned_abs());
            Some(Operand::integer(rounded, 1 << 63))
        }
        _ => double(rules::round_half_away(arg.float(), places)),
    }
}

pub(super) fn floor(call: &mut Call<'_, '_>) -> Option<Operand> {
    match call.is_number(0)? {
        Class::Integer => Some(Operand::integer(call.args[0].int(), call.args[0].most)),
        _ => double(call.args[0].float().floor()),
    }
}

pub(super) fn ceil(call: &mut Call<'_, '_>) -> Option<Operand> {
    match call.is_number(0)? {
        Class::Integer => Some(Operand::integer(call.args[0].int(), call.args[0].most)),
        _ => double(call.args[0].float().ceil()),
    }
}

pub(super) fn sqrt(call: &mut Call<'_, '_>) -> Option<Operand> {
    double(rules::finite(call.float(0)?.sqrt()))
}

pub(super) fn power(call: &mut Call<'_, '_>) -> Option<Operand> {
    let (base, exponent) = (call.float(0), call.float(1));
    double(rules::finite(base?.pow(exponent?)))
}

pub(super) fn exp(call: &mut Call<'_, '_>) -> Option<Operand> {
    double(rules::finite(call.float(0)?.exp()))
}

pub(super) fn ln(call: &mut Call<'_, '_>) -> Option<Operand> {
    double(rules::finite(call.float(0)?.log(lit(std::f64::consts::E))))
}
