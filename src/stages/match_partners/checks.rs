//! Whether what is written can be done: columns, expressions, numbers in range, names that meet.

use polars::prelude::{DataType, Expr};

use super::{Check, Checked, Column, Demand, Input, Known, MatchPartners, Score, Scored, Wanted, tables};
use crate::diagnostic::Code;
use crate::document::Spanned;
use crate::stages::keys::common;
use crate::stages::{Expression, exact, type_name};
use crate::stats::credibility::Kind;

pub(super) fn check(stage: &MatchPartners, cx: &mut Check<'_>) -> Option<Checked> {
    let key = cx.column(&stage.from, &stage.key);
    let keep = cx.columns(&stage.from, &stage.keep);
    let peers = optional(&stage.peers, |peers| cx.column(&stage.from, peers));
    let capacity = optional(&stage.capacity, |capacity| number(&stage.from, capacity, "the capacity", cx));
    let customers = customers(stage, cx);
    let score = optional(&stage.score, |score| scored(stage, score, cx));
    let demand = optional(&stage.demand, |demand| wanted(stage, demand, cx));
    let clear = names_are_clear(stage, cx);
    let desired = desired_is_sound(stage, cx);
    let prior = optional(&stage.prior, |prior| cx.between(prior, 0.01, 1e9, "`prior`"));
    let min_n = count(&stage.min_n, cx);
    let min_lift = cx.between(&stage.min_lift, 1.0, 100.0, "`min_lift`");
    let confidence = cx.between(&stage.confidence, 0.5, 0.9999, "the confidence");

    let (key, (customers, key_there), score, demand) = (key?, customers?, score?, demand?);
    let dtype = common(&key.dtype);
    let others = [
        Some((&stage.customers.from, &key_there)),
        stage.score.as_ref().zip(score.as_ref()).map(|(score, (_, key))| (&score.from, key)),
    ];
    let mut same = true;
    for (input, column) in others.into_iter().flatten() {
        if common(&column.dtype) != dtype {
            let label = format!("here `{}` is {}", column.name, type_name(&column.dtype));
            let help = format!("make every key {}, as it is in the list of partners", type_name(&dtype));
            cx.invalid(input.span(), Code::ColumnType, "has partner keys of different types", &label, &help);
            same = false;
        }
    }
    let ready = Checked {
        key: Column { name: key.name, dtype },
        from: stage.from.spanned().clone(),
        keep: keep?,
        peers: peers?.map(|column| column.name),
        capacity: capacity?,
        customers,
        desired: stage.desired.as_ref().map(|names| names.iter().map(|name| name.value.clone()).collect()),
        thresholds: [&stage.thresholds.value, &stage.thresholds.loyalty]
            .map(|threshold| threshold.as_ref().map(|threshold| threshold.value)),
        score: score.map(|(score, _)| score),
        prior: prior?,
        min_n: min_n?,
        min_lift: min_lift?,
        confidence: confidence?,
        demand,
    };
    (clear && desired && same).then_some(ready)
}

/// The outer option: whether it is sound; the inner: whether it is written.
fn optional<T, U>(written: &Option<T>, check: impl FnOnce(&T) -> Option<U>) -> Option<Option<U>> {
    match written {
        None => Some(None),
        Some(written) => check(written).map(Some),
    }
}

fn customers(stage: &MatchPartners, cx: &mut Check<'_>) -> Option<(Known, Column)> {
    let customers = &stage.customers;
    let from = &customers.from;
    let key = cx.column(from, customers.key.as_ref().unwrap_or(&stage.key));
    let segment = category(from, &customers.segment, cx);
    let condition = optional(&customers.condition, |condition| cx.predicate(from, condition));
    let outcome = cx.expression(from, &customers.outcome).and_then(|typed| {
        let kind = match &typed.dtype {
            DataType::Boolean => Kind::Rate,
            dtype if is_number(dtype) => Kind::Mean,
            dtype => {
                let label = format!("this gives {}", type_name(dtype));
                let message = "needs a condition or a number to tell good customers by";
                let help = "compare it with something, such as `status = 'won'`";
                cx.invalid(customers.outcome.span(), Code::ExpressionType, message, &label, help);
                return None;
            }
        };
        Some((kind, exact::number(typed.expr)))
    });
    let value = optional(&customers.value, |value| number(from, value, "the value", cx));
    let loyalty = optional(&customers.loyalty, |loyalty| number(from, loyalty, "the loyalty", cx));
    let described = cx.columns(from, &customers.describe);
    let mut sound = true;
    for (column, name) in described.iter().flatten().zip(&customers.describe) {
        if !is_word(&column.dtype) {
            let label = format!("`{}` is {}", column.name, type_name(&column.dtype));
            let message = "describes customers by something other than words";
            let help = "make classes of it before, in `derive` of an `enrich` or by a `segment`";
            cx.invalid(name.span, Code::ColumnType, message, &label, help);
            sound = false;
        }
    }
    let (key, (kind, outcome)) = (key?, outcome?);
    let known = Known {
        from: from.text().to_owned(),
        key: key.name.clone(),
        segment: segment?.name,
        condition: condition?,
        kind,
        outcome,
        value: value?,
        loyalty: loyalty?,
        describe: described?.into_iter().map(|column| column.name).collect(),
    };
    sound.then_some((known, key))
}

fn scored(stage: &MatchPartners, score: &Score, cx: &mut Check<'_>) -> Option<(Scored, Column)> {
    let key = cx.column(&score.from, &stage.key);
    let value = cx.numeric(&score.from, &score.value);
    let (key, value) = (key?, value?);
    let from = score.from.spanned().clone();
    Some((Scored { from, key: key.name.clone(), value: value.name }, key))
}

fn wanted(stage: &MatchPartners, demand: &Demand, cx: &mut Check<'_>) -> Option<Wanted> {
    let segment = category(&demand.from, &demand.segment, cx);
    let within = optional(&demand.within, |within| {
        let (here, there) = (cx.column(&demand.from, within), cx.column(&stage.from, within));
        here.filter(|_| there.is_some())
    });
    let key = optional(&demand.key, |key| cx.column(&demand.from, key));
    let condition = optional(&demand.condition, |condition| cx.predicate(&demand.from, condition));
    if stage.capacity.is_none() {
        let message = "assigns leads to partners without knowing how many they can take";
        let help = "say how many more each can take: `capacity: 20`, or a column of the list of partners";
        cx.invalid(demand.from.span(), Code::InvalidOption, message, "these leads", help);
        return None;
    }
    Some(Wanted {
        from: demand.from.spanned().clone(),
        segment: segment?.name,
        within: within?,
        key: key?,
        condition: condition?,
    })
}

/// An expression that gives a number; yes and no count as 1 and 0.
fn number(input: &Input, written: &Expression, what: &str, cx: &mut Check<'_>) -> Option<Expr> {
    let typed = cx.expression(input, written)?;
    if is_number(&typed.dtype) || typed.dtype == DataType::Boolean {
        return Some(exact::number(typed.expr));
    }
    let label = format!("this gives {}", type_name(&typed.dtype));
    let message = format!("needs a number for {what}");
    cx.invalid(written.span(), Code::ExpressionType, &message, &label, "");
    None
}

/// A column whose values are names.
fn category(input: &Input, name: &Spanned<String>, cx: &mut Check<'_>) -> Option<Column> {
    let hint = "make classes of it before, by a `segment`";
    cx.typed(input, name, "names of segments", hint, |dtype| is_word(dtype) || dtype.is_integer())
}

fn is_number(dtype: &DataType) -> bool {
    dtype.is_primitive_numeric() || dtype.is_decimal()
}

fn is_word(dtype: &DataType) -> bool {
    matches!(dtype, DataType::String | DataType::Boolean | DataType::Categorical(..) | DataType::Enum(..))
}

fn count(min_n: &Spanned<u64>, cx: &mut Check<'_>) -> Option<u64> {
    if min_n.value > 0 {
        return Some(min_n.value);
    }
    let help = "a lift rests on one customer at least";
    cx.invalid(min_n.span, Code::OutOfRange, "recommends on no evidence", "wants a number above 0", help);
    None
}

/// The columns that the user names must not meet those that the stage makes.
fn names_are_clear(stage: &MatchPartners, cx: &mut Check<'_>) -> bool {
    let mut clear = true;
    if tables::names().any(|made| made == stage.key.value) {
        cx.duplicate_column(&stage.key.value, stage.key.span, None);
        clear = false;
    }
    for name in &stage.keep {
        if tables::names().any(|made| made == name.value) || name.value == stage.key.value {
            cx.duplicate_column(&name.value, name.span, None);
            clear = false;
        }
    }
    let Some(Demand { key: Some(lead), within, .. }) = &stage.demand else { return clear };
    let mut taken = vec![stage.key.value.as_str()];
    for name in [Some(lead), within.as_ref()].into_iter().flatten() {
        if tables::ASSIGNED.contains(&name.as_str()) || taken.contains(&name.as_str()) {
            cx.duplicate_column(&name.value, name.span, None);
            clear = false;
        }
        taken.push(name);
    }
    clear
}

/// It must be known which segments are desired, and thresholds must be of something.
fn desired_is_sound(stage: &MatchPartners, cx: &mut Check<'_>) -> bool {
    let mut sound = true;
    let customers = &stage.customers;
    match &stage.desired {
        None if customers.value.is_none() && customers.loyalty.is_none() => {
            let message = "cannot tell which segments are desired";
            let help = "list them (`desired: [champions]`), or give the `value` and `loyalty` of a customer";
            cx.invalid(customers.segment.span, Code::InvalidOption, message, "which of these?", help);
            sound = false;
        }
        Some(names) if names.is_empty() => {
            let help = "leave `desired` out where value and loyalty decide";
            let message = "desires no segment";
            cx.invalid(customers.segment.span, Code::InvalidOption, message, "which of these?", help);
            sound = false;
        }
        Some(names) => {
            for (at, name) in names.iter().enumerate() {
                if names[..at].iter().any(|earlier| earlier.value == name.value) {
                    let label = "an earlier one is the same";
                    cx.invalid(name.span, Code::InvalidOption, "desires a segment twice", label, "");
                    sound = false;
                }
            }
        }
        None => {}
    }
    let thresholds = [
        (&stage.thresholds.value, customers.value.is_some(), "value"),
        (&stage.thresholds.loyalty, customers.loyalty.is_some(), "loyalty"),
    ];
    for (threshold, given, name) in thresholds {
        if let Some(threshold) = threshold.as_ref().filter(|_| !given) {
            let message = format!("has a threshold of {name}, which is not known of customers");
            let help = format!("say what it is with `{name}` of `customers`");
            cx.invalid(threshold.span, Code::InvalidOption, &message, "a threshold of what?", &help);
            sound = false;
        }
    }
    sound
}
