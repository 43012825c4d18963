//! The proof that pictures of partners keep their texts apart and say what they show: one partner to
//! three hundred, one indicator to ten, long names, ties, gaps, constant indicators, values below zero.

use polars::prelude::*;

use super::boxes::{self, LABELS, long, proved, short, spec, unbroken};
use super::*;

/// A card of partners: every eighth without a score, two level at the top, the third indicator (of
/// several) the same for all, the second below zero and in part unknown.
fn card(partners: usize, indicators: usize, label: fn(usize) -> String, draws: bool) -> (Spec, DataFrame) {
    let rows: Vec<(usize, usize)> =
        (0..partners).flat_map(|p| (0..indicators).map(move |at| (p, at))).collect();
    let scored = |p: usize| p % 8 != 7;
    let rank = |p: usize| if p == 1 { 1 } else { p as i64 + 1 - (p / 8) as i64 };
    let tier = |p: usize| match p {
        p if p * 4 < partners => "gold",
        p if p * 2 < partners => "Öffentlichkeitsarbeit im Außendienst",
        p if p * 4 < 3 * partners => "bronze",
        _ => "watch",
    };
    let value = |(p, at): (usize, usize)| match at {
        1 if p % 5 == 3 => None,
        1 => Some((p * 37 % 91) as f64 / 91.0 - 0.5),
        2 => Some(3.0),
        _ => Some((p * 53 % 97) as f64 * 12_345.6),
    };
    let whole = |p: usize, of: &dyn Fn(usize) -> i64| scored(p).then(|| of(p));
    let ids = |of: &dyn Fn(usize) -> i64| rows.iter().map(|(p, _)| whole(*p, of)).collect::<Vec<_>>();
    let mut records = df! {
        "partner_id" => rows.iter().map(|(p, _)| format!("P-{p}")).collect::<Vec<_>>(),
        // Two partners of the same name are two rows.
        "partner_name" => rows.iter().map(|(p, _)| label(p / 2 * 2)).collect::<Vec<_>>(),
        "region" => rows.iter().map(|(p, _)| (p % 9 != 8).then(|| label(p % 3))).collect::<Vec<_>>(),
        "score" => rows.iter().map(|(p, _)| scored(*p).then_some(90.0 - *p as f64)).collect::<Vec<_>>(),
        "rank" => ids(&rank),
        "tier" => rows.iter().map(|(p, _)| scored(*p).then(|| tier(*p))).collect::<Vec<_>>(),
        "indicator" => rows.iter().map(|(_, at)| format!("indicator {}", label(*at))).collect::<Vec<_>>(),
        "value" => rows.iter().map(|row| value(*row)).collect::<Vec<_>>(),
        "n" => rows.iter().map(|(p, at)| (p * 31 + at * 7) as i64 % 160).collect::<Vec<_>>(),
        "normalised" => rows.iter().map(|row| value(*row).filter(|_| row.1 != 2).map(|v| v.abs() % 100.0)).collect::<Vec<_>>(),
        "shrunk_by" => rows.iter().map(|(p, at)| (*at == 1).then_some(*p as f64 / 100.0)).collect::<Vec<_>>(),
        "indicator_weight" => rows.iter().map(|(_, at)| (*at != 2).then_some(1.0 / indicators as f64)).collect::<Vec<_>>(),
    }
    .unwrap();
    if draws {
        let most = partners.max(1) as i64;
        let low = Column::new("rank_low".into(), ids(&|p| (rank(p) - 9).max(1)));
        let high = Column::new("rank_high".into(), ids(&|p| (rank(p) + 9).min(most)));
        records.with_column(low).unwrap();
        records.with_column(high).unwrap();
    }
    let mark = Scorecard {
        label: vec!["partner_name".into()],
        key: "partner_id".into(),
        within: None,
        ranks: draws.then(|| ("rank_low".into(), "rank_high".into())),
        shrunk_by: Some("shrunk_by".into()),
        looks: std::collections::BTreeMap::new(),
        ranking: None,
        normalised: None,
    };
    (spec(Mark::Scorecard(mark)), records)
}

/// The partners of a card, a record each.
fn ranks(partners: usize, label: fn(usize) -> String) -> (Spec, DataFrame) {
    let (_, mut records) = card(partners, 1, label, true);
    let rank = records.column("rank").unwrap().clone();
    records.with_column(rank.with_name("rank_median".into())).unwrap();
    let share: Vec<Option<f64>> = (0..partners).map(|p| (p % 8 != 7).then(|| 1.0 / (p + 1) as f64)).collect();
    records.with_column(Column::new("top_share".into(), share)).unwrap();
    let mark = Ranks {
        label: vec!["partner_name".into()],
        within: None,
        low: "rank_low".into(),
        high: "rank_high".into(),
        median: Some("rank_median".into()),
        top_share: Some("top_share".into()),
        ranking: None,
    };
    (spec(Mark::Ranks(mark)), records)
}

/// Differences between two tiers, every fourth a mean; some cannot be compared, one is significant.
fn contrast(rows: usize, label: fn(usize) -> String) -> (Spec, DataFrame) {
    let all: Vec<usize> = (0..rows).collect();
    let floats = |of: &dyn Fn(usize) -> Option<f64>| all.iter().map(|row| of(*row)).collect::<Vec<_>>();
    let effect = |row: usize| (row % 6 != 5).then_some(1.8 - row as f64 * 0.4);
    let records = df! {
        "attribute" => all.iter().map(|row| if row % 4 == 0 { label(*row) } else { "asks_for".into() }).collect::<Vec<_>>(),
        "category" => all.iter().map(|row| (row % 4 != 0).then(|| label(*row))).collect::<Vec<_>>(),
        "tier_high" => vec!["gold"; rows],
        "tier_low" => vec![label(3); rows],
        "n_high" => all.iter().map(|row| if *row == 2 { 3i64 } else { 12 }).collect::<Vec<_>>(),
        "n_low" => vec![24i64; rows],
        "mean_high" => floats(&|row| Some(if row % 4 == 0 { 1_234_567.8 } else { 0.5 })),
        "mean_low" => floats(&|row| Some(if row % 4 == 0 { -40.2 } else { 0.125 })),
        "effect_measure" => all.iter().map(|row| if row % 4 == 0 { "Hedges' g" } else { "Cohen's h" }).collect::<Vec<_>>(),
        "effect_size" => floats(&effect),
        "conf_low" => floats(&|row| effect(row).map(|effect| effect - 0.9)),
        "conf_high" => floats(&|row| effect(row).map(|effect| effect + 0.9)),
        "p_adjusted" => floats(&|row| effect(row).map(|_| if row == 0 { 0.0004 } else { 0.3 })),
    };
    (spec(Mark::Contrast(Contrast::default())), records.unwrap())
}

fn texts(spec: &Spec, records: &DataFrame) -> Vec<String> {
    let (boxes, _) = boxes::read(&spec.figure(records).unwrap().svg().unwrap());
    boxes.into_iter().map(|text| text.text).collect()
}

fn within(mut spec: Spec) -> Spec {
    match &mut spec.mark {
        Mark::Scorecard(card) => card.within = Some("region".into()),
        Mark::Ranks(ranks) => ranks.within = Some("region".into()),
        _ => {}
    }
    spec
}

#[test]
fn texts_of_score_cards_keep_apart() {
    for label in LABELS {
        for (partners, indicators) in [(0, 0), (1, 1), (2, 3), (12, 4), (60, 10)] {
            let what = format!("{partners} partners by {indicators} indicators");
            let (spec, records) = card(partners, indicators, label, true);
            proved(&what, (spec.clone(), records.clone()));
            proved(&format!("{what} in groups"), (within(spec), records));
            proved(&format!("{what} without draws"), card(partners, indicators, label, false));
        }
    }
    proved("300 partners", card(300, 4, long, true));
}

#[test]
fn texts_of_rank_intervals_keep_apart() {
    for label in LABELS {
        for partners in [0, 1, 2, 12, 60] {
            let (spec, records) = ranks(partners, label);
            proved(&format!("{partners} ranks"), (spec.clone(), records.clone()));
            proved(&format!("{partners} ranks in groups"), (within(spec), records));
        }
    }
    proved("300 ranks", ranks(300, unbroken));
}

#[test]
fn texts_of_contrasts_keep_apart() {
    for label in LABELS {
        for rows in [0, 1, 2, 9, 40] {
            proved(&format!("{rows} differences"), contrast(rows, label));
        }
    }
}

#[test]
fn a_score_card_says_what_its_signs_mean() {
    let (spec, records) = card(12, 4, short, true);
    let shown = texts(&spec, &records);
    let has = |start: &str| shown.iter().any(|text| text.starts_with(start));
    // Partner 7 has no score, partner 3 no value of the second indicator; the third is constant.
    for text in ["no score", "–", "not counted", "weight 25%", "1–10"] {
        assert!(shown.contains(&text.to_owned()), "{text}: {shown:?}");
    }
    for note in [
        "“no score”: ",
        "“–”: ",
        "“not counted”: ",
        "Small figures beside a rank",
        "Equal scores share",
        "* base of 30",
    ] {
        assert!(has(note), "{note}: {shown:?}");
    }
    assert!(has("Indicator P1: the bars count what is left"), "{shown:?}");
    let figure = spec.figure(&records).unwrap();
    let alt = figure.alt();
    assert!(
        alt.starts_with("Score card of 12 partners by 4 indicators: Indicator P0 (weight 25%), "),
        "{alt}"
    );
    assert!(alt.contains("First: P0 (rank 1, score 90, between ranks 1–10)"), "{alt}");
    assert!(alt.contains("One partner has no score."), "{alt}");
    // The partner without a score comes last, and everything is in the data.
    let rows = &figure.data().rows;
    assert_eq!((rows.len(), rows[11][0].as_str(), rows[11][2].as_str()), (12, "", "P6"));
    // Nothing is explained that is not there.
    let (spec, records) = card(2, 1, short, false);
    let shown = texts(&spec, &records);
    assert!(
        shown.iter().all(|text| !text.starts_with("Small figures") && !text.contains("no score")),
        "{shown:?}"
    );
}

#[test]
fn the_picture_of_a_few_shows_where_they_stand_among_all() {
    let (mut spec, records) = card(40, 3, short, true);
    let ids = records.column("partner_id").unwrap().str().unwrap();
    let few = records.filter(&(ids.equal("P-30") | ids.equal("P-25"))).unwrap();
    let (_, partners) = ranks(40, short);
    let ranking = Ranking::read(&partners, None).unwrap();
    let Mark::Scorecard(mark) = &mut spec.mark else { unreachable!() };
    mark.ranking = Some(ranking.clone());
    let shown = texts(&spec, &few);
    for text in ["23", "28", "bronze", "watch"] {
        assert!(shown.contains(&text.to_owned()), "{text}: {shown:?}");
    }
    assert!(
        shown.iter().any(|text| text.starts_with("Ranks and tiers are those among all 35 partners")),
        "{shown:?}"
    );
    let (mut spec, records) = ranks(40, short);
    let few = records.slice(24, 3);
    let Mark::Ranks(mark) = &mut spec.mark else { unreachable!() };
    mark.ranking = Some(Ranking::read(&records, None).unwrap());
    let shown = texts(&spec, &few);
    // The axis goes to the last rank of all, 35 of the forty being ranked.
    assert_eq!(shown.iter().filter(|text| *text == "35").count(), 2, "{shown:?}");
}

#[test]
fn a_limit_leaves_out_the_last_and_says_so() {
    for (mut spec, records) in [card(300, 2, short, true), ranks(300, short)] {
        spec.limit = Some(20);
        let shown = texts(&spec, &records);
        let note = "Shown: 20 of 300 partners; all are in the data of this chart.";
        assert!(shown.contains(&note.to_owned()), "{shown:?}");
        assert_eq!(spec.figure(&records).unwrap().data().rows.len(), 300);
    }
    let (mut spec, records) = contrast(40, short);
    spec.limit = Some(3);
    // Those of the largest effects, which here are below zero and last.
    let figure = spec.figure(&records).unwrap();
    assert_eq!(figure.data().rows.len(), 40);
    let shown = texts(&spec, &records);
    let kept: Vec<&String> = shown.iter().filter(|text| text.starts_with("Asks for: ")).collect();
    assert_eq!(kept, ["Asks for: P37", "Asks for: P38", "Asks for: P39"], "{shown:?}");
}

#[test]
fn rank_intervals_say_which_tiers_are_not_sure() {
    let (spec, records) = ranks(12, short);
    let figure = spec.figure(&records).unwrap();
    let alt = figure.alt();
    assert!(alt.starts_with("Rank intervals of 12 partners"), "{alt}");
    assert!(alt.contains("Reaching into another tier: 11 of 11 intervals."), "{alt}");
    let shown = texts(&spec, &records);
    assert!(
        shown
            .iter()
            .any(|text| text.starts_with("Dashed lines: the ends of tiers. 11 of 11 intervals reach")),
        "{shown:?}"
    );
    assert!(shown.contains(&"100%".to_owned()) && shown.contains(&"no score".to_owned()), "{shown:?}");
    assert_eq!(figure.data().header[5..], ["Middle rank", "Draws in “gold”"]);
}

#[test]
fn a_contrast_fills_only_what_holm_leaves() {
    let (spec, records) = contrast(9, short);
    let figure = spec.figure(&records).unwrap();
    let alt = "What sets “gold” apart from “P3”, 9 comparisons. Significant after Holm's correction: P0 (1,234,568 in \
               “gold”, −40 in “P3”). Base: 3 to 12 partners in “gold”, 24 partners in “P3”.";
    assert_eq!(figure.alt(), alt);
    let shown = texts(&spec, &records);
    for text in ["< 0.001", "no comparison", "higher in “gold”", "higher in “P3”", "Asks for: P2**", "13%"]
    {
        assert!(shown.contains(&text.to_owned()), "{text}: {shown:?}");
    }
    // One row of nine is filled: the others have a white circle in their own.
    let rings = |figure: &Figure| figure.svg().unwrap().matches("<circle").count();
    let none = records.slice(1, 8);
    assert_eq!(rings(&figure) - rings(&spec.figure(&none).unwrap()), 2, "a point of two circles");
    assert!(spec.figure(&none).unwrap().alt().contains("No difference is significant"));
}

#[test]
fn scores_below_zero_grow_to_the_left() {
    let (spec, records) = card(6, 1, short, false);
    let lowered: Vec<Option<f64>> = (0..6).map(|p| Some(2.0 - p as f64)).collect();
    let records = records.drop_many(["score", "normalised"]);
    let records = records
        .hstack(&[Column::new("score".into(), lowered.clone()), Column::new("normalised".into(), lowered)])
        .unwrap();
    let shown = texts(&spec, &records);
    assert!(shown.contains(&"−3".to_owned()), "{shown:?}");
    proved("scores below zero", (spec, records));
}

#[test]
fn the_same_partners_give_the_same_bytes() {
    for (spec, records) in [card(20, 3, long, true), ranks(20, long), contrast(12, long)] {
        let (one, two) = (spec.figure(&records).unwrap(), spec.figure(&records.clone()).unwrap());
        assert_eq!(one.svg().unwrap(), two.svg().unwrap());
        assert_eq!(one.png().unwrap(), two.png().unwrap());
    }
}
