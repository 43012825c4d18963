//! What was planted, written beside the silos for whoever asks whether a program finds it. No
//! pipeline reads these.

use std::collections::BTreeMap;
use std::io;

use super::Spoiled;
use super::accounts::crm_number;
use super::orders::Outcome;
use super::social::{TOPICS, influential, voice};
use crate::sample::calendar::{QUARTERS, quarter_name};
use crate::sample::names::COUNTRIES;
use crate::sample::world::{
    CHANNELS, INDUSTRIES, PERSONAS, PHASES, ROLES, SEGMENTS, SOURCES, World, partner_code, region_code,
    source_shares,
};
use crate::sample::write::{Cell, Delimited, Dialect, Folder, Parquet, Type, Written};

/// Which record of a silo is which customer; opened before the silos are written.
pub fn identities(folder: &Folder<'_>) -> io::Result<Parquet> {
    let columns = [("silo", Type::Text), ("record", Type::Text), ("customer", Type::Text)];
    Parquet::create(folder, "truth/identities.parquet", &columns)
}

/// Everything else that was planted.
pub fn truth(
    world: &World,
    folder: &Folder<'_>,
    outcome: &Outcome,
    spoiled: &Spoiled,
) -> io::Result<Vec<Written>> {
    Ok(vec![
        customers(world, folder, outcome)?,
        scores(world, folder)?,
        partners(world, folder)?,
        effects(folder)?,
        sources(folder)?,
        voices(folder)?,
        spoiled_rows(folder, spoiled)?,
    ])
}

fn customers(world: &World, folder: &Folder<'_>, outcome: &Outcome) -> io::Result<Written> {
    let mut file = Parquet::create(
        folder,
        "truth/customers.parquet",
        &[
            ("customer", Type::Text),
            ("email", Type::Text),
            ("crm_number", Type::Text),
            ("country_code", Type::Text),
            ("region_code", Type::Text),
            ("partner_id", Type::Text),
            ("segment", Type::Text),
            ("industry", Type::Text),
            ("persona", Type::Text),
            ("orders", Type::Integer),
            ("left_on", Type::Date),
            ("silent", Type::Text),
        ],
    )?;
    for (at, it) in world.customers.iter().enumerate() {
        file.row(vec![
            (at + 1).to_string().into(),
            world.mail(at).into(),
            Cell::Text(it.crm.then(|| crm_number(at))),
            COUNTRIES[it.country].code.into(),
            region_code(it.country).into(),
            Cell::Text(it.partner.map(partner_code)),
            SEGMENTS[it.segment].name.into(),
            INDUSTRIES[it.industry].0.into(),
            PERSONAS[ROLES[it.role].3].0.into(),
            Cell::Integer(Some(outcome.orders[at].into())),
            Cell::Date(outcome.left[at].map(|day| day.0)),
            if it.silent && outcome.left[at].is_some() { "yes" } else { "no" }.into(),
        ])?;
    }
    file.finish()
}

/// The net promoter score all customers of a group would give together, in points, by what the
/// group is: exact, from the chances of their answers.
pub fn planted_scores(world: &World) -> BTreeMap<(&'static str, String), (f64, u64)> {
    let mut sums: BTreeMap<(&'static str, String), (f64, u64)> = BTreeMap::new();
    for (at, it) in world.customers.iter().enumerate() {
        let region = region_code(it.country);
        let mut whole = 0.0;
        let mut add = |what: &'static str, who: String, score: f64| {
            let sum = sums.entry((what, who)).or_default();
            sum.0 += score;
            sum.1 += 1;
        };
        for quarter in 0..QUARTERS {
            let likely = world.answers(at, quarter);
            let score = 100.0 * (likely.promoters - likely.detractors);
            whole += score / QUARTERS as f64;
            add("region and wave", format!("{region} {}", quarter_name(quarter)), score);
        }
        add("everyone", String::new(), whole);
        add("region", region.to_owned(), whole);
        add("segment", SEGMENTS[it.segment].name.to_owned(), whole);
        add("persona", PERSONAS[ROLES[it.role].3].0.to_owned(), whole);
        if let Some(partner) = it.partner {
            add("partner", partner_code(partner), whole);
        }
    }
    sums.values_mut().for_each(|(sum, n)| *sum /= *n as f64);
    sums
}

fn scores(world: &World, folder: &Folder<'_>) -> io::Result<Written> {
    let header = ["group", "value", "customers", "net_promoter_score"];
    let mut file = Delimited::create(folder, "truth/net_promoter.csv", Dialect::PLAIN, &header)?;
    for ((group, value), (score, n)) in planted_scores(world) {
        file.row(&[group, &value, &n.to_string(), &format!("{score:.4}")])?;
    }
    file.finish()
}

fn partners(world: &World, folder: &Folder<'_>) -> io::Result<Written> {
    let header = ["partner_id", "region_code", "quality", "size", "growth_a_year", "specialty", "customers"];
    let mut file = Delimited::create(folder, "truth/partners.csv", Dialect::PLAIN, &header)?;
    let mut customers = vec![0u64; world.partners.len()];
    world.customers.iter().filter_map(|it| it.partner).for_each(|partner| customers[partner] += 1);
    for (at, partner) in world.partners.iter().enumerate() {
        file.row(&[
            partner_code(at).as_str(),
            region_code(partner.country),
            &format!("{:.2}", partner.quality),
            &format!("{:.2}", partner.size),
            &format!("{:.2}", partner.growth),
            SEGMENTS[partner.specialty].name,
            &customers[at].to_string(),
        ])?;
    }
    file.finish()
}

// Effects of what a customer, a channel or an industry is.
fn effects(folder: &Folder<'_>) -> io::Result<Written> {
    let header = ["of", "value", "effect", "size"];
    let mut file = Delimited::create(folder, "truth/effects.csv", Dialect::PLAIN, &header)?;
    let mut row = |of: &str, value: &str, effect: &str, size: f64| {
        file.row(&[of, value, effect, &format!("{size:.3}")])
    };
    for segment in &SEGMENTS {
        row("segment", segment.name, "orders a year", segment.orders_per_year)?;
        row("segment", segment.name, "loyalty", segment.loyalty)?;
        row("segment", segment.name, "mean discount in per cent", segment.discount)?;
        row("segment", segment.name, "chance to leave after an order", segment.leaves)?;
        row("segment", segment.name, "share of orders returned", segment.returns)?;
    }
    for (persona, loyalty) in PERSONAS {
        row("persona", persona, "loyalty", loyalty)?;
    }
    for (industry, _, _, shares) in INDUSTRIES {
        for (segment, share) in SEGMENTS.iter().zip(shares) {
            row("industry", industry, &format!("share of {}s", segment.name), share)?;
        }
    }
    for (channel, lift) in CHANNELS {
        row("channel", channel, "added chance of winning", lift)?;
    }
    file.finish()
}

fn sources(folder: &Folder<'_>) -> io::Result<Written> {
    let header = ["persona", "buying_phase", "information_source", "share"];
    let mut file = Delimited::create(folder, "truth/information_sources.csv", Dialect::PLAIN, &header)?;
    for (persona, (name, _)) in PERSONAS.iter().enumerate() {
        for (phase, (phase_name, _)) in PHASES.iter().enumerate() {
            for (source, share) in SOURCES.iter().zip(source_shares(persona, phase)) {
                file.row(&[*name, phase_name, source, &format!("{share:.4}")])?;
            }
        }
    }
    file.finish()
}

fn voices(folder: &Folder<'_>) -> io::Result<Written> {
    let mut file =
        Delimited::create(folder, "truth/influential_voices.csv", Dialect::PLAIN, &["topic", "author"])?;
    for (at, topic) in TOPICS.iter().enumerate() {
        for number in influential(at) {
            file.row(&[*topic, &voice(number)])?;
        }
    }
    file.finish()
}

fn spoiled_rows(folder: &Folder<'_>, spoiled: &Spoiled) -> io::Result<Written> {
    let mut file =
        Delimited::create(folder, "truth/spoiled_rows.csv", Dialect::PLAIN, &["file", "kind", "rows"])?;
    for (path, kind, n) in spoiled.iter() {
        file.row(&[path, kind, &n.to_string()])?;
    }
    file.finish()
}
