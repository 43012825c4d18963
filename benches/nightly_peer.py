"""The heavy part of pipelines/nightly.yaml, written by hand for Polars: what growthring is timed against.

Centralises customers, orders and survey answers (types, dates, decimal commas, null words, duplicates,
rejected rows set aside), looks up countries, regions, products and personas, converts currencies, writes
the three tables as Parquet, and computes the weighted net promoter scores with their intervals and the
cross-tab. It draws no chart, writes no report, scores no partner and segments no customer.

    python -m venv venv && venv/bin/pip install polars==2.1.0
    growthring sample --scale 200 --out work/sample-data
    venv/bin/python benches/nightly_peer.py work/sample-data work/peer

With a third argument, the folder of a finished run (`out/nightly`), its tables are compared with the
figures of this script.
"""

import json
import sys
from pathlib import Path

import polars as pl

NUMBER = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$"
Z = 1.959963984540054


def text(name, null_words=()):
    """A column as trimmed text; empty and null words are missing."""
    trimmed = pl.col(name).str.strip_chars()
    return pl.when(~trimmed.is_in(["", *null_words])).then(trimmed)


def german(value):
    """`1.234,50` as a number; anything else that is no number is missing."""
    plain = value.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return pl.when(value.str.contains(NUMBER)).then(plain).cast(pl.Float64, strict=False)


def day(value, *formats):
    found = pl.coalesce([value.str.to_date(form, strict=False) for form in formats])
    return pl.when(found.dt.year() >= 1000).then(found)


def normalised(value):
    """Text without accents, case and runs of blanks."""
    bare = value.str.normalize("NFKD").str.replace_all(r"\p{M}+", "").str.to_lowercase()
    return bare.str.replace_all(r"\s+", " ").str.strip_chars()


def fitting(rows, source, converted, rejects):
    """The rows whose values all convert; the others are written aside. `converted`: name, raw, value."""
    rows = rows.with_columns(
        *[raw.alias(f"raw {name}") for name, raw, _ in converted],
    ).with_columns(*[value.alias(name) for name, _, value in converted])
    wrong = pl.any_horizontal(
        [pl.col(f"raw {name}").is_not_null() & pl.col(name).is_null() for name, _, _ in converted]
    )
    rows = rows.with_columns(wrong.alias("is wrong"))
    aside = rows.filter("is wrong").select(
        pl.lit(source).alias("source"),
        "_row",
        *[pl.col(f"raw {name}").cast(pl.String).alias(name) for name, _, _ in converted],
    )
    rejects.append(aside)
    return rows.filter(~pl.col("is wrong"))


def customers(data, rejects):
    accounts = pl.read_csv(
        data / "crm/accounts.csv",
        separator=";",
        encoding="windows-1252",
        infer_schema=False,
        row_index_name="_row",
    ).lazy()
    null = ["k.A."]
    number = text("Kundennr", null)
    revenue, since = text("Jahresumsatz (Tsd. EUR)", null), text("Angelegt am", null)
    accounts = fitting(
        accounts,
        "accounts",
        [
            ("revenue_thousand_eur", revenue, german(pl.col("raw revenue_thousand_eur"))),
            ("customer_since", since, day(pl.col("raw customer_since"), "%d.%m.%Y")),
        ],
        rejects,
    ).select(
        pl.coalesce(text("E-Mail"), number).str.to_lowercase().alias("customer"),
        number.alias("customer_number"),
        pl.concat_str(["Vorname", "Nachname"], separator=" ", ignore_nulls=True).alias("name"),
        text("Firma", null).alias("company"),
        text("Land", null).alias("country_written"),
        text("Funktion", null).alias("job_role"),
        text("Partner-Nr", null).alias("partner_id"),
        "revenue_thousand_eur",
        "customer_since",
        pl.lit("crm/accounts.csv").alias("_source"),
        "_row",
    )
    registrations = pl.scan_csv(data / "web/customers.csv", infer_schema=False, row_index_name="_row")
    registrations = fitting(
        registrations,
        "registrations",
        [("customer_since", text("signup_date", null), day(pl.col("raw customer_since"), "%Y-%m-%d"))],
        rejects,
    ).select(
        text("email").str.to_lowercase().alias("customer"),
        pl.lit(None, pl.String).alias("customer_number"),
        text("full_name", null).alias("name"),
        text("company", null).alias("company"),
        text("country", null).alias("country_written"),
        text("job_role", null).alias("job_role"),
        pl.lit(None, pl.String).alias("partner_id"),
        pl.lit(None, pl.Float64).alias("revenue_thousand_eur"),
        "customer_since",
        pl.lit("web/customers.csv").alias("_source"),
        "_row",
    )
    both = pl.concat([accounts, registrations]).filter(pl.col("customer").is_not_null())
    return both.unique("customer", keep="first", maintain_order=True)


def orders(data, rejects):
    web = pl.scan_csv(
        data / "orders/web-*.csv.gz", infer_schema=False, include_file_paths="_source", row_index_name="_row"
    ).filter(pl.col("status") == "completed")
    web = fitting(
        web,
        "web_orders",
        [
            ("ordered_on", text("ordered_on"), day(pl.col("raw ordered_on"), "%Y-%m-%d")),
            ("quantity", text("qty"), pl.col("raw quantity").cast(pl.Int64, strict=False)),
            ("unit_price", text("unit_price"), pl.col("raw unit_price").cast(pl.Float64, strict=False)),
            ("discount_pct", text("discount_pct"), pl.col("raw discount_pct").cast(pl.Float64, strict=False)),
        ],
        rejects,
    ).select(
        text("order_no").alias("order_id"),
        "ordered_on",
        pl.lit("web").alias("channel"),
        text("customer_email").str.to_lowercase().alias("buyer"),
        text("ship_to").alias("country_written"),
        text("partner_code").alias("partner_id"),
        text("sku").alias("sku"),
        "quantity",
        "unit_price",
        "discount_pct",
        pl.lit(None, pl.Float64).alias("total"),
        text("currency").str.to_uppercase().alias("currency"),
        "_source",
        "_row",
    )
    # The keys are named, so that a first receipt without a partner does not hide the column.
    keys = ["beleg", "datum", "kunde", "land", "artikel", "betrag", "waehrung", "partner"]
    schema = {**{key: pl.String for key in keys}, "menge": pl.Int64}
    shop = pl.scan_ndjson(data / "orders/shop.ndjson", schema=schema, row_index_name="_row")
    shop = fitting(
        shop,
        "till_receipts",
        [
            ("ordered_on", text("datum"), day(pl.col("raw ordered_on"), "%Y-%m-%d", "%d.%m.%Y")),
            ("total", text("betrag"), german(pl.col("raw total"))),
        ],
        rejects,
    ).select(
        text("beleg").alias("order_id"),
        "ordered_on",
        pl.lit("shop").alias("channel"),
        text("kunde").alias("buyer"),
        text("land").alias("country_written"),
        text("partner").str.to_uppercase().alias("partner_id"),
        text("artikel").alias("sku"),
        pl.col("menge").alias("quantity"),
        pl.lit(None, pl.Float64).alias("unit_price"),
        pl.lit(None, pl.Float64).alias("discount_pct"),
        "total",
        text("waehrung").alias("currency"),
        pl.lit("orders/shop.ndjson").alias("_source"),
        "_row",
    )
    both = pl.concat([web, shop]).filter(pl.col("order_id").is_not_null())
    return both.unique("order_id", keep="first", maintain_order=True)


def responses(data, rejects):
    phases = ["1 Become aware", "2 Consider", "3 Compare offers", "4 Buy", "5 Use and renew"]
    null = ["n/a"]
    first = pl.scan_csv(data / "survey/responses-2024.csv", infer_schema=False, row_index_name="_row")
    first = fitting(
        first,
        "answers_2024",
        [
            ("responded_on", text("Interview date", null), day(pl.col("raw responded_on"), "%m/%d/%Y")),
            (
                "recommend",
                text("Q1 How likely are you to recommend us (0-10)?", null),
                pl.col("raw recommend").cast(pl.Int64, strict=False),
            ),
            ("weight", text("Weight", null), german(pl.col("raw weight"))),
        ],
        rejects,
    ).select(
        text("Response ID").alias("response_id"),
        "responded_on",
        pl.format("2024-Q{}", pl.col("responded_on").dt.quarter()).alias("wave"),
        "recommend",
        text("Q2 Buying phase (1-5)", null)
        .replace_strict(dict(zip("12345", phases)), default=None)
        .alias("buying_phase"),
        text("Q3 Main source of information", null).alias("information_source"),
        text("Q4 Your function", null).alias("job_role"),
        text("Country", null).alias("country_written"),
        text("Dealer", null).alias("partner_id"),
        "weight",
        pl.lit("survey/responses-2024.csv").alias("_source"),
        "_row",
    )
    second = pl.scan_parquet(data / "survey/responses-2025.parquet", row_index_name="_row").select(
        text("response_id").alias("response_id"),
        "responded_on",
        text("wave", null).alias("wave"),
        "recommend",
        text("buying_phase", null)
        .replace_strict({phase[2:]: phase for phase in phases}, default=None)
        .alias("buying_phase"),
        text("information_source", null).alias("information_source"),
        text("job_role", null).alias("job_role"),
        text("country_code", null).alias("country_written"),
        text("partner_id", null).alias("partner_id"),
        pl.col("w").alias("weight"),
        pl.lit("survey/responses-2025.parquet").alias("_source"),
        "_row",
    )
    both = pl.concat([first, second]).filter(pl.col("response_id").is_not_null())
    return both.unique("response_id", keep="first", maintain_order=True)


class Reference:
    """The small tables that others look up in."""

    def __init__(self, data):
        read = lambda name: pl.read_csv(data / f"reference/{name}.csv", try_parse_dates=True)
        countries = read("countries").select("country_code", "country", pl.col("region_code").alias("region"))
        names = read("country_names").select(
            normalised(pl.col("written")).alias("country_key"), "country_code"
        )
        self.countries = names.join(countries, on="country_code", how="left").lazy()
        self.products = read("products").select("sku", "product", "category", "cost_eur").lazy()
        self.personas = read("personas").lazy()
        self.rates = read("exchange_rates").lazy()

    def with_country(self, rows):
        rows = rows.with_columns(normalised(pl.col("country_written")).alias("country_key"))
        joined = rows.join(self.countries, on="country_key", how="left", maintain_order="left")
        return joined.drop("country_key")


def sales(rows, known_as, reference):
    rows = rows.join(known_as, left_on="buyer", right_on="known_as", how="left", maintain_order="left")
    rows = reference.with_country(rows)
    rows = rows.join(reference.products, on="sku", how="left", maintain_order="left")
    rows = rows.with_columns(month=pl.col("ordered_on").dt.month_start()).join(
        reference.rates, on=["month", "currency"], how="left", maintain_order="left"
    )
    half_away = "half_away_from_zero"
    # In whole cents, for a binary fraction lies now above, now below the half that is to be rounded.
    price = (pl.col("unit_price") * 100).round().cast(pl.Int64)
    hundredths = pl.col("quantity") * price * (100 - pl.col("discount_pct").cast(pl.Int64))
    paid = pl.coalesce("total", (hundredths + 50) // 100 / 100)
    euro = pl.when(pl.col("currency") == "EUR").then("paid").otherwise(pl.col("paid") * pl.col("eur_per_unit"))
    cents = lambda amount: (amount * 100).round(0, half_away).cast(pl.Int64, strict=False)
    return (
        rows.with_columns(paid=paid)
        .with_columns(
            paid_eur=euro,
            year=pl.col("ordered_on").dt.year(),
            quarter=pl.format("{}-Q{}", pl.col("ordered_on").dt.year(), pl.col("ordered_on").dt.quarter()),
        )
        .with_columns(
            paid_cents=cents(pl.col("paid_eur")),
            margin_cents=cents(pl.col("paid_eur") - pl.col("quantity") * pl.col("cost_eur")),
        )
        .drop("month", "eur_per_unit")
    )


def net_promoter(answers, by):
    """Weighted scores by some columns: adjusted Wald on the effective base, error by linearisation."""
    w, answer = pl.col("weight"), pl.col("recommend")
    usable = answers.filter(answer.is_between(0, 10) & (w > 0))
    x = pl.when(answer >= 9).then(100).when(answer <= 6).then(-100).otherwise(0)
    w2 = w * w
    sums = usable.group_by(by).agg(
        n=pl.len(),
        n_weighted=w.sum(),
        squared=w2.sum(),
        promoters=(answer >= 9).sum(),
        detractors=(answer <= 6).sum(),
        promoters_weighted=w.filter(answer >= 9).sum(),
        detractors_weighted=w.filter(answer <= 6).sum(),
        squared_x=(w2 * x).sum(),
        squared_xx=(w2 * x * x).sum(),
        equal=w.min() == w.max(),
    )
    shares = sums.with_columns(
        n_effective=pl.col("n_weighted") ** 2 / pl.col("squared"),
        p=pl.col("promoters_weighted") / pl.col("n_weighted"),
        d=pl.col("detractors_weighted") / pl.col("n_weighted"),
    ).with_columns(estimate=100 * (pl.col("p") - pl.col("d")))
    p, d, e, score = pl.col("p"), pl.col("d"), pl.col("n_effective"), pl.col("estimate")
    n = pl.col("n")
    spread = pl.col("squared_xx") - 2 * score * pl.col("squared_x") + score**2 * pl.col("squared")
    error = lambda p, d, n: 100 * ((p + d - (p - d) ** 2) / n).sqrt()
    shifted_p, shifted_d = (p * e + 0.75) / (e + 3), (d * e + 0.75) / (e + 3)
    centre, reach = 100 * (shifted_p - shifted_d), Z * error(shifted_p, shifted_d, e + 3)
    linearised = (n / (n - 1) * spread).sqrt() / pl.col("n_weighted")
    return shares.select(
        *by,
        "n",
        "n_weighted",
        "n_effective",
        "promoters",
        "detractors",
        "estimate",
        std_error=pl.when("equal").then(error(p, d, n)).otherwise(linearised),
        conf_low=(centre - reach).clip(lower_bound=-100),
        conf_high=(centre + reach).clip(upper_bound=100),
    ).sort(by, nulls_last=True)


def cross_tab(answers, row, columns):
    """Weighted counts, shares and index of `row` by each of `columns`, one line a cell."""
    w = pl.col("weight")
    tables = []
    for column in columns:
        cells = (
            answers.filter(w > 0)
            .drop_nulls([row, column])
            .group_by(row_value=row, column_value=column)
            .agg(n=pl.len(), n_weighted=w.sum(), squared=(w * w).sum())
        )
        of = pl.col("n_weighted").sum()
        column_share = pl.col("n_weighted") / of.over("column_value")
        tables.append(
            cells.with_columns(
                column_variable=pl.lit(column),
                n_effective=pl.col("n_weighted") ** 2 / pl.col("squared"),
                row_share=pl.col("n_weighted") / of.over("row_value"),
                column_share=column_share,
                total_share=pl.col("n_weighted") / of,
                index=100 * column_share / (of.over("row_value") / of),
                base=pl.col("n").sum().over("column_value"),
            ).sort("row_value", "column_value")
        )
    return pl.concat(tables)


LOYALTY = {
    "loyalty": ["region"],
    "loyalty_by_country": ["region", "country"],
    "loyalty_by_wave": ["region", "wave"],
    "loyalty_by_partner": ["partner_id"],
    "loyalty_by_persona": ["persona"],
}


def main(data, out):
    out.mkdir(parents=True, exist_ok=True)
    reference = Reference(data)
    rejects = []

    people = customers(data, rejects).collect(engine="streaming").lazy()
    reference.with_country(people).sink_parquet(out / "customers.parquet")
    numbers = people.filter(pl.col("customer_number").is_not_null())
    known_as = pl.concat(
        [people.select("customer", known_as="customer"), numbers.select("customer", known_as="customer_number")]
    ).unique("known_as", keep="first", maintain_order=True)

    sales(orders(data, rejects), known_as, reference).sink_parquet(out / "sales.parquet")

    asked = reference.with_country(responses(data, rejects))
    asked = asked.join(reference.personas, on="job_role", how="left", maintain_order="left")
    asked.sink_parquet(out / "answers.parquet")
    pl.concat(rejects, how="diagonal").sink_parquet(out / "rejects.parquet")

    answers = pl.scan_parquet(out / "answers.parquet")
    named = answers.filter(pl.col("partner_id").is_not_null())
    plans = [net_promoter(named if by == ["partner_id"] else answers, by) for by in LOYALTY.values()]
    plans.append(cross_tab(answers, "information_source", ["persona", "buying_phase", "region"]))
    tables = dict(zip([*LOYALTY, "where_they_look"], pl.collect_all(plans, engine="streaming")))
    for name, table in tables.items():
        table.write_parquet(out / f"{name}.parquet")


def compare(out, run):
    """Stops unless the tables of a finished run say the same, to nine digits."""
    tables = run / "_versions" / json.loads((run / "_current.json").read_text())["version"] / "tables"
    both = lambda name: (pl.scan_parquet(root / f"{name}.parquet") for root in (out, tables))
    figures = [pl.len(), pl.col("paid_cents").sum(), pl.col("margin_cents").sum(), pl.col("customer").count()]
    for ours, theirs in [both("sales")]:
        a, b = (side.select(*figures).collect().row(0) for side in (ours, theirs))
        assert a == b, f"sales: {a} here, {b} there"
        print("sales:", a)
    for name in ["customers", "answers"]:
        other = "accounts_by_region" if name == "customers" else name
        here = pl.scan_parquet(out / f"{name}.parquet").group_by("region").len().sort("region").collect()
        there = pl.scan_parquet(tables / f"{other}.parquet").group_by("region").len().sort("region").collect()
        assert here.equals(there), f"{name}: {here} here, {there} there"
        print(f"{name}:", here.rows())
    keys = {**LOYALTY, "where_they_look": ["row_value", "column_variable", "column_value"]}
    for name, key in keys.items():
        here, there = (side.collect() for side in both(name))
        if name == "where_they_look":
            there = there.filter(~pl.col("is_total"))
        joined = here.join(there, on=key, how="left", nulls_equal=True, suffix=" there")
        assert here.height == there.height, f"{name}: {here.height} rows here, {there.height} there"
        for column in [c for c in here.columns if c not in key and f"{c} there" in joined.columns]:
            a, b = pl.col(column), pl.col(f"{column} there")
            far = joined.filter(~((a - b).abs() <= 1e-9 * pl.max_horizontal(b.abs(), 1)))
            assert far.is_empty(), f"{name}.{column}: {far}"
        print(f"{name}: {here.height} rows agree")


if __name__ == "__main__":
    folders = [Path(argument) for argument in sys.argv[1:]]
    main(*folders[:2])
    if len(folders) > 2:
        compare(folders[1], folders[2])
