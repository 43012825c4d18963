//! Every function and operator on hard values, every kind of mistake, and the promise that the type
//! told is the type made.

use std::collections::BTreeMap;

use jiff::civil::Date;
use polars::prelude::*;

use super::*;

fn frame() -> DataFrame {
    let date = |y, m, d| super::literal::days(Date::constant(y, m, d));
    let days = [Some(date(2024, 1, 31)), Some(date(2024, 12, 30)), Some(date(1969, 7, 20)), None];
    let d = Column::new("d".into(), days).cast(&DataType::Date).unwrap();
    let t = d.cast(&DataType::Datetime(TimeUnit::Microseconds, None)).unwrap();
    DataFrame::new(
        4,
        vec![
            Column::new("i".into(), [Some(7i64), Some(-7), Some(0), None]),
            Column::new("k".into(), [Some(3i16), Some(-2), Some(0), None]),
            Column::new("u".into(), [Some(3u32), Some(2), Some(0), None]),
            Column::new("f".into(), [Some(2.5f64), Some(-2.5), Some(0.285), None]),
            Column::new("g".into(), [Some(1.5f32), Some(-0.5), Some(0.0), None]),
            Column::new("s".into(), [Some("Zoë"), Some(""), Some(" ÉCOLE  Straße "), None]),
            Column::new("n".into(), [Some("12"), Some(" -3 "), Some("n/a"), None]),
            Column::new("b".into(), [Some(true), Some(false), None, Some(true)]),
            Column::new("with blank".into(), ["a-b-c", "a", "", "x%y_z"]),
            Column::new("^x$".into(), [1i32, 2, 3, 4]),
            d.with_name("d".into()),
            t.with_name("t".into()),
        ],
    )
    .unwrap()
}

fn vars() -> BTreeMap<String, Value> {
    BTreeMap::from([
        ("region".to_owned(), Value::Text("EMEA".into())),
        ("least".to_owned(), Value::Integer(3)),
        ("as_of".to_owned(), Value::Date(Date::constant(2024, 2, 1))),
    ])
}

fn evaluate(text: &str) -> PolarsResult<Column> {
    let frame = frame();
    let typed =
        compile(text, frame.schema(), &vars()).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
    let mut plan = frame.lazy().select([typed.expr.alias("out")]);
    let promised = plan.collect_schema()?.get("out").cloned();
    assert_eq!(promised.as_ref(), Some(&typed.dtype), "planned type of {text}");
    let column = plan.collect()?.column("out")?.clone();
    assert_eq!(column.dtype(), &typed.dtype, "type made by {text}");
    Ok(column)
}

#[test]
fn categories_are_text() {
    let listed = DataType::from_frozen_categories(FrozenCategories::new(["West", "Ost"]).unwrap());
    for held in [DataType::from_categories(Categories::global()), listed] {
        let frame = df!("c" => [Some("Ost"), Some("West"), None]).unwrap().lazy();
        let frame = frame.with_column(col("c").cast(held)).collect().unwrap();
        let made = |text: &str| {
            let typed =
                compile(text, frame.schema(), &vars()).unwrap_or_else(|told| panic!("{text}: {told:?}"));
            let out = frame.clone().lazy().select([typed.expr.alias("out")]).collect().unwrap();
            assert_eq!(out.column("out").unwrap().dtype(), &typed.dtype, "{text}");
            shown(out.column("out").unwrap()).join(" ")
        };
        for text in [
            "c = 'Ost'",
            "c <> 'West'",
            "c IN ('Ost', 'Nord')",
            "c LIKE 'O%'",
            "c < 'P'",
            "c = c AND c < 'P'",
        ] {
            assert_eq!(made(text), made("CAST(c AS text) = 'Ost'"), "{text}");
        }
        assert_eq!(
            made("CASE c WHEN 'Ost' THEN c ELSE 'none' END"),
            made("CASE CAST(c AS text) WHEN 'Ost' THEN 'Ost' ELSE 'none' END")
        );
        assert_eq!(made("LOWER(c) || '!'"), made("LOWER(CAST(c AS text)) || '!'"));
        let told = compile("c = 1", frame.schema(), &vars()).unwrap_err();
        assert!(told[0].message.contains("text with integer"), "{told:?}");
    }
}

fn shown(column: &Column) -> Vec<String> {
    (0..column.len())
        .map(|at| match column.get(at).unwrap() {
            AnyValue::String(text) => text.to_owned(),
            AnyValue::StringOwned(text) => text.to_string(),
            AnyValue::Float64(number) => number.to_string(),
            other => other.to_string(),
        })
        .collect()
}

/// The expression over the four rows of the frame.
#[track_caller]
fn gives<const N: usize>(text: &str, expected: [&str; N]) {
    let column = evaluate(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    // An expression of constants alone is one value.
    assert_eq!(shown(&column), expected, "{text}");
}

#[track_caller]
fn mistakes(text: &str) -> Vec<Mistake> {
    compile(text, frame().schema(), &vars()).map(|typed| typed.dtype).unwrap_err()
}

/// The only mistake: its kind, the text it points at, its label.
#[track_caller]
fn mistake(text: &str, kind: MistakeKind, at: &str, label: &str) -> Option<String> {
    let mistakes = mistakes(text);
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    let mistake = &mistakes[0];
    assert_eq!(
        (mistake.kind, &text[mistake.range.clone()], mistake.label.as_str()),
        (kind, at, label),
        "{mistake:?}"
    );
    mistake.help.clone()
}

#[test]
fn arithmetic() {
    gives("i + k", ["10", "-9", "0", "null"]);
    gives("i - u", ["4", "-9", "0", "null"]);
    gives("i * f", ["17.5", "17.5", "0", "null"]);
    gives("-i", ["-7", "7", "0", "null"]);
    gives("-f", ["-2.5", "2.5", "-0.285", "null"]);
    gives("i + 1.5", ["8.5", "-5.5", "1.5", "null"]);
    gives("1 + 2 * 3", ["7"]);
    gives("k * k * k", ["27", "-8", "0", "null"]);
    gives("f + g", ["4", "-3", "0.285", "null"]);
}

#[test]
fn division_is_true_and_by_zero_null() {
    gives("7 / 2", ["3.5"]);
    gives("i / k", ["2.3333333333333335", "3.5", "null", "null"]);
    // Not 7 times the tenth part of one, which is 0.7000000000000001.
    gives("i / 10", ["0.7", "-0.7", "0", "null"]);
    gives("ROUND(i / 20.0, 2)", ["0.35", "-0.35", "0", "null"]);
    gives("f / 0.5", ["5", "-5", "0.57", "null"]);
    gives("1 / g", ["0.6666666666666666", "-2", "null", "null"]);
    gives("i % 3", ["1", "-1", "0", "null"]);
    gives("i % -3", ["1", "-1", "0", "null"]);
    gives("i % k", ["1", "-1", "null", "null"]);
    gives("f % 2", ["0.5", "-0.5", "0.285", "null"]);
    mistake("i / 0", MistakeKind::TypeMismatch, "0", "zero");
}

#[test]
fn integers_that_overflow_are_null() {
    gives("9223372036854775807 + i", ["null", "null", "null", "null"]);
    gives("4611686018427387904 * k", ["null", "null", "0", "null"]);
    gives(
        "4000000000000000000 + i",
        ["4000000000000000007", "3999999999999999993", "4000000000000000000", "null"],
    );
    gives("-9223372036854775807 - i", ["null", "null", "null", "null"]);
}

#[test]
fn rounding_is_half_away_from_zero() {
    gives("ROUND(f)", ["3", "-3", "0", "null"]);
    gives("ROUND(f, 2)", ["2.5", "-2.5", "0.29", "null"]);
    gives("ROUND(1.005, 2)", ["1.01"]);
    gives("ROUND(-1.005, 2)", ["-1.01"]);
    gives("ROUND(2.675, 2)", ["2.68"]);
    gives("ROUND(0.5)", ["1"]);
    gives("ROUND(0.49999999999999)", ["0"]);
    gives("ROUND(4503599627370497.5)", ["4503599627370498"]);
    gives("ROUND(123456789012.345, 2)", ["123456789012.35"]);
    gives("ROUND(i, 2)", ["7", "-7", "0", "null"]);
    gives("ROUND(i, -1)", ["10", "-10", "0", "null"]);
    gives("ROUND(45, -1) + ROUND(-45, -1) + ROUND(44, -1)", ["40"]);
    gives("ROUND(1250.0, -2)", ["1300"]);
    gives("FLOOR(f)", ["2", "-3", "0", "null"]);
    gives("CEIL(f)", ["3", "-2", "1", "null"]);
    gives("CEILING(i)", ["7", "-7", "0", "null"]);
}

#[test]
fn functions_of_numbers_without_a_result_are_null() {
    gives("ABS(i)", ["7", "7", "0", "null"]);
    gives("ABS(f)", ["2.5", "2.5", "0.285", "null"]);
    gives("SQRT(i)", ["2.6457513110645907", "null", "0", "null"]);
    gives("LN(g)", ["0.4054651081081644", "null", "null", "null"]);
    gives("EXP(i * 1000)", ["null", "0", "1", "null"]);
    gives("POWER(k, 2)", ["9", "4", "0", "null"]);
    gives("POWER(k, -1)", ["0.3333333333333333", "-0.5", "null", "null"]);
    gives("POWER(g, 0.5)", ["1.224744871391589", "null", "0", "null"]);
}

#[test]
fn logic_has_three_values() {
    gives("b AND NULL", ["null", "false", "null", "null"]);
    gives("b OR NULL", ["true", "null", "null", "true"]);
    gives("NOT b", ["false", "true", "null", "false"]);
    gives("b IS TRUE", ["true", "false", "false", "true"]);
    gives("b IS NOT TRUE", ["false", "true", "true", "false"]);
    gives("b IS FALSE", ["false", "true", "false", "false"]);
    gives("i > 0 AND f > 0 OR b", ["true", "false", "null", "true"]);
    gives("s IS NULL", ["false", "false", "false", "true"]);
    gives("s IS NOT NULL", ["true", "true", "true", "false"]);
    gives("i IS DISTINCT FROM 7", ["false", "true", "true", "true"]);
    gives("i IS NOT DISTINCT FROM NULL", ["false", "false", "false", "true"]);
}

#[test]
fn comparison() {
    gives("i = 7", ["true", "false", "false", "null"]);
    gives("k >= 3", ["true", "false", "false", "null"]);
    gives("u > -1", ["true", "true", "true", "null"]);
    gives("k < 100000", ["true", "true", "true", "null"]);
    gives("i <> f", ["true", "true", "true", "null"]);
    gives("s = ''", ["false", "true", "false", "null"]);
    gives("s < 'a'", ["true", "true", "true", "null"]);
    gives("d >= DATE '2024-01-01'", ["true", "true", "false", "null"]);
    gives("t >= DATE '2024-01-31'", ["true", "true", "false", "null"]);
    gives("d < $as_of", ["true", "false", "true", "null"]);
    gives("i BETWEEN 0 AND 7", ["true", "false", "true", "null"]);
    gives("i NOT BETWEEN 0 AND 6.5", ["true", "true", "false", "null"]);
    gives("b = TRUE", ["true", "false", "null", "true"]);
    gives("\"^x$\" > 2", ["false", "false", "true", "true"]);
}

#[test]
fn in_lists() {
    gives("s IN ('Zoë', 'x')", ["true", "false", "false", "null"]);
    gives("s NOT IN ('Zoë')", ["false", "true", "true", "null"]);
    gives("i IN (7, k, 0)", ["true", "false", "true", "null"]);
    gives("i IN (7, 0.5)", ["true", "false", "false", "null"]);
    gives("k IN (3, 100000)", ["true", "false", "false", "null"]);
    gives("d IN (DATE '2024-01-31', $as_of)", ["true", "false", "false", "null"]);
    gives("b IN (TRUE)", ["true", "false", "null", "true"]);
    mistake("i IN (1, NULL)", MistakeKind::TypeMismatch, "NULL", "NULL in the list");
}

#[test]
fn patterns() {
    gives("\"with blank\" LIKE 'a%'", ["true", "true", "false", "false"]);
    gives("\"with blank\" LIKE '%c'", ["true", "false", "false", "false"]);
    gives("\"with blank\" LIKE '%-b%'", ["true", "false", "false", "false"]);
    gives("\"with blank\" LIKE 'a_b_c'", ["true", "false", "false", "false"]);
    gives("\"with blank\" LIKE '%!%%!_%' ESCAPE '!'", ["false", "false", "false", "true"]);
    gives("\"with blank\" LIKE ''", ["false", "false", "true", "false"]);
    gives("\"with blank\" LIKE '%'", ["true", "true", "true", "true"]);
    gives("\"with blank\" LIKE 'x.y_z'", ["false", "false", "false", "false"]);
    gives("s LIKE 'Zo_'", ["true", "false", "false", "null"]);
    gives("s ILIKE 'ZOË'", ["true", "false", "false", "null"]);
    gives("s NOT ILIKE '%école%'", ["true", "true", "false", "null"]);
    mistake("s LIKE n", MistakeKind::TypeMismatch, "n", "not a fixed text");
}

#[test]
fn choices() {
    gives("CASE WHEN i > 0 THEN 'up' WHEN i < 0 THEN 'down' END", ["up", "down", "null", "null"]);
    gives("CASE k WHEN 3 THEN 1 WHEN 0 THEN 2.5 ELSE 0 END", ["1", "0", "2.5", "0"]);
    gives("CASE WHEN b THEN NULL ELSE d END", ["null", "2024-12-30", "1969-07-20", "null"]);
    gives("COALESCE(i, k, -1)", ["7", "-7", "0", "-1"]);
    gives("COALESCE(NULL, s, 'none')", ["Zoë", "", " ÉCOLE  Straße ", "none"]);
    gives("NULLIF(s, '')", ["Zoë", "null", " ÉCOLE  Straße ", "null"]);
    gives("NULLIF(i, k)", ["7", "-7", "null", "null"]);
    gives("NULLIF(i, NULL)", ["7", "-7", "0", "null"]);
    gives("LEAST(i, k, 5)", ["3", "-7", "0", "5"]);
    gives("GREATEST(i, f)", ["7", "-2.5", "0.285", "null"]);
    gives("GREATEST(s, 'M')", ["Zoë", "M", "M", "M"]);
    gives("LEAST(d, $as_of)", ["2024-01-31", "2024-02-01", "1969-07-20", "2024-02-01"]);
}

#[test]
fn texts() {
    gives("UPPER(s)", ["ZOË", "", " ÉCOLE  STRASSE ", "null"]);
    gives("LOWER(s)", ["zoë", "", " école  straße ", "null"]);
    gives("TRIM(s)", ["Zoë", "", "ÉCOLE  Straße", "null"]);
    gives("LENGTH(s)", ["3", "0", "15", "null"]);
    gives("LEFT(s, 2)", ["Zo", "", " É", "null"]);
    gives("LEFT(s, k)", ["Zoë", "", "", "null"]);
    gives("RIGHT(s, 1)", ["ë", "", " ", "null"]);
    gives("SUBSTR(s, 2)", ["oë", "", "ÉCOLE  Straße ", "null"]);
    gives("SUBSTR(s, 2, 1)", ["o", "", "É", "null"]);
    gives("SUBSTRING(s FROM 2 FOR 2)", ["oë", "", "ÉC", "null"]);
    gives("SUBSTR(s, -1, 3)", ["Z", "", " ", "null"]);
    gives("SUBSTR(s, k, 1)", ["ë", "", "", "null"]);
    gives("SUBSTR(s, 9)", ["", "", "Straße ", "null"]);
    gives("REPLACE(s, 'o', '$1')", ["Z$1ë", "", " ÉCOLE  Straße ", "null"]);
    gives("s || '-' || $region", ["Zoë-EMEA", "-EMEA", " ÉCOLE  Straße -EMEA", "null"]);
    gives("CONCAT(s, '!', NULL)", ["Zoë!", "!", " ÉCOLE  Straße !", "!"]);
    gives("STARTS_WITH(s, 'Zo')", ["true", "false", "false", "null"]);
    gives("ENDS_WITH(s, '')", ["true", "true", "true", "null"]);
    gives("CONTAINS(s, 'C')", ["false", "false", "true", "null"]);
    gives("CONTAINS(s, '.')", ["false", "false", "false", "null"]);
    gives("SPLIT_PART(\"with blank\", '-', 2)", ["b", "null", "null", "null"]);
    gives("SPLIT_PART(\"with blank\", '-', -1)", ["c", "a", "", "x%y_z"]);
    gives("STRIP_ACCENTS(s)", ["Zoe", "", " ECOLE  Straße ", "null"]);
    gives("NORMALISE(s)", ["zoe", "", "ecole strasse", "null"]);
    gives("'it''s'", ["it's"]);
}

#[test]
fn dates() {
    gives("YEAR(d)", ["2024", "2024", "1969", "null"]);
    gives("QUARTER(t)", ["1", "4", "3", "null"]);
    gives("MONTH(d)", ["1", "12", "7", "null"]);
    // 2024-12-30 is the Monday of the first ISO week of 2025.
    gives("WEEK(d)", ["5", "1", "29", "null"]);
    gives("WEEKDAY(d)", ["3", "1", "7", "null"]);
    gives("DAY(d)", ["31", "30", "20", "null"]);
    gives("EXTRACT(MONTH FROM t)", ["1", "12", "7", "null"]);
    gives("DATE_TRUNC('day', t)", ["2024-01-31", "2024-12-30", "1969-07-20", "null"]);
    gives("DATE_TRUNC('week', d)", ["2024-01-29", "2024-12-30", "1969-07-14", "null"]);
    gives("DATE_TRUNC('month', t)", ["2024-01-01", "2024-12-01", "1969-07-01", "null"]);
    gives("DATE_TRUNC('quarter', d)", ["2024-01-01", "2024-10-01", "1969-07-01", "null"]);
    gives("DATE_TRUNC('year', d)", ["2024-01-01", "2024-01-01", "1969-01-01", "null"]);
    gives("$as_of - d", ["1", "-333", "19919", "null"]);
    gives("DATE_DIFF('day', d, $as_of)", ["1", "-333", "19919", "null"]);
    gives("DATE_DIFF('week', d, $as_of)", ["0", "-48", "2846", "null"]);
    gives("DATE_DIFF('month', d, $as_of)", ["1", "-10", "655", "null"]);
    gives("DATE_DIFF('quarter', d, $as_of)", ["0", "-3", "218", "null"]);
    gives("DATE_DIFF('year', t, $as_of)", ["0", "0", "55", "null"]);
    gives("d + INTERVAL 1 MONTH", ["2024-02-29", "2025-01-30", "1969-08-20", "null"]);
    gives("d - INTERVAL '1' YEAR", ["2023-01-31", "2023-12-30", "1968-07-20", "null"]);
    gives("d + INTERVAL '2 weeks'", ["2024-02-14", "2025-01-13", "1969-08-03", "null"]);
    gives("d + INTERVAL k DAY", ["2024-02-03", "2024-12-28", "1969-07-20", "null"]);
    gives("d - INTERVAL $least QUARTER", ["2023-04-30", "2024-03-30", "1968-10-20", "null"]);
    gives("t + INTERVAL 36 HOUR > DATE '2024-02-01'", ["true", "true", "false", "null"]);
    gives("TO_DATE('31.12.2024', '%d.%m.%Y')", ["2024-12-31"]);
    gives("TRY_TO_DATE(n, '%d.%m.%Y')", ["null", "null", "null", "null"]);
    mistake("TO_DATE(n, '%d/%m')", MistakeKind::TypeMismatch, "'%d/%m'", "this is a text");
}

#[test]
fn casts() {
    gives("TRY_CAST(n AS integer)", ["12", "-3", "null", "null"]);
    gives("TRY_CAST(n AS float)", ["12", "-3", "null", "null"]);
    gives("CAST(f AS integer)", ["3", "-3", "0", "null"]);
    gives("CAST('nan' AS float)", ["null"]);
    gives("i::text", ["7", "-7", "0", "null"]);
    gives("CAST(f AS text)", ["2.5", "-2.5", "0.285", "null"]);
    gives("CAST(f * 2 AS text)", ["5", "-5", "0.57", "null"]);
    gives("CAST(0.1 + 0.2 AS text)", ["0.3"]);
    gives("CAST(b AS text)", ["true", "false", "null", "true"]);
    gives("CAST(b AS integer)", ["1", "0", "null", "1"]);
    gives("CAST(k AS boolean)", ["true", "true", "false", "null"]);
    gives("TRY_CAST(n AS boolean)", ["null", "null", "null", "null"]);
    gives("CAST(' Yes' AS boolean)", ["true"]);
    gives("CAST(d AS text)", ["2024-01-31", "2024-12-30", "1969-07-20", "null"]);
    gives("CAST(t AS text)", ["2024-01-31T00:00:00", "2024-12-30T00:00:00", "1969-07-20T00:00:00", "null"]);
    gives("CAST(t AS date)", ["2024-01-31", "2024-12-30", "1969-07-20", "null"]);
    gives("TRY_CAST(s AS date)", ["null", "null", "null", "null"]);
    gives("CAST('2024-02-29' AS date)", ["2024-02-29"]);
    gives("CAST(NULL AS integer)", ["null"]);
    for loud in
        ["CAST(n AS integer)", "n::float", "CAST(n AS boolean)", "CAST(n AS date)", "TO_DATE(n, '%d.%m.%Y')"]
    {
        let error = evaluate(loud).unwrap_err().to_string();
        assert!(error.contains("n/a") || error.contains("12"), "{loud} names a value: {error}");
    }
}

#[test]
fn a_bare_column_keeps_its_type() {
    let frame = frame();
    for name in frame.get_column_names() {
        let typed = compile(&format!("\"{name}\""), frame.schema(), &vars()).unwrap();
        assert_eq!(Some(&typed.dtype), frame.schema().get(name), "{name}");
    }
}

#[test]
fn every_form_has_the_type_it_promises() {
    // `evaluate` compares the promise with the plan and with what comes out, for each type of argument.
    let columns =
        ["i", "k", "u", "f", "g", "s", "b", "d", "t", "NULL", "1", "2.5", "'a'", "'day'", "'%Y-%m-%d'"];
    let mut tried = 0;
    for function in functions() {
        for first in columns {
            for second in columns {
                for third in ["", ", i", ", s", ", d", ", 2"] {
                    for text in [
                        format!("{}({first})", function.name()),
                        format!("{}({first}, {second}{third})", function.name()),
                    ] {
                        if let Ok(typed) = compile(&text, frame().schema(), &vars()) {
                            let mut plan = frame().lazy().select([typed.expr.alias("out")]);
                            let promised = plan.collect_schema().unwrap();
                            assert_eq!(promised.get("out"), Some(&typed.dtype), "{text}");
                            tried += 1;
                        }
                    }
                }
            }
        }
        assert!(tried > 0, "{} was never tried", function.name());
    }
    for op in ["+", "-", "*", "/", "%", "||", "=", "<>", "<", "<=", ">", ">=", "AND", "OR"] {
        for first in columns {
            for second in columns {
                let text = format!("{first} {op} {second}");
                if compile(&text, frame().schema(), &vars()).is_ok() && !text.starts_with("'") {
                    evaluate(&text).unwrap();
                }
            }
        }
    }
    for to in ["integer", "float", "text", "boolean", "date"] {
        for first in columns {
            let text = format!("TRY_CAST({first} AS {to})");
            if compile(&text, frame().schema(), &vars()).is_ok() {
                evaluate(&text).unwrap();
            }
        }
    }
}

#[test]
fn unknown_names_with_the_nearest() {
    let help = mistake("with_blank = 'a'", MistakeKind::UnknownColumn, "with_blank", "no such column");
    assert_eq!(help.as_deref(), Some("a column with a similar name exists: `with blank` (text)"));
    let help = mistake("s = \"EMEA\"", MistakeKind::UnknownColumn, "\"EMEA\"", "no such column");
    assert_eq!(help.as_deref(), Some("a text goes in single quotes: 'EMEA'"));
    let help = mistake("accounts.s = 'x'", MistakeKind::UnknownColumn, "accounts.s", "no such column");
    assert_eq!(help.as_deref(), Some("there is one table here: write `s`"));
    let help = mistake("s = $regoin", MistakeKind::UnknownVariable, "$regoin", "no such variable");
    assert_eq!(help.as_deref(), Some("a variable with a similar name exists: `$region`"));
    let help = mistake("ROUDN(f, 1)", MistakeKind::UnknownFunction, "ROUDN", "no such function");
    assert_eq!(help.as_deref(), Some("a function with a similar name exists: ROUND"));
    let help = mistake("nvl(i, 0)", MistakeKind::UnknownFunction, "nvl", "no such function");
    assert_eq!(help.as_deref(), Some("write COALESCE(a, b)"));
}

#[test]
fn all_mistakes_at_once_and_in_order() {
    let text = "regoin = 'ö' AND UPPER(i) = 'X' AND\n  LEFT(s) = $unknown AND frobnicate(q) > 1";
    let found: Vec<_> = mistakes(text).into_iter().map(|found| (found.kind, &text[found.range])).collect();
    assert_eq!(
        found,
        [
            (MistakeKind::UnknownColumn, "regoin"),
            (MistakeKind::TypeMismatch, "i"),
            (MistakeKind::ArgumentCount, "LEFT(s)"),
            (MistakeKind::UnknownVariable, "$unknown"),
            (MistakeKind::UnknownFunction, "frobnicate"),
            (MistakeKind::UnknownColumn, "q"),
        ]
    );
}

#[test]
fn types_that_do_not_go_together() {
    let kind = MistakeKind::TypeMismatch;
    let help = mistake("d >= '2024-01-01'", kind, "d >= '2024-01-01'", "date and text");
    assert_eq!(help.as_deref(), Some("write DATE '2024-01-01'"));
    let help = mistake("i = '7'", kind, "i = '7'", "integer and text");
    assert_eq!(help.as_deref(), Some("a number stands without quotes"));
    mistake("s + s", kind, "s + s", "text + text");
    mistake("i AND b", kind, "i", "this is integer");
    mistake("i = NULL", kind, "i = NULL", "compares with NULL");
    mistake("NULL", kind, "NULL", "only NULL");
    mistake("CASE WHEN b THEN 'x' ELSE 1 END", kind, "CASE WHEN b THEN 'x' ELSE 1 END", "text and integer");
    mistake("CAST(b AS date)", kind, "b", "this is boolean");
    mistake("d + 30", kind, "d + 30", "date + integer");
    mistake("i || s", kind, "i", "this is integer");
}

#[test]
fn what_is_not_supported_says_where_it_is() {
    let kind = MistakeKind::NotSupported;
    let help = mistake("SUM(i) > 3", kind, "SUM", "not in an expression");
    assert!(help.unwrap().contains("GROUP BY"));
    let help = mistake("MAX(i, k)", kind, "MAX", "not in an expression");
    assert_eq!(help.as_deref(), Some("the largest of several columns is GREATEST(a, b)"));
    mistake("COUNT(*)", kind, "COUNT", "not in an expression");
    mistake("ROW_NUMBER() OVER (PARTITION BY s)", kind, "ROW_NUMBER", "not in an expression");
    mistake("i IN (SELECT 1)", kind, "i IN (SELECT 1", "a query");
    mistake("CAST(i AS jsonb)", kind, "i", "no such type");
    let nested = format!("{}i{}", "(".repeat(40), ")".repeat(40));
    assert!(compile(&nested, frame().schema(), &vars()).is_ok());
    let long = vec!["i = 1"; 900].join(" OR ");
    assert!(compile(&long, frame().schema(), &vars()).is_ok());
    let sum = vec!["i"; 400].join(" + ");
    assert!(compile(&sum, frame().schema(), &vars()).is_ok());
    let deep = vec!["i"; 1500].join(" + ");
    assert_eq!(mistakes(&deep)[0].label, "too long");
    let endless = format!("{}1", "(".repeat(3000));
    assert_eq!(mistakes(&endless)[0].kind, MistakeKind::Syntax);
}

#[test]
fn text_that_does_not_parse() {
    let kind = MistakeKind::Syntax;
    mistake("", kind, "", "nothing is written here");
    mistake("i >", kind, "", "an expression is missing at the end");
    mistake("ROUND(f, 1", kind, "", "`)` is missing at the end");
    mistake("'ä' = 'open", kind, "'open", "unterminated string literal");
    mistake("i = = 3", kind, "=", "an expression is expected before `=`");
    mistake("i = 3;", kind, ";", "the expression could end before `;`");
    let help = mistake("with blank = 'a'", kind, "blank", "the expression could end before `blank`");
    assert_eq!(help.as_deref(), Some("a name with blanks goes in double quotes: \"with blank\""));
}

#[test]
fn places_are_bytes_whatever_the_letters() {
    let text = "s = 'Zoë ß'\n  AND 'Ünü' = missing -- bemerkung é\n OR also_missing";
    let found: Vec<_> = mistakes(text).into_iter().map(|found| text[found.range].to_owned()).collect();
    assert_eq!(found, ["missing", "also_missing"]);
}

proptest::proptest! {
    /// Whatever is written: an expression that runs with the type it promised, or mistakes with places
    /// inside the text.
    #[test]
    fn nothing_written_makes_it_panic(words in proptest::collection::vec(0usize..60, 1..14), noise in "\\PC{0,6}") {
        const WORDS: [&str; 60] = [
            "i", "k", "f", "s", "b", "d", "t", "\"with blank\"", "missing", "$region", "$as_of", "1", "2.5", "0",
            "'ä'", "'%a'", "NULL", "TRUE", "(", ")", ",", "+", "-", "*", "/", "%", "||", "=", "<>", "<", ">=", "AND",
            "OR", "NOT", "IS NULL", "IN (", "BETWEEN", "LIKE", "CASE WHEN", "THEN", "ELSE", "END", "CAST(", "AS integer)",
            "TRY_CAST(", "AS date)", "ROUND(", "LEFT(", "SUBSTR(", "DATE '2024-02-30'", "DATE '2024-02-29'",
            "INTERVAL 1 MONTH", "COALESCE(", "DATE_DIFF('day',", "SPLIT_PART(", "POWER(", "SUM(", "::text", "IS TRUE", "--",
        ];
        let mut text = words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ");
        for text in [text.clone(), { text.push_str(&noise); text }] {
            match compile(&text, frame().schema(), &vars()) {
                Ok(typed) => {
                    let mut plan = frame().lazy().select([typed.expr.alias("out")]);
                    let promised = plan.collect_schema().unwrap();
                    proptest::prop_assert_eq!(promised.get("out"), Some(&typed.dtype));
                }
                Err(mistakes) => {
                    proptest::prop_assert!(!mistakes.is_empty());
                    for mistake in mistakes {
                        proptest::prop_assert!(text.get(mistake.range.clone()).is_some(), "{:?} in {}", mistake, text);
                    }
                }
            }
        }
    }
}

/// The tables of the page are the tables of the program.
#[test]
fn the_page_lists_every_form() {
    let row = |form: &str, meaning: &str| {
        format!("| `{}` | {} |\n", form.replace('|', "\\|"), meaning.replace('|', "\\|"))
    };
    let mut tables = String::from("| operator | meaning |\n| --- | --- |\n");
    OPERATORS.iter().for_each(|operator| tables.push_str(&row(operator.form, operator.meaning)));
    tables.push_str("\n| function | meaning |\n| --- | --- |\n");
    functions().iter().for_each(|function| tables.push_str(&row(function.form, function.meaning)));
    let page = include_str!("page.md");
    let (head, rest) = page.split_once("<!-- table -->\n").unwrap();
    let (written, tail) = rest.split_once("<!-- end of table -->").unwrap();
    if std::env::var_os("GROWTHRING_UPDATE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/expression/page.md");
        let whole = format!("{head}<!-- table -->\n{tables}<!-- end of table -->{tail}");
        std::fs::write(path, whole).unwrap();
        return;
    }
    assert_eq!(written, tables, "run with GROWTHRING_UPDATE=1");
}
