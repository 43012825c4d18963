//! How the columns of a mark's roles are looked up: written ones by name, the others where the input has
//! them under the usual name. Knows no mark.

use polars::prelude::{DataType, Schema};

use crate::diagnostic::Code;
use crate::document::{OneOrMany, Span, Spanned};
use crate::stages::{Check, Input, Template, type_name};

/// Looks up the columns of roles.
pub(super) struct Roles<'r, 'c> {
    pub(super) cx: &'r mut Check<'c>,
    pub(super) from: &'r Input,
    pub(super) schema: Schema,
}

impl Roles<'_, '_> {
    /// The name as written, or the usual one at the place of the input.
    pub(super) fn named(&self, written: &Option<Spanned<String>>, usual: &str) -> Spanned<String> {
        written.clone().unwrap_or_else(|| Spanned::new(usual.to_owned(), self.from.span()))
    }

    /// A column of numbers that must be there under its usual name where none is written.
    pub(super) fn usual(&mut self, written: &Option<Spanned<String>>, usual: &str) -> Option<String> {
        let name = self.named(written, usual);
        Some(self.cx.numeric(self.from, &name)?.name)
    }

    /// A column of labels that is left out where neither it is written nor the usual one exists.
    pub(super) fn usual_label(
        &mut self,
        written: &Option<Spanned<String>>,
        usual: &str,
    ) -> Option<Option<String>> {
        if written.is_none() && !self.schema.contains(usual) {
            return Some(None);
        }
        self.label(&self.named(written, usual)).map(Some)
    }

    /// A column of numbers that may be missing, taken under its usual name where that is one.
    pub(super) fn optional(
        &mut self,
        written: &Option<Spanned<String>>,
        usual: Option<&str>,
    ) -> Option<Option<String>> {
        match (written, usual) {
            (Some(name), _) => self.cx.numeric(self.from, name).map(|column| Some(column.name)),
            (None, Some(usual)) => {
                let fits = self.schema.get(usual).is_some_and(|dtype| dtype.is_primitive_numeric());
                Some(fits.then(|| usual.to_owned()))
            }
            (None, None) => Some(None),
        }
    }

    /// A column of true and false that may be missing.
    pub(super) fn flag(
        &mut self,
        written: &Option<Spanned<String>>,
        usual: Option<&str>,
    ) -> Option<Option<String>> {
        let Some(name) = written else {
            let fits = |name: &&str| self.schema.get(name) == Some(&DataType::Boolean);
            return Some(usual.filter(fits).map(str::to_owned));
        };
        let hint = "make it a comparison, such as `region = 'EMEA'`, in a stage before this one";
        let column =
            self.cx.typed(self.from, name, "true and false", hint, |dtype| *dtype == DataType::Boolean);
        column.map(|column| Some(column.name))
    }

    /// A column of words that may be missing, taken under its usual name where that is one of text.
    pub(super) fn optional_text(
        &mut self,
        written: &Option<Spanned<String>>,
        usual: &str,
    ) -> Option<Option<String>> {
        match written {
            Some(name) => self.cx.text(self.from, name).map(|column| Some(column.name)),
            None => {
                let fits = self.schema.get(usual) == Some(&DataType::String);
                Some(fits.then(|| usual.to_owned()))
            }
        }
    }

    /// Columns of what tests found: the one that is written, or those of the usual ones that are there.
    pub(super) fn findings(
        &mut self,
        written: &Option<Spanned<String>>,
        usual: &[&str],
    ) -> Option<Vec<String>> {
        if let Some(name) = written {
            return Some(vec![self.cx.text(self.from, name)?.name]);
        }
        let fits = |name: &&&str| self.schema.get(name) == Some(&DataType::String);
        Some(usual.iter().filter(fits).map(|name| (*name).to_owned()).collect())
    }

    /// Both ends of an interval or none.
    pub(super) fn interval(
        &mut self,
        low: &Option<Spanned<String>>,
        high: &Option<Spanned<String>>,
        usual: bool,
    ) -> Option<(Option<String>, Option<String>)> {
        let lone = match (low, high) {
            (Some(end), None) | (None, Some(end)) => Some(end.span),
            _ => None,
        };
        if let Some(span) = lone {
            let message = "has an interval with one end";
            let help = "write both `low` and `high`, or neither";
            self.cx.invalid(span, Code::InvalidOption, message, "the other end is missing", help);
        }
        let ends = [(low, "conf_low"), (high, "conf_high")]
            .map(|(end, name)| self.optional(end, usual.then_some(name)));
        match (lone, ends) {
            (None, [Some(Some(low)), Some(Some(high))]) => Some((Some(low), Some(high))),
            (None, [Some(_), Some(_)]) => Some((None, None)),
            _ => None,
        }
    }

    /// The number of answers and the marks of small bases.
    pub(super) fn base(
        &mut self,
        n: &Option<Spanned<String>>,
        usual: &str,
        mark: &Option<Spanned<String>>,
    ) -> Option<(Option<String>, Option<String>)> {
        let n = self.optional(n, Some(usual));
        let mark = self.optional_text(mark, "base_mark");
        Some((n?, mark?))
    }

    /// Columns whose values are written as labels.
    pub(super) fn labels(&mut self, names: &OneOrMany<Spanned<String>>, needed: bool) -> Option<Vec<String>> {
        if needed && names.is_empty() {
            let message = "has a mark without a label";
            let help = "name the column that says what each mark stands for";
            self.cx.invalid(self.from.span(), Code::InvalidOption, message, "`label` is empty", help);
            return None;
        }
        let columns = self.cx.columns(self.from, names)?;
        let mut fine = Some(());
        for (column, name) in columns.iter().zip(names.iter()) {
            fine = fine.and(self.readable(&column.dtype, &column.name, name.span));
        }
        fine?;
        Some(columns.into_iter().map(|column| column.name).collect())
    }

    pub(super) fn label(&mut self, name: &Spanned<String>) -> Option<String> {
        let column = self.cx.column(self.from, name)?;
        self.readable(&column.dtype, &column.name, name.span)?;
        Some(column.name)
    }

    /// Refuses values that cannot be written as a label.
    pub(super) fn readable(&mut self, dtype: &DataType, name: &str, span: Span) -> Option<()> {
        if !dtype.is_nested() && *dtype != DataType::Binary {
            return Some(());
        }
        let message = format!("cannot write {} values as labels", type_name(dtype));
        let label = format!("`{name}` is {}", type_name(dtype));
        self.cx.invalid(
            span,
            Code::ColumnType,
            &message,
            &label,
            "choose a column of text, numbers or dates",
        );
        None
    }

    pub(super) fn words(&mut self, words: &Option<Template>) -> Option<Option<String>> {
        match words {
            None => Some(None),
            Some(words) => self.cx.fill(words).map(Some),
        }
    }
}
