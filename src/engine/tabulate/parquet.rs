//! Columns of Parquet files whose answers the files hold as places in a dictionary: read as codes,
//! chunk after chunk, without making the values. Knows files, not what is counted.
//!
//! What is not wholly so encoded within such a column, as a chunk with more values than a dictionary
//! was to have, is read as values. Any doubt about a file is an error: the engine, which is asked then,
//! reads it or says what is wrong.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{
    CompatLevel, DataType, FileMetadata, ParquetReader, PolarsResult, SerReader, Series, infer_schema,
    polars_ensure, polars_err,
};
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, PageReader, PhysicalType, column_iter_to_arrays,
};

use super::encode::Encoder;
use super::pages::{Pages, is_coded};

/// Files of one schema, one after the other.
pub(super) struct Files {
    files: Vec<(PathBuf, Arc<FileMetadata>)>,
    /// The rows of all of them.
    pub rows: usize,
}

impl Files {
    /// Reads the footers.
    pub(super) fn open(paths: Vec<PathBuf>) -> PolarsResult<Self> {
        let footer = |path: PathBuf| {
            let metadata = ParquetReader::new(File::open(&path)?).get_metadata()?.clone();
            Ok((path, metadata))
        };
        let files = paths.into_iter().map(footer).collect::<PolarsResult<Vec<_>>>()?;
        if let [(_, first), others @ ..] = files.as_slice() {
            let schema = infer_schema(first)?;
            for (_, other) in others {
                polars_ensure!(infer_schema(other)? == schema, SchemaMismatch: "the files differ");
            }
        }
        let rows = files.iter().flat_map(|(_, file)| &file.row_groups).map(|group| group.num_rows()).sum();
        Ok(Self { files, rows })
    }

    /// The column of this name and type, if some of it is encoded with a dictionary.
    pub(super) fn column(self: &Arc<Self>, name: &str, dtype: &DataType) -> Option<Column> {
        let mut chunks = Vec::new();
        let mut has_dictionary = false;
        for (file, (_, metadata)) in self.files.iter().enumerate() {
            for (group, rows) in metadata.row_groups.iter().enumerate() {
                let &[column] = rows.columns_idxs_under_root_iter(name)? else { return None };
                let chunk = &rows.parquet_columns()[column];
                let descriptor = &chunk.descriptor().descriptor;
                let is_flat = descriptor.max_rep_level == 0
                    && descriptor.max_def_level <= 1
                    && chunk.descriptor().path_in_schema.len() == 1
                    && usize::try_from(chunk.num_values()) == Ok(rows.num_rows());
                if !is_flat || !is_readable(chunk.physical_type(), dtype) {
                    return None;
                }
                has_dictionary |= chunk.dictionary_page_offset().is_some();
                chunks.push(Place { file, group, column });
            }
        }
        let chunks = chunks.into_iter();
        has_dictionary.then(|| Column { files: Arc::clone(self), dtype: dtype.clone(), chunks, chunk: None })
    }
}

/// Where a chunk of a column is.
#[derive(Debug, Clone, Copy)]
struct Place {
    file: usize,
    group: usize,
    column: usize,
}

/// One column, read from its first row to its last.
pub(super) struct Column {
    files: Arc<Files>,
    dtype: DataType,
    /// The chunks that were not begun.
    chunks: std::vec::IntoIter<Place>,
    chunk: Option<Chunk>,
}

/// The rows of a chunk that were not yet read.
enum Chunk {
    Coded(Box<Pages>),
    Values(Series),
}

impl Column {
    /// Has the next rows coded.
    pub(super) fn encode(&mut self, mut rows: usize, encoder: &mut Encoder) -> PolarsResult<()> {
        while rows > 0 {
            let read = match &mut self.chunk {
                None => 0,
                Some(Chunk::Coded(pages)) => pages.encode(rows, encoder)?,
                Some(Chunk::Values(values)) => {
                    let now = rows.min(values.len());
                    encoder.encode(&values.slice(0, now))?;
                    *values = values.slice(now as i64, values.len() - now);
                    now
                }
            };
            if read == 0 {
                let next = self.chunks.next();
                let next = next.ok_or_else(|| polars_err!(ComputeError: "fewer rows than expected"))?;
                self.chunk = Some(self.open(next)?);
            }
            rows -= read;
        }
        Ok(())
    }

    fn open(&self, Place { file, group, column }: Place) -> PolarsResult<Chunk> {
        let (path, metadata) = &self.files.files[file];
        let rows = metadata.row_groups[group].num_rows();
        let chunk = &metadata.row_groups[group].parquet_columns()[column];
        let bytes = Cursor::new(read(path, chunk.byte_range())?.into());
        let mut pages = PageReader::new(bytes, chunk, Vec::new(), usize::MAX);
        let is_coded = is_coded(&mut pages, chunk)?;
        let (mut bytes, _) = pages.into_inner();
        bytes.set_position(0);
        let pages = BasicDecompressor::new(PageReader::new(bytes, chunk, Vec::new(), usize::MAX), Vec::new());
        if is_coded {
            let physical = chunk.physical_type();
            return Ok(Chunk::Coded(Box::new(Pages::new(pages, rows, physical, &self.dtype)?)));
        }
        let values = self.values(pages, chunk)?;
        polars_ensure!(values.len() == rows, ComputeError: "a chunk of {} rows, not {rows}", values.len());
        Ok(Chunk::Values(values))
    }

    /// All values of a chunk, as the engine reads them.
    fn values(&self, pages: BasicDecompressor, chunk: &ColumnChunkMetadata) -> PolarsResult<Series> {
        let field = self.dtype.to_arrow_field("".into(), CompatLevel::newest());
        let types = vec![&chunk.descriptor().descriptor.primitive_type];
        let read = || column_iter_to_arrays(vec![pages], types, field.clone(), None);
        // The reader panics at some damages of a file.
        let (arrays, _) = catch_unwind(AssertUnwindSafe(read))
            .map_err(|_| polars_err!(ComputeError: "a chunk that cannot be read"))??;
        Series::try_from((&field, arrays))
    }
}

/// Whether a dictionary of this physical type can be read as values of this type.
fn is_readable(physical: PhysicalType, dtype: &DataType) -> bool {
    use DataType::*;
    match physical {
        PhysicalType::ByteArray => matches!(dtype, String),
        PhysicalType::Int32 => matches!(dtype, Int8 | Int16 | Int32 | UInt8 | UInt16 | UInt32 | Date),
        PhysicalType::Int64 => matches!(dtype, Int64 | UInt64),
        PhysicalType::Float => matches!(dtype, Float32),
        PhysicalType::Double => matches!(dtype, Float64),
        _ => false,
    }
}

fn read(path: &Path, range: Range<u64>) -> PolarsResult<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = range.end - range.start;
    polars_ensure!(range.end <= file.metadata()?.len(), ComputeError: "a chunk ends behind its file");
    file.seek(SeekFrom::Start(range.start))?;
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_with_more_values_than_its_dictionary_is_read_as_values() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parquet/v2-zstd.parquet");
        let files = Arc::new(Files::open(vec![path]).unwrap());
        let first = |name: &str| {
            let mut column = files.column(name, &DataType::String).unwrap();
            let place = column.chunks.next().unwrap();
            column.open(place).unwrap()
        };
        assert!(matches!(first("text"), Chunk::Coded(_)));
        assert!(matches!(first("overflow"), Chunk::Values(_)));
    }
}
