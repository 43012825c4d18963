//! Who is sent to whom: so many of each group to places of limited room, so that the gain is the
//! largest possible. Knows neither who they are nor where gains come from.

/// A way from a group to a place, and what each who takes it is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Route {
    /// Position of the group.
    pub from: usize,
    /// Position of the place.
    pub to: usize,
    /// Gain of one; at or below zero nobody is sent.
    pub gain: f64,
}

/// How many take each route, so that `Σ gain` is the largest possible with at most `supply` from each
/// group and at most `room` in each place. Of solutions of the same gain one is taken that sends more to
/// the places that stand earlier in `preference` (a number for each place, the smaller the better); what
/// is left open after that is settled by the order of groups and places, so that the same problem always
/// has the same answer. Routes to nowhere, or written twice after the first, carry nobody.
///
/// It is a flow of least cost, found by successive shortest paths (R. G. Busacker and P. J. Gowen, 1960):
/// every step sends as many as possible by the way that adds the most gain, where a way may move those
/// who were sent before from one place to another. Gains are taken as whole multiples of the largest one
/// over 2⁴⁰, so that sums are exact: the gain found is the optimum but for one part in a million
/// million.
///
/// There are few groups and many places, so paths are sought among groups: one step looks once at each
/// route in use and at those beside it. A hundred thousand people of ten groups and a thousand places
/// take some 25 ms, of 125 groups about a second.
pub fn assign(supply: &[u64], room: &[u64], routes: &[Route], preference: &[u64]) -> Vec<u64> {
    let largest = routes.iter().map(|route| route.gain).filter(|gain| gain.is_finite()).fold(0.0, f64::max);
    let mut places: Vec<Place> = room.iter().map(|room| Place { room: *room, ways: Vec::new() }).collect();
    for (at, route) in routes.iter().enumerate() {
        let sound = route.from < supply.len() && route.gain > 0.0 && route.gain.is_finite();
        let Some(place) = places.get_mut(route.to).filter(|_| sound) else { continue };
        if place.ways.iter().all(|way| way.from != route.from) {
            let gain = ((route.gain / largest * UNIT).round() as i128).max(1);
            let last = preference.get(route.to).copied().unwrap_or(0).min(LAST);
            place.ways.push(Way {
                route: at,
                from: route.from,
                cost: (-gain << 64) + i128::from(last),
                n: 0,
            });
        }
    }
    let mut left = supply.to_vec();
    while let Some(path) = shortest(&left, &places) {
        carry(&path, &mut left, &mut places);
    }
    let mut taken = vec![0; routes.len()];
    for way in places.iter().flat_map(|place| &place.ways) {
        taken[way.route] = way.n;
    }
    taken
}

/// The largest gain in the whole numbers that gains are added in.
const UNIT: f64 = (1u64 << 40) as f64;
/// The last preference that counts: with it and 2⁴⁰ people preferences still add up to less than one unit of
/// gain.
const LAST: u64 = (1 << 20) - 1;

struct Place {
    /// How many more it takes.
    room: u64,
    ways: Vec<Way>,
}

/// A route as its place sees it.
struct Way {
    route: usize,
    from: usize,
    /// The gain below zero, and behind it the preference.
    cost: i128,
    n: u64,
}

/// A move along a path: who gets which place, and who has to leave it for that; nobody at its end.
#[derive(Clone, Copy)]
struct Move {
    group: usize,
    place: usize,
    leaves: Option<usize>,
}

/// The path of least cost from a group of which some are left to a place with room; none where every
/// path costs.
fn shortest(left: &[u64], places: &[Place]) -> Option<Vec<Move>> {
    // The best way out of each group, and the best for it to take the place of another.
    let mut out: Vec<Option<(i128, usize)>> = vec![None; left.len()];
    let groups = left.len();
    let mut moves: Vec<Option<(i128, usize)>> = vec![None; groups * groups];
    for (at, place) in places.iter().enumerate() {
        if place.room > 0 {
            for way in &place.ways {
                if out[way.from].is_none_or(|(cost, _)| way.cost < cost) {
                    out[way.from] = Some((way.cost, at));
                }
            }
            // Who would be moved from a place with room could have had it at once.
            continue;
        }
        for leaves in place.ways.iter().filter(|way| way.n > 0) {
            for comes in place.ways.iter().filter(|way| way.from != leaves.from) {
                let cost = comes.cost - leaves.cost;
                let best = &mut moves[leaves.from * groups + comes.from];
                if best.is_none_or(|(known, _)| cost < known) {
                    *best = Some((cost, at));
                }
            }
        }
    }
    // From the far end: what it costs each group that one more of it is placed (Bellman and Ford).
    let mut costs: Vec<Option<(i128, Move)>> = (out.iter().enumerate())
        .map(|(group, out)| out.map(|(cost, place)| (cost, Move { group, place, leaves: None })))
        .collect();
    for _ in 0..groups {
        let mut settled = true;
        for other in 0..groups {
            for group in 0..groups {
                let (Some((rest, _)), Some((cost, place))) = (costs[other], moves[other * groups + group])
                else {
                    continue;
                };
                if costs[group].is_none_or(|(known, _)| cost + rest < known) {
                    costs[group] = Some((cost + rest, Move { group, place, leaves: Some(other) }));
                    settled = false;
                }
            }
        }
        if settled {
            break;
        }
    }
    let (mut best, mut first) = (0, None);
    for (group, known) in costs.iter().enumerate().filter(|(group, _)| left[*group] > 0) {
        if let Some((cost, _)) = known
            && *cost < best
        {
            (best, first) = (*cost, Some(group));
        }
    }
    let mut path = Vec::new();
    let mut group = Some(first?);
    while let Some((_, step)) = group.and_then(|group| costs[group]) {
        path.push(step);
        group = step.leaves;
    }
    Some(path)
}

/// Sends as many as possible along a path.
fn carry(path: &[Move], left: &mut [u64], places: &mut [Place]) {
    let (Some(first), Some(last)) = (path.first(), path.last()) else { return };
    let held = |step: &Move| {
        let way = places[step.place].ways.iter().find(|way| Some(way.from) == step.leaves);
        way.map(|way| way.n)
    };
    let most = left[first.group].min(places[last.place].room);
    let n = path.iter().filter_map(held).fold(most, u64::min);
    left[first.group] -= n;
    places[last.place].room -= n;
    for step in path {
        for way in &mut places[step.place].ways {
            if way.from == step.group {
                way.n += n;
            } else if Some(way.from) == step.leaves {
                way.n -= n;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain(routes: &[Route], taken: &[u64]) -> f64 {
        routes.iter().zip(taken).map(|(route, n)| route.gain * *n as f64).sum()
    }

    fn route(from: usize, to: usize, gain: f64) -> Route {
        Route { from, to, gain }
    }

    #[test]
    fn by_hand() {
        // The first place is best for both groups. Greedy gives it to group 0 for 5 each and leaves 1 for
        // group 1; with group 1 in it, 4 + 4 are had.
        let routes = [route(0, 0, 5.0), route(0, 1, 4.0), route(1, 0, 4.0), route(1, 1, 1.0)];
        assert_eq!(assign(&[10, 10], &[10, 10], &routes, &[]), [0, 10, 10, 0]);
        // With more room in the first, some of group 0 go there.
        assert_eq!(assign(&[10, 10], &[13, 10], &routes, &[]), [3, 7, 10, 0]);
        // Whoever finds no room stays.
        assert_eq!(assign(&[10, 10], &[4, 0], &routes, &[]), [4, 0, 0, 0]);
    }

    #[test]
    fn ties_are_settled() {
        let routes = [route(0, 0, 2.0), route(0, 1, 2.0), route(0, 2, 2.0)];
        assert_eq!(assign(&[5], &[3, 3, 3], &routes, &[]), [3, 2, 0]);
        assert_eq!(assign(&[5], &[3, 3, 3], &routes, &[2, 1, 0]), [0, 2, 3]);
        // No preference outweighs a gain.
        let better = [route(0, 0, 2.0 + 1e-9), route(0, 1, 2.0)];
        assert_eq!(assign(&[5], &[5, 5], &better, &[1_000_000, 0]), [5, 0]);
    }

    #[test]
    fn degenerate() {
        assert!(assign(&[], &[], &[], &[]).is_empty());
        let odd =
            [route(0, 0, 0.0), route(0, 1, -1.0), route(0, 2, f64::NAN), route(0, 9, 1.0), route(9, 0, 1.0)];
        assert_eq!(assign(&[5], &[5, 5, 5], &odd, &[]), [0; 5]);
        assert_eq!(assign(&[0], &[5], &[route(0, 0, 1.0)], &[]), [0]);
        let twice = [route(0, 0, 1.0), route(0, 0, 9.0)];
        assert_eq!(assign(&[5], &[3], &twice, &[]), [3, 0]);
        assert_eq!(assign(&[u64::MAX], &[u64::MAX], &[route(0, 0, 1.0)], &[]), [u64::MAX]);
    }

    /// A problem that another program can make as well.
    fn made_up(groups: usize, places: usize, seed: u64) -> (Vec<u64>, Vec<u64>, Vec<Route>) {
        let mut state = seed;
        let mut next = move || {
            state = state * 1_103_515_245 % 2_147_483_647;
            state
        };
        let supply = (0..groups).map(|_| next() % 40).collect();
        let room = (0..places).map(|_| next() % 30).collect();
        let mut routes = Vec::new();
        for from in 0..groups {
            for to in 0..places {
                let (there, gain) = (next() % 3, next() % 10_000);
                if there > 0 {
                    routes.push(route(from, to, gain as f64 / 100.0));
                }
            }
        }
        (supply, room, routes)
    }

    /// Of scipy 1.17.1 (`tests/oracles/match_partners.py`): `linprog` by HiGHS, and `linear_sum_assignment`
    /// where everyone is alone and every place takes one.
    #[test]
    fn by_another_program() {
        for (groups, places, seed, best) in [
            (3, 5, 1, 2_201.44),
            (8, 40, 7, 12_288.76),
            (12, 30, 11, 21_745.41),
            (40, 12, 5, 15_427.75),
            (25, 200, 99, 38_714.8),
        ] {
            let (supply, room, routes) = made_up(groups, places, seed);
            let found = gain(&routes, &assign(&supply, &room, &routes, &[]));
            assert!((found - best).abs() <= 1e-9 * best, "{found} of {groups} × {places}, not {best}");
        }
        for (n, seed, best) in [(6, 3, 373.29), (25, 4, 2_299.3), (60, 5, 5_741.33)] {
            let (_, _, routes) = made_up(n, n, seed);
            let found = gain(&routes, &assign(&vec![1; n], &vec![1; n], &routes, &[]));
            assert!((found - best).abs() <= 1e-9 * best, "{found} of {n} × {n}, not {best}");
        }
    }

    /// Every way to send people is tried.
    fn exhaustive(supply: &mut [u64], room: &mut [u64], routes: &[Route]) -> f64 {
        let Some((first, rest)) = routes.split_first() else { return 0.0 };
        let most = supply[first.from].min(room[first.to]);
        let mut best = 0.0f64;
        for n in 0..=most {
            supply[first.from] -= n;
            room[first.to] -= n;
            best = best.max(n as f64 * first.gain + exhaustive(supply, room, rest));
            supply[first.from] += n;
            room[first.to] += n;
        }
        best
    }

    #[test]
    fn nothing_better_is_left_and_nothing_is_exceeded() {
        for seed in 1..200 {
            let (supply, room, routes) = made_up(3, 3, seed);
            let (mut supply, mut room) = (supply, room);
            supply.iter_mut().chain(&mut room).for_each(|n| *n %= 4);
            let taken = assign(&supply, &room, &routes, &[]);
            let best = exhaustive(&mut supply, &mut room, &routes);
            assert!((gain(&routes, &taken) - best).abs() < 1e-9, "seed {seed}");
            for (group, supply) in supply.iter().enumerate() {
                let sent = routes.iter().zip(&taken).filter(|(route, _)| route.from == group);
                assert!(sent.map(|(_, n)| n).sum::<u64>() <= *supply);
            }
            for (place, room) in room.iter().enumerate() {
                let sent = routes.iter().zip(&taken).filter(|(route, _)| route.to == place);
                assert!(sent.map(|(_, n)| n).sum::<u64>() <= *room);
            }
        }
    }
}
