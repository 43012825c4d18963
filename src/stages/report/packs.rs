//! The pages of a report: one of all rows, or one for each value of a column and one that leads to them.
//! Knows nothing of what is on a page.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{Column, DataFrame};

use super::{Checked, Shown, Tables, compose};
use crate::diagnostic::{Caution, CautionCode, Code, Diagnostic, RunError};
use crate::document::Spanned;
use crate::number;
use crate::report::{self, Entry, Index, Records, banner};
use crate::run::{file_name, file_names};
use crate::stages::{Context, Estimates, File};

/// Pages that one report makes at most.
const MOST_PAGES: usize = 10_000;

impl Checked {
    pub(super) fn single(&self, tables: &Tables, cx: &Context<'_>) -> Result<Estimates, RunError> {
        let (page, _) = compose::page(self, tables, None, cx)?;
        let path = format!("reports/{}.html", file_name(cx.stage));
        let main = listed(&[(None, self.title.of(""), path.clone())])?;
        Ok(Estimates { main, files: vec![File { path, bytes: page.into_bytes() }], ..Estimates::default() })
    }

    /// Refuses a cross-tab without the column among its variables: that is known from its rows alone.
    fn splits(&self, per: &str, tables: &Tables) -> Result<(), RunError> {
        let mut told = Vec::new();
        for item in self.sections.iter().flat_map(|part| &part.items) {
            let (Shown::Table { id, scope, .. }
            | Shown::CrossTab { id, scope, .. }
            | Shown::Chart { id, scope, .. }) = item
            else {
                continue;
            };
            let Some(table) = tables.frames.get(id).filter(|_| !scope.whole) else { continue };
            let plain = table.get_column_index(per).is_some() || !banner::is_crossed(table.schema());
            if plain || table.height() == 0 || banner::crosses(table, per)? {
                continue;
            }
            let message = format!("a cross-tab cannot be split by `{per}`");
            let told_here = Diagnostic::error(Code::UnusableData, message)
                .primary(scope.from, format!("no variable of `{id}` is `{per}`"));
            let help =
                format!("cross it by `{per}`, or write `whole: true` if every report may show all of it");
            told.push(told_here.help(help));
        }
        if told.is_empty() { Ok(()) } else { Err(RunError::Data(told)) }
    }

    /// A page for each value of a column, and one that leads to them. No row of another value gets
    /// into a pack, since the folder is what may be handed on: a table is split by the column, or is
    /// one that the report says may be shown whole.
    pub(super) fn packs(
        &self,
        per: &Spanned<String>,
        tables: &Tables,
        cx: &Context<'_>,
    ) -> Result<Estimates, RunError> {
        let (per, written) = (per.value.as_str(), per.span);
        self.splits(per, tables)?;
        let (tables, peers) = (&tables.frames, &tables.peers);
        let mut values: BTreeSet<String> = BTreeSet::new();
        let mut cautions = Vec::new();
        for (id, table) in tables.iter().filter(|(_, table)| table.get_column_index(per).is_some()) {
            let records = Records::read(&table.select([per])?)?;
            let texts: Vec<Option<String>> =
                (0..records.len()).map(|row| records.get(row, per).text()).collect();
            // The total of net promoter bars is a row of nobody's, and left out rightly.
            let is_bars = (cx.charts.get(id))
                .is_some_and(|chart| matches!(chart.mark, crate::chart::Mark::NetPromoter(_)));
            let total = is_bars && cx.lineage.get(id).is_some_and(|made| made.inputs.len() > 1);
            let nameless =
                texts.iter().filter(|text| text.is_none()).count().saturating_sub(usize::from(total));
            values.extend(texts.into_iter().flatten());
            if nameless > 0 {
                let (rows, are) = if nameless == 1 {
                    ("1 row".into(), "is")
                } else {
                    (format!("{} rows", number::count(nameless as f64)), "are")
                };
                let message =
                    format!("{rows} of `{id}` without `{per}` {are} in no report of `{}`", cx.stage);
                cautions.push(Caution::new(CautionCode::MissingValues, "", Some(nameless as f64), message));
            }
        }
        let values: Vec<String> = values.into_iter().collect();
        if values.len() > MOST_PAGES {
            let label = format!("`{per}` has {} values", number::count(values.len() as f64));
            let message =
                format!("`{}` would make more than {} pages", cx.stage, number::count(MOST_PAGES as f64));
            let told = Diagnostic::error(Code::UnusableData, message).primary(written, label);
            return Err(RunError::data(told.help("name a column of regions or partners, not of customers")));
        }
        let stage = file_name(cx.stage);
        let mut files = Vec::with_capacity(values.len() + 1);
        let mut rows = Vec::with_capacity(values.len());
        let mut entries = Vec::with_capacity(values.len());
        for (value, folder) in values.iter().zip(file_names(&values)) {
            let own = (tables.iter())
                .map(|(id, table)| {
                    let own = match table.get_column_index(per) {
                        Some(_) => report::only(table, per, value)?,
                        None if banner::is_crossed(table.schema()) => banner::only(table, per, value)?,
                        None => table.clone(),
                    };
                    Ok((id.clone(), own))
                })
                .collect::<Result<BTreeMap<String, DataFrame>, RunError>>()?;
            let own = Tables { frames: own, peers: peers.clone(), ..Tables::default() };
            let (page, detail) = compose::page(self, &own, Some((per, value)), cx)?;
            let path = format!("packs/{folder}/{stage}.html");
            let label = if value.trim().is_empty() { "(blank)".to_owned() } else { value.clone() };
            entries.push(Entry { label, href: format!("../{path}"), detail });
            rows.push((Some(value.clone()), self.title.listed(value), path.clone()));
            files.push(File { path, bytes: page.into_bytes() });
        }
        if values.is_empty() {
            let message = format!("`{}` finds no value of `{per}`, so it has no report", cx.stage);
            cautions.push(Caution::new(CautionCode::NoRows, "", Some(0.0), message));
        }
        let every = format!("every {}", per.replace('_', " "));
        let index = Index {
            kicker: format!("By {}", per.replace('_', " ")),
            title: self.title.of(&every),
            subtitle: self.subtitle.of(&every),
            entries,
            made: compose::made(cx),
            program: compose::program(),
            ..Index::default()
        };
        let index = report::index(&index).map_err(|error| RunError::Publish(error.to_string()))?;
        files.push(File { path: format!("reports/{stage}.html"), bytes: index.into_bytes() });
        Ok(Estimates { main: listed(&rows)?, files, cautions, ..Estimates::default() })
    }
}

/// The main table: one row per page.
fn listed(rows: &[(Option<String>, String, String)]) -> Result<DataFrame, RunError> {
    let column = |name: &str, texts: Vec<Option<&str>>| Column::new(name.into(), texts);
    let columns = vec![
        column("value", rows.iter().map(|(value, ..)| value.as_deref()).collect()),
        column("title", rows.iter().map(|(_, title, _)| Some(title.as_str())).collect()),
        column("file", rows.iter().map(|(.., file)| Some(file.as_str())).collect()),
    ];
    Ok(DataFrame::new(rows.len(), columns)?)
}
