"""What a container said, as Kubernetes' container runtimes write it: a line is

    2026-01-31T12:00:00.123456789Z stdout F the text

with P (partial) in place of F (full) where the text goes on in the next line of the same stream.
Text is kept byte by byte. A full file is rotated: `log` becomes `log.1`, that `log.2`, and so on;
the oldest one goes. What cannot be written, on a full disk, is lost and counted; the program goes
on, and the log says so as soon as there is room. Light on purpose: the napping watcher loads this.

Source: Kubernetes, "CRI container log format" (`pkg/kubelet/kuberuntime/logs`); Docker's
documentation, "Local file logging driver".
"""

from __future__ import annotations

import os
import time

LONGEST = 16384  # of one line, as Kubernetes' runtimes and Docker cut them
FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class Log:
    """The log at `path`, open: at most `max_files` files of at most `max_bytes` (0: no limit)."""

    def __init__(self, path: str, max_bytes: int, max_files: int) -> None:
        self.path, self.max_bytes, self.max_files = path, max_bytes, max_files
        self.fd = os.open(path, FLAGS, 0o640)
        self.size = os.fstat(self.fd).st_size
        self.lost, self.why = 0, ""
        if self.size and os.pread(self.fd, 1, self.size - 1) != b"\n":
            self.put(b"\n")  # its last watcher was killed while it wrote

    def write(self, stream: str, data: bytes) -> None:
        """Note what came on `stream` (`stdout` or `stderr`), now."""
        waiting: list[bytes] = []
        left, stuck = self.room(), False
        for line in entries(stream, data):
            if len(line) > left and not stuck:
                self.put(b"".join(waiting))
                waiting = []
                stuck = not self.rotate()
                left = self.room()
            if stuck:
                self.lost += 1
                continue
            waiting.append(line)
            left -= len(line)
        self.put(b"".join(waiting))

    def room(self) -> float:
        """What still goes into the file."""
        return self.max_bytes - self.size if self.max_bytes else float("inf")

    def put(self, data: bytes) -> None:
        """Write these lines, whole or not at all."""
        if self.lost:
            text = f"realrun: {self.loss()}\n".encode()
            data = b"".join(entries("stderr", text)) + data
        try:
            done = 0
            while done < len(data):
                done += os.write(self.fd, data[done:])
            self.size += done
            self.lost = 0
        except OSError as error:
            os.ftruncate(self.fd, self.size)
            self.lost += data.count(b"\n") - bool(self.lost)
            self.why = os.strerror(error.errno or 0)

    def loss(self) -> str:
        """What could not be noted, in words; nothing if everything was."""
        return f"{self.lost} lines of output were lost: {self.why}" if self.lost else ""

    def rotate(self) -> bool:
        """Begin a new file; on a full disk everything stays as it is, and it is False."""
        if not self.size:
            return True
        try:
            fd = os.open(f"{self.path}.new", FLAGS | os.O_TRUNC, 0o640)
        except OSError as error:
            self.why = os.strerror(error.errno or 0)
            return False
        older = [self.path, *(f"{self.path}.{number}" for number in range(1, self.max_files))]
        for number in range(self.max_files - 1, 0, -1):
            if os.path.exists(older[number - 1]):
                os.rename(older[number - 1], older[number])
        os.rename(f"{self.path}.new", self.path)
        os.close(self.fd)
        self.fd, self.size = fd, 0
        return True

    def close(self) -> None:
        """Let go of the file, after a last try to tell what was lost."""
        self.put(b"")
        os.close(self.fd)


def entries(stream: str, data: bytes) -> list[bytes]:
    """The lines of the file that make up `data`."""
    head, found = f"{now()} {stream} ".encode(), []
    for line in split(data):
        for start in range(0, len(line), LONGEST):
            piece = line[start : start + LONGEST]
            full = piece.endswith(b"\n")
            found.append(head + (b"F " + piece if full else b"P " + piece + b"\n"))
    return found


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
