"""A fleet: many equal hosts, who is placed where, lives and deaths of instances and of hosts.

Placed by memory: an instance needs room for what it was promised, of the host's memory times its
`overcommit_ratio`. Processors are shared and oversold. Hosts come into being when first used.

An instance's life: asked for, placed (or refused), started, lives, gone. What is learnt from it is
added up while it happens (`Lives`); no instance leaves a record.
"""

import random
from collections.abc import Generator, Iterable
from typing import Any

import simpy

from sim.engine.streams import drawn
from sim.engine.tally import Tally
from sim.errors import DoesNotFit, SimError, nearest
from sim.model.host import HostModel, build_host, memory_of
from sim.model.image import files_of
from sim.model.instance import Span, Tell, start
from sim.model.placement import NO_ROOM, POLICIES
from sim.profiles import Host, Image, Isolation, Profile

Process = Generator[simpy.Event, Any, None]
KERNEL = "guest kernel"  # the name of what all guests have in common


class Fleet:
    """`hosts` equal hosts for instances of one isolation and image.

    An isolation that is a pool has instances of `filler` waiting on each host, booted ahead: those
    that find one start by the pool's own plan, and the place is filled again meanwhile; the others
    start by the filler's plan.
    """

    def __init__(
        self,
        env: simpy.Environment,
        hosts: int,
        host: Host,
        isolation: Isolation,
        image: Image | None = None,
        policy: str = "first_fit",
        filler: Isolation | None = None,
    ) -> None:
        if hosts < 1:
            raise ValueError(f"hosts must be >= 1, got {hosts}")
        if policy not in POLICIES:
            raise SimError(f"unknown placement {policy!r}; {nearest(policy, POLICIES)}")
        self.env = env
        self.host = host
        self.isolation = isolation
        self.plan = isolation.stage
        self.memory = memory_of(isolation)
        self.files = files_of(image) if image else {}
        self.merged = {KERNEL: self.memory.merged_mib} if self.memory.merged_mib else {}
        self.filler = filler
        self.room_mib = host.memory_mib * host.overcommit_ratio
        self.room_mib -= isolation.pool_instances * self.memory.placed_mib
        self.placement = POLICIES[policy]([self.room_mib] * hosts)
        self.running = 0
        self.residents: list[dict[int, simpy.Process | None]] = [{} for _ in range(hosts)]
        self.waiting = [isolation.pool_instances] * hosts  # in the pool of each host
        self._hosts: list[HostModel | None] = [None] * hosts
        self._number = 0

    def at(self, number: int) -> HostModel:
        """The host of this number."""
        host = self._hosts[number]
        if host is None:
            host = self._hosts[number] = build_host(self.host, self.isolation, self.env)
        return host

    def used(self) -> Iterable[HostModel]:
        """All hosts that have ever had an instance and are up."""
        return (host for host in self._hosts if host is not None)

    def enter(self) -> tuple[int, int] | None:
        """Place a new instance: the number of its host and its own; None if nowhere is room.

        Where more was promised than there is, a host may turn out to be full: that is no room, too.

        To be called inside the instance's own process: it is interrupted if its host fails. What
        is idle in between has None in its place among the `residents`.
        """
        number = self.placement.find(self.memory.placed_mib)
        if number is None:
            return None
        host, need = self.at(number), self.memory
        self._number += 1
        try:
            host.memory.take(
                self._number,
                need.private_mib,
                reclaimable_mib=need.page_cache_mib,
                files=self.files,
                merged=self.merged,
                promised_mib=need.placed_mib,
            )
        except DoesNotFit:
            return None
        if self.isolation.background_cores:
            host.background(self.isolation.background_cores)
        left_mib = self.placement.free_mib[number] - need.placed_mib
        self.placement.change(number, left_mib)
        self.residents[number][self._number] = self.env.active_process
        self.running += 1
        return number, self._number

    def leave(self, number: int, name: int) -> None:
        """The instance is gone and its memory free; nothing if its host has failed meanwhile."""
        if name not in self.residents[number]:
            return
        del self.residents[number][name]
        host = self.at(number)
        host.memory.give_back(name)
        if self.isolation.background_cores:
            host.background(-self.isolation.background_cores)
        self.placement.change(number, self.placement.free_mib[number] + self.memory.placed_mib)
        self.running -= 1

    def fail(self, number: int) -> None:
        """The host is down: all its instances are interrupted, and nobody is placed there."""
        gone, self.residents[number] = self.residents[number], {}
        self.running -= len(gone)
        self._hosts[number] = None
        self.waiting[number] = self.isolation.pool_instances
        self.placement.change(number, NO_ROOM)
        for process in gone.values():
            if process is not None:
                process.interrupt("host failed")

    def begin(self, number: int, luck: random.Random, tell: Tell | None = None) -> Process:
        """The start of an instance placed on this host, from the pool if it has one."""
        host, plan = self.at(number), self.plan
        if self.filler is not None:
            if self.waiting[number]:
                self.waiting[number] -= 1
                self.env.process(self._refill(number, luck))
            else:
                plan = self.filler.stage
        return start(host, plan, luck, tell)

    def _refill(self, number: int, luck: random.Random) -> Process:
        assert self.filler is not None
        host = self.at(number)
        yield from start(host, self.filler.stage, luck)
        if self._hosts[number] is host:
            self.waiting[number] += 1

    def repair(self, number: int) -> None:
        """The host is back, empty."""
        self.placement.change(number, self.room_mib)


def fleet_of(
    env: simpy.Environment, hosts: int, profile: Profile, isolation: str, policy: str
) -> Fleet:
    """A fleet of the profile's hosts; a pool is filled by what the profile says."""
    kind = profile[isolation]
    filler = profile[profile.filler(isolation)] if kind.pool_of else None
    return Fleet(env, hosts, profile.host, kind, policy=policy, filler=filler)


class Lives:
    """What is known of many lives: counts, and how long starts took.

    `traced` keeps the stages of every start as well, by the instance's number: for a small fleet.
    """

    def __init__(self, traced: bool = False) -> None:
        self.spans: dict[int, list[Span]] | None = {} if traced else None
        self.start_s = Tally()
        self.refused = self.ended = 0
        self.most_running = 0


def life(fleet: Fleet, lives_s: float, luck: random.Random, lives: Lives) -> Process:
    """One instance from being asked for to its end, `lives_s` after it is ready."""
    asked_s = fleet.env.now
    placed = fleet.enter()
    if placed is None:
        lives.refused += 1
        return
    lives.most_running = max(lives.most_running, fleet.running)
    tell = None if lives.spans is None else lives.spans.setdefault(placed[1], []).append
    yield from fleet.begin(placed[0], luck, tell)
    lives.start_s.add(fleet.env.now - asked_s)
    yield fleet.env.timeout(lives_s)
    fleet.leave(*placed)
    lives.ended += 1


def arrivals(
    fleet: Fleet,
    times_s: Iterable[float],
    lives_s: tuple[float, ...],
    luck: tuple[random.Random, random.Random],
    lives: Lives,
) -> Process:
    """Ask for an instance at each of `times_s`; `luck` is for lengths of lives and for stages."""
    env = fleet.env
    for at_s in times_s:
        yield env.timeout(at_s - env.now)
        env.process(life(fleet, drawn(luck[0], lives_s), luck[1], lives))
