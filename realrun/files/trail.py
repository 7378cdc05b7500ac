"""Long files leave the memory as they are written or read: nobody wants them again soon.

The kernel would keep every page of an archive of any size, at the cost of finding room for it, and
write all of it at the end. Told in time it writes along, and the same few pages serve again.

Source: posix_fadvise(2), POSIX_FADV_DONTNEED: begins to write dirty pages, lets go of clean ones.
"""

from __future__ import annotations

import os
from typing import BinaryIO

STEP = 4 << 20
WINDOW = 32 << 20  # pages that are still being written when they are named first are named again


class Trail:
    """What lies behind the place where a file is being written or read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._told = file, 0

    def follow(self, position: int) -> None:
        """Call it as the place moves on; a short file is left alone."""
        if position - self._told < STEP:
            return
        self._told = position
        begin = max(0, position - WINDOW)
        os.posix_fadvise(self._file.fileno(), begin, position - begin, os.POSIX_FADV_DONTNEED)


class Passing:
    """A file that is read once, from its beginning."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._trail, self._at = file, Trail(file), 0

    def read(self, count: int, /) -> bytes:
        piece = self._file.read(count)
        self._at += len(piece)
        self._trail.follow(self._at)
        return piece
