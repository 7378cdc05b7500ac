"""A lock that others can ask about without disturbing it, or wait for.

It belongs to an open file description: a child that inherits the descriptor holds it as well, and
it is gone when the last of them has ended, however that happened.

Source: fcntl(2), "Open file description locks".
"""

from __future__ import annotations

import fcntl
import struct
import time

FLOCK = struct.Struct("hhqqi4x")  # l_type, l_whence, l_start, l_len, l_pid
FREE, WAITED_FOR, HELD = fcntl.F_UNLCK, fcntl.F_RDLCK, fcntl.F_WRLCK
MOMENT_S = 0.002


def take(fd: int) -> bool:
    """Hold the whole file, or say that somebody else does."""
    while True:
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, FLOCK.pack(fcntl.F_WRLCK, 0, 0, 0, 0))
        except BlockingIOError:
            if asked(fd) == HELD:
                return False
            time.sleep(MOMENT_S)  # somebody has just got what he waited for
        else:
            return True


def asked(fd: int) -> int:
    """FREE, HELD, or WAITED_FOR by somebody who is about to go away."""
    answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, FLOCK.pack(fcntl.F_WRLCK, 0, 0, 0, 0))
    return int(FLOCK.unpack(answer)[0])


def wait(fd: int) -> None:
    """Wait until nobody holds it."""
    fcntl.fcntl(fd, fcntl.F_OFD_SETLKW, FLOCK.pack(fcntl.F_RDLCK, 0, 0, 0, 0))
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, FLOCK.pack(fcntl.F_UNLCK, 0, 0, 0, 0))
