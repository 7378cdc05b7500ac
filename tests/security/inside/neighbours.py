"""Other processes of the machine."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import termios

from tests.security.inside.calls import MARK, attack, of_host, syscall


@attack
def signal_a_process_of_the_host() -> str:
    os.kill(of_host(), 0)
    return "done"


@attack
def trace_a_process_of_the_host() -> str:
    """PTRACE_SEIZE, which does not stop it."""
    return f"done: {syscall('ptrace', 0x4206, of_host(), 0, 0)}"


@attack
def memory_of_a_process_of_the_host() -> str:
    os.close(os.open(f"/proc/{of_host()}/mem", os.O_RDWR))
    return "opened to write"


@attack
def environment_of_a_process_of_the_host() -> str:
    with open(f"/proc/{of_host()}/environ", "rb") as file:
        return f"{len(file.read())} bytes"


@attack
def abstract_socket_of_the_host() -> str:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(f"\0{MARK}")
    return "connected"


@attack
def shared_memory_of_the_host() -> str:
    """System V's, by its key."""
    return f"segment {syscall('shmget', int(os.environ.get('SHM_KEY', '1')), 0, 0)}"


@attack
def type_into_the_terminal() -> str:
    """TIOCSTI, as if somebody typed outside; into whatever of ours may be a terminal."""
    refusal = OSError(errno.ENOTTY, "none of them is a terminal")
    for name in ("/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2", "/dev/tty"):
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
            fcntl.ioctl(fd, termios.TIOCSTI, b"x")
        except OSError as error:
            refusal = error
        else:
            return f"typed into {name}"
    raise refusal
