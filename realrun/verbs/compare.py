"""compare: two recorded sets side by side, as a table with a chart in it, and as a file."""

from __future__ import annotations

import argparse
import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from realrun.measure import comparison, summary
from realrun.measure.comparison import CompareRow
from realrun.measure.summary import CONFIDENCE

WIDTH = 41  # of the chart, in characters; odd: "the same" is in the middle
LEAST_SCALE = 1.1


def main(args: argparse.Namespace) -> int:
    """Print both sides, what differs between the machines, and every figure."""
    a, b = comparison.side(args.a), comparison.side(args.b)
    rows = comparison.compared(a, b, args.seed)
    if args.out:
        command = shlex.join(["realrun", *sys.argv[1:]])
        comparison.write(Path(args.out), rows, [a, b], command)
    for name, one in (("A", a), ("B", b)):
        born = one.certificate
        print(f"{name}: {one.label}, machine {born.get('machine')}, {born.get('recorded_utc')}")
    for key, ours, theirs in comparison.differences(a, b):
        print(f"   {key}: {ours} | {theirs}")
    print()
    summary.show("B divided by A", lines(rows))
    print(*chart(rows), sep="\n")
    by_chance = len(rows) * (1 - CONFIDENCE)
    print(
        f"{comparison.told_apart(rows)} of {len(rows)} can be told apart; if all were equal, "
        f"{by_chance:.1f} would be by chance"
    )
    return 0


def lines(rows: Sequence[CompareRow]) -> list[tuple[str, ...]]:
    """The table to print: a header, then a line each."""
    body = [
        (
            f"{row.experiment}: {row.arm}",
            amount(row.a_median, row.unit),
            amount(row.b_median, row.unit),
            f"{row.ratio:.3f} [{row.ratio_low:.3f}, {row.ratio_high:.3f}]",
            row.verdict,
        )
        for row in rows
    ]
    return [("arm", "A", "B", "B/A [95 %]", "so B is"), *body]


def chart(rows: Sequence[CompareRow]) -> list[str]:
    """The same as a picture: a line for each interval, on one logarithmic scale."""
    scale = max(LEAST_SCALE, *(max(row.ratio_high, 1 / row.ratio_low) for row in rows))
    names = [f"{row.experiment}: {row.arm}" for row in rows]
    margin = max(map(len, names))
    half = WIDTH // 2
    ends = f"1/{scale:.3g}".ljust(half) + "1".ljust(half - 2) + f"{scale:.3g}"
    pictures = (drawn(row, math.log(scale)) for row in rows)
    return [f" {'':{margin}}  {ends}"] + [
        f" {name:{margin}}  {picture}" for name, picture in zip(names, pictures, strict=True)
    ]


def amount(value: float, unit: str) -> str:
    """With its unit, of seconds a handy one."""
    if unit != "s":
        return f"{value:.4g} {unit}"
    for name, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if value * scale >= 1:
            return f"{value * scale:.3g} {name}"
    return f"{value * 1e9:.3g} ns"


def drawn(row: CompareRow, scale: float) -> str:
    """The interval as a line with the ratio in it, on a logarithmic scale.

    >>> row = CompareRow("x", "y", "s", *[1] * 8, 1.0, 0.5, 2.0, "")
    >>> drawn(row, math.log(4)).strip()
    '──────────●──────────'
    """
    half = WIDTH // 2
    low, middle, high = (
        half + round(half * math.log(value) / scale)
        for value in (row.ratio_low, row.ratio, row.ratio_high)
    )
    cells = ["│" if place == half else " " for place in range(WIDTH)]
    cells[low : high + 1] = "─" * (high + 1 - low)
    cells[middle] = "●"
    return "".join(cells)
