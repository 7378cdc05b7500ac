"""An archive becomes files at a place where others may be at work: the other half of `cp`.

Every directory is opened by itself inside the root, so nothing is written outside of it. Unlike a
layer, what comes meets what is there: directories are merged, files replaced, and neither takes
the place of the other. Docker refuses links that point out of what is copied; so do we.

Source: moby, `pkg/archive/archive.go`, `Unpack`, `createTarFile`; Docker's documentation, `docker
cp`.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Callable, Iterable
from functools import partial

from realrun.containers.places import NOT_THERE, Asked, Target, asked, destination, target
from realrun.errors import RealRunError, UsageError
from realrun.image import tarread as tar
from realrun.image.rooted import Parts, Rooted, clean, kind_at
from realrun.image.tarread import Entry, TarReader, shown
from realrun.image.unpack import MAX_ID, MAX_TIME_NS, PRIVATE, Unpacker, set_attribute

CHUNK = 1 << 20
SPECIAL = {tar.FIFO: stat.S_IFIFO, tar.CHAR: stat.S_IFCHR, tar.DEVICE: stat.S_IFBLK}
Owner = Callable[[Entry], tuple[int, int]]


class NoSuchPlace(RealRunError):
    """The directory to write into is missing."""

    def __init__(self, path: str) -> None:
        super().__init__(f"no such directory in the container: {path}")


class InTheWay(RealRunError):
    """A directory where a file is to be, or the other way round."""


class Receiver(Unpacker):
    """Unpacks into `into`; the archive's own top gets its name there, if it has one.

    `where` is the path of that directory, for messages and links. `owner` says to whom a member
    is to belong; None: to whoever copies.
    """

    def __init__(self, root: Rooted, into: Target, where: bytes, owner: Owner | None) -> None:
        super().__init__(root)
        self.into, self.where, self.owner = into, where, owner

    def placed(self, name: bytes) -> Parts:
        """A member's path from the root."""
        top = (self.into.name,) if self.into.name else ()
        return (*self.into.parts, *top, *clean(name))

    def take(self, entry: Entry, reader: TarReader) -> None:
        """One member of the archive."""
        if max(entry.uid, entry.gid) > MAX_ID:
            raise UsageError(f"{shown(entry.name)} belongs to an id that Linux does not have")
        parts = self.placed(entry.name)
        if parts == self.into.parts:
            if entry.kind != tar.DIRECTORY:
                raise InTheWay(f"cannot overwrite a directory with {shown(entry.name)}")
            return
        fd, here = self._open_parent(parts[:-1])
        name = parts[-1]
        self.make_room(entry, name, fd)
        if entry.kind == tar.DIRECTORY:
            self._directories[(*here, name)] = entry
            if kind_at(name, fd) is None:
                os.mkdir(name, 0o700, dir_fd=fd)
        elif entry.kind in SPECIAL:
            self.special(entry, name, fd)
        else:
            if entry.kind == tar.HARD_LINK:
                entry.link = b"/".join(self.placed(entry.link))
            elif entry.kind == tar.SYMLINK:
                self.check_link(entry, parts)
            self._other(entry, name, fd, reader)

    def make_room(self, entry: Entry, name: bytes, fd: int) -> None:
        """Directories stay, anything else goes, and the two do not replace each other."""
        there = kind_at(name, fd)
        if there is None:
            return
        what = ("non-directory", "directory")
        new, old = entry.kind == tar.DIRECTORY, stat.S_ISDIR(there.st_mode)
        if new != old:
            path = os.fsdecode(posixpath.join(self.where, name))
            raise InTheWay(f"cannot overwrite {what[old]} {path} with a {what[new]}")
        if not old and entry.kind != tar.HARD_LINK:
            os.unlink(name, dir_fd=fd)

    def check_link(self, entry: Entry, parts: Parts) -> None:
        """A relative link has to stay below the directory that is written into."""
        folder = parts[len(self.into.parts) : -1]
        leads = posixpath.join(self.where, *folder, entry.link.lstrip(b"/"))
        if not posixpath.normpath(leads).startswith(self.where):
            raise UsageError(f"link {shown(parts[-1])} leads out of the copy: {shown(entry.link)}")

    def special(self, entry: Entry, name: bytes, fd: int) -> None:
        """A fifo or a device, with its mode from the beginning: no second look by name."""
        if max(entry.major, entry.minor) >= 2**20:
            raise UsageError(f"{shown(entry.name)} is a device that Linux does not have")
        device = os.makedev(entry.major, entry.minor)
        os.mknod(name, SPECIAL[entry.kind] | entry.mode, device, dir_fd=fd)
        self._dress(entry, fd, name)

    def _dress(self, entry: Entry, fd: int, name: bytes | None = None) -> None:
        """Owner, attributes, mode, times, without /proc, which may be another's."""
        stamp = max(min(entry.mtime_ns, MAX_TIME_NS), -MAX_TIME_NS)
        if self.owner is not None:
            give(fd, name, *self.owner(entry))
        if name is not None:
            os.utime(name, ns=(stamp, stamp), dir_fd=fd, follow_symlinks=False)
            return
        for key, value in entry.xattrs.items():
            if not key.startswith(PRIVATE):
                set_attribute(fd, key, value, True)
        os.fchmod(fd, entry.mode)
        os.utime(fd, ns=(stamp, stamp))


def give(fd: int, name: bytes | None, uid: int, gid: int) -> None:
    """Change the owner; an id that this user namespace does not have stays ours."""
    try:
        if name is None:
            os.fchown(fd, uid, gid)
        else:
            os.chown(name, uid, gid, dir_fd=fd, follow_symlinks=False)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def receive(receiver: Receiver, members: Iterable[Entry], reader: TarReader) -> None:
    """Unpack all `members` of the reader's archive; the umask has no say in their modes."""
    umask = os.umask(0)
    try:
        for entry in members:
            receiver.take(entry, reader)
        receiver.finish()
    finally:
        receiver.close()
        os.umask(umask)


def as_it_says(entry: Entry) -> tuple[int, int]:
    """The owner that the archive tells."""
    return entry.uid, entry.gid


# --- what the child does inside the container -----------------------------------------------------


def take_in(
    root: str, path: str, name: str, directory: bool, owner: tuple[int, int] | None
) -> None:
    """Unpack our input at a path of the container. Never returns.

    `name` and `directory` tell of the source; with `owner` everything is to belong to that user.
    """
    with Rooted(root) as top:
        to = asked(path)
        parts, found = place(top, to)
        if not path and not directory:
            raise UsageError("the path in the container is empty")
        called = os.fsencode(name) if path else b""  # CONTAINER: takes in a directory's content
        unpack_input(top, target(parts, found, to, called, directory), owner)


def take_in_archive(root: str, path: str, owner: tuple[int, int] | None) -> None:
    """Unpack our input into a directory of the container. Never returns."""
    with Rooted(root) as top:
        parts, found = place(top, asked(path))
        if not path or found is None or not stat.S_ISDIR(found.st_mode):
            raise UsageError(f"destination {path} must be a directory")
        unpack_input(top, Target(parts, b""), owner)


def place(top: Rooted, to: Asked) -> tuple[Parts, os.stat_result | None]:
    """The destination, whose directory has to be there."""
    try:
        return destination(top, to)
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        folder = b"/" + b"/".join(to.parts[:-1])
        raise NoSuchPlace(os.fsdecode(folder)) from None


def unpack_input(top: Rooted, chosen: Target, owner: tuple[int, int] | None) -> None:
    """Read it to its end, that nobody may write in vain. Never returns."""
    read = partial(os.read, 0)
    whose = as_it_says if owner is None else lambda _: owner
    where, reader = b"/" + b"/".join(chosen.parts), TarReader(read)
    receive(Receiver(top, chosen, where, whose), reader, reader)
    while read(CHUNK):
        continue
    os._exit(0)
