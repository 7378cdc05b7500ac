"""What guests must know of this processor: above all, has a User-Mode Linux room for its registers?

At every change of process it saves the registers of the one and restores those of the other, all or
none: ptrace(2), NT_X86_XSTATE. Before Linux 6.13 its buffer has a fixed size, up to AVX-512. The
8 KiB of AMX do not fit, the host refuses what is incomplete, and the guest's first process dies.
"""

from __future__ import annotations

import mmap
import re
from functools import lru_cache
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
WIDE = "amx_tile"  # as proc(5) spells it
ROOM_SINCE = (6, 13)
ROOMY = "a User-Mode Linux of 6.13 or newer"
BANNER = re.compile(rb"Linux version ((\d{1,4})\.(\d{1,4})[^ \0]{0,40}) ")


def is_wide() -> bool:
    """Does this processor have registers that an older User-Mode Linux has no room for?"""
    text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    return bool(re.search(rf"^flags\s*:.*\b{WIDE}\b", text, re.M))


def counter_khz() -> int:
    """How fast this processor counts (TSC), in kHz; 0 where that is not one speed, or not told.

    The kernel tells it as `bogomips`: twice the counter's MHz, if it took its delays from it.
    """
    text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^bogomips\s*:\s*([0-9.]+)", text, re.M)
    steady = re.search(r"^flags\s*:.*\bconstant_tsc\b", text, re.M)
    return round(float(found[1]) * 500) if found and steady else 0


def release(program: Path) -> str:
    """Which Linux a User-Mode Linux is, as it will say at boot; empty if the file says nothing."""
    found = banner(program)
    return found[0] if found else ""


def has_room(program: Path) -> bool:
    """May it run here? One that does not say which Linux it is may be tried."""
    if not is_wide():
        return True
    found = banner(program)
    return found is None or found[1] >= ROOM_SINCE


def banner(program: Path) -> tuple[str, tuple[int, int]] | None:
    """The release in words and in numbers, from the line that the kernel's build put into it."""
    status = program.stat()
    return read_banner(program, (status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=16)
def read_banner(
    program: Path, identity: tuple[int, int, int]
) -> tuple[str, tuple[int, int]] | None:
    """The same, read once while the file is the same: the line may stand anywhere in 20 MB."""
    _, size, _ = identity
    if not size:
        return None
    with (
        open(program, "rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        found = BANNER.search(content)
        return found and (found[1].decode(), (int(found[2]), int(found[3])))
