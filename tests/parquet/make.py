"""Makes the Parquet files beside it, as Arrow C++ writes them: what engine::tabulate reads as codes.

    python -m venv venv && venv/bin/pip install pyarrow==26.0.1 && venv/bin/python make.py

Most hold the same rows, in both kinds of data pages, small ones, and several compressions. `more` has the
schema of `v2-zstd` and other rows; `large` has more rows than a block of the tabulation.
"""

import datetime
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent


def mixed(row, salt):
    """A number that looks like chance."""
    return ((row + 1) * (0x9E3779B97F4A7C15 ^ (salt << 7)) >> 33) % (1 << 31)


def rows(start, end):
    def column(salt, value, missing=8):
        number = lambda row: mixed(row, salt)
        return [None if number(row) % missing == 0 else value(number(row) // missing) for row in range(start, end)]

    day = datetime.date(2024, 2, 27)
    answers = ["", "yes", "no", "twelve bytes", "thirteen byte", "ganz und gar einverstanden – ja"]
    return pa.table(
        {
            "text": pa.array(column(1, lambda n: answers[n % 6])),
            "required": pa.array(column(2, lambda n: answers[n % 5], missing=1 << 40), pa.string()),
            "empty": pa.nulls(end - start, pa.string()),
            "late": pa.array([None if row < start + 900 else "late" for row in range(start, end)], pa.string()),
            # More values than the dictionary may have: the pages go on with plain values.
            "overflow": pa.array(column(3, lambda n: f"respondent {n % 700}")),
            "i8": pa.array(column(4, lambda n: n % 11 - 5), pa.int8()),
            "i16": pa.array(column(5, lambda n: n % 300 - 150), pa.int16()),
            "i32": pa.array(column(6, lambda n: n % 9 - 70_000), pa.int32()),
            "i64": pa.array(column(7, lambda n: (n % 5 - 2) << 40), pa.int64()),
            "u8": pa.array(column(8, lambda n: 250 + n % 6), pa.uint8()),
            "u16": pa.array(column(9, lambda n: 65_500 + n % 36), pa.uint16()),
            "u32": pa.array(column(10, lambda n: (1 << 32) - 1 - n % 7), pa.uint32()),
            "u64": pa.array(column(11, lambda n: (1 << 64) - 1 - n % 7), pa.uint64()),
            "f32": pa.array(column(12, lambda n: [0.5, -0.0, 0.0, float("nan")][n % 4]), pa.float32()),
            "f64": pa.array(column(13, lambda n: [0.1, -0.0, 0.0, float("nan"), float("inf")][n % 5])),
            "boolean": pa.array(column(14, lambda n: n % 3 == 0)),
            "date": pa.array(column(15, lambda n: day + datetime.timedelta(n % 5))),
            "moment": pa.array(column(16, lambda n: n % 5 * 1_000_000), pa.timestamp("us")),
            "category": pa.array(column(17, lambda n: answers[n % 6])).dictionary_encode(),
            "w": pa.array(column(18, lambda n: n % 50 / 7)),
        }
    )


def write(name, table, **options):
    # A column that may not be null has no definition levels.
    table = table.cast(pa.schema([f.with_nullable(f.name != "required") for f in table.schema]))
    options = {"dictionary_pagesize_limit": 1000, "data_page_size": 300, "write_batch_size": 100, **options}
    pq.write_table(table, HERE / f"{name}.parquet", write_statistics=False, **options)


if __name__ == "__main__":
    some = rows(0, 1500)
    for version, compression in (("1.0", "none"), ("1.0", "snappy"), ("2.0", "none"), ("2.0", "zstd")):
        name = f"v{version[0]}-{compression}"
        write(name, some, row_group_size=700, data_page_version=version, compression=compression)
    write("more", rows(1500, 2300), row_group_size=300, data_page_version="2.0", compression="zstd")
    pattern = pa.array([None, "a", "b", "a", "c", "c", "b", None, "d"])
    many = pa.chunked_array([pattern] * 15_000).combine_chunks()
    # A dictionary with a value that no row has, and in another order than the rows.
    other = pa.DictionaryArray.from_arrays(
        pa.array([3, 3, 1, 0, None] * 27_000, pa.int8()), pa.array(["p", "q", "nobody", "r"])
    )
    large = pa.table({"text": many, "unused": other})
    pq.write_table(large, HERE / "large.parquet", row_group_size=50_001, compression="zstd", store_schema=False)
