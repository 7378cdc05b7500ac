"""Fit the laws to the small part of published curves: `sim calibrate --curves`.

Only rows of the given file are fitted, and single figures of figures.csv beside it where a source
gives a loaded host no row there (boots on the two small hosts). Which of two laws a family of
curves follows is chosen by trial: the largest given point is left out, predicted, and compared.
"""

import csv
import math
from collections import defaultdict
from pathlib import Path
from statistics import linear_regression, median
from typing import Any, NamedTuple

from sim.curves.boots import fit_boots
from sim.curves.loops import family, fit_loops
from sim.curves.profiles import Parameter, Subject
from sim.curves.rows import asked, read_points
from sim.curves.series import Rows, Trial, on, series
from sim.errors import BadTable
from sim.files import read_toml

RERUN = "(rerun)"
SLEEPS = 0.05  # a waiter that keeps less than this of a core busy does not spin


class Fitted(NamedTuple):
    """Subjects by source, and the trials that chose between laws."""

    subjects: dict[str, list[Subject]]
    trials: list[Trial]


def fit_curves(path: Path) -> Fitted:
    """Fit every subject of `path` that a law knows; hosts.toml and figures.csv lie beside it."""
    _, points = read_points(path)
    hosts = read_toml(path.with_name("hosts.toml"), BadTable, "expected what the curves' hosts are")
    figures = _read_figures(path.with_name("figures.csv"))
    rows: dict[str, Rows] = defaultdict(list)
    for point in points:
        what = asked(point)
        if what and not math.isnan(point.y):
            rows[what.subject].append((point, what))
    trials: list[Trial] = []
    found: dict[str, list[Subject]] = defaultdict(list)
    boots: dict[str, Rows] = {}
    loops: dict[str, dict[str, Rows]] = defaultdict(dict)
    for name, mine in rows.items():
        first, quantities = mine[0][0], {what.quantity for _, what in mine}
        if first.x_name == "parallel launchers":
            boots[name] = mine
        elif "memory" in quantities:
            found[first.source_key].append(_memory(name, mine))
        elif "makespan" in quantities:
            subject, tried = _storm(name, mine, hosts)
            trials.append(tried)
            found[first.source_key].append(subject)
        elif "throughput" in quantities:
            loops[first.source_key][name] = mine
    found = {source: _with_reruns(subjects, rows) for source, subjects in found.items()}
    for source, all_loops in loops.items():
        for stem in sorted({family(name) for name in all_loops}):
            kin = {name: mine for name, mine in all_loops.items() if family(name) == stem}
            subjects, tried_loops = fit_loops(kin)
            found[source] = found.get(source, []) + subjects
            trials += tried_loops
    if boots:
        found["firecracker_nsdi20"] = fit_boots(boots, hosts, figures)
    return Fitted(found, trials)


def _with_reruns(subjects: list[Subject], rows: dict[str, Rows]) -> list[Subject]:
    """Where the authors ran a system again, its error is at least what the two runs differ by."""
    named = {one.name: one for one in subjects}

    def twin(one: Subject) -> Subject | None:
        """The other run of the same system: `RunD (...), starts (rerun)` and `RunD, starts`."""
        if one.name.endswith(RERUN):
            system = one.name.partition(" (")[0]
            return next((o for n, o in named.items() if n.startswith(f"{system},")), None)
        again = [o for n, o in named.items() if n.endswith(RERUN) and twin(o) is one]
        return again[0] if again else None

    def widened(one: Subject) -> Subject:
        other = twin(one) if one.law == "storm" else None
        if other is None:
            return one
        mine, its = (series(rows[each.name], "makespan") for each in (one, other))
        off = median(abs(mine[x] / its[x] - 1) for x in mine if x in its)
        return one._replace(error_ratio=max(off, one.error_ratio))

    return [widened(one) for one in subjects]


def _read_figures(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as why:
        raise BadTable(f"{path}: cannot be read as a CSV table: {why}") from why


def _memory(name: str, rows: Rows) -> Subject:
    """A straight line of the sum; N = 1 shares with nobody and is not looked at (caution 6)."""
    points = {x: x * y for x, y in series(rows, "memory").items() if x > 1}
    each, shared = linear_regression(list(points), list(points.values()))
    origin = f"fitted: {on([row for row in rows if row[0].x > 1])}; N = 1 left out, caution 6"
    return Subject(
        name=name,
        law="memory",
        resource="memory: private pages add up, shared ones are there once",
        caution="",
        fitted_on=origin,
        largest_fitted=max(points),
        error_ratio=0.01 + max(0.0, shared) / (max(points) * each),
        parameters={
            "each_mib": Parameter(each, origin),
            "shared_mib": Parameter(max(0.0, shared), origin),
        },
    )


def _storm(name: str, rows: Rows, hosts: dict[str, Any]) -> tuple[Subject, Trial]:
    """Straight lines through the crowded points: a start alone waits for nobody."""
    makespan = series(rows, "makespan")
    latency, cpu = series(rows, "latency"), series(rows, "cpu")
    crowd = {x: y for x, y in makespan.items() if x > 1}
    line = _line(crowd)
    late = _line({x: latency[x] for x in crowd if x in latency}) if latency else line
    burnt = _line({x: cpu[x] for x in crowd if x in cpu}) if cpu else (0.0, 0.0)
    host = hosts["host"].get(rows[0][0].source_key, {}) if cpu else {}
    origin = f"fitted: {on([row for row in rows if row[0].x > 1])}"
    spin = burnt[0] / late[0] if burnt[0] > SLEEPS * late[0] else 0.0
    numbers = {
        "first_ms": makespan[min(makespan)],
        "hold_ms": line[0],
        "offset_ms": line[1],
        "together_ratio": min(0.95, max(0.5, late[0] / line[0])) if latency else 0.5,
        "late_ms": late[1],
        "spin_cores": spin,
        "work_ms": burnt[1] if spin else median([cpu[x] for x in crowd if x in cpu] or [0.0]),
    }
    parameters = {key: Parameter(value, origin) for key, value in numbers.items()}
    parameters["first_ms"] = Parameter(numbers["first_ms"], f"published: {rows[0][0].named}")
    parameters["cores"] = Parameter(host.get("cores", 0), host.get("source", "not asked for"))
    for key in ("preempted_ratio", "most_busy_ratio", "each_ratio", "damping"):
        parameters[key] = Parameter(**hosts["given"][key])
    largest = max(makespan)
    rest = {x: y for x, y in makespan.items() if x < largest}
    slope, offset = _line(rest)
    error = (offset + slope * largest) / makespan[largest] - 1
    subject = Subject(
        name=name,
        law="storm",
        resource=_resource(numbers["spin_cores"], bool(cpu)),
        caution=_storm_caution(numbers["spin_cores"], host.get("cores", 0)),
        fitted_on=on(rows),
        largest_fitted=largest,
        error_ratio=abs(error),
        parameters=parameters,
    )
    return subject, Trial(name, "storm", error)


def _line(points: dict[float, float]) -> tuple[float, float]:
    slope, offset = linear_regression(list(points), list(points.values()))
    return max(0.0, slope), offset


def _resource(spin_cores: float, known: bool) -> str:
    if not known:
        return "a lock: the last is later by the same time for each further one"
    if not spin_cores:
        return "a lock that is slept for: the host stays idle however many start"
    return f"a lock that is spun for: each waiter keeps {spin_cores:.2g} cores busy"


def _storm_caution(spin_cores: float, cores: float) -> str:
    if not cores or not spin_cores:
        return ""
    return (
        f"spinning fills the {cores:g} hardware threads from about {cores / spin_cores:.0f} starts"
        " on, far beyond what was given: whether holders of the lock lose their cores then cannot"
        " be told from the small part"
    )
