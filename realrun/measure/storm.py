"""storm: many instances asked for at once - when each is ready, and what that took."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from realrun.engine import GUESTS
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.rows import Row, StormRow
from realrun.measure.session import Session, Way
from realrun.runtime.run import Run

N, GUEST_N = (1, 2, 4, 8, 16, 32), (1, 2, 4, 8)


def storm_row(session: Session, run: Run, n: int, repeat: int, k: int, asked_ns: int) -> StormRow:
    """When one instance was ready; all were asked for at the same moment."""
    ready_s = (run.record.output_ns - asked_ns) / 1e9
    return StormRow(*session.identity(run), n, repeat, k, 0.0, ready_s)


def storm(session: Session, way: Way, n: int, number: int) -> list[Row]:
    """All at once, until the last is ready; blocks begin with 1, storms with 0."""
    runs, asked_ns = session.crowd(way, n)
    try:
        return [storm_row(session, run, n, number - 1, k, asked_ns) for k, run in enumerate(runs)]
    finally:
        session.disperse(runs)


def sizes(session: Session, wish: Wish) -> list[tuple[Way, int]]:
    """Every way with every number of instances."""
    return [
        (way, n)
        for way in session.ways
        for n in ((wish.guest_n or GUEST_N) if way.isolation in GUESTS else (wish.n or N))
    ]


def arms(session: Session, wish: Wish) -> list[Arm]:
    """A crowd of each way and size."""
    return [
        Arm(f"{n} x {way}", way, partial(storm, session, way, n), cost_s=n * session.took_s[way])
        for way, n in sizes(session, wish)
    ]


def makespan_s(rows: Sequence[Row]) -> float:
    """When the last was ready."""
    return max(row.ready_s for row in rows if isinstance(row, StormRow))


STORM = Experiment(
    "storm", "many at once: when each is ready", ("storm",), arms, makespan_s, "s", share=2.0,
    blocks=(3, 20), warm_up=False,
)  # fmt: skip
