//! The small tables everyone refers to: countries, regions, currencies, products, targets.

use std::io;

use crate::sample::calendar::{QUARTERS, quarter_name};
use crate::sample::chance::Chance;
use crate::sample::names::{COUNTRIES, REGIONS};
use crate::sample::world::{PERSONAS, ROLES, World, answers};
use crate::sample::write::{Delimited, Dialect, Folder, Written};

/// A product: number, name, category, list price and cost in euro, price class.
pub const PRODUCTS: [(&str, &str, &str, f64, f64, usize); 20] = [
    ("A-101", "Calibration weights", "Accessories", 45.0, 21.0, 0),
    ("A-102", "Sensor cable", "Accessories", 38.0, 14.0, 0),
    ("A-103", "Test strips", "Consumables", 24.0, 9.0, 0),
    ("A-104", "Buffer solution", "Consumables", 29.0, 11.0, 0),
    ("A-105", "Carrying case", "Accessories", 89.0, 47.0, 0),
    ("B-201", "Handheld pH meter", "Meters", 240.0, 142.0, 1),
    ("B-202", "Thermometer", "Meters", 180.0, 101.0, 1),
    ("B-203", "Conductivity probe", "Sensors", 210.0, 118.0, 1),
    ("B-204", "Pressure sensor", "Sensors", 310.0, 171.0, 1),
    ("B-205", "Data logger", "Loggers", 390.0, 220.0, 1),
    ("C-301", "Bench balance", "Balances", 980.0, 588.0, 2),
    ("C-302", "Vibration analyser", "Analysers", 1450.0, 812.0, 2),
    ("C-303", "Flow meter", "Meters", 860.0, 499.0, 2),
    ("C-304", "Calibration service", "Service", 640.0, 256.0, 2),
    ("C-305", "Gas detector", "Analysers", 1190.0, 690.0, 2),
    ("D-401", "Spectrometer", "Analysers", 5400.0, 3290.0, 3),
    ("D-402", "Coordinate gauge", "Machines", 4700.0, 2910.0, 3),
    ("D-403", "Leak test bench", "Machines", 3900.0, 2340.0, 3),
    ("D-404", "Service contract", "Service", 2200.0, 704.0, 3),
    ("D-405", "Torque bench", "Machines", 3300.0, 1980.0, 3),
];

/// Writes the tables that hold no chance, and the exchange rates.
pub fn reference(folder: &Folder<'_>, seed: u64) -> io::Result<Vec<Written>> {
    let mut done = Vec::new();

    let header = ["region_code", "region", "office"];
    let mut file = Delimited::create(folder, "reference/regions.csv", Dialect::PLAIN, &header)?;
    for (code, name, office) in REGIONS {
        file.row(&[code, name, office])?;
    }
    done.push(file.finish()?);

    let header = ["country_code", "country", "region_code", "currency"];
    let mut file = Delimited::create(folder, "reference/countries.csv", Dialect::PLAIN, &header)?;
    for country in &COUNTRIES {
        file.row(&[country.code, country.english, REGIONS[country.region].0, country.currency])?;
    }
    done.push(file.finish()?);

    let header = ["written", "country_code"];
    let mut file = Delimited::create(folder, "reference/country_names.csv", Dialect::PLAIN, &header)?;
    for country in &COUNTRIES {
        let mut ways = vec![country.code, country.english];
        if !ways.contains(&country.german) {
            ways.push(country.german);
        }
        for written in ways {
            file.row(&[written, country.code])?;
        }
    }
    done.push(file.finish()?);

    let mut file =
        Delimited::create(folder, "reference/personas.csv", Dialect::PLAIN, &["job_role", "persona"])?;
    for (english, german, _, persona) in ROLES {
        file.row(&[english, PERSONAS[persona].0])?;
        file.row(&[german, PERSONAS[persona].0])?;
    }
    done.push(file.finish()?);

    let header = ["sku", "product", "category", "list_price_eur", "cost_eur"];
    let mut file = Delimited::create(folder, "reference/products.csv", Dialect::PLAIN, &header)?;
    for (sku, product, category, price, cost, _) in PRODUCTS {
        file.row(&[sku, product, category, &format!("{price:.2}"), &format!("{cost:.2}")])?;
    }
    done.push(file.finish()?);

    done.push(rates(folder, seed)?);
    Ok(done)
}

// Euro for a unit of each currency, by month: a slow walk around where it started.
fn rates(folder: &Folder<'_>, seed: u64) -> io::Result<Written> {
    let mut chance = Chance::new(seed, 13);
    let header = ["month", "currency", "eur_per_unit"];
    let mut file = Delimited::create(folder, "reference/exchange_rates.csv", Dialect::PLAIN, &header)?;
    let mut currencies: Vec<(&str, f64)> = COUNTRIES.iter().map(|c| (c.currency, c.per_euro)).collect();
    currencies.sort_by_key(|(currency, _)| *currency);
    currencies.dedup();
    for (currency, per_euro) in currencies {
        let mut per_euro: f64 = per_euro;
        for month in 0..24 {
            let start = format!("{}-{:02}-01", 2024 + month / 12, month % 12 + 1);
            file.row(&[&start, currency, &format!("{:.6}", 1.0 / per_euro)])?;
            if currency != "EUR" {
                per_euro *= 1.0 + 0.008 * chance.normal();
            }
        }
    }
    file.finish()
}

/// Writes what the regions are to reach in each quarter of 2025: net revenue and net promoter score.
/// Sales targets are set on the year before and ten per cent; the score on what a region of middling
/// partners would have.
pub fn targets(world: &World, folder: &Folder<'_>, revenue: &[[f64; QUARTERS]; 3]) -> io::Result<Written> {
    let header = ["region_code", "quarter", "revenue_target_eur", "nps_target"];
    let mut file = Delimited::create(folder, "reference/targets.csv", Dialect::PLAIN, &header)?;
    let middling = answers(0.3);
    let score = (100.0 * (middling.promoters - middling.detractors)).round();
    for (at, (code, _, _)) in REGIONS.iter().enumerate() {
        for quarter in 4..QUARTERS {
            // Rounded to what a planner would write.
            let step = if world.scale < 0.5 { 100.0 } else { 1000.0 };
            let target = (revenue[at][quarter - 4] * 1.1 / step).round() * step;
            file.row(&[*code, &quarter_name(quarter), &format!("{target:.0}"), &format!("{score:.0}")])?;
        }
    }
    file.finish()
}
