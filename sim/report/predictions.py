"""How good the predictions are, in a few rows: the same on the terminal and on the page."""

from typing import NamedTuple

import pandas as pd

from sim.contract import ISOLATIONS
from sim.report.words.en import ENGLISH
from sim.tables.summary import worst_and_median
from sim.wording import label

# What a reader asks about, and how it is called; all else stands in the table of every point.
QUANTITIES = {
    "storm makespan [s]": "makespan",
    "storm p50 [s]": "p50",
    "memory pss [MiB]": "memory",
}
HEADS = ("isolation", "held_out", *QUANTITIES.values())
HEADER = tuple(ENGLISH[f"head_{name}"] for name in HEADS)
NONE = "–"


class Prediction(NamedTuple):
    """One row: median error over the held-out n, and the largest behind it; in HEADER's order."""

    isolation: str
    ns: str
    makespan: str
    p50: str
    memory: str


def predictions(errors: pd.DataFrame) -> list[Prediction]:
    """A row for each isolation of which something was held out."""
    brief = worst_and_median(errors)
    rows = []
    for name in ISOLATIONS:
        mine = brief[brief["isolation"] == name]
        if len(mine):
            cells = [_cell(mine[mine["quantity"] == quantity]) for quantity in QUANTITIES]
            ns = max(mine["ns"], key=len)
            rows.append(Prediction(label(name, mine["accelerator"].iloc[0]), ns, *cells))
    return rows


def _cell(row: pd.DataFrame) -> str:
    """`9.1 % (12 %)`; where there is one n only, both would be the same."""
    if row.empty:
        return NONE
    one, worst = (percent(row[name].iloc[0]) for name in ("median_ratio", "worst_ratio"))
    return f"{one} ({worst})" if "," in row["ns"].iloc[0] else one


def percent(ratio: float) -> str:
    """Two significant digits at most.

    >>> percent(0.0123), percent(0.237), percent(1.0)
    ('1.2 %', '24 %', '100 %')
    """
    return f"{100 * ratio:.1f} %" if ratio < 0.0995 else f"{100 * ratio:.0f} %"
