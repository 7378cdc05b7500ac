"""startup: how long from the request until the program is ready, phase by phase, for each way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from realrun.engine import GUESTS
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.rows import Row, StartupRow
from realrun.measure.session import Session, Way
from realrun.runtime.run import Run

LIGHT_PER_BLOCK = 4  # starts of a process or container, for each of a guest


def rows_of(session: Session, run: Run, number: int) -> list[Row]:
    """The phases of one start."""
    common = (*session.identity(run), number, int(number == 0))
    return [
        StartupRow(*common, phase.part, phase.step, phase.name, *phase[3:])
        for phase in run.record.phases()
    ]


def start(session: Session, way: Way, number: int) -> list[Row]:
    """One start, from nothing to nothing; the first is the session's own."""
    run = session.complete(way) if number else session.first[way]
    return rows_of(session, run, number)


def arms(session: Session, _: Wish) -> list[Arm]:
    """Every way."""
    return [
        Arm(
            str(way), way, partial(start, session, way),
            per_block=1 if way.isolation in GUESTS else LIGHT_PER_BLOCK,
            cost_s=session.took_s[way],
        )
        for way in session.ways
    ]  # fmt: skip


def total_s(rows: Sequence[Row]) -> float:
    """From the request to the first output."""
    return sum(r.duration_s for r in rows if isinstance(r, StartupRow) and r.part == "start")


STARTUP = Experiment(
    "startup", "from the request to the first output, by phases", ("startup",), arms, total_s, "s",
    blocks=(5, 40),
)  # fmt: skip
