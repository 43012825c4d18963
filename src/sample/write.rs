//! Writers of the three forms silos come in: delimited text, NDJSON and Parquet. They stream, and
//! the same rows give the same bytes. Know nothing of what the rows mean.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder, write::GzEncoder};
use polars::prelude::*;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Relative to the folder of the sample, with `/`.
    pub path: String,
    /// Records in it, headers not counted.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// The folder everything is written to.
pub struct Folder<'a> {
    root: &'a Path,
}

impl<'a> Folder<'a> {
    /// A folder; it and those below it are made when the first file is.
    pub fn new(root: &'a Path) -> Self {
        Self { root }
    }

    /// A whole file at once.
    pub fn text(&self, path: &str, content: &str) -> io::Result<Written> {
        let (full, mut file) = self.create(path)?;
        file.write_all(content.as_bytes())?;
        file.flush()?;
        written(path, &full, content.lines().count() as u64)
    }

    fn create(&self, path: &str) -> io::Result<(PathBuf, BufWriter<File>)> {
        let full = self.root.join(path);
        if let Some(parent) = full.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = File::create(&full)?;
        Ok((full, BufWriter::with_capacity(1 << 16, file)))
    }
}

fn written(path: &str, full: &Path, rows: u64) -> io::Result<Written> {
    Ok(Written { path: path.to_owned(), rows, bytes: full.metadata()?.len() })
}

enum Sink {
    Plain(BufWriter<File>),
    Gzip(Box<GzEncoder<BufWriter<File>>>),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Plain(file) => file.write(bytes),
            Sink::Gzip(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Plain(file) => file.flush(),
            Sink::Gzip(file) => file.flush(),
        }
    }
}

impl Sink {
    fn new(file: BufWriter<File>, gzip: bool) -> Self {
        if gzip {
            // No name and no time in the header, so that the same rows give the same bytes.
            Sink::Gzip(Box::new(GzBuilder::new().mtime(0).write(file, Compression::new(6))))
        } else {
            Sink::Plain(file)
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Sink::Plain(mut file) => file.flush(),
            Sink::Gzip(file) => file.finish()?.flush(),
        }
    }
}

/// How a delimited file is written. Gzip follows from the name.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// Between the cells.
    pub delimiter: u8,
    /// One byte a character (windows-1252 without its extras) instead of UTF-8.
    pub latin1: bool,
    /// Starts with a byte order mark.
    pub bom: bool,
}

impl Dialect {
    /// Commas and UTF-8.
    pub const PLAIN: Dialect = Dialect { delimiter: b',', latin1: false, bom: false };
    /// Commas, UTF-8 and a byte order mark.
    pub const MARKED: Dialect = Dialect { delimiter: b',', latin1: false, bom: true };
    /// Semicolons and windows-1252, as a German spreadsheet saves it.
    pub const GERMAN: Dialect = Dialect { delimiter: b';', latin1: true, bom: false };
}

/// Delimited text.
pub struct Delimited {
    path: String,
    full: PathBuf,
    out: csv::Writer<Sink>,
    latin1: bool,
    rows: u64,
}

impl Delimited {
    /// A file with its header line.
    pub fn create(folder: &Folder<'_>, path: &str, dialect: Dialect, header: &[&str]) -> io::Result<Self> {
        let (full, file) = folder.create(path)?;
        let mut sink = Sink::new(file, path.ends_with(".gz"));
        if dialect.bom {
            sink.write_all(b"\xEF\xBB\xBF")?;
        }
        let out = csv::WriterBuilder::new().delimiter(dialect.delimiter).from_writer(sink);
        let mut made = Self { path: path.to_owned(), full, out, latin1: dialect.latin1, rows: 0 };
        made.record(header)?;
        Ok(made)
    }

    /// Another record.
    pub fn row<S: AsRef<str>>(&mut self, cells: &[S]) -> io::Result<()> {
        self.rows += 1;
        self.record(cells)
    }

    fn record<S: AsRef<str>>(&mut self, cells: &[S]) -> io::Result<()> {
        if self.latin1 {
            let cells = cells.iter().map(|cell| latin1(cell.as_ref())).collect::<io::Result<Vec<_>>>()?;
            self.out.write_record(&cells).map_err(io::Error::other)
        } else {
            self.out.write_record(cells.iter().map(AsRef::as_ref)).map_err(io::Error::other)
        }
    }

    /// Writes what is left and closes the file.
    pub fn finish(self) -> io::Result<Written> {
        self.out.into_inner().map_err(|error| io::Error::other(error.to_string()))?.finish()?;
        written(&self.path, &self.full, self.rows)
    }
}

fn latin1(text: &str) -> io::Result<Vec<u8>> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)))
        .collect::<Result<_, _>>()
        .map_err(|_| io::Error::other(format!("`{text}` has a character outside latin-1")))
}

/// One JSON object a line.
pub struct Ndjson {
    path: String,
    full: PathBuf,
    out: Sink,
    rows: u64,
}

impl Ndjson {
    /// An empty file.
    pub fn create(folder: &Folder<'_>, path: &str) -> io::Result<Self> {
        let (full, file) = folder.create(path)?;
        Ok(Self { path: path.to_owned(), full, out: Sink::new(file, path.ends_with(".gz")), rows: 0 })
    }

    /// Another object, its fields in the order of `record`.
    pub fn row(&mut self, record: &impl serde::Serialize) -> io::Result<()> {
        self.rows += 1;
        serde_json::to_writer(&mut self.out, record)?;
        self.out.write_all(b"\n")
    }

    /// Writes what is left and closes the file.
    pub fn finish(self) -> io::Result<Written> {
        self.out.finish()?;
        written(&self.path, &self.full, self.rows)
    }
}

/// A value of a Parquet file.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text.
    Text(Option<String>),
    /// A 64-bit whole number.
    Integer(Option<i64>),
    /// A double.
    Float(Option<f64>),
    /// Days since 1970-01-01.
    Date(Option<i32>),
    /// Seconds since 1970-01-01, without a time zone.
    Seconds(Option<i64>),
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Cell::Text(Some(value.to_owned()))
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Cell::Text(Some(value))
    }
}

/// What a Parquet column holds; the [`Cell`] of the same name goes into it.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// Text.
    Text,
    /// Whole numbers.
    Integer,
    /// Doubles.
    Float,
    /// Days.
    Date,
    /// Times to the second, stored in microseconds.
    Seconds,
}

enum Column {
    Text(Vec<Option<String>>),
    Integer(Vec<Option<i64>>),
    Float(Vec<Option<f64>>),
    Date(Vec<Option<i32>>),
    Seconds(Vec<Option<i64>>),
}

/// Parquet, written in row groups.
pub struct Parquet {
    path: String,
    full: PathBuf,
    out: polars::io::parquet::write::BatchedWriter<BufWriter<File>>,
    names: Vec<&'static str>,
    columns: Vec<Column>,
    held: usize,
    rows: u64,
}

// Bounds the memory: rows are held until a row group is full.
const ROW_GROUP: usize = 100_000;

impl Parquet {
    /// A file with these columns.
    pub fn create(folder: &Folder<'_>, path: &str, columns: &[(&'static str, Type)]) -> io::Result<Self> {
        let (full, file) = folder.create(path)?;
        let schema = Schema::from_iter(columns.iter().map(|(name, kind)| {
            let dtype = match kind {
                Type::Text => DataType::String,
                Type::Integer => DataType::Int64,
                Type::Float => DataType::Float64,
                Type::Date => DataType::Date,
                Type::Seconds => DataType::Datetime(TimeUnit::Microseconds, None),
            };
            Field::new(PlSmallStr::from_static(name), dtype)
        }));
        let out = ParquetWriter::new(file)
            .with_compression(ParquetCompression::Zstd(None))
            .batched(&schema)
            .map_err(io::Error::other)?;
        let held = columns
            .iter()
            .map(|(_, kind)| match kind {
                Type::Text => Column::Text(Vec::new()),
                Type::Integer => Column::Integer(Vec::new()),
                Type::Float => Column::Float(Vec::new()),
                Type::Date => Column::Date(Vec::new()),
                Type::Seconds => Column::Seconds(Vec::new()),
            })
            .collect();
        let names = columns.iter().map(|(name, _)| *name).collect();
        Ok(Self { path: path.to_owned(), full, out, names, columns: held, held: 0, rows: 0 })
    }

    /// Another row.
    pub fn row(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        if cells.len() != self.columns.len() {
            return Err(io::Error::other(format!("{}: a row of {} cells", self.path, cells.len())));
        }
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match (column, cell) {
                (Column::Text(values), Cell::Text(value)) => values.push(value),
                (Column::Integer(values), Cell::Integer(value)) => values.push(value),
                (Column::Float(values), Cell::Float(value)) => values.push(value),
                (Column::Date(values), Cell::Date(value)) => values.push(value),
                (Column::Seconds(values), Cell::Seconds(value)) => values.push(value),
                (_, cell) => return Err(io::Error::other(format!("{}: {cell:?} in its column", self.path))),
            }
        }
        self.rows += 1;
        self.held += 1;
        if self.held == ROW_GROUP { self.flush() } else { Ok(()) }
    }

    /// Writes what is left and closes the file.
    pub fn finish(mut self) -> io::Result<Written> {
        self.flush()?;
        self.out.finish().map_err(io::Error::other)?;
        drop(self.out);
        written(&self.path, &self.full, self.rows)
    }

    fn flush(&mut self) -> io::Result<()> {
        let frame = self.frame()?;
        self.held = 0;
        self.out.write_batch(&frame).map_err(io::Error::other)
    }

    // The held rows as a frame; the columns are left empty.
    fn frame(&mut self) -> io::Result<DataFrame> {
        let columns = self
            .names
            .iter()
            .zip(&mut self.columns)
            .map(|(name, column)| {
                let name = PlSmallStr::from_static(name);
                match column {
                    Column::Text(values) => Series::new(name, std::mem::take(values)),
                    Column::Integer(values) => Series::new(name, std::mem::take(values)),
                    Column::Float(values) => Series::new(name, std::mem::take(values)),
                    Column::Date(values) => Series::new(name, std::mem::take(values)).into_date(),
                    Column::Seconds(values) => {
                        let micros: Vec<_> =
                            std::mem::take(values).into_iter().map(|v| v.map(|v| v * 1_000_000)).collect();
                        Series::new(name, micros).into_datetime(TimeUnit::Microseconds, None)
                    }
                }
                .into()
            })
            .collect();
        DataFrame::new(self.held, columns).map_err(io::Error::other)
    }
}
