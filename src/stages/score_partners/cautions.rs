//! What a reader of the score card should know.

use polars::prelude::*;

use super::card::{Card, Group, Raw};
use super::estimate::UNLISTED;
use super::{Checked, Listed, Weighting, high_low};
use crate::diagnostic::{Caution, CautionCode};
use crate::number;
use crate::stats::composite::Unusable;
use crate::stats::ranking;

pub(super) fn of(ready: &Checked, notes: &DataFrame, card: &Card) -> PolarsResult<Vec<Caution>> {
    let all = card.scores.len();
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
            (None, Some(Listed { from, .. })) => (String::new(), from.value.as_str()),
            (None, None) => continue,
        };
        let rows = if n == 1 { "1 row".to_owned() } else { format!("{} rows", number::count(n as f64)) };
        let made = match what {
            Some(UNLISTED) => {
                let message = format!("{rows} of `{table}` left out: the partner is not in the list");
                told(CautionCode::UnmatchedRows, key, n as f64, message)
            }
            _ => {
                let message = format!("{rows} of `{table}` left out: no partner is named");
                told(CautionCode::MissingValues, key, n as f64, message)
            }
        };
        // A table that is read several times has the same rows left out, which are told once.
        if cautions.iter().all(|earlier: &Caution| earlier.message != made.message) {
            cautions.push(made);
        }
    }
    if card.strays > 0 {
        let message = format!("{} no peer group, and no score", have(card.strays, all));
        let figure = card.strays as f64 / all as f64;
        cautions.push(told(CautionCode::MissingValues, String::new(), figure, message));
    }
    let alone = card.groups.iter().filter(|group| group.name.is_some() && group.partners.len() == 1).count();
    if alone > 0 {
        let groups = if alone == 1 { "1 peer group has" } else { &format!("{alone} peer groups have") };
        let message = format!("{groups} a single partner, who can be compared with nobody");
        cautions.push(told(CautionCode::SmallBase, String::new(), alone as f64, message));
    }
    for at in 0..ready.indicators.len() {
        indicator(ready, card, at, &mut cautions);
    }
    if card.thin > 0 {
        let least = number::plain(100.0 * ready.min_share);
        let message =
            format!("{} no score, because less than {least} % of the weight is known", have(card.thin, all));
        let figure = card.thin as f64 / all as f64;
        cautions.push(told(CautionCode::MissingValues, String::new(), figure, message));
    }
    let none = card.scores.iter().filter(|made| made.score.is_none()).count();
    let unscored = none.saturating_sub(card.thin + card.strays);
    if unscored > 0 {
        let message = format!("{} no score, for want of an indicator that can be used", have(unscored, all));
        cautions.push(told(CautionCode::MissingValues, String::new(), unscored as f64 / all as f64, message));
    }
    for group in &card.groups {
        ties(ready, card, group, &mut cautions);
    }
    common_weights(ready, card, &mut cautions);
    cautions.extend(uncertain(ready, card));
    if !ready.attributes().is_empty() {
        for (end, (name, _)) in high_low::ends(ready, card)
            .iter()
            .zip([ready.tiers.first(), ready.tiers.last()].into_iter().flatten())
        {
            if end.len() < FEW {
                let n = end.len();
                let partners = if n == 1 { "1 partner".to_owned() } else { format!("{n} partners") };
                let message = format!("the comparison of tiers rests on {partners} in `{name}`");
                cautions.push(told(CautionCode::SmallBase, format!("tier={name}"), n as f64, message));
            }
        }
    }
    Ok(cautions)
}

/// Weights by what indicators have in common: on how many partners they rest, and who goes against the rest.
fn common_weights(ready: &Checked, card: &Card, cautions: &mut Vec<Caution>) {
    let (Weighting::Pca, Some(found)) = (ready.weights.value, &card.weights.components) else { return };
    let (n, m) = (found.n, card.weights.usable.len());
    if n < A_COMPONENT * m {
        let message = format!(
            "weights by `pca` rest on {} partners with all of {m} indicators, fewer than {A_COMPONENT} an \
             indicator: other partners would give other weights",
            number::count(n as f64)
        );
        cautions.push(told(CautionCode::SmallBase, "weights=pca".to_owned(), n as f64, message));
    }
    for (at, loading) in card.weights.usable.iter().zip(found.loadings.first().into_iter().flatten()) {
        if *loading < 0.0 {
            let name = &ready.indicators[*at].name;
            let message = format!(
                "`pca` gives indicator `{name}` a weight although it goes against the others: who is good in \
                 them is rather bad in it"
            );
            cautions.push(told(CautionCode::DoubtfulModel, format!("indicator={name}"), *loading, message));
        }
    }
}

/// Partners an indicator that correlations want at least (the "rule of 10" of the OECD handbook, step 4).
const A_COMPONENT: usize = 10;
/// Tiers of fewer partners are compared with a caution.
const FEW: usize = 5;

fn told(code: CautionCode, key: String, figure: f64, message: String) -> Caution {
    Caution::new(code, key, Some(figure), message)
}

/// What is to be told of an indicator: by peer group where it is unusable in some.
fn indicator(ready: &Checked, card: &Card, at: usize, cautions: &mut Vec<Caution>) {
    let (indicator, raw, all) = (&ready.indicators[at], &card.raw[at], card.scores.len());
    let name = &indicator.name;
    let mut unusable = false;
    for (group, why) in card.groups.iter().zip(&raw.unusable) {
        // Told once, of the group: nobody is there to be told apart from.
        if group.name.is_some() && group.partners.len() == 1 {
            continue;
        }
        let (key, whole, whose) = match &group.name {
            None => (format!("indicator={name}"), String::new(), "every score"),
            Some(peers) => {
                (format!("indicator={name}, group={peers}"), format!(" of `{peers}`"), "the scores there")
            }
        };
        match why {
            None => {}
            Some(Unusable::Missing) => {
                let message = format!(
                    "no partner{whole} has a value for indicator `{name}`: it is left out of {whose}"
                );
                cautions.push(told(CautionCode::MissingValues, key, 1.0, message));
                unusable = true;
            }
            Some(Unusable::Constant) => {
                let value = group.partners.iter().find_map(|at| raw.used[*at]).unwrap_or(f64::NAN);
                let message = format!(
                    "indicator `{name}` is {} for every partner{whole} who has a value, so it tells nobody \
                     apart: it is left out of {whose}",
                    number::plain(value)
                );
                cautions.push(told(CautionCode::ConstantIndicator, key, value, message));
                unusable = true;
            }
        }
    }
    let missing = raw.values.iter().filter(|value| value.is_none()).count();
    if missing > 0 && missing < all && !unusable {
        let message =
            format!("{} no value for indicator `{name}`; the others make the score", have(missing, all));
        let figure = missing as f64 / all as f64;
        cautions.push(told(CautionCode::MissingValues, format!("indicator={name}"), figure, message));
    }
    if indicator.std_error.is_some() {
        cautions.extend(exact_values(ready, name, raw));
    }
}

/// How many values are taken as exact because their standard error is of no use.
fn exact_values(ready: &Checked, name: &str, raw: &Raw) -> Option<Caution> {
    let errors = || raw.values.iter().zip(&raw.errors_given).filter(|(value, _)| value.is_some());
    let missing = errors().filter(|(_, error)| error.is_none()).count();
    let below = errors().filter(|(_, error)| error.is_some_and(|error| error < 0.0)).count();
    let (unusable, all) = (missing + below, errors().count());
    let parts = match (missing, below) {
        (_, 0) => "missing".to_owned(),
        (0, _) => "below zero".to_owned(),
        _ => format!("{} missing, {} below zero", number::count(missing as f64), number::count(below as f64)),
    };
    let narrow = if ready.stability.is_some() { ", and intervals of ranks are too narrow" } else { "" };
    let message = format!(
        "{} no usable standard error for indicator `{name}` ({parts}): the value counts as exact{narrow}",
        have(unusable, all)
    );
    let figure = unusable as f64 / all.max(1) as f64;
    (unusable > 0).then(|| told(CautionCode::MissingValues, format!("indicator={name}"), figure, message))
}

/// How many partners have ranks that could as well be those of another tier.
fn uncertain(ready: &Checked, card: &Card) -> Option<Caution> {
    let shares: Vec<f64> = ready.tiers.iter().map(|(_, share)| *share).collect();
    let (mut open, mut ranked) = (0, 0);
    for group in &card.groups {
        let n = group.partners.iter().filter(|at| card.ranks[**at].is_some()).count();
        let tiers = ranking::tiers(&(1..=n).map(Some).collect::<Vec<_>>(), &shares);
        let tier = |rank: usize| tiers.get(rank.wrapping_sub(1)).copied().flatten();
        for ranks in group.partners.iter().filter_map(|at| card.stability.get(*at)?.as_ref()) {
            ranked += 1;
            open += usize::from(tier(ranks.low) != tier(ranks.high));
        }
    }
    (open > 0).then(|| {
        let (some, all) = (number::count(open as f64), number::count(ranked as f64));
        let message = format!(
            "{some} of {all} partners have a rank interval that reaches into another tier: a change of tier \
             inside it is not news"
        );
        told(CautionCode::UncertainRanks, String::new(), open as f64 / ranked as f64, message)
    })
}

/// Tiers that hold more than their share because equal scores were kept together.
fn ties(ready: &Checked, card: &Card, group: &Group, cautions: &mut Vec<Caution>) {
    let tiers = || group.partners.iter().filter_map(|at| card.tiers[*at]);
    let ranked = tiers().count();
    let mut due = 0.0;
    let mut held = 0;
    for (at, (name, share)) in ready.tiers.iter().enumerate() {
        let here = tiers().filter(|tier| *tier == at).count();
        due += share * ranked as f64;
        held += here;
        if held as f64 > (due - 1e-9).ceil() {
            let (key, whose) = match &group.name {
                None => (format!("tier={name}"), String::new()),
                Some(peers) => (format!("tier={name}, group={peers}"), format!(" of `{peers}`")),
            };
            let message = format!(
                "equal scores were kept together at the end of tier `{name}`: it holds {} of {} partners{whose}",
                number::count(here as f64),
                number::count(ranked as f64)
            );
            cautions.push(told(CautionCode::TiesAtTheCut, key, here as f64 / ranked as f64, message));
        }
    }
}

/// `1 of 4 partners has`, `2 of 4 partners have`.
fn have(n: usize, all: usize) -> String {
    let (n, verb) = (number::count(n as f64), if n == 1 { "has" } else { "have" });
    format!("{n} of {} partners {verb}", number::count(all as f64))
}
