//! The whole stage on small tables: options are read and checked as in a file, pages are looked into.

use std::path::Path;

use polars::prelude::{IntoLazy, df};

mod briefs;

use super::*;
use crate::chart;
use crate::diagnostic;
use crate::diagnostic::{Caution, CautionCode, Diagnostic};
use crate::document::{Document, from_node};
use crate::engine::{Embedded, Engine};
use crate::expression::Value;
use crate::pipeline::Vars;
use crate::stages::File;
use crate::stages::{Known, Lineage};

/// What surrounds the stage.
#[derive(Default)]
struct Around {
    charts: BTreeMap<String, chart::Spec>,
    cautions: BTreeMap<String, Vec<Caution>>,
    variants: bool,
    vars: Vars,
    /// What made the tables, by id; the others are net promoter scores.
    kinds: BTreeMap<&'static str, &'static str>,
}

impl Around {
    fn with_chart() -> Self {
        let mut spec = chart::Spec::new(chart::Mark::NetPromoter(chart::NetPromoter {
            label: vec!["partner".into()],
            promoters: "promoters_share".into(),
            passives: "passives_share".into(),
            detractors: "detractors_share".into(),
            estimate: "estimate".into(),
            low: Some("conf_low".into()),
            high: Some("conf_high".into()),
            n: Some("n".into()),
            base_mark: None,
            findings: Vec::new(),
        }));
        spec.title = Some("Promoters & detractors".into());
        spec.subtitle = Some("All waves".into());
        Self { charts: [("picture".to_owned(), spec)].into(), ..Self::default() }
    }

    fn check(&self, text: &str, tables: &[(&str, DataFrame)]) -> Result<Checked, String> {
        let document = Document::parse(Path::new("pipeline.yaml"), text).0.unwrap();
        let stage: Report = from_node(&document.root).unwrap();
        let known = tables.iter().map(|(name, table)| {
            let usual = if self.charts.contains_key(*name) { "chart" } else { "net_promoter" };
            let kind = self.kinds.get(name).copied().unwrap_or(usual);
            ((*name).to_owned(), Known { kind: kind.into(), schema: Some(table.schema().as_ref().clone()) })
        });
        let known: BTreeMap<String, Known> = known.collect();
        let mut cx = Check::new("pack", Some(&document), &known, &self.vars, self.variants);
        let ready = stage.check(&mut cx);
        let found = cx.finish();
        match ready {
            Some(ready) if !found.iter().any(Diagnostic::is_error) => Ok(ready),
            _ => Err(diagnostic::text(&found, diagnostic::Source { path: "pipeline.yaml", text }, false)),
        }
    }

    fn run(&self, text: &str, tables: &[(&str, DataFrame)]) -> Result<Estimates, RunError> {
        let ready = self.check(text, tables).unwrap();
        let inputs: Vec<Table> = (ready.sources.iter())
            .map(|source| tables.iter().find(|(name, _)| *name == source.id).unwrap())
            .map(|(_, table)| Table { rows: table.clone().lazy(), traced: None })
            .collect();
        let Lowered::Reduce(plans) = ready.lower(&inputs, &[])? else {
            unreachable!("a report collects its tables")
        };
        let frames = Embedded.collect(plans)?;
        let lineage = |kind: &str, inputs: &[&str], files: &[&str]| Lineage {
            kind: kind.into(),
            inputs: inputs.iter().map(ToString::to_string).collect(),
            rows_in: Some(1853),
            rows_out: Some(4),
            fingerprint: "90865d1e13b1a81bc81bdead4e5dabff".into(),
            files: files.iter().map(ToString::to_string).collect(),
        };
        let lineage = BTreeMap::from([
            ("responses".to_owned(), lineage("dataset", &[], &["../sample-data/survey/responses.parquet"])),
            ("loyalty".to_owned(), lineage("net_promoter", &["responses"], &[])),
            ("picture".to_owned(), lineage("chart", &["loyalty"], &[])),
        ]);
        let vars = BTreeMap::new();
        let cx = Context {
            stage: "pack",
            pipeline: "nightly",
            variant: None,
            vars: &vars,
            charts: &self.charts,
            cautions: &self.cautions,
            lineage: &lineage,
            fitted: &[],
        };
        ready.estimate(Reduced::Frames(frames), &cx)
    }
}

fn loyalty() -> DataFrame {
    df!(
        "region" => ["EMEA", "EMEA", "AMER", "../x\n<script>alert(1)</script>"],
        "partner" => ["Nordlicht", "<script>alert('x')</script>", "Great \"Lakes\"", "Tas & Sons"],
        "n" => [412i64, 9, 140, 0],
        "promoters_share" => [Some(0.5), Some(0.2), Some(0.4), None],
        "passives_share" => [Some(0.3), Some(0.5), Some(0.3), None],
        "detractors_share" => [Some(0.2), Some(0.3), Some(0.3), None],
        "estimate" => [Some(30.0), Some(-10.0), Some(10.0), None],
        "conf_low" => [Some(22.0), Some(-60.0), Some(-4.0), None],
        "conf_high" => [Some(38.0), Some(40.0), Some(24.0), None],
    )
    .unwrap()
}

fn tables() -> [(&'static str, DataFrame); 2] {
    [("loyalty", loyalty()), ("picture", loyalty())]
}

const PACK: &str = r#"
title: Partner health
subtitle: Waves to September
lead: 'In {{ region }} {{ rows("loyalty") }} partners have a score; "Nordlicht" has {{ value("loyalty", "estimate", partner="Nordlicht") | score }}.'
per: region
sections:
  - title: Loyalty
    text: |
      Read **this** first:

      - one
      - two
    items:
      - figures:
          - { label: Answers, value: '{{ value("loyalty", "n", partner="Nordlicht") | count }}', note: of all waves }
      - chart: { from: picture }
      - table: { from: loyalty, title: Partners, base: 'Base: customers who answered', sort: estimate }
"#;

fn text(file: &File) -> &str {
    std::str::from_utf8(&file.bytes).unwrap()
}

fn pages(estimates: &Estimates) -> Vec<(&str, &str)> {
    estimates.files.iter().map(|file| (file.path.as_str(), text(file))).collect()
}

#[test]
fn each_value_has_its_page_and_nothing_of_another() {
    let made = Around::with_chart().run(PACK, &tables()).unwrap();
    let pages = pages(&made);
    let names: Vec<&str> = pages.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), 4);
    assert_eq!(names[1..], ["packs/AMER/pack.html", "packs/EMEA/pack.html", "reports/pack.html"]);
    assert!(names[0].starts_with("packs/x--script-") && names[0].matches('/').count() == 2, "{}", names[0]);
    let emea = pages[2].1;
    assert!(emea.contains("Nordlicht") && !emea.contains("Lakes") && !emea.contains("AMER"));
    assert!(emea.contains("In EMEA 2 partners have a score; &quot;Nordlicht&quot; has +30."));
    let amer = pages[1].1;
    assert!(amer.contains("Lakes") && !amer.contains("EMEA"));
    assert!(amer.contains("has –."), "what another region has is not told here");
    let index = pages[3].1;
    assert!(index.contains("href=\"../packs/EMEA/pack.html\">EMEA</a><span>Answers 412</span>"), "{index}");
    assert_eq!(made.main.height(), 3);
}

#[test]
fn pages_need_no_network_no_script_and_show_what_looks_like_html_as_words() {
    let made = Around::with_chart().run(PACK, &tables()).unwrap();
    for (name, page) in pages(&made) {
        let lower = page.to_lowercase();
        for word in
            ["http:", "https:", "<script", "javascript:", "onload=", "url(", "@import", "<link", "<iframe"]
        {
            assert!(!lower.contains(word), "{name} contains {word}");
        }
    }
    let emea = text(&made.files[2]);
    assert!(emea.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
}

#[test]
fn pages_can_be_read_by_machines_that_read_aloud() {
    let made = Around::with_chart().run(PACK, &tables()).unwrap();
    for (name, page) in pages(&made) {
        assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">"), "{name}");
        assert_eq!(page.matches("<h1").count(), 1, "{name}");
        let levels: Vec<u32> = page
            .match_indices("<h")
            .filter_map(|(at, _)| page[at + 2..].chars().next()?.to_digit(10))
            .collect();
        assert_eq!(levels[0], 1, "{name}");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{name}: {levels:?}");
        for part in page.split("<figure").skip(1) {
            let figure = part.split("</figure>").next().unwrap();
            let alt =
                figure.split("role=\"img\" aria-label=\"").nth(1).and_then(|rest| rest.split('"').next());
            assert!(alt.is_some_and(|alt| alt.len() > 20) || figure.contains("nothing to draw"), "{name}");
        }
        assert_eq!(page.matches("<table").count(), page.matches("<thead>").count(), "{name}");
        assert!(page.matches("<td").count() == 0 || page.contains("<th scope=\"row\">"), "{name}");
    }
    let emea = text(&made.files[2]);
    assert!(emea.contains("<caption>") && emea.contains("scope=\"colgroup\"") && emea.contains("<details>"));
    assert!(emea.contains("@page") && emea.contains("@media print") && emea.contains("table-header-group"));
}

#[test]
fn notes_are_numbered_and_their_links_lead_somewhere() {
    let mut around = Around::with_chart();
    let told = |code, key: &str, message: &str| Caution {
        stage: "loyalty".into(),
        ..Caution::new(code, key, None, message)
    };
    let cautions = vec![
        told(CautionCode::InvalidAnswers, "", "`loyalty` leaves out 3 answers"),
        told(CautionCode::EmptyBase, "region=AMER, partner=Lakes, Inc", "no answer for Lakes, Inc"),
        told(CautionCode::EmptyBase, "partner=Nordlicht", "no answer for Nordlicht"),
        told(CautionCode::EmptyBase, "partner=Great \"Lakes\"", "no answer for Great Lakes"),
        told(CautionCode::SmallBase, "region=EMEA", "rests on 9 answers"),
    ];
    around.cautions = [("loyalty".to_owned(), cautions.clone()), ("picture".to_owned(), cautions)].into();
    let made = around.run(PACK, &tables()).unwrap();
    let (amer, emea) = (text(&made.files[1]), text(&made.files[2]));
    for page in [amer, emea] {
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), ids.len(), "an id stands twice");
        for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&target), "#{target} leads nowhere");
        }
    }
    assert!(emea.contains(
        "<li id=\"note-1\">This analysis leaves out 3 answers. This counts every region, not only EMEA."
    ));
    assert!(
        emea.contains("No answer for Nordlicht.") && !emea.contains("Lakes"),
        "a note about another region"
    );
    assert!(amer.contains("No answer for Lakes, Inc.") && amer.contains("No answer for Great Lakes."));
    assert!(!emea.contains("rests on 9"), "the mark in the table tells it");
    assert!(emea.contains("<b>**</b>") && emea.contains("** Very small base"));
    assert!(emea.contains("trademarks of Bain &amp; Company, NICE Systems (Satmetrix) and Fred Reichheld"));
}

#[test]
fn a_page_without_answers_is_a_page() {
    let one =
        df!("region" => ["EMEA"], "partner" => ["Nordlicht"], "n" => [1i64], "estimate" => [Some(100.0)])
            .unwrap();
    let around = Around::with_chart();
    let picture = loyalty().head(Some(0));
    let made = around.run(PACK, &[("loyalty", one.clone()), ("picture", picture.clone())]).unwrap();
    assert!(text(&made.files[0]).contains("There is nothing to draw"));
    let none = around.run(PACK, &[("loyalty", one.head(Some(0))), ("picture", picture)]).unwrap();
    assert_eq!((none.main.height(), none.files.len()), (0, 1));
    assert_eq!(none.cautions[0].code, CautionCode::NoRows);
    assert!(text(&none.files[0]).contains("There is nothing to report on."));
}

#[test]
fn rows_without_a_value_of_per_are_counted() {
    let table = df!("region" => [Some("EMEA"), None, None], "n" => [1i64, 2, 3]).unwrap();
    let options = "title: T\nper: region\nsections: [{ items: [{ table: { from: loyalty, title: All } }] }]";
    let made = Around::default().run(options, &[("loyalty", table)]).unwrap();
    assert_eq!(made.cautions[0].message, "2 rows of `loyalty` without `region` are in no report of `pack`");
    assert_eq!(made.cautions[0].figure, Some(2.0));
}

#[test]
fn a_plain_report_is_one_page_and_the_same_every_time() {
    let options = "title: 'Health of {place}'\nsections:\n  - title: A\n    items:\n      - table: { from: loyalty, title: All, columns: [partner, estimate], sort: n, order: ascending, limit: 1 }\n";
    let around =
        Around { vars: [("place".to_owned(), Value::Text("Köln".into()))].into(), ..Around::default() };
    let once = around.run(options, &tables()[..1]).unwrap();
    let again = around.run(options, &tables()[..1]).unwrap();
    assert_eq!(once.files[0].path, "reports/pack.html");
    assert_eq!(once.files[0].bytes, again.files[0].bytes);
    let page = text(&once.files[0]);
    assert!(page.contains("<h1>Health of Köln</h1>") && page.contains("And 3 more rows."));
    assert!(page.contains("Tas &amp; Sons") && !page.contains("Nordlicht"), "the smallest comes first");
    assert!(page.contains("loyalty (net promoter of responses)"));
    assert!(page.contains("<code>90865d1e13b1</code>") && page.contains("responses.parquet"));
}

#[test]
fn mistakes_are_told_in_their_places_all_at_once() {
    let options = r#"title: Loyalty of {plce}
per: regon
lead: 'EMEA: {{ value("loyalty", "estimat", region="EMEA") | scores }}, {{ nobody }}'
sections:
  - text: '{{ value("loyalty", "region") | score }} {% for a in b %}{% endfor %}'
    items:
      - table: { from: loyalty, title: Scores, columns: [region, nps, region], limit: 0 }
      - chart: { from: loyalty }
"#;
    let told = Around { variants: false, ..Around::default() }.check(options, &tables()[..1]).unwrap_err();
    let codes: Vec<&str> = told
        .lines()
        .filter_map(|line| line.strip_prefix("error["))
        .filter_map(|line| line.split(']').next())
        .collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [
            "duplicate-column",
            "invalid-option",
            "out-of-range",
            "template",
            "template",
            "template",
            "unknown-column",
            "unknown-column",
            "unknown-column",
            "unknown-variable",
            "unknown-variable",
        ],
        "{told}"
    );
    assert!(told.contains("there is no filter `scores`; did you mean `score`?"), "{told}");
    assert!(told.contains("pipeline.yaml:3:34"), "{told}");
    assert!(told.contains("did you mean `region`?"), "{told}");
}

#[test]
fn a_column_with_too_many_values_is_no_column_of_regions() {
    let table = df!("region" => (0..10_001i64).collect::<Vec<_>>()).unwrap();
    let options = "title: T\nper: region\nsections: [{ items: [{ table: { from: loyalty, title: All } }] }]";
    let error = Around::default().run(options, &[("loyalty", table)]).map(|_| ()).unwrap_err();
    let RunError::Data(told) = error else { panic!("{error}") };
    assert_eq!(told[0].message, "`pack` would make more than 10,000 pages");
    assert_eq!(&options[told[0].labels[0].span.range()], "region");
}

#[test]
fn per_excludes_variants() {
    let options = "title: T\nper: region\nsections: [{ items: [{ table: { from: loyalty, title: All } }] }]";
    let told = Around { variants: true, ..Around::default() }.check(options, &tables()[..1]).unwrap_err();
    assert!(told.contains("error[invalid-option]") && told.contains("pipeline.yaml:2:6"), "{told}");
}

#[test]
fn a_text_that_finds_several_rows_points_at_itself() {
    let options = "title: T\nsections: [{ text: '{{ value(\"loyalty\", \"n\") }}' }]";
    let error = Around::default().run(options, &tables()[..1]).map(|_| ()).unwrap_err();
    let RunError::Data(told) = error else { panic!("{error}") };
    let place = told[0].labels[0].clone();
    assert_eq!(&options[place.span.range()], "value(\"loyalty\", \"n\")");
    assert_eq!(place.text, "this finds 4 rows; name columns that pick one");
}

#[test]
fn cautions_about_parts_of_the_pipeline_are_told_in_every_pack() {
    let mut around = Around::with_chart();
    let told = |stage: &str, code, key: &str, message: &str| Caution {
        stage: stage.into(),
        ..Caution::new(code, key, None, message)
    };
    let cautions = vec![
        told(
            "orders",
            CautionCode::QuarantinedRows,
            "source=web",
            "2 rows; the side table `quarantine` says why",
        ),
        told("orders", CautionCode::UnmatchedRows, "lookup=partners", "3 rows without a partner"),
        told("orders", CautionCode::SmallBase, "country=Peru", "few answers of Peru"),
        told("loyalty", CautionCode::ConstantIndicator, "indicator=growth", "growth is the same for all"),
        told("loyalty", CautionCode::EmptyBase, "partner=Great \"Lakes\"", "no answer for the lakes"),
    ];
    around.cautions = [("loyalty".to_owned(), cautions.clone()), ("picture".to_owned(), cautions)].into();
    // The column that a caution names need not be shown.
    let options = PACK.replace("sort: estimate }", "columns: [estimate] }");
    let made = around.run(&options, &tables()).unwrap();
    let (amer, emea) = (text(&made.files[1]), text(&made.files[2]));
    for page in [amer, emea] {
        assert!(page.contains("2 rows.") && !page.contains("quarantine"), "{page}");
        assert!(page.contains("3 rows without a partner.") && page.contains("Growth is the same for all."));
        assert!(!page.contains("Peru"), "whose answers these are is not known");
    }
    assert!(amer.contains("No answer for the lakes.") && !emea.contains("the lakes"));
}

#[test]
fn what_has_no_column_to_split_by_is_shown_whole_only_where_the_report_says_so() {
    let trend = df!("wave" => [1i64, 2], "n" => [900i64, 980], "estimate" => [10.5, 11.4]).unwrap();
    let tables = [("loyalty", loyalty()), ("trend", trend)];
    let options = |more: &str| {
        format!(
            "title: 'Loyalty of {{region}}'\nper: region\nsections:\n  - title: '{{region}} now'\n    items:\n      \
             - table: {{ from: loyalty, title: 'Partners in {{region}}' }}\n      - table: {{ from: trend, title: Waves{more} }}\n"
        )
    };
    let around = Around::default();
    let told = around.check(&options(""), &tables).unwrap_err();
    assert!(
        told.contains("error[invalid-option]") && told.contains("`trend` has no column `region`"),
        "{told}"
    );
    let made = around.run(&options(", whole: true"), &tables).unwrap();
    let emea = text(&made.files[1]);
    let emea = if emea.contains("Loyalty of EMEA") { emea } else { text(&made.files[2]) };
    assert!(emea.contains("<h1>Loyalty of EMEA</h1>") && emea.contains("EMEA now</h2>"), "{emea}");
    assert!(emea.contains("Partners in EMEA") && emea.contains("Not split by “region”: the whole."));
    assert!(text(made.files.last().unwrap()).contains("<h1>Loyalty of every region</h1>"));
    let titles = made.main.column("title").unwrap().str().unwrap();
    assert!(titles.iter().any(|title| title == Some("Loyalty of EMEA")));
    let split = "title: T\nper: region\nsections: [{ items: [{ table: { from: loyalty, title: All, whole: true } }] }]";
    assert!(around.check(split, &tables).unwrap_err().contains("`loyalty` has the column `region`"));
    let single = split.replace("per: region\n", "");
    assert!(around.check(&single, &tables).unwrap_err().contains("`whole` where nothing is split"));
}

#[test]
fn a_cross_tab_is_split_by_its_variable_or_said_to_be_whole() {
    let crossed = |variable: &str| {
        df!(
            "row_variable" => ["phase", "phase"], "row_value" => ["A", "A"],
            "column_variable" => [variable, variable], "column_value" => ["EMEA", "AMER"],
            "is_total" => [false, false], "column_share" => [0.4, 0.6], "base" => [200i64, 210],
        )
        .unwrap()
    };
    let options = |more: &str| {
        format!(
            "title: T\nper: region\nsections: [{{ items: [{{ table: {{ from: loyalty, title: All }} }}, {{ cross_tab: {{ from: tab, title: C{more} }} }}] }}]"
        )
    };
    let run = |variable: &str, more: &str| {
        Around::default().run(&options(more), &[("loyalty", loyalty()), ("tab", crossed(variable))])
    };
    let RunError::Data(told) = run("area", "").map(|_| ()).unwrap_err() else { unreachable!() };
    assert_eq!(told[0].message, "a cross-tab cannot be split by `region`");
    assert_eq!(&options("")[told[0].labels[0].span.range()], "tab");
    let page = |made: &Estimates| {
        let file = made.files.iter().find(|file| file.path.contains("EMEA")).unwrap();
        text(file).to_owned()
    };
    let split = page(&run("region", "").unwrap());
    assert!(
        split.contains("totals and other groups are of the whole.") && !split.contains("AMER"),
        "{split}"
    );
    let whole = page(&run("area", ", whole: true").unwrap());
    assert!(whole.contains("Not split by “region”: the whole.") && whole.contains("AMER"));
}

#[test]
fn columns_with_letters_of_any_language_can_be_named() {
    let table = df!("Währung" => ["EUR", "USD"], "größe" => [412i64, 9]).unwrap();
    let options = "title: T\nlead: '{{ value(\"loyalty\", \"größe\", Währung=\"EUR\") | count }} in all'\nsections: [{ items: [] }]";
    let made = Around::default().run(options, &[("loyalty", table)]).unwrap();
    assert!(text(&made.files[0]).contains("412 in all"));
}

/// A value that is no number is shown as a dash and stands last, even where the engine brings only the
/// rows that fit.
#[test]
fn what_is_no_number_takes_no_place_in_a_listing() {
    let table = df!("partner" => ["a", "b", "c"], "sales" => [f64::NAN, 1.0, 2.0]).unwrap();
    let asked =
        "title: T\nsections: [{ items: [{ table: { from: sales, title: S, sort: sales, limit: 2 } }] }]";
    let made = Around::default().run(asked, &[("sales", table)]).unwrap();
    let page = text(&made.files[0]);
    assert!(page.contains(">c</") && page.contains(">b</") && !page.contains(">a</"), "{page}");
}
