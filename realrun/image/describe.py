"""All that the store knows of an image, in the words of `docker inspect`.

Source: Docker Engine API, `GET /images/{name}/json` (ImageInspect).
"""

from __future__ import annotations

from typing import Any

from realrun.image.sizes import size_of
from realrun.image.store import Store


def layer_bytes(store: Store, diff_id: str) -> int:
    """Bytes of the files in an unpacked layer; one that is not unpacked yet has none to show."""
    tree = store.tree(diff_id)
    return size_of(tree).content_bytes if tree.is_dir() else 0


def inspect(store: Store, reference: str) -> dict[str, Any]:
    """One image. `Size` is that of the files in its layers, as they are unpacked."""
    image = store.resolve(reference)
    names = [other.reference for other in store.images() if other.image_id == image.image_id]
    document = image.document
    return {
        "Id": image.image_id,
        "RepoTags": sorted(name for name in names if name != "<none>"),
        "RepoDigests": [],  # a registry gives these
        "Comment": str(document.get("comment", "")),
        "Created": image.created,
        "Author": image.author,
        "Config": dict(image.config),
        "Architecture": str(document.get("architecture", "")),
        "Os": str(document.get("os", "")),
        "Size": sum(layer_bytes(store, one) for one in image.diff_ids),
        "RootFS": {"Type": "layers", "Layers": list(image.diff_ids)},
    }
