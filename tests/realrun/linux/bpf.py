"""An interpreter of classic BPF that a test can trust: what the filter says to a call."""

from __future__ import annotations

import errno
import struct
from collections.abc import Sequence

from realrun.linux import seccomp, seccomp_profile

ALLOWED, EPERM, ENOSYS = "allowed", errno.EPERM, errno.ENOSYS


def verdict(
    machine: str, number: int, first: int = 0, arch: int | None = None, kept: tuple[str, ...] = ()
) -> str | int:
    """What the filter says to a call; `struct seccomp_data`: nr, arch, ip, six arguments."""
    arch = seccomp.AUDIT_ARCH[machine] if arch is None else arch
    return shown(answer(seccomp_profile.program(machine, kept), number, arch, (first,)))


def shown(value: int) -> str | int:
    """An answer as a test reads it: allowed, an errno, or the number itself."""
    return ALLOWED if value == 0x7FFF0000 else value & 0xFFFF if value >> 16 == 5 else hex(value)


def answer(program: bytes, number: int, arch: int, args: Sequence[int]) -> int:
    """What any filter says to a call with these arguments, the missing ones 0."""
    data = struct.pack("<iIQ6Q", number, arch, 0, *[*args, 0, 0, 0, 0, 0, 0][:6])
    code = list(struct.iter_unpack("<HBBI", program))
    at, accumulator = 0, 0
    for _ in range(len(code)):
        operation, if_true, if_false, k = code[at]
        at += 1
        if operation == 0x20:  # BPF_LD | BPF_W | BPF_ABS
            (accumulator,) = struct.unpack_from("<I", data, k)
        elif operation == 0x54:  # BPF_ALU | BPF_AND
            accumulator &= k
        elif operation == 0x06:  # BPF_RET
            return int(k)
        elif operation == 0x05:  # BPF_JMP | BPF_JA
            at += k
        else:  # BPF_JMP with JEQ, JGT, JGE, JSET
            true = {0x15: accumulator == k, 0x25: accumulator > k, 0x35: accumulator >= k,
                    0x45: accumulator & k}[operation]  # fmt: skip
            at += if_true if true else if_false
    raise AssertionError("the program ran off its end")
