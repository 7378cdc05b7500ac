"""The parameters of the model: what a host is, what each isolation costs on it, and who says so.

Everything is frozen, named by keyword, and refuses nonsense with the value and the rule. A variant
is a new value (`dataclasses.replace`); nothing is ever assigned. How profiles look on disk:
`sim.profile_files`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.errors import UnknownIsolation, nearest


def _at_least(least: float, **values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value >= least):
            raise ValueError(f"{name} must be >= {least:g} and finite, got {value}")


def _rising(**demands: tuple[float, ...]) -> None:
    for name, quantiles in demands.items():
        if not quantiles:
            raise ValueError(f"{name} must hold at least one number")
        for value in quantiles:
            _at_least(0, **{name: value})
        if list(quantiles) != sorted(quantiles):
            raise ValueError(f"{name} must rise from quantile to quantile, got {quantiles}")


def _named(**values: str) -> None:
    for name, value in values.items():
        if not value.strip():
            raise ValueError(f"{name} must not be empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What one step of the plan demands; the name is that of the plan and of the table.

    A demand varies from start to start. It is given by its quantiles at equal distances, from the
    smallest to the largest seen; between two of them every value is as likely. One number: always
    the same. So no start is ever faster or slower than one that was measured.
    """

    name: str
    cpu_s: tuple[float, ...]  # processor time, user and system, engine and instance
    wait_s: tuple[float, ...]  # passes whoever else is there: timers, devices, grace periods
    width_cores: int = 1  # cores that the stage can use at once
    serial: str | None = None  # the single-threaded server that does it; none: in parallel
    busy_wait_ratio: float = 0.0  # share of cpu_s spun away by the clock: it takes as long anyway

    def __post_init__(self) -> None:
        _named(name=self.name, serial="parallel" if self.serial is None else self.serial)
        _rising(cpu_s=self.cpu_s, wait_s=self.wait_s)
        _at_least(1, width_cores=self.width_cores)
        if not 0 <= self.busy_wait_ratio <= 1:
            raise ValueError(f"busy_wait_ratio must be in [0, 1], got {self.busy_wait_ratio}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Memory of `n` instances in one account: `shared_mib + n * each_mib`."""

    account: str
    part: str
    shared_mib: float  # counted once, however many run
    each_mib: float  # more for every instance

    def __post_init__(self) -> None:
        _named(account=self.account, part=self.part)
        _at_least(0, shared_mib=self.shared_mib, each_mib=self.each_mib)


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """One way to run the image: its plan, its memory, how its instances hinder each other."""

    accelerator: str
    contention_ratio: float = 0.0  # slowing down of a core for each other core that is busy
    stage: tuple[Stage, ...]
    memory: tuple[Footprint, ...] = ()

    def __post_init__(self) -> None:
        _named(accelerator=self.accelerator)
        _at_least(0, contention_ratio=self.contention_ratio)
        if not self.stage:
            raise ValueError("stage must hold at least one stage")
        names = [stage.name for stage in self.stage]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"stage names must differ, got twice: {', '.join(twice)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The machine that everything runs on."""

    cores: int
    memory_mib: float

    def __post_init__(self) -> None:
        _at_least(1, cores=self.cores, memory_mib=self.memory_mib)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where the numbers are from."""

    machine: str
    cpu_model: str
    kernel: str
    recorded_utc: str
    tables: tuple[str, ...]
    command: str
    fitted_on: tuple[int, ...]  # the numbers of instances that the fit has seen
    assumed: tuple[str, ...] = ()  # what was not measured, and what was put in its place

    def __post_init__(self) -> None:
        _named(machine=self.machine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything the model knows."""

    provenance: Provenance
    host: Host
    isolation: Mapping[str, Isolation] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Isolation:
        """The isolation of this name; raises UnknownIsolation, naming the nearest there is."""
        if name not in self.isolation:
            hint = nearest(name, self.isolation)
            raise UnknownIsolation(f"isolation {name!r} is not in the profile; {hint}")
        return self.isolation[name]
