"""A chart: a table in, a picture with its words out."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from sim.charts.picture import Picture
from sim.charts.style import styled
from sim.charts.words import say
from sim.errors import BadTable


class Chart:
    """One way to draw a table, called like a function: `waterfall(phases, language="ko")`.

    `figure` (NAME_figure) draws it and `alt` (NAME_alt) says it in words; both take the same tables
    and options. `columns`: those that its first table must have. `table`: what makes that table.
    """

    def __init__(
        self,
        figure: Callable[..., Picture],
        alt: Callable[..., str],
        columns: Sequence[str],
        table: str,
    ) -> None:
        self.name = self.__name__ = figure.__name__.removesuffix("_figure")
        self.figure, self.alt, self.columns, self.table = figure, alt, tuple(columns), table
        self.__doc__, self.__signature__ = figure.__doc__, inspect.signature(figure)

    def __repr__(self) -> str:
        return f"<chart {self.name}{self.__signature__}>"

    @property
    def question(self) -> str:
        """What one asks who looks at it, in the language of now."""
        return say(f"{self.name}.question")

    def __call__(
        self, table: pd.DataFrame, *more: Any, language: str | None = None, **options: Any
    ) -> Picture:
        """Draw it, in `language` or that of now. Raises BadTable if there is nothing to draw."""
        self.check(table)
        with styled(language):
            picture = self.figure(table, *more, **options)
            picture.alt = self.alt(table, *more, **options)
        return picture

    def check(self, table: pd.DataFrame) -> None:
        """Raise BadTable for a table that has no rows or lacks a column."""
        missing = [column for column in self.columns if column not in table]
        wanted = f"expected a table as {self.table} makes it"
        if missing:
            raise BadTable(f"chart {self.name}: column {missing[0]!r} is missing; {wanted}")
        if table.empty:
            raise BadTable(f"chart {self.name}: the table has no rows; {wanted}")
