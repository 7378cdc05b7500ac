"""zstd, which Python has from 3.14 on: until then by the program of that name.

Source: zstd(1); RFC 8878. The program refuses windows above 128 MiB by itself.
"""

from __future__ import annotations

import shutil
import subprocess
import weakref
from typing import IO

from realrun.errors import Missing
from realrun.files.threads import begun
from realrun.image.streams import COMPRESSED_PIECE, Readable


class Unzstd:
    """The stream, decompressed; raises Missing without the program, EOFError for a bad stream."""

    def __init__(self, stream: Readable) -> None:
        program = shutil.which("zstd")
        if program is None:
            raise Missing(
                "the archive is compressed with zstd, and the program zstd is not here;"
                " on Debian: apt install zstd"
            )
        self._process = subprocess.Popen(
            [program, "-dcq"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        weakref.finalize(self, end, self._process)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._out, self._failures = self._process.stdout, list[BaseException]()
        self._thread = begun("zstd", feed, stream, self._process.stdin, self._failures)

    def read(self, count: int, /) -> bytes:
        piece = self._out.read(count)
        if not piece:
            code = self._process.wait()
            self._thread.join()
            if self._failures:
                raise self._failures[0]
            if code:
                raise EOFError(f"zstd says so (exit code {code})")
        return piece


def feed(stream: Readable, into: IO[bytes], failures: list[BaseException]) -> None:
    """Everything into the program; if it has ended, its exit code tells why."""
    try:
        with into:
            while piece := stream.read(COMPRESSED_PIECE):
                into.write(piece)
    except BrokenPipeError:
        return
    except BaseException as error:
        failures.append(error)


def end(process: subprocess.Popen[bytes]) -> None:
    """The program goes when nobody reads any more."""
    if process.poll() is None:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
