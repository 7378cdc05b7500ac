"""What a process has open: descriptors to close, the null device, the working directory.

Sources: close_range(2), null(4), proc(5).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from realrun.errors import KernelRefused, UsageError
from realrun.linux import calls, libc
from realrun.linux.calls import Call, Saved

CLOSE_RANGE_CLOEXEC = 4
RESOLVE_NO_MAGICLINKS = 0x02  # linux/openat2.h


def enter_directory(cwd: str) -> Iterator[Call]:
    """Go there, by no magic link of /proc: one to a leaked descriptor could lead out of our root
    (CVE-2024-21626). For who is alone: meanwhile the directory is open."""
    yield calls.open_below(0, calls.HERE, cwd, os.O_PATH | os.O_DIRECTORY, RESOLVE_NO_MAGICLINKS)
    yield Call("fchdir", (Saved(0),), cwd)
    yield calls.close(0)


def enter_by_name(cwd: str) -> None:
    """The same where others may look at what we have open: go there, then see where it is."""
    os.chdir(cwd)
    try:
        inside = os.getcwd().startswith("/")
    except FileNotFoundError:  # the C library's word for it, or it has been removed
        inside = False
    if not inside:
        raise UsageError(f"the working directory {cwd!r} leads out of the container's root")


def use_own_null() -> None:
    """Let input, output and errors that are the host's /dev/null be the one that we see here.

    Through a descriptor its mode and owner could be changed. What is no such device is left alone.
    """
    outer = [fd for fd in range(3) if is_null(fd)]
    with suppress(OSError):
        own = os.open("/dev/null", os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        for fd in outer if is_null(own) else ():
            os.dup2(own, fd)
        os.close(own)


def is_null(fd: int) -> bool:
    """Is it a node of the null device, number 1:3 (null(4))."""
    status = os.fstat(fd)
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == os.makedev(1, 3)


@contextmanager
def null_node() -> Iterator[str]:
    """A path of the null device that we see here: by a descriptor, which nobody can exchange.

    A volume in the place of /dev may have a link there, e.g. to a switch of the kernel, which would
    then lie open where it covers something else (CVE-2025-31133). Raises UsageError for such a one.
    """
    fd = os.open("/dev/null", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not is_null(fd):
            raise UsageError("the container's /dev/null is none: with it we cover what is hidden")
        yield f"/proc/self/fd/{fd}"
    finally:
        os.close(fd)


def close_all_on_exec(first: int) -> None:
    """Let no descriptor from `first` upwards survive exec(2)."""
    try:
        libc.syscall("close_range", first, 0x7FFFFFFF, CLOSE_RANGE_CLOEXEC, on=f"{first}-")
    except KernelRefused as refused:  # before Linux 5.11
        if refused.number not in (errno.ENOSYS, errno.EINVAL):
            raise
        for name in os.listdir("/proc/self/fd"):
            if int(name) >= first:
                close_on_exec(int(name))


def close_all(first: int, but: Iterable[int] = ()) -> None:
    """Close every descriptor from `first` upwards, except for some."""
    for fd in sorted(but):
        if fd > first:
            close_range(first, fd - 1)
        first = max(first, fd + 1)
    close_range(first, 0x7FFFFFFF)


def close_range(first: int, last: int) -> None:
    """close_range(2), or one after the other where the kernel is older than Linux 5.9."""
    try:
        libc.syscall("close_range", first, last, 0, on=f"{first}-{last}")
    except KernelRefused as refused:
        if refused.number != errno.ENOSYS:
            raise
        os.closerange(first, min(last, os.sysconf("SC_OPEN_MAX")) + 1)


def close_on_exec(fd: int) -> None:
    """Mark `fd`, unless it has gone meanwhile (the folder listing's own descriptor has)."""
    try:
        os.set_inheritable(fd, False)
    except OSError as error:
        if error.errno != errno.EBADF:
            raise
