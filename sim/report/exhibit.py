"""One chart of the report, and how it is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sim.charts import Chart
from sim.charts.html import as_svg


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """One chart of the page; `svg` is empty if there are no rows to draw."""

    name: str
    title: str
    words: str
    shows: str  # the table of the contract that it is drawn from
    svg: str
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def drawn(chart: Chart, table: pd.DataFrame, *more: Any, **options: Any) -> str:
    """The chart as SVG with its words; empty if the table has no rows."""
    if table.empty:
        return ""
    picture = chart(table, *more, **options)
    return as_svg(picture, picture.alt)
