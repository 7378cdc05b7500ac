"""What a writable layer has made of the layers below it: Docker's list of A, C and D.

* a name that is new is added, and so is everything in a new directory;
* a name that is gone is deleted; what was in it is not listed;
* anything else is changed if its mode, owner, device or capability differs, or, unless it is a
  directory, its size or its time; a directory also if anything in it is listed.

Docker lists the names of one directory in the order of a hash table; here they are sorted.

Source: docs.docker.com, `docker container diff`; Docker 20.10, whose output was compared.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from realrun.image.merged import Merged, Node, child, children, mountable, unlocked
from realrun.image.rooted import is_opaque

CAPABILITY = "security.capability"
NS_PER_S = 10**9


class Change(NamedTuple):
    """`kind` is A, C or D; `path` begins with a slash, odd bytes as surrogate escapes."""

    kind: str
    path: str


def changes(layers: Sequence[Path], upper: Path) -> list[Change]:
    """The layers' directories, base first, and the writable one over them."""
    old, new = Merged(mountable(layers)).root, Merged(mountable([*layers, upper])).root
    return list(within(new, old, upper))


def within(new: Node, old: Node, upper: Path) -> Iterator[Change]:
    """The changes of one directory; only names that the writable layer has can be among them."""
    names = set(os.listdir(upper))
    if is_opaque(upper):
        names |= {name for place in old.places for name in os.listdir(place)}
    for name in sorted(names, key=os.fsencode):
        is_now, was = child(new, name), child(old, name)
        if is_now is None and was is not None:
            yield Change("D", shown(was))
        elif is_now is not None and was is None:
            yield from added(is_now)
        elif is_now is not None and was is not None:
            yield from compared(is_now, was, upper / name)


def compared(now: Node, was: Node, upper: Path) -> Iterator[Change]:
    """Something that was there and is there."""
    inside: list[Change] = []
    if now.is_directory:
        with unlocked(now), unlocked(was):
            if was.is_directory:
                inside = list(within(now, was, upper))
            else:
                inside = [one for node in children(now) for one in added(node)]
    if inside or differs(now, was):
        yield Change("C", shown(now))
    yield from inside


def added(node: Node) -> Iterator[Change]:
    """Something new, and all that is in it."""
    yield Change("A", shown(node))
    with unlocked(node):
        for one in children(node) if node.is_directory else ():
            yield from added(one)


def differs(now: Node, was: Node) -> bool:
    """Is it another thing than it was, or the same with other attributes or content?"""
    new, old = now.status, was.status
    of_all = ("st_mode", "st_uid", "st_gid", "st_rdev")
    if any(getattr(new, key) != getattr(old, key) for key in of_all):
        return True
    if capability(now) != capability(was):
        return True
    if stat.S_ISDIR(new.st_mode):
        return False
    return new.st_size != old.st_size or not same_time(new.st_mtime_ns, old.st_mtime_ns)


def same_time(one_ns: int, other_ns: int) -> bool:
    """Times of archives are whole seconds: then those of the other side do not count, either."""
    if one_ns // NS_PER_S != other_ns // NS_PER_S:
        return False
    return one_ns == other_ns or not (one_ns % NS_PER_S and other_ns % NS_PER_S)


def capability(node: Node) -> bytes:
    """The file's capabilities, as they are kept with it."""
    try:
        return os.getxattr(node.path, CAPABILITY, follow_symlinks=False)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP):
            return b""
        raise


def shown(node: Node) -> str:
    return "/" + "/".join(node.parts)
