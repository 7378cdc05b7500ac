"""The charts of the report, each with a title, a sentence on what to notice, and its tables."""

from pathlib import Path

from sim import charts
from sim.charts.html import as_file
from sim.contract import INSTANCES
from sim.errors import BadTable
from sim.report.evidence import Evidence
from sim.report.exhibit import Exhibit, drawn
from sim.report.losses import losses
from sim.tables import load, together
from sim.tables.summary import (
    engine_mib,
    median_start,
    one_instance,
    start_medians,
    start_totals,
    warm_starts,
)


def exhibits(evidence: Evidence) -> list[Exhibit]:
    """All charts, in the order in which they tell the story."""
    return [
        stacks(evidence),
        starts(evidence),
        waterfall(evidence),
        memory(evidence),
        storm(evidence),
        *losses(evidence),
    ]


def stacks(evidence: Evidence) -> Exhibit:
    parts, engine = one_instance(evidence.tables.memory), engine_mib(evidence.tables.memory)
    return Exhibit(
        about="stacks",
        shows="memory",
        svg=drawn(charts.stacks, parts, engine),
        tables={"parts_of_one": parts, "accounts": evidence.tables.memory},
    )


def stacks_picture(folder: Path) -> str:
    """The stacks alone, as an SVG file that needs no page around it. Raises BadTable if empty."""
    memory = load(folder, required=("memory",)).memory
    parts, engine = one_instance(memory), engine_mib(memory)
    if parts.empty:
        raise BadTable(f"{folder / 'memory.csv'}: has no parts of an instance (account pss)")
    picture = charts.stacks(parts, engine)
    return as_file(picture, picture.alt)


def starts(evidence: Evidence) -> Exhibit:
    totals, medians = start_totals(evidence.tables.startup), start_medians(evidence.tables.startup)
    return Exhibit(
        about="starts",
        shows="startup",
        svg=drawn(charts.starts, totals, medians),
        tables={"medians": medians, "every_start": totals},
    )


def waterfall(evidence: Evidence) -> Exhibit:
    phases = median_start(evidence.tables.startup)
    every = warm_starts(evidence.tables.startup)
    keys = ["source", "machine", "isolation", "accelerator", "step", "phase"]
    medians = every.groupby(keys, sort=False)[["duration_s", "cpu_s"]].median().reset_index()
    return Exhibit(
        about="waterfall",
        shows="startup",
        svg=drawn(charts.waterfall, phases),
        tables={"median_phases": phases, "all_medians": medians},
    )


def memory(evidence: Evidence) -> Exhibit:
    measured, simulated = evidence.memories
    both = together(measured, simulated)
    return Exhibit(
        about="memory",
        shows="memory",
        svg=drawn(charts.memory, both[both["part"] == INSTANCES]),
        tables={"measured": measured, "simulated": simulated},
    )


def storm(evidence: Evidence) -> Exhibit:
    measured, simulated = evidence.storms
    return Exhibit(
        about="storm",
        shows="storm",
        svg=drawn(charts.storm, together(measured, simulated)),
        tables={"measured": measured, "simulated": simulated},
    )
