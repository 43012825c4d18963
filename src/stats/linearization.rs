//! Standard errors of means and shares from a sample design with strata, clusters and finite
//! populations, by Taylor linearisation. A design is given by sums over cells: groups of rows that
//! have the same answers, so that every figure of a table is a function of the cells' weighted
//! totals. Knows no rows and no names of strata.
//!
//! A mean over a domain, `Σ w y / Σ w`, has the linearised value `u = w (y − mean) / Σ w` in each row of
//! the domain and 0 in every other row. With the total `u_hj` of primary sampling unit `j` of the `n`
//! drawn in stratum `h`, and the part `f` that these are of the stratum's population, the covariance of
//! two figures is `Σ_h (1 − f) n/(n − 1) Σ_j (u_hj − ū_h)(v_hj − v̄_h)`. A share is the mean of an
//! indicator. Units without a row in the domain count with 0: leaving them out would understate the
//! error of small groups.
//!
//! Sources: R. S. Woodruff, "A Simple Method for Approximating the Variance of a Complicated
//! Estimate", *Journal of the American Statistical Association* 66, 1971; D. A. Binder, "On the
//! Variances of Asymptotically Normal Estimators from Complex Surveys", *International Statistical
//! Review* 51, 1983; C.-E. Särndal, B. Swensson and J. Wretman, *Model Assisted Survey Sampling*,
//! 1992, section 5.8 for domains.

use std::ops::Range;

use super::significance::{Test, Untested};
use super::weights::Base;

/// What is known of the rows of one stratum, by cell; cells that hold none may be left out.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// Rows were drawn one by one: each is a sampling unit. The base of each cell.
    Single(Vec<(usize, Base)>),
    /// Rows were drawn in clusters: for each unit that holds rows of the table, the sum of the
    /// weights of each of its cells.
    Clustered(Vec<Vec<(usize, f64)>>),
}

/// One stratum of a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Stratum {
    /// Primary sampling units drawn in it, also those that hold no row of the table.
    pub units: u64,
    /// Primary sampling units in its population; none where the population is so large, or the
    /// draw such, that no correction applies.
    pub population: Option<f64>,
    /// Its rows, by cell.
    pub rows: Rows,
}

/// What is done with a stratum of which one unit was drawn, so that it shows no spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LonelyUnit {
    /// There are no standard errors.
    Fail,
    /// Its unit is compared with the mean of the whole sample, which errs on the safe side.
    Centre,
}

/// Why a design gives no standard errors; each names the stratum by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Only one unit was drawn.
    LonelyUnit(usize),
    /// Fewer units in the population than were drawn.
    SmallPopulation(usize),
    /// Fewer units drawn than hold rows.
    MissingUnits(usize),
}

/// A sample design with the totals of its cells.
#[derive(Debug, Clone)]
pub struct Design {
    totals: Vec<f64>,
    groups: Vec<Group>,
    strata: Vec<Prepared>,
}

/// Sampling units of one stratum with the same cells: all rows of a cell, or one cluster. A figure's
/// score of a group is its linearised value per unit of `weights`: the sum over the group's cells of
/// the figure's value in the cell times the amount that stands beside it.
#[derive(Debug, Clone)]
struct Group {
    units: u64,
    weights: f64,
    squares: f64,
    cells: Vec<(usize, f64)>,
}

/// A stratum: its groups end before `end`, and begin where those of the one before end.
#[derive(Debug, Clone)]
struct Prepared {
    units: f64,
    /// `(1 − f) n/(n − 1)`; of a single unit `1 − f`.
    factor: f64,
    /// Whether products are taken about the stratum's mean. A single unit is taken about the mean of
    /// the whole sample, which is 0, as the linearised values of a mean add up to 0.
    about_mean: bool,
    end: usize,
}

/// A figure with its linearised values: a mean, a share, or a difference of these.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its value.
    pub estimate: f64,
    /// By group.
    scores: Vec<f64>,
    /// Whether the group has a part in the figure.
    members: Vec<bool>,
}

impl Design {
    /// A design from the sums of its strata; `cells` is the number of cells.
    ///
    /// # Errors
    ///
    /// The first stratum that gives no standard errors.
    pub fn new(cells: usize, strata: &[Stratum], lonely: LonelyUnit) -> Result<Self, Fault> {
        let mut design = Self { totals: vec![0.0; cells], groups: Vec::new(), strata: Vec::new() };
        for (place, stratum) in strata.iter().enumerate() {
            let first = design.groups.len();
            match &stratum.rows {
                Rows::Single(bases) => design.groups.extend(bases.iter().map(|(cell, base)| Group {
                    units: base.n,
                    weights: base.weighted,
                    squares: base.squared,
                    cells: vec![(*cell, 1.0)],
                })),
                Rows::Clustered(units) => design.groups.extend(units.iter().map(|cells| Group {
                    units: 1,
                    weights: 1.0,
                    squares: 1.0,
                    cells: cells.clone(),
                })),
            }
            for group in &design.groups[first..] {
                for (cell, amount) in &group.cells {
                    design.totals[*cell] += group.weights * amount;
                }
            }
            let seen: u64 = design.groups[first..].iter().map(|group| group.units).sum();
            if seen > stratum.units {
                return Err(Fault::MissingUnits(place));
            }
            design.strata.push(Prepared::new(stratum, place, lonely, design.groups.len())?);
        }
        Ok(design)
    }

    /// The weighted total of a cell.
    pub fn total(&self, cell: usize) -> f64 {
        self.totals[cell]
    }

    /// The mean over a domain of a value that is the same in all of a cell; cells without one are
    /// outside the domain. With 1 for the cells of an answer and 0 for the others it is a share.
    /// None where the domain has no weight.
    pub fn mean(&self, value: impl Fn(usize) -> Option<f64>) -> Option<Figure> {
        let domain: Vec<(usize, f64)> = (0..self.totals.len())
            .filter(|cell| self.totals[*cell] > 0.0)
            .filter_map(|cell| Some((cell, value(cell)?)))
            .collect();
        let first = domain.first()?.1;
        let weight: f64 = domain.iter().map(|(cell, _)| self.totals[*cell]).sum();
        let shift = domain.iter().map(|(cell, y)| self.totals[*cell] * (y - first)).sum::<f64>() / weight;
        let mut values = vec![None; self.totals.len()];
        for (cell, y) in domain {
            values[cell] = Some((y - first - shift) / weight);
        }
        let of = |(cell, amount): &(usize, f64)| values[*cell].unwrap_or(0.0) * amount;
        Some(Figure {
            estimate: first + shift,
            scores: self.groups.iter().map(|group| group.cells.iter().map(of).sum()).collect(),
            members: self
                .groups
                .iter()
                .map(|group| group.units > 0 && group.cells.iter().any(|(cell, _)| values[*cell].is_some()))
                .collect(),
        })
    }

    /// The standard error of a figure of this design. Where all answers are equal it is 0.
    pub fn std_error(&self, figure: &Figure) -> f64 {
        let variance = self.each_stratum().map(|(stratum, groups)| {
            let (mut sum, mut squares) = (0.0, 0.0);
            for (group, score) in self.groups[groups.clone()].iter().zip(&figure.scores[groups]) {
                sum += group.weights * score;
                squares += group.squares * score * score;
            }
            let about = if stratum.about_mean { squares - sum * sum / stratum.units } else { squares };
            // Units that are all alike leave rounding on either side of zero.
            if about > squares * 1e-12 { stratum.factor * about } else { 0.0 }
        });
        variance.sum::<f64>().sqrt()
    }

    /// Degrees of freedom of a figure's standard error: the primary sampling units that have a part
    /// in it, less the strata that have.
    pub fn degrees_of_freedom(&self, figure: &Figure) -> f64 {
        self.freedom(&figure.members)
    }

    /// Tests the difference of two means or shares: Student's t with one degree of freedom less than
    /// that of the units in either. The two may have people in common.
    ///
    /// # Errors
    ///
    /// No spread; no degrees of freedom.
    pub fn test(&self, a: &Figure, b: &Figure) -> Result<Test, Untested> {
        let difference = a.less(b);
        let df = self.degrees_of_freedom(&difference) - 1.0;
        if df <= 0.0 {
            return Err(Untested::NoFreedom);
        }
        Test::of(difference.estimate, self.std_error(&difference), Some(df))
    }

    /// The covariances of the weighted totals of the first `cells` cells, row by row, and the degrees
    /// of freedom of the units that have rows in these.
    pub(super) fn covariance_of_totals(&self, cells: usize) -> (Vec<f64>, f64) {
        let mut covariance = vec![0.0; cells * cells];
        for (stratum, groups) in self.each_stratum() {
            let mut sums = vec![0.0; cells];
            for group in &self.groups[groups] {
                let among = || group.cells.iter().filter(|(cell, _)| *cell < cells);
                for (a, first) in among() {
                    sums[*a] += group.weights * first;
                    for (b, second) in among() {
                        covariance[a * cells + b] += stratum.factor * group.squares * first * second;
                    }
                }
            }
            if stratum.about_mean {
                let held: Vec<usize> = (0..cells).filter(|cell| sums[*cell] != 0.0).collect();
                for a in &held {
                    for b in &held {
                        covariance[a * cells + b] -= stratum.factor * sums[*a] * sums[*b] / stratum.units;
                    }
                }
            }
        }
        let members: Vec<bool> = self
            .groups
            .iter()
            .map(|group| group.units > 0 && group.cells.iter().any(|(cell, _)| *cell < cells))
            .collect();
        (covariance, self.freedom(&members))
    }

    fn freedom(&self, members: &[bool]) -> f64 {
        let mut freedom = 0.0;
        for (_, groups) in self.each_stratum() {
            let units: u64 = self.groups[groups.clone()]
                .iter()
                .zip(&members[groups])
                .map(|(group, member)| if *member { group.units } else { 0 })
                .sum();
            freedom += units.saturating_sub(1) as f64;
        }
        freedom
    }

    fn each_stratum(&self) -> impl Iterator<Item = (&Prepared, Range<usize>)> {
        let mut from = 0;
        self.strata.iter().map(move |stratum| {
            let groups = from..stratum.end;
            from = stratum.end;
            (stratum, groups)
        })
    }
}

impl Prepared {
    fn new(stratum: &Stratum, place: usize, lonely: LonelyUnit, end: usize) -> Result<Self, Fault> {
        let units = stratum.units as f64;
        let missed = match stratum.population {
            Some(population) if population < units => return Err(Fault::SmallPopulation(place)),
            Some(population) if population > 0.0 => 1.0 - units / population,
            _ => 1.0,
        };
        let alone = stratum.units == 1;
        // A stratum that was drawn whole has no sampling error, even of one unit.
        if alone && missed > 0.0 && lonely == LonelyUnit::Fail {
            return Err(Fault::LonelyUnit(place));
        }
        let factor = if stratum.units > 1 { missed * units / (units - 1.0) } else { missed };
        Ok(Self { units, factor, about_mean: !alone, end })
    }
}

impl Figure {
    /// This figure less another of the same design.
    pub fn less(&self, other: &Self) -> Self {
        Self {
            estimate: self.estimate - other.estimate,
            scores: self.scores.iter().zip(&other.scores).map(|(a, b)| a - b).collect(),
            members: self.members.iter().zip(&other.members).map(|(a, b)| *a || *b).collect(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// One row of a made-up sample: stratum, unit, weight, answer, column, value.
    pub type Row = (usize, usize, f64, char, char, f64);

    #[rustfmt::skip]
    const SAMPLE: [Row; 20] = [
        (0, 1, 1.5, 'a', 'x', 1.0), (0, 1, 2.0, 'a', 'y', 4.0), (0, 2, 0.5, 'b', 'x', 2.0),
        (0, 2, 1.0, 'c', 'x', 5.0), (0, 3, 2.5, 'a', 'y', 3.0), (0, 3, 1.2, 'b', 'x', 3.0),
        (0, 3, 0.8, 'a', 'y', 2.0),
        (1, 4, 3.0, 'b', 'x', 4.0), (1, 4, 1.0, 'c', 'x', 1.0), (1, 5, 1.4, 'a', 'y', 5.0),
        (1, 5, 2.2, 'a', 'x', 2.0), (1, 6, 0.6, 'b', 'y', 4.0), (1, 6, 1.1, 'b', 'y', 3.0),
        (1, 7, 1.9, 'c', 'x', 1.0), (1, 7, 0.7, 'a', 'y', 5.0),
        (2, 8, 2.4, 'c', 'y', 2.0), (2, 8, 1.6, 'a', 'x', 2.0), (2, 9, 0.9, 'b', 'x', 4.0),
        (2, 9, 1.3, 'b', 'y', 5.0), (2, 9, 2.1, 'a', 'x', 3.0),
    ];

    /// How the made-up sample was drawn.
    #[derive(Clone, Copy, PartialEq)]
    pub enum Drawn {
        Weights,
        StrataOfRows,
        Clusters,
        ClustersOfFew,
    }

    /// The sample without the rows of one unit. Cells: answer (3) × column (2), for each value 1–5.
    fn sample(drawn: Drawn, without: usize, lonely: LonelyUnit) -> Result<Design, Fault> {
        sample_by(30, cell, drawn, without, lonely)
    }

    /// The sample without the rows of one unit, with cells of the caller's choice.
    pub fn sample_by(
        cells: usize,
        cell: fn(&Row) -> usize,
        drawn: Drawn,
        without: usize,
        lonely: LonelyUnit,
    ) -> Result<Design, Fault> {
        let rows = || SAMPLE.iter().filter(|row| row.1 != without);
        let strata: Vec<Stratum> = match drawn {
            Drawn::Weights => vec![single(&rows().collect::<Vec<_>>(), cell, None)],
            Drawn::StrataOfRows => (0..3)
                .map(|h| {
                    single(
                        &rows().filter(|row| row.0 == h).collect::<Vec<_>>(),
                        cell,
                        Some([30.0, 40.0, 25.0][h]),
                    )
                })
                .collect(),
            Drawn::Clusters | Drawn::ClustersOfFew => (0..3)
                .map(|h| {
                    let mut units: BTreeMap<usize, BTreeMap<usize, f64>> = BTreeMap::new();
                    for row in rows().filter(|row| row.0 == h) {
                        *units.entry(row.1).or_default().entry(cell(row)).or_default() += row.2;
                    }
                    let units: Vec<_> = units.into_values().map(|unit| unit.into_iter().collect()).collect();
                    let population = (drawn == Drawn::ClustersOfFew).then_some([10.0, 20.0, 6.0][h]);
                    Stratum { units: units.len() as u64, population, rows: Rows::Clustered(units) }
                })
                .collect(),
        };
        Design::new(cells, &strata, lonely)
    }

    fn single(rows: &[&Row], cell: fn(&Row) -> usize, population: Option<f64>) -> Stratum {
        let mut cells: BTreeMap<usize, Base> = BTreeMap::new();
        for row in rows {
            *cells.entry(cell(row)).or_default() += Base { n: 1, weighted: row.2, squared: row.2 * row.2 };
        }
        Stratum { units: rows.len() as u64, population, rows: Rows::Single(cells.into_iter().collect()) }
    }

    fn cell(row: &Row) -> usize {
        let answer = row.3 as usize - 'a' as usize;
        (row.5 as usize - 1) * 6 + answer * 2 + usize::from(row.4 == 'y')
    }

    fn value(cell: usize) -> f64 {
        (cell / 6 + 1) as f64
    }

    fn mean_in(design: &Design, column: usize) -> Figure {
        design.mean(|cell| (cell % 2 == column).then(|| value(cell))).unwrap()
    }

    fn share_in(design: &Design, column: usize) -> Figure {
        let is_a = |cell: usize| if (cell / 2).is_multiple_of(3) { 1.0 } else { 0.0 };
        design.mean(|cell| (cell % 2 == column).then(|| is_a(cell))).unwrap()
    }

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-9 * expected.abs(), "{actual}, not {expected}");
    }

    /// Of R survey 4.1.1 (`tests/oracles/statistics.R`): `svyby(~y, ~g, design, svymean)`, the same of `answer == "a"`, `svymean`,
    /// `svyttest`, and `svycontrast(svytotal(…), quote(yx/dx - y/one))` for a part less the total.
    struct Expected {
        mean_errors: [f64; 2],
        share_errors: [f64; 2],
        total_error: f64,
        mean_t: f64,
        share_t: f64,
        p: [f64; 2],
        part_error: f64,
        df: f64,
    }

    fn check(design: &Design, expected: &Expected) {
        let (x, y) = (mean_in(design, 0), mean_in(design, 1));
        close(design.std_error(&x), expected.mean_errors[0]);
        close(design.std_error(&y), expected.mean_errors[1]);
        let (share_x, share_y) = (share_in(design, 0), share_in(design, 1));
        close(design.std_error(&share_x), expected.share_errors[0]);
        close(design.std_error(&share_y), expected.share_errors[1]);
        let total = design.mean(|cell| Some(value(cell))).unwrap();
        close(design.std_error(&total), expected.total_error);
        close(design.std_error(&x.less(&total)), expected.part_error);
        assert_eq!(design.degrees_of_freedom(&total), expected.df);
        let test = design.test(&x, &y).unwrap();
        close(test.statistic, expected.mean_t);
        close(test.p_value, expected.p[0]);
        assert_eq!(test.df, Some(expected.df - 1.0));
        let test = design.test(&share_x, &share_y).unwrap();
        close(test.statistic, expected.share_t);
        close(test.p_value, expected.p[1]);
    }

    #[test]
    fn weights_alone() {
        let design = sample(Drawn::Weights, 0, LonelyUnit::Fail).unwrap();
        close(mean_in(&design, 0).estimate, 2.573_964_497_041_421);
        close(mean_in(&design, 1).estimate, 3.484_375);
        close(share_in(&design, 0).estimate, 0.437_869_822_485_207_2);
        check(
            &design,
            &Expected {
                mean_errors: [0.413_585_657_293_432_3, 0.412_784_958_021_753_8],
                share_errors: [0.168_714_971_555_778_9, 0.186_072_115_988_592_4],
                total_error: 0.301_267_078_444_941_2,
                mean_t: -1.558_034_920_855_048,
                share_t: -0.558_402_030_326_448_6,
                p: [0.136_633_087_585_166_8, 0.583_449_998_296_816_3],
                part_error: 0.270_683_827_285_295_1,
                df: 19.0,
            },
        );
    }

    #[test]
    fn strata_of_rows_from_finite_populations() {
        check(
            &sample(Drawn::StrataOfRows, 0, LonelyUnit::Fail).unwrap(),
            &Expected {
                mean_errors: [0.382_923_612_340_655_3, 0.381_482_902_705_232_6],
                share_errors: [0.150_262_342_937_310_9, 0.147_137_204_805_191_4],
                total_error: 0.282_722_172_172_380_5,
                mean_t: -1.710_949_179_392_917,
                share_t: -0.731_106_553_309_491_7,
                p: [0.106_404_880_037_184_1, 0.475_285_638_800_411_2],
                part_error: 0.249_952_295_702_312_8,
                df: 17.0,
            },
        );
    }

    #[test]
    fn clusters_in_strata() {
        check(
            &sample(Drawn::Clusters, 0, LonelyUnit::Fail).unwrap(),
            &Expected {
                mean_errors: [0.410_647_837_693_973, 0.521_466_496_574_260_7],
                share_errors: [0.172_824_664_598_778_2, 0.151_208_117_179_614_5],
                total_error: 0.285_517_685_652_598_1,
                mean_t: -1.459_474_470_523_922,
                share_t: -0.664_148_761_624_526,
                p: [0.204_253_194_347_319_2, 0.535_991_247_830_000_4],
                part_error: 0.280_349_423_947_418_1,
                df: 6.0,
            },
        );
    }

    #[test]
    fn clusters_from_finite_populations() {
        check(
            &sample(Drawn::ClustersOfFew, 0, LonelyUnit::Fail).unwrap(),
            &Expected {
                mean_errors: [0.353_519_696_666_223_3, 0.432_388_650_019_206_6],
                share_errors: [0.152_196_876_694_832_6, 0.130_619_533_384_884],
                total_error: 0.236_808_344_344_265_3,
                mean_t: -1.699_376_918_653_917,
                share_t: -0.761_186_046_183_870_5,
                p: [0.149_997_224_568_237_2, 0.480_884_238_063_905_6],
                part_error: 0.243_294_153_036_999_3,
                df: 6.0,
            },
        );
    }

    /// R survey with `options(survey.lonely.psu = "adjust")`.
    #[test]
    fn a_lonely_unit_is_centred_or_refused() {
        check(
            &sample(Drawn::ClustersOfFew, 9, LonelyUnit::Centre).unwrap(),
            &Expected {
                mean_errors: [0.404_938_733_839_002_1, 0.365_608_633_510_733_6],
                share_errors: [0.191_527_824_419_363_9, 0.180_357_381_429_939_3],
                total_error: 0.177_989_266_698_368_3,
                mean_t: -1.421_660_964_810_451,
                share_t: -0.944_475_193_921_036_1,
                p: [0.228_181_589_064_588_5, 0.398_405_565_683_327_5],
                part_error: 0.313_476_096_636_318_9,
                df: 5.0,
            },
        );
        let refused = sample(Drawn::ClustersOfFew, 9, LonelyUnit::Fail);
        assert_eq!(refused.err(), Some(Fault::LonelyUnit(2)));
    }

    /// R survey: `subset(design, y > 1 & h != 3)`. Units without a row in the domain still count in
    /// the error, those of a stratum without any do not count in the degrees of freedom.
    #[test]
    fn a_domain_within_the_sample() {
        let units = |h: usize| {
            let mut units: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
            for row in SAMPLE.iter().filter(|row| row.0 == h) {
                let inside = row.5 > 1.0 && h != 2;
                units.entry(row.1).or_default().push((if inside { cell(row) } else { 30 + h }, row.2));
            }
            let units: Vec<_> = units.into_values().collect();
            Stratum { units: units.len() as u64, population: None, rows: Rows::Clustered(units) }
        };
        let design = Design::new(33, &[units(0), units(1), units(2)], LonelyUnit::Fail).unwrap();
        let share = |column: usize| {
            let is_a = |cell: usize| if (cell / 2).is_multiple_of(3) { 1.0 } else { 0.0 };
            design.mean(|cell| (cell < 30 && cell % 2 == column).then(|| is_a(cell))).unwrap()
        };
        let (x, y) = (share(0), share(1));
        close(x.estimate, 0.278_481_012_658_227_8);
        close(y.estimate, 0.813_186_813_186_813_2);
        close(design.std_error(&x), 0.260_903_263_925_136);
        close(design.std_error(&y), 0.178_030_457_063_461);
        let test = design.test(&x, &y).unwrap();
        close(test.statistic, -1.943_374_333_774_665);
        close(test.p_value, 0.123_896_160_340_683_4);
        assert_eq!(test.df, Some(4.0));
    }

    #[test]
    fn by_hand() {
        // Values 0 and 1 with weights 1 and 3: mean 3/4; u = 1·(−3/4)/4 and 3·(1/4)/4, both 3/16 from
        // zero; n/(n − 1) = 2.
        let bases = [1.0, 3.0].map(|w| Base { n: 1, weighted: w, squared: w * w });
        let stratum = |population| Stratum {
            units: 2,
            population,
            rows: Rows::Single(vec![(0, bases[0]), (1, bases[1])]),
        };
        let design = Design::new(2, &[stratum(None)], LonelyUnit::Fail).unwrap();
        let mean = design.mean(|cell| Some(cell as f64)).unwrap();
        close(mean.estimate, 0.75);
        close(design.std_error(&mean), 3.0 / 8.0);
        assert_eq!(design.total(1), 3.0);
        // Two of four: half the variance. Two of two: no error is left.
        let error = |population| {
            let design = Design::new(2, &[stratum(Some(population))], LonelyUnit::Fail).unwrap();
            design.std_error(&design.mean(|cell| Some(cell as f64)).unwrap())
        };
        close(error(4.0), 0.375 / 2.0_f64.sqrt());
        assert_eq!(error(2.0), 0.0);
        assert_eq!(
            Design::new(2, &[stratum(Some(1.0))], LonelyUnit::Fail).err(),
            Some(Fault::SmallPopulation(0))
        );
    }

    #[test]
    fn clusters_of_one_row_are_rows() {
        let units = SAMPLE.iter().map(|row| vec![(cell(row), row.2)]).collect();
        let clustered = Stratum { units: 20, population: None, rows: Rows::Clustered(units) };
        let clustered = Design::new(30, &[clustered], LonelyUnit::Fail).unwrap();
        let rows = sample(Drawn::Weights, 0, LonelyUnit::Fail).unwrap();
        for column in [0, 1] {
            let (a, b) = (mean_in(&clustered, column), mean_in(&rows, column));
            close(clustered.std_error(&a), rows.std_error(&b));
            assert_eq!(clustered.degrees_of_freedom(&a), rows.degrees_of_freedom(&b));
        }
    }

    #[test]
    fn degenerate() {
        let design = sample(Drawn::Clusters, 0, LonelyUnit::Fail).unwrap();
        assert_eq!(design.mean(|_| None), None);
        // All alike: an exact value without an error; compared with itself nothing is left.
        let alike = design.mean(|_| Some(0.3)).unwrap();
        assert_eq!((alike.estimate, design.std_error(&alike)), (0.3, 0.0));
        let mean = mean_in(&design, 0);
        assert_eq!(design.test(&mean, &mean), Err(Untested::NoSpread));
        assert_eq!(design.test(&alike, &alike), Err(Untested::NoSpread));
        // One row, in a stratum of which more were drawn.
        let one = Base { n: 1, weighted: 2.0, squared: 4.0 };
        let rows = Rows::Single(vec![(0, one)]);
        let stratum = Stratum { units: 5, population: None, rows: rows.clone() };
        let design = Design::new(2, &[stratum], LonelyUnit::Fail).unwrap();
        let figure = design.mean(|cell| Some(cell as f64)).unwrap();
        assert_eq!((figure.estimate, design.degrees_of_freedom(&figure)), (0.0, 0.0));
        assert_eq!(design.test(&figure, &figure), Err(Untested::NoFreedom));
        let missing = Stratum { units: 0, population: None, rows };
        assert_eq!(Design::new(2, &[missing], LonelyUnit::Fail).err(), Some(Fault::MissingUnits(0)));
        assert_eq!(Design::new(0, &[], LonelyUnit::Fail).unwrap().mean(|_| Some(1.0)), None);
    }
}
