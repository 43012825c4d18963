//! The options set in code: what `CrossTab::new(…).weight(…)` and `Question::column(…).net(…)` mean.

use super::options::{
    Answer, BaseRule, CrossTab, Question, Several, Statistic, Suppress, Tests, Variance, usual_confidence,
};
use crate::document::{Entries, Spanned};
use crate::stages::bases;

impl CrossTab {
    /// Every one of the rows crossed with every one of the columns. An item names one question, or
    /// several that are nested: `["persona"]`, `["region", "gender"]`.
    pub fn new<'a, R, C>(rows: impl IntoIterator<Item = R>, columns: impl IntoIterator<Item = C>) -> Self
    where
        R: IntoIterator<Item = &'a str>,
        C: IntoIterator<Item = &'a str>,
    {
        Self {
            from: "rows".into(),
            rows: rows.into_iter().map(|names| names.into_iter().collect()).collect(),
            columns: columns.into_iter().map(|names| names.into_iter().collect()).collect(),
            weight: None,
            filter: None,
            base: BaseRule::default(),
            questions: Entries::default(),
            codebook: None,
            variance: None,
            strata: None,
            cluster: None,
            population: None,
            lonely_psu: None,
            tests: None,
            chi_square: false.into(),
            suppress: None,
            confidence: usual_confidence(),
            min_base: bases::usual_min_base(),
            small_base: bases::usual_small_base(),
        }
    }

    /// Weighted by a column.
    pub fn weight(mut self, column: &str) -> Self {
        self.weight = Some(column.into());
        self
    }

    /// Only of the rows for which an SQL expression is true.
    pub fn filter(mut self, expression: &str) -> Self {
        self.filter = Some(expression.into());
        self
    }

    /// With shares of these people.
    pub fn base(mut self, base: BaseRule) -> Self {
        self.base = base;
        self
    }

    /// With a question, which `rows` and `columns` may name.
    pub fn question(mut self, name: &str, question: Question) -> Self {
        self.questions.0.push((name.into(), question));
        self
    }

    /// With errors found this way.
    pub fn variance(mut self, variance: Variance) -> Self {
        self.variance = Some(variance.into());
        self
    }

    /// With the design of the sample: columns of strata, of clusters and of the strata's sizes in the
    /// population. Errors are then found by Taylor linearisation.
    pub fn design(mut self, strata: Option<&str>, cluster: Option<&str>, population: Option<&str>) -> Self {
        self.strata = strata.map(Into::into);
        self.cluster = cluster.map(Into::into);
        self.population = population.map(Into::into);
        self.variance(Variance::Taylor)
    }

    /// With tests.
    pub fn tests(mut self, tests: Tests) -> Self {
        self.tests = Some(tests);
        self
    }

    /// With a test of each table as a whole.
    pub fn chi_square(mut self) -> Self {
        self.chi_square = true.into();
        self
    }

    /// With everything hidden that rests on fewer people.
    pub fn suppress(mut self, below: u64) -> Self {
        self.suppress = Some(Suppress { below: below.into() });
        self
    }

    /// With other bases below which a column is not relied on, and small.
    pub fn bases(mut self, min: u64, small: u64) -> Self {
        (self.min_base, self.small_base) = (min.into(), small.into());
        self
    }
}

impl Question {
    /// The answers in a column.
    pub fn column(column: &str) -> Self {
        Self { column: Some(column.into()), ..Self::default() }
    }

    /// Several answers per person: one column per answer, each with its label.
    pub fn flags<'a>(columns: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let entries = columns.into_iter().map(|(column, label)| (column, Answer(label.into()))).collect();
        Self { columns: Some(Several::Flags(entries)), ..Self::default() }
    }

    /// Several answers per person: columns that hold one answer each.
    pub fn codes<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self { columns: Some(Several::Codes(columns)), ..Self::default() }
    }

    /// Several answers per person: one text with a separator between the answers.
    pub fn delimited(column: &str, separator: &str) -> Self {
        Self { separator: Some(separator.into()), ..Self::column(column) }
    }

    /// With labels of answers, in their order.
    pub fn labels<'a>(mut self, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.labels = labels.into_iter().map(|(value, label)| (value, Answer(label.into()))).collect();
        self
    }

    /// With answers put together under a name.
    pub fn net<'a>(mut self, name: &str, answers: impl IntoIterator<Item = &'a str>) -> Self {
        let answers = answers.into_iter().map(|answer| Spanned::from(Answer(answer.into()))).collect();
        self.nets.0.push((name.into(), answers));
        self
    }

    /// With the shares of the highest and of the lowest answers.
    pub fn boxes(mut self, top: u64, bottom: u64) -> Self {
        (self.top_box, self.bottom_box) = (Some(top.into()), Some(bottom.into()));
        self
    }

    /// With figures of the values.
    pub fn statistics(mut self, statistics: impl IntoIterator<Item = Statistic>) -> Self {
        self.statistics = statistics.into_iter().map(Into::into).collect();
        self
    }

    /// With answers that are no point of the scale, such as *don't know*.
    pub fn off_scale<'a>(mut self, answers: impl IntoIterator<Item = &'a str>) -> Self {
        self.off_scale = answers.into_iter().map(|answer| Spanned::from(Answer(answer.into()))).collect();
        self
    }

    /// With values that are no answer, such as a code for *refused*.
    pub fn missing<'a>(mut self, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.missing = values.into_iter().map(|value| Spanned::from(Answer(value.into()))).collect();
        self
    }

    /// Without a row for each answer.
    pub fn hide_answers(mut self) -> Self {
        self.hide_answers = true;
        self
    }

    /// Asked only of those for whom an SQL expression is true.
    pub fn asked(mut self, expression: &str) -> Self {
        self.asked = Some(expression.into());
        self
    }
}
