"""When do requests meet a cold start, and which host has how many instances then?"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sim.errors import SimError, nearest
from sim.experiments.cold_starts import POLICIES, Served, requests, serve
from sim.model.service import Process, Service
from sim.profiles import Profile

EVERY_S = 30.0


class Window(NamedTuple):
    """What a service saw from `t_s` on, for `every_s`; `running` is counted at its end."""

    t_s: float
    every_s: float
    asked: int
    cold: int
    running: int


class Resident(NamedTuple):
    """How many instances a host had at the end of the window that began at `t_s`."""

    t_s: float
    host: int
    instances: int


class OverTime(NamedTuple):
    """An hour of a service."""

    windows: list[Window]
    residents: list[Resident]


def over_time(
    profile: Profile,
    isolation: str,
    policy: str,
    *,
    seed: int = 0,
    every_s: float = EVERY_S,
    arrivals: Path | Sequence[float] | None = None,
) -> OverTime:
    """The hour of `cold_starts` with one of its policies, looked at every `every_s`.

    Question: when do requests meet a cold start? A cold start counts in the window in which it is
    over. Every isolation meets the same requests: `arrivals`, as in `cold_starts`. Raises SimError
    for an unknown policy.
    """
    if policy not in POLICIES:
        raise SimError(f"policy {policy!r}: unknown; {nearest(policy, POLICIES)}")
    found = OverTime([], [])

    def watch(served: Served) -> Process:
        service, fleet = served
        asked = cold = 0
        while True:
            began_s = fleet.env.now
            yield fleet.env.timeout(every_s)
            now = arrived(service), service.cold_s.count
            counts = now[0] - asked, now[1] - cold, fleet.running
            found.windows.append(Window(began_s, every_s, *counts))
            asked, cold = now
            found.residents.extend(
                Resident(began_s, host, len(there)) for host, there in enumerate(fleet.residents)
            )

    serve(profile, isolation, POLICIES[policy], requests(seed, arrivals), seed, watch=watch)
    return found


def arrived(service: Service) -> int:
    """Requests up to now: answered, refused, lost with their host, or still inside."""
    return service.response_s.count + service.refused + service.failed + service.inside
