"""Throughput of many clients: by which of two laws a family of curves goes, and its parameters."""

import math
from collections.abc import Callable, Sequence
from statistics import linear_regression, median

from sim.curves.laws import closed_loop, contended
from sim.curves.profiles import Parameter, Subject
from sim.curves.series import Rows, Trial, on, series


def family(name: str) -> str:
    """Curves that follow one law: MySQL, whatever it runs in. `... , Felter-redis-GET`: redis."""
    return "-".join(name.rpartition(", ")[2].split("-")[:2])


def fit_loops(kin: dict[str, Rows]) -> tuple[list[Subject], list[Trial]]:
    """Every curve of a family by both laws; the one with the smaller median error is taken."""
    ways: dict[str, Callable[[dict[float, float]], dict[str, float]]] = {
        "closed loop": _fit_closed,
        "contended": _fit_contended,
    }
    trials = []
    for name, rows in kin.items():
        points = series(rows, "throughput")
        largest = max(points)
        few = {x: y for x, y in points.items() if x < largest}
        for law, way in ways.items():
            off = _predicted(law, way(few), largest) / points[largest] - 1
            trials.append(Trial(name, law, off))
    off_by = {w: median([abs(t.error_ratio) for t in trials if t.law == w]) for w in ways}
    best = min(off_by, key=lambda law: off_by[law])
    subjects = [_loop(n, rows, best, ways[best], off_by[best]) for n, rows in kin.items()]
    return subjects, trials


def _predicted(law: str, numbers: dict[str, float], x: float) -> float:
    way = closed_loop if law == "closed loop" else contended
    return way(numbers, "throughput", x).value


def _loop(
    name: str, rows: Rows, law: str, way: Callable[..., dict[str, float]], off: float
) -> Subject:
    points = series(rows, "throughput")
    origin = f"fitted: {on(rows)}"
    numbers = way(points)
    if all(p.unit in REQUESTS for p, what in rows if what.quantity == "throughput"):
        numbers["latency_ratio"] = 1.0  # Little's law needs requests, not kilobytes
    serial = "one thread of the server: throughput ends at 1 / demand_ms"
    shared = "what requests share (cores, locks): each further one makes all of them longer"
    return Subject(
        name=name,
        law=law,
        resource=serial if law == "closed loop" else shared,
        caution=""
        if law == "closed loop"
        else "throughput still rose at the largest given point: where it ends is not in the small"
        " part, so the answer lies between no further gain and the law's own end",
        fitted_on=on(rows),
        largest_fitted=max(points),
        error_ratio=off,
        parameters={key: Parameter(value, origin) for key, value in numbers.items()},
    )


def _fit_contended(points: dict[float, float]) -> dict[str, float]:
    """Least squares of the time a request takes, n / throughput, which the law has straight."""
    times_ms = [1000 * n / y for n, y in points.items()]
    slope, alone = linear_regression(list(points), times_ms)
    return {
        "alone_ms": max(1e-9, alone),
        "hinder_ms": max(1e-9, slope),
        "seen": max(points),
        "per_s": 1000.0,
    }


def _fit_closed(points: dict[float, float]) -> dict[str, float]:
    """Least squares of the logarithm, a point counting by its n: a grid that is made finer."""

    def off(demand_ms: float, think_ms: float) -> float:
        numbers = {"demand_ms": demand_ms, "think_ms": think_ms, "per_s": 1000.0}
        return sum(
            n * math.log(closed_loop(numbers, "throughput", n).value / y) ** 2
            for n, y in points.items()
        )

    demand, think = 1000 / max(points.values()), 1000 / max(points.values()) * 5
    for factor in (2.0, 1.4, 1.15, 1.05, 1.015, 1.005):
        for _ in range(12):
            around = [(demand * factor**i, think * factor**j) for i in MOVES for j in MOVES]
            best = min(around, key=lambda pair: off(*pair))
            if best == (demand, think):
                break
            demand, think = best
    return {"demand_ms": demand, "think_ms": think, "per_s": 1000.0}


REQUESTS = ("req/s", "tx/s", "1/s")
MOVES: Sequence[int] = (0, -1, 1)
