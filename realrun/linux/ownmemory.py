"""Memory that a child is not given: it would cost both, and the child has no use for it.

After a clone both have the same pages, and who writes to one first copies it. Python writes to each
object that it touches: a spawner that went on used to copy some 500 pages after each start. A child
that makes system calls alone (`realrun.linux.play`) needs none of them.

Source: madvise(2), MADV_DONTFORK; proc(5), `/proc/PID/maps`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator

from realrun.linux.calls import Call, carry_out

DONTFORK, DOFORK = 10, 11  # asm-generic/mman-common.h
NOT_FOR_ALL = (errno.EINVAL, errno.ENOMEM)  # a mapping that is special, or gone
KERNELS = ("[vvar", "[vdso", "[vsyscall", "[stack")  # names of mappings that are not ours to give
LOADER = "ld-"  # it knows where the kernel's own functions are (vdso(7))
EMPTY = 1 << 16  # bytes; what is larger is not a library's
Range = tuple[int, int]  # of addresses, the end not in it
OWN: list[Range] = []


def withhold(code: Collection[int], thread: int, given: Range) -> None:
    """Keep to this process, which has one thread, what no child needs.

    A child needs the files that the addresses in `code` belong to, with the empty memory behind
    each of them, the mapping with `thread`, an address of what is the thread's own, and what is
    `given`. Whoever forks by Python gives back the rest for that time.
    """
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        found = [mapping(line) for line in file]
    files = {name for (start, end), name in found if any(start <= at < end for at in code)}
    behind = 0  # the end of a needed file
    for (start, end), name in found:
        code_or_data = name in files or os.path.basename(name).startswith(LOADER)
        empty = not name and start == behind and end - start <= EMPTY
        if code_or_data or empty or name.startswith(KERNELS) or start <= thread < end:
            behind = end if code_or_data else 0
        else:
            for one in without((start, end), given):
                keep(one)
    again()
    os.register_at_fork(before=lend, after_in_parent=again)


def keep(one: Range) -> None:
    """One more, as part of the one before where they touch: madvise(2) takes several at once."""
    if OWN and OWN[-1][1] == one[0]:
        one = OWN.pop()[0], one[1]
    OWN.append(one)


def mapping(line: str) -> tuple[Range, str]:
    """A mapping's addresses and the name of its file.

    >>> mapping("1000-3000 r-xp 00000000 fe:00 260811    /usr/bin/a program\\n")
    ((4096, 12288), '/usr/bin/a program')
    """
    words = line.rstrip("\n").split(maxsplit=5)
    start, end = (int(place, 16) for place in words[0].split("-"))
    return (start, end), words[5] if len(words) > 5 else ""


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


def give_back() -> None:
    """From here on every child is given all of it."""
    lend()
    OWN.clear()


def advise(what: int) -> None:
    """madvise(2) for all of it."""
    for start, end in OWN:
        carry_out([Call("madvise", (start, end - start, what), "own memory", NOT_FOR_ALL)])
