"""The network namespace's loopback device (netdevice(7))."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from realrun.linux.calls import Call, Saved, close

AF_INET, SOCK_DGRAM, SOCK_CLOEXEC = 2, 2, 0o2000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
LOOPBACK = struct.pack("16sh22x", b"lo", IFF_UP)  # struct ifreq


def loopback_up() -> Iterator[Call]:
    """Switch `lo` on: without it a program cannot even talk to itself."""
    yield Call("socket", (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "AF_INET", save=0)
    yield Call("ioctl", (Saved(0), SIOCSIFFLAGS, LOOPBACK), "lo")
    yield close(0)
