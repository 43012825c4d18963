//! What a reader of the tables should know: small bases, rows and answers left out, labels of nothing.
//! Words what was counted; counts that are hidden are not told here either.

use std::collections::BTreeMap;

use super::Checked;
use super::answers::Known;
use super::categories;
use super::layout::Layout;
use super::questions::Asked;
use super::suppress::Hidden;
use super::tables::{Crossed, NESTED};
use crate::diagnostic::{Caution, CautionCode};
use crate::engine::tabulate::{Cells, NULL};
use crate::stages::bases;

pub(super) fn cautions(
    checked: &Checked,
    known: &[Known],
    layout: &Layout,
    counted: &[Cells],
    tables: &[Crossed<'_>],
    hidden: &[Hidden],
    stage: &str,
) -> Vec<Caution> {
    let Some(first) = tables.first() else { return Vec::new() };
    if first.read == 0 {
        return vec![bases::no_rows(stage)];
    }
    let mut told: Vec<Caution> = tables.iter().enumerate().filter_map(|at| nobody(at, stage)).collect();
    told.extend(small_bases(checked, tables, hidden, stage));
    told.extend(unknown_answers(checked, known, layout, counted, stage));
    told.extend(relabelled(checked, known, stage));
    told.extend(wide_boxes(tables, stage));
    told.extend(contradictions(checked, known, layout, counted, stage));
    told.extend(off_scale(checked, tables, hidden, stage));
    told.extend(unusable_weights(first, hidden, stage));
    let effect = |crossed: &Crossed<'_>| crossed.bases[0].design_effect().unwrap_or(1.0);
    let seen = tables.iter().zip(hidden).filter(|(_, hidden)| !hidden.base(0)).map(|(crossed, _)| crossed);
    let heaviest = seen.max_by(|a, b| effect(a).total_cmp(&effect(b)));
    told.extend(heaviest.and_then(|crossed| {
        let of = format!("{} by {} in `{stage}`", crossed.row_variable, crossed.column_variable);
        bases::heavy_weights(crossed.bases[0], &of)
    }));
    told
}

/// Whether a count may be told.
fn is_told(checked: &Checked, n: u64) -> bool {
    n == 0 || checked.suppress.is_none_or(|below| n >= below)
}

/// A count, or that it is hidden.
fn many(checked: &Checked, n: u64, what: &str) -> String {
    match checked.suppress {
        Some(below) if !is_told(checked, n) => format!("fewer than {}", bases::count(below, what)),
        _ => bases::count(n, what),
    }
}

/// A table in which no row is left.
fn nobody((at, crossed): (usize, &Crossed<'_>), stage: &str) -> Option<Caution> {
    let message = format!(
        "`{stage}`: every row is left out of the table of {} by {}",
        crossed.row_variable, crossed.column_variable
    );
    let empty = crossed.bases[0].n == 0;
    empty.then(|| Caution::new(CautionCode::EmptyBase, format!("table={}", at + 1), Some(0.0), message))
}

/// Rows whose weight cannot be used; how many, only where the bases that they are missing from are shown.
fn unusable_weights(first: &Crossed<'_>, hidden: &[Hidden], stage: &str) -> Option<Caution> {
    let caution = bases::unusable_weights(stage, first.unusable, "row")?;
    if !hidden.iter().any(|hidden| hidden.base(0)) {
        return Some(caution);
    }
    let message = format!("`{stage}` leaves out rows whose weight is missing, zero or negative");
    Some(Caution::new(CautionCode::UnusableWeights, "", None, message))
}

/// For each column of the tables that is empty or small in some of them, one caution of each kind.
fn small_bases(checked: &Checked, tables: &[Crossed<'_>], hidden: &[Hidden], stage: &str) -> Vec<Caution> {
    // A hidden base is measured by the larger limit: it is not told on which side of the smaller one it is.
    let least_hidden = match checked.min_base {
        0 => 0,
        least => least.max(checked.suppress.unwrap_or_default()),
    };
    /// The bases of a column, and whether each is hidden.
    type Bases = Vec<(u64, bool)>;
    let mut columns: Vec<((&str, &str), Bases)> = Vec::new();
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (crossed, hidden) in tables.iter().zip(hidden).filter(|(crossed, _)| crossed.bases[0].n > 0) {
        for (at, (_, value)) in crossed.columns().enumerate().skip(1) {
            let n = crossed.bases[at].n;
            if n < if hidden.base(at) { least_hidden } else { checked.min_base } {
                let key = (crossed.column_variable.as_str(), value);
                let place = *places.entry(key).or_insert_with(|| {
                    columns.push((key, Vec::new()));
                    columns.len() - 1
                });
                columns[place].1.push((n, hidden.base(at)));
            }
        }
    }
    let mut told = Vec::new();
    for ((variable, value), small) in columns {
        let key = format!("column_variable={variable}, column_value={value}");
        let column = format!("`{stage}`: column {variable} = {value}");
        let (empty, few): (Vec<_>, Vec<_>) = small.into_iter().partition(|(n, hidden)| *n == 0 && !hidden);
        // Said only where there is more than one table to be meant.
        let within = |of: &[(u64, bool)]| match tables.len() {
            1 => String::new(),
            _ => format!(" in {}", bases::count(of.len() as u64, "table")),
        };
        if !empty.is_empty() {
            let message = format!("{column} has no usable answer{}, so it has no shares", within(&empty));
            told.push(Caution::new(CautionCode::EmptyBase, key.clone(), Some(0.0), message));
        }
        let Some(least) = few.iter().map(|(n, _)| *n).min() else { continue };
        // A base hidden for another's sake is not told by its size either: only that it is small.
        let is_hidden = few.iter().any(|(_, hidden)| *hidden);
        let answers = match is_hidden {
            true => format!("fewer than {}", bases::count(least_hidden, "answer")),
            false if few.len() == 1 => bases::count(least, "answer"),
            false => format!("as few as {}", bases::count(least, "answer")),
        };
        let message = format!(
            "{column} rests on {answers}{}; below {} shares are only a hint",
            within(&few),
            if is_hidden { least_hidden } else { checked.min_base }
        );
        let figure = (!is_hidden).then_some(least as f64);
        told.push(Caution::new(CautionCode::SmallBase, key, figure, message));
    }
    told
}

/// Answers that are labelled or put into a net and that nobody gave: perhaps another code.
fn unknown_answers(
    checked: &Checked,
    known: &[Known],
    layout: &Layout,
    counted: &[Cells],
    stage: &str,
) -> Vec<Caution> {
    let mut told = Vec::new();
    for (at, asked) in checked.questions.asked.iter().enumerate() {
        let levels = categories::levels_of(checked, layout, counted, at);
        if levels.is_none() && !asked.source.is_multiple() {
            continue;
        }
        let unknown = categories::unknown_answers(asked, &known[at], levels);
        if unknown.is_empty() {
            continue;
        }
        const MOST: usize = 6;
        let mut listed: Vec<String> = unknown.iter().take(MOST).map(|answer| format!("`{answer}`")).collect();
        if unknown.len() > MOST {
            listed.push("…".to_owned());
        }
        let message = format!(
            "`{stage}`: nobody gave the {} {} of {}",
            match unknown.len() {
                1 => "answer",
                _ => "answers",
            },
            listed.join(", "),
            asked.name
        );
        let key = format!("row_variable={}", asked.name);
        told.push(Caution::new(CautionCode::UnknownAnswers, key, Some(unknown.len() as f64), message));
    }
    told
}

/// Answers that the codebook labels more than once, of which the first line counts.
fn relabelled(checked: &Checked, known: &[Known], stage: &str) -> Vec<Caution> {
    let caution = |(asked, known): (&Asked, &Known)| {
        let n = known.relabelled.len();
        let first = known.relabelled.first()?;
        let others = if n > 1 { format!(" and {} more", n - 1) } else { String::new() };
        let message = format!(
            "`{stage}`: the codebook labels the answer `{first}`{others} of {} differently in later lines; the first one counts",
            asked.name
        );
        let key = format!("row_variable={}", asked.name);
        Some(Caution::new(CautionCode::RepeatedLabels, key, Some(n as f64), message))
    };
    checked.questions.asked.iter().zip(known).filter_map(caution).collect()
}

/// Boxes of more answers than the scale has: everyone is in them.
fn wide_boxes(tables: &[Crossed<'_>], stage: &str) -> Vec<Caution> {
    let mut widest: BTreeMap<(&str, String), (usize, usize)> = BTreeMap::new();
    for crossed in tables {
        for item in crossed.items.iter() {
            if let Some(many) = item.wanted {
                let name = item.label.rsplit(NESTED).next().unwrap_or(&item.label).to_owned();
                let (_, scale) = widest.entry((&crossed.row_variable, name)).or_insert((many, 0));
                *scale = (*scale).max(item.keys.len());
            }
        }
    }
    let wide = widest.into_iter().filter(|(_, (many, scale))| (1..*many).contains(scale));
    wide.map(|((variable, name), (_, scale))| {
        let answers = bases::count(scale as u64, "answer");
        let message =
            format!("`{stage}`: the scale of {variable} has {answers}, so that all are in its {name}");
        let key = format!("row_variable={variable}");
        Caution::new(CautionCode::UnknownAnswers, key, Some(scale as f64), message)
    })
    .collect()
}

/// People who gave an answer that excludes the others, and another one.
fn contradictions(
    checked: &Checked,
    known: &[Known],
    layout: &Layout,
    counted: &[Cells],
    stage: &str,
) -> Vec<Caution> {
    let mut told = Vec::new();
    for (question, spec) in &layout.contradictions {
        let cells = &counted[*spec];
        let is_true = |place: u32| {
            let values = cells.dimensions[0].values.bool().ok();
            place != NULL && values.and_then(|values| values.get(place as usize)).unwrap_or(false)
        };
        let n: u64 = cells.iter().filter(|(key, _)| is_true(key[0])).map(|(_, cell)| cell.base.n).sum();
        let asked = &checked.questions.asked[*question];
        let none = asked.none_of_these.as_deref().unwrap_or_default();
        if n > 0 {
            let people = many(checked, n, "person").replace("persons", "people");
            let label = known[*question].label(none);
            let message =
                format!("`{stage}`: {people} gave `{label}` to {} together with another answer", asked.name);
            let key = format!("row_variable={}", asked.name);
            let figure = is_told(checked, n).then_some(n as f64);
            told.push(Caution::new(CautionCode::ContradictoryAnswers, key, figure, message));
        }
    }
    told
}

/// Answers that a net promoter score cannot use.
fn off_scale(checked: &Checked, tables: &[Crossed<'_>], hidden: &[Hidden], stage: &str) -> Vec<Caution> {
    let mut most: BTreeMap<&str, (u64, bool)> = BTreeMap::new();
    for (crossed, hidden) in tables.iter().zip(hidden).filter(|(crossed, _)| crossed.off_scale > 0) {
        let (n, is_hidden) = most.entry(&crossed.row_variable).or_default();
        *n = (*n).max(crossed.off_scale);
        // The answers outside the scale are answers of the table, which may hide some of them.
        *is_hidden |= hidden.base(0) || hidden.in_column(0);
    }
    let caution = |(variable, (n, is_hidden)): (&str, (u64, bool))| {
        let answers = if is_hidden { "answers".to_owned() } else { many(checked, n, "answer") };
        let message = format!("`{stage}`: the NPS of {variable} leaves out {answers} outside 0 to 10");
        let figure = (!is_hidden && is_told(checked, n)).then_some(n as f64);
        Caution::new(CautionCode::InvalidAnswers, format!("row_variable={variable}"), figure, message)
    };
    most.into_iter().map(caution).collect()
}
