"""Bad neighbours: kinds of work that take as much of one thing as they can get, until killed."""

from __future__ import annotations

import mmap
import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from . import kinds

SPINNERS = 4
MEMORY_MIB = 128
FILE_MIB = 32


def spin() -> None:
    """Work for ever."""
    with kinds.integer() as step:
        while True:
            step()


@contextmanager
def cpu() -> Iterator[kinds.Step]:
    """Four processes that compute."""
    with ExitStack() as stack:
        for _ in range(SPINNERS):
            stack.enter_context(kinds.child(spin))

        def step() -> float:
            time.sleep(0.05)
            return 1

        yield step


@contextmanager
def memory() -> Iterator[kinds.Step]:
    """Takes 128 MiB, writes to every page, gives them back, and again."""
    pages = MEMORY_MIB * kinds.MIB // kinds.PAGE
    marks = b"\1" * pages

    def step() -> float:
        with mmap.mmap(-1, pages * kinds.PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as held:
            with suppress(OSError):
                held.madvise(kinds.NO_HUGE_PAGES)
            held[:: kinds.PAGE] = marks
        return MEMORY_MIB

    yield step


@contextmanager
def disk() -> Iterator[kinds.Step]:
    """Writes 4 MiB, has it on the disk, and again, around a file of 32 MiB."""
    data, at = random.Random(1).randbytes(4 * kinds.MIB), 0
    with tempfile.TemporaryFile(dir=kinds.FOLDER) as file:

        def step() -> float:
            nonlocal at
            os.pwrite(file.fileno(), data, at)
            os.fsync(file.fileno())
            at = (at + len(data)) % (FILE_MIB * kinds.MIB)
            return 4

        yield step


KINDS: dict[str, tuple[str, kinds.Kind]] = {
    "hog cpu": ("turns", cpu),
    "hog memory": ("MiB", memory),
    "hog disk": ("MiB", disk),
}
