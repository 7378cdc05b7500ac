"""x86-64 and arm64: every table knows both, and what it says is what the kernel and others say.

Three sources that know nothing of each other: the kernel's headers (linux-libc-dev), libseccomp,
which knows the numbers of all architectures, and a list that was written down here.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from realrun.guest import backends, levels, tools
from realrun.image import config
from realrun.linux import capabilities, seccomp, seccomp_profile
from realrun.linux.syscalls import ARM64, X86_64, numbers
from tests.realrun.linux.bpf import verdict

MACHINES = (X86_64, ARM64)
REALRUN = Path(tools.__file__).parents[1]
INCLUDE = Path("/usr/include")
HEADERS = {
    X86_64: ("x86_64-linux-gnu/asm/unistd_64.h", "asm/unistd_64.h"),
    ARM64: ("asm-generic/unistd.h",),
}
# By hand, from the manual's table of syscalls(2) and the kernel's; x86-64, arm64.
WRITTEN = {
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "pivot_root": (155, 41), "capset": (126, 91), "kcmp": (312, 272),
    "seccomp": (317, 277), "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434),
    "open_tree": (428, 428), "move_mount": (429, 429), "openat2": (437, 437),
    "mount_setattr": (442, 442), "clone": (56, 220), "clone3": (435, 435),
    "close_range": (436, 436), "mount": (165, 40), "umount2": (166, 39), "setns": (308, 268),
    "unshare": (272, 97), "bpf": (321, 280), "keyctl": (250, 219), "reboot": (169, 142),
    "chdir": (80, 49), "chroot": (161, 51), "close": (3, 57), "dup3": (292, 24),
    "execve": (59, 221), "exit_group": (231, 94), "fchdir": (81, 50), "fchown": (93, 55),
    "fcntl": (72, 25),
    "ioctl": (16, 29), "mkdirat": (258, 34), "mknodat": (259, 33), "openat": (257, 56),
    "prctl": (157, 167), "setdomainname": (171, 162), "setgroups": (116, 159),
    "sethostname": (170, 161), "setresgid": (119, 149), "setresuid": (117, 147),
    "setsid": (112, 157), "socket": (41, 198), "symlinkat": (266, 36), "umask": (95, 166),
    "unlinkat": (263, 35), "write": (1, 64), "madvise": (28, 233),
    "ptrace": (101, 117), "init_module": (175, 105), "settimeofday": (164, 170),
}  # fmt: skip


@cache
def of_header(machine: str) -> dict[str, int]:
    """Name and number of every system call, as the header has them; skips without it."""
    path = next((INCLUDE / name for name in HEADERS[machine] if (INCLUDE / name).exists()), None)
    if path is None:
        pytest.skip("no kernel headers; on Debian: apt install linux-libc-dev")
    found = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", path.read_text(), re.MULTILINE)
    return {name: int(number) for name, number in found}


@cache
def of_libseccomp(name: str, machine: str) -> int:
    """The same from libseccomp, whatever machine this is; skips without it."""
    found = ctypes.util.find_library("seccomp")
    if found is None:
        pytest.skip("no libseccomp; on Debian: apt install libseccomp2")
    resolve = ctypes.CDLL(found).seccomp_syscall_resolve_name_arch
    resolve.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    return resolve(seccomp.AUDIT_ARCH[machine], name.encode())


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("machine", MACHINES)
def test_a_number_is_the_kernels(name, machine):
    assert of_header(machine)[name] == numbers(machine)[name]


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("machine", MACHINES)
def test_a_number_is_libseccomps(name, machine):
    assert of_libseccomp(name, machine) == numbers(machine)[name]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_number_is_the_one_that_was_written_down(name):
    assert tuple(numbers(machine)[name] for machine in MACHINES) == WRITTEN[name]


@pytest.mark.parametrize("machine", MACHINES)
def test_the_whole_table_is_libseccomps(machine):
    """As far as it knows the calls: the table has newer ones, too."""
    table = numbers(machine)
    theirs = {name: of_libseccomp(name, machine) for name in table}
    known = {name: number for name, number in theirs.items() if number >= 0}
    assert len(known) > 300
    assert {name: table[name] for name in known} == known


@pytest.mark.parametrize("machine", MACHINES)
def test_the_whole_table_is_the_kernels(machine):
    """As far as these headers know the calls."""
    table, theirs = numbers(machine), of_header(machine)
    both = table.keys() & theirs.keys()
    assert len(both) > 250
    assert {name: table[name] for name in both} == {name: theirs[name] for name in both}


def test_what_was_written_down_is_what_we_call():
    sources = [path.read_text(encoding="utf-8") for path in REALRUN.rglob("*.py")]
    called = set(re.findall(r"(?:libc\.syscall|Call)\(\s*\"(\w+)\"", "".join(sources)))
    assert {"bpf", "clone3", "seccomp"} <= called <= WRITTEN.keys()


ENOUGH = sorted(set(" ".join(seccomp_profile.REFUSED).split()))
KEPT = [(), tuple(capabilities.DOCKER_DEFAULT), *((name,) for name in ENOUGH)]


@pytest.mark.parametrize("kept", KEPT, ids="+".join)
def test_both_filters_say_the_same_to_every_call(kept):
    """By name, over all that both kernels have; `first` makes clone(2) ask for a namespace."""
    intel, arm = of_header(X86_64), of_header(ARM64)
    both = intel.keys() & arm.keys()
    assert len(both) > 250
    for first in (0, 0x20000):
        answers = {
            name: (
                verdict(X86_64, intel[name], first, kept=kept),
                verdict(ARM64, arm[name], first, kept=kept),
            )
            for name in both
        }
        assert [name for name, (one, other) in answers.items() if one != other] == []


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_knows_its_machine_by_the_kernels_word(machine):
    """`linux/audit.h`: the number of the ELF format, with the marks for 64 bit, little-endian."""
    header = INCLUDE / "linux/elf-em.h"
    if not header.exists():
        pytest.skip("no kernel headers; on Debian: apt install linux-libc-dev")
    name = {X86_64: "EM_X86_64", ARM64: "EM_AARCH64"}[machine]
    number = int(re.search(rf"#define {name}\s+(\d+)", header.read_text())[1])
    assert seccomp.AUDIT_ARCH[machine] == number | 0x80000000 | 0x40000000


@pytest.mark.parametrize(("machine", "name"), [("x86_64", "amd64"), ("aarch64", "arm64")])
def test_images_are_of_this_machines_platform(monkeypatch, machine, name):
    """By the names of the OCI image specification (`config.md`), which are Go's."""
    told = type("", (), {"machine": machine})
    monkeypatch.setattr(config.os, "uname", lambda: told)
    assert config.architecture() == name


def test_every_table_knows_both():
    for table in (seccomp.AUDIT_ARCH, tools.DEBIAN, levels.MACHINES):
        assert set(table) == set(MACHINES)
    assert set(config.ARCHITECTURES) >= set(MACHINES)


def test_debians_name_of_this_machine():
    if shutil.which("dpkg") is None:
        pytest.skip("no dpkg here")
    words = ["dpkg", "--print-architecture"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    assert tools.DEBIAN[tools.MACHINE][0] == told


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ("x86_64", ("q35,accel=tcg", "qemu64", "ttyS0")),
        ("aarch64", ("virt,accel=tcg", "max", "ttyAMA0")),
    ],
)
def test_a_guest_is_a_machine_that_qemu_has_there(monkeypatch, machine, words):
    monkeypatch.setattr(tools, "MACHINE", machine)
    monkeypatch.setattr(tools, "need", lambda name: tools.Tool(Path("/tools") / name, None))
    usual = levels.MACHINES[machine][0]
    argv = backends.qemu_argv(
        backends.Machine("/f", "/disk", "/initrd", 128, 1, "tcg", model=usual)
    )
    model, processor, console = words
    assert argv[argv.index("-machine") + 1] == model
    assert argv[argv.index("-cpu") + 1] == processor
    assert f"console={console} " in argv[argv.index("-append") + 1]
