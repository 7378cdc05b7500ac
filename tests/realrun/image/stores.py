"""Images for tests: made of descriptions of files."""

from __future__ import annotations

from realrun.image import Image, Store
from realrun.image import config as configs
from realrun.image.layers import pack
from realrun.image.rooted import Rooted, make_opaque
from tests.realrun.trees import names, write


def add(store: Store, ref: str | None, *contents: dict[str, str | None], **config) -> Image:
    """An image with one layer for each description of files."""
    with store.workspace("test") as scratch:
        layers = []
        for number, files in enumerate(contents):
            tree = write(scratch / str(number), files)
            if "hides-all" in files:
                with Rooted(tree) as root:
                    make_opaque(root.fd)
            layers.append(pack(tree, scratch / f"{number}.tar.gz", latest=1))
        document = configs.make(
            config=config,
            diff_ids=[layer.diff_id for layer in layers],
            history=[{"created_by": "test"} for _ in layers],
            created=configs.timestamp(0),
        )
        return store.add(document, layers, ref)


def everything(store: Store) -> list[str]:
    return [name for name in names(store.root) if "/" in name]
