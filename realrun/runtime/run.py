"""One instance on its way: its record, and the descriptors on which it speaks to us."""

from __future__ import annotations

import errno
import os
import select
import selectors
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from realrun.linux import processes, terminal
from realrun.runtime.plan import WATCHED, Stamp
from realrun.runtime.record import Record
from realrun.runtime.start import Starter
from realrun.runtime.watch import Event

CHUNK = 65536
WAKE_S = 0.5
Sink = Callable[[bytes], None]


def ignore(_: bytes) -> None:
    """A sink for what nobody wants to see."""


class Feed:
    """Input on its way to the program, never more than one piece ahead of it.

    What `source` says goes to `target`, which is closed at the end of the input.
    """

    most = CHUNK  # bytes of a piece

    def __init__(self, source: int, target: int) -> None:
        self.source, self.target = source, target
        self.pending, self.over = b"", False
        self.always_ready = is_always_ready(source)
        os.set_blocking(target, False)

    def waits_for(self) -> tuple[int, int] | None:
        """The descriptor to listen to, and for what; None while there is nothing to do.

        A file always has something to say: then the target's room is what we wait for.
        """
        if self.over:
            return None
        if self.pending or self.always_ready:
            return self.target, selectors.EVENT_WRITE
        return self.source, selectors.EVENT_READ

    def move(self) -> None:
        """One read or one write."""
        try:
            if self.pending:
                self.pending = self.pending[os.write(self.target, self.pending) :]
            else:
                self.take(read(self.source, self.most))
        except BlockingIOError:
            return
        except OSError as error:  # the program has hung up
            if error.errno not in (errno.EPIPE, errno.EIO):
                raise
            self.end()

    def take(self, data: bytes) -> None:
        """The next piece; nothing is the end."""
        self.pending = data
        if not data:
            self.end()

    def end(self) -> None:
        """Nothing more goes in."""
        if not self.over:
            os.close(self.target)
        self.over = True


def is_always_ready(fd: int) -> bool:
    """Is it of a kind that nobody can wait for, such as a file (epoll_ctl(2), EPERM)."""
    with select.epoll() as asked:
        try:
            asked.register(fd, select.EPOLLIN)
        except PermissionError:
            return True
    return False


@dataclass(slots=True, kw_only=True)
class Run:
    """A start and everything that follows, up to its end.

    `sources` are descriptors to listen to, each with who hears its data (empty data = its end).
    """

    record: Record
    sources: dict[int, Sink] = field(default_factory=dict)
    knocks: dict[int, Callable[[], None]] = field(default_factory=dict)  # who opens when asked
    feed: Feed | None = None
    terminal: int | None = None  # our end of the program's terminal
    deadline_s: float | None = None  # monotonic clock; None = it may run for ever

    @property
    def id(self) -> str:
        """The instance's id."""
        return self.record.plan.instance

    def begun(self) -> bool:
        """The program runs, or never will."""
        return bool(self.record.pid) or self.over()

    def over(self) -> bool:
        """It has ended and all it said has been heard."""
        return self.record.code is not None and not self.sources

    def ready(self) -> bool:
        """Its first output has been seen, and the spawner has told who it is; or it is over.

        The two come on different ways: under load the output may be the first to arrive.
        """
        return bool(self.record.output_ns and self.record.pid) or self.over()

    def reached(self, name: str, at_ns: int, cpu_ns: int | None) -> None:
        """A watched step of the plan is over."""
        names = [step.name for step in self.record.plan.steps if step.who == WATCHED]
        if name in names:
            place = len(self.record.plan.steps) - len(names) + names.index(name)
            self.record.watched.append(Stamp(place, at_ns, cpu_ns))

    def output(self, data: bytes) -> None:
        """Note the first output."""
        if data and not self.record.output_ns:
            self.record.output_ns = time.monotonic_ns()
            self.reached("first output", self.record.output_ns, self.cpu_ns())

    def cpu_ns(self) -> int | None:
        """What the instance has used so far; None before we have been told its pid."""
        pid = self.record.pid
        return processes.cpu_ns(processes.descendants(pid)) if pid else None

    def signal(self, starter: Starter, number: int) -> None:
        """Pass on a signal that is meant for the program."""
        starter.signal(self.id, number)

    def is_deaf(self, number: int) -> bool:
        """Would the program not notice a signal that should end it, as a first process may."""
        return not processes.catches(self.record.pid, number)

    def resize(self, rows: int, columns: int) -> None:
        """Our terminal has a new size, and so has the program's."""
        if self.terminal in self.sources:
            terminal.resize(self.terminal, rows, columns)

    def hear(self, event: Event) -> None:
        """What the spawner tells of this instance."""
        self.record.hear(event)

    def trouble(self) -> str:
        """Why it must be killed now, told once; empty while nothing is wrong."""
        if self.deadline_s is None or time.monotonic() <= self.deadline_s:
            return ""
        self.deadline_s = None
        return self.late()

    def late(self) -> str:
        """What to say when the deadline has passed."""
        return f"instance {self.id[:12]} did not get on within its time"

    def close(self) -> None:
        """Let go of the descriptors."""
        if self.feed:
            self.feed.end()
        for fd in list(self.sources):
            os.close(fd)
            del self.sources[fd]


R = TypeVar("R", bound=Run)


def drive(runs: Sequence[R], starter: Starter, until: Callable[[R], bool] = Run.over) -> None:
    """Listen to all of `runs` until each is as far as asked; one past its deadline is killed."""
    by_id = {run.id: run for run in runs}
    with selectors.DefaultSelector() as selector:
        selector.register(starter, selectors.EVENT_READ)
        while not all(until(run) for run in runs):
            listen(selector, runs)
            for key, happened in selector.select(timeout=patience(runs, until)):
                if key.fileobj is starter:
                    for event in starter.events(0):
                        by_id[event["id"]].hear(event)
                else:
                    attend(key.data[0], key.fd, happened)
            kill_hopeless(runs, starter, until)


@contextmanager
def seen_off(run: Run, starter: Starter) -> Iterator[None]:
    """Whatever breaks in, nothing is left of the run; and it is closed in any case."""
    try:
        yield
    except BaseException:
        stop(run, starter)
        raise
    finally:
        run.close()


def to_end(run: Run, starter: Starter) -> None:
    """Stay until the run has ended."""
    with seen_off(run, starter):
        drive([run], starter)


def stop(run: Run, starter: Starter) -> None:
    """Kill a run and wait until nothing of it is left."""
    run.deadline_s = None
    run.signal(starter, 9)
    while run.record.code is None:
        for event in starter.events():
            if event["id"] == run.id:
                run.hear(event)
    run.close()


def listen(selector: selectors.BaseSelector, runs: Sequence[Run]) -> None:
    """Make the selector know exactly what the runs wait for at present.

    Who is to hear belongs to it: a descriptor may be another one by now, under the same number.
    """
    wanted: dict[int, tuple[int, tuple[Run, object]]] = {
        fd: (selectors.EVENT_READ, (run, who))
        for run in runs
        for fd, who in (*run.sources.items(), *run.knocks.items())
    }
    for run in runs:
        if run.feed and (waits := run.feed.waits_for()):
            fd, event = waits
            before, data = wanted.get(fd, (0, (run, run.feed)))
            wanted[fd] = (before | event, data)
    known = {k.fd: (k.events, k.data) for k in selector.get_map().values() if k.data is not None}
    for fd in known:
        if known[fd] != wanted.get(fd):
            selector.unregister(fd)
    for fd, (events, data) in wanted.items():
        if known.get(fd) != (events, data):
            selector.register(fd, events, data)


def attend(run: Run, fd: int, happened: int) -> None:
    """Something can be read from, or written to, one of the run's descriptors."""
    if happened & selectors.EVENT_READ and fd in run.knocks:
        run.knocks[fd]()
    elif happened & selectors.EVENT_READ and fd in run.sources:
        hear(run, fd)
    feed = run.feed
    if feed and (waits := feed.waits_for()) and waits[0] == fd and happened & waits[1]:
        feed.move()


def hear(run: Run, fd: int) -> None:
    """Pass on what a source says; close it at its end."""
    data = read(fd)
    run.sources[fd](data)
    if not data and fd in run.sources:
        del run.sources[fd]
        os.close(fd)


def read(fd: int, most: int = CHUNK) -> bytes:
    """What a descriptor says; nothing at its end."""
    try:
        return os.read(fd, most)
    except OSError as error:  # the other side has gone; a terminal without programs says EIO
        if error.errno not in (errno.ECONNRESET, errno.EIO):
            raise
        return b""


def patience(runs: Sequence[R], until: Callable[[R], bool]) -> float:
    """How long to wait for news: until somebody is late, and never long.

    A signal that arrives just before the wait begins interrupts nothing: Python runs its handler
    only when the wait is over.
    """
    times = [run.deadline_s for run in runs if run.deadline_s is not None and not until(run)]
    return min([WAKE_S, *(max(0.0, late_s - time.monotonic()) for late_s in times)])


def kill_hopeless(runs: Sequence[R], starter: Starter, until: Callable[[R], bool]) -> None:
    """Kill the runs that are past their deadline, or that will never end by themselves."""
    for run in runs:
        if not until(run) and (why := run.trouble()):
            run.record.failure = run.record.failure or (0, 0, why)
            run.signal(starter, 9)
