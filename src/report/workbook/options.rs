//! How a tab book is to look: what a pipeline file may say about it, and the number formats that
//! follow from it.

use schemars::JsonSchema;
use serde::Deserialize;

/// How cross-tabs are laid out.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// What stands on one sheet.
    pub sheets: Sheets,
    /// Where the findings of tests stand.
    pub letters: Letters,
    /// The figures of an answer, from top to bottom. None: how many gave it, and the column share.
    pub cells: Vec<Figure>,
    /// Decimals of percentages.
    pub decimals: u8,
    /// What the colour behind column shares says.
    pub shade: Shade,
    /// Whether each table has a chart.
    pub charts: bool,
    /// Columns of a banner; more are a second banner. A group of columns stays whole.
    pub widest: usize,
    /// Headings of variables, where their names do not do.
    pub labels: Vec<(String, String)>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            sheets: Sheets::default(),
            letters: Letters::default(),
            cells: Vec::new(),
            decimals: 0,
            shade: Shade::default(),
            charts: false,
            widest: 24,
            labels: Vec::new(),
        }
    }
}

/// What stands on one sheet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sheets {
    /// One table: a question with all its columns.
    #[default]
    Table,
    /// All questions below each other, under one banner that stays in place.
    Banner,
}

/// Where the findings of tests stand. The figures stay numbers either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Letters {
    /// In a narrow column to the right of each figure.
    #[default]
    Beside,
    /// In a line of their own below the figures.
    Below,
}

/// A figure of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// People who gave the answer.
    Count,
    /// The same, each counting as much as their weight.
    WeightedCount,
    /// The share of the column that gave the answer.
    ColumnShare,
    /// The share of those who gave the answer that is in the column.
    RowShare,
    /// The share of everyone that is in the cell.
    TotalShare,
    /// Where people may give several answers: the share of all that were given.
    ResponseShare,
    /// The column share against that of everyone, which is 100.
    Index,
    /// How many people there would be if the answers did not depend on the columns.
    Expected,
    /// How far the cell is from what independence would have, in standard errors.
    Residual,
    /// The standard error of the column share.
    StdError,
    /// The lower end of its interval.
    ConfLow,
    /// The upper end of its interval.
    ConfHigh,
}

/// What the colour behind column shares says. A sign in the cell says the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shade {
    /// Nothing.
    #[default]
    None,
    /// How far the answer is above or below everyone's: an index from 120 or to 80, stronger from 150 or
    /// to 50.
    Index,
    /// What the tests found: higher or lower than everyone or than all others, else larger than
    /// another column.
    Significance,
}

impl Figure {
    /// The column of the long table that has it.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::Count => "n",
            Self::WeightedCount => "n_weighted",
            Self::ColumnShare => "column_share",
            Self::RowShare => "row_share",
            Self::TotalShare => "total_share",
            Self::ResponseShare => "response_share",
            Self::Index => "index",
            Self::Expected => "expected",
            Self::Residual => "residual",
            Self::StdError => "std_error",
            Self::ConfLow => "conf_low",
            Self::ConfHigh => "conf_high",
        }
    }

    /// What it is called beside the answer.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::WeightedCount => "Weighted",
            Self::ColumnShare => "Column %",
            Self::RowShare => "Row %",
            Self::TotalShare => "Total %",
            Self::ResponseShare => "% of answers",
            Self::Index => "Index",
            Self::Expected => "Expected",
            Self::Residual => "Residual",
            Self::StdError => "Std. error",
            Self::ConfLow => "Low",
            Self::ConfHigh => "High",
        }
    }

    /// Its number format: `-` for none at all, and for shares `<0.5%` where rounding would say none.
    pub(super) fn number(self, decimals: u8, sign: &str) -> String {
        let sign = if sign.is_empty() { String::new() } else { format!("\"{sign} \"") };
        match self {
            Self::Count | Self::WeightedCount => "[=0]\"-\";#,##0".to_owned(),
            Self::Index => "[=0]\"-\";0".to_owned(),
            Self::Expected => "#,##0.0".to_owned(),
            Self::Residual => "0.0".to_owned(),
            Self::StdError => percent(decimals + 1),
            Self::ConfLow | Self::ConfHigh => percent(decimals),
            _ => {
                let least = format!("0.00{}5", "0".repeat(usize::from(decimals)));
                let (shown, few) = (percent(decimals), least_percent(decimals));
                format!("[=0]{sign}\"-\";[<{least}]{sign}\"<{few}%\";{sign}{shown}")
            }
        }
    }
}

/// The smallest share that is not rounded to none, in per cent.
pub(super) fn least_percent(decimals: u8) -> String {
    match decimals {
        0 => "0.5".to_owned(),
        decimals => format!("0.{}5", "0".repeat(usize::from(decimals))),
    }
}

fn percent(decimals: u8) -> String {
    match decimals {
        0 => "0%".to_owned(),
        decimals => format!("0.{}%", "0".repeat(usize::from(decimals))),
    }
}

/// The number format of a statistic.
pub(super) fn statistic(kind: &str) -> &'static str {
    match kind {
        "nps" => "+0;-0;0",
        "median" => "0.0#",
        "std_error" => "0.000",
        _ => "0.00",
    }
}

/// What a statistic is called, where the long table has no words of its own.
pub(super) fn statistic_label(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "mean" => "Mean",
        "std_dev" => "Std. deviation",
        "std_error" => "Std. error",
        "median" => "Median",
        "nps" => "NPS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_what_is_nearly_nothing_apart_from_nothing() {
        assert_eq!(Figure::ColumnShare.number(0, ""), "[=0]\"-\";[<0.005]\"<0.5%\";0%");
        assert_eq!(
            Figure::ColumnShare.number(1, "»"),
            "[=0]\"» \"\"-\";[<0.0005]\"» \"\"<0.05%\";\"» \"0.0%"
        );
        assert_eq!(Figure::StdError.number(0, ""), "0.0%");
        assert_eq!(Figure::WeightedCount.number(1, ""), "[=0]\"-\";#,##0");
    }
}
