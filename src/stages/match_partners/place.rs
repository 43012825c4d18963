//! Leads to partners: each place is an assignment of its own, by `stats::assignment`.

use std::collections::BTreeMap;

use super::Checked;
use super::decide::{Decided, gain};
use super::evidence::Evidence;
use crate::stats::assignment::{Route, assign};

/// Who goes where.
pub(super) struct Placed {
    /// By partner and segment.
    pub assigned: Vec<Vec<u64>>,
    /// For each group of leads its partners in the order of being filled, and how many each gets.
    turns: BTreeMap<(String, usize), Vec<(usize, u64)>>,
    pub left: Left,
}

/// Leads that go nowhere, by what keeps them.
#[derive(Default)]
pub(super) struct Left {
    /// Their segment is not desired.
    pub not_desired: u64,
    /// No partner, where they are, is recommended for their segment.
    pub not_recommended: u64,
    /// Partners are recommended, and none of them would gain anything.
    pub without_gain: u64,
    /// The partners who would gain something are full.
    pub without_room: u64,
}

pub(super) fn place(ready: &Checked, found: &Evidence, made: &Decided) -> Option<Placed> {
    let demand = found.demand.as_ref()?;
    let preference = preference(found);
    let mut placed = Placed {
        assigned: vec![vec![0; found.segments.len()]; found.partners.len()],
        turns: BTreeMap::new(),
        left: Left::default(),
    };
    let mut places: BTreeMap<&str, Vec<(usize, u64)>> = BTreeMap::new();
    for ((within, segment), n) in &demand.groups {
        places.entry(within).or_default().push((*segment, *n));
    }
    let anywhere = ready.demand.as_ref().is_none_or(|demand| demand.within.is_none());
    for (within, groups) in places {
        let here = |at: &usize| anywhere || found.partners[*at].within.as_deref() == Some(within);
        let partners: Vec<usize> = (0..found.partners.len()).filter(here).collect();
        let supply: Vec<u64> = groups.iter().map(|(_, n)| *n).collect();
        let room: Vec<u64> = partners.iter().map(|at| found.partners[*at].capacity.unwrap_or(0)).collect();
        let preferred: Vec<u64> = partners.iter().map(|at| preference[*at]).collect();
        let mut routes = Vec::new();
        for (from, (segment, _)) in groups.iter().enumerate() {
            for (to, partner) in partners.iter().enumerate() {
                let verdict = &made.cells[*partner][*segment];
                let gain = gain(&made.segments[*segment], verdict).filter(|_| verdict.reason.recommends());
                routes.extend(gain.map(|gain| Route { from, to, gain }));
            }
        }
        let mut taken: Vec<(&Route, u64)> =
            routes.iter().zip(assign(&supply, &room, &routes, &preferred)).filter(|(_, n)| *n > 0).collect();
        for (from, (segment, n)) in groups.iter().enumerate() {
            let sent: u64 = taken.iter().filter(|(route, _)| route.from == from).map(|(_, n)| n).sum();
            let recommends = |at: &usize| made.cells[*at][*segment].reason.recommends();
            let gains = |route: &Route| route.from == from && route.gain > 0.0;
            let left = &mut placed.left;
            let why = match () {
                () if !made.segments[*segment].desired => &mut left.not_desired,
                () if !partners.iter().any(recommends) => &mut left.not_recommended,
                () if !routes.iter().any(gains) => &mut left.without_gain,
                () => &mut left.without_room,
            };
            *why += n - sent;
        }
        // The first lead goes where the most is gained.
        taken.sort_by(|(a, _), (b, _)| b.gain.total_cmp(&a.gain).then(preferred[a.to].cmp(&preferred[b.to])));
        for (route, n) in taken {
            let (partner, (segment, _)) = (partners[route.to], groups[route.from]);
            placed.assigned[partner][segment] += n;
            placed.turns.entry((within.to_owned(), segment)).or_default().push((partner, n));
        }
    }
    Some(placed)
}

impl Placed {
    /// The partner of each lead, told by where it is and its segment, in the order in which they come.
    pub fn partners<'a>(&self, leads: impl Iterator<Item = Option<(&'a str, usize)>>) -> Vec<Option<usize>> {
        let mut turns = self.turns.clone();
        leads
            .map(|lead| {
                let (within, segment) = lead?;
                let turn = turns.get_mut(&(within.to_owned(), segment))?;
                let (partner, n) = turn.first_mut()?;
                let partner = *partner;
                *n -= 1;
                if *n == 0 {
                    turn.remove(0);
                }
                Some(partner)
            })
            .collect()
    }
}

/// Each partner's place by its score, the best 0; those without a score come last.
fn preference(found: &Evidence) -> Vec<u64> {
    let scores: Vec<f64> =
        found.partners.iter().map(|partner| partner.score.unwrap_or(f64::NEG_INFINITY)).collect();
    let mut sorted = scores.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    scores.iter().map(|score| sorted.partition_point(|other| other > score) as u64).collect()
}
