//! The side tables beside the indicators: weights, correlations, components, reliability, what becomes of ranks without an
//! indicator, how often each rank came, and the best tier beside the last.

use polars::prelude::*;

use super::card::Card;
use super::{Checked, Side, high_low};
use crate::stats::components::{Components, cronbach_alpha};
use crate::stats::correlation::{pearson, spearman};
use crate::stats::ranking;

fn schema(columns: &[(&str, DataType)]) -> Schema {
    columns.iter().map(|(name, dtype)| Field::new((*name).into(), dtype.clone())).collect()
}

/// The side tables that are promised.
pub(super) fn promised(ready: &Checked) -> Vec<Side> {
    use DataType::{Float64, Int64, String};
    let key = || (ready.key.name.as_str(), ready.key.dtype.clone());
    let side = |name, meaning, columns: &[(&str, DataType)]| Side {
        name,
        meaning,
        schema: schema(columns),
        brief: false,
    };
    let weights = [
        ("indicator", String),
        ("weight", Float64),
        ("weight_given", Float64),
        ("weight_equal", Float64),
        ("weight_entropy", Float64),
        ("weight_critic", Float64),
        ("weight_pca", Float64),
    ];
    let components = [
        ("component", Int64),
        ("indicator", String),
        ("eigenvalue", Float64),
        ("explained", Float64),
        ("loading", Float64),
    ];
    let reliability = [("indicator", String), ("n", Int64), ("alpha", Float64)];
    let correlations = [
        ("indicator", String),
        ("other_indicator", String),
        ("n", Int64),
        ("correlation", Float64),
        ("rank_correlation", Float64),
    ];
    let drop_one =
        [("indicator", String), key(), ("score", Float64), ("rank", Int64), ("rank_change", Int64)];
    let mut sides = vec![
        side(
            "weights",
            "One row per indicator: its part of all weight, and what other rules give.",
            &weights,
        ),
        side(
            "correlations",
            "One row per pair of indicators: how they go together, the larger being the better in both.",
            &correlations,
        ),
        side(
            "components",
            "One row per principal component and indicator: how much all of them say the same.",
            &components,
        ),
        side(
            "reliability",
            "Cronbach's alpha of the normalised indicators: of all, then without each.",
            &reliability,
        ),
        side("drop_one", "One row per indicator and partner: score and rank without it.", &drop_one),
    ];
    if ready.stability.is_some() {
        let columns = [key(), ("rank", Int64), ("share", Float64)];
        let meaning = "One row per partner and rank that came: in which part of the draws.";
        sides.push(side("ranks", meaning, &columns));
    }
    if !ready.attributes().is_empty() {
        let meaning = "One row per attribute, or per value of a text: the best tier beside the last.";
        sides.push(side("high_low", meaning, &high_low::columns()));
    }
    sides
}

/// The side tables.
pub(super) fn tables(
    ready: &Checked,
    wide: &DataFrame,
    card: &Card,
) -> PolarsResult<Vec<(&'static str, DataFrame)>> {
    let mut sides = vec![
        ("weights", weights(ready, card)?),
        ("correlations", correlations(ready, card)?),
        ("components", components(ready, card)?),
        ("reliability", reliability(ready, card)?),
        ("drop_one", drop_one(ready, wide, card)?),
    ];
    if ready.stability.is_some() {
        sides.push(("ranks", ranks(ready, wide, card)?));
    }
    if !ready.attributes().is_empty() {
        sides.push(("high_low", high_low::table(ready, wide, card)?));
    }
    Ok(sides)
}

fn weights(ready: &Checked, card: &Card) -> PolarsResult<DataFrame> {
    let made = &card.weights;
    let sum: f64 = made.used.iter().flatten().sum();
    let known: Vec<Option<f64>> =
        made.given.iter().zip(&made.used).map(|(given, used)| used.map(|_| *given)).collect();
    let all: f64 = known.iter().flatten().sum();
    let part = |weights: &[Option<f64>], all: f64| -> Vec<Option<f64>> {
        weights.iter().map(|weight| weight.map(|weight| weight / all)).collect()
    };
    let names: Vec<&str> = ready.indicators.iter().map(|indicator| indicator.name.as_str()).collect();
    let columns = vec![
        Column::new("indicator".into(), &names),
        Column::new("weight".into(), part(&made.used, sum)),
        Column::new("weight_given".into(), part(&known, all)),
        Column::new("weight_equal".into(), &made.equal),
        Column::new("weight_entropy".into(), &made.entropy),
        Column::new("weight_critic".into(), &made.critic),
        Column::new("weight_pca".into(), &made.pca),
    ];
    DataFrame::new(names.len(), columns)
}

fn correlations(ready: &Checked, card: &Card) -> PolarsResult<DataFrame> {
    let directed: Vec<Vec<Option<f64>>> =
        card.raw.iter().zip(&ready.indicators).map(|(raw, of)| raw.directed(of.direction)).collect();
    let m = directed.len();
    let pairs: Vec<(usize, usize)> = (0..m).flat_map(|a| (a + 1..m).map(move |b| (a, b))).collect();
    let name = |at: usize| ready.indicators[at].name.as_str();
    let linear: Vec<_> = pairs.iter().map(|(a, b)| pearson(&directed[*a], &directed[*b])).collect();
    let ranked: Vec<_> = pairs.iter().map(|(a, b)| spearman(&directed[*a], &directed[*b]).0).collect();
    let columns = vec![
        Column::new("indicator".into(), pairs.iter().map(|(a, _)| name(*a)).collect::<Vec<_>>()),
        Column::new("other_indicator".into(), pairs.iter().map(|(_, b)| name(*b)).collect::<Vec<_>>()),
        Column::new("n".into(), linear.iter().map(|(_, n)| *n as i64).collect::<Vec<_>>()),
        Column::new("correlation".into(), linear.iter().map(|(r, _)| *r).collect::<Vec<_>>()),
        Column::new("rank_correlation".into(), ranked),
    ];
    DataFrame::new(pairs.len(), columns)
}

fn components(ready: &Checked, card: &Card) -> PolarsResult<DataFrame> {
    let found = card.weights.components.as_ref();
    let explained = found.map(Components::explained).unwrap_or_default();
    let mut rows: Vec<(i64, &str, f64, f64, f64)> = Vec::new();
    for (at, loadings) in found.iter().flat_map(|found| found.loadings.iter().enumerate()) {
        for (indicator, loading) in card.weights.usable.iter().zip(loadings) {
            let name = ready.indicators[*indicator].name.as_str();
            let eigenvalue = found.map_or(0.0, |found| found.eigenvalues[at]);
            rows.push((at as i64 + 1, name, eigenvalue, explained[at], *loading));
        }
    }
    let columns = vec![
        Column::new("component".into(), rows.iter().map(|row| row.0).collect::<Vec<_>>()),
        Column::new("indicator".into(), rows.iter().map(|row| row.1).collect::<Vec<_>>()),
        Column::new("eigenvalue".into(), rows.iter().map(|row| row.2).collect::<Vec<_>>()),
        Column::new("explained".into(), rows.iter().map(|row| row.3).collect::<Vec<_>>()),
        Column::new("loading".into(), rows.iter().map(|row| row.4).collect::<Vec<_>>()),
    ];
    DataFrame::new(rows.len(), columns)
}

/// Alpha of the usable indicators, and without each of them.
fn reliability(ready: &Checked, card: &Card) -> PolarsResult<DataFrame> {
    let usable = &card.weights.usable;
    let alpha = |without: Option<usize>| {
        let others = usable.iter().filter(|at| Some(**at) != without);
        cronbach_alpha(&others.map(|at| card.raw[*at].normalised.as_slice()).collect::<Vec<_>>())
    };
    let left_out: Vec<Option<usize>> =
        std::iter::once(None).chain(usable.iter().copied().map(Some)).collect();
    let found: Vec<(Option<f64>, usize)> = left_out.iter().map(|without| alpha(*without)).collect();
    let name = |at: &Option<usize>| at.map(|at| ready.indicators[at].name.as_str());
    let columns = vec![
        Column::new("indicator".into(), left_out.iter().map(name).collect::<Vec<_>>()),
        Column::new("n".into(), found.iter().map(|(_, n)| *n as i64).collect::<Vec<_>>()),
        Column::new("alpha".into(), found.iter().map(|(alpha, _)| *alpha).collect::<Vec<_>>()),
    ];
    DataFrame::new(left_out.len(), columns)
}

fn drop_one(ready: &Checked, wide: &DataFrame, card: &Card) -> PolarsResult<DataFrame> {
    let mut names = Vec::new();
    let mut partners: Vec<IdxSize> = Vec::new();
    let (mut scores, mut ranks, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    for (at, indicator) in ready.indicators.iter().enumerate() {
        if !card.raw[at].is_usable() {
            continue;
        }
        let mut score_of = vec![None; wide.height()];
        let mut rank_of = vec![None; wide.height()];
        for (group, members) in card.groups.iter().enumerate() {
            let made = card.score(ready, group, Some(at));
            // Who has no score with all indicators gets none with fewer.
            let made: Vec<Option<f64>> = made
                .iter()
                .zip(&members.partners)
                .map(|(made, partner)| made.score.filter(|_| card.scores[*partner].score.is_some()))
                .collect();
            let ranked = ranking::competition(&made);
            for ((partner, score), rank) in members.partners.iter().zip(made).zip(ranked) {
                score_of[*partner] = score;
                rank_of[*partner] = rank.map(|rank| rank as i64);
            }
        }
        for partner in &card.order {
            names.push(indicator.name.as_str());
            partners.push(*partner as IdxSize);
            scores.push(score_of[*partner]);
            ranks.push(rank_of[*partner]);
            let before = card.ranks[*partner].map(|rank| rank as i64);
            changes.push(rank_of[*partner].zip(before).map(|(without, with)| without - with));
        }
    }
    let height = names.len();
    let key = wide.column("key")?.take(&IdxCa::new("at".into(), partners))?;
    let columns = vec![
        Column::new("indicator".into(), names),
        key.with_name(ready.key.name.as_str().into()),
        Column::new("score".into(), scores),
        Column::new("rank".into(), ranks),
        Column::new("rank_change".into(), changes),
    ];
    DataFrame::new(height, columns)
}

fn ranks(ready: &Checked, wide: &DataFrame, card: &Card) -> PolarsResult<DataFrame> {
    let came: Vec<(IdxSize, i64, f64)> = card
        .order
        .iter()
        .flat_map(|partner| {
            let shares = card.stability[*partner].iter().flat_map(|ranks| &ranks.shares);
            shares.map(|(rank, share)| (*partner as IdxSize, *rank as i64, *share))
        })
        .collect();
    let partners = came.iter().map(|(partner, _, _)| *partner).collect::<Vec<_>>();
    let key = wide.column("key")?.take(&IdxCa::new("at".into(), partners))?;
    let columns = vec![
        key.with_name(ready.key.name.as_str().into()),
        Column::new("rank".into(), came.iter().map(|(_, rank, _)| *rank).collect::<Vec<_>>()),
        Column::new("share".into(), came.iter().map(|(_, _, share)| *share).collect::<Vec<_>>()),
    ];
    DataFrame::new(came.len(), columns)
}
