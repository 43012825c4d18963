//! The answers of the questions as the data and the codebook tell them: a small reduction of the input,
//! made before the tables are asked for. Knows values and labels, not counts.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, Expr, LazyFrame, PolarsResult};

use super::Checked;
use super::questions::{Asked, Source};
use crate::engine::tabulate::Levels;
use crate::stages::Table;

/// What was found out about one question.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Labels by answer, in the order of showing; those written with the question first.
    pub labels: Vec<(String, String)>,
    /// The answers of a question with several, in the order of showing.
    pub answers: Vec<String>,
    /// Answers that are labelled or named and that nobody could give: told of in a caution.
    pub unknown: Vec<String>,
    /// Answers that lines of the codebook after their first one label differently.
    pub relabelled: Vec<String>,
    /// Places among the labels, by answer: a codebook may have thousands.
    places: BTreeMap<String, usize>,
}

impl Known {
    /// What an answer is called: its label, or itself.
    pub(super) fn label<'a>(&'a self, answer: &'a str) -> &'a str {
        self.place(answer).map_or(answer, |place| &self.labels[place].1)
    }

    /// The place of an answer among those that are labelled.
    pub(super) fn place(&self, answer: &str) -> Option<usize> {
        self.places.get(answer).copied()
    }

    /// Whether a written answer means this one: by value or by label.
    pub(super) fn means(&self, written: &str, answer: &str) -> bool {
        written == answer
            || (self.label(answer) == written && !self.answers.iter().any(|other| other == written))
    }
}

/// The reductions whose results [`known`] reads: the codebook, then the distinct values of each column
/// that holds one of several answers.
pub(super) fn fit(checked: &Checked, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
    let mut plans = Vec::new();
    if checked.codebook {
        let text = |name: &str| Expr::Column(name.into());
        let columns = ["question", "value", "label"].map(text);
        plans.push(inputs[1].rows.clone().select(columns));
    }
    let mut rows = inputs[0].rows.clone();
    if let Some(filter) = &checked.filter {
        rows = rows.filter(filter.expr.clone());
    }
    for column in checked.questions.asked.iter().flat_map(|asked| listed(&asked.source)) {
        plans.push(rows.clone().select([Expr::Column(column.into())]).unique(None, Default::default()));
    }
    Ok(plans)
}

/// The columns whose distinct values must be known.
fn listed(source: &Source) -> Vec<&str> {
    match source {
        Source::One(_) | Source::Flags(_) => Vec::new(),
        Source::Codes(columns) => columns.iter().map(|column| column.name.as_str()).collect(),
        Source::Delimited(column, _) => vec![&column.name],
    }
}

/// What is known of each question, from the results of [`fit`].
pub(super) fn known(checked: &Checked, fitted: &[DataFrame]) -> Vec<Known> {
    let mut frames = fitted.iter();
    let (mut codebook, mut relabelled) =
        if checked.codebook { frames.next().map(entries).unwrap_or_default() } else { Default::default() };
    let mut known = Vec::new();
    for asked in &checked.questions.asked {
        let mut labels = asked.labels.clone();
        let written: BTreeSet<String> = labels.iter().map(|(value, _)| value.clone()).collect();
        let entries = codebook.remove(&asked.name).unwrap_or_default();
        labels.extend(entries.into_iter().filter(|(value, _)| !written.contains(value)));
        labels.retain(|(value, _)| !asked.missing.contains(value));
        let mut found = BTreeSet::new();
        for _ in listed(&asked.source) {
            let values = frames.next().map(texts).unwrap_or_default();
            match &asked.source {
                Source::Delimited(_, separator) => {
                    let parts = values.iter().flat_map(|text| text.split(separator.as_str()));
                    found.extend(parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned));
                }
                _ => found.extend(values),
            }
        }
        found.retain(|value| !asked.missing.contains(value));
        let relabelled = relabelled.remove(&asked.name).unwrap_or_default();
        known.push(Known { relabelled, ..of_question(asked, labels, found) });
    }
    known
}

fn of_question(asked: &Asked, labels: Vec<(String, String)>, found: BTreeSet<String>) -> Known {
    let places = labels.iter().enumerate().rev().map(|(at, (value, _))| (value.clone(), at)).collect();
    let mut known = Known { labels, places, ..Known::default() };
    if let Source::Flags(columns) = &asked.source {
        known.answers = columns.iter().map(|column| column.name.clone()).collect();
    } else if asked.source.is_multiple() {
        let labelled: Vec<String> = known.labels.iter().map(|(value, _)| value.clone()).collect();
        let mut others: Vec<String> =
            found.iter().filter(|value| known.place(value).is_none()).cloned().collect();
        others.sort_by(|a, b| by_size(a, b));
        known.unknown = labelled.iter().filter(|value| !found.contains(*value)).cloned().collect();
        known.answers = labelled.into_iter().chain(others).collect();
    }
    known
}

/// Numbers by size, before text by code points.
fn by_size(a: &str, b: &str) -> std::cmp::Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(first), Ok(second)) => first.total_cmp(&second).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => std::cmp::Ordering::Less,
        (Err(_), Ok(_)) => std::cmp::Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

/// The values of a frame's only column as text, without null.
fn texts(frame: &DataFrame) -> Vec<String> {
    let Some(column) = frame.columns().first() else { return Vec::new() };
    let values = column.as_materialized_series().drop_nulls();
    let levels = Levels { values };
    (0..levels.values.len() as u32).map(|place| levels.text(place)).filter(|text| text != "NaN").collect()
}

/// Values and labels by question, in the order of the codebook's lines.
type Entries = BTreeMap<String, Vec<(String, String)>>;

/// The codebook, and by question the values that have more than one label.
fn entries(codebook: &DataFrame) -> (Entries, BTreeMap<String, Vec<String>>) {
    let levels: Vec<Levels> = codebook
        .columns()
        .iter()
        .map(|column| Levels { values: column.as_materialized_series().clone() })
        .collect();
    let (mut entries, mut relabelled) = (Entries::new(), BTreeMap::<String, Vec<String>>::new());
    let mut met: BTreeMap<(String, String), String> = BTreeMap::new();
    for line in 0..codebook.height() {
        if levels.iter().any(|levels| levels.values.get(line).is_ok_and(|value| value.is_null())) {
            continue;
        }
        let [question, value, label] = [0, 1, 2].map(|at| levels[at].text(line as u32));
        // The first line of a value counts.
        match met.entry((question.clone(), value.clone())) {
            Entry::Vacant(first) => {
                first.insert(label.clone());
                entries.entry(question).or_default().push((value, label));
            }
            Entry::Occupied(first) if *first.get() != label => {
                let of = relabelled.entry(question).or_default();
                if !of.contains(&value) {
                    of.push(value);
                }
            }
            Entry::Occupied(_) => {}
        }
    }
    (entries, relabelled)
}
