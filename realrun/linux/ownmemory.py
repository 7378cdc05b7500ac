"""Memory that a child is not given: it would cost both, and the child has no use for it.

After a clone both have the same pages, and who writes to one first copies it. Python writes to each
object that it touches: a spawner that went on used to copy some 500 pages after each start. A child
that makes system calls alone (`realrun.linux.play`) needs none of them.

Source: madvise(2), MADV_DONTFORK; proc(5), `/proc/PID/maps`.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator

from realrun.linux import libc

DONTFORK, DOFORK = 10, 11  # asm-generic/mman-common.h
LEAST = 1 << 18  # bytes of a mapping that counts; Python has larger ones, the C library has not
Range = tuple[int, int]  # of addresses, the end not in it
OWN: list[Range] = []


def withhold(thread: int, given: Range) -> None:
    """Keep what is Python's to this process, which has one thread.

    Not what is `given` to every child, and not the mapping where that thread has its own (`thread`
    is an address in it).

    Whoever forks by Python gives it back for that time.
    """
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        found = [line.split() for line in file]
    for places, rights, *_, name in found:
        start, end = (int(place, 16) for place in places.split("-"))
        large = end - start >= LEAST and name != "[stack]"
        if rights == "rw-p" and large and not start <= thread < end:
            OWN.extend(without((start, end), given))
    again()
    os.register_at_fork(before=lend, after_in_parent=again)


def without(whole: Range, part: Range) -> Iterator[Range]:
    """What is left of a range.

    >>> list(without((10, 20), (12, 15))), list(without((10, 20), (30, 40)))
    ([(10, 12), (15, 20)], [(10, 20)])
    """
    for start, end in (
        (
            (whole[0], min(whole[1], part[0])),
            (max(whole[0], part[1]), whole[1]),
        )
        if part[0] < whole[1] and whole[0] < part[1]
        else (whole,)
    ):
        if start < end:
            yield start, end


def lend() -> None:
    """The next child is given all of it."""
    advise(DOFORK)


def again() -> None:
    """No child is given it from here on."""
    advise(DONTFORK)


def advise(what: int) -> None:
    """madvise(2) for all of it."""
    for start, end in OWN:
        length = ctypes.c_size_t(end - start)
        libc.call("madvise", ctypes.c_void_p(start), length, what, on="own memory")
