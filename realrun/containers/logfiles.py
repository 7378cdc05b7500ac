"""The files of a log, the oldest first, read as if they were one; also while they are rotated.

A file keeps its inode and its bytes whatever it is called by now, so what is open is read to its
end. Those that are new are looked for from the newest on: rotation moves them towards us, so none
is missed, and one that is met twice is known.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple


class Part(NamedTuple):
    """One file, and how many bytes are before it."""

    fd: int
    inode: int
    start: int


class LogFiles:
    """Open files of the log at `path`; places count from the beginning of the oldest."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.parts: list[Part] = []
        self.find_new()

    def find_new(self) -> bool:
        """Open what has been begun since; is there anything."""
        known = {part.inode for part in self.parts}
        found: list[tuple[int, int]] = []
        for name in self.names():
            try:
                fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            inode = os.fstat(fd).st_ino
            if inode in known:
                os.close(fd)
                if self.parts and inode == self.parts[-1].inode:
                    break  # what is older is not new
                continue
            known.add(inode)
            found.append((fd, inode))
        for fd, inode in reversed(found):
            self.parts.append(Part(fd, inode, self.end()))
        return bool(found)

    def names(self) -> Iterator[str]:
        """Where there may be files, the newest first."""
        yield self.path
        number = 1
        while number <= self.highest():
            yield f"{self.path}.{number}"
            number += 1

    def highest(self) -> int:
        """The number of the oldest file, 0 if none was rotated."""
        folder, name = os.path.split(self.path)
        try:
            endings = [one[len(name) + 1 :] for one in os.listdir(folder)
                       if one.startswith(f"{name}.")]  # fmt: skip
        except FileNotFoundError:
            return 0
        return max((int(one) for one in endings if one.isdecimal()), default=0)

    def end(self) -> int:
        """How many bytes there are by now."""
        if not self.parts:
            return 0
        last = self.parts[-1]
        return last.start + os.fstat(last.fd).st_size

    def read(self, count: int, place: int) -> bytes:
        """At most so many bytes from there on, of one file; nothing at the end."""
        for part in reversed(self.parts):
            if place >= part.start:
                return os.pread(part.fd, count, place - part.start)
        return b""

    def between(self, start: int, end: int) -> bytes:
        """All that is from one place to another."""
        pieces = []
        while start < end and (piece := self.read(end - start, start)):
            pieces.append(piece)
            start += len(piece)
        return b"".join(pieces)

    def forget(self, place: int) -> None:
        """Let go of the files that end before there."""
        while len(self.parts) > 1 and self.parts[1].start <= place:
            os.close(self.parts.pop(0).fd)

    def close(self) -> None:
        """Let go of all of them."""
        for part in self.parts:
            os.close(part.fd)
