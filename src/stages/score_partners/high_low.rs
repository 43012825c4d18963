//! The best tier beside the last, attribute by attribute.

use std::collections::BTreeSet;

use polars::prelude::*;

use super::card::Card;
use super::{Checked, attribute_name};
use crate::stats::comparisons::holm;
use crate::stats::contrast::{self, Effect};

/// How an attribute is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    YesNo,
    /// Each value as a yes and no of its own.
    Text,
}

impl Kind {
    pub(super) fn of(dtype: &DataType) -> Option<Self> {
        match dtype {
            DataType::Boolean => Some(Self::YesNo),
            DataType::String | DataType::Categorical(..) | DataType::Enum(..) => Some(Self::Text),
            dtype if dtype.is_primitive_numeric() || dtype.is_decimal() => Some(Self::Number),
            _ => None,
        }
    }
}

/// The columns of the table.
pub(super) fn columns() -> [(&'static str, DataType); 23] {
    use DataType::{Float64, Int64, String};
    [
        ("attribute", String),
        ("category", String),
        ("tier_high", String),
        ("tier_low", String),
        ("n_high", Int64),
        ("n_low", Int64),
        ("mean_high", Float64),
        ("mean_low", Float64),
        ("difference", Float64),
        ("ratio", Float64),
        ("effect_measure", String),
        ("effect_size", Float64),
        ("conf_low", Float64),
        ("conf_high", Float64),
        ("test", String),
        ("statistic", Float64),
        ("df", Float64),
        ("p_value", Float64),
        ("p_adjusted", Float64),
        ("cohens_d", Float64),
        ("hedges_g", Float64),
        ("mann_whitney_u", Float64),
        ("p_mann_whitney", Float64),
    ]
}

/// One compared attribute, or one value of it.
#[derive(Default)]
struct Line {
    attribute: String,
    category: Option<String>,
    n: [usize; 2],
    mean: [Option<f64>; 2],
    difference: Option<f64>,
    ratio: Option<f64>,
    effect_measure: &'static str,
    effect_size: Option<Effect>,
    test: &'static str,
    statistic: Option<f64>,
    df: Option<f64>,
    p_value: Option<f64>,
    cohens_d: Option<f64>,
    hedges_g: Option<f64>,
    u: Option<f64>,
    p_mann_whitney: Option<f64>,
}

/// The partners of the best tier and of the last, of all peer groups together.
pub(super) fn ends(ready: &Checked, card: &Card) -> [Vec<usize>; 2] {
    let of = |tier: usize| (0..card.tiers.len()).filter(|at| card.tiers[*at] == Some(tier)).collect();
    [of(0), of(ready.tiers.len().saturating_sub(1))]
}

pub(super) fn table(ready: &Checked, wide: &DataFrame, card: &Card) -> PolarsResult<DataFrame> {
    let ends = ends(ready, card);
    let mut lines = Vec::new();
    for (at, attribute) in ready.attributes().iter().enumerate() {
        let column = wide.column(&attribute_name(at))?;
        match Kind::of(&attribute.dtype) {
            Some(Kind::Number) => {
                let cells = column.cast(&DataType::Float64)?;
                let cells: Vec<Option<f64>> = cells.f64()?.iter().collect();
                let [high, low] =
                    ends.each_ref().map(|end| end.iter().map(|at| cells[*at]).collect::<Vec<_>>());
                lines.push(of_numbers(&attribute.name, &high, &low));
            }
            Some(Kind::YesNo) => {
                let cells: Vec<Option<bool>> = column.bool()?.iter().collect();
                let [high, low] =
                    ends.each_ref().map(|end| end.iter().map(|at| cells[*at]).collect::<Vec<_>>());
                lines.push(of_shares(&attribute.name, None, &high, &low));
            }
            Some(Kind::Text) => {
                let cells = column.cast(&DataType::String)?;
                let cells: Vec<Option<&str>> = cells.str()?.iter().collect();
                let [high, low] =
                    ends.each_ref().map(|end| end.iter().map(|at| cells[*at]).collect::<Vec<_>>());
                let categories: BTreeSet<&str> = high.iter().chain(&low).copied().flatten().collect();
                for category in categories {
                    let is = |cells: &[Option<&str>]| -> Vec<Option<bool>> {
                        cells.iter().map(|cell| cell.map(|cell| cell == category)).collect()
                    };
                    lines.push(of_shares(&attribute.name, Some(category.to_owned()), &is(&high), &is(&low)));
                }
            }
            None => {}
        }
    }
    let name = |tier: Option<&(String, f64)>| tier.map_or("", |(name, _)| name.as_str()).to_owned();
    frame(&lines, [name(ready.tiers.first()), name(ready.tiers.last())])
}

fn of_numbers(attribute: &str, high: &[Option<f64>], low: &[Option<f64>]) -> Line {
    let made = contrast::numbers(high, low);
    Line {
        attribute: attribute.to_owned(),
        n: made.n,
        mean: made.mean,
        difference: made.difference,
        ratio: made.ratio,
        effect_measure: "Hedges' g",
        effect_size: made.effect,
        test: "Welch's t",
        statistic: made.test.map(|test| test.statistic),
        df: made.test.and_then(|test| test.df),
        p_value: made.test.map(|test| test.p_value),
        cohens_d: made.cohens_d,
        hedges_g: made.hedges_g,
        u: made.rank_sum.map(|made| made.u),
        p_mann_whitney: made.rank_sum.and_then(|made| made.p_value),
        ..Line::default()
    }
}

fn of_shares(attribute: &str, category: Option<String>, high: &[Option<bool>], low: &[Option<bool>]) -> Line {
    let made = contrast::shares(high, low);
    Line {
        attribute: attribute.to_owned(),
        category,
        n: made.n,
        mean: made.share,
        difference: made.difference,
        ratio: made.ratio,
        effect_measure: "Cohen's h",
        effect_size: made.effect,
        test: "Fisher's exact",
        p_value: made.p_value,
        ..Line::default()
    }
}

fn frame(lines: &[Line], tiers: [String; 2]) -> PolarsResult<DataFrame> {
    let tested: Vec<f64> = lines.iter().filter_map(|line| line.p_value).collect();
    let mut corrected = holm(&tested).into_iter();
    let adjusted: Vec<Option<f64>> =
        lines.iter().map(|line| line.p_value.and_then(|_| corrected.next())).collect();
    let floats = |of: fn(&Line) -> Option<f64>| lines.iter().map(of).collect::<Vec<_>>();
    let whole = |of: fn(&Line) -> usize| lines.iter().map(|line| of(line) as i64).collect::<Vec<_>>();
    let names = columns().map(|(name, _)| PlSmallStr::from_static(name));
    let [attribute, category, tier_high, tier_low, n_high, n_low, mean_high, mean_low, rest @ ..] = names;
    let [difference, ratio, measure, effect_size, conf_low, conf_high, rest @ ..] = rest;
    let [test, statistic, df, p_value, p_adjusted, cohens_d, hedges_g, u, p_mann_whitney] = rest;
    let [high, low] = tiers;
    let columns = vec![
        Column::new(attribute, lines.iter().map(|line| line.attribute.as_str()).collect::<Vec<_>>()),
        Column::new(category, lines.iter().map(|line| line.category.as_deref()).collect::<Vec<_>>()),
        Column::new(tier_high, vec![high; lines.len()]),
        Column::new(tier_low, vec![low; lines.len()]),
        Column::new(n_high, whole(|line| line.n[0])),
        Column::new(n_low, whole(|line| line.n[1])),
        Column::new(mean_high, floats(|line| line.mean[0])),
        Column::new(mean_low, floats(|line| line.mean[1])),
        Column::new(difference, floats(|line| line.difference)),
        Column::new(ratio, floats(|line| line.ratio)),
        Column::new(measure, lines.iter().map(|line| line.effect_measure).collect::<Vec<_>>()),
        Column::new(effect_size, floats(|line| line.effect_size.map(|effect| effect.size))),
        Column::new(conf_low, floats(|line| line.effect_size.map(|effect| effect.low))),
        Column::new(conf_high, floats(|line| line.effect_size.map(|effect| effect.high))),
        Column::new(test, lines.iter().map(|line| line.test).collect::<Vec<_>>()),
        Column::new(statistic, floats(|line| line.statistic)),
        Column::new(df, floats(|line| line.df)),
        Column::new(p_value, floats(|line| line.p_value)),
        Column::new(p_adjusted, adjusted),
        Column::new(cohens_d, floats(|line| line.cohens_d)),
        Column::new(hedges_g, floats(|line| line.hedges_g)),
        Column::new(u, floats(|line| line.u)),
        Column::new(p_mann_whitney, floats(|line| line.p_mann_whitney)),
    ];
    DataFrame::new(lines.len(), columns)
}
