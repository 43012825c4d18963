//! Amounts in one currency, by the latest rate on or before the date of each row.

use polars::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Columns, Matched, examples, repeated};
use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError};
use crate::document::{Span, Spanned};
use crate::number;
use crate::stages::named::named;
use crate::stages::{Check, Input, Template, type_name};

/// A column of amounts, turned into one currency.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Currency {
    /// The amounts.
    pub amount: Spanned<String>,
    /// The column that says which currency a row is in, such as `USD`.
    pub currency: Spanned<String>,
    /// The column with the date whose rate counts.
    pub date: Spanned<String>,
    /// Where the rates are.
    pub rates: Rates,
    /// The currency to turn into, such as `EUR`.
    pub to: Template,
    /// The name of the new column.
    pub into: Spanned<String>,
}

/// A table of rates: one row for a currency and a date.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// The table.
    pub table: Input,
    /// Its column of currencies. Omitted: `currency`.
    #[serde(default = "currency")]
    pub currency: Spanned<String>,
    /// Its column of dates. Omitted: `date`.
    #[serde(default = "date")]
    pub date: Spanned<String>,
    /// Its column of rates. Omitted: `rate`.
    #[serde(default = "rate")]
    pub rate: Spanned<String>,
    /// What a rate says. Omitted: `direct`.
    #[serde(default)]
    pub quote: Quote,
    /// A rate older than this many days does not count. Omitted: the latest counts however old.
    #[serde(default)]
    #[schemars(range(min = 0, max = 36500))]
    pub max_age_days: Option<u32>,
}

/// What a rate says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quote {
    /// What one unit of the foreign currency costs: amounts are multiplied by it.
    #[default]
    Direct,
    /// How many units of the foreign currency one unit buys, as central banks publish it: amounts are
    /// divided by it.
    Indirect,
}

fn currency() -> Spanned<String> {
    "currency".into()
}

fn date() -> Spanned<String> {
    "date".into()
}

fn rate() -> Spanned<String> {
    "rate".into()
}

impl Currency {
    pub(super) fn check(&self, at: usize, columns: &mut Columns<'_>, cx: &mut Check<'_>) -> Option<Ready> {
        let number = |dtype: &DataType| dtype.is_primitive_numeric() || dtype.is_decimal();
        let amount = wanted(columns, &self.amount, "an amount", "a number", number, cx);
        let currency = wanted(columns, &self.currency, "a currency", "text", DataType::is_string, cx);
        let date = wanted(columns, &self.date, "a date", "a date", dated, cx);
        let rates = &self.rates;
        // A name that was left out stands nowhere: the table that lacks it is pointed at instead.
        let placed = |name: &Spanned<String>| match name.span == Span::default() {
            true => Spanned::new(name.value.clone(), rates.table.span()),
            false => name.clone(),
        };
        let rate_currency = cx.text(&rates.table, &placed(&rates.currency));
        let rate_date = cx.temporal(&rates.table, &placed(&rates.date));
        let rate = cx.numeric(&rates.table, &placed(&rates.rate));
        let to = cx.fill(&self.to);
        let into = columns.add(&self.into, Some(DataType::Float64), cx);
        Some(Ready {
            at,
            name: format!("{} for {}", rates.table.text(), self.into.value),
            table: rates.table.span(),
            amount: amount?,
            currency: currency?,
            date: date?,
            rate_currency: rate_currency?.name,
            rate_date: rate_date?.name,
            rate: rate?.name,
            quote: rates.quote,
            max_age_days: rates.max_age_days,
            to: to?.trim().to_uppercase(),
            into: into?,
        })
    }
}

fn dated(dtype: &DataType) -> bool {
    matches!(dtype, DataType::Date | DataType::Datetime(..))
}

/// A column, of the input or added before, whose type fits.
fn wanted(
    columns: &Columns<'_>,
    name: &Spanned<String>,
    what: &str,
    wanted: &str,
    fits: impl Fn(&DataType) -> bool,
    cx: &mut Check<'_>,
) -> Option<String> {
    let dtype = columns.find(name, cx)?;
    if fits(&dtype) {
        return Some(name.value.clone());
    }
    let told = Diagnostic::error(
        Code::ColumnType,
        format!("stage `{}` needs {wanted} for {what}, and this column is {}", cx.stage(), type_name(&dtype)),
    )
    .primary(name.span, format!("`{}` is {}", name.value, type_name(&dtype)))
    .context(columns.from.span(), "this input");
    cx.report(told);
    None
}

/// A conversion that passed its check.
#[derive(Debug)]
pub(super) struct Ready {
    at: usize,
    name: String,
    table: Span,
    amount: String,
    currency: String,
    date: String,
    rate_currency: String,
    rate_date: String,
    rate: String,
    quote: Quote,
    max_age_days: Option<u32>,
    to: String,
    into: String,
}

fn code(name: &str) -> Expr {
    named(name).str().strip_chars(lit(NULL)).str().to_uppercase()
}

impl Ready {
    fn named(&self, part: &str) -> String {
        format!("__currency_{}_{part}", self.at)
    }

    /// `code`, `day` and `rate` of every rate that can be used.
    fn rates(&self, table: LazyFrame) -> LazyFrame {
        let rate = named(&self.named("rate"));
        table
            .select([
                code(&self.rate_currency).alias(self.named("code")),
                named(&self.rate_date).cast(DataType::Date).alias(self.named("day")),
                named(&self.rate).cast(DataType::Float64).alias(self.named("rate")),
            ])
            .filter(named(&self.named("code")).is_not_null())
            .filter(named(&self.named("day")).is_not_null())
            .filter(rate.clone().is_finite().and(rate.gt(lit(0.0))))
    }

    /// The rows with the code of their currency and their day, as they are compared.
    fn asked_by(&self, rows: LazyFrame) -> LazyFrame {
        rows.with_columns([
            code(&self.currency).alias(self.named("code")),
            named(&self.date).cast(DataType::Date).alias(self.named("day")),
        ])
    }

    /// The rate of each currency and day that the rows have: the latest on or before the day.
    pub(super) fn rates_asked(&self, rows: &LazyFrame, table: LazyFrame) -> LazyFrame {
        let (code_name, day_name) = (self.named("code"), self.named("day"));
        let (here, day) = (named(&code_name), named(&day_name));
        let by_day = || SortMultipleOptions::default();
        let asked = self
            .asked_by(rows.clone())
            .select([here.clone(), day.clone()])
            .filter(here.clone().is_not_null().and(day.clone().is_not_null()))
            .unique(None, UniqueKeepStrategy::Any)
            .sort([day_name.as_str(), code_name.as_str()], by_day());
        let rates = self.rates(table).sort([day_name.as_str(), code_name.as_str()], by_day());
        let latest = AsOfOptions {
            strategy: AsofStrategy::Backward,
            tolerance: None,
            tolerance_str: self.max_age_days.map(|days| format!("{days}d").into()),
            left_by: Some(vec![code_name.as_str().into()]),
            right_by: Some(vec![code_name.as_str().into()]),
            allow_eq: true,
            // Both were sorted just before.
            check_sortedness: false,
        };
        let found =
            asked.join_builder().with(rates).on([day.clone()]).how(JoinType::AsOf(Box::new(latest))).finish();
        found.select([here, day, named(&self.named("rate"))])
    }

    /// The rows with the new column; `rates` as [`Self::rates_asked`] gives them.
    pub(super) fn convert(&self, rows: LazyFrame, rates: LazyFrame) -> LazyFrame {
        let (here, day) = (named(&self.named("code")), named(&self.named("day")));
        let joined = self
            .asked_by(rows)
            .join_builder()
            .with(rates)
            .on([here.clone(), day])
            .how(JoinType::Left)
            .maintain_order(MaintainOrderJoin::Left)
            .finish();
        let (amount, rate) = (named(&self.amount).cast(DataType::Float64), named(&self.named("rate")));
        let turned = match self.quote {
            Quote::Direct => amount.clone() * rate,
            Quote::Indirect => amount.clone().true_div(rate),
        };
        let same = here.eq(lit(self.to.clone()));
        joined.with_column(when(same).then(amount).otherwise(turned).alias(self.into.as_str()))
    }
}

impl Matched for Ready {
    fn name(&self) -> &str {
        &self.name
    }

    fn duplicates(&self, table: LazyFrame) -> LazyFrame {
        let (code, day) = (named(&self.named("code")), named(&self.named("day")));
        let shown = concat_str([code.clone(), day.clone().cast(DataType::String)], " ", false);
        repeated(self.rates(table), vec![code, day], shown)
    }

    fn refuse(&self, stage: &str, duplicates: &DataFrame) -> PolarsResult<Option<RunError>> {
        if duplicates.height() == 0 {
            return Ok(None);
        }
        let examples = examples(duplicates)?.join(", ");
        let message = format!("stage `{stage}`: a currency has more than one rate on a day");
        let refusal = Diagnostic::error(Code::DuplicateLookupKey, message)
            .primary(self.table, format!("more than once: {examples}"))
            .help(
                "which of them counts is not for the program to say: leave one row for a currency and a date",
            );
        Ok(Some(RunError::data(refusal)))
    }

    fn asked(&self) -> Option<Expr> {
        Some(named(&self.amount).is_not_null())
    }

    fn found(&self) -> Expr {
        named(&self.into).is_not_null()
    }

    fn key(&self) -> Expr {
        let (code, day) = (named(&self.named("code")), named(&self.named("day")).cast(DataType::String));
        concat_str([coalesce(&[code, lit("no currency")]), coalesce(&[day, lit("no date")])], " ", false)
    }

    fn caution(&self, from: &str, stage: &str, n: u64, missing: u64) -> Caution {
        let share = missing as f64 / n as f64;
        let message = format!(
            "`{}` is missing for {} of {} amounts of `{from}` ({}) for want of a rate; `{stage}.unmatched` lists currencies and dates",
            self.into,
            number::count(missing as f64),
            number::count(n as f64),
            number::percent(share, 1),
        );
        Caution::new(CautionCode::MissingRate, format!("lookup={}", self.name), Some(share), message)
    }
}
