"""What lies on disk about instances, and how to take it away again.

An instance is a folder `ROOT/instances/ID`. Whoever watches over it holds a lock on the folder
(flock(2), gone with the process however it ends), so a folder without a lock is a leftover: its
processes, its control group and its files are found by the id alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import signal
import time
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from realrun.files.remove import DIRECTORY_FLAGS, remove_tree
from realrun.files.workspace import is_held, locked
from realrun.linux import cgroups, freezer, usage
from realrun.runtime import ownfiles

MARK = "REALRUN_INSTANCE"  # in the environment of a guest's virtual machine monitor
WORK = re.compile(rb"/([^/,]+)/work")
MARKED = re.compile(os.fsencode(MARK) + b"=([^\0]+)")
OUT_OF_SIGHT = (errno.ENOENT, errno.ESRCH, errno.EACCES, errno.EINVAL)  # it ends, or is others'
GIVE_UP_S = 5.0
DYING_S = 0.1


class Claim(NamedTuple):
    """A new instance's folder, and the descriptor that keeps it from being cleaned up."""

    folder: str
    lock_fd: int


def create(root: Path, instance: str) -> Claim:
    """Make the folder of a new instance and lock it, in one piece as `prune` sees it."""
    parent = f"{root}/instances"
    folder = f"{parent}/{instance}"
    ownfiles.make_init_layers(root)
    with locked(root):
        if not os.path.isdir(parent):
            os.mkdir(parent, 0o700)  # a setuid program in it is not for all
        os.mkdir(folder, 0o711)
        fd = os.open(folder, DIRECTORY_FLAGS)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return Claim(folder, fd)


def instances_of(pid: int | str) -> set[str]:
    """The instances that process `pid` is of: by the overlay it lives on, or by its mark.

    Every instance has a root mount whose work directory carries the id, visible in mountinfo
    even when the process has lost its parent; a guest's monitor carries the id as a mark.
    """
    found: set[str] = set()
    for file, sign in (("mountinfo", WORK), ("environ", MARKED)):
        try:
            with open(f"/proc/{pid}/{file}", "rb") as stream:
                found.update(map(os.fsdecode, sign.findall(stream.read())))
        except OSError as error:
            if error.errno not in OUT_OF_SIGHT:
                raise
    return found


def belongs(pid: int | str, instance: str) -> bool:
    """Is process `pid` of this instance."""
    return instance in instances_of(pid)


def processes_of(*instances: str) -> list[int]:
    """All processes on this machine that belong to any of these instances."""
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    wanted = set(instances)
    return [pid for pid in pids if pid != os.getpid() and wanted & instances_of(pid)]


def kill_processes(*instances: str) -> int:
    """SIGKILL all processes of these until none is left; returns how many there were."""
    killed: set[int] = set()
    deadline = time.monotonic() + GIVE_UP_S
    while found := processes_of(*instances):
        if time.monotonic() > deadline:
            raise OSError(errno.EBUSY, f"processes {found} do not end", instances[0])
        for pid in found:
            kill(pid)
        cgroups.thaw(cgroups.detect(), found)
        killed |= set(found)
        time.sleep(0.002)
    return len(killed)


def thaw(instance: str) -> None:
    """Let the instance's processes die of SIGKILL, which on version 1 the frozen ones do not."""
    here = cgroups.detect()
    cgroups.thaw(here, usage.members(here, instance) or ())


def kill(pid: int) -> None:
    """SIGKILL; one that has ended already is as good."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def remove(folder: str, with_cgroup: bool) -> None:
    """Take away what an ended instance leaves: control group first, then its files."""
    if with_cgroup:
        cgroups.remove(cgroups.detect(), os.path.basename(folder))
    remove_tree(Path(folder))


def prune(root: Path) -> list[str]:
    """Remove every instance that nobody watches over; returns their ids.

    Its folder is the first thing of an instance that is made and the last that goes, so whatever
    else is left is found through it. One whose engine was killed a moment ago may still be held
    by a child that is about to die of it, so what is held is asked twice.
    """
    here = cgroups.detect()
    removed = prune_all(root, here)
    if names(root):
        time.sleep(DYING_S)
        removed += prune_all(root, here)
    if here.writable:
        cgroups.remove_parent(here)
    return removed


def names(root: Path) -> list[str]:
    """All instances that have a folder."""
    try:
        return sorted(os.listdir(root / "instances"))
    except FileNotFoundError:
        return []


def prune_all(root: Path, here: cgroups.Layout) -> list[str]:
    """Remove those that nobody watches over; all processes are looked at once, for all of them."""
    found = names(root)
    with locked(root) if found else nullcontext():
        left = [name for name in found if not is_held(root / "instances" / name)]
    if left:
        kill_processes(*left)
    for name in left:
        freezer.thaw(here, name)
        remove(str(root / "instances" / name), with_cgroup=here.writable)
    return left


def prune_one(folder: Path, here: cgroups.Layout) -> bool:
    """Remove one instance unless somebody watches over it."""
    with locked(folder.parents[1]):
        if is_held(folder):
            return False
    kill_processes(folder.name)
    freezer.thaw(here, folder.name)
    remove(str(folder), with_cgroup=here.writable)
    return True


def layers_in_use(root: Path) -> list[Path]:
    """The unpacked layers that running instances stand on, read from their mounts.

    The kernel keeps a mounted folder's files alive, but not visible: removing one under a running
    instance would empty its root.
    """
    if not names(root):
        return []
    tables = {mount_table(pid): pid for pid in filter(str.isdigit, os.listdir("/proc"))}
    text = "".join(mountinfo(pid) for pid in tables.values())
    return [layer for layer in (root / "layers").iterdir() if layer.name in text]


def mount_table(pid: str) -> str:
    """Which mount namespace a process is in: those in one see the same (namespaces(7))."""
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:  # it has ended, or is somebody else's
        return pid


def mountinfo(pid: str) -> str:
    """The mounts that a process sees; nothing once it has ended."""
    try:
        with open(f"/proc/{pid}/mountinfo", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        if error.errno not in OUT_OF_SIGHT:
            raise
        return ""
