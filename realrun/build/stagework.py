"""Carrying out one stage: each instruction in turn, from the cache where that knows the answer.

Source: Dockerfile reference, "FROM", "RUN", "WORKDIR", "COPY", "ONBUILD".
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realrun.build import instructions as i
from realrun.build.bench import Bench
from realrun.build.cache import Hit, chain
from realrun.build.copying import Looks, copy
from realrun.build.copystep import looks_of, sources_of, target_of
from realrun.build.evaluate import State, apply, new_state, of_image
from realrun.build.instructions import Instruction
from realrun.build.owners import UnknownOwner, owner
from realrun.build.parser import parse_one
from realrun.build.progress import Event
from realrun.build.running import argv_of, explain_failure, script_layer
from realrun.build.selecting import CannotCopy, Origin, Source, fingerprint
from realrun.build.stages import Stage, stage_of
from realrun.build.writing import CannotWrite, Upper
from realrun.errors import NoSuchImage, UsageError
from realrun.image import Image, Layer
from realrun.image import config as configs
from realrun.image.layers import pack
from realrun.image.merged import Merged, mountable

COUNTED = (i.Run, i.Copy, i.Workdir)
KEPT_OUTPUT = 64 << 10


@dataclass(slots=True)
class Work:
    """A stage in the making: its state, its layers so far, and their story."""

    bench: Bench
    stage: Stage
    layers: list[Layer] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    created: str = ""
    state: State = field(init=False)

    def __post_init__(self) -> None:
        bench = self.bench
        self.state = new_state(bench.given, bench.before_from, bench.escape)

    def carry_out(self) -> None:
        """FROM, then what the base wants done first, then the stage's own instructions."""
        self._numbered(self.stage.start, self._from)
        triggers = self.state.config.pop("OnBuild", [])
        at = self.stage.start.at
        steps = [parse_one(at, text, self.bench.escape) for text in triggers]
        self.bench.steps += sum(isinstance(step, COUNTED) for step in steps)
        for step in [*steps, *self.stage.steps]:
            self._one(step)
        self.created = self.created or configs.timestamp()

    def trees(self) -> list[Path]:
        """The directories of the layers so far, base first; never none, for overlay's sake."""
        found = [layer.tree or self.bench.store.tree(layer.diff_id) for layer in self.layers]
        if found:
            return list(mountable(found))
        empty = self.bench.scratch / "empty"
        empty.mkdir(exist_ok=True)
        empty.chmod(0o755)
        return [empty]

    def _one(self, step: Instruction) -> None:
        """Any instruction but FROM."""
        match step:
            case i.Run():
                self._numbered(step, lambda: self._run(step))
            case i.Copy():
                self._numbered(step, lambda: self._copy(step))
            case i.Workdir():
                self._numbered(step, lambda: self._workdir(step))
            case _:
                apply(self.state, step)
                self._note(step)

    def _numbered(self, step: Instruction, carry_out: Callable[[], bool]) -> None:
        """One step that is shown: its number, whether the cache knew it, how long it took."""
        self.bench.step += 1
        begin = time.monotonic()
        self._tell("begin", step)
        cached = carry_out()
        self._tell("cached" if cached else "done", step, seconds=time.monotonic() - begin)

    def _tell(self, state: Any, step: Instruction, text: str = "", **more: Any) -> None:
        bench = self.bench
        event = Event(state=state, step=bench.step, steps=bench.steps, text=text or step.at.text,
                      stage=self.stage.name, **more)  # fmt: skip
        bench.progress(event)

    def _note(self, step: Instruction, layer: bool = False) -> None:
        """One more line of the history."""
        entry: dict[str, Any] = {
            "created": self.created or configs.timestamp(),
            "created_by": step.at.text,
        }
        self.created = entry["created"]
        if not layer:
            entry["empty_layer"] = True
        self.history.append(entry)

    def _from(self) -> bool:
        """The stage begins as a copy of its base."""
        stage = self.stage
        if stage.base is not None:
            base = self.bench.works[stage.base]
            self.state = base.state.child()
            self.layers, self.history = list(base.layers), list(base.history)
            self.created = base.created
        elif stage.image != "scratch":
            self._from_image(stage)
        return False

    def _from_image(self, stage: Stage) -> None:
        try:
            image = self.bench.store.resolve(stage.image)
        except (NoSuchImage, UsageError) as error:
            raise stage.start.at.error(str(error)) from None
        self.state = of_image(self.state, image.config, image.author)
        self.layers, self.created = list(image.stored), image.created
        self.history = told_of(image)

    def _remembered(
        self, step: Instruction, parts: Mapping[str, Any], make: Callable[[], Layer | None]
    ) -> bool:
        """From the cache, or made and remembered; true if the cache knew it."""
        epoch = configs.source_date_epoch()
        parts = {**parts, "parent": chain([layer.diff_id for layer in self.layers]), "epoch": epoch}
        hit = self.bench.cache.find(parts)
        known = hit is not None
        if hit is None:
            if new := self.bench.cache.why_not(step.at.text, parts):
                self._tell("note", step, f"{step.at.text}: not in the cache; changed: {new}")
            hit = Hit(make(), configs.timestamp())
            self.bench.cache.remember(parts, hit, step.at.text)
        self.created = max(self.created, hit.created)
        if hit.layer is not None:
            self.layers.append(hit.layer)
        self._note(step, layer=hit.layer is not None)
        return known

    def _run(self, step: i.Run) -> bool:
        argv, script = argv_of(step, self.state.shell)
        env = {**self._arguments(), **self.state.environment}
        parts = {"step": "RUN", "argv": argv, "script": script, "env": env,
                 "cwd": self.state.directory, "user": self.state.user}  # fmt: skip
        if step.network != "default":
            parts["network"] = step.network
        return self._remembered(step, parts, lambda: self._run_now(step, argv, script, env))

    def _arguments(self) -> dict[str, str]:
        """Declared arguments that have a value: the environment of RUN has them, too."""
        return {key: value for key, value in self.state.arguments.items() if value is not None}

    def _run_now(
        self, step: i.Run, argv: Sequence[str], script: str, env: Mapping[str, str]
    ) -> Layer:
        """A container for one command; what it changes is the layer."""
        folder, below, tail = self.bench.folder(), self.trees(), bytearray()
        upper = new_upper(folder, below)
        if script:
            below = [*below, script_layer(folder, script)]

        def on_output(piece: bytes) -> None:
            tail.extend(piece)
            del tail[:-KEPT_OUTPUT]
            self._tell("output", step, output=piece)

        status = self.bench.run_step(
            layers=below,
            upper=upper,
            argv=argv,
            env={**self.state.proxies, **env},
            cwd=self.state.directory,
            user=self.state.user,
            network=step.network,
            on_output=on_output,
        )
        if status != 0:
            raise step.at.error(explain_failure(step.at.text, status, bytes(tail)))
        return self._pack(folder, upper)

    def _workdir(self, step: i.Workdir) -> bool:
        """WORKDIR: from here on paths start there; the directory is made if it is missing.

        It belongs to the user of that moment, as BuildKit has it (the classic builder: to root).
        """
        path = self.state.absolute(self.state.expand(step.path, step.at))
        self.state.config["WorkingDir"] = path
        parts = {"step": "WORKDIR", "path": path, "user": self.state.user}
        return self._remembered(step, parts, lambda: self._make_directory(step, path))

    def _make_directory(self, step: i.Workdir, path: str) -> Layer | None:
        folder, below = self.bench.folder(), self.trees()
        try:
            who = owner(self.state.user, Merged(below)) if self.state.user else (0, 0)
            upper = Upper(new_upper(folder, below), below)
            found, missing = upper.place(path)
            if not missing and found.is_directory:
                return None
            upper.make_directory((*found.parts, *missing), who)
            upper.finish()
        except (CannotWrite, UnknownOwner, OSError) as error:
            raise step.at.error(f"WORKDIR {path}: {error}") from None
        return self._pack(folder, upper.path, upper.owners)

    def _copy(self, step: i.Copy) -> bool:
        target = target_of(step, self.state)
        try:
            origin = self._origin(step) if step.source_stage else self.bench.context
            sources = sources_of(step, self.state, origin)
            if not sources:
                self._tell("note", step)
            looks = looks_of(step, self.state, Merged(self.trees()))
            parts = {"step": "COPY", "target": target, "looks": looks,
                     "files": fingerprint(sources, looks.keep_owner)}  # fmt: skip
            return self._remembered(step, parts, lambda: self._copy_now(sources, target, looks))
        except (CannotCopy, CannotWrite, UnknownOwner) as error:
            raise step.at.error(str(error)) from None
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            raise step.at.error(f"{where}{error.strerror}") from error

    def _copy_now(self, sources: Sequence[Source], target: str, looks: Looks) -> Layer:
        folder, below = self.bench.folder(), self.trees()
        upper = Upper(new_upper(folder, below), below)
        copy(sources, target, upper, looks)
        return self._pack(folder, upper.path, upper.owners)

    def _origin(self, step: i.Copy) -> Origin:
        """The tree of another stage, or of an image."""
        index = stage_of(step, self.bench.stages, self.stage.index)
        if index is not None:
            return Origin(Merged(self.bench.works[index].trees()))
        try:
            return Origin(Merged(self.bench.store.resolve(step.source_stage).layers))
        except (NoSuchImage, UsageError) as error:
            raise CannotCopy(f"--from={step.source_stage}: no such stage, and {error}") from None

    def _pack(
        self, folder: Path, upper: Path, owners: Mapping[bytes, tuple[int, int]] | None = None
    ) -> Layer:
        return pack(upper, folder / "layer", owners=owners, latest=configs.source_date_epoch())


def told_of(image: Image) -> list[dict[str, Any]]:
    """The history of an image; one that does not fit its layers is replaced by a plain one."""
    history = [dict(entry) for entry in image.history]
    if sum(not entry.get("empty_layer") for entry in history) == len(image.diff_ids):
        return history
    return [{"created": image.created, "created_by": "unknown"} for _ in image.diff_ids]


def new_upper(folder: Path, below: Sequence[Path]) -> Path:
    """An empty writable layer whose root looks as the image's does: overlay shows this one."""
    upper, top = folder / "upper", os.lstat(below[-1])
    upper.mkdir()
    if os.geteuid() == 0:
        os.chown(upper, top.st_uid, top.st_gid)
    upper.chmod(stat.S_IMODE(top.st_mode))
    return upper
