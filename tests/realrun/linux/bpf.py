"""An interpreter of classic BPF that a test can trust: what the filter says to a call."""

from __future__ import annotations

import errno
import struct

from realrun.linux import seccomp

ALLOWED, EPERM, ENOSYS = "allowed", errno.EPERM, errno.ENOSYS


def verdict(
    machine: str, number: int, first: int = 0, arch: int | None = None, kept: tuple[str, ...] = ()
) -> str | int:
    """What the filter says to a call; `struct seccomp_data`: nr, arch, ip, six arguments."""
    arch = seccomp.AUDIT_ARCH[machine] if arch is None else arch
    data = struct.pack("<iIQ6Q", number, arch, 0, first, 0, 0, 0, 0, 0)
    code = list(struct.iter_unpack("<HBBI", seccomp.program(machine, kept)))
    at, accumulator = 0, 0
    for _ in range(len(code)):
        operation, if_true, if_false, k = code[at]
        at += 1
        if operation == 0x20:  # BPF_LD | BPF_W | BPF_ABS
            (accumulator,) = struct.unpack_from("<I", data, k)
        elif operation == 0x06:  # BPF_RET
            return ALLOWED if k == 0x7FFF0000 else k & 0xFFFF if k >> 16 == 5 else hex(k)
        else:  # BPF_JMP with JEQ, JGE, JSET
            true = {0x15: accumulator == k, 0x35: accumulator >= k, 0x45: accumulator & k}[
                operation
            ]
            at += if_true if true else if_false
    raise AssertionError("the program ran off its end")
