"""Where `cp` reads and where it writes: Docker's rules for the two paths.

A path may end in `/` (it has to be a directory) or `/.` (the directory's content, not itself). What
arrives is named after the source, unless the destination gives it a name by not being there yet.

    SRC is    DEST is          then
    a file    a directory      DEST/NAME
    a file    a file, or new   DEST
    a dir     a directory      DEST/NAME; with SRC/. into DEST itself
    a dir     new              DEST, made
    a dir     a file           refused
    a file    a file or new, with `/`    refused

Source: Docker's documentation, `docker cp`; moby, `pkg/archive/copy.go`.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from typing import NamedTuple

from realrun.errors import UsageError
from realrun.image.rooted import MAX_LINKS, Parts, Rooted, components, kind_at, link_target

NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class Asked(NamedTuple):
    """A path as it was written; `..` is taken as text, as Docker does."""

    parts: Parts
    directory: bool  # it ends in / or /.
    content: bool  # it ends in /.

    @property
    def name(self) -> bytes:
        """What its copy is called; empty where only the content is meant."""
        return b"" if self.content or not self.parts else self.parts[-1]

    @property
    def label(self) -> bytes:
        """What the members of an archive of it begin with."""
        return b"." if self.content else self.name


def asked(path: str, start: str = "/") -> Asked:
    """The path, relative ones from `start`.

    >>> asked("a/../b/.")
    Asked(parts=(b'b',), directory=True, content=True)
    """
    content = posixpath.basename(path) == "."
    clean = posixpath.normpath(posixpath.join(start, path))
    directory = content or path.endswith("/")
    return Asked(tuple(components(os.fsencode(clean))), directory, content)


class Spot(NamedTuple):
    """A name in an open directory, whatever is there; the caller closes the descriptor."""

    dir_fd: int
    name: bytes
    parts: Parts  # from the root, every link resolved but the last

    def status(self) -> os.stat_result | None:
        """lstat; None if nothing is there."""
        return kind_at(self.name, self.dir_fd)


def locate(root: Rooted, parts: Parts, follow: bool) -> Spot:
    """The spot of a path; with `follow` a link at its end is followed, even to nowhere.

    Raises OSError where the way to it does not exist, or goes round in circles.
    """
    for _ in range(MAX_LINKS):
        if parts[-1:] in ((), (b"..",)):
            fd, parts = root.open_directory(parts)
            if not parts:
                return Spot(fd, b".", ())
            os.close(fd)
        fd, here = root.open_directory(parts[:-1])
        target = link_target(parts[-1], fd) if follow else None
        if target is None:
            return Spot(fd, parts[-1], (*here, parts[-1]))
        os.close(fd)
        parts = tuple(components(target))
        if not target.startswith(b"/"):
            parts = (*here, *parts)
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fsdecode(b"/".join(parts)))


class Target(NamedTuple):
    """The directory to write into, and what the copied thing is called there, if it is told."""

    parts: Parts
    name: bytes


def target(
    parts: Parts, found: os.stat_result | None, to: Asked, name: bytes, directory: bool
) -> Target:
    """Where the copy goes, by what is `found` at the destination, whose links are resolved in
    `parts`; `name` and `directory` tell of the source. Raises UsageError where Docker refuses."""
    if found is not None and stat.S_ISDIR(found.st_mode):
        return Target(parts, name)
    if to.directory:
        found = None  # whatever is there, it is not the directory that was asked for
    if found is not None and directory:
        raise UsageError("cannot copy a directory onto a file; name another destination")
    if found is not None and to.directory:
        raise UsageError("not a directory: the destination ends in / but is a file")
    if found is None and to.directory and not directory:
        raise UsageError("no such directory: the destination ends in / but is not there")
    return Target(parts[:-1], parts[-1])


def destination(root: Rooted, to: Asked) -> tuple[Parts, os.stat_result | None]:
    """The destination with a link at its end resolved, and what is there.

    A link that leads round in circles is a name like any other, and will be replaced. Raises
    OSError where the directory of the destination is missing.
    """
    try:
        spot = locate(root, to.parts, follow=True)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        spot = locate(root, to.parts, follow=False)
    try:
        return spot.parts, spot.status()
    finally:
        os.close(spot.dir_fd)
