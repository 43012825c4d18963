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

/// Sixty partners of three regions, every tenth without a second indicator, with their score card.
const CARD: &str = "  card:\n    score_partners:\n      key: partner\n      from: answers\n      keep: [region]\n      \
                    min_share: 0.6\n      stability: { draws: 200 }\n      compare: { attributes: [phase, n] }\n      \
                    indicators:\n        - { name: sales, from: answers, value: n }\n        \
                    - { name: loyalty, from: answers, value: recommend }\n  \
                    table:\n    chart: { from: card, mark: { scorecard: { label: partner } } }\n  \
                    sure:\n    chart: { from: card, mark: { ranks: { label: partner } } }\n  \
                    apart:\n    chart: { from: card.high_low, mark: { contrast: {} } }\n";

fn partners() -> TempDir {
    let mut rows = "partner,region,phase,recommend,n\n".to_owned();
    for at in 0..60 {
        let region = ["North", "South", ""][(at % 30) / 14];
        let recommend = if at % 10 == 7 { String::new() } else { (at * 7 % 11).to_string() };
        rows.push_str(&format!(
            "Vertriebsgesellschaft {at:02},{region},{},{recommend},{}\n",
            ["new", "old"][at / 30],
            at * at
        ));
    }
    answers(&rows)
}

#[test]
fn pictures_of_partners_come_from_their_score_card() {
    let folder = partners();
    let run = run(&folder, "out", CARD);
    let table = texts(&svg(&run, "table"));
    let count = |word: &str| table.iter().filter(|text| *text == word).count();
    // Half of the weight is less than the 60 % that are asked for.
    assert_eq!((count("no score"), count("weight 50%"), count("1–1")), (6, 2, 1), "{table:?}");
    assert!(table.iter().any(|text| text.starts_with("Small figures beside a rank")), "{table:?}");
    let sure = texts(&svg(&run, "sure"));
    assert!(sure.iter().any(|text| text == "Draws in"), "{sure:?}");
    assert_eq!(sure.iter().filter(|text| *text == "no score").count(), 6);
    let apart = texts(&svg(&run, "apart"));
    assert!(
        apart.contains(&"Phase: new".to_owned()) && apart.contains(&"higher in “high”".to_owned()),
        "{apart:?}"
    );
    assert!(apart.iter().any(|text| text.starts_with("Filled and bold: p below 0.05")), "{apart:?}");
}

#[test]
fn a_pack_shows_its_partners_with_the_ranks_of_all() {
    let folder = partners();
    let pack = "  pack:\n    report:\n      title: Partners\n      per: region\n      sections:\n        \
                - items: [{ chart: { from: table } }, { chart: { from: sure } }, { chart: { from: apart, whole: true } }]\n";
    let run = run(&folder, "out", &format!("{CARD}{pack}"));
    let ranks_of = |page: &str| -> Vec<usize> {
        let page = std::fs::read_to_string(run.folder.join(page)).unwrap();
        let first = page.split("<svg").nth(1).unwrap().split("</svg>").next().unwrap();
        let texts = texts(first);
        assert!(
            texts.iter().any(|text| text.starts_with("Ranks and tiers are those among all 54")),
            "{texts:?}"
        );
        // A rank stands before its interval and its name.
        let names = texts.iter().enumerate().filter(|(_, text)| text.starts_with("Vertriebs"));
        let ranked = names.filter(|(at, _)| texts[at - 1].len() > "–".len());
        ranked.filter_map(|(at, _)| texts[at - 2].parse().ok()).collect()
    };
    let mut all: Vec<usize> =
        ["packs/North/pack.html", "packs/South/pack.html"].into_iter().flat_map(ranks_of).collect();
    all.sort_unstable();
    let known = all.len();
    all.dedup();
    assert!(known == all.len() && *all.last().unwrap() > known, "ranks of all partners: {all:?}");
    // Those without a region are told of, all of them.
    let told = run.cautions.iter().map(|caution| caution.message.as_str()).collect::<Vec<_>>();
    assert!(told.contains(&"8 rows of `table` without `region` are in no report of `pack`"), "{told:?}");
    assert!(told.contains(&"4 rows of `sure` without `region` are in no report of `pack`"), "{told:?}");
}

#[test]
fn a_look_of_an_indicator_that_is_not_there_is_refused() {
    let folder = partners();
    let wrong = CARD.replace(
        "{ label: partner } } }\n  sure",
        "{ label: partner, indicators: { salse: {} } } } }\n  sure",
    );
    let run = run(&folder, "out", &wrong);
    assert_eq!(run.exit(), 3);
    let told = run.diagnostics();
    assert_eq!(told[0].message, "stage `table` says how an indicator looks that its records do not have");
    assert!(format!("{:?}", told[0]).contains("did you mean `sales`?"), "{:?}", told[0]);
}
