"""Long runs of zeros become holes: they take no room on the disk and read the same.

A layer of a sparse file is as long as the file, since archives of layers have no word for holes;
on the disk neither it nor the unpacked file need be.

Source: lseek(2), SEEK_DATA and SEEK_HOLE; OCI image-spec, layer.md, "File Types".
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import BinaryIO

CHUNK = 1 << 20
GRAIN = 1 << 16  # a shorter run is written: a hole saves less than the call costs
ZEROS = bytes(CHUNK)


def is_zeros(piece: bytes) -> bool:
    """Nothing but zeros, and enough of them; mostly the first byte tells."""
    return len(piece) >= GRAIN and piece[0] == 0 and piece == ZEROS[: len(piece)]


def put(out: BinaryIO, piece: bytes) -> None:
    """Write at most CHUNK bytes or skip them; a file that ends so needs its length set."""
    if is_zeros(piece):
        out.seek(len(piece), os.SEEK_CUR)
    else:
        out.write(piece)


def put_at(fd: int, piece: bytes, offset: int) -> None:
    """Write the parts of the piece that are not zeros."""
    begin = 0
    for at in range(0, len(piece), GRAIN):
        if piece[at] == 0 and is_zeros(piece[at : at + GRAIN]):
            write_at(fd, piece[begin:at], offset + begin)
            begin = at + GRAIN
    write_at(fd, piece[begin:] if begin else piece, offset + begin)


def write_at(fd: int, piece: bytes, offset: int) -> None:
    view = memoryview(piece)
    while view:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done


def pieces(fd: int, size: int) -> Iterator[bytes]:
    """The first `size` bytes of a file; holes are told, not read. Less if the file is shorter."""
    at = 0
    while at < size and (data := place(fd, at, os.SEEK_DATA, size)) is not None:
        for begin in range(at, data, CHUNK):
            yield ZEROS[: data - begin]
        at = data
        hole = place(fd, at, os.SEEK_HOLE, size) or 0
        while at < hole:
            piece = os.pread(fd, min(hole - at, CHUNK), at)
            if not piece:
                return
            yield piece
            at += len(piece)


def place(fd: int, at: int, what: int, end: int) -> int | None:
    """Where the next data, or hole, begins, at most `end`; None if the file does not go so far."""
    try:
        return min(os.lseek(fd, at, what), end)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return end if os.fstat(fd).st_size >= end else None
