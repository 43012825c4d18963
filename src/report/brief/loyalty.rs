//! What the customers of a partner say: its net promoter score, as sure as it is.

use super::super::document::KeyFigure;
use super::super::grid::{BaseMark, Format};
use super::scale::{Scale, Whisker};
use super::{Rows, mark, number, shown};

/// The ends of net promoter scores.
const ENDS: (f64, f64) = (-100.0, 100.0);

/// What customers say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loyalty {
    /// The score; empty where nobody answered.
    pub score: String,
    /// The interval in words; empty where there is none.
    pub interval: String,
    /// The same as a picture.
    pub whisker: Option<Whisker>,
    /// How many answers there are.
    pub n: String,
    /// The mark of few answers.
    pub mark: Option<BaseMark>,
    /// Detractors, passives, promoters; empty where their shares are not known.
    pub answers: Vec<Answers>,
}

/// Answers of one kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answers {
    /// What those who give them are called.
    pub label: &'static str,
    /// Their share.
    pub share: String,
    /// The same, in percent of the bar.
    pub width: f64,
}

pub(super) fn of(table: &Rows<'_>, key: &str) -> Loyalty {
    let Some(row) = table.first(key) else { return Loyalty::default() };
    let of = |column: &str| number(table.records, row, column);
    let Some(score) = of("estimate") else { return Loyalty::default() };
    let ends = of("conf_low").zip(of("conf_high"));
    let kinds = [
        ("Detractors", "detractors_share"),
        ("Passives", "passives_share"),
        ("Promoters", "promoters_share"),
    ];
    let answers: Option<Vec<Answers>> = (kinds.into_iter())
        .map(|(label, column)| {
            let share = of(column)?;
            Some(Answers { label, share: Format::Percent(0).text(share), width: share * 100.0 })
        })
        .collect();
    Loyalty {
        score: Format::Score.text(score),
        interval: ends.map_or(String::new(), |(low, high)| {
            format!("{} to {}", Format::Score.text(low), Format::Score.text(high))
        }),
        whisker: ends.map(|ends| Scale::between(ENDS.0, ENDS.1).whisker(score, ends, 0.0)),
        n: shown(of("n"), Format::Count),
        mark: mark(table.records, row).or_else(|| of("n").and_then(BaseMark::of)),
        answers: answers.unwrap_or_default(),
    }
}

impl Loyalty {
    /// The same as a headline figure; none where nobody answered.
    pub(super) fn figure(&self) -> Option<KeyFigure> {
        let detail =
            if self.interval.is_empty() { format!("{} answers", self.n) } else { self.interval.clone() };
        let sign = self.mark.map_or("", BaseMark::sign);
        (!self.score.is_empty()).then(|| KeyFigure {
            label: "Net promoter score".into(),
            value: format!("{}{sign}", self.score),
            detail,
        })
    }
}
