"""How much memory do many instances take, and how many fit?"""

from collections.abc import Sequence
from math import fsum, inf

from sim.contract import MemoryRow
from sim.engine.memory import Memory
from sim.errors import DoesNotFit
from sim.profiles import Footprint, Isolation, Profile

BOUND_BY_HOST = ("pss", "cgroup", "available")  # rss and uss do not add up to what is in use


def memory(profile: Profile, isolation: str, ns: Sequence[int]) -> list[MemoryRow]:
    """Let `n` instances of one image wait side by side, for each n of `ns`.

    Question: how does the memory grow with their number, in each account? Numbers that do not fit
    into the host are left out (`fits` tells which do). Nothing here is random.
    """
    kind = profile[isolation]
    head = (profile.provenance.machine, isolation, kind.accelerator)
    rows: list[MemoryRow] = []
    for n in ns:
        if not fits(profile, isolation, n):
            continue
        for account in accounts(kind):
            parts = {part.part: used_mib(part, n, inf) for part in account}
            parts.setdefault("total", fsum(parts.values()))
            rows += [MemoryRow(*head, n, account[0].account, *part) for part in parts.items()]
    return rows


def accounts(kind: Isolation) -> list[list[Footprint]]:
    """The footprints of each account, together."""
    names = dict.fromkeys(part.account for part in kind.memory)
    return [[part for part in kind.memory if part.account == name] for name in names]


def used_mib(part: Footprint, n: int, capacity_mib: float) -> float:
    """Memory in use when `n` instances with this footprint have been put on an empty host."""
    host = Memory(capacity_mib)
    for instance in range(n):
        host.take(str(instance), part.each_mib, files={"image": part.shared_mib})
    host.check()
    return host.used_mib


def whole(account: Sequence[Footprint]) -> Footprint:
    """The footprint of all parts of an account in one."""
    parts = [part for part in account if part.part == "total"] or account
    return Footprint(
        account=account[0].account,
        part="total",
        shared_mib=fsum(part.shared_mib for part in parts),
        each_mib=fsum(part.each_mib for part in parts),
    )


def fits(profile: Profile, isolation: str, n: int) -> bool:
    """Whether `n` instances fit into the host, by every account that is bound by it.

    Where nothing was measured, they are placed by what the profile says that one takes.
    """
    kind, host = profile[isolation], profile.host
    if not kind.memory and kind.instance is not None:
        return n * kind.instance.placed_mib <= host.memory_mib * host.overcommit_ratio
    try:
        for account in accounts(kind):
            if account[0].account in BOUND_BY_HOST:
                used_mib(whole(account), n, profile.host.memory_mib)
    except DoesNotFit:
        return False
    return True
