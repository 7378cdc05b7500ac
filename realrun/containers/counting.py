"""What running containers use: `stats`, and who they are: `top`.

The control group tells, where there is one; else the processes are asked one by one.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from realrun.containers.record import RUNNING, Container
from realrun.containers.registry import Registry
from realrun.errors import UsageError
from realrun.linux import cgroups, namespaces, procstat, usage
from realrun.runtime import state as instances


class Used(NamedTuple):
    """At one moment: `at_ns` of the monotonic clock. All zero for one that does not run."""

    at_ns: int = 0
    cpu_ns: int = 0
    memory_bytes: int = 0
    memory_limit_bytes: int = 0
    received_bytes: int = 0
    sent_bytes: int = 0
    read_bytes: int = 0
    written_bytes: int = 0
    tasks: int = 0  # processes, and each thread of them


def processes_of(registry: Registry, container: Container) -> list[int]:
    """All processes of a running container, as this machine numbers them."""
    if registry.state(container).status != RUNNING:
        raise UsageError(f"container {container.name} is not running")
    return pids(container)


def pids(container: Container) -> list[int]:
    """The members of its control group; without one, those that live on its files."""
    found = usage.members(cgroups.detect(), container.id)
    return sorted(instances.processes_of(container.id)) if found is None else found


def used(registry: Registry, container: Container) -> Used:
    """What it has used up to now, and holds."""
    told = registry.state(container)
    if told.status != RUNNING:
        return Used()
    here, name, everyone = cgroups.detect(), container.id, pids(container)
    cpu_ns, memory = usage.cpu_ns(here, name), usage.memory_bytes(here, name)
    disk = usage.io_bytes(here, name) or procstat.io_bytes(everyone)
    net = net_bytes(told.pid)
    return Used(
        at_ns=time.monotonic_ns(),
        cpu_ns=procstat.cpu_ns(everyone) if cpu_ns is None else cpu_ns,
        memory_bytes=procstat.memory_bytes(everyone) if memory is None else memory,
        memory_limit_bytes=usage.memory_limit_bytes(here, name),
        received_bytes=net[0],
        sent_bytes=net[1],
        read_bytes=disk[0],
        written_bytes=disk[1],
        tasks=sum(one.threads for one in map(procstat.read, everyone) if one is not None),
    )


def net_bytes(pid: int) -> tuple[int, int]:
    """Of a network of its own; that of the machine is nobody's in particular, as in Docker."""
    try:
        own = "net" in namespaces.foreign(pid)
    except FileNotFoundError:  # it has just ended
        return 0, 0
    return procstat.net_bytes(pid) if own else (0, 0)


def cpu_percent(before: Used, after: Used) -> float:
    """Of one processor, between two moments; more than 100 on several."""
    if not before.at_ns or after.at_ns <= before.at_ns:
        return 0.0
    return max(after.cpu_ns - before.cpu_ns, 0) / (after.at_ns - before.at_ns) * 100
