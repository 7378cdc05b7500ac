"""COPY, carried out: selected files go into a fresh layer.

* a target that ends in `/` or is a directory in the image takes files by their names, any other
  target is the file's new name; several sources need a directory;
* missing directories are made, mode 0755, owned by root or whom --chown names; an existing target
  keeps what it is, but directories inside a copied one bring their attributes;
* names of one file stay names of one file, within a source;
* a file replaces a file or a link; nothing but a directory goes where a directory is.

Source: Dockerfile reference, "COPY"; BuildKit where the reference leaves a choice.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from realrun.build.archives import unpack_into
from realrun.build.modes import changed
from realrun.build.selecting import CannotCopy, Item, Source
from realrun.build.writing import Parts, Upper
from realrun.image.merged import Node

Links = dict[tuple[int, int], Path]  # of one source: which file is already here, under which name


class Looks(NamedTuple):
    """How copied files are to look: nothing said means as the source does."""

    owner: tuple[int, int] | None
    mode: str  # as --chmod has it, see realrun.build.modes
    keep_owner: bool = False  # --from another stage: owners are copied, too


def copy(sources: Sequence[Source], target: str, upper: Upper, looks: Looks) -> None:
    """Carry out one COPY; `target` is absolute, a `/` at its end means a directory."""
    if not sources:
        return
    found, missing = upper.place(target)
    into = target.endswith("/") or (not missing and found.is_directory)
    if len(sources) > 1 and not into:
        raise CannotCopy(f"several sources need a directory as their target: {target}/")
    if into and not missing and not found.is_directory:
        raise CannotCopy(f"{target} is not a directory in the image")
    place = (*found.parts, *missing)
    for source in sources:
        if source.is_archive:
            archive = source.items[0].node
            assert archive is not None
            unpack_into(archive, place, upper, looks.owner or (0, 0))
            continue
        if source.is_directory:
            if not missing and not found.is_directory:
                raise CannotCopy(f"{target} is a file in the image, a directory cannot go there")
            make_target(upper, place, looks)
        elif into and not source.base:
            raise CannotCopy(f"the source has no name of its own; name the file: {target}...")
        links: Links = {}
        for item in source.items:
            inside = item.name if source.is_directory else (source.base,) if into else ()
            put(item, (*place, *inside), upper, looks, links)
    upper.finish()


def make_target(upper: Upper, place: Parts, looks: Looks) -> None:
    """The target directory, and what is missing above it, belong to whoever gets the files."""
    upper.make_directory(place, looks.owner or (0, 0))


def put(item: Item, place: Parts, upper: Upper, looks: Looks, links: Links) -> None:
    """One item into the layer."""
    if item.is_directory:
        put_directory(item, place, upper, looks)
        return
    make_target(upper, place[:-1], looks)
    here = upper.make_room(place)
    node = item.node
    if node is None:
        here.write_bytes(item.content)
        here.chmod(changed(looks.mode, stat.S_IFREG | 0o644))
        upper.give(place, looks.owner or (0, 0))
        return
    kind = stat.S_IFMT(node.status.st_mode)
    if kind == stat.S_IFREG:
        first = links.setdefault((node.status.st_dev, node.status.st_ino), here)
        if first != here:
            here.hardlink_to(first)
            return
        copy_content(node, os.fspath(here))
    elif kind == stat.S_IFLNK:
        here.symlink_to(os.readlink(node.path))
    elif kind == stat.S_IFIFO:
        os.mkfifo(here, 0o600)
    elif upper.privileged:
        os.mknod(here, kind | 0o600, node.status.st_rdev)
    else:
        return  # a device: only root can make one
    mode = changed(looks.mode, node.status.st_mode)
    upper.copy_attributes(node, place, owner_for(node, upper, looks), mode)


def put_directory(item: Item, place: Parts, upper: Upper, looks: Looks) -> None:
    """A directory inside a copied one: it gets the source's attributes, even if it is there."""
    assert item.node is not None
    found, missing = upper.view.walk("/".join(place), follow=False)
    if not missing and not found.is_directory:
        raise CannotCopy(f"/{'/'.join(place)} is no directory in the image and cannot become one")
    upper.make_directory(place)
    mode = changed(looks.mode, item.node.status.st_mode)
    upper.copy_attributes(item.node, place, owner_for(item.node, upper, looks), mode)


def owner_for(node: Node, upper: Upper, looks: Looks) -> tuple[int, int]:
    if looks.owner is not None:
        return looks.owner
    return upper.owner_of(node) if looks.keep_owner else (0, 0)


def copy_content(node: Node, here: str) -> None:
    """The bytes, by the kernel where it can."""
    import shutil

    shutil.copyfile(node.path, here, follow_symlinks=False)
