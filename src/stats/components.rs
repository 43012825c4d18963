//! How much several indicators say the same: principal components of their correlations, the weights that
//! follow from the first, and Cronbach's alpha. Works on columns, one an indicator, with the larger the
//! better in all; only units that have every value count. Knows nothing of whose the values are.

use super::correlation::pearson;
use super::eigen;

/// The principal components of a correlation matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Components {
    /// The variance of each component, largest first; they add up to the number of indicators.
    pub eigenvalues: Vec<f64>,
    /// The loadings of each component, of length 1, the largest positive.
    pub loadings: Vec<Vec<f64>>,
    /// Units that have every value.
    pub n: usize,
}

impl Components {
    /// The part (0–1) of all variance that each component has.
    pub fn explained(&self) -> Vec<f64> {
        let sum: f64 = self.eigenvalues.iter().sum();
        self.eigenvalues.iter().map(|value| value / sum).collect()
    }

    /// The weights of the first component: its squared loadings, which add up to 1.
    ///
    /// Source: OECD/JRC (2008), *Handbook on Constructing Composite Indicators*, step 6, for one component.
    pub fn weights(&self) -> Vec<f64> {
        self.loadings.first().into_iter().flatten().map(|loading| loading * loading).collect()
    }
}

/// The principal components of indicators brought to one variance. `None` without indicators, with fewer
/// than two complete units, or where one does not vary among these.
pub fn components(indicators: &[&[Option<f64>]]) -> Option<Components> {
    let (columns, n) = complete(indicators);
    let correlation = |a: &Vec<Option<f64>>, b: &Vec<Option<f64>>| pearson(a, b).0;
    let row = |a: &Vec<Option<f64>>| columns.iter().map(|b| correlation(a, b)).collect::<Option<Vec<f64>>>();
    let matrix = columns.iter().map(row).collect::<Option<Vec<Vec<f64>>>>()?;
    let found = eigen::symmetric(&matrix).filter(|_| !indicators.is_empty())?;
    Some(Components { eigenvalues: found.values, loadings: found.vectors, n })
}

/// Cronbach's alpha, `m/(m − 1) · (1 − Σs²ⱼ/s²)`: `s²ⱼ` the variance of an indicator, `s²` that of their sum
/// (all with `n − 1`); and the units that have every value. It is 1 where all say the same and 0 where none
/// says what another does; below 0 they contradict each other.
///
/// None with fewer than two indicators or units, or where the sum does not vary.
///
/// Source: L. J. Cronbach, "Coefficient Alpha and the Internal Structure of Tests", *Psychometrika* 16, 1951.
pub fn cronbach_alpha(indicators: &[&[Option<f64>]]) -> (Option<f64>, usize) {
    let (columns, n) = complete(indicators);
    let m = columns.len() as f64;
    let columns: Vec<Vec<f64>> =
        columns.into_iter().map(|column| column.into_iter().flatten().collect()).collect();
    let sums: Vec<f64> = (0..n).map(|unit| columns.iter().map(|column| column[unit]).sum()).collect();
    let parts: f64 = columns.iter().map(|column| variance(column)).sum();
    let whole = variance(&sums);
    // What rounding leaves of no variation is none.
    let sound = m > 1.0 && n > 1 && whole > 1e-12 * parts;
    (sound.then(|| m / (m - 1.0) * (1.0 - parts / whole)), n)
}

/// The units of which every value is known and finite, and how many they are.
fn complete(indicators: &[&[Option<f64>]]) -> (Vec<Vec<Option<f64>>>, usize) {
    let units = indicators.iter().map(|column| column.len()).min().unwrap_or(0);
    let known = |unit: &usize| indicators.iter().all(|column| column[*unit].is_some_and(f64::is_finite));
    let units: Vec<usize> = (0..units).filter(known).collect();
    let of = |column: &&[Option<f64>]| units.iter().map(|unit| column[*unit]).collect();
    (indicators.iter().map(of).collect(), units.len())
}

fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-13, "{a}, not {b}");
    }

    #[test]
    fn components_by_hand() {
        // Deviations −1, 0, 1 and −1, 1, 0: r = ½, so 1 ± ½ along the diagonals.
        let x = [Some(1.0), Some(2.0), None, Some(3.0)];
        let y = [Some(10.0), Some(30.0), Some(99.0), Some(20.0)];
        let found = components(&[&x, &y]).unwrap();
        assert_eq!(found.n, 3);
        close(found.eigenvalues[0], 1.5);
        close(found.explained()[1], 0.25);
        found.weights().into_iter().for_each(|weight| close(weight, 0.5));
        // Who contradicts the others has a loading below zero, and its square all the same.
        let other = y.map(|y| y.map(|y| -y));
        let found = components(&[&x, &other]).unwrap();
        close(found.loadings[0][1], -0.5f64.sqrt());
        close(found.weights()[1], 0.5);
    }

    #[test]
    fn alpha_by_hand() {
        // Variances 1 and 1, of the sum (2, 5, 5) 3: 2 · (1 − 2/3).
        let x = [Some(1.0), Some(2.0), Some(3.0), Some(7.0)];
        let y = [Some(1.0), Some(3.0), Some(2.0), None];
        let (alpha, n) = cronbach_alpha(&[&x, &y]);
        close(alpha.unwrap(), 2.0 / 3.0);
        assert_eq!(n, 3);
        close(cronbach_alpha(&[&x, &x, &x]).0.unwrap(), 1.0);
    }

    #[test]
    fn degenerate() {
        let (x, flat) = ([Some(1.0), Some(2.0)], [Some(1.0); 2]);
        assert_eq!(components(&[]), None);
        assert_eq!(components(&[&x, &flat]), None);
        assert_eq!(components(&[&x[..1]]), None);
        assert_eq!(components(&[&x]).unwrap().weights(), [1.0]);
        assert_eq!(cronbach_alpha(&[]), (None, 0));
        assert_eq!(cronbach_alpha(&[&x]), (None, 2));
        assert_eq!(cronbach_alpha(&[&flat, &flat]), (None, 2));
        assert_eq!(cronbach_alpha(&[&x, &x.map(|x| x.map(|x| -x))]), (None, 2));
        assert_eq!(cronbach_alpha(&[&[Some(f64::NAN), Some(1.0)], &x]), (None, 1));
    }
}
