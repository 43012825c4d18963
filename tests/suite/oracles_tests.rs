//! Tests of tables, shares and means that R (base, survey) and the formulas of Survey Reporter gave,
//! through the public functions of `stats`, from counts made here. Relative 1e-9 throughout, which is
//! tighter than what some of the files ask for.

use std::collections::BTreeMap;

use growthring::stats::chi_square::{self, ChiSquare};
use growthring::stats::comparisons::{Levels, Mark, benjamini_hochberg, bonferroni, letters};
use growthring::stats::linearization::{Design, Figure, LonelyUnit, Rows, Stratum};
use growthring::stats::means::{self, Moments};
use growthring::stats::proportions::{self, Admission, Share};
use growthring::stats::quantile::weighted_median;
use growthring::stats::rao_scott::RaoScott;
use growthring::stats::significance::{Test, Untested};
use growthring::stats::weights::Base;
use polars::prelude::*;
use serde_json::Value;

/// The golden cases of one kind; none where the shared folder is absent.
fn cases(kind: &str, expected: usize) -> Vec<Case> {
    let Some(folder) = crate::shared("golden/crosstab-nps/expected") else { return Vec::new() };
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path| serde_json::from_reader::<_, Value>(std::fs::File::open(path).unwrap()).unwrap();
    let found: Vec<Case> =
        paths.into_iter().map(read).filter(|file| file["kind"] == kind).map(Case::new).collect();
    assert_eq!(found.len(), expected, "cases of the kind {kind}");
    found
}

/// A golden case with the rows that it is about.
struct Case {
    name: String,
    spec: Value,
    expected: Value,
    rows: DataFrame,
}

impl Case {
    fn new(file: Value) -> Self {
        let rows = file["input"].as_str().map_or_else(DataFrame::empty, |input| {
            let path = crate::shared(&format!("golden/crosstab-nps/{input}")).unwrap();
            crate::oracles_nps::csv(&path).collect().unwrap()
        });
        let text = |key: &str| file[key].as_str().unwrap().to_owned();
        Self { name: text("case"), spec: file["spec"].clone(), expected: file["expected"].clone(), rows }
    }

    fn texts(&self, column: &str) -> Vec<Option<String>> {
        let texts = self.rows.column(column).unwrap().cast(&DataType::String).unwrap();
        texts.str().unwrap().iter().map(|text| text.map(str::to_owned)).collect()
    }

    fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        let numbers = self.rows.column(column).unwrap().cast(&DataType::Float64).unwrap();
        numbers.f64().unwrap().iter().collect()
    }

    /// The base of each row of the file by itself.
    fn each(&self) -> Vec<Base> {
        match self.spec["weight"].as_str() {
            None => vec![Base::unweighted(1); self.rows.height()],
            Some(weight) => self
                .numbers(weight)
                .into_iter()
                .map(|weight| weight.filter(|weight| *weight > 0.0).map_or(Base::default(), one))
                .collect(),
        }
    }

    /// The place of each row of the file among the answers of a list.
    fn places(&self, column: &str, order: &str) -> Vec<Option<usize>> {
        let order: Vec<String> = list(&self.spec[order]);
        self.texts(column)
            .iter()
            .map(|text| order.iter().position(|value| Some(value) == text.as_ref()))
            .collect()
    }

    fn stub(&self) -> Vec<Option<usize>> {
        self.places(self.spec["stub"].as_str().unwrap(), "stub_order")
    }

    /// Which rows of the file are in each column of the table: of a banner, or of columns that hold 1
    /// for those in them.
    fn columns(&self) -> Vec<Vec<bool>> {
        if let Some(several) = self.spec["banner_multiple_response"].as_array() {
            let holds = |column: &Value| self.numbers(column.as_str().unwrap());
            return several
                .iter()
                .map(|column| holds(column).into_iter().map(|x| x == Some(1.0)).collect())
                .collect();
        }
        let places = self.places(self.spec["banner"].as_str().unwrap(), "banner_order");
        let count = self.spec["banner_order"].as_array().unwrap().len();
        (0..count).map(|column| places.iter().map(|place| *place == Some(column)).collect()).collect()
    }

    /// The table: the base of each cell, and of each column.
    fn crossed(&self) -> (Vec<Vec<Base>>, Vec<Base>) {
        let (stub, each, columns) = (self.stub(), self.each(), self.columns());
        let rows = self.spec["stub_order"].as_array().unwrap().len();
        let mut cells = vec![vec![Base::default(); columns.len()]; rows];
        for (column, members) in columns.iter().enumerate() {
            for (at, row) in stub.iter().enumerate().filter(|(at, _)| members[*at]) {
                if let Some(row) = row {
                    cells[*row][column] += each[at];
                }
            }
        }
        let bases = (0..columns.len()).map(|column| cells.iter().map(|row| row[column]).sum()).collect();
        (cells, bases)
    }

    /// The base of the people in both of two columns, for each two.
    fn both(&self) -> BTreeMap<(usize, usize), Base> {
        let (each, columns) = (self.each(), self.columns());
        let both = |a: usize, b: usize| {
            (0..each.len()).filter(|at| columns[a][*at] && columns[b][*at]).map(|at| each[at]).sum()
        };
        pairs(columns.len()).map(|(a, b)| ((a, b), both(a, b))).collect()
    }

    /// How often each value was given in each column.
    fn histograms(&self) -> Vec<Vec<(f64, Base)>> {
        let values = self.numbers(self.spec["variable"].as_str().or(self.spec["stub"].as_str()).unwrap());
        let each = self.each();
        let of = |members: &Vec<bool>| {
            let given = (0..each.len()).filter(|at| members[*at]);
            given.filter_map(|at| Some((values[at]?, each[at]))).collect()
        };
        self.columns().iter().map(of).collect()
    }

    fn close(&self, actual: f64, expected: &Value, what: &str) {
        let expected = expected.as_f64().unwrap_or_else(|| panic!("{}: {what} has no number", self.name));
        let far = (actual - expected).abs() > 1e-9 * expected.abs() + 1e-15;
        assert!(!far, "{}: {what} is {actual}, not {expected}", self.name);
    }

    /// A test against the matrices of statistic, degrees of freedom and p-values, as far as the file
    /// has them; p-values of pairs that were not tested are null.
    fn test(&self, made: Result<Test, Untested>, (a, b): (usize, usize), theirs: [Option<&Value>; 3]) {
        let what = |name: &str| format!("{name} of columns {a} and {b}");
        match made {
            Ok(test) => {
                let ours = [("statistic", Some(test.statistic)), ("df", test.df), ("p", Some(test.p_value))];
                for ((name, ours), theirs) in ours.into_iter().zip(theirs) {
                    if let Some(theirs) = theirs {
                        self.close(ours.unwrap(), &theirs[a][b], &what(name));
                    }
                }
            }
            Err(_) => {
                let p = theirs[2].expect("p-values").as_array().expect("a matrix");
                assert!(p[a][b].is_null(), "{}: {}", self.name, what("no test"));
            }
        }
    }
}

fn one(weight: f64) -> Base {
    Base { n: 1, weighted: weight, squared: weight * weight }
}

fn list(values: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    values.as_array().unwrap().iter().map(text).collect()
}

fn pairs(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..columns).flat_map(move |a| (0..columns).map(move |b| (a, b))).filter(|(a, b)| a != b)
}

/// The letters of the cells of one row, from the pairs that were tested.
fn marked(columns: usize, tested: &[(usize, usize, Test)], p_values: &[f64]) -> Vec<String> {
    let levels = Levels::new(&[0.95]).unwrap();
    let mut compared = vec![Vec::new(); columns];
    for ((a, b, test), p) in tested.iter().zip(p_values) {
        let mark = Mark::of(test.difference, *p, &levels);
        compared[*a].push((*b, mark));
        compared[*b].push((*a, mark.reversed()));
    }
    compared.iter().map(|compared| letters(compared)).collect()
}

#[test]
fn chi_square_of_tables_is_that_of_r() {
    for case in cases("chi_square", 3) {
        let (cells, bases) = case.crossed();
        let counts: Vec<f64> = cells.iter().flatten().map(|cell| cell.weighted).collect();
        let made = ChiSquare::of(bases.len(), &counts).unwrap();
        let check = |ours: f64, theirs: &str| case.close(ours, &case.expected[theirs], theirs);
        check(made.n, "n");
        check(made.pearson, "chi2");
        check(made.df as f64, "df");
        check(made.p_value(), "p");
        check(made.likelihood_ratio, "likelihood_ratio");
        check(made.p_likelihood_ratio(), "p_likelihood_ratio");
        check(made.phi(), "phi");
        check(made.cramers_v(), "cramers_v");
        check(made.contingency_coefficient(), "contingency_coefficient");
        check(made.cells_below_5 as f64, "cells_expected_below_5");
        check(made.min_expected, "min_expected");
        for (r, row) in cells.iter().enumerate() {
            let row_total: f64 = row.iter().map(|cell| cell.weighted).sum();
            for (c, cell) in row.iter().enumerate() {
                let column_total = bases[c].weighted;
                let at = |key: &str| case.expected[key][r][c].clone();
                case.close(cell.weighted, &at("count"), "count");
                let expected = chi_square::expected(row_total, column_total, made.n);
                case.close(expected, &at("expected_counts"), "expected count");
                let residual =
                    chi_square::adjusted_residual(cell.weighted, row_total, column_total, made.n).unwrap();
                case.close(residual, &at("adjusted_residuals"), "adjusted residual");
            }
        }
    }
}

#[test]
fn shares_of_columns_are_tested_as_by_r() {
    for case in cases("column_proportion_z", 6) {
        // One case gives counts instead of rows.
        let (cells, bases): (Vec<Vec<f64>>, Vec<Base>) = match case.spec["counts"].as_array() {
            Some(counts) => (
                counts
                    .iter()
                    .map(|row| row.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect())
                    .collect(),
                case.spec["base"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|n| Base::unweighted(n.as_u64().unwrap()))
                    .collect(),
            ),
            None => {
                let (cells, bases) = case.crossed();
                (cells.iter().map(|row| row.iter().map(|cell| cell.weighted).collect()).collect(), bases)
            }
        };
        let admission = Admission {
            min_base: case.spec["min_base"].as_u64().unwrap_or(2),
            skip_zero_or_one: case.spec["skip_zero_or_one"].as_bool().unwrap(),
        };
        let columns = bases.len();
        for (r, row) in cells.iter().enumerate() {
            let share = |column: usize| Share { part: row[column], base: bases[column] };
            let theirs = &case.expected["pairs"][r];
            let test = |a: usize, b: usize| {
                admission.admit(&share(a))?;
                admission.admit(&share(b))?;
                proportions::frequency_test(&share(a), &share(b), &Base::default())
            };
            for column in 0..columns {
                match share(column).estimate() {
                    Some(share) => case.close(share, &case.expected["proportion"][r][column], "share"),
                    None => assert!(case.expected["proportion"][r][column].is_null()),
                }
            }
            for (a, b) in pairs(columns) {
                case.test(test(a, b), (a, b), [Some(&theirs["z"]), None, Some(&theirs["p"])]);
            }
            let tested: Vec<(usize, usize, Test)> = pairs(columns)
                .filter(|(a, b)| a < b)
                .filter_map(|(a, b)| Some((a, b, test(a, b).ok()?)))
                .collect();
            assert_eq!(tested.len() as u64, theirs["comparisons"].as_u64().unwrap(), "{}", case.name);
            let p_values: Vec<f64> = tested.iter().map(|(_, _, test)| test.p_value).collect();
            for (adjusted, key, marks) in [
                (p_values.clone(), "p", "marks_none"),
                (bonferroni(&p_values), "p_bonferroni", "marks_bonferroni"),
                (benjamini_hochberg(&p_values), "p_bh", "marks_bh"),
            ] {
                for ((a, b, _), p) in tested.iter().zip(&adjusted) {
                    case.close(*p, &theirs[key][*a][*b], key);
                }
                let shown = marked(columns, &tested, &adjusted);
                assert_eq!(shown, list(&case.expected[marks][r]), "{}: {marks} of row {r}", case.name);
            }
        }
    }
}

#[test]
fn a_cell_against_the_rest_is_that_of_r() {
    for case in cases("cell_vs_rest_z", 1) {
        let (cells, bases) = case.crossed();
        let total: Base = bases.iter().copied().sum();
        for (r, row) in cells.iter().enumerate() {
            let row_total: f64 = row.iter().map(|cell| cell.weighted).sum();
            for (c, cell) in row.iter().enumerate() {
                let column = Share { part: cell.weighted, base: bases[c] };
                let rest =
                    Share { part: row_total - cell.weighted, base: Base::unweighted(total.n - bases[c].n) };
                let test = proportions::frequency_test(&column, &rest, &Base::default()).unwrap();
                case.close(test.statistic, &case.expected["z"][r][c], "z");
                case.close(test.p_value, &case.expected["p"][r][c], "p");
                let residual = chi_square::adjusted_residual(
                    cell.weighted,
                    row_total,
                    bases[c].weighted,
                    total.weighted,
                );
                case.close(
                    residual.unwrap(),
                    &case.expected["adjusted_residuals"][r][c],
                    "adjusted residual",
                );
            }
        }
    }
}

#[test]
fn shares_on_effective_bases_are_tested_as_by_survey_reporter() {
    for case in cases("column_proportion_effective_base", 4) {
        let (cells, bases) = case.crossed();
        let columns = bases.len();
        let both = case.both();
        for (column, base) in bases.iter().enumerate() {
            case.close(base.weighted, &case.expected["base_weighted"][column], "weighted base");
            case.close(base.effective(), &case.expected["base_effective"][column], "effective base");
        }
        for (r, row) in cells.iter().enumerate() {
            let share = |column: usize| Share { part: row[column].weighted, base: bases[column] };
            let test =
                |a: usize, b: usize| proportions::effective_base_test(&share(a), &share(b), &both[&(a, b)]);
            for column in 0..columns {
                case.close(
                    share(column).estimate().unwrap(),
                    &case.expected["proportion"][r][column],
                    "share",
                );
            }
            for (a, b) in pairs(columns) {
                let theirs = &case.expected["pairs"][r];
                case.test(test(a, b), (a, b), ["t", "df", "p"].map(|key| Some(&theirs[key])));
            }
            let tested: Vec<(usize, usize, Test)> = pairs(columns)
                .filter(|(a, b)| a < b)
                .filter_map(|(a, b)| Some((a, b, test(a, b).ok()?)))
                .collect();
            let p_values: Vec<f64> = tested.iter().map(|(_, _, test)| test.p_value).collect();
            let shown = marked(columns, &tested, &p_values);
            assert_eq!(shown, list(&case.expected["marks_none"][r]), "{}: letters of row {r}", case.name);
        }
    }
}

#[test]
fn means_are_tested_as_by_r() {
    for case in cases("means", 5) {
        let histograms = case.histograms();
        let columns: Vec<Moments> = histograms.iter().map(|column| Moments::of(column).unwrap()).collect();
        let total = Moments::of(&histograms.concat()).unwrap();
        let check = |of: &Moments, theirs: &dyn Fn(&str) -> Value| {
            case.close(of.base.n as f64, &theirs("n"), "n");
            case.close(of.mean, &theirs("mean"), "mean");
            // Without weights all spreads and all errors are one.
            for sd in [of.frequency_std_dev(), of.std_dev()] {
                case.close(sd.unwrap(), &theirs("sd"), "standard deviation");
            }
            for error in [of.frequency_std_error(), of.effective_std_error()] {
                case.close(error.unwrap(), &theirs("se"), "standard error");
            }
        };
        for (at, column) in columns.iter().enumerate() {
            check(column, &|key| case.expected[key][at].clone());
        }
        check(&total, &|key| case.expected["total"][key].clone());

        let nobody = Base::default();
        let mut over_all = Vec::new();
        for (a, b) in pairs(columns.len()) {
            let (first, second) = (&columns[a], &columns[b]);
            let welch = means::welch_test(first, second);
            let theirs = |key: &str| Some(&case.expected[key]);
            case.test(welch, (a, b), ["welch_t", "welch_df", "welch_p"].map(theirs));
            for pooled in [
                means::pooled_test(first, second, &nobody),
                means::effective_base_test(first, second, &nobody),
            ] {
                case.test(pooled, (a, b), [theirs("pooled_pair_t"), None, theirs("pooled_pair_p")]);
            }
            let all = means::pooled_over_all_test(first, second, &columns);
            case.test(all, (a, b), [None, None, theirs("pooled_all_p")]);
            if a < b {
                over_all.push((a, b, all.unwrap().p_value));
            }
        }
        let p_values: Vec<f64> = over_all.iter().map(|(_, _, p)| *p).collect();
        for (adjusted, key) in [
            (bonferroni(&p_values), "pooled_all_p_bonferroni"),
            (benjamini_hochberg(&p_values), "pooled_all_p_bh"),
        ] {
            for ((a, b, _), p) in over_all.iter().zip(adjusted) {
                case.close(p, &case.expected[key][*a][*b], key);
            }
        }
    }
}

#[test]
fn weighted_means_are_tested_as_by_survey_reporter_and_r_survey() {
    for case in cases("means_weighted", 3) {
        let histograms = case.histograms();
        let columns: Vec<Moments> = histograms.iter().map(|column| Moments::of(column).unwrap()).collect();
        let reporter = &case.expected["survey_reporter"];
        for (at, column) in columns.iter().enumerate() {
            case.close(column.base.n as f64, &reporter["n"][at], "n");
            case.close(column.base.weighted, &reporter["base_weighted"][at], "weighted base");
            case.close(column.base.effective(), &reporter["base_effective"][at], "effective base");
            case.close(column.mean, &reporter["mean"][at], "mean");
            let spreads = (column.frequency_std_dev().unwrap(), column.std_dev().unwrap());
            case.close(spreads.0, &reporter["sd_weighted"][at], "frequency standard deviation");
            case.close(spreads.1, &case.expected["sd_scale_free"][at], "standard deviation");
        }

        // The design: each answer is a unit, and a cell of its own.
        let rows: Vec<(usize, f64, Base)> = histograms
            .iter()
            .enumerate()
            .flat_map(|(column, given)| given.iter().map(move |(value, base)| (column, *value, *base)))
            .collect();
        let cells = rows.iter().map(|(_, _, base)| *base).enumerate().collect();
        let stratum = Stratum { units: rows.len() as u64, population: None, rows: Rows::Single(cells) };
        let design = Design::new(rows.len(), &[stratum], LonelyUnit::Fail).unwrap();
        let figure = |column: usize| -> Figure {
            design.mean(|cell| (rows[cell].0 == column).then(|| rows[cell].1)).unwrap()
        };
        let taylor = &case.expected["taylor"];
        let total = design.mean(|cell| Some(rows[cell].1)).unwrap();
        case.close(total.estimate, &taylor["total_mean"], "mean of all");
        case.close(design.std_error(&total), &taylor["total_se"][0][0], "standard error of all");
        for at in 0..columns.len() {
            case.close(figure(at).estimate, &taylor["mean"][at], "mean");
            case.close(design.std_error(&figure(at)), &taylor["se"][at], "standard error");
        }
        for (a, b) in pairs(columns.len()) {
            let test = means::effective_base_test(&columns[a], &columns[b], &Base::default());
            case.test(test, (a, b), ["t", "df", "p"].map(|key| Some(&reporter[key])));
            let test = design.test(&figure(a), &figure(b));
            case.test(test, (a, b), ["t", "df", "p"].map(|key| Some(&taylor[key])));
        }
    }
}

#[test]
fn scale_boxes_are_those_of_r() {
    for case in cases("scale_boxes", 1) {
        for (column, histogram) in case.histograms().iter().enumerate() {
            let whole: Base = histogram.iter().map(|(_, base)| *base).sum();
            let percent = |key: &str| {
                let values: Vec<f64> =
                    case.spec[key].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
                let inside = histogram.iter().filter(|(value, _)| values.contains(value));
                let part = inside.map(|(_, base)| base.weighted).sum();
                100.0 * Share { part, base: whole }.estimate().unwrap()
            };
            let check = |ours: f64, theirs: &str| case.close(ours, &case.expected[theirs][column], theirs);
            check(whole.n as f64, "base");
            check(percent("top2"), "top2_pct");
            check(percent("bottom2"), "bottom2_pct");
            check(percent("top2") - percent("bottom2"), "net_top2_minus_bottom2");
            let moments = Moments::of(histogram).unwrap();
            check(moments.mean, "mean");
            check(moments.std_dev().unwrap(), "sd");
            let mut sorted: Vec<(f64, f64)> =
                histogram.iter().map(|(value, base)| (*value, base.weighted)).collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            check(weighted_median(&sorted).unwrap(), "median");
        }
    }
}

#[test]
fn weighted_tables_are_tested_as_by_r_survey() {
    for case in cases("rao_scott", 3) {
        let (stub, columns, each) = (case.stub(), case.columns(), case.each());
        let width = columns.len();
        let height = case.spec["stub_order"].as_array().unwrap().len();
        // Rows outside the table have a cell of their own.
        let cell = |at: usize| {
            let column = columns.iter().position(|members| members[at]);
            stub[at].zip(column).map_or(height * width, |(row, column)| row * width + column)
        };
        let named = |key: &str| case.spec[key].as_str().map(|column| case.texts(column));
        let (strata, units) = (named("strata"), named("psu"));
        let population = case.spec["fpc"].as_str().map(|column| case.numbers(column));
        let mut members: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
        for at in 0..each.len() {
            members.entry(strata.as_ref().and_then(|strata| strata[at].clone())).or_default().push(at);
        }
        let strata: Vec<Stratum> = members
            .values()
            .map(|rows| {
                let population = population.as_ref().and_then(|population| population[rows[0]]);
                let Some(units) = &units else {
                    let mut cells: BTreeMap<usize, Base> = BTreeMap::new();
                    for at in rows {
                        *cells.entry(cell(*at)).or_default() += each[*at];
                    }
                    let cells = Rows::Single(cells.into_iter().collect());
                    return Stratum { units: rows.len() as u64, population, rows: cells };
                };
                let mut clusters: BTreeMap<&Option<String>, BTreeMap<usize, f64>> = BTreeMap::new();
                for at in rows {
                    *clusters.entry(&units[*at]).or_default().entry(cell(*at)).or_default() +=
                        each[*at].weighted;
                }
                let clusters: Vec<Vec<(usize, f64)>> =
                    clusters.into_values().map(|cells| cells.into_iter().collect()).collect();
                Stratum { units: clusters.len() as u64, population, rows: Rows::Clustered(clusters) }
            })
            .collect();
        let design = Design::new(height * width + 1, &strata, LonelyUnit::Fail).unwrap();
        let n = (0..each.len()).filter(|at| cell(*at) < height * width).count() as u64;
        let made = RaoScott::of(height, width, n, &design).unwrap();
        let (second, first) = (&case.expected["F_second_order"], &case.expected["Chisq_first_order"]);
        case.close(made.statistic, &second["statistic"], "F");
        case.close(made.df1, &second["ndf"], "degrees of freedom of the numerator");
        case.close(made.df2, &second["ddf"], "degrees of freedom of the denominator");
        case.close(made.p_value, &second["p"], "p of F");
        case.close(made.pearson, &first["statistic"], "X²");
        case.close(made.df, &first["ndf"], "degrees of freedom");
        case.close(made.p_first_order, &first["p"], "p of the first order");
        let everyone = design.mean(|_| Some(0.0)).unwrap();
        case.close(design.degrees_of_freedom(&everyone), &case.expected["degf"], "freedom of the design");
        for row in 0..height {
            for column in 0..width {
                let is_row = |cell: usize| if cell / width == row { 1.0 } else { 0.0 };
                let inside = |cell: usize| cell < height * width && cell % width == column;
                let share = design.mean(|cell| inside(cell).then(|| is_row(cell))).unwrap();
                let at = |key: &str| case.expected[key][row][column].clone();
                case.close(share.estimate, &at("col_proportion"), "share");
                case.close(design.std_error(&share), &at("col_proportion_se"), "standard error of a share");
            }
        }
    }
}
