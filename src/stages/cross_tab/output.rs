//! How cells, tables, tests and left-out rows are written down. What is hidden leaves no number.

use polars::prelude::{Column, DataFrame, IntoColumn, NamedFrom, PolarsResult, Series};

use super::association::Association;
use super::compare::{self, Comparison, Shown};
use super::figures::Estimate;
use super::options::{Against, BaseRule, Variance};
use super::suppress::Hidden;
use super::tables::{Crossed, Item, Kind, NESTED, REASONS};
use crate::stats::chi_square::adjusted_residual;
use crate::stats::comparisons::letter;
use crate::stats::contingency::{index, share};
use crate::stats::weights::{Base, base_mark};

/// One table with all that was found out about it.
pub(super) struct Made<'a> {
    pub crossed: &'a Crossed<'a>,
    pub hidden: &'a Hidden,
    /// By item, by column, the total first.
    pub estimates: Vec<Vec<Estimate>>,
    pub comparisons: Vec<Comparison>,
    pub shown: Shown,
    pub association: Association,
}

macro_rules! columns {
    ($rows:expr, $($name:literal => |$at:pat_param| $value:expr,)*) => {{
        let columns = vec![$(column($name, $rows.iter().map(|$at| $value).collect::<Vec<_>>()),)*];
        DataFrame::new($rows.len(), columns)
    }};
}

fn column<T, P: ?Sized>(name: &str, values: T) -> Column
where
    T: AsRef<P>,
    Series: NamedFrom<T, P>,
{
    Series::new(name.into(), values).into_column()
}

/// A cell of a table.
struct Cell<'a> {
    table: usize,
    of: &'a Made<'a>,
    at: usize,
    column: usize,
    column_value: &'a str,
}

impl Cell<'_> {
    fn item(&self) -> &Item {
        &self.of.crossed.items[self.at]
    }

    fn base(&self) -> Base {
        self.of.crossed.bases[self.column]
    }

    fn cell(&self) -> Base {
        self.of.crossed.cells[self.at][self.column]
    }

    fn total(&self) -> Base {
        self.of.crossed.cells[self.at][0]
    }

    fn is_hidden(&self) -> bool {
        self.of.hidden.cell(self.at, self.column)
    }

    /// A number of the cell, unless it is hidden.
    fn seen<T>(&self, value: T) -> Option<T> {
        (!self.is_hidden()).then_some(value)
    }

    /// A number that is made of the row's total too.
    fn beside_total(&self, value: Option<f64>) -> Option<f64> {
        let total = self.of.hidden.cell(self.at, 0) || self.of.hidden.base(0);
        if total || self.item().kind.is_statistic() { None } else { self.seen(value)? }
    }

    fn part_of(&self, whole: f64) -> Option<f64> {
        if self.item().kind.is_statistic() { None } else { self.seen(share(self.cell().weighted, whole))? }
    }

    /// The share of all answers that were given in the column, of questions with several.
    fn response_share(&self) -> Option<f64> {
        let crossed = self.of.crossed;
        if !crossed.asked.source.is_multiple()
            || !self.item().is_mention
            || self.of.hidden.in_column(self.column)
        {
            return None;
        }
        let own =
            |item: &Item| item.kind == Kind::Answer && item.is_mention && item.outer == self.item().outer;
        let mentions = (0..crossed.items.len()).filter(|at| own(&crossed.items[*at]));
        self.part_of(mentions.map(|at| crossed.cells[at][self.column].weighted).sum())
    }

    fn index(&self) -> Option<f64> {
        let whole = self.of.crossed.bases[0].weighted;
        let own = share(self.cell().weighted, self.base().weighted)?;
        index(own, share(self.total().weighted, whole)?)
    }

    /// The count if rows and columns were independent. Anything hidden in the table could be found with
    /// those of its row and column.
    fn expected(&self) -> Option<f64> {
        let expected = self.of.association.expected.get(&(self.at, self.column)).copied();
        expected.filter(|_| !self.of.hidden.is_any())
    }

    fn column_kind(&self) -> &'static str {
        match self.column.checked_sub(1) {
            None => "total",
            Some(at) if self.of.crossed.headers[at].is_net() => "net",
            Some(_) => "answer",
        }
    }

    /// The adjusted residual; weighted counts are scaled to the effective base first.
    fn residual(&self) -> Option<f64> {
        if self.column == 0 {
            return None;
        }
        let whole = self.of.crossed.bases[0];
        let answers = match self.of.crossed.checked.variance {
            Variance::Frequency => whole.weighted,
            Variance::EffectiveBase | Variance::Taylor => whole.effective(),
        };
        let scale = answers / whole.weighted;
        let [cell, row, column] = [self.cell(), self.total(), self.base()].map(|base| base.weighted * scale);
        adjusted_residual(cell, row, column, answers)
    }

    fn estimate(&self) -> Estimate {
        if self.is_hidden() { Estimate::default() } else { self.of.estimates[self.at][self.column] }
    }

    fn mark(&self, against: Against) -> Option<&'static str> {
        self.of.shown.marks.get(&(self.at, self.column, against)).copied()
    }

    /// How small the base is, unless it is hidden: limits close to each other would tell its size.
    fn base_mark(&self) -> Option<&'static str> {
        let checked = self.of.crossed.checked;
        let is_hidden = self.of.hidden.base(self.column);
        (!is_hidden).then(|| base_mark(self.base().n, checked.min_base, checked.small_base))
    }

    fn letter(&self) -> Option<String> {
        let crossed = self.of.crossed;
        let tests = crossed.checked.tests.as_ref().filter(|tests| tests.compares_columns());
        let header = self.column.checked_sub(1).map(|at| &crossed.headers[at]);
        header.filter(|_| tests.is_some()).map(|header| letter(header.place))
    }
}

/// One line per cell: table by table, row by row, the total column first.
pub(super) fn cells(results: &[Made<'_>]) -> PolarsResult<DataFrame> {
    let mut cells: Vec<Cell<'_>> = Vec::new();
    for (table, of) in results.iter().enumerate() {
        for at in (0..of.crossed.items.len()).filter(|at| of.crossed.items[*at].shown) {
            let columns = of.crossed.columns().enumerate();
            cells.extend(columns.map(|(column, (_, column_value))| Cell {
                table: table + 1,
                of,
                at,
                column,
                column_value,
            }));
        }
    }
    columns!(cells,
        "table" => |at| at.table as i64,
        "row_variable" => |at| at.of.crossed.row_variable.as_str(),
        "row_value" => |at| at.item().label.as_str(),
        "row_kind" => |at| at.item().kind.word(),
        "net" => |at| at.item().net.as_deref(),
        "column_variable" => |at| at.of.crossed.column_variable.as_str(),
        "column_value" => |at| at.column_value,
        "column_kind" => |at| at.column_kind(),
        "is_total" => |at| at.column == 0,
        "letter" => |at| at.letter(),
        "n" => |at| at.seen(at.cell().n as i64),
        "n_weighted" => |at| at.seen(at.cell().weighted),
        "n_effective" => |at| at.seen(at.cell().effective()),
        "row_share" => |at| at.beside_total(share(at.cell().weighted, at.total().weighted)),
        "column_share" => |at| at.part_of(at.base().weighted),
        "total_share" => |at| if at.of.hidden.base(0) { None } else { at.part_of(at.of.crossed.bases[0].weighted) },
        "response_share" => |at| at.response_share(),
        "estimate" => |at| if at.item().kind.is_statistic() { at.estimate().value } else { None },
        "std_error" => |at| at.estimate().std_error,
        "conf_low" => |at| at.estimate().interval.map(|(low, _)| low),
        "conf_high" => |at| at.estimate().interval.map(|(_, high)| high),
        "index" => |at| at.beside_total(at.index()),
        "expected" => |at| at.expected(),
        "residual" => |at| at.beside_total(at.residual()),
        "letters" => |at| at.of.shown.letters.get(&(at.at, at.column)).map(String::as_str),
        "vs_total" => |at| at.mark(Against::Total),
        "vs_rest" => |at| at.mark(Against::Rest),
        "vs_previous" => |at| at.mark(Against::Previous),
        "base" => |at| (!at.of.hidden.base(at.column)).then_some(at.base().n as i64),
        "base_weighted" => |at| (!at.of.hidden.base(at.column)).then_some(at.base().weighted),
        "base_effective" => |at| (!at.of.hidden.base(at.column)).then_some(at.base().effective()),
        "base_mark" => |at| at.base_mark(),
        "suppressed" => |at| at.is_hidden().then_some("suppressed"),
    )
}

/// One line per table.
pub(super) fn tables(results: &[Made<'_>]) -> PolarsResult<DataFrame> {
    let tables: Vec<(usize, &Made<'_>)> = results.iter().enumerate().collect();
    let seen = |of: &Made<'_>| !of.hidden.base(0);
    let whole = |of: &Made<'_>| !of.hidden.is_any();
    let chi = |of: &Made<'_>| of.association.table.clone().filter(|_| whole(of));
    let plain = |of: &Made<'_>| chi(of).filter(|_| of.association.plain);
    let rao = |of: &Made<'_>| of.association.rao_scott.filter(|_| whole(of));
    columns!(tables,
        "table" => |(at, _)| *at as i64 + 1,
        "row_variable" => |(_, of)| of.crossed.row_variable.as_str(),
        "column_variable" => |(_, of)| of.crossed.column_variable.as_str(),
        "title" => |(_, of)| of.crossed.asked.title.clone().unwrap_or_else(|| of.crossed.row_variable.clone()),
        "column_title" => |(_, of)| column_title(of.crossed),
        "base_text" => |(_, of)| base_text(of.crossed),
        "filter" => |(_, of)| filter(of.crossed),
        "weight" => |(_, of)| of.crossed.checked.weight.as_deref(),
        "base_rule" => |(_, of)| rule(of.crossed.asked.base),
        "variance" => |(_, of)| of.crossed.checked.variance.word(),
        "test_note" => |(_, of)| compare::note(of.crossed, &of.comparisons),
        "n_read" => |(_, of)| seen(of).then_some(of.crossed.read as i64),
        "n" => |(_, of)| seen(of).then_some(of.crossed.bases[0].n as i64),
        "n_weighted" => |(_, of)| seen(of).then_some(of.crossed.bases[0].weighted),
        "n_effective" => |(_, of)| seen(of).then_some(of.crossed.bases[0].effective()),
        "design_effect" => |(_, of)| of.crossed.bases[0].design_effect().filter(|_| seen(of)),
        "chi_square" => |(_, of)| chi(of).map(|test| test.pearson),
        "df" => |(_, of)| chi(of).map(|test| test.df as i64),
        "p_value" => |(_, of)| plain(of).map(|test| test.p_value()),
        "likelihood_ratio" => |(_, of)| chi(of).map(|test| test.likelihood_ratio),
        "p_likelihood_ratio" => |(_, of)| plain(of).map(|test| test.p_likelihood_ratio()),
        "cramers_v" => |(_, of)| chi(of).map(|test| test.cramers_v()),
        "cells_below_5" => |(_, of)| chi(of).map(|test| test.cells_below_5 as i64),
        "min_expected" => |(_, of)| chi(of).map(|test| test.min_expected),
        "rao_scott" => |(_, of)| rao(of).map(|test| test.statistic),
        "rao_scott_df1" => |(_, of)| rao(of).map(|test| test.df1),
        "rao_scott_df2" => |(_, of)| rao(of).map(|test| test.df2),
        "rao_scott_p" => |(_, of)| rao(of).map(|test| test.p_value),
    )
}

/// The words of the questions that make the columns, or their names.
fn column_title(crossed: &Crossed<'_>) -> String {
    let questions = &crossed.checked.questions;
    let parts = questions.columns[crossed.plan.column].iter().map(|part| &questions.asked[*part]);
    let titles = parts.map(|asked| asked.title.as_deref().unwrap_or(&asked.name));
    titles.collect::<Vec<_>>().join(NESTED)
}

fn base_text(crossed: &Crossed<'_>) -> String {
    let rule = match crossed.asked.base {
        BaseRule::Answered => "All who answered",
        BaseRule::Asked => "All who were asked",
        BaseRule::All => "Everyone",
    };
    crossed.asked.base_text.clone().unwrap_or_else(|| rule.to_owned())
}

/// The conditions of the stage and of the rows' questions.
fn filter(crossed: &Crossed<'_>) -> Option<String> {
    let checked = crossed.checked;
    let questions =
        checked.questions.rows[crossed.plan.row].iter().map(|part| &checked.questions.asked[*part].filter);
    let all: Vec<&str> = std::iter::once(&checked.filter)
        .chain(questions)
        .flatten()
        .map(|filter| filter.text.as_str())
        .collect();
    match all.as_slice() {
        [] => None,
        [only] => Some((*only).to_owned()),
        several => Some(several.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" AND ")),
    }
}

fn rule(rule: BaseRule) -> &'static str {
    match rule {
        BaseRule::Answered => "answered",
        BaseRule::Asked => "asked",
        BaseRule::All => "all",
    }
}

/// One line per comparison.
pub(super) fn tests(results: &[Made<'_>]) -> PolarsResult<DataFrame> {
    let mut lines: Vec<(usize, &Crossed<'_>, &Comparison)> = Vec::new();
    for (at, of) in results.iter().enumerate() {
        lines.extend(of.comparisons.iter().map(|line| (at, of.crossed, line)));
    }
    let test = |line: &Comparison| line.outcome.as_ref().ok().map(|tested| tested.test);
    columns!(lines,
        "table" => |(at, _, _)| *at as i64 + 1,
        "row_variable" => |(_, of, _)| of.row_variable.as_str(),
        "row_value" => |(_, of, line)| of.items[line.item].label.as_str(),
        "row_kind" => |(_, of, line)| of.items[line.item].kind.word(),
        "column_variable" => |(_, of, _)| of.column_variable.as_str(),
        "column_value" => |(_, of, line)| of.headers[line.column - 1].label.as_str(),
        "against" => |(_, _, line)| match line.against {
            Against::Columns => "column",
            Against::Total => "total",
            Against::Rest => "rest",
            Against::Previous => "previous",
        },
        "against_value" => |(_, _, line)| line.against_value.as_str(),
        "difference" => |(_, _, line)| test(line).map(|test| test.difference),
        "statistic" => |(_, _, line)| test(line).map(|test| test.statistic),
        "df" => |(_, _, line)| test(line).and_then(|test| test.df),
        "p_value" => |(_, _, line)| test(line).map(|test| test.p_value),
        "p_adjusted" => |(_, _, line)| line.outcome.as_ref().ok().map(|tested| tested.p_adjusted),
        "level" => |(_, _, line)| line.outcome.as_ref().ok().and_then(|tested| tested.level),
        "note" => |(_, _, line)| line.outcome.as_ref().err().copied(),
    )
}

/// One line per table and reason. Where the base is hidden, what was left out would give it away.
pub(super) fn excluded(results: &[Made<'_>]) -> PolarsResult<DataFrame> {
    let lines: Vec<(usize, &Made<'_>, usize)> = results
        .iter()
        .enumerate()
        .flat_map(|(at, of)| (0..REASONS.len()).map(move |why| (at, of, why)))
        .collect();
    columns!(lines,
        "table" => |(at, _, _)| *at as i64 + 1,
        "row_variable" => |(_, of, _)| of.crossed.row_variable.as_str(),
        "column_variable" => |(_, of, _)| of.crossed.column_variable.as_str(),
        "reason" => |(_, _, why)| REASONS[*why],
        "n" => |(_, of, why)| (!of.hidden.base(0)).then_some(of.crossed.excluded[*why] as i64),
    )
}
