"""An image as the store knows it, and how it shows itself in Python and in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realrun.image.layers import Layer
from realrun.sizes import shown_size


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Image:
    """An image in the store.

    `layers` are directories, base first, to be overlay's lower directories (which lists the
    topmost first). What makes no difference to the result or cannot be mounted is left out:
    the lower of two equal layers, and whatever an opaque root hides.
    """

    reference: str
    digest: str
    image_id: str
    config: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...]
    diff_ids: tuple[str, ...]
    layers: tuple[Path, ...]
    created: str = ""
    author: str = ""
    stored: tuple[Layer, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """The layers as they are stored."""
        return sum(layer.size for layer in self.stored)

    def __repr__(self) -> str:
        count = f"{len(self.stored)} layer{'s' * (len(self.stored) != 1)}"
        size = shown_size(self.size_bytes)
        return f"<Image {self.reference}, id {self.image_id[7:19]}, {count}, {size}>"

    def _repr_html_(self) -> str:
        """Its layers as a table, the lowest first, each with the instruction that made it."""
        from realrun.htmlwords import table
        from realrun.image.story import story

        rows = [
            (
                "" if one.number is None else one.number + 1,
                one.created_by,
                shown_size(one.layer.size) if one.layer else "",
                one.layer.diff_id[7:19] if one.layer else "settings only",
            )
            for one in story(self)
        ]
        return table(("layer", "made by", "stored", "diff id"), rows, caption=repr(self)[1:-1])
