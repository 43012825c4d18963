//! The ranking that pictures of partners stand in: tiers with their colours and ends, peer groups, the
//! scales of scores. It is of all partners, so that the picture of a region shows where its own stand
//! among all.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::FigureError;
use super::page::{Key, Page, Swatch};
use super::palette::{AXIS, BLUE, Color, TIER_GREYS, VERMILLION};
use super::records::Records;
use crate::number;

/// All partners that were ranked, whoever of them is drawn.
#[derive(Debug, Clone, Default)]
pub struct Ranking {
    /// The tiers, best first.
    pub tiers: Vec<String>,
    /// Who was ranked with whom; one group without a name where all were.
    pub groups: Vec<Peers>,
    /// The smallest and the largest score.
    pub scores: Option<(f64, f64)>,
}

/// Partners who were ranked with each other.
#[derive(Debug, Clone)]
pub struct Peers {
    /// The value of the peer column.
    pub name: Option<String>,
    /// How many have a rank.
    pub ranked: usize,
    /// Where tiers end: between the last rank of one and the first of the next.
    pub cuts: Vec<f64>,
}

/// Columns of a score card that no role renames.
pub(super) const SCORE: &str = "score";
pub(super) const RANK: &str = "rank";
pub(super) const TIER: &str = "tier";

impl Ranking {
    /// Reads it from a table with a row for each partner and the columns `score`, `rank`, `tier` and
    /// that of the peer groups, if there are any.
    ///
    /// # Errors
    /// A column is missing, or of a type that cannot be read.
    pub fn read(partners: &DataFrame, within: Option<&str>) -> Result<Self, FigureError> {
        let records = Records(partners);
        let (scores, ranks) = (records.numbers(SCORE)?, records.numbers(RANK)?);
        let (tiers, groups) = (records.texts(TIER)?, peers(&records, within)?);
        // Of each group its tiers, with the first rank in it.
        let mut firsts: BTreeMap<Option<&str>, BTreeMap<&str, f64>> = BTreeMap::new();
        let mut ranked: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for row in 0..records.len() {
            let (Some(rank), Some(tier)) = (ranks[row], tiers[row].as_deref()) else { continue };
            let group = groups[row].as_deref();
            *ranked.entry(group).or_default() += 1;
            let first = firsts.entry(group).or_default().entry(tier).or_insert(rank);
            *first = first.min(rank);
        }
        // A small group may skip a tier, so that the order is that of the places in a group of size one.
        let mut places: Vec<(f64, &str)> = Vec::new();
        for (group, tiers) in &firsts {
            let all = ranked.get(group).copied().unwrap_or(1) as f64;
            for (tier, first) in tiers {
                let place = (first - 1.0) / all;
                match places.iter_mut().find(|(_, known)| known == tier) {
                    Some(known) => known.0 = known.0.min(place),
                    None => places.push((place, tier)),
                }
            }
        }
        places.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
        let groups = (firsts.iter())
            .map(|(name, tiers)| {
                let mut cuts: Vec<f64> =
                    tiers.values().filter(|first| **first > 1.0).map(|first| first - 0.5).collect();
                cuts.sort_by(f64::total_cmp);
                let ranked = ranked.get(name).copied().unwrap_or(0);
                Peers { name: name.map(str::to_owned), ranked, cuts }
            })
            .collect();
        Ok(Self {
            tiers: places.into_iter().map(|(_, tier)| tier.to_owned()).collect(),
            groups,
            scores: super::axis::range(scores.into_iter().flatten().chain([0.0])),
        })
    }

    /// The place of a tier, the best being 0.
    pub(super) fn tier(&self, name: Option<&str>) -> Option<usize> {
        self.tiers.iter().position(|tier| Some(tier.as_str()) == name)
    }

    /// How many have a rank, in all groups.
    pub(super) fn ranked(&self) -> usize {
        self.groups.iter().map(|group| group.ranked).sum()
    }

    /// How many have one in the largest group.
    pub(super) fn longest(&self) -> usize {
        self.groups.iter().map(|group| group.ranked).max().unwrap_or(0)
    }

    pub(super) fn peers(&self, name: Option<&str>) -> Option<&Peers> {
        self.groups.iter().find(|group| group.name.as_deref() == name)
    }

    /// Blue for the best tier, vermillion for the last, greys between them; blue for a single one.
    pub(super) fn color(&self, tier: Option<usize>) -> Color {
        match tier {
            None => AXIS,
            Some(0) => BLUE,
            Some(tier) if tier + 1 == self.tiers.len() => VERMILLION,
            Some(tier) => TIER_GREYS[(tier - 1) % TIER_GREYS.len()],
        }
    }

    /// Explains the colours of all tiers, where there are several.
    pub(super) fn legend(&self, page: &mut Page) {
        if self.tiers.len() < 2 {
            return;
        }
        let title = Key { swatch: Swatch::None, words: "Tier".into() };
        let keys = self
            .tiers
            .iter()
            .enumerate()
            .map(|(at, name)| Key { swatch: Swatch::Fill(self.color(Some(at))), words: name.clone() });
        page.legend(&std::iter::once(title).chain(keys).collect::<Vec<_>>());
        page.y += 10.0;
    }

    /// That ranks are those among more partners than the picture has.
    pub(super) fn note(&self, drawn: usize) -> Option<String> {
        let among =
            if self.groups.iter().any(|group| group.name.is_some()) { " of a peer group" } else { "" };
        (drawn < self.ranked()).then(|| match among {
            "" => format!(
                "Ranks and tiers are those among all {} partners.",
                number::count(self.ranked() as f64)
            ),
            among => format!("Ranks and tiers are those among all partners{among}."),
        })
    }

    /// The sentence of a text alternative about the tiers of those who are drawn.
    pub(super) fn told(&self, drawn: impl Iterator<Item = Option<usize>>) -> String {
        let mut counts = vec![0; self.tiers.len()];
        drawn.flatten().for_each(|tier| counts[tier] += 1);
        if counts.len() < 2 {
            return String::new();
        }
        let told = self.tiers.iter().zip(counts).map(|(tier, count)| format!("{tier} {count}"));
        format!(" Tiers: {}.", told.collect::<Vec<_>>().join(", "))
    }
}

/// The peer group of each record; none without such a column.
pub(super) fn peers(records: &Records<'_>, within: Option<&str>) -> Result<Vec<Option<String>>, FigureError> {
    within.map_or_else(|| Ok(vec![None; records.len()]), |within| records.texts(within))
}

/// The first of each peer group, in the order in which they come.
pub(super) fn first_of_each<T>(
    rows: &[T],
    group: impl Fn(&T) -> Option<&str>,
    limit: Option<usize>,
) -> Vec<&T> {
    let mut taken: BTreeMap<Option<String>, usize> = BTreeMap::new();
    rows.iter()
        .filter(|row| {
            let taken = taken.entry(group(row).map(str::to_owned)).or_default();
            *taken += 1;
            limit.is_none_or(|limit| *taken <= limit)
        })
        .collect()
}

/// Rows in the order of the ranking: by peer group, by rank, those without a rank last.
pub(super) fn in_order<T>(
    rows: &mut [T],
    group: impl Fn(&T) -> Option<&str>,
    rank: impl Fn(&T) -> Option<f64>,
) {
    rows.sort_by(|a, b| {
        let place = |row: &T| rank(row).unwrap_or(f64::INFINITY);
        // A partner without a peer group comes last.
        let (one, other) = (group(a), group(b));
        one.is_none().cmp(&other.is_none()).then(one.cmp(&other)).then(place(a).total_cmp(&place(b)))
    });
}

/// Whether two of the rows share a rank in a peer group.
pub(super) fn has_ties<'t>(rows: impl Iterator<Item = (Option<&'t str>, Option<f64>)>) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    rows.filter_map(|(group, rank)| Some((group, rank? as i64))).any(|place| !seen.insert(place))
}

#[cfg(test)]
mod tests {
    use polars::prelude::df;

    use super::*;

    #[test]
    fn tiers_are_in_their_order_though_small_groups_skip_some() {
        // Shares of 0.3, 0.2 and 0.5: of two partners of the south the second is in the last tier.
        let north = ["gold", "gold", "silver", "bronze", "bronze"];
        let partners = df! {
            "region" => ["south", "south", "north", "north", "north", "north", "north"],
            "score" => [9.0, 1.0, 8.0, 8.0, 7.0, 6.0, -2.0],
            "rank" => [1i64, 2, 1, 1, 3, 4, 5],
            "tier" => ["gold", "bronze", north[0], north[1], north[2], north[3], north[4]],
        }
        .unwrap();
        let ranking = Ranking::read(&partners, Some("region")).unwrap();
        assert_eq!(ranking.tiers, ["gold", "silver", "bronze"]);
        assert_eq!(ranking.peers(Some("north")).unwrap().cuts, [2.5, 3.5]);
        assert_eq!(ranking.peers(Some("south")).unwrap().cuts, [1.5]);
        assert_eq!((ranking.ranked(), ranking.longest(), ranking.scores), (7, 5, Some((-2.0, 9.0))));
        let whole = Ranking::read(&partners.slice(2, 5), None).unwrap();
        assert_eq!(whole.tiers, ["gold", "silver", "bronze"]);
        assert_eq!(whole.color(whole.tier(Some("bronze"))), VERMILLION);
        assert_eq!(whole.color(whole.tier(None)), AXIS);
    }
}
