"""Lists as Docker prints them: a table, JSON, or as a template says; and the words in them.

Source: the Docker client's `cli/command/formatter`; Go's `text/tabwriter`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from realrun.console import gowords
from realrun.console.gowords import Struct
from realrun.console.template import Template

LEAST_WIDTH, GAP = 10, 3  # of a column, and behind it
SHORT_ID = 12
MINUTE_S, HOUR_S = 60, 3600
DAY_H, WEEK_H, MONTH_H, YEAR_H = 24, 24 * 7, 24 * 30, 24 * 365
TABLE = "table"
# Of a table's head these make what they are given first.
KEEP_HEADS = {
    name: (lambda head, *_: head, kinds) for name, (_, kinds) in gowords.FUNCTIONS.items()
    if name in ("json", "join", "split", "upper", "lower", "title", "truncate", "pad")
}  # fmt: skip


def lines(
    rows: Iterable[Mapping[str, Any]], heads: Mapping[str, str], usual: str, asked: str
) -> Iterator[str]:
    """The lines of a list. `rows` have a value for each of `heads`, a column's name -> its title.

    `asked` is the `--format`: empty or `table` is the `usual` template as a table, `table ...`
    another table, `json` an object a line, all else a template for each row.
    """
    text = {"": f"{TABLE} {usual}", TABLE: f"{TABLE} {usual}", "json": "{{json .}}"}.get(
        asked, asked
    )
    as_table = text.startswith(TABLE)
    text = text.removeprefix(TABLE).strip(" ") if as_table else text
    text = text.replace("\\t", "\t").replace("\\n", "\n")
    template = Template(text)
    found = (template(Struct(sorted(row.items()))) for row in rows)
    if not as_table:
        return found
    titles: dict[str, Any] = {**heads, "Label": label_title}
    head = Template(text, gowords.FUNCTIONS | KEEP_HEADS)(titles)
    return aligned([line.split("\t") for one in [head, *found] for line in one.split("\n")])


def label_title(name: str) -> str:
    """The head of a column for one label.

    >>> label_title("org.example.build-date")
    'build date'
    """
    return re.sub("[-_]", " ", name.rpartition(".")[2])


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns stand below each other as long as one row after the other has them.

    >>> list(aligned([["ID", "NAME"], ["0123456789", "x"]]))
    ['ID           NAME', '0123456789   x']
    """
    widths: dict[tuple[int, int], int] = {}
    for column in range(max(map(len, rows), default=1) - 1):
        block: list[int] = []
        for number in range(len(rows) + 1):
            if number < len(rows) and column < len(rows[number]) - 1:
                block.append(number)
                continue
            width = max((len(rows[one][column]) + GAP for one in block), default=0)
            widths |= {(one, column): max(width, LEAST_WIDTH) for one in block}
            block = []
    for number, row in enumerate(rows):
        yield "".join(cell.ljust(widths.get((number, at), 0)) for at, cell in enumerate(row))


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
