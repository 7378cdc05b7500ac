"""Our own executable, out of the reach of what we start.

A program of a container can have itself replaced by the engine's executable (`#!/proc/self/exe`),
or look at the engine's process that waits to become it, and write through /proc/PID/exe into the
host's file (CVE-2019-5736). So whoever makes containers first becomes itself again from a read-only
mount that is attached nowhere: the file is the same, but nobody can open it for writing there.

Source: open_tree(2), mount_setattr(2), proc(5); runc's and LXC's answers to the same.
"""

from __future__ import annotations

import errno
import os
import sys

from realrun.errors import KernelRefused
from realrun.linux import mounts

REFUSED = (errno.EPERM, errno.ENOSYS, errno.EINVAL)


def protect(mark: str) -> None:
    """Execute ourselves anew from there; returns in the new life, told apart by `mark`.

    `mark` names a variable of the environment. Without the right to mount it returns at once: who
    lacks it cannot write to the host's executables either.
    """
    if os.environ.pop(mark, "") == str(os.getpid()):
        return
    try:
        tree = mounts.cloned_tree(os.path.realpath("/proc/self/exe"))
        mounts.make_read_only(tree, sys.executable, recursive=True)
    except KernelRefused as refused:
        if refused.number not in REFUSED:
            raise
        return
    os.set_inheritable(tree, True)
    os.environ[mark] = str(os.getpid())
    os.execv(f"/proc/self/fd/{tree}", [sys.executable, *sys.orig_argv[1:]])
