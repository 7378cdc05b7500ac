"""From measured rows to the parameters of one isolation: standard library only.

Identifiability: medians of storms of 1, 2 and 4 on few cores cannot tell apart work that one server
does in turn and work that cores hinder each other in: both make many starts take longer. So only
one number is fitted to storms, the contention of cores; which stages are serial follows from the
plan. What the storms' own bookkeeping costs has no stage and is counted as contention.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import linear_regression, mean, median, quantiles
from typing import NamedTuple

from sim.contract import StartupRow
from sim.experiments.storm import one_storm
from sim.profiles import Footprint, Isolation, Profile, Stage

STEPS = 8  # quantiles of a demand are this many equal steps apart
SHORTEST_S = 1e-9
REPEATS = 5  # simulated storms for each trial of the fit
SPAWNER = "spawner"
CLONE = "clone"  # the last step of the plan that the engine itself does


class StormPoint(NamedTuple):
    """Medians over the storms with this n."""

    n: int
    makespan_s: float
    p50_s: float


def stage(name: str, rows: Sequence[StartupRow]) -> tuple[Stage, list[str]]:
    """One stage from its rows in warm starts, and what had to be assumed for want of data."""
    known = [row for row in rows if not math.isnan(row.cpu_s)]
    assumed = [] if known else [f"{name}: processor time was not measured, taken as all of it"]
    pairs = [(row.duration_s, row.cpu_s) for row in known]
    pairs = pairs or [(row.duration_s, row.duration_s) for row in rows]
    busy = median(cpu_s / max(long_s, SHORTEST_S) for long_s, cpu_s in pairs)
    # A twentieth over a whole number of cores is the clocks' disagreement, not another core.
    width = max(1, math.ceil(busy - 0.05))
    cpus_s = [min(cpu_s, long_s * width) for long_s, cpu_s in pairs]
    waits_s = [long_s - cpu_s / width for (long_s, _), cpu_s in zip(pairs, cpus_s, strict=True)]
    found = Stage(name=name, cpu_s=steps(cpus_s), wait_s=steps(waits_s), width_cores=width)
    return found, assumed


def steps(values: Sequence[float]) -> tuple[float, ...]:
    """The quantiles of `values` at equal distances, from the smallest to the largest.

    >>> steps([3.0, 1.0, 2.0])
    (1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0)
    >>> steps([1.0, 1.0])
    (1.0,)
    """
    low, high = max(0.0, min(values)), max(0.0, max(values))
    if low == high:
        return (round(low, 9),)
    inner = quantiles(values, n=STEPS, method="inclusive")
    return tuple(sorted(round(max(0.0, value), 9) for value in (low, *inner, high)))


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


def with_serial(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The same stages, those up to the clone done by the one spawner, for one start at a time.

    That is how the plan is built, not a guess from times: until the clone the engine works, behind
    it the new process works for itself. A plan without a clone has no serial stage.
    """
    names = [one.name for one in stages]
    count = names.index(CLONE) + 1 if CLONE in names else 0
    return tuple(
        replace(one, serial=SPAWNER if at < count else None) for at, one in enumerate(stages)
    )


def fit_storm(profile: Profile, name: str, points: Sequence[StormPoint]) -> Isolation:
    """The isolation with the contention, from 0 to 1, that explains `points` best.

    0: busy cores do not hinder each other; 1: all together do no more than one alone. Searched on
    a grid that is made finer around its best point; of equally good values the smallest wins.
    """
    best, ratios = profile[name], [at / 10 for at in range(11)]
    for step in (0.02, 0.005):
        tries = [replace(best, contention_ratio=round(ratio, 3)) for ratio in ratios]
        best = min(tries, key=lambda kind: round(misfit(profile, kind, points), 6))
        around = [best.contention_ratio + step * move for move in range(-4, 5)]
        ratios = [ratio for ratio in around if 0 <= ratio <= 1]
    tries = [replace(best, contention_ratio=round(ratio, 3)) for ratio in ratios]
    return min(tries, key=lambda kind: round(misfit(profile, kind, points), 6))


def misfit(profile: Profile, kind: Isolation, points: Sequence[StormPoint]) -> float:
    """Mean square of the logarithm of simulated over measured, makespan and median latency.

    A storm counts as much as it has instances: its medians are that much surer, and it is nearer
    to what has to be predicted.
    """
    total = 0.0
    for point in points:
        storms = [one_storm(profile, kind, point.n, repeat, seed=0) for repeat in range(REPEATS)]
        makespan_s = median(max(ready_s) for ready_s in storms)
        p50_s = median(median(ready_s) for ready_s in storms)
        total += point.n * math.log(makespan_s / point.makespan_s) ** 2
        total += point.n * math.log(p50_s / point.p50_s) ** 2
    return total / sum(2 * point.n for point in points)
