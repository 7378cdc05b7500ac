"""A host: shared cores, memory, and servers that do one thing at a time."""

from dataclasses import dataclass, field

import simpy

from sim.engine.cpu import SharedCpu
from sim.engine.memory import Memory
from sim.engine.queue import Queue
from sim.profiles import Host, Isolation


@dataclass(frozen=True, slots=True, kw_only=True)
class HostModel:
    """The host while a simulation runs."""

    env: simpy.Environment
    cpu: SharedCpu
    memory: Memory
    servers: dict[str, Queue] = field(default_factory=dict)

    def server(self, name: str) -> Queue:
        """The single-threaded server `name`, made when first asked for."""
        if name not in self.servers:
            self.servers[name] = Queue(self.env)
        return self.servers[name]

    def check(self) -> None:
        """All laws of the host's parts; raises ModelBroken."""
        self.cpu.check()
        self.memory.check()


def build_host(host: Host, isolation: Isolation) -> HostModel:
    """An idle host as `isolation` finds it, at time 0."""
    env = simpy.Environment()
    cpu = SharedCpu(env, host.cores, isolation.contention_ratio)
    return HostModel(env=env, cpu=cpu, memory=Memory(host.memory_mib))
