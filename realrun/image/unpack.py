"""A layer archive becomes a directory that overlayfs can use as a lower layer.

Rules (OCI image-spec, layer.md, "Applying Changesets" and "Whiteouts"; Linux kernel,
Documentation/filesystems/overlayfs.rst):

* a directory over a directory keeps the children and takes the new attributes; any other
  collision removes what was there first;
* `.wh.NAME` hides NAME of the layers below, never of this one: a character device 0:0;
* `.wh..wh..opq` hides all that the layers below have in that directory: an attribute;
* markers and overlayfs's private attributes never come out of an archive as themselves: they
  could point overlayfs at other files (`trusted.overlay.redirect`).

Root gets everything, owners and devices included; root of a user namespace all but devices. As an
ordinary user all files belong to the user, who is uid 0 inside the container; owners, devices and
attributes of the system are left out.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from realrun.errors import BadImage
from realrun.files import holes
from realrun.files.remove import remove_at
from realrun.files.rights import is_root
from realrun.image import tarread as tar
from realrun.image.rooted import (
    Parts,
    Rooted,
    clean,
    is_whiteout,
    kind_at,
    make_opaque,
)
from realrun.image.tarread import Entry, TarReader, shown

MARK = b".wh."
OPAQUE_MARK = b".wh..wh..opq"
PRIVATE = (b"trusted.overlay.", b"user.overlay.")
MAX_ID = 2**32 - 2
MAX_TIME_NS = 2**60 * 10**9  # beyond what any file system keeps; each clamps to what it can
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def unpack(reader: TarReader, target: Path) -> None:
    """Fill the empty directory `target`; raises BadImage for an archive that makes no sense."""
    with Rooted(target) as root:
        unpacker = Unpacker(root)
        try:
            for entry in reader:
                unpacker.take(entry, reader)
            unpacker.finish()
        except (BadImage, OSError) as error:
            raise readable(error) from error
        finally:
            unpacker.close()


def readable(error: BadImage | OSError) -> BadImage | OSError:
    """An error of the archive's making is the archive's; a full disk is not."""
    of_the_archive = (
        errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EEXIST,
        errno.ENOENT, errno.EINVAL, errno.EXDEV, errno.EMLINK, errno.ERANGE, errno.E2BIG,
    )  # fmt: skip
    if isinstance(error, OSError) and error.errno in of_the_archive:
        return BadImage(f"the layer does not unpack: {error.strerror}: {error.filename!r}")
    return error


class Unpacker:
    """The state of unpacking one layer: the attributes of directories wait until the end."""

    def __init__(self, root: Rooted) -> None:
        self.root, self.privileged = root, os.geteuid() == 0
        self._directories: dict[Parts, Entry] = {}
        self._parent: tuple[Parts, int, Parts] | None = None
        self._stale = False  # something was removed: the open parent may be a part of it
        self._hides = False  # this layer has whiteouts: parents may be among them

    def take(self, entry: Entry, reader: TarReader) -> None:
        """One member of the archive."""
        if max(entry.uid, entry.gid) > MAX_ID:
            raise BadImage(f"{shown(entry.name)} belongs to an id that Linux does not have")
        parts = clean(entry.name)
        if not parts:
            if entry.kind == tar.DIRECTORY:
                self._directories[()] = entry
            return
        if any(part.startswith(MARK) for part in parts[:-1]):
            raise BadImage(f"{shown(entry.name)} lies in a directory with a marker's name")
        fd, here = self._open_parent(parts[:-1])
        name = parts[-1]
        if name.startswith(MARK):
            self._hide(name, fd)
        elif entry.kind == tar.DIRECTORY:
            self._directory(name, fd)
            self._directories[(*here, name)] = entry
        else:
            self._other(entry, name, fd, reader)

    def finish(self) -> None:
        """Give directories their attributes, the deepest first: a mode may lock us out."""
        for parts in sorted(self._directories, key=len, reverse=True):
            try:
                fd = self.root.open_plain(parts)
            except (FileNotFoundError, NotADirectoryError):
                continue  # a later member replaced it
            try:
                self._dress(self._directories[parts], fd)
            finally:
                os.close(fd)

    def close(self) -> None:
        if self._parent is not None:
            os.close(self._parent[1])
            self._parent = None

    def _open_parent(self, parts: Parts) -> tuple[int, Parts]:
        """The directory of a member; kept open, since the next member mostly has the same one."""
        if self._parent is None or self._stale or self._parent[0] != parts:
            self.close()
            self._stale = False
            if self._hides:
                self._uncover(parts)
            self._parent = (parts, *self.root.open_directory(parts, make=True))
        return self._parent[1], self._parent[2]

    def _uncover(self, parts: Parts) -> None:
        """A parent that this very layer hides below becomes a directory that hides instead."""
        for depth in range(1, len(parts) + 1):
            try:
                fd, _ = self.root.open_directory(parts[: depth - 1])
            except FileNotFoundError:
                return
            try:
                found = kind_at(parts[depth - 1], fd)
                if found is not None and is_whiteout(found):
                    self._directory(parts[depth - 1], fd)
            finally:
                os.close(fd)

    def _hide(self, mark: bytes, fd: int) -> None:
        """A whiteout, or the opaque marker; other names with two prefixes are aufs's own."""
        hidden = mark[len(MARK) :]
        if mark == OPAQUE_MARK:
            make_opaque(fd)
            return
        if hidden in (b"", b".", b".."):
            raise BadImage(f"a whiteout that names nothing: {shown(mark)}")
        if hidden.startswith(MARK):
            return
        found = kind_at(hidden, fd)
        if found is None:
            self._hides = True
            os.mknod(hidden, stat.S_IFCHR | 0o600, os.makedev(0, 0), dir_fd=fd)
        elif stat.S_ISDIR(found.st_mode):
            self._opaque(hidden, fd)

    def _opaque(self, name: bytes, dir_fd: int) -> None:
        fd = os.open(
            name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=dir_fd
        )
        try:
            make_opaque(fd)
        finally:
            os.close(fd)

    def _directory(self, name: bytes, fd: int) -> None:
        found = kind_at(name, fd)
        if found is not None and stat.S_ISDIR(found.st_mode):
            return
        if found is not None:
            self._clear(name, fd)
        os.mkdir(name, 0o700, dir_fd=fd)
        os.chmod(name, 0o755, dir_fd=fd)
        if found is not None and is_whiteout(found):
            self._opaque(name, fd)

    def _clear(self, name: bytes, fd: int) -> None:
        remove_at(name, fd)
        self._stale = True

    def _other(self, entry: Entry, name: bytes, fd: int, reader: TarReader) -> None:
        """Anything but a directory: made anew, whatever was there."""
        if entry.kind == tar.HARD_LINK:
            self._hard_link(entry, name, fd)
            return
        if kind_at(name, fd) is not None:
            self._clear(name, fd)
        if entry.kind == tar.REGULAR:
            self._file(entry, name, fd, reader)
            return
        if entry.kind == tar.SYMLINK:
            os.symlink(entry.link, name, dir_fd=fd)
        elif entry.kind == tar.FIFO:
            os.mkfifo(name, 0o600, dir_fd=fd)
        elif entry.kind in (tar.CHAR, tar.DEVICE):
            if not self._device(entry, name, fd):
                return
        else:
            raise BadImage(f"{shown(entry.name)} is of a type that layers do not have")
        self._dress(entry, fd, name)

    def _hard_link(self, entry: Entry, name: bytes, fd: int) -> None:
        """A second name for a file of this layer; the link itself is never followed."""
        target = clean(entry.link)
        if not target:
            raise BadImage(f"{shown(entry.name)} is a hard link to nothing")
        src, _ = self.root.open_directory(target[:-1])
        try:
            found = kind_at(target[-1], src)
            if found is None or stat.S_ISDIR(found.st_mode) or is_whiteout(found):
                raise BadImage(
                    f"{shown(entry.name)} is a hard link to {shown(entry.link)},"
                    " which is no file of this layer"
                )
            there = kind_at(name, fd)
            if there is not None and os.path.samestat(there, found):
                return
            if there is not None:
                self._clear(name, fd)
            os.link(target[-1], name, src_dir_fd=src, dst_dir_fd=fd, follow_symlinks=False)
        finally:
            os.close(src)

    def _device(self, entry: Entry, name: bytes, fd: int) -> bool:
        """A device node, as root only; 0:0 is how overlayfs hides names and is refused."""
        if entry.kind == tar.CHAR and entry.major == entry.minor == 0:
            raise BadImage(f"{shown(entry.name)} is a device 0:0, a whiteout in disguise")
        if max(entry.major, entry.minor) >= 2**20:
            raise BadImage(f"{shown(entry.name)} is a device that Linux does not have")
        if is_root():
            kind = stat.S_IFCHR if entry.kind == tar.CHAR else stat.S_IFBLK
            os.mknod(name, kind | 0o600, os.makedev(entry.major, entry.minor), dir_fd=fd)
        return is_root()

    def _file(self, entry: Entry, name: bytes, dir_fd: int, reader: TarReader) -> None:
        """A regular file; runs of zeros become holes, as they take no room and read the same."""
        fd = os.open(name, NEW_FILE, 0o600, dir_fd=dir_fd)
        try:
            for offset, piece in reader.chunks(entry):
                holes.put_at(fd, piece, offset)
            os.ftruncate(fd, entry.size)
            self._dress(entry, fd)
        finally:
            os.close(fd)

    def _dress(self, entry: Entry, fd: int, name: bytes | None = None) -> None:
        """Owner, attributes, mode, times: in this order, since each would undo the next."""
        path: int | bytes = fd if name is None else b"/proc/self/fd/%d/%s" % (fd, name)
        follow = name is None
        if self.privileged:
            if follow:
                os.chown(path, entry.uid, entry.gid)
            else:
                os.chown(path, entry.uid, entry.gid, follow_symlinks=False)
        for key, value in entry.xattrs.items():
            if not key.startswith(PRIVATE):
                set_attribute(path, key, value, follow)
        if entry.kind != tar.SYMLINK:
            os.chmod(path, entry.mode)
        stamp = max(min(entry.mtime_ns, MAX_TIME_NS), -MAX_TIME_NS)
        if follow:
            os.utime(path, ns=(stamp, stamp))
        else:
            os.utime(path, ns=(stamp, stamp), follow_symlinks=False)


def set_attribute(path: int | bytes, key: bytes, value: bytes, follow: bool) -> None:
    """Set one extended attribute; what this file system or this user cannot have is let go."""
    if b"\0" in key or not key:
        raise BadImage(f"an extended attribute that cannot be: {shown(key)}")
    if key == b"security.capability" and not value:
        return  # Linux takes it, and then cannot read it
    try:
        if follow:
            os.setxattr(path, key, value)
        else:
            os.setxattr(path, key, value, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.ENOSPC:  # ext4 has a block for all of them, whatever the disk has
            what = f"{len(value)} bytes of attribute {shown(key)} do not fit beside a file here"
            raise BadImage(f"{what}: {error.strerror}") from None
        if error.errno not in (errno.ENOTSUP, errno.EPERM):
            raise
