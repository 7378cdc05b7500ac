"""The contract of the tables (data/README.md), as types: one class a table, one field a column.

Measured and simulated tables have the same columns, so that one chart draws both.
"""

from typing import NamedTuple

ISOLATIONS = ("process", "container", "uml", "qemu")
# What a profile may hold: those that are measured here, and those known from published figures.
MODELLED = (*ISOLATIONS, "sandbox", "microvm", "vm", "snapshot", "pool")
HELPER = "helper"  # the part of memory that is the engine's own process, one for all instances
INSTANCES = "instances"  # in no table, but what `sim` draws: the total without the helper
FITTED_UP_TO = 4  # storms and memory with more instances are held out from calibration


class StartupRow(NamedTuple):
    """One phase of one start; times in seconds since the request."""

    machine: str
    isolation: str
    accelerator: str
    run: int
    first: int
    part: str
    step: int
    phase: str
    begin_s: float
    duration_s: float
    cpu_s: float


class StormRow(NamedTuple):
    """One instance of a start storm; times in seconds since the storm began."""

    machine: str
    isolation: str
    accelerator: str
    n: int
    repeat: int
    instance: int
    requested_s: float
    ready_s: float


class MemoryRow(NamedTuple):
    """One amount of memory, summed over `n` running instances."""

    machine: str
    isolation: str
    accelerator: str
    n: int
    account: str
    part: str
    value_mib: float


class CompareRow(NamedTuple):
    """One figure on two sides, and B's median divided by A's: what `realrun compare` writes."""

    experiment: str
    arm: str
    unit: str
    a_n: int
    b_n: int
    a_median: float
    b_median: float
    ratio: float
    ratio_low: float
    ratio_high: float
    verdict: str


class Answer(NamedTuple):
    """One number that an experiment found; the name of the quantity ends in its unit."""

    experiment: str
    isolation: str
    case: str  # what was varied, as name=value
    quantity: str
    value: float


class WorkRow(NamedTuple):
    """One kind of work, done once; `amount` is NaN where it failed."""

    machine: str
    isolation: str
    accelerator: str
    kind: str
    run: int
    amount: float
    inside_s: float


class DensityRow(NamedTuple):
    """One more instance beside those that wait; `stop` of the last says why there is no more."""

    machine: str
    isolation: str
    accelerator: str
    n: int
    start_s: float
    stop: str


class DiskRow(NamedTuple):
    """What one part of an image and of `n` instances takes on the disk."""

    machine: str
    isolation: str
    accelerator: str
    n: int
    state: str
    part: str
    apparent_mib: float
    allocated_mib: float


class NeighbourRow(NamedTuple):
    """One kind of work, done once in peace or beside a bad neighbour that may be held back."""

    machine: str
    isolation: str
    accelerator: str
    noise: str
    limit: str
    kind: str
    run: int
    amount: float
    inside_s: float


class ReconciliationRow(NamedTuple):
    """One line of the way from one account of memory to the next."""

    machine: str
    isolation: str
    accelerator: str
    n: int
    touched: str
    line: int
    kind: str
    text: str
    value_mib: float


Row = StartupRow | StormRow | MemoryRow
TABLES: dict[str, type[StartupRow] | type[StormRow] | type[MemoryRow]] = {
    "startup": StartupRow,
    "storm": StormRow,
    "memory": MemoryRow,
}
# Of what only some machines and recordings have: drawn where it is there, never simulated.
LOSSES: dict[str, type[WorkRow | DensityRow | DiskRow | NeighbourRow | ReconciliationRow]] = {
    "work": WorkRow,
    "density": DensityRow,
    "disk": DiskRow,
    "neighbours": NeighbourRow,
    "reconciliation": ReconciliationRow,
}
MAY_BE_EMPTY = ("stop", "noise", "limit")  # texts; numbers that were not measured are NaN
NATIVE = "native"  # in work.csv: fork and exec, nothing around it
LEAST = {"n": 1, "run": 0, "repeat": 0, "instance": 0, "step": 0, "first": 0}
# What measured tables have more than this: rows with other values are of another question.
USUAL = {"cache": ("", "hot"), "level": ("", "minimal")}
