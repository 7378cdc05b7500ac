"""Files that the builder itself puts into an image: into a fresh layer, without mounting anything.

The layer lies on top of those below in the same order as overlay will stack them, so a target such
as `/var/run/x` is found through the links of the image, never through this machine's. Directories
on the way that the image has already are repeated in the layer with the attributes they have.

Root writes owners into the layer; an ordinary user cannot, so they are kept in `owners` for the
archive (see `realrun.image.diff`).

Source: Dockerfile reference, "COPY", "WORKDIR"; overlayfs.rst.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from realrun.files.remove import remove_tree
from realrun.image.merged import Merged, Node
from realrun.image.rooted import MAX_DEPTH
from realrun.image.unpack import PRIVATE

Parts = tuple[str, ...]


class CannotWrite(ValueError):
    """The image has something else in that place; the text says what."""


class Upper:
    """The new layer, `path`, over the layers of the image."""

    def __init__(self, path: Path, below: Sequence[Path]) -> None:
        self.path, self.owners = path, dict[bytes, tuple[int, int]]()
        self.view = Merged([*below, path])
        self.privileged = os.geteuid() == 0
        self._times: dict[Parts, int] = {}

    def place(self, target: str) -> tuple[Node, Parts]:
        """As far as the target exists, and what is missing of it; links are followed."""
        try:
            found, missing = self.view.walk(target)
        except NotADirectoryError as error:
            raise CannotWrite(f"/{error.filename} is not a directory in the image") from None
        except OSError as error:
            raise CannotWrite(f"{target}: {error.strerror}") from None
        if missing and not found.is_directory:
            raise CannotWrite(f"{target}: /{'/'.join(found.parts)} is not a directory")
        if len(found.parts) + len(missing) > MAX_DEPTH:
            raise CannotWrite(f"{target[:80]}... has more than {MAX_DEPTH} parts")
        return found, missing

    def make_directory(self, parts: Parts, owner: tuple[int, int] = (0, 0)) -> None:
        """A directory in the layer; those on the way that are missing are made alike."""
        for depth in range(1, len(parts) + 1):
            here = self.path.joinpath(*parts[:depth])
            if here.is_dir() and not here.is_symlink():
                continue
            below = self._below(parts[:depth])
            if below is not None and not below.is_directory:
                raise CannotWrite(f"/{'/'.join(parts[:depth])} is not a directory in the image")
            here.mkdir()
            if below is not None:
                self.copy_attributes(below, parts[:depth], self.owner_of(below))
            else:
                here.chmod(0o755)
                self.give(parts[:depth], owner)

    def _below(self, parts: Parts) -> Node | None:
        return self.view.find("/".join(parts), follow=False)

    def make_room(self, parts: Parts) -> Path:
        """The place for something that is no directory; what was there is replaced."""
        there = self._below(parts)
        if there is not None and there.is_directory:
            raise CannotWrite(f"/{'/'.join(parts)} is a directory in the image")
        here = self.path.joinpath(*parts)
        here.unlink(missing_ok=True)
        return here

    def make_free(self, parts: Parts) -> Path:
        """The same for a member of an archive, which replaces directories, too."""
        here = self.path.joinpath(*parts)
        if here.is_dir() and not here.is_symlink():
            remove_tree(here)
        here.unlink(missing_ok=True)
        return here

    def give(self, parts: Parts, owner: tuple[int, int]) -> None:
        """Change the owner: for real as root, for the archive otherwise."""
        if self.privileged:
            os.lchown(self.path.joinpath(*parts), *owner)
        elif owner != (0, 0):
            self.owners[os.fsencode("/".join(parts))] = owner

    def owner_of(self, node: Node) -> tuple[int, int]:
        """Who owns a file of a layer; an ordinary user has all of them as 0:0 inside."""
        return (node.status.st_uid, node.status.st_gid) if self.privileged else (0, 0)

    def copy_attributes(
        self, source: Node, parts: Parts, owner: tuple[int, int], mode: int | None = None
    ) -> None:
        """Owner, extended attributes, mode and time, in the order in which none undoes another."""
        here = self.path.joinpath(*parts)
        self.give(parts, owner)
        if not here.is_symlink():
            copy_xattrs(source.path, here)
            here.chmod(stat.S_IMODE(source.status.st_mode) if mode is None else mode)
        stamp = source.status.st_mtime_ns
        os.utime(here, ns=(stamp, stamp), follow_symlinks=False)
        if source.is_directory:
            self._times[parts] = stamp

    def finish(self) -> None:
        """Give directories their times back, which changed as they were filled."""
        for parts, stamp in self._times.items():
            os.utime(self.path.joinpath(*parts), ns=(stamp, stamp))


def copy_xattrs(source: Path, target: Path) -> None:
    """Those that belong to the file, as far as the file system takes them."""
    for name in os.listxattr(source, follow_symlinks=False):
        key = os.fsencode(name)
        if key.startswith(PRIVATE) or not key.startswith((b"user.", b"security.capability")):
            continue
        try:
            os.setxattr(target, key, os.getxattr(source, key, follow_symlinks=False))
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.EPERM):
                raise
