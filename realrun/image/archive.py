"""Writing an archive whose members are streams: their sizes are known only when they have passed.

The file has to be seekable: a member's header is written with a size of 0 and set right afterwards.
Equal content gives equal archives: no times, no owners.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from realrun.files import holes
from realrun.files.trail import Trail
from realrun.image.tarread import DIRECTORY, REGULAR, Entry
from realrun.image.tarwrite import END, headers, padding

MODE = 0o644


class Archive:
    """A tar file in the making."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._trail = out, Trail(out)
        self._names: set[str] = set()

    def folder(self, name: str) -> None:
        """A directory; some readers that are not root cannot make those that are left out."""
        self._out.write(headers(Entry(f"{name}/".encode(), DIRECTORY, 0o755, 0, 0, 0, 0)))

    def data(self, name: str, data: bytes) -> None:
        """A member that fits into memory."""
        self.stream(name, lambda: iter([data]))

    def stream(self, name: str, pieces: Callable[[], Iterator[bytes]]) -> None:
        """A member of any size; one that is there already is not written again.

        Above 8 GiB the header is longer: then the pieces are asked for a second time.
        """
        if name in self._names:
            return
        self._names.add(name)
        at, size = self._out.tell(), 0
        while True:
            front = header(name, size)
            self._out.seek(at)
            self._out.truncate()
            self._out.write(front)
            size = self._copy(pieces())
            if len(header(name, size)) == len(front):
                break
        self._out.write(padding(size))
        self._out.seek(at)
        self._out.write(header(name, size))
        self._out.seek(0, 2)

    def finish(self) -> None:
        """The end mark; everything has left our buffers when this returns."""
        self._out.write(END)
        self._out.flush()

    def _copy(self, pieces: Iterator[bytes]) -> int:
        begin, size = self._out.tell(), 0
        for piece in pieces:
            holes.put(self._out, piece)
            size += len(piece)
            self._trail.follow(begin + size)
        return size


def header(name: str, size: int) -> bytes:
    return headers(Entry(name.encode(), REGULAR, MODE, 0, 0, size, 0))
