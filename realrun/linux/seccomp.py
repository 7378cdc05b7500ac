"""A filter of system calls (seccomp(2)): what a container has no business asking for is refused.

A small list, after the calls that Docker's default profile refuses. Most of them it gates behind
capabilities that its containers do not have by default: who has the capability may call, and the
kernel asks for it itself. Everything else is allowed; the refused get EPERM. Numbers are x86-64's
and arm64's; calls of another ABI (32 bit, x32) kill nothing but get EPERM altogether.

Source: seccomp(2), Docker's documentation, "Seccomp security profiles for Docker"; moby,
`profiles/seccomp/default.json`.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence

from realrun.linux import libc

REFUSED = {
    #                    x86_64 arm64
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pivot_root": (155, 41),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
ALLOWED_WITH = {
    "BPF": ("bpf",),
    "DAC_READ_SEARCH": ("open_by_handle_at",),
    "PERFMON": ("perf_event_open",),
    "SYSLOG": ("syslog",),
    "SYS_ADMIN": (
        "bpf",
        "fsconfig",
        "fsmount",
        "fsopen",
        "fspick",
        "lookup_dcookie",
        "mount",
        "mount_setattr",
        "move_mount",
        "open_tree",
        "perf_event_open",
        "quotactl",
        "setdomainname",
        "sethostname",
        "setns",
        "syslog",
        "umount2",
        "unshare",
    ),
    "SYS_BOOT": ("reboot",),
    "SYS_MODULE": ("delete_module", "finit_module", "init_module"),
    "SYS_PACCT": ("acct",),
    "SYS_TIME": ("clock_adjtime", "clock_settime", "settimeofday"),
    "SYS_TTY_CONFIG": ("vhangup",),
}
CLONE = (56, 220)
CLONE3 = (435, 435)
NAMESPACE_FLAGS = 0x7E020000  # every CLONE_NEW* of clone(2)
AUDIT_ARCH = {libc.X86_64: 0xC000003E, libc.ARM64: 0xC00000B7}
X32_BIT = 0x40000000

ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
SET_MODE_FILTER = 1


def refused(kept: Sequence[str]) -> list[str]:
    """What is refused to those who have the capabilities `kept`."""
    allowed = {name for capability in kept for name in ALLOWED_WITH.get(capability, ())}
    return [name for name in REFUSED if name not in allowed]


def program(machine: str, kept: Sequence[str] = ()) -> bytes:
    """The filter for `machine` as classic BPF: 8 bytes an instruction (`struct sock_filter`).

    clone3(2) hides its flags behind a pointer that BPF cannot read, so it answers ENOSYS
    and the C library falls back to clone(2), whose flags can be seen. With CAP_SYS_ADMIN, which
    new namespaces take, both are allowed.
    """
    column = (libc.X86_64, libc.ARM64).index(machine)
    code = [
        (LOAD, 0, 0, 4),
        (JUMP_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (RETURN, 0, 0, EPERM),
        (LOAD, 0, 0, 0),
        (JUMP_AT_LEAST, 0, 1, X32_BIT),
        (RETURN, 0, 0, EPERM),
    ]
    for name in refused(kept):
        code += [(JUMP_EQUAL, 0, 1, REFUSED[name][column]), (RETURN, 0, 0, EPERM)]
    if "SYS_ADMIN" not in kept:
        code += [
            (JUMP_EQUAL, 0, 1, CLONE3[column]),
            (RETURN, 0, 0, ENOSYS),
            (JUMP_EQUAL, 0, 3, CLONE[column]),
            (LOAD, 0, 0, 16),
            (JUMP_ANY_BIT, 0, 1, NAMESPACE_FLAGS),
            (RETURN, 0, 0, EPERM),
        ]
    code.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def load(kept: Sequence[str]) -> None:
    """Install the filter for this process and all that it starts.

    Needs CAP_SYS_ADMIN in the user namespace, so it comes before capabilities are dropped.
    """
    code = program(os.uname().machine, kept)
    libc.syscall("seccomp", SET_MODE_FILTER, 0, ctypes.byref(Program(len(code) // 8, code)))
