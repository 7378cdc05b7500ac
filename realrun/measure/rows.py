"""The rows of the tables that measuring makes: one class a table, one field a column.

The contract is `data/README.md`; the fields are its columns, in its order. What every table begins
with is in `Row`; what is filled in by the frame of the experiments has a value to begin with, so
that an experiment names only what it has measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, where, and in which trial."""

    machine: str
    isolation: str
    accelerator: str
    level: str = field(default="", kw_only=True)  # of a guest: see the contract
    session: str = field(default="", kw_only=True)  # the recording; key of its certificate
    block: int = field(default=0, kw_only=True)  # 0 = warm-up, where trials come in blocks
    trial: int = field(default=0, kw_only=True)  # key into `trials`
    mark: str = field(default="", kw_only=True)  # what disturbed the trial


@dataclass(frozen=True, slots=True)
class StartupRow(Row):
    """One phase of one start."""

    run: int
    first: int
    part: str
    step: int
    phase: str
    begin_s: float
    duration_s: float
    cpu_s: float | None
    cache: str = "hot"
    ready_by: str = "engine"
    clock_error_s: float | None = None


@dataclass(frozen=True, slots=True)
class StormRow(Row):
    """One instance of a start storm."""

    n: int
    repeat: int
    instance: int
    requested_s: float
    ready_s: float
    cpu_s: float | None = None
    voluntary: int | None = None
    involuntary: int | None = None


@dataclass(frozen=True, slots=True)
class WaitRow(Row):
    """Where the instances of a storm spent their time, summed over all of them."""

    n: int
    repeat: int
    kind: str
    where: str
    total_s: float


@dataclass(frozen=True, slots=True)
class MemoryRow(Row):
    """One amount of memory of `n` instances together."""

    n: int
    account: str
    part: str
    value_mib: float


@dataclass(frozen=True, slots=True)
class ReconciliationRow(Row):
    """One line of the way from one account of memory to the next."""

    n: int
    touched: str
    line: int
    kind: str
    text: str
    value_mib: float


@dataclass(frozen=True, slots=True)
class DensityRow(Row):
    """One more instance beside those that wait, and what is left of the machine then."""

    n: int
    start_s: float
    memory_mib: float
    disk_mib: float
    processes_ratio: float
    descriptors_ratio: float
    stop: str
    failed: str


@dataclass(frozen=True, slots=True)
class DiskRow(Row):
    """What one part of an image and of `n` instances takes on the disk."""

    n: int
    state: str
    part: str
    apparent_mib: float
    allocated_mib: float


@dataclass(frozen=True, slots=True)
class WorkRow(Row):
    """One kind of work, done once in one place."""

    kind: str
    unit: str
    run: int
    order: int
    amount: float | None
    inside_s: float | None
    host_s: float | None
    step_p50_s: float | None
    step_p99_s: float | None
    failed: str


@dataclass(frozen=True, slots=True)
class NeighbourRow(Row):
    """One kind of work beside a neighbour that takes all it can."""

    noise: str
    limit: str
    neighbour: str
    kind: str
    unit: str
    run: int
    amount: float
    inside_s: float
    host_s: float
    step_p50_s: float
    step_p99_s: float


@dataclass(frozen=True, slots=True)
class BuildRow(Row):
    """One turn at building: one command, by us or by somebody else."""

    task: str
    who: str
    size_mib: int
    run: int
    first: int
    order: int
    duration_s: float
    cpu_s: float | None
    peak_mib: float | None


@dataclass(frozen=True, slots=True)
class PeerRow(Row):
    """One program in a sandbox, or several at once: by us, the kernel alone, or somebody else."""

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


@dataclass(frozen=True, slots=True)
class StepRow(Row):
    """One step of one start, of ours or of the floor's."""

    who: str
    run: int
    order: int
    phase: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class InstrumentRow(Row):
    """What a piece of the instrument costs, or one of two equal starts."""

    what: str
    run: int
    value_s: float


@dataclass(frozen=True, slots=True)
class TrialRow(Row):
    """One trial of an experiment, and what the machine did meanwhile."""

    experiment: str
    arm: str
    run: int
    began_s: float
    duration_s: float
    spin_before_s: float
    spin_after_s: float
    stolen_s: float
    throttled_s: float
    failed: str


TABLES: dict[str, type[Row]] = {
    "startup": StartupRow, "storm": StormRow, "memory": MemoryRow, "build": BuildRow,
    "peers": PeerRow, "start": StepRow, "trials": TrialRow, "waits": WaitRow,
    "instrument": InstrumentRow, "reconciliation": ReconciliationRow, "density": DensityRow,
    "disk": DiskRow, "work": WorkRow, "neighbours": NeighbourRow,
}  # fmt: skip
NAMES = {kind: name for name, kind in TABLES.items()}


def columns(kind: type[Row]) -> list[str]:
    """The columns of a table, in the order of the contract."""
    return [one.name for one in fields(kind)]
