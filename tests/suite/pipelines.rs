//! Every worked pipeline is run on the sample data, and `reports/` is what they say.
//!
//! `reports/<pipeline>/[<variant>/]` holds the pages, packs, pictures and exports of a run, and its
//! tables of at most 200 rows as CSV. `GROWTHRING_UPDATE=1` writes it; a person reads the diff.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use growthring::run::{Options, Unwatched};
use growthring::{Plan, Run, plan};

/// Larger tables say nothing in a diff.
const MOST_ROWS: usize = 200;

#[test]
fn nightly_says_what_reports_hold() {
    reported("nightly");
}

#[test]
fn partner_health_says_what_reports_hold() {
    reported("partner-health");
}

#[test]
fn the_regional_pack_says_what_reports_hold() {
    reported("regional-pack");
}

#[test]
fn every_pipeline_is_reported() {
    let mut names: Vec<String> = std::fs::read_dir("pipelines")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok()?.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    names.sort();
    assert_eq!(names, ["nightly", "partner-health", "regional-pack"], "a pipeline without a test above");
}

/// What is planned is what runs: the same stages in the same order, the same files.
#[test]
fn the_plan_is_what_ran() {
    let folder = tempfile::tempdir().unwrap();
    let read = read_plan("partner-health", None);
    let run = run(&read, folder.path());
    let steps = read.selected(None).unwrap();
    let planned = plan::json(&read, &steps, "out");
    let text =
        std::fs::read_to_string(folder.path().join("runs").join(&run.id).join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let stages = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|stage| stage["stage"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stages(&planned["compute"]), stages(&manifest["stages"]));
    let written = files(&run.folder);
    let expected: Vec<&str> =
        planned["write"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    for file in &written {
        assert!(expected.iter().any(|pattern| fits(pattern, file)), "{file} is not in the plan");
    }
    for pattern in expected {
        assert!(written.iter().any(|file| fits(pattern, file)), "{pattern} was not written");
    }
}

/// Whether a file is what the plan lists; `<column>` stands for one folder.
fn fits(pattern: &str, file: &str) -> bool {
    let (pattern, file): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), file.split('/').collect());
    pattern.len() == file.len()
        && pattern.iter().zip(file).all(|(wanted, part)| wanted.starts_with('<') || *wanted == part)
}

/// The same inputs give the same bytes, whatever the number of threads.
fn steady(pipeline: &str) {
    let folders: Vec<tempfile::TempDir> = ["1", "2", "7"]
        .iter()
        .map(|threads| {
            let folder = tempfile::tempdir().unwrap();
            let status = Command::new(env!("CARGO_BIN_EXE_growthring"))
                .args(["run", pipeline, "--out"])
                .arg(folder.path())
                .env("POLARS_MAX_THREADS", threads)
                .env("RAYON_NUM_THREADS", threads)
                .output()
                .unwrap();
            assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
            folder
        })
        .collect();
    let made: Vec<BTreeMap<String, Vec<u8>>> = folders
        .iter()
        .map(|folder| bytes(&growthring::run::current(folder.path()).unwrap().folder))
        .collect();
    for other in &made[1..] {
        assert_eq!(made[0].keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for (name, content) in &made[0] {
            assert!(content == &other[name], "{name} of {pipeline} differs with the number of threads");
        }
    }
}

#[test]
fn one_thread_and_several_give_the_same_bytes() {
    steady("pipelines/partner-health.yaml");
}

#[test]
fn one_thread_and_several_give_the_same_bytes_of_the_whole_chain() {
    steady("pipelines/nightly.yaml");
}

fn reported(name: &str) {
    let variants = {
        let path = PathBuf::from(format!("pipelines/{name}.yaml"));
        let text = std::fs::read_to_string(&path).unwrap();
        let pipeline = plan::read_pipeline(&path, &text).0.unwrap();
        pipeline.variant_names().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let home = PathBuf::from("reports").join(name);
    let mut made: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    if variants.is_empty() {
        made = outcome(name, None);
    }
    for variant in variants {
        let files = outcome(name, Some(&variant));
        made.extend(files.into_iter().map(|(file, content)| (format!("{variant}/{file}"), content)));
    }
    if std::env::var_os("GROWTHRING_UPDATE").is_some() {
        let _ = std::fs::remove_dir_all(&home);
        for (file, content) in &made {
            let path = home.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }
    let committed = if home.is_dir() { bytes(&home) } else { BTreeMap::new() };
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&made),
        names(&committed),
        "{}: GROWTHRING_UPDATE=1 cargo test --release",
        home.display()
    );
    for (file, content) in &made {
        assert!(
            content == &committed[file],
            "{}/{file} is out of date: GROWTHRING_UPDATE=1 cargo test --release, and read the diff",
            home.display()
        );
    }
}

/// What a run hands out, by file name.
fn outcome(name: &str, variant: Option<&str>) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let plan = read_plan(name, variant);
    let run = run(&plan, folder.path());
    let mut made = BTreeMap::new();
    for (file, content) in bytes(&run.folder) {
        match file.strip_prefix("tables/").and_then(|file| file.strip_suffix(".parquet")) {
            None => {
                made.insert(file, content);
            }
            Some(table) => {
                let output = Command::new(env!("CARGO_BIN_EXE_growthring"))
                    .args(["show", &format!("pipelines/{name}.yaml"), table, "--format", "csv", "--out"])
                    .arg(folder.path())
                    .output()
                    .unwrap();
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                if run.table(table).unwrap().height() <= MOST_ROWS {
                    made.insert(format!("tables/{table}.csv"), output.stdout);
                }
            }
        }
    }
    made
}

fn read_plan(name: &str, variant: Option<&str>) -> Plan {
    let path = PathBuf::from(format!("pipelines/{name}.yaml"));
    Plan::read(&path, variant, &[])
        .unwrap()
        .unwrap_or_else(|rejected| panic!("{rejected}: {:?}", rejected.diagnostics))
}

fn run(plan: &Plan, out: &Path) -> Run {
    let options = Options { out: out.to_owned(), keep: 1, select: None, deny_cautions: false };
    let run = growthring::run(plan, &options, &Unwatched).unwrap();
    assert!(run.published, "{:?}", run.failures);
    run
}

fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    files(folder).into_iter().map(|file| (file.clone(), std::fs::read(folder.join(file)).unwrap())).collect()
}

/// The files under a folder, relative, with `/`.
fn files(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, prefix: &str, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), into);
            } else {
                into.push(name);
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, "", &mut found);
    found.sort();
    found
}
