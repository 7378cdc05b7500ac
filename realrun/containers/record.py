"""What is known of a container: settled once at `create`, and what happened since.

Both are JSON files, written whole or not at all. The names inside `config` are those of the OCI
image specification (`config.md`) with Docker's additions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from realrun.engine import GUESTS, LOG_MAX_BYTES, LOG_MAX_FILES
from realrun.errors import RealRunError
from realrun.runtime import spec as specs
from realrun.runtime.spec import Spec

VERSION = 1
CREATED, RUNNING, EXITED, PAUSED = "created", "running", "exited", "paused"
DEFAULT_STOP_SIGNAL, DEFAULT_STOP_S = "SIGTERM", 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What was settled when it was created; it never changes."""

    name: str
    created: str  # RFC 3339, UTC
    image: str  # as it was asked for
    image_id: str
    image_digest: str
    spec: Spec
    config: Mapping[str, Any] = field(default_factory=dict)  # the image's, wishes on top
    interactive: bool = False  # its input stays open
    auto_remove: bool = False
    attached: bool = True  # it was made for the foreground
    host_words: Mapping[str, Any] = field(default_factory=dict)  # of HostConfig, as written
    stop_timeout_s: int = DEFAULT_STOP_S
    log_max_bytes: int = LOG_MAX_BYTES  # of each file; 0 = no limit
    log_max_files: int = LOG_MAX_FILES
    volumes: tuple[str, ...] = ()  # those without a name, which go with the container

    @property
    def id(self) -> str:
        """64 hexadecimal digits."""
        return self.spec.id

    @property
    def writable(self) -> str:
        """Where in its folder what it writes is kept."""
        return "disk" if self.spec.isolation in GUESTS else "upper"

    @property
    def labels(self) -> Mapping[str, str]:
        """The image's and its own."""
        return self.config.get("Labels") or {}

    @property
    def stop_signal(self) -> str:
        """What asks it to end."""
        return self.config.get("StopSignal") or DEFAULT_STOP_SIGNAL


class State(NamedTuple):
    """What happened to it; times are RFC 3339, empty = not yet."""

    status: str = CREATED
    pid: int = 0
    started: str = ""
    finished: str = ""
    exit_code: int = 0
    oom_killed: bool = False
    error: str = ""
    paused: bool = False  # only of one that runs

    @property
    def shown(self) -> str:
        """The status in Docker's words."""
        return PAUSED if self.paused else self.status


def document(container: Container) -> dict[str, Any]:
    """As it is written to `config.json`."""
    shallow = {name: getattr(container, name) for name in container.__dataclass_fields__}
    return shallow | {"version": VERSION, "spec": specs.document(container.spec)}


def from_document(doc: Mapping[str, Any]) -> Container:
    """A container from its `config.json`; raises what `understood` turns into one line."""
    if doc["version"] != VERSION:
        raise ValueError(f"format {doc['version']}, this one knows {VERSION}")
    fields = {name: doc[name] for name in Container.__dataclass_fields__ if name in doc}
    fields |= {"spec": specs.from_document(doc["spec"]), "volumes": tuple(doc["volumes"])}
    return Container(**fields)


def state_from(told: Mapping[str, Any]) -> State:
    """A state from its `state.json`; raises what `understood` turns into one line."""
    state = State(**told)
    for name, normal in State._field_defaults.items():
        if type(getattr(state, name)) is not type(normal):
            raise TypeError(f"{name} is {getattr(state, name)!r:.40}")
    return state


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """Whatever cannot be read of this file was written by another version of this program."""
    try:
        yield
    except (
        ValueError, KeyError, TypeError, AttributeError, RecursionError, RealRunError,
    ) as error:  # fmt: skip
        why = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise RealRunError(
            f"{path} is of another version of realrun ({why}); use that one, or remove the"
            " container with its folder"
        ) from None
