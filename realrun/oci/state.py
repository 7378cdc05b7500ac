"""What is known of a container between two commands: a folder below the root, `ROOT/ID`.

    ROOT/ID/state.json   written whole, with a version; what config.json said, as it was at create
    ROOT/ID/go           the pipe that its process waits at: `go.new` until it is created, gone
                         once it is started
    ROOT/ID/told         the pipe through which `start` hears how that went
    ROOT/ID/lock         held by the operation that is under way

Whether its process lives is asked of the kernel: its number and the moment of its start.

Source: OCI runtime-spec, `runtime.md`, "State".
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from realrun.errors import NoSuchContainer, RealRunError, UsageError
from realrun.files.output import whole_file
from realrun.oci.bundle import VERSION
from realrun.oci.groups import Groups, is_frozen

FORMAT = 1  # of state.json: another one is another engine's
CREATING, CREATED, RUNNING, PAUSED, STOPPED = "creating created running paused stopped".split()
NAME = re.compile(r"[A-Za-z0-9_+.-]{1,1024}")


@dataclass
class Container:
    """One container. `pid` is 0 until it has a process."""

    id: str
    bundle: str
    rootfs: str
    created: str
    config: dict[str, Any]
    pid: int = 0
    started_ticks: int = 0  # when its process was born, after boot (proc(5), starttime)
    steps: list[str] = field(default_factory=list)  # of its plan, by name
    groups: Groups | None = None
    format: int = FORMAT
    folder: Path = field(default_factory=Path)

    @property
    def status(self) -> str:
        """Its state by the specification; `paused` is one more, as in runc."""
        if not self.pid:
            return CREATING
        if born(self.pid) != self.started_ticks:
            return STOPPED
        if (self.folder / "go").exists():
            return CREATED
        if (self.folder / "go.new").exists():
            return CREATING
        return PAUSED if self.groups and is_frozen(self.groups) else RUNNING

    def document(self, status: str | None = None) -> dict[str, Any]:
        """The state as the specification prints it and hooks read it."""
        status = status or self.status
        told: dict[str, Any] = {"ociVersion": VERSION, "id": self.id, "status": status}
        told["pid"] = 0 if status == STOPPED else self.pid
        told["bundle"] = self.bundle
        if annotations := self.config.get("annotations"):
            told["annotations"] = annotations
        return told

    def save(self) -> None:
        """Write it whole."""
        told = asdict(self) | {"groups": self.groups and self.groups._asdict()}
        del told["folder"]
        with whole_file(self.folder / "state.json") as out:
            out.write(json.dumps(told).encode())

    def forget(self) -> None:
        """The folder goes, what is known last; the id may be used again."""
        for path in sorted(self.folder.iterdir(), key=lambda one: one.name == "state.json"):
            path.unlink()
        self.folder.rmdir()


def born(pid: int) -> int | None:
    """When process `pid` was born, in ticks after boot; None if it has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def checked(name: str) -> str:
    """An id that can be a folder's name. Raises UsageError."""
    if not NAME.fullmatch(name) or name in (".", ".."):
        raise UsageError(f"a container's id has letters, digits and _+-. only; got {name!r}")
    return name


def claim(root: Path, name: str) -> Path:
    """A new container's folder. Raises UsageError if the id is in use."""
    root.mkdir(mode=0o711, parents=True, exist_ok=True)
    folder = root / checked(name)
    try:
        folder.mkdir(mode=0o711)
    except FileExistsError:
        raise UsageError(f"a container with the id {name!r} exists already") from None
    (folder / "lock").touch(mode=0o600)
    return folder


def find(root: Path, name: str) -> Container:
    """A container by its id. Raises NoSuchContainer, and RealRunError for a foreign format."""
    folder = root / checked(name)
    try:
        told = json.loads((folder / "state.json").read_bytes())
    except FileNotFoundError:
        raise NoSuchContainer(f"container {name!r} does not exist") from None
    except (ValueError, RecursionError):
        told = None
    written = told.get("format") if isinstance(told, dict) else "that is no JSON object"
    if written != FORMAT:
        raise RealRunError(
            f"{folder}/state.json has format {written!r}, this engine reads {FORMAT}: "
            "use the version that wrote it"
        )
    groups = told.pop("groups")
    if groups:
        groups = Groups(groups["version"], groups["folders"], tuple(groups["made"]))
    return Container(**told, groups=groups, folder=folder)


def names(root: Path) -> list[str]:
    """The ids of all containers."""
    if not root.is_dir():
        return []
    return sorted(one.name for one in root.iterdir() if (one / "state.json").is_file())


@contextmanager
def held(root: Path, name: str) -> Iterator[Container]:
    """The container, while no other operation is under way."""
    folder = root / checked(name)
    try:
        fd = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NoSuchContainer(f"container {name!r} does not exist") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield find(root, name)
    finally:
        os.close(fd)
