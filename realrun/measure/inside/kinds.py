"""The kinds of work: each prepares itself, and gives a step that can be taken again and again.

A step is one call into C that lasts long, wherever that can be had, so that little of the time is
the interpreter's; `nothing` says what the loop itself costs. It returns how much was done, in the
kind's unit. What they are says `data/README.md`.
"""

from __future__ import annotations

import array
import errno
import math
import mmap
import os
import random
import signal
import socket
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import repeat, starmap

PAGE = 4096
MIB = 1 << 20
NO_HUGE_PAGES = 15  # MADV_NOHUGEPAGE of madvise(2): one fault a page
PLACE = os.path.dirname(os.path.dirname(os.path.abspath(sys.executable)))  # the image's /work
PROGRAM = f"{PLACE}/bin/busybox"
LIBRARIES = f"{PLACE}/lib"
FOLDER = os.environ.get("WORK_FOLDER", "/tmp")  # on the writable layer, or the guest's disk
Step = Callable[[], float]
Kind = Callable[[], AbstractContextManager[Step]]


@contextmanager
def nothing() -> Iterator[Step]:
    """Calls of a function that does nothing: what the loop costs."""
    yield lambda: 1


@contextmanager
def integer() -> Iterator[Step]:
    """Powers of 1024-bit numbers: multiplications and additions of whole numbers."""
    modulus = (1 << 1024) - 105
    yield lambda: 1 if pow(3, modulus >> 1, modulus) else 0


@contextmanager
def floating() -> Iterator[Step]:
    """Sines of a table of numbers, by the C library."""
    values = [k / 7 for k in range(10_000)]

    def step() -> float:
        deque(map(math.sin, values), maxlen=0)
        return len(values)

    yield step


@contextmanager
def bandwidth() -> Iterator[Step]:
    """Copies of 16 MiB, more than caches hold: MiB that were copied."""
    source, target = memoryview(bytearray(16 * MIB)), memoryview(bytearray(16 * MIB))

    def step() -> float:
        target[:] = source
        return 16

    yield step


@contextmanager
def accesses() -> Iterator[Step]:
    """Reads at places of 64 MiB, each of which the read before gives: nothing runs ahead."""
    values, chance = array.array("I"), random.Random(1)
    for _ in range(64):
        values.frombytes(chance.randbytes(MIB))
    most, at = len(values) - 1, 0

    def step() -> float:
        nonlocal at
        for number in range(20_000):
            at = (values[at] + number) & most
        return 20_000

    yield step


@contextmanager
def calls() -> Iterator[Step]:
    """getppid(2): into the kernel and back."""
    yield lambda: len(deque(starmap(os.getppid, repeat((), 10_000)), maxlen=0)) or 10_000


@contextmanager
def faults() -> Iterator[Step]:
    """First writes to fresh pages of 4 KiB."""
    pages = 1024
    marks = b"\1" * pages

    def step() -> float:
        with mmap.mmap(-1, pages * PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
            with suppress(OSError):  # a kernel without huge pages needs no such advice
                memory.madvise(NO_HUGE_PAGES)
            memory[::PAGE] = marks
        return pages

    yield step


@contextmanager
def forks() -> Iterator[Step]:
    """A child that ends at once, and its parent that waits: fork(2), wait(2)."""

    def step() -> float:
        if (pid := os.fork()) == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return 1

    yield step


@contextmanager
def programs() -> Iterator[Step]:
    """A small static program from its start to its end: fork and execve(2)."""
    if not os.access(PROGRAM, os.X_OK):
        raise FileNotFoundError(errno.ENOENT, "no busybox to be started", PROGRAM)

    def step() -> float:
        os.waitpid(os.posix_spawn(PROGRAM, ["true"], {}), 0)
        return 1

    yield step


@contextmanager
def synced() -> Iterator[Step]:
    """Writes of 4 KiB, each on the disk before the next begins: fsync(2)."""
    with tempfile.TemporaryFile(dir=FOLDER) as file:
        block = random.Random(1).randbytes(PAGE)

        def step() -> float:
            os.pwrite(file.fileno(), block, 0)
            os.fsync(file.fileno())
            return 1

        yield step


@contextmanager
def reads() -> Iterator[Step]:
    """Reads of 4 KiB at random places of a file of 16 MiB that its kernel does not hold."""
    chance = random.Random(2)
    with tempfile.TemporaryFile(dir=FOLDER) as file:
        for _ in range(16):
            file.write(random.Random(1).randbytes(MIB))
        file.flush()
        os.fsync(file.fileno())
        places = range(0, 16 * MIB, PAGE)

        def step() -> float:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            for place in chance.sample(places, 64):
                os.pread(file.fileno(), PAGE, place)
            return 64

        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)  # no reading ahead
        yield step


def receive(listener: socket.socket) -> None:
    """Take whatever comes, and answer each MiB with a byte."""
    connection, _ = listener.accept()
    buffer, got = bytearray(MIB), 0
    while count := connection.recv_into(buffer):
        got += count
        if got >= MIB:
            connection.send(b"x")
            got -= MIB


@contextmanager
def network() -> Iterator[Step]:
    """MiB that a process sends to another by TCP over the loopback device."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        child(receive, listener),
        socket.create_connection(listener.getsockname()) as connection,
    ):
        data = bytes(MIB)

        def step() -> float:
            connection.sendall(data)
            connection.recv(1)
            return 1

        yield step


def echo(pipes: tuple[int, ...]) -> None:
    """Give back each byte."""
    here, _, _, back = pipes
    while data := os.read(here, 1):
        os.write(back, data)


@contextmanager
def switches() -> Iterator[Step]:
    """Changes between two processes on one processor, each woken by the other through a pipe."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    pipes = (*os.pipe(), *os.pipe())

    def step() -> float:
        for _ in range(100):
            os.write(pipes[1], b"x")
            os.read(pipes[2], 1)
        return 200

    with child(echo, pipes):
        yield step


@contextmanager
def child(work: Callable[..., None], *args: object) -> Iterator[None]:
    """Another process, ended with the block."""
    pid = os.fork()
    if pid == 0:
        try:
            work(*args)
        finally:
            os._exit(0)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


KINDS: dict[str, tuple[str, Kind]] = {
    "nothing": ("calls", nothing),
    "integer": ("powers", integer),
    "floating point": ("sines", floating),
    "memory bandwidth": ("MiB", bandwidth),
    "random access": ("reads", accesses),
    "system calls": ("calls", calls),
    "page faults": ("pages", faults),
    "fork": ("children", forks),
    "fork and exec": ("programs", programs),
    "fsync": ("writes", synced),
    "random read": ("reads", reads),
    "loopback": ("MiB", network),
    "context switches": ("switches", switches),
}
