//! The marks as they are written in a pipeline file, and how the columns of their roles are looked
//! up: written ones by name, the others where the input has them under the usual name.

use polars::prelude::{DataType, Schema};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::diagnostic::Code;
use crate::document::{OneOrMany, Span, Spanned};
use crate::stages::{Check, Input, Template, type_name};

/// The kind of picture, and the columns that fill its roles.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Horizontal bars, one for each row.
    Bar(Bar),
    /// Net promoter bars: detractors, passives and promoters, the score and its interval.
    Nps(Nps),
    /// Lines over time, with the interval as a ribbon.
    Line(Line),
    /// A cross-tab in which each cell is shaded by its index.
    HeatMap(HeatMap),
    /// Points by volume and score, split at the medians of both.
    Quadrant(Quadrant),
    /// What moved a score between two waves: of each segment its answers (rate) and its size (mix).
    Change(Change),
    /// How often each answer from 0 to 10 was given.
    Distribution(Distribution),
}

/// Horizontal bars, one for each row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bar {
    /// What a bar stands for.
    pub label: OneOrMany<Spanned<String>>,
    /// The length of the bar.
    pub value: Spanned<String>,
    /// The lower end of the interval. Omitted: `conf_low`, where the value is `estimate`.
    #[serde(default)]
    pub low: Option<Spanned<String>>,
    /// The upper end of the interval. Omitted: `conf_high`, where the value is `estimate`.
    #[serde(default)]
    pub high: Option<Spanned<String>>,
    /// The number of answers behind the value. Omitted: `n`, where the input has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
    /// `*` and `**` for small bases. Omitted: `base_mark`, where the input has it, else told from `n`.
    #[serde(default)]
    pub base_mark: Option<Spanned<String>>,
}

/// Net promoter bars: detractors, passives and promoters, the score and its interval.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nps {
    /// Whom a bar stands for. A row without any of these is everyone and stays on top.
    #[serde(default)]
    pub label: OneOrMany<Spanned<String>>,
    /// A table with one row for everyone, drawn on top: the `total` of a `net_promoter` stage.
    #[serde(default)]
    pub total: Option<Input>,
    /// Share of promoters, 0–1. Omitted: `promoters_share`.
    #[serde(default)]
    pub promoters: Option<Spanned<String>>,
    /// Share of passives, 0–1. Omitted: `passives_share`.
    #[serde(default)]
    pub passives: Option<Spanned<String>>,
    /// Share of detractors, 0–1. Omitted: `detractors_share`.
    #[serde(default)]
    pub detractors: Option<Spanned<String>>,
    /// The score. Omitted: `estimate`.
    #[serde(default)]
    pub estimate: Option<Spanned<String>>,
    /// The lower end of its interval. Omitted: `conf_low`, where the input has it.
    #[serde(default)]
    pub low: Option<Spanned<String>>,
    /// The upper end of its interval. Omitted: `conf_high`, where the input has it.
    #[serde(default)]
    pub high: Option<Spanned<String>>,
    /// The number of answers. Omitted: `n`, where the input has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
    /// `*` and `**` for small bases. Omitted: `base_mark`, where the input has it, else told from `n`.
    #[serde(default)]
    pub base_mark: Option<Spanned<String>>,
    /// A column of `higher` and `lower`: scores that differ significantly are marked by signs.
    /// Omitted: `rest_mark` or `change_mark`, the first the input has that is filled.
    #[serde(default)]
    pub mark: Option<Spanned<String>>,
}

/// Lines over time, with the interval as a ribbon.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The moment: dates and numbers stand at their distance, texts (waves) in the order of the table.
    pub x: Spanned<String>,
    /// The value.
    pub y: Spanned<String>,
    /// One line for each value of these columns. Omitted: a single line.
    #[serde(default)]
    pub series: OneOrMany<Spanned<String>>,
    /// The lower end of the interval. Omitted: `conf_low`, where the value is `estimate`.
    #[serde(default)]
    pub low: Option<Spanned<String>>,
    /// The upper end of the interval. Omitted: `conf_high`, where the value is `estimate`.
    #[serde(default)]
    pub high: Option<Spanned<String>>,
    /// The number of answers behind a value. Omitted: `n`, where the input has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
    /// `*` and `**` for small bases. Omitted: `base_mark`, where the input has it, else told from `n`.
    #[serde(default)]
    pub base_mark: Option<Spanned<String>>,
    /// A column of `higher` and `lower`: values that changed significantly are marked by signs.
    /// Omitted: `change_mark`, where the value is `estimate` and the input has it.
    #[serde(default)]
    pub mark: Option<Spanned<String>>,
}

/// A cross-tab in which each cell is shaded by its index.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatMap {
    /// The question of a row. Omitted: `row_variable`, where the input has it.
    #[serde(default)]
    pub row_group: Option<Spanned<String>>,
    /// The row. Omitted: `row_value`.
    #[serde(default)]
    pub row: Option<Spanned<String>>,
    /// The question of a column. Omitted: `column_variable`, where the input has it.
    #[serde(default)]
    pub column_group: Option<Spanned<String>>,
    /// The column. Omitted: `column_value`.
    #[serde(default)]
    pub column: Option<Spanned<String>>,
    /// The number in the cell. Omitted: `column_share`.
    #[serde(default)]
    pub value: Option<Spanned<String>>,
    /// What shades the cell; 100 is the whole. Omitted: `index`.
    #[serde(default)]
    pub index: Option<Spanned<String>>,
    /// A column of true and false: cells of the whole. Omitted: `is_total`, where the input has it.
    #[serde(default)]
    pub total: Option<Spanned<String>>,
    /// The number of answers of the cell's column. Omitted: `base`, where the input has it.
    #[serde(default)]
    pub base: Option<Spanned<String>>,
    /// `*` and `**` for columns of small bases. Omitted: `base_mark`, where the input has it, else
    /// told from `base`.
    #[serde(default)]
    pub base_mark: Option<Spanned<String>>,
    /// What a row is: `answer`, `net`, or the name of a statistic, whose rows have no shade. Omitted:
    /// `row_kind`, where the input has it.
    #[serde(default)]
    pub kind: Option<Spanned<String>>,
    /// The net that an answer stands under, which indents its name. Omitted: `net`, where the input
    /// has it.
    #[serde(default)]
    pub net: Option<Spanned<String>>,
    /// The number in the cells of statistics. Omitted: `estimate`, where the input has it.
    #[serde(default)]
    pub estimate: Option<Spanned<String>>,
    /// The letter of a column. Omitted: `letter`, where the input has it.
    #[serde(default)]
    pub letter: Option<Spanned<String>>,
    /// The letters of the columns that the cell is significantly larger than. Omitted: `letters`, where
    /// the input has it.
    #[serde(default)]
    pub letters: Option<Spanned<String>>,
    /// A column of `higher` and `lower`: cells that differ significantly are marked by signs.
    /// Omitted: `vs_total`, `vs_rest` or `vs_previous`, the first the input has that is filled.
    #[serde(default)]
    pub mark: Option<Spanned<String>>,
    /// Why a cell is hidden; empty where it is not. Omitted: `suppressed`, where the input has it.
    #[serde(default)]
    pub suppressed: Option<Spanned<String>>,
}

/// Points by volume and score, split at the medians of both.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quadrant {
    /// Whom a point stands for.
    pub label: OneOrMany<Spanned<String>>,
    /// To the right: volume.
    pub x: Spanned<String>,
    /// Upwards: the score.
    pub y: Spanned<String>,
    /// A column of true and false: these points are named in any case.
    #[serde(default)]
    pub highlight: Option<Spanned<String>>,
    /// The number of answers behind the score. Omitted: `n`, where the input has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
    /// `*` and `**` for small bases. Omitted: `base_mark`, where the input has it, else told from `n`.
    #[serde(default)]
    pub base_mark: Option<Spanned<String>>,
    /// Words for the horizontal axis, with the unit. Omitted: the name of the column.
    #[serde(default)]
    pub x_title: Option<Template>,
    /// How distances to the right are to be read.
    #[serde(default)]
    pub x_scale: AxisScale,
    /// What the four fields are called.
    #[serde(default)]
    pub fields: Fields,
}

/// What moved a score between two waves: of each segment its answers (rate) and its size (mix). Made
/// for the side table `change` of a `net_promoter` stage.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The segment.
    pub label: OneOrMany<Spanned<String>>,
    /// A column of true and false: the row of everyone, drawn on top. Omitted: `is_total`, where the
    /// input has it, else a row without a label.
    #[serde(default)]
    pub total: Option<Spanned<String>>,
    /// The score before. Omitted: `score_before`.
    #[serde(default)]
    pub before: Option<Spanned<String>>,
    /// The score after. Omitted: `score_after`.
    #[serde(default)]
    pub after: Option<Spanned<String>>,
    /// Points that the size of the segment added to the change of everyone. Omitted: `mix`.
    #[serde(default)]
    pub mix: Option<Spanned<String>>,
    /// Points that its answers added. Omitted: `rate`.
    #[serde(default)]
    pub rate: Option<Spanned<String>>,
    /// Both together. Omitted: `change`, where the input has it.
    #[serde(default)]
    pub change: Option<Spanned<String>>,
    /// The segment's share of everyone before, 0–1. Omitted: `share_before`, where the input has it.
    #[serde(default)]
    pub share_before: Option<Spanned<String>>,
    /// The same after. Omitted: `share_after`, where the input has it.
    #[serde(default)]
    pub share_after: Option<Spanned<String>>,
    /// The number of answers before. Omitted: `n_before`, where the input has it.
    #[serde(default)]
    pub n_before: Option<Spanned<String>>,
    /// The number of answers after. Omitted: `n_after`, where the input has it.
    #[serde(default)]
    pub n_after: Option<Spanned<String>>,
    /// The earlier wave, in words. Omitted: before.
    #[serde(default)]
    pub from: Option<Template>,
    /// The later wave, in words. Omitted: after.
    #[serde(default)]
    pub to: Option<Template>,
}

/// How often each answer from 0 to 10 was given. Made for the side table `distribution` of a
/// `net_promoter` stage.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// One panel for each group. A row without any of these is of everyone. Omitted: a single panel.
    #[serde(default)]
    pub label: OneOrMany<Spanned<String>>,
    /// The answer. Omitted: `answer`.
    #[serde(default)]
    pub answer: Option<Spanned<String>>,
    /// The share of the group that gave it, 0–1. Omitted: `share`.
    #[serde(default)]
    pub share: Option<Spanned<String>>,
    /// How many gave it, from which the base of the group is added up. Omitted: `n`, where the input
    /// has it.
    #[serde(default)]
    pub n: Option<Spanned<String>>,
}

/// How distances on an axis are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AxisScale {
    /// Equal distances are equal amounts.
    #[default]
    Linear,
    /// Equal distances are equal factors: for volumes of very different size.
    Log,
}

/// What the four fields of a quadrant chart are called.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// Much of both. Omitted: `Leaders`.
    #[serde(default)]
    pub high_high: Option<Template>,
    /// Little volume, high score. Omitted: `Hidden gems`.
    #[serde(default)]
    pub low_high: Option<Template>,
    /// Much volume, low score. Omitted: `Repair first`.
    #[serde(default)]
    pub high_low: Option<Template>,
    /// Little of both. Omitted: `Watch`.
    #[serde(default)]
    pub low_low: Option<Template>,
}

/// The columns that a quadrant chart adds to its records.
pub(super) const X_MEDIAN: &str = "x_median";
pub(super) const Y_MEDIAN: &str = "y_median";

/// The column that a distribution adds: how many answers its group gave.
pub(super) const GROUP_BASE: &str = "group_n";

/// Looks up the columns of roles.
struct Roles<'r, 'c> {
    cx: &'r mut Check<'c>,
    from: &'r Input,
    schema: Schema,
}

impl Mark {
    /// The word in the file.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Mark::Bar(_) => "bar",
            Mark::Nps(_) => "nps",
            Mark::Line(_) => "line",
            Mark::HeatMap(_) => "heat_map",
            Mark::Quadrant(_) => "quadrant",
            Mark::Change(_) => "change",
            Mark::Distribution(_) => "distribution",
        }
    }

    /// A second table that is drawn with the first.
    pub(super) fn total(&self) -> Option<&Input> {
        match self {
            Mark::Nps(nps) => nps.total.as_ref(),
            _ => None,
        }
    }

    /// The column whose values are written beside the mark.
    pub(super) fn value(&self) -> Option<&str> {
        match self {
            Mark::Bar(bar) => Some(&bar.value.value),
            Mark::Line(line) => Some(&line.y.value),
            Mark::Quadrant(quadrant) => Some(&quadrant.y.value),
            Mark::Nps(_) | Mark::HeatMap(_) | Mark::Change(_) | Mark::Distribution(_) => None,
        }
    }

    /// The mark with all its columns found.
    pub(super) fn check(&self, from: &Input, cx: &mut Check<'_>) -> Option<chart::Mark> {
        let schema = cx.schema(from)?;
        let mut roles = Roles { cx, from, schema };
        match self {
            Mark::Bar(bar) => roles.bar(bar).map(chart::Mark::Bar),
            Mark::Nps(nps) => roles.nps(nps).map(chart::Mark::NetPromoter),
            Mark::Line(line) => roles.line(line).map(chart::Mark::Line),
            Mark::HeatMap(map) => roles.heat_map(map).map(chart::Mark::HeatMap),
            Mark::Quadrant(quadrant) => roles.quadrant(quadrant).map(chart::Mark::Quadrant),
            Mark::Change(change) => roles.change(change).map(chart::Mark::Change),
            Mark::Distribution(shares) => roles.distribution(shares).map(chart::Mark::Distribution),
        }
    }
}

impl Roles<'_, '_> {
    fn bar(&mut self, bar: &Bar) -> Option<chart::Bar> {
        let label = self.labels(&bar.label, true);
        let value = self.cx.numeric(self.from, &bar.value);
        let ends = self.interval(&bar.low, &bar.high, bar.value.value == "estimate");
        let base = self.base(&bar.n, "n", &bar.base_mark);
        let ((low, high), (n, base_mark)) = (ends?, base?);
        Some(chart::Bar { label: label?, value: value?.name, low, high, n, base_mark })
    }

    fn nps(&mut self, nps: &Nps) -> Option<chart::NetPromoter> {
        let label = self.labels(&nps.label, false);
        let promoters = self.usual(&nps.promoters, "promoters_share");
        let passives = self.usual(&nps.passives, "passives_share");
        let detractors = self.usual(&nps.detractors, "detractors_share");
        let estimate = self.usual(&nps.estimate, "estimate");
        let ends = self.interval(&nps.low, &nps.high, true);
        let base = self.base(&nps.n, "n", &nps.base_mark);
        let findings = self.findings(&nps.mark, &["rest_mark", "change_mark"]);
        let ((low, high), (n, base_mark)) = (ends?, base?);
        Some(chart::NetPromoter {
            label: label?,
            promoters: promoters?,
            passives: passives?,
            detractors: detractors?,
            estimate: estimate?,
            low,
            high,
            n,
            base_mark,
            findings: findings?,
        })
    }

    fn line(&mut self, line: &Line) -> Option<chart::Line> {
        let x = self.label(&line.x);
        let y = self.cx.numeric(self.from, &line.y);
        let series = self.labels(&line.series, false);
        let ends = self.interval(&line.low, &line.high, line.y.value == "estimate");
        let base = self.base(&line.n, "n", &line.base_mark);
        let usual: &[&str] = if line.y.value == "estimate" { &["change_mark"] } else { &[] };
        let findings = self.findings(&line.mark, usual);
        let ((low, high), (n, base_mark)) = (ends?, base?);
        let (x, y, series, findings) = (x?, y?.name, series?, findings?);
        Some(chart::Line { x, y, series, low, high, n, base_mark, findings })
    }

    fn heat_map(&mut self, map: &HeatMap) -> Option<chart::HeatMap> {
        let row_group = self.usual_label(&map.row_group, "row_variable");
        let row = self.label(&self.named(&map.row, "row_value"));
        let column_group = self.usual_label(&map.column_group, "column_variable");
        let column = self.label(&self.named(&map.column, "column_value"));
        let value = self.usual(&map.value, "column_share");
        let index = self.usual(&map.index, "index");
        let total = self.flag(&map.total, Some("is_total"));
        let base = self.base(&map.base, "base", &map.base_mark);
        let kind = self.optional_text(&map.kind, "row_kind");
        let net = self.optional_text(&map.net, "net");
        let estimate = self.optional(&map.estimate, Some("estimate"));
        let letter = self.optional_text(&map.letter, "letter");
        let letters = self.optional_text(&map.letters, "letters");
        let findings = self.findings(&map.mark, &["vs_total", "vs_rest", "vs_previous"]);
        let suppressed = self.optional_text(&map.suppressed, "suppressed");
        let (base, base_mark) = base?;
        Some(chart::HeatMap {
            row_group: row_group?,
            row: row?,
            column_group: column_group?,
            column: column?,
            value: value?,
            index: index?,
            total: total?,
            base,
            base_mark,
            kind: kind?,
            net: net?,
            estimate: estimate?,
            letter: letter?,
            letters: letters?,
            findings: findings?,
            suppressed: suppressed?,
            titles: std::collections::BTreeMap::new(),
        })
    }

    fn change(&mut self, change: &Change) -> Option<chart::Change> {
        let label = self.labels(&change.label, true);
        let total = self.flag(&change.total, Some("is_total"));
        let before = self.usual(&change.before, "score_before");
        let after = self.usual(&change.after, "score_after");
        let mix = self.usual(&change.mix, "mix");
        let rate = self.usual(&change.rate, "rate");
        let both = self.optional(&change.change, Some("change"));
        let share_before = self.optional(&change.share_before, Some("share_before"));
        let share_after = self.optional(&change.share_after, Some("share_after"));
        let n_before = self.optional(&change.n_before, Some("n_before"));
        let n_after = self.optional(&change.n_after, Some("n_after"));
        let (from, to) = (self.words(&change.from), self.words(&change.to));
        Some(chart::Change {
            label: label?,
            total: total?,
            before: before?,
            after: after?,
            mix: mix?,
            rate: rate?,
            change: both?,
            share_before: share_before?,
            share_after: share_after?,
            n_before: n_before?,
            n_after: n_after?,
            waves: (from?.unwrap_or_else(|| "before".into()), to?.unwrap_or_else(|| "after".into())),
        })
    }

    fn distribution(&mut self, shares: &Distribution) -> Option<chart::Distribution> {
        let label = self.labels(&shares.label, false);
        let answer = self.usual(&shares.answer, "answer");
        let share = self.usual(&shares.share, "share");
        let n = self.optional(&shares.n, Some("n"));
        if self.schema.contains(GROUP_BASE) {
            let message = format!("a distribution makes a column `{GROUP_BASE}`, which is there already");
            let help = "choose other columns in a stage before this one";
            self.cx.invalid(self.from.span(), Code::InvalidOption, &message, "this input has it", help);
            return None;
        }
        let n = n?;
        Some(chart::Distribution {
            label: label?,
            answer: answer?,
            share: share?,
            base: n.is_some().then(|| GROUP_BASE.to_owned()),
            n,
        })
    }

    fn quadrant(&mut self, quadrant: &Quadrant) -> Option<chart::Quadrant> {
        let label = self.labels(&quadrant.label, true);
        let x = self.cx.numeric(self.from, &quadrant.x);
        let y = self.cx.numeric(self.from, &quadrant.y);
        let highlight = self.flag(&quadrant.highlight, None);
        let base = self.base(&quadrant.n, "n", &quadrant.base_mark);
        let x_title = self.words(&quadrant.x_title);
        let usual = chart::FieldNames::default();
        let fields = &quadrant.fields;
        let high_high = self.words(&fields.high_high);
        let low_high = self.words(&fields.low_high);
        let high_low = self.words(&fields.high_low);
        let low_low = self.words(&fields.low_low);
        let mut fine = Some(());
        for median in [X_MEDIAN, Y_MEDIAN] {
            if self.schema.contains(median) {
                let made = (quadrant.x.span, "a quadrant chart makes a column of that name");
                self.cx.duplicate_column(median, self.from.span(), Some(made));
                fine = None;
            }
        }
        fine?;
        let (n, base_mark) = base?;
        Some(chart::Quadrant {
            label: label?,
            x: x?.name,
            y: y?.name,
            highlight: highlight?,
            n,
            base_mark,
            x_median: X_MEDIAN.into(),
            y_median: Y_MEDIAN.into(),
            x_title: x_title?,
            log_x: quadrant.x_scale == AxisScale::Log,
            names: chart::FieldNames {
                high_high: high_high?.unwrap_or(usual.high_high),
                low_high: low_high?.unwrap_or(usual.low_high),
                high_low: high_low?.unwrap_or(usual.high_low),
                low_low: low_low?.unwrap_or(usual.low_low),
            },
        })
    }

    /// The name as written, or the usual one at the place of the input.
    fn named(&self, written: &Option<Spanned<String>>, usual: &str) -> Spanned<String> {
        written.clone().unwrap_or_else(|| Spanned::new(usual.to_owned(), self.from.span()))
    }

    /// A column of numbers that must be there under its usual name where none is written.
    fn usual(&mut self, written: &Option<Spanned<String>>, usual: &str) -> Option<String> {
        let name = self.named(written, usual);
        Some(self.cx.numeric(self.from, &name)?.name)
    }

    /// A column of labels that is left out where neither it is written nor the usual one exists.
    fn usual_label(&mut self, written: &Option<Spanned<String>>, usual: &str) -> Option<Option<String>> {
        if written.is_none() && !self.schema.contains(usual) {
            return Some(None);
        }
        self.label(&self.named(written, usual)).map(Some)
    }

    /// A column of numbers that may be missing, taken under its usual name where that is one.
    fn optional(&mut self, written: &Option<Spanned<String>>, usual: Option<&str>) -> Option<Option<String>> {
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
    fn flag(&mut self, written: &Option<Spanned<String>>, usual: Option<&str>) -> Option<Option<String>> {
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
    fn optional_text(&mut self, written: &Option<Spanned<String>>, usual: &str) -> Option<Option<String>> {
        match written {
            Some(name) => self.cx.text(self.from, name).map(|column| Some(column.name)),
            None => {
                let fits = self.schema.get(usual) == Some(&DataType::String);
                Some(fits.then(|| usual.to_owned()))
            }
        }
    }

    /// Columns of what tests found: the one that is written, or those of the usual ones that are there.
    fn findings(&mut self, written: &Option<Spanned<String>>, usual: &[&str]) -> Option<Vec<String>> {
        if let Some(name) = written {
            return Some(vec![self.cx.text(self.from, name)?.name]);
        }
        let fits = |name: &&&str| self.schema.get(name) == Some(&DataType::String);
        Some(usual.iter().filter(fits).map(|name| (*name).to_owned()).collect())
    }

    /// Both ends of an interval or none.
    fn interval(
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
    fn base(
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
    fn labels(&mut self, names: &OneOrMany<Spanned<String>>, needed: bool) -> Option<Vec<String>> {
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

    fn label(&mut self, name: &Spanned<String>) -> Option<String> {
        let column = self.cx.column(self.from, name)?;
        self.readable(&column.dtype, &column.name, name.span)?;
        Some(column.name)
    }

    /// Refuses values that cannot be written as a label.
    fn readable(&mut self, dtype: &DataType, name: &str, span: Span) -> Option<()> {
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

    fn words(&mut self, words: &Option<Template>) -> Option<Option<String>> {
        match words {
            None => Some(None),
            Some(words) => self.cx.fill(words).map(Some),
        }
    }
}
