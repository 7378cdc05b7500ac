"""startup: how long from the request until the program is ready, phase by phase, for each way.

Once with all files in the page cache (`hot`), and once with none of them there (`cold`), followed
at once by a start that finds what the cold one has read (`once`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from realrun.engine import GUESTS
from realrun.measure import caches
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.rows import Row, StartupRow
from realrun.measure.session import Session, Way
from realrun.runtime.run import Run

LIGHT_PER_BLOCK = 4  # hot starts of a process or container, for each of a guest


def rows_of(session: Session, run: Run, number: int, cache: str) -> list[StartupRow]:
    """The phases of one start."""
    common = (*session.identity(run), number, int(number == 0))
    by, error_ns = session.ready_by(run), run.record.clock_error_ns
    error_s = None if error_ns is None else error_ns / 1e9
    return [
        StartupRow(*common, phase.part, phase.step, phase.name, *phase[3:], cache, by, error_s)
        for phase in run.record.phases()
    ]


def hot(session: Session, way: Way, number: int) -> Sequence[Row]:
    """One start, from nothing to nothing; the first is the session's own."""
    run = session.complete(way) if number else session.first[way]
    return rows_of(session, run, number, caches.HOT)


def cold(session: Session, way: Way, number: int) -> Sequence[Row]:
    """A start that has to read everything, and the next one."""
    state = caches.make_cold(caches.read_by(session, way))
    rows = rows_of(session, session.complete(way), number, state)
    if state == caches.COLD:
        rows += rows_of(session, session.complete(way), number, caches.ONCE)
    return rows


def arms(session: Session, _: Wish) -> list[Arm]:
    """Every way, hot and cold."""
    found = []
    for way in session.ways:
        count = 1 if way.isolation in GUESTS else LIGHT_PER_BLOCK
        cost_s = session.cost_s(way)
        found.append(Arm(f"{way}, hot", way, partial(hot, session, way), count, cost_s))
        found.append(Arm(f"{way}, cold", way, partial(cold, session, way), 1, 2 * cost_s))
    return found


def ready_s(rows: Sequence[Row]) -> float:
    """From the request until the program was ready; of a cold start and the next, the cold one."""
    starts = [row for row in rows if isinstance(row, StartupRow) and row.part == "start"]
    return sum(row.duration_s for row in starts if row.cache == starts[0].cache)


STARTUP = Experiment(
    "startup", "from the request until the program is ready, by phases", ("startup",), arms,
    ready_s, "s", share=5.0, blocks=(5, 40), levels=True,
)  # fmt: skip
