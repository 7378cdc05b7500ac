"""Fit a profile to a folder of measured tables, and say how well it predicts what it has not seen.

Only rows with n <= 4 are looked at; the rest is held out, to be predicted. What was not measured
is left out of the profile or assumed, and either way it is said.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sim.calibrate.parameters import StormPoint, fit_storm, footprint, stage, with_serial
from sim.contract import FITTED_UP_TO, ISOLATIONS, StartupRow
from sim.errors import BadTable
from sim.experiments.memory import memory
from sim.experiments.storm import storm
from sim.profiles import Footprint, Host, Isolation, Profile, Provenance, Stage
from sim.tables import Tables, as_frame, load
from sim.tables.summary import prediction_errors, quantities, storm_points, warm_starts


class Calibration(NamedTuple):
    """A profile, its errors (held out and fitted, one row a quantity and n), and remarks."""

    profile: Profile
    errors: pd.DataFrame
    remarks: list[str]


def calibrate(folder: Path, command: str = "sim calibrate") -> Calibration:
    """Fit every isolation that `folder` has warm starts of.

    Needs startup.csv; without storm.csv cores are taken as free of contention and kernels as
    never spinning, without memory.csv the profile has no memory. Raises BadTable if there is
    nothing to fit.
    """
    tables = load(folder)
    warm = warm_starts(tables.startup)
    if warm.empty:
        raise BadTable(f"{folder / 'startup.csv'}: has no warm start (part = start, first = 0)")
    remarks: list[str] = []
    empty = Profile(provenance=_provenance(tables, command, ()), host=_host(tables, remarks))
    found = {
        name: _isolation(empty, name, tables, remarks)
        for name in ISOLATIONS
        if (warm["isolation"] == name).any()
    }
    remarks += [f"{name}: no starts measured, left out" for name in ISOLATIONS if name not in found]
    provenance = _provenance(tables, command, remarks)
    profile = replace(empty, provenance=provenance, isolation=found)
    return Calibration(profile, held_out_errors(profile, tables), remarks)


def held_out_errors(profile: Profile, tables: Tables, seed: int = 0) -> pd.DataFrame:
    """The model's prediction for every n that was measured, against the measurement."""
    storms, memories = [], []
    for name in profile.isolation:
        ns = sorted(set(tables.storm.loc[tables.storm["isolation"] == name, "n"]))
        storms += storm(profile, name, ns, seed=seed)
        ns = sorted(set(tables.memory.loc[tables.memory["isolation"] == name, "n"]))
        memories += memory(profile, name, ns)
    simulated = quantities(as_frame("storm", storms), as_frame("memory", memories))
    return prediction_errors(quantities(tables.storm, tables.memory), simulated)


def _provenance(tables: Tables, command: str, remarks: Sequence[str]) -> Provenance:
    """Where the numbers are from, as the tables' birth certificate tells."""
    told = {key: str(tables.meta.get(key, "unknown")) for key in ("cpu_model", "kernel")}
    ns = pd.concat([tables.storm["n"], tables.memory["n"]])
    return Provenance(
        machine=str(tables.meta.get("machine") or "unknown"),
        cpu_model=told["cpu_model"],
        kernel=told["kernel"],
        recorded_utc=str(tables.meta.get("recorded_utc", "unknown")),
        tables=tuple(f"{t}.csv" for t in ("startup", "storm", "memory") if len(getattr(tables, t))),
        command=command,
        fitted_on=tuple(sorted({int(n) for n in ns if n <= FITTED_UP_TO})),
        assumed=tuple(remarks),
    )


def _host(tables: Tables, remarks: list[str]) -> Host:
    """The machine, from the birth certificate; what it does not tell is assumed."""
    values = {"cores": 2, "memory_mib": 8192.0}
    for key, stand_in in values.items():
        if key not in tables.meta:
            remarks.append(f"host: {key} is not in the tables' .meta.json, assumed {stand_in:g}")
    told = {key: tables.meta.get(key, value) for key, value in values.items()}
    try:
        return Host(
            cores=int(told["cores"]),
            memory_mib=float(told["memory_mib"]),
            source="measured: startup.meta.json"
            if all(key in tables.meta for key in values)
            else "assumed: see provenance",
        )
    except (TypeError, ValueError) as why:
        raise BadTable(f"startup.meta.json: cores or memory_mib make no sense: {why}") from why


def _isolation(profile: Profile, name: str, tables: Tables, remarks: list[str]) -> Isolation:
    """All parameters of one isolation."""
    mine = tables.only([name])
    accelerators = mine.startup["accelerator"].value_counts()
    accelerator = str(accelerators.index[0])
    if len(accelerators) > 1:
        remarks.append(f"{name}: measured with several accelerators, fitted to {accelerator}")
    warm = warm_starts(mine.startup)
    stages = _stages(name, warm[warm["accelerator"] == accelerator], remarks)
    prints = _footprints(name, mine.memory[mine.memory["accelerator"] == accelerator], remarks)
    kind = Isolation(accelerator=accelerator, stage=stages, memory=prints)
    points = _storm_points(mine.storm[mine.storm["accelerator"] == accelerator])
    if not any(point.n > 1 for point in points):
        remarks.append(
            f"{name}: no storm with n = 2..4 measured, contention and busy waiting taken as 0"
        )
        return replace(kind, source="assumed: no storm with n = 2..4 was measured")
    found = fit_storm(replace(profile, isolation={name: kind}), name, points)
    if any(one.busy_wait_ratio for one in found.stage):
        remarks.append(f"{name}: storms explained by busy waiting alone, contention taken as 0")
    ns = ", ".join(str(point.n) for point in points)
    return replace(found, source=f"measured: storm.csv, {name}, fitted to n = {ns}")


def _stages(name: str, warm: pd.DataFrame, remarks: list[str]) -> tuple[Stage, ...]:
    """The plan: one stage a phase, in the order of its steps."""
    stages = []
    for _, group in warm.groupby("step"):
        columns = group[list(StartupRow._fields)]
        rows = [StartupRow(*row) for row in columns.itertuples(index=False, name=None)]
        timed = [row for row in rows if row.duration_s == row.duration_s]
        if not timed:
            remarks.append(f"{name}: phase {rows[0].phase!r} has no durations, left out")
            continue
        one, assumed = stage(timed[0].phase, timed)
        runs = len({row.run for row in timed})
        stages.append(replace(one, source=f"measured: startup.csv, {name}, {runs} warm starts"))
        remarks += [f"{name}: {text}" for text in assumed]
    return with_serial(stages)


def _footprints(name: str, rows: pd.DataFrame, remarks: list[str]) -> tuple[Footprint, ...]:
    """One line for each account and part, fitted on n <= 4. A total that has parts is their sum."""
    small = rows[(rows["n"] <= FITTED_UP_TO) & rows["value_mib"].notna()]
    if small.empty:
        remarks.append(f"{name}: no memory with n <= {FITTED_UP_TO} measured, left out")
    found = []
    for account, group in small.groupby("account", sort=False):
        parts = [part for part in dict.fromkeys(group["part"]) if part != "total"] or ["total"]
        for part in parts:
            values = group[group["part"] == part].groupby("n")["value_mib"].median()
            one = footprint(str(account), str(part), values.to_dict())
            ns = ", ".join(str(n) for n in values.index)
            found.append(replace(one, source=f"measured: memory.csv, {name}, n = {ns}"))
        if group["n"].nunique() == 1:
            remarks.append(f"{name}: memory {account} at one n only, sharing taken as 0")
    return tuple(found)


def _storm_points(rows: pd.DataFrame) -> list[StormPoint]:
    points = storm_points(rows[rows["n"] <= FITTED_UP_TO]).dropna(subset=["makespan_s", "p50_s"])
    return [StormPoint(p.n, p.makespan_s, p.p50_s) for p in points.itertuples()]
