"""Images: the store, and the layers they are made of."""

from __future__ import annotations

from realrun.image.layers import Layer
from realrun.image.store import Image, Store

__all__ = ["Image", "Layer", "Store"]
