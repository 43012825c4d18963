//! What customers answer: eight waves of a recommendation survey by two agencies. Respondents are
//! drawn with replacement, key accounts twice as often as others and small regions more than their
//! share; the weight undoes both, so that weighted figures are about all customers.

use std::io;

use super::Spoiled;
use crate::sample::calendar::{QUARTERS, quarter_name};
use crate::sample::chance::Chance;
use crate::sample::names::COUNTRIES;
use crate::sample::world::{PHASES, ROLES, SOURCES, World, day_in, partner_code, source_shares};
use crate::sample::write::{Cell, Delimited, Dialect, Folder, Parquet, Type, Written};

/// The first agency's file, the waves of 2024.
pub const FIRST: &str = "survey/responses-2024.csv";
/// The second agency's file, the waves of 2025.
pub const SECOND: &str = "survey/responses-2025.parquet";

// Answers asked for in a wave at scale 1, by region.
const QUOTA: [f64; 3] = [260.0, 200.0, 160.0];
// Within a class every answer is as likely whatever the loyalty.
const DETRACTORS: [f64; 7] = [0.06, 0.03, 0.06, 0.10, 0.12, 0.28, 0.35];
const PASSIVES: [f64; 2] = [0.42, 0.58];
const PROMOTERS: [f64; 2] = [0.55, 0.45];

/// One answer of 0 to 10 of a customer in a quarter.
fn recommend(chance: &mut Chance, world: &World, customer: usize, quarter: usize) -> i64 {
    let likely = world.answers(customer, quarter);
    match chance.unit() {
        u if u < likely.detractors => chance.weighted(&DETRACTORS) as i64,
        u if u < likely.detractors + likely.promoters => 9 + chance.weighted(&PROMOTERS) as i64,
        _ => 7 + chance.weighted(&PASSIVES) as i64,
    }
}

struct Cells {
    /// Customers of each region, those who are key accounts apart.
    key: [Vec<usize>; 3],
    other: [Vec<usize>; 3],
}

#[derive(Clone, Copy, PartialEq)]
enum Spoil {
    None,
    Blank,
    OffScale,
    Twice,
    Weight,
    Date,
}

impl Spoil {
    fn kind(self) -> Option<&'static str> {
        match self {
            Spoil::None => None,
            Spoil::Blank => Some("no answer"),
            Spoil::OffScale => Some("answer off the scale"),
            Spoil::Twice => Some("sent twice"),
            Spoil::Weight => Some("no weight"),
            Spoil::Date => Some("bad date"),
        }
    }
}

const SPOILS: [Spoil; 6] =
    [Spoil::None, Spoil::Blank, Spoil::OffScale, Spoil::Twice, Spoil::Weight, Spoil::Date];
const SHARES: [f64; 6] = [0.945, 0.03, 0.012, 0.006, 0.004, 0.003];

struct Response {
    number: String,
    date: crate::sample::calendar::Day,
    quarter: usize,
    customer: usize,
    score: i64,
    phase: usize,
    source: usize,
    weight: f64,
    spoil: Spoil,
}

/// Writes the answers: the first agency as CSV with long headers, coded answers and decimal commas,
/// the second as Parquet.
pub fn survey(
    world: &World,
    folder: &Folder<'_>,
    seed: u64,
    spoiled: &mut Spoiled,
) -> io::Result<Vec<Written>> {
    let mut chance = Chance::new(seed, 15);
    for kind in SPOILS.iter().filter_map(|spoil| spoil.kind()) {
        spoiled.more(FIRST, kind, 0);
        if kind != "bad date" {
            spoiled.more(SECOND, kind, 0);
        }
    }
    let mut first = Delimited::create(folder, FIRST, Dialect::PLAIN, &FIRST_HEADER)?;
    let mut second = Parquet::create(folder, SECOND, &SECOND_COLUMNS)?;
    let cells = cells(world);
    let everyone = world.customers.len() as f64;
    let asked: f64 = QUOTA.iter().sum();
    let mut number = 0u64;
    for quarter in 0..QUARTERS {
        for (region, quota) in QUOTA.iter().enumerate() {
            let (key, other) = (&cells.key[region], &cells.other[region]);
            let (keys, others) = (key.len() as f64, other.len() as f64);
            let of_keys = 2.0 * keys / (2.0 * keys + others);
            for _ in 0..world.scaled(*quota) {
                number += 1;
                let is_key = chance.happens(of_keys);
                let pool = if is_key { key } else { other };
                if pool.is_empty() {
                    continue;
                }
                let customer = pool[chance.below(pool.len())];
                // Share of the customers over share of the answers.
                let (people, expected) = if is_key { (keys, of_keys) } else { (others, 1.0 - of_keys) };
                let weight = people / everyone / (quota / asked * expected);
                let phase = chance.weighted(&PHASES.map(|phase| phase.1));
                let persona = ROLES[world.customers[customer].role].3;
                let response = Response {
                    number: format!("R{number:07}"),
                    date: day_in(&mut chance, quarter),
                    quarter,
                    customer,
                    score: recommend(&mut chance, world, customer, quarter),
                    phase,
                    source: chance.weighted(&source_shares(persona, phase)),
                    weight: (weight * 10_000.0).round() / 10_000.0,
                    spoil: SPOILS[chance.weighted(&SHARES)],
                };
                if quarter < 4 {
                    response.spoil.kind().inspect(|kind| spoiled.add(FIRST, kind));
                    response.first(&mut chance, world, &mut first)?;
                } else {
                    let mut response = response;
                    if response.spoil == Spoil::Date {
                        // The second agency's dates are dates.
                        response.spoil = Spoil::None;
                    }
                    response.spoil.kind().inspect(|kind| spoiled.add(SECOND, kind));
                    response.second(&mut chance, world, &mut second)?;
                }
            }
        }
    }
    Ok(vec![first.finish()?, second.finish()?])
}

fn cells(world: &World) -> Cells {
    let mut cells = Cells { key: Default::default(), other: Default::default() };
    for (at, customer) in world.customers.iter().enumerate() {
        let region = COUNTRIES[customer.country].region;
        if customer.key { &mut cells.key[region] } else { &mut cells.other[region] }.push(at);
    }
    cells
}

const FIRST_HEADER: [&str; 10] = [
    "Response ID",
    "Interview date",
    "Q1 How likely are you to recommend us (0-10)?",
    "Q2 Buying phase (1-5)",
    "Q3 Main source of information",
    "Q4 Your function",
    "Country",
    "Dealer",
    "E-mail",
    "Weight",
];

const SECOND_COLUMNS: [(&str, Type); 11] = [
    ("response_id", Type::Text),
    ("responded_on", Type::Date),
    ("wave", Type::Text),
    ("recommend", Type::Integer),
    ("buying_phase", Type::Text),
    ("information_source", Type::Text),
    ("job_role", Type::Text),
    ("country_code", Type::Text),
    ("partner_id", Type::Text),
    ("email", Type::Text),
    ("w", Type::Float),
];

impl Response {
    fn first(&self, chance: &mut Chance, world: &World, file: &mut Delimited) -> io::Result<()> {
        let it = &world.customers[self.customer];
        let date = match self.spoil {
            Spoil::Date => "13/45/2024".to_owned(),
            _ => self.date.american(),
        };
        let score = match self.spoil {
            Spoil::Blank => chance.pick(&["", "n/a"]).to_owned(),
            Spoil::OffScale => chance.pick(&["11", "99", "-1"]).to_owned(),
            _ => self.score.to_string(),
        };
        let weight = match self.spoil {
            Spoil::Weight => chance.pick(&["", "0"]).to_owned(),
            _ => format!("{:.4}", self.weight).replace('.', ","),
        };
        let (phase, partner) =
            ((self.phase + 1).to_string(), it.partner.map(partner_code).unwrap_or_default());
        let mail = if chance.happens(0.4) { String::new() } else { world.mail(self.customer) };
        let cells = [
            self.number.as_str(),
            &date,
            &score,
            &phase,
            SOURCES[self.source],
            ROLES[it.role].0,
            world.country(self.customer).english,
            &partner,
            &mail,
            &weight,
        ];
        file.row(&cells)?;
        if self.spoil == Spoil::Twice {
            file.row(&cells)?;
        }
        Ok(())
    }

    fn second(&self, chance: &mut Chance, world: &World, file: &mut Parquet) -> io::Result<()> {
        let it = &world.customers[self.customer];
        let score = match self.spoil {
            Spoil::Blank => None,
            Spoil::OffScale => Some(chance.pick(&[11, 99])),
            _ => Some(self.score),
        };
        let weight = match self.spoil {
            Spoil::Weight => chance.pick(&[None, Some(0.0)]),
            _ => Some(self.weight),
        };
        let mail = (!chance.happens(0.4)).then(|| world.mail(self.customer));
        let cells = vec![
            self.number.as_str().into(),
            Cell::Date(Some(self.date.0)),
            quarter_name(self.quarter).into(),
            Cell::Integer(score),
            PHASES[self.phase].0.into(),
            SOURCES[self.source].into(),
            ROLES[it.role].0.into(),
            world.country(self.customer).code.into(),
            Cell::Text(it.partner.map(partner_code)),
            Cell::Text(mail),
            Cell::Float(weight),
        ];
        if self.spoil == Spoil::Twice {
            file.row(cells.clone())?;
        }
        file.row(cells)
    }
}
