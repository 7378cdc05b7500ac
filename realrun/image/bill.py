"""The disk bill: what images take, what they share, what containers add, and what it comes to.

Bytes are those of the disk, as du(1) counts them. An image's layers are *shared* if another image
has them, too, else *unique*; both together are its *virtual* bytes, what it would take alone.
*Compressed* are its layers as blobs, in the form in which they are stored; of these *plain* are
not compressed: those of layers made here. A layer that is not unpacked yet takes nothing so far.
A container adds what it has written; its image it shares with all others.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from realrun.errors import RealRunError
from realrun.image.garbage import contents
from realrun.image.sizes import SECTOR, size_of
from realrun.image.store import Image, Store

LOOKS = 20


class Bill(NamedTuple):
    """One image, however many names it has."""

    image_id: str
    names: tuple[str, ...]
    virtual_bytes: int
    shared_bytes: int
    unique_bytes: int
    compressed_bytes: int
    plain_bytes: int


class Writable(NamedTuple):
    """One container, running or not."""

    container_id: str
    writable_bytes: int


class Total(NamedTuple):
    """All of the store; everything counts once, and `total_bytes` is the sum of the rest."""

    layers_bytes: int  # layers of images, unpacked
    writable_bytes: int  # what containers have written
    blobs_bytes: int  # the same layers, as blobs
    documents_bytes: int  # manifests and configurations of images, and the index
    records_bytes: int  # settings, states and logs of containers
    volumes_bytes: int  # what outlives containers
    unnamed_bytes: int  # what no image needs: the build cache, or work for `prune`
    cache_bytes: int  # what the build cache knows of it, and the caches of RUN --mount
    folders_bytes: int  # the folders themselves, and the init layers
    total_bytes: int


def bills(store: Store) -> tuple[list[Bill], Total]:
    """A bill an image, in the order of their arrival, and the total."""
    names: dict[str, list[str]] = {}
    images: dict[str, Image] = {}
    for image in store.images():
        images.setdefault(image.image_id, image)
        names.setdefault(image.image_id, [])
        names[image.image_id] += [image.reference] if image.reference != "<none>" else []
    users = Counter(one for image in images.values() for one in set(image.diff_ids))
    layers = {diff_id: taken(store.tree(diff_id)) for diff_id in users}
    found = []
    for image_id, image in images.items():
        own = set(image.diff_ids)
        shared = sum(layers[one] for one in own if users[one] > 1)
        virtual = sum(layers[one] for one in own)
        blobs = {layer.digest: taken(store.layout.blob(layer.digest)) for layer in image.stored}
        plain = {layer.digest for layer in image.stored if layer.digest == layer.diff_id}
        found.append(
            Bill(
                image_id,
                tuple(names[image_id]),
                virtual,
                shared,
                virtual - shared,
                compressed_bytes=sum(blobs.values()),
                plain_bytes=sum(blobs[digest] for digest in plain),
            )
        )
    return found, total(store, layers.values(), images.values())


def total(store: Store, layers: Iterable[int], images: Iterable[Image]) -> Total:
    """What du(1) says of the folders of images, layers, cache, containers and volumes, in parts."""
    layout = store.layout
    blobs = {layout.blob(layer.digest) for image in images for layer in image.stored}
    needed = {path for entry in layout.index() for path in contents(layout, entry)}
    present = {*layout.blobs.glob("*"), *layout.trees.glob("[0-9a-f]*")}
    documents = {path for path in needed - blobs if path.parent == layout.blobs}
    documents |= {layout.path / name for name in ("index.json", "oci-layout")}
    folders = (layout.path, layout.blobs.parent, layout.blobs, layout.trees)
    written = sum(one.writable_bytes for one in writables(store))
    parts = (
        sum(layers),
        written,
        sum(map(taken, blobs)),
        sum(map(taken, documents)),
        taken(store.root / "containers") - written,
        taken(store.root / "volumes"),
        sum(map(taken, present - needed)),
        taken(store.root / "cache"),
        sum(map(own, folders)) + sum(map(taken, layout.trees.glob("init*"))),
    )
    return Total(*parts, sum(parts))


def writables(store: Store) -> list[Writable]:
    """The writable layer of every container, in the order of their ids.

    They lie in ROOT/containers/ID/upper, see `realrun.containers.registry`.
    """
    found = sorted((store.root / "containers").glob("*/upper"))
    return [Writable(upper.parent.name, taken(upper)) for upper in found]


def taken(path: Path) -> int:
    """Bytes on the disk of a file or a whole folder; none if it is not there.

    A running container may remove files while they are counted: then it is counted anew.
    """
    for _ in range(LOOKS):
        try:
            return size_of(path).disk_bytes if path.is_dir() else own(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
    raise RealRunError(f"{path} changes too fast to be measured; stop what writes there")


def own(path: Path) -> int:
    """Bytes on the disk of this one thing."""
    try:
        return os.lstat(path).st_blocks * SECTOR
    except FileNotFoundError:
        return 0
