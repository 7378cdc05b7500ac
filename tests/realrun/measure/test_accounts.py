"""Accounts of memory, from made-up files of /proc: what is counted, and what is not."""

from __future__ import annotations

import builtins
import subprocess
from pathlib import Path

import pytest

from realrun.measure import accounts
from realrun.measure.environment import meminfo_mib

ROLLUP = """\
55d0-7ffd ---p 00000000 00:00 0                                [rollup]
Rss:                1000 kB
Pss:                 600 kB
Private_Clean:        30 kB
Private_Dirty:       400 kB
"""


def mapping(name: str, size: int, pss: int) -> str:
    """One mapping of a smaps file, as the kernel prints it."""
    head = "7f1c-7f2d rw-s 00000000 00:01 1234".ljust(73) + name
    return f"{head}\nSize: {size:>14} kB\nRss: {pss:>15} kB\nPss: {pss:>15} kB\nVmFlags: rd wr\n"


@pytest.fixture
def proc(monkeypatch, tmp_path):
    """A /proc of our own: `proc(pid, file, text)` adds to it."""
    real = builtins.open

    def opened(path, *args, **more):
        if str(path).startswith("/proc/"):
            path = f"{tmp_path}{path}"
        return real(path, *args, **more)

    def add(pid: int, file: str, text: str) -> None:
        place = Path(f"{tmp_path}/proc/{pid}/{file}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    monkeypatch.setattr(builtins, "open", opened)
    return add


def test_a_rollup_is_read_line_by_line(proc):
    proc(5, "smaps_rollup", ROLLUP)
    expected = {"Rss": 1000, "Pss": 600, "Private_Clean": 30, "Private_Dirty": 400}
    assert accounts.rollup_kib(5) == expected


def test_a_process_that_has_ended_holds_nothing(proc):
    assert accounts.rollup_kib(6) == {}


def test_qemus_guest_memory_is_the_mapping_of_its_size(proc):
    """Not the file, not a heap of another size, not what has a name."""
    text = mapping("/usr/bin/qemu", 98304, 5) + mapping("", 98304, 1000) + mapping("", 512, 77)
    proc(5, "smaps", text + mapping("[heap]", 98304, 3))
    assert accounts.guest_ram_kib([5], 98304) == 1000


def test_user_mode_linux_s_memory_is_the_file_without_a_name(proc):
    """Mapped in pieces of any size, by every process of the guest: all pieces count."""
    for pid in (5, 6):
        proc(pid, "smaps", mapping("/dev/shm/vm_file-a1B2c3 (deleted)", 4, 3)
             + mapping("/dev/shm/#12 (deleted)", 8, 4) + mapping("/lib/libc.so", 9, 9)
             + mapping("/tmp/other (deleted)", 9, 9))  # fmt: skip
    assert accounts.guest_ram_kib([5, 6], 98304) == 14


def test_memory_that_a_guest_shares_with_helpers_is_a_file(proc):
    """As for a folder of the host's; the daemon that serves it has it mapped, too."""
    for pid in (5, 6):
        proc(pid, "smaps", mapping("/memfd:memory-backend-memfd (deleted)", 98304, 500)
             + mapping("/memfd:other (deleted)", 98304, 9))  # fmt: skip
    assert accounts.guest_ram_kib([5, 6], 98304) == 1000


def test_this_machines_memory_is_read():
    assert 0 < meminfo_mib("MemAvailable") < meminfo_mib("MemTotal")
    assert meminfo_mib("NoSuchLine") == 0.0


class Told:
    """A guest that has told what it holds."""

    ram_mib = 96
    memory_kib = {"Cached": 300, "Buffers": 20, "ProgramFiles": 50, "Program": 70}


def test_the_parts_of_a_guest_add_up(proc):
    """Monitor, program, cache, and the guest's kernel as the rest: all of what the host sees."""
    proc(5, "smaps", mapping("", 98304, 1000))
    parts = accounts.guest_parts(Told(), [5], 1600)
    assert parts == {"vmm": 600, "program": 70, "guest page cache": 270, "guest kernel": 660}
    assert sum(parts.values()) == 1600


def test_a_guests_own_process_may_end_while_it_is_counted():
    """A guest's own processes come and go while they are counted."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert accounts.guest_ram_kib([ended.pid], 4) == 0
    assert accounts.rollup_kib(ended.pid) == {}
