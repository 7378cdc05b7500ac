"""Stop all processes of an instance where they are, for a while.

Version 2 freezes any group; in version 1 the freezer is a tree of its own, and nobody is in it
until he is to be stopped. Who is killed meanwhile leaves them frozen: `thaw` lets them go on.

Source: cgroup-v1/freezer-subsystem.rst; cgroup-v2.rst, "cgroup.freeze".
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from realrun.linux import cgroups
from realrun.linux.cgroups import PARENT, Layout, read_words, write

GIVE_UP_S, MOMENT_S = 10.0, 0.001
Members = Callable[[], Iterable[int]]


def folder_of(here: Layout, name: str) -> str:
    """The group to freeze; empty if there is nothing to do it with."""
    tree = here.trees.get("memory" if here.version == "v2" else "freezer", "")
    return f"{tree}/{PARENT}/{name}" if tree and here.writable else ""


@contextmanager
def frozen(here: Layout, name: str, members: Members) -> Iterator[None]:
    """Freeze the instance `name`, whose processes are `members()`; one at a time.

    Raises OSError if they do not stop. Without a freezer they go on.
    """
    try:
        stop(here, name, members)
        yield
    finally:
        thaw(here, name)


def stop(here: Layout, name: str, members: Members) -> bool:
    """The same without an end; is there a freezer?"""
    folder = folder_of(here, name)
    if not folder or (here.version == "v2" and not os.path.isdir(folder)):
        return False
    freeze(here, folder, members)
    return True


def freeze(here: Layout, folder: str, members: Members) -> None:
    """Stop them; whoever is started meanwhile is caught by the next look."""
    deadline = time.monotonic() + GIVE_UP_S
    if here.version == "v2":
        write(f"{folder}/cgroup.freeze", "1")
    else:
        cgroups.make(here, folder, ())
        while left := set(members()) - set(members_of(folder)):
            for pid in left:
                enter(folder, pid)
            if time.monotonic() > deadline:
                raise OSError(errno.EBUSY, "its processes start others too fast", folder)
        write(f"{folder}/freezer.state", "FROZEN")
    while not is_frozen(here, folder):
        if time.monotonic() > deadline:
            raise OSError(errno.EBUSY, "its processes do not stop: one waits for a device", folder)
        time.sleep(MOMENT_S)


def is_frozen(here: Layout, folder: str) -> bool:
    """Do all of them stand still."""
    if here.version == "v2":
        return "frozen 1" in " ".join(read_words(f"{folder}/cgroup.events"))
    return read_words(f"{folder}/freezer.state") == ["FROZEN"]


def members_of(folder: str) -> list[int]:
    """The processes of one group."""
    return [int(word) for word in read_words(f"{folder}/cgroup.procs")]


def enter(folder: str, pid: int) -> None:
    """Move a process; one that has ended meanwhile need not be."""
    try:
        write(f"{folder}/cgroup.procs", str(pid))
    except ProcessLookupError:
        return


def thaw(here: Layout, name: str) -> None:
    """Let them go on, if anybody has stopped them; in version 1 nobody is in the freezer again."""
    folder = folder_of(here, name)
    if not os.path.isdir(folder):
        return
    if here.version == "v2":
        write(f"{folder}/cgroup.freeze", "0")
        return
    write(f"{folder}/freezer.state", "THAWED")
    while not cgroups.removed(folder):
        for pid in members_of(folder):
            enter(here.trees["freezer"], pid)
