"""What building is to cost at most, and what it does cost.

The limits are those that the engine was made for: see docs/decisions/0011.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import NamedTuple

from realrun.measure import ratios
from realrun.measure.builds import BUILDERS, HASH, PYTHON, REALRUN
from realrun.measure.ratios import Combine, compare
from realrun.measure.rows import BuildRow
from realrun.measure.summary import Summary


class Promise(NamedTuple):
    """`how(ours, theirs)` of two tasks is to be at most `limit`, if there is one."""

    text: str
    task: str
    their_task: str
    them: str
    how: Combine
    limit: float | None
    unit: str


PROMISES = (
    *(
        Promise(f"build: time of that by {who}", "build", "build", who, operator.truediv, 0.5, "x")
        for who in BUILDERS
    ),
    *(
        Promise(
            f"cached: time of that by {who}",
            "build again", "build again", who, operator.truediv, None, "x",
        )
        for who in BUILDERS
    ),
    Promise(
        "cached: more than Python's own start",
        "build again", "build again", PYTHON, operator.sub, 0.1, "s",
    ),
    *(
        Promise(f"{task}: time of {HASH}", task, "layer hashed", HASH, operator.truediv, 2.0, "x")
        for task in ("layer built", "layer saved", "layer loaded")
    ),
)  # fmt: skip


class Kept(NamedTuple):
    """A promise beside what was measured, for one size of layer."""

    promise: Promise
    size_mib: int
    found: Summary

    @property
    def verdict(self) -> str:
        """Sure only if the whole interval is on one side."""
        return ratios.verdict(self.found, self.promise.limit)


def kept(rows: Sequence[BuildRow], seed: int = 1) -> list[Kept]:
    """All promises that there are values for."""
    found = []
    for promise in PROMISES:
        for size_mib in sorted({row.size_mib for row in rows if row.task == promise.task}):
            ours = durations(rows, promise.task, REALRUN, size_mib)
            theirs = durations(rows, promise.their_task, promise.them, size_mib)
            if ours and theirs:
                summary = compare(ours, theirs, promise.how, seed)
                found.append(Kept(promise, size_mib, summary))
    return found


def durations(rows: Sequence[BuildRow], task: str, who: str, size_mib: int) -> list[float]:
    """Of all turns but the first."""
    key = (task, who, size_mib, 0)
    return [r.duration_s for r in rows if (r.task, r.who, r.size_mib, r.first) == key]


def lines(rows: Sequence[BuildRow], seed: int = 1) -> list[tuple[str, ...]]:
    """The table to print: a header, then a line each."""
    body = []
    for promise, size_mib, found in kept(rows, seed):
        name = f"{promise.text} ({size_mib} MiB)" if size_mib else promise.text
        body.append(ratios.judged(name, found, promise.limit, promise.unit))
    return [ratios.HEADER, *body]
