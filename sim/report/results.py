"""The table of results: one row an isolation, the same on the terminal and on the page."""

from typing import NamedTuple

import pandas as pd

from sim.contract import ISOLATIONS
from sim.report.evidence import Evidence
from sim.report.words.en import ENGLISH
from sim.tables.summary import memory_each, start_medians
from sim.wording import EMULATION, seconds, seconds_interval, three

HEADS = (
    "isolation",
    "accelerator",
    "data",
    "runs",
    "first",
    "one",
    "next",
    "at_once",
    "ready",
    "model",
)
HEADER = tuple(ENGLISH[f"head_{name}"] for name in HEADS)
NONE = "–"


class Result(NamedTuple):
    """One row of the table of results, as text; in the order of HEADER."""

    isolation: str
    accelerator: str
    data: str
    starts: str
    start: str
    memory: str
    further: str
    storm_n: str
    storm_measured: str
    storm_simulated: str


def results(evidence: Evidence) -> list[Result]:
    """A row for each isolation, whether there is anything to show or not."""
    starts, memory = start_medians(evidence.tables.startup), memory_each(evidence.tables.memory)
    return [_result(evidence, name, starts, memory) for name in ISOLATIONS]


def _result(evidence: Evidence, name: str, starts: pd.DataFrame, memory: pd.DataFrame) -> Result:
    start, held = _first(starts, name), _first(memory, name)
    measured, simulated = evidence.storms
    own = measured[measured["isolation"] == name].sort_values("n")
    largest = None if own.empty else own.iloc[-1]
    same = simulated[simulated["isolation"] == name]
    same = same[same["n"] == largest["n"]] if largest is not None else same.tail(1)
    known = [row["accelerator"] for row in (start, held, largest) if row is not None]
    return Result(
        isolation=name,
        accelerator=_spelled(str(known[0])) if known else NONE,
        data=evidence.source(name),
        starts=NONE if start is None else str(start["starts"]),
        start=NONE if start is None else seconds_interval(*start[["median_s", "low_s", "high_s"]]),
        memory=NONE if held is None else three(float(held["each_mib"])),
        further=NONE if held is None else _positive(float(held["further_mib"])),
        storm_n=NONE if largest is None else str(largest["n"]),
        storm_measured=NONE if largest is None else seconds(float(largest["makespan_s"])),
        storm_simulated=NONE if same.empty else seconds(float(same["makespan_s"].iloc[0])),
    )


def _spelled(accelerator: str) -> str:
    """Emulation is called by its name wherever it shows up."""
    return EMULATION if accelerator == "tcg" else accelerator


def _positive(value_mib: float) -> str:
    """An amount; a dash where noise hides it or nothing was measured."""
    return three(value_mib) if value_mib > 0 else NONE


def _first(table: pd.DataFrame, name: str) -> pd.Series | None:
    rows = table[table["isolation"] == name]
    return None if rows.empty else rows.iloc[0]
