"""Writes the figures of a script as the JSON that tests/suite/real.rs reads."""

import json
import math
import sys


def table(frame, *key):
    """Rows of a frame, found again by the columns of the key."""
    rows = [
        {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
        for row in json.loads(frame.to_json(orient="records", double_precision=15))
    ]
    return {"key": list(key), "rows": rows}


def write(programs, tables):
    json.dump({"made_by": programs, "tables": tables}, sys.stdout, indent=1, ensure_ascii=False)
    print()
