"""What there is to report: measured rows where there are any, else recorded ones, else a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sim.contract import ISOLATIONS, LOSSES, TABLES
from sim.profile_files import read_profile
from sim.profiles import Profile
from sim.tables import Tables, load_if_there
from sim.tables.losses import read
from sim.tables.summary import memory_points, prediction_errors, quantities, storm_points


class Status(NamedTuple):
    """Whether one table of one isolation is measured, recorded or missing, and why not measured."""

    isolation: str
    table: str
    source: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that the page and the terminal show. Frames may be empty, never absent."""

    tables: Tables  # measured rows, recorded ones where those are missing
    simulated: Tables
    statuses: tuple[Status, ...]
    profile: Profile | None
    recorded_meta: dict[str, object]
    losses: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # by table

    def source(self, isolation: str) -> str:
        """One word for an isolation; more if its tables differ."""
        found = {one.table: one.source for one in self.statuses if one.isolation == isolation}
        if len(set(found.values())) == 1:
            return next(iter(found.values()))
        return ", ".join(f"{table} {source}" for table, source in found.items())

    def named(self, table: str, source: str) -> list[str]:
        """The isolations whose rows of `table` are measured, recorded or missing."""
        return [s.isolation for s in self.statuses if (s.table, s.source) == (table, source)]

    def reason(self, isolation: str) -> str:
        """Why this isolation was not measured here, or only in part."""
        return "; ".join(
            dict.fromkeys(
                one.reason for one in self.statuses if one.isolation == isolation and one.reason
            )
        )

    @property
    def storms(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Points of start storms, measured (or recorded) and simulated."""
        return storm_points(self.tables.storm), storm_points(self.simulated.storm)

    @property
    def memories(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Points of memory (pss), measured (or recorded) and simulated."""
        both = (self.tables.memory, self.simulated.memory)
        return memory_points(both[0], "pss"), memory_points(both[1], "pss")

    @property
    def errors(self) -> pd.DataFrame:
        """Prediction errors, for rows of this machine only: the profile is fitted to no other."""
        own = (self.tables.storm, self.tables.memory)
        measured = [frame[frame["source"] == "measured"] for frame in own]
        simulated = quantities(self.simulated.storm, self.simulated.memory)
        return prediction_errors(quantities(*measured), simulated)


def gather(
    measured: Path, recorded: Path | None, profile: Path | None, simulated: Path | None
) -> Evidence:
    """Put together what the folders hold; raises SimError for files that break the contract."""
    own = load_if_there(measured, "measured")
    spare = load_if_there(recorded, "recorded")
    statuses = [
        _status(isolation, table, own, spare, str(measured))
        for isolation in ISOLATIONS
        for table in TABLES
    ]
    return Evidence(
        tables=_picked(own, spare, statuses),
        simulated=load_if_there(simulated, "simulated"),
        statuses=tuple(statuses),
        profile=read_profile(profile) if profile else None,
        recorded_meta=spare.meta,
        losses={name: _losses(name, measured, recorded) for name in LOSSES},
    )


def _losses(name: str, measured: Path, recorded: Path | None) -> pd.DataFrame:
    """The rows of this machine, or else all of the recorded ones: they are compared in a table."""
    own = read(measured, name)
    return own if len(own) else read(recorded, name, "recorded")


def _status(isolation: str, table: str, own: Tables, spare: Tables, folder: str) -> Status:
    def has(tables: Tables) -> bool:
        return bool((getattr(tables, table)["isolation"] == isolation).any())

    if has(own):
        return Status(isolation, table, "measured", "")
    told = (own.meta.get("skipped") or {}).get(isolation)
    reason = str(told or f"{table}.csv in {folder} has no rows of it")
    return Status(isolation, table, "recorded" if has(spare) else "missing", reason)


def _picked(own: Tables, spare: Tables, statuses: list[Status]) -> Tables:
    """Rows of this machine, and recorded ones only where it has none."""
    frames = {}
    for table in TABLES:
        names = [s.isolation for s in statuses if s.table == table and s.source == "recorded"]
        mine, theirs = getattr(own, table), getattr(spare, table)
        chosen = theirs[theirs["isolation"].isin(names)]
        filled = [frame for frame in (mine, chosen) if len(frame)]
        frames[table] = pd.concat(filled, ignore_index=True) if filled else mine
    return Tables(**frames, meta=own.meta)
