"""Where instances wait, and what else the machine did meanwhile.

Sources: proc(5), `schedstat`: time on a processor, time in the queue for one, ns; `status`:
context switches. The kernel's psi.rst: `/proc/pressure`, us in which somebody had to wait.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from realrun.linux import processes
from realrun.runtime.run import Run

HZ = os.sysconf("SC_CLK_TCK")
PRESSURES = ("cpu", "io", "memory")
BUSY = (0, 1, 2, 5, 6)  # user, nice, system, irq, softirq of /proc/stat
Place = tuple[str, str]  # kind, where


class Scheduled(NamedTuple):
    """What the scheduler did to processes so far."""

    queued_s: float
    voluntary: int  # context switches: they had to wait for something
    involuntary: int  # somebody else's turn


def scheduled(pids: Sequence[int]) -> Scheduled:
    """All threads of these processes; nothing of those that have ended."""
    queued_ns, switches = 0, Counter[str]()
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            for task in os.listdir(f"/proc/{pid}/task"):
                folder = Path(f"/proc/{pid}/task/{task}")
                queued_ns += int((folder / "schedstat").read_text().split()[1])
                for line in (folder / "status").read_text().splitlines()[-2:]:
                    name, count = line.split(":")
                    switches[name] += int(count)
    voluntary, involuntary = (switches[f"{n}_ctxt_switches"] for n in ("voluntary", "nonvoluntary"))
    return Scheduled(queued_ns / 1e9, voluntary, involuntary)


def machine(helper: int) -> dict[Place, float]:
    """Sums of the whole machine, s: processors at work, the engine's part of it, pressure."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = list(map(int, file.readline().split()[1:]))
    found = {
        ("cpu", "machine"): sum(ticks[place] for place in BUSY) / HZ,
        ("cpu", "engine"): processes.cpu_ns([os.getpid(), helper]) / 1e9,
    }
    for name in PRESSURES:
        with suppress(FileNotFoundError):  # a kernel without it, or it is switched off
            some = Path(f"/proc/pressure/{name}").read_text(encoding="ascii").splitlines()[0]
            found["pressure", name] = int(some.rpartition("=")[2]) / 1e6
    return found


def during(
    runs: Sequence[Run], told: Sequence[Scheduled], before: dict[Place, float], helper: int
) -> dict[Place, float]:
    """Where the instances of a storm spent their time, all together, s, and what else was done."""
    found = {place: value - before[place] for place, value in machine(helper).items()}
    found["queue", "processor"] = sum(one.queued_s for one in told)
    for run in runs:
        for phase in run.record.phases():
            if phase.part == "start":
                place = ("phase", phase.name)
                found[place] = found.get(place, 0.0) + phase.duration_s
    return found
