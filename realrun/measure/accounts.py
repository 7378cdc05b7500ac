"""What instances hold, by every account that the kernel keeps; definitions in `data/README.md`.

Sources: proc(5), `smaps` and `smaps_rollup`; cgroups(7).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from realrun import engine
from realrun.errors import GuestFailed
from realrun.guest.boot import Guest
from realrun.linux import cgroups, processes, usage
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
        for line in mappings(pid):
            if head := MAPPING.match(line):
                inside, anonymous = bool(UML_MEMORY.search(head[1])), not head[1]
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


def read(runs: Sequence[Run], starter: Starter, helper: int) -> Amounts:
    """All accounts of waiting runs together, MiB, by (account, part)."""
    guests = [run for run in runs if isinstance(run, Guest)]
    ask(guests, starter)
    spaces = {run.id: address_spaces(run) for run in runs}
    own = {run.id: sum(map(rollup_kib, spaces[run.id]), Counter()) for run in runs}
    helper_kib = rollup_kib(helper)
    sums = sum(own.values(), helper_kib)
    parts = Counter({"total": sums["Pss"], "helper": helper_kib["Pss"]})
    for run in runs:
        whole_kib = own[run.id]["Pss"]
        parts.update(  # `+=` would drop what is not above 0, and the parts would not add up
            guest_parts(run, spaces[run.id], whole_kib)
            if run in guests
            else Counter(program=whole_kib)
        )
    found = {("pss", part): value for part, value in parts.items()}
    found[("rss", "total")] = sums["Rss"]
    found[("uss", "total")] = sums["Private_Clean"] + sums["Private_Dirty"]
    amounts = {key: value / KIB_PER_MIB for key, value in found.items()}
    charged = [usage.charged_bytes(cgroups.detect(), run.id) for run in runs]
    if None not in charged:
        amounts[("cgroup", "total")] = sum(value or 0 for value in charged) / (1 << 20)
    return amounts


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
