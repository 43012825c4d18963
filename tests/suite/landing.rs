//! Landing of text files: what is read, what is refused and why, and that no record is lost whatever
//! the bytes are.

use std::io::Write;
use std::path::Path;

use growthring::dataset::{self, BadRows, DatasetOptions, Format, Landed, Trouble, Types};
use growthring::document::Spanned;
use polars::prelude::*;
use proptest::prelude::*;
use tempfile::TempDir;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// Options that set bad records aside, changed as the test wants.
fn options(change: impl Fn(&mut DatasetOptions)) -> DatasetOptions {
    let mut options = DatasetOptions::at("unused".into());
    options.bad_rows = BadRows::Quarantine;
    change(&mut options);
    options
}

fn land(path: &str, options: &DatasetOptions, base: &Path) -> Result<Landed, dataset::DatasetError> {
    let found = dataset::find(options, path, base)?;
    let promised = dataset::schema(&found)?;
    let landed = dataset::land(&found, &base.join("landed"))?;
    assert_eq!(promised, **landed.schema(), "what was promised is what was landed");
    Ok(landed)
}

fn landed(bytes: &[u8], options: &DatasetOptions) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let folder = folder(&[("file.csv", bytes)]);
    let landed = land("file.csv", options, folder.path()).unwrap();
    (cells(landed.plain().unwrap()), cells(landed.refused().unwrap()))
}

fn error(bytes: &[u8], options: &DatasetOptions) -> dataset::DatasetError {
    let folder = folder(&[("file.csv", bytes)]);
    land("file.csv", options, folder.path()).unwrap_err()
}

/// The rows of a frame as text; null is `∅`.
fn cells(frame: LazyFrame) -> Vec<Vec<String>> {
    let frame = frame.collect().unwrap();
    let text = |value: AnyValue<'_>| match value {
        AnyValue::Null => "∅".to_owned(),
        AnyValue::String(text) => text.to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        other => other.to_string(),
    };
    let row = |i: usize| frame.columns().iter().map(|column| text(column.get(i).unwrap())).collect();
    (0..frame.height()).map(row).collect()
}

fn types(declared: &[(&str, dataset::ColumnType)]) -> Types {
    Types::Declared(declared.iter().map(|(name, kind)| ((*name).into(), *kind)).collect())
}

fn plain() -> DatasetOptions {
    options(|_| {})
}

fn word(text: &str) -> Option<Spanned<String>> {
    Some(text.into())
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_first_name() {
    let (rows, refused) = landed(b"\xEF\xBB\xBFid,name\n1,A\n", &plain());
    assert_eq!(rows, [["1", "A"]]);
    assert!(refused.is_empty());
}

#[test]
fn latin_1_is_read_when_the_file_says_so() {
    let bytes = b"id;city\n1;Z\xFCrich\n2;\x80uro\n";
    let latin = options(|o| (o.encoding, o.delimiter) = (word("latin1"), word(";")));
    assert_eq!(landed(bytes, &latin).0, [["1", "Zürich"], ["2", "€uro"]]);
}

#[test]
fn latin_1_that_is_not_declared_is_refused_row_by_row() {
    let (rows, refused) = landed(b"id,city\n1,Z\xFCrich\n2,Bern\n", &plain());
    assert_eq!(rows, [["2", "Bern"]]);
    assert_eq!(refused, [["file.csv", "1", "city", "Z\u{FFFD}rich", "bytes that are not UTF-8"]]);
}

#[test]
fn utf_16_is_read_with_a_mark_and_without() {
    let units = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let text = "id,city\r\n1,Zürich\r\n";
    let marked = [b"\xFF\xFE".to_vec(), units(text)].concat();
    assert_eq!(landed(&marked, &plain()).0, [["1", "Zürich"]]);
    let declared = options(|o| o.encoding = word("utf-16le"));
    assert_eq!(landed(&units(text), &declared).0, [["1", "Zürich"]]);
    let told = error(&units(text), &plain());
    assert_eq!(told.kind, Trouble::Header);
    assert!(told.help.unwrap().contains("utf-16le"));
}

#[test]
fn gzip_is_read_member_by_member_and_refused_when_cut() {
    let mut bytes = Vec::new();
    for part in ["id,name\n1,A\n", "2,B\n"] {
        let mut member = flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::default());
        member.write_all(part.as_bytes()).unwrap();
        member.finish().unwrap();
    }
    assert_eq!(landed(&bytes, &plain()).0, [["1", "A"], ["2", "B"]]);
    bytes.truncate(bytes.len() - 6);
    assert_eq!(error(&bytes, &plain()).kind, Trouble::Unreadable);
}

#[test]
fn a_field_may_hold_line_breaks_and_record_numbers_stay_true() {
    let bytes = b"id,note\n1,\"one\ntwo \"\"quoted\"\"\"\n2,x,y\n3,z\n";
    let folder = folder(&[("file.csv", bytes)]);
    let landed = land("file.csv", &plain(), folder.path()).unwrap();
    let rows = cells(landed.rows().unwrap());
    assert_eq!(rows, [["1", "one\ntwo \"quoted\"", "file.csv", "1"], ["3", "z", "file.csv", "3"]]);
    assert_eq!(cells(landed.refused().unwrap()), [["file.csv", "2", "∅", "2,x,y", "3 fields, 2 expected"]]);
    assert_eq!((landed.rows_in(), landed.rows_out()), (3, 2));
}

#[test]
fn ragged_records_are_refused_with_the_reason() {
    let (rows, refused) = landed(b"a,b,c\n1,2\n1,2,3\n1,2,3,4\n", &plain());
    assert_eq!(rows, [["1", "2", "3"]]);
    assert_eq!(refused[0], ["file.csv", "1", "∅", "1,2", "2 fields, 3 expected"]);
    assert_eq!(refused[1], ["file.csv", "3", "∅", "1,2,3,4", "4 fields, 3 expected"]);
}

#[test]
fn bad_records_stop_the_run_unless_they_may_be_set_aside() {
    let strict = DatasetOptions::at("unused".into());
    let told = error(b"a,b\n1\n1,2\n", &strict);
    assert_eq!(told.kind, Trouble::RefusedRows);
    assert_eq!(told.message, "1 of 2 records cannot be read: file.csv record 1: 1 field, 2 expected");
    assert!(told.help.unwrap().contains("bad_rows: quarantine"));
}

#[test]
fn line_ends_may_be_of_any_kind() {
    for bytes in
        [&b"a,b\n1,2\n3,4"[..], b"a,b\r\n1,2\r\n3,4\r\n", b"a,b\r1,2\r3,4\r", b"a,b\n\n1,2\r\n\r\n3,4\n\n"]
    {
        assert_eq!(
            landed(bytes, &plain()).0,
            [["1", "2"], ["3", "4"]],
            "{:?}",
            bytes.escape_ascii().to_string()
        );
    }
}

#[test]
fn an_unclosed_quote_is_told_and_takes_nothing_silently() {
    let (rows, refused) = landed(b"a,b\n1,2\n3,\"four\n5,6\n", &plain());
    assert_eq!(rows, [["1", "2"]]);
    let reason = "a quote is not closed before the end of the file";
    assert_eq!(refused, [["file.csv", "2", "∅", "3,four\n5,6\n", reason]]);
    assert_eq!(error(b"a,\"b\n1,2\n", &plain()).kind, Trouble::Header);
}

#[test]
fn a_quote_may_be_another_character_or_none() {
    let single = options(|o| o.quote = word("'"));
    assert_eq!(landed(b"a,b\n'1,5',\"x\"\n", &single).0, [["1,5", "\"x\""]]);
    let none = options(|o| o.quote = word(""));
    assert_eq!(landed(b"a,b\n\"1,2\"\n", &none).0, [["\"1", "2\""]]);
}

#[test]
fn headers_that_cannot_be_used_are_refused_with_a_way_out() {
    for (bytes, what) in [
        (&b"id,name,id\n1,2,3\n"[..], "columns 1, 3 are all called `id`"),
        (b"id,,\n1,2,3\n", "columns 2, 3 without a name"),
        (b"id,_row\n1,2\n", "`_row` is the name of our own column"),
    ] {
        let told = error(bytes, &plain());
        assert_eq!(told.kind, Trouble::Header);
        assert!(told.message.contains(what), "{}", told.message);
        assert!(told.help.unwrap().contains("columns: ["));
    }
    let renamed = options(|o| o.columns = ["id", "name", "id_again"].map(Into::into).to_vec());
    assert_eq!(landed(b"id,name,id\n1,2,3\n", &renamed).0, [["1", "2", "3"]]);
}

#[test]
fn a_single_column_that_looks_like_many_asks_for_the_delimiter() {
    let told = error(b"id;name\n1;A\n", &plain());
    assert_eq!(told.kind, Trouble::Header);
    assert_eq!(told.help.unwrap(), "the fields seem to be apart by another character: `delimiter: \";\"`");
    let meant = options(|o| o.delimiter = word(","));
    assert_eq!(landed(b"id;name\n1;A\n", &meant).0, [["1;A"]]);
}

#[test]
fn a_file_without_a_header_line_has_numbered_columns() {
    let bare = options(|o| o.header = false);
    assert_eq!(landed(b"1,2\n3,4\n", &bare).0, [["1", "2"], ["3", "4"]]);
    let folder = folder(&[("file.csv", b"1,2\n")]);
    let found = dataset::find(&bare, "file.csv", folder.path()).unwrap();
    let schema = dataset::schema(&found).unwrap();
    assert_eq!(schema.iter_names().map(|n| n.as_str()).collect::<Vec<_>>(), ["column_1", "column_2"]);
}

#[test]
fn an_empty_file_is_an_error_and_a_header_alone_is_not() {
    for bytes in [&b""[..], b"\xEF\xBB\xBF", b"\n\r\n\n"] {
        assert_eq!(error(bytes, &plain()).kind, Trouble::EmptyFile);
    }
    assert_eq!(landed(b"a,b\n", &plain()), (vec![], vec![]));
    assert_eq!(landed(b"a,b", &plain()), (vec![], vec![]));
}

#[test]
fn a_line_of_ten_megabytes_is_a_line() {
    let long = "x".repeat(10 << 20);
    let bytes = format!("a,b\n1,{long}\n2,{long},more\n3,short\n");
    let (rows, refused) = landed(bytes.as_bytes(), &plain());
    assert_eq!(rows[0][1].len(), 10 << 20);
    assert_eq!(rows[1], ["3", "short"]);
    assert_eq!(refused[0][3].chars().count(), 1001, "a refused value is cut, and an ellipsis says so");
}

#[test]
fn declared_types_are_converted_and_what_does_not_convert_is_refused() {
    use dataset::ColumnType::{Boolean, Date, Datetime, Float, Integer};
    let typed = options(|o| {
        let all = [("i", Integer), ("f", Float), ("b", Boolean), ("d", Date), ("t", Datetime)];
        o.types = types(&all);
        o.null_words = vec!["n/a".into()];
    });
    let bytes = "i,f,b,d,t\n 7 ,1.5,yes,2026-11-22,2026-11-22T08:00\n17850.0,n/a,,2026-02-30,\n,,,,\n";
    let (rows, refused) = landed(bytes.as_bytes(), &typed);
    assert_eq!(rows[0], ["7", "1.5", "true", "2026-11-22", "2026-11-22 08:00:00"]);
    assert_eq!(rows[1], ["∅", "∅", "∅", "∅", "∅"]);
    assert_eq!(refused, [["file.csv", "2", "d", "2026-02-30", "not a date"]]);
}

#[test]
fn a_declared_column_that_no_file_has_is_an_error() {
    let typed = options(|o| o.types = types(&[("nope", dataset::ColumnType::Integer)]));
    let told = error(b"a,b\n1,2\n", &typed);
    assert_eq!(told.kind, Trouble::Option);
    assert_eq!(told.help.unwrap(), "the columns are `a`, `b`");
}

#[test]
fn guessed_types_come_with_a_caution() {
    let auto = options(|o| o.types = Types::Auto);
    let folder = folder(&[("file.csv", b"id,code,w\n1,007,0.5\n2,010,1\n")]);
    let landed = land("file.csv", &auto, folder.path()).unwrap();
    let dtypes: Vec<DataType> = landed.schema().iter_values().cloned().collect();
    assert_eq!(dtypes, [DataType::Int64, DataType::String, DataType::Float64]);
    assert_eq!(landed.cautions().len(), 1);
}

#[test]
fn files_are_read_in_the_order_of_their_names_and_columns_by_name() {
    let folder = folder(&[("b.csv", b"y,x\n4,3\n"), ("a.csv", b"x,y\n1,2\n"), ("c.csv", b"x,y\n5,6\n")]);
    let landed = land("*.csv", &plain(), folder.path()).unwrap();
    let expected = [["1", "2", "a.csv", "1"], ["3", "4", "b.csv", "1"], ["5", "6", "c.csv", "1"]];
    assert_eq!(cells(landed.rows().unwrap()), expected);
}

#[test]
fn many_files_stand_in_order_however_many_threads_read_them() {
    let files: Vec<(String, String)> = (0..60)
        .map(|i| {
            // A long file among short ones is overtaken by its successors.
            let rows = if i % 20 == 0 { 30_000 } else { 10 };
            let body: String = (1..=rows).map(|row| format!("{i},{row}\n")).collect();
            (format!("f{i:03}.csv"), format!("file,row\n{body}"))
        })
        .collect();
    let named: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (n.as_str(), b.as_bytes())).collect();
    let folder = folder(&named);
    let landed = land("*.csv", &plain(), folder.path()).unwrap();
    let frame = landed.rows().unwrap().collect().unwrap();
    assert_eq!(frame.height() as u64, 3 * 30_000 + 57 * 10);
    let number = |name: &str, i: usize| frame.column(name).unwrap().get(i).unwrap().to_string();
    let key =
        |i: usize| (number("_source", i), frame.column("_row").unwrap().get(i).unwrap().extract::<i64>());
    assert!((1..frame.height()).all(|i| key(i - 1) < key(i)));
}

#[test]
fn files_with_other_columns_are_not_one_dataset() {
    let folder = folder(&[("a.csv", b"x,y\n1,2\n"), ("b.csv", b"x,z\n1,2\n")]);
    let told = land("*.csv", &plain(), folder.path()).unwrap_err();
    assert_eq!(told.kind, Trouble::ColumnsDiffer);
    assert_eq!(told.message, "b.csv lacks `y` and has `z` besides, compared with a.csv");
}

#[test]
fn a_file_of_unknown_form_asks_for_it() {
    let folder = folder(&[("data.dat", b"a,b\n1,2\n")]);
    let told = land("data.dat", &plain(), folder.path()).unwrap_err();
    assert_eq!(told.kind, Trouble::Option);
    let said = options(|o| o.format = Some(Format::Csv));
    assert_eq!(land("data.dat", &said, folder.path()).unwrap().rows_out(), 1);
}

#[test]
fn objects_are_read_and_what_is_none_is_refused() {
    let bytes = "{\"id\":1,\"tags\":[\"a\"],\"w\":0.5}\n\n{\"w\":2,\"id\":2}\nnonsense\n[1]\n{\"id\":\"x\"}\n{\"id\":1,\"id\":2}\n";
    let folder = folder(&[("file.ndjson", bytes.as_bytes())]);
    let typed = options(|o| {
        o.types = types(&[("id", dataset::ColumnType::Integer), ("late", dataset::ColumnType::Text)])
    });
    let landed = land("file.ndjson", &typed, folder.path()).unwrap();
    assert_eq!(cells(landed.plain().unwrap()), [["1", "[\"a\"]", "0.5", "∅"], ["2", "∅", "2.0", "∅"]]);
    let refused = cells(landed.refused().unwrap());
    assert_eq!(refused.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["3", "4", "5", "6"]);
    assert_eq!(refused[2][2..], ["id", "x", "not an integer"]);
    assert!(refused[3][4].contains("the key `id` comes twice"));
}

#[test]
fn a_key_that_comes_late_is_refused_and_not_dropped() {
    let early = "{\"id\":1}\n".repeat(20_000);
    let folder = folder(&[("file.ndjson", format!("{early}{{\"id\":2,\"late\":3}}\n").as_bytes())]);
    let landed = land("file.ndjson", &plain(), folder.path()).unwrap();
    assert_eq!((landed.rows_out(), landed.rows_in()), (20_000, 20_001));
    assert_eq!(cells(landed.refused().unwrap())[0][2], "late");
}

fn parquet(path: &Path, frame: &mut DataFrame) {
    ParquetWriter::new(std::fs::File::create(path).unwrap()).finish(frame).unwrap();
}

#[test]
fn parquet_is_scanned_where_it_lies_and_rows_are_numbered_in_each_file() {
    let folder = TempDir::new().unwrap();
    parquet(&folder.path().join("a.parquet"), &mut df!("x" => [1i64, 2], "y" => ["a", "b"]).unwrap());
    parquet(&folder.path().join("b.parquet"), &mut df!("y" => ["c"], "x" => [3i64]).unwrap());
    let landed = land("*.parquet", &plain(), folder.path()).unwrap();
    assert!(!folder.path().join("landed").exists());
    assert_eq!(cells(landed.plain().unwrap()), [["1", "a"], ["2", "b"], ["3", "c"]]);
    let traced = [["1", "a", "a.parquet", "1"], ["2", "b", "a.parquet", "2"], ["3", "c", "b.parquet", "1"]];
    assert_eq!(cells(landed.rows().unwrap()), traced);
    assert_eq!(landed.rows_in(), 3);
}

/// Columns `region` and `y`, `region` held as `dtype`.
fn held_as(dtype: DataType, regions: &[Option<&str>], y: &[i64]) -> DataFrame {
    let frame = df!("region" => regions, "y" => y).unwrap().lazy();
    frame.with_column(col("region").cast(dtype)).collect().unwrap()
}

#[test]
fn categories_are_text_also_beside_files_of_text() {
    let folder = TempDir::new().unwrap();
    let pandas = DataType::from_categories(Categories::global());
    let listed = DataType::from_frozen_categories(FrozenCategories::new(["West", "Ost"]).unwrap());
    let files = [
        ("a.parquet", held_as(pandas, &[Some("Ost"), None], &[1, 2])),
        ("b.parquet", held_as(listed, &[Some("West")], &[3])),
        ("c.parquet", held_as(DataType::String, &[Some("Nord")], &[4])),
    ];
    for (name, mut frame) in files {
        parquet(&folder.path().join(name), &mut frame);
    }
    for (path, rows) in [("a.parquet", 2), ("b.parquet", 1), ("*.parquet", 4)] {
        let landed = land(path, &plain(), folder.path()).unwrap();
        assert_eq!(landed.schema().get("region"), Some(&DataType::String), "{path}");
        for mut frame in [landed.plain().unwrap(), landed.rows().unwrap()] {
            assert_eq!(frame.collect_schema().unwrap().get("region"), Some(&DataType::String), "{path}");
            assert_eq!(cells(frame).len(), rows);
        }
    }
    let all = land("*.parquet", &plain(), folder.path()).unwrap();
    assert_eq!(cells(all.plain().unwrap()), [["Ost", "1"], ["∅", "2"], ["West", "3"], ["Nord", "4"]]);
}

#[test]
fn parquet_that_is_corrupt_empty_or_of_another_type_is_told() {
    let folder = folder(&[("bad.parquet", b"PAR1 this is not a footer PAR1"), ("empty.parquet", b"")]);
    let kind = |path: &str| land(path, &plain(), folder.path()).unwrap_err().kind;
    assert_eq!(kind("bad.parquet"), Trouble::Unreadable);
    assert_eq!(kind("empty.parquet"), Trouble::EmptyFile);
    parquet(&folder.path().join("n1.parquet"), &mut df!("x" => [1i64]).unwrap());
    parquet(&folder.path().join("n2.parquet"), &mut df!("x" => ["1"]).unwrap());
    assert_eq!(kind("n*.parquet"), Trouble::ColumnsDiffer);
    let typed = options(|o| o.types = types(&[("x", dataset::ColumnType::Text)]));
    assert_eq!(land("n1.parquet", &typed, folder.path()).unwrap_err().kind, Trouble::Option);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Whatever the bytes: no panic, and every record is a row or a refusal.
    #[test]
    fn no_record_is_lost(
        bytes in proptest::collection::vec(
            prop_oneof![
                4 => proptest::sample::select(b",;\"\n\r\t".to_vec()),
                4 => proptest::sample::select(b"ab01 .-".to_vec()),
                1 => any::<u8>(),
            ],
            0..400,
        ),
        encoding in proptest::sample::select(vec![None, Some("latin1"), Some("utf-16le"), Some("shift_jis")]),
        header in any::<bool>(),
        format in proptest::sample::select(vec![Format::Csv, Format::Ndjson]),
        guess in any::<bool>(),
    ) {
        let folder = folder(&[("file", &bytes)]);
        let options = options(|o| {
            o.encoding = encoding.and_then(word);
            o.header = header;
            o.format = Some(format);
            o.delimiter = word(",").filter(|_| format == Format::Csv);
            if guess { o.types = Types::Auto }
        });
        if let Ok(landed) = land("file", &options, folder.path()) {
            let rows = landed.plain().unwrap().collect().unwrap().height() as u64;
            let refused = landed.refused().unwrap().collect().unwrap().height() as u64;
            prop_assert_eq!(landed.rows_in(), rows + refused);
            let numbers = [landed.rows().unwrap(), landed.refused().unwrap()]
                .map(|frame| frame.select([col("_row")]));
            let numbers = concat(numbers, UnionArgs::default()).unwrap().sort(["_row"], Default::default());
            let numbers = numbers.collect().unwrap();
            let numbers: Vec<Option<i64>> = numbers.column("_row").unwrap().i64().unwrap().iter().collect();
            let expected: Vec<Option<i64>> = (1..=(rows + refused) as i64).map(Some).collect();
            prop_assert_eq!(numbers, expected, "record numbers have no gap and no repetition");
        }
    }
}
