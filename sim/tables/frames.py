"""Tables as pandas frames: measured, recorded or simulated rows, with their birth certificate."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from sim.contract import TABLES, Row
from sim.errors import BadTable
from sim.files import read_meta, read_table


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What one folder holds. A table that is not there is a frame without rows."""

    startup: pd.DataFrame
    storm: pd.DataFrame
    memory: pd.DataFrame
    meta: dict[str, Any] = field(default_factory=dict)

    def isolations(self) -> set[str]:
        """Isolations that have rows in any table."""
        frames = (self.startup, self.storm, self.memory)
        return {name for frame in frames for name in frame["isolation"]}

    def joined(self, other: "Tables") -> "Tables":
        """Both tables' rows; the birth certificate stays this one's."""
        frames = {name: together(getattr(self, name), getattr(other, name)) for name in TABLES}
        return Tables(**frames, meta=self.meta)

    def only(self, isolations: Iterable[str]) -> "Tables":
        """The same tables with the rows of these isolations only."""
        names = set(isolations)
        frames = {name: getattr(self, name) for name in TABLES}
        kept = {name: frame[frame["isolation"].isin(names)] for name, frame in frames.items()}
        return Tables(**kept, meta=self.meta)


def as_frame(name: str, rows: Iterable[Row] = (), source: str = "measured") -> pd.DataFrame:
    """Rows of the table `name` as a frame with the columns of the contract, and `source`.

    `source` is what a chart has to say on its face: measured, recorded or simulated.
    """
    frame = pd.DataFrame(list(rows), columns=list(TABLES[name]._fields))
    return frame.assign(source=source)


def load(folder: Path, required: Iterable[str] = ("startup",), source: str = "measured") -> Tables:
    """The tables in `folder`; of several machines, the one that the birth certificate names.

    Raises BadTable if the folder or a `required` table is missing, or a table breaks the contract.
    """
    if not folder.is_dir():
        raise BadTable(f"{folder}: no such folder; expected one with {', '.join(TABLES)} as .csv")
    needed, frames = set(required), {}
    meta: dict[str, Any] = {}
    for name in TABLES:
        there = name in needed or (folder / f"{name}.csv").exists()
        rows = read_table(folder, name, needed=name in needed) if there else []
        frames[name] = as_frame(name, rows, source)
        meta = _joined(meta, read_meta(folder, name))
    machine = meta.get("machine") or _most_rows(frames["startup"])
    kept = {name: _of_machine(frame, machine) for name, frame in frames.items()}
    return Tables(**kept, meta={"machine": machine, **meta})


def load_if_there(folder: Path | None, source: str = "measured") -> Tables:
    """The tables in `folder`, or empty ones if there is no such folder or nothing in it."""
    if folder is None or not any((folder / f"{name}.csv").exists() for name in TABLES):
        return Tables(**{name: as_frame(name) for name in TABLES})
    return load(folder, required=(), source=source)


def together(*frames: pd.DataFrame) -> pd.DataFrame:
    """The rows of all frames; one without rows has no say in the types of the columns."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _joined(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Two birth certificates of one folder as one; reasons for skipping are collected."""
    skipped = {**(old.get("skipped") or {}), **(new.get("skipped") or {})}
    return {**new, **old, "skipped": skipped}


def _most_rows(startup: pd.DataFrame) -> str:
    counts = startup["machine"].value_counts()
    return str(counts.index[0]) if len(counts) else ""


def _of_machine(frame: pd.DataFrame, machine: str) -> pd.DataFrame:
    """The rows of one machine; all of them if none is of that machine."""
    own = frame[frame["machine"] == machine]
    return (own if len(own) else frame).reset_index(drop=True)
