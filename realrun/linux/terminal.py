"""A terminal of the instance's own: made inside, handed out through a socket.

The program's end (the slave) has to come from the instance's own devpts, or ttyname(3) would find
nothing there. So the child opens the pair and sends our end (the master) to the engine.

Sources: pty(7), ioctl_tty(2), devpts in the kernel's `filesystems/devpts.rst`; runc's
`docs/terminals.md` for the hand-over.
"""

from __future__ import annotations

import array
import fcntl
import os
import socket
import struct
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from realrun.linux import mounts

# ioctl_tty(2): asm-generic/ioctls.h, for x86-64 and arm64 alike
TIOCSPTLCK = 0x40045431
TIOCGPTPEER = 0x5441  # the slave of a master, whatever is mounted over its name (Linux 4.13)
O_TERMINAL = os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC


def give_terminal(ptmx: str, console: str, fd: int, uid: int, rows: int, columns: int) -> None:
    """Make a terminal, send its other end through socket `fd`, and become its session.

    With `console` the slave also shows there, as the specification of OCI runtimes asks.
    """
    master = os.open(ptmx, O_TERMINAL)
    fcntl.ioctl(master, TIOCSPTLCK, struct.pack("i", 0))
    resize(master, rows, columns)
    slave = fcntl.ioctl(master, TIOCGPTPEER, O_TERMINAL)
    os.fchown(slave, uid, -1)
    if console:
        place = os.open(console, os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o620)
        mounts.mount(f"/proc/self/fd/{slave}", f"/proc/self/fd/{place}", None, mounts.BIND)
        os.close(place)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    with socket.socket(fileno=fd) as out:
        out.sendmsg([b"t"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [master]))])
    for number in range(3):
        os.dup2(slave, number)
    os.close(slave)
    os.close(master)


def receive(waiting: socket.socket) -> int | None:
    """Our end of the instance's terminal; None if the start failed before it was made."""
    _, fds, _, _ = socket.recv_fds(waiting, 1, 1, socket.MSG_CMSG_CLOEXEC)
    return fds[0] if fds else None


def resize(fd: int, rows: int, columns: int) -> None:
    """Tell a terminal its size; its programs hear of it by SIGWINCH."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@contextmanager
def raw(fd: int) -> Iterator[None]:
    """Hand every key on as it is typed, also Ctrl-C; afterwards all is as before (termios(3))."""
    before = termios.tcgetattr(fd)
    tty.setraw(fd)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def size(fd: int) -> tuple[int, int]:
    """Rows and columns of a terminal."""
    columns, rows = os.get_terminal_size(fd)
    return rows, columns
