"""From measured rows to the parameters of one isolation: standard library only.

Identifiability: one number is fitted to storms, and it has three meanings. Against cores that are
shared evenly, storms are either slower (busy cores hinder each other: contention; or those that
take turns at a core find its caches cold: turns) or faster (part of what looked like work was
spinning by the clock, which does not queue: busy waiting). Two at once cannot be told apart by
medians of storms of 1, 2 and 4: more of the one is made up for by more of the other. So each is
tried alone, and the best one is taken. Nor can storms tell work that one server does in turn from
work that cores hinder each other in; which stages are serial follows from the plan, and so does
which one may spin: the boot of a guest's own kernel. What the storms' own bookkeeping costs has no
stage and is counted as contention.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import linear_regression, mean, median, quantiles
from typing import NamedTuple

from sim.contract import HELPER, StartupRow
from sim.experiments.storm import one_storm
from sim.profiles import Footprint, Isolation, Profile, Stage

STEPS = 8  # quantiles of a demand are this many equal steps apart
SHORTEST_S = 1e-9
REPEATS = 5  # simulated storms for each trial of the fit
SPAWNER = "spawner"
CLONE = "clone"  # the last step of the plan that the engine itself does
KERNEL = "kernel"  # the step of the plan in which a guest's own kernel boots


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
    """The straight line `shared + n * each` through memory (MiB) by n; neither is negative.

    The engine's own process is there once: by how much it differs from n to n is noise.
    """
    points = {n: max(0.0, value) for n, value in points.items()}
    ns, values = list(points), list(points.values())
    if part == HELPER:
        each, shared = 0.0, mean(values)
    elif len(ns) == 1:
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
    """The isolation with the contention, turns or busy waiting that explains `points` best.

    Contention 0: busy cores do not hinder each other; 1: all together do no more than one alone.
    Turns 0: caches do not matter; 1: a core that very many share does half of its work.
    Busy waiting 0: the kernel's processor time is all work; 1: it is all spun away by the clock.
    """
    kind = profile[name]
    ways = [contended, taking_turns] + [spinning] * any(one.name == KERNEL for one in kind.stage)
    found = [_best(profile, kind, way, points) for way in ways]
    return min(found, key=lambda tried: round(misfit(profile, tried, points), 6))


def contended(kind: Isolation, ratio: float) -> Isolation:
    """The same isolation with cores that hinder each other this much."""
    return replace(kind, contention_ratio=ratio)


def taking_turns(kind: Isolation, ratio: float) -> Isolation:
    """The same isolation with cores that are slower, by up to this, where many take turns."""
    return replace(kind, turns_ratio=ratio)


def spinning(kind: Isolation, ratio: float) -> Isolation:
    """The same isolation with this share of its kernel's processor time spun away."""
    ratios = [ratio if one.name == KERNEL else one.busy_wait_ratio for one in kind.stage]
    stages = zip(kind.stage, ratios, strict=True)
    return replace(kind, stage=tuple(replace(one, busy_wait_ratio=own) for one, own in stages))


def _best(
    profile: Profile,
    kind: Isolation,
    way: Callable[[Isolation, float], Isolation],
    points: Sequence[StormPoint],
) -> Isolation:
    """Searched from 0 to 1 on a grid that is made finer around its best point.

    Of equally good values the smallest wins.
    """

    def off(ratio: float) -> float:
        return round(misfit(profile, way(kind, ratio), points), 6)

    best = min([at / 10 for at in range(11)], key=off)
    for step in (0.02, 0.005):
        around = [round(best + step * move, 3) for move in range(-4, 5)]
        best = min([ratio for ratio in around if 0 <= ratio <= 1], key=off)
    return way(kind, best)


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
