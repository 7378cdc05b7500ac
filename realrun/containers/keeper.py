"""The watcher of a container in the background: one small process of its own, and no daemon.

    realrun run -d  ->  keeper: starts the container, tells how that went
                        nap:    notes output, waits for the end, holds next to no memory
                        keeper: notes the end, cleans up

If it is killed, the kernel kills the container with it (PR_SET_PDEATHSIG), and the next command
that looks finds that nobody watches.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import realrun
from realrun import engine, paths
from realrun.containers import watching
from realrun.containers.logs import Log
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.containers.watching import Ending
from realrun.errors import RealRunError, in_words
from realrun.linux import processes
from realrun.linux.ownbinary import out_of_reach
from realrun.runtime.run import Run, drive
from realrun.runtime.spawner import Launched
from realrun.runtime.watch import Watch

HOME = str(Path(realrun.__file__).parents[1])
CODE = f"import sys; sys.path.insert(0, {HOME!r}); from realrun.containers.{{0}} import main; {{1}}"
PYTHON = [sys.executable, "-I", "-S", "-c"]
FOR_THE_END = ("id", "folder", "cgroup", "pid_namespace", "exec")  # of a request


class StartFailed(RealRunError):
    """The keeper could not start the container; `code` is the exit code Docker would give."""

    def __init__(self, why: str, code: int) -> None:
        self.code = code
        super().__init__(why)


def detach(registry: Registry, container: Container) -> None:
    """Start a container in the background; returns when it runs, raises if it cannot."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    with open(reader, "rb") as answer, out_of_reach() as (executable, fds):
        try:
            subprocess.run(  # what became of it is in the answer
                [*PYTHON, CODE.format("keeper", "main()"), container.id, str(writer)],
                executable=executable, pass_fds=[writer, *fds], cwd="/", start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=dict(os.environ, REALRUN_ROOT=str(registry.root)),
            )  # fmt: skip
        finally:
            os.close(writer)
        told = answer.read()
    said = json.loads(told or b'{"why": "its watcher was killed", "code": 125}')
    if said["why"]:
        raise StartFailed(said["why"], said["code"])


def main() -> None:
    """Entry point: the container's id, and the descriptor on which to tell how the start went."""
    if os.fork():  # whoever asked is not to be our parent
        os._exit(0)
    processes.show_name()
    container_id, tell_fd = sys.argv[1], int(sys.argv[2])
    os.set_inheritable(tell_fd, False)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    registry, asker = Registry(paths.root()), Asker(tell_fd)
    try:
        keep(registry, registry.read(container_id), asker)
    except RealRunError as error:
        asker.tell(str(error), getattr(error, "code", engine.ENGINE_FAILED))
    except OSError as error:
        asker.tell(in_words(error), engine.ENGINE_FAILED)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        asker.tell(f"{error!r} at {where.name}:{where.lineno}", engine.ENGINE_FAILED)


class Asker:
    """Whoever wants to know how the start went; is told once."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def tell(self, why: str = "", code: int = 0) -> None:
        """Nothing = it runs. One who has gone meanwhile need not know."""
        if self.fd >= 0:
            with suppress(BrokenPipeError):
                os.write(self.fd, json.dumps({"why": why, "code": code}).encode())
            os.close(self.fd)
            self.fd = -1


def keep(registry: Registry, container: Container, asker: Asker) -> None:
    """Start, tell, watch over it to its end."""
    with (
        watching.watched(registry, container) as ending,
        watching.log_of(registry, container, ending) as log,
        Watch() as starter,
    ):
        stdin, _held = os.pipe2(os.O_CLOEXEC) if container.interactive else (None, None)
        out, err = (watching.tee(log, name) for name in ("stdout", "stderr"))
        spec = watching.spec_to_start(registry, container, None)
        run = engine.begin(spec, starter, out, err, stdin)
        engine.open_door(run, registry.path(container.id))
        streams = dict(zip(run.sources, ("stdout", "stderr"), strict=False))
        drive([run], starter, until=Run.begun)
        watching.began(registry, container, run.record)
        if run.record.pid and not run.record.failure:
            asker.tell()
            if spec.isolation not in engine.GUESTS and run.id in starter.children:
                open_streams = {fd: streams[fd] for fd in run.sources}
                nap(container, starter, open_streams, log, ending.watch_fd)
        drive([run], starter)
        run.close()
        ending.take(run.record)
        ending.code = engine.exit_code(run)


def nap(
    container: Container, starter: Watch, streams: Mapping[int, str], log: Log, watch_fd: int
) -> None:
    """Become the napping watcher: same process, same children, next to no memory."""
    child = starter.children[container.id]
    request = json.dumps({name: child.request[name] for name in FOR_THE_END})
    lock_fd = child.launched.lock_fd
    for fd in (child.pidfd, watch_fd, lock_fd, *streams):
        os.set_inheritable(fd, True)
    words = [child.pidfd, log.path, log.max_bytes, log.max_files,
             *(f"{fd}={name}" for fd, name in streams.items()), "--",
             container.id, watch_fd, lock_fd, child.launched.pid, request]  # fmt: skip
    code = CODE.format("nap", "main(sys.argv[1:])")
    os.execv(sys.executable, [*PYTHON, code, *map(str, words)])


class Waking:
    """The rest of a watcher's work, after its nap."""

    def __init__(
        self, container_id: str, watch_fd: str, lock_fd: str, pid: str, request: str
    ) -> None:
        self.registry = Registry(paths.root())
        self.container = self.registry.read(container_id)
        self.ending = Ending(watch_fd=int(watch_fd), started=True)
        self.pid, self.lock_fd = int(pid), int(lock_fd)
        self.request: dict[str, Any] = json.loads(request)

    def bury(self) -> None:
        """Reap the container's first process, and remove what the instance leaves."""
        with Watch() as watch:
            watch.adopt(self.request, Launched(self.pid, -1, self.lock_fd, 0, [], []))
            told = next(event for event in watch.events() if event["event"] == "exited")
        self.ending.code, self.ending.oom = told["code"], told["oom"]

    def note_end(self, lost: str) -> None:
        """For everybody to see; what of its output was `lost`, too."""
        self.ending.error = lost
        watching.note_end(self.registry, self.container, self.ending)
