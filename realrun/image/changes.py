"""What a writable layer has made of the layers below it: Docker's list of A, C and D.

* a name that is new is added, and so is everything in a new directory;
* a name that is gone is deleted; what was in it is not listed;
* anything else is changed if its mode, owner, device or capability differs, or, unless it is a
  directory, its size or its time; a directory also if anything in it is listed.

Docker lists the names of one directory in the order of a hash table; here they are sorted.

A container may be at work in the layer: each directory of it is opened by itself, no link is
followed, and what goes away meanwhile is left out.

Source: docs.docker.com, `docker container diff`; Docker 20.10, whose output was compared.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from realrun.files.remove import DIRECTORY_FLAGS, list_directory
from realrun.image.diff import Found, give_back, lend
from realrun.image.merged import Merged, Node, child, children, mountable, unlocked
from realrun.image.rooted import is_opaque, is_whiteout, kind_at

CAPABILITY = "security.capability"
NS_PER_S = 10**9


class Change(NamedTuple):
    """`kind` is A, C or D; `path` begins with a slash, odd bytes as surrogate escapes."""

    kind: str
    path: str


@dataclass(slots=True)
class Folder:
    """A directory of the writable layer that is being looked through; `open` ends that."""

    path: bytes
    fd: int
    below: Node | None  # the directory of the image in this place, if there is one
    opaque: bool  # nothing of the image shows through
    told: bool  # it is in the list
    names: Iterator[bytes]
    open: ExitStack


def changes(layers: Sequence[Path], upper: Path) -> list[Change]:
    """The layers' directories, base first, and the writable one over them."""
    fd = os.open(f"{upper}/.", DIRECTORY_FLAGS)  # it may be named by a descriptor in /proc
    way = [folder(b"", fd, -1, Merged(mountable(layers)).root, is_opaque(fd), True)]
    found: list[Change] = []
    try:
        while way:
            name = next(way[-1].names, None)
            if name is None:
                way.pop().open.close()
            else:
                one(way, name, found)
    finally:
        for inner in reversed(way):
            inner.open.close()
    return found


def folder(path: bytes, fd: int, lent: int, below: Node | None, opaque: bool, told: bool) -> Folder:
    """Begin with a directory: its own names, and those that it hides without a mark for each."""
    with ExitStack() as stack:
        stack.callback(os.close, fd)
        stack.callback(give_back, fd, lent)
        names = set(list_directory(fd))
        if below is not None:
            stack.enter_context(unlocked(below))
            if opaque:
                names |= {os.fsencode(node.parts[-1]) for node in children(below)}
        return Folder(path, fd, below, opaque, told, iter(sorted(names)), stack.pop_all())


def one(way: list[Folder], name: bytes, found: list[Change]) -> None:
    """What has become of one name in the last directory of the way."""
    here = way[-1]
    path = here.path + b"/" * bool(here.path) + name
    now = kind_at(name, here.fd)
    was = child(here.below, os.fsdecode(name)) if here.below is not None else None
    if now is None or is_whiteout(now):
        if was is not None and (now is not None or here.opaque):
            tell(way, found, "D", path)
        return
    thing = Found(path, name, here.fd, now)
    told = was is None or differs(thing, was)
    if told:
        tell(way, found, "A" if was is None else "C", path)
    if stat.S_ISDIR(now.st_mode):
        lent = lend(thing)
        try:
            fd = os.open(name, DIRECTORY_FLAGS, dir_fd=here.fd)
        except (FileNotFoundError, NotADirectoryError):
            return
        below = was if was is not None and was.is_directory else None
        way.append(folder(path, fd, lent, below, here.opaque or is_opaque(fd), told))


def tell(way: Sequence[Folder], found: list[Change], kind: str, path: bytes) -> None:
    """Put it into the list, and the directories that it is in before it."""
    for above in way:
        if not above.told:
            above.told = True
            found.append(Change("C", "/" + os.fsdecode(above.path)))
    found.append(Change(kind, "/" + os.fsdecode(path)))


def differs(now: Found, was: Node) -> bool:
    """Is it another thing than it was, or the same with other attributes or content?"""
    new, old = now.status, was.status
    of_all = ("st_mode", "st_uid", "st_gid", "st_rdev")
    if any(getattr(new, key) != getattr(old, key) for key in of_all):
        return True
    if capability(now.proc_path) != capability(was.path):
        return True
    if stat.S_ISDIR(new.st_mode):
        return False
    return new.st_size != old.st_size or not same_time(new.st_mtime_ns, old.st_mtime_ns)


def same_time(one_ns: int, other_ns: int) -> bool:
    """Times of archives are whole seconds: then those of the other side do not count, either."""
    if one_ns // NS_PER_S != other_ns // NS_PER_S:
        return False
    return one_ns == other_ns or not (one_ns % NS_PER_S and other_ns % NS_PER_S)


def capability(path: bytes | Path) -> bytes:
    """The file's capabilities, as they are kept with it."""
    try:
        return os.getxattr(path, CAPABILITY, follow_symlinks=False)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP, errno.ENOENT):
            return b""
        raise
