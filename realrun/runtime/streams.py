"""Our ends of a program's input, output and errors: three pipes, or one terminal.

The program never gets a descriptor of ours that is a terminal: whoever holds one can push keys into
it (TIOCSTI, ioctl_tty(2)), and they would be typed outside.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from realrun.linux import terminal
from realrun.runtime.record import Record
from realrun.runtime.run import Feed, Run, Sink

Ask = Callable[[list[int]], Record]


def by_pipes(ask: Ask, out: Sink, err: Sink, stdin: int | None) -> Run:
    """Start with a pipe each; without `stdin` the input is empty."""
    with closed_on_error() as ours, closed_afterwards() as theirs:
        for mine, other in (os.pipe2(os.O_CLOEXEC) for _ in range(2)):
            ours.append(mine)
            theirs.append(other)
        source, feed = program_input(stdin, ours, theirs)
        run = Run(record=ask([source, *theirs[:2]]), feed=feed)

    def hear(data: bytes) -> None:
        run.output(data)
        out(data)

    run.sources = {ours[0]: hear, ours[1]: err}
    return run


def program_input(stdin: int | None, ours: list[int], theirs: list[int]) -> tuple[int, Feed | None]:
    """The program's input: nothing, ours if it is a pipe, or a pipe that we fill from ours.

    Whoever holds a descriptor of a file or a directory of this machine can open it anew by
    /proc/self/fd: to write to it, or to go on from there.
    """
    if stdin is None:
        theirs.append(os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC))
        return theirs[-1], None
    if stat.S_ISFIFO(os.fstat(stdin).st_mode):
        return stdin, None
    reader, writer = os.pipe2(os.O_CLOEXEC)
    theirs.append(reader)
    ours.append(writer)
    return reader, Feed(stdin, writer)


def by_terminal(ask: Ask, out: Sink, stdin: int | None) -> Run:
    """Start with a terminal of the program's own; we get its other end through a socket."""
    ours, theirs = socket.socketpair()
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    with ours:
        try:
            run = Run(record=ask([null, null, null, theirs.fileno()]))
        finally:
            theirs.close()
            os.close(null)
        master = terminal.receive(ours)
    if master is None:
        return run

    def hear(data: bytes) -> None:
        run.output(data)
        out(data)

    run.sources, run.terminal = {master: hear}, master
    if stdin is not None:
        run.feed = Feed(stdin, os.dup(master))
    return run


@contextmanager
def closed_on_error() -> Iterator[list[int]]:
    """Descriptors to close if what follows fails."""
    fds: list[int] = []
    try:
        yield fds
    except BaseException:
        close(fds)
        raise


@contextmanager
def closed_afterwards() -> Iterator[list[int]]:
    """Descriptors to close in any case."""
    fds: list[int] = []
    try:
        yield fds
    finally:
        close(fds)


def close(fds: list[int]) -> None:
    """Close them all."""
    for fd in fds:
        os.close(fd)
