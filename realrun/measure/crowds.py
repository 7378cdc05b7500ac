"""storm and memory: many instances at once - when each is ready, and what they hold together.

One crowd serves both: how long it takes until all are ready is the storm, and while they wait their
memory is read. Asked for alone, each experiment keeps only its own rows.
"""

from __future__ import annotations

import time
from functools import partial
from typing import NamedTuple

from realrun.engine import GUESTS
from realrun.measure import accounts
from realrun.measure.environment import meminfo_mib
from realrun.measure.session import Session, Tick
from realrun.measure.tables import MemoryRow, StormRow
from realrun.runtime.run import Run

N, GUEST_N = (1, 2, 4, 8, 16, 32), (1, 2, 4, 8)
REPEATS, GUEST_REPEATS = 3, 2
SETTLE_S = 0.3  # from the greeting to the waiting: the last to be ready still has to begin it


class Turn(NamedTuple):
    """One crowd to come."""

    isolation: str
    n: int
    repeat: int


def turns(session: Session, n: tuple[int, ...], guest_n: tuple[int, ...]) -> list[Turn]:
    """All crowds, the isolations mixed within each repeat and size."""
    found = []
    for repeat in range(REPEATS):
        for count in sorted({*n, *guest_n}):
            for name in session.isolations:
                guest = name in GUESTS
                repeats = GUEST_REPEATS if guest else REPEATS
                if count in (guest_n if guest else n) and repeat < repeats:
                    found.append(Turn(name, count, repeat))
    return found


def crowds(
    session: Session,
    n: tuple[int, ...] = N,
    guest_n: tuple[int, ...] = GUEST_N,
    tick: Tick = lambda _: None,
) -> tuple[list[StormRow], list[MemoryRow]]:
    """The rows of both tables; memory is read in the first crowd of each size."""
    storm: list[StormRow] = []
    memory: list[MemoryRow] = []
    for turn in turns(session, n, guest_n):
        tick(f"{turn.n} x {turn.isolation}")
        before_mib = meminfo_mib("MemAvailable")
        crowd = session.attempt(partial(session.crowd, turn.isolation, turn.n))
        if crowd is None:
            continue
        runs, asked_ns = crowd
        try:
            storm += [storm_row(session, turn, k, run, asked_ns) for k, run in enumerate(runs)]
            if turn.repeat == 0:
                time.sleep(SETTLE_S)
                read = partial(memory_rows, session, turn, runs, before_mib)
                memory += session.attempt(read) or []
        finally:
            session.disperse(runs)
    return storm, memory


def storm_row(session: Session, turn: Turn, number: int, run: Run, asked_ns: int) -> StormRow:
    """When one instance was ready; all were asked for at the same moment."""
    ready_s = (run.record.output_ns - asked_ns) / 1e9
    return StormRow(*session.identity(run), turn.n, turn.repeat, number, 0.0, ready_s)


def memory_rows(
    session: Session, turn: Turn, runs: list[Run], before_mib: float
) -> list[MemoryRow]:
    """Every account of a waiting crowd."""
    found = accounts.read(runs, session.starter, session.starter.process.pid)
    found[("available", "total")] = before_mib - meminfo_mib("MemAvailable")
    identity = session.identity(runs[0])
    return [
        MemoryRow(*identity, turn.n, account, part, round(value, 6))
        for (account, part), value in found.items()
    ]
