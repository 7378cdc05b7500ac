"""How fast the simulator is: a storm beside bare SimPy, and lives from a thousand to a million.

A life: an instance comes at a random time, is placed on a host, starts, lives, goes.
"""

import gc
import random
import time
from collections import defaultdict
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from math import isclose, log
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import simpy

from sim.engine.events import Environment
from sim.engine.streams import drawn, stream
from sim.errors import ModelBroken
from sim.model.fleet import Lives, arrivals, fleet_of
from sim.model.host import build_host
from sim.model.instance import start
from sim.model.load import poisson
from sim.profiles import Host, Isolation, Profile

LIVES_S = (5.0, 20.0, 60.0)  # quantiles of how long instances live
PER_HOST_S = 0.05  # instances that come, a second for each host
HOSTS = 10_000


class Lifecycles(NamedTuple):
    """What one run took, and what it found."""

    instances: int
    hosts: int
    ended: int
    events: int
    took_s: float
    most_running: int
    start_p50_s: float
    start_p99_s: float
    peak_mib: float


def lifecycles(
    profile: Profile, isolation: str, instances: int, hosts: int = HOSTS, seed: int = 0
) -> Lifecycles:
    """Run `instances` lives on `hosts` hosts; every one of them ends. Same seed: same results.

    The time is this core's, with what it takes to set up the fleet.
    """
    began_s = time.process_time()
    env, lives = Environment(), Lives()
    fleet = fleet_of(env, hosts, profile, isolation, "spread")
    times_s = islice(_times_s(hosts, seed), instances)
    luck = stream(seed, "lives"), stream(seed, "stages")
    env.process(arrivals(fleet, times_s, LIVES_S, luck, lives))
    with no_collector():
        env.run()
    took_s = time.process_time() - began_s
    for host in fleet.used():
        host.check()
    return Lifecycles(
        instances=instances,
        hosts=hosts,
        ended=lives.ended + lives.refused,
        events=events_of(env),
        took_s=took_s,
        most_running=lives.most_running,
        start_p50_s=lives.start_s.quantile(0.5),
        start_p99_s=lives.start_s.quantile(0.99),
        peak_mib=_peak_mib(),
    )


@contextmanager
def no_collector() -> Iterator[None]:
    """Without the search for circles of garbage: lives leave none, and it takes a fifth more."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _times_s(hosts: int, seed: int) -> Iterator[float]:
    return poisson(stream(seed, "gaps"), PER_HOST_S * hosts, until_s=float("inf"))


def events_of(env: simpy.Environment) -> int:
    """How many events SimPy has been given; asking adds one to the count, not to the simulation."""
    return next(env._eid)


def _peak_mib() -> float:
    """The most memory that this process has had; NaN where the kernel does not tell.

    Not `getrusage`: that counts what the process was before it became this program.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    kib = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return float(kib[0]) / 1024 if kib else float("nan")


class Overhead(NamedTuple):
    """One storm in the model and in SimPy alone, the same starts at the same times."""

    starts: int
    ours_us: float  # a start, median over repeats
    bare_us: float
    ratio: float  # median of the ratios of neighbours in time
    ours_events: float  # a start
    bare_events: float


class Timed(NamedTuple):
    """How long one storm took to simulate, and when its instances are ready."""

    took_s: float
    events: int
    ready_s: list[float]


def overhead(profile: Profile, isolation: str, repeats: int = 200, seed: int = 0) -> Overhead:
    """Simulate a storm with as many starts as there are cores, in turns with the model and without.

    Raises ModelBroken if the two do not agree when each is ready.
    """
    kind, starts = profile[isolation], profile.host.cores
    pairs = []
    for repeat in range(repeats):
        luck = stream(seed, repeat), stream(seed, repeat)
        with no_collector():
            ours, theirs = (
                modelled(profile.host, kind, starts, luck[0]),
                bare(kind, starts, luck[1]),
            )
        pairs.append((ours, theirs))
        for mine, plain in zip(ours.ready_s, theirs.ready_s, strict=True):
            if not isclose(mine, plain, rel_tol=1e-9):
                raise ModelBroken(f"ready after {mine} s in the model, {plain} s in SimPy alone")
    return Overhead(
        starts=starts,
        ours_us=1e6 * median(ours.took_s for ours, _ in pairs) / starts,
        bare_us=1e6 * median(theirs.took_s for _, theirs in pairs) / starts,
        ratio=median(ours.took_s / theirs.took_s for ours, theirs in pairs),
        ours_events=pairs[0][0].events / starts,
        bare_events=pairs[0][1].events / starts,
    )


def modelled(host: Host, kind: Isolation, starts: int, luck: random.Random) -> Timed:
    """The storm as the experiment has it."""
    model, ready_s = build_host(host, kind), []

    def instance() -> Generator[simpy.Event, Any, None]:
        yield from start(model, kind.stage, luck)
        ready_s.append(model.env.now)

    return _timed(model.env, [instance() for _ in range(starts)], ready_s)


def bare(kind: Isolation, starts: int, luck: random.Random) -> Timed:
    """The shortest SimPy program for it: with a core for each, work is a timeout."""
    env, ready_s = simpy.Environment(), []
    locks: defaultdict[str, simpy.Resource] = defaultdict(lambda: simpy.Resource(env))

    def instance() -> Generator[simpy.Event, Any, None]:
        for stage in kind.stage:
            cpu_s, wait_s = drawn(luck, stage.cpu_s), drawn(luck, stage.wait_s)
            if stage.lock:
                with locks[stage.lock].request() as turn:
                    yield turn
                    yield env.timeout(drawn(luck, stage.hold_s))
            yield env.timeout(cpu_s)
            if wait_s:
                yield env.timeout(wait_s)
        ready_s.append(env.now)

    return _timed(env, [instance() for _ in range(starts)], ready_s)


def _timed(env: simpy.Environment, instances: list[Any], ready_s: list[float]) -> Timed:
    for one in instances:
        env.process(one)
    began_s = time.process_time()
    env.run()
    return Timed(time.process_time() - began_s, events_of(env), ready_s)


def scaling(profile: Profile, isolation: str, sizes: list[int], hosts: int) -> list[Lifecycles]:
    """The scenario at each of `sizes`, each in a process of its own: peaks are not mixed up."""
    found = []
    for size in sizes:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            found.append(pool.submit(lifecycles, profile, isolation, size, hosts).result())
    return found


def exponent(runs: list[Lifecycles]) -> float:
    """How the time grows with the number of lives: the slope from the first to the last, in logs.

    Straight lines have 1; what is set up once makes it less.
    """
    first, last = runs[0], runs[-1]
    return log(last.took_s / first.took_s) / log(last.instances / first.instances)
