//! The walls between the modules, as absences in the sources.

use std::path::{Path, PathBuf};

/// Lines of the sources under a folder that are code: no comments, no tests.
fn code(folder: &str) -> Vec<(PathBuf, usize, String)> {
    let mut lines = Vec::new();
    for file in files(Path::new(folder)) {
        if is_test_module(&file) {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a source");
        for (at, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("#[cfg(test)]") {
                break;
            }
            let line = line.split("//").next().unwrap_or_default();
            if !line.trim().is_empty() {
                lines.push((file.clone(), at + 1, line.to_owned()));
            }
        }
    }
    assert!(!lines.is_empty(), "{folder} has no sources");
    lines
}

/// Whether the module beside it declares this file under `#[cfg(test)]`.
fn is_test_module(file: &Path) -> bool {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let declared = format!("#[cfg(test)]\nmod {stem};");
    let folder = file.parent().unwrap_or(Path::new("."));
    [folder.join("mod.rs"), folder.with_extension("rs")]
        .iter()
        .filter_map(|parent| std::fs::read_to_string(parent).ok())
        .any(|text| text.contains(&declared))
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path).expect("a folder").flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
        .into_iter()
        .flat_map(|entry| if entry.is_dir() { files(&entry) } else { vec![entry] })
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Code under `folder` that says one of `words`.
fn breaches(folder: &str, words: &[&str]) -> Vec<String> {
    code(folder)
        .into_iter()
        .filter(|(_, _, line)| words.iter().any(|word| line.contains(word)))
        .map(|(file, at, line)| format!("{}:{at}: {}", file.display(), line.trim()))
        .collect()
}

fn no(folder: &str, words: &[&str]) {
    let found = breaches(folder, words);
    assert!(found.is_empty(), "{folder} must not say any of {words:?}:\n{}", found.join("\n"));
}

#[test]
fn stats_sees_no_tables_and_no_engine() {
    no(
        "src/stats",
        &["polars", "crate::engine", "crate::stages", "DataFrame", "std::fs", "std::time", "Timestamp"],
    );
}

#[test]
fn stages_print_nothing_open_no_files_and_collect_nothing() {
    no(
        "src/stages",
        &[
            "println!",
            "print!(",
            "std::fs",
            "File::open",
            "File::create",
            ".collect_with_engine(",
            "Embedded",
            "collect_all",
            ".sink(",
        ],
    );
}

#[test]
fn lower_stays_a_readable_plan() {
    no(
        "src/stages",
        &[".apply(|", ".map(move |s", ".map_batches(", ".map_many(", "map_multiple(", "apply_multiple("],
    );
    no(
        "src/expression",
        &[".apply(|", ".map(move |s", ".map_batches(", ".map_many(", "map_multiple(", "apply_multiple("],
    );
}

#[test]
fn the_engine_knows_no_stage() {
    no("src/engine", &["crate::stages", "crate::pipeline", "crate::plan", "crate::run"]);
}

#[test]
fn charts_and_reports_know_no_engine_and_no_run() {
    no("src/chart", &["crate::engine", "crate::run", "crate::stages", "crate::stats", ".lazy()"]);
    no("src/report", &["crate::engine", "crate::run", "crate::stages", ".lazy()"]);
}

#[test]
fn the_document_knows_no_stage() {
    no("src/document", &["crate::stages", "crate::pipeline", "crate::plan", "polars"]);
}

#[test]
fn check_and_plan_run_no_query() {
    no("src/plan", &["crate::engine", "Embedded", "LazyFrame::scan", "collect_with_engine", "collect_all"]);
    no("src/pipeline", &["crate::engine", "polars", "std::fs"]);
}

#[test]
fn only_the_command_line_prints_and_only_main_exits() {
    for folder in [
        "chart",
        "crossing.rs",
        "dataset",
        "diagnostic",
        "document",
        "engine",
        "expression",
        "number.rs",
        "pipeline",
        "plan",
        "report",
        "run",
        "sample",
        "sign.rs",
        "stages",
        "stats",
    ] {
        no(
            &format!("src/{folder}"),
            &["println!", "eprintln!", "print!(", "eprint!(", "process::exit", "dbg!"],
        );
    }
}

/// The search itself must be able to find something.
#[test]
fn a_breach_would_be_found() {
    assert!(!breaches("src/cli", &["std::io"]).is_empty());
    assert!(!breaches("src/engine", &["polars"]).is_empty());
}
