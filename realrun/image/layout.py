"""The OCI image layout on the disk: blobs by digest, and the index that names images.

    ROOT/image/oci-layout       says what this folder is
    ROOT/image/index.json       descriptors of manifests, their names as annotations
    ROOT/image/blobs/sha256/…   manifests, configurations, layer archives
    ROOT/layers/…               not OCI's: the layers unpacked, by diff id

Source: OCI image-spec, image-layout.md, image-index.md, manifest.md, descriptor.md.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

try:
    from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]
except ImportError:  # before Python 3.12
    from _sha256 import sha256  # type: ignore[import-not-found,unused-ignore]

from realrun.errors import BadImage
from realrun.files.workspace import write_whole
from realrun.image import documents
from realrun.image.config import is_digest

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
DOCKER_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
NAME = "org.opencontainers.image.ref.name"
Identity = tuple[int, ...]


class Layout:
    """Reads and writes the folders; whoever writes holds the store's lock."""

    def __init__(self, root: Path) -> None:
        self.root, self.path, self.trees = root, root / "image", root / "layers"
        self.blobs = self.path / "blobs" / "sha256"

    def prepare(self, scratch: Path) -> None:
        """Make the folder if it is not there yet."""
        self.blobs.mkdir(parents=True, exist_ok=True)
        self.trees.mkdir(mode=0o700, exist_ok=True)
        marker = self.path / "oci-layout"
        if not marker.exists():
            write_whole(marker, b'{"imageLayoutVersion":"1.0.0"}', scratch)

    def blob(self, digest: object) -> Path:
        """Where the blob of this digest is; a digest that is none cannot become a path."""
        if not is_digest(digest):
            raise BadImage(f"{digest!r:.100} is no sha256 digest")
        return self.blobs / str(digest).removeprefix("sha256:")

    def tree(self, diff_id: object) -> Path:
        """Where the unpacked layer of this diff id is."""
        if not is_digest(diff_id):
            raise BadImage(f"{diff_id!r:.100} is no sha256 digest")
        return self.trees / str(diff_id).removeprefix("sha256:")

    def index(self) -> list[dict[str, Any]]:
        """Descriptors of all images, in the order of their arrival."""
        path = f"{self.path}/index.json"
        try:
            told = index_of(path, identity(path))
        except FileNotFoundError:
            return []
        return list(told)

    def write_index(self, manifests: list[dict[str, Any]], scratch: Path) -> None:
        document = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests}
        write_whole(self.path / "index.json", documents.dump(document), scratch)

    def write_blob(self, data: bytes, media_type: str, scratch: Path) -> dict[str, Any]:
        """Store a document; returns its descriptor."""
        digest = "sha256:" + sha256_of(data)
        if not self.blob(digest).exists():
            write_whole(self.blob(digest), data, scratch)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def read_document(self, descriptor: dict[str, Any], what: str) -> dict[str, Any]:
        """A document by its descriptor, which says its size and its digest; both are checked."""
        path, size = self.blob(descriptor.get("digest")), descriptor.get("size")
        try:
            if not isinstance(size, int) or size > documents.MAX_BYTES:
                raise BadImage(f"{what}: a size of {size!r:.40} is not possible")
            return document_of(str(path), identity(str(path)), size, what)
        except FileNotFoundError:
            raise BadImage(f"{what} is missing in the store (blob {path.name[:12]})") from None

    def files(self, *digests: str) -> list[tuple[str, Identity]]:
        """The index and these documents, as they are now; nothing where there is no index."""
        paths = [f"{self.path}/index.json", *(str(self.blob(digest)) for digest in digests)]
        return [(path, identity(path)) for path in paths if os.path.exists(paths[0])]

    def manifest(self, descriptor: dict[str, Any]) -> dict[str, Any]:
        """A manifest by its descriptor."""
        return checked_manifest(self.read_document(descriptor, "the manifest"))


def identity(path: str) -> Identity:
    """What a file is, as long as nobody writes to it or puts another in its place."""
    found = os.stat(path)
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def is_same(file: tuple[str, Identity]) -> bool:
    """Is a file still the one that it was."""
    try:
        return identity(file[0]) == file[1]
    except FileNotFoundError:
        return False


@lru_cache(maxsize=64)
def document_of(path: str, _: Identity, size: int, what: str) -> dict[str, Any]:
    """A document whose name is its digest: read, checked, and kept while it is the same file."""
    data, name = Path(path).read_bytes(), os.path.basename(path)
    if len(data) != size or sha256_of(data) != name:
        raise BadImage(f"{what} was changed: blob {name[:12]} is not what its name says")
    return documents.load(data, what)


@lru_cache(maxsize=8)
def index_of(path: str, _: Identity) -> list[dict[str, Any]]:
    """The index's descriptors, kept in the same way."""
    told = documents.load(Path(path).read_bytes(), "index.json")
    if told.get("schemaVersion", 2) != 2:
        raise BadImage(f"index.json: schemaVersion {told['schemaVersion']!r:.20}; it has to be 2")
    manifests = told.get("manifests", [])
    if not isinstance(manifests, list) or not all(map(is_descriptor, manifests)):
        raise BadImage("index.json: manifests has to be a list of descriptors")
    return manifests


def is_descriptor(found: object) -> bool:
    """Does it lead anywhere? What an entry that does not stands for would be removed as unused."""
    return isinstance(found, dict) and is_digest(found.get("digest"))


def checked_manifest(found: dict[str, Any]) -> dict[str, Any]:
    """The manifest, if it is one: not an index, or both at once (CVE-2021-41190)."""
    config, layers = found.get("config"), found.get("layers")
    if "manifests" in found or not isinstance(config, dict) or not isinstance(layers, list):
        raise BadImage("the manifest needs a config and layers, and must not be an index")
    if not all(isinstance(layer, dict) for layer in layers):
        raise BadImage("the manifest's layers have to be descriptors")
    if found.get("mediaType", MANIFEST_TYPE) not in (MANIFEST_TYPE, DOCKER_MANIFEST_TYPE):
        raise BadImage(f"a manifest of type {found['mediaType']!r} cannot be run")
    return found


def sha256_of(data: bytes) -> str:
    """The hex digest of something small, without OpenSSL: a start need not wait for it to load."""
    digest: str = sha256(data).hexdigest()
    return digest


def verify(path: Path, digest: str, size: int) -> None:
    """A file on its way in: first the size, which costs nothing, then the digest."""
    import hashlib

    found = os.stat(path).st_size
    if found != size:
        raise BadImage(f"{digest[:19]} has {found} bytes, its descriptor says {size}")
    with open(path, "rb") as data:
        name = hashlib.file_digest(data, "sha256").hexdigest()
    if "sha256:" + name != digest:
        raise BadImage(f"{digest[:19]} does not have the content that its name promises")
