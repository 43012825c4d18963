//! The pages of a column chunk that hold places in the chunk's dictionary, as codes. Knows the form of
//! pages and trusts nothing in them.

use polars::prelude::{
    DataType, IdxSize, NamedFrom, PolarsError, PolarsResult, Series, polars_bail, polars_ensure, polars_err,
};
use polars_parquet::parquet::encoding::hybrid_rle::HybridRleDecoder;
use polars_parquet::parquet::page::{CompressedPage, DataPage, DictPage, FormatEncoding};
use polars_parquet::read::{
    BasicDecompressor, ColumnChunkMetadata, DataPageHeader, PageReader, PhysicalType,
};

use super::encode::Encoder;

/// The code of an entry that no row has had so far. A dictionary may hold values that no row has, and
/// in another order than the rows: codes go by the rows.
const UNKNOWN: u32 = u32::MAX;

/// Whether a chunk is a dictionary and pages of places in it, by the headers of its pages.
pub(super) fn is_coded(pages: &mut PageReader, chunk: &ColumnChunkMetadata) -> PolarsResult<bool> {
    let most = |number: i64| usize::try_from(number).unwrap_or(0);
    let (bytes, rows) = (most(chunk.uncompressed_size()), most(chunk.num_values()));
    let mut is_coded = true;
    for (at, page) in pages.enumerate() {
        is_coded &= match page? {
            CompressedPage::Dict(_) => at == 0,
            CompressedPage::Data(page) => {
                // Whoever reads the page makes room first.
                let is_within = page.uncompressed_size() <= bytes && page.num_values() <= rows;
                polars_ensure!(is_within, ComputeError: "a page larger than its chunk");
                at > 0 && is_coded_page(page.header())
            }
        };
    }
    Ok(is_coded)
}

fn is_coded_page(header: &DataPageHeader) -> bool {
    let has_levels = match header {
        DataPageHeader::V1(header) => header.definition_level_encoding == FormatEncoding::RLE,
        DataPageHeader::V2(_) => true,
    };
    has_levels
        && matches!(header.encoding(), FormatEncoding::RLE_DICTIONARY | FormatEncoding::PLAIN_DICTIONARY)
}

/// A chunk, read from its first row to its last.
pub(super) struct Pages {
    pages: BasicDecompressor,
    /// Rows in the pages that were not begun.
    rows: usize,
    dictionary: Series,
    /// The code of null, then the codes of the dictionary's entries.
    codes: Vec<u32>,
    /// Entries whose code is not known.
    unknown: usize,
    /// The rows of the page at hand as places in `codes`, and how many were read.
    places: Vec<u32>,
    read: usize,
}

impl Pages {
    /// The pages of a chunk of so many rows, from the first on.
    pub(super) fn new(
        mut pages: BasicDecompressor,
        rows: usize,
        physical: PhysicalType,
        dtype: &DataType,
    ) -> PolarsResult<Self> {
        let dictionary = match pages.read_dict_page()? {
            Some(page) => entries(&page, physical, dtype)?,
            None => Series::new_empty("".into(), dtype),
        };
        let unknown = dictionary.len();
        let mut codes = vec![UNKNOWN; 1 + unknown];
        codes[0] = 0;
        Ok(Self { pages, rows, dictionary, codes, unknown, places: Vec::new(), read: 0 })
    }

    /// Has at most so many of the next rows coded and says how many; none at the end of the chunk.
    pub(super) fn encode(&mut self, rows: usize, encoder: &mut Encoder) -> PolarsResult<usize> {
        while self.read == self.places.len() {
            if self.rows == 0 {
                return Ok(0);
            }
            self.next_page()?;
        }
        let end = self.places.len().min(self.read + rows);
        let places = &self.places[self.read..end];
        if self.unknown > 0 {
            let news = first_met(places, &mut self.codes, self.unknown);
            if !news.is_empty() {
                let learnt = encoder.learn(&self.dictionary.take_slice(&news)?)?;
                for (entry, code) in news.iter().zip(learnt) {
                    self.codes[1 + *entry as usize] = code;
                }
                self.unknown -= news.len();
            }
        }
        polars_ensure!(encoder.extend(places, &self.codes), ComputeError: "a place outside the dictionary");
        let read = places.len();
        self.read = end;
        Ok(read)
    }

    fn next_page(&mut self) -> PolarsResult<()> {
        let page = self.pages.next().ok_or_else(broken)??.decompress(&mut self.pages)?;
        self.rows = self.rows.checked_sub(page.num_values()).ok_or_else(broken)?;
        self.read = 0;
        places(&page, &mut self.places)?;
        self.pages.reuse_page_buffer(page);
        Ok(())
    }
}

fn broken() -> PolarsError {
    polars_err!(ComputeError: "a page that is not as it should be")
}

/// The entries without a code in the order in which they are first met, at most `unknown`.
fn first_met(places: &[u32], codes: &mut [u32], unknown: usize) -> Vec<IdxSize> {
    let mut news = Vec::new();
    for place in places {
        if let Some(code) = codes.get_mut(*place as usize)
            && *code == UNKNOWN
        {
            *code = 0;
            news.push(*place - 1);
            if news.len() == unknown {
                break;
            }
        }
    }
    news
}

/// The rows of a page: 0 for null, or one more than the place in the dictionary.
fn places(page: &DataPage, places: &mut Vec<u32>) -> PolarsResult<()> {
    let rows = page.num_values();
    let (levels, entries) = split(page).ok_or_else(broken)?;
    let mut entries = match entries.split_first() {
        None => Vec::new(),
        // One more is still a number.
        Some((bits @ 0..32, packed)) => HybridRleDecoder::new(packed, u32::from(*bits), rows).collect()?,
        Some(_) => return Err(broken()),
    };
    let given = entries.len();
    places.clear();
    if page.descriptor.max_def_level == 0 || page.null_count() == Some(0) {
        places.extend(entries.iter().map(|entry| entry + 1));
        polars_ensure!(given == rows, ComputeError: "a page of {given} rows, not {rows}");
    } else {
        entries.resize(given + WINDOW, 0);
        places.resize(rows + WINDOW, 0);
        let used = spread(levels, &entries, rows, places).ok_or_else(broken)?;
        places.truncate(rows);
        polars_ensure!(used <= given, ComputeError: "fewer places than rows with an answer");
    }
    Ok(())
}

/// Rows that are told apart at a time: those of a byte of levels.
const WINDOW: usize = 8;

/// Gives each row that has a value the next entry, and says how many there were: runs of rows that
/// all have one or all have none, and bits. Both slices go on for a window beyond what is needed.
fn spread(mut levels: &[u8], entries: &[u32], rows: usize, places: &mut [u32]) -> Option<usize> {
    let (mut row, mut at) = (0, 0);
    while row < rows {
        let header = number(&mut levels)?;
        let left = rows - row;
        if header & 1 == 0 {
            let length = left.min(header >> 1);
            let (level, rest) = levels.split_first()?;
            levels = rest;
            if *level != 0 {
                let run = places[row..row + length].iter_mut().zip(entries.get(at..at + length)?);
                run.for_each(|(place, entry)| *place = entry + 1);
                at += length;
            }
            row += length;
        } else {
            let bits;
            (bits, levels) = levels.split_at(levels.len().min(header >> 1));
            for byte in &bits[..bits.len().min(left.div_ceil(WINDOW))] {
                let room = WINDOW.min(rows - row);
                at += choose(*byte & (u8::MAX >> (WINDOW - room)), entries.get(at..)?, &mut places[row..])?;
                row += room;
            }
        }
    }
    Some(at)
}

/// Gives each row whose bit is set the next entry, and says how many there were.
#[inline]
fn choose(bits: u8, entries: &[u32], places: &mut [u32]) -> Option<usize> {
    let entries: &[u32; WINDOW] = entries.first_chunk()?;
    let places: &mut [u32; WINDOW] = places.first_chunk_mut()?;
    let mut next = 0;
    for (bit, place) in places.iter_mut().enumerate() {
        let is_set = u32::from((bits >> bit) & 1);
        // A mask, not a branch: nobody foresees who answers.
        *place = (entries[next % WINDOW] + 1) & is_set.wrapping_neg();
        next += is_set as usize;
    }
    Some(next)
}

/// A number in as many bytes as it needs, seven bits in each.
fn number(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for shift in (0..32).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// A page's definition levels and what comes after them.
fn split(page: &DataPage) -> Option<(&[u8], &[u8])> {
    match page.header() {
        DataPageHeader::V1(_) if page.descriptor.max_def_level == 0 => Some((&[], page.buffer())),
        DataPageHeader::V1(_) => {
            let (length, rest) = page.buffer().split_first_chunk()?;
            rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
        }
        DataPageHeader::V2(header) if header.repetition_levels_byte_length == 0 => {
            page.buffer().split_at_checked(usize::try_from(header.definition_levels_byte_length).ok()?)
        }
        DataPageHeader::V2(_) => None,
    }
}

/// The values of a dictionary, each behind the other, without nulls.
fn entries(page: &DictPage, physical: PhysicalType, dtype: &DataType) -> PolarsResult<Series> {
    macro_rules! numbers {
        ($from:ty => $to:ty) => {{
            let (numbers, rest) = page.buffer.as_chunks::<{ size_of::<$from>() }>();
            polars_ensure!(rest.is_empty(), ComputeError: "a dictionary that ends within a number");
            // Narrower types are kept as the number they are.
            let numbers = numbers.iter().map(|bytes| <$from>::from_le_bytes(*bytes) as $to);
            Series::new("".into(), numbers.collect::<Vec<$to>>())
        }};
    }
    let values = match (physical, dtype) {
        (PhysicalType::ByteArray, DataType::String) => {
            Series::new("".into(), texts(&page.buffer).ok_or_else(broken)?)
        }
        (PhysicalType::Int32, DataType::Int8) => numbers!(i32 => i8),
        (PhysicalType::Int32, DataType::Int16) => numbers!(i32 => i16),
        (PhysicalType::Int32, DataType::Int32) => numbers!(i32 => i32),
        (PhysicalType::Int32, DataType::UInt8) => numbers!(i32 => u8),
        (PhysicalType::Int32, DataType::UInt16) => numbers!(i32 => u16),
        (PhysicalType::Int32, DataType::UInt32) => numbers!(i32 => u32),
        (PhysicalType::Int32, DataType::Date) => numbers!(i32 => i32).cast(dtype)?,
        (PhysicalType::Int64, DataType::Int64) => numbers!(i64 => i64),
        (PhysicalType::Int64, DataType::UInt64) => numbers!(i64 => u64),
        (PhysicalType::Float, DataType::Float32) => numbers!(f32 => f32),
        (PhysicalType::Double, DataType::Float64) => numbers!(f64 => f64),
        _ => polars_bail!(ComputeError: "a dictionary of another type"),
    };
    polars_ensure!(
        values.len() == page.num_values,
        ComputeError: "a dictionary of {} values, not {}", values.len(), page.num_values
    );
    Ok(values)
}

/// Texts, each behind its length.
fn texts(mut bytes: &[u8]) -> Option<Vec<&str>> {
    let mut texts = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        texts.push(std::str::from_utf8(text).ok()?);
        bytes = rest;
    }
    bytes.is_empty().then_some(texts)
}
