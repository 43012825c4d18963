//! Charts of whole runs: hostile values stay text, the same inputs give the same bytes, a cross-tab
//! goes into a heat map as it is, too many rows are refused.

use std::path::Path;

use growthring::run::{Options, Unwatched};
use growthring::{Plan, Run};
use regex::Regex;
use tempfile::TempDir;

fn run(folder: &TempDir, out: &str, stages: &str) -> Run {
    let text = format!(
        "version: 1\nname: charts\ndatasets:\n  \
         answers: {{ path: answers.csv, types: {{ n: integer, recommend: integer }} }}\nstages:\n{stages}"
    );
    let plan = Plan::of_text(Path::new("pipeline.yaml"), &text, folder.path(), None, &[]).unwrap();
    let options = Options { out: folder.path().join(out), keep: 1, select: None, deny_cautions: false };
    growthring::run(&plan, &options, &Unwatched).unwrap()
}

fn answers(rows: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("answers.csv"), rows).unwrap();
    folder
}

fn svg(run: &Run, id: &str) -> String {
    assert!(run.failures.is_empty(), "{:?}", run.failures);
    std::fs::read_to_string(run.folder.join(format!("charts/{id}.svg"))).unwrap()
}

/// The texts of a picture, as they are written in it.
fn texts(svg: &str) -> Vec<String> {
    let element = Regex::new("(?s)<text [^>]*>(.*?)</text>").unwrap();
    element.captures_iter(svg).map(|found| found[1].to_owned()).collect()
}

const HOSTILE: &str = "region,recommend,n\n\
    \"<script>alert(\"\"x\"\")</script>\",10,5\n\
    \"two\nlines & 'quotes'\",3,7\n\
    ../../etc/passwd,9,6\n\
    =1+1,8,4\n";

const BARS: &str = "  bars:\n    chart:\n      from: answers\n      \
    mark: { bar: { label: region, value: n } }\n      title: '<b>\"{{}}\"</b>'\n";

#[test]
fn hostile_values_stay_text() {
    let folder = answers(HOSTILE);
    let svg = svg(&run(&folder, "out", BARS), "bars");
    for tag in ["<script", "<b>", "</b>"] {
        assert!(!svg.contains(tag), "{tag} in {svg}");
    }
    let texts = texts(&svg);
    assert!(texts.contains(&"&lt;b&gt;&quot;{}&quot;&lt;/b&gt;".to_owned()), "{texts:?}");
    assert!(texts.contains(&"two lines &amp; &apos;quotes&apos;".to_owned()), "{texts:?}");
    assert_eq!(svg.matches('<').count(), svg.matches('>').count());
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let folder = answers(HOSTILE);
    let (one, two) = (run(&folder, "one", BARS), run(&folder, "two", BARS));
    for file in ["charts/bars.svg", "charts/bars.png"] {
        let read = |run: &Run| std::fs::read(run.folder.join(file)).unwrap();
        assert!(read(&one) == read(&two), "{file} differs");
        assert!(!read(&one).is_empty());
    }
}

#[test]
fn a_cross_tab_needs_no_roles() {
    let mut rows = "region,phase,recommend,n\n".to_owned();
    for at in 0..200 {
        let (region, phase) = (["North", "South"][at % 2], ["Aware", "Decided", "Loyal"][at % 3]);
        rows.push_str(&format!("{region},{phase},{},1\n", at % 11));
    }
    let folder = answers(&rows);
    let stages = "  tab:\n    cross_tab: { from: answers, rows: [phase], columns: [region, recommend] }\n  \
                  shades:\n    chart: { from: tab, mark: { heat_map: {} } }\n";
    let svg = svg(&run(&folder, "out", stages), "shades");
    let texts = texts(&svg);
    let count = |word: &str| texts.iter().filter(|text| *text == word).count();
    assert_eq!(count("Total"), 1, "{texts:?}");
    assert_eq!(count("Base (n)"), 1);
    assert_eq!(count("Region"), 1);
    // Of 200 answers 67, 67 and 66 are in the three phases: 34 %, 34 % and 33 %.
    let from_total: Vec<&str> = texts.iter().map(String::as_str).filter(|text| text.ends_with('%')).collect();
    assert_eq!(from_total[0], "34%");
}

/// Of 400 answers North gives 9 and 10 more often than South; two waves, two channels.
fn survey() -> TempDir {
    let mut rows = "region,phase,recommend,n,wave\n".to_owned();
    for at in 0..400 {
        let (region, wave) = (["North", "South"][at % 2], ["2025", "2026"][at / 2 % 2]);
        let recommend = if region == "North" { [9, 10, 8, 3][at / 4 % 4] } else { [6, 7, 2, 9][at / 4 % 4] };
        let phase = ["Aware", "Decided", "Loyal"][at / 3 % 3];
        rows.push_str(&format!("{region},{phase},{recommend},1,{wave}\n"));
    }
    answers(&rows)
}

#[test]
fn a_heat_map_tells_what_was_tested_and_how() {
    let folder = survey();
    let stages = "  tab:\n    cross_tab:\n      from: answers\n      rows: [recommend]\n      columns: [region, phase]\n      \
                  questions: { recommend: { nets: { Promoters: [9, 10] }, statistics: [nps] } }\n      \
                  tests: { compare: [columns, rest] }\n  \
                  shades:\n    chart: { from: tab, mark: { heat_map: {} } }\n";
    let texts = texts(&svg(&run(&folder, "out", stages), "shades"));
    let has = |start: &str| texts.iter().any(|text| text.starts_with(start));
    assert!(has("Significantly different from all others"), "{texts:?}");
    assert!(has("Two-sided tests at 95 %"), "{texts:?}");
    assert!(has("Letters: significantly larger than the column"), "{texts:?}");
    // The letters of the columns: two regions, three phases.
    assert_eq!(texts.iter().filter(|text| *text == "C").count(), 1, "{texts:?}");
    // North has 50 % promoters against 25 %: letter B of the South, and 10 of its scale more often.
    let net = texts.iter().position(|text| text == "Promoters").unwrap();
    assert!(texts[net..net + 8].contains(&"B".to_owned()), "{:?}", &texts[net..net + 8]);
}

#[test]
fn what_moved_a_score_is_drawn_from_its_stage() {
    let folder = survey();
    let stages = "  loyalty:\n    net_promoter: { from: answers, score: recommend, wave: wave, change_by: region }\n  \
                  moved:\n    chart: { from: loyalty.change, mark: { change: { label: region } } }\n  \
                  given:\n    chart: { from: loyalty.distribution, mark: { distribution: { label: wave } } }\n  \
                  trend:\n    chart: { from: loyalty, mark: { line: { x: wave, y: estimate } } }\n";
    let run = run(&folder, "out", stages);
    let moved = texts(&svg(&run, "moved"));
    for text in ["All", "North", "South"] {
        assert_eq!(moved.iter().filter(|label| *label == text).count(), 1, "{text}: {moved:?}");
    }
    let given = texts(&svg(&run, "given"));
    assert_eq!(given.iter().filter(|text| *text == "10").count(), 2, "a panel for each wave: {given:?}");
    assert_eq!(given.iter().filter(|text| *text == "n = 200").count(), 2, "{given:?}");
    // Nothing changed, so nothing is marked and nothing explained.
    let trend = texts(&svg(&run, "trend"));
    assert!(trend.iter().all(|text| !text.starts_with("Significantly")), "{trend:?}");
}

#[test]
fn too_many_rows_are_refused_with_a_place() {
    let mut rows = "region,recommend,n\n".to_owned();
    for at in 0..10_001 {
        rows.push_str(&format!("R{at},5,{at}\n"));
    }
    let folder = answers(&rows);
    let run = run(&folder, "out", BARS);
    assert_eq!(run.exit(), 3);
    let told = run.diagnostics();
    assert_eq!(told[0].code.word(), "unusable-data");
    assert_eq!(told[0].message, "stage `bars` has more records than a picture can show");
}
