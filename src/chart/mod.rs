//! Charts: a table of records and a mark become a picture (SVG, PNG), its text alternative and the
//! table of what it shows.
//!
//! Nothing here computes a statistic: what is drawn stands in the records. Pictures are laid out from
//! measured text, so that no two texts meet and none leaves the picture, and the same records give
//! the same bytes.

mod axis;
mod bar;
mod base;
#[cfg(test)]
mod boxes;
mod change;
mod contrast;
mod distribution;
mod finding;
mod font;
mod heat_map;
mod holdout;
mod lacking;
mod lifecycle;
mod line;
mod net_promoter;
mod page;
mod paint;
mod palette;
#[cfg(test)]
mod partner_pictures;
mod profile;
mod quadrant;
mod ranking;
mod ranks;
mod records;
mod scene;
mod scorecard;

use polars::prelude::{DataFrame, PolarsError};
use schemars::JsonSchema;
use serde::Deserialize;

pub use bar::Bar;
pub use change::Change;
pub use contrast::Contrast;
pub use distribution::Distribution;
pub use heat_map::HeatMap;
pub use holdout::Holdout;
pub use lifecycle::Lifecycle;
pub(crate) use lifecycle::{COMPLETE, NUMBERS, TEXTS};
pub use line::Line;
pub use net_promoter::NetPromoter;
pub use profile::Profile;
pub use quadrant::{FieldNames, Quadrant};
pub use ranking::{Peers, Ranking};
pub use ranks::Ranks;
pub use scorecard::{Look, Scorecard};

use crate::number;
use page::Page;
use records::Records;
use scene::Scene;

/// What to draw, apart from the records.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The mark and the columns that fill its roles.
    pub mark: Mark,
    /// What the picture says, in a few words.
    pub title: Option<String>,
    /// Measure, unit, period, who was asked.
    pub subtitle: Option<String>,
    /// Footnotes: base, source.
    pub notes: Vec<String>,
    /// The text alternative; none: written from the records. Blank is refused.
    pub alt: Option<String>,
    /// The order of bars.
    pub sort: Sort,
    /// Draw at most so many bars; the others stay in the data of the chart.
    pub limit: Option<usize>,
    /// What the values are, with the unit; none: the name of the column.
    pub measure: Option<String>,
    /// How values are written.
    pub number: Option<Number>,
    /// The ends of the value axis (of a line chart the upright one), so that pictures of several
    /// regions can be compared. None: from the records.
    pub range: Option<(f64, f64)>,
}

/// The kinds of picture, each with the columns that fill its roles.
#[derive(Debug, Clone)]
pub enum Mark {
    /// Horizontal bars.
    Bar(Bar),
    /// Stacked bars of detractors, passives and promoters with the score.
    NetPromoter(NetPromoter),
    /// Lines over time.
    Line(Line),
    /// A cross-tab shaded by index.
    HeatMap(HeatMap),
    /// Partners by volume and score.
    Quadrant(Quadrant),
    /// The change of a score, by what moved it.
    Change(Change),
    /// How often each answer from 0 to 10 was given.
    Distribution(Distribution),
    /// What sets segments apart.
    Profile(Profile),
    /// A forecast against what came.
    Holdout(Holdout),
    /// A score card as a table with bars.
    Scorecard(Scorecard),
    /// Ranks with their intervals.
    Ranks(Ranks),
    /// What sets the best tier apart from the last.
    Contrast(Contrast),
    /// The funnel turned upside down.
    Lifecycle(Lifecycle),
}

impl Mark {
    /// What a picture of this kind is called where it has no title.
    fn name(&self) -> &'static str {
        match self {
            Mark::Bar(_) => "Bar chart",
            Mark::NetPromoter(_) => "Net promoter bars",
            Mark::Line(_) => "Line chart",
            Mark::HeatMap(_) => "Cross-tab",
            Mark::Quadrant(_) => "Quadrant chart",
            Mark::Change(_) => "Change of the score",
            Mark::Distribution(_) => "Answers from 0 to 10",
            Mark::Profile(_) => "What sets segments apart",
            Mark::Holdout(_) => "Forecast and what came",
            Mark::Scorecard(_) => "Score card",
            Mark::Ranks(_) => "Rank intervals",
            Mark::Contrast(_) => "What sets the best apart",
            Mark::Lifecycle(_) => "Upside-down funnel",
        }
    }
}

/// The order of bars from top to bottom. A row for everyone stays on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// The largest value first.
    #[default]
    Highest,
    /// The smallest value first.
    Lowest,
    /// By the letters of the label.
    Label,
    /// As the table has them.
    Given,
}

/// How the values of a chart are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Number {
    /// `1,235`
    Whole,
    /// `1,234.6`
    Tenths,
    /// `1,234.57`
    Hundredths,
    /// A share of 0–1 as `43%`, and as `<0.5%` where rounding would say none.
    Percent,
    /// A net promoter score: `+18`.
    Score,
}

/// A picture with its text alternative and its data.
#[derive(Debug, Clone)]
pub struct Figure {
    scene: Scene,
    title: String,
    alt: String,
    data: DataTable,
    lacking: Vec<String>,
}

/// The data of a chart as text, for people who would rather read a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataTable {
    /// A word for each column.
    pub header: Vec<String>,
    /// What the picture shows, and what it had no room for.
    pub rows: Vec<Vec<String>>,
}

/// Why a table cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// A role names a column that the records do not have.
    #[error("the records of the chart have no column `{0}`")]
    MissingColumn(String),
    /// A role that is drawn to scale names a column of something else.
    #[error("column `{0}` is not numeric, and a chart draws its values to scale")]
    NotNumeric(String),
    /// A yes-or-no role names a column of something else.
    #[error("column `{0}` is neither true nor false, and a chart highlights by it")]
    NotBoolean(String),
    /// A figure without a text alternative is not made.
    #[error("the text alternative of the chart is empty")]
    EmptyAlt,
    /// The records could not be read.
    #[error(transparent)]
    Records(#[from] PolarsError),
    /// The picture could not be painted.
    #[error("the picture could not be painted: {0}")]
    Drawing(String),
}

impl FigureError {
    fn drawing(cause: impl std::fmt::Display) -> Self {
        FigureError::Drawing(cause.to_string())
    }
}

/// A mark with its records read.
trait Drawn {
    /// What the picture shows, in words and figures.
    fn alt(&self, spec: &Spec) -> String;
    /// The same as a table.
    fn data(&self, spec: &Spec) -> DataTable;
    /// Is there anything to draw?
    fn is_empty(&self) -> bool;
    /// The width it needs, where that is more than the usual one.
    fn width(&self, _: &Spec) -> f64 {
        page::WIDTH
    }
    /// Draws below `page.y` and moves it; returns the footnotes it calls for.
    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String>;
}

impl Spec {
    /// A mark without any words of its own.
    pub fn new(mark: Mark) -> Self {
        Self {
            mark,
            title: None,
            subtitle: None,
            notes: Vec::new(),
            alt: None,
            sort: Sort::default(),
            limit: None,
            measure: None,
            number: None,
            range: None,
        }
    }

    /// Draws records: the table of the chart's stage, or the part of it that belongs to one report.
    ///
    /// # Errors
    /// A column of a role is missing or of a type that cannot be drawn; the text alternative is blank.
    pub fn figure(&self, records: &DataFrame) -> Result<Figure, FigureError> {
        let records = Records(records);
        match &self.mark {
            Mark::Bar(mark) => self.drawn(&mark.read(&records)?),
            Mark::NetPromoter(mark) => self.drawn(&mark.read(&records)?),
            Mark::Line(mark) => self.drawn(&mark.read(&records)?),
            Mark::HeatMap(mark) => self.drawn(&mark.read(&records)?),
            Mark::Quadrant(mark) => self.drawn(&mark.read(&records)?),
            Mark::Change(mark) => self.drawn(&mark.read(&records)?),
            Mark::Distribution(mark) => self.drawn(&mark.read(&records)?),
            Mark::Profile(mark) => self.drawn(&mark.read(&records)?),
            Mark::Holdout(mark) => self.drawn(&mark.read(&records)?),
            Mark::Scorecard(mark) => self.drawn(&mark.read(&records)?),
            Mark::Ranks(mark) => self.drawn(&mark.read(&records)?),
            Mark::Contrast(mark) => self.drawn(&mark.read(&records)?),
            Mark::Lifecycle(mark) => self.drawn(&mark.read(&records)?),
        }
    }

    /// Fixes the value axis of a line chart to these records, so that pictures of parts of them can be
    /// compared. A range that was given stays.
    ///
    /// # Errors
    /// As [`figure`](Spec::figure).
    pub fn with_range_of(mut self, records: &DataFrame) -> Result<Self, FigureError> {
        if let (Mark::Line(mark), None) = (&self.mark, self.range) {
            self.range = mark.read(&Records(records))?.range();
        }
        Ok(self)
    }

    fn drawn(&self, mark: &impl Drawn) -> Result<Figure, FigureError> {
        let title = self.title.as_deref().map(font::clean).filter(|title| !title.is_empty());
        let generated =
            if mark.is_empty() { "A chart without rows: nothing to show.".into() } else { mark.alt(self) };
        let alt = font::clean(self.alt.as_deref().unwrap_or(&generated));
        if alt.is_empty() {
            return Err(FigureError::EmptyAlt);
        }
        let mut page = Page::new(mark.width(self), title.as_deref(), self.subtitle.as_deref());
        let mut notes = if mark.is_empty() {
            nothing(&mut page);
            Vec::new()
        } else {
            mark.draw(self, &mut page)
        };
        notes.extend(self.notes.iter().filter(|note| !font::clean(note).is_empty()).cloned());
        let (scene, data) = (page.finish(&notes), mark.data(self));
        let words = title.iter().chain(&self.subtitle).chain(&notes);
        let cells = data.rows.iter().flatten().chain(&data.header);
        let lacking = lacking::texts(&scene, words.chain(cells).map(String::as_str));
        let title = title.unwrap_or_else(|| self.mark.name().to_owned());
        Ok(Figure { scene, title, alt, data, lacking })
    }
}

impl Figure {
    /// The picture as a complete SVG document without references to anything outside it.
    ///
    /// # Errors
    /// Painting failed, which no records are known to cause.
    pub fn svg(&self) -> Result<String, FigureError> {
        paint::svg(&self.scene, &self.title, &self.alt)
    }

    /// The picture as a PNG of two pixels to a pixel of the screen.
    ///
    /// # Errors
    /// Painting failed, which no records are known to cause.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        paint::png(&self.scene)
    }

    /// The texts of the picture with letters that the embedded font lacks, each once. The SVG has them as
    /// they are; the PNG shows the sign of replacement for each such letter.
    pub fn lacking(&self) -> &[String] {
        &self.lacking
    }

    /// The text alternative, never blank.
    pub fn alt(&self) -> &str {
        &self.alt
    }

    /// What the picture shows, as a table of text.
    pub fn data(&self) -> &DataTable {
        &self.data
    }

    /// Width and height in pixels of a screen.
    pub fn size(&self) -> (f64, f64) {
        (self.scene.width, self.scene.height)
    }
}

impl Number {
    /// A value as it is written beside its mark.
    pub fn show(self, value: f64) -> String {
        if value.abs() >= 1e15 {
            return format!("{value:.2e}");
        }
        match self {
            Number::Whole => number::fixed(value, 0),
            Number::Tenths => number::fixed(value, 1),
            Number::Hundredths => number::fixed(value, 2),
            // As in tables: some, but so few that rounding would say none.
            Number::Percent if value > 0.0 && number::round_half_away(value, 2) == 0.0 => "<0.5%".to_owned(),
            Number::Percent => number::percent(value, 0),
            Number::Score => number::score(value),
        }
        .replace('-', "−")
    }

    /// As many decimals as values of this size can use.
    fn fitting(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut whole, mut largest) = (true, 0f64);
        for value in values {
            whole &= value.fract() == 0.0;
            largest = largest.max(value.abs());
        }
        match largest {
            _ if whole || largest >= 1000.0 => Number::Whole,
            _ if largest >= 10.0 => Number::Tenths,
            _ => Number::Hundredths,
        }
    }

    /// A round value on an axis, millions and more shortened.
    fn tick(self, value: f64) -> String {
        if matches!(self, Number::Percent | Number::Score) || value.abs() >= 1e15 {
            return self.show(value);
        }
        let (scale, unit) = match value.abs() {
            size if size >= 1e12 => (1e12, " tn"),
            size if size >= 1e9 => (1e9, " bn"),
            size if size >= 1e6 => (1e6, " m"),
            _ => (1.0, ""),
        };
        let scaled = number::significant(value / scale, 9);
        let decimals = (0..6).find(|&places| number::round_half_away(scaled, places) == scaled).unwrap_or(6);
        format!("{}{unit}", number::fixed(scaled, decimals)).replace('-', "−")
    }
}

/// An interval in brackets, as it stands beside its value.
fn interval(number: Number, low: Option<f64>, high: Option<f64>) -> Option<String> {
    Some(format!("[{}, {}]", number.show(low?), number.show(high?)))
}

/// Says that there is nothing to draw.
fn nothing(page: &mut Page) {
    const HEIGHT: f64 = 96.0;
    let (left, width) = (page.left(), page.inner());
    page.scene.rectangle(left, page.y, width, HEIGHT, palette::BAND);
    let middle = page.y + HEIGHT / 2.0;
    let style = page::LABEL.color(palette::MUTED);
    page.scene.centred(left + width / 2.0, middle, "No rows", style, scene::Anchor::Middle);
    page.y += HEIGHT;
}

/// Puts rows in the wanted order: rows without a value last, equal ones by their label.
fn arrange<T>(rows: &mut [T], sort: Sort, value: impl Fn(&T) -> Option<f64>, label: impl Fn(&T) -> &str) {
    let by_value = |a: &T, b: &T, turn: f64| match (value(a), value(b)) {
        (Some(a), Some(b)) => (a * turn).total_cmp(&(b * turn)),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    match sort {
        Sort::Given => {}
        Sort::Label => rows.sort_by(|a, b| label(a).cmp(label(b))),
        Sort::Highest => rows.sort_by(|a, b| by_value(a, b, -1.0).then_with(|| label(a).cmp(label(b)))),
        Sort::Lowest => rows.sort_by(|a, b| by_value(a, b, 1.0).then_with(|| label(a).cmp(label(b)))),
    }
}

/// The footnote of a picture that shows only some of its rows.
fn cut_note(shown: usize, of: usize, what: &str) -> Option<String> {
    (shown < of)
        .then(|| format!("Shown: {} of {} {what}.", number::count(shown as f64), number::count(of as f64)))
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;

    use super::*;

    fn bars() -> (Spec, DataFrame) {
        let records = df! {
            "region" => [Some("Nord"), Some("Est"), Some("Sud"), None],
            "net_revenue" => [Some(1234.0), Some(80.0), None, Some(500.0)],
            "n" => [412, 12, 3, 60],
        };
        let mark = Bar {
            label: vec!["region".into()],
            value: "net_revenue".into(),
            low: None,
            high: None,
            n: Some("n".into()),
            base_mark: None,
        };
        (Spec::new(Mark::Bar(mark)), records.unwrap())
    }

    fn texts(figure: &Figure) -> Vec<String> {
        let (boxes, _) = boxes::read(&figure.svg().unwrap());
        boxes.into_iter().map(|text| text.text).collect()
    }

    #[test]
    fn the_text_alternative_tells_what_there_is_to_see() {
        let (spec, records) = bars();
        assert_eq!(
            spec.figure(&records).unwrap().alt(),
            "Bar chart, 4 bars: Net revenue by region. Highest: Nord 1,234 (n = 412); lowest: Est 80 (n = 12). \
             2 values rest on fewer than 30 answers."
        );
        let (spec, records) = boxes::net_promoter_bars(3, |row| format!("R{row}"));
        assert_eq!(
            spec.figure(&records).unwrap().alt(),
            "Stacked bars of detractors, passives and promoters, 3 rows. Net promoter score: All −12 (n = 9). \
             Highest net promoter score R1 +49 (n = 140); lowest R2 +23 (n = 271). \
             Significantly higher than all others: 2; lower: 1. One value rests on fewer than 30 answers."
        );
    }

    #[test]
    fn an_alternative_of_ones_own_is_kept_and_a_blank_one_refused() {
        let (mut spec, records) = bars();
        spec.alt = Some("Nord leads".into());
        assert_eq!(spec.figure(&records).unwrap().alt(), "Nord leads");
        spec.alt = Some(" \n".into());
        assert!(matches!(spec.figure(&records), Err(FigureError::EmptyAlt)));
    }

    #[test]
    fn no_rows_make_a_picture_that_says_so() {
        let (spec, records) = bars();
        let figure = spec.figure(&records.head(Some(0))).unwrap();
        assert_eq!(texts(&figure), ["No rows"]);
        assert_eq!(figure.alt(), "A chart without rows: nothing to show.");
        assert!(figure.data().rows.is_empty());
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        let (mut spec, records) = bars();
        let error = spec.figure(&records.drop("n").unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "the records of the chart have no column `n`");
        let Mark::Bar(bar) = &mut spec.mark else { unreachable!() };
        bar.value = "region".into();
        let error = spec.figure(&records).unwrap_err();
        assert_eq!(
            error.to_string(),
            "column `region` is not numeric, and a chart draws its values to scale"
        );
    }

    #[test]
    fn the_data_hold_what_the_picture_has_no_room_for() {
        let (mut spec, records) = bars();
        spec.limit = Some(1);
        let figure = spec.figure(&records).unwrap();
        let shown = texts(&figure);
        assert!(shown.contains(&"Nord".into()) && !shown.contains(&"Est".into()));
        assert!(shown.contains(&"Shown: 1 of 4 bars; all are in the data of this chart.".into()));
        let data = figure.data();
        assert_eq!(data.header, ["Region", "Net revenue", "n"]);
        assert_eq!(data.rows[0], ["Nord", "1,234", "412"]);
        assert_eq!(data.rows[1], ["(none)", "500", "60*"]);
        assert_eq!(data.rows[2], ["Est", "80", "12**"]);
        assert_eq!(data.rows[3], ["Sud", "", "3**"]);
    }

    #[test]
    fn bars_stand_in_the_wanted_order() {
        let (mut spec, records) = bars();
        let mut order = |sort| {
            spec.sort = sort;
            let figure = spec.figure(&records).unwrap();
            figure.data().rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>()
        };
        assert_eq!(order(Sort::Lowest), ["Est", "(none)", "Nord", "Sud"]);
        assert_eq!(order(Sort::Label), ["(none)", "Est", "Nord", "Sud"]);
        assert_eq!(order(Sort::Given), ["Nord", "Est", "Sud", "(none)"]);
    }

    #[test]
    fn everyone_stands_on_top() {
        let (spec, records) = boxes::net_promoter_bars(4, |row| format!("R{row}"));
        let last_first = records.reverse();
        for records in [records, last_first] {
            let figure = spec.figure(&records).unwrap();
            let labels: Vec<&str> = figure.data().rows.iter().map(|row| row[0].as_str()).collect();
            assert_eq!(labels, ["All", "R1", "R2", "R3"]);
        }
    }

    #[test]
    fn a_missing_value_leaves_a_gap_in_its_line() {
        // Nine months of one line; the fifth has no value.
        let (mut spec, records) = boxes::lines(9, 1, |_| "Nord".into(), false);
        if let Mark::Line(line) = &mut spec.mark {
            line.findings.clear();
        }
        let svg = spec.figure(&records).unwrap().svg().unwrap();
        assert_eq!(svg.matches("<polyline").count(), 2, "two parts of the line");
        assert_eq!(svg.matches("<polygon").count(), 2, "two parts of the ribbon");
    }

    #[test]
    fn a_part_of_the_records_is_drawn_on_the_scale_of_all() {
        let (spec, records) = boxes::lines(6, 3, |row| format!("R{row}"), false);
        let spec = spec.with_range_of(&records).unwrap();
        let ticks = |records: &DataFrame| {
            let figure = spec.figure(records).unwrap();
            texts(&figure)
                .into_iter()
                .filter(|text| text.starts_with(['+', '−']) && text.len() > 3)
                .collect::<Vec<_>>()
        };
        let part = records.slice(0, 6);
        let all = ticks(&records);
        assert!(!all.is_empty());
        assert!(all.iter().all(|tick| ticks(&part).contains(tick)), "{all:?} {:?}", ticks(&part));
    }

    #[test]
    fn the_whole_of_a_cross_tab_is_shown_once() {
        let cells = |whole: f64| {
            df! {
                "row_value" => ["Aware", "Aware", "Aware", "Aware"],
                "column_variable" => ["persona", "persona", "region", "region"],
                "column_value" => ["Total", "Buyer", "Total", "EMEA"],
                "is_total" => [true, false, true, false],
                "column_share" => [0.4, 0.3, whole, 0.5],
                "index" => [100.0, 75.0, 100.0, 125.0],
                "base" => [200, 80, 200, 120],
            }
            .unwrap()
        };
        let mark = HeatMap {
            row_group: None,
            row: "row_value".into(),
            column_group: Some("column_variable".into()),
            column: "column_value".into(),
            value: "column_share".into(),
            index: "index".into(),
            total: Some("is_total".into()),
            base: Some("base".into()),
            base_mark: None,
            kind: None,
            net: None,
            estimate: None,
            letter: None,
            letters: None,
            findings: Vec::new(),
            suppressed: None,
            titles: std::collections::BTreeMap::new(),
        };
        let spec = Spec::new(Mark::HeatMap(mark));
        let totals = |records: &DataFrame| {
            texts(&spec.figure(records).unwrap()).iter().filter(|text| *text == "Total").count()
        };
        assert_eq!(totals(&cells(0.4 + 1e-14)), 1);
        // Where the questions disagree about the whole, each keeps its own.
        assert_eq!(totals(&cells(0.41)), 2);
    }

    #[test]
    fn what_tests_found_is_drawn_told_and_explained() {
        let (mut spec, records) = boxes::heat_map(6, 4, |at| format!("N{at}"));
        let figure = spec.figure(&records).unwrap();
        let shown = texts(&figure);
        let found: Vec<&String> = shown.iter().filter(|text| text.starts_with("Significantly")).collect();
        assert_eq!(found, ["Significantly different from all others"]);
        assert!(figure.alt().contains("Significantly higher than all others: "), "{}", figure.alt());
        assert!(shown.contains(&"hidden".to_owned()));
        let header = &figure.data().header;
        assert!(header.contains(&"Persona: N0 (A)".to_owned()), "{header:?}");
        assert!(figure.data().rows.iter().flatten().any(|cell| cell == "AB; slightly higher"), "{figure:?}");
        // Letters of columns that are not there are left out; a mark without a row of bases stands with the name.
        let alone =
            records.filter(&records.column("column_value").unwrap().str().unwrap().equal("N2")).unwrap();
        let Mark::HeatMap(map) = &mut spec.mark else { unreachable!() };
        map.base = None;
        map.base_mark = Some("small".into());
        let mark = Column::new("small".into(), vec!["**"; alone.height()]);
        let alone = alone.hstack(&[mark]).unwrap();
        let shown = texts(&spec.figure(&alone).unwrap());
        assert!(shown.contains(&"N2**".to_owned()), "{shown:?}");
        assert!(shown.iter().all(|text| !text.contains('B') || text.len() > 3), "{shown:?}");
    }

    #[test]
    fn the_same_records_give_the_same_bytes() {
        let (spec, records) = boxes::quadrant(40, |row| format!("Partner {row}"), true, false);
        let (one, two) = (spec.figure(&records).unwrap(), spec.figure(&records.clone()).unwrap());
        assert_eq!(one.svg().unwrap(), two.svg().unwrap());
        assert_eq!(one.png().unwrap(), two.png().unwrap());
    }

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(Number::Score.show(17.5), "+18");
        assert_eq!(Number::Score.show(-4.2), "−4");
        assert_eq!(Number::Percent.show(0.125), "13%");
        assert_eq!([0.0, 0.0049, 0.005].map(|share| Number::Percent.show(share)), ["0%", "<0.5%", "1%"]);
        assert_eq!(Number::Whole.show(3e21), "3.00e21");
        assert_eq!(Number::Whole.tick(2_500_000.0), "2.5 m");
        assert_eq!(Number::Tenths.tick(0.05), "0.05");
        assert_eq!(Number::fitting([1.0, 2.0]), Number::Whole);
        assert_eq!(Number::fitting([1.5, 20.0]), Number::Tenths);
        assert_eq!(Number::fitting([0.25]), Number::Hundredths);
    }
}
