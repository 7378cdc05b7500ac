"""A host: shared cores, memory, disk and link, locks of its kernel, single-threaded servers."""

from math import fsum

import simpy

from sim.contract import HELPER
from sim.engine.cpu import SharedCpu
from sim.engine.device import Device
from sim.engine.events import Environment
from sim.engine.lock import KernelLock
from sim.engine.memory import Memory
from sim.engine.queue import Queue
from sim.profiles import Host, InstanceMemory, Isolation

LEAST_CORES = 0.01


class HostModel:
    """The host while a simulation runs. What its profile is silent about does not limit anything.

    `disk` and `link` are None then. Locks and servers are made when first asked for.
    """

    def __init__(self, env: simpy.Environment, host: Host, isolation: Isolation) -> None:
        self.env = env
        self.host = host
        self.cpu = SharedCpu(env, host.cores, isolation.contention_ratio, isolation.turns_ratio)
        self.memory = Memory(host.memory_mib, host.overcommit_ratio)
        self.disk: Device | None = None
        self.link: Device | None = None
        if host.disk_mib_per_s is not None:
            self.disk = Device(env, host.disk_mib_per_s, host.disk_operations_per_s or float("inf"))
        if host.link_mib_per_s is not None:
            self.link = Device(env, host.link_mib_per_s)
        self.background_cores = 0.0
        self._locks: dict[str, KernelLock] = {}
        self._servers: dict[str, Queue] = {}

    def server(self, name: str) -> Queue:
        """The single-threaded server `name`."""
        if name not in self._servers:
            self._servers[name] = Queue(self.env)
        return self._servers[name]

    def lock(self, name: str) -> KernelLock:
        """The kernel's lock `name`: all cores but the holder's can spin for it."""
        if name not in self._locks:
            growth, others = self.host.lock_growth_ratio, self.host.cores - 1
            self._locks[name] = KernelLock(self.env, growth, others)
        return self._locks[name]

    def background(self, cores: float) -> None:
        """So much more (or less) of the cores is kept busy by guests' own systems, ahead of others.

        A hundredth of a core is always left: a host that is full of idle guests crawls.
        """
        self.background_cores += cores
        self.cpu.resize(max(LEAST_CORES, self.host.cores - self.background_cores))

    def check(self) -> None:
        """All laws of the host's parts; raises ModelBroken."""
        for part in (self.cpu, self.memory, self.disk, self.link):
            if part is not None:
                part.check()


def build_host(host: Host, isolation: Isolation, env: simpy.Environment | None = None) -> HostModel:
    """An idle host as `isolation` finds it, at time 0 or in the environment of others."""
    return HostModel(env or Environment(), host, isolation)


def memory_of(isolation: Isolation) -> InstanceMemory:
    """Memory of one instance by kind: as the profile tells it, or else from what was measured.

    Measured is the proportional set size: the part that grows with each instance is its own.
    """
    if isolation.instance is not None:
        return isolation.instance
    parts = [part for part in isolation.memory if part.account == "pss" and part.part != HELPER]
    own_mib = fsum(part.each_mib for part in parts)
    return InstanceMemory(private_mib=own_mib, source="measured: memory, pss of each")
