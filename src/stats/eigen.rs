//! Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations. Knows nothing of what the
//! matrix is of.

/// The axes of a symmetric matrix, the longest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// From the largest to the smallest.
    pub values: Vec<f64>,
    /// One per value, of length 1; the entry of the largest size, of equally large ones the first, is
    /// positive.
    pub vectors: Vec<Vec<f64>>,
}

/// Sweeps over all pairs after which the search is given up; some ten are enough for any matrix.
const SWEEPS: usize = 100;

/// The eigenvalues and eigenvectors of a symmetric matrix, given as rows.
///
/// Cyclic Jacobi: every pair of axes is turned until nothing is left beside the diagonal (C. G. J. Jacobi,
/// *Journal für die reine und angewandte Mathematik* 30, 1846; the angle as in Golub and Van Loan, *Matrix
/// Computations*, section 8.5). Only the upper triangle is read. `None` where the matrix is not square or
/// has a value that is not finite.
pub fn symmetric(matrix: &[Vec<f64>]) -> Option<Eigen> {
    let m = matrix.len();
    if matrix.iter().any(|row| row.len() != m || row.iter().any(|x| !x.is_finite())) {
        return None;
    }
    let mut a: Vec<Vec<f64>> = (0..m).map(|i| (0..m).map(|j| matrix[i.min(j)][i.max(j)]).collect()).collect();
    // Its columns are the vectors.
    let mut v: Vec<Vec<f64>> =
        (0..m).map(|i| (0..m).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let size = a.iter().flatten().map(|x| x * x).sum::<f64>().sqrt();
    for _ in 0..SWEEPS {
        let beside = (0..m).flat_map(|i| (i + 1..m).map(move |j| (i, j)));
        if beside.map(|(i, j)| a[i][j] * a[i][j]).sum::<f64>().sqrt() <= f64::EPSILON * 1e-3 * size {
            break;
        }
        for p in 0..m {
            for q in p + 1..m {
                turn(&mut a, &mut v, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|i, j| a[*j][*j].total_cmp(&a[*i][*i]).then(i.cmp(j)));
    let vector = |at: &usize| {
        let vector: Vec<f64> = v.iter().map(|row| row[*at]).collect();
        // Entries that differ by rounding alone are equally large.
        let largest = vector.iter().map(|x| x.abs()).fold(0.0, f64::max) * (1.0 - 1e-9);
        let sign = vector.iter().find(|x| x.abs() >= largest).map_or(1.0, |x| x.signum());
        vector.into_iter().map(|x| sign * x).collect()
    };
    Some(Eigen {
        values: order.iter().map(|at| a[*at][*at]).collect(),
        vectors: order.iter().map(vector).collect(),
    })
}

/// Turns axes `p` and `q` so that nothing of both is left in `a`.
fn turn(a: &mut [Vec<f64>], v: &mut [Vec<f64>], p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let tau = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = if tau >= 0.0 { 1.0 / (tau + tau.hypot(1.0)) } else { -1.0 / (tau.hypot(1.0) - tau) };
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for row in a.iter_mut().chain(v) {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
    let (first, second) = (a[p].clone(), a[q].clone());
    a[p] = first.iter().zip(&second).map(|(x, y)| c * x - s * y).collect();
    a[q] = first.iter().zip(&second).map(|(x, y)| s * x + c * y).collect();
    (a[p][q], a[q][p]) = (0.0, 0.0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(ours: &[f64], hand: &[f64]) {
        assert_eq!(ours.len(), hand.len());
        ours.iter().zip(hand).for_each(|(a, b)| assert!((a - b).abs() < 1e-14, "{ours:?}, not {hand:?}"));
    }

    #[test]
    fn by_hand() {
        // (2 − λ)² = 1: 3 along (1, 1), 1 along (1, −1).
        let half = 0.5f64.sqrt();
        let found = symmetric(&[vec![2.0, 1.0], vec![1.0, 2.0]]).unwrap();
        close(&found.values, &[3.0, 1.0]);
        close(&found.vectors[0], &[half, half]);
        close(&found.vectors[1], &[half, -half]);
        // Correlations of ½ throughout: 1 + 2·½ along (1, 1, 1), and twice ½.
        let found = symmetric(&[vec![1.0, 0.5, 0.5], vec![0.5, 1.0, 0.5], vec![0.5, 0.5, 1.0]]).unwrap();
        close(&found.values, &[2.0, 0.5, 0.5]);
        close(&found.vectors[0], &[3f64.sqrt() / 3.0; 3]);
        // The middle of a chain: 1 ± √2.
        let chain = [vec![1.0, 1.0, 0.0], vec![1.0, 1.0, 1.0], vec![0.0, 1.0, 1.0]];
        close(&symmetric(&chain).unwrap().values, &[1.0 + 2f64.sqrt(), 1.0, 1.0 - 2f64.sqrt()]);
    }

    #[test]
    fn degenerate() {
        assert_eq!(symmetric(&[]), Some(Eigen { values: vec![], vectors: vec![] }));
        assert_eq!(symmetric(&[vec![-4.0]]), Some(Eigen { values: vec![-4.0], vectors: vec![vec![1.0]] }));
        assert_eq!(symmetric(&[vec![1.0, 2.0]]), None);
        assert_eq!(symmetric(&[vec![f64::NAN]]), None);
        assert_eq!(symmetric(&[vec![0.0; 2], vec![0.0; 2]]).unwrap().values, [0.0, 0.0]);
    }

    proptest! {
        /// A matrix is the sum of its axes, each of length 1 and at right angles to the others.
        #[test]
        fn the_matrix_is_the_sum_of_its_axes(
            (m, cells) in (1usize..7).prop_flat_map(|m| (Just(m), prop::collection::vec(-9.0..9.0f64, m * m)))
        ) {
            let matrix: Vec<Vec<f64>> = (0..m)
                .map(|i| (0..m).map(|j| cells[i.min(j) * m + i.max(j)]).collect())
                .collect();
            let found = symmetric(&matrix).unwrap();
            prop_assert!(found.values.windows(2).all(|pair| pair[0] >= pair[1]));
            for i in 0..m {
                for j in 0..m {
                    let sum: f64 = found
                        .values
                        .iter()
                        .zip(&found.vectors)
                        .map(|(value, vector)| value * vector[i] * vector[j])
                        .sum();
                    prop_assert!((sum - matrix[i][j]).abs() < 1e-11);
                    let dot: f64 = found.vectors[i].iter().zip(&found.vectors[j]).map(|(x, y)| x * y).sum();
                    prop_assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-12);
                }
            }
        }
    }
}
