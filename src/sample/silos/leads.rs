//! How new business comes about: leads, what sales did about them, and the touchpoints on the way.
//! A lead is won more often the more of the working channels are on its path.

use std::io;

use super::{Spoiled, grouped};
use crate::sample::calendar::{DAYS, START};
use crate::sample::chance::{Chance, exp};
use crate::sample::names::{COUNTRIES, Country, mail, respell};
use crate::sample::world::{CHANNELS, WIN_BASE, WIN_QUALITY, World, partner_code};
use crate::sample::write::{Cell, Delimited, Dialect, Folder, Parquet, Type, Written};

/// The leads' file.
pub const LEADS: &str = "sales/leads.csv";
/// The sales activities' file.
pub const ACTIVITIES: &str = "sales/activities.tsv";
/// The touchpoints' file.
pub const TOUCHPOINTS: &str = "marketing/touchpoints.parquet";

// How often a channel is met, in the order of `CHANNELS`, and what a touch costs in euro.
const MET: [f64; 10] = [0.20, 0.18, 0.14, 0.10, 0.10, 0.05, 0.05, 0.09, 0.05, 0.04];
const COST: [f64; 10] = [2.4, 0.6, 0.1, 0.8, 1.5, 14.0, 60.0, 35.0, 28.0, 10.0];

/// Writes leads (comma, US dates and amounts), activities (tabs) and touchpoints (Parquet).
pub fn leads(
    world: &World,
    folder: &Folder<'_>,
    seed: u64,
    spoiled: &mut Spoiled,
) -> io::Result<Vec<Written>> {
    let mut chance = Chance::new(seed, 17);
    let mut leads = Delimited::create(folder, LEADS, Dialect::PLAIN, &LEAD_HEADER)?;
    let tabs = Dialect { delimiter: b'\t', ..Dialect::PLAIN };
    let mut activities = Delimited::create(folder, ACTIVITIES, tabs, &ACTIVITY_HEADER)?;
    let mut touches = Parquet::create(folder, TOUCHPOINTS, &TOUCH_COLUMNS)?;
    for kind in ["entered twice", "spam", "generic address", "bad date", "bad amount"] {
        spoiled.more(LEADS, kind, 0);
    }
    let mut local = vec![Vec::new(); COUNTRIES.len()];
    for (at, partner) in world.partners.iter().enumerate() {
        local[partner.country].push(at);
    }
    let shares = COUNTRIES.each_ref().map(|country| country.share);
    let n = world.scaled(1200.0);
    let (mut activity, mut touch) = (0u64, 0u64);
    let mut number = 0u64;
    for at in 0..n {
        number += 1;
        let mut id = format!("L{number:06}");
        let at_day = (at as f64 + chance.unit()) / n as f64 * f64::from(DAYS);
        let created = START.plus(at_day as i32);
        let country = chance.weighted(&shares);
        let land = &COUNTRIES[country];
        let (given_names, family_names) = Country::NAMES;
        let person = land.person(chance.below(given_names) as u8, chance.below(family_names) as u8);
        // Firms beyond the customers' own: new business.
        let firm = world.customers.len() / 5 + chance.below(n);
        let host = land.host(firm);
        let partner = (!chance.happens(0.2)).then(|| local[country][chance.below(local[country].len())]);
        let quality = partner.map_or(0.0, |partner| world.partners[partner].quality);
        let junk = chance.below(100);
        let (name, company, address) = match junk {
            0..2 => {
                spoiled.add(LEADS, "spam");
                let word = chance.pick(&["asdf asdf", "Best SEO", "http://win.example", "test test"]);
                (word.to_owned(), word.to_owned(), format!("{}@throwaway.example", number * 7919 % 100_003))
            }
            2..6 => {
                spoiled.add(LEADS, "generic address");
                let box_name = chance.pick(&["info", "office", "sales", "contact"]);
                (String::new(), land.firm(firm), format!("{box_name}@{host}"))
            }
            _ => (format!("{} {}", person.given, person.family), land.firm(firm), mail(&person, &host)),
        };

        // The path, before and after the lead was noted.
        let steps = 1 + (1.6 * chance.exponential()).min(9.0) as usize + chance.below(3);
        let mut path: Vec<(f64, usize)> =
            (0..steps).map(|_| (at_day - 45.0 + 90.0 * chance.unit(), chance.weighted(&MET))).collect();
        path.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut present = [false; CHANNELS.len()];
        path.iter().for_each(|(_, channel)| present[*channel] = true);
        let lift: f64 =
            CHANNELS.iter().zip(present).map(|(channel, there)| if there { channel.1 } else { 0.0 }).sum();
        let likely = (WIN_BASE + WIN_QUALITY * quality + lift).clamp(0.01, 0.95);
        let decided = at_day + 60.0 + 50.0 * chance.exponential();
        let won = chance.happens(likely) && junk >= 2;
        let status = match (decided < f64::from(DAYS), won) {
            (false, _) => "open",
            (true, true) => "won",
            (true, false) => "lost",
        };
        let amount = 3000.0 * exp(0.9 * chance.normal()) * land.per_euro;
        let closed = if status == "open" { String::new() } else { START.plus(decided as i32).american() };
        let (date, value) = match chance.below(1000) {
            0..5 if status != "won" => {
                spoiled.add(LEADS, "bad date");
                ("02/30/2025".to_owned(), grouped(amount, ','))
            }
            5..10 if status != "won" => {
                spoiled.add(LEADS, "bad amount");
                (created.american(), "tbd".to_owned())
            }
            _ => (created.american(), grouped(amount, ',')),
        };
        let owner = partner.map(partner_code).unwrap_or_default();
        let code = land.code;
        let row = |id: &str, name: &str| {
            [
                id.to_owned(),
                date.clone(),
                name.to_owned(),
                company.clone(),
                address.clone(),
                code.to_owned(),
                owner.clone(),
                status.to_owned(),
                value.clone(),
                land.currency.to_owned(),
                closed.clone(),
            ]
        };
        leads.row(&row(&id, &name))?;
        for (when, channel) in &path {
            // Touches after the end of the two years, or after the decision, did not happen.
            if *when >= f64::from(DAYS) || *when >= decided || *when < 0.0 {
                continue;
            }
            touch += 1;
            let seconds = (when * 86_400.0) as i64 + i64::from(START.0) * 86_400;
            let advocate = (CHANNELS[*channel].0 == "advocate_referral")
                .then(|| world.mail(chance.below(world.customers.len())));
            touches.row(vec![
                format!("TP{touch:07}").into(),
                id.as_str().into(),
                Cell::Seconds(Some(seconds)),
                CHANNELS[*channel].0.into(),
                Cell::Text(advocate),
                Cell::Float(Some(COST[*channel])),
            ])?;
        }

        // Good partners take leads up sooner and more often; junk is left alone.
        if junk >= 2 && chance.happens((0.68 + 0.13 * quality).clamp(0.1, 0.97)) {
            let mut when = at_day + (4.0 - 1.4 * quality).max(0.5) * chance.exponential();
            for _ in 0..=chance.below(4) {
                if when >= f64::from(DAYS) {
                    break;
                }
                activity += 1;
                let kind = chance.pick(&["call", "call", "mail", "visit", "demo"]);
                let minutes = (10.0 + 30.0 * chance.exponential()) as u32;
                activities.row(&[
                    format!("A{activity:07}").as_str(),
                    &id,
                    kind,
                    &START.plus(when as i32).american(),
                    &minutes.to_string(),
                    &owner,
                ])?;
                when += 2.0 + 12.0 * chance.exponential();
            }
        }
        if junk >= 6 && chance.happens(0.03) {
            spoiled.add(LEADS, "entered twice");
            number += 1;
            id = format!("L{number:06}");
            let again = respell(&mut chance, &person);
            leads.row(&row(&id, &format!("{} {}", again.given, again.family)).map(|cell| {
                // The second record was never worked on.
                if cell == status { "open".to_owned() } else { cell }
            }))?;
        }
    }
    Ok(vec![leads.finish()?, activities.finish()?, touches.finish()?])
}

const LEAD_HEADER: [&str; 11] = [
    "Lead ID",
    "Created",
    "Contact",
    "Company",
    "Email",
    "Country",
    "Partner",
    "Status",
    "Deal amount",
    "Currency",
    "Closed",
];

const ACTIVITY_HEADER: [&str; 6] = ["Activity ID", "Lead ID", "Type", "Done on", "Minutes", "Partner"];

const TOUCH_COLUMNS: [(&str, Type); 6] = [
    ("touch_id", Type::Text),
    ("lead_id", Type::Text),
    ("touched_at", Type::Seconds),
    ("channel", Type::Text),
    ("advocate_email", Type::Text),
    ("cost_eur", Type::Float),
];
