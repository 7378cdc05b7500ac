"""What a container said, as Kubernetes' container runtimes write it: a line is

    2026-01-31T12:00:00.123456789Z stdout F the text

with P (partial) in place of F (full) where the text goes on in the next line of the same stream.
Text is kept byte by byte. Light on purpose: the napping watcher imports this.

Source: Kubernetes, "CRI container log format" (`pkg/kubelet/kuberuntime/logs`).
"""

from __future__ import annotations

import os
import time

LONGEST = 16384  # of one line, as Kubernetes' runtimes and Docker cut them


def opened(path: str) -> int:
    """The file of a log, to write to the end of it."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


class Log:
    """An open log."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def write(self, stream: str, data: bytes) -> None:
        """Note what came on `stream` (`stdout` or `stderr`), now."""
        if not data:
            return
        head = f"{now()} {stream} ".encode()
        lines = []
        for line in split(data):
            for start in range(0, len(line), LONGEST):
                piece = line[start : start + LONGEST]
                full = piece.endswith(b"\n")
                lines.append(head + (b"F " + piece if full else b"P " + piece + b"\n"))
        os.write(self.fd, b"".join(lines))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.fd)


def split(data: bytes) -> list[bytes]:
    """Lines that end with a line feed, and with nothing else."""
    *lines, rest = data.split(b"\n")
    return [line + b"\n" for line in lines] + ([rest] if rest else [])


def now() -> str:
    """The time of day, UTC, RFC 3339 with nanoseconds."""
    return moment(time.time_ns())


def moment(nanoseconds: int) -> str:
    """A time since 1970, the same way.

    >>> moment(1)
    '1970-01-01T00:00:00.000000001Z'
    """
    seconds, ns = divmod(nanoseconds, 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{ns:09}Z"
