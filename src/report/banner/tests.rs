//! What a cross-tab looks like on a page.

use polars::prelude::{DataFrame, df};

use super::*;
use crate::crossing::TOTAL;
use crate::report::grid::{BaseMark, Role};

type Line<'a> = (&'a str, &'a str, &'a str, &'a str, f64, f64, f64);

/// Lines of row variable and value, column variable and value, share, base, weighted base.
fn long(lines: &[Line<'_>]) -> DataFrame {
    let of = |pick: fn(&Line<'_>) -> f64| lines.iter().map(pick).collect::<Vec<f64>>();
    df!(
        "row_variable" => lines.iter().map(|l| l.0).collect::<Vec<_>>(),
        "row_value" => lines.iter().map(|l| l.1).collect::<Vec<_>>(),
        "column_variable" => lines.iter().map(|l| l.2).collect::<Vec<_>>(),
        "column_value" => lines.iter().map(|l| l.3).collect::<Vec<_>>(),
        "is_total" => lines.iter().map(|l| l.3 == TOTAL).collect::<Vec<_>>(),
        "n_weighted" => of(|l| l.4 * l.6),
        "column_share" => of(|l| l.4),
        "index" => of(|l| l.4 * 200.0),
        "base" => of(|l| l.5),
        "base_weighted" => of(|l| l.6),
        "base_effective" => of(|l| l.6 * 0.8),
        "base_mark" => lines.iter().map(|l| if l.5 < 30.0 { "**" } else { "" }).collect::<Vec<_>>(),
    )
    .unwrap()
}

fn shown(grid: &Grid) -> Vec<String> {
    let line = |cells: Vec<String>| cells.join("|");
    let mut out: Vec<String> = (grid.spanners.iter())
        .map(|row| line(row.iter().map(|spanner| format!("{}×{}", spanner.label, spanner.width)).collect()))
        .collect();
    out.push(line(grid.columns.iter().map(|column| column.label.clone()).collect()));
    for block in &grid.blocks {
        if !block.title.is_empty() {
            out.push(format!("# {}", block.title));
        }
        out.extend(block.rows.iter().map(|row| {
            let cells = row.cells.iter();
            line(cells.map(|cell| cell.text() + cell.mark().map_or("", BaseMark::sign)).collect())
        }));
    }
    out
}

#[test]
fn banners_stand_side_by_side_behind_one_total() {
    let frame = long(&[
        ("phase", "Attention", "persona", TOTAL, 0.5, 200.0, 210.0),
        ("phase", "Attention", "persona", "Buyer", 0.4, 20.0, 20.5),
        ("phase", "Attention", "region", TOTAL, 0.5, 200.0, 210.0 + 1e-12),
        ("phase", "Attention", "region", "EMEA", 0.004, 180.0, 189.5),
        ("phase", "Exchange", "persona", TOTAL, 0.5, 200.0, 210.0),
        ("phase", "Exchange", "persona", "Buyer", 0.6, 20.0, 20.5),
        ("phase", "Exchange", "region", TOTAL, 0.5, 200.0, 210.0),
        ("phase", "Exchange", "region", "EMEA", 0.0, 180.0, 189.5),
    ]);
    let labels = [("phase".to_owned(), "Where they are".to_owned())].into();
    let banner = Banner { measures: vec![Measure::ColumnShare, Measure::Index], labels };
    assert_eq!(
        shown(&banner.grid(&Records::read(&frame).unwrap(), None, true)),
        [
            "×2|Persona×1|Region×1",
            "|Total|Buyer|EMEA",
            "Unweighted base|200|20**|180",
            "Weighted base|210|21|190",
            "Effective base|168|16|152",
            "# Where they are",
            "Attention|50%|40%|<0.5%",
            "Index|100|80|1",
            "Exchange|50%|60%|–",
            "Index|100|120|0",
        ]
    );
}

#[test]
fn totals_and_bases_that_differ_stand_where_they_apply() {
    let frame = long(&[
        ("phase", "A", "persona", TOTAL, 1.0, 190.0, 190.0),
        ("phase", "A", "persona", "Buyer", 1.0, 190.0, 190.0),
        ("phase", "A", "region", TOTAL, 1.0, 200.0, 200.0),
        ("phase", "A", "region", "EMEA", 1.0, 200.0, 200.0),
        ("source", "B", "persona", TOTAL, 1.0, 150.0, 150.0),
        ("source", "B", "persona", "Buyer", 1.0, 150.0, 150.0),
        ("source", "B", "region", TOTAL, 1.0, 160.0, 160.0),
        ("source", "B", "region", "EMEA", 1.0, 160.0, 160.0),
    ]);
    assert_eq!(
        shown(&Banner::default().grid(&Records::read(&frame).unwrap(), None, true)),
        [
            "×1|Persona×2|Region×2",
            "|Total|Buyer|Total|EMEA",
            "# Phase",
            "Base|190|190|200|200",
            "A|100%|100%|100%|100%",
            "# Source",
            "Base|150|150|160|160",
            "B|100%|100%|100%|100%",
        ]
    );
}

#[test]
fn nested_banners_have_a_line_of_outer_values() {
    let name = "region / gender";
    let frame = long(&[
        ("phase", "A", name, TOTAL, 1.0, 400.0, 400.0),
        ("phase", "A", name, "AMER / f", 0.3, 100.0, 100.0),
        ("phase", "A", name, "AMER / m", 0.3, 100.0, 100.0),
        ("phase", "A", name, "EMEA / f", 0.2, 200.0, 200.0),
    ]);
    let grid = Banner::default().grid(&Records::read(&frame).unwrap(), None, true);
    assert_eq!(shown(&grid)[..3], ["×2|Region by Gender×3", "×2|AMER×2|EMEA×1", "|Total|f|m|f"]);
    let emea = only(&frame, "region", "EMEA").unwrap();
    let kept = shown(&Banner::default().grid(&Records::read(&emea).unwrap(), None, true));
    assert_eq!(kept[2], "|Total|f");
}

#[test]
fn nothing_crossed_is_an_empty_grid() {
    let grid = Banner::default().grid(&Records::read(&long(&[]).head(Some(0))).unwrap(), None, true);
    assert!(grid.is_empty());
}

/// A question with two columns: a net and its two answers, another answer, a mean.
fn tested() -> DataFrame {
    let rows = ["Good", "4", "5", "Bad", "Mean"];
    let kinds = ["net", "answer", "answer", "answer", "mean"];
    let nets = [None, Some("Good"), Some("Good"), None, None];
    let columns = [TOTAL, "Buyer", "User"];
    let cells: Vec<(usize, usize)> = (0..5).flat_map(|row| (0..3).map(move |column| (row, column))).collect();
    let of = |value: fn(usize, usize) -> f64| cells.iter().map(|&(r, c)| value(r, c)).collect::<Vec<f64>>();
    let words = |value: fn(usize, usize) -> Option<&'static str>| {
        cells.iter().map(|&(r, c)| value(r, c)).collect::<Vec<_>>()
    };
    df!(
        "row_variable" => vec!["satisfaction"; 15],
        "row_value" => cells.iter().map(|&(row, _)| rows[row]).collect::<Vec<_>>(),
        "row_kind" => cells.iter().map(|&(row, _)| kinds[row]).collect::<Vec<_>>(),
        // The two answers were given by the same people: no sum would tell them.
        "net" => cells.iter().map(|&(row, _)| nets[row]).collect::<Vec<_>>(),
        "column_variable" => vec!["persona"; 15],
        "column_value" => cells.iter().map(|&(_, column)| columns[column]).collect::<Vec<_>>(),
        "is_total" => cells.iter().map(|&(_, column)| column == 0).collect::<Vec<_>>(),
        "letter" => words(|_, column| [None, Some("A"), Some("B")][column]),
        "n" => of(|row, _| [70.0, 60.0, 40.0, 30.0, 100.0][row]),
        "n_weighted" => of(|row, _| [70.0, 30.0, 40.0, 30.0, 100.0][row]),
        "column_share" => of(|row, _| [0.7, 0.3, 0.4, 0.3, 0.0][row]),
        "estimate" => of(|_, column| [3.333, 3.5, 3.0][column]),
        "letters" => words(|row, column| (row != 3 && column == 1).then_some("Bc")),
        "vs_rest" => words(|row, column| match (row, column) {
            (0, 1) => Some("higher"),
            (0, 2) => Some("slightly lower"),
            (_, 0) => None,
            _ => Some("same"),
        }),
        "suppressed" => words(|row, column| (row == 3 && column == 2).then_some("small")),
        "base" => of(|_, _| 100.0),
        "base_weighted" => of(|_, _| 100.0),
        "base_effective" => of(|_, _| 100.0),
    )
    .unwrap()
}

fn about(notes: &[(&str, &str, &str)]) -> Records {
    let frame = df!(
        "row_variable" => notes.iter().map(|note| note.0).collect::<Vec<_>>(),
        "column_variable" => notes.iter().map(|note| note.1).collect::<Vec<_>>(),
        "title" => vec!["How satisfied are you?"; notes.len()],
        "base_text" => vec!["All who answered"; notes.len()],
        "variance" => vec!["frequency"; notes.len()],
        "test_note" => notes.iter().map(|note| note.2).collect::<Vec<_>>(),
        "chi_square" => vec![12.345; notes.len()],
        "df" => vec![3i64; notes.len()],
        "p_value" => vec![0.0004; notes.len()],
    );
    Records::read(&frame.unwrap()).unwrap()
}

#[test]
fn findings_stand_beside_the_figures_and_are_explained() {
    let records = Records::read(&tested()).unwrap();
    let about = about(&[("satisfaction", "persona", "z tests at 95 %. Compared: A/B; no others.")]);
    let grid = Banner::default().grid(&records, Some(&about), true);
    assert_eq!(grid.letters, ["", "", "A", "B"]);
    let block = &grid.blocks[1];
    assert_eq!(block.title, "How satisfied are you?");
    let roles: Vec<Role> = block.rows.iter().map(|row| row.role).collect();
    assert_eq!(roles, [Role::Net, Role::Part, Role::Part, Role::Body, Role::Statistic]);
    let told = |row: usize, cell: usize| {
        let cell = &block.rows[row].cells[cell];
        format!("{} {}", cell.text(), cell.found())
    };
    // The letter of a column that is not on the page is left out.
    assert_eq!([told(0, 1), told(0, 2), told(0, 3)], ["70% ", "70% B +", "70% (–)"]);
    assert_eq!([told(3, 2), told(3, 3), told(4, 2)], ["30% ", "hidden ", "3.50 B"]);
    let said: Vec<&str> = grid.footnotes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(
        said,
        [
            "Base: all who answered.",
            "A letter beside a figure: significantly larger than in the column of that letter.",
            "Significantly different from all others: + higher, (–) lower at the looser level.",
            "“hidden”: not shown, to protect the answers of few people: theirs, or a figure from which theirs could be worked out.",
            "Margins of error and tests count every answer as one person drawn at random.",
            "z tests at 95 %. Compared: A/B; no others.",
            "Do the answers differ between the columns at all? A small p says that they do, V how much, from 0 to 1 (chi-square).",
            "By Persona: p < 0.001 (12.35, 3 df).",
            "Shares are rounded and may add up to 99 or 101 %. –: nobody; empty: not asked.",
        ]
    );
    let part = Banner::default().grid(&records, Some(&about), false);
    assert!(part.footnotes.iter().all(|note| !note.text.contains("chi-square")), "figures of the whole");
}
