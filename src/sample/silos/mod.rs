//! One file per silo: each writes what its system would have known of the [`World`](super::world::World),
//! in that system's manner, and tells what it spoiled on purpose.

pub mod accounts;
pub mod leads;
pub mod orders;
pub mod partners;
pub mod reference;
pub mod social;
pub mod support;
pub mod survey;
pub mod truth;

use std::collections::BTreeMap;

/// How many rows were spoiled, by file and kind.
#[derive(Debug, Default)]
pub struct Spoiled(BTreeMap<(&'static str, &'static str), u64>);

impl Spoiled {
    /// One more.
    pub fn add(&mut self, file: &'static str, kind: &'static str) {
        self.more(file, kind, 1);
    }

    /// So many more; zero makes the kind known.
    pub fn more(&mut self, file: &'static str, kind: &'static str, n: u64) {
        *self.0.entry((file, kind)).or_default() += n;
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.0.iter().map(|((file, kind), n)| (*file, *kind, *n))
    }
}

/// An amount as Germans write it: `1.234,50`.
fn german_amount(value: f64) -> String {
    let text = grouped(value, '.');
    match text.rsplit_once('.') {
        Some((whole, cents)) => format!("{whole},{cents}"),
        None => text,
    }
}

/// An amount with two decimals and a mark between thousands.
fn grouped(value: f64, mark: char) -> String {
    let text = format!("{value:.2}");
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(mark);
        }
        out.push(digit);
    }
    format!("{out}.{cents}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped() {
        assert_eq!(german_amount(1_234_567.5), "1.234.567,50");
        assert_eq!(german_amount(12.0), "12,00");
        assert_eq!(grouped(1234.5, ','), "1,234.50");
    }
}
