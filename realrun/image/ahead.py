"""A thread that reads a stream before its bytes are asked for.

Python's decompressors and hashes let other threads run meanwhile, and so does writing; with two
processors the slower of the two sides sets the pace, not both together. Memory stays at a few
pieces.

Source: hashlib and zlib modules, on the global interpreter lock.
"""

from __future__ import annotations

from queue import Empty, Queue

from realrun.files.threads import begun
from realrun.image.streams import Readable

WAITING = 4  # pieces
END_S = 1.0


class Ahead:
    """The stream, with `read` and `close`. What goes wrong in the thread is raised by `read`."""

    def __init__(self, source: Readable, piece_bytes: int) -> None:
        self._source, self._piece_bytes, self._closed = source, piece_bytes, False
        self._pieces: Queue[bytes | BaseException] = Queue(WAITING)
        self._piece, self._at, self._end = b"", 0, False
        self._thread = begun("ahead", self._fill)

    def read(self, count: int, /) -> bytes:
        """At most `count` bytes: what is there of one piece; nothing at the end."""
        if self._at == len(self._piece) and not self._end:
            found = self._pieces.get()
            if isinstance(found, BaseException):
                self._end = True
                raise found
            self._piece, self._at, self._end = found, 0, not found
        begin, self._at = self._at, min(self._at + count, len(self._piece))
        whole = begin == 0 and self._at == len(self._piece)
        return self._piece if whole else self._piece[begin : self._at]

    def close(self) -> None:
        """The thread ends with the read that it is in; one that waits for a pipe may be longer."""
        self._closed = True
        try:
            while True:
                self._pieces.get_nowait()
        except Empty:
            self._thread.join(END_S)

    def _fill(self) -> None:
        try:
            while (piece := self._source.read(self._piece_bytes)) and not self._closed:
                self._pieces.put(piece)
            last: bytes | BaseException = b""
        except BaseException as error:
            last = error
        if not self._closed:
            self._pieces.put(last)
