"""Of an archive of all files, what is unlike a stack of layers, as one more layer on top of these.

A guest's disk begins as a copy of its image and says nothing of what has changed; its files do.
What `image.changes` would not call changed is left out, and so is what is there for the engine's
sake, if it is empty; a name that is not in the archive is hidden by a whiteout. Names, owners,
modes, times in seconds, sizes, links and devices count. Extended attributes do not: the archive has
none.

Source: Linux kernel, Documentation/filesystems/overlayfs.rst.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from realrun.errors import BadImage
from realrun.image import tarread as tar
from realrun.image.changes import NS_PER_S
from realrun.image.diff import KINDS
from realrun.image.merged import Merged, Node, child, children, open_file
from realrun.image.rooted import Parts, Rooted, clean
from realrun.image.tarread import CHUNK, Entry, TarReader, shown
from realrun.image.unpack import MARK, Unpacker


def unpack_unlike(reader: TarReader, layers: Sequence[Path], init: Path, upper: Path) -> None:
    """Fill the empty directory `upper`; raises BadImage for what no layer can say.

    `layers`: base first; `init` is the one below them, with all that the engine mounts on.
    """
    with Rooted(upper) as root:
        unpacker = Unlike(root, Merged([init, *layers]), init)
        try:
            for entry in reader:
                unpacker.take(entry, reader)
            unpacker.hide_missing()
            unpacker.close()
            unpacker.drop_like()
            unpacker.finish()
        finally:
            unpacker.close()


class Unlike(Unpacker):
    """Unpacks what is unlike the image; of directories all, until it is known what is in them."""

    def __init__(self, root: Rooted, image: Merged, init: Path) -> None:
        super().__init__(root)
        self.init = init
        self.folders: dict[Parts, Node | None] = {(): image.root}  # as the image has them
        self.like: dict[Parts, Node] = {}  # left out, or to be left out if nothing is in it
        self.names: dict[Parts, set[bytes]] = {(): set()}  # in each directory of the archive

    def take(self, entry: Entry, reader: TarReader) -> None:
        """One member of the archive."""
        parts = clean(entry.name)
        if parts:
            self.note(entry, parts)
        was = self.below(parts)
        if entry.kind == tar.DIRECTORY:
            self.folders[parts] = was if was is not None and was.is_directory else None
            self.names.setdefault(parts, set())
        elif entry.kind == tar.HARD_LINK and (first := self.like.get(clean(entry.link))):
            entry, reader = copied(entry, first), cast(TarReader, OfImage(first))
        if was is not None and (is_like(entry, was) or self.is_engines(entry, was)):
            self.like[parts] = was
            if entry.kind != tar.DIRECTORY:
                return
        super().take(entry, reader)

    def note(self, entry: Entry, parts: Parts) -> None:
        """A name in a directory."""
        if parts[-1].startswith(MARK):
            raise BadImage(f"{shown(entry.name)}: layers keep names with .wh. for themselves")
        if parts[:-1] not in self.names:
            raise BadImage(f"{shown(entry.name)} comes before its directory")
        self.names[parts[:-1]].add(parts[-1])

    def is_engines(self, entry: Entry, was: Node) -> bool:
        """Something empty to mount on."""
        kind = KINDS.get(stat.S_IFMT(was.status.st_mode))
        return was.path.is_relative_to(self.init) and (entry.kind, entry.size) == (kind, 0)

    def below(self, parts: Parts) -> Node | None:
        """What the image has of this name."""
        if not parts:
            return self.folders[()]
        folder = self.folders.get(parts[:-1])
        return child(folder, os.fsdecode(parts[-1])) if folder is not None else None

    def hide_missing(self) -> None:
        """A whiteout for each name that the image has and the archive has not."""
        for parts, folder in self.folders.items():
            missing = [
                name
                for name in (os.fsencode(node.parts[-1]) for node in children_of(folder))
                if name not in self.names[parts]
            ]
            if missing:
                fd = self.root.open_plain(parts)
                try:
                    for name in missing:
                        self._hide(MARK + name, fd)
                finally:
                    os.close(fd)

    def drop_like(self) -> None:
        """Take away the directories that are as the image has them, with nothing in them."""
        for parts in sorted(self.like, key=len, reverse=True):
            if parts and parts in self.folders:
                fd = self.root.open_plain(parts[:-1])
                try:
                    with suppress(OSError):  # ENOTEMPTY
                        os.rmdir(parts[-1], dir_fd=fd)
                finally:
                    os.close(fd)


def children_of(folder: Node | None) -> list[Node]:
    """What a directory of the image holds."""
    return children(folder) if folder is not None else []


def is_like(entry: Entry, was: Node) -> bool:
    """Is it what the image has, as far as `image.changes` looks?"""
    status = was.status
    if KINDS.get(stat.S_IFMT(status.st_mode)) != entry.kind:
        return False
    if owner(status) != (entry.uid, entry.gid):
        return False
    if entry.kind == tar.SYMLINK:
        return os.fsencode(os.readlink(was.path)) == entry.link
    if stat.S_IMODE(status.st_mode) != entry.mode:
        return False
    if entry.kind == tar.REGULAR:
        same_time = status.st_mtime_ns // NS_PER_S == entry.mtime_ns // NS_PER_S
        return same_time and status.st_size == entry.size
    if entry.kind in (tar.CHAR, tar.DEVICE):
        return os.makedev(entry.major, entry.minor) == status.st_rdev
    return True


def owner(status: os.stat_result) -> tuple[int, int]:
    """Whose it is; without root's rights all files are the user's, who is root inside."""
    return (status.st_uid, status.st_gid) if os.geteuid() == 0 else (0, 0)


def copied(entry: Entry, was: Node) -> Entry:
    """A new name for something of the image, as a thing of its own: no layer links to another."""
    status = was.status
    uid, gid = owner(status)
    device = status.st_rdev
    return Entry(
        entry.name, KINDS[stat.S_IFMT(status.st_mode)], stat.S_IMODE(status.st_mode), uid, gid,
        status.st_size, status.st_mtime_ns,
        link=os.fsencode(os.readlink(was.path)) if stat.S_ISLNK(status.st_mode) else b"",
        major=os.major(device), minor=os.minor(device),
    )  # fmt: skip


class OfImage:
    """The content of a file of the image, in the place of the archive's reader."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def chunks(self, _: Any) -> Iterator[tuple[int, bytes]]:
        """The data, and where in the file it lies."""
        fd, offset = open_file(self.node), 0
        try:
            while data := os.read(fd, CHUNK):
                yield offset, data
                offset += len(data)
        finally:
            os.close(fd)
