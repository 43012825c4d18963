use std::collections::BTreeMap;

use polars::prelude::{
    Categories, Column, DataFrame, DataType, IntoLazy, JoinArgs, JoinType, LazyFrame, NamedFrom, Series,
    SortMultipleOptions, as_struct, col, df, lit,
};

mod coded;

use super::*;
use crate::stats::weights::Base;

fn spec(dimensions: Vec<Dimension>, weight: Option<&str>) -> TableSpec {
    TableSpec { dimensions, weight: weight.map(Into::into) }
}

/// Text of a key's values, `null` for null.
fn shown(cells: &Cells) -> Vec<(String, Cell)> {
    cells
        .iter()
        .map(|(key, cell)| {
            let texts: Vec<String> = key
                .iter()
                .zip(&cells.dimensions)
                .map(|(at, levels)| match *at {
                    NULL => "null".to_owned(),
                    at => levels.values.get(at as usize).unwrap().str_value().into_owned(),
                })
                .collect();
            (texts.join("|"), *cell)
        })
        .collect()
}

fn edge() -> LazyFrame {
    df!(
        "seg" => [Some("B"), Some("A"), None, Some("A"), Some("B"), Some("C")],
        "brand" => [Some("x"), Some("y"), Some("x"), Some("x"), Some("x"), None],
        "w" => [Some(2.0), Some(0.5), Some(1.0), Some(0.0), None, Some(-1.0)],
    )
    .unwrap()
    .lazy()
}

#[test]
fn by_hand() {
    let tables = [
        spec(vec![Dimension::leave_out("brand"), Dimension::leave_out("seg")], Some("w")),
        spec(vec![Dimension::keep("seg")], None),
        spec(vec![], Some("w")),
    ];
    let [cross, segments, all] = tabulate(edge(), &tables).unwrap().try_into().unwrap();

    let [(ax, a), (bx, b), (ay, y)] = shown(&cross).try_into().unwrap();
    assert_eq!((ax.as_str(), bx.as_str(), ay.as_str()), ("x|A", "x|B", "y|A"));
    assert_eq!(a, Cell { base: Base::default(), unusable: Unusable { zero: 1, ..Default::default() } });
    assert_eq!(b.base, Base { n: 1, weighted: 2.0, squared: 4.0 });
    assert_eq!(b.unusable, Unusable { missing: 1, ..Default::default() });
    assert_eq!(y.base, Base { n: 1, weighted: 0.5, squared: 0.25 });
    // The row without a brand counts as that, not as one with a negative weight.
    let weight = Unusable { missing: 1, zero: 1, negative: 0 };
    assert_eq!(cross.left_out, LeftOut { null: vec![1, 1], weight });
    assert_eq!((cross.rows, cross.left_out.total()), (6, 4));

    let counts: Vec<_> = shown(&segments).into_iter().map(|(key, cell)| (key, cell.base.n)).collect();
    let expected = [("A", 2), ("B", 2), ("C", 1), ("null", 1)].map(|(key, n)| (key.to_owned(), n));
    assert_eq!(counts, expected);

    let [(key, cell)] = shown(&all).try_into().unwrap();
    assert_eq!(key, "");
    assert_eq!(cell.base, Base { n: 3, weighted: 3.5, squared: 5.25 });
    assert_eq!(cell.unusable, Unusable { missing: 1, zero: 1, negative: 1 });
}

#[test]
fn a_level_without_a_usable_row_is_still_a_level() {
    let table = spec(vec![Dimension::leave_out("brand"), Dimension::leave_out("seg")], Some("w"));
    let cells = &tabulate(edge(), &[table]).unwrap()[0];
    let levels: Vec<_> = (0..3).map(|place| cells.dimensions[1].text(place)).collect();
    assert_eq!(levels, ["A", "B", "C"]);
    assert!(shown(cells).iter().all(|(key, _)| !key.ends_with('C')));
}

#[test]
fn every_type_is_ordered_by_value() {
    let dates = Series::new("date".into(), [Some(20i32), None, Some(-3), Some(7), Some(20)]);
    let words = [Some("überaus lange Antwort"), Some("Z"), Some("a"), None, Some("überaus lange Antwort")];
    let frame = df!(
        "text" => words,
        "int" => [Some(10i64), Some(-9), Some(300), Some(2), None],
        "float" => [Some(0.0), Some(-0.0), Some(f64::NAN), Some(-7.5), None],
        "bool" => [Some(true), None, Some(false), Some(true), None],
        "category" => words,
    )
    .unwrap()
    .lazy()
    .with_columns([
        lit(dates).cast(DataType::Date).alias("date"),
        col("category").cast(DataType::from_categories(Categories::global())),
    ]);
    let columns = ["text", "int", "float", "bool", "date", "category"];
    let tables: Vec<_> = columns.iter().map(|name| spec(vec![Dimension::keep(*name)], None)).collect();
    let counted = tabulate(frame, &tables).unwrap();
    let counts = |at: usize| -> Vec<String> {
        shown(&counted[at]).iter().map(|(key, cell)| format!("{key}: {}", cell.base.n)).collect()
    };
    assert_eq!(counts(0), ["Z: 1", "a: 1", "überaus lange Antwort: 2", "null: 1"]);
    assert_eq!(counts(1), ["-9: 1", "2: 1", "10: 1", "300: 1", "null: 1"]);
    assert_eq!(counts(2), ["-7.5: 1", "0.0: 2", "null: 2"]);
    assert_eq!(counts(3), ["false: 1", "true: 2", "null: 2"]);
    assert_eq!(counts(4), ["1969-12-29: 1", "1970-01-08: 1", "1970-01-21: 2", "null: 1"]);
    assert_eq!(counts(5), counts(0));
    // The places give back a column of the type it came in.
    let values = counted[4].dimensions[0].at([1, NULL, 0]).unwrap();
    assert_eq!((values.dtype(), values.null_count()), (&DataType::Date, 1));
}

/// Rows that fill several blocks, with many values in some columns.
fn many(rows: u64) -> DataFrame {
    // A multiplicative generator is random enough here.
    let hash = |row: u64, salt: u64| (row + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15 ^ (salt << 7)) >> 33;
    let column = |salt: u64, size: u64| -> Vec<Option<i64>> {
        let value = |row| (hash(row, salt) % (size + 1)).checked_sub(1).map(|v| v as i64 - 2);
        (0..rows).map(value).collect()
    };
    let text: Vec<Option<String>> = column(9, 400)
        .into_iter()
        .map(|v| v.map(|v| format!("an answer of more than twelve bytes {v}")))
        .collect();
    let weights: Vec<Option<f64>> =
        (0..rows).map(|row| (hash(row, 5) % 50).checked_sub(1).map(|w| (w as f64 - 1.0) / 7.0)).collect();
    df!("a" => column(1, 5), "b" => column(2, 300), "c" => column(3, 40), "t" => text, "w" => weights)
        .unwrap()
}

/// Reads row by row, with the sums of a block kept apart as the module's text says.
fn plainly(frame: &DataFrame, columns: &[&str], weight: &str) -> BTreeMap<String, (Base, u64)> {
    let mut all: BTreeMap<String, (Base, u64)> = BTreeMap::new();
    let texts: Vec<Column> =
        columns.iter().map(|name| frame.column(name).unwrap().cast(&DataType::String).unwrap()).collect();
    let texts: Vec<Vec<Option<&str>>> = texts.iter().map(|c| c.str().unwrap().iter().collect()).collect();
    let weights = frame.column(weight).unwrap().f64().unwrap();
    for start in (0..frame.height()).step_by(BLOCK.get()) {
        let mut block: BTreeMap<String, (Base, u64)> = BTreeMap::new();
        for row in start..frame.height().min(start + BLOCK.get()) {
            let key: Vec<&str> = texts.iter().map(|texts| texts[row].unwrap_or("null")).collect();
            let sums = block.entry(key.join("|")).or_default();
            match weights.get(row) {
                Some(w) if w > 0.0 => sums.0 += Base { n: 1, weighted: w, squared: w * w },
                _ => sums.1 += 1,
            }
        }
        for (key, (base, unusable)) in block {
            let sums = all.entry(key).or_default();
            sums.0 += base;
            sums.1 += unusable;
        }
    }
    all
}

#[test]
fn dense_and_sparse_tables_over_many_blocks_are_those_of_a_plain_loop() {
    let frame = many(2 * BLOCK.get() as u64 + 1);
    let shapes: [&[&str]; 5] = [&["a"], &["a", "c"], &["b", "t"], &["a", "b", "c"], &["t", "a", "t"]];
    for columns in shapes {
        // One at a time: tables that are counted together add their sums up in another order.
        let table = spec(columns.iter().map(|c| Dimension::keep(*c)).collect(), Some("w"));
        let cells = &tabulate(frame.clone().lazy(), &[table]).unwrap()[0];
        // To the last bit: the order of the sums is part of the promise.
        assert_eq!(sums(cells), plainly(&frame, columns, "w"), "{columns:?}");
    }
}

/// Bases and unusable rows by the texts of a key.
fn sums(cells: &Cells) -> BTreeMap<String, (Base, u64)> {
    shown(cells).into_iter().map(|(key, cell)| (key, (cell.base, cell.unusable.total()))).collect()
}

/// The same counts, and the same sums but for the order they were added up in.
fn assert_same(actual: &BTreeMap<String, (Base, u64)>, expected: &BTreeMap<String, (Base, u64)>) {
    assert!(actual.keys().eq(expected.keys()));
    let is_close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
    for ((key, (a, unusable)), (b, expected)) in actual.iter().zip(expected.values()) {
        assert_eq!((a.n, unusable), (b.n, expected), "{key}");
        assert!(is_close(a.weighted, b.weighted) && is_close(a.squared, b.squared), "{key}: {a:?} {b:?}");
    }
}

#[test]
fn tables_counted_together_are_those_counted_alone() {
    let small = |name: &str, by: i64| (col("b") % lit(by)).alias(name);
    let frame = many(2 * BLOCK.get() as u64 + 1)
        .lazy()
        .with_columns([small("d", 7), small("e", 4), small("f", 9)])
        .with_column((col("w") * lit(0.3)).alias("v"))
        .collect()
        .unwrap();
    let columns = ["a", "c", "d", "e", "f"];
    let mut tables = vec![spec(vec![], Some("w")), spec(vec![], None)];
    for (at, first) in columns.iter().enumerate() {
        tables.push(spec(vec![Dimension::leave_out(*first)], Some("w")));
        for second in &columns[..at] {
            let dimensions = || vec![Dimension::leave_out(*first), Dimension::keep(*second)];
            tables.extend([Some("w"), Some("v"), None].map(|weight| spec(dimensions(), weight)));
        }
    }
    tables.push(spec(["e", "a", "e", "d"].map(Dimension::keep).into(), Some("w")));
    let together = tabulate(frame.clone().lazy(), &tables).unwrap();
    let mut is_packed = false;
    for (table, cells) in tables.iter().zip(&together) {
        let alone = &tabulate(frame.clone().lazy(), std::slice::from_ref(table)).unwrap()[0];
        assert_eq!((cells.rows, &cells.left_out), (alone.rows, &alone.left_out), "{table:?}");
        for ((key, cell), (same, other)) in cells.iter().zip(alone.iter()) {
            assert_eq!((key, cell.unusable), (same, other.unusable), "{table:?}");
            is_packed |= cell.base != other.base;
        }
        assert_same(&sums(cells), &sums(alone));
    }
    assert!(is_packed, "no sum shows that tables were counted together");
}

#[test]
fn columns_that_grow_late_move_their_tables() {
    let rows = 3 * BLOCK.get() as i64 + 5;
    let block = |row: i64| row / BLOCK.get() as i64;
    // One value in the first block, a few in the second, more than fit into a pack in the third,
    // and more than there are narrow codes in the last two together.
    let grown = |row: i64| match block(row) {
        0 => 3,
        1 => row % 9,
        2 => row % 3000,
        _ => -row,
    };
    let column = |value: &dyn Fn(i64) -> i64| (0..rows).map(value).collect::<Vec<_>>();
    let frame = df!(
        "grown" => column(&grown),
        "wide" => column(&|row| if block(row) < 1 { row % 2 } else { row }),
        "x" => column(&|row| row % 5),
        "y" => column(&|row| row % 7 % 3),
        "last" => column(&|row| i64::from(row == rows - 1)),
        "w" => (0..rows).map(|row| (row % 11) as f64 / 3.0).collect::<Vec<_>>(),
    )
    .unwrap();
    let shapes: [&[&str]; 7] = [
        &["grown", "x"],
        &["grown", "y"],
        &["x", "y"],
        &["last", "x"],
        &["wide", "y"],
        &["wide"],
        &["grown"],
    ];
    let tables: Vec<_> = shapes
        .iter()
        .map(|columns| spec(columns.iter().map(|c| Dimension::keep(*c)).collect(), Some("w")))
        .collect();
    let counted = tabulate(frame.clone().lazy(), &tables).unwrap();
    for (columns, cells) in shapes.iter().zip(&counted) {
        assert_same(&sums(cells), &plainly(&frame, columns, "w"));
    }
}

#[test]
fn the_frames_of_the_rows_change_no_bit() {
    let whole = many(BLOCK.get() as u64 + 1000);
    let cut = |at: i64| (whole.slice(0, at as usize), whole.slice(at, whole.height()));
    let tables =
        ["a", "c", "t"].map(|name| spec(vec![Dimension::keep(name), Dimension::keep("b")], Some("w")));
    let expected = tabulate(whole.clone().lazy(), &tables).unwrap();
    for at in [1, 64, 1000, BLOCK.get() as i64 + 1] {
        let (mut first, second) = cut(at);
        first.vstack_mut(&second).unwrap();
        let pieces = tabulate(first.lazy(), &tables).unwrap();
        for (cells, expected) in pieces.iter().zip(&expected) {
            assert_eq!(shown(cells), shown(expected), "cut at {at}");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let frame = many(70_000).lazy();
    let dimensions = || vec![Dimension::leave_out("b"), Dimension::keep("t")];
    let tables = [spec(dimensions(), Some("w")), spec(vec![Dimension::keep("a")], Some("w"))];
    let results: Vec<_> = [1, 2, 5]
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let cells = pool.install(|| tabulate(frame.clone(), &tables).unwrap());
            cells.iter().map(|cells| (shown(cells), cells.left_out.clone())).collect::<Vec<_>>()
        })
        .into();
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

#[test]
fn any_plan_can_be_tabulated() {
    let owners = df!("seg" => ["A", "B"], "owner" => ["ann", "bob"]).unwrap().lazy();
    let rows = edge()
        .join(owners, [col("seg")], [col("seg")], JoinArgs::new(JoinType::Left))
        .sort(["w"], SortMultipleOptions::default())
        .with_column(col("w").sum().over([col("seg")]).unwrap().alias("all"))
        .with_row_index("row", None)
        .filter(col("all").gt(lit(0.0)));
    let tables = [spec(vec![Dimension::keep("owner")], Some("all"))];
    let cells = shown(&tabulate(rows, &tables).unwrap()[0]);
    let sums: Vec<_> =
        cells.iter().map(|(key, cell)| (key.as_str(), cell.base.n, cell.base.weighted)).collect();
    assert_eq!(sums, [("ann", 2, 1.0), ("bob", 2, 4.0), ("null", 1, 1.0)]);
}

#[test]
fn no_rows_no_cells() {
    let empty = edge().filter(lit(false));
    let table = spec(vec![Dimension::keep("seg")], Some("w"));
    let cells = &tabulate(empty, &[table]).unwrap()[0];
    assert_eq!((cells.iter().count(), cells.rows, cells.dimensions[0].values.len()), (0, 0, 0));
    let values = cells.dimensions[0].at([NULL]).unwrap();
    assert_eq!(values.len(), 1);
}

#[test]
fn what_cannot_be_tabulated_is_said() {
    let frame = edge().with_column(as_struct(vec![col("seg"), col("brand")]).alias("both"));
    let error = tabulate(frame, &[spec(vec![Dimension::keep("both")], None)]).unwrap_err();
    assert!(error.to_string().contains("no categories to tabulate by"), "{error}");
    let error = tabulate(edge(), &[spec(vec![Dimension::keep("sge")], None)]).unwrap_err();
    assert!(error.to_string().contains("sge"), "{error}");
}
