"""Images leave the store as one archive, in the form of `docker save` or of OCI.

`docker`: manifest.json, the configuration ID.json of each image, each layer once as DIFFID.tar,
uncompressed. `oci`: an image layout in a tar file, the blobs as they are stored. Whatever is
written is verified on its way: an image that was damaged in the store does not spread.

Source: Docker image specification v1.2, "Combined Image JSON + Filesystem Changeset Format";
OCI image-spec, image-layout.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO

from realrun.errors import BadImage
from realrun.files.trail import Passing
from realrun.image import documents
from realrun.image import reference as references
from realrun.image.archive import Archive
from realrun.image.layers import CHUNK, HashingReader, Layer
from realrun.image.layout import INDEX_TYPE, MANIFEST_TYPE, NAME
from realrun.image.load import FULL_NAME, blob_name
from realrun.image.store import Image, Store
from realrun.image.streams import Readable, ahead, plain

FORMATS = ("docker", "oci")


def save(store: Store, given: Sequence[str], out: BinaryIO, form: str = "docker") -> None:
    """Write the images of these names to a seekable file."""
    chosen = [(store.resolve(reference), reference) for reference in given]
    archive = Archive(out)
    if form == "docker":
        write_docker(store, archive, chosen)
    else:
        write_oci(store, archive, chosen)
    archive.finish()


def write_docker(store: Store, archive: Archive, chosen: Sequence[tuple[Image, str]]) -> None:
    """An image that is asked for by several names is one row with several tags."""
    rows: dict[str, dict[str, Any]] = {}
    for image, reference in chosen:
        row = rows.get(image.image_id)
        if row is None:
            row = rows[image.image_id] = write_docker_image(store, archive, image)
        name = name_asked(image, reference)
        if name and name not in row["RepoTags"]:
            row["RepoTags"].append(name)
    found = [row | {"RepoTags": row["RepoTags"] or None} for row in rows.values()]
    archive.data("manifest.json", documents.dump(found))


def write_docker_image(store: Store, archive: Archive, image: Image) -> dict[str, Any]:
    """Layers first, then the configuration; returns the image's row of manifest.json."""
    files = []
    for layer in image.stored:
        files.append(f"{layer.diff_id.removeprefix('sha256:')}.tar")
        archive.stream(files[-1], partial(content, store, layer))
    name = f"{image.image_id.removeprefix('sha256:')}.json"
    archive.stream(name, partial(blob, store, image.image_id))
    return {"Config": name, "RepoTags": [], "Layers": files}


def write_oci(store: Store, archive: Archive, chosen: Sequence[tuple[Image, str]]) -> None:
    """The blobs, and an index with a row for every name."""
    index: list[dict[str, Any]] = []
    archive.folder("blobs")
    archive.folder("blobs/sha256")
    for image, reference in chosen:
        found = [*(layer.digest for layer in image.stored), image.image_id, image.digest]
        for digest in found:
            archive.stream(blob_name(digest), partial(blob, store, digest))
        manifest = store.layout.blob(image.digest).read_bytes()
        kind = documents.load(manifest, "the manifest").get("mediaType", MANIFEST_TYPE)
        row: dict[str, Any] = {"mediaType": kind, "digest": image.digest, "size": len(manifest)}
        if name := name_asked(image, reference):
            row["annotations"] = {NAME: name, FULL_NAME: references.full(name)}
        if row not in index:
            index.append(row)
    document = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": index}
    archive.data("index.json", documents.dump(document))
    archive.data("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')


def name_asked(image: Image, reference: str) -> str:
    """The name, if the image was asked for by it; by its id, it goes out without one."""
    is_it = references.is_name(reference) and references.normal(reference) == image.reference
    return image.reference if is_it else ""


def content(store: Store, layer: Layer) -> Iterator[bytes]:
    """The uncompressed archive of a layer; it has to have its diff id."""
    with open(store.layout.blob(layer.digest), "rb", buffering=0) as stored:
        reader = HashingReader(plain(Passing(stored)))
        yield from passing(reader)
    if reader.named() != layer.diff_id:
        raise BadImage(f"layer {layer.digest[7:19]} was changed in the store")


def blob(store: Store, digest: str) -> Iterator[bytes]:
    """A blob as it is; it has to have its digest."""
    with open(store.layout.blob(digest), "rb", buffering=0) as stored:
        reader = HashingReader(Passing(stored))
        yield from passing(reader)
    if reader.named() != digest:
        raise BadImage(f"blob {digest[7:19]} was changed in the store")


def passing(reader: Readable) -> Iterator[bytes]:
    """All that there is to read."""
    with ahead(reader) as stream:
        while piece := stream.read(CHUNK):
            yield piece
