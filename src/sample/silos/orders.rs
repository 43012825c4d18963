//! What customers buy: day by day, in the web shop and over the counter. Growth of a partner's
//! customers, seasons and leaving for good are in the order stream itself.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use serde::Serialize;

use super::accounts::{crm_number, scribbled};
use super::reference::PRODUCTS;
use super::{Spoiled, german_amount};
use crate::sample::calendar::{DAYS, Day, QUARTERS, START, quarter_name};
use crate::sample::chance::Chance;
use crate::sample::names::COUNTRIES;
use crate::sample::world::{SEASON, SEGMENTS, World, partner_code};
use crate::sample::write::{Delimited, Dialect, Folder, Ndjson, Written};

/// The web shop's files, together.
pub const WEB: &str = "orders/web-*.csv.gz";
/// The tills' file.
pub const SHOP: &str = "orders/shop.ndjson";

/// What became of the customers.
pub struct Outcome {
    /// Files written.
    pub files: Vec<Written>,
    /// Orders of each customer.
    pub orders: Vec<u32>,
    /// The day each customer left for good, if they did.
    pub left: Vec<Option<Day>>,
    /// Net revenue in euro at the rates of the start, by region and quarter.
    pub revenue: [[f64; QUARTERS]; 3],
}

#[derive(Clone, Copy, PartialEq)]
enum Spoil {
    None,
    Date,
    Amount,
    Twice,
    NoCustomer,
    Product,
    Currency,
}

impl Spoil {
    fn kind(self) -> Option<&'static str> {
        match self {
            Spoil::None => None,
            Spoil::Date => Some("bad date"),
            Spoil::Amount => Some("bad amount"),
            Spoil::Twice => Some("sent twice"),
            Spoil::NoCustomer => Some("no customer"),
            Spoil::Product => Some("unknown product"),
            Spoil::Currency => Some("unknown currency"),
        }
    }
}

const SPOILS: [Spoil; 7] = [
    Spoil::None,
    Spoil::Date,
    Spoil::Amount,
    Spoil::Twice,
    Spoil::NoCustomer,
    Spoil::Product,
    Spoil::Currency,
];
// Shares of the spoiled rows, in the order above.
const WEB_SPOILS: [f64; 7] = [0.970, 0.002, 0.002, 0.006, 0.016, 0.002, 0.002];
const SHOP_SPOILS: [f64; 7] = [0.836, 0.003, 0.003, 0.004, 0.150, 0.002, 0.002];

#[derive(Serialize)]
struct Receipt<'a> {
    beleg: &'a str,
    datum: &'a str,
    kunde: Option<&'a str>,
    land: &'a str,
    artikel: &'a str,
    menge: u32,
    betrag: &'a str,
    waehrung: &'a str,
    partner: Option<&'a str>,
}

struct Order {
    customer: usize,
    day: Day,
    product: usize,
    quantity: u32,
    unit_price: f64,
    discount: u32,
    status: &'static str,
    spoil: Spoil,
}

/// Writes the orders of two years in the order of their days: a gzipped CSV with a byte order mark
/// for each quarter of the web shop, NDJSON for the tills.
pub fn orders(world: &World, folder: &Folder<'_>, seed: u64, spoiled: &mut Spoiled) -> io::Result<Outcome> {
    let mut chance = Chance::new(seed, 14);
    let mut outcome = Outcome {
        files: Vec::new(),
        orders: vec![0; world.customers.len()],
        left: vec![None; world.customers.len()],
        revenue: [[0.0; QUARTERS]; 3],
    };
    for kind in SPOILS.iter().filter_map(|spoil| spoil.kind()) {
        spoiled.more(WEB, kind, 0);
        spoiled.more(SHOP, kind, 0);
    }
    let mut till = Ndjson::create(folder, SHOP)?;
    let mut web = None::<(usize, Delimited)>;
    let (mut web_number, mut till_number) = (0u64, 0u64);

    // When each customer next comes by, in millionths of a day. They come at their highest rate; a
    // visit becomes an order as often as season and trend say.
    let peak = 1.2 * 1.53;
    let mut visits = BinaryHeap::new();
    let next = |chance: &mut Chance, now: f64, customer: usize| {
        let gap = chance.exponential() * 365.25 / (world.customers[customer].rate * peak);
        ((now + gap) * 1e6) as u64
    };
    for (customer, it) in world.customers.iter().enumerate() {
        let from = f64::from((it.joined.0 - START.0).max(0));
        visits.push(Reverse((next(&mut chance, from, customer), customer)));
    }
    while let Some(Reverse((at, customer))) = visits.pop() {
        let now = at as f64 / 1e6;
        if now >= f64::from(DAYS) {
            break;
        }
        let day = START.plus(now as i32);
        let it = &world.customers[customer];
        let likely = SEASON[day.month() % 12] * world.trend(it.partner, day.quarter()) / peak;
        if chance.happens(likely) {
            let mut order = order(&mut chance, world, customer, day);
            outcome.orders[customer] += 1;
            if order.status == "completed" {
                let country = &COUNTRIES[it.country];
                let paid = order.total() / country.per_euro;
                outcome.revenue[country.region][day.quarter()] += paid;
            }
            let online = match (it.crm, it.web, it.no_mail) {
                (_, _, true) => 0.0,
                (true, false, _) => 0.5,
                (false, _, _) => 1.0,
                (true, true, _) => 0.75,
            };
            if chance.happens(online) {
                web_number += 1;
                let quarter = day.quarter();
                if web.as_ref().is_none_or(|(open, _)| *open != quarter) {
                    if let Some((_, file)) = web.take() {
                        outcome.files.push(file.finish()?);
                    }
                    let path = format!("orders/web-{}.csv.gz", quarter_name(quarter).to_lowercase());
                    web = Some((quarter, Delimited::create(folder, &path, Dialect::MARKED, &WEB_HEADER)?));
                }
                order.spoil = SPOILS[chance.weighted(&WEB_SPOILS)];
                if let Some((_, file)) = &mut web {
                    order.web(&mut chance, world, file, web_number)?;
                }
                order.spoil.kind().inspect(|kind| spoiled.add(WEB, kind));
            } else {
                till_number += 1;
                order.spoil = SPOILS[chance.weighted(&SHOP_SPOILS)];
                order.till(&mut chance, world, &mut till, till_number)?;
                order.spoil.kind().inspect(|kind| spoiled.add(SHOP, kind));
            }
            if chance.happens(SEGMENTS[it.segment].leaves) {
                outcome.left[customer] = Some(day);
                continue;
            }
        }
        visits.push(Reverse((next(&mut chance, now, customer), customer)));
    }
    if let Some((_, file)) = web {
        outcome.files.push(file.finish()?);
    }
    outcome.files.push(till.finish()?);
    Ok(outcome)
}

const WEB_HEADER: [&str; 11] = [
    "order_no",
    "ordered_on",
    "customer_email",
    "ship_to",
    "sku",
    "qty",
    "unit_price",
    "currency",
    "discount_pct",
    "partner_code",
    "status",
];

fn order(chance: &mut Chance, world: &World, customer: usize, day: Day) -> Order {
    let it = &world.customers[customer];
    let segment = &SEGMENTS[it.segment];
    let country = &COUNTRIES[it.country];
    let class = chance.weighted(&segment.classes);
    let product = class * 5 + chance.below(5);
    let quantity = (1.0 + (segment.quantity - 1.0) * chance.exponential()).round().clamp(1.0, 60.0) as u32;
    let price = PRODUCTS[product].3 * country.per_euro;
    let unit_price = if country.currency == "JPY" { price.round() } else { (price * 100.0).round() / 100.0 };
    let discount = (segment.discount + 0.35 * segment.discount * chance.normal()).round().clamp(0.0, 45.0);
    let status = match chance.unit() {
        u if u < segment.returns => "returned",
        u if u < segment.returns + 0.015 => "cancelled",
        _ => "completed",
    };
    Order {
        customer,
        day,
        product,
        quantity,
        unit_price,
        discount: discount as u32,
        status,
        spoil: Spoil::None,
    }
}

impl Order {
    fn total(&self) -> f64 {
        let full = f64::from(self.quantity) * self.unit_price;
        (full * f64::from(100 - self.discount)).round() / 100.0
    }

    fn sku(&self) -> &'static str {
        if self.spoil == Spoil::Product { "X-999" } else { PRODUCTS[self.product].0 }
    }

    fn web(&self, chance: &mut Chance, world: &World, file: &mut Delimited, number: u64) -> io::Result<()> {
        let it = &world.customers[self.customer];
        let country = world.country(self.customer);
        let number = format!("W{number:07}");
        let date = match self.spoil {
            Spoil::Date => chance.pick(&["2025-02-30", "0000-00-00", "2025/3/7"]).to_owned(),
            _ => self.day.iso(),
        };
        let mail = match self.spoil {
            Spoil::NoCustomer => String::new(),
            _ => scribbled(chance, world.web_mail(self.customer)),
        };
        let price = match self.spoil {
            Spoil::Amount => chance.pick(&["free", "12..50", "EUR 20"]).to_owned(),
            _ => format!("{:.2}", self.unit_price),
        };
        let currency = match self.spoil {
            Spoil::Currency => "XXX".to_owned(),
            _ if chance.happens(0.02) => country.currency.to_lowercase(),
            _ => country.currency.to_owned(),
        };
        let (quantity, discount) = (self.quantity.to_string(), self.discount.to_string());
        let partner = it.partner.map(partner_code).unwrap_or_default();
        let cells = [
            number.as_str(),
            &date,
            &mail,
            country.code,
            self.sku(),
            &quantity,
            &price,
            &currency,
            &discount,
            &partner,
            self.status,
        ];
        file.row(&cells)?;
        if self.spoil == Spoil::Twice {
            file.row(&cells)?;
        }
        Ok(())
    }

    fn till(&self, chance: &mut Chance, world: &World, file: &mut Ndjson, number: u64) -> io::Result<()> {
        let it = &world.customers[self.customer];
        let country = world.country(self.customer);
        let number = format!("S{number:07}");
        let date = match self.spoil {
            Spoil::Date => chance.pick(&["30.02.2025", "2025-13-01", "gestern"]).to_owned(),
            _ if chance.happens(0.3) => self.day.german(),
            _ => self.day.iso(),
        };
        let customer = (self.spoil != Spoil::NoCustomer).then(|| crm_number(self.customer));
        // The tills book a return as a negative amount and never cancel.
        let total = if self.status == "returned" { -self.total() } else { self.total() };
        let total = match self.spoil {
            Spoil::Amount => chance.pick(&["-,--", "1.2.3,4", "frei"]).to_owned(),
            _ if total < 0.0 => format!("-{}", german_amount(-total)),
            _ => german_amount(total),
        };
        let land =
            if chance.happens(0.2) { country.english.to_uppercase() } else { country.german.to_owned() };
        let partner = it.partner.map(|partner| match chance.below(10) {
            0 => partner_code(partner).to_lowercase(),
            1 => format!("{} ", partner_code(partner)),
            _ => partner_code(partner),
        });
        let receipt = Receipt {
            beleg: &number,
            datum: &date,
            kunde: customer.as_deref(),
            land: &land,
            artikel: self.sku(),
            menge: self.quantity,
            betrag: &total,
            waehrung: if self.spoil == Spoil::Currency { "TALER" } else { country.currency },
            partner: partner.as_deref(),
        };
        file.row(&receipt)?;
        if self.spoil == Spoil::Twice {
            file.row(&receipt)?;
        }
        Ok(())
    }
}
