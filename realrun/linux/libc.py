"""System calls that Python does not wrap, by `ctypes`; every failure is a `KernelRefused`.

The numbers are those of the kernel's own tables (`arch/x86/entry/syscalls/syscall_64.tbl`,
`include/uapi/asm-generic/unistd.h` for arm64). Light on purpose: the spawner imports this.
"""

from __future__ import annotations

import ctypes
import os

from realrun.errors import KernelRefused, Missing

X86_64, ARM64 = "x86_64", "aarch64"
NUMBERS = {
    #             x86_64  arm64
    "rt_sigaction": (13, 134),
    "pivot_root": (155, 41),
    "capset": (126, 91),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "seccomp": (317, 277),
    "bpf": (321, 280),
    "pidfd_send_signal": (424, 424),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "pidfd_open": (434, 434),
    "clone3": (435, 435),
    "close_range": (436, 436),
    "openat2": (437, 437),
    "mount_setattr": (442, 442),
}

_libc = ctypes.CDLL(None, use_errno=True)
_machine = os.uname().machine


def number(name: str) -> int:
    """The number of system call `name` on this machine's architecture."""
    try:
        return NUMBERS[name][(X86_64, ARM64).index(_machine)]
    except ValueError:
        raise Missing(f"realrun knows {X86_64} and {ARM64}, this machine is {_machine}") from None


def syscall(name: str, *args: object, on: object = "") -> int:
    """Call `name` by number; `on` is what an error message names as its object."""
    _libc.syscall.restype = ctypes.c_long
    words = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = _libc.syscall(ctypes.c_long(number(name)), *words)
    if result < 0:
        raise KernelRefused(name, str(on), ctypes.get_errno())
    return int(result)


def call(name: str, *args: object, on: object = "") -> int:
    """Call the C library's function `name`; -1 is an error."""
    result = getattr(_libc, name)(*args)
    if result < 0:
        raise KernelRefused(name, str(on), ctypes.get_errno())
    return int(result)


def text(value: str | None) -> bytes | None:
    """A path or option string as C wants it."""
    return None if value is None else os.fsencode(value)


def prctl(option: int, *args: int) -> int:
    """prctl(2) as a question: the raw answer, negative for no."""
    padded = [ctypes.c_ulong(arg) for arg in (*args, 0, 0, 0, 0)[:4]]
    return int(_libc.prctl(option, *padded))
