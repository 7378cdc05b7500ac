"""What was measured, trial by trial, on its way to the tables: never lost and never doubled.

A line of JSON is added when a trial is over. Whoever is killed loses the trial that he was at; half
a line is cut off when the journal is next opened, and who opens it goes on behind the last whole
one. Only one process at a time may write (flock(2)).
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from realrun.errors import RealRunError, UsageError
from realrun.linux import processes
from realrun.measure.rows import NAMES, TABLES, Row, TrialRow

NAME = "bench.journal"
SYNC_S = 30.0  # waiting for the disk disturbs the trials to come
Key = tuple[str, int, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One trial: what it gave, and how it went."""

    row: TrialRow
    rows: Sequence[Row] = ()
    took_s: float = 0.0  # with everything around it

    @property
    def key(self) -> Key:
        """No two trials have the same."""
        return self.row.experiment, self.row.block, self.row.arm, self.row.run


def written(trial: Trial) -> dict[str, Any]:
    """As JSON holds it."""
    rows = [[NAMES[type(row)], asdict(row)] for row in (trial.row, *trial.rows)]
    return {"took_s": trial.took_s, "rows": rows}


def read(told: Mapping[str, Any]) -> Trial:
    """What `written` wrote."""
    first, *rows = (TABLES[name](**values) for name, values in told["rows"])
    assert isinstance(first, TrialRow)
    return Trial(row=first, rows=rows, took_s=told["took_s"])


@dataclass
class Journal:
    """All trials so far. Without a file they are only kept in mind."""

    head: dict[str, Any]
    fd: int = -1
    trials: list[Trial] = field(default_factory=list)
    keys: set[Key] = field(default_factory=set)  # what need not be done again
    synced_s: float = 0.0

    def add(self, trial: Trial) -> None:
        """One more trial; whole once this returns."""
        with processes.signals_held():
            if self.fd >= 0:
                append(self.fd, written(trial))
            self.know(trial)
        if time.monotonic() > self.synced_s + SYNC_S:
            self.sync()

    def know(self, trial: Trial) -> None:
        """It has been done. Raises ValueError if it had been before."""
        if trial.key in self.keys:
            raise ValueError(f"trial {trial.key} has been noted before")
        self.keys.add(trial.key)
        self.trials.append(trial)

    def of(self, experiment: str) -> list[Trial]:
        """The trials of one experiment."""
        return [trial for trial in self.trials if trial.row.experiment == experiment]

    def rows(self, table: str) -> Iterator[Row]:
        """The rows of one table, in the order of the trials."""
        for trial in self.trials:
            yield from (row for row in (trial.row, *trial.rows) if NAMES[type(row)] == table)

    def sync(self) -> None:
        """Make it survive a power cut, too."""
        self.synced_s = time.monotonic()
        if self.fd >= 0:
            os.fsync(self.fd)

    def close(self) -> None:
        """Let go of the file."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


def opened(folder: Path, head: dict[str, Any]) -> Journal:
    """The journal in `folder`, new or begun; the head of a begun one counts.

    Raises UsageError if what has begun there is something else, RealRunError if somebody else is
    at work there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RealRunError(f"{path}: somebody else is measuring into this folder") from None
        lines = whole_lines(fd)
        journal = Journal(head, fd)
        if not lines:
            append(fd, head)
            return journal
        journal.head = same_head(path, lines[0], head)
        for line in lines[1:]:
            journal.know(read(line))
    except BaseException:
        os.close(fd)
        raise
    return journal


def append(fd: int, told: Mapping[str, Any]) -> None:
    """One line by one write(2); if there is no room for all of it, none of it stays."""
    line, size = json.dumps(told).encode() + b"\n", os.fstat(fd).st_size
    if os.write(fd, line) != len(line):
        os.ftruncate(fd, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), NAME)


def whole_lines(fd: int) -> list[dict[str, Any]]:
    """What can be read; a last line that somebody did not finish is cut off."""
    with open(os.dup(fd), "rb") as file:
        data = file.read()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        os.ftruncate(fd, len(whole))
    return [json.loads(line) for line in whole.splitlines()]


def same_head(path: Path, begun: dict[str, Any], head: Mapping[str, Any]) -> dict[str, Any]:
    """The head of what has begun, if it is what is asked for now."""
    own = {"session", "command"}  # the begun one's
    for key in head.keys() - own:
        if begun.get(key) != head[key]:
            raise UsageError(
                f"{path} was begun by `{begun['command']}` with {key} = {begun.get(key)!r}, now it"
                f" is {head[key]!r}; go on as it was begun, or choose another folder"
            )
    return begun
