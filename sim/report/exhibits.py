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
        name="stacks",
        shows="memory",
        title="The stacks, drawn to scale",
        words="The well-known picture puts a guest system on top of the host's. Here its height is"
        " what was measured. A container brings no kernel: it runs on the host's, as any process"
        " does. What all instances share is the plate that they stand on.",
        svg=drawn(charts.stacks, parts, engine),
        tables={"parts of one instance": parts, "all accounts": evidence.tables.memory},
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
        name="starts",
        shows="startup",
        title="How long a start takes",
        words="Every dot is one start. Distance on this axis is a ratio: each grid line is ten"
        " times the one before.",
        svg=drawn(charts.starts, totals, medians),
        tables={"medians": medians, "every start": totals},
    )


def waterfall(evidence: Evidence) -> Exhibit:
    phases = median_start(evidence.tables.startup)
    every = warm_starts(evidence.tables.startup)
    keys = ["source", "machine", "isolation", "accelerator", "step", "phase"]
    medians = every.groupby(keys, sort=False)[["duration_s", "cpu_s"]].median().reset_index()
    return Exhibit(
        name="waterfall",
        shows="startup",
        title="What happens in a start",
        words="The steps of the plan, one after the other. Mind the units: the upper panels are in"
        " milliseconds, a guest's in seconds; the last strip has all in one scale.",
        svg=drawn(charts.waterfall, phases),
        tables={"phases of the median start": phases, "medians of all warm starts": medians},
    )


def memory(evidence: Evidence) -> Exhibit:
    measured, simulated = evidence.memories
    both = together(measured, simulated)
    return Exhibit(
        name="memory",
        shows="memory",
        title="Memory of many",
        words="What instances share is counted once, so that the second one costs less than the"
        " first. Guests share little: each has a kernel of its own.",
        svg=drawn(charts.memory, both[both["part"] == INSTANCES]),
        tables={"measured": measured, "simulated": simulated},
    )


def storm(evidence: Evidence) -> Exhibit:
    measured, simulated = evidence.storms
    return Exhibit(
        name="storm",
        shows="storm",
        title="Many at once",
        words="All are requested at the same moment. Where a line is flat, one more costs no time;"
        " where it rises as steeply as n itself, twice as many take twice as long.",
        svg=drawn(charts.storm, together(measured, simulated)),
        tables={"measured": measured, "simulated": simulated},
    )
