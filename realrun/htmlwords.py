"""Tables for notebooks. Whatever is in them is shown as text, whoever wrote it."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

One = TypeVar("One")


class Listed(list[One], Generic[One]):
    """A list that shows itself as a table, a row for each that is in it."""

    def __init__(
        self, items: Iterable[One], heads: Sequence[str], row: Callable[[One], Sequence[object]]
    ) -> None:
        super().__init__(items)
        self.heads, self.row = heads, row

    def _repr_html_(self) -> str:
        return table(self.heads, map(self.row, self))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """An HTML table.

    >>> table(["a"], [["<b>"]])
    '<table><tr><th>a</th></tr><tr><td>&lt;b&gt;</td></tr></table>'
    """
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    lines = [row("th", heads), *(row("td", cells) for cells in rows)]
    return f"<table>{title}{''.join(lines)}</table>"


def row(kind: str, cells: Sequence[object]) -> str:
    """One line of it."""
    inner = "".join(f"<{kind}>{html.escape(str(cell))}</{kind}>" for cell in cells)
    return f"<tr>{inner}</tr>"
