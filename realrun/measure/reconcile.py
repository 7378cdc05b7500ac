"""From one account of memory to the next, line by line, down to the machine's `MemAvailable`.

Each line says by how much two accounts differ and why; what no line explains is a line of its own.
The lines follow from what the accounts count (`data/README.md`), so a large rest is news.

Sources: proc(5), `/proc/meminfo` and `smaps_rollup`; the kernel's cgroup-v1/memory.rst and
cgroup-v2.rst, "memory.stat"; `si_mem_available()` in mm/show_mem.c for what counts as available;
proc(5), `/proc/zoneinfo`, "pagesets".
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from realrun.measure.accounts import Record, summed

ACCOUNT, LINE, UNEXPLAINED, NOISE = "account", "line", "unexplained", "noise"
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024
KERNEL = ("SUnreclaim", "PageTables", "KernelStack", "Percpu")
Meminfo = Mapping[str, int]  # kB


class Line(NamedTuple):
    """One line: an account, what leads to the next one, or what is not explained, kB."""

    kind: str
    text: str
    kib: int


def meminfo() -> dict[str, int]:
    """/proc/meminfo, kB (some lines are counts), and as `SetAside` the processors' free pages."""
    with open("/proc/meminfo", encoding="ascii") as file:
        told = {line.split(":")[0]: int(line.split()[1]) for line in file}
    return told | {"SetAside": set_aside_kib()}


def set_aside_kib() -> int:
    """Free pages in the lists of the processors, which MemFree and MemAvailable leave out, kB.

    They may be hundreds of MiB. 0 where only root may read of them.
    """
    try:
        with open("/proc/zoneinfo", encoding="ascii") as file:
            counts = [line.split()[1] for line in file if line.lstrip().startswith("count:")]
    except PermissionError:
        return 0
    return sum(map(int, counts)) * PAGE_KIB


def grown(before: Meminfo, after: Meminfo) -> Counter[str]:
    """By how much each line of /proc/meminfo has grown."""
    return Counter({key: after[key] - before.get(key, 0) for key in after})


def lines(found: Record, machine: Counter[str], drift: Counter[str]) -> list[Line]:
    """The whole table: `machine` and `drift` are what the machine's lines have grown by, with these
    instances and, for comparison, in the same time without."""
    charged = summed(found.charged)
    rss, pss = found.everybody["Rss"], found.everybody["Pss"]
    told = [
        Line(ACCOUNT, "rss", rss),
        Line(LINE, "pages that others have as well, by their part", pss - rss),
        Line(ACCOUNT, "pss", pss),
    ]
    helpers = sum(one["Pss"] for one in found.helpers.values())
    steps = [Line(LINE, "the engine's helpers, which were there before", -helpers)]
    if charged:
        steps += to_charged(found, charged)
        told += closed(steps, pss, "cgroup", charged["total"])
        steps, at = [], charged["total"]
    else:
        charged, at = uncharged(found), pss
    steps += to_available(charged, machine, at + sum(line.kib for line in steps))
    told += closed(steps, at, "available", -machine["MemAvailable"])
    return [*told, Line(NOISE, "available, without any start", -drift["MemAvailable"])]


def closed(steps: list[Line], start: int, account: str, value: int) -> list[Line]:
    """Lines that lead from `start` to an account, with what they leave unexplained."""
    rest = value - start - sum(line.kib for line in steps)
    return [*steps, Line(UNEXPLAINED, f"unexplained, up to {account}", rest),
            Line(ACCOUNT, account, value)]  # fmt: skip


def to_charged(found: Record, charged: Counter[str]) -> Iterator[Line]:
    """From the instances' proportional set to what the memory controller charges them."""
    mapped = found.instances["Pss_File"] + found.instances["Pss_Shmem"]
    yield Line(LINE, "anonymous pages: as charged, not by parts",
               charged["anon"] - found.instances["Pss_Anon"])  # fmt: skip
    yield Line(LINE, "mapped files: charged whole to whoever was first, not by parts",
               charged["mapped"] - mapped)  # fmt: skip
    yield Line(LINE, "files read or written, in no page table",
               charged["file"] + charged["shmem"] - charged["mapped"])  # fmt: skip
    for part in ("page tables", "kernel stack", "slab", "other kernel"):
        yield Line(LINE, f"kernel: {part}", charged[part])


def uncharged(found: Record) -> Counter[str]:
    """What an instance without a group would be charged with, as far as its processes tell."""
    own = found.instances
    return Counter(anon=own["Pss_Anon"], file=own["Pss_File"], shmem=own["Pss_Shmem"])


def to_available(charged: Counter[str], machine: Counter[str], at: int) -> Iterator[Line]:
    """From what is charged to what the machine has less to give."""
    kernel = sum(machine[key] for key in KERNEL)
    own = at - charged["anon"] - charged["file"] - charged["shmem"]
    yield Line(LINE, "files: the page cache counts as available", -charged["file"])
    yield Line(LINE, "anonymous memory of anybody else, grown meanwhile",
               machine["AnonPages"] - charged["anon"])  # fmt: skip
    yield Line(LINE, "shared memory of anybody else, grown meanwhile",
               machine["Shmem"] - charged["shmem"])  # fmt: skip
    yield Line(LINE, "kernel memory charged to nobody, less what can be reclaimed", kernel - own)
    yield Line(LINE, "free pages that the processors have set aside", machine["SetAside"])
