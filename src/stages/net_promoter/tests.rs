use polars::prelude::{DataFrame, DataType, IntoLazy, LazyFrame, col, df, lit};

use super::*;
use crate::diagnostic::{CautionCode, Diagnostic};
use crate::{Applied, ApplyError, apply};

fn answers() -> LazyFrame {
    df!(
        "^re.*$" => [Some(9.0), Some(10.0), Some(0.0), Some(7.0), Some(f64::NAN), Some(1e300)],
        "year" => [Some(2026), None, Some(2025), Some(2026), Some(2025), None],
        "n" => ["a", "b", "c", "d", "e", "f"],
        "w" => [1.0, 1.0, 1.0, 90.0, 1.0, 1.0],
    )
    .unwrap()
    .lazy()
}

fn codes(stage: NetPromoter) -> Vec<&'static str> {
    match apply(stage, answers()) {
        Err(ApplyError::Check(found)) => found.iter().map(|told| told.code.word()).collect(),
        _ => panic!("the options fit"),
    }
}

fn told(made: &Applied) -> Vec<(CautionCode, &str)> {
    made.cautions.iter().map(|caution| (caution.code, caution.key.as_str())).collect()
}

#[test]
fn groups_keep_their_type_and_the_missing_one_is_last() {
    let made = apply(NetPromoter::new("^re.*$").by(["year"]), answers()).unwrap();
    let year = made.table.column("year").unwrap().i32().unwrap();
    assert_eq!(year.iter().collect::<Vec<_>>(), [Some(2025), Some(2026), None]);
    let n = |name: &str| made.table.column(name).unwrap().i64().unwrap().iter().flatten().collect::<Vec<_>>();
    assert_eq!((n("n"), n("n_missing"), n("n_invalid")), (vec![1, 2, 1], vec![1, 0, 0], vec![0, 0, 1]));
    let keys = ["year=2025", "year=2026", "year=null"].map(|key| (CautionCode::SmallBase, key));
    assert_eq!(told(&made)[..3], keys);
}

#[test]
fn heavy_weights_are_told_of() {
    let made = apply(NetPromoter::new("^re.*$").weight("w"), answers()).unwrap();
    assert!(told(&made).contains(&(CautionCode::HeavyWeights, "")), "{:?}", made.cautions);
}

#[test]
fn without_rows_there_is_no_score() {
    let made = apply(NetPromoter::new("^re.*$").filter("year > 3000"), answers()).unwrap();
    assert_eq!((made.table.height(), told(&made)), (1, vec![(CautionCode::NoRows, "")]));
    assert_eq!(made.table.column("estimate").unwrap().null_count(), 1);
    let made = apply(NetPromoter::new("^re.*$").by(["year"]).filter("year > 3000"), answers()).unwrap();
    assert_eq!((made.table.height(), made.sides["total"].height()), (0, 1));
}

#[test]
fn every_mistake_is_told_at_once() {
    let mut stage = NetPromoter::new("score").by(["n"]).weight("v").confidence(95.0);
    stage.min_base = 200.into();
    let expected = ["unknown-column", "unknown-column", "out-of-range", "duplicate-column", "invalid-option"];
    assert_eq!(codes(stage), expected);
}

fn numbers(table: &DataFrame, column: &str) -> Vec<Option<f64>> {
    let column = table.column(column).unwrap().cast(&DataType::Float64).unwrap();
    column.f64().unwrap().iter().collect()
}

fn words(table: &DataFrame, column: &str) -> Vec<Option<String>> {
    let column = table.column(column).unwrap().cast(&DataType::String).unwrap();
    column.str().unwrap().iter().map(|word| word.map(str::to_owned)).collect()
}

/// What the data is refused for.
fn refused(stage: NetPromoter, rows: &DataFrame) -> Diagnostic {
    match apply(stage, rows.clone().lazy()) {
        Err(ApplyError::Run(RunError::Data(mut told))) => told.remove(0),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the data fits"),
    }
}

/// Two groups, one of them missing, in three waves; Ann moved from one to the other.
fn panel() -> DataFrame {
    df!(
        "area" => [Some("a"), Some("a"), Some("a"), None, None, None, Some("a"), Some("a"), None],
        "wave" => [Some(1), Some(2), Some(3), Some(1), Some(3), Some(3), Some(1), Some(2), Some(2)],
        "who" => [Some("Ann"), Some("Ann"), Some("Bob"), Some("Cem"), Some("Cem"), Some("Ann"), Some("Bob"),
            None, Some("Dan")],
        "score" => [Some(0), Some(10), Some(7), Some(10), Some(8), Some(9), Some(9), Some(9), None],
        "w" => [1.0, 2.0, 1.0, 1.0, 3.0, 1.0, 1.0, 1.0, 1.0],
    )
    .unwrap()
}

#[test]
fn pairs_are_people_who_stayed_in_their_group() {
    let stage = NetPromoter::new("score").by(["area"]).wave("wave").respondent("who").weight("w");
    let made = apply(stage, panel().lazy()).unwrap().table;
    // a in 1, 2, 3, then null in 1, 2, 3. In a: Ann moved up by 200 to wave 2; Bob was absent there.
    // In null: Cem moved down by 100 from 1 to 3; nobody has an answer in 2.
    let with = words(&made, "compared_with");
    assert_eq!(
        with.iter().map(Option::as_deref).collect::<Vec<_>>(),
        [None, Some("1"), Some("2"), None, None, Some("1")]
    );
    assert_eq!(numbers(&made, "n_pairs"), [None, Some(1.0), Some(0.0), None, None, Some(1.0)]);
    assert_eq!(numbers(&made, "change"), [None, Some(200.0), None, None, None, Some(-100.0)]);
    // One pair has no spread to show.
    assert_eq!(made.column("change_std_error").unwrap().null_count(), 6);
    assert_eq!(made.column("change_mark").unwrap().null_count(), 6);
}

#[test]
fn first_and_named_waves() {
    let pairs = |against: Against| {
        let stage = NetPromoter::new("score").wave("wave").respondent("who").against(against);
        let made = apply(stage, panel().lazy()).unwrap().table;
        (words(&made, "compared_with"), numbers(&made, "n_pairs"))
    };
    let one = || Some("1".to_owned());
    // Of Ann, Bob and Cem in wave 1, Ann is there in 2, all in 3.
    assert_eq!(pairs(Against::First), (vec![None, one(), one()], vec![None, Some(1.0), Some(3.0)]));
    assert_eq!(pairs(Against::Wave("1".to_owned().into())), pairs(Against::First));
    let two = pairs(Against::Wave("2".to_owned().into()));
    assert_eq!(two, (vec![None, None, Some("2".to_owned())], vec![None, None, Some(1.0)]));
}

#[test]
fn waves_may_be_text_numbers_or_dates() {
    let rows = panel()
        .lazy()
        .with_column((col("wave").cast(DataType::Int32) * lit(31)).cast(DataType::Date).alias("day"));
    let rows = rows.with_column(col("day").dt().to_string("%Y-%m").alias("month"));
    for (column, named) in [("day", "1970-02-01"), ("month", "1970-02"), ("wave", "1")] {
        let stage = || NetPromoter::new("score").wave(column).against(Against::Wave(named.to_owned().into()));
        let paired = apply(stage().respondent("who"), rows.clone()).unwrap().table;
        assert_eq!(numbers(&paired, "n_pairs"), [None, Some(1.0), Some(3.0)], "{column}");
        let apart = apply(stage(), rows.clone()).unwrap().table;
        assert_eq!(words(&apart, "compared_with")[1].as_deref(), Some(named));
        assert_eq!(words(&apart, "compared_with"), words(&paired, "compared_with"));
    }
}

#[test]
fn a_gap_is_told_and_nothing_is_made_up() {
    let made = apply(NetPromoter::new("score").by(["area"]).wave("wave"), panel().lazy()).unwrap();
    assert!(told(&made).contains(&(CautionCode::WaveGap, "area=null, wave=3")), "{:?}", made.cautions);
    // Wave 2 of the missing area has a row, without a score.
    assert_eq!(numbers(&made.table, "estimate")[4], None);
    let named = NetPromoter::new("score").by(["area"]).wave("wave");
    let made = apply(named.against(Against::Wave("2".to_owned().into())), panel().lazy()).unwrap();
    let gap = made.cautions.iter().find(|told| told.code == CautionCode::WaveGap).unwrap();
    assert!(gap.message.ends_with("not compared, since there is no usable answer in 2"), "{}", gap.message);
    assert_eq!(words(&made.table, "compared_with")[5], None);
}

#[test]
fn an_unknown_wave_is_refused() {
    let stage = NetPromoter::new("score").wave("wave").against(Against::Wave("9".to_owned().into()));
    let told = refused(stage.clone(), &panel());
    assert_eq!(
        (told.code, told.notes[0].as_str()),
        (crate::diagnostic::Code::UnusableData, "the waves are 1, 2, 3")
    );
    // Without any wave there is nothing to contradict.
    let made = apply(stage.filter("score > 99"), panel().lazy()).unwrap();
    assert_eq!(made.table.height(), 0);
}

#[test]
fn people_answer_once_a_wave() {
    let twice = panel().lazy().with_column(lit("Ann").alias("who")).collect().unwrap();
    let stage = NetPromoter::new("score").by(["area"]).wave("wave").respondent("who");
    let told = refused(stage.clone(), &twice);
    assert_eq!(told.code, crate::diagnostic::Code::DuplicateRecord);
    assert_eq!(told.labels[0].text, "Ann answers 3 times in 1, and 2 more do");
    // Rows that are in no base do not count as answers.
    apply(stage.filter("score IS NULL"), twice.lazy()).unwrap();
}

/// Two stores, asked in two waves; by hand.
fn stores() -> DataFrame {
    df!(
        "store" => [1, 1, 2, 2, 1, 1, 2, 2],
        "wave" => [1, 1, 1, 1, 2, 2, 2, 2],
        "score" => [10, 9, 0, 7, 10, 9, 3, 8],
        "half" => ["n", "n", "s", "s", "n", "n", "s", "s"],
        "units" => [4, 4, 4, 4, 4, 4, 4, 4],
    )
    .unwrap()
}

#[test]
fn waves_of_the_same_clusters_are_not_independent() {
    let wald = NetPromoter::new("score").wave("wave").interval(Interval::Wald);
    let made = apply(wald.clone().cluster("store"), stores().lazy()).unwrap().table;
    // Either wave: 50 −25 points off by 2 · 75 and −2 · 75 over 4, so (75 + 0)² = 5625 and 75 points of error.
    assert_eq!(numbers(&made, "std_error"), [Some(75.0), Some(75.0)]);
    // The stores answered alike in both waves: the change of nought has no error at all.
    assert_eq!(numbers(&made, "change_std_error")[1], Some(0.0));
    assert_eq!(words(&made, "change_mark")[1], None);
    let apart = apply(wald, stores().lazy()).unwrap().table;
    assert!(numbers(&apart, "change_std_error")[1] > Some(40.0));
}

#[test]
fn a_group_is_a_domain_of_the_sample() {
    let by_filter = NetPromoter::new("score").cluster("store").filter("wave = 1");
    let by_group = NetPromoter::new("score").cluster("store").by(["wave"]);
    let (filtered, grouped) =
        (apply(by_filter, stores().lazy()).unwrap().table, apply(by_group, stores().lazy()).unwrap().table);
    assert_eq!(filtered.height(), 1);
    for figure in ["n", "estimate", "std_error", "conf_low"] {
        assert_eq!(numbers(&filtered, figure)[0], numbers(&grouped, figure)[0], "{figure}");
    }
}

#[test]
fn populations_leave_less_error() {
    let stage = NetPromoter::new("score").cluster("store").interval(Interval::Wald);
    let large = apply(stage.clone(), stores().lazy()).unwrap().table;
    let small = apply(stage.population("units"), stores().lazy()).unwrap().table;
    let (large, small) = (numbers(&large, "std_error")[0].unwrap(), numbers(&small, "std_error")[0].unwrap());
    // Two of four units: half of the variance is left.
    assert!((small * small * 2.0 - large * large).abs() < 1e-9 * large * large);
}

#[test]
fn what_is_wrong_with_a_design_is_told() {
    let stage = || NetPromoter::new("score").strata("half").cluster("store");
    let lonely = refused(stage(), &stores());
    assert_eq!(lonely.labels[0].text, "only one value of `store` in half=n");
    let centred = apply(stage().lonely_psu(LonelyPsu::Centre), stores().lazy()).unwrap().table;
    assert!(numbers(&centred, "std_error")[0] > Some(0.0));
    let few = stores().lazy().with_column(lit(1).alias("units")).collect().unwrap();
    let told = refused(NetPromoter::new("score").cluster("store").population("units"), &few);
    assert_eq!(told.labels[0].text, "2 drawn of 1");
    let several = stores().lazy().with_column(col("wave").alias("units")).collect().unwrap();
    let told = refused(NetPromoter::new("score").strata("half").population("units"), &several);
    assert_eq!(told.labels[0].text, "`units` has more than one value in half=n");
    let holes = stores().lazy().with_column(lit(polars::prelude::NULL).alias("units")).collect().unwrap();
    let told = refused(
        NetPromoter::new("score").population("units"),
        &holes.lazy().with_column(col("units").cast(DataType::Int64)).collect().unwrap(),
    );
    assert_eq!(told.labels[0].text, "`units` is missing");
    let missing = df!("score" => [9, 0], "store" => [Some(1), None]).unwrap();
    let told = refused(NetPromoter::new("score").cluster("store"), &missing);
    assert_eq!(told.labels[0].text, "`store` is missing in 1 row");
}

#[test]
fn paired_waves_of_clusters() {
    // Store 1: both people up by 100; store 2: one down by 100, one stays. Mean 25. Off by 75, 75,
    // −125, −25 over 4: 37.5 and −37.5, so 75² and 75 points on one degree of freedom.
    let rows = df!(
        "who" => [1, 2, 3, 4, 1, 2, 3, 4],
        "store" => [1, 1, 2, 2, 1, 1, 2, 2],
        "wave" => [1, 1, 1, 1, 2, 2, 2, 2],
        "score" => [7, 0, 8, 9, 9, 8, 5, 10],
    )
    .unwrap();
    let stage = NetPromoter::new("score").wave("wave").respondent("who").cluster("store");
    let made = apply(stage, rows.lazy()).unwrap().table;
    let figure = |name: &str| numbers(&made, name)[1].unwrap();
    assert_eq!((figure("change"), figure("n_pairs"), figure("change_df")), (25.0, 4.0, 1.0));
    assert!((figure("change_std_error") - 75.0).abs() < 1e-12);
}

#[test]
fn wrong_combinations_are_told_with_their_place() {
    let lacks_wave = NetPromoter::new("w").against(Against::First).respondent("n").change_by("year");
    assert_eq!(codes(lacks_wave), ["invalid-option"; 3]);
    let stage = NetPromoter::new("w").compare(Compare::Rest).lonely_psu(LonelyPsu::Centre);
    assert_eq!(codes(stage), ["invalid-option"; 2]);
    let stage = NetPromoter::new("w").variance(Variance::Frequency).strata("year").cluster("year");
    assert_eq!(codes(stage), ["invalid-option"; 2]);
    assert_eq!(codes(NetPromoter::new("w").wave("w")), ["column-type"]);
    assert_eq!(
        codes(NetPromoter::new("w").by(["year"]).wave("year").change_by("year")),
        ["duplicate-column"; 2]
    );
    let named = |wave: &str| Against::Wave(wave.to_owned().into());
    assert_eq!(codes(NetPromoter::new("w").wave("year").against(named("last"))), ["invalid-option"]);
    assert_eq!(codes(NetPromoter::new("w").wave("nobody").respondent("nowhere")), ["unknown-column"; 2]);
    // The user's `n` beside the one of the change.
    assert_eq!(codes(NetPromoter::new("w").wave("year").change_by("n")), ["duplicate-column"]);
}

/// Ninety answers by rules, in clusters that run through strata, waves and groups. The figures are
/// those of a Python script that adds up the linearised values unit by unit, from the definition.
#[test]
fn differences_by_design_are_those_of_another_program() {
    let of = |value: fn(i32) -> i32| (0..90).map(value).collect::<Vec<i32>>();
    let rows = df!(
        "stratum" => of(|i| i % 3),
        "unit" => of(|i| i * 7 % 11),
        "units" => of(|i| [20, 15, 30][i as usize % 3]),
        "wave" => of(|i| i / 45),
        "area" => of(|i| i % 2),
        "score" => of(|i| (i * i * 5 + 3 * i) % 13),
        "w" => of(|i| 4 + i * 13 % 7),
    )
    .unwrap();
    let stage = NetPromoter::new("score").wave("wave").weight("w").interval(Interval::Wald);
    let stage = stage.strata("stratum").cluster("unit").population("units");
    let made = apply(stage.clone(), rows.clone().lazy()).unwrap().table;
    let close = |table: &DataFrame, column: &str, row: usize, expected: f64| {
        let actual = numbers(table, column)[row].unwrap();
        assert!((actual - expected).abs() <= 1e-9 * expected.abs(), "{column}: {actual}, not {expected}");
    };
    close(&made, "estimate", 0, -56.151_419_558_359_62);
    close(&made, "std_error", 0, 7.978_261_633_293_245);
    close(&made, "estimate", 1, -66.349_206_349_206_36);
    close(&made, "std_error", 1, 6.687_759_077_112_572);
    close(&made, "change", 1, -10.197_786_790_846_735);
    close(&made, "change_std_error", 1, 12.105_574_429_143_227);
    close(&made, "change_df", 1, 29.0);
    let made = apply(stage.by(["area"]).compare(Compare::Rest), rows.lazy()).unwrap().table;
    close(&made, "rest_difference", 1, -15.019_762_845_849_797);
    close(&made, "rest_std_error", 1, 14.180_705_537_585_116);
}

#[test]
fn what_is_not_a_number_is_the_missing_group() {
    let rows = df!(
        "area" => [Some(0.5f32), Some(f32::NAN), None, Some(0.5), None, Some(f32::NAN)],
        "wave" => [1, 1, 1, 2, 2, 2],
        "who" => [1, 2, 3, 1, 2, 3],
        "score" => [9, 9, 9, 0, 8, 9],
    )
    .unwrap();
    let stage = NetPromoter::new("score").by(["area"]).wave("wave").respondent("who");
    let made = apply(stage, rows.lazy()).unwrap().table;
    assert_eq!(made.column("area").unwrap().dtype(), &DataType::Float32);
    assert_eq!(numbers(&made, "n"), [1.0, 1.0, 2.0, 2.0].map(Some));
    assert_eq!(numbers(&made, "n_pairs"), [None, Some(1.0), None, Some(2.0)]);
}
