"""Paths inside a folder that is treated as `/`: nothing that lies in it can lead outside.

Every component is opened by itself with O_NOFOLLOW relative to the descriptor of its parent. A
symbolic link is read and followed by hand, an absolute one from the folder's own top, and `..`
never climbs above it: the rules of chroot(2), without needing the right to call it. Two
descriptors are open at a time, however deep the path.

Source: path_resolution(7), openat(2), openat2(2) RESOLVE_IN_ROOT (which not every sandbox allows).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence

from realrun.errors import BadImage
from realrun.files.remove import DIRECTORY_FLAGS
from realrun.files.rights import is_root

Parts = tuple[bytes, ...]
MAX_DEPTH = 255  # directories within directories; some work goes up with its square
MAX_LINKS = 40  # as the kernel: more is a loop
WHITEOUT_DEVICE = 0  # overlayfs: a character device 0:0 hides the name below


class Rooted:
    """The folder, held by a descriptor; a context manager."""

    def __init__(self, path: os.PathLike[str] | str) -> None:
        self.fd = os.open(path, DIRECTORY_FLAGS)

    def __enter__(self) -> Rooted:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def open_directory(self, parts: Sequence[bytes], *, make: bool = False) -> tuple[int, Parts]:
        """A descriptor of the directory, and its name with every link resolved.

        With `make`, what is missing is created with mode 0755. The caller closes the descriptor.
        """
        todo, links = list(reversed(parts)), 0
        here: list[bytes] = []
        fd = os.dup(self.fd)
        try:
            while todo:
                name = todo.pop()
                if name == b"..":
                    here = here[:-1]
                    fd = replaced(fd, self.open_plain(here))
                    continue
                target = link_target(name, fd)
                if target is None:
                    fd = replaced(fd, open_or_make(name, fd, make))
                    here.append(name)
                    continue
                if (links := links + 1) > MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fsdecode(name))
                if target.startswith(b"/"):
                    here, fd = [], replaced(fd, os.dup(self.fd))
                todo += reversed(components(target))
        except BaseException:
            os.close(fd)
            raise
        return fd, tuple(here)

    def open_plain(self, parts: Sequence[bytes]) -> int:
        """Open a directory by a name that is known to hold no link."""
        fd = os.dup(self.fd)
        for name in parts:
            fd = replaced(fd, os.open(name, DIRECTORY_FLAGS, dir_fd=fd))
        return fd


def replaced(old: int, new: int) -> int:
    """`new`, after closing `old`."""
    os.close(old)
    return new


def components(path: bytes) -> list[bytes]:
    """The parts of a path that mean something; `..` stays for whoever walks."""
    return [part for part in path.split(b"/") if part not in (b"", b".")]


def clean(path: bytes) -> Parts:
    """A member's name relative to the root: `a/../b` is `b`, a name that climbs out is refused."""
    parts: list[bytes] = []
    for part in components(path):
        if part != b"..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            raise BadImage(f"a name that climbs out of the layer: {os.fsdecode(path)!r}")
    if len(parts) > MAX_DEPTH:
        raise BadImage(f"a name with more than {MAX_DEPTH} parts: {os.fsdecode(path[:80])!r}...")
    return tuple(parts)


def link_target(name: bytes, dir_fd: int) -> bytes | None:
    """What a symbolic link says; None if `name` is anything else or absent."""
    try:
        return os.readlink(name, dir_fd=dir_fd)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT):
            return None
        raise


def open_or_make(name: bytes, dir_fd: int, make: bool) -> int:
    try:
        return os.open(name, DIRECTORY_FLAGS, dir_fd=dir_fd)
    except FileNotFoundError:
        if not make:
            raise
    os.mkdir(name, 0o700, dir_fd=dir_fd)
    fd = os.open(name, DIRECTORY_FLAGS, dir_fd=dir_fd)
    os.fchmod(fd, 0o755)  # not by mkdir: the caller's umask has no say in an image
    return fd


def kind_at(name: bytes, dir_fd: int) -> os.stat_result | None:
    """lstat of an entry, None if there is none."""
    try:
        return os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except FileNotFoundError:
        return None


def is_whiteout(status: os.stat_result) -> bool:
    """overlayfs: this name hides whatever a lower layer has under it."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == WHITEOUT_DEVICE


def overlay_namespace() -> str:
    """Where overlayfs keeps its own attributes: mounts of ordinary users have `userxattr`."""
    return "trusted.overlay." if is_root() else "user.overlay."


def is_opaque(where: int | os.PathLike[str] | bytes) -> bool:
    """overlayfs: this directory hides the whole directory below it."""
    try:
        return os.getxattr(where, overlay_namespace() + "opaque") == b"y"
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP):
            return False
        if error.errno != errno.EACCES or os.stat(where).st_mode & stat.S_IRUSR:
            raise
    mode = stat.S_IMODE(os.stat(where).st_mode)
    os.chmod(where, mode | stat.S_IRUSR)  # the owner locked himself out
    try:
        return is_opaque(where)
    finally:
        os.chmod(where, mode)


def make_opaque(fd: int) -> None:
    os.setxattr(fd, overlay_namespace() + "opaque", b"y")
