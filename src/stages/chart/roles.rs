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
            Mark::Nps(_) | Mark::HeatMap(_) => None,
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
        })
    }

    fn line(&mut self, line: &Line) -> Option<chart::Line> {
        let x = self.label(&line.x);
        let y = self.cx.numeric(self.from, &line.y);
        let series = self.labels(&line.series, false);
        let ends = self.interval(&line.low, &line.high, line.y.value == "estimate");
        let base = self.base(&line.n, "n", &line.base_mark);
        let ((low, high), (n, base_mark)) = (ends?, base?);
        Some(chart::Line { x: x?, y: y?.name, series: series?, low, high, n, base_mark })
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
        let mark = match mark {
            Some(name) => self.cx.text(self.from, name).map(|column| Some(column.name)),
            None => {
                let fits = self.schema.get("base_mark") == Some(&DataType::String);
                Some(fits.then(|| "base_mark".to_owned()))
            }
        };
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
