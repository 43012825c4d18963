//! Every code of a diagnostic: `tests/diagnostics/<code>.yaml` causes it, and the `.txt` beside it is
//! what people read. A first line `# check …` or `# run …` says the command and its arguments, where
//! `check` alone would not find it. `GROWTHRING_UPDATE=1` rewrites the texts; a person reads the diff.
//!
//! `needs_work/` holds, in the same form, messages that are known to be poor and why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use growthring::Plan;
use growthring::diagnostic::{self, Code, Diagnostic, Severity, Source};
use growthring::run::{Options, Unwatched};

const FOLDER: &str = "tests/diagnostics";

/// Codes that no file can cause, and where they are tested instead.
const WITHOUT_FILE: [(Code, &str); 1] =
    [(Code::PlanRefused, "a stage that breaks its own promise: src/plan/check.rs has one that does")];

/// A file of mistakes.
struct Case {
    path: PathBuf,
    text: String,
    /// `check` or `run`.
    command: String,
    variant: Option<String>,
}

impl Case {
    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).expect("a case");
        let first = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let mut words = first.unwrap_or("check").split_whitespace().map(str::to_owned);
        let command = words.next().filter(|word| word == "run").unwrap_or_else(|| "check".to_owned());
        let variant = match words.next().as_deref() {
            Some("--variant") => words.next(),
            _ => None,
        };
        Self { path, text, command, variant }
    }

    fn all(folder: &str) -> Vec<Self> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
            .expect("the folder of cases")
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
            .collect();
        paths.sort();
        paths.into_iter().map(Self::read).collect()
    }

    fn name(&self) -> &str {
        self.path.file_stem().and_then(|name| name.to_str()).unwrap_or_default()
    }

    fn shown(&self) -> String {
        self.path.to_string_lossy().replace('\\', "/")
    }

    /// What is wrong, by the walk that the command takes.
    fn found(&self) -> Vec<Diagnostic> {
        let outcome = Plan::read(&self.path, self.variant.as_deref(), &[]).expect("a file that can be read");
        let plan = match outcome {
            Err(rejected) => return rejected.diagnostics,
            Ok(plan) if self.command == "check" => return plan.warnings,
            Ok(plan) => plan,
        };
        let out = tempfile::tempdir().expect("a folder");
        let options = Options { out: out.path().join("out"), keep: 1, select: None, deny_cautions: false };
        let run = growthring::run(&plan, &options, &Unwatched).expect("a run that ends");
        assert!(!run.published, "{}: a run with mistakes in its data was published", self.shown());
        run.diagnostics().into_iter().cloned().collect()
    }

    fn source<'a>(&'a self, path: &'a str) -> Source<'a> {
        Source { path, text: &self.text }
    }

    /// The same through the program: its exit code, stdout and stderr.
    fn program(&self, more: &[&str]) -> (Option<i32>, String, String) {
        let out = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_growthring"));
        command.arg(&self.command).arg(&self.path).args(more);
        if let Some(variant) = &self.variant {
            command.args(["--variant", variant]);
        }
        if self.command == "run" {
            command.arg("--out").arg(out.path().join("out"));
        }
        let output = command.output().expect("the program");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

#[test]
fn every_code_has_a_file_and_every_file_a_code() {
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    let without: BTreeSet<&str> = WITHOUT_FILE.iter().map(|(code, _)| code.word()).collect();
    let mut files: BTreeSet<String> = Case::all(FOLDER).iter().map(|case| case.name().to_owned()).collect();
    assert!(files.remove("five-mistakes"), "five-mistakes.yaml is missing");
    let files: BTreeSet<&str> = files.iter().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = codes.difference(&without).copied().collect();
    assert_eq!(files, wanted);
}

#[test]
fn every_message_reads_as_committed() {
    let mut wrong = String::new();
    for case in Case::all(FOLDER).iter().chain(&Case::all(&format!("{FOLDER}/needs_work"))) {
        let path = case.shown();
        let text = diagnostic::text(&case.found(), case.source(&path), false);
        let expectation = case.path.with_extension("txt");
        if std::env::var_os("GROWTHRING_UPDATE").is_some() {
            std::fs::write(&expectation, &text).expect("a text");
        }
        let committed = std::fs::read_to_string(&expectation).unwrap_or_default();
        if committed != text {
            wrong.push_str(&format!(
                "== {}\n-- committed\n{committed}\n-- now\n{text}\n",
                expectation.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A file that causes a code causes hardly anything else.
#[test]
fn a_file_causes_its_code_alone() {
    for case in Case::all(FOLDER).iter().filter(|case| case.name() != "five-mistakes") {
        let words: BTreeSet<&str> = case.found().iter().map(|told| told.code.word()).collect();
        assert_eq!(words, BTreeSet::from([case.name()]), "{}", case.shown());
    }
}

#[test]
fn five_mistakes_are_five_diagnostics_in_file_order() {
    let case = Case::read(Path::new(FOLDER).join("five-mistakes.yaml"));
    let found = case.found();
    let codes: Vec<Code> = found.iter().map(|told| told.code).collect();
    let wanted = [
        Code::UnknownColumn,
        Code::UnknownInput,
        Code::UnknownKind,
        Code::UnknownOption,
        Code::UnknownColumn,
    ];
    assert_eq!(codes, wanted);
    assert!(found.iter().all(|told| told.labels.iter().any(|label| label.primary)), "each has a place");
    assert!(found.is_sorted_by_key(Diagnostic::position), "in file order");
    let (exit, _, told) = case.program(&[]);
    assert_eq!(exit, Some(2));
    assert!(told.ends_with("5 mistakes in tests/diagnostics/five-mistakes.yaml\n"), "{told}");
    assert_eq!(told.matches("error[").count(), 5);
}

/// The program prints what the library found and ends with the exit code of the class.
#[test]
fn the_program_says_the_same_with_the_right_exit_code() {
    let mut exits = BTreeSet::new();
    for case in Case::all(FOLDER) {
        let found = case.found();
        let path = case.shown();
        let (exit, _, told) = case.program(&[]);
        let text = diagnostic::text(&found, case.source(&path), false);
        assert!(told.contains(&text), "{path}\n-- the library\n{text}\n-- the program\n{told}");
        assert!(!told.contains("panicked"), "{told}");
        let wanted =
            found.iter().filter(|told| told.severity == Severity::Error).map(|told| told.code.exit()).min();
        assert_eq!(exit, Some(i32::from(wanted.unwrap_or(0))), "{path}");
        exits.extend(exit);
    }
    assert_eq!(exits, BTreeSet::from([0, 2, 3, 6]), "a class has no case");
}

/// `--format json` holds the same values, with lines and columns that are those of the text.
#[test]
fn json_tells_the_same() {
    for case in Case::all(FOLDER).iter().filter(|case| case.command == "check") {
        let path = case.shown();
        let found = case.found();
        let (_, told, _) = case.program(&["--format", "json"]);
        let values: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(values, diagnostic::json(&found, case.source(&path)), "{path}");
        let values = values.as_array().expect("a list");
        assert_eq!(values.len(), found.len(), "{path}");
        for (value, told) in values.iter().zip(&found) {
            let text = diagnostic::text(std::slice::from_ref(told), case.source(&path), false);
            assert_eq!(value["code"], told.code.word());
            assert!(text.contains(value["message"].as_str().expect("a message")), "{text}");
            let labels = value["labels"].as_array().expect("labels");
            for label in labels {
                assert!(text.contains(label["text"].as_str().expect("a label")), "{text}");
                if label["primary"] == true {
                    let place = format!("--> {path}:{}:{}\n", label["line"], label["column"]);
                    assert!(text.contains(&place), "{place}{text}");
                }
            }
            for help in value["help"].as_array().into_iter().chain(value["notes"].as_array()).flatten() {
                assert!(text.contains(help.as_str().expect("a text")), "{text}");
            }
        }
    }
}

/// A page has its parts, and its example is part of the file that tests the code.
#[test]
fn pages_of_codes_show_what_is_tested() {
    for code in Code::ALL {
        let (word, page) = (code.word(), code.page());
        assert!(page.starts_with(&format!("# {word}\n\n")), "the page of `{word}` has another title");
        for heading in ["\n## Example\n", "\n## How to mend it\n"] {
            assert!(page.contains(heading), "the page of `{word}` lacks{heading}");
        }
        let Some((_, rest)) = page.split_once("```yaml\n") else {
            assert!(WITHOUT_FILE.iter().any(|(without, _)| without == code), "`{word}` shows no file");
            continue;
        };
        let fence = rest.split("```").next().unwrap_or_default();
        let case = Case::read(Path::new(FOLDER).join(format!("{word}.yaml")));
        let mut lines = case.text.lines().map(str::trim);
        for line in fence.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "…") {
            assert!(
                lines.any(|tested| tested == line),
                "{word}.yaml lacks, after the lines before it: {line}"
            );
        }
    }
}

#[test]
fn pages_of_cautions_have_their_parts() {
    for code in diagnostic::CautionCode::ALL {
        let (word, page) = code.page();
        assert!(page.starts_with(&format!("# {word}\n\n")), "the page of `{word}` has another title");
        for heading in ["\n## What to conclude\n", "\n## What to do\n"] {
            assert!(page.contains(heading), "the page of `{word}` lacks{heading}");
        }
    }
}
