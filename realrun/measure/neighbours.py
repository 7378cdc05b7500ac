"""neighbours: what a program loses to an instance that takes all it can, with and without limits.

Victim and neighbour share one processor of this machine: their starter runs there, and what it
starts stays there. So the result does not depend on how many processors there are.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from statistics import geometric_mean
from typing import Any

from realrun import paths
from realrun.errors import RealRunError
from realrun.image import Image
from realrun.linux import cgroups, resources
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
START_S = 1.0  # of Python, and of what a kind prepares
AT_WORK = "at work"
VICTIMS = {
    "cpu": ("integer", "redis"),
    "memory": ("page faults", "random access"),
    "disk": ("fsync",),
}


@dataclass(frozen=True, eq=False)
class Limit:
    """How a neighbour is held back: as the command line says it, and what that means."""

    words: str
    limits: Mapping[str, Any]
    victims: Mapping[str, Any] = field(default_factory=dict)  # its own, where it takes both sides


PEACE, FREE = Limit("", {}), Limit("", {})


def known_limits(way: Way) -> dict[str, list[Limit]]:
    """What holds back a neighbour that takes processor, memory or disk; nothing to begin with.

    Only a container can be held back without being another machine.
    """
    found = {kind: [FREE] for kind in VICTIMS}
    if way.isolation == "container":
        found["cpu"] += [
            Limit("--cpus 0.25", {"cpu_milli": 250}),
            Limit("--cpu-shares 64", {"cpu_shares": 64}, {"cpu_shares": 1024}),
        ]
        found["memory"] += [Limit("--memory 64m", {"memory_bytes": 64 * MIB})]
        if device := diskuse.device_of(paths.root()):
            limits = {"write_bps": {device: 4 * MIB}}
            found["disk"] += [Limit("--device-write-bps 4m", limits)]
    return {kind: [one for one in limits if is_possible(one)] for kind, limits in found.items()}


def is_possible(limit: Limit) -> bool:
    """Has this machine a control group for it, that we may use."""
    here = cgroups.detect()
    wanted = cgroups.needed(here.version, resources.of(limit.limits))
    return not limit.limits or (here.writable and {*wanted} <= here.trees.keys())


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


def begun(session: Session, image: Image, way: Way, words: Sequence[str],
          limits: Mapping[str, Any]) -> tuple[Run, Heard]:  # fmt: skip
    """An instance of the work's image on its way, and what will be heard of it."""
    heard = Heard()
    limits = work.limits(way) | dict(limits)
    return session.begin(way, *words, out=heard, image=image, limits=limits), heard


def beside(session: Session, image: Image, way: Way, kind: str, limit: Limit) -> tuple[Heard, str]:
    """The victims of a kind of noise, and how their neighbour fared; `PEACE` is without one.

    Raises RealRunError if one of them hangs, or if a neighbour ends that nothing holds back.
    """
    words, kinds, runs = f"hog {kind}", VICTIMS[kind], list[Run]()
    fared = ""
    try:
        if limit is not PEACE:
            other, noise = begun(session, image, way, [str(FOR_EVER), words], limit.limits)
            runs.append(other)
            session.drive(runs, lambda run: noise.begun(words) or run.over(), work.PATIENCE_S)
            time.sleep(SETTLE_S)
        run, heard = begun(session, image, way, [str(SECONDS), *kinds], limit.victims)
        runs.append(run)
        patience_s = work.patience_s(kinds, SECONDS)
        session.drive(runs, lambda one: one is not run or one.over(), patience_s)
        if limit is not PEACE:
            fared = noise.failed.get(words, "ended" if other.over() else AT_WORK)
    finally:
        session.disperse(runs)
    if fared not in ("", AT_WORK) and not limit.limits:
        raise RealRunError(f"{way}: the neighbour did not stay: {fared}")
    return heard, fared


def trial(session: Session, image: Image, way: Way, kind: str, seed: int, run: int) -> list[Row]:
    """The victims of one kind of noise in peace, beside it, and beside it held back.

    All in one trial, in an order of its own, so that what is compared was measured together.
    """
    cases, rows = [PEACE, *known_limits(way)[kind]], list[Row]()
    chance = random.Random(f"{seed}/neighbours/{way}/{kind}/{run}")
    with one_processor(session):
        for limit in chance.sample(cases, len(cases)):
            heard, fared = beside(session, image, way, kind, limit)
            for one, why in heard.missing(VICTIMS[kind]).items():
                raise RealRunError(f"{way}: {one}: {why}")
            where = session.machine, way.isolation, session.accelerator(way)
            told = (kind if limit is not PEACE else "", limit.words, fared)
            rows += [NeighbourRow(*where, *told, one.kind, WORK[one.kind][0], run, *one[1:])
                     for one in heard.trials]  # fmt: skip
    return rows


def arms(session: Session, wish: Wish) -> list[Arm]:
    """Every way, and each kind of noise."""
    if (image := work.image_of(session)) is None:
        return []
    found = []
    for way in session.ways:
        for kind, limits in known_limits(way).items():
            instances = 2 * len(limits) + 1
            worked_s = (len(limits) + 1) * (len(VICTIMS[kind]) * SECONDS + SETTLE_S)
            cost_s = instances * (session.cost_s(way) + START_S) + worked_s
            work_on = partial(trial, session, image, way, kind, wish.seed)
            found.append(Arm(f"{way}, beside {kind}", way, work_on, cost_s=cost_s))
    return found


def left(rows: Sequence[Row]) -> float:
    """What is left of the rates beside a neighbour that nothing holds back: a geometric mean."""
    found = [row for row in rows if isinstance(row, NeighbourRow) and not row.limit]
    peace = {row.kind: row.amount / row.inside_s for row in found if not row.noise}
    return geometric_mean(
        [row.amount / row.inside_s / peace[row.kind] for row in found if row.noise]
    )


NEIGHBOURS = Experiment(
    "neighbours", "what is lost to a bad neighbour", ("neighbours",), arms, left,
    "of the rate in peace", share=3.0, blocks=(3, 8), warm_up=False, tell=readable.neighbours,
)  # fmt: skip
