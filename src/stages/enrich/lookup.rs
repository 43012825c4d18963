//! Columns from a reference table by a key: one row at most for each key, or the run stops.

use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::pairs::{Pair, Pairs};
use super::{Columns, Matched, examples, repeated};
use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError};
use crate::document::{Entries, Span};
use crate::expression::rules;
use crate::number;
use crate::stages::named::named;
use crate::stages::{Check, Column, Expression, Input, type_name};

/// Columns taken over from another table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The table to look up in. A key may stand in it once only.
    pub table: Input,
    /// The columns that must agree: `country`, a list of them, or `{ country: code }` where the column
    /// `country` here is called `code` there.
    pub on: Pairs,
    /// What counts as agreeing. Omitted: `exact`.
    #[serde(default, rename = "match")]
    pub matching: Match,
    /// The columns to take over: a list, or `{ sales_region: region }` to give new names.
    pub take: Pairs,
    /// What a row gets that finds nothing, by the name of the taken column, as an expression over the
    /// columns here. Omitted: null.
    #[serde(default)]
    pub default: Entries<Expression>,
}

/// What counts as the same key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// The same letter for letter.
    #[default]
    Exact,
    /// The same whatever the case, the accents and the blanks: ` CÔTE  d'Or` is `cote d'or`.
    Normalised,
}

/// What each lookup is called: its table, and its columns where a table is used more than once.
pub(super) fn names(lookups: &[Lookup]) -> Vec<String> {
    let name = |lookup: &Lookup| {
        let table = lookup.table.text();
        if lookups.iter().filter(|other| other.table.text() == table).count() < 2 {
            return table.to_owned();
        }
        let columns: Vec<&str> = lookup.on.0.iter().map(|pair| pair.here.value.as_str()).collect();
        format!("{table} by {}", columns.join(", "))
    };
    lookups.iter().map(name).collect()
}

impl Lookup {
    pub(super) fn check(
        &self,
        at: usize,
        name: String,
        columns: &mut Columns<'_>,
        cx: &mut Check<'_>,
    ) -> Option<Ready> {
        let before = columns.schema.clone();
        if self.on.0.is_empty() {
            cx.invalid(
                self.table.span(),
                Code::InvalidOption,
                "has a lookup without a key",
                "`on` is empty",
                "",
            );
        }
        if self.take.0.is_empty() {
            let help = "name the columns to take over";
            cx.invalid(
                self.table.span(),
                Code::InvalidOption,
                "has a lookup that takes nothing",
                "`take` is empty",
                help,
            );
        }
        let keys: Vec<Option<Key>> = self.on.0.iter().map(|pair| self.key(pair, columns, cx)).collect();
        let mut taken = Vec::new();
        for pair in &self.take.0 {
            let there = cx.column(&self.table, &pair.there);
            let here = columns.add(&pair.here, there.as_ref().map(|column| column.dtype.clone()), cx);
            let default = self.default.value(&pair.here.value);
            let default = match (default, &there) {
                (None, _) => Some(None),
                (Some(text), Some(there)) => self.default_of(text, there, &before, cx).map(Some),
                (Some(_), None) => None,
            };
            taken.push(there.zip(here).zip(default).map(|((there, here), default)| Taken {
                there: there.name,
                here,
                default,
            }));
        }
        for (name, _) in self.default.iter() {
            if !self.take.0.iter().any(|pair| pair.here.value == name.value) {
                let label = format!("`{}` is not a column that is taken over", name.value);
                cx.invalid(name.span, Code::InvalidOption, "has a default for nothing", &label, "");
            }
        }
        Some(Ready {
            at,
            name,
            table: self.table.span(),
            normalised: self.matching == Match::Normalised,
            keys: keys.into_iter().collect::<Option<_>>()?,
            taken: taken.into_iter().collect::<Option<_>>()?,
        })
    }

    fn key(&self, pair: &Pair, columns: &Columns<'_>, cx: &mut Check<'_>) -> Option<Key> {
        let here = columns.find(&pair.here, cx);
        let there = cx.column(&self.table, &pair.there);
        let (here, there) = (here?, there?);
        let shared = match (&here, &there.dtype) {
            (a, b) if a.is_integer() && b.is_integer() => DataType::Int64,
            (a, b) if a == b && !a.is_float() => a.clone(),
            (a, b) => {
                let told = Diagnostic::error(
                    Code::ColumnType,
                    format!("stage `{}` looks up {} among {}", cx.stage(), type_name(a), type_name(b)),
                )
                .primary(pair.here.span, format!("`{}` is {}", pair.here.value, type_name(a)))
                .context(self.table.span(), format!("`{}` there is {}", there.name, type_name(b)))
                .help("a key is text, an integer, a date or a boolean, and the same in both tables");
                cx.report(told);
                return None;
            }
        };
        Some(Key { here: pair.here.value.clone(), there: there.name, dtype: shared })
    }

    fn default_of(
        &self,
        text: &Expression,
        there: &Column,
        before: &Schema,
        cx: &mut Check<'_>,
    ) -> Option<Expr> {
        let typed = cx.expression_over(before, text)?;
        let widens = typed.dtype.is_integer() && there.dtype.is_primitive_numeric();
        if typed.dtype == there.dtype || widens {
            return Some(typed.expr.cast(there.dtype.clone()));
        }
        let label = format!("this is {}, the column {}", type_name(&typed.dtype), type_name(&there.dtype));
        let help = match there.dtype {
            DataType::String => {
                "a text in an expression stands in single quotes, and those in double ones: \"'Other'\""
            }
            _ => "",
        };
        cx.invalid(text.span(), Code::ExpressionType, "has a default of another type", &label, help);
        None
    }
}

#[derive(Debug)]
struct Key {
    here: String,
    there: String,
    dtype: DataType,
}

#[derive(Debug)]
struct Taken {
    there: String,
    here: String,
    default: Option<Expr>,
}

/// A lookup that passed its check.
#[derive(Debug)]
pub(super) struct Ready {
    at: usize,
    name: String,
    table: Span,
    normalised: bool,
    keys: Vec<Key>,
    taken: Vec<Taken>,
}

impl Ready {
    /// A key as it is compared.
    fn comparable(&self, name: &str, dtype: &DataType) -> Expr {
        match dtype {
            DataType::String if self.normalised => rules::normalise(named(name)),
            _ => self.plain(name, dtype),
        }
    }

    /// A key as it is written, in the type of both sides.
    fn plain(&self, name: &str, dtype: &DataType) -> Expr {
        match dtype {
            DataType::Int64 => named(name).cast(DataType::Int64),
            _ => named(name),
        }
    }

    fn key_name(&self, key: usize) -> String {
        format!("__lookup_{}_key_{key}", self.at)
    }

    fn found_name(&self) -> String {
        format!("__lookup_{}_found", self.at)
    }

    fn keys_there(&self) -> Vec<Expr> {
        let named =
            |(at, key): (usize, &Key)| self.comparable(&key.there, &key.dtype).alias(self.key_name(at));
        self.keys.iter().enumerate().map(named).collect()
    }

    /// A null is the key of nothing.
    fn whole_keys(&self) -> Expr {
        let whole = (0..self.keys.len()).map(|at| named(&self.key_name(at)).is_not_null());
        whole.reduce(Expr::and).unwrap_or(lit(true))
    }

    /// The table by its compared keys: the taken columns, and that something was found. `distinct`: of
    /// rows of the table with one key only one counts, whichever.
    fn table(&self, table: LazyFrame, distinct: bool) -> LazyFrame {
        let mut there = self.keys_there();
        there.extend(self.taken.iter().map(|taken| named(&taken.there).alias(taken.here.as_str())));
        there.push(lit(true).alias(self.found_name()));
        let table = table.select(there).filter(self.whole_keys());
        if distinct { table.unique_generic(Some(self.on()), UniqueKeepStrategy::Any) } else { table }
    }

    fn on(&self) -> Vec<Expr> {
        (0..self.keys.len()).map(|at| named(&self.key_name(at))).collect()
    }

    /// Whether keys are folded before they are compared.
    pub(super) fn folds(&self) -> bool {
        self.normalised
    }

    /// Whether a key here is a column that another lookup takes over.
    pub(super) fn follows(&self, other: &Self) -> bool {
        self.keys.iter().any(|key| other.taken.iter().any(|taken| taken.here == key.here))
    }

    /// The table by the keys as the rows write them, of those that find something. Many rows write few
    /// keys: each is folded once here, and rows are then joined without being folded.
    pub(super) fn as_written(&self, rows: &LazyFrame, table: LazyFrame) -> LazyFrame {
        let written = |at: usize| format!("{}_written", self.key_name(at));
        let keys = || self.keys.iter().enumerate();
        let asked = keys().map(|(at, key)| self.plain(&key.here, &key.dtype).alias(written(at)));
        let folded =
            keys().map(|(at, key)| self.comparable(&written(at), &key.dtype).alias(self.key_name(at)));
        let mut kept: Vec<Expr> =
            keys().map(|(at, _)| named(&written(at)).alias(self.key_name(at))).collect();
        kept.extend(self.taken.iter().map(|taken| named(&taken.here)));
        kept.push(named(&self.found_name()));
        rows.clone()
            .select(asked.collect::<Vec<_>>())
            .unique_generic(None, UniqueKeepStrategy::Any)
            .with_columns(folded.collect::<Vec<_>>())
            .join_builder()
            .with(self.table(table, true))
            .on(self.on())
            .how(JoinType::Inner)
            .finish()
            .select(kept)
    }

    /// The rows with the taken columns, the compared keys, and whether anything was found, whatever the
    /// table has more than once.
    pub(super) fn join_any(&self, rows: LazyFrame, table: LazyFrame) -> LazyFrame {
        self.join(rows, self.table(table, true), Self::comparable)
    }

    /// The same, with a table whose keys stand once.
    pub(super) fn join_table(&self, rows: LazyFrame, table: LazyFrame) -> LazyFrame {
        self.join(rows, self.table(table, false), Self::comparable)
    }

    /// The same, with the table that [`Self::as_written`] gave.
    pub(super) fn join_written(&self, rows: LazyFrame, found: LazyFrame) -> LazyFrame {
        self.join(rows, found, Self::plain)
    }

    fn join(
        &self,
        rows: LazyFrame,
        table: LazyFrame,
        compared: impl Fn(&Self, &str, &DataType) -> Expr,
    ) -> LazyFrame {
        let here = self
            .keys
            .iter()
            .enumerate()
            .map(|(at, key)| compared(self, &key.here, &key.dtype).alias(self.key_name(at)));
        let joined = rows
            .with_columns(here.collect::<Vec<_>>())
            .join_builder()
            .with(table)
            .on(self.on())
            .how(JoinType::Left)
            .maintain_order(MaintainOrderJoin::Left)
            .finish();
        let defaults = self.taken.iter().filter_map(|taken| {
            let default = taken.default.clone()?;
            let value = when(self.found()).then(named(&taken.here)).otherwise(default);
            Some(value.alias(taken.here.as_str()))
        });
        joined.with_columns(defaults.collect::<Vec<_>>())
    }
}

impl Matched for Ready {
    fn name(&self) -> &str {
        &self.name
    }

    fn duplicates(&self, table: LazyFrame) -> LazyFrame {
        let names = self.on();
        let shown = concat_str(names.iter().map(as_text).collect::<Vec<_>>(), ", ", false);
        repeated(table.select(self.keys_there()).filter(self.whole_keys()), names, shown)
    }

    fn refuse(&self, stage: &str, duplicates: &DataFrame) -> PolarsResult<Option<RunError>> {
        if duplicates.height() == 0 {
            return Ok(None);
        }
        let examples = examples(duplicates)?.join(", ");
        let message = format!("stage `{stage}`: a key stands more than once in the lookup `{}`", self.name);
        let help = match self.normalised {
            true => "keys that differ in case, accents or blanks alone are one key under `match: normalised`",
            false => {
                "a row cannot be two: make the key unique, or add the column that tells them apart to `on`"
            }
        };
        let refusal = Diagnostic::error(Code::DuplicateLookupKey, message)
            .primary(self.table, format!("more than once: {examples}"))
            .help(help);
        Ok(Some(RunError::data(refusal)))
    }

    fn asked(&self) -> Option<Expr> {
        None
    }

    fn found(&self) -> Expr {
        named(&self.found_name()).is_not_null()
    }

    fn key(&self) -> Expr {
        let parts: Vec<Expr> = self.keys.iter().map(|key| as_text(&named(&key.here))).collect();
        match parts.as_slice() {
            [one] => one.clone(),
            _ => {
                let shown: Vec<Expr> = parts.into_iter().map(|part| coalesce(&[part, lit("")])).collect();
                concat_str(shown, ", ", false)
            }
        }
    }

    fn caution(&self, from: &str, stage: &str, n: u64, missing: u64) -> Caution {
        let share = missing as f64 / n as f64;
        let message = format!(
            "{} of {} rows of `{from}` ({}) found nothing in `{}`; `{stage}.unmatched` lists the keys",
            number::count(missing as f64),
            number::count(n as f64),
            number::percent(share, 1),
            self.name,
        );
        Caution::new(CautionCode::UnmatchedRows, format!("lookup={}", self.name), Some(share), message)
    }
}

fn as_text(value: &Expr) -> Expr {
    value.clone().cast(DataType::String)
}
