"""How many instances fit on one host, and what is it that is full then?"""

from functools import lru_cache
from typing import NamedTuple

from sim.contract import Answer
from sim.engine.memory import Memory
from sim.errors import DoesNotFit
from sim.model.fleet import KERNEL
from sim.model.host import memory_of
from sim.profiles import Host, Isolation, Profile

MOST = 20_000  # more than that on one host is a number without a meaning
FULL = ("memory", "promised", "cpu")


class Filled(NamedTuple):
    """A host that takes no more."""

    instances: int
    full: str  # one of FULL; none: MOST were tried
    used_mib: float
    ballooned_mib: float


def density(profile: Profile, isolation: str, *, seed: int = 0) -> list[Answer]:
    """Put idle instances on one host until it refuses.

    Question: how many fit, what does each take, and what is full: the memory that there is, the
    memory that was promised, or the processor, kept busy by guests' own systems? At most MOST are
    tried. Nothing here is random.
    """
    kind = profile[isolation]
    found = filled(profile.host, kind)
    n = found.instances
    quantities = {
        "instances": float(n),
        "used_mib": found.used_mib,
        "each_mib": found.used_mib / n if n else 0.0,
        "ballooned_mib": found.ballooned_mib,
        "background_cores": kind.background_cores * n,
    }
    quantities |= {f"full_of_{what}": float(what == found.full) for what in FULL}
    return [Answer("density", isolation, "", name, value) for name, value in quantities.items()]


@lru_cache(maxsize=64)
def filled(host: Host, kind: Isolation) -> Filled:
    """One instance after the other, until there is no room; remembered, since many ask again."""
    need, memory = memory_of(kind), Memory(host.memory_mib, host.overcommit_ratio)
    merged = {KERNEL: need.merged_mib} if need.merged_mib else {}
    n, full = 0, "none"
    while n < MOST and full == "none":
        if kind.background_cores * (n + 1) > host.cores:
            full = "cpu"
            break
        try:
            memory.take(
                n,
                need.private_mib,
                reclaimable_mib=need.page_cache_mib,
                merged=merged,
                promised_mib=need.promised_mib,
            )
            n += 1
        except DoesNotFit as why:
            full = "promised" if "promised" in str(why) else "memory"
    memory.check()
    return Filled(n, full, memory.used_mib, memory.reclaimed_mib)
