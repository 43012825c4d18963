//! How a sample was drawn, for stages whose errors rest on it: the columns that say so, the strata with
//! the cells that a stage counts, and what the data says against them. Knows no figures: the errors that
//! follow are in `stats`.

use std::collections::BTreeMap;

use super::bases::LonelyPsu;
use super::{Check, Column, Input};
use crate::diagnostic::{Code, Diagnostic, RunError};
use crate::document::{Span, Spanned};
use crate::number;
use crate::stats::linearization::{Design, Fault, LonelyUnit, Rows, Stratum};
use crate::stats::weights::Base;

/// How the sample was drawn, as far as it is written.
#[derive(Debug, Clone)]
pub(super) struct SampleDesign {
    pub strata: Option<Column>,
    pub cluster: Option<Column>,
    pub population: Option<Spanned<String>>,
    pub lonely: LonelyUnit,
    /// Where it is written: what the data says against it points here.
    pub place: Span,
}

/// Rows of one unit of the sample that a stage counts alike.
pub(super) struct Drawn {
    /// The place of the stratum among the values of its column, 0 where there are none; so the cluster.
    pub stratum: u32,
    pub cluster: u32,
    /// The cell of the stage's figures; none of rows that are in the sample and in no figure.
    pub cell: Option<usize>,
    pub base: Base,
}

impl SampleDesign {
    /// The design of these options. `otherwise` is the place that is pointed at where none is written.
    /// None: something is wrong with it, and was told.
    pub(super) fn check(
        from: &Input,
        [strata, cluster, population]: [&Option<Spanned<String>>; 3],
        lonely: &Option<Spanned<LonelyPsu>>,
        otherwise: Span,
        cx: &mut Check<'_>,
    ) -> Option<Self> {
        let mut category = |name: &Option<Spanned<String>>| match name {
            None => Some(None),
            Some(name) => super::bases::category(from, name, cx).map(Some),
        };
        let (of_strata, of_cluster) = (category(strata), category(cluster));
        let of_population = cx.optional_numeric(from, population);
        let written = [strata, cluster, population].into_iter().flatten().next();
        of_population?;
        Some(Self {
            strata: of_strata?,
            cluster: of_cluster?,
            population: population.clone(),
            lonely: match lonely.as_ref().map(|lonely| lonely.value).unwrap_or_default() {
                LonelyPsu::Fail => LonelyUnit::Fail,
                LonelyPsu::Centre => LonelyUnit::Centre,
            },
            place: written.map_or(otherwise, |name| name.span),
        })
    }

    /// The strata by their places, each with its units and the cells of its rows.
    pub(super) fn strata(&self, rows: impl IntoIterator<Item = Drawn>) -> BTreeMap<u32, Stratum> {
        /// A stratum's clusters, each with its people and its cells.
        type Clusters = BTreeMap<u32, (u64, BTreeMap<usize, Base>)>;
        let mut strata: BTreeMap<u32, Clusters> = BTreeMap::new();
        for row in rows {
            let (people, cells) = strata.entry(row.stratum).or_default().entry(row.cluster).or_default();
            *people += row.base.n;
            if let Some(cell) = row.cell {
                *cells.entry(cell).or_default() += row.base;
            }
        }
        let made = |clusters: Clusters| {
            if self.cluster.is_none() {
                let units = clusters.values().map(|(people, _)| people).sum();
                let rows = clusters.into_values().flat_map(|(_, cells)| cells).collect();
                return Stratum { units, population: None, rows: Rows::Single(rows) };
            }
            let weights = |cells: BTreeMap<usize, Base>| {
                cells.into_iter().map(|(cell, base)| (cell, base.weighted)).collect()
            };
            let units: Vec<_> = clusters.into_values().map(|(_, cells)| weights(cells)).collect();
            Stratum { units: units.len() as u64, population: None, rows: Rows::Clustered(units) }
        };
        strata.into_iter().map(|(place, clusters)| (place, made(clusters))).collect()
    }

    /// The design over cells. `text` is what a stratum is called, by its place.
    ///
    /// # Errors
    /// Where the design gives no standard errors: a stratum with one unit, more units than there are.
    pub(super) fn design(
        &self,
        cells: usize,
        strata: &BTreeMap<u32, Stratum>,
        stage: &str,
        text: impl Fn(u32) -> String,
    ) -> Result<Design, RunError> {
        let (places, strata): (Vec<u32>, Vec<Stratum>) =
            strata.iter().map(|(place, stratum)| (*place, stratum.clone())).unzip();
        let fault = |fault| self.refuse(fault, &strata, stage, |at| self.within(text(places[at])));
        Design::new(cells, &strata, self.lonely).map_err(fault)
    }

    /// A size of the population that is none; `fault` says why.
    pub(super) fn unusable_population(&self, stage: &str, fault: &str, stratum: String) -> RunError {
        let (name, place) = match &self.population {
            Some(column) => (column.value.as_str(), column.span),
            None => ("population", self.place),
        };
        let message = format!("stage `{stage}` needs one size of population for each stratum");
        let label = format!("`{name}` {fault}{}", self.within(stratum));
        let help = "it is the number of sampling units in the stratum's population, the same in all its rows";
        RunError::data(Diagnostic::error(Code::UnusableData, message).primary(place, label).help(help))
    }

    /// ` in stratum=north`; nothing where there are no strata.
    fn within(&self, stratum: String) -> String {
        match &self.strata {
            Some(column) => format!(" in {}={stratum}", column.name),
            None => String::new(),
        }
    }

    /// Words what makes the design useless.
    fn refuse(
        &self,
        fault: Fault,
        strata: &[Stratum],
        stage: &str,
        within: impl Fn(usize) -> String,
    ) -> RunError {
        let unit = match &self.cluster {
            Some(column) => format!("value of `{}`", column.name),
            None => "answer".to_owned(),
        };
        let (message, label, help) = match fault {
            Fault::MissingUnits(at) => (
                format!("stage `{stage}` has a stratum with answers of more units than it has"),
                format!("{} units{}", strata[at].units, within(at)),
                "",
            ),
            Fault::LonelyUnit(at) => (
                format!("stage `{stage}` has a stratum that does not show how much it varies"),
                format!("only one {unit}{}", within(at)),
                "join it with a stratum like it, or write `lonely_psu: centre` to compare it with the whole sample",
            ),
            Fault::SmallPopulation(at) => (
                format!("stage `{stage}` has a sample larger than its population"),
                format!(
                    "{} drawn of {}{}",
                    strata[at].units,
                    number::plain(strata[at].population.unwrap_or_default()),
                    within(at)
                ),
                "`population` counts sampling units: clusters, or rows where there are no clusters",
            ),
        };
        let place = match (fault, &self.population) {
            (Fault::SmallPopulation(_), Some(column)) => column.span,
            _ => self.place,
        };
        let told = Diagnostic::error(Code::UnusableData, message).primary(place, label);
        RunError::data(if help.is_empty() { told } else { told.help(help) })
    }
}
