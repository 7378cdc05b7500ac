"""Control groups: account and limit what an instance uses (cgroups(7), `cgroup-v2.rst`).

Version 2 is one tree with a list of controllers; version 1 is a tree for each controller. A machine
may have both ("hybrid"): then v2 owns no controller that we need and v1 does the work. Which it is
is read from /proc/self/mountinfo, never guessed.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from realrun.errors import Missing, UsageError
from realrun.files.rights import is_root
from realrun.linux import calls, device_rules, resources
from realrun.linux.calls import Call

WANTED = ("memory", "pids", "cpu", "cpuacct", "cpuset", "blkio", "io", "devices", "freezer")
NO_FILES = ("cpuacct", "devices")  # of version 2: every group's own, and a program
PARENT = "realrun"
CALLERS = "realrun-callers"  # where those go who were in a group that is to have children
GONE = (errno.ENOENT, errno.ENODEV, errno.ESRCH)  # of a group, also while its file is open
GIVE_UP_S, TRIES = 5.0, 100
INHERITED = ("cpuset.cpus", "cpuset.mems")  # empty in a new group of version 1: nobody could enter


class Layout(NamedTuple):
    """Where this machine's control groups are."""

    version: str  # "v1", "v2", "hybrid" or "none"
    trees: dict[str, str]  # controller -> the folder below which ours are; for v2 all the same
    writable: bool  # may we make groups there


_here: list[Layout] = []


def detect() -> Layout:
    """This machine's layout; it does not change while a program runs, so it is read once."""
    if not _here:
        own = "" if is_root() else Path("/proc/self/cgroup").read_text(encoding="utf-8")
        _here.append(parse(Path("/proc/self/mountinfo").read_text(encoding="utf-8"), own))
    return _here[0]


def parse(mountinfo: str, membership: str = "") -> Layout:
    """The layout that the text of a mountinfo file tells of (proc(5)).

    Root's groups are below the top. An ordinary user's are below the one that he is in, as the text
    of /proc/self/cgroup says: that one may have been delegated to him.
    """
    own = {
        name: path
        for _, names, path in (line.split(":", 2) for line in membership.splitlines())
        for name in names.split(",")
    }
    v1: dict[str, str] = {}
    v2 = ""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        top, mounted = before.split()[3:5]
        kind, options = after.split()[0], after.split()[-1]
        if kind == "cgroup":
            names = [name for name in options.split(",") if name in WANTED]
            v1.update({name: below(mounted, top, own.get(name, top)) for name in names})
        elif kind == "cgroup2":
            v2 = below(mounted, top, own.get("", top))
    return layout(v1, v2)


def below(mounted: str, top: str, path: str) -> str:
    """The folder of group `path` in a tree of which `top` is what is mounted.

    >>> below("/sys/fs/cgroup", "/", "/user.slice/run.scope/realrun-callers")
    '/sys/fs/cgroup/user.slice/run.scope'
    """
    found = os.path.normpath(f"{mounted}/{os.path.relpath(path, top)}")
    return found.removesuffix(f"/{CALLERS}")


def layout(v1: dict[str, str], v2: str) -> Layout:
    """The layout that follows from the folders of the trees."""
    if v1:
        ours = {name: folder for name, folder in v1.items() if may_write(folder)}
        return Layout("hybrid" if v2 else "v1", ours or v1, bool(ours))
    if not v2:
        return Layout("none", {}, False)
    owned = [*read_words(f"{v2}/cgroup.controllers"), *NO_FILES]
    return Layout("v2", {name: v2 for name in WANTED if name in owned}, may_write(v2))


def may_write(folder: str) -> bool:
    """May this process make groups below `folder`."""
    return os.access(folder, os.W_OK) and not os.statvfs(folder).f_flag & os.ST_RDONLY


def read_words(path: str) -> list[str]:
    """The words of a small file; none if it is not there."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read().decode().split()
    except OSError as error:
        if error.errno not in GONE:
            raise
        return []


def needed(version: str, wanted: Mapping[str, Any]) -> list[str]:
    """The controllers that these limits take; memory is always counted."""
    asked = [controller for controller, _, _ in resources.settings(version, wanted)]
    return [*dict.fromkeys(["memory", *asked, *(["devices"] if "devices" in wanted else [])])]


def folders(here: Layout, name: str, controllers: Iterable[str] = WANTED) -> list[str]:
    """The folders that make up group `name`, each once."""
    trees = dict.fromkeys(here.trees[one] for one in controllers if one in here.trees)
    return [f"{tree}/{PARENT}/{name}" for tree in trees]


def create(here: Layout, name: str, wanted: Mapping[str, Any]) -> None:
    """Make group `name`, limited as `linux.resources` of the OCI runtime specification says.

    With `devices` in it no others can be used than these and those of every container.
    """
    controllers = needed(here.version, wanted)
    if lacking := [one for one in controllers if one not in here.trees]:
        names, there = ", ".join(lacking), ", ".join(here.trees)
        raise Missing(f"no control group of {names} here, only of {there}: have root mount it or "
                      "delegate it, or leave that limit out")  # fmt: skip
    for folder in folders(here, name, controllers):
        make(here, folder, controllers)
    own = {one: f"{here.trees[one]}/{PARENT}/{name}" for one in controllers}
    limit(here.version, own.__getitem__, wanted)
    if "devices" in wanted:
        restrict(here.version, own["devices"], device_rules.of_container(wanted["devices"]))


def make(here: Layout, folder: str, controllers: Iterable[str]) -> None:
    """Make a group; our parent group may be removed by others between two calls."""
    parent, needed = os.path.dirname(folder), {*controllers} - {*NO_FILES}
    for _ in range(TRIES):
        try:
            if here.version == "v2":
                os.makedirs(parent, exist_ok=True)
                hand_down(os.path.dirname(parent), needed)
                hand_down(parent, needed)
            os.makedirs(folder, exist_ok=True)
            if here.version != "v2" and folder.startswith(f"{here.trees.get('cpuset')}/"):
                inherit(folder)
            if here.version != "v2" or needed <= {*read_words(f"{folder}/cgroup.controllers")}:
                return
        except OSError as error:  # makedirs(): it was there, and was gone when looked at
            if error.errno not in (*GONE, errno.EEXIST):
                raise
    raise OSError(errno.ENOENT, "control group vanishes as fast as it is made", folder)


def hand_down(folder: str, controllers: Iterable[str]) -> None:
    """Give a group's children these controllers (version 2), if they have not got them.

    But for the topmost, a group that does so must hold no process itself (cgroups(7)).
    """
    has = read_words(f"{folder}/cgroup.subtree_control")
    text = " ".join(f"+{name}" for name in controllers if name not in has)
    if not text:
        return
    try:
        write(f"{folder}/cgroup.subtree_control", text)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        move_aside(folder)
        write(f"{folder}/cgroup.subtree_control", text)


def move_aside(folder: str) -> None:
    """All processes of a group into one below it, where they are no hindrance."""
    os.makedirs(f"{folder}/{CALLERS}", exist_ok=True)
    for pid in read_words(f"{folder}/cgroup.procs"):
        with suppress(ProcessLookupError):
            write(f"{folder}/{CALLERS}/cgroup.procs", pid)


def inherit(folder: str) -> None:
    """What a new group of version 1 does not take over by itself, from above first."""
    for file in INHERITED:
        path, above = f"{folder}/{file}", f"{os.path.dirname(folder)}/{file}"
        if os.path.exists(path) and not read_words(path):
            if not read_words(above):
                inherit(os.path.dirname(folder))
            write(path, read_words(above)[0])


def limit(version: str, place: Callable[[str], str], wanted: Mapping[str, Any]) -> None:
    """Write limits into the group whose folder for a controller is `place(controller)`.

    Some are checked against each other, so what is refused is tried again after the others.
    """
    left = resources.settings(version, wanted)
    for last in (False, True):
        left = [one for one in left if not written(place, *one, must=last)]


def written(place: Callable[[str], str], controller: str, file: str, text: str, must: bool) -> bool:
    """Write one limit; False if the kernel refuses it, and unless it must be."""
    try:
        write(f"{place(controller)}/{file}", text)
    except FileNotFoundError:
        raise Missing(f"this kernel's cgroups have no {file}: leave that limit out") from None
    except OSError as error:
        if must:
            raise UsageError(f"{file} does not take {text!r}: {error.strerror}") from None
        return False
    return True


def restrict(version: str, folder: str, rules: Sequence[device_rules.Rule]) -> None:
    """Which devices may be used in the group of this folder; the last rule that fits decides."""
    if version == "v2":
        device_rules.attach(folder, rules)
        return
    for file, lines in device_rules.lines(rules):
        write(f"{folder}/{file}", *lines)


def write(path: str, *texts: str) -> None:
    """Write to one of the kernel's files, which takes each text in one piece."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        for text in texts:
            os.write(fd, text.encode())
    finally:
        os.close(fd)


def join(group: Sequence[str]) -> Iterator[Call]:
    """Move the calling process, which has one thread, into the group made of these folders.

    v1 has a file for single threads, `tasks`: it needs no lock against all forks of the machine, as
    `cgroup.procs` does, which waits for a grace period of RCU. 0.1 ms instead of 5 ms here.
    """
    for folder in group:
        tasks = os.path.exists(f"{folder}/tasks") or not os.path.exists(folder)  # still to come
        first = tasks and detect().version != "v2"
        yield from calls.write(f"{folder}/{'tasks' if first else 'cgroup.procs'}", "0")


def thaw(here: Layout, pids: Iterable[int]) -> None:
    """Let processes go on that somebody has frozen: on version 1 not even SIGKILL ends those."""
    for pid in pids if here.version != "v2" and "freezer" in here.trees else ():
        lines = (line.split(":", 2) for line in read_words(f"/proc/{pid}/cgroup"))
        path = next((path for _, names, path in lines if "freezer" in names.split(",")), "/")
        file = f"{here.trees['freezer']}{path}/freezer.state"
        if read_words(file) not in ([], ["THAWED"]):
            write(file, "THAWED")


def remove(here: Layout, name: str) -> None:
    """Kill what is left in group `name` and remove it; nothing happens if it is not there."""
    for folder in folders(here, name):
        deadline = time.monotonic() + GIVE_UP_S
        while not removed(folder):
            if time.monotonic() > deadline:
                raise OSError(errno.EBUSY, "processes in the control group do not end", folder)
            empty(here, folder)
            time.sleep(0.001)


def removed(folder: str) -> bool:
    """Try to remove one empty group."""
    try:
        os.rmdir(folder)
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.ENOENT):
            raise
        return error.errno == errno.ENOENT
    return True


def empty(here: Layout, folder: str) -> None:
    """SIGKILL to every process of a group, and of those that it made below, which go, too."""
    for place, _, _ in os.walk(folder, topdown=False):
        members = [int(word) for word in read_words(f"{place}/cgroup.procs")]
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        thaw(here, members)
        if place != folder:
            removed(place)


def remove_parent(here: Layout) -> None:
    """Remove our own parent group if nothing is in it any more."""
    for tree in dict.fromkeys(here.trees.values()):
        removed(f"{tree}/{PARENT}")
