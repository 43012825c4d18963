//! From sources to one table, as plans: convert, tell the rows that fit from those that do not, and
//! of rows with one key keep one.
//!
//! Every plan is a chain of projections and filters over each source and a union in the order of
//! the sources, so it streams. What has to be remembered are keys while duplicates are looked for,
//! and afterwards only the places of rows that are dropped or set aside.

use std::collections::BTreeSet;

use polars::prelude::*;

use super::convert::{as_text, cleaned, without_blanks};
use super::{Checked, Duplicates, Kept, ROW, SOURCE, Silo, Value};
use crate::diagnostic::{Code, Diagnostic, RunError};
use crate::stages::{Ready, Table};

/// Whether a row takes part.
const TAKES_PART: &str = "takes_part";
/// What is wrong with a row: a number that [`Silo::faults`] gives, null for nothing.
const FAULT: &str = "fault";
/// The place of a row's source among the sources.
const ORDER: &str = "order";
/// The place of a row in its source, whose rows stand in the order of files and records: one number
/// to find it by.
const PLACE: &str = "place";

fn raw(column: usize) -> String {
    format!("raw {column}")
}

fn trimmed(column: usize) -> String {
    format!("trimmed {column}")
}

fn text(column: usize) -> String {
    format!("text {column}")
}

fn value(column: usize) -> Expr {
    col(format!("value {column}"))
}

/// Something that may be wrong with a row.
struct Fault {
    column: usize,
    is_wrong: Expr,
    reason: String,
}

impl Value {
    /// The name of the column that is converted.
    fn given(&self, column: usize) -> String {
        if self.cleaning.is_some() { text(column) } else { raw(column) }
    }
}

impl Silo {
    /// The rows of a source as they are given, with their places and whether they take part.
    fn given(&self, table: &Table) -> LazyFrame {
        const NUMBER: &str = "number of the row";
        let takes_part = match &self.condition {
            Some(condition) => condition.clone().fill_null(lit(false)),
            None => lit(true),
        };
        let values = self.values.iter().enumerate().map(|(i, value)| value.raw.clone().alias(raw(i)));
        let mut columns: Vec<Expr> = values.chain([takes_part.alias(TAKES_PART)]).collect();
        let number = col(NUMBER);
        let rows = match &table.traced {
            Some(traced) => {
                columns.extend([col(SOURCE), col(ROW)]);
                &traced.rows
            }
            None => {
                let row = number.clone().cast(DataType::Int64).alias(ROW);
                columns.extend([lit(self.id.as_str()).alias(SOURCE), row]);
                &table.rows
            }
        };
        columns.push(number.alias(PLACE));
        rows.clone().with_row_index(NUMBER, Some(1)).select(columns)
    }

    /// Rows that [`Self::given`] gave, with their converted values beside the given ones.
    fn converted(&self, given: LazyFrame) -> LazyFrame {
        // A step for each column that is used twice: the engine would make it twice within one.
        let cleanings = || {
            self.values.iter().enumerate().filter_map(|(i, value)| Some((i, value, value.cleaning.as_ref()?)))
        };
        let given_text = |i: usize, value: &Value| as_text(col(raw(i)), &value.conversion.from);
        let trims = cleanings().map(|(i, value, _)| without_blanks(given_text(i, value)).alias(trimmed(i)));
        let texts = cleanings().map(|(i, value, cleaning)| {
            let kept = if cleaning.trim { col(trimmed(i)) } else { given_text(i, value) };
            cleaned(kept, &col(trimmed(i)), &cleaning.null_words).alias(text(i))
        });
        let converted = self
            .values
            .iter()
            .enumerate()
            .map(|(i, value)| value.conversion.convert(col(value.given(i))).alias(format!("value {i}")));
        given
            .with_columns(trims.collect::<Vec<_>>())
            .with_columns(texts.collect::<Vec<_>>())
            .with_columns(converted.collect::<Vec<_>>())
    }

    /// Converted rows with what is wrong with each.
    fn judged(&self, converted: LazyFrame, key: &[usize]) -> LazyFrame {
        let faults = self.faults(key).into_iter().enumerate().rev();
        let nothing = lit(NULL).cast(DataType::Int32);
        let fault = faults.fold(nothing, |other, (number, fault)| {
            when(fault.is_wrong).then(lit(number as i32)).otherwise(other)
        });
        converted.with_column(fault.alias(FAULT))
    }

    /// What may be wrong with a row, in the order in which it is told.
    fn faults(&self, key: &[usize]) -> Vec<Fault> {
        let fails = self.values.iter().enumerate().filter(|(_, value)| value.conversion.can_fail());
        let conversions = fails.map(|(i, given)| Fault {
            column: i,
            is_wrong: col(given.given(i)).is_not_null().and(value(i).is_null()),
            reason: given.conversion.reason(),
        });
        let keys = key.iter().map(|&i| {
            let reason = "the key has no value".to_owned();
            Fault { column: i, is_wrong: value(i).is_null(), reason }
        });
        conversions.chain(keys).collect()
    }
}

impl Duplicates {
    /// The column that says which row is the newest.
    fn newest(&self) -> Option<usize> {
        match self.keep {
            Kept::Newest(column) => Some(column),
            _ => None,
        }
    }

    /// The columns whose values decide which rows are kept.
    fn looked_at(&self) -> impl Iterator<Item = usize> + '_ {
        self.columns.iter().copied().chain(self.newest())
    }
}

impl Checked {
    /// Columns in which every row needs a value.
    fn key(&self) -> &[usize] {
        match &self.duplicates {
            Some(duplicates) if duplicates.needs_values => &duplicates.columns,
            _ => &[],
        }
    }

    /// The promised columns of converted rows.
    fn promised(&self) -> Vec<Expr> {
        let columns = self.columns.iter().enumerate().map(|(i, (name, _))| value(i).alias(name.as_str()));
        columns.chain([col(SOURCE), col(ROW)]).collect()
    }

    /// What has to be known before rows are kept or dropped, in the order in which [`Fitted`] takes it.
    ///
    /// Every row is converted once for all of it, and only its key, its place and its fault go on; the
    /// engine does not find out by itself that these plans begin alike.
    pub(super) fn fits(&self, inputs: &[Table]) -> PolarsResult<Vec<LazyFrame>> {
        let compared: BTreeSet<usize> = self.duplicates.iter().flat_map(Duplicates::looked_at).collect();
        let known: Vec<Expr> =
            compared.into_iter().map(value).chain([SOURCE, ROW, PLACE, TAKES_PART, FAULT].map(col)).collect();
        let judged: Vec<LazyFrame> = self
            .sources
            .iter()
            .zip(inputs)
            .map(|(silo, table)| silo.judged(silo.converted(silo.given(table)), self.key()))
            .map(|rows| rows.select(known.clone()).cache())
            .collect();
        let mut fits = Vec::new();
        if let Some(duplicates) = &self.duplicates {
            fits.push(self.superseded(duplicates, &judged)?);
        }
        for rows in judged {
            let count = |rows: Expr| rows.sum().cast(DataType::Int64);
            let is_wrong = col(TAKES_PART).and(col(FAULT).is_not_null());
            fits.push(rows.clone().select([
                len().cast(DataType::Int64).alias("read"),
                count(col(TAKES_PART).not()).alias("filtered"),
                count(is_wrong.clone()).alias("wrong"),
            ]));
            fits.push(rows.filter(is_wrong).select([col(PLACE), col(FAULT)]));
        }
        Ok(fits)
    }

    /// The main table: what fits and is not superseded, in the order of sources, files and records.
    pub(super) fn kept(&self, inputs: &[Table], fitted: &Fitted<'_>) -> PolarsResult<LazyFrame> {
        let each = self.sources.iter().zip(inputs).enumerate().map(|(at, (silo, table))| {
            let fitting = silo
                .judged(silo.converted(silo.given(table)), self.key())
                .filter(col(TAKES_PART).and(col(FAULT).is_null()));
            let kept = match fitted.superseded_of(at)? {
                Some(dropped) => on_place(fitting, dropped, JoinType::Anti),
                None => fitting,
            };
            Ok(kept.select(self.promised()))
        });
        concat(each.collect::<PolarsResult<Vec<_>>>()?, UnionArgs::default())
    }

    /// The superseded rows, each with the row that was kept.
    pub(super) fn dropped(&self, inputs: &[Table], fitted: &Fitted<'_>) -> PolarsResult<LazyFrame> {
        let mut each = Vec::new();
        for (at, (silo, table)) in self.sources.iter().zip(inputs).enumerate() {
            if let Some(dropped) = fitted.superseded_of(at)? {
                let rows = silo.converted(on_place(silo.given(table), dropped, JoinType::Inner));
                let columns = self.promised().into_iter().chain([col("kept_source"), col("kept_row")]);
                each.push(rows.select(columns.collect::<Vec<_>>()));
            }
        }
        self.union(each, "duplicates")
    }

    /// The rows that do not fit, with the reason; before them the records that could not be read.
    pub(super) fn quarantine(&self, inputs: &[Table], fitted: &Fitted<'_>) -> PolarsResult<LazyFrame> {
        let mut each = Vec::new();
        for (at, (silo, table)) in self.sources.iter().zip(inputs).enumerate() {
            let place = [lit(silo.id.as_str()).alias("source"), col(SOURCE), col(ROW)];
            let told = ["column", "value", "reason"];
            if let Some(traced) = table.traced.as_ref().filter(|_| silo.is_first) {
                let columns = place.iter().cloned().chain(told.map(col)).collect::<Vec<_>>();
                each.push(traced.refused.clone().select(columns));
            }
            let Some(wrong) = fitted.wrong_of(at) else { continue };
            let faults = silo.faults(self.key());
            let pick = |of: &dyn Fn(&Fault) -> Expr| {
                faults.iter().enumerate().fold(lit(NULL).cast(DataType::String), |other, (number, fault)| {
                    when(col(FAULT).eq(lit(number as i32))).then(of(fault)).otherwise(other)
                })
            };
            let column = pick(&|fault| lit(self.columns[fault.column].0.as_str()));
            let written = pick(&|fault| col(raw(fault.column)).cast(DataType::String));
            let reason = pick(&|fault| lit(fault.reason.as_str()));
            let [name, what, why] = told;
            let columns =
                place.into_iter().chain([column.alias(name), written.alias(what), reason.alias(why)]);
            let rows = on_place(silo.given(table), wrong.clone(), JoinType::Inner);
            each.push(rows.select(columns.collect::<Vec<_>>()));
        }
        self.union(each, "quarantine")
    }

    /// What became of the rows of each source.
    pub(super) fn counts(&self, inputs: &[Table], fitted: &Fitted<'_>) -> PolarsResult<LazyFrame> {
        let mut each = Vec::new();
        for (at, (silo, table)) in self.sources.iter().zip(inputs).enumerate() {
            let dropped = fitted.superseded_of(at)?.map_or(0, |dropped| dropped.height() as i64);
            let dropped = lit(dropped).cast(DataType::Int64);
            let refused = match table.traced.as_ref().filter(|_| silo.is_first) {
                Some(traced) => traced.refused.clone().select([len().cast(DataType::Int64).alias("refused")]),
                None => df!("refused" => [0i64])?.lazy(),
            };
            let counted = fitted.counts_of(at).cloned().unwrap_or_default().lazy();
            each.push(counted.cross_join(refused, None).select([
                lit(silo.id.as_str()).alias("source"),
                (col("read") + col("refused")).alias("rows_in"),
                (col("read") - col("filtered") - col("wrong") - dropped.clone()).alias("rows_out"),
                col("filtered"),
                dropped.alias("duplicates"),
                (col("wrong") + col("refused")).alias("quarantined"),
            ]));
        }
        self.union(each, "counts")
    }

    /// The rows that give way to another with the same key, and that other: places only.
    fn superseded(&self, duplicates: &Duplicates, judged: &[LazyFrame]) -> PolarsResult<LazyFrame> {
        let newest = duplicates.newest();
        let places = [col(ORDER), col(PLACE)];
        // Names that no column of the table can have: the engine's names do not collide with them.
        let named: Vec<String> = (0..duplicates.columns.len()).map(|i| format!("key {i}")).collect();
        let wanted: Vec<Expr> = duplicates
            .columns
            .iter()
            .zip(&named)
            .map(|(&column, name)| value(column).alias(name.as_str()))
            .chain(newest.map(|column| value(column).alias("newest")))
            .chain([SOURCE, ROW, PLACE].map(col))
            .collect();
        let each = judged.iter().enumerate().map(|(at, rows)| {
            let columns: Vec<Expr> = wanted.iter().cloned().chain([lit(at as i32).alias(ORDER)]).collect();
            rows.clone().filter(col(TAKES_PART).and(col(FAULT).is_null())).select(columns)
        });
        // Every row bears its place, so that nothing waits for the sources before it.
        let in_any_order = UnionArgs { maintain_order: false, ..UnionArgs::default() };
        let rows = concat(each.collect::<Vec<_>>(), in_any_order)?;
        let key: Vec<Expr> = named.iter().map(|name| col(name.as_str())).collect();
        let often = rows.clone().group_by(key.clone()).agg([len().alias("n")]).filter(col("n").gt(lit(1)));
        let several = rows
            .join_builder()
            .with(often.select(key.clone()))
            .how(JoinType::Semi)
            .left_on(key.clone())
            .right_on(key.clone())
            .join_nulls(true)
            .finish();
        let backwards = matches!(duplicates.keep, Kept::Last);
        let mut by = key.clone();
        let mut descending = vec![false; by.len()];
        if newest.is_some() {
            by.push(col("newest"));
            descending.push(true);
        }
        by.extend(places.iter().cloned());
        descending.extend([backwards; 2]);
        let sorting =
            SortMultipleOptions::default().with_order_descending_multi(descending).with_nulls_last(true);
        let shown = match duplicates.keep {
            Kept::Error => {
                let texts = key.iter().map(|column| column.clone().cast(DataType::String));
                concat_str(texts.collect::<Vec<_>>(), ", ", true)
            }
            _ => lit(""),
        };
        // Kept for both of its readers: the engine does not find out by itself that they are one.
        let sorted = several.sort_by_exprs(by, sorting).cache();
        let kept = sorted.clone().group_by(key.clone()).agg(
            [(ORDER, "kept_order"), (PLACE, "kept_place"), (SOURCE, "kept_source"), (ROW, "kept_row")]
                .map(|(column, name)| col(column).first().alias(name)),
        );
        let is_other = col(ORDER).neq(col("kept_order")).or(col(PLACE).neq(col("kept_place")));
        let told = [ORDER, PLACE, SOURCE, ROW, "kept_source", "kept_row"].map(col);
        Ok(sorted
            .join_builder()
            .with(kept)
            .how(JoinType::Inner)
            .left_on(key.clone())
            .right_on(key)
            .join_nulls(true)
            .finish()
            .filter(is_other)
            .select(told.into_iter().chain([shown.alias("key")]).collect::<Vec<_>>())
            .sort([ORDER, PLACE], SortMultipleOptions::default()))
    }

    /// Under `keep: error` a key that comes twice stops the run.
    pub(super) fn refuse_duplicates(&self, fitted: &Fitted<'_>) -> Result<(), RunError> {
        let Some(Duplicates { keep: Kept::Error, span, .. }) = &self.duplicates else { return Ok(()) };
        let Some(found) = fitted.superseded.filter(|found| found.height() > 0) else { return Ok(()) };
        let text = |column: &str| -> PolarsResult<String> {
            Ok(found.column(column)?.str()?.get(0).unwrap_or_default().to_owned())
        };
        let number = |column: &str| -> PolarsResult<i64> {
            Ok(found.column(column)?.i64()?.get(0).unwrap_or_default())
        };
        let (rows, have) = if found.height() == 1 { ("row", "has") } else { ("rows", "have") };
        let message =
            format!("stage `{}`: {} {rows} {have} a key that another row has", self.stage, found.height());
        let note = format!(
            "the first: key {}, {} record {} and {} record {}",
            text("key")?,
            text("kept_source")?,
            number("kept_row")?,
            text(SOURCE)?,
            number(ROW)?,
        );
        Err(RunError::data(
            Diagnostic::error(Code::DuplicateRecord, message)
                .primary(*span, "each key once, it says here")
                .note(note)
                .help("say which row counts: `keep: first`, `keep: last` or `keep: { newest: column }`"),
        ))
    }

    fn union(&self, plans: Vec<LazyFrame>, side: &str) -> PolarsResult<LazyFrame> {
        if !plans.is_empty() {
            return concat(plans, UnionArgs::default());
        }
        let promised = self.output().sides.into_iter().find(|promised| promised.name == side);
        let schema = promised.map(|promised| promised.schema).unwrap_or_default();
        Ok(DataFrame::empty_with_schema(&schema).lazy())
    }
}

/// What [`Checked::fits`] brought back.
pub(super) struct Fitted<'a> {
    superseded: Option<&'a DataFrame>,
    /// For each source its counts, then the places of the rows that do not fit.
    sources: &'a [DataFrame],
}

impl<'a> Fitted<'a> {
    pub(super) fn of(checked: &Checked, fitted: &'a [DataFrame]) -> Self {
        match (&checked.duplicates, fitted) {
            (Some(_), [superseded, sources @ ..]) => Self { superseded: Some(superseded), sources },
            _ => Self { superseded: None, sources: fitted },
        }
    }

    fn counts_of(&self, at: usize) -> Option<&'a DataFrame> {
        self.sources.get(2 * at)
    }

    /// Nothing where every row fits.
    fn wrong_of(&self, at: usize) -> Option<&'a DataFrame> {
        self.sources.get(2 * at + 1).filter(|wrong| wrong.height() > 0)
    }

    /// Nothing where no row gives way.
    fn superseded_of(&self, at: usize) -> PolarsResult<Option<DataFrame>> {
        let Some(all) = self.superseded else { return Ok(None) };
        let order = all.column(ORDER)?.i32()?;
        let own: BooleanChunked = order.iter().map(|order| Some(order == Some(at as i32))).collect();
        let own = all.filter(&own)?.select([PLACE, "kept_source", "kept_row"])?;
        Ok((own.height() > 0).then_some(own))
    }
}

/// Joins rows with the places of some of them, keeping their order.
fn on_place(rows: LazyFrame, places: DataFrame, how: JoinType) -> LazyFrame {
    rows.join_builder()
        .with(places.lazy())
        .how(how)
        .left_on([col(PLACE)])
        .right_on([col(PLACE)])
        .maintain_order(MaintainOrderJoin::Left)
        .finish()
}
