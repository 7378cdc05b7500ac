"""Boots of guests by parallel launchers: their demand, the launchers' own time, second threads.

Serial boots leave the host idle between boots and may be slower than ten at once (power states,
caution 2), so a host with a row for ten launchers is fitted to that. The small hosts have none
in curves.csv: what a launcher does outside of the timed window is fitted to the single figures of
figures.csv for ten launchers there, once for all hosts, since the launcher is the same script.
"""

from statistics import mean, median
from typing import Any

from sim.curves.laws import boots
from sim.curves.profiles import Parameter, Subject
from sim.curves.rows import END_TO_END, GUEST_ONLY
from sim.curves.series import Rows

Figures = list[dict[str, str]]
STATISTICS = ("p50", "p90", "p99", "mean", "sd")
LAUNCHERS = 10
NORMAL_99 = 2.3263


def fit_boots(all_rows: dict[str, Rows], hosts: dict[str, Any], figures: Figures) -> list[Subject]:
    """One subject a host and monitor; raises KeyError for a host that hosts.toml does not know."""
    crowded = {name: _crowded(rows, hosts, figures) for name, rows in all_rows.items()}
    outside: dict[str, Parameter] = {}
    for name, rows in all_rows.items():
        if _alone_only(rows) and hosts["host"][_host(rows)]["threads_per_core"] == 1:
            outside[_system(rows)] = _fit_outside(_known(name, rows, hosts), crowded[name], rows)
    spread = {
        system: mean(
            crowded[name]["sd"] / crowded[name]["mean"]
            for name, rows in all_rows.items()
            if _system(rows) == system and _alone_only(rows)
        )
        for system in outside
    }
    second, error_ratio = _fit_second(all_rows, hosts, crowded, outside)
    found = []
    for name, rows in all_rows.items():
        parameters = _known(name, rows, hosts)
        parameters["outside_ms"] = outside[_system(rows)]
        parameters["second_thread_ratio"] = second
        own = crowded[name]
        parameters["spread_ratio"] = Parameter(own["sd"] / own["mean"], _named(rows))
        parameters["spread_busy_ratio"] = Parameter(
            max(spread[_system(rows)], own["sd"] / own["mean"]),
            "published: figures.csv, p99 and p50 of 10 launchers on the small hosts, mean",
        )
        found.append(_subject(name, rows, parameters)._replace(error_ratio=error_ratio))
    return found


def _host(rows: Rows) -> str:
    return rows[0][0].curve_id


def _system(rows: Rows) -> str:
    return rows[0][0].system.replace(GUEST_ONLY, END_TO_END)


def _alone_only(rows: Rows) -> bool:
    return all(point.x == 1 for point, _ in rows)


def _named(rows: Rows) -> str:
    return (
        f"published: figures.csv, {LAUNCHERS} launchers, p50 and p99"
        if _alone_only(rows)
        else f"published: {_host(rows)} at parallel launchers = {LAUNCHERS}"
    )


def _crowded(rows: Rows, hosts: dict[str, Any], figures: Figures) -> dict[str, float]:
    """Mean and standard deviation with ten launchers, of the whole boot."""
    if not _alone_only(rows):
        return {what.quantity: p.y for p, what in rows if p.x == LAUNCHERS}
    system, host = _system(rows), hosts["host"][_host(rows)]["figures"]
    found = {
        row["metric"].rpartition(" ")[2]: float(row["value"])
        for row in figures
        if row["system"] == system
        and host in row["conditions"]
        and f"{LAUNCHERS} launcher workers" in row["conditions"]
        and row["metric"].startswith("VM boot time p")
    }
    return {"mean": found["p50"], "sd": (found["p99"] - found["p50"]) / NORMAL_99}


def _known(name: str, rows: Rows, hosts: dict[str, Any]) -> dict[str, Parameter]:
    """What needs no fit: rows as they are, the host, and what is given."""
    host, alone_only = hosts["host"][_host(rows)], _alone_only(rows)
    base = 1 if alone_only else LAUNCHERS
    at = {what.quantity: p for p, what in rows if p.x == base}
    known = {
        "demand_ms": Parameter(at["mean"].y, f"published: {at['mean'].named}"),
        "cores": Parameter(host["cores"], host["source"]),
        "threads_per_core": Parameter(host["threads_per_core"], host["source"]),
        "second_thread_ratio": Parameter(0.0, "assumed: one thread a core"),
        "crowded_ratio": Parameter(**hosts["given"]["crowded_ratio"]),
        "fitted_busy": Parameter(
            LAUNCHERS / host["cores"], "utilisation law: launchers over cores where it was fitted"
        ),
        "spread_ratio": Parameter(0.0, "replaced below"),
        "spread_busy_ratio": Parameter(0.0, "replaced below"),
    }
    if alone_only:
        known["crowded_ratio"] = Parameter(0.0, "assumed: in the fit, all cores were busy there")
        known["fitted_busy"] = Parameter(1.0, "figures.csv: 10 launchers keep all cores busy")
    for point, what in rows:
        if point.x == 1:
            known[f"alone {what.quantity}"] = Parameter(point.y, f"published: {point.named}")
    if "guest mean" in at:
        ratio = at["guest mean"].y / at["mean"].y
        known["guest_ratio"] = Parameter(ratio, f"published: {at['guest mean'].named}, over mean")
    return known


def _fit_outside(known: dict[str, Parameter], crowded: dict[str, float], rows: Rows) -> Parameter:
    """The launcher's own time that makes ten launchers as slow as they were: bisection."""
    numbers = {key: one.value for key, one in known.items()}
    low, high = 0.0, 1000.0
    for _ in range(60):
        middle = (low + high) / 2
        numbers["outside_ms"] = middle
        slow = boots(numbers, "mean", LAUNCHERS).value > crowded["mean"]
        low, high = (middle, high) if slow else (low, middle)
    origin = f"fitted: figures.csv, {LAUNCHERS} launchers on the host of {_host(rows)}, p50"
    return Parameter(round(low, 3), origin)


def _fit_second(
    all_rows: dict[str, Rows],
    hosts: dict[str, Any],
    crowded: dict[str, dict[str, float]],
    outside: dict[str, Parameter],
) -> tuple[Parameter, float]:
    """What a second thread adds to a core, from all monitors on the host that has them: a grid.

    One number for several monitors: what it misses them by, the median, is the law's error.
    """

    def misses(ratio: float) -> list[float]:
        found = []
        for name, rows in all_rows.items():
            if hosts["host"][_host(rows)]["threads_per_core"] > 1:
                numbers = {k: one.value for k, one in _known(name, rows, hosts).items()}
                numbers["outside_ms"] = outside[_system(rows)].value
                numbers["second_thread_ratio"] = ratio
                told = boots(numbers, "mean", LAUNCHERS).value
                found.append(abs(told / crowded[name]["mean"] - 1))
        return found

    best = min((at / 100 for at in range(101)), key=lambda r: sum(m * m for m in misses(r)))
    origin = f"fitted: figures.csv, {LAUNCHERS} launchers on the host with two threads a core"
    return Parameter(best, origin), median(misses(best) or [0.1])


def _subject(name: str, rows: Rows, parameters: dict[str, Parameter]) -> Subject:
    small = _alone_only(rows)
    caution = (
        "curves.csv has boots one at a time only on this host, so what load does rests on single"
        " figures for ten launchers"
        if small
        else "at most ten of 48 cores were busy in what was given: how boots slow each other down"
        " when all are is taken from another paper"
    )
    return Subject(
        name=name,
        law="boots",
        resource="cores, shared by the boots under way; fewer than launchers",
        caution=caution,
        fitted_on=f"{_host(rows)} at parallel launchers = {1 if small else '1, 10'}"
        + (f"; figures.csv at {LAUNCHERS} launchers" if small else ""),
        largest_fitted=LAUNCHERS,
        error_ratio=float("nan"),
        parameters=parameters,
    )
