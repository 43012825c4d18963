//! Maxima of smooth functions of a few positive numbers, and how sure one is of them.
//!
//! Works on logarithms, where every parameter is free and a change of the unit of time is a shift.
//! Quasi-Newton steps (BFGS; Nocedal and Wright 2006, *Numerical Optimization*, chapter 6) from each
//! start, then Newton steps on the gradient, which is known to more digits than the value. Knows
//! nothing of what is maximised.

/// The value of a function and its derivatives by the logarithm of each parameter.
pub type Value<const N: usize> = (f64, [f64; N]);

/// Where the function is largest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Maximum<const N: usize> {
    /// The parameters.
    pub at: [f64; N],
    /// The function there.
    pub value: f64,
    /// The largest derivative by the logarithm of a parameter, in absolute value: 0 at a maximum.
    pub gradient: f64,
    /// The inverse of minus the second derivatives by logarithms; none where the function is not
    /// curved downwards in every direction, so that this is no maximum.
    pub inverse: Option<[[f64; N]; N]>,
    /// How far away the maximum of the parabola that fits best there is, in the logarithm of a parameter: 0
    /// at a maximum, 1 and no less where the function flattens out towards the end of the world.
    pub distance: f64,
    /// Evaluations of the function itself.
    pub evaluations: usize,
}

impl<const N: usize> Maximum<N> {
    /// Whether it is one: flat there, to 10⁻⁶, curved downwards, and the top of that curve there too.
    pub fn converged(&self) -> bool {
        self.gradient < FLAT && self.inverse.is_some() && self.distance < NEAR
    }
}

const FLAT: f64 = 1e-6;
/// How near the top of the curve has to be.
const NEAR: f64 = 1e-3;
/// Evaluations on the way up from one start at most: some dozens are the rule.
const PATIENCE: usize = 200;
/// Largest step of a logarithm: parameters may grow or shrink sevenfold at once.
const STRIDE: f64 = 2.0;
/// Where a logarithm ends: beyond it a parameter has run away.
const FAR: f64 = 30.0;
/// Half the width of the differences of the gradient: error h² from curvature, 10⁻¹⁵/h from rounding.
const H: f64 = 1e-4;

/// The largest of the maxima found from `starts` (positive numbers). `None` where the function is
/// finite at none of them.
///
/// `function` should be of the size of one (a mean, not a sum), since flatness is judged by it. The
/// starts are followed on `sketch`, something alike that is cheaper (the same mean over fewer rows),
/// and the best of them on the function.
pub fn maximum<const N: usize>(
    starts: &[[f64; N]],
    sketch: impl Fn(&[f64; N]) -> Value<N>,
    function: impl Fn(&[f64; N]) -> Value<N>,
) -> Option<Maximum<N>> {
    let evaluations = std::cell::Cell::new(0);
    let at = |logs: &[f64; N]| {
        evaluations.set(evaluations.get() + 1);
        function(&logs.map(f64::exp))
    };
    let near = |logs: &[f64; N]| sketch(&logs.map(f64::exp));
    let mut best: Option<([f64; N], Value<N>)> = None;
    for start in starts {
        let Some(found) = climb(start.map(f64::ln), None, &near, 1e-3) else { continue };
        if best.as_ref().is_none_or(|best| found.1.0 > best.1.0) {
            best = Some(found);
        }
    }
    let (logs, _) = climb(best?.0, None, &near, 1e-7)?;
    let known = self::inverse(&curvature(&logs, &near));
    let (mut logs, mut found) = climb(logs, known, &at, 1e-7)?;
    let mut inverse = inverse(&curvature(&logs, &at));
    for _ in 0..8 {
        let Some(inverse_here) = &inverse else { break };
        let step = product(inverse_here, &found.1);
        if norm(&found.1) < 1e-12 || norm(&step) > 0.5 {
            break;
        }
        let next: [f64; N] = std::array::from_fn(|i| logs[i] + step[i]);
        let value = at(&next);
        if !value.0.is_finite() || norm(&value.1) >= norm(&found.1) {
            break;
        }
        logs = next;
        found = value;
        if norm(&step) > 1e-6 {
            inverse = self::inverse(&curvature(&logs, &at));
        }
    }
    Some(Maximum {
        at: logs.map(f64::exp),
        value: found.0,
        gradient: norm(&found.1),
        distance: inverse.map_or(f64::INFINITY, |inverse| norm(&product(&inverse, &found.1))),
        inverse,
        evaluations: evaluations.get(),
    })
}

/// Uphill until the gradient is below `flat` or no step is a gain. `known` are the inverse second
/// derivatives as far as they are known.
// Not inlined: the optimiser (rustc 1.95, whole crate at level 3) otherwise lost the fourth of four
// parameters on the way out, which the tests in this folder notice.
#[inline(never)]
fn climb<const N: usize>(
    mut logs: [f64; N],
    known: Option<[[f64; N]; N]>,
    at: &impl Fn(&[f64; N]) -> Value<N>,
    flat: f64,
) -> Option<([f64; N], Value<N>)> {
    let mut here = at(&logs);
    if !here.0.is_finite() || here.1.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let mut inverse = known.unwrap_or_else(identity);
    let mut asked = 0;
    for turn in 0..120 {
        if norm(&here.1) < flat {
            break;
        }
        let mut step = product(&inverse, &here.1);
        if dot(&step, &here.1) <= 0.0 {
            inverse = identity();
            step = here.1;
        }
        let longest = norm(&step);
        let mut scale = if longest > STRIDE { STRIDE / longest } else { 1.0 };
        let slope = dot(&step, &here.1);
        let next = loop {
            let next: [f64; N] = std::array::from_fn(|i| (logs[i] + scale * step[i]).clamp(-FAR, FAR));
            let value = at(&next);
            let enough = here.0 + 1e-4 * scale * slope;
            if value.0.is_finite() && value.1.iter().all(|x| x.is_finite()) && value.0 >= enough {
                break Some((next, value));
            }
            scale *= 0.3;
            asked += 1;
            if scale * longest < 1e-10 || asked > PATIENCE {
                break None;
            }
        };
        let Some((next, value)) = next else { break };
        let moved: [f64; N] = std::array::from_fn(|i| next[i] - logs[i]);
        let turned: [f64; N] = std::array::from_fn(|i| here.1[i] - value.1[i]);
        let curved = dot(&moved, &turned);
        if curved > 1e-12 * dot(&moved, &moved) {
            if turn == 0 && known.is_none() {
                let size = curved / dot(&turned, &turned);
                inverse = identity::<N>().map(|row| row.map(|x| x * size));
            }
            update(&mut inverse, &moved, &turned, curved);
        }
        logs = next;
        here = value;
    }
    Some((logs, here))
}

/// The inverse second derivatives after a step, by Broyden, Fletcher, Goldfarb and Shanno.
#[inline(never)]
fn update<const N: usize>(inverse: &mut [[f64; N]; N], moved: &[f64; N], turned: &[f64; N], curved: f64) {
    let seen = product(inverse, turned);
    let across = dot(turned, &seen);
    for i in 0..N {
        for j in 0..N {
            inverse[i][j] += (1.0 + across / curved) * moved[i] * moved[j] / curved
                - (seen[i] * moved[j] + moved[i] * seen[j]) / curved;
        }
    }
}

/// Minus the second derivatives, from differences of the gradient.
#[inline(never)]
fn curvature<const N: usize>(logs: &[f64; N], at: &impl Fn(&[f64; N]) -> Value<N>) -> [[f64; N]; N] {
    let rows: [[f64; N]; N] = std::array::from_fn(|i| {
        let gradient = |by: f64| {
            let mut there = *logs;
            there[i] += by;
            at(&there).1
        };
        let (low, high) = (gradient(-H), gradient(H));
        std::array::from_fn(|j| (low[j] - high[j]) / (2.0 * H))
    });
    std::array::from_fn(|i| std::array::from_fn(|j| (rows[i][j] + rows[j][i]) / 2.0))
}

/// The inverse of a symmetric matrix by its Cholesky factor; none unless it is positive definite.
#[inline(never)]
fn inverse<const N: usize>(matrix: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut factor = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let rest = matrix[i][j] - (0..j).map(|k| factor[i][k] * factor[j][k]).sum::<f64>();
            if i == j {
                // Relative to its own size: what is left of a diagonal after rounding is no curvature.
                if rest.is_nan() || rest <= 1e-10 * matrix[i][i].abs() {
                    return None;
                }
                factor[i][i] = rest.sqrt();
            } else {
                factor[i][j] = rest / factor[j][j];
            }
        }
    }
    let mut inverse = [[0.0; N]; N];
    for column in 0..N {
        let mut x = [0.0; N];
        for i in 0..N {
            let unit = if i == column { 1.0 } else { 0.0 };
            x[i] = (unit - (0..i).map(|k| factor[i][k] * x[k]).sum::<f64>()) / factor[i][i];
        }
        for i in (0..N).rev() {
            x[i] = (x[i] - (i + 1..N).map(|k| factor[k][i] * x[k]).sum::<f64>()) / factor[i][i];
        }
        for (row, x) in inverse.iter_mut().zip(x) {
            row[column] = x;
        }
    }
    Some(inverse)
}

fn identity<const N: usize>() -> [[f64; N]; N] {
    std::array::from_fn(|i| std::array::from_fn(|j| if i == j { 1.0 } else { 0.0 }))
}

#[inline(never)]
fn product<const N: usize>(matrix: &[[f64; N]; N], x: &[f64; N]) -> [f64; N] {
    matrix.map(|row| dot(&row, x))
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[inline(never)]
fn norm<const N: usize>(x: &[f64; N]) -> f64 {
    x.iter().fold(0.0, |most, x| if x.is_nan() { f64::NAN } else { most.max(x.abs()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// −(u − 1)² − 3(v + 2)² − (u − 1)(v + 2) in u = ln x, v = ln y: curvature [[2, 1], [1, 6]].
    fn hill(x: &[f64; 2]) -> Value<2> {
        let (u, v) = (x[0].ln() - 1.0, x[1].ln() + 2.0);
        (-u * u - 3.0 * v * v - u * v, [-2.0 * u - v, -6.0 * v - u])
    }

    #[test]
    fn worked_by_hand() {
        let found = maximum(&[[1.0, 1.0], [50.0, 0.001]], hill, hill).unwrap();
        assert!((found.at[0] - 1f64.exp()).abs() < 1e-9 && (found.at[1] - (-2f64).exp()).abs() < 1e-9);
        assert!(found.converged() && found.value.abs() < 1e-12);
        // The inverse of [[2, 1], [1, 6]] is [[6, −1], [−1, 2]] / 11.
        let inverse = found.inverse.unwrap();
        for (ours, hand) in inverse.iter().flatten().zip([6.0, -1.0, -1.0, 2.0]) {
            assert!((ours - hand / 11.0).abs() < 1e-9, "{inverse:?}");
        }
    }

    #[test]
    fn the_higher_of_two_hills() {
        // Peaks of cos at 0 and 2π, tilted upwards to the right.
        let waves = |x: &[f64; 1]| {
            let u = x[0].ln();
            (u.cos() + 0.01 * u - (u / 9.0).powi(4), [-u.sin() + 0.01 - 4.0 * u.powi(3) / 6561.0])
        };
        let near = maximum(&[[1.1]], waves, waves).unwrap();
        let both = maximum(&[[1.1], [500.0]], waves, waves).unwrap();
        assert!(near.at[0].ln() < 0.1 && near.converged());
        assert!(both.value >= near.value && both.converged());
    }

    #[test]
    fn a_plateau_and_a_run_away_are_no_maximum() {
        let ridge = |x: &[f64; 2]| {
            let u = x[0].ln() + x[1].ln();
            (-u * u, [-2.0 * u, -2.0 * u])
        };
        let found = maximum(&[[3.0, 5.0]], ridge, ridge).unwrap();
        assert!(!found.converged() && found.inverse.is_none());
        let uphill = |x: &[f64; 1]| (x[0].ln(), [1.0]);
        assert!(!maximum(&[[1.0]], uphill, uphill).unwrap().converged());
        assert_eq!(maximum(&[[1.0]], uphill, |_| (f64::NAN, [0.0])), None);
        assert_eq!(maximum(&[], hill, hill), None);
    }
}
