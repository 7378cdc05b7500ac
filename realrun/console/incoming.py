"""What comes in: from a file, or from the standard input.

Python's own buffer, asked for a megabyte, goes back to waiting for the pipe without looking whether
a signal has come meanwhile; then SIGTERM would wait for the next data. So the input is read piece
by piece here.

Source: signal module, "Execution of Python signal handlers"; PEP 475.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from realrun.errors import UsageError
from realrun.image.streams import Readable


class Incoming:
    """A descriptor as a stream."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def read(self, count: int, /) -> bytes:
        """As many bytes as asked for; less only at the end."""
        pieces = []
        while count and (piece := os.read(self._fd, count)):
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)


@contextmanager
def incoming(file: str | None) -> Iterator[Readable]:
    """The file, or the input where there is none or it is called `-`."""
    if file is not None and file != "-":
        with open(file, "rb") as stream:
            yield stream
        return
    if sys.stdin.isatty():
        raise UsageError("nothing comes from a terminal here; name a file or redirect the input")
    yield Incoming(sys.stdin.fileno())
