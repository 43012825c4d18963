"""The main figures of maven_crm.yaml, computed with pandas.

    python tests/real/maven_crm.py ../shared/real > tests/real/maven_crm.expected.json
"""

import pathlib
import platform
import sys

import pandas as pd

from figures import table, write

crm = pathlib.Path(sys.argv[1]) / "maven_crm"
deals = pd.read_csv(crm / "sales_pipeline.csv.gz")
deals["product"] = deals["product"].replace("GTXPro", "GTX Pro")
deals = deals.merge(pd.read_csv(crm / "sales_teams.csv"), on="sales_agent", how="left", validate="m:1")
deals = deals.merge(pd.read_csv(crm / "products.csv"), on="product", how="left", validate="m:1")
assert len(deals) == 8800 and deals.sales_price.notna().all() and deals.manager.notna().all()

won, lost = deals.deal_stage == "Won", deals.deal_stage == "Lost"
dates = deals[["engage_date", "close_date"]].apply(pd.to_datetime, format="%m/%d/%Y")
deals = deals.assign(
    won=won.astype(int),
    lost=lost.astype(int),
    revenue=deals.close_value.where(won),
    list_price=deals.sales_price.where(won),
    days=(dates.close_date - dates.engage_date).dt.days.where(won),
)


def by(*key):
    made = deals.groupby(list(key)).agg(
        n=("opportunity_id", "size"),
        won=("won", "sum"),
        lost=("lost", "sum"),
        revenue=("revenue", "sum"),
        list_price=("list_price", "sum"),
        days_to_win=("days", "mean"),
    )
    made["win_rate"] = made.won / (made.won + made.lost)
    return table(made.reset_index(), *key)


write(
    {"python": platform.python_version(), "pandas": pd.__version__},
    {"by_office": by("regional_office"), "by_manager": by("regional_office", "manager")},
)
