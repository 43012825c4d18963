//! Who the customers are according to the CRM of the head office and to the web shop.

use std::collections::BTreeMap;
use std::io;

use super::{Spoiled, german_amount};
use crate::sample::calendar::{DAYS, Day, START};
use crate::sample::chance::{Chance, exp};
use crate::sample::names::Person;
use crate::sample::world::{INDUSTRIES, ROLES, SEGMENTS, World, partner_code};
use crate::sample::write::{Delimited, Dialect, Folder, Parquet, Written};

/// The CRM's file.
pub const CRM: &str = "crm/accounts.csv";
/// The web shop's file.
pub const WEB: &str = "web/customers.csv";

/// The customer's number in the CRM, where it is there twice the older one.
pub fn crm_number(customer: usize) -> String {
    format!("K-{:06}", customer + 1)
}

#[derive(Clone, Copy, PartialEq)]
enum Spoil {
    None,
    Date,
    Number,
    Country,
}

/// Writes the CRM's accounts: German headers, dates and amounts, windows-1252. Some customers are
/// in it twice, under the same or another mail address.
pub fn crm(
    world: &World,
    folder: &Folder<'_>,
    seed: u64,
    identities: &mut Parquet,
    spoiled: &mut Spoiled,
) -> io::Result<Written> {
    let mut chance = Chance::new(seed, 10);
    let mut file = Delimited::create(
        folder,
        CRM,
        Dialect::GERMAN,
        &[
            "Kundennr",
            "Firma",
            "Vorname",
            "Nachname",
            "E-Mail",
            "Telefon",
            "Land",
            "Ort",
            "Branche",
            "Funktion",
            "Kundenklasse",
            "Partner-Nr",
            "Jahresumsatz (Tsd. EUR)",
            "Angelegt am",
        ],
    )?;
    for kind in [
        "twice with the same mail",
        "twice with another mail",
        "bad date",
        "bad number",
        "unknown country",
        "no mail",
    ] {
        spoiled.more(CRM, kind, 0);
    }
    // Customers that are entered again some records later, and with which address.
    let mut again: BTreeMap<usize, Vec<(usize, String)>> = BTreeMap::new();
    let mut repeated = 0;
    for customer in 0..world.customers.len() {
        for (other, mail) in again.remove(&customer).unwrap_or_default() {
            repeated += 1;
            repeat(world, &mut chance, &mut file, identities, other, mail, repeated)?;
        }
        let it = &world.customers[customer];
        if !it.crm {
            continue;
        }
        let mut spoil = Spoil::None;
        if !it.web && !it.no_mail {
            spoil = match chance.below(1000) {
                0..10 => Spoil::Date,
                10..18 => Spoil::Number,
                18..24 => Spoil::Country,
                _ => Spoil::None,
            };
        }
        match spoil {
            Spoil::Date => spoiled.add(CRM, "bad date"),
            Spoil::Number => spoiled.add(CRM, "bad number"),
            Spoil::Country => spoiled.add(CRM, "unknown country"),
            Spoil::None => {}
        }
        if it.no_mail {
            spoiled.add(CRM, "no mail");
        }
        let number = crm_number(customer);
        let mail = if it.no_mail { String::new() } else { world.mail(customer) };
        record(
            world,
            &mut chance,
            &mut file,
            customer,
            &number,
            &world.person(customer),
            &mail,
            it.joined,
            spoil,
        )?;
        identities.row(vec![CRM.into(), number.into(), (customer as u64 + 1).to_string().into()])?;

        if spoil == Spoil::None && !it.no_mail {
            let mail = match chance.below(100) {
                0..4 => {
                    spoiled.add(CRM, "twice with the same mail");
                    world.mail(customer)
                }
                4..7 => {
                    spoiled.add(CRM, "twice with another mail");
                    world.private_mail(customer, "post")
                }
                _ => continue,
            };
            let later = customer + 1 + chance.below(60);
            again.entry(later.min(world.customers.len())).or_default().push((customer, mail));
        }
    }
    for (other, mail) in again.into_values().flatten() {
        repeated += 1;
        repeat(world, &mut chance, &mut file, identities, other, mail, repeated)?;
    }
    file.finish()
}

// The second record of a customer: a later date, another number, another spelling.
fn repeat(
    world: &World,
    chance: &mut Chance,
    file: &mut Delimited,
    identities: &mut Parquet,
    customer: usize,
    mail: String,
    number: u64,
) -> io::Result<()> {
    let number = format!("K-9{number:06}");
    let person = world.respelled(chance, customer);
    let mail = scribbled(chance, mail);
    let created = world.customers[customer].joined.plus(20 + chance.below(200) as i32);
    let created = created.min(START.plus(DAYS - 1));
    record(world, chance, file, customer, &number, &person, &mail, created, Spoil::None)?;
    identities.row(vec![CRM.into(), number.into(), (customer as u64 + 1).to_string().into()])
}

#[expect(clippy::too_many_arguments, reason = "a record is told by all of them and built in one place")]
fn record(
    world: &World,
    chance: &mut Chance,
    file: &mut Delimited,
    customer: usize,
    number: &str,
    person: &Person,
    mail: &str,
    created: Day,
    spoil: Spoil,
) -> io::Result<()> {
    let it = &world.customers[customer];
    let country = world.country(customer);
    let phone = if chance.happens(0.35) {
        String::new()
    } else {
        format!("+{} {}", 30 + it.country, 1_000_000 + chance.below(8_999_999))
    };
    let industry = match chance.below(100) {
        0..3 => "k.A.",
        3..5 => "",
        _ => INDUSTRIES[it.industry].1,
    };
    let revenue = 400.0 * SEGMENTS[it.segment].quantity * exp(0.8 * chance.normal());
    let revenue = match spoil {
        Spoil::Number => ["ca. 500", "1.2.3,4", "unbekannt"][chance.below(3)].to_owned(),
        _ if chance.happens(0.1) => String::new(),
        _ => german_amount(revenue),
    };
    let date = match spoil {
        Spoil::Date => ["31.02.2023", "00.00.0000", "letztes Jahr"][chance.below(3)].to_owned(),
        _ => created.german(),
    };
    let land = match spoil {
        Spoil::Country => ["Schweiz", "Österreich"][chance.below(2)],
        _ => country.german,
    };
    let (firm, partner) = (world.firm(customer), it.partner.map(partner_code).unwrap_or_default());
    file.row(&[
        number,
        &firm,
        &person.given,
        &person.family,
        mail,
        &phone,
        land,
        world.town(customer),
        industry,
        ROLES[it.role].1,
        if it.key { "A" } else { "B" },
        &partner,
        &revenue,
        &date,
    ])
}

/// Writes the registrations of the web shop: one name field, English country names, ISO dates, a
/// byte order mark; addresses as people type them.
pub fn web(
    world: &World,
    folder: &Folder<'_>,
    seed: u64,
    identities: &mut Parquet,
    spoiled: &mut Spoiled,
) -> io::Result<Written> {
    let mut chance = Chance::new(seed, 11);
    let header =
        ["user_id", "full_name", "email", "company", "country", "job_role", "newsletter", "signup_date"];
    let mut file = Delimited::create(folder, WEB, Dialect::MARKED, &header)?;
    for kind in ["also in the CRM with the same mail", "also in the CRM with another mail"] {
        spoiled.more(WEB, kind, 0);
    }
    for customer in 0..world.customers.len() {
        let it = &world.customers[customer];
        if !it.web {
            continue;
        }
        if it.crm {
            let kind = if it.other_mail {
                "also in the CRM with another mail"
            } else {
                "also in the CRM with the same mail"
            };
            spoiled.add(WEB, kind);
        }
        let user = format!("U{:06}", customer + 1);
        let person =
            if chance.happens(0.3) { world.respelled(&mut chance, customer) } else { world.person(customer) };
        let name = format!("{} {}", person.given, person.family);
        let mail = scribbled(&mut chance, world.web_mail(customer));
        let company = if chance.happens(0.08) { String::new() } else { world.firm(customer) };
        let newsletter = chance.pick(&["yes", "no", "no", ""]);
        let role = if chance.happens(0.12) { "" } else { ROLES[it.role].0 };
        let date = it.joined.plus(chance.below(60) as i32).min(START.plus(DAYS - 1)).iso();
        file.row(&[&user, &name, &mail, &company, world.country(customer).english, role, newsletter, &date])?;
        identities.row(vec![WEB.into(), user.into(), (customer as u64 + 1).to_string().into()])?;
    }
    file.finish()
}

/// An address with the capitals and blanks people leave in it; it stays the same address.
pub fn scribbled(chance: &mut Chance, mail: String) -> String {
    match chance.below(10) {
        0 => mail.to_uppercase(),
        1 => format!(" {mail}"),
        2 => format!("{mail} "),
        3 => {
            let mut letters = mail.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        }
        _ => mail,
    }
}
