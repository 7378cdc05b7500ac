"""What nothing refers to any more: found from the index, by following digests.

Source: OCI image-spec, image-layout.md (blobs may be unreferenced; the index is the only root).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from realrun.errors import BadImage
from realrun.files.remove import remove_tree
from realrun.files.workspace import is_held
from realrun.image.config import chain, check
from realrun.image.layout import Layout


def contents(layout: Layout, descriptor: Mapping[str, Any]) -> set[Path]:
    """Every blob and layer directory that an index entry leads to, as far as it can be read."""
    found = {layout.blob(descriptor.get("digest"))}
    try:
        manifest = layout.manifest(dict(descriptor))
        found.add(layout.blob(manifest["config"].get("digest")))
        found |= {layout.blob(layer.get("digest")) for layer in manifest["layers"]}
        document = layout.read_document(manifest["config"], "the configuration")
        found |= {layout.tree(d) for d in document.get("rootfs", {}).get("diff_ids", [])}
    except BadImage:
        pass  # damaged: what it cannot name it cannot keep
    return found


def deleted(
    layout: Layout, gone: Mapping[str, Any], left: Sequence[Mapping[str, Any]]
) -> list[str]:
    """What goes with an index entry, as Docker tells it: the image, then its stacks of layers.

    A stack is named by its chain id, the highest first; those that others stand on stay.
    """
    try:
        image_id, diff_ids = identity(layout, gone)
    except BadImage:
        return []  # damaged: its name is all that there was
    others = []
    for descriptor in left:
        try:
            others.append(identity(layout, descriptor))
        except BadImage:
            continue
    if any(other_id == image_id for other_id, _ in others):
        return []
    kept = {chain(ids[:count]) for _, ids in others for count in range(1, len(ids) + 1)}
    stacks = [chain(diff_ids[:count]) for count in range(len(diff_ids), 0, -1)]
    return [f"Deleted: {one}" for one in (image_id, *stacks) if one not in kept]


def identity(layout: Layout, descriptor: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The id and the layers' diff ids of an index entry's image."""
    manifest = layout.manifest(dict(descriptor))
    document = layout.read_document(manifest["config"], "the configuration")
    return manifest["config"]["digest"], check(document)["rootfs"].get("diff_ids", [])


def collect(
    layout: Layout,
    keep: Collection[Path],
    *,
    mine: Path | None = None,
    only: Collection[Path] | None = None,
) -> list[str]:
    """Remove what no index entry leads to; the store is locked by the caller.

    `only`: nothing but these may go. `keep`: layer directories in use. `mine`: the caller's own
    workspace; any other that is alive may be about to use what looks unused, so then all stays.
    """
    if any(path != mine and is_held(path) for path in (layout.root / "tmp").glob("*")):
        return []
    needed = set(keep)
    for descriptor in layout.index():
        needed |= contents(layout, descriptor)
    present = {*layout.blobs.glob("*"), *layout.trees.glob("[0-9a-f]*")}
    doomed = sorted((present if only is None else present & set(only)) - needed)
    for path in doomed:
        discard(layout, path)
    return [str(path.relative_to(layout.root)) for path in doomed]


def discard(layout: Layout, path: Path) -> None:
    """Remove one blob or layer; a layer leaves its name first, so that no half of it is found."""
    if path.parent == layout.trees:
        moved = layout.root / "tmp" / f"remove-{os.getpid()}-{path.name[:12]}"
        os.rename(path, moved)
        path = moved
    remove_tree(path)
