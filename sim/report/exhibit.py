"""One chart of the report, and how it is drawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.figure import Figure

from sim.charts.html import as_svg
from sim.charts.style import styled


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """One chart of the page; `svg` is empty if there are no rows to draw."""

    name: str
    title: str
    words: str
    shows: str  # the table of the contract that it is drawn from
    svg: str
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def drawn(
    tables: Sequence[pd.DataFrame], figure: Callable[[], Figure], text: Callable[[], str]
) -> str:
    """The figure as SVG with its alternative text; empty if no table has rows."""
    if all(table.empty for table in tables):
        return ""
    with styled():
        return as_svg(figure(), text())
