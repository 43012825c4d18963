//! From one row per partner with raw values to scores, ranks, tiers and contributions, by `stats`.

use polars::prelude::*;

use super::card::Card;
use super::{Checked, Listed, PARTS, SCORES, STABILITY, cautions, further, keep_name};
use crate::diagnostic::{Code, Diagnostic, RunError};
use crate::stages::Estimates;
use crate::stats::rank_stability::Ranks;

/// How many keys an error names before it says "and more".
pub(super) const SHOWN: usize = 5;
/// Rows without a partner.
pub(super) const KEYLESS: &str = "keyless";
/// Rows of partners who are not in the list.
pub(super) const UNLISTED: &str = "unlisted";

pub(super) fn estimate(ready: &Checked, frames: &[DataFrame]) -> Result<Estimates, RunError> {
    let [wide, notes, rest @ ..] = frames else {
        return Ok(Estimates::default());
    };
    if let (Some(Listed { from, .. }), Some(repeated)) = (&ready.listed, rest.first())
        && repeated.height() > 0
    {
        let message = "the list of partners has a partner more than once";
        let told = Diagnostic::error(Code::DuplicateRecord, message)
            .primary(from.span, format!("`{}` repeats {}", from.value, keys(repeated)?))
            .help("score a table with one row per partner");
        return Err(RunError::data(told));
    }
    let card = Card::of(ready, wide)?;
    let mut sides = vec![("indicators", parts(ready, wide, &card)?)];
    sides.extend(further::tables(ready, wide, &card)?);
    Ok(Estimates {
        main: main(ready, wide, &card)?,
        sides,
        cautions: cautions::of(ready, notes, &card)?,
        ..Estimates::default()
    })
}

pub(super) fn refuse_repeated(
    ready: &Checked,
    at: usize,
    wide: &DataFrame,
    rows: &[i64],
) -> Result<(), RunError> {
    let repeated: Vec<IdxSize> =
        (0..rows.len()).filter(|row| rows[*row] > 1).map(|row| row as IdxSize).collect();
    if repeated.is_empty() {
        return Ok(());
    }
    let indicator = &ready.indicators[at];
    let taken = repeated.iter().copied().take(SHOWN + 1).collect::<Vec<_>>();
    let names = keys(&wide.take(&IdxCa::new("at".into(), taken))?)?;
    let message = format!("the table of indicator `{}` has several rows for a partner", indicator.name);
    let told = Diagnostic::error(Code::DuplicateRecord, message)
        .primary(indicator.from.span, format!("`{}` has several for {names}", indicator.from.value))
        .help("say what is made of them: `aggregate: sum`, `mean`, `median`, `min`, `max` or `count`");
    Err(RunError::data(told))
}

/// The first keys of a table: `P1, P2 and more`.
fn keys(table: &DataFrame) -> PolarsResult<String> {
    let keys = table.column("key")?.cast(&DataType::String)?;
    let mut shown: Vec<&str> = keys.str()?.iter().flatten().take(SHOWN).collect();
    if table.height() > SHOWN {
        shown.push("…");
    }
    Ok(shown.join(", "))
}

/// Whole numbers of a column that a left join may have left empty: no row is 0 rows.
pub(super) fn whole(table: &DataFrame, column: &str) -> PolarsResult<Vec<i64>> {
    Ok(table.column(column)?.i64()?.iter().map(|n| n.unwrap_or(0)).collect())
}

fn main(ready: &Checked, wide: &DataFrame, card: &Card) -> PolarsResult<DataFrame> {
    let order = &card.order;
    let sorted =
        wide.take(&IdxCa::new("at".into(), order.iter().map(|at| *at as IdxSize).collect::<Vec<_>>()))?;
    let mut columns = vec![sorted.column("key")?.clone().with_name(ready.key.name.as_str().into())];
    for (at, kept) in ready.kept().enumerate() {
        columns.push(sorted.column(&keep_name(at))?.clone().with_name(kept.name.as_str().into()));
    }
    let [score, rank, tier, weight_share] = SCORES;
    let scores = || order.iter().map(|at| &card.scores[*at]);
    let tier_of = |at: &usize| card.tiers[*at].map(|tier| ready.tiers[tier].0.as_str());
    columns.extend([
        Column::new(score.into(), scores().map(|made| made.score).collect::<Vec<_>>()),
        Column::new(
            rank.into(),
            order.iter().map(|at| card.ranks[*at].map(|rank| rank as i64)).collect::<Vec<_>>(),
        ),
        Column::new(tier.into(), order.iter().map(tier_of).collect::<Vec<_>>()),
        Column::new(weight_share.into(), scores().map(|made| made.weight_share).collect::<Vec<_>>()),
    ]);
    if ready.stability.is_some() {
        let [low, median, high, top_share] = STABILITY;
        let ranks = || order.iter().map(|at| card.stability[*at].as_ref());
        let whole = |of: fn(&Ranks) -> usize| {
            ranks().map(|ranks| ranks.map(|ranks| of(ranks) as i64)).collect::<Vec<_>>()
        };
        columns.extend([
            Column::new(low.into(), whole(|ranks| ranks.low)),
            Column::new(median.into(), whole(|ranks| ranks.median)),
            Column::new(high.into(), whole(|ranks| ranks.high)),
            Column::new(
                top_share.into(),
                ranks().map(|ranks| ranks.map(|ranks| ranks.top_share)).collect::<Vec<_>>(),
            ),
        ]);
    }
    DataFrame::new(order.len(), columns)
}

fn parts(ready: &Checked, wide: &DataFrame, card: &Card) -> PolarsResult<DataFrame> {
    let Card { raw, scores, .. } = card;
    let cells: Vec<(usize, usize)> =
        card.order.iter().flat_map(|partner| (0..raw.len()).map(move |at| (*partner, at))).collect();
    let partners: Vec<IdxSize> = cells.iter().map(|(partner, _)| *partner as IdxSize).collect();
    let key = wide.column("key")?.take(&IdxCa::new("at".into(), partners))?;
    let floats = |of: &dyn Fn(&(usize, usize)) -> Option<f64>| cells.iter().map(of).collect::<Vec<_>>();
    let [indicator, value, n, normal, weight, contribution] = PARTS;
    let names: Vec<&str> = cells.iter().map(|(_, at)| ready.indicators[*at].name.as_str()).collect();
    let mut columns = vec![
        key.with_name(ready.key.name.as_str().into()),
        Column::new(indicator.into(), names),
        Column::new(value.into(), floats(&|(partner, at)| raw[*at].values[*partner])),
        Column::new(n.into(), cells.iter().map(|(partner, at)| raw[*at].n[*partner]).collect::<Vec<_>>()),
        Column::new(normal.into(), floats(&|(partner, at)| raw[*at].normalised[*partner])),
        Column::new(weight.into(), floats(&|(partner, at)| scores[*partner].weights[*at])),
        Column::new(contribution.into(), floats(&|(partner, at)| scores[*partner].contributions[*at])),
    ];
    if ready.has_errors() {
        let errors = floats(&|(partner, at)| raw[*at].errors_given[*partner].filter(|error| *error >= 0.0));
        columns.push(Column::new("std_error".into(), errors));
    }
    if ready.shrinks() {
        let shrunk = floats(&|(partner, at)| raw[*at].shrunk_by[*partner]);
        columns.push(Column::new("shrunk_by".into(), shrunk));
    }
    DataFrame::new(cells.len(), columns)
}
