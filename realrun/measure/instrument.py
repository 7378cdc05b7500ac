"""instrument: what measuring itself costs, and whether it finds equal what is equal.

Two arms start the very same container (an A/A comparison): if they come out different, no other
difference that this machine shows can be believed.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from realrun.linux import processes
from realrun.measure import noise, ratios
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.journal import append
from realrun.measure.rows import InstrumentRow, Row
from realrun.measure.session import Session, Way
from realrun.measure.startup import ready_s, rows_of

TIMES = 1000  # of what takes less than the clock's own unsteadiness
EQUAL = ("A/A, one", "A/A, other")
ARRIVAL = "arrival"


def each_s(work: Callable[[], object], times: int) -> float:
    """How long one of many takes."""
    begin_ns = time.monotonic_ns()
    for _ in range(times):
        work()
    return (time.monotonic_ns() - begin_ns) / times / 1e9


def counters() -> None:
    """What is read before and after every trial, without the spin."""
    noise.stolen_s()
    noise.throttled_s()


def noting(_: int) -> float:
    """A line in the journal of the size that a start's has."""
    with tempfile.TemporaryFile() as file:
        return each_s(partial(append, file.fileno(), {"rows": "x" * 5000}), TIMES // 10)


PARTS: dict[str, Callable[[int], float]] = {
    "clock": lambda _: each_s(time.monotonic_ns, TIMES),
    "stamp": lambda _: each_s(
        lambda: (time.monotonic_ns(), processes.first_cpu_ns(os.getpid())), TIMES
    ),
    "counters": lambda _: each_s(counters, TIMES // 10),
    "spin": lambda _: noise.spin_s(),
    "journal": noting,
}


def part(session: Session, name: str, run: int) -> Sequence[Row]:
    """One piece of the instrument."""
    return [InstrumentRow(session.machine, "process", "none", name, run, PARTS[name](run))]


def equal(session: Session, way: Way, name: str, number: int) -> Sequence[Row]:
    """A start like any other; and how much later we knew than the program."""
    run = session.complete(way)
    where = session.identity(run)
    rows = [InstrumentRow(*where, name, number, ready_s(rows_of(session, run, number, "hot")))]
    if run.id in session.told_ns:
        rows.append(InstrumentRow(*where, ARRIVAL, number, session.told_ns[run.id] / 1e9))
    return rows


def arms(session: Session, _: Wish) -> list[Arm]:
    """The pieces, and one way twice: a container where there are any."""
    plain = Way("process")
    found = [Arm(name, plain, partial(part, session, name)) for name in PARTS]
    chosen = next((way for way in session.ways if way.isolation == "container"), session.ways[0])
    return found + [Arm(name, chosen, partial(equal, session, chosen, name)) for name in EQUAL]


def first_value(rows: Sequence[Row]) -> float:
    """Of the arm itself."""
    return next(row.value_s for row in rows if isinstance(row, InstrumentRow))


def remark(figures: Mapping[str, Sequence[float]]) -> str:
    """How the same came out beside the same."""
    one, other = (figures.get(name, ()) for name in EQUAL)
    if not one or not other:
        return ""
    found = ratios.compare(one, other)
    least = max(abs(found.low - 1), abs(found.high - 1))
    return f"A/A: {ratios.said(found)}; of other starts believe no difference below {least:.0%}"


INSTRUMENT = Experiment(
    "instrument", "what measuring costs, and that equals come out equal", ("instrument",), arms,
    first_value, "s", share=0.2, blocks=(10, 60), remark=remark,
)  # fmt: skip
