"""startup: how long from the request to the first output, phase by phase, for each isolation."""

from __future__ import annotations

import random
from functools import partial

from realrun.engine import GUESTS
from realrun.measure.session import Session, Tick
from realrun.measure.tables import StartupRow
from realrun.runtime.run import Run

RUNS, GUEST_RUNS = 20, 5


def schedule(isolations: list[str], runs: int, guest_runs: int, seed: int) -> list[str]:
    """Whose turn it is: all isolations mixed over the whole session, in an order that `seed` gives.

    So a disturbance of the machine meets all of them, not one.
    """
    chance = random.Random(seed)
    turns = []
    for name in isolations:
        count = guest_runs if name in GUESTS else runs
        turns += [((k + chance.random()) / count, name) for k in range(count)]
    return [name for _, name in sorted(turns)]


def rows_of(session: Session, run: Run, number: int, order: int) -> list[StartupRow]:
    """The phases of one start."""
    common = (*session.identity(run), number, int(number == 0), order)
    return [
        StartupRow(*common, phase.part, phase.step, phase.name, *phase[3:])
        for phase in run.record.phases()
    ]


def startup(
    session: Session,
    runs: int = RUNS,
    guest_runs: int = GUEST_RUNS,
    seed: int = 1,
    tick: Tick = lambda _: None,
) -> list[StartupRow]:
    """`runs` starts of each process and container, `guest_runs` of each guest, and the first."""
    rows: list[StartupRow] = []
    counts = dict.fromkeys(session.isolations, 0)
    for order, name in enumerate(session.isolations):
        rows += rows_of(session, session.first[name], 0, order)
    turns = schedule(session.isolations, runs, guest_runs, seed)
    for order, name in enumerate(turns, len(session.isolations)):
        tick(name)
        counts[name] += 1
        run = session.attempt(partial(session.complete, name))
        if run:
            rows += rows_of(session, run, counts[name], order)
    return rows
