"""What all stages of one build share, and the call that carries out RUN."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from realrun.build.cache import Cache
from realrun.build.evaluate import State
from realrun.build.progress import Listener
from realrun.build.selecting import Origin
from realrun.build.stages import Stage
from realrun.image import Layer, Store
from realrun.image.config import timestamp
from realrun.runtime.mount import Mount


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """One RUN for a container: `argv` in a root file system of `upper` over `layers` (base first).

    `network` is none (loopback alone), host or default, which is for the runner to choose. What
    the command writes goes to `on_output` as it comes.
    """

    layers: Sequence[Path]
    upper: Path
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    user: str
    network: str
    mounts: Sequence[Mount] = ()
    on_output: Callable[[bytes], None]


class Runner(Protocol):
    """Carries out jobs in containers, several at a time."""

    def begin(self, job: Job) -> None:
        """Start it."""

    def wait(self) -> tuple[Job, int] | None:
        """A job that has ended, and its exit status; None if none did for half a second."""

    def stop(self) -> None:
        """Kill all jobs that have begun, and wait until nothing of them is left."""


T = TypeVar("T")
Question = Callable[[], bool]
Steps = Generator[Job | Question, int, T]  # see realrun.build.sidebyside


class Finished(Protocol):
    """A finished stage, as a later one sees it."""

    state: State
    layers: list[Layer]
    history: list[dict[str, Any]]
    created: str

    def trees(self) -> list[Path]: ...


@dataclass(slots=True, kw_only=True)
class Bench:
    """What all stages of a build share.

    `chosen` are the indexes of the stages that are built, `finished` the stages that are done.
    """

    store: Store
    cache: Cache
    scratch: Path
    context: Origin
    stages: Sequence[Stage]
    progress: Listener
    given: Mapping[str, str]
    before_from: Mapping[str, str]
    escape: str
    epoch: int | None  # SOURCE_DATE_EPOCH
    network: str  # for RUN without --network
    secrets: Mapping[str, bytes]
    chosen: set[int]
    is_alone: bool  # no other stage is built: its name need not be told
    finished: dict[int, Finished] = field(default_factory=dict)
    serial: int = 0

    def now(self) -> str:
        """The time for what is made now."""
        return timestamp(self.epoch)

    def folder(self) -> Path:
        """A new folder for one step."""
        self.serial += 1
        made = self.scratch / f"step-{self.serial}"
        made.mkdir()
        return made
