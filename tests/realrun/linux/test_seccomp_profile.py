"""The default filter of system calls: what it refuses, by name, on both machines."""

from __future__ import annotations

import struct

import pytest

from realrun.linux import capabilities, seccomp
from realrun.linux.seccomp_profile import REFUSED, program, refused
from realrun.linux.syscalls import ARM64, X86_64, numbers
from tests.realrun.linux.bpf import ALLOWED, ENOSYS, EPERM, verdict

COLUMN = {X86_64: 0, ARM64: 1}
MACHINES = list(COLUMN)
NEW = {"ns": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000} | {
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
# Calls that ordinary programs need, by both machines' numbers (asm/unistd.h).
NEEDED = {
    "read": (0, 63), "write": (1, 64), "execve": (59, 221), "exit_group": (231, 94),
    "openat": (257, 56), "futex": (202, 98), "prctl": (157, 167), "setuid": (105, 146),
    "mknodat": (259, 33), "kill": (62, 129), "statx": (332, 291),
}  # fmt: skip


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_refused(machine):
    """Each by name; what came after all that Docker's profile names is not known."""
    known, newest = numbers(machine), "open_tree_attr"
    answers = {name: verdict(machine, known[name]) for name in refused() if name in known}
    assert answers == dict.fromkeys(answers, EPERM) | {newest: ENOSYS}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", NEEDED)
def test_what_programs_need(machine, name):
    assert verdict(machine, NEEDED[name][COLUMN[machine]]) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_every_other_call_is_allowed(machine):
    """Of all numbers that the kernel may ever have; those that nobody has yet are not."""
    known = numbers(machine)
    found = {number: verdict(machine, number) for number in range(600)}
    allowed = known.keys() - {*refused(), "clone3"}
    assert {n for n, answer in found.items() if answer == ALLOWED} == {known[n] for n in allowed}
    last = max(known[name] for name in allowed)
    assert {found[number] for number in range(last + 1, 600)} == {ENOSYS}
    assert found[known["clone3"]] == ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("capability", capabilities.NAMES)
def test_a_capability_allows_what_it_is_for_and_nothing_more(machine, capability):
    """By name, so the same on both machines; the kernel itself asks for the capability then."""
    rows = [names for enough, names in REFUSED.items() if capability in enough.split()]
    known = numbers(machine)
    before, after = (
        {name for name in known if verdict(machine, known[name], kept=rights) == ALLOWED}
        for rights in ((), (capability,))
    )
    clone3 = {"clone3"} if capability == "SYS_ADMIN" else set()
    assert after - before == set(" ".join(rows).split()) & known.keys() | clone3
    assert before <= after


@pytest.mark.parametrize("machine", MACHINES)
def test_dockers_default_capabilities_allow_chroot_and_nothing_more(machine):
    known, kept = numbers(machine), tuple(capabilities.DOCKER_DEFAULT)
    changed = {
        n for n in known if verdict(machine, known[n]) != verdict(machine, known[n], kept=kept)
    }
    assert changed == {"chroot"}


def test_what_no_capability_allows():
    """Keys, another kernel, another root, rings of requests: Docker refuses them to all."""
    never = refused(capabilities.NAMES)
    assert {"add_key", "keyctl", "kexec_load", "pivot_root", "swapon", "io_uring_setup"} < set(
        never
    )


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "first", "expected"),
    [("socket", family, ALLOWED) for family in (1, 2, 10, 16, 17, 37, 39, 41, 45)]
    + [("socket", family, EPERM) for family in (38, 40)]
    + [("personality", one, ALLOWED) for one in (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)]
    + [("personality", one, EPERM) for one in (0x40000, 0x400000, 1, 1 << 32)],
)
def test_some_arguments_are_refused(machine, name, first, expected):
    """AF_ALG and AF_VSOCK; ways to live that make attacks easier, such as no random addresses."""
    assert verdict(machine, numbers(machine)[name], first) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_with_sys_admin_clone_may_make_namespaces(machine):
    known, kept = numbers(machine), ("SYS_ADMIN",)
    answers = [verdict(machine, known["clone"], flags, kept=kept) for flags in NEW.values()]
    assert {*answers, verdict(machine, known["clone3"], kept=kept)} == {ALLOWED}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("kind", NEW)
def test_clone_makes_no_namespace(machine, kind):
    """Alone or among other flags: CLONE_VM and SIGCHLD do not hide it."""
    number = numbers(machine)["clone"]
    assert verdict(machine, number, NEW[kind]) == EPERM
    assert verdict(machine, number, NEW[kind] | 0x100 | 17) == EPERM


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("flags", [17, 0x3D0F00, 0x4111])
def test_clone_makes_processes_and_threads(machine, flags):
    """fork, pthread_create, vfork by their flags in glibc."""
    assert verdict(machine, numbers(machine)["clone"], flags) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_clone3_is_not_known(machine):
    """ENOSYS, not EPERM: only then the C library falls back to clone."""
    assert verdict(machine, numbers(machine)["clone3"]) == ENOSYS


@pytest.mark.parametrize("number", [0, 1, 165, 520, 0x3FFFFFFF])
def test_no_call_of_the_x32_abi(number):
    """It reaches the same kernel functions by other numbers."""
    assert verdict(X86_64, seccomp.X32_BIT + number) == EPERM


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("arch", [0x40000003, 0x40000028, 0])
def test_no_call_of_a_foreign_architecture(machine, arch):
    """32-bit calls (i386, arm) have numbers that would mean something else."""
    assert {verdict(machine, number, arch=arch) for number in range(450)} == {EPERM}


def test_every_jump_stays_inside():
    """A jump beyond the end would make the kernel refuse the whole filter."""
    for machine in MACHINES:
        code = list(struct.iter_unpack("<HBBI", program(machine, ("SYS_TIME",))))
        targets = [at + 1 + max(t, f) for at, (op, t, f, _) in enumerate(code) if op & 7 == 5]
        assert max(targets) < len(code)
