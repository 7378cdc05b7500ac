"""`sim compare`: the chart of what `realrun compare` has put side by side."""

from pathlib import Path
from typing import Any

import pandas as pd

from sim.charts import comparison, save
from sim.contract import CompareRow
from sim.errors import BadTable
from sim.files import read_meta, read_rows


def compare(table: Path, picture: Path) -> None:
    """Draw `table` into the file `picture`, SVG or PNG, and print its path."""
    rows = read_rows(table, CompareRow)
    if not rows:
        raise BadTable(f"{table}: has a header but no rows")
    sides = read_meta(table.parent, table.stem).get("sides")
    if not isinstance(sides, list) or len(sides) != 2:
        raise BadTable(f"{table}: its .meta.json does not tell of two sides")
    a, b = map(told, sides)
    save(comparison(pd.DataFrame(rows), a, b), picture)
    print(picture)


def told(side: dict[str, Any]) -> str:
    """One side in a line."""
    about = [f"machine {side.get('machine')}", side.get("cpu_model"), side.get("kernel")]
    when = f"recorded {side.get('recorded_utc')}"
    return f"{side.get('label')}, " + ", ".join(str(word) for word in [*about, when] if word)
