"""What do money and energy come to, for each request?"""

from collections.abc import Sequence
from math import ceil, fsum
from pathlib import Path

from sim.contract import Answer
from sim.experiments.cold_starts import LONG_S, POLICIES, Served, requests, serve
from sim.model.host import memory_of
from sim.profiles import Profile

HOUR_S = 3600.0
MILLION = 1e6


def cost(
    profile: Profile,
    isolation: str,
    *,
    seed: int = 0,
    arrivals: Path | Sequence[float] | None = None,
) -> list[Answer]:
    """Serve the requests of `cold_starts`, and charge for the hosts and the power that they take.

    Question: what do a million requests cost, in the currency of the profile's `price_per_h` and
    in energy? Charged is the share of hosts whose memory or cores are taken, whichever is more;
    power is idle_w for that share, and what busy cores take beyond it. A policy that keeps
    instances pays for their memory while they idle. `arrivals`: as in `cold_starts`.
    """
    answers = []
    for name in ("keep 10 s", "keep 600 s"):
        found = serve(profile, isolation, POLICIES[name], requests(seed, arrivals), seed)
        hosts, busy = shares(profile, isolation, found)
        host, count = profile.host, found.service.response_s.count
        watt = hosts * host.idle_w + busy * (host.busy_w - host.idle_w)
        quantities = {
            "price_per_million": hosts * host.price_per_h * LONG_S / HOUR_S * MILLION / count,
            "energy_per_request_j": watt * LONG_S / count,
            "hosts_mean": hosts,
            "busy_ratio": busy / hosts if hosts else 0.0,
        }
        answers += [
            Answer("cost", isolation, f"policy={name}", quantity, value)
            for quantity, value in quantities.items()
        ]
    return answers


def shares(profile: Profile, isolation: str, found: Served) -> tuple[float, float]:
    """How many hosts are taken on average, and how many are busy: both in hosts, not whole."""
    host, kind = profile.host, profile[isolation]
    instances = found.service.instance_s / LONG_S
    pool = kind.pool_instances * ceil(instances / max(1, kind.pool_instances))
    memory = (instances + pool) * memory_of(kind).placed_mib
    done_s = fsum(one.cpu.done for one in found.fleet.used()) / LONG_S
    cores = done_s + instances * kind.background_cores
    taken = max(memory / (host.memory_mib * host.overcommit_ratio), cores / host.cores)
    return taken, cores / host.cores
