"""Control groups: account and limit what an instance uses (cgroups(7), `cgroup-v2.rst`).

Version 2 is one tree with a list of controllers; version 1 is a tree for each controller. A machine
may have both ("hybrid"): then v2 owns no controller that we need and v1 does the work. Which it is
is read from /proc/self/mountinfo, never guessed.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from realrun.errors import Missing
from realrun.linux import resources

WANTED = ("memory", "pids", "cpu", "cpuacct")
CONTROLLER = {"memory_bytes": "memory", "pids": "pids", "cpu_milli": "cpu"}  # of each limit
PARENT = "realrun"
GIVE_UP_S = 5.0


class Layout(NamedTuple):
    """Where this machine's control groups are."""

    version: str  # "v1", "v2", "hybrid" or "none"
    trees: dict[str, str]  # controller -> folder of its tree; for v2 all the same folder
    writable: bool  # may we make groups there


_here: list[Layout] = []


def detect() -> Layout:
    """This machine's layout; it does not change while a program runs, so it is read once."""
    if not _here:
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            _here.append(parse(file.read()))
    return _here[0]


def parse(mountinfo: str) -> Layout:
    """The layout that the text of a mountinfo file tells of (proc(5))."""
    v1: dict[str, str] = {}
    v2 = ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        folder, kind, options = before.split()[4], after.split()[0], after.split()[-1]
        if kind == "cgroup":
            v1.update({name: folder for name in options.split(",") if name in WANTED})
        elif kind == "cgroup2":
            v2 = folder
    return layout(v1, v2)


def layout(v1: dict[str, str], v2: str) -> Layout:
    """The layout that follows from the mounted trees."""
    if v1:
        return Layout("hybrid" if v2 else "v1", v1, all(map(may_write, v1.values())))
    if not v2:
        return Layout("none", {}, False)
    owned = read_words(f"{v2}/cgroup.controllers")
    trees = {name: v2 for name in WANTED if name in owned or name == "cpuacct"}
    return Layout("v2", trees, may_write(v2))


def may_write(folder: str) -> bool:
    """May this process make groups below `folder`."""
    return os.access(folder, os.W_OK) and not os.statvfs(folder).f_flag & os.ST_RDONLY


def read_words(path: str) -> list[str]:
    """The words of a small file; none if it is not there."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().split()
    except FileNotFoundError:
        return []


def folders(here: Layout, name: str, limits: Iterable[str] = CONTROLLER) -> list[str]:
    """The folders that make up group `name`, each once: memory's, and those that `limits` need."""
    names = {"memory", *(CONTROLLER[limit] for limit in limits)}
    trees = dict.fromkeys(tree for name, tree in here.trees.items() if name in names)
    return [f"{tree}/{PARENT}/{name}" for tree in trees]


def create(here: Layout, name: str, limits: dict[str, int]) -> None:
    """Make group `name` and set its limits (`memory_bytes`, `pids`, `cpu_milli`)."""
    if missing := [CONTROLLER[limit] for limit in limits if CONTROLLER[limit] not in here.trees]:
        raise Missing(f"no control group of {', '.join(missing)} here: leave that limit out")
    if here.version == "v2":
        enable_controllers(here)
    for folder in folders(here, name, limits):
        make(folder)
    for controller, file, text in resources.settings(here.version, resources_of(limits)):
        write(f"{here.trees[controller]}/{PARENT}/{name}/{file}", text)


def make(folder: str) -> None:
    """Make a group; our parent group may be removed by others between two calls."""
    for _ in range(100):
        try:
            os.makedirs(folder, exist_ok=True)
            return
        except FileNotFoundError:
            continue
    raise OSError(errno.ENOENT, "control group vanishes as fast as it is made", folder)


def enable_controllers(here: Layout) -> None:
    """Hand the controllers down from the root of the v2 tree to our groups."""
    tree = here.trees["cpuacct"]
    text = " ".join(f"+{name}" for name in here.trees if name != "cpuacct")
    os.makedirs(f"{tree}/{PARENT}", exist_ok=True)
    for folder in (tree, f"{tree}/{PARENT}"):
        write(f"{folder}/cgroup.subtree_control", text)


def resources_of(limits: Mapping[str, int]) -> dict[str, Any]:
    """Our limits in the words of the OCI runtime specification (`linux.resources`).

    >>> resources_of({"cpu_milli": 1500})
    {'cpu': {'period': 100000, 'quota': 150000}}
    """
    found: dict[str, Any] = {}
    if "memory_bytes" in limits:
        found["memory"] = {"limit": limits["memory_bytes"]}
    if "pids" in limits:
        found["pids"] = {"limit": limits["pids"]}
    if "cpu_milli" in limits:
        found["cpu"] = {"period": 100_000, "quota": limits["cpu_milli"] * 100}
    return found


def write(path: str, text: str) -> None:
    """Write to one of the kernel's files, which takes the text in one piece."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def join(group: list[str]) -> None:
    """Move the calling process, which has one thread, into the group made of these folders.

    v1 has a file for single threads, `tasks`. For the calling thread it needs no lock against all
    forks of the machine, which `cgroup.procs` takes and which waits for a grace period of RCU:
    0.1 ms instead of 5 ms here.
    """
    for folder in group:
        tasks = f"{folder}/tasks"
        write(tasks if os.path.exists(tasks) else f"{folder}/cgroup.procs", "0")


def remove(here: Layout, name: str) -> None:
    """Kill what is left in group `name` and remove it; nothing happens if it is not there."""
    for folder in folders(here, name):
        deadline = time.monotonic() + GIVE_UP_S
        while not removed(folder):
            if time.monotonic() > deadline:
                raise OSError(errno.EBUSY, "processes in the control group do not end", folder)
            kill_members(folder)
            time.sleep(0.001)


def removed(folder: str) -> bool:
    """Try to remove one empty group."""
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return False
    return True


def kill_members(folder: str) -> None:
    """SIGKILL to every process of one group."""
    for word in read_words(f"{folder}/cgroup.procs"):
        try:
            os.kill(int(word), 9)
        except ProcessLookupError:
            continue


def remove_parent(here: Layout) -> None:
    """Remove our own parent group if nothing is in it any more."""
    for tree in dict.fromkeys(here.trees.values()):
        try:
            os.rmdir(f"{tree}/{PARENT}")
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
