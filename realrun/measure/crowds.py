"""memory: what instances that run and wait hold together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from realrun.measure import accounts, storm
from realrun.measure.environment import meminfo_mib
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.rows import MemoryRow, Row
from realrun.measure.session import Session, Way
from realrun.runtime.run import Run

SETTLE_S = 0.3  # from the greeting to the waiting: the last to be ready still has to begin it


def memory(session: Session, way: Way, n: int, _: int) -> list[Row]:
    """Every account of a waiting crowd."""
    before_mib = meminfo_mib("MemAvailable")
    runs, _ = session.crowd(way, n)
    try:
        time.sleep(SETTLE_S)
        return memory_rows(session, runs, n, before_mib)
    finally:
        session.disperse(runs)


def memory_rows(session: Session, runs: list[Run], n: int, before_mib: float) -> list[Row]:
    """What is read of it."""
    found = accounts.read(runs, session.starter, session.starter.process.pid)
    found[("available", "total")] = before_mib - meminfo_mib("MemAvailable")
    identity = session.identity(runs[0])
    return [
        MemoryRow(*identity, n, account, part, round(value, 6))
        for (account, part), value in found.items()
    ]


def arms(session: Session, wish: Wish) -> list[Arm]:
    """The same crowds as in a storm."""
    return [
        Arm(f"{n} x {way}", way, partial(memory, session, way, n), cost_s=session.cost_s(way, n))
        for way, n in storm.sizes(session, wish)
    ]


def pss_mib(rows: Sequence[Row]) -> float:
    """The proportional set of all together."""
    found = {(r.account, r.part): r.value_mib for r in rows if isinstance(r, MemoryRow)}
    return found["pss", "total"]


MEMORY = Experiment(
    "memory", "many at once: what they hold", ("memory",), arms, pss_mib, "MiB", share=2.0,
    blocks=(1, 5), warm_up=False,
)  # fmt: skip
