//! The generator still makes the committed `sample-data/`, byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use growthring::sample::{Sample, generate};

fn files(root: &Path, below: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            found.insert(name, fs::read(&path).unwrap());
        }
    }
}

#[test]
fn sample_data_is_what_the_generator_makes() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let dir = tempfile::tempdir().unwrap();
    let summary = generate(dir.path(), Sample::default()).unwrap();
    if std::env::var_os("GROWTHRING_UPDATE").is_some() {
        if committed.is_dir() {
            fs::remove_dir_all(&committed).unwrap();
        }
        generate(&committed, Sample::default()).unwrap();
    }
    let (mut made, mut kept) = (BTreeMap::new(), BTreeMap::new());
    files(dir.path(), dir.path(), &mut made);
    files(&committed, &committed, &mut kept);
    assert_eq!(made.keys().collect::<Vec<_>>(), kept.keys().collect::<Vec<_>>());
    assert_eq!(made.len(), summary.files.len());
    for (name, bytes) in &made {
        assert!(
            bytes == &kept[name],
            "`{name}` differs; rerun with GROWTHRING_UPDATE=1 and read the difference"
        );
    }
}

#[test]
fn the_committed_sample_stays_small() {
    let dir = tempfile::tempdir().unwrap();
    let summary = generate(dir.path(), Sample::default()).unwrap();
    let bytes: u64 = summary.files.iter().map(|file| file.bytes).sum();
    assert!(bytes < 3_000_000, "{bytes} bytes");
}
