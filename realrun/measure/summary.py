"""Tables in a few lines: medians, with the interval that order statistics give without a model."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from realrun.measure.rows import BuildRow, StartupRow, StormRow
from realrun.runtime.spec import ISOLATIONS

if TYPE_CHECKING:
    from realrun.measure.runner import Bench

SHORT = 12  # characters of a text that is not broken either
CONFIDENCE = 0.95
DEAR = "too dear"  # why an arm was not measured at all


class Summary(NamedTuple):
    """A median and its interval; with few values that is the range, and covers less than 95 %."""

    n: int
    median: float
    low: float
    high: float


def summarise(values: Sequence[float]) -> Summary:
    """The sample median with a distribution-free interval.

    The interval runs between the order statistics k and n+1-k, with the largest k for which the
    binomial(n, 1/2) tails leave at least 95 % (Hollander and Wolfe, Nonparametric Statistical
    Methods). Raises ValueError without values.

    >>> summarise([3.0, 1.0, 2.0])
    Summary(n=3, median=2.0, low=1.0, high=3.0)
    """
    if not values:
        raise ValueError("a median needs at least one value")
    ordered, n = sorted(values), len(values)
    tail, k = 0.0, 0
    while k < n // 2 and 2 * (tail + math.comb(n, k) / 2**n) <= 1 - CONFIDENCE:
        tail += math.comb(n, k) / 2**n
        k += 1
    index = max(k - 1, 0)
    return Summary(n, median(ordered), ordered[index], ordered[n - 1 - index])


def totals(rows: Sequence[StartupRow]) -> dict[str, list[float]]:
    """Start times of each isolation in s, the first start left out."""
    sums: dict[tuple[str, int], float] = defaultdict(float)
    for row in rows:
        if row.part == "start" and not row.first and row.cache == "hot":
            sums[row.isolation, row.run] += row.duration_s
    found: dict[str, list[float]] = defaultdict(list)
    for (isolation, _), value in sorted(sums.items(), key=lambda sum: ISOLATIONS.index(sum[0][0])):
        found[isolation].append(value)
    return dict(found)


def makespans(rows: Sequence[StormRow]) -> dict[tuple[str, int], list[float]]:
    """When the last of a storm was ready, s, for each isolation and size."""
    last: dict[tuple[str, int, int], float] = defaultdict(float)
    for row in rows:
        key = (row.isolation, row.n, row.repeat)
        last[key] = max(last[key], row.ready_s)
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for (isolation, n, _), value in last.items():
        found[isolation, n].append(value)
    return dict(found)


def arm_lines(bench: Bench) -> list[tuple[str, ...]]:
    """The table to print: the figure of each arm, and why there are no more trials of it."""
    scale = 1e3 if bench.experiment.unit == "s" else 1.0
    body = []
    for name in (one for one in bench.arms if bench.stopped.get(one) != DEAR):
        values = bench.figures[name]
        cells = told(summarise(values), scale) if values else ("0", "", "")
        marked = str(bench.marked[name] or "")
        body.append((name, *cells, marked, bench.stopped.get(name, "interrupted")))
    return [("arm", "n", "median", "95 % interval", "marked", "stop"), *body]


def build_lines(rows: Sequence[BuildRow]) -> list[tuple[str, ...]]:
    """Who took how long for what, and the largest memory of any turn."""
    found: dict[tuple[str, int, str], list[BuildRow]] = defaultdict(list)
    for row in rows:
        if not row.first:
            found[row.task, row.size_mib, row.who].append(row)
    body = []
    for (task, size_mib, who), turns in sorted(found.items()):
        name = f"{task} ({size_mib} MiB)" if size_mib else task
        peaks = [row.peak_mib for row in turns if row.peak_mib is not None]
        peak = f"{max(peaks):.1f}" if peaks else ""
        body.append((name, who, *told(summarise([row.duration_s for row in turns]), 1e3), peak))
    return [("task", "who", "turns", "median [ms]", "interval [ms]", "peak [MiB]"), *body]


def told(summary: Summary, scale: float) -> tuple[str, str, str]:
    """Count, median and interval as text."""
    low, high = summary.low * scale, summary.high * scale
    size = summary.median * scale
    digits = 1 if size >= 1 or size <= 0 else 2 - math.floor(math.log10(size))
    middle = f"{summary.median * scale:.{digits}f}"
    return str(summary.n), middle, f"{low:.{digits}f} - {high:.{digits}f}"


def show(title: str, found: Sequence[tuple[str, ...]]) -> None:
    """Print a table: its header, then its lines; numbers stand right and are never broken, nor cut
    off where the terminal is too narrow for them.

    A table without a line is not worth its header.
    """
    from rich import box
    from rich.console import Console
    from rich.markup import escape  # else "[ms]" would be a style
    from rich.measure import Measurement
    from rich.table import Table

    header, *body = found
    if not body:
        return
    table = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    for head, *cells in zip(header, *body, strict=True):
        number = all(cell[:1].isdigit() or not cell for cell in cells) and head != "arm"
        whole = number or head == "arm" or max(map(len, cells)) <= SHORT
        table.add_column(escape(head), justify="right" if number else "left", no_wrap=whole)
    for line in body:
        table.add_row(*map(escape, line))
    console = Console()
    if all(column.no_wrap for column in table.columns):
        wide = console.options.update(max_width=1000)
        console.width = max(console.width, Measurement.get(console, wide, table).maximum)
    console.print(table)
