//! What a model forecast against what came, by how often people had bought before: a bar for what came, a
//! mark across it for the forecast.

use super::axis::{self, Scale};
use super::bar::widest;
use super::base::{self, Base};
use super::font::Face;
use super::page::{Key, LABEL, Page, SMALL, Swatch};
use super::palette::{AXIS, BAND, BLUE, INK, SKY, VERMILLION, WHITE};
use super::records::Records;
use super::scene::{Anchor, Style};
use super::{DataTable, Drawn, FigureError, Number, Spec};
use crate::number;

/// The columns that fill the roles of a hold-out check: one record for each number of purchases before, one
/// for everybody.
#[derive(Debug, Clone)]
pub struct Holdout {
    /// The number of purchases before; `all` is everybody.
    pub label: String,
    /// What came, of one on average.
    pub actual_mean: String,
    /// What was forecast, of one on average.
    pub expected_mean: String,
    /// What came, of all together.
    pub actual: String,
    /// What was forecast, of all together.
    pub expected: String,
    /// How many people.
    pub n: Option<String>,
}

pub(super) struct Lines<'a> {
    roles: &'a Holdout,
    rows: Vec<Row>,
}

struct Row {
    label: String,
    everyone: bool,
    n: Option<f64>,
    /// What came and what was forecast, of one on average and of all together.
    means: (Option<f64>, Option<f64>),
    sums: (Option<f64>, Option<f64>),
    base: Base,
}

/// The record of everybody.
const ALL: &str = "all";
const HEADS: [&str; 3] = ["came", "forecast", "off by"];
const THICKNESS: f64 = 18.0;
const FIGURE: Style = SMALL.color(INK);

impl Holdout {
    pub(super) fn read(&self, records: &Records<'_>) -> Result<Lines<'_>, FigureError> {
        let labels = records.texts(&self.label)?;
        let means = (records.numbers(&self.actual_mean)?, records.numbers(&self.expected_mean)?);
        let sums = (records.numbers(&self.actual)?, records.numbers(&self.expected)?);
        let n = records.optional_numbers(self.n.as_deref())?;
        let mut rows: Vec<Row> = (0..records.len())
            .map(|row| Row {
                label: labels[row].clone().unwrap_or_else(|| "(none)".into()),
                everyone: labels[row].as_deref() == Some(ALL),
                n: n[row],
                means: (means.0[row], means.1[row]),
                sums: (sums.0[row], sums.1[row]),
                base: Base::of(n[row]),
            })
            .collect();
        // Everybody on top.
        rows.sort_by_key(|row| !row.everyone);
        Ok(Lines { roles: self, rows })
    }
}

impl Row {
    fn name(&self) -> String {
        if self.everyone { "All".to_owned() } else { self.label.clone() }
    }

    /// How far the forecast is off, as a share of what came.
    fn off(&self) -> Option<f64> {
        let (came, forecast) = (self.sums.0.filter(|came| *came > 0.0)?, self.sums.1?);
        Some(forecast / came - 1.0)
    }

    fn off_words(&self) -> String {
        self.off().map_or_else(|| "–".to_owned(), off_words)
    }
}

/// `+3%`, `−12%`, `0%`.
fn off_words(off: f64) -> String {
    let sign = if number::round_half_away(off * 100.0, 0) > 0.0 { "+" } else { "" };
    format!("{sign}{}", Number::Percent.show(off))
}

impl Lines<'_> {
    fn number(&self) -> Number {
        let fits = Number::fitting(self.rows.iter().flat_map(|row| [row.means.0, row.means.1]).flatten());
        // Means of purchases are small; a forecast is never whole.
        if fits == Number::Whole { Number::Tenths } else { fits }
    }
}

impl Drawn for Lines<'_> {
    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn alt(&self, _: &Spec) -> String {
        let mut alt =
            "Forecast against what came in the time held out, by the number of repeat purchases before."
                .to_owned();
        for row in self.rows.iter().filter(|row| row.everyone) {
            if let (Some(came), Some(forecast)) = row.sums {
                let (came, forecast) = (number::count(came), number::fixed(forecast, 0));
                alt.push_str(&format!(" All: {came} came, {forecast} were forecast ({}).", row.off_words()));
            }
        }
        let known = self.rows.iter().filter(|row| !row.everyone && row.base != Base::Small);
        let mut known: Vec<(&Row, f64)> = known.filter_map(|row| Some((row, row.off()?))).collect();
        known.sort_by(|a, b| a.1.total_cmp(&b.1));
        if let (Some((least, low)), Some((most, high))) = (known.first(), known.last()) {
            let (low, high) = (off_words(*low), off_words(*high));
            alt.push_str(&format!(
                " Lowest against what came: {} ({low}); highest: {} ({high}).",
                least.label, most.label
            ));
        }
        alt.push_str(&base::alt(self.rows.iter().map(|row| row.base), false));
        alt
    }

    fn data(&self, _: &Spec) -> DataTable {
        let mut header = vec!["Repeat purchases before".to_owned()];
        header.extend(self.roles.n.is_some().then(|| "n".to_owned()));
        header.extend(["Came", "Forecast", "Came, each", "Forecast, each", "Off by"].map(String::from));
        let number = self.number();
        let show =
            |value: Option<f64>, number: Number| value.map(|value| number.show(value)).unwrap_or_default();
        let rows = (self.rows.iter())
            .map(|row| {
                let mut cells = vec![row.name()];
                cells.extend(self.roles.n.is_some().then(|| base::n_with_mark(row.n, row.base)));
                cells.extend([show(row.sums.0, Number::Whole), show(row.sums.1, Number::Whole)]);
                cells.extend([show(row.means.0, number), show(row.means.1, number), row.off_words()]);
                cells
            })
            .collect();
        DataTable { header, rows }
    }

    fn draw(&self, spec: &Spec, page: &mut Page) -> Vec<String> {
        let number = self.number();
        let show = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| number.show(value));
        let cells: Vec<[String; 3]> =
            self.rows.iter().map(|row| [show(row.means.0), show(row.means.1), row.off_words()]).collect();
        let bold = FIGURE.face(Face::Bold);
        let widths: Vec<f64> = (HEADS.iter().enumerate())
            .map(|(at, head)| {
                widest(cells.iter().map(|cells| bold.width(&cells[at]))).max(SMALL.width(head)) + 18.0
            })
            .collect();
        let rights: Vec<f64> =
            (0..HEADS.len()).map(|at| page.right() - widths[at + 1..].iter().sum::<f64>()).collect();

        let title = SMALL.wrap("Repeat purchases before", 110.0, 3).lines;
        let based: Vec<String> = (self.rows.iter())
            .map(|row| {
                row.n.map(|_| format!("n = {}", base::n_with_mark(row.n, row.base))).unwrap_or_default()
            })
            .collect();
        let style = |row: &Row| match row {
            row if row.everyone => LABEL.face(Face::Bold),
            row if row.base == Base::Small => LABEL.face(Face::Italic),
            _ => LABEL,
        };
        let labels: Vec<Vec<String>> =
            self.rows.iter().map(|row| style(row).wrap(&row.name(), 150.0, 3).lines).collect();
        let named =
            |(row, lines): (&Row, &Vec<String>)| widest(lines.iter().map(|line| style(row).width(line)));
        let label_width = widest(self.rows.iter().zip(&labels).map(named))
            .max(widest(title.iter().map(|line| SMALL.width(line))));
        let n_width = widest(based.iter().map(|n| SMALL.width(n)));
        let n_at = page.left() + label_width + 14.0;
        let from = n_at + n_width + if n_width > 0.0 { 16.0 } else { 0.0 };
        let to = rights[0] - widths[0] - 8.0;
        let values = self.rows.iter().flat_map(|row| [row.means.0, row.means.1]).flatten();
        let ends = spec.range.or_else(|| axis::range(values.chain([0.0]))).unwrap_or((0.0, 1.0));
        let scale = Scale::new(ends, (from, to.max(from + 60.0)));

        page.legend(&[
            Key { swatch: Swatch::Fill(SKY), words: "Came: purchases of a customer on average".into() },
            Key { swatch: Swatch::Fill(VERMILLION), words: "Forecast (the line across)".into() },
        ]);
        page.y += 8.0;
        let head_height = SMALL.line() * title.len() as f64;
        page.scene.lines(page.left(), page.y, &title, SMALL, Anchor::Start);
        for (right, head) in rights.iter().zip(HEADS) {
            let top = page.y + head_height - SMALL.line();
            page.scene.lines(*right, top, &[head.into()], SMALL, Anchor::End);
        }
        page.y += head_height + 4.0;
        let top = page.y;
        let mut bands = Vec::new();
        for (row, lines) in self.rows.iter().zip(&labels) {
            let height = (style(row).line() * lines.len() as f64).max(THICKNESS + 4.0) + 10.0;
            bands.push((page.y, height));
            if row.everyone {
                page.scene.rectangle(page.left() - 10.0, page.y, page.inner() + 20.0, height, BAND);
            }
            page.y += height + if row.everyone { 6.0 } else { 0.0 };
        }
        page.scene.vertical(scale.at(0.0), top, page.y, 1.0, AXIS);
        for (at, (row, (y, height))) in self.rows.iter().zip(bands).enumerate() {
            let middle = y + height / 2.0;
            let first = middle - style(row).line() * labels[at].len() as f64 / 2.0;
            page.scene.lines(page.left(), first, &labels[at], style(row), Anchor::Start);
            page.scene.centred(n_at, middle, based[at].clone(), SMALL, Anchor::Start);
            draw_bar(page, scale, row, middle);
            let figure = if row.everyone { bold } else { FIGURE };
            for (right, cell) in rights.iter().zip(&cells[at]) {
                page.scene.centred(*right, middle, cell.clone(), figure, Anchor::End);
            }
        }
        let everyone = self.rows.iter().find(|row| row.everyone);
        let told = everyone.and_then(|row| {
            let (came, forecast) = (number::count(row.sums.0?), number::fixed(row.sums.1?, 0));
            Some(format!("In all {came} purchases came, and {forecast} were forecast."))
        });
        (told.into_iter())
            .chain(base::note(self.rows.iter().map(|row| row.base), base::HOLLOW_BARS, false))
            .collect()
    }
}

fn draw_bar(page: &mut Page, scale: Scale, row: &Row, middle: f64) {
    const ACROSS: f64 = 3.5;
    let zero = scale.at(0.0);
    if let Some(came) = row.means.0 {
        let (width, top) = (scale.at(came) - zero, middle - THICKNESS / 2.0);
        match row.base {
            Base::Small => page.scene.outlined(zero, top, width, THICKNESS, WHITE, 2.0, BLUE),
            _ if row.everyone => page.scene.rectangle(zero, top, width, THICKNESS, BLUE),
            _ => page.scene.outlined(zero, top, width, THICKNESS, SKY, 1.0, BLUE),
        }
    }
    if let Some(forecast) = row.means.1 {
        let x = scale.at(forecast);
        page.scene.vertical(
            x,
            middle - THICKNESS / 2.0 - 4.0,
            middle + THICKNESS / 2.0 + 4.0,
            ACROSS,
            VERMILLION,
        );
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::*;

    use super::super::*;
    use super::Holdout;

    #[test]
    fn what_came_and_what_was_forecast_are_told() {
        let records = df! {
            "repeats_before" => ["0", "1", "2+", "all"],
            "n" => [1411, 439, 12, 1862],
            "actual" => [334.0, 230.0, 20.0, 584.0],
            "expected" => [Some(270.0), Some(253.0), None, Some(523.0)],
            "actual_mean" => [0.2367, 0.5239, 1.6667, 0.3136],
            "expected_mean" => [Some(0.1914), Some(0.5763), None, Some(0.2809)],
        };
        let name = |name: &str| name.to_owned();
        let mark = Holdout {
            label: name("repeats_before"),
            actual_mean: name("actual_mean"),
            expected_mean: name("expected_mean"),
            actual: name("actual"),
            expected: name("expected"),
            n: Some(name("n")),
        };
        let figure = Spec::new(Mark::Holdout(mark)).figure(&records.unwrap()).unwrap();
        assert_eq!(
            figure.alt(),
            "Forecast against what came in the time held out, by the number of repeat purchases before. All: 584 \
             came, 523 were forecast (−10%). Lowest against what came: 0 (−19%); highest: 1 (+10%). One value \
             rests on fewer than 30 answers."
        );
        assert_eq!(figure.data().rows[0], ["All", "1,862", "584", "523", "0.31", "0.28", "−10%"]);
        assert_eq!(figure.data().rows[3], ["2+", "12**", "20", "", "1.67", "", "–"]);
    }
}
