//! Datasets: named sources of rows. Finds their files, learns their columns without reading rows,
//! reads text once into Parquet (landing), and says what identifies their content. Knows no stage
//! and no pipeline, and prints nothing.

mod delimited;
mod error;
mod find;
mod guess;
mod land;
mod objects;
mod options;
mod text;
mod value;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use polars::prelude::*;
use rayon::prelude::*;

use crate::diagnostic::{Caution, CautionCode};

pub use error::{DatasetError, Trouble};
pub use find::SourceFile;
pub use land::Count;
pub use options::{BadRows, DatasetOptions, Format, Types};
pub use value::{BOOLEAN_WORDS, ColumnType, boolean, date, datetime, float, integer};

use guess::Guess;
use land::{Column, Copied, Job};
use options::Reading;

/// The column that says from which file a row came, relative to the pipeline file.
pub const SOURCE: &str = "_source";
/// The column that says which record of its file a row was, from 1, the header not counted.
pub const ROW: &str = "_row";

/// Whether the engine takes the name of a column for several: `*` for all, `^…$` for those that match.
/// No table of a pipeline may have such a column, since not every stage after it could ask for it alone.
pub(crate) fn is_pattern(name: &str) -> bool {
    name == "*" || (name.starts_with('^') && name.ends_with('$'))
}

/// How a Parquet file starts and ends.
const MAGIC: &[u8] = b"PAR1";
const ANOTHER_FORM: &str =
    "deliver it again, or say its form if it is another: `format: csv`, `format: ndjson`";

/// Records that `types: auto` looks at.
const SAMPLE: usize = 1000;

/// The files of a dataset, one at least.
#[derive(Debug, Clone)]
pub struct Found {
    files: Vec<SourceFile>,
    format: Format,
    reading: Reading,
}

/// A dataset that can be scanned.
#[derive(Debug, Clone)]
pub struct Landed {
    found: Found,
    schema: SchemaRef,
    /// Columns that a Parquet file holds as categories, and that are text from here on.
    categories: BTreeSet<PlSmallStr>,
    /// Nothing for Parquet, which is scanned where it lies.
    copied: Option<Copied>,
    counts: Vec<Count>,
    fingerprint: String,
}

/// Finds the files of a dataset and checks its options against them. `path` is the option with its
/// variables filled in; `base` is the folder of the pipeline file.
///
/// # Errors
/// A missing file, a pattern without a match, options that do not go together.
pub fn find(options: &DatasetOptions, path: &str, base: &Path) -> Result<Found, DatasetError> {
    let files = find::files(path, base)?;
    let format = one_format(options, &files)?;
    let reading = options.reading(format, &files[0].name)?;
    Ok(Found { files, format, reading })
}

/// The columns of a dataset, from header lines, footers, the first 64 KiB of NDJSON and, under
/// `types: auto` alone, a sample of records.
///
/// # Errors
/// Files that are empty or corrupt, headers that cannot be used, files with different columns.
pub fn schema(found: &Found) -> Result<Schema, DatasetError> {
    match found.format {
        Format::Parquet => Ok(found.parquet_schema()?.0),
        _ => Ok(schema_of(&found.columns()?)),
    }
}

/// Makes a dataset ready to be scanned: text is read once, into Parquet files in `folder` (which is
/// made; one folder a dataset); Parquet stays where it lies. Records that cannot be read are set aside
/// under `bad_rows: quarantine` and an error otherwise.
///
/// # Errors
/// As [`schema`], and refused records, and a copy that cannot be written.
pub fn land(found: &Found, folder: &Path) -> Result<Landed, DatasetError> {
    let fingerprint = find::fingerprint(&found.files)?;
    let found = found.clone();
    if found.format == Format::Parquet {
        let ((schema, categories), counts) = (found.parquet_schema()?, found.parquet_counts()?);
        return Ok(Landed { found, schema: Arc::new(schema), categories, copied: None, counts, fingerprint });
    }
    let columns = found.columns()?;
    let job = Job { files: &found.files, format: found.format, reading: &found.reading, columns: &columns };
    let copied = job.land(folder)?;
    let (schema, counts) = (Arc::new(schema_of(&columns)), copied.counts.clone());
    Ok(Landed { found, schema, categories: BTreeSet::new(), copied: Some(copied), counts, fingerprint })
}

/// The columns that say where a row came from: [`SOURCE`] and [`ROW`].
pub fn provenance_schema() -> Schema {
    [(SOURCE.into(), DataType::String), (ROW.into(), DataType::Int64)].into_iter().collect()
}

/// The columns of a table of refused records: file, record, column (null: the whole record), value
/// (cut after 1,000 characters), reason.
pub fn refused_schema() -> Schema {
    let mut schema = provenance_schema();
    for name in ["column", "value", "reason"] {
        schema.with_column(name.into(), DataType::String);
    }
    schema
}

impl Landed {
    /// The columns, without those that say where a row came from.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn plain(&self) -> PolarsResult<LazyFrame> {
        let names: Vec<Expr> = self.schema.iter_names().map(|name| self.column(name)).collect();
        match &self.copied {
            Some(copied) => Ok(scan(&[&copied.rows])?.select(names)),
            // One file may hold as text what another holds as categories, or other categories.
            None if !self.categories.is_empty() && self.found.files.len() > 1 => {
                let each = self.found.files.iter().map(|file| Ok(scan(&[&file.path])?.select(names.clone())));
                concat(each.collect::<PolarsResult<Vec<_>>>()?, UnionArgs::default())
            }
            None => {
                let paths: Vec<&Path> = self.found.files.iter().map(|file| file.path.as_path()).collect();
                Ok(scan(&paths)?.select(names))
            }
        }
    }

    /// The same rows in the same order with [`SOURCE`] and [`ROW`] behind the columns. A Parquet file's
    /// own columns of these names give way to them.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn rows(&self) -> PolarsResult<LazyFrame> {
        if let Some(copied) = &self.copied {
            return scan(&[&copied.rows]);
        }
        let names: Vec<&PlSmallStr> =
            self.schema.iter_names().filter(|name| *name != SOURCE && *name != ROW).collect();
        let data: Vec<Expr> = names.iter().map(|name| self.column(name)).collect();
        let names = names.iter().map(|name| col((*name).clone()));
        let all: Vec<Expr> = names.chain([col(SOURCE), col(ROW)]).collect();
        // The number of a record starts anew in every file, so every file is scanned apart.
        let each = self.found.files.iter().map(|file| {
            let rows = scan(&[&file.path])?.select(data.clone()).with_row_index(ROW, Some(1));
            let place = [lit(file.name.as_str()).alias(SOURCE), col(ROW).cast(DataType::Int64)];
            Ok(rows.with_columns(place).select(all.clone()))
        });
        concat(each.collect::<PolarsResult<Vec<_>>>()?, UnionArgs::default())
    }

    /// A column of the files as it is known from here on.
    fn column(&self, name: &PlSmallStr) -> Expr {
        match self.categories.contains(name) {
            true => col(name.clone()).cast(DataType::String),
            false => col(name.clone()),
        }
    }

    /// Records that could not be read: [`refused_schema`].
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn refused(&self) -> PolarsResult<LazyFrame> {
        match &self.copied {
            Some(copied) => scan(&[&copied.refused]),
            None => Ok(DataFrame::empty_with_schema(&refused_schema()).lazy()),
        }
    }

    /// The records of each file, in the order of the files.
    pub fn counts(&self) -> &[Count] {
        &self.counts
    }

    /// Records read, the refused ones included.
    pub fn rows_in(&self) -> u64 {
        self.rows_out() + self.refused_records()
    }

    /// Rows in the table.
    pub fn rows_out(&self) -> u64 {
        self.counts.iter().map(|count| count.rows).sum()
    }

    fn refused_records(&self) -> u64 {
        self.counts.iter().map(|count| count.refused).sum()
    }

    /// A digest of the files' names and contents (BLAKE3, hexadecimal).
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What a reader should know: guessed types, refused records, no rows at all.
    pub fn cautions(&self) -> Vec<Caution> {
        let caution = |code, figure, message| Caution {
            stage: String::new(),
            code,
            key: String::new(),
            figure,
            message,
        };
        let mut cautions = Vec::new();
        if self.found.is_guessed() {
            let message = format!("column types were guessed from the first {SAMPLE} records; declare them");
            cautions.push(caution(CautionCode::GuessedTypes, None, message));
        }
        let (refused, all) = (self.refused_records(), self.rows_in());
        if refused > 0 {
            let message = format!("{refused} of {all} records could not be read and were set aside");
            cautions.push(caution(CautionCode::QuarantinedRows, Some(refused as f64), message));
        }
        if self.rows_out() == 0 {
            let message = "the dataset has a header and no rows".to_owned();
            cautions.push(caution(CautionCode::NoRows, None, message));
        }
        cautions
    }
}

impl Found {
    /// The files, in the order in which they are read.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The same files, called by what the pipeline file has in the place of an absolute folder, so that
    /// no page tells where on a machine its data lay: `/home/me/in/a.csv`, found by way of `{folder}`,
    /// which is `/home/me/in`, becomes `{folder}/a.csv`.
    pub fn called(mut self, folder: &str, placeholder: &str) -> Self {
        let folder = folder.replace('\\', "/");
        // A value may be a pattern itself: what it matched is told from its last certain folder on.
        let certain = match folder.find(['*', '?', '[']) {
            Some(at) => folder[..at].rsplit_once('/').map_or("", |(certain, _)| certain),
            None => folder.trim_end_matches('/'),
        };
        for file in &mut self.files {
            if let Some(rest) = file.name.strip_prefix(certain).filter(|_| !certain.is_empty()) {
                file.name = format!("{placeholder}{rest}");
            }
        }
        self
    }

    /// The files that are scanned where they lie, not copied on landing.
    pub fn scanned(&self) -> &[SourceFile] {
        if self.format == Format::Parquet { &self.files } else { &[] }
    }

    /// The names of the files, relative to the pipeline file.
    pub fn names(&self) -> Vec<String> {
        self.files.iter().map(|file| file.name.clone()).collect()
    }

    /// In a few words: the form of the files, and how they are read.
    pub fn how(&self) -> &'static str {
        match (self.format, self.is_guessed()) {
            (Format::Csv, false) => "csv, read once into Parquet",
            (Format::Csv, true) => "csv, read once into Parquet, types guessed",
            (Format::Ndjson, _) => "ndjson, read once into Parquet",
            (Format::Parquet, _) => "parquet, scanned where it lies",
        }
    }

    fn is_guessed(&self) -> bool {
        self.format == Format::Csv && matches!(self.reading.types, Types::Auto)
    }

    fn columns(&self) -> Result<Vec<Column>, DatasetError> {
        match self.format {
            Format::Ndjson => self.object_columns(),
            _ => self.delimited_columns(),
        }
    }

    fn delimited_columns(&self) -> Result<Vec<Column>, DatasetError> {
        let open = |file: &SourceFile| Ok(delimited::Records::open(file, &self.reading)?.columns);
        let headers: Vec<Vec<String>> =
            self.files.par_iter().map(open).collect::<Result<_, DatasetError>>()?;
        for (file, header) in self.files.iter().zip(&headers).skip(1) {
            same_columns(&self.files[0], &headers[0], file, header)?;
        }
        let names = &headers[0];
        let kinds = match &self.reading.types {
            Types::Auto => self.guessed(names.len())?,
            Types::Declared(declared) => {
                if let Some((column, _)) = declared.iter().find(|(column, _)| !names.contains(&**column)) {
                    let message = format!("`types` declares `{}`, which no file has", **column);
                    let error = DatasetError::option(column.span, message, "no such column");
                    return Err(error.help(format!("the columns are {}", listed(names.iter()))));
                }
                let declared_kind = |name: &String| declared.iter().find(|(column, _)| **column == *name);
                let kind = |name| declared_kind(name).map_or(ColumnType::Text, |(_, kind)| *kind);
                names.iter().map(kind).collect()
            }
        };
        Ok(names.iter().cloned().zip(kinds).map(|(name, kind)| Column { name, kind }).collect())
    }

    fn guessed(&self, fields: usize) -> Result<Vec<ColumnType>, DatasetError> {
        let file = &self.files[0];
        let mut records = delimited::Records::open(file, &self.reading)?;
        let mut guesses = vec![Guess::new(); fields];
        for _ in 0..SAMPLE {
            let delimited::Next::Record(_, record) = records.next(file)? else { break };
            for (guess, field) in guesses.iter_mut().zip(record) {
                let cell = String::from_utf8_lossy(field);
                if !self.reading.null_words.iter().any(|word| word == cell.trim()) {
                    guess.see(&cell);
                }
            }
        }
        Ok(guesses.iter().map(Guess::kind).collect())
    }

    fn object_columns(&self) -> Result<Vec<Column>, DatasetError> {
        let read = |file: &SourceFile| objects::head(file, &self.reading);
        let heads: Vec<_> = self.files.par_iter().map(read).collect::<Result<_, DatasetError>>()?;
        let mut found: Vec<(String, Option<ColumnType>)> = Vec::new();
        // Keys may be left out of objects, so the columns are those of all files together.
        for (name, kind) in heads.into_iter().flatten() {
            match found.iter_mut().find(|(other, _)| *other == name) {
                Some((_, other)) => *other = objects::merge(*other, kind),
                None => found.push((name, kind)),
            }
        }
        if let Types::Declared(declared) = &self.reading.types {
            for (column, kind) in declared {
                match found.iter_mut().find(|(name, _)| name == &**column) {
                    Some((_, found)) => *found = Some(*kind),
                    None => found.push((column.value.clone(), Some(*kind))),
                }
            }
        }
        let file = &self.files[0].name;
        if found.is_empty() {
            return Err(DatasetError::unreadable(file, "its first 64 KiB hold no JSON object with a key")
                .help("NDJSON is one JSON object a line"));
        }
        let unusable = |name: &str| name == SOURCE || name == ROW || name.is_empty() || is_pattern(name);
        if let Some((name, _)) = found.iter().find(|(name, _)| unusable(name)) {
            return Err(DatasetError::header(file, format!("`{name}` cannot be the name of a column")));
        }
        let text = ColumnType::Text;
        Ok(found.into_iter().map(|(name, kind)| Column { name, kind: kind.unwrap_or(text) }).collect())
    }

    /// The columns, and which of them a file holds as categories. Those are text like any other: that a
    /// writer made them smaller says nothing about what they mean.
    fn parquet_schema(&self) -> Result<(Schema, BTreeSet<PlSmallStr>), DatasetError> {
        let read = |file: &SourceFile| -> Result<Schema, DatasetError> {
            let schema = footer(file)?.schema().map_err(|error| not_parquet(file, error))?;
            Ok(Schema::from_arrow_schema(&schema))
        };
        let mut schemas: Vec<Schema> =
            self.files.par_iter().map(read).collect::<Result<_, DatasetError>>()?;
        let mut categories = BTreeSet::new();
        for schema in &mut schemas {
            for (name, dtype) in schema.iter_mut() {
                if matches!(dtype, DataType::Categorical(..) | DataType::Enum(..)) {
                    categories.insert(name.clone());
                    *dtype = DataType::String;
                }
            }
        }
        let (one, first) = (&self.files[0], &schemas[0]);
        let names: Vec<String> = first.iter_names().map(PlSmallStr::to_string).collect();
        for (other, schema) in self.files.iter().zip(&schemas).skip(1) {
            let theirs: Vec<String> = schema.iter_names().map(PlSmallStr::to_string).collect();
            same_columns(one, &names, other, &theirs)?;
            for (name, dtype) in first.iter() {
                let Some(found) = schema.get(name).filter(|found| *found != dtype) else { continue };
                let what = format!("`{name}` is {found} in {} and {dtype} in {}", other.name, one.name);
                return Err(DatasetError::new(Trouble::ColumnsDiffer, what, "one dataset")
                    .help("make them two datasets and bring them together with `centralize`"));
            }
        }
        if let Some(name) = names.iter().find(|name| is_pattern(name)) {
            let what = format!("`{name}` reads as a pattern of names");
            return Err(DatasetError::header(&one.name, what).help("deliver it under another name"));
        }
        Ok((first.clone(), categories))
    }

    fn parquet_counts(&self) -> Result<Vec<Count>, DatasetError> {
        let count = |file: &SourceFile| {
            let rows = footer(file)?.num_rows().map_err(|error| not_parquet(file, error))?;
            Ok(Count { name: file.name.clone(), rows: rows as u64, refused: 0 })
        };
        self.files.par_iter().map(count).collect()
    }
}

fn schema_of(columns: &[Column]) -> Schema {
    columns.iter().map(|column| (column.name.as_str().into(), column.kind.dtype())).collect()
}

fn footer(file: &SourceFile) -> Result<ParquetReader<File>, DatasetError> {
    let unreadable = |error: std::io::Error| DatasetError::unreadable(&file.name, error);
    let mut open = File::open(&file.path).map_err(unreadable)?;
    if open.metadata().is_ok_and(|data| data.len() == 0) {
        return Err(DatasetError::empty(&file.name, "not even a footer"));
    }
    // The engine looks at the end alone; a file that lost its beginning has a footer, too.
    let mut start = Vec::new();
    open.by_ref().take(MAGIC.len() as u64).read_to_end(&mut start).map_err(unreadable)?;
    if start != MAGIC {
        let what = "it is not a whole Parquet file (it does not start with PAR1)";
        return Err(DatasetError::unreadable(&file.name, what).help(ANOTHER_FORM));
    }
    open.rewind().map_err(unreadable)?;
    Ok(ParquetReader::new(open))
}

fn not_parquet(file: &SourceFile, error: PolarsError) -> DatasetError {
    DatasetError::unreadable(&file.name, format!("it is not a whole Parquet file ({error})"))
        .help(ANOTHER_FORM)
}

fn scan(paths: &[impl AsRef<Path>]) -> PolarsResult<LazyFrame> {
    let paths: Vec<PlRefPath> =
        paths.iter().map(|path| PlRefPath::try_from_path(path.as_ref())).collect::<PolarsResult<_>>()?;
    let args =
        ScanArgsParquet { glob: false, hive_options: HiveOptions::new_disabled(), ..Default::default() };
    LazyFrame::scan_parquet_sources(ScanSources::Paths(paths.into_iter().collect()), args)
}

fn one_format(options: &DatasetOptions, files: &[SourceFile]) -> Result<Format, DatasetError> {
    let formats: BTreeSet<Option<&str>> = files
        .iter()
        .map(|file| {
            options.format_of(&file.name).map(|format| match format {
                Format::Csv => "csv",
                Format::Ndjson => "ndjson",
                Format::Parquet => "parquet",
            })
        })
        .collect();
    let (first, name) = (options.format_of(&files[0].name), &files[0].name);
    match (first, formats.len()) {
        (Some(format), 1) => Ok(format),
        (_, 1) => {
            let message = format!("the name of {name} does not tell its form");
            Err(DatasetError::new(Trouble::Option, message, "csv, ndjson or parquet?")
                .help("say it: `format: csv`, `format: ndjson` or `format: parquet`"))
        }
        _ => {
            let message = "the names of the files tell different forms".to_owned();
            Err(DatasetError::new(Trouble::Option, message, "one dataset")
                .help("make them two datasets and bring them together with `centralize`"))
        }
    }
}

fn same_columns(
    one: &SourceFile,
    first: &[String],
    other: &SourceFile,
    names: &[String],
) -> Result<(), DatasetError> {
    let (a, b): (BTreeSet<&String>, BTreeSet<&String>) = (first.iter().collect(), names.iter().collect());
    if a == b {
        return Ok(());
    }
    let lacks = a.difference(&b).copied().collect::<Vec<_>>();
    let extra = b.difference(&a).copied().collect::<Vec<_>>();
    let mut parts = Vec::new();
    if !lacks.is_empty() {
        parts.push(format!("lacks {}", listed(lacks.into_iter())));
    }
    if !extra.is_empty() {
        parts.push(format!("has {} besides", listed(extra.into_iter())));
    }
    let message = format!("{} {}, compared with {}", other.name, parts.join(" and "), one.name);
    Err(DatasetError::new(Trouble::ColumnsDiffer, message, "one dataset, one set of columns")
        .help("make them two datasets and bring them together with `centralize`"))
}

/// Names in backticks, at most ten of them.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = names.len().saturating_sub(10);
    let mut list: Vec<String> = names.take(10).map(|name| format!("`{name}`")).collect();
    if more > 0 {
        list.push(format!("{more} more"));
    }
    list.join(", ")
}
