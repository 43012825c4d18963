//! Pages for partners on small tables: whose they are, what all partners give to them, what is refused.

use polars::prelude::Column;

use super::*;

const KINDS: [(&str, &str); 5] = [
    ("match", "match_partners"),
    ("match.partners", "match_partners"),
    ("match.profile", "match_partners"),
    ("card", "score_partners"),
    ("card.indicators", "score_partners"),
];

fn around() -> Around {
    let told = |stage: &str, key: &str, message: &str| {
        let caution = Caution::new(CautionCode::MissingValues, key, Some(1.0), message);
        (stage.to_owned(), vec![Caution { stage: stage.to_owned(), ..caution }])
    };
    let of_all = told("card", "indicator=sales", "1 of 3 partners has no value for indicator `sales`");
    let of_one = told("match", "partner_id=P2", "`P2` has no customers");
    Around { kinds: KINDS.into(), cautions: [of_all, of_one].into(), ..Around::default() }
}

fn tables() -> Vec<(&'static str, DataFrame)> {
    let matched = df!(
        "partner_id" => ["P1", "P2", "P3"], "region" => ["north", "north", "south"], "segment" => ["steady", "steady", "steady"],
        "desired" => [true, true, true], "n" => [60i64, 0, 30], "lift_shrunk" => [Some(1.25), None, Some(1.0)],
        "conf_low" => [Some(1.05), None, Some(0.8)], "conf_high" => [Some(1.5), None, Some(1.2)],
        "base_mark" => ["", "**", "*"], "recommended" => [true, false, false], "assigned" => [3i64, 0, 0],
        "reason" => ["45 of 60 are good.", "No customers.", "No better than others."],
    );
    let partners = df!(
        "partner_id" => ["P1", "P2", "P3"], "region" => ["north", "north", "south"],
        "partner_name" => ["Nordlicht", "<script>alert(1)</script>", "Okavango"],
        "n" => [60i64, 0, 30], "n_good" => [45i64, 0, 20], "capacity" => [5i64, 5, 5], "assigned" => [3i64, 0, 0],
        "segment" => [Some("steady"), None, None], "recommendation" => ["Send steady growers.", "Wait.", "Wait a little."],
    );
    let profile = df!(
        "partner_id" => ["P1", "P3"], "attribute" => ["industry", "industry"], "value" => ["health", "steel"],
        "n" => [30i64, 12], "base" => [45i64, 20], "share" => [0.67, 0.6], "share_all" => [0.4, 0.2],
        "index" => [166.7, 300.0], "of" => ["own", "own"],
    );
    let card = df!(
        "partner_id" => ["P1", "P3", "P2"], "region" => ["north", "south", "north"], "score" => [Some(70.0), Some(60.0), Some(20.0)],
        "rank" => [1i64, 2, 3], "tier" => ["high", "middle", "low"], "weight_share" => [1.0, 1.0, 1.0],
    );
    let indicators = df!(
        "partner_id" => ["P1", "P3", "P2"], "indicator" => ["sales", "sales", "sales"],
        "value" => [Some(700.0), Some(611.0), Some(200.0)], "n" => [1i64, 1, 1], "normalised" => [100.0, 82.2, 0.0],
        "weight" => [1.0, 1.0, 1.0], "contribution" => [100.0, 82.2, 0.0],
    );
    let loyalty = df!("partner_id" => ["P1", "P3"], "n" => [44i64, 12], "estimate" => [31.0, -8.0]);
    let ids = ["match", "match.partners", "match.profile", "card", "card.indicators", "loyalty"];
    ids.into_iter().zip([matched, partners, profile, card, indicators, loyalty].map(Result::unwrap)).collect()
}

const BRIEFS: &str = "
title: Partner briefs
sections:
  - items:
      - brief: { from: match, name: partner_name, scorecard: card, loyalty: loyalty, formats: { sales: count } }
";

#[test]
fn briefs_read_what_stands_beside_their_tables() {
    let stage: Report = from_node(&Document::parse(Path::new("p"), BRIEFS).0.unwrap().root).unwrap();
    let known = |kind: &str| Known { kind: kind.into(), schema: None };
    let all: BTreeMap<String, Known> =
        KINDS.into_iter().map(|(name, kind)| (name.to_owned(), known(kind))).collect();
    let beside: Vec<String> = stage.beside(&all).iter().map(|input| input.text().to_owned()).collect();
    assert_eq!(beside, ["match.partners", "match.profile", "card.indicators"]);
    let inputs: Vec<&str> = stage.inputs().iter().map(|input| input.text()).collect();
    assert_eq!(inputs, ["match", "card", "loyalty"]);
}

#[test]
fn one_page_has_every_partner_best_first_with_its_own_cautions() {
    let made = around().run(BRIEFS, &tables()).unwrap();
    let page = text(&made.files[0]);
    let articles: Vec<&str> = page.split("<article").skip(1).collect();
    assert_eq!(articles.len(), 3);
    for (article, name) in
        articles.iter().zip(["Nordlicht", "Okavango", "&lt;script&gt;alert(1)&lt;/script&gt;"])
    {
        assert!(article.contains(&format!("-name\">{name}</h2>")), "{name}");
        // By hand: the median of 700, 611 and 200.
        assert!(article.contains("<td class=\"number soft\">611</td>"), "{name}");
    }
    // Of all partners, and so told once for all pages.
    assert_eq!(page.matches("has no value for indicator “sales”").count(), 1);
    assert!(articles[2].contains("“P2” has no customers.") && !articles[0].contains("“P2” has no"));
    assert!(page.contains("href=\"#brief-1-1-2\">Okavango</a>"), "the list leads to each");
    assert!(page.contains("NICE Systems"), "the trademark is told");
    assert!(!page.contains("<script"));
    let levels: Vec<u32> =
        page.match_indices("<h").filter_map(|(at, _)| page[at + 2..].chars().next()?.to_digit(10)).collect();
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
}

#[test]
fn parentheses_of_the_list_are_explained_where_there_are_some() {
    let page = |reason: &str| {
        let mut tables = tables();
        let reasons = Column::new("reason_code".into(), [reason, "no_customers", "not_better"]);
        tables[0].1.with_column(reasons).unwrap();
        text(&around().run(BRIEFS, &tables).unwrap().files[0]).to_owned()
    };
    let (leaning, sure) = (page("leaning"), page("recommended"));
    assert!(leaning.contains("<td>(steady)</td>") && sure.contains("<td>steady</td>"));
    let note = "In parentheses: chance could explain it, so keep an eye on it.";
    assert_eq!((leaning.matches(note).count(), sure.matches(note).count()), (1, 0));
}

#[test]
fn a_page_of_one_partner_knows_the_medians_of_all_and_the_names_of_none() {
    let own = BRIEFS.replacen("sections", "per: partner_id\nsections", 1);
    let made = around().run(&own, &tables()).unwrap();
    let page = text(&made.files[0]);
    assert_eq!(made.files[0].path, "packs/P1/pack.html");
    assert_eq!(page.matches("<article").count(), 1);
    assert!(page.contains("<dd>of 3</dd>") && page.contains("<td class=\"number soft\">611</td>"));
    for other in ["Okavango", "P2", "P3", "steel"] {
        assert!(!page.contains(other), "{other}");
    }
    let index = text(made.files.last().unwrap());
    assert!(index.contains(">P1</a><span>Nordlicht · Rank 1 · Score 70.0 · Customers 60</span>"), "{index}");
}

#[test]
fn a_page_of_a_region_has_its_partners_alone() {
    let regional = BRIEFS.replacen("sections", "per: region\nsections", 1).replacen(
        "formats",
        "peers: region, formats",
        1,
    );
    // Tables without the region are of those partners that a page has.
    let tables: Vec<(&str, DataFrame)> = tables();
    let made = around().run(&regional, &tables).unwrap();
    let (north, south) = (text(&made.files[0]), text(&made.files[1]));
    assert_eq!((north.matches("<article").count(), south.matches("<article").count()), (2, 1));
    assert!(!south.contains("Nordlicht") && !south.contains("health") && !north.contains("Okavango"));
    // By hand: between 700 and 200 in the north; alone in the south.
    assert!(north.contains("<td class=\"number soft\">450</td>"));
    // The scorecard ranks all three together.
    assert!(north.contains("<dd>of 3</dd>"));
    assert!(south.contains("<td class=\"number soft\">611</td>") && south.contains("peers in south"));
}

#[test]
fn a_rank_is_among_those_it_was_given_out_among() {
    let text = BRIEFS.replacen("formats", "peers: region, formats", 1);
    let page = |ranks: [i64; 3], text: &str| {
        let mut tables = tables();
        let ranks = Column::new("rank".into(), ranks);
        tables[3].1.with_column(ranks).unwrap();
        let made = around().run(text, &tables).unwrap();
        let page = String::from_utf8(made.files[0].bytes.clone()).unwrap();
        ["<dd>of 3</dd>", "<dd>of 2</dd>", "<dd>of 1</dd>"].map(|of| page.matches(of).count())
    };
    // The north is P1 and P2, the south P3 alone; the order is P1, P3, P2.
    assert_eq!(page([1, 2, 3], &text), [3, 0, 0]);
    assert_eq!(page([1, 1, 2], &text), [0, 2, 1]);
    assert_eq!(page([1, 1, 1], &text), [0, 2, 1], "who shares the last rank ends it as well");
    assert_eq!(page([1, 1, 2], BRIEFS), [0, 0, 0], "ranked by groups that nobody named");
}

#[test]
fn what_only_rows_can_tell_is_refused_with_its_place() {
    let mut twice = tables();
    twice[5].1 = twice[5].1.vstack(&twice[5].1).unwrap();
    let text = BRIEFS.replacen("sales:", "sale:", 1);
    let Err(RunError::Data(told)) = around().run(&text, &twice) else { panic!("a mistake went through") };
    let told = diagnostic::text(&told, diagnostic::Source { path: "pipeline.yaml", text: &text }, false);
    assert!(
        told.contains("`card` has no indicator `sale`") && told.contains("its indicators are sales"),
        "{told}"
    );
    assert!(told.contains("`loyalty` has several rows of `P1`"), "{told}");
}

#[test]
fn tables_that_are_not_those_of_partners_are_refused_together() {
    let text = "
title: Briefs
per: region
sections:
  - items:
      - brief: { from: loyalty, scorecard: match, limit: 0 }
      - brief: { from: match, order: rank, peers: region }
";
    let told = around().check(text, &tables()).unwrap_err();
    for part in [
        "makes pages for partners of what is no match",
        "shows as a scorecard what is none",
        "a number from 1 to 1000",
        "orders pages by rank without a scorecard",
        "has `peers` without a scorecard",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let mut bare = tables();
    bare[1].1 = bare[1].1.drop("region").unwrap();
    let own = BRIEFS.replacen("sections", "per: region\nsections", 1);
    let told = around().check(&own, &bare).unwrap_err();
    assert!(told.contains("`match` does not keep `region`") && told.contains("`keep` of `match`"), "{told}");
}
