"""How far a machine may be filled: what is left of memory, processes, descriptors and disk.

A limit of this kind stops us, not the machine: each leaves enough for everybody else.

Sources: proc(5), `/proc/meminfo`, `/proc/sys/kernel/pid_max`, `/proc/sys/fs/file-nr`; getrlimit(2);
cgroups(7), `pids.max`; statvfs(3).
"""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from realrun import paths
from realrun.linux import usage
from realrun.measure.environment import meminfo_mib

MIB = 1 << 20
LEAST_MIB, LEAST_RATIO = 512.0, 0.15  # of memory and disk, and of all memory: left for others
MOST_RATIO = 0.7  # of processes and descriptors that may be in use


class Left(NamedTuple):
    """What is left of everything, or how much of it is in use, at one moment."""

    memory_mib: float  # that could be given out: MemAvailable, or what our own group may still take
    disk_mib: float  # where our files are
    processes_ratio: float  # in use, of the most
    descriptors_ratio: float


def look() -> Left:
    """This machine now."""
    free = shutil.disk_usage(paths.root()).free
    memory_mib = min([meminfo_mib("MemAvailable"), *rooms_mib()])
    return Left(memory_mib, free / MIB, processes_ratio(), descriptors_ratio())


def rooms_mib() -> Iterator[float]:
    """What the control groups around us may still take."""
    for most, used in (("memory.limit_in_bytes", "memory.usage_in_bytes"),
                       ("memory.max", "memory.current")):  # fmt: skip
        yield from ((limit - now) / MIB for now, limit in usage.around_us("memory", most, used))


def number(path: str, place: int = 0) -> int:
    """A number in a small file of /proc."""
    return int(Path(path).read_text(encoding="ascii").split()[place])


def processes_ratio() -> float:
    """Threads of all, of what the kernel has numbers for, and ours, of what we may have."""
    running = int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].split("/")[1])
    most = min(number("/proc/sys/kernel/pid_max"), number("/proc/sys/kernel/threads-max"))
    own, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if own != resource.RLIM_INFINITY and os.geteuid() != 0:
        most = min(most, own)
    groups = usage.around_us("pids", "pids.max", "pids.current")
    return max([running / most, *(now / limit for now, limit in groups)])


def descriptors_ratio() -> float:
    """Files open by all, of what the kernel allows, and by us, of what we may have."""
    whole = number("/proc/sys/fs/file-nr") / number("/proc/sys/fs/file-nr", 2)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(whole, len(os.listdir("/proc/self/fd")) / soft)


def exhausted(left: Left, next_mib: float) -> str:
    """Which budget one more instance of `next_mib` would exceed; empty if it fits."""
    if left.memory_mib - next_mib < max(LEAST_MIB, LEAST_RATIO * meminfo_mib("MemTotal")):
        return "memory"
    if left.disk_mib - next_mib < LEAST_MIB:
        return "disk"
    if left.processes_ratio > MOST_RATIO:
        return "processes"
    return "descriptors" if left.descriptors_ratio > MOST_RATIO else ""
