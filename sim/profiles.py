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


def _different(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} must differ, got twice: {', '.join(twice)}")


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
    lock: str | None = None  # the kernel's lock that it holds, for hold_s, before it does its work
    hold_s: tuple[float, ...] = (0.0,)
    disk_mib: float = 0.0  # moved before it does its work
    disk_operations: float = 0.0
    source: str = ""  # measured (which table), published (which row), or assumed (why)

    def __post_init__(self) -> None:
        _rising(hold_s=self.hold_s)
        _at_least(0, disk_mib=self.disk_mib, disk_operations=self.disk_operations)
        if (self.lock is None) != (self.hold_s == (0.0,)):
            raise ValueError(f"lock and hold_s go together, got {self.lock} and {self.hold_s}")
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
    source: str = ""

    def __post_init__(self) -> None:
        _named(account=self.account, part=self.part)
        _at_least(0, shared_mib=self.shared_mib, each_mib=self.each_mib)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceMemory:
    """Memory of one instance by kind; the image's own files come on top, once a host."""

    private_mib: float  # the application, and what manages and emulates its machine
    merged_mib: float = 0.0  # the same in all guests: text of their kernel, zero pages
    page_cache_mib: float = 0.0  # a guest's own, which its balloon can take away
    promised_mib: float = 0.0  # the size that the instance was given; 0: what it takes
    source: str = ""

    def __post_init__(self) -> None:
        _at_least(0, private_mib=self.private_mib, merged_mib=self.merged_mib)
        _at_least(0, page_cache_mib=self.page_cache_mib, promised_mib=self.promised_mib)

    @property
    def placed_mib(self) -> float:
        """What a fleet has to find room for."""
        return self.promised_mib or self.private_mib + self.page_cache_mib


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What work of one kind costs inside, beside the same work in a plain process."""

    kind: str  # cpu, syscall, disk, network
    cost_ratio: float  # 1: as much as outside
    source: str = ""

    def __post_init__(self) -> None:
        _named(kind=self.kind)
        _at_least(0, cost_ratio=self.cost_ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """One way to run the image: its plan, its memory, how its instances hinder each other."""

    accelerator: str
    contention_ratio: float = 0.0  # slowing down of a core for each other core that is busy
    turns_ratio: float = 0.0  # slowing down of a core that very many take turns at
    background_cores: float = 0.0  # what a guest's own system keeps busy of a core, idle or not
    stage: tuple[Stage, ...]
    memory: tuple[Footprint, ...] = ()
    instance: InstanceMemory | None = None
    work: tuple[Work, ...] = ()
    pool_of: str | None = None  # booted ahead and kept waiting: the isolation that fills the pool
    pool_instances: int = 0  # how many wait, at most, on each host
    source: str = ""

    def __post_init__(self) -> None:
        _named(accelerator=self.accelerator, pool_of="" if self.pool_of == "" else "none")
        _at_least(0, pool_instances=self.pool_instances)
        _at_least(0, contention_ratio=self.contention_ratio, turns_ratio=self.turns_ratio)
        _at_least(0, background_cores=self.background_cores)
        if not self.stage:
            raise ValueError("stage must hold at least one stage")
        _different("stage names", [stage.name for stage in self.stage])
        _different("kinds of work", [work.kind for work in self.work])

    def cost_ratio(self, kind: str) -> float:
        """What one unit of work of this kind costs; 1 if the profile does not say."""
        return next((work.cost_ratio for work in self.work if work.kind == kind), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The machine that everything runs on. What it is silent about does not limit anything."""

    cores: int
    memory_mib: float
    disk_mib_per_s: float | None = None
    disk_operations_per_s: float | None = None
    link_mib_per_s: float | None = None  # to where images and requests come from
    lock_growth_ratio: float = 0.0  # how much dearer a hold is for each other core that spins
    overcommit_ratio: float = 1.0  # memory that may be promised, of that there is
    idle_w: float = 0.0
    busy_w: float = 0.0  # with all cores busy
    price_per_h: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        _at_least(1, cores=self.cores, memory_mib=self.memory_mib)
        for name in ("disk_mib_per_s", "disk_operations_per_s", "link_mib_per_s"):
            rate = getattr(self, name)
            if rate is not None and not (math.isfinite(rate) and rate > 0):
                raise ValueError(f"{name} must be > 0 and finite, got {rate}")
        _at_least(0, lock_growth_ratio=self.lock_growth_ratio, price_per_h=self.price_per_h)
        _at_least(0, overcommit_ratio=self.overcommit_ratio, idle_w=self.idle_w)
        _at_least(self.idle_w, busy_w=self.busy_w)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of an image."""

    name: str
    packed_mib: float  # over the link
    unpacked_mib: float  # on the disk, and in the page cache when used
    unpack_cpu_s: float = 0.0

    def __post_init__(self) -> None:
        _named(name=self.name)
        _at_least(0, packed_mib=self.packed_mib, unpacked_mib=self.unpacked_mib)
        _at_least(0, unpack_cpu_s=self.unpack_cpu_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What is run: layers, of which hosts have each once, and the part that a start reads."""

    layer: tuple[Layer, ...]
    read_ratio: float = 1.0  # of the unpacked files, by an instance that starts
    source: str = ""

    def __post_init__(self) -> None:
        _different("layer names", [layer.name for layer in self.layer])
        if not 0 <= self.read_ratio <= 1:
            raise ValueError(f"read_ratio must be in [0, 1], got {self.read_ratio}")


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
    image: Mapping[str, Image] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.isolation:
            self.filler(name)

    def filler(self, name: str) -> str:
        """The isolation that starts when the pool of `name` is empty: itself, if it has no pool."""
        path = [name]
        while (behind := self.isolation[path[-1]].pool_of) is not None:
            if behind in path:
                raise ValueError(f"pool_of leads in a circle: {' -> '.join([*path, behind])}")
            if behind not in self.isolation:
                hint = nearest(behind, self.isolation)
                raise ValueError(f"pool_of of {path[-1]!r} is unknown: {behind!r}; {hint}")
            path.append(behind)
        return path[-1]

    def __getitem__(self, name: str) -> Isolation:
        """The isolation of this name; raises UnknownIsolation, naming the nearest there is."""
        if name not in self.isolation:
            hint = nearest(name, self.isolation)
            raise UnknownIsolation(f"isolation {name!r} is not in the profile; {hint}")
        return self.isolation[name]
