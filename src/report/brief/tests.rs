//! Briefs of small tables: what is told, what is left out, what is drawn where.

use polars::prelude::{DataFrame, df};

use super::*;
use crate::report::{Block, Document, Section};

fn records(frame: DataFrame) -> Records {
    Records::read(&frame).unwrap()
}

/// Three partners: one well known, one with few customers, one without any.
struct Made {
    segments: Records,
    partners: Records,
    profile: Records,
    scores: Records,
    indicators: Records,
    peers: Records,
    ranked: Records,
    loyalty: Records,
}

impl Made {
    fn new() -> Self {
        let segments = df!(
            "partner_id" => ["P1", "P1", "P2", "P3"],
            "segment" => ["one-off", "steady", "steady", "steady"],
            "desired" => [false, true, true, true],
            "n" => [20i64, 60, 4, 0],
            "lift_shrunk" => [Some(0.8), Some(1.25), Some(1.1), None],
            "conf_low" => [Some(0.5), Some(1.05), Some(0.6), None],
            "conf_high" => [Some(1.1), Some(1.5), Some(1.6), None],
            "base_mark" => ["*", "", "**", "**"],
            "recommended" => [false, true, false, false],
            "assigned" => [None::<i64>; 4],
            "reason" => ["Not desired.", "45 of 60 are good.", "Only 4 customers.", "No customers."],
        );
        let partners = df!(
            "partner_id" => ["P1", "P2", "P3"], "name" => [Some("Nord & Söhne"), Some("<b>Süd</b>"), None],
            "region" => [Some("EMEA"), Some("EMEA"), None], "employees" => [1200i64, 4, 7],
            "n" => [80i64, 4, 0], "n_good" => [51i64, 3, 0], "capacity" => [None::<i64>; 3],
            "assigned" => [None::<i64>; 3], "segment" => [Some("steady"), None, None],
            "recommendation" => ["Send steady growers.", "Wait.", "Wait."],
        );
        let profile = df!(
            "partner_id" => ["P1", "P1", "P1", "P1", "P1", "P2"],
            "attribute" => ["industry", "industry", "industry", "country", "country", "industry"],
            "value" => ["health", "steel", "glass", "Germany", "Chile", "steel"],
            "n" => [30i64, 15, 2, 40, 11, 20], "base" => [51i64, 51, 51, 51, 51, 30],
            "share" => [0.588, 0.294, 0.04, 0.784, 0.216, 0.667],
            "share_all" => [0.25, 0.3, 0.01, 0.4, 0.1, 0.3],
            "index" => [235.3, 98.0, 400.0, 196.0, 216.0, 222.2],
            "of" => ["own", "own", "own", "own", "own", "peers"],
        );
        let scores = df!(
            "partner_id" => ["P2", "P1", "P3"], "region" => [Some("EMEA"), Some("EMEA"), None],
            "score" => [Some(81.0), Some(60.04), None], "rank" => [Some(1i64), Some(2), None],
            "tier" => [Some("high"), Some("low"), None],
            "rank_low" => [Some(1i64), Some(1), None], "rank_high" => [Some(1i64), Some(2), None],
        );
        let indicators = df!(
            "partner_id" => ["P1", "P1", "P2"], "indicator" => ["sales", "net_promoter", "sales"],
            "value" => [Some(412_300.4), Some(31.2), Some(9.0)], "std_error" => [None, Some(4.26), None],
            "normalised" => [Some(100.0), None, Some(0.0)], "weight" => [0.5, 0.5, 1.0],
            "contribution" => [Some(50.0), None, Some(0.0)],
        );
        let peers = df!(
            "peers" => [None::<&str>, None], "indicator" => ["sales", "net_promoter"],
            "value" => [210_000.0, 12.0], "normalised" => [50.0, 40.0], "low" => [0.0, 0.0], "high" => [100.0, 80.0],
        );
        let ranked = df!("peers" => [None::<&str>], "n" => [2i64]);
        let loyalty = df!(
            "partner_id" => ["P1", "P2"], "n" => [44i64, 0], "estimate" => [Some(31.2), None],
            "conf_low" => [Some(22.9), None], "conf_high" => [Some(39.5), None], "base_mark" => ["*", "**"],
            "promoters_share" => [Some(0.5), None], "passives_share" => [Some(0.3), None],
            "detractors_share" => [Some(0.2), None],
        );
        let [segments, partners, profile, scores, indicators, peers, ranked, loyalty] =
            [segments, partners, profile, scores, indicators, peers, ranked, loyalty]
                .map(|frame| records(frame.unwrap()));
        Self { segments, partners, profile, scores, indicators, peers, ranked, loyalty }
    }

    fn sources(&self) -> Sources<'_> {
        let Self { segments, partners, profile, .. } = self;
        let card = Card {
            scores: &self.scores,
            indicators: &self.indicators,
            peers: &self.peers,
            ranked: &self.ranked,
        };
        Sources { segments, partners, profile: Some(profile), card: Some(card), loyalty: Some(&self.loyalty) }
    }
}

fn layout() -> Layout {
    Layout {
        key: "partner_id".into(),
        name: "name".into(),
        facts: vec!["region".into(), "employees".into()],
        limit: 100,
        traits: 8,
        ..Layout::default()
    }
}

#[test]
fn a_partner_is_told_from_its_tables() {
    let made = Made::new();
    let briefs = layout().briefs(&made.sources());
    let brief = &briefs.list[0];
    assert_eq!((brief.key.as_str(), brief.name.as_str()), ("P1", "Nord & Söhne"));
    let facts: Vec<(&str, &str)> =
        brief.facts.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect();
    assert_eq!(facts, [("Region", "EMEA"), ("Employees", "1,200")]);
    let figures: Vec<[&str; 3]> =
        brief.figures.iter().map(|f| [f.label.as_str(), f.value.as_str(), f.detail.as_str()]).collect();
    assert_eq!(
        figures,
        [
            ["Rank", "2", "of 2, likely 1 to 2"],
            ["Score", "60.0", "tier low"],
            ["Customers", "80", "51 of them good"],
            ["Net promoter score", "+31*", "+23 to +40"],
        ]
    );
    let card = brief.scorecard.as_ref().unwrap();
    assert_eq!((card.indicators.len(), card.adds_up, card.peers.as_str()), (2, true, "all partners"));
    let sales = &card.indicators[0];
    assert_eq!(
        (sales.name.as_str(), sales.value.as_str(), sales.median.as_str()),
        ("Sales", "412,300", "210,000")
    );
    assert_eq!(sales.bar, Some(Bar { from: 0.0, width: 100.0, tick: Some(50.0) }));
    let promoters = &card.indicators[1];
    assert_eq!((promoters.value.as_str(), promoters.error.as_str(), promoters.bar), ("31.2", "± 4.3", None));
    assert_eq!(promoters.contribution, "–", "what is missing is a dash, never a zero");
}

#[test]
fn a_profile_tells_what_sets_good_customers_apart() {
    let made = Made::new();
    let briefs = layout().briefs(&made.sources());
    let picture = briefs.list[0].profile.as_ref().unwrap();
    let told: Vec<[&str; 3]> = (picture.traits.iter())
        .map(|each| [each.attribute.as_str(), each.value.as_str(), each.index.as_str()])
        .collect();
    // Steel is rarer than among everyone; glass stands for two customers.
    assert_eq!(told, [["Industry", "health", "235"], ["Country", "Chile", "216"], ["", "Germany", "196"]]);
    assert_eq!((picture.of, picture.base.as_str(), picture.values), (Of::Own, "51", 5));
    assert_eq!(briefs.list[1].profile.as_ref().unwrap().of, Of::Peers);
    assert_eq!(briefs.list[2].profile, Some(Profile::default()));
    let few = Layout { traits: 1, ..layout() }.briefs(&made.sources());
    let told = few.list[0].profile.as_ref().map(|picture| picture.traits.as_slice()).unwrap_or_default();
    assert_eq!(told.iter().map(|each| each.value.as_str()).collect::<Vec<_>>(), ["health"]);
}

#[test]
fn segments_recommended_come_first_and_few_customers_are_marked() {
    let made = Made::new();
    let briefs = layout().briefs(&made.sources());
    let segments = &briefs.list[0].steering.segments;
    let told: Vec<(&str, bool, &str)> =
        segments.iter().map(|each| (each.name.as_str(), each.recommended, each.interval.as_str())).collect();
    assert_eq!(told, [("steady", true, "1.05 to 1.50"), ("one-off", false, "0.50 to 1.10")]);
    assert_eq!(segments.iter().map(|each| each.mark).collect::<Vec<_>>(), [None, Some(BaseMark::Small)]);
    let whisker = segments[0].whisker.unwrap();
    assert!(
        whisker.zero < whisker.from && whisker.from < whisker.at && whisker.at < whisker.from + whisker.width
    );
    let none = &briefs.list[2].steering.segments[0];
    assert_eq!((none.lift.as_str(), none.interval.as_str(), none.whisker), ("–", "", None));
}

#[test]
fn the_segment_that_advice_begins_with_leads_those_recommended() {
    let mut made = Made::new();
    let names = |made: &Made| {
        let briefs = layout().briefs(&made.sources());
        let names = briefs.list[0].steering.segments.iter().map(|each| each.name.clone());
        names.collect::<Vec<_>>().join(" ")
    };
    let of = |recommended: [bool; 3]| {
        let segments = df!(
            "partner_id" => ["P1"; 3], "segment" => ["a", "steady", "c"],
            "lift_shrunk" => [1.9, 1.1, 1.4], "recommended" => recommended,
        );
        records(segments.unwrap())
    };
    made.segments = of([true, true, true]);
    assert_eq!(names(&made), "steady a c");
    made.segments = of([false, true, true]);
    assert_eq!(names(&made), "steady c a");
}

#[test]
fn pieces_that_are_not_there_are_not_made_up() {
    let made = Made::new();
    let bare = Sources { card: None, loyalty: None, profile: None, ..made.sources() };
    let brief = &layout().briefs(&bare).list[0];
    assert_eq!((&brief.scorecard, &brief.loyalty, &brief.profile), (&None, &None, &None));
    assert_eq!(brief.figures.len(), 1);
    let unknown = &layout().briefs(&made.sources()).list[2];
    assert_eq!(unknown.name, "P3", "one without a name goes by its key");
    assert_eq!(unknown.figures[0].detail, "too little is known for a score");
    assert!(unknown.scorecard.as_ref().unwrap().indicators.is_empty());
    assert_eq!(unknown.loyalty, Some(Loyalty::default()));
}

#[test]
fn pages_are_ordered_and_what_is_left_out_is_counted() {
    let made = Made::new();
    let keys = |layout: Layout| {
        let briefs = layout.briefs(&made.sources());
        (briefs.list.iter().map(|brief| brief.key.clone()).collect::<String>(), briefs.more)
    };
    assert_eq!(keys(layout()), ("P1P2P3".into(), 0));
    assert_eq!(keys(Layout { order: Order::Rank, ..layout() }), ("P2P1P3".into(), 0));
    assert_eq!(keys(Layout { order: Order::Name, ..layout() }), ("P2P1P3".into(), 0));
    assert_eq!(keys(Layout { order: Order::Rank, limit: 1, ..layout() }), ("P2".into(), 2));
}

#[test]
fn a_page_says_what_it_has_no_room_for() {
    let page = |briefs: Briefs| {
        let blocks = vec![Block::Briefs(briefs)];
        let sections = vec![Section { title: "Partners".into(), blocks }];
        crate::report::page(&Document { title: "Briefs".into(), sections, ..Document::default() }).unwrap()
    };
    let made = Made::new();
    let one = page(Layout { limit: 1, ..layout() }.briefs(&made.sources()));
    assert!(one.contains("And 2 more partners.") && one.contains("<h3 class=\"name\""));
    assert!(one.contains("Nord &amp; Söhne") && one.contains("style=\"left:0%;width:100%\""));
    let mut briefs = layout().briefs(&made.sources());
    let segments = &mut briefs.list[0].steering.segments;
    *segments = vec![Segment { name: "of many".into(), ..Segment::default() }; 10];
    let many = page(briefs);
    assert!(many.contains("And 2 more segments.") && many.contains("&lt;b&gt;Süd&lt;/b&gt;"));
    assert_eq!(many.matches("of many").count(), 8);
    assert!(page(Briefs::default()).contains("There is no partner here."));
}
