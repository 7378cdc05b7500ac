"""Id maps: which id in a user namespace, or through a mount, is which outside.

Sources: user_namespaces(7), mount_setattr(2), "ID mapped mounts" (Linux 5.12; layers of overlayfs,
5.19).
"""

from __future__ import annotations

import os
import signal
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from realrun.linux import libc, namespaces, trees
from realrun.linux.calls import EMPTY_PATH
from realrun.linux.inroot import held

Range = tuple[int, int, int]  # first id inside, first id outside, how many
MOUNT_ATTR_IDMAP = 0x100000


def write(pid: int, uids: Sequence[Range], gids: Sequence[Range]) -> None:
    """Map the ids of the new user namespace of process `pid`: once, with rights over both sides.

    An empty map is left to be written by others.
    """
    for name, ranges in (("uid_map", uids), ("gid_map", gids)):
        lines = "".join(f"{inside} {outside} {count}\n" for inside, outside, count in ranges)
        if lines:
            with open(f"/proc/{pid}/{name}", "w", encoding="utf-8") as file:
                file.write(lines)


def outside(inside: int, ranges: Sequence[Range]) -> int | None:
    """What an id inside is outside; None if there is no such id inside.

    >>> outside(3, [(0, 1000, 1), (1, 100000, 65536)])
    100002
    """
    for first, other, count in ranges:
        if first <= inside < first + count:
            return other + inside - first
    return None


def map_mount(tree: int, user_namespace: int, name: str, recursive: bool = False) -> None:
    """Show the files of a detached mount as if their owners were ids of that namespace.

    `recursive`: those of all that is mounted below, too.
    """
    how = struct.pack("QQQQ", MOUNT_ATTR_IDMAP, 0, 0, user_namespace)
    flags = EMPTY_PATH | (trees.RECURSIVE if recursive else 0)
    libc.syscall("mount_setattr", tree, b"", flags, how, len(how), on=name)


def namespace(uids: Sequence[Range], gids: Sequence[Range]) -> int:
    """A descriptor of a new user namespace with these maps, in which nobody lives."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    pid = namespaces.clone(["user"])
    if pid == 0:  # keeps it alive until it is opened
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    try:
        write(pid, uids, gids)
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reader)
        os.close(writer)


@contextmanager
def from_inside(folder: Path, uids: Sequence[Range], gids: Sequence[Range]) -> Iterator[Path]:
    """The folder with the owners that a container with these maps sees; without maps, as it is."""
    if not uids:
        yield folder
        return
    back = [[(outer, inner, count) for inner, outer, count in ranges] for ranges in (uids, gids)]
    with held(namespace(*back)) as user, held(trees.cloned_tree(str(folder))) as tree:
        map_mount(tree, user, str(folder))
        yield Path(f"/proc/self/fd/{tree}")
