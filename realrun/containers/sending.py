"""A file or a tree becomes an archive, from inside the root it lies in: one half of `cp`.

Others may be changing the tree meanwhile. What vanishes is left out, what is replaced is not
followed; so whoever unpacks gets what was there, and nothing from outside.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO

from realrun.containers.places import NOT_THERE, Asked, Spot, asked, locate
from realrun.errors import RealRunError, UsageError
from realrun.files.remove import DIRECTORY_FLAGS, list_directory
from realrun.image.diff import KEPT_ATTRIBUTES, Found, opened
from realrun.image.patient import Patient
from realrun.image.rooted import Rooted
from realrun.image.tarwrite import END
from realrun.image.unpack import PRIVATE
from realrun.linux import trees

PIECE = 1 << 16


class Sender(Patient):
    """Writes an archive of something that may be changing."""

    def attributes(self, found: Found) -> dict[bytes, bytes]:
        """Those of files and directories, through a descriptor: there is no /proc here."""
        if not (stat.S_ISREG(found.status.st_mode) or stat.S_ISDIR(found.status.st_mode)):
            return {}
        with opened(found) as fd:
            try:
                keys = [os.fsencode(key) for key in os.listxattr(fd)]
            except OSError as error:
                if error.errno == errno.ENOTSUP:
                    return {}
                raise
            kept = [key for key in keys if key.startswith(KEPT_ATTRIBUTES)]
            return {key: os.getxattr(fd, key) for key in kept if not key.startswith(PRIVATE)}

    def whole(self, spot: Spot, status: os.stat_result, label: bytes) -> None:
        """What is at the spot, under the name `label`, with all that is in it."""
        found = Found(label, spot.name, spot.dir_fd, status)
        self.thing(found)
        if stat.S_ISDIR(status.st_mode):
            fd = os.open(spot.name, DIRECTORY_FLAGS, dir_fd=spot.dir_fd)
            try:
                self.content(fd, label + b"/")
            finally:
                os.close(fd)

    def content(self, fd: int, prefix: bytes) -> None:
        """All that is in the directory."""
        for found in walk(fd, prefix):
            self.thing(found)


def walk(top: int, prefix: bytes) -> Iterator[Found]:
    """Everything below an open directory, by name, a directory before its content."""
    stack = [(top, prefix, iter(list_directory(top)))]
    try:
        while stack:
            fd, path, names = stack[-1]
            name = next(names, None)
            if name is None:
                stack.pop()
                close(fd, top)
                continue
            try:
                found = Found(
                    path + name, name, fd, os.stat(name, dir_fd=fd, follow_symlinks=False)
                )
                yield found
                if stat.S_ISDIR(found.status.st_mode):
                    inner = os.open(name, DIRECTORY_FLAGS, dir_fd=fd)
                    stack.append((inner, found.path + b"/", iter(list_directory(inner))))
            except OSError as error:
                if error.errno not in NOT_THERE:
                    raise
    finally:
        for fd, _, _ in stack:
            close(fd, top)


def close(fd: int, top: int) -> None:
    """The first descriptor is the caller's own."""
    if fd != top:
        os.close(fd)


class NoSuchPath(RealRunError):
    """The path leads to nothing."""

    def __init__(self, path: str, number: int) -> None:
        why = "" if number == errno.ENOENT else f" ({os.strerror(number)})"
        super().__init__(f"no such path: {path}{why}")


def source(root: Rooted, path: str, follow: bool) -> tuple[Asked, Spot, os.stat_result]:
    """What a path means; a link at its end is itself, unless it is to be followed.

    As Docker looks where it leads all the same, one that leads round in circles is refused.
    """
    wanted = asked(path)
    try:
        spot = locate(root, wanted.parts, follow or wanted.directory)
        check_end(root, spot)
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        raise NoSuchPath(path, error.errno) from None
    return wanted, spot, checked(spot.status(), wanted, path)


def check_end(root: Rooted, spot: Spot) -> None:
    """Raise ELOOP for a circle of links; a link to nowhere is none."""
    status = spot.status()
    if status is not None and stat.S_ISLNK(status.st_mode):
        try:
            os.close(locate(root, spot.parts, follow=True).dir_fd)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise


def checked(status: os.stat_result | None, wanted: Asked, path: str) -> os.stat_result:
    """What is there, if it is what was asked for."""
    if status is None:
        raise NoSuchPath(path, errno.ENOENT)
    if wanted.directory and not stat.S_ISDIR(status.st_mode):
        raise NoSuchPath(path, errno.ENOTDIR)
    return status


# --- what the child does inside the container -----------------------------------------------------


def send(root: str, path: str, follow: bool, named: bool) -> None:
    """A path of the container as an archive to our output; `named`: under Docker's names, else
    the thing itself is `.`. Never returns."""
    if not path:
        raise UsageError("the path in the container is empty")
    with Rooted(root) as top, open(1, "wb", PIECE) as out:
        wanted, spot, status = source(top, path, follow)
        label = wanted.label
        if follow and not wanted.content and spot.parts:
            label = spot.parts[-1]
        write(out, spot, status, label if named else b".")
    os._exit(0)


def write(out: BinaryIO, spot: Spot, status: os.stat_result, label: bytes) -> None:
    """The whole archive."""
    Sender(out).whole(spot, status, label)
    out.write(END)
    out.flush()


def send_all(root: str) -> None:
    """The container's files, without what is mounted on them: `export`. Never returns."""
    with open(1, "wb", PIECE) as out:
        tree = trees.cloned_tree(root, recursive=False)
        fd = os.open(".", DIRECTORY_FLAGS, dir_fd=tree)
        Sender(out).content(fd, b"")
        out.write(END)
    os._exit(0)
