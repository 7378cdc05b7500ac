"""What if so many started on such a machine, under such a load?"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import fsum, isfinite
from statistics import fmean, median
from typing import Any, NamedTuple

from sim.contract import HELPER, MODELLED
from sim.errors import SimError
from sim.experiments.density import filled
from sim.experiments.memory import fits
from sim.experiments.storm import one_storm
from sim.model.host import memory_of
from sim.model.instance import Span
from sim.profiles import Isolation, Profile

MOST_N = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Starts of one image on one machine that has other work, too."""

    n: int = 8
    per_s: float = 0.0  # requested one after the other, so many a second; 0: all at once
    busy_ratio: float = 0.0  # of the cores, kept busy by other work
    cores: int | None = None  # None: as the profile has it
    memory_mib: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.n <= MOST_N:
            raise ValueError(f"n must be from 1 to {MOST_N}, got {self.n}")
        if not (self.per_s >= 0 and isfinite(self.per_s)):
            raise ValueError(f"per_s must be >= 0 and finite, got {self.per_s}")
        if not 0 <= self.busy_ratio <= 0.95:
            raise ValueError(f"busy_ratio must be in [0, 0.95], got {self.busy_ratio}")

    def on(self, profile: Profile) -> Profile:
        """The profile with the scenario's machine; raises ValueError for one that cannot be."""
        host = profile.host
        if self.cores is not None:
            host = replace(host, cores=self.cores)
        if self.memory_mib is not None:
            host = replace(host, memory_mib=self.memory_mib)
        return replace(profile, host=host)


class Found(NamedTuple):
    """What became of one isolation; times from the first request, None where it did not fit."""

    isolation: str
    accelerator: str
    fits: bool
    alone_s: float
    asked_s: tuple[float, ...]
    ready_s: tuple[float, ...]
    phases_s: dict[str, float]  # mean over the instances
    one_mib: float
    used_mib: float
    most: int
    full: str  # what is full when so many are there: memory, promised, cpu, or none
    spans: tuple[tuple[Span, ...], ...]

    def told(self) -> dict[str, Any]:
        """Everything but the single stages, ready to be written as JSON."""
        waits_s = [end - begin for begin, end in zip(self.asked_s, self.ready_s, strict=True)]
        summary = {
            "median_s": median(waits_s) if waits_s else None,
            "last_s": max(self.ready_s, default=None),
        }
        own = self._asdict()
        del own["spans"]
        return own | summary


def what_if(profile: Profile, isolation: str, scenario: Scenario) -> Found:
    """Start `scenario.n` instances of one image on the scenario's machine.

    Question: when is each of them ready, what do all of them take of the memory, and how many would
    fit? Other work comes first on its share of the cores. Same profile and scenario: same answer,
    and with all at once on an idle machine that of `storm`. Raises ValueError for what cannot be.
    """
    own = scenario.on(profile)
    kind, busy_cores = own[isolation], scenario.busy_ratio * own.host.cores
    fitting = fits(own, isolation, scenario.n)
    gap_s = 1 / scenario.per_s if scenario.per_s else 0.0
    asked_s = tuple(at * gap_s for at in range(scenario.n)) if fitting else ()
    traced: list[list[Span]] = []
    ready_s = (
        one_storm(own, kind, scenario.n, 0, scenario.seed, traced, asked_s, busy_cores)
        if fitting
        else []
    )
    most = filled(own.host, kind)
    return Found(
        isolation=isolation,
        accelerator=kind.accelerator,
        fits=fitting,
        alone_s=one_storm(own, kind, 1, 0, scenario.seed, busy_cores=busy_cores)[0],
        asked_s=asked_s,
        ready_s=tuple(ready_s),
        phases_s=_means(traced),
        one_mib=_memory_mib(kind, 1),
        used_mib=_memory_mib(kind, scenario.n),
        most=most.instances,
        full=most.full,
        spans=tuple(map(tuple, traced)),
    )


def _means(traced: list[list[Span]]) -> dict[str, float]:
    lengths: dict[str, list[float]] = {}
    for spans in traced:
        for span in spans:
            lengths.setdefault(span.stage, []).append(span.end_s - span.begin_s)
    return {name: fmean(found) for name, found in lengths.items()}


def _memory_mib(kind: Isolation, n: int) -> float:
    """Memory of `n` instances: measured (pss, without the engine's own process), or told by kind.

    What guests have in common counts once; a balloon is not used.
    """
    if kind.instance is not None:
        own = memory_of(kind)
        return n * (own.private_mib + own.page_cache_mib) + own.merged_mib
    parts = [part for part in kind.memory if part.account == "pss" and part.part != HELPER]
    return fsum(part.shared_mib + n * part.each_mib for part in parts)


def side_by_side(profile: Profile, isolations: Sequence[str], scenario: Scenario) -> list[Found]:
    """The same scenario for these isolations, or for all of the profile, the least isolated first.

    Raises SimError for a scenario that cannot be, UnknownIsolation for one the profile lacks.
    """
    names = isolations or [name for name in MODELLED if name in profile.isolation]
    try:
        return [what_if(profile, name, scenario) for name in names]
    except ValueError as why:
        raise SimError(f"{why}; change that number") from why


def as_json(profile: Profile, scenario: Scenario, found: Sequence[Found]) -> str:
    """Question and answer as JSON, floats to the last digit: the same bytes wherever it runs."""
    asked = {"machine": profile.provenance.machine, **asdict(scenario)}
    return json.dumps({"scenario": asked, "isolations": [one.told() for one in found]}, indent=1)
