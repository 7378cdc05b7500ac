"""The page cache: put files out of it, and see what of them is in it.

Sources: posix_fadvise(2), POSIX_FADV_DONTNEED: clean pages that nobody has mapped are dropped;
mincore(2): a byte for each page, of which the lowest bit counts.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from realrun.linux import libc


def evict(files: Iterable[Path]) -> None:
    """Drop what is cached of them; what was just written goes to the disk first."""
    for path in files:
        with suppress(FileNotFoundError, PermissionError):
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                os.fsync(fd)
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(fd)


def cached_ratio(files: Iterable[Path]) -> float:
    """Which part of their pages is in memory; 0 without any page, 1 for what may not be read."""
    cached = whole = 0
    for path in files:
        try:
            here, count = pages(path)
        except FileNotFoundError:
            continue
        except PermissionError:
            return 1.0
        cached, whole = cached + here, whole + count
    return cached / whole if whole else 0.0


def pages(path: Path) -> tuple[int, int]:
    """How many pages of a file are in memory, and how many it has."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            return 0, 0
        with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY) as view:
            count = -(-size // mmap.PAGESIZE)
            told = (ctypes.c_ubyte * count)()
            start = (ctypes.c_char * size).from_buffer(view)
            address = ctypes.c_void_p(ctypes.addressof(start))
            libc.call("mincore", address, ctypes.c_size_t(size), told, on=path)
            del start  # or the view could not be closed
            return sum(byte & 1 for byte in told), count
