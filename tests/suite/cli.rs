//! The command line: what is printed where, and the exit codes that schedulers rely on.

use std::path::Path;
use std::process::{Command, Output};

use growthring::diagnostic::{CautionCode, Code};
use growthring::stages::STAGES;

fn growthring(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_growthring")).args(args).current_dir(folder).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A folder with the example of a kind in it.
fn example(kind: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = growthring(folder.path(), &["example", kind, "--out", "."]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    folder
}

#[test]
fn the_example_of_every_kind_runs() {
    for kind in STAGES {
        let kind = kind.spec().kind;
        let folder = example(kind);
        let file = format!("{kind}.yaml");
        let checked = growthring(folder.path(), &["check", &file]);
        assert_eq!(checked.status.code(), Some(0), "{kind}: {}", stderr(&checked));
        let ran = growthring(folder.path(), &["run", &file]);
        assert_eq!(ran.status.code(), Some(0), "{kind}: {}", stderr(&ran));
        assert!(folder.path().join("out").join(kind).join("_current.json").is_file());
    }
}

#[test]
fn help_teaches() {
    let folder = tempfile::tempdir().unwrap();
    let help = growthring(folder.path(), &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for word in [
        "run",
        "check",
        "plan",
        "show",
        "explain",
        "stages",
        "example",
        "schema",
        "sample",
        "completions",
        "Exit codes",
    ] {
        assert!(stdout(&help).contains(word), "--help does not speak of {word}");
    }
    let nothing = growthring(folder.path(), &[]);
    assert_eq!(nothing.status.code(), Some(2));
    let wrong = growthring(folder.path(), &["rum"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("run"), "{}", stderr(&wrong));
}

#[test]
fn every_word_can_be_explained() {
    let folder = tempfile::tempdir().unwrap();
    let words = STAGES.iter().map(|kind| kind.spec().kind).chain([
        Code::UnknownColumn.word(),
        CautionCode::SmallBase.word(),
        "n_effective",
        "expressions",
    ]);
    for word in words {
        let told = growthring(folder.path(), &["explain", word]);
        assert_eq!(told.status.code(), Some(0), "{word}");
        assert!(stdout(&told).len() > 30, "{word}");
    }
    let unknown = growthring(folder.path(), &["explain", "unknown-colum"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("unknown-column"), "{}", stderr(&unknown));
}

#[test]
fn the_options_of_a_stage_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let told = stdout(&growthring(folder.path(), &["explain", "net_promoter"]));
    assert!(told.contains("- `score` (required):"), "{told}");
    let line = |name: &str| told.lines().find(|line| line.starts_with(&format!("- `{name}`"))).unwrap();
    assert!(line("confidence").ends_with("[default: 0.95]"), "{told}");
    assert!(!line("by").contains("default:"), "{told}");
}

#[test]
fn a_table_is_shown_in_every_format() {
    let folder = example("net_promoter");
    let before = growthring(folder.path(), &["show", "net_promoter.yaml", "nps"]);
    assert_eq!(before.status.code(), Some(6), "{}", stderr(&before));
    growthring(folder.path(), &["run", "net_promoter.yaml"]);
    let show = |format: &str| {
        let shown = growthring(folder.path(), &["show", "net_promoter.yaml", "nps", "--format", format]);
        assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
        stdout(&shown)
    };
    assert!(show("table").lines().nth(1).unwrap().starts_with("--") || show("table").contains("---"));
    let csv = show("csv");
    assert!(csv.lines().next().unwrap().split(',').any(|column| column == "estimate"), "{csv}");
    let row: serde_json::Value = serde_json::from_str(show("json").lines().next().unwrap()).unwrap();
    assert!(row["estimate"].is_number());
    let wrong = growthring(folder.path(), &["show", "net_promoter.yaml", "npss"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("did you mean `nps`?"), "{}", stderr(&wrong));
}

#[test]
fn plans_say_the_same_as_text_and_json() {
    let folder = example("net_promoter");
    let text = stdout(&growthring(folder.path(), &["plan", "net_promoter.yaml"]));
    let json = stdout(&growthring(folder.path(), &["plan", "net_promoter.yaml", "--format", "json"]));
    let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
    for file in plan["write"].as_array().unwrap() {
        assert!(text.contains(file.as_str().unwrap()), "{text}");
    }
    for read in plan["read"].as_array().unwrap() {
        assert!(text.contains(read["dataset"].as_str().unwrap()), "{text}");
        for column in read["columns"].as_array().unwrap() {
            assert!(text.contains(column["name"].as_str().unwrap()), "{text}");
        }
    }
    assert!(!folder.path().join("out").exists(), "a plan writes nothing");
}

/// A header is all that a check may look at.
#[test]
fn check_reads_no_rows() {
    let folder = example("net_promoter");
    let path = folder.path().join("answers.csv");
    let header = std::fs::read_to_string(&path).unwrap().lines().next().unwrap().to_owned();
    let mut broken = format!("{header}\n").into_bytes();
    broken.extend(std::iter::repeat_n(b"\xff,\"not a row at all".as_slice(), 1000).flatten());
    std::fs::write(&path, broken).unwrap();
    assert_eq!(growthring(folder.path(), &["check", "net_promoter.yaml"]).status.code(), Some(0));
    assert_eq!(growthring(folder.path(), &["plan", "net_promoter.yaml"]).status.code(), Some(0));
    assert_eq!(growthring(folder.path(), &["run", "net_promoter.yaml"]).status.code(), Some(3));
}

#[test]
fn denied_cautions_publish_nothing() {
    let folder = example("net_promoter");
    let denied = growthring(folder.path(), &["run", "net_promoter.yaml", "--deny-cautions"]);
    assert_eq!(denied.status.code(), Some(4), "{}", stderr(&denied));
    assert!(!folder.path().join("out/net_promoter/_current.json").exists());
    let shown = growthring(folder.path(), &["show", "net_promoter.yaml", "nps", "--run", "last"]);
    assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
}

/// A caution that a stage says to expect is told and denies nothing; any other still does.
#[test]
fn an_accepted_caution_denies_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "region,x\nEMEA,1\n").unwrap();
    let text = "version: 1\nname: v\ndatasets: { a: { path: a.csv } }\nstages:\n  late:\n    accept: CODE\n    sql: { from: a, query: SELECT region FROM a WHERE x = '2' }\n";
    let ends = |accept: &str| {
        std::fs::write(folder.path().join("v.yaml"), text.replace("CODE", accept)).unwrap();
        let ran = growthring(folder.path(), &["run", "v.yaml", "--deny-cautions"]);
        (ran.status.code(), stderr(&ran))
    };
    let (exit, said) = ends("no-rows");
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.contains("caution[no-rows]: `late` has no rows"), "{said}");
    let (exit, said) = ends("[small-base, missing-rate]");
    assert_eq!(exit, Some(4), "{said}");
    assert!(said.contains("1 caution is denied"), "{said}");
    let (exit, said) = ends("no-row");
    assert_eq!(exit, Some(2), "{said}");
    assert!(said.contains("did you mean `no-rows`?"), "{said}");
}

/// Where data lay on the machine is nobody's business who reads a report, and a reader knows tables by
/// what they are for.
#[test]
fn a_report_speaks_to_its_reader() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    for name in ["a.csv", "b.csv"] {
        std::fs::write(folder.path().join("in").join(name), "region,x\nEMEA,1\n").unwrap();
    }
    let text = "version: 1\nname: v\nvars: { from: { type: string, default: in } }\ndatasets: { a: { path: '{from}/*.csv' } }\nstages:\n  late:\n    description: What came too late. None on a good day.\n    sql: { from: a, query: SELECT region FROM a WHERE x = '2' }\n  regions: { sql: { from: late, query: 'SELECT region, COUNT(*) AS n FROM late GROUP BY region' } }\n  page: { report: { title: Rows, sections: [{ items: [{ table: { from: regions, title: Rows } }] }] } }\n";
    std::fs::write(folder.path().join("v.yaml"), text).unwrap();
    let page = |from: &str| {
        let setting = format!("from={from}");
        let ran = growthring(folder.path(), &["run", "v.yaml", "--var", &setting]);
        assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
        let current = growthring::run::current(&folder.path().join("out/v")).unwrap();
        std::fs::read_to_string(current.folder.join("reports/page.html")).unwrap()
    };
    let absolute = folder.path().join("in");
    let told = page(absolute.to_str().unwrap());
    assert!(!told.contains(folder.path().to_str().unwrap()), "{told}");
    assert!(told.contains("{from}/a.csv") && told.contains("{from}/b.csv"), "{told}");
    assert!(page("in").contains("in/a.csv"), "a relative path is the same everywhere");
    assert!(told.contains("“What came too late” [late] has no rows"), "{told}");
}

#[test]
fn old_versions_go() {
    let folder = example("net_promoter");
    for _ in 0..4 {
        growthring(folder.path(), &["run", "net_promoter.yaml", "--keep", "2"]);
    }
    let versions = std::fs::read_dir(folder.path().join("out/net_promoter/_versions")).unwrap().count();
    let records = std::fs::read_dir(folder.path().join("out/net_promoter/runs")).unwrap().count();
    assert_eq!((versions, records), (2, 4));
}

#[test]
fn progress_is_json_where_asked() {
    let folder = example("net_promoter");
    let ran = growthring(folder.path(), &["run", "net_promoter.yaml", "--log-format", "json"]);
    let said = stderr(&ran);
    // Every line of stderr is an object, whatever it tells.
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    assert!(lines.iter().any(|line| line["event"] == "finished" && line["stage"] == "nps"), "{said}");
    assert!(lines.iter().any(|line| line["event"] == "caution" && line["stage"] == "nps"), "{said}");
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["status"]), (&"ended".into(), &"published".into()), "{said}");
    assert_eq!(last["exit"], 0);
    assert_eq!(stdout(&ran).lines().count(), 1, "stdout is the folder alone");
    std::fs::write(folder.path().join("wrong.yaml"), "version: 1\nname: w\nstage: {}\n").unwrap();
    let wrong = growthring(folder.path(), &["run", "wrong.yaml", "--log-format", "json"]);
    let first: serde_json::Value = serde_json::from_str(stderr(&wrong).lines().next().unwrap()).unwrap();
    assert_eq!(first["event"], "diagnostic");
    assert!(first["labels"][0]["line"].is_number(), "{first}");
}

/// Cautions of the same words are told apart by their stages.
#[test]
fn a_caution_names_its_stage() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "partner,x\nP1,1\nP2,2\nP3,\n").unwrap();
    let card = "score_partners: { key: partner, from: a, indicators: [{ name: x, from: a, value: x }] }";
    let text = format!(
        "version: 1\nname: v\ndatasets: {{ a: {{ path: a.csv, types: {{ x: float }} }} }}\nstages:\n  \
         one: {{ {card} }}\n  two: {{ {card} }}\n  none: {{ enrich: {{ from: a, where: x > 9 }} }}\n"
    );
    std::fs::write(folder.path().join("v.yaml"), text).unwrap();
    let ran = growthring(folder.path(), &["run", "v.yaml"]);
    let said = stderr(&ran);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    for stage in ["one", "two"] {
        let line = format!("caution[missing-values] in `{stage}`: 1 of 3 partners has no value");
        assert_eq!(said.matches(&line).count(), 1, "{said}");
    }
    // The message begins with the stage: it is not named twice.
    assert!(said.contains("caution[no-rows]: `none` has no rows; `a` has 3"), "{said}");
}

/// A stage that leaves nothing says so, and a dataset that cannot be read is told once.
#[test]
fn what_is_empty_or_unread_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "region,x\nEMEA,1\nAMER,2\n").unwrap();
    let text = "version: 1\nname: v\ndatasets: { a: { path: a.csv } }\nstages:\n  rows: { enrich: { from: a, where: region = 'MARS' } }\n  file: { export: { from: rows, file: rows.csv } }\n";
    std::fs::write(folder.path().join("v.yaml"), text).unwrap();
    let ran = growthring(folder.path(), &["run", "v.yaml"]);
    assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
    assert!(stderr(&ran).contains("caution[no-rows]: `rows` has no rows; `a` has 2"), "{}", stderr(&ran));
    assert!(stderr(&ran).contains("caution[no-rows]: `file` writes a file without rows"), "{}", stderr(&ran));
    std::fs::write(folder.path().join("a.csv"), "region,x\nEMEA,1,2,3\n").unwrap();
    let text = "version: 1\nname: v\ndatasets: { a: { path: a.csv } }\nstages:\n  one: { enrich: { from: a } }\n  two: { enrich: { from: a } }\n";
    std::fs::write(folder.path().join("v.yaml"), text).unwrap();
    let failed = growthring(folder.path(), &["run", "v.yaml"]);
    let said = stderr(&failed);
    assert_eq!(failed.status.code(), Some(3), "{said}");
    assert_eq!(said.matches("error[").count(), 1, "{said}");
    assert!(said.contains("1 of 2 stages failed, 1 skipped; nothing was published, readers go on"), "{said}");
    assert!(!said.contains("what succeeded"), "{said}");
}

/// A version that nobody saw is no version; one that readers see is on record as published.
#[test]
fn a_run_that_died_while_it_published_is_put_right() {
    let folder = example("net_promoter");
    growthring(folder.path(), &["run", "net_promoter.yaml"]);
    let out = folder.path().join("out/net_promoter");
    let seen = growthring::run::current(&out).unwrap().version;
    let record = |id: &str| out.join("runs").join(id).join("manifest.json");
    let status = |id: &str| -> serde_json::Value {
        serde_json::from_slice::<serde_json::Value>(&std::fs::read(record(id)).unwrap()).unwrap()["status"]
            .clone()
    };
    assert_eq!(status(&seen), "published");
    std::fs::write(record(&seen), "{\"status\": \"publishing\"}").unwrap();
    let dead = "20200101T000000000Z";
    std::fs::create_dir_all(out.join("_versions").join(dead)).unwrap();
    std::fs::create_dir_all(out.join("runs").join(dead)).unwrap();
    std::fs::write(record(dead), "{\"status\": \"publishing\"}").unwrap();
    growthring(folder.path(), &["run", "net_promoter.yaml"]);
    assert!(!out.join("_versions").join(dead).exists());
    assert_eq!((status(&seen), status(dead)), ("published".into(), "failed".into()));
    assert!(out.join("_versions").join(seen).exists());
}

/// `--out DIR` and the variant mean the same folder for every command, and one page leads to all.
#[test]
fn variants_lie_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "region,x\nEMEA,1\nAMER,2\n").unwrap();
    let text = "version: 1\nname: v\nvars: { region: { type: string, enum: [EMEA, AMER], default: EMEA } }\nvariants: { emea: { region: EMEA }, amer: { region: AMER } }\ndatasets: { a: { path: a.csv } }\nstages:\n  rows: { enrich: { from: a, where: region = $region } }\n  page: { report: { title: Rows, sections: [{ items: [{ table: { from: rows, title: Rows } }] }] } }\n";
    std::fs::write(folder.path().join("v.yaml"), text).unwrap();
    let ran = growthring(folder.path(), &["run", "v.yaml", "--variant", "emea", "--out", "D"]);
    assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
    assert!(folder.path().join("D/emea/_current.json").is_file());
    let all = growthring(folder.path(), &["run", "v.yaml", "--all-variants", "--out", "D"]);
    assert_eq!(all.status.code(), Some(0), "{}", stderr(&all));
    let index = std::fs::read_to_string(folder.path().join("D/index.html")).unwrap();
    for variant in ["emea", "amer"] {
        let current = growthring::run::current(&folder.path().join("D").join(variant)).unwrap();
        assert!(
            index.contains(&format!("{variant}/_versions/{}/reports/page.html", current.version)),
            "{index}"
        );
    }
    let show = |args: &[&str]| {
        growthring(folder.path(), &[&["show", "v.yaml", "rows", "--out", "D"], args].concat())
    };
    assert_eq!(show(&["--variant", "amer"]).status.code(), Some(0));
    let none = show(&[]);
    assert_eq!(none.status.code(), Some(6));
    assert!(stderr(&none).contains("emea, amer"), "{}", stderr(&none));
    let wrong = show(&["--variant", "mars"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("unknown-variant"), "{}", stderr(&wrong));
}

/// What pandas calls a category is a text for every stage.
#[test]
fn categories_are_text_in_every_stage() {
    use polars::prelude::*;
    let folder = tempfile::tempdir().unwrap();
    let frame = df!(
        "who" => ["a", "b", "c", "d"],
        "region" => [Some("Ost"), Some("West"), None, Some("Ost")],
        "score" => [10i64, 9, 3, 7]
    );
    let category = DataType::from_categories(Categories::global());
    let held = cols(["who", "region"]).as_expr().cast(category);
    let mut frame = frame.unwrap().lazy().with_columns([held]).collect().unwrap();
    let file = std::fs::File::create(folder.path().join("p.parquet")).unwrap();
    ParquetWriter::new(file).finish(&mut frame).unwrap();
    std::fs::write(folder.path().join("names.csv"), "code,name,who\nOst,East,a\nWest,West,b\n").unwrap();
    let text = r#"version: 1
name: c
datasets: { p: { path: p.parquet }, names: { path: names.csv } }
stages:
  named:
    enrich:
      from: p
      lookups: [{ table: names, on: { region: code }, take: [name] }]
      derive:
        same: region = 'Ost'
        other: region <> 'Ost'
        listed: region IN ('Ost', 'Nord')
        like: region LIKE 'O%'
        part: UPPER(region) || CASE region WHEN 'Ost' THEN '!' ELSE '?' END
  east: { enrich: { from: p, where: region = 'Ost' } }
  asked: { sql: { from: p, query: "SELECT who, region FROM p WHERE region = 'Ost' ORDER BY who" } }
  kinds: { segment: { from: p, method: { rules: { segments: [{ name: east, where: region = 'Ost' }] } } } }
  table: { cross_tab: { from: p, where: "region IS NOT NULL", rows: [score], columns: [region] } }
  nps: { net_promoter: { from: p, score: score, by: [region] } }
"#;
    std::fs::write(folder.path().join("c.yaml"), text).unwrap();
    let ran = growthring(folder.path(), &["run", "c.yaml"]);
    assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
    let show =
        |stage: &str| stdout(&growthring(folder.path(), &["show", "c.yaml", stage, "--format", "csv"]));
    let rows = "who,region,score,name,same,other,listed,like,part\n\
        a,Ost,10,East,true,false,true,true,OST!\n\
        b,West,9,West,false,true,false,false,WEST?\n\
        c,,3,,,,,,\n\
        d,Ost,7,East,true,false,true,true,OST!\n";
    assert_eq!(show("named"), rows);
    assert_eq!(show("east"), "who,region,score\na,Ost,10\nd,Ost,7\n");
    assert_eq!(show("asked"), "who,region\na,Ost\nd,Ost\n");
    assert!(show("kinds").ends_with("d,Ost,7,east\n"), "{}", show("kinds"));
    assert!(show("table").contains("West") && show("nps").contains("West"));
    let wrong = text.replace("where: region = 'Ost'", "where: region = 1");
    std::fs::write(folder.path().join("c.yaml"), wrong).unwrap();
    let told = stderr(&growthring(folder.path(), &["check", "c.yaml"]));
    assert!(told.contains("`=` compares text with integer"), "{told}");
}

#[test]
fn variables_and_variants_are_values() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "region,x\nEMEA,1\nAMER,2\nAMER,3\n").unwrap();
    let text = "version: 1\nname: v\nvars: { region: { type: string, enum: [EMEA, AMER], default: EMEA } }\nvariants: { emea: { region: EMEA }, amer: { region: AMER } }\ndatasets: { a: { path: a.csv } }\nstages:\n  rows: { enrich: { from: a, where: region = $region } }\n";
    std::fs::write(folder.path().join("v.yaml"), text).unwrap();
    let rows = |args: &[&str], show: &[&str]| {
        let ran = growthring(folder.path(), &[&["run", "v.yaml"], args].concat());
        assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
        let shown =
            growthring(folder.path(), &[&["show", "v.yaml", "rows", "--format", "csv"], show].concat());
        stdout(&shown).lines().count() - 1
    };
    assert_eq!(rows(&[], &[]), 1);
    assert_eq!(rows(&["--var", "region=AMER"], &[]), 2);
    // What a run takes, `show` takes.
    assert_eq!(rows(&["--var", "region=AMER"], &["--var", "region=AMER"]), 2);
    let unknown = growthring(folder.path(), &["show", "v.yaml", "rows", "--var", "regin=AMER"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("did you mean `region`?"), "{}", stderr(&unknown));
    assert_eq!(rows(&["--all-variants"], &["--variant", "amer"]), 2);
    let wrong = growthring(folder.path(), &["run", "v.yaml", "--var", "region=MARS"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("invalid-variable"), "{}", stderr(&wrong));
}

#[test]
fn a_selection_is_kept_and_not_published() {
    let folder = example("net_promoter");
    let ran = growthring(folder.path(), &["run", "net_promoter.yaml", "--select", "nps"]);
    assert_eq!(ran.status.code(), Some(0), "{}", stderr(&ran));
    assert!(!folder.path().join("out/net_promoter/_current.json").exists());
    for command in ["run", "plan"] {
        let wrong = growthring(folder.path(), &[command, "net_promoter.yaml", "--select", "npx"]);
        assert_eq!(wrong.status.code(), Some(2));
        let said = stderr(&wrong);
        assert!(said.contains("there is no stage `npx`; did you mean `nps`?"), "{said}");
        assert!(said.contains("help: the stages are `nps`"), "{said}");
    }
}

#[test]
fn completions_name_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        assert!(stdout(&growthring(folder.path(), &["completions", shell])).contains("check"));
    }
}
