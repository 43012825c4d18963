//! A column's values as dense codes: 0 is null, 1 the first value seen, and so on. The codes of a
//! value are the same in every block. Knows one column and its type, not what it is tabulated with.

use polars::prelude::{
    DataType, IdxSize, PlHashMap, PlSmallStr, PolarsResult, Series, SortOptions, polars_bail, polars_ensure,
};

/// Turns one column into codes, block by block, and remembers which value each code stands for.
pub(super) struct Encoder {
    keys: Keys,
    /// The value of code 1, 2, …, in the type of the column.
    values: Series,
}

/// The values of a column in the order of their codes, sorted.
pub(super) struct Sorted {
    /// The values in order, under the column's name.
    pub values: Series,
    /// Where the value of code 1, 2, … stands in `values`.
    pub ranks: Vec<u32>,
}

impl Encoder {
    /// An encoder of a column of this type.
    pub(super) fn new(name: &str, dtype: &DataType) -> PolarsResult<Self> {
        polars_ensure!(
            super::has_categories(dtype),
            InvalidOperation: "`{name}` has the type {dtype}, which has no categories to tabulate by"
        );
        Ok(Self { keys: Keys::default(), values: Series::new_empty(name.into(), dtype) })
    }

    /// One more than the largest code given so far.
    pub(super) fn size(&self) -> u32 {
        self.keys.next
    }

    /// The codes of the next block.
    pub(super) fn encode(&mut self, block: &Series) -> PolarsResult<Vec<u32>> {
        let mut coder =
            Coder { keys: &mut self.keys, codes: Vec::with_capacity(block.len()), news: Vec::new() };
        coder.block(block)?;
        let Coder { codes, news, .. } = coder;
        if !news.is_empty() {
            self.values.append(&block.take_slice(&news)?)?;
        }
        Ok(codes)
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

/// What was seen. Numbers, booleans, dates and categories are known by their bits, short text by
/// its view (which holds the text itself), long text by its bytes.
struct Keys {
    next: u32,
    /// Codes of the numbers 0 to 255, or 0 where not seen yet: most answers are small numbers.
    small: [u32; 256],
    numbers: PlHashMap<u64, u32>,
    short: PlHashMap<u128, u32>,
    long: PlHashMap<PlSmallStr, u32>,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            next: 1,
            small: [0; 256],
            numbers: PlHashMap::default(),
            short: PlHashMap::default(),
            long: PlHashMap::default(),
        }
    }
}

/// Codes of a block in the making.
struct Coder<'a> {
    keys: &'a mut Keys,
    codes: Vec<u32>,
    /// The rows that hold a value for the first time.
    news: Vec<IdxSize>,
}

impl Coder<'_> {
    fn block(&mut self, block: &Series) -> PolarsResult<()> {
        let physical = block.to_physical_repr();
        // Signed numbers are widened with their sign, so that small negative ones stay distinct.
        macro_rules! numbers {
            ($array:expr, $key:expr) => {{
                for value in $array.iter() {
                    self.number(value.and_then($key));
                }
            }};
        }
        match physical.dtype() {
            DataType::Null => self.codes.resize(block.len(), 0),
            DataType::Boolean => numbers!(physical.bool()?, |v| Some(u64::from(v))),
            DataType::Int8 => numbers!(physical.i8()?, |v| Some(v as u64)),
            DataType::Int16 => numbers!(physical.i16()?, |v| Some(v as u64)),
            DataType::Int32 => numbers!(physical.i32()?, |v| Some(v as u64)),
            DataType::Int64 => numbers!(physical.i64()?, |v| Some(v as u64)),
            DataType::UInt8 => numbers!(physical.u8()?, |v| Some(u64::from(v))),
            DataType::UInt16 => numbers!(physical.u16()?, |v| Some(u64::from(v))),
            DataType::UInt32 => numbers!(physical.u32()?, |v| Some(u64::from(v))),
            DataType::UInt64 => numbers!(physical.u64()?, Some),
            DataType::Float32 => numbers!(physical.f32()?, |v| float(f64::from(v))),
            DataType::Float64 => numbers!(physical.f64()?, float),
            DataType::String => self.text(&physical)?,
            dtype => polars_bail!(InvalidOperation: "the type {dtype} has no categories to tabulate by"),
        }
        Ok(())
    }

    fn number(&mut self, key: Option<u64>) {
        let code = match key {
            None => 0,
            Some(key @ 0..=255) => match self.keys.small[key as usize] {
                0 => {
                    let code = self.new_code();
                    self.keys.small[key as usize] = code;
                    code
                }
                code => code,
            },
            Some(key) => match self.keys.numbers.get(&key) {
                Some(code) => *code,
                None => {
                    let code = self.new_code();
                    self.keys.numbers.insert(key, code);
                    code
                }
            },
        };
        self.codes.push(code);
    }

    fn text(&mut self, text: &Series) -> PolarsResult<()> {
        let text = text.str()?;
        for (array, chunk) in text.downcast_iter().zip(text.chunks()) {
            let valid = chunk.validity();
            // The views of equal long texts are often equal too (they point to one entry of a
            // file's dictionary), but only within an array.
            let mut pointed: PlHashMap<u128, u32> = PlHashMap::default();
            for (at, view) in array.views().iter().enumerate() {
                let code = if valid.is_some_and(|valid| !valid.get_bit(at)) {
                    0
                } else if view.is_inline() {
                    match self.keys.short.get(&view.as_u128()) {
                        Some(code) => *code,
                        None => {
                            let code = self.new_code();
                            self.keys.short.insert(view.as_u128(), code);
                            code
                        }
                    }
                } else {
                    match pointed.get(&view.as_u128()) {
                        Some(code) => *code,
                        None => {
                            let code = self.long(array.value(at));
                            pointed.insert(view.as_u128(), code);
                            code
                        }
                    }
                };
                self.codes.push(code);
            }
        }
        Ok(())
    }

    fn long(&mut self, text: &str) -> u32 {
        match self.keys.long.get(text) {
            Some(code) => *code,
            None => {
                let code = self.new_code();
                self.keys.long.insert(text.into(), code);
                code
            }
        }
    }

    /// A code for the value of the row that is being coded.
    fn new_code(&mut self) -> u32 {
        let code = self.keys.next;
        self.keys.next += 1;
        self.news.push(self.codes.len() as IdxSize);
        code
    }
}

/// A double's bits; the two zeros are one value, and what is not a number is none.
fn float(value: f64) -> Option<u64> {
    (!value.is_nan()).then(|| (value + 0.0).to_bits())
}
