"""How often do requests meet a cold start, and what does the user wait for it?"""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from pathlib import Path
from typing import NamedTuple

from sim.contract import Answer
from sim.engine.events import Environment
from sim.engine.streams import stream
from sim.model.fleet import Fleet, fleet_of
from sim.model.load import daily, trace
from sim.model.service import Policy, Process, Request, Service
from sim.profiles import Profile

LONG_S, DAY_S = 3600.0, 1200.0  # an hour, in which the load goes up and down three times
MEAN_PER_S, SWING_RATIO = 20.0, 0.9
POLICIES = {
    "none": Policy(keep_alive_s=0.0),
    "keep 10 s": Policy(keep_alive_s=10.0),
    "keep 600 s": Policy(keep_alive_s=600.0),
    "autoscale": Policy(keep_alive_s=2.0, target_ratio=0.5),
}


class Served(NamedTuple):
    """A service that has been run, and on what."""

    service: Service
    fleet: Fleet


def cold_starts(
    profile: Profile,
    isolation: str,
    *,
    seed: int = 0,
    arrivals: Path | Sequence[float] | None = None,
) -> list[Answer]:
    """Serve requests for an hour on ten hosts, with one policy after the other.

    Question: what share of requests meets a cold start, how long do requests take, and how many
    instances are kept for that? `arrivals`: times in seconds, or a CSV file with `arrival_s`,
    instead of days that swing. Same profile and seed: same answers; every isolation meets the
    same requests.
    """
    answers = []
    for name, policy in POLICIES.items():
        found = serve(profile, isolation, policy, requests(seed, arrivals), seed)
        service = found.service
        asked = service.response_s.count + service.refused
        quantities = {
            "cold_ratio": service.cold_s.count / asked if asked else 0.0,
            "response_p50_s": service.response_s.quantile(0.5),
            "response_p99_s": service.response_s.quantile(0.99),
            "instances_mean": service.instance_s / LONG_S,
            "refused": float(service.refused),
        }
        answers += [
            Answer("cold_starts", isolation, f"policy={name}", quantity, value)
            for quantity, value in quantities.items()
        ]
    return answers


def requests(seed: int, arrivals: Path | Sequence[float] | None = None) -> Iterable[float]:
    """When requests come: the same for every isolation and policy.

    Raises BadTable if `arrivals` is a file that holds no times.
    """
    if arrivals is not None:
        return trace(arrivals) if isinstance(arrivals, Path) else arrivals
    return daily(stream(seed, "requests"), MEAN_PER_S, SWING_RATIO, LONG_S, DAY_S)


def serve(
    profile: Profile,
    isolation: str,
    policy: Policy,
    times_s: Iterable[float],
    seed: int,
    hosts: int = 10,
    watch: Callable[[Served], Process] | None = None,
) -> Served:
    """Run a service for an hour; `watch` is a process that may look at it meanwhile."""
    env = Environment()
    fleet = fleet_of(env, hosts, profile, isolation, "spread")
    service = Service(fleet, Request(), policy, (stream(seed, "work"), stream(seed, "stages")))
    env.process(service.arrivals(times_s))
    if watch:
        env.process(watch(Served(service, fleet)))
    if policy.target_ratio < inf:
        env.process(service.autoscale())
    env.run(until=LONG_S)
    service.account()
    for host in fleet.used():
        host.check()
    return Served(service, fleet)
