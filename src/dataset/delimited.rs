//! Delimited text to records: header lines, true record numbers, and a quote that is never closed.
//! Knows no types; what a record means is for [`land`](super::land) to say.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Chain, Cursor, Read};
use std::rc::Rc;

use csv::ByteRecord;
use encoding_rs::{Encoding, UTF_8};

use super::error::DatasetError;
use super::find::SourceFile;
use super::options::Reading;
use super::text::{self, Text};
use super::{ROW, SOURCE, is_pattern};

/// A record larger than this is an unclosed quote, not a record.
const LARGEST_RECORD: u64 = 256 << 20;

/// Follows the text, so that a quote left open is seen to have swallowed it. Letters and digits: no
/// delimiter or quote can cut it.
pub const END: &[u8] = b"\n8GrowthringEndOfText8\n";

/// Reads one delimited file record by record.
pub struct Records {
    reader: csv::Reader<Limited>,
    record: ByteRecord,
    since: Rc<Cell<u64>>,
    number: u64,
    /// The names of the columns, trimmed, as many as the file has fields.
    pub columns: Vec<String>,
    /// The encoding that was read.
    pub encoding: &'static Encoding,
    /// The first record, when it is not a header line.
    pending: bool,
}

/// What comes next in a file.
pub enum Next<'a> {
    /// A record and its number in the file, from 1, the header not counted.
    Record(u64, &'a ByteRecord),
    /// The last record: it opens a quote that is not closed. [`END`] stands at its end.
    Unclosed(u64, &'a ByteRecord),
    /// Nothing.
    End,
}

impl Records {
    /// Opens a file and reads its header line.
    pub fn open(file: &SourceFile, reading: &Reading) -> Result<Self, DatasetError> {
        let (text, encoding) =
            text::open(&file.path, reading.encoding).map_err(|e| DatasetError::unreadable(&file.name, e))?;
        let since = Rc::new(Cell::new(0));
        let limited = Limited { text: text.chain(Cursor::new(END)), since: since.clone() };
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(reading.delimiter)
            .quoting(reading.quote.is_some())
            .quote(reading.quote.unwrap_or(b'"'))
            .buffer_capacity(1 << 16)
            .from_reader(limited);
        let record = ByteRecord::new();
        let mut records =
            Self { reader, record, since, number: 0, columns: Vec::new(), encoding, pending: false };
        records.read_columns(file, reading)?;
        Ok(records)
    }

    /// The next record.
    pub fn next(&mut self, file: &SourceFile) -> Result<Next<'_>, DatasetError> {
        if self.pending {
            self.pending = false;
        } else {
            self.read(file)?;
        }
        match self.record.iter().next_back() {
            None => Ok(Next::End),
            Some(last) if self.record.len() == 1 && last == END.trim_ascii() => Ok(Next::End),
            Some(last) if last.ends_with(END) => {
                self.number += 1;
                Ok(Next::Unclosed(self.number, &self.record))
            }
            Some(_) => {
                self.number += 1;
                Ok(Next::Record(self.number, &self.record))
            }
        }
    }

    fn read(&mut self, file: &SourceFile) -> Result<(), DatasetError> {
        self.since.set(0);
        let read = self.reader.read_byte_record(&mut self.record);
        read.map(|_| ()).map_err(|error| {
            let number = self.number + 1;
            let cause = match error.into_kind() {
                csv::ErrorKind::Io(cause) => cause.to_string(),
                other => format!("{other:?}"),
            };
            DatasetError::unreadable(&file.name, format!("record {number}: {cause}"))
        })
    }

    fn read_columns(&mut self, file: &SourceFile, reading: &Reading) -> Result<(), DatasetError> {
        self.read(file)?;
        let nothing = self.record.len() == 1 && self.record.get(0) == Some(END.trim_ascii());
        if nothing || self.record.is_empty() {
            let what = if reading.header { "not even a header line" } else { "not one record" };
            return Err(DatasetError::empty(&file.name, what));
        }
        self.pending = !reading.header;
        if reading.header && self.record.iter().next_back().is_some_and(|last| last.ends_with(END)) {
            return Err(DatasetError::header(&file.name, "it opens a quote that is not closed"));
        }
        let fields = self.record.len();
        if !reading.columns.is_empty() {
            if reading.columns.len() != fields {
                let named = reading.columns.len();
                let what = format!("it has {fields} fields, and `columns` names {named}");
                return Err(DatasetError::header(&file.name, what));
            }
            self.columns.clone_from(&reading.columns);
        } else if reading.header {
            self.columns = names(&self.record, file, self.encoding, reading)?;
        } else {
            self.columns = (1..=fields).map(|i| format!("column_{i}")).collect();
        }
        let what = self.columns.iter().find_map(|name| {
            if name == SOURCE || name == ROW {
                return Some(format!("`{name}` is the name of our own column"));
            }
            is_pattern(name).then(|| format!("`{name}` reads as a pattern of names"))
        });
        match what {
            None => Ok(()),
            Some(what) => Err(DatasetError::header(&file.name, what)
                .help("give the columns other names: `columns: [first, second, …]`, one for each field")),
        }
    }
}

fn names(
    header: &ByteRecord,
    file: &SourceFile,
    encoding: &'static Encoding,
    reading: &Reading,
) -> Result<Vec<String>, DatasetError> {
    let instead = "name the columns yourself: `columns: [first, second, …]`, one for each field";
    let mut columns: Vec<String> = Vec::with_capacity(header.len());
    for (i, field) in header.iter().enumerate() {
        let name = std::str::from_utf8(field).map_err(|_| {
            let what = format!("field {} holds bytes that are not {}", i + 1, encoding.name());
            let error = DatasetError::header(&file.name, what);
            let guess = if encoding == UTF_8 { "windows-1252" } else { "utf-8" };
            error.help(format!("say which encoding it is, perhaps `encoding: {guess}`"))
        })?;
        if name.contains('\0') {
            return Err(DatasetError::header(&file.name, "it holds NUL characters, as UTF-16 does")
                .help("say which encoding it is: `encoding: utf-16le` or `encoding: utf-16be`"));
        }
        columns.push(name.trim().to_owned());
    }
    let unnamed: Vec<usize> =
        columns.iter().enumerate().filter(|(_, name)| name.is_empty()).map(|(i, _)| i + 1).collect();
    if !unnamed.is_empty() {
        let what = format!("{} without a name", places(&unnamed));
        return Err(DatasetError::header(&file.name, what).help(instead));
    }
    let mut positions: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, name) in columns.iter().enumerate() {
        positions.entry(name).or_default().push(i + 1);
    }
    if let Some((name, positions)) = positions.iter().find(|(_, positions)| positions.len() > 1) {
        let what = format!("{} are all called `{name}`", places(positions));
        return Err(DatasetError::header(&file.name, what).help(instead));
    }
    if let ([only], false) = (columns.as_slice(), reading.delimiter_given)
        && let Some(other) = [';', '\t', '|', ','].into_iter().find(|other| only.contains(*other))
    {
        let what = format!("it is a single column, `{}`", only.escape_default());
        let delimiter = other.escape_default();
        return Err(DatasetError::header(&file.name, what).help(format!(
            "the fields seem to be apart by another character: `delimiter: \"{delimiter}\"`"
        )));
    }
    Ok(columns)
}

fn places(positions: &[usize]) -> String {
    let list: Vec<String> = positions.iter().map(usize::to_string).collect();
    let noun = if list.len() == 1 { "column" } else { "columns" };
    format!("{noun} {}", list.join(", "))
}

/// Text that stops with an error when one record takes too much of it.
struct Limited {
    text: Chain<Text, Cursor<&'static [u8]>>,
    since: Rc<Cell<u64>>,
}

impl Read for Limited {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.since.get() > LARGEST_RECORD {
            let message = "it is larger than 256 MiB; a quote before it was probably never closed";
            return Err(io::Error::other(message));
        }
        let n = self.text.read(out)?;
        self.since.set(self.since.get() + n as u64);
        Ok(n)
    }
}
