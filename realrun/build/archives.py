"""ADD of a local archive: it is unpacked into the target, which always is a directory.

* what is an archive its content says, never its name: a first member that can be read, plain or
  inside gzip, bzip2 or xz; a compressed file that holds no archive is copied as it is;
* owners, modes, times and links are the archive's; --chown is for the target directory only;
* a directory over a directory keeps the children and takes the attributes; any other member
  removes what was there first.

The archive is unpacked beside the layer, by the extractor that layers have, and moved in.

Source: Dockerfile reference, "ADD", "Adding local tar archives"; BuildKit where it is silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from realrun.build.selecting import CannotCopy
from realrun.build.writing import Parts, Upper
from realrun.errors import BadImage
from realrun.files.remove import remove_tree
from realrun.image.merged import Merged, Node
from realrun.image.rooted import clean
from realrun.image.tarread import Entry, TarReader
from realrun.image.unpack import unpack

ZSTD = b"\x28\xb5\x2f\xfd"


class Noting(TarReader):
    """Remembers who owns what: an ordinary user cannot give files away while unpacking."""

    def __iter__(self) -> Iterator[Entry]:
        self.owners: dict[Parts, tuple[int, int]] = {}
        for entry in super().__iter__():
            parts = tuple(part.decode("utf-8", "surrogateescape") for part in clean(entry.name))
            if any(part.startswith(".wh.") for part in parts):
                raise BadImage(f"{parts[-1]!r}: layers keep names with .wh. for themselves")
            self.owners[parts] = (entry.uid, entry.gid)
            yield entry


def is_archive(path: Path) -> bool:
    """Can the first member be read?"""
    if not path.is_file():
        return False
    try:
        with opened(path) as stream:
            return next(iter(TarReader(stream.read)), None) is not None
    except BadImage:
        return False


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The archive without its compression, which its first bytes tell."""
    import bz2
    import gzip
    import lzma
    import zlib

    with open(path, "rb") as stored:
        head = stored.read(6)
        stored.seek(0)
        if head.startswith(ZSTD):
            raise CannotCopy(f"ADD {path.name}: zstd cannot be unpacked yet; use gzip, bzip2 or xz")
        stream: object = stored
        if head.startswith(b"\x1f\x8b"):
            stream = gzip.GzipFile(fileobj=stored)
        elif head.startswith(b"BZh"):
            stream = bz2.BZ2File(stored)
        elif head.startswith(b"\xfd7zXZ\0"):
            stream = lzma.LZMAFile(stored)  # noqa: SIM115 - it is closed with the file below it
        try:
            yield stream  # type: ignore[misc]
        except (EOFError, zlib.error, lzma.LZMAError) as error:
            raise BadImage(f"it does not decompress: {error}") from None
        except OSError as error:
            if error.errno is not None:
                raise
            raise BadImage(f"it does not decompress: {error}") from None


def unpack_into(archive: Node, place: Parts, upper: Upper, owner: tuple[int, int]) -> None:
    """Everything that the archive holds goes below `place`."""
    upper.make_directory(place, owner)
    beside = upper.path.with_name("unpacked")
    beside.mkdir()
    try:
        with opened(archive.path) as stream:
            reader = Noting(stream.read)
            unpack(reader, beside)
    except BadImage as error:
        raise CannotCopy(f"/{'/'.join(archive.parts)} does not unpack: {error}") from None
    tree = Merged([beside])
    move(tree, tree.root, place, upper, reader.owners)
    remove_tree(beside)


def move(
    tree: Merged, node: Node, place: Parts, upper: Upper, owners: dict[Parts, tuple[int, int]]
) -> None:
    """The content of one unpacked directory into the layer."""
    for child in tree.children(node):
        target = (*place, child.parts[-1])
        owner = owners.get(child.parts, (0, 0))
        if not child.is_directory:
            child.path.rename(upper.make_free(target))
            if not upper.privileged:
                upper.give(target, owner)
            continue
        there = upper.view.find("/".join(target), follow=False)
        if there is not None and not there.is_directory:
            upper.make_free(target).mkdir()
        upper.make_directory(target)
        if child.parts in owners:
            upper.copy_attributes(child, target, owner)
        move(tree, child, target, upper, owners)
