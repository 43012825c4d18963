//! Standard errors by the design of the sample, where one is given: from counted sampling units to
//! what `stats` needs, and what is wrong with the units.

use std::collections::BTreeMap;

use super::Checked;
use super::estimate::{Counted, Group, answer_at};
use super::lower::Part;
use crate::diagnostic::{Code, Diagnostic, RunError};
use crate::engine::tabulate::{Cells, NULL};
use crate::stages::sample::{Drawn, SampleDesign};
use crate::stats::linearization::{Design, Figure, Rows, Stratum};
use crate::stats::net_promoter::{Classes, Difference, Pairs, Score};

/// Where the errors of scores and differences come from.
pub(super) struct Errors {
    sample: Option<Sample>,
}

/// The sample with a cell for each class of each group, and for each swing of each group.
struct Sample {
    classes: Design,
    swings: Option<Design>,
}

/// Points of the classes and of the swings, in the order of their cells.
const CLASSES: [f64; 3] = [-100.0, 0.0, 100.0];
const SWINGS: [f64; 5] = [-200.0, -100.0, 0.0, 100.0, 200.0];

impl Errors {
    /// The sample's units, by group.
    pub(super) fn read(
        checked: &Checked,
        counted: &Counted,
        groups: &[Group],
        stage: &str,
    ) -> Result<Self, RunError> {
        let (Some(design), Some(units)) = (&checked.design, counted.of(Part::Units)) else {
            return Ok(Self { sample: None });
        };
        let reader = Reader { design, groups, stage };
        let mut strata = reader.strata(units, CLASSES.len())?;
        if strata.is_empty() {
            return Ok(Self { sample: None });
        }
        if let Some(cells) = counted.of(Part::Populations) {
            let populations = reader.populations(cells)?;
            for (place, stratum) in &mut strata {
                stratum.population = populations.get(place).copied();
            }
        }
        let text = |place: u32| units.dimensions[0].text(place);
        let classes = design.design(CLASSES.len() * groups.len(), &strata, stage, text)?;
        let swings = match counted.of(Part::Swings) {
            None => None,
            Some(cells) => {
                let mut moved = reader.strata(cells, SWINGS.len())?;
                let nobody = if design.cluster.is_some() {
                    Rows::Clustered(Vec::new())
                } else {
                    Rows::Single(Vec::new())
                };
                // Every unit that was drawn counts, also where nobody answered twice.
                let strata: BTreeMap<u32, Stratum> = strata
                    .iter()
                    .map(|(place, stratum)| {
                        let rows = moved.remove(place).map_or_else(|| nobody.clone(), |moved| moved.rows);
                        (*place, Stratum { rows, ..stratum.clone() })
                    })
                    .collect();
                Some(design.design(SWINGS.len() * groups.len(), &strata, stage, text)?)
            }
        };
        Ok(Self { sample: Some(Sample { classes, swings }) })
    }

    /// The score of the groups that are `members`, whose answers together are `classes`.
    pub(super) fn score_of(
        &self,
        checked: &Checked,
        classes: Classes,
        members: impl Fn(usize) -> bool,
    ) -> Option<Score> {
        let Some(sample) = &self.sample else { return classes.score(checked.variance) };
        let figure = sample.figure(members)?;
        let (error, df) = (sample.classes.std_error(&figure), sample.classes.degrees_of_freedom(&figure));
        classes.score_by_design(Some(error), df)
    }

    /// The correlation of two groups' scores, and the degrees of freedom of their difference, of which
    /// the second mean takes one. Without a design: samples of their own.
    pub(super) fn between(
        &self,
        one: impl Fn(usize) -> bool,
        other: impl Fn(usize) -> bool,
    ) -> (f64, Option<f64>) {
        let Some(sample) = &self.sample else { return (0.0, None) };
        let (Some(one), Some(other)) = (sample.figure(one), sample.figure(other)) else { return (0.0, None) };
        let apart = one.less(&other);
        let [a, b, both] = [&one, &other, &apart].map(|figure| sample.classes.std_error(figure));
        let correlation =
            if a > 0.0 && b > 0.0 { (a * a + b * b - both * both) / (2.0 * a * b) } else { 0.0 };
        (correlation.clamp(-1.0, 1.0), Some(sample.classes.degrees_of_freedom(&apart) - 1.0))
    }

    /// The mean swing of a group's people.
    pub(super) fn swing(&self, checked: &Checked, pairs: &Pairs, group: usize) -> Option<Difference> {
        let Some(design) = self.sample.as_ref().and_then(|sample| sample.swings.as_ref()) else {
            return pairs.difference(checked.variance, checked.confidence);
        };
        let figure = design.mean(|cell| points(cell, &SWINGS, |at| at == group))?;
        let (error, df) = (design.std_error(&figure), design.degrees_of_freedom(&figure));
        Some(Difference::of_mean(figure.estimate, Some(error), Some(df), checked.confidence))
    }
}

impl Sample {
    fn figure(&self, members: impl Fn(usize) -> bool) -> Option<Figure> {
        self.classes.mean(|cell| points(cell, &CLASSES, &members))
    }
}

/// The points of a cell; none where its group is not a member.
fn points(cell: usize, values: &[f64], members: impl Fn(usize) -> bool) -> Option<f64> {
    members(cell / values.len()).then(|| values[cell % values.len()])
}

struct Reader<'a> {
    design: &'a SampleDesign,
    groups: &'a [Group],
    stage: &'a str,
}

impl Reader<'_> {
    /// The strata by their places, each with its units and the cells of its rows. Keys of the counted
    /// cells have stratum and cluster, as far as there are such, then the group, then the class or
    /// swing: one of `width` around zero.
    fn strata(&self, cells: &Cells, width: usize) -> Result<BTreeMap<u32, Stratum>, RunError> {
        let (strata, cluster) = (self.design.strata.is_some(), self.design.cluster.is_some());
        let place: BTreeMap<&[u32], usize> =
            self.groups.iter().enumerate().map(|(at, group)| (group.places.as_slice(), at)).collect();
        let mut drawn = Vec::new();
        let mut homeless = 0;
        for (key, cell) in cells.iter().filter(|(_, cell)| cell.base.n > 0) {
            let (unit, key) = key.split_at(usize::from(strata) + usize::from(cluster));
            if unit.contains(&NULL) {
                homeless += cell.base.n;
                continue;
            }
            let at = key.split_last().and_then(|(value, group)| {
                let value = answer_at(cells, *value)? + width as i64 / 2;
                Some(place.get(group)? * width + usize::try_from(value).ok()?)
            });
            drawn.push(Drawn {
                stratum: if strata { unit[0] } else { 0 },
                cluster: if cluster { unit[usize::from(strata)] } else { 0 },
                cell: at,
                base: cell.base,
            });
        }
        if homeless > 0 {
            let names = [&self.design.strata, &self.design.cluster];
            let names: Vec<String> =
                names.into_iter().flatten().map(|column| format!("`{}`", column.name)).collect();
            let rows = crate::stages::bases::count(homeless, "row");
            let told = Diagnostic::error(
                Code::UnusableData,
                format!("stage `{}` cannot place every row in the design of its sample", self.stage),
            )
            .primary(self.design.place, format!("{} is missing in {rows}", names.join(" or ")))
            .help("fill it in, or leave such rows out before this stage");
            return Err(RunError::data(told));
        }
        Ok(self.design.strata(drawn))
    }

    /// The sampling units in the population of each stratum.
    fn populations(&self, cells: &Cells) -> Result<BTreeMap<u32, f64>, RunError> {
        let mut known: BTreeMap<u32, f64> = BTreeMap::new();
        for (key, _) in cells.iter().filter(|(_, cell)| cell.base.n > 0) {
            let Some((place, stratum)) = key.split_last() else { continue };
            let stratum = stratum.first().copied().unwrap_or(0);
            let units = match cells.dimensions.last() {
                Some(levels) if *place != NULL => levels.values.get(*place as usize)?.extract::<f64>(),
                _ => None,
            };
            let Some(units) = units.filter(|units| units.is_finite()) else {
                return Err(self.unusable_population(cells, stratum, "is missing"));
            };
            if known.insert(stratum, units).is_some() {
                return Err(self.unusable_population(cells, stratum, "has more than one value"));
            }
        }
        Ok(known)
    }

    fn unusable_population(&self, cells: &Cells, stratum: u32, fault: &str) -> RunError {
        self.design.unusable_population(self.stage, fault, cells.dimensions[0].text(stratum))
    }
}
