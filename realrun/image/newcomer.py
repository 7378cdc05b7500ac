"""An image on its way into the store, and what has to be true of it.

Source: OCI image-spec, manifest.md; config.md, "rootfs".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from realrun.errors import BadImage
from realrun.image import config as configs
from realrun.image import documents
from realrun.image.layers import Layer
from realrun.image.layout import CONFIG_TYPE, MANIFEST_TYPE, sha256_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """`config` is kept byte for byte, as its digest is the image's id; so is a given `manifest`.

    `layers`: base first; one that brings `blob` and `tree` hands them over (they have to lie on
    the store's file system), one that does not is in the store already. `names`: full ones.
    """

    config: bytes
    layers: Sequence[Layer]
    names: Sequence[str] = ()
    manifest: bytes | None = None

    def check(self) -> None:
        """The configuration makes sense and lists the layers that come with it."""
        document = configs.check(documents.load(self.config, "the image configuration"))
        if document["rootfs"].get("diff_ids", []) != [layer.diff_id for layer in self.layers]:
            raise BadImage("the configuration lists other layers than those given")

    def manifest_bytes(self) -> bytes:
        """The manifest: as it came, or made."""
        if self.manifest is not None:
            return self.manifest
        config = {
            "mediaType": CONFIG_TYPE,
            "digest": "sha256:" + sha256_of(self.config),
            "size": len(self.config),
        }
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": config,
            "layers": [layer.descriptor() for layer in self.layers],
        }
        return documents.dump(document)
