//! Does the program find what the sample planted? Each test states the effect and how closely it
//! must come back; the truth is read from the `truth/` folder beside the silos.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::OnceLock;

use growthring::plan::Plan;
use growthring::run::{self, Options, Unwatched, apply};
use growthring::sample::{SEED, Sample, generate};
use growthring::stages::{CrossTab, NetPromoter};
use polars::prelude::*;
use tempfile::TempDir;

fn records(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn texts(table: &DataFrame, column: &str) -> Vec<String> {
    let values = table.column(column).unwrap().cast(&DataType::String).unwrap();
    values.str().unwrap().iter().map(|value| value.unwrap_or_default().to_owned()).collect()
}

fn floats(table: &DataFrame, column: &str) -> Vec<f64> {
    let values = table.column(column).unwrap().cast(&DataType::Float64).unwrap();
    values.f64().unwrap().iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

/// Two columns as a map.
fn by(table: &DataFrame, key: &str, value: &str) -> BTreeMap<String, f64> {
    texts(table, key).into_iter().zip(floats(table, value)).collect()
}

/// Spearman's rank correlation of what two maps have in common.
fn rank_correlation(a: &BTreeMap<String, f64>, b: &BTreeMap<String, f64>) -> f64 {
    let pairs: Vec<(f64, f64)> = a.iter().filter_map(|(key, x)| Some((*x, *b.get(key)?))).collect();
    assert!(pairs.len() > 50, "only {} in common", pairs.len());
    // Mid-ranks: ties share the mean of their places.
    let ranks = |values: Vec<f64>| -> Vec<f64> {
        let below = |x: f64| values.iter().filter(|y| **y < x).count() as f64;
        let equal = |x: f64| values.iter().filter(|y| **y == x).count() as f64;
        values.iter().map(|x| below(*x) + (equal(*x) + 1.0) / 2.0).collect()
    };
    let x = ranks(pairs.iter().map(|pair| pair.0).collect());
    let y = ranks(pairs.iter().map(|pair| pair.1).collect());
    let mean = (x.len() + 1) as f64 / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    product(&x, &y) / (product(&x, &x) * product(&y, &y)).sqrt()
}

/// The nightly pipeline over a sample of its own, as far as the tests look.
struct Nightly {
    home: TempDir,
    run: run::Run,
}

impl Nightly {
    fn over(seed: u64) -> Self {
        let home = tempfile::tempdir().unwrap();
        generate(&home.path().join("sample-data"), Sample { scale: 1.0, seed }).unwrap();
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/nightly.yaml");
        let file = home.path().join("pipelines/nightly.yaml");
        std::fs::create_dir(home.path().join("pipelines")).unwrap();
        std::fs::copy(committed, &file).unwrap();
        let plan = Plan::read(&file, None, &[]).unwrap();
        let plan = plan.unwrap_or_else(|_| panic!("the nightly pipeline has mistakes"));
        let wanted =
            ["customers", "orders", "responses", "valued_customers", "scorecard", "partner_sales", "loyalty"];
        let options = Options {
            out: home.path().join("out"),
            keep: 1,
            deny_cautions: false,
            select: Some(wanted.map(str::to_owned).to_vec()),
        };
        let run = run::run(&plan, &options, &Unwatched).unwrap();
        assert!(run.failures.is_empty(), "{:?}", run.failures);
        Self { home, run }
    }

    /// Of the seed of the committed sample; several tests look at it.
    fn committed() -> &'static Self {
        static NIGHTLY: OnceLock<Nightly> = OnceLock::new();
        NIGHTLY.get_or_init(|| Self::over(SEED))
    }

    fn table(&self, name: &str) -> DataFrame {
        self.run.table(name).unwrap()
    }

    fn truth(&self, file: &str) -> Vec<Vec<String>> {
        records(&self.home.path().join("sample-data/truth").join(file))
    }

    /// How many rows of a file were spoiled in a way.
    fn spoiled(&self, file: &str, kind: &str) -> f64 {
        let rows = self.truth("spoiled_rows.csv");
        let row = rows.iter().find(|row| row[0] == file && row[1] == kind).unwrap();
        row[2].parse().unwrap()
    }

    /// What partners are: a column of the truth by partner.
    fn partners(&self, column: usize) -> BTreeMap<String, f64> {
        let rows = self.truth("partners.csv");
        rows.into_iter().map(|row| (row[0].clone(), row[column].parse().unwrap())).collect()
    }
}

/// The truth about groups: planted net promoter scores by kind of group and value.
fn planted_scores(sample: &Path) -> BTreeMap<(String, String), f64> {
    records(&sample.join("truth/net_promoter.csv"))
        .into_iter()
        .map(|row| ((row[0].clone(), row[1].clone()), row[3].parse().unwrap()))
        .collect()
}

/// The answers of 2025 with the respondent's region and persona.
fn answers(sample: &Path) -> LazyFrame {
    let answers = ParquetReader::new(File::open(sample.join("survey/responses-2025.parquet")).unwrap());
    let lookup = |file: &str, key: &str, value: &str, at: usize| {
        let rows = records(&sample.join("reference").join(file));
        let keys: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        let values: Vec<&str> = rows.iter().map(|row| row[at].as_str()).collect();
        df!(key => keys, value => values).unwrap().lazy()
    };
    let left = |rows: LazyFrame, table: LazyFrame, key: &str| {
        rows.join(table, [col(key)], [col(key)], JoinArgs::new(JoinType::Left))
    };
    let rows = answers.finish().unwrap().lazy();
    let rows = left(rows, lookup("countries.csv", "country_code", "region", 2), "country_code");
    left(rows, lookup("personas.csv", "job_role", "persona", 1), "job_role")
}

/// How many of the intervals of region × wave hold the planted score, and how many there are.
fn covered(confidence: f64, seeds: std::ops::Range<u64>) -> (u32, u32) {
    let (mut held, mut of) = (0, 0);
    for seed in seeds {
        let dir = tempfile::tempdir().unwrap();
        generate(dir.path(), Sample { scale: 1.0, seed }).unwrap();
        let planted = planted_scores(dir.path());
        let mut stage = NetPromoter::new("recommend").by(["region", "wave"]).weight("w");
        stage.confidence = confidence.into();
        let found = apply(stage, answers(dir.path())).unwrap().table;
        let groups = texts(&found, "region").into_iter().zip(texts(&found, "wave"));
        let intervals = floats(&found, "conf_low").into_iter().zip(floats(&found, "conf_high"));
        for ((region, wave), (low, high)) in groups.zip(intervals) {
            let truth = planted[&("region and wave".to_owned(), format!("{region} {wave}"))];
            of += 1;
            held += u32::from(low <= truth && truth <= high);
        }
    }
    (held, of)
}

// Twelve intervals a seed, twenty seeds: 240 intervals. The bounds are the level and three standard
// deviations of a binomial of that size: 228 ± 10.1 at 95 %, 192 ± 18.6 at 80 %. An interval that is
// too wide fails at 80 % as one that is too narrow does.
#[test]
fn intervals_hold_the_planted_score_as_often_as_they_say() {
    let (held, of) = covered(0.95, 0..20);
    assert_eq!(of, 240);
    assert!((218..=238).contains(&held), "{held} of {of} at 95 %");
    let (held, of) = covered(0.80, 20..40);
    assert_eq!(of, 240);
    assert!((174..=210).contains(&held), "{held} of {of} at 80 %");
}

#[test]
fn the_planted_score_of_each_region_is_inside_its_interval() {
    let nightly = Nightly::committed();
    let planted = planted_scores(&nightly.home.path().join("sample-data"));
    let found = nightly.table("loyalty");
    let (low, high) = (by(&found, "region", "conf_low"), by(&found, "region", "conf_high"));
    assert_eq!(low.len(), 3);
    for (region, low) in &low {
        let truth = planted[&("region".to_owned(), region.clone())];
        assert!(
            *low <= truth && truth <= high[region],
            "{region}: {truth} outside [{low}, {}]",
            high[region]
        );
    }
    // The region of weak partners is told apart from the others.
    assert!(high["APAC"] < low["AMER"] && high["APAC"] < low["EMEA"]);
}

// With 60 partners of some 80 answers and 200 orders each, noise leaves a correlation near 0.85; the
// bounds are three seeds' worth of room below it. Growth rests on counts of orders alone.
#[test]
fn partners_are_ranked_by_their_planted_quality() {
    for seed in [SEED, 7, 8] {
        let other;
        let nightly = if seed == SEED {
            Nightly::committed()
        } else {
            other = Nightly::over(seed);
            &other
        };
        let quality = nightly.partners(2);
        let score = by(&nightly.table("scorecard"), "partner_id", "score");
        let found = rank_correlation(&score, &quality);
        assert!(found > 0.75, "seed {seed}: {found} between score and quality");

        let says = by(&nightly.table("loyalty_by_partner"), "partner_id", "estimate");
        let found = rank_correlation(&says, &quality);
        assert!(found > 0.75, "seed {seed}: {found} between net promoter score and quality");

        let sales = nightly.table("partner_sales");
        let (before, after) =
            (by(&sales, "partner_id", "orders_2024"), by(&sales, "partner_id", "orders_2025"));
        let grown = before.iter().map(|(partner, n)| (partner.clone(), after[partner] / n)).collect();
        let found = rank_correlation(&grown, &nightly.partners(4));
        assert!(found > 0.6, "seed {seed}: {found} between growth and planted growth");

        // Size was planted without regard to quality, and is not what the score finds.
        let size = rank_correlation(&score, &nightly.partners(3));
        assert!(size.abs() < 0.5, "seed {seed}: {size} between score and size");
    }
}

#[test]
fn duplicates_and_spoiled_rows_are_found_to_the_row() {
    let nightly = Nightly::committed();
    let counts = |stage: &str, source: &str, what: &str| {
        let table = nightly.table(&format!("{stage}.counts"));
        by(&table, "source", what)[source]
    };
    let (crm, web) = ("crm/accounts.csv", "web/customers.csv");
    assert_eq!(
        counts("customers", "accounts", "duplicates"),
        nightly.spoiled(crm, "twice with the same mail")
    );
    assert_eq!(
        counts("customers", "accounts", "quarantined"),
        nightly.spoiled(crm, "bad date") + nightly.spoiled(crm, "bad number")
    );
    assert_eq!(
        counts("customers", "registrations", "duplicates"),
        nightly.spoiled(web, "also in the CRM with the same mail")
    );
    let till = "orders/shop.ndjson";
    assert_eq!(counts("orders", "till_receipts", "duplicates"), nightly.spoiled(till, "sent twice"));
    assert_eq!(
        counts("orders", "till_receipts", "quarantined"),
        nightly.spoiled(till, "bad date") + nightly.spoiled(till, "bad amount")
    );
    let first = "survey/responses-2024.csv";
    assert_eq!(counts("responses", "answers_2024", "quarantined"), nightly.spoiled(first, "bad date"));
    assert_eq!(counts("responses", "answers_2024", "duplicates"), nightly.spoiled(first, "sent twice"));
    let second = "survey/responses-2025.parquet";
    assert_eq!(counts("responses", "answers_2025", "duplicates"), nightly.spoiled(second, "sent twice"));

    // What is left beyond the true customers are those with two addresses: a key cannot know better.
    let customers = nightly.table("customers").height() as f64;
    let twice = nightly.spoiled(crm, "twice with another mail")
        + nightly.spoiled(web, "also in the CRM with another mail");
    let lost = counts("customers", "accounts", "quarantined");
    assert_eq!(customers, 2400.0 + twice - lost);

    let loyalty = nightly.table("loyalty.total");
    let off_scale =
        nightly.spoiled(first, "answer off the scale") + nightly.spoiled(second, "answer off the scale");
    assert_eq!(floats(&loyalty, "n_invalid"), [off_scale]);
    assert_eq!(
        floats(&loyalty, "n_missing"),
        [nightly.spoiled(first, "no answer") + nightly.spoiled(second, "no answer")]
    );
}

// Each persona × phase asks some 120 people; of the cells with an expected count of five or more, 95 %
// lie within 1.96 standard errors of the planted share. Three standard deviations of a binomial below.
#[test]
fn cross_tabs_show_the_planted_sources_of_information() {
    let (mut near, mut of) = (0.0, 0.0_f64);
    for seed in [SEED, 11] {
        let dir = tempfile::tempdir().unwrap();
        generate(dir.path(), Sample { scale: 1.0, seed }).unwrap();
        let planted: BTreeMap<(String, String), f64> =
            records(&dir.path().join("truth/information_sources.csv"))
                .into_iter()
                .map(|row| ((format!("{} / {}", row[0], row[1]), row[2].clone()), row[3].parse().unwrap()))
                .collect();
        let stage = CrossTab::new([["information_source"]], [["persona", "buying_phase"]]).weight("w");
        let found = apply(stage, answers(dir.path())).unwrap().table;
        let columns = texts(&found, "column_value").into_iter().zip(texts(&found, "row_value"));
        let shares = floats(&found, "column_share").into_iter().zip(floats(&found, "base_effective"));
        for (key, (share, base)) in columns.zip(shares) {
            let Some(truth) = planted.get(&key) else { continue };
            if truth * base < 5.0 {
                continue;
            }
            of += 1.0;
            let error = (truth * (1.0 - truth) / base).sqrt();
            near += f64::from((share - truth).abs() < 1.96 * error);
        }
    }
    assert!(of > 200.0, "only {of} cells");
    let expected = 0.95 * of;
    assert!(near > expected - 3.0 * (of * 0.95 * 0.05).sqrt(), "{near} of {of} cells are near");
}

// Recency, frequency and monetary value know nothing of the planted segment; champions still hold at
// least twice the share of steady growers that all customers do, and hardly a bargain hunter.
#[test]
fn champions_are_the_profitable_and_loyal() {
    let nightly = Nightly::committed();
    let truth = ParquetReader::new(
        File::open(nightly.home.path().join("sample-data/truth/customers.parquet")).unwrap(),
    );
    let truth = truth.finish().unwrap();
    let planted: BTreeMap<String, String> =
        texts(&truth, "email").into_iter().zip(texts(&truth, "segment")).collect();
    let found = nightly.table("valued_customers");
    let both: Vec<(String, &String)> = texts(&found, "segment")
        .into_iter()
        .zip(texts(&found, "customer"))
        .filter_map(|(segment, customer)| Some((segment, planted.get(&customer)?)))
        .collect();
    let share = |of: &str, champions: bool| {
        let those: Vec<_> = both.iter().filter(|(segment, _)| !champions || segment == "champions").collect();
        those.iter().filter(|(_, planted)| *planted == of).count() as f64 / those.len() as f64
    };
    let lift = share("steady grower", true) / share("steady grower", false);
    assert!(lift > 2.0, "lift of steady growers among champions: {lift}");
    let lift = share("bargain hunter", true) / share("bargain hunter", false);
    assert!(lift < 0.5, "lift of bargain hunters among champions: {lift}");
}
