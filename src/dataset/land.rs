//! Landing: text files are read once into one Parquet file of typed columns, each row with its file
//! and record number; records that cannot be read go to a second file with the reason. Memory is
//! bounded by a few batches; rows stand in the order of files and records whatever the threads do.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use csv::ByteRecord;
use polars::io::parquet::write::BatchedWriter;
use polars::prelude::*;
use serde_json::Value;

use super::delimited::{END, Next, Records};
use super::error::{DatasetError, Trouble};
use super::find::SourceFile;
use super::objects::{Lines, Object};
use super::options::{BadRows, Format, Reading};
use super::value::{self, ColumnType};
use super::{ROW, SOURCE, refused_schema};

const BATCH_ROWS: usize = 64 * 1024;
const BATCH_BYTES: usize = 8 << 20;
/// Files read at the same time, at most: each holds some batches.
const WORKERS: usize = 8;
/// Characters of a refused value or record that are kept.
const VALUE_CHARACTERS: usize = 1000;
/// Refused records that an error message names.
const NAMED: usize = 3;

/// What landing wrote, and how many records each file had.
#[derive(Debug, Clone)]
pub struct Copied {
    /// Parquet: the dataset's columns, `_source` and `_row`.
    pub rows: PathBuf,
    /// Parquet: refused records.
    pub refused: PathBuf,
    /// Records of each file, in the order of the files.
    pub counts: Vec<Count>,
}

/// How many records a file had, and what became of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The file, relative to the pipeline file.
    pub name: String,
    /// Records in the table.
    pub rows: u64,
    /// Records set aside.
    pub refused: u64,
}

/// A column as it is landed.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: ColumnType,
}

/// What there is to land.
pub struct Job<'a> {
    pub files: &'a [SourceFile],
    pub format: Format,
    pub reading: &'a Reading,
    pub columns: &'a [Column],
}

impl Job<'_> {
    /// Reads every file into `folder`, as `rows.parquet` and `refused.parquet`.
    pub fn land(&self, folder: &Path) -> Result<Copied, DatasetError> {
        std::fs::create_dir_all(folder).map_err(|e| DatasetError::write(folder, e))?;
        let (senders, receivers): (Vec<_>, Vec<_>) = self
            .files
            .iter()
            .map(|_| {
                let (sender, receiver) = sync_channel(1);
                (Mutex::new(Some(sender)), receiver)
            })
            .unzip();
        let next = AtomicUsize::new(0);
        let workers = rayon::current_num_threads().clamp(1, WORKERS).min(self.files.len());
        // A worker takes the first file that nobody reads yet, and the writer drains files in order, so
        // the file that the writer waits for is always being read.
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        let (Some(file), Some(slot)) = (self.files.get(i), senders.get(i)) else { return };
                        let Some(sender) = slot.lock().ok().and_then(|mut slot| slot.take()) else { return };
                        let wanted = match self.read(file, &sender) {
                            Ok(wanted) => wanted,
                            Err(error) => sender.send(Piece::Failed(error)).is_ok(),
                        };
                        if !wanted {
                            return;
                        }
                    }
                });
            }
            self.write(folder, receivers)
        })
    }

    /// Reads one file. False: the writer has gone, nobody wants the rest.
    fn read(&self, file: &SourceFile, to: &SyncSender<Piece>) -> Result<bool, DatasetError> {
        match self.format {
            Format::Ndjson => self.read_objects(file, to),
            _ => self.read_records(file, to),
        }
    }

    fn read_records(&self, file: &SourceFile, to: &SyncSender<Piece>) -> Result<bool, DatasetError> {
        let mut records = Records::open(file, self.reading)?;
        let encoding = records.encoding.name();
        // Where the columns of this file stand among the dataset's: files may order them differently.
        let fields: Vec<usize> = records
            .columns
            .iter()
            .map(|name| self.columns.iter().position(|column| column.name == *name))
            .collect::<Option<_>>()
            .ok_or_else(|| changed(file))?;
        let expected = fields.len();
        let mut field_of = vec![usize::MAX; self.columns.len()];
        for (field, column) in fields.iter().enumerate() {
            field_of[*column] = field;
        }
        if field_of.contains(&usize::MAX) {
            return Err(changed(file));
        }
        let mut batch = Batch::new(self.columns);
        let mut parsed: Vec<Parsed> = Vec::with_capacity(expected);
        loop {
            let (number, record) = match records.next(file)? {
                Next::Record(number, record) => (number, record),
                Next::Unclosed(number, record) => {
                    let reason = "a quote is not closed before the end of the file".to_owned();
                    batch.refuse(Refused::record(number, self.text_of(record), reason));
                    continue;
                }
                Next::End => break,
            };
            if record.len() != expected {
                let reason = format!("{}, {expected} expected", count_of(record.len(), "field"));
                batch.refuse(Refused::record(number, self.text_of(record), reason));
            } else if let Some(field) = not_text(record) {
                batch.refuse(Refused {
                    number,
                    column: records_column(self.columns, &fields, field),
                    value: Some(shorten(&String::from_utf8_lossy(&record[field]))),
                    reason: format!("bytes that are not {encoding}"),
                });
            } else {
                parsed.clear();
                let mut wrong = None;
                for (column, &field) in self.columns.iter().zip(&field_of) {
                    match self.parse(column.kind, str_of(&record[field])) {
                        Ok(value) => parsed.push(value),
                        Err(()) => {
                            wrong = Some((column, str_of(&record[field])));
                            break;
                        }
                    }
                }
                match wrong {
                    Some((column, text)) => batch.refuse(Refused::value(number, column, text)),
                    None => {
                        let texts = field_of.iter().map(|&field| str_of(&record[field]));
                        batch.push(number, &parsed, texts);
                    }
                }
            }
            if batch.is_full() && !batch.send(file, to)? {
                return Ok(false);
            }
        }
        batch.send(file, to)
    }

    fn read_objects(&self, file: &SourceFile, to: &SyncSender<Piece>) -> Result<bool, DatasetError> {
        let mut lines = Lines::open(file, self.reading)?;
        let encoding = lines.encoding.name();
        let index: HashMap<&str, usize> =
            self.columns.iter().enumerate().map(|(i, column)| (column.name.as_str(), i)).collect();
        let mut batch = Batch::new(self.columns);
        while let Some((number, line)) = lines.next(file)? {
            match self.object(line, &index, encoding) {
                Ok((parsed, texts)) => batch.push(number, &parsed, texts.iter().map(|text| text.as_ref())),
                Err((column, value, reason)) => {
                    let value = value.unwrap_or_else(|| String::from_utf8_lossy(line).into_owned());
                    batch.refuse(Refused { number, column, value: Some(shorten(&value)), reason });
                }
            }
            if batch.is_full() && !batch.send(file, to)? {
                return Ok(false);
            }
        }
        batch.send(file, to)
    }

    /// One line as values, or the column, value and reason of its refusal.
    #[allow(clippy::type_complexity)]
    fn object(
        &self,
        line: &[u8],
        index: &HashMap<&str, usize>,
        encoding: &str,
    ) -> Result<(Vec<Parsed>, Vec<Cow<'static, str>>), (Option<String>, Option<String>, String)> {
        let line =
            std::str::from_utf8(line).map_err(|_| (None, None, format!("bytes that are not {encoding}")))?;
        let object: Object = serde_json::from_str(line)
            .map_err(|error| (None, None, format!("not a JSON object: {error}")))?;
        let mut parsed = vec![Parsed::Null; self.columns.len()];
        let mut texts = vec![Cow::Borrowed(""); self.columns.len()];
        for (key, value) in object.0 {
            let Some(&i) = index.get(key.as_str()) else {
                let reason =
                    "a key that the first 64 KiB do not hold and `types` does not declare".to_owned();
                return Err((Some(key), Some(value.to_string()), reason));
            };
            let column = &self.columns[i];
            let text = match value {
                Value::Null => continue,
                Value::String(text) => Cow::Owned(text),
                Value::Number(n) if n.is_f64() && !n.as_f64().is_some_and(value::is_exact) => {
                    if column.kind != ColumnType::Float {
                        let reason = "a number too large to be kept exactly".to_owned();
                        return Err((Some(key), Some(n.to_string()), reason));
                    }
                    Cow::Owned(n.to_string())
                }
                other => Cow::Owned(other.to_string()),
            };
            parsed[i] = self.parse(column.kind, &text).map_err(|()| {
                (Some(key), Some(text.clone().into_owned()), format!("not {}", column.kind.noun()))
            })?;
            texts[i] = text;
        }
        Ok((parsed, texts))
    }

    fn parse(&self, kind: ColumnType, text: &str) -> Result<Parsed, ()> {
        if text.is_empty() {
            return Ok(Parsed::Null);
        }
        if kind == ColumnType::Text && self.reading.null_words.is_empty() {
            return Ok(Parsed::Text);
        }
        let trimmed = text.trim();
        if self.reading.null_words.iter().any(|word| word == trimmed) {
            return Ok(Parsed::Null);
        }
        if trimmed.is_empty() && kind != ColumnType::Text {
            return Ok(Parsed::Null);
        }
        let parsed = match kind {
            ColumnType::Text => Some(Parsed::Text),
            ColumnType::Integer => value::integer(trimmed).map(Parsed::Integer),
            ColumnType::Float => value::float(trimmed).map(Parsed::Float),
            ColumnType::Boolean => value::boolean(trimmed).map(Parsed::Boolean),
            ColumnType::Date => value::date(trimmed).map(Parsed::Date),
            ColumnType::Datetime => value::datetime(trimmed).map(Parsed::Datetime),
        };
        parsed.ok_or(())
    }

    /// A whole record as text, about as it stands in the file.
    fn text_of(&self, record: &ByteRecord) -> String {
        let mut text = Vec::new();
        for (i, field) in record.iter().enumerate() {
            if i > 0 {
                text.push(self.reading.delimiter);
            }
            text.extend_from_slice(field);
            if text.len() > 4 * VALUE_CHARACTERS {
                break;
            }
        }
        shorten(&String::from_utf8_lossy(text.strip_suffix(END).unwrap_or(&text)))
    }

    fn write(&self, folder: &Path, receivers: Vec<Receiver<Piece>>) -> Result<Copied, DatasetError> {
        let (rows, refused) = (folder.join("rows.parquet"), folder.join("refused.parquet"));
        let mut rows_out = Table::create(rows.clone(), &self.landed_schema())?;
        let mut refused_out = Table::create(refused.clone(), &refused_schema())?;
        let mut counts = Vec::with_capacity(self.files.len());
        let mut first: Vec<String> = Vec::new();
        for (file, receiver) in self.files.iter().zip(receivers) {
            let mut count = Count { name: file.name.clone(), rows: 0, refused: 0 };
            for piece in receiver {
                match piece {
                    Piece::Failed(error) => return Err(error),
                    Piece::Read(batch, list) => {
                        count.rows += batch.height() as u64;
                        count.refused += list.len() as u64;
                        rows_out.append(batch)?;
                        first.extend(list.iter().take(NAMED - first.len()).map(|r| r.sentence(&file.name)));
                        if !list.is_empty() {
                            let frame = refused_frame(&file.name, &list);
                            refused_out.append(frame.map_err(DatasetError::write_polars(&refused))?)?;
                        }
                    }
                }
            }
            counts.push(count);
        }
        rows_out.finish()?;
        refused_out.finish()?;
        let n: u64 = counts.iter().map(|count| count.refused).sum();
        let records = n + counts.iter().map(|count| count.rows).sum::<u64>();
        match (self.reading.bad_rows, n) {
            (BadRows::Quarantine, _) | (_, 0) => Ok(Copied { rows, refused, counts }),
            (BadRows::Fail, n) => Err(refusal(n, records, &first)),
        }
    }

    fn landed_schema(&self) -> Schema {
        let columns = self.columns.iter().map(|column| (column.name.as_str().into(), column.kind.dtype()));
        let provenance = [(SOURCE.into(), DataType::String), (ROW.into(), DataType::Int64)];
        columns.chain(provenance).collect()
    }
}

fn refusal(n: u64, of: u64, first: &[String]) -> DatasetError {
    let records = if of == 1 { "the only record".to_owned() } else { format!("{n} of {of} records") };
    let more = if n > first.len() as u64 { "; …" } else { "" };
    let message = format!("{records} cannot be read: {}{more}", first.join("; "));
    DatasetError::new(Trouble::RefusedRows, message, "read from here")
        .help("`bad_rows: quarantine` sets such records aside with the reason")
}

fn changed(file: &SourceFile) -> DatasetError {
    DatasetError::unreadable(&file.name, "its columns changed while it was being read")
}

/// The first field that is not UTF-8.
fn not_text(record: &ByteRecord) -> Option<usize> {
    if record.as_slice().is_ascii() {
        return None;
    }
    record.iter().position(|field| std::str::from_utf8(field).is_err())
}

/// The text of a field that [`not_text`] found to be text.
fn str_of(field: &[u8]) -> &str {
    std::str::from_utf8(field).unwrap_or_default()
}

fn records_column(columns: &[Column], fields: &[usize], field: usize) -> Option<String> {
    Some(columns[fields[field]].name.clone())
}

fn count_of(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// At most [`VALUE_CHARACTERS`] of a text, with an ellipsis where it was cut.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a reader hands to the writer.
enum Piece {
    Read(DataFrame, Vec<Refused>),
    Failed(DatasetError),
}

/// A record that cannot be read.
struct Refused {
    number: u64,
    column: Option<String>,
    value: Option<String>,
    reason: String,
}

impl Refused {
    fn record(number: u64, value: String, reason: String) -> Self {
        Self { number, column: None, value: Some(value), reason }
    }

    fn value(number: u64, column: &Column, value: &str) -> Self {
        let reason = format!("not {}", column.kind.noun());
        Self { number, column: Some(column.name.clone()), value: Some(shorten(value)), reason }
    }

    fn sentence(&self, file: &str) -> String {
        let Self { number, column, value, reason } = self;
        match (column, value) {
            (Some(column), Some(value)) => {
                let value: String = value.chars().take(40).collect();
                format!("{file} record {number}, `{column}`: {value:?} is {reason}")
            }
            _ => format!("{file} record {number}: {reason}"),
        }
    }
}

fn refused_frame(file: &str, list: &[Refused]) -> PolarsResult<DataFrame> {
    let columns: Vec<polars::prelude::Column> = vec![
        source_column(file, list.len()),
        Series::new(ROW.into(), list.iter().map(|r| r.number as i64).collect::<Vec<_>>()).into(),
        Series::new("column".into(), list.iter().map(|r| r.column.as_deref()).collect::<Vec<_>>()).into(),
        Series::new("value".into(), list.iter().map(|r| r.value.as_deref()).collect::<Vec<_>>()).into(),
        Series::new("reason".into(), list.iter().map(|r| r.reason.as_str()).collect::<Vec<_>>()).into(),
    ];
    DataFrame::new(list.len(), columns)
}

fn source_column(file: &str, height: usize) -> polars::prelude::Column {
    polars::prelude::Column::new_scalar(SOURCE.into(), Scalar::from(PlSmallStr::from(file)), height)
}

/// A value that was understood; of text only that it is there.
#[derive(Debug, Clone, Copy)]
enum Parsed {
    Null,
    Text,
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Date(i32),
    Datetime(i64),
}

/// Rows on their way into a table.
struct Batch<'a> {
    columns: &'a [Column],
    builders: Vec<Builder>,
    numbers: Vec<i64>,
    bytes: usize,
    refused: Vec<Refused>,
}

enum Builder {
    Text(StringChunkedBuilder),
    Integer(PrimitiveChunkedBuilder<Int64Type>),
    Float(PrimitiveChunkedBuilder<Float64Type>),
    Boolean(BooleanChunkedBuilder),
    Date(PrimitiveChunkedBuilder<Int32Type>),
    Datetime(PrimitiveChunkedBuilder<Int64Type>),
}

impl<'a> Batch<'a> {
    fn new(columns: &'a [Column]) -> Self {
        let builders = columns.iter().map(Builder::new).collect();
        Self { columns, builders, numbers: Vec::new(), bytes: 0, refused: Vec::new() }
    }

    fn push<'t>(&mut self, number: u64, parsed: &[Parsed], texts: impl Iterator<Item = &'t str>) {
        for ((builder, value), text) in self.builders.iter_mut().zip(parsed).zip(texts) {
            self.bytes += 16 + text.len();
            builder.push(*value, text);
        }
        self.numbers.push(number as i64);
    }

    fn refuse(&mut self, refused: Refused) {
        self.bytes += 128 + refused.value.as_ref().map_or(0, String::len);
        self.refused.push(refused);
    }

    fn is_full(&self) -> bool {
        self.numbers.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// Hands the rows over and starts anew. False: nobody wants them any more.
    fn send(&mut self, file: &SourceFile, to: &SyncSender<Piece>) -> Result<bool, DatasetError> {
        let full = std::mem::replace(self, Batch::new(self.columns));
        let height = full.numbers.len();
        let mut columns: Vec<polars::prelude::Column> =
            full.builders.into_iter().map(|builder| builder.finish().into()).collect();
        columns.push(source_column(&file.name, height));
        columns.push(Series::new(ROW.into(), full.numbers).into());
        let frame = DataFrame::new(height, columns).map_err(|e| DatasetError::unreadable(&file.name, e))?;
        Ok(to.send(Piece::Read(frame, full.refused)).is_ok())
    }
}

impl Builder {
    fn new(column: &Column) -> Self {
        let name = PlSmallStr::from(column.name.as_str());
        match column.kind {
            ColumnType::Text => Self::Text(StringChunkedBuilder::new(name, 0)),
            ColumnType::Integer => Self::Integer(PrimitiveChunkedBuilder::new(name, 0)),
            ColumnType::Float => Self::Float(PrimitiveChunkedBuilder::new(name, 0)),
            ColumnType::Boolean => Self::Boolean(BooleanChunkedBuilder::new(name, 0)),
            ColumnType::Date => Self::Date(PrimitiveChunkedBuilder::new(name, 0)),
            ColumnType::Datetime => Self::Datetime(PrimitiveChunkedBuilder::new(name, 0)),
        }
    }

    fn push(&mut self, value: Parsed, text: &str) {
        match (self, value) {
            (Self::Text(b), Parsed::Text) => b.append_value(text),
            (Self::Text(b), _) => b.append_null(),
            (Self::Integer(b), Parsed::Integer(v)) => b.append_value(v),
            (Self::Integer(b), _) => b.append_null(),
            (Self::Float(b), Parsed::Float(v)) => b.append_value(v),
            (Self::Float(b), _) => b.append_null(),
            (Self::Boolean(b), Parsed::Boolean(v)) => b.append_value(v),
            (Self::Boolean(b), _) => b.append_null(),
            (Self::Date(b), Parsed::Date(v)) => b.append_value(v),
            (Self::Date(b), _) => b.append_null(),
            (Self::Datetime(b), Parsed::Datetime(v)) => b.append_value(v),
            (Self::Datetime(b), _) => b.append_null(),
        }
    }

    fn finish(self) -> Series {
        match self {
            Self::Text(b) => b.finish().into_series(),
            Self::Integer(b) => b.finish().into_series(),
            Self::Float(b) => b.finish().into_series(),
            Self::Boolean(b) => b.finish().into_series(),
            Self::Date(b) => b.finish().into_date().into_series(),
            Self::Datetime(b) => b.finish().into_datetime(TimeUnit::Microseconds, None).into_series(),
        }
    }
}

/// A Parquet file that grows by row groups of a fair size.
struct Table {
    path: PathBuf,
    writer: BatchedWriter<BufWriter<File>>,
    pending: Option<DataFrame>,
    bytes: usize,
}

impl Table {
    fn create(path: PathBuf, schema: &Schema) -> Result<Self, DatasetError> {
        let file = File::create(&path).map_err(|e| DatasetError::write(&path, e))?;
        let writer = ParquetWriter::new(BufWriter::with_capacity(1 << 20, file))
            .with_compression(ParquetCompression::Lz4Raw)
            .with_statistics(StatisticsOptions::empty())
            .batched(schema)
            .map_err(DatasetError::write_polars(&path))?;
        Ok(Self { path, writer, pending: None, bytes: 0 })
    }

    fn append(&mut self, frame: DataFrame) -> Result<(), DatasetError> {
        self.bytes += frame.estimated_size();
        match &mut self.pending {
            Some(pending) => {
                pending.vstack_mut_owned(frame).map_err(DatasetError::write_polars(&self.path))?;
            }
            None => self.pending = Some(frame),
        }
        let height = self.pending.as_ref().map_or(0, DataFrame::height);
        if height >= 2 * BATCH_ROWS || self.bytes >= 4 * BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), DatasetError> {
        self.bytes = 0;
        let Some(mut frame) = self.pending.take().filter(|frame| frame.height() > 0) else { return Ok(()) };
        frame.rechunk_mut();
        self.writer.write_batch(&frame).map_err(DatasetError::write_polars(&self.path))
    }

    fn finish(mut self) -> Result<(), DatasetError> {
        self.flush()?;
        self.writer.finish().map_err(DatasetError::write_polars(&self.path))?;
        Ok(())
    }
}
