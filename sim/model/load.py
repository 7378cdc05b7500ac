"""When requests come: iterators of arrival times, in seconds from 0.

Open arrivals do not know how the system fares: a Poisson process, one whose rate follows the day,
or a trace. Closed arrivals are users that ask again when they have been served and have thought:
`sim.model.service` has them as processes.

Sources: P. A. W. Lewis, G. S. Shedler, "Simulation of nonhomogeneous Poisson processes by
thinning", Naval Research Logistics Quarterly 26(3), 1979; B. Schroeder, A. Wierman, M.
Harchol-Balter, "Open versus closed: a cautionary tale", NSDI 2006.
"""

import csv
import random
from collections.abc import Iterator
from itertools import pairwise
from math import cos, pi
from pathlib import Path

from sim.errors import BadTable

DAY_S = 86400.0


def poisson(luck: random.Random, per_s: float, until_s: float) -> Iterator[float]:
    """Independent arrivals, `per_s` a second on average.

    >>> times = list(poisson(random.Random(1), per_s=10.0, until_s=100.0))
    >>> 900 < len(times) < 1100 and times == sorted(times)
    True
    """
    at_s = luck.expovariate(per_s)
    while at_s < until_s:
        yield at_s
        at_s += luck.expovariate(per_s)


def daily(
    luck: random.Random, mean_per_s: float, swing_ratio: float, until_s: float, day_s: float = DAY_S
) -> Iterator[float]:
    """Arrivals at a rate that swings by `swing_ratio` of its mean, lowest at the day's beginning.

    rate(t) = mean * (1 - swing * cos(2 pi t / day)): thinned from arrivals at the highest rate.
    """
    if not 0 <= swing_ratio <= 1:
        raise ValueError(f"swing_ratio must be in [0, 1], got {swing_ratio}")
    for at_s in poisson(luck, mean_per_s * (1 + swing_ratio), until_s):
        share = (1 - swing_ratio * cos(2 * pi * at_s / day_s)) / (1 + swing_ratio)
        if luck.random() < share:
            yield at_s


def trace(path: Path) -> list[float]:
    """Arrival times from the column `arrival_s` of a CSV file, which must not fall.

    Raises BadTable with file, line and what was expected.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if "arrival_s" not in (rows.fieldnames or ()):
                raise BadTable(f"{path}: expected a column arrival_s, found {rows.fieldnames}")
            times = [_time(path, line, row["arrival_s"]) for line, row in enumerate(rows, start=2)]
    except (OSError, UnicodeDecodeError, csv.Error) as why:
        raise BadTable(f"{path}: cannot be read: {why}") from why
    for line, (before_s, after_s) in enumerate(pairwise(times), start=3):
        if after_s < before_s:
            raise BadTable(f"{path}: line {line}: arrival_s falls from {before_s} to {after_s}")
    return times


def _time(path: Path, line: int, text: str | None) -> float:
    try:
        at_s = float(text or "")
    except ValueError:
        at_s = -1.0
    if not 0 <= at_s < float("inf"):
        raise BadTable(f"{path}: line {line}: expected a time >= 0 in arrival_s, found {text!r}")
    return at_s
