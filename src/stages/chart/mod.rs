#![doc = include_str!("page.md")]

mod marks;
mod partners;
mod roles;

use std::collections::BTreeMap;

use polars::prelude::{
    DataFrame, DataType, Expr, LazyFrame, NULL, PolarsResult, Schema, UnionArgs, col, concat, lit,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::chart;
use crate::crossing;
use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError};
use crate::document::{OneOrMany, Span, Spanned};
use crate::report::{Records, test_notes};
use crate::run::file_name;
use crate::stages::{
    Check, Context, Estimates, Expression, File, Input, Known, Lowered, Promise, Ready, Reduced, Spec, Stage,
    Table, Template,
};

pub use marks::{
    AxisScale, Bar, Change, Distribution, Fields, HeatMap, Holdout, Lifecycle, Line, Mark, Nps, Profile,
    Quadrant,
};
use marks::{GROUP_BASE, X_MEDIAN, Y_MEDIAN};
pub use partners::{AttributeLook, Contrast, IndicatorLook, Ranks, Scorecard};

/// Draws a table as a picture.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// The table to draw.
    pub from: Input,
    /// The kind of picture, and the columns that fill its roles.
    pub mark: Mark,
    /// Draw only the rows for which this is true.
    #[serde(default, rename = "where")]
    pub filter: Option<Expression>,
    /// What the picture says, in a few words.
    #[serde(default)]
    pub title: Option<Template>,
    /// Measure, unit, period, who was asked.
    #[serde(default)]
    pub subtitle: Option<Template>,
    /// Footnotes: the base, the source.
    #[serde(default)]
    pub note: OneOrMany<Template>,
    /// What a reader who cannot see the picture should know. Omitted: written from the data.
    #[serde(default)]
    pub alt: Option<Template>,
    /// What the values are, with the unit, for axes, the text alternative and the data. Omitted: the
    /// name of the column.
    #[serde(default)]
    pub measure: Option<Template>,
    /// How values are written. Omitted: shares of a cross-tab as per cent, net promoter scores with
    /// their sign, others with as many decimals as their size calls for.
    #[serde(default)]
    pub number: Option<Spanned<chart::Number>>,
    /// The order of bars. Omitted: the highest value first.
    #[serde(default)]
    pub sort: Option<Spanned<chart::Sort>>,
    /// Draw at most so many bars or rows; the others stay in the data of the chart, and a footnote
    /// says so. Omitted: all, of `scorecard` and `ranks` 100 (of each peer group).
    #[serde(default)]
    pub limit: Option<Spanned<u32>>,
    /// The ends of the value axis. Omitted: from the data; of a line chart, from all the rows, so that
    /// the pictures of several regions can be compared.
    #[serde(default)]
    pub range: Option<Range>,
}

/// The ends of a value axis.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The lower end.
    pub low: Spanned<f64>,
    /// The upper end.
    pub high: Spanned<f64>,
}

/// What a cross-tab tells of each of its tables, as far as a picture says it.
const TOLD: [&str; 5] = ["row_variable", "column_variable", "test_note", "title", "column_title"];

/// More records than this are no picture.
const MOST: u32 = 10_000;

impl Stage for Chart {
    const SPEC: Spec = Spec {
        kind: "chart",
        summary: "A table as a picture (SVG and PNG) with its text alternative and its data.",
        page: include_str!("page.md"),
    };
    type Ready = Checked;

    fn inputs(&self) -> Vec<&Input> {
        std::iter::once(&self.from).chain(self.mark.total()).collect()
    }

    fn beside(&self, known: &BTreeMap<String, Known>) -> Vec<Input> {
        // How the figures of a cross-tab were tested is told beside it.
        let crossed = known.get(self.from.text()).is_some_and(|known| known.kind == "cross_tab");
        let side = Input::from(Spanned::new(format!("{}.tables", self.from.text()), self.from.span()));
        let told = crossed && matches!(self.mark, Mark::HeatMap(_)) && known.contains_key(side.text());
        let parts = partners::beside(&self.mark, &self.from).into_iter();
        told.then_some(side).into_iter().chain(parts.filter(|side| known.contains_key(side.text()))).collect()
    }

    fn check(self, cx: &mut Check<'_>) -> Option<Checked> {
        let mark = self.mark.check(&self.from, cx);
        let filter = self.filter.as_ref().map(|filter| cx.predicate(&self.from, filter));
        let title = filled(&self.title, cx);
        let subtitle = filled(&self.subtitle, cx);
        let notes: Vec<Option<String>> = self.note.iter().map(|note| cx.fill(note)).collect();
        let alt = filled(&self.alt, cx);
        let measure = filled(&self.measure, cx);
        let spoken = self.spoken(alt.as_ref(), cx);
        let options = self.misplaced(cx);
        let range = self.range(cx);
        let total = self.mark.total().map(|total| Some((total.clone(), cx.schema(total)?)));
        let schema = cx.schema(&self.from);
        let card = partners::Card::of(&self.mark, &self.from, cx);
        let tested = matches!(self.mark, Mark::HeatMap(_)) && !self.beside(cx.known()).is_empty();

        let is_score = cx.kind(&self.from) == Some("net_promoter") && self.mark.value() == Some("estimate");
        let usual_limit = self.mark.usual_limit();
        options.and(spoken)?;
        let spec = chart::Spec {
            title: title?,
            subtitle: subtitle?,
            notes: notes.into_iter().collect::<Option<_>>()?,
            alt: alt?,
            measure: measure?.or_else(|| is_score.then(|| "Net promoter score".to_owned())),
            number: self.number.map(|number| number.value).or(is_score.then_some(chart::Number::Score)),
            sort: self.sort.map(|sort| sort.value).unwrap_or_default(),
            limit: self.limit.map(|limit| limit.value as usize).or(usual_limit),
            range: range?,
            ..chart::Spec::new(mark?)
        };
        Some(Checked {
            from: self.from.span(),
            schema: schema?,
            filter: match filter {
                None => None,
                Some(filter) => Some(filter?),
            },
            total: match total {
                None => None,
                Some(total) => Some(total?.1),
            },
            tested,
            card,
            looks: partners::Looks::of(&self.mark),
            spec,
        })
    }
}

fn filled(words: &Option<Template>, cx: &mut Check<'_>) -> Option<Option<String>> {
    match words {
        None => Some(None),
        Some(words) => cx.fill(words).map(Some),
    }
}

impl Chart {
    /// Refuses a text alternative without a word in it.
    fn spoken(&self, alt: Option<&Option<String>>, cx: &mut Check<'_>) -> Option<()> {
        match (alt, &self.alt) {
            (Some(Some(words)), Some(written)) if words.trim().is_empty() => {
                let message = "has a blank text alternative";
                let help = "say in a sentence what the picture shows, or leave `alt` out and have it written";
                cx.invalid(written.span(), Code::InvalidOption, message, "nothing to read here", help);
                None
            }
            _ => Some(()),
        }
    }

    /// Refuses options that the mark has no use for: they would be passed over in silence.
    fn misplaced(&self, cx: &mut Check<'_>) -> Option<()> {
        let written = [
            ("sort", self.sort.as_ref().map(|sort| sort.span)),
            ("limit", self.limit.as_ref().map(|limit| limit.span)),
            ("range", self.range.as_ref().map(|range| range.low.span)),
            ("number", self.number.as_ref().map(|number| number.span)),
            ("measure", self.measure.as_ref().map(Template::span)),
        ];
        let mut fine = Some(());
        for (option, span) in written {
            if let Some(span) = span.filter(|_| !self.mark.uses(option)) {
                let message = format!("has an option that its mark does not use: `{option}`");
                let label = format!("`{}` has no use for it", self.mark.word());
                let help = format!("it belongs to {}", marks::that_use(option));
                cx.invalid(span, Code::InvalidOption, &message, &label, &help);
                fine = None;
            }
        }
        if let Some(limit) = self.limit.as_ref().filter(|limit| limit.value == 0) {
            let message = "has a `limit` that leaves nothing to draw";
            cx.invalid(limit.span, Code::OutOfRange, message, "wants at least 1", "");
            fine = None;
        }
        if let Some((limit, most)) = self.limit.as_ref().zip(self.mark.most())
            && limit.value > most
        {
            let message = "has a `limit` that makes a picture too long to look at";
            let help = "put all of them into a workbook with a stage of kind `export`";
            cx.invalid(limit.span, Code::OutOfRange, message, &format!("wants at most {most}"), help);
            fine = None;
        }
        fine
    }

    fn range(&self, cx: &mut Check<'_>) -> Option<Option<(f64, f64)>> {
        let Some(range) = &self.range else { return Some(None) };
        let (low, high) = (range.low.value, range.high.value);
        if low.is_finite() && high.is_finite() && low < high {
            return Some(Some((low, high)));
        }
        let label = format!("not above `low`, which is {}", crate::number::plain(low));
        cx.invalid(range.high.span, Code::InvalidOption, "has an axis without length", &label, "");
        None
    }
}

/// What the stage needs to run.
#[derive(Debug)]
pub struct Checked {
    from: Span,
    schema: Schema,
    filter: Option<Expr>,
    /// The columns of the table with everyone.
    total: Option<Schema>,
    /// Whether a table of how figures were tested comes beside the records.
    tested: bool,
    /// What a score card is put together from.
    card: Option<partners::Card>,
    looks: Option<partners::Looks>,
    spec: chart::Spec,
}

impl Ready for Checked {
    fn output(&self) -> Promise {
        let mut records = self.card.as_ref().map_or_else(|| self.schema.clone(), partners::Card::records);
        match &self.spec.mark {
            chart::Mark::Quadrant(_) => {
                for median in [X_MEDIAN, Y_MEDIAN] {
                    records.insert(median.into(), DataType::Float64);
                }
            }
            chart::Mark::Distribution(shares) if shares.base.is_some() => {
                records.insert(GROUP_BASE.into(), DataType::Int64);
            }
            _ => {}
        }
        Promise::main(records)
    }

    fn files(&self, stage: &str) -> Vec<String> {
        let name = file_name(stage);
        vec![format!("charts/{name}.svg"), format!("charts/{name}.png")]
    }

    fn lower(&self, inputs: &[Table], _fitted: &[DataFrame]) -> Result<Lowered, RunError> {
        let mut rows = inputs[0].rows.clone();
        if let Some(filter) = &self.filter {
            rows = rows.filter(filter.clone());
        }
        if let chart::Mark::Quadrant(quadrant) = &self.spec.mark {
            rows =
                rows.with_columns([median(&quadrant.x).alias(X_MEDIAN), median(&quadrant.y).alias(Y_MEDIAN)]);
        }
        if let chart::Mark::Distribution(chart::Distribution { label, n: Some(n), .. }) = &self.spec.mark {
            let answers = col(n.as_str()).cast(DataType::Int64).sum();
            let of_group = match label.as_slice() {
                [] => answers,
                label => answers.over(label.iter().map(|name| col(name.as_str())).collect::<Vec<_>>())?,
            };
            rows = rows.with_column(of_group.alias(GROUP_BASE));
        }
        if let (Some(schema), chart::Mark::NetPromoter(mark)) = (&self.total, &self.spec.mark) {
            rows = concat([self.everyone(&inputs[1].rows, schema, &mark.label), rows], UnionArgs::default())?;
        }
        if let (Some(card), [_, parts, weights]) = (&self.card, inputs) {
            rows = card.join(rows, parts, weights);
        }
        let mut asked = vec![rows.limit(MOST + 1)];
        asked.extend(partners::asked(&self.spec.mark, inputs));
        if let Some(about) = inputs.get(1).filter(|_| self.tested) {
            asked.push(about.rows.clone().select(TOLD.map(col)));
        }
        Ok(Lowered::Reduce(asked))
    }

    fn estimate(&self, reduced: Reduced, cx: &Context<'_>) -> Result<Estimates, RunError> {
        let mut frames = match reduced {
            Reduced::Frames(frames) => frames.into_iter(),
            Reduced::Cells(_) => Vec::new().into_iter(),
        };
        let main = frames.next().unwrap_or_default();
        if main.height() > MOST as usize {
            let most = crate::number::count(f64::from(MOST));
            return Err(RunError::data(
                Diagnostic::error(
                    Code::UnusableData,
                    format!("stage `{}` has more records than a picture can show", cx.stage),
                )
                .primary(self.from, format!("more than {most} rows"))
                .help("aggregate them first, or choose rows with `where`"),
            ));
        }
        let mut cautions = Vec::new();
        if main.height() == 0 {
            let why = match self.spec.mark {
                chart::Mark::Lifecycle(_) => ": the moves of a lifecycle need two periods",
                _ => "",
            };
            let message = format!("`{}` has no rows to draw{why}", cx.stage);
            cautions.push(Caution::new(CautionCode::NoRows, "", Some(0.0), message));
        }
        let failed = |error: chart::FigureError| RunError::Publish(format!("stage `{}`: {error}", cx.stage));
        let mut spec = self.spec.clone().with_range_of(&main).map_err(failed)?;
        partners::complete(&mut spec.mark, &mut frames)?;
        if let Some(looks) = &self.looks {
            looks.are_used(cx.stage, &main)?;
        }
        if let Some(about) = frames.next() {
            let titles = titles(&about)?;
            spec.notes.splice(0..0, how_tested(&about, &main, &titles)?);
            if let chart::Mark::HeatMap(map) = &mut spec.mark {
                map.titles = titles;
            }
        }
        let figure = spec.figure(&main).map_err(failed)?;
        cautions.extend(unprintable(cx.stage, figure.lacking()));
        let name = file_name(cx.stage);
        let files = vec![
            File { path: format!("charts/{name}.svg"), bytes: figure.svg().map_err(failed)?.into_bytes() },
            File { path: format!("charts/{name}.png"), bytes: figure.png().map_err(failed)? },
        ];
        Ok(Estimates { main, cautions, chart: Some(spec), files, ..Estimates::default() })
    }
}

impl Checked {
    /// The row for everyone with the columns of the records: those of its own, without a label.
    fn everyone(&self, total: &LazyFrame, schema: &Schema, labels: &[String]) -> LazyFrame {
        let columns = self.schema.iter().map(|(name, dtype)| {
            let own = schema.contains(name) && !labels.iter().any(|label| label == name.as_str());
            let value = if own { col(name.clone()) } else { lit(NULL) };
            value.cast(dtype.clone()).alias(name.clone())
        });
        total.clone().select(columns.collect::<Vec<_>>())
    }
}

/// Names that the PNG cannot show.
fn unprintable(stage: &str, lacking: &[String]) -> Option<Caution> {
    const LONGEST: usize = 60;
    let first = lacking.first()?;
    let short = match first.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &first[..at]),
        None => first.clone(),
    };
    let n = lacking.len() as f64;
    let which = match lacking.len() {
        1 => format!("“{short}” has"),
        _ => format!("{} texts, the first “{short}”, have", crate::number::count(n)),
    };
    let message = format!(
        "`{stage}`: {which} letters that the font of the PNG lacks; it shows � for each, the SVG has them as they are"
    );
    Some(Caution::new(CautionCode::UnprintableLetters, "", Some(n), message))
}

/// How the cells of a cross-tab that are drawn were tested; nothing without tests.
fn how_tested(
    about: &DataFrame,
    drawn: &DataFrame,
    titles: &BTreeMap<String, String>,
) -> PolarsResult<Vec<String>> {
    let [rows, columns, ..] = TOLD;
    let drawn = Records::read(&drawn.select([rows, columns])?)?;
    let is_drawn = |row: &str, column: &str| {
        let shows =
            |line: usize, name: &str, value: &str| drawn.get(line, name).text().as_deref() == Some(value);
        (0..drawn.len()).any(|line| shows(line, rows, row) && shows(line, columns, column))
    };
    let heading = |variable: &str| titles.get(variable).cloned().unwrap_or_else(|| variable.to_owned());
    Ok(test_notes::of_tables(&Records::read(about)?, is_drawn, heading))
}

/// What the questions of a cross-tab are called, down the side and across the top.
fn titles(about: &DataFrame) -> PolarsResult<BTreeMap<String, String>> {
    let about = Records::read(about)?;
    let mut titles = BTreeMap::new();
    for line in 0..about.len() {
        for (variable, title) in [("column_variable", "column_title"), ("row_variable", "title")] {
            if let Some(name) = about.get(line, variable).text() {
                let title = about.get(line, title).text();
                titles.insert(name.clone(), crossing::heading(&name, title.as_deref(), |_| None));
            }
        }
    }
    Ok(titles)
}

/// The median of a column over all rows, missing values and what is not a number apart; the mean of
/// the two middle values where their number is even.
fn median(column: &str) -> Expr {
    col(column).cast(DataType::Float64).fill_nan(lit(NULL)).median()
}
