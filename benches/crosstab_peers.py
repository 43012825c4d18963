"""All weighted cross-tabs of 30 questions by 10: what growthring's tabulation is timed against.

One Parquet file, read anew by every tool, gives 300 tables: for every cell the answers, the sum of
the weights and the column share; for every column the base, weighted and effective. Answers that are
missing, and weights that are missing or not above 0, are left out.

    python -m venv venv && venv/bin/pip install numpy pyarrow polars==2.1.0 duckdb
    cargo build --release --bench crosstab
    venv/bin/python benches/crosstab_peers.py --ours target/release/deps/crosstab-<hash> [--text] [--rows N]

The tools take turns, each in a process of its own, as often as `--repeat` says. Printed are the
seconds to read the file and make the tables and the processor seconds, each the best and the median;
the ratios of the fastest peer to growthring, and of growthring to merely reading the columns with
the same engine. Every result is compared with that of numpy: counts exactly, sums to nine digits.
"""

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import time

STUBS = [f"s{i:02d}" for i in range(30)]
BANNERS = [f"b{i:02d}" for i in range(10)]
PEERS = ["duckdb", "polars", "numpy"]


def generate(path, rows, text):
    """Questions of three to eight answers that go together a little, with up to 12 % missing."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(7)
    trait = random.normal(size=rows)
    columns = {}
    for name in STUBS + BANNERS:
        cuts = np.sort(random.normal(scale=0.9, size=int(random.integers(2, 8))))
        code = (np.searchsorted(cuts, 0.4 * trait + random.normal(size=rows)) + 1).astype(np.int8)
        missing = random.random(rows) < random.uniform(0.0, 0.12)
        if text:
            words = pa.array([f"{name}: answer number {code}" for code in range(1, 9)])
            codes = pa.array(code - 1, mask=missing, type=pa.int8())
            columns[name] = pa.DictionaryArray.from_arrays(codes, words).cast(pa.string())
        else:
            columns[name] = pa.array(code, mask=missing)
    weight = np.exp(random.normal(scale=0.5, size=rows))
    luck = random.random(rows)
    weight[luck < 0.002] = 0.0
    weight[(luck >= 0.002) & (luck < 0.003)] = -1.0
    columns["w"] = pa.array(weight, mask=luck > 0.998)
    pq.write_table(pa.table(columns), path, compression="zstd", row_group_size=1 << 17)


def table(cells):
    """{(stub, banner): (n, weighted, squared)} as the table that is asked for."""
    bases = {}
    for (_, banner), cell in cells.items():
        bases[banner] = [a + b for a, b in zip(bases.get(banner, (0, 0.0, 0.0)), cell)]
    shares = {f"{s}|{b}": (n, w, 100.0 * w / bases[b][1]) for (s, b), (n, w, _) in cells.items()}
    return {"cell": shares, "base": {str(b): (n, w, w * w / q) for b, (n, w, q) in bases.items()}}


def numpy(path, dictionary=()):
    import numpy as np
    import pyarrow.parquet as pq

    file = pq.read_table(path, read_dictionary=dictionary)
    weight = file["w"].combine_chunks().fill_null(0.0).to_numpy(zero_copy_only=False)
    usable = weight > 0
    weight = weight[usable]
    squared = weight * weight
    coded = {}
    for name in STUBS + BANNERS:
        column = file[name].combine_chunks()
        if str(column.type) == "string":
            column = column.dictionary_encode()
        if str(column.type).startswith("dictionary"):
            values = column.dictionary.to_pylist()
            codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        else:
            codes = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64) - 1
            values = list(range(1, int(codes.max()) + 2))
        coded[name] = (codes.astype(np.int64)[usable] + 1, values)
    tables = {}
    for stub in STUBS:
        rows, row_values = coded[stub]
        for banner in BANNERS:
            columns, column_values = coded[banner]
            wide = len(column_values) + 1
            at = rows * wide + columns
            size = (len(row_values) + 1) * wide
            sums = [np.bincount(at, each, size) for each in (None, weight, squared)]
            tables[f"{stub}|{banner}"] = table(
                {
                    (row, column): tuple(s[(i + 1) * wide + j + 1].item() for s in sums)
                    for i, row in enumerate(row_values)
                    for j, column in enumerate(column_values)
                    if sums[0][(i + 1) * wide + j + 1]
                }
            )
    return tables


def numpy_dictionary(path):
    """The same, told beforehand which columns of the file are text of few values."""
    return numpy(path, STUBS + BANNERS)


def polars(path):
    import polars as pl

    rows = pl.read_parquet(path).filter(pl.col("w") > 0).lazy()
    sums = [pl.len(), pl.col("w").sum(), (pl.col("w") * pl.col("w")).sum().alias("squared")]
    pairs = [(stub, banner) for stub in STUBS for banner in BANNERS]
    plans = [rows.drop_nulls([stub, banner]).group_by(stub, banner).agg(sums) for stub, banner in pairs]
    made = pl.collect_all(plans)
    return {
        f"{stub}|{banner}": table({tuple(row[:2]): row[2:] for row in cells.iter_rows()})
        for (stub, banner), cells in zip(pairs, made)
    }


def duckdb(path):
    import duckdb as engine

    connection = engine.connect()
    connection.execute(f"create table rows as select * from read_parquet('{path}') where w > 0")
    tables = {}
    for banner in BANNERS:
        # One statement a banner, with all stubs as grouping sets.
        found = connection.execute(
            f"select {', '.join(STUBS)}, {', '.join(f'grouping({stub})' for stub in STUBS)}, {banner},"
            f" count(*), sum(w), sum(w * w) from rows where {banner} is not null"
            f" group by grouping sets ({', '.join(f'({stub}, {banner})' for stub in STUBS)})"
        ).fetchall()
        cells = {stub: {} for stub in STUBS}
        for row in found:
            at = row[len(STUBS) :].index(0)
            if row[at] is not None:
                cells[STUBS[at]][row[at], row[-4]] = row[-3:]
        tables.update({f"{stub}|{banner}": table(cells[stub]) for stub in STUBS})
    return tables


def differs(one, other):
    """What two results differ in, if anything."""
    if one.keys() != other.keys():
        return "tables"
    for name in one:
        for part in ("cell", "base"):
            a, b = one[name][part], other[name][part]
            if a.keys() != b.keys():
                return f"{name}: {part}s"
            for key in a:
                pairs = list(zip(a[key], b[key]))
                if a[key][0] != b[key][0] or any(abs(x - y) > 1e-9 * abs(y) for x, y in pairs):
                    return f"{name}: {part} {key}"
    return None


def in_process(command):
    """What a process printed last."""
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return json.loads(said.strip().split("\n")[-1])


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--ours")
    options.add_argument("--file", default="crosstab.parquet")
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--text", action="store_true", help="answers are text, not small numbers")
    options.add_argument("--keep", action="store_true", help="use the file as it is")
    options.add_argument("--repeat", type=int, default=5)
    options.add_argument("--peers", default=",".join(PEERS))
    options.add_argument("--peer")
    options = options.parse_args()
    result = lambda tool: f"{options.file}.{tool}.json"
    if options.peer:
        tool = globals()[options.peer]
        for module in {"duckdb": ["duckdb"], "polars": ["polars"]}.get(options.peer, ["numpy", "pyarrow.parquet"]):
            importlib.import_module(module)
        start, used = time.perf_counter(), time.process_time()
        tables = tool(options.file)
        seconds, processor = time.perf_counter() - start, time.process_time() - used
        peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
        json.dump(tables, open(result(options.peer), "w"))
        return print(json.dumps({"seconds": seconds, "processor": processor, "peak_mib": peak / 1024}))

    if not options.keep:
        generate(options.file, options.rows, options.text)
    peers = options.peers.split(",")
    command = {
        "ours": [options.ours, options.file, "--dump", result("ours")],
        "read": [options.ours, options.file, "--read"],
    }
    for peer in peers:
        command[peer] = [sys.executable, __file__, "--file", options.file, "--peer", peer]
    runs = {tool: [] for tool in command}
    for _ in range(options.repeat):
        for tool in command:
            runs[tool].append(in_process(command[tool]))
    for tool in ["ours", *peers]:
        wrong = differs(json.load(open(result(tool))), json.load(open(result(peers[0]))))
        if wrong:
            sys.exit(f"{tool} differs from {peers[0]} in {wrong}")
    best = lambda tool, what: min(run[what] for run in runs[tool])
    median = lambda tool, what: statistics.median(run[what] for run in runs[tool])
    print(f"{'':8}{'seconds':>16}{'processor':>16}{'MiB':>8}   (best, median; largest)")
    for tool in runs:
        times = [f"{of(tool, what):8.2f}" for what in ("seconds", "processor") for of in (best, median)]
        print(f"{tool:8}{''.join(times)}{max(run['peak_mib'] for run in runs[tool]):8.0f}")
    for name, of in (("best", best), ("median", median)):
        for what in ("seconds", "processor"):
            ours = of("ours", what)
            fastest = min(peers, key=lambda peer: of(peer, what))
            print(
                f"{name} {what}: {fastest} is fastest of the peers, {of(fastest, what) / ours:.1f} times"
                f" growthring; growthring is {ours / of('read', what):.2f} times reading"
            )


if __name__ == "__main__":
    main()
