#![doc = include_str!("page.md")]

mod currency;
mod index;
mod lookup;
mod pairs;

use std::collections::BTreeMap;

use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Check, Expression, Input, Lowered, Promise, Ready, Side, Spec, Stage, Table};
use crate::diagnostic::{Caution, RunError};
use crate::document::{Entries, OneOrMany, Span, Spanned};

pub use currency::{Currency, Quote, Rates};
pub use index::Index;
pub use lookup::{Lookup, Match};
pub use pairs::Pairs;

/// Adds what a region knows to a table, without losing or repeating a row.
///
/// The steps are taken in this order: `lookups`, `currency`, `derive`, `index`, `where`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Enrich {
    /// The rows to enrich. They stay as they are and in their order; columns are added on the right.
    pub from: Input,
    /// Columns taken over from reference tables by a key. A later lookup may use the columns of an
    /// earlier one: city to country, country to region.
    #[serde(default)]
    pub lookups: Vec<Lookup>,
    /// Amounts turned into one currency by a table of rates.
    #[serde(default)]
    pub currency: OneOrMany<Currency>,
    /// New columns computed by expressions. A later one may use an earlier one.
    #[serde(default)]
    pub derive: Entries<Expression>,
    /// Values compared with the global figure, 100 being the whole.
    #[serde(default)]
    pub index: OneOrMany<Index>,
    /// Which rows to keep, asked last: whatever was added may be used, and an index still compares with
    /// all rows.
    #[serde(default, rename = "where")]
    pub filter: Option<Expression>,
}

impl Stage for Enrich {
    const SPEC: Spec = Spec {
        kind: "enrich",
        summary: "Adds reference data, one currency, derived columns and an index against the whole.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        let rates = self.currency.iter().map(|currency| &currency.rates.table);
        std::iter::once(&self.from)
            .chain(self.lookups.iter().map(|lookup| &lookup.table))
            .chain(rates)
            .collect()
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        let mut columns = Columns::of(&self.from, cx)?;
        let names = lookup::names(&self.lookups);
        let mut lookups = Vec::new();
        for (at, (lookup, name)) in self.lookups.iter().zip(names).enumerate() {
            lookups.push(lookup.check(at, name, &mut columns, cx));
        }
        let mut currencies = Vec::new();
        for (at, currency) in self.currency.iter().enumerate() {
            currencies.push(currency.check(at, &mut columns, cx));
        }
        let mut derived = Vec::new();
        for (name, expression) in self.derive.iter() {
            let typed = match columns.can_judge(expression) {
                true => cx.expression_over(&columns.schema, expression),
                false => None,
            };
            let added = columns.add(name, typed.as_ref().map(|typed| typed.dtype.clone()), cx);
            derived.push(typed.and_then(|typed| Some(typed.expr.alias(added?.as_str()))));
        }
        let mut indices = Vec::new();
        for (at, index) in self.index.iter().enumerate() {
            indices.push(index.check(at, &columns, cx));
        }
        for (index, ready) in self.index.iter().zip(&mut indices) {
            let into = columns.add(&index.into, Some(DataType::Float64), cx);
            *ready = ready.take().filter(|_| into.is_some());
        }
        let filter = match &self.filter {
            Some(filter) if columns.can_judge(filter) => Some(cx.predicate_over(&columns.schema, filter)?),
            Some(_) => return None,
            None => None,
        };
        Some(Checked {
            stage: cx.stage().to_owned(),
            from: self.from.text().to_owned(),
            lookups: lookups.into_iter().collect::<Option<_>>()?,
            currencies: currencies.into_iter().collect::<Option<_>>()?,
            derived: derived.into_iter().collect::<Option<_>>()?,
            indices: indices.into_iter().collect::<Option<_>>()?,
            filter,
            output: columns.schema,
        })
    }
}

/// The columns so far: those of the input and those added, with the place of each.
struct Columns<'a> {
    from: &'a Input,
    schema: Schema,
    added: BTreeMap<String, Span>,
    /// Added, but of unknown type because of a mistake already told.
    broken: Vec<String>,
}

impl<'a> Columns<'a> {
    fn of(from: &'a Input, cx: &Check<'_>) -> Option<Self> {
        Some(Self { from, schema: cx.schema(from)?, added: BTreeMap::new(), broken: Vec::new() })
    }

    /// Whether an expression can be judged: what builds on a broken column would only repeat its
    /// mistake.
    fn can_judge(&self, expression: &Expression) -> bool {
        !self.broken.iter().any(|name| expression.text().contains(name.as_str()))
    }

    /// The type of a column of the input or one added before.
    fn find(&self, name: &Spanned<String>, cx: &mut Check<'_>) -> Option<DataType> {
        match self.added.contains_key(&name.value) {
            _ if self.broken.contains(&name.value) => None,
            true => self.schema.get(&name.value).cloned(),
            false => cx.column(self.from, name).map(|column| column.dtype),
        }
    }

    /// Takes a name for a new column; without a type, because of a mistake already told.
    fn add(&mut self, name: &Spanned<String>, dtype: Option<DataType>, cx: &mut Check<'_>) -> Option<String> {
        if self.schema.contains(&name.value) {
            let other = match self.added.get(&name.value) {
                Some(span) => (*span, "made here first"),
                None => (self.from.span(), "this input has it already"),
            };
            cx.duplicate_column(&name.value, name.span, Some(other));
            return None;
        }
        self.added.insert(name.value.clone(), name.span);
        if dtype.is_none() {
            self.broken.push(name.value.clone());
        }
        self.schema.insert(name.value.as_str().into(), dtype.unwrap_or(DataType::Null));
        Some(name.value.clone())
    }
}

/// An enrichment that passed its check.
#[derive(Debug)]
pub struct Checked {
    stage: String,
    from: String,
    lookups: Vec<lookup::Ready>,
    currencies: Vec<currency::Ready>,
    derived: Vec<Expr>,
    indices: Vec<index::Ready>,
    filter: Option<Expr>,
    output: Schema,
}

impl Checked {
    fn matches(&self) -> impl Iterator<Item = &dyn Matched> {
        let lookups = self.lookups.iter().map(|lookup| lookup as &dyn Matched);
        lookups.chain(self.currencies.iter().map(|currency| currency as &dyn Matched))
    }
}

/// A step that finds something for a row, or does not.
trait Matched {
    /// What it is called in the side tables.
    fn name(&self) -> &str;
    /// Keys that its table has more than once: `key` (text), `n`.
    fn duplicates(&self, table: LazyFrame) -> LazyFrame;
    /// The error that such keys are.
    fn refuse(&self, stage: &str, duplicates: &DataFrame) -> PolarsResult<Option<RunError>>;
    /// Whether a row takes part; none: every row does.
    fn asked(&self) -> Option<Expr>;
    /// Whether something was found for it.
    fn found(&self) -> Expr;
    /// What was looked for, as text.
    fn key(&self) -> Expr;
    /// What a reader should know when `missing` of `n` rows found nothing.
    fn caution(&self, from: &str, stage: &str, n: u64, missing: u64) -> Caution;
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        let mut promise = Promise::main(self.output.clone());
        if self.matches().next().is_some() {
            let text = |name: &str| Field::new(name.into(), DataType::String);
            let count = |name: &str| Field::new(name.into(), DataType::Int64);
            promise.sides.push(Side {
                name: "match_rate",
                meaning: "A lookup, or a conversion of currency, and for how many rows it found something.",
                schema: Schema::from_iter([
                    text("lookup"),
                    count("n"),
                    count("matched"),
                    Field::new("share".into(), DataType::Float64),
                ]),
                brief: true,
            });
            promise.sides.push(Side {
                name: "unmatched",
                meaning: "A key that was looked for in vain, and the rows that have it, the most frequent first.",
                schema: Schema::from_iter([text("lookup"), text("key"), count("n")]),
                brief: false,
            });
        }
        promise
    }

    /// First the keys that stand twice, a frame for each step that matches; then what each lookup that
    /// folds its keys finds; then the rate of each currency and day; then the means that each index
    /// compares. With these known beforehand, the rows go through once and need not be held.
    fn fit(&self, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        let tables: Vec<LazyFrame> = inputs.iter().skip(1).map(|table| table.rows.clone()).collect();
        let mut fits: Vec<LazyFrame> =
            self.matches().zip(&tables).map(|(step, table)| step.duplicates(table.clone())).collect();
        let from = inputs.first().map(|from| from.rows.clone()).unwrap_or_default();
        let mut rows = from.clone();
        let mut tables = tables.into_iter();
        for (at, (lookup, table)) in self.lookups.iter().zip(&mut tables).enumerate() {
            if lookup.folds() {
                // The engine does not see that a lookup before this one leaves its keys alone.
                let follows = self.lookups[..at].iter().any(|earlier| lookup.follows(earlier));
                fits.push(lookup.as_written(if follows { &rows } else { &from }, table.clone()));
            }
            // Keys that stand twice are told soon; they must not multiply the rows before that.
            rows = lookup.join_any(rows, table);
        }
        for (currency, table) in self.currencies.iter().zip(&mut tables) {
            let rates = currency.rates_asked(&rows, table);
            fits.push(rates.clone());
            rows = currency.convert(rows, rates);
        }
        rows = self.derive(rows);
        fits.extend(self.indices.iter().flat_map(|index| index.means(&rows)));
        Ok(fits)
    }

    fn lower(&self, inputs: &[Table], fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let mut fitted = fitted.iter();
        for (step, duplicates) in self.matches().zip(&mut fitted) {
            if let Some(refusal) = step.refuse(&self.stage, duplicates)? {
                return Err(refusal);
            }
        }
        let mut tables = inputs.iter().map(|table| table.rows.clone());
        let mut rows = tables.next().unwrap_or_default();
        for (lookup, table) in self.lookups.iter().zip(tables) {
            rows = match lookup.folds().then(|| fitted.next()).flatten() {
                Some(found) => lookup.join_written(rows, found.clone().lazy()),
                None => lookup.join_table(rows, table),
            };
        }
        for (currency, rates) in self.currencies.iter().zip(&mut fitted) {
            rows = currency.convert(rows, rates.clone().lazy());
        }
        let matched = rows.clone();
        rows = self.derive(rows);
        for index in &self.indices {
            rows = index.compare(rows, &mut fitted)?;
        }
        if let Some(filter) = &self.filter {
            rows = rows.filter(filter.clone());
        }
        let names: Vec<Expr> = self.output.iter_names().map(|name| Expr::Column(name.clone())).collect();
        let mut sides = Vec::new();
        if self.matches().next().is_some() {
            sides.push(("match_rate", self.match_rate(&matched)?));
            sides.push(("unmatched", self.unmatched(&matched)?));
        }
        Ok(Lowered::Rows { main: rows.select(names), sides })
    }

    fn cautions(&self, brief: &BTreeMap<String, DataFrame>) -> Vec<Caution> {
        let Some(rates) = brief.get("match_rate") else { return Vec::new() };
        let count = |column: &str, at: usize| -> Option<u64> {
            rates.column(column).ok()?.i64().ok()?.get(at)?.try_into().ok()
        };
        let told = self.matches().enumerate().filter_map(|(at, step)| {
            let (n, matched) = (count("n", at)?, count("matched", at)?);
            (matched < n).then(|| step.caution(&self.from, &self.stage, n, n - matched))
        });
        told.collect()
    }
}

impl Checked {
    fn derive(&self, rows: LazyFrame) -> LazyFrame {
        self.derived.iter().fold(rows, |rows, derived| rows.with_column(derived.clone()))
    }

    fn match_rate(&self, rows: &LazyFrame) -> PolarsResult<LazyFrame> {
        let whole = |truth: Expr| truth.cast(DataType::Int64).sum();
        // Each line counts for itself: the engine shares the rows with the other tables, but nothing
        // that is shared within them.
        let lines: Vec<LazyFrame> = self
            .matches()
            .map(|step| {
                let (n, found) = match step.asked() {
                    None => (len().cast(DataType::Int64), step.found()),
                    Some(asked) => (whole(asked.clone()), asked.and(step.found())),
                };
                let counted = rows.clone().select([n.alias("n"), whole(found).alias("matched")]);
                let share =
                    when(col("n").gt(lit(0))).then(col("matched").true_div(col("n"))).otherwise(lit(NULL));
                counted.select([
                    lit(step.name()).alias("lookup"),
                    col("n"),
                    col("matched"),
                    share.cast(DataType::Float64).alias("share"),
                ])
            })
            .collect();
        concat(lines, UnionArgs { maintain_order: true, ..Default::default() })
    }

    fn unmatched(&self, rows: &LazyFrame) -> PolarsResult<LazyFrame> {
        let tables: Vec<LazyFrame> = self
            .matches()
            .map(|step| {
                let in_vain = step.found().not();
                rows.clone()
                    .filter(step.asked().map_or(in_vain.clone(), |asked| asked.and(in_vain)))
                    .group_by([step.key().alias("key")])
                    .agg([len().cast(DataType::Int64).alias("n")])
                    .sort_by_exprs(
                        [col("n"), col("key")],
                        SortMultipleOptions::default().with_order_descending_multi([true, false]),
                    )
                    .select([lit(step.name()).alias("lookup"), col("key"), col("n")])
            })
            .collect();
        concat(tables, UnionArgs { maintain_order: true, ..Default::default() })
    }
}

/// The first few of the keys that a table has more than once, worded.
fn examples(duplicates: &DataFrame) -> PolarsResult<Vec<String>> {
    let (keys, counts) = (duplicates.column("key")?.str()?, duplicates.column("n")?.i64()?);
    let words = keys
        .iter()
        .zip(counts.iter())
        .map(|(key, n)| format!("`{}` ({} rows)", key.unwrap_or_default(), n.unwrap_or_default()));
    Ok(words.collect())
}

/// Keys that occur more than once, at most [`EXAMPLES`] of them.
fn repeated(table: LazyFrame, keys: Vec<Expr>, shown: Expr) -> LazyFrame {
    table
        .group_by(keys)
        .agg([len().cast(DataType::Int64).alias("n")])
        .filter(col("n").gt(lit(1)))
        .select([shown.alias("key"), col("n")])
        .sort(["key"], SortMultipleOptions::default())
        .limit(EXAMPLES)
}

const EXAMPLES: IdxSize = 5;

#[cfg(test)]
mod tests;
