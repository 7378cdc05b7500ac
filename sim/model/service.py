"""A service: requests, the instances that serve them, and who decides how many there are.

A request takes an idle instance, the one used last first, so that the others may be let go; if
there is none, it starts one and waits for it (a cold start); if there is no room, it is refused. An
instance serves one request at a time, and goes when it has been idle for `keep_alive_s`.

Autoscaling looks every `check_s` at how many requests are inside, smoothed over `check_s` by their
mean, and starts ahead what is missing to `wanted = ceil(inside / target_ratio)`.

Sources: M. Shahrad et al., "Serverless in the wild", USENIX ATC 2020 (keep-alive); the target is
that of Knative's autoscaler (docs, "Configuring concurrency").
"""

import random
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from math import ceil, inf
from typing import Any

import simpy

from sim.engine.streams import drawn
from sim.engine.tally import Tally
from sim.model.fleet import Fleet

Process = Generator[simpy.Event, Any, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How instances are kept and made ahead."""

    keep_alive_s: float = 600.0
    target_ratio: float = inf  # requests inside for each instance; inf: none is started ahead
    check_s: float = 2.0

    def __post_init__(self) -> None:
        if not (self.keep_alive_s >= 0 and self.target_ratio > 0 and self.check_s > 0):
            raise ValueError(f"keep_alive_s >= 0, target_ratio > 0, check_s > 0, got {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a request demands: quantiles of CPU seconds in a plain process, of one kind of work."""

    cpu_s: tuple[float, ...] = (0.01, 0.05, 0.2)
    kind: str = "network"


@dataclass(slots=True, eq=False)
class Instance:
    """One that serves; `idle` counts how often it has fallen idle, so that old timers are void."""

    host: int
    name: int
    idle: int = 0


class Service:
    """What serves requests on a fleet, and what is learnt from it."""

    def __init__(
        self, fleet: Fleet, request: Request, policy: Policy, luck: tuple[random.Random, ...]
    ) -> None:
        self.fleet = fleet
        self.request = request
        self.policy = policy
        self.demands, self.stages = luck  # streams: of demands, and of the stages of starts
        self.cost_ratio = fleet.isolation.cost_ratio(request.kind)
        self.response_s, self.cold_s = Tally(), Tally()
        self.refused = self.failed = self.inside = 0
        self.instance_s = 0.0  # seconds of instances, one by one
        self._idle: list[Instance] = []
        self._since_s = fleet.env.now

    def arrivals(self, times_s: Iterable[float]) -> Process:
        """Open arrivals: a request at each of `times_s`."""
        env = self.fleet.env
        for at_s in times_s:
            yield env.timeout(at_s - env.now)
            env.process(self.serve(drawn(self.demands, self.request.cpu_s)))

    def user(self, think_s: tuple[float, ...], luck: random.Random) -> Process:
        """Closed arrivals: one user, who thinks, asks, and waits for the answer, for ever."""
        env = self.fleet.env
        while True:
            yield env.timeout(drawn(luck, think_s))
            yield env.process(self.serve(drawn(luck, self.request.cpu_s)))

    def serve(self, cpu_s: float) -> Process:
        """One request, from its arrival to its answer."""
        env, asked_s = self.fleet.env, self.fleet.env.now
        self.inside += 1
        try:
            instance = self._take() or (yield from self._start())
            if instance is None:
                self.refused += 1
                return
            if cpu_s:
                yield self.fleet.at(instance.host).cpu.serve(cpu_s * self.cost_ratio)
            self.response_s.add(env.now - asked_s)
            self._put(instance)
        except simpy.Interrupt:
            self.failed += 1
        finally:
            self.inside -= 1

    def autoscale(self) -> Process:
        """Start ahead what is missing, for ever."""
        env, mean = self.fleet.env, 0.0
        while True:
            yield env.timeout(self.policy.check_s)
            mean = (mean + self.inside) / 2
            wanted = ceil(mean / self.policy.target_ratio)
            for _ in range(wanted - self.fleet.running):
                env.process(self._ahead())

    def account(self) -> None:
        """Add up the instances since the last time; to be called before their number changes."""
        now_s = self.fleet.env.now
        self.instance_s += self.fleet.running * (now_s - self._since_s)
        self._since_s = now_s

    def _take(self) -> Instance | None:
        """The idle instance that was used last, if its host is still up."""
        while self._idle:
            instance = self._idle.pop()
            residents = self.fleet.residents[instance.host]
            if instance.name in residents:
                instance.idle += 1
                residents[instance.name] = self.fleet.env.active_process
                return instance
        return None

    def _start(self) -> Generator[simpy.Event, Any, Instance | None]:
        """A new instance for whoever asks, when it is ready; None if there is no room."""
        asked_s = self.fleet.env.now
        self.account()
        placed = self.fleet.enter()
        if placed is None:
            return None
        yield from self.fleet.begin(placed[0], self.stages)
        self.cold_s.add(self.fleet.env.now - asked_s)
        return Instance(*placed)

    def _ahead(self) -> Process:
        try:
            instance = yield from self._start()
        except simpy.Interrupt:
            return
        if instance is not None:
            self._put(instance)

    def _put(self, instance: Instance) -> None:
        """The instance is idle now, and goes if it stays so."""
        instance.idle += 1
        self.fleet.residents[instance.host][instance.name] = None
        self._idle.append(instance)
        if self.policy.keep_alive_s < inf:
            timer = self.fleet.env.timeout(self.policy.keep_alive_s, (instance, instance.idle))
            timer.callbacks.append(self._let_go)

    def _let_go(self, timer: simpy.Event) -> None:
        assert timer.value is not None
        instance, idle = timer.value
        if instance.idle == idle:
            instance.idle += 1
            self.account()
            self._idle.remove(instance)
            self.fleet.leave(instance.host, instance.name)
