"""What instances hold, by every account that the kernel keeps; definitions in `data/README.md`.

Sources: proc(5), `smaps` and `smaps_rollup`; cgroups(7).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence
from typing import NamedTuple

from realrun import engine
from realrun.errors import GuestFailed
from realrun.guest.boot import Guest
from realrun.linux import cgroups, processes, procstat, usage
from realrun.runtime.run import Run, drive
from realrun.runtime.start import Starter

KIB_PER_MIB = 1024
MAPPING = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)$")
GUEST_MEMORY = re.compile(r"/(#\d+|vm_file-\S+|memfd:memory-backend-memfd) \(deleted\)$")
STACK_KIB = 16  # of a thread in the kernel, on 64-bit machines (THREAD_SIZE)
CHARGED = ("anon", "file", "shmem", "slab", "page tables", "kernel stack", "other kernel")
Amounts = dict[tuple[str, str], float]


def rollup_kib(pid: int) -> Counter[str]:
    """The sums over all mappings of one process, kB; nothing once it has ended."""
    found: Counter[str] = Counter()
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
            for line in file.readlines()[1:]:
                key, value, *_ = line.split()
                found[key.rstrip(":")] += int(value)
    except (FileNotFoundError, ProcessLookupError):
        return found
    return found


def address_spaces(run: Run) -> list[int]:
    """The instance's processes, one for each address space."""
    return processes.with_own_memory(engine.pids(run))


def guest_ram_kib(pids: Sequence[int], memory_kib: int) -> int:
    """PSS of the mappings that are the guest's memory, over all of the monitor's processes.

    In QEMU that is the one anonymous mapping of the memory's size, or the memory file that helpers
    share; in User-Mode Linux the file without a name in TMPDIR that every process of the guest is
    mapped from.
    """
    total = 0
    for pid in pids:
        inside, anonymous = False, False
        for line in mappings(pid):
            if head := MAPPING.match(line):
                inside, anonymous = bool(GUEST_MEMORY.search(head[1])), not head[1]
            elif line.startswith("Size:") and anonymous:
                inside = int(line.split()[1]) == memory_kib
            elif line.startswith("Pss:") and inside:
                total += int(line.split()[1])
    return total


def mappings(pid: int) -> list[str]:
    """The lines of a process's smaps; none once it has ended, as a guest's own processes may."""
    try:
        with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
            return file.readlines()
    except (FileNotFoundError, ProcessLookupError):
        return []


class Record(NamedTuple):
    """Every account of one crowd of waiting runs, kB, all read in one go; see `read`."""

    instances: Counter[str]  # sums of smaps_rollup
    parts: Counter[str]  # of their PSS
    helpers: dict[str, Counter[str]]  # by the name of the process
    charged: list[dict[str, int] | None]  # by the memory controller, in the order of the starts
    guests: Counter[str]  # as their kernels tell

    @property
    def everybody(self) -> Counter[str]:
        """Instances and helpers."""
        return sum(self.helpers.values(), self.instances)


def record(runs: Sequence[Run], starter: Starter, helper: int) -> Record:
    """Read everything about waiting runs; `helper` is the process that started them."""
    guests = [run for run in runs if isinstance(run, Guest)]
    ask(guests, starter)
    own: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for run in runs:
        spaces = address_spaces(run)
        sums = sum(map(rollup_kib, spaces), Counter[str]())
        own.update(sums)
        if isinstance(run, Guest):
            parts.update(guest_parts(run, spaces, sums["Pss"]))
            told.update(guest_view(run))
        else:
            parts["program"] += sums["Pss"]
    known = {pid for run in runs for pid in engine.pids(run)}
    return Record(own, parts, helpers(helper, known), [charges(run) for run in runs], told)


def helpers(first: int, known: Container[int]) -> dict[str, Counter[str]]:
    """The engine's own processes - the spawner, and whatever it has started that is no instance."""
    found: dict[str, Counter[str]] = {}
    for pid in processes.descendants(first):
        name = procstat.read(pid)
        if pid not in known and name:
            found.setdefault(name.name, Counter()).update(rollup_kib(pid))
    return found


def charges(run: Run) -> dict[str, int] | None:
    """What the memory controller charges the run with, kB; None if it has no group.

    Version 1 does not tell the parts of the kernel's memory: page tables and stacks are then those
    of the processes, and the rest is `slab`.
    """
    here = cgroups.detect()
    total, told = usage.charged_bytes(here, run.id), usage.memory_parts(here, run.id)
    if total is None or told is None:
        return None
    found = {part: value // 1024 for part, value in told.items()}
    if "slab" not in found:
        pids = engine.pids(run)
        tables_kib = sum(procstat.status_kib(pid, "VmPTE") for pid in address_spaces(run))
        stacks_kib = STACK_KIB * sum(one.threads for one in map(procstat.read, pids) if one)
        tables_kib = min(tables_kib, found["kernel"])
        stacks_kib = min(stacks_kib, found["kernel"] - tables_kib)
        slab_kib = found["kernel"] - tables_kib - stacks_kib
        found |= {"page tables": tables_kib, "kernel stack": stacks_kib, "slab": slab_kib}
    known = sum(found[part] for part in ("slab", "page tables", "kernel stack"))
    return found | {"other kernel": found["kernel"] - known, "total": total // 1024}


def read(found: Record) -> Amounts:
    """All accounts of a record, MiB, by (account, part)."""
    helper_kib = sum(found.helpers.values(), Counter[str]())
    sums = found.everybody
    kib: dict[tuple[str, str], int] = {
        ("pss", "total"): sums["Pss"],
        ("pss", "helper"): helper_kib["Pss"],
        ("rss", "total"): sums["Rss"],
        ("rss", "shared"): sums["Shared_Clean"] + sums["Shared_Dirty"],
        ("rss", "private"): sums["Private_Clean"] + sums["Private_Dirty"],
        ("uss", "total"): sums["Private_Clean"] + sums["Private_Dirty"],
    }
    kib |= {("pss", part): value for part, value in found.parts.items()}
    kib |= {("guest", part): value for part, value in found.guests.items()}
    kib |= {("helper", name): one["Pss"] for name, one in found.helpers.items()}
    if charged := summed(found.charged):
        kib |= {("cgroup", part): charged[part] for part in ("total", *CHARGED)}
        rest = charged["total"] - sum(charged[part] for part in CHARGED)
        kib |= {("cgroup", "unexplained"): rest}
        first, last = (found.charged[place] or {} for place in (0, -1))
        kib |= {
            ("cgroup of one", "first"): first["total"],
            ("cgroup of one", "last"): last["total"],
        }
    return {key: value / KIB_PER_MIB for key, value in kib.items()}


def summed(charged: Sequence[dict[str, int] | None]) -> Counter[str]:
    """All groups together; empty if one of the instances has none."""
    total: Counter[str] = Counter()
    for one in charged:
        if one is None:
            return Counter()
        total.update(one)
    return total


def guest_view(guest: Guest) -> Counter[str]:
    """How the guest's kernel divides its memory, kB; what it never was given is `reserved`."""
    told = guest.memory_kib
    cached = told["Cached"] + told["Buffers"]
    kernel = told["Slab"] + told["KernelStack"] + told["PageTables"]
    return Counter(
        {
            "total": guest.ram_mib * KIB_PER_MIB,
            "free": told["MemFree"],
            "cached": cached,
            "kernel": kernel,
            "used": told["MemTotal"] - told["MemFree"] - cached - kernel,
            "reserved": guest.ram_mib * KIB_PER_MIB - told["MemTotal"],
        }
    )


def ask(guests: Sequence[Guest], starter: Starter) -> None:
    """Let every guest say what it holds, before the host looks: answering takes memory, too."""
    for guest in guests:
        guest.ask_memory()
    drive(guests, starter, until=Guest.has_told)
    for guest in guests:
        if guest.over():
            raise GuestFailed(f"{guest.record.plan.isolation} guest died while it was measured")


def guest_parts(guest: Guest, pids: Sequence[int], whole_kib: int) -> Counter[str]:
    """The monitor, and what the guest's memory is used for as the guest's kernel counts it, kB.

    What the guest's kernel itself holds is the rest of what the host sees touched.
    """
    told = guest.memory_kib
    ram_kib = guest_ram_kib(pids, guest.ram_mib * KIB_PER_MIB)
    cache_kib = told["Cached"] + told["Buffers"] - told["ProgramFiles"]
    return Counter(
        {
            "vmm": whole_kib - ram_kib,
            "program": told["Program"],
            "guest page cache": cache_kib,
            "guest kernel": ram_kib - told["Program"] - cache_kib,
        }
    )
