"""density: how many fit, one after the other, until one fails, starts get slow, or it is enough.

Each new instance is started beside all those that wait already, and timed. It stops
- at the first that fails, or when one that waited has ended (`failed`),
- when the median of the last starts is more than twice that of the first ones (`slow`),
- before the machine is in danger: `memory`, `disk`, `processes`, `descriptors`, see `budgets`,
- at the number or the time that was allowed (`most`, `time`).
The rule that stopped it stands in the last row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median
from typing import Any

from realrun.engine import GUESTS
from realrun.errors import RealRunError
from realrun.measure import budgets, readable
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.rows import DensityRow, Row
from realrun.measure.session import WAIT, Session, Way, check
from realrun.runtime.run import Run, drive
from realrun.runtime.start import Starter
from realrun.runtime.watch import Event

MOST, GUEST_MOST = 1000, 64
TIME_S = 120.0
WINDOW, GUEST_WINDOW = 25, 4  # starts that a median is taken of
SLOW_RATIO = 2.0
FIRST_GUESS_MIB = 256.0  # of an instance, before any has been seen
Look = Callable[[], budgets.Left]


def is_slow(starts_s: Sequence[float], window: int) -> bool:
    """Has the time of a start doubled, from the first `window` of them to the last.

    >>> is_slow([1.0, 1.0, 1.0, 2.5, 2.5], 2), is_slow([1.0, 1.0, 2.5], 2)
    (True, False)
    """
    if len(starts_s) < 2 * window:
        return False
    return median(starts_s[-window:]) > SLOW_RATIO * median(starts_s[:window])


class Beside:
    """A starter for one more run beside others that wait: their events are heard aside.

    So the time of a start does not grow with the number of those that we would have to look after.
    """

    def __init__(self, starter: Starter, others: Mapping[str, Run]) -> None:
        self.starter, self.others = starter, others

    def fileno(self) -> int:
        """That of the starter."""
        return self.starter.fileno()

    def start(self, request: dict[str, Any], fds: list[int]) -> None:
        """Passed on."""
        self.starter.start(request, fds)

    def signal(self, instance: str, number: int) -> None:
        """Passed on."""
        self.starter.signal(instance, number)

    def close(self) -> None:
        """The starter stays: it is somebody else's."""

    def events(self, timeout_s: float | None = None) -> list[Event]:
        """Those that are not of the others."""
        told = []
        for event in self.starter.events(timeout_s):
            if other := self.others.get(event["id"]):
                other.hear(event)
            else:
                told.append(event)
        return told


@dataclass
class Filling:
    """A machine that is being filled with instances of one way."""

    session: Session
    way: Way
    most: int
    window: int
    time_s: float = TIME_S
    look: Look = budgets.look
    runs: dict[str, Run] = field(default_factory=dict)
    starts_s: list[float] = field(default_factory=list)
    first_mib: float = 0.0  # what the machine had to give
    late_s: float = 0.0
    failed: str = ""

    def fill(self) -> list[DensityRow]:
        """A row each; none of them stays."""
        self.first_mib, self.late_s = self.look().memory_mib, time.monotonic() + self.time_s
        rows: list[DensityRow] = []
        try:
            while not (stop := self.reason()):
                rows.append(self.row(self.one_more()))
        except RealRunError as error:
            stop, self.failed = "failed", str(error)
        finally:
            self.session.disperse(list(self.runs.values()))
        if not rows:
            raise RealRunError(f"{self.way}: not even one fits here: {self.failed or stop}")
        return [*rows[:-1], replace(rows[-1], stop=stop, failed=self.failed)]

    def reason(self) -> str:
        """Why not to start another one; empty to go on."""
        left, count = self.look(), len(self.starts_s)
        each_mib = (self.first_mib - left.memory_mib) / count if count else FIRST_GUESS_MIB
        if budget := budgets.exhausted(left, max(each_mib, 0.0)):
            return budget
        if is_slow(self.starts_s, self.window):
            return "slow"
        if count >= self.most:
            return "most"
        return "time" if time.monotonic() > self.late_s else ""

    def one_more(self) -> float:
        """Start one, and wait until it has greeted; how long that took. Raises RealRunError."""
        run = self.session.begin(self.way, WAIT)
        beside = Beside(self.session.starter, self.runs)
        drive([run], beside, lambda run: run.ready() or time.monotonic() > self.late_s)
        self.runs[run.id] = run
        if not run.ready():
            raise RealRunError(f"{self.way}: not ready within {self.time_s:.0f} s in all")
        check(run, int(run.over()))
        if ended := sum(run.record.code is not None for run in self.runs.values()):
            raise RealRunError(f"{self.way}: {ended} of {len(self.runs)} have ended by themselves")
        return (run.record.output_ns - run.record.requested_ns) / 1e9

    def row(self, start_s: float) -> DensityRow:
        """What there is now."""
        self.starts_s.append(start_s)
        run = next(reversed(self.runs.values()))
        return DensityRow(
            *self.session.identity(run), len(self.starts_s), start_s, *self.look(), "", ""
        )


def trial(session: Session, way: Way, most: int, _: int) -> list[Row]:
    """Fill the machine once."""
    window = GUEST_WINDOW if way.isolation in GUESTS else WINDOW
    return list(Filling(session, way, most, window).fill())


def arms(session: Session, wish: Wish) -> list[Arm]:
    """Every way; `--n` says how many at most."""
    found = []
    for way in session.ways:
        guest = way.isolation in GUESTS
        most = max((wish.guest_n if guest else wish.n) or (GUEST_MOST if guest else MOST,))
        cost_s = min(TIME_S, most * session.cost_s(way))
        found.append(Arm(str(way), way, partial(trial, session, way, most), cost_s=cost_s))
    return found


def reached(rows: Sequence[Row]) -> float:
    """How many there were."""
    return max(row.n for row in rows if isinstance(row, DensityRow))


DENSITY = Experiment(
    "density", "how many fit", ("density",), arms, reached, "instances", share=2.0,
    blocks=(1, 1), warm_up=False, tell=readable.density,
)  # fmt: skip
