//! Who reads what: every input is found, unknown inputs, unused datasets and circles are told, and the
//! stages are put in order. Knows ids and places, not what is behind them.

use std::collections::BTreeMap;

use super::graph::{self, Edge};
use super::read::{Datasets, Reader};
use super::{Input, StageEntry};
use crate::diagnostic::{Code, Diagnostic, listed, nearest};
use crate::document::Spanned;

impl Reader {
    /// Finds every input, tells unknown ones and circles, and puts the stages in order.
    pub(super) fn settle(
        &mut self,
        stages: Vec<Result<StageEntry, Spanned<String>>>,
        datasets: &Datasets,
    ) -> Vec<StageEntry> {
        let Datasets { read: datasets, unread } = datasets;
        let ids: Vec<String> = stages
            .iter()
            .map(|stage| match stage {
                Ok(entry) => entry.id.value.clone(),
                Err(id) => id.value.clone(),
            })
            .collect();
        let places: BTreeMap<&str, usize> =
            ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
        let mut used = vec![false; datasets.len()];
        let mut reads: Vec<Vec<Edge>> = Vec::new();
        for stage in &stages {
            let mut edges = Vec::new();
            if let Ok(entry) = stage {
                for input in entry.options.inputs() {
                    let id = input.id();
                    // What is wrong with the dataset was told where it is declared.
                    if unread.iter().any(|dataset| dataset == id) {
                        continue;
                    }
                    if let Some(at) = datasets.iter().position(|dataset| dataset.id.value == id) {
                        used[at] = true;
                    } else if let Some(at) = places.get(id) {
                        edges.push((*at, input.span()));
                    } else {
                        let known = datasets.iter().map(|dataset| dataset.id.value.as_str());
                        let others = ids.iter().map(String::as_str).filter(|other| *other != entry.id.value);
                        self.unknown_input(&entry.id.value, &input, known.chain(others));
                    }
                }
            }
            reads.push(edges);
        }
        let broken = stages.iter().any(Result::is_err);
        for (dataset, used) in datasets.iter().zip(used) {
            // While a stage could not be read, nobody knows what it would have used.
            if !used && !broken {
                self.found.push(
                    Diagnostic::warning(
                        Code::UnusedDataset,
                        format!("no stage reads the dataset `{}`", dataset.id.value),
                    )
                    .primary(dataset.id.span, "declared here, used nowhere")
                    .help("remove it, or name it as an input"),
                );
            }
        }
        let (order, circles) = graph::order(&ids, &reads);
        self.found.extend(circles);
        let mut slots: Vec<Option<StageEntry>> = stages.into_iter().map(Result::ok).collect();
        order.into_iter().filter_map(|at| slots[at].take()).collect()
    }

    fn unknown_input<'n>(&mut self, stage: &str, input: &Input, known: impl Iterator<Item = &'n str>) {
        let known: Vec<&str> = known.collect();
        let unknown = Diagnostic::error(
            Code::UnknownInput,
            format!("stage `{stage}` reads `{}`, which does not exist", input.text()),
        )
        .primary(input.span(), "neither a dataset nor a stage");
        self.found.push(match nearest(input.id(), known.iter().copied()) {
            Some(near) => unknown.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => unknown.help("declare it under `datasets`"),
            None => unknown.help(format!("there are {}", listed(known))),
        });
    }
}
