//! Bad input through the program: whatever is wrong, the message says what and where, the exit code is
//! the documented one, no panic shows, and readers of the output keep what they had.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use growthring::Plan;
use growthring::diagnostic::{self, Code, Source};
use polars::prelude::{ParquetReader, SerReader};

/// A folder with a pipeline and its data.
struct Folder(tempfile::TempDir);

/// What the program said.
struct Ended {
    exit: Option<i32>,
    out: String,
    err: String,
}

impl Folder {
    /// With `answers.csv` of three regions.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.write(
            "answers.csv",
            "region,recommend,w\nEMEA,9,1\nEMEA,10,1\nEMEA,3,1\nAMER,7,1\nAMER,10,1\nAPAC,0,1\n",
        );
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_growthring"));
        command.current_dir(self.path()).args(args).env_remove("RUST_LOG").env("NO_COLOR", "1");
        command
    }

    /// Runs the program; nothing that it says may look like a panic.
    fn program(&self, args: &[&str]) -> Ended {
        let output = self.command(args).output().expect("the program");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ended =
            Ended { exit: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
        calm(&ended);
        ended
    }

    /// Checks and runs `p.yaml`; both end with `exit` and say `words`, and nothing is published.
    fn refused(&self, exit: i32, words: &[&str]) {
        for command in ["check", "run"] {
            self.ends(&[command, "p.yaml"], exit, words);
        }
        assert!(!self.path().join("out/p/_current.json").exists(), "something was published");
    }

    /// Runs `p.yaml`, which fails on its data.
    fn fails(&self, exit: i32, words: &[&str]) {
        self.ends(&["check", "p.yaml"], 0, &[]);
        self.ends(&["run", "p.yaml"], exit, words);
        assert!(!self.path().join("out/p/_current.json").exists(), "something was published");
    }

    /// Runs `p.yaml`, which succeeds.
    fn runs(&self, words: &[&str]) -> Ended {
        let ended = self.ends(&["run", "p.yaml"], 0, words);
        assert_eq!(Path::new(ended.out.trim()), self.version("out/p"), "{}", ended.out);
        ended
    }

    fn ends(&self, args: &[&str], exit: i32, words: &[&str]) -> Ended {
        let ended = self.program(args);
        assert_eq!(ended.exit, Some(exit), "{args:?}\n{}{}", ended.out, ended.err);
        for word in words {
            assert!(ended.err.contains(word), "{args:?} does not say {word:?}:\n{}", ended.err);
        }
        ended
    }

    fn pipeline(&self, body: &str) -> &Self {
        self.write("p.yaml", format!("version: 1\nname: p\n{body}"))
    }

    /// A table of the published version as CSV.
    fn table(&self, name: &str) -> String {
        self.ends(&["show", "p.yaml", name, "--format", "csv"], 0, &[]).out
    }

    /// The published version, relative to the folder.
    fn version(&self, out: &str) -> PathBuf {
        let pointer = fs::read(self.path().join(out).join("_current.json")).expect("a pointer");
        let value: serde_json::Value = serde_json::from_slice(&pointer).expect("a whole pointer");
        Path::new(out).join("_versions").join(value["version"].as_str().expect("a version"))
    }

    /// Every file below the folder, relative to it.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").flatten() {
                match entry.file_type().expect("a type").is_dir() {
                    true => folders.push(entry.path()),
                    false => files.push(entry.path().strip_prefix(self.path()).expect("inside").to_owned()),
                }
            }
        }
        files.sort();
        files
    }

    fn read(&self, file: &Path) -> String {
        String::from_utf8_lossy(&fs::read(self.path().join(file)).expect("a file")).into_owned()
    }
}

fn calm(ended: &Ended) {
    for word in ["panicked", "RUST_BACKTRACE", "stack backtrace", "unwrap()", "internal error"] {
        assert!(!ended.err.contains(word), "the program said {word:?}:\n{}", ended.err);
    }
}

const ANSWERS: &str =
    "datasets:\n  answers: { path: answers.csv, types: { recommend: integer, w: float } }\n";

/// One net promoter stage over the usual answers, with these options.
fn nps(options: &str) -> String {
    format!("{ANSWERS}stages:\n  nps:\n    net_promoter: {{ from: answers, {options} }}\n")
}

// ---- files that are not there, or not what they should be ----

#[test]
fn a_missing_file() {
    let folder = Folder::new();
    folder.ends(&["check", "nowhere.yaml"], 6, &["the pipeline file nowhere.yaml cannot be read"]);
    folder.ends(&["run", "nowhere.yaml"], 6, &["nowhere.yaml"]);
    folder.pipeline(&nps("score: recommend"));
    fs::rename(folder.path().join("answers.csv"), folder.path().join("answer.csv")).expect("a rename");
    folder.refused(6, &["error[missing-file]", "p.yaml:4:20", "`answer.csv`"]);
}

#[test]
fn an_empty_file() {
    let folder = Folder::new();
    folder.write("p.yaml", "").refused(2, &["error[not-a-mapping]: the pipeline file is empty"]);
    folder.write("p.yaml", "# nothing\n").refused(2, &["error[not-a-mapping]: the pipeline file is empty"]);
    folder.pipeline(&nps("score: recommend")).write("answers.csv", "");
    folder.refused(6, &["error[empty-file]", "answers.csv is empty"]);
    folder.write("answers.parquet", "");
    folder.pipeline(
        "datasets:\n  a: { path: answers.parquet }\nstages:\n  s:\n    export: { from: a, file: a.csv }\n",
    );
    folder.refused(6, &["error[empty-file]", "answers.parquet is empty"]);
}

#[test]
fn a_glob_that_matches_nothing() {
    let folder = Folder::new();
    folder.pipeline(&nps("score: recommend").replace("answers.csv", "in/*.csv"));
    folder.refused(6, &["error[empty-glob]", "no file matches `in/*.csv`"]);
}

#[test]
fn text_that_is_not_utf_8() {
    let folder = Folder::new();
    folder.write("p.yaml", b"version: 1\nname: p\n# Z\xFCrich\n");
    for command in ["check", "run", "plan"] {
        folder.ends(&[command, "p.yaml"], 2, &["line 3 is not UTF-8"]);
    }
    folder.pipeline(&nps("score: recommend, by: region"));
    folder.write("answers.csv", b"region,recommend,w\nZ\xFCrich,9,1\nBern,8,1\n");
    folder.fails(3, &["error[bad-rows]", "answers.csv record 1", "bytes that are not UTF-8"]);
}

#[test]
fn a_ragged_csv() {
    let folder = Folder::new();
    folder.write("answers.csv", "region,recommend,w\nEMEA,9\nEMEA,10,1\nAMER,3,1,extra\n");
    folder.pipeline(&nps("score: recommend"));
    folder.fails(
        3,
        &[
            "error[bad-rows]",
            "2 of 3 records cannot be read",
            "record 1: 2 fields, 3 expected",
            "`bad_rows: quarantine`",
        ],
    );
    folder.pipeline(
        "datasets:
  answers: { path: answers.csv, bad_rows: quarantine, types: { recommend: integer } }
stages:
  all:
    centralize:
      columns: { region: text, recommend: integer }
      sources: [{ from: answers }]
",
    );
    folder.runs(&["caution[quarantined-rows]"]);
    assert_eq!(folder.table("all").lines().count(), 2, "one row is whole");
    let quarantine = folder.table("all.quarantine");
    assert!(
        quarantine.contains("2 fields, 3 expected") && quarantine.contains("4 fields, 3 expected"),
        "{quarantine}"
    );
}

#[test]
fn a_corrupt_parquet_file() {
    let folder = Folder::new();
    let rows: String = (0..50_000).map(|n| format!("{},{}\n", n * 7919 % 50_021, n % 11)).collect();
    folder.write("many.csv", format!("id,recommend\n{rows}"));
    folder.pipeline(
        "datasets:\n  many: { path: many.csv, types: { id: integer, recommend: integer } }\nstages:\n  copy:\n    export: { from: many, file: many.parquet }\n",
    );
    let whole = folder.path().join(folder.runs(&[]).out.trim()).join("exports/many.parquet");
    let bytes = fs::read(whole).expect("the export");
    let read = "datasets:\n  many: { path: many.parquet }\nstages:\n  nps:\n    net_promoter: { from: many, score: recommend }\n  copy:\n    export: { from: many, file: many.csv }\n";
    fs::remove_dir_all(folder.path().join("out")).expect("a folder");

    folder.pipeline(read).write("many.parquet", &bytes);
    folder.runs(&[]);
    fs::remove_dir_all(folder.path().join("out")).expect("a folder");

    for (what, broken) in [
        ("cut off", bytes[..bytes.len() / 2].to_vec()),
        ("without its first half", bytes[bytes.len() / 2..].to_vec()),
        ("text", b"region,recommend\nEMEA,9\n".to_vec()),
        ("a magic word alone", b"PAR1".to_vec()),
        ("a footer of nonsense", [b"PAR1".as_slice(), &[0xFF; 64], &64u32.to_le_bytes(), b"PAR1"].concat()),
    ] {
        folder.write("many.parquet", broken);
        let checked = folder.program(&["check", "p.yaml"]);
        let ran = folder.program(&["run", "p.yaml"]);
        assert_eq!(ran.exit, Some(6), "{what}: {}", ran.err);
        assert!(
            ran.err.contains("error[corrupt-file]") && ran.err.contains("many.parquet"),
            "{what}: {}",
            ran.err
        );
        assert_eq!(checked.exit, Some(6), "{what}: {}", checked.err);
        assert!(!folder.path().join("out/p/_current.json").exists(), "{what} was published");
    }

    // Damage in the pages: the footer is whole, so that only reading finds it.
    let mut damaged = 0;
    for at in (64..bytes.len() * 3 / 4).step_by(bytes.len() / 24) {
        let mut broken = bytes.clone();
        for byte in &mut broken[at..at + 32] {
            *byte ^= 0x5A;
        }
        folder.write("many.parquet", broken);
        let ran = folder.program(&["run", "p.yaml"]);
        if ran.exit != Some(0) {
            damaged += 1;
            assert_eq!(ran.exit, Some(6), "{}", ran.err);
            assert!(ran.err.contains("many.parquet"), "{}", ran.err);
        }
        let _ = fs::remove_dir_all(folder.path().join("out"));
    }
    assert!(damaged > 0, "no damage was noticed");
}

// ---- pipeline files that cannot be run ----

#[test]
fn yaml_that_is_not_a_mapping() {
    let folder = Folder::new();
    for (text, kind) in [("- version: 1\n", "a list"), ("42\n", "a whole number"), ("just words\n", "text")] {
        folder
            .write("p.yaml", text)
            .refused(2, &["error[not-a-mapping]: a pipeline file is a mapping", kind]);
    }
    folder.write("p.yaml", "version: 1\nname: p\nstages: [a, b]\n");
    folder.refused(2, &["error[not-a-mapping]: `stages` is a mapping of names"]);
    folder.write("p.yaml", "version: 1\nname: p\n\tstages: {}\n").refused(2, &["error[yaml-syntax]"]);
    folder.write("p.yaml", "a: &a [*a]\n").refused(2, &["error[yaml-syntax]"]);
    folder.write("p.yaml", "[".repeat(100_000)).refused(2, &["error[yaml-syntax]"]);
}

#[test]
fn unknown_columns_kinds_and_options() {
    let folder = Folder::new();
    folder.pipeline(&nps("score: recomend")).refused(2, &["error[unknown-column]", "`recommend` (integer)"]);
    folder.pipeline(&nps("score: recommend").replace("net_promoter", "net_promotor"));
    folder.refused(2, &["error[unknown-kind]", "did you mean `net_promoter`?"]);
    folder.pipeline(&nps("score: recommend, wieght: w"));
    folder.refused(2, &["error[unknown-option]", "`weight`"]);
}

#[test]
fn wrong_types() {
    let folder = Folder::new();
    folder
        .pipeline(&nps("score: [recommend]"))
        .refused(2, &["error[wrong-type]", "this is a list, wanted is text"]);
    folder.pipeline(&nps("score: region")).refused(2, &["error[column-type]", "`region` is text"]);
    folder.pipeline(&nps("score: recommend")).write("answers.csv", "region,recommend,w\nEMEA,nine,1\n");
    folder.fails(3, &["error[bad-rows]", "`recommend`: \"nine\" is not an integer"]);
}

/// A word or a type that is wrong hides nothing else: the rest of the stage is checked, and what is made
/// of it is not held against those who read it.
#[test]
fn a_wrong_value_hides_no_other_mistake() {
    let folder = Folder::new();
    folder.pipeline(&nps("score: recomend, interval: exact, by: regin"));
    let both = ["`interval` does not know the word `exact`", "no column `recomend`", "no column `regin`"];
    folder.refused(2, &[both.as_slice(), &["3 mistakes in p.yaml"]].concat());
    let reader = "  again:\n    net_promoter: { from: nps, score: estimat }\n";
    folder.pipeline(&format!("{}{reader}", nps("score: recomend, by: { a: b }, where: w > x")));
    folder.refused(2, &["`by` has a value of the wrong type", "`recomend`", "`x`", "3 mistakes in p.yaml"]);
    // Nor is an option that is misspelt held against them.
    let reader = "  again:\n    net_promoter: { from: nps, score: estimate, by: region }\n";
    folder.pipeline(&format!("{}{reader}", nps("score: recommend, bye: region")));
    folder.refused(2, &["has no option `bye`", "1 mistake in p.yaml"]);
    // Whoever reads a dataset that cannot be read is not told that it does not exist.
    folder.pipeline(&nps("score: recommend").replace("path: answers.csv", "paht: answers.csv"));
    folder.refused(2, &["no option `paht`", "lacks the option `path`", "2 mistakes in p.yaml"]);
    // Nor does a variable that is declared with a slip hide the stages, if its value is known.
    let vars = "vars: { low: { type: integer, descripton: x, default: 3 } }\n";
    folder.pipeline(&format!("{vars}{}", nps("score: recomend, where: recommend > $low")));
    folder.refused(2, &["no option `descripton`", "`recomend`", "2 mistakes in p.yaml"]);
    folder.pipeline(
        &nps("score: recommend, where: recommend > $low")
            .replace("datasets:", "vars: { low: { type: integer, defualt: 3 } }\ndatasets:"),
    );
    folder.refused(2, &["no option `defualt`", "1 mistake in p.yaml"]);
    // A guess that is near is taken for what was meant; one that is not leaves the types unknown.
    folder.pipeline(&nps("score: recomend").replace("recommend: integer", "recommend: int"));
    folder.refused(2, &["did you mean `integer`?", "`recomend`", "2 mistakes in p.yaml"]);
    folder.pipeline(&nps("score: recommend").replace("recommend: integer", "recommend: money"));
    folder.refused(2, &["does not know the word `money`", "1 mistake in p.yaml"]);
}

#[test]
fn a_value_of_another_form_is_told_with_the_form_that_is_wanted() {
    let folder = Folder::new();
    folder.pipeline(&nps("score: recommend, by: { region: EMEA }"));
    folder.refused(2, &["wanted is text or a list", "help: write `by: …` or `by: […]`"]);
    let report = "  pack:\n    report: { title: T, sections: Scores }\n";
    folder.pipeline(&format!("{}{report}", nps("score: recommend")));
    folder.refused(2, &["wanted is a list", "help: write `sections: [{ "]);
    folder
        .pipeline(&nps("score: recommend").replace("types: { recommend: integer, w: float }", "types: int"));
    folder.refused(2, &["allowed are `auto`, or a mapping: `types: { NAME: integer }`"]);
    folder.write("p.yaml", "version: 1\nname: p\nstages: [a]\n");
    folder.refused(2, &["`stages` is a mapping of names", "`NAME: …` for each"]);
}

#[test]
fn numbers_that_are_none_and_ids_that_share_a_file() {
    let folder = Folder::new();
    folder.pipeline(&nps("score: recommend, confidence: .nan"));
    folder.refused(2, &["error[out-of-range]", "wanted is a finite number", "1 mistake in p.yaml"]);
    let table = "{ from: nps, title: S, limit: -1 }";
    let pack =
        format!("  pack:\n    report: {{ title: T, sections: [{{ items: [{{ table: {table} }}] }}] }}\n");
    folder.pipeline(&format!("{}{pack}", nps("score: recommend")));
    folder.refused(2, &["`sections.items.table.limit` has a number out of range", "1 mistake in p.yaml"]);
    let second = "  NPS:\n    net_promoter: { from: answers, score: recommend }\n";
    folder.pipeline(&format!("{}{second}", nps("score: recommend")));
    folder.refused(2, &["error[invalid-id]: `nps` and `NPS` name one file"]);
    folder.pipeline(&format!("variants: {{ Runs: {{}} }}\n{}", nps("score: recommend")));
    folder.refused(2, &["error[invalid-id]: `Runs` cannot name a variant"]);
    // A mistake of form is that of every variant, told once.
    let variants = "variants: { a: {}, b: {} }\n";
    folder.pipeline(&format!("{variants}{}", nps("score: recommend, wieght: w")));
    let ended = folder.ends(&["run", "p.yaml", "--all-variants"], 2, &["1 mistake in p.yaml"]);
    assert_eq!(ended.err.matches("error[").count(), 1, "{}", ended.err);
}

#[test]
fn merge_keys() {
    let folder = Folder::new();
    let base = "  nps:\n    net_promoter: &base { from: answers, score: recommend }\n";
    let merged = "  again:\n    net_promoter: { <<: *base, by: region }\n";
    folder.pipeline(&format!("{ANSWERS}stages:\n{base}{merged}"));
    folder
        .refused(2, &["error[yaml-syntax]: merge keys (`<<`) are not read", "alias", "1 mistake in p.yaml"]);
    let aliased = "  again:\n    net_promoter: *base\n";
    folder.pipeline(&format!("{ANSWERS}stages:\n{base}{aliased}"));
    folder.runs(&[]);
}

/// The engine takes `*` and `^…$` for many columns: no table has such a one.
#[test]
fn columns_that_read_as_patterns() {
    let folder = Folder::new();
    for name in ["*", "^re.*$"] {
        folder
            .pipeline(&nps("score: recommend"))
            .write("answers.csv", format!("region,recommend,w,{name}\n"));
        folder.refused(6, &["error[bad-header]", &format!("`{name}` reads as a pattern"), "`columns: ["]);
        folder.write("answers.csv", "region,recommend,w\nEMEA,9,1\n");
        let derived = format!("  more:\n    enrich: {{ from: answers, derive: {{ '{name}': w + 1 }} }}\n");
        folder.pipeline(&format!("{}{derived}", nps("score: recommend")));
        folder.refused(2, &["error[invalid-option]: stage `more` would make a column", "pattern of names"]);
    }
    // Inside an expression a quoted name is a name.
    folder.write("answers.csv", "region,recommend,w,a*b\nEMEA,9,1,2\n");
    folder.pipeline(&nps("score: recommend, where: '\"a*b\" IS NOT NULL'"));
    folder.runs(&[]);
}

#[test]
fn two_stages_with_one_id() {
    let folder = Folder::new();
    let stages = "stages:\n  nps:\n    net_promoter: { from: answers, score: recommend }\n";
    folder.pipeline(&format!("{ANSWERS}{stages}{}", stages.trim_start_matches("stages:\n")));
    folder.refused(2, &["error[duplicate-key]: `nps` is written twice", "first written here"]);
}

#[test]
fn a_cycle() {
    let folder = Folder::new();
    folder.pipeline(
        "stages:\n  a:\n    export: { from: b, file: a.csv }\n  b:\n    export: { from: c, file: b.csv }\n  c:\n    export: { from: a, file: c.csv }\n",
    );
    folder.refused(2, &["error[cycle]: stages wait for each other: a → b → c → a"]);
    folder.pipeline("stages:\n  a:\n    export: { from: a, file: a.csv }\n");
    folder.refused(2, &["error[cycle]: stages wait for each other: a → a"]);
}

#[test]
fn an_expression_that_does_not_parse() {
    let folder = Folder::new();
    for expression in [
        "recommend >",
        "(recommend",
        "recommend = = 3",
        "'open",
        "SELECT 1",
        "a; DROP TABLE answers",
        "1 = 1 -- ",
    ] {
        folder.pipeline(&nps(&format!("score: recommend, where: \"{expression}\"")));
        let ended = folder.program(&["check", "p.yaml"]);
        if ended.exit != Some(0) {
            assert_eq!(ended.exit, Some(2), "{expression}: {}", ended.err);
            assert!(ended.err.contains("error["), "{expression}: {}", ended.err);
            assert!(ended.err.contains("p.yaml:7:"), "{expression} has no place: {}", ended.err);
        } else {
            assert!(expression.ends_with("-- "), "{expression} was taken");
        }
    }
    folder.pipeline(&nps(&format!(
        "score: recommend, where: \"{}1=1{}\"",
        "(".repeat(5000),
        ")".repeat(5000)
    )));
    folder.refused(2, &["error[expression-syntax]"]);
}

/// Every file of the repository with a slip in it, thousands of them: the check always comes back with
/// an answer that can be shown, and never because the engine broke off.
#[test]
fn slips_of_the_fingers_are_told_calmly() {
    const SLIPS: [&str; 16] =
        ["", "{", "}", "[", "]", ":", ": ", "\n", "\t", "\"", "'", "*a", "&a ", "-1", "1e999", "é"];
    let mut files: Vec<PathBuf> = ["tests/diagnostics", "pipelines"]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    let mut state = 7u64;
    let mut chance = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut refused = 0;
    for path in &files {
        let text = fs::read_to_string(path).expect("a pipeline");
        let base = path.parent().expect("a folder");
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        for _ in 0..24 {
            let start = places[chance(places.len())];
            let end = places.iter().copied().find(|at| *at >= start + chance(6)).unwrap_or(start);
            let slipped = format!("{}{}{}", &text[..start], SLIPS[chance(SLIPS.len())], &text[end..]);
            let Err(rejected) = Plan::of_text(path, &slipped, base, None, &[]) else { continue };
            refused += 1;
            let source = Source { path: "p.yaml", text: &slipped };
            assert!(!diagnostic::text(&rejected.diagnostics, source, true).is_empty());
            assert!(diagnostic::json(&rejected.diagnostics, source).is_array());
            for told in &rejected.diagnostics {
                assert_ne!(told.code, Code::PlanRefused, "{told:?}\n{slipped}");
            }
        }
    }
    assert!(refused > files.len() * 6, "only {refused} slips were noticed");
}

// ---- data that leaves nothing to compute ----

#[test]
fn a_division_by_zero() {
    let folder = Folder::new();
    folder.pipeline(&nps("score: recommend, where: recommend / 0 > 1"));
    folder.refused(2, &["error[expression-type]", "zero"]);
    folder.write("ratios.csv", "id,a,b\n1,6,3\n2,6,0\n3,0,0\n4,,0\n");
    folder.pipeline(
        "datasets:
  ratios: { path: ratios.csv, types: { a: float, b: float } }
stages:
  made:
    enrich: { from: ratios, derive: { ratio: a / b, rest: a % b } }
",
    );
    folder.runs(&[]);
    assert_eq!(folder.table("made"), "id,a,b,ratio,rest\n1,6,3,2,0\n2,6,0,,\n3,0,0,,\n4,,0,,\n");
}

#[test]
fn a_source_that_is_described_wrongly_is_not_published() {
    let folder = Folder::new();
    folder.write("sales.csv", "day,amount\n01.02.2026,5\n02.02.2026,6\n");
    folder.pipeline(
        "datasets:
  sales: { path: sales.csv }
stages:
  made:
    centralize:
      columns: { day: date, amount: float }
      sources:
        - { from: sales, columns: { day: { column: day, format: \"%Y-%m-%d\" } } }
",
    );
    folder.fails(3, &["error[unusable-data]", "not one of the 2 rows of `sales`", "made"]);
}

#[test]
fn two_exports_to_one_file() {
    let folder = Folder::new();
    folder.pipeline(&format!(
        "{}  a: {{ export: {{ from: nps, file: Scores.csv }} }}\n  b: {{ export: {{ from: nps, file: scores.csv }} }}\n",
        nps("score: recommend")
    ));
    folder.refused(2, &["error[invalid-option]", "exports/scores.csv", "`b` would overwrite it"]);
}

/// The pipeline's own folder is as good a place to stand as any.
#[test]
fn a_glob_seen_from_the_folder_of_the_pipeline() {
    let folder = Folder::new();
    folder.write("data/a.csv", "x\n1\n").write(
        "pipes/p.yaml",
        "version: 1\nname: p\ndatasets: { a: { path: ../data/*.csv } }\nstages: { s: { sql: { from: a, query: SELECT x FROM a } } }\n",
    );
    let ran = Command::new(env!("CARGO_BIN_EXE_growthring"))
        .args(["run", "p.yaml"])
        .current_dir(folder.path().join("pipes"))
        .output()
        .expect("the program");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn a_sample_overwrites_nothing() {
    let folder = Folder::new();
    folder.write("README.md", "mine");
    let ended = folder.program(&["sample", "--out", "."]);
    assert_eq!(ended.exit, Some(2), "{}", ended.err);
    assert_eq!(std::fs::read_to_string(folder.path().join("README.md")).unwrap(), "mine");
}

#[test]
fn a_cast_that_fails_is_the_fault_of_the_data() {
    let folder = Folder::new();
    folder.write("codes.csv", "code\n1\nab\n");
    folder.pipeline(
        "datasets:
  codes: { path: codes.csv }
stages:
  made:
    enrich: { from: codes, derive: { number: CAST(code AS integer) } }
",
    );
    folder.fails(3, &["made", "ab"]);
}

#[test]
fn no_rows_after_a_filter() {
    let folder = Folder::new();
    let stages = "  chart:
    chart: { from: nps, mark: { nps: { label: region } } }
  tab:
    cross_tab: { from: answers, rows: [region], columns: [w], where: region = 'LATAM' }
  file:
    export: { from: nps, file: nps.xlsx }
  pack:
    report:
      title: Health
      lead: 'Score {{ value(\"nps\", \"estimate\", region=\"LATAM\") | score }} of {{ rows(\"nps\") | count }}'
      per: region
      sections: [{ title: Loyalty, items: [{ table: { from: nps, title: Scores } }, { chart: { from: chart } }] }]
";
    folder.pipeline(&format!("{}{stages}", nps("score: recommend, by: region, where: region = 'LATAM'")));
    folder.runs(&["caution[no-rows]", "`nps`"]);
    assert_eq!(folder.table("nps").lines().count(), 1, "only the header");
    folder.ends(&["run", "p.yaml", "--deny-cautions"], 4, &["caution[no-rows]", "nothing was published"]);
    // A header and nothing below it is no error either.
    folder.write("answers.csv", "region,recommend,w\n").runs(&["caution[no-rows]"]);
}

#[test]
fn columns_without_a_value() {
    let folder = Folder::new();
    folder.write("answers.csv", "region,recommend,w\n,,\n,,\n,,\n");
    let stages = "  by_region:
    net_promoter: { from: answers, score: recommend, by: region }
  unweighted:
    net_promoter: { from: answers, score: recommend }
  tab:
    cross_tab: { from: answers, rows: [region], columns: [region], weight: w }
  groups:
    segment: { from: answers, method: { rules: { segments: [{ name: happy, where: recommend >= 9 }] } } }
  tiers:
    score_partners:
      key: region
      indicators: [{ name: nps, from: answers, value: recommend, aggregate: mean }]
  picture:
    chart: { from: by_region, mark: { nps: { label: region } } }
  bars:
    chart: { from: by_region, mark: { bar: { label: region, value: estimate } } }
  pack:
    report:
      title: Health
      per: region
      sections: [{ title: Loyalty, items: [{ table: { from: by_region, title: Scores } }, { chart: { from: picture } }] }]
";
    folder.pipeline(&format!("{}{stages}", nps("score: recommend, weight: w")));
    folder.runs(&["caution[empty-base]", "caution[unusable-weights]"]);
    let table = folder.table("unweighted");
    assert!(table.lines().nth(1).is_some_and(|row| row.contains(",,")), "a score out of nothing: {table}");
}

#[test]
fn regions_with_no_and_with_one_answer() {
    let folder = Folder::new();
    folder.write("answers.csv", "region,recommend,w\nEMEA,9,1\nEMEA,10,1\nAMER,7,1\nAPAC,,1\n");
    let stages = "  picture:
    chart: { from: nps, mark: { nps: { label: region } } }
  bars:
    chart: { from: nps, mark: { bar: { label: region, value: estimate, low: conf_low, high: conf_high, n: n } } }
  pack:
    report:
      title: Health
      per: region
      lead: 'The score is {{ value(\"nps\", \"estimate\") | score }}.'
      sections: [{ title: Loyalty, items: [{ table: { from: nps, title: Scores } }, { chart: { from: picture } }] }]
";
    folder.pipeline(&format!("{}{stages}", nps("score: recommend, by: region")));
    folder.runs(&[
        "caution[small-base]: `nps` rests on 1 answer for region=AMER",
        "caution[empty-base]: `nps` has no usable answer for region=APAC",
    ]);
    let show = folder.ends(&["show", "p.yaml", "nps", "--format", "json"], 0, &[]).out;
    let rows: Vec<serde_json::Value> =
        show.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |region: &str| rows.iter().find(|row| row["region"] == region).expect("a row of each region");
    assert_eq!((&of("AMER")["n"], &of("AMER")["estimate"]), (&1.into(), &0.0.into()));
    assert_eq!((&of("APAC")["n"], &of("APAC")["estimate"]), (&0.into(), &serde_json::Value::Null));
}

// ---- values that look like something else ----

/// Regions that a person may type, or an attacker.
const HOSTILE: [&str; 10] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "a \"quoted\" 'name'",
    "two\nlines",
    "../../outside",
    "/etc/passwd",
    "..",
    "{{ 7*7 }} {region} $region",
    "=1+1",
    "C:\\temp\\x",
];

fn hostile() -> Folder {
    let folder = Folder::new();
    let rows: String = HOSTILE
        .iter()
        .enumerate()
        .map(|(at, region)| format!("\"{}\",{},1\n", region.replace('"', "\"\""), at % 11))
        .collect();
    folder.write("work/answers.csv", format!("region,recommend,w\n{rows}"));
    let stages = "  picture:
    chart: { from: nps, title: 'Scores <b>&</b>', mark: { nps: { label: region } } }
  bars:
    chart: { from: nps, mark: { bar: { label: region, value: estimate } } }
  sheet:
    export: { from: nps, file: nps.xlsx }
  feed:
    export: { from: nps, file: 'feed {region}.csv' }
  pack:
    report:
      title: Health of <i>partners</i>
      per: region
      lead: 'Only {{ region }} with {{ rows(\"nps\") | count }} rows'
      sections: [{ title: Loyalty, items: [{ table: { from: nps, title: Scores } }, { chart: { from: picture } }] }]
";
    let text = format!(
        "version: 1\nname: p\nvars: {{ region: {{ type: string, default: '../../../escape' }} }}\n{}{stages}",
        nps("score: recommend, by: region")
    );
    folder.write("work/p.yaml", text);
    folder
}

#[test]
fn values_that_look_like_markup() {
    let folder = hostile();
    let ended = folder.ends(&["run", "work/p.yaml", "--out", "work/out"], 0, &[]);
    assert!(!ended.err.contains('\u{1b}'), "values reach the terminal as they are: {}", ended.err);
    let mut pages = 0;
    let mut pictures = 0;
    for file in folder.files() {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if !matches!(ending, "html" | "svg") {
            continue;
        }
        let text = folder.read(&file).to_lowercase();
        let shown = file.display();
        for raw in ["<script>alert", "<img src=x", "onerror=alert(1)>\"", "<b>&</b>", "<i>partners</i>"] {
            assert!(!text.contains(raw), "{shown} holds {raw}");
        }
        if ending == "html" {
            pages += 1;
            assert!(!text.contains("<script"), "{shown} holds a script");
            for address in ["src=\"http", "href=\"http", "url(http", "@import"] {
                assert!(!text.contains(address), "{shown} needs the network: {address}");
            }
            assert!(text.contains("{{ 7*7 }}") || !text.contains("7*7"), "{shown} computed a value");
            assert!(!text.contains(" 49 "), "{shown} computed a value");
        } else {
            pictures += 1;
        }
    }
    assert!(pages > HOSTILE.len(), "a page for each region and an index, not {pages}");
    assert!(pictures >= 2, "the pictures of the run, not {pictures}");
}

#[test]
fn values_that_look_like_paths() {
    let folder = hostile();
    let before = folder.files();
    folder.ends(&["run", "work/p.yaml", "--out", "work/out"], 0, &[]);
    let made: Vec<PathBuf> = folder.files().into_iter().filter(|file| !before.contains(file)).collect();
    assert!(!made.is_empty());
    for file in &made {
        assert!(file.starts_with("work/out"), "{} was written outside the output", file.display());
        let plain = file.components().all(|part| {
            let name = part.as_os_str().to_string_lossy();
            name.chars().all(|c| c.is_alphanumeric() || "._- ".contains(c)) && !name.contains("..")
        });
        assert!(plain, "{} is not a harmless name", file.display());
    }
    // One pack for each value: names are made harmless without two becoming one.
    let version = folder.version("work/out");
    let packs = fs::read_dir(folder.path().join(&version).join("packs")).expect("packs").flatten();
    let packs: Vec<String> = packs
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    assert_eq!(packs.len(), HOSTILE.len(), "{packs:?}");
    // The output folder outside the temporary one is as empty as before.
    let outside = folder.path().parent().expect("a parent").join("outside");
    assert!(!outside.exists());
}

#[test]
fn a_variable_never_becomes_part_of_the_file() {
    let folder = Folder::new();
    folder.pipeline(&format!(
        "vars: {{ region: {{ type: string, default: EMEA }} }}\n{}",
        nps("score: recommend, where: region = $region")
    ));
    folder.ends(&["run", "p.yaml", "--var", "region=' OR '1' = '1"], 0, &["caution[no-rows]"]);
    folder.ends(
        &["run", "p.yaml", "--var", "regoin=EMEA"],
        2,
        &["error[unknown-variable]", "did you mean `region`?"],
    );
    folder.ends(&["run", "p.yaml", "--var", "region"], 2, &["NAME=VALUE"]);
}

// ---- the folder of the output ----

#[test]
fn an_output_folder_that_cannot_be_written() {
    let folder = Folder::new();
    folder.pipeline(&nps("score: recommend")).write("taken", "a file, not a folder");
    for out in ["taken", "taken/below", "/proc/growthring"] {
        let ended = folder.ends(&["run", "p.yaml", "--out", out], 1, &["error: ", out]);
        assert!(ended.out.is_empty(), "{}", ended.out);
    }
    assert_eq!(folder.read(Path::new("taken")), "a file, not a folder");
    // A file where the tables of a version should go.
    folder.write("out/p/_versions", "in the way");
    let ended = folder.program(&["run", "p.yaml"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.err);
    assert!(ended.err.contains("_versions"), "{}", ended.err);
    fs::remove_file(folder.path().join("out/p/_versions")).expect("a file");
    folder.runs(&[]);
}

#[test]
fn a_second_run_at_the_same_time() {
    let folder = Folder::new();
    folder.pipeline(&nps("score: recommend")).runs(&[]);
    let lock = fs::File::options().write(true).open(folder.path().join("out/p/_lock")).expect("the lock");
    lock.lock().expect("held by nobody");
    let ended = folder.ends(&["run", "p.yaml"], 5, &["error: another run is writing to out/p"]);
    assert!(ended.out.is_empty());
    // Readers do not mind.
    assert!(folder.table("nps").contains('6'));
    drop(lock);
    folder.runs(&[]);

    let children: Vec<Child> = (0..4)
        .map(|_| {
            folder
                .command(&["run", "p.yaml"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("a run")
        })
        .collect();
    let exits: Vec<Option<i32>> =
        children.into_iter().map(|mut child| child.wait().expect("an end").code()).collect();
    assert!(exits.contains(&Some(0)), "{exits:?}");
    assert!(exits.iter().all(|exit| matches!(exit, Some(0 | 5))), "{exits:?}");
    whole(&folder, &["_cautions", "nps"], 1);
}

/// The pointer names a version that has all these tables, and each of them can be read to its end;
/// `nps` has so many rows.
fn whole(folder: &Folder, tables: &[&str], nps: usize) -> PathBuf {
    let version = folder.version("out/p");
    for name in tables {
        let path = folder.path().join(&version).join("tables").join(format!("{name}.parquet"));
        let file = fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let table = ParquetReader::new(file).finish().unwrap_or_else(|error| panic!("{name}: {error}"));
        if *name == "nps" {
            assert_eq!(table.height(), nps);
        }
    }
    version
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

/// A run that takes long enough to be interrupted.
fn slow() -> Folder {
    let folder = Folder::new();
    let mut rows = String::with_capacity(40 << 20);
    for n in 0..1_500_000u32 {
        rows.push_str(["EMEA", "AMER", "APAC"][(n % 3) as usize]);
        rows.push_str([",0,1.5\n", ",7,0.5\n", ",9,1\n", ",10,2\n"][(n % 4) as usize]);
    }
    folder.write("answers.csv", format!("region,recommend,w\n{rows}"));
    folder.pipeline(&nps("score: recommend, by: region, weight: w"));
    folder
}

#[cfg(unix)]
#[test]
fn an_interruption_publishes_nothing() {
    use std::io::{BufRead, BufReader, Read};

    let folder = slow();
    let mut child = folder
        .command(&["--log-format", "json", "run", "p.yaml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a run");
    let mut told = BufReader::new(child.stderr.take().expect("stderr"));
    let mut lines = String::new();
    while !lines.contains("\"landing\"") {
        assert!(told.read_line(&mut lines).expect("a line") > 0, "it ended before it began: {lines}");
    }
    signal(&child, "-INT");
    let begun = Instant::now();
    let status = child.wait().expect("an end");
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?} to stop", begun.elapsed());
    told.read_to_string(&mut lines).expect("the rest");
    assert_eq!(status.code(), Some(130), "{lines}");
    assert!(lines.contains("interrupted; nothing was published"), "{lines}");
    assert!(!lines.contains("panicked"), "{lines}");
    let out = folder.path().join("out/p");
    assert!(!out.join("_current.json").exists());
    assert!(!out.join("_versions").exists());
    assert!(
        folder
            .files()
            .iter()
            .any(|file| file.ends_with("manifest.json") && folder.read(file).contains("\"interrupted\""))
    );

    // The next run is not hindered by what was left.
    folder.write("answers.csv", "region,recommend,w\nEMEA,9,1\n").runs(&[]);
    assert!(!out.join("_work").exists());
}

/// The statistics of a stage take many seconds; nobody waits for them.
#[cfg(unix)]
#[test]
fn an_interruption_does_not_wait_for_a_stage() {
    use std::io::{BufRead, BufReader, Read};

    let folder = Folder::new();
    let values = |n: u32| format!("P{n},{},{}\n", n * 7919 % 3001, n * 104_729 % 2999);
    folder.write("answers.csv", format!("partner,x,y\n{}", (0..3000).map(values).collect::<String>()));
    let card = |draws: u32| {
        format!(
            "version: 1\nname: p\ndatasets: {{ a: {{ path: answers.csv, types: {{ x: float, y: float }} }} }}\n\
             stages:\n  card:\n    score_partners:\n      key: partner\n      from: a\n      indicators:\n        \
             - {{ name: x, from: a, value: x }}\n        - {{ name: y, from: a, value: y }}\n      \
             stability: {{ draws: {draws} }}\n"
        )
    };
    folder.write("p.yaml", card(100_000));
    for name in ["-TERM", "-INT"] {
        let mut child = folder
            .command(&["--log-format", "json", "run", "p.yaml"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a run");
        let mut told = BufReader::new(child.stderr.take().expect("stderr"));
        let mut lines = String::new();
        while !lines.contains("\"started\"") {
            assert!(told.read_line(&mut lines).expect("a line") > 0, "it ended before it began: {lines}");
        }
        // Well into the draws, which are the stage's own work and not the engine's.
        std::thread::sleep(Duration::from_secs(1));
        assert!(child.try_wait().expect("a state").is_none(), "it ended before it was interrupted");
        signal(&child, name);
        let begun = Instant::now();
        let status = child.wait().expect("an end");
        assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?} to stop", begun.elapsed());
        told.read_to_string(&mut lines).expect("the rest");
        assert_eq!(status.code(), Some(130), "{lines}");
        assert!(lines.contains("interrupted; nothing was published"), "{lines}");
        assert!(!lines.contains("panicked"), "{lines}");
    }
    assert!(!folder.path().join("out/p/_current.json").exists());
    let files = folder.files();
    let records: Vec<_> = files.iter().filter(|file| file.ends_with("manifest.json")).collect();
    assert_eq!(records.len(), 2, "{files:?}");
    assert!(records.iter().all(|record| folder.read(record).contains("\"status\": \"interrupted\"")));

    folder.write("p.yaml", card(100)).runs(&[]);
    assert!(!folder.path().join("out/p/_work").exists());
}

/// A file that never comes, as on a disk that does not answer: the program ends all the same, at once
/// where it is told twice.
#[cfg(unix)]
#[test]
fn an_interruption_ends_a_run_that_does_not_answer() {
    let folder = Folder::new();
    let made = Command::new("mkfifo").arg(folder.path().join("p.yaml")).status().expect("mkfifo");
    assert!(made.success());
    for (signals, least, most) in [(1, 1500, 5000), (2, 0, 1500)] {
        let child = folder
            .command(&["run", "p.yaml"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a run");
        std::thread::sleep(Duration::from_secs(1));
        let begun = Instant::now();
        for _ in 0..signals {
            signal(&child, "-TERM");
            // Two at once would be one.
            std::thread::sleep(Duration::from_millis(200));
        }
        let ended = child.wait_with_output().expect("an end");
        let took = begun.elapsed().as_millis();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(130), "{said}");
        assert_eq!(said, "error: interrupted; what was begun is swept away by the next run\n");
        assert!((least..most).contains(&took), "{signals}: it took {took} ms to stop");
    }
}

/// `kill -9` at many moments, most of them while the version is being published: a reader sees the old
/// version whole or the new version whole.
#[cfg(unix)]
#[test]
fn killed_while_publishing() {
    const TABLES: [&str; 4] = ["_cautions", "nps", "tab", "tab.excluded"];
    let folder = Folder::new();
    folder.pipeline(&format!(
        "{}  tab:\n    cross_tab: {{ from: answers, rows: [region], columns: [recommend] }}\n",
        nps("score: recommend, by: region")
    ));
    let begun = Instant::now();
    folder.runs(&[]);
    let usual = begun.elapsed();
    let out = folder.path().join("out/p");
    let count = |name: &str| fs::read_dir(out.join(name)).map_or(0, |entries| entries.count());
    let mut killed = 0;
    let mut survived = 0;
    for round in 0..50 {
        let before = folder.version("out/p");
        let pointer = out.join("_current.json");
        let named = fs::read(&pointer).expect("a pointer");
        let (runs, versions) = (count("runs"), count("_versions"));
        let mut child = folder
            .command(&["run", "p.yaml", "--keep", "2"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a run");
        // A moment inside the run, or the sign that a step of publishing has been done.
        let moment = usual.mul_f64(f64::from(round / 5) / 8.0);
        let started = Instant::now();
        let due = || match round % 5 {
            0 => started.elapsed() >= moment,
            1 => count("runs") > runs,
            2 => count("_versions") != versions,
            3 => fs::read(&pointer).is_ok_and(|now| now != named),
            _ => out.join("_current.json.next").exists(),
        };
        while !due()
            && child.try_wait().expect("a state").is_none()
            && started.elapsed() < Duration::from_secs(60)
        {}
        let _ = child.kill();
        match child.wait().expect("an end").success() {
            true => survived += 1,
            false => killed += 1,
        }
        let after = whole(&folder, &TABLES, 3);
        // Either the old one or a newer one, never an older one.
        assert!(after >= before, "{} came back after {}", after.display(), before.display());
        assert_eq!(folder.ends(&["show", "p.yaml", "nps", "--format", "csv"], 0, &[]).out.lines().count(), 4);
    }
    assert!(killed >= 12, "only {killed} of {} runs were killed", killed + survived);

    // The next run works, and nothing half-made stays.
    folder.runs(&[]);
    whole(&folder, &TABLES, 3);
    assert!(!out.join("_work").exists());
    assert!(!out.join("_current.json.next").exists());
    folder.ends(&["run", "p.yaml", "--keep", "1"], 0, &[]);
    assert_eq!(count("_versions"), 1);
}
