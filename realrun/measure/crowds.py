"""memory: what instances that run and wait hold together, by every account, and how these differ.

One reading of one crowd gives all of it: the rows of `memory`, and those of `reconciliation`, which
lead from one account to the next. Shared pages are charged to whoever touches them first, so each
crowd comes in both orders: with the image's files read before by somebody else (`others`), and
dropped from the page cache, so that the instances read them (`own`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

from realrun.measure import accounts, caches, readable, reconcile, storm
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.rows import MemoryRow, ReconciliationRow, Row
from realrun.measure.session import Session, Way
from realrun.runtime.run import Run

SETTLE_S = 0.3  # from the greeting to the waiting: the last to be ready still has to begin it
OTHERS, OWN, UNKNOWN = "others", "own", "unknown"
CHUNK = 1 << 20
DRIFT_S = 2.0  # that the machine is watched without a start, at most


def memory(session: Session, way: Way, n: int, touched: str, _: int) -> list[Row]:
    """Every account of a waiting crowd."""
    touched = prepare(session, way, touched)
    began_s, before = time.monotonic(), reconcile.meminfo()
    runs, _ = session.crowd(way, n)
    try:
        time.sleep(SETTLE_S)
        found = accounts.record(runs, session.starter, session.starter.process.pid)
        after = reconcile.meminfo()
        time.sleep(min(time.monotonic() - began_s, DRIFT_S))
        drift = reconcile.grown(after, reconcile.meminfo())
        machine = reconcile.grown(before, after)
        lines = reconcile.lines(found, machine, drift)
        amounts = accounts.read(found) | {
            ("available", "total"): -machine["MemAvailable"] / accounts.KIB_PER_MIB
        }
    finally:
        session.disperse(runs)
    rows: list[Row] = [*reconciliation_rows(session, runs[0], n, touched, lines)]
    return rows + [*memory_rows(session, runs[0], n, amounts)] if touched == OTHERS else rows


def prepare(session: Session, way: Way, touched: str) -> str:
    """Let others be the first to read the files that a start reads, or the instances.

    Returns `unknown` if somebody holds files in memory that were to be dropped.
    """
    files = caches.read_by(session, way)
    if touched == OWN:
        return OWN if caches.make_cold(files) == caches.COLD else UNKNOWN
    for path in files:
        with suppress(OSError), open(path, "rb", buffering=0) as file:  # what may not be read
            while file.read(CHUNK):
                pass
    return OTHERS


def memory_rows(session: Session, run: Run, n: int, found: accounts.Amounts) -> Iterator[Row]:
    """The accounts, side by side."""
    for (account, part), value in found.items():
        yield MemoryRow(*session.identity(run), n, account, part, round(value, 6))


def reconciliation_rows(
    session: Session, run: Run, n: int, touched: str, lines: Sequence[reconcile.Line]
) -> Iterator[Row]:
    """From one to the next."""
    for number, line in enumerate(lines):
        value_mib = round(line.kib / accounts.KIB_PER_MIB, 6)
        identity = session.identity(run)
        yield ReconciliationRow(*identity, n, touched, number, line.kind, line.text, value_mib)


def arms(session: Session, wish: Wish) -> list[Arm]:
    """The same crowds as in a storm, in both orders."""
    found = []
    for way, n in storm.sizes(session, wish):
        cost_s = session.cost_s(way, n) + DRIFT_S
        count = 2 if n <= storm.FEW else 1
        for touched in (OTHERS, OWN):
            trial = partial(memory, session, way, n, touched)
            found.append(Arm(f"{n} x {way}, touched by {touched}", way, trial, count, cost_s))
    return found


def together_mib(rows: Sequence[Row]) -> float:
    """The proportional set of all together."""
    found = {r.text: r.value_mib for r in rows if isinstance(r, ReconciliationRow)}
    return found["pss"]


MEMORY = Experiment(
    "memory", "many at once: what they hold", ("memory", "reconciliation"), arms, together_mib,
    "MiB", share=4.0, blocks=(1, 5), warm_up=False, tell=readable.memory,
)  # fmt: skip
