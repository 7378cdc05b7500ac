"""storm: many instances asked for at once - when each is ready, and where they waited.

N doubles up to what the machine bears: half of its free memory for what they hold, and a minute
for one storm; and of processes and containers `MOST`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from realrun.engine import GUESTS
from realrun.guest.backends import MEMORY_MIB
from realrun.measure import waits
from realrun.measure.environment import meminfo_mib
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.rows import Row, StormRow, WaitRow
from realrun.measure.session import Session, Way
from realrun.measure.startup import LIGHT_PER_BLOCK
from realrun.runtime.run import Run

MOST = 256
LONGEST_S = 60.0
LIGHT_MIB, MONITOR_MIB = 4, 112  # what one more holds at most, and a monitor beside its guest
MEMORY_RATIO = 0.5
FEW = 4  # at once: what a model is fitted to
LIGHT_FEW = 32


def sizes(session: Session, wish: Wish) -> list[tuple[Way, int]]:
    """Every way with every number of instances: those asked for, else 1, 2, 4 and so on."""
    found = []
    for way in session.ways:
        asked = wish.guest_n if way.isolation in GUESTS else wish.n
        found += [(way, n) for n in asked or doubled(session, way)]
    return found


def doubled(session: Session, way: Way) -> list[int]:
    """1, 2, 4 ... up to what the machine bears."""
    each_mib = MEMORY_MIB + MONITOR_MIB if way.isolation in GUESTS else LIGHT_MIB
    room = MEMORY_RATIO * meminfo_mib("MemAvailable") / each_mib
    ns = [1 << k for k in range(MOST.bit_length())]
    return [n for n in ns if n <= room and session.cost_s(way, n) <= LONGEST_S]


def turns(way: Way, n: int) -> int:
    """How often in a block: small crowds cost little, and vary most."""
    if way.isolation in GUESTS:
        return 2 if n <= FEW else 1
    return LIGHT_PER_BLOCK if n <= LIGHT_FEW else 1


def arms(session: Session, wish: Wish) -> list[Arm]:
    """A crowd of each way and size."""
    return [
        Arm(
            f"{n} x {way}", way, partial(storm, session, way, n), turns(way, n),
            session.cost_s(way, n),
        )
        for way, n in sizes(session, wish)
    ]  # fmt: skip


def storm(session: Session, way: Way, n: int, number: int) -> list[Row]:
    """All at once, until the last is ready; blocks begin with 1, storms with 0."""
    helper = session.starter.process.pid
    before = waits.machine(helper)
    runs, asked_ns = session.crowd(way, n)
    try:
        told = [waits.scheduled(session.pids(run)) for run in runs]
        spent = waits.during(runs, told, before, helper)
        common = (*session.identity(runs[0]), n, number - 1)
        rows: list[Row] = [WaitRow(*common, *place, total) for place, total in spent.items()]
        for k, (run, one) in enumerate(zip(runs, told, strict=True)):
            ready_s = (run.record.output_ns - asked_ns) / 1e9
            rows.append(StormRow(*common, k, 0.0, ready_s, cpu_s(run), *one[1:]))
        return rows
    finally:
        session.disperse(runs)


def cpu_s(run: Run) -> float | None:
    """What the instance had used when its first output came."""
    used_ns = run.record.watched[-1].cpu_ns if run.record.watched else None
    return None if used_ns is None else used_ns / 1e9


def makespan_s(rows: Sequence[Row]) -> float:
    """When the last was ready."""
    return max(row.ready_s for row in rows if isinstance(row, StormRow))


STORM = Experiment(
    "storm", "many at once: when each is ready, where they waited", ("storm", "waits"), arms,
    makespan_s, "s", share=3.0, blocks=(3, 20), warm_up=False,
)  # fmt: skip
