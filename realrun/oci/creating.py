"""`create`: everything is set up and the program not yet run. Whatever fails, nothing stays.

The engine and the child go side by side: at two steps of the plan the child waits for what only
the engine can do, the id maps and limits, and the hooks of the host's side.

Source: OCI runtime-spec, `runtime.md`, "Create", "Lifecycle", "Errors".
"""

from __future__ import annotations

import os
import resource
import select
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from realrun.errors import RealRunError, UsageError
from realrun.linux import idmaps, limits
from realrun.oci import bundle, groups, hooks, idmapped, planning, state, traces
from realrun.oci.bundle import Config, get
from realrun.oci.ending import undo
from realrun.oci.process import said
from realrun.oci.state import CREATING, Container
from realrun.runtime import spawner
from realrun.runtime.plan import CHILD, Step

ON_ERROR = ("prestart", "createRuntime")


def create(root: Path, name: str, folder: Path, console: str = "", pid_file: str = "") -> Container:
    """Create a container out of a bundle. Raises RealRunError, and then leaves nothing."""
    config = bundle.load(folder)
    rootfs = bundle.root_of(config, folder)
    if "process" not in config:
        raise UsageError("config.json: process: expected what is to be run; got nothing")
    moment = datetime.now(UTC).isoformat()
    container = Container(name, os.path.realpath(folder), rootfs, moment, config)
    planning.create(container, bool(console))  # what is wrong with it shows before anything is made
    with connected(console) if console else open(os.devnull, "rb") as terminal:
        container.folder = state.claim(root, name)
        made = traces.expected(rootfs, config)
        try:
            make(container, terminal.fileno(), bool(console))
            if pid_file:
                write_pid(pid_file, container.pid)
        except BaseException as first:
            undo(container, first)
            traces.remove(rootfs, made)
            raise
    return container


def connected(path: str) -> socket.socket:
    """The console socket, on which the terminal is sent."""
    out = socket.socket(socket.AF_UNIX)
    try:
        out.connect(path)
    except OSError as error:
        out.close()
        raise UsageError(f"--console-socket {path}: {error.strerror}") from None
    return out


def write_pid(path: str, pid: int) -> None:
    """The process's number, there whole or not at all."""
    made = f"{os.path.dirname(path) or '.'}/.{os.path.basename(path)}"
    with open(made, "w", encoding="ascii") as out:
        out.write(str(pid))
    os.replace(made, path)


def make(container: Container, terminal: int, console: bool) -> None:
    """Groups, pipes, the child; returns when it waits for `start`."""
    container.save()
    for name in ("go.new", "told"):
        os.mkfifo(container.folder / name, 0o600)
    path = groups.path_of(get(container.config, "linux.cgroupsPath"), container.id)
    container.groups = groups.planned(path)
    container.save()
    container.groups = groups.create(container.groups, path)
    container.save()
    groups.limit(container.groups, get(container.config, "linux.resources") or {})
    steps = planning.create(container, console)
    container.steps = [step.name for step in steps]
    with idmapped.opened(planning.wanted_mounts(container)):
        launched, go = launch(container, steps, terminal)
    try:
        container.pid = launched.pid
        container.started_ticks = state.born(launched.pid) or 0
        container.save()
        accompany(container, steps, launched.stamps_fd, go)
    finally:
        for fd in (launched.stamps_fd, launched.lock_fd, go):
            os.close(fd)
    os.rename(container.folder / "go.new", container.folder / "go")


def launch(
    container: Container, steps: Sequence[Step], terminal: int
) -> tuple[spawner.Launched, int]:
    """Clone the child with its descriptors; also gives the pipe that lets it go on."""
    reader, go = os.pipe2(os.O_CLOEXEC)
    flags = os.O_RDWR | os.O_CLOEXEC
    pipes = [os.open(container.folder / name, flags) for name in ("go.new", "told")]
    lock = os.open(container.folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        launched = spawner.launch(request(steps), [lock, 0, 1, 2, reader, *pipes, terminal])
    except BaseException:
        os.close(go)
        raise
    finally:
        for fd in (reader, lock, *pipes):
            os.close(fd)
    return launched, go


def request(steps: Sequence[Step]) -> dict[str, Any]:
    """The plan as the spawner takes it; the clone is its first step."""
    args = steps[0].args
    return {
        "engine": [],
        "clone": 0,
        "namespaces": args["namespaces"],
        "join": args.get("join"),
        "child": [(n, s.verb, s.args) for n, s in enumerate(steps) if s.who == CHILD],
    }


def accompany(container: Container, steps: Sequence[Step], stamps_fd: int, go: int) -> None:
    """Do our part when the child has come to it, until it is ready. Raises RealRunError."""
    places = {step.name: place for place, step in enumerate(steps)}
    ours = {
        places[planning.MAPPED] - 1: set_from_outside,
        places[planning.MADE] - 1: host_hooks,
    }
    data, seen = b"", 0
    while seen <= places["ready"]:
        select.select([stamps_fd], [], [])
        more = os.read(stamps_fd, 1 << 16)
        data += more
        stamps, failure = spawner.parse_stamps(data[: whole(data)])
        if failure:
            told = read_failure(data, stamps_fd)
            raise RealRunError(said(container.steps, container.config["process"], told))
        if not more:
            raise RealRunError(f"the container's first process died at {steps[seen].name!r}")
        for stamp in stamps[seen:]:
            if act := ours.get(stamp.step):
                act(container)
                os.write(go, b"1")
        seen = len(stamps)


def whole(data: bytes) -> int:
    """How much of `data` are whole stamps; a failure goes up to the end."""
    size = spawner.STAMP.size
    for start in range(0, len(data) - size + 1, size):
        if data[start] == spawner.FAILED:
            return len(data)
    return len(data) // size * size


def read_failure(data: bytes, stamps_fd: int) -> tuple[int, int, str]:
    """A failure with all of its text: it is the last that is written."""
    while more := os.read(stamps_fd, 1 << 16):
        data += more
    failure = spawner.parse_stamps(data)[1]
    assert failure is not None
    return failure


def set_from_outside(container: Container) -> None:
    """Id maps, limits and the like, which the process itself has no right to."""
    config, pid = container.config, container.pid
    if planning.has_new(config, "user"):
        write_maps(pid, config["linux"])
    set_score(pid, config["process"])
    set_limits(pid, config["process"])


def set_score(pid: int, process: Config) -> None:
    """How soon it is killed for want of memory; untouched unless it is said."""
    if (score := process.get("oomScoreAdj")) is not None:
        with open(f"/proc/{pid}/oom_score_adj", "w", encoding="ascii") as file:
            file.write(str(score))


def set_limits(pid: int, process: Config) -> None:
    """The limits of the process (prlimit(2)), where raising takes the host's rights."""
    for one in process.get("rlimits", ()):
        name = one["type"].removeprefix("RLIMIT_").lower()
        pair = [limits.NONE if one[key] > limits.MOST else one[key] for key in ("soft", "hard")]
        try:
            resource.prlimit(pid, bundle.RLIMITS[name], (pair[0], pair[1]))
        except (ValueError, OSError) as error:
            raise UsageError(f"config.json: process.rlimits: {one}: {error}") from None


def write_maps(pid: int, linux: Config) -> None:
    """Which ids inside are which outside; without privilege `setgroups` has to be denied first."""
    if os.geteuid() != 0:
        with open(f"/proc/{pid}/setgroups", "w", encoding="ascii") as file:
            file.write("deny")
    idmaps.write(pid, *(bundle.ranges(linux.get(key)) for key in bundle.MAPS))


def host_hooks(container: Container) -> None:
    """The hooks of the host's side, when the root is complete and not yet changed to."""
    for kind in ON_ERROR:
        called = get(container.config, f"hooks.{kind}") or ()
        hooks.run_all(kind, called, container.document(CREATING))
