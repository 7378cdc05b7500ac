"""The build cache: an instruction that would do again what it did before need not be carried out.

The key of a step is a digest of everything its result depends on: the layers below, the
instruction with its values, and for COPY a fingerprint of the files, which knows no times. The
record under that key names the layer that came out, or none if nothing changed.

    ROOT/cache/KEY.json    {"layer": {...} or null, "created": TIME, "parts": {...}, "text": TEXT}

A record whose layer is gone is a miss. Records are written when a whole build has succeeded.

Source: Dockerfile reference and "Build cache invalidation": what does and does not count.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realrun.build import cachedirs
from realrun.build.misses import reason
from realrun.errors import BadImage
from realrun.image import Layer, Store
from realrun.image.documents import load

Parts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hit:
    """What a step made when it was last carried out."""

    layer: Layer | None
    created: str


def key_of(parts: Parts) -> str:
    """The key: equal parts, equal key."""
    import hashlib

    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class Cache:
    """Records of a store; new ones wait in memory until `save`."""

    store: Store
    use: bool = True
    made: dict[str, Hit] = field(default_factory=dict)
    new: dict[str, bytes] = field(default_factory=dict)
    _making: set[str] = field(default_factory=set)
    _stored: list[dict[str, Any]] | None = None

    @property
    def folder(self) -> Path:
        return self.store.root / "cache"

    def find(self, parts: Parts) -> Hit | None:
        """What these parts led to, in this build or, if it is still there, in an earlier one."""
        key = key_of(parts)
        if key in self.made or not self.use:
            return self.made.get(key)
        data = read(self.folder / f"{key}.json")
        return None if data is None else self._hit(data)

    def why_not(self, text: str, parts: Parts) -> str:
        """What is new in a step that has no record: in words, or nothing if nothing is like it."""
        if not self.use:
            return ""
        if self._stored is None:  # once for all misses of a build
            self._stored = list(self._records())
        return reason(self._stored, text, parts)

    def _records(self) -> Iterator[dict[str, Any]]:
        """All that are stored; those that make no sense are left out."""
        for path in self.folder.glob("*.json"):
            try:
                yield load(read(path) or b"", "a cache record")
            except BadImage:
                continue

    def remember(self, parts: Parts, hit: Hit, text: str = "") -> None:
        """For `save`, and for later stages of this build; `text` is the instruction's."""
        self.made[key_of(parts)] = hit
        layer = None
        if hit.layer is not None:
            layer = {"diff_id": hit.layer.diff_id, **hit.layer.descriptor()}
        record = {"layer": layer, "created": hit.created, "parts": parts, "text": text}
        self.new[key_of(parts)] = json.dumps(record, sort_keys=True, indent=1).encode()

    @contextmanager
    def making(self, parts: Parts) -> Iterator[None]:
        """While a stage is at this step, another that comes to it should wait."""
        key = key_of(parts)
        self._making.add(key)
        try:
            yield
        finally:
            self._making.discard(key)

    def is_in_the_making(self, parts: Parts) -> bool:
        return key_of(parts) in self._making

    def save(self, scratch: Path) -> None:
        """Write what this build has learnt; a record that a power cut tears is a miss."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for key, data in self.new.items():
            made = scratch / "record"
            made.write_bytes(data)
            os.replace(made, self.folder / f"{key}.json")

    def _hit(self, data: bytes) -> Hit | None:
        try:
            record = load(data, "a cache record")
            found = record.get("layer")
            layer = None if found is None else layer_of(found)
            created = str(record["created"])
        except (BadImage, KeyError, TypeError):
            return None
        if layer is not None and not self._is_there(layer):
            return None
        return Hit(layer, created)

    def _is_there(self, layer: Layer) -> bool:
        try:
            blob = self.store.layout.blob(layer.digest)
            return blob.exists() and self.store.tree(layer.diff_id).is_dir()
        except BadImage:
            return False


def read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def layer_of(found: Mapping[str, Any]) -> Layer:
    return Layer(
        diff_id=str(found["diff_id"]),
        digest=str(found["digest"]),
        size=int(found["size"]),
        media_type=str(found["mediaType"]),
    )


def prune(store: Store) -> list[str]:
    """Remove the records that can never hit again, because their layer is gone; and all caches
    of RUN --mount that nobody uses.
    """
    cache, removed = Cache(store), []
    for path in sorted(cache.folder.glob("*.json")):
        if cache._hit(read(path) or b"") is None:
            os.unlink(path)
            removed.append(f"cache/{path.name}")
    return [*removed, *cachedirs.prune(store.root)]
