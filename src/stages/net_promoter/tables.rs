//! The tables that the stage makes: their columns, and how they are filled from what is known of the
//! groups. Computes nothing.

use polars::prelude::{
    Column as Filled, DataFrame, DataType, Field, IntoColumn, NamedFrom, PolarsResult, Schema, SchemaExt,
    Series,
};

use super::compare::{Change, Compared, Parted, Rest};
use super::estimate::{Group, Scored};
use super::{Checked, schema};
use crate::engine::tabulate::{Levels, NULL};
use crate::stats::net_promoter::goodman;
use crate::stats::weights::base_mark;

/// The columns of the score, after those of the groups.
pub(super) fn figures() -> Schema {
    schema([
        ("n", DataType::Int64),
        ("n_weighted", DataType::Float64),
        ("n_effective", DataType::Float64),
        ("promoters", DataType::Int64),
        ("passives", DataType::Int64),
        ("detractors", DataType::Int64),
        ("promoters_share", DataType::Float64),
        ("passives_share", DataType::Float64),
        ("detractors_share", DataType::Float64),
        ("estimate", DataType::Float64),
        ("std_error", DataType::Float64),
        ("conf_low", DataType::Float64),
        ("conf_high", DataType::Float64),
        ("base_mark", DataType::String),
        ("n_missing", DataType::Int64),
        ("n_invalid", DataType::Int64),
        ("n_unusable_weight", DataType::Int64),
        ("promoters_low", DataType::Float64),
        ("promoters_high", DataType::Float64),
        ("passives_low", DataType::Float64),
        ("passives_high", DataType::Float64),
        ("detractors_low", DataType::Float64),
        ("detractors_high", DataType::Float64),
        ("variance", DataType::String),
    ])
}

/// The columns of the side table `distribution`, after those of the groups.
pub(super) fn distribution() -> Schema {
    schema([
        ("answer", DataType::Int64),
        ("n", DataType::Int64),
        ("n_weighted", DataType::Float64),
        ("share", DataType::Float64),
    ])
}

/// The columns of the side table `change` after those of the groups, with the segment.
pub(super) fn change(segment: Field) -> Schema {
    let compared = Field::new("compared_with".into(), DataType::String);
    [compared, segment].into_iter().chain(change_figures().iter_fields().skip(1)).collect()
}

/// The columns of the side table `change` that the stage names.
pub(super) fn change_figures() -> Schema {
    schema([
        ("compared_with", DataType::String),
        ("is_total", DataType::Boolean),
        ("n_before", DataType::Int64),
        ("n_after", DataType::Int64),
        ("share_before", DataType::Float64),
        ("share_after", DataType::Float64),
        ("score_before", DataType::Float64),
        ("score_after", DataType::Float64),
        ("mix", DataType::Float64),
        ("rate", DataType::Float64),
        ("change", DataType::Float64),
    ])
}

/// The columns of comparisons, as far as they are asked for: with other waves, by people, with the
/// rest.
pub(super) fn comparisons(waves: bool, people: bool, rest: bool) -> Schema {
    let mut columns = Schema::default();
    if waves {
        columns.extend(
            schema([
                ("compared_with", DataType::String),
                ("change", DataType::Float64),
                ("change_std_error", DataType::Float64),
                ("change_low", DataType::Float64),
                ("change_high", DataType::Float64),
                ("change_statistic", DataType::Float64),
                ("change_df", DataType::Float64),
                ("change_p_value", DataType::Float64),
            ])
            .iter_fields(),
        );
        if people {
            columns.extend(schema([("n_pairs", DataType::Int64)]).iter_fields());
        }
        columns.extend(schema([("change_mark", DataType::String)]).iter_fields());
    }
    if rest {
        columns.extend(
            schema([
                ("rest_estimate", DataType::Float64),
                ("rest_n", DataType::Int64),
                ("rest_difference", DataType::Float64),
                ("rest_std_error", DataType::Float64),
                ("rest_low", DataType::Float64),
                ("rest_high", DataType::Float64),
                ("rest_p_value", DataType::Float64),
                ("rest_mark", DataType::String),
            ])
            .iter_fields(),
        );
    }
    columns
}

macro_rules! column {
    ($rows:expr, $name:literal, $value:expr) => {
        Series::new($name.into(), $rows.iter().map($value).collect::<Vec<_>>()).into_column()
    };
}

/// The columns of the groups at these places, a line each.
pub(super) fn keys<'a>(
    checked: &Checked,
    levels: &[Levels],
    places: impl Iterator<Item = &'a [u32]> + Clone,
) -> PolarsResult<Vec<Filled>> {
    let column = |(at, column): (usize, &super::Column)| {
        let values = levels[at].at(places.clone().map(|places| places.get(at).copied().unwrap_or(NULL)))?;
        Ok(values.with_name(column.name.as_str().into()).into_column())
    };
    checked.group_columns().enumerate().map(column).collect()
}

/// The columns of [`figures`].
pub(super) fn scores(checked: &Checked, groups: &[Scored<'_>]) -> Vec<Filled> {
    let share = |scored: &Scored<'_>, at: usize| scored.group.classes.shares().map(|shares| shares[at]);
    let interval = |scored: &Scored<'_>| scored.score?.interval(checked.method, checked.confidence);
    let shares = |scored: &Scored<'_>, at: usize| {
        goodman(share(scored, at)?, scored.score?.base, 3, checked.confidence)
    };
    let variance = checked.variance.word();
    vec![
        column!(groups, "n", |scored| scored.group.base().n as i64),
        column!(groups, "n_weighted", |scored| scored.group.base().weighted),
        column!(groups, "n_effective", |scored| scored.group.base().effective()),
        column!(groups, "promoters", |scored| scored.group.classes.promoters.n as i64),
        column!(groups, "passives", |scored| scored.group.classes.passives.n as i64),
        column!(groups, "detractors", |scored| scored.group.classes.detractors.n as i64),
        column!(groups, "promoters_share", |scored| share(scored, 0)),
        column!(groups, "passives_share", |scored| share(scored, 1)),
        column!(groups, "detractors_share", |scored| share(scored, 2)),
        column!(groups, "estimate", |scored| scored.score.map(|score| score.estimate)),
        column!(groups, "std_error", |scored| scored.score.and_then(|score| score.std_error)),
        column!(groups, "conf_low", |scored| interval(scored).map(|(low, _)| low)),
        column!(groups, "conf_high", |scored| interval(scored).map(|(_, high)| high)),
        column!(groups, "base_mark", |scored| base_mark(
            scored.group.base().n,
            checked.min_base,
            checked.small_base
        )),
        column!(groups, "n_missing", |scored| scored.group.missing as i64),
        column!(groups, "n_invalid", |scored| scored.group.invalid as i64),
        column!(groups, "n_unusable_weight", |scored| scored.group.unusable as i64),
        column!(groups, "promoters_low", |scored| shares(scored, 0).map(|(low, _)| low)),
        column!(groups, "promoters_high", |scored| shares(scored, 0).map(|(_, high)| high)),
        column!(groups, "passives_low", |scored| shares(scored, 1).map(|(low, _)| low)),
        column!(groups, "passives_high", |scored| shares(scored, 1).map(|(_, high)| high)),
        column!(groups, "detractors_low", |scored| shares(scored, 2).map(|(low, _)| low)),
        column!(groups, "detractors_high", |scored| shares(scored, 2).map(|(_, high)| high)),
        column!(groups, "variance", |_| variance),
    ]
}

/// The columns of comparisons with another wave.
pub(super) fn changes(checked: &Checked, changes: &[Option<Change>]) -> Vec<Filled> {
    let told = |change: &Option<Change>| change.as_ref().and_then(|change| change.compared.difference);
    let mut columns = vec![
        column!(changes, "compared_with", |change| change.as_ref().map(|change| change.with.clone())),
        column!(changes, "change", |change| Some(told(change)?.estimate)),
        column!(changes, "change_std_error", |change| told(change)?.std_error),
        column!(changes, "change_low", |change| told(change)?.low),
        column!(changes, "change_high", |change| told(change)?.high),
        column!(changes, "change_statistic", |change| told(change)?.statistic),
        column!(changes, "change_df", |change| told(change)?.df),
        column!(changes, "change_p_value", |change| told(change)?.p_value),
    ];
    if checked.respondent().is_some() {
        let pairs = |change: &Option<Change>| change.as_ref().and_then(|change| change.pairs);
        columns.push(column!(changes, "n_pairs", |change| pairs(change).map(|n| n as i64)));
    }
    let mark = |change: &Option<Change>| change.as_ref().and_then(|change| change.compared.mark(checked));
    columns.push(column!(changes, "change_mark", mark));
    columns
}

/// The columns of comparisons with the rest.
pub(super) fn rests(checked: &Checked, rests: &[Rest]) -> Vec<Filled> {
    let told = |rest: &Rest| rest.compared.difference;
    vec![
        column!(rests, "rest_estimate", |rest| rest.estimate),
        column!(rests, "rest_n", |rest| rest.n as i64),
        column!(rests, "rest_difference", |rest| Some(told(rest)?.estimate)),
        column!(rests, "rest_std_error", |rest| told(rest)?.std_error),
        column!(rests, "rest_low", |rest| told(rest)?.low),
        column!(rests, "rest_high", |rest| told(rest)?.high),
        column!(rests, "rest_p_value", |rest| told(rest)?.p_value),
        column!(rests, "rest_mark", |rest| rest.compared.mark(checked)),
    ]
}

impl Compared {
    /// Whether the difference is one at the level of the stage, and which way. None: not tested, for
    /// its base or for want of an error.
    fn mark(&self, checked: &Checked) -> Option<&'static str> {
        if self.smaller_base < checked.min_base {
            return None;
        }
        let told = self.difference?;
        let (p_value, statistic) = (told.p_value?, told.statistic?);
        Some(match (p_value < 1.0 - checked.confidence, statistic > 0.0) {
            (false, _) => "same",
            (true, true) => "higher",
            (true, false) => "lower",
        })
    }
}

/// The side table `distribution`: eleven lines a group.
pub(super) fn distributions(
    checked: &Checked,
    levels: &[Levels],
    groups: &[Group],
) -> PolarsResult<DataFrame> {
    let lines: Vec<(&Group, usize)> =
        groups.iter().flat_map(|group| (0..=10).map(move |answer| (group, answer))).collect();
    let mut columns = keys(checked, levels, lines.iter().map(|(group, _)| group.places.as_slice()))?;
    let share = |(group, answer): &(&Group, usize)| {
        let whole = group.base().weighted;
        (whole > 0.0).then(|| group.answers[*answer].weighted / whole)
    };
    columns.extend([
        column!(lines, "answer", |(_, answer)| *answer as i64),
        column!(lines, "n", |(group, answer)| group.answers[*answer].n as i64),
        column!(lines, "n_weighted", |(group, answer)| group.answers[*answer].weighted),
        column!(lines, "share", share),
    ]);
    DataFrame::new(lines.len(), columns)
}

/// The side table `change`: a line for each segment, then one for the whole.
pub(super) fn parts(
    checked: &Checked,
    levels: &[Levels],
    segments: &Levels,
    lines: &[Parted<'_>],
) -> PolarsResult<DataFrame> {
    let mut columns = keys(checked, levels, lines.iter().map(|line| line.places))?;
    columns.push(column!(lines, "compared_with", |line| line.with));
    let name = checked.change_by.as_ref().map_or("", |column| column.name.as_str());
    let segment = segments.at(lines.iter().map(|line| line.segment.unwrap_or(NULL)))?;
    columns.push(segment.with_name(name.into()).into_column());
    columns.extend([
        column!(lines, "is_total", |line| line.segment.is_none()),
        column!(lines, "n_before", |line| line.n.0 as i64),
        column!(lines, "n_after", |line| line.n.1 as i64),
        column!(lines, "share_before", |line| line.part.share_before),
        column!(lines, "share_after", |line| line.part.share_after),
        column!(lines, "score_before", |line| line.part.score_before),
        column!(lines, "score_after", |line| line.part.score_after),
        column!(lines, "mix", |line| line.moved.mix),
        column!(lines, "rate", |line| line.moved.rate),
        column!(lines, "change", |line| line.moved.mix + line.moved.rate),
    ]);
    DataFrame::new(lines.len(), columns)
}
