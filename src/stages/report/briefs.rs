//! Briefs in a report: which tables they read, what these must be, what is taken of all partners before
//! a page of one is made. Knows nothing of what is on a page.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use super::compose::{Composer, Told, pairs};
use super::options::{BriefOptions, BriefOrder};
use crate::diagnostic::{Code, Diagnostic, RunError};
use crate::document::{Span, Spanned};
use crate::report::Records;
use crate::report::brief::{Briefs, Card, Layout, Order, Sources};
use crate::stages::named::named;
use crate::stages::{Check, Input};

/// Where the columns end that a match keeps of its list.
const AFTER_KEPT: &str = "n";

/// The side tables that briefs read: of which stage, of what kind it must be, and what they are called.
pub(super) fn beside(options: &BriefOptions) -> Vec<(&Input, &'static str, String)> {
    let of = |from: &Input, side: &str| format!("{}.{side}", from.text());
    let from = &options.from;
    let mut sides = vec![(from, MATCH.kind, of(from, "partners")), (from, MATCH.kind, of(from, "profile"))];
    sides.extend(options.scorecard.iter().map(|card| (card, CARD.kind, of(card, "indicators"))));
    sides
}

/// What a table of briefs must be made by.
struct Role {
    kind: &'static str,
    message: &'static str,
}

const MATCH: Role = Role { kind: "match_partners", message: "makes pages for partners of what is no match" };
const CARD: Role = Role { kind: "score_partners", message: "shows as a scorecard what is none" };
const LOYALTY: Role = Role { kind: "net_promoter", message: "shows as net promoter scores what are none" };

/// Briefs that passed their check.
#[derive(Debug)]
pub(super) struct Brief {
    id: String,
    scorecard: Option<String>,
    loyalty: Option<(String, Span)>,
    /// The indicators that are shown in ways of their own.
    formatted: Vec<Spanned<String>>,
    layout: Layout,
}

/// A scorecard, its key, and the column by which partners are peers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PeersOf {
    card: String,
    key: String,
    column: Option<String>,
}

/// What is taken of all partners of a scorecard.
#[derive(Debug, Clone)]
pub(super) struct Peers {
    /// One row a peer group and indicator: medians, and the ends of the scale.
    medians: Records,
    /// One row a peer group: how many its ranks are given out among.
    ranked: Records,
}

pub(super) fn check(cx: &mut Check<'_>, options: &BriefOptions, split: Option<&str>) -> Option<Brief> {
    let from = &options.from;
    let matched = is_made_by(cx, from, &MATCH);
    let card = options
        .scorecard
        .as_ref()
        .map_or(Some(None), |card| is_made_by(cx, card, &CARD).map(|()| Some(card)));
    let loyalty = options
        .loyalty
        .as_ref()
        .map_or(Some(None), |said| is_made_by(cx, said, &LOYALTY).map(|()| Some(said)));
    let limit = within(cx, &options.limit, 1000, "pages", "`per` makes a report of its own for each value");
    let traits = within(cx, &options.traits, 20, "lines", "a page has no room for more");
    let labels: Vec<Option<(String, String)>> =
        options.labels.iter().map(|(name, label)| Some((name.value.clone(), cx.fill(label)?))).collect();
    let alone = needs_card(cx, options);
    matched?;
    let list = Input::from(Spanned::new(format!("{}.partners", from.text()), from.span()));
    let columns = cx.schema(&list)?;
    let (key, _) = columns.get_at_index(0)?;
    let key = key.to_string();
    // The other tables must know the partners by the same name.
    let named_so = [card.flatten(), loyalty.flatten()].map(|input| match input {
        Some(input) => cx.column(input, &Spanned::new(key.clone(), input.span())).map(|_| ()),
        None => Some(()),
    });
    let name = match &options.name {
        Some(name) => {
            cx.column(&list, &Spanned::new(name.value.clone(), name.span)).map(|column| column.name)
        }
        None => Some(key.clone()),
    };
    let facts = match &options.facts {
        Some(facts) => {
            cx.columns(&list, facts).map(|columns| columns.into_iter().map(|column| column.name).collect())
        }
        None => {
            let kept = columns.iter_names().skip(1).map(|kept| kept.to_string());
            let kept = kept.take_while(|kept| kept != AFTER_KEPT);
            Some(kept.filter(|kept| Some(kept) != name.as_ref()).collect())
        }
    };
    let peers = match (&options.peers, card.flatten()) {
        (Some(peers), Some(card)) => {
            let hint = "name the column that the scorecard has as `within`";
            cx.typed(card, peers, "names", hint, |dtype| dtype.is_string() || dtype.is_integer())
                .map(|column| Some(column.name))
        }
        _ => Some(None),
    };
    if let Some(column) = split.filter(|column| !columns.contains(column)) {
        let label = format!("`{}` does not keep `{column}`", from.text());
        let help = format!("add `{column}` to `keep` of `{}`", from.text());
        let message = "shows in every report what cannot be split";
        cx.invalid(from.span(), Code::InvalidOption, message, &label, &help);
        return None;
    }
    let [card_has_key, loyalty_has_key] = named_so;
    card_has_key.and(loyalty_has_key).and(alone)?;
    let order = match (&options.order, card?) {
        (Some(order), _) => match order.value {
            BriefOrder::Listed => Order::Listed,
            BriefOrder::Rank => Order::Rank,
            BriefOrder::Name => Order::Name,
        },
        (None, Some(_)) => Order::Rank,
        (None, None) => Order::Listed,
    };
    Some(Brief {
        id: from.text().to_owned(),
        scorecard: card?.map(|card| card.text().to_owned()),
        loyalty: loyalty?.map(|said| (said.text().to_owned(), said.span())),
        formatted: options.formats.iter().map(|(name, _)| name.clone()).collect(),
        layout: Layout {
            key,
            name: name?,
            facts: facts?,
            peers: peers?,
            order,
            limit: limit?,
            traits: traits?,
            labels: labels.into_iter().collect::<Option<_>>()?,
            formats: options
                .formats
                .iter()
                .map(|(name, format)| (name.value.clone(), format.format()))
                .collect(),
        },
    })
}

fn is_made_by(cx: &mut Check<'_>, input: &Input, role: &Role) -> Option<()> {
    let kind = cx.kind(input)?;
    if kind == role.kind {
        return Some(());
    }
    let label = format!("`{}` is a {kind}", input.text());
    let help = format!("name a stage of kind `{}`", role.kind);
    cx.invalid(input.span(), Code::InvalidOption, role.message, &label, &help);
    None
}

/// What is said of a scorecard needs one.
fn needs_card(cx: &mut Check<'_>, options: &BriefOptions) -> Option<()> {
    if options.scorecard.is_some() {
        return Some(());
    }
    let ranked = options.order.as_ref().filter(|order| order.value == BriefOrder::Rank);
    let asked = [
        options.peers.as_ref().map(|peers| (peers.span, "has `peers`")),
        ranked.map(|order| (order.span, "orders pages by rank")),
        options.formats.first().map(|(name, _)| (name.span, "shows indicators in ways of their own")),
    ];
    let asked: Vec<(Span, &str)> = asked.into_iter().flatten().collect();
    for (span, what) in &asked {
        let message = format!("{what} without a scorecard");
        let help = "name a stage of kind `score_partners` as `scorecard`";
        cx.invalid(*span, Code::InvalidOption, &message, "nothing has a score here", help);
    }
    asked.is_empty().then_some(())
}

fn within(cx: &mut Check<'_>, value: &Spanned<u32>, most: u32, what: &str, help: &str) -> Option<usize> {
    if (1..=most).contains(&value.value) {
        return Some(value.value as usize);
    }
    let message = format!("has a number of {what} out of range");
    let label = format!("a number from 1 to {most}");
    cx.invalid(value.span, Code::OutOfRange, &message, &label, help);
    None
}

/// The values of a column that are not missing.
fn values(table: &DataFrame, column: &str) -> PolarsResult<Vec<String>> {
    let records = Records::read(&table.select([column])?)?;
    Ok((0..records.len()).filter_map(|row| records.get(row, column).text()).collect())
}

impl PeersOf {
    /// The medians of peers, and how many of them have a rank.
    pub(super) fn plans(&self, rows: impl Fn(&str) -> Option<LazyFrame>) -> [LazyFrame; 2] {
        let card = rows(&self.card).unwrap_or_default();
        let indicators = rows(&format!("{}.indicators", self.card)).unwrap_or_default();
        let group = match &self.column {
            Some(column) => named(column).cast(DataType::String),
            None => lit(NULL).cast(DataType::String),
        };
        let groups = card.clone().select([named(&self.key).alias("key"), group.clone().alias("peers")]);
        let medians = indicators
            .select([named(&self.key).alias("key"), col("indicator"), col("value"), col("normalised")])
            .join(groups, [col("key")], [col("key")], JoinArgs::new(JoinType::Inner))
            .group_by([col("peers"), col("indicator")])
            .agg([
                col("value").median(),
                col("normalised").median(),
                col("normalised").min().alias("low"),
                col("normalised").max().alias("high"),
            ])
            .sort(["peers", "indicator"], SortMultipleOptions::default());
        // Ranks are given out among peers or among all; those of a group that is ranked by itself end with
        // its last partner, or with those who share the last rank.
        let n = || col("rank").count();
        let by_itself = || (col("rank").max() + col("rank").eq(col("rank").max()).sum() - lit(1)).eq(n());
        let ranked = card
            .select([group.alias("peers"), col("rank")])
            .with_columns([n().alias("all"), by_itself().alias("all_whole")])
            .group_by([col("peers")])
            .agg([
                n().alias("own"),
                by_itself().alias("own_whole"),
                col("all").first(),
                col("all_whole").first(),
            ])
            .select([
                col("peers"),
                when(col("own_whole").all(true))
                    .then(col("own"))
                    .when(col("all_whole"))
                    .then(col("all"))
                    .otherwise(lit(NULL))
                    .cast(DataType::Int64)
                    .alias("n"),
            ])
            .sort(["peers"], SortMultipleOptions::default());
        [medians, ranked]
    }
}

impl Peers {
    /// From the answers to [`PeersOf::plans`].
    pub(super) fn of(medians: DataFrame, ranked: DataFrame) -> Result<Self, RunError> {
        Ok(Self { medians: Records::read(&medians)?, ranked: Records::read(&ranked)? })
    }
}

impl Brief {
    /// Whether a table is one of those it reads.
    pub(super) fn reads(&self, id: &str) -> bool {
        let (stage, side) = id.split_once('.').unwrap_or((id, ""));
        (stage == self.id && ["", "partners", "profile"].contains(&side))
            || (self.scorecard.as_deref() == Some(stage) && ["", "indicators"].contains(&side))
            || self.loyalty.as_ref().is_some_and(|(loyalty, _)| loyalty == id)
    }

    /// Whom partners are held against; none without a scorecard.
    pub(super) fn peers(&self) -> Option<PeersOf> {
        let card = self.scorecard.clone()?;
        Some(PeersOf { card, key: self.layout.key.clone(), column: self.layout.peers.clone() })
    }

    /// Refuses what only the rows can tell: indicators that the scorecard does not have, and scores of
    /// which a partner has several, because a page has room for one.
    pub(super) fn refuse(&self, tables: &BTreeMap<String, DataFrame>) -> Result<(), RunError> {
        let mut told = Vec::new();
        if let Some(card) = &self.scorecard
            && let Some(table) = tables.get(&format!("{card}.indicators"))
        {
            let known = values(table, "indicator")?;
            let names: BTreeSet<&str> = known.iter().map(String::as_str).collect();
            let unknown = self
                .formatted
                .iter()
                .filter(|name| !names.is_empty() && !names.contains(name.value.as_str()));
            told.extend(unknown.map(|name| {
                let message = format!("`{card}` has no indicator `{}`", name.value);
                let names: Vec<&str> = names.iter().copied().collect();
                Diagnostic::error(Code::UnusableData, message)
                    .primary(name.span, "to be shown in a way of its own")
                    .help(format!("its indicators are {}", names.join(", ")))
            }));
        }
        if let Some((id, span)) = &self.loyalty
            && let Some(table) = tables.get(id)
        {
            let mut seen = BTreeSet::new();
            let keys = values(table, &self.layout.key)?;
            if let Some(again) = keys.iter().find(|key| !seen.insert(key.as_str())) {
                let message = "a partner has more than one net promoter score";
                let told_here = Diagnostic::error(Code::UnusableData, message)
                    .primary(*span, format!("`{id}` has several rows of `{again}`"));
                let help = format!("name a stage that is split by `{}` alone", self.layout.key);
                told.push(told_here.help(help));
            }
        }
        if told.is_empty() { Ok(()) } else { Err(RunError::Data(told)) }
    }

    /// Whether a caution names the partner it is about.
    fn is_own(&self, key: &str) -> bool {
        pairs(key).iter().any(|(column, _)| *column == self.layout.key)
    }

    /// The pages, with what is to be known of the figures on each.
    pub(super) fn compose(&self, page: &mut Composer<'_>) -> Briefs {
        let empty = Records::default();
        let table = |id: &str| page.records.get(id).unwrap_or(&empty);
        let of = |id: &str, side: &str| table(&format!("{id}.{side}"));
        let peers = self.peers().and_then(|of| page.tables.peers.get(&of));
        let card = self.scorecard.as_deref().zip(peers).map(|(id, peers)| Card {
            scores: table(id),
            indicators: of(id, "indicators"),
            peers: &peers.medians,
            ranked: &peers.ranked,
        });
        let sources = Sources {
            segments: table(&self.id),
            partners: of(&self.id, "partners"),
            profile: page.records.get(&format!("{}.profile", self.id)),
            card,
            loyalty: self.loyalty.as_ref().map(|(id, _)| table(id)),
        };
        let mut briefs = self.layout.briefs(&sources);
        let parts = [
            ("Where to steer", Some(&self.id)),
            ("Scorecard", self.scorecard.as_ref()),
            ("What customers say", self.loyalty.as_ref().map(|(id, _)| id)),
        ];
        for brief in &mut briefs.list {
            let own = Some((self.layout.key.as_str(), brief.key.as_str()));
            for (part, id) in &parts {
                let Some(id) = id else { continue };
                for told in page.cautions(id, true, own) {
                    match told {
                        Told::Beside { text, key } if self.is_own(&key) => {
                            brief.footnotes.push(format!("{part}: {text}"));
                        }
                        // Of all partners: told once, behind the last page, not on every one.
                        Told::Beside { text, .. } => page.document.about(&format!("{part}: {text}")),
                        Told::Behind(text) => page.document.about(&text),
                    }
                }
            }
        }
        briefs
    }
}
