"""A layer on its way in: its digests are computed from its bytes, and it has to unpack.

Archives come in here. A registry, once one can be asked, is to come in by the same door: it sends
the manifests and blobs of an OCI archive, by the same descriptors, and ends in `Store.add_all`.

Source: OCI image-spec, config.md ("Layer DiffID"), descriptor.md ("Digests", "Verification").
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from realrun.errors import BadImage
from realrun.files.trail import Passing
from realrun.image.budget import Budget
from realrun.image.layers import (
    TAR,
    TAR_GZIP,
    TAR_ZSTD,
    HashingReader,
    Layer,
    read_rest,
    unpack_blob,
)
from realrun.image.spool import Member
from realrun.image.store import Store
from realrun.image.streams import BZIP2, GZIP, XZ, ZSTD, ahead, plain
from realrun.image.tarread import TarReader
from realrun.image.unpack import unpack


class Intake:
    """Checks layers, each once; what the store has already is not made a second time."""

    def __init__(self, store: Store, scratch: Path) -> None:
        self.store, self.scratch, self.budget = store, scratch, Budget()
        self._done: dict[tuple[str, str], Layer] = {}
        self._stored = {layer.diff_id: layer for one in store.images() for layer in one.stored}

    def any_form(self, member: Member, diff_id: str) -> Layer:
        """A layer whose stored form is free: the store keeps the form that it has."""
        layer = self.same_form(member, self._described(member, diff_id, form_of(member)))
        known = self._stored.get(diff_id)
        if known is None or not self.store.layout.blob(known.digest).exists():
            return layer
        return replace(known, tree=layer.tree)

    def same_form(self, member: Member, layer: Layer) -> Layer:
        """A layer whose stored form is named by a manifest, and stays."""
        if (member.digest, member.size) != (layer.digest, layer.size):
            raise BadImage(f"layer {layer.digest[7:19]} is not what its name or its size says")
        key = (layer.digest, layer.diff_id)
        if key not in self._done:
            tree = (
                None if self._is_here(layer.diff_id) else self.scratch / f"tree-{len(self._done)}"
            )
            if tree is None:
                check_content(member, layer.diff_id, self.budget)
            else:
                tree.mkdir()
                tree.chmod(0o755)
                unpack_member(member, tree, layer.diff_id, self.budget)
            sync(member.path)
            self._done[key] = replace(layer, blob=member.path, tree=tree)
        return self._done[key]

    def _is_here(self, diff_id: str) -> bool:
        return self.store.tree(diff_id).is_dir()

    def _described(self, member: Member, diff_id: str, media_type: str) -> Layer:
        return Layer(diff_id=diff_id, digest=member.digest, size=member.size, media_type=media_type)


def form_of(member: Member) -> str:
    """The media type that OCI has for this form of a layer."""
    with open(member.path, "rb") as stored:
        head = stored.read(6)
    if head.startswith((BZIP2, XZ)):
        raise BadImage(
            "a layer compressed with bzip2 or xz, for which OCI has no name; use gzip or none"
        )
    return TAR_GZIP if head.startswith(GZIP) else TAR_ZSTD if head.startswith(ZSTD) else TAR


def unpack_member(member: Member, tree: Path, diff_id: str, budget: Budget) -> None:
    """Unpack and verify; one that is stored uncompressed was named when it was spooled."""
    if member.digest != diff_id:
        unpack_blob(member.path, tree, diff_id, budget)
        return
    with open(member.path, "rb", buffering=0) as stored, ahead(Passing(stored)) as stream:
        unpack(TarReader(stream.read, budget), tree)


def check_content(member: Member, diff_id: str, budget: Budget) -> None:
    """The archive has this diff id, whatever its compression."""
    if member.digest == diff_id:
        return
    with open(member.path, "rb", buffering=0) as stored:
        reader = HashingReader(plain(Passing(stored)))
        read_rest(reader, budget)
    if reader.named() != diff_id:
        raise BadImage(f"a layer does not have the content {diff_id[:19]} that the image lists")


def sync(path: Path) -> None:
    """On the disk before a name in the store leads to it."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
