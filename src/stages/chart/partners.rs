//! The marks that are drawn from the tables of a `score_partners` stage: what may be written for them,
//! which columns they need, and how the score card is put together from its tables.

use std::collections::BTreeSet;

use polars::prelude::{
    DataFrame, DataType, JoinType, LazyFrame, MaintainOrderJoin, PolarsResult, Schema, col,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::marks::Mark;
use super::roles::Roles;
use crate::chart;
use crate::diagnostic::{Code, Diagnostic, RunError, nearest};
use crate::document::{Entries, OneOrMany, Spanned};
use crate::stages::named::named;
use crate::stages::{Check, Input, Table, Template};

/// A score card as a table with bars: rank, name, score, and of each indicator the figure as measured
/// with a bar of what it counts. Made for a `score_partners` stage.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scorecard {
    /// What a partner is called.
    pub label: OneOrMany<Spanned<String>>,
    /// The column of the peer groups, where partners were scored `within` them: each has a part of the
    /// table, and `limit` is for each. Omitted: partners were scored among all.
    #[serde(default)]
    pub within: Option<Spanned<String>>,
    /// How indicators are shown, by their names.
    #[serde(default)]
    pub indicators: Entries<IndicatorLook>,
}

/// How an indicator of a score card is shown.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndicatorLook {
    /// Its heading. Omitted: its name.
    #[serde(default)]
    pub title: Option<Template>,
    /// How its values are written. Omitted: with as many decimals as their size calls for.
    #[serde(default)]
    pub number: Option<chart::Number>,
    /// Whether its `n` counts answers, so that small bases are marked. Omitted: where its values were
    /// drawn towards the mean.
    #[serde(default)]
    pub answers: Option<bool>,
}

/// Ranks with the intervals that hold nine tenths of the draws. Made for a `score_partners` stage with
/// `stability`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ranks {
    /// What a partner is called.
    pub label: OneOrMany<Spanned<String>>,
    /// The column of the peer groups, where partners were scored `within` them: each has a panel, and
    /// `limit` is for each. Omitted: partners were scored among all.
    #[serde(default)]
    pub within: Option<Spanned<String>>,
}

/// What sets the best tier apart from the last: the size of each difference with its interval. Made for
/// the side table `high_low` of a `score_partners` stage with `compare`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contrast {
    /// How attributes are shown, by their columns.
    #[serde(default)]
    pub attributes: Entries<AttributeLook>,
}

/// How an attribute that tiers are compared in is shown.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeLook {
    /// What it is called. Omitted: the name of its column.
    #[serde(default)]
    pub title: Option<Template>,
    /// How its means are written. Omitted: with as many decimals as their size calls for.
    #[serde(default)]
    pub number: Option<chart::Number>,
}

/// The column that a score card adds: the part of an indicator in all weight.
const WEIGHT: &str = "indicator_weight";

/// What a score card is put together from.
#[derive(Debug)]
pub(super) struct Card {
    key: String,
    main: Schema,
    parts: Schema,
}

fn side(from: &Input, name: &str) -> Input {
    Input::from(Spanned::new(format!("{}.{name}", from.text()), from.span()))
}

/// The side tables that a mark reads beside its input.
pub(super) fn beside(mark: &Mark, from: &Input) -> Vec<Input> {
    match mark {
        Mark::Scorecard(_) => ["indicators", "weights"].map(|name| side(from, name)).into(),
        _ => Vec::new(),
    }
}

impl Card {
    /// None: the mark is no score card, or its tables are not there.
    pub(super) fn of(mark: &Mark, from: &Input, cx: &Check<'_>) -> Option<Self> {
        let Mark::Scorecard(_) = mark else { return None };
        let (main, parts) = (cx.schema(from)?, cx.schema(&side(from, "indicators"))?);
        let (key, _) = parts.get_at_index(0)?;
        Some(Self { key: key.to_string(), main, parts })
    }

    /// The columns of the records: those of the partner, then those of the indicator.
    pub(super) fn records(&self) -> Schema {
        let mut records = self.main.clone();
        for (name, dtype) in self.parts.iter() {
            if !records.contains(name) {
                records.insert(name.clone(), dtype.clone());
            }
        }
        records.insert(WEIGHT.into(), DataType::Float64);
        records
    }

    /// A record for each partner of `rows` and indicator, in the order of the indicators' table.
    pub(super) fn join(&self, rows: LazyFrame, parts: &Table, weights: &Table) -> LazyFrame {
        let weights = weights.rows.clone().select([col("indicator"), col("weight").alias(WEIGHT)]);
        let beside = |left: LazyFrame, right: LazyFrame, on: &str, how: JoinType| {
            left.join_builder()
                .with(right)
                .on([named(on)])
                .how(how)
                .maintain_order(MaintainOrderJoin::Left)
                .finish()
        };
        let records = beside(parts.rows.clone(), rows, &self.key, JoinType::Inner);
        let records = beside(records, weights, "indicator", JoinType::Left);
        records.select(self.records().iter_names().map(|name| named(name)).collect::<Vec<_>>())
    }
}

/// The indicators or attributes that the file says the look of, and the column of records they are in.
#[derive(Debug)]
pub(super) struct Looks {
    what: &'static str,
    names: Vec<Spanned<String>>,
}

impl Looks {
    pub(super) fn of(mark: &Mark) -> Option<Self> {
        let (what, names) = match mark {
            Mark::Scorecard(card) => {
                ("indicator", card.indicators.iter().map(|(name, _)| name.clone()).collect())
            }
            Mark::Contrast(of) => ("attribute", of.attributes.iter().map(|(name, _)| name.clone()).collect()),
            _ => return None,
        };
        Some(Self { what, names })
    }

    /// Refuses looks of what is not there: only the data tell.
    pub(super) fn are_used(&self, stage: &str, records: &DataFrame) -> Result<(), RunError> {
        let names = records.column(self.what)?.str()?;
        let known: BTreeSet<&str> = names.iter().flatten().collect();
        let what = self.what;
        let mut told = Vec::new();
        for look in self.names.iter().filter(|look| !known.contains(look.value.as_str()) && !known.is_empty())
        {
            let message = format!("stage `{stage}` says how an {what} looks that its records do not have");
            let label = format!("there is no {what} `{}`", look.value);
            let help = match nearest(&look.value, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                    format!("there are {}", known.join(", "))
                }
            };
            told.push(Diagnostic::error(Code::UnusableData, message).primary(look.span, label).help(help));
        }
        if told.is_empty() { Ok(()) } else { Err(RunError::Data(told)) }
    }
}

/// What is asked of the tables beside the records: the ranking of all partners, and for a score card the
/// ends of its normalised values. Nothing for other marks.
pub(super) fn asked(mark: &chart::Mark, inputs: &[Table]) -> Vec<LazyFrame> {
    let ranking = |within: &Option<String>| {
        let columns = ["score", "rank", "tier"].into_iter().map(col);
        let within = within.iter().map(|within| named(within));
        inputs[0].rows.clone().select(columns.chain(within).collect::<Vec<_>>())
    };
    match mark {
        chart::Mark::Scorecard(card) => {
            let value = || col("normalised");
            let ends = [value().min().alias("low"), value().max().alias("high")];
            vec![ranking(&card.within), inputs[1].rows.clone().select(ends)]
        }
        chart::Mark::Ranks(ranks) => vec![ranking(&ranks.within)],
        chart::Mark::Quadrant(quadrant) if quadrant.tiers.is_some() => vec![ranking(&None)],
        _ => Vec::new(),
    }
}

/// Gives a mark the ranking of all partners, so that pictures of some of them can be compared.
pub(super) fn complete(
    mark: &mut chart::Mark,
    frames: &mut impl Iterator<Item = DataFrame>,
) -> Result<(), RunError> {
    let (ranking, within) = match mark {
        chart::Mark::Scorecard(card) => (&mut card.ranking, card.within.as_deref()),
        chart::Mark::Ranks(ranks) => (&mut ranks.ranking, ranks.within.as_deref()),
        chart::Mark::Quadrant(quadrant) if quadrant.tiers.is_some() => (&mut quadrant.tiers, None),
        _ => return Ok(()),
    };
    if let Some(partners) = frames.next() {
        let failed = |error: chart::FigureError| RunError::Publish(error.to_string());
        *ranking = Some(chart::Ranking::read(&partners, within).map_err(failed)?);
    }
    if let (chart::Mark::Scorecard(card), Some(ends)) = (mark, frames.next()) {
        let end = |name: &str| -> PolarsResult<Option<f64>> { Ok(ends.column(name)?.f64()?.get(0)) };
        card.normalised = end("low")?.zip(end("high")?);
    }
    Ok(())
}

impl Roles<'_, '_> {
    /// Whether the input has columns that no role renames; `help` says where they come from.
    fn has(&mut self, columns: &[&str], message: &str, help: &str) -> Option<()> {
        let Some(missing) = columns.iter().find(|name| !self.schema.contains(name)) else { return Some(()) };
        let label = format!("`{}` has no column `{missing}`", self.from.text());
        self.cx.invalid(self.from.span(), Code::InvalidOption, message, &label, help);
        None
    }

    /// Whether the input is a score card, or a table that keeps its columns.
    pub(super) fn tiers(&mut self) -> Option<()> {
        self.has(
            &["score", "rank", "tier"],
            "draws ranks that its input does not have",
            "draw them from a stage of kind `score_partners`, or from a table that keeps its columns",
        )
    }

    fn peers(&mut self, within: &Option<Spanned<String>>) -> Option<Option<String>> {
        match within {
            None => Some(None),
            Some(within) => self.label(within).map(Some),
        }
    }

    pub(super) fn scorecard(&mut self, written: &Scorecard) -> Option<chart::Scorecard> {
        let parts = side(self.from, "indicators");
        if !self.cx.known().contains_key(parts.text()) {
            let label = format!("`{}` is a {}", self.from.text(), self.cx.kind(self.from).unwrap_or("table"));
            let message = "draws a score card of a table that is none";
            let help = "draw it from a stage of kind `score_partners`";
            self.cx.invalid(self.from.span(), Code::InvalidOption, message, &label, help);
            return None;
        }
        let label = self.labels(&written.label, true);
        let within = self.peers(&written.within);
        let looks: Vec<Option<(String, chart::Look)>> = (written.indicators.iter())
            .map(|(name, look)| {
                let title = self.words(&look.title)?;
                let IndicatorLook { number, answers, .. } = *look;
                Some((name.value.clone(), chart::Look { title, number, answers }))
            })
            .collect();
        let parts = self.cx.schema(&parts)?;
        let key = parts.get_at_index(0).map(|(key, _)| key.to_string())?;
        let mut fine = Some(());
        for name in parts.iter_names().map(|name| name.as_str()).chain([WEIGHT]) {
            if name != key && self.schema.contains(name) {
                let made = (self.from.span(), "the tables of a score card have a column of that name");
                self.cx.duplicate_column(name, self.from.span(), Some(made));
                fine = None;
            }
        }
        fine?;
        let ranks = self.schema.contains("rank_low") && self.schema.contains("rank_high");
        Some(chart::Scorecard {
            label: label?,
            key,
            within: within?,
            ranks: ranks.then(|| ("rank_low".to_owned(), "rank_high".to_owned())),
            shrunk_by: parts.contains("shrunk_by").then(|| "shrunk_by".to_owned()),
            looks: looks.into_iter().collect::<Option<_>>()?,
            ranking: None,
            normalised: None,
        })
    }

    pub(super) fn ranks(&mut self, written: &Ranks) -> Option<chart::Ranks> {
        let scored = self.tiers();
        let drawn = scored.and_then(|()| {
            self.has(
                &["rank_low", "rank_high"],
                "draws rank intervals that its input does not have",
                "add `stability` to the `score_partners` stage: `stability: {}` draws its ranks a thousand times",
            )
        });
        let label = self.labels(&written.label, true);
        let within = self.peers(&written.within);
        drawn?;
        let there = |name: &str| self.schema.contains(name).then(|| name.to_owned());
        Some(chart::Ranks {
            median: there("rank_median"),
            top_share: there("top_share"),
            label: label?,
            within: within?,
            low: "rank_low".into(),
            high: "rank_high".into(),
            ranking: None,
        })
    }

    pub(super) fn contrast(&mut self, written: &Contrast) -> Option<chart::Contrast> {
        let columns = [
            "attribute",
            "category",
            "tier_high",
            "tier_low",
            "n_high",
            "n_low",
            "mean_high",
            "mean_low",
            "effect_measure",
            "effect_size",
            "conf_low",
            "conf_high",
            "p_adjusted",
        ];
        let there = self.has(
            &columns,
            "draws differences between tiers that its input does not have",
            "draw them from the side table `high_low` of a `score_partners` stage with `compare`",
        );
        let looks: Vec<Option<(String, chart::Look)>> = (written.attributes.iter())
            .map(|(name, look)| {
                let (title, number) = (self.words(&look.title)?, look.number);
                Some((name.value.clone(), chart::Look { title, number, answers: None }))
            })
            .collect();
        there?;
        Some(chart::Contrast { looks: looks.into_iter().collect::<Option<_>>()? })
    }
}
