"""Carrying out one stage: FROM, what the base wants done first, then instruction by instruction.

Source: Dockerfile reference, "FROM", "WORKDIR", "ONBUILD".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from realrun.build import copystep, runstep
from realrun.build import instructions as i
from realrun.build.bench import Bench, Steps
from realrun.build.evaluate import apply, of_image
from realrun.build.instructions import Instruction
from realrun.build.owners import UnknownOwner, owner
from realrun.build.parser import parse_trigger
from realrun.build.stages import Stage, stage_of, taken_from
from realrun.build.work import Work, packed
from realrun.build.writing import CannotWrite, Upper
from realrun.errors import NoSuchImage, UsageError
from realrun.image import Image, Layer
from realrun.image.merged import Merged, make_upper

COUNTED = (i.Run, i.Copy, i.Workdir)


def carry_out(bench: Bench, stage: Stage) -> Steps[None]:
    """The whole stage; at its end it is one of `bench.finished`."""
    work = Work(bench, stage, steps=1 + counted(stage.steps))
    if stage.base is not None:
        yield from finished(bench, stage.base)
    with work.shown(stage.start):
        start(work)
    triggers = work.state.config.pop("OnBuild", [])
    first = [parse_trigger(stage.start.at, text, bench.escape) for text in triggers]
    work.steps += counted(first)
    for step in [*first, *stage.steps]:
        for index in needs(work, step):
            yield from finished(bench, index)
        yield from one(work, step)
    work.created = work.created or bench.now()
    bench.finished[stage.index] = work


def counted(steps: Sequence[Instruction]) -> int:
    """The instructions that get a number in the progress: those that touch files."""
    return sum(isinstance(step, COUNTED) for step in steps)


def finished(bench: Bench, index: int) -> Steps[None]:
    """Wait for another stage; one that only an ONBUILD of the base asks for is built at once."""
    if index not in bench.chosen:
        bench.chosen.add(index)
        yield from carry_out(bench, bench.stages[index])
    elif index not in bench.finished:
        yield lambda: index in bench.finished


def needs(work: Work, step: Instruction) -> Iterator[int]:
    """The stages that an instruction takes files from."""
    for name in taken_from(step):
        index = stage_of(step, name, work.bench.stages, work.stage.index)
        if index is not None:
            yield index


def one(work: Work, step: Instruction) -> Steps[None]:
    """Any instruction but FROM."""
    if not isinstance(step, COUNTED):
        apply(work.state, step)
        if not isinstance(step, i.OnBuild):  # it has done nothing yet
            work.note(step)
        return
    with work.shown(step) as shown:
        match step:
            case i.Run():
                shown.cached = yield from runstep.carry_out(work, step)
            case i.Copy():
                shown.cached = copystep.carry_out(work, step)
            case i.Workdir():
                shown.cached = workdir(work, step)


def start(work: Work) -> None:
    """FROM: the stage begins as a copy of its base."""
    stage = work.stage
    if stage.base is not None:
        base = work.bench.finished[stage.base]
        work.state = base.state.child()
        work.layers, work.history = list(base.layers), list(base.history)
        work.created = base.created
    elif stage.image != "scratch":
        start_from_image(work)


def start_from_image(work: Work) -> None:
    stage = work.stage
    try:
        image = work.bench.store.resolve(stage.image)
    except (NoSuchImage, UsageError) as error:
        raise stage.start.at.error(str(error)) from None
    work.state = of_image(work.state, image.config, image.author)
    work.layers, work.created = list(image.stored), image.created
    work.history = told_of(image)


def told_of(image: Image) -> list[dict[str, Any]]:
    """The history of an image; one that does not fit its layers is replaced by a plain one."""
    history = [dict(entry) for entry in image.history]
    if sum(not entry.get("empty_layer") for entry in history) == len(image.diff_ids):
        return history
    return [{"created": image.created, "created_by": "unknown"} for _ in image.diff_ids]


def workdir(work: Work, step: i.Workdir) -> bool:
    """WORKDIR: from here on paths start there; the directory is made if it is missing.

    It belongs to the user of that moment, as BuildKit has it (the classic builder: to root).
    """
    state = work.state
    path = state.absolute(state.expand(step.path, step.at))
    state.config["WorkingDir"] = path
    parts = {"step": "WORKDIR", "path": path, "user": state.user}
    return work.remembered(step, parts, lambda: make_directory(work, step, path))


def make_directory(work: Work, step: i.Workdir, path: str) -> Layer | None:
    folder, below, user = work.bench.folder(), work.trees(), work.state.user
    try:
        who = owner(user, Merged(below)) if user else (0, 0)
        upper = Upper(make_upper(folder / "upper", below[-1]), below)
        found, missing = upper.place(path)
        if not missing and found.is_directory:
            return None
        upper.make_directory((*found.parts, *missing), who)
        upper.finish()
    except (CannotWrite, UnknownOwner, OSError) as error:
        raise step.at.error(f"WORKDIR {path}: {error}") from None
    return packed(work, upper.path, upper.owners)
