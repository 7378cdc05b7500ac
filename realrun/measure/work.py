"""work: what the running program loses, for each kind of work, natively and in each isolation.

One instance of the image `work` does every kind once, in an order of its own, and times each by its
own clock; the host's clock stands beside it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from statistics import geometric_mean

from realrun import paths
from realrun.engine import GUESTS
from realrun.errors import Missing, RealRunError
from realrun.files.workspace import workspace
from realrun.image import Image, Store
from realrun.measure import readable, workimage
from realrun.measure.experiment import Arm, Experiment, Wish
from realrun.measure.heard import Heard, natively
from realrun.measure.inside.main import WORK as KINDS
from realrun.measure.rows import Row, WorkRow
from realrun.measure.session import Session, Way

NATIVE = Way("native")  # started by fork and exec, nothing of ours around it
SECONDS = 0.25  # of each kind
GUEST_BYTES = 256 << 20  # what the largest kind holds, twice over
PATIENCE_S, PATIENCE = 90.0, 20.0  # to begin with, and of the time that it should take
COST_S, GUEST_COST_S = 6.0, 20.0


def image_of(session: Session) -> Image | None:
    """The image `work`; without it the reason is noted."""
    try:
        return workimage.make(Store())
    except Missing as error:
        session.skipped["the work inside"] = str(error)
        return None


def patience_s(kinds: Sequence[str], seconds: float) -> float:
    """When to give up an instance that works."""
    return PATIENCE_S + PATIENCE * seconds * len(kinds)


def limits(way: Way) -> dict[str, object]:
    """A guest of the usual size has not enough memory for the work."""
    return {"memory_bytes": GUEST_BYTES} if way.isolation in GUESTS else {}


def done(session: Session, image: Image, way: Way, kinds: Sequence[str], seconds: float) -> Heard:
    """One instance does all of `kinds`; what it could not do is in `failed` or `missing`.

    Raises RealRunError if it dies or hangs.
    """
    heard, words = Heard(), [str(seconds), *kinds]
    late_s = patience_s(kinds, seconds)
    if way == NATIVE:
        with workspace(paths.root(), "work") as folder:
            command, environment = workimage.native(image)
            own = environment | {"WORK_FOLDER": str(folder)}
            natively([*command, *words], own, heard, late_s)
        return heard
    run = session.begin(way, *words, out=heard, image=image, limits=limits(way))
    try:
        session.drive([run], lambda run: run.over(), late_s)
    finally:
        session.disperse([run])
    return heard


def trial(
    session: Session, image: Image, way: Way, seconds: float, seed: int, run: int
) -> list[Row]:
    """Every kind once. One that failed is a row without figures, which says why."""
    kinds = random.Random(f"{seed}/work/{way}/{run}").sample([*KINDS], len(KINDS))
    heard = done(session, image, way, kinds, seconds)
    identity = session.machine, way.isolation, session.accelerator(way)
    rows: list[Row] = [
        WorkRow(*identity, one.kind, KINDS[one.kind][0], run, kinds.index(one.kind), *one[1:], "")
        for one in heard.trials
    ]
    for kind, why in heard.missing(kinds).items():
        nothing = (None,) * 5
        rows.append(WorkRow(*identity, kind, KINDS[kind][0], run, kinds.index(kind), *nothing, why))
    if not heard.trials:
        raise RealRunError(
            f"{way}: none of the work was done; {next(iter(heard.failed.values()), '')}"
        )
    return rows


def arms(session: Session, wish: Wish) -> list[Arm]:
    """Natively, and every way."""
    if (image := image_of(session)) is None:
        return []
    found = []
    for way in (NATIVE, *session.ways):
        cost_s = GUEST_COST_S if way.isolation in GUESTS else COST_S
        work = partial(trial, session, image, way, SECONDS, wish.seed)
        found.append(Arm(str(way), way, work, cost_s=cost_s))
    return found


def speed(rows: Sequence[Row]) -> float:
    """The geometric mean of all kinds' rates: each counts alike, whatever its unit."""
    rates = [
        row.amount / row.inside_s
        for row in rows
        if isinstance(row, WorkRow) and row.amount and row.inside_s and row.kind != "nothing"
    ]
    return geometric_mean(rates)


WORK = Experiment(
    "work", "what a program loses, for each kind of work", ("work",), arms, speed,
    "geometric mean of rates", share=4.0, blocks=(3, 10), warm_up=False, tell=readable.work,
)  # fmt: skip
