//! What the good customers of a partner are like, against all customers. Knows words, not segments.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::evidence::{Evidence, counts, texts};

/// Customers by value of an attribute.
#[derive(Default)]
pub(super) struct Words {
    values: Vec<String>,
    /// Of everybody, good or not.
    all: Vec<u64>,
    /// Good ones by partner, at the positions of their values.
    good: BTreeMap<usize, BTreeMap<usize, u64>>,
}

/// A value among the good customers of a partner.
pub(super) struct Line {
    pub partner: usize,
    pub attribute: usize,
    pub value: String,
    pub n: u64,
    pub base: u64,
    pub share_all: f64,
    /// Whether they are the partner's own.
    pub own: bool,
}

impl Words {
    /// Reads customers by `id` and `value`; `places` are the partners of the list.
    pub fn read(table: &DataFrame, places: &BTreeMap<&str, usize>) -> PolarsResult<Self> {
        let (ids, values) = (texts(table, "id")?, texts(table, "value")?);
        let (n, good) = (counts(table, "n")?, counts(table, "good")?);
        let mut all: BTreeMap<&str, u64> = BTreeMap::new();
        for (value, n) in values.iter().zip(&n) {
            *all.entry(value.as_deref().unwrap_or_default()).or_default() += n;
        }
        let at: BTreeMap<&str, usize> = all.keys().enumerate().map(|(at, value)| (*value, at)).collect();
        let mut found = Self {
            values: all.keys().map(|value| (*value).to_owned()).collect(),
            all: all.values().copied().collect(),
            good: BTreeMap::new(),
        };
        for ((id, value), good) in ids.iter().zip(&values).zip(good) {
            let partner = id.as_deref().and_then(|id| places.get(id));
            let value = value.as_deref().and_then(|value| at.get(value));
            if let (Some(partner), Some(value), true) = (partner, value, good > 0) {
                *found.good.entry(*partner).or_default().entry(*value).or_default() += good;
            }
        }
        Ok(found)
    }
}

/// The lines of every partner: its own good customers where there are at least `min_n`, otherwise those
/// of its peers.
pub(super) fn lines(found: &Evidence, good: &[u64], min_n: u64) -> Vec<Line> {
    let mut peers: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (at, partner) in found.partners.iter().enumerate() {
        peers.entry(partner.peers.as_deref()).or_default().push(at);
    }
    let mut lines = Vec::new();
    let together: Vec<BTreeMap<Option<&str>, BTreeMap<usize, u64>>> = found
        .words
        .iter()
        .map(|words| peers.iter().map(|(name, those)| (*name, joined(words, those))).collect())
        .collect();
    let nobody = BTreeMap::new();
    for (partner, known) in found.partners.iter().enumerate() {
        let own = good[partner] >= min_n;
        for (attribute, words) in found.words.iter().enumerate() {
            let customers = match own {
                true => words.good.get(&partner),
                false => together[attribute].get(&known.peers.as_deref()),
            };
            let customers = customers.unwrap_or(&nobody);
            let base: u64 = customers.values().sum();
            let all = words.all.iter().sum::<u64>() as f64;
            let mut sorted: Vec<(usize, u64)> = customers.iter().map(|(value, n)| (*value, *n)).collect();
            // The sort is stable: values of the same number stay in their order.
            sorted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
            lines.extend(sorted.into_iter().map(|(value, n)| Line {
                partner,
                attribute,
                value: words.values[value].clone(),
                n,
                base,
                share_all: words.all[value] as f64 / all,
                own,
            }));
        }
    }
    lines
}

fn joined(words: &Words, partners: &[usize]) -> BTreeMap<usize, u64> {
    let mut sum = BTreeMap::new();
    for (value, n) in partners.iter().filter_map(|at| words.good.get(at)).flatten() {
        *sum.entry(*value).or_default() += n;
    }
    sum
}
