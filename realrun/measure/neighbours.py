"""neighbours: what a program loses to an instance that takes all it can, with and without limits.

Victim and neighbour share one processor of this machine: their starter runs there, and what it
starts stays there. So the result does not depend on how many processors there are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import geometric_mean
from typing import Any, NamedTuple

from realrun import paths
from realrun.engine import GUESTS
from realrun.errors import RealRunError
from realrun.image import Image
from realrun.measure import diskuse, readable, work
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.heard import Heard
from realrun.measure.inside.main import WORK
from realrun.measure.rows import NeighbourRow, Row
from realrun.measure.session import Session, Way
from realrun.runtime.run import Run

SECONDS, FOR_EVER = 1.0, 86400.0
SETTLE_S = 0.5  # for the neighbour to be at full work
MIB = 1 << 20
QUIET = ""
VICTIMS = {
    "cpu": ("integer", "redis"),
    "memory": ("page faults", "random access"),
    "disk": ("fsync",),
}


class Limit(NamedTuple):
    """How a neighbour is held back: as the command line says it, and what that means."""

    words: str
    limits: Mapping[str, Any]
    victims: Mapping[str, Any] = {}  # the victim's own, where it takes both sides


def known_limits() -> dict[str, list[Limit]]:
    """What holds back a neighbour that takes processor, memory or disk; without a limit first."""
    free = Limit("", {})
    found = {
        "cpu": [free, Limit("--cpus 0.25", {"cpu_milli": 250}),
                Limit("--cpu-shares 64", {"cpu_shares": 64}, {"cpu_shares": 1024})],
        "memory": [free, Limit("--memory 64m", {"memory_bytes": 64 * MIB})],
        "disk": [free],
    }  # fmt: skip
    if device := diskuse.device_of(paths.root()):
        limits = {"write_bps": {device: 4 * MIB}}
        found["disk"].append(Limit("--device-write-bps 4m", limits))
    return found


@contextmanager
def one_processor(session: Session) -> Iterator[None]:
    """All that the session starts meanwhile runs on the first processor that we may use."""
    pid = session.starter.process.pid
    before = os.sched_getaffinity(pid)
    os.sched_setaffinity(pid, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(pid, before)


@contextmanager
def noise(session: Session, image: Image, way: Way, kind: str, limit: Limit) -> Iterator[Heard]:
    """A neighbour at work, or ended by its limit: then `heard.failed` says so."""
    heard = Heard()
    words, limits = [str(FOR_EVER), f"hog {kind}"], work.limits(way) | dict(limit.limits)
    run = session.begin(way, *words, out=heard, image=image, limits=limits)
    try:
        session.drive([run], lambda run: heard.begun(words[1]) or run.over(), work.PATIENCE_S)
        if run.over():
            heard.failed.setdefault(words[1], "ended")
            if not limit.limits:
                raise RealRunError(f"{way}: the neighbour did not begin: {heard.failed[words[1]]}")
        time.sleep(SETTLE_S)
        yield heard
    finally:
        session.disperse([run])


def victim(session: Session, image: Image, way: Way, kinds: Sequence[str], limit: Limit) -> Heard:
    """A program that does the work of `kinds`."""
    heard = Heard()
    limits = work.limits(way) | dict(limit.victims)
    run = session.begin(way, str(SECONDS), *kinds, out=heard, image=image, limits=limits)
    try:
        session.drive([run], Run.over, work.patience_s(kinds, SECONDS))
    finally:
        session.disperse([run])
    return heard


def trial(session: Session, image: Image, way: Way, kind: str, limit: Limit, run: int) -> list[Row]:
    """The victims of one kind of noise, beside it; without noise (`kind` is empty) all of them."""
    kinds = VICTIMS[kind] if kind else [one for some in VICTIMS.values() for one in some]
    with one_processor(session), ExitStack() as stack:
        other = kind and stack.enter_context(noise(session, image, way, kind, limit))
        heard = victim(session, image, way, kinds, limit)
        neighbour = other.failed.get(f"hog {kind}", "at work") if other else ""
    if missing := heard.missing(kinds):
        raise RealRunError("; ".join(f"{way}: {one}: {why}" for one, why in missing.items()))
    if neighbour not in ("", "at work") and not limit.limits:
        raise RealRunError(f"{way}: the neighbour did not stay: {neighbour}")
    where = session.machine, way.isolation, session.accelerator(way), kind, limit.words, neighbour
    return [
        NeighbourRow(*where, one.kind, WORK[one.kind][0], run, *one[1:]) for one in heard.trials
    ]


def arms(session: Session, wish: Wish) -> list[Arm]:
    """Every way, in peace, and beside each neighbour, as it is and held back."""
    if (image := work.image_of(session)) is None:
        return []
    found = []
    for way in session.ways:
        guest = way.isolation in GUESTS
        cost_s = work.GUEST_COST_S if guest else work.COST_S
        for kind, limit in [("", Limit("", {})), *conditions(way)]:
            name = ", ".join(filter(None, [str(way), kind and f"beside {kind}", limit.words]))
            work_on = partial(trial, session, image, way, kind, limit)
            found.append(Arm(name, way, work_on, cost_s=cost_s))
    return found


def conditions(way: Way) -> Iterator[tuple[str, Limit]]:
    """Neighbours and limits; only a container can be held back without being another machine."""
    for kind, limits in known_limits().items():
        for limit in limits:
            if not limit.limits or way.isolation == "container":
                yield kind, limit


def speed(rows: Sequence[Row]) -> float:
    """The geometric mean of the rates of the victim's kinds of work."""
    found = [row for row in rows if isinstance(row, NeighbourRow)]
    return geometric_mean([row.amount / row.inside_s for row in found])


NEIGHBOURS = Experiment(
    "neighbours", "what is lost to a bad neighbour", ("neighbours",), arms, speed,
    "geometric mean of rates", share=3.0, blocks=(3, 8), warm_up=False, tell=readable.neighbours,
)  # fmt: skip
