"""A stream without its compression, which its first bytes tell; it need not be seekable.

Source: RFC 1952 (gzip), the bzip2 and xz file formats: their magic numbers.
"""

from __future__ import annotations

import zlib
from typing import BinaryIO, Protocol

from realrun.errors import BadImage

GZIP, BZIP2, XZ, ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"
HEAD = 512  # one block of an archive, and more than any magic number


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
    """The stream, decompressed if it has to be: gzip, bzip2 or xz."""
    head, again = look(stream)
    source: BinaryIO = again  # type: ignore[assignment]  # the decompressors only call read()
    if head.startswith(GZIP):
        import gzip

        return Plain(gzip.GzipFile(fileobj=source), (OSError, EOFError, zlib.error))
    if head.startswith(BZIP2):
        import bz2

        return Plain(bz2.BZ2File(source), (OSError, EOFError, ValueError))
    if head.startswith(XZ):
        import lzma

        return Plain(lzma.LZMAFile(source), (OSError, EOFError, lzma.LZMAError))
    if head.startswith(ZSTD):
        raise BadImage("archives compressed with zstd cannot be read yet; use gzip or none")
    return again
