"""From measured rows to the parameters of one isolation: standard library only.

Identifiability: a start that is done by one server and a start that uses a whole core look alike
on two cores when four start at once, and unlike when two do: then only the first takes twice as
long. So `contention` looks at storms of 1, 2 and 4 together, and fits two parameters, not more.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import linear_regression, mean, median, quantiles
from typing import NamedTuple

from sim.contract import StartupRow
from sim.experiments.storm import one_storm
from sim.profiles import Footprint, Isolation, Profile, Stage

NORMAL_QUARTILES = 1.349  # distance of the quartiles of the standard normal distribution
REPEATS = 5  # simulated storms for each trial of the fit
SPAWNER = "spawner"


class StormPoint(NamedTuple):
    """Medians over the storms with this n."""

    n: int
    makespan_s: float
    p50_s: float


def stage(name: str, rows: Sequence[StartupRow]) -> tuple[Stage, list[str]]:
    """One stage from its rows in warm starts, and what had to be assumed for want of data."""
    long_s = median(row.duration_s for row in rows)
    used_s = [row.cpu_s for row in rows if not math.isnan(row.cpu_s)]
    assumed = [] if used_s else [f"{name}: processor time was not measured, taken as all of it"]
    cpu_s = median(used_s) if used_s else long_s
    width = max(1, math.ceil(cpu_s / long_s - 0.05)) if long_s > 0 else 1
    found = Stage(
        name=name,
        cpu_s=round(min(cpu_s, long_s * width), 9),
        wait_s=round(max(0.0, long_s - cpu_s / width), 9),
        spread_ratio=round(spread_ratio([row.duration_s for row in rows]), 4),
        width_cores=width,
    )
    return found, assumed


def spread_ratio(durations_s: Iterable[float]) -> float:
    """Standard deviation of the logarithm, from the quartiles: single outliers do not count."""
    logs = [math.log(duration_s) for duration_s in durations_s if duration_s > 0]
    if len(logs) < 3:
        return 0.0
    low, _, high = quantiles(logs, n=4, method="inclusive")
    return (high - low) / NORMAL_QUARTILES


def footprint(account: str, part: str, points: Mapping[int, float]) -> Footprint:
    """The straight line `shared + n * each` through memory (MiB) by n; neither is negative."""
    points = {n: max(0.0, value) for n, value in points.items()}
    ns, values = list(points), list(points.values())
    if len(ns) == 1:
        each, shared = values[0] / ns[0], 0.0
    else:
        each, shared = linear_regression(ns, values)
    if shared < 0:
        each = sum(n * value for n, value in points.items()) / sum(n * n for n in ns)
        shared = 0.0
    if each < 0:
        each, shared = 0.0, mean(values)
    return Footprint(
        account=account, part=part, shared_mib=round(shared, 4), each_mib=round(each, 4)
    )


def with_serial(kind: Isolation, count: int) -> Isolation:
    """The same isolation whose first `count` stages are done by the spawner, one start a time."""
    stages = [
        replace(one, serial=SPAWNER if at < count else None) for at, one in enumerate(kind.stage)
    ]
    return replace(kind, stage=tuple(stages))


def fit_storm(profile: Profile, name: str, points: Sequence[StormPoint]) -> Isolation:
    """The isolation with the serial stages and the contention that explain `points` best.

    Tried: no stage, the first one, the first two ... are serial, each with a coarse choice of
    contention; the best three are refined. Of equally good ones the simplest wins, since `sorted`
    and `min` keep the order.
    """

    def badness(kind: Isolation) -> float:
        return round(misfit(profile, kind, points), 6)

    counts = range(len(profile[name].stage) + 1)
    starts = [with_serial(profile[name], count) for count in counts]
    coarse = [min(_around(kind, 0.25), key=badness) for kind in starts]
    best = sorted(coarse, key=badness)[:3]
    for step in (0.0625, 0.0156):
        best = [min(_around(kind, step), key=badness) for kind in best]
    return min(best, key=badness)


def _around(kind: Isolation, step: float) -> list[Isolation]:
    """The same isolation with contention up to four steps to either side, none below 0."""
    ratios = [kind.contention_ratio + step * move for move in range(-4, 5)]
    return [replace(kind, contention_ratio=round(ratio, 4)) for ratio in ratios if ratio >= 0]


def misfit(profile: Profile, kind: Isolation, points: Sequence[StormPoint]) -> float:
    """Mean square of the logarithm of simulated over measured, makespan and median latency."""
    squares = []
    for point in points:
        storms = [one_storm(profile, kind, point.n, repeat, seed=0) for repeat in range(REPEATS)]
        makespan_s = median(max(ready_s) for ready_s in storms)
        p50_s = median(median(ready_s) for ready_s in storms)
        squares.append(math.log(makespan_s / point.makespan_s) ** 2)
        squares.append(math.log(p50_s / point.p50_s) ** 2)
    return mean(squares)
