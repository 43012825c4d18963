//! Charts and the figures behind them, which stand on a sheet of their own: a chart draws a block of
//! neighbouring cells, and on the sheet of a table there is none.

use super::list::{List, Listed, Values};
use super::options::Figure;
use super::sheet::{Align, Area, Chart, Line, Series, Sheet, Style, Value, chart_height as height};

/// The blue of bars.
const BAR: u32 = 0x0072B2;
/// Detractors, passives and promoters, and the letters on them.
const CLASSES: [(&str, &str, u32, u32); 3] = [
    ("detractors_share", "Detractors", 0xB2182B, 0xFFFFFF),
    ("passives_share", "Passives", 0xF2F2F2, 0x000000),
    ("promoters_share", "Promoters", 0x2166AC, 0xFFFFFF),
];
/// More bars than this are no picture any more.
const MOST_BARS: usize = 40;

/// What a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    title: String,
    description: String,
    stacked: bool,
    number: String,
    /// The names of the bars.
    names: Vec<String>,
    series: Vec<Row>,
}

/// The figures of a series, one for each bar.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    name: String,
    figures: Vec<Option<f64>>,
    fill: u32,
    ink: u32,
}

impl Picture {
    /// Bars of the answers of everyone.
    pub fn shares(title: &str, names: Vec<String>, figures: Vec<Option<f64>>, decimals: u8) -> Self {
        Self {
            title: title.to_owned(),
            description: format!("Bars: {title}, column per cent of everyone."),
            stacked: false,
            number: Figure::ColumnShare.number(decimals, ""),
            names,
            series: vec![Row { name: crate::crossing::TOTAL.to_owned(), figures, fill: BAR, ink: 0x000000 }],
        }
    }

    /// Stacked bars of detractors, passives and promoters, for a list of net promoter scores whose first
    /// columns say whose they are.
    pub fn classes(list: &List) -> Option<Self> {
        let labels: Vec<&Listed> = list.columns.iter().take(list.stub()).collect();
        if labels.is_empty() {
            return None;
        }
        let name = |row: usize| {
            let parts = labels.iter().filter_map(|column| match &column.values {
                Values::Texts(texts) => texts.get(row)?.as_deref(),
                _ => None,
            });
            parts.collect::<Vec<_>>().join(crate::crossing::NESTED)
        };
        let series = CLASSES.iter().map(|(name, label, fill, ink)| {
            let column = list.columns.iter().find(|column| column.name == *name)?;
            let Values::Numbers(figures) = &column.values else { return None };
            Some(Row { name: (*label).to_owned(), figures: figures.clone(), fill: *fill, ink: *ink })
        });
        Some(Self {
            title: format!("Detractors, passives, promoters: {}", list.name),
            description: format!(
                "Stacked bars, {} rows: shares of detractors, passives and promoters.",
                list.height
            ),
            stacked: true,
            number: "0%".to_owned(),
            names: (0..list.height as usize).map(name).collect(),
            series: series.collect::<Option<_>>()?,
        })
    }

    /// Whether there is something to see.
    pub fn is_worth_it(&self) -> bool {
        (2..=MOST_BARS).contains(&self.names.len())
    }

    /// How many rows of the usual height the chart covers.
    pub fn rows(&self) -> u32 {
        (height(self.names.len()) / 20.0).ceil() as u32
    }

    /// Puts the figures down from a row and gives the chart and the row after them.
    pub fn put(self, data: &mut Sheet, top: u32) -> (Chart, u32) {
        let heading = Style { bold: true, below: Line::Thin, align: Align::Right, ..Style::default() };
        data.text(top, 0, &self.title, Style { bold: true, ..Style::default() });
        let first = top + 2;
        for (row, name) in (first..).zip(&self.names) {
            data.text(row, 0, name, Style::default());
        }
        // At least two bars are there, see `is_worth_it`.
        let last = first + (self.names.len() as u32).saturating_sub(1);
        let area = |column: u16| Area { top: first, left: column, bottom: last, right: column };
        let mut series = Vec::new();
        for (column, each) in (1..).zip(self.series) {
            data.text(top + 1, column, &each.name, heading.clone());
            for (row, figure) in (first..).zip(each.figures) {
                let style = Style { number: "0.0%".to_owned(), ..Style::default() };
                data.put(row, column, figure.map_or(Value::Blank, Value::Number), style);
            }
            series.push(Series { name: each.name, figures: area(column), fill: each.fill, ink: each.ink });
        }
        let chart = Chart {
            title: self.title,
            description: self.description,
            stacked: self.stacked,
            number: self.number,
            sheet: data.name.clone(),
            names: area(0),
            series,
        };
        (chart, last + 2)
    }
}
