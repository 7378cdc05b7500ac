"""Places that were made only to mount something on them: they do not belong into the layer.

What a target lacks is made in the writable layer before the command runs. Afterwards it goes again
if it is still empty, the deepest first, and so does a directory of the image that came up into the
layer for it alone.

Source: BuildKit, which leaves out what it made for mounts unless the command has filled it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from realrun.files.remove import DIRECTORY_FLAGS
from realrun.image.merged import Merged, Node
from realrun.image.rooted import Rooted, is_opaque, kind_at

Parts = tuple[str, ...]


class Stubs:
    """The places that the image lacks, noted before the command runs."""

    def __init__(self, below: Sequence[Path], targets: Sequence[str]) -> None:
        self._image = Merged(below)
        self._missing: set[Parts] = set()
        for target in targets:
            try:
                found, missing = self._image.walk(target)
            except OSError:
                continue  # the container says what is wrong with it
            for depth in range(1, len(missing) + 1):
                self._missing.add((*found.parts, *missing[:depth]))

    def clear(self, upper: Path) -> None:
        """Remove what is still empty; a link that the command has put on the way is not followed.

        It would lead to files of this machine.
        """
        with Rooted(upper) as root:
            for parts in sorted(self._missing, key=len, reverse=True):
                if removed(root, parts):
                    self._let_sink(root, parts[:-1])

    def _let_sink(self, root: Rooted, parts: Parts) -> None:
        """Remove directories that say the same as those of the image below them."""
        while parts and parts not in self._missing:
            below = self._image.find("/".join(parts), follow=False)
            if below is None or not removed(root, parts, below):
                break
            parts = parts[:-1]


def removed(root: Rooted, parts: Parts, like: Node | None = None) -> bool:
    """Has it gone, as a directory or plain file without anything in it, that looks `like` another?

    The directory that it was in keeps its times, which the stub has changed.
    """
    name = os.fsencode(parts[-1])
    try:
        above = root.open_plain([os.fsencode(part) for part in parts[:-1]])
    except OSError:
        return False
    try:
        status, times = kind_at(name, above), os.fstat(above)
        if status is None or (like and not same(status, like.status)):
            return False
        if not is_empty(name, above, status):
            return False
        (os.rmdir if stat.S_ISDIR(status.st_mode) else os.unlink)(name, dir_fd=above)
        os.utime(above, ns=(times.st_atime_ns, times.st_mtime_ns))
        return True
    finally:
        os.close(above)


def is_empty(name: bytes, above: int, status: os.stat_result) -> bool:
    """A directory or a plain file without anything in it; links and all else are no stubs."""
    if not stat.S_ISDIR(status.st_mode):
        return stat.S_ISREG(status.st_mode) and status.st_size == 0
    try:
        fd = os.open(name, DIRECTORY_FLAGS, dir_fd=above)
    except OSError:
        return False
    try:
        return not os.listdir(fd) and not is_opaque(fd)
    finally:
        os.close(fd)


def same(here: os.stat_result, there: os.stat_result) -> bool:
    """Times do not count: the stub has changed them."""
    return (here.st_mode, here.st_uid, here.st_gid) == (there.st_mode, there.st_uid, there.st_gid)
