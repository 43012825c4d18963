//! Whether the options fit the answers and each other.

use polars::prelude::{DataType, Expr, NamedFrom, SchemaExt, Series, lit};

use super::{Against, Baseline, Checked, Column, Interval, Named, NetPromoter, Variance, Wave, tables};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::{Span, Spanned};
use crate::engine::tabulate::has_categories;
use crate::stages::sample::SampleDesign;
use crate::stages::{Check, bases};
use crate::stats::net_promoter::Method;

/// A value that is not asked for, a value that is fine, or nothing where it is not.
type Checking<T> = Option<Option<T>>;

pub(super) fn check(options: NetPromoter, cx: &mut Check<'_>) -> Option<Checked> {
    let score = cx.numeric(&options.from, &options.score);
    let by = cx.columns(&options.from, &options.by);
    let wave = options.checked_wave(cx);
    let change_by = options.category(&options.change_by, cx);
    let weight = cx.optional_numeric(&options.from, &options.weight);
    let filter = options.filter.as_ref().map(|filter| cx.predicate(&options.from, filter));
    let design = options.checked_design(cx);
    let confidence = cx.between(&options.confidence, 0.5, 0.9999, "a confidence");
    let groups = options.groups(by.as_deref().unwrap_or_default(), cx);
    let together = options.go_together(cx);
    let ordered = bases::ordered(&options.min_base, &options.small_base, cx);
    groups.and(together).and(ordered)?;
    Some(Checked {
        score: score?.name,
        by: by?,
        wave: wave?,
        change_by: change_by?,
        against_rest: options.compare.is_some(),
        weight: weight?.map(|weight| weight.name),
        filter: match filter {
            None => None,
            Some(filter) => Some(filter?),
        },
        variance: options.variance_or_usual(),
        design: design?,
        confidence: confidence?,
        method: match options.interval {
            Interval::AdjustedWald => Method::AdjustedWald,
            Interval::Wald => Method::Wald,
            Interval::Score => Method::Score,
        },
        min_base: options.min_base.value,
        small_base: options.small_base.value,
    })
}

impl NetPromoter {
    /// Frequencies as long as nothing says otherwise; with weights or a design their linearisation.
    fn variance_or_usual(&self) -> Variance {
        let designed = self.strata.is_some() || self.cluster.is_some() || self.population.is_some();
        match &self.variance {
            Some(variance) => variance.value,
            None if self.weight.is_some() || designed => Variance::Taylor,
            None => Variance::Frequency,
        }
    }

    /// A column whose values make groups.
    fn category(&self, name: &Option<Spanned<String>>, cx: &mut Check<'_>) -> Checking<Column> {
        let Some(name) = name else { return Some(None) };
        bases::category(&self.from, name, cx).map(Some)
    }

    fn checked_wave(&self, cx: &mut Check<'_>) -> Checking<Wave> {
        let respondent = self.category(&self.respondent, cx);
        let Some(name) = &self.wave else { return Some(None) };
        let hint = "waves are text, whole numbers or dates that sort in order of time";
        let column = cx.typed(&self.from, name, "text, whole numbers or dates", hint, |dtype| {
            dtype.is_integer() && has_categories(dtype)
                || matches!(
                    dtype,
                    DataType::String | DataType::Categorical(..) | DataType::Enum(..) | DataType::Date
                )
        })?;
        let against = match self.against.as_ref().map(|against| &against.value) {
            None | Some(Against::Previous) => Baseline::Previous,
            Some(Against::First) => Baseline::First,
            Some(Against::Wave(text)) => {
                Baseline::Named(Named { text: text.clone(), value: named_wave(text, &column.dtype, cx)? })
            }
        };
        respondent?;
        Some(Some(Wave { column, against, respondent: self.respondent.clone() }))
    }

    fn checked_design(&self, cx: &mut Check<'_>) -> Checking<SampleDesign> {
        let names = [&self.strata, &self.cluster, &self.population];
        let is_written = names.iter().any(|name| name.is_some());
        let design = SampleDesign::check(&self.from, names, &self.lonely_psu, Span::default(), cx)?;
        Some(is_written.then_some(design))
    }

    /// Group columns have categories, are called like no column that the stage makes, and the wave is
    /// not one of them.
    fn groups(&self, by: &[Column], cx: &mut Check<'_>) -> Option<()> {
        let mut fine = Some(());
        for (column, written) in by.iter().zip(self.by.iter()) {
            fine = bases::categorical(column, written.span, cx).and(fine);
        }
        let mut figures = tables::figures();
        let people = self.wave.is_some() && self.respondent.is_some();
        figures
            .extend(tables::comparisons(self.wave.is_some(), people, self.compare.is_some()).iter_fields());
        figures.extend(tables::distribution().iter_fields());
        if self.change_by.is_some() {
            figures.extend(tables::change_figures().iter_fields());
        }
        for written in self.by.iter().chain(&self.wave).chain(&self.change_by) {
            if figures.contains(&written.value) {
                let figure = (self.score.span, "the score makes a column of that name");
                cx.duplicate_column(&written.value, written.span, Some(figure));
                fine = None;
            }
        }
        if let Some(wave) = &self.wave
            && let Some(written) = self.by.iter().find(|written| written.value == wave.value)
        {
            let message = format!("stage `{}` groups by the wave twice", cx.stage());
            cx.report(
                Diagnostic::error(Code::DuplicateColumn, message)
                    .primary(written.span, format!("`{}` is the wave", written.value))
                    .context(wave.span, "groups are reported wave by wave already")
                    .help("take it out of `by`"),
            );
            fine = None;
        }
        if let Some(segment) = &self.change_by {
            let taken = self.by.iter().chain(&self.wave).find(|written| written.value == segment.value);
            if let Some(written) = taken {
                let message = format!("stage `{}` splits the change by a column of its groups", cx.stage());
                cx.report(
                    Diagnostic::error(Code::DuplicateColumn, message)
                        .primary(segment.span, "within a group it has one value")
                        .context(written.span, "makes the groups")
                        .help("split the change of larger groups, or by another column"),
                );
                fine = None;
            }
        }
        fine
    }

    /// Options that mean nothing without others, or beside them.
    fn go_together(&self, cx: &mut Check<'_>) -> Option<()> {
        let mut fine = Some(());
        let mut refuse = |span: Span, message: &str, label: &str, help: &str| {
            cx.invalid(span, Code::InvalidOption, message, label, help);
            fine = None;
        };
        if self.wave.is_none() {
            let waves = [
                ("against", self.against.as_ref().map(|option| option.span)),
                ("respondent", self.respondent.as_ref().map(|option| option.span)),
                ("change_by", self.change_by.as_ref().map(|option| option.span)),
            ];
            for (name, span) in waves {
                if let Some(span) = span {
                    let message = format!("has `{name}` without `wave`");
                    refuse(span, &message, "compares waves", "name the column with the wave: `wave: …`");
                }
            }
        }
        if let Some(compare) = &self.compare
            && self.by.is_empty()
        {
            let help = "name the groups with `by`; waves are compared with `against`";
            refuse(compare.span, "compares groups without having any", "there is no rest", help);
        }
        let design = [
            ("strata", self.strata.as_ref().map(|option| option.span)),
            ("cluster", self.cluster.as_ref().map(|option| option.span)),
            ("population", self.population.as_ref().map(|option| option.span)),
        ];
        if let Some(variance) = self.variance.as_ref().filter(|variance| variance.value != Variance::Taylor) {
            for (name, span) in design {
                if let Some(span) = span {
                    let message = format!("has `{name}`, which its `variance` takes no account of");
                    let label = format!("`variance` is `{}`", variance.value.word());
                    refuse(span, &message, &label, "write `variance: taylor`, or leave the design out");
                }
            }
        }
        if let Some(lonely) = &self.lonely_psu
            && self.strata.is_none()
            && self.cluster.is_none()
        {
            let help = "it is for strata and clusters: name their columns";
            refuse(lonely.span, "has `lonely_psu` without a design", "no unit can be lonely", help);
        }
        fine
    }
}

/// The value of a named wave in the type of its column.
fn named_wave(text: &Spanned<String>, dtype: &DataType, cx: &mut Check<'_>) -> Option<Expr> {
    let refused = |cx: &mut Check<'_>, wanted: &str| {
        let label = format!("the waves are {wanted}");
        cx.invalid(text.span, Code::InvalidOption, "names a wave that cannot be", &label, "");
    };
    match dtype {
        DataType::Date => {
            let written = Series::new("".into(), [text.as_str()]);
            match written.cast(&DataType::Date).ok()?.date().ok()?.physical().get(0) {
                Some(days) => Some(lit(days).cast(DataType::Date)),
                None => {
                    refused(cx, "dates, such as `2025-01-31`");
                    None
                }
            }
        }
        dtype if dtype.is_integer() => match text.parse::<i64>() {
            Ok(number) => Some(lit(number)),
            Err(_) => {
                refused(cx, "whole numbers");
                None
            }
        },
        _ => Some(lit(text.value.clone())),
    }
}
