"""What each layer does to the ones below it: the names it adds, changes and hides.

A name that a layer brings is *added* if nothing below has it, *changed* if something has (a
directory only if its own attributes differ). A whiteout *hides* a name and all below it; an opaque
directory, or a file in a directory's place, hides what was in it. So what shows afterwards is what
showed before, without the hidden, with the added.

Source: OCI image-spec, layer.md, "Change Types", "Whiteouts"; overlayfs.rst, "whiteouts and opaque
directories".
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from realrun.image.diff import Found, walk
from realrun.image.merged import Merged, Node, child, mountable
from realrun.image.rooted import is_opaque, is_whiteout
from realrun.image.sizes import Size, size_of
from realrun.image.store import Image, Store
from realrun.image.story import Chapter, story
from realrun.image.unpack import OPAQUE_MARK


@dataclass(frozen=True, slots=True)
class Effect:
    """Names as seen from the root of the image, in the order of their bytes."""

    adds: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    hides: list[str] = field(default_factory=list)


class Branch(NamedTuple):
    """One instruction of the image; the last three are None if it made no layer."""

    chapter: Chapter
    size: Size | None
    effect: Effect | None
    shared_with: tuple[str, ...] | None


def tree(store: Store, reference: str) -> list[Branch]:
    """The image, oldest instruction first."""
    image, others = store.resolve(reference), store.images()
    trees = [store.tree(diff_id) for diff_id in image.diff_ids]
    branches = []
    for chapter in story(image):
        if chapter.layer is None or chapter.number is None:
            branches.append(Branch(chapter, None, None, None))
            continue
        here, below = trees[chapter.number], trees[: chapter.number]
        sharers = shared_with(image, chapter.layer.diff_id, others)
        branches.append(Branch(chapter, size_of(here), effect_of(here, below), sharers))
    return branches


def shared_with(image: Image, diff_id: str, others: Sequence[Image]) -> tuple[str, ...]:
    """Other images with this layer, by name; by the beginning of the id where they have none."""
    found = {
        other.image_id[7:19] if other.reference == "<none>" else other.reference
        for other in others
        if other.image_id != image.image_id and diff_id in other.diff_ids
    }
    return tuple(sorted(found))


def effect_of(layer: Path, below: Sequence[Path]) -> Effect:
    """What the layer does to the stack below it, base first."""
    effect = Effect()
    stack = Merged(mountable(below)) if below else None
    if stack is None:
        effect.adds.extend(os.fsdecode(f.path) for f in walk(layer) if is_plain(f))
        return effect
    hidden = set(gone(layer, stack, "")) if is_opaque(layer) else set()
    for found in walk(layer):
        name = os.fsdecode(found.path)
        if found.name == OPAQUE_MARK:
            hidden |= set(gone(layer, stack, os.path.dirname(name)))
            continue
        old = at(stack, name)
        if old is None:
            effect.adds.extend([name] if is_plain(found) else [])
        elif is_whiteout(found.status):
            hidden |= {name, *below_of(stack, old)}
        elif differs(found, old):
            effect.changes.append(name)
            if not stat.S_ISDIR(found.status.st_mode):
                hidden |= set(below_of(stack, old))
    effect.hides.extend(hidden)
    for names in (effect.adds, effect.changes, effect.hides):
        names.sort(key=os.fsencode)
    return effect


def is_plain(found: Found) -> bool:
    """Something that shows, not a mark that hides."""
    return found.name != OPAQUE_MARK and not is_whiteout(found.status)


def at(stack: Merged, name: str) -> Node | None:
    """What the stack has under this very name; a link on the way leads nowhere."""
    node = stack.root
    for part in filter(None, name.split("/")):
        found = child(node, part) if node.is_directory else None
        if found is None:
            return None
        node = found
    return node


def differs(found: Found, old: Node) -> bool:
    """Is it not just a directory on the way, as it was, or the very same layer once more?"""
    new, was = found.status, old.status
    if (new.st_dev, new.st_ino) == (was.st_dev, was.st_ino):
        return False
    if stat.S_ISDIR(new.st_mode) and old.is_directory:
        return (new.st_mode, new.st_uid, new.st_gid) != (was.st_mode, was.st_uid, was.st_gid)
    return True


def gone(layer: Path, stack: Merged, folder: str) -> Iterator[str]:
    """Names that an opaque directory hides: all below it that the layer does not bring itself."""
    old, own = at(stack, folder), Merged([layer])
    if old is not None:
        yield from (name for name in below_of(stack, old) if at(own, name) is None)


def below_of(stack: Merged, node: Node) -> Iterator[str]:
    """Everything in a directory of the stack, at any depth; nothing for anything else."""
    todo = [node] if node.is_directory else []
    while todo:
        for one in stack.children(todo.pop()):
            yield "/".join(one.parts)
            if one.is_directory:
                todo.append(one)
