#![doc = include_str!("page.md")]

mod answers;
mod association;
mod builders;
mod categories;
mod cautions;
mod checker;
mod compare;
mod design;
mod estimate;
mod figures;
mod keys;
mod layout;
mod listing;
mod lower;
mod options;
mod output;
mod questions;
mod schema;
mod sums;
mod suppress;
mod tables;

use polars::prelude::{DataFrame, LazyFrame, PolarsResult};

use super::bases;
use super::sample::SampleDesign;
use super::{Check, Context, Estimates, Input, Lowered, Promise, Ready, Reduced, Spec, Stage, Table};
use crate::diagnostic::{Code, RunError};
use crate::document::{Span, Spanned};
use crate::stats::comparisons::{self, Levels};

pub use options::{
    Against, Answer, BaseRule, Correction, CrossTab, LonelyPsu, Means, Question, Several, Sort, Statistic,
    Suppress, Tests, Variance,
};

use layout::Layout;
use questions::{Asked, Condition, Questions};

impl Stage for CrossTab {
    const SPEC: Spec = Spec {
        kind: "cross_tab",
        summary: "Crosses questions with each other: counts, shares, statistics and tests of every cell.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        std::iter::once(&self.from).chain(&self.codebook).collect()
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        let questions = questions::check(&self, cx);
        let weight = cx.optional_numeric(&self.from, &self.weight);
        let filter = self.filter.as_ref().map(|filter| questions::condition(&self.from, filter, cx));
        let ordered = bases::ordered(&self.min_base, &self.small_base, cx);
        let confidence = cx.between(&self.confidence, 0.5, 0.9999, "a confidence");
        let variance = self.check_variance(cx);
        let names = [&self.strata, &self.cluster, &self.population];
        let span = self.variance.as_ref().map(|variance| variance.span).unwrap_or_default();
        let design = SampleDesign::check(&self.from, names, &self.lonely_psu, span, cx);
        let tests = self.tests.as_ref().map(|tests| self.check_tests(tests, variance, cx));
        let suppress = self.check_suppress(questions.as_ref(), cx);
        let codebook = self.check_codebook(cx);
        let chi_square = self.check_chi_square(questions.as_ref(), cx);
        ordered.and(codebook).and(chi_square)?;
        Some(Checked {
            questions: questions?,
            codebook: self.codebook.is_some(),
            weight: weight?.map(|weight| weight.name),
            filter: match filter {
                None => None,
                Some(filter) => Some(filter?),
            },
            variance: variance?,
            design: design?,
            tests: match tests {
                None => None,
                Some(tests) => Some(tests?),
            },
            chi_square: self.chi_square.value,
            suppress: suppress?,
            confidence: confidence?,
            min_base: self.min_base.value,
            small_base: self.small_base.value,
        })
    }
}

impl CrossTab {
    fn check_variance(&self, cx: &mut Check<'_>) -> Option<Variance> {
        let written = self.variance.as_ref().map(|variance| variance.value);
        if written == Some(Variance::Taylor) {
            return written;
        }
        let mut fine = true;
        let span = |name: &Option<Spanned<String>>| name.as_ref().map(|name| name.span);
        let design = [
            ("strata", span(&self.strata)),
            ("cluster", span(&self.cluster)),
            ("population", span(&self.population)),
            ("lonely_psu", self.lonely_psu.as_ref().map(|lonely| lonely.span)),
        ];
        for (option, span) in design {
            if let Some(span) = span {
                let message = format!("has `{option}` and does not use it");
                let label = "a design of the sample is for `variance: taylor`";
                let help = "write `variance: taylor`, or leave it out";
                cx.invalid(span, Code::InvalidOption, &message, label, help);
                fine = false;
            }
        }
        let usual = if self.weight.is_some() { Variance::EffectiveBase } else { Variance::Frequency };
        fine.then_some(written.unwrap_or(usual))
    }

    fn check_tests(
        &self,
        tests: &Tests,
        variance: Option<Variance>,
        cx: &mut Check<'_>,
    ) -> Option<CheckedTests> {
        let confidences: Vec<Option<f64>> =
            tests.confidence.iter().map(|level| cx.between(level, 0.5, 0.9999, "a confidence")).collect();
        let confidences = confidences.into_iter().collect::<Option<Vec<f64>>>();
        let span = tests.confidence.first().map_or(self.from.span(), |level| level.span);
        let mut fine = true;
        let mut refuse = |span: Span, message: &str, label: &str, help: &str| {
            cx.invalid(span, Code::InvalidOption, message, label, help);
            fine = false;
        };
        let levels = confidences.as_ref().map(|confidences| Levels::new(confidences));
        if levels == Some(None) {
            refuse(
                span,
                "wants one or two levels of confidence",
                "these are not",
                "such as `confidence: [0.95, 0.90]`",
            );
        }
        if tests.compare.is_empty() {
            refuse(
                self.from.span(),
                "has tests that compare nothing",
                "`compare` is empty",
                "leave `tests` out",
            );
        }
        if let (Some(means), Some(Variance::EffectiveBase | Variance::Taylor)) = (&tests.means, variance) {
            let label = "a choice for `variance: frequency` only";
            let help = "leave it out: with survey weights or a design one test serves all";
            refuse(means.span, "chooses a test of means and does not use it", label, help);
        }
        let previous = tests.compare.iter().find(|against| against.value == Against::Previous);
        match (previous, tests.waves.first()) {
            (Some(previous), None) => {
                let help = "name the question whose answers are waves: `waves: [quarter]`";
                refuse(previous.span, "compares waves and knows none", "`waves` is missing", help);
            }
            (None, Some(wave)) => {
                let help = "add `previous` to `compare`, or leave `waves` out";
                refuse(wave.span, "knows waves and does not compare them", "nothing is compared by it", help);
            }
            _ => {}
        }
        for wave in tests.waves.iter() {
            if !self.columns.iter().flat_map(|names| names.iter()).any(|name| name.value == wave.value) {
                let label = format!("`{}` is not among `columns`", wave.value);
                refuse(
                    wave.span,
                    "names a wave that makes no columns",
                    &label,
                    "waves stand side by side in `columns`",
                );
            }
            let multiple = self
                .questions
                .value(&wave.value)
                .is_some_and(|of| of.columns.is_some() || of.separator.is_some());
            if multiple {
                refuse(
                    wave.span,
                    "names a wave with several answers",
                    "people would be in several waves",
                    "",
                );
            }
        }
        if !fine {
            return None;
        }
        Some(CheckedTests {
            compare: {
                let mut compare: Vec<Against> = tests.compare.iter().map(|against| against.value).collect();
                compare.sort_unstable();
                compare.dedup();
                compare
            },
            levels: levels??,
            correction: match tests.correction {
                Correction::None => comparisons::Correction::None,
                Correction::Bonferroni => comparisons::Correction::Bonferroni,
                Correction::BenjaminiHochberg => comparisons::Correction::BenjaminiHochberg,
            },
            means: tests.means.as_ref().map(|means| means.value).unwrap_or_default(),
            skip_zero_or_one: tests.skip_zero_or_one,
            waves: tests.waves.iter().map(|wave| wave.value.clone()).collect(),
        })
    }

    /// Chi-square is of tables whose rows and columns are single answers that are shown.
    fn check_chi_square(&self, questions: Option<&Questions>, cx: &mut Check<'_>) -> Option<()> {
        let (true, Some(questions)) = (self.chi_square.value, questions) else { return Some(()) };
        let asked = &questions.asked;
        let single = |of: &&Vec<usize>| of.iter().all(|part| !asked[*part].source.is_multiple());
        let shown = |of: &Vec<usize>| of.last().is_some_and(|part| !asked[*part].hide_answers);
        let rows = questions.rows.iter().filter(single).any(shown);
        if rows && questions.columns.iter().any(|of| single(&of)) {
            return Some(());
        }
        let label = "it is for questions with one answer whose answers are shown";
        let message = "asks for `chi_square` and has no table for it";
        cx.invalid(self.chi_square.span, Code::InvalidOption, message, label, "leave it out");
        None
    }

    fn check_suppress(&self, questions: Option<&Questions>, cx: &mut Check<'_>) -> Option<Option<u64>> {
        let Some(suppress) = &self.suppress else { return Some(None) };
        let mut fine = true;
        // Below 2 there is nobody to hide, and below 3 who is hidden is one person.
        if suppress.below.value < 3 {
            let label = "wanted is a number from 3";
            let help = "whoever is hidden must be one of several";
            cx.invalid(suppress.below.span, Code::InvalidOption, "hides too few", label, help);
            fine = false;
        }
        // A net and the answers outside it may be all there are in a column that only other tables show.
        for of in questions.iter().flat_map(|questions| &questions.columns).filter(|of| of.len() > 1) {
            let asked = of.iter().filter_map(|part| questions?.asked.get(*part));
            for asked in asked.filter(|asked| asked.source.is_multiple() && !asked.nets.is_empty()) {
                let label = format!("columns of `{}` are nested", asked.name);
                let message = "cannot hide people in nested nets of several answers";
                let help = "put the question beside the others, or leave `nets` or `suppress` out";
                cx.invalid(suppress.below.span, Code::InvalidOption, message, &label, help);
                fine = false;
            }
        }
        if let Some(questions) = questions {
            fine &= self.check_shared(questions, cx).is_some();
        }
        fine.then_some(Some(suppress.below.value))
    }

    /// Two questions that read a column and leave different people out tell by their difference how many
    /// these are.
    fn check_shared(&self, questions: &Questions, cx: &mut Check<'_>) -> Option<()> {
        let mut fine = true;
        // Questions that are columns only come after those that are written, and share none.
        let written = self.questions.iter().map(|(name, _)| name).zip(&questions.asked);
        for (at, (name, asked)) in written.enumerate() {
            let others = questions.asked.iter().enumerate();
            // Of two that are written the later one is told.
            let others = others.filter(|(other, _)| *other < at || *other >= self.questions.len());
            let shared = |other: &Asked| {
                let columns = other.columns();
                asked.columns().into_iter().find(|column| columns.contains(column)).map(str::to_owned)
            };
            let found = (others.filter(|(_, other)| !asked.is_answered_as(other)))
                .find_map(|(_, other)| Some((other, shared(other)?)));
            let Some((other, column)) = found else { continue };
            let label =
                format!("`{}` reads `{column}`, which question `{}` counts too", asked.name, other.name);
            let message = "cannot hide people whom two questions count differently";
            let help = if asked.source.is_multiple() || other.source.is_multiple() {
                "make one question of them, or leave `suppress` out"
            } else {
                "make one question of them, or give both the same `where`, `asked` and `missing`"
            };
            cx.invalid(name.span, Code::InvalidOption, message, &label, help);
            fine = false;
        }
        fine.then_some(())
    }

    fn check_codebook(&self, cx: &mut Check<'_>) -> Option<()> {
        let Some(codebook) = &self.codebook else { return Some(()) };
        let schema = cx.schema(codebook)?;
        let missing: Vec<&str> =
            ["question", "value", "label"].into_iter().filter(|name| !schema.contains(name)).collect();
        if missing.is_empty() {
            return Some(());
        }
        let label = format!("`{}` has no column `{}`", codebook.text(), missing.join("`, `"));
        let help = "a codebook has the columns `question`, `value` and `label`";
        cx.invalid(codebook.span(), Code::UnknownColumn, "cannot read its codebook", &label, help);
        None
    }
}

/// A cross-tab that passed its check.
#[derive(Debug)]
pub struct Checked {
    questions: Questions,
    codebook: bool,
    weight: Option<String>,
    filter: Option<Condition>,
    variance: Variance,
    design: SampleDesign,
    tests: Option<CheckedTests>,
    chi_square: bool,
    suppress: Option<u64>,
    confidence: f64,
    min_base: u64,
    small_base: u64,
}

/// Tests that passed their check.
#[derive(Debug)]
struct CheckedTests {
    compare: Vec<Against>,
    levels: Levels,
    correction: comparisons::Correction,
    means: Means,
    skip_zero_or_one: bool,
    waves: Vec<String>,
}

impl CheckedTests {
    fn compares_columns(&self) -> bool {
        self.compare.contains(&Against::Columns)
    }
}

impl Checked {
    fn is_taylor(&self) -> bool {
        self.variance == Variance::Taylor
    }
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        schema::promise()
    }

    fn fit(&self, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        answers::fit(self, inputs)
    }

    fn lower(&self, inputs: &[Table], fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let known = answers::known(self, fitted);
        let layout = Layout::new(self, &known);
        Ok(Lowered::Tabulate { rows: self.derive(&inputs[0].rows, &known), tables: layout.specs })
    }

    fn estimate(&self, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
        let Reduced::Cells(cells) = reduced else { return Ok(Estimates::default()) };
        estimate::estimate(self, &cells, cx)
    }
}

#[cfg(test)]
mod tests;
