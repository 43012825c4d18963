//! A column's values as dense codes: 0 is null, 1 the first value seen, and so on. The codes of a
//! value are the same in every block. Knows one column and its type, not what it is tabulated with.

use polars::prelude::{
    DataType, IdxSize, PlHashMap, PlSmallStr, PolarsResult, Series, SortOptions, polars_bail, polars_ensure,
};

use super::memo::{Key, Memo};

/// Turns one column into codes, block by block, and remembers which value each code stands for.
pub(super) struct Encoder {
    /// One more than the largest code given so far.
    next: u32,
    keys: Keys,
    /// The codes of the block at hand.
    codes: Codes,
    /// The value of code 1, 2, …, in the type of the column.
    values: Series,
}

/// The codes of a block's rows.
pub(super) enum Codes {
    /// While all codes of the column so far are below 2¹⁶.
    Narrow(Vec<u16>),
    /// From then on.
    Wide(Vec<u32>),
}

/// The values of a column in the order of their codes, sorted.
pub(super) struct Sorted {
    /// The values in order, under the column's name.
    pub values: Series,
    /// Where the value of code 1, 2, … stands in `values`.
    pub ranks: Vec<u32>,
}

/// What was seen. Numbers, booleans, dates and categories are known by their bits, text by its view:
/// a short text's view holds the text itself, a long text's view points to it.
enum Keys {
    Numbers { memo: Memo<u64>, known: PlHashMap<u64, u32> },
    Text { memo: Memo<u128>, short: PlHashMap<u128, u32>, long: PlHashMap<PlSmallStr, u32> },
}

impl Encoder {
    /// An encoder of a column of this type.
    pub(super) fn new(name: &str, dtype: &DataType) -> PolarsResult<Self> {
        polars_ensure!(
            super::has_categories(dtype),
            InvalidOperation: "`{name}` has the type {dtype}, which has no categories to tabulate by"
        );
        let keys = if dtype == &DataType::String {
            Keys::Text { memo: Memo::new(), short: PlHashMap::default(), long: PlHashMap::default() }
        } else {
            // What is not a number is null. Bits that mean a number in another type are no danger:
            // an encoder sees one type.
            let known = dtype.is_float().then_some((f64::NAN.to_bits(), 0)).into_iter().collect();
            Keys::Numbers { memo: Memo::new(), known }
        };
        let values = Series::new_empty(name.into(), dtype);
        Ok(Self { next: 1, keys, codes: Codes::Narrow(Vec::new()), values })
    }

    /// One more than the largest code given so far.
    pub(super) fn size(&self) -> u32 {
        self.next
    }

    /// The codes of the block at hand.
    pub(super) fn codes(&self) -> &Codes {
        &self.codes
    }

    /// Turns to the next block.
    pub(super) fn clear(&mut self) {
        self.codes.clear();
    }

    /// Adds rows to the block at hand that are given as places in a list of codes. False if a place is
    /// not in the list.
    pub(super) fn extend(&mut self, places: &[u32], codes: &[u32]) -> bool {
        let mut is_in_list = true;
        let code = |place: &u32| {
            codes.get(*place as usize).copied().unwrap_or_else(|| {
                is_in_list = false;
                0
            })
        };
        self.codes.extend(places.iter().map(code), self.next);
        is_in_list
    }

    /// The codes of values that are no rows, in their order.
    pub(super) fn learn(&mut self, values: &Series) -> PolarsResult<Vec<u32>> {
        let block = std::mem::replace(&mut self.codes, Codes::Wide(Vec::with_capacity(values.len())));
        let learnt = self.encode(values);
        let codes = std::mem::replace(&mut self.codes, block);
        learnt.map(|()| codes.into_wide())
    }

    /// Codes further rows of the block at hand.
    pub(super) fn encode(&mut self, rows: &Series) -> PolarsResult<()> {
        let mut coder = Coder { next: &mut self.next, codes: &mut self.codes, at: 0, news: Vec::new() };
        coder.rows(&mut self.keys, rows)?;
        let news = coder.news;
        if !news.is_empty() {
            self.values.append(&rows.take_slice(&news)?)?;
        }
        Ok(())
    }

    /// The values seen, sorted: text by code points, numbers and dates by size, false before true,
    /// categories by their text, or as declared where their type declares an order.
    pub(super) fn sorted(&self) -> PolarsResult<Sorted> {
        let order = self.values.arg_sort(SortOptions::default());
        let mut ranks = vec![0; self.values.len()];
        for (rank, at) in order.into_no_null_iter().enumerate() {
            ranks[at as usize] = rank as u32;
        }
        Ok(Sorted { values: self.values.take(&order)?, ranks })
    }
}

/// Codes of some rows in the making.
struct Coder<'a> {
    next: &'a mut u32,
    codes: &'a mut Codes,
    /// Where the chunk at hand starts in the rows.
    at: usize,
    /// The rows that hold a value for the first time.
    news: Vec<IdxSize>,
}

impl Coder<'_> {
    fn rows(&mut self, keys: &mut Keys, rows: &Series) -> PolarsResult<()> {
        let physical = rows.to_physical_repr();
        let (memo, known) = match keys {
            Keys::Text { memo, short, long } => {
                let text = physical.str()?;
                for (array, chunk) in text.downcast_iter().zip(text.chunks()) {
                    // Views of equal long texts are often equal too (they point to one entry of a
                    // file's dictionary), but what they point to differs from array to array.
                    if !array.data_buffers().is_empty() {
                        memo.forget();
                    }
                    let views = array.views();
                    let valid = chunk.validity().map(|valid| valid.chunks::<u64>());
                    let valid = valid.map(|valid| (valid.remainder(), valid));
                    self.chunk(
                        memo,
                        views,
                        valid,
                        |view| view.as_u128(),
                        |view, at, next| {
                            if view.is_inline() {
                                *short.entry(view.as_u128()).or_insert_with(next)
                            } else {
                                let text = array.value(at);
                                match long.get(text) {
                                    Some(code) => *code,
                                    None => *long.entry(text.into()).or_insert(next()),
                                }
                            }
                        },
                    );
                }
                return Ok(());
            }
            Keys::Numbers { memo, known } => (memo, known),
        };
        // Signed numbers are widened with their sign, so that small negative ones stay distinct.
        macro_rules! numbers {
            ($array:expr, $key:expr) => {{
                for array in $array.downcast_iter() {
                    let key = $key;
                    let valid = array.validity().map(|valid| valid.chunks::<u64>());
                    let valid = valid.map(|valid| (valid.remainder(), valid));
                    let resolve = |value, _: usize, next: &mut dyn FnMut() -> u32| {
                        *known.entry(key(value)).or_insert_with(next)
                    };
                    self.chunk(memo, array.values(), valid, key, resolve);
                }
            }};
        }
        match physical.dtype() {
            DataType::Null => (0..rows.len()).for_each(|_| self.codes.extend([0], *self.next)),
            DataType::Boolean => {
                // Bits are no slice of values; few columns are made of them.
                let numbers = physical.cast(&DataType::UInt8)?;
                numbers!(numbers.u8()?, |v: u8| u64::from(v));
            }
            DataType::Int8 => numbers!(physical.i8()?, |v: i8| v as u64),
            DataType::Int16 => numbers!(physical.i16()?, |v: i16| v as u64),
            DataType::Int32 => numbers!(physical.i32()?, |v: i32| v as u64),
            DataType::Int64 => numbers!(physical.i64()?, |v: i64| v as u64),
            DataType::UInt8 => numbers!(physical.u8()?, |v: u8| u64::from(v)),
            DataType::UInt16 => numbers!(physical.u16()?, |v: u16| u64::from(v)),
            DataType::UInt32 => numbers!(physical.u32()?, |v: u32| u64::from(v)),
            DataType::UInt64 => numbers!(physical.u64()?, |v: u64| v),
            DataType::Float32 => numbers!(physical.f32()?, |v: f32| float(f64::from(v))),
            DataType::Float64 => numbers!(physical.f64()?, float),
            dtype => polars_bail!(InvalidOperation: "the type {dtype} has no categories to tabulate by"),
        }
        Ok(())
    }

    /// Codes the values of one array: nearly all by the memo, without a branch; those it does not
    /// know by `resolve`, which is given the value, its place and what gives out a new code.
    ///
    /// `valid` are the bits of the validity, 64 at a time, and what is left of them.
    fn chunk<T: Copy, K: Key>(
        &mut self,
        memo: &mut Memo<K>,
        values: &[T],
        valid: Option<(u64, impl Iterator<Item = u64>)>,
        key: impl Fn(T) -> K,
        mut resolve: impl FnMut(T, usize, &mut dyn FnMut() -> u32) -> u32,
    ) {
        let (rest, mut valid) = valid.map_or((u64::MAX, None), |(rest, valid)| (rest, Some(valid)));
        let mut codes = [0; 64];
        for (start, values) in (0..).step_by(64).zip(values.chunks(64)) {
            let valid = match &mut valid {
                None => u64::MAX,
                Some(valid) => valid.next().unwrap_or(rest),
            };
            let mut missed = 0;
            for (bit, (code, value)) in codes.iter_mut().zip(values).enumerate() {
                let (found, is_hit) = memo.get(key(*value));
                *code = found;
                missed |= u64::from(!is_hit) << bit;
            }
            missed &= valid;
            while missed != 0 {
                let bit = missed.trailing_zeros() as usize;
                missed &= missed - 1;
                let mut new = || {
                    self.news.push((self.at + start + bit) as IdxSize);
                    *self.next += 1;
                    *self.next - 1
                };
                codes[bit] = resolve(values[bit], start + bit, &mut new);
                memo.remember(key(values[bit]), codes[bit]);
            }
            // Under a null stands any value.
            let mut nulls = !valid;
            while nulls != 0 {
                codes[nulls.trailing_zeros() as usize] = 0;
                nulls &= nulls - 1;
            }
            self.codes.extend(codes[..values.len()].iter().copied(), *self.next);
        }
        self.at += values.len();
    }
}

impl Codes {
    fn clear(&mut self) {
        match self {
            Self::Narrow(codes) => codes.clear(),
            Self::Wide(codes) => codes.clear(),
        }
    }

    fn into_wide(self) -> Vec<u32> {
        match self {
            Self::Narrow(codes) => codes.into_iter().map(u32::from).collect(),
            Self::Wide(codes) => codes,
        }
    }

    /// Adds codes, all below `next`.
    fn extend(&mut self, more: impl IntoIterator<Item = u32>, next: u32) {
        if let Self::Narrow(codes) = self
            && next > 1 << 16
        {
            *self = Self::Wide(codes.iter().map(|code| u32::from(*code)).collect());
        }
        match self {
            Self::Narrow(codes) => codes.extend(more.into_iter().map(|code| code as u16)),
            Self::Wide(codes) => codes.extend(more),
        }
    }
}

/// A double's bits; the two zeros are one value, and so is all that is not a number.
fn float(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}
