"""How an image came to be: its history, each entry with the layer it made.

Source: OCI image-spec, config.md, "history"; docs.docker.com, `docker image history`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from realrun.image.layers import Layer
from realrun.image.store import Image


class Chapter(NamedTuple):
    """One instruction; `layer` is None if it changed settings only, `number` counts layers."""

    created: str
    created_by: str
    comment: str
    number: int | None
    layer: Layer | None


def story(image: Image) -> list[Chapter]:
    """Oldest first; a history that does not fit the layers is replaced by "unknown"."""
    told: list[dict[str, Any]] = [dict(entry) for entry in image.history]
    if sum(not entry.get("empty_layer") for entry in told) != len(image.stored):
        told = [{"created": image.created, "created_by": "unknown"} for _ in image.stored]
    layers = iter(enumerate(image.stored))
    chapters = []
    for entry in told:
        number, layer = (None, None) if entry.get("empty_layer") else next(layers)
        when, how, note = (str(entry.get(key, "")) for key in ("created", "created_by", "comment"))
        chapters.append(Chapter(when, how, note, number, layer))
    return chapters
