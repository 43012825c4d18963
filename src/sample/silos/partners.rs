//! The partner list of the channel managers.

use std::io;

use crate::sample::chance::Chance;
use crate::sample::names::COUNTRIES;
use crate::sample::world::{World, partner_code};
use crate::sample::write::{Cell, Folder, Parquet, Type, Written};

/// Writes the partners. Quality is not in it: it shows in what they sell and in what customers say.
pub fn partners(world: &World, folder: &Folder<'_>, seed: u64) -> io::Result<Written> {
    let mut chance = Chance::new(seed, 12);
    let mut file = Parquet::create(
        folder,
        "partners/partners.parquet",
        &[
            ("partner_id", Type::Text),
            ("partner_name", Type::Text),
            ("country_code", Type::Text),
            ("contract_since", Type::Date),
            ("employees", Type::Integer),
            ("trained_employees", Type::Integer),
            ("owner_born", Type::Integer),
            ("asks_for", Type::Text),
        ],
    )?;
    for (at, partner) in world.partners.iter().enumerate() {
        file.row(vec![
            partner_code(at).into(),
            partner.name.as_str().into(),
            COUNTRIES[partner.country].code.into(),
            Cell::Date(Some(partner.since.0)),
            Cell::Integer(Some(partner.employees.into())),
            Cell::Integer(Some(partner.trained.into())),
            Cell::Integer(if chance.happens(0.05) { None } else { Some(partner.owner_born.into()) }),
            partner.asks_for.into(),
        ])?;
    }
    file.finish()
}
