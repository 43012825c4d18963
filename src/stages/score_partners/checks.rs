//! Whether what is written can be done: the list of partners, names, tiers, indicators, draws.

use std::collections::BTreeSet;

use polars::prelude::{DataType, Expr, NULL, lit, when};

use super::{
    BESIDE, Better, Check, Column, Compare, Indicator, Input, Listed, Measured, PARTS, SCORES, STABILITY,
    ScorePartners, Summary, WeightDraws, exact, high_low, scales, type_name,
};
use crate::diagnostic::Code;
use crate::document::Spanned;
use crate::stages::Expression;
use crate::stats::composite::Direction;
use crate::stats::rank_stability::{Plan, Weights};

/// Where it was told that the key of the stage is no column, so that a slip of the pen is told once.
#[derive(Default)]
pub(super) struct KeysTold {
    /// Whether the first table lacks it: then the key is mistyped, not called otherwise in some table.
    first_lacks: Option<bool>,
    tables: BTreeSet<String>,
}

impl KeysTold {
    /// Whether nothing is left to be told of the key in this table.
    pub fn is_told(&mut self, from: &Input, key: &Spanned<String>, cx: &Check<'_>) -> bool {
        let Some(schema) = cx.schema(from) else { return false };
        let lacks = !schema.contains(&key.value);
        let told = lacks && (self.first_lacks == Some(true) || self.tables.contains(from.text()));
        self.first_lacks.get_or_insert(lacks);
        if lacks {
            self.tables.insert(from.text().to_owned());
        }
        told
    }
}

impl ScorePartners {
    pub(super) fn nothing_of_the_list(&self, cx: &mut Check<'_>) -> bool {
        let help = "name the table of partners with `from`";
        let attributes = self.compare.as_ref().and_then(|compare| compare.attributes.first());
        let wanted = [
            (self.keep.first(), "keeps columns of no table", "kept from where?"),
            (self.within.as_ref(), "has peer groups of no table", "in which table?"),
            (attributes, "compares columns of no table", "in which table?"),
        ];
        let mut sound = true;
        for (name, message, label) in wanted {
            if let Some(name) = name {
                cx.invalid(name.span, Code::InvalidOption, message, label, help);
                sound = false;
            }
        }
        sound
    }

    pub(super) fn check_list(&self, from: &Input, cx: &mut Check<'_>) -> Option<(Column, Listed)> {
        let key = cx.column(from, &self.key);
        let keep = cx.columns(from, &self.keep);
        let within = self.within.as_ref().map(|within| cx.column(from, within));
        let attributes = self.compare.as_ref().map(|compare| self.check_attributes(from, compare, cx));
        let clear = self.keep_is_clear(cx);
        let within = match within {
            None => None,
            Some(within) => Some(within?),
        };
        let attributes = match attributes {
            None => None,
            Some(attributes) => Some(attributes?),
        };
        let mut keep = keep?;
        let within = within.map(|within| {
            keep.iter().position(|kept| kept.name == within.name).unwrap_or_else(|| {
                keep.push(within);
                keep.len() - 1
            })
        });
        let listed = Listed { from: from.spanned().clone(), keep, within, attributes };
        key.filter(|_| clear).map(|key| (key, listed))
    }

    fn check_attributes(&self, from: &Input, compare: &Compare, cx: &mut Check<'_>) -> Option<Vec<Column>> {
        let found = cx.columns(from, &compare.attributes)?;
        let mut sound = !found.is_empty();
        let span = compare.attributes.first().map_or(self.key.span, |first| first.span);
        if !sound {
            let help = "name columns of the list: `attributes: [owner_age, employees]`";
            cx.invalid(span, Code::InvalidOption, "compares no attributes", "this stage", help);
        }
        if self.tiers.len() < 2 {
            let help = "name at least two tiers, or leave `compare` out";
            let message = "has nobody to compare the best tier with";
            cx.invalid(span, Code::InvalidOption, message, "compared between the first and last tier", help);
            sound = false;
        }
        for (column, name) in found.iter().zip(&compare.attributes) {
            if high_low::Kind::of(&column.dtype).is_none() {
                let label = format!("this is {}", type_name(&column.dtype));
                let message = "compares a column that is neither number, text nor yes and no";
                cx.invalid(name.span, Code::ColumnType, message, &label, "");
                sound = false;
            }
        }
        sound.then_some(found)
    }

    /// The outer option: whether it is sound; the inner: whether ranks are put to the test.
    pub(super) fn check_stability(
        &self,
        tiers: Option<&[(String, f64)]>,
        cx: &mut Check<'_>,
    ) -> Option<Option<Plan>> {
        let Some(stability) = &self.stability else { return Some(None) };
        let spread = cx.between(&stability.spread, 0.0, 0.99, "the spread of weights");
        let draws = &stability.draws;
        let few = !(100..=100_000).contains(&draws.value);
        if few {
            let label = "wanted is a number from 100 to 100,000";
            let help = "a thousand draws know a share of one half to three points";
            cx.invalid(draws.span, Code::OutOfRange, "has a number of draws out of range", label, help);
        }
        let spread = spread.filter(|_| !few)?;
        Some(Some(Plan {
            draws: draws.value as usize,
            seed: stability.seed,
            stream: 0,
            weights: match stability.weights {
                WeightDraws::Uniform => Weights::Uniform(spread),
                WeightDraws::Dirichlet => Weights::Dirichlet(spread),
                WeightDraws::Fixed => Weights::Fixed,
            },
            aggregation: self.aggregation(),
            top: tiers?.first()?.1,
        }))
    }

    fn keep_is_clear(&self, cx: &mut Check<'_>) -> bool {
        let made =
            |name: &str| SCORES.contains(&name) || self.stability.is_some() && STABILITY.contains(&name);
        let taken = |name: &&Spanned<String>| made(name.as_str()) || name.value == self.key.value;
        let twice: Vec<_> = self.keep.iter().chain(&self.within).filter(taken).collect();
        for name in &twice {
            cx.duplicate_column(&name.value, name.span, None);
        }
        twice.is_empty()
    }

    pub(super) fn names_are_clear(&self, cx: &mut Check<'_>) -> bool {
        let mut clear = true;
        let mut taken = SCORES.iter().chain(&PARTS).chain(&STABILITY).chain(&BESIDE);
        if taken.any(|taken| *taken == self.key.value) {
            cx.duplicate_column(&self.key.value, self.key.span, None);
            clear = false;
        }
        if self.indicators.is_empty() {
            let help = "add at least one: `indicators: [{ name: sales, from: orders, value: amount }]`";
            cx.invalid(self.key.span, Code::InvalidOption, "has no indicators", "scored by what?", help);
            clear = false;
        }
        for (at, indicator) in self.indicators.iter().enumerate() {
            let name = &indicator.name;
            if name.trim().is_empty() {
                cx.invalid(name.span, Code::InvalidOption, "has an indicator without a name", "empty", "");
                clear = false;
            } else if self.indicators[..at].iter().any(|earlier| earlier.name.value == name.value) {
                let label = "an earlier indicator has this name";
                cx.invalid(name.span, Code::InvalidOption, "names two indicators alike", label, "");
                clear = false;
            }
        }
        clear
    }

    pub(super) fn check_tiers(&self, cx: &mut Check<'_>) -> Option<Vec<(String, f64)>> {
        let mut sum = 0.0f64;
        let mut tiers = Vec::new();
        let mut sound = true;
        for (at, tier) in self.tiers.iter().enumerate() {
            let last = at + 1 == self.tiers.len();
            let share = match &tier.share {
                Some(share) => cx.between(share, 0.0, 1.0, "the share of a tier"),
                None if last => Some((1.0 - sum).max(0.0)),
                None => {
                    let help = "only the last tier may do without: it takes the rest";
                    let message = "has a tier without a share";
                    cx.invalid(tier.name.span, Code::InvalidOption, message, "this tier", help);
                    None
                }
            };
            if tier.name.trim().is_empty() {
                cx.invalid(tier.name.span, Code::InvalidOption, "has a tier without a name", "empty", "");
                sound = false;
            } else if self.tiers[..at].iter().any(|earlier| earlier.name.value == tier.name.value) {
                let label = "an earlier tier has this name";
                cx.invalid(tier.name.span, Code::InvalidOption, "names two tiers alike", label, "");
                sound = false;
            }
            sum += share.unwrap_or(0.0);
            sound &= share.is_some();
            tiers.push((tier.name.value.clone(), share.unwrap_or(0.0)));
        }
        let Some(last) = self.tiers.last() else {
            let help = "leave `tiers` out for the default, or name at least one";
            cx.invalid(self.key.span, Code::InvalidOption, "has an empty list of tiers", "this stage", help);
            return None;
        };
        if sound && (sum - 1.0).abs() > 1e-9 {
            let span = last.share.as_ref().map_or(last.name.span, |share| share.span);
            let label = format!("with this one the shares add up to {}", crate::number::plain(sum));
            let help = "shares add up to 1; the last tier may leave its share out and takes the rest";
            cx.invalid(span, Code::InvalidOption, "has tiers that do not add up", &label, help);
            sound = false;
        }
        sound.then_some(tiers)
    }
    pub(super) fn check_indicator(
        &self,
        indicator: &Indicator,
        told: &mut KeysTold,
        cx: &mut Check<'_>,
    ) -> Option<(Measured, Column)> {
        let column = match &indicator.key {
            Some(own) => cx.column(&indicator.from, own),
            None if told.is_told(&indicator.from, &self.key, cx) => None,
            None => cx.column(&indicator.from, &self.key),
        };
        let condition = match &indicator.condition {
            None => Some(None),
            Some(condition) => cx.predicate(&indicator.from, condition).map(Some),
        };
        let value = cx.expression(&indicator.from, &indicator.value).and_then(|typed| {
            if is_number(&typed.dtype) {
                return Some(exact::number(typed.expr));
            }
            if indicator.aggregate == Some(Summary::Count) {
                return Some(when(typed.expr.is_not_null()).then(lit(1.0)).otherwise(lit(NULL)));
            }
            let label = format!("this is {}", type_name(&typed.dtype));
            let message = "needs a number for an indicator";
            let help = "give a column of numbers, or count the rows with `aggregate: count`";
            cx.invalid(indicator.value.span(), Code::ExpressionType, message, &label, help);
            None
        });
        let std_error = beside(indicator, indicator.std_error.as_ref(), "standard error", cx);
        let n = beside(indicator, indicator.n.as_ref(), "number of answers", cx);
        let shrink = check_shrink(indicator, cx);
        let posts = scales::posts_are_sound(indicator, self.normalise.value, cx);
        let weight =
            (indicator.weight.value > 0.0 && indicator.weight.value.is_finite()).then_some(&indicator.weight);
        if weight.is_none() {
            let help = "leave an indicator out that should not count";
            let message = "has a weight out of range";
            cx.invalid(indicator.weight.span, Code::OutOfRange, message, "wants a number above 0", help);
        }
        let column = column.filter(|_| posts)?;
        let measured = Measured {
            name: indicator.name.value.clone(),
            from: indicator.from.spanned().clone(),
            key: column.name.clone(),
            condition: condition?,
            value: value?,
            aggregate: indicator.aggregate,
            absent: indicator.absent,
            direction: match indicator.direction {
                Better::Higher => Direction::Higher,
                Better::Lower => Direction::Lower,
            },
            weight: weight?.value,
            scales: self.scales(indicator),
            std_error: std_error?,
            n: n?,
            shrink: shrink?,
        };
        Some((measured, column))
    }
}

fn is_number(dtype: &DataType) -> bool {
    dtype.is_primitive_numeric() || dtype.is_decimal() || *dtype == DataType::Boolean
}

/// A number that stands beside the value of an indicator, where one is written.
fn beside(
    indicator: &Indicator,
    written: Option<&Expression>,
    what: &str,
    cx: &mut Check<'_>,
) -> Option<Option<Expr>> {
    let Some(written) = written else { return Some(None) };
    let typed = cx.expression(&indicator.from, written)?;
    if !is_number(&typed.dtype) {
        let label = format!("this is {}", type_name(&typed.dtype));
        let message = format!("needs a number for the {what}");
        cx.invalid(written.span(), Code::ExpressionType, &message, &label, "");
        return None;
    }
    if indicator.aggregate.is_some() {
        let message = format!("has a {what} of rows that are made one");
        let help = "leave `aggregate` out: the table must have one row per partner";
        cx.invalid(written.span(), Code::InvalidOption, &message, "of which row?", help);
        return None;
    }
    Some(Some(exact::number(typed.expr)))
}

fn check_shrink(indicator: &Indicator, cx: &mut Check<'_>) -> Option<Option<f64>> {
    let Some(shrink) = &indicator.shrink else { return Some(None) };
    if !(shrink.value > 0.0 && shrink.value.is_finite()) {
        let help = "leave `shrink` out where values should count as they are";
        cx.invalid(shrink.span, Code::OutOfRange, "shrinks by nothing", "wants a number above 0", help);
        return None;
    }
    if indicator.n.is_none() && indicator.aggregate != Some(Summary::Mean) {
        let message = "shrinks a value without its number of answers";
        let help = "name it with `n`, or let the stage take the mean with `aggregate: mean`";
        cx.invalid(shrink.span, Code::InvalidOption, message, "resting on how many?", help);
        return None;
    }
    Some(Some(shrink.value))
}
