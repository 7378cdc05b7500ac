"""ADD of a local archive: it is unpacked into the target, which always is a directory.

* what is an archive its content says, never its name: a first member that can be read, plain or
  inside gzip, bzip2, xz or zstd; a compressed file that holds no archive is copied as it is;
* owners, modes, times and links are the archive's; --chown is for the target directory only;
* a directory over a directory keeps the children and takes the attributes; any other member
  removes what was there first;
* a directory that is no member itself, but in the name of one, may be a link in the image.

The archive is unpacked beside the layer, by the extractor that layers have, and moved in.

Source: Dockerfile reference, "ADD", "Adding local tar archives"; BuildKit where it is silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from realrun.build.selecting import CannotCopy
from realrun.build.writing import CannotWrite, Parts, Upper
from realrun.errors import BadImage, Missing
from realrun.files.remove import remove_tree
from realrun.image.budget import OverBudget
from realrun.image.merged import Merged, Node
from realrun.image.rooted import clean
from realrun.image.streams import Readable, plain
from realrun.image.tarread import Entry, TarReader
from realrun.image.unpack import unpack


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
    """Can the first member be read? Raises CannotCopy if it is too large."""
    if not path.is_file():
        return False
    try:
        with opened(path) as stream:
            return next(iter(TarReader(stream.read)), None) is not None
    except OverBudget as error:
        raise CannotCopy(f"{path.name} does not unpack: {error}") from None
    except BadImage:
        return False


@contextmanager
def opened(path: Path) -> Iterator[Readable]:
    """The archive without its compression; raises CannotCopy if that takes what is not here."""
    try:
        with open(path, "rb") as stored:
            yield plain(stored)
    except Missing as error:
        raise CannotCopy(f"ADD {path.name}: {error}") from None


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
        if child.parts in owners:
            become_directory(child, target, upper, owner)
        else:
            target = on_the_way(target, upper)
        move(tree, child, target, upper, owners)


def become_directory(child: Node, target: Parts, upper: Upper, owner: tuple[int, int]) -> None:
    """A directory that is a member: one that is there takes its attributes, all else goes."""
    there = upper.view.find("/".join(target), follow=False)
    if there is not None and not there.is_directory:
        upper.make_free(target).mkdir()
    upper.make_directory(target)
    upper.copy_attributes(child, target, owner)


def on_the_way(target: Parts, upper: Upper) -> Parts:
    """A directory that only names of members mention: a link that is there leads to it."""
    found, missing = upper.place("/".join(target))
    if not found.is_directory:
        raise CannotWrite(f"/{'/'.join(found.parts)} is not a directory in the image")
    upper.make_directory((*found.parts, *missing))
    return (*found.parts, *missing)
