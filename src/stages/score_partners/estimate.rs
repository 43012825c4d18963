//! From one row per partner with raw values to scores, ranks, tiers and contributions, by `stats`.

use polars::prelude::*;

use super::{Checked, PARTS, SCORES, keep_name, n_name, rows_name, value_name};
use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError};
use crate::number;
use crate::stages::Estimates;
use crate::stats::composite::{Direction, Score, Unusable, normalise, score};
use crate::stats::ranking;

/// How many keys an error names before it says "and more".
pub(super) const SHOWN: usize = 5;
/// Rows without a partner.
pub(super) const KEYLESS: &str = "keyless";
/// Rows of partners who are not in the list.
pub(super) const UNLISTED: &str = "unlisted";

/// What was measured of one indicator, partner by partner.
struct Raw {
    values: Vec<Option<f64>>,
    n: Vec<i64>,
    normalised: Result<Vec<Option<f64>>, Unusable>,
}

pub(super) fn estimate(ready: &Checked, frames: &[DataFrame]) -> Result<Estimates, RunError> {
    let [wide, notes, rest @ ..] = frames else {
        return Ok(Estimates::default());
    };
    if let (Some((from, _)), Some(repeated)) = (&ready.listed, rest.first())
        && repeated.height() > 0
    {
        let message = "the list of partners has a partner more than once";
        let told = Diagnostic::error(Code::DuplicateRecord, message)
            .primary(from.span, format!("`{}` repeats {}", from.value, keys(repeated)?))
            .help("score a table with one row per partner");
        return Err(RunError::data(told));
    }
    let raw = ready
        .indicators
        .iter()
        .enumerate()
        .map(|(at, indicator)| {
            let rows = whole(wide, &rows_name(at))?;
            if indicator.aggregate.is_none() {
                refuse_repeated(ready, at, wide, &rows)?;
            }
            let found = wide.column(&value_name(at))?.f64()?;
            let values: Vec<Option<f64>> = found
                .iter()
                .zip(&rows)
                .map(|(value, rows)| if *rows == 0 { indicator.absent } else { value })
                .collect();
            let first = normalise_all(ready, &values, indicator.direction);
            Ok(Raw { values, n: whole(wide, &n_name(at))?, normalised: first })
        })
        .collect::<Result<Vec<Raw>, RunError>>()?;

    let scores: Vec<Score> = (0..wide.height())
        .map(|partner| {
            let items: Vec<(Option<f64>, f64)> = raw
                .iter()
                .zip(&ready.indicators)
                // A weight of 0 takes an indicator out of every partner's score, known or not.
                .map(|(raw, indicator)| match &raw.normalised {
                    Ok(normalised) => (normalised[partner], indicator.weight),
                    Err(_) => (None, 0.0),
                })
                .collect();
            score(&items, ready.mean)
        })
        .collect();
    let ranks = ranking::competition(&scores.iter().map(|made| made.score).collect::<Vec<_>>());
    let shares: Vec<f64> = ready.tiers.iter().map(|(_, share)| *share).collect();
    let tiers = ranking::tiers(&ranks, &shares);

    // The rows come sorted by key; a stable sort by rank keeps that order among equals.
    let mut order: Vec<usize> = (0..wide.height()).collect();
    order.sort_by_key(|partner| ranks[*partner].unwrap_or(usize::MAX));

    Ok(Estimates {
        main: main(ready, wide, &order, &scores, &ranks, &tiers)?,
        sides: vec![("indicators", parts(ready, wide, &order, &raw, &scores)?)],
        cautions: cautions(ready, notes, &raw, &scores, &tiers)?,
        ..Estimates::default()
    })
}

fn normalise_all(
    ready: &Checked,
    values: &[Option<f64>],
    direction: Direction,
) -> Result<Vec<Option<f64>>, Unusable> {
    let mut steps = ready.steps.iter();
    let Some(first) = steps.next() else { return Err(Unusable::Missing) };
    let first = normalise(values, direction, *first)?;
    // The first step has turned the indicator the right way round.
    steps.try_fold(first, |values, step| normalise(&values, Direction::Higher, *step))
}

fn refuse_repeated(ready: &Checked, at: usize, wide: &DataFrame, rows: &[i64]) -> Result<(), RunError> {
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
fn whole(table: &DataFrame, column: &str) -> PolarsResult<Vec<i64>> {
    Ok(table.column(column)?.i64()?.iter().map(|n| n.unwrap_or(0)).collect())
}

fn main(
    ready: &Checked,
    wide: &DataFrame,
    order: &[usize],
    scores: &[Score],
    ranks: &[Option<usize>],
    tiers: &[Option<usize>],
) -> PolarsResult<DataFrame> {
    let sorted =
        wide.take(&IdxCa::new("at".into(), order.iter().map(|at| *at as IdxSize).collect::<Vec<_>>()))?;
    let mut columns = vec![sorted.column("key")?.clone().with_name(ready.key.name.as_str().into())];
    for (at, kept) in ready.kept().enumerate() {
        columns.push(sorted.column(&keep_name(at))?.clone().with_name(kept.name.as_str().into()));
    }
    let [score, rank, tier, weight_share] = SCORES;
    let in_order = || order.iter().copied();
    let tier_name = |at: usize| tiers[at].map(|tier| ready.tiers[tier].0.as_str());
    columns.extend([
        Column::new(score.into(), in_order().map(|at| scores[at].score).collect::<Vec<_>>()),
        Column::new(rank.into(), in_order().map(|at| ranks[at].map(|rank| rank as i64)).collect::<Vec<_>>()),
        Column::new(tier.into(), in_order().map(tier_name).collect::<Vec<_>>()),
        Column::new(weight_share.into(), in_order().map(|at| scores[at].weight_share).collect::<Vec<_>>()),
    ]);
    DataFrame::new(order.len(), columns)
}

fn parts(
    ready: &Checked,
    wide: &DataFrame,
    order: &[usize],
    raw: &[Raw],
    scores: &[Score],
) -> PolarsResult<DataFrame> {
    let cells: Vec<(usize, usize)> =
        order.iter().flat_map(|partner| (0..raw.len()).map(move |at| (*partner, at))).collect();
    let partners: Vec<IdxSize> = cells.iter().map(|(partner, _)| *partner as IdxSize).collect();
    let key = wide.column("key")?.take(&IdxCa::new("at".into(), partners))?;
    let normalised = |(partner, at): &(usize, usize)| raw[*at].normalised.as_ref().ok()?[*partner];
    let floats = |of: &dyn Fn(&(usize, usize)) -> Option<f64>| cells.iter().map(of).collect::<Vec<_>>();
    let [indicator, value, n, normal, weight, contribution] = PARTS;
    let names: Vec<&str> = cells.iter().map(|(_, at)| ready.indicators[*at].name.as_str()).collect();
    let columns = vec![
        key.with_name(ready.key.name.as_str().into()),
        Column::new(indicator.into(), names),
        Column::new(value.into(), floats(&|(partner, at)| raw[*at].values[*partner])),
        Column::new(n.into(), cells.iter().map(|(partner, at)| raw[*at].n[*partner]).collect::<Vec<_>>()),
        Column::new(normal.into(), floats(&normalised)),
        Column::new(weight.into(), floats(&|(partner, at)| scores[*partner].weights[*at])),
        Column::new(contribution.into(), floats(&|(partner, at)| scores[*partner].contributions[*at])),
    ];
    DataFrame::new(cells.len(), columns)
}

fn cautions(
    ready: &Checked,
    notes: &DataFrame,
    raw: &[Raw],
    scores: &[Score],
    tiers: &[Option<usize>],
) -> PolarsResult<Vec<Caution>> {
    let told = |code, key: String, figure: f64, message: String| Caution {
        stage: String::new(),
        code,
        key,
        figure: Some(figure),
        message,
    };
    let all = scores.len();
    if all == 0 {
        let message = "there is no partner to score".to_owned();
        return Ok(vec![told(CautionCode::NoRows, String::new(), 0.0, message)]);
    }
    let mut cautions = Vec::new();
    let (at, what, n) = (notes.column("at")?.i64()?, notes.column("what")?.str()?, notes.column("n")?.i64()?);
    for ((at, what), n) in at.iter().zip(what.iter()).zip(n.iter()) {
        let n = n.unwrap_or(0);
        if n == 0 {
            continue;
        }
        let indicator = at.and_then(|at| ready.indicators.get(at as usize));
        let (key, table) = match (indicator, &ready.listed) {
            (Some(indicator), _) => (format!("indicator={}", indicator.name), indicator.from.value.as_str()),
            (None, Some((from, _))) => (String::new(), from.value.as_str()),
            (None, None) => continue,
        };
        let rows = if n == 1 { "1 row".to_owned() } else { format!("{} rows", number::count(n as f64)) };
        cautions.push(match what {
            Some(UNLISTED) => {
                let message = format!("{rows} of `{table}` left out: the partner is not in the list");
                told(CautionCode::UnmatchedRows, key, n as f64, message)
            }
            _ => {
                let message = format!("{rows} of `{table}` left out: no partner is named");
                told(CautionCode::MissingValues, key, n as f64, message)
            }
        });
    }
    for (indicator, raw) in ready.indicators.iter().zip(raw) {
        let key = format!("indicator={}", indicator.name);
        let missing = raw.values.iter().filter(|value| value.is_none()).count();
        match raw.normalised {
            Err(Unusable::Missing) => {
                let message = format!(
                    "no partner has a value for indicator `{}`: it is left out of every score",
                    indicator.name
                );
                cautions.push(told(CautionCode::MissingValues, key, 1.0, message));
            }
            Err(Unusable::Constant) => {
                let value = raw.values.iter().flatten().next().copied().unwrap_or(f64::NAN);
                let message = format!(
                    "indicator `{}` is {} for every partner who has a value, so it tells nobody apart: it is \
                     left out of every score",
                    indicator.name,
                    number::plain(value)
                );
                cautions.push(told(CautionCode::ConstantIndicator, key, value, message));
            }
            Ok(_) if missing > 0 => {
                let message = format!(
                    "{} no value for indicator `{}`; the others make the score",
                    of(missing, all),
                    indicator.name
                );
                cautions.push(told(CautionCode::MissingValues, key, missing as f64 / all as f64, message));
            }
            Ok(_) => {}
        }
    }
    let unscored = scores.iter().filter(|made| made.score.is_none()).count();
    if unscored > 0 {
        let message = format!("{} no score, for want of an indicator that can be used", of(unscored, all));
        cautions.push(told(CautionCode::MissingValues, String::new(), unscored as f64 / all as f64, message));
    }
    cautions.extend(ties(ready, tiers, told));
    Ok(cautions)
}

/// Tiers that hold more than their share because equal scores were kept together.
fn ties(
    ready: &Checked,
    tiers: &[Option<usize>],
    told: impl Fn(CautionCode, String, f64, String) -> Caution,
) -> Vec<Caution> {
    let ranked = tiers.iter().flatten().count();
    let mut due = 0.0;
    let mut held = 0;
    let mut cautions = Vec::new();
    for (at, (name, share)) in ready.tiers.iter().enumerate() {
        let here = tiers.iter().filter(|tier| **tier == Some(at)).count();
        due += share * ranked as f64;
        held += here;
        if held as f64 > (due - 1e-9).ceil() {
            let message = format!(
                "equal scores were kept together at the end of tier `{name}`: it holds {} of {} partners",
                number::count(here as f64),
                number::count(ranked as f64)
            );
            let figure = here as f64 / ranked as f64;
            cautions.push(told(CautionCode::TiesAtTheCut, format!("tier={name}"), figure, message));
        }
    }
    cautions
}

/// `1 of 4 partners has`, `2 of 4 partners have`.
fn of(n: usize, all: usize) -> String {
    let (n, verb) = (number::count(n as f64), if n == 1 { "has" } else { "have" });
    format!("{n} of {} partners {verb}", number::count(all as f64))
}
