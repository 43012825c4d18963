//! What is counted: one table for each combination of flags that a table of the stage needs, which
//! columns span it, and how its keys are to be read. Knows no counts.

use std::collections::BTreeMap;

use super::Checked;
use super::answers::Known;
use super::questions::Asked;
use crate::engine::tabulate::{Dimension, TableSpec};

/// A question that one variable is made of, nested or alone, as its columns.
pub(super) fn value(question: usize) -> String {
    format!("answer of {question}")
}

pub(super) fn flag(question: usize, at: usize) -> String {
    format!("flag of {question}: {at}")
}

pub(super) fn any(question: usize) -> String {
    format!("any of {question}")
}

pub(super) fn state(row: usize) -> String {
    format!("state of {row}")
}

/// Who gave an answer that excludes the others together with another one.
pub(super) fn contradiction(question: usize) -> String {
    format!("contradiction in {question}")
}

pub(super) const WEIGHT: &str = "weight";

const STRATUM: &str = "stratum";

const CLUSTER: &str = "cluster";

const POPULATION: &str = "population";

/// What a counted table is asked about: which flags of the rows and of the columns span it, beside the
/// columns of single answers. Without flags of the columns it is about all who are in any column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ask {
    /// One choice of flags among the row's choices.
    pub row: Option<usize>,
    /// Choices among the column's; two for what two columns have in common.
    pub columns: Vec<usize>,
}

/// One table of the stage: its variables, the flags that can be chosen, and which spec answers what.
#[derive(Debug)]
pub(super) struct TablePlan {
    pub row: usize,
    pub column: usize,
    /// For each choice one flag of every part with several answers; empty without such parts.
    pub row_choices: Vec<Vec<(usize, usize)>>,
    pub column_choices: Vec<Vec<(usize, usize)>>,
    pub asks: BTreeMap<Ask, usize>,
}

/// How a table's counted dimensions are to be read, in their order.
#[derive(Debug)]
pub(super) struct Shape {
    pub has_state: bool,
    pub row_values: usize,
    pub column_values: usize,
    pub any: usize,
    pub flags: Vec<(usize, usize)>,
    pub design: usize,
}

/// All that is asked.
#[derive(Debug)]
pub(super) struct Layout {
    pub tables: Vec<TablePlan>,
    pub specs: Vec<TableSpec>,
    /// By question: the spec that counts contradictory answers.
    pub contradictions: BTreeMap<usize, usize>,
}

/// The answers of a question as flags: each answer, then each net.
pub(super) fn flags(asked: &Asked, known: &Known) -> Vec<Vec<usize>> {
    let answers = (0..known.answers.len()).map(|at| vec![at]);
    let nets = asked.nets.iter().map(|(_, of)| members(known, of));
    answers.chain(nets).collect()
}

/// The answers that a written list means.
pub(super) fn members(known: &Known, written: &[String]) -> Vec<usize> {
    let means = |at: &usize| written.iter().any(|written| known.means(written, &known.answers[*at]));
    (0..known.answers.len()).filter(means).collect()
}

impl Layout {
    pub(super) fn new(checked: &Checked, known: &[Known]) -> Self {
        let mut layout = Self { tables: Vec::new(), specs: Vec::new(), contradictions: BTreeMap::new() };
        let questions = &checked.questions;
        let overlaps = checked.tests.as_ref().is_some_and(|tests| tests.compares_columns());
        for row in 0..questions.rows.len() {
            let row_choices = choices(checked, known, &questions.rows[row], false);
            for column in 0..questions.columns.len() {
                let column_choices = choices(checked, known, &questions.columns[column], true);
                let mut asks = vec![Ask { row: None, columns: Vec::new() }];
                let rows = || std::iter::once(None).chain((0..row_choices.len()).map(Some));
                for row in rows() {
                    asks.push(Ask { row, columns: Vec::new() });
                    asks.extend((0..column_choices.len()).map(|at| Ask { row, columns: vec![at] }));
                    // Of two columns the errors need the people in both: their base, and for a design
                    // also their answers.
                    if overlaps && (row.is_none() || checked.is_taylor()) {
                        let pairs = (0..column_choices.len())
                            .flat_map(|a| (a + 1..column_choices.len()).map(move |b| vec![a, b]));
                        asks.extend(pairs.map(|columns| Ask { row, columns }));
                    }
                }
                let mut plan = TablePlan {
                    row,
                    column,
                    row_choices: row_choices.clone(),
                    column_choices,
                    asks: BTreeMap::new(),
                };
                for ask in asks {
                    let spec = checked.spec(&plan, &ask);
                    let at = layout.place(spec);
                    plan.asks.insert(ask, at);
                }
                layout.tables.push(plan);
            }
        }
        for (at, asked) in questions.asked.iter().enumerate() {
            if asked.none_of_these.is_some()
                && questions.rows.iter().chain(&questions.columns).flatten().any(|part| *part == at)
            {
                let dimensions = vec![Dimension::keep(contradiction(at))];
                let place = layout.place(TableSpec { dimensions, weight: None });
                layout.contradictions.insert(at, place);
            }
        }
        layout
    }

    fn place(&mut self, spec: TableSpec) -> usize {
        self.specs.iter().position(|other| *other == spec).unwrap_or_else(|| {
            self.specs.push(spec);
            self.specs.len() - 1
        })
    }
}

/// Every choice of one flag for each part with several answers. Columns show nets of all parts, rows only
/// those of the innermost one.
fn choices(
    checked: &Checked,
    known: &[Known],
    variable: &[usize],
    is_column: bool,
) -> Vec<Vec<(usize, usize)>> {
    let asked = &checked.questions.asked;
    let mut choices: Vec<Vec<(usize, usize)>> = Vec::new();
    for (place, part) in variable.iter().enumerate().filter(|(_, part)| asked[**part].source.is_multiple()) {
        let innermost = place + 1 == variable.len();
        let all = if is_column || innermost {
            flags(&asked[*part], &known[*part]).len()
        } else {
            known[*part].answers.len()
        };
        let before = if choices.is_empty() { vec![Vec::new()] } else { choices };
        choices = before
            .iter()
            .flat_map(|chosen| (0..all).map(move |at| chosen.iter().copied().chain([(*part, at)]).collect()))
            .collect();
    }
    choices
}

impl Checked {
    /// The columns of the sample's design, by their names in the counted tables and in the input, in the
    /// order of the dimensions.
    pub(super) fn design_columns(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let design = &self.design;
        let strata = design.strata.as_ref().map(|column| (STRATUM, column.name.as_str()));
        let cluster = design.cluster.as_ref().map(|column| (CLUSTER, column.name.as_str()));
        let population = design.population.as_ref().map(|name| (POPULATION, name.value.as_str()));
        strata.into_iter().chain(cluster).chain(population)
    }

    /// The dimensions of a counted table; [`Checked::shape`] says how to read them.
    fn spec(&self, plan: &TablePlan, ask: &Ask) -> TableSpec {
        let shape = self.shape(plan, ask);
        let questions = &self.questions;
        let mut dimensions: Vec<String> = Vec::new();
        if shape.has_state {
            dimensions.push(state(plan.row));
        }
        let singles = |variable: &[usize]| {
            variable
                .iter()
                .filter(|part| !questions.asked[**part].source.is_multiple())
                .map(|part| value(*part))
                .collect::<Vec<_>>()
        };
        dimensions.extend(singles(&questions.rows[plan.row]));
        dimensions.extend(singles(&questions.columns[plan.column]));
        if shape.any > 0 {
            let several = questions.columns[plan.column]
                .iter()
                .filter(|part| questions.asked[**part].source.is_multiple());
            dimensions.extend(several.map(|part| any(*part)));
        }
        dimensions.extend(shape.flags.iter().map(|(question, at)| flag(*question, *at)));
        if self.is_taylor() {
            dimensions.extend(self.design_columns().map(|(name, _)| name.to_owned()));
        }
        TableSpec {
            dimensions: dimensions.into_iter().map(Dimension::keep).collect(),
            weight: self.weight.as_ref().map(|_| WEIGHT.to_owned()),
        }
    }

    /// How the dimensions of a counted table are to be read.
    pub(super) fn shape(&self, plan: &TablePlan, ask: &Ask) -> Shape {
        let questions = &self.questions;
        let several = |variable: &[usize]| {
            variable.iter().filter(|part| questions.asked[**part].source.is_multiple()).count()
        };
        let (row, column) = (&questions.rows[plan.row], &questions.columns[plan.column]);
        let mut flags: Vec<(usize, usize)> =
            ask.row.map(|at| plan.row_choices[at].clone()).unwrap_or_default();
        for choice in &ask.columns {
            for flag in &plan.column_choices[*choice] {
                if !flags.contains(flag) {
                    flags.push(*flag);
                }
            }
        }
        Shape {
            has_state: self.has_state(row),
            row_values: row.len() - several(row),
            column_values: column.len() - several(column),
            any: several(column),
            flags,
            design: if self.is_taylor() { self.design_columns().count() } else { 0 },
        }
    }

    /// Whether where a person stands with the question says more than whether the answer is null.
    pub(super) fn has_state(&self, row: &[usize]) -> bool {
        let outside = self.is_taylor() && self.filter.is_some();
        let more =
            |asked: &Asked| asked.source.is_multiple() || asked.asked.is_some() || asked.filter.is_some();
        outside || row.iter().any(|part| more(&self.questions.asked[*part]))
    }
}
