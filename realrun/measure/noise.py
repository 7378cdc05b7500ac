"""The machine's own noise: a fixed piece of work, stolen time and throttling.

A virtual machine's processor may be given to others (`steal`), a control group may be held back
when it has used up its quota, a hot processor slows down: a trial that met any of these is marked.
The reference spin is the same work each time; how long it takes says how fast this machine is now.

Sources: proc(5), `/proc/stat`; the kernel's cgroup-v2.rst and sched-bwc.rst, `cpu.stat`;
thermal_throttle in its sysfs-devices-system-cpu.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from realrun.linux import cgroups

ROUNDS = 20_000  # of the spin: about a millisecond
HZ = os.sysconf("SC_CLK_TCK")
STOLEN_RATIO = 0.01  # of the machine's processor time during a trial
STOLEN, THROTTLED = "stolen", "throttled"
HOT = "/sys/devices/system/cpu/cpu{}/thermal_throttle/core_throttle_total_time_ms"


class Noise(NamedTuple):
    """The machine at one moment; sums since it was started, s."""

    at_ns: int
    spin_s: float
    stolen_s: float
    throttled_s: float


def spin_s() -> float:
    """How long a fixed piece of work takes."""
    begin_ns, value = time.monotonic_ns(), 1
    for _ in range(ROUNDS):
        value = value * 69069 + 1 & 0xFFFFFFFF
    return (time.monotonic_ns() - begin_ns) / 1e9


def listen() -> Noise:
    """Spin once, and read the kernel's counters."""
    return Noise(time.monotonic_ns(), spin_s(), stolen_s(), throttled_s())


def stolen_s() -> float:
    """Time that the processors of this virtual machine were given to others."""
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[8]) / HZ


@cache
def groups() -> list[Path]:
    """`cpu.stat` of the control group that we are in and of those around it."""
    own = Path("/proc/self/cgroup").read_text(encoding="utf-8")
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    mine = cgroups.parse(mounts, own).trees.get("cpu")
    folders = [Path(mine), *Path(mine).parents] if mine else []
    return [path for folder in folders if (path := folder / "cpu.stat").exists()]


@cache
def sensors() -> list[Path]:
    """Where each processor tells how long it was too hot."""
    paths = (Path(HOT.format(cpu)) for cpu in sorted(os.sched_getaffinity(0)))
    return [path for path in paths if path.exists()]


def throttled_s() -> float:
    """Time that a quota or heat held us back."""
    total = sum(held_back_s(path) for path in groups())
    for path in sensors():
        with suppress(OSError):  # a processor that was switched off
            total += int(path.read_text(encoding="ascii")) / 1e3
    return total


def held_back_s(path: Path) -> float:
    """By a quota: ns in version 1, us in version 2."""
    told = dict(line.split() for line in path.read_text(encoding="ascii").splitlines())
    return int(told.get("throttled_time", 0)) / 1e9 + int(told.get("throttled_usec", 0)) / 1e6


def mark(before: Noise, after: Noise, cores: int) -> str:
    """What disturbed the time between two moments; empty if nothing did."""
    whole_s = (after.at_ns - before.at_ns) / 1e9 * cores
    stolen = after.stolen_s - before.stolen_s > STOLEN_RATIO * whole_s
    throttled = after.throttled_s > before.throttled_s
    return ", ".join([STOLEN] * stolen + [THROTTLED] * throttled)
