"""What a start is to cost at most, beside the kernel's floor and beside others, in one run.

The limits are those that the engine was made for: see docs/decisions/0022.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from realrun.measure import contest, ratios
from realrun.measure.peers import COMMAND, CONTAINER, FLOOR, LARGE
from realrun.measure.rows import PeerRow, StepRow
from realrun.measure.summary import Summary, summarise, told


class Sample(NamedTuple):
    """Which values: what was done, who did it, and the column."""

    task: str
    who: str
    column: str


class Promise(NamedTuple):
    """`ours` divided by `theirs` is to be at most `limit`, if there is one."""

    text: str
    ours: Sample
    theirs: Sample
    limit: float | None


def one(who: str, column: str) -> Sample:
    """One start after the other."""
    return Sample(contest.ONE, who, column)


PROMISES = (
    Promise("start to exec(2): time of the floor's", one(CONTAINER, "exec_s"),
            one(FLOOR, "exec_s"), 1.5),
    Promise("whole life: time of the floor's", one(CONTAINER, "life_s"), one(FLOOR, "life_s"), 1.5),
    Promise("start to first output: time of runc's", one(CONTAINER, "start_s"),
            one("runc", "start_s"), 1 / 5),
    Promise("whole life: time of runc's", one(CONTAINER, "life_s"), one("runc", "life_s"), 1 / 5),
    Promise("`realrun run`: time of docker run", one(COMMAND, "life_s"),
            one("docker run", "life_s"), 1 / 3),
    Promise("200 starts, 32 at a time: time of the floor's",
            Sample(contest.AT_A_TIME, CONTAINER, "life_s"),
            Sample(contest.AT_A_TIME, FLOOR, "life_s"), 1 / 0.6),
    Promise("asked by 2 GB and 50 threads: start to exec(2), time of the floor's",
            one(LARGE, "exec_s"), one(FLOOR, "exec_s"), 1.5),
    Promise("asked by 2 GB and 50 threads: whole life, time of the small caller's",
            one(LARGE, "life_s"), one(CONTAINER, "life_s"), None),
)  # fmt: skip
EACH_MIB = 1.0  # of PSS, added by the engine for a container that runs


def values(rows: Sequence[PeerRow], sample: Sample) -> list[float]:
    """The values of a sample."""
    found = (getattr(r, sample.column) for r in rows if (r.task, r.who) == sample[:2])
    return [value for value in found if value is not None]


def lines(rows: Sequence[PeerRow], seed: int = 1) -> list[tuple[str, ...]]:
    """The table of promises: a header, then a line for each that there are values for."""
    body = []
    for text, ours, theirs, limit in PROMISES:
        mine, other = values(rows, ours), values(rows, theirs)
        if mine and other:
            found = ratios.compare(mine, other, seed=seed)
            body.append(ratios.judged(text, found, limit, "x"))
    return [ratios.HEADER, *body, *crowd_lines(rows, seed), *memory_lines(rows)]


def crowd_lines(rows: Sequence[PeerRow], seed: int) -> list[tuple[str, ...]]:
    """The last of a crowd beside the first of it; the kernel may do worse than we may."""
    found = {who: edges(rows, who) for who in (CONTAINER, FLOOR)}
    growth = {
        who: ratios.compare(last, first, seed=seed) for who, (first, last) in found.items() if first
    }
    if CONTAINER not in growth:
        return []
    limit = max(1.5, growth[FLOOR].high if FLOOR in growth else 0.0)
    name = "one more in a crowd: time of the first, {}"
    limits = {CONTAINER: limit, FLOOR: None}
    return [
        ratios.judged(name.format(who), grown, limits[who], "x") for who, grown in growth.items()
    ]


def edges(rows: Sequence[PeerRow], who: str) -> tuple[list[float], list[float]]:
    """The first and the last of a crowd."""
    told = sorted((r.n, r.exec_s or 0.0) for r in rows if (r.task, r.who) == (contest.AMONG, who))
    taken = [exec_s for _, exec_s in told]
    half = min(contest.EDGE, len(taken) // 2)
    return taken[:half], taken[len(taken) - half :]


def memory_lines(rows: Sequence[PeerRow]) -> list[tuple[str, ...]]:
    """What the engine holds more for each container that runs."""
    held = {r.n: r.pss_mib for r in rows if r.task == contest.HELD and r.pss_mib is not None}
    count = max(held, default=0)
    if not count:
        return []
    each = (held[count] - held[0]) / count
    return [ratios.judged("memory of the engine for each", Summary(1, each, each, each),
                          EACH_MIB, "MiB")]  # fmt: skip


def peer_lines(rows: Sequence[PeerRow]) -> list[tuple[str, ...]]:
    """Who took how long, the fastest first."""
    body = []
    for who in fastest_first(rows):
        starts, lives = (values(rows, one(who, column)) for column in ("start_s", "life_s"))
        life = told(summarise(lives), 1e3)
        body.append((who, *told(summarise(starts), 1e3), *life[1:]))
    return [("who", "runs", "output [ms]", "interval [ms]", "life [ms]", "interval [ms]"), *body]


def isolates_lines(rows: Sequence[PeerRow]) -> list[tuple[str, ...]]:
    """And what he kept apart meanwhile: nobody compares a half-open sandbox with a closed one."""
    told = {row.who: row.isolates for row in rows}
    return [("who", "isolates"), *((who, told[who]) for who in fastest_first(rows))]


def fastest_first(rows: Sequence[PeerRow]) -> list[str]:
    """Everybody who had a turn of his own."""
    found = dict.fromkeys(row.who for row in rows if row.task == contest.ONE)
    return sorted(found, key=lambda who: median(values(rows, one(who, "life_s"))))


def step_lines(rows: Sequence[StepRow]) -> list[tuple[str, ...]]:
    """The steps of a start side by side, by the plan's names and in its order."""
    names = dict.fromkeys(row.phase for row in rows if row.who == CONTAINER)
    body = []
    for name in names:
        ours, floor = (
            [row.duration_s for row in rows if (row.who, row.phase) == (who, name)]
            for who in (CONTAINER, FLOOR)
        )
        cells = [cell(values) for values in (ours, floor)]
        more = f"{(median(ours) - median(floor)) * 1e3:.3f}" if ours and floor else ""
        body.append((name, *cells[0], *cells[1], more))
    header = ("step", "container [ms]", "interval [ms]", "floor [ms]", "interval [ms]", "more [ms]")
    return [header, *body]


def cell(values: Sequence[float]) -> tuple[str, str]:
    """A median with its interval, ms; nothing if it was not measured."""
    if not values:
        return "", ""
    found = summarise(values)
    return f"{found.median * 1e3:.3f}", f"{found.low * 1e3:.3f} - {found.high * 1e3:.3f}"
