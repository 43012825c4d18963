//! What a reader of a lifecycle should know.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::measures::{BEFORE_SINCE, REASONS};
use super::periods::Calendar;
use super::{Checked, Climb, Measured, Reach};
use crate::diagnostic::{Caution, CautionCode};
use crate::number;

pub(super) fn of(ready: &Checked, brief: &BTreeMap<String, DataFrame>) -> Vec<Caution> {
    let table = |name: &str| brief.get(name).map(Brief);
    let (Some(periods), Some(coverage), Some(measures)) =
        (table("periods"), table("coverage"), table("measures"))
    else {
        return Vec::new();
    };
    let mut cautions = Vec::new();
    let rows_left_out = || left_out(ready, &measures);
    if periods.counts("n").iter().sum::<i64>() == 0 {
        let message = "there is no customer, or no period, to count in".to_owned();
        cautions.push(Caution::new(CautionCode::NoRows, "", Some(0.0), message));
        cautions.extend(rows_left_out());
        return cautions;
    }
    cautions.extend(unfinished(&periods));
    cautions.extend(rows_left_out());
    cautions.extend(early(ready, &measures));
    cautions.extend(silent(&periods, &measures));
    cautions.extend(short_sighted(ready, &periods, &measures));
    cautions.extend(rules(ready, &coverage));
    cautions
}

/// A brief side table.
struct Brief<'a>(&'a DataFrame);

impl Brief<'_> {
    fn counts(&self, column: &str) -> Vec<i64> {
        let read = || Some(self.0.column(column).ok()?.i64().ok()?.iter().map(|n| n.unwrap_or(0)).collect());
        read().unwrap_or_default()
    }

    fn texts(&self, column: &str) -> Vec<Option<String>> {
        let read = || {
            let texts = self.0.column(column).ok()?.cast(&polars::prelude::DataType::String).ok()?;
            Some(texts.str().ok()?.iter().map(|text| text.map(str::to_owned)).collect())
        };
        read().unwrap_or_default()
    }
}

fn told(code: CautionCode, key: String, figure: f64, message: String) -> Caution {
    Caution::new(code, key, Some(figure), message)
}

/// The last period, where the data ends before it does.
fn unfinished(periods: &Brief<'_>) -> Option<Caution> {
    let (names, ends) = (periods.texts("period"), periods.texts("period_end"));
    let (days, seen) = (*periods.counts("days").last()?, *periods.counts("days_seen").last()?);
    let (name, end) = (names.last()?.as_ref()?, ends.last()?.as_ref()?);
    let message = format!(
        "period `{name}` ends on {end}, and the data covers {} of its {} days: its counts will still change",
        number::count(seen as f64),
        number::count(days as f64)
    );
    let figure = seen as f64 / days as f64;
    (seen < days).then(|| told(CautionCode::UnfinishedPeriod, format!("period={name}"), figure, message))
}

/// Rows that do not count.
fn left_out(ready: &Checked, measures: &Brief<'_>) -> Vec<Caution> {
    let names = measures.texts("measure");
    let why = [
        (CautionCode::MissingValues, "no customer is named"),
        (CautionCode::UnmatchedRows, "the customer is not in the list"),
        (CautionCode::MissingValues, "there is no date"),
        (CautionCode::MissingValues, "there is no usable value"),
    ];
    let mut cautions = Vec::new();
    for (at, name) in names.iter().enumerate() {
        // Those after `as_of` were meant to be left out.
        for (reason, (code, why)) in REASONS.iter().zip(why) {
            let n = measures.counts(reason).get(at).copied().unwrap_or(0);
            let (key, of) = match name {
                Some(name) => (format!("measure={name}"), format!("of measure `{name}`")),
                None => {
                    let list = ready.listed.as_ref().map_or("", |listed| listed.from.value.as_str());
                    (String::new(), format!("of `{list}`"))
                }
            };
            if n > 0 {
                let rows =
                    if n == 1 { "1 row".to_owned() } else { format!("{} rows", number::count(n as f64)) };
                cautions.push(told(code, key, n as f64, format!("{rows} {of} left out: {why}")));
            }
        }
    }
    cautions
}

/// Rows of a time when their customer was not there.
fn early(ready: &Checked, measures: &Brief<'_>) -> Vec<Caution> {
    let Some(since) = ready.listed.as_ref().and_then(|listed| listed.since.as_ref()) else {
        return Vec::new();
    };
    let told = |(name, n): (Option<String>, i64)| {
        let (name, rows) = (name?, if n == 1 { "row" } else { "rows" });
        let message = format!(
            "{} {rows} of measure `{name}` dated before the customer's day in `{since}`: counted all the same",
            number::count(n as f64)
        );
        (n > 0).then(|| told(CautionCode::EarlyRows, format!("measure={name}"), n as f64, message))
    };
    measures.texts("measure").into_iter().zip(measures.counts(BEFORE_SINCE)).filter_map(told).collect()
}

/// Measures that say nothing, at all or of late.
fn silent(periods: &Brief<'_>, measures: &Brief<'_>) -> Vec<Caution> {
    let start = periods.texts("period_start").last().cloned().flatten().unwrap_or_default();
    let name_of_last = periods.texts("period").last().cloned().flatten().unwrap_or_default();
    let (names, last_on, n) = (measures.texts("measure"), measures.texts("last_on"), measures.counts("n"));
    let mut cautions = Vec::new();
    for ((name, last_on), n) in names.iter().zip(last_on).zip(n) {
        let Some(name) = name else { continue };
        let key = format!("measure={name}");
        if n == 0 {
            let message = format!("no row counts for measure `{name}`");
            cautions.push(told(CautionCode::EmptyBase, key, 0.0, message));
        } else if let Some(last_on) = last_on.filter(|last_on| *last_on < start) {
            let message =
                format!("measure `{name}` has no row in period `{name_of_last}`: its latest is of {last_on}");
            cautions.push(told(CautionCode::MissingValues, key, n as f64, message));
        }
    }
    cautions
}

/// Measures whose rows begin within the periods that the first ones look back on.
fn short_sighted(ready: &Checked, periods: &Brief<'_>, measures: &Brief<'_>) -> Vec<Caution> {
    let day = |text: &str| {
        let date = text.parse::<jiff::civil::Date>().ok()?;
        Some((date - jiff::civil::Date::constant(1970, 1, 1)).get_days())
    };
    let Some(Some(start)) = periods.texts("period_start").first().cloned() else { return Vec::new() };
    let Some(start) = day(&start) else { return Vec::new() };
    let calendar = Calendar::new(ready.grid.value, start, start);
    let all = periods.texts("period").len() as i64;
    let (names, first_on) = (measures.texts("measure"), measures.texts("first_on"));
    let told = |measure: &Measured| {
        let Reach::Further(further) = measure.reach else { return None };
        let row = names.iter().position(|name| name.as_deref() == Some(measure.name.as_str()))?;
        let first_on = first_on.get(row)?.as_deref()?;
        let short = (calendar.index(day(first_on)?) + further as i64).min(all);
        let message = format!(
            "measure `{}` looks back over {} periods, and its rows begin on {first_on}: in the first {} it sees less",
            measure.name,
            further + 1,
            if short == 1 { "period".to_owned() } else { format!("{short} periods") }
        );
        let key = format!("measure={}", measure.name);
        (further > 0 && short > 0).then(|| told(CautionCode::MissingValues, key, short as f64, message))
    };
    ready.measures.iter().filter_map(told).collect()
}

/// Levels where nobody stands, and rules that could not be decided.
fn rules(ready: &Checked, coverage: &Brief<'_>) -> Vec<Caution> {
    let names = coverage.texts("level");
    let columns =
        ["matched", "n", "beyond", "held_back", "undecided", "cases"].map(|name| coverage.counts(name));
    let mut cautions = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let Some(name) = name else { continue };
        let [matched, n, beyond, held_back, undecided, cases] =
            [0, 1, 2, 3, 4, 5].map(|column: usize| columns[column].get(at).copied().unwrap_or(0));
        let key = format!("level={name}");
        if n == 0 && matched == 0 {
            let message = format!("nobody ever stands at level `{name}`: its rule never holds");
            cautions.push(told(CautionCode::EmptyBase, key.clone(), 0.0, message));
        } else if n == 0 {
            let mut why = Vec::new();
            if beyond > 0 {
                why.push(format!(
                    "{} times the rule of a higher level holds as well",
                    number::count(beyond as f64)
                ));
            }
            if held_back > 0 && ready.climb == Climb::Every {
                why.push(format!(
                    "{} times the rule of a lower one does not",
                    number::count(held_back as f64)
                ));
            }
            let message =
                format!("nobody ever stands at level `{name}`, though its rule holds: {}", why.join(", "));
            cautions.push(told(CautionCode::ShadowedRule, key.clone(), matched as f64, message));
        }
        if undecided > 0 {
            let message = format!(
                "the rule of level `{name}` is undecided in {} of {} cases (a customer in a period), because a \
                 value is missing: it does not hold there",
                number::count(undecided as f64),
                number::count(cases as f64)
            );
            cautions.push(told(CautionCode::MissingValues, key, undecided as f64, message));
        }
    }
    cautions
}
