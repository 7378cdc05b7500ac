"""What all stages of one build share, and the call that carries out RUN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from realrun.build.cache import Cache
from realrun.build.evaluate import State
from realrun.build.progress import Listener
from realrun.build.selecting import Origin
from realrun.build.stages import Stage
from realrun.image import Layer, Store


class RunStep(Protocol):
    """Carries out RUN: `argv` in a container whose root is `upper` over `layers` (base first).

    `network` is none (loopback alone), host or default, which is for the runner to choose.
    Returns the exit status; what the command writes goes to `on_output` as it comes.
    """

    def __call__(
        self,
        *,
        layers: Sequence[Path],
        upper: Path,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        user: str,
        network: str,
        on_output: Callable[[bytes], None],
    ) -> int: ...


class Result(Protocol):
    """A finished stage, as a later one sees it."""

    state: State
    layers: list[Layer]
    history: list[dict[str, Any]]
    created: str

    def trees(self) -> list[Path]: ...


@dataclass(slots=True, kw_only=True)
class Bench:
    """What all stages of a build share."""

    store: Store
    cache: Cache
    scratch: Path
    context: Origin
    stages: Sequence[Stage]
    run_step: RunStep
    progress: Listener
    steps: int
    given: Mapping[str, str]
    before_from: Mapping[str, str]
    escape: str
    works: dict[int, Result] = field(default_factory=dict)
    step: int = 0
    serial: int = 0

    def folder(self) -> Path:
        """A new folder for one step."""
        self.serial += 1
        made = self.scratch / f"step-{self.serial}"
        made.mkdir()
        return made
