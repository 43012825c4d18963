//! Whether what is written can be done: names, the list of customers, periods, measures, levels.

use polars::prelude::{DataType, Expr, Field, NULL, Schema, lit, when};

use super::periods::Grid;
use super::{
    AFTER_MEASURES, BEFORE_MEASURES, Check, Checked, Column, Every, Input, Level, Lifecycle, Listed, Measure,
    Measured, Over, Reach, Rung, Summary,
};
use crate::diagnostic::Code;
use crate::document::Spanned;
use crate::expression::{self, conditions};
use crate::stages::keys::common;
use crate::stages::segment::day;
use crate::stages::{exact, type_name};

/// What to do with the customers of four levels, unless the pipeline says it otherwise.
const ACTIONS: [&str; 4] = ["retain", "expand", "grow", "leverage"];

impl Lifecycle {
    pub(super) fn checked(self, cx: &mut Check<'_>) -> Option<Checked> {
        let listed = match &self.from {
            None => self.nothing_of_the_list(cx).then_some(None),
            Some(from) => self.check_list(from, cx).map(Some),
        };
        let grid = self.grid(cx);
        let first = day(self.periods.first.as_ref(), "first", cx);
        let as_of = day(self.as_of.as_ref(), "as_of", cx);
        let ordered = self.days_are_ordered(first, as_of, cx);
        let measured: Vec<Option<(Measured, Column)>> =
            self.measures.iter().map(|measure| self.check_measure(measure, cx)).collect();
        let named = self.names_are_clear(listed.as_ref(), cx);
        let keys = self.keys_agree(listed.as_ref(), &measured, cx);
        let levels = named.then(|| self.check_levels(listed.as_ref(), keys.clone(), cx)).flatten();

        let measures: Vec<Measured> =
            measured.into_iter().map(|found| found.map(|(measure, _)| measure)).collect::<Option<_>>()?;
        let ready = Checked {
            key: Column { name: self.key.value.clone(), dtype: keys? },
            listed: listed?.map(|(_, listed)| listed),
            grid: grid?,
            first: first?,
            as_of: as_of?,
            measures,
            levels: levels?,
            climb: self.climb,
        };
        (named && ordered).then_some(ready)
    }

    fn nothing_of_the_list(&self, cx: &mut Check<'_>) -> bool {
        let help = "name the table of customers with `from`";
        let wanted = [
            (self.keep.first(), "keeps columns of no table", "kept from where?"),
            (self.since.as_ref(), "has a day of no table", "in which table?"),
            (self.by.first(), "breaks down by columns of no table", "in which table?"),
        ];
        let mut sound = true;
        for (name, message, label) in wanted {
            if let Some(name) = name {
                cx.invalid(name.span, Code::InvalidOption, message, label, help);
                sound = false;
            }
        }
        sound
    }

    fn check_list(&self, from: &Input, cx: &mut Check<'_>) -> Option<(Column, Listed)> {
        let key = cx.column(from, &self.key);
        let keep = cx.columns(from, &self.keep);
        let by = cx.columns(from, &self.by);
        let since = self.since.as_ref().map(|since| cx.temporal(from, since));
        let since = match since {
            None => None,
            Some(since) => Some(since?.name),
        };
        let mut keep = keep?;
        let by = by?
            .into_iter()
            .map(|column| {
                keep.iter().position(|kept| kept.name == column.name).unwrap_or_else(|| {
                    keep.push(column);
                    keep.len() - 1
                })
            })
            .collect();
        Some((key?, Listed { from: from.spanned().clone(), since, keep, by }))
    }

    fn grid(&self, cx: &mut Check<'_>) -> Option<Spanned<Grid>> {
        let every = &self.periods.every;
        let grid = match &every.value {
            Every::Month => Grid::Months(1),
            Every::Quarter => Grid::Months(3),
            Every::HalfYear => Grid::Months(6),
            Every::Year => Grid::Months(12),
            Every::Days(days) => {
                if !(1..=3660).contains(&days.value) {
                    let label = "wanted is a number from 1 to 3,660";
                    cx.invalid(
                        days.span,
                        Code::OutOfRange,
                        "has periods of a length out of range",
                        label,
                        "",
                    );
                    return None;
                }
                Grid::Days(i64::from(days.value))
            }
        };
        Some(Spanned::new(grid, every.span))
    }

    fn days_are_ordered(
        &self,
        first: Option<Option<i32>>,
        as_of: Option<Option<i32>>,
        cx: &mut Check<'_>,
    ) -> bool {
        let (Some(Some(first)), Some(Some(as_of)), Some(written)) = (first, as_of, &self.periods.first)
        else {
            return true;
        };
        if as_of < first {
            let label = format!("`as_of` is {}, before it", super::periods::date(as_of));
            let message = "has a first period that begins after its data ends";
            cx.invalid(written.span(), Code::InvalidOption, message, &label, "");
        }
        as_of >= first
    }

    fn check_measure(&self, measure: &Measure, cx: &mut Check<'_>) -> Option<(Measured, Column)> {
        let key = cx.column(&measure.from, measure.key.as_ref().unwrap_or(&self.key));
        let condition = match &measure.condition {
            None => Some(None),
            Some(condition) => cx.predicate(&measure.from, condition).map(Some),
        };
        let date = match &measure.date {
            None => Some(None),
            Some(date) => cx.temporal(&measure.from, date).map(|column| Some(column.name)),
        };
        let value = self.check_value(measure, cx);
        let summed = summary_is_sound(measure, cx);
        let reach = reach(measure, cx);
        let absent = match &measure.absent {
            Some(absent) if !absent.value.is_finite() => {
                let message = "has no number for those without a row";
                cx.invalid(absent.span, Code::OutOfRange, message, "wants a number", "");
                None
            }
            absent => Some(absent.as_ref().map(|absent| absent.value)),
        };
        let key = key?;
        let measured = Measured {
            name: measure.name.value.clone(),
            from: measure.from.spanned().clone(),
            key: key.name.clone(),
            condition: condition?,
            date: date?,
            value: value?,
            aggregate: measure.aggregate.as_ref().map(|aggregate| aggregate.value),
            reach: reach?,
            absent: absent?,
        };
        summed.then_some((measured, key))
    }

    fn check_value(&self, measure: &Measure, cx: &mut Check<'_>) -> Option<Expr> {
        let counts = measure.aggregate.as_ref().is_some_and(|aggregate| aggregate.value == Summary::Count);
        let Some(written) = &measure.value else {
            // Rows that are not summed up are told of already.
            if !counts && (measure.aggregate.is_some() || measure.date.is_none()) {
                let message = "has a measure without a value";
                let help = "name a column with `value`, or count the rows with `aggregate: count`";
                cx.invalid(measure.name.span, Code::InvalidOption, message, "what of these rows?", help);
                return None;
            }
            return counts.then(|| lit(1.0));
        };
        let typed = cx.expression(&measure.from, written)?;
        let dtype = &typed.dtype;
        if dtype.is_primitive_numeric() || dtype.is_decimal() || *dtype == DataType::Boolean {
            return Some(exact::number(typed.expr));
        }
        if counts {
            return Some(when(typed.expr.is_not_null()).then(lit(1.0)).otherwise(lit(NULL)));
        }
        let label = format!("this is {}", type_name(dtype));
        let message = "needs a number for a measure";
        let help =
            "compare it with something (yes and no count as 1 and 0), or count with `aggregate: count`";
        cx.invalid(written.span(), Code::ExpressionType, message, &label, help);
        None
    }

    /// Whether every column of the result has a name of its own.
    fn names_are_clear(&self, listed: Option<&Option<(Column, Listed)>>, cx: &mut Check<'_>) -> bool {
        let mut clear = true;
        let made: Vec<&str> = BEFORE_MEASURES.into_iter().chain(AFTER_MEASURES).collect();
        // What the side tables that are broken down have besides.
        let beside = [
            "is_total",
            "n",
            "share",
            "is_complete",
            "from_level",
            "to_level",
            "previous_period",
            "n_before",
            "entered",
            "returned",
            "from_below",
            "from_above",
            "to_above",
            "to_below",
            "left",
            "n_after",
            "condition",
            "one_away",
            "undecided",
        ];
        if made.contains(&self.key.value.as_str()) {
            cx.duplicate_column(&self.key.value, self.key.span, None);
            clear = false;
        }
        let kept = self.keep.iter().chain(self.by.iter());
        for (at, name) in kept.enumerate() {
            let broken_down = at >= self.keep.len();
            let taken = made.contains(&name.value.as_str())
                || name.value == self.key.value
                || broken_down && beside.contains(&name.value.as_str());
            if taken && (broken_down || !self.by.iter().any(|by| by.value == name.value)) {
                cx.duplicate_column(&name.value, name.span, None);
                clear = false;
            }
        }
        if self.measures.is_empty() {
            let help = "add at least one: `measures: [{ name: orders, from: sales, date: ordered_on, aggregate: count }]`";
            cx.invalid(self.key.span, Code::InvalidOption, "has no measures", "levels of what?", help);
            clear = false;
        }
        let kept: Vec<&str> = match listed {
            Some(Some((_, listed))) => listed.keep.iter().map(|kept| kept.name.as_str()).collect(),
            _ => Vec::new(),
        };
        for (at, measure) in self.measures.iter().enumerate() {
            let name = &measure.name;
            if name.trim().is_empty() {
                let message = "has a measure without a name";
                cx.invalid(name.span, Code::InvalidOption, message, "this name is empty", "");
                clear = false;
            } else if self.measures[..at].iter().any(|earlier| earlier.name.value == name.value) {
                let label = "an earlier measure has this name";
                cx.invalid(name.span, Code::InvalidOption, "names two measures alike", label, "");
                clear = false;
            } else if made.contains(&name.value.as_str())
                || kept.contains(&name.value.as_str())
                || name.value == self.key.value
            {
                cx.duplicate_column(&name.value, name.span, None);
                clear = false;
            }
        }
        clear
    }

    /// The type in which the keys of all tables meet.
    fn keys_agree(
        &self,
        listed: Option<&Option<(Column, Listed)>>,
        measured: &[Option<(Measured, Column)>],
        cx: &mut Check<'_>,
    ) -> Option<DataType> {
        let listed = listed?.as_ref().map(|(key, _)| key);
        let first = listed.or_else(|| measured.iter().flatten().map(|(_, key)| key).next())?;
        let dtype = common(&first.dtype);
        let mut same = true;
        for (measure, found) in self.measures.iter().zip(measured) {
            let Some((_, key)) = found else { continue };
            if common(&key.dtype) != dtype {
                let label = format!("here `{}` is {}", key.name, type_name(&key.dtype));
                let message = "has customer keys of different types";
                let help = format!("make every key {}, as it is in the first table", type_name(&dtype));
                cx.invalid(measure.from.span(), Code::ColumnType, message, &label, &help);
                same = false;
            }
        }
        same.then_some(dtype)
    }

    /// The levels, over what is known of a customer in a period.
    fn check_levels(
        &self,
        listed: Option<&Option<(Column, Listed)>>,
        key: Option<DataType>,
        cx: &mut Check<'_>,
    ) -> Option<Vec<Rung>> {
        let mut sound = true;
        if self.levels.is_empty() {
            let help = "write at least one rule: `levels: [{ name: customer, where: orders > 0 }]`";
            cx.invalid(
                self.key.span,
                Code::InvalidOption,
                "has no levels",
                "where do customers stand?",
                help,
            );
            sound = false;
        }
        for (at, level) in self.levels.iter().enumerate() {
            let name = &level.name;
            let (label, help) = if name.trim().is_empty() {
                ("this name is empty", "give every level a name")
            } else if self.levels[..at].iter().any(|earlier| earlier.name.value == name.value) {
                ("an earlier level has this name", "join the conditions with OR, or use another name")
            } else {
                continue;
            };
            cx.invalid(name.span, Code::InvalidOption, "has a level name that cannot be used", label, help);
            sound = false;
        }
        // A rule over a column that could not be found would only repeat that mistake.
        let listed = listed?;
        let key = key.unwrap_or(DataType::String);
        let mut schema = Schema::from_iter([Field::new(self.key.value.as_str().into(), key)]);
        let kept = listed.iter().flat_map(|(_, listed)| &listed.keep);
        schema.extend(kept.map(|column| Field::new(column.name.as_str().into(), column.dtype.clone())));
        let [period, start, end, ..] = BEFORE_MEASURES;
        for (name, dtype) in [(period, DataType::String), (start, DataType::Date), (end, DataType::Date)] {
            schema.insert(name.into(), dtype);
        }
        for measure in &self.measures {
            let counts =
                measure.aggregate.as_ref().is_some_and(|aggregate| aggregate.value == Summary::Count);
            let dtype = if counts { DataType::Int64 } else { DataType::Float64 };
            schema.insert(measure.name.value.as_str().into(), dtype);
        }
        let usual =
            self.levels.len() == ACTIONS.len() && self.levels.iter().all(|level| level.action.is_none());
        let rungs: Vec<Option<Rung>> = (self.levels.iter().enumerate())
            .map(|(at, level)| {
                let action = match &level.action {
                    Some(action) => Some(action.value.clone()),
                    None => usual.then(|| ACTIONS[at].to_owned()),
                };
                Some(Rung { name: level.name.value.clone(), action, conditions: rule(level, &schema, cx)? })
            })
            .collect();
        let rungs: Vec<Rung> = rungs.into_iter().collect::<Option<_>>()?;
        sound.then_some(rungs)
    }
}

/// The parts of a level's rule.
fn rule(level: &Level, schema: &Schema, cx: &mut Check<'_>) -> Option<Vec<(String, Expr)>> {
    let whole = cx.predicate_over(schema, &level.condition)?;
    let parts = conditions(level.condition.text());
    let understood: Option<Vec<(String, Expr)>> = parts
        .into_iter()
        .map(|part| {
            let typed = expression::compile(part, schema, cx.vars()).ok()?;
            Some((one_line(part), typed.expr))
        })
        .collect();
    Some(understood.unwrap_or_else(|| vec![(one_line(level.condition.text()), whole)]))
}

/// A text without line breaks.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the rows of a customer become one number.
fn summary_is_sound(measure: &Measure, cx: &mut Check<'_>) -> bool {
    let help = "say what is made of them: `aggregate: count`, `sum`, `mean`, `min`, `max` or `last`";
    match (&measure.date, &measure.aggregate) {
        (Some(date), None) => {
            let message = "has a measure of many rows that is not summed up";
            cx.invalid(
                date.span,
                Code::InvalidOption,
                message,
                "a customer can have several rows in a period",
                help,
            );
            false
        }
        (None, Some(aggregate)) if aggregate.value == Summary::Last => {
            let message = "asks for the last of rows without a date";
            cx.invalid(
                aggregate.span,
                Code::InvalidOption,
                message,
                "the last by which day?",
                "name the column with `date`",
            );
            false
        }
        _ => true,
    }
}

fn reach(measure: &Measure, cx: &mut Check<'_>) -> Option<Reach> {
    let Some(over) = &measure.over else { return Some(Reach::Further(0)) };
    if measure.date.is_none() {
        let message = "has a measure over periods without a date";
        let help = "name the column with `date`, or leave `over` out: the table then holds in every period";
        cx.invalid(over.span, Code::InvalidOption, message, "rows of which days?", help);
        return None;
    }
    match &over.value {
        Over::Period => Some(Reach::Further(0)),
        Over::ToDate => Some(Reach::Always),
        Over::Periods(periods) if (1..=1000).contains(&periods.value) => {
            Some(Reach::Further(periods.value as usize - 1))
        }
        Over::Periods(periods) => {
            let label = "wanted is a number from 1 to 1,000";
            cx.invalid(
                periods.span,
                Code::OutOfRange,
                "looks back a number of periods out of range",
                label,
                "",
            );
            None
        }
    }
}
