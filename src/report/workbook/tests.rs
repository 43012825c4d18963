//! A tab book of a cross-tab made by hand: which cell has what, and what the file holds.

use std::io::Read;

use polars::prelude::{DataFrame, df};

use super::*;

/// A line of the long table, in the order of its columns as far as the layout reads them.
#[derive(Clone)]
struct Line<'a> {
    row: (&'a str, &'a str, &'a str),
    column: (&'a str, &'a str),
    letter: Option<&'a str>,
    n: i64,
    base: i64,
    share: Option<f64>,
    estimate: Option<f64>,
    letters: Option<&'a str>,
    vs_total: Option<&'a str>,
    hidden: bool,
}

/// Ten answers of one question by gender and region, with a net and a mean.
fn cells() -> Vec<Line<'static>> {
    let columns = [
        (("gender", "Total"), None, 400),
        (("gender", "Women"), Some("A"), 250),
        (("gender", "Men"), Some("B"), 150),
        (("region / city", "Total"), None, 400),
        (("region / city", "North / Kiel"), Some("A"), 300),
        (("region / city", "North / Rostock"), Some("B"), 80),
        (("region / city", "South / Ulm"), Some("C"), 20),
    ];
    let rows = [
        (("visits", "Often or rarely", "net"), [320, 200, 120, 320, 240, 64, 16]),
        (("visits", "Often", "answer"), [200, 150, 50, 200, 150, 49, 1]),
        (("visits", "=SUM(A1)", "answer"), [119, 50, 69, 119, 90, 15, 14]),
        (("visits", "Never", "answer"), [1, 0, 1, 1, 1, 0, 0]),
    ];
    let mut cells = Vec::new();
    for (row, counts) in rows {
        for ((column, letter, base), n) in columns.iter().zip(counts) {
            let share = Some(n as f64 / *base as f64);
            cells.push(Line {
                row,
                column: *column,
                letter: *letter,
                n,
                base: *base,
                share,
                estimate: None,
                letters: None,
                vs_total: None,
                hidden: false,
            });
        }
    }
    for ((column, letter, base), mean) in columns.iter().zip([2.125, 2.5, 1.75, 2.125, 2.0, 2.5, 1.5]) {
        cells.push(Line {
            row: ("visits", "mean", "mean"),
            column: *column,
            letter: *letter,
            n: *base,
            base: *base,
            share: None,
            estimate: Some(mean),
            letters: (*letter == Some("A") && column.0 == "gender").then_some("B"),
            vs_total: None,
            hidden: false,
        });
    }
    // Women visit more often than men, and than everyone.
    cells[8].letters = Some("B");
    cells[8].vs_total = Some("higher");
    cells[9].vs_total = Some("slightly lower");
    // One person in the South visits often.
    cells[13].hidden = true;
    cells[13].share = None;
    cells
}

fn long(cells: &[Line<'_>]) -> DataFrame {
    let texts = |of: fn(&Line<'_>) -> Option<String>| cells.iter().map(of).collect::<Vec<_>>();
    df!(
        "table" => cells.iter().map(|cell| i64::from(cell.column.0 != "gender") + 1).collect::<Vec<_>>(),
        "row_variable" => texts(|cell| Some(cell.row.0.to_owned())),
        "row_value" => texts(|cell| Some(cell.row.1.to_owned())),
        "row_kind" => texts(|cell| Some(cell.row.2.to_owned())),
        "net" => texts(|cell| match cell.row {
            ("visits", "Often" | "=SUM(A1)", _) => Some("Often or rarely".to_owned()),
            _ => None,
        }),
        "column_variable" => texts(|cell| Some(cell.column.0.to_owned())),
        "column_value" => texts(|cell| Some(cell.column.1.to_owned())),
        "is_total" => cells.iter().map(|cell| cell.column.1 == "Total").collect::<Vec<_>>(),
        "letter" => texts(|cell| cell.letter.map(str::to_owned)),
        "n" => cells.iter().map(|cell| (!cell.hidden).then_some(cell.n)).collect::<Vec<_>>(),
        "n_weighted" => cells.iter().map(|cell| (!cell.hidden).then_some(cell.n as f64)).collect::<Vec<_>>(),
        "column_share" => cells.iter().map(|cell| cell.share).collect::<Vec<_>>(),
        "estimate" => cells.iter().map(|cell| cell.estimate).collect::<Vec<_>>(),
        "index" => cells.iter().map(|cell| Some(cell.share? * 200.0)).collect::<Vec<_>>(),
        "letters" => texts(|cell| cell.letters.map(str::to_owned)),
        "vs_total" => texts(|cell| cell.vs_total.map(str::to_owned)),
        "base" => cells.iter().map(|cell| cell.base).collect::<Vec<_>>(),
        "base_weighted" => cells.iter().map(|cell| cell.base as f64).collect::<Vec<_>>(),
        "base_effective" => cells.iter().map(|cell| cell.base as f64).collect::<Vec<_>>(),
        "base_mark" => texts(|cell| {
            Some(if cell.base < 30 { "**" } else if cell.base < 100 { "*" } else { "" }.to_owned())
        }),
        "suppressed" => texts(|cell| cell.hidden.then(|| "small".to_owned())),
    )
    .unwrap()
}

fn tables() -> DataFrame {
    df!(
        "table" => [1i64, 2],
        "row_variable" => ["visits", "visits"],
        "column_variable" => ["gender", "region / city"],
        "title" => ["How often do you visit us?"; 2],
        "base_text" => ["all who were asked"; 2],
        "filter" => [Some("year = 2025"), Some("year = 2025")],
        "weight" => [None::<&str>; 2],
        "base_rule" => ["answered"; 2],
        "variance" => ["frequency"; 2],
        "test_note" => ["Two-sided z tests of column proportions at 95 % (capital letters); p not adjusted."; 2],
        "n_read" => [420i64, 420],
        "n" => [400i64, 400],
        "n_weighted" => [400.0, 400.0],
        "n_effective" => [400.0, 400.0],
        "design_effect" => [1.0, 1.0],
        "chi_square" => [Some(21.43), None],
        "df" => [Some(2.0), None],
        "p_value" => [Some(0.00002), None],
        "cramers_v" => [Some(0.2314), None],
    )
    .unwrap()
}

fn excluded() -> DataFrame {
    df!(
        "table" => [1i64, 1, 2],
        "row_variable" => ["visits"; 3],
        "column_variable" => ["gender", "gender", "region / city"],
        "reason" => ["row_missing", "column_missing", "row_missing"],
        "n" => [20i64, 0, 20],
    )
    .unwrap()
}

/// The book of the cross-tab, and of the tables of net promoter scores beside it.
fn book(layout: &Layout) -> Book {
    let (frame, tables, excluded) = (long(&cells()), tables(), excluded());
    let scores = df!(
        "partner" => ["@x", "=1+1"], "n" => [40i64, 50],
        "promoters_share" => [0.5, 0.25], "passives_share" => [0.25, 0.25], "detractors_share" => [0.25, 0.5],
        "estimate" => [25.0, -25.0],
    )
    .unwrap();
    let beside = Beside { tables: Some(&tables), excluded: Some(&excluded), tests: Some(&excluded) };
    let parts = [
        Part { name: "visits_by", kind: "cross_tab", frame: &frame, crossed: Some(beside) },
        Part { name: "scores", kind: "net_promoter", frame: &scores, crossed: None },
    ];
    let origin = Origin {
        software: "growthring 0.0.0".into(),
        made_by: vec![("Pipeline".into(), "p".into())],
        data: vec![Data { name: "answers".into(), files: "a.csv".into(), ..Data::default() }],
        cautions: vec![("visits_by".into(), "20 rows are left out".into())],
    };
    Book::of("Visits", &parts, &origin, layout).unwrap()
}

/// The sheet of a name.
fn sheet<'a>(book: &'a Book, name: &str) -> &'a Sheet {
    let mut sheets = book.pages.iter().filter_map(|page| match page {
        Page::Sheet(sheet) => Some(sheet),
        Page::List(_) => None,
    });
    sheets.find(|sheet| sheet.name == name).unwrap()
}

fn names(book: &Book) -> Vec<&str> {
    let name = |page| match page {
        &Page::Sheet(Sheet { ref name, .. }) | &Page::List(List { ref name, .. }) => name.as_str(),
    };
    book.pages.iter().map(name).collect()
}

/// The content of each row, cells apart by bars, empty ones at the end left out.
fn shown(sheet: &Sheet) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Blank => String::new(),
        Value::Text(text) => text.clone(),
        Value::Number(number) => number::plain(*number),
        Value::Link { text, sheet, row } => format!("[{text}>{sheet}!{}]", row + 1),
    };
    let last = sheet.cells.keys().map(|(_, column)| *column).max().unwrap_or(0);
    let cell = |row, column| sheet.cell(row, column).map_or(String::new(), |cell| text(&cell.value));
    let row = |row| (0..=last).map(|column| cell(row, column)).collect::<Vec<_>>().join("|");
    (0..sheet.rows()).map(|at| row(at).trim_end_matches('|').to_owned()).collect()
}

#[test]
fn a_table_stands_as_agencies_print_it() {
    let book = book(&Layout::default());
    assert_eq!(names(&book), ["Contents", "Notes", "Table 1", "scores", "visits_by tests"]);
    let table = sheet(&book, "Table 1");
    assert_eq!(
        shown(table),
        [
            "[← Contents>Contents!5]",
            "Table 1. How often do you visit us?",
            "Base: all who were asked",
            "Filter: year = 2025",
            "|||Gender||||Region by City",
            "|||||||North||||South",
            "||Total|Women||Men||Kiel||Rostock||Ulm",
            "|||A||B||A||B *||C **",
            "Base||400|250||150||300||80||20",
            "Often or rarely|Count|320|200||120||240||64||16",
            "|Column %|0.8|0.8||0.8||0.8||0.8||0.8",
            "Often|Count|200|150||50||150||49||hidden",
            "|Column %|0.5|0.6|B ▲|0.333333333333|▽|0.5||0.6125||hidden",
            "=SUM(A1)|Count|119|50||69||90||15||14",
            "|Column %|0.2975|0.2||0.46||0.3||0.1875||0.7",
            "Never|Count|1|0||1||1||0||0",
            "|Column %|0.0025|0||0.00666666666667||0.00333333333333||0||0",
            "Mean||2.125|2.5|B|1.75||2||2.5||1.5",
            "",
            "Two-sided z tests of column proportions at 95 % (capital letters); p not adjusted.",
            "Significantly different from everyone: ▲ higher, ▽ lower at the looser level.",
            "Margins of error and tests count every answer as one person drawn at random.",
            "Do the answers differ between the columns at all? A small p says that they do, V how much, from 0 to 1 (chi-square). By Gender: p < 0.001, V 0.23 (21.43, 2 df).",
            "** Very small base, as a rule under 30 answers: an indication only.",
            "* Small base, as a rule under 100 answers: read with care.",
            "hidden: not shown, to protect the answers of few people: theirs, or a figure from which theirs could be worked out.",
            "Percentages are rounded for display, so that those of one answer each may add up to 99 or 101. -: nobody; <0.5%: some, but so few that it would say 0 %; empty: not asked.",
        ]
    );
    assert_eq!((table.frozen, table.repeated, table.on_one_page), ((8, 2), Some((4, 7)), true));
    assert!(
        table.merged.contains(&Area { top: 4, left: 3, bottom: 4, right: 6 }),
        "a heading over its group"
    );
    assert!(
        table.merged.contains(&Area { top: 5, left: 7, bottom: 5, right: 10 }),
        "and over what is nested"
    );
    let style = |row, column| &table.cell(row, column).unwrap().style;
    assert_eq!(style(16, 2).number, "[=0]\"-\";[<0.005]\"<0.5%\";0%");
    assert_eq!((style(8, 9).number.as_str(), style(8, 11).number.as_str()), ("#,##0\"*\"", "#,##0\"**\""));
    assert!(style(9, 0).bold && style(10, 2).bold && !style(11, 0).bold, "nets are bold");
    assert_eq!(style(17, 2).number, "0.00");
}

#[test]
fn the_parts_of_a_net_are_indented_as_the_table_tells() {
    // Half of the people gave both answers: no sum would tell them from the one that follows.
    let mut both = cells();
    both.iter_mut().filter(|cell| cell.row.1 == "Often").for_each(|cell| cell.n *= 2);
    let indents = |frame: &DataFrame| {
        let part = Part { name: "v", kind: "cross_tab", frame, crossed: Some(Beside::default()) };
        let book = Book::of("V", &[part], &Origin::default(), &Layout::default()).unwrap();
        let table = sheet(&book, "Table 1");
        let labelled =
            table.cells.iter().filter(|((_, column), cell)| *column == 0 && cell.value != Value::Blank);
        let indents = labelled.map(|(_, cell)| cell.style.indent);
        indents.skip(4).take(5).collect::<Vec<_>>()
    };
    assert_eq!(indents(&long(&both)), [0, 1, 1, 0, 0]);
    assert_eq!(
        indents(&long(&cells()).drop("net").unwrap()),
        [0, 0, 0, 0, 0],
        "what is not told is not shown"
    );
}

#[test]
fn findings_may_stand_below_and_shares_alone() {
    let layout = Layout {
        letters: Letters::Below,
        cells: vec![Figure::ColumnShare],
        decimals: 1,
        shade: Shade::Significance,
        ..Layout::default()
    };
    let book = book(&layout);
    let table = sheet(&book, "Table 1");
    assert_eq!(
        shown(table)[8..14],
        [
            "Base||400|250|150|300|80|20",
            "Often or rarely|Column %|0.8|0.8|0.8|0.8|0.8|0.8",
            "|Tests",
            "Often|Column %|0.5|0.6|0.333333333333|0.5|0.6125|hidden",
            "|Tests||B ▲|▽",
            "=SUM(A1)|Column %|0.2975|0.2|0.46|0.3|0.1875|0.7",
        ]
    );
    let fill = |row, column| table.cell(row, column).unwrap().style.fill;
    assert_eq!(table.cell(11, 3).unwrap().style.number, "[=0]\"-\";[<0.0005]\"<0.05%\";0.0%");
    assert!(fill(11, 3).is_some() && fill(11, 4).is_some() && fill(11, 3) != fill(11, 4));
    assert_eq!((fill(11, 2), fill(13, 3)), (None, None));
}

#[test]
fn a_share_is_shaded_by_index_with_a_sign() {
    let book = book(&Layout { shade: Shade::Index, ..Layout::default() });
    let table = sheet(&book, "Table 1");
    // 60 % of women, an index of 120; 70 % on twenty answers say nothing.
    let women = &table.cell(12, 3).unwrap().style;
    assert_eq!(women.number, "[=0]\"› \"\"-\";[<0.005]\"› \"\"<0.5%\";\"› \"0%");
    assert!(women.fill.is_some());
    assert_eq!(table.cell(14, 11).unwrap().style.fill, None);
    assert_eq!(table.cell(12, 2).unwrap().style.fill, None, "everyone is 100");
}

/// Two questions, the second asked of fewer people.
fn two_questions() -> DataFrame {
    let mut all = cells();
    let second = all.clone().into_iter().filter(|cell| cell.row.2 == "answer").map(|cell| Line {
        row: ("tools", cell.row.1, cell.row.2),
        base: if cell.column.1 == "Men" { 90 } else { cell.base },
        letters: None,
        vs_total: None,
        ..cell
    });
    all.extend(second);
    long(&all)
}

#[test]
fn questions_may_stand_below_each_other_under_one_banner() {
    let frame = two_questions();
    let part = Part { name: "visits", kind: "cross_tab", frame: &frame, crossed: Some(Beside::default()) };
    let layout = Layout {
        sheets: Sheets::Banner,
        cells: vec![Figure::ColumnShare],
        labels: vec![("tools".into(), "Which tools?".into())],
        ..Layout::default()
    };
    let book = Book::of("Visits", &[part], &Origin::default(), &layout).unwrap();
    assert_eq!(names(&book), ["Contents", "Notes", "visits"]);
    let all = sheet(&book, "visits");
    assert_eq!((all.frozen, all.repeated, all.on_one_page), ((5, 1), Some((1, 4)), false));
    let rows = shown(all);
    assert_eq!(
        rows[3..9],
        [
            "|Total|Women||Men||Kiel||Rostock||Ulm",
            // The mark of men differs between the questions, so that it stands with the bases only.
            "||A||B||A||B *||C **",
            "",
            "Table 1. Visits",
            "Base: all who answered",
            "Base|400|250||150||300||80||20",
        ]
    );
    let second = rows.iter().position(|row| row == "Table 2. Which tools?").unwrap();
    assert_eq!(rows[second + 2], "Base|400|250||90||300||80||20");
    let mark = &all.cell(second as u32 + 2, 4).unwrap().style.number;
    assert_eq!(mark, "#,##0\"*\"");
    let contents = shown(sheet(&book, "Contents"));
    assert_eq!(
        contents[4..],
        [
            "[1>visits!7]|Visits|Gender, Region by City|all who answered|400|visits".to_owned(),
            format!(
                "[2>visits!{0}]|Which tools?|Gender, Region by City|all who answered|400|visits",
                second + 1
            ),
        ]
    );
}

#[test]
fn what_is_too_wide_is_a_second_banner() {
    let book = book(&Layout { widest: 4, ..Layout::default() });
    assert_eq!(names(&book)[2..4], ["Table 1", "Table 2"]);
    assert_eq!(shown(sheet(&book, "Table 1"))[5], "||Total|Women||Men");
    assert_eq!(shown(sheet(&book, "Table 2"))[6], "||Total|Kiel||Rostock||Ulm");
}

#[test]
fn the_words_of_questions_head_the_columns_and_those_of_the_layout_win() {
    let mut about = tables();
    about
        .with_column(polars::prelude::Column::new("column_title".into(), ["Who are you?", "Where? / city"]))
        .unwrap();
    let frame = long(&cells());
    let beside = Beside { tables: Some(&about), ..Beside::default() };
    let part = Part { name: "visits", kind: "cross_tab", frame: &frame, crossed: Some(beside) };
    let heads = |labels: &[(&str, &str)]| {
        let labels = labels.iter().map(|(name, label)| ((*name).to_owned(), (*label).to_owned())).collect();
        let layout = Layout { labels, ..Layout::default() };
        let book = Book::of("Visits", &[part], &Origin::default(), &layout).unwrap();
        shown(sheet(&book, "Table 1"))[4].clone()
    };
    assert_eq!(heads(&[]), "|||Who are you?||||Where? · City");
    assert_eq!(heads(&[("gender", "Sex"), ("region", "Place")]), "|||Sex||||Place by City");
}

#[test]
fn a_sheet_too_wide_to_read_is_printed_on_pages_between_groups() {
    let groups = ["persona", "phase", "region"];
    let columns = |group: &'static str| {
        std::iter::once((group, "Total"))
            .chain(["Westen", "Osten", "Sueden", "Norden", "Ausland"].map(move |to| (group, to)))
    };
    let named: Vec<(&str, &str)> = groups.into_iter().flat_map(columns).collect();
    let answer = |column| Line { column, letters: Some("ABCDE"), letter: Some("A"), ..cells()[0].clone() };
    let lines: Vec<Line<'_>> = named.into_iter().map(answer).collect();
    let frame = long(&lines.into_iter().map(|line| Line { base: 400, ..line }).collect::<Vec<_>>());
    let part = Part { name: "visits", kind: "cross_tab", frame: &frame, crossed: Some(Beside::default()) };
    let book = Book::of("Visits", &[part], &Origin::default(), &Layout::default()).unwrap();
    let table = sheet(&book, "Table 1");
    let repeated = table.repeated_columns.unwrap();
    assert_eq!(repeated, (0, 3), "the answers, what figures are, and everyone with findings");
    assert!(!table.breaks.is_empty() && !table.on_one_page);
    let heads = shown(table)[3].clone();
    for column in &table.breaks {
        let head = heads.split('|').nth(usize::from(*column)).unwrap();
        assert!(["Phase", "Region"].contains(&head), "column {column} has {head} in {heads}");
    }
    let ends =
        table.breaks.iter().copied().chain([table.cells.keys().map(|(_, column)| column + 1).max().unwrap()]);
    let mut start = repeated.1 + 1;
    for end in ends {
        let points = table.points(0, repeated.1) + table.points(start, end - 1);
        assert!(points * table.shrunk.unwrap() <= 781.0, "{points} points at {:?}", table.shrunk);
        start = end;
    }
    let (title, _) =
        table.merged.iter().map(|area| (area.right, area.top)).find(|(_, top)| *top == 1).unwrap();
    assert_eq!(title, repeated.1, "the title is on every page");
    let file = part_of(&book);
    assert!(file.contains("<colBreaks") && !file.contains("fitToPage"), "{file}");
}

/// The third sheet of the file, the first table.
fn part_of(book: &Book) -> String {
    part(&book.write().unwrap(), "xl/worksheets/sheet3.xml")
}

#[test]
fn a_cross_tab_without_tests_and_questions_does_too() {
    let plain =
        long(&cells()).drop_many(["row_kind", "letter", "letters", "vs_total", "suppressed", "estimate"]);
    let mut frame = plain.head(Some(28));
    let weighted = frame.column("base_weighted").unwrap().as_materialized_series() * 0.5;
    frame.replace("base_weighted", weighted.into()).unwrap();
    let part = Part { name: "visits", kind: "cross_tab", frame: &frame, crossed: Some(Beside::default()) };
    let book = Book::of("Visits", &[part], &Origin::default(), &Layout::default()).unwrap();
    let rows = shown(sheet(&book, "Table 1"));
    assert_eq!(
        rows[1..12],
        [
            "Table 1. Visits",
            "Base: all who answered",
            "|||Gender||Region by City",
            "|||||North||South",
            "||Total|Women|Men|Kiel|Rostock|Ulm",
            "||||||*|**",
            "Unweighted base||400|250|150|300|80|20",
            "Weighted base||200|125|75|150|40|10",
            "Effective base||400|250|150|300|80|20",
            "Often or rarely|Weighted|320|200|120|240|64|16",
            "|Column %|0.8|0.8|0.8|0.8|0.8|0.8",
        ]
    );
    assert!(rows.contains(&"No significance tests.".to_owned()));
}

#[test]
fn notes_account_for_data_and_rows() {
    let book = book(&Layout::default());
    let rows = shown(sheet(&book, "Notes"));
    for row in [
        "Software|growthring 0.0.0",
        "answers|a.csv",
        "Who is in a base|those who answered the question",
        "Margins of error|Margins of error and tests count every answer as one person drawn at random.",
        "Tests|Two-sided z tests of column proportions at 95 % (capital letters); p not adjusted.",
        "Visits by Gender||420|400|400|400|1|row missing 20",
        "visits_by|20 rows are left out",
    ] {
        assert!(rows.contains(&row.to_owned()), "{row} in {rows:#?}");
    }
    assert!(!rows.iter().any(|row| row.contains("column missing")), "nobody is left out for it");
}

#[test]
fn charts_have_their_figures_on_a_sheet() {
    let book = book(&Layout { charts: true, ..Layout::default() });
    let data = sheet(&book, "Chart data");
    assert_eq!(
        shown(data)[2..],
        [
            "How often do you visit us?",
            "|Total",
            "Often|0.5",
            "=SUM(A1)|0.2975",
            "Never|0.0025",
            "",
            "Detractors, passives, promoters: scores",
            "|Detractors|Passives|Promoters",
            "@x|0.25|0.25|0.5",
            "=1+1|0.5|0.25|0.25",
        ]
    );
    let (_, _, chart) = &sheet(&book, "Table 1").charts[0];
    assert_eq!(chart.series[0].figures, Area { top: 4, left: 1, bottom: 6, right: 1 });
    let scores = book.pages.iter().find_map(|page| match page {
        Page::List(list) if list.name == "scores" => list.chart.as_ref(),
        _ => None,
    });
    let scores = scores.unwrap();
    let places: Vec<(&str, u16)> =
        scores.series.iter().map(|series| (series.name.as_str(), series.figures.left)).collect();
    assert_eq!(places, [("Detractors", 1), ("Passives", 2), ("Promoters", 3)]);
    assert!(scores.stacked && scores.names == Area { top: 10, left: 0, bottom: 11, right: 0 });
}

/// A part of a workbook, which is a zip archive: its directory stands at the end.
fn part(workbook: &[u8], wanted: &str) -> String {
    let short = |at: usize| usize::from(u16::from_le_bytes([workbook[at], workbook[at + 1]]));
    let long = |at: usize| short(at) + (short(at + 2) << 16);
    let mut at = long(workbook.len() - 22 + 16);
    while workbook[at..].starts_with(b"PK\x01\x02") {
        let name = at + 46..at + 46 + short(at + 28);
        if &workbook[name.clone()] == wanted.as_bytes() {
            let local = long(at + 42);
            let data = local + 30 + short(local + 26) + short(local + 28);
            let mut text = String::new();
            let mut unpacked = flate2::read::DeflateDecoder::new(&workbook[data..data + long(at + 20)]);
            unpacked.read_to_string(&mut text).unwrap();
            return text;
        }
        at = name.end + short(at + 30) + short(at + 32);
    }
    panic!("no part {wanted}");
}

/// The content of a cell of a part, as it is written: its attributes and what is inside.
fn written(cells: &str, place: &str) -> String {
    let from = cells.find(&format!("<c r=\"{place}\"")).unwrap();
    cells[from..].split("</c>").next().unwrap().to_owned()
}

#[test]
fn the_file_has_numbers_texts_links_and_a_page_set_up() {
    let made = book(&Layout { charts: true, ..Layout::default() }).write().unwrap();
    let table = part(&made, "xl/worksheets/sheet3.xml");
    assert!(!table.contains("<f>"), "what looks like a formula is text");
    assert!(part(&made, "xl/sharedStrings.xml").contains("<t>=SUM(A1)</t>"));
    assert!(written(&table, "A14").contains("t=\"s\""), "{}", written(&table, "A14"));
    // Shares are numbers, their findings stand beside them.
    assert!(written(&table, "D13").ends_with("<v>0.6</v>") && !written(&table, "D13").contains("t=\"s\""));
    assert!(written(&table, "E13").contains("t=\"s\""));
    assert!(table.contains("xSplit=\"2\" ySplit=\"8\"") && table.contains("state=\"frozen\""));
    assert!(table.contains("orientation=\"landscape\"") && table.contains("<pageSetUpPr fitToPage=\"1\"/>"));
    assert!(table.contains("<mergeCell ref=\"D5:G5\"/>"));
    assert!(table.contains("location=\"'Contents'!A5\""), "the way back");
    let workbook = part(&made, "xl/workbook.xml");
    assert!(
        workbook.contains("<definedName name=\"_xlnm.Print_Titles\" localSheetId=\"2\">'Table 1'!$5:$8<"),
        "{workbook}"
    );
    let contents = part(&made, "xl/worksheets/sheet1.xml");
    assert!(
        contents.contains("location=\"'Table 1'!A2\"") && contents.contains("location=\"'Notes'!A1\""),
        "{contents}"
    );
    let chart = part(&made, "xl/charts/chart1.xml");
    assert!(chart.contains("<c:f>'Chart data'!$B$5:$B$7</c:f>"), "{chart}");
    assert!(part(&made, "xl/drawings/drawing1.xml").contains("descr=\"Bars: How often"));
}

#[test]
fn the_same_tables_give_the_same_bytes() {
    let layout = Layout { charts: true, shade: Shade::Index, ..Layout::default() };
    let once = book(&layout).write().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(once, book(&layout).write().unwrap());
}

#[test]
fn a_list_is_a_sheet_with_a_filter() {
    let frame =
        df!("partner" => ["=1+1", "@SUM(A1)", "-2"], "nps" => [Some(12.5), Some(-3.0), None]).unwrap();
    let made = Book::list(&frame, "partners", "net_promoter").unwrap().write().unwrap();
    let cells = part(&made, "xl/worksheets/sheet1.xml");
    assert!(!cells.contains("<f>"), "{cells}");
    assert!(cells.contains("<v>12.5</v>") && cells.contains("<v>-3</v>"), "{cells}");
    assert_eq!(cells.matches(" t=\"s\"").count(), 5, "two headings and three names are texts: {cells}");
    assert!(cells.contains("state=\"frozen\"") && cells.contains("<autoFilter ref=\"A1:B4\"/>"), "{cells}");
    assert!(part(&made, "xl/sharedStrings.xml").contains("<t>=1+1</t>"));
}

#[test]
fn a_table_too_large_is_told_before_anything_is_written() {
    let told = |frame: &DataFrame| {
        Book::list(frame, "long", "").and_then(|book| book.write()).unwrap_err().to_string()
    };
    let long = df!("n" => vec![1i32; MOST_ROWS + 1]).unwrap();
    assert_eq!(told(&long), "a sheet holds 1,048,575 rows below its header, and the table has more");
    let text = df!("comment" => ["ok".to_owned(), "x".repeat(LONGEST_TEXT + 1)]).unwrap();
    assert_eq!(told(&text), "a cell holds 32,767 signs, and row 2 of column `comment` has more");
    assert!(Book::list(&DataFrame::empty(), "", "").and_then(|book| book.write()).is_ok());
}
