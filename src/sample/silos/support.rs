//! What customers complain and ask about: the tickets of the help desk. Weak partners' customers
//! have more of them and wait longer; silent leavers never write.

use std::io;

use super::Spoiled;
use super::accounts::scribbled;
use super::orders::Outcome;
use super::reference::PRODUCTS;
use crate::sample::calendar::{DAYS, Day, START};
use crate::sample::chance::Chance;
use crate::sample::world::{World, partner_code};
use crate::sample::write::{Delimited, Dialect, Folder, Written};

/// The help desk's file.
pub const TICKETS: &str = "support/tickets.csv";

const TOPICS: [(&str, &str, f64); 6] = [
    ("delivery", "Where is my {}?\nThe tracking page says nothing.", 0.22),
    ("defect", "The {} shows \"E7\" and stops.", 0.20),
    ("calibration", "Need a certificate for the {}, please.", 0.20),
    ("invoice", "Wrong amount on the invoice; it lists two {}.", 0.14),
    ("advice", "Which cable fits the {}, and is it in stock?", 0.14),
    ("praise", "Thank you, the {} arrived early and works.", 0.10),
];

/// Writes the tickets, customer by customer.
pub fn tickets(
    world: &World,
    folder: &Folder<'_>,
    seed: u64,
    outcome: &Outcome,
    spoiled: &mut Spoiled,
) -> io::Result<Written> {
    let mut chance = Chance::new(seed, 16);
    let header = [
        "ticket_id",
        "opened_at",
        "first_reply_at",
        "email",
        "partner_id",
        "topic",
        "priority",
        "satisfaction",
        "message",
    ];
    let mut file = Delimited::create(folder, TICKETS, Dialect::PLAIN, &header)?;
    spoiled.more(TICKETS, "bad date", 0);
    spoiled.more(TICKETS, "no satisfaction", 0);
    let mut number = 0u64;
    for (customer, it) in world.customers.iter().enumerate() {
        if it.silent && outcome.left[customer].is_some() {
            continue;
        }
        let quality = it.partner.map_or(0.3, |partner| world.partners[partner].quality);
        let a_year = (0.34 - 0.12 * quality).clamp(0.06, 0.9);
        let last = outcome.left[customer].map_or(DAYS, |day| (day.0 - START.0 + 40).min(DAYS));
        let mut now = f64::from((it.joined.0 - START.0).max(0));
        loop {
            now += chance.exponential() * 365.25 / a_year;
            if now >= f64::from(last) {
                break;
            }
            number += 1;
            let day = START.plus(now as i32);
            let minute = 8 * 60 + chance.below(10 * 60) as i64;
            let wait = ((9.0 - 3.0 * quality).max(1.0) * 60.0 * chance.exponential()) as i64 + 4;
            let opened = match chance.below(1000) {
                0..4 => {
                    spoiled.add(TICKETS, "bad date");
                    chance.pick(&["2024-06-31 09:00", "soon"]).to_owned()
                }
                _ => stamp(day, minute),
            };
            let (topic, text, _) = TOPICS[chance.weighted(&TOPICS.map(|topic| topic.2))];
            let satisfaction = if chance.happens(0.55) {
                spoiled.add(TICKETS, "no satisfaction");
                String::new()
            } else {
                let pleased = 3.3 + 0.5 * world.loyalty(customer, day.quarter()) - wait as f64 / 1800.0;
                (pleased + 0.8 * chance.normal()).round().clamp(1.0, 5.0).to_string()
            };
            let id = format!("T{number:06}");
            let mail = if it.no_mail { String::new() } else { scribbled(&mut chance, world.mail(customer)) };
            let partner = it.partner.map(partner_code).unwrap_or_default();
            let message = text.replace("{}", PRODUCTS[chance.below(PRODUCTS.len())].1);
            let priority = chance.pick(&["low", "normal", "normal", "high"]);
            file.row(&[
                id.as_str(),
                &opened,
                &stamp(day, minute + wait),
                &mail,
                &partner,
                topic,
                priority,
                &satisfaction,
                &message,
            ])?;
        }
    }
    file.finish()
}

// `2025-03-07 14:05`; minutes past midnight roll over into the next days.
fn stamp(day: Day, minute: i64) -> String {
    let day = day.plus((minute / 1440) as i32);
    format!("{} {:02}:{:02}", day.iso(), minute / 60 % 24, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_roll_over() {
        assert_eq!(stamp(START, 1439), "2024-01-01 23:59");
        assert_eq!(stamp(START, 1440 + 65), "2024-01-02 01:05");
    }
}
