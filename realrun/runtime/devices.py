"""Devices of this machine that a container is given: `--device`.

Source: Docker's documentation, `docker run`, "Add host device to container (--device)".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from realrun.errors import UsageError
from realrun.runtime.plan import CHILD, Step

KINDS = {stat.S_IFBLK: "b", stat.S_IFCHR: "c"}


class Device(NamedTuple):
    """As it is asked for: a node here or a directory of them, its place inside, what it is for."""

    source: str
    target: str
    access: str = "rwm"  # read, write, mknod


class Node(NamedTuple):
    """A device node as it is found when the container starts."""

    source: str
    path: str  # inside
    type: str  # b or c
    major: int
    minor: int
    fileMode: int
    uid: int
    gid: int
    access: str

    def rule(self) -> dict[str, Any]:
        """What its control group is told (`linux.resources.devices`)."""
        return {"allow": True, "type": self.type, "major": self.major, "minor": self.minor,
                "access": self.access}  # fmt: skip


def device(word: str) -> Device:
    """`HERE[:THERE[:ACCESS]]` or `HERE:ACCESS`, as Docker reads it.

    >>> device("/dev/fuse:r")
    Device(source='/dev/fuse', target='/dev/fuse', access='r')
    """
    source, *more = word.split(":")
    access = more.pop() if more and is_access(more[-1]) else "rwm"
    target = more.pop() if more else source
    if more or not (source.startswith("/") and target.startswith("/")):
        raise UsageError(f"--device wants /DEVICE[:/PLACE][:ACCESS], ACCESS of rwm; got {word!r}")
    return Device(source, os.path.normpath(target), access)


def is_access(word: str) -> bool:
    """One or more letters of rwm, each once."""
    return 0 < len(word) == len(set(word)) and set(word) <= set("rwm")


def found(wanted: Iterable[Device]) -> Iterator[Node]:
    """The nodes, those of a directory one by one; raises UsageError for what is none."""
    for one in wanted:
        if not os.path.isdir(one.source):
            yield node(one)
            continue
        for folder, _, names in os.walk(one.source):
            for name in names:
                source = os.path.join(folder, name)
                place = os.path.join(one.target, os.path.relpath(source, one.source))
                if stat.S_IFMT(os.stat(source).st_mode) in KINDS:
                    yield node(Device(source, place, one.access))


def node(one: Device) -> Node:
    """One of them."""
    try:
        status = os.stat(one.source)
    except OSError as error:
        raise UsageError(f"--device {one.source}: {error.strerror}") from None
    kind = KINDS.get(stat.S_IFMT(status.st_mode))
    if kind is None:
        raise UsageError(f"--device {one.source}: it is no device")
    number = status.st_rdev
    return Node(
        one.source, one.target, kind, os.major(number), os.minor(number),
        stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, one.access,
    )  # fmt: skip


def steps(wanted: Sequence[Device], root: dict[str, str], bound: bool) -> list[Step]:
    """Show them inside; `bound`: this machine's own nodes, where none may be made."""
    if not wanted:
        return []
    nodes = [one._asdict() for one in found(wanted)]
    return [Step("devices", "make nodes of " + ", ".join(one["source"] for one in nodes), CHILD,
                 "realrun.linux.nodes:make_devices",
                 root | {"devices": nodes, "bound": bound})]  # fmt: skip
