"""What lies on disk about instances, and how to take it away again.

An instance is a folder `ROOT/instances/ID`. Whoever watches over it holds a lock on the folder
(flock(2), gone with the process however it ends), so a folder without a lock is a leftover: its
processes, its control group and its files are found by the id alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

from realrun.files.remove import DIRECTORY_FLAGS, remove_tree
from realrun.files.workspace import is_held, locked
from realrun.linux import cgroups, usage
from realrun.runtime import ownfiles

MARK = "REALRUN_INSTANCE"  # in the environment of a guest's virtual machine monitor
GIVE_UP_S = 5.0
DYING_S = 0.1


class Claim(NamedTuple):
    """A new instance's folder, and the descriptor that keeps it from being cleaned up."""

    folder: str
    lock_fd: int


def create(root: Path, instance: str) -> Claim:
    """Make the folder of a new instance and lock it, in one piece as `prune` sees it."""
    folder = root / "instances" / instance
    ownfiles.make_init_layers(root)
    with locked(root):
        folder.parent.mkdir(mode=0o700, exist_ok=True)  # a setuid program in it is not for all
        folder.mkdir(mode=0o711)
        fd = os.open(folder, DIRECTORY_FLAGS)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return Claim(str(folder), fd)


def belongs(pid: int | str, instance: str) -> bool:
    """Is process `pid` of this instance: by the overlay it lives on, or by its mark.

    Every instance has a root mount whose work directory carries the id, visible in mountinfo
    even when the process has lost its parent; a guest's monitor carries the id as a mark.
    """
    for file, sign in (("mountinfo", f"/{instance}/work"), ("environ", f"{MARK}={instance}")):
        try:
            with open(f"/proc/{pid}/{file}", "rb") as stream:
                if sign.encode() in stream.read():
                    return True
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ESRCH, errno.EACCES, errno.EINVAL):
                raise
    return False


def processes_of(instance: str) -> list[int]:
    """All processes on this machine that belong to `instance`."""
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return [pid for pid in pids if pid != os.getpid() and belongs(pid, instance)]


def kill_processes(instance: str) -> int:
    """SIGKILL all processes of `instance` until none is left; returns how many there were."""
    killed: set[int] = set()
    deadline = time.monotonic() + GIVE_UP_S
    while found := processes_of(instance):
        if time.monotonic() > deadline:
            raise OSError(errno.EBUSY, f"processes {found} do not end", instance)
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
    folders = root / "instances"
    names = {path.name for path in folders.iterdir()} if folders.is_dir() else set()
    removed = [name for name in sorted(names) if prune_one(folders / name, here)]
    if set(removed) != names:
        time.sleep(DYING_S)
        removed += [name for name in sorted(names - {*removed}) if prune_one(folders / name, here)]
    if here.writable:
        cgroups.remove_parent(here)
    return removed


def prune_one(folder: Path, here: cgroups.Layout) -> bool:
    """Remove one instance unless somebody watches over it."""
    with locked(folder.parents[1]):
        if is_held(folder):
            return False
    kill_processes(folder.name)
    remove(str(folder), with_cgroup=here.writable)
    return True


def layers_in_use(root: Path) -> list[Path]:
    """The unpacked layers that running instances stand on, read from their mounts.

    The kernel keeps a mounted folder's files alive, but not visible: removing one under a running
    instance would empty its root.
    """
    layers = root / "layers"
    if not layers.is_dir():
        return []
    folders = root / "instances"
    pids = [
        p for f in (folders.iterdir() if folders.is_dir() else ()) for p in processes_of(f.name)
    ]
    text = "".join(mountinfo(pid) for pid in pids)
    return [layer for layer in layers.iterdir() if layer.name in text]


def mountinfo(pid: int) -> str:
    """The mounts that a process sees; nothing once it has ended."""
    try:
        with open(f"/proc/{pid}/mountinfo", encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""
