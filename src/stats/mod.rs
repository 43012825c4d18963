//! Statistics as functions of numbers: formula and source stand with each. Nothing here knows a
//! table, an engine, a clock or a random number without a seed.

pub mod assignment;
pub mod chi_square;
pub mod clustering;
pub mod comparisons;
pub mod components;
pub mod composite;
pub mod contingency;
pub mod contrast;
pub mod correlation;
pub mod credibility;
pub mod eigen;
pub mod lifetime;
pub mod linearization;
pub mod means;
pub mod multicriteria;
pub mod net_promoter;
pub mod proportions;
pub mod quantile;
pub mod rank_stability;
pub mod rank_sum;
pub mod ranking;
pub mod rao_scott;
pub mod shrinkage;
pub mod significance;
pub mod tails;
pub mod weights;

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What each output column means, by name, from the glossary `columns.toml`.
pub fn columns() -> &'static BTreeMap<String, String> {
    static COLUMNS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        #[derive(serde::Deserialize)]
        struct Entry {
            meaning: String,
        }
        // A test reads the glossary, so that it cannot be broken in a program that was tested.
        let entries: BTreeMap<String, Entry> =
            toml::from_str(include_str!("columns.toml")).unwrap_or_default();
        entries.into_iter().map(|(name, entry)| (name, entry.meaning)).collect()
    });
    &COLUMNS
}

/// What an output column means.
pub fn column_meaning(name: &str) -> Option<&'static str> {
    columns().get(name).map(String::as_str)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_glossary_can_be_read() {
        assert!(super::column_meaning("estimate").is_some());
    }
}
