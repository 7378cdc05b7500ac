"""Paths inside a folder that is treated as `/`: the kernel itself lets nothing lead outside.

Light, for the child on its way into an image whose links may be hostile.

Source: openat2(2), RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS (Linux 5.6).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from realrun.errors import KernelRefused
from realrun.linux import calls, descriptors, trees
from realrun.linux.calls import Call, result_of

RESOLVE_IN_ROOT = 0x10
MAX_LINKS = 40  # as the kernel: more is a loop


@contextmanager
def held(fd: int) -> Iterator[int]:
    """A descriptor for the time of a block, closed at its end."""
    try:
        yield fd
    finally:
        os.close(fd)


def open_root(path: str) -> int:
    """A descriptor of the folder that is to be `/` for the others here."""
    return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def find(number: int, root: int, path: str, flags: int = os.O_PATH) -> Call:
    """Open `path` as chroot(2) would see it, following links; /proc's magic ones are refused.

    While anything on this machine is mounted or renamed the kernel cannot be sure of a `..`, and
    asks to be asked again.
    """
    resolve = descriptors.RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT
    return calls.open_below(number, root, path, flags, resolve)


def open_in(root_fd: int, path: str, flags: int = os.O_PATH) -> int:
    """`find` at once."""
    return result_of(find(0, root_fd, path, flags))


def bind(
    root_fd: int, source: str, target: str, attributes: tuple[int, int], recursive: bool = True
) -> None:
    """Show a file or directory of this machine at `target`, which is made if it is missing.

    Its mount has its attributes (`trees.set_attributes`) before it is there; `recursive`: with all
    that is mounted below.
    """
    tree = trees.cloned_tree(source, recursive)
    trees.set_attributes(tree, attributes, False, target)
    place = open_or_make(root_fd, target, stat.S_ISDIR(os.fstat(tree).st_mode))
    trees.put_tree(tree, place, target)
    os.close(place)
    os.close(tree)


def bind_below(root: str, source: str, target: str, attributes: tuple[int, int]) -> None:
    """The same for the folder `root`."""
    top = open_root(root)
    bind(top, source, target, attributes)
    os.close(top)


def exists(root_fd: int, path: str) -> bool:
    """Does `path` lead to anything."""
    try:
        os.close(open_in(root_fd, path))
    except KernelRefused as refused:
        if refused.number != errno.ENOENT:
            raise
        return False
    return True


def open_or_make(root_fd: int, path: str, directory: bool, links: int = MAX_LINKS) -> int:
    """The same; what is missing is made: directories, and at the end an empty file if asked.

    A link to nowhere is followed, and what it names is made, inside.
    """
    try:
        return open_in(root_fd, path)
    except KernelRefused as refused:
        if refused.number != errno.ENOENT or not links:
            raise
    folder, name = os.path.split(path.rstrip("/"))
    parent = open_or_make(root_fd, folder or "/", True, links)
    try:
        make_entry(name, parent, directory)
    except FileExistsError:
        path = os.path.join(folder, os.readlink(name, dir_fd=parent))
        return open_or_make(root_fd, path, directory, links - 1)
    finally:
        os.close(parent)
    return open_in(root_fd, path)


def make_entry(name: str, dir_fd: int, directory: bool) -> None:
    """An empty directory or file, readable to all whatever the caller's umask."""
    umask = os.umask(0o022)
    try:
        if directory:
            os.mkdir(name, 0o755, dir_fd=dir_fd)
        else:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o755, dir_fd=dir_fd))
    finally:
        os.umask(umask)
