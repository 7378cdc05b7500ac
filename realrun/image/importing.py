"""The archive of a whole root file system becomes an image of one layer.

The archive is the layer as it is, so its diff id is its own digest; it also has to unpack.

Source: docs.docker.com, `docker image import`; OCI image-spec, layer.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realrun.errors import BadImage
from realrun.image import config as configs
from realrun.image.budget import Budget
from realrun.image.layers import CHUNK, Layer, Packer, unpack_blob
from realrun.image.store import Image, Store
from realrun.image.streams import Readable, ahead, look, plain


def import_root(
    store: Store,
    stream: Readable,
    name: str | None,
    comment: str,
    config: Mapping[str, Any] | None = None,
) -> Image:
    """Take in an archive, compressed or not; raises BadImage and changes nothing."""
    with store.workspace("import") as scratch:
        layer = packed(stream, scratch)
        created = configs.timestamp()
        document = configs.make(
            config=config or {},
            diff_ids=[layer.diff_id],
            history=[{"created": created, "comment": comment}],
            created=created,
        )
        return store.add(document | {"comment": comment}, [layer], name)


def packed(stream: Readable, scratch: Path) -> Layer:
    """The archive in its two forms: as a blob, and unpacked."""
    head, again = look(plain(stream))
    if not head:
        raise BadImage("the archive is empty")
    blob, tree, budget = scratch / "layer", scratch / "tree", Budget()
    with ahead(again) as source, open(blob, "xb") as out:
        packer = Packer(out)
        while piece := source.read(CHUNK):
            budget.bytes(len(piece))
            packer.write(piece)
        diff_id, digest = packer.finish()
    tree.mkdir()
    tree.chmod(0o755)
    unpack_blob(blob, tree, diff_id)
    return Layer(diff_id=diff_id, digest=digest, size=packer.size, blob=blob, tree=tree)
