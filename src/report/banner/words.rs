//! What questions and groups of columns are called on a page: as the report says, else as the cross-tab
//! tells, else by their names.

use std::collections::BTreeMap;

use crate::crossing;
use crate::report::records::Records;

/// The words of a report and those of a cross-tab.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    /// Headings of variables that the report gives.
    pub labels: &'a BTreeMap<String, String>,
    /// What the cross-tab tells of each of its tables.
    pub tables: Option<&'a Records>,
}

impl Words<'_> {
    /// What a question down the side is called.
    pub fn question(&self, variable: &str) -> String {
        self.of(variable, ["row_variable", "title"])
    }

    /// What a group of columns is called.
    pub fn heading(&self, variable: &str) -> String {
        self.of(variable, ["column_variable", "column_title"])
    }

    /// A question with the people it is about, where these are others than those of other questions.
    pub fn block(&self, variable: &str) -> String {
        let question = self.question(variable);
        match self.base(variable).filter(|_| self.common_base().is_none()) {
            Some(base) => format!("{question} · Base: {base}"),
            None => question,
        }
    }

    /// The people that all questions are about; none where they differ.
    pub fn common_base(&self) -> Option<String> {
        let tables = self.tables?;
        let mut bases =
            (0..tables.len()).map(|line| tables.get(line, "base_text").text().unwrap_or_default());
        let first = bases.next().filter(|base| !base.is_empty())?;
        bases.all(|base| base == first).then_some(first)
    }

    fn base(&self, variable: &str) -> Option<String> {
        let tables = self.tables?;
        let own = |line: &usize| tables.get(*line, "row_variable").text().as_deref() == Some(variable);
        let line = (0..tables.len()).find(own)?;
        tables.get(line, "base_text").text().filter(|base| !base.is_empty())
    }

    fn of(&self, variable: &str, [named, told]: [&str; 2]) -> String {
        let title = self.tables.and_then(|tables| {
            let line = (0..tables.len())
                .find(|&line| tables.get(line, named).text().as_deref() == Some(variable))?;
            tables.get(line, told).text()
        });
        crossing::heading(variable, title.as_deref(), |name| self.labels.get(name).cloned())
    }
}
