"""The main figures of sfo_survey.yaml, computed with pandas alone.

    python tests/real/sfo_survey.py ../shared/real > tests/real/sfo_survey.expected.json
"""

import pathlib
import platform
import sys
from statistics import NormalDist

import numpy as np
import pandas as pd

from figures import table, write

here, real = pathlib.Path(__file__).parent, pathlib.Path(sys.argv[1])
read = lambda path: pd.read_csv(path, dtype=str, keep_default_na=False)
first, second = (read(real / f"sfo_survey/{year}_SFO_Customer_Survey.csv.gz") for year in (2016, 2017))
regions = read(here / "sfo_regions.csv").set_index("code").region
airlines = read(here / "sfo_airlines.csv")
airlines = airlines.assign(written=airlines.written.str.casefold()).drop_duplicates("written").set_index("written").airline

asked = pd.concat([first.assign(year=2016, NETPRO=""), second.assign(year=2017)], ignore_index=True)
asked["w"] = asked.WEIGHT.astype(float)
asked["region"] = asked.DESTGEO.map(regions)
asked["airline"] = asked.AIRLINE.str.strip().str.casefold().map(airlines)
asked["score"] = pd.to_numeric(asked.NETPRO, errors="coerce").where(lambda answer: answer <= 10)
assert asked.region.notna().all() and asked.airline.notna().all()


def net_promoter(rows):
    answered = rows[rows.score.notna()]
    w, x = answered.w, answered.score
    point = np.where(x >= 9, 100.0, np.where(x <= 6, -100.0, 0.0))
    n, whole = len(x), w.sum()
    estimate = (w * point).sum() / whole if n else None
    # Taylor linearisation of a weighted mean, every group a sample of its own.
    error = np.sqrt(n / (n - 1) * (w**2 * (point - estimate) ** 2).sum()) / whole if n > 1 and w.nunique() > 1 else None
    # Adjusted Wald on the effective base: three answers spread evenly are added.
    base = whole**2 / (w**2).sum() if n else 0.0
    p, d = ((w[x >= 9].sum() / whole * base + 0.75) / (base + 3), (w[x <= 6].sum() / whole * base + 0.75) / (base + 3)) if n else (0, 0)
    half = 100 * NormalDist().inv_cdf(0.975) * np.sqrt((p + d - (p - d) ** 2) / (base + 3))
    figures = {
        "n": n,
        "n_weighted": whole,
        "n_effective": base,
        "promoters": int((x >= 9).sum()),
        "detractors": int((x <= 6).sum()),
        "estimate": estimate,
        "conf_low": max(100 * (p - d) - half, -100.0) if n else None,
        "conf_high": min(100 * (p - d) + half, 100.0) if n else None,
        "n_missing": int(rows.score.isna().sum()),
    }
    return pd.Series(figures | ({"std_error": error} if error is not None else {}), dtype=object)


def scores(by):
    rows = asked[asked.year == 2017]
    made = [dict(zip(by, key)) | net_promoter(part).to_dict() for key, part in rows.groupby(by)]
    return {"key": by, "rows": made}


loyalty_by_airline = scores(["airline"])

# Passengers boarded in 2017 and net promoter, airlines with 30 answers or more: both brought to 1–100, the
# geometric mean of the two.
flown = read(real / "sfo_air_traffic/passengers_200507_202306_renamed.csv.gz")
flown = flown[flown.Activity_Period.str.startswith("2017") & (flown.Activity_Type_Code == "Enplaned")]
boarded = flown.Passenger_Count.astype(int).groupby(flown.Published_Airline.str.casefold().map(airlines)).sum()
card = pd.DataFrame([row for row in loyalty_by_airline["rows"] if row["n"] >= 30])
card["passengers"] = card.airline.map(boarded)
scaled = lambda x: 1 + 99 * (x - x.min()) / (x.max() - x.min())
card["score"] = np.sqrt(scaled(card.passengers) * scaled(card.estimate.astype(float)))
card["rank"] = card.score.rank(ascending=False, method="min").astype(int)
card = card.sort_values("rank")[["airline", "n", "estimate", "passengers", "score", "rank"]]
card["estimate"] = card.estimate.astype(float)

words = {
    "purpose": lambda row: {"": None, "0": None, "1": "Business", "5": "Conference", "2": "Holiday", "3": "Friends or relatives"}.get(row.Q2PURP1, "Other"),
    "age": lambda row: {
        "1": "17 or younger", "2": "18-24", "3": "25-34", "4": "35-44", "5": "45-54", "6": "55-64", "7": "65 or older",
        "65-Over": "65 or older",
    }.get(row.Q19AGE, "17 or younger" if row.Q19AGE.startswith("Under") else row.Q19AGE if "-" in row.Q19AGE else None),
    "flown": lambda row: {"1": "1 once", "2": "2 twice", "3": "3 to 6 times"}.get(row.Q5TIMESFLOWN, "7 times or more" if row.Q5TIMESFLOWN in "456" and row.Q5TIMESFLOWN else None),
}
cells = []
for question, answer in words.items():
    rows = asked.assign(answer=asked.apply(answer, axis=1)).dropna(subset="answer")
    for region, part in [("Total", rows), *rows.groupby("region")]:
        # A column has a line for every answer that somebody gave anywhere.
        for value in sorted(rows.answer.unique()):
            mine = part[part.answer == value]
            share, everywhere = mine.w.sum() / part.w.sum(), rows[rows.answer == value].w.sum() / rows.w.sum()
            cells.append({
                "row_variable": question, "row_value": value, "column_value": region,
                "n": len(mine), "n_weighted": mine.w.sum(), "base": len(part),
                "column_share": share, "index": 100 * share / everywhere,
            })

write(
    {"python": platform.python_version(), "pandas": pd.__version__, "numpy": np.__version__},
    {
        "loyalty": scores(["region"]),
        "loyalty.total": {"key": [], "rows": [net_promoter(asked[asked.year == 2017]).to_dict()]},
        "loyalty_by_airline": loyalty_by_airline,
        "loyalty_by_airline_and_region": scores(["airline", "region"]),
        "airline_figures": table(card, "airline"),
        "travellers": {"key": ["row_variable", "row_value", "column_value"], "rows": cells},
    },
)
