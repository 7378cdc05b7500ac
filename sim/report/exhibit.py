"""One chart of the report, and how it is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sim.charts import Chart
from sim.charts.html import as_svg
from sim.report.words import WORDS


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """One chart of the page; title and words are `ABOUT_title` and `ABOUT_words` of its words."""

    about: str
    of: str = ""  # what there are several exhibits of
    shows: str  # the table of the contract that it is drawn from
    svg: Mapping[str, str]  # by language; empty texts if there are no rows to draw
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in the page's address."""
        return f"{self.about}-{self.of}" if self.of else self.about


def drawn(chart: Chart, table: pd.DataFrame, *more: Any, **options: Any) -> dict[str, str]:
    """The chart as SVG with its words, in every language; empty if the table has no rows."""
    if table.empty:
        return dict.fromkeys(WORDS, "")
    pictures = {name: chart(table, *more, language=name, **options) for name in WORDS}
    return {name: as_svg(picture, picture.alt) for name, picture in pictures.items()}
