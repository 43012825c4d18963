"""The main figures of online_retail.yaml, computed with DuckDB and NumPy.

    python tests/real/online_retail.py ../shared/real > tests/real/online_retail.expected.json
"""

import pathlib
import platform
import sys

import duckdb
import numpy as np
import pandas as pd

from figures import table, write

here, real = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[1])
db = duckdb.connect()
db.execute(f"""
    CREATE TABLE files AS SELECT * FROM read_csv('{real}/online_retail/by-day/*.csv.gz', all_varchar = true);
    CREATE TABLE countries AS SELECT * FROM read_csv('{here}/online_retail_countries.csv', all_varchar = true);
    CREATE TABLE priced AS SELECT * FROM files WHERE CAST(UnitPrice AS DOUBLE) <> 0;
    CREATE TABLE sound AS SELECT * FROM priced WHERE InvoiceNo NOT LIKE 'A%';
    CREATE TABLE once AS SELECT DISTINCT
        InvoiceNo, StockCode, trim(Description) AS Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
    FROM sound;
    CREATE TABLE sales AS SELECT
        CAST(replace(InvoiceNo, 'C', '') AS BIGINT) AS invoice, InvoiceNo LIKE 'C%' AS cancelled,
        CAST(CAST(CustomerID AS DOUBLE) AS BIGINT) AS customer, once.Country AS country,
        coalesce(region, 'Not stated') AS region, CAST(InvoiceDate AS TIMESTAMP) AS sold_at,
        CAST(Quantity AS BIGINT) * CAST(UnitPrice AS DECIMAL(18, 6)) AS net
    FROM once LEFT JOIN countries ON once.Country = countries.country
""")
count = lambda name: db.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]
counts = {
    "source": "days",
    "rows_in": count("files"),
    "filtered": count("files") - count("priced"),
    "quarantined": count("priced") - count("sound"),
    "duplicates": count("sound") - count("once"),
    "rows_out": count("once"),
}

by_country = db.sql("""
    SELECT region, country, count(*) AS order_lines, count(DISTINCT invoice) AS invoices,
           count(DISTINCT customer) AS customers, CAST(sum(net) AS DOUBLE) AS net_revenue
    FROM sales GROUP BY ALL ORDER BY net_revenue DESC""").df()
by_region = db.sql("""
    SELECT region, count(DISTINCT country) AS countries, count(DISTINCT customer) AS customers,
           CAST(sum(net) AS DOUBLE) AS net_revenue, CAST(sum(CASE WHEN cancelled THEN net ELSE 0 END) AS DOUBLE) AS cancelled
    FROM sales GROUP BY ALL ORDER BY net_revenue DESC""").df()
by_month = db.sql("""
    SELECT region, CAST(date_trunc('month', sold_at) AS DATE) AS month, CAST(sum(net) AS DOUBLE) AS net_revenue
    FROM sales GROUP BY ALL ORDER BY ALL""").df()
by_month["month"] = by_month.month.astype(str).str[:10]

# Recency, frequency and monetary value of invoices that were not cancelled.
who = db.sql("""
    SELECT customer, max(day) AS day, count(*) AS frequency, CAST(sum(net) AS DOUBLE) AS monetary
    FROM (SELECT customer, invoice, min(CAST(sold_at AS DATE)) AS day, sum(net) AS net
          FROM sales WHERE customer IS NOT NULL AND NOT cancelled GROUP BY ALL)
    GROUP BY customer""").df()
day = pd.to_datetime(who.day)
who["recency"] = (day.max() - day).dt.days
group = lambda x: 1 + np.searchsorted(np.quantile(x, [0.2, 0.4, 0.6, 0.8]), x, side="left")
who["r"], who["f"], who["m"] = 6 - group(who.recency), group(who.frequency), group(who.monetary)
segment = np.select(
    [(who.r >= 4) & (who.f >= 4) & (who.m >= 4), who.f >= 4, (who.r >= 4) & (who.frequency == 1), (who.r <= 2) & (who.m >= 4)],
    ["champions", "regulars", "new", "slipping"],
    "occasional",
)
segments = who.groupby(segment).agg(n=("customer", "size"), invoices=("frequency", "sum")).rename_axis("segment").reset_index()
cuts = pd.DataFrame(
    {"measure": measure, "score": score, "n": int((who[scores] == score).sum())}
    for measure, scores in (("recency_days", "r"), ("frequency", "f"), ("monetary", "m"))
    for score in range(1, 6)
)

write(
    {"python": platform.python_version(), "duckdb": duckdb.__version__, "numpy": np.__version__},
    {
        "lines.counts": {"key": ["source"], "rows": [counts]},
        "by_country": table(by_country, "country"),
        "by_region": table(by_region, "region"),
        "by_month": table(by_month, "region", "month"),
        "value.cuts": table(cuts, "measure", "score"),
        "segments": table(segments, "segment"),
    },
)
