"""Start a container, watch over it, note its end.

The one who watches holds the container's `watch` file, writes what the program says to the log, and
at the end the state, the exit code, and with `--rm` takes the container away.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from realrun import engine
from realrun.containers import pausing, record
from realrun.containers.logs import Log, now
from realrun.containers.record import Container, State
from realrun.containers.registry import Registry, write_code
from realrun.containers.signals import clear_leftover, noted, remove_volumes
from realrun.errors import RealRunError
from realrun.linux import terminal
from realrun.runtime.record import Record
from realrun.runtime.run import Run, Sink, drive, ignore, seen_off
from realrun.runtime.spec import Spec
from realrun.runtime.start import Starter


def foreground(
    registry: Registry, container: Container, starter: Starter, out: Sink, err: Sink,
    stdin: int | None, asked: Callable[[Run], None] = lambda run: None,
) -> int:  # fmt: skip
    """Run a container to its end in this process, which passes signals on; its exit code.

    What it says goes to `out` and `err` as well as to its log. `asked` hears of the run before
    anything has happened.
    """
    with watched(registry, container) as ending, log_of(registry, container, ending) as log:
        spec = spec_to_start(registry, container, stdin)
        run = engine.begin(spec, starter, tee(log, "stdout", out), tee(log, "stderr", err), stdin)
        asked(run)
        engine.open_door(run, registry.path(container.id))
        try:
            with (
                seen_off(run, starter),
                raw_terminal(run, stdin),
                engine.passing_signals(run, starter) as heard,
            ):
                drive([run], starter, until=Run.begun)
                began(registry, container, run.record)
                drive([run], starter)
        finally:
            ending.take(run.record)
        ending.code = engine.final_code(run, heard)
        return ending.code


def spec_to_start(registry: Registry, container: Container, stdin: int | None) -> Spec:
    """What was settled, on the container's own writable layer; its terminal as large as ours."""
    spec = replace(container.spec, upper=str(registry.path(container.id) / container.writable))
    if spec.terminal and stdin is not None and os.isatty(stdin):
        spec = replace(spec, terminal=terminal.size(stdin))
    return spec


@contextmanager
def log_of(registry: Registry, container: Container, ending: Ending) -> Iterator[Log]:
    """The container's log, open to write; `ending` hears of what was lost."""
    path = str(registry.path(container.id) / "log")
    log = Log(path, container.log_max_bytes, container.log_max_files)
    try:
        yield log
    finally:
        log.close()
        ending.error = log.loss()


def tee(log: Log, stream: str, sink: Sink = ignore) -> Sink:
    """Into the log and on."""

    def hear(data: bytes) -> None:
        log.write(stream, data)
        sink(data)

    return hear


@contextmanager
def raw_terminal(run: Run, stdin: int | None) -> Iterator[None]:
    """Our terminal hands every key on and follows in size, if the program has one of its own."""
    if run.terminal is None or stdin is None or not os.isatty(stdin):
        yield
        return

    def resized(*_: object) -> None:
        run.resize(*terminal.size(stdin))

    old = signal.signal(signal.SIGWINCH, resized)
    try:
        with terminal.raw(stdin):
            yield
    finally:
        signal.signal(signal.SIGWINCH, old)


def began(registry: Registry, container: Container, told: Record) -> None:
    """Note that it runs, if it does."""
    if told.pid:
        registry.write_state(container, State(record.RUNNING, told.pid, now()))


@dataclass(slots=True, kw_only=True)
class Ending:
    """What there is to note at the end; `watch_fd` is locked until then."""

    watch_fd: int
    started: bool = False
    code: int = 0
    oom: bool = False
    error: str = ""

    def take(self, told: Record) -> None:
        """From the runtime's record."""
        self.started = bool(told.pid) and told.failure is None
        self.code, self.oom = told.code or 0, told.oom


@contextmanager
def watched(registry: Registry, container: Container) -> Iterator[Ending]:
    """Be the container's watcher; at the end note how it ended, whatever happened."""
    with registry.watching(container) as watch_fd:
        clear_leftover(registry, container)
        (registry.path(container.id) / pausing.MARK).unlink(missing_ok=True)
        write_code(watch_fd, None)
        ending = Ending(watch_fd=watch_fd)
        try:
            yield ending
        except RealRunError as error:
            ending.code, ending.error = getattr(error, "code", engine.ENGINE_FAILED), str(error)
            raise
        finally:
            note_end(registry, container, ending)


def note_end(registry: Registry, container: Container, ending: Ending) -> None:
    """For those who ask later and those who wait now; with `--rm` it goes away.

    One that could not be started is as it was, but for the error.
    """
    before = registry.state(container)
    if number := noted(registry, container):
        ending.code, ending.error, ending.started = 128 + number, "", True
    ran = ending.started or bool(before.started)
    state = State(
        status=record.EXITED if ran else record.CREATED,
        started=before.started,
        finished=now() if ran else "",
        exit_code=ending.code,
        oom_killed=ending.oom,
        error=ending.error,
    )
    write_code(ending.watch_fd, ending.code)
    with suppress(OSError):  # a full disk; whoever asks makes do with the code
        registry.write_state(container, state)
    if container.auto_remove:
        registry.remove(container)
        remove_volumes(registry, container)
