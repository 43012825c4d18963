//! The score card in numbers: what was measured, brought to scale, weighted, scored and ranked within
//! each peer group. Tables of it are made elsewhere.

use polars::prelude::*;

use super::{Checked, Weighting, base_name, error_name, estimate, keep_name, n_name, rows_name, value_name};
use crate::diagnostic::{Code, Diagnostic, RunError};
use crate::stats::components::{Components, components};
use crate::stats::composite::{Direction, Score, Unusable, normalise_by, scores};
use crate::stats::multicriteria::{critic_weights, entropy_weights};
use crate::stats::rank_stability::{self, Plan, Ranks};
use crate::stats::{ranking, shrinkage};

/// What was measured of one indicator, partner by partner.
pub(super) struct Raw {
    /// As measured.
    pub values: Vec<Option<f64>>,
    pub n: Vec<i64>,
    /// As it counts: drawn towards the mean of the group where that is asked for.
    pub used: Vec<Option<f64>>,
    /// Of what counts.
    pub std_errors: Vec<Option<f64>>,
    /// As written.
    pub errors_given: Vec<Option<f64>>,
    pub shrunk_by: Vec<Option<f64>>,
    pub normalised: Vec<Option<f64>>,
    /// By group: why it is not among the scores there.
    pub unusable: Vec<Option<Unusable>>,
}

impl Raw {
    /// Whether it tells anyone apart in any group.
    pub fn is_usable(&self) -> bool {
        self.unusable.iter().any(Option::is_none)
    }

    /// What counts, the larger the better.
    pub fn directed(&self, direction: Direction) -> Vec<Option<f64>> {
        let sign = if direction == Direction::Lower { -1.0 } else { 1.0 };
        self.used.iter().map(|value| value.map(|value| sign * value)).collect()
    }
}

/// Partners who are compared with each other.
pub(super) struct Group {
    /// The value of the peer column; none where there are no peer groups.
    pub name: Option<String>,
    pub partners: Vec<usize>,
}

/// The weights that could be had, by indicator; none for one that is in no score.
pub(super) struct WeightTable {
    pub used: Vec<Option<f64>>,
    pub given: Vec<f64>,
    pub equal: Vec<Option<f64>>,
    pub entropy: Vec<Option<f64>>,
    pub critic: Vec<Option<f64>>,
    pub pca: Vec<Option<f64>>,
    /// Of the usable indicators.
    pub components: Option<Components>,
    /// The places of the usable indicators.
    pub usable: Vec<usize>,
}

pub(super) struct Card {
    pub raw: Vec<Raw>,
    pub groups: Vec<Group>,
    pub weights: WeightTable,
    pub scores: Vec<Score>,
    pub ranks: Vec<Option<usize>>,
    pub tiers: Vec<Option<usize>>,
    /// By partner; empty where ranks are not put to the test.
    pub stability: Vec<Option<Ranks>>,
    /// Partners in the order of the tables.
    pub order: Vec<usize>,
    /// Partners whose peer group is not known.
    pub strays: usize,
    /// Partners of whom too little is known.
    pub thin: usize,
}

impl Card {
    pub fn of(ready: &Checked, wide: &DataFrame) -> Result<Self, RunError> {
        let (groups, strays) = groups(ready, wide)?;
        let raw = (0..ready.indicators.len())
            .map(|at| measure(ready, at, wide, &groups))
            .collect::<Result<Vec<Raw>, RunError>>()?;
        let weights = weigh(ready, &raw)?;
        let all = wide.height();
        let none = || Score {
            score: None,
            weight_share: 0.0,
            weights: vec![None; raw.len()],
            contributions: vec![None; raw.len()],
        };
        let mut card = Self {
            scores: (0..all).map(|_| none()).collect(),
            ranks: vec![None; all],
            tiers: vec![None; all],
            stability: if ready.stability.is_some() { vec![None; all] } else { Vec::new() },
            order: Vec::new(),
            thin: 0,
            raw,
            groups,
            weights,
            strays,
        };
        let shares: Vec<f64> = ready.tiers.iter().map(|(_, share)| *share).collect();
        for at in 0..card.groups.len() {
            let made = card.score(ready, at, None);
            let members = card.groups[at].partners.clone();
            for (partner, mut score) in members.iter().zip(made) {
                // Shares such as 0.3 + 0.3 miss 0.6 by some units in the last place.
                if score.score.is_some() && score.weight_share < ready.min_share - 1e-9 {
                    score.score = None;
                    score.contributions = vec![None; card.raw.len()];
                    card.thin += 1;
                }
                card.scores[*partner] = score;
            }
            let of_group: Vec<Option<f64>> = members.iter().map(|at| card.scores[*at].score).collect();
            let ranks = ranking::competition(&of_group);
            let tiers = ranking::tiers(&ranks, &shares);
            for ((partner, rank), tier) in members.iter().zip(ranks).zip(tiers) {
                card.ranks[*partner] = rank;
                card.tiers[*partner] = tier;
            }
            if let Some(plan) = &ready.stability {
                let made = card.put_to_the_test(ready, at, plan);
                for (partner, ranks) in members.iter().zip(made) {
                    card.stability[*partner] = ranks;
                }
            }
        }
        // The rows come sorted by key; a stable sort keeps that order among equals.
        let mut group_of = vec![card.groups.len(); all];
        for (at, group) in card.groups.iter().enumerate() {
            group.partners.iter().for_each(|partner| group_of[*partner] = at);
        }
        card.order = (0..all).collect();
        card.order.sort_by_key(|partner| (group_of[*partner], card.ranks[*partner].unwrap_or(usize::MAX)));
        Ok(card)
    }

    /// The scores of a group, in the order of its partners, perhaps without one of the indicators.
    pub fn score(&self, ready: &Checked, group: usize, without: Option<usize>) -> Vec<Score> {
        let partners = &self.groups[group].partners;
        let columns: Vec<Vec<Option<f64>>> =
            self.raw.iter().map(|raw| partners.iter().map(|at| raw.normalised[*at]).collect()).collect();
        let columns: Vec<&[Option<f64>]> = columns.iter().map(Vec::as_slice).collect();
        // A weight of 0 takes an indicator out of every partner's score, known or not.
        let weight = |at: usize| {
            let counts = self.raw[at].unusable[group].is_none() && without != Some(at);
            self.weights.used[at].filter(|_| counts).unwrap_or(0.0)
        };
        let weights: Vec<f64> = (0..self.raw.len()).map(weight).collect();
        scores(&columns, &weights, ready.aggregation, partners.len())
    }

    fn put_to_the_test(&self, ready: &Checked, group: usize, plan: &Plan) -> Vec<Option<Ranks>> {
        let partners = &self.groups[group].partners;
        let of = |column: &[Option<f64>]| partners.iter().map(|at| column[*at]).collect();
        let indicators: Vec<rank_stability::Indicator> = self
            .raw
            .iter()
            .zip(&ready.indicators)
            .zip(&self.weights.used)
            .map(|((raw, indicator), weight)| rank_stability::Indicator {
                values: of(&raw.used),
                std_errors: of(&raw.std_errors),
                direction: indicator.direction,
                weight: weight.unwrap_or(0.0),
                scales: indicator.scales.clone(),
            })
            .collect();
        let scored: Vec<bool> = partners.iter().map(|at| self.scores[*at].score.is_some()).collect();
        rank_stability::ranks(&indicators, &scored, &Plan { stream: group as u64, ..*plan })
    }
}

fn groups(ready: &Checked, wide: &DataFrame) -> PolarsResult<(Vec<Group>, usize)> {
    let all = wide.height();
    let Some(within) = ready.listed.as_ref().and_then(|listed| listed.within) else {
        return Ok((vec![Group { name: None, partners: (0..all).collect() }], 0));
    };
    let names = wide.column(&keep_name(within))?.cast(&DataType::String)?;
    let mut found = std::collections::BTreeMap::<&str, Vec<usize>>::new();
    let mut strays = 0;
    for (partner, name) in names.str()?.iter().enumerate() {
        match name {
            Some(name) => found.entry(name).or_default().push(partner),
            None => strays += 1,
        }
    }
    let group = |(name, partners): (&str, Vec<usize>)| Group { name: Some(name.to_owned()), partners };
    Ok((found.into_iter().map(group).collect(), strays))
}

fn measure(ready: &Checked, at: usize, wide: &DataFrame, groups: &[Group]) -> Result<Raw, RunError> {
    let indicator = &ready.indicators[at];
    let rows = estimate::whole(wide, &rows_name(at))?;
    if indicator.aggregate.is_none() {
        estimate::refuse_repeated(ready, at, wide, &rows)?;
    }
    let floats =
        |name: &str| -> PolarsResult<Vec<Option<f64>>> { Ok(wide.column(name)?.f64()?.iter().collect()) };
    let values: Vec<Option<f64>> = floats(&value_name(at))?
        .into_iter()
        .zip(&rows)
        .map(|(value, rows)| if *rows == 0 { indicator.absent } else { value })
        .collect();
    let errors_given = floats(&error_name(at))?;
    let bases = floats(&base_name(at))?;
    let mut n = estimate::whole(wide, &n_name(at))?;
    let answers: Vec<Option<f64>> = match indicator.n {
        Some(_) => bases,
        None => n.iter().map(|n| Some(*n as f64)).collect(),
    };
    if indicator.n.is_some() {
        n = answers.iter().map(|n| n.unwrap_or(0.0).round() as i64).collect();
    }
    let all = values.len();
    let mut raw = Raw {
        used: values.clone(),
        std_errors: errors_given.iter().map(|error| error.filter(|error| *error >= 0.0)).collect(),
        shrunk_by: vec![None; all],
        normalised: vec![None; all],
        unusable: Vec::new(),
        values,
        n,
        errors_given,
    };
    for group in groups {
        if let Some(k) = indicator.shrink {
            let means: Vec<_> = group.partners.iter().map(|at| (raw.values[*at], answers[*at])).collect();
            for (partner, shrunk) in group.partners.iter().zip(shrinkage::towards_the_mean(&means, k)) {
                let Some(shrunk) = shrunk else { continue };
                raw.used[*partner] = Some(shrunk.value);
                raw.shrunk_by[*partner] = Some(shrunk.by);
                // What is left unknown of a mean of which a part is believed: s²·n/(n + k).
                let error = &mut raw.std_errors[*partner];
                *error = error.map(|error| error * shrunk.kept.sqrt());
            }
        }
        let values: Vec<Option<f64>> = group.partners.iter().map(|at| raw.used[*at]).collect();
        let scale = indicator.scales.first().map_or(&[][..], Vec::as_slice);
        raw.unusable.push(match normalise_by(&values, indicator.direction, scale) {
            Ok(normalised) => {
                for (partner, value) in group.partners.iter().zip(normalised) {
                    raw.normalised[*partner] = value;
                }
                None
            }
            Err(why) => Some(why),
        });
    }
    Ok(raw)
}

fn weigh(ready: &Checked, raw: &[Raw]) -> Result<WeightTable, RunError> {
    let usable: Vec<usize> = (0..raw.len()).filter(|at| raw[*at].is_usable()).collect();
    let spread = |found: Option<Vec<f64>>| -> Vec<Option<f64>> {
        let mut all = vec![None; raw.len()];
        for (at, weight) in usable.iter().zip(found.into_iter().flatten()) {
            all[*at] = Some(weight);
        }
        all
    };
    let measured: Vec<&[Option<f64>]> = usable.iter().map(|at| raw[*at].values.as_slice()).collect();
    let directed: Vec<Vec<Option<f64>>> =
        usable.iter().map(|at| raw[*at].directed(ready.indicators[*at].direction)).collect();
    let directed: Vec<&[Option<f64>]> = directed.iter().map(Vec::as_slice).collect();
    let given: Vec<f64> = ready.indicators.iter().map(|indicator| indicator.weight).collect();
    let equal = spread(Some(vec![1.0 / usable.len() as f64; usable.len()]));
    let entropy = spread(entropy_weights(&measured));
    let critic = spread(critic_weights(&directed));
    let components = components(&directed);
    let pca = spread(components.as_ref().map(Components::weights));
    let used = match ready.weights.value {
        // As written, not as parts of one, so that a score is what it always was to the last digit.
        Weighting::Given => spread(Some(usable.iter().map(|at| given[*at]).collect())),
        Weighting::Equal => spread(Some(vec![1.0; usable.len()])),
        Weighting::Entropy => entropy.clone(),
        Weighting::Critic => critic.clone(),
        Weighting::Pca => pca.clone(),
    };
    if !usable.is_empty() && used.iter().all(Option::is_none) {
        let (what, label, help) = match ready.weights.value {
            Weighting::Entropy => (
                "entropy",
                "an indicator has values below zero, or all are perfectly even",
                "add a constant to a value that can be negative: `value: estimate + 100`",
            ),
            Weighting::Pca => (
                "pca",
                "an indicator does not vary among the partners who have a value in all",
                "use `weights: equal`",
            ),
            _ => ("critic", "an indicator does not vary", "use `weights: equal`"),
        };
        let message = format!("weights by {what} cannot be had from these values");
        let told = Diagnostic::error(Code::UnusableData, message).primary(ready.weights.span, label);
        return Err(RunError::data(told.help(help)));
    }
    Ok(WeightTable { used, given, equal, entropy, critic, pca, components, usable })
}
