//! The proof that the texts of a picture neither meet nor leave it: read back from the SVG and
//! measured with the font of the page, for every mark, from one row to forty, with labels of sixty
//! accented characters.

use polars::prelude::*;
use regex::Regex;

use super::font::{self, Face};
use super::*;

/// The room of a text in the units of the picture.
#[derive(Debug, Clone)]
pub(super) struct TextBox {
    pub text: String,
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// Every text of an SVG and the size of its picture.
pub(super) fn read(svg: &str) -> (Vec<TextBox>, (f64, f64)) {
    let number = |text: &str| text.parse::<f64>().unwrap();
    let view = Regex::new(r#"viewBox="0 0 (\d+) (\d+)""#).unwrap().captures(svg).unwrap();
    let element = Regex::new(r"(?s)<text ([^>]*)>(.*?)</text>").unwrap();
    let attribute = Regex::new(r#"([a-z-]+)="([^"]*)""#).unwrap();
    let boxes = element
        .captures_iter(svg)
        .map(|found| {
            let get = |name: &str| {
                attribute
                    .captures_iter(found.get(1).unwrap().as_str())
                    .find(|a| &a[1] == name)
                    .map(|a| a[2].to_owned())
            };
            let text = unescape(&found[2]);
            let (x, y) = (number(&get("x").unwrap()), number(&get("y").unwrap()));
            let size = number(&get("font-size").unwrap());
            let face = match (get("font-weight").as_deref(), get("font-style").as_deref()) {
                (Some("bold"), None) => Face::Bold,
                (None, Some("italic")) => Face::Italic,
                (None, None) => Face::Regular,
                other => panic!("a cut that is not embedded: {other:?}"),
            };
            let length = font::width(&text, size, face);
            let start = match get("text-anchor").as_deref() {
                None => 0.0,
                Some("middle") => -length / 2.0,
                Some("end") => -length,
                other => panic!("{other:?}"),
            };
            // The room of accented capitals and descenders, whether this text has them or not.
            let (above, below) = (0.98 * size, 0.24 * size);
            let (left, top, right, bottom) = match get("transform").as_deref() {
                None => (x + start, y - above, x + start + length, y + below),
                Some(turn) => {
                    assert_eq!(turn, format!("rotate(270, {x}, {y})"));
                    (x - above, y - start - length, x + below, y - start)
                }
            };
            assert!(get("dy").is_none());
            TextBox { text, left, top, right, bottom }
        })
        .collect();
    (boxes, (number(&view[1]), number(&view[2])))
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// What is wrong with the texts of a picture: nothing, or every pair that meets and every one outside.
fn troubles(svg: &str) -> Vec<String> {
    let (boxes, (width, height)) = read(svg);
    // Positions are whole pixels, two to one of the screen.
    let slack = 1.0;
    let mut out = Vec::new();
    for (at, one) in boxes.iter().enumerate() {
        if one.left < -slack || one.top < -slack || one.right > width + slack || one.bottom > height + slack {
            out.push(format!("outside: {one:?} of {width}×{height}"));
        }
        for other in &boxes[at + 1..] {
            let wide = one.right.min(other.right) - one.left.max(other.left);
            let high = one.bottom.min(other.bottom) - one.top.max(other.top);
            if wide > slack && high > slack {
                out.push(format!("`{}` meets `{}` by {wide:.1}×{high:.1}", one.text, other.text));
            }
        }
    }
    out
}

/// Sixty accented characters, different for each row.
pub(super) fn long(row: usize) -> String {
    let words =
        ["Öffentlichkeitsarbeit", "Éléonore", "Ångström", "São", "Überführung", "Ÿ", "Çédille", "Ñandú"];
    let mut label = format!("{row} ");
    for at in 0.. {
        if label.chars().count() >= 60 {
            break;
        }
        label.push_str(words[(row + at) % words.len()]);
        label.push(' ');
    }
    label.chars().take(60).collect()
}

pub(super) fn unbroken(row: usize) -> String {
    format!("{row:02}{}", "ÉÅÜŸ".repeat(15)).chars().take(60).collect()
}

pub(super) fn short(row: usize) -> String {
    format!("P{row}")
}

pub(super) fn spec(mark: Mark) -> Spec {
    Spec {
        title: Some(
            "Réseau Île-de-France: who recommends us, and who does not, after a year of change".into(),
        ),
        subtitle: Some("Net promoter score by région, weighted, 95 % interval, October 2026".into()),
        notes: vec!["Base: all answers of the wave. Source: survey of partners.".into()],
        ..Spec::new(mark)
    }
}

/// Words of a test that found something in about every other row.
fn words_of_findings(rows: usize) -> Vec<Option<&'static str>> {
    const WORDS: [Option<&str>; 6] =
        [Some("higher"), Some("same"), Some("lower"), None, Some("slightly higher"), Some("slightly lower")];
    (0..rows).map(|row| WORDS[row * 5 % 6]).collect()
}

fn words(column: &str) -> Option<String> {
    Some(column.to_owned())
}

pub(super) fn bars(rows: usize, label: fn(usize) -> String, sign: f64) -> (Spec, DataFrame) {
    let value: Vec<Option<f64>> =
        (0..rows).map(|r| (r % 11 != 5).then(|| sign * (r as f64 * 37.0 % 91.0 - 12.3))).collect();
    let n: Vec<i64> = (0..rows).map(|r| (r as i64 * 531) % 4000 + 3).collect();
    let records = df! {
        "partner" => (0..rows).map(label).collect::<Vec<_>>(),
        "estimate" => &value,
        "conf_low" => value.iter().map(|v| v.map(|v| v - 6.0)).collect::<Vec<_>>(),
        "conf_high" => value.iter().map(|v| v.map(|v| v + 7.0)).collect::<Vec<_>>(),
        "n" => n,
    };
    let mark = Bar {
        label: vec!["partner".into()],
        value: "estimate".into(),
        low: words("conf_low"),
        high: words("conf_high"),
        n: words("n"),
        base_mark: None,
    };
    (spec(Mark::Bar(mark)), records.unwrap())
}

pub(super) fn net_promoter_bars(rows: usize, label: fn(usize) -> String) -> (Spec, DataFrame) {
    let n: Vec<i64> = (0..rows).map(|r| if r == 3 { 0 } else { (r as i64 * 131) % 700 + 9 }).collect();
    let promoters: Vec<Option<f64>> =
        (0..rows).map(|r| (r != 3).then(|| 0.2 + (r as f64 * 7.0 % 10.0) / 16.0)).collect();
    let passives: Vec<Option<f64>> = promoters.iter().map(|p| p.map(|p| (1.0 - p) * 0.6)).collect();
    let detractors: Vec<Option<f64>> = promoters.iter().map(|p| p.map(|p| (1.0 - p) * 0.4)).collect();
    let score: Vec<Option<f64>> =
        promoters.iter().zip(&detractors).map(|(p, d)| Some((p.as_ref()? - d.as_ref()?) * 100.0)).collect();
    let records = df! {
        "region" => (0..rows).map(|r| (r > 0).then(|| label(r))).collect::<Vec<_>>(),
        "share_promoters" => promoters,
        "share_passives" => passives,
        "share_detractors" => detractors,
        "estimate" => &score,
        "conf_low" => score.iter().map(|v| v.map(|v| v - 9.0)).collect::<Vec<_>>(),
        "conf_high" => score.iter().map(|v| v.map(|v| v + 9.0)).collect::<Vec<_>>(),
        "n" => n,
        "rest_mark" => words_of_findings(rows),
    };
    let mark = NetPromoter {
        label: vec!["region".into()],
        promoters: "share_promoters".into(),
        passives: "share_passives".into(),
        detractors: "share_detractors".into(),
        estimate: "estimate".into(),
        low: words("conf_low"),
        high: words("conf_high"),
        n: words("n"),
        base_mark: None,
        findings: vec!["rest_mark".into()],
    };
    (spec(Mark::NetPromoter(mark)), records.unwrap())
}

pub(super) fn lines(
    places: usize,
    series: usize,
    label: fn(usize) -> String,
    text_x: bool,
) -> (Spec, DataFrame) {
    let (mut x, mut name, mut value, mut n) = (vec![], vec![], vec![], vec![]);
    for s in 0..series {
        for p in 0..places {
            x.push(if text_x { label(p) } else { format!("20{:02}-{:02}-01", 20 + p / 12, p % 12 + 1) });
            name.push(label(s));
            let wobble = ((p * 13 + s * 29) % 17) as f64;
            value.push((p % 9 != 4 || s > 0).then_some(s as f64 * 2.0 + wobble - 8.0));
            n.push(((p * 57 + s * 91) % 300) as i64 + 12);
        }
    }
    let records = df! {
        "wave" => x,
        "region" => name,
        "conf_low" => value.iter().map(|v| v.map(|v| v - 4.0)).collect::<Vec<_>>(),
        "conf_high" => value.iter().map(|v| v.map(|v| v + 4.0)).collect::<Vec<_>>(),
        "change_mark" => words_of_findings(value.len()),
        "estimate" => value,
        "n" => n,
    }
    .unwrap();
    let mut records = records;
    if !text_x {
        let dates = records.column("wave").unwrap().cast(&DataType::Date).unwrap();
        records.with_column(dates).unwrap();
    }
    let mark = Line {
        x: "wave".into(),
        y: "estimate".into(),
        series: vec!["region".into()],
        low: words("conf_low"),
        high: words("conf_high"),
        n: words("n"),
        base_mark: None,
        findings: vec!["change_mark".into()],
        compared_with: None,
    };
    (Spec { number: Some(Number::Score), ..spec(Mark::Line(mark)) }, records)
}

pub(super) fn heat_map(rows: usize, columns: usize, label: fn(usize) -> String) -> (Spec, DataFrame) {
    let (mut rg, mut r, mut cg, mut c, mut share, mut index, mut n) =
        (vec![], vec![], vec![], vec![], vec![], vec![], vec![]);
    let (mut kind, mut net, mut estimate, mut letter, mut letters, mut suppressed) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    let name = |column: usize| char::from(b'A' + (column % columns.div_ceil(2) % 26) as u8).to_string();
    for row in 0..rows {
        for column in 0..columns {
            rg.push(if row < rows / 2 { "buying_phase" } else { "information_source_before_the_purchase" });
            r.push(label(row));
            cg.push(if column < columns.div_ceil(2) { "persona" } else { "region" });
            c.push(label(column));
            let value = ((row * 31 + column * 17) % 60) as f64 / 60.0;
            share.push((row != 2 || column != 1).then_some(value));
            index.push((row != 2 || column != 1).then_some(60.0 + value * 80.0));
            n.push(if column == 2 { 21 } else { 48 + 413 * column as i64 });
            kind.push(match row {
                _ if row == rows / 2 => "net",
                _ if row + 1 == rows && row > 2 => "nps",
                _ if row + 2 == rows && row > 2 => "mean",
                _ => "answer",
            });
            net.push((row > rows / 2 && row + 2 < rows).then_some("a net"));
            estimate.push(value * 150.0 - 50.0);
            letter.push((column % 7 != 6).then(|| name(column)));
            // All letters of a wide banner in one cell, none in others.
            let all: String = (0..columns.div_ceil(2)).map(name).collect();
            letters.push(match (row + column) % 4 {
                0 => Some(all.to_lowercase()),
                1 => Some(all.chars().take(2).collect()),
                _ => None,
            });
            suppressed.push((row == 1 && column % 3 == 0).then_some("small"));
        }
    }
    let records = df! {
        "row_variable" => rg, "row_value" => r, "column_variable" => cg, "column_value" => c,
        "column_share" => share, "index" => index, "column_base" => n, "row_kind" => kind, "net" => net,
        "vs_rest" => words_of_findings(rows * columns), "estimate" => estimate, "letter" => letter,
        "letters" => letters, "suppressed" => suppressed,
    };
    let mark = HeatMap {
        row_group: words("row_variable"),
        row: "row_value".into(),
        column_group: words("column_variable"),
        column: "column_value".into(),
        value: "column_share".into(),
        index: "index".into(),
        total: None,
        base: words("column_base"),
        base_mark: None,
        kind: words("row_kind"),
        net: words("net"),
        estimate: words("estimate"),
        letter: words("letter"),
        letters: words("letters"),
        findings: vec!["vs_total".into(), "vs_rest".into()],
        suppressed: words("suppressed"),
        titles: [("buying_phase".to_owned(), "Where in the purchase are you, Öffentlichkeit?".repeat(4))]
            .into(),
    };
    let mut records = records.unwrap();
    let untested = Column::full_null("vs_total".into(), records.height(), &DataType::String);
    records.with_column(untested).unwrap();
    (spec(Mark::HeatMap(mark)), records)
}

pub(super) fn change(rows: usize, label: fn(usize) -> String, size: f64) -> (Spec, DataFrame) {
    let of = |value: fn(usize) -> f64| {
        (0..rows).map(|row| (row != 4).then(|| value(row) * size)).collect::<Vec<_>>()
    };
    let records = df! {
        "region" => (0..rows).map(|row| (row > 0).then(|| label(row))).collect::<Vec<_>>(),
        "score_before" => of(|row| (row * 37 % 91) as f64 - 30.3),
        "score_after" => of(|row| (row * 53 % 91) as f64 - 30.3),
        "share_before" => (0..rows).map(|row| (row * 7 % 10) as f64 / 10.0).collect::<Vec<_>>(),
        "share_after" => (0..rows).map(|row| (row * 3 % 10) as f64 / 10.0).collect::<Vec<_>>(),
        "mix" => of(|row| (row * 29 % 13) as f64 / 3.0 - 1.7),
        "rate" => of(|row| 2.2 - (row * 17 % 11) as f64 / 2.0),
        "change" => of(|row| 4.4 - (row * 23 % 9) as f64),
        "n_before" => (0..rows).map(|row| (row as i64 * 97) % 260 + 11).collect::<Vec<_>>(),
        "n_after" => (0..rows).map(|row| (row as i64 * 57) % 4000 + 11).collect::<Vec<_>>(),
    };
    let mark = Change {
        label: vec!["region".into()],
        total: None,
        before: "score_before".into(),
        after: "score_after".into(),
        mix: "mix".into(),
        rate: "rate".into(),
        change: words("change"),
        share_before: words("share_before"),
        share_after: words("share_after"),
        n_before: words("n_before"),
        n_after: words("n_after"),
        waves: ("2025-Q4".into(), "2026-Q1".into()),
    };
    (spec(Mark::Change(mark)), records.unwrap())
}

pub(super) fn distribution(groups: usize, label: fn(usize) -> String) -> (Spec, DataFrame) {
    let (mut region, mut answer, mut share, mut n) = (vec![], vec![], vec![], vec![]);
    for group in 0..groups {
        for given in 0..12i64 {
            region.push((group > 0).then(|| label(group)));
            answer.push((given < 11 || group > 1).then_some(given));
            let all = group == 2 && given == 9;
            share.push(if group == 2 { f64::from(u8::from(all)) } else { (given * 5 % 11) as f64 / 55.0 });
            n.push(group as i64 * 83 + 12);
        }
    }
    let records = df! {
        "region" => region, "answer" => answer, "share" => share, "base" => n,
    };
    let mark = Distribution {
        label: vec!["region".into()],
        answer: "answer".into(),
        share: "share".into(),
        n: None,
        base: words("base"),
    };
    (spec(Mark::Distribution(mark)), records.unwrap())
}

pub(super) fn profile(segments: usize, label: fn(usize) -> String, size: f64) -> (Spec, DataFrame) {
    let (mut attribute, mut category, mut segment, mut n) = (vec![], vec![], vec![], vec![]);
    let (mut mean, mut all, mut index, mut effect) = (vec![], vec![], vec![], vec![]);
    for at in 0..7 {
        for one in 0..segments {
            attribute.push(label(at / 2));
            category.push((at % 3 > 0).then(|| label(at + 50)));
            segment.push(label(one));
            n.push((one as i64 * 131) % 700 + 9);
            let share = ((at * 37 + one * 53) % 90) as f64 / 90.0 * size;
            mean.push(share);
            all.push(0.4 * size);
            index.push((at != 5).then_some(share / size / 0.4 * 250.0));
            effect.push((at != 3).then_some(share / size * 3.0 - 1.2));
        }
    }
    let records = df! {
        "attribute" => attribute, "category" => category, "segment" => segment, "n" => n, "mean" => mean,
        "mean_all" => all, "mean_index" => index, "effect" => effect,
    };
    let mark = Profile {
        attribute: "attribute".into(),
        category: words("category"),
        segment: "segment".into(),
        mean: "mean".into(),
        mean_all: "mean_all".into(),
        index: "mean_index".into(),
        effect: "effect".into(),
        n: words("n"),
    };
    (spec(Mark::Profile(mark)), records.unwrap())
}

pub(super) fn holdout(rows: usize, label: fn(usize) -> String, size: f64) -> (Spec, DataFrame) {
    let of = |value: fn(usize) -> f64| {
        (0..rows).map(|row| (row != 4).then(|| value(row) * size)).collect::<Vec<_>>()
    };
    let records = df! {
        "before" => (0..rows).map(|row| if row == 1 { "all".to_owned() } else { label(row) }).collect::<Vec<_>>(),
        "n" => (0..rows).map(|row| (row as i64 * 997) % 40_000 + 11).collect::<Vec<_>>(),
        "actual" => of(|row| (row * 370 % 910) as f64),
        "expected" => of(|row| (row * 530 % 910) as f64),
        "actual_mean" => of(|row| (row * 37 % 91) as f64 / 30.0),
        "expected_mean" => of(|row| (row * 53 % 91) as f64 / 30.0),
    };
    let mark = Holdout {
        label: "before".into(),
        actual_mean: "actual_mean".into(),
        expected_mean: "expected_mean".into(),
        actual: "actual".into(),
        expected: "expected".into(),
        n: words("n"),
    };
    (spec(Mark::Holdout(mark)), records.unwrap())
}

pub(super) fn lifecycle(
    levels: usize,
    periods: usize,
    label: fn(usize) -> String,
    most: i64,
) -> (Spec, DataFrame) {
    let cells: Vec<(usize, usize)> =
        (1..periods).flat_map(|period| (0..levels).map(move |level| (period, level))).collect();
    // Levels of very different size, some of which were empty before or are now.
    let n = |period: usize, level: usize| match (period + level) % 5 {
        0 => 0,
        step => most / (1 + level as i64 * level as i64) * step as i64 / 4,
    };
    let period = |at: usize| format!("2026-Q{}", at + 1);
    let column = |of: &dyn Fn(usize, usize) -> i64| cells.iter().map(|(p, l)| of(*p, *l)).collect::<Vec<_>>();
    let part = |many: i64| column(&|p, l| n(p, l) / many);
    let records = df! {
        "period" => cells.iter().map(|(p, _)| period(*p)).collect::<Vec<_>>(),
        "previous_period" => cells.iter().map(|(p, _)| period(p - 1)).collect::<Vec<_>>(),
        "level_number" => column(&|_, l| l as i64 + 1),
        "level" => cells.iter().map(|(_, l)| label(*l)).collect::<Vec<_>>(),
        "action" => cells.iter().map(|(_, l)| (l % 2 == 0).then(|| label(l + 1))).collect::<Vec<_>>(),
        "n_before" => column(&|p, l| n(p - 1, l)),
        "entered" => part(5), "returned" => part(7), "from_below" => part(3), "from_above" => part(9),
        "to_above" => part(4), "to_below" => part(6), "left" => part(2),
        "n_after" => column(&n),
        "is_complete" => cells.iter().map(|(p, _)| p + 1 < periods).collect::<Vec<_>>(),
    };
    (spec(Mark::Lifecycle(Lifecycle)), records.unwrap())
}

pub(super) fn quadrant(
    points: usize,
    label: fn(usize) -> String,
    log_x: bool,
    highlighted: bool,
) -> (Spec, DataFrame) {
    let volume: Vec<f64> = (0..points).map(|p| 120.0 * 1.17f64.powi((p * 7 % 41) as i32)).collect();
    let score: Vec<f64> = (0..points).map(|p| ((p * 53) % 89) as f64 - 35.0).collect();
    let middle = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    };
    let records = df! {
        "partner" => (0..points).map(label).collect::<Vec<_>>(),
        "revenue" => &volume,
        "estimate" => &score,
        "n" => (0..points).map(|p| (p as i64 * 37) % 260 + 8).collect::<Vec<_>>(),
        "ours" => (0..points).map(|p| highlighted || p % 9 == 0).collect::<Vec<_>>(),
        "x_median" => vec![middle(&volume); points],
        "y_median" => vec![middle(&score); points],
    };
    let mark = Quadrant {
        label: vec!["partner".into()],
        x: "revenue".into(),
        y: "estimate".into(),
        highlight: words("ours"),
        n: words("n"),
        base_mark: None,
        x_median: "x_median".into(),
        y_median: "y_median".into(),
        x_title: words("Net revenue, thousand EUR"),
        log_x,
        names: FieldNames::default(),
        tiers: None,
    };
    (
        Spec {
            number: Some(Number::Score),
            measure: words("Net promoter score"),
            ..spec(Mark::Quadrant(mark))
        },
        records.unwrap(),
    )
}

pub(super) const LABELS: [fn(usize) -> String; 3] = [short, long, unbroken];

#[track_caller]
pub(super) fn proved(what: &str, (spec, records): (Spec, DataFrame)) {
    let svg = spec.figure(&records).unwrap().svg().unwrap();
    let (boxes, _) = read(&svg);
    assert!(boxes.len() > 2, "{what}: the texts were not found");
    let troubles = troubles(&svg);
    assert!(troubles.is_empty(), "{what}:\n{}", troubles.join("\n"));
}

#[test]
fn texts_of_bars_keep_apart() {
    for label in LABELS {
        for rows in [0, 1, 2, 7, 40] {
            proved(&format!("{rows} bars"), bars(rows, label, 1.0));
            proved(&format!("{rows} bars to the left"), bars(rows, label, -1.0));
            proved(&format!("{rows} bars of billions"), bars(rows, label, 1.3e10));
        }
    }
}

#[test]
fn texts_of_net_promoter_bars_keep_apart() {
    for label in LABELS {
        for rows in [0, 1, 2, 7, 40] {
            proved(&format!("{rows} rows"), net_promoter_bars(rows, label));
        }
    }
}

#[test]
fn texts_of_lines_keep_apart() {
    for label in LABELS {
        for (places, series) in [(0, 0), (1, 1), (2, 1), (12, 3), (40, 5), (8, 40)] {
            proved(&format!("{series} lines of {places} dates"), lines(places, series, label, false));
            proved(&format!("{series} lines of {places} waves"), lines(places, series, label, true));
        }
    }
}

#[test]
fn texts_of_heat_maps_keep_apart() {
    for label in LABELS {
        for (rows, columns) in [(0, 0), (1, 1), (6, 4), (40, 3), (5, 14), (40, 40)] {
            proved(&format!("{rows} by {columns}"), heat_map(rows, columns, label));
        }
    }
}

#[test]
fn texts_of_changes_keep_apart() {
    for label in LABELS {
        for rows in [0, 1, 2, 7, 40] {
            proved(&format!("{rows} segments"), change(rows, label, 1.0));
            proved(&format!("{rows} segments that lose"), change(rows, label, -25.0));
        }
    }
}

#[test]
fn texts_of_distributions_keep_apart() {
    for label in LABELS {
        for groups in [0, 1, 2, 7, 40] {
            proved(&format!("{groups} groups"), distribution(groups, label));
        }
    }
}

#[test]
fn texts_of_profiles_keep_apart() {
    for label in LABELS {
        for segments in [0, 1, 2, 7, 40] {
            proved(&format!("{segments} segments"), profile(segments, label, 1.0));
            proved(&format!("{segments} segments of millions"), profile(segments, label, 1.3e9));
        }
    }
}

#[test]
fn texts_of_holdouts_keep_apart() {
    for label in LABELS {
        for rows in [0, 1, 2, 9, 40] {
            proved(&format!("{rows} lines"), holdout(rows, label, 1.0));
            proved(&format!("{rows} lines of millions"), holdout(rows, label, 1.3e7));
        }
    }
}

#[test]
fn texts_of_lifecycles_keep_apart() {
    for label in LABELS {
        for (levels, periods) in [(0, 0), (1, 2), (2, 2), (4, 3), (4, 9), (9, 30)] {
            for most in [0, 3, 900, 12_345_678] {
                proved(&format!("{levels} levels of {most}"), lifecycle(levels, periods, label, most));
            }
        }
    }
}

#[test]
fn texts_of_quadrants_keep_apart() {
    for label in LABELS {
        for points in [0, 1, 2, 12, 40] {
            for (log_x, highlighted) in [(false, false), (true, false), (false, true)] {
                proved(&format!("{points} points"), quadrant(points, label, log_x, highlighted));
            }
        }
    }
}

#[test]
fn a_text_over_another_would_be_found() {
    let (spec, records) = bars(3, short, 1.0);
    let mut figure = spec.figure(&records).unwrap();
    let twice = figure.scene.texts[1].clone();
    figure.scene.texts.push(twice);
    figure.scene.texts[0].x = figure.scene.width - 20.0;
    let troubles = troubles(&figure.svg().unwrap());
    assert_eq!(troubles.len(), 2, "{troubles:?}");
}

/// Every highlighted point is named: in the picture or under it.
#[test]
fn highlighted_points_are_always_named() {
    let numbered = |row: usize| format!("#{row}# {}", long(row));
    for points in [1, 12, 40] {
        let (spec, mut records) = quadrant(points, long, false, true);
        let labels: Vec<String> = (0..points).map(numbered).collect();
        records.with_column(Column::new("partner".into(), labels)).unwrap();
        let (boxes, _) = read(&spec.figure(&records).unwrap().svg().unwrap());
        let all: String = boxes.iter().map(|text| format!("{} ", text.text)).collect();
        for point in 0..points {
            assert!(all.contains(&format!("#{point}# ")), "{point} of {points} is not in {all}");
        }
    }
}
