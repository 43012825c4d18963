//! Reading codes out of Parquet files gives what the engine gives, to the last bit.

use std::fs;
use std::path::{Path, PathBuf};

use polars::prelude::{
    ParquetCompression, ParquetWriteOptions, PlRefPath, ScanArgsParquet, ScanSources, when,
};

use super::*;
use crate::engine::{Embedded, Engine, Format, Target};

/// A file that Arrow C++ wrote, see `tests/parquet/make.py`.
fn arrow(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parquet").join(name).with_extension("parquet")
}

fn scan(paths: &[impl AsRef<Path>]) -> LazyFrame {
    let paths = paths.iter().map(|path| PlRefPath::try_from_path(path.as_ref()).unwrap());
    let args = ScanArgsParquet { glob: false, ..Default::default() };
    LazyFrame::scan_parquet_sources(ScanSources::Paths(paths.collect()), args).unwrap()
}

/// Every column alone, and each with the next two, weighted by `w` if there is one.
fn tables(rows: &LazyFrame) -> Vec<TableSpec> {
    let schema = rows.clone().collect_schema().unwrap();
    let names: Vec<&str> =
        schema.iter_names().map(|name| name.as_str()).filter(|name| *name != "w").collect();
    let weight = schema.contains("w").then_some("w");
    let mut tables: Vec<_> = names.iter().map(|name| spec(vec![Dimension::keep(*name)], None)).collect();
    for some in names.windows(3.min(names.len())) {
        let dimensions = some.iter().enumerate().map(|(at, name)| match at {
            0 => Dimension::leave_out(*name),
            _ => Dimension::keep(*name),
        });
        tables.push(spec(dimensions.collect(), weight));
    }
    tables
}

/// All that a table says: the values of its dimensions, its cells, and the rows that are in none.
type Told = (Vec<Series>, Vec<(String, Cell)>, LeftOut, u64);

fn told(cells: &[Cells]) -> Vec<Told> {
    let values = |cells: &Cells| cells.dimensions.iter().map(|levels| levels.values.clone()).collect();
    cells.iter().map(|cells| (values(cells), shown(cells), cells.left_out.clone(), cells.rows)).collect()
}

/// The columns that are read as codes.
fn coded(rows: &LazyFrame, tables: &[TableSpec]) -> Vec<String> {
    let schema = rows.clone().collect_schema().unwrap();
    Coded::of(rows, &schema, tables).map(|coded| coded.columns.into_keys().collect()).unwrap_or_default()
}

/// Compares both ways and gives the columns that were read as codes.
fn same_both_ways(rows: LazyFrame, tables: &[TableSpec]) -> Vec<String> {
    let schema = rows.clone().collect_schema().unwrap();
    let columns = Coded::of(&rows, &schema, tables).expect("columns with a dictionary");
    let names = columns.columns.keys().cloned().collect();
    // Not through `tabulate`, which would ask the engine after an error.
    let by_codes = count(rows.clone(), &schema, tables, columns).unwrap();
    let by_engine = count(rows, &schema, tables, Coded::default()).unwrap();
    for (table, (codes, engine)) in tables.iter().zip(told(&by_codes).iter().zip(told(&by_engine))) {
        assert!(
            codes.0.iter().zip(&engine.0).all(|(a, b)| a.dtype() == b.dtype() && a.equals_missing(b)),
            "{table:?}"
        );
        assert_eq!((&codes.1, &codes.2, codes.3), (&engine.1, &engine.2, engine.3), "{table:?}");
    }
    names
}

const CODED: [&str; 16] = [
    "date", "empty", "f32", "f64", "i16", "i32", "i64", "i8", "late", "overflow", "required", "text", "u16",
    "u32", "u64", "u8",
];

#[test]
fn files_of_arrow_are_read_as_by_the_engine() {
    for name in ["v1-none", "v1-snappy", "v2-none", "v2-zstd"] {
        let rows = scan(&[arrow(name)]);
        assert_eq!(same_both_ways(rows.clone(), &tables(&rows)), CODED, "{name}");
    }
    let several = scan(&["v2-zstd", "more", "v2-zstd"].map(arrow));
    assert_eq!(same_both_ways(several.clone(), &tables(&several)), CODED);
    let large = scan(&[arrow("large")]);
    assert_eq!(same_both_ways(large.clone(), &tables(&large)), ["text", "unused"]);
}

#[test]
fn a_value_that_no_row_has_is_no_level() {
    let large = scan(&[arrow("large")]);
    let cells = &tabulate(large, &[spec(vec![Dimension::leave_out("unused")], None)]).unwrap()[0];
    let counts: Vec<_> = shown(cells).into_iter().map(|(key, cell)| (key, cell.base.n)).collect();
    let expected = [("p", 27_000), ("q", 27_000), ("r", 54_000)].map(|(key, n)| (key.to_owned(), n));
    assert_eq!((counts, cells.left_out.null[0]), (expected.to_vec(), 27_000));
}

#[test]
fn what_stages_write_is_read_as_codes() {
    let folder = tempfile::tempdir().unwrap();
    let frame = many(2 * BLOCK.get() as u64 + 1);
    for format in [Format::Parquet, Format::Working] {
        let path = folder.path().join("table.parquet");
        Embedded.write(vec![(frame.clone().lazy(), Target { path: path.clone(), format })]).unwrap();
        let rows = Embedded.scan(&path).unwrap();
        assert_eq!(same_both_ways(rows.clone(), &tables(&rows)), ["a", "b", "c", "t"]);
        // As cross_tab selects what it counts, one column of it computed.
        let rows = rows.select([
            Expr::Column("t".into()).alias("text"),
            Expr::Column("a".into()).alias("t"),
            (col("b") % lit(5)).alias("b"),
            col("w"),
        ]);
        assert_eq!(same_both_ways(rows.clone(), &tables(&rows)), ["t", "text"]);
    }
}

#[test]
fn small_row_groups_and_rows_without_weights_are_read_as_by_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let frame = many(BLOCK.get() as u64 + 5000);
    let paths = [7_001, 33_000, 100_000].map(|group| {
        let path = folder.path().join(format!("{group}.parquet"));
        let compression = ParquetCompression::Uncompressed;
        let options = ParquetWriteOptions { compression, row_group_size: Some(group), ..Default::default() };
        options.to_writer(fs::File::create(&path).unwrap()).finish(&mut frame.clone()).unwrap();
        path
    });
    let rows = scan(&paths);
    let unweighted: Vec<_> =
        tables(&rows).into_iter().map(|table| TableSpec { weight: None, ..table }).collect();
    assert_eq!(same_both_ways(rows, &unweighted), ["a", "b", "c", "t"]);
}

#[test]
fn only_rows_as_they_are_in_the_files_are_read_as_codes() {
    let rows = scan(&[arrow("v1-none")]);
    let tables = [spec(vec![Dimension::keep("text")], Some("w"))];
    assert_eq!(coded(&rows, &tables), ["text"]);
    let other = [
        rows.clone().filter(col("i8").gt(lit(0))),
        rows.clone().slice(3, 50),
        rows.clone().sort(["i8"], SortMultipleOptions::default()),
        rows.clone().with_column(col("required").alias("text")),
        rows.clone().select([col("text").cast(DataType::String), col("w")]),
        rows.clone().collect().unwrap().lazy(),
        scan(&[arrow("v1-none"), arrow("large")]),
        scan(&["no such file"]),
    ];
    for (at, rows) in other.into_iter().enumerate() {
        let schema = rows.clone().collect_schema().unwrap_or_default();
        assert!(Coded::of(&rows, &schema, &tables).is_none(), "{at}");
    }
    let pattern = arrow("v1-*").to_string_lossy().into_owned();
    let rows = LazyFrame::scan_parquet(PlRefPath::new(pattern.as_str()), Default::default()).unwrap();
    assert!(coded(&rows, &tables).is_empty());
    assert_eq!(tabulate(rows, &tables).unwrap()[0].rows, 3000);
}

#[test]
fn threads_change_no_bit_of_what_is_read_as_codes() {
    let rows = scan(&["v2-zstd", "more"].map(arrow));
    let tables = tables(&rows);
    let results = [1, 2, 5].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let cells = pool.install(|| tabulate(rows.clone(), &tables).unwrap());
        told(&cells).into_iter().map(|(_, cells, left_out, _)| (cells, left_out)).collect::<Vec<_>>()
    });
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn damaged_files_are_refused_in_the_words_of_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.parquet");
    let tables = [spec(vec![Dimension::keep("text"), Dimension::keep("i8")], None)];
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let mut rows = scan(&[&path]);
        let schema = rows.collect_schema().unwrap();
        let by_engine = count(rows.clone(), &schema, &tables, Coded::default()).unwrap_err().to_string();
        let coded = Coded::of(&rows, &schema, &tables).unwrap();
        assert!(count(rows.clone(), &schema, &tables, coded).is_err(), "{by_engine}");
        assert_eq!(tabulate(rows, &tables).unwrap_err().to_string(), by_engine);
    };
    let mut no_text = fs::read(arrow("v1-none")).unwrap();
    let at = no_text.windows(12).position(|bytes| bytes == b"twelve bytes").unwrap();
    no_text[at] = 0xFF;
    refused(&no_text);
    let mut no_zstd = fs::read(arrow("v2-zstd")).unwrap();
    let at = no_zstd.windows(4).position(|bytes| bytes == [0x28, 0xB5, 0x2F, 0xFD]).unwrap();
    no_zstd[at + 4..at + 12].fill(0xAA);
    refused(&no_zstd);
}

#[test]
fn no_damage_makes_reading_codes_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.parquet");
    // The second column's chunk is read as values from its second page on.
    let tables = [spec(vec![Dimension::keep("text"), Dimension::keep("overflow")], None)];
    for name in ["v1-none", "v2-zstd"] {
        let whole = fs::read(arrow(name)).unwrap();
        let mut rows = scan(&[arrow(name)]);
        let schema = rows.collect_schema().unwrap();
        let mut refused = 0;
        for at in (4..5000).step_by(7) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x91;
            fs::write(&path, &damaged).unwrap();
            let rows = scan(&[&path]);
            let coded = Coded::of(&rows, &schema, &tables).unwrap();
            refused += usize::from(count(rows, &schema, &tables, coded).is_err());
        }
        assert!(refused > 50, "{name}: {refused}");
    }
}

/// The engine hands over a `CASE` of constants, and columns of the file stand beside it row by row.
#[test]
fn rows_of_the_engine_stand_beside_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let answers: Vec<&str> = (0..9).map(|row| if row < 4 { "north" } else { "south" }).collect();
    let table = df!("region" => answers, "visited" => (0..9).map(|row| row < 4).collect::<Vec<_>>()).unwrap();
    Embedded.write(vec![(table.lazy(), Target { path: path.clone(), format: Format::Parquet })]).unwrap();
    let state = when(col("visited")).then(lit(0)).otherwise(lit(1)).alias("state");
    for _ in 0..50 {
        let rows = scan(&[&path]).select([col("region"), state.clone()]);
        let tables = [spec(vec![Dimension::keep("region"), Dimension::keep("state")], None)];
        assert_eq!(same_both_ways(rows, &tables), ["region"]);
    }
}
