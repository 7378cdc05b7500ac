"""What instances hold, by every account that the kernel keeps; definitions in `data/README.md`.

Sources: proc(5), `smaps` and `smaps_rollup`; cgroups(7).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from realrun import engine
from realrun.guest.boot import Guest
from realrun.linux import cgroups, processes
from realrun.runtime.run import Run, drive
from realrun.runtime.start import Starter

KIB_PER_MIB = 1024
MAPPING = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)$")
UML_MEMORY = re.compile(r"/(#\d+|vm_file-\S+) \(deleted\)$")
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

    In QEMU that is the one anonymous mapping of the memory's size, in User-Mode Linux the file
    without a name in TMPDIR that every process of the guest is mapped from.
    """
    total = 0
    for pid in pids:
        inside, anonymous = False, False
        with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
            for line in file:
                if head := MAPPING.match(line):
                    inside, anonymous = bool(UML_MEMORY.search(head[1])), not head[1]
                elif line.startswith("Size:") and anonymous:
                    inside = int(line.split()[1]) == memory_kib
                elif line.startswith("Pss:") and inside:
                    total += int(line.split()[1])
    return total


def read(runs: Sequence[Run], starter: Starter, helper: int) -> Amounts:
    """All accounts of waiting runs together, MiB, by (account, part)."""
    sums: Counter[str] = Counter()
    for run in runs:
        for pid in address_spaces(run):
            sums += rollup_kib(pid)
    helper_kib = rollup_kib(helper)
    uss = ("Private_Clean", "Private_Dirty", "Private_Hugetlb")
    found = {
        ("rss", "total"): sums["Rss"] + helper_kib["Rss"],
        ("pss", "total"): sums["Pss"] + helper_kib["Pss"],
        ("uss", "total"): sum(sums[key] + helper_kib[key] for key in uss),
        ("pss", "helper"): helper_kib["Pss"],
    }
    amounts: Amounts = {key: value / KIB_PER_MIB for key, value in found.items()}
    guests = [run for run in runs if isinstance(run, Guest)]
    parts = guest_parts(guests, starter) if guests else {"program": sums["Pss"] / KIB_PER_MIB}
    amounts |= {("pss", part): value for part, value in parts.items()}
    charged = [cgroups.memory_bytes(cgroups.detect(), run.id) for run in runs]
    if None not in charged:
        amounts[("cgroup", "total")] = sum(value or 0 for value in charged) / (1 << 20)
    return amounts


def guest_parts(guests: Sequence[Guest], starter: Starter) -> dict[str, float]:
    """The monitor, and what the guest's memory is used for as the guest's kernel counts it.

    What the guest counts is bounded by what the host sees touched: the rest is the guest's kernel.
    """
    for guest in guests:
        guest.ask_memory()
    drive(guests, starter, until=Guest.has_told)
    parts: Counter[str] = Counter()
    for guest in guests:
        pids, told = address_spaces(guest), guest.memory_kib
        ram_kib = guest_ram_kib(pids, guest.ram_mib * KIB_PER_MIB)
        whole_kib = sum(rollup_kib(pid)["Pss"] for pid in pids)
        program_kib = told["Program"]
        cache_kib = told["Cached"] + told["Buffers"] - told["ProgramFiles"]
        parts["vmm"] += whole_kib - ram_kib
        parts["program"] += program_kib
        parts["guest page cache"] += cache_kib
        parts["guest kernel"] += ram_kib - program_kib - cache_kib
    return {part: value / KIB_PER_MIB for part, value in parts.items()}
