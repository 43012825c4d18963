//! Groups of points that lie close together: Lloyd's k-means from seeded or given centroids, how well
//! the groups are apart (silhouette), and whether they would be found again (bootstrap). Knows only
//! numbers: scaling them is the caller's business.
//!
//! Every sum runs over the points in their order, so equal input and seed give equal results.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Points of equally many coordinates, one after the other, each with a weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    dimensions: usize,
    coordinates: Vec<f64>,
    weights: Vec<f64>,
}

impl Points {
    /// Points from their coordinates, each of weight 1. `None` unless they have at least one
    /// coordinate, all have as many, and every one is finite.
    pub fn new(dimensions: usize, coordinates: Vec<f64>) -> Option<Self> {
        let sound = dimensions > 0
            && coordinates.len().is_multiple_of(dimensions)
            && coordinates.iter().all(|x| x.is_finite());
        let weights = vec![1.0; coordinates.len() / dimensions.max(1)];
        sound.then_some(Self { dimensions, coordinates, weights })
    }

    /// The same points with weights: how many rows each stands for. `None` unless there is one for
    /// every point, finite and not negative. A point of weight 0 belongs to a group and moves none.
    pub fn weighted(mut self, weights: Vec<f64>) -> Option<Self> {
        let sound = weights.len() == self.weights.len() && weights.iter().all(|w| w.is_finite() && *w >= 0.0);
        self.weights = weights;
        sound.then_some(self)
    }

    /// How many points.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    fn point(&self, at: usize) -> &[f64] {
        &self.coordinates[at * self.dimensions..(at + 1) * self.dimensions]
    }
}

/// Groups of points.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// The mean of each group, the heaviest group first.
    pub centroids: Vec<Vec<f64>>,
    /// The group of each point, from 0: that of the nearest centroid, of equally near ones the first.
    pub labels: Vec<usize>,
    /// Sum of the weights of each group.
    pub sizes: Vec<f64>,
    /// Weighted sum of the squared distances to the centroids.
    pub inertia: f64,
    /// Rounds of assigning and averaging.
    pub rounds: usize,
    /// Whether the last round changed no label.
    pub converged: bool,
    /// How often a group was left without points and given the farthest one.
    pub refilled: usize,
}

/// Where the search for groups begins.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// Centroids, one per group.
    Given(&'a [Vec<f64>]),
    /// As many groups, from points drawn by k-means++ (Arthur and Vassilvitskii 2007) so many times;
    /// the tightest result is kept.
    Drawn {
        /// Number of groups.
        k: usize,
        /// Seed of the draws.
        seed: u64,
        /// How many times.
        times: usize,
    },
}

/// Rounds after which a search is given up. Lloyd's rounds end of themselves; this is for the case
/// that rounding makes two divisions take turns.
const ROUNDS: usize = 1000;

/// Lloyd's k-means (Lloyd 1982, *IEEE Transactions on Information Theory* 28, 129–137): points to the
/// nearest centroid, centroids to the mean of their points, until no label changes.
///
/// A group left without points is given the point farthest from its centroid. Groups are numbered
/// by descending weight, then by their centroids. `None` when there are fewer distinct points of weight
/// than groups, no group, or a given centroid of other dimensions.
pub fn k_means(points: &Points, start: Start<'_>) -> Option<Clusters> {
    match start {
        Start::Given(centroids) => {
            let fits = |c: &Vec<f64>| c.len() == points.dimensions && c.iter().all(|x| x.is_finite());
            let sound =
                !centroids.is_empty() && centroids.iter().all(fits) && has_distinct(points, centroids.len());
            sound.then(|| lloyd(points, centroids.concat()))
        }
        Start::Drawn { k, seed, times } => {
            if k == 0 || !has_distinct(points, k) {
                return None;
            }
            let mut chance = ChaCha8Rng::seed_from_u64(seed);
            let mut best: Option<Clusters> = None;
            for _ in 0..times.max(1) {
                let found = lloyd(points, drawn(points, k, &mut chance));
                if best.as_ref().is_none_or(|best| found.inertia < best.inertia) {
                    best = Some(found);
                }
            }
            best
        }
    }
}

/// Whether at least `k` different points have a weight.
fn has_distinct(points: &Points, k: usize) -> bool {
    let mut found: Vec<&[f64]> = Vec::new();
    for at in 0..points.len() {
        if found.len() >= k {
            break;
        }
        if points.weights[at] > 0.0 && !found.contains(&points.point(at)) {
            found.push(points.point(at));
        }
    }
    found.len() >= k
}

/// First centroids by k-means++: each point is drawn with a probability in proportion to its weight
/// times the squared distance to the nearest one drawn before.
fn drawn(points: &Points, k: usize, chance: &mut ChaCha8Rng) -> Vec<f64> {
    let mut centroids: Vec<f64> = Vec::with_capacity(k * points.dimensions);
    let mut nearest: Vec<f64> = points.weights.clone();
    for turn in 0..k {
        let total: f64 = nearest.iter().sum();
        let mark = share(chance) * total;
        let mut sum = 0.0;
        let mut picked = None;
        for (at, part) in nearest.iter().enumerate() {
            sum += part;
            if *part > 0.0 {
                picked = Some(at);
                if sum > mark {
                    break;
                }
            }
        }
        let new = points.point(picked.unwrap_or(0)).to_vec();
        for (at, part) in nearest.iter_mut().enumerate() {
            let distance = points.weights[at] * squared(points.point(at), &new);
            *part = if turn == 0 { distance } else { part.min(distance) };
        }
        centroids.extend(new);
    }
    centroids
}

/// A number in 0…1, 1 excluded.
fn share(chance: &mut ChaCha8Rng) -> f64 {
    (chance.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The nearest centroid and the squared distance to it.
fn nearest(point: &[f64], centroids: &[f64]) -> (usize, f64) {
    let distances = centroids.chunks(point.len()).map(|centroid| squared(point, centroid)).enumerate();
    distances.fold((0, f64::INFINITY), |best, here| if here.1 < best.1 { here } else { best })
}

fn lloyd(points: &Points, mut centroids: Vec<f64>) -> Clusters {
    let dimensions = points.dimensions;
    let k = centroids.len() / dimensions;
    let mut labels = vec![usize::MAX; points.len()];
    let mut distances = vec![0.0; points.len()];
    let (mut rounds, mut refilled, mut converged) = (0, 0, false);
    let mut sizes = vec![0.0; k];
    while rounds < ROUNDS && !converged {
        rounds += 1;
        converged = true;
        for at in 0..points.len() {
            let (label, distance) = nearest(points.point(at), &centroids);
            converged &= labels[at] == label;
            (labels[at], distances[at]) = (label, distance);
        }
        if converged {
            break;
        }
        sizes = weights_of(points, &labels, k);
        for empty in 0..k {
            if sizes[empty] > 0.0 {
                continue;
            }
            // From a group that keeps others: there is one, as there are k distinct points.
            let mut farthest: Option<usize> = None;
            for at in 0..points.len() {
                let takes = points.weights[at] > 0.0 && sizes[labels[at]] > points.weights[at];
                if takes && farthest.is_none_or(|best| distances[at] > distances[best]) {
                    farthest = Some(at);
                }
            }
            let Some(at) = farthest else { continue };
            sizes[labels[at]] -= points.weights[at];
            sizes[empty] = points.weights[at];
            (labels[at], distances[at]) = (empty, 0.0);
            refilled += 1;
        }
        let mut sums = vec![0.0; k * dimensions];
        for at in 0..points.len() {
            let sum = &mut sums[labels[at] * dimensions..];
            for (sum, x) in sum.iter_mut().zip(points.point(at)) {
                *sum += points.weights[at] * x;
            }
        }
        for (group, size) in sizes.iter().enumerate() {
            for i in group * dimensions..(group + 1) * dimensions {
                if *size > 0.0 {
                    centroids[i] = sums[i] / size;
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..k).collect();
    let centroid = |group: usize| &centroids[group * dimensions..(group + 1) * dimensions];
    order.sort_by(|a, b| {
        let by_place = || {
            let places = centroid(*a).iter().zip(centroid(*b));
            places.map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(a.cmp(b))
        };
        sizes[*b].total_cmp(&sizes[*a]).then_with(by_place)
    });
    let mut place = vec![0; k];
    for (new, old) in order.iter().enumerate() {
        place[*old] = new;
    }
    Clusters {
        centroids: order.iter().map(|group| centroid(*group).to_vec()).collect(),
        labels: labels.iter().map(|label| place[*label]).collect(),
        sizes: order.iter().map(|group| sizes[*group]).collect(),
        inertia: distances.iter().zip(&points.weights).map(|(d, w)| d * w).sum(),
        rounds,
        converged,
        refilled,
    }
}

fn weights_of(points: &Points, labels: &[usize], k: usize) -> Vec<f64> {
    let mut sizes = vec![0.0; k];
    for (label, weight) in labels.iter().zip(&points.weights) {
        sizes[*label] += weight;
    }
    sizes
}

/// The mean silhouette of points in groups (Rousseeuw 1987, *Journal of Computational and Applied
/// Mathematics* 20, 53–65): (b − a)/max(a, b), a the mean distance to the others of the own group, b
/// to those of the nearest other group; 0 for a point alone in its group. From −1 to 1; near 0 the
/// groups run into each other.
///
/// The work grows with the square of the points: at most `most` of them are looked at, evenly spread
/// over their order. Weights do not count. `None` with fewer than two groups among them.
pub fn silhouette(points: &Points, labels: &[usize], most: usize) -> Option<f64> {
    let step = points.len().div_ceil(most.max(1)).max(1);
    let some: Vec<usize> = (0..points.len().min(labels.len())).step_by(step).collect();
    let k = some.iter().map(|at| labels[*at] + 1).max()?;
    let mut members = vec![0usize; k];
    for at in &some {
        members[labels[*at]] += 1;
    }
    if members.iter().filter(|n| **n > 0).count() < 2 {
        return None;
    }
    let mut total = 0.0;
    for at in &some {
        let mut sums = vec![0.0; k];
        for other in &some {
            sums[labels[*other]] += squared(points.point(*at), points.point(*other)).sqrt();
        }
        let own = labels[*at];
        if members[own] < 2 {
            continue;
        }
        let within = sums[own] / (members[own] - 1) as f64;
        let between = (0..k)
            .filter(|group| *group != own && members[*group] > 0)
            .map(|group| sums[group] / members[group] as f64)
            .fold(f64::INFINITY, f64::min);
        let wider = within.max(between);
        total += if wider > 0.0 { (between - within) / wider } else { 0.0 };
    }
    Some(total / some.len() as f64)
}

/// How surely each group is found again: the mean, over `times` bootstrap samples, of the largest
/// Jaccard overlap between the group and one found in the sample, both among the points drawn
/// (Hennig 2007, *Computational Statistics & Data Analysis* 52, 258–271). Below 0.6 a group should not
/// be believed in, above 0.85 it is there.
///
/// A sample draws as many points as there are, with replacement; weights are multiplied by how often
/// each was drawn. At most `most` points take part, evenly spread over their order. A group is missing
/// (`None`) where no sample had any of it or could be divided.
pub fn stability(
    points: &Points,
    clusters: &Clusters,
    times: usize,
    most: usize,
    seed: u64,
) -> Vec<Option<f64>> {
    let k = clusters.centroids.len();
    let step = points.len().div_ceil(most.max(1)).max(1);
    let some: Vec<usize> = (0..points.len()).step_by(step).collect();
    let coordinates = some.iter().flat_map(|at| points.point(*at)).copied().collect();
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let mut sums = vec![(0.0, 0usize); k];
    let mut sample = Points { dimensions: points.dimensions, coordinates, weights: vec![0.0; some.len()] };
    for turn in 0..times {
        let mut drawn = vec![0.0; some.len()];
        for _ in 0..some.len() {
            let at = ((share(&mut chance) * some.len() as f64) as usize).min(some.len() - 1);
            drawn[at] += 1.0;
        }
        sample.weights = drawn.iter().zip(&some).map(|(n, at)| n * points.weights[*at]).collect();
        let start = Start::Drawn { k, seed: seed.wrapping_add(1 + turn as u64), times: 3 };
        let Some(again) = k_means(&sample, start) else { continue };
        let mut both = vec![vec![0.0; k]; k];
        for ((at, label), drawn) in some.iter().zip(&again.labels).zip(&drawn) {
            if *drawn > 0.0 {
                both[clusters.labels[*at]][*label] += 1.0;
            }
        }
        let found = |group: usize| both.iter().map(|row| row[group]).sum::<f64>();
        for (sum, row) in sums.iter_mut().zip(&both) {
            let own: f64 = row.iter().sum();
            if own == 0.0 {
                continue;
            }
            let overlap = |other: usize| row[other] / (own + found(other) - row[other]);
            sum.0 += (0..k).map(overlap).fold(0.0, f64::max);
            sum.1 += 1;
        }
    }
    sums.into_iter().map(|(sum, n)| (n > 0).then(|| sum / n as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(x: &[f64]) -> Points {
        Points::new(1, x.to_vec()).unwrap()
    }

    const SEEDED: Start<'_> = Start::Drawn { k: 2, seed: 1, times: 10 };

    #[test]
    fn worked_by_hand() {
        // 1 2 3 | 10 12: means 2 and 11, squares 1 + 0 + 1 + 1 + 1 = 4.
        let points = line(&[10.0, 1.0, 2.0, 12.0, 3.0]);
        let found = k_means(&points, Start::Given(&[vec![0.0], vec![1.0]])).unwrap();
        assert_eq!(found.centroids, [vec![2.0], vec![11.0]]);
        assert_eq!(found.labels, [1, 0, 0, 1, 0]);
        assert_eq!((found.sizes, found.inertia, found.converged), (vec![3.0, 2.0], 4.0, true));
        // Silhouettes: 10: a 2, b 8; 1: a 1.5, b 10; 2: a 1, b 9; 12: a 2, b 10; 3: a 1.5, b 8.
        let hand = (6.0 / 8.0 + 8.5 / 10.0 + 8.0 / 9.0 + 8.0 / 10.0 + 6.5 / 8.0) / 5.0;
        assert!((silhouette(&points, &found.labels, 100).unwrap() - hand).abs() < 1e-14);
        assert_eq!(k_means(&points, SEEDED).unwrap().inertia, 4.0);
    }

    #[test]
    fn weights_are_rows() {
        let rows = line(&[0.0, 0.0, 0.0, 4.0, 10.0, 11.0, 11.0]);
        let counted = line(&[0.0, 4.0, 10.0, 11.0]).weighted(vec![3.0, 1.0, 1.0, 2.0]).unwrap();
        let given = Start::Given(&[vec![0.0], vec![9.0]][..]);
        let (a, b) = (k_means(&rows, given).unwrap(), k_means(&counted, given).unwrap());
        assert_eq!((&a.centroids, &a.sizes), (&b.centroids, &b.sizes));
        assert!((a.inertia - b.inertia).abs() < 1e-13 * a.inertia);
        assert_eq!(b.labels, [0, 0, 1, 1]);
        assert_eq!(line(&[1.0]).weighted(vec![-1.0]), None);
        assert_eq!(line(&[1.0]).weighted(vec![]), None);
    }

    #[test]
    fn an_empty_group_takes_the_farthest_point() {
        // Nobody is near 100 in the first round; 9 is farthest from its centroid 0.
        let points = line(&[0.0, 1.0, 9.0]);
        let found = k_means(&points, Start::Given(&[vec![0.0], vec![100.0]])).unwrap();
        assert_eq!(found.centroids, [vec![0.5], vec![9.0]]);
        assert!(found.refilled > 0 && found.converged);
        assert!(found.centroids.iter().flatten().all(|x| x.is_finite()));
    }

    #[test]
    fn three_clouds_are_found_and_found_again() {
        let mut chance = ChaCha8Rng::seed_from_u64(9);
        let mut coordinates = Vec::new();
        for i in 0..300 {
            let middle = [(0.0, 0.0), (5.0, 0.0), (0.0, 5.0)][i % 3];
            coordinates.extend([middle.0 + share(&mut chance), middle.1 + share(&mut chance)]);
        }
        let points = Points::new(2, coordinates).unwrap();
        let three = k_means(&points, Start::Drawn { k: 3, seed: 4, times: 10 }).unwrap();
        assert_eq!(three.sizes, [100.0; 3]);
        assert!((0..300).all(|i| three.labels[i] == three.labels[i % 3]));
        assert!(stability(&points, &three, 20, 1000, 5).iter().all(|s| *s == Some(1.0)));
        assert!(stability(&points, &three, 20, 60, 5).iter().all(|s| *s == Some(1.0)));
        let five = k_means(&points, Start::Drawn { k: 5, seed: 4, times: 10 }).unwrap();
        assert!(stability(&points, &five, 20, 1000, 5).iter().flatten().any(|s| *s < 0.75));
        let quality = |c: &Clusters| silhouette(&points, &c.labels, 1000).unwrap();
        assert!(quality(&three) > 0.8 && quality(&three) > quality(&five) + 0.1);
        // The seed decides, and only the seed.
        assert_eq!(k_means(&points, Start::Drawn { k: 5, seed: 4, times: 10 }), Some(five));
    }

    #[test]
    fn degenerate() {
        assert_eq!(Points::new(2, vec![1.0]), None);
        assert_eq!(Points::new(0, vec![]), None);
        assert_eq!(Points::new(1, vec![f64::NAN]), None);
        assert!(line(&[]).is_empty() && k_means(&line(&[]), SEEDED).is_none());
        assert_eq!(k_means(&line(&[3.0, 3.0, 3.0]), SEEDED), None);
        assert_eq!(k_means(&line(&[3.0]), Start::Drawn { k: 0, seed: 1, times: 1 }), None);
        assert_eq!(k_means(&line(&[3.0]), Start::Given(&[])), None);
        assert_eq!(k_means(&line(&[3.0]), Start::Given(&[vec![1.0, 2.0]])), None);
        let alone = k_means(&line(&[3.0]), Start::Drawn { k: 1, seed: 1, times: 3 }).unwrap();
        assert_eq!((alone.centroids, alone.inertia), (vec![vec![3.0]], 0.0));
        assert_eq!(silhouette(&line(&[3.0, 4.0]), &[0, 0], 10), None);
        assert_eq!(silhouette(&line(&[3.0, 4.0]), &[0, 1], 10), Some(0.0));
        assert_eq!(silhouette(&line(&[]), &[], 10), None);
        let two = k_means(&line(&[1.0, 2.0]), SEEDED).unwrap();
        assert_eq!(stability(&line(&[1.0, 2.0]), &two, 0, 10, 1), [None, None]);
    }
}
