//! Keys by which rows of several tables belong together. Knows no table.

use polars::prelude::DataType;

/// The type in which keys of several tables meet: whole numbers of any width are one type.
pub(super) fn common(dtype: &DataType) -> DataType {
    match dtype {
        dtype if dtype.is_integer() => DataType::Int64,
        DataType::Categorical(..) | DataType::Enum(..) => DataType::String,
        dtype => dtype.clone(),
    }
}
