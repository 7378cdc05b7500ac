"""A stream without its compression, which its first bytes tell; it need not be seekable.

Source: RFC 1952 (gzip), RFC 8878 (zstd), the bzip2 and xz file formats: their magic numbers.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol

from realrun.errors import BadImage

if TYPE_CHECKING:
    from lzma import LZMADecompressor

GZIP, BZIP2, XZ, ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"
HEAD = 512  # one block of an archive, and more than any magic number
PIECE = 1 << 20
COMPRESSED_PIECE = 1 << 18
XZ_BYTES = 256 << 20  # `xz -9` takes a quarter; zstd(1) draws its line in the same region
GZIP_WINDOW = 31  # zlib: the largest window, in a gzip wrapper


class Readable(Protocol):
    def read(self, count: int, /) -> bytes: ...


class Rewound:
    """A stream whose beginning was looked at: `head` comes again."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        self._head, self._stream = head, stream

    def read(self, count: int = -1, /) -> bytes:
        if not self._head:
            return self._stream.read(count)
        count = len(self._head) if count < 0 else count
        piece, self._head = self._head[:count], self._head[count:]
        return piece


class Gunzip:
    """gzip, member after member; the checksum of each is looked at.

    Python's own `gzip` asks for 8 KiB at a time and counts the checksum once more by itself.
    """

    def __init__(self, stream: Readable) -> None:
        self._stream, self._zip = stream, zlib.decompressobj(GZIP_WINDOW)
        self._waiting = b""  # compressed bytes that were read and not used yet

    def read(self, count: int, /) -> bytes:
        while True:
            if not self._waiting:
                self._waiting = self._stream.read(COMPRESSED_PIECE)
            if self._zip.eof and not self._next_member():
                return b""
            if not self._waiting:
                raise EOFError("it ends too early")
            piece = self._zip.decompress(self._waiting, count)
            self._waiting = self._zip.unused_data if self._zip.eof else self._zip.unconsumed_tail
            if piece:
                return piece

    def _next_member(self) -> bool:
        """Is there one more? Zeros after the last are padding."""
        while self._waiting:
            self._waiting = self._waiting.lstrip(b"\0")
            if self._waiting:
                break
            self._waiting = self._stream.read(COMPRESSED_PIECE)
        if self._waiting:
            self._zip = zlib.decompressobj(GZIP_WINDOW)
        return bool(self._waiting)


class Unxz:
    """xz, stream after stream, in little memory: Python's own file object sets no bound."""

    def __init__(self, stream: Readable) -> None:
        self._stream, self._xz = stream, self._new()

    def _new(self) -> LZMADecompressor:
        import lzma

        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_BYTES)

    def read(self, count: int, /) -> bytes:
        while True:
            waiting = b""
            if self._xz.eof:
                waiting = self._xz.unused_data.lstrip(b"\0")
                while not waiting and (more := self._stream.read(COMPRESSED_PIECE)):
                    waiting = more.lstrip(b"\0")  # zeros between and after streams are padding
                if not waiting:
                    return b""
                self._xz = self._new()
            elif self._xz.needs_input and not (waiting := self._stream.read(COMPRESSED_PIECE)):
                raise EOFError("it ends too early")
            if piece := self._xz.decompress(waiting, count):
                return piece


class Plain:
    """What comes out of a decompressor; its many errors become one."""

    def __init__(self, stream: Readable, errors: tuple[type[Exception], ...]) -> None:
        self._stream, self._errors = stream, errors

    def read(self, count: int, /) -> bytes:
        try:
            return self._stream.read(count)
        except self._errors as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise BadImage(f"the archive does not decompress: {error}") from error


def look(stream: Readable) -> tuple[bytes, Rewound]:
    """The first bytes of a stream, and the stream with them still in it."""
    head = b""
    while len(head) < HEAD and (piece := stream.read(HEAD - len(head))):
        head += piece
    return head, Rewound(head, stream)


def plain(stream: Readable) -> Readable:
    """The stream, decompressed if it has to be: gzip, bzip2, xz or zstd."""
    head, again = look(stream)
    source: BinaryIO = again  # type: ignore[assignment]  # the decompressors only call read()
    if head.startswith(GZIP):
        return Plain(Gunzip(again), (EOFError, zlib.error))
    if head.startswith(BZIP2):
        import bz2

        return Plain(bz2.BZ2File(source), (OSError, EOFError, ValueError))
    if head.startswith(XZ):
        import lzma

        return Plain(Unxz(again), (EOFError, lzma.LZMAError))
    if head.startswith(ZSTD):
        from realrun.image.zstd import Unzstd

        return Plain(Unzstd(again), (EOFError,))
    return again


@contextmanager
def ahead(source: Readable) -> Iterator[Readable]:
    """The same stream, some pieces ahead: it is read, decompressed and hashed while we write."""
    from realrun.image.ahead import Ahead

    reader = Ahead(source, PIECE)
    try:
        yield reader
    finally:
        reader.close()
