"""The main table of a `lifecycle` by hand: eight quarters, four measures, four levels.

    python benches/lifecycle_peer.py make DIR CUSTOMERS        the tables and ladder.yaml
    growthring run DIR/ladder.yaml --out DIR/out
    python benches/lifecycle_peer.py polars DIR                writes DIR/peer.parquet
    python benches/lifecycle_peer.py duckdb DIR                the same by SQL
    python benches/lifecycle_peer.py compare DIR               every cell of the two tables
"""

import json
import sys
from pathlib import Path

PIPELINE = """version: 1
name: ladder
datasets:
  customers: { path: customers.parquet }
  orders: { path: orders.parquet }
  profiles: { path: profiles.parquet }
  answers: { path: answers.parquet }
  leads: { path: leads.parquet }
stages:
  ladder:
    lifecycle:
      key: customer
      from: customers
      since: since
      periods: { every: quarter, first: 2024-01-01 }
      as_of: 2025-12-31
      by: region
      measures:
        - { name: orders, from: orders, date: ordered_on, aggregate: count }
        - { name: profile, from: profiles, value: completeness }
        - { name: answers, from: answers, date: answered_on, aggregate: count, over: { periods: 4 } }
        - { name: referrals, from: leads, key: referred_by, date: created, aggregate: count, over: to_date }
      levels:
        - { name: customer, where: orders > 0 }
        - { name: known, where: profile >= 0.5 }
        - { name: well understood, where: profile >= 0.8 AND answers > 0 }
        - { name: advocate, where: referrals > 0 }
"""
LEVELS = ["customer", "known", "well understood", "advocate"]
ACTIONS = ["retain", "expand", "grow", "leverage"]
TEXTS = ["orders > 0", "profile >= 0.5", "profile >= 0.8", "answers > 0", "referrals > 0"]


def make(folder: Path, n: int) -> None:
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(11)
    names = pl.Series([f"C{place:07d}" for place in range(n)])
    start = np.datetime64("2023-07-01")
    folder.mkdir(parents=True, exist_ok=True)

    def some(size: int, skew: float) -> pl.Series:
        return names.gather((n * rng.random(size) ** skew).astype(np.int64))

    def days(size: int) -> np.ndarray:
        return start + rng.integers(0, 915, size)

    since = start + np.maximum(rng.integers(-400, 800, n), 0)
    regions = np.array(["North", "South", "East", "West"])[rng.integers(0, 4, n)]
    pl.DataFrame({"customer": names, "region": regions, "since": since}).sample(
        fraction=1.0, shuffle=True, seed=1
    ).write_parquet(folder / "customers.parquet")
    pl.DataFrame(
        {"customer": some(5 * n, 2.0), "ordered_on": days(5 * n), "paid": rng.random(5 * n) * 90}
    ).write_parquet(folder / "orders.parquet")
    profile = pl.Series(np.round(rng.random(n), 2)).set(pl.Series(rng.random(n) < 0.1), None)
    pl.DataFrame({"customer": names, "completeness": profile}).write_parquet(folder / "profiles.parquet")
    pl.DataFrame({"customer": some(n, 1.5), "answered_on": days(n)}).write_parquet(
        folder / "answers.parquet"
    )
    leads = n // 2
    pl.DataFrame({"referred_by": some(leads, 2.0), "created": days(leads)}).write_parquet(
        folder / "leads.parquet"
    )
    (folder / "ladder.yaml").write_text(PIPELINE)


def by_polars(folder: Path) -> None:
    import polars as pl

    def scan(name: str) -> pl.LazyFrame:
        return pl.scan_parquet(folder / f"{name}.parquet")

    who = scan("customers").sort("customer").with_row_index("who").collect()
    places = who.lazy().select("customer", "who")
    quarter = pl.col("day").dt.year().cast(pl.Int32) * 4 + pl.col("day").dt.quarter() - 1 - 2024 * 4

    def counted(name: str, key: str, day: str, back: int) -> pl.DataFrame:
        """How many rows count in a customer's quarter: those of the `back` quarters before it as well."""
        rows = scan(name).select(pl.col(key).alias("customer"), pl.col(day).alias("day"))
        rows = rows.filter(pl.col("day") <= pl.date(2025, 12, 31)).join(places, on="customer")
        cells = rows.group_by("who", quarter.cast(pl.Int32).clip(-9).alias("p")).len()
        reach = pl.LazyFrame(
            [(p, q) for p in range(-9, 8) for q in range(max(p, 0), min(8, p + back + 1))],
            schema={"p": pl.Int32, "q": pl.Int32},
            orient="row",
        )
        cells = cells.join(reach, on="p").group_by("who", pl.col("q").alias("p"))
        return cells.agg(pl.col("len").sum().cast(pl.Int64).alias(name))

    starts = pl.date_range(pl.date(2024, 1, 1), pl.date(2025, 10, 1), "1q", eager=True)
    periods = pl.DataFrame({"period_start": starts}).with_columns(
        pl.int_range(pl.len(), dtype=pl.Int32).alias("p"),
        pl.col("period_start").dt.offset_by("1q").dt.offset_by("-1d").alias("period_end"),
        pl.format("{}-Q{}", pl.col("period_start").dt.year(), pl.col("period_start").dt.quarter()).alias("period"),
    )
    rows = who.lazy().join(scan("profiles"), on="customer", how="left").join(periods.lazy(), how="cross")
    for name, key, day, back in [
        ("orders", "customer", "ordered_on", 0),
        ("answers", "customer", "answered_on", 3),
        ("leads", "referred_by", "created", 17),
    ]:
        rows = rows.join(counted(name, key, day, back), on=["who", "p"], how="left")
    rows = rows.rename({"completeness": "profile", "leads": "referrals"}).with_columns(
        pl.col("orders", "answers", "referrals").fill_null(0),
        (pl.col("since") <= pl.col("period_end")).alias("there"),
    )
    known = pl.col("profile") >= 0.5
    understood = pl.col("profile") >= 0.8
    met = [pl.col("orders") > 0, known, understood & (pl.col("answers") > 0), pl.col("referrals") > 0]
    holds, level = pl.col("there"), pl.lit(0, pl.Int64)
    for rule in met:
        holds = holds & rule.fill_null(False)
        level = level + holds.cast(pl.Int64)
    rows = rows.with_columns(level.alias("level_number")).sort("who", "p")
    now = pl.col("level_number")
    rows = rows.with_columns(
        now.shift(1).over("who").alias("before"),
        (now > 0).cum_sum().shift(1).over("who").alias("ever"),
    )
    before = pl.col("before")
    word = (
        pl.when(before.is_null()).then(None)
        .when((now > 0) & (before > 0) & (now > before)).then(pl.lit("advanced"))
        .when((now > 0) & (now == before)).then(pl.lit("stayed"))
        .when((now > 0) & (before > 0)).then(pl.lit("regressed"))
        .when((now > 0) & (pl.col("ever") > 0)).then(pl.lit("returned"))
        .when(now > 0).then(pl.lit("entered"))
        .when(before > 0).then(pl.lit("left"))
        .when(pl.col("ever") > 0).then(pl.lit("dormant"))
        .otherwise(pl.lit("not_yet"))
    )
    def told(condition: pl.Expr, text: str) -> pl.Expr:
        return (
            pl.when(condition.is_null()).then(pl.lit(f"{text} (unknown)"))
            .when(~condition).then(pl.lit(text))
        )

    parts = [[met[0]], [met[1]], [understood, pl.col("answers") > 0], [met[3]]]
    texts = iter(TEXTS)
    asked, lacking, missing = pl.lit(None, pl.String), pl.lit(None, pl.Int64), pl.lit(None, pl.String)
    for number, rule in enumerate(parts):
        below = pl.col("there") & (now == number)
        asked = pl.when(below).then(pl.lit(LEVELS[number])).otherwise(asked)
        unmet = sum((~part.fill_null(False)).cast(pl.Int64) for part in rule)
        lacking = pl.when(below).then(unmet).otherwise(lacking)
        words = pl.concat_str([told(part, next(texts)) for part in rule], separator="; ", ignore_nulls=True)
        missing = pl.when(below).then(words).otherwise(missing)
    numbers = {number + 1: name for number, name in enumerate(LEVELS)}
    actions = {number + 1: name for number, name in enumerate(ACTIONS)}
    rows.select(
        "customer", "region", "period", "period_start", "period_end", "level_number",
        now.replace_strict(numbers, default=None, return_dtype=pl.String).alias("level"),
        now.replace_strict(actions, default=None, return_dtype=pl.String).alias("action"),
        word.alias("move"), "orders", "profile", "answers", "referrals",
        asked.alias("next_level"), lacking.alias("lacking"), missing.alias("missing"),
    ).sink_parquet(folder / "peer.parquet", compression="zstd", compression_level=1)


def by_duckdb(folder: Path) -> None:
    import duckdb

    db = duckdb.connect()
    place = "(year({0}) * 4 + quarter({0}) - 1 - 2024 * 4)"

    def counted(name: str, key: str, day: str, back: int) -> str:
        at = place.format(day)
        return f"""(SELECT customer, q AS p, sum(n)::BIGINT AS {name} FROM
            (SELECT {key} AS customer, greatest({at}, -9) AS past, count(*) AS n
             FROM '{folder}/{name}.parquet' WHERE {day} <= DATE '2025-12-31' GROUP BY ALL), range(8) AS r(q)
            WHERE past <= q AND q <= past + {back} GROUP BY ALL)"""

    db.execute(f"""COPY (
        WITH periods AS (
            SELECT p, DATE '2024-01-01' + to_months(3 * p::INT) AS period_start,
                (DATE '2024-01-01' + to_months(3 * p::INT + 3) - INTERVAL 1 DAY)::DATE AS period_end
            FROM range(8) AS r(p)),
        measured AS (
            SELECT c.customer, region, p, period_start::DATE AS period_start, period_end,
                since <= period_end AS there, completeness AS profile, coalesce(orders, 0) AS orders,
                coalesce(answers, 0) AS answers, coalesce(leads, 0) AS referrals
            FROM '{folder}/customers.parquet' c CROSS JOIN periods
            LEFT JOIN '{folder}/profiles.parquet' USING (customer)
            LEFT JOIN {counted("orders", "customer", "ordered_on", 0)} USING (customer, p)
            LEFT JOIN {counted("answers", "customer", "answered_on", 3)} USING (customer, p)
            LEFT JOIN {counted("leads", "referred_by", "created", 17)} USING (customer, p)),
        stood AS (
            SELECT *, CASE WHEN NOT there OR orders = 0 THEN 0
                WHEN NOT coalesce(profile >= 0.5, false) THEN 1
                WHEN profile < 0.8 OR answers = 0 THEN 2
                WHEN referrals = 0 THEN 3 ELSE 4 END AS level_number FROM measured),
        moved AS (
            SELECT *, lag(level_number) OVER w AS before, max(level_number) OVER
                (PARTITION BY customer ORDER BY p ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS best
            FROM stood WINDOW w AS (PARTITION BY customer ORDER BY p))
        SELECT customer, region, year(period_start) || '-Q' || quarter(period_start) AS period,
            period_start, period_end, level_number::BIGINT AS level_number,
            {LEVELS!r}[level_number] AS level, {ACTIONS!r}[level_number] AS action,
            CASE WHEN before IS NULL THEN NULL
                WHEN level_number > 0 AND before > 0 THEN CASE WHEN level_number > before THEN 'advanced'
                    WHEN level_number = before THEN 'stayed' ELSE 'regressed' END
                WHEN level_number > 0 THEN if(best > 0, 'returned', 'entered')
                WHEN before > 0 THEN 'left' WHEN best > 0 THEN 'dormant' ELSE 'not_yet' END AS move,
            orders, profile, answers, referrals,
            CASE WHEN there AND level_number < 4 THEN {LEVELS!r}[level_number + 1] END AS next_level,
            CASE WHEN NOT there OR level_number = 4 THEN NULL WHEN level_number = 2
                THEN (NOT profile >= 0.8)::BIGINT + (answers = 0)::BIGINT ELSE 1 END AS lacking,
            CASE WHEN NOT there OR level_number = 4 THEN NULL
                WHEN level_number = 0 THEN 'orders > 0'
                WHEN level_number = 1 THEN if(profile IS NULL, 'profile >= 0.5 (unknown)', 'profile >= 0.5')
                WHEN level_number = 2 THEN concat_ws('; ', if(profile < 0.8, 'profile >= 0.8', NULL),
                    if(answers = 0, 'answers > 0', NULL))
                ELSE 'referrals > 0' END AS missing
        FROM moved ORDER BY customer, p
    ) TO '{folder}/peer.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)""")


def compare(folder: Path) -> None:
    import polars as pl

    out = folder / "out"
    version = json.loads((out / "_current.json").read_text())["version"]
    ours = pl.read_parquet(out / "_versions" / version / "tables" / "ladder.parquet")
    theirs = pl.read_parquet(folder / "peer.parquet")
    assert ours.columns == theirs.columns, (ours.columns, theirs.columns)
    assert ours.height == theirs.height, (ours.height, theirs.height)
    for name in ours.columns:
        unequal = ours[name].ne_missing(theirs[name].cast(ours[name].dtype)).sum()
        assert unequal == 0, f"{name}: {unequal} cells"
    print(f"{ours.height} rows of {ours.width} columns are the same")


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    match sys.argv[1]:
        case "make":
            make(folder, int(sys.argv[3]))
        case "polars":
            by_polars(folder)
        case "duckdb":
            by_duckdb(folder)
        case "compare":
            compare(folder)
