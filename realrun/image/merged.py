"""What a stack of layers looks like without mounting it: overlay's rules, in Python.

The topmost layer that knows a name decides, unless it is a directory, which shows the directories
below it as well, down to the first that is opaque, or hidden, or no directory. Links are followed
inside the stack: an absolute one starts at its top, as it will in the container.

Source: Linux kernel, Documentation/filesystems/overlayfs.rst; path_resolution(7).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from realrun.image.rooted import MAX_LINKS, Rooted, is_opaque, is_whiteout

READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
Parts = tuple[str, ...]


class Node(NamedTuple):
    """Something in the stack: its name there (links resolved), and where it really lies."""

    parts: Parts
    status: os.stat_result
    places: tuple[Path, ...]  # a directory: all that are merged, topmost first; else just one

    @property
    def path(self) -> Path:
        """The topmost of the places, the one whose attributes count."""
        return self.places[0]

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)


class Merged:
    """A stack of layer directories, base first; one directory alone is a stack, too."""

    def __init__(self, layers: Sequence[Path]) -> None:
        tops = tuple(reversed(layers))
        self.root = Node((), os.lstat(tops[0]), tops)

    def find(self, path: str, *, follow: bool = True) -> Node | None:
        """What the path leads to; with `follow` false a link at its end is returned itself.

        None if there is nothing. Raises OSError for a loop of links and for a path through a
        file.
        """
        node, rest = self.walk(path, follow=follow)
        return None if rest else node

    def walk(self, path: str, *, follow: bool = True) -> tuple[Node, Parts]:
        """As far as the path exists: the last node, and the parts that are missing."""
        stack, todo, links = [self.root], parts_of(path), 0
        while todo:
            name = todo.pop(0)
            if name == "..":
                stack = stack[:-1] or [self.root]
                continue
            if not stack[-1].is_directory:
                raise NotADirectoryError(
                    errno.ENOTDIR, "Not a directory", "/".join(stack[-1].parts)
                )
            found = child(stack[-1], name)
            if found is None:
                return stack[-1], tuple(plain([name, *todo]))
            if not stat.S_ISLNK(found.status.st_mode) or not (todo or follow):
                stack.append(found)
                continue
            if (links := links + 1) > MAX_LINKS:
                raise OSError(errno.ELOOP, "Too many levels of symbolic links", path)
            target = os.readlink(found.path)
            todo = parts_of(target) + todo
            if target.startswith("/"):
                stack = [self.root]
        return stack[-1], ()

    def children(self, node: Node) -> list[Node]:
        """What a directory holds, all its layers together, sorted by name."""
        return children(node)


def children(node: Node) -> list[Node]:
    """What a directory holds, all its layers together, sorted by name."""
    names = {name for place in node.places for name in os.listdir(place)}
    found = (child(node, name) for name in sorted(names, key=os.fsencode))
    return [one for one in found if one is not None]


def child(node: Node, name: str) -> Node | None:
    """One name in a directory, decided by the rules of overlay."""
    places: list[Path] = []
    status: os.stat_result | None = None
    for directory in node.places:
        try:
            here = os.lstat(directory / name)
        except FileNotFoundError:
            continue
        if is_whiteout(here) or (status is not None and not stat.S_ISDIR(here.st_mode)):
            break
        places.append(directory / name)
        status = status or here
        if not stat.S_ISDIR(here.st_mode) or is_opaque(directory / name):
            break
    return None if status is None else Node((*node.parts, name), status, tuple(places))


def open_file(node: Node) -> int:
    """A descriptor of a regular file, whoever is at work in its layer: no link is followed.

    Raises OSError for what has gone or become something else.
    """
    with Rooted(node.path.parents[len(node.parts) - 1]) as top:
        folder = top.open_plain([os.fsencode(part) for part in node.parts[:-1]])
    try:
        fd = os.open(node.parts[-1], READ_FLAGS, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(node.path))
    return fd


@contextmanager
def unlocked(node: Node) -> Iterator[None]:
    """Directories that their owner may not read are readable to him meanwhile; root needs none."""
    wanted, lent = 0o700, list[tuple[Path, int]]()
    try:
        for place in node.places if node.is_directory and os.geteuid() else ():
            mode = stat.S_IMODE(os.lstat(place).st_mode)
            if mode & wanted != wanted:
                os.chmod(place, mode | wanted)
                lent.append((place, mode))
        yield
    finally:
        for place, mode in lent:
            os.chmod(place, mode)


def make_upper(upper: Path, top_layer: Path) -> Path:
    """An empty writable layer whose root looks as the image's does: overlay shows this one."""
    top = os.lstat(top_layer)
    upper.mkdir()
    if os.geteuid() == 0:
        os.chown(upper, top.st_uid, top.st_gid)
    upper.chmod(stat.S_IMODE(top.st_mode))
    return upper


def mountable(trees: Sequence[Path]) -> tuple[Path, ...]:
    """The layers (base first) that overlay can stack, with the same result as all of them.

    It refuses a directory that is listed twice: of equal layers the upper one is enough. It cannot
    hide a root: the list starts at the topmost layer whose root is opaque.
    """
    once = tuple(reversed(dict.fromkeys(reversed(trees))))
    opaque = [at for at, tree in enumerate(once) if is_opaque(tree)]
    return once[opaque[-1] :] if opaque else once


def parts_of(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def plain(parts: list[str]) -> list[str]:
    """Parts that do not exist, `..` taken as text: there is no link to be misled by."""
    out: list[str] = []
    for part in parts:
        if part != "..":
            out.append(part)
        elif out:
            out.pop()
    return out
