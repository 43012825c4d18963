//! From one row per customer to what each will still be worth, by `stats::lifetime`.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::{Checked, REASONS, Source, Transactions, summary};
use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError};
use crate::document::Span;
use crate::number;
use crate::stages::Estimates;
use crate::stages::segment::rfm;
use crate::stats::lifetime::{
    Fit, Histories, History, Limit, Model, Spend, fit_purchases, fit_spend, held_out, spend,
};
use crate::stats::quantile::quantile;

/// Customers who had come back as often as this or more are one line of the hold-out check.
const OFTEN: u32 = 7;
/// What is far off: a correlation that the model of spending takes to be none.
const CORRELATED: f64 = 0.3;
/// How many customers a correlation takes to be worth telling.
const MANY: usize = 30;
/// What is far off: a share of the purchases held out.
const MISSED: f64 = 0.25;
/// The segments, by profitable and loyal.
const SEGMENTS: [(bool, bool, &str); 4] = [
    (true, true, "profitable and loyal"),
    (true, false, "profitable, may be gone"),
    (false, true, "loyal, of less value"),
    (false, false, "neither"),
];

/// Customers as the engine made them, in the order of their keys.
struct Customers {
    /// Purchases after the first.
    repeats: Vec<i64>,
    histories: Vec<Option<History>>,
    /// Empty where there are no amounts.
    spends: Vec<Option<Spend>>,
    /// None without customers, and of a summary.
    as_of: Option<i32>,
}

/// A model's parameters and how they were come by.
struct Known<const N: usize> {
    /// None where there are none to go by.
    parameters: Option<[f64; N]>,
    fit: Option<Fit<N>>,
    /// Given ones that were not fitted: the likelihood they give the data.
    log_likelihood: Option<f64>,
    n: u64,
}

impl<const N: usize> Known<N> {
    fn fitted(fit: Option<Fit<N>>) -> Self {
        let parameters = fit.and_then(|fit| fit.telling());
        Self {
            parameters,
            fit,
            log_likelihood: fit.map(|fit| fit.log_likelihood),
            n: fit.map_or(0, |fit| fit.n),
        }
    }

    fn given(parameters: [f64; N], log_likelihood: f64, n: u64) -> Self {
        Self { parameters: Some(parameters), fit: None, log_likelihood: Some(log_likelihood), n }
    }
}

pub(super) fn estimate(ready: &Checked, frames: &[DataFrame]) -> Result<Estimates, RunError> {
    let [table, counts, rest] = frames else { return Ok(Estimates::default()) };
    let customers = match &ready.source {
        Source::Transactions(rows) => bought(ready, rows, table)?,
        Source::Summary(columns) => {
            columns.refuse_repeated(rest)?;
            summed_up(table, columns.mean_amount.is_some())?
        }
    };
    let histories = &customers.histories;
    let grouped = Histories::new(histories.iter().copied());
    let formulas = ready.model.formulas();
    let buying = match ready.purchases {
        Some(given) => Known::given(given, formulas.log_likelihood(&given, &grouped).0, grouped.n()),
        None => Known::fitted(fit_purchases(formulas, &grouped)),
    };
    let spends: Vec<Spend> = customers.spends.iter().flatten().copied().collect();
    let spending = match (ready.source.has_money(), ready.spend) {
        (false, _) => None,
        (true, Some(given)) => {
            Some(Known::given(given, spend::log_likelihood(&given, &spends).0, spends.len() as u64))
        }
        (true, None) => Some(Known::fitted(fit_spend(&spends))),
    };

    let ahead = Ahead { ready, parameters: buying.parameters };
    let alive: Vec<Option<f64>> = histories
        .iter()
        .map(|history| Some(formulas.p_alive(&buying.parameters?, history.as_ref()?)))
        .collect();
    let (expected, worth) = ahead.everybody(histories, &alive);
    let values: Option<Vec<Option<f64>>> = spending.as_ref().map(|known| {
        let value = |one: &Option<Spend>| spend::expected(&known.parameters?, *one);
        customers.spends.iter().map(value).collect()
    });

    let mut columns: Vec<Column> =
        vec![table.column("key")?.clone().with_name(ready.key.name.as_str().into())];
    columns.push(Column::new("repeats".into(), &customers.repeats));
    let time = |f: fn(&History) -> f64| -> Vec<Option<f64>> {
        histories.iter().map(|history| history.as_ref().map(f)).collect()
    };
    columns.push(Column::new("recency".into(), time(|history| history.recency)));
    columns.push(Column::new("age".into(), time(|history| history.age)));
    if values.is_some() {
        let mean = |one: &Option<Spend>| one.map(|spend| spend.mean);
        columns
            .push(Column::new("mean_amount".into(), customers.spends.iter().map(mean).collect::<Vec<_>>()));
    }
    columns.push(Column::new("p_alive".into(), alive.clone()));
    columns.push(Column::new("expected_n".into(), expected));
    let mut sides = vec![
        ("parameters", parameters(ready, &buying, spending.as_ref())?),
        ("fit", fits(ready, &buying, spending.as_ref())?),
    ];
    let (left_out, mut cautions) = match &ready.source {
        Source::Transactions(_) => {
            let left_out = left_out(counts, rest)?;
            let cautions = rfm::missing(&left_out);
            (left_out, cautions)
        }
        Source::Summary(_) => {
            let left_out = summary::left_out(counts)?;
            let came_back = customers.repeats.iter().zip(&customers.spends);
            let without = came_back.filter(|(repeats, spend)| **repeats > 0 && spend.is_none()).count();
            let cautions = summary::cautions(&left_out, without);
            (left_out, cautions)
        }
    };
    sides.push(("left_out", left_out));
    cautions.extend(doubts(
        ready,
        &buying,
        spending.as_ref(),
        &spends,
        values.as_deref().unwrap_or_default(),
    ));
    if let Some(values) = values {
        let clv: Vec<Option<f64>> =
            values.iter().zip(&worth).map(|(value, worth)| Some((*value)? * (*worth)?)).collect();
        let kinds = kinds(ready, &clv, &alive);
        let names: Vec<Option<&str>> = kinds.iter().map(|kind| kind.map(|at| SEGMENTS[at].2)).collect();
        columns.push(Column::new("expected_value".into(), values));
        columns.push(Column::new("clv".into(), clv.clone()));
        columns.push(Column::new("segment".into(), names));
        sides.push(("value_by_loyalty", by_loyalty(&kinds, &clv)?));
    }
    if ready.source.is_dated() {
        let days = Column::new("as_of".into(), vec![customers.as_of; table.height()]);
        columns.push(days.cast(&DataType::Date)?);
    }

    if let Some(holdout) = &ready.holdout {
        if customers.as_of.is_some_and(|last| holdout.value >= last) {
            return Err(nothing_held_out(holdout.span));
        }
        let (held, caution) = hold_out(ready, table, customers.as_of, holdout.value)?;
        sides.push(("holdout", held));
        cautions.extend(caution);
    }
    Ok(Estimates { main: DataFrame::new(table.height(), columns)?, sides, cautions, ..Estimates::default() })
}

/// A hold-out without a day: which is the last the data alone tell.
fn nothing_held_out(written: Span) -> RunError {
    let told = Diagnostic::error(
        Code::UnusableData,
        "the transactions end before the time held out begins".to_owned(),
    )
    .primary(written, "not before the last day of the transactions");
    RunError::data(
        told.help("the model is fitted on what came up to `holdout`, and compared with what came after it"),
    )
}

/// A column of days, or of numbers of purchases: no customer is without any, so no cell is missing.
fn days(table: &DataFrame, name: &str) -> PolarsResult<Vec<i32>> {
    Ok(table.column(name)?.i32()?.iter().map(|day| day.unwrap_or(0)).collect())
}

fn counts(table: &DataFrame, name: &str) -> PolarsResult<Vec<i64>> {
    Ok(table.column(name)?.i64()?.iter().map(|n| n.unwrap_or(0)).collect())
}

/// Customers from a summary.
fn summed_up(table: &DataFrame, money: bool) -> PolarsResult<Customers> {
    let floats =
        |name: &str| -> PolarsResult<Vec<Option<f64>>> { Ok(table.column(name)?.f64()?.iter().collect()) };
    let repeats = counts(table, "repeats")?;
    let times = floats("recency")?.into_iter().zip(floats("age")?);
    let history = |(repeats, (recency, age)): (&i64, (Option<f64>, Option<f64>))| {
        History::new(u32::try_from(*repeats).ok()?, recency?, age?)
    };
    let means = if money { floats("mean_amount")? } else { Vec::new() };
    let spend = |(mean, repeats): (Option<f64>, &i64)| Spend::new(*repeats as f64, mean?);
    Ok(Customers {
        histories: repeats.iter().zip(times).map(history).collect(),
        spends: means.into_iter().zip(&repeats).map(spend).collect(),
        as_of: None,
        repeats,
    })
}

/// Customers from their transactions.
fn bought(ready: &Checked, rows: &Transactions, table: &DataFrame) -> PolarsResult<Customers> {
    let (first, last, purchases) = (days(table, "first")?, days(table, "last")?, counts(table, "purchases")?);
    let spends = match &rows.amount {
        None => Vec::new(),
        Some(_) => {
            let (total, first) = (table.column("total")?.f64()?, table.column("first_amount")?.f64()?);
            let rows = total.iter().zip(first.iter()).zip(&purchases);
            rows.map(|((total, first), purchases)| {
                let repeats = (purchases - 1) as f64;
                Spend::new(repeats, (total? - first?) / repeats)
            })
            .collect()
        }
    };
    let as_of = rows.as_of.or(last.iter().copied().max());
    let until = as_of.unwrap_or(0);
    let histories = (first.iter().zip(&last).zip(&purchases))
        .map(|((first, last), n)| history(*first, *last, *n, until, ready.unit.days()))
        .collect();
    Ok(Customers { repeats: purchases.iter().map(|n| n - 1).collect(), histories, spends, as_of })
}

fn history(first: i32, last: i32, purchases: i64, as_of: i32, unit: f64) -> Option<History> {
    let time = |to: i32| f64::from(to - first) / unit;
    History::new(u32::try_from(purchases - 1).ok()?, time(last), time(as_of))
}

/// What lies ahead of customers who are still there.
struct Ahead<'a> {
    ready: &'a Checked,
    parameters: Option<[f64; 4]>,
}

impl Ahead<'_> {
    /// Purchases expected in the horizon, and the same discounted, of each customer.
    ///
    /// Of those still there both depend on the number of purchases and the age alone, so they are made
    /// once for all who have these in common.
    fn everybody(
        &self,
        histories: &[Option<History>],
        alive: &[Option<f64>],
    ) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
        let mut made: BTreeMap<(u32, u64), (f64, f64)> = BTreeMap::new();
        let both = histories.iter().zip(alive).map(|(history, alive)| {
            let (history, alive, parameters) = ((*history)?, (*alive)?, self.parameters?);
            let alike = (history.repeats, history.age.to_bits());
            let (n, worth) = *made.entry(alike).or_insert_with(|| self.if_alive(&parameters, &history));
            Some((alive * n, alive * worth))
        });
        both.map(|both| (both.map(|(n, _)| n), both.map(|(_, worth)| worth))).unzip()
    }

    fn if_alive(&self, parameters: &[f64; 4], history: &History) -> (f64, f64) {
        let month = super::Unit::Month.days() / self.ready.unit.days();
        let cumulated: Vec<f64> = (1..=self.ready.horizon)
            .map(|months| {
                let time = f64::from(months) * month;
                let formulas = self.ready.model.formulas();
                formulas.expected_if_alive(parameters, history.repeats, history.age, time)
            })
            .collect();
        let all = cumulated.last().copied().unwrap_or(0.0);
        (all, spend::discounted(1.0, cumulated, self.ready.discount))
    }
}

/// The place among [`SEGMENTS`] of each customer.
fn kinds(ready: &Checked, clv: &[Option<f64>], alive: &[Option<f64>]) -> Vec<Option<usize>> {
    let mut sorted: Vec<f64> = clv.iter().flatten().copied().collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let Some(border) = quantile(&sorted, ready.profitable) else { return vec![None; clv.len()] };
    clv.iter()
        .zip(alive)
        .map(|(clv, alive)| {
            let told = ((*clv)? > border, (*alive)? > ready.loyal);
            SEGMENTS.iter().position(|(profitable, loyal, _)| (*profitable, *loyal) == told)
        })
        .collect()
}

fn by_loyalty(kinds: &[Option<usize>], clv: &[Option<f64>]) -> PolarsResult<DataFrame> {
    let mut n = [0i64; 4];
    let mut sums = [0.0; 4];
    for (kind, clv) in kinds.iter().zip(clv) {
        if let (Some(kind), Some(clv)) = (kind, clv) {
            n[*kind] += 1;
            sums[*kind] += clv;
        }
    }
    let (all, sum) = (n.iter().sum::<i64>() as f64, sums.iter().sum::<f64>());
    df!(
        "profitable" => SEGMENTS.map(|(profitable, _, _)| profitable),
        "loyal" => SEGMENTS.map(|(_, loyal, _)| loyal),
        "segment" => SEGMENTS.map(|(_, _, name)| name),
        "n" => n,
        "share" => n.map(|n| (all > 0.0).then(|| n as f64 / all)),
        "clv" => sums,
        "clv_share" => sums.map(|part| (sum > 0.0).then(|| part / sum)),
    )
}

fn parameters(ready: &Checked, buying: &Known<4>, spending: Option<&Known<3>>) -> PolarsResult<DataFrame> {
    let mut rows: Vec<(&str, &str, Option<f64>, Option<f64>)> = Vec::new();
    fn add<'a, const N: usize>(
        rows: &mut Vec<(&'a str, &'a str, Option<f64>, Option<f64>)>,
        model: &'a str,
        names: [&'a str; N],
        known: &Known<N>,
    ) {
        let estimates = known.fit.map(|fit| fit.parameters).or(known.parameters);
        for (at, name) in names.into_iter().enumerate() {
            let std_error = known.fit.and_then(|fit| Some(fit.std_errors?[at]));
            rows.push((model, name, estimates.map(|found| found[at]), std_error));
        }
    }
    add(&mut rows, ready.model.word(), ready.model.formulas().parameters(), buying);
    if let Some(spending) = spending {
        add(&mut rows, "gamma_gamma", spend::PARAMETERS, spending);
    }
    df!(
        "model" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "parameter" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "estimate" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        "std_error" => rows.iter().map(|row| row.3).collect::<Vec<_>>(),
    )
}

fn fits(ready: &Checked, buying: &Known<4>, spending: Option<&Known<3>>) -> PolarsResult<DataFrame> {
    type Row<'a> = (&'a str, i64, Option<f64>, Option<f64>, Option<bool>, Option<String>);
    fn row<'a, const N: usize>(model: &'a str, known: &Known<N>, formulas: Model) -> Row<'a> {
        let (gradient, converged) = (known.fit.map(|fit| fit.gradient), known.fit.map(|fit| fit.converged));
        let limit = known.fit.and_then(|fit| fit.limit).map(|limit| in_words(&limit, formulas));
        (model, known.n as i64, known.log_likelihood, gradient, converged, limit)
    }
    let formulas = ready.model.formulas();
    let mut rows = vec![row(ready.model.word(), buying, formulas)];
    rows.extend(spending.map(|known| row("gamma_gamma", known, formulas)));
    df!(
        "model" => rows.iter().map(|row| row.0).collect::<Vec<_>>(),
        "n" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "log_likelihood" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        "gradient" => rows.iter().map(|row| row.3).collect::<Vec<_>>(),
        "converged" => rows.iter().map(|row| row.4).collect::<Vec<_>>(),
        "limit" => rows.iter().map(|row| row.5.as_deref()).collect::<Vec<_>>(),
    )
}

/// Which parameters run away, and what customers have in common there.
fn in_words(limit: &Limit, model: Model) -> String {
    let [_, _, leaving, staying] = model.parameters();
    let pareto = model == Model::ParetoNbd;
    let rate = limit.rate.map(|rate| {
        format!("r and alpha grow without end, r/alpha tends to {}: all buy at one rate", rounded(rate))
    });
    let left = limit.leaving.map(|left| {
        if left == 0.0 {
            return format!("{leaving} tends to 0: nobody leaves");
        }
        let ratio = if pareto { "s/beta" } else { "a/(a+b)" };
        let how = if pareto { "at one rate" } else { "with one probability" };
        format!(
            "{leaving} and {staying} grow without end, {ratio} tends to {}: all leave {how}",
            rounded(left)
        )
    });
    [rate, left].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// A number above 0 with four digits that tell something.
fn rounded(x: f64) -> String {
    let places = (3.0 - x.log10().floor()).clamp(0.0, 12.0);
    number::fixed(x, places as usize)
}

fn left_out(counts: &DataFrame, returned: &DataFrame) -> PolarsResult<DataFrame> {
    let n = REASONS
        .iter()
        .map(|reason| {
            let column = counts.column(reason).or_else(|_| returned.column(reason))?;
            Ok(column.i64()?.get(0).unwrap_or(0))
        })
        .collect::<PolarsResult<Vec<i64>>>()?;
    df!("reason" => REASONS, "n" => n)
}

/// The forecast from what was known on a day, against what came.
fn hold_out(
    ready: &Checked,
    table: &DataFrame,
    as_of: Option<i32>,
    day: i32,
) -> PolarsResult<(DataFrame, Option<Caution>)> {
    let (first, purchases) = (days(table, "first")?, counts(table, "purchases")?);
    let (last, before) = (table.column("last_before")?.i32()?, table.column("purchases_before")?.i64()?);
    let unit = ready.unit.days();
    let known: Vec<(History, f64)> = (last.iter().zip(before.iter()).enumerate())
        .filter_map(|(at, (last, before))| {
            let history = history(first[at], last?, before?, day, unit)?;
            Some((history, (purchases[at] - before?) as f64))
        })
        .collect();
    let formulas = ready.model.formulas();
    let grouped = Histories::new(known.iter().map(|(history, _)| Some(*history)));
    let parameters = ready.purchases.or_else(|| {
        let fit = fit_purchases(formulas, &grouped)?;
        fit.telling()
    });
    let time = as_of.map_or(0.0, |as_of| f64::from(as_of - day) / unit);
    let forecast = |history: &History| {
        parameters.map_or(f64::NAN, |parameters| formulas.expected(&parameters, history, time))
    };
    let lines =
        held_out(known.iter().map(|(history, actual)| (history.repeats, *actual, forecast(history))), OFTEN);
    let mut rows: Vec<(String, i64, f64, f64)> = lines
        .iter()
        .map(|line| {
            let more = if line.or_more { "+" } else { "" };
            (format!("{}{more}", line.repeats), line.n as i64, line.actual, line.expected)
        })
        .collect();
    let sum = |f: fn(&(String, i64, f64, f64)) -> f64| rows.iter().map(f).sum::<f64>();
    let all = ("all".to_owned(), rows.iter().map(|row| row.1).sum::<i64>(), sum(|r| r.2), sum(|r| r.3));
    let (actual, expected) = (all.2, all.3);
    rows.push(all);
    // Without parameters there is no forecast, but for lines without customers.
    let some = |x: f64| (parameters.is_some() && x.is_finite()).then_some(x);
    let mean = |x: f64, n: i64| (n > 0).then(|| x / n as f64);
    let made = df!(
        "repeats_before" => rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(),
        "n" => rows.iter().map(|row| row.1).collect::<Vec<_>>(),
        "actual" => rows.iter().map(|row| row.2).collect::<Vec<_>>(),
        "expected" => rows.iter().map(|row| some(row.3)).collect::<Vec<_>>(),
        "actual_mean" => rows.iter().map(|row| mean(row.2, row.1)).collect::<Vec<_>>(),
        "expected_mean" => rows.iter().map(|row| mean(row.3, row.1).and_then(some)).collect::<Vec<_>>(),
    )?;
    let off = some(expected).filter(|_| actual > 0.0).map(|expected| expected / actual - 1.0);
    let caution = off.filter(|off| off.abs() > MISSED).map(|off| {
        let message = format!(
            "the forecast for the time held out was {} purchases, and {} came ({} {})",
            number::fixed(expected, 0),
            number::fixed(actual, 0),
            number::percent(off.abs(), 0),
            if off > 0.0 { "too many" } else { "too few" },
        );
        Caution::new(CautionCode::DoubtfulModel, "repeats_before=all", Some(off), message)
    });
    Ok((made, caution))
}

fn doubts(
    ready: &Checked,
    buying: &Known<4>,
    spending: Option<&Known<3>>,
    spends: &[Spend],
    values: &[Option<f64>],
) -> Vec<Caution> {
    let mut cautions = Vec::new();
    if let Some(limit) = buying.fit.and_then(|fit| fit.limit) {
        let message = format!(
            "`{}` has no most likely parameters for these {} customers, but a limit: {}; forecasts are those of the limit",
            ready.model.word(),
            number::count(buying.n as f64),
            in_words(&limit, ready.model.formulas()),
        );
        let subject = format!("model={}", ready.model.word());
        cautions.push(Caution::new(CautionCode::NoMaximum, subject, Some(buying.n as f64), message));
    }
    let mut lost = |model: &str, what: &str, n: u64| {
        let message = format!(
            "`{model}` has no most likely parameters for these {} customers: {what} stay empty",
            number::count(n as f64)
        );
        cautions.push(Caution::new(
            CautionCode::NoMaximum,
            format!("model={model}"),
            Some(n as f64),
            message,
        ));
    };
    if buying.parameters.is_none() {
        lost(ready.model.word(), "probabilities and purchases", buying.n);
    }
    let Some(spending) = spending else { return cautions };
    match spending.parameters {
        None if spending.n == 0 => {
            let message = "nobody came back, so `gamma_gamma` has nothing to be fitted on: values stay empty";
            cautions.push(Caution::new(CautionCode::NoMaximum, "model=gamma_gamma", Some(0.0), message));
        }
        None => lost("gamma_gamma", "values", spending.n),
        Some(parameters) if parameters[1] <= 1.0 => {
            let empty = values.iter().filter(|value| value.is_none()).count();
            let message = format!(
                "`gamma_gamma` gives average spending no finite mean (q is not above 1): values stay empty where a customer's own purchases are too few to have one, {} times",
                number::count(empty as f64),
            );
            cautions.push(Caution::new(
                CautionCode::DoubtfulModel,
                "parameter=q",
                Some(parameters[1]),
                message,
            ));
        }
        Some(_) => {}
    }
    // A few customers are correlated by chance, and given parameters were not taken from these.
    let many = spending.fit.is_some() && spends.len() >= MANY;
    let correlation = spend::correlation(spends).filter(|r| many && r.abs() > CORRELATED);
    if let Some(correlation) = correlation {
        let message = format!(
            "customers who buy more often spend {} at a time (correlation {}); `gamma_gamma` takes the two to be independent",
            if correlation > 0.0 { "more" } else { "less" },
            number::fixed(correlation, 2),
        );
        cautions.push(Caution::new(
            CautionCode::DoubtfulModel,
            "model=gamma_gamma",
            Some(correlation),
            message,
        ));
    }
    cautions
}
