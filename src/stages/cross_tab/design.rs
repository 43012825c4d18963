//! The sample's design over the cells of a counted table: which stratum, unit and population a row of the
//! data is in. What is made of them is in `sample`.

use std::collections::BTreeMap;

use polars::prelude::DataType;

use super::keys::{Entry, Key};
use super::layout::Ask;
use super::tables::Crossed;
use crate::diagnostic::RunError;
use crate::engine::tabulate::Levels;
use crate::stages::sample::Drawn;
use crate::stats::linearization::Design;

/// The sample's design over cells, each key's cell given by `cell`. None of a sample of one person in no
/// stratum and no cluster: it says nothing of its errors.
///
/// # Errors
/// Where the design gives no standard errors: a stratum with one unit, more units than there are.
pub(super) fn design(
    crossed: &Crossed<'_>,
    entries: &[Entry],
    cells: usize,
    cell: impl Fn(&Key) -> usize,
) -> Result<Option<Design>, RunError> {
    let sample = &crossed.checked.design;
    let cluster_at = usize::from(sample.strata.is_some());
    let population_at = cluster_at + usize::from(sample.cluster.is_some());
    let in_design = || entries.iter().filter(|entry| entry.is_in_design() && entry.base.n > 0);
    let place = |entry: &Entry, at: usize, is_there: bool| if is_there { entry.unit[at] } else { 0 };
    let stratum = |entry: &Entry| place(entry, 0, sample.strata.is_some());
    let mut strata = sample.strata(in_design().map(|entry| Drawn {
        stratum: stratum(entry),
        cluster: place(entry, cluster_at, sample.cluster.is_some()),
        cell: Some(cell(&entry.key)),
        base: entry.base,
    }));
    let text = |stratum: u32| level(crossed, 0).map(|levels| levels.text(stratum)).unwrap_or_default();
    if sample.population.is_some() {
        let mut populations: BTreeMap<u32, u32> = BTreeMap::new();
        for entry in in_design() {
            let (stratum, population) = (stratum(entry), entry.unit[population_at]);
            if *populations.entry(stratum).or_insert(population) != population {
                let fault = "has more than one value";
                return Err(sample.unusable_population(crossed.stage, fault, text(stratum)));
            }
        }
        let sizes = level(crossed, population_at).and_then(|of| of.values.cast(&DataType::Float64).ok());
        for (place, stratum) in &mut strata {
            let size = |size: u32| sizes.as_ref()?.f64().ok()?.get(size as usize);
            stratum.population = populations.get(place).and_then(|place| size(*place));
        }
    }
    let plain = sample.strata.is_none() && sample.cluster.is_none();
    if plain && strata.values().all(|stratum| stratum.units < 2) {
        return Ok(None);
    }
    sample.design(cells, &strata, crossed.stage, text).map(Some)
}

/// The values of a column of the design, by its place among them.
fn level<'c>(crossed: &Crossed<'c>, at: usize) -> Option<&'c Levels> {
    let ask = Ask { row: None, columns: Vec::new() };
    let dimensions = &crossed.counted[*crossed.plan.asks.get(&ask)?].dimensions;
    dimensions.get(dimensions.len() - crossed.checked.design_columns().count() + at)
}
