"""The network namespace's loopback device (netdevice(7)).

By the C library, as everything that a child does: `socket` would be one more thing to copy for it.
"""

from __future__ import annotations

import os
import struct

from realrun.linux import libc

AF_INET, SOCK_DGRAM, SOCK_CLOEXEC = 2, 2, 0o2000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
LOOPBACK = struct.pack("16sh22x", b"lo", IFF_UP)  # struct ifreq


def loopback_up() -> None:
    """Switch `lo` on: without it a program cannot even talk to itself."""
    control = libc.call("socket", AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0, on="AF_INET")
    libc.call("ioctl", control, SIOCSIFFLAGS, LOOPBACK, on="lo")
    os.close(control)
