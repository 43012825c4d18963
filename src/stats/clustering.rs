//! Groups of points that lie close together: Lloyd's k-means from seeded or given centroids, how well
//! the groups are apart (silhouette), and whether they would be found again (bootstrap). Knows only
//! numbers: scaling them is the caller's business.
//!
//! Every sum runs over the points in their order, so equal input and seed give equal results.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

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
            // All chance is drawn first, so that it does not matter who is done first.
            let shares: Vec<Vec<f64>> =
                (0..times.max(1)).map(|_| (0..k).map(|_| share(&mut chance)).collect()).collect();
            let found: Vec<Clusters> =
                shares.par_iter().map(|shares| lloyd(points, drawn(points, shares))).collect();
            found.into_iter().reduce(|best, found| if found.inertia < best.inertia { found } else { best })
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

/// First centroids by k-means++, one for each of `shares` (0–1, drawn evenly): each point is taken with a
/// probability in proportion to its weight times the squared distance to the nearest one taken before.
fn drawn(points: &Points, shares: &[f64]) -> Vec<f64> {
    let mut centroids: Vec<f64> = Vec::with_capacity(shares.len() * points.dimensions);
    let mut nearest: Vec<f64> = points.weights.clone();
    for (turn, share) in shares.iter().enumerate() {
        let total: f64 = nearest.iter().sum();
        let mark = share * total;
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

/// The nearest centroid, of equally near ones the first, the squared distance to it and to the next.
fn nearest(point: &[f64], centroids: &[f64]) -> (usize, f64, f64) {
    let distances = centroids.chunks_exact(point.len()).map(|centroid| squared(point, centroid));
    distances.enumerate().fold((0, f64::INFINITY, f64::INFINITY), |(best, first, second), (at, here)| {
        if here < first { (at, here, first) } else { (best, first, second.min(here)) }
    })
}

/// What is known of a point without measuring: no further than `own` from its centroid, and no nearer than
/// `others` to any other (Hamerly 2010, *Proceedings of the SIAM International Conference on Data
/// Mining*, 130–140). Most points keep their label in most rounds, and are not measured.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    own: f64,
    others: f64,
}

impl Bounds {
    const UNKNOWN: Self = Self { own: f64::INFINITY, others: 0.0 };

    /// Whether no other centroid can be as near. `apart` is half the way from the own centroid to the next:
    /// whoever is nearer to the own than that is not nearer to another. What rounding adds up to in a
    /// thousand rounds is less than the margin, so that labels are those of measuring everything.
    fn settled(self, apart: f64) -> bool {
        self.own * (1.0 + 1e-9) < self.others.max(apart)
    }
}

/// Gives each point its nearest centroid, and says whether no label changed.
fn assign(points: &Points, centroids: &[f64], labels: &mut [usize], bounds: &mut [Bounds]) -> bool {
    let dimensions = points.dimensions;
    let centroid = |group: usize| &centroids[group * dimensions..(group + 1) * dimensions];
    let k = centroids.len() / dimensions;
    let apart: Vec<f64> = (0..k)
        .map(|group| {
            let others = (0..k).filter(|other| *other != group);
            let next = others.map(|other| squared(centroid(group), centroid(other)));
            next.fold(f64::INFINITY, f64::min).sqrt() / 2.0
        })
        .collect();
    let mut same = true;
    let places = points.coordinates.chunks_exact(dimensions).zip(labels).zip(bounds);
    for ((point, label), bounds) in places {
        if *label < k {
            if bounds.settled(apart[*label]) {
                continue;
            }
            bounds.own = squared(point, centroid(*label)).sqrt();
            if bounds.settled(apart[*label]) {
                continue;
            }
        }
        let (found, own, others) = nearest(point, centroids);
        *bounds = Bounds { own: own.sqrt(), others: others.sqrt() };
        same &= *label == found;
        *label = found;
    }
    same
}

fn lloyd(points: &Points, mut centroids: Vec<f64>) -> Clusters {
    let dimensions = points.dimensions;
    let k = centroids.len() / dimensions;
    let mut labels = vec![usize::MAX; points.len()];
    let mut bounds = vec![Bounds::UNKNOWN; points.len()];
    let (mut rounds, mut refilled, mut converged) = (0, 0, false);
    let mut sizes = vec![0.0; k];
    let mut moved = vec![0.0; k];
    while rounds < ROUNDS && !converged {
        rounds += 1;
        converged = assign(points, &centroids, &mut labels, &mut bounds);
        if converged {
            break;
        }
        sizes = weights_of(points, &labels, k);
        if sizes.iter().any(|size| *size <= 0.0) {
            refilled += refill(points, &centroids, &mut labels, &mut sizes);
            bounds.fill(Bounds::UNKNOWN);
        }
        let mut sums = vec![0.0; k * dimensions];
        for ((point, label), weight) in
            points.coordinates.chunks_exact(dimensions).zip(&labels).zip(&points.weights)
        {
            let sum = &mut sums[label * dimensions..(label + 1) * dimensions];
            for (sum, x) in sum.iter_mut().zip(point) {
                *sum += weight * x;
            }
        }
        for (group, size) in sizes.iter().enumerate() {
            let place = group * dimensions..(group + 1) * dimensions;
            let (centroid, sum) = (&mut centroids[place.clone()], &mut sums[place]);
            moved[group] = 0.0;
            if *size > 0.0 {
                sum.iter_mut().for_each(|x| *x /= size);
                moved[group] = squared(centroid, sum).sqrt();
                centroid.copy_from_slice(sum);
            }
        }
        let farthest = moved.iter().copied().fold(0.0, f64::max);
        for (bounds, label) in bounds.iter_mut().zip(&labels) {
            bounds.own += moved[*label];
            bounds.others -= farthest;
        }
    }
    let distances: Vec<f64> = (0..points.len())
        .map(|at| {
            let centroid = &centroids[labels[at] * dimensions..(labels[at] + 1) * dimensions];
            squared(points.point(at), centroid)
        })
        .collect();
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

/// Gives each group without points the one farthest from its centroid, of a group that keeps others: there
/// is one, as there are as many distinct points as groups. Returns how many groups it were.
fn refill(points: &Points, centroids: &[f64], labels: &mut [usize], sizes: &mut [f64]) -> usize {
    let centroid = |group: usize| &centroids[group * points.dimensions..(group + 1) * points.dimensions];
    let mut distances: Vec<f64> =
        labels.iter().enumerate().map(|(at, label)| squared(points.point(at), centroid(*label))).collect();
    let mut refilled = 0;
    for empty in 0..sizes.len() {
        if sizes[empty] > 0.0 {
            continue;
        }
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
    refilled
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
    let one = |at: &usize| {
        let mut sums = vec![0.0; k];
        for other in &some {
            sums[labels[*other]] += squared(points.point(*at), points.point(*other)).sqrt();
        }
        let own = labels[*at];
        if members[own] < 2 {
            return 0.0;
        }
        let within = sums[own] / (members[own] - 1) as f64;
        let between = (0..k)
            .filter(|group| *group != own && members[*group] > 0)
            .map(|group| sums[group] / members[group] as f64)
            .fold(f64::INFINITY, f64::min);
        let wider = within.max(between);
        if wider > 0.0 { (between - within) / wider } else { 0.0 }
    };
    // Added up in the order of the points, whoever was done first.
    let each: Vec<f64> = some.par_iter().map(one).collect();
    Some(each.iter().sum::<f64>() / some.len() as f64)
}

/// How much wider groups lie apart than they are (Caliński and Harabasz 1974, *Communications in
/// Statistics* 3, 1–27): the squares between groups over `k − 1` against those within over `n − k`, n being
/// the sum of the weights. The larger the better. `None` with fewer than two groups, with as many groups as
/// points, or where nothing lies within.
pub fn calinski_harabasz(points: &Points, clusters: &Clusters) -> Option<f64> {
    let (n, k) = (clusters.sizes.iter().sum::<f64>(), clusters.centroids.len() as f64);
    let middle = |place: usize| {
        let parts = clusters.centroids.iter().zip(&clusters.sizes);
        parts.map(|(centroid, size)| centroid[place] * size).sum::<f64>() / n
    };
    let middle: Vec<f64> = (0..points.dimensions).map(middle).collect();
    let between = clusters.centroids.iter().zip(&clusters.sizes);
    let between: f64 = between.map(|(centroid, size)| size * squared(centroid, &middle)).sum();
    let sound = k > 1.0 && n > k && clusters.inertia > 0.0;
    sound.then(|| between / (k - 1.0) / (clusters.inertia / (n - k)))
}

/// How much groups run into each other (Davies and Bouldin 1979, *IEEE Transactions on Pattern Analysis and
/// Machine Intelligence* 1, 224–227): of each group the largest, over the others, of the sum of both mean
/// distances to the own centroid over the distance of the centroids; and the mean of these. The smaller
/// the better. `None` with fewer than two groups that have weight.
pub fn davies_bouldin(points: &Points, clusters: &Clusters) -> Option<f64> {
    let k = clusters.centroids.len();
    let mut widths = vec![0.0; k];
    for (at, label) in clusters.labels.iter().enumerate() {
        let distance = squared(points.point(at), &clusters.centroids[*label]).sqrt();
        widths[*label] += points.weights[at] * distance;
    }
    let groups: Vec<usize> = (0..k).filter(|group| clusters.sizes[*group] > 0.0).collect();
    let width = |group: usize| widths[group] / clusters.sizes[group];
    let overlap = |a: usize, b: usize| {
        let apart = squared(&clusters.centroids[a], &clusters.centroids[b]).sqrt();
        (width(a) + width(b)) / apart
    };
    let worst = |a: &usize| {
        let others = groups.iter().filter(|b| *b != a);
        others.map(|b| overlap(*a, *b)).fold(0.0, f64::max)
    };
    (groups.len() > 1).then(|| groups.iter().map(worst).sum::<f64>() / groups.len() as f64)
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
    let all = Points { dimensions: points.dimensions, coordinates, weights: vec![1.0; some.len()] };
    // All chance is drawn first, so that it does not matter who is done first.
    let samples: Vec<Vec<u32>> = (0..times).map(|_| redrawn(some.len(), &mut chance)).collect();
    let found: Vec<Vec<Option<f64>>> = samples
        .par_iter()
        .enumerate()
        .map(|(turn, drawn)| {
            let weight = |(n, at): (&u32, &usize)| f64::from(*n) * points.weights[*at];
            let sample = Points { weights: drawn.iter().zip(&some).map(weight).collect(), ..all.clone() };
            let start = Start::Drawn { k, seed: seed.wrapping_add(1 + turn as u64), times: 3 };
            let Some(again) = k_means(&sample, start) else { return vec![None; k] };
            let mut both = vec![vec![0.0; k]; k];
            for ((at, label), drawn) in some.iter().zip(&again.labels).zip(drawn) {
                if *drawn > 0 {
                    both[clusters.labels[*at]][*label] += 1.0;
                }
            }
            overlaps(&both)
        })
        .collect();
    let mean = |group: usize| {
        let known: Vec<f64> = found.iter().filter_map(|overlaps| overlaps[group]).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    (0..k).map(mean).collect()
}

/// How often each of `n` was drawn in `n` draws with replacement.
fn redrawn(n: usize, chance: &mut ChaCha8Rng) -> Vec<u32> {
    let mut drawn = vec![0; n];
    for _ in 0..n {
        drawn[((share(chance) * n as f64) as usize).min(n - 1)] += 1;
    }
    drawn
}

/// The largest Jaccard overlap of each group (a row) with one found again (a column), from the counts of
/// points in both; none for a group without points.
fn overlaps(both: &[Vec<f64>]) -> Vec<Option<f64>> {
    let found = |group: usize| both.iter().map(|row| row[group]).sum::<f64>();
    let best = |row: &Vec<f64>| {
        let own: f64 = row.iter().sum();
        let overlap = |(other, common): (usize, &f64)| common / (own + found(other) - common);
        (own > 0.0).then(|| row.iter().enumerate().map(overlap).fold(0.0, f64::max))
    };
    both.iter().map(best).collect()
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
        assert_eq!((&found.sizes, found.inertia, found.converged), (&vec![3.0, 2.0], 4.0, true));
        // Silhouettes: 10: a 2, b 8; 1: a 1.5, b 10; 2: a 1, b 9; 12: a 2, b 10; 3: a 1.5, b 8.
        let hand = (6.0 / 8.0 + 8.5 / 10.0 + 8.0 / 9.0 + 8.0 / 10.0 + 6.5 / 8.0) / 5.0;
        assert!((silhouette(&points, &found.labels, 100).unwrap() - hand).abs() < 1e-14);
        // Mean 5.6: 3 · 3.6² + 2 · 5.4² = 97.2 between, over 1; 4 within, over 3.
        assert!((calinski_harabasz(&points, &found).unwrap() - 97.2 / (4.0 / 3.0)).abs() < 1e-12);
        // Mean distances 2/3 and 1, nine apart.
        assert!((davies_bouldin(&points, &found).unwrap() - (2.0 / 3.0 + 1.0) / 9.0).abs() < 1e-14);
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

    /// Bounds leave out measurements, never a label: every round by measuring everything.
    #[test]
    fn bounds_alter_nothing() {
        let mut chance = ChaCha8Rng::seed_from_u64(2);
        for k in [2, 3, 7] {
            // Whole numbers have ties.
            let coordinates = (0..600).map(|_| (share(&mut chance) * 9.0).floor()).collect();
            let points = Points::new(2, coordinates).unwrap();
            let mut centroids = drawn(&points, &(0..k).map(|_| share(&mut chance)).collect::<Vec<_>>());
            let found = lloyd(&points, centroids.clone());
            let mut labels = vec![usize::MAX; points.len()];
            let mut rounds = 0;
            loop {
                rounds += 1;
                let measured: Vec<usize> =
                    (0..points.len()).map(|at| nearest(points.point(at), &centroids).0).collect();
                if measured == labels {
                    break;
                }
                labels = measured;
                for group in 0..k {
                    let own: Vec<usize> = (0..points.len()).filter(|at| labels[*at] == group).collect();
                    for i in 0..2 {
                        let sum: f64 = own.iter().map(|at| points.point(*at)[i]).sum();
                        centroids[2 * group + i] = sum / own.len() as f64;
                    }
                }
            }
            assert_eq!((found.rounds, found.refilled), (rounds, 0));
            for (one, other) in found.labels.iter().zip(&labels) {
                assert_eq!(found.centroids[*one], centroids[2 * other..2 * other + 2]);
            }
        }
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
        assert_eq!((&alone.centroids, alone.inertia), (&vec![vec![3.0]], 0.0));
        assert_eq!(
            (calinski_harabasz(&line(&[3.0]), &alone), davies_bouldin(&line(&[3.0]), &alone)),
            (None, None)
        );
        assert_eq!(silhouette(&line(&[3.0, 4.0]), &[0, 0], 10), None);
        assert_eq!(silhouette(&line(&[3.0, 4.0]), &[0, 1], 10), Some(0.0));
        assert_eq!(silhouette(&line(&[]), &[], 10), None);
        let two = k_means(&line(&[1.0, 2.0]), SEEDED).unwrap();
        assert_eq!(stability(&line(&[1.0, 2.0]), &two, 0, 10, 1), [None, None]);
    }
}
