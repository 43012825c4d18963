"""Computes tests/oracles/expressions.json with DuckDB: expressions that mean the same there and here.

    pip install duckdb && python expressions.py > expressions.json

What our rules decide differently on purpose is not asked here (see src/expression/page.md): doubles
divided by zero, halves that a double cannot hold, TRIM of other white space, pieces that are not there, and
DATE_DIFF of weeks, which DuckDB does not count from Monday to Monday.
"""

import datetime
import decimal
import itertools
import json

import duckdb

ROWS = [
    # i, k, f, s, t, b, d, e
    (7, 3, 2.5, "Zoë", "o", True, "2024-01-31", "2024-02-29"),
    (-7, 3, -2.5, "  naïve Café ", "Café", False, "2023-12-31", "2024-01-01"),
    (7, -3, 0.125, "", "", None, "1969-07-20", "1970-01-01"),
    (-7, -3, 1e6, "100%_sure", "%_", True, "2000-02-29", "1999-12-31"),
    (0, 5, 12345.678, "Ångström", "öm", False, "2021-01-03", "2020-12-28"),
    (None, 2, None, None, "x", None, None, "2024-06-15"),
    (2, None, -0.5, "it's", None, True, "2016-02-29", None),
    (1000000007, 998244353, 3.0, "ÀÉÎ, õü", ",", False, "1900-03-01", "2100-02-28"),
]
COLUMNS = "i BIGINT, k BIGINT, f DOUBLE, s VARCHAR, t VARCHAR, b BOOLEAN, d DATE, e DATE"

NUMBERS = [
    "i + k", "i - k", "i * k", "i / k", "i % k", "-i", "i + f", "f * k", "f - 0.5", "i / 4", "i % 4", "i % -4",
    "ABS(i)", "ABS(f)", "FLOOR(f)", "CEIL(f)", "ROUND(f)", "ROUND(f, 1)", "ROUND(f, 2)", "ROUND(f * 10, -1)",
    "SQRT(ABS(f))", "LN(ABS(f))", "EXP(f / 1000000)", "POWER(f, 2)", "POWER(ABS(k), 0.5)", "(i + k) * (f - 1) / 3",
    "TRY_CAST('12' AS integer) + i", "CAST(b AS integer)", "CAST(i AS double) / 2", "TRY_CAST(t AS double)",
    "LENGTH(s)", "LENGTH(s || t)", "COALESCE(i, k, 0)", "COALESCE(i, f)", "NULLIF(i, 7)", "NULLIF(i, k)",
    "LEAST(i, k)", "GREATEST(i, k, 3)", "GREATEST(f, i)",
    "CASE WHEN i > 0 THEN i WHEN i < 0 THEN -i END", "CASE k WHEN 3 THEN 1 WHEN -3 THEN 2.5 ELSE 0 END",
    "CASE WHEN b THEN 1 ELSE 0 END", "CASE WHEN NOT b THEN f END",
]
TEXTS = [
    "UPPER(s)", "LOWER(s)", "TRIM(s)", "s || t", "s || '-' || t", "CONCAT(s, t)", "CONCAT(s, '!', t)",
    "LEFT(s, 3)", "RIGHT(s, 3)", "LEFT(s, 0)", "SUBSTR(s, 2)", "SUBSTR(s, 2, 3)", "SUBSTR(s, 1, 100)",
    "SUBSTR(s, 3, ABS(k) % 4)", "SUBSTR(s, ABS(k))", "LEFT(s, ABS(k))", "RIGHT(s, ABS(k))", "REPLACE(s, 'é', 'e')", "REPLACE(s, 'o', '')", "STRIP_ACCENTS(s)",
    "COALESCE(s, t, '?')", "NULLIF(s, '')", "LEAST(s, t)", "GREATEST(s, t)", "SPLIT_PART(s || ',a,b', ',', 1)",
    "CAST(i AS text)", "CAST(b AS text)", "CAST(d AS text)", "CASE WHEN s LIKE '%a%' THEN 'a' ELSE s END",
]
TRUTHS = [
    "s LIKE 'Z%'", "s LIKE '%é%'", "s LIKE '_o_'", "s LIKE '%!%!_%' ESCAPE '!'", "s NOT LIKE '% %'", "s ILIKE 'ZOË'",
    "s ILIKE '%CAFÉ%'", "s LIKE ''", "STARTS_WITH(s, '1')", "STARTS_WITH(s, '')", "STARTS_WITH(s, t)", "ENDS_WITH(s, 'm')", "ENDS_WITH(s, t)", "CONTAINS(s, t)",
    "CONTAINS(s, '%')", "i IN (7, 0)", "i NOT IN (7, 0)", "i IN (k, 2)", "s IN ('', 'Zoë')", "d IN (DATE '2024-01-31')",
    "i BETWEEN 0 AND 7", "i NOT BETWEEN k AND 7", "f BETWEEN -1 AND i", "d BETWEEN DATE '2000-01-01' AND e",
    "i IS NULL", "s IS NOT NULL", "b IS TRUE", "b IS NOT TRUE", "b IS FALSE", "i IS DISTINCT FROM k",
    "i IS NOT DISTINCT FROM NULL", "NOT b", "NOT (i > 0 AND b)", "b AND i > 0", "b OR i > 0", "b AND (i > 0) IS NULL",
    "i > 0 AND f > 0 OR b", "CAST(k AS boolean)",
] + [
    f"{a} {op} {b}"
    for (a, b), op in itertools.product(
        [("i", "k"), ("i", "f"), ("s", "t"), ("d", "e"), ("b", "TRUE"), ("i", "7"), ("f", "2.5")],
        ["=", "<>", "<", "<=", ">", ">="],
    )
]
DATES = [
    "YEAR(d)", "QUARTER(d)", "MONTH(d)", "DAY(d)", "WEEK(d)", "EXTRACT(ISODOW FROM d)", "EXTRACT(WEEK FROM e)",
    "DATE_TRUNC('week', d)", "DATE_TRUNC('month', d)", "DATE_TRUNC('quarter', d)", "DATE_TRUNC('year', d)",
    "DATE_DIFF('day', d, e)", "DATE_DIFF('month', d, e)", "DATE_DIFF('quarter', d, e)",
    "DATE_DIFF('year', d, e)", "e - d", "d + INTERVAL 1 MONTH", "d - INTERVAL 1 MONTH", "d + INTERVAL 12 MONTH",
    "d + INTERVAL 30 DAY", "d - INTERVAL 1 WEEK", "d + INTERVAL 1 YEAR", "e - INTERVAL 3 MONTH > d",
    "TRY_CAST(t AS date)", "GREATEST(d, e)", "COALESCE(d, e)", "CASE WHEN d < e THEN d ELSE e END",
]


def plain(value):
    """JSON has no dates; a date moved by an interval is a timestamp there; 2.5 is a decimal there."""
    if isinstance(value, datetime.datetime):
        assert value.time() == datetime.time(0)
        return value.date().isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, datetime.date) else value


def main():
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE r (n INTEGER, {COLUMNS})")
    connection.executemany(
        "INSERT INTO r VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [(n, *row) for n, row in enumerate(ROWS)]
    )
    cases = []
    for sql in NUMBERS + TEXTS + TRUTHS + DATES:
        rows = connection.execute(f"SELECT {sql} FROM r ORDER BY n").fetchall()
        cases.append({"sql": sql, "gives": [plain(value) for (value,) in rows]})
    made = {"by": f"DuckDB {duckdb.__version__}", "on": "2026-11-22", "rows": ROWS, "cases": cases}
    lines = [f' {json.dumps(case, ensure_ascii=False)}' for case in cases]
    head = json.dumps({key: made[key] for key in ("by", "on", "rows")}, ensure_ascii=False)
    print(head[:-1] + ', "cases": [\n' + ",\n".join(lines) + "\n]}")


main()
