"""logs: what a container said, from its files (`logs`) back to bytes.

Everything comes out as it went in: a line that has not ended yet has no end here either.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from realrun.containers.logfiles import LogFiles
from realrun.containers.record import Container
from realrun.containers.registry import Registry
from realrun.linux.inotify import Changes

CHUNK = 1 << 16
LOOK_BACK = 1 << 20  # how far before the last lines to look for the beginning of an unended one
ASK_AGAIN_S = 0.5  # a watcher that was killed writes nothing more
STREAMS = (b"stdout", b"stderr")


class Entry(NamedTuple):
    """A line of a file."""

    time: bytes
    stream: bytes
    full: bool  # the program's line ends here
    text: bytes


def entry(line: bytes) -> Entry | None:
    """None for what a watcher left that was killed while it wrote."""
    words = line.split(b" ", 3)
    if len(words) < 4 or words[1] not in STREAMS:
        return None
    return Entry(words[0], words[1], words[2] == b"F", words[3])


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What of it is wanted; times as `logs.moment` writes them, empty = no limit."""

    last: int = -1  # lines; negative = all
    since: str = ""
    until: str = ""
    times: bool = False  # in front of every line


def said(
    registry: Registry, container: Container, view: View, follow: bool = False
) -> Iterator[tuple[str, bytes]]:
    """`stdout` or `stderr`, and bytes of it; with `follow`, until the container ends."""
    folder = str(registry.path(container.id))
    with closing(LogFiles(f"{folder}/log")) as files:
        reader = Reader(files, view)
        if not (files.parts and follow):
            yield from reader.news()
            return
        with closing(Changes(folder)) as changes:
            goes_on = True
            while goes_on:
                goes_on = registry.is_watched(container)  # asked first: what comes before it ends
                yield from reader.news()
                if goes_on:
                    changes.wait(ASK_AGAIN_S)


@dataclass
class Reader:
    """A place in the files, and whether the streams stand at the beginning of a line."""

    files: LogFiles
    view: View
    rest: bytes = b""
    starts: dict[bytes, int] = field(default_factory=dict)
    fresh: dict[bytes, bool] = field(default_factory=lambda: dict.fromkeys(STREAMS, True))

    def __post_init__(self) -> None:
        self.starts = last_lines(self.files, self.view.last)
        self.place = min(self.starts.values())

    def news(self) -> Iterator[tuple[str, bytes]]:
        """All that has come since."""
        while data := self.next_piece():
            *lines, rest = (self.rest + data).split(b"\n")
            shown = list(self.shown(lines))
            self.rest = rest
            for stream, pieces in groupby(shown, key=itemgetter(0)):
                yield stream.decode(), b"".join(text for _, text in pieces)

    def next_piece(self) -> bytes:
        """What comes next, if it is there already; at the end of a file, of the next one."""
        place = self.place + len(self.rest)
        data = self.files.read(CHUNK, place)
        if not data and self.files.find_new():
            data = self.files.read(CHUNK, place)
            self.files.forget(place)
        return data

    def shown(self, lines: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """What of these lines is wanted, as the program said it."""
        since, until = self.view.since.encode(), self.view.until.encode()
        for line in lines:
            place, self.place = self.place, self.place + len(line) + 1
            one = entry(line)
            if one is None or place < self.starts[one.stream]:
                continue
            if one.time < since or (until and one.time > until):
                continue
            head = one.time + b" " if self.view.times and self.fresh[one.stream] else b""
            self.fresh[one.stream] = one.full
            yield one.stream, head + one.text + b"\n" * one.full


def last_lines(files: LogFiles, count: int) -> dict[bytes, int]:
    """Where in the files the last `count` lines begin, for each stream; read from the end.

    A line may be several entries, and those of the two streams may stand between each other.
    """
    end = files.end()
    if count < 0:
        return dict.fromkeys(STREAMS, 0)
    starts, counted, enough = dict.fromkeys(STREAMS, end), 0, 0
    over: set[bytes] = set()
    seen: set[bytes] = set()
    for place, one in backwards(files, end):
        if len(over) == len(STREAMS) or place < enough - LOOK_BACK:
            break
        if one is None or one.stream in over:
            continue
        if one.full or one.stream not in seen:  # the end of a line
            seen.add(one.stream)
            if counted == count:
                over.add(one.stream)
                enough = max(enough, place)
            else:
                counted += 1
        if one.stream not in over:
            starts[one.stream] = place
    return starts


def backwards(files: LogFiles, end: int) -> Iterator[tuple[int, Entry | None]]:
    """Whole lines of the files and where they begin, the last first."""
    rest = b""
    while end > 0:
        start = max(0, end - CHUNK)
        data = files.between(start, end) + rest
        lines = data.split(b"\n")
        first = lines[0] if start else b""
        place = start + len(data)
        for line in reversed(lines[1:] if start else lines):
            place -= len(line)
            if line:
                yield place, entry(line)
            place -= 1
        rest, end = first, start
