"""The tables that measuring makes: typed rows, CSV files, and their birth certificates.

The contract is `data/README.md`; the fields here are its columns, in its order.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class StartupRow(NamedTuple):
    """One phase of one start."""

    machine: str
    isolation: str
    accelerator: str
    run: int
    first: int
    order: int
    part: str
    step: int
    phase: str
    begin_s: float
    duration_s: float
    cpu_s: float | None


class StormRow(NamedTuple):
    """One instance of a start storm."""

    machine: str
    isolation: str
    accelerator: str
    n: int
    repeat: int
    instance: int
    requested_s: float
    ready_s: float


class MemoryRow(NamedTuple):
    """One amount of memory of `n` instances together."""

    machine: str
    isolation: str
    accelerator: str
    n: int
    account: str
    part: str
    value_mib: float


class BuildRow(NamedTuple):
    """One turn at building: one command, by us or by somebody else."""

    machine: str
    isolation: str
    accelerator: str
    task: str
    who: str
    size_mib: int
    run: int
    first: int
    order: int
    duration_s: float
    cpu_s: float | None
    peak_mib: float | None


class PeerRow(NamedTuple):
    """One program in a sandbox, or several at once: by us, the kernel alone, or somebody else."""

    machine: str
    isolation: str
    accelerator: str
    task: str
    who: str
    n: int
    run: int
    order: int
    exec_s: float | None
    start_s: float | None
    life_s: float | None
    pss_mib: float | None
    isolates: str


class StepRow(NamedTuple):
    """One step of one start, of ours or of the floor's."""

    machine: str
    isolation: str
    accelerator: str
    who: str
    run: int
    order: int
    phase: str
    duration_s: float


Row = StartupRow | StormRow | MemoryRow | BuildRow | PeerRow | StepRow
TABLES: dict[str, type[Row]] = {
    "startup": StartupRow, "storm": StormRow, "memory": MemoryRow, "build": BuildRow,
    "peers": PeerRow, "start": StepRow,
}  # fmt: skip


def cell(value: object) -> object:
    """Seconds to the nanosecond, memory to the byte's neighbourhood, nothing for None."""
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    return "" if value is None else value


def text(name: str, rows: Sequence[Row]) -> str:
    """The rows of table `name` as CSV, with a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(TABLES[name]._fields)
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def write(folder: Path, name: str, rows: Sequence[Row], certificate: Mapping[str, Any]) -> Path:
    """Write `name.csv` and `name.meta.json`; each is there whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    meta = json.dumps({"table": name} | dict(certificate), indent=1) + "\n"
    replace(folder / f"{name}.meta.json", meta)
    return replace(folder / f"{name}.csv", text(name, rows))


def replace(path: Path, content: str) -> Path:
    """Put a file in place with one rename."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(content, encoding="utf-8")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    return path
