"""Our own executable, out of the reach of what we start.

A program of a container can have itself replaced by the engine's executable (`#!/proc/self/exe`),
or look at the engine's process that waits to become it, and write through /proc/PID/exe into the
host's file (CVE-2019-5736). So whoever makes containers lives on a read-only mount of it that is
attached nowhere: the file is the same, but nobody can open it for writing there. Who may not mount
lives on a sealed copy in memory, if he could write to the file.

Source: open_tree(2), mount_setattr(2), memfd_create(2), fcntl(2), "File Sealing"; proc(5); runc's
and LXC's answers to the same.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import realrun
from realrun.errors import KernelRefused
from realrun.linux import processes, trees

REFUSED = (errno.EPERM, errno.ENOSYS, errno.EINVAL)
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
MARK = "REALRUN_PROTECTED"  # in the environment: the process that lives there already


def protect() -> None:
    """Execute ourselves anew from there, and return in the new life."""
    if os.environ.pop(MARK, "") == str(os.getpid()):
        processes.show_name()
        return
    with out_of_reach() as (path, fds):
        for fd in fds:
            os.set_inheritable(fd, True)
            os.environ[MARK] = str(os.getpid())
            os.execv(path, [*python("realrun.cli"), *sys.argv[1:]])


def python(module: str) -> list[str]:
    """The words that run `main` of a module of ours, of Python alone: that starts fastest."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(realrun.__file__)))
    code = f"import sys; sys.path.insert(0, {home!r}); from {module} import main; main()"
    return [sys.executable, "-I", "-S", "-c", code]


@contextmanager
def out_of_reach() -> Iterator[tuple[str, list[int]]]:
    """What to execute in place of `sys.executable`, and the descriptors that this needs open.

    None are needed where nobody can write to the file: the path is then the usual one.
    """
    fd = untouchable(os.path.realpath(sys.executable))
    if fd is None:
        yield sys.executable, []
        return
    try:
        yield f"/proc/self/fd/{fd}", [fd]
    finally:
        os.close(fd)


def untouchable(path: str) -> int | None:
    """A descriptor of the executable that cannot be written through; None if nobody here could."""
    try:
        tree = trees.cloned_tree(path)
    except KernelRefused as refused:
        if refused.number not in REFUSED:
            raise
        return sealed_copy(path) if os.access(path, os.W_OK) else None
    trees.make_read_only(tree, path, recursive=True)
    return tree


def sealed_copy(path: str) -> int:
    """The file in memory; its seals keep it as it is, also from us."""
    fd = os.memfd_create(os.path.basename(path), os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(path, "rb") as file:
        while os.sendfile(fd, file.fileno(), None, 1 << 30):
            pass
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    return fd
