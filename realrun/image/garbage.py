"""What nothing refers to any more: found from the index, by following digests.

Source: OCI image-spec, image-layout.md (blobs may be unreferenced; the index is the only root).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from realrun.errors import BadImage
from realrun.files.remove import remove_tree
from realrun.files.workspace import is_held
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


def collect(
    layout: Layout,
    keep: Collection[Path],
    *,
    mine: Path,
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
    present = {*layout.blobs.glob("*"), *layout.trees.glob("*")}
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
