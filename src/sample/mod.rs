//! The sample: the silos of one invented company, from a seed and a scale, and the truth behind
//! them. Knows no stage and no engine; the same seed and scale give the same bytes on every machine.

mod calendar;
mod chance;
mod names;
mod silos;
mod world;
mod write;

use std::io;
use std::path::Path;

use silos::{Spoiled, accounts, leads, orders, partners, reference, social, support, survey, truth};
use world::World;
use write::Folder;

pub use write::Written;

/// How large and which sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// 1 is some 2,400 customers; customers, orders and answers grow in proportion, partners with
    /// the square root.
    pub scale: f64,
    /// Another seed is another company of the same kind.
    pub seed: u64,
}

/// The seed of the committed sample.
pub const SEED: u64 = 20_251_231;

impl Default for Sample {
    /// The sample that is committed with the program.
    fn default() -> Self {
        Self { scale: 1.0, seed: SEED }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The files, in the order of their paths.
    pub files: Vec<Written>,
    /// True customers behind the records.
    pub customers: usize,
    /// Partners.
    pub partners: usize,
}

/// What stands in the README of every sample.
pub const README: &str = include_str!("readme.md");

/// Writes the sample into a folder, which is made where it is missing; files of the same name are
/// replaced. Large samples are streamed: memory holds the customers, not their orders.
///
/// # Errors
/// When a file cannot be written, or when the scale is not a positive number.
pub fn generate(dir: &Path, options: Sample) -> io::Result<Summary> {
    let Sample { scale, seed } = options;
    if !(scale.is_finite() && scale > 0.0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the scale must be a positive number"));
    }
    let world = World::build(scale, seed);
    let folder = Folder::new(dir);
    let mut spoiled = Spoiled::default();
    let mut files = vec![folder.text("README.md", README)?];

    let mut identities = truth::identities(&folder)?;
    files.push(accounts::crm(&world, &folder, seed, &mut identities, &mut spoiled)?);
    files.push(accounts::web(&world, &folder, seed, &mut identities, &mut spoiled)?);
    files.push(identities.finish()?);
    files.push(partners::partners(&world, &folder, seed)?);
    files.extend(reference::reference(&folder, seed)?);
    let mut outcome = orders::orders(&world, &folder, seed, &mut spoiled)?;
    files.append(&mut outcome.files);
    files.push(reference::targets(&world, &folder, &outcome.revenue)?);
    files.extend(survey::survey(&world, &folder, seed, &mut spoiled)?);
    files.push(support::tickets(&world, &folder, seed, &outcome, &mut spoiled)?);
    files.extend(leads::leads(&world, &folder, seed, &mut spoiled)?);
    files.push(social::messages(&world, &folder, seed)?);
    files.extend(truth::truth(&world, &folder, &outcome, &spoiled)?);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Summary { files, customers: world.customers.len(), partners: world.partners.len() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn bytes(options: Sample) -> BTreeMap<String, Vec<u8>> {
        let dir = tempfile::tempdir().unwrap();
        let summary = generate(dir.path(), options).unwrap();
        let files =
            summary.files.iter().map(|f| (f.path.clone(), std::fs::read(dir.path().join(&f.path)).unwrap()));
        files.collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
        let options = Sample { scale: 0.1, seed: 4 };
        let first = bytes(options);
        assert_eq!(first, bytes(options));
        let other = bytes(Sample { seed: 5, ..options });
        assert_ne!(first["crm/accounts.csv"], other["crm/accounts.csv"]);
        assert_eq!(first["reference/countries.csv"], other["reference/countries.csv"]);
    }

    #[test]
    fn the_scale_must_be_positive() {
        let dir = tempfile::tempdir().unwrap();
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = generate(dir.path(), Sample { scale, seed: 1 }).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
    }
}
