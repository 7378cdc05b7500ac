"""The writable layer of a finished step becomes a layer archive: what was added, changed, hidden.

overlayfs keeps three things in its upper directory: new and changed files as they are, a character
device 0:0 for each name that was removed, and the attribute `opaque` on a directory that replaces
one below. The archive says the same in OCI's words: `.wh.NAME` and `.wh..wh..opq`.

Entries are sorted by the bytes of their names, markers before their siblings; times are whole
seconds, at most `SOURCE_DATE_EPOCH` if that is set; sockets are left out, as tar has no word for
them. So equal trees give equal archives.

As an ordinary user (one id mapped: the user is root inside) every file of the user is written as
0:0, whatever the host calls the owner; `owners` overrides it for files that COPY gave away.

Source: OCI image-spec, layer.md, "Creating", "Whiteouts"; overlayfs.rst; reproducible-builds.org,
SOURCE_DATE_EPOCH specification.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from realrun.errors import BadImage
from realrun.files import holes
from realrun.files.remove import DIRECTORY_FLAGS, list_directory
from realrun.image import tarread as tar
from realrun.image.merged import READ_FLAGS
from realrun.image.rooted import is_opaque, is_whiteout, kind_at
from realrun.image.tarread import Entry, shown
from realrun.image.tarwrite import END, headers, padding
from realrun.image.unpack import MARK, OPAQUE_MARK, PRIVATE

KINDS = {
    stat.S_IFREG: tar.REGULAR,
    stat.S_IFDIR: tar.DIRECTORY,
    stat.S_IFLNK: tar.SYMLINK,
    stat.S_IFIFO: tar.FIFO,
    stat.S_IFCHR: tar.CHAR,
    stat.S_IFBLK: tar.DEVICE,
}
KEPT_ATTRIBUTES = (b"user.", b"security.capability")
Owners = Mapping[bytes, tuple[int, int]]


class Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Found:
    """Something in the tree: where it is and what lstat said."""

    path: bytes
    name: bytes
    dir_fd: int
    status: os.stat_result

    @property
    def proc_path(self) -> bytes:
        """A path to the thing itself for calls that take no directory descriptor."""
        return b"/proc/self/fd/%d/%s" % (self.dir_fd, self.name)


@dataclass(slots=True)
class Writer:
    """Writes one tree; remembers which files have several names."""

    sink: Sink
    owners: Owners = field(default_factory=dict)
    latest: int | None = None
    settle: bool = False
    names: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def tree(self, upper: Path) -> None:
        """The whole archive of `upper`."""
        for found in walk(upper):
            self._one(found)
        self.sink.write(END)

    def _one(self, found: Found) -> None:
        status = found.status
        if found.name == OPAQUE_MARK or is_whiteout(status):
            mark = found.path if found.name == OPAQUE_MARK else marked(found.path)
            self.sink.write(headers(Entry(mark, tar.REGULAR, 0o600, 0, 0, 0, 0)))
            return
        if found.name.startswith(MARK):
            raise BadImage(f"{shown(found.path)}: layers keep names with .wh. for themselves")
        self.thing(found)

    def thing(self, found: Found) -> None:
        """A file, a directory or anything else that shows, but a socket.

        Raises FileNotFoundError for what has gone meanwhile, and then nothing is written: a file
        is opened before its header is, as it may be replaced at any time.
        """
        status = found.status
        if stat.S_ISSOCK(status.st_mode):
            return
        entry = self._entry(found)
        inode = (status.st_dev, status.st_ino)
        if entry.kind != tar.DIRECTORY and status.st_nlink > 1:
            if inode in self.names:
                entry.kind, entry.link, entry.size = tar.HARD_LINK, self.names[inode], 0
                entry.xattrs = {}
            else:
                self.names[inode] = found.path
        if entry.kind == tar.REGULAR and entry.size:
            with opened(found) as fd:
                self.sink.write(headers(entry))
                self._data(fd, found, entry.size)
        else:
            self.sink.write(headers(entry))
        if self.settle and entry.kind != tar.HARD_LINK:
            settle(found, entry)

    def _entry(self, found: Found) -> Entry:
        """The attributes a layer carries."""
        status = found.status
        kind = KINDS[stat.S_IFMT(status.st_mode)]
        uid, gid = self.owners.get(found.path, owner_inside(status))
        device = status.st_rdev if kind in (tar.CHAR, tar.DEVICE) else 0
        seconds = status.st_mtime_ns // 10**9
        return Entry(
            name=found.path + (b"/" if kind == tar.DIRECTORY else b""),
            kind=kind,
            mode=0o777 if kind == tar.SYMLINK else stat.S_IMODE(status.st_mode),
            uid=uid,
            gid=gid,
            size=status.st_size if kind == tar.REGULAR else 0,
            mtime_ns=(seconds if self.latest is None else min(seconds, self.latest)) * 10**9,
            link=os.readlink(found.name, dir_fd=found.dir_fd) if kind == tar.SYMLINK else b"",
            major=os.major(device),
            minor=os.minor(device),
            xattrs=self.attributes(found),
        )

    def attributes(self, found: Found) -> dict[bytes, bytes]:
        """The extended attributes to keep."""
        return attributes(found)

    def _data(self, fd: int, found: Found, size: int) -> None:
        """The content; a file that shrinks under our hands is an error, not a bad archive."""
        left = size
        for piece in holes.pieces(fd, size):
            self.sink.write(piece)
            left -= len(piece)
        if left:
            raise BadImage(f"{shown(found.path)} became shorter while it was read")
        self.sink.write(padding(size))


@contextmanager
def opened(found: Found) -> Iterator[int]:
    """The file that was found, and nothing that has taken its place, such as a fifo without end."""
    try:
        fd = os.open(found.name, READ_FLAGS, dir_fd=found.dir_fd)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO, errno.ENODEV):
            raise
        raise replaced(found) from None
    try:
        if not os.path.samestat(os.fstat(fd), found.status):
            raise replaced(found)
        yield fd
    finally:
        os.close(fd)


def replaced(found: Found) -> FileNotFoundError:
    """Somebody has put something else in its place."""
    return FileNotFoundError(errno.ENOENT, "replaced while it was read", os.fsdecode(found.path))


def walk(upper: Path) -> Iterator[Found]:
    """Everything below `upper`: a directory before its content, markers before their siblings.

    What its owner may not read is made readable while it is looked at.
    """
    top = os.open(f"{upper}/.", DIRECTORY_FLAGS)  # it may be named by a descriptor in /proc
    stack = [(top, b"", iter(in_order(top)), -1)]
    try:
        while stack:
            fd, prefix, names, mode = stack[-1]
            name = next(names, None)
            if name is None:
                give_back(fd, mode)
                os.close(fd)
                stack.pop()
                continue
            try:
                status = os.lstat(b"/proc/self/fd/%d/%s" % (fd, name))
            except FileNotFoundError:  # a container writes here, too
                continue
            found = Found(prefix + name, name, fd, status)
            lent = lend(found)
            yield found
            if stat.S_ISDIR(found.status.st_mode):
                try:
                    inner = os.open(name, DIRECTORY_FLAGS, dir_fd=fd)
                except (FileNotFoundError, NotADirectoryError):
                    continue
                stack.append((inner, found.path + b"/", iter(in_order(inner)), lent))
                if is_opaque(inner):
                    yield Found(found.path + b"/" + OPAQUE_MARK, OPAQUE_MARK, inner, found.status)
            elif lent >= 0:
                set_mode(found, lent)
    finally:
        for fd, _, _, mode in stack:
            give_back(fd, mode)
            os.close(fd)


def lend(found: Found) -> int:
    """The mode to restore, after an owner who took rights from himself got them back; or -1."""
    mode = found.status.st_mode
    if os.geteuid() == 0 or not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        return -1
    wanted = stat.S_IMODE(mode) | (0o700 if stat.S_ISDIR(mode) else 0o600)
    if wanted == stat.S_IMODE(mode):
        return -1
    set_mode(found, wanted)
    return stat.S_IMODE(mode)


def set_mode(found: Found, mode: int) -> None:
    """Change the mode of the very thing that was found: what is there now may be a link."""
    try:
        fd = os.open(found.name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=found.dir_fd)
    except FileNotFoundError:
        return
    try:
        if os.path.samestat(os.fstat(fd), found.status):
            os.chmod(f"/proc/self/fd/{fd}", mode)
    finally:
        os.close(fd)


def give_back(fd: int, mode: int) -> None:
    if mode >= 0:
        os.fchmod(fd, mode)


def in_order(fd: int) -> list[bytes]:
    """Names of a directory: the hidden ones first, then the rest, by their bytes."""
    names = list_directory(fd)
    hidden = [n for n in names if (found := kind_at(n, fd)) and is_whiteout(found)]
    if not hidden:
        return names
    return hidden + [name for name in names if name not in set(hidden)]


def marked(path: bytes) -> bytes:
    """`dir/name` -> `dir/.wh.name`."""
    folder, slash, name = path.rpartition(b"/")
    return folder + slash + MARK + name


def owner_inside(status: os.stat_result) -> tuple[int, int]:
    """Who owns a file as the image sees it: the ordinary user who builds is root in there."""
    if os.geteuid() == 0:
        return status.st_uid, status.st_gid
    uid = 0 if status.st_uid == os.geteuid() else status.st_uid
    return uid, 0 if status.st_gid in (os.getegid(), *os.getgroups()) else status.st_gid


def attributes(found: Found) -> dict[bytes, bytes]:
    """Extended attributes of the file itself; overlayfs's own are obeyed and left out."""
    path, kept = found.proc_path, {}
    try:
        keys = [os.fsencode(key) for key in os.listxattr(path, follow_symlinks=False)]
    except OSError:
        return {}
    for key in keys:
        if key.startswith(PRIVATE) and key.endswith((b".redirect", b".metacopy")):
            raise BadImage(
                f"{shown(found.path)} points at another layer ({os.fsdecode(key)});"
                " mount with redirect_dir=off,metacopy=off"
            )
        if key.startswith(KEPT_ATTRIBUTES) and not key.startswith(PRIVATE):
            kept[key] = os.getxattr(path, key, follow_symlinks=False)
    return kept


def settle(found: Found, entry: Entry) -> None:
    """Make the file in the tree what the archive says, so that the tree can serve as the layer."""
    path = found.proc_path
    if found.status.st_mtime_ns != entry.mtime_ns:
        os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns), follow_symlinks=False)
    if entry.kind not in (tar.REGULAR, tar.DIRECTORY):
        return
    for name in os.listxattr(path, follow_symlinks=False):
        key = os.fsencode(name)
        if key.startswith(PRIVATE) and not key.endswith(b".opaque"):
            os.removexattr(path, key, follow_symlinks=False)
