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

from realrun.image.merged import Merged, Node
from realrun.image.rooted import is_opaque

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
        """Remove what is still empty."""
        for parts in sorted(self._missing, key=len, reverse=True):
            path = upper.joinpath(*parts)
            if not is_empty(path):
                continue
            above = os.lstat(path.parent)
            path.rmdir() if path.is_dir() else path.unlink()
            os.utime(path.parent, ns=(above.st_atime_ns, above.st_mtime_ns))
            self._let_sink(upper, parts[:-1])

    def _let_sink(self, upper: Path, parts: Parts) -> None:
        """Remove directories that say the same as those of the image below them."""
        while parts and parts not in self._missing:
            path, below = upper.joinpath(*parts), self._image.find("/".join(parts), follow=False)
            if below is None or not is_empty(path) or not same(path, below):
                break
            path.rmdir()
            parts = parts[:-1]


def is_empty(path: Path) -> bool:
    """A directory or a plain file without anything in it; links and all else are no stubs."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    if stat.S_ISDIR(status.st_mode):
        return not os.listdir(path) and not is_opaque(path)
    return stat.S_ISREG(status.st_mode) and status.st_size == 0


def same(path: Path, below: Node) -> bool:
    """Times do not count: the stub has changed them."""
    here, there = os.lstat(path), below.status
    return (here.st_mode, here.st_uid, here.st_gid) == (there.st_mode, there.st_uid, there.st_gid)
