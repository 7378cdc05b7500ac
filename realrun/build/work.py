"""A stage in the making: its state, its layers so far, their story, and what the cache knows of it.

Source: Dockerfile reference, "FROM", "COPY --from"; OCI image-spec, config.md, "history".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realrun.build.bench import Bench
from realrun.build.cache import Hit
from realrun.build.evaluate import State, new_state
from realrun.build.instructions import Instruction
from realrun.build.progress import Event
from realrun.build.stages import Stage
from realrun.image import Layer
from realrun.image.config import chain
from realrun.image.layers import pack
from realrun.image.merged import mountable

Parts = Mapping[str, Any]


@dataclass(slots=True)
class Shown:
    """A step that is shown; whoever carries it out says whether the cache knew it."""

    cached: bool = False


@dataclass(slots=True)
class Work:
    """One stage; `step` of `steps` is shown now: those count that touch files."""

    bench: Bench
    stage: Stage
    steps: int
    step: int = 0
    layers: list[Layer] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    created: str = ""
    state: State = field(init=False)

    def __post_init__(self) -> None:
        bench = self.bench
        self.state = new_state(bench.given, bench.before_from, bench.escape)

    def trees(self) -> list[Path]:
        """The directories of the layers so far, base first; never none, for overlay's sake."""
        found = [layer.tree or self.bench.store.tree(layer.diff_id) for layer in self.layers]
        if found:
            return list(mountable(found))
        empty = self.bench.scratch / "empty"
        empty.mkdir(exist_ok=True)
        empty.chmod(0o755)
        return [empty]

    @contextmanager
    def shown(self, step: Instruction) -> Iterator[Shown]:
        """One step that is shown: its number, whether the cache knew it, how long it took."""
        self.step += 1
        begin, shown = time.monotonic(), Shown()
        self.tell("begin", step)
        yield shown
        self.tell("cached" if shown.cached else "done", step, seconds=time.monotonic() - begin)

    def tell(self, state: Any, step: Instruction, text: str = "", **more: Any) -> None:
        """One event, with the place where it happened."""
        stage = "" if self.bench.is_alone else self.stage.shown
        event = Event(state=state, step=self.step, steps=self.steps, stage=stage,
                      text=text or step.at.text, **more)  # fmt: skip
        self.bench.progress(event)

    def note(self, step: Instruction, layer: bool = False) -> None:
        """One more line of the history."""
        entry: dict[str, Any] = {
            "created": self.created or self.bench.now(),
            "created_by": step.at.text,
        }
        self.created = entry["created"]
        if not layer:
            entry["empty_layer"] = True
        self.history.append(entry)

    def whole_key(self, parts: Parts) -> Parts:
        """What every key has besides the instruction's own parts."""
        parent = chain([layer.diff_id for layer in self.layers])
        return {**parts, "parent": parent, "epoch": self.bench.epoch}

    def remembered(self, step: Instruction, parts: Parts, make: Callable[[], Layer | None]) -> bool:
        """Take the result from the cache, or make and remember it; true if the cache knew it."""
        key = self.whole_key(parts)
        hit = self.bench.cache.find(key)
        self.add(step, hit or self.learn(step, key, make))
        return hit is not None

    def learn(self, step: Instruction, key: Parts, make: Callable[[], Layer | None]) -> Hit:
        """Carry out what the cache did not know, after telling why it did not."""
        self.tell_why(step, key)
        return self.remember(step, key, make())

    def remember(self, step: Instruction, key: Parts, made: Layer | None) -> Hit:
        """For later stages, and for later builds if this one succeeds."""
        hit = Hit(made, self.bench.now())
        self.bench.cache.remember(key, hit, step.at.text)
        return hit

    def tell_why(self, step: Instruction, key: Parts) -> None:
        """What is new in a step that the cache does not know, if something like it is there."""
        if new := self.bench.cache.why_not(step.at.text, key):
            self.tell("note", step, f"{step.at.text}: not in the cache; changed: {new}")

    def add(self, step: Instruction, hit: Hit) -> None:
        """The step's result goes on top."""
        self.created = max(self.created, hit.created)
        if hit.layer is not None:
            self.layers.append(hit.layer)
        self.note(step, layer=hit.layer is not None)


def packed(work: Work, upper: Path, owners: Mapping[bytes, tuple[int, int]] | None = None) -> Layer:
    """The writable layer as one of the image, its archive beside it."""
    return pack(upper, upper.with_name("layer"), owners=owners, latest=work.bench.epoch)
