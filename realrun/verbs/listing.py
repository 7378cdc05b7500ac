"""Tables, times and words as Docker's lists have them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

LEAST_WIDTH, GAP = 10, 3  # of a column, and behind it
SHORT_ID = 12
MINUTE_S, HOUR_S = 60, 3600
DAY_H, WEEK_H, MONTH_H, YEAR_H = 24, 24 * 7, 24 * 30, 24 * 365


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines whose columns stand below each other, as Go's `text/tabwriter` makes them for Docker.

    >>> table([["ID", "NAME"], ["0123456789", "x"]])
    ['ID           NAME', '0123456789   x']
    """
    found = [list(row) for row in rows]
    widths = [max(LEAST_WIDTH, *(len(cell) + GAP for cell in column)) for column in columns(found)]
    return [
        "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) + row[-1]
        for row in ([*row[:-1], row[-1]] for row in found)
    ]


def columns(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """All columns but the last, which is as wide as it likes."""
    return [list(column) for column in zip(*(row[:-1] for row in rows), strict=True)]


def duration(seconds: float) -> str:
    """A time span in words. Source: `HumanDuration` of docker/go-units.

    >>> duration(0.5), duration(59), duration(61), duration(3 * 3600)
    ('Less than a second', '59 seconds', 'About a minute', '3 hours')
    """
    whole, minutes, hours = int(seconds), int(seconds / MINUTE_S), int(seconds / HOUR_S + 0.5)
    if whole < 1:
        return "Less than a second"
    if whole < MINUTE_S:
        return "1 second" if whole == 1 else f"{whole} seconds"
    if minutes < MINUTE_S:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    if hours < 2 * DAY_H:
        return "About an hour" if hours == 1 else f"{hours} hours"
    for unit_h, until_h, unit in (
        (DAY_H, 2 * WEEK_H, "days"),
        (WEEK_H, 2 * MONTH_H, "weeks"),
        (MONTH_H, 2 * YEAR_H, "months"),
    ):
        if hours < until_h:
            return f"{hours // unit_h} {unit}"
    return f"{int(seconds / HOUR_S) // DAY_H // 365} years"


def shortened(text: str, length: int) -> str:
    """With an ellipsis in place of what is too much.

    >>> shortened("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def short_id(whole: str) -> str:
    """The first digits, without the name of the algorithm."""
    return whole.rpartition(":")[2][:SHORT_ID]


def quoted(text: str) -> str:
    """In double quotes, as Go's strconv.Quote: what cannot be printed is escaped."""
    return json.dumps(text, ensure_ascii=False)
