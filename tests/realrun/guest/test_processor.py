"""Which User-Mode Linux has room for this processor's registers, and which is not even tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from realrun.guest import processor, tools
from tests.realrun.guest.test_tools import places, program

__all__ = ["places"]  # the fixture
FLAGS = "fpu sse2 xsave avx512f amx_bf16 amx_tile amx_int8"


@pytest.fixture
def cpuinfo(tmp_path: Path, monkeypatch):
    """A machine whose processor has these flags."""

    def settle(flags: str) -> None:
        path = tmp_path / "cpuinfo"
        path.write_text(f"processor\t: 0\nmodel name\t: amx_tile\nflags\t\t: {flags}\nbugs\t:\n")
        monkeypatch.setattr(processor, "CPUINFO", path)

    return settle


def banner(release: str) -> str:
    return f"\0Linux version %s\0Linux version {release} (someone@somewhere) #1\n\0"


@pytest.mark.parametrize(
    ("flags", "wide"),
    [(FLAGS, True), ("amx_tile", True), ("fpu avx512f amx_tiles", False), ("", False)],
)
def test_the_flags_tell_which_processor_is_wide(cpuinfo, flags, wide):
    """The flag as a word of its own, and nothing that is called like it."""
    cpuinfo(flags)
    assert processor.is_wide() == wide


ROOM = [
    (banner("6.1.176"), "6.1.176", False),
    (banner("6.12.113"), "6.12.113", False),
    (banner("6.9"), "6.9", False),
    (banner("6.13.0-rc1+"), "6.13.0-rc1+", True),
    (banner("7.2.7"), "7.2.7", True),
    (banner("10.0.0"), "10.0.0", True),
    ("a script that is called linux", "", True),
    ("", "", True),
]


@pytest.mark.parametrize(("content", "release", "room"), ROOM)
def test_the_release_tells_which_kernel_has_room(tmp_path, cpuinfo, content, release, room):
    """By number, not by letters; what says nothing of itself may be tried."""
    kernel = program(tmp_path / "linux.uml", content)
    assert processor.release(kernel) == release
    cpuinfo(FLAGS)
    assert processor.has_room(kernel) == room
    cpuinfo("fpu")
    assert processor.has_room(kernel)


def test_a_kernel_without_room_counts_as_missing(places, cpuinfo):
    """It would die at its first process; another one further on is taken instead."""
    old = program(places / "own/tools/uml/usr/bin/linux.uml", banner("6.1.176"))
    cpuinfo("fpu")
    assert tools.need("uml").path == old
    cpuinfo(FLAGS)
    assert tools.find("uml") is None
    assert "amx_tile" in tools.advice("uml")
    assert "6.13" in tools.advice("uml")
    system = program(places / "path/linux.uml", banner("6.13.1"))
    assert tools.find("uml") == tools.Tool(system, None)
