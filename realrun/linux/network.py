"""The network namespace's loopback device (netdevice(7)).

`_socket` is the C half of `socket`: the spawner does without the other half's imports.
"""

from __future__ import annotations

import _socket
import fcntl
import struct

SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def loopback_up() -> None:
    """Switch `lo` on: without it a program cannot even talk to itself."""
    control = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC, 0)
    fcntl.ioctl(control.fileno(), SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
    control.close()
