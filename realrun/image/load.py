"""Archives of images come into the store: `docker save`'s form and OCI's, told by their content.

Nothing enters before everything is verified: sizes, digests, diff ids, and that every layer
unpacks. Then all images of the archive enter together.

Source: Docker image specification v1.2, "Combined Image JSON + Filesystem Changeset Format";
OCI image-spec, image-layout.md, image-index.md; distribution's annotations of containerd.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from realrun.errors import BadImage
from realrun.image import config as configs
from realrun.image import documents
from realrun.image import reference as references
from realrun.image.intake import Intake
from realrun.image.layout import NAME, checked_manifest
from realrun.image.newcomer import Newcomer
from realrun.image.spool import Member, Spool
from realrun.image.store import Image, Store, stored_layer
from realrun.image.streams import Readable

FULL_NAME = "io.containerd.image.name"
INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MAX_NESTING = 4


def load(store: Store, stream: Readable) -> list[Image]:
    """Every image of the archive, by all its names; raises BadImage and changes nothing."""
    with store.workspace("load") as scratch:
        spool = Spool(scratch)
        spool.fill(stream)
        intake = Intake(store, scratch)
        if spool.find("manifest.json") is not None:
            newcomers = list(docker_images(spool, intake))
        elif spool.find("index.json") is not None:
            newcomers = list(oci_images(spool, intake))
        else:
            raise BadImage("no archive of images: neither manifest.json nor index.json is in it")
        if not newcomers:
            raise BadImage("the archive holds no image")
        return store.add_all(newcomers)


def docker_images(spool: Spool, intake: Intake) -> Iterator[Newcomer]:
    """The images that manifest.json lists."""
    rows = documents.load_objects(spool.document("manifest.json", "manifest.json"), "manifest.json")
    configs.check_texts(rows, "manifest.json")
    for row in rows:
        files, tags = row.get("Layers", []), row.get("RepoTags", [])
        if not configs.is_list_of_text(files) or not configs.is_list_of_text(tags):
            raise BadImage("manifest.json: Layers and RepoTags have to be lists of strings")
        data = docker_config(spool, row.get("Config"))
        diff_ids = diff_ids_of(data)
        if len(files) != len(diff_ids):
            raise BadImage(
                f"manifest.json lists {len(files)} layers, the configuration {len(diff_ids)}"
            )
        layers = [
            intake.any_form(spool.need(file, "layer"), diff_id)
            for file, diff_id in zip(files, diff_ids, strict=True)
        ]
        yield Newcomer(config=data, layers=layers, names=list(map(checked_name, tags)))


def docker_config(spool: Spool, name: object) -> bytes:
    """The configuration; a name that is a digest has to be its own."""
    if not isinstance(name, str):
        raise BadImage("manifest.json: Config has to be the name of a file")
    data = spool.document(name, "the image configuration")
    promised = re.search(r"(?:^|/)([0-9a-f]{64})(?:\.json)?$", name)
    if promised and spool.need(name, "configuration").digest != "sha256:" + promised[1]:
        raise BadImage(f"the configuration {promised[1][:12]} is not what its name says")
    return data


def diff_ids_of(config: bytes) -> list[str]:
    document = configs.check(documents.load(config, "the image configuration"))
    diff_ids: list[str] = document["rootfs"].get("diff_ids", [])
    return diff_ids


def oci_images(spool: Spool, intake: Intake) -> Iterator[Newcomer]:
    """The images that index.json leads to, for this machine where there is a choice."""
    marker = documents.load(spool.document("oci-layout", "oci-layout"), "oci-layout")
    if marker.get("imageLayoutVersion") != "1.0.0":
        raise BadImage("oci-layout: imageLayoutVersion has to be 1.0.0")
    index = documents.load(spool.document("index.json", "index.json"), "index.json")
    for descriptor in manifests_of(index):
        names = name_in(descriptor)
        chosen = resolved(spool, descriptor)
        if chosen is not None:
            yield replace(oci_image(spool, intake, chosen), names=names)


def oci_image(spool: Spool, intake: Intake, descriptor: Mapping[str, Any]) -> Newcomer:
    """The image of one manifest, which stays as it is."""
    data = blob(spool, descriptor, "the manifest")
    manifest = checked_manifest(documents.load(data, "the manifest"))
    config = blob(spool, manifest["config"], "the image configuration")
    diff_ids = diff_ids_of(config)
    if len(manifest["layers"]) != len(diff_ids):
        raise BadImage(
            f"the manifest lists {len(manifest['layers'])} layers,"
            f" the configuration {len(diff_ids)}"
        )
    layers = []
    for described, diff_id in zip(manifest["layers"], diff_ids, strict=True):
        layer = stored_layer(described, diff_id)
        layers.append(intake.same_form(blob_member(spool, layer.digest, "layer"), layer))
    return Newcomer(config=config, layers=layers, manifest=data)


def resolved(spool: Spool, descriptor: Mapping[str, Any], depth: int = 0) -> dict[str, Any] | None:
    """The descriptor of a manifest; an index on the way is followed to this machine's entry."""
    if depth > MAX_NESTING:
        raise BadImage("indexes within indexes, too deep")
    if is_attestation(descriptor):
        return None
    if descriptor.get("mediaType") not in INDEX_TYPES:
        return dict(descriptor)
    inner = documents.load(blob(spool, descriptor, "an index"), "an index")
    choices = [one for one in manifests_of(inner) if not is_attestation(one)]
    fitting = [one for one in choices if fits(one.get("platform"))]
    if not fitting:
        raise BadImage(f"the archive has no image for linux/{configs.architecture()}")
    return resolved(spool, fitting[0], depth + 1)


def fits(platform: object) -> bool:
    """Is this platform ours; one that says nothing may be."""
    if not isinstance(platform, dict):
        return True
    wanted = ("linux", configs.architecture())
    return (platform.get("os", wanted[0]), platform.get("architecture", wanted[1])) == wanted


def is_attestation(descriptor: Mapping[str, Any]) -> bool:
    """A statement about an image rather than an image: BuildKit puts them beside it."""
    annotations = descriptor.get("annotations")
    return isinstance(annotations, dict) and "vnd.docker.reference.type" in annotations


def manifests_of(index: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = index.get("manifests", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadImage("an index: manifests has to be a list of descriptors")
    return found


def blob(spool: Spool, descriptor: Mapping[str, Any], what: str) -> bytes:
    """A document by its descriptor: size first, then digest, then its bytes."""
    member = blob_member(spool, descriptor.get("digest"), what)
    size = descriptor.get("size")
    if not isinstance(size, int) or member.size != size:
        raise BadImage(f"{what} has {member.size} bytes, its descriptor says {size!r:.40}")
    if member.digest != descriptor.get("digest"):
        raise BadImage(f"{what} is not what its digest says")
    return spool.document(blob_name(descriptor.get("digest")), what)


def blob_member(spool: Spool, digest: object, what: str) -> Member:
    return spool.need(blob_name(digest), what)


def blob_name(digest: object) -> str:
    if not configs.is_digest(digest):
        raise BadImage(f"{digest!r:.100} is no sha256 digest")
    return "blobs/sha256/" + str(digest).removeprefix("sha256:")


def name_in(descriptor: Mapping[str, Any]) -> list[str]:
    """The name that an index gives an image; containerd writes the full one beside OCI's."""
    annotations = descriptor.get("annotations")
    if not isinstance(annotations, dict):
        return []
    found = [annotations.get(key) for key in (FULL_NAME, NAME)]
    return [references.normal(name) for name in found if isinstance(name, str)
            and references.is_name(name)][:1]  # fmt: skip


def checked_name(name: str) -> str:
    if not references.is_name(name):
        raise BadImage(f"manifest.json: {name[:80]!r} is no image name")
    return references.normal(name)
