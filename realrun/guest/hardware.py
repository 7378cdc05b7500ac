"""What of a container's limits a guest can have: RAM, processors, what its monitor is held to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from realrun.errors import UsageError
from realrun.guest.commands import check_ulimits
from realrun.runtime import limitwords, start

LEAST_RAM_BYTES = 64 << 20
INSIDE = {"pids", "swap_bytes"}  # what only the guest's own kernel could count


def check(
    isolation: str, limits: Mapping[str, Any], ulimits: Mapping[str, tuple[int, int]]
) -> None:
    """Refuse what a guest cannot have. A part of a processor, its share and its disks are limits of
    the monitor's control group, which there has to be then."""
    cpus = limits.get("cpu_milli", 1000) / 1000
    if limits.get("memory_bytes", LEAST_RAM_BYTES) < LEAST_RAM_BYTES:
        raise UsageError(f"a guest needs at least {LEAST_RAM_BYTES >> 20}m of memory to boot")
    if isolation == "uml" and cpus > 1:
        raise UsageError(f"--cpus: User-Mode Linux has one processor; got {cpus:g}")
    if inside := limits.keys() & INSIDE:
        words = ", ".join(limitwords.option(name) for name in sorted(inside))
        raise UsageError(
            f"{words}: a guest's processes and swap are its own kernel's; leave it out"
        )
    if limits.keys() - {"memory_bytes", "cpu_milli"} or cpus != int(cpus):
        start.check_limits(limits)
    check_ulimits(ulimits)
