"""Removing a tree that somebody else filled: no link is followed, no depth is too deep.

Sub-directories are first moved up to the top of the tree, so that two descriptors are enough for
any depth, and made accessible, because an image may hold directories of mode 000.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from realrun.files.allids import carried_out

DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: Path) -> None:
    """Remove a file, a link or a directory with all that is in it; absent is fine."""
    try:
        parent = os.open(path.parent, DIRECTORY_FLAGS)
    except FileNotFoundError:
        return
    try:
        remove_at(os.fsencode(path.name), parent)
    except PermissionError:
        if not carried_out("remove", str(path)):
            raise
    finally:
        os.close(parent)


def remove_at(name: bytes, dir_fd: int) -> None:
    """The same for an entry of an open directory."""
    try:
        os.unlink(name, dir_fd=dir_fd)
        return
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        pass
    top = open_for_emptying(name, dir_fd)
    try:
        empty(top)
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=dir_fd)


def empty(top: int) -> None:
    """Remove all that is in a directory."""
    waiting, mark = [e for e in list_directory(top) if not gone(e, top)], os.urandom(8).hex()
    for serial, current in enumerate(waiting):  # which grows meanwhile
        fd = open_for_emptying(current, top)
        try:
            for number, entry in enumerate(list_directory(fd)):
                if not gone(entry, fd):
                    moved = f".remove-{mark}-{serial}-{number}".encode()  # of no image's making
                    move_up(entry, fd, moved, top)
                    waiting.append(moved)
        finally:
            os.close(fd)
        os.rmdir(current, dir_fd=top)


def gone(name: bytes, dir_fd: int) -> bool:
    """True if the entry was a file, or an empty sub-directory, and is gone."""
    return unlinked(name, dir_fd) or emptied(name, dir_fd)


def open_for_emptying(name: bytes, dir_fd: int) -> int:
    try:
        fd = os.open(name, DIRECTORY_FLAGS, dir_fd=dir_fd)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=dir_fd)
        return os.open(name, DIRECTORY_FLAGS, dir_fd=dir_fd)
    if os.geteuid() != 0:
        os.fchmod(fd, 0o700)
    return fd


def list_directory(fd: int) -> list[bytes]:
    """Names in a directory, as bytes, in an order that is the same everywhere."""
    return sorted(os.fsencode(name) for name in os.listdir(fd))


def unlinked(name: bytes, dir_fd: int) -> bool:
    """True if the entry was not a directory and is gone."""
    try:
        os.unlink(name, dir_fd=dir_fd)
    except IsADirectoryError:
        return False
    return True


def emptied(name: bytes, dir_fd: int) -> bool:
    """True if the sub-directory was empty and is gone."""
    try:
        os.rmdir(name, dir_fd=dir_fd)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EACCES, errno.EPERM):
            raise
        return False
    return True


def move_up(name: bytes, src: int, moved: bytes, dst: int) -> None:
    """Rename a sub-directory; its own `..` changes, which needs write permission on it."""
    try:
        os.rename(name, moved, src_dir_fd=src, dst_dir_fd=dst)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=src)
        os.rename(name, moved, src_dir_fd=src, dst_dir_fd=dst)
