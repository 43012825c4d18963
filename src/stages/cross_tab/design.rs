//! The sample's design as strata and units over the cells of a counted table, and what the data says
//! against it. The errors that follow are in `stats`.

use std::collections::BTreeMap;

use polars::prelude::DataType;

use super::keys::{Entry, Key};
use super::layout::Ask;
use super::tables::Crossed;
use crate::diagnostic::{Code, Diagnostic, RunError};
use crate::engine::tabulate::Levels;
use crate::stats::linearization::{Design, Fault, Rows, Stratum};
use crate::stats::weights::Base;

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
    let checked = crossed.checked;
    let columns = &checked.design;
    let place = |entry: &Entry, at: usize, is_there: bool| if is_there { entry.unit[at] } else { 0 };
    let cluster_at = usize::from(columns.strata.is_some());
    let population_at = cluster_at + usize::from(columns.cluster.is_some());
    let mut rows: BTreeMap<u32, BTreeMap<u32, BTreeMap<usize, Base>>> = BTreeMap::new();
    let mut populations: BTreeMap<u32, u32> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.is_in_design() && entry.base.n > 0) {
        let stratum = place(entry, 0, columns.strata.is_some());
        let cluster = place(entry, cluster_at, columns.cluster.is_some());
        let cell = cell(&entry.key);
        *rows.entry(stratum).or_default().entry(cluster).or_default().entry(cell).or_default() += entry.base;
        if columns.population.is_some() {
            let population = entry.unit[population_at];
            if *populations.entry(stratum).or_insert(population) != population {
                return Err(refused(crossed, stratum, "has more than one population in a stratum"));
            }
        }
    }
    let size = |stratum: &u32| {
        let levels = level(crossed, population_at)?;
        levels.values.cast(&DataType::Float64).ok()?.f64().ok()?.get(*populations.get(stratum)? as usize)
    };
    let strata: Vec<(u32, Stratum)> = rows
        .into_iter()
        .map(|(stratum, clusters)| {
            let population = columns.population.as_ref().and_then(|_| size(&stratum));
            let made = if columns.cluster.is_some() {
                let units: Vec<Vec<(usize, f64)>> = clusters
                    .into_values()
                    .map(|cells| cells.into_iter().map(|(cell, base)| (cell, base.weighted)).collect())
                    .collect();
                Stratum { units: units.len() as u64, population, rows: Rows::Clustered(units) }
            } else {
                let cells: Vec<(usize, Base)> = clusters.into_values().flatten().collect();
                let units = cells.iter().map(|(_, base)| base.n).sum();
                Stratum { units, population, rows: Rows::Single(cells) }
            };
            (stratum, made)
        })
        .collect();
    let (places, strata): (Vec<u32>, Vec<Stratum>) = strata.into_iter().unzip();
    let plain = columns.strata.is_none() && columns.cluster.is_none();
    if plain && strata.iter().all(|stratum| stratum.units < 2) {
        return Ok(None);
    }
    Design::new(cells, &strata, checked.lonely).map(Some).map_err(|fault| match fault {
        Fault::LonelyUnit(at) => refused(crossed, places[at], "has a stratum of which one unit was drawn"),
        Fault::SmallPopulation(at) => {
            refused(crossed, places[at], "has more units in a stratum than its population")
        }
        Fault::MissingUnits(at) => refused(crossed, places[at], "has a stratum with fewer units than rows"),
    })
}

/// The values of a column of the design, by its place among them.
fn level<'c>(crossed: &Crossed<'c>, at: usize) -> Option<&'c Levels> {
    let ask = Ask { row: None, columns: Vec::new() };
    let dimensions = &crossed.counted[*crossed.plan.asks.get(&ask)?].dimensions;
    dimensions.get(dimensions.len() - crossed.checked.design.columns().count() + at)
}

fn refused(crossed: &Crossed<'_>, stratum: u32, what: &str) -> RunError {
    let name = match &crossed.checked.design.strata {
        Some(column) => {
            let text = level(crossed, 0).map(|levels| levels.text(stratum)).unwrap_or_default();
            format!("stratum `{text}` of `{column}`")
        }
        None => "the sample, which is one stratum".to_owned(),
    };
    let message = format!("the sample {what}, so that its errors cannot be found");
    let told =
        Diagnostic::error(Code::UnusableData, message).primary(crossed.checked.design_span, name).help(
            "put strata together, correct the design, or write `lonely_psu: centre` for strata of one unit",
        );
    RunError::Data(vec![told])
}
